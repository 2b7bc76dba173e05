#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/base/loop.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

/* A clock that moves only when the loop would wait, so that hours pass at once and in order. */
struct world {
    struct loop *loop;
    struct buf trace;
    int64_t now_ms, waited_ms;
    unsigned idle_polls;
    struct gate gate;
    int inside, most_inside;
};

static int64_t world_now(void *self)
{
    return ((struct world *) self)->now_ms;
}

static void world_poll(void *self, int64_t timeout_ms, int wake_fd)
{
    struct world *world = self;
    (void) wake_fd;
    if (timeout_ms < 0) {
        world->idle_polls++;
        assert_true(world->idle_polls < 1000); /* nothing would ever wake this loop */
        return;
    }
    world->now_ms += timeout_ms;
    world->waited_ms += timeout_ms;
}

static const struct clock_ops s_clock = {world_now, world_now};
static const struct loop_poller_ops s_poller = {world_poll};

static int setup(void **state)
{
    static struct world s_world;
    s_world = (struct world){.now_ms = 1000000, .trace = BUF_INIT(10000)};
    s_world.loop = loop_new((struct clock){&s_clock, &s_world});
    loop_set_poller(s_world.loop, &s_poller, &s_world);
    loop_set_offload(s_world.loop, 0);
    *state = &s_world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    loop_free(world->loop);
    buf_done(&world->trace);
    return 0;
}

struct job {
    struct world *world;
    const char *name;
    int64_t ms;
};

static void note(struct world *world, const char *name)
{
    if (world->trace.len > 0)
        buf_add_char(&world->trace, ' ');
    buf_fmt(&world->trace, "%s", name);
}

static void sleeper(void *arg)
{
    struct job *job = arg;
    loop_sleep_ms(job->world->loop, job->ms);
    note(job->world, job->name);
}

static void run_sleepers(void *arg)
{
    struct world *world = arg;
    struct job jobs[] = {
        {world, "hour", 3600000}, {world, "second", 1000}, {world, "at-once", 0},
        {world, "minute", 60000}, {world, "same-a", 5000}, {world, "same-b", 5000},
    };
    struct task *tasks[ARRAY_LEN(jobs)];
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        tasks[i] = loop_spawn(world->loop, sleeper, &jobs[i]);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        loop_join(world->loop, tasks[i]);
    note(world, "joined");
}

static void timers_fire_in_order(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_sleepers, world);
    assert_str(buf_str(&world->trace), "at-once second same-a same-b minute hour joined");
    assert_true(world->waited_ms == 3600000); /* side by side, not one after another */
}

static void many_sleepers(void *arg)
{
    struct world *world = arg;
    enum { COUNT = 200 };
    static struct job s_jobs[COUNT];
    struct task *tasks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        /* 7919 is prime to 200, so every delay from 1 to 200 comes once, scattered. */
        s_jobs[i] = (struct job){world, "x", i * 7919 % COUNT + 1};
        tasks[i] = loop_spawn(world->loop, sleeper, &s_jobs[i]);
    }
    for (int i = 0; i < COUNT; i++)
        loop_join(world->loop, tasks[i]);
    assert_int_equal(world->trace.len, COUNT * 2 - 1);
    assert_true(world->waited_ms == COUNT);
}

static void two_hundred_tasks(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, many_sleepers, world);
}

/* More at once than a loop keeps stacks for, of different depths, again and again: each finds what
 * it left on its own stack. */
struct filler {
    struct world *world;
    unsigned char mark;
    bool whole;
};

static void filler(void *arg)
{
    struct filler *job = arg;
    volatile unsigned char bytes[1024 + 255 * 32];
    size_t len = 1024 + job->mark * 32U;
    for (size_t i = 0; i < len; i++)
        bytes[i] = job->mark;
    for (int turn = 0; turn < 3; turn++)
        loop_yield(job->world->loop);
    loop_sleep_ms(job->world->loop, job->mark);
    job->whole = true;
    for (size_t i = 0; i < len; i++)
        job->whole = job->whole && bytes[i] == job->mark;
}

static void run_fillers(void *arg)
{
    struct world *world = arg;
    static struct filler s_jobs[100];
    struct task *tasks[ARRAY_LEN(s_jobs)];
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < ARRAY_LEN(s_jobs); i++) {
            s_jobs[i] = (struct filler){world, (unsigned char) (round * 7 + i), false};
            tasks[i] = loop_spawn(world->loop, filler, &s_jobs[i]);
        }
        for (unsigned i = 0; i < ARRAY_LEN(s_jobs); i++) {
            loop_join(world->loop, tasks[i]);
            assert_true(s_jobs[i].whole);
        }
    }
}

static void stacks_are_used_again(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_fillers, world);
}

static void yielder(void *arg)
{
    struct job *job = arg;
    for (int i = 0; i < 3; i++) {
        note(job->world, job->name);
        loop_yield(job->world->loop);
    }
}

static void run_yielders(void *arg)
{
    struct world *world = arg;
    struct job a = {world, "a", 0}, b = {world, "b", 0};
    struct task *first = loop_spawn(world->loop, yielder, &a);
    struct task *second = loop_spawn(world->loop, yielder, &b);
    note(world, "main");
    loop_join(world->loop, second);
    loop_join(world->loop, first); /* ended long ago: returns at once */
}

static void ready_tasks_run_first_in_first_out(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_yielders, world);
    assert_str(buf_str(&world->trace), "main a b a b a b");
}

static void gated(void *arg)
{
    struct job *job = arg;
    struct world *world = job->world;
    gate_enter(world->loop, &world->gate);
    world->inside++;
    if (world->inside > world->most_inside)
        world->most_inside = world->inside;
    note(world, job->name);
    loop_sleep_ms(world->loop, job->ms);
    world->inside--;
    gate_leave(world->loop, &world->gate);
}

static void run_gated(void *arg)
{
    struct world *world = arg;
    struct job jobs[] = {{world, "1", 100}, {world, "2", 10}, {world, "3", 10},
                         {world, "4", 10},  {world, "5", 10}, {world, "6", 10}};
    struct task *tasks[ARRAY_LEN(jobs)];
    gate_init(&world->gate, 2);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        tasks[i] = loop_spawn(world->loop, gated, &jobs[i]);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        loop_join(world->loop, tasks[i]);
}

static void gates_hold_their_width_and_order(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_gated, world);
    assert_str(buf_str(&world->trace), "1 2 3 4 5 6");
    assert_int_equal(world->most_inside, 2);
    assert_int_equal(world->inside, 0);
    assert_int_equal(world->gate.inside, 0);
    assert_true(world->waited_ms == 100);
}

static void waits_for_transport(void *arg)
{
    struct job *job = arg;
    loop_suspend(job->world->loop);
    note(job->world, "answered");
}

static void run_transport(void *arg)
{
    struct world *world = arg;
    struct job job = {world, "t", 0};
    struct task *task = loop_spawn(world->loop, waits_for_transport, &job);
    loop_sleep_ms(world->loop, 50);
    note(world, "answering");
    loop_ready(world->loop, task);
    loop_ready(world->loop, task); /* twice is once */
    loop_join(world->loop, task);
}

static void suspended_until_ready(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_transport, world);
    assert_str(buf_str(&world->trace), "answering answered");
}

static void run_detached(void *arg)
{
    struct world *world = arg;
    static struct job s_job;
    s_job = (struct job){world, "detached", 500};
    loop_detach(world->loop, loop_spawn(world->loop, sleeper, &s_job));
    note(world, "main-ends");
}

static void the_loop_waits_for_detached_tasks(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_detached, world);
    assert_str(buf_str(&world->trace), "main-ends detached");
    /* The loop can be used again. */
    loop_run(world->loop, run_sleepers, world);
}

static void canceller(void *arg)
{
    struct job *job = arg;
    loop_sleep_ms(job->world->loop, job->ms);
    loop_cancel(job->world->loop);
}

static void run_cancelled(void *arg)
{
    struct world *world = arg;
    struct job hour = {world, "hour", 3600000}, cancel = {world, "cancel", 1000};
    struct task *sleeping = loop_spawn(world->loop, sleeper, &hour);
    struct task *stopping = loop_spawn(world->loop, canceller, &cancel);
    assert_false(loop_cancelled(world->loop));
    loop_join(world->loop, sleeping);
    loop_join(world->loop, stopping);
    assert_true(loop_cancelled(world->loop));
    loop_sleep_ms(world->loop, 3600000);
}

static void cancel_cuts_sleeps_short(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_cancelled, world);
    assert_true(world->waited_ms == 1000);
}

static __attribute__((noinline)) void big_frame(void *arg)
{
    /* Most of a task's 256 KiB must be usable. */
    volatile char frame[10000];
    int *depth = arg;
    frame[0] = (char) *depth;
    if (--*depth > 0)
        big_frame(arg);
    frame[sizeof(frame) - 1] = frame[0];
}

static void stacks_are_deep_enough(void **state)
{
    struct world *world = *state;
    int depth = 20;
    loop_run(world->loop, big_frame, &depth);
    assert_int_equal(depth, 0);
}

/* ---- with real threads and the real clock ---- */

struct crowd {
    struct loop *loop;
    pthread_t loop_thread;
    pthread_barrier_t barrier;
    bool elsewhere[2];
};

static void meet(void *arg)
{
    struct crowd *crowd = arg;
    /* Passes only when both are inside at once, each on a thread of its own. */
    int last = pthread_barrier_wait(&crowd->barrier) == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0;
    crowd->elsewhere[last] = pthread_equal(pthread_self(), crowd->loop_thread) == 0;
}

static void offloads(void *arg)
{
    struct crowd *crowd = arg;
    loop_offload(crowd->loop, meet, crowd);
}

static void run_crowd(void *arg)
{
    struct crowd *crowd = arg;
    struct task *a = loop_spawn(crowd->loop, offloads, crowd);
    struct task *b = loop_spawn(crowd->loop, offloads, crowd);
    loop_join(crowd->loop, a);
    loop_join(crowd->loop, b);
}

static void offloaded_work_runs_side_by_side(void **state)
{
    (void) state;
    struct crowd crowd = {.loop = loop_new(clock_system()), .loop_thread = pthread_self()};
    assert_int_equal(pthread_barrier_init(&crowd.barrier, NULL, 2), 0);
    loop_set_offload(crowd.loop, 2);
    loop_run(crowd.loop, run_crowd, &crowd);
    assert_true(crowd.elsewhere[0] && crowd.elsewhere[1]);
    loop_close(&crowd.loop);
    assert_null(crowd.loop);
    pthread_barrier_destroy(&crowd.barrier);
}

static void inline_work(void *arg)
{
    note(arg, "inline");
}

static void run_inline(void *arg)
{
    struct world *world = arg;
    loop_offload(world->loop, inline_work, world);
    note(world, "after");
}

static void offload_can_be_inline(void **state)
{
    struct world *world = *state;
    loop_run(world->loop, run_inline, world);
    assert_str(buf_str(&world->trace), "inline after");
}

static struct loop *s_signalled;

static void on_alarm(int number)
{
    (void) number;
    loop_cancel(s_signalled);
}

static void sleep_for_an_hour(void *arg)
{
    struct loop *loop = arg;
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    loop_sleep_ms(loop, 3600000);
}

static void a_signal_ends_a_real_wait(void **state)
{
    (void) state;
    s_signalled = loop_new(clock_system());
    struct sigaction action = {.sa_handler = on_alarm}, before;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    loop_run(s_signalled, sleep_for_an_hour, s_signalled);
    assert_true(loop_cancelled(s_signalled));
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    loop_close(&s_signalled);
    loop_free(NULL);
}

#define WITH_WORLD(function) cmocka_unit_test_setup_teardown((function), setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(timers_fire_in_order),
        WITH_WORLD(two_hundred_tasks),
        WITH_WORLD(stacks_are_used_again),
        WITH_WORLD(ready_tasks_run_first_in_first_out),
        WITH_WORLD(gates_hold_their_width_and_order),
        WITH_WORLD(suspended_until_ready),
        WITH_WORLD(the_loop_waits_for_detached_tasks),
        WITH_WORLD(cancel_cuts_sleeps_short),
        WITH_WORLD(stacks_are_deep_enough),
        cmocka_unit_test(offloaded_work_runs_side_by_side),
        WITH_WORLD(offload_can_be_inline),
        cmocka_unit_test(a_signal_ends_a_real_wait),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
