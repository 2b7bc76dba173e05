#include "engine/stack/record.h"

/* Reading is one table-free pass: the document is ours, small, and every member optional but
 * `format`. */

static struct record_version version_of(const struct json *node, const char *fp_name)
{
    return (struct record_version){
        .fp = json_get_str(node, fp_name),
        .etag = json_get_str(node, "etag"),
        .key = json_get_str(node, "key"),
        .size = (uint64_t) json_get_int(node, "size", 0),
        .at = json_get_str(node, "at"),
        .by = json_get_str(node, "by"),
        .metrics = json_get(node, "metrics")};
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

static void parse_models(struct arena *arena, const struct json *models, struct record *record)
{
    JSON_EACH (node, models) {
        struct record_model *model = VEC_PUSH(arena, &record->models);
        model->name = node->key;
        model->live = version_of(node, "live");
        model->unknown = node;
        model->protect = json_get_bool(node, "protect", false);
        const struct json *hold = json_get(node, "hold");
        model->hold = (struct record_hold){
            .fp = json_get_str(hold, "fp"),
            .at = json_get_str(hold, "at"),
            .by = json_get_str(hold, "by"),
            .reason = json_get_str(hold, "reason")};
        JSON_EACH (old, json_get(node, "history")) {
            *VEC_PUSH(arena, &model->history) = version_of(old, "fp");
        }
    }
    if (record->models.len > 1)
        qsort(record->models.items, record->models.len, sizeof(struct record_model), by_name);
}

enum err_code
record_parse(struct arena *arena, struct str text, struct record *out, struct err *err)
{
    struct json *doc = NULL;
    enum err_code code = json_parse(arena, text, MIB(256), &doc, err);
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
    JSON_EACH (name, json_get(doc, "endpoints")) {
        *VEC_PUSH(arena, &record.endpoints) = json_str(name);
    }
    parse_models(arena, json_get(doc, "models"), &record);
    JSON_EACH (node, json_get(doc, "removed")) {
        *VEC_PUSH(arena, &record.removed) = (struct record_removed){node->key, json_str(node)};
    }
    const struct json *failed = json_get(doc, "failedConfig");
    record.failed_config = json_get_str(failed, "name");
    record.failed_reason = json_get_str(failed, "reason");
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
    if (version->metrics != NULL)
        json_put(arena, node, "metrics", json_copy(arena, version->metrics));
    return node;
}

static bool is_known_member(struct str key)
{
    static const char *const known[] = {"live", "etag",    "key",     "size", "at",
                                        "by",   "metrics", "protect", "hold", "history"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq_z(key, known[i]))
            return true;
    return false;
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
        if (!is_known_member(member->key))
            json_set(arena, node, member->key, json_copy(arena, member));
    }
    struct json *history = json_array(arena);
    for (size_t i = 0; i < model->history.len; i++)
        json_push(history, version_node(arena, &model->history.items[i], "fp"));
    json_put(arena, node, "history", history);
    return node;
}

struct str record_text(struct arena *arena, const struct record *record)
{
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
        json_set(
            arena, models, record->models.items[i].name,
            model_node(arena, &record->models.items[i]));
    json_put(arena, doc, "models", models);
    json_put(
        arena, doc, "generation",
        str_is_null(record->generation) ? json_null(arena)
                                        : json_string(arena, record->generation));
    struct json *removed = json_object(arena);
    for (size_t i = 0; i < record->removed.len; i++)
        json_set(
            arena, removed, record->removed.items[i].name,
            json_string(arena, record->removed.items[i].fp));
    json_put(arena, doc, "removed", removed);
    struct json *failed = json_null(arena);
    if (!str_is_null(record->failed_config)) {
        failed = json_object(arena);
        put_str(arena, failed, "name", record->failed_config);
        put_str(arena, failed, "reason", record->failed_reason);
    }
    json_put(arena, doc, "failedConfig", failed);
    if (record->conditions_known)
        json_put(arena, doc, "conditions", conditions_node(arena, record));
    return json_text(arena, doc, JSON_PRETTY);
}

const struct record_model *record_find(const struct record *record, struct str name)
{
    if (record->models.len == 0)
        return NULL;
    struct record_model key = {.name = name};
    return bsearch(
        &key, record->models.items, record->models.len, sizeof(struct record_model), by_name);
}

static bool same_version(const struct record_version *a, const struct record_version *b)
{
    return str_eq(a->fp, b->fp) && str_eq(a->etag, b->etag) && str_eq(a->key, b->key);
}

static bool same_model(const struct record_model *a, const struct record_model *b)
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

bool record_same(const struct record *a, const struct record *b)
{
    if (a->present != b->present || !str_eq(a->uid, b->uid) || !str_eq(a->home, b->home) ||
        !str_eq(a->generation, b->generation) || !str_eq(a->failed_config, b->failed_config) ||
        a->endpoints.len != b->endpoints.len || a->models.len != b->models.len ||
        a->removed.len != b->removed.len)
        return false;
    for (size_t i = 0; i < a->endpoints.len; i++)
        if (!str_eq(a->endpoints.items[i], b->endpoints.items[i]))
            return false;
    for (size_t i = 0; i < a->removed.len; i++)
        if (!str_eq(a->removed.items[i].name, b->removed.items[i].name) ||
            !str_eq(a->removed.items[i].fp, b->removed.items[i].fp))
            return false;
    for (size_t i = 0; i < a->models.len; i++)
        if (!same_model(&a->models.items[i], &b->models.items[i]))
            return false;
    return true;
}
