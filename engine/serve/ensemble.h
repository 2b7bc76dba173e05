/* engine/serve/ensemble.h - what one name serves: a booster, or several whose answers are averaged.
 *
 * Rules of AWS's XGBoost container (algorithm_mode/serve_utils.py): every regular file at the top
 * of a model's folder whose name has no leading dot is a booster, and several are an ensemble,
 * answered by the mean of their predictions (numpy's, in float32), whatever the objective.
 * Ownership: an ensemble owns its boosters. Threads: any number may predict at once. Errors:
 * ERR_NOT_FOUND for a path that is not there, ERR_PROTOCOL for files that are not models or do not
 * fit each other.
 */
#ifndef ENGINE_SERVE_ENSEMBLE_H
#define ENGINE_SERVE_ENSEMBLE_H

#include "engine/xgb/booster.h"

struct ensemble {
    struct booster **members; /* at least one; the same features and outputs */
    size_t len;
};

/* path: a folder as above, a model.tar.gz or a model's file. all: every file of a folder; else the
 * first by name, as SAGEMAKER_INFERENCE_ENSEMBLE=false wants. */
enum err_code ensemble_load(struct str path, bool all, struct ensemble *out, struct err *err)
    MUST_USE;
void ensemble_done(struct ensemble *ensemble);
size_t ensemble_features(const struct ensemble *ensemble);
size_t ensemble_outputs(const struct ensemble *ensemble);
/* As booster_fallback(), of the first member that has one. */
const char *ensemble_fallback(const struct ensemble *ensemble);
size_t ensemble_memory(const struct ensemble *ensemble); /* estimated resident bytes */
/* As booster_predict(); arena: scratch, for more than one member. */
enum err_code ensemble_predict(
    const struct ensemble *ensemble,
    struct arena *arena,
    const float *values,
    size_t rows,
    size_t cols,
    float *predictions,
    size_t capacity,
    struct err *err) MUST_USE;

#endif
