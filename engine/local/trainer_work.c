/* The work of one training job, from its channels to its artifact. Runs on a worker's thread and
 * enters the world in short pieces only. */
#include "engine/local/trainer.h"

#include "engine/base/vec.h"
#include "engine/local/logs.h"
#include "engine/local/objects.h"
#include "engine/local/sm.h"
#include "engine/xgb/artifact.h"

#include <stdarg.h>

#define GROUP "/aws/sagemaker/TrainingJobs"

enum { CHANNEL_FILES = 10000, LOG_FLUSH_MS = 200 };
enum { CHANNEL_BYTES = 1024 * 1024 * 1024, ARTIFACT_BYTES = 1024 * 1024 * 1024 };
enum { REASON_MAX = 1024 }; /* FailureReason */

struct work {
    struct local *local;
    struct arena *arena;
    struct sm_thing job;
    const struct json *in;
    const bool *cancel;
    VEC(struct trainer_channel) channels;
    VEC(struct hyper_value) hypers;
    struct str stream;
    struct arena *log_arena;
    VEC(struct str) lines;
    int64_t flushed_ms;
    const char *stage;
    struct str reason; /* why it failed; null: it did not */
    struct trainer_outcome outcome;
    /* Of an interrupted job: when, when it may go on, when the rest began. */
    int64_t cut_ms, back_ms, went_on_ms;
    bool gave_up; /* never: it waited too long */
};

static int64_t now_ms(const struct work *work)
{
    return clock_wall_ms(local_clock(work->local));
}

static bool cancelled(const struct work *work)
{
    return __atomic_load_n(work->cancel, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------ log */

static void log_flush(struct work *work)
{
    struct err err = {0};

    work->flushed_ms = now_ms(work);
    if (work->lines.len == 0 || world_enter(work->local, &err) != ERR_NONE)
        return;
    for (size_t i = 0; i < work->lines.len; i++)
        logs_put(
            work->local, work->job.region, STR(GROUP), work->stream, work->flushed_ms,
            work->lines.items[i]);
    /* A log that cannot be written must not fail the job. */
    if (world_leave(work->local, &err) == ERR_NONE) {
        arena_reset(work->log_arena);
        work->lines.items = NULL;
        work->lines.len = work->lines.cap = 0;
    }
}

/* CloudWatch shows a tab as #011, and the metric patterns of the image rely on it. */
static void log_line(void *arg, struct str line)
{
    struct work *work = arg;
    struct str shown = line;
    size_t tab;

    while ((tab = str_index(shown, '\t')) != SIZE_MAX)
        shown = str_fmt(
            work->log_arena, STR_FMT "#011" STR_FMT, STR_ARG(str_slice(shown, 0, tab)),
            STR_ARG(str_from_index(shown, tab + 1)));
    *VEC_PUSH(work->log_arena, &work->lines) = str_dup(work->log_arena, shown);
    if (now_ms(work) - work->flushed_ms >= LOG_FLUSH_MS)
        log_flush(work);
}

PRINTF_LIKE(2, 3)
static void fail(struct work *work, const char *fmt, ...)
{
    char text[REASON_MAX + 1];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    work->reason = str_dup(work->arena, str_from(text));
    log_line(work, work->reason);
}

/* ------------------------------------------------------------------ channels */

static void read_files(struct work *work, struct trainer_channel *channel)
{
    AUTO(buf_done) struct buf all = BUF_INIT(CHANNEL_BYTES);
    struct str bucket = STR_NULL, prefix = STR_NULL, bytes;
    local_object_vec files = {0};
    struct err err = {0};

    if (!objects_parse_uri(channel->uri, &bucket, &prefix))
        err_set(&err, ERR_SPEC, "'" STR_FMT "' is not an S3 URI", STR_ARG(channel->uri));
    if (err.code != ERR_NONE || world_enter(work->local, &err) != ERR_NONE) {
        fail(work, "ClientError: Data download failed: %s", err.message);
        return;
    }
    struct str region = objects_bucket_region(work->local, work->arena, bucket);
    if (str_eq(region, work->job.region))
        objects_list(work->local, work->arena, bucket, prefix, CHANNEL_FILES, &files);
    world_abandon(work->local);
    if (files.len == 0) {
        fail(
            work,
            "ClientError: Data download failed: No S3 objects found under S3 URL \"" STR_FMT
            "\" given in input data source. Please ensure that the bucket exists in the selected "
            "region (" STR_FMT "), that objects exist under that S3 prefix, and that the role "
            "\"" STR_FMT "\" has \"s3:ListBucket\" permissions on bucket \"" STR_FMT "\".",
            STR_ARG(channel->uri), STR_ARG(work->job.region),
            STR_ARG(json_get_str(work->in, "RoleArn")), STR_ARG(bucket));
        return;
    }
    for (size_t i = 0; i < files.len; i++) {
        if (objects_read(
                work->local, work->arena, bucket, files.items[i].key, CHANNEL_BYTES, &bytes, NULL,
                &err) != ERR_NONE) {
            fail(work, "ClientError: Data download failed: %s", err.message);
            return;
        }
        if (all.len > 0 && all.ptr[all.len - 1] != '\n')
            buf_add_char(&all, '\n');
        buf_add(&all, bytes);
    }
    if (!buf_ok(&all))
        fail(work, "ClientError: Data download failed: the channel is larger than 1 GiB");
    else
        channel->bytes = str_dup(work->arena, buf_str(&all));
}

static void read_channels(struct work *work)
{
    JSON_EACH (item, json_get(work->in, "InputDataConfig")) {
        const struct json *s3 = json_get(json_get(item, "DataSource"), "S3DataSource");
        struct trainer_channel *channel = VEC_PUSH(work->arena, &work->channels);

        channel->name = json_get_str(item, "ChannelName");
        channel->content_type = json_get_str(item, "ContentType");
        channel->uri = json_get_str(s3, "S3Uri");
        if (str_is_null(work->reason))
            read_files(work, channel);
    }
}

static const struct trainer_channel *channel_named(const struct work *work, const char *name)
{
    for (size_t i = 0; i < work->channels.len; i++)
        if (str_eq_z(work->channels.items[i].name, name))
            return &work->channels.items[i];
    return NULL;
}

/* ------------------------------------------------------------------ what the container checks */

static void hyper_fault(void *arg, size_t index, struct str message)
{
    struct work *work = arg;

    (void) index;
    if (str_is_null(work->reason))
        fail(work, "ClientError: " STR_FMT, STR_ARG(message));
}

static void check_inputs(struct work *work)
{
    static const char *const known[] = {"train", "validation", "code"};

    JSON_EACH (value, json_get(work->in, "HyperParameters")) {
        struct hyper_value *hyper = VEC_PUSH(work->arena, &work->hypers);
        hyper->name = value->key;
        hyper->value = value->string;
    }
    hyper_check(work->arena, work->hypers.items, work->hypers.len, hyper_fault, work);
    for (size_t i = 0; i < work->channels.len && str_is_null(work->reason); i++) {
        bool found = false;
        for (size_t k = 0; k < ARRAY_LEN(known); k++)
            found = found || str_eq_z(work->channels.items[i].name, known[k]);
        if (!found)
            fail(
                work, "ClientError: Extraneous channel found: " STR_FMT,
                STR_ARG(work->channels.items[i].name));
    }
    if (str_is_null(work->reason) && channel_named(work, "train") == NULL)
        fail(work, "ClientError: Missing required channel: train");
}

/* ------------------------------------------------------------------ checkpoints */

/* The container's checkpointing.py: <S3Uri>/xgboost-checkpoint.<round>, the last round it holds. */
#define CHECKPOINT "xgboost-checkpoint."

static bool checkpoint_place(const struct work *work, struct str *ret_bucket, struct str *ret_key)
{
    struct str uri = json_get_str(json_get(work->in, "CheckpointConfig"), "S3Uri");

    if (str_is_null(uri) || !objects_parse_uri(uri, ret_bucket, ret_key))
        return false;
    while (str_ends(*ret_key, STR("/")))
        *ret_key = str_slice(*ret_key, 0, ret_key->len - 1);
    *ret_key = str_fmt(work->arena, STR_FMT "/" CHECKPOINT, STR_ARG(*ret_key));
    return true;
}

/* The latest; null: none, so training begins at the beginning. */
static struct str checkpoint_load(struct work *work)
{
    local_object_vec files = {0};
    struct str bucket, prefix, bytes = STR_NULL, latest = STR_NULL;
    struct err err = {0};
    int64_t last = -1;

    if (!checkpoint_place(work, &bucket, &prefix) || world_enter(work->local, &err) != ERR_NONE)
        return STR_NULL;
    objects_list(work->local, work->arena, bucket, prefix, CHANNEL_FILES, &files);
    world_abandon(work->local);
    for (size_t i = 0; i < files.len; i++) {
        int64_t round = 0;
        if (str_to_i64(str_from_index(files.items[i].key, prefix.len), &round) && round > last) {
            last = round;
            latest = files.items[i].key;
        }
    }
    if (last < 0 || objects_read(
                        work->local, work->arena, bucket, latest, ARTIFACT_BYTES, &bytes, NULL,
                        &err) != ERR_NONE)
        return STR_NULL;
    log_line(
        work,
        str_fmt(
            work->arena, "INFO:root:Checkpoint loaded from /opt/ml/checkpoints/" CHECKPOINT "%lld",
            (long long) last));
    log_line(
        work, str_fmt(work->arena, "INFO:root:Resuming from iteration %lld", (long long) last + 1));
    return bytes;
}

static void checkpoint_save(struct work *work, struct str model, int64_t rounds)
{
    struct str bucket, prefix;
    struct err err = {0};

    if (!checkpoint_place(work, &bucket, &prefix))
        return;
    if (objects_write(
            work->local, bucket,
            str_fmt(work->arena, STR_FMT "%lld", STR_ARG(prefix), (long long) rounds - 1), model,
            STR("binary/octet-stream"), STR_NULL, &err) != ERR_NONE)
        fail(work, "ClientError: Checkpoint upload failed: %s", err.message);
}

/* ------------------------------------------------------------------ train and store */

static bool
run_trainer(struct work *work, struct str resume, int64_t stop_after, struct trainer_outcome *out)
{
    const struct local_trainer *trainer = local_options(work->local)->trainer;
    struct trainer_job job = {
        .name = work->job.name,
        .hyperparameters = work->hypers.items,
        .n_hyperparameters = work->hypers.len,
        .train = channel_named(work, "train"),
        .validation = channel_named(work, "validation"),
        .resume = resume,
        .stop_after = stop_after,
        .cancel = work->cancel,
        .log = log_line,
        .log_arg = work,
    };
    struct err err = {0};

    if (trainer == NULL)
        trainer = &trainer_xgboost;
    switch ((int) trainer->train(trainer->self, work->arena, &job, out, &err)) {
    case ERR_NONE:
        return true;
    case ERR_SPEC:
        fail(work, "ClientError: %s", err.message);
        return false;
    default:
        fail(work, "AlgorithmError: %s", err.message);
        return false;
    }
}

static int64_t half_of_the_rounds(const struct work *work)
{
    int64_t rounds = 0;

    for (size_t i = 0; i < work->hypers.len; i++)
        if (str_eq_z(work->hypers.items[i].name, "num_round"))
            (void) !str_to_i64(work->hypers.items[i].value, &rounds);
    return rounds > 1 ? rounds / 2 : 1;
}

/* Once, as the fault says, and then as long as `forMs`, or until MaxWaitTime is over. */
static void interrupt(struct work *work, const struct json *fault, int64_t began_ms)
{
    struct trainer_outcome part = {0};
    int64_t round = json_get_int(fault, "atRound", half_of_the_rounds(work));
    int64_t limit = json_get_int(
        json_get(work->in, "StoppingCondition"), "MaxWaitTimeInSeconds", INT64_MAX / 2000);

    struct str resume = checkpoint_load(work);
    if (!run_trainer(work, resume, round, &part))
        return;
    checkpoint_save(work, part.model, round);
    work->cut_ms = began_ms + (part.took_ms > 0 ? part.took_ms : now_ms(work) - began_ms);
    work->back_ms = work->cut_ms + json_get_int(fault, "forMs", 0);
    work->gave_up = work->back_ms - work->job.created_ms > 1000 * limit;
    if (work->gave_up)
        work->back_ms = work->job.created_ms + 1000 * limit;
}

static void train(struct work *work, int64_t began_ms)
{
    const struct json *fault = json_get(work->job.doc, "interrupt");

    if (fault != NULL)
        interrupt(work, fault, began_ms);
    if (!str_is_null(work->reason) || work->gave_up)
        return;
    work->went_on_ms = now_ms(work);
    (void) !run_trainer(work, checkpoint_load(work), 0, &work->outcome);
}

static void store(struct work *work)
{
    AUTO(buf_done) struct buf packed = BUF_INIT(ARTIFACT_BYTES);
    struct str bucket = STR_NULL, key = STR_NULL;
    struct str uri = json_get_str(work->job.doc, "artifact");
    const struct json *output = json_get(work->in, "OutputDataConfig");
    struct str key_id = json_get_str(output, "KmsKeyId");
    struct err err = {0};

    if (str_is_empty(key_id))
        key_id = STR_NULL;
    if (artifact_pack(work->outcome.model, &packed, &err) != ERR_NONE)
        fail(work, "AlgorithmError: %s", err.message);
    else if (
        !objects_parse_uri(uri, &bucket, &key) ||
        objects_write(
            work->local, bucket, key, buf_str(&packed), STR("binary/octet-stream"), key_id, &err) !=
            ERR_NONE)
        fail(
            work, "ClientError: Artifact upload failed:Error: uploading to " STR_FMT ": %s",
            STR_ARG(uri), err.message);
}

/* ------------------------------------------------------------------ the whole */

static void post(struct work *work, int64_t began_ms)
{
    struct json *result = json_object(work->arena), *metrics = json_array(work->arena);
    int64_t took = work->outcome.took_ms > 0 ? work->outcome.took_ms : now_ms(work) - began_ms;
    struct sm_thing job;
    struct err err = {0};

    for (size_t i = 0; i < work->outcome.n_metrics; i++) {
        struct json *metric = json_object(work->arena);
        json_put(
            work->arena, metric, "name", json_string(work->arena, work->outcome.metrics[i].name));
        json_put(
            work->arena, metric, "value", json_num(work->arena, work->outcome.metrics[i].value));
        json_push(metrics, metric);
    }
    if (work->cut_ms > 0) {
        int64_t rest =
            work->outcome.took_ms > 0 ? work->outcome.took_ms : now_ms(work) - work->went_on_ms;
        took = work->cut_ms - began_ms;
        json_put(work->arena, result, "cut_ms", json_int(work->arena, work->cut_ms));
        json_put(work->arena, result, "back_ms", json_int(work->arena, work->back_ms));
        json_put(work->arena, result, "rest_ms", json_int(work->arena, rest));
        json_put(work->arena, result, "gave_up", json_bool(work->arena, work->gave_up));
    }
    json_put(work->arena, result, "at_ms", json_int(work->arena, began_ms + took));
    json_put(work->arena, result, "ok", json_bool(work->arena, str_is_null(work->reason)));
    json_put(work->arena, result, "stage", json_z(work->arena, work->stage));
    if (!str_is_null(work->reason))
        json_put(work->arena, result, "reason", json_string(work->arena, work->reason));
    json_put(work->arena, result, "metrics", metrics);
    if (world_enter(work->local, &err) != ERR_NONE)
        return; /* the disk is full: the job runs again at the next start */
    if (sm_find(work->local, work->arena, work->job.region, SM_JOB, work->job.name, &job) &&
        job.created_ms == work->job.created_ms && str_eq_z(job.status, "InProgress")) {
        json_put(work->arena, job.doc, "result", result);
        if (job.due_ms == SM_NEVER || job.due_ms > began_ms + took)
            job.due_ms = began_ms + took;
        sm_save(work->local, work->arena, &job);
    }
    if (world_leave(work->local, &err) != ERR_NONE)
        return;
}

static bool find_job(struct work *work, struct str region, struct str name)
{
    struct err err = {0};
    bool found;

    if (world_enter(work->local, &err) != ERR_NONE)
        return false;
    found = sm_find(work->local, work->arena, region, SM_JOB, name, &work->job) &&
            str_eq_z(work->job.status, "InProgress") && json_get(work->job.doc, "result") == NULL;
    world_abandon(work->local);
    return found;
}

static void run(struct work *work, int64_t began_ms)
{
    struct str injected = json_get_str(work->job.doc, "injected");

    work->stage = "download";
    read_channels(work);
    if (!str_is_null(work->reason))
        return;
    work->stage = "train";
    log_line(
        work, STR("INFO:sagemaker-containers:Imported framework "
                  "sagemaker_xgboost_container.training"));
    if (!str_is_null(injected))
        fail(work, STR_FMT, STR_ARG(injected));
    else
        check_inputs(work);
    if (str_is_null(work->reason))
        train(work, began_ms);
    if (str_is_null(work->reason) && !cancelled(work) && !work->gave_up)
        store(work);
}

void trainer_work(struct local *local, struct str region, struct str name, const bool *cancel)
{
    struct arena *AUTO(arena_close) arena = arena_new("training job", 4 * (size_t) CHANNEL_BYTES);
    struct arena *AUTO(arena_close) log_arena = arena_new("training log", 0);
    struct work work = {
        .local = local,
        .arena = arena,
        .log_arena = log_arena,
        .cancel = cancel,
        .reason = STR_NULL,
    };
    int64_t began_ms = now_ms(&work);

    if (cancelled(&work) || !find_job(&work, region, name))
        return;
    work.in = json_get(work.job.doc, "in");
    work.flushed_ms = began_ms;
    work.stream = str_fmt(
        arena, STR_FMT "/algo-1-%lld", STR_ARG(name), (long long) (work.job.created_ms / 1000));
    run(&work, began_ms);
    log_flush(&work);
    if (!cancelled(&work))
        post(&work, began_ms);
}
