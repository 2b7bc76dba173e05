#include "engine/kinds/conditions.h"

/* control/lease in S3, written by compare-and-set. Whose it is, and for how long, says
 * engine/reconcile/lease.c. */

#define LEASE_MAX_BYTES KIB(16)

enum err_code kinds_lease_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_lease *out,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct s3_get_options options = {.max_bytes = LEASE_MAX_BYTES};
    struct s3_info info;
    struct str text;
    struct err failure = {0};
    enum err_code code = s3_get(
        kinds->aws, arena, want->bucket, key_lease(arena, want), &options, &text, &info, &failure);
    *out = (struct seen_lease){.text = STR_NULL, .etag = STR_NULL, .age_ms = -1};
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    if (code != ERR_NONE) {
        *err = failure;
        return err_wrap(err, "reading the stack's lease");
    }
    out->present = true;
    out->text = text;
    out->etag = info.etag;
    /* Both times are S3's, so that no clock of a client can make a lease old. */
    if (info.date_ms > 0 && info.modified_ms > 0)
        out->age_ms = info.date_ms > info.modified_ms ? info.date_ms - info.modified_ms : 0;
    return ERR_NONE;
}

enum err_code kinds_lease_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct str key = key_lease(arena, want);
    bool none = str_is_null(if_etag);
    size_t n_meta;
    struct s3_meta *meta = kinds_meta(kinds, arena, want, STR_NULL, STR_NULL, &n_meta);
    struct s3_put_options options = {
        .if_match = if_etag,
        .if_none_match = none,
        .kms_key = want->object_key,
        .content_type = STR("application/json"),
        .meta = meta,
        .n_meta = n_meta};
    struct s3_put_result result;
    enum err_code code = kinds_guard_write(kinds, arena, want->bucket, key, if_etag, none, err);
    if (code == ERR_NONE)
        code = s3_put(kinds->aws, arena, want->bucket, key, text, &options, &result, err);
    if (code == ERR_NONE)
        *ret_etag = result.etag;
    return code;
}

enum err_code kinds_lease_delete(
    struct world *world, const struct want *want, struct str if_etag, struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("lease", 0);
    struct err failure = {0};
    struct str key = key_lease(scratch, want);
    enum err_code code =
        kinds_guard_delete(kinds, scratch, want->bucket, key, if_etag, false, &failure);
    if (code == ERR_NONE)
        code = s3_delete(kinds->aws, scratch, want->bucket, key, if_etag, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return code;
}
