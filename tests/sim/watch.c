#include "tests/sim/watch.h"

#include "tests/sim/wire.h"

#include "engine/base/uri.h"
#include "engine/local/call.h"
#include "engine/local/sm.h"
#include "engine/reconcile/lease.h"

/* Keys of other people, and what stands there (account.c puts them there). */
static const struct {
    struct str key;
    uint64_t size;
} s_foreign[] = {
    {STR_INIT("foreign/model.tar.gz"), 6},
    {STR_INIT(SIM_PREFIX "/models/README.txt"), 20},
    {STR_INIT(SIM_PREFIX "x/models/m0--0123456789abcdef.tar.gz"), 15},
};

/* An object that a request addresses: its key, or null. */
static struct str key_of(struct arena *arena, const struct http_request *request)
{
    struct url url;
    struct err err;
    if (wire_operation(request).len > 0 || url_parse(request->url, &url, &err) != ERR_NONE ||
        !str_starts(url.path, STR("/" SIM_BUCKET "/")))
        return STR_NULL;
    struct str encoded = str_from_index(url.path, STR("/" SIM_BUCKET "/").len), key;
    return uri_decode(arena, encoded, false, &key) ? key : STR_NULL;
}

static bool has_query(const struct http_request *request, struct str name)
{
    size_t at = str_find(request->url, name);
    return at != SIZE_MAX && at > 0 &&
           (request->url.ptr[at - 1] == '?' || request->url.ptr[at - 1] == '&');
}

static bool has_header(const struct http_request *request, const char *name)
{
    return !str_is_null(http_header_get(request->headers, request->n_headers, name));
}

static bool is_artifact(struct str key)
{
    return str_starts(key, STR(SIM_PREFIX "/models/")) ||
           str_starts(key, STR(SIM_PREFIX "/versions/"));
}

/* World entered. Null when there is none. */
static struct str etag_at(struct account *account, struct arena *arena, struct str key)
{
    struct str etag = STR_NULL;
    struct db_stmt *q = db_query(
        local_db(account->local),
        "SELECT etag FROM object WHERE bucket='" SIM_BUCKET "' AND key=?1", DB_ARGS(db_text(key)));
    if (db_next(q))
        etag = db_col_text(q, 0, arena);
    db_finish(&q);
    return etag;
}

static void enter(struct account *account)
{
    struct err err = {0};
    sim_must(world_enter(account->local, &err), &err, "looking");
}

/* ---- before ---- */

static void before_write(struct account *account, struct arena *arena, const struct http_request *r)
{
    struct str key = key_of(arena, r);
    if (!is_artifact(key) || has_query(r, STR("uploads")) || has_query(r, STR("uploadId")))
        return;
    enter(account);
    struct str etag = etag_at(account, arena, key);
    world_abandon(account->local);
    if (!str_is_null(etag) && !has_header(r, "if-none-match") && !account_is_tampered(account, key))
        account_violation(
            account, "I7", "PUT over the artifact '" STR_FMT "' without If-None-Match",
            STR_ARG(key));
}

static void
before_delete(struct account *account, struct arena *arena, const struct http_request *r)
{
    struct str key = key_of(arena, r);
    if (str_is_empty(key) || has_query(r, STR("uploadId")))
        return;
    bool probe = str_eq(key, STR(SIM_PREFIX "/control/probe"));
    if (!probe && !has_header(r, "if-match"))
        account_violation(account, "I8", "DELETE of '" STR_FMT "' without If-Match", STR_ARG(key));
}

static void before_batch(struct account *account, const struct http_request *r)
{
    struct str rest = r->body;
    for (;;) {
        size_t at = str_find(rest, STR("<Object>"));
        if (at == SIZE_MAX)
            return;
        rest = str_from_index(rest, at + STR("<Object>").len);
        struct str one = str_slice(rest, 0, str_find(rest, STR("</Object>")));
        if (str_find(one, STR("<ETag>")) == SIZE_MAX &&
            str_find(one, STR("control/probe")) == SIZE_MAX)
            account_violation(
                account, "I8", "DeleteObjects of " STR_FMT " without an ETag", STR_ARG(one));
    }
}

static void before_sagemaker(struct account *account, const struct http_request *r)
{
    struct str operation = wire_operation(r);
    if (str_starts(operation, STR("Create")) && !str_eq(operation, STR("CreateEndpoint")))
        return;
    bool theirs = str_find(r->body, STR("\"theirs\"")) != SIZE_MAX ||
                  str_find(r->body, STR("/theirs\"")) != SIZE_MAX;
    if (theirs)
        account_violation(
            account, "I5", STR_FMT " of a foreign thing: " STR_FMT, STR_ARG(operation),
            STR_ARG(r->body));
}

/* I9: of all that run, at most one believes that it has the lease. */
static void check_holders(struct account *account)
{
    size_t holders = 0;
    for (size_t i = 0; i < ARRAY_LEN(account->running); i++) {
        const struct reconciler *r = account->running[i];
        holders += r != NULL && r->lease != NULL && lease_held(r->lease);
    }
    if (holders > 1)
        account_violation(account, "I9", "%zu runs believe that they have the lease", holders);
}

void watch_before(struct account *account, const struct http_request *request)
{
    check_holders(account);
    AUTO(arena_close) struct arena *arena = arena_new("watch", 0);
    if (wire_operation(request).len > 0) {
        before_sagemaker(account, request);
        return;
    }
    struct str method = request->method;
    if (str_eq(method, STR("PUT")))
        before_write(account, arena, request);
    else if (str_eq(method, STR("DELETE")))
        before_delete(account, arena, request);
    else if (has_query(request, STR("delete")))
        before_batch(account, request);
}

/* ---- after ---- */

/* World entered. */
static void check_foreign(struct account *account)
{
    for (size_t i = 0; i < ARRAY_LEN(s_foreign) && !account->alone; i++) {
        struct db_stmt *q = db_query(
            local_db(account->local),
            "SELECT size FROM object WHERE bucket='" SIM_BUCKET "' AND key=?1",
            DB_ARGS(db_text(s_foreign[i].key)));
        bool there = db_next(q);
        uint64_t size = there ? (uint64_t) db_col_int(q, 0) : 0;
        db_finish(&q);
        if (!there || size != s_foreign[i].size)
            account_violation(
                account, "I5", "the foreign object '" STR_FMT "' was touched",
                STR_ARG(s_foreign[i].key));
    }
    struct db_stmt *q = db_query(
        local_db(account->local), "SELECT COUNT(*) FROM sm_thing WHERE name='theirs'", DB_NO_ARGS);
    int64_t things = db_next(q) ? db_col_int(q, 0) : 0;
    db_finish(&q);
    if (things != 2)
        account_violation(account, "I5", "a foreign model or config is gone");
}

/* World entered. */
static void check_config(struct account *account, struct arena *arena, struct str name)
{
    struct sm_thing config, model;
    if (!sm_find(account->local, arena, STR(SIM_REGION), SM_CONFIG, name, &config)) {
        account_violation(
            account, "I6", "the endpoint's config '" STR_FMT "' does not exist", STR_ARG(name));
        return;
    }
    JSON_EACH (variant, json_get(json_get(config.doc, "in"), "ProductionVariants")) {
        struct str used = json_get_str(variant, "ModelName");
        if (!sm_find(account->local, arena, STR(SIM_REGION), SM_MODEL, used, &model))
            account_violation(
                account, "I6", "the endpoint's model '" STR_FMT "' does not exist", STR_ARG(used));
    }
}

/* World entered. */
static void check_endpoint(struct account *account, struct arena *arena)
{
    struct sm_thing endpoint;
    if (!sm_find(account->local, arena, STR(SIM_REGION), SM_ENDPOINT, STR(SIM_STACK), &endpoint))
        return;
    check_config(account, arena, json_get_str(endpoint.doc, "config"));
    const struct json *op = json_get(endpoint.doc, "op");
    struct str kind = json_get_str(op, "kind"), pending = json_get_str(op, "config");
    if (str_eq(kind, STR("update")) && pending.len > 0)
        check_config(account, arena, pending);
}

/* The keys that clients are sent to, read anew when the record changed. World not entered. */
static void read_record(struct account *account, struct str etag)
{
    struct str body;
    struct json *record;
    struct err err;
    account->live.etag = str_dup(account->arena, etag);
    account->live.n_keys = 0;
    int status = account_send(
        account, "s3", "GET", STR("/" SIM_BUCKET "/" SIM_PREFIX "/control/stack.json"), STR(""),
        NULL, &body);
    if (status != 200 || json_parse(account->arena, body, MIB(1), &record, &err) != ERR_NONE)
        return;
    const struct json *models = json_get(record, "models");
    account->live.keys =
        ARENA_ARRAY(account->arena, (models != NULL ? models->len : 0) + 1, struct str);
    JSON_EACH (model, models)
        account->live.keys[account->live.n_keys++] = json_get_str(model, "key");
}

static void check_record(struct account *account, struct arena *arena)
{
    enter(account);
    struct str etag = etag_at(account, arena, STR(SIM_PREFIX "/control/stack.json"));
    world_abandon(account->local);
    if (!str_eq(etag, account->live.etag))
        read_record(account, etag);
    if (str_is_null(etag))
        return;
    enter(account);
    for (size_t i = 0; i < account->live.n_keys; i++)
        if (str_is_null(etag_at(account, arena, account->live.keys[i])))
            account_violation(
                account, "I6", "the record sends clients to '" STR_FMT "', which does not exist",
                STR_ARG(account->live.keys[i]));
    world_abandon(account->local);
}

static bool may_orphan(const struct http_request *r)
{
    struct str operation = wire_operation(r);
    return operation.len == 0 || str_starts(operation, STR("Delete")) ||
           str_starts(operation, STR("Update"));
}

void watch_after(struct account *account, const struct http_request *request)
{
    if (may_orphan(request))
        watch_everything(account);
}

void watch_everything(struct account *account)
{
    AUTO(arena_close) struct arena *arena = arena_new("watch", 0);
    bool check = account->published && !account->destroying && !account->unfenced;
    enter(account);
    check_foreign(account);
    if (check)
        check_endpoint(account, arena);
    world_abandon(account->local);
    if (check)
        check_record(account, arena);
}
