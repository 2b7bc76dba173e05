/* Older versions of objects and delete markers, and their listing. The current version of a key is
 * its row in `object`; all that is older is in `old_version`, by number. A marker is a row there,
 * too: when it is the newest, the key has no current version.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html */
#include "engine/base/digest.h"
#include "engine/local/s3_page.h"
#include "engine/local/world.h"

void s3_archive(struct local_call *call, struct str bucket, struct str key)
{
    db_run(
        call->db,
        "INSERT INTO old_version(marker, bucket, key, blob, size, etag, modified_ms, headers, tags,"
        " sum_kind, sum, sum_type, parts, version) SELECT 0, bucket, key, blob, size, etag,"
        " modified_ms, headers, tags, sum_kind, sum, sum_type, parts, version FROM object"
        " WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(bucket), db_text(key)));
    db_run(
        call->db, "DELETE FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(bucket), db_text(key)));
}

bool s3_drop_version(
    struct local_call *call,
    struct str bucket,
    struct str key,
    struct str version,
    bool *ret_marker)
{
    struct db_stmt *q = db_query(
        call->db,
        "SELECT number, marker, blob FROM old_version WHERE bucket=?1 AND key=?2"
        " AND coalesce(version, 'null')=?3",
        DB_ARGS(db_text(bucket), db_text(key), db_text(version)));
    bool found = db_next(q);
    int64_t number = found ? db_col_int(q, 0) : 0;
    bool marker = found && db_col_int(q, 1) != 0;
    struct str blob = found ? db_col_text(q, 2, call->arena) : STR_NULL;
    db_finish(&q);
    if (!found)
        return false;
    db_run(call->db, "DELETE FROM old_version WHERE number=?1", DB_ARGS(db_int(number)));
    if (!str_is_null(blob))
        world_doom_blob(call->local, blob);
    if (ret_marker != NULL)
        *ret_marker = marker;
    return true;
}

void s3_add_marker(struct local_call *call, struct str key, struct str version)
{
    db_run(
        call->db,
        "INSERT INTO old_version(marker, bucket, key, size, modified_ms, sum_kind, parts, version)"
        " VALUES(1, ?1, ?2, 0, ?3, 0, 0, ?4)",
        DB_ARGS(db_text(call->bucket), db_text(key), db_int(call->now_ms), db_text(version)));
}

/* The newest of the older versions. */
static bool newest(
    struct local_call *call,
    struct str key,
    int64_t *ret_number,
    bool *ret_marker,
    struct str *ret_version)
{
    struct db_stmt *q = db_query(
        call->db,
        "SELECT number, marker, coalesce(version, 'null') FROM old_version"
        " WHERE bucket=?1 AND key=?2 ORDER BY number DESC LIMIT 1",
        DB_ARGS(db_text(call->bucket), db_text(key)));
    bool found = db_next(q);
    if (found) {
        *ret_number = db_col_int(q, 0);
        *ret_marker = db_col_int(q, 1) != 0;
        *ret_version = db_col_text(q, 2, call->arena);
    }
    db_finish(&q);
    return found;
}

void s3_promote(struct local_call *call, struct str key)
{
    int64_t number = 0;
    bool marker = false;
    struct str version = STR_NULL;
    if (!newest(call, key, &number, &marker, &version) || marker)
        return;
    db_run(
        call->db,
        "INSERT OR REPLACE INTO object(bucket, key, blob, size, etag, modified_ms, headers, tags,"
        " sum_kind, sum, sum_type, parts, version) SELECT bucket, key, blob, size, etag,"
        " modified_ms, headers, tags, sum_kind, sum, sum_type, parts, version FROM old_version"
        " WHERE number=?1",
        DB_ARGS(db_int(number)));
    db_run(call->db, "DELETE FROM old_version WHERE number=?1", DB_ARGS(db_int(number)));
}

bool s3_marker_is_latest(struct local_call *call, struct str key, struct str *ret_version)
{
    int64_t number = 0;
    bool marker = false;
    struct s3_object current;
    struct str version = STR_NULL;
    if (s3_find(call, call->bucket, key, &current) ||
        !newest(call, key, &number, &marker, &version) || !marker)
        return false;
    *ret_version = version;
    return true;
}

/* ------------------------------------------------------------------ listing */

static void add_version(
    struct local_call *call, struct s3_page *page, struct db_stmt *q, struct str key, bool latest)
{
    struct buf *xml = &page->entries;
    bool marker = db_col_int(q, 2) != 0;
    buf_add_z(xml, marker ? "<DeleteMarker>" : "<Version>");
    s3_page_text(call, page, xml, "Key", key);
    xml_element(xml, "VersionId", page->last_id);
    xml_element(xml, "IsLatest", latest ? STR("true") : STR("false"));
    xml_element(xml, "LastModified", time_iso_ms(call->arena, db_col_int(q, 3)));
    if (!marker) {
        xml_element(xml, "ETag", s3_quoted(call, db_col_text(q, 4, call->arena)));
        buf_fmt(xml, "<Size>%lld</Size>", (long long) db_col_int(q, 5));
        buf_add_z(xml, "<StorageClass>STANDARD</StorageClass>");
    }
    buf_add_z(xml, "<Owner>");
    xml_element(xml, "ID", call->account);
    buf_add_z(xml, marker ? "</Owner></DeleteMarker>" : "</Owner></Version>");
}

/* Whether an earlier page gave it, as the marker parameters say; *passed: they are behind us. */
static bool was_given(const struct s3_page *page, struct str key, struct str version, bool *passed)
{
    if (str_is_empty(page->after) || *passed)
        return false;
    if (!str_eq(key, page->after)) {
        bool group = page->delimiter.len > 0 && str_starts(key, page->after) &&
                     str_ends(page->after, page->delimiter);
        *passed = !group;
        return group;
    }
    if (str_is_empty(page->after_id))
        return true;
    *passed = str_eq(version, page->after_id);
    return true;
}

static void fill(struct local_call *call, struct s3_page *page)
{
    struct arena *arena = call->arena;
    bool passed = false;
    struct str previous = STR_NULL, given = STR_NULL;
    struct str from = str_cmp(page->after, page->prefix) > 0 ? page->after : page->prefix;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, coalesce(version, 'null'), 0, modified_ms, etag, size,"
        " 9223372036854775807 AS number FROM object WHERE bucket=?1 AND key>=?2"
        " UNION ALL SELECT key, coalesce(version, 'null'), marker, modified_ms, etag, size, number"
        " FROM old_version WHERE bucket=?1 AND key>=?2 ORDER BY key, number DESC",
        DB_ARGS(db_text(call->bucket), db_text(str_is_null(from) ? STR("") : from)));
    while (db_next(q)) {
        struct str key = db_col_text(q, 0, arena), version = db_col_text(q, 1, arena);
        bool latest = !str_eq(key, previous);
        if (!str_starts(key, page->prefix))
            break;
        previous = key;
        if (was_given(page, key, version, &passed) ||
            (!str_is_null(given) && str_starts(key, given)))
            continue;
        struct str group = s3_page_group(page, key);
        bool alone = str_is_null(group);
        if (!s3_page_take(page, alone ? key : group, alone ? version : STR_NULL))
            break;
        if (alone) {
            add_version(call, page, q, key, latest);
        } else {
            given = group;
            s3_page_add_group(call, page, group);
        }
    }
    db_finish(&q);
}

static void write_page(struct local_call *call, struct s3_page *page, struct buf *xml)
{
    bool truncated = page->full && page->max > 0;
    buf_add_z(xml, "<ListVersionsResult" S3_XMLNS ">");
    xml_element(xml, "Name", call->bucket);
    s3_page_text(call, page, xml, "Prefix", page->prefix);
    s3_page_text(call, page, xml, "KeyMarker", page->after);
    xml_element(xml, "VersionIdMarker", page->after_id);
    buf_fmt(xml, "<MaxKeys>%zu</MaxKeys>", page->max);
    s3_page_terms(call, page, xml);
    buf_fmt(xml, "<IsTruncated>%s</IsTruncated>", truncated ? "true" : "false");
    if (truncated) {
        s3_page_text(call, page, xml, "NextKeyMarker", page->last);
        if (!str_is_null(page->last_id))
            xml_element(xml, "NextVersionIdMarker", page->last_id);
    }
    s3_page_finish(page, xml);
    buf_add_z(xml, "</ListVersionsResult>");
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
enum err_code s3_list_versions(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_page page;
    if (!s3_page_begin(call, &page, "max-keys"))
        return ERR_NONE;
    page.after = call_param(call, "key-marker");
    page.after_id = call_param(call, "version-id-marker");
    if (!str_is_empty(page.after_id) && str_is_empty(page.after))
        return call_fail(
            call, 400, "InvalidArgument",
            "A version-id marker cannot be specified without a key marker.");
    fill(call, &page);
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(32));
    write_page(call, &page, &xml);
    return call_xml(call, buf_str(&xml));
}
