#include "engine/httpd/workers.h"

#include "tests/harness/test.h"

#include <pthread.h>

enum { JOBS = 300 };

struct tally {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done, running, most, order[JOBS];
    bool held;
};

struct task {
    struct tally *tally;
    int id;
};

static void run(void *arg)
{
    struct task *task = arg;
    struct tally *tally = task->tally;
    pthread_mutex_lock(&tally->lock);
    tally->order[tally->done + tally->running] = task->id;
    tally->running++;
    tally->most = tally->running > tally->most ? tally->running : tally->most;
    pthread_cond_broadcast(&tally->changed);
    while (tally->held)
        pthread_cond_wait(&tally->changed, &tally->lock);
    tally->running--;
    tally->done++;
    pthread_mutex_unlock(&tally->lock);
}

/* Held jobs show how many run at once; the rest wait, and all have run when the pool is freed. */
static void test_limit(void **state)
{
    (void) state;
    struct tally tally = {.held = true};
    struct task tasks[JOBS];
    pthread_mutex_init(&tally.lock, NULL);
    pthread_cond_init(&tally.changed, NULL);
    struct workers *workers = workers_new(3);
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){&tally, i};
        workers_submit(workers, run, &tasks[i]);
    }
    pthread_mutex_lock(&tally.lock);
    while (tally.running < 3)
        pthread_cond_wait(&tally.changed, &tally.lock);
    assert_int_equal(tally.done, 0);
    tally.held = false;
    pthread_cond_broadcast(&tally.changed);
    pthread_mutex_unlock(&tally.lock);
    workers_free(workers);
    assert_int_equal(tally.done, JOBS);
    assert_int_equal(tally.most, 3);
    pthread_cond_destroy(&tally.changed);
    pthread_mutex_destroy(&tally.lock);
}

static void test_order(void **state)
{
    (void) state;
    struct tally tally = {0};
    struct task tasks[JOBS];
    pthread_mutex_init(&tally.lock, NULL);
    pthread_cond_init(&tally.changed, NULL);
    struct workers *workers = workers_new(1);
    for (int i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){&tally, i};
        workers_submit(workers, run, &tasks[i]);
    }
    workers_free(workers);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(tally.order[i], i);
    workers_free(workers_new(4)); /* one that was never used */
    workers_free(NULL);
    pthread_cond_destroy(&tally.changed);
    pthread_mutex_destroy(&tally.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit), cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
