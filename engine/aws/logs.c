#include "engine/aws/logs.h"

#include "engine/base/arena.h"
#include "engine/base/vec.h"

#define MAX_PAGES 100
#define MAX_STREAMS 10000

enum err_code logs_streams(
    struct aws *aws,
    struct arena *arena,
    struct str group,
    struct str prefix,
    struct str **ret_names,
    size_t *ret_count,
    struct err *err)
{
    VEC(struct str) names = {0};
    struct str token = STR_NULL;
    do {
        struct json *input = json_object(arena);
        json_put(arena, input, "logGroupName", json_string(arena, group));
        if (prefix.len > 0)
            json_put(arena, input, "logStreamNamePrefix", json_string(arena, prefix));
        if (!str_is_null(token))
            json_put(arena, input, "nextToken", json_string(arena, token));
        const struct json *output;
        enum err_code code =
            aws_json_call(aws, arena, AWS_LOGS, "DescribeLogStreams", input, &output, err);
        if (code != ERR_NONE)
            return code;
        JSON_EACH (stream, json_get(output, "logStreams"))
            *VEC_PUSH(arena, &names) = json_get_str(stream, "logStreamName");
        token = json_get_str(output, "nextToken");
    } while (!str_is_null(token) && names.len < MAX_STREAMS);
    *ret_names = names.items;
    *ret_count = names.len;
    return ERR_NONE;
}

enum err_code logs_events(
    struct aws *aws,
    struct arena *arena,
    struct str group,
    struct str stream,
    struct str *token,
    struct logs_event **ret_events,
    size_t *ret_count,
    struct err *err)
{
    VEC(struct logs_event) events = {0};
    struct str at = *token;
    for (int page = 0; page < MAX_PAGES; page++) {
        struct json *input = json_object(arena);
        json_put(arena, input, "logGroupName", json_string(arena, group));
        json_put(arena, input, "logStreamName", json_string(arena, stream));
        json_put(arena, input, "startFromHead", json_bool(arena, true));
        if (!str_is_null(at))
            json_put(arena, input, "nextToken", json_string(arena, at));
        const struct json *output;
        enum err_code code =
            aws_json_call(aws, arena, AWS_LOGS, "GetLogEvents", input, &output, err);
        if (code != ERR_NONE)
            return code;
        JSON_EACH (event, json_get(output, "events"))
            *VEC_PUSH(arena, &events) = (struct logs_event){
                .at_ms = json_get_int(event, "timestamp", 0),
                .message = json_get_str(event, "message"),
            };
        /* The end of a stream is the same token again, never the absence of one. */
        struct str next = json_get_str(output, "nextForwardToken");
        bool end = str_is_null(next) || str_eq(next, at);
        if (!str_is_null(next))
            at = next;
        if (end)
            break;
    }
    *token = at;
    *ret_events = events.items;
    *ret_count = events.len;
    return ERR_NONE;
}

static enum err_code delete_named(
    struct aws *aws,
    struct arena *arena,
    const char *operation,
    const struct json *input,
    struct err *err)
{
    struct err failed;
    enum err_code code = aws_json_call(aws, arena, AWS_LOGS, operation, input, NULL, &failed);
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    if (code != ERR_NONE)
        *err = failed;
    return code;
}

enum err_code logs_delete_stream(
    struct aws *aws, struct arena *arena, struct str group, struct str stream, struct err *err)
{
    struct json *input = json_object(arena);
    json_put(arena, input, "logGroupName", json_string(arena, group));
    json_put(arena, input, "logStreamName", json_string(arena, stream));
    return delete_named(aws, arena, "DeleteLogStream", input, err);
}

enum err_code
logs_delete_group(struct aws *aws, struct arena *arena, struct str group, struct err *err)
{
    struct json *input = json_object(arena);
    json_put(arena, input, "logGroupName", json_string(arena, group));
    return delete_named(aws, arena, "DeleteLogGroup", input, err);
}

enum err_code
logs_create_group(struct aws *aws, struct arena *arena, struct str group, struct err *err)
{
    struct json *input = json_object(arena);
    struct err failed = {0};
    json_put(arena, input, "logGroupName", json_string(arena, group));
    enum err_code code =
        aws_json_call(aws, arena, AWS_LOGS, "CreateLogGroup", input, NULL, &failed);
    if (code == ERR_EXISTS)
        return ERR_NONE;
    if (code != ERR_NONE)
        *err = failed;
    return code;
}

enum err_code
logs_retain(struct aws *aws, struct arena *arena, struct str group, int64_t days, struct err *err)
{
    struct json *input = json_object(arena);
    json_put(arena, input, "logGroupName", json_string(arena, group));
    json_put(arena, input, "retentionInDays", json_int(arena, days));
    return aws_json_call(aws, arena, AWS_LOGS, "PutRetentionPolicy", input, NULL, err);
}
