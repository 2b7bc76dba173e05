/* Endpoints of several containers: real training, real predictions. */
#include "tests/unit/engine/local/sm_fixture.h"

#define ROWS STR("0.9,0.9,0.5\n0.1,0.1,0.5")
#define OWN "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"
#define ONE_URL "s3://data-b/out/job-1/output/model.tar.gz"
#define TWO_URL "s3://data-b/out/job-2/output/model.tar.gz"
#define CONTAINER(name, url, env) \
    "{'ContainerHostname':'" name "','Image':'" IMAGE "','ModelDataUrl':'" url \
    "','Environment':{" env "}}"

static struct str scores(struct world *world)
{
    struct buf text = BUF_INIT(KIB(64));
    for (int i = 0; i < 200; i++)
        buf_fmt(&text, "%d,%.3f\n", i % 3 == 0 ? 0 : i > 90, i / 200.0);
    struct str out = str_dup(world->arena, buf_str(&text));
    buf_done(&text);
    return out;
}

static void train(struct world *world, const char *name, const char *channel)
{
    char body[4096];

    snprintf(body, sizeof(body), s_job, name, "5", channel);
    assert_done(sm(world, "CreateTrainingJob", body));
}

/* job-1 has three features, job-2 one: a score. */
static struct world *open_trained(void)
{
    struct world *world = world_open_with((struct opening){.real = true});

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", fixture_csv(world, 300, 3));
    put(world, "/data-b/one/a.csv", scores(world));
    train(world, "job-1", "train/");
    train(world, "job-2", "one/");
    return world;
}

static struct reply
create_model(struct world *world, const char *name, const char *mode, const char *containers)
{
    struct str body = str_fmt(
        world->arena,
        "{'ModelName':'%s','Containers':[%s],'InferenceExecutionConfig':{'Mode':'%s'}}", name,
        containers, mode);

    return sm(world, "CreateModel", str_z(world->arena, body));
}

static void deploy(struct world *world, const char *name, const char *mode, const char *containers)
{
    char body[512];

    assert_done(create_model(world, name, mode, containers));
    snprintf(
        body, sizeof(body),
        "{'EndpointConfigName':'%s','ProductionVariants':[{'VariantName':'AllTraffic',"
        "'ModelName':'%s','InstanceType':'ml.m5.large','InitialInstanceCount':1}]}",
        name, name);
    assert_done(sm(world, "CreateEndpointConfig", body));
    snprintf(body, sizeof(body), "{'EndpointName':'%s','EndpointConfigName':'%s'}", name, name);
    assert_done(sm(world, "CreateEndpoint", body));
    world_pass(world, 1500);
}

static struct reply call(
    struct world *world,
    const char *endpoint,
    const char *container,
    const char *accept,
    struct str body)
{
    struct str path = str_fmt(world->arena, "/endpoints/%s/invocations", endpoint);
    struct sending sending = {
        .service = "sagemaker", .method = "POST", .path = str_z(world->arena, path), .body = body};

    sending.headers[sending.n_headers++] =
        (struct http_header){STR("Content-Type"), STR("text/csv")};
    if (container != NULL)
        sending.headers[sending.n_headers++] = (struct http_header){
            STR("X-Amzn-SageMaker-Target-Container-Hostname"), str_from(container)};
    if (accept != NULL)
        sending.headers[sending.n_headers++] =
            (struct http_header){STR("Accept"), str_from(accept)};
    return world_send(world, &sending);
}

static void test_direct(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_trained();
    struct reply reply;

    deploy(
        world, "d", "Direct",
        CONTAINER("one", ONE_URL, "") "," CONTAINER(
            "two", TWO_URL, "'SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT':'application/json'"));
    reply = call(world, "d", "one", NULL, ROWS);
    assert_done(reply);
    assert_str(reply_header(&reply, "Content-Type"), "text/csv; charset=utf-8");
    assert_str(reply_header(&reply, "x-mmectl-model-loaded"), "hit"); /* since it started */
    reply = call(world, "d", "two", NULL, STR("0.5"));
    assert_done(reply);
    assert_true(str_starts(reply.body, STR("{\"predictions\": [{\"score\": ")));
    assert_done(call(world, "d", "two", "text/csv", STR("0.5")));
    assert_refused(
        call(world, "d", NULL, NULL, ROWS), "ValidationError",
        "is missing a target container hostname header, which is required for multi-container "
        "endpoint d with direct invocation.");
    assert_refused(
        call(world, "d", "three", NULL, ROWS), "ValidationError",
        "Target container hostname three is not found for endpoint d.");
    assert_refused(
        invoke(world, "d", "x.tar.gz", NULL, ROWS), "ValidationError",
        "is missing a target container hostname header");
    check_reply(
        call(world, "d", "two", NULL, ROWS), 424, "ModelError",
        "Received client error (400) from two with message", __FILE__, __LINE__);
}

static void test_serial(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_trained();

    deploy(world, "s", "Serial", CONTAINER("one", ONE_URL, "") "," CONTAINER("two", TWO_URL, ""));
    deploy(world, "d", "Direct", CONTAINER("one", ONE_URL, "") "," CONTAINER("two", TWO_URL, ""));
    struct reply first = call(world, "d", "one", NULL, ROWS);
    struct reply second = call(world, "d", "two", NULL, first.body);
    assert_done(second);
    assert_str_len(call(world, "s", NULL, NULL, ROWS).body, second.body);
    /* Accept is the last one's. */
    assert_true(str_starts(
        call(world, "s", NULL, "application/json", ROWS).body, STR("{\"predictions\": [")));
    check_reply(
        call(world, "s", NULL, "image/png", ROWS), 424, "ModelError",
        "Received client error (406) from two", __FILE__, __LINE__);
    check_reply(
        call(world, "s", NULL, NULL, STR("a,b,c")), 424, "ModelError",
        "Received client error (400) from one", __FILE__, __LINE__);
    assert_int_equal(call(world, "s", NULL, NULL, STR("")).status, 204);
    assert_refused(
        call(world, "s", "one", NULL, ROWS), "ValidationError",
        "is not a multi-container endpoint with direct invocation");
    assert_refused(
        invoke(world, "s", "x.tar.gz", NULL, ROWS), "ValidationError",
        "is not a multi-model endpoint");
    /* What one hands on has a type, which the next may not read. */
    deploy(
        world, "j", "Serial",
        CONTAINER("one", ONE_URL, "'SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT':'application/json'") "," CONTAINER(
            "two", TWO_URL, ""));
    check_reply(
        call(world, "j", NULL, NULL, ROWS), 424, "ModelError",
        "Received client error (415) from two", __FILE__, __LINE__);
}

/* One container of many models at most, and the TargetModel is for it. */
static void test_many_models_in_a_pipeline(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_trained();

    deploy(
        world, "m", "Serial",
        "{'Image':'" IMAGE "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/out/'},"
        "{'Image':'" IMAGE "','ModelDataUrl':'" TWO_URL "'}");
    struct reply reply = invoke(world, "m", "job-1/output/model.tar.gz", NULL, STR("1,1,1"));
    check_reply(
        reply, 424, "ModelError", "Received client error (415) from container-2", __FILE__,
        __LINE__); /* many models answer in JSON, and the next reads none */
    assert_refused(
        call(world, "m", NULL, NULL, ROWS), "ValidationError", "is missing a target model header");
    assert_refused(
        invoke(world, "m", "none.tar.gz", NULL, ROWS), "ValidationError",
        "Failed to download model data(bucket: data-b, key: out/none.tar.gz).");
}

static void test_what_cannot_be_made(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_trained();
    static const struct {
        const char *mode, *containers, *part;
    } cases[] = {
        {"Direct", CONTAINER("one", ONE_URL, ""), "requires at least 2 containers"},
        {"Direct",
         CONTAINER("one", ONE_URL, "") ",{'Image':'" IMAGE "','ModelDataUrl':'" TWO_URL "'}",
         "ContainerHostname is required for each container"},
        {"Serial", CONTAINER("one", ONE_URL, "") "," CONTAINER("one", TWO_URL, ""),
         "Container hostnames must be unique. Duplicate hostname: one."},
        {"Serial", CONTAINER("one", ONE_URL, "") "," CONTAINER("t_o", TWO_URL, ""),
         "failed to satisfy constraint"},
        {"Sideways", CONTAINER("one", ONE_URL, "") "," CONTAINER("two", TWO_URL, ""),
         "[Serial, Direct]"},
        {"Serial", CONTAINER("one", "s3://data-b/none", "") "," CONTAINER("two", TWO_URL, ""),
         "Could not find model data at s3://data-b/none."},
        {"Serial", CONTAINER("one", ONE_URL, "") ",{'Image':'" OWN "'}",
         "Container container-2 cannot run in the AWS stand-in"},
        {"Serial",
         CONTAINER("one", ONE_URL, "") ",{'ContainerHostname':'own','Image':'" OWN
                                       "','ModelDataUrl':'s3://data-b/train/a.csv'}",
         "Container own cannot run in the AWS stand-in"},
        {"Serial",
         "{'Image':'" IMAGE "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/out/'},"
         "{'Image':'" IMAGE "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/out/'}",
         "Only one container of a pipeline can have Mode MultiModel."},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(
            create_model(world, "m", cases[i].mode, cases[i].containers), "ValidationException",
            cases[i].part);
    struct buf many = BUF_INIT(KIB(16));
    for (int i = 0; i < 16; i++)
        buf_fmt(&many, "%s{'Image':'" IMAGE "'}", i > 0 ? "," : "");
    struct str text = str_dup(world->arena, buf_str(&many));
    buf_done(&many);
    assert_refused(
        create_model(world, "m", "Serial", str_z(world->arena, text)), "ValidationException",
        "'containers' failed to satisfy constraint: Member must have length less than or equal "
        "to 15");
    /* Another image runs when its model is one of XGBoost. */
    assert_done(create_model(
        world, "own", "Serial",
        CONTAINER("one", ONE_URL, "") ",{'Image':'" OWN "','ModelDataUrl':'" TWO_URL "'}"));
}

/* The model server of a container does not come up without its model. */
static void test_a_container_that_does_not_start(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_trained();
    struct reply reply;

    put(world, "/data-b/broken.tar.gz", STR("no archive"));
    deploy(
        world, "b", "Direct",
        CONTAINER("one", ONE_URL, "") "," CONTAINER("bad", "s3://data-b/broken.tar.gz", ""));
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'b'}");
    assert_text(reply, "EndpointStatus", "Failed");
    assert_text(
        reply, "FailureReason",
        "The bad container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint.");
    /* An image without model data, of XGBoost: it has nothing to load. */
    deploy(
        world, "n", "Direct",
        CONTAINER("one", ONE_URL, "") ",{'ContainerHostname':'none',"
                                      "'Image':'" IMAGE "'}");
    assert_text(sm(world, "DescribeEndpoint", "{'EndpointName':'n'}"), "EndpointStatus", "Failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_many_models_in_a_pipeline),
        cmocka_unit_test(test_what_cannot_be_made),
        cmocka_unit_test(test_a_container_that_does_not_start),
    };
    return cmocka_run_group_tests_name("local/runtime_path", tests, NULL, NULL);
}
