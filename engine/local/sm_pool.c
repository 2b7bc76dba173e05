/* Warm pools: the instances of a finished job, kept for the next one that asks for the same. The
 * document of a job that has one:
 *
 *   pool  status     InUse, then Available, then Reused or Terminated
 *         since_ms, until_ms, ended_ms
 *         reused_by  the job that took it over
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html */
#include "engine/local/sm.h"

#define USAGE "training warm pool"

static int64_t pool_ms(const struct sm_thing *job, const char *key)
{
    return json_get_int(json_get(job->doc, "pool"), key, 0);
}

static bool pool_is(const struct sm_thing *job, const char *status)
{
    return str_eq_z(json_get_str(json_get(job->doc, "pool"), "status"), status);
}

static const struct json *resources(const struct json *request)
{
    return json_get(request, "ResourceConfig");
}

static int64_t keep_alive_ms(const struct sm_thing *job)
{
    return 1000 * json_get_int(resources(json_get(job->doc, "in")), "KeepAlivePeriodInSeconds", 0);
}

static void set_status(struct arena *arena, struct sm_thing *job, const char *status)
{
    json_put(arena, sm_mutable(job->doc, "pool"), "status", json_z(arena, status));
}

static void end(struct arena *arena, struct sm_thing *job, const char *status, int64_t at_ms)
{
    set_status(arena, job, status);
    json_put(arena, sm_mutable(job->doc, "pool"), "ended_ms", json_int(arena, at_ms));
    job->due_ms = SM_NEVER;
}

/* ------------------------------------------------------------------ who fits whom */

static bool same(const struct json *a, const struct json *b)
{
    return a == NULL || b == NULL ? a == b : json_equal(a, b);
}

static bool matches(const struct json *had, const struct json *wants)
{
    static const char *const of_job[] = {
        "RoleArn", "VpcConfig", "EnableInterContainerTrafficEncryption", "EnableNetworkIsolation"};
    static const char *const of_resources[] = {
        "InstanceCount", "InstanceType", "VolumeKmsKeyId", "VolumeSizeInGB"};

    for (size_t i = 0; i < ARRAY_LEN(of_job); i++)
        if (!same(json_get(had, of_job[i]), json_get(wants, of_job[i])))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(of_resources); i++)
        if (!same(
                json_get(resources(had), of_resources[i]),
                json_get(resources(wants), of_resources[i])))
            return false;
    return true;
}

struct search {
    struct arena *arena;
    struct str region;
    const struct json *request;
    int64_t now_ms;
    struct str found; /* the job with the oldest one that fits */
    int64_t since_ms;
};

static void consider(void *arg, const struct sm_thing *job)
{
    struct search *search = arg;

    if (!str_eq(job->region, search->region) || !pool_is(job, "Available") ||
        pool_ms(job, "until_ms") <= search->now_ms ||
        !matches(json_get(job->doc, "in"), search->request))
        return;
    if (!str_is_null(search->found) && pool_ms(job, "since_ms") >= search->since_ms)
        return;
    search->found = str_dup(search->arena, job->name);
    search->since_ms = pool_ms(job, "since_ms");
}

bool sm_pool_take(struct local_call *call, const struct json *request, struct json *doc)
{
    struct search search = {
        .arena = call->arena,
        .region = call->region,
        .request = request,
        .now_ms = call->now_ms,
        .found = STR_NULL};
    struct sm_thing job;
    bool spot = json_get_bool(request, "EnableManagedSpotTraining", false);

    if (!spot)
        sm_each(call->local, call->arena, SM_JOB, consider, &search);
    bool taken = !str_is_null(search.found) &&
                 sm_find(call->local, call->arena, call->region, SM_JOB, search.found, &job);
    if (taken) {
        end(call->arena, &job, "Reused", call->now_ms);
        json_put(
            call->arena, sm_mutable(job.doc, "pool"), "reused_by",
            json_string(call->arena, json_get_str(call->input, "TrainingJobName")));
        sm_save(call->local, call->arena, &job);
    }
    if (taken || json_get_int(resources(request), "KeepAlivePeriodInSeconds", 0) > 0) {
        struct json *pool = json_object(call->arena);
        json_put(call->arena, pool, "status", json_z(call->arena, "InUse"));
        json_put(call->arena, doc, "pool", pool);
    }
    return taken;
}

/* ------------------------------------------------------------------ time */

struct usage {
    const struct sm_thing *job;
    int64_t instances;
};

static void add_usage(void *arg, const struct sm_thing *job)
{
    struct usage *usage = arg;
    const struct json *mine = resources(json_get(usage->job->doc, "in"));
    const struct json *other = resources(json_get(job->doc, "in"));

    if (str_eq(job->region, usage->job->region) && pool_is(job, "Available") &&
        same(json_get(mine, "InstanceType"), json_get(other, "InstanceType")))
        usage->instances += json_get_int(other, "InstanceCount", 1);
}

/* Without room in its quota a pool is not kept; the job is none the worse for it. */
static bool quota_has_room(struct local *local, struct arena *arena, const struct sm_thing *job)
{
    const struct json *mine = resources(json_get(job->doc, "in"));
    struct usage usage = {job, json_get_int(mine, "InstanceCount", 1)};
    struct str name = str_fmt(
        arena, "quota." STR_FMT " for " USAGE " usage",
        STR_ARG(json_get_str(mine, "InstanceType")));
    int64_t limit = 0;

    if (!str_to_i64(sm_setting(local, arena, str_z(arena, name)), &limit))
        return true;
    sm_each(local, arena, SM_JOB, add_usage, &usage);
    return usage.instances <= limit;
}

/* "If the training job fails for any other reason that might compromise the health of the cluster,
 * then the warm pool is not created." */
static bool is_healthy(const struct sm_thing *job)
{
    struct str reason = json_get_str(job->doc, "reason");

    return str_is_null(reason) || str_starts(reason, STR("ClientError")) ||
           str_starts(reason, STR("AlgorithmError"));
}

void sm_pool_advance(struct local *local, struct arena *arena, struct sm_thing *job, int64_t now_ms)
{
    int64_t ended = json_get_int(job->doc, "ended_ms", 0), keep = keep_alive_ms(job);

    if (pool_is(job, "InUse") && sm_job_is_final(job)) {
        if (keep == 0 || !is_healthy(job) || !quota_has_room(local, arena, job)) {
            end(arena, job, "Terminated", ended);
            return;
        }
        struct json *pool = sm_mutable(job->doc, "pool");
        set_status(arena, job, "Available");
        json_put(arena, pool, "since_ms", json_int(arena, ended));
        json_put(arena, pool, "until_ms", json_int(arena, ended + keep));
        job->due_ms = ended + keep;
    }
    if (pool_is(job, "Available") && pool_ms(job, "until_ms") <= now_ms)
        end(arena, job, "Terminated", pool_ms(job, "until_ms"));
}

/* ------------------------------------------------------------------ what is told, what is asked */

bool sm_pool_waits(const struct sm_thing *job)
{
    return pool_is(job, "Available");
}

struct json *sm_pool_describe(struct arena *arena, const struct sm_thing *job)
{
    const struct json *pool = json_get(job->doc, "pool");
    struct json *out = json_object(arena);
    int64_t since = pool_ms(job, "since_ms"), ended = pool_ms(job, "ended_ms");

    if (pool == NULL)
        return NULL;
    json_put(arena, out, "Status", json_string(arena, json_get_str(pool, "status")));
    if (since > 0 && ended >= since)
        json_put(
            arena, out, "ResourceRetainedBillableTimeInSeconds",
            json_int(arena, (ended - since + 999) / 1000));
    if (json_get(pool, "reused_by") != NULL)
        json_put(arena, out, "ReusedByJob", json_string(arena, json_get_str(pool, "reused_by")));
    return out;
}

enum err_code sm_update_training_job(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena);
    struct sm_thing job;
    const struct json *wanted =
        json_get(json_get(call->input, "ResourceConfig"), "KeepAlivePeriodInSeconds");

    (void) err;
    if (!sm_find(
            call->local, call->arena, call->region, SM_JOB,
            json_get_str(call->input, "TrainingJobName"), &job))
        return call_fail(call, 400, "ResourceNotFound", "Requested resource not found.");
    if (wanted != NULL && (pool_is(&job, "Available") || !sm_job_is_final(&job))) {
        struct json *in = sm_mutable(job.doc, "in");
        json_put(
            call->arena, sm_mutable(in, "ResourceConfig"), "KeepAlivePeriodInSeconds",
            json_int(call->arena, wanted->integer));
        if (pool_is(&job, "Available")) {
            job.due_ms = pool_ms(&job, "since_ms") + 1000 * wanted->integer;
            job.due_ms = job.due_ms < call->now_ms ? call->now_ms : job.due_ms;
            json_put(
                call->arena, sm_mutable(job.doc, "pool"), "until_ms",
                json_int(call->arena, job.due_ms));
            sm_pool_advance(call->local, call->arena, &job, call->now_ms);
        }
        job.modified_ms = call->now_ms;
        sm_save(call->local, call->arena, &job);
    } else if (wanted != NULL) {
        return sm_invalid(
            call, "The request was rejected because the training job has no warm pool that is "
                  "InUse or Available");
    }
    json_put(call->arena, body, "TrainingJobArn", json_string(call->arena, job.arn));
    return call_json(call, body);
}
