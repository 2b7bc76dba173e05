#include "engine/local/faults.h"

#include "engine/local/sm.h"

#include <stdatomic.h>

enum { FAULTS_MAX = 1000, FAULTS_BODY = 1 << 20, DELAY_MAX_MS = 60000 };

#define CAPACITY_REASON \
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a " \
    "different ML instance type or after some time."
#define JOB_REASON "InternalServerError: We encountered an internal error. Please try again."
#define PING_REASON \
    "The primary container for production variant AllTraffic did not pass the ping health check. " \
    "Please check CloudWatch logs for this endpoint."

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS fault(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "operation TEXT, doc TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0, fired INTEGER NOT NULL "
    "DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS sm_setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT "
    "ROWID;";

struct setting {
    struct str name, value;
};

struct state {
    _Atomic int64_t count; /* rows, so that a world without faults pays nothing */
    _Atomic int64_t delay_ms;
    /* A copy of the rows, read by nearly every call. Guarded by the world lock. */
    struct arena *arena;
    VEC(struct setting) settings;
};

static void reload_settings(struct local *local, struct state *state)
{
    struct db_stmt *AUTO(db_finish) row =
        db_query(local_db(local), "SELECT name, value FROM sm_setting", DB_NO_ARGS);

    arena_reset(state->arena);
    memset(&state->settings, 0, sizeof(state->settings));
    while (db_next(row))
        *VEC_PUSH(state->arena, &state->settings) =
            (struct setting){db_col_text(row, 0, state->arena), db_col_text(row, 1, state->arena)};
}

struct str faults_setting(struct local *local, struct str name)
{
    struct state *state = local_state(local, &local_faults_room);

    for (size_t i = 0; state != NULL && i < state->settings.len; i++)
        if (str_eq(state->settings.items[i].name, name))
            return state->settings.items[i].value;
    return STR_NULL;
}

/* What is kept in memory of faults and settings. World entered. */
static void reload(struct local *local)
{
    struct state *state = local_state(local, &local_faults_room);
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT (SELECT COUNT(*) FROM fault), "
        "(SELECT CAST(value AS INTEGER) FROM sm_setting WHERE name='answerDelayMs')",
        DB_NO_ARGS);
    bool found = db_next(row);
    int64_t delay_ms = found ? db_col_int(row, 1) : 0;

    if (state == NULL)
        return;
    atomic_store(&state->count, found ? db_col_int(row, 0) : 0);
    atomic_store(&state->delay_ms, delay_ms < 0 || delay_ms > DELAY_MAX_MS ? 0 : delay_ms);
    reload_settings(local, state);
}

int64_t local_answer_delay_ms(const struct local_call *call)
{
    struct state *state = local_state(call->local, &local_faults_room);

    if (state == NULL || call->service == LOCAL_ADMIN)
        return 0;
    return atomic_load_explicit(&state->delay_ms, memory_order_relaxed);
}

/* ------------------------------------------------------------------ matching */

static bool kind_fits(struct str kind, enum fault_kind wanted)
{
    switch (wanted) {
    case FAULT_ERROR:
        return str_eq_z(kind, "error");
    case FAULT_FAIL:
        return str_eq_z(kind, "fail") || str_eq_z(kind, "capacity");
    case FAULT_ROLLBACK:
        return str_eq_z(kind, "fail") || str_eq_z(kind, "capacity") || str_eq_z(kind, "rollback");
    case FAULT_STUCK:
        return str_eq_z(kind, "stuck");
    case FAULT_KEY:
        return str_eq_z(kind, "key");
    case FAULT_INTERRUPT:
        return str_eq_z(kind, "interrupt");
    }
    return false;
}

static bool due(const struct json *fault, int64_t seen, int64_t fired)
{
    int64_t nth = json_get_int(fault, "nth", 0), every = json_get_int(fault, "every", 0);
    int64_t times = json_get_int(fault, "times", nth > 0 || every > 0 ? 0 : 1);

    if (times > 0 && fired >= times)
        return false;
    if (nth > 0)
        return seen == nth;
    return every <= 0 || seen % every == 0;
}

struct match {
    int64_t id;
    bool fired;
};

static bool is_conditional(const struct local_call *call)
{
    return !str_is_null(call_request_header(call, "if-match")) ||
           !str_is_null(call_request_header(call, "if-none-match"));
}

/* Counts every fault that matches; the first that is due is the answer. */
static const struct json *take(struct local_call *call, enum fault_kind kind, struct str subject)
{
    struct db *db = local_db(call->local);
    const struct json *chosen = NULL;
    struct db_stmt *row = db_query(
        db,
        "SELECT id, kind, doc, seen, fired FROM fault WHERE operation IS NULL OR operation=?1 "
        "ORDER BY id",
        DB_ARGS(db_text(str_from(call->op->name))));
    VEC(struct match) counted = {0};

    while (db_next(row)) {
        struct json *fault = NULL;
        struct err err = {0};
        bool fires;

        if (!kind_fits(db_col_text(row, 1, call->arena), kind) ||
            json_parse(call->arena, db_col_text(row, 2, call->arena), FAULTS_BODY, &fault, &err) !=
                ERR_NONE)
            continue;
        if (str_find(subject, json_get_str(fault, "name")) == SIZE_MAX &&
            !str_is_empty(json_get_str(fault, "name")))
            continue;
        if (json_get_bool(fault, "conditional", false) && !is_conditional(call))
            continue;
        fires = chosen == NULL && due(fault, db_col_int(row, 3) + 1, db_col_int(row, 4));
        if (fires)
            chosen = fault;
        *VEC_PUSH(call->arena, &counted) = (struct match){db_col_int(row, 0), fires};
    }
    db_finish(&row);
    for (size_t i = 0; i < counted.len; i++)
        db_run(
            db, "UPDATE fault SET seen = seen + 1, fired = fired + ?2 WHERE id=?1",
            DB_ARGS(db_int(counted.items[i].id), db_int(counted.items[i].fired)));
    return chosen;
}

/* What a call is about, for `name`. */
static struct str subject_of(const struct local_call *call)
{
    static const char *const members[] = {
        "TrainingJobName", "ModelName", "EndpointConfigName", "EndpointName", "logGroupName"};
    struct str text = STR("");

    if (!str_is_null(call->bucket))
        return str_fmt(call->arena, STR_FMT "/" STR_FMT, STR_ARG(call->bucket), STR_ARG(call->key));
    for (size_t i = 0; call->input != NULL && i < ARRAY_LEN(members); i++)
        text = str_fmt(
            call->arena, STR_FMT STR_FMT " ", STR_ARG(text),
            STR_ARG(json_get_str(call->input, members[i])));
    return text.len > ARRAY_LEN(members) ? text : call->path;
}

bool local_fault_check(struct local_call *call)
{
    struct state *state = local_state(call->local, &local_faults_room);
    const struct json *fault;
    struct str code, message;
    struct err err = {0};

    if (state == NULL || atomic_load_explicit(&state->count, memory_order_relaxed) == 0 ||
        str_starts(call->path, STR("/_mmectl/")))
        return false;
    if (world_enter(call->local, &err) != ERR_NONE)
        return false;
    fault = take(call, FAULT_ERROR, subject_of(call));
    if (world_leave(call->local, &err) != ERR_NONE || fault == NULL)
        return false;
    code = json_get_str(fault, "code");
    message = json_get_str(fault, "message");
    call_fail(
        call, (int) json_get_int(fault, "status", 400),
        str_is_null(code) ? "ThrottlingException" : str_z(call->arena, code), STR_FMT,
        STR_ARG(str_is_null(message) ? STR("Rate exceeded") : message));
    return true;
}

const struct json *faults_fired(struct local_call *call, enum fault_kind kind, struct str subject)
{
    struct state *state = local_state(call->local, &local_faults_room);

    if (state == NULL || atomic_load(&state->count) == 0)
        return NULL;
    return take(call, kind, subject);
}

bool faults_take(
    struct local_call *call, enum fault_kind kind, struct str subject, struct str *ret_reason)
{
    const struct json *fault = faults_fired(call, kind, subject);

    if (fault == NULL)
        return false;
    *ret_reason = json_get_str(fault, "reason");
    if (str_is_null(*ret_reason)) {
        if (str_eq_z(json_get_str(fault, "kind"), "capacity"))
            *ret_reason = STR(CAPACITY_REASON);
        else
            *ret_reason = str_eq_z(str_from(call->op->name), "CreateTrainingJob")
                              ? STR(JOB_REASON)
                              : STR(PING_REASON);
    }
    return true;
}

/* ------------------------------------------------------------------ operations */

/* An endpoint is put into a state right away. */
static bool set_status(struct local_call *call, const struct json *fault)
{
    struct sm_thing endpoint;
    struct json *op = json_object(call->arena);

    if (!sm_find(
            call->local, call->arena, call->region, SM_ENDPOINT, json_get_str(fault, "name"),
            &endpoint)) {
        sm_invalid(
            call, "no endpoint '" STR_FMT "' to set the status of",
            STR_ARG(json_get_str(fault, "name")));
        return false;
    }
    endpoint.status = json_get_str(fault, "status");
    endpoint.due_ms = call->now_ms + json_get_int(fault, "forMs", 0);
    endpoint.modified_ms = call->now_ms;
    json_put(call->arena, op, "kind", json_z(call->arena, "system"));
    json_put(call->arena, op, "until_ms", json_int(call->arena, endpoint.due_ms));
    json_put(call->arena, endpoint.doc, "op", op);
    sm_save(call->local, call->arena, &endpoint);
    return true;
}

static bool add_fault(struct local_call *call, const struct json *fault)
{
    static const char *const kinds[] = {"error", "fail", "capacity", "rollback",
                                        "stuck", "key",  "interrupt"};
    struct str kind = json_get_str(fault, "kind");

    if (str_eq_z(kind, "status"))
        return set_status(call, fault);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eq_z(kind, kinds[i])) {
            db_run(
                call->db, "INSERT INTO fault(kind, operation, doc) VALUES(?1, ?2, ?3)",
                DB_ARGS(
                    db_text(kind), db_text(json_get_str(fault, "operation")),
                    db_text(json_text(call->arena, fault, JSON_COMPACT))));
            return true;
        }
    sm_invalid(call, "'" STR_FMT "' is not a kind of fault", STR_ARG(kind));
    return false;
}

static enum err_code add_faults(struct local_call *call)
{
    const struct json *list = json_get(call->input, "faults");

    if (list == NULL || list->type != JSON_ARRAY || list->len > FAULTS_MAX)
        return sm_invalid(call, "'faults' must be a list of at most %d faults", FAULTS_MAX);
    JSON_EACH (fault, list)
        if (!add_fault(call, fault))
            return ERR_NONE;
    reload(call->local);
    return call_json(call, json_object(call->arena));
}

static enum err_code list_faults(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *list = json_array(call->arena);
    struct db_stmt *AUTO(db_finish) row =
        db_query(call->db, "SELECT doc, seen, fired FROM fault ORDER BY id", DB_NO_ARGS);

    while (db_next(row)) {
        struct json *fault = NULL;
        enum err_code code =
            json_parse(call->arena, db_col_text(row, 0, call->arena), FAULTS_BODY, &fault, err);
        if (code != ERR_NONE)
            return code;
        json_put(call->arena, fault, "seen", json_int(call->arena, db_col_int(row, 1)));
        json_put(call->arena, fault, "fired", json_int(call->arena, db_col_int(row, 2)));
        json_push(list, fault);
    }
    json_put(call->arena, body, "faults", list);
    return call_json(call, body);
}

enum err_code faults_op(struct local_call *call, struct err *err)
{
    if (str_eq_z(call->http->method, "POST"))
        return add_faults(call);
    if (str_eq_z(call->http->method, "GET"))
        return list_faults(call, err);
    if (!str_eq_z(call->http->method, "DELETE"))
        return call_fail(call, 405, "MethodNotAllowed", "GET, POST and DELETE are understood here");
    db_run(call->db, "DELETE FROM fault", DB_NO_ARGS);
    reload(call->local);
    return call_json(call, json_object(call->arena));
}

enum err_code settings_op(struct local_call *call, struct err *err)
{
    (void) err;
    JSON_EACH (setting, call->input) {
        struct str text = setting->type == JSON_STRING
                              ? setting->string
                              : json_text(call->arena, setting, JSON_COMPACT);
        if (setting->type == JSON_NULL)
            db_run(
                call->db, "DELETE FROM sm_setting WHERE name=?1", DB_ARGS(db_text(setting->key)));
        else
            db_run(
                call->db, "INSERT OR REPLACE INTO sm_setting(name, value) VALUES(?1, ?2)",
                DB_ARGS(db_text(setting->key), db_text(text)));
    }
    reload(call->local);
    return call_json(call, json_object(call->arena));
}

/* ------------------------------------------------------------------ room */

static enum err_code faults_start(struct local *local, void **state, struct err *err)
{
    struct state *made = xmalloc(sizeof(*made));
    enum err_code code;

    *made = (struct state){.arena = arena_new("settings", 0)};
    atomic_init(&made->count, 0);
    atomic_init(&made->delay_ms, 0);
    *state = made;
    code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    reload(local);
    return world_leave(local, err);
}

static void faults_stop(struct local *local, void *state)
{
    struct state *made = state;

    (void) local;
    if (made != NULL)
        arena_free(made->arena);
    xfree(state);
}

static void faults_wipe(struct local *local)
{
    db_exec(local_db(local), "DELETE FROM fault; DELETE FROM sm_setting;");
    reload(local);
}

const struct local_room local_faults_room = {
    .name = "faults",
    .schema = s_schema,
    .start = faults_start,
    .stop = faults_stop,
    .wipe = faults_wipe,
    .restored = reload,
};
