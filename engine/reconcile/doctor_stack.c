#include "engine/reconcile/doctor_internal.h"

#include "engine/resource/advice.h"
#include "engine/resource/names.h"

void check_record(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct snapshot *seen = j->c->seen;
    const struct want *want = j->c->want;
    const struct record *record = &seen->record;
    if (!record->present && seen->endpoint.present && seen->endpoint.owner == OWNER_US) {
        finding_set(j, VERDICT_FAIL, "it is missing, and the endpoint is this stack's");
        finding_hint(j, "apply writes it anew; holds and history are gone");
    } else if (!record->present) {
        finding_set(j, VERDICT_OK, "there is none yet");
    } else if (!str_eq(record->uid, want->uid)) {
        finding_set(
            j, VERDICT_FAIL, "the prefix belongs to stack '" STR_FMT "'", STR_ARG(record->stack));
        finding_hint(j, "choose another storage.prefix; after a rename: import --from-stack");
    } else if (str_is_empty(record->home)) {
        finding_set(j, VERDICT_FAIL, "it cannot be read");
        finding_hint(j, "apply writes it anew; holds and history are gone");
    } else if (!str_eq(record->home, want->home)) {
        finding_set(j, VERDICT_WARN, "it was written for '" STR_FMT "'", STR_ARG(record->home));
        finding_hint(j, "apply corrects it");
    } else {
        finding_set(
            j, VERDICT_OK, "serial %lld, by " STR_FMT, (long long) record->serial,
            STR_ARG(record->writer));
    }
}

void check_lease(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct lease_info *lease = &j->c->lease;
    if (!j->c->lease_known && j->c->seen->bucket.present) {
        finding_set(j, VERDICT_SKIPPED, "could not check: the lease could not be read");
    } else if (!lease->present) {
        finding_set(j, VERDICT_OK, "none is held");
    } else if (j->c->lease_live) {
        finding_set(
            j, VERDICT_WARN, STR_FMT " by " STR_FMT " since " STR_FMT, STR_ARG(lease->operation),
            STR_ARG(lease->who), STR_ARG(lease->created));
        finding_hint(
            j, "wait for it; 'mmectl force-unlock " STR_FMT "' if you know that it is dead",
            STR_ARG(lease->id));
    } else {
        finding_set(j, VERDICT_OK, "an expired one of " STR_FMT, STR_ARG(lease->who));
        finding_hint(j, "a killed run left it; the next apply takes it over");
    }
}

/* What is wrong with a list of models: how many, and the first by name. */
struct tally {
    size_t n;
    struct str first;
};

static void tally_add(struct tally *tally, struct str name)
{
    if (tally->n++ == 0)
        tally->first = name;
}

static void
tally_tell(struct judging *j, enum verdict verdict, const struct tally *tally, const char *what)
{
    char more[48] = "";
    if (tally->n > 1)
        snprintf(more, sizeof(more), " and %zu more", tally->n - 1);
    finding_set(j, verdict, "'" STR_FMT "'%s: %s", STR_ARG(tally->first), more, what);
}

void check_artifacts(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct snapshot *seen = j->c->seen;
    struct tally gone = {0}, changed = {0};
    for (size_t i = 0; i < seen->record.models.len; i++) {
        const struct record_model *model = &seen->record.models.items[i];
        const struct seen_object *object = map_get(seen->objects, model->live.key);
        if (object == NULL) /* or it is held at a version that is gone, and has no key */
            tally_add(&gone, model->name);
        else if (!str_eq(object->etag, model->live.etag) || object->size != model->live.size)
            tally_add(&changed, model->name);
    }
    if (gone.n > 0) {
        tally_tell(j, VERDICT_FAIL, &gone, "the artifact is gone");
        finding_hint(j, "apply makes it anew; instances that have it loaded answer until then");
    } else if (changed.n > 0) {
        tally_tell(j, VERDICT_FAIL, &changed, "the artifact was overwritten outside mmectl");
        finding_hint(j, "apply puts back what the spec says");
    } else {
        finding_set(j, VERDICT_OK, "%zu published", seen->record.models.len);
    }
}

void check_targets(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct snapshot *seen = j->c->seen;
    const struct want *want = j->c->want;
    if (!seen->endpoint.present || j->c->want_err.code != ERR_NONE) {
        finding_set(
            j, VERDICT_SKIPPED, "could not check: %s",
            seen->endpoint.present ? "the spec could not be read" : "there is no endpoint");
        return;
    }
    struct tally missing = {0};
    for (size_t i = 0; i < want->n_models; i++) {
        const struct record_model *model = record_find(&seen->record, want->models[i].name);
        struct str uri = model == NULL ? STR_NULL
                                       : str_fmt(
                                             j->arena, "s3://" STR_FMT "/" STR_FMT,
                                             STR_ARG(want->bucket), STR_ARG(model->live.key));
        bool reached = model != NULL && str_starts(uri, seen->live_model_url) &&
                       map_has(seen->objects, model->live.key);
        if (!reached)
            tally_add(&missing, want->models[i].name);
    }
    if (missing.n == 0) {
        finding_set(j, VERDICT_OK, "%zu", want->n_models);
        return;
    }
    tally_tell(j, VERDICT_FAIL, &missing, "not published where the endpoint looks");
    finding_hint(j, "apply publishes what the spec says");
}

void check_jobs(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct snapshot *seen = j->c->seen;
    if (!seen->jobs_listed) {
        finding_set(j, VERDICT_SKIPPED, "could not check: training jobs were not listed");
        return;
    }
    const struct seen_job *failed = NULL;
    size_t n = 0;
    for (size_t i = 0; i < seen->jobs.len; i++)
        if (seen->jobs.items[i].owner == OWNER_US &&
            str_eq(seen->jobs.items[i].status, STR("Failed"))) {
            failed = &seen->jobs.items[i];
            n++;
        }
    if (failed == NULL) {
        finding_set(j, VERDICT_OK, "%zu job%s", seen->jobs.len, seen->jobs.len == 1 ? "" : "s");
        return;
    }
    struct advice advice = advice_for(j->arena, failed->failure_reason);
    finding_set(
        j, VERDICT_FAIL, "%zu failed; '" STR_FMT "': " STR_FMT " (" STR_FMT ")", n,
        STR_ARG(failed->name), STR_ARG(failed->failure_reason), STR_ARG(advice.means));
    finding_hint(j, STR_FMT "; apply --retry-failed tries it once more", STR_ARG(advice.helps));
}

void check_uploads(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    size_t n = j->c->seen->uploads.len;
    finding_set(j, n == 0 ? VERDICT_OK : VERDICT_WARN, n == 0 ? "none" : "%zu", n);
    if (n > 0)
        finding_hint(j, "'mmectl gc --delete' aborts them");
}

void check_garbage(struct judging *j)
{
    if (!judging_has_plan(j))
        return;
    const struct garbage *garbage = j->c->garbage;
    finding_set(
        j, garbage->n_things == 0 ? VERDICT_OK : VERDICT_WARN,
        garbage->n_things == 0 ? "none" : "%zu things", garbage->n_things);
    if (garbage->n_things > 0)
        finding_hint(j, "'mmectl gc' lists them, 'mmectl gc --delete' removes them");
}

void check_drift(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    if (j->c->plan == NULL) {
        if (j->c->plan_err.code == ERR_NONE)
            finding_set(j, VERDICT_SKIPPED, "could not check: the spec could not be read");
        else
            finding_error(j, &j->c->plan_err);
        return;
    }
    const struct plan *plan = j->c->plan;
    if (plan_is_empty(plan) && plan->n_left_out == 0) {
        finding_set(j, VERDICT_OK, "no changes");
        return;
    }
    finding_set(
        j, VERDICT_WARN, "%zu to add, %zu to change, %zu to destroy", plan->n_add, plan->n_change,
        plan->n_destroy);
    finding_hint(j, "'mmectl plan' shows them, 'mmectl apply' makes them");
}
