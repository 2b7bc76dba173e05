#include "engine/local/logs.h"

#include "engine/local/token.h"

#include <inttypes.h>

enum { STREAMS_PAGE = 50, EVENTS_PAGE = 10000 };

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS log_group(region TEXT NOT NULL, name TEXT NOT NULL, created_ms "
    "INTEGER NOT NULL, retention_days INTEGER, PRIMARY KEY(region, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS log_stream(region TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT "
    "NULL, created_ms INTEGER NOT NULL, PRIMARY KEY(region, grp, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS log_event(id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT "
    "NULL, grp TEXT NOT NULL, stream TEXT NOT NULL, at_ms INTEGER NOT NULL, message TEXT NOT "
    "NULL);"
    "CREATE INDEX IF NOT EXISTS log_event_stream ON log_event(region, grp, stream, id);"
    "CREATE TABLE IF NOT EXISTS log_again(region TEXT NOT NULL, grp TEXT NOT NULL, due_ms INTEGER "
    "NOT NULL, PRIMARY KEY(region, grp)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS log_again_due ON log_again(due_ms);";

void logs_open(
    struct local *local, struct str region, struct str group, struct str stream, int64_t at_ms)
{
    db_run(
        local_db(local),
        "INSERT OR IGNORE INTO log_group(region, name, created_ms) VALUES(?1, ?2, ?3)",
        DB_ARGS(db_text(region), db_text(group), db_int(at_ms)));
    if (!str_is_empty(stream))
        db_run(
            local_db(local),
            "INSERT OR IGNORE INTO log_stream(region, grp, name, created_ms) VALUES(?1, ?2, ?3, "
            "?4)",
            DB_ARGS(db_text(region), db_text(group), db_text(stream), db_int(at_ms)));
}

void logs_put(
    struct local *local,
    struct str region,
    struct str group,
    struct str stream,
    int64_t at_ms,
    struct str message)
{
    logs_open(local, region, group, stream, at_ms);
    db_run(
        local_db(local),
        "INSERT INTO log_event(region, grp, stream, at_ms, message) VALUES(?1, ?2, ?3, ?4, ?5)",
        DB_ARGS(db_text(region), db_text(group), db_text(stream), db_int(at_ms), db_text(message)));
}

void logs_group_again(struct local *local, struct str region, struct str group, int64_t due_ms)
{
    db_run(
        local_db(local), "INSERT OR REPLACE INTO log_again(region, grp, due_ms) VALUES(?1, ?2, ?3)",
        DB_ARGS(db_text(region), db_text(group), db_int(due_ms)));
    world_due_changed(local);
}

static int64_t logs_next_due(struct local *local)
{
    struct db_stmt *row = db_query(
        local_db(local), "SELECT due_ms FROM log_again ORDER BY due_ms LIMIT 1", DB_NO_ARGS);
    int64_t due_ms = db_next(row) ? db_col_int(row, 0) : INT64_MAX;

    db_finish(&row);
    return due_ms;
}

static void logs_advance(struct local *local, int64_t now_ms)
{
    db_run(
        local_db(local),
        "INSERT OR IGNORE INTO log_group(region, name, created_ms) SELECT region, grp, due_ms FROM "
        "log_again WHERE due_ms <= ?1",
        DB_ARGS(db_int(now_ms)));
    db_run(local_db(local), "DELETE FROM log_again WHERE due_ms <= ?1", DB_ARGS(db_int(now_ms)));
}

static void logs_wipe(struct local *local)
{
    db_exec(
        local_db(local),
        "DELETE FROM log_event; DELETE FROM log_stream; DELETE FROM log_group; DELETE FROM "
        "log_again;");
}

/* ------------------------------------------------------------------ shared by the operations */

static int64_t limit_of(struct local_call *call, int64_t fallback)
{
    return json_get_int(call->input, "limit", fallback);
}

/* Where a listing goes on; false after answering. */
static bool position_of(struct local_call *call, struct str *ret_position)
{
    if (token_read(call, ret_position))
        return true;
    call_fail(call, 400, "InvalidParameterException", "The specified nextToken is invalid.");
    return false;
}

static struct str group_arn(struct local_call *call, struct str group)
{
    return str_fmt(
        call->arena, "arn:aws:logs:" STR_FMT ":" STR_FMT ":log-group:" STR_FMT,
        STR_ARG(call->region), STR_ARG(call->account), STR_ARG(group));
}

/* arn:aws:logs:REGION:ACCOUNT:log-group:NAME[:*] */
static struct str name_of_identifier(struct str identifier)
{
    struct str mark = STR(":log-group:");
    size_t at = str_find(identifier, mark);

    if (at == SIZE_MAX)
        return identifier;
    identifier = str_from_index(identifier, at + mark.len);
    return str_slice(identifier, 0, str_index(identifier, ':'));
}

/* The group a call names, either way; STR_NULL after answering. */
static struct str group_given(struct local_call *call)
{
    struct str name = json_get_str(call->input, "logGroupName");
    struct str identifier = json_get_str(call->input, "logGroupIdentifier");

    if (str_is_null(name) != str_is_null(identifier))
        return str_is_null(name) ? name_of_identifier(identifier) : name;
    call_fail(
        call, 400, "InvalidParameterException",
        "Exactly one of logGroupName or logGroupIdentifier must be specified.");
    return STR_NULL;
}

static bool group_exists(struct local_call *call, struct str group)
{
    bool found;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db, "SELECT 1 FROM log_group WHERE region=?1 AND name=?2",
        DB_ARGS(db_text(call->region), db_text(group)));

    found = db_next(row);
    return found;
}

bool logs_stream_exists(struct local_call *call, struct str group, struct str stream)
{
    bool found;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db, "SELECT 1 FROM log_stream WHERE region=?1 AND grp=?2 AND name=?3",
        DB_ARGS(db_text(call->region), db_text(group), db_text(stream)));

    found = db_next(row);
    return found;
}

/* An existing group; STR_NULL after answering. */
struct str logs_group_of(struct local_call *call)
{
    struct str group = group_given(call);

    if (str_is_null(group) || group_exists(call, group))
        return group;
    call_fail(call, 400, "ResourceNotFoundException", "The specified log group does not exist.");
    return STR_NULL;
}

bool logs_stream_of(struct local_call *call, struct str *group, struct str *stream)
{
    *group = logs_group_of(call);
    *stream = json_get_str(call->input, "logStreamName");
    if (str_is_null(*group))
        return false;
    if (!str_is_null(*stream) && logs_stream_exists(call, *group, *stream))
        return true;
    call_fail(call, 400, "ResourceNotFoundException", "The specified log stream does not exist.");
    return false;
}

/* Events newer than this cannot be read yet. */
static int64_t visible_until(struct local_call *call)
{
    return call->now_ms - local_delays(call->local)->log_visible_ms;
}

/* ------------------------------------------------------------------ groups */

enum err_code logs_create_log_group(struct local_call *call, struct err *err)
{
    struct str group = group_given(call);

    (void) err;
    if (str_is_null(group))
        return ERR_NONE;
    if (group_exists(call, group))
        return call_fail(
            call, 400, "ResourceAlreadyExistsException", "The specified log group already exists");
    logs_open(call->local, call->region, group, STR_NULL, call->now_ms);
    return call_empty(call, 200);
}

enum err_code logs_delete_log_group(struct local_call *call, struct err *err)
{
    struct str group = logs_group_of(call);

    (void) err;
    if (str_is_null(group))
        return ERR_NONE;
    db_run(
        call->db, "DELETE FROM log_event WHERE region=?1 AND grp=?2",
        DB_ARGS(db_text(call->region), db_text(group)));
    db_run(
        call->db, "DELETE FROM log_stream WHERE region=?1 AND grp=?2",
        DB_ARGS(db_text(call->region), db_text(group)));
    db_run(
        call->db, "DELETE FROM log_group WHERE region=?1 AND name=?2",
        DB_ARGS(db_text(call->region), db_text(group)));
    return call_empty(call, 200);
}

static struct json *group_json(struct local_call *call, struct db_stmt *row)
{
    struct json *group = json_object(call->arena);
    struct str name = db_col_text(row, 0, call->arena), arn = group_arn(call, name);

    json_put(call->arena, group, "logGroupName", json_string(call->arena, name));
    json_put(call->arena, group, "creationTime", json_int(call->arena, db_col_int(row, 1)));
    if (!db_col_is_null(row, 2))
        json_put(call->arena, group, "retentionInDays", json_int(call->arena, db_col_int(row, 2)));
    json_put(call->arena, group, "metricFilterCount", json_int(call->arena, 0));
    json_put(
        call->arena, group, "arn",
        json_string(call->arena, str_fmt(call->arena, STR_FMT ":*", STR_ARG(arn))));
    json_put(call->arena, group, "storedBytes", json_int(call->arena, db_col_int(row, 3)));
    return group;
}

enum err_code logs_describe_log_groups(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *groups = json_array(call->arena);
    struct str prefix = json_get_str(call->input, "logGroupNamePrefix"), last = STR_NULL;
    struct str after = STR_NULL, pattern = json_get_str(call->input, "logGroupNamePattern");
    int64_t limit = limit_of(call, STREAMS_PAGE);

    (void) err;
    if (!position_of(call, &after))
        return ERR_NONE;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT name, created_ms, retention_days, (SELECT COALESCE(SUM(length(message)), 0) FROM "
        "log_event e WHERE e.region=g.region AND e.grp=g.name) FROM log_group g WHERE region=?1 "
        "AND (?2 IS NULL OR substr(name, 1, length(?2))=?2) AND (?3 IS NULL OR name > ?3) AND (?5 "
        "IS NULL OR instr(lower(name), lower(?5)) > 0) ORDER BY name LIMIT ?4",
        DB_ARGS(
            db_text(call->region), db_text(prefix), db_text(after), db_int(limit + 1),
            db_text(pattern)));
    while (db_next(row)) {
        if (groups->len == (size_t) limit) {
            json_put(
                call->arena, body, "nextToken", json_string(call->arena, token_make(call, last)));
            break;
        }
        last = db_col_text(row, 0, call->arena);
        json_push(groups, group_json(call, row));
    }
    json_put(call->arena, body, "logGroups", groups);
    return call_json(call, body);
}

/* ------------------------------------------------------------------ streams */

enum err_code logs_delete_log_stream(struct local_call *call, struct err *err)
{
    struct str group, stream;

    (void) err;
    if (!logs_stream_of(call, &group, &stream))
        return ERR_NONE;
    db_run(
        call->db, "DELETE FROM log_event WHERE region=?1 AND grp=?2 AND stream=?3",
        DB_ARGS(db_text(call->region), db_text(group), db_text(stream)));
    db_run(
        call->db, "DELETE FROM log_stream WHERE region=?1 AND grp=?2 AND name=?3",
        DB_ARGS(db_text(call->region), db_text(group), db_text(stream)));
    return call_empty(call, 200);
}

static struct json *stream_json(struct local_call *call, struct str group, struct db_stmt *row)
{
    struct json *stream = json_object(call->arena);
    struct str name = db_col_text(row, 0, call->arena), arn = group_arn(call, group);

    json_put(call->arena, stream, "logStreamName", json_string(call->arena, name));
    json_put(call->arena, stream, "creationTime", json_int(call->arena, db_col_int(row, 1)));
    if (!db_col_is_null(row, 2)) {
        json_put(
            call->arena, stream, "firstEventTimestamp", json_int(call->arena, db_col_int(row, 2)));
        json_put(
            call->arena, stream, "lastEventTimestamp", json_int(call->arena, db_col_int(row, 3)));
        json_put(
            call->arena, stream, "lastIngestionTime", json_int(call->arena, db_col_int(row, 3)));
    }
    json_put(
        call->arena, stream, "arn",
        json_string(
            call->arena,
            str_fmt(call->arena, STR_FMT ":log-stream:" STR_FMT, STR_ARG(arn), STR_ARG(name))));
    return stream;
}

/* The token is how many rows were given; it is left out at the end, since clients loop on it. */
enum err_code logs_describe_log_streams(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *streams = json_array(call->arena);
    struct str group = logs_group_of(call);
    struct str position = STR_NULL;
    int64_t limit = limit_of(call, STREAMS_PAGE), skip = 0;
    bool by_time = str_eq_z(json_get_str(call->input, "orderBy"), "LastEventTime");
    bool descending = json_get_bool(call->input, "descending", false);

    (void) err;
    if (str_is_null(group) || !position_of(call, &position))
        return ERR_NONE;
    if (by_time && !str_is_null(json_get_str(call->input, "logStreamNamePrefix")))
        return call_fail(
            call, 400, "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.");
    str_to_i64(position, &skip);
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT name, created_ms, first, last FROM (SELECT s.name, s.created_ms, (SELECT "
        "MIN(at_ms) FROM log_event e WHERE e.region=?1 AND e.grp=?2 AND e.stream=s.name) AS first, "
        "(SELECT MAX(at_ms) FROM log_event e WHERE e.region=?1 AND e.grp=?2 AND e.stream=s.name) "
        "AS last FROM log_stream s WHERE region=?1 AND grp=?2 AND (?3 IS NULL OR substr(name, 1, "
        "length(?3))=?3)) ORDER BY CASE WHEN ?4 AND NOT ?5 THEN last END, CASE WHEN ?4 AND ?5 THEN "
        "last END DESC, CASE WHEN NOT ?5 THEN name END, CASE WHEN ?5 THEN name END DESC LIMIT ?6 "
        "OFFSET ?7",
        DB_ARGS(
            db_text(call->region), db_text(group),
            db_text(json_get_str(call->input, "logStreamNamePrefix")), db_int(by_time),
            db_int(descending), db_int(limit + 1), db_int(skip)));
    while (db_next(row)) {
        if (streams->len == (size_t) limit) {
            struct str token = token_make(call, str_fmt(call->arena, "%" PRId64, skip + limit));
            json_put(call->arena, body, "nextToken", json_string(call->arena, token));
            break;
        }
        json_push(streams, stream_json(call, group, row));
    }
    json_put(call->arena, body, "logStreams", streams);
    return call_json(call, body);
}

/* ------------------------------------------------------------------ events */

static struct json *event_json(struct arena *arena, struct db_stmt *row)
{
    struct json *event = json_object(arena);

    json_put(arena, event, "timestamp", json_int(arena, db_col_int(row, 1)));
    json_put(arena, event, "message", json_string(arena, db_col_text(row, 2, arena)));
    json_put(arena, event, "ingestionTime", json_int(arena, db_col_int(row, 1)));
    return event;
}

/* "f/<id>": after that event; "b/<id>": before it. */
static struct str event_token(struct arena *arena, char direction, int64_t id)
{
    return str_fmt(arena, "%c/%056lld", direction, (long long) id);
}

static int64_t max_id(struct local_call *call, struct str group, struct str stream)
{
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT COALESCE(MAX(id), 0) FROM log_event WHERE region=?1 AND grp=?2 AND "
        "stream=?3",
        DB_ARGS(db_text(call->region), db_text(group), db_text(stream)));

    return db_next(row) ? db_col_int(row, 0) : 0;
}

enum err_code logs_get_log_events(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *events = json_array(call->arena);
    struct str group, stream, token = json_get_str(call->input, "nextToken");
    int64_t limit = limit_of(call, EVENTS_PAGE), from = 0, first = 0, last = 0;
    bool forward = json_get_bool(call->input, "startFromHead", false);

    (void) err;
    if (!logs_stream_of(call, &group, &stream))
        return ERR_NONE;
    if (!str_is_null(token)) {
        forward = str_starts(token, STR("f/"));
        if ((!forward && !str_starts(token, STR("b/"))) ||
            !str_to_i64(str_from_index(token, 2), &from))
            return call_fail(
                call, 400, "InvalidParameterException", "The specified nextToken is invalid.");
    } else {
        from = forward ? 0 : max_id(call, group, stream) + 1;
    }
    /* The newest `limit` of what lies in the direction, given oldest first. */
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT id, at_ms, message FROM (SELECT id, at_ms, message FROM log_event WHERE region=?1 "
        "AND grp=?2 AND stream=?3 AND at_ms <= ?4 AND CASE WHEN ?5 THEN id > ?6 ELSE id < ?6 END "
        "AND (?8 IS NULL OR at_ms >= ?8) AND (?9 IS NULL OR at_ms < ?9) ORDER BY CASE WHEN ?5 THEN "
        "id ELSE -id END LIMIT ?7) ORDER BY id",
        DB_ARGS(
            db_text(call->region), db_text(group), db_text(stream), db_int(visible_until(call)),
            db_int(forward), db_int(from), db_int(limit),
            json_get(call->input, "startTime") != NULL
                ? db_int(json_get_int(call->input, "startTime", 0))
                : db_text(STR_NULL),
            json_get(call->input, "endTime") != NULL
                ? db_int(json_get_int(call->input, "endTime", 0))
                : db_text(STR_NULL)));
    while (db_next(row)) {
        last = db_col_int(row, 0);
        if (first == 0)
            first = last;
        json_push(events, event_json(call->arena, row));
    }
    if (first == 0) {
        first = forward ? from + 1 : from;
        last = forward ? from : from - 1;
    }
    json_put(call->arena, body, "events", events);
    json_put(
        call->arena, body, "nextForwardToken",
        json_string(call->arena, event_token(call->arena, 'f', last)));
    json_put(
        call->arena, body, "nextBackwardToken",
        json_string(call->arena, event_token(call->arena, 'b', first)));
    return call_json(call, body);
}

/* Terms are ANDed; "a phrase" in quotes is one term; -term must not occur. */
static bool terms_match(struct str pattern, struct str message)
{
    struct str rest = str_trim(pattern), term;
    bool unwanted;

    while (rest.len > 0) {
        unwanted = rest.ptr[0] == '-';
        if (unwanted)
            rest = str_from_index(rest, 1);
        if (rest.len > 0 && rest.ptr[0] == '"') {
            rest = str_from_index(rest, 1);
            if (!str_split(&rest, '"', &term))
                return false;
        } else {
            str_split(&rest, ' ', &term);
        }
        if ((str_find(message, term) != SIZE_MAX) == unwanted)
            return false;
        rest = str_trim(rest);
    }
    return true;
}

static bool stream_wanted(const struct json *input, struct str stream)
{
    const struct json *names = json_get(input, "logStreamNames");
    struct str prefix = json_get_str(input, "logStreamNamePrefix");

    JSON_EACH (name, names)
        if (str_eq(json_str(name), stream))
            return true;
    return names == NULL && str_starts(stream, prefix);
}

enum err_code logs_filter_log_events(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *events = json_array(call->arena), *event;
    struct str group = logs_group_of(call), pattern = json_get_str(call->input, "filterPattern");
    struct str position = STR_NULL;
    int64_t limit = limit_of(call, EVENTS_PAGE), after = 0, id = 0;

    (void) err;
    if (str_is_null(group) || !position_of(call, &position))
        return ERR_NONE;
    if (json_get(call->input, "logStreamNames") != NULL &&
        json_get(call->input, "logStreamNamePrefix") != NULL)
        return call_fail(
            call, 400, "InvalidParameterException",
            "logStreamNames and logStreamNamePrefix cannot both be specified.");
    if (str_starts(pattern, STR("{")) || str_starts(pattern, STR("[")))
        return call_fail(
            call, 400, "InvalidParameterException",
            "The stand-in understands filter patterns of terms and quoted phrases only");
    str_to_i64(position, &after);
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT id, at_ms, message, stream FROM log_event WHERE region=?1 AND grp=?2 AND id > ?3 "
        "AND at_ms <= ?4 AND at_ms >= ?5 AND at_ms < ?6 ORDER BY id",
        DB_ARGS(
            db_text(call->region), db_text(group), db_int(after), db_int(visible_until(call)),
            db_int(json_get_int(call->input, "startTime", 0)),
            db_int(json_get_int(call->input, "endTime", INT64_MAX))));
    while (db_next(row)) {
        struct str stream = db_col_text(row, 3, call->arena);
        if (!stream_wanted(call->input, stream) ||
            !terms_match(pattern, db_col_text(row, 2, call->arena)))
            continue;
        if (events->len == (size_t) limit) {
            json_put(
                call->arena, body, "nextToken",
                json_string(
                    call->arena, token_make(call, str_fmt(call->arena, "%lld", (long long) id))));
            break;
        }
        id = db_col_int(row, 0);
        event = event_json(call->arena, row);
        json_put(call->arena, event, "logStreamName", json_string(call->arena, stream));
        json_put(
            call->arena, event, "eventId",
            json_string(call->arena, str_fmt(call->arena, "%056lld", (long long) id)));
        json_push(events, event);
    }
    json_put(call->arena, body, "events", events);
    json_put(call->arena, body, "searchedLogStreams", json_array(call->arena));
    return call_json(call, body);
}

/* ------------------------------------------------------------------ dump */

static void logs_dump(struct local *local, struct arena *arena, struct json *into)
{
    struct json *groups = json_array(arena);
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT region, name, (SELECT COUNT(*) FROM log_stream s WHERE s.region=g.region AND "
        "s.grp=g.name) FROM log_group g ORDER BY region, name",
        DB_NO_ARGS);

    while (db_next(row)) {
        struct json *group = json_object(arena);
        json_put(arena, group, "region", json_string(arena, db_col_text(row, 0, arena)));
        json_put(arena, group, "name", json_string(arena, db_col_text(row, 1, arena)));
        json_put(arena, group, "streams", json_int(arena, db_col_int(row, 2)));
        json_push(groups, group);
    }
    json_put(arena, into, "logGroups", groups);
}

const struct local_room local_logs_room = {
    .name = "logs",
    .schema = s_schema,
    .advance = logs_advance,
    .next_due = logs_next_due,
    .wipe = logs_wipe,
    .dump = logs_dump,
};
