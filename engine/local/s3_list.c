/* ListObjects in both versions: one page is a walk over the keys in order, in which a common prefix
 * is jumped over, not read through. */
#include "engine/base/digest.h"
#include "engine/local/s3_page.h"

struct listing {
    struct s3_page page;
    bool owner; /* is told of each object */
};

/* The smallest text that is greater than everything that starts with prefix; null when none is. */
static struct str successor(struct arena *arena, struct str prefix)
{
    while (prefix.len > 0 && (unsigned char) prefix.ptr[prefix.len - 1] == 0xff)
        prefix.len--;
    if (prefix.len == 0)
        return STR_NULL;
    char *next = str_z(arena, prefix);
    next[prefix.len - 1] = (char) ((unsigned char) next[prefix.len - 1] + 1);
    return str_of(next, prefix.len);
}

static void
add_object(struct local_call *call, struct listing *listing, struct db_stmt *q, struct str key)
{
    struct buf *xml = &listing->page.entries;
    buf_add_z(xml, "<Contents>");
    s3_page_text(call, &listing->page, xml, "Key", key);
    xml_element(xml, "LastModified", time_iso_ms(call->arena, db_col_int(q, 1)));
    xml_element(xml, "ETag", s3_quoted(call, db_col_text(q, 2, call->arena)));
    enum s3_sum_kind kind = (enum s3_sum_kind) db_col_int(q, 4);
    if (kind != S3_SUM_NONE) {
        const char *name = s3_sum_element(kind) + strlen("Checksum");
        xml_element(xml, "ChecksumAlgorithm", str_from(name));
        xml_element(xml, "ChecksumType", db_col_text(q, 5, call->arena));
    }
    buf_fmt(xml, "<Size>%lld</Size>", (long long) db_col_int(q, 3));
    if (listing->owner) {
        buf_add_z(xml, "<Owner>");
        xml_element(xml, "ID", call->account);
        buf_add_z(xml, "</Owner>");
    }
    buf_add_z(xml, "<StorageClass>STANDARD</StorageClass></Contents>");
}

/* Reads keys from `from` (inclusive) on. Gives where to go on behind a group, null at the end. */
static struct str walk(struct local_call *call, struct listing *listing, struct str from)
{
    struct s3_page *page = &listing->page;
    struct str next = STR_NULL;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, modified_ms, etag, size, sum_kind, sum_type FROM object"
        " WHERE bucket=?1 AND key>=?2 ORDER BY key",
        DB_ARGS(db_text(call->bucket), db_text(from)));
    while (db_next(q)) {
        struct str key = db_col_text(q, 0, call->arena);
        if (!str_starts(key, page->prefix))
            break;
        struct str group = s3_page_group(page, key);
        if (str_is_null(group)) {
            if (str_cmp(key, page->after) <= 0)
                continue;
            if (!s3_page_take(page, key, STR_NULL))
                break;
            add_object(call, listing, q, key);
            continue;
        }
        if (str_cmp(group, page->after) > 0) {
            if (!s3_page_take(page, group, STR_NULL))
                break;
            s3_page_add_group(call, page, group);
        }
        next = successor(call->arena, group);
        break;
    }
    db_finish(&q);
    return next;
}

static void fill(struct local_call *call, struct listing *listing)
{
    const struct s3_page *page = &listing->page;
    struct str from = str_cmp(page->after, page->prefix) > 0 ? page->after : page->prefix;
    if (str_is_null(from))
        from = STR("");
    while (!str_is_null(from) && !page->full)
        from = walk(call, listing, from);
}

/* What both versions have in common. false: answered. */
static bool begin(struct local_call *call, struct s3_page *page)
{
    struct str encoding = call_param(call, "encoding-type");
    if (!s3_page_begin(call, page, "max-keys"))
        return false;
    if (!str_is_empty(encoding) && !str_eq(encoding, STR("url")))
        call_fail(call, 400, "InvalidArgument", "Invalid Encoding Method specified in Request");
    return !call->failed;
}

/* A page of no keys is never said to be cut short. */
static bool truncated(const struct s3_page *page)
{
    return page->full && page->max > 0;
}

static enum err_code finish(struct local_call *call, struct s3_page *page, struct buf *xml)
{
    buf_fmt(xml, "<MaxKeys>%zu</MaxKeys>", page->max);
    s3_page_terms(call, page, xml);
    buf_fmt(xml, "<IsTruncated>%s</IsTruncated>", truncated(page) ? "true" : "false");
    s3_page_finish(page, xml);
    buf_add_z(xml, "</ListBucketResult>");
    return call_xml(call, buf_str(xml));
}

static void head(struct local_call *call, const struct s3_page *page, struct buf *xml)
{
    buf_add_z(xml, "<ListBucketResult" S3_XMLNS ">");
    xml_element(xml, "Name", call->bucket);
    s3_page_text(call, page, xml, "Prefix", page->prefix);
}

enum err_code s3_list_objects(struct local_call *call, struct err *err)
{
    (void) err;
    struct listing listing = {.owner = true};
    struct s3_page *page = &listing.page;
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(32));
    if (!begin(call, page))
        return ERR_NONE;
    page->after = call_param(call, "marker");
    fill(call, &listing);
    head(call, page, &xml);
    s3_page_text(call, page, &xml, "Marker", page->after);
    if (truncated(page) && page->delimiter.len > 0)
        s3_page_text(call, page, &xml, "NextMarker", page->last);
    return finish(call, page, &xml);
}

enum err_code s3_list_objects_v2(struct local_call *call, struct err *err)
{
    (void) err;
    struct listing listing = {.owner = str_eq(call_param(call, "fetch-owner"), STR("true"))};
    struct s3_page *page = &listing.page;
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(32));
    struct str token = call_param(call, "continuation-token");
    struct str start_after = call_param(call, "start-after");
    if (!str_eq(call_param(call, "list-type"), STR("2")))
        return call_fail(call, 400, "InvalidArgument", "Invalid List Type specified in Request");
    if (!begin(call, page))
        return ERR_NONE;
    page->after = start_after;
    if (!str_is_null(token) && !base64_decode(call->arena, token, &page->after))
        return call_fail(
            call, 400, "InvalidArgument", "The continuation token provided is incorrect");
    fill(call, &listing);
    head(call, page, &xml);
    buf_fmt(&xml, "<KeyCount>%zu</KeyCount>", page->count);
    if (!str_is_null(start_after))
        s3_page_text(call, page, &xml, "StartAfter", start_after);
    if (!str_is_null(token))
        xml_element(&xml, "ContinuationToken", token);
    if (truncated(page))
        xml_element(
            &xml, "NextContinuationToken", base64_of(call->arena, page->last.ptr, page->last.len));
    return finish(call, page, &xml);
}
