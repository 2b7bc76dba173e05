/* engine/xgb/metrics.h - the evaluation metrics that AWS's container computes itself, not
 * libxgboost.
 *
 * Same names and values as sagemaker_xgboost_container/metrics/custom_metrics.py (scikit-learn's
 * definitions) on the same input: raw margins, so a class is margin > 0, or the largest of several.
 * Weights do not count. Private to engine/xgb. To add a metric: one line in the table in metrics.c.
 */
#ifndef ENGINE_XGB_METRICS_H
#define ENGINE_XGB_METRICS_H

#include "engine/base/err.h"

bool metric_is_own(struct str name);
/* True when more is better, by the container's list (which knows no name with a "@"). */
bool metric_is_maximized(struct str name);
/* margins: rows x outputs. ERR_SPEC when the metric does not suit the labels. */
enum err_code metric_value(
    struct str name,
    const float *labels,
    const float *margins,
    size_t rows,
    size_t outputs,
    double *ret_value,
    struct err *err) MUST_USE;

#endif
