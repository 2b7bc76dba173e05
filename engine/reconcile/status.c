#include "engine/plan/world.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/observe.h"
#include "engine/reconcile/versions.h"
#include "engine/resource/names.h"

static void fill_live(
    const struct plan_context *context,
    const struct record_model *recorded,
    struct status_model *out)
{
    const struct record_version *live = &recorded->live;
    const struct seen_object *object = map_get(context->seen->objects, live->key);
    out->fp = live->fp;
    out->key = live->key;
    out->etag = object != NULL ? object->etag : STR_NULL;
    out->size = object != NULL ? object->size : 0;
    out->metrics = recorded->live.metrics;
    out->target_model = key_target_model(context->want, live->key);
}

static void fill_model(
    const struct plan_context *context, const struct want_model *model, struct status_model *out)
{
    *out = (struct status_model){.name = model->name, .in_spec = true};
    const struct record_model *recorded = record_find(&context->seen->record, model->name);
    if (recorded != NULL)
        fill_live(context, recorded, out);
    const struct artifact_plan *artifact = planner_artifact(context, model->name);
    out->published =
        recorded != NULL && artifact != NULL && artifact->change->action == ACTION_NOOP &&
        version_is(recorded->live.fp, model->fixed != FIXED_NO ? model->fp : model->spec_fp);
    out->held = model->fixed == FIXED_HELD;
    out->pinned = model->fixed == FIXED_PINNED;
}

/* In the order of the pipeline. */
static void fill_containers(struct status *status, const struct plan_context *context)
{
    const struct want *want = context->want;
    bool there = status->endpoint_present && context->endpoint == NULL;
    for (size_t i = 0; i < want->n_containers; i++) {
        const struct want_container *container = &want->containers[i];
        struct status_model *out = &status->models[status->n_models++];
        if (container->has_model)
            fill_model(context, want_find_model(want, container->name), out);
        else
            *out = (struct status_model){
                .name = container->name,
                .target_model = there ? container->name : STR_NULL,
                .in_spec = true,
                .published = there,
                .image_only = true};
        out->other_image = !str_eq(container->image, want->image);
    }
}

/* In the spec first, in its order by name; then what is published and not in the spec any more. */
static void fill_models(struct arena *arena, struct status *status, const struct plan *plan)
{
    const struct plan_context *context = plan->context;
    const struct want *want = context->want;
    const struct record *record = &context->seen->record;
    status->models = ARENA_ARRAY(
        arena, want->n_models + want->n_containers + record->models.len, struct status_model);
    fill_containers(status, context);
    for (size_t i = 0; want->n_containers == 0 && i < want->n_models; i++)
        fill_model(context, &want->models[i], &status->models[status->n_models++]);
    for (size_t i = 0; i < record->models.len; i++) {
        if (want_find_model(want, record->models.items[i].name) != NULL)
            continue;
        struct status_model *out = &status->models[status->n_models++];
        *out = (struct status_model){.name = record->models.items[i].name};
        fill_live(context, &record->models.items[i], out);
    }
}

enum err_code reconcile_status(
    struct reconciler *r, const struct spec *spec, struct status **ret_status, struct err *err)
{
    struct want *want;
    struct plan *plan;
    enum err_code code = desired_build(r, spec, false, &want, err);
    if (code == ERR_NONE)
        code = observe_and_plan(r, want, PLAN_APPLY, &plan, err);
    if (code != ERR_NONE)
        return code;
    const struct plan_context *context = plan->context;
    const struct snapshot *seen = context->seen;
    struct status *status = ARENA_NEW(r->arena, struct status);
    *status = (struct status){
        .stack = want->stack,
        .account = want->account,
        .region = want->region,
        .uid = want->uid,
        .home = want->home,
        .endpoint_present = seen->endpoint.present,
        .endpoint = want->endpoint,
        .endpoint_status = seen->endpoint.status,
        .failure_reason = seen->endpoint.failure_reason,
        .config = seen->endpoint.config,
        .model = seen->live_model.name,
        .model_data_url = seen->live_model_url,
        .instance_type = seen->live_instance_type,
        .instance_count = seen->live_instance_count,
        .n_foreign = plan->n_foreign,
        .stable = want->stable,
        .mode = want->mode,
        .record = &seen->record,
        .plan = plan};
    fill_models(r->arena, status, plan);
    *ret_status = status;
    return ERR_NONE;
}

enum err_code reconcile_check(
    struct reconciler *r,
    const struct status *status,
    const struct status_model *model,
    size_t *ret_calls,
    struct str *ret_fault,
    struct err *err)
{
    const struct plan_context *context = status->plan->context;
    const struct want_model *wanted = want_find_model(context->want, model->name);
    const struct artifact_plan artifact = {
        .model = wanted, .name = model->name, .fp = model->fp, .key = model->key};
    size_t n = 0;
    struct str fault = STR_NULL;
    bool judged = wanted != NULL && wanted->fixed == FIXED_NO && model->published;
    for (size_t i = 0; judged && i < wanted->n_checks && str_is_null(fault); i++) {
        enum err_code code = r->world->ops->call_model(
            r->world, r->arena, context->want, &artifact, wanted->checks[i], &fault, err);
        if (code != ERR_NONE)
            return code;
        n++;
    }
    *ret_calls = n;
    *ret_fault = fault;
    return ERR_NONE;
}
