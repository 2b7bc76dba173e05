#include "engine/local/sm.h"

#include "engine/local/faults.h"
#include "engine/local/objects.h"
#include "engine/local/trainer.h"

/* What the image is known to report (DescribeTrainingJob of such jobs): of the validation channel
 * all, of the training channel those marked. A job has at most 40, so its own eval_metrics come
 * first; the service chooses by a rule it does not tell. */
static const struct {
    const char *name;
    bool train;
} s_metrics[] = {
    {"auc", true},
    {"error", true},
    {"logloss", true},
    {"rmse", true},
    {"mae", true},
    {"mse", true},
    {"accuracy", true},
    {"f1", true},
    {"merror", true},
    {"mlogloss", true},
    {"map", true},
    {"ndcg", true},
    {"cox-nloglik", true},
    {"gamma-nloglik", true},
    {"gamma-deviance", true},
    {"r2", false},
    {"aucpr", false},
    {"f1_binary", false},
    {"precision", false},
    {"recall", false},
    {"balanced_accuracy", false},
    {"f1_macro", false},
    {"rmsle", false},
    {"poisson-nloglik", true},
    {"mape", false},
    {"mphe", false},
    {"tweedie-nloglik", true},
    {"recall_macro", false},
    {"recall_micro", false},
    {"precision_macro", false},
    {"precision_micro", false},
    {"aft-nloglik", false},
    {"interval-regression-accuracy", false},
};

enum { METRICS_MAX = 40 };

static void
add_metric(struct arena *arena, struct json *list, const char *channel, const char *metric)
{
    struct json *item = json_object(arena);
    struct json *name = sm_text(arena, "%s:%s", channel, metric);

    JSON_EACH (seen, list)
        if (str_eq(json_get_str(seen, "Name"), name->string))
            return;
    if (list->len >= METRICS_MAX)
        return;
    json_put(arena, item, "Name", name);
    json_put(
        arena, item, "Regex",
        sm_text(
            arena, ".*\\[[0-9]+\\].*#011%s-%s:([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",
            channel, metric));
    json_push(list, item);
}

static bool lists(struct str names, const char *name)
{
    struct str rest = names, part;

    while (str_split(&rest, ',', &part))
        if (str_eq_z(str_trim(part), name))
            return true;
    return false;
}

static struct json *built_in_metrics(struct arena *arena, const struct json *hypers)
{
    struct json *list = json_array(arena);
    struct str own = json_get_str(hypers, "eval_metric");

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < ARRAY_LEN(s_metrics); i++) {
            if (pass == 0 && !lists(own, s_metrics[i].name))
                continue;
            if (s_metrics[i].train)
                add_metric(arena, list, "train", s_metrics[i].name);
            add_metric(arena, list, "validation", s_metrics[i].name);
        }
    return list;
}

/* What the service fills in by itself; Describe shows it and a differ must not trip over it. */
static struct json *with_defaults(struct local_call *call)
{
    struct arena *arena = call->arena;
    struct json *in = sm_without(arena, call->input, "Tags");
    struct json *algorithm = sm_mutable(in, "AlgorithmSpecification");
    struct json *output = sm_mutable(in, "OutputDataConfig");
    struct json *channels = sm_mutable(in, "InputDataConfig");

    if (sm_image_multi_model(call->local, arena, json_get_str(algorithm, "TrainingImage")))
        sm_default(
            arena, algorithm, "MetricDefinitions",
            built_in_metrics(arena, json_get(in, "HyperParameters")));
    sm_default(arena, algorithm, "EnableSageMakerMetricsTimeSeries", json_bool(arena, false));
    sm_default(arena, output, "KmsKeyId", json_z(arena, ""));
    sm_default(arena, output, "CompressionType", json_z(arena, "GZIP"));
    sm_default(
        arena, sm_mutable(in, "StoppingCondition"), "MaxRuntimeInSeconds", json_int(arena, 86400));
    sm_default(arena, sm_mutable(in, "ResourceConfig"), "InstanceCount", json_int(arena, 1));
    sm_default(arena, in, "EnableNetworkIsolation", json_bool(arena, false));
    sm_default(arena, in, "EnableInterContainerTrafficEncryption", json_bool(arena, false));
    sm_default(arena, in, "EnableManagedSpotTraining", json_bool(arena, false));
    for (struct json *c = channels != NULL ? channels->first : NULL; c != NULL; c = c->next) {
        struct json *s3 = sm_mutable(sm_mutable(c, "DataSource"), "S3DataSource");
        if (s3 != NULL)
            sm_default(arena, s3, "S3DataDistributionType", json_z(arena, "FullyReplicated"));
        sm_default(arena, c, "CompressionType", json_z(arena, "None"));
        sm_default(arena, c, "RecordWrapperType", json_z(arena, "None"));
    }
    return in;
}

/* What the model leaves optional and a container job needs all the same. */
static bool complete(struct local_call *call)
{
    const struct json *in = call->input, *stopping = json_get(in, "StoppingCondition");
    const struct json *resource = json_get(in, "ResourceConfig");
    const struct json *algorithm = json_get(in, "AlgorithmSpecification");
    static const char *const needed[] = {
        "AlgorithmSpecification", "ResourceConfig", "StoppingCondition"};

    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (json_get(in, needed[i]) == NULL) {
            sm_invalid(call, "%s is required to create a training job.", needed[i]);
            return false;
        }
    if (str_is_empty(json_get_str(algorithm, "TrainingImage"))) {
        sm_invalid(
            call, "You must specify either AlgorithmName or TrainingImage in your request, but not "
                  "both.");
        return false;
    }
    if (str_is_empty(json_get_str(resource, "InstanceType")) ||
        json_get_int(resource, "InstanceCount", 0) < 1 ||
        json_get_int(resource, "VolumeSizeInGB", 0) < 1) {
        sm_invalid(
            call, "ResourceConfig must specify InstanceType, InstanceCount and VolumeSizeInGB, "
                  "each at least 1.");
        return false;
    }
    bool spot = json_get_bool(in, "EnableManagedSpotTraining", false);
    if (!spot && json_get(stopping, "MaxWaitTimeInSeconds") != NULL) {
        sm_invalid(
            call, "Invalid MaxWaitTimeInSeconds. It is only supported when "
                  "EnableManagedSpotTraining is set to true");
        return false;
    }
    if (spot && json_get_int(resource, "KeepAlivePeriodInSeconds", 0) > 0) {
        sm_invalid(
            call, "Invalid KeepAlivePeriodInSeconds. It is not supported when "
                  "EnableManagedSpotTraining is set to true");
        return false;
    }
    if (spot && json_get_int(stopping, "MaxWaitTimeInSeconds", 0) <
                    json_get_int(stopping, "MaxRuntimeInSeconds", 86400)) {
        sm_invalid(
            call, "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal "
                  "to MaxRuntimeInSeconds");
        return false;
    }
    return true;
}

struct usage {
    struct str region, type;
    bool spot; /* counted apart */
    int64_t instances;
};

static void add_usage(void *arg, const struct sm_thing *job)
{
    struct usage *usage = arg;
    const struct json *resource = json_get(json_get(job->doc, "in"), "ResourceConfig");

    if (!sm_job_is_final(job) && str_eq(job->region, usage->region) &&
        json_get_bool(json_get(job->doc, "in"), "EnableManagedSpotTraining", false) ==
            usage->spot &&
        str_eq(json_get_str(resource, "InstanceType"), usage->type))
        usage->instances += json_get_int(resource, "InstanceCount", 1);
}

static bool within_quota(struct local_call *call)
{
    const struct json *resource = json_get(call->input, "ResourceConfig");
    struct usage usage = {
        .region = call->region,
        .type = json_get_str(resource, "InstanceType"),
        .spot = json_get_bool(call->input, "EnableManagedSpotTraining", false)};

    sm_each(call->local, call->arena, SM_JOB, add_usage, &usage);
    return sm_quota_fits(
        call, usage.type, usage.spot ? "spot training job" : "training job", usage.instances,
        json_get_int(resource, "InstanceCount", 1));
}

static struct str artifact_uri(struct local_call *call, struct str name)
{
    struct str out = json_get_str(json_get(call->input, "OutputDataConfig"), "S3OutputPath");

    while (str_ends(out, STR("/")))
        out = str_slice(out, 0, out.len - 1);
    return str_fmt(
        call->arena, STR_FMT "/" STR_FMT "/output/model.tar.gz", STR_ARG(out), STR_ARG(name));
}

static void create_inside(struct local_call *call)
{
    struct str name = json_get_str(call->input, "TrainingJobName");
    struct json *doc = json_object(call->arena), *body = json_object(call->arena);
    struct sm_thing job;
    struct str reason = STR_NULL;

    if (!complete(call) || !sm_tags_valid(call, json_get(call->input, "Tags")) ||
        !sm_role_usable(call, json_get_str(call->input, "RoleArn")))
        return;
    if (sm_find(call->local, call->arena, call->region, SM_JOB, name, &job)) {
        call_fail(
            call, 400, "ResourceInUse",
            "Training job names must be unique within an AWS account and region, and a training "
            "job with this name already exists (" STR_FMT ")",
            STR_ARG(job.arn));
        return;
    }
    if (!within_quota(call))
        return;
    json_put(call->arena, doc, "in", with_defaults(call));
    json_put(call->arena, doc, "artifact", json_string(call->arena, artifact_uri(call, name)));
    if (json_get_bool(call->input, "EnableManagedSpotTraining", false)) {
        const struct json *taken = faults_fired(call, FAULT_INTERRUPT, name);
        json_put(
            call->arena, doc, "interrupt", taken == NULL ? NULL : json_copy(call->arena, taken));
    }
    bool warm = sm_pool_take(call, json_get(doc, "in"), doc);
    if (faults_take(call, FAULT_FAIL, name, &reason))
        json_put(call->arena, doc, "injected", json_string(call->arena, reason));
    sm_create(call, SM_JOB, name, STR("InProgress"), SM_NEVER, doc);
    if (!sm_find(call->local, call->arena, call->region, SM_JOB, name, &job))
        return; /* the write failed; leaving the world says so */
    sm_job_enter(call->arena, &job, "Starting", call->now_ms);
    job.due_ms = call->now_ms + (warm ? 0 : local_delays(call->local)->training_starting_ms);
    json_put(call->arena, job.doc, "until_ms", json_int(call->arena, job.due_ms));
    sm_save(call->local, call->arena, &job);
    json_put(call->arena, body, "TrainingJobArn", json_string(call->arena, job.arn));
    call_json(call, body);
}

/* Outside the world, since the job's work may start at once. */
enum err_code sm_create_training_job(struct local_call *call, struct err *err)
{
    struct str name = json_get_str(call->input, "TrainingJobName");
    enum err_code code = world_enter(call->local, err);

    if (code != ERR_NONE)
        return code;
    call->db = local_db(call->local);
    create_inside(call);
    if (call->failed) {
        world_abandon(call->local);
        return ERR_NONE;
    }
    code = world_leave(call->local, err);
    if (code == ERR_NONE)
        trainer_submit(call->local, call->region, name);
    return code;
}

static bool job_of(struct local_call *call, struct sm_thing *job)
{
    if (sm_find(
            call->local, call->arena, call->region, SM_JOB,
            json_get_str(call->input, "TrainingJobName"), job))
        return true;
    sm_invalid(call, "Requested resource not found.");
    return false;
}

enum err_code sm_describe_training_job(struct local_call *call, struct err *err)
{
    struct sm_thing job;

    (void) err;
    if (!job_of(call, &job))
        return ERR_NONE;
    return call_json(call, sm_job_describe(call->arena, &job));
}

enum err_code sm_stop_training_job(struct local_call *call, struct err *err)
{
    struct sm_thing job;

    (void) err;
    if (!job_of(call, &job))
        return ERR_NONE;
    if (!str_eq_z(job.status, "InProgress"))
        return sm_invalid(
            call, "The request was rejected because the training job is in status " STR_FMT,
            STR_ARG(job.status));
    sm_job_enter(call->arena, &job, "Stopping", call->now_ms);
    job.due_ms = call->now_ms + local_delays(call->local)->training_stopping_ms;
    json_put(call->arena, job.doc, "until_ms", json_int(call->arena, job.due_ms));
    sm_save(call->local, call->arena, &job);
    trainer_cancel(call->local, job.region, job.name);
    return call_json(call, json_object(call->arena));
}

enum err_code sm_delete_training_job(struct local_call *call, struct err *err)
{
    struct sm_thing job;

    (void) err;
    if (!sm_find(
            call->local, call->arena, call->region, SM_JOB,
            json_get_str(call->input, "TrainingJobName"), &job))
        return call_fail(call, 400, "ResourceNotFound", "Requested resource not found.");
    if (!sm_job_is_final(&job))
        return call_fail(
            call, 400, "ResourceInUse",
            "The request was rejected because the training job is in status " STR_FMT,
            STR_ARG(job.status));
    if (sm_pool_waits(&job))
        return call_fail(
            call, 400, "ResourceInUse",
            "The request was rejected because the training job has a warm pool in status "
            "Available");
    /* SecondaryStatus has no such value: it goes on saying how the job ended. */
    job.status = STR("Deleting");
    job.modified_ms = call->now_ms;
    job.due_ms = call->now_ms + local_delays(call->local)->training_deleting_ms;
    json_put(call->arena, job.doc, "until_ms", json_int(call->arena, job.due_ms));
    sm_save(call->local, call->arena, &job);
    return call_json(call, json_object(call->arena));
}

static struct json *summary(struct arena *arena, const struct sm_thing *job)
{
    struct json *item = json_object(arena);
    int64_t ended = json_get_int(job->doc, "ended_ms", 0);

    json_put(arena, item, "TrainingJobName", json_string(arena, job->name));
    json_put(arena, item, "TrainingJobArn", json_string(arena, job->arn));
    json_put(arena, item, "CreationTime", sm_time(arena, job->created_ms));
    json_put(arena, item, "TrainingEndTime", ended > 0 ? sm_time(arena, ended) : NULL);
    json_put(arena, item, "LastModifiedTime", sm_time(arena, job->modified_ms));
    json_put(arena, item, "TrainingJobStatus", json_string(arena, job->status));
    json_put(
        arena, item, "SecondaryStatus", json_string(arena, json_get_str(job->doc, "secondary")));
    json_put(arena, item, "WarmPoolStatus", sm_pool_describe(arena, job));
    return item;
}

enum err_code sm_list_training_jobs(struct local_call *call, struct err *err)
{
    (void) err;
    return sm_list(call, SM_JOB, "TrainingJobSummaries", summary);
}
