#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/settle.h"

struct waiting {
    struct toy *t;
    struct change change;
    struct world_call call;
    enum err_code code;
    struct err err;
};

static void settle_task(void *arg)
{
    struct waiting *w = arg;
    w->change.started_ms = w->t->now_ms;
    w->code = w->t->world.ops->start(&w->t->world, &w->call, &w->err);
    if (w->code == ERR_NONE)
        w->code = settle_change(&w->t->r, &w->call, &w->err);
}

static struct waiting settle(struct arena *arena, const struct toy_script *script)
{
    struct waiting w = {.t = toy_new(scene_new(arena, false, 1))};
    w.t->without_effects = true;
    w.t->scripts = script;
    w.t->n_scripts = 1;
    w.change = (struct change){.kind = KIND_BUCKET, .action = ACTION_CREATE, .address = STR("x")};
    w.call = (struct world_call){.arena = arena, .change = &w.change};
    loop_run(w.t->loop, settle_task, &w);
    return w;
}

static void waiting_done(struct waiting *w)
{
    toy_close(&w->t);
}

static void polls_after_10_ms_and_twice_as_long_up_to_30_s(void **state)
{
    static const struct toy_script script = {.address = "x", .pending = 16};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_ok(w.code, &w.err);
    static const int64_t gaps[] = {10,   20,   40,    80,    160,   320,   640,   1280,
                                   2560, 5120, 10240, 20480, 30000, 30000, 30000, 30000};
    assert_int_equal(w.t->polls.len, 1 + ARRAY_LEN(gaps));
    for (size_t i = 0; i < ARRAY_LEN(gaps); i++)
        assert_int_equal(w.t->polls.items[i + 1] - w.t->polls.items[i], gaps[i]);
}

/* Told once, then a sign of life every half minute: the terminal's own clock moves in between. */
static void a_status_is_told_once_and_then_a_heartbeat(void **state)
{
    static const struct toy_script script = {.address = "x", .pending = 15};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_str(
        buf_str(&w.t->events), "status x: Working\n"
                               "progress x: Working after 40950 ms\n"
                               "progress x: Working after 70950 ms\n"
                               "progress x: Working after 100950 ms\n");
}

static void what_is_done_at_once_is_not_waited_for(void **state)
{
    static const struct toy_script script = {.address = "x"};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_ok(w.code, &w.err);
    assert_int_equal(w.t->polls.len, 1);
    assert_int_equal(w.t->events.len, 0);
}

static void failures_come_through(void **state)
{
    static const struct toy_script script = {
        .address = "x", .pending = 2, .code = ERR_TERMINAL, .message = "no such thing"};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_fails(w.code, ERR_TERMINAL, &w.err, "no such thing");
}

static void an_interrupt_ends_the_wait(void **state)
{
    static const struct toy_script script = {.address = "x", .pending = 5, .cancels = true};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_fails(w.code, ERR_CANCELLED, &w.err, "interrupted while waiting");
    assert_int_equal(w.t->polls.len, 1);
}

static void nothing_is_waited_for_for_ever(void **state)
{
    static const struct toy_script script = {.address = "x", .pending = 1000000};
    AUTO(waiting_done) struct waiting w = settle(*state, &script);
    assert_fails(w.code, ERR_TIMEOUT, &w.err, "still not done after 6 hours");
    int64_t waited = w.t->now_ms - w.change.started_ms;
    assert_true(waited > SETTLE_LIMIT_MS && waited <= SETTLE_LIMIT_MS + SETTLE_LONGEST_MS);
}

static void interrupt_soon(void *arg)
{
    struct toy *t = arg;
    loop_sleep_ms(t->loop, 5);
    loop_cancel(t->loop);
}

struct pacing {
    struct toy *t;
    enum err_code code;
    struct err err;
};

static void pace_task(void *arg)
{
    struct pacing *p = arg;
    struct pace pace;
    struct task *task = loop_spawn(p->t->loop, interrupt_soon, p->t);
    pace_start(&pace, p->t->loop);
    p->code = pace_wait(&pace, p->t->loop, &p->err);
    loop_join(p->t->loop, task);
}

/* It arrives while nothing is polled: the sleep ends with it, not when it would have. */
static void an_interrupt_cuts_the_sleep(void **state)
{
    AUTO(toy_close) struct toy *t = toy_new(scene_new(*state, false, 0));
    struct pacing p = {.t = t};
    int64_t since = t->now_ms;
    loop_run(t->loop, pace_task, &p);
    assert_fails(p.code, ERR_CANCELLED, &p.err, "interrupted while waiting");
    assert_int_equal(t->now_ms - since, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(polls_after_10_ms_and_twice_as_long_up_to_30_s),
        WITH_ARENA(a_status_is_told_once_and_then_a_heartbeat),
        WITH_ARENA(what_is_done_at_once_is_not_waited_for),
        WITH_ARENA(failures_come_through),
        WITH_ARENA(an_interrupt_ends_the_wait),
        WITH_ARENA(an_interrupt_cuts_the_sleep),
        WITH_ARENA(nothing_is_waited_for_for_ever),
    };
    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
