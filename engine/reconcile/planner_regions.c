#include "engine/reconcile/planner_internal.h"

/* A stack of a spec for several regions, next to the others: what one of them has or makes, the
 * rest copy. Which of them that is, is found by regions.c. */

static void copy_from(
    struct artifact_plan *artifact,
    struct str region,
    struct str bucket,
    struct str key,
    struct str etag)
{
    artifact->source = ARTIFACT_COPY;
    artifact->from_region = region;
    artifact->from_bucket = bucket;
    artifact->from_key = key;
    artifact->from_etag = etag;
}

bool plan_from_elsewhere(
    struct planner *p, struct want_model *model, struct artifact_plan *artifact)
{
    const struct want_elsewhere *there = model->elsewhere;
    if (there == NULL || !str_eq(model->fp, model->spec_fp))
        return false;
    const struct json *metrics = there->metrics;
    const struct change *change = there->training;
    const struct training_plan *training = change != NULL ? change->subject : NULL;
    if (!str_is_null(there->key) && !model->remake && !model->retrain) {
        copy_from(artifact, there->region, there->bucket, there->key, there->etag);
    } else if (
        training != NULL && change->outcome == OUTCOME_DONE && !str_is_null(training->artifact)) {
        struct str rest = str_from_index(training->artifact, STR("s3://").len), bucket = STR_NULL;
        (void) str_split(&rest, '/', &bucket);
        copy_from(artifact, there->region, bucket, rest, STR_NULL);
        metrics = training->metrics;
    } else {
        return false;
    }
    if (planner_passes(p, model, metrics, artifact))
        artifact->metrics = metrics;
    return true;
}

const struct change *planner_lead(const struct want_model *model)
{
    const struct change *lead = model->elsewhere != NULL ? model->elsewhere->training : NULL;
    bool over =
        lead != NULL && (lead->outcome == OUTCOME_FAILED || lead->outcome == OUTCOME_SKIPPED);
    return over ? NULL : lead;
}

struct str planner_elsewhere_note(
    struct planner *p, const struct artifact_plan *artifact, const struct change *training)
{
    const struct training_plan *subject = training != NULL ? training->subject : NULL;
    if (subject != NULL && subject->lead != NULL)
        return str_fmt(
            p->arena, "trained once, in " STR_FMT, STR_ARG(artifact->model->elsewhere->region));
    if (!str_is_null(artifact->from_region))
        return str_fmt(p->arena, "copied from " STR_FMT, STR_ARG(artifact->from_region));
    return STR_NULL;
}
