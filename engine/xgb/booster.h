/* engine/xgb/booster.h - one trained model in memory, for predictions.
 *
 * Formats: binary (1.x containers), UBJSON, JSON, by content. nthread is 1 from load on.
 * Predictions are libxgboost's own, bit for bit, over the rounds the container would use (the
 * attribute best_ntree_limit). Trees answer from a flat array (forest.h) that was compared with
 * libxgboost at load. Threads: any number may predict with the same booster at once, without a lock
 * (but gblinear, and dart where libxgboost answers, take turns: they need a DMatrix). Errors:
 * ERR_PROTOCOL for bytes that are not a model.
 */
#ifndef ENGINE_XGB_BOOSTER_H
#define ENGINE_XGB_BOOSTER_H

#include "engine/base/err.h"

enum model_format {
    MODEL_FORMAT_UNKNOWN,
    MODEL_FORMAT_BINARY,
    MODEL_FORMAT_UBJSON,
    MODEL_FORMAT_JSON,
    MODEL_FORMAT_PICKLE
};

struct booster;

enum model_format model_format_of(struct str bytes);
const char *model_format_name(enum model_format format);

/* bytes need not outlive the call. */
enum err_code booster_load(struct str bytes, struct booster **out, struct err *err) MUST_USE;
/* As above, but libxgboost itself answers: what predictions are compared with. */
enum err_code booster_load_oracle(struct str bytes, struct booster **out, struct err *err) MUST_USE;
void booster_free(struct booster *booster);
void booster_close(struct booster **booster);
size_t booster_features(const struct booster *booster);
size_t
booster_outputs(const struct booster *booster); /* values per row: 1, or num_class for softprob */
size_t booster_memory(const struct booster *booster); /* estimated resident bytes */
/* Why libxgboost answers and not the flat array: "unknown" (the array does not know such models) or
 * "differs" (it was compared and not equal); NULL when the array answers. */
const char *booster_fallback(const struct booster *booster);
/* values: rows x cols, row-major, NaN = missing. predictions: rows x outputs floats, caller's
 * memory of `capacity` floats. ERR_SPEC when cols does not fit the model (the message says both
 * numbers). */
enum err_code booster_predict(
    const struct booster *booster,
    const float *values,
    size_t rows,
    size_t cols,
    float *predictions,
    size_t capacity,
    struct err *err) MUST_USE;
/* "1.7.4" */
struct str xgboost_version(struct arena *arena);

#endif
