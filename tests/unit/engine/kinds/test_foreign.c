#include "tests/unit/engine/kinds/life_theirs.h"

/* Things of somebody else that stand where ours would: found by the plan, or put there between the
 * plan and its execution. Nothing of them is ever changed, and the run says what is in the way. */

struct thing {
    const char *list, *create, *message;
};

static const struct thing s_things[] = {
    {"models", "CreateModel", "model 'demo-"},
    {"endpointConfigs", "CreateEndpointConfig", "endpoint configuration 'demo-"},
    {"trainingJobs", "CreateTrainingJob", "training job 'demo-"},
    {"endpoints", "CreateEndpoint", "endpoint 'demo' exists"},
};

/* What a run without anything in the way sends: names and bodies. */
static const struct json *s_ideal;

static int setup(void **state)
{
    (void) state;
    struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    s_ideal = life_world(life); /* its arena stays until the program ends */
    *state = life;
    return 0;
}

static int teardown(void **state)
{
    struct life *life = *state;
    life_close(&life);
    return 0;
}

/* The body that made the n-th of them, with somebody else's tags, or with none. */
static struct json *foreign_body(struct arena *arena, const char *list, size_t n, bool with_tags)
{
    const struct json *item = json_at(json_get(s_ideal, list), n);
    struct json *body = json_object(arena);
    JSON_EACH (member, json_get(item, "request")) {
        if (!str_eq(member->key, STR("Tags")))
            json_set(arena, body, member->key, json_copy(arena, member));
    }
    if (!with_tags)
        return body;
    struct json *tag = json_object(arena);
    json_put(arena, tag, "Key", json_z(arena, "mmectl:uid"));
    json_put(arena, tag, "Value", json_z(arena, "zzzzzzzz"));
    json_put(arena, body, "Tags", json_push(json_array(arena), tag));
    return body;
}

static struct str key_of(struct str uri)
{
    return str_from_index(uri, STR("s3://life-bucket/").len);
}

/* What SageMaker wants to see before it takes the foreign thing: data where a model's and a job's
 * data are, and for a config and an endpoint a model and a config of their own. */
static struct json *prepare(struct life *life, const char *list, bool with_tags)
{
    struct arena *arena = life->arena;
    struct json *model = foreign_body(arena, "models", 0, with_tags);
    struct json *job = foreign_body(arena, "trainingJobs", 0, with_tags);
    struct str models = json_get_str(json_get(model, "PrimaryContainer"), "ModelDataUrl");
    const struct json *channel = json_at(json_get(job, "InputDataConfig"), 0);
    struct str data =
        json_get_str(json_get(json_get(channel, "DataSource"), "S3DataSource"), "S3Uri");
    life_put(life, str_fmt(arena, STR_FMT "theirs.tar.gz", STR_ARG(key_of(models))), STR("theirs"));
    life_put(life, key_of(data), STR("1,2,3\n"));
    if (strcmp(list, "models") == 0)
        return model;
    if (strcmp(list, "trainingJobs") == 0)
        return job;
    json_put(arena, model, "ModelName", json_z(arena, "their-model"));
    life_sagemaker(life, "CreateModel", model);
    struct json *config = foreign_body(arena, "endpointConfigs", 0, with_tags);
    struct json *variant = json_get(config, "ProductionVariants")->first;
    json_put(arena, variant, "ModelName", json_z(arena, "their-model"));
    if (strcmp(list, "endpointConfigs") == 0)
        return config;
    json_put(arena, config, "EndpointConfigName", json_z(arena, "their-config"));
    life_sagemaker(life, "CreateEndpointConfig", config);
    struct json *endpoint = foreign_body(arena, "endpoints", 0, with_tags);
    json_put(arena, endpoint, "EndpointName", json_z(arena, "demo"));
    json_put(arena, endpoint, "EndpointConfigName", json_z(arena, "their-config"));
    return endpoint;
}

static void found_by_the_plan(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_things); i++)
        for (int tags = 0; tags < 2; tags++) {
            AUTO(life_close) struct life *life = life_new();
            theirs_bucket(life);
            const struct json *body = prepare(life, s_things[i].list, tags == 1);
            life_sagemaker(life, s_things[i].create, body);
            struct str before = life_dump(life);
            assert_fails(
                life_apply(life, STR(LIFE_SPEC)), ERR_CONFLICT, &life->err, s_things[i].message);
            assert_non_null(strstr(life->err.message, "is not this stack's"));
            assert_true(strlen(life->err.hint) > 0);
            assert_int_equal(life->mutating, 0);
            assert_str_len(life_dump(life), before);
        }
}

/* ---- and between the plan and its execution ---- */

static const struct thing *s_thing;
static const struct json *s_body;

static void put_thing_there(struct life *life, struct aws *aws, struct arena *arena)
{
    struct err err = {0};
    (void) life;
    assert_ok(aws_json_call(aws, arena, AWS_SAGEMAKER, s_thing->create, s_body, NULL, &err), &err);
}

static void put_there_after_the_plan(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_things); i++) {
        AUTO(life_close) struct life *life = life_new();
        s_thing = &s_things[i];
        theirs_bucket(life);
        s_body = prepare(life, s_thing->list, true);
        life->between = put_thing_there;
        enum err_code code = life_apply(life, STR(LIFE_SPEC));
        if (code != ERR_PARTIAL)
            fail_msg("%s: %s: %s", s_thing->list, err_name(code), life->err.message);
        assert_true(life_told(life, "exists and is not this stack's"));
        const struct json *there = json_get(life_world(life), s_thing->list);
        struct str text = json_text(life->arena, there, JSON_COMPACT);
        assert_true(str_find(text, STR("zzzzzzzz")) != SIZE_MAX);
    }
}

static const struct json *s_objects; /* of a run without anything in the way */

static void put_object_there(struct life *life, struct aws *aws, struct arena *arena)
{
    struct s3_put_options options = {0};
    struct err err = {0};
    assert_ok(s3_bucket_create(aws, arena, STR("life-bucket"), &err), &err);
    JSON_EACH (object, s_objects) {
        struct str key = json_get_str(object, "key");
        if (str_find(key, STR("/models/")) == SIZE_MAX)
            continue;
        assert_ok(
            s3_put(aws, arena, STR("life-bucket"), key, STR("theirs"), &options, NULL, &err), &err);
    }
    (void) life;
}

static const struct json *objects_of(struct life *life)
{
    return json_get(json_at(json_get(life_world(life), "buckets"), 0), "objects");
}

/* Copied from a training job's output, and uploaded; into either mode's places. */
static void an_object_put_there_after_the_plan(void **state)
{
    (void) state;
    for (int kind = 0; kind < 4; kind++) {
        AUTO(life_close) struct life *ideal = life_new();
        AUTO(life_close) struct life *life = life_new();
        struct str text = STR(LIFE_SPEC);
        if (kind & 1)
            text = text_replace(life->arena, text, "backend: sagemaker", "backend: local");
        if (kind & 2)
            text = text_replace(life->arena, text, "Models: stable", "Models: versioned");
        assert_ok(life_apply(ideal, text), &ideal->err);
        s_objects = objects_of(ideal);
        life->between = put_object_there;
        assert_fails(life_apply(life, text), ERR_PARTIAL, &life->err, "was not finished");
        assert_true(life_told(life, "is in the way"));
        size_t theirs = 0;
        JSON_EACH (object, objects_of(life)) {
            theirs += json_get_int(object, "size", 0) == 6; /* not overwritten */
        }
        assert_int_equal(theirs, 2);
        assert_int_equal(json_get(life_world(life), "endpoints")->len, 0);
    }
}

/* ---- places of other stacks ---- */

static void other_stacks(void **state)
{
    (void) state;
    static const struct {
        const char *prefix, *part;
    } cases[] = {
        {"demo", "belongs to another stack, 'demo'"},
        {"demo/inner", "lies inside another stack's"},
        {"outer", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(life_close) struct life *life = life_new();
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        struct str before = life_dump(life);
        struct str text =
            text_replace(life->arena, STR(LIFE_SPEC), "{name: demo,", "{name: other,");
        text = text_replace(life->arena, text, "    name: demo\n", "    name: other\n");
        text = text_replace(
            life->arena, text, "prefix: demo}",
            str_z(life->arena, str_fmt(life->arena, "prefix: %s}", cases[i].prefix)));
        if (cases[i].part == NULL) {
            assert_ok(life_apply(life, text), &life->err);
            assert_ok(life_destroy(life, text), &life->err);
        } else {
            assert_fails(life_apply(life, text), ERR_CONFLICT, &life->err, cases[i].part);
        }
        assert_str_len(life_dump(life), before);
    }
}

static void a_prefix_around_another_stack(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str inner =
        text_replace(life->arena, STR(LIFE_SPEC), "prefix: demo}", "prefix: other/demo}");
    assert_ok(life_apply(life, inner), &life->err);
    struct str text = text_replace(life->arena, STR(LIFE_SPEC), "{name: demo,", "{name: other,");
    text = text_replace(life->arena, text, "    name: demo\n", "    name: other\n");
    text = text_replace(life->arena, text, "prefix: demo}", "prefix: other}");
    assert_fails(
        life_apply(life, text), ERR_CONFLICT, &life->err, "another stack lives inside the prefix");
}

static void a_bucket_of_another_account(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct err err = {0};
    struct local_key theirs = {.account = STR("210987654321")};
    assert_ok(local_add_key(life->local, life->arena, &theirs, &err), &err);
    struct local_key ours = life->key;
    life->key = theirs;
    theirs_bucket(life);
    life->key = ours;
    enum err_code code = life_apply(life, STR(LIFE_SPEC));
    if (code != ERR_DENIED && code != ERR_CONFLICT)
        fail_msg("%s: %s", err_name(code), life->err.message);
    assert_int_equal(life->mutating, 0);
}

static void foreign_objects_survive_everything(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_put(life, STR("demo/notes.txt"), STR("mine"));
    life_put(life, STR("demo/models/README"), STR("mine, too"));
    life_put(life, STR("elsewhere/x"), STR("and mine"));
    struct str changed = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
    assert_ok(life_apply(life, changed), &life->err);
    assert_ok(life_destroy(life, changed), &life->err);
    assert_int_equal(life->report.n_kept_foreign, 2);
    const struct json *bucket = json_at(json_get(life_world(life), "buckets"), 0);
    assert_int_equal(json_get(bucket, "objects")->len, 3);
}

/* The names are of our grammar, and mmectl put none of them there. */
static void objects_under_names_like_ours(void **state)
{
    (void) state;
    for (int stable = 0; stable < 2; stable++) {
        AUTO(life_close) struct life *life = life_new();
        struct str text = STR(LIFE_SPEC);
        if (!stable)
            text = text_replace(life->arena, text, "Models: stable", "Models: versioned");
        assert_ok(life_apply(life, text), &life->err);
        struct str generation = STR("0123456789");
        JSON_EACH (object, objects_of(life)) {
            struct str key = json_get_str(object, "key");
            size_t at = str_find(key, STR("/models/"));
            if (stable && at != SIZE_MAX)
                generation = str_slice(key, at + 8, at + 18);
        }
        const struct str keys[] = {
            STR("demo/models/other--0123456789abcdef.tar.gz"),
            STR("demo/models/one--0123456789abcdef.tar.gz"),
            str_fmt(life->arena, "demo/models/" STR_FMT "/other.tar.gz", STR_ARG(generation)),
            STR("demo/versions/one--0123456789abcdef.tar.gz"),
            STR("demo/data/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/x")};
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            life_put(life, keys[i], STR("theirs"));
        life_settled(life, text);
        struct str changed = text_replace(life->arena, text, "max_depth: 2", "max_depth: 5");
        struct str less = text_replace(
            life->arena, changed, "    - {name: two, hyperparameters: {max_depth: 3}}\n", "");
        assert_ok(life_apply(life, changed), &life->err);
        assert_ok(life_apply(life, less), &life->err);
        life_settled(life, less);
        assert_ok(life_destroy(life, less), &life->err);
        assert_int_equal(life->report.n_kept_foreign, ARRAY_LEN(keys));
        assert_int_equal(objects_of(life)->len, ARRAY_LEN(keys));
    }
}

/* Names that begin with another stack's name, or end with it: listings by part of a name find both,
 * and each is left alone by the other. */
static void stacks_whose_names_contain_one_another(void **state)
{
    (void) state;
    static const char *const s_names[] = {"demo-eu", "eu-demo", "demo-m", "dem"};
    AUTO(life_close) struct life *life = life_new();
    struct str others[ARRAY_LEN(s_names)];
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++) {
        const char *name = s_names[i];
        struct str text = text_replace(
            life->arena, STR(LIFE_SPEC), "{name: demo,",
            str_z(life->arena, str_fmt(life->arena, "{name: %s,", name)));
        text = text_replace(
            life->arena, text, "    name: demo\n",
            str_z(life->arena, str_fmt(life->arena, "    name: %s\n", name)));
        others[i] = text_replace(
            life->arena, text, "prefix: demo}",
            str_z(life->arena, str_fmt(life->arena, "prefix: %s}", name)));
        assert_ok(life_apply(life, others[i]), &life->err);
    }
    struct str before = life_dump(life);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++)
        life_settled(life, others[i]);
    struct str changed = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
    assert_ok(life_apply(life, changed), &life->err);
    life_settled(life, changed);
    assert_ok(life_destroy(life, changed), &life->err);
    assert_str_len(life_dump(life), before);
    for (size_t i = 0; i < ARRAY_LEN(s_names); i++)
        assert_ok(life_destroy(life, others[i]), &life->err);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_the_plan),
        cmocka_unit_test(put_there_after_the_plan),
        cmocka_unit_test(an_object_put_there_after_the_plan),
        cmocka_unit_test(other_stacks),
        cmocka_unit_test(a_prefix_around_another_stack),
        cmocka_unit_test(a_bucket_of_another_account),
        cmocka_unit_test(foreign_objects_survive_everything),
        cmocka_unit_test(objects_under_names_like_ours),
        cmocka_unit_test(stacks_whose_names_contain_one_another),
    };
    return cmocka_run_group_tests_name("foreign", tests, setup, teardown);
}
