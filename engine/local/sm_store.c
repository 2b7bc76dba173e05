#include "engine/local/sm.h"

#include "engine/local/fleet.h"
#include "engine/local/sm_docs.h"
#include "engine/local/token.h"

#include <assert.h>

static const char *const s_kind_names[SM_N_KINDS] = {
    [SM_JOB] = "training-job",
    [SM_MODEL] = "model",
    [SM_CONFIG] = "endpoint-config",
    [SM_ENDPOINT] = "endpoint",
};

const char *sm_kind_name(enum sm_thing_kind kind)
{
    return s_kind_names[kind];
}

static enum sm_thing_kind kind_of(struct str name)
{
    for (int i = 0; i < SM_N_KINDS; i++)
        if (str_eq_z(name, s_kind_names[i]))
            return (enum sm_thing_kind) i;
    assert(!"a kind that was never written");
    return SM_JOB;
}

/* Endpoint names are case-insensitive and their ARN is in lower case; the others keep theirs. */
static struct str name_key(struct arena *arena, enum sm_thing_kind kind, struct str name)
{
    return kind == SM_ENDPOINT ? str_lower(arena, name) : name;
}

struct str sm_arn(
    struct local *local,
    struct arena *arena,
    struct str region,
    enum sm_thing_kind kind,
    struct str name)
{
    return str_fmt(
        arena, "arn:aws:sagemaker:" STR_FMT ":" STR_FMT ":%s/" STR_FMT, STR_ARG(region),
        STR_ARG(local_account(local)), s_kind_names[kind], STR_ARG(name_key(arena, kind, name)));
}

/* ------------------------------------------------------------------ rows */

#define THING_COLUMNS "region, kind, name, arn, status, created_ms, modified_ms, due_ms, doc"

static struct sm_thing thing_of(struct local *local, struct db_stmt *row, struct arena *arena)
{
    return (struct sm_thing){
        .kind = kind_of(db_col_text(row, 1, arena)),
        .region = db_col_text(row, 0, arena),
        .name = db_col_text(row, 2, arena),
        .arn = db_col_text(row, 3, arena),
        .status = db_col_text(row, 4, arena),
        .created_ms = db_col_int(row, 5),
        .modified_ms = db_col_int(row, 6),
        .due_ms = db_col_is_null(row, 7) ? SM_NEVER : db_col_int(row, 7),
        .doc = sm_doc_read(local, arena, db_col_view(row, 8)),
    };
}

bool sm_find(
    struct local *local,
    struct arena *arena,
    struct str region,
    enum sm_thing_kind kind,
    struct str name,
    struct sm_thing *out)
{
    struct str key = name_key(arena, kind, name);
    bool found;
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT " THING_COLUMNS " FROM sm_thing WHERE region=?1 AND kind=?2 AND name_key=?3",
        DB_ARGS(db_text(region), db_text(str_from(s_kind_names[kind])), db_text(key)));

    found = db_next(row);
    if (found)
        *out = thing_of(local, row, arena);
    return found;
}

static int64_t hidden_ms(struct local *local, enum sm_thing_kind kind)
{
    return kind == SM_JOB ? 0 : sm_setting_ms(local, "visibleAfterMs", s_kind_names[kind]);
}

bool sm_find_visible(
    struct local_call *call, enum sm_thing_kind kind, struct str name, struct sm_thing *out)
{
    struct sm_thing thing;

    if (!sm_find(call->local, call->arena, call->region, kind, name, &thing) ||
        call->now_ms < thing.created_ms + hidden_ms(call->local, kind))
        return false;
    *out = thing;
    return true;
}

bool sm_name_taken(struct local_call *call, enum sm_thing_kind kind, struct str name)
{
    int64_t ms = sm_setting_ms(call->local, "recreateAfterMs", s_kind_names[kind]);
    struct sm_thing thing;
    bool lingers;

    if (sm_find(call->local, call->arena, call->region, kind, name, &thing))
        return true;
    if (ms == 0)
        return false;
    struct db_stmt *AUTO(db_finish) row = db_query(
        call->db, "SELECT 1 FROM sm_gone WHERE arn=?1 AND gone_ms > ?2",
        DB_ARGS(
            db_text(sm_arn(call->local, call->arena, call->region, kind, name)),
            db_int(call->now_ms - ms)));
    lingers = db_next(row);
    return lingers;
}

/* When it went, for recreateAfterMs; of an endpoint that is when its deletion was due. */
static void remember_gone(struct local *local, const struct sm_thing *thing)
{
    int64_t at_ms = thing->kind == SM_ENDPOINT && thing->due_ms != SM_NEVER
                        ? thing->due_ms
                        : clock_wall_ms(local_clock(local));

    if (sm_setting_ms(local, "recreateAfterMs", s_kind_names[thing->kind]) > 0)
        db_run(
            local_db(local), "INSERT OR REPLACE INTO sm_gone(arn, gone_ms) VALUES(?1, ?2)",
            DB_ARGS(db_text(thing->arn), db_int(at_ms)));
}

void sm_save(struct local *local, struct arena *arena, const struct sm_thing *thing)
{
    db_run(
        local_db(local),
        "INSERT OR REPLACE INTO sm_thing(region, kind, name_key, name, arn, status, created_ms, "
        "modified_ms, due_ms, doc) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        DB_ARGS(
            db_text(thing->region), db_text(str_from(s_kind_names[thing->kind])),
            db_text(name_key(arena, thing->kind, thing->name)), db_text(thing->name),
            db_text(thing->arn), db_text(thing->status), db_int(thing->created_ms),
            db_int(thing->modified_ms),
            thing->due_ms == SM_NEVER ? db_text(STR_NULL) : db_int(thing->due_ms),
            db_text(json_text(arena, thing->doc, JSON_COMPACT))));
    world_due_changed(local);
    if (thing->kind == SM_ENDPOINT)
        fleet_changed(local);
}

void sm_drop(struct local *local, struct arena *arena, const struct sm_thing *thing)
{
    db_run(
        local_db(local), "DELETE FROM sm_thing WHERE region=?1 AND kind=?2 AND name_key=?3",
        DB_ARGS(
            db_text(thing->region), db_text(str_from(s_kind_names[thing->kind])),
            db_text(name_key(arena, thing->kind, thing->name))));
    db_run(
        local_db(local), "DELETE FROM sm_tag WHERE arn=?1",
        DB_ARGS(db_text(str_lower(arena, thing->arn))));
    remember_gone(local, thing);
    world_due_changed(local);
    if (thing->kind == SM_ENDPOINT)
        fleet_changed(local);
}

void sm_create(
    struct local_call *call,
    enum sm_thing_kind kind,
    struct str name,
    struct str status,
    int64_t due_ms,
    struct json *doc)
{
    struct sm_thing thing = {
        .kind = kind,
        .region = call->region,
        .name = name,
        .arn = sm_arn(call->local, call->arena, call->region, kind, name),
        .status = status,
        .created_ms = call->now_ms,
        .modified_ms = call->now_ms,
        .due_ms = due_ms,
        .doc = doc,
    };

    sm_save(call->local, call->arena, &thing);
    sm_tags_set(call->local, str_lower(call->arena, thing.arn), json_get(call->input, "Tags"));
}

bool sm_next_due(struct local *local, struct arena *arena, int64_t now_ms, struct sm_thing *out)
{
    bool found;
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT " THING_COLUMNS
        " FROM sm_thing WHERE due_ms <= ?1 ORDER BY due_ms, kind, name_key LIMIT 1",
        DB_ARGS(db_int(now_ms)));

    found = db_next(row);
    if (found)
        *out = thing_of(local, row, arena);
    return found;
}

void sm_each(
    struct local *local, struct arena *arena, enum sm_thing_kind kind, sm_each_fn *each, void *arg)
{
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local),
        "SELECT " THING_COLUMNS " FROM sm_thing WHERE kind=?1 ORDER BY region, name_key",
        DB_ARGS(db_text(str_from(s_kind_names[kind]))));

    while (db_next(row)) {
        struct sm_thing thing = thing_of(local, row, arena);
        each(arg, &thing);
    }
}

/* ------------------------------------------------------------------ lists */

/* The sort key as text, so that one statement serves every SortBy. */
#define LIST_FROM \
    "SELECT " THING_COLUMNS ", k FROM (SELECT *, CASE ?3 WHEN 'Name' THEN name WHEN 'Status' " \
    "THEN status ELSE printf('%020d', created_ms) END AS k FROM sm_thing WHERE region=?1 AND " \
    "kind=?2 AND (?4 IS NULL OR instr(name, ?4) > 0) AND (?5 IS NULL OR status = ?5) AND (?6 IS " \
    "NULL OR created_ms > ?6) AND (?7 IS NULL OR created_ms < ?7) AND (?8 IS NULL OR modified_ms " \
    "> ?8) AND (?9 IS NULL OR modified_ms < ?9) AND created_ms <= ?13 AND (?14 IS NULL OR " \
    "json_extract(doc, '$.pool.status') = ?14) AND (?15 IS NULL OR json_extract(doc, " \
    "'$.in.ResourceConfig.TrainingPlanArn') = ?15)) WHERE (?10 IS NULL OR (k, " \
    "name) "

enum { PAGE_DEFAULT = 10 };

struct page {
    struct str sort, after_key, after_name;
    bool descending;
    int64_t limit;
};

static bool page_of(struct local_call *call, enum sm_thing_kind kind, struct page *page)
{
    struct str position = STR_NULL;
    struct str order = json_get_str(call->input, "SortOrder");

    *page = (struct page){
        .sort = json_get_str(call->input, "SortBy"),
        .descending = str_is_null(order) ? kind != SM_JOB : str_eq_z(order, "Descending"),
        .limit = json_get_int(call->input, "MaxResults", PAGE_DEFAULT),
    };
    if (str_is_null(page->sort))
        page->sort = STR("CreationTime");
    if (!token_read(call, &position)) {
        sm_invalid(call, "Invalid NextToken: Token is malformed");
        return false;
    }
    if (str_is_null(position))
        return true;
    page->after_name = position; /* "<k>\n<name>" */
    str_split(&page->after_name, '\n', &page->after_key);
    return true;
}

static struct db_arg time_arg(const struct json *input, const char *key)
{
    const struct json *value = json_get(input, key);

    return value != NULL ? db_int((int64_t) (value->number * 1000.0)) : db_text(STR_NULL);
}

enum err_code
sm_list(struct local_call *call, enum sm_thing_kind kind, const char *key, sm_summary_fn *summary)
{
    struct json *body = json_object(call->arena), *items = json_array(call->arena);
    struct page page;
    struct str last_key = STR_NULL, last_name = STR_NULL;

    if (!page_of(call, kind, &page))
        return ERR_NONE;
    const struct db_arg args[] = {
        db_text(call->region),
        db_text(str_from(s_kind_names[kind])),
        db_text(page.sort),
        db_text(json_get_str(call->input, "NameContains")),
        db_text(json_get_str(call->input, "StatusEquals")),
        time_arg(call->input, "CreationTimeAfter"),
        time_arg(call->input, "CreationTimeBefore"),
        time_arg(call->input, "LastModifiedTimeAfter"),
        time_arg(call->input, "LastModifiedTimeBefore"),
        db_text(page.after_key),
        db_text(page.after_name),
        db_int(page.limit + 1),
        db_int(call->now_ms - hidden_ms(call->local, kind)),
        db_text(json_get_str(call->input, "WarmPoolStatusEquals")),
        db_text(json_get_str(call->input, "TrainingPlanArnEquals")),
    };
    struct db_stmt *AUTO(db_finish) row =
        page.descending
            ? db_query(
                  call->db, LIST_FROM "< (?10, ?11)) ORDER BY k DESC, name DESC LIMIT ?12", args,
                  ARRAY_LEN(args))
            : db_query(
                  call->db, LIST_FROM "> (?10, ?11)) ORDER BY k, name LIMIT ?12", args,
                  ARRAY_LEN(args));
    while (db_next(row)) {
        struct sm_thing thing = thing_of(call->local, row, call->arena);
        if (items->len == (size_t) page.limit) {
            json_put(
                call->arena, body, "NextToken",
                json_string(
                    call->arena, token_make(
                                     call, str_fmt(
                                               call->arena, STR_FMT "\n" STR_FMT, STR_ARG(last_key),
                                               STR_ARG(last_name)))));
            break;
        }
        last_key = db_col_text(row, 9, call->arena);
        last_name = thing.name;
        json_push(items, summary(call->arena, &thing));
    }
    json_set(call->arena, body, str_from(key), items);
    return call_json(call, body);
}
