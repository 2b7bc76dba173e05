#include "engine/kinds/conditions.h"

#define WRONG_ETAG STR("\"00000000000000000000000000000000\"")

struct probe {
    struct kinds *kinds;
    struct arena *arena;
    struct str bucket, key, kms_key;
    unsigned missing;
};

static enum err_code put(struct probe *p, struct str if_match, bool none, struct err *err)
{
    struct s3_put_options options = {
        .if_match = if_match, .if_none_match = none, .kms_key = p->kms_key};
    return s3_put(p->kinds->aws, p->arena, p->bucket, p->key, STR("mmectl"), &options, NULL, err);
}

/* A request that a store which checks conditions refuses. */
static enum err_code expect_refusal(
    struct probe *p,
    enum err_code code,
    unsigned condition,
    const struct err *failure,
    struct err *err)
{
    if (code == ERR_NONE) {
        p->missing |= condition;
        return ERR_NONE;
    }
    if (code == ERR_PRECONDITION || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = *failure;
    return err_wrap(err, "finding out which conditions the bucket checks");
}

static enum err_code probe_puts(struct probe *p, struct err *err)
{
    struct err failure = {0};
    enum err_code code = put(p, STR_NULL, true, &failure);
    if (code != ERR_NONE && code != ERR_PRECONDITION) {
        *err = failure;
        return err_wrap(err, "writing to the stack's prefix");
    }
    code = put(p, STR_NULL, true, &failure);
    code = expect_refusal(p, code, CONDITION_PUT_IF_NONE_MATCH, &failure, err);
    if (code != ERR_NONE)
        return code;
    code = put(p, WRONG_ETAG, false, &failure);
    return expect_refusal(p, code, CONDITION_PUT_IF_MATCH, &failure, err);
}

static enum err_code probe_deletes(struct probe *p, struct err *err)
{
    struct err failure = {0};
    enum err_code code =
        s3_delete(p->kinds->aws, p->arena, p->bucket, p->key, WRONG_ETAG, &failure);
    code = expect_refusal(p, code, CONDITION_DELETE, &failure, err);
    if (code == ERR_NONE && (p->missing & CONDITION_DELETE) != 0)
        code = put(p, STR_NULL, false, err);
    if (code != ERR_NONE)
        return code;
    struct s3_delete_key one = {p->key, WRONG_ETAG};
    struct s3_delete_failure *refused;
    size_t n_refused = 0;
    code =
        s3_delete_many(p->kinds->aws, p->arena, p->bucket, &one, 1, &refused, &n_refused, &failure);
    if (code != ERR_NONE) {
        *err = failure;
        return err_wrap(err, "finding out which conditions the bucket checks");
    }
    if (n_refused == 0)
        p->missing |= CONDITION_BATCH_DELETE;
    /* A policy may forbid deletes without a condition, and this one holds whatever is there. */
    code = s3_delete(p->kinds->aws, p->arena, p->bucket, p->key, STR("*"), &failure);
    if (code != ERR_NONE && code != ERR_NOT_FOUND) {
        *err = failure;
        return code;
    }
    return ERR_NONE;
}

enum err_code kinds_probe_conditions(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *record,
    struct err *err)
{
    struct probe probe = {
        .kinds = kinds_of(world),
        .arena = arena,
        .bucket = want->bucket,
        .kms_key = want->object_key,
        .key = str_fmt(arena, STR_FMT "/control/probe", STR_ARG(want->prefix))};
    enum err_code code = probe_puts(&probe, err);
    if (code == ERR_NONE)
        code = probe_deletes(&probe, err);
    if (code != ERR_NONE)
        return code;
    record->conditions_known = true;
    record->conditions_missing = probe.missing;
    probe.kinds->conditions_missing = probe.missing;
    return ERR_NONE;
}

/* ret_etag: STR_NULL when there is nothing. */
static enum err_code etag_now(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str *ret_etag,
    struct err *err)
{
    struct s3_info info;
    struct err failure = {0};
    enum err_code code = s3_head(kinds->aws, arena, bucket, key, &info, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND) {
        *ret_etag = code == ERR_NONE ? info.etag : STR_NULL;
        return ERR_NONE;
    }
    *err = failure;
    return code;
}

enum err_code kinds_guard_write(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str if_match,
    bool if_none_match,
    struct err *err)
{
    bool match = !str_is_null(if_match) && (kinds->conditions_missing & CONDITION_PUT_IF_MATCH);
    bool none = if_none_match && (kinds->conditions_missing & CONDITION_PUT_IF_NONE_MATCH);
    if (!match && !none)
        return ERR_NONE;
    struct str etag = STR_NULL;
    enum err_code code = etag_now(kinds, arena, bucket, key, &etag, err);
    if (code != ERR_NONE)
        return code;
    if ((none && !str_is_null(etag)) || (match && !str_eq(etag, if_match)))
        return err_set(
            err, ERR_PRECONDITION, "object '" STR_FMT "' is not as it was", STR_ARG(key));
    return ERR_NONE;
}

enum err_code kinds_guard_delete(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str etag,
    bool batch,
    struct err *err)
{
    unsigned condition = batch ? CONDITION_BATCH_DELETE : CONDITION_DELETE;
    if ((kinds->conditions_missing & condition) == 0 || str_is_null(etag))
        return ERR_NONE;
    struct str now = STR_NULL;
    enum err_code code = etag_now(kinds, arena, bucket, key, &now, err);
    if (code != ERR_NONE)
        return code;
    if (!str_is_null(now) && !str_eq(now, etag))
        return err_set(
            err, ERR_PRECONDITION, "object '" STR_FMT "' changed since it was looked at",
            STR_ARG(key));
    return ERR_NONE;
}
