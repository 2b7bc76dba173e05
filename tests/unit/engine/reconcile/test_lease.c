/* The lease of one run: taken, renewed, lost and given back. */
#include "tests/unit/engine/reconcile/lease_scene.h"

#include "engine/reconcile/approve.h"
#include "engine/reconcile/settle.h"

static void look_while_held(struct toy *t)
{
    assert_ok(take(t), &t->err);
    assert_true(lease_held(t->r.lease));
    struct lease *again = NULL;
    assert_ok(lease_acquire(&t->r, &t->s->want, "destroy", &again, &t->err), &t->err);
    assert_ptr_equal(again, t->r.lease);
    struct json *body = NULL;
    assert_ok(json_parse(t->s->arena, t->lease.text, KIB(16), &body, &t->err), &t->err);
    assert_str(json_get_str(body, "Operation"), "apply");
    assert_str(json_get_str(body, "Who"), "me@here");
    assert_str(json_get_str(body, "Version"), "1.2.3");
    assert_str(json_get_str(body, "Created"), "2026-09-21T14:13:20Z");
    assert_str(json_get_str(body, "Path"), "s3://bucket/demo/control/lease");
    assert_int_equal(json_get_int(body, "TTL", 0), 120);
    assert_int_equal(json_get_str(body, "ID").len, 36);
    assert_int_equal(json_get_int(json_get(body, "Host"), "pid", 0), 100);
    assert_str(json_get_str(json_get(body, "Host"), "boot"), "boot-1");
    lease_release(t->r.lease);
}

static void is_taken_and_given_back(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, look_while_held);
    assert_false(t->lease.present);
    assert_null(t->r.lease);
    assert_int_equal(count(t, "write lease"), 1);
    assert_int_equal(count(t, "delete lease"), 1);
    assert_true(told(t, "lease \n")); /* and that it is gone */
}

static void without_locking_nothing_is_written(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.use_lock = false;
    in_task(t, take_and_give_back);
    assert_ok(t->code, &t->err);
    assert_int_equal(t->trace.len, 0);
    assert_true(lease_held(NULL));
    assert_ok(lease_check(NULL, &t->err), &t->err);
}

static void without_a_bucket_there_is_none(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->no_bucket = true;
    in_task(t, take_and_give_back);
    assert_fails(t->code, ERR_NOT_FOUND, &t->err, "NoSuchBucket");
}

/* ---- answers that are lost ---- */

static void a_lost_answer_of_the_first_write_is_our_own(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_ANSWER_LOST);
    in_task(t, take_and_give_back);
    assert_ok(t->code, &t->err);
    assert_int_equal(t->err.code, ERR_NONE);      /* nothing of the first failure is left */
    assert_int_equal(count(t, "write lease"), 2); /* only the second proves it */
    assert_int_equal(t->now_ms, INT64_C(1790000000000));
    assert_false(t->lease.present);
    assert_false(told(t, "note"));
}

static void a_lost_request_is_sent_again(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_REQUEST_LOST, TOY_CONFLICT, TOY_CONFLICT);
    in_task(t, take_and_give_back);
    assert_ok(t->code, &t->err);
    assert_int_equal(t->err.code, ERR_NONE);
    assert_int_equal(count(t, "write lease"), 4);
    assert_false(t->lease.present);
}

static void a_store_that_never_lets_write_is_an_error(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    enum toy_fault faults[80];
    for (size_t i = 0; i < 80; i++)
        faults[i] = i == 79 ? TOY_END : TOY_CONFLICT;
    t->lease_faults = faults;
    in_task(t, take_and_give_back);
    assert_fails(t->code, ERR_PRECONDITION, &t->err, "409");
}

static void what_cannot_be_read_back_is_an_error(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_ANSWER_LOST);
    t->lease_reads_fail = 1;
    in_task(t, take_and_give_back);
    assert_fails(t->code, ERR_TRANSIENT, &t->err, "does not answer");
}

static void a_lost_answer_of_the_release_is_fine(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_ANSWER_LOST);
    in_task(t, take_and_give_back);
    assert_false(t->lease.present);
    assert_false(told(t, "warning"));
}

static void what_cannot_be_given_back_is_said(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_REQUEST_LOST, TOY_REQUEST_LOST, TOY_REQUEST_LOST, TOY_REQUEST_LOST);
    in_task(t, take_and_give_back);
    assert_true(t->lease.present);
    assert_true(told(t, "warning demo: the stack's lease could not be given back"));
}

/* ---- renewals ---- */

static void hold_ten_minutes(struct toy *t)
{
    assert_ok(take(t), &t->err);
    for (int i = 0; i < 600; i++) {
        loop_sleep_ms(t->loop, 1000);
        assert_ok(lease_check(t->r.lease, &t->err), &t->err);
    }
    lease_release(t->r.lease);
}

static void is_renewed_every_half_minute(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, hold_ten_minutes);
    assert_in_range(count(t, "write lease"), 20, 21);
    assert_false(t->lease.present);
    /* The renewals ended with the release: no time passes any more. */
    assert_in_range(t->now_ms, INT64_C(1790000000000) + 600000, INT64_C(1790000000000) + 600001);
}

static void a_renewal_whose_answer_is_lost_is_ours(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_ANSWER_LOST, TOY_CONFLICT, TOY_WORKS, TOY_REQUEST_LOST);
    in_task(t, hold_ten_minutes);
    assert_false(t->lease.present);
    assert_false(told(t, "warning"));
}

/* The lease was renewed, the answer lost, and the run ends before it looks again. */
static void end_after_a_lost_renewal(struct toy *t)
{
    assert_ok(take(t), &t->err);
    loop_sleep_ms(t->loop, 30500);
    lease_release(t->r.lease);
}

static void a_release_finds_the_etag_of_a_lost_renewal(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_ANSWER_LOST);
    t->lease_reads_fail = 1; /* the renewal's look back */
    in_task(t, end_after_a_lost_renewal);
    assert_false(t->lease.present);
    assert_int_equal(count(t, "delete lease"), 2);
}

/* From here on the store answers nothing. */
static void hold_while_the_store_is_down(struct toy *t)
{
    static enum toy_fault down[200];
    assert_ok(take(t), &t->err);
    int64_t since = t->now_ms;
    for (size_t i = 0; i < 199; i++)
        down[i] = TOY_REQUEST_LOST;
    down[199] = TOY_END;
    t->lease_faults = down;
    t->lease_reads_fail = 1000;
    while (lease_check(t->r.lease, &t->err) == ERR_NONE)
        loop_sleep_ms(t->loop, 1000);
    t->code = t->err.code;
    since = t->now_ms - since;
    assert_in_range(since, LEASE_TTL_MS - LEASE_MARGIN_MS, LEASE_TTL_MS - LEASE_MARGIN_MS + 1001);
    /* The store is back, and nobody took the lease: it goes on. */
    t->lease_faults = NULL;
    t->lease_reads_fail = 0;
    struct err err = {0};
    assert_ok(lease_check(t->r.lease, &err), &err);
    assert_true(lease_held(t->r.lease));
    lease_release(t->r.lease);
}

static void nothing_is_started_in_its_last_half_minute(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, hold_while_the_store_is_down);
    assert_fails(
        t->code, ERR_LOCKED, &t->err,
        "the lease of stack 'demo' could not be renewed: the store does not answer");
}

/* ---- a holder that did not run for a while (a laptop's lid, SIGSTOP) ---- */

static void pause_five_minutes(struct toy *t)
{
    assert_ok(take(t), &t->err);
    t->now_ms += 5 * MINUTE;
    assert_false(lease_held(t->r.lease));
    assert_ok(lease_check(t->r.lease, &t->err), &t->err);
    assert_true(lease_held(t->r.lease));
    lease_release(t->r.lease);
}

static void a_pause_that_nobody_used_costs_one_renewal(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, pause_five_minutes);
    assert_ok(t->code, &t->err);
    assert_int_equal(count(t, "write lease"), 2);
    assert_false(t->lease.present);
}

static void pause_and_lose(struct toy *t)
{
    assert_ok(take(t), &t->err);
    t->now_ms += 5 * MINUTE;
    put_other(t, "m", "b", "n", 1);
    t->code = lease_check(t->r.lease, &t->err);
    struct err again = {0};
    assert_fails(lease_check(t->r.lease, &again), ERR_LOCKED, &again, "you@there");
    lease_release(t->r.lease);
}

static void a_pause_in_which_it_was_taken_over_ends_the_run(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, pause_and_lose);
    assert_fails(
        t->code, ERR_LOCKED, &t->err, "the lease of stack 'demo' was taken over by you@there");
    assert_true(is_other(t)); /* not ours to remove */
    assert_int_equal(count(t, "delete lease"), 0);
}

static void lose_by_force(struct toy *t)
{
    assert_ok(take(t), &t->err);
    t->lease = (struct seen_lease){.present = false};
    loop_sleep_ms(t->loop, 31000);
    t->code = lease_check(t->r.lease, &t->err);
    lease_release(t->r.lease);
}

static void a_lease_that_was_removed_is_not_taken_again(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, lose_by_force);
    assert_fails(t->code, ERR_LOCKED, &t->err, "was removed while this run had it");
    assert_true(told(t, "warning demo: the lease of stack 'demo' was removed"));
    assert_false(t->lease.present);
}

static void run_loses(struct toy *t)
{
    t->code = reconcile_lock(&t->r, t->plan, &t->err);
    t->lease = (struct seen_lease){.present = false};
    t->now_ms += 5 * MINUTE;
    if (t->code == ERR_NONE)
        t->code = reconcile_execute(&t->r, t->plan, &t->report, &t->err);
    reconcile_unlock(&t->r);
}

static void a_run_without_its_lease_starts_nothing(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->s->seen.bucket.present = true;
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    in_task(t, run_loses);
    assert_fails(t->code, ERR_LOCKED, &t->err, "was removed while this run had it");
    assert_int_equal(t->report.n_added, 0);
    assert_true(t->report.n_not_started > 0);
    assert_false(traced(t, "start aws_s3_object"));
}

/* ---- a wait of hours under it ---- */

/* From its 21st second on the store answers nothing, for so many attempts. */
static void break_the_store(void *arg)
{
    struct toy *t = arg;
    static enum toy_fault down[121];
    loop_sleep_ms(t->loop, 21000);
    for (size_t i = 0; i < 120; i++)
        down[i] = TOY_REQUEST_LOST;
    down[120] = TOY_END;
    t->lease_faults = down;
    t->lease_reads_fail = 120;
}

static void take_it_meanwhile(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 200000);
    put_other(t, "m", "b", "n", 1);
}

static void wait_while_the_store_is_down(struct toy *t)
{
    static const struct toy_script script = {.address = "x", .pending = 20};
    struct change change = {.kind = KIND_BUCKET, .action = ACTION_CREATE, .address = STR("x")};
    struct world_call call = {.arena = t->s->arena, .change = &change};
    t->without_effects = true;
    t->scripts = &script;
    t->n_scripts = 1;
    assert_ok(take(t), &t->err);
    struct task *outage = loop_spawn(t->loop, break_the_store, t);
    struct task *thief = t->statuses != NULL ? loop_spawn(t->loop, take_it_meanwhile, t) : NULL;
    t->code = t->world.ops->start(&t->world, &call, &t->err);
    if (t->code == ERR_NONE)
        t->code = settle_change(&t->r, &call, &t->err);
    assert_int_equal(lease_held(t->r.lease), t->code == ERR_NONE);
    loop_join(t->loop, outage);
    if (thief != NULL)
        loop_join(t->loop, thief);
    lease_release(t->r.lease);
}

static void a_wait_outlives_an_outage_of_the_store(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, wait_while_the_store_is_down);
    assert_ok(t->code, &t->err);
    assert_int_equal(t->lease_reads_fail, 0); /* it was down for longer than a lease lasts */
    assert_true(t->now_ms - INT64_C(1790000000000) > LEASE_TTL_MS + 21000);
    /* Without the lease nothing was polled: polls change things. */
    int64_t longest_ms = 0;
    for (size_t i = 1; i < t->polls.len; i++)
        if (t->polls.items[i] - t->polls.items[i - 1] > longest_ms)
            longest_ms = t->polls.items[i] - t->polls.items[i - 1];
    assert_true(longest_ms > LEASE_TTL_MS / 2);
    assert_false(t->lease.present);
}

static void an_outage_in_which_it_is_taken_ends_the_wait(void **state)
{
    static const char *const stolen[] = {"InService", NULL};
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->statuses = stolen;
    in_task(t, wait_while_the_store_is_down);
    assert_fails(t->code, ERR_LOCKED, &t->err, "was taken over by you@there");
    assert_true(is_other(t));
}

static void interrupt(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 150000);
    loop_cancel(t->loop);
}

static void wait_until_interrupted(struct toy *t)
{
    struct task *task = loop_spawn(t->loop, interrupt, t);
    wait_while_the_store_is_down(t);
    loop_join(t->loop, task);
}

static void an_outage_can_be_interrupted(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, wait_until_interrupted);
    assert_fails(t->code, ERR_CANCELLED, &t->err, "interrupted while waiting");
}

/* As the command does it: the saved plan is compared under the lease. */
static void run_stale(struct toy *t)
{
    static const struct saved_stack nothing;
    t->r.approved = &nothing;
    assert_ok(reconcile_lock(&t->r, t->plan, &t->err), &t->err);
    assert_true(t->lease.present);
    t->code = reconcile_execute(&t->r, t->plan, &t->report, &t->err);
    assert_true(lease_held(t->r.lease)); /* it is the command's to give back */
    reconcile_unlock(&t->r);
}

static void a_plan_that_is_stale_leaves_no_lease_behind(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->s->seen.bucket.present = true;
    assert_ok(toy_plan(t, PLAN_APPLY), &t->err);
    in_task(t, run_stale);
    assert_fails(t->code, ERR_PRECONDITION, &t->err, "Saved plan is stale");
    assert_false(t->lease.present);
    assert_null(t->r.lease);
    assert_false(traced(t, "start"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(is_taken_and_given_back),
        WITH_ARENA(without_locking_nothing_is_written),
        WITH_ARENA(without_a_bucket_there_is_none),
        WITH_ARENA(a_lost_answer_of_the_first_write_is_our_own),
        WITH_ARENA(a_lost_request_is_sent_again),
        WITH_ARENA(a_store_that_never_lets_write_is_an_error),
        WITH_ARENA(what_cannot_be_read_back_is_an_error),
        WITH_ARENA(a_lost_answer_of_the_release_is_fine),
        WITH_ARENA(what_cannot_be_given_back_is_said),
        WITH_ARENA(is_renewed_every_half_minute),
        WITH_ARENA(a_renewal_whose_answer_is_lost_is_ours),
        WITH_ARENA(a_release_finds_the_etag_of_a_lost_renewal),
        WITH_ARENA(nothing_is_started_in_its_last_half_minute),
        WITH_ARENA(a_pause_that_nobody_used_costs_one_renewal),
        WITH_ARENA(a_pause_in_which_it_was_taken_over_ends_the_run),
        WITH_ARENA(a_lease_that_was_removed_is_not_taken_again),
        WITH_ARENA(a_run_without_its_lease_starts_nothing),
        WITH_ARENA(a_wait_outlives_an_outage_of_the_store),
        WITH_ARENA(an_outage_in_which_it_is_taken_ends_the_wait),
        WITH_ARENA(an_outage_can_be_interrupted),
        WITH_ARENA(a_plan_that_is_stale_leaves_no_lease_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
