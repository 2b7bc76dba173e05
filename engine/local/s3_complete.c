/* CompleteMultipartUpload: check the list, join the bytes outside the lock, then name the object.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
#include "engine/base/file.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

static const uint64_t s_min_part_bytes = UINT64_C(5) << 20;

struct part {
    int64_t number;
    struct str blob, etag;
    uint64_t size_bytes;
    struct s3_sum sum;
};

struct completion {
    struct s3_upload upload;
    VEC(struct part) parts;
    struct s3_object object;
};

static bool find_part(struct local_call *call, struct str upload, struct part *part)
{
    struct db_stmt *q = db_query(
        call->db, "SELECT blob, size, etag, sum_kind, sum FROM part WHERE upload=?1 AND number=?2",
        DB_ARGS(db_text(upload), db_int(part->number)));
    bool found = db_next(q);
    if (found) {
        part->blob = db_col_text(q, 0, call->arena);
        part->size_bytes = (uint64_t) db_col_int(q, 1);
        part->etag = db_col_text(q, 2, call->arena);
        part->sum.kind = (enum s3_sum_kind) db_col_int(q, 3);
        part->sum.value = db_col_text(q, 4, call->arena);
    }
    db_finish(&q);
    return found;
}

/* One <Part> against what was uploaded. false: answered. */
static bool check_part(struct local_call *call, struct completion *done, const struct xml *item)
{
    struct part part = {0};
    int64_t before = done->parts.len > 0 ? done->parts.items[done->parts.len - 1].number : 0;
    bool ok = str_to_i64(xml_get_text(item, "PartNumber"), &part.number);
    if (ok && part.number <= before) {
        call_fail(
            call, 400, "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.");
        return false;
    }
    ok = ok && find_part(call, done->upload.id, &part) &&
         s3_etag_matches(xml_get_text(item, "ETag"), part.etag);
    if (ok && part.sum.kind != S3_SUM_NONE) {
        struct str said = xml_get_text(item, s3_sum_element(part.sum.kind));
        ok = str_is_null(said) || str_eq(said, part.sum.value);
    }
    if (!ok) {
        call_fail(
            call, 400, "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been "
            "uploaded, or the specified entity tag may not match the part's entity tag.");
        return false;
    }
    *VEC_PUSH(call->arena, &done->parts) = part;
    return true;
}

static bool check_list(struct local_call *call, struct completion *done, const struct xml *request)
{
    if (!s3_check_bucket(call) || !s3_find_upload(call, &done->upload) || !s3_check_write(call))
        return false;
    XML_EACH (item, request, "Part")
        if (!check_part(call, done, item))
            return false;
    if (done->parts.len == 0) {
        call_fail(
            call, 400, "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema");
        return false;
    }
    for (size_t i = 0; i + 1 < done->parts.len; i++)
        if (done->parts.items[i].size_bytes < s_min_part_bytes) {
            call_fail(
                call, 400, "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size");
            return false;
        }
    return true;
}

struct join {
    struct blob_writer *writer;
    struct s3_summing summing;
};

static enum err_code join_piece(void *arg, struct str piece, struct err *err)
{
    struct join *join = arg;
    s3_summing_add(&join->summing, piece);
    return blob_write(join->writer, piece, err);
}

static enum err_code
join_part(struct local_call *call, const struct part *part, struct join *join, struct err *err)
{
    AUTO(fd_close) int fd = -1;
    struct str bytes = STR("");
    uint64_t base = 0;
    enum err_code code = blobs_fd(call->local->blobs, part->blob, &fd, &base, err);
    if (code == ERR_NONE && fd >= 0)
        return fd_each_piece(fd, base, part->size_bytes, join_piece, join, err);
    if (code == ERR_NONE)
        code = blobs_read(
            call->local->blobs, call->arena, part->blob, 0, part->size_bytes, &bytes, err);
    return code == ERR_NONE ? join_piece(join, bytes, err) : code;
}

/* MD5 of the parts' MD5s, and for checksums the same with theirs. */
static void composite(struct local_call *call, struct completion *done)
{
    AUTO(buf_done) struct buf md5s = BUF_INIT(MIB(1)), sums = BUF_INIT(MIB(1));
    enum s3_sum_kind kind = s3_sum_by_name(done->upload.sum_name);
    bool all = kind != S3_SUM_NONE && str_eq(done->upload.sum_type, STR("COMPOSITE"));
    for (size_t i = 0; i < done->parts.len; i++) {
        const struct part *part = &done->parts.items[i];
        unsigned char md5[MD5_LEN];
        struct str raw;
        if (hex_decode(part->etag, md5, sizeof(md5)))
            buf_add_mem(&md5s, md5, sizeof(md5));
        all = all && part->sum.kind == kind && base64_decode(call->arena, part->sum.value, &raw);
        if (all)
            buf_add(&sums, raw);
    }
    struct md5 md5 = md5_of(buf_str(&md5s));
    done->object.etag = str_fmt(
        call->arena, STR_FMT "-%zu", STR_ARG(hex_of(call->arena, md5.bytes, MD5_LEN)),
        done->parts.len);
    if (!all)
        return;
    struct s3_summing summing = s3_summing_begin(kind);
    s3_summing_add(&summing, buf_str(&sums));
    struct str text = s3_summing_end(&summing, call->arena);
    done->object.sum =
        (struct s3_sum){kind, str_fmt(call->arena, STR_FMT "-%zu", STR_ARG(text), done->parts.len)};
    done->object.sum_type = STR("COMPOSITE");
}

/* Where each part began is asked for later, by number: the rows go, this stays with the object. */
static void keep_parts(struct arena *arena, struct completion *done)
{
    struct json *parts = json_array(arena);
    for (size_t i = 0; i < done->parts.len; i++) {
        const struct part *part = &done->parts.items[i];
        struct json *row = json_array(arena);
        json_push(row, json_int(arena, part->number));
        json_push(row, json_int(arena, (int64_t) part->size_bytes));
        json_push(row, json_string(arena, part->sum.value));
        json_push(parts, row);
    }
    done->object.headers = json_copy(arena, done->object.headers);
    json_put(arena, done->object.headers, S3_PARTS, parts);
}

/* What the request says of the whole: its size, its checksum. false: answered. */
static bool check_whole(struct local_call *call, const struct completion *done)
{
    const struct s3_object *object = &done->object;
    const char *header = s3_sum_header(object->sum.kind);
    struct str said = header != NULL ? call_request_header(call, header) : STR_NULL;
    struct str size = call_request_header(call, "x-amz-mp-object-size");
    struct str type = call_request_header(call, "x-amz-checksum-type");
    uint64_t bytes = 0;
    if (!str_is_null(type) && !str_is_null(done->upload.sum_type) &&
        !str_eq(type, done->upload.sum_type))
        call_fail(
            call, 400, "InvalidRequest",
            "The upload was created using the " STR_FMT " checksum mode. The complete request "
            "must use the same checksum mode.",
            STR_ARG(done->upload.sum_type));
    else if (!str_is_null(size) && (!str_to_u64(size, &bytes) || bytes != object->size_bytes))
        call_fail(
            call, 400, "InvalidRequest",
            "The provided 'x-amz-mp-object-size' header does not match what was computed.");
    else if (!str_is_null(said) && !str_eq(said, object->sum.value))
        call_fail(
            call, 400, "BadDigest", "The %s you specified did not match the calculated checksum.",
            s3_sum_element(object->sum.kind) + strlen("Checksum"));
    return !call->failed;
}

static enum err_code join_all(struct local_call *call, struct completion *done, struct err *err)
{
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    struct s3_object *object = &done->object;
    bool full = str_eq(done->upload.sum_type, STR("FULL_OBJECT"));
    enum s3_sum_kind kind = full ? s3_sum_by_name(done->upload.sum_name) : S3_SUM_NONE;
    struct join join = {.summing = s3_summing_begin(kind)};
    *object = (struct s3_object){
        .bucket = call->bucket,
        .key = call->key,
        .blob = world_new_id(call->local, call->arena),
        .modified_ms = call->now_ms,
        .headers = done->upload.headers,
        .tags = done->upload.tags,
        .parts = (int64_t) done->parts.len,
    };
    enum err_code code = blobs_create(call->local->blobs, object->blob, &writer, err);
    join.writer = writer;
    for (size_t i = 0; i < done->parts.len && code == ERR_NONE; i++) {
        code = join_part(call, &done->parts.items[i], &join, err);
        object->size_bytes += done->parts.items[i].size_bytes;
    }
    if (code == ERR_NONE)
        code = blob_finish(writer, err);
    composite(call, done);
    struct str sum = s3_summing_end(&join.summing, call->arena);
    if (kind != S3_SUM_NONE) {
        object->sum = (struct s3_sum){kind, sum};
        object->sum_type = STR("FULL_OBJECT");
    }
    keep_parts(call->arena, done);
    return code;
}

/* Under the lock again: the upload may be gone, the conditions may have changed. */
static enum err_code
commit(struct local_call *call, struct completion *done, bool *ret_ok, struct err *err)
{
    struct s3_upload upload;
    enum err_code code = world_enter(call->local, err);
    *ret_ok = false;
    if (code != ERR_NONE)
        return code;
    bool ok = s3_check_bucket(call) && s3_find_upload(call, &upload) && s3_check_write(call);
    if (!ok && !db_failed(call->db)) {
        world_abandon(call->local);
        return ERR_NONE;
    }
    if (ok) {
        s3_seal(call, &done->object);
        s3_store(call, &done->object);
        s3_drop_upload(call, done->upload.id, true);
    }
    code = world_leave(call->local, err);
    *ret_ok = ok && code == ERR_NONE;
    return code;
}

enum err_code s3_complete_upload(struct local_call *call, struct err *err)
{
    struct completion done = {0};
    struct xml *request;
    bool ok = false;
    if (!s3_body_xml(call, "CompleteMultipartUpload", &request))
        return ERR_NONE;
    enum err_code code = world_enter(call->local, err);
    if (code != ERR_NONE)
        return code;
    ok = check_list(call, &done, request);
    if (db_failed(call->db))
        return world_leave(call->local, err);
    world_abandon(call->local);
    if (!ok)
        return ERR_NONE;
    code = join_all(call, &done, err);
    ok = false;
    if (code == ERR_NONE && check_whole(call, &done))
        code = commit(call, &done, &ok, err);
    if (!ok) {
        if (!str_is_null(done.object.blob))
            blobs_remove(call->local->blobs, done.object.blob);
        return code;
    }
    s3_answer_state(call, &done.object);
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(64));
    buf_add_z(&xml, "<CompleteMultipartUploadResult" S3_XMLNS ">");
    xml_element(
        &xml, "Location",
        str_fmt(
            call->arena, "http://" STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(call->http->host),
            STR_ARG(call->bucket), STR_ARG(uri_encoded(call->arena, call->key, true))));
    xml_element(&xml, "Bucket", call->bucket);
    xml_element(&xml, "Key", call->key);
    xml_element(&xml, "ETag", s3_quoted(call, done.object.etag));
    if (done.object.sum.kind != S3_SUM_NONE) {
        xml_element(&xml, s3_sum_element(done.object.sum.kind), done.object.sum.value);
        xml_element(&xml, "ChecksumType", done.object.sum_type);
    }
    buf_add_z(&xml, "</CompleteMultipartUploadResult>");
    return call_xml(call, buf_str(&xml));
}
