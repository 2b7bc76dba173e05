/* Which operation a method, an address, a sub-resource and headers mean. */
#include "engine/local/route.h"

enum level { LEVEL_SERVICE, LEVEL_BUCKET, LEVEL_OBJECT };

struct row {
    struct str method;
    enum level level;
    const char *param;  /* must be in the query; NULL: no sub-resource may be */
    const char *header; /* must be there, when not NULL */
    const char *name;
};

/* The first row that fits. */
static const struct row s_rows[] = {
    {STR_INIT("GET"), LEVEL_SERVICE, NULL, NULL, "ListBuckets"},
    {STR_INIT("PUT"), LEVEL_BUCKET, NULL, NULL, "CreateBucket"},
    {STR_INIT("HEAD"), LEVEL_BUCKET, NULL, NULL, "HeadBucket"},
    {STR_INIT("DELETE"), LEVEL_BUCKET, NULL, NULL, "DeleteBucket"},
    {STR_INIT("GET"), LEVEL_BUCKET, "location", NULL, "GetBucketLocation"},
    {STR_INIT("GET"), LEVEL_BUCKET, "tagging", NULL, "GetBucketTagging"},
    {STR_INIT("PUT"), LEVEL_BUCKET, "tagging", NULL, "PutBucketTagging"},
    {STR_INIT("DELETE"), LEVEL_BUCKET, "tagging", NULL, "DeleteBucketTagging"},
    {STR_INIT("GET"), LEVEL_BUCKET, "publicAccessBlock", NULL, "GetPublicAccessBlock"},
    {STR_INIT("PUT"), LEVEL_BUCKET, "publicAccessBlock", NULL, "PutPublicAccessBlock"},
    {STR_INIT("DELETE"), LEVEL_BUCKET, "publicAccessBlock", NULL, "DeletePublicAccessBlock"},
    {STR_INIT("GET"), LEVEL_BUCKET, "encryption", NULL, "GetBucketEncryption"},
    {STR_INIT("PUT"), LEVEL_BUCKET, "encryption", NULL, "PutBucketEncryption"},
    {STR_INIT("DELETE"), LEVEL_BUCKET, "encryption", NULL, "DeleteBucketEncryption"},
    {STR_INIT("GET"), LEVEL_BUCKET, "lifecycle", NULL, "GetBucketLifecycleConfiguration"},
    {STR_INIT("PUT"), LEVEL_BUCKET, "lifecycle", NULL, "PutBucketLifecycleConfiguration"},
    {STR_INIT("DELETE"), LEVEL_BUCKET, "lifecycle", NULL, "DeleteBucketLifecycle"},
    {STR_INIT("GET"), LEVEL_BUCKET, "versioning", NULL, "GetBucketVersioning"},
    {STR_INIT("PUT"), LEVEL_BUCKET, "versioning", NULL, "PutBucketVersioning"},
    {STR_INIT("GET"), LEVEL_BUCKET, "ownershipControls", NULL, "GetBucketOwnershipControls"},
    {STR_INIT("GET"), LEVEL_BUCKET, "policy", NULL, "GetBucketPolicy"},
    {STR_INIT("GET"), LEVEL_BUCKET, "policyStatus", NULL, "GetBucketPolicyStatus"},
    {STR_INIT("GET"), LEVEL_BUCKET, "cors", NULL, "GetBucketCors"},
    {STR_INIT("GET"), LEVEL_BUCKET, "website", NULL, "GetBucketWebsite"},
    {STR_INIT("GET"), LEVEL_BUCKET, "replication", NULL, "GetBucketReplication"},
    {STR_INIT("GET"), LEVEL_BUCKET, "object-lock", NULL, "GetObjectLockConfiguration"},
    {STR_INIT("GET"), LEVEL_BUCKET, "logging", NULL, "GetBucketLogging"},
    {STR_INIT("GET"), LEVEL_BUCKET, "notification", NULL, "GetBucketNotificationConfiguration"},
    {STR_INIT("GET"), LEVEL_BUCKET, "requestPayment", NULL, "GetBucketRequestPayment"},
    {STR_INIT("GET"), LEVEL_BUCKET, "accelerate", NULL, "GetBucketAccelerateConfiguration"},
    {STR_INIT("GET"), LEVEL_BUCKET, "acl", NULL, "GetBucketAcl"},
    {STR_INIT("GET"), LEVEL_OBJECT, "acl", NULL, "GetObjectAcl"},
    {STR_INIT("GET"), LEVEL_BUCKET, "versions", NULL, "ListObjectVersions"},
    {STR_INIT("GET"), LEVEL_BUCKET, "uploads", NULL, "ListMultipartUploads"},
    {STR_INIT("POST"), LEVEL_BUCKET, "delete", NULL, "DeleteObjects"},
    {STR_INIT("GET"), LEVEL_BUCKET, "list-type", NULL, "ListObjectsV2"},
    {STR_INIT("GET"), LEVEL_BUCKET, NULL, NULL, "ListObjects"},
    {STR_INIT("PUT"), LEVEL_OBJECT, "partNumber", "x-amz-copy-source", "UploadPartCopy"},
    {STR_INIT("PUT"), LEVEL_OBJECT, "partNumber", NULL, "UploadPart"},
    {STR_INIT("PUT"), LEVEL_OBJECT, "tagging", NULL, "PutObjectTagging"},
    {STR_INIT("GET"), LEVEL_OBJECT, "tagging", NULL, "GetObjectTagging"},
    {STR_INIT("DELETE"), LEVEL_OBJECT, "tagging", NULL, "DeleteObjectTagging"},
    {STR_INIT("POST"), LEVEL_OBJECT, "uploads", NULL, "CreateMultipartUpload"},
    {STR_INIT("POST"), LEVEL_OBJECT, "uploadId", NULL, "CompleteMultipartUpload"},
    {STR_INIT("DELETE"), LEVEL_OBJECT, "uploadId", NULL, "AbortMultipartUpload"},
    {STR_INIT("GET"), LEVEL_OBJECT, "uploadId", NULL, "ListParts"},
    {STR_INIT("GET"), LEVEL_OBJECT, "attributes", NULL, "GetObjectAttributes"},
    {STR_INIT("GET"), LEVEL_OBJECT, "partNumber", NULL, "GetObject"},
    {STR_INIT("HEAD"), LEVEL_OBJECT, "partNumber", NULL, "HeadObject"},
    {STR_INIT("PUT"), LEVEL_OBJECT, NULL, "x-amz-copy-source", "CopyObject"},
    {STR_INIT("PUT"), LEVEL_OBJECT, NULL, NULL, "PutObject"},
    {STR_INIT("GET"), LEVEL_OBJECT, NULL, NULL, "GetObject"},
    {STR_INIT("HEAD"), LEVEL_OBJECT, NULL, NULL, "HeadObject"},
    {STR_INIT("DELETE"), LEVEL_OBJECT, NULL, NULL, "DeleteObject"},
};

/* Query parameters that name another thing than the bucket or object itself: an operation on one
 * that has no row must not be taken for the plain one. */
static const struct str s_subresources[] = {
    STR_INIT("accelerate"),
    STR_INIT("acl"),
    STR_INIT("analytics"),
    STR_INIT("append"),
    STR_INIT("attributes"),
    STR_INIT("cors"),
    STR_INIT("delete"),
    STR_INIT("encryption"),
    STR_INIT("intelligent-tiering"),
    STR_INIT("inventory"),
    STR_INIT("legal-hold"),
    STR_INIT("lifecycle"),
    STR_INIT("location"),
    STR_INIT("logging"),
    STR_INIT("metadataTable"),
    STR_INIT("metrics"),
    STR_INIT("notification"),
    STR_INIT("object-lock"),
    STR_INIT("ownershipControls"),
    STR_INIT("partNumber"),
    STR_INIT("policy"),
    STR_INIT("policyStatus"),
    STR_INIT("publicAccessBlock"),
    STR_INIT("renameObject"),
    STR_INIT("replication"),
    STR_INIT("requestPayment"),
    STR_INIT("restore"),
    STR_INIT("retention"),
    STR_INIT("select"),
    STR_INIT("session"),
    STR_INIT("tagging"),
    STR_INIT("torrent"),
    STR_INIT("uploadId"),
    STR_INIT("uploads"),
    STR_INIT("versioning"),
    STR_INIT("versions"),
    STR_INIT("website"),
};

static bool is_subresource(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_subresources); i++)
        if (str_eq(name, s_subresources[i]))
            return true;
    return false;
}

static bool has_subresource(const struct local_call *call)
{
    for (size_t i = 0; i < call->n_params; i++)
        if (is_subresource(call->params[i].name))
            return true;
    return false;
}

struct str s3_route(const struct local_call *call)
{
    enum level level = LEVEL_SERVICE;
    if (!str_is_null(call->key))
        level = LEVEL_OBJECT;
    else if (!str_is_null(call->bucket))
        level = LEVEL_BUCKET;
    bool sub = has_subresource(call);
    for (size_t i = 0; i < ARRAY_LEN(s_rows); i++) {
        const struct row *row = &s_rows[i];
        if (row->level != level || !str_eq(call->http->method, row->method))
            continue;
        if (row->param != NULL ? !call_has_param(call, row->param) : sub)
            continue;
        if (row->header != NULL && str_is_null(call_request_header(call, row->header)))
            continue;
        return str_from(row->name);
    }
    return STR_NULL;
}
