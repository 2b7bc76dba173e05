/* engine/serve/payload.h - a request's body as rows for one model.
 *
 * Rules of AWS's XGBoost container 1.7-1 (algorithm_mode/serve_utils.py, encoder.py): no
 * Content-Type means libsvm; CSV has no label and a guessed delimiter, empty cells are missing;
 * libsvm indices count from 0 and tokens without ':' (a label) are skipped. Stricter where the
 * container fails later or guesses: every CSV row must have as many values as the model has
 * features. Rows are handed out in blocks, so memory does not grow with the body. Threads: one
 * owner.
 */
#ifndef ENGINE_SERVE_PAYLOAD_H
#define ENGINE_SERVE_PAYLOAD_H

#include "engine/serve/refusal.h"
#include "engine/xgb/text.h"

struct payload {
    enum data_format format;
    struct str rest;
    size_t features, row;
    char delimiter;
    bool done;
};

/* 204 for an empty body, 415 for a type that is not served, 400 for a body of blanks. */
bool payload_open(
    struct payload *payload,
    struct str body,
    struct str content_type,
    size_t features,
    struct refusal *refusal);
/* An upper bound of the rows that are left. */
size_t payload_rows_left(const struct payload *payload);
/* Up to max_rows rows of `features` floats; *ret_rows 0 at the end. 400 names row and column. */
bool payload_read(
    struct payload *payload,
    float *values,
    size_t max_rows,
    size_t *ret_rows,
    struct refusal *refusal);

#endif
