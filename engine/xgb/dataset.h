/* engine/xgb/dataset.h - CSV and libsvm text to rows of floats, with errors that name row and
 * column.
 *
 * CSV as the XGBoost container reads it: label in column 0, no header, csv_weights=1 makes column 1
 * the weight; empty cells are missing values. libsvm: `label[:weight] [qid:n] index:value ...`,
 * indices as written (from 0). Limits: 4 G values, 10 M columns. Rows and columns in messages count
 * from 1, as an editor shows them.
 *
 * A dataset is parsed once and read-only from then on: any number of threads may train on it, each
 * of them through a DMatrix of its own. One DMatrix cannot be shared while training: libxgboost
 * builds its sorted columns and histogram index lazily inside it without a lock, and `approx`
 * rebuilds the index every round.
 */
#ifndef ENGINE_XGB_DATASET_H
#define ENGINE_XGB_DATASET_H

#include "engine/base/err.h"

struct dataset; /* owned by whoever parsed it */
struct xgb_matrix;

struct dataset_options {
    struct str name; /* for messages: the file's path */
    struct str
        content_type; /* "text/csv", "csv", "text/libsvm", ... parameters allowed; null = libsvm */
    bool csv_weights;
};

/* ERR_SPEC with "'data/train.csv' row 17, column 4: 'abc' is not a number" and the like: empty,
 * ragged, header row, non-numeric label, a type that is not supported. err->at.line is the row. */
enum err_code dataset_parse(
    struct str text, const struct dataset_options *options, struct dataset **out, struct err *err)
    MUST_USE;
/* The same checks without libxgboost and without keeping anything: what `validate` and `plan` run.
 */
enum err_code dataset_check(
    struct str text,
    const struct dataset_options *options,
    size_t *rows,
    size_t *cols,
    struct err *err) MUST_USE;
/* Rows that are parsed already (rows x cols values, NaN for missing ones), read and not freed by
 * it; they outlive it. weights: NULL without. */
struct dataset *
dataset_borrow(float *values, float *labels, float *weights, size_t rows, size_t cols);
void dataset_free(struct dataset *dataset);
void dataset_close(struct dataset **dataset);
size_t dataset_rows(const struct dataset *dataset);
size_t dataset_cols(const struct dataset *dataset);    /* features: without label and weight */
bool dataset_is_sparse(const struct dataset *dataset); /* from libsvm */
const float *dataset_labels(const struct dataset *dataset);
/* Writes the features of one row to values (dataset_cols() floats), NaN for missing ones. */
void dataset_copy_row(const struct dataset *dataset, size_t row, float *values);
/* A new DMatrix of everything in it, for one training; xgb_matrix_close() it. */
enum err_code
dataset_matrix(const struct dataset *dataset, struct xgb_matrix **out, struct err *err) MUST_USE;

#endif
