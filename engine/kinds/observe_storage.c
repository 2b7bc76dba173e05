#include "engine/aws/logs.h"
#include "engine/kinds/kinds_internal.h"

/* Everything under the stack's prefix and - for destroy - unfinished uploads and the
 * bucket's tags. */

struct reading {
    struct kinds *kinds;
    struct arena *arena;
    const struct want *want;
    struct snapshot *out;
    struct err *err;
};

static enum err_code list_prefix(struct reading *r)
{
    r->out->objects = map_new(r->arena);
    struct err failure = {0};
    enum err_code code =
        kinds_list_objects(r->kinds, r->arena, r->want, &r->out->record, r->out->objects, &failure);
    if (code == ERR_NOT_FOUND) /* NoSuchBucket */
        return ERR_NONE;
    if (code != ERR_NONE) {
        *r->err = failure;
        err_wrap(
            r->err, "listing 's3://" STR_FMT "/" STR_FMT "/'", STR_ARG(r->want->bucket),
            STR_ARG(r->want->prefix));
        return err_locate(r->err, r->want->bucket_at);
    }
    r->out->bucket.present = true;
    return ERR_NONE;
}

/* Nothing but this stack writes there: an upload says nothing of whose it is. */
static bool is_our_place(const struct want *want, struct str key)
{
    static const char *const places[] = {"control/", "data/", "models/", "training/", "versions/"};
    struct str tail = str_from_index(key, want->prefix.len + 1);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (str_starts(tail, str_from(places[i])))
            return true;
    return false;
}

static enum err_code list_uploads(struct reading *r)
{
    struct s3_upload *uploads;
    size_t count;
    struct str prefix = str_fmt(r->arena, STR_FMT "/", STR_ARG(r->want->prefix));
    enum err_code code =
        s3_list_uploads(r->kinds->aws, r->arena, r->want->bucket, prefix, &uploads, &count, r->err);
    for (size_t i = 0; code == ERR_NONE && i < count; i++) {
        if (!is_our_place(r->want, uploads[i].key))
            continue;
        *VEC_PUSH(r->arena, &r->out->uploads) = str_fmt(
            r->arena, STR_FMT "\n" STR_FMT, STR_ARG(uploads[i].key), STR_ARG(uploads[i].upload_id));
    }
    return code;
}

static enum err_code read_bucket_tags(struct reading *r, struct err *err)
{
    struct s3_tag *tags;
    size_t count;
    enum err_code code =
        s3_bucket_get_tags(r->kinds->aws, r->arena, r->want->bucket, &tags, &count, err);
    for (size_t i = 0; code == ERR_NONE && i < count; i++)
        if (str_eq(tags[i].name, STR("mmectl:uid")) && str_eq(tags[i].value, r->want->uid))
            r->out->bucket.ours = true;
    return code;
}

/* A prefix inside another stack's prefix: the other stack's record stands above ours. */
static enum err_code check_parents(struct reading *r)
{
    struct str prefix = r->want->prefix;
    for (size_t slash = str_rindex(prefix, '/'); slash != SIZE_MAX;
         slash = str_rindex(prefix, '/')) {
        prefix = str_slice(prefix, 0, slash);
        struct str key = str_fmt(r->arena, STR_FMT "/control/stack.json", STR_ARG(prefix));
        struct s3_info info;
        struct err failure = {0};
        enum err_code code =
            s3_head(r->kinds->aws, r->arena, r->want->bucket, key, &info, &failure);
        if (code == ERR_NOT_FOUND)
            continue;
        if (code != ERR_NONE) {
            *r->err = failure;
            return code;
        }
        err_set(
            r->err, ERR_CONFLICT,
            "the prefix '" STR_FMT "' lies inside another stack's, 's3://" STR_FMT "/" STR_FMT "'",
            STR_ARG(r->want->home), STR_ARG(r->want->bucket), STR_ARG(prefix));
        err_hint(r->err, "choose a storage.prefix outside of it");
        return err_locate(r->err, r->want->prefix_at);
    }
    return ERR_NONE;
}

enum err_code kinds_observe_storage(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    bool destroy,
    struct snapshot *out,
    struct err *err)
{
    struct reading reading = {.kinds = kinds, .arena = arena, .want = want, .out = out, .err = err};
    enum err_code code = list_prefix(&reading);
    if (code != ERR_NONE)
        return code;
    if (!out->bucket.present)
        return ERR_NONE;
    code = check_parents(&reading);
    if (code == ERR_NONE && destroy)
        code = list_uploads(&reading);
    if (code == ERR_NONE && destroy)
        code = s3_bucket_is_versioned(kinds->aws, arena, want->bucket, &out->bucket.versioned, err);
    if (code == ERR_NONE && destroy && !want->bucket_is_default)
        code = read_bucket_tags(&reading, err);
    /* A killed run may have left a bucket that is not set up. To know is worth one request, and not
     * a permission that nothing else of an apply needs. */
    struct err ignored = {0};
    if (code == ERR_NONE && !destroy && !out->record.present &&
        !keys_hold_content(want, out->objects) && read_bucket_tags(&reading, &ignored) != ERR_NONE)
        out->bucket.ours = false;
    return code;
}

/* What kinds_candidate_meta() left. */
static void
read_candidate(struct arena *arena, const struct s3_info *info, struct seen_object *object)
{
    struct str text = s3_meta_get(info, "mmectl-metrics"), one;
    object->check = s3_meta_get(info, "mmectl-check");
    if (str_is_null(text))
        return;
    struct json *metrics = json_object(arena);
    while (str_split(&text, ',', &one)) {
        size_t equals = str_rindex(one, '=');
        double value = 0;
        if (equals != SIZE_MAX && str_to_f64(str_from_index(one, equals + 1), &value))
            json_set(arena, metrics, str_slice(one, 0, equals), json_num(arena, value));
    }
    object->metrics = metrics;
}

enum err_code kinds_inspect(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_object *object,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct s3_info info;
    struct err failure = {0};
    enum err_code code = s3_head(kinds->aws, arena, want->bucket, object->key, &info, &failure);
    if (code == ERR_NOT_FOUND) { /* gone since the listing */
        object->owner = OWNER_OTHER;
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    bool ours = str_eq(s3_meta_get(&info, "mmectl-uid"), want->uid);
    object->owner = ours ? OWNER_US : OWNER_OTHER;
    object->fp = ours ? s3_meta_get(&info, "mmectl-fp") : STR_NULL;
    if (ours)
        read_candidate(arena, &info, object);
    object->imported = ours && str_eq(s3_meta_get(&info, "mmectl-imported"), STR("true"));
    return ERR_NONE;
}
