#include "engine/aws/fault.h"
#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/uri.h"
#include "engine/base/vec.h"

#define MAX_KEYS 1000         /* of a page, and what S3 gives without max-keys */
#define LEAST_ENTRY_BYTES 150 /* of XML that an object takes in a page: none is shorter */
#define MAX_UPLOADS 100000

static void arena_close_scratch(struct arena **arena)
{
    arena_free(*arena);
}

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

/* ---- objects ---- */

/* A page as it is read; strings of results go to arena, all else to scratch. */
struct page {
    struct arena *arena, *scratch;
    VEC(struct s3_object) objects;
    VEC(struct str) prefixes;
    struct s3_object object; /* the one whose element is open */
    bool in_contents, in_prefixes, has_size, has_time;
    bool more;
    struct str token;
    struct err err; /* the first thing that was wrong */
};

static void page_start(void *arg, size_t depth, struct str name)
{
    struct page *page = arg;
    if (depth == 0 && !str_eq_z(name, "ListBucketResult"))
        fault_other_root("ListObjectsV2", "ListBucketResult", name, &page->err);
    if (depth != 1)
        return;
    page->in_contents = str_eq_z(name, "Contents");
    page->in_prefixes = str_eq_z(name, "CommonPrefixes");
    page->object = (struct s3_object){.size_bytes = 0};
    page->has_size = page->has_time = false;
}

static void read_key(struct page *page, struct str text, struct str *out)
{
    UNFILLED struct err err;
    if (decode(page->arena, "ListObjectsV2", text, out, &err) != ERR_NONE &&
        page->err.code == ERR_NONE)
        page->err = err;
}

static void read_member(struct page *page, struct str name, struct str text)
{
    struct s3_object *object = &page->object;
    if (str_eq_z(name, "Key"))
        read_key(page, text, &object->key);
    else if (str_eq_z(name, "ETag"))
        object->etag = str_dup(page->arena, text);
    else if (str_eq_z(name, "Size"))
        page->has_size = str_to_u64(text, &object->size_bytes);
    else if (str_eq_z(name, "LastModified"))
        page->has_time = time_parse(text, &object->modified_ms);
}

static void end_contents(struct page *page)
{
    if (str_is_null(page->object.key) && page->err.code == ERR_NONE)
        err_set(&page->err, ERR_PROTOCOL, "ListObjectsV2: an entry has no key");
    if ((!page->has_size || !page->has_time) && page->err.code == ERR_NONE)
        err_set(
            &page->err, ERR_PROTOCOL,
            "ListObjectsV2: the entry for '" STR_FMT "' has no size or no time",
            STR_ARG(page->object.key));
    *VEC_PUSH(page->scratch, &page->objects) = page->object;
}

static void page_end(void *arg, size_t depth, struct str name, struct str text)
{
    struct page *page = arg;
    if (depth == 2 && page->in_contents)
        read_member(page, name, text);
    else if (depth == 2 && page->in_prefixes && str_eq_z(name, "Prefix"))
        read_key(page, text, VEC_PUSH(page->scratch, &page->prefixes));
    else if (depth == 1 && page->in_contents)
        end_contents(page);
    else if (depth == 1 && str_eq_z(name, "IsTruncated"))
        page->more = str_eq_z(text, "true");
    else if (depth == 1 && str_eq_z(name, "NextContinuationToken"))
        page->token = str_dup(page->arena, text);
}

static enum err_code read_page(struct page *page, struct str body, struct err *err)
{
    struct xml_handler handler = {.start = page_start, .end = page_end, .arg = page};
    UNFILLED struct err broken;
    size_t most = body.len / LEAST_ENTRY_BYTES + 1;
    VEC_RESERVE(page->scratch, &page->objects, most < MAX_KEYS ? most : MAX_KEYS);
    if (xml_walk(str_trim(body), S3_MAX_XML, &handler, &broken) != ERR_NONE)
        return fault_unreadable("ListObjectsV2", "XML", broken.message, err);
    if (page->err.code != ERR_NONE) {
        *err = page->err;
        return err->code;
    }
    if (page->more && page->token.len == 0)
        return err_set(err, ERR_PROTOCOL, "ListObjectsV2: there is more, but no way to ask for it");
    return ERR_NONE;
}

enum err_code s3_list_page(
    struct aws *aws,
    struct arena *arena,
    struct arena *scratch,
    struct str bucket,
    const struct s3_list_options *options,
    struct str token,
    size_t max_keys,
    struct s3_page *ret_page,
    struct err *err)
{
    AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
    s3_query_add(&query, "continuation-token", token);
    s3_query_add(&query, "delimiter", options->delimiter);
    s3_query_add(&query, "encoding-type", STR("url"));
    s3_query_add(&query, "list-type", STR("2"));
    if (max_keys < MAX_KEYS)
        s3_query_add(&query, "max-keys", str_fmt(scratch, "%zu", max_keys));
    s3_query_add(&query, "prefix", options->prefix);
    if (str_is_null(token))
        s3_query_add(&query, "start-after", options->start_after);
    struct aws_call call = s3_call_of(scratch, "ListObjectsV2", "GET", bucket, STR_NULL);
    call.query = buf_str(&query);
    call.max_body = S3_MAX_XML;
    call.any_region = options->any_region;
    struct http_response response;
    enum err_code code = aws_call(aws, scratch, &call, &response, err);
    struct page page = {.arena = arena, .scratch = scratch};
    if (code == ERR_NONE)
        code = read_page(&page, response.body, err);
    if (code != ERR_NONE)
        return code;
    *ret_page = (struct s3_page){
        .objects = page.objects.items,
        .count = page.objects.len,
        .prefixes = page.prefixes.items,
        .n_prefixes = page.prefixes.len,
        .token = page.more ? page.token : STR_NULL,
        .date_ms = s3_date_ms(&response)};
    return ERR_NONE;
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
    size_t limit = options->max_objects > 0 ? options->max_objects : S3_LIST_MAX_OBJECTS;
    VEC(struct s3_object) objects = {0};
    VEC(struct str) prefixes = {0};
    struct s3_page page = {.token = STR_NULL};
    AUTO(arena_close_scratch) struct arena *scratch = arena_new("S3 listing", 0);
    do {
        size_t left = limit - (objects.len + prefixes.len);
        arena_reset(scratch);
        enum err_code code =
            s3_list_page(aws, arena, scratch, bucket, options, page.token, left, &page, err);
        if (code != ERR_NONE)
            return code;
        for (size_t i = 0; i < page.count; i++)
            *VEC_PUSH(arena, &objects) = page.objects[i];
        for (size_t i = 0; i < page.n_prefixes; i++)
            *VEC_PUSH(arena, &prefixes) = page.prefixes[i];
    } while (!str_is_null(page.token) && objects.len + prefixes.len < limit);
    if (!str_is_null(page.token) && options->max_objects == 0)
        return err_set(
            err, ERR_PROTOCOL,
            "there are more than %d objects under 's3://" STR_FMT "/" STR_FMT "'",
            S3_LIST_MAX_OBJECTS, STR_ARG(bucket), STR_ARG(options->prefix));
    *ret_listing = (struct s3_listing){
        .objects = objects.items,
        .count = objects.len,
        .prefixes = prefixes.items,
        .n_prefixes = prefixes.len,
        .cut = !str_is_null(page.token),
        .date_ms = page.date_ms,
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
    enum err_code code =
        s3_xml(scratch, s_operation, "ListMultipartUploadsResult", body, &root, err);
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
