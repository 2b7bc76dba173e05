#include "engine/local/s3.h"
#include "engine/local/world.h"

enum { MAX_KEYS = 1000 };

enum outcome { DELETED, MISMATCH, MISSING };

/* if_match null: unconditional. Absent objects count as deleted, unless a condition asks for one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
static enum outcome delete_one(struct local_call *call, struct str key, struct str if_match)
{
    if (!str_is_null(if_match) && s3_ignores_conditions(call))
        if_match = STR_NULL;
    struct s3_object object;
    if (!s3_find(call, call->bucket, key, &object))
        return str_is_null(if_match) ? DELETED : MISSING;
    if (!str_is_null(if_match) && !s3_etag_matches(if_match, object.etag))
        return MISMATCH;
    db_run(
        call->db, "DELETE FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(call->bucket), db_text(key)));
    world_doom_blob(call->local, object.blob);
    return DELETED;
}

enum err_code s3_delete_object(struct local_call *call, struct err *err)
{
    (void) err;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    switch (delete_one(call, call->key, call_request_header(call, "if-match"))) {
    case MISMATCH:
        return call_fail(
            call, 412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
    case MISSING:
        return call_fail(call, 404, "NoSuchKey", "The specified key does not exist.");
    case DELETED:
    default:
        return call_empty(call, 204);
    }
}

static void add_error(struct buf *xml, struct str key, const char *code, const char *message)
{
    buf_add_z(xml, "<Error>");
    xml_element(xml, "Key", key);
    xml_element(xml, "Code", str_from(code));
    xml_element(xml, "Message", str_from(message));
    buf_add_z(xml, "</Error>");
}

static void
delete_listed(struct local_call *call, const struct xml *item, bool quiet, struct buf *xml)
{
    struct str key = xml_get_text(item, "Key"), version = xml_get_text(item, "VersionId");
    if (!str_is_empty(version) && !str_eq(version, STR("null"))) {
        add_error(xml, key, "NoSuchVersion", "The specified version does not exist.");
        return;
    }
    switch (delete_one(call, key, xml_get_text(item, "ETag"))) {
    case MISMATCH:
        add_error(
            xml, key, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
        break;
    case MISSING:
        add_error(xml, key, "NoSuchKey", "The specified key does not exist.");
        break;
    case DELETED:
    default:
        if (quiet)
            break;
        buf_add_z(xml, "<Deleted>");
        xml_element(xml, "Key", key);
        buf_add_z(xml, "</Deleted>");
        break;
    }
}

enum err_code s3_delete_objects(struct local_call *call, struct err *err)
{
    (void) err;
    struct xml *request;
    if (!s3_check_bucket(call) || !s3_body_xml(call, "Delete", &request))
        return ERR_NONE;
    bool quiet = str_eq(xml_get_text(request, "Quiet"), STR("true"));
    size_t count = 0;
    XML_EACH (item, request, "Object")
        count += str_is_empty(xml_get_text(item, "Key")) ? MAX_KEYS + 1 : 1;
    if (count == 0 || count > MAX_KEYS)
        return call_fail(
            call, 400, "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema");
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(16));
    buf_add_z(&xml, "<DeleteResult" S3_XMLNS ">");
    XML_EACH (item, request, "Object")
        delete_listed(call, item, quiet, &xml);
    buf_add_z(&xml, "</DeleteResult>");
    return call_xml(call, buf_str(&xml));
}
