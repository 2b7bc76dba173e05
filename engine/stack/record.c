#include "engine/stack/record.h"

#include "engine/stack/route.h"

/* Reading is one table-free pass: the document is ours, and every member optional but `format`. A
 * record may have ten thousand models, so they are read one by one: of each only its struct stays.
 */
struct reading {
    struct arena *arena, *scratch;
    VEC(struct record_model *) models; /* on scratch: how many there are is known in the end */
    struct str at, by;                 /* the last ones: runs of models were written at once */
};

static struct str dup_or_same(struct reading *reading, struct str value, struct str *last)
{
    if (!str_eq(value, *last))
        *last = str_dup(reading->arena, value);
    return str_is_null(value) ? value : *last;
}

static struct record_version
version_of(struct reading *reading, const struct json *node, const char *fp_name)
{
    struct arena *arena = reading->arena;
    return (struct record_version){
        .fp = str_dup(arena, json_get_str(node, fp_name)),
        .etag = str_dup(arena, json_get_str(node, "etag")),
        .key = str_dup(arena, json_get_str(node, "key")),
        .size = (uint64_t) json_get_int(node, "size", 0),
        .at = dup_or_same(reading, json_get_str(node, "at"), &reading->at),
        .by = dup_or_same(reading, json_get_str(node, "by"), &reading->by),
        .serial = json_get_int(node, "serial", 0),
        .metrics = json_copy(arena, json_get(node, "metrics"))};
}

static const struct {
    const char *name;
    unsigned condition;
} s_conditions[] = {
    {"putIfNoneMatch", CONDITION_PUT_IF_NONE_MATCH},
    {"putIfMatch", CONDITION_PUT_IF_MATCH},
    {"deleteIfMatch", CONDITION_DELETE},
    {"deleteObjectsETag", CONDITION_BATCH_DELETE},
};

static void parse_conditions(const struct json *node, struct record *record)
{
    record->conditions_known = node != NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_conditions); i++)
        if (!json_get_bool(node, s_conditions[i].name, true))
            record->conditions_missing |= s_conditions[i].condition;
}

static struct json *conditions_node(struct arena *arena, const struct record *record)
{
    struct json *node = json_object(arena);
    for (size_t i = 0; i < ARRAY_LEN(s_conditions); i++)
        json_set(
            arena, node, str_from(s_conditions[i].name),
            json_bool(arena, (record->conditions_missing & s_conditions[i].condition) == 0));
    return node;
}

static int by_name(const void *a, const void *b)
{
    const struct record_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static bool is_known_member(struct str key)
{
    static const char *const known[] = {"live",   "etag",    "key",     "size", "at",     "by",
                                        "serial", "metrics", "protect", "hold", "history"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq_z(key, known[i]))
            return true;
    return false;
}

/* What a newer mmectl wrote about it; NULL when it wrote nothing that we do not know. */
static struct json *unknown_members(struct arena *arena, const struct json *node)
{
    struct json *unknown = NULL;
    JSON_EACH (member, node) {
        if (is_known_member(member->key))
            continue;
        if (unknown == NULL)
            unknown = json_object(arena);
        json_set(arena, unknown, str_dup(arena, member->key), json_copy(arena, member));
    }
    return unknown;
}

static void read_model(void *arg, struct str name, const struct json *node)
{
    struct reading *reading = arg;
    struct arena *arena = reading->arena;
    const struct json *hold = json_get(node, "hold"), *history = json_get(node, "history");
    struct record_model *model = ARENA_NEW(reading->scratch, struct record_model);
    *VEC_PUSH(reading->scratch, &reading->models) = model;
    model->name = str_dup(arena, name);
    model->live = version_of(reading, node, "live");
    model->unknown = unknown_members(arena, node);
    model->protect = json_get_bool(node, "protect", false);
    model->hold = (struct record_hold){
        .fp = str_dup(arena, json_get_str(hold, "fp")),
        .at = str_dup(arena, json_get_str(hold, "at")),
        .by = str_dup(arena, json_get_str(hold, "by")),
        .reason = str_dup(arena, json_get_str(hold, "reason"))};
    if (history != NULL)
        VEC_RESERVE(arena, &model->history, history->len);
    JSON_EACH (old, history) {
        *VEC_PUSH(arena, &model->history) = version_of(reading, old, "fp");
    }
}

static int held_by_name(const void *a, const void *b)
{
    const struct record_held *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static void read_held(struct reading *reading, const struct json *nodes, struct record *record)
{
    struct arena *arena = reading->arena;
    JSON_EACH (node, nodes) {
        *VEC_PUSH(arena, &record->held) = (struct record_held){
            .name = node->key,
            .version = version_of(reading, node, "fp"),
            .reason = json_get_str(node, "reason"),
            .check = json_get_str(node, "check")};
    }
    if (record->held.len > 1)
        qsort(record->held.items, record->held.len, sizeof(struct record_held), held_by_name);
}

static enum err_code keep_models(struct reading *reading, struct record *record, struct err *err)
{
    size_t count = reading->models.len;
    VEC_RESERVE(reading->arena, &record->models, count);
    for (size_t i = 0; i < count; i++)
        *VEC_PUSH(reading->arena, &record->models) = *reading->models.items[i];
    if (count > 1)
        qsort(record->models.items, count, sizeof(struct record_model), by_name);
    for (size_t i = 1; i < count; i++)
        if (str_eq(record->models.items[i - 1].name, record->models.items[i].name))
            return err_set(
                err, ERR_PROTOCOL, "the stack's record names model '" STR_FMT "' twice",
                STR_ARG(record->models.items[i].name));
    return ERR_NONE;
}

enum err_code
record_parse(struct arena *arena, struct str text, struct record *out, struct err *err)
{
    struct json *doc = NULL;
    AUTO(arena_close) struct arena *scratch = arena_new("record", 0);
    struct reading reading = {.arena = arena, .scratch = scratch};
    enum err_code code =
        json_parse_parts(arena, text, MIB(256), "models", read_model, &reading, &doc, err);
    if (code != ERR_NONE)
        return err_wrap(err, "reading the stack's record");
    int64_t format = json_get_int(doc, "format", 0);
    if (format < 1)
        return err_set(err, ERR_PROTOCOL, "the stack's record has no 'format'");
    if (format > RECORD_FORMAT) {
        err_set(
            err, ERR_REFUSED, "the stack's record has format %lld, this mmectl knows up to %d",
            (long long) format, RECORD_FORMAT);
        return err_hint(err, "use the newer mmectl that wrote it");
    }
    if (str_is_empty(json_get_str(doc, "uid")))
        return err_set(err, ERR_PROTOCOL, "the stack's record has no 'uid'");
    struct record record = {
        .present = true,
        .serial = json_get_int(doc, "serial", 0),
        .stack = json_get_str(doc, "stack"),
        .uid = json_get_str(doc, "uid"),
        .home = json_get_str(doc, "home"),
        .writer = json_get_str(doc, "writer"),
        .generation = json_get_str(doc, "generation"),
        .unknown = doc};
    parse_conditions(json_get(doc, "conditions"), &record);
    routes_parse(arena, json_get(doc, "routes"), &record);
    JSON_EACH (name, json_get(doc, "endpoints")) {
        *VEC_PUSH(arena, &record.endpoints) = json_str(name);
    }
    code = keep_models(&reading, &record, err);
    if (code != ERR_NONE)
        return code;
    JSON_EACH (node, json_get(doc, "removed")) {
        *VEC_PUSH(arena, &record.removed) = (struct record_removed){node->key, json_str(node)};
    }
    JSON_EACH (node, json_get(doc, "uploaded")) {
        *VEC_PUSH(arena, &record.uploaded) = version_of(&reading, node, "fp");
    }
    read_held(&reading, json_get(doc, "held"), &record);
    const struct json *failed = json_get(doc, "failedConfig");
    record.failed_config = json_get_str(failed, "name");
    record.failed_reason = json_get_str(failed, "reason");
    record.scaling = json_get_str(doc, "scaling");
    *out = record;
    return ERR_NONE;
}

static void put_str(struct arena *arena, struct json *object, const char *key, struct str value)
{
    if (!str_is_null(value))
        json_set(arena, object, str_from(key), json_string(arena, value));
}

static struct json *
version_node(struct arena *arena, const struct record_version *version, const char *fp_name)
{
    struct json *node = json_object(arena);
    put_str(arena, node, fp_name, version->fp);
    put_str(arena, node, "etag", version->etag);
    put_str(arena, node, "key", version->key);
    json_put(arena, node, "size", json_int(arena, (int64_t) version->size));
    put_str(arena, node, "at", version->at);
    put_str(arena, node, "by", version->by);
    if (version->serial > 0)
        json_put(arena, node, "serial", json_int(arena, version->serial));
    if (version->metrics != NULL)
        json_put(arena, node, "metrics", json_copy(arena, version->metrics));
    return node;
}

static struct json *model_node(struct arena *arena, const struct record_model *model)
{
    struct json *node = version_node(arena, &model->live, "live");
    if (model->protect)
        json_put(arena, node, "protect", json_bool(arena, true));
    if (!str_is_null(model->hold.fp)) {
        struct json *hold = json_object(arena);
        put_str(arena, hold, "fp", model->hold.fp);
        put_str(arena, hold, "at", model->hold.at);
        put_str(arena, hold, "by", model->hold.by);
        put_str(arena, hold, "reason", model->hold.reason);
        json_put(arena, node, "hold", hold);
    }
    JSON_EACH (member, model->unknown) {
        json_set(arena, node, member->key, json_copy(arena, member));
    }
    struct json *history = json_array(arena);
    for (size_t i = 0; i < model->history.len; i++)
        json_push(history, version_node(arena, &model->history.items[i], "fp"));
    json_put(arena, node, "history", history);
    return node;
}

static void put_held(struct arena *arena, struct json *doc, const struct record *record)
{
    struct json *held = json_object(arena);
    for (size_t i = 0; i < record->held.len; i++) {
        const struct record_held *one = &record->held.items[i];
        struct json *node = version_node(arena, &one->version, "fp");
        put_str(arena, node, "reason", one->reason);
        put_str(arena, node, "check", one->check);
        json_add(held, one->name, node);
    }
    if (held->len > 0 || json_get(doc, "held") != NULL)
        json_put(arena, doc, "held", held);
}

struct str record_text(struct arena *text_arena, const struct record *record)
{
    AUTO(arena_close) struct arena *arena = arena_new("record", 0);
    /* Members a newer mmectl put there stay where they are. */
    struct json *doc =
        record->unknown != NULL ? json_copy(arena, record->unknown) : json_object(arena);
    json_put(arena, doc, "format", json_int(arena, RECORD_FORMAT));
    json_put(arena, doc, "serial", json_int(arena, record->serial));
    put_str(arena, doc, "stack", record->stack);
    put_str(arena, doc, "uid", record->uid);
    put_str(arena, doc, "home", record->home);
    put_str(arena, doc, "writer", record->writer);
    struct json *endpoints = json_array(arena);
    for (size_t i = 0; i < record->endpoints.len; i++)
        json_push(endpoints, json_string(arena, record->endpoints.items[i]));
    json_put(arena, doc, "endpoints", endpoints);
    struct json *models = json_object(arena);
    for (size_t i = 0; i < record->models.len; i++)
        json_add(models, record->models.items[i].name, model_node(arena, &record->models.items[i]));
    json_put(arena, doc, "models", models);
    if (record->routes.len > 0 || json_get(doc, "routes") != NULL)
        json_put(arena, doc, "routes", routes_node(arena, record));
    json_put(
        arena, doc, "generation",
        str_is_null(record->generation) ? json_null(arena)
                                        : json_string(arena, record->generation));
    struct json *removed = json_object(arena);
    for (size_t i = 0; i < record->removed.len; i++)
        json_add(
            removed, record->removed.items[i].name,
            json_string(arena, record->removed.items[i].fp));
    json_put(arena, doc, "removed", removed);
    struct json *uploaded = json_array(arena);
    for (size_t i = 0; i < record->uploaded.len; i++)
        json_push(uploaded, version_node(arena, &record->uploaded.items[i], "fp"));
    if (uploaded->len > 0 || json_get(doc, "uploaded") != NULL)
        json_put(arena, doc, "uploaded", uploaded);
    put_held(arena, doc, record);
    struct json *failed = json_null(arena);
    if (!str_is_null(record->failed_config)) {
        failed = json_object(arena);
        put_str(arena, failed, "name", record->failed_config);
        put_str(arena, failed, "reason", record->failed_reason);
    }
    json_put(arena, doc, "failedConfig", failed);
    if (!str_is_null(record->scaling) || json_get(doc, "scaling") != NULL)
        json_put(
            arena, doc, "scaling",
            str_is_null(record->scaling) ? json_null(arena) : json_string(arena, record->scaling));
    if (record->conditions_known)
        json_put(arena, doc, "conditions", conditions_node(arena, record));
    return json_text(text_arena, doc, JSON_PRETTY);
}

const struct record_model *record_find(const struct record *record, struct str name)
{
    if (record->models.len == 0)
        return NULL;
    struct record_model key = {.name = name};
    return bsearch(
        &key, record->models.items, record->models.len, sizeof(struct record_model), by_name);
}

const struct record_held *record_find_held(const struct record *record, struct str name)
{
    if (record->held.len == 0)
        return NULL;
    struct record_held key = {.name = name};
    return bsearch(
        &key, record->held.items, record->held.len, sizeof(struct record_held), held_by_name);
}

static bool same_version(const struct record_version *a, const struct record_version *b)
{
    return str_eq(a->fp, b->fp) && str_eq(a->etag, b->etag) && str_eq(a->key, b->key);
}

bool record_same_model(const struct record_model *a, const struct record_model *b)
{
    if (!str_eq(a->name, b->name) || !same_version(&a->live, &b->live) ||
        a->history.len != b->history.len || a->protect != b->protect ||
        !str_eq(a->hold.fp, b->hold.fp))
        return false;
    for (size_t i = 0; i < a->history.len; i++)
        if (!same_version(&a->history.items[i], &b->history.items[i]))
            return false;
    return true;
}

static bool same_held(const struct record *a, const struct record *b)
{
    if (a->held.len != b->held.len)
        return false;
    for (size_t i = 0; i < a->held.len; i++) {
        const struct record_held *x = &a->held.items[i], *y = &b->held.items[i];
        if (!str_eq(x->name, y->name) || !same_version(&x->version, &y->version) ||
            !str_eq(x->check, y->check))
            return false;
    }
    return true;
}

bool record_same(const struct record *a, const struct record *b)
{
    if (a->present != b->present || !str_eq(a->uid, b->uid) || !str_eq(a->home, b->home) ||
        !str_eq(a->generation, b->generation) || !str_eq(a->failed_config, b->failed_config) ||
        !str_eq(a->scaling, b->scaling) || a->endpoints.len != b->endpoints.len ||
        a->models.len != b->models.len || a->removed.len != b->removed.len || !same_held(a, b) ||
        !routes_same(a, b))
        return false;
    for (size_t i = 0; i < a->endpoints.len; i++)
        if (!str_eq(a->endpoints.items[i], b->endpoints.items[i]))
            return false;
    for (size_t i = 0; i < a->removed.len; i++)
        if (!str_eq(a->removed.items[i].name, b->removed.items[i].name) ||
            !str_eq(a->removed.items[i].fp, b->removed.items[i].fp))
            return false;
    for (size_t i = 0; i < a->models.len; i++)
        if (!record_same_model(&a->models.items[i], &b->models.items[i]))
            return false;
    return true;
}
