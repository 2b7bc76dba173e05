#include "engine/reconcile/gates.h"
#include "engine/reconcile/planner_internal.h"

/* Versions that are made and not published. A model that a gate or a check holds back is a model
 * that is left out of this run - what is published stays - without that being a failure or a
 * difference: what was made waits under versions/, outside of what the endpoint can reach, and the
 * record keeps its metrics. Changing a gate is enough to judge it again. */

/* Beyond these, a number says it. */
#define NOTED_MODELS 20

static const struct record_held *recorded_held(const struct planner *p, struct str name)
{
    const struct record_held *held = record_find_held(&p->seen->record, name);
    return held != NULL ? held : record_find_held(&p->seen->old.record, name);
}

static const struct json *metrics_in(const struct record *record, struct str name, struct str fp)
{
    const struct record_model *model = record_find(record, name);
    if (model == NULL)
        return NULL;
    if (version_is(model->live.fp, fp))
        return model->live.metrics;
    for (size_t i = 0; i < model->history.len; i++)
        if (version_is(model->history.items[i].fp, fp))
            return model->history.items[i].metrics;
    return NULL;
}

/* Where a candidate waits. */
static struct seen_object *waiting(struct planner *p, const struct want_model *model)
{
    return map_get(
        p->seen->objects, key_retained(p->scratch, p->want, model->name, model->spec_fp));
}

/* Of the version that the spec describes, where it has been trained before: the record says it, or
 * the object that waits. NULL: not known. */
const struct json *planner_metrics(struct planner *p, const struct want_model *model)
{
    if (want_run(model)->metrics != NULL)
        return want_run(model)->metrics;
    const struct record_held *held = recorded_held(p, model->name);
    if (held != NULL && version_is(held->version.fp, model->spec_fp))
        return held->version.metrics;
    const struct json *metrics = metrics_in(&p->seen->record, model->name, model->spec_fp);
    if (metrics == NULL)
        metrics = metrics_in(&p->seen->old.record, model->name, model->spec_fp);
    struct seen_object *object = metrics == NULL ? waiting(p, model) : NULL;
    if (object == NULL)
        return metrics;
    return planner_owns(p, object) ? object->metrics : NULL;
}

/* The check that this content did not pass, now or before; STR_NULL when there is none. */
static struct str check_fault(struct planner *p, const struct want_model *model)
{
    if (!str_is_null(want_run(model)->fault) || str_is_null(model->checks_digest))
        return want_run(model)->fault;
    const struct record_held *held = recorded_held(p, model->name);
    if (held != NULL && version_is(held->version.fp, model->spec_fp))
        return str_eq(held->check, model->checks_digest) ? held->reason : STR_NULL;
    struct seen_object *object = waiting(p, model);
    if (object == NULL || !planner_owns(p, object) || !str_eq(object->check, model->checks_digest))
        return STR_NULL;
    return STR("it did not pass its checks before");
}

bool planner_judged(struct planner *p, const struct want_model *model)
{
    return model->n_gates == 0 || model->fixed != FIXED_NO || planner_metrics(p, model) != NULL;
}

bool planner_passes(
    struct planner *p,
    struct want_model *model,
    const struct json *metrics,
    struct artifact_plan *from)
{
    struct str fault = model->n_gates > 0 ? gates_fault(p->arena, model, metrics) : STR_NULL;
    if (str_is_null(fault))
        return true;
    struct want_run *run = want_run_edit(p->arena, model);
    run->held = fault;
    run->held_by_check = false;
    run->candidate = from;
    model->left_out = true;
    if (from != NULL)
        from->metrics = metrics;
    return false;
}

void plan_gates(struct planner *p)
{
    for (size_t i = 0; i < p->want->n_models; i++) {
        struct want_model *model = &p->want->models[i];
        if (model->run != NULL) {
            model->run->held = STR_NULL;
            model->run->held_by_check = false;
            model->run->candidate = NULL;
        }
        bool judged = model->n_gates > 0 || model->n_checks > 0;
        bool made = want_run(model)->metrics != NULL ||
                    !str_is_null(want_run(model)->fault); /* by this run */
        if (!judged || p->plan->mode != PLAN_APPLY || model->left_out || model->remake ||
            model->fixed != FIXED_NO || (!made && planner_serves_wanted(p, model)))
            continue;
        struct str fault = check_fault(p, model);
        if (!str_is_null(fault)) {
            struct want_run *run = want_run_edit(p->arena, model);
            run->held = fault;
            run->held_by_check = model->left_out = true;
            continue;
        }
        const struct json *metrics = model->n_gates > 0 ? planner_metrics(p, model) : NULL;
        if (metrics != NULL)
            (void) planner_passes(p, model, metrics, NULL);
    }
}

/* ---- what is kept of them ---- */

/* Which version goes on serving, as far as that is known. */
static struct str serving_fp(struct planner *p, const struct want_model *model)
{
    const struct artifact_plan *artifact = planner_artifact(p->context, model->name);
    return artifact != NULL ? artifact->fp : STR_NULL;
}

static struct str held_text(struct planner *p, const struct plan_held *held)
{
    struct str stays = str_is_null(held->serving) ? STR("nothing serves under its name")
                                                  : str_fmt(
                                                        p->arena, STR_FMT " keeps serving",
                                                        STR_ARG(str_slice(held->serving, 0, FP16)));
    return str_fmt(
        p->arena,
        "model '" STR_FMT "' is held by %s: " STR_FMT ": version " STR_FMT
        " is not published; " STR_FMT,
        STR_ARG(held->model), held->by_check ? "a check" : "a gate", STR_ARG(held->reason),
        STR_ARG(str_slice(held->fp, 0, FP16)), STR_ARG(stays));
}

static void note_held(struct planner *p, const struct held_model *one)
{
    const struct want_model *model = one->model;
    const struct record_held *before = record_find_held(&p->seen->record, model->name);
    struct plan_held *held = VEC_PUSH(p->arena, &p->plan->held);
    *held = (struct plan_held){
        .model = model->name,
        .fp = model->spec_fp,
        .serving = serving_fp(p, model),
        .reason = one->reason,
        .by_check = want_run(model)->held_by_check,
        .fresh = before == NULL || !version_is(before->version.fp, model->spec_fp)};
    held->text = held_text(p, held);
    if (p->plan->held.len <= NOTED_MODELS)
        *VEC_PUSH(p->arena, &p->plan->notes) = held->text;
}

/* A version that callers could reach before is one of the older versions, and stays what it is. */
static bool was_published(struct planner *p, const struct want_model *model)
{
    const struct record_model *recorded = record_find(&p->seen->record, model->name);
    for (size_t i = 0; recorded != NULL && i < recorded->history.len; i++)
        if (version_is(recorded->history.items[i].fp, model->spec_fp))
            return true;
    return false;
}

/* Where the bytes are now: made in this run, a job's output, or somewhere under our prefix. */
static bool
candidate_source(struct planner *p, const struct want_model *model, struct artifact_plan *candidate)
{
    const struct artifact_plan *from = want_run(model)->candidate;
    candidate->from_bucket = p->want->bucket;
    candidate->source = ARTIFACT_COPY;
    if (want_run(model)->result != NULL) {
        candidate->source = ARTIFACT_TRAINED;
        candidate->trained = want_run(model)->result;
        return true;
    }
    if (from != NULL) {
        candidate->from_bucket = from->from_bucket;
        candidate->from_region = from->from_region;
        candidate->from_key = from->from_key;
        candidate->from_etag = from->from_etag;
        return true;
    }
    if (!str_is_null(want_run(model)->made_at)) {
        struct str rest = str_from_index(want_run(model)->made_at, STR("s3://").len);
        size_t slash = str_index(rest, '/');
        candidate->from_bucket = str_slice(rest, 0, slash);
        candidate->from_key = str_from_index(rest, slash + 1);
        return true;
    }
    const struct seen_object *same = planner_same_content(p, model->spec_fp);
    if (same == NULL || was_published(p, model))
        return false;
    candidate->from_key = same->key;
    candidate->from_etag = same->etag;
    return true;
}

static struct artifact_plan *
plan_candidate(struct planner *p, const struct want_model *model, const struct json *metrics)
{
    struct artifact_plan *candidate = ARENA_NEW(p->arena, struct artifact_plan);
    *candidate = (struct artifact_plan){
        .model = model,
        .name = model->name,
        .fp = model->spec_fp,
        .key = key_retained(p->arena, p->want, model->name, model->spec_fp),
        .metrics = metrics,
        .check = want_run(model)->held_by_check ? model->checks_digest : STR_NULL,
        .candidate = true};
    const struct seen_object *there = map_get(p->seen->objects, candidate->key);
    bool ours = there != NULL && there->owner != OWNER_OTHER;
    if (!ours && (there != NULL || !candidate_source(p, model, candidate)))
        return NULL;
    struct change *change = planner_change(
        p, KIND_ARTIFACT, ours ? ACTION_NOOP : ACTION_CREATE,
        str_fmt(
            p->arena, STR_FMT "--" STR_FMT, STR_ARG(model->name),
            STR_ARG(str_slice(model->spec_fp, 0, FP16))));
    planner_keep(p, candidate->key);
    change->subject = candidate;
    change->name = candidate->key;
    change->uncounted = change->removal_half = change->selected = true;
    candidate->change = change;
    if (ours) {
        candidate->etag = there->owner == OWNER_US ? there->etag : STR_NULL;
        candidate->size = there->size;
        return candidate;
    }
    change->note = STR("held back");
    change->after = object_attributes(p, candidate->key, candidate->fp, STR_NULL);
    *VEC_PUSH(p->arena, &p->keeps) = change;
    return candidate;
}

/* Its check could not be made: it waits where it can be called. */
static void keep_uncalled(struct planner *p, const struct want_model *model)
{
    if (!str_is_null(want_run(model)->uncalled) && !p->want->stable)
        planner_keep(p, key_versioned(p->scratch, p->want, model->name, model->spec_fp));
}

/* What an earlier run found out about a model that this one does not judge. */
static void keep_before(struct planner *p, const struct want_model *model)
{
    const struct record_held *before = record_find_held(&p->seen->record, model->name);
    bool aside = p->plan->mode != PLAN_APPLY || model->aside || model->failed;
    bool same = before != NULL && version_is(before->version.fp, model->spec_fp) &&
                (model->fixed != FIXED_NO || model->left_out);
    if (before != NULL && (aside || same) && !str_is_null(before->version.key))
        planner_keep(p, before->version.key);
    if (before != NULL && (aside || same))
        *VEC_PUSH(p->arena, &p->context->held) =
            (struct held_model){.model = model, .reason = before->reason, .check = before->check};
}

void plan_candidates(struct planner *p)
{
    for (size_t i = 0; i < p->want->n_models; i++) {
        const struct want_model *model = &p->want->models[i];
        if (str_is_null(want_run(model)->held)) {
            keep_before(p, model);
            keep_uncalled(p, model);
            continue;
        }
        const struct artifact_plan *from = want_run(model)->candidate;
        const struct json *metrics = from != NULL ? from->metrics : planner_metrics(p, model);
        struct held_model *held = VEC_PUSH(p->arena, &p->context->held);
        *held = (struct held_model){
            .model = model,
            .metrics = metrics,
            .reason = want_run(model)->held,
            .check = want_run(model)->held_by_check ? model->checks_digest : STR_NULL};
        held->candidate = plan_candidate(p, model, metrics);
        note_held(p, held);
    }
    if (p->plan->held.len > NOTED_MODELS)
        *VEC_PUSH(p->arena, &p->plan->notes) = str_fmt(
            p->arena, "%zu more models are held by gates or checks",
            p->plan->held.len - NOTED_MODELS);
}
