#include "tests/unit/engine/local/sm_fixture.h"

#include <math.h>

static struct str
text_replace(struct arena *arena, struct str text, const char *from, const char *to)
{
    size_t at_from = str_find(text, str_from(from));

    assert_true(at_from != SIZE_MAX);
    return str_fmt(
        arena, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(text, 0, at_from)), to,
        STR_ARG(str_from_index(text, at_from + strlen(from))));
}

static struct world *open_with_data(bool real)
{
    struct world *world = world_open_with((struct opening){.real = real});

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", fixture_csv(world, 200, 5));
    return world;
}

#define CHECKPOINTS "'CheckpointConfig':{'S3Uri':'s3://data-b/out/check/'},"

static struct reply
create_spot(struct world *world, const char *name, int max_wait_s, const char *more)
{
    char body[4096], *at_stop;
    struct str text;

    snprintf(body, sizeof(body), s_job, name, "10", "train/");
    at_stop = strstr(body, "'MaxRuntimeInSeconds':60");
    assert_non_null(at_stop);
    text = str_fmt(
        world->arena, "{'EnableManagedSpotTraining':true,%s" STR_FMT "'MaxWaitTimeInSeconds':%d,%s",
        more, STR_ARG(str_of(body + 1, (size_t) (at_stop - body - 1))), max_wait_s, at_stop);
    return sm(world, "CreateTrainingJob", str_z(world->arena, text));
}

static struct reply describe(struct world *world, const char *name)
{
    char body[128];

    snprintf(body, sizeof(body), "{'TrainingJobName':'%s'}", name);
    return sm(world, "DescribeTrainingJob", body);
}

static void interrupt(struct world *world, const char *more)
{
    struct str fault = str_fmt(
        world->arena, "{'faults':[{'operation':'CreateTrainingJob','kind':'interrupt'%s}]}", more);

    assert_done(admin(world, "POST", "/_mmectl/faults", str_z(world->arena, fault)));
}

static struct str artifact(struct world *world, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/data-b/out/%s/output/model.tar.gz", name);
    struct reply reply = get(world, path);
    assert_int_equal(reply.status, 200);
    return reply.body;
}

static void test_refusals(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data(false);
    char body[4096];

    assert_refused(
        create_spot(world, "job-1", 59, ""), "ValidationException",
        "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
        "MaxRuntimeInSeconds");
    snprintf(body, sizeof(body), s_job, "job-1", "5", "train/");
    struct str text = text_replace(
        world->arena, str_from(body), "'MaxRuntimeInSeconds':60",
        "'MaxRuntimeInSeconds':60,'MaxWaitTimeInSeconds':60");
    assert_refused(
        sm(world, "CreateTrainingJob", str_z(world->arena, text)), "ValidationException",
        "It is only supported when EnableManagedSpotTraining is set to true");
    text = text_replace(
        world->arena, text, "{'TrainingJobName'",
        "{'EnableManagedSpotTraining':true,'TrainingJobName'");
    text = text_replace(
        world->arena, text, "'VolumeSizeInGB'", "'KeepAlivePeriodInSeconds':60,'VolumeSizeInGB'");
    assert_refused(
        sm(world, "CreateTrainingJob", str_z(world->arena, text)), "ValidationException",
        "Invalid KeepAlivePeriodInSeconds");
    /* A quota of its own. */
    assert_done(admin(
        world, "POST", "/_mmectl/settings",
        "{'quota.ml.m5.large for training job usage':'0','quota.ml.m5.large for spot training job "
        "usage':'1'}"));
    assert_done(create_spot(world, "job-1", 60, ""));
    assert_refused(
        create_spot(world, "job-2", 60, ""), "ResourceLimitExceeded",
        "'ml.m5.large for spot training job usage' is 1 Instances");
}

static void test_an_interrupted_job_goes_on(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data(false);
    static const struct {
        int64_t at_ms;
        const char *status, *secondary;
    } steps[] = {
        {300, "InProgress", "Downloading"},  {500, "InProgress", "Training"},
        {2000, "InProgress", "Interrupted"}, {6999, "InProgress", "Interrupted"},
        {7000, "InProgress", "Starting"},    {7300, "InProgress", "Downloading"},
        {7500, "InProgress", "Training"},    {9500, "InProgress", "Uploading"},
        {9700, "Completed", "Completed"},
    };
    int64_t began = world->now_ms;
    struct reply reply = {0};

    world->training_ms = 2000;
    interrupt(world, ",'forMs':5000");
    assert_done(create_spot(world, "job-1", 120, CHECKPOINTS));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        world->now_ms = began + steps[i].at_ms;
        reply = describe(world, "job-1");
        assert_text(reply, "SecondaryStatus", steps[i].secondary);
        assert_text(reply, "TrainingJobStatus", steps[i].status);
    }
    assert_int_equal(world->trained, 2);
    assert_true(at(reply, "EnableManagedSpotTraining")->boolean);
    assert_int_equal(at(reply, "SecondaryStatusTransitions")->len, 9);
    /* The wait is not training, and the discount is time that is not billed. */
    assert_int_equal(at(reply, "TrainingTimeInSeconds")->integer, 5);
    assert_int_equal(at(reply, "BillableTimeInSeconds")->integer, 2);
    assert_int_equal(get(world, "/data-b/out/check/xgboost-checkpoint.4").status, 200);
}

/* With libxgboost: the same model as without an interruption, from a real checkpoint; and again,
 * from the beginning, without one. */
static void test_the_rest_is_trained_from_the_checkpoint(void **state)
{
    (void) state;
    static const char *const checkpoints[] = {CHECKPOINTS, ""};
    AUTO(world_close) struct world *world = open_with_data(true);

    assert_done(create_spot(world, "whole", 120, ""));
    interrupt(world, ",'times':0,'atRound':3");
    for (size_t i = 0; i < ARRAY_LEN(checkpoints); i++) {
        char name[16];
        snprintf(name, sizeof(name), "cut-%zu", i);
        assert_done(create_spot(world, name, 120, checkpoints[i]));
    }
    world_pass(world, 60 * 1000);
    assert_text(describe(world, "whole"), "TrainingJobStatus", "Completed");
    assert_text(describe(world, "cut-0"), "TrainingJobStatus", "Completed");
    assert_true(str_eq(artifact(world, "whole"), artifact(world, "cut-0")));
    assert_true(str_eq(artifact(world, "whole"), artifact(world, "cut-1")));
    assert_int_equal(get(world, "/data-b/out/check/xgboost-checkpoint.2").status, 200);
    struct reply log = logs(
        world, "GetLogEvents",
        "{'logGroupName':'/aws/sagemaker/TrainingJobs','logStreamName':'cut-0/algo-1-1800000000',"
        "'startFromHead':true}");
    assert_true(str_find(log.body, STR("Resuming from iteration 3")) != SIZE_MAX);
    assert_true(
        str_find(
            log.body, STR("Checkpoint loaded from /opt/ml/checkpoints/xgboost-checkpoint.2")) !=
        SIZE_MAX);
}

/* Nobody gives the instances back in time: Stopped, without an artifact, and the next attempt goes
 * on from where this one was. */
static void test_waiting_too_long(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data(false);

    interrupt(world, ",'forMs':600000");
    assert_done(create_spot(world, "job-1", 60, CHECKPOINTS));
    world_pass(world, 59 * 1000);
    assert_text(describe(world, "job-1"), "SecondaryStatus", "Interrupted");
    world_pass(world, 1000);
    assert_text(describe(world, "job-1"), "SecondaryStatus", "MaxWaitTimeExceeded");
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Stopped");
    assert_int_equal(get(world, "/data-b/out/job-1/output/model.tar.gz").status, 404);
    assert_int_equal(get(world, "/data-b/out/check/xgboost-checkpoint.4").status, 200);
}

/* On demand nothing is ever taken back. */
static void test_on_demand_is_never_interrupted(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data(false);
    char body[4096];

    interrupt(world, "");
    snprintf(body, sizeof(body), s_job, "job-1", "5", "train/");
    assert_done(sm(world, "CreateTrainingJob", body));
    world_pass(world, 5000);
    assert_text(describe(world, "job-1"), "TrainingJobStatus", "Completed");
    assert_int_equal(at(describe(world, "job-1"), "SecondaryStatusTransitions")->len, 5);
    assert_int_equal(world->trained, 1);
}

/* As the service has them: from the log, so with five decimals, as floats, and only those that the
 * image defines. */
static void test_metrics_are_as_described(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data(true);
    char body[4096];

    snprintf(body, sizeof(body), s_job, "job-1", "5", "train/");
    struct str text = text_replace(
        world->arena, str_from(body), "'eta':'0.3'",
        "'eta':'0.3','eval_metric':'logloss,aucpr,error'");
    assert_done(sm(world, "CreateTrainingJob", str_z(world->arena, text)));
    world_pass(world, 5000);
    struct reply reply = describe(world, "job-1");
    /* train:aucpr is not among what the image defines. */
    assert_int_equal(at(reply, "FinalMetricDataList")->len, 2);
    assert_int_equal(at(reply, "AlgorithmSpecification.MetricDefinitions")->len, 40);
    assert_text(reply, "AlgorithmSpecification.MetricDefinitions.0.Name", "train:error");
    double value = at(reply, "FinalMetricDataList.0.Value")->number;
    double scaled = value * 1e5, back = (double) (float) value;
    assert_true(fabs(scaled - round(scaled)) < 0.01);
    assert_memory_equal(&back, &value, sizeof(value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_an_interrupted_job_goes_on),
        cmocka_unit_test(test_the_rest_is_trained_from_the_checkpoint),
        cmocka_unit_test(test_waiting_too_long),
        cmocka_unit_test(test_on_demand_is_never_interrupted),
        cmocka_unit_test(test_metrics_are_as_described),
    };
    return cmocka_run_group_tests_name("sm_job_state", tests, NULL, NULL);
}
