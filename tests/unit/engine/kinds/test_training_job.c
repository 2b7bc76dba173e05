#include "tests/unit/engine/kinds/life.h"

static size_t count_of(struct life *life, const char *list)
{
    return json_get(life_world(life), list)->len;
}

static void a_failed_job_leaves_its_model_out_until_something_changes(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text = STR(LIFE_SPEC);
    life_fault(
        life, "{'operation':'CreateTrainingJob','kind':'fail','nth':1,"
              "'reason':'AlgorithmError: exit code 1'}");
    assert_fails(life_apply(life, text), ERR_PARTIAL, &life->err, "1 failed");
    assert_true(life_told(life, "ended Failed: AlgorithmError: exit code 1"));
    assert_int_equal(count_of(life, "endpoints"), 1);
    /* The same again trains nothing, and is no success either. */
    assert_fails(life_apply(life, text), ERR_PARTIAL, &life->err, "1 model could not be made");
    assert_int_equal(count_of(life, "trainingJobs"), 2);
    assert_int_equal(life->mutating, 0);
    /* Another training setting is worth another attempt, under the same fingerprint. */
    struct str longer = text_replace(life->arena, text, "maxRuntime: 1h", "maxRuntime: 2h");
    assert_ok(life_apply(life, longer), &life->err);
    assert_int_equal(count_of(life, "trainingJobs"), 3);
    life_settled(life, longer);
    life_settled(life, text); /* settings alone change nothing that is published */
}

static void retry_failed_trains_again(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_fault(
        life, "{'operation':'CreateTrainingJob','kind':'fail','nth':2,"
              "'reason':'ClientError: not a csv'}");
    assert_fails(life_apply(life, STR(LIFE_SPEC)), ERR_PARTIAL, &life->err, "");
    life->retry_failed = true;
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(count_of(life, "trainingJobs"), 3);
    life_settled(life, STR(LIFE_SPEC));
}

/* What may pass by itself is tried again at once, a few times. */
static void capacity_is_tried_again_in_the_same_run(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_fault(life, "{'operation':'CreateTrainingJob','kind':'capacity','nth':1}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life_told(life, "Retrying"));
    assert_int_equal(count_of(life, "trainingJobs"), 3);
    life_settled(life, STR(LIFE_SPEC));
    AUTO(life_close) struct life *never = life_new();
    life_fault(never, "{'operation':'CreateTrainingJob','kind':'capacity','times':0}");
    assert_fails(life_apply(never, STR(LIFE_SPEC)), ERR_PARTIAL, &never->err, "2 failed");
    assert_int_equal(count_of(never, "trainingJobs"), 6); /* three attempts each */
    assert_int_equal(count_of(never, "endpoints"), 0);
}

/* Our own jobs use the quota up: the next one waits for its turn. */
static void jobs_queue_for_the_quota(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'quota.ml.m5.large for training job usage':'1'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(count_of(life, "trainingJobs"), 2);
    assert_true(life_told(life, "Queued: quota 'ml.m5.large for training job usage' is used up"));
    life_settled(life, STR(LIFE_SPEC));
    AUTO(life_close) struct life *none = life_new();
    life_tell(none, "settings", "{'quota.ml.m5.large for training job usage':'0'}");
    assert_fails(life_apply(none, STR(LIFE_SPEC)), ERR_PARTIAL, &none->err, "2 failed");
    assert_true(life_told(none, "starting training job"));
}

static struct str spec_with(struct life *life, const char *more)
{
    return text_replace(life->arena, STR(LIFE_SPEC), "maxRuntime: 1h", more);
}

/* Interrupted spot jobs go on by themselves; one that waits too long goes on with the next apply,
 * from its checkpoint. */
static void spot_jobs_go_on(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text = spec_with(life, "maxRuntime: 1h\n    spot: {enabled: true, maxWait: 2h}");
    life_fault(life, "{'operation':'CreateTrainingJob','kind':'interrupt','nth':1,'forMs':60000}");
    assert_ok(life_apply(life, text), &life->err);
    assert_true(life_told(life, "Interrupted"));
    assert_int_equal(count_of(life, "trainingJobs"), 2);
    life_settled(life, text);
    /* How it is trained is no part of what it is. */
    life_settled(life, STR(LIFE_SPEC));
    assert_ok(life_destroy(life, text), &life->err);
    assert_int_equal(count_of(life, "trainingJobs"), 0);

    AUTO(life_close) struct life *late = life_new();
    life_fault(
        late, "{'operation':'CreateTrainingJob','kind':'interrupt','nth':1,'forMs':90000000}");
    assert_fails(life_apply(late, text), ERR_PARTIAL, &late->err, "1 failed");
    assert_true(life_told(late, "ended Stopped: MaxWaitTimeExceeded"));
    assert_ok(life_apply(late, text), &late->err);
    assert_int_equal(count_of(late, "trainingJobs"), 3);
    life_settled(late, text);
}

/* One after the other, jobs go over the same instances; a pool that waits does not keep destroy
 * from deleting its job. */
static void a_warm_pool_is_used_and_given_up(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text = spec_with(life, "maxRuntime: 1h\n    concurrency: 1\n    keepAlive: 30m");
    assert_ok(life_apply(life, text), &life->err);
    life_settled(life, text);
    assert_ok(life_destroy(life, text), &life->err);
    /* Once: the instances of the first job went over to the second. */
    struct str told = buf_str(&life->events);
    size_t first = str_find(told, STR("Releasing its warm pool"));
    assert_true(first != SIZE_MAX);
    assert_true(
        str_find(str_from_index(told, first + 1), STR("Releasing its warm pool")) == SIZE_MAX);
    assert_int_equal(count_of(life, "trainingJobs"), 0);
}

/* A role that IAM has only just made cannot be assumed for a while. */
static void a_young_role_is_waited_for(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'unassumableRoleSuffix':'role/SageMaker'}");
    int64_t before = life->now_ms;
    enum err_code code = life_apply(life, STR(LIFE_SPEC));
    assert_int_not_equal(code, ERR_NONE);
    assert_true(life_told(life, "Could not assume role"));
    assert_true(life->now_ms - before > 30000);
    life_tell(life, "settings", "{'unassumableRoleSuffix':null}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
}

static void log_lines_are_followed_when_asked_for(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_false(life_told(life, "train-logloss"));
    AUTO(life_close) struct life *verbose = life_new();
    verbose->follow_logs = true;
    assert_ok(life_apply(verbose, STR(LIFE_SPEC)), &verbose->err);
    assert_true(life_told(verbose, "train-logloss:0.5"));
    AUTO(life_close) struct life *denied = life_new(); /* logs never stop an apply */
    denied->follow_logs = true;
    life_deny(denied, "logs:*");
    assert_ok(life_apply(denied, STR(LIFE_SPEC)), &denied->err);
}

static void jobs_that_may_not_be_deleted_are_named(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_deny(life, "sagemaker:DeleteTrainingJob");
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life_told(life, "left: DeleteTrainingJob is not allowed"));
    assert_int_equal(count_of(life, "trainingJobs"), 2);
    assert_int_equal(count_of(life, "endpoints"), 0);
}

static void a_job_that_is_being_deleted_is_waited_for(void **state)
{
    (void) state;
    struct local_delays delays = local_delays_zero();
    delays.training_deleting_ms = 5000;
    AUTO(life_close) struct life *life = life_new_delayed(false, delays);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    const struct json *job = json_at(json_get(life_world(life), "trainingJobs"), 0);
    struct json *body = json_object(life->arena);
    json_put(
        life->arena, body, "TrainingJobName", json_string(life->arena, json_get_str(job, "name")));
    life_sagemaker(life, "DeleteTrainingJob", body);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life_told(life, "Deleting"));
    assert_int_equal(count_of(life, "trainingJobs"), 0);
}

/* ---- training here ---- */

static void training_here_leaves_no_trace_on_sagemaker(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text =
        text_replace(life->arena, STR(LIFE_SPEC), "backend: sagemaker", "backend: local");
    life->follow_logs = true;
    assert_ok(life_apply(life, text), &life->err);
    assert_true(life_told(life, "[0]\t"));
    assert_int_equal(count_of(life, "trainingJobs"), 0);
    assert_int_equal(life->report.n_added, 6);
    life_settled(life, text);
    struct str before = life_dump(life);
    AUTO(life_close) struct life *again = life_new(); /* the same bytes, so the same ETags */
    assert_ok(life_apply(again, text), &again->err);
    assert_str_len(life_dump(again), before);
}

static void training_here_can_fail(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text =
        text_replace(life->arena, STR(LIFE_SPEC), "backend: sagemaker", "backend: local");
    life_write(life, "train.csv", "5,0.1,0.2\n7,0.3,0.4\n"); /* labels that are none */
    assert_fails(life_apply(life, text), ERR_PARTIAL, &life->err, "2 failed");
    assert_true(life_told(life, "training model 'one'"));
    assert_int_equal(count_of(life, "endpoints"), 0);
    life_write(life, "train.csv", "1,0.1,0.2\n0,0.3\n");
    assert_fails(life_apply(life, text), ERR_SPEC, &life->err, "channel 'train'");
    assert_int_equal(life->mutating, 0);
    life_write(life, "train.csv", "");
    assert_fails(life_apply(life, text), ERR_SPEC, &life->err, "channel 'train'");
}

static void channels_from_s3_train_here(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str text =
        text_replace(life->arena, STR(LIFE_SPEC), "backend: sagemaker", "backend: local");
    assert_ok(life_apply(life, text), &life->err); /* makes the bucket */
    life_put(life, STR("theirs/a.csv"), STR("1,0.1,0.2\n0,0.3,0.4"));
    life_put(life, STR("theirs/b.csv"), STR("1,0.5,0.1\n0,0.9,0.7\n"));
    struct str there = text_replace(
        life->arena, text, "source: train.csv", "source: \"s3://life-bucket/theirs/\"");
    assert_ok(life_apply(life, there), &life->err);
    assert_int_equal(life->report.n_changed, 1); /* other content: one roll */
    life_settled(life, there);
    struct str none =
        text_replace(life->arena, text, "source: train.csv", "source: \"s3://life-bucket/none/\"");
    assert_fails(life_apply(life, none), ERR_SPEC, &life->err, "there is no object under");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_job_leaves_its_model_out_until_something_changes),
        cmocka_unit_test(retry_failed_trains_again),
        cmocka_unit_test(capacity_is_tried_again_in_the_same_run),
        cmocka_unit_test(jobs_queue_for_the_quota),
        cmocka_unit_test(spot_jobs_go_on),
        cmocka_unit_test(a_warm_pool_is_used_and_given_up),
        cmocka_unit_test(a_young_role_is_waited_for),
        cmocka_unit_test(log_lines_are_followed_when_asked_for),
        cmocka_unit_test(jobs_that_may_not_be_deleted_are_named),
        cmocka_unit_test(a_job_that_is_being_deleted_is_waited_for),
        cmocka_unit_test(training_here_leaves_no_trace_on_sagemaker),
        cmocka_unit_test(training_here_can_fail),
        cmocka_unit_test(channels_from_s3_train_here),
    };
    return cmocka_run_group_tests_name("training_job", tests, NULL, NULL);
}
