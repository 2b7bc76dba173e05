/* cmd/score.h - what libxgboost here makes of the rows that an endpoint was called with.
 *
 * The published artifacts are read from S3 and score the same rows; of several, as a pipeline, each
 * reads what the one before answered. Everything lives on the scratch arena.
 */
#ifndef CMD_SCORE_H
#define CMD_SCORE_H

#include "cmd/sample.h"

#define SCORE_MAX_BYTES ((size_t) MIB(4096)) /* of the scratch arena */

struct score_call {
    struct session *session;
    const struct status *status;
    const struct sample *sample; /* what was sent */
    const double *answers;
    size_t n_answers;
};

/* *ret_diff: how far the answers are from it at most. */
enum err_code score_models(
    const struct score_call *call,
    const struct status_model *const *models,
    size_t n_models,
    struct arena *scratch,
    double *ret_diff,
    struct err *err) MUST_USE;

#endif
