/* What a run that was killed in the middle of a large upload has left in S3. */
#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/log.h"
#include "engine/base/vec.h"

#define MAX_PARTS 10000

struct parts {
    VEC(struct s3_part) items;
    bool by_sha256;
    uint64_t marker; /* 0: the last page was read */
};

static enum err_code read_parts(
    struct arena *arena,
    struct arena *scratch,
    struct str body,
    struct parts *parts,
    struct err *err)
{
    struct xml *root;
    enum err_code code = s3_xml(scratch, "ListParts", "ListPartsResult", body, &root, err);
    if (code != ERR_NONE)
        return code;
    parts->by_sha256 = str_eq_z(xml_get_text(root, "ChecksumAlgorithm"), "SHA256");
    XML_EACH (node, root, "Part") {
        uint64_t number, size;
        if (!str_to_u64(xml_get_text(node, "PartNumber"), &number) || number < 1 ||
            number > MAX_PARTS || !str_to_u64(xml_get_text(node, "Size"), &size))
            return err_set(err, ERR_PROTOCOL, "ListParts: a part has no number or size");
        *VEC_PUSH(arena, &parts->items) = (struct s3_part){
            .number = (size_t) number,
            .size_bytes = size,
            .etag = str_dup(arena, xml_get_text(node, "ETag")),
            .sha256 = str_dup(arena, xml_get_text(node, "ChecksumSHA256"))};
    }
    uint64_t before = parts->marker;
    parts->marker = 0;
    if (!str_eq_z(xml_get_text(root, "IsTruncated"), "true"))
        return ERR_NONE;
    if (!str_to_u64(xml_get_text(root, "NextPartNumberMarker"), &parts->marker) ||
        parts->marker <= before)
        return err_set(err, ERR_PROTOCOL, "ListParts: the next page has no marker");
    return ERR_NONE;
}

static enum err_code list_parts(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_upload *upload,
    struct parts *parts,
    struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("S3 parts", 0);
    do {
        arena_reset(scratch);
        AUTO(buf_done) struct buf query = BUF_INIT(KIB(8));
        if (parts->marker > 0)
            buf_fmt(&query, "part-number-marker=%llu", (unsigned long long) parts->marker);
        s3_query_add(&query, "uploadId", upload->upload_id);
        struct aws_call call = s3_call_of(scratch, "ListParts", "GET", bucket, upload->key);
        call.query = buf_str(&query);
        struct http_response response;
        enum err_code code = aws_call(aws, scratch, &call, &response, err);
        if (code == ERR_NONE)
            code = read_parts(arena, scratch, response.body, parts, err);
        if (code != ERR_NONE)
            return code;
    } while (parts->marker > 0);
    return ERR_NONE;
}

static void
abort_one(struct aws *aws, struct arena *arena, struct str bucket, struct str key, struct str id)
{
    struct err err = {0};
    if (!str_is_null(id) && s3_abort_upload(aws, arena, bucket, key, id, &err) != ERR_NONE)
        log_debug("aws", "an unfinished upload stays: %s", err.message);
}

void s3_find_unfinished(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct s3_unfinished *out)
{
    struct err err = {0};
    struct s3_upload *uploads = NULL;
    size_t count = 0;
    *out = (struct s3_unfinished){.upload_id = STR_NULL};
    if (s3_list_uploads(aws, arena, bucket, key, &uploads, &count, &err) != ERR_NONE) {
        log_debug("aws", "unfinished uploads are not looked for: %s", err.message);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct parts parts = {.marker = 0};
        if (!str_eq(uploads[i].key, key)) /* only the beginning is the same */
            continue;
        if (list_parts(aws, arena, bucket, &uploads[i], &parts, &err) != ERR_NONE) {
            log_debug("aws", "the parts of an unfinished upload are not known: %s", err.message);
            continue;
        }
        bool better =
            parts.by_sha256 && (str_is_null(out->upload_id) || parts.items.len > out->n_parts);
        abort_one(aws, arena, bucket, key, better ? out->upload_id : uploads[i].upload_id);
        if (better)
            *out = (struct s3_unfinished){uploads[i].upload_id, parts.items.items, parts.items.len};
    }
}
