#include "tests/unit/engine/reconcile/toy.h"

static struct toy *toy_trained(struct arena *arena, bool stable, size_t n_models)
{
    return toy_new(scene_trained(arena, stable, n_models));
}

static struct toy *toy_deployed(struct arena *arena, bool stable, size_t n_models)
{
    struct toy *t = toy_trained(arena, stable, n_models);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->n_written = t->n_observed = 0;
    return t;
}

static void set_scripts(struct toy *t, const struct toy_script *scripts, size_t count)
{
    t->scripts = scripts;
    t->n_scripts = count;
}

#define SCRIPT(t, ...) \
    set_scripts( \
        (t), (const struct toy_script[]){__VA_ARGS__}, \
        sizeof((const struct toy_script[]){__VA_ARGS__}) / sizeof(struct toy_script))

static void assert_report(
    const struct toy *t,
    size_t added,
    size_t changed,
    size_t destroyed,
    size_t failed,
    size_t skipped)
{
    const struct report *r = &t->report;
    if (r->n_added != added || r->n_changed != changed || r->n_destroyed != destroyed ||
        r->n_failed != failed || r->n_skipped != skipped)
        fail_msg(
            "reported +%zu ~%zu -%zu, %zu failed, %zu skipped\n" STR_FMT, r->n_added, r->n_changed,
            r->n_destroyed, r->n_failed, r->n_skipped, STR_ARG(buf_str(&t->events)));
}

/* Nothing to do, and nothing is done: not even the record is written. */
static void assert_settled(struct toy *t)
{
    size_t written = t->n_written;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    if (!plan_is_empty(t->plan))
        fail_msg("there is more to do: %zu to add", t->plan->n_add);
    assert_int_equal(t->trace.len, 0);
    assert_int_equal(t->n_written, written);
}

static void a_first_apply(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_trained(*state, stable == 1, 2);
        assert_ok(toy_go(t, PLAN_APPLY), &t->err);
        assert_report(t, 10, 0, 0, 0, 0);
        assert_int_equal(t->n_written, 2); /* claimed, committed */
        assert_true(traced_before(t, "done aws_s3_bucket.this", "write record"));
        assert_true(traced_before(t, "write record", "start aws_s3_object.data"));
        assert_true(traced_before(
            t, "done aws_sagemaker_training_job.model[\"m0\"]", "start aws_s3_object.model"));
        assert_true(traced_before(
            t, "start aws_sagemaker_endpoint.this", "done aws_sagemaker_endpoint.this"));
        const struct record *record = &t->s->seen.record;
        assert_int_equal(record->serial, 2);
        assert_str(record->writer, "me@here");
        assert_int_equal(record->models.len, 2);
        assert_str(record->models.items[0].live.by, "me@here");
        assert_str(record->models.items[0].live.at, "2026-09-21T14:13:20Z");
        assert_true(json_get_num(record->models.items[0].live.metrics, "validation:auc", 0) > 0.4);
        assert_settled(t);
    }
}

static void whoever_loses_the_record_starts_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, true, 2);
    t->lose_write = 1;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err,
        "another run changed stack 'demo' in the meantime");
    assert_str(
        buf_str(&t->trace), "start aws_s3_bucket.this\ndone aws_s3_bucket.this\nwrite record\n");
    assert_false(t->s->seen.record.present);
}

/* Whether the store checks conditions is asked once in a stack's life. */
static void the_store_is_asked_once(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, false, 1);
    t->conditions_missing = CONDITION_PUT_IF_MATCH;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(told(t, "warning bucket: this S3 ignores conditional requests"));
    change_model(t->s, 0, 2);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_probed, 1);
    assert_false(told(t, "warning"));
    assert_int_equal(t->s->seen.record.conditions_missing, CONDITION_PUT_IF_MATCH);
    AUTO(toy_close) struct toy *other = toy_trained(*state, false, 1);
    assert_ok(toy_go(other, PLAN_APPLY), &other->err);
    assert_int_equal(other->n_probed, 1);
    assert_false(told(other, "warning"));
    assert_true(other->s->seen.record.conditions_known);
}

/* Two that planned from the same record: the second one stops before it changes anything. */
static void two_at_once(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 2);
    change_model(t->s, 0, 2);
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    t->s->seen.record.store_etag = STR("\"theirs\""); /* the other one was faster */
    t->trace.len = 0;
    loop_run(t->loop, toy_execute_task, t);
    assert_fails(t->code, ERR_PRECONDITION, &t->err, "another run changed stack");
    assert_str(buf_str(&t->trace), "write record\n");
    assert_report(t, 0, 0, 0, 0, 0);
}

static void a_record_lost_at_the_end_removes_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 2);
    change_model(t->s, 0, 2);
    t->lose_write = 2;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err, "another run changed stack");
    assert_false(traced(t, "remove "));
    assert_int_equal(t->report.n_destroyed, 0);
    assert_true(map_len(t->s->seen.objects) >= 4); /* both generations are there */
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_settled(t);
}

static void the_bucket_fails_first(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, true, 2);
    SCRIPT(t, {.address = "aws_s3_bucket.this", .code = ERR_DENIED, .message = "not allowed"});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_DENIED, &t->err, "not allowed");
    assert_int_equal(t->n_written, 0);
    assert_report(t, 0, 0, 0, 1, 0);
    SCRIPT(t, {.address = "none"});
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_settled(t);
}

/* ---- training fails ---- */

static void what_failed_to_train_is_left_out(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_trained(*state, stable == 1, 3);
        SCRIPT(
            t, {.address = "aws_sagemaker_training_job.model[\"m1\"]",
                .code = ERR_TERMINAL,
                .message = "AlgorithmError: exit code 1"});
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "");
        /* bucket, 2 data, 2 jobs, 2 artifacts, model, config, endpoint */
        assert_report(t, 10, 0, 0, 1, 0);
        assert_int_equal(t->report.failed.len, 1);
        assert_true(traced(t, "observe")); /* planned anew, without it */
        assert_true(traced(t, "done aws_sagemaker_endpoint.this"));
        assert_int_equal(t->s->seen.record.models.len, 2);
        assert_null(record_find(&t->s->seen.record, STR("m1")));
        /* The next apply trains it, adds it, and is done. */
        SCRIPT(t, {.address = "none"});
        t->s->want.models[1].failed = false; /* the want is built anew by every command */
        assert_ok(toy_go(t, PLAN_APPLY), &t->err);
        assert_report(t, 2, 0, 0, 0, 0);
        assert_int_equal(t->s->seen.record.models.len, 3);
        assert_settled(t);
    }
}

static void a_changed_model_that_fails_keeps_serving(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, stable == 1, 2);
        struct str old = t->s->seen.record.models.items[0].live.fp;
        change_model(t->s, 0, 2);
        change_model(t->s, 1, 2);
        SCRIPT(t, {.address = "aws_sagemaker_training_job.model[\"m0\"]", .code = ERR_TERMINAL});
        assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "");
        const struct record *record = &t->s->seen.record;
        assert_int_equal(record->models.len, 2);
        assert_str_len(record_find(record, STR("m0"))->live.fp, old);
        assert_str_len(record_find(record, STR("m1"))->live.fp, t->s->want.models[1].fp);
        assert_non_null(map_get(t->s->seen.objects, record_find(record, STR("m0"))->live.key));
    }
}

static void when_nothing_could_be_trained_nothing_is_deployed(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, true, 2);
    SCRIPT(
        t, {.address = "aws_sagemaker_training_job.model[\"m0\"]", .code = ERR_TERMINAL},
        {.address = "aws_sagemaker_training_job.model[\"m1\"]", .code = ERR_TERMINAL});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "2 failed");
    assert_false(traced(t, "start aws_sagemaker_model.this"));
    assert_false(t->s->seen.endpoint.present);
}

static void data_that_cannot_be_uploaded_trains_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, false, 2);
    SCRIPT(t, {.address = "aws_s3_object.data[\"train\"]", .code = ERR_DENIED});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "1 failed, 2 skipped");
    assert_false(traced(t, "start aws_sagemaker_training_job"));
    assert_false(t->s->seen.endpoint.present);
}

static void training_here_is_kept_for_the_second_plan(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, true, 3);
    t->s->want.trains_here = true;
    SCRIPT(t, {.address = "mmectl_local_training.model[\"m2\"]", .code = ERR_TERMINAL});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "");
    size_t trainings = 0;
    for (struct str rest = buf_str(&t->trace), line; str_split(&rest, '\n', &line);)
        trainings += str_starts(line, STR("start mmectl_local_training"));
    assert_int_equal(trainings, 3); /* none of them twice */
    assert_int_equal(t->s->seen.record.models.len, 2);
}

/* ---- publishing ---- */

static void one_artifact_less_in_versioned_mode(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, false, 3));
    SCRIPT(t, {.address = "aws_s3_object.model[\"m1\"]", .code = ERR_DENIED});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "1 failed, 0 skipped");
    assert_true(t->s->seen.endpoint.present);
    assert_int_equal(t->s->seen.record.models.len, 2);
    SCRIPT(t, {.address = "none"});
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_report(t, 1, 0, 0, 0, 0);
    assert_settled(t);
}

/* In stable mode a generation is whole or not used. */
static void one_artifact_less_in_stable_mode(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 3);
    struct str serving = t->s->seen.endpoint.config;
    change_model(t->s, 1, 2);
    SCRIPT(t, {.address = "aws_s3_object.model[\"m2\"]", .code = ERR_DENIED});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PARTIAL, &t->err, "1 failed");
    assert_str_len(t->s->seen.endpoint.config, serving);
    assert_false(traced(t, "remove "));
    assert_int_equal(t->s->seen.record.serial, 3); /* claimed, and nothing new to say but this */
    SCRIPT(t, {.address = "none"});
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_settled(t);
    assert_false(str_eq(t->s->seen.endpoint.config, serving));
}

static void the_record_is_committed_before_anything_goes(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 2);
    change_model(t->s, 0, 2);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_report(t, 4, 2, 3, 0, 0); /* what the plan said: the copy's old place is no loss */
    assert_int_equal(t->plan->n_destroy, 3);
    struct str trace = buf_str(&t->trace);
    size_t claim = str_find(trace, STR("write record"));
    size_t commit = claim + 1 + str_find(str_from_index(trace, claim + 1), STR("write record"));
    size_t roll = str_find(trace, STR("done aws_sagemaker_endpoint.this"));
    size_t removal = str_find(trace, STR("remove "));
    assert_true(claim < roll && roll < commit && commit < removal);
    assert_settled(t);
}

static void a_rolled_back_update_keeps_what_serves(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 2);
    struct str serving = t->s->seen.endpoint.config;
    struct str generation = t->s->seen.record.generation;
    change_model(t->s, 0, 2);
    SCRIPT(
        t, {.address = "aws_sagemaker_endpoint.this",
            .pending = 3,
            .code = ERR_ROLLED_BACK,
            .message = "no ping"});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_ROLLED_BACK, &t->err, "no ping");
    assert_false(traced(t, "remove "));
    assert_report(t, 4, 1, 0, 1, 4);
    const struct record *record = &t->s->seen.record;
    const struct plan_context *context = t->plan->context;
    assert_str_len(record->failed_config, context->wanted_config);
    assert_str(record->failed_reason, "no ping");
    assert_str_len(record->generation, generation);
    assert_str_len(t->s->seen.endpoint.config, serving);
    /* The same once more is refused without touching anything. */
    size_t written = t->n_written;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_ROLLED_BACK, &t->err, "was tried and rolled back");
    assert_int_equal(t->trace.len, 0);
    assert_int_equal(t->n_written, written);
    assert_non_null(strstr(t->err.hint, "--retry-failed"));
    /* Asked for, it is tried again, and then the failure is forgotten. */
    SCRIPT(t, {.address = "none"});
    t->r.retry_failed = true;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->r.retry_failed = false;
    assert_true(str_is_null(t->s->seen.record.failed_config));
    assert_settled(t);
    assert_int_equal(t->s->seen.configs.len, 1);
}

/* ---- removals ---- */

static void removals_that_fail_are_tried_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, false, 3);
    t->s->want.n_models = 2;
    SCRIPT(t, {.address = "aws_s3_object.model[\"m2\"]", .code = ERR_PRECONDITION});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err, "it failed");
    assert_int_equal(t->s->seen.record.models.len, 2); /* unpublished all the same */
    t->fails_removing = ERR_TRANSIENT;
    assert_fails(toy_go(t, PLAN_APPLY), ERR_TRANSIENT, &t->err, "the bucket does not answer");
    t->fails_removing = ERR_NONE;
    SCRIPT(t, {.address = "none"});
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_report(t, 0, 0, 1, 0, 0);
    assert_settled(t);
}

/* A model that only gets another name: when the copy fails, its content stays. */
static void a_failed_rename_loses_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, false, 2);
    struct str key = t->s->seen.record.models.items[1].live.key;
    t->s->want.models[1].name = STR("renamed");
    SCRIPT(t, {.address = "aws_s3_object.model[\"renamed\"]", .code = ERR_TRANSIENT});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_TRANSIENT, &t->err, "it failed");
    assert_non_null(map_get(t->s->seen.objects, key));
    assert_report(t, 0, 0, 0, 1, 1);
}

static void only_the_record(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, false, 2);
    t->s->seen.record.models.items[0].live.etag = STR("\"stale\"");
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_str(buf_str(&t->trace), "write record\n");
    assert_settled(t);
}

/* ---- interrupts ---- */

static void an_interrupt_while_training(void **state)
{
    AUTO(toy_close) struct toy *t = toy_trained(*state, true, 2);
    SCRIPT(
        t, {.address = "aws_sagemaker_training_job.model[\"m0\"]", .pending = 9, .cancels = true});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_CANCELLED, &t->err, "run the same command again");
    assert_false(traced(t, "start aws_sagemaker_model.this"));
    assert_false(t->s->seen.endpoint.present);
    assert_int_equal(t->s->seen.record.models.len, 0);
}

static void an_interrupt_while_the_endpoint_rolls(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true, 2);
    struct str generation = t->s->seen.record.generation;
    change_model(t->s, 0, 2);
    SCRIPT(t, {.address = "aws_sagemaker_endpoint.this", .pending = 9, .cancels = true});
    assert_fails(toy_go(t, PLAN_APPLY), ERR_CANCELLED, &t->err, "interrupted");
    assert_false(traced(t, "remove "));
    /* It still serves the old one, and so says the record; the new config is not to blame. */
    assert_str_len(t->s->seen.record.generation, generation);
    assert_true(str_is_null(t->s->seen.record.failed_config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_first_apply),
        WITH_ARENA(whoever_loses_the_record_starts_nothing),
        WITH_ARENA(the_store_is_asked_once),
        WITH_ARENA(two_at_once),
        WITH_ARENA(a_record_lost_at_the_end_removes_nothing),
        WITH_ARENA(the_bucket_fails_first),
        WITH_ARENA(what_failed_to_train_is_left_out),
        WITH_ARENA(a_changed_model_that_fails_keeps_serving),
        WITH_ARENA(when_nothing_could_be_trained_nothing_is_deployed),
        WITH_ARENA(data_that_cannot_be_uploaded_trains_nothing),
        WITH_ARENA(training_here_is_kept_for_the_second_plan),
        WITH_ARENA(one_artifact_less_in_versioned_mode),
        WITH_ARENA(one_artifact_less_in_stable_mode),
        WITH_ARENA(the_record_is_committed_before_anything_goes),
        WITH_ARENA(a_rolled_back_update_keeps_what_serves),
        WITH_ARENA(removals_that_fail_are_tried_again),
        WITH_ARENA(a_failed_rename_loses_nothing),
        WITH_ARENA(only_the_record),
        WITH_ARENA(an_interrupt_while_training),
        WITH_ARENA(an_interrupt_while_the_endpoint_rolls),
    };
    return cmocka_run_group_tests_name("run_apply", tests, NULL, NULL);
}
