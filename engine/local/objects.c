#include "engine/local/objects.h"

#include "engine/local/s3.h"
#include "engine/local/world.h"

struct str objects_bucket_region(struct local *local, struct arena *arena, struct str bucket)
{
    struct db_stmt *q =
        db_query(local->db, "SELECT region FROM bucket WHERE name=?1", DB_ARGS(db_text(bucket)));
    struct str region = db_next(q) ? db_col_text(q, 0, arena) : STR_NULL;
    db_finish(&q);
    return region;
}

static struct local_object object_of(struct db_stmt *q, struct arena *arena, struct str bucket)
{
    return (struct local_object){
        .bucket = bucket,
        .key = db_col_text(q, 0, arena),
        .etag = db_col_text(q, 1, arena),
        .blob = db_col_text(q, 2, arena),
        .size_bytes = (uint64_t) db_col_int(q, 3),
        .modified_ms = db_col_int(q, 4),
    };
}

bool objects_find(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct local_object *out)
{
    struct db_stmt *q = db_query(
        local->db,
        "SELECT key, etag, blob, size, modified_ms FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(bucket), db_text(key)));
    bool found = db_next(q);
    if (found)
        *out = object_of(q, arena, bucket);
    db_finish(&q);
    return found;
}

void objects_list(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    size_t max,
    local_object_vec *out)
{
    struct db_stmt *q = db_query(
        local->db,
        "SELECT key, etag, blob, size, modified_ms FROM object WHERE bucket=?1 AND key>=?2"
        " ORDER BY key",
        DB_ARGS(db_text(bucket), db_text(str_is_null(prefix) ? STR("") : prefix)));
    for (size_t count = 0; count < max && db_next(q); count++) {
        struct local_object object = object_of(q, arena, bucket);
        if (!str_starts(object.key, prefix))
            break;
        *VEC_PUSH(arena, out) = object;
    }
    db_finish(&q);
}

bool objects_bytes(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    size_t max_bytes,
    struct str *ret_bytes)
{
    struct local_object object;
    struct err ignored = {0};
    return objects_find(local, arena, bucket, key, &object) && object.size_bytes <= max_bytes &&
           blobs_read(
               local->blobs, arena, object.blob, 0, object.size_bytes, ret_bytes, &ignored) ==
               ERR_NONE;
}

enum err_code objects_read(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    size_t max_bytes,
    struct str *ret_bytes,
    struct local_object *ret_object,
    struct err *err)
{
    /* Twice: an object that is replaced between its row and its bytes is simply looked up again. */
    for (int attempt = 0;; attempt++) {
        struct local_object object;
        enum err_code code = world_enter(local, err);
        if (code != ERR_NONE)
            return code;
        bool found = objects_find(local, arena, bucket, key, &object);
        code = world_leave(local, err);
        if (code != ERR_NONE)
            return code;
        if (!found)
            return err_set(
                err, ERR_NOT_FOUND, "no object 's3://" STR_FMT "/" STR_FMT "'", STR_ARG(bucket),
                STR_ARG(key));
        if (object.size_bytes > max_bytes)
            return err_set(
                err, ERR_IO, "object 's3://" STR_FMT "/" STR_FMT "' has %llu bytes, at most %zu",
                STR_ARG(bucket), STR_ARG(key), (unsigned long long) object.size_bytes, max_bytes);
        struct err gone = {0};
        code = blobs_read(local->blobs, arena, object.blob, 0, object.size_bytes, ret_bytes, &gone);
        if (code == ERR_NONE && ret_object != NULL)
            *ret_object = object;
        if (code == ERR_NONE)
            return ERR_NONE;
        if (code != ERR_NOT_FOUND || attempt == 8) {
            *err = gone;
            return code;
        }
    }
}

enum err_code objects_write(
    struct local *local,
    struct str bucket,
    struct str key,
    struct str bytes,
    struct str content_type,
    struct str kms_key,
    struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("writing an object", 0);
    struct local_call call = {.local = local, .arena = arena, .db = local->db};
    struct md5 md5 = md5_of(bytes);
    struct s3_object object = {
        .bucket = bucket,
        .key = key,
        .blob = world_new_id(local, arena),
        .etag = hex_of(arena, md5.bytes, MD5_LEN),
        .size_bytes = bytes.len,
        .modified_ms = clock_wall_ms(local->options.clock),
        .headers = json_object(arena),
        .sum_type = STR("FULL_OBJECT"),
    };
    json_put(arena, object.headers, "content-type", json_string(arena, content_type));
    if (!str_is_null(kms_key)) {
        json_put(arena, object.headers, S3_SSE, json_z(arena, "aws:kms"));
        json_put(arena, object.headers, S3_SSE_KEY, json_string(arena, kms_key));
    }
    enum err_code code = blobs_keep(local->blobs, arena, object.blob, bytes, &object.blob, err);
    if (code != ERR_NONE)
        return code;
    code = world_enter(local, err);
    bool entered = code == ERR_NONE;
    if (entered && str_is_null(objects_bucket_region(local, arena, bucket)) &&
        !db_failed(local->db)) {
        world_abandon(local);
        code = err_set(err, ERR_NOT_FOUND, "no bucket '" STR_FMT "'", STR_ARG(bucket));
    } else if (entered) {
        s3_seal(&call, &object);
        s3_store(&call, &object);
        code = world_leave(local, err);
    }
    if (code != ERR_NONE)
        blobs_remove(local->blobs, object.blob);
    return code;
}

bool objects_parse_uri(struct str uri, struct str *ret_bucket, struct str *ret_key)
{
    struct str scheme = STR("s3://");
    if (!str_starts(uri, scheme))
        return false;
    struct str rest = str_from_index(uri, scheme.len);
    size_t slash = str_index(rest, '/');
    *ret_bucket = str_slice(rest, 0, slash);
    *ret_key = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
    return ret_bucket->len > 0;
}
