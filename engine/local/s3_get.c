/* GetObject and HeadObject: conditions, ranges, headers. */
#include "engine/base/file.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

enum {
    INLINE_BYTES = 256 * 1024
}; /* smaller answers are read into memory, larger are sent from file */

int s3_range(struct str header, uint64_t size, uint64_t *ret_offset, uint64_t *ret_len)
{
    struct str prefix = STR("bytes=");
    if (!str_starts(header, prefix))
        return 0;
    struct str spec = str_trim(str_from_index(header, prefix.len));
    size_t dash = str_index(spec, '-');
    if (dash == SIZE_MAX || str_index(spec, ',') != SIZE_MAX)
        return 0;
    struct str first = str_slice(spec, 0, dash), last = str_from_index(spec, dash + 1);
    uint64_t start = 0, end = UINT64_MAX;
    if ((first.len > 0 && !str_to_u64(first, &start)) ||
        (last.len > 0 && !str_to_u64(last, &end)) || (first.len == 0 && last.len == 0) ||
        (first.len > 0 && end < start))
        return 0;
    if (first.len == 0) { /* the last `end` bytes */
        start = end >= size ? 0 : size - end;
        if (end == 0)
            return 416;
        end = UINT64_MAX;
    }
    if (start >= size)
        return 416;
    if (end >= size)
        end = size - 1;
    *ret_offset = start;
    *ret_len = end - start + 1;
    return 206;
}

/* RFC 9110, 13.2.2. false: answered. */
static bool check_conditions(struct local_call *call, const struct s3_object *object)
{
    struct str match = call_request_header(call, "if-match");
    struct str none = call_request_header(call, "if-none-match");
    int64_t since_ms, seconds = object->modified_ms / 1000 * 1000;
    bool fails = false, unchanged = false;
    if (!str_is_null(match))
        fails = !s3_etag_matches(match, object->etag);
    else if (time_parse(call_request_header(call, "if-unmodified-since"), &since_ms))
        fails = seconds > since_ms;
    if (!str_is_null(none))
        unchanged = s3_etag_matches(none, object->etag);
    else if (time_parse(call_request_header(call, "if-modified-since"), &since_ms))
        unchanged = seconds <= since_ms;
    if (fails) {
        call_fail(
            call, 412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
    } else if (unchanged) {
        call_header(call, "ETag", s3_quoted(call, object->etag));
        call_header(call, "Last-Modified", time_http(call->arena, object->modified_ms));
        call_empty(call, 304);
    }
    return !fails && !unchanged;
}

/* A stored header, unless the query overrides it (response-content-type=...). */
static void answer_headers(struct local_call *call, const struct s3_object *object)
{
    static const char *const may_override[] = {
        "content-type",  "content-language",    "expires",
        "cache-control", "content-disposition", "content-encoding"};
    bool has_type = false;
    for (size_t i = 0; i < ARRAY_LEN(may_override); i++) {
        struct str value = STR_NULL;
        if (call->n_params > 0)
            value = call_param(
                call, str_fmt(call->arena, "response-%s", may_override[i]).ptr); /* ends in NUL */
        if (str_is_null(value))
            value = json_get_str(object->headers, may_override[i]);
        call_header(call, may_override[i], value);
        has_type |= i == 0 && !str_is_null(value);
    }
    if (!has_type)
        call_header(call, "Content-Type", STR("binary/octet-stream"));
    JSON_EACH (header, object->headers)
        if (str_starts(header->key, STR("x-amz-meta-")))
            call_header(call, str_z(call->arena, header->key), json_str(header));
    call_header(call, "ETag", s3_quoted(call, object->etag));
    call_header(call, "Last-Modified", time_http(call->arena, object->modified_ms));
    call_header(call, "Accept-Ranges", STR("bytes"));
    s3_answer_state(call, object);
    struct query_param *tags = NULL;
    size_t n_tags = 0;
    UNFILLED struct err ignored;
    if (!str_is_empty(object->tags) &&
        query_parse(call->arena, object->tags, 64, &tags, &n_tags, &ignored) == ERR_NONE)
        call_header(call, "x-amz-tagging-count", str_fmt(call->arena, "%zu", n_tags));
}

static void answer_stored_sum(struct local_call *call, const struct s3_object *object, bool whole)
{
    if (object->sum.kind == S3_SUM_NONE || !whole ||
        !str_eq_nocase(call_request_header(call, "x-amz-checksum-mode"), STR("ENABLED")))
        return;
    s3_answer_sum(call, &object->sum);
    call_header(call, "x-amz-checksum-type", object->sum_type);
}

/* Where the bytes come from; the file is opened under the lock, so that a deletion cannot overtake.
 */
struct source {
    struct s3_object object;
    int fd;
    uint64_t base; /* where in it the object begins */
};

/* A marker is no object: of a key it hides it answers 404, by its own id 405. */
bool s3_find_asked(struct local_call *call, struct s3_object *out)
{
    struct str version = call_param(call, "versionId"), marker = STR_NULL;
    bool found = s3_find_version(call, call->bucket, call->key, version, out);
    if (found && !out->marker)
        return true;
    if (found) {
        call_fail(
            call, 405, "MethodNotAllowed",
            "The specified method is not allowed against this resource.");
        marker = version;
    } else if (!str_is_null(version)) {
        call_fail(call, 404, "NoSuchVersion", "The specified version does not exist.");
    } else {
        s3_fail_missing(call);
        s3_marker_is_latest(call, call->key, &marker);
    }
    if (!str_is_null(marker)) {
        call_header(call, "x-amz-delete-marker", STR("true"));
        call_header(call, "x-amz-version-id", marker);
    }
    return false;
}

static enum err_code
find(struct local_call *call, struct source *out, bool *ret_ok, struct err *err)
{
    enum err_code code = world_enter(call->local, err);
    *ret_ok = false;
    if (code != ERR_NONE)
        return code;
    *ret_ok = s3_check_bucket(call) && s3_find_asked(call, &out->object);
    if (*ret_ok && !str_eq(call->http->method, STR("HEAD")))
        code = blobs_fd(call->local->blobs, out->object.blob, &out->fd, &out->base, err);
    if (code != ERR_NONE) {
        *ret_ok = false;
        world_abandon(call->local);
        return code;
    }
    code = world_leave(call->local, err);
    *ret_ok &= code == ERR_NONE;
    return code;
}

static enum err_code send_bytes(
    struct local_call *call, struct source *source, uint64_t offset, uint64_t len, struct err *err)
{
    struct httpd_response *response = call->response;
    if (source->fd >= 0 && len > INLINE_BYTES) {
        response->body_fd = source->fd;
        response->body_offset = source->base + offset;
        source->fd = -1;
        return ERR_NONE;
    }
    if (source->fd >= 0)
        return fd_read(call->arena, source->fd, source->base + offset, len, &response->body, err);
    return blobs_read(
        call->local->blobs, call->arena, source->object.blob, offset, len, &response->body, err);
}

/* ?partNumber=N: the range that was uploaded as that part; what was uploaded in one piece has one
 * part. 0: not asked for; 206; 416 when there is no such part; -1: answered. */
static int part_range(
    struct local_call *call,
    const struct s3_object *object,
    uint64_t *ret_offset,
    uint64_t *ret_len)
{
    struct str text = call_param(call, "partNumber");
    const struct json *parts = json_get(object->headers, S3_PARTS);
    int64_t number = 0, at = 0;
    uint64_t offset = 0;
    if (str_is_null(text))
        return 0;
    if (!str_is_null(call_request_header(call, "range"))) {
        call_fail(
            call, 400, "InvalidRequest",
            "Cannot specify both Range header and partNumber query parameter");
        return -1;
    }
    if (!str_to_i64(text, &number) || number < 1 || number > 10000) {
        call_fail(
            call, 400, "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive");
        return -1;
    }
    if (parts == NULL)
        return number > 1 ? 416 : 206;
    call_header(call, "x-amz-mp-parts-count", str_fmt(call->arena, "%zu", parts->len));
    JSON_EACH (part, parts) {
        uint64_t size = (uint64_t) part->first->next->integer;
        if (++at == number) {
            *ret_offset = offset;
            *ret_len = size;
            return 206;
        }
        offset += size;
    }
    return 416;
}

static enum err_code answer_object(struct local_call *call, struct source *source, struct err *err)
{
    const struct s3_object *object = &source->object;
    if (!check_conditions(call, object))
        return ERR_NONE;
    uint64_t offset = 0, len = object->size_bytes;
    int status = part_range(call, object, &offset, &len);
    if (status < 0)
        return ERR_NONE;
    bool part = status != 0;
    if (part && status == 416)
        return call_fail(
            call, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
    if (!part)
        status = s3_range(call_request_header(call, "range"), len, &offset, &len);
    if (part && len == 0)
        status = 200; /* nothing has no range */
    if (status == 416) {
        call_fail(call, 416, "InvalidRange", "The requested range is not satisfiable");
        call_header(
            call, "Content-Range",
            str_fmt(call->arena, "bytes */%llu", (unsigned long long) object->size_bytes));
        return ERR_NONE;
    }
    answer_headers(call, object);
    answer_stored_sum(call, object, status == 0);
    if (status == 206)
        call_header(
            call, "Content-Range",
            str_fmt(
                call->arena, "bytes %llu-%llu/%llu", (unsigned long long) offset,
                (unsigned long long) (offset + len - 1), (unsigned long long) object->size_bytes));
    call->response->status = status == 206 ? 206 : 200;
    call->response->body_len = len;
    if (str_eq(call->http->method, STR("HEAD")) || len == 0)
        return ERR_NONE;
    return send_bytes(call, source, offset, len, err);
}

enum err_code s3_get_object(struct local_call *call, struct err *err)
{
    struct source source = {.fd = -1};
    bool ok = false;
    enum err_code code = find(call, &source, &ok, err);
    if (code == ERR_NONE && ok)
        code = answer_object(call, &source, err);
    fd_close(&source.fd);
    return code;
}
