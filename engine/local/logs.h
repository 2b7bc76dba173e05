/* engine/local/logs.h - CloudWatch Logs of the stand-in: what jobs and endpoints write, and its
 * API.
 *
 * Groups, streams and events are rows per region. Everything here runs with the world entered.
 * SageMaker writes its endpoint groups again after they were deleted (logs_group_again).
 * Follows: CloudWatch Logs API reference (2014-03-28); paging as GetLogEvents documents it: the
 * end is reached when a forward token repeats.
 */
#ifndef ENGINE_LOCAL_LOGS_H
#define ENGINE_LOCAL_LOGS_H

#include "engine/local/call.h"
#include "engine/local/sm_ops.h"

extern const struct local_room local_logs_room;

#define LOGS_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_LOGS_OPS(LOGS_DECLARE)
#undef LOGS_DECLARE

/* Makes the group, and the stream unless its name is empty, when missing. */
void logs_open(
    struct local *local, struct str region, struct str group, struct str stream, int64_t at_ms);
/* Appends one line; makes group and stream when missing. */
void logs_put(
    struct local *local,
    struct str region,
    struct str group,
    struct str stream,
    int64_t at_ms,
    struct str message);
/* The group that a call names; answers and returns STR_NULL when there is none. */
struct str logs_group_of(struct local_call *call);
bool logs_stream_exists(struct local_call *call, struct str group, struct str stream);
/* The group and stream that a call names; answers and returns false when there are none. */
bool logs_stream_of(struct local_call *call, struct str *group, struct str *stream);
/* Has the group appear again at due_ms if it is gone by then. */
void logs_group_again(struct local *local, struct str region, struct str group, int64_t due_ms);

#endif
