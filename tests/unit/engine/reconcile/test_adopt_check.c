#include "tests/unit/engine/reconcile/adopting.h"

static void refused(struct adopt_scene *a, enum err_code code, const char *message)
{
    assert_fails(adopt(a), code, &a->err, message);
    if (a->err.hint[0] == '\0')
        fail_msg("'%s' has no hint", a->err.message);
}

static void what_mmectl_does_not_manage(void **state)
{
    (void) state;
    static const struct {
        const char *config, *model, *message;
    } cases[] = {
        {"{'ProductionVariants': [{'ModelName': 'a'}, {'ModelName': 'b'}]}", THEIR_MODEL,
         "more than one"},
        {"{'ProductionVariants': [{'ModelName': 'a'}], 'ShadowProductionVariants': [{}]}",
         THEIR_MODEL, "more than one"},
        {"{}", THEIR_MODEL, "more than one"},
        {"{'ProductionVariants': [{'ModelName': 'a', 'ServerlessConfig': {}}]}", THEIR_MODEL,
         "serverless"},
        {"{'ProductionVariants': [{'ModelName': 'a'}], 'AsyncInferenceConfig': {}}", THEIR_MODEL,
         "asynchronous"},
        {"{'ProductionVariants': [{'VariantName': 'a'}]}", THEIR_MODEL, "inference components"},
        {NULL, THEIR_MODEL, "configuration does not exist"},
        {THEIR_CONFIG, NULL, "model does not exist"},
        {THEIR_CONFIG, "{'Containers': [{}, {}]}", "several containers"},
        {THEIR_CONFIG, "{'PrimaryContainer': {'Mode': 'SingleModel'}}", "not MultiModel"},
        {THEIR_CONFIG, "{'PrimaryContainer': {'ModelDataUrl': 's3://b/m.tar.gz'}}",
         "not MultiModel"},
        {THEIR_CONFIG, "{'Containers': [{'Mode': 'MultiModel'}]}", "no ModelDataUrl"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, true, 1);
        const char *config = cases[i].config, *model = cases[i].model;
        a->s->seen.live_config.describe = config != NULL ? quoted(arena, config) : NULL;
        a->s->seen.live_model.describe = model != NULL ? quoted(arena, model) : NULL;
        refused(a, ERR_REFUSED, cases[i].message);
    }
}

static void containers_and_one_of_many_models(void **state)
{
    (void) state;
    static const struct {
        const char *model, *message;
    } cases[] = {
        {THEIR_MODEL, "its model has one container, and the spec has 'endpoint.containers'"},
        {"{'Containers': [{'Mode': 'SingleModel'}]}", "its model has one container"},
        {"{'Containers': [{}, {'Mode': 'MultiModel'}]}", "one of its containers serves many"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, true, 1);
        a->s->want.mode = WANT_DIRECT;
        a->s->seen.live_model.describe = quoted(arena, cases[i].model);
        refused(a, ERR_REFUSED, cases[i].message);
    }
}

static void tags_of_other_tools(void **state)
{
    (void) state;
    static const struct {
        const char *tags, *tool;
    } cases[] = {
        {"{'aws:cloudformation:stack-name': 'x'}", "CloudFormation"},
        {"{'sagemaker:project-id': 'x'}", "SageMaker project"},
        {"{'services.k8s.aws/namespace': 'x'}", "ACK"},
        {"{'ManagedBy': 'ops'}", "another tool"},
        {"{'managed-by': 'ops'}", "another tool"},
        {"{'Terraform': 'true'}", "Terraform"},
        {"{'origin': 'made with Terraform'}", "Terraform"},
        {"{'team': 'risk'}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, true, 1);
        a->s->seen.endpoint.tags = quoted(arena, cases[i].tags);
        if (cases[i].tool != NULL)
            refused(a, ERR_REFUSED, cases[i].tool);
        a->options.allow_managed = true;
        assert_ok(adopt(a), &a->err);
    }
    /* A tag that the spec itself sets says nothing about other tools. */
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    static const struct want_pair tags[] = {{STR_INIT("ManagedBy"), STR_INIT("mmectl")}};
    a->s->want.tags = tags;
    a->s->want.n_tags = 1;
    a->s->seen.endpoint.tags = quoted(arena, "{'ManagedBy': 'mmectl'}");
    assert_ok(adopt(a), &a->err);
}

static void whose_it_is(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    a->s->seen.endpoint.tags = quoted(arena, "{'mmectl:uid': 'zzzzzzzz', 'mmectl:stack': 'old'}");
    refused(a, ERR_CONFLICT, "belongs to another stack, 'old'");
    assert_non_null(strstr(a->err.hint, "--from-stack=old"));
    a->options.from_stack = STR("older");
    a->look.old.asked = true;
    a->look.old.want.uid = STR("yyyyyyyy");
    refused(a, ERR_CONFLICT, "belongs to another stack, 'old'");
    assert_non_null(strstr(a->err.hint, "names stack 'older'"));
    a->s->seen.endpoint.tags = json_object(arena);
    refused(a, ERR_CONFLICT, "does not belong to stack 'older'");

    a = adopt_scene_new(arena, true, 1);
    a->s->seen.record = (struct record){.present = true, .uid = STR("zzzzzzzz"), .stack = STR("o")};
    refused(a, ERR_CONFLICT, "the prefix");
    assert_non_null(strstr(a->err.hint, "choose another storage.prefix"));
    a->options.from_stack = STR("o");
    a->look.old.asked = true;
    a->look.old.want.uid = STR("zzzzzzzz");
    refused(a, ERR_CONFLICT, "the prefix");
    assert_non_null(strstr(a->err.hint, "prefix of its own"));
}

static void state_of_the_endpoint(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    a->s->seen.endpoint.status = STR("Updating");
    refused(a, ERR_BUSY, "is Updating");
    a->s->seen.endpoint.status = STR("Failed");
    a->s->seen.endpoint.failure_reason = STR("no capacity");
    refused(a, ERR_REFUSED, "is Failed: no capacity");
    a->s->seen.endpoint.present = false;
    refused(a, ERR_NOT_FOUND, "there is no endpoint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_and_one_of_many_models),
        cmocka_unit_test(what_mmectl_does_not_manage), cmocka_unit_test(tags_of_other_tools),
        cmocka_unit_test(whose_it_is), cmocka_unit_test(state_of_the_endpoint)};
    return cmocka_run_group_tests_name("adopt_check", tests, NULL, NULL);
}
