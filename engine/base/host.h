/* engine/base/host.h - which process this is, and whether another one of this machine still lives.
 *
 * A process is known by machine, boot, pid namespace, pid and the time it started: a pid alone
 * comes back. Facts are read from /proc and /etc/machine-id (proc(5), machine-id(5)); what cannot
 * be read is empty, and then nothing is concluded from it. A seam: tests and simulations choose
 * their own. Ownership: texts live on the arena given. Threads: any.
 */
#ifndef ENGINE_BASE_HOST_H
#define ENGINE_BASE_HOST_H

#include "engine/base/str.h"

struct host_process {
    struct str machine, boot, pid_namespace; /* empty: not known */
    int64_t pid;
    uint64_t start_time; /* in clock ticks since the boot; 0: not known */
};

struct host_ops {
    struct host_process (*self)(void *self, struct arena *arena);
    /* Whether that very process runs; true when it cannot be told. */
    bool (*is_alive)(void *self, int64_t pid, uint64_t start_time);
};

struct host {
    const struct host_ops *ops; /* NULL: nothing is known */
    void *self;
};

struct host host_system(void);
struct host_process host_self(struct host host, struct arena *arena);
/* The process ran on this machine, since its last boot, where we see its pid, and is gone. */
bool host_saw_it_end(struct host host, struct arena *arena, const struct host_process *process);

#endif
