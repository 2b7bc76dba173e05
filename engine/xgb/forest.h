/* engine/xgb/forest.h - the trees of a model as one flat array, and predictions from it.
 *
 * About ten times as fast as a call into libxgboost, which parses JSON for every row. Knows gbtree
 * and dart with numerical splits and the objectives of s_objectives; everything else is
 * libxgboost's to answer. It adds the same floats in the same order as
 * src/predictor/cpu_predictor.cc and Dart::PredictBatchImpl() of xgboost 1.7 do, so results are
 * equal bit for bit; whoever builds a forest still compares it with libxgboost on rows of
 * forest_draw() before it is believed. Private to engine/xgb. Threads: a built forest is read-only.
 */
#ifndef ENGINE_XGB_FOREST_H
#define ENGINE_XGB_FOREST_H

#include "engine/base/rng.h"
#include "engine/base/str.h"

struct forest;

/* bytes: a binary model that model_check_binary() has passed. NULL when it is nothing a forest
 * knows. */
struct forest *forest_build(struct str bytes);
void forest_free(struct forest *forest);
/* Predicts with the first `trees` trees of each class only; 0 for all. */
void forest_limit(struct forest *forest, size_t trees);
size_t forest_memory(const struct forest *forest);
size_t forest_outputs(const struct forest *forest); /* of a row: 1, or the classes of softprob */
/* values: rows x features, NaN = missing; predictions: rows x outputs. */
void forest_predict(
    const struct forest *forest, const float *values, size_t rows, float *predictions);
/* Rows that go close by the splits: each value is missing, or at, just below or just above a value
 * that splits its feature. */
void forest_draw(const struct forest *forest, struct rng *rng, size_t rows, float *ret_values);

#endif
