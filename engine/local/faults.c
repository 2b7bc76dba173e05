#include "engine/local/faults.h"

#include "engine/base/rng.h"
#include "engine/local/latency.h"
#include "engine/local/sm.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FAULTS_MAX = 1000, FAULTS_BODY = 1 << 20, DELAY_MAX_MS = 60000, SLOW_MS = 3000 };

/* Of a rule and a latency that last as long as the process. */
#define AT_START "atStart"
#define LATENCY_AT_START "latencyAtStart"
static const int64_t s_skew_ms = INT64_C(20) * 60 * 1000;
static const uint64_t s_seeds = 1000000;

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
    /* One load as long as there is none; then the lock guards the profile. */
    atomic_bool has_latency;
    atomic_ullong calls;
    pthread_mutex_t latency_lock;
    struct latency latency;
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

struct str faults_setting_of(struct local *local, struct str name, struct str what)
{
    struct state *state = local_state(local, &local_faults_room);
    for (size_t i = 0; state != NULL && i < state->settings.len; i++) {
        struct str full = state->settings.items[i].name;
        if (full.len == name.len + 1 + what.len && full.ptr[name.len] == '.' &&
            str_starts(full, name) && str_ends(full, what))
            return state->settings.items[i].value;
    }
    return faults_setting(local, name);
}

/* The one of this start, else the one that was set. World entered. */
static void reload_latency(struct local *local, struct state *state)
{
    struct str text = faults_setting(local, STR(LATENCY_AT_START));
    struct latency latency = {0};
    struct err ignored = {0};
    if (str_is_null(text))
        text = faults_setting(local, STR("latency"));
    bool has = !str_is_null(text) && latency_read(text, &latency, &ignored) == ERR_NONE &&
               (latency.aws || latency.fixed_ms > 0);
    pthread_mutex_lock(&state->latency_lock);
    state->latency = latency;
    pthread_mutex_unlock(&state->latency_lock);
    atomic_store(&state->has_latency, has);
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
    reload_latency(local, state);
}

int64_t local_answer_delay_ms(const struct local_call *call)
{
    struct state *state = local_state(call->local, &local_faults_room);

    if (state == NULL || call->service == LOCAL_ADMIN)
        return 0;
    int64_t delay_ms = atomic_load_explicit(&state->delay_ms, memory_order_relaxed);
    if (!atomic_load_explicit(&state->has_latency, memory_order_relaxed))
        return delay_ms;
    pthread_mutex_lock(&state->latency_lock);
    struct latency latency = state->latency;
    pthread_mutex_unlock(&state->latency_lock);
    return delay_ms + latency_ms(&latency, call->service, atomic_fetch_add(&state->calls, 1));
}

/* ------------------------------------------------------------------ matching */

static bool kind_fits(struct str kind, enum fault_moment moment)
{
    const struct fault_kind *known = fault_kind_find(kind);
    return known != NULL && (known->moments & moment) != 0;
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
static const struct json *
take(struct local_call *call, enum fault_moment moment, struct str subject)
{
    struct db *db = local_db(call->local);
    const struct json *chosen = NULL;
    struct db_stmt *row =
        db_query(db, "SELECT id, kind, doc, seen, fired FROM fault ORDER BY id", DB_NO_ARGS);
    VEC(struct match) counted = {0};

    while (db_next(row)) {
        struct json *fault = NULL;
        struct err err = {0};
        bool fires;

        if (!kind_fits(db_col_text(row, 1, call->arena), moment) ||
            json_parse(call->arena, db_col_text(row, 2, call->arena), FAULTS_BODY, &fault, &err) !=
                ERR_NONE ||
            !fault_rule_hits(fault, str_from(call->op->name)))
            continue;
        if (str_find(subject, json_get_str(fault, "name")) == SIZE_MAX &&
            !str_is_empty(json_get_str(fault, "name")))
            continue;
        if (json_get_bool(fault, "conditional", false) && !is_conditional(call))
            continue;
        fires = chosen == NULL && fault_rule_due(fault, db_col_int(row, 3) + 1, db_col_int(row, 4));
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

/* Whether there is anything to look for: not for the paths of the stand-in itself. */
static bool has_faults(const struct local_call *call)
{
    struct state *state = local_state(call->local, &local_faults_room);

    return state != NULL && call->op != NULL && call->service != LOCAL_ADMIN &&
           atomic_load_explicit(&state->count, memory_order_relaxed) > 0;
}

void local_fault_clock(struct local_call *call)
{
    const struct json *fault;
    UNFILLED struct err err;

    if (!has_faults(call) || world_enter(call->local, &err) != ERR_NONE)
        return;
    fault = take(call, FAULT_CLOCK, subject_of(call));
    if (world_leave(call->local, &err) == ERR_NONE && fault != NULL)
        call->skew_ms = json_get_int(fault, "ms", s_skew_ms);
}

bool local_fault_check(struct local_call *call)
{
    const struct json *answer, *wire = NULL;
    UNFILLED struct err err;
    struct str subject, kind;

    if (!has_faults(call) || world_enter(call->local, &err) != ERR_NONE)
        return false;
    subject = subject_of(call);
    answer = take(call, FAULT_ANSWER, subject);
    if (answer == NULL)
        wire = take(call, FAULT_WIRE, subject);
    if (world_leave(call->local, &err) != ERR_NONE)
        return false;
    if (answer != NULL) {
        fault_answer(call, answer);
        return true;
    }
    kind = json_get_str(wire, "kind");
    if (str_eq_z(kind, "slow"))
        call->slow_ms = json_get_int(wire, "ms", SLOW_MS);
    else if (wire != NULL)
        call->cut = str_eq_z(kind, "truncate") ? HTTPD_HALF : HTTPD_NOTHING;
    return false;
}

const struct json *
faults_fired(struct local_call *call, enum fault_moment moment, struct str subject)
{
    struct state *state = local_state(call->local, &local_faults_room);

    if (state == NULL || atomic_load(&state->count) == 0)
        return NULL;
    return take(call, moment, subject);
}

bool faults_take(
    struct local_call *call, enum fault_moment moment, struct str subject, struct str *ret_reason)
{
    const struct json *fault = faults_fired(call, moment, subject);

    if (fault == NULL)
        return false;
    *ret_reason = json_get_str(fault, "reason");
    if (str_eq_z(json_get_str(fault, "kind"), "silent-rollback"))
        *ret_reason = STR("");
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

static void insert(struct local *local, struct arena *arena, const struct json *fault)
{
    db_run(
        local_db(local), "INSERT INTO fault(kind, operation, doc) VALUES(?1, ?2, ?3)",
        DB_ARGS(
            db_text(json_get_str(fault, "kind")), db_text(json_get_str(fault, "operation")),
            db_text(json_text(arena, fault, JSON_COMPACT))));
}

/* Chance has a seed, so that what it did can be done again. */
static uint64_t new_seed(struct local *local)
{
    uint64_t seed = local_options(local)->seed;
    return (seed != 0 ? seed : rng_entropy()) % s_seeds;
}

static struct json *with_seed(struct local *local, struct arena *arena, const struct json *fault)
{
    struct json *copy = json_copy(arena, fault);
    if (json_get(copy, "probability") != NULL && json_get(copy, "seed") == NULL)
        json_put(arena, copy, "seed", json_int(arena, (int64_t) new_seed(local)));
    return copy;
}

static bool add_fault(struct local_call *call, const struct json *fault)
{
    struct err err = {0};
    struct json *rule = NULL;

    /* As text, or as JSON. */
    if (fault->type == JSON_STRING) {
        if (fault_rule_read(call->arena, fault->string, &rule, &err) == ERR_NONE)
            fault = rule;
    } else {
        enum err_code checked = fault_rule_check(fault, &err);
        (void) checked;
    }
    if (err.code != ERR_NONE) {
        sm_invalid(call, "%s", err.message);
        return false;
    }
    if (str_eq_z(json_get_str(fault, "kind"), "status"))
        return set_status(call, fault);
    insert(call->local, call->arena, with_seed(call->local, call->arena, fault));
    return true;
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
        json_put(
            call->arena, fault, "rule",
            json_string(call->arena, fault_rule_text(call->arena, fault)));
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

/* Checked, and completed by a seed. false: answered. */
static bool read_latency(struct local_call *call, const struct json *setting, struct str *out)
{
    struct latency latency;
    struct err err = {0};
    if (latency_read(json_str(setting), &latency, &err) != ERR_NONE) {
        sm_invalid(call, "%s", err.message);
        return false;
    }
    if (!latency.seeded)
        latency.seed = (int64_t) new_seed(call->local);
    *out = latency_text(call->arena, &latency);
    db_run(
        call->db, "DELETE FROM sm_setting WHERE name=?1", DB_ARGS(db_text(STR(LATENCY_AT_START))));
    return true;
}

static enum err_code list_settings(struct local_call *call)
{
    struct json *body = json_object(call->arena);
    struct db_stmt *AUTO(db_finish) row =
        db_query(call->db, "SELECT name, value FROM sm_setting ORDER BY name", DB_NO_ARGS);

    while (db_next(row))
        json_set(
            call->arena, body, db_col_text(row, 0, call->arena),
            json_string(call->arena, db_col_text(row, 1, call->arena)));
    return call_json(call, body);
}

enum err_code settings_op(struct local_call *call, struct err *err)
{
    (void) err;
    if (str_eq_z(call->http->method, "GET"))
        return list_settings(call);
    JSON_EACH (setting, call->input) {
        struct str text = setting->type == JSON_STRING
                              ? setting->string
                              : json_text(call->arena, setting, JSON_COMPACT);
        if (str_eq_z(setting->key, "latency") && setting->type != JSON_NULL &&
            !read_latency(call, setting, &text))
            return ERR_NONE;
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

/* What an earlier process was started with is forgotten. World entered. */
static void forget_start(struct local *local)
{
    db_exec(
        local_db(local), "DELETE FROM fault WHERE json_extract(doc, '$." AT_START "');"
                         "DELETE FROM sm_setting WHERE name='" LATENCY_AT_START "';");
}

enum err_code local_faults_start(
    struct local *local,
    const struct str *rules,
    size_t n_rules,
    struct str latency,
    struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("rules", 0);
    struct latency profile = {0};
    VEC(struct json *) faults = {0};
    for (size_t i = 0; i < n_rules; i++) {
        struct json *rule = NULL;
        enum err_code code = fault_rule_read(arena, rules[i], &rule, err);
        if (code != ERR_NONE)
            return code;
        rule = with_seed(local, arena, rule);
        json_put(arena, rule, AT_START, json_bool(arena, true));
        *VEC_PUSH(arena, &faults) = rule;
    }
    enum err_code code = str_is_null(latency) ? ERR_NONE : latency_read(latency, &profile, err);
    if (code == ERR_NONE)
        code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    if (!profile.seeded)
        profile.seed = (int64_t) new_seed(local);
    for (size_t i = 0; i < faults.len; i++)
        insert(local, arena, faults.items[i]);
    if (!str_is_null(latency))
        db_run(
            local_db(local), "INSERT OR REPLACE INTO sm_setting(name, value) VALUES(?1, ?2)",
            DB_ARGS(db_text(STR(LATENCY_AT_START)), db_text(latency_text(arena, &profile))));
    reload(local);
    return world_leave(local, err);
}

static enum err_code faults_start(struct local *local, void **state, struct err *err)
{
    struct state *made = xmalloc(sizeof(*made));
    enum err_code code;

    *made = (struct state){.arena = arena_new("settings", 0)};
    atomic_init(&made->count, 0);
    atomic_init(&made->delay_ms, 0);
    atomic_init(&made->has_latency, false);
    atomic_init(&made->calls, 0);
    pthread_mutex_init(&made->latency_lock, NULL);
    *state = made;
    code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    forget_start(local);
    reload(local);
    return world_leave(local, err);
}

static void faults_stop(struct local *local, void *state)
{
    struct state *made = state;

    (void) local;
    if (made != NULL) {
        pthread_mutex_destroy(&made->latency_lock);
        arena_free(made->arena);
    }
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
