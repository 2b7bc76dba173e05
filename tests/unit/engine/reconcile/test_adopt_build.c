#include "tests/unit/engine/reconcile/adopting.h"

#include "engine/plan/artifact.h"

static const struct artifact_plan *artifact_at(const struct adopt_scene *a, size_t index)
{
    return a->out->plan->changes.items[index]->subject;
}

static void copies_under_our_keys(void **state)
{
    (void) state;
    for (int stable = 0; stable < 2; stable++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct adopt_scene *a = adopt_scene_new(arena, stable == 1, 3);
        assert_ok(adopt(a), &a->err);
        assert_int_equal(a->out->plan->n_add, 3);
        assert_true(a->out->tags_endpoint && a->out->writes_record);
        assert_int_equal(a->out->to_make.len, 0);
        assert_int_equal(a->out->record.models.len, 0);
        assert_str(a->out->record.endpoints.items[0], str_z(arena, a->s->want.endpoint));
        const struct artifact_plan *artifact = artifact_at(a, 0);
        assert_true(artifact->imported);
        assert_int_equal(artifact->source, ARTIFACT_COPY);
        assert_str(artifact->from_bucket, "theirs");
        assert_str(artifact->from_key, "models/m0.tar.gz");
        assert_str(artifact->from_etag, "\"their models/m0.tar.gz\"");
        struct key_parts parts;
        assert_int_equal(
            key_classify(&a->s->want, artifact->key, &parts), stable ? KEY_STABLE : KEY_VERSIONED);
        assert_int_equal(warned(a, "callers send TargetModel 'm0.tar.gz'"), !stable);
        assert_int_equal(warned(a, "and so for 2 more models"), !stable);
        /* The next apply finds the copies where it wants them. */
        for (size_t i = 0; i < a->out->plan->changes.len; i++)
            put_object(a->s, artifact_at(a, i)->key, artifact_at(a, i)->fp);
        a->s->seen.endpoint.owner = OWNER_US;
        a->s->seen.endpoint.tags = endpoint_tags(a->s, &a->s->want);
        a->s->seen.jobs_listed = true;
        a->s->want.n_channels = 0;
        plan_ok(a->s, 2, 1, 0);
        assert_ok(adopt(a), &a->err);
        assert_int_equal(a->out->plan->n_add, 0);
        assert_false(a->out->tags_endpoint);
    }
}

static void containers_bring_their_models(void **state)
{
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    (void) state;
    struct adopt_scene *a = adopt_scene_new(arena, true, 2);
    struct scene *c = scene_containers(arena, WANT_DIRECT, 2);
    a->s->want.mode = WANT_DIRECT;
    a->s->want.containers = c->want.containers; /* m0, m1, rules */
    a->s->want.n_containers = c->want.n_containers;
    a->look.there = NULL;
    a->s->seen.live_model.describe = quoted(
        arena,
        "{'ModelName': 'their-model', 'Containers': ["
        "{'ContainerHostname': 'm0', 'Image': 'i', 'ModelDataUrl': 's3://theirs/models/m0.tar.gz'},"
        "{'ContainerHostname': 'gone', 'Image': 'i', 'ModelDataUrl': 's3://theirs/x/gone.tar.gz'},"
        "{'ContainerHostname': 'rules', 'Image': 'j'}]}");
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->n_add, 2);
    assert_int_equal(json_get(a->out->model->after, "container")->len, 3);
    assert_true(warned(a, "the endpoint has container 'gone', which the spec has not"));
    assert_false(warned(a, "container 'rules'"));
    assert_false(warned(a, "callers send TargetModel"));
    /* Their configuration, their model, and each container's artifact. */
    assert_int_equal(a->out->left.len, 4);
    assert_str(a->out->left.items[2].command, "aws s3 rm s3://theirs/models/m0.tar.gz");
    assert_str(a->out->left.items[3].command, "aws s3 rm s3://theirs/x/gone.tar.gz");
}

static void what_is_there_already(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, false, 2);
    const struct want_model *model = &a->s->want.models[0];
    struct seen_object *there =
        put_object(a->s, key_versioned(arena, &a->s->want, model->name, model->fp), model->fp);
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->n_add, 1);
    there->owner = OWNER_OTHER;
    assert_fails(adopt(a), ERR_CONFLICT, &a->err, "is in the way");
    there->owner = OWNER_US;
    there->fp = fp_of(arena, "m0", 7);
    assert_fails(adopt(a), ERR_CONFLICT, &a->err, "is in the way");
}

static void a_bucket_of_its_own(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    a->s->seen.bucket.present = false;
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->changes.items[0]->kind, KIND_BUCKET);
    assert_true(waits_for(a->out->plan->changes.items[1], a->out->plan->changes.items[0]));
}

static void models_that_are_not_imported(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 3);
    static const struct str left_out[] = {STR_INIT("m1")};
    a->options.leave_out = left_out;
    a->options.n_leave_out = 1;
    a->look.sources[2].object = NULL;
    theirs(a, "models/extra.tar.gz");
    theirs(a, "models/README");
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->n_add, 1);
    assert_int_equal(a->out->to_make.len, 2);
    assert_true(warned(a, "serves 1 artifact that no model of the spec is: 'extra.tar.gz'"));
    theirs(a, "models/more.tar.gz");
    assert_ok(adopt(a), &a->err);
    assert_true(warned(a, "serves 2 artifacts"));
    static const struct str unknown[] = {STR_INIT("nobody")};
    a->options.leave_out = unknown;
    assert_fails(adopt(a), ERR_USAGE, &a->err, "--leave-out names model 'nobody'");
    static const struct want_pair from[] = {{STR_INIT("nobody"), STR_INIT("x")}};
    a->options.n_leave_out = 0;
    a->options.from = from;
    a->options.n_from = 1;
    assert_fails(adopt(a), ERR_USAGE, &a->err, "--from names model 'nobody'");
}

static void what_the_next_apply_changes(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    struct json *config = quoted(arena, THEIR_CONFIG), *model = quoted(arena, THEIR_MODEL);
    json_put(arena, config, "DataCaptureConfig", json_object(arena));
    json_put(arena, model, "VpcConfig", json_object(arena));
    json_put(arena, model, "EnableNetworkIsolation", json_bool(arena, true));
    a->s->seen.live_config.describe = config;
    a->s->seen.live_model.describe = model;
    assert_ok(adopt(a), &a->err);
    assert_true(a->out->config->n_diffs > 0 && a->out->model->n_diffs > 0);
    assert_true(warned(a, "data capture"));
    assert_true(warned(a, "a VPC"));
    assert_true(warned(a, "network isolation"));
    assert_int_equal(a->out->left.len, 3);
    assert_str(a->out->left.items[2].command, "aws s3 rm --recursive s3://theirs/models/");
    /* Never a command that would empty our own prefix. */
    a->s->seen.live_model_url = str_fmt(arena, STR_FMT "/models/", STR_ARG(a->s->want.home));
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->left.len, 2);
    struct str home = a->s->want.home;
    a->s->seen.live_model_url = str_slice(home, 0, str_rindex(home, '/') + 1);
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->left.len, 2);
}

/* A stack that was forgotten comes back as it is. */
static void a_forgotten_stack(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct adopt_scene *a = adopt_scene_new(arena, true, 1);
    struct str gen = STR("0123456789");
    struct str key = key_stable(arena, &a->s->want, gen, a->s->want.models[0].name);
    put_object(a->s, key, a->s->want.models[0].fp);
    a->look.sources[0] = (struct adopt_source){.key = STR("nothing")};
    a->s->seen.live_model_url =
        str_fmt(arena, STR_FMT "/models/" STR_FMT "/", STR_ARG(a->s->want.home), STR_ARG(gen));
    a->s->seen.live_config.owner = OWNER_US;
    assert_ok(adopt(a), &a->err);
    assert_int_equal(a->out->plan->n_add, 0);
    assert_true(a->out->tags_endpoint);
    assert_null(a->out->model);
    assert_int_equal(a->out->left.len, 0);
    assert_false(adoption_is_empty(a->out));
    a->s->seen.live_model_url = STR_NULL;
    assert_ok(adopt(a), &a->err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_under_our_keys),
        cmocka_unit_test(containers_bring_their_models),
        cmocka_unit_test(what_is_there_already),
        cmocka_unit_test(a_bucket_of_its_own),
        cmocka_unit_test(models_that_are_not_imported),
        cmocka_unit_test(what_the_next_apply_changes),
        cmocka_unit_test(a_forgotten_stack),
    };
    return cmocka_run_group_tests_name("adopt_build", tests, NULL, NULL);
}
