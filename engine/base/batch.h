/* engine/base/batch.h - the same work on many things, on the threads of the pool.
 *
 * Called from a task; it waits until all is done. The things are taken in ranges, several at once,
 * so what fn() writes for one of them must be its own. A single range is done at once, on the
 * caller's thread.
 */
#ifndef ENGINE_BASE_BATCH_H
#define ENGINE_BASE_BATCH_H

#include "engine/base/loop.h"

/* Of things from <= i < to; batch counts the ranges from 0. */
typedef void batch_fn(void *arg, size_t batch, size_t from, size_t to);

size_t batch_count(size_t count, size_t size);
void batch_run(struct loop *loop, size_t count, size_t size, batch_fn *fn, void *arg);

#endif
