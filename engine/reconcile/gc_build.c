#include "engine/plan/artifact.h"
#include "engine/reconcile/gc.h"
#include "engine/reconcile/planner.h"
#include "engine/resource/names.h"

struct collector {
    struct arena *arena;
    const struct plan *apply;
    const struct want *want;
    const struct snapshot *seen;
    struct garbage *out;
};

static bool is_running(const struct seen_job *job)
{
    return str_eq(job->status, STR("InProgress")) || str_eq(job->status, STR("Stopping"));
}

/* A job of a recipe that the spec has: its failure is remembered by it, its output may be used. */
static bool is_wanted_job(const struct want *want, struct str job)
{
    for (size_t i = 0; i < want->n_models; i++)
        if (!str_is_null(want->models[i].job) && name_attempt_of(want->models[i].job, job) > 0)
            return true;
    return false;
}

struct seen_job **gc_suspects(struct arena *arena, const struct plan *apply, size_t *ret_count)
{
    const struct plan_context *context = apply->context;
    struct snapshot *seen = context->seen;
    struct seen_job **suspects = ARENA_ARRAY(arena, seen->jobs.len, struct seen_job *);
    *ret_count = 0;
    for (size_t i = 0; i < seen->jobs.len; i++) {
        struct seen_job *job = &seen->jobs.items[i];
        if (!job->inspected && !is_running(job) && !is_wanted_job(context->want, job->name))
            suspects[(*ret_count)++] = job;
    }
    return suspects;
}

/* Published, or behind the URL that the endpoint serves now in a mode where being there is enough.
 */
static bool is_served(const struct collector *c, struct str key)
{
    const struct record *record = &c->seen->record;
    for (size_t i = 0; i < record->models.len; i++)
        if (str_eq(record->models.items[i].live.key, key))
            return true;
    struct key_parts parts;
    struct str uri =
        str_fmt(c->arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(c->want->bucket), STR_ARG(key));
    return key_classify(c->want, key, &parts) == KEY_STABLE &&
           !str_is_empty(c->seen->live_model_url) && str_starts(uri, c->seen->live_model_url);
}

/* What the plan publishes may be copied from there. */
static bool is_source(const struct collector *c, struct str key)
{
    const struct plan_context *context = c->apply->context;
    for (size_t i = 0; i < context->artifacts.len; i++) {
        const struct artifact_plan *artifact = context->artifacts.items[i];
        if (str_eq(artifact->from_key, key) || str_eq(artifact->key, key))
            return true;
    }
    return false;
}

static bool is_used_thing(const struct collector *c, struct str name)
{
    const struct snapshot *seen = c->seen;
    bool used = str_eq(seen->live_config.name, name) || str_eq(seen->live_model.name, name) ||
                str_eq(seen->endpoint.config, name) || str_eq(seen->endpoint.pending_config, name);
    for (size_t i = 0; i < seen->old_endpoints.len; i++)
        used = used || str_eq(seen->old_endpoints.items[i].config, name) ||
               str_eq(seen->old_endpoints.items[i].pending_config, name);
    return used;
}

/* While an endpoint moves, or one of the stack's former names still serves, its things stay. */
static bool models_may_go(const struct collector *c)
{
    return str_is_empty(c->seen->endpoint.pending_config) && c->seen->old_endpoints.len == 0;
}

static bool trains_now(const struct collector *c)
{
    for (size_t i = 0; i < c->seen->jobs.len; i++)
        if (is_running(&c->seen->jobs.items[i]))
            return true;
    return false;
}

static bool is_garbage(const struct collector *c, const struct change *change)
{
    if (change->action != ACTION_DELETE || change->removal_half)
        return false;
    switch (change->kind) {
    case KIND_ARTIFACT:
        return !is_served(c, change->old_name) && !is_source(c, change->old_name);
    case KIND_MODEL:
        return models_may_go(c) && !is_used_thing(c, change->old_name);
    case KIND_ENDPOINT_CONFIG:
        return !is_used_thing(c, change->old_name);
    case KIND_DATA:
        return !trains_now(c);
    case KIND_BUCKET:
    case KIND_TRAINING_JOB:
    case KIND_LOCAL_TRAINING:
    case KIND_ENDPOINT:
    case KIND_OUTPUT:
    case KIND_LOG_GROUP:
    case KIND_SCALING_TARGET:
    case KIND_SCALING_POLICY:
    case KIND_COUNT:
        break;
    }
    return false;
}

static struct change *
add(struct collector *c, enum kind_id kind, struct str index, struct str name, void *subject)
{
    struct change *change = plan_add(c->arena, c->out->plan, kind, ACTION_DELETE);
    change->index = index;
    change->address = address_of(c->arena, kind, index);
    change->old_name = name;
    change->subject = subject;
    change->reason = REASON_LEFT_BEHIND;
    c->out->n_things++;
    return change;
}

static uint64_t size_of(const struct change *change)
{
    bool objects =
        change->kind == KIND_ARTIFACT || change->kind == KIND_DATA || change->kind == KIND_OUTPUT;
    const struct object_plan *subject = change->subject;
    uint64_t bytes = 0;
    for (size_t i = 0; objects && i < subject->n_objects; i++)
        bytes += subject->objects[i]->size;
    return bytes;
}

/* The removals of the apply plan that wait for nothing that would have to be made. */
static void take_pruned(struct collector *c)
{
    for (size_t i = 0; i < c->apply->changes.len; i++) {
        const struct change *pruned = c->apply->changes.items[i];
        if (!is_garbage(c, pruned))
            continue;
        struct change *change =
            add(c, pruned->kind, pruned->index, pruned->old_name, pruned->subject);
        change->before = pruned->before;
        change->reason = pruned->reason;
    }
}

static const struct seen_job *job_named(const struct collector *c, struct str name)
{
    for (size_t i = 0; i < c->seen->jobs.len; i++)
        if (str_eq(c->seen->jobs.items[i].name, name))
            return &c->seen->jobs.items[i];
    return NULL;
}

static void take_jobs(struct collector *c)
{
    for (size_t i = 0; i < c->seen->jobs.len; i++) {
        const struct seen_job *job = &c->seen->jobs.items[i];
        if (job->owner != OWNER_US || is_running(job) || is_wanted_job(c->want, job->name))
            continue;
        struct training_plan *subject = ARENA_NEW(c->arena, struct training_plan);
        subject->job = job->name;
        add(c, KIND_TRAINING_JOB, job->name, job->name, subject);
    }
}

/* Somebody else's job may have our kind of name, and one that runs is still writing. */
static bool is_garbage_output(const struct collector *c, struct str job_name)
{
    if (is_wanted_job(c->want, job_name))
        return false;
    const struct seen_job *job = job_named(c, job_name);
    return job == NULL || (job->owner == OWNER_US && !is_running(job));
}

static void take_objects(struct collector *c)
{
    VEC(struct seen_object *) outputs = {0};
    for (size_t i = 0; i < map_len(c->seen->objects); i++) {
        struct seen_object *object = map_value_at(c->seen->objects, i);
        struct key_parts parts;
        enum key_class class = key_classify(c->want, object->key, &parts);
        bool probe = class == KEY_CONTROL && str_ends(object->key, STR("/probe"));
        if (probe || (class == KEY_TRAINING && is_garbage_output(c, parts.job)))
            *VEC_PUSH(c->arena, &outputs) = object;
    }
    if (outputs.len == 0)
        return;
    struct object_plan *subject = ARENA_NEW(c->arena, struct object_plan);
    subject->objects = outputs.items;
    subject->n_objects = outputs.len;
    struct change *change =
        add(c, KIND_OUTPUT, STR_NULL,
            str_fmt(c->arena, STR_FMT "/training/", STR_ARG(c->want->prefix)), subject);
    change->n_members = outputs.len;
    change->note = str_fmt(c->arena, "%zu object%s", outputs.len, outputs.len == 1 ? "" : "s");
    c->out->n_things += outputs.len - 1;
    /* A job goes before what it wrote: one whose job cannot be deleted keeps it. */
    for (size_t i = 0; i < c->out->plan->changes.len; i++)
        if (c->out->plan->changes.items[i]->kind == KIND_TRAINING_JOB)
            change_need(c->arena, change, c->out->plan->changes.items[i]);
}

/* A model goes once no configuration of ours names it any more. */
static void order_things(struct collector *c)
{
    struct plan *plan = c->out->plan;
    for (size_t i = 0; i < plan->changes.len; i++)
        for (size_t k = 0; k < plan->changes.len; k++)
            if (plan->changes.items[i]->kind == KIND_MODEL &&
                plan->changes.items[k]->kind == KIND_ENDPOINT_CONFIG)
                change_need(c->arena, plan->changes.items[i], plan->changes.items[k]);
}

bool garbage_is_none(const struct garbage *garbage)
{
    return garbage->n_things == 0 && garbage->n_uploads == 0;
}

struct garbage *gc_build(struct arena *arena, const struct plan *apply)
{
    const struct plan_context *context = apply->context;
    struct garbage *out = ARENA_NEW(arena, struct garbage);
    struct collector c = {
        .arena = arena, .apply = apply, .want = context->want, .seen = context->seen, .out = out};
    out->plan = ARENA_NEW(arena, struct plan);
    *out->plan = (struct plan){
        .mode = PLAN_APPLY,
        .stack = apply->stack,
        .account = apply->account,
        .region = apply->region,
        .uid = apply->uid,
        .home = apply->home,
        .endpoint = apply->endpoint,
        .context = apply->context};
    take_pruned(&c);
    take_jobs(&c);
    take_objects(&c);
    order_things(&c);
    plan_finish(arena, out->plan);
    for (size_t i = 0; i < out->plan->changes.len; i++)
        out->bytes += size_of(out->plan->changes.items[i]);
    out->n_uploads = context->seen->uploads.len;
    return out;
}
