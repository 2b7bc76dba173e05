#include "engine/reconcile/planner_internal.h"

/* A stack whose endpoint's name, bucket or prefix changed is the same stack: what stands at the old
 * places goes once the new ones serve. */

struct copy_source {
    struct str bucket, key, etag;
};

static struct copy_source *old_version(struct planner *p, struct str fp)
{
    const struct record *record = &p->seen->old.record;
    for (size_t i = 0; p->seen->old.objects != NULL && i < record->models.len; i++) {
        const struct record_version *live = &record->models.items[i].live;
        const struct seen_object *object = map_get(p->seen->old.objects, live->key);
        if (!str_eq(live->fp, fp) || object == NULL || !str_eq(object->etag, live->etag))
            continue;
        struct copy_source *source = ARENA_NEW(p->arena, struct copy_source);
        *source = (struct copy_source){p->seen->old.bucket, object->key, object->etag};
        return source;
    }
    return NULL;
}

bool plan_copy_from_old(
    struct planner *p, const struct want_model *model, struct artifact_plan *artifact)
{
    const struct copy_source *source = old_version(p, model->fp);
    if (source == NULL)
        return false;
    artifact->source = ARTIFACT_COPY;
    artifact->from_bucket = source->bucket;
    artifact->from_key = source->key;
    artifact->from_etag = source->etag;
    return true;
}

void plan_old_endpoints(struct planner *p, struct change *after)
{
    for (size_t i = 0; i < p->seen->old_endpoints.len; i++) {
        const struct seen_endpoint *endpoint = &p->seen->old_endpoints.items[i];
        struct change *change = planner_change(p, KIND_ENDPOINT, ACTION_DELETE, endpoint->name);
        change->subject = ARENA_NEW(p->arena, struct endpoint_plan);
        change->old_name = endpoint->name;
        change->reason = REASON_MOVED;
        struct json *before = json_object(p->arena);
        json_put(p->arena, before, "name", json_string(p->arena, endpoint->name));
        json_put(p->arena, before, "endpoint_config_name", json_string(p->arena, endpoint->config));
        change->before = before;
        change_need(p->arena, change, after);
        struct change *logs = planner_change(p, KIND_LOG_GROUP, ACTION_DELETE, endpoint->name);
        logs->old_name =
            str_fmt(p->arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(endpoint->name));
        logs->reason = REASON_MOVED;
        logs->uncounted = true; /* SageMaker makes it with the first line, or never */
        change_need(p->arena, logs, change);
    }
}

void plan_old_home(struct planner *p, struct change *after)
{
    if (p->seen->old.objects == NULL)
        return;
    struct want old = *p->want;
    old.bucket = p->seen->old.bucket;
    old.prefix = p->seen->old.prefix;
    VEC(struct seen_object *) objects = {0};
    for (size_t i = 0; i < map_len(p->seen->old.objects); i++) {
        struct seen_object *object = map_value_at(p->seen->old.objects, i);
        struct key_parts parts;
        if (key_classify(&old, object->key, &parts) != KEY_FOREIGN)
            *VEC_PUSH(p->arena, &objects) = object;
    }
    if (objects.len == 0)
        return;
    struct change *change = planner_change(p, KIND_OUTPUT, ACTION_DELETE, p->seen->old.home);
    struct object_plan *subject = ARENA_NEW(p->arena, struct object_plan);
    subject->bucket = p->seen->old.bucket;
    subject->objects = objects.items;
    subject->n_objects = objects.len;
    change->subject = subject;
    change->n_members = objects.len;
    change->old_name = p->seen->old.home;
    change->reason = REASON_MOVED;
    change->note = str_fmt(p->arena, "%zu objects of this stack at its old home", objects.len);
    change_need(p->arena, change, after);
}
