/* Which operation a method, an address, a sub-resource and headers mean. */
#include "engine/local/route.h"

enum level { LEVEL_SERVICE, LEVEL_BUCKET, LEVEL_OBJECT };

struct row {
    const char *method;
    enum level level;
    const char *param;  /* must be in the query; NULL: no sub-resource may be */
    const char *header; /* must be there, when not NULL */
    const char *name;
};

/* The first row that fits. */
static const struct row s_rows[] = {
    {"GET", LEVEL_SERVICE, NULL, NULL, "ListBuckets"},
    {"PUT", LEVEL_BUCKET, NULL, NULL, "CreateBucket"},
    {"HEAD", LEVEL_BUCKET, NULL, NULL, "HeadBucket"},
    {"DELETE", LEVEL_BUCKET, NULL, NULL, "DeleteBucket"},
    {"GET", LEVEL_BUCKET, "location", NULL, "GetBucketLocation"},
    {"GET", LEVEL_BUCKET, "tagging", NULL, "GetBucketTagging"},
    {"PUT", LEVEL_BUCKET, "tagging", NULL, "PutBucketTagging"},
    {"DELETE", LEVEL_BUCKET, "tagging", NULL, "DeleteBucketTagging"},
    {"GET", LEVEL_BUCKET, "publicAccessBlock", NULL, "GetPublicAccessBlock"},
    {"PUT", LEVEL_BUCKET, "publicAccessBlock", NULL, "PutPublicAccessBlock"},
    {"DELETE", LEVEL_BUCKET, "publicAccessBlock", NULL, "DeletePublicAccessBlock"},
    {"GET", LEVEL_BUCKET, "encryption", NULL, "GetBucketEncryption"},
    {"PUT", LEVEL_BUCKET, "encryption", NULL, "PutBucketEncryption"},
    {"DELETE", LEVEL_BUCKET, "encryption", NULL, "DeleteBucketEncryption"},
    {"GET", LEVEL_BUCKET, "lifecycle", NULL, "GetBucketLifecycleConfiguration"},
    {"PUT", LEVEL_BUCKET, "lifecycle", NULL, "PutBucketLifecycleConfiguration"},
    {"DELETE", LEVEL_BUCKET, "lifecycle", NULL, "DeleteBucketLifecycle"},
    {"GET", LEVEL_BUCKET, "versioning", NULL, "GetBucketVersioning"},
    {"PUT", LEVEL_BUCKET, "versioning", NULL, "PutBucketVersioning"},
    {"GET", LEVEL_BUCKET, "ownershipControls", NULL, "GetBucketOwnershipControls"},
    {"GET", LEVEL_BUCKET, "policy", NULL, "GetBucketPolicy"},
    {"GET", LEVEL_BUCKET, "policyStatus", NULL, "GetBucketPolicyStatus"},
    {"GET", LEVEL_BUCKET, "cors", NULL, "GetBucketCors"},
    {"GET", LEVEL_BUCKET, "website", NULL, "GetBucketWebsite"},
    {"GET", LEVEL_BUCKET, "replication", NULL, "GetBucketReplication"},
    {"GET", LEVEL_BUCKET, "object-lock", NULL, "GetObjectLockConfiguration"},
    {"GET", LEVEL_BUCKET, "logging", NULL, "GetBucketLogging"},
    {"GET", LEVEL_BUCKET, "notification", NULL, "GetBucketNotificationConfiguration"},
    {"GET", LEVEL_BUCKET, "requestPayment", NULL, "GetBucketRequestPayment"},
    {"GET", LEVEL_BUCKET, "accelerate", NULL, "GetBucketAccelerateConfiguration"},
    {"GET", LEVEL_BUCKET, "acl", NULL, "GetBucketAcl"},
    {"GET", LEVEL_OBJECT, "acl", NULL, "GetObjectAcl"},
    {"GET", LEVEL_BUCKET, "versions", NULL, "ListObjectVersions"},
    {"GET", LEVEL_BUCKET, "uploads", NULL, "ListMultipartUploads"},
    {"POST", LEVEL_BUCKET, "delete", NULL, "DeleteObjects"},
    {"GET", LEVEL_BUCKET, "list-type", NULL, "ListObjectsV2"},
    {"GET", LEVEL_BUCKET, NULL, NULL, "ListObjects"},
    {"PUT", LEVEL_OBJECT, "partNumber", "x-amz-copy-source", "UploadPartCopy"},
    {"PUT", LEVEL_OBJECT, "partNumber", NULL, "UploadPart"},
    {"PUT", LEVEL_OBJECT, "tagging", NULL, "PutObjectTagging"},
    {"GET", LEVEL_OBJECT, "tagging", NULL, "GetObjectTagging"},
    {"DELETE", LEVEL_OBJECT, "tagging", NULL, "DeleteObjectTagging"},
    {"POST", LEVEL_OBJECT, "uploads", NULL, "CreateMultipartUpload"},
    {"POST", LEVEL_OBJECT, "uploadId", NULL, "CompleteMultipartUpload"},
    {"DELETE", LEVEL_OBJECT, "uploadId", NULL, "AbortMultipartUpload"},
    {"GET", LEVEL_OBJECT, "uploadId", NULL, "ListParts"},
    {"GET", LEVEL_OBJECT, "attributes", NULL, "GetObjectAttributes"},
    {"GET", LEVEL_OBJECT, "partNumber", NULL, "GetObject"},
    {"HEAD", LEVEL_OBJECT, "partNumber", NULL, "HeadObject"},
    {"PUT", LEVEL_OBJECT, NULL, "x-amz-copy-source", "CopyObject"},
    {"PUT", LEVEL_OBJECT, NULL, NULL, "PutObject"},
    {"GET", LEVEL_OBJECT, NULL, NULL, "GetObject"},
    {"HEAD", LEVEL_OBJECT, NULL, NULL, "HeadObject"},
    {"DELETE", LEVEL_OBJECT, NULL, NULL, "DeleteObject"},
};

/* Query parameters that name another thing than the bucket or object itself: an operation on one
 * that has no row must not be taken for the plain one. */
static const char *const s_subresources[] = {
    "accelerate",
    "acl",
    "analytics",
    "append",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
};

static bool has_subresource(const struct local_call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(s_subresources) && call->n_params > 0; i++)
        if (call_has_param(call, s_subresources[i]))
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
        if (row->level != level || !str_eq_z(call->http->method, row->method))
            continue;
        if (row->param != NULL ? !call_has_param(call, row->param) : sub)
            continue;
        if (row->header != NULL && str_is_null(call_request_header(call, row->header)))
            continue;
        return str_from(row->name);
    }
    return STR_NULL;
}
