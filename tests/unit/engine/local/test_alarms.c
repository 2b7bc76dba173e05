#include "tests/unit/engine/local/sm_fixture.h"

#define MODEL \
    "{'ModelName':'m','ExecutionRoleArn':'" ROLE "','PrimaryContainer':{'Image':'" IMAGE \
    "','Mode':'MultiModel','ModelDataUrl':'s3://data-b/one/'}}"
#define CONFIG(name) \
    "{'EndpointConfigName':'" name "','ProductionVariants':[{'VariantName':'AllTraffic'," \
    "'ModelName':'m','InstanceType':'ml.m5.large','InitialInstanceCount':2}]}"
#define E "{'EndpointName':'e'}"
#define ALARM(name) \
    "{'AlarmName':'" name "','Namespace':'AWS/SageMaker','MetricName':'ModelLatency'," \
    "'Statistic':'Average','Period':60,'EvaluationPeriods':1,'Threshold':1.5," \
    "'ComparisonOperator':'GreaterThanThreshold'}"
#define STATE(name, value) \
    "{'AlarmName':'" name "','StateValue':'" value "','StateReason':'a test'}"
#define CANARY \
    "{'EndpointName':'e','EndpointConfigName':'c-2','DeploymentConfig':{'BlueGreenUpdatePolicy':{" \
    "'TrafficRoutingConfiguration':{'Type':'CANARY','WaitIntervalInSeconds':600,'CanarySize':{" \
    "'Type':'CAPACITY_PERCENT','Value':10}}},'AutoRollbackConfiguration':{'Alarms':[{" \
    "'AlarmName':'errors'}]}}}"

static struct reply alarms(struct world *world, const char *op, const char *body)
{
    return json_call(world, "monitoring", "GraniteServiceVersion20100801.", op, body);
}

/* The query protocol, which aws-cli and boto3 speak to CloudWatch. */
static struct reply query(struct world *world, const char *form)
{
    struct sending sending = {
        .service = "monitoring", .method = "POST", .path = "/", .body = str_from(form)};
    sending.headers[sending.n_headers++] = (struct http_header){
        STR("Content-Type"), STR("application/x-www-form-urlencoded; charset=utf-8")};
    return world_send(world, &sending);
}

static void assert_says(struct reply reply, int status, const char *part)
{
    if (reply.status != status || str_find(reply.body, str_from(part)) == SIZE_MAX)
        fail_msg("got %d " STR_FMT ", want %d %s", reply.status, STR_ARG(reply.body), status, part);
}

static void in_json(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    assert_done(alarms(world, "PutMetricAlarm", ALARM("errors")));
    struct reply reply = alarms(world, "DescribeAlarms", "{'AlarmNames':['errors','nobody']}");
    assert_int_equal(at(reply, "MetricAlarms")->len, 1);
    assert_text(reply, "MetricAlarms.0.StateValue", "INSUFFICIENT_DATA");
    assert_done(alarms(world, "SetAlarmState", STATE("errors", "ALARM")));
    assert_done(alarms(world, "PutMetricAlarm", ALARM("errors"))); /* its state stays */
    reply = alarms(world, "DescribeAlarms", "{'StateValue':'ALARM'}");
    assert_text(reply, "MetricAlarms.0.StateReason", "a test");
    reply = alarms(world, "DescribeAlarms", "{'AlarmTypes':['CompositeAlarm']}");
    assert_int_equal(at(reply, "MetricAlarms")->len, 0);
    assert_refused(
        alarms(world, "PutMetricAlarm", "{'AlarmName':'','Period':0}"), "ValidationError",
        "2 validation errors detected");
    assert_refused(
        alarms(
            world, "PutMetricAlarm",
            "{'AlarmName':'x','EvaluationPeriods':1,'ComparisonOperator':'LessThanThreshold'}"),
        "ValidationError", "must be specified");
    assert_int_equal(alarms(world, "SetAlarmState", STATE("nobody", "OK")).status, 404);
    assert_int_equal(
        alarms(world, "DeleteAlarms", "{'AlarmNames':['errors','nobody']}").status, 404);
    assert_done(alarms(world, "DeleteAlarms", "{'AlarmNames':['errors']}"));
    reply = alarms(world, "DescribeAlarms", "{}");
    assert_int_equal(at(reply, "MetricAlarms")->len, 0);
}

static void in_forms(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    assert_says(
        query(
            world, "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=errors&Namespace=N&"
                   "MetricName=M&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1.5&"
                   "ComparisonOperator=GreaterThanThreshold&ActionsEnabled=true&"
                   "Dimensions.member.1.Name=EndpointName&Dimensions.member.1.Value=e"),
        200, "<PutMetricAlarmResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">");
    struct reply reply =
        query(world, "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=errors");
    assert_says(reply, 200, "<AlarmName>errors</AlarmName>");
    assert_says(reply, 200, "<Threshold>1.5</Threshold>");
    assert_says(reply, 200, "<member><Name>EndpointName</Name><Value>e</Value></member>");
    assert_says(reply, 200, "<StateUpdatedTimestamp>2027-01-15T08:00:00Z</StateUpdatedTimestamp>");
    assert_says(
        query(world, "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=x"), 400,
        "<Code>ValidationError</Code>");
    assert_says(
        query(world, "Action=NoSuchThing&Version=2010-08-01"), 400, "<Code>InvalidAction</Code>");
    assert_says(
        query(world, "Action=DeleteAlarms&Version=2010-08-01&AlarmNames.member.1=nobody"), 404,
        "<Code>ResourceNotFound</Code>");
}

static struct world *open_in_service(void)
{
    struct world *world = world_open();
    make_bucket(world, "data-b");
    put(world, "/data-b/one/a.tar.gz", STR("x"));
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-1")));
    assert_done(sm(world, "CreateEndpointConfig", CONFIG("c-2")));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-1'}"));
    world_pass(world, 1500);
    return world;
}

static void assert_state(struct world *world, const char *status, const char *config)
{
    struct reply reply = sm(world, "DescribeEndpoint", E);
    assert_text(reply, "EndpointStatus", status);
    assert_text(reply, "EndpointConfigName", config);
}

/* New instances after 1200 ms, then two bakings of at most 1000 ms each. */
static void updates_that_they_watch(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    assert_refused(
        sm(world, "UpdateEndpoint", CANARY), "ValidationException",
        "The alarm \"errors\" does not exist");
    assert_done(alarms(world, "PutMetricAlarm", ALARM("errors")));
    assert_done(sm(world, "UpdateEndpoint", CANARY));
    world_pass(world, 1199);
    struct reply reply = sm(world, "DescribeEndpoint", E);
    const char *step = "PendingDeploymentSummary.ProductionVariants.0.VariantStatus.0.Status";
    assert_text(reply, step, "Creating");
    world_pass(world, 1);
    assert_text(sm(world, "DescribeEndpoint", E), step, "Baking");
    world_pass(world, 1999);
    assert_state(world, "Updating", "c-1");
    /* At the last moment: */
    assert_done(alarms(world, "SetAlarmState", STATE("errors", "ALARM")));
    assert_state(world, "RollingBack", "c-1");
    world_pass(world, 800);
    assert_state(world, "InService", "c-1");
    reply = sm(world, "DescribeEndpoint", E);
    assert_true(str_find(json_str(at(reply, "FailureReason")), STR("[errors]")) != SIZE_MAX);
    /* One that is in ALARM when traffic would begin to shift: */
    assert_done(sm(world, "UpdateEndpoint", CANARY));
    world_pass(world, 1200);
    assert_state(world, "RollingBack", "c-1");
    world_pass(world, 800);
    assert_done(alarms(world, "SetAlarmState", STATE("errors", "OK")));
    assert_done(sm(world, "UpdateEndpoint", CANARY));
    world_pass(world, 3200);
    assert_state(world, "InService", "c-2");
}

static void deployments_that_cannot_be(void **state)
{
    static const struct {
        const char *deployment, *message;
    } cases[] = {
        {"'BlueGreenUpdatePolicy':{'TrafficRoutingConfiguration':{'Type':'CANARY',"
         "'WaitIntervalInSeconds':0}}",
         "CanarySize must be specified"},
        {"'BlueGreenUpdatePolicy':{'TrafficRoutingConfiguration':{'Type':'CANARY',"
         "'WaitIntervalInSeconds':0,'CanarySize':{'Type':'CAPACITY_PERCENT','Value':60}}}",
         "CanarySize must be between 1 and 50 percent"},
        {"'BlueGreenUpdatePolicy':{'TrafficRoutingConfiguration':{'Type':'LINEAR',"
         "'WaitIntervalInSeconds':0,'LinearStepSize':{'Type':'CAPACITY_PERCENT','Value':9}}}",
         "LinearStepSize must be between 10 and 50 percent"},
        {"'RollingUpdatePolicy':{'MaximumBatchSize':{'Type':'CAPACITY_PERCENT','Value':51},"
         "'WaitIntervalInSeconds':0}",
         "MaximumBatchSize must be between 5 and 50 percent"},
        {"'BlueGreenUpdatePolicy':{'TrafficRoutingConfiguration':{'Type':'ALL_AT_ONCE',"
         "'WaitIntervalInSeconds':3601}}",
         "less than or equal to 3600"},
    };
    (void) state;
    AUTO(world_close) struct world *world = open_in_service();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str body = str_fmt(
            world->arena, "{'EndpointName':'e','EndpointConfigName':'c-2','DeploymentConfig':{%s}}",
            cases[i].deployment);
        assert_refused(
            sm(world, "UpdateEndpoint", str_z(world->arena, body)), "ValidationException",
            cases[i].message);
    }
    /* Two instances, one at a time, and a batch of half of them. */
    assert_done(sm(
        world, "UpdateEndpoint",
        "{'EndpointName':'e','EndpointConfigName':'c-2','DeploymentConfig':{'RollingUpdatePolicy':{"
        "'MaximumBatchSize':{'Type':'INSTANCE_COUNT','Value':1},'WaitIntervalInSeconds':60}}}"));
    world_pass(world, 3199);
    assert_state(world, "Updating", "c-1");
    world_pass(world, 1);
    assert_state(world, "InService", "c-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_json),
        cmocka_unit_test(in_forms),
        cmocka_unit_test(updates_that_they_watch),
        cmocka_unit_test(deployments_that_cannot_be),
    };
    return cmocka_run_group_tests_name("alarms", tests, NULL, NULL);
}
