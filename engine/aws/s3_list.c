#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/uri.h"
#include "engine/base/vec.h"

#define MAX_OBJECTS 1000000
#define MAX_UPLOADS 100000

static void arena_close_scratch(struct arena **arena)
{
    arena_free(*arena);
}

struct listing {
    VEC(struct s3_object) objects;
    VEC(struct str) prefixes;
    struct str token; /* null: the last page was read */
    int64_t date_ms;
};

/* Keys are form-encoded, since XML cannot hold every byte that a key can. */
static enum err_code decode(
    struct arena *arena,
    const char *operation,
    struct str text,
    struct str *ret_key,
    struct err *err)
{
    struct str key;
    if (!uri_decode(arena, text, true, &key))
        return err_set(
            err, ERR_PROTOCOL, "%s: the key '" STR_FMT "' is badly encoded", operation,
            STR_ARG(text));
    *ret_key = key;
    return ERR_NONE;
}

static enum err_code
read_object(struct arena *arena, const struct xml *node, struct s3_object *object, struct err *err)
{
    enum err_code code =
        decode(arena, "ListObjectsV2", xml_get_text(node, "Key"), &object->key, err);
    if (code != ERR_NONE)
        return code;
    object->etag = str_dup(arena, xml_get_text(node, "ETag"));
    if (!str_to_u64(xml_get_text(node, "Size"), &object->size_bytes) ||
        !time_parse(xml_get_text(node, "LastModified"), &object->modified_ms))
        return err_set(
            err, ERR_PROTOCOL, "ListObjectsV2: the entry for '" STR_FMT "' has no size or no time",
            STR_ARG(object->key));
    return ERR_NONE;
}

/* Results go to arena, the page itself to scratch. */
static enum err_code read_page(
    struct arena *arena,
    struct arena *scratch,
    const struct http_response *response,
    struct listing *listing,
    struct err *err)
{
    struct xml *root;
    enum err_code code = s3_xml(scratch, "ListObjectsV2", response->body, &root, err);
    if (code != ERR_NONE)
        return code;
    XML_EACH (node, root, "Contents") {
        struct s3_object object = {.size_bytes = 0};
        code = read_object(arena, node, &object, err);
        if (code != ERR_NONE)
            return code;
        *VEC_PUSH(arena, &listing->objects) = object;
    }
    XML_EACH (node, root, "CommonPrefixes") {
        struct str prefix = STR_NULL;
        code = decode(arena, "ListObjectsV2", xml_get_text(node, "Prefix"), &prefix, err);
        if (code != ERR_NONE)
            return code;
        *VEC_PUSH(arena, &listing->prefixes) = prefix;
    }
    listing->date_ms = s3_date_ms(response);
    bool more = str_eq_z(xml_get_text(root, "IsTruncated"), "true");
    struct str token = xml_get_text(root, "NextContinuationToken");
    if (more && token.len == 0)
        return err_set(err, ERR_PROTOCOL, "ListObjectsV2: there is more, but no way to ask for it");
    listing->token = more ? str_dup(arena, token) : STR_NULL;
    return ERR_NONE;
}

static enum err_code list_page(
    struct aws *aws,
    struct arena *arena,
    struct arena *scratch,
    struct str bucket,
    const struct s3_list_options *options,
    size_t page_size,
    struct listing *listing,
    struct err *err)
{
    AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
    s3_query_add(&query, "continuation-token", listing->token);
    s3_query_add(&query, "delimiter", options->delimiter);
    s3_query_add(&query, "encoding-type", STR("url"));
    s3_query_add(&query, "list-type", STR("2"));
    if (page_size < 1000)
        s3_query_add(&query, "max-keys", str_fmt(scratch, "%zu", page_size));
    s3_query_add(&query, "prefix", options->prefix);
    if (str_is_null(listing->token))
        s3_query_add(&query, "start-after", options->start_after);
    struct aws_call call = s3_call_of(scratch, "ListObjectsV2", "GET", bucket, STR_NULL);
    call.query = buf_str(&query);
    call.max_body = S3_MAX_XML;
    struct http_response response;
    enum err_code code = aws_call(aws, scratch, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    return read_page(arena, scratch, &response, listing, err);
}

enum err_code s3_list(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_list_options *options,
    struct s3_listing *ret_listing,
    struct err *err)
{
    static const struct s3_list_options s_none = {.max_objects = 0};
    if (options == NULL)
        options = &s_none;
    size_t limit = options->max_objects > 0 ? options->max_objects : MAX_OBJECTS;
    struct listing listing = {.token = STR_NULL};
    AUTO(arena_close_scratch) struct arena *scratch = arena_new("S3 listing", 0);
    do {
        size_t left = limit - (listing.objects.len + listing.prefixes.len);
        arena_reset(scratch);
        enum err_code code = list_page(aws, arena, scratch, bucket, options, left, &listing, err);
        if (code != ERR_NONE)
            return code;
    } while (!str_is_null(listing.token) && listing.objects.len + listing.prefixes.len < limit);
    if (!str_is_null(listing.token) && options->max_objects == 0)
        return err_set(
            err, ERR_PROTOCOL,
            "there are more than %d objects under 's3://" STR_FMT "/" STR_FMT "'", MAX_OBJECTS,
            STR_ARG(bucket), STR_ARG(options->prefix));
    *ret_listing = (struct s3_listing){
        .objects = listing.objects.items,
        .count = listing.objects.len,
        .prefixes = listing.prefixes.items,
        .n_prefixes = listing.prefixes.len,
        .cut = !str_is_null(listing.token),
        .date_ms = listing.date_ms,
    };
    return ERR_NONE;
}

/* ---- unfinished uploads ---- */

struct uploads {
    VEC(struct s3_upload) items;
    struct str key_marker, id_marker; /* null: the last page was read */
};

static enum err_code read_uploads(
    struct arena *arena,
    struct arena *scratch,
    struct str body,
    struct uploads *uploads,
    struct err *err)
{
    static const char *const s_operation = "ListMultipartUploads";
    struct xml *root;
    enum err_code code = s3_xml(scratch, s_operation, body, &root, err);
    if (code != ERR_NONE)
        return code;
    XML_EACH (node, root, "Upload") {
        struct s3_upload upload = {.upload_id = str_dup(arena, xml_get_text(node, "UploadId"))};
        code = decode(arena, s_operation, xml_get_text(node, "Key"), &upload.key, err);
        if (code != ERR_NONE)
            return code;
        if (!time_parse(xml_get_text(node, "Initiated"), &upload.initiated_ms))
            upload.initiated_ms = 0;
        *VEC_PUSH(arena, &uploads->items) = upload;
    }
    uploads->key_marker = STR_NULL;
    if (!str_eq_z(xml_get_text(root, "IsTruncated"), "true"))
        return ERR_NONE;
    uploads->id_marker = str_dup(arena, xml_get_text(root, "NextUploadIdMarker"));
    return decode(
        arena, s_operation, xml_get_text(root, "NextKeyMarker"), &uploads->key_marker, err);
}

enum err_code s3_list_uploads(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    struct s3_upload **ret_uploads,
    size_t *ret_count,
    struct err *err)
{
    struct uploads uploads = {.key_marker = STR_NULL, .id_marker = STR_NULL};
    AUTO(arena_close_scratch) struct arena *scratch = arena_new("S3 uploads", 0);
    do {
        arena_reset(scratch);
        AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
        s3_query_add(&query, "encoding-type", STR("url"));
        s3_query_add(&query, "key-marker", uploads.key_marker);
        s3_query_add(&query, "prefix", prefix);
        if (!str_is_null(uploads.key_marker))
            s3_query_add(&query, "upload-id-marker", uploads.id_marker);
        s3_query_add(&query, "uploads", STR(""));
        struct aws_call call = s3_call_of(scratch, "ListMultipartUploads", "GET", bucket, STR_NULL);
        call.query = buf_str(&query);
        struct http_response response;
        enum err_code code = aws_call(aws, scratch, &call, &response, err);
        if (code == ERR_NONE)
            code = read_uploads(arena, scratch, response.body, &uploads, err);
        if (code != ERR_NONE)
            return code;
    } while (!str_is_null(uploads.key_marker) && uploads.items.len < MAX_UPLOADS);
    *ret_uploads = uploads.items.items;
    *ret_count = uploads.items.len;
    return ERR_NONE;
}

enum err_code s3_abort_upload(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str upload_id,
    struct err *err)
{
    AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
    s3_query_add(&query, "uploadId", upload_id);
    struct aws_call call = s3_call_of(arena, "AbortMultipartUpload", "DELETE", bucket, key);
    call.query = buf_str(&query);
    struct http_response response;
    struct err failed;
    enum err_code code = aws_call(aws, arena, &call, &response, &failed);
    if (code == ERR_NOT_FOUND && strcmp(failed.aws.code, "NoSuchUpload") == 0)
        return ERR_NONE;
    if (code != ERR_NONE)
        *err = failed;
    return code;
}
