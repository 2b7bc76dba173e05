#include "engine/base/loop.h"

#include "engine/base/arena.h"
#include "engine/base/pool.h"
#include "engine/base/stack.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SPARE_STACKS = 32 };

struct task {
    struct loop *loop;
    struct stack *stack;
    task_fn *fn;
    void *arg;
    struct task *next;   /* in the ready queue or at a gate */
    struct task *joiner; /* waits for this one to end */
    bool ended, detached, queued;
    int64_t wake_at_ms;
    uint64_t sequence; /* of its timer: equal times fire in the order they were set */
    size_t heap_index; /* SIZE_MAX when no timer is set */
};

struct loop {
    struct clock clock;
    struct task *running;
    struct task *ready_first, *ready_last;
    struct task **timers; /* a binary heap */
    size_t n_timers, cap_timers;
    uint64_t next_sequence;
    size_t alive;
    const struct loop_poller_ops *poller;
    void *poller_self;
    struct pool *pool;
    unsigned offload_threads;
    size_t offloaded;
    struct stack *spare[SPARE_STACKS]; /* of tasks that have ended, for the next ones */
    size_t n_spare;
    int wake_fd;
    bool cancelled; /* set in a signal handler: atomically */
};

struct loop *loop_new(struct clock clock)
{
    struct loop *loop = xmalloc(sizeof(*loop));
    memset(loop, 0, sizeof(*loop));
    loop->clock = clock;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    loop->offload_threads = cores > 0 ? (unsigned) cores : 1;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    assert(loop->alive == 0);
    pool_free(loop->pool);
    while (loop->n_spare > 0)
        stack_free(loop->spare[--loop->n_spare]);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    xfree(loop->timers);
    xfree(loop);
}

void loop_close(struct loop **loop)
{
    loop_free(*loop);
    *loop = NULL;
}

void loop_set_poller(struct loop *loop, const struct loop_poller_ops *ops, void *self)
{
    loop->poller = ops;
    loop->poller_self = self;
}

struct clock loop_clock(const struct loop *loop)
{
    return loop->clock;
}

/* ---- timers ---- */

static bool earlier(const struct task *a, const struct task *b)
{
    return a->wake_at_ms != b->wake_at_ms ? a->wake_at_ms < b->wake_at_ms
                                          : a->sequence < b->sequence;
}

static void heap_put(struct loop *loop, size_t index, struct task *task)
{
    loop->timers[index] = task;
    task->heap_index = index;
}

static void heap_up(struct loop *loop, size_t index)
{
    struct task *task = loop->timers[index];
    while (index > 0 && earlier(task, loop->timers[(index - 1) / 2])) {
        heap_put(loop, index, loop->timers[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_put(loop, index, task);
}

static void heap_down(struct loop *loop, size_t index)
{
    struct task *task = loop->timers[index];
    for (;;) {
        size_t child = index * 2 + 1;
        if (child >= loop->n_timers)
            break;
        if (child + 1 < loop->n_timers && earlier(loop->timers[child + 1], loop->timers[child]))
            child++;
        if (!earlier(loop->timers[child], task))
            break;
        heap_put(loop, index, loop->timers[child]);
        index = child;
    }
    heap_put(loop, index, task);
}

static void timer_set(struct loop *loop, struct task *task, int64_t at_ms)
{
    if (loop->n_timers == loop->cap_timers) {
        loop->cap_timers = loop->cap_timers > 0 ? loop->cap_timers * 2 : 16;
        loop->timers = xrealloc(loop->timers, loop->cap_timers * sizeof(struct task *));
    }
    task->wake_at_ms = at_ms;
    task->sequence = loop->next_sequence++;
    heap_put(loop, loop->n_timers++, task);
    heap_up(loop, task->heap_index);
}

static void timer_clear(struct loop *loop, struct task *task)
{
    size_t index = task->heap_index;
    if (index == SIZE_MAX)
        return;
    task->heap_index = SIZE_MAX;
    struct task *last = loop->timers[--loop->n_timers];
    if (last == task)
        return;
    heap_put(loop, index, last);
    heap_up(loop, index);
    heap_down(loop, last->heap_index);
}

/* ---- tasks ---- */

void loop_ready(struct loop *loop, struct task *task)
{
    if (task->queued || task->ended)
        return;
    timer_clear(loop, task);
    task->queued = true;
    task->next = NULL;
    if (loop->ready_last != NULL)
        loop->ready_last->next = task;
    else
        loop->ready_first = task;
    loop->ready_last = task;
}

static void task_main(void *arg)
{
    struct task *task = arg;
    task->fn(task->arg);
}

static struct task *task_new(struct loop *loop, task_fn *fn, void *arg)
{
    struct task *task = xmalloc(sizeof(*task));
    *task = (struct task){.loop = loop, .fn = fn, .arg = arg, .heap_index = SIZE_MAX};
    task->stack = loop->n_spare > 0 ? stack_again(loop->spare[--loop->n_spare], task_main, task)
                                    : stack_new(task_main, task);
    loop->alive++;
    loop_ready(loop, task);
    return task;
}

static void task_free(struct task *task)
{
    struct loop *loop = task->loop;
    if (loop->n_spare < SPARE_STACKS)
        loop->spare[loop->n_spare++] = task->stack;
    else
        stack_free(task->stack);
    xfree(task);
}

struct task *loop_spawn(struct loop *loop, task_fn *fn, void *arg)
{
    return task_new(loop, fn, arg);
}

void loop_detach(struct loop *loop, struct task *task)
{
    (void) loop;
    task->detached = true;
    if (task->ended)
        task_free(task);
}

void loop_join(struct loop *loop, struct task *task)
{
    while (!task->ended) {
        task->joiner = loop->running;
        loop_suspend(loop);
    }
    task_free(task);
}

struct task *loop_current(struct loop *loop)
{
    return loop->running;
}

void loop_suspend(struct loop *loop)
{
    assert(loop->running != NULL);
    stack_leave(loop->running->stack);
}

void loop_yield(struct loop *loop)
{
    loop_ready(loop, loop->running);
    loop_suspend(loop);
}

void loop_sleep_ms(struct loop *loop, int64_t ms)
{
    if (ms <= 0 || loop_cancelled(loop)) {
        loop_yield(loop);
        return;
    }
    timer_set(loop, loop->running, clock_mono_ms(loop->clock) + ms);
    loop_suspend(loop);
}

static void run_ready(struct loop *loop)
{
    struct task *task = loop->ready_first;
    loop->ready_first = task->next;
    if (loop->ready_first == NULL)
        loop->ready_last = NULL;
    task->queued = false;
    loop->running = task;
    bool finished = stack_enter(task->stack);
    loop->running = NULL;
    if (!finished)
        return;
    task->ended = true;
    loop->alive--;
    if (task->joiner != NULL)
        loop_ready(loop, task->joiner);
    else if (task->detached)
        task_free(task);
}

/* ---- the loop ---- */

static void fire_timers(struct loop *loop)
{
    int64_t now = clock_mono_ms(loop->clock);
    bool all = loop_cancelled(loop);
    while (loop->n_timers > 0 && (all || loop->timers[0]->wake_at_ms <= now))
        loop_ready(loop, loop->timers[0]);
}

static void collect_offloaded(struct loop *loop)
{
    uint64_t count;
    ssize_t got = read(loop->wake_fd, &count, sizeof(count));
    (void) got; /* EAGAIN: nothing was written */
    if (loop->pool == NULL)
        return;
    for (struct pool_job *job = pool_collect(loop->pool); job != NULL;) {
        struct pool_job *next = job->next;
        struct task *owner = job->owner;
        job->owner = NULL; /* tells the waiting task that it is done */
        loop->offloaded--;
        loop_ready(loop, owner);
        job = next;
    }
}

static void wait_for_events(struct loop *loop)
{
    int64_t timeout_ms = -1;
    if (loop->n_timers > 0) {
        timeout_ms = loop->timers[0]->wake_at_ms - clock_mono_ms(loop->clock);
        if (timeout_ms < 0)
            timeout_ms = 0;
    }
    if (loop->poller != NULL) {
        loop->poller->poll(loop->poller_self, timeout_ms, loop->wake_fd);
        return;
    }
    struct pollfd fd = {.fd = loop->wake_fd, .events = POLLIN};
    int limit = timeout_ms > 60000 ? 60000 : (int) timeout_ms;
    (void) poll(&fd, 1, limit);
}

void loop_run(struct loop *loop, task_fn *fn, void *arg)
{
    assert(loop->running == NULL);
    loop_detach(loop, task_new(loop, fn, arg));
    while (loop->alive > 0) {
        while (loop->ready_first != NULL)
            run_ready(loop);
        if (loop->alive == 0)
            break;
        if (loop->pool != NULL) /* asking is a system call */
            collect_offloaded(loop);
        fire_timers(loop);
        if (loop->ready_first == NULL) {
            wait_for_events(loop);
            collect_offloaded(loop);
            fire_timers(loop);
        }
    }
}

/* ---- threads ---- */

void loop_set_offload(struct loop *loop, unsigned threads)
{
    assert(loop->pool == NULL);
    loop->offload_threads = threads;
}

void loop_offload(struct loop *loop, task_fn *fn, void *arg)
{
    if (loop->offload_threads == 0) {
        fn(arg);
        return;
    }
    if (loop->pool == NULL)
        loop->pool = pool_new(loop->offload_threads, loop->wake_fd);
    struct pool_job job = {.fn = fn, .arg = arg, .owner = loop->running};
    loop->offloaded++;
    pool_submit(loop->pool, &job);
    while (job.owner != NULL)
        loop_suspend(loop);
}

/* ---- gates ---- */

void gate_init(struct gate *gate, size_t width)
{
    *gate = (struct gate){.width = width > 0 ? width : 1};
}

void gate_enter(struct loop *loop, struct gate *gate)
{
    if (gate->inside < gate->width && gate->first == NULL) {
        gate->inside++;
        return;
    }
    struct task *task = loop->running;
    task->next = NULL;
    if (gate->last != NULL)
        gate->last->next = task;
    else
        gate->first = task;
    gate->last = task;
    /* The place is handed over by gate_leave(). */
    loop_suspend(loop);
}

void gate_leave(struct loop *loop, struct gate *gate)
{
    struct task *task = gate->first;
    if (task == NULL) {
        gate->inside--;
        return;
    }
    gate->first = task->next;
    if (gate->first == NULL)
        gate->last = NULL;
    loop_ready(loop, task);
}

/* ---- interrupts ---- */

void loop_cancel(struct loop *loop)
{
    __atomic_store_n(&loop->cancelled, true, __ATOMIC_RELEASE);
    uint64_t one = 1;
    int before = errno;
    ssize_t written = write(loop->wake_fd, &one, sizeof(one));
    (void) written;
    errno = before;
}

bool loop_cancelled(const struct loop *loop)
{
    return __atomic_load_n(&loop->cancelled, __ATOMIC_ACQUIRE);
}

const bool *loop_cancel_flag(const struct loop *loop)
{
    return &loop->cancelled;
}
