#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/kinds/kinds_internal.h"
#include "engine/resource/image.h"
#include "engine/xgb/artifact.h"
#include "engine/xgb/dataset.h"
#include "engine/xgb/text.h"

/* What the user names as sources: local files and s3:// objects, digested and checked before
 * anything is sent. */

#define READ_BELOW MIB(1)

void kinds_will_digest(struct world *world, struct str path)
{
    (void) world;
    AUTO(arena_close) struct arena *scratch = arena_new("path", 0);
    file_will_read(str_z(scratch, path));
}

enum err_code kinds_digest_file(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct str *ret_sha256,
    uint64_t *ret_size,
    struct err *err)
{
    const struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("path", 0);
    struct sha256 hash;
    const char *name = str_z(scratch, path);
    struct str known = STR_NULL, state = STR_NULL;
    if (!kinds->own_sources) /* alone, it asks for each file once: nothing is kept for nobody */
        state = sources_find(kinds->sources, scratch, path, &known, ret_size);
    if (!str_is_null(known)) {
        *ret_sha256 = str_dup(arena, known);
        return ERR_NONE;
    }
    enum err_code code = sha256_file(name, &hash, ret_size, err);
    if (code != ERR_NONE && file_is_dir(name)) {
        err_set(err, ERR_SPEC, "'%s' is a folder, not a file", name);
        return err_hint(err, "name one file of it");
    }
    if (code == ERR_NOT_FOUND)
        return err_hint(err, "a path in a spec starts at the spec's own folder");
    if (code != ERR_NONE)
        return code;
    *ret_sha256 = hex_of(arena, hash.bytes, sizeof(hash.bytes));
    sources_keep(kinds->sources, state, *ret_sha256, *ret_size);
    return ERR_NONE;
}

enum err_code kinds_check_channel(
    struct world *world, const struct want_channel *channel, bool csv_weights, struct err *err)
{
    struct kinds_sources *sources = kinds_of(world)->sources;
    if (str_is_null(channel->path))
        return ERR_NONE; /* s3://: the job reads it */
    enum data_format format = data_format_of(channel->content_type);
    if (format == DATA_FORMAT_PARQUET || format == DATA_FORMAT_RECORDIO)
        return ERR_NONE; /* AWS's container reads more formats than we do */
    AUTO(arena_close) struct arena *scratch = arena_new("channel", 0);
    AUTO(file_unmap) struct str text = STR_NULL;
    struct str digest, state;
    uint64_t size;
    state = sources_find(sources, scratch, channel->path, &digest, &size);
    if (!str_is_null(state))
        state = str_fmt(
            scratch, STR_FMT "|" STR_FMT "%s", STR_ARG(state), STR_ARG(channel->content_type),
            csv_weights ? "|weights" : "");
    if (sources_has(sources, state))
        return ERR_NONE;
    enum err_code code = file_map(str_z(scratch, channel->path), &text, err);
    if (code != ERR_NONE)
        return code;
    struct dataset_options options = {
        .name = channel->source, .content_type = channel->content_type, .csv_weights = csv_weights};
    size_t rows, cols;
    code = dataset_check(text, &options, &rows, &cols, err);
    if (code == ERR_NONE)
        sources_keep(sources, state, STR(""), 0);
    return code;
}

enum err_code kinds_check_artifact(
    struct world *world, const struct want *want, const struct want_model *model, struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("artifact", MIB(3072));
    AUTO(file_unmap) struct str mapped = STR_NULL;
    struct str bytes;
    enum err_code code;
    if (!str_is_null(model->path)) {
        const char *path = str_z(scratch, model->path);
        struct err too_large;
        code = ERR_NONE;
        /* Unmapping would interrupt the other threads that check. */
        if (file_read(scratch, path, READ_BELOW, &bytes, &too_large) != ERR_NONE) {
            code = file_map(path, &mapped, err);
            bytes = mapped;
        }
    } else {
        struct str bucket, key;
        if (!s3_uri_split(model->s3_uri, &bucket, &key))
            return err_set(
                err, ERR_SPEC, "'" STR_FMT "' is not s3://bucket/key", STR_ARG(model->s3_uri));
        struct s3_get_options options = {
            .if_match = model->source_etag, .max_bytes = MIB(1024), .any_region = true};
        code = s3_get(kinds->aws, scratch, bucket, key, &options, &bytes, NULL, err);
    }
    if (code != ERR_NONE)
        return code;
    if (!str_is_null(model->s3_uri) && !str_is_null(model->sha256) &&
        !str_eq(sha256_hex(scratch, bytes), model->sha256)) {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' has sha256 " STR_FMT ", not the pinned one",
            STR_ARG(model->source), STR_ARG(sha256_hex(scratch, bytes)));
        return err_hint(err, "if the new content is meant, change 'sha256' in the spec");
    }
    struct artifact artifact;
    code = artifact_read(scratch, bytes, &artifact, err);
    if (code == ERR_NONE)
        code = artifact_check(
            &artifact, image_version_of(want->serving_image), model->allow_pickle, err);
    if (code == ERR_PROTOCOL)
        err_hint(err, "an artifact holds one file, the model: tar czf model.tar.gz xgboost-model");
    if (code != ERR_NONE)
        err_wrap(err, "artifact '" STR_FMT "'", STR_ARG(model->source));
    return code;
}

enum err_code kinds_digest_s3(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str uri,
    bool any_region,
    struct str *ret_digest,
    struct str *ret_etag,
    uint64_t *ret_size,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct str bucket, key;
    if (!s3_uri_split(uri, &bucket, &key))
        return err_set(err, ERR_SPEC, "'" STR_FMT "' is not s3://bucket/key", STR_ARG(uri));
    /* A source may belong to another account; what we own never does. */
    if (!str_eq(bucket, want->bucket))
        aws_allow_foreign_bucket(kinds->aws, bucket);
    struct s3_list_options options = {.prefix = key, .any_region = any_region};
    struct s3_listing listing;
    enum err_code code = s3_list(kinds->aws, arena, bucket, &options, &listing, err);
    if (code != ERR_NONE)
        return code;
    if (listing.count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no object under '" STR_FMT "'", STR_ARG(uri));
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(512));
    uint64_t size = 0;
    struct str etag = STR_NULL;
    for (size_t i = 0; i < listing.count; i++) {
        const struct s3_object *object = &listing.objects[i];
        size += object->size_bytes;
        /* Keys relative to the prefix: the same data elsewhere is the same data. */
        buf_fmt(
            &text, STR_FMT "|" STR_FMT "|%llu\n", STR_ARG(str_from_index(object->key, key.len)),
            STR_ARG(object->etag), (unsigned long long) object->size_bytes);
        if (str_eq(object->key, key)) {
            etag = object->etag;
            size = object->size_bytes;
        }
    }
    if (!buf_ok(&text))
        return err_set(err, ERR_SPEC, "'" STR_FMT "' holds too many objects", STR_ARG(uri));
    *ret_digest = sha256_hex(arena, buf_str(&text));
    *ret_etag = etag;
    *ret_size = size;
    return ERR_NONE;
}

enum err_code kinds_read_s3(
    struct kinds *kinds, struct arena *arena, struct str uri, struct str *ret_text, struct err *err)
{
    struct str bucket, key;
    s3_uri_split(uri, &bucket, &key);
    struct s3_list_options options = {.prefix = key, .any_region = true};
    struct s3_listing listing;
    enum err_code code = s3_list(kinds->aws, arena, bucket, &options, &listing, err);
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(2048));
    for (size_t i = 0; code == ERR_NONE && i < listing.count; i++) {
        struct s3_get_options get = {
            .if_match = listing.objects[i].etag, .max_bytes = MIB(1024), .any_region = true};
        struct str part;
        code = s3_get(kinds->aws, arena, bucket, listing.objects[i].key, &get, &part, NULL, err);
        if (code == ERR_NONE)
            buf_add(&text, part);
        if (code == ERR_NONE && part.len > 0 && part.ptr[part.len - 1] != '\n')
            buf_add_char(&text, '\n');
    }
    if (code == ERR_NONE && !buf_ok(&text))
        return err_set(err, ERR_SPEC, "'" STR_FMT "' is above 2 GiB", STR_ARG(uri));
    if (code == ERR_NONE)
        *ret_text = str_dup(arena, buf_str(&text));
    return code;
}
