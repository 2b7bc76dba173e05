/* Sub-resources of a bucket that are one XML document each, and tags of objects. */
#include "engine/local/s3.h"

struct config {
    const char *kind;    /* the query parameter */
    const char *root;    /* of its document */
    const char *initial; /* of a new bucket; NULL: there is none */
    int missing_status;
    const char *missing_code, *missing_message;
    int delete_status;
};

/* To add a sub-resource: a row, its operations in s3.h and their addresses in s3_route.c.
 * New buckets are private and encrypted since 2023.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html */
static const struct config s_configs[] = {
    {"tagging", "Tagging", NULL, 404, "NoSuchTagSet", "The TagSet does not exist", 204},
    {"publicAccessBlock", "PublicAccessBlockConfiguration",
     "<PublicAccessBlockConfiguration" S3_XMLNS "><BlockPublicAcls>true</BlockPublicAcls>"
     "<IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"
     "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
     404, "NoSuchPublicAccessBlockConfiguration",
     "The public access block configuration was not found", 204},
    {"encryption", "ServerSideEncryptionConfiguration",
     "<ServerSideEncryptionConfiguration" S3_XMLNS "><Rule><ApplyServerSideEncryptionByDefault>"
     "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
     "<BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
     404, "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found", 204},
    {"lifecycle", "LifecycleConfiguration", NULL, 404, "NoSuchLifecycleConfiguration",
     "The lifecycle configuration does not exist", 204},
    /* What a bucket has that nobody gave any: of these there is no PUT, since nothing here would
     * act by them. */
    {"ownershipControls", "OwnershipControls",
     "<OwnershipControls" S3_XMLNS "><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>"
     "</Rule></OwnershipControls>",
     404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 204},
    {"policyStatus", "PolicyStatus", NULL, 404, "NoSuchBucketPolicy",
     "The bucket policy does not exist", 204},
    {"policy", "Policy", NULL, 404, "NoSuchBucketPolicy", "The bucket policy does not exist", 204},
    {"cors", "CORSConfiguration", NULL, 404, "NoSuchCORSConfiguration",
     "The CORS configuration does not exist", 204},
    {"website", "WebsiteConfiguration", NULL, 404, "NoSuchWebsiteConfiguration",
     "The specified bucket does not have a website configuration", 204},
    {"replication", "ReplicationConfiguration", NULL, 404, "ReplicationConfigurationNotFoundError",
     "The replication configuration was not found", 204},
    {"object-lock", "ObjectLockConfiguration", NULL, 404, "ObjectLockConfigurationNotFoundError",
     "Object Lock configuration does not exist for this bucket", 204},
    {"logging", "BucketLoggingStatus", "<BucketLoggingStatus" S3_XMLNS "/>", 404, "", "", 204},
    {"notification", "NotificationConfiguration", "<NotificationConfiguration" S3_XMLNS "/>", 404,
     "", "", 204},
    {"requestPayment", "RequestPaymentConfiguration",
     "<RequestPaymentConfiguration" S3_XMLNS "><Payer>BucketOwner</Payer>"
     "</RequestPaymentConfiguration>",
     404, "", "", 204},
    {"accelerate", "AccelerateConfiguration", "<AccelerateConfiguration" S3_XMLNS "/>", 404, "", "",
     204},
    {"versioning", "VersioningConfiguration", "<VersioningConfiguration" S3_XMLNS "/>", 404,
     "NoSuchKey", "", 204},
};

static const struct config *config_of(const struct local_call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(s_configs); i++)
        if (call_has_param(call, s_configs[i].kind))
            return &s_configs[i];
    return &s_configs[0];
}

/* A deleted document is an empty row, so that the initial one does not come back. */
static void store(struct local_call *call, const struct config *config, struct str xml)
{
    db_run(
        call->db, "INSERT OR REPLACE INTO bucket_config(bucket, kind, xml) VALUES(?1, ?2, ?3)",
        DB_ARGS(db_text(call->bucket), db_text(str_from(config->kind)), db_text(xml)));
    s3_buckets_forget(call->local);
}

enum err_code s3_get_config(struct local_call *call, struct err *err)
{
    (void) err;
    const struct config *config = config_of(call);
    if (!s3_check_bucket(call))
        return ERR_NONE;
    struct str xml = str_from(config->initial);
    struct db_stmt *q = db_query(
        call->db, "SELECT xml FROM bucket_config WHERE bucket=?1 AND kind=?2",
        DB_ARGS(db_text(call->bucket), db_text(str_from(config->kind))));
    if (db_next(q))
        xml = db_col_text(q, 0, call->arena);
    db_finish(&q);
    if (str_is_empty(xml))
        return call_fail(
            call, config->missing_status, config->missing_code, "%s", config->missing_message);
    return call_xml(call, xml);
}

/* The document without the sender's declaration, which ours replaces. */
static struct str without_declaration(struct str text)
{
    text = str_trim(text);
    size_t end = str_starts(text, STR("<?xml")) ? str_find(text, STR("?>")) : SIZE_MAX;
    return end == SIZE_MAX ? text : str_trim(str_from_index(text, end + 2));
}

static bool tags_are_valid(const struct xml *tagging, size_t max)
{
    size_t count = 0;
    XML_EACH (tag, xml_get(tagging, "TagSet"), "Tag") {
        struct str key = xml_get_text(tag, "Key"), value = xml_get_text(tag, "Value");
        if (key.len == 0 || key.len > 128 || str_is_null(value) || value.len > 256)
            return false;
        count++;
    }
    return count <= max;
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
static bool versioning_is_valid(const struct xml *versioning)
{
    struct str status = xml_get_text(versioning, "Status");
    return str_eq(status, STR("Enabled")) || str_eq(status, STR("Suspended"));
}

enum err_code s3_put_config(struct local_call *call, struct err *err)
{
    (void) err;
    const struct config *config = config_of(call);
    struct xml *xml;
    struct str text;
    if (!s3_check_bucket(call) || !s3_body_xml(call, config->root, &xml) ||
        !s3_body_text(call, &text))
        return ERR_NONE;
    if (str_eq(xml->name, STR("Tagging")) && !tags_are_valid(xml, 50))
        return call_fail(call, 400, "InvalidTag", "The tag provided was not a valid tag.");
    if (str_eq(xml->name, STR("VersioningConfiguration")) && !versioning_is_valid(xml))
        return call_fail(
            call, 400, "IllegalVersioningConfigurationException",
            "The Versioning element must be specified");
    store(call, config, without_declaration(text));
    return call_empty(call, str_eq(xml->name, STR("Tagging")) ? 204 : 200);
}

enum err_code s3_delete_config(struct local_call *call, struct err *err)
{
    (void) err;
    const struct config *config = config_of(call);
    if (!s3_check_bucket(call))
        return ERR_NONE;
    store(call, config, STR(""));
    return call_empty(call, config->delete_status);
}

static bool find_tagged(struct local_call *call, struct s3_object *out)
{
    return s3_find_version(call, call->bucket, call->key, call_param(call, "versionId"), out) &&
           !out->marker;
}

/* Tags belong to a version and make no new one. */
static void store_tags(struct local_call *call, const struct s3_object *object)
{
    struct db_arg version = db_text(str_is_null(object->version) ? STR("null") : object->version);
    db_run(
        call->db,
        "UPDATE object SET tags=?3 WHERE bucket=?1 AND key=?2 AND coalesce(version, 'null')=?4",
        DB_ARGS(db_text(object->bucket), db_text(object->key), db_text(object->tags), version));
    db_run(
        call->db,
        "UPDATE old_version SET tags=?3 WHERE bucket=?1 AND key=?2"
        " AND coalesce(version, 'null')=?4",
        DB_ARGS(db_text(object->bucket), db_text(object->key), db_text(object->tags), version));
}

enum err_code s3_get_object_tagging(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_object object;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    if (!find_tagged(call, &object))
        return s3_fail_missing(call);
    struct query_param *pairs = NULL;
    size_t count = 0;
    struct err ignored; /* they were checked when they came in */
    if (!str_is_empty(object.tags) &&
        query_parse(call->arena, object.tags, 64, &pairs, &count, &ignored) != ERR_NONE)
        count = 0;
    AUTO(buf_done) struct buf xml = BUF_INIT(KIB(64));
    buf_add_z(&xml, "<Tagging" S3_XMLNS "><TagSet>");
    for (size_t i = 0; i < count; i++) {
        buf_add_z(&xml, "<Tag>");
        xml_element(&xml, "Key", pairs[i].name);
        xml_element(&xml, "Value", pairs[i].value);
        buf_add_z(&xml, "</Tag>");
    }
    buf_add_z(&xml, "</TagSet></Tagging>");
    return call_xml(call, buf_str(&xml));
}

enum err_code s3_put_object_tagging(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_object object;
    struct xml *xml;
    if (!s3_check_bucket(call) || !s3_body_xml(call, "Tagging", &xml))
        return ERR_NONE;
    if (!find_tagged(call, &object))
        return s3_fail_missing(call);
    if (!tags_are_valid(xml, 10))
        return call_fail(call, 400, "InvalidTag", "The tag provided was not a valid tag.");
    AUTO(buf_done) struct buf tags = BUF_INIT(KIB(64));
    XML_EACH (tag, xml_get(xml, "TagSet"), "Tag") {
        if (tags.len > 0)
            buf_add_char(&tags, '&');
        uri_encode(&tags, xml_get_text(tag, "Key"), false);
        buf_add_char(&tags, '=');
        uri_encode(&tags, xml_get_text(tag, "Value"), false);
    }
    object.tags = tags.len > 0 ? str_dup(call->arena, buf_str(&tags)) : STR_NULL;
    store_tags(call, &object);
    return call_empty(call, 200);
}

enum err_code s3_delete_object_tagging(struct local_call *call, struct err *err)
{
    (void) err;
    struct s3_object object;
    if (!s3_check_bucket(call))
        return ERR_NONE;
    if (!find_tagged(call, &object))
        return s3_fail_missing(call);
    object.tags = STR_NULL;
    store_tags(call, &object);
    return call_empty(call, 204);
}
