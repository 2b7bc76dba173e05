/* ListObjects in both versions: one page is a walk over the keys in order, in which a common prefix
 * is jumped over, not read through. */
#include "engine/local/s3.h"

#include "engine/base/digest.h"

enum { PAGE = 1000 };

struct page {
    struct str prefix, delimiter, after; /* keys and groups greater than `after` only */
    size_t max;
    bool encode, owner;
    struct buf contents, groups;
    size_t count;
    bool truncated;
    struct str last; /* the last key or group given */
};

static void
add_text(struct buf *xml, const char *name, struct str text, bool encode, struct arena *a)
{
    xml_element(xml, name, encode ? uri_encoded(a, text, true) : text);
}

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
add_object(struct local_call *call, struct page *page, struct db_stmt *q, struct str key)
{
    struct buf *xml = &page->contents;
    buf_add_z(xml, "<Contents>");
    add_text(xml, "Key", key, page->encode, call->arena);
    xml_element(xml, "LastModified", time_iso_ms(call->arena, db_col_int(q, 1)));
    xml_element(xml, "ETag", s3_quoted(call, db_col_text(q, 2, call->arena)));
    enum s3_sum_kind kind = (enum s3_sum_kind) db_col_int(q, 4);
    if (kind != S3_SUM_NONE) {
        const char *name = s3_sum_element(kind) + strlen("Checksum");
        xml_element(xml, "ChecksumAlgorithm", str_from(name));
        xml_element(xml, "ChecksumType", db_col_text(q, 5, call->arena));
    }
    buf_fmt(xml, "<Size>%lld</Size>", (long long) db_col_int(q, 3));
    if (page->owner) {
        buf_add_z(xml, "<Owner>");
        xml_element(xml, "ID", call->account);
        buf_add_z(xml, "</Owner>");
    }
    buf_add_z(xml, "<StorageClass>STANDARD</StorageClass></Contents>");
}

/* Takes one more entry, or notices that the page is full. */
static bool take(struct page *page, struct str entry)
{
    if (page->count == page->max) {
        page->truncated = page->max > 0;
        return false;
    }
    page->count++;
    page->last = entry;
    return true;
}

/* Reads keys from `from` (inclusive) on. Gives where to go on behind a group, null at the end. */
static struct str walk(struct local_call *call, struct page *page, struct str from)
{
    struct arena *arena = call->arena;
    struct str next = STR_NULL;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, modified_ms, etag, size, sum_kind, sum_type FROM object"
        " WHERE bucket=?1 AND key>=?2 ORDER BY key",
        DB_ARGS(db_text(call->bucket), db_text(from)));
    while (db_next(q)) {
        struct str key = db_col_text(q, 0, arena);
        if (!str_starts(key, page->prefix))
            break;
        size_t mark = page->delimiter.len > 0
                          ? str_find(str_from_index(key, page->prefix.len), page->delimiter)
                          : SIZE_MAX;
        if (mark == SIZE_MAX) {
            if (str_cmp(key, page->after) <= 0)
                continue;
            if (!take(page, key))
                break;
            add_object(call, page, q, key);
            continue;
        }
        struct str group = str_slice(key, 0, page->prefix.len + mark + page->delimiter.len);
        if (str_cmp(group, page->after) > 0) {
            if (!take(page, group))
                break;
            buf_add_z(&page->groups, "<CommonPrefixes>");
            add_text(&page->groups, "Prefix", group, page->encode, arena);
            buf_add_z(&page->groups, "</CommonPrefixes>");
        }
        next = successor(arena, group);
        break;
    }
    db_finish(&q);
    return next;
}

static void fill(struct local_call *call, struct page *page)
{
    struct str from = str_cmp(page->after, page->prefix) > 0 ? page->after : page->prefix;
    if (str_is_null(from))
        from = STR("");
    while (!str_is_null(from) && !page->truncated)
        from = walk(call, page, from);
}

/* What both versions have in common. false: answered. */
static bool begin(struct local_call *call, struct page *page)
{
    uint64_t max = PAGE;
    struct str max_text = call_param(call, "max-keys");
    struct str encoding = call_param(call, "encoding-type");
    if (!s3_check_bucket(call))
        return false;
    if (!str_is_empty(max_text) && !str_to_u64(max_text, &max))
        call_fail(call, 400, "InvalidArgument", "Provided max-keys not an integer or within range");
    else if (!str_is_empty(encoding) && !str_eq(encoding, STR("url")))
        call_fail(call, 400, "InvalidArgument", "Invalid Encoding Method specified in Request");
    page->prefix = call_param(call, "prefix");
    page->delimiter = call_param(call, "delimiter");
    page->max = max < PAGE ? (size_t) max : PAGE;
    page->encode = !str_is_empty(encoding);
    buf_init(&page->contents, MIB(16));
    buf_init(&page->groups, MIB(16));
    return !call->failed;
}

static enum err_code finish(struct local_call *call, struct page *page, struct buf *xml)
{
    buf_fmt(xml, "<MaxKeys>%zu</MaxKeys>", page->max);
    if (page->delimiter.len > 0)
        add_text(xml, "Delimiter", page->delimiter, page->encode, call->arena);
    if (page->encode)
        xml_element(xml, "EncodingType", STR("url"));
    buf_fmt(xml, "<IsTruncated>%s</IsTruncated>", page->truncated ? "true" : "false");
    buf_add(xml, buf_str(&page->contents));
    buf_add(xml, buf_str(&page->groups));
    buf_add_z(xml, "</ListBucketResult>");
    buf_done(&page->contents);
    buf_done(&page->groups);
    return call_xml(call, buf_str(xml));
}

static void head(struct local_call *call, const struct page *page, struct buf *xml)
{
    buf_add_z(xml, "<ListBucketResult" S3_XMLNS ">");
    xml_element(xml, "Name", call->bucket);
    add_text(xml, "Prefix", page->prefix, page->encode, call->arena);
}

enum err_code s3_list_objects(struct local_call *call, struct err *err)
{
    (void) err;
    struct page page = {.owner = true};
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(32));
    if (!begin(call, &page))
        return ERR_NONE;
    page.after = call_param(call, "marker");
    fill(call, &page);
    head(call, &page, &xml);
    add_text(&xml, "Marker", page.after, page.encode, call->arena);
    if (page.truncated && page.delimiter.len > 0)
        add_text(&xml, "NextMarker", page.last, page.encode, call->arena);
    return finish(call, &page, &xml);
}

enum err_code s3_list_objects_v2(struct local_call *call, struct err *err)
{
    (void) err;
    struct page page = {.owner = str_eq(call_param(call, "fetch-owner"), STR("true"))};
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(32));
    struct str token = call_param(call, "continuation-token");
    struct str start_after = call_param(call, "start-after");
    if (!str_eq(call_param(call, "list-type"), STR("2")))
        return call_fail(call, 400, "InvalidArgument", "Invalid List Type specified in Request");
    if (!begin(call, &page))
        return ERR_NONE;
    page.after = start_after;
    if (!str_is_null(token) && !base64_decode(call->arena, token, &page.after))
        return call_fail(
            call, 400, "InvalidArgument", "The continuation token provided is incorrect");
    fill(call, &page);
    head(call, &page, &xml);
    buf_fmt(&xml, "<KeyCount>%zu</KeyCount>", page.count);
    if (!str_is_null(start_after))
        add_text(&xml, "StartAfter", start_after, page.encode, call->arena);
    if (!str_is_null(token))
        xml_element(&xml, "ContinuationToken", token);
    if (page.truncated)
        xml_element(
            &xml, "NextContinuationToken", base64_of(call->arena, page.last.ptr, page.last.len));
    return finish(call, &page, &xml);
}
