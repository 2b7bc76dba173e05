/* The default trainer: libxgboost through engine/xgb. */
#include "engine/local/trainer.h"

#include "engine/xgb/train.h"

struct lines {
    const struct trainer_job *job;
};

static void on_round(void *arg, int64_t round, struct str line)
{
    struct lines *lines = arg;

    (void) round;
    lines->job->log(lines->job->log_arg, line);
}

static bool csv_weights(const struct trainer_job *job)
{
    for (size_t i = 0; i < job->n_hyperparameters; i++)
        if (str_eq_z(job->hyperparameters[i].name, "csv_weights"))
            return str_eq_z(job->hyperparameters[i].value, "1");
    return false;
}

static enum err_code parse(
    const struct trainer_job *job,
    const struct trainer_channel *channel,
    struct dataset **out,
    struct err *err)
{
    struct dataset_options options = {
        .name = channel->uri,
        .content_type = channel->content_type,
        .csv_weights = csv_weights(job),
    };

    return dataset_parse(channel->bytes, &options, out, err);
}

static enum err_code train(
    void *self,
    struct arena *arena,
    const struct trainer_job *job,
    struct trainer_outcome *out,
    struct err *err)
{
    AUTO(dataset_close) struct dataset *train_set = NULL;
    AUTO(dataset_close) struct dataset *validation_set = NULL;
    struct lines lines = {.job = job};
    struct train_request request = {
        .hyperparameters = job->hyperparameters,
        .n_hyperparameters = job->n_hyperparameters,
        .on_round = on_round,
        .arg = &lines,
        .cancel = job->cancel,
        .resume = job->resume,
        .stop_after = job->stop_after,
    };
    struct train_result result = {0};
    struct err inner = {0};
    enum err_code code = parse(job, job->train, &train_set, err);

    (void) self;
    if (code == ERR_NONE && job->validation != NULL)
        code = parse(job, job->validation, &validation_set, err);
    if (code != ERR_NONE)
        return code;
    request.train = train_set;
    request.validation = validation_set;
    code = train_run(arena, &request, &result, &inner);
    if (code == ERR_CANCELLED)
        return err_set(err, code, "stopped");
    if (code != ERR_NONE)
        return err_set(
            err, ERR_TERMINAL, "XGB train call failed with exception:\n %s", inner.message);
    out->model = result.model;
    out->n_metrics = result.n_metrics;
    out->metrics = ARENA_ARRAY(arena, result.n_metrics, struct trainer_metric);
    for (size_t i = 0; i < result.n_metrics; i++)
        out->metrics[i] = (struct trainer_metric){
            .name = result.metrics[i].name, .value = result.metrics[i].value};
    return ERR_NONE;
}

const struct local_trainer trainer_xgboost = {train, NULL};
