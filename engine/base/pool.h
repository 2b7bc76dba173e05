/* engine/base/pool.h - threads that run functions and report back through one file descriptor.
 *
 * What loop_offload() stands on. Threads start on first use. Finished jobs are collected with
 * pool_collect() by the thread that owns the pool.
 */
#ifndef ENGINE_BASE_POOL_H
#define ENGINE_BASE_POOL_H

#include "engine/base/base.h"

struct pool;

struct pool_job {
    void (*fn)(void *arg);
    void *arg;
    void *owner; /* for whoever collects it */
    struct pool_job *next;
};

/* wake_fd: an eventfd that is written once per finished job. */
struct pool *pool_new(unsigned threads, int wake_fd);
void pool_submit(struct pool *pool, struct pool_job *job);
struct pool_job *
pool_collect(struct pool *pool);   /* a list of finished jobs, first finished first */
void pool_free(struct pool *pool); /* waits for running jobs; accepts NULL */

#endif
