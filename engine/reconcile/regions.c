#include "engine/reconcile/regions.h"

#include "engine/reconcile/observe.h"
#include "engine/reconcile/planner_internal.h"

#define READER_POLL_MS 100

/* What a region has or makes, by the models' names. */
struct offers {
    const struct plan_context *context;
    struct map *trainings; /* name -> struct change */
    struct map *followers; /* of those that wait for another region's */
};

static bool is_training(const struct change *change)
{
    return change->kind == KIND_TRAINING_JOB || change->kind == KIND_LOCAL_TRAINING;
}

static struct offers offers_of(struct arena *arena, const struct plan *plan)
{
    struct offers offers = {plan->context, map_new(arena), map_new(arena)};
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *change = plan->changes.items[i];
        if (!is_training(change) || change->action != ACTION_CREATE)
            continue;
        const struct training_plan *training = change->subject;
        (void) map_put(
            training->lead == NULL ? offers.trainings : offers.followers, training->model->name,
            change);
    }
    return offers;
}

/* One that lies there, or will be copied there from what lies somewhere already. */
static bool lies(
    const struct offers *offers,
    const struct artifact_plan *artifact,
    const struct want_model *model,
    struct want_elsewhere *out)
{
    if (artifact == NULL || !version_is(artifact->fp, str_slice(model->spec_fp, 0, FP16)))
        return false;
    const struct want *want = offers->context->want;
    struct want_elsewhere there = {.region = want->region, .metrics = artifact->metrics};
    if (artifact->change->action == ACTION_NOOP) {
        there.bucket = want->bucket;
        there.key = artifact->key;
        there.etag = artifact->etag;
    } else if (artifact->source == ARTIFACT_COPY && !str_is_null(artifact->from_key)) {
        there.bucket = artifact->from_bucket;
        there.key = artifact->from_key;
        there.etag = artifact->from_etag;
        if (!str_is_null(artifact->from_region))
            there.region = artifact->from_region;
    }
    if (!str_is_null(there.key))
        *out = there;
    return !str_is_null(there.key);
}

static const struct artifact_plan *
held_candidate(const struct plan_context *context, struct str model)
{
    for (size_t i = 0; i < context->held.len; i++)
        if (str_eq(context->held.items[i].model->name, model))
            return context->held.items[i].candidate;
    return NULL;
}

static bool
find_there(const struct offers *offers, const struct want_model *model, struct want_elsewhere *out)
{
    return lies(offers, planner_artifact(offers->context, model->name), model, out) ||
           lies(offers, held_candidate(offers->context, model->name), model, out);
}

/* A region that trains it before this one does. */
static bool find_training(
    const struct offers *offers, const struct want_model *model, struct want_elsewhere *out)
{
    const struct change *change = map_get(offers->trainings, model->name);
    const struct training_plan *training = change != NULL ? change->subject : NULL;
    if (training == NULL || !str_eq(training->model->spec_fp, model->spec_fp))
        return false;
    *out = (struct want_elsewhere){.region = offers->context->want->region, .training = change};
    return true;
}

/* What this region would have to make, or cannot: its plan trains it, or leaves it out because its
 * training job failed before. */
static bool is_missing(const struct offers *own, const struct want_model *model)
{
    bool given_up = model->left_out && !model->aside && !model->failed &&
                    str_is_null(want_run(model)->held) && model->fixed == FIXED_NO;
    return model->trained && (given_up || map_has(own->trainings, model->name) ||
                              map_has(own->followers, model->name));
}

static bool mark(
    const struct regional *regions,
    const struct offers *offers,
    size_t count,
    size_t index,
    struct arena *arena)
{
    const struct offers *own = &offers[index];
    struct want *want = own->context->want;
    bool marked = false;
    for (size_t i = 0; i < want->n_models; i++) {
        /* Ours to mark: the want was built for this run. */
        struct want_model *model = &want->models[i];
        struct want_elsewhere found = {0};
        bool there = false;
        if (!is_missing(own, model))
            continue;
        for (size_t k = 0; k < count && !there; k++)
            there = k != index && regions[k].plan != NULL && find_there(&offers[k], model, &found);
        for (size_t k = 0; k < index && !there; k++)
            there = regions[k].plan != NULL && find_training(&offers[k], model, &found);
        /* Whom it waits for may have been planned anew: that training never comes. */
        if (!there && map_has(own->followers, model->name)) {
            model->elsewhere = NULL;
            marked = true;
        }
        if (!there)
            continue;
        struct want_elsewhere *elsewhere = ARENA_NEW(arena, struct want_elsewhere);
        *elsewhere = found;
        model->elsewhere = elsewhere;
        marked = true;
    }
    return marked;
}

static void plan_again(struct regional *region)
{
    struct reconciler *r = region->reconciler;
    const struct plan *before = region->plan;
    const struct plan_context *context = before->context;
    struct plan *plan;
    if (plan_seen(r, context->want, context->seen, before->mode, &plan, &region->err) != ERR_NONE) {
        region->plan = NULL;
        return;
    }
    plan->other_run = before->other_run;
    reconcile_warn_other_run(r, plan);
    region->plan = plan;
}

/* Whom each region has to wait for before it removes anything. */
static void note_readers(struct regional *regions, size_t count, const struct plan *plan)
{
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        const struct artifact_plan *artifact = change->subject;
        if (change->kind != KIND_ARTIFACT || change->action == ACTION_NOOP ||
            change->action == ACTION_DELETE || str_is_null(artifact->from_region))
            continue;
        for (size_t k = 0; k < count; k++)
            if (regions[k].plan != NULL && str_eq(regions[k].plan->region, artifact->from_region))
                *VEC_PUSH(regions[k].reconciler->arena, &regions[k].reconciler->readers) = change;
    }
}

void regions_share(struct regional *regions, size_t count)
{
    AUTO(arena_close) struct arena *scratch = arena_new("regions", 0);
    struct offers *offers = ARENA_ARRAY(scratch, count, struct offers);
    for (size_t i = 0; i < count; i++) {
        if (regions[i].plan != NULL && regions[i].plan->mode != PLAN_APPLY)
            return;
        if (regions[i].plan != NULL)
            offers[i] = offers_of(scratch, regions[i].plan);
    }
    for (size_t i = 0; i < count; i++) {
        if (regions[i].plan == NULL ||
            !mark(regions, offers, count, i, regions[i].reconciler->arena))
            continue;
        plan_again(&regions[i]);
        if (regions[i].plan != NULL)
            offers[i] = offers_of(scratch, regions[i].plan);
    }
    for (size_t i = 0; i < count; i++)
        regions[i].reconciler->readers.len = 0;
    for (size_t i = 0; i < count; i++)
        if (regions[i].plan != NULL)
            note_readers(regions, count, regions[i].plan);
}

void regions_give_up(struct plan *plan)
{
    for (size_t i = 0; i < plan->changes.len; i++) {
        struct change *change = plan->changes.items[i];
        if ((is_training(change) || change->kind == KIND_ARTIFACT) &&
            change->outcome == OUTCOME_PENDING)
            change->outcome = OUTCOME_SKIPPED;
    }
}

void regions_wait_for_readers(struct reconciler *r)
{
    for (size_t i = 0; i < r->readers.len; i++)
        while (r->readers.items[i]->outcome == OUTCOME_PENDING && !loop_cancelled(r->loop))
            loop_sleep_ms(r->loop, READER_POLL_MS);
}
