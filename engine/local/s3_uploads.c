/* What is being uploaded in parts: ListParts and ListMultipartUploads. */
#include "engine/local/s3.h"

enum { PAGE = 1000 };

/* false: answered. */
static bool page_size(struct local_call *call, const char *param, size_t *out)
{
    uint64_t max = PAGE;
    struct str text = call_param(call, param);
    if (!str_is_empty(text) && !str_to_u64(text, &max)) {
        call_fail(
            call, 400, "InvalidArgument", "Provided %s not an integer or within integer range",
            param);
        return false;
    }
    *out = max < PAGE ? (size_t) max : PAGE;
    return true;
}

enum err_code s3_list_parts(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_upload upload;
    int64_t after = 0, last = 0;
    size_t max = 0, count = 0;
    bool more = false;
    if (!s3_check_bucket(call) || !page_size(call, "max-parts", &max) ||
        !s3_find_upload(call, &upload))
        return ERR_NONE;
    if (!str_to_i64(call_param(call, "part-number-marker"), &after))
        after = 0;
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(1)), parts = BUF_INIT(MIB(1));
    struct db_stmt *q = db_query(
        call->db,
        "SELECT number, size, etag, modified_ms, sum_kind, sum FROM part WHERE upload=?1 AND"
        " number>?2 ORDER BY number",
        DB_ARGS(db_text(upload.id), db_int(after)));
    while (db_next(q)) {
        more = count == max;
        if (more)
            break;
        count++;
        last = db_col_int(q, 0);
        buf_fmt(&parts, "<Part><PartNumber>%lld</PartNumber>", (long long) last);
        xml_element(&parts, "LastModified", time_iso_ms(call->arena, db_col_int(q, 3)));
        xml_element(&parts, "ETag", s3_quoted(call, db_col_text(q, 2, call->arena)));
        enum s3_sum_kind kind = (enum s3_sum_kind) db_col_int(q, 4);
        if (kind != S3_SUM_NONE)
            xml_element(&parts, s3_sum_element(kind), db_col_text(q, 5, call->arena));
        buf_fmt(&parts, "<Size>%lld</Size></Part>", (long long) db_col_int(q, 1));
    }
    db_finish(&q);
    buf_add_z(&xml, "<ListPartsResult" S3_XMLNS ">");
    xml_element(&xml, "Bucket", call->bucket);
    xml_element(&xml, "Key", call->key);
    xml_element(&xml, "UploadId", upload.id);
    if (!str_is_null(upload.sum_name))
        xml_element(&xml, "ChecksumAlgorithm", upload.sum_name);
    if (!str_is_null(upload.sum_type))
        xml_element(&xml, "ChecksumType", upload.sum_type);
    buf_add_z(&xml, "<Initiator>");
    xml_element(&xml, "ID", call->account);
    buf_add_z(&xml, "</Initiator><Owner>");
    xml_element(&xml, "ID", call->account);
    buf_add_z(&xml, "</Owner><StorageClass>STANDARD</StorageClass>");
    buf_fmt(&xml, "<PartNumberMarker>%lld</PartNumberMarker>", (long long) after);
    if (more) /* the paginator of the SDK for JavaScript goes on as long as there is one */
        buf_fmt(&xml, "<NextPartNumberMarker>%lld</NextPartNumberMarker>", (long long) last);
    buf_fmt(
        &xml, "<MaxParts>%zu</MaxParts><IsTruncated>%s</IsTruncated>", max,
        more ? "true" : "false");
    buf_add(&xml, buf_str(&parts));
    buf_add_z(&xml, "</ListPartsResult>");
    return call_xml(call, buf_str(&xml));
}

/* ------------------------------------------------------------------ uploads */

struct page {
    struct str prefix, delimiter, key_marker, id_marker;
    bool encode, more;
    size_t max, count;
    struct str key, id; /* of what was given last; a group has no id */
    struct buf uploads, groups;
};

static void add_text(
    const struct page *page, struct buf *xml, const char *name, struct str text, struct arena *a)
{
    xml_element(xml, name, page->encode ? uri_encoded(a, text, true) : text);
}

static bool take(struct page *page, struct str key, struct str id)
{
    page->more = page->count == page->max;
    if (page->more)
        return false;
    page->count++;
    page->key = key;
    page->id = id;
    return true;
}

static void
add_upload(struct local_call *call, struct page *page, struct db_stmt *q, struct str key)
{
    struct buf *xml = &page->uploads;
    struct str sum_name = db_col_text(q, 3, call->arena);
    buf_add_z(xml, "<Upload>");
    add_text(page, xml, "Key", key, call->arena);
    xml_element(xml, "UploadId", page->id);
    buf_add_z(xml, "<Initiator>");
    xml_element(xml, "ID", call->account);
    buf_add_z(xml, "</Initiator><Owner>");
    xml_element(xml, "ID", call->account);
    buf_add_z(xml, "</Owner><StorageClass>STANDARD</StorageClass>");
    xml_element(xml, "Initiated", time_iso_ms(call->arena, db_col_int(q, 2)));
    if (!str_is_null(sum_name)) {
        xml_element(xml, "ChecksumAlgorithm", sum_name);
        xml_element(xml, "ChecksumType", db_col_text(q, 4, call->arena));
    }
    buf_add_z(xml, "</Upload>");
}

/* Whether an earlier page gave the group that a marker is. */
static bool was_given(const struct page *page, struct str key)
{
    return page->delimiter.len > 0 && page->key_marker.len > page->prefix.len &&
           str_ends(page->key_marker, page->delimiter) && str_starts(key, page->key_marker);
}

static void fill(struct local_call *call, struct page *page)
{
    struct str group = STR_NULL;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, id, created_ms, sum_name, sum_type FROM upload WHERE bucket=?1 AND (key>?2 OR "
        "(key=?2 AND id>?3)) ORDER BY key, id",
        DB_ARGS(
            db_text(call->bucket),
            db_text(str_is_null(page->key_marker) ? STR("") : page->key_marker),
            db_text(str_is_null(page->id_marker) ? STR("~") : page->id_marker)));
    while (db_next(q)) {
        struct str key = db_col_text(q, 0, call->arena);
        if (!str_starts(key, page->prefix) || was_given(page, key) ||
            (!str_is_null(group) && str_starts(key, group)))
            continue;
        size_t mark = page->delimiter.len > 0
                          ? str_find(str_from_index(key, page->prefix.len), page->delimiter)
                          : SIZE_MAX;
        if (mark == SIZE_MAX) {
            if (!take(page, key, db_col_text(q, 1, call->arena)))
                break;
            add_upload(call, page, q, key);
            continue;
        }
        group = str_slice(key, 0, page->prefix.len + mark + page->delimiter.len);
        if (!take(page, group, STR_NULL))
            break;
        buf_add_z(&page->groups, "<CommonPrefixes>");
        add_text(page, &page->groups, "Prefix", group, call->arena);
        buf_add_z(&page->groups, "</CommonPrefixes>");
    }
    db_finish(&q);
}

static void write_page(struct local_call *call, const struct page *page, struct buf *xml)
{
    buf_add_z(xml, "<ListMultipartUploadsResult" S3_XMLNS ">");
    xml_element(xml, "Bucket", call->bucket);
    add_text(page, xml, "KeyMarker", page->key_marker, call->arena);
    xml_element(xml, "UploadIdMarker", page->id_marker);
    add_text(page, xml, "Prefix", page->prefix, call->arena);
    if (page->delimiter.len > 0)
        add_text(page, xml, "Delimiter", page->delimiter, call->arena);
    if (page->encode)
        xml_element(xml, "EncodingType", STR("url"));
    if (page->more) {
        add_text(page, xml, "NextKeyMarker", page->key, call->arena);
        xml_element(xml, "NextUploadIdMarker", page->id);
    }
    buf_fmt(
        xml, "<MaxUploads>%zu</MaxUploads><IsTruncated>%s</IsTruncated>", page->max,
        page->more ? "true" : "false");
    buf_add(xml, buf_str(&page->uploads));
    buf_add(xml, buf_str(&page->groups));
    buf_add_z(xml, "</ListMultipartUploadsResult>");
}

enum err_code s3_list_multiparts(struct local_call *call, struct err *err)
{
    (void) err;
    struct page page = {
        .prefix = call_param(call, "prefix"),
        .delimiter = call_param(call, "delimiter"),
        .key_marker = call_param(call, "key-marker"),
        .id_marker = call_param(call, "upload-id-marker"),
        .encode = !str_is_empty(call_param(call, "encoding-type")),
    };
    if (!s3_check_bucket(call) || !page_size(call, "max-uploads", &page.max))
        return ERR_NONE;
    buf_init(&page.uploads, MIB(8));
    buf_init(&page.groups, MIB(8));
    fill(call, &page);
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(16));
    write_page(call, &page, &xml);
    buf_done(&page.uploads);
    buf_done(&page.groups);
    return call_xml(call, buf_str(&xml));
}
