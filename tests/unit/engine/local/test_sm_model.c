/* Models, endpoint configs and tags. */
#include "tests/unit/engine/local/sm_fixture.h"

#define CONTAINER(mode, url) \
    "'PrimaryContainer':{'Image':'" IMAGE "','Mode':'" mode "','ModelDataUrl':'" url "'}"

static struct world *open_with_data(void)
{
    struct world *world = world_open();

    make_bucket(world, "data-b");
    put(world, "/data-b/models/a.tar.gz", STR("x"));
    put(world, "/data-b/other/readme", STR("x"));
    return world;
}

static void test_model(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    struct reply reply;
    static const char create[] = "{'ModelName':'m-1','ExecutionRoleArn':'" ROLE "'," CONTAINER(
        "MultiModel", "s3://data-b/models/") ",'Tags':[{'Key':'b','Value':'2'},{'Key':'a',"
                                             "'Value':''}]}";

    assert_text(
        sm(world, "CreateModel", create), "ModelArn",
        "arn:aws:sagemaker:eu-west-1:123456789012:model/m-1");
    assert_refused(
        sm(world, "CreateModel", create), "ValidationException",
        "Cannot create already existing model "
        "\"arn:aws:sagemaker:eu-west-1:123456789012:model/m-1\".");
    reply = sm(world, "DescribeModel", "{'ModelName':'m-1'}");
    assert_done(reply);
    assert_text(reply, "PrimaryContainer.Mode", "MultiModel");
    assert_text(reply, "PrimaryContainer.MultiModelConfig.ModelCacheSetting", "Enabled");
    assert_null(at(reply, "PrimaryContainer.ModelDataSource"));
    assert_false(at(reply, "EnableNetworkIsolation")->boolean);
    assert_int_equal(at(reply, "PrimaryContainer.Environment")->len, 0);
    assert_null(at(reply, "Tags"));
    assert_done(sm(world, "DeleteModel", "{'ModelName':'m-1'}"));
    assert_refused(
        sm(world, "DescribeModel", "{'ModelName':'m-1'}"), "ValidationException",
        "Could not find model \"arn:aws:sagemaker:eu-west-1:123456789012:model/m-1\".");
    assert_refused(
        sm(world, "DeleteModel", "{'ModelName':'m-1'}"), "ValidationException",
        "Could not find model");
}

static void test_model_single(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    struct reply reply;

    assert_done(
        sm(world, "CreateModel",
           "{'ModelName':'s','PrimaryContainer':{'Image':'" IMAGE
           "','ModelDataUrl':'s3://data-b/models/a.tar.gz'}}"));
    reply = sm(world, "DescribeModel", "{'ModelName':'s'}");
    assert_text(reply, "PrimaryContainer.Mode", "SingleModel");
    assert_text(
        reply, "PrimaryContainer.ModelDataSource.S3DataSource.S3Uri",
        "s3://data-b/models/a.tar.gz");
}

static void test_model_refusals(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    static const struct {
        const char *body, *part;
    } cases[] = {
        {"{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/none/") "}",
         "Could not find model data at s3://data-b/none/."},
        {"{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/other/") "}",
         "Could not find model data"},
        {"{'ModelName':'m'," CONTAINER("MultiModel", "s3://no-bucket/models/") "}",
         "Could not find model data"},
        {"{'ModelName':'m'," CONTAINER("SingleModel", "s3://data-b/models/") "}",
         "Could not find model data"},
        {"{'ModelName':'m'}", "either PrimaryContainer or Containers"},
        {"{'ModelName':'m_'," CONTAINER("Both", "s3://data-b/models/") "}",
         "2 validation errors detected"},
        {"{'ModelName':'m','ExecutionRoleArn':'arn:aws:iam::999999999999:role/r'," CONTAINER(
             "MultiModel", "s3://data-b/models/") "}",
         "Cross-account pass role is not allowed."},
        {"{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/models/") ",'Tags':[{'Key':"
                                                                            "'aws:x','Value':''}]}",
         "system tag"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(
            sm(world, "CreateModel", cases[i].body), "ValidationException", cases[i].part);
    assert_int_equal(at(sm(world, "ListModels", "{}"), "Models")->len, 0);
    /* The bucket is in the region of the endpoint, or it cannot be used. */
    world->region = "us-east-1";
    assert_refused(
        sm(world, "CreateModel",
           "{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/models/") "}"),
        "ValidationException", "Could not find model data");
}

static void test_config(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    static const char create[] =
        "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m',"
        "'InstanceType':'ml.m5.large','InitialInstanceCount':2}]}";
    struct reply reply;

    assert_refused(
        sm(world, "CreateEndpointConfig", create), "ValidationException",
        "Could not find model \"arn:aws:sagemaker:eu-west-1:123456789012:model/m\".");
    assert_done(
        sm(world, "CreateModel",
           "{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/models/") "}"));
    assert_text(
        sm(world, "CreateEndpointConfig", create), "EndpointConfigArn",
        "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/c");
    assert_refused(
        sm(world, "CreateEndpointConfig", create), "ValidationException",
        "Cannot create already existing endpoint configuration");
    reply = sm(world, "DescribeEndpointConfig", "{'EndpointConfigName':'c'}");
    assert_true(at(reply, "ProductionVariants.0.InitialVariantWeight")->number > 0.99);
    assert_false(at(reply, "EnableNetworkIsolation")->boolean);
    assert_refused(
        sm(world, "CreateEndpointConfig",
           "{'EndpointConfigName':'d','ProductionVariants':[{'VariantName':'v','ModelName':'m',"
           "'ServerlessConfig':{'MemorySizeInMB':2048,'MaxConcurrency':1}}]}"),
        "ValidationException", "does not support multi-model");
    assert_refused(
        sm(world, "CreateEndpointConfig",
           "{'EndpointConfigName':'d','ProductionVariants':[{'VariantName':'v','ModelName':'m'}]}"),
        "ValidationException", "InstanceType");
    assert_text(
        sm(world, "ListEndpointConfigs", "{}"), "EndpointConfigs.0.EndpointConfigName", "c");
    assert_done(sm(world, "DeleteEndpointConfig", "{'EndpointConfigName':'c'}"));
    assert_int_equal(at(sm(world, "ListEndpointConfigs", "{}"), "EndpointConfigs")->len, 0);
}

#define ARN "'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/m'"

static void test_tags(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    static const char create[] = "{'ModelName':'m'," CONTAINER(
        "MultiModel", "s3://data-b/models/") ",'Tags':[{'Key':"
                                             "'mmectl:uid','Value':'a'}]}";
    struct reply reply;

    assert_done(sm(world, "CreateModel", create));
    assert_done(
        sm(world, "AddTags",
           "{" ARN ",'Tags':[{'Key':'mmectl:uid','Value':'b'},{'Key':'team','Value':''}]}"));
    reply = sm(world, "ListTags", "{" ARN "}");
    assert_int_equal(at(reply, "Tags")->len, 2);
    assert_text(reply, "Tags.0.Value", "b");
    assert_done(sm(world, "DeleteTags", "{" ARN ",'TagKeys':['mmectl:uid','none']}"));
    assert_text(sm(world, "ListTags", "{" ARN "}"), "Tags.0.Key", "team");
    assert_refused(
        sm(world, "ListTags",
           "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/none'}"),
        "ValidationException", "does not exist");
    assert_refused(sm(world, "ListTags", "{" ARN ",'MaxResults':10}"), "ValidationException", "50");
    /* Tags go with their thing. */
    assert_done(sm(world, "DeleteModel", "{'ModelName':'m'}"));
    assert_done(
        sm(world, "CreateModel",
           "{'ModelName':'m'," CONTAINER("MultiModel", "s3://data-b/models/") "}"));
    assert_int_equal(at(sm(world, "ListTags", "{" ARN "}"), "Tags")->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),          cmocka_unit_test(test_model_single),
        cmocka_unit_test(test_model_refusals), cmocka_unit_test(test_config),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests_name("sm_model", tests, NULL, NULL);
}
