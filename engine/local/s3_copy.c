#include "engine/base/file.h"
#include "engine/local/access.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

/* x-amz-copy-source: /bucket/url-encoded-key[?versionId=id] */
static bool parse_source(
    struct local_call *call, struct str *ret_bucket, struct str *ret_key, struct str *ret_version)
{
    struct str source = call_request_header(call, "x-amz-copy-source");
    size_t version = str_find(source, STR("?versionId="));
    struct str version_id =
        version == SIZE_MAX ? STR_NULL : str_from_index(source, version + strlen("?versionId="));
    struct str decoded = STR("");
    bool ok = uri_decode(call->arena, str_slice(source, 0, version), false, &decoded);
    if (str_starts(decoded, STR("/")))
        decoded = str_from_index(decoded, 1);
    size_t slash = str_index(decoded, '/');
    if (!ok || slash == SIZE_MAX || slash == 0 || slash + 1 >= decoded.len) {
        call_fail(
            call, 400, "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
        return false;
    }
    *ret_bucket = str_slice(decoded, 0, slash);
    *ret_key = str_from_index(decoded, slash + 1);
    *ret_version = version_id;
    return true;
}

static bool source_conditions(struct local_call *call, const struct s3_object *object)
{
    struct str match = call_request_header(call, "x-amz-copy-source-if-match");
    struct str none = call_request_header(call, "x-amz-copy-source-if-none-match");
    int64_t since_ms, seconds = object->modified_ms / 1000 * 1000;
    bool fails = (!str_is_null(match) && !s3_etag_matches(match, object->etag)) ||
                 (!str_is_null(none) && s3_etag_matches(none, object->etag));
    if (str_is_null(match) &&
        time_parse(call_request_header(call, "x-amz-copy-source-if-unmodified-since"), &since_ms))
        fails |= seconds > since_ms;
    if (str_is_null(none) &&
        time_parse(call_request_header(call, "x-amz-copy-source-if-modified-since"), &since_ms))
        fails |= seconds <= since_ms;
    if (fails)
        call_fail(
            call, 412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
    return !fails;
}

bool s3_copy_source(struct local_call *call, struct s3_object *out)
{
    struct str bucket, key, version;
    *out = (struct s3_object){0};
    if (!parse_source(call, &bucket, &key, &version))
        return false;
    const struct s3_bucket *known = s3_bucket_find(call->local, bucket);
    struct str account = known != NULL ? known->account : STR_NULL;
    struct str expected = call_request_header(call, "x-amz-source-expected-bucket-owner");
    if (str_is_null(account))
        call_fail(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    else if (
        !str_eq(account, call->account) ||
        !access_allows(
            call, str_is_null(version) ? "s3:GetObject" : "s3:GetObjectVersion", bucket, key,
            STR_NULL) ||
        (!str_is_null(expected) && !str_eq(expected, account)))
        call_fail(call, 403, "AccessDenied", "Access Denied");
    else if (!s3_find_version(call, bucket, key, version, out) && str_is_null(version))
        s3_fail_missing(call);
    else if (str_is_null(out->bucket))
        call_fail(call, 404, "NoSuchVersion", "The specified version does not exist.");
    else if (out->marker)
        call_fail(
            call, 400, "InvalidRequest",
            "The source of a copy request may not specifically refer to a delete marker by "
            "version id.");
    else
        return source_conditions(call, out);
    return false;
}

static bool replaces(const struct local_call *call, const char *directive)
{
    return str_eq(call_request_header(call, directive), STR("REPLACE"));
}

/* The source's headers, but not its encryption: that is the request's or the bucket's. */
static bool copy_headers(struct local_call *call, const struct json *from, struct json **out)
{
    struct json *own, *headers = json_object(call->arena);
    struct str prefix = STR("x-amz-server-side-encryption");
    if (!s3_keep_headers(call, &own))
        return false;
    JSON_EACH (header, from)
        if (!str_starts(header->key, prefix) && !str_eq_z(header->key, S3_PARTS))
            json_set(call->arena, headers, header->key, json_copy(call->arena, header));
    JSON_EACH (header, own)
        if (str_starts(header->key, prefix))
            json_set(call->arena, headers, header->key, json_copy(call->arena, header));
    *out = headers;
    return true;
}

/* The new object's row from the source's and the request's headers. false: answered. */
static bool plan_copy(struct local_call *call, struct s3_object *object)
{
    struct s3_object source;
    if (!s3_check_bucket(call) || !s3_copy_source(call, &source) || !s3_check_write(call))
        return false;
    bool new_headers = replaces(call, "x-amz-metadata-directive");
    bool new_tags = replaces(call, "x-amz-tagging-directive");
    bool sealed = !str_is_null(call_request_header(call, "x-amz-server-side-encryption"));
    if (!new_headers && !new_tags && !sealed && str_eq(source.bucket, call->bucket) &&
        str_eq(source.key, call->key)) {
        call_fail(
            call, 400, "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or "
            "encryption "
            "attributes.");
        return false;
    }
    *object = source;
    object->bucket = call->bucket;
    object->key = call->key;
    object->modified_ms = call->now_ms;
    if (str_starts(json_get_str(source.headers, "x-amz-server-side-encryption"), STR("aws:kms")))
        object->etag = STR_NULL; /* of the source alone: the copy's comes from its bytes */
    if (new_headers ? !s3_keep_headers(call, &object->headers)
                    : !copy_headers(call, source.headers, &object->headers))
        return false;
    if (new_tags)
        object->tags = call_request_header(call, "x-amz-tagging");
    return s3_check_tags(call, object->tags);
}

struct flattening {
    struct digest *digest;
    struct s3_summing summing;
};

static enum err_code add_piece(void *arg, struct str piece, struct err *err)
{
    struct flattening *flattening = arg;
    (void) err;
    digest_add(flattening->digest, piece);
    s3_summing_add(&flattening->summing, piece);
    return ERR_NONE;
}

/* A copy is one piece: of a multipart source, or one whose ETag says nothing, it gets a plain MD5
 * as its ETag, and no checksum of checksums but one of the bytes. x-amz-checksum-algorithm asks for
 * another. */
static enum err_code flatten(struct local_call *call, struct s3_object *object, struct err *err)
{
    enum s3_sum_kind asked = s3_sum_by_name(call_request_header(call, "x-amz-checksum-algorithm"));
    enum s3_sum_kind kind = asked != S3_SUM_NONE ? asked : object->sum.kind;
    bool other = kind != object->sum.kind || str_eq(object->sum_type, STR("COMPOSITE"));
    if (object->parts == 0 && !str_is_null(object->etag) && !other)
        return ERR_NONE;
    AUTO(digest_close) struct digest *digest = digest_new();
    struct flattening flattening = {digest, s3_summing_begin(kind)};
    AUTO(fd_close) int fd = -1;
    struct md5 md5;
    uint64_t base = 0;
    enum err_code code = blobs_fd(call->local->blobs, object->blob, &fd, &base, err);
    if (code == ERR_NONE && fd >= 0) {
        code = fd_each_piece(fd, base, object->size_bytes, add_piece, &flattening, err);
    } else if (code == ERR_NONE) {
        struct str bytes = STR("");
        code = blobs_read(
            call->local->blobs, call->arena, object->blob, 0, object->size_bytes, &bytes, err);
        add_piece(&flattening, bytes, err);
    }
    digest_end(digest, NULL, &md5);
    struct str sum = s3_summing_end(&flattening.summing, call->arena);
    object->etag = hex_of(call->arena, md5.bytes, MD5_LEN);
    object->parts = 0;
    object->sum = (struct s3_sum){kind, sum};
    object->sum_type = STR("FULL_OBJECT");
    return code;
}

/* First the source is linked under a new id, then, outside the lock, hashed when it must be, then
 * the row is written if its conditions still hold. */
static enum err_code
take_source(struct local_call *call, struct s3_object *object, bool *ret_ok, struct err *err)
{
    enum err_code code = world_enter(call->local, err);
    *ret_ok = false;
    if (code != ERR_NONE)
        return code;
    bool planned = plan_copy(call, object);
    if (planned) {
        struct str id = world_new_id(call->local, call->arena);
        code = blobs_copy(call->local->blobs, call->arena, object->blob, id, &object->blob, err);
    }
    if (code != ERR_NONE || (call->failed && !db_failed(call->db))) {
        world_abandon(call->local);
        return code;
    }
    code = world_leave(call->local, err);
    *ret_ok = code == ERR_NONE;
    return code;
}

static enum err_code
store_copy(struct local_call *call, struct s3_object *object, bool *ret_ok, struct err *err)
{
    enum err_code code = world_enter(call->local, err);
    *ret_ok = false;
    if (code != ERR_NONE)
        return code;
    if ((!s3_check_bucket(call) || !s3_check_write(call)) && !db_failed(call->db)) {
        world_abandon(call->local);
        return ERR_NONE;
    }
    s3_seal(call, object);
    s3_store(call, object);
    code = world_leave(call->local, err);
    *ret_ok = code == ERR_NONE;
    return code;
}

enum err_code s3_copy_object(struct local_call *call, struct err *err)
{
    struct s3_object object = {0};
    bool ok = false;
    enum err_code code = take_source(call, &object, &ok, err);
    if (code != ERR_NONE || !ok)
        return code;
    code = flatten(call, &object, err);
    ok = false;
    if (code == ERR_NONE)
        code = store_copy(call, &object, &ok, err);
    if (!ok) {
        blobs_remove(call->local->blobs, object.blob);
        return code;
    }
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(8));
    buf_add_z(&xml, "<CopyObjectResult" S3_XMLNS ">");
    xml_element(&xml, "ETag", s3_quoted(call, object.etag));
    xml_element(&xml, "LastModified", time_iso_ms(call->arena, object.modified_ms));
    if (object.sum.kind != S3_SUM_NONE) {
        xml_element(&xml, "ChecksumType", object.sum_type);
        xml_element(&xml, s3_sum_element(object.sum.kind), object.sum.value);
    }
    buf_add_z(&xml, "</CopyObjectResult>");
    s3_answer_state(call, &object);
    return call_xml(call, buf_str(&xml));
}
