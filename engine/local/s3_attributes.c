/* What is known of an object besides its bytes: GetObjectAttributes, and its access control list.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
#include "engine/local/s3.h"

enum { PAGE = 1000 };

enum attribute { ETAG, CHECKSUM, OBJECT_PARTS, STORAGE_CLASS, OBJECT_SIZE, N_ATTRIBUTES };
static const char *const s_attributes[N_ATTRIBUTES] = {
    [ETAG] = "ETag",
    [CHECKSUM] = "Checksum",
    [OBJECT_PARTS] = "ObjectParts",
    [STORAGE_CLASS] = "StorageClass",
    [OBJECT_SIZE] = "ObjectSize",
};

/* x-amz-object-attributes: ETag,ObjectSize; once or several times. false: answered. */
static bool wanted_attributes(struct local_call *call, bool out[N_ATTRIBUTES])
{
    bool any = false;
    for (size_t i = 0; i < call->http->n_headers; i++) {
        struct str value = call->http->headers[i].value, name;
        if (!str_eq_nocase(call->http->headers[i].name, STR("x-amz-object-attributes")))
            continue;
        while (str_split(&value, ',', &name)) {
            bool known = false;
            for (size_t at = 0; at < N_ATTRIBUTES; at++)
                if (str_eq_z(str_trim(name), s_attributes[at]))
                    known = out[at] = any = true;
            if (!known) {
                call_fail(call, 400, "InvalidArgument", "Invalid attribute name specified.");
                return false;
            }
        }
    }
    if (!any)
        call_fail(
            call, 400, "InvalidRequest",
            "The x-amz-object-attributes header specifying the attributes to be retrieved is "
            "either missing or empty");
    return any;
}

static void add_sum(struct buf *xml, enum s3_sum_kind kind, struct str value)
{
    /* COMPOSITE ones end in the number of parts, which is not part of it here. */
    if (kind != S3_SUM_NONE && !str_is_null(value))
        xml_element(xml, s3_sum_element(kind), str_slice(value, 0, str_index(value, '-')));
}

/* Parts are told apart only where each has a checksum; else it is how many there were. */
static void add_parts(struct local_call *call, struct buf *xml, const struct s3_object *object)
{
    const struct json *parts = json_get(object->headers, S3_PARTS);
    int64_t after = 0, last = 0, max = PAGE;
    size_t given = 0;
    bool more = false;
    AUTO(buf_done) struct buf rows = BUF_INIT(MIB(4));
    if (!str_to_i64(call_request_header(call, "x-amz-part-number-marker"), &after))
        after = 0;
    if (!str_to_i64(call_request_header(call, "x-amz-max-parts"), &max) || max > PAGE || max < 0)
        max = PAGE;
    JSON_EACH (part, parts) {
        const struct json *size = part->first->next;
        if (object->sum.kind == S3_SUM_NONE || part->first->integer <= after)
            continue;
        more = given == (size_t) max;
        if (more)
            break;
        given++;
        last = part->first->integer;
        buf_fmt(
            &rows, "<Part><PartNumber>%lld</PartNumber><Size>%lld</Size>", (long long) last,
            (long long) size->integer);
        add_sum(&rows, object->sum.kind, json_str(size->next));
        buf_add_z(&rows, "</Part>");
    }
    buf_fmt(xml, "<ObjectParts><PartsCount>%zu</PartsCount>", parts->len);
    if (object->sum.kind != S3_SUM_NONE)
        buf_fmt(
            xml,
            "<PartNumberMarker>%lld</PartNumberMarker><NextPartNumberMarker>%lld"
            "</NextPartNumberMarker><MaxParts>%lld</MaxParts><IsTruncated>%s</IsTruncated>",
            (long long) after, (long long) last, (long long) max, more ? "true" : "false");
    buf_add(xml, buf_str(&rows));
    buf_add_z(xml, "</ObjectParts>");
}

enum err_code s3_get_attributes(struct local_call *call, struct err *err)
{
    (void) err;
    bool wanted[N_ATTRIBUTES] = {false};
    struct s3_object object;
    if (!s3_check_bucket(call) || !wanted_attributes(call, wanted) || !s3_find_asked(call, &object))
        return ERR_NONE;
    AUTO(buf_done) struct buf xml = BUF_INIT(MIB(4));
    buf_add_z(&xml, "<GetObjectAttributesResponse" S3_XMLNS ">");
    if (wanted[ETAG])
        xml_element(&xml, "ETag", object.etag);
    if (wanted[CHECKSUM] && object.sum.kind != S3_SUM_NONE) {
        buf_add_z(&xml, "<Checksum>");
        add_sum(&xml, object.sum.kind, object.sum.value);
        xml_element(&xml, "ChecksumType", object.sum_type);
        buf_add_z(&xml, "</Checksum>");
    }
    if (wanted[OBJECT_PARTS] && json_get(object.headers, S3_PARTS) != NULL)
        add_parts(call, &xml, &object);
    if (wanted[STORAGE_CLASS])
        xml_element(&xml, "StorageClass", STR("STANDARD"));
    if (wanted[OBJECT_SIZE])
        buf_fmt(&xml, "<ObjectSize>%llu</ObjectSize>", (unsigned long long) object.size_bytes);
    buf_add_z(&xml, "</GetObjectAttributesResponse>");
    call_header(call, "Last-Modified", time_http(call->arena, object.modified_ms));
    call_header(call, "x-amz-version-id", object.version);
    return call_xml(call, buf_str(&xml));
}

/* Buckets here enforce their owner: there is one list, and none can be set.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html */
enum err_code s3_get_acl(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_object object;
    if (!s3_check_bucket(call) || (!str_is_null(call->key) && !s3_find_asked(call, &object)))
        return ERR_NONE;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(8));
    buf_add_z(&xml, "<AccessControlPolicy" S3_XMLNS "><Owner>");
    xml_element(&xml, "ID", call->account);
    buf_add_z(
        &xml, "</Owner><AccessControlList><Grant><Grantee "
              "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
              "xsi:type=\"CanonicalUser\">");
    xml_element(&xml, "ID", call->account);
    buf_add_z(
        &xml, "</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>"
              "</AccessControlPolicy>");
    return call_xml(call, buf_str(&xml));
}
