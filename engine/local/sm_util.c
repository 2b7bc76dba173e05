#include "engine/local/sm.h"

#include "engine/local/faults.h"
#include "engine/local/objects.h"
#include "engine/xgb/artifact.h"

#include <stdarg.h>

static struct str vformat(struct arena *arena, const char *fmt, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    text = arena_alloc(arena, (size_t) len + 1);
    vsnprintf(text, (size_t) len + 1, fmt, args);
    return str_of(text, (size_t) len);
}

enum err_code sm_invalid(struct local_call *call, const char *fmt, ...)
{
    struct str message;
    va_list args;

    va_start(args, fmt);
    message = vformat(call->arena, fmt, args);
    va_end(args);
    return call_fail(call, 400, "ValidationException", STR_FMT, STR_ARG(message));
}

struct json *sm_text(struct arena *arena, const char *fmt, ...)
{
    struct str text;
    va_list args;

    va_start(args, fmt);
    text = vformat(arena, fmt, args);
    va_end(args);
    return json_string(arena, text);
}

struct json *sm_time(struct arena *arena, int64_t ms)
{
    return json_num(arena, (double) ms / 1000.0);
}

void sm_default(struct arena *arena, struct json *object, const char *key, struct json *value)
{
    const struct json *there = json_get(object, key);

    if (there == NULL || there->type == JSON_NULL)
        json_set(arena, object, str_from(key), value);
}

struct json *sm_without(struct arena *arena, const struct json *object, const char *key)
{
    struct json *copy = json_object(arena);

    JSON_EACH (member, object)
        if (!str_eq_z(member->key, key) && member->type != JSON_NULL)
            json_set(arena, copy, member->key, json_copy(arena, member));
    return copy;
}

struct json *sm_mutable(struct json *object, const char *key)
{
    for (struct json *child = object != NULL ? object->first : NULL; child != NULL;
         child = child->next)
        if (str_eq_z(child->key, key))
            return child;
    return NULL;
}

/* ------------------------------------------------------------------ settings */

struct str sm_setting(struct local *local, struct arena *arena, const char *name)
{
    return str_dup(arena, faults_setting(local, str_from(name)));
}

int64_t sm_setting_ms(struct local *local, const char *name, const char *kind)
{
    int64_t ms = 0;
    struct str value = faults_setting_of(local, str_from(name), str_from(kind));

    return str_to_i64(value, &ms) && ms > 0 ? ms : 0;
}

bool sm_role_usable(struct local_call *call, struct str role)
{
    struct str suffix = sm_setting(call->local, call->arena, "unassumableRoleSuffix");
    struct str marker = str_fmt(call->arena, "::" STR_FMT ":", STR_ARG(call->account));

    if (str_is_null(role))
        return true;
    if (str_find(role, marker) == SIZE_MAX) {
        sm_invalid(call, "Cross-account pass role is not allowed.");
        return false;
    }
    if (!str_is_empty(suffix) && str_ends(role, suffix)) {
        sm_invalid(
            call,
            "Could not assume role " STR_FMT ". Please ensure that the role exists and allows "
            "principal 'sagemaker.amazonaws.com' to assume the role.",
            STR_ARG(role));
        return false;
    }
    return true;
}

bool sm_quota_fits(
    struct local_call *call, struct str type, const char *usage, int64_t in_use, int64_t wanted)
{
    struct str quota = str_fmt(call->arena, STR_FMT " for %s usage", STR_ARG(type), usage);
    struct str name = str_fmt(call->arena, "quota." STR_FMT, STR_ARG(quota));
    int64_t limit = 0;

    if (!str_to_i64(sm_setting(call->local, call->arena, str_z(call->arena, name)), &limit) ||
        in_use + wanted <= limit)
        return true;
    call_fail(
        call, 400, "ResourceLimitExceeded",
        "The account-level service limit '" STR_FMT "' is %lld Instances, with current utilization "
        "of %lld Instances and a request delta of %lld Instances. Please use AWS Service Quotas to "
        "request an increase for this quota. If AWS Service Quotas is not available, contact AWS "
        "support to request an increase for this quota.",
        STR_ARG(quota), (long long) limit, (long long) in_use, (long long) wanted);
    return false;
}

/* ------------------------------------------------------------------ images and model data */

/* "sagemaker-xgboost" */
static struct str image_repository(struct str image)
{
    struct str tail = image;
    size_t slash = str_rindex(image, '/'), end;

    if (slash != SIZE_MAX)
        tail = str_from_index(image, slash + 1);
    end = str_index(tail, '@');
    if (end == SIZE_MAX)
        end = str_index(tail, ':');
    return str_slice(tail, 0, end);
}

bool sm_image_xgboost(struct str image)
{
    return str_find(image_repository(image), STR("xgboost")) != SIZE_MAX;
}

/* Larger ones are taken as they are. */
#define CHECKED_BYTES MIB(64)

bool sm_container_loads(struct local *local, const struct json *container)
{
    AUTO(arena_close) struct arena *scratch = arena_new("model data", MIB(1024));
    struct str bucket = STR_NULL, key = STR_NULL, bytes;
    struct artifact artifact;
    struct err ignored = {0};

    if (local_options(local)->trainer != NULL)
        return true;
    if (!objects_parse_uri(json_get_str(container, "ModelDataUrl"), &bucket, &key))
        return false;
    if (!objects_bytes(local, scratch, bucket, key, CHECKED_BYTES, &bytes))
        return true;
    return artifact_read(scratch, bytes, &artifact, &ignored) == ERR_NONE &&
           artifact.format != MODEL_FORMAT_UNKNOWN && artifact.format != MODEL_FORMAT_PICKLE;
}

struct str sm_container_name(struct arena *arena, const struct json *container, size_t index)
{
    struct str name = json_get_str(container, "ContainerHostname");

    return str_is_null(name) ? str_fmt(arena, "container-%zu", index + 1) : name;
}

bool sm_image_multi_model(struct local *local, struct arena *arena, struct str image)
{
    struct str extra = sm_setting(local, arena, "multiModelImages"), part = STR_NULL;
    struct str repository = image_repository(image);

    if (sm_image_xgboost(image))
        return true;
    while (str_split(&extra, ',', &part))
        if (str_eq(str_trim(part), repository))
            return true;
    return false;
}

/* How many objects of a prefix are looked at to find one artifact. */
enum { PREFIX_LOOK = 10000 };

bool sm_model_data_exists(
    struct local *local, struct arena *arena, struct str region, struct str url, bool multi)
{
    struct str bucket = STR_NULL, key = STR_NULL;
    local_object_vec objects = {0};
    struct local_object object;

    if (!objects_parse_uri(url, &bucket, &key) ||
        !str_eq(objects_bucket_region(local, arena, bucket), region))
        return false;
    if (!multi)
        return objects_find(local, arena, bucket, key, &object);
    objects_list(local, arena, bucket, key, PREFIX_LOOK, &objects);
    for (size_t i = 0; i < objects.len; i++)
        if (str_ends(objects.items[i].key, STR(".tar.gz")))
            return true;
    return false;
}
