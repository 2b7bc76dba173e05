#include "engine/local/alarms.h"

#include "engine/local/cloudwatch.h"
#include "engine/local/sm.h"
#include "engine/local/token.h"

enum { RECORDS_PAGE = 50 };

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS alarm(region TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT "
    "NULL, reason TEXT NOT NULL, updated_ms INTEGER NOT NULL, configured_ms INTEGER NOT NULL, doc "
    "TEXT NOT NULL, PRIMARY KEY(region, name)) WITHOUT ROWID;";

/* ------------------------------------------------------------------ operations */

struct str
alarms_state(struct local *local, struct arena *arena, struct str region, struct str name)
{
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local), "SELECT state FROM alarm WHERE region=?1 AND name=?2",
        DB_ARGS(db_text(region), db_text(name)));
    return db_next(row) ? db_col_text(row, 0, arena) : STR_NULL;
}

static void save(struct local_call *call, struct str name, const struct json *doc)
{
    struct str state = alarms_state(call->local, call->arena, call->region, name);
    struct str text = json_text(call->arena, doc, JSON_COMPACT);
    if (!str_is_null(state))
        db_run(
            call->db, "UPDATE alarm SET doc=?3, configured_ms=?4 WHERE region=?1 AND name=?2",
            DB_ARGS(db_text(call->region), db_text(name), db_text(text), db_int(call->now_ms)));
    else
        db_run(
            call->db,
            "INSERT INTO alarm(region, name, state, reason, updated_ms, configured_ms, doc) "
            "VALUES(?1, ?2, 'INSUFFICIENT_DATA', 'Unchecked: Initial alarm creation', ?3, ?3, ?4)",
            DB_ARGS(db_text(call->region), db_text(name), db_int(call->now_ms), db_text(text)));
}

static bool measures(struct local_call *call)
{
    const struct json *in = call->input;
    bool one = json_get(in, "MetricName") != NULL && json_get(in, "Namespace") != NULL &&
               json_get(in, "Period") != NULL &&
               (json_get(in, "Statistic") != NULL || json_get(in, "ExtendedStatistic") != NULL);
    if (one != (json_get(in, "Metrics") != NULL))
        return true;
    sm_invalid(
        call, one ? "Metrics list and a single metric cannot both be specified"
                  : "A single metric (MetricName, Namespace, Period and a statistic) or a Metrics "
                    "list must be specified");
    return false;
}

enum err_code alarms_put(struct local_call *call, struct err *err)
{
    (void) err;
    if (!measures(call))
        return ERR_NONE;
    save(
        call, json_get_str(call->input, "AlarmName"), sm_without(call->arena, call->input, "Tags"));
    return cloudwatch_answer(call, NULL);
}

void alarms_put_managed(
    struct local_call *call,
    struct str name,
    struct str endpoint,
    struct str variant,
    double threshold)
{
    struct arena *arena = call->arena;
    bool high = str_find(name, STR("-AlarmHigh-")) != SIZE_MAX;
    struct json *doc = json_object(arena), *dimensions = json_array(arena);
    const struct str pairs[][2] = {{STR("EndpointName"), endpoint}, {STR("VariantName"), variant}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct json *dimension = json_object(arena);
        json_put(arena, dimension, "Name", json_string(arena, pairs[i][0]));
        json_put(arena, dimension, "Value", json_string(arena, pairs[i][1]));
        json_push(dimensions, dimension);
    }
    json_put(arena, doc, "AlarmName", json_string(arena, name));
    json_put(arena, doc, "ActionsEnabled", json_bool(arena, true));
    json_put(arena, doc, "MetricName", json_z(arena, "InvocationsPerInstance"));
    json_put(arena, doc, "Namespace", json_z(arena, "AWS/SageMaker"));
    json_put(arena, doc, "Statistic", json_z(arena, "Sum"));
    json_put(arena, doc, "Dimensions", dimensions);
    json_put(arena, doc, "Period", json_int(arena, 60));
    json_put(arena, doc, "EvaluationPeriods", json_int(arena, high ? 3 : 15));
    json_put(arena, doc, "Threshold", json_num(arena, high ? threshold : threshold * 0.9));
    json_put(
        arena, doc, "ComparisonOperator",
        json_z(arena, high ? "GreaterThanThreshold" : "LessThanThreshold"));
    save(call, name, doc);
}

enum err_code alarms_set_state(struct local_call *call, struct err *err)
{
    struct str name = STR_NULL, state = STR_NULL;

    (void) err;
    name = json_get_str(call->input, "AlarmName");
    state = json_get_str(call->input, "StateValue");
    if (str_is_null(alarms_state(call->local, call->arena, call->region, name)))
        return call_fail(
            call, 404, "ResourceNotFound", "Unknown alarm name: " STR_FMT, STR_ARG(name));
    db_run(
        call->db, "UPDATE alarm SET state=?3, reason=?4, updated_ms=?5 WHERE region=?1 AND name=?2",
        DB_ARGS(
            db_text(call->region), db_text(name), db_text(state),
            db_text(json_get_str(call->input, "StateReason")), db_int(call->now_ms)));
    if (str_eq_z(state, "ALARM"))
        sm_alarm_raised(call->local, call->arena, call->region, name, call->now_ms);
    return cloudwatch_answer(call, NULL);
}

enum err_code alarms_delete(struct local_call *call, struct err *err)
{
    (void) err;
    JSON_EACH (name, json_get(call->input, "AlarmNames"))
        if (str_is_null(alarms_state(call->local, call->arena, call->region, json_str(name))))
            return call_fail(
                call, 404, "ResourceNotFound", "Unknown alarm name: " STR_FMT,
                STR_ARG(json_str(name)));
    JSON_EACH (name, json_get(call->input, "AlarmNames"))
        db_run(
            call->db, "DELETE FROM alarm WHERE region=?1 AND name=?2",
            DB_ARGS(db_text(call->region), db_text(json_str(name))));
    return cloudwatch_answer(call, NULL);
}

void alarms_forget(struct local *local, struct str region, struct str prefix)
{
    db_run(
        local_db(local), "DELETE FROM alarm WHERE region=?1 AND substr(name, 1, length(?2))=?2",
        DB_ARGS(db_text(region), db_text(prefix)));
}

static struct json *alarm_json(struct local_call *call, struct db_stmt *row)
{
    struct arena *arena = call->arena;
    struct str name = db_col_text(row, 0, arena);
    struct json *out = NULL;
    UNFILLED struct err ignored;

    if (json_parse(arena, db_col_text(row, 5, arena), MIB(1), &out, &ignored) != ERR_NONE)
        out = json_object(arena);
    json_put(
        arena, out, "AlarmArn",
        json_string(arena, call_arn(call, "cloudwatch", "alarm:" STR_FMT, STR_ARG(name))));
    sm_default(arena, out, "ActionsEnabled", json_bool(arena, true));
    json_put(arena, out, "StateValue", json_string(arena, db_col_text(row, 1, arena)));
    json_put(arena, out, "StateReason", json_string(arena, db_col_text(row, 2, arena)));
    json_put(arena, out, "StateUpdatedTimestamp", sm_time(arena, db_col_int(row, 3)));
    json_put(arena, out, "AlarmConfigurationUpdatedTimestamp", sm_time(arena, db_col_int(row, 4)));
    return out;
}

/* Which alarms a DescribeAlarms asks for. */
static bool is_asked(const struct json *in, const struct json *alarm)
{
    const struct json *names = json_get(in, "AlarmNames"), *types = json_get(in, "AlarmTypes");
    struct str name = json_get_str(alarm, "AlarmName"), state = json_get_str(in, "StateValue");
    bool named = names == NULL || names->len == 0, typed = types == NULL || types->len == 0;

    JSON_EACH (wanted, names)
        named = named || str_eq(json_str(wanted), name);
    JSON_EACH (wanted, types)
        typed = typed || str_eq_z(json_str(wanted), "MetricAlarm");
    return named && typed && str_starts(name, json_get_str(in, "AlarmNamePrefix")) &&
           (str_is_null(state) || str_eq(state, json_get_str(alarm, "StateValue")));
}

enum err_code alarms_describe(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *alarms = json_array(call->arena);
    struct str last = STR_NULL, after;

    (void) err;
    if (!token_read(call, &after))
        return call_fail(call, 400, "InvalidNextToken", "The next token specified is invalid.");
    int64_t limit = json_get_int(call->input, "MaxRecords", RECORDS_PAGE);
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db,
        "SELECT name, state, reason, updated_ms, configured_ms, doc FROM alarm WHERE region=?1 AND "
        "(?2 IS NULL OR name > ?2) ORDER BY name",
        DB_ARGS(db_text(call->region), db_text(after)));
    while (db_next(row)) {
        struct json *alarm = alarm_json(call, row);
        if (!is_asked(call->input, alarm))
            continue;
        if (alarms->len == (size_t) limit) {
            json_put(
                call->arena, body, "NextToken", json_string(call->arena, token_make(call, last)));
            break;
        }
        last = json_get_str(alarm, "AlarmName");
        json_push(alarms, alarm);
    }
    json_put(call->arena, body, "MetricAlarms", alarms);
    json_put(call->arena, body, "CompositeAlarms", json_array(call->arena));
    return cloudwatch_answer(call, body);
}

/* ------------------------------------------------------------------ the room */

static void wipe(struct local *local)
{
    db_exec(local_db(local), "DELETE FROM alarm;");
}

static void dump(struct local *local, struct arena *arena, struct json *into)
{
    struct json *alarms = json_array(arena);
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local), "SELECT region, name, state FROM alarm ORDER BY region, name", DB_NO_ARGS);

    while (db_next(row)) {
        struct json *alarm = json_object(arena);
        json_put(arena, alarm, "region", json_string(arena, db_col_text(row, 0, arena)));
        json_put(arena, alarm, "name", json_string(arena, db_col_text(row, 1, arena)));
        json_put(arena, alarm, "state", json_string(arena, db_col_text(row, 2, arena)));
        json_push(alarms, alarm);
    }
    if (alarms->len > 0)
        json_put(arena, into, "alarms", alarms);
}

const struct local_room local_alarms_room = {
    .name = "alarms",
    .schema = s_schema,
    .wipe = wipe,
    .dump = dump,
};
