/* Multipart uploads up to their completion (s3_complete.c); their listings: s3_uploads.c. */
#include "engine/base/file.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

enum { MAX_PART = 10000 };

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
    bool composite = str_eq(type, STR("COMPOSITE"));
    if (kind == S3_SUM_NONE || (full && !s3_sum_is_crc(kind)) ||
        (composite && kind == S3_SUM_CRC64NVME)) {
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

/* The upload's checksum algorithm, which each part's is of. *ret_ok false: answered. */
static enum err_code
wanted_sum(struct local_call *call, enum s3_sum_kind *ret_kind, bool *ret_ok, struct err *err)
{
    struct s3_upload upload;
    enum err_code code = world_enter(call->local, err);
    *ret_ok = false;
    if (code != ERR_NONE)
        return code;
    *ret_ok = s3_check_bucket(call) && s3_find_upload(call, &upload);
    if (*ret_ok)
        *ret_kind = s3_sum_by_name(upload.sum_name);
    if (db_failed(call->db))
        return world_leave(call->local, err);
    world_abandon(call->local);
    return ERR_NONE;
}

static bool sums_agree(struct local_call *call, enum s3_sum_kind wanted, enum s3_sum_kind given)
{
    if (wanted == S3_SUM_NONE || wanted == given)
        return true;
    call_fail(
        call, 400, "InvalidRequest",
        "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
        s3_sum_element(wanted) + strlen("Checksum"), s3_sum_element(given) + strlen("Checksum"));
    return false;
}

enum err_code s3_upload_part(struct local_call *call, struct err *err)
{
    int64_t number;
    bool ok = false;
    struct s3_body body;
    enum s3_sum_kind wanted = S3_SUM_NONE;
    if (!part_number(call, &number))
        return ERR_NONE;
    enum err_code code = wanted_sum(call, &wanted, &ok, err);
    if (code == ERR_NONE && ok)
        code = s3_body_store(call, wanted, &body, &ok, err);
    if (code != ERR_NONE || !ok)
        return code;
    if (!sums_agree(call, wanted, body.sum.kind)) {
        blobs_remove(call->local->blobs, body.blob);
        return ERR_NONE;
    }
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
    struct s3_summing summing;
};

static enum err_code add_piece(void *arg, struct str piece, struct err *err)
{
    struct piece_copy *copy = arg;
    digest_add(copy->digest, piece);
    s3_summing_add(&copy->summing, piece);
    return blob_write(copy->writer, piece, err);
}

/* Finds the source and opens its bytes under the lock. */
static enum err_code open_source(
    struct local_call *call,
    struct s3_object *source,
    int *ret_fd,
    uint64_t *ret_base,
    struct str *ret_bytes,
    enum s3_sum_kind *ret_wanted,
    struct err *err)
{
    struct s3_upload upload;
    enum err_code code = world_enter(call->local, err);
    if (code != ERR_NONE)
        return code;
    if (s3_check_bucket(call) && s3_find_upload(call, &upload) && s3_copy_source(call, source)) {
        *ret_wanted = s3_sum_by_name(upload.sum_name);
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
    enum s3_sum_kind wanted,
    struct s3_body *out,
    struct err *err)
{
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    AUTO(digest_close) struct digest *digest = digest_new();
    *out = (struct s3_body){.blob = world_new_id(call->local, call->arena), .size_bytes = len};
    enum err_code code = blobs_create(call->local->blobs, out->blob, &writer, err);
    struct piece_copy copy = {writer, digest, s3_summing_begin(wanted)};
    if (code == ERR_NONE)
        code =
            fd >= 0
                ? fd_each_piece(fd, base + offset, len, add_piece, &copy, err)
                : add_piece(&copy, str_slice(bytes, (size_t) offset, (size_t) (offset + len)), err);
    if (code == ERR_NONE)
        code = blob_finish(writer, err);
    digest_end(digest, NULL, &out->md5);
    out->sum = (struct s3_sum){wanted, s3_summing_end(&copy.summing, call->arena)};
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
    enum s3_sum_kind wanted = S3_SUM_NONE;
    if (!part_number(call, &number))
        return ERR_NONE;
    enum err_code code = open_source(call, &source, &fd, &base, &bytes, &wanted, err);
    if (code != ERR_NONE || call->failed)
        return code;
    struct str range = call_request_header(call, "x-amz-copy-source-range");
    uint64_t offset = 0, len = source.size_bytes;
    if (!str_is_null(range) && s3_range(range, source.size_bytes, &offset, &len) != 206)
        return call_fail(
            call, 400, "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy");
    code = copy_range(call, fd, base, bytes, offset, len, wanted, &body, err);
    if (code == ERR_NONE)
        code = commit_part(call, number, &body, err);
    if (code != ERR_NONE || call->failed)
        return code;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(8));
    buf_add_z(&xml, "<CopyPartResult" S3_XMLNS ">");
    xml_element(&xml, "ETag", s3_quoted(call, hex_of(call->arena, body.md5.bytes, MD5_LEN)));
    xml_element(&xml, "LastModified", time_iso_ms(call->arena, call->now_ms));
    if (wanted != S3_SUM_NONE)
        xml_element(&xml, s3_sum_element(wanted), body.sum.value);
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
