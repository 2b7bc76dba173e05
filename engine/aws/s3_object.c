#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/uri.h"
#include "engine/base/vec.h"

#define MULTIPART_ABOVE MIB(64)
#define HASH_OFFLOAD_ABOVE MIB(1)
#define COPY_TIMEOUT_MS 300000 /* S3 copies up to 5 GB while the request waits */
#define GET_MAX_BYTES MIB(64)
#define READ_BELOW MIB(1)

/* ---- what an object is ---- */

struct str s3_meta_get(const struct s3_info *info, const char *name)
{
    for (size_t i = 0; i < info->n_meta; i++)
        if (str_eq_z(info->meta[i].name, name))
            return info->meta[i].value;
    return STR_NULL;
}

/* "bytes 0-9/1234" has the object's size behind the slash; Content-Length is the part's. */
static uint64_t size_of(const struct http_response *response)
{
    uint64_t size = 0;
    struct str range = http_header_get(response->headers, response->n_headers, "content-range");
    size_t slash = str_rindex(range, '/');
    if (slash != SIZE_MAX && str_to_u64(str_from_index(range, slash + 1), &size))
        return size;
    struct str length = http_header_get(response->headers, response->n_headers, "content-length");
    return str_to_u64(length, &size) ? size : response->body.len;
}

static struct s3_info read_info(struct arena *arena, const struct http_response *response)
{
    const struct http_header *headers = response->headers;
    size_t count = response->n_headers;
    struct s3_info info = {
        .etag = http_header_get(headers, count, "etag"),
        .version_id = http_header_get(headers, count, "x-amz-version-id"),
        .content_type = http_header_get(headers, count, "content-type"),
        .checksum_sha256 = http_header_get(headers, count, "x-amz-checksum-sha256"),
        .size_bytes = size_of(response),
        .date_ms = s3_date_ms(response),
    };
    struct str modified = http_header_get(headers, count, "last-modified");
    if (modified.len == 0 || !time_parse(modified, &info.modified_ms))
        info.modified_ms = 0;
    VEC(struct s3_meta) meta = {0};
    static const struct str s_prefix = STR_INIT("x-amz-meta-");
    for (size_t i = 0; i < count; i++) {
        struct str name = headers[i].name;
        if (str_eq_nocase(str_slice(name, 0, s_prefix.len), s_prefix))
            *VEC_PUSH(arena, &meta) = (struct s3_meta){
                str_lower(arena, str_from_index(name, s_prefix.len)), headers[i].value};
    }
    info.meta = meta.items;
    info.n_meta = meta.len;
    return info;
}

static struct s3_put_result read_put(const struct http_response *response)
{
    return (struct s3_put_result){
        .etag = http_header_get(response->headers, response->n_headers, "etag"),
        .version_id = http_header_get(response->headers, response->n_headers, "x-amz-version-id"),
        .date_ms = s3_date_ms(response),
    };
}

/* ---- writing ---- */

struct hash_job {
    struct str body;
    struct sha256 digest;
};

static void hash_run(void *arg)
{
    struct hash_job *job = arg;
    job->digest = sha256_of(job->body);
}

/* The signature needs it; large bodies must not hold up the other tasks. */
static struct sha256 hash_body(struct aws *aws, struct str body)
{
    struct hash_job job = {.body = body};
    if (body.len > HASH_OFFLOAD_ABOVE)
        loop_offload(aws_loop(aws), hash_run, &job);
    else
        hash_run(&job);
    return job.digest;
}

enum err_code s3_put(
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
    if (options == NULL)
        options = &s_none;
    UNFILLED struct s3_headers headers;
    headers.count = 0;
    s3_header_add(&headers, "content-type", options->content_type);
    s3_header_add(&headers, "if-match", options->if_match);
    s3_header_add(&headers, "if-none-match", options->if_none_match ? STR("*") : STR_NULL);
    s3_kms_add(&headers, options->kms_key);
    if (options->sha256 != NULL)
        s3_header_add(
            &headers, "x-amz-checksum-sha256",
            base64_of(arena, options->sha256->bytes, SHA256_LEN));
    enum err_code code = s3_meta_add(arena, &headers, options->meta, options->n_meta, err);
    if (code != ERR_NONE)
        return code;
    struct sha256 digest = options->sha256 != NULL ? *options->sha256 : hash_body(aws, body);
    struct aws_call call = s3_call_of(arena, "PutObject", "PUT", bucket, key);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.body = body;
    call.body_sha256 = &digest;
    struct http_response response;
    code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    if (options->progress != NULL)
        options->progress(options->progress_arg, body.len, body.len);
    if (ret_result != NULL)
        *ret_result = read_put(&response);
    return ERR_NONE;
}

enum err_code s3_put_file(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    const char *path,
    const struct s3_put_options *options,
    struct s3_put_result *ret_result,
    struct err *err)
{
    AUTO(file_unmap) struct str body = STR_NULL;
    AUTO(arena_close) struct arena *small = arena_new("file", 0);
    struct str bytes;
    struct err too_large;
    /* Mapping a page or two costs more than reading them. */
    if (file_read(small, path, READ_BELOW, &bytes, &too_large) == ERR_NONE)
        return s3_put(aws, arena, bucket, key, bytes, options, ret_result, err);
    enum err_code code = file_map(path, &body, err);
    if (code != ERR_NONE)
        return code;
    if (body.len > MULTIPART_ABOVE)
        return s3_put_parts(aws, arena, bucket, key, body, options, ret_result, err);
    return s3_put(aws, arena, bucket, key, body, options, ret_result, err);
}

enum err_code s3_copy(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str source_key,
    const struct s3_copy_options *options,
    struct s3_put_result *ret_result,
    struct err *err)
{
    static const struct s3_copy_options s_none = {.if_none_match = false};
    if (options == NULL)
        options = &s_none;
    struct str source = str_is_null(options->source_bucket) ? bucket : options->source_bucket;
    UNFILLED struct s3_headers headers;
    headers.count = 0;
    s3_header_add(
        &headers, "x-amz-copy-source",
        str_fmt(
            arena, STR_FMT "/" STR_FMT, STR_ARG(source),
            STR_ARG(uri_encoded(arena, source_key, true))));
    s3_header_add(&headers, "x-amz-copy-source-if-match", options->source_if_match);
    s3_header_add(&headers, "if-match", options->if_match);
    s3_header_add(&headers, "if-none-match", options->if_none_match ? STR("*") : STR_NULL);
    s3_kms_add(&headers, options->kms_key);
    if (aws_owns_bucket(aws, source))
        s3_header_add(&headers, "x-amz-source-expected-bucket-owner", aws_account(aws));
    if (options->replace_metadata) {
        s3_header_add(&headers, "x-amz-metadata-directive", STR("REPLACE"));
        s3_header_add(&headers, "content-type", options->content_type);
        enum err_code meta_code = s3_meta_add(arena, &headers, options->meta, options->n_meta, err);
        if (meta_code != ERR_NONE)
            return meta_code;
    }
    struct aws_call call = s3_call_of(arena, "CopyObject", "PUT", bucket, key);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.error_in_200 = true;
    call.timeout_ms = COPY_TIMEOUT_MS;
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    code = s3_xml(arena, call.operation, "CopyObjectResult", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    if (ret_result != NULL) {
        *ret_result = read_put(&response);
        ret_result->etag = xml_get_text(root, "ETag");
    }
    return ERR_NONE;
}

/* ---- reading ---- */

enum err_code s3_get(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    const struct s3_get_options *options,
    struct str *ret_body,
    struct s3_info *ret_info,
    struct err *err)
{
    static const struct s3_get_options s_none = {.range = false};
    if (options == NULL)
        options = &s_none;
    UNFILLED struct s3_headers headers;
    headers.count = 0;
    s3_header_add(&headers, "if-match", options->if_match);
    s3_header_add(&headers, "if-none-match", options->if_none_match);
    if (options->range)
        s3_header_add(
            &headers, "range",
            str_fmt(
                arena, "bytes=%llu-%llu", (unsigned long long) options->range_first,
                (unsigned long long) options->range_last));
    struct aws_call call = s3_call_of(arena, "GetObject", "GET", bucket, key);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.max_body = options->max_bytes > 0 ? options->max_bytes : GET_MAX_BYTES;
    call.any_region = options->any_region;
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    if (ret_info != NULL)
        *ret_info = read_info(arena, &response);
    *ret_body = response.body;
    return ERR_NONE;
}

enum err_code s3_head(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct s3_info *ret_info,
    struct err *err)
{
    UNFILLED struct s3_headers headers;
    headers.count = 0;
    s3_header_add(&headers, "x-amz-checksum-mode", STR("ENABLED"));
    struct aws_call call = s3_call_of(arena, "HeadObject", "HEAD", bucket, key);
    call.headers = headers.items;
    call.n_headers = headers.count;
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    *ret_info = read_info(arena, &response);
    return ERR_NONE;
}
