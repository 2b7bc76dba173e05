#include "engine/kinds/conditions.h"

/* control/stack.json in S3, written by compare-and-set. */

/* What cannot be read may have been damaged on its way: it is fetched once more, since whoever goes
 * on without it may publish another version than the one that is live. */
static enum err_code fetch_record(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct record *out,
    struct s3_info *ret_info,
    bool *ret_readable,
    struct err *err)
{
    enum { TIMES = 2 };
    struct s3_get_options options = {.max_bytes = MIB(256)};
    for (int i = 0; i < TIMES; i++) {
        AUTO(arena_close) struct arena *scratch = arena_new("record", 0);
        struct str text;
        struct s3_info info;
        struct err unread = {0};
        enum err_code code = s3_get(
            kinds->aws, scratch, want->bucket, key_record(scratch, want), &options, &text, &info,
            err);
        if (code != ERR_NONE)
            return code;
        ret_info->etag = str_dup(arena, info.etag);
        code = record_parse(arena, text, out, &unread);
        if (code == ERR_REFUSED) {
            *err = unread;
            return code;
        }
        *ret_readable = code == ERR_NONE;
        if (*ret_readable)
            break;
    }
    return ERR_NONE;
}

enum err_code kinds_record_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *out,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct s3_info info = {0};
    struct record record = {0};
    bool readable = false;
    enum err_code code = fetch_record(kinds, arena, want, &record, &info, &readable, err);
    if (code == ERR_NOT_FOUND) {
        *out = (struct record){0};
        return ERR_NONE;
    }
    if (code == ERR_REFUSED)
        return code;
    if (code != ERR_NONE)
        return err_wrap(err, "reading the stack's record");
    /* An unreadable record costs hints, nothing else: it is replaced by the next write. */
    if (!readable)
        record = (struct record){
            .present = true, .stack = want->stack, .uid = want->uid, .home = STR("")};
    record.store_etag = info.etag;
    kinds->conditions_missing = record.conditions_missing;
    *out = record;
    return ERR_NONE;
}

/* A write whose first answer was lost meets its own object: 412, and the text is ours. */
static bool is_our_echo(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct str key,
    struct str text,
    struct str *ret_etag)
{
    struct s3_get_options options = {.max_bytes = MIB(256)};
    struct s3_info info;
    struct str found;
    struct err err = {0};
    if (s3_get(kinds->aws, arena, want->bucket, key, &options, &found, &info, &err) != ERR_NONE)
        return false;
    if (!str_eq(found, text))
        return false;
    *ret_etag = info.etag;
    return true;
}

enum err_code kinds_record_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct str key = key_record(arena, want);
    size_t n_meta;
    struct s3_meta *meta = kinds_meta(kinds, arena, want, STR_NULL, STR_NULL, &n_meta);
    struct s3_put_options options = {
        .if_match = if_etag,
        .if_none_match = str_is_null(if_etag),
        .kms_key = want->object_key,
        .content_type = STR("application/json"),
        .meta = meta,
        .n_meta = n_meta};
    struct s3_put_result result;
    struct err failure = {0};
    enum err_code code =
        kinds_guard_write(kinds, arena, want->bucket, key, if_etag, str_is_null(if_etag), &failure);
    if (code == ERR_NONE)
        code = s3_put(kinds->aws, arena, want->bucket, key, text, &options, &result, &failure);
    if (code == ERR_NONE) {
        *ret_etag = result.etag;
        return ERR_NONE;
    }
    if (code == ERR_NOT_FOUND && !str_is_null(if_etag)) /* it was there: somebody removed it */
        return err_set(err, ERR_PRECONDITION, "the stack's record is gone");
    if (failure.aws.maybe_done && is_our_echo(kinds, arena, want, key, text, ret_etag))
        return ERR_NONE;
    *err = failure;
    return code;
}

enum err_code kinds_record_delete(
    struct world *world, const struct want *want, struct str if_etag, struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("record", 0);
    struct err failure = {0};
    struct str key = key_record(scratch, want);
    enum err_code code =
        kinds_guard_delete(kinds, scratch, want->bucket, key, if_etag, false, &failure);
    if (code == ERR_NONE)
        code = s3_delete(kinds->aws, scratch, want->bucket, key, if_etag, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return code;
}
