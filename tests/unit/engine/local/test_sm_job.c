#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/local/call.h"

static struct reply
create(struct world *world, const char *name, const char *rounds, const char *prefix)
{
    char body[4096];

    snprintf(body, sizeof(body), s_job, name, rounds, prefix);
    return sm(world, "CreateTrainingJob", body);
}

static struct world *open_with_data(void)
{
    struct world *world = world_open();

    make_bucket(world, "data-b");
    put(world, "/data-b/train/part-1.csv", STR("1,2\n0,1"));
    put(world, "/data-b/train/part-2.csv", STR("1,3\n"));
    return world;
}

static struct reply describe(struct world *world, const char *name)
{
    char body[128];

    snprintf(body, sizeof(body), "{'TrainingJobName':'%s'}", name);
    return sm(world, "DescribeTrainingJob", body);
}

static void test_life(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    static const struct {
        int64_t at_ms;
        const char *status, *secondary;
    } steps[] = {
        {0, "InProgress", "Starting"},      {299, "InProgress", "Starting"},
        {300, "InProgress", "Downloading"}, {500, "InProgress", "Training"},
        {1999, "InProgress", "Training"},   {2000, "InProgress", "Uploading"},
        {2200, "Completed", "Completed"},
    };
    int64_t began = world->now_ms;
    struct reply reply;

    world->training_ms = 2000;
    reply = create(world, "job-1", "5", "train/");
    assert_done(reply);
    assert_text(
        reply, "TrainingJobArn", "arn:aws:sagemaker:eu-west-1:123456789012:training-job/job-1");
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        world->now_ms = began + steps[i].at_ms;
        reply = describe(world, "job-1");
        assert_done(reply);
        assert_text(reply, "TrainingJobStatus", steps[i].status);
        assert_text(reply, "SecondaryStatus", steps[i].secondary);
    }
    assert_text(
        reply, "ModelArtifacts.S3ModelArtifacts", "s3://data-b/out/job-1/output/model.tar.gz");
    assert_text(reply, "SecondaryStatusTransitions.2.Status", "Training");
    assert_int_equal(at(reply, "SecondaryStatusTransitions")->len, 5);
    assert_text(reply, "FinalMetricDataList.0.MetricName", "train:auc");
    assert_int_equal(at(reply, "BillableTimeInSeconds")->integer, 2);
    assert_null(at(reply, "Tags"));
    /* What the service fills in. */
    assert_text(reply, "OutputDataConfig.CompressionType", "GZIP");
    assert_text(reply, "OutputDataConfig.KmsKeyId", "");
    assert_text(
        reply, "InputDataConfig.0.DataSource.S3DataSource.S3DataDistributionType",
        "FullyReplicated");
    assert_true(at(reply, "AlgorithmSpecification.MetricDefinitions")->len > 20);
    assert_false(at(reply, "EnableManagedSpotTraining")->boolean);
    assert_int_equal(get(world, "/data-b/out/job-1/output/model.tar.gz").status, 200);
}

static void test_several_states_at_once(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(create(world, "job-1", "5", "train/"));
    world_pass(world, 3600 * 1000);
    struct reply reply = describe(world, "job-1");
    assert_text(reply, "TrainingJobStatus", "Completed");
    /* The times are those of the states, not of the look. */
    double created = at(reply, "CreationTime")->number,
           ended = at(reply, "TrainingEndTime")->number;
    assert_true(ended - created > 0.69 && ended - created < 0.71);
}

struct failing {
    const char *name, *rounds, *prefix, *reason;
};

static void test_failures(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    static const struct failing cases[] = {
        {"missing", "5", "nothing/",
         "ClientError: Data download failed: No S3 objects found under S3 URL "
         "\"s3://data-b/nothing/\""},
        {"range", "0", "train/", "ClientError: Hyperparameter num_round"},
        {"parse", "x", "train/", "ClientError: Hyperparameter num_round: could not parse value"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_done(create(world, cases[i].name, cases[i].rounds, cases[i].prefix));
    world_pass(world, 5000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct reply reply = describe(world, cases[i].name);
        assert_text(reply, "TrainingJobStatus", "Failed");
        if (!str_starts(json_str(at(reply, "FailureReason")), str_from(cases[i].reason)))
            fail_msg(STR_FMT, STR_ARG(json_str(at(reply, "FailureReason"))));
        assert_true(str_ends(
            json_str(at(reply, "ModelArtifacts.S3ModelArtifacts")), STR("/output/model.tar.gz")));
    }
    assert_int_equal(world->trained, 0);
    assert_int_equal(get(world, "/data-b/out/range/output/model.tar.gz").status, 404);
}

static void test_extraneous(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    char body[4096], *at_hyper;

    snprintf(body, sizeof(body), s_job, "job-1", "5", "train/");
    at_hyper = strstr(body, "'eta'");
    assert_non_null(at_hyper);
    memcpy(at_hyper, "'etx'", 5);
    assert_done(sm(world, "CreateTrainingJob", body));
    world_pass(world, 5000);
    assert_text(
        describe(world, "job-1"), "FailureReason",
        "ClientError: Extraneous hyperparameter found: etx");
}

static void test_refusals(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    char body[4096];

    assert_done(create(world, "job-1", "5", "train/"));
    assert_refused(
        create(world, "job-1", "5", "train/"), "ResourceInUse",
        "Training job names must be unique within an AWS account and region, and a training job "
        "with this name already exists "
        "(arn:aws:sagemaker:eu-west-1:123456789012:training-job/job-1)");
    assert_refused(create(world, "job_1", "5", "x"), "ValidationException", "'trainingJobName'");
    assert_refused(
        describe(world, "no-job"), "ValidationException", "Requested resource not found.");
    assert_refused(
        sm(world, "StopTrainingJob", "{'TrainingJobName':'no-job'}"), "ValidationException",
        "Requested resource not found.");
    assert_refused(
        sm(world, "DeleteTrainingJob", "{'TrainingJobName':'no-job'}"), "ResourceNotFound", "");
    assert_refused(
        sm(world, "DeleteTrainingJob", "{'TrainingJobName':'job-1'}"), "ResourceInUse",
        "in status InProgress");
    snprintf(body, sizeof(body), s_job, "job-2", "5", "train/");
    memcpy(strstr(body, "123456789012"), "210987654321", 12);
    assert_refused(
        sm(world, "CreateTrainingJob", body), "ValidationException",
        "Cross-account pass role is not allowed.");
    assert_done(admin(
        world, "POST", "/_mmectl/settings",
        "{'unassumableRoleSuffix':'MakerRole','quota.ml.m5.large for training job "
        "usage':1}"));
    assert_refused(
        create(world, "job-3", "5", "train/"), "ValidationException", "Could not assume role");
    assert_done(admin(world, "POST", "/_mmectl/settings", "{'unassumableRoleSuffix':null}"));
    assert_refused(
        create(world, "job-3", "5", "train/"), "ResourceLimitExceeded",
        "The account-level service limit 'ml.m5.large for training job usage' is 1 Instances, with "
        "current utilization of 1 Instances and a request delta of 1 Instances.");
    world_pass(world, 5000);
    assert_done(create(world, "job-3", "5", "train/"));
}

static void test_stop_and_delete(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    world->training_ms = 10000;
    assert_done(create(world, "job-1", "5", "train/"));
    world_pass(world, 1000);
    assert_done(sm(world, "StopTrainingJob", "{'TrainingJobName':'job-1'}"));
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Stopping");
    world_pass(world, 300);
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Stopped");
    assert_text(
        describe(world, "job-1"), "ModelArtifacts.S3ModelArtifacts",
        "s3://data-b/out/job-1/output/model.tar.gz");
    assert_refused(
        sm(world, "StopTrainingJob", "{'TrainingJobName':'job-1'}"), "ValidationException",
        "The request was rejected because the training job is in status Stopped");
    assert_done(sm(world, "DeleteTrainingJob", "{'TrainingJobName':'job-1'}"));
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Deleting");
    assert_text(describe(world, "job-1"), "SecondaryStatus", "Stopped");
    world_pass(world, 100);
    assert_refused(describe(world, "job-1"), "ValidationException", "not found");
    assert_done(create(world, "job-1", "5", "train/"));
}

static void test_max_runtime(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    world->training_ms = 61 * 1000;
    assert_done(create(world, "job-1", "5", "train/"));
    world_pass(world, 60299);
    assert_text(describe(world, "job-1"), "SecondaryStatus", "Training");
    world_pass(world, 1);
    assert_text(describe(world, "job-1"), "SecondaryStatus", "Stopping");
    world_pass(world, 300);
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Stopped");
    assert_text(describe(world, "job-1"), "SecondaryStatus", "MaxRuntimeExceeded");
}

static void test_lists(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    char name[32];
    size_t seen = 0, pages = 0;
    struct reply reply;
    struct str token = STR_NULL;

    for (int i = 0; i < 25; i++) {
        snprintf(name, sizeof(name), "%s-%02d", i % 5 == 0 ? "other" : "model", i);
        assert_done(create(world, name, "5", "train/"));
        world_pass(world, 1);
    }
    do {
        struct str body = str_fmt(
            world->arena, "{'NameContains':'model','MaxResults':7,'SortBy':'Name'%s" STR_FMT "%s}",
            token.len > 0 ? ",'NextToken':'" : "", STR_ARG(token), token.len > 0 ? "'" : "");
        reply = sm(world, "ListTrainingJobs", str_z(world->arena, body));
        assert_done(reply);
        seen += at(reply, "TrainingJobSummaries")->len;
        token = json_str(at(reply, "NextToken"));
        pages++;
    } while (!str_is_null(token));
    assert_int_equal(seen, 20);
    assert_int_equal(pages, 3);
    reply = sm(world, "ListTrainingJobs", "{}");
    assert_int_equal(at(reply, "TrainingJobSummaries")->len, 10);
    assert_text(reply, "TrainingJobSummaries.0.TrainingJobName", "other-00");
    reply = sm(world, "ListTrainingJobs", "{'SortOrder':'Descending','StatusEquals':'InProgress'}");
    assert_text(reply, "TrainingJobSummaries.0.TrainingJobName", "model-24");
    assert_refused(
        sm(world, "ListTrainingJobs", "{'NextToken':'%%%'}"), "ValidationException", "NextToken");
    world->region = "us-east-1";
    reply = sm(world, "ListTrainingJobs", "{}");
    assert_int_equal(at(reply, "TrainingJobSummaries")->len, 0);
}

static void test_log(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();
    struct reply reply;

    assert_done(create(world, "job-1", "5", "train/"));
    reply = logs(
        world, "DescribeLogStreams",
        "{'logGroupName':'/aws/sagemaker/TrainingJobs','logStreamNamePrefix':'job-1/','limit':1}");
    assert_done(reply);
    assert_text(reply, "logStreams.0.logStreamName", "job-1/algo-1-1800000000");
    assert_null(at(reply, "nextToken"));
    reply = logs(
        world, "GetLogEvents",
        "{'logGroupName':'/aws/sagemaker/TrainingJobs','logStreamName':'job-1/algo-1-1800000000',"
        "'startFromHead':true}");
    assert_done(reply);
    assert_int_equal(at(reply, "events")->len, 2);
    assert_text(reply, "events.1.message", "[0]#011train-auc:0.5");
}

/* A job of a process that was killed runs again; one that has its result does not. */
static void test_restart(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct world *world = world_open_with((struct opening){.folder = folder});
    struct err err = {0};

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", STR("1,2\n"));
    assert_done(create(world, "job-1", "5", "train/"));
    assert_int_equal(world->trained, 1);
    assert_ok(world_enter(world->local, &err), &err);
    db_run(
        local_db(world->local), "UPDATE sm_thing SET doc = json_remove(doc, '$.result')",
        DB_NO_ARGS);
    assert_ok(world_leave(world->local, &err), &err);
    world_close(&world);
    for (unsigned round = 0; round < 2; round++) {
        world = world_open_with((struct opening){.folder = folder});
        assert_int_equal(world->trained, round == 0 ? 1 : 0);
        world_pass(world, 5000);
        assert_text(describe(world, "job-1"), "TrainingJobStatus", "Completed");
        world_close(&world);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),        cmocka_unit_test(test_several_states_at_once),
        cmocka_unit_test(test_failures),    cmocka_unit_test(test_extraneous),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_stop_and_delete),
        cmocka_unit_test(test_max_runtime), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_log),         cmocka_unit_test(test_restart),
    };
    return cmocka_run_group_tests_name("sm_job", tests, NULL, NULL);
}
