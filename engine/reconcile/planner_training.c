#include "engine/reconcile/planner_internal.h"
#include "engine/resource/failure.h"

/* The latest attempt at this fingerprint, by attempt number. */
static struct seen_job *latest_job(struct planner *p, struct str job, unsigned *ret_attempt)
{
    struct seen_job *latest = NULL;
    *ret_attempt = 0;
    for (size_t i = 0; i < p->seen->jobs.len; i++) {
        unsigned attempt = name_attempt_of(job, p->seen->jobs.items[i].name);
        if (attempt > *ret_attempt) {
            *ret_attempt = attempt;
            latest = &p->seen->jobs.items[i];
        }
    }
    return latest;
}

/* The job's output, when it is still where the job put it. */
static struct seen_object *job_output(struct planner *p, const struct seen_job *job)
{
    struct str base = str_fmt(p->arena, "s3://" STR_FMT "/", STR_ARG(p->want->bucket));
    if (!str_starts(job->artifact, base))
        return NULL;
    return map_get(p->seen->objects, str_from_index(job->artifact, base.len));
}

static struct str rounds_note(struct planner *p, const struct want_model *model)
{
    for (size_t i = 0; i < model->n_hyperparameters; i++)
        if (str_eq(model->hyperparameters[i].name, STR("num_round")))
            return str_fmt(
                p->arena, "trains " STR_FMT " rounds", STR_ARG(model->hyperparameters[i].value));
    return STR_NULL;
}

/* It goes with the training in another region, and nothing comes of it here unless that fails. */
static void follow(struct change *change, const struct change *lead)
{
    struct training_plan *subject = change->subject;
    subject->lead = lead;
    change->uncounted = change->uncounted || lead != NULL;
    change->removal_half = lead != NULL;
}

/* fresh: not from the checkpoints of an earlier attempt. */
static struct change *plan_job(
    struct planner *p, const struct want_model *model, unsigned attempt, bool attach, bool fresh)
{
    struct change *change = planner_change(p, KIND_TRAINING_JOB, ACTION_CREATE, model->name);
    struct training_plan *subject = ARENA_NEW(p->arena, struct training_plan);
    struct str job = name_job_attempt(p->arena, model->job, attempt);
    *subject = (struct training_plan){
        .model = model,
        .job = job,
        .attempt = attempt,
        .attach = attach,
        .request = request_job(p->arena, p->want, model, fresh ? job : model->job)};
    change->subject = subject;
    change->name = subject->job;
    change->at = model->at;
    change->uncounted = attach;
    change->note = attach ? STR("running already") : rounds_note(p, model);
    change->after = attributes_job(p->arena, subject->job, subject->request);
    follow(change, attach ? NULL : planner_lead(model));
    change_need(p->arena, change, p->bucket);
    const struct want_channel *channels;
    size_t n_channels = want_channels(p->want, model, &channels);
    for (size_t i = 0; i < n_channels; i++)
        if (!str_is_null(channels[i].key))
            change_need(p->arena, change, map_get(p->data, channels[i].key));
    return change;
}

static struct change *plan_local_training(
    struct planner *p, const struct want_model *model, struct artifact_plan *artifact)
{
    struct change *change = planner_change(p, KIND_LOCAL_TRAINING, ACTION_CREATE, model->name);
    struct training_plan *subject = ARENA_NEW(p->arena, struct training_plan);
    subject->model = model;
    subject->trained = ARENA_NEW(p->arena, struct trained_bytes);
    change->subject = subject;
    change->name = model->name;
    change->at = model->at;
    change->note = rounds_note(p, model);
    follow(change, planner_lead(model));
    artifact->source = ARTIFACT_TRAINED;
    artifact->trained = subject->trained;
    return change;
}

static void leave_out(struct planner *p, struct want_model *model, const struct seen_job *job)
{
    model->left_out = true;
    *VEC_PUSH(p->arena, &p->context->left_out) = model->name;
    planner_warn(
        p,
        STR("change the model, the data or a training setting; or try it again as it is with "
            "--retry-failed"),
        "model '" STR_FMT "' is left out: training job '" STR_FMT "' ended %s" STR_FMT "%s",
        STR_ARG(model->name), STR_ARG(job->name),
        str_eq(job->status, STR("Stopped")) ? "Stopped" : "Failed: ",
        STR_ARG(str_eq(job->status, STR("Stopped")) ? STR("") : job->failure_reason), "");
}

/* A job that ended without a usable artifact: try again or not? (decision: only when trying again
 * can help) */
static bool try_again(struct planner *p, const struct want_model *model, const struct seen_job *job)
{
    if (p->options->retry_failed || model->retrain ||
        !str_eq(job->settings_hash, model->settings_hash))
        return true;
    if (str_eq(job->status, STR("Completed"))) /* its output was deleted */
        return true;
    if (str_eq(job->status, STR("Stopped"))) /* by a person, unless it ran out of time */
        return str_find(job->failure_reason, STR("MaxRuntime")) == SIZE_MAX;
    return failure_may_pass(job->failure_reason);
}

static enum err_code plan_from_job(
    struct planner *p,
    struct want_model *model,
    struct artifact_plan *artifact,
    struct change **ret_need,
    struct err *err)
{
    unsigned attempt;
    struct seen_job *job = latest_job(p, model->job, &attempt);
    if (job != NULL && !job->inspected) {
        *VEC_PUSH(p->arena, &p->gaps->jobs) = job;
        return ERR_NONE;
    }
    if (job != NULL && job->owner != OWNER_US) {
        err_set(
            err, ERR_CONFLICT, "training job '" STR_FMT "' exists and is not this stack's",
            STR_ARG(job->name));
        err_hint(err, "rename the stack, or delete that training job");
        return err_locate(err, model->at);
    }
    struct seen_object *output = job != NULL ? job_output(p, job) : NULL;
    artifact->source = ARTIFACT_COPY;
    artifact->from_bucket = p->want->bucket;
    if (job != NULL && str_eq(job->status, STR("Completed")) && output != NULL && !model->retrain) {
        artifact->from_key = output->key;
        artifact->from_etag = output->etag;
        artifact->job = job->name;
        struct json *metrics = json_object(p->arena);
        for (size_t i = 0; i < job->n_metrics; i++) {
            double value = 0;
            if (str_to_f64(job->metrics[i].value, &value))
                json_set(p->arena, metrics, job->metrics[i].name, json_num(p->arena, value));
        }
        if (planner_passes(p, model, metrics, artifact))
            artifact->metrics = metrics;
        return ERR_NONE;
    }
    bool running = job != NULL && str_eq(job->status, STR("InProgress"));
    bool ended = job != NULL && !running;
    if (ended && !str_eq(job->status, STR("Stopping")) && planner_lead(model) == NULL &&
        !try_again(p, model, job)) {
        leave_out(p, model, job);
        return ERR_NONE;
    }
    /* After the checkpoints of a job that completed no round is left to run, nor to measure. */
    bool fresh = model->retrain || (job != NULL && str_eq(job->status, STR("Completed")));
    *ret_need = plan_job(p, model, running ? attempt : attempt + 1, running, fresh);
    artifact->job = (*ret_need)->name;
    return ERR_NONE;
}

enum err_code plan_source(
    struct planner *p,
    struct want_model *model,
    struct artifact_plan *artifact,
    struct change **ret_need,
    struct err *err)
{
    *ret_need = NULL;
    /* The same content somewhere else under our prefix is copied, never made again: unless its
     * metrics are asked for and not known. */
    const struct seen_object *same =
        planner_judged(p, model) ? planner_same_content(p, model->fp) : NULL;
    if (same != NULL && !model->remake && !str_eq(same->key, artifact->key)) {
        artifact->source = ARTIFACT_COPY;
        artifact->from_bucket = p->want->bucket;
        artifact->from_key = same->key;
        artifact->from_etag = same->etag;
        return ERR_NONE;
    }
    if (!model->remake && plan_copy_from_old(p, model, artifact))
        return ERR_NONE;
    if (!model->trained) {
        bool here = !str_is_null(model->path);
        artifact->source = here ? ARTIFACT_UPLOAD : ARTIFACT_COPY;
        struct str rest = str_from_index(model->s3_uri, STR("s3://").len);
        size_t slash = str_index(rest, '/');
        if (!here) {
            artifact->from_bucket = str_slice(rest, 0, slash);
            artifact->from_key = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
            artifact->from_etag = model->source_etag;
        }
        return ERR_NONE;
    }
    if (want_run(model)->result != NULL) {
        artifact->source = ARTIFACT_TRAINED;
        artifact->trained = want_run(model)->result;
        return ERR_NONE;
    }
    if (plan_from_elsewhere(p, model, artifact))
        return ERR_NONE;
    if (p->want->trains_here) {
        *ret_need = plan_local_training(p, model, artifact);
        return ERR_NONE;
    }
    if (!p->seen->jobs_listed) {
        p->gaps->list_jobs = true;
        return ERR_NONE;
    }
    return plan_from_job(p, model, artifact, ret_need, err);
}
