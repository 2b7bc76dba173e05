#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/vec.h"

#define BATCH 1000 /* DeleteObjects takes no more */

enum err_code s3_delete(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str if_match,
    struct err *err)
{
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "if-match", if_match);
    struct aws_call call = s3_call_of(arena, "DeleteObject", "DELETE", bucket, key);
    call.headers = headers.items;
    call.n_headers = headers.count;
    struct http_response response;
    struct err failed;
    enum err_code code = aws_call(aws, arena, &call, &response, &failed);
    /* Gone already: by an attempt of this call whose answer was lost, or nobody minds. */
    if (code == ERR_NOT_FOUND && strcmp(failed.aws.code, "NoSuchKey") == 0 &&
        (failed.aws.maybe_done || str_is_null(if_match)))
        return ERR_NONE;
    if (code != ERR_NONE)
        *err = failed;
    return code;
}

typedef VEC(struct s3_delete_failure) failure_vec;

/* Keys come back as they were sent, so the caller's own views are handed out where they match. */
static enum err_code delete_batch(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_delete_key *keys,
    size_t count,
    failure_vec *failures,
    struct err *err)
{
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(8));
    buf_add_z(&body, "<Delete xmlns=\"" S3_XMLNS "\"><Quiet>true</Quiet>");
    for (size_t i = 0; i < count; i++) {
        buf_add_z(&body, "<Object>");
        xml_element(&body, "Key", keys[i].key);
        if (!str_is_null(keys[i].etag))
            xml_element(&body, "ETag", keys[i].etag);
        buf_add_z(&body, "</Object>");
    }
    buf_add_z(&body, "</Delete>");
    if (!buf_ok(&body))
        return err_set(err, ERR_USAGE, "a batch of keys to delete is larger than 8 MiB");
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "content-type", STR("application/xml"));
    s3_header_add(&headers, "content-md5", s3_content_md5(arena, buf_str(&body)));
    struct aws_call call = s3_call_of(arena, "DeleteObjects", "POST", bucket, STR_NULL);
    call.query = STR("delete=");
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.body = buf_str(&body);
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    code = s3_xml(arena, call.operation, "DeleteResult", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    XML_EACH (refused, root, "Error")
        *VEC_PUSH(arena, failures) = (struct s3_delete_failure){
            .key = xml_get_text(refused, "Key"),
            .code = xml_get_text(refused, "Code"),
            .message = xml_get_text(refused, "Message"),
        };
    return ERR_NONE;
}

enum err_code s3_delete_many(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_delete_key *keys,
    size_t count,
    struct s3_delete_failure **ret_failures,
    size_t *ret_failed,
    struct err *err)
{
    failure_vec failures = {0};
    for (size_t done = 0; done < count; done += BATCH) {
        size_t batch = count - done < BATCH ? count - done : BATCH;
        enum err_code code = delete_batch(aws, arena, bucket, keys + done, batch, &failures, err);
        if (code != ERR_NONE)
            return code;
    }
    *ret_failures = failures.items;
    *ret_failed = failures.len;
    return ERR_NONE;
}
