#include "engine/base/file.h"
#include "engine/kinds/kinds_internal.h"
#include "engine/xgb/artifact.h"
#include "engine/xgb/dataset.h"
#include "engine/xgb/train.h"

/* backend: local. Each channel is read and parsed once; every variant trains on a thread of the
 * loop's pool. */

#define MAX_MODEL_BYTES MIB(1024)
#define LEAD_POLL_MS 20

/* A channel as it was parsed, for every model that is trained on it. */
struct training_data {
    struct training_data *next;
    struct str digest, content_type; /* the want's */
    bool csv_weights;
    struct dataset *dataset;
};

void training_data_free(struct training_data *data)
{
    while (data != NULL) {
        struct training_data *next = data->next;
        dataset_free(data->dataset);
        xfree(data);
        data = next;
    }
}

static bool weights_in_csv(const struct want_model *model)
{
    for (size_t i = 0; i < model->n_hyperparameters; i++)
        if (str_eq(model->hyperparameters[i].name, STR("csv_weights")))
            return str_eq(model->hyperparameters[i].value, STR("1"));
    return false;
}

/* A channel's whole text: a mapped file, or what stands under its s3:// prefix. */
static enum err_code read_channel(
    struct kinds *kinds,
    struct arena *scratch,
    const struct want_channel *channel,
    struct str *ret_text,
    struct str *mapped,
    struct err *err)
{
    if (!str_is_null(channel->path)) {
        enum err_code code = file_map(str_z(scratch, channel->path), mapped, err);
        *ret_text = *mapped;
        return code;
    }
    return kinds_read_s3(kinds, scratch, channel->s3_uri, ret_text, err);
}

struct parsing {
    struct str text;
    struct dataset_options options;
    struct dataset *out;
    struct err err;
    enum err_code code;
};

static void parse(void *arg)
{
    struct parsing *p = arg;
    p->code = dataset_parse(p->text, &p->options, &p->out, &p->err);
}

static enum err_code load_channel(
    struct kinds *kinds,
    const struct want_channel *channel,
    bool csv_weights,
    struct dataset **out,
    struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("channel", MIB(6144));
    AUTO(file_unmap) struct str mapped = STR_NULL;
    struct parsing *parsing = ARENA_NEW(scratch, struct parsing);
    enum err_code code = read_channel(kinds, scratch, channel, &parsing->text, &mapped, err);
    if (code != ERR_NONE)
        return code;
    parsing->options = (struct dataset_options){
        .name = channel->source, .content_type = channel->content_type, .csv_weights = csv_weights};
    loop_offload(kinds->loop, parse, parsing);
    if (parsing->code != ERR_NONE) {
        *err = parsing->err;
        err->at = (struct srcloc){NULL, 0, 0};
        return parsing->code;
    }
    *out = parsing->out;
    return ERR_NONE;
}

/* Parses it the first time. */
static enum err_code find_dataset(
    struct kinds *kinds,
    const struct want_channel *channel,
    bool csv_weights,
    const struct dataset **out,
    struct err *err)
{
    for (const struct training_data *data = kinds->data->parsed; data != NULL; data = data->next)
        if (str_eq(data->digest, channel->digest) && data->csv_weights == csv_weights &&
            str_eq(data->content_type, channel->content_type)) {
            *out = data->dataset;
            return ERR_NONE;
        }
    struct dataset *dataset = NULL;
    enum err_code code = load_channel(kinds, channel, csv_weights, &dataset, err);
    if (code != ERR_NONE)
        return code;
    struct training_data *data = xmalloc(sizeof(*data));
    *data = (struct training_data){
        .next = kinds->data->parsed,
        .digest = channel->digest,
        .content_type = channel->content_type,
        .csv_weights = csv_weights,
        .dataset = dataset};
    kinds->data->parsed = data;
    *out = dataset;
    return ERR_NONE;
}

enum { DATA_TRAIN, DATA_VALIDATION, DATA_COUNT };

/* What one model is trained on: whole channels, or its part of them. */
struct model_data {
    const struct dataset *sets[DATA_COUNT];
    struct dataset *slices[DATA_COUNT]; /* those of them that are this job's own */
};

static enum err_code load_data(
    struct kinds *kinds,
    const struct want *want,
    const struct want_model *model,
    struct model_data *out,
    struct err *err)
{
    enum err_code code = ERR_NONE;
    const struct want_channel *channels;
    size_t count = want_channels(want, model, &channels);
    for (size_t i = 0; code == ERR_NONE && i < count; i++) {
        const struct want_channel *channel = &channels[i];
        int which = str_eq(channel->name, STR("train")) ? DATA_TRAIN : DATA_VALIDATION;
        if (channel->split != NULL)
            out->sets[which] = out->slices[which] = split_dataset(channel);
        else
            code = find_dataset(kinds, channel, weights_in_csv(model), &out->sets[which], err);
    }
    return code;
}

static void free_slices(struct model_data *data)
{
    for (size_t i = 0; i < DATA_COUNT; i++)
        dataset_close(&data->slices[i]);
}

struct job {
    struct arena *arena; /* the job's own: it runs on another thread */
    const struct want_model *model;
    struct model_data data;
    const bool *cancel;
    struct train_result result;
    struct buf tar_gz;
    VEC(struct str) lines;
    struct err err;
    enum err_code code;
};

static void on_round(void *arg, int64_t round, struct str line)
{
    struct job *job = arg;
    (void) round;
    *VEC_PUSH(job->arena, &job->lines) = str_dup(job->arena, line);
}

static void train(void *arg)
{
    struct job *job = arg;
    struct hyper_value *values =
        ARENA_ARRAY(job->arena, job->model->n_hyperparameters, struct hyper_value);
    for (size_t i = 0; i < job->model->n_hyperparameters; i++)
        values[i] = (struct hyper_value){
            job->model->hyperparameters[i].name, job->model->hyperparameters[i].value};
    struct train_request request = {
        .hyperparameters = values,
        .n_hyperparameters = job->model->n_hyperparameters,
        .train = job->data.sets[DATA_TRAIN],
        .validation = job->data.sets[DATA_VALIDATION],
        .on_round = on_round,
        .arg = job,
        .cancel = job->cancel};
    job->code = train_run(job->arena, &request, &job->result, &job->err);
    if (job->code == ERR_NONE)
        job->code = artifact_pack(job->result.model, &job->tar_gz, &job->err);
}

static void keep_result(struct world_call *call, const struct job *job)
{
    struct training_plan *subject = call->change->subject;
    struct json *metrics = json_object(call->arena);
    for (size_t i = 0; i < job->result.n_metrics; i++)
        json_set(
            call->arena, metrics, str_dup(call->arena, job->result.metrics[i].name),
            json_num(call->arena, job->result.metrics[i].value));
    subject->trained->metrics = metrics;
    subject->trained->tar_gz = str_dup(call->arena, buf_str(&job->tar_gz));
}

/* Until the region that trains it is through; true: the result is ours, too. */
static bool wait_for_lead(struct kinds *kinds, struct change *change)
{
    enum lead_state state = kinds_follow_lead(change);
    while (state == LEAD_PENDING && !loop_cancelled(kinds->loop)) {
        loop_sleep_ms(kinds->loop, LEAD_POLL_MS);
        state = kinds_follow_lead(change);
    }
    return state == LEAD_DONE;
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    if (wait_for_lead(kinds, call->change))
        return ERR_NONE;
    if (loop_cancelled(kinds->loop))
        return err_set(err, ERR_CANCELLED, "interrupted while waiting");
    const struct training_plan *subject = call->change->subject;
    struct model_data data = {0};
    gate_enter(kinds->loop, &kinds->data->gate);
    enum err_code code = load_data(kinds, call->want, subject->model, &data, err);
    gate_leave(kinds->loop, &kinds->data->gate);
    if (code != ERR_NONE) {
        free_slices(&data);
        return code;
    }
    AUTO(arena_close) struct arena *arena = arena_new("training", MIB(4096));
    struct job *job = ARENA_NEW(arena, struct job);
    job->arena = arena;
    job->model = subject->model;
    job->data = data;
    job->cancel = loop_cancel_flag(kinds->loop);
    buf_init(&job->tar_gz, MAX_MODEL_BYTES);
    call->status(call, STR("Training"));
    loop_offload(kinds->loop, train, job);
    free_slices(&data);
    for (size_t i = 0; call->follow_logs && i < job->lines.len; i++)
        call->log_line(call, job->lines.items[i]);
    if (job->code == ERR_NONE)
        keep_result(call, job);
    else
        *err = job->err;
    code = job->code;
    buf_done(&job->tar_gz);
    if (code != ERR_NONE)
        err_wrap(err, "training model '" STR_FMT "'", STR_ARG(subject->model->name));
    return code;
}

const struct kind_ops kind_local_training = {.start = start};
