/* A training job in time. The document of a job:
 *
 *   in           the request without its tags
 *   secondary    SecondaryStatus
 *   transitions  SecondaryStatusTransitions, times in ms
 *   until_ms     when the current state ends by itself
 *   result       {at_ms, ok, stage: "download"|"train", reason, metrics} once the work is done
 *   started_ms, ended_ms, reason, artifact
 *
 * The work itself runs beside (trainer.h); a state that needs its result waits for it. */
#include "engine/local/sm.h"

#include "engine/local/trainer.h"

static const struct {
    const char *secondary, *status, *message;
} s_states[] = {
    {"Starting", "InProgress", "Starting the training job"},
    {"Downloading", "InProgress", "Downloading the training image"},
    {"Training", "InProgress", "Training image download completed. Training in progress."},
    {"Uploading", "InProgress", "Uploading generated training model"},
    {"Completed", "Completed", "Training job completed"},
    {"Failed", "Failed", "Training job failed"},
    {"Stopping", "Stopping", "Stopping the training job"},
    {"Stopped", "Stopped", "Training job stopped"},
    {"MaxRuntimeExceeded", "Stopped", "Training job runtime exceeded MaxRuntimeInSeconds provided"},
    {"Deleting", "Deleting", "Deleting the training job"},
};

static int64_t doc_ms(const struct sm_thing *job, const char *key)
{
    return json_get_int(job->doc, key, 0);
}

static bool is_secondary(const struct sm_thing *job, const char *secondary)
{
    return str_eq_z(json_get_str(job->doc, "secondary"), secondary);
}

bool sm_job_is_final(const struct sm_thing *job)
{
    return str_eq_z(job->status, "Completed") || str_eq_z(job->status, "Failed") ||
           str_eq_z(job->status, "Stopped");
}

void sm_job_enter(struct arena *arena, struct sm_thing *job, const char *secondary, int64_t at_ms)
{
    struct json *transitions = sm_mutable(job->doc, "transitions"), *next = json_object(arena);

    if (transitions == NULL) {
        transitions = json_array(arena);
        json_put(arena, job->doc, "transitions", transitions);
    }
    if (transitions->last != NULL)
        json_put(arena, transitions->last, "end_ms", json_int(arena, at_ms));
    for (size_t i = 0; i < ARRAY_LEN(s_states); i++)
        if (strcmp(s_states[i].secondary, secondary) == 0) {
            job->status = str_from(s_states[i].status);
            json_put(arena, next, "message", json_z(arena, s_states[i].message));
        }
    json_put(arena, next, "status", json_z(arena, secondary));
    json_put(arena, next, "start_ms", json_int(arena, at_ms));
    json_push(transitions, next);
    json_put(arena, job->doc, "secondary", json_z(arena, secondary));
    job->modified_ms = at_ms;
    job->due_ms = SM_NEVER;
    if (sm_job_is_final(job)) {
        json_put(arena, next, "end_ms", json_int(arena, at_ms));
        json_put(arena, job->doc, "ended_ms", json_int(arena, at_ms));
    }
}

static void enter_until(
    struct arena *arena, struct sm_thing *job, const char *secondary, int64_t at_ms, int64_t last)
{
    sm_job_enter(arena, job, secondary, at_ms);
    json_put(arena, job->doc, "until_ms", json_int(arena, at_ms + last));
    job->due_ms = at_ms + last;
}

static int64_t deadline_ms(const struct sm_thing *job)
{
    const struct json *stopping = json_get(json_get(job->doc, "in"), "StoppingCondition");

    return doc_ms(job, "started_ms") + 1000 * json_get_int(stopping, "MaxRuntimeInSeconds", 86400);
}

static void
fail(struct arena *arena, struct sm_thing *job, const struct json *result, int64_t at_ms)
{
    sm_job_enter(arena, job, "Failed", at_ms);
    json_put(arena, job->doc, "reason", json_string(arena, json_get_str(result, "reason")));
}

/* Training waits for the work, or for the deadline. */
static bool
leave_training(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms)
{
    const struct json *result = json_get(job->doc, "result");
    int64_t since = doc_ms(job, "until_ms"), deadline = deadline_ms(job);
    int64_t done = result != NULL ? json_get_int(result, "at_ms", 0) : INT64_MAX;

    if (done < since)
        done = since;
    if (done > deadline && deadline <= now_ms) {
        trainer_cancel(local, job->region, job->name);
        json_put(arena, job->doc, "overran", json_bool(arena, true));
        enter_until(arena, job, "Stopping", deadline, local_delays(local)->training_stopping_ms);
        return true;
    }
    if (done <= now_ms) {
        if (json_get_bool(result, "ok", false))
            enter_until(arena, job, "Uploading", done, local_delays(local)->training_uploading_ms);
        else
            fail(arena, job, result, done);
        return true;
    }
    job->due_ms = done < deadline ? done : deadline;
    return false;
}

static bool step(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms)
{
    const struct json *result = json_get(job->doc, "result");
    int64_t until = doc_ms(job, "until_ms");
    bool bad = result != NULL && !json_get_bool(result, "ok", false);

    if (is_secondary(job, "Training"))
        return leave_training(local, arena, job, now_ms);
    if (sm_job_is_final(job))
        return false;
    if (until > now_ms) {
        job->due_ms = until; /* a result that came early waits */
        return false;
    }
    if (is_secondary(job, "Starting")) {
        enter_until(arena, job, "Downloading", until, local_delays(local)->training_downloading_ms);
        json_put(arena, job->doc, "started_ms", json_int(arena, until));
    } else if (is_secondary(job, "Downloading")) {
        if (bad && str_eq_z(json_get_str(result, "stage"), "download"))
            fail(arena, job, result, until);
        else
            enter_until(arena, job, "Training", until, 0);
    } else if (is_secondary(job, "Uploading")) {
        sm_job_enter(arena, job, "Completed", until);
    } else if (is_secondary(job, "Stopping")) {
        sm_job_enter(
            arena, job,
            json_get_bool(job->doc, "overran", false) ? "MaxRuntimeExceeded" : "Stopped", until);
    }
    return true;
}

void sm_job_advance(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms)
{
    if (is_secondary(job, "Deleting")) {
        if (doc_ms(job, "until_ms") <= now_ms)
            sm_drop(local, arena, job);
        return;
    }
    while (step(local, arena, job, now_ms))
        ;
    sm_save(local, arena, job);
}

/* ------------------------------------------------------------------ describe */

static struct json *transitions_json(struct arena *arena, const struct sm_thing *job)
{
    struct json *out = json_array(arena);

    JSON_EACH (transition, json_get(job->doc, "transitions")) {
        struct json *item = json_object(arena);
        int64_t end = json_get_int(transition, "end_ms", 0);

        json_put(arena, item, "Status", json_string(arena, json_get_str(transition, "status")));
        json_put(arena, item, "StartTime", sm_time(arena, json_get_int(transition, "start_ms", 0)));
        json_put(arena, item, "EndTime", end > 0 ? sm_time(arena, end) : NULL);
        json_put(
            arena, item, "StatusMessage", json_string(arena, json_get_str(transition, "message")));
        json_push(out, item);
    }
    return out;
}

static struct json *metrics_json(struct arena *arena, const struct json *result)
{
    struct json *out = json_array(arena);

    JSON_EACH (metric, json_get(result, "metrics")) {
        struct json *item = json_object(arena);
        json_put(arena, item, "MetricName", json_string(arena, json_get_str(metric, "name")));
        json_put(arena, item, "Value", json_num(arena, json_get_num(metric, "value", 0.0)));
        json_put(arena, item, "Timestamp", sm_time(arena, json_get_int(result, "at_ms", 0)));
        json_push(out, item);
    }
    return out;
}

/* Times and what is billed: every second begun, from the download on. */
static void add_times(struct arena *arena, const struct sm_thing *job, struct json *body)
{
    int64_t started = doc_ms(job, "started_ms"), ended = doc_ms(job, "ended_ms");
    int64_t seconds = (ended - started + 999) / 1000;

    json_put(arena, body, "CreationTime", sm_time(arena, job->created_ms));
    json_put(arena, body, "LastModifiedTime", sm_time(arena, job->modified_ms));
    if (started > 0)
        json_put(arena, body, "TrainingStartTime", sm_time(arena, started));
    if (ended > 0)
        json_put(arena, body, "TrainingEndTime", sm_time(arena, ended));
    if (ended > 0 && started > 0) {
        json_put(arena, body, "TrainingTimeInSeconds", json_int(arena, seconds));
        json_put(arena, body, "BillableTimeInSeconds", json_int(arena, seconds));
    }
}

struct json *sm_job_describe(struct arena *arena, const struct sm_thing *job)
{
    struct json *body = json_copy(arena, json_get(job->doc, "in"));
    struct json *artifacts = json_object(arena);
    const struct json *result = json_get(job->doc, "result");
    struct str reason = json_get_str(job->doc, "reason");
    bool published =
        result != NULL && json_get_bool(result, "ok", false) && str_eq_z(job->status, "Completed");

    json_put(arena, body, "TrainingJobArn", json_string(arena, job->arn));
    json_put(arena, body, "TrainingJobStatus", json_string(arena, job->status));
    json_put(
        arena, body, "SecondaryStatus", json_string(arena, json_get_str(job->doc, "secondary")));
    json_put(
        arena, artifacts, "S3ModelArtifacts",
        json_string(arena, json_get_str(job->doc, "artifact")));
    if (published) {
        json_put(arena, body, "ModelArtifacts", artifacts);
        json_put(arena, body, "FinalMetricDataList", metrics_json(arena, result));
    }
    if (!str_is_null(reason))
        json_put(arena, body, "FailureReason", json_string(arena, reason));
    json_put(arena, body, "SecondaryStatusTransitions", transitions_json(arena, job));
    add_times(arena, job, body);
    return body;
}
