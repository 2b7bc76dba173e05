#include "tests/unit/engine/reconcile/lease_scene.h"

/* What a store may answer besides yes and no, at each step of a lease's life. */

static void hold_two_minutes(struct toy *t)
{
    assert_ok(take(t), &t->err);
    for (int i = 0; t->code == ERR_NONE && i < 120; i++) {
        loop_sleep_ms(t->loop, 1000);
        t->code = lease_check(t->r.lease, &t->err);
    }
    lease_release(t->r.lease);
}

/* Each write arrives and each answer is lost: one of them proves nothing, and time does not pass
 * with them alone. The next renewal is soon. */
static void a_renewal_of_lost_answers_is_tried_again(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_ANSWER_LOST, TOY_ANSWER_LOST, TOY_ANSWER_LOST, TOY_ANSWER_LOST);
    in_task(t, hold_two_minutes);
    assert_ok(t->code, &t->err);
    assert_false(told(t, "warning"));
    assert_false(t->lease.present);
    assert_in_range(count(t, "write lease"), 1 + 4 + 3, 1 + 4 + 4);
}

static void a_renewal_that_is_refused_ends_the_run_in_time(void **state)
{
    static enum toy_fault refused[64];
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    refused[0] = TOY_WORKS;
    for (size_t i = 1; i + 1 < ARRAY_LEN(refused); i++)
        refused[i] = TOY_REFUSED;
    t->lease_faults = refused;
    int64_t since = t->now_ms;
    in_task(t, hold_two_minutes);
    assert_fails(
        t->code, ERR_LOCKED, &t->err,
        "the lease of stack 'demo' could not be renewed: s3:PutObject is not allowed");
    assert_in_range(t->now_ms - since, LEASE_TTL_MS - LEASE_MARGIN_MS, LEASE_TTL_MS);
    assert_int_equal(count(t, "read lease"), 0); /* a refusal is not looked into */
}

static void one_that_may_not_be_taken_over_stays(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    t->now_ms += 10 * MINUTE;
    FAULTS(t, TOY_WORKS, TOY_REFUSED);
    in_task(t, take_and_give_back);
    assert_fails(t->code, ERR_DENIED, &t->err, "s3:PutObject is not allowed");
    assert_true(is_other(t));
    assert_null(t->r.lease);
}

static void a_release_looks_again_when_it_could_not_look(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    FAULTS(t, TOY_WORKS, TOY_CONFLICT);
    t->lease_reads_fail = 1;
    in_task(t, take_and_give_back);
    assert_int_equal(t->lease_reads_fail, 0);
    assert_int_equal(count(t, "delete lease"), 2);
    assert_false(t->lease.present);
    assert_false(told(t, "warning"));
}

static void lose_and_give_back(struct toy *t)
{
    assert_ok(take(t), &t->err);
    put_other(t, "m", "b", "n", 1);
    lease_release(t->r.lease);
}

/* Nobody looked since it was taken over; the condition of the removal notices. */
static void a_release_leaves_anothers_alone(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, lose_and_give_back);
    assert_true(is_other(t));
    assert_int_equal(count(t, "delete lease"), 1);
    assert_false(told(t, "warning"));
}

static void unlock_other(struct toy *t)
{
    t->code = lease_force_unlock(&t->r, &t->s->want, STR("other"), &t->err);
}

static void force_unlock_of_one_that_goes_meanwhile_is_done(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    FAULTS(t, TOY_GONE);
    in_task(t, unlock_other);
    assert_ok(t->code, &t->err);
    assert_false(t->lease.present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_renewal_of_lost_answers_is_tried_again),
        WITH_ARENA(a_renewal_that_is_refused_ends_the_run_in_time),
        WITH_ARENA(one_that_may_not_be_taken_over_stays),
        WITH_ARENA(a_release_looks_again_when_it_could_not_look),
        WITH_ARENA(a_release_leaves_anothers_alone),
        WITH_ARENA(force_unlock_of_one_that_goes_meanwhile_is_done),
    };
    return cmocka_run_group_tests_name("lease_faults", tests, NULL, NULL);
}
