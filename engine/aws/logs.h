/* engine/aws/logs.h - CloudWatch Logs: reading a training job's lines, removing what is ours.
 *
 * A log group that does not exist is ERR_NOT_FOUND. Times are milliseconds since the epoch.
 */
#ifndef ENGINE_AWS_LOGS_H
#define ENGINE_AWS_LOGS_H

#include "engine/aws/aws.h"

#define LOGS_TRAINING_GROUP "/aws/sagemaker/TrainingJobs"
#define LOGS_ENDPOINTS_PREFIX "/aws/sagemaker/Endpoints/"

/* Names of the streams that start with prefix (a training job's are `<job>/algo-1-<epoch>`). */
enum err_code logs_streams(
    struct aws *aws,
    struct arena *arena,
    struct str group,
    struct str prefix,
    struct str **ret_names,
    size_t *ret_count,
    struct err *err) MUST_USE;

struct logs_event {
    int64_t at_ms;
    struct str message;
};

/* Reads what is new in a stream, from the start when *token is null, until AWS repeats its token
 * (at most 100 pages a call). *token is then where to go on; it lives on the arena. */
enum err_code logs_events(
    struct aws *aws,
    struct arena *arena,
    struct str group,
    struct str stream,
    struct str *token,
    struct logs_event **ret_events,
    size_t *ret_count,
    struct err *err) MUST_USE;

/* There already is success. */
enum err_code
logs_create_group(struct aws *aws, struct arena *arena, struct str group, struct err *err) MUST_USE;
/* How many days a group keeps what is written to it. */
enum err_code
logs_retain(struct aws *aws, struct arena *arena, struct str group, int64_t days, struct err *err)
    MUST_USE;

/* Absent is success. */
enum err_code logs_delete_stream(
    struct aws *aws, struct arena *arena, struct str group, struct str stream, struct err *err)
    MUST_USE;
enum err_code
logs_delete_group(struct aws *aws, struct arena *arena, struct str group, struct err *err) MUST_USE;

#endif
