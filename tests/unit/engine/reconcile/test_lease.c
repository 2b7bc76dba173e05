#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/lease.h"

/* The store's clock is the toy's; a run's own wall clock may be wrong (wall_skew_ms). */

#define MINUTE 60000

/* ---- machines and processes ---- */

struct machine {
    const char *id, *boot, *pid_namespace;
    int64_t pid, dead_pid;
};

static struct host_process machine_self(void *self, struct arena *arena)
{
    const struct machine *machine = self;
    (void) arena;
    return (struct host_process){
        .machine = str_from(machine->id),
        .boot = str_from(machine->boot),
        .pid_namespace = str_from(machine->pid_namespace),
        .pid = machine->pid,
        .start_time = 7};
}

static bool machine_is_alive(void *self, int64_t pid, uint64_t start_time)
{
    const struct machine *machine = self;
    return pid != machine->dead_pid || start_time != 7;
}

static const struct host_ops s_machine_ops = {machine_self, machine_is_alive};
static struct machine s_here = {"machine-1", "boot-1", "pid:[1]", 100, 99};

/* ---- running ---- */

typedef void lease_work_fn(struct toy *t);

struct lease_task {
    struct toy *t;
    lease_work_fn *work;
};

static void lease_task(void *arg)
{
    const struct lease_task *task = arg;
    task->work(task->t);
}

static void in_task(struct toy *t, lease_work_fn *work)
{
    struct lease_task task = {t, work};
    t->err = (struct err){0};
    t->code = ERR_NONE;
    loop_run(t->loop, lease_task, &task);
}

static struct toy *lease_toy(struct arena *arena)
{
    struct toy *t = toy_new(scene_new(arena, false, 1));
    rng_seed(&t->rng, 3);
    t->r.rng = &t->rng;
    t->r.use_lock = true;
    t->r.lock_timeout_ms = LEASE_TIMEOUT_MS;
    t->r.host = (struct host){&s_machine_ops, &s_here};
    t->r.version = STR("1.2.3");
    t->r.options = STR(" --local");
    return t;
}

static enum err_code take(struct toy *t)
{
    return t->code = lease_acquire(&t->r, &t->s->want, "apply", NULL, &t->err);
}

static void take_and_give_back(struct toy *t)
{
    if (take(t) == ERR_NONE)
        lease_release(t->r.lease);
}

static size_t count(const struct toy *t, const char *line)
{
    size_t n = 0;
    for (struct str rest = buf_str(&t->trace), part; str_split(&rest, '\n', &part);)
        n += str_eq_z(part, line);
    return n;
}

#define FAULTS(t, ...) \
    static const enum toy_fault s_faults[] = {__VA_ARGS__, TOY_END}; \
    (t)->lease_faults = s_faults

/* Another run's, written now. */
static void put_other(struct toy *t, const char *machine, const char *boot, const char *ns, int pid)
{
    toy_lease_put(
        t, str_fmt(
               t->s->arena,
               "{\"ID\":\"other\",\"Operation\":\"destroy\",\"Info\":\"\",\"Who\":\"you@there\","
               "\"Version\":\"1\",\"Created\":\"2026-09-21T14:13:20Z\",\"Path\":\"s3://b/l\","
               "\"TTL\":120,\"Host\":{\"machine\":\"%s\",\"boot\":\"%s\",\"pidNamespace\":\"%s\","
               "\"pid\":%d,\"startTime\":7}}",
               machine, boot, ns, pid));
}

static bool is_other(const struct toy *t)
{
    return t->lease.present && str_find(t->lease.text, STR("\"other\"")) != SIZE_MAX;
}

/* ---- taking and giving back ---- */

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

/* ---- somebody else's ---- */

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
            waited, LEASE_TTL_MS + LEASE_GRACE_MS, LEASE_TTL_MS + LEASE_GRACE_MS + 1000);
        assert_true(told(t, "note demo: took over the lease that you@there left behind"));
    }
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
        WITH_ARENA(a_live_one_is_not_waited_for_without_time),
        WITH_ARENA(one_that_ends_is_waited_for),
        WITH_ARENA(an_expired_one_is_taken_over_on_the_stores_clock),
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
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
