#include "engine/kinds/kinds_internal.h"

/* The endpoint's old names come from the record, the old home from the endpoint's tag. Both are
 * only believed when the thing found there carries our uid. */

static enum err_code read_old_endpoints(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct snapshot *out,
    struct err *err)
{
    for (size_t i = 0; i < out->record.endpoints.len; i++) {
        struct str name = out->record.endpoints.items[i];
        if (str_eq(name, want->endpoint))
            continue;
        struct seen_endpoint endpoint;
        enum err_code code = kinds_describe_named(kinds, arena, name, &endpoint, err);
        if (code == ERR_NONE && endpoint.present)
            code = kinds_list_tags(kinds, arena, endpoint.arn, &endpoint.tags, err);
        if (code != ERR_NONE)
            return code;
        endpoint.owner = kinds_owner(want, endpoint.tags);
        endpoint.protect = str_eq(json_get_str(endpoint.tags, "mmectl:protect"), STR("true"));
        if (endpoint.present && endpoint.owner == OWNER_US)
            *VEC_PUSH(arena, &out->old_endpoints) = endpoint;
    }
    return ERR_NONE;
}

static enum err_code
list_old_home(struct kinds *kinds, struct arena *arena, struct snapshot *out, struct err *err)
{
    struct s3_list_options options = {
        .prefix = str_fmt(arena, STR_FMT "/", STR_ARG(out->old.prefix))};
    struct s3_listing listing;
    enum err_code code = s3_list(kinds->aws, arena, out->old.bucket, &options, &listing, err);
    if (code != ERR_NONE)
        return code;
    out->old.objects = map_new(arena);
    struct seen_object *objects = ARENA_ARRAY(arena, listing.count, struct seen_object);
    for (size_t i = 0; i < listing.count; i++) {
        objects[i] = (struct seen_object){
            .key = listing.objects[i].key,
            .etag = listing.objects[i].etag,
            .size = listing.objects[i].size_bytes};
        map_put(out->old.objects, objects[i].key, &objects[i]);
    }
    return ERR_NONE;
}

enum err_code kinds_observe_old(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct snapshot *out,
    struct err *err)
{
    enum err_code code = read_old_endpoints(kinds, arena, want, out, err);
    bool moved = out->endpoint.present && out->endpoint.owner == OWNER_US &&
                 !str_is_empty(out->endpoint.home) && !str_eq(out->endpoint.home, want->home);
    if (code != ERR_NONE || !moved)
        return code;
    struct want old = *want;
    if (!s3_uri_split(out->endpoint.home, &old.bucket, &old.prefix))
        return ERR_NONE;
    struct record record = {0};
    struct err failure = {0};
    code = kinds_record_read(&kinds->world, arena, &old, &record, &failure);
    if (code == ERR_NOT_FOUND || (code == ERR_NONE && !str_eq(record.uid, want->uid)))
        return ERR_NONE; /* cleaned up already, or somebody else's by now */
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    out->old.home = out->endpoint.home;
    out->old.bucket = old.bucket;
    out->old.prefix = old.prefix;
    out->old.record = record;
    return list_old_home(kinds, arena, out, err);
}
