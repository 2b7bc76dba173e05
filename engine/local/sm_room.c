/* The SageMaker room: its tables, its time, and its part of the world's dump. */
#include "engine/local/sm.h"
#include "engine/local/sm_docs.h"

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS sm_thing(region TEXT NOT NULL, kind TEXT NOT NULL, name_key TEXT "
    "NOT NULL, name TEXT NOT NULL, arn TEXT NOT NULL, status TEXT NOT NULL, created_ms INTEGER NOT "
    "NULL, modified_ms INTEGER NOT NULL, due_ms INTEGER, doc TEXT NOT NULL, PRIMARY KEY(region, "
    "kind, name_key)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS sm_thing_due ON sm_thing(due_ms) WHERE due_ms IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS sm_tag(arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY(arn, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS sm_gone(arn TEXT PRIMARY KEY, gone_ms INTEGER NOT NULL) WITHOUT "
    "ROWID;";

static int64_t next_due(struct local *local)
{
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT due_ms FROM sm_thing WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1", DB_NO_ARGS);

    return db_next(row) ? db_col_int(row, 0) : INT64_MAX;
}

/* In order of their due times, so that what depends on another thing sees it as it was then. A
 * thing is taken once only per moment: one that stays due (a failed write) ends the loop. */
static void advance(struct local *local, int64_t now_ms)
{
    struct arena *AUTO(arena_close) arena = arena_new("time", 0);
    struct sm_thing thing;

    while (sm_next_due(local, arena, now_ms, &thing) && !db_failed(local_db(local))) {
        if (thing.kind == SM_JOB)
            sm_job_advance(local, arena, &thing, now_ms);
        else
            sm_endpoint_advance(local, arena, &thing, now_ms);
        arena_reset(arena);
    }
}

static void wipe(struct local *local)
{
    db_exec(local_db(local), "DELETE FROM sm_thing; DELETE FROM sm_tag; DELETE FROM sm_gone;");
}

/* ------------------------------------------------------------------ dump */

struct dumping {
    struct local *local;
    struct arena *arena;
    struct json *list;
};

static void dump_one(void *arg, const struct sm_thing *thing)
{
    struct dumping *dumping = arg;
    struct arena *arena = dumping->arena;
    struct json *item = json_object(arena);
    const struct json *in = json_get(thing->doc, "in");

    json_put(arena, item, "region", json_string(arena, thing->region));
    json_put(arena, item, "name", json_string(arena, thing->name));
    if (thing->status.len > 0)
        json_put(arena, item, "status", json_string(arena, thing->status));
    if (in != NULL)
        json_put(arena, item, "request", json_copy(arena, in));
    if (json_get(thing->doc, "config") != NULL)
        json_put(arena, item, "config", json_string(arena, json_get_str(thing->doc, "config")));
    if (json_get(thing->doc, "reason") != NULL)
        json_put(arena, item, "reason", json_string(arena, json_get_str(thing->doc, "reason")));
    json_put(arena, item, "tags", sm_tags_of(dumping->local, arena, thing->arn));
    json_push(dumping->list, item);
}

static void dump(struct local *local, struct arena *arena, struct json *into)
{
    static const char *const names[SM_N_KINDS] = {
        [SM_JOB] = "trainingJobs",
        [SM_MODEL] = "models",
        [SM_CONFIG] = "endpointConfigs",
        [SM_ENDPOINT] = "endpoints",
    };

    for (int kind = 0; kind < SM_N_KINDS; kind++) {
        struct dumping dumping = {.local = local, .arena = arena, .list = json_array(arena)};
        sm_each(local, arena, (enum sm_thing_kind) kind, dump_one, &dumping);
        json_set(arena, into, str_from(names[kind]), dumping.list);
    }
}

static enum err_code start(struct local *local, void **state, struct err *err)
{
    (void) local;
    (void) err;
    *state = sm_docs_new();
    return ERR_NONE;
}

static void stop(struct local *local, void *state)
{
    (void) local;
    sm_docs_free(state);
}

const struct local_room local_sm_room = {
    .name = "sagemaker",
    .schema = s_schema,
    .start = start,
    .stop = stop,
    .advance = advance,
    .next_due = next_due,
    .restored = world_due_changed,
    .wipe = wipe,
    .dump = dump,
};
