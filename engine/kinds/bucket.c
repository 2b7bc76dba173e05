#include "engine/kinds/kinds_internal.h"

/* First of all: they say whose a bucket is that a killed run left half set up. */
static enum err_code put_tags(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct want *want = call->want;
    struct s3_tag *tags = ARENA_ARRAY(call->arena, want->n_tags + 2, struct s3_tag);
    size_t n = 0;
    for (; n < want->n_tags; n++)
        tags[n] = (struct s3_tag){want->tags[n].name, want->tags[n].value};
    tags[n++] = (struct s3_tag){STR("mmectl:uid"), want->uid};
    tags[n++] = (struct s3_tag){STR("mmectl:stack"), want->stack};
    return s3_bucket_put_tags(kinds->aws, call->arena, want->bucket, tags, n, err);
}

static enum err_code create(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct want *want = call->want;
    struct err failure = {0};
    enum err_code code = s3_bucket_create(kinds->aws, call->arena, want->bucket, &failure);
    if (code != ERR_NONE && code != ERR_EXISTS) {
        *err = failure;
        return err_wrap(err, "creating bucket '" STR_FMT "'", STR_ARG(want->bucket));
    }
    code = put_tags(kinds, call, err);
    if (code == ERR_NONE)
        code = s3_bucket_put_public_access_block(kinds->aws, call->arena, want->bucket, err);
    if (code == ERR_NONE)
        code =
            s3_bucket_put_encryption(kinds->aws, call->arena, want->bucket, want->object_key, err);
    if (code != ERR_NONE)
        return err_wrap(err, "setting up bucket '" STR_FMT "'", STR_ARG(want->bucket));
    return ERR_NONE;
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    if (call->change->action == ACTION_CREATE)
        return create(kinds, call, err);
    struct err failure = {0};
    enum err_code code =
        s3_bucket_delete(kinds->aws, call->arena, call->change->old_name, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "deleting bucket '" STR_FMT "'", STR_ARG(call->change->old_name));
}

const struct kind_ops kind_bucket = {.start = start};
