#include "tests/unit/engine/local/sm_fixture.h"

#define MODEL(name, prefix) \
    "{'ModelName':'" name "','ExecutionRoleArn':'" ROLE "','PrimaryContainer':{'Image':'" IMAGE \
    "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/" prefix "/'}}"
#define CONFIG(name, model) \
    "{'EndpointConfigName':'" name "','ProductionVariants':[{'VariantName':'AllTraffic'," \
    "'ModelName':'" model "','InstanceType':'ml.m5.large','InitialInstanceCount':1}]}"
#define E "{'EndpointName':'My-Endpoint'}"
#define E_WITH(config) "{'EndpointName':'My-Endpoint','EndpointConfigName':'" config "'}"

static struct world *open_with_configs(void)
{
    struct world *world = world_open();

    make_bucket(world, "data-b");
    put(world, "/data-b/one/a.tar.gz", STR("x"));
    put(world, "/data-b/two/a.tar.gz", STR("x"));
    assert_done(sm(world, "CreateModel", MODEL("m-1", "one")));
    assert_done(sm(world, "CreateModel", MODEL("m-2", "two")));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-1", "m-1")));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-2", "m-2")));
    return world;
}

static struct world *open_in_service(void)
{
    struct world *world = open_with_configs();

    assert_done(sm(world, "CreateEndpoint", E_WITH("c-1")));
    world_pass(world, 1500);
    assert_text(sm(world, "DescribeEndpoint", E), "EndpointStatus", "InService");
    return world;
}

static void assert_state(struct world *world, const char *status, const char *config)
{
    struct reply reply = sm(world, "DescribeEndpoint", E);

    assert_done(reply);
    assert_text(reply, "EndpointStatus", status);
    assert_text(reply, "EndpointConfigName", config);
}

static void test_create_update_delete(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_configs();
    struct reply reply = sm(world, "CreateEndpoint", E_WITH("c-1"));

    assert_text(
        reply, "EndpointArn", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/my-endpoint");
    assert_state(world, "Creating", "c-1");
    assert_refused(
        sm(world, "DeleteEndpoint", E), "ValidationException",
        "Cannot update in-progress endpoint \"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/"
        "my-endpoint\".");
    assert_refused(
        sm(world, "CreateEndpoint", E_WITH("c-1")), "ValidationException",
        "Cannot create already existing endpoint \"arn");
    world_pass(world, 1499);
    assert_state(world, "Creating", "c-1");
    world_pass(world, 1);
    assert_state(world, "InService", "c-1");

    assert_done(sm(world, "UpdateEndpoint", E_WITH("c-2")));
    assert_state(world, "Updating", "c-1");
    reply = sm(world, "DescribeEndpoint", "{'EndpointName':'my-ENDPOINT'}");
    assert_text(reply, "EndpointName", "My-Endpoint");
    assert_text(reply, "PendingDeploymentSummary.EndpointConfigName", "c-2");
    assert_text(reply, "PendingDeploymentSummary.ProductionVariants.0.InstanceType", "ml.m5.large");
    assert_refused(
        sm(world, "UpdateEndpoint", E_WITH("c-1")), "ValidationException", "in-progress");
    world_pass(world, 1200);
    assert_state(world, "InService", "c-2");
    reply = sm(world, "DescribeEndpoint", E);
    assert_null(at(reply, "PendingDeploymentSummary"));
    assert_null(at(reply, "FailureReason"));
    assert_text(reply, "ProductionVariants.0.VariantName", "AllTraffic");
    assert_text(reply, "ProductionVariants.0.DeployedImages.0.SpecifiedImage", IMAGE);
    assert_null(at(reply, "ProductionVariants.0.InstanceType"));

    assert_done(sm(world, "DeleteEndpoint", E));
    assert_state(world, "Deleting", "c-2");
    world_pass(world, 500);
    assert_refused(
        sm(world, "DescribeEndpoint", E), "ValidationException",
        "Could not find endpoint \"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/"
        "my-endpoint\".");
}

/* A config that cannot work: back to the old one, InService, with a reason. */
static void test_silent_rollback(void **state)
{
    (void) state;
    static const struct {
        const char *what, *op, *body, *reason;
    } cases[] = {
        {"model gone", "DeleteModel", "{'ModelName':'m-2'}",
         "Could not find model \"arn:aws:sagemaker:eu-west-1:123456789012:model/m-2\"."},
        {"no artifact", NULL, "/data-b/two/a.tar.gz", "Failed to download model data"},
        {"config gone", "DeleteEndpointConfig", "{'EndpointConfigName':'c-2'}",
         "Could not find endpoint configuration"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(world_close) struct world *world = open_in_service();
        assert_done(sm(world, "UpdateEndpoint", E_WITH("c-2")));
        if (cases[i].op != NULL)
            assert_done(sm(world, cases[i].op, cases[i].body));
        else
            rm(world, cases[i].body);
        world_pass(world, 1200);
        assert_state(world, "RollingBack", "c-1");
        world_pass(world, 800);
        assert_state(world, "InService", "c-1");
        struct reply reply = sm(world, "DescribeEndpoint", E);
        if (!str_starts(json_str(at(reply, "FailureReason")), str_from(cases[i].reason)))
            fail_msg("%s: " STR_FMT, cases[i].what, STR_ARG(reply.body));
        assert_null(at(reply, "PendingDeploymentSummary"));
    }
}

static void test_failed_create(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_configs();

    assert_done(sm(world, "DeleteModel", "{'ModelName':'m-1'}"));
    assert_done(sm(world, "CreateEndpoint", E_WITH("c-1")));
    world_pass(world, 1500);
    struct reply reply = sm(world, "DescribeEndpoint", E);
    assert_text(reply, "EndpointStatus", "Failed");
    assert_true(str_starts(json_str(at(reply, "FailureReason")), STR("Could not find model")));
    assert_refused(
        sm(world, "UpdateEndpoint", E_WITH("c-2")), "ValidationException", "Cannot update");
    assert_done(sm(world, "DeleteEndpoint", E));
    world_pass(world, 500);
    assert_done(sm(world, "CreateEndpoint", E_WITH("c-2")));
}

/* Model and config may go while the endpoint lives; it notices at its next update only. */
static void test_in_use_deletion(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();

    assert_done(sm(world, "DeleteModel", "{'ModelName':'m-1'}"));
    assert_done(sm(world, "DeleteEndpointConfig", "{'EndpointConfigName':'c-1'}"));
    world_pass(world, 60000);
    assert_state(world, "InService", "c-1");
    assert_refused(
        sm(world, "DescribeEndpointConfig", "{'EndpointConfigName':'c-1'}"), "ValidationException",
        "Could not find endpoint configuration \"arn:aws:sagemaker:eu-west-1:123456789012:endpoint-"
        "config/c-1\".");
    assert_refused(
        sm(world, "UpdateEndpoint", E_WITH("c-1")), "ValidationException",
        "Could not find endpoint configuration");
}

static void test_weights_and_retain(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    struct reply reply;

    assert_done(sm(
        world, "UpdateEndpointWeightsAndCapacities",
        "{'EndpointName':'My-Endpoint','DesiredWeightsAndCapacities':[{'VariantName':'AllTraffic',"
        "'DesiredInstanceCount':3,'DesiredWeight':0.5}]}"));
    assert_state(world, "Updating", "c-1");
    world_pass(world, 1200);
    reply = sm(world, "DescribeEndpoint", E);
    assert_int_equal(at(reply, "ProductionVariants.0.CurrentInstanceCount")->integer, 3);
    assert_done(
        sm(world, "UpdateEndpoint",
           "{'EndpointName':'My-Endpoint','EndpointConfigName':'c-2','RetainAllVariantProperties':"
           "true,'ExcludeRetainedVariantProperties':[{'VariantPropertyType':'DesiredWeight'}]}"));
    world_pass(world, 1200);
    reply = sm(world, "DescribeEndpoint", E);
    assert_int_equal(at(reply, "ProductionVariants.0.CurrentInstanceCount")->integer, 3);
    assert_true(at(reply, "ProductionVariants.0.CurrentWeight")->number > 0.9);
    assert_done(sm(world, "UpdateEndpoint", E_WITH("c-1")));
    world_pass(world, 1200);
    reply = sm(world, "DescribeEndpoint", E);
    assert_int_equal(at(reply, "ProductionVariants.0.CurrentInstanceCount")->integer, 1);
    assert_refused(
        sm(world, "UpdateEndpointWeightsAndCapacities",
           "{'EndpointName':'My-Endpoint','DesiredWeightsAndCapacities':[{'VariantName':'B'}]}"),
        "ValidationException", "\"B\"");
}

static void test_log_group_comes_back(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    static const char group[] = "{'logGroupName':'/aws/sagemaker/Endpoints/My-Endpoint'}";
    static const char like[] = "{'logGroupNamePrefix':'/aws/sagemaker/Endpoints/'}";

    assert_done(logs(world, "DescribeLogStreams", group));
    assert_done(sm(world, "DeleteEndpoint", E));
    world_pass(world, 500);
    assert_refused(sm(world, "DescribeEndpoint", E), "ValidationException", "");
    assert_done(logs(world, "DeleteLogGroup", group));
    assert_int_equal(at(logs(world, "DescribeLogGroups", like), "logGroups")->len, 0);
    world_pass(world, 200);
    assert_int_equal(at(logs(world, "DescribeLogGroups", like), "logGroups")->len, 1);
    assert_done(logs(world, "DeleteLogGroup", group));
    world_pass(world, 60000);
    assert_int_equal(at(logs(world, "DescribeLogGroups", like), "logGroups")->len, 0);
}

static void test_quota(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();

    assert_done(
        admin(world, "POST", "/_mmectl/settings", "{'quota.ml.m5.large for endpoint usage':1}"));
    assert_refused(
        sm(world, "CreateEndpoint", "{'EndpointName':'e2','EndpointConfigName':'c-1'}"),
        "ResourceLimitExceeded", "'ml.m5.large for endpoint usage' is 1 Instances");
    assert_refused(sm(world, "UpdateEndpoint", E_WITH("c-2")), "ResourceLimitExceeded", "");
    assert_state(world, "InService", "c-1");
}

static void test_regions(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();

    world->region = "us-east-1";
    assert_refused(sm(world, "DescribeEndpoint", E), "ValidationException", "us-east-1");
    assert_int_equal(at(sm(world, "ListEndpoints", "{}"), "Endpoints")->len, 0);
    world->region = REGION;
    assert_text(
        sm(world, "ListEndpoints", "{'NameContains':'Endp','MaxResults':100}"),
        "Endpoints.0.EndpointStatus", "InService");
    assert_int_equal(
        at(sm(world, "ListEndpoints", "{'NameContains':'Endq'}"), "Endpoints")->len, 0);
}

static void test_dump(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    struct json *dump = NULL;
    struct err err = {0};

    assert_ok(local_dump(world->local, world->arena, &dump, &err), &err);
    struct reply as_reply = {.json = dump};
    assert_text(as_reply, "endpoints.0.name", "My-Endpoint");
    assert_text(as_reply, "endpoints.0.config", "c-1");
    assert_int_equal(at(as_reply, "models")->len, 2);
    assert_int_equal(at(as_reply, "endpointConfigs")->len, 2);
    assert_text(as_reply, "logGroups.0.name", "/aws/sagemaker/Endpoints/My-Endpoint");
    assert_ok(local_reset(world->local, &err), &err);
    assert_int_equal(at(sm(world, "ListEndpoints", "{}"), "Endpoints")->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_update_delete),
        cmocka_unit_test(test_silent_rollback),
        cmocka_unit_test(test_failed_create),
        cmocka_unit_test(test_in_use_deletion),
        cmocka_unit_test(test_weights_and_retain),
        cmocka_unit_test(test_log_group_comes_back),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_dump),
    };
    return cmocka_run_group_tests_name("sm_endpoint", tests, NULL, NULL);
}
