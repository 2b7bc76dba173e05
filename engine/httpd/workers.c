#include "engine/httpd/workers.h"

#include "engine/base/arena.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct job {
    struct job *next;
    workers_fn *fn;
    void *arg;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first, **last;
    pthread_t *threads;
    unsigned n_threads, max_threads, idle;
    bool ending;
};

static void *work(void *arg)
{
    struct workers *workers = arg;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (workers->first == NULL && !workers->ending) {
            workers->idle++;
            pthread_cond_wait(&workers->changed, &workers->lock);
            workers->idle--;
        }
        struct job *job = workers->first;
        if (job == NULL)
            break;
        workers->first = job->next;
        if (workers->first == NULL)
            workers->last = &workers->first;
        pthread_mutex_unlock(&workers->lock);
        job->fn(job->arg);
        xfree(job);
        pthread_mutex_lock(&workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_new(unsigned threads)
{
    struct workers *workers = xmalloc(sizeof(*workers));
    *workers = (struct workers){
        .threads = xmalloc(threads * sizeof(*workers->threads)), .max_threads = threads};
    workers->last = &workers->first;
    if (pthread_mutex_init(&workers->lock, NULL) != 0 ||
        pthread_cond_init(&workers->changed, NULL) != 0)
        abort();
    return workers;
}

void workers_submit(struct workers *workers, workers_fn *fn, void *arg)
{
    struct job *job = xmalloc(sizeof(*job));
    *job = (struct job){.fn = fn, .arg = arg};
    pthread_mutex_lock(&workers->lock);
    *workers->last = job;
    workers->last = &job->next;
    /* A thread less than wanted is no fault as long as there is one. */
    if (workers->idle == 0 && workers->n_threads < workers->max_threads &&
        pthread_create(&workers->threads[workers->n_threads], NULL, work, workers) == 0)
        workers->n_threads++;
    if (workers->n_threads == 0)
        abort();
    pthread_cond_signal(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->n_threads; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    xfree(workers->threads);
    xfree(workers);
}
