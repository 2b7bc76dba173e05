#include "engine/kinds/kinds_internal.h"

/* What adoption and release do to things that are there: reading where somebody else's artifacts
 * are, putting our tags on and taking them off. */

enum err_code kinds_list_source(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str uri,
    struct map **ret_objects,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct str bucket, prefix;
    if (!s3_uri_split(uri, &bucket, &prefix))
        return err_set(err, ERR_USAGE, "'" STR_FMT "' is not s3://bucket/key", STR_ARG(uri));
    if (!str_eq(bucket, want->bucket))
        aws_allow_foreign_bucket(kinds->aws, bucket);
    struct s3_list_options options = {.prefix = prefix};
    struct s3_listing listing;
    enum err_code code = s3_list(kinds->aws, arena, bucket, &options, &listing, err);
    if (code != ERR_NONE)
        return err_wrap(err, "listing '" STR_FMT "'", STR_ARG(uri));
    struct map *objects = map_new(arena);
    struct seen_object *seen = ARENA_ARRAY(arena, listing.count, struct seen_object);
    for (size_t i = 0; i < listing.count; i++) {
        seen[i] = (struct seen_object){
            .key = listing.objects[i].key,
            .etag = listing.objects[i].etag,
            .size = listing.objects[i].size_bytes,
            .modified_ms = listing.objects[i].modified_ms};
        map_put(objects, seen[i].key, &seen[i]);
    }
    *ret_objects = objects;
    return ERR_NONE;
}

enum err_code kinds_tag(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str arn,
    const struct want_pair *extra,
    size_t n_extra,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct json *tags = kinds_tags(kinds, arena, want, STR_NULL, STR_NULL);
    for (size_t i = 0; i < n_extra; i++) {
        struct json *tag = json_object(arena);
        json_put(arena, tag, "Key", json_string(arena, extra[i].name));
        json_put(arena, tag, "Value", json_string(arena, extra[i].value));
        json_push(tags, tag);
    }
    struct json *body = kinds_body(arena, "ResourceArn", arn);
    json_put(arena, body, "Tags", tags);
    return kinds_call(kinds, arena, "AddTags", body, NULL, err);
}

/* Every tag key of ours; the spec's own tags are the user's and stay. */
static const char *const s_tag_keys[] = {"mmectl:uid",     "mmectl:stack", "mmectl:home",
                                         "mmectl:version", "mmectl:fp",    "mmectl:settings",
                                         "mmectl:protect", "mmectl:from"};

enum err_code kinds_untag(struct world *world, struct arena *arena, struct str arn, struct err *err)
{
    struct json *keys = json_array(arena);
    for (size_t i = 0; i < ARRAY_LEN(s_tag_keys); i++)
        json_push(keys, json_z(arena, s_tag_keys[i]));
    struct json *body = kinds_body(arena, "ResourceArn", arn);
    json_put(arena, body, "TagKeys", keys);
    return kinds_call(kinds_of(world), arena, "DeleteTags", body, NULL, err);
}

enum err_code kinds_untag_bucket(
    struct world *world, struct arena *arena, const struct want *want, struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct s3_tag *tags;
    size_t count, kept = 0;
    enum err_code code = s3_bucket_get_tags(kinds->aws, arena, want->bucket, &tags, &count, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < count; i++)
        if (!str_starts(tags[i].name, STR("mmectl:")))
            tags[kept++] = tags[i];
    if (kept == count)
        return ERR_NONE;
    return kept == 0 ? s3_bucket_delete_tags(kinds->aws, arena, want->bucket, err)
                     : s3_bucket_put_tags(kinds->aws, arena, want->bucket, tags, kept, err);
}
