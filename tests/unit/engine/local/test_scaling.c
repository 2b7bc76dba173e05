#include "tests/unit/engine/local/sm_fixture.h"

#define MODEL \
    "{'ModelName':'m','ExecutionRoleArn':'" ROLE "','PrimaryContainer':{'Image':'" IMAGE \
    "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/one/'}}"
#define CONFIG(name, type) \
    "{'EndpointConfigName':'" name "','ProductionVariants':[{'VariantName':'AllTraffic'," \
    "'ModelName':'m','InstanceType':'" type "','InitialInstanceCount':1}]}"
#define E "{'EndpointName':'e'}"
#define KEYS \
    "'ServiceNamespace':'sagemaker','ResourceId':'endpoint/e/variant/AllTraffic'," \
    "'ScalableDimension':'sagemaker:variant:DesiredInstanceCount'"
#define POLICY(name, metric, target) \
    "{" KEYS ",'PolicyName':'" name "','PolicyType':'TargetTrackingScaling'," \
    "'TargetTrackingScalingPolicyConfiguration':{'TargetValue':" target \
    ",'PredefinedMetricSpecification':{'PredefinedMetricType':'" metric "'}}}"
#define INVOCATIONS "SageMakerVariantInvocationsPerInstance"

static struct reply scaling(struct world *world, const char *op, const char *body)
{
    return json_call(world, "application-autoscaling", "AnyScaleFrontendService.", op, body);
}

static struct reply alarms(struct world *world, const char *op, const char *body)
{
    return json_call(world, "monitoring", "GraniteServiceVersion20100801.", op, body);
}

static struct world *open_in_service(void)
{
    struct world *world = world_open();
    make_bucket(world, "data-b");
    put(world, "/data-b/one/a.tar.gz", STR("x"));
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-1", "ml.m5.large")));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-2", "ml.m5.xlarge")));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-1'}"));
    world_pass(world, 1500);
    return world;
}

static void targets(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    assert_refused(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':1}"),
        "ValidationException", "required");
    assert_refused(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':0,'MaxCapacity':2}"),
        "ValidationException", "cannot be less than 1");
    assert_refused(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':3,'MaxCapacity':2}"),
        "ValidationException", "Maximum capacity cannot be less than minimum capacity");
    assert_refused(
        scaling(
            world, "RegisterScalableTarget",
            "{'ServiceNamespace':'sagemaker','ResourceId':'endpoint/other/variant/AllTraffic',"
            "'ScalableDimension':'sagemaker:variant:DesiredInstanceCount','MinCapacity':1,"
            "'MaxCapacity':2}"),
        "ValidationException", "Could not find variant");
    assert_refused(
        scaling(world, "RegisterScalableTarget", "{'ServiceNamespace':'nothing'}"),
        "ValidationException", "3 validation errors detected");
    /* What runs moves into the range, and what is left out stays. */
    assert_done(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':2,'MaxCapacity':4}"));
    assert_text(sm(world, "DescribeEndpoint", E), "EndpointStatus", "Updating");
    world_pass(world, 1200);
    assert_int_equal(
        at(sm(world, "DescribeEndpoint", E), "ProductionVariants.0.CurrentInstanceCount")->integer,
        2);
    assert_done(scaling(world, "RegisterScalableTarget", "{" KEYS ",'MaxCapacity':6}"));
    struct reply reply =
        scaling(world, "DescribeScalableTargets", "{'ServiceNamespace':'sagemaker'}");
    assert_int_equal(at(reply, "ScalableTargets")->len, 1);
    assert_int_equal(at(reply, "ScalableTargets.0.MinCapacity")->integer, 2);
    assert_int_equal(at(reply, "ScalableTargets.0.MaxCapacity")->integer, 6);
    reply = scaling(
        world, "DescribeScalableTargets",
        "{'ServiceNamespace':'sagemaker','ResourceIds':['endpoint/x/variant/AllTraffic']}");
    assert_int_equal(at(reply, "ScalableTargets")->len, 0);
    assert_done(scaling(world, "DeregisterScalableTarget", "{" KEYS "}"));
    assert_refused(
        scaling(world, "DeregisterScalableTarget", "{" KEYS "}"), "ObjectNotFoundException",
        "No scalable target found");
}

static void policies(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    assert_refused(
        scaling(world, "PutScalingPolicy", POLICY("p", INVOCATIONS, "100")),
        "ObjectNotFoundException", "No scalable target registered");
    assert_done(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':1,'MaxCapacity':4}"));
    assert_refused(
        scaling(world, "PutScalingPolicy", POLICY("p", INVOCATIONS, "0")), "ValidationException",
        "TargetValue must be greater than 0");
    assert_refused(
        scaling(world, "PutScalingPolicy", POLICY("p", "InvocationsPerInstance", "1")),
        "ValidationException", "enum value set");
    assert_refused(
        scaling(world, "PutScalingPolicy", POLICY("p", "ECSServiceAverageCPUUtilization", "1")),
        "ValidationException", "is not supported for resource ID");
    struct reply reply = scaling(world, "PutScalingPolicy", POLICY("p", INVOCATIONS, "100"));
    assert_done(reply);
    assert_int_equal(at(reply, "Alarms")->len, 2);
    assert_refused(
        scaling(world, "PutScalingPolicy", POLICY("q", INVOCATIONS, "50")), "ValidationException",
        "Only one TargetTrackingScaling policy for a given metric specification is allowed.");
    assert_int_equal(at(alarms(world, "DescribeAlarms", "{}"), "MetricAlarms")->len, 2);
    reply = scaling(world, "DescribeScalingPolicies", "{'ServiceNamespace':'sagemaker'}");
    assert_text(reply, "ScalingPolicies.0.PolicyName", "p");
    assert_done(scaling(world, "DeleteScalingPolicy", "{" KEYS ",'PolicyName':'p'}"));
    assert_refused(
        scaling(world, "DeleteScalingPolicy", "{" KEYS ",'PolicyName':'p'}"),
        "ObjectNotFoundException", "No scaling policy found");
    assert_int_equal(at(alarms(world, "DescribeAlarms", "{}"), "MetricAlarms")->len, 0);
}

static void endpoints_that_scale(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    assert_done(
        scaling(world, "RegisterScalableTarget", "{" KEYS ",'MinCapacity':1,'MaxCapacity':4}"));
    assert_refused(
        sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-2'}"),
        "ValidationException",
        "The variant(s) \"AllTraffic\" must be deregistered as a scalable target with AWS Auto "
        "Scaling before they can be removed or have their instance type updated.");
    assert_done(sm(world, "DeleteEndpoint", E));
    assert_int_equal(
        at(scaling(world, "DescribeScalableTargets", "{'ServiceNamespace':'sagemaker'}"),
           "ScalableTargets")
            ->len,
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(policies),
        cmocka_unit_test(endpoints_that_scale),
    };
    return cmocka_run_group_tests_name("scaling", tests, NULL, NULL);
}
