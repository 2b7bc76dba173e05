/* The lease between runs: waited for, taken over, fought for, removed by force. */
#include "tests/unit/engine/reconcile/lease_scene.h"

static void a_live_one_is_not_waited_for_without_time(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.lock_timeout_ms = 0;
    t->s->want.at.file = "mme.yaml";
    put_other(t, "m", "b", "n", 1);
    t->now_ms += 50000;
    in_task(t, take_and_give_back);
    assert_fails(
        t->code, ERR_LOCKED, &t->err,
        "Error acquiring the state lock\n"
        "Lock Info:\n"
        "  ID:        other\n"
        "  Path:      s3://b/l\n"
        "  Operation: destroy\n"
        "  Who:       you@there\n"
        "  Version:   1\n"
        "  Created:   2026-09-21T14:13:20Z\n"
        "  Info:      \n"
        "  Expires:   in 1m13s (automatic)");
    assert_non_null(strstr(t->err.hint, "mmectl force-unlock other -f mme.yaml --local"));
    assert_true(is_other(t));
}

static void release_other(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 20000);
    t->lease = (struct seen_lease){.present = false};
}

static void take_while_other_ends(struct toy *t)
{
    struct task *task = loop_spawn(t->loop, release_other, t);
    take_and_give_back(t);
    loop_join(t->loop, task);
}

static void one_that_ends_is_waited_for(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    in_task(t, take_while_other_ends);
    assert_ok(t->code, &t->err);
    /* 1 + 2 + 4 + 8 + 16 s */
    assert_int_equal(t->now_ms, INT64_C(1790000000000) + 31000);
    assert_true(told(t, "wait the stack's lease: held by you@there (destroy) since"));
    assert_false(t->lease.present);
}

/* Whatever this machine's clock says. */
static void an_expired_one_is_taken_over_on_the_stores_clock(void **state)
{
    static const int64_t skews[] = {0, 3600000, -3600000};
    for (size_t i = 0; i < ARRAY_LEN(skews); i++) {
        AUTO(toy_close) struct toy *t = lease_toy(*state);
        t->wall_skew_ms = skews[i];
        put_other(t, "m", "b", "n", 1);
        in_task(t, take_and_give_back);
        assert_ok(t->code, &t->err);
        int64_t waited = t->now_ms - INT64_C(1790000000000);
        assert_in_range(
            waited, LEASE_TTL_MS + LEASE_GRACE_MS, LEASE_TTL_MS + LEASE_GRACE_MS + 2000);
        assert_true(told(t, "note demo: took over the lease that you@there left behind"));
    }
}

/* Its last moment is a whole second long for who sees whole seconds. */
static void the_last_second_is_not_asked_about_all_the_time(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    in_task(t, take_and_give_back);
    assert_ok(t->code, &t->err);
    assert_in_range(t->n_lease_reads, 5, 20);
}

static void a_short_timeout_is_kept(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.lock_timeout_ms = 10000;
    put_other(t, "m", "b", "n", 1);
    in_task(t, take_and_give_back);
    assert_fails(t->code, ERR_LOCKED, &t->err, "Error acquiring the state lock");
    assert_int_equal(t->now_ms, INT64_C(1790000000000) + 10000);
}

static void a_dead_runs_lease_is_taken_over_at_once(void **state)
{
    static const struct {
        const char *machine, *boot, *pid_namespace;
        int pid;
        bool at_once;
    } cases[] = {
        {"machine-1", "boot-1", "pid:[1]", 99, true},
        {"machine-1", "boot-1", "pid:[1]", 100, false}, /* alive */
        {"machine-1", "boot-1", "pid:[2]", 99, false},  /* another container's 99 */
        {"machine-1", "boot-0", "pid:[1]", 99, false},
        {"machine-2", "boot-1", "pid:[1]", 99, false},
        {"", "", "", 99, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(toy_close) struct toy *t = lease_toy(*state);
        t->r.lock_timeout_ms = 0;
        put_other(t, cases[i].machine, cases[i].boot, cases[i].pid_namespace, cases[i].pid);
        in_task(t, take_and_give_back);
        assert_int_equal(t->code, cases[i].at_once ? ERR_NONE : ERR_LOCKED);
        assert_int_equal(is_other(t), !cases[i].at_once);
    }
}

static void nothing_is_concluded_without_knowing_the_machine(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.host = (struct host){NULL, NULL};
    t->r.lock_timeout_ms = 0;
    put_other(t, "machine-1", "boot-1", "pid:[1]", 99);
    in_task(t, take_and_give_back);
    assert_int_equal(t->code, ERR_LOCKED);
}

static void what_cannot_be_understood_expires_like_any_other(void **state)
{
    static const char *const texts[] = {"", "garbage", "[]", "{\"TTL\":-5}", "{\"TTL\":999999999}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(toy_close) struct toy *t = lease_toy(*state);
        toy_lease_put(t, str_from(texts[i]));
        in_task(t, take_and_give_back);
        assert_ok(t->code, &t->err);
        assert_true(t->now_ms - INT64_C(1790000000000) > LEASE_TTL_MS);
    }
}

static void hostile_text_does_not_reach_a_terminal(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.lock_timeout_ms = 0;
    char who[600] = "\\u001b[2J";
    memset(who + 9, 'x', 500);
    toy_lease_put(t, str_fmt(t->s->arena, "{\"ID\":\"i\",\"Who\":\"%s\"}", who));
    in_task(t, take_and_give_back);
    assert_int_equal(t->code, ERR_LOCKED);
    assert_non_null(strstr(t->err.message, "Who:       ?[2Jxxx"));
    assert_true(strlen(t->err.message) < 500);
}

static void without_a_date_it_never_expires(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->lease_without_age = true;
    put_other(t, "m", "b", "n", 1);
    in_task(t, take_and_give_back);
    assert_int_equal(t->code, ERR_LOCKED);
    assert_null(strstr(t->err.message, "Expires"));
}

/* Two find the same expired lease at the same time. */
struct rival {
    struct toy *t;
    struct reconciler r;
    enum err_code code;
    struct err err;
};

static void rival_task(void *arg)
{
    struct rival *rival = arg;
    rival->code = lease_acquire(&rival->r, &rival->t->s->want, "apply", NULL, &rival->err);
}

static void race(struct toy *t)
{
    struct rival rivals[2];
    struct task *tasks[2];
    for (size_t i = 0; i < 2; i++) {
        rivals[i] = (struct rival){.t = t, .r = t->r};
        tasks[i] = loop_spawn(t->loop, rival_task, &rivals[i]);
    }
    for (size_t i = 0; i < 2; i++)
        loop_join(t->loop, tasks[i]);
    bool first = rivals[0].code == ERR_NONE;
    assert_int_equal(rivals[first ? 0 : 1].code, ERR_NONE);
    assert_int_equal(rivals[first ? 1 : 0].code, ERR_LOCKED);
    for (size_t i = 0; i < 2; i++)
        lease_release(rivals[i].r.lease);
}

static void of_two_that_take_over_one_gets_it(void **state)
{
    for (int expired = 0; expired < 2; expired++) {
        AUTO(toy_close) struct toy *t = lease_toy(*state);
        t->r.lock_timeout_ms = 0;
        t->lease_takes_ms = 50;
        if (expired)
            put_other(t, "m", "b", "n", 1);
        t->now_ms += 10 * MINUTE;
        in_task(t, race);
        assert_false(t->lease.present);
    }
}

/* The holder renews between the look and the take-over: it stays its own. */
static void renew_other(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 20); /* after the look, before the write arrives */
    put_other(t, "m", "b", "n", 1);
}

static void take_late(struct toy *t)
{
    struct task *task = loop_spawn(t->loop, renew_other, t);
    take_and_give_back(t);
    loop_join(t->loop, task);
}

static void a_renewal_in_the_last_moment_wins(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    t->r.lock_timeout_ms = 0;
    t->lease_takes_ms = 15; /* a write: the first fails at 15, the take-over arrives at 30 */
    put_other(t, "m", "b", "n", 1);
    t->now_ms += 10 * MINUTE;
    in_task(t, take_late);
    assert_int_equal(t->code, ERR_LOCKED);
    assert_true(is_other(t));
}

/* ---- interrupts ---- */

static void interrupt(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 3500);
    loop_cancel(t->loop);
}

static void wait_interrupted(struct toy *t)
{
    struct task *task = loop_spawn(t->loop, interrupt, t);
    take_and_give_back(t);
    loop_join(t->loop, task);
}

static void a_wait_for_it_can_be_interrupted(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    in_task(t, wait_interrupted);
    assert_fails(t->code, ERR_CANCELLED, &t->err, "interrupted while waiting");
    assert_int_equal(t->now_ms, INT64_C(1790000000000) + 3500);
    assert_true(is_other(t));
}

static void hold_interrupted(struct toy *t)
{
    assert_ok(take(t), &t->err);
    struct task *task = loop_spawn(t->loop, interrupt, t);
    loop_sleep_ms(t->loop, MINUTE);
    loop_join(t->loop, task);
    lease_release(t->r.lease);
}

static void an_interrupted_run_gives_it_back(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, hold_interrupted);
    assert_false(t->lease.present);
    assert_int_equal(t->now_ms, INT64_C(1790000000000) + 3500);
}

/* ---- force-unlock, and looking ---- */

static void unlock_other(struct toy *t)
{
    t->code = lease_force_unlock(&t->r, &t->s->want, STR("other"), &t->err);
}

static void unlock_wrong(struct toy *t)
{
    t->code = lease_force_unlock(&t->r, &t->s->want, STR("wrong"), &t->err);
}

static void force_unlock_removes_what_has_the_id(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    in_task(t, unlock_other);
    assert_fails(
        t->code, ERR_NOT_FOUND, &t->err, "failed to unlock state: stack 'demo' is not locked");
    put_other(t, "m", "b", "n", 1);
    in_task(t, unlock_wrong);
    assert_fails(
        t->code, ERR_CONFLICT, &t->err,
        "failed to unlock state: lock ID 'wrong' does not match existing lock ID 'other'");
    assert_true(is_other(t));
    in_task(t, unlock_other);
    assert_ok(t->code, &t->err);
    assert_false(t->lease.present);
}

static void force_unlock_meets_a_renewal_and_faults(void **state)
{
    AUTO(toy_close) struct toy *t = lease_toy(*state);
    put_other(t, "m", "b", "n", 1);
    FAULTS(t, TOY_CONFLICT, TOY_WORKS, TOY_REQUEST_LOST);
    in_task(t, unlock_other);
    assert_ok(t->code, &t->err);
    put_other(t, "m", "b", "n", 1);
    in_task(t, unlock_other);
    assert_fails(t->code, ERR_TRANSIENT, &t->err, "failed to unlock state: the store");
    t->lease_reads_fail = 1;
    in_task(t, unlock_other);
    assert_fails(t->code, ERR_TRANSIENT, &t->err, "does not answer");
}

/* Nothing may be left of a stack but the lease of a run that was killed behind its last step. */
static void a_destroy_of_nothing_removes_a_stale_lease(void **state)
{
    static const bool live[] = {false, true};
    for (size_t i = 0; i < ARRAY_LEN(live); i++) {
        AUTO(toy_close) struct toy *t = lease_toy(*state);
        put_other(t, "m", "b", "n", 1);
        struct seen_object *object = ARENA_NEW(t->s->arena, struct seen_object);
        object->key = STR("demo/control/lease");
        map_put(t->s->seen.objects, object->key, object);
        t->s->seen.bucket.present = true;
        t->now_ms += live[i] ? 0 : 10 * MINUTE;
        assert_ok(toy_go(t, PLAN_DESTROY), &t->err);
        assert_int_equal(is_other(t), live[i]);
        assert_int_equal(t->lease.present, live[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_live_one_is_not_waited_for_without_time),
        WITH_ARENA(one_that_ends_is_waited_for),
        WITH_ARENA(an_expired_one_is_taken_over_on_the_stores_clock),
        WITH_ARENA(the_last_second_is_not_asked_about_all_the_time),
        WITH_ARENA(a_short_timeout_is_kept),
        WITH_ARENA(a_dead_runs_lease_is_taken_over_at_once),
        WITH_ARENA(nothing_is_concluded_without_knowing_the_machine),
        WITH_ARENA(what_cannot_be_understood_expires_like_any_other),
        WITH_ARENA(hostile_text_does_not_reach_a_terminal),
        WITH_ARENA(without_a_date_it_never_expires),
        WITH_ARENA(of_two_that_take_over_one_gets_it),
        WITH_ARENA(a_renewal_in_the_last_moment_wins),
        WITH_ARENA(a_wait_for_it_can_be_interrupted),
        WITH_ARENA(an_interrupted_run_gives_it_back),
        WITH_ARENA(force_unlock_removes_what_has_the_id),
        WITH_ARENA(force_unlock_meets_a_renewal_and_faults),
        WITH_ARENA(a_destroy_of_nothing_removes_a_stale_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
