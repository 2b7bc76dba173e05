#include "tests/unit/engine/reconcile/toy.h"

static struct toy *toy_deployed(struct arena *arena, bool stable)
{
    struct toy *t = toy_new(scene_trained(arena, stable, 2));
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    t->s->seen.log_group = true;
    t->s->want.n_models = t->s->want.n_channels = 0; /* the spec's sources are not read */
    t->n_observed = t->n_written = 0;
    return t;
}

static bool is_gone(const struct toy *t)
{
    const struct snapshot *seen = &t->s->seen;
    return !seen->endpoint.present && !seen->bucket.present && !seen->log_group &&
           !seen->record.present && map_len(seen->objects) == 0 && seen->models.len == 0 &&
           seen->configs.len == 0 && seen->jobs.len == 0;
}

static void everything_goes_and_the_record_last(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, stable == 1);
        int64_t before = t->now_ms;
        assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
        assert_int_equal(t->report.n_destroyed, 13);
        assert_int_equal(t->report.n_failed + t->report.n_skipped + t->report.left.len, 0);
        assert_true(is_gone(t));
        assert_true(
            traced_before(t, "done aws_sagemaker_endpoint.this", "start aws_sagemaker_model"));
        assert_true(traced_before(t, "done aws_sagemaker_endpoint.this", "remove "));
        assert_true(traced_before(t, "remove ", "observe all"));
        assert_true(traced_before(t, "observe all", "delete record"));
        assert_true(traced_before(t, "delete record", "start aws_s3_bucket.this"));
        assert_true(t->now_ms - before >= 2000); /* SageMaker writes a last line to its log */
        assert_int_equal(t->n_written, 1);       /* the claim, before anything goes */
        assert_true(traced_before(t, "write record", "start aws_sagemaker_endpoint.this"));
        /* Twice is fine. */
        assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
        assert_int_equal(t->trace.len, 0);
        assert_int_equal(t->report.n_destroyed, 0);
    }
}

static void a_lost_claim_removes_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->lose_write = t->n_written + 1;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PRECONDITION, &t->err, "another run changed stack");
    assert_false(is_gone(t));
    assert_int_equal(str_find(buf_str(&t->trace), STR("start ")), SIZE_MAX);
}

static void what_comes_back_goes_at_the_second_look(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    assert_ok(toy_plan(t, PLAN_DESTROY), &t->err);
    t->n_observed = 0;
    t->log_group_comes_back = true;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->report.n_destroyed, 14);
    assert_true(is_gone(t));
}

static void without_an_endpoint_nothing_is_waited_for(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    remove_endpoint(t->s, STR("demo"));
    t->s->seen.log_group = false;
    t->s->seen.record.endpoints.len = 0;
    int64_t before = t->now_ms;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_true(t->now_ms - before < 2000);
    assert_true(is_gone(t));
}

/* The run before this one may have deleted it, a moment ago. */
static void an_endpoint_of_the_record_is_looked_for_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    remove_endpoint(t->s, STR("demo"));
    t->s->seen.log_group = false;
    assert_true(t->s->seen.record.endpoints.len > 0);
    int64_t before = t->now_ms;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_true(t->now_ms - before >= 2000);
    assert_true(is_gone(t));
}

/* Its log group says that an endpoint went not long ago: a last line may still come. */
static void a_log_group_alone_is_looked_for_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    remove_endpoint(t->s, STR("demo"));
    t->s->seen.record.endpoints.len = 0;
    int64_t before = t->now_ms;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_true(t->now_ms - before >= 2000);
    assert_true(is_gone(t));
}

static void a_failure_keeps_the_record_and_the_bucket(void **state)
{
    static const struct {
        struct toy_script script;
        const char *part;
    } cases[] = {
        {{.address = "aws_sagemaker_endpoint.this", .code = ERR_DENIED, .message = "not allowed"},
         "destroy was not finished: 1 failed, 8 skipped"},
        {{.address = "aws_s3_object.model[\"m0\"]", .code = ERR_PRECONDITION},
         "destroy was not finished: 1 failed, 0 skipped"},
        {{.address = "aws_sagemaker_model.this", .code = ERR_DENIED},
         "destroy was not finished: 1 failed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
        t->scripts = &cases[i].script;
        t->n_scripts = 1;
        assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, cases[i].part);
        assert_true(t->s->seen.record.present);
        assert_true(t->s->seen.bucket.present);
        assert_false(traced(t, "delete record"));
        t->n_scripts = 0;
        assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
        assert_true(is_gone(t));
    }
}

static void when_the_endpoint_stays_so_does_what_it_uses(void **state)
{
    static const struct toy_script script = {
        .address = "aws_sagemaker_endpoint.this", .code = ERR_DENIED};
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->scripts = &script;
    t->n_scripts = 1;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, "");
    assert_int_equal(t->s->seen.models.len, 1);
    assert_int_equal(t->s->seen.configs.len, 1);
    assert_non_null(map_get(t->s->seen.objects, t->s->seen.record.models.items[0].live.key));
    assert_int_equal(t->s->seen.jobs.len, 0); /* jobs need not wait for it */
}

/* A hold that outlived the version it names would stand in the way of the next apply. */
static void a_destroy_that_ends_half_way_leaves_no_hold(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    struct record_model *model = &t->s->seen.record.models.items[0];
    model->hold = (struct record_hold){
        .fp = model->live.fp, .at = STR("2026-01-01T00:00:00Z"), .by = STR("me")};
    t->fails_removing = ERR_TRANSIENT;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, "destroy was not finished");
    assert_true(t->s->seen.record.present);
    assert_true(t->s->seen.record.models.len > 0);
    for (size_t i = 0; i < t->s->seen.record.models.len; i++)
        assert_true(str_is_null(t->s->seen.record.models.items[i].hold.fp));
}

static void objects_that_do_not_go_are_named(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->fails_removing = ERR_TRANSIENT;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, "destroy was not finished");
    assert_int_equal(t->report.n_failed, 5); /* 2 data, 2 artifacts, the outputs */
    assert_str(t->report.failed.items[0]->address, "aws_s3_object.model[\"m0\"]");
    assert_true(t->s->seen.record.present);
}

/* What the second look finds and cannot remove is left, and said. */
static void what_stays_after_the_second_look_is_named(void **state)
{
    static const struct toy_script script = {
        .address = "aws_cloudwatch_log_group.endpoint", .code = ERR_DENIED};
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->s->seen.log_group = false;
    assert_ok(toy_plan(t, PLAN_DESTROY), &t->err);
    t->n_observed = 0;
    t->log_group_comes_back = true;
    assert_ok(toy_plan(t, PLAN_DESTROY), &t->err);
    /* Only the second look's removal is denied. */
    for (size_t i = 0; i < t->plan->changes.len; i++)
        if (t->plan->changes.items[i]->kind == KIND_LOG_GROUP)
            t->plan->changes.items[i]->address = STR("first");
    t->scripts = &script;
    t->n_scripts = 1;
    loop_run(t->loop, toy_execute_task, t);
    assert_fails(t->code, ERR_PARTIAL, &t->err, "destroy was not finished: 1 left");
    assert_int_equal(t->report.left.len, 1);
    assert_str(t->report.left.items[0], "aws_cloudwatch_log_group.endpoint");
    assert_true(t->s->seen.record.present);
    assert_true(t->s->seen.bucket.present);
}

static void foreign_objects_stay_and_are_counted(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    put_text(t->s, "demo/notes.txt", OWNER_OTHER);
    put_text(t->s, "demo/models/0123456789/x.tar.gz", OWNER_OTHER);
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->report.n_destroyed, 12);
    assert_int_equal(t->report.n_kept_foreign, 2);
    assert_int_equal(map_len(t->s->seen.objects), 2);
    assert_true(t->s->seen.bucket.present);
    assert_false(t->s->seen.record.present);
    /* Said again when there is nothing of ours any more. */
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->report.n_kept_foreign, 2);
}

static void a_bucket_with_other_things_stays(void **state)
{
    static const struct toy_script script = {
        .address = "aws_s3_bucket.this", .code = ERR_BUSY, .message = "BucketNotEmpty"};
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->scripts = &script;
    t->n_scripts = 1;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->report.n_failed, 0);
    assert_int_equal(t->report.n_destroyed, 12);
    assert_true(told(t, "note bucket: the bucket is not empty and stays"));
    assert_false(t->s->seen.record.present);
}

static void a_bucket_that_cannot_be_deleted_is_a_failure(void **state)
{
    static const struct toy_script script = {
        .address = "aws_s3_bucket.this", .code = ERR_DENIED, .message = "not allowed"};
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->scripts = &script;
    t->n_scripts = 1;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, "1 failed");
    assert_int_equal(t->report.n_failed, 1);
}

static void another_run_that_changes_the_stack_keeps_its_record(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->s->seen.record.store_etag = STR("\"1\"");
    assert_ok(toy_plan(t, PLAN_DESTROY), &t->err);
    t->lose_record_at_delete = true;
    loop_run(t->loop, toy_execute_task, t);
    assert_fails(t->code, ERR_PRECONDITION, &t->err, "another run changed stack 'demo'");
    assert_true(t->s->seen.record.present);
    assert_true(t->s->seen.bucket.present);
}

static void an_interrupt_stops_before_the_second_look(void **state)
{
    static const struct toy_script script = {
        .address = "aws_sagemaker_endpoint.this", .pending = 5, .cancels = true};
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    t->scripts = &script;
    t->n_scripts = 1;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_CANCELLED, &t->err, "run the same command again");
    assert_false(traced(t, "observe"));
    assert_true(t->s->seen.record.present);
}

static void unfinished_uploads_are_aborted(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    *VEC_PUSH(*state, &t->s->seen.uploads) = STR("demo/models/x\nid");
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->n_aborted, 1);
    assert_true(is_gone(t));
}

/* A part was on its way: the upload is there again, until it is aborted once more. */
static void uploads_are_looked_for_again(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    *VEC_PUSH(*state, &t->s->seen.uploads) = STR("demo/models/x\nid");
    t->uploads_stay = 1;
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_int_equal(t->n_aborted, 2);
    assert_true(told(t, "warning demo: s3:Abort"));
    assert_true(is_gone(t));
}

static void uploads_that_stay_are_named(void **state)
{
    AUTO(toy_close) struct toy *t = toy_deployed(*state, true);
    *VEC_PUSH(*state, &t->s->seen.uploads) = STR("demo/models/x\nid");
    t->uploads_stay = 2;
    assert_fails(toy_go(t, PLAN_DESTROY), ERR_PARTIAL, &t->err, "destroy was not finished: 1 left");
    assert_int_equal(t->report.left.len, 1);
    assert_str(t->report.left.items[0], "unfinished upload of s3://bucket/demo/models/x");
    assert_true(t->s->seen.record.present);
    assert_true(t->s->seen.bucket.present);
    /* The next run goes on with it. */
    assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
    assert_true(is_gone(t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(everything_goes_and_the_record_last),
        WITH_ARENA(a_lost_claim_removes_nothing),
        WITH_ARENA(what_comes_back_goes_at_the_second_look),
        WITH_ARENA(without_an_endpoint_nothing_is_waited_for),
        WITH_ARENA(an_endpoint_of_the_record_is_looked_for_again),
        WITH_ARENA(a_log_group_alone_is_looked_for_again),
        WITH_ARENA(a_failure_keeps_the_record_and_the_bucket),
        WITH_ARENA(when_the_endpoint_stays_so_does_what_it_uses),
        WITH_ARENA(a_destroy_that_ends_half_way_leaves_no_hold),
        WITH_ARENA(objects_that_do_not_go_are_named),
        WITH_ARENA(what_stays_after_the_second_look_is_named),
        WITH_ARENA(foreign_objects_stay_and_are_counted),
        WITH_ARENA(a_bucket_with_other_things_stays),
        WITH_ARENA(a_bucket_that_cannot_be_deleted_is_a_failure),
        WITH_ARENA(another_run_that_changes_the_stack_keeps_its_record),
        WITH_ARENA(an_interrupt_stops_before_the_second_look),
        WITH_ARENA(unfinished_uploads_are_aborted),
        WITH_ARENA(uploads_are_looked_for_again),
        WITH_ARENA(uploads_that_stay_are_named),
    };
    return cmocka_run_group_tests_name("run_destroy", tests, NULL, NULL);
}
