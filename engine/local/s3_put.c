#include "engine/local/s3.h"
#include "engine/local/world.h"

static const uint64_t s_max_put_bytes = UINT64_C(5) << 30;

/* The row under the lock: what the bytes were written for may be gone, or taken, by now. */
static enum err_code
commit(struct local_call *call, struct s3_object *object, bool *ret_stored, struct err *err)
{
    enum err_code code = world_enter(call->local, err);
    *ret_stored = false;
    if (code != ERR_NONE)
        return code;
    if (!s3_check_bucket(call) || !s3_check_write(call)) {
        bool failed = db_failed(call->db);
        if (failed)
            return world_leave(call->local, err);
        world_abandon(call->local);
        return ERR_NONE;
    }
    s3_seal(call, object);
    s3_store(call, object);
    code = world_leave(call->local, err);
    *ret_stored = code == ERR_NONE;
    return code;
}

enum err_code s3_put_object(struct local_call *call, struct err *err)
{
    struct s3_object object = {
        .bucket = call->bucket,
        .key = call->key,
        .modified_ms = call->now_ms,
        .tags = call_request_header(call, "x-amz-tagging"),
        .sum_type = STR("FULL_OBJECT"),
    };
    if (call->http->body_len > s_max_put_bytes)
        return call_fail(
            call, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    if (!s3_keep_headers(call, &object.headers) || !s3_check_tags(call, object.tags))
        return ERR_NONE;
    struct s3_body body;
    bool ok = false;
    enum err_code code = s3_body_store(call, S3_SUM_NONE, &body, &ok, err);
    if (code != ERR_NONE || !ok)
        return code;
    object.blob = body.blob;
    object.size_bytes = body.size_bytes;
    object.etag = hex_of(call->arena, body.md5.bytes, MD5_LEN);
    object.sum = body.sum;
    bool stored = false;
    code = commit(call, &object, &stored, err);
    if (!stored) {
        blobs_remove(call->local->blobs, body.blob);
        return code;
    }
    call_header(call, "ETag", s3_quoted(call, object.etag));
    s3_answer_state(call, &object);
    s3_answer_sum(call, &object.sum);
    if (object.sum.kind != S3_SUM_NONE)
        call_header(call, "x-amz-checksum-type", object.sum_type);
    return call_empty(call, 200);
}
