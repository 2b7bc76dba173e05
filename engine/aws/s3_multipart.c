#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/digest.h"

#define PART_BYTES MIB(16)
#define MAX_PARTS 10000
#define TASKS 8

struct upload {
    struct aws *aws;
    struct arena *arena;
    struct str bucket, key, upload_id, body;
    size_t part_bytes, parts, next;
    struct str *etags, *sums;     /* sums: SHA-256 in base64 */
    const struct s3_part **there; /* from an earlier run; NULL where there is none */
    const struct s3_put_options *options;
    uint64_t sent_bytes;
    bool failed;
    struct err err; /* the first failure */
};

struct part_hash {
    struct str body;
    struct sha256 digest;
};

static void hash_part(void *arg)
{
    struct part_hash *job = arg;
    job->digest = sha256_of(job->body);
}

static void part_is_there(struct upload *upload, size_t index, struct str etag, size_t len)
{
    upload->etags[index] = str_dup(upload->arena, etag);
    upload->sent_bytes += len;
    if (upload->options->progress != NULL)
        upload->options->progress(
            upload->options->progress_arg, upload->sent_bytes, upload->body.len);
}

/* Sends the part, unless an earlier run did. */
static enum err_code
send_part(struct upload *upload, struct arena *scratch, size_t index, struct err *err)
{
    size_t start = index * upload->part_bytes;
    struct part_hash job = {.body = str_slice(upload->body, start, start + upload->part_bytes)};
    loop_offload(aws_loop(upload->aws), hash_part, &job);
    struct str sum = upload->sums[index] = base64_of(upload->arena, job.digest.bytes, SHA256_LEN);
    const struct s3_part *there = upload->there[index];
    if (there != NULL && there->size_bytes == job.body.len && str_eq(there->sha256, sum)) {
        part_is_there(upload, index, there->etag, job.body.len);
        return ERR_NONE;
    }
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "x-amz-checksum-sha256", sum);
    AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
    buf_fmt(&query, "partNumber=%zu", index + 1);
    s3_query_add(&query, "uploadId", upload->upload_id);
    struct aws_call call = s3_call_of(scratch, "UploadPart", "PUT", upload->bucket, upload->key);
    call.query = buf_str(&query);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.body = job.body;
    call.body_sha256 = &job.digest;
    struct http_response response;
    enum err_code code = aws_call(upload->aws, scratch, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct str etag = http_header_get(response.headers, response.n_headers, "etag");
    if (etag.len == 0)
        return err_set(err, ERR_PROTOCOL, "UploadPart: the answer has no ETag");
    part_is_there(upload, index, etag, job.body.len);
    return ERR_NONE;
}

/* Several of these take parts from one counter until it runs out or one fails. */
static void send_parts(void *arg)
{
    struct upload *upload = arg;
    struct arena *scratch = arena_new("S3 part", 0);
    while (!upload->failed && upload->next < upload->parts) {
        struct err err;
        size_t index = upload->next++;
        arena_reset(scratch);
        enum err_code code = loop_cancelled(aws_loop(upload->aws))
                                 ? err_set(&err, ERR_CANCELLED, "the upload was interrupted")
                                 : send_part(upload, scratch, index, &err);
        if (code != ERR_NONE && !upload->failed) {
            upload->failed = true;
            upload->err = err;
        }
    }
    arena_free(scratch);
}

static enum err_code start(struct upload *upload, struct err *err)
{
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "x-amz-checksum-algorithm", STR("SHA256"));
    s3_header_add(&headers, "content-type", upload->options->content_type);
    s3_kms_add(&headers, upload->options->kms_key);
    enum err_code code =
        s3_meta_add(upload->arena, &headers, upload->options->meta, upload->options->n_meta, err);
    if (code != ERR_NONE)
        return code;
    struct aws_call call =
        s3_call_of(upload->arena, "CreateMultipartUpload", "POST", upload->bucket, upload->key);
    call.query = STR("uploads=");
    call.headers = headers.items;
    call.n_headers = headers.count;
    struct http_response response;
    code = aws_call(upload->aws, upload->arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    code = s3_xml(
        upload->arena, call.operation, "InitiateMultipartUploadResult", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    upload->upload_id = xml_get_text(root, "UploadId");
    if (upload->upload_id.len == 0)
        return err_set(err, ERR_PROTOCOL, "CreateMultipartUpload: the answer has no UploadId");
    return ERR_NONE;
}

/* Goes on with what an earlier run left: what is the same need not be sent again. A key says which
 * content belongs to it, and so which metadata the upload was begun with. */
static bool resume(struct upload *upload)
{
    struct s3_unfinished left;
    s3_find_unfinished(upload->aws, upload->arena, upload->bucket, upload->key, &left);
    upload->upload_id = left.upload_id;
    for (size_t i = 0; i < left.n_parts; i++)
        if (left.parts[i].number <= upload->parts)
            upload->there[left.parts[i].number - 1] = &left.parts[i];
    return !str_is_null(left.upload_id);
}

static enum err_code
complete(struct upload *upload, struct s3_put_result *ret_result, struct err *err)
{
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(4));
    buf_add_z(&body, "<CompleteMultipartUpload xmlns=\"" S3_XMLNS "\">");
    for (size_t i = 0; i < upload->parts; i++) {
        buf_fmt(&body, "<Part><PartNumber>%zu</PartNumber>", i + 1);
        xml_element(&body, "ETag", upload->etags[i]);
        xml_element(&body, "ChecksumSHA256", upload->sums[i]);
        buf_add_z(&body, "</Part>");
    }
    buf_add_z(&body, "</CompleteMultipartUpload>");
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "content-type", STR("application/xml"));
    s3_header_add(&headers, "if-match", upload->options->if_match);
    s3_header_add(&headers, "if-none-match", upload->options->if_none_match ? STR("*") : STR_NULL);
    AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
    s3_query_add(&query, "uploadId", upload->upload_id);
    struct aws_call call =
        s3_call_of(upload->arena, "CompleteMultipartUpload", "POST", upload->bucket, upload->key);
    call.query = buf_str(&query);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.body = buf_str(&body);
    call.error_in_200 = true;
    call.timeout_ms = 300000; /* S3 may take minutes to join the parts */
    struct http_response response;
    enum err_code code = aws_call(upload->aws, upload->arena, &call, &response, err);
    if (code == ERR_NOT_FOUND && err->aws.maybe_done) {
        /* An attempt whose answer was lost has joined the parts, so the upload is no more. */
        err->code = ERR_TRANSIENT;
        err_hint(err, "the upload may have succeeded: run the same command again");
        return err->code;
    }
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    code = s3_xml(
        upload->arena, call.operation, "CompleteMultipartUploadResult", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    if (ret_result != NULL)
        *ret_result = (struct s3_put_result){
            .etag = xml_get_text(root, "ETag"),
            .version_id = http_header_get(response.headers, response.n_headers, "x-amz-version-id"),
            .date_ms = s3_date_ms(&response),
        };
    return ERR_NONE;
}

/* After these the same command again goes on with the parts that are there. */
static bool can_go_on(enum err_code code)
{
    return code == ERR_CANCELLED || code == ERR_TRANSIENT || code == ERR_TIMEOUT ||
           code == ERR_THROTTLED;
}

/* Parts of an upload that nobody completes are invisible and billed for ever. A failure here is
 * left to the next run, which lists unfinished uploads. */
static void give_up(struct upload *upload)
{
    struct err ignored;
    enum err_code code = s3_abort_upload(
        upload->aws, upload->arena, upload->bucket, upload->key, upload->upload_id, &ignored);
    (void) code;
}

enum err_code s3_put_parts(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str body,
    const struct s3_put_options *options,
    struct s3_put_result *ret_result,
    struct err *err)
{
    static const struct s3_put_options s_none = {.if_none_match = false};
    struct upload upload = {
        .aws = aws,
        .arena = arena,
        .bucket = bucket,
        .key = key,
        .body = body,
        .part_bytes = PART_BYTES,
        .options = options != NULL ? options : &s_none,
    };
    while (body.len / upload.part_bytes >= MAX_PARTS)
        upload.part_bytes *= 2;
    upload.parts = (body.len + upload.part_bytes - 1) / upload.part_bytes;
    upload.etags = ARENA_ARRAY(arena, upload.parts, struct str);
    upload.sums = ARENA_ARRAY(arena, upload.parts, struct str);
    upload.there = ARENA_ARRAY(arena, upload.parts, const struct s3_part *);
    enum err_code code = resume(&upload) ? ERR_NONE : start(&upload, err);
    if (code != ERR_NONE)
        return code;
    struct loop *loop = aws_loop(aws);
    struct task *tasks[TASKS];
    size_t count = upload.parts < TASKS ? upload.parts : TASKS;
    for (size_t i = 0; i < count; i++)
        tasks[i] = loop_spawn(loop, send_parts, &upload);
    for (size_t i = 0; i < count; i++)
        loop_join(loop, tasks[i]);
    if (upload.failed) {
        *err = upload.err;
        code = err->code;
    } else {
        code = complete(&upload, ret_result, err);
    }
    if (code != ERR_NONE && !can_go_on(code))
        give_up(&upload);
    return code;
}
