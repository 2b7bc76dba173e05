/* engine/xgb/train.h - trains one booster with libxgboost, round by round, as AWS's container does.
 *
 * Follows github.com/aws/sagemaker-xgboost-container v1.7-1, algorithm_mode/train.py and
 * callback.py, and xgboost 1.7's training.py: which parameters reach the library, the metrics the
 * container computes itself, early stopping that keeps the best rounds only, the attributes of the
 * saved model. Deterministic: the same datasets, hyperparameters and library give the same model
 * bytes, whatever the number of cores; nthread is 1 per job. Threads: any number of calls side by
 * side, also on the same datasets. Never fork after calling this.
 */
#ifndef ENGINE_XGB_TRAIN_H
#define ENGINE_XGB_TRAIN_H

#include "engine/base/buf.h"
#include "engine/xgb/dataset.h"
#include "engine/xgb/hyper.h"

struct train_metric {
    struct str name; /* "validation:auc", "train:auc" */
    double *rounds;  /* one value per round run */
    size_t n_rounds;
    double value; /* the last round's */
};

struct train_request {
    const struct hyper_value
        *hyperparameters; /* checked by hyper_check() before; num_round is required */
    size_t n_hyperparameters;
    const struct dataset *train;
    const struct dataset *validation; /* NULL for none */
    /* Called after each round with the container's log line
     * "[0]\ttrain-auc:0.9\tvalidation-auc:0.8". May be NULL. */
    void (*on_round)(void *arg, int64_t round, struct str line);
    void *arg;
    const bool *cancel; /* polled between rounds; may be NULL */
    struct str resume;  /* a booster's bytes to go on from, its rounds being done; null: none */
    int64_t stop_after; /* ends when that many rounds are done, to be gone on with; 0: num_round */
};

struct train_result {
    struct str model; /* binary format of 1.7, on the arena */
    struct train_metric *metrics;
    size_t n_metrics;
    int64_t rounds; /* in the model: fewer than were run when training stopped early */
};

/* ERR_SPEC for what libxgboost refuses of the data or the parameters, ERR_CANCELLED when *cancel
 * became true. */
enum err_code train_run(
    struct arena *arena,
    const struct train_request *request,
    struct train_result *out,
    struct err *err) MUST_USE;

#endif
