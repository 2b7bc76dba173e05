/* tests/unit/engine/reconcile/lease_scene.h - runs on machines of one's choosing that compete for a
 * lease.
 *
 * Header-only; the store is the toy's (toy_lease.h), each machine a name, a boot and a process.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_LEASE_SCENE_H
#define TESTS_UNIT_ENGINE_RECONCILE_LEASE_SCENE_H

#include "tests/unit/engine/reconcile/toy.h"

#include "engine/reconcile/lease.h"

/* The store's clock is the toy's; a run's own wall clock may be wrong (wall_skew_ms). */

#define MINUTE 60000

/* ---- machines and processes ---- */

struct machine {
    const char *id, *boot, *pid_namespace;
    int64_t pid, dead_pid;
};

static UNUSED struct host_process machine_self(void *self, struct arena *arena)
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

static UNUSED bool machine_is_alive(void *self, int64_t pid, uint64_t start_time)
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

static UNUSED void lease_task(void *arg)
{
    const struct lease_task *task = arg;
    task->work(task->t);
}

static UNUSED void in_task(struct toy *t, lease_work_fn *work)
{
    struct lease_task task = {t, work};
    t->err = (struct err){0};
    t->code = ERR_NONE;
    loop_run(t->loop, lease_task, &task);
}

static UNUSED struct toy *lease_toy(struct arena *arena)
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

static UNUSED enum err_code take(struct toy *t)
{
    return t->code = lease_acquire(&t->r, &t->s->want, "apply", NULL, &t->err);
}

static UNUSED void take_and_give_back(struct toy *t)
{
    if (take(t) == ERR_NONE)
        lease_release(t->r.lease);
}

static UNUSED size_t count(const struct toy *t, const char *line)
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
static UNUSED void
put_other(struct toy *t, const char *machine, const char *boot, const char *ns, int pid)
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

static UNUSED bool is_other(const struct toy *t)
{
    return t->lease.present && str_find(t->lease.text, STR("\"other\"")) != SIZE_MAX;
}

/* ---- taking and giving back ---- */

#endif
