#include "engine/local/objects.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

enum { MAX_BUCKETS = 10000 };

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
enum err_code s3_list_buckets(struct local_call *call, struct err *err)
{
    (void) err;
    uint64_t max = MAX_BUCKETS, count = 0;
    struct str max_text = call_param(call, "max-buckets"), after = STR_NULL, last = STR_NULL;
    struct str token = call_param(call, "continuation-token");
    struct str prefix = call_param(call, "prefix"), region = call_param(call, "bucket-region");
    if (!str_is_empty(max_text) && (!str_to_u64(max_text, &max) || max < 1 || max > MAX_BUCKETS))
        return call_fail(
            call, 400, "InvalidArgument",
            "Argument max-buckets must be an integer between 1 and 10000");
    if (!str_is_empty(token) && !base64_decode(call->arena, token, &after))
        return call_fail(
            call, 400, "InvalidArgument", "The continuation token provided is incorrect");
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(16));
    buf_add_z(&xml, "<ListAllMyBucketsResult" S3_XMLNS "><Owner>");
    xml_element(&xml, "ID", call->account);
    buf_add_z(&xml, "</Owner><Buckets>");
    struct db_stmt *q = db_query(
        call->db,
        "SELECT name, created_ms, region FROM bucket WHERE account=?1 AND (?2 IS NULL OR name>?2)"
        " AND (?3 IS NULL OR substr(name, 1, length(?3))=?3) AND (?4 IS NULL OR region=?4)"
        " ORDER BY name",
        DB_ARGS(db_text(call->account), db_text(after), db_text(prefix), db_text(region)));
    bool more = false;
    while (!more && db_next(q)) {
        more = count++ == max;
        if (more)
            break;
        last = db_col_text(q, 0, call->arena);
        buf_add_z(&xml, "<Bucket>");
        xml_element(&xml, "Name", last);
        xml_element(&xml, "CreationDate", time_iso_ms(call->arena, db_col_int(q, 1)));
        xml_element(&xml, "BucketRegion", db_col_text(q, 2, call->arena));
        buf_add_z(&xml, "</Bucket>");
    }
    db_finish(&q);
    buf_add_z(&xml, "</Buckets>");
    if (more)
        xml_element(&xml, "ContinuationToken", base64_of(call->arena, last.ptr, last.len));
    if (!str_is_empty(prefix))
        xml_element(&xml, "Prefix", prefix);
    buf_add_z(&xml, "</ListAllMyBucketsResult>");
    return call_xml(call, buf_str(&xml));
}

/* https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
static bool name_is_valid(struct str name)
{
    if (name.len < 3 || name.len > 63 || str_find(name, STR("..")) != SIZE_MAX ||
        str_starts(name, STR("xn--")) || str_ends(name, STR("-s3alias")))
        return false;
    bool digits_and_dots = true;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool inner = (c == '-' || c == '.') && i > 0 && i + 1 < name.len;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || inner))
            return false;
        digits_and_dots &= (c >= '0' && c <= '9') || c == '.';
    }
    return !(digits_and_dots && str_index(name, '.') != SIZE_MAX);
}

/* The region a new bucket goes to. null: answered. us-east-1 is the endpoint of the whole world,
 * the others make buckets at home only. */
static struct str wanted_region(struct local_call *call)
{
    struct str constraint = STR_NULL;
    bool global = str_eq(call->region, STR("us-east-1"));
    if (call->http->body_len > 0) {
        struct xml *xml;
        if (!s3_body_xml(call, "CreateBucketConfiguration", &xml))
            return STR_NULL;
        constraint = xml_get_text(xml, "LocationConstraint");
    }
    if (str_eq(constraint, STR("EU")))
        constraint = STR("eu-west-1");
    if (str_is_empty(constraint) && global)
        return call->region;
    if (str_eq(constraint, STR("us-east-1"))) {
        call_fail(
            call, 400, "InvalidLocationConstraint",
            "The specified location-constraint is not valid");
        return STR_NULL;
    }
    if (global || str_eq(constraint, call->region))
        return constraint;
    call_fail(
        call, 400, "IllegalLocationConstraintException",
        "The " STR_FMT " location constraint is incompatible for the region specific endpoint this "
        "request was sent to.",
        STR_ARG(str_is_empty(constraint) ? STR("unspecified") : constraint));
    return STR_NULL;
}

enum err_code s3_create_bucket(struct local_call *call, struct err *err)
{
    (void) err;
    if (!name_is_valid(call->bucket))
        return call_fail(call, 400, "InvalidBucketName", "The specified bucket is not valid.");
    struct str region = wanted_region(call);
    if (str_is_null(region))
        return ERR_NONE;
    struct str owner = STR_NULL;
    struct db_stmt *q = db_query(
        call->db, "SELECT account FROM bucket WHERE name=?1", DB_ARGS(db_text(call->bucket)));
    if (db_next(q))
        owner = db_col_text(q, 0, call->arena);
    db_finish(&q);
    if (!str_is_null(owner) && !str_eq(owner, call->account))
        return call_fail(
            call, 409, "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again.");
    if (!str_is_null(owner) && !str_eq(call->region, STR("us-east-1")))
        return call_fail(
            call, 409, "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.");
    if (str_is_null(owner))
        db_run(
            call->db, "INSERT INTO bucket(name, region, account, created_ms) VALUES(?1,?2,?3,?4)",
            DB_ARGS(
                db_text(call->bucket), db_text(region), db_text(call->account),
                db_int(call->now_ms)));
    call_header(call, "Location", str_fmt(call->arena, "/" STR_FMT, STR_ARG(call->bucket)));
    return call_empty(call, 200);
}

enum err_code s3_head_bucket(struct local_call *call, struct err *err)
{
    (void) err;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    call_header(call, "x-amz-bucket-region", call->region);
    call_header(call, "Content-Type", STR("application/xml"));
    return call_empty(call, 200);
}

static bool has_row(struct local_call *call, const char *sql)
{
    struct db_stmt *q = db_query(call->db, sql, DB_ARGS(db_text(call->bucket)));
    bool found = db_next(q);
    db_finish(&q);
    return found;
}

enum err_code s3_delete_bucket(struct local_call *call, struct err *err)
{
    (void) err;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    if (has_row(call, "SELECT 1 FROM object WHERE bucket=?1 LIMIT 1"))
        return call_fail(
            call, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    if (has_row(call, "SELECT 1 FROM old_version WHERE bucket=?1 LIMIT 1"))
        return call_fail(
            call, 409, "BucketNotEmpty",
            "The bucket you tried to delete is not empty. You must delete all versions in the "
            "bucket.");
    struct db_stmt *q =
        db_query(call->db, "SELECT id FROM upload WHERE bucket=?1", DB_ARGS(db_text(call->bucket)));
    while (db_next(q))
        s3_drop_upload(call, db_col_text(q, 0, call->arena), true);
    db_finish(&q);
    db_run(call->db, "DELETE FROM bucket WHERE name=?1", DB_ARGS(db_text(call->bucket)));
    s3_buckets_forget(call->local);
    return call_empty(call, 204);
}

enum err_code s3_get_bucket_location(struct local_call *call, struct err *err)
{
    (void) err;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(4));
    struct str region = objects_bucket_region(call->local, call->arena, call->bucket);
    buf_add_z(&xml, "<LocationConstraint" S3_XMLNS ">");
    if (!str_eq(region, STR("us-east-1")))
        xml_escape(&xml, region);
    buf_add_z(&xml, "</LocationConstraint>");
    return call_xml(call, buf_str(&xml));
}
