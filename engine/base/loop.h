/* engine/base/loop.h - the one event loop: cooperative tasks on one thread.
 *
 * A task is a function with a stack of its own that runs until it waits (for a timer, an HTTP
 * answer, a gate, another task, or work offloaded to a thread); then another ready task runs. So
 * code that talks to AWS reads top to bottom, ten of them run side by side, nothing sleeps, and
 * with a virtual clock the order is the same on every run: ready tasks run first in, first out.
 * (QEMU's coroutines and libtask are the models.)
 *
 * Threads: everything here is called on the loop's thread, except loop_wake_from_thread().
 * A task's stack is 256 KiB with a guard page; big buffers belong on an arena.
 */
#ifndef ENGINE_BASE_LOOP_H
#define ENGINE_BASE_LOOP_H

#include "engine/base/clock.h"
#include "engine/base/err.h"

struct loop;
struct task;

typedef void task_fn(void *arg);

/* Whatever brings outside events in (libcurl, or a virtual clock). poll() waits at most timeout_ms
 * (-1: until something happens) or until wake_fd is readable, and calls loop_ready() for every task
 * whose answer came. */
struct loop_poller_ops {
    void (*poll)(void *self, int64_t timeout_ms, int wake_fd);
};

struct loop *loop_new(struct clock clock);
void loop_free(struct loop *loop);
void loop_close(struct loop **loop);
/* Without a poller the loop waits on its timers and wake_fd alone. */
void loop_set_poller(struct loop *loop, const struct loop_poller_ops *ops, void *self);
struct clock loop_clock(const struct loop *loop);

/* Runs fn(arg) as the first task and every task it spawns; returns when all have ended. */
void loop_run(struct loop *loop, task_fn *fn, void *arg);
/* Starts another task; only from inside a task. It runs when the caller next waits. */
struct task *loop_spawn(struct loop *loop, task_fn *fn, void *arg);
/* Waits for it to end and forgets it. Every spawned task is joined exactly once or detached. */
void loop_join(struct loop *loop, struct task *task);
void loop_detach(struct loop *loop, struct task *task);
void loop_sleep_ms(struct loop *loop, int64_t ms);
void loop_yield(struct loop *loop);

/* For transports: the running task; wait until somebody calls loop_ready(task). */
struct task *loop_current(struct loop *loop);
void loop_suspend(struct loop *loop);
void loop_ready(struct loop *loop, struct task *task);

/* Runs fn(arg) on a thread of the pool and waits for it; inline when the loop was told so. */
void loop_offload(struct loop *loop, task_fn *fn, void *arg);
void loop_set_offload(
    struct loop *loop, unsigned threads); /* 0: inline (simulations). Default: cores */

/* A counting gate: at most `width` tasks inside at once, first come first served. */
struct gate {
    size_t width, inside;
    struct task *first, *last;
};
void gate_init(struct gate *gate, size_t width);
void gate_enter(struct loop *loop, struct gate *gate);
void gate_leave(struct loop *loop, struct gate *gate);

/* Interrupts: set once from a signal handler (async-signal-safe), seen by waits. A cancelled loop
 * cuts loop_sleep_ms() short; callers check loop_cancelled() where they would start something new.
 */
void loop_cancel(struct loop *loop);
bool loop_cancelled(const struct loop *loop);
/* What loop_cancelled() reads, for work on other threads that asks now and then. */
const bool *loop_cancel_flag(const struct loop *loop);

#endif
