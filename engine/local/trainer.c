#include "engine/local/trainer.h"

#include "engine/local/sm.h"

#include <pthread.h>

enum { WORKERS = 2 };

/* A job that waits or runs; in submission order. */
struct task {
    struct task *next;
    bool running, cancel;
    char *region, *name;
};

struct state {
    struct local *local;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct task *first;
    pthread_t threads[WORKERS];
    size_t n_threads;
    bool stopping;
};

static char *copy_z(struct str text)
{
    char *copy = xmalloc(text.len + 1);

    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

static void task_free(struct task *task)
{
    xfree(task->region);
    xfree(task->name);
    xfree(task);
}

static void unlink_task(struct state *state, struct task *task)
{
    struct task **at = &state->first;

    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
}

static struct task *next_waiting(struct state *state)
{
    for (struct task *task = state->first; task != NULL; task = task->next)
        if (!task->running)
            return task;
    return NULL;
}

static void *work(void *arg)
{
    struct state *state = arg;
    struct task *task;

    pthread_mutex_lock(&state->lock);
    for (;;) {
        while (!state->stopping && (task = next_waiting(state)) == NULL)
            pthread_cond_wait(&state->changed, &state->lock);
        if (state->stopping)
            break;
        task->running = true;
        pthread_mutex_unlock(&state->lock);
        trainer_work(state->local, str_from(task->region), str_from(task->name), &task->cancel);
        pthread_mutex_lock(&state->lock);
        unlink_task(state, task);
        task_free(task);
    }
    pthread_mutex_unlock(&state->lock);
    return NULL;
}

/* Threads start with the first jobs: a world that only serves needs none. Lock held. */
static void grow(struct state *state)
{
    if (state->n_threads < WORKERS &&
        pthread_create(&state->threads[state->n_threads], NULL, work, state) == 0)
        state->n_threads++;
}

void trainer_submit(struct local *local, struct str region, struct str name)
{
    struct state *state = local_state(local, &local_trainer_room);
    struct task *task, **end;
    const bool never = false;

    if (local_options(local)->inline_work) {
        trainer_work(local, region, name, &never);
        return;
    }
    task = xmalloc(sizeof(*task));
    *task = (struct task){.region = copy_z(region), .name = copy_z(name)};
    pthread_mutex_lock(&state->lock);
    for (end = &state->first; *end != NULL; end = &(*end)->next)
        ;
    *end = task;
    grow(state);
    pthread_cond_signal(&state->changed);
    pthread_mutex_unlock(&state->lock);
}

void trainer_cancel(struct local *local, struct str region, struct str name)
{
    struct state *state = local_state(local, &local_trainer_room);

    if (state == NULL)
        return;
    pthread_mutex_lock(&state->lock);
    for (struct task *task = state->first; task != NULL; task = task->next)
        if (str_eq_z(region, task->region) && str_eq_z(name, task->name))
            __atomic_store_n(&task->cancel, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&state->lock);
}

/* ------------------------------------------------------------------ room */

struct unfinished {
    struct arena *arena;
    VEC(struct sm_thing) jobs;
};

static void collect(void *arg, const struct sm_thing *job)
{
    struct unfinished *unfinished = arg;

    if (str_eq_z(job->status, "InProgress") && json_get(job->doc, "result") == NULL)
        *VEC_PUSH(unfinished->arena, &unfinished->jobs) = *job;
}

static enum err_code trainer_start(struct local *local, void **ret_state, struct err *err)
{
    struct arena *AUTO(arena_close) arena = arena_new("training jobs", 0);
    struct unfinished unfinished = {.arena = arena};
    struct state *state = xmalloc(sizeof(*state));
    enum err_code code;

    *state = (struct state){.local = local};
    pthread_mutex_init(&state->lock, NULL);
    pthread_cond_init(&state->changed, NULL);
    *ret_state = state;
    code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    sm_each(local, arena, SM_JOB, collect, &unfinished);
    code = world_leave(local, err);
    for (size_t i = 0; code == ERR_NONE && i < unfinished.jobs.len; i++)
        trainer_submit(local, unfinished.jobs.items[i].region, unfinished.jobs.items[i].name);
    return code;
}

static void trainer_stop(struct local *local, void *arg)
{
    struct state *state = arg;
    struct task *next;

    (void) local;
    if (state == NULL)
        return;
    pthread_mutex_lock(&state->lock);
    state->stopping = true;
    for (struct task *task = state->first; task != NULL; task = task->next)
        __atomic_store_n(&task->cancel, true, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&state->changed);
    pthread_mutex_unlock(&state->lock);
    for (size_t i = 0; i < state->n_threads; i++)
        pthread_join(state->threads[i], NULL);
    for (struct task *task = state->first; task != NULL; task = next) {
        next = task->next;
        task_free(task);
    }
    pthread_cond_destroy(&state->changed);
    pthread_mutex_destroy(&state->lock);
    xfree(state);
}

static void trainer_wipe(struct local *local)
{
    struct state *state = local_state(local, &local_trainer_room);

    pthread_mutex_lock(&state->lock);
    for (struct task *task = state->first; task != NULL; task = task->next)
        __atomic_store_n(&task->cancel, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&state->lock);
}

const struct local_room local_trainer_room = {
    .name = "trainer",
    .start = trainer_start,
    .stop = trainer_stop,
    .wipe = trainer_wipe,
};
