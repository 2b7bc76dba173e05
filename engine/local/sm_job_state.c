/* A training job in time. The document of a job:
 *
 *   in           the request without its tags
 *   secondary    SecondaryStatus
 *   transitions  SecondaryStatusTransitions, times in ms
 *   until_ms     when the current state ends by itself
 *   result       {at_ms, ok, stage: "download"|"train", reason, metrics} once the work is done;
 *                of an interrupted one besides {cut_ms: when, back_ms: when there is capacity
 * again, rest_ms: what the rest took, gave_up: MaxWaitTime is over by then} waited_ms    without
 * instances, so far resumed      the work goes on after an interruption pool         sm_pool.c
 *   started_ms, ended_ms, reason, artifact
 *
 * The work itself runs beside (trainer.h); a state that needs its result waits for it. */
#include "engine/local/sm.h"

#include "engine/local/trainer.h"

/* Of the time, what is billed: the service shows the discount of spot instances as time saved. */
enum { SPOT_PERCENT = 30 };

static const struct {
    const char *secondary, *status, *message;
} s_states[] = {
    {"Starting", "InProgress", "Starting the training job"},
    {"Downloading", "InProgress", "Downloading the training image"},
    {"Training", "InProgress", "Training image download completed. Training in progress."},
    {"Interrupted", "InProgress", "Spot capacity was taken back; waiting for new capacity"},
    {"Uploading", "InProgress", "Uploading generated training model"},
    {"Completed", "Completed", "Training job completed"},
    {"Failed", "Failed", "Training job failed"},
    {"Stopping", "Stopping", "Stopping the training job"},
    {"Stopped", "Stopped", "Training job stopped"},
    {"MaxRuntimeExceeded", "Stopped", "Training job runtime exceeded MaxRuntimeInSeconds provided"},
    {"MaxWaitTimeExceeded", "Stopped",
     "Training job exceeded MaxWaitTimeInSeconds while it waited for spot capacity"},
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

    return doc_ms(job, "started_ms") + doc_ms(job, "waited_ms") +
           1000 * json_get_int(stopping, "MaxRuntimeInSeconds", 86400);
}

static void
fail(struct arena *arena, struct sm_thing *job, const struct json *result, int64_t at_ms)
{
    sm_job_enter(arena, job, "Failed", at_ms);
    json_put(arena, job->doc, "reason", json_string(arena, json_get_str(result, "reason")));
}

static bool is_cut(const struct sm_thing *job)
{
    return json_get(json_get(job->doc, "result"), "cut_ms") != NULL &&
           !json_get_bool(job->doc, "resumed", false);
}

/* Its instances were taken back: nothing runs until there are others. */
static void interrupt(struct arena *arena, struct sm_thing *job, int64_t at_ms)
{
    int64_t back = json_get_int(json_get(job->doc, "result"), "back_ms", at_ms);

    enter_until(arena, job, "Interrupted", at_ms, back > at_ms ? back - at_ms : 0);
}

static void come_back(struct local *local, struct arena *arena, struct sm_thing *job, int64_t at_ms)
{
    const struct json *result = json_get(job->doc, "result");
    int64_t starting = local_delays(local)->training_starting_ms;

    if (json_get_bool(result, "gave_up", false)) {
        sm_job_enter(arena, job, "MaxWaitTimeExceeded", at_ms);
        return;
    }
    json_put(arena, job->doc, "resumed", json_bool(arena, true));
    json_put(
        arena, job->doc, "waited_ms",
        json_int(arena, at_ms + starting - json_get_int(result, "cut_ms", at_ms)));
    enter_until(arena, job, "Starting", at_ms, starting);
}

/* Training waits for the work, or for the deadline. */
static bool
leave_training(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms)
{
    const struct json *result = json_get(job->doc, "result");
    int64_t since = doc_ms(job, "until_ms"), deadline = deadline_ms(job);
    int64_t done = result != NULL ? json_get_int(result, "at_ms", 0) : INT64_MAX;

    if (is_cut(job))
        done = json_get_int(result, "cut_ms", 0);
    else if (json_get_bool(job->doc, "resumed", false))
        done = since + json_get_int(result, "rest_ms", 0);
    if (done < since)
        done = since;
    if (done > deadline && deadline <= now_ms) {
        trainer_cancel(local, job->region, job->name);
        json_put(arena, job->doc, "overran", json_bool(arena, true));
        enter_until(arena, job, "Stopping", deadline, local_delays(local)->training_stopping_ms);
        return true;
    }
    if (done <= now_ms) {
        if (is_cut(job))
            interrupt(arena, job, done);
        else if (json_get_bool(result, "ok", false))
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
        if (doc_ms(job, "started_ms") == 0)
            json_put(arena, job->doc, "started_ms", json_int(arena, until));
    } else if (is_secondary(job, "Interrupted")) {
        come_back(local, arena, job, until);
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
    if (str_eq_z(job->status, "Deleting")) {
        if (doc_ms(job, "until_ms") <= now_ms)
            sm_drop(local, arena, job);
        return;
    }
    while (step(local, arena, job, now_ms))
        ;
    sm_pool_advance(local, arena, job, now_ms);
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

static bool is_defined(const struct json *definitions, struct str name)
{
    JSON_EACH (definition, definitions)
        if (str_eq(json_get_str(definition, "Name"), name))
            return true;
    return false;
}

/* Read from the log, which has five decimals, by the patterns of MetricDefinitions; kept as a
 * float: 1.19876 is described as 1.1987600326538086. */
static double reported(struct arena *arena, double value)
{
    double rounded = value;

    if (!str_to_f64(str_fmt(arena, "%.5f", value), &rounded))
        return value;
    return (double) (float) rounded;
}

static struct json *metrics_json(struct arena *arena, const struct sm_thing *job)
{
    struct json *out = json_array(arena);
    const struct json *result = json_get(job->doc, "result");
    const struct json *definitions =
        json_get(json_get(json_get(job->doc, "in"), "AlgorithmSpecification"), "MetricDefinitions");

    JSON_EACH (metric, json_get(result, "metrics")) {
        struct json *item = json_object(arena);
        if (!is_defined(definitions, json_get_str(metric, "name")))
            continue;
        json_put(arena, item, "MetricName", json_string(arena, json_get_str(metric, "name")));
        json_put(
            arena, item, "Value",
            json_num(arena, reported(arena, json_get_num(metric, "value", 0.0))));
        json_put(arena, item, "Timestamp", sm_time(arena, json_get_int(result, "at_ms", 0)));
        json_push(out, item);
    }
    return out;
}

/* Times and what is billed: every second begun, from the download on; SageMaker answers at least
 * one. */
static void add_times(struct arena *arena, const struct sm_thing *job, struct json *body)
{
    int64_t started = doc_ms(job, "started_ms"), ended = doc_ms(job, "ended_ms");
    int64_t seconds = (ended - started - doc_ms(job, "waited_ms") + 999) / 1000;
    bool spot = json_get_bool(json_get(job->doc, "in"), "EnableManagedSpotTraining", false);

    seconds = seconds > 1 ? seconds : 1;
    json_put(arena, body, "CreationTime", sm_time(arena, job->created_ms));
    json_put(arena, body, "LastModifiedTime", sm_time(arena, job->modified_ms));
    if (started > 0)
        json_put(arena, body, "TrainingStartTime", sm_time(arena, started));
    if (ended > 0)
        json_put(arena, body, "TrainingEndTime", sm_time(arena, ended));
    if (ended > 0 && started > 0) {
        json_put(arena, body, "TrainingTimeInSeconds", json_int(arena, seconds));
        json_put(
            arena, body, "BillableTimeInSeconds",
            json_int(arena, spot ? (seconds * SPOT_PERCENT + 99) / 100 : seconds));
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
    /* Of every job: "the location that is configured for storing model artifacts", which is no word
     * of their being there. */
    json_put(arena, body, "ModelArtifacts", artifacts);
    if (published)
        json_put(arena, body, "FinalMetricDataList", metrics_json(arena, job));
    if (!str_is_null(reason))
        json_put(arena, body, "FailureReason", json_string(arena, reason));
    json_put(arena, body, "WarmPoolStatus", sm_pool_describe(arena, job));
    json_put(arena, body, "SecondaryStatusTransitions", transitions_json(arena, job));
    add_times(arena, job, body);
    return body;
}
