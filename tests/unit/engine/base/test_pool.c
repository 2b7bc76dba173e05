#include "engine/base/pool.h"

#include "tests/harness/test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 3U
#define LIMIT_S 10

/* Jobs that end once `wanted` of them have met, or when the time is up. */
struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t all;
    size_t present, wanted;
    bool late;
};

static void meeting_init(struct meeting *meeting, size_t wanted)
{
    *meeting = (struct meeting){.wanted = wanted};
    assert_int_equal(pthread_mutex_init(&meeting->mutex, NULL), 0);
    assert_int_equal(pthread_cond_init(&meeting->all, NULL), 0);
}

static void meeting_done(struct meeting *meeting)
{
    pthread_cond_destroy(&meeting->all);
    pthread_mutex_destroy(&meeting->mutex);
}

static void meet(void *arg)
{
    struct meeting *meeting = arg;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_S;
    pthread_mutex_lock(&meeting->mutex);
    meeting->present++;
    pthread_cond_broadcast(&meeting->all);
    while (meeting->present < meeting->wanted && !meeting->late)
        meeting->late = pthread_cond_timedwait(&meeting->all, &meeting->mutex, &until) != 0;
    pthread_mutex_unlock(&meeting->mutex);
}

/* Waits for `count` finished jobs. A thread that finished one holds the pool's lock until it is
 * idle, so when the job is collected its thread waits for work. */
static void collect(struct pool *pool, int wake_fd, size_t count)
{
    while (count > 0) {
        struct pollfd ready = {.fd = wake_fd, .events = POLLIN};
        uint64_t written;
        assert_int_equal(poll(&ready, 1, 2 * LIMIT_S * 1000), 1);
        assert_int_equal(read(wake_fd, &written, sizeof(written)), sizeof(written));
        for (struct pool_job *job = pool_collect(pool); job != NULL; job = job->next, count--)
            assert_true(count > 0);
    }
}

static void submit(struct pool *pool, struct pool_job *jobs, size_t count, struct meeting *meeting)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct pool_job){.fn = meet, .arg = meeting};
        pool_submit(pool, &jobs[i]);
    }
}

/* As many jobs as the pool may have threads come at once while n_idle threads wait for work. */
static void run_burst(size_t n_idle)
{
    struct pool_job jobs[THREADS];
    struct meeting meeting;
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(wake_fd >= 0);
    struct pool *pool = pool_new(THREADS, wake_fd);
    if (n_idle > 0) {
        meeting_init(&meeting, n_idle);
        submit(pool, jobs, n_idle, &meeting);
        collect(pool, wake_fd, n_idle);
        assert_false(meeting.late);
        meeting_done(&meeting);
    }
    meeting_init(&meeting, THREADS);
    submit(pool, jobs, THREADS, &meeting);
    collect(pool, wake_fd, THREADS);
    assert_false(meeting.late);
    meeting_done(&meeting);
    pool_free(pool);
    close(wake_fd);
}

static void a_burst_uses_every_thread(void **state)
{
    (void) state;
    for (size_t n_idle = 0; n_idle <= THREADS; n_idle++)
        run_burst(n_idle);
}

static void count_up(void *arg)
{
    ++*(size_t *) arg;
}

static void one_thread_runs_every_job(void **state)
{
    (void) state;
    struct pool_job jobs[20];
    size_t done = 0;
    int wake_fd = eventfd(0, EFD_CLOEXEC);
    struct pool *pool = pool_new(1, wake_fd);
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        jobs[i] = (struct pool_job){.fn = count_up, .arg = &done};
        pool_submit(pool, &jobs[i]);
    }
    collect(pool, wake_fd, ARRAY_LEN(jobs));
    assert_int_equal(done, ARRAY_LEN(jobs));
    pool_free(pool);
    pool_free(NULL);
    close(wake_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_uses_every_thread),
        cmocka_unit_test(one_thread_runs_every_job),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
