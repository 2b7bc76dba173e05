#include "engine/base/batch.h"

#include "tests/harness/test.h"

#include <stdatomic.h>

enum { MAX = 5000 };

struct work {
    struct loop *loop;
    size_t count, size;
    unsigned char done[MAX];
    size_t batches[MAX];
    atomic_size_t calls;
};

static void note(void *arg, size_t batch, size_t from, size_t to)
{
    struct work *work = arg;
    atomic_fetch_add(&work->calls, 1);
    for (size_t i = from; i < to; i++) {
        work->done[i]++;
        work->batches[i] = batch;
    }
}

static void run(void *arg)
{
    struct work *work = arg;
    batch_run(work->loop, work->count, work->size, note, work);
}

static void everything_is_done_once(void **state)
{
    (void) state;
    static const struct {
        size_t count, size, calls;
    } s_cases[] = {{0, 10, 0},   {1, 10, 1},     {10, 10, 1},   {11, 10, 2},
                   {99, 10, 10}, {MAX, 1, MAX},  {MAX, 64, 79}, {MAX, MAX - 1, 2},
                   {3, 100, 1},  {MAX, 1000, 5}, {MAX, 999, 6}};
    for (unsigned threads = 0; threads < 4; threads += 3)
        for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
            struct work *work = xmalloc(sizeof(*work));
            memset(work, 0, sizeof(*work));
            work->loop = loop_new(clock_system());
            loop_set_offload(work->loop, threads);
            work->count = s_cases[i].count;
            work->size = s_cases[i].size;
            loop_run(work->loop, run, work);
            assert_int_equal(work->calls, s_cases[i].calls);
            assert_int_equal(batch_count(work->count, work->size), s_cases[i].calls);
            for (size_t k = 0; k < work->count; k++) {
                assert_int_equal(work->done[k], 1);
                assert_int_equal(work->batches[k], k / work->size);
            }
            loop_free(work->loop);
            xfree(work);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_is_done_once)};
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
