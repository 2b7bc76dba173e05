/* Multipart uploads up to their completion (s3_complete.c). */
#include "engine/base/file.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

enum { MAX_PART = 10000, PAGE = 1000 };

bool s3_find_upload(struct local_call *call, struct s3_upload *out)
{
    struct arena *arena = call->arena;
    struct str id = call_param(call, "uploadId");
    struct err ignored;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT headers, tags, sum_name, sum_type FROM upload WHERE id=?1 AND bucket=?2 AND key=?3",
        DB_ARGS(db_text(id), db_text(call->bucket), db_text(call->key)));
    bool found = db_next(q);
    if (found) {
        *out = (struct s3_upload){
            .id = id,
            .tags = db_col_text(q, 1, arena),
            .sum_name = db_col_text(q, 2, arena),
            .sum_type = db_col_text(q, 3, arena),
        };
        if (json_parse(arena, db_col_text(q, 0, arena), MIB(1), &out->headers, &ignored) !=
            ERR_NONE)
            out->headers = json_object(arena);
    }
    db_finish(&q);
    if (!found)
        call_fail(
            call, 404, "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed.");
    return found;
}

void s3_drop_upload(struct local_call *call, struct str id, bool doom_blobs)
{
    struct db_stmt *q =
        db_query(call->db, "SELECT blob FROM part WHERE upload=?1", DB_ARGS(db_text(id)));
    while (doom_blobs && db_next(q))
        world_doom_blob(call->local, db_col_text(q, 0, call->arena));
    db_finish(&q);
    db_run(call->db, "DELETE FROM upload WHERE id=?1", DB_ARGS(db_text(id)));
}

/* SHA256 and the like; the type is COMPOSITE unless the algorithm knows no other than the full one.
 */
static bool read_sum(struct local_call *call, struct str *ret_name, struct str *ret_type)
{
    struct str name = call_request_header(call, "x-amz-checksum-algorithm");
    struct str type = call_request_header(call, "x-amz-checksum-type");
    *ret_name = *ret_type = STR_NULL;
    if (str_is_null(name))
        return true;
    enum s3_sum_kind kind = s3_sum_by_name(name);
    bool full = str_is_null(type) ? kind == S3_SUM_CRC64NVME : str_eq(type, STR("FULL_OBJECT"));
    if (kind == S3_SUM_NONE || (full && kind <= S3_SUM_SHA256)) {
        call_fail(
            call, kind == S3_SUM_NONE ? 501 : 400,
            kind == S3_SUM_NONE ? "NotImplemented" : "InvalidRequest",
            "The checksum algorithm '" STR_FMT "' cannot be used for this upload.", STR_ARG(name));
        return false;
    }
    *ret_name = name;
    *ret_type = full ? STR("FULL_OBJECT") : STR("COMPOSITE");
    return true;
}

enum err_code s3_create_upload(struct local_call *call, struct err *err)
{
    (void) err;
    struct json *headers;
    struct str sum_name, sum_type, tags = call_request_header(call, "x-amz-tagging");
    if (!s3_check_bucket(call) || !s3_keep_headers(call, &headers) || !s3_check_tags(call, tags) ||
        !read_sum(call, &sum_name, &sum_type))
        return ERR_NONE;
    struct str id = world_new_id(call->local, call->arena);
    db_run(
        call->db,
        "INSERT INTO upload(id, bucket, key, created_ms, headers, tags, sum_name, sum_type)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
        DB_ARGS(
            db_text(id), db_text(call->bucket), db_text(call->key), db_int(call->now_ms),
            db_text(json_text(call->arena, headers, JSON_COMPACT)), db_text(tags),
            db_text(sum_name), db_text(sum_type)));
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(64));
    buf_add_z(&xml, "<InitiateMultipartUploadResult" S3_XMLNS ">");
    xml_element(&xml, "Bucket", call->bucket);
    xml_element(&xml, "Key", call->key);
    xml_element(&xml, "UploadId", id);
    buf_add_z(&xml, "</InitiateMultipartUploadResult>");
    call_header(call, "x-amz-checksum-algorithm", sum_name);
    call_header(call, "x-amz-checksum-type", sum_type);
    return call_xml(call, buf_str(&xml));
}

static bool part_number(struct local_call *call, int64_t *out)
{
    if (str_to_i64(call_param(call, "partNumber"), out) && *out >= 1 && *out <= MAX_PART)
        return true;
    call_fail(
        call, 400, "InvalidArgument",
        "Part number must be an integer between 1 and 10000, inclusive");
    return false;
}

static void put_part(struct local_call *call, int64_t number, const struct s3_body *body)
{
    struct str id = call_param(call, "uploadId");
    struct db_stmt *q = db_query(
        call->db, "SELECT blob FROM part WHERE upload=?1 AND number=?2",
        DB_ARGS(db_text(id), db_int(number)));
    if (db_next(q))
        world_doom_blob(call->local, db_col_text(q, 0, call->arena));
    db_finish(&q);
    db_run(
        call->db,
        "INSERT OR REPLACE INTO part(upload, number, blob, size, etag, modified_ms, sum_kind, sum)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
        DB_ARGS(
            db_text(id), db_int(number), db_text(body->blob), db_int((int64_t) body->size_bytes),
            db_text(hex_of(call->arena, body->md5.bytes, MD5_LEN)), db_int(call->now_ms),
            db_int(body->sum.kind), db_text(body->sum.value)));
}

/* Names the bytes as a part, or removes them. */
static enum err_code
commit_part(struct local_call *call, int64_t number, const struct s3_body *body, struct err *err)
{
    struct s3_upload upload;
    enum err_code code = world_enter(call->local, err);
    bool entered = code == ERR_NONE, stored = false;
    if (entered && s3_check_bucket(call) && s3_find_upload(call, &upload)) {
        put_part(call, number, body);
        code = world_leave(call->local, err);
        stored = code == ERR_NONE;
    } else if (entered && db_failed(call->db)) {
        code = world_leave(call->local, err);
    } else if (entered) {
        world_abandon(call->local);
    }
    if (!stored)
        blobs_remove(call->local->blobs, body->blob);
    return code;
}

enum err_code s3_upload_part(struct local_call *call, struct err *err)
{
    int64_t number;
    bool ok = false;
    struct s3_body body;
    if (!part_number(call, &number))
        return ERR_NONE;
    enum err_code code = s3_body_store(call, &body, &ok, err);
    if (code != ERR_NONE || !ok)
        return code;
    code = commit_part(call, number, &body, err);
    if (code != ERR_NONE || call->failed)
        return code;
    call_header(call, "ETag", s3_quoted(call, hex_of(call->arena, body.md5.bytes, MD5_LEN)));
    s3_answer_sum(call, &body.sum);
    return call_empty(call, 200);
}

struct piece_copy {
    struct blob_writer *writer;
    struct digest *digest;
};

static enum err_code add_piece(void *arg, struct str piece, struct err *err)
{
    struct piece_copy *copy = arg;
    digest_add(copy->digest, piece);
    return blob_write(copy->writer, piece, err);
}

/* Finds the source and opens its bytes under the lock. */
static enum err_code open_source(
    struct local_call *call,
    struct s3_object *source,
    int *ret_fd,
    uint64_t *ret_base,
    struct str *ret_bytes,
    struct err *err)
{
    struct s3_upload upload;
    enum err_code code = world_enter(call->local, err);
    if (code != ERR_NONE)
        return code;
    if (s3_check_bucket(call) && s3_find_upload(call, &upload) && s3_copy_source(call, source)) {
        code = blobs_fd(call->local->blobs, source->blob, ret_fd, ret_base, err);
        if (code == ERR_NONE && *ret_fd < 0)
            code = blobs_read(
                call->local->blobs, call->arena, source->blob, 0, source->size_bytes, ret_bytes,
                err);
    }
    if (code == ERR_NONE && db_failed(call->db))
        return world_leave(call->local, err);
    world_abandon(call->local);
    return code;
}

static enum err_code copy_range(
    struct local_call *call,
    int fd,
    uint64_t base,
    struct str bytes,
    uint64_t offset,
    uint64_t len,
    struct s3_body *out,
    struct err *err)
{
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    AUTO(digest_close) struct digest *digest = digest_new();
    *out = (struct s3_body){.blob = world_new_id(call->local, call->arena), .size_bytes = len};
    enum err_code code = blobs_create(call->local->blobs, out->blob, &writer, err);
    struct piece_copy copy = {writer, digest};
    if (code == ERR_NONE)
        code =
            fd >= 0
                ? fd_each_piece(fd, base + offset, len, add_piece, &copy, err)
                : add_piece(&copy, str_slice(bytes, (size_t) offset, (size_t) (offset + len)), err);
    if (code == ERR_NONE)
        code = blob_finish(writer, err);
    digest_end(digest, NULL, &out->md5);
    return code;
}

enum err_code s3_upload_part_copy(struct local_call *call, struct err *err)
{
    int64_t number;
    AUTO(fd_close) int fd = -1;
    uint64_t base = 0;
    struct s3_object source;
    struct s3_body body;
    struct str bytes = STR("");
    if (!part_number(call, &number))
        return ERR_NONE;
    enum err_code code = open_source(call, &source, &fd, &base, &bytes, err);
    if (code != ERR_NONE || call->failed)
        return code;
    struct str range = call_request_header(call, "x-amz-copy-source-range");
    uint64_t offset = 0, len = source.size_bytes;
    if (!str_is_null(range) && s3_range(range, source.size_bytes, &offset, &len) != 206)
        return call_fail(
            call, 400, "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy");
    code = copy_range(call, fd, base, bytes, offset, len, &body, err);
    if (code == ERR_NONE)
        code = commit_part(call, number, &body, err);
    if (code != ERR_NONE || call->failed)
        return code;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(8));
    buf_add_z(&xml, "<CopyPartResult" S3_XMLNS ">");
    xml_element(&xml, "ETag", s3_quoted(call, hex_of(call->arena, body.md5.bytes, MD5_LEN)));
    xml_element(&xml, "LastModified", time_iso_ms(call->arena, call->now_ms));
    buf_add_z(&xml, "</CopyPartResult>");
    return call_xml(call, buf_str(&xml));
}

enum err_code s3_abort_multipart(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_upload upload;
    if (!s3_check_bucket(call) || !s3_find_upload(call, &upload))
        return ERR_NONE;
    s3_drop_upload(call, upload.id, true);
    return call_empty(call, 204);
}

static size_t page_size(struct local_call *call, const char *param)
{
    uint64_t max = PAGE;
    struct str text = call_param(call, param);
    return str_to_u64(text, &max) && max < PAGE ? (size_t) max : PAGE;
}

enum err_code s3_list_parts(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_upload upload;
    int64_t after = 0, last = 0;
    size_t max = page_size(call, "max-parts"), count = 0;
    bool more = false;
    if (!s3_check_bucket(call) || !s3_find_upload(call, &upload))
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

enum err_code s3_list_multiparts(struct local_call *call, struct err *err)
{
    (void) err;
    struct str prefix = call_param(call, "prefix"), key = STR_NULL, id = STR_NULL;
    struct str key_marker = call_param(call, "key-marker");
    struct str id_marker = call_param(call, "upload-id-marker");
    size_t max = page_size(call, "max-uploads"), count = 0;
    bool more = false;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    if (call_has_param(call, "delimiter") && call_param(call, "delimiter").len > 0)
        return call_fail(
            call, 501, "NotImplemented", "Uploads cannot be grouped by a delimiter here.");
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(8)), uploads = BUF_INIT(MIB(8));
    struct db_stmt *q = db_query(
        call->db,
        "SELECT key, id, created_ms FROM upload WHERE bucket=?1 AND (key>?2 OR (key=?2 AND id>?3))"
        " ORDER BY key, id",
        DB_ARGS(
            db_text(call->bucket), db_text(str_is_null(key_marker) ? STR("") : key_marker),
            db_text(str_is_null(id_marker) ? STR("~") : id_marker)));
    while (db_next(q)) {
        struct str next = db_col_text(q, 0, call->arena);
        if (!str_starts(next, prefix))
            continue;
        more = count == max;
        if (more)
            break;
        count++;
        key = next;
        id = db_col_text(q, 1, call->arena);
        buf_add_z(&uploads, "<Upload>");
        xml_element(&uploads, "Key", key);
        xml_element(&uploads, "UploadId", id);
        xml_element(&uploads, "Initiated", time_iso_ms(call->arena, db_col_int(q, 2)));
        buf_add_z(&uploads, "<StorageClass>STANDARD</StorageClass></Upload>");
    }
    db_finish(&q);
    buf_add_z(&xml, "<ListMultipartUploadsResult" S3_XMLNS ">");
    xml_element(&xml, "Bucket", call->bucket);
    xml_element(&xml, "KeyMarker", key_marker);
    xml_element(&xml, "UploadIdMarker", id_marker);
    xml_element(&xml, "Prefix", prefix);
    if (more) {
        xml_element(&xml, "NextKeyMarker", key);
        xml_element(&xml, "NextUploadIdMarker", id);
    }
    buf_fmt(
        &xml, "<MaxUploads>%zu</MaxUploads><IsTruncated>%s</IsTruncated>", max,
        more ? "true" : "false");
    buf_add(&xml, buf_str(&uploads));
    buf_add_z(&xml, "</ListMultipartUploadsResult>");
    return call_xml(call, buf_str(&xml));
}
