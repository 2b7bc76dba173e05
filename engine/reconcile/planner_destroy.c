#include "engine/reconcile/planner_internal.h"

/* Everything of this stack, in the reverse of the order it was made in:
 * endpoint -> configs -> models -> artifacts, data, outputs -> jobs -> log group -> bucket.
 * The record goes last; the executor does that. */

static struct change *remove_endpoint(struct planner *p)
{
    const struct seen_endpoint *endpoint = &p->seen->endpoint;
    if (!endpoint->present)
        return NULL;
    struct change *change = planner_change(p, KIND_ENDPOINT, ACTION_DELETE, STR_NULL);
    struct endpoint_plan *subject = ARENA_NEW(p->arena, struct endpoint_plan);
    change->subject = subject;
    change->old_name = endpoint->name;
    struct json *before = json_object(p->arena);
    json_put(p->arena, before, "name", json_string(p->arena, endpoint->name));
    json_put(p->arena, before, "endpoint_config_name", json_string(p->arena, endpoint->config));
    change->before = before;
    return change;
}

static void remove_things(
    struct planner *p,
    enum kind_id kind,
    const struct seen_thing *things,
    size_t count,
    const struct seen_thing *live,
    struct change *after)
{
    for (size_t i = 0; i < count; i++) {
        if (things[i].owner != OWNER_US)
            continue;
        bool main = live->present ? str_eq(live->name, things[i].name) : count == 1;
        struct change *change =
            planner_change(p, kind, ACTION_DELETE, main ? STR_NULL : things[i].name);
        struct thing_plan *subject = ARENA_NEW(p->arena, struct thing_plan);
        subject->name = things[i].name;
        change->subject = subject;
        change->old_name = things[i].name;
        struct json *before = json_object(p->arena);
        json_put(p->arena, before, "name", json_string(p->arena, things[i].name));
        change->before = before;
        change_need(p->arena, change, after);
    }
}

/* "train" for the object of a channel nobody can name any more is its file name. */
static struct str data_index(struct planner *p, const struct seen_object *object)
{
    struct str tail = str_from_index(object->key, p->want->prefix.len + STR("/data/").len);
    return str_fmt(
        p->arena, STR_FMT STR_FMT, STR_ARG(str_slice(tail, 0, 8)),
        STR_ARG(str_from_index(tail, 64)));
}

static struct str artifact_index(struct planner *p, const struct seen_artifact *found)
{
    struct key_parts parts = planner_parts(p, found);
    const struct record_model *recorded = record_find(&p->seen->record, parts.model);
    if (recorded != NULL && str_eq(recorded->live.key, found->object->key))
        return parts.model;
    return artifact_tail(p->want, found->class, found->object->key);
}

/* outputs: what training jobs wrote, too. */
static void remove_stored(struct planner *p, bool outputs_too, struct change *after)
{
    struct change *outputs = NULL;
    VEC(struct seen_object *) output_objects = {0};
    for (size_t i = 0; i < p->found.len; i++)
        if (planner_owns(p, p->found.items[i].object))
            planner_remove_object(
                p, KIND_ARTIFACT, p->found.items[i].object, artifact_index(p, &p->found.items[i]),
                after);
        else
            p->plan->n_foreign += p->found.items[i].object->owner == OWNER_OTHER;
    for (size_t i = 0; i < map_len(p->seen->objects); i++) {
        struct seen_object *object = map_value_at(p->seen->objects, i);
        struct key_parts parts;
        enum key_class class = key_classify(p->want, object->key, &parts);
        if (class == KEY_DATA && planner_owns(p, object))
            planner_remove_object(p, KIND_DATA, object, data_index(p, object), after);
        else if (class == KEY_DATA)
            p->plan->n_foreign += object->owner == OWNER_OTHER;
        bool probe = class == KEY_CONTROL && str_ends(object->key, STR("/probe"));
        if (outputs_too &&
            (probe || class == KEY_TRAINING)) /* SageMaker wrote it for a job with our name */
            *VEC_PUSH(p->arena, &output_objects) = object;
    }
    if (output_objects.len == 0)
        return;
    outputs = planner_change(p, KIND_OUTPUT, ACTION_DELETE, STR_NULL);
    struct object_plan *subject = ARENA_NEW(p->arena, struct object_plan);
    subject->objects = output_objects.items;
    subject->n_objects = output_objects.len;
    outputs->subject = subject;
    outputs->n_members = output_objects.len;
    outputs->old_name = str_fmt(p->arena, STR_FMT "/training/", STR_ARG(p->want->prefix));
    outputs->note =
        str_fmt(p->arena, "%zu object%s", output_objects.len, output_objects.len == 1 ? "" : "s");
    change_need(p->arena, outputs, after);
    for (size_t i = 0; i < p->plan->changes.len; i++)
        if (p->plan->changes.items[i]->kind == KIND_TRAINING_JOB)
            change_need(p->arena, outputs, p->plan->changes.items[i]);
}

static void remove_jobs(struct planner *p)
{
    for (size_t i = 0; i < p->seen->jobs.len; i++) {
        struct seen_job *job = &p->seen->jobs.items[i];
        if (!job->inspected) {
            *VEC_PUSH(p->arena, &p->gaps->jobs) = job;
            continue;
        }
        if (job->owner != OWNER_US)
            continue;
        struct change *change = planner_change(p, KIND_TRAINING_JOB, ACTION_DELETE, job->name);
        struct training_plan *subject = ARENA_NEW(p->arena, struct training_plan);
        subject->job = job->name;
        subject->attach =
            str_eq(job->status, STR("InProgress")) || str_eq(job->status, STR("Stopping"));
        change->subject = subject;
        change->old_name = job->name;
        change->reason = REASON_DESTROY;
        struct json *before = json_object(p->arena);
        json_put(p->arena, before, "training_job_name", json_string(p->arena, job->name));
        change->before = before;
    }
}

static struct change *remove_log_group(struct planner *p, struct change *after)
{
    if (!p->seen->log_group && after == NULL)
        return NULL;
    struct change *change = planner_change(p, KIND_LOG_GROUP, ACTION_DELETE, STR_NULL);
    change->old_name =
        str_fmt(p->arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(p->want->endpoint));
    /* The group belongs to the endpoint: it is counted only when it is really there. */
    change->uncounted = !p->seen->log_group;
    struct json *before = json_object(p->arena);
    json_put(p->arena, before, "name", json_string(p->arena, change->old_name));
    change->before = before;
    change_need(p->arena, change, after);
    return change;
}

static void remove_bucket(struct planner *p)
{
    /* Only what mmectl made, and only when nothing else is left in it. */
    if (!p->seen->bucket.present || !p->seen->bucket.ours || p->want->bucket_is_default)
        return;
    if (p->plan->n_foreign > 0)
        return;
    struct change *change = planner_change(p, KIND_BUCKET, ACTION_DELETE, STR_NULL);
    change->old_name = p->want->bucket;
    struct json *before = json_object(p->arena);
    json_put(p->arena, before, "bucket", json_string(p->arena, p->want->bucket));
    change->before = before;
    change->note = STR("if nothing else is in it");
    for (size_t i = 0; i + 1 < p->plan->changes.len; i++)
        change_need(p->arena, change, p->plan->changes.items[i]);
}

static void warn_versions(struct planner *p)
{
    size_t objects = 0;
    for (size_t i = 0; i < p->plan->changes.len; i++) {
        const struct change *change = p->plan->changes.items[i];
        bool object = change->kind == KIND_ARTIFACT || change->kind == KIND_DATA ||
                      change->kind == KIND_OUTPUT;
        objects += !object ? 0 : change->n_members > 0 ? change->n_members : 1;
    }
    if (!p->seen->bucket.versioned || objects == 0)
        return;
    planner_warn(
        p,
        STR("delete the old versions with the AWS console or a lifecycle rule to stop paying for "
            "them"),
        "bucket '" STR_FMT "' is versioned: the %zu removed objects stay in it as old versions",
        STR_ARG(p->want->bucket), objects);
}

void plan_destroy(struct planner *p)
{
    struct change *endpoint = remove_endpoint(p);
    remove_scaling(p, endpoint);
    remove_things(
        p, KIND_ENDPOINT_CONFIG, p->seen->configs.items, p->seen->configs.len,
        &p->seen->live_config, endpoint);
    remove_things(
        p, KIND_MODEL, p->seen->models.items, p->seen->models.len, &p->seen->live_model, endpoint);
    remove_jobs(p);
    remove_stored(p, true, endpoint);
    remove_log_group(p, endpoint);
    plan_old_endpoints(p, NULL);
    plan_old_home(p, endpoint);
    remove_bucket(p);
    warn_versions(p);
    for (size_t i = 0; i < p->plan->changes.len; i++)
        p->plan->changes.items[i]->reason = REASON_DESTROY;
    p->plan->record_only = p->seen->record.present;
}

/* Nothing can serve without models, so the endpoint goes with them. The stack itself stays: its
 * record, its bucket, what training left. */
void plan_emptied(struct planner *p)
{
    struct change *endpoint = remove_endpoint(p);
    remove_scaling(p, endpoint);
    remove_things(
        p, KIND_ENDPOINT_CONFIG, p->seen->configs.items, p->seen->configs.len,
        &p->seen->live_config, endpoint);
    remove_things(
        p, KIND_MODEL, p->seen->models.items, p->seen->models.len, &p->seen->live_model, endpoint);
    remove_stored(p, false, endpoint);
    plan_old_endpoints(p, NULL);
    plan_old_home(p, endpoint);
    p->plan->instance_type = STR_NULL;
    p->plan->instance_count = 0;
    for (size_t i = 0; i < p->plan->changes.len; i++)
        if (p->plan->changes.items[i]->reason == REASON_NONE)
            p->plan->changes.items[i]->reason = REASON_NOT_IN_SPEC;
}
