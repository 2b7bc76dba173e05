/* What is being uploaded in parts: ListParts and ListMultipartUploads. */
#include "engine/local/s3_page.h"

enum err_code s3_list_parts(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_upload upload;
    int64_t after = 0, last = 0;
    size_t max = 0, count = 0;
    bool more = false;
    if (!s3_check_bucket(call) || !s3_page_size(call, "max-parts", &max) ||
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

static void
add_upload(struct local_call *call, struct s3_page *page, struct db_stmt *q, struct str key)
{
    struct buf *xml = &page->entries;
    struct str sum_name = db_col_text(q, 3, call->arena);
    buf_add_z(xml, "<Upload>");
    s3_page_text(call, page, xml, "Key", key);
    xml_element(xml, "UploadId", page->last_id);
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
static bool was_given(const struct s3_page *page, struct str key)
{
    return page->delimiter.len > 0 && page->after.len > page->prefix.len &&
           str_ends(page->after, page->delimiter) && str_starts(key, page->after);
}

static void fill(struct local_call *call, struct s3_page *page)
{
    struct str given = STR_NULL;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, id, created_ms, sum_name, sum_type FROM upload WHERE bucket=?1 AND (key>?2 OR "
        "(key=?2 AND id>?3)) ORDER BY key, id",
        DB_ARGS(
            db_text(call->bucket), db_text(str_is_null(page->after) ? STR("") : page->after),
            db_text(str_is_null(page->after_id) ? STR("~") : page->after_id)));
    while (db_next(q)) {
        struct str key = db_col_text(q, 0, call->arena);
        if (!str_starts(key, page->prefix) || was_given(page, key) ||
            (!str_is_null(given) && str_starts(key, given)))
            continue;
        struct str group = s3_page_group(page, key);
        bool alone = str_is_null(group);
        struct str id = alone ? db_col_text(q, 1, call->arena) : STR_NULL;
        if (!s3_page_take(page, alone ? key : group, id))
            break;
        if (alone) {
            add_upload(call, page, q, key);
        } else {
            given = group;
            s3_page_add_group(call, page, group);
        }
    }
    db_finish(&q);
}

static void write_page(struct local_call *call, struct s3_page *page, struct buf *xml)
{
    buf_add_z(xml, "<ListMultipartUploadsResult" S3_XMLNS ">");
    xml_element(xml, "Bucket", call->bucket);
    s3_page_text(call, page, xml, "KeyMarker", page->after);
    xml_element(xml, "UploadIdMarker", page->after_id);
    s3_page_text(call, page, xml, "Prefix", page->prefix);
    s3_page_terms(call, page, xml);
    if (page->full) {
        s3_page_text(call, page, xml, "NextKeyMarker", page->last);
        xml_element(xml, "NextUploadIdMarker", page->last_id);
    }
    buf_fmt(
        xml, "<MaxUploads>%zu</MaxUploads><IsTruncated>%s</IsTruncated>", page->max,
        page->full ? "true" : "false");
    s3_page_finish(page, xml);
    buf_add_z(xml, "</ListMultipartUploadsResult>");
}

enum err_code s3_list_multiparts(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_page page;
    if (!s3_page_begin(call, &page, "max-uploads"))
        return ERR_NONE;
    page.after = call_param(call, "key-marker");
    page.after_id = call_param(call, "upload-id-marker");
    fill(call, &page);
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(16));
    write_page(call, &page, &xml);
    return call_xml(call, buf_str(&xml));
}
