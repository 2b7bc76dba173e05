#include "engine/local/access.h"
#include "engine/local/faults.h"
#include "engine/local/s3.h"
#include "engine/local/world.h"

enum { MAX_KEYS = 1000 };

enum outcome { DELETED, MISMATCH, MISSING, NO_VERSION };

struct deletion {
    struct str key, version, if_match; /* null: the current one; unconditional */
    struct str marker;                 /* out: the marker that was made, or removed */
    bool made_marker;
};

static void drop_current(struct local_call *call, const struct s3_object *object)
{
    db_run(
        call->db, "DELETE FROM object WHERE bucket=?1 AND key=?2",
        DB_ARGS(db_text(call->bucket), db_text(object->key)));
    world_doom_blob(call->local, object->blob);
}

/* One version goes for good; whatever is newest then shows again. */
static enum outcome delete_version(struct local_call *call, struct deletion *deletion)
{
    struct s3_object object;
    if (!s3_find_version(call, call->bucket, deletion->key, deletion->version, &object))
        return str_eq(deletion->version, STR("null")) ? DELETED : NO_VERSION;
    if (object.marker)
        deletion->marker = deletion->version;
    if (!s3_drop_version(call, call->bucket, deletion->key, deletion->version, NULL))
        drop_current(call, &object);
    struct s3_object current;
    if (!s3_find(call, call->bucket, deletion->key, &current))
        s3_promote(call, deletion->key);
    return DELETED;
}

/* Where versions are kept, nothing goes: a marker hides it. */
static void
delete_current(struct local_call *call, struct deletion *deletion, const struct s3_object *object)
{
    const struct s3_bucket *bucket = s3_bucket_find(call->local, call->bucket);
    enum s3_versioning mode = bucket != NULL ? bucket->versioning : S3_UNVERSIONED;
    bool null_version =
        object != NULL && (str_is_null(object->version) || str_eq(object->version, STR("null")));
    if (mode == S3_UNVERSIONED) {
        if (object != NULL)
            drop_current(call, object);
        return;
    }
    if (object != NULL && mode == S3_SUSPENDED && null_version)
        drop_current(call, object);
    else if (object != NULL)
        s3_archive(call, call->bucket, deletion->key);
    deletion->marker = mode == S3_VERSIONED ? world_new_id(call->local, call->arena) : STR("null");
    if (mode == S3_SUSPENDED)
        s3_drop_version(call, call->bucket, deletion->key, STR("null"), NULL);
    s3_add_marker(call, deletion->key, deletion->marker);
    deletion->made_marker = true;
}

/* Absent objects count as deleted, unless a condition asks for one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
static enum outcome delete_one(struct local_call *call, struct deletion *deletion)
{
    struct str if_match = deletion->if_match;
    if (!str_is_null(if_match) && s3_ignores_conditions(call))
        if_match = STR_NULL;
    if (!str_is_null(deletion->version))
        return delete_version(call, deletion);
    struct s3_object object;
    bool found = s3_find(call, call->bucket, deletion->key, &object);
    if (!found && !str_is_null(if_match))
        return MISSING;
    if (!str_is_null(if_match) && !s3_etag_matches(if_match, object.etag))
        return MISMATCH;
    delete_current(call, deletion, found ? &object : NULL);
    return DELETED;
}

enum err_code s3_delete_object(struct local_call *call, struct err *err)
{
    (void) err;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    struct deletion deletion = {
        .key = call->key,
        .version = call_param(call, "versionId"),
        .if_match = call_request_header(call, "if-match"),
    };
    switch (delete_one(call, &deletion)) {
    case MISMATCH:
        return call_fail(
            call, 412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
    case MISSING:
        return call_fail(call, 404, "NoSuchKey", "The specified key does not exist.");
    case NO_VERSION:
        return call_fail(call, 404, "NoSuchVersion", "The specified version does not exist.");
    case DELETED:
    default:
        break;
    }
    if (!str_is_null(deletion.marker))
        call_header(call, "x-amz-delete-marker", STR("true"));
    call_header(
        call, "x-amz-version-id", deletion.made_marker ? deletion.marker : deletion.version);
    return call_empty(call, 204);
}

static void add_error(struct buf *xml, struct str key, const char *code, const char *message)
{
    buf_add_z(xml, "<Error>");
    xml_element(xml, "Key", key);
    xml_element(xml, "Code", str_from(code));
    xml_element(xml, "Message", str_from(message));
    buf_add_z(xml, "</Error>");
}

static void add_deleted(struct buf *xml, const struct deletion *deletion)
{
    buf_add_z(xml, "<Deleted>");
    xml_element(xml, "Key", deletion->key);
    if (!str_is_null(deletion->version))
        xml_element(xml, "VersionId", deletion->version);
    if (!str_is_null(deletion->marker)) {
        buf_add_z(xml, "<DeleteMarker>true</DeleteMarker>");
        xml_element(xml, "DeleteMarkerVersionId", deletion->marker);
    }
    buf_add_z(xml, "</Deleted>");
}

/* A fault of kind "key". */
static bool planted_error(struct local_call *call, struct str key, struct buf *xml)
{
    const struct json *fault = faults_fired(
        call, FAULT_KEY,
        str_fmt(call->arena, STR_FMT "/" STR_FMT, STR_ARG(call->bucket), STR_ARG(key)));
    if (fault == NULL)
        return false;
    struct str code = json_get_str(fault, "code"), message = json_get_str(fault, "message");
    add_error(
        xml, key, str_is_null(code) ? "InternalError" : str_z(call->arena, code),
        str_is_null(message) ? "We encountered an internal error. Please try again."
                             : str_z(call->arena, message));
    return true;
}

static void
delete_listed(struct local_call *call, const struct xml *item, bool quiet, struct buf *xml)
{
    struct deletion deletion = {
        .key = xml_get_text(item, "Key"),
        .version = xml_get_text(item, "VersionId"),
        .if_match = xml_get_text(item, "ETag"),
    };
    if (str_is_empty(deletion.version))
        deletion.version = STR_NULL;
    if (planted_error(call, deletion.key, xml))
        return;
    const char *action =
        str_is_null(deletion.version) ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
    if (!access_allows(call, action, call->bucket, deletion.key, deletion.if_match)) {
        add_error(xml, deletion.key, "AccessDenied", "Access Denied");
        return;
    }
    switch (delete_one(call, &deletion)) {
    case MISMATCH:
        add_error(
            xml, deletion.key, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold");
        break;
    case MISSING:
        add_error(xml, deletion.key, "NoSuchKey", "The specified key does not exist.");
        break;
    case NO_VERSION:
        add_error(xml, deletion.key, "NoSuchVersion", "The specified version does not exist.");
        break;
    case DELETED:
    default:
        if (!quiet)
            add_deleted(xml, &deletion);
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
