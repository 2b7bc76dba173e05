/* What calls of an endpoint are measured by, as CloudWatch's clients read it. */
#include "tests/unit/engine/local/sm_fixture.h"

#define ROWS STR("0.9,0.9,0.5\n0.1,0.1,0.5")
#define T1 "job-1/output/model.tar.gz"
#define T2 "job-2/output/model.tar.gz"
#define MINUTE 60000
/* The world begins at 1800000000, a whole minute; jobs and the endpoint take less than one. */
#define TIMES "'StartTime':1800000000,'EndTime':1800003600"
#define DIMENSIONS \
    "'Dimensions':[{'Name':'VariantName','Value':'blue'},{'Name':'EndpointName','Value':'e'}]"
#define STAT(name) \
    "'MetricStat':{'Metric':{'Namespace':'AWS/SageMaker','MetricName':'" name "'," DIMENSIONS "}," \
    "'Period':60,'Stat':'Sum'}"

static struct reply watch(struct world *world, const char *op, const char *body)
{
    return json_call(world, "monitoring", "GraniteServiceVersion20100801.", op, body);
}

static struct reply query(struct world *world, const char *form)
{
    struct sending sending = {
        .service = "monitoring", .method = "POST", .path = "/", .body = str_from(form)};
    sending.headers[sending.n_headers++] = (struct http_header){
        STR("Content-Type"), STR("application/x-www-form-urlencoded; charset=utf-8")};
    return world_send(world, &sending);
}

static void assert_has(struct reply reply, int status, const char *part)
{
    if (reply.status != status || str_find(reply.body, str_from(part)) == SIZE_MAX)
        fail_msg("got %d " STR_FMT ", want %d %s", reply.status, STR_ARG(reply.body), status, part);
}

static void deploy(struct world *world, const char *config, const char *container)
{
    char body[1024];
    snprintf(
        body, sizeof(body), "{'ModelName':'%s','PrimaryContainer':{'Image':'" IMAGE "',%s}}",
        config, container);
    assert_done(sm(world, "CreateModel", body));
    snprintf(
        body, sizeof(body),
        "{'EndpointConfigName':'%s','ProductionVariants':[{'VariantName':'blue','ModelName':'%s',"
        "'InstanceType':'ml.m5.large','InitialInstanceCount':2}]}",
        config, config);
    assert_done(sm(world, "CreateEndpointConfig", body));
}

/* Endpoint e with two models below s3://data-b/out/. */
static struct world *open_serving(void)
{
    struct world *world = world_open_with((struct opening){.real = true});
    char body[4096];
    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", fixture_csv(world, 300, 3));
    for (int i = 1; i <= 2; i++) {
        snprintf(body, sizeof(body), s_job, i == 1 ? "job-1" : "job-2", "5", "train/");
        assert_done(sm(world, "CreateTrainingJob", body));
    }
    deploy(world, "c-1", "'Mode':'MultiModel','ModelDataUrl':'s3://data-b/out/'");
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-1'}"));
    world_pass(world, 1500);
    return world;
}

/* One statistic of a metric over an hour; -1 when there is none. */
static double
stat_of(struct world *world, const char *space, const char *metric, const char *statistic)
{
    char body[1024];
    snprintf(
        body, sizeof(body),
        "{'Namespace':'%s','MetricName':'%s'," DIMENSIONS "," TIMES
        ",'Period':3600,'Statistics':['%s']}",
        space, metric, statistic);
    struct reply reply = watch(world, "GetMetricStatistics", body);
    assert_done(reply);
    assert_text(reply, "Label", metric);
    const struct json *points = at(reply, "Datapoints");
    assert_true(points->len <= 1);
    return json_get_num(json_at(points, 0), statistic, -1);
}

static void assert_stats(struct world *world, const char *metric, double count, double sum)
{
    double got_count = stat_of(world, "AWS/SageMaker", metric, "SampleCount");
    double got_sum = stat_of(world, "AWS/SageMaker", metric, "Sum");
    if (got_count < count || got_count > count || (sum >= 0 && (got_sum < sum || got_sum > sum)))
        fail_msg("%s: %g values, %g together; want %g, %g", metric, got_count, got_sum, count, sum);
}

static void calls_are_counted(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving();
    assert_stats(world, "Invocations", -1, -1);
    for (int i = 0; i < 3; i++)
        assert_done(invoke(world, "e", T1, NULL, ROWS));
    assert_done(invoke(world, "e", T2, NULL, ROWS));
    assert_int_equal(invoke(world, "e", T2, NULL, STR("x,y")).status, 424);
    assert_int_equal(invoke(world, "e", "none.tar.gz", NULL, ROWS).status, 400);
    put(world, "/data-b/out/bad.tar.gz", STR("junk"));
    assert_int_equal(invoke(world, "e", "bad.tar.gz", NULL, ROWS).status, 424);
    assert_int_equal(invoke(world, "e", NULL, NULL, ROWS).status, 400); /* reached no variant */
    assert_stats(world, "Invocations", 7, 7);
    assert_stats(world, "InvocationsPerInstance", 7, 3.5);
    assert_stats(world, "Invocation4XXErrors", 7, 1);
    assert_stats(world, "Invocation5XXErrors", 7, 1);
    assert_stats(world, "InvocationModelErrors", 7, 3);
    assert_stats(world, "ModelLatency", 6, -1);
    assert_stats(world, "OverheadLatency", 7, -1);
    assert_stats(world, "ModelCacheHit", 7, 3);
    assert_stats(world, "ModelLoadingWaitTime", 3, -1);
    assert_stats(world, "ModelDownloadingTime", 3, -1);
    assert_stats(world, "ModelLoadingTime", 2, -1);
    assert_stats(world, "ModelUnloadingTime", -1, -1);
    assert_true(stat_of(world, "AWS/SageMaker", "ModelLoadingTime", "Minimum") > 0);
    assert_true(stat_of(world, "AWS/SageMaker", "OverheadLatency", "Maximum") > 0);
    assert_float_equal(
        stat_of(world, "/aws/sagemaker/Endpoints", "LoadedModelCount", "Maximum"), 2, 0);
    assert_done(admin(world, "POST", "/_mmectl/unload?endpoint=e&model=" T1 "&keepDisk=true", ""));
    assert_stats(world, "ModelUnloadingTime", 1, -1);
    assert_float_equal(
        stat_of(world, "/aws/sagemaker/Endpoints", "LoadedModelCount", "Minimum"), 1, 0);
    /* From the disk of the instance: loaded anew, not downloaded. */
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    assert_stats(world, "ModelLoadingTime", 3, -1);
    assert_stats(world, "ModelDownloadingTime", 3, -1);
    world->region = "us-east-1";
    assert_stats(world, "Invocations", -1, -1);
}

/* A container of one model has no models to load and to lose. */
static void one_model_alone(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving();
    deploy(world, "c-2", "'ModelDataUrl':'s3://data-b/out/" T1 "'");
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-2'}"));
    world_pass(world, 5000);
    assert_done(invoke(world, "e", NULL, NULL, ROWS));
    assert_stats(world, "Invocations", 1, 1);
    assert_stats(world, "ModelLatency", 1, -1);
    assert_stats(world, "ModelCacheHit", -1, -1);
    assert_stats(world, "ModelLoadingTime", -1, -1);
    assert_float_equal(
        stat_of(world, "/aws/sagemaker/Endpoints", "LoadedModelCount", "Maximum"), -1, 0);
}

/* Published each minute while the endpoint serves, called or not; a new fleet begins anew. */
static void loaded_models_by_the_minute(void **state)
{
    (void) state;
    static const char body[] =
        "{'Namespace':'/aws/sagemaker/Endpoints','MetricName':'LoadedModelCount'," DIMENSIONS
        "," TIMES ",'Period':60,'Statistics':['Average']}";
    AUTO(world_close) struct world *world = open_serving();
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    world_pass(world, 3 * MINUTE);
    struct reply reply = watch(world, "GetMetricStatistics", body);
    assert_int_equal(at(reply, "Datapoints")->len, 4);
    assert_float_equal(at(reply, "Datapoints.2.Timestamp")->number, 1800000120, 0);
    assert_float_equal(at(reply, "Datapoints.2.Average")->number, 1, 0);
    assert_text(reply, "Datapoints.2.Unit", "None");
    deploy(world, "c-2", "'Mode':'MultiModel','ModelDataUrl':'s3://data-b/out/'");
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c-2'}"));
    world_pass(world, 2 * MINUTE);
    reply = watch(world, "GetMetricStatistics", body);
    assert_int_equal(at(reply, "Datapoints")->len, 5);
    assert_float_equal(at(reply, "Datapoints.4.Timestamp")->number, 1800000300, 0);
    assert_float_equal(at(reply, "Datapoints.4.Average")->number, 0, 0);
    assert_done(sm(world, "DeleteEndpoint", "{'EndpointName':'e'}"));
    world_pass(world, 5 * MINUTE);
    reply = watch(world, "GetMetricStatistics", body);
    assert_int_equal(at(reply, "Datapoints")->len, 5);
    assert_done(admin(world, "POST", "/_mmectl/reset", ""));
    reply = watch(world, "ListMetrics", "{}");
    assert_int_equal(at(reply, "Metrics")->len, 0);
}

static void data_of_several_metrics(void **state)
{
    (void) state;
    static const char two[] = "{'MetricDataQueries':[{'Id':'calls'," STAT(
        "Invocations") ",'Label':'all'},"
                       "{'Id':'none'," STAT("NoSuchMetric") "},{'Id':'quiet'," STAT(
                           "Invocations") ",'ReturnData':false},{'Id':'hits_1'," STAT("ModelCacheHi"
                                                                                      "t") "}]"
                                                                                           "," TIMES
                                                                                           "%s}";
    AUTO(world_close) struct world *world = open_serving();
    char body[4096];
    for (int i = 0; i < 3; i++, world_pass(world, MINUTE))
        for (int k = 0; k <= i; k++)
            assert_done(invoke(world, "e", T1, NULL, ROWS));
    snprintf(body, sizeof(body), two, "");
    struct reply reply = watch(world, "GetMetricData", body);
    assert_done(reply);
    assert_int_equal(at(reply, "MetricDataResults")->len, 3);
    assert_text(reply, "MetricDataResults.0.Label", "all");
    assert_text(reply, "MetricDataResults.0.StatusCode", "Complete");
    assert_float_equal(at(reply, "MetricDataResults.0.Values.0")->number, 3, 0);
    assert_float_equal(at(reply, "MetricDataResults.0.Timestamps.2")->number, 1800000000, 0);
    assert_int_equal(at(reply, "MetricDataResults.1.Values")->len, 0);
    assert_text(reply, "MetricDataResults.2.Id", "hits_1");
    assert_text(reply, "MetricDataResults.2.Label", "ModelCacheHit");
    assert_float_equal(at(reply, "MetricDataResults.2.Values.2")->number, 0, 0);
    /* In pages of two, in the order of time. */
    size_t n_values = 0, n_pages = 0;
    struct str token = STR_NULL;
    double sum = 0;
    do {
        struct str more = str_fmt(
            world->arena, ",'ScanBy':'TimestampAscending','MaxDatapoints':2%s" STR_FMT "%s",
            str_is_null(token) ? "" : ",'NextToken':'", STR_ARG(token),
            str_is_null(token) ? "" : "'");
        snprintf(body, sizeof(body), two, str_z(world->arena, more));
        reply = watch(world, "GetMetricData", body);
        assert_done(reply);
        JSON_EACH (result, at(reply, "MetricDataResults"))
            JSON_EACH (value, json_get(result, "Values")) {
                n_values++;
                sum += value->number;
            }
        token = json_get_str(reply.json, "NextToken");
        if (n_pages++ == 0) {
            assert_float_equal(at(reply, "MetricDataResults.0.Values.0")->number, 1, 0);
            assert_text(reply, "MetricDataResults.0.StatusCode", "PartialData");
        }
    } while (!str_is_null(token) && n_pages < 10);
    assert_int_equal(n_pages, 3);
    assert_int_equal(n_values, 6);
    assert_float_equal(sum, 6 + 5, 0);
}

static void in_forms(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_serving();
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    struct reply reply = query(
        world, "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FSageMaker&"
               "MetricName=ModelCacheHit&Dimensions.member.1.Name=EndpointName&"
               "Dimensions.member.1.Value=e&Dimensions.member.2.Name=VariantName&"
               "Dimensions.member.2.Value=blue&StartTime=2027-01-15T08%3A00%3A00Z&"
               "EndTime=2027-01-15T09%3A00%3A00Z&Period=60&Statistics.member.1=Average&"
               "ExtendedStatistics.member.1=p90");
    assert_has(reply, 200, "<Label>ModelCacheHit</Label><Datapoints><member>");
    assert_has(reply, 200, "<Timestamp>2027-01-15T08:00:00Z</Timestamp><Average>0.5</Average>");
    assert_has(
        reply, 200,
        "<ExtendedStatistics><entry><key>p90</key><value>1</value></entry></ExtendedStatistics>");
    reply = query(
        world, "Action=GetMetricData&Version=2010-08-01&StartTime=2027-01-15T08%3A00%3A00Z&"
               "EndTime=2027-01-15T09%3A00%3A00Z&MetricDataQueries.member.1.Id=a&"
               "MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FSageMaker&"
               "MetricDataQueries.member.1.MetricStat.Metric.MetricName=Invocations&"
               "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=EndpointName&"
               "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=e&"
               "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.2.Name=VariantName&"
               "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.2.Value=blue&"
               "MetricDataQueries.member.1.MetricStat.Period=60&"
               "MetricDataQueries.member.1.MetricStat.Stat=Sum");
    assert_has(
        reply, 200,
        "<Timestamps><member>2027-01-15T08:00:00Z</member></Timestamps><Values><member>2</member>"
        "</Values>");
    reply = query(world, "Action=ListMetrics&Version=2010-08-01&MetricName=Invocations");
    assert_has(
        reply, 200,
        "<Metrics><member><Namespace>AWS/SageMaker</Namespace><MetricName>Invocations</MetricName>"
        "<Dimensions><member><Name>EndpointName</Name><Value>e</Value></member>");
}

static void metrics_are_listed(void **state)
{
    (void) state;
    static const struct {
        const char *body;
        size_t count;
    } rows[] = {
        {"{}", 12}, /* nothing was unloaded */
        {"{'Namespace':'AWS/SageMaker'}", 11},
        {"{'Namespace':'/aws/sagemaker/Endpoints'}", 1},
        {"{'MetricName':'ModelLatency','RecentlyActive':'PT3H'}", 1},
        {"{'Dimensions':[{'Name':'EndpointName','Value':'e'},{'Name':'VariantName'}]}", 12},
        {"{'Dimensions':[{'Name':'VariantName','Value':'green'}]}", 0},
        {"{'Dimensions':[{'Name':'ContainerName'}]}", 0},
    };
    AUTO(world_close) struct world *world = open_serving();
    assert_done(invoke(world, "e", T1, NULL, ROWS));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reply reply = watch(world, "ListMetrics", rows[i].body);
        assert_done(reply);
        if (at(reply, "Metrics")->len != rows[i].count)
            fail_msg("%s: " STR_FMT, rows[i].body, STR_ARG(reply.body));
    }
}

static void refusals(void **state)
{
    (void) state;
    static const struct {
        const char *op, *body, *code, *part;
    } rows[] = {
#define METRIC "'Namespace':'N','MetricName':'M'"
        {"GetMetricStatistics", "{" METRIC "," TIMES ",'Period':60}", "InvalidParameterCombination",
         "At least one of the parameters Statistics and ExtendedStatistics must be specified."},
        {"GetMetricStatistics", "{" METRIC "," TIMES ",'Period':90,'Statistics':['Sum']}",
         "InvalidParameterValue", "The parameter Period must be a multiple of 60."},
        {"GetMetricStatistics",
         "{" METRIC ",'StartTime':9,'EndTime':9,'Period':60,'Statistics':['Sum']}",
         "InvalidParameterValue",
         "The parameter StartTime must be less than the parameter EndTime."},
        {"GetMetricStatistics",
         "{" METRIC ",'StartTime':0,'EndTime':86460,'Period':60,'Statistics':['Sum']}",
         "InvalidParameterCombination",
         "You have requested up to 1441 datapoints, which exceeds the limit of 1440."},
        {"GetMetricStatistics", "{" METRIC "," TIMES ",'Period':60,'ExtendedStatistics':['p101']}",
         "InvalidParameterValue", "p101"},
        {"GetMetricStatistics", "{" METRIC "," TIMES ",'Period':60,'Statistics':['sum']}",
         "ValidationError", "enum value set"},
        {"GetMetricData",
         "{'MetricDataQueries':[{'Id':'a'," STAT("M") "},{'Id':'a'," STAT("M") "}]," TIMES "}",
         "ValidationError", "The values for parameter id in MetricDataQueries are not unique."},
        {"GetMetricData", "{'MetricDataQueries':[{'Id':'A'," STAT("M") "}]," TIMES "}",
         "ValidationError", "MetricDataQueries.member.1.Id is not matching"},
        {"GetMetricData", "{'MetricDataQueries':[{'Id':'a','Expression':'1+1'}]," TIMES "}",
         "ValidationError", "expressions are not supported here"},
        {"GetMetricData",
         "{'MetricDataQueries':[{'Id':'a'," STAT("M") "}]," TIMES ",'MaxDatapoints':0}",
         "ValidationError", "MaxDatapoints"},
        {"GetMetricData",
         "{'MetricDataQueries':[{'Id':'a'," STAT("M") "}]," TIMES ",'NextToken':'x'}",
         "InvalidNextToken", "next token"},
        {"GetMetricData",
         "{'MetricDataQueries':[{'Id':'a','MetricStat':{'Metric':{" METRIC
         "},'Period':60,'Stat':'TM(5%:95%)'}}]," TIMES "}",
         "ValidationError", "TM(5%:95%)"},
        {"ListMetrics", "{'NextToken':'x'}", "InvalidParameterValue", "NextToken"},
    };
    AUTO(world_close) struct world *world = world_open();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_refused(watch(world, rows[i].op, rows[i].body), rows[i].code, rows[i].part);
    /* Without the world's lock, and still not without permission. */
    struct reply reply = admin(
        world, "POST", "/_mmectl/add-key",
        str_z(
            world->arena,
            STR("{'policy':[{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':"
                "'cloudwatch:List*','Resource':'*'}}]}")));
    assert_done(reply);
    world->key = (struct local_key){
        .access_key = json_get_str(reply.json, "access_key"),
        .secret_key = json_get_str(reply.json, "secret_key"),
        .account = json_get_str(reply.json, "account")};
    assert_done(watch(world, "ListMetrics", "{}"));
    assert_has(
        watch(
            world, "GetMetricStatistics",
            "{" METRIC "," TIMES ",'Period':60,'Statistics':['Sum']}"),
        400, "cloudwatch:GetMetricStatistics on resource: *");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted),
        cmocka_unit_test(one_model_alone),
        cmocka_unit_test(loaded_models_by_the_minute),
        cmocka_unit_test(data_of_several_metrics),
        cmocka_unit_test(in_forms),
        cmocka_unit_test(metrics_are_listed),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests_name("cloudwatch", tests, NULL, NULL);
}
