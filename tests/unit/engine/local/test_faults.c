#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/base/digest.h"

#define MODEL "{'ModelName':'m','PrimaryContainer':{'Image':'" IMAGE "'}}"

static void add(struct world *world, const char *fault)
{
    char body[512];

    snprintf(body, sizeof(body), "{'faults':[%s]}", fault);
    assert_done(admin(world, "POST", "/_mmectl/faults", body));
}

static void test_errors(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    add(world, "{'operation':'ListModels','kind':'error','times':2}");
    assert_refused(sm(world, "ListModels", "{}"), "ThrottlingException", "Rate exceeded");
    assert_done(sm(world, "ListEndpoints", "{}"));
    assert_refused(sm(world, "ListModels", "{}"), "ThrottlingException", "");
    assert_done(sm(world, "ListModels", "{}"));
    reply = admin(world, "GET", "/_mmectl/faults", "");
    assert_int_equal(at(reply, "faults.0.seen")->integer, 3);
    assert_int_equal(at(reply, "faults.0.fired")->integer, 2);

    add(world, "{'operation':'CreateModel','kind':'error','nth':2,'status':500,'code':"
               "'InternalFailure','message':'boom'}");
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "DeleteModel", "{'ModelName':'m'}"));
    reply = sm(world, "CreateModel", MODEL);
    check_reply(reply, 500, "InternalFailure", "boom", __FILE__, __LINE__);
    assert_int_equal(at(sm(world, "ListModels", "{}"), "Models")->len, 0);
    assert_done(sm(world, "CreateModel", MODEL));

    add(world, "{'kind':'error','every':3}");
    size_t refused = 0;
    for (int i = 0; i < 9; i++)
        refused += sm(world, "ListEndpoints", "{}").status != 200;
    assert_int_equal(refused, 3);
    assert_done(admin(world, "DELETE", "/_mmectl/faults", ""));
    for (int i = 0; i < 9; i++)
        assert_done(sm(world, "ListEndpoints", "{}"));
}

static void test_s3_by_name(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    make_bucket(world, "data-b");
    put(world, "/data-b/a/x", STR("1"));
    put(world, "/data-b/b/x", STR("1"));
    add(world, "{'operation':'GetObject','kind':'error','name':'data-b/a/','status':503,'code':"
               "'SlowDown','message':'Please reduce your request rate.','times':0}");
    for (int i = 0; i < 3; i++) {
        reply = get(world, "/data-b/a/x");
        assert_int_equal(reply.status, 503);
        assert_true(str_find(reply.body, STR("<Code>SlowDown</Code>")) != SIZE_MAX);
        assert_int_equal(get(world, "/data-b/b/x").status, 200);
    }
}

static void test_jobs_and_endpoints(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    char body[4096];
    struct reply reply;

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", STR("1,2\n"));
    add(world, "{'operation':'CreateTrainingJob','kind':'capacity','name':'deep'},{'operation':"
               "'UpdateEndpoint','kind':'rollback','reason':''},{'operation':'CreateEndpoint',"
               "'kind':'fail','name':'bad','reason':'out of luck'}");
    for (int i = 0; i < 2; i++) {
        snprintf(body, sizeof(body), s_job, i == 0 ? "a-deep-one" : "a-flat-one", "5", "train/");
        assert_done(sm(world, "CreateTrainingJob", body));
    }
    world_pass(world, 5000);
    reply = sm(world, "DescribeTrainingJob", "{'TrainingJobName':'a-deep-one'}");
    assert_text(reply, "TrainingJobStatus", "Failed");
    assert_true(str_starts(json_str(at(reply, "FailureReason")), STR("CapacityError: ")));
    reply = sm(world, "DescribeTrainingJob", "{'TrainingJobName':'a-flat-one'}");
    assert_text(reply, "TrainingJobStatus", "Completed");

    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(
        sm(world, "CreateEndpointConfig",
           "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m',"
           "'InstanceType':'ml.m5.large','InitialInstanceCount':1}]}"));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'bad','EndpointConfigName':'c'}"));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'good','EndpointConfigName':'c'}"));
    world_pass(world, 1500);
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'bad'}");
    assert_text(reply, "EndpointStatus", "Failed");
    assert_text(reply, "FailureReason", "out of luck");
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'good','EndpointConfigName':'c'}"));
    world_pass(world, 1200);
    assert_text(
        sm(world, "DescribeEndpoint", "{'EndpointName':'good'}"), "EndpointStatus", "RollingBack");
    world_pass(world, 800);
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'good'}");
    assert_text(reply, "EndpointStatus", "InService");
    assert_null(at(reply, "FailureReason"));

    add(world, "{'kind':'status','name':'good','status':'SystemUpdating','forMs':5000}");
    assert_refused(
        sm(world, "UpdateEndpoint", "{'EndpointName':'good','EndpointConfigName':'c'}"),
        "ValidationException", "in-progress");
    assert_refused(
        sm(world, "DeleteEndpoint", "{'EndpointName':'good'}"), "ValidationException",
        "in-progress");
    world_pass(world, 5000);
    assert_done(sm(world, "DeleteEndpoint", "{'EndpointName':'good'}"));
}

static void set(struct world *world, const char *settings)
{
    assert_done(admin(world, "POST", "/_mmectl/settings", settings));
}

#define CONFIG \
    "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m'," \
    "'InstanceType':'ml.m5.large','InitialInstanceCount':1}]}"
#define ENDPOINT "{'EndpointName':'e','EndpointConfigName':'c'}"

/* What was created a moment ago is not seen by the next call, but its name is taken. */
static void test_visible_later(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();

    set(world, "{'visibleAfterMs':'2000','visibleAfterMs.endpoint':'0'}");
    assert_done(sm(world, "CreateModel", MODEL));
    assert_refused(sm(world, "CreateModel", MODEL), "ValidationException", "already existing");
    assert_refused(
        sm(world, "DescribeModel", "{'ModelName':'m'}"), "ValidationException", "Could not find");
    assert_int_equal(at(sm(world, "ListModels", "{}"), "Models")->len, 0);
    assert_refused(sm(world, "CreateEndpointConfig", CONFIG), "ValidationException", "Could not");
    world_pass(world, 2000);
    assert_done(sm(world, "DescribeModel", "{'ModelName':'m'}"));
    assert_int_equal(at(sm(world, "ListModels", "{}"), "Models")->len, 1);
    assert_done(sm(world, "CreateEndpointConfig", CONFIG));
    assert_refused(sm(world, "CreateEndpoint", ENDPOINT), "ValidationException", "Could not find");
    world_pass(world, 1999);
    assert_refused(sm(world, "CreateEndpoint", ENDPOINT), "ValidationException", "Could not find");
    world_pass(world, 1);
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    assert_done(sm(world, "DescribeEndpoint", "{'EndpointName':'e'}"));
    set(world, "{'visibleAfterMs':null}");
    assert_done(
        sm(world, "CreateModel", "{'ModelName':'n','PrimaryContainer':{'Image':'" IMAGE "'}}"));
    assert_done(sm(world, "DescribeModel", "{'ModelName':'n'}"));
}

static void test_recreate(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();

    set(world, "{'recreateAfterMs':3000}");
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG));
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    world_pass(world, 2000);
    assert_done(sm(world, "DeleteEndpoint", "{'EndpointName':'e'}"));
    world_pass(world, 2500); /* gone after 500, noticed only now */
    assert_refused(
        sm(world, "DescribeEndpoint", "{'EndpointName':'e'}"), "ValidationException", "Could not");
    assert_refused(sm(world, "CreateEndpoint", ENDPOINT), "ValidationException", "already exist");
    world_pass(world, 1000);
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    assert_done(sm(world, "DeleteModel", "{'ModelName':'m'}"));
    assert_refused(sm(world, "CreateModel", MODEL), "ValidationException", "already existing");
    world_pass(world, 3000);
    assert_done(sm(world, "CreateModel", MODEL));
}

static void test_stuck(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG));
    add(world, "{'operation':'CreateEndpoint','kind':'stuck','forMs':90000},"
               "{'operation':'UpdateEndpoint','kind':'stuck'}");
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    world_pass(world, 89999);
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'e'}");
    assert_text(reply, "EndpointStatus", "Creating");
    assert_refused(
        sm(world, "DeleteEndpoint", "{'EndpointName':'e'}"), "ValidationException", "in-progress");
    world_pass(world, 1);
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'e'}");
    assert_text(reply, "EndpointStatus", "InService");
    assert_done(sm(world, "UpdateEndpoint", ENDPOINT));
    world_pass(world, INT64_C(365) * 24 * 3600 * 1000);
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'e'}");
    assert_text(reply, "EndpointStatus", "Updating");
}

static void test_reason_fades(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();

    set(world, "{'failureReasonMs':60000}");
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG));
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    world_pass(world, 2000);
    add(world, "{'operation':'UpdateEndpoint','kind':'rollback','reason':'why'}");
    assert_done(sm(world, "UpdateEndpoint", ENDPOINT));
    world_pass(world, 2000);
    assert_text(sm(world, "DescribeEndpoint", "{'EndpointName':'e'}"), "FailureReason", "why");
    world_pass(world, 60000);
    assert_null(at(sm(world, "DescribeEndpoint", "{'EndpointName':'e'}"), "FailureReason"));
}

static void test_defaults(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    static const struct {
        const char *setting;
        bool all, future;
    } cases[] = {
        {"{}", false, false},
        {"{'serverDefaults':'all'}", true, false},
        {"{'serverDefaults':'future'}", true, true}};

    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG));
    assert_done(sm(world, "CreateEndpoint", ENDPOINT));
    world_pass(world, 2000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        set(world, cases[i].setting);
        struct reply model = sm(world, "DescribeModel", "{'ModelName':'m'}");
        struct reply config = sm(world, "DescribeEndpointConfig", "{'EndpointConfigName':'c'}");
        struct reply endpoint = sm(world, "DescribeEndpoint", "{'EndpointName':'e'}");
        assert_int_equal(at(model, "PrimaryContainer.ImageConfig") != NULL, cases[i].all);
        assert_int_equal(at(config, "ProductionVariants.0.VolumeSizeInGB") != NULL, cases[i].all);
        assert_int_equal(at(endpoint, "LastDeploymentConfig") != NULL, cases[i].all);
        assert_int_equal(at(model, "AddedInALaterYear") != NULL, cases[i].future);
        assert_int_equal(
            at(config, "ProductionVariants.0.AddedInALaterYear") != NULL, cases[i].future);
        assert_int_equal(at(endpoint, "LaterYearConfigs") != NULL, cases[i].future);
        assert_non_null(at(config, "ProductionVariants.0.InitialVariantWeight"));
    }
}

static struct reply
s3(struct world *world, const char *method, const char *target, const char *body)
{
    struct md5 md5 = md5_of(str_from(body));
    struct sending sending = {
        .service = "s3",
        .method = method,
        .path = target,
        .body = str_from(body),
        .headers =
            {{STR("content-md5"), base64_of(world->arena, md5.bytes, MD5_LEN)},
             {STR("if-none-match"), STR("*")}},
        .n_headers = 2};
    return world_send(world, &sending);
}

static void test_s3_races(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct reply reply;

    make_bucket(world, "data-b");
    add(world, "{'operation':'PutObject','kind':'error','conditional':true,'status':409,'code':"
               "'ConditionalRequestConflict'}");
    put(world, "/data-b/a", STR("1"));
    reply = s3(world, "PUT", "/data-b/b", "1");
    assert_int_equal(reply.status, 409);
    assert_int_equal(s3(world, "PUT", "/data-b/b", "1").status, 200);
    add(world, "{'operation':'DeleteObjects','kind':'key','name':'data-b/a','code':"
               "'AccessDenied','message':'no'}");
    reply =
        s3(world, "POST", "/data-b?delete",
           "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>");
    assert_int_equal(reply.status, 200);
    assert_true(str_find(reply.body, STR("<Error><Key>a</Key><Code>AccessDenied")) != SIZE_MAX);
    assert_true(str_find(reply.body, STR("<Deleted><Key>b</Key>")) != SIZE_MAX);
    assert_int_equal(get(world, "/data-b/a").status, 200);
    assert_int_equal(get(world, "/data-b/b").status, 404);
}

static void test_refused(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();

    assert_int_equal(admin(world, "POST", "/_mmectl/faults", "{}").status, 400);
    assert_int_equal(
        admin(world, "POST", "/_mmectl/faults", "{'faults':[{'kind':'error'},{'kind':'x'}]}")
            .status,
        400);
    assert_int_equal(at(admin(world, "GET", "/_mmectl/faults", ""), "faults")->len, 0);
    assert_done(sm(world, "ListModels", "{}"));
}

static void test_restart(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct world *world = world_open_with((struct opening){.folder = folder});

    add(world, "{'operation':'ListModels','kind':'error'}");
    world_close(&world);
    world = world_open_with((struct opening){.folder = folder});
    assert_refused(sm(world, "ListModels", "{}"), "ThrottlingException", "");
    assert_done(sm(world, "ListModels", "{}"));
    world_close(&world);
    test_folder_remove(folder);
}

static void test_late_answers(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    static const struct {
        const char *value;
        int64_t delay_ms;
    } s_cases[] = {{"'20'", 20}, {"7", 7}, {"'-1'", 0}, {"'60001'", 0}, {"'x'", 0}, {"null", 0}};

    make_bucket(world, "data-b");
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        char body[64];

        snprintf(body, sizeof(body), "{'answerDelayMs':%s}", s_cases[i].value);
        assert_int_equal(admin(world, "POST", "/_mmectl/settings", body).http.delay_ms, 0);
        assert_int_equal(get(world, "/data-b").http.delay_ms, s_cases[i].delay_ms);
        assert_int_equal(sm(world, "ListModels", "{}").http.delay_ms, s_cases[i].delay_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),       cmocka_unit_test(test_s3_by_name),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_jobs_and_endpoints),
        cmocka_unit_test(test_restart),      cmocka_unit_test(test_visible_later),
        cmocka_unit_test(test_recreate),     cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_reason_fades), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_s3_races),     cmocka_unit_test(test_late_answers),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
