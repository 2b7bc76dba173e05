#include "engine/aws/logs.h"
#include "engine/kinds/kinds_internal.h"
#include "engine/resource/advice.h"
#include "engine/resource/failure.h"

#define LOG_GROUP "/aws/sagemaker/TrainingJobs"
#define ATTEMPTS_A_RUN 3
#define NOT_YET_POLLS 16 /* more than two minutes at settle's pace */
#define QUEUED_POLLS 8

struct job_state {
    bool sent, removal, stopping;
    unsigned attempts, not_yet, unheard;
    unsigned queued; /* polls since the quota had no room, from 1 on; 0: it had */
    struct str stream, log_token, queue_status;
};

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    (void) err;
    struct job_state *state = ARENA_NEW(call->arena, struct job_state);
    const struct training_plan *subject = call->change->subject;
    state->removal = call->change->action == ACTION_DELETE;
    state->sent = subject->attach;
    kinds->jobs_running += subject->attach && !state->removal;
    call->state = state;
    return ERR_NONE;
}

/* A job of that name is there: ours (an earlier run's, or our own lost create), or in the way. */
static enum err_code check_ours(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct training_plan *subject = call->change->subject;
    const struct json *tags;
    struct str arn = kinds_arn(call->arena, call->want, "training-job", subject->job);
    enum err_code code = kinds_call(
        kinds, call->arena, "DescribeTrainingJob",
        kinds_body(call->arena, "TrainingJobName", subject->job), NULL, err);
    if (code == ERR_NONE)
        code = kinds_list_tags(kinds, call->arena, arn, &tags, err);
    if (code != ERR_NONE)
        return code;
    if (kinds_owner(call->want, tags) == OWNER_US)
        return ERR_NONE;
    err_set(
        err, ERR_CONFLICT, "training job '" STR_FMT "' exists and is not this stack's",
        STR_ARG(subject->job));
    return err_hint(err, "rename the stack, or delete that training job");
}

static enum err_code send(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct training_plan *subject = call->change->subject;
    struct json *body = json_copy(call->arena, subject->request);
    json_put(call->arena, body, "TrainingJobName", json_string(call->arena, subject->job));
    json_put(
        call->arena, body, "Tags",
        kinds_tags(
            kinds, call->arena, call->want, str_slice(subject->model->fp, 0, FP16),
            subject->model->settings_hash));
    struct err failure = {0};
    enum err_code code = kinds_call(kinds, call->arena, "CreateTrainingJob", body, NULL, &failure);
    if (code == ERR_NONE)
        return code;
    if (code == ERR_EXISTS || failure.aws.maybe_done) {
        struct err other = {0};
        enum err_code ours = check_ours(kinds, call, &other);
        if (ours != ERR_NOT_FOUND) {
            if (ours != ERR_NONE)
                *err = other;
            return ours;
        }
    }
    *err = failure;
    return code;
}

/* The job's log lines since the last look. Logs come late or never: no failure of theirs stops an
 * apply. */
static void follow(struct kinds *kinds, struct world_call *call, struct job_state *state)
{
    const struct training_plan *subject = call->change->subject;
    struct err ignored = {0};
    if (!call->follow_logs)
        return;
    if (str_is_null(state->stream)) {
        struct str *streams;
        size_t count;
        struct str prefix = str_fmt(call->arena, STR_FMT "/", STR_ARG(subject->job));
        if (logs_streams(
                kinds->aws, call->arena, STR(LOG_GROUP), prefix, &streams, &count, &ignored) !=
                ERR_NONE ||
            count == 0)
            return;
        state->stream = streams[0];
    }
    struct logs_event *events;
    size_t count;
    if (logs_events(
            kinds->aws, call->arena, STR(LOG_GROUP), state->stream, &state->log_token, &events,
            &count, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < count; i++)
        call->log_line(call, events[i].message);
}

static const struct json *metrics_of(struct arena *arena, const struct json *reply)
{
    struct json *metrics = json_object(arena);
    JSON_EACH (metric, json_get(reply, "FinalMetricDataList")) {
        json_set(
            arena, metrics, json_get_str(metric, "MetricName"),
            json_num(arena, kinds_metric(json_get_num(metric, "Value", 0))));
    }
    return metrics;
}

static struct settle pending(struct str status)
{
    return (struct settle){.state = SETTLE_PENDING, .status = status};
}

static void job_ended(struct kinds *kinds)
{
    kinds->jobs_running--;
    kinds->jobs_freed++;
}

static enum err_code job_failed(
    struct world_call *call,
    struct job_state *state,
    const struct json *reply,
    struct settle *out,
    struct err *err)
{
    struct training_plan *subject = call->change->subject;
    struct str status = json_get_str(reply, "TrainingJobStatus");
    struct str reason = json_get_str(reply, "FailureReason");
    struct str secondary = json_get_str(reply, "SecondaryStatus");
    /* A job that ran out of time is Stopped, without a reason. */
    if (reason.len == 0 && str_ends(secondary, STR("Exceeded")))
        reason = secondary;
    if (failure_may_pass(reason) && ++state->attempts < ATTEMPTS_A_RUN) {
        subject->attempt++;
        subject->job = name_job_attempt(call->arena, subject->model->job, subject->attempt);
        call->change->name = subject->job;
        state->sent = false;
        state->stream = state->log_token = STR_NULL;
        *out = pending(STR("Retrying"));
        return ERR_NONE;
    }
    err_set(
        err, ERR_TERMINAL, "training job '" STR_FMT "' ended " STR_FMT "%s" STR_FMT,
        STR_ARG(subject->job), STR_ARG(status), reason.len > 0 ? ": " : "", STR_ARG(reason));
    if (str_eq(secondary, STR("MaxWaitTimeExceeded")))
        return err_hint(
            err, "there were no spot instances for long enough: raise spot.maxWait, or train "
                 "without spot; the next apply goes on from the job's checkpoints");
    return err_hint(
        err, "its log is in %s, stream " STR_FMT "/algo-1-...; 'mmectl apply -v' shows it",
        LOG_GROUP, STR_ARG(subject->job));
}

static enum err_code poll_sent(
    struct kinds *kinds,
    struct world_call *call,
    struct job_state *state,
    struct settle *out,
    struct err *err)
{
    struct training_plan *subject = call->change->subject;
    const struct json *reply;
    struct err failure = {0};
    enum err_code code = kinds_call(
        kinds, call->arena, "DescribeTrainingJob",
        kinds_body(call->arena, "TrainingJobName", subject->job), &reply, &failure);
    if (kinds_outlives(call, code)) {
        *out = kinds_silent();
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failure;
        job_ended(kinds); /* nobody may queue behind what is not followed any more */
        return err_wrap(err, "following training job '" STR_FMT "'", STR_ARG(subject->job));
    }
    struct str status = json_get_str(reply, "TrainingJobStatus");
    follow(kinds, call, state);
    if (str_eq(status, STR("InProgress")) || str_eq(status, STR("Stopping"))) {
        *out = pending(json_get_str(reply, "SecondaryStatus"));
        return ERR_NONE;
    }
    job_ended(kinds);
    if (!str_eq(status, STR("Completed")))
        return job_failed(call, state, reply, out, err);
    subject->artifact = json_get_str(json_get(reply, "ModelArtifacts"), "S3ModelArtifacts");
    subject->metrics = metrics_of(call->arena, reply);
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    return ERR_NONE;
}

/* Our own jobs hold the account's quota: when one of them ends, one of those that wait may try.
 * Somebody else's job may end as well, so each tries now and then. */
static bool keeps_queueing(struct kinds *kinds, struct job_state *state)
{
    if (state->queued == 0 || kinds->jobs_running == 0 || state->queued++ % QUEUED_POLLS == 0)
        return false;
    if (kinds->jobs_freed == 0)
        return true;
    kinds->jobs_freed--;
    return false;
}

static struct str queue_status(struct arena *arena, const struct err *failure)
{
    struct str quota = advice_quota(str_from(failure->message));
    if (str_is_null(quota))
        return STR("Queued: a quota of the account is used up");
    return str_fmt(arena, "Queued: quota '" STR_FMT "' is used up", STR_ARG(quota));
}

static enum err_code poll_create(
    struct kinds *kinds,
    struct world_call *call,
    struct job_state *state,
    struct settle *out,
    struct err *err)
{
    struct err failure = {0};
    if (keeps_queueing(kinds, state)) {
        *out = pending(state->queue_status);
        return ERR_NONE;
    }
    enum err_code code = send(kinds, call, &failure);
    if (code == ERR_NONE) {
        state->sent = true;
        kinds->jobs_running++;
        *out = pending(STR("Starting"));
        return ERR_NONE;
    }
    if (code == ERR_QUOTA && kinds->jobs_running > 0) {
        state->queued = state->queued == 0 ? 1 : state->queued;
        kinds->jobs_freed = 0;
        state->queue_status = queue_status(call->arena, &failure);
        *out = pending(state->queue_status);
        return ERR_NONE;
    }
    if (kinds_not_yet(&failure) && state->not_yet++ < NOT_YET_POLLS) {
        *out = pending(STR("Waiting for the role"));
        return ERR_NONE;
    }
    if (failure.aws.maybe_done && state->unheard++ < KINDS_UNHEARD_LIMIT) {
        *out = pending(STR("Starting"));
        return ERR_NONE;
    }
    const struct training_plan *subject = call->change->subject;
    *err = failure;
    return err_wrap(err, "starting training job '" STR_FMT "'", STR_ARG(subject->job));
}

static void remove_log_streams(struct kinds *kinds, struct world_call *call)
{
    const struct training_plan *subject = call->change->subject;
    struct str *streams;
    size_t count = 0;
    struct err ignored = {0};
    struct str prefix = str_fmt(call->arena, STR_FMT "/", STR_ARG(subject->job));
    if (logs_streams(kinds->aws, call->arena, STR(LOG_GROUP), prefix, &streams, &count, &ignored) !=
        ERR_NONE)
        return;
    for (size_t i = 0; i < count; i++)
        if (logs_delete_stream(kinds->aws, call->arena, STR(LOG_GROUP), streams[i], &ignored) !=
            ERR_NONE)
            return;
}

/* A job whose instances wait for the next one cannot be deleted. */
static bool keeps_warm(const struct json *reply)
{
    return str_eq(json_get_str(json_get(reply, "WarmPoolStatus"), "Status"), STR("Available"));
}

/* https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools-how-to-use.html, "Terminate a
 * warm pool" */
static enum err_code
release_pool(struct kinds *kinds, struct world_call *call, struct str job, struct err *err)
{
    struct json *body = kinds_body(call->arena, "TrainingJobName", job);
    struct json *resources = json_object(call->arena);
    json_put(call->arena, resources, "KeepAlivePeriodInSeconds", json_int(call->arena, 0));
    json_put(call->arena, body, "ResourceConfig", resources);
    return kinds_call(kinds, call->arena, "UpdateTrainingJob", body, NULL, err);
}

static enum err_code poll_removal(
    struct kinds *kinds,
    struct world_call *call,
    struct job_state *state,
    struct settle *out,
    struct err *err)
{
    const struct training_plan *subject = call->change->subject;
    struct json *body = kinds_body(call->arena, "TrainingJobName", subject->job);
    const struct json *reply;
    struct err failure = {0};
    enum err_code code =
        kinds_call(kinds, call->arena, "DescribeTrainingJob", body, &reply, &failure);
    if (state->stopping && kinds_outlives(call, code)) {
        *out = kinds_silent();
        return ERR_NONE;
    }
    struct str status = code == ERR_NONE ? json_get_str(reply, "TrainingJobStatus") : STR_NULL;
    bool running = str_eq(status, STR("InProgress")) || str_eq(status, STR("Stopping"));
    if (code == ERR_NONE && !running && keeps_warm(reply)) {
        code = release_pool(kinds, call, subject->job, &failure);
        if (code == ERR_NONE) {
            *out = pending(STR("Releasing its warm pool"));
            return ERR_NONE;
        }
    }
    if (running && !state->stopping) {
        code = kinds_call(kinds, call->arena, "StopTrainingJob", body, NULL, &failure);
        state->stopping = code == ERR_NONE;
    }
    if (running && code == ERR_NONE) {
        *out = pending(STR("Stopping"));
        return ERR_NONE;
    }
    if (str_eq(status, STR("Deleting"))) { /* by an earlier run, or somebody else */
        *out = pending(status);
        return ERR_NONE;
    }
    if (code == ERR_NONE) {
        /* Before the job: once it is gone, nothing leads to its streams any more. */
        remove_log_streams(kinds, call);
        code = kinds_call(kinds, call->arena, "DeleteTrainingJob", body, NULL, &failure);
    }
    if (code == ERR_DENIED) {
        /* A young operation that few policies allow: the job's record stays, and is named. */
        call->status(call, STR("left: DeleteTrainingJob is not allowed"));
        code = ERR_NONE;
    }
    if (code != ERR_NONE && code != ERR_NOT_FOUND) {
        *err = failure;
        return err_wrap(err, "deleting training job '" STR_FMT "'", STR_ARG(subject->job));
    }
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    return ERR_NONE;
}

static enum err_code
poll_job(struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err)
{
    struct job_state *state = call->state;
    if (state->removal)
        return poll_removal(kinds, call, state, out, err);
    if (!state->sent) {
        enum lead_state lead = kinds_follow_lead(call->change);
        if (lead == LEAD_DONE)
            *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
        if (lead == LEAD_PENDING)
            *out = pending(STR("Training in another region"));
        if (lead != LEAD_NONE)
            return ERR_NONE;
    }
    return state->sent ? poll_sent(kinds, call, state, out, err)
                       : poll_create(kinds, call, state, out, err);
}

const struct kind_ops kind_training_job = {.start = start, .poll = poll_job};
