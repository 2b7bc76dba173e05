/* What the training jobs of a plan are likely to take: as long as the job of the model's version
 * before, else as most of the stack's jobs did. From the listing alone: no request is sent for it,
 * so the times have the start of the instances in them. */
#include "engine/reconcile/planner_internal.h"
#include "engine/resource/names.h"

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return x < y ? -1 : x > y;
}

/* How long finished jobs took, by the name of their first attempt. */
struct times {
    struct map *by_job; /* name -> int64_t */
    VEC(int64_t) all;
};

static struct times times_of(struct planner *p)
{
    struct times times = {.by_job = map_new(p->scratch)};
    size_t stem = name_thing_prefix(p->scratch, p->want, 't').len + FP12;
    for (size_t i = 0; i < p->seen->jobs.len; i++) {
        const struct seen_job *job = &p->seen->jobs.items[i];
        if (!str_eq(job->status, STR("Completed")) || job->ended_ms <= job->created_ms)
            continue;
        int64_t *took = VEC_PUSH(p->scratch, &times.all);
        *took = (job->ended_ms - job->created_ms + 999) / 1000;
        int64_t *kept = ARENA_NEW(p->scratch, int64_t);
        *kept = *took;
        map_put(times.by_job, str_slice(job->name, 0, stem), kept);
    }
    if (times.all.len > 1)
        qsort(times.all.items, times.all.len, sizeof(int64_t), by_value);
    return times;
}

/* -1: nothing is known. */
static int64_t
took_before(struct planner *p, const struct times *times, const struct want_model *model)
{
    const struct record_model *known = record_find(&p->seen->record, model->name);
    const int64_t *took = NULL;
    if (known != NULL && !str_is_null(known->live.fp))
        took = map_get(times->by_job, name_thing(p->scratch, p->want, 't', known->live.fp));
    if (took != NULL)
        return *took;
    return times->all.len > 0 ? times->all.items[times->all.len / 2] : -1;
}

void plan_training_time(struct planner *p)
{
    const struct want *want = p->want;
    struct plan_training *training = &p->plan->training;
    *training = (struct plan_training){
        .instance_type = want->training_instance,
        .instances = want->training_count,
        .volume_gb = want->training_volume_gb,
        .max_runtime_s = want->max_runtime_s,
        .max_wait_s = want->max_wait_s,
        .keep_alive_s = want->keep_alive_s,
        .concurrency = want->training_concurrency,
        .known = true};
    struct times times = times_of(p);
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        const struct change *change = p->plan->changes.items[i];
        const struct training_plan *subject = change->subject;
        if (change->kind != KIND_TRAINING_JOB || change->action != ACTION_CREATE ||
            subject->lead != NULL) /* paid for in another region */
            continue;
        int64_t took = took_before(p, &times, subject->model);
        training->jobs++;
        training->known = training->known && took >= 0;
        training->expected_s += took >= 0 ? took : 0;
    }
}
