/* Retention, and PutLogEvents: what programs of the user's own write beside SageMaker's lines.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
#include "engine/local/logs.h"

#define HOUR_MS INT64_C(3600000)

/* Too new, too old: told by where in the batch that begins or ends, and not kept. */
struct rejected {
    int64_t too_new_from, too_old_to;
};

static bool in_order(struct local_call *call)
{
    int64_t last = INT64_MIN;

    JSON_EACH (event, json_get(call->input, "logEvents")) {
        int64_t at = json_get_int(event, "timestamp", 0);
        if (at < last) {
            call_fail(
                call, 400, "InvalidParameterException",
                "Log events in a single PutLogEvents request must be in chronological order.");
            return false;
        }
        last = at;
    }
    return true;
}

static struct rejected put_all(struct local_call *call, struct str group, struct str stream)
{
    struct rejected out = {-1, -1};
    int64_t index = 0;

    JSON_EACH (event, json_get(call->input, "logEvents")) {
        int64_t at = json_get_int(event, "timestamp", 0);
        if (at > call->now_ms + 2 * HOUR_MS)
            out.too_new_from = out.too_new_from < 0 ? index : out.too_new_from;
        else if (at < call->now_ms - 14 * 24 * HOUR_MS)
            out.too_old_to = index + 1;
        else
            logs_put(call->local, call->region, group, stream, at, json_get_str(event, "message"));
        index++;
    }
    return out;
}

enum err_code logs_put_log_events(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *told = json_object(call->arena);
    struct str group, stream;

    (void) err;
    if (!logs_stream_of(call, &group, &stream) || !in_order(call))
        return ERR_NONE;
    struct rejected rejected = put_all(call, group, stream);
    if (rejected.too_new_from >= 0)
        json_put(
            call->arena, told, "tooNewLogEventStartIndex",
            json_int(call->arena, rejected.too_new_from));
    if (rejected.too_old_to >= 0)
        json_put(
            call->arena, told, "tooOldLogEventEndIndex",
            json_int(call->arena, rejected.too_old_to));
    json_put(
        call->arena, body, "nextSequenceToken",
        json_string(
            call->arena,
            str_fmt(call->arena, "%056lld", (long long) call->now_ms))); /* no longer looked at */
    if (told->len > 0)
        json_put(call->arena, body, "rejectedLogEventsInfo", told);
    return call_json(call, body);
}

enum err_code logs_put_retention_policy(struct local_call *call, struct err *err)
{
    static const int16_t allowed[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                      365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
    struct str group = logs_group_of(call);
    int64_t days = json_get_int(call->input, "retentionInDays", 0);

    (void) err;
    if (str_is_null(group))
        return ERR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        if (allowed[i] == days) {
            db_run(
                call->db, "UPDATE log_group SET retention_days=?3 WHERE region=?1 AND name=?2",
                DB_ARGS(db_text(call->region), db_text(group), db_int(days)));
            return call_empty(call, 200);
        }
    return call_fail(
        call, 400, "InvalidParameterException", "Invalid retentionInDays: %lld", (long long) days);
}

enum err_code logs_delete_retention_policy(struct local_call *call, struct err *err)
{
    struct str group = logs_group_of(call);

    (void) err;
    if (str_is_null(group))
        return ERR_NONE;
    db_run(
        call->db, "UPDATE log_group SET retention_days=NULL WHERE region=?1 AND name=?2",
        DB_ARGS(db_text(call->region), db_text(group)));
    return call_empty(call, 200);
}

enum err_code logs_create_log_stream(struct local_call *call, struct err *err)
{
    struct str group = logs_group_of(call), stream = json_get_str(call->input, "logStreamName");

    (void) err;
    if (str_is_null(group))
        return ERR_NONE;
    if (logs_stream_exists(call, group, stream))
        return call_fail(
            call, 400, "ResourceAlreadyExistsException", "The specified log stream already exists");
    logs_open(call->local, call->region, group, stream, call->now_ms);
    return call_empty(call, 200);
}
