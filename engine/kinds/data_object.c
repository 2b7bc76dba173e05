#include "engine/kinds/conditions.h"

static void on_progress(void *arg, uint64_t sent, uint64_t total)
{
    struct world_call *call = arg;
    call->progress(call, sent, total);
}

/* Content-addressed: an object of that key and size is the one we would upload. */
static bool is_there(struct kinds *kinds, struct world_call *call, uint64_t size)
{
    struct s3_info info;
    struct err err = {0};
    return s3_head(kinds->aws, call->arena, call->want->bucket, call->change->name, &info, &err) ==
               ERR_NONE &&
           info.size_bytes == size;
}

/* A whole file, or the rows of one value. */
static enum err_code send(
    struct kinds *kinds,
    struct world_call *call,
    const struct want_channel *channel,
    const struct s3_put_options *options,
    struct err *err)
{
    if (channel->split == NULL)
        return s3_put_file(
            kinds->aws, call->arena, call->want->bucket, call->change->name,
            str_z(call->arena, channel->path), options, NULL, err);
    AUTO(arena_close) struct arena *scratch = arena_new("data", 0);
    AUTO(buf_done) struct buf text = BUF_INIT(SIZE_MAX / 2);
    split_text(channel, &text);
    return s3_put(
        kinds->aws, scratch, call->want->bucket, call->change->name, buf_str(&text), options, NULL,
        err);
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct object_plan *subject = call->change->subject;
    const struct want_channel *channel = subject->channel;
    size_t n_meta;
    struct s3_meta *meta =
        kinds_meta(kinds, call->arena, call->want, STR_NULL, channel->digest, &n_meta);
    bool replaces = subject->n_objects > 0;
    struct s3_put_options options = {
        .if_match = replaces ? subject->objects[0]->etag : STR_NULL,
        .if_none_match = !replaces,
        .kms_key = call->want->object_key,
        .content_type = channel->content_type,
        .meta = meta,
        .n_meta = n_meta,
        .progress = on_progress,
        .progress_arg = call};
    struct err failure = {0};
    enum err_code code = kinds_guard_write(
        kinds, call->arena, call->want->bucket, call->change->name, options.if_match,
        options.if_none_match, &failure);
    if (code == ERR_NONE)
        code = send(kinds, call, channel, &options, &failure);
    if (code == ERR_NONE || (code == ERR_PRECONDITION && is_there(kinds, call, channel->size)))
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "uploading '" STR_FMT "'", STR_ARG(channel->source));
}

const struct kind_ops kind_data = {.start = start};
