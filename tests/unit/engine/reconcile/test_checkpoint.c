#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/checkpoint.h"

/* Models m0, m1, ... that are published; all of them change then. */
static struct toy *toy_changing(struct arena *arena, bool stable, size_t n_models)
{
    struct toy *t = toy_new(scene_new(arena, stable, n_models));
    t->s->want.retain = 0;
    for (size_t i = 0; i < n_models; i++) {
        t->s->want.models[i].name = str_fmt(arena, "m%04zu", i); /* sorted */
        change_model(t->s, i, 1);
    }
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    for (size_t i = 0; i < n_models; i++)
        change_model(t->s, i, 2);
    t->n_written = t->n_inspected = 0;
    t->s->seen.record.store_etag = STR("\"before\"");
    return t;
}

static const char *model_address(struct toy *t, size_t index)
{
    return str_z(t->s->arena, str_fmt(t->s->arena, "aws_s3_object.model[\"m%04zu\"]", index));
}

static void script(struct toy *t, const struct toy_script *scripts, size_t count)
{
    t->scripts = scripts;
    t->n_scripts = count;
}

static void a_long_publish_is_noted(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 2050);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_written, 1 + 2 + 1); /* the claim, two notes, the commit */
    assert_int_equal(t->s->seen.record.uploaded.len, 0);
    assert_int_equal(t->s->seen.record.models.len, 2050);
}

/* A note holds all of them, so the next one comes when there are twice as many. */
static void the_more_are_noted_the_later_comes_the_next_note(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 2050);
    for (size_t i = 0; i < 1500; i++) /* of an earlier run */
        *VEC_PUSH(*state, &t->s->seen.record.uploaded) =
            (struct record_version){.fp = STR("0"), .key = str_fmt(*state, "demo/models/x%zu", i)};
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_written, 1 + 1 + 1);
}

/* As often as one asks for it. */
static void after_each_upload(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 5);
    t->r.checkpoint_uploads = 1;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_written, 1 + 5 + 1);
}

/* What ends while a note is written is in the next one: two writes at once would take each other
 * for another run's. */
static void notes_are_written_one_at_a_time(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 1100);
    t->r.parallelism = 10;
    t->record_takes_ms = 60000; /* long enough for another one to be due */
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_in_range(t->n_written, 3, 6);
    assert_int_equal(t->s->seen.record.models.len, 1100);
}

static void a_short_one_is_not(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 900);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_int_equal(t->n_written, 2);
}

/* Slow uploads are noted every half minute. */
static void a_slow_one_is_noted_every_half_minute(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 40);
    struct toy_script scripts[40];
    for (size_t i = 0; i < 40; i++)
        scripts[i] = (struct toy_script){.address = model_address(t, i), .pending = 12}; /* 41 s */
    script(t, scripts, 40);
    t->r.parallelism = 10;
    int64_t began = t->now_ms;
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_in_range(t->now_ms - began, 160000, 170000);
    assert_in_range(t->n_written, 2 + 3, 2 + 4);
}

static void run_with(struct toy *t, const struct toy_script *scripts, size_t count)
{
    script(t, scripts, count);
    (void) toy_go(t, PLAN_APPLY);
}

/* What the killed run had noted is not looked at again, object by object. */
static void an_interrupted_run_spares_the_next_one_the_looks(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 1100);
    const struct toy_script ends[] = {{.address = model_address(t, 1050), .cancels = true}};
    run_with(t, ends, 1);
    assert_int_equal(t->code, ERR_CANCELLED);
    size_t noted = t->s->seen.record.uploaded.len;
    assert_in_range(noted, 1000, 1100); /* the rest of them when the run ended */
    /* Another process. */
    loop_free(t->loop);
    t->loop = loop_new((struct clock){&s_toy_clock, t});
    loop_set_poller(t->loop, &s_toy_poller, t);
    t->r.loop = t->loop;
    t->n_inspected = 0;
    run_with(t, NULL, 0);
    assert_ok(t->code, &t->err);
    assert_int_equal(t->n_inspected, 0);
    assert_int_equal(t->s->seen.record.uploaded.len, 0);
}

/* Lost by now: they cost looks, and change no plan. */
static void wrong_hints_change_no_plan(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 30);
    const struct toy_script fails[] = {
        {.address = "aws_sagemaker_model.this", .code = ERR_DENIED, .message = "no"}};
    run_with(t, fails, 1);
    assert_int_equal(t->code, ERR_PARTIAL);
    assert_int_equal(t->s->seen.record.uploaded.len, 30);
    for (size_t i = 0; i < 30; i++)
        t->s->seen.record.uploaded.items[i].etag = STR("\"stale\"");
    t->n_inspected = 0;
    run_with(t, NULL, 0);
    assert_ok(t->code, &t->err);
    assert_in_range(t->n_inspected, 30, 90);
    assert_int_equal(t->s->seen.record.uploaded.len, 0);
}

/* Another run took the record while this one was uploading. */
static void a_lost_note_ends_the_run(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, true, 1100);
    t->lose_write = 2;
    assert_fails(
        toy_go(t, PLAN_APPLY), ERR_PRECONDITION, &t->err, "another run changed stack 'demo'");
    assert_true(t->report.n_not_started > 0);
    assert_false(traced(t, "start aws_sagemaker_model.this"));
}

static void the_record_keeps_what_was_noted(void **state)
{
    struct record record = {.uid = STR("uid"), .present = true}, back;
    struct err err = {0};
    assert_null(strstr(str_z(*state, record_text(*state, &record)), "uploaded"));
    *VEC_PUSH(*state, &record.uploaded) = (struct record_version){
        .fp = STR("fp"), .etag = STR("\"e\""), .key = STR("demo/models/x"), .size = 7};
    assert_ok(record_parse(*state, record_text(*state, &record), &back, &err), &err);
    assert_int_equal(back.uploaded.len, 1);
    assert_str(back.uploaded.items[0].key, "demo/models/x");
    assert_str(back.uploaded.items[0].etag, "\"e\"");
    assert_true(record_same(&record, &back)); /* it says nothing about the world */
    back.uploaded.len = 0;
    struct record last;
    assert_ok(record_parse(*state, record_text(*state, &back), &last, &err), &err);
    assert_int_equal(last.uploaded.len, 0);
}

/* A note would change the record that an endpoint's roll was planned from. */
static void nothing_is_noted_once_the_endpoint_moves(void **state)
{
    AUTO(toy_close) struct toy *t = toy_changing(*state, false, 2);
    const struct toy_script slow = {.address = model_address(t, 1), .pending = 13};
    t->s->want.instance_count = 2;
    script(t, &slow, 1);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(traced_before(
        t, "start aws_sagemaker_endpoint.this", "done aws_s3_object.model[\"m0001\"]"));
    assert_int_equal(t->n_written, 2); /* the claim and the commit, though a minute has passed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_long_publish_is_noted),
        WITH_ARENA(the_more_are_noted_the_later_comes_the_next_note),
        WITH_ARENA(after_each_upload),
        WITH_ARENA(notes_are_written_one_at_a_time),
        WITH_ARENA(a_short_one_is_not),
        WITH_ARENA(a_slow_one_is_noted_every_half_minute),
        WITH_ARENA(an_interrupted_run_spares_the_next_one_the_looks),
        WITH_ARENA(wrong_hints_change_no_plan),
        WITH_ARENA(nothing_is_noted_once_the_endpoint_moves),
        WITH_ARENA(a_lost_note_ends_the_run),
        WITH_ARENA(the_record_keeps_what_was_noted),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
