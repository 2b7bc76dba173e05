/* engine/xgb/hyper.h - the hyperparameters AWS's XGBoost container accepts, as one table.
 *
 * Rules, order of checks and messages follow the container's own validator
 * (github.com/aws/sagemaker-xgboost-container, algorithm_mode/hyperparameter_validation.py): alias,
 * required, parse, range, dependencies. No libxgboost here: the spec checks with it before anything
 * is sent, and the stand-in's training jobs fail with it as AWS's do. To add a hyperparameter: one
 * line in the table in hyper.c.
 */
#ifndef ENGINE_XGB_HYPER_H
#define ENGINE_XGB_HYPER_H

#include "engine/base/err.h"

struct hyper_value {
    struct str name, value;
};

/* Called once per fault. index: which value is at fault, or SIZE_MAX when one is missing. */
typedef void hyper_fault_fn(void *arg, size_t index, struct str message);

/* Returns the number of faults. arena holds the messages. */
size_t hyper_check(
    struct arena *arena,
    const struct hyper_value *values,
    size_t count,
    hyper_fault_fn *fault,
    void *arg);

/* The canonical name of an alias ("learning_rate" -> "eta"); other names come back as they are. */
struct str hyper_canonical(struct str name);
/* Nearest known name, for "did you mean"; STR_NULL when none is near. */
struct str hyper_nearest(struct str name);

/* Whether training with these evaluates the metric ("auc"); where that is not known, true. */
bool hyper_evaluates(const struct hyper_value *values, size_t count, struct str metric);

/* The table, for `mmectl help spec` and the schema. */
struct hyper_info {
    const char *name, *type; /* type: "integer", "number", "one of", "comma list", ... */
    const char *range;       /* an interval, or words parted by commas */
    const char *default_text, *note, *alias; /* NULL for none */
};
size_t hyper_count(void);
struct hyper_info hyper_info_at(size_t index);

#endif
