/* Rows of objects, the conditions on them, and the S3 room itself. */
#include "engine/local/access.h"
#include "engine/local/faults.h"
#include "engine/local/s3.h"
#include "engine/local/s3_known.h"
#include "engine/local/sm.h"
#include "engine/local/world.h"

enum { MAX_METADATA = 2048, MAX_TAGS = 10, MAX_KEY = 1024 };

static const char s_schema[] =
    "CREATE TABLE IF NOT EXISTS bucket("
    "  name TEXT PRIMARY KEY, region TEXT NOT NULL, account TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS bucket_config("
    "  bucket TEXT NOT NULL REFERENCES bucket(name) ON DELETE CASCADE, kind TEXT NOT NULL,"
    "  xml TEXT NOT NULL, PRIMARY KEY(bucket, kind)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS object("
    "  bucket TEXT NOT NULL REFERENCES bucket(name), key TEXT NOT NULL, blob TEXT NOT NULL,"
    "  size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL,"
    "  headers TEXT NOT NULL, tags TEXT, sum_kind INTEGER NOT NULL, sum TEXT, sum_type TEXT,"
    "  parts INTEGER NOT NULL, version TEXT, PRIMARY KEY(bucket, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS old_version("
    "  number INTEGER PRIMARY KEY AUTOINCREMENT, marker INTEGER NOT NULL,"
    "  bucket TEXT NOT NULL REFERENCES bucket(name), key TEXT NOT NULL, blob TEXT,"
    "  size INTEGER NOT NULL, etag TEXT, modified_ms INTEGER NOT NULL, headers TEXT, tags TEXT,"
    "  sum_kind INTEGER NOT NULL, sum TEXT, sum_type TEXT, parts INTEGER NOT NULL, version TEXT);"
    "CREATE INDEX IF NOT EXISTS old_version_key ON old_version(bucket, key, number);"
    "CREATE TABLE IF NOT EXISTS upload("
    "  id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES bucket(name), key TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL, headers TEXT NOT NULL, tags TEXT, sum_name TEXT,"
    "  sum_type TEXT) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS upload_key ON upload(bucket, key, id);"
    "CREATE TABLE IF NOT EXISTS part("
    "  upload TEXT NOT NULL REFERENCES upload(id) ON DELETE CASCADE, number INTEGER NOT NULL,"
    "  blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL,"
    "  sum_kind INTEGER NOT NULL, sum TEXT, PRIMARY KEY(upload, number)) WITHOUT ROWID;";

static bool blob_is_known(void *arg, struct str id)
{
    struct local *local = arg;
    struct db_stmt *q =
        db_query(local->db, "SELECT 1 FROM known_blob WHERE blob=?1", DB_ARGS(db_text(id)));
    bool known = db_next(q) || db_failed(local->db);
    db_finish(&q);
    return known;
}

static void claim_blobs(struct local *local)
{
    AUTO(arena_close) struct arena *arena = arena_new("claims", 0);
    struct db_stmt *q =
        db_query(local->db, "SELECT blob FROM known_blob WHERE blob>='s' AND blob<'t'", DB_NO_ARGS);
    while (db_next(q))
        blobs_claim(local->blobs, db_col_text(q, 0, arena));
    db_finish(&q);
}

/* Bytes that a killed process had written and no row had named. */
static enum err_code s3_start(struct local *local, void **state, struct err *err)
{
    *state = s3_known_new();
    db_begin(local->db);
    db_exec(
        local->db, "CREATE TEMP TABLE known_blob(blob TEXT PRIMARY KEY) WITHOUT ROWID;"
                   "INSERT OR IGNORE INTO known_blob SELECT blob FROM object;"
                   "INSERT OR IGNORE INTO known_blob SELECT blob FROM old_version WHERE blob IS "
                   "NOT NULL;"
                   "INSERT OR IGNORE INTO known_blob SELECT blob FROM part");
    claim_blobs(local);
    if (!db_failed(local->db))
        blobs_sweep(local->blobs, blob_is_known, local);
    db_exec(local->db, "DROP TABLE known_blob");
    return db_commit(local->db, err);
}

static void s3_wipe(struct local *local)
{
    AUTO(arena_close) struct arena *arena = arena_new("wiping buckets", 0);
    struct db_stmt *q = db_query(
        local->db,
        "SELECT blob FROM object UNION SELECT blob FROM part UNION SELECT blob FROM old_version"
        " WHERE blob IS NOT NULL",
        DB_NO_ARGS);
    while (db_next(q))
        world_doom_blob(local, db_col_text(q, 0, arena));
    db_finish(&q);
    db_exec(
        local->db, "DELETE FROM part; DELETE FROM upload; DELETE FROM object;"
                   "DELETE FROM old_version;"
                   "DELETE FROM bucket_config; DELETE FROM bucket");
    s3_buckets_forget(local);
}

static struct json *dump_objects(struct local *local, struct arena *arena, struct str bucket)
{
    struct json *list = json_array(arena);
    struct db_stmt *q = db_query(
        local->db, "SELECT key, etag, size FROM object WHERE bucket=?1 ORDER BY key",
        DB_ARGS(db_text(bucket)));
    while (db_next(q)) {
        struct json *object = json_object(arena);
        json_put(arena, object, "key", json_string(arena, db_col_text(q, 0, arena)));
        json_put(arena, object, "etag", json_string(arena, db_col_text(q, 1, arena)));
        json_put(arena, object, "size", json_int(arena, db_col_int(q, 2)));
        json_push(list, object);
    }
    db_finish(&q);
    return list;
}

/* NULL when there are none. */
static struct json *dump_versions(struct local *local, struct arena *arena, struct str bucket)
{
    struct json *list = json_array(arena);
    struct db_stmt *q = db_query(
        local->db, "SELECT key, marker, etag FROM old_version WHERE bucket=?1 ORDER BY key, number",
        DB_ARGS(db_text(bucket)));
    while (db_next(q)) {
        struct json *version = json_object(arena);
        json_put(arena, version, "key", json_string(arena, db_col_text(q, 0, arena)));
        if (db_col_int(q, 1) != 0)
            json_put(arena, version, "deleteMarker", json_bool(arena, true));
        else
            json_put(arena, version, "etag", json_string(arena, db_col_text(q, 2, arena)));
        json_push(list, version);
    }
    db_finish(&q);
    return list->len > 0 ? list : NULL;
}

static struct json *dump_uploads(struct local *local, struct arena *arena, struct str bucket)
{
    struct json *list = json_array(arena);
    struct db_stmt *q = db_query(
        local->db, "SELECT key FROM upload WHERE bucket=?1 ORDER BY key", DB_ARGS(db_text(bucket)));
    while (db_next(q))
        json_push(list, json_string(arena, db_col_text(q, 0, arena)));
    db_finish(&q);
    return list;
}

static void s3_dump(struct local *local, struct arena *arena, struct json *into)
{
    struct json *list = json_array(arena);
    struct db_stmt *q =
        db_query(local->db, "SELECT name, region, account FROM bucket ORDER BY name", DB_NO_ARGS);
    while (db_next(q)) {
        struct json *bucket = json_object(arena);
        struct str name = db_col_text(q, 0, arena);
        json_put(arena, bucket, "name", json_string(arena, name));
        json_put(arena, bucket, "region", json_string(arena, db_col_text(q, 1, arena)));
        json_put(arena, bucket, "account", json_string(arena, db_col_text(q, 2, arena)));
        json_put(arena, bucket, "objects", dump_objects(local, arena, name));
        json_put(arena, bucket, "olderVersions", dump_versions(local, arena, name));
        json_put(arena, bucket, "uploads", dump_uploads(local, arena, name));
        json_push(list, bucket);
    }
    db_finish(&q);
    json_put(arena, into, "buckets", list);
}

static void s3_stop(struct local *local, void *state)
{
    (void) local;
    s3_known_free(state);
}

const struct local_room local_room_s3 = {
    .name = "s3",
    .schema = s_schema,
    .start = s3_start,
    .stop = s3_stop,
    .wipe = s3_wipe,
    .dump = s3_dump,
    .restored = s3_buckets_forget,
};

static enum err_code fail_region(struct local_call *call, struct str region)
{
    call_fail(
        call, 301, "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint: s3." STR_FMT ".amazonaws.com",
        STR_ARG(region));
    call_header(call, "x-amz-bucket-region", region);
    return ERR_NONE;
}

bool s3_check_bucket(struct local_call *call)
{
    const struct s3_bucket *bucket = s3_bucket_find(call->local, call->bucket);
    struct str expected = call_request_header(call, "x-amz-expected-bucket-owner");
    if (bucket == NULL)
        call_fail(call, 404, "NoSuchBucket", "The specified bucket does not exist");
    else if (
        !str_eq(bucket->account, call->account) ||
        (!str_is_null(expected) && !str_eq(expected, bucket->account)))
        call_fail(call, 403, "AccessDenied", "Access Denied");
    else if (
        !str_eq(bucket->region, call->region) &&
        !str_eq_z(str_from(call->op->name), "GetBucketLocation"))
        fail_region(call, bucket->region);
    else if (call->key.len > MAX_KEY)
        call_fail(call, 400, "KeyTooLongError", "Your key is too long");
    return !call->failed;
}

static struct json *parse_headers(struct arena *arena, struct str text)
{
    struct json *headers;
    UNFILLED struct err err;
    if (json_parse(arena, text, MIB(1), &headers, &err) != ERR_NONE)
        headers = json_object(arena);
    return headers;
}

#define OBJECT_COLUMNS \
    "blob, size, etag, modified_ms, headers, tags, sum_kind, sum, sum_type, parts, version"

static struct s3_object
object_of(struct db_stmt *q, struct arena *arena, struct str bucket, struct str key)
{
    return (struct s3_object){
        .bucket = bucket,
        .key = key,
        .blob = db_col_text(q, 0, arena),
        .size_bytes = (uint64_t) db_col_int(q, 1),
        .etag = db_col_text(q, 2, arena),
        .modified_ms = db_col_int(q, 3),
        .headers = parse_headers(arena, db_col_text(q, 4, arena)),
        .tags = db_col_text(q, 5, arena),
        .sum = {(enum s3_sum_kind) db_col_int(q, 6), db_col_text(q, 7, arena)},
        .sum_type = db_col_text(q, 8, arena),
        .parts = db_col_int(q, 9),
        .version = db_col_text(q, 10, arena),
    };
}

bool s3_find(struct local_call *call, struct str bucket, struct str key, struct s3_object *out)
{
    struct db_stmt *q = db_query(
        call->db, "SELECT " OBJECT_COLUMNS " FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(bucket), db_text(key)));
    bool found = db_next(q);
    if (found)
        *out = object_of(q, call->arena, bucket, key);
    db_finish(&q);
    return found;
}

/* The id every object has that was written while its bucket kept no versions. */
static bool is_null_version(struct str version)
{
    return str_is_null(version) || str_eq(version, STR("null"));
}

bool s3_find_version(
    struct local_call *call,
    struct str bucket,
    struct str key,
    struct str version,
    struct s3_object *out)
{
    struct s3_object current;
    bool found = s3_find(call, bucket, key, &current);
    if (found && (str_is_null(version) || str_eq(version, current.version) ||
                  (is_null_version(version) && is_null_version(current.version)))) {
        *out = current;
        return true;
    }
    if (str_is_null(version))
        return false;
    struct db_stmt *q = db_query(
        call->db,
        "SELECT " OBJECT_COLUMNS ", marker FROM old_version WHERE bucket=?1 AND key=?2"
        " AND coalesce(version, 'null')=?3",
        DB_ARGS(db_text(bucket), db_text(key), db_text(version)));
    found = db_next(q);
    if (found) {
        *out = object_of(q, call->arena, bucket, key);
        out->marker = db_col_int(q, 11) != 0;
    }
    db_finish(&q);
    return found;
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: an ETag is an MD5 only of what
 * is not encrypted with KMS. */
void s3_seal(struct local_call *call, struct s3_object *object)
{
    const struct s3_bucket *bucket = s3_bucket_find(call->local, object->bucket);
    struct str sse = json_get_str(object->headers, S3_SSE);
    if (str_is_null(sse) && bucket != NULL && !str_is_null(bucket->kms)) {
        sse = bucket->kms;
        json_put(
            call->arena, object->headers, S3_SSE,
            json_string(call->arena, str_dup(call->arena, sse)));
        if (!str_is_null(bucket->kms_key))
            json_put(
                call->arena, object->headers, S3_SSE_KEY,
                json_string(call->arena, str_dup(call->arena, bucket->kms_key)));
    }
    if (!str_starts(sse, STR("aws:kms")) &&
        !str_eq(faults_setting(call->local, STR("opaqueEtags")), STR("true")))
        return;
    object->etag = world_new_id(call->local, call->arena);
    if (object->parts > 0)
        object->etag =
            str_fmt(call->arena, STR_FMT "-%lld", STR_ARG(object->etag), (long long) object->parts);
}

/* What is current and is to be replaced by `object`. */
static void displace(struct local_call *call, struct s3_object *object)
{
    const struct s3_bucket *bucket = s3_bucket_find(call->local, object->bucket);
    enum s3_versioning mode = bucket != NULL ? bucket->versioning : S3_UNVERSIONED;
    struct str blob = STR_NULL, version = STR_NULL;
    struct db_stmt *q = db_query(
        call->db, "SELECT blob, version FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(object->bucket), db_text(object->key)));
    if (db_next(q)) {
        blob = db_col_text(q, 0, call->arena);
        version = db_col_text(q, 1, call->arena);
    }
    db_finish(&q);
    object->version = STR_NULL;
    if (mode == S3_VERSIONED)
        object->version = world_new_id(call->local, call->arena);
    else if (mode == S3_SUSPENDED)
        object->version = STR("null");
    if (!str_is_null(blob) &&
        (mode == S3_VERSIONED || (mode == S3_SUSPENDED && !is_null_version(version))))
        s3_archive(call, object->bucket, object->key);
    else if (!str_is_null(blob) && !str_eq(blob, object->blob))
        world_doom_blob(call->local, blob);
    if (mode == S3_SUSPENDED)
        s3_drop_version(call, object->bucket, object->key, STR("null"), NULL);
}

void s3_store(struct local_call *call, struct s3_object *object)
{
    displace(call, object);
    db_run(
        call->db,
        "INSERT OR REPLACE INTO object(bucket, key, blob, size, etag, modified_ms, headers, tags,"
        " sum_kind, sum, sum_type, parts, version)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
        DB_ARGS(
            db_text(object->bucket), db_text(object->key), db_text(object->blob),
            db_int((int64_t) object->size_bytes), db_text(object->etag),
            db_int(object->modified_ms),
            db_text(json_text(call->arena, object->headers, JSON_COMPACT)), db_text(object->tags),
            db_int(object->sum.kind), db_text(object->sum.value), db_text(object->sum_type),
            db_int(object->parts), db_text(object->version)));
}

void s3_answer_state(struct local_call *call, const struct s3_object *object)
{
    struct str sse = json_get_str(object->headers, S3_SSE);
    call_header(call, S3_SSE, str_is_null(sse) ? STR("AES256") : sse);
    call_header(call, S3_SSE_KEY, json_get_str(object->headers, S3_SSE_KEY));
    call_header(call, "x-amz-version-id", object->version);
}

enum err_code s3_fail_missing(struct local_call *call)
{
    if (!access_allows(call, "s3:ListBucket", call->bucket, STR_NULL, STR_NULL))
        return call_fail(call, 403, "AccessDenied", "Access Denied");
    return call_fail(call, 404, "NoSuchKey", "The specified key does not exist.");
}

bool s3_etag_matches(struct str list, struct str etag)
{
    struct str tag;
    while (str_split(&list, ',', &tag)) {
        tag = str_trim(tag);
        if (str_eq(tag, STR("*")))
            return true;
        if (tag.len >= 2 && tag.ptr[0] == '"' && tag.ptr[tag.len - 1] == '"')
            tag = str_slice(tag, 1, tag.len - 1);
        if (str_eq(tag, etag))
            return true;
    }
    return false;
}

bool s3_ignores_conditions(struct local_call *call)
{
    return str_eq(sm_setting(call->local, call->arena, "s3IgnoresConditions"), STR("true"));
}

bool s3_check_write(struct local_call *call)
{
    struct str match = call_request_header(call, "if-match");
    struct str none = call_request_header(call, "if-none-match");
    if (str_is_null(match) && str_is_null(none))
        return true;
    if (s3_ignores_conditions(call))
        return true;
    struct s3_object object;
    bool exists = s3_find(call, call->bucket, call->key, &object);
    if (!str_is_null(none) && !str_eq(none, STR("*")))
        call_fail(
            call, 501, "NotImplemented",
            "A header you provided implies functionality that is not implemented");
    else if (
        !str_is_null(match) &&
        !access_allows(call, "s3:GetObject", call->bucket, call->key, STR_NULL))
        call_fail(call, 403, "AccessDenied", "Access Denied");
    else if (!str_is_null(match) && !exists)
        call_fail(call, 404, "NoSuchKey", "The specified key does not exist.");
    else if (
        (!str_is_null(none) && exists) ||
        (!str_is_null(match) && !s3_etag_matches(match, object.etag)))
        call_fail(
            call, 412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
    return !call->failed;
}

/* aws-chunked is how the bytes came, not what they are. */
static struct str content_encoding(struct local_call *call, struct str value)
{
    struct str part;
    AUTO(buf_done) struct buf kept = BUF_INIT(KIB(8));
    while (str_split(&value, ',', &part)) {
        part = str_trim(part);
        if (part.len == 0 || str_eq_nocase(part, STR("aws-chunked")))
            continue;
        if (kept.len > 0)
            buf_add_char(&kept, ',');
        buf_add(&kept, part);
    }
    return kept.len > 0 ? str_dup(call->arena, buf_str(&kept)) : STR_NULL;
}

bool s3_keep_headers(struct local_call *call, struct json **out)
{
    static const char *const kept[] = {"content-type",     "cache-control", "content-disposition",
                                       "content-language", "expires",       S3_SSE,
                                       S3_SSE_KEY};
    struct json *headers = json_object(call->arena);
    size_t metadata = 0;
    struct str acl = call_request_header(call, "x-amz-acl");
    if (!str_is_null(acl) && !str_eq_z(acl, "bucket-owner-full-control")) {
        call_fail(call, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct str value = call_request_header(call, kept[i]);
        if (!str_is_null(value))
            json_set(call->arena, headers, str_from(kept[i]), json_string(call->arena, value));
    }
    struct str encoding = content_encoding(call, call_request_header(call, "content-encoding"));
    if (!str_is_null(encoding))
        json_put(call->arena, headers, "content-encoding", json_string(call->arena, encoding));
    for (size_t i = 0; i < call->http->n_headers; i++) {
        const struct httpd_header *header = &call->http->headers[i];
        if (!str_eq_nocase(str_slice(header->name, 0, strlen("x-amz-meta-")), STR("x-amz-meta-")))
            continue;
        struct str name = str_lower(call->arena, header->name);
        metadata += name.len - strlen("x-amz-meta-") + header->value.len;
        json_set(call->arena, headers, name, json_string(call->arena, header->value));
    }
    if (metadata > MAX_METADATA) {
        call_fail(
            call, 400, "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed "
            "metadata size");
        return false;
    }
    *out = headers;
    return true;
}

bool s3_check_tags(struct local_call *call, struct str tags)
{
    struct query_param *pairs;
    size_t count = 0;
    struct err err;
    bool ok =
        str_is_empty(tags) || query_parse(call->arena, tags, 64, &pairs, &count, &err) == ERR_NONE;
    for (size_t i = 0; i < count && ok; i++)
        ok = pairs[i].name.len > 0 && pairs[i].name.len <= 128 && pairs[i].value.len <= 256;
    if (ok && count <= MAX_TAGS)
        return true;
    if (ok)
        call_fail(call, 400, "BadRequest", "Object tags cannot be greater than 10");
    else
        call_fail(call, 400, "InvalidTag", "The tag provided was not a valid tag.");
    return false;
}

struct str s3_quoted(struct local_call *call, struct str etag)
{
    return str_fmt(call->arena, "\"" STR_FMT "\"", STR_ARG(etag));
}

void s3_answer_sum(struct local_call *call, const struct s3_sum *sum)
{
    if (sum->kind != S3_SUM_NONE)
        call_header(call, s3_sum_header(sum->kind), sum->value);
}
