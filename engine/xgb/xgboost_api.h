/* engine/xgb/xgboost_api.h - libxgboost's C API with our errors and closers; xgboost_api.c is the
 * only file that includes <xgboost/c_api.h>.
 *
 * Private to engine/xgb. Nothing here adds meaning: it turns return codes into struct err, drops
 * libxgboost's time stamps, source lines and stack traces from its messages, and prepares each
 * thread that calls in (one OpenMP thread, no log lines, one reused proxy matrix for predictions).
 * Results that libxgboost owns are valid until the next call on the same booster by the same
 * thread. Threads: a matrix or booster that is trained belongs to one thread; xgb_predict_dense()
 * may run on one booster from any number of threads once a first prediction has been made.
 */
#ifndef ENGINE_XGB_XGBOOST_API_H
#define ENGINE_XGB_XGBOOST_API_H

#include "engine/base/err.h"

struct xgb_matrix;
struct xgb_booster;

/* values: rows x cols, row-major, NaN = missing; copied. */
enum err_code xgb_matrix_dense(
    const float *values, size_t rows, size_t cols, struct xgb_matrix **out, struct err *err)
    MUST_USE;
/* row_start has rows + 1 entries; what is not listed is missing; copied. */
enum err_code xgb_matrix_csr(
    const size_t *row_start,
    const unsigned *columns,
    const float *values,
    size_t rows,
    size_t cols,
    struct xgb_matrix **out,
    struct err *err) MUST_USE;
/* field: "label", "weight"; one value per row. */
enum err_code xgb_matrix_set_floats(
    struct xgb_matrix *matrix,
    const char *field,
    const float *values,
    size_t count,
    struct err *err) MUST_USE;
/* Query ids, one per row, never falling. */
enum err_code xgb_matrix_set_queries(
    struct xgb_matrix *matrix, const unsigned *ids, size_t count, struct err *err) MUST_USE;
void xgb_matrix_close(struct xgb_matrix **matrix);

/* The matrices a booster will be trained and evaluated on; they outlive it. */
enum err_code xgb_booster_new(
    struct xgb_matrix *const *matrices, size_t count, struct xgb_booster **out, struct err *err)
    MUST_USE;
enum err_code xgb_booster_load(struct str bytes, struct xgb_booster **out, struct err *err)
    MUST_USE;
/* Into a booster that knows its matrices already, to train on. */
enum err_code xgb_booster_restore(struct xgb_booster *booster, struct str bytes, struct err *err)
    MUST_USE;
void xgb_booster_close(struct xgb_booster **booster);
enum err_code
xgb_booster_set(struct xgb_booster *booster, const char *name, const char *value, struct err *err)
    MUST_USE;
enum err_code xgb_booster_update(
    struct xgb_booster *booster, int round, struct xgb_matrix *train, struct err *err) MUST_USE;
/* ret_line: "[0]\ttrain-auc:0.9...\tvalidation-auc:0.8...", owned by libxgboost. */
enum err_code xgb_booster_eval(
    struct xgb_booster *booster,
    int round,
    struct xgb_matrix *const *matrices,
    const char *const *names,
    size_t count,
    struct str *ret_line,
    struct err *err) MUST_USE;
enum err_code xgb_booster_rounds(struct xgb_booster *booster, int *ret_rounds, struct err *err)
    MUST_USE;
/* The first `rounds` rounds as a booster of its own. */
enum err_code xgb_booster_slice(
    struct xgb_booster *booster, int rounds, struct xgb_booster **out, struct err *err) MUST_USE;
enum err_code xgb_booster_set_attr(
    struct xgb_booster *booster, const char *name, const char *value, struct err *err) MUST_USE;
/* STR_NULL when there is none. */
enum err_code xgb_booster_attr(
    struct xgb_booster *booster, const char *name, struct str *ret_value, struct err *err) MUST_USE;
enum err_code
xgb_booster_features(struct xgb_booster *booster, size_t *ret_features, struct err *err) MUST_USE;
/* Trees per round and class; 0 when the booster is not made of trees. */
enum err_code
xgb_booster_parallel_trees(struct xgb_booster *booster, size_t *ret_parallel, struct err *err)
    MUST_USE;
/* format: "deprecated" (the binary format), "ubj" or "json". */
enum err_code xgb_booster_save(
    struct xgb_booster *booster, const char *format, struct str *ret_bytes, struct err *err)
    MUST_USE;

/* In-place prediction: no matrix is built. rounds: how many to use, 0 for all. ret_values has
 * ret_count floats, row-major. Not every booster can (gblinear cannot). */
enum err_code xgb_predict_dense(
    struct xgb_booster *booster,
    const float *values,
    size_t rows,
    size_t cols,
    int rounds,
    const float **ret_values,
    size_t *ret_count,
    struct err *err) MUST_USE;
/* margin: before the objective's transformation. One thread at a time. */
enum err_code xgb_predict_matrix(
    struct xgb_booster *booster,
    struct xgb_matrix *matrix,
    bool margin,
    int rounds,
    const float **ret_values,
    size_t *ret_count,
    struct err *err) MUST_USE;

void xgb_version(int *ret_major, int *ret_minor, int *ret_patch);

#endif
