#include "engine/reconcile/compare.h"
#include "engine/reconcile/planner_internal.h"

/* What somebody else changed since the last apply. It explains a plan and decides nothing: what is
 * done about it was planned from the live state alone. A difference that a changed spec would make
 * just as well is not drift. */

static struct change *
add_drift(struct planner *p, enum kind_id kind, struct str index, enum action action)
{
    struct change *drift = ARENA_NEW(p->arena, struct change);
    drift->kind = kind;
    drift->action = action;
    drift->reason = REASON_CHANGED_OUTSIDE;
    drift->index = index;
    drift->address = address_of(p->arena, kind, index);
    *VEC_PUSH(p->arena, &p->plan->drift) = drift;
    return drift;
}

static struct json *named(struct planner *p, const char *attribute, struct str name)
{
    struct json *out = json_object(p->arena);
    json_set(p->arena, out, str_from(attribute), json_string(p->arena, name));
    return out;
}

static struct json *
published(struct planner *p, const struct record_version *live, struct str fp, struct str etag)
{
    struct json *out = object_attributes(p, live->key, fp, STR_NULL);
    json_put(p->arena, out, "etag", json_string(p->arena, etag));
    return out;
}

/* Published, and not there any more, or not what was put there. */
static void changed_artifacts(struct planner *p)
{
    const struct record *record = &p->seen->record;
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        const struct seen_object *object = map_get(p->seen->objects, model->live.key);
        if (str_is_null(model->live.key) ||
            (object != NULL && !object->tampered && object->owner != OWNER_OTHER))
            continue;
        struct change *drift = add_drift(
            p, KIND_ARTIFACT, model->name, object == NULL ? ACTION_DELETE : ACTION_UPDATE);
        drift->old_name = model->live.key;
        drift->before = published(p, &model->live, model->live.fp, model->live.etag);
        if (object != NULL)
            drift->after = published(p, &model->live, object->fp, object->etag);
    }
}

static void missing_thing(struct planner *p, enum kind_id kind, const struct seen_thing *thing)
{
    if (thing->present || str_is_null(thing->name))
        return;
    struct change *drift = add_drift(p, kind, STR_NULL, ACTION_DELETE);
    drift->old_name = thing->name;
    drift->before = named(p, "name", thing->name);
}

/* The endpoint is gone, or somebody moved it to a configuration that is none of ours. */
static void moved_endpoint(struct planner *p)
{
    const struct seen_endpoint *live = &p->seen->endpoint;
    if (!live->present) {
        if (p->unrecorded || want_is_empty(p->want) || p->seen->old_endpoints.len > 0)
            return;
        struct change *drift = add_drift(p, KIND_ENDPOINT, STR_NULL, ACTION_DELETE);
        drift->old_name = p->want->endpoint;
        drift->before = named(p, "name", p->want->endpoint);
        return;
    }
    missing_thing(p, KIND_ENDPOINT_CONFIG, &p->seen->live_config);
    missing_thing(p, KIND_MODEL, &p->seen->live_model);
    if (name_is_ours(p->want, 'c', live->config) || p->unrecorded)
        return;
    struct change *drift = add_drift(p, KIND_ENDPOINT, STR_NULL, ACTION_UPDATE);
    drift->name = live->name;
    drift->after = named(p, "endpoint_config_name", live->config);
    if (!str_is_null(p->context->wanted_config))
        drift->before = named(p, "endpoint_config_name", p->context->wanted_config);
}

/* What else the planner found changed outside: the other way round, as it should be -> as it is. */
static void changed_outside(struct planner *p)
{
    for (size_t i = 0; i < p->plan->changes.len + p->plan->aside.len; i++) {
        size_t n = p->plan->changes.len;
        const struct change *change =
            i < n ? p->plan->changes.items[i] : p->plan->aside.items[i - n];
        bool counts = change->kind != KIND_ARTIFACT && !change->removal_half;
        if (change->reason != REASON_CHANGED_OUTSIDE || !counts)
            continue;
        bool gone = change->action == ACTION_CREATE;
        struct change *drift =
            add_drift(p, change->kind, change->index, gone ? ACTION_DELETE : ACTION_UPDATE);
        drift->name = gone ? STR_NULL : change->name;
        drift->old_name = gone ? change->name : STR_NULL;
        drift->before = change->after;
        drift->after = change->before;
    }
}

static void note(struct planner *p, struct str text)
{
    *VEC_PUSH(p->arena, &p->plan->notes) = text;
}

/* An old failure explains itself; it is no difference. */
static void note_failure(struct planner *p)
{
    const struct seen_endpoint *live = &p->seen->endpoint;
    if (live->present && str_eq(live->status, STR("InService")) &&
        !str_is_empty(live->failure_reason))
        note(
            p, str_fmt(
                   p->arena, "endpoint '" STR_FMT "' serves; its last update failed: " STR_FMT,
                   STR_ARG(live->name), STR_ARG(live->failure_reason)));
}

/* A tag like :1.7-1 can move: then instances started at different times run different images. */
static void note_images(struct planner *p)
{
    struct map *resolved = map_new(p->arena);
    static const char *const lists[] = {
        "ProductionVariants", "PendingDeploymentSummary.ProductionVariants"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        JSON_EACH (variant, compare_at(p->seen->endpoint.describe, lists[i])) {
            JSON_EACH (image, json_get(variant, "DeployedImages")) {
                struct str asked = json_get_str(image, "SpecifiedImage");
                struct str got = json_get_str(image, "ResolvedImage");
                if (str_is_null(asked) || str_is_null(got))
                    continue;
                const struct json *before =
                    map_put(resolved, asked, (void *) (uintptr_t) json_get(image, "ResolvedImage"));
                if (before == NULL || str_eq(before->string, got))
                    continue;
                planner_warn(
                    p,
                    STR("name the image by its digest (repository@sha256:...) in "
                        "endpoint.container.image"),
                    "image '" STR_FMT "' has moved: the endpoint runs two different ones under it",
                    STR_ARG(asked));
                return;
            }
        }
    }
}

void plan_drift(struct planner *p)
{
    changed_artifacts(p);
    moved_endpoint(p);
    changed_outside(p);
    for (size_t i = 0; i < p->plan->drift.len; i++)
        diff_change(p->arena, p->plan->drift.items[i]);
    note_failure(p);
    note_images(p);
}
