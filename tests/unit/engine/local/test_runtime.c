/* Endpoints that answer, through the whole way: real training, real predictions. */
#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/xgb/artifact.h"

#define CONTAINER(mode, url, more) \
    "'PrimaryContainer':{'Image':'" IMAGE "','Mode':'" mode "','ModelDataUrl':'" url "'" more "}"
#define ROWS STR("0.9,0.9,0.5\n0.1,0.1,0.5")
#define T1 "job-1/output/model.tar.gz"
#define T2 "job-2/output/model.tar.gz"

static void train(struct world *world, const char *name, const char *rounds)
{
    char body[4096];

    snprintf(body, sizeof(body), s_job, name, rounds, "train/");
    assert_done(sm(world, "CreateTrainingJob", body));
}

static void deploy(struct world *world, const char *name, const char *container)
{
    char body[1024];

    snprintf(body, sizeof(body), "{'ModelName':'%s',%s}", name, container);
    assert_done(sm(world, "CreateModel", body));
    snprintf(
        body, sizeof(body),
        "{'EndpointConfigName':'%s','ProductionVariants':[{'VariantName':'AllTraffic',"
        "'ModelName':'%s','InstanceType':'ml.m5.large','InitialInstanceCount':1}]}",
        name, name);
    assert_done(sm(world, "CreateEndpointConfig", body));
}

/* Endpoint e on config c-1, two models below s3://data-b/out/. */
static struct world *open_serving(struct opening opening, const char *more)
{
    struct world *world;
    char container[512];

    opening.real = true;
    world = world_open_with(opening);
    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", fixture_csv(world, 300, 3));
    train(world, "job-1", "5");
    train(world, "job-2", "9");
    snprintf(container, sizeof(container), CONTAINER("MultiModel", "s3://data-b/out/", "%s"), more);
    deploy(world, "c-1", container);
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-1'}"));
    assert_refused(invoke(world, "e", T1, NULL, ROWS), "ValidationError", "not found");
    world_pass(world, 1500);
    return world;
}

/* What libxgboost itself says of the artifact. */
static void oracle(struct world *world, const char *path, float out[2])
{
    static const float rows[] = {0.9F, 0.9F, 0.5F, 0.1F, 0.1F, 0.5F};
    AUTO(booster_close) struct booster *booster = NULL;
    struct artifact artifact;
    struct err err = {0};

    assert_ok(artifact_read(world->arena, get(world, path).body, &artifact, &err), &err);
    assert_ok(booster_load_oracle(artifact.model, &booster, &err), &err);
    assert_ok(booster_predict(booster, rows, 2, 3, out, 2, &err), &err);
}

static void assert_scores(struct reply reply, const float want[2])
{
    assert_done(reply);
    for (size_t i = 0; i < 2; i++) {
        float got = (float) json_at(reply.json, i)->number;
        assert_memory_equal(&got, &want[i], sizeof(got));
    }
}

static void test_predictions(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    float one[2], two[2];
    struct reply reply;

    oracle(world, "/data-b/out/" T1, one);
    oracle(world, "/data-b/out/" T2, two);
    assert_memory_not_equal(one, two, sizeof(one));
    reply = invoke(world, "e", T1, NULL, ROWS);
    assert_scores(reply, one);
    assert_str(reply_header(&reply, "x-Amzn-Invoked-Production-Variant"), "AllTraffic");
    assert_str(reply_header(&reply, "x-mmectl-model-loaded"), "miss");
    assert_str(reply_header(&reply, "Content-Type"), "application/json");
    reply = invoke(world, "e", T1, "application/json", ROWS);
    assert_scores(reply, one);
    assert_str(reply_header(&reply, "x-mmectl-model-loaded"), "hit");
    assert_scores(invoke(world, "e", T2, NULL, ROWS), two);
    reply = invoke(world, "e", T1, "text/csv", ROWS);
    assert_done(reply);
    assert_true(str_index(reply.body, ',') != SIZE_MAX && str_index(reply.body, '[') == SIZE_MAX);
}

static void test_refusals(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    struct reply reply;

    assert_refused(
        invoke(world, "none", T1, NULL, ROWS), "ValidationError",
        "Endpoint none of account 123456789012 not found.");
    assert_refused(
        invoke(world, "E", T1, NULL, ROWS), "ValidationError",
        "Endpoint E of account 123456789012 not found.");
    assert_refused(
        invoke(world, "e", NULL, NULL, ROWS), "ValidationError",
        "is missing a target model header");
    assert_refused(
        invoke(world, "e", "none.tar.gz", NULL, ROWS), "ValidationError",
        "Failed to download model data(bucket: data-b, key: out/none.tar.gz).");
    reply = invoke(world, "e", T1, NULL, STR("1,2"));
    check_reply(
        reply, 424, "ModelError", "Received client error (400) from primary", __FILE__, __LINE__);
    assert_text(reply, "ErrorCode", "CLIENT_ERROR_FROM_MODEL");
    assert_int_equal(at(reply, "OriginalStatusCode")->integer, 400);
    assert_true(json_str(at(reply, "OriginalMessage")).len > 0);
    assert_text(
        reply, "LogStreamArn",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/Endpoints/e");
    reply = logs(
        world, "FilterLogEvents",
        "{'logGroupName':'/aws/sagemaker/Endpoints/e','filterPattern':"
        "'payload'}");
    assert_int_equal(at(reply, "events")->len, 1);
    char *big = arena_alloc(world->arena, 6291457);
    memset(big, '1', 6291457);
    assert_int_equal(invoke(world, "e", T1, NULL, str_of(big, 6291457)).status, 413);
    world->region = "us-east-1";
    assert_refused(invoke(world, "e", T1, NULL, ROWS), "ValidationError", "not found");
}

static void test_corrupt(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    struct reply reply;

    put(world, "/data-b/out/bad.tar.gz", STR("junk"));
    reply = invoke(world, "e", "bad.tar.gz", NULL, ROWS);
    check_reply(
        reply, 424, "ModelError", "Received server error (500) from primary", __FILE__, __LINE__);
    assert_text(reply, "ErrorCode", "INTERNAL_FAILURE_FROM_MODEL");
}

/* An overwritten or deleted artifact answers on from memory and disk, until the fleet is new. */
static void test_stale_copies(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    float one[2], two[2];

    oracle(world, "/data-b/out/" T1, one);
    oracle(world, "/data-b/out/" T2, two);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    put(world, "/data-b/out/" T1, get(world, "/data-b/out/" T2).body);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    /* Unloaded from memory, it comes back from the fleet's disk. */
    assert_done(admin(world, "POST", "/_mmectl/unload?endpoint=e&keepDisk=true", ""));
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    /* While it updates the old fleet answers; the new one reads S3 again. */
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-1'}"));
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    world_pass(world, 1200);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), two);
    /* Deleted in S3, still loaded. */
    rm(world, "/data-b/out/" T1);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), two);
    assert_done(
        admin(world, "POST", "/_mmectl/unload?endpoint=e&model=job-1%2Foutput%2Fmodel.tar.gz", ""));
    assert_refused(invoke(world, "e", T1, NULL, ROWS), "ValidationError", "Failed to download");
}

/* Without the cache nothing is stale. */
static void test_cache_disabled(void **state)
{
    (void) state;
    AUTO(world_close)
    struct world *world =
        open_serving((struct opening){0}, ",'MultiModelConfig':{'ModelCacheSetting':'Disabled'}");
    float two[2];
    struct reply reply;

    oracle(world, "/data-b/out/" T2, two);
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    put(world, "/data-b/out/" T1, get(world, "/data-b/out/" T2).body);
    reply = invoke(world, "e", T1, NULL, ROWS);
    assert_scores(reply, two);
    assert_str(reply_header(&reply, "x-mmectl-model-loaded"), "miss");
}

static void test_rollback_keeps_serving(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    float one[2];

    oracle(world, "/data-b/out/" T1, one);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    deploy(world, "c-2", CONTAINER("MultiModel", "s3://data-b/out/", ""));
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-2'}"));
    assert_done(sm(world, "DeleteModel", "{'ModelName':'c-2'}"));
    for (int i = 0; i < 4; i++) {
        world_pass(world, 700);
        struct reply reply = invoke(world, "e", T1, NULL, ROWS);
        assert_scores(reply, one);
        /* The old fleet, not a new one. */
        assert_str(reply_header(&reply, "x-mmectl-model-loaded"), "hit");
    }
    struct reply reply = sm(world, "DescribeEndpoint", "{'EndpointName':'e'}");
    assert_text(reply, "EndpointConfigName", "c-1");
    assert_text(reply, "EndpointStatus", "InService");
}

static void test_models_and_unload(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    struct reply reply;

    assert_int_equal(at(admin(world, "GET", "/_mmectl/models?endpoint=e", ""), "models")->len, 0);
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    reply = admin(world, "GET", "/_mmectl/models?endpoint=e", "");
    assert_text(reply, "models.0.model", T1);
    assert_true(at(reply, "models.0.loaded")->boolean);
    assert_done(admin(world, "POST", "/_mmectl/unload?endpoint=e&keepDisk=true", ""));
    reply = admin(world, "GET", "/_mmectl/models?endpoint=e", "");
    assert_false(at(reply, "models.0.loaded")->boolean);
    assert_done(admin(world, "POST", "/_mmectl/unload?endpoint=e", ""));
    assert_int_equal(at(admin(world, "GET", "/_mmectl/models?endpoint=e", ""), "models")->len, 0);
    assert_int_equal(admin(world, "GET", "/_mmectl/models?endpoint=x", "").status, 404);
}

static void test_single_model(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    float one[2];
    struct reply reply;

    oracle(world, "/data-b/out/" T1, one);
    deploy(world, "s", CONTAINER("SingleModel", "s3://data-b/out/" T1, ""));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'s','EndpointConfigName':'s'}"));
    world_pass(world, 1500);
    reply = invoke(world, "s", NULL, "application/json", ROWS);
    assert_done(reply);
    for (size_t i = 0; i < 2; i++) {
        float got = (float) json_get_num(json_at(at(reply, "predictions"), i), "score", 0.0);
        assert_memory_equal(&got, &one[i], sizeof(got));
    }
    reply = invoke(world, "s", NULL, NULL, ROWS);
    assert_done(reply);
    assert_true(str_ends(reply.body, STR("\n")) && str_index(reply.body, ',') == SIZE_MAX);
    assert_str(reply_header(&reply, "Content-Type"), "text/csv; charset=utf-8");
    assert_refused(
        invoke(world, "s", T1, NULL, ROWS), "ValidationError",
        "Endpoint s is not a multi-model endpoint and does not support target model header.");
    assert_int_equal(invoke(world, "s", NULL, "image/png", ROWS).status, 424);
}

/* A process that was killed serves the same endpoint when it is back. */
static void test_restart(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct world *world = open_serving((struct opening){.folder = folder}, "");
    float one[2];

    oracle(world, "/data-b/out/" T1, one);
    world_close(&world);
    world = world_open_with((struct opening){.folder = folder, .real = true});
    world_pass(world, 60000);
    assert_scores(invoke(world, "e", T1, NULL, ROWS), one);
    world_close(&world);
    test_folder_remove(folder);
}

/* Two variants by weight: the first 400 calls split as the weights do, and a target is obeyed. */
static void test_variants(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving((struct opening){0}, "");
    size_t b = 0;

    assert_done(sm(
        world, "CreateEndpointConfig",
        "{'EndpointConfigName':'ab','ProductionVariants':[{'VariantName':'A','ModelName':'c-1',"
        "'InstanceType':'ml.m5.large','InitialInstanceCount':1,'InitialVariantWeight':3},{"
        "'VariantName':'B','ModelName':'c-1','InstanceType':'ml.m5.large','InitialInstanceCount':"
        "1,'InitialVariantWeight':1}]}"));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'ab','EndpointConfigName':'ab'}"));
    world_pass(world, 1500);
    for (int i = 0; i < 400; i++) {
        struct reply reply = invoke(world, "ab", T1, NULL, ROWS);
        assert_done(reply);
        b += str_eq_z(reply_header(&reply, "x-Amzn-Invoked-Production-Variant"), "B");
    }
    assert_in_range(b, 96, 104);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictions),       cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_corrupt),           cmocka_unit_test(test_stale_copies),
        cmocka_unit_test(test_cache_disabled),    cmocka_unit_test(test_rollback_keeps_serving),
        cmocka_unit_test(test_models_and_unload), cmocka_unit_test(test_single_model),
        cmocka_unit_test(test_restart),           cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
