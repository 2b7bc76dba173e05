/* engine/local/cloudwatch.h - CloudWatch in the stand-in: how it answers, and its metrics.
 *
 * Calls come in the query protocol or in JSON; both are answered in kind. The metrics are those
 * that the calls of endpoints are measured by (measures.h), by whole minutes; a period begins where
 * the query does. Percentiles are estimates as soon as a minute has more values than are kept.
 * Metric math, SEARCH and trimmed means are not there and are refused.
 * Metrics are read without the world's lock; alarms (alarms.h) with the world entered.
 * Follows: the CloudWatch API reference (2010-08-01).
 */
#ifndef ENGINE_LOCAL_CLOUDWATCH_H
#define ENGINE_LOCAL_CLOUDWATCH_H

#include "engine/local/call.h"

#define LOCAL_METRIC_OPS(X) \
    X(LOCAL_CLOUDWATCH, "GetMetricStatistics", "cloudwatch:GetMetricStatistics", \
      cloudwatch_statistics, OP_OUTSIDE) \
    X(LOCAL_CLOUDWATCH, "GetMetricData", "cloudwatch:GetMetricData", cloudwatch_data, OP_OUTSIDE) \
    X(LOCAL_CLOUDWATCH, "ListMetrics", "cloudwatch:ListMetrics", cloudwatch_list, OP_OUTSIDE)

#define CLOUDWATCH_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_METRIC_OPS(CLOUDWATCH_DECLARE)
#undef CLOUDWATCH_DECLARE

/* 200, in the protocol of the call; body: as in JSON, NULL where there is nothing to say. */
enum err_code cloudwatch_answer(struct local_call *call, const struct json *body);

#endif
