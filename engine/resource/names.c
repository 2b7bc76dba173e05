#include "engine/resource/names.h"

#include "engine/base/digest.h"

struct str name_uid(struct arena *arena, struct str account, struct str region, struct str stack)
{
    struct str text = str_fmt(
        arena, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(account), STR_ARG(region), STR_ARG(stack));
    struct sha256 hash = sha256_of(text);
    return str_slice(base32_of(arena, hash.bytes, sizeof(hash.bytes)), 0, 8);
}

struct str name_thing_prefix(struct arena *arena, const struct want *want, char kind)
{
    return str_fmt(
        arena, STR_FMT "-" STR_FMT "-%c-", STR_ARG(want->stack), STR_ARG(want->uid), kind);
}

struct str name_policy(struct arena *arena, const struct want *want)
{
    return str_fmt(arena, STR_FMT "-" STR_FMT "-s", STR_ARG(want->stack), STR_ARG(want->uid));
}

struct str name_thing(struct arena *arena, const struct want *want, char kind, struct str fp)
{
    struct str prefix = name_thing_prefix(arena, want, kind);
    return str_fmt(arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(str_slice(fp, 0, FP12)));
}

bool is_hex(struct str s, size_t len)
{
    if (s.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(s.ptr[i] >= '0' && s.ptr[i] <= '9') && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f'))
            return false;
    return true;
}

/* Takes `text` off the front of *rest. */
static bool take(struct str *rest, struct str text)
{
    if (!str_starts(*rest, text))
        return false;
    *rest = str_from_index(*rest, text.len);
    return true;
}

static bool is_number(struct str s)
{
    uint64_t value;
    return str_to_u64(s, &value) && value >= 2 && s.ptr[0] != '0';
}

bool name_is_ours(const struct want *want, char kind, struct str name)
{
    char letter[] = {'-', kind, '-'};
    if (!take(&name, want->stack) || !take(&name, STR("-")) || !take(&name, want->uid) ||
        !take(&name, str_of(letter, sizeof(letter))))
        return false;
    if (!is_hex(str_slice(name, 0, FP12), FP12))
        return false;
    name = str_from_index(name, FP12);
    if (name.len == 0)
        return true;
    return kind == 't' && take(&name, STR("-")) && is_number(name);
}

struct str name_job_attempt(struct arena *arena, struct str job, unsigned attempt)
{
    return attempt <= 1 ? job : str_fmt(arena, STR_FMT "-%u", STR_ARG(job), attempt);
}

unsigned name_attempt_of(struct str job, struct str name)
{
    if (!take(&name, job))
        return 0;
    if (name.len == 0)
        return 1;
    uint64_t attempt;
    if (!take(&name, STR("-")) || !is_number(name) || !str_to_u64(name, &attempt) ||
        attempt > 1000000)
        return 0;
    return (unsigned) attempt;
}

struct str key_lease(struct arena *arena, const struct want *want)
{
    return str_fmt(arena, STR_FMT "/control/lease", STR_ARG(want->prefix));
}

struct str key_record(struct arena *arena, const struct want *want)
{
    return str_fmt(arena, STR_FMT "/control/stack.json", STR_ARG(want->prefix));
}

struct str key_data(struct arena *arena, struct str prefix, struct str sha256, struct str file)
{
    return str_fmt(
        arena, STR_FMT "/data/" STR_FMT "/" STR_FMT, STR_ARG(prefix), STR_ARG(sha256),
        STR_ARG(file));
}

struct str
key_versioned(struct arena *arena, const struct want *want, struct str model, struct str fp)
{
    return str_fmt(
        arena, STR_FMT "/models/" STR_FMT "--" STR_FMT ".tar.gz", STR_ARG(want->prefix),
        STR_ARG(model), STR_ARG(str_slice(fp, 0, FP16)));
}

struct str
key_stable(struct arena *arena, const struct want *want, struct str gen, struct str model)
{
    return str_fmt(
        arena, STR_FMT "/models/" STR_FMT "/" STR_FMT ".tar.gz", STR_ARG(want->prefix),
        STR_ARG(gen), STR_ARG(model));
}

struct str
key_retained(struct arena *arena, const struct want *want, struct str model, struct str fp)
{
    return str_fmt(
        arena, STR_FMT "/versions/" STR_FMT "--" STR_FMT ".tar.gz", STR_ARG(want->prefix),
        STR_ARG(model), STR_ARG(str_slice(fp, 0, FP16)));
}

/* [A-Za-z0-9][A-Za-z0-9._-]{0,100} without "--". */
static bool is_model_name(struct str s)
{
    if (s.len == 0 || s.len > 101 || str_find(s, STR("--")) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

static enum key_class classify_model(struct str rest, struct key_parts *parts)
{
    if (!str_ends(rest, STR(".tar.gz")))
        return KEY_FOREIGN;
    rest.len -= STR(".tar.gz").len;
    size_t slash = str_index(rest, '/');
    if (slash != SIZE_MAX) {
        parts->gen = str_slice(rest, 0, slash);
        parts->model = str_from_index(rest, slash + 1);
        return is_hex(parts->gen, GEN10) && is_model_name(parts->model) ? KEY_STABLE : KEY_FOREIGN;
    }
    if (rest.len < FP16 + 3)
        return KEY_FOREIGN;
    parts->fp16 = str_from_index(rest, rest.len - FP16);
    parts->model = str_slice(rest, 0, rest.len - FP16 - 2);
    struct str dashes = str_slice(rest, rest.len - FP16 - 2, rest.len - FP16);
    return is_hex(parts->fp16, FP16) && str_eq(dashes, STR("--")) && is_model_name(parts->model)
               ? KEY_VERSIONED
               : KEY_FOREIGN;
}

enum key_class key_classify(const struct want *want, struct str key, struct key_parts *parts)
{
    *parts = (struct key_parts){STR_NULL, STR_NULL, STR_NULL, STR_NULL};
    if (!take(&key, want->prefix) || !take(&key, STR("/")))
        return KEY_FOREIGN;
    if (str_eq(key, STR("control/stack.json")) || str_eq(key, STR("control/lease")) ||
        str_eq(key, STR("control/probe")))
        return KEY_CONTROL;
    if (take(&key, STR("models/")))
        return classify_model(key, parts);
    if (take(&key, STR("versions/")))
        return classify_model(key, parts) == KEY_VERSIONED ? KEY_RETAINED : KEY_FOREIGN;
    if (take(&key, STR("data/")))
        return key.len > 65 && key.ptr[64] == '/' && is_hex(str_slice(key, 0, 64), 64) &&
                       str_index(str_from_index(key, 65), '/') == SIZE_MAX
                   ? KEY_DATA
                   : KEY_FOREIGN;
    if (take(&key, STR("training/"))) {
        parts->job = str_slice(key, 0, str_index(key, '/'));
        return name_is_ours(want, 't', parts->job) ? KEY_TRAINING : KEY_FOREIGN;
    }
    return KEY_FOREIGN;
}

bool keys_hold_content(const struct want *want, const struct map *objects)
{
    struct str record = STR("/control/stack.json");
    struct key_parts parts;
    for (size_t i = 0; i < map_len(objects); i++) {
        struct str key = map_key_at(objects, i);
        if (key_classify(want, key, &parts) != KEY_CONTROL || str_ends(key, record))
            return true;
    }
    return false;
}

struct str key_target_model(const struct want *want, struct str key)
{
    struct key_parts parts;
    enum key_class class = key_classify(want, key, &parts);
    if (want->mode != WANT_MULTI_MODEL && class != KEY_FOREIGN)
        return parts.model;
    size_t start = want->prefix.len + STR("/models/").len;
    if (class == KEY_STABLE)
        start += GEN10 + 1;
    return str_from_index(key, start);
}

struct str name_model_data(const struct json *model)
{
    struct str url = json_get_str(json_get(model, "PrimaryContainer"), "ModelDataUrl");
    JSON_EACH (container, json_get(model, "Containers")) {
        struct str own = json_get_str(container, "ModelDataUrl");
        if (!str_is_null(url) || str_is_null(own))
            continue;
        bool many = str_eq(json_get_str(container, "Mode"), STR("MultiModel"));
        size_t slash = str_rindex(own, '/');
        url = many || slash == SIZE_MAX ? own : str_slice(own, 0, slash + 1);
    }
    return url;
}

struct json *name_scaling_target(struct arena *arena, const struct want *want)
{
    struct json *body = json_object(arena);
    json_put(arena, body, "ServiceNamespace", json_z(arena, "sagemaker"));
    json_put(
        arena, body, "ResourceId",
        json_string(
            arena,
            str_fmt(arena, "endpoint/" STR_FMT "/variant/" VARIANT_NAME, STR_ARG(want->endpoint))));
    json_put(
        arena, body, "ScalableDimension", json_z(arena, "sagemaker:variant:DesiredInstanceCount"));
    return body;
}
