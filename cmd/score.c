#include "cmd/score.h"

#include "engine/aws/s3.h"
#include "engine/xgb/artifact.h"

#include <math.h>

#define MAX_ARTIFACT_BYTES MIB(1024)

/* Row-major, `cols` to a row. */
struct rows {
    float *values;
    size_t cols;
};

static enum err_code load(
    const struct score_call *call,
    const struct status_model *model,
    struct arena *scratch,
    struct booster **ret_booster,
    struct err *err)
{
    struct session *session = call->session;
    struct str bucket = STR_NULL, prefix = STR_NULL, bytes;
    struct artifact artifact;
    const struct s3_get_options get = {.max_bytes = MAX_ARTIFACT_BYTES};
    if (!s3_uri_split(call->status->home, &bucket, &prefix))
        return err_set(err, ERR_INTERNAL, "the stack's home is not an s3:// address");
    enum err_code code = s3_get(session->aws, scratch, bucket, model->key, &get, &bytes, NULL, err);
    if (code == ERR_NONE)
        code = artifact_read(scratch, bytes, &artifact, err);
    if (code == ERR_NONE)
        code = booster_load_oracle(artifact.model, ret_booster, err);
    return code;
}

/* first: the rows are those of the sample. */
static enum err_code predict(
    const struct score_call *call,
    const struct status_model *model,
    bool first,
    struct arena *scratch,
    struct rows *rows,
    struct err *err)
{
    AUTO(booster_close) struct booster *booster = NULL;
    enum err_code code = load(call, model, scratch, &booster, err);
    if (code == ERR_NONE && first)
        code = sample_values(
            scratch, call->sample, booster_features(booster), &rows->values, &rows->cols, err);
    if (code != ERR_NONE)
        return code;
    size_t n = call->sample->rows, outputs = booster_outputs(booster);
    float *predictions = ARENA_ARRAY(scratch, n * outputs, float);
    code = booster_predict(booster, rows->values, n, rows->cols, predictions, n * outputs, err);
    *rows = (struct rows){predictions, outputs};
    return code;
}

enum err_code score_models(
    const struct score_call *call,
    const struct status_model *const *models,
    size_t n_models,
    struct arena *scratch,
    double *ret_diff,
    struct err *err)
{
    struct rows rows = {0};
    double worst = 0;
    for (size_t i = 0; i < n_models; i++) {
        enum err_code code = predict(call, models[i], i == 0, scratch, &rows, err);
        if (code != ERR_NONE)
            return n_models > 1 ? err_wrap(err, "container '" STR_FMT "'", STR_ARG(models[i]->name))
                                : code;
    }
    size_t count = call->sample->rows * rows.cols;
    if (call->n_answers != count)
        return err_set(
            err, ERR_PROTOCOL, "the endpoint answered %zu numbers, libxgboost gives %zu",
            call->n_answers, count);
    for (size_t i = 0; i < count; i++) {
        double diff = fabs(call->answers[i] - (double) rows.values[i]);
        bool both_nan = isnan(call->answers[i]) && isnan((double) rows.values[i]);
        if (!both_nan && !(diff <= worst))
            worst = isnan(diff) ? (double) INFINITY : diff;
    }
    *ret_diff = worst;
    return ERR_NONE;
}
