#include "engine/base/batch.h"

#include <assert.h>

#define MAX_TASKS 8 /* more wait for the pool's threads anyway */

struct batches {
    struct loop *loop;
    batch_fn *fn;
    void *arg;
    size_t count, size, next;
};

struct range {
    const struct batches *batches;
    size_t batch;
};

size_t batch_count(size_t count, size_t size)
{
    assert(size > 0);
    return (count + size - 1) / size;
}

static void run_range(void *arg)
{
    const struct range *range = arg;
    const struct batches *batches = range->batches;
    size_t from = range->batch * batches->size;
    size_t left = batches->count - from;
    batches->fn(
        batches->arg, range->batch, from, from + (left < batches->size ? left : batches->size));
}

static void take_ranges(void *arg)
{
    struct batches *batches = arg;
    while (batches->next < batch_count(batches->count, batches->size)) {
        struct range range = {batches, batches->next++};
        loop_offload(batches->loop, run_range, &range);
    }
}

void batch_run(struct loop *loop, size_t count, size_t size, batch_fn *fn, void *arg)
{
    struct batches batches = {.loop = loop, .fn = fn, .arg = arg, .count = count, .size = size};
    size_t width = batch_count(count, size);
    if (width == 0)
        return;
    if (width == 1) {
        fn(arg, 0, 0, count);
        return;
    }
    struct task *tasks[MAX_TASKS];
    if (width > MAX_TASKS)
        width = MAX_TASKS;
    for (size_t i = 0; i < width; i++)
        tasks[i] = loop_spawn(loop, take_ranges, &batches);
    for (size_t i = 0; i < width; i++)
        loop_join(loop, tasks[i]);
}
