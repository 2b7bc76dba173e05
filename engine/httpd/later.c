#define _GNU_SOURCE /* pthread_condattr_setclock */
#include "engine/httpd/later.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

struct entry {
    int64_t due_us;
    void *arg;
};

struct later {
    later_fn *fn;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, stopping;
    /* By time: nearly always one delay for all, so that a new entry goes to the end. */
    struct entry *entries;
    size_t first, len, cap;
};

static void wait_until(struct later *later, int64_t due_us)
{
    struct timespec until = {
        .tv_sec = (time_t) (due_us / 1000000), .tv_nsec = (long) (due_us % 1000000) * 1000};
    pthread_cond_timedwait(&later->changed, &later->lock, &until);
}

static void *run(void *arg)
{
    struct later *later = arg;
    pthread_mutex_lock(&later->lock);
    while (!later->stopping || later->len > 0) {
        if (later->len == 0) {
            pthread_cond_wait(&later->changed, &later->lock);
            continue;
        }
        struct entry entry = later->entries[later->first];
        if (!later->stopping && entry.due_us > clock_tick_us()) {
            wait_until(later, entry.due_us);
            continue;
        }
        later->first++;
        later->len--;
        pthread_mutex_unlock(&later->lock);
        later->fn(entry.arg);
        pthread_mutex_lock(&later->lock);
    }
    pthread_mutex_unlock(&later->lock);
    return NULL;
}

struct later *later_new(later_fn *fn)
{
    struct later *later = xmalloc(sizeof(*later));
    *later = (struct later){.fn = fn};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&later->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&later->lock, NULL);
    return later;
}

/* The slots of what has fired are used again once they are most of it. */
static void make_room(struct later *later)
{
    if (later->first + later->len < later->cap)
        return;
    if (later->first > later->cap / 2) {
        memmove(later->entries, later->entries + later->first, later->len * sizeof(struct entry));
        later->first = 0;
        return;
    }
    later->cap = later->cap == 0 ? 64 : later->cap * 2;
    later->entries = xrealloc(later->entries, later->cap * sizeof(struct entry));
}

static void insert(struct later *later, struct entry entry)
{
    make_room(later);
    struct entry *entries = later->entries + later->first;
    size_t at = later->len++;
    for (; at > 0 && entries[at - 1].due_us > entry.due_us; at--)
        entries[at] = entries[at - 1];
    entries[at] = entry;
}

void later_call(struct later *later, void *arg, int64_t after_ms)
{
    pthread_mutex_lock(&later->lock);
    bool at_once = later->stopping;
    if (!at_once && !later->started)
        at_once = pthread_create(&later->thread, NULL, run, later) != 0;
    if (!at_once) {
        later->started = true;
        insert(later, (struct entry){clock_tick_us() + after_ms * 1000, arg});
        pthread_cond_signal(&later->changed);
    }
    pthread_mutex_unlock(&later->lock);
    if (at_once)
        later->fn(arg);
}

void later_stop(struct later *later)
{
    pthread_mutex_lock(&later->lock);
    bool started = later->started;
    later->stopping = true;
    later->started = false;
    pthread_cond_signal(&later->changed);
    pthread_mutex_unlock(&later->lock);
    if (started)
        pthread_join(later->thread, NULL);
}

void later_free(struct later *later)
{
    if (later == NULL)
        return;
    pthread_cond_destroy(&later->changed);
    pthread_mutex_destroy(&later->lock);
    xfree(later->entries);
    xfree(later);
}
