#include "engine/base/pool.h"

#include "engine/base/arena.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define MAX_THREADS 64

struct queue {
    struct pool_job *first, *last;
};

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct queue waiting, finished;
    pthread_t threads[MAX_THREADS];
    unsigned n_threads, max_threads;
    size_t idle, n_waiting;
    bool stop;
    int wake_fd;
};

static void push(struct queue *queue, struct pool_job *job)
{
    job->next = NULL;
    if (queue->last != NULL)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
}

static struct pool_job *pop(struct queue *queue)
{
    struct pool_job *job = queue->first;
    if (job != NULL)
        queue->first = job->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return job;
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        struct pool_job *job = pop(&pool->waiting);
        if (job == NULL && pool->stop)
            break;
        if (job == NULL) {
            pool->idle++;
            pthread_cond_wait(&pool->work, &pool->mutex);
            pool->idle--;
            continue;
        }
        pool->n_waiting--;
        pthread_mutex_unlock(&pool->mutex);
        job->fn(job->arg);
        pthread_mutex_lock(&pool->mutex);
        push(&pool->finished, job);
        uint64_t one = 1;
        ssize_t written = write(pool->wake_fd, &one, sizeof(one));
        (void) written; /* a full counter wakes just as well */
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct pool *pool_new(unsigned threads, int wake_fd)
{
    struct pool *pool = xmalloc(sizeof(*pool));
    memset(pool, 0, sizeof(*pool));
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->max_threads = threads > MAX_THREADS ? MAX_THREADS : threads;
    pool->wake_fd = wake_fd;
    return pool;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
    pthread_mutex_lock(&pool->mutex);
    push(&pool->waiting, job);
    pool->n_waiting++;
    /* An idle thread counts once: it stays idle until it wakes, while more jobs come. */
    if (pool->n_waiting > pool->idle && pool->n_threads < pool->max_threads) {
        /* Signals belong to the loop's thread. */
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        if (pthread_create(&pool->threads[pool->n_threads], NULL, work, pool) == 0)
            pool->n_threads++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    bool alone = pool->n_threads == 0;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    if (alone) {
        fprintf(stderr, "mmectl: cannot start a thread\n");
        abort();
    }
}

struct pool_job *pool_collect(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct pool_job *jobs = pool->finished.first;
    pool->finished = (struct queue){NULL, NULL};
    pthread_mutex_unlock(&pool->mutex);
    return jobs;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    xfree(pool);
}
