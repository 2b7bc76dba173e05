/* engine/local/s3.h - the S3 room: its operations, and what its files share.
 *
 * s3_route.c which operation; s3_bucket.c buckets; s3_config.c their sub-resources; s3_body.c
 * bodies that become blobs; s3_store.c rows of objects and their conditions; s3_put.c, s3_get.c,
 * s3_copy.c, s3_delete.c, s3_list.c, s3_versions.c, s3_multipart.c, s3_uploads.c, s3_complete.c,
 * s3_attributes.c the operations; s3_page.c what their listings have in common.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
 */
#ifndef ENGINE_LOCAL_S3_H
#define ENGINE_LOCAL_S3_H

#include "engine/base/digest.h"
#include "engine/base/xml.h"
#include "engine/local/call.h"

#define S3_XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

/* X(service, name, action, handler, flags); call.h has the checklist, s3_route.c the addresses. */
#define LOCAL_S3_OPS(X) \
    X(LOCAL_S3, "ListBuckets", "s3:ListAllMyBuckets", s3_list_buckets, 0) \
    X(LOCAL_S3, "CreateBucket", "s3:CreateBucket", s3_create_bucket, OP_MUTATING) \
    X(LOCAL_S3, "HeadBucket", "s3:ListBucket", s3_head_bucket, 0) \
    X(LOCAL_S3, "DeleteBucket", "s3:DeleteBucket", s3_delete_bucket, OP_MUTATING) \
    X(LOCAL_S3, "GetBucketLocation", "s3:GetBucketLocation", s3_get_bucket_location, 0) \
    X(LOCAL_S3, "GetBucketTagging", "s3:GetBucketTagging", s3_get_config, 0) \
    X(LOCAL_S3, "PutBucketTagging", "s3:PutBucketTagging", s3_put_config, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "DeleteBucketTagging", "s3:PutBucketTagging", s3_delete_config, OP_MUTATING) \
    X(LOCAL_S3, "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", s3_get_config, 0) \
    X(LOCAL_S3, "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", s3_put_config, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", s3_delete_config, \
      OP_MUTATING) \
    X(LOCAL_S3, "GetBucketEncryption", "s3:GetEncryptionConfiguration", s3_get_config, 0) \
    X(LOCAL_S3, "PutBucketEncryption", "s3:PutEncryptionConfiguration", s3_put_config, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "DeleteBucketEncryption", "s3:PutEncryptionConfiguration", s3_delete_config, \
      OP_MUTATING) \
    X(LOCAL_S3, "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", s3_get_config, \
      0) \
    X(LOCAL_S3, "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration", s3_put_config, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", s3_delete_config, \
      OP_MUTATING) \
    X(LOCAL_S3, "GetBucketVersioning", "s3:GetBucketVersioning", s3_get_config, 0) \
    X(LOCAL_S3, "PutBucketVersioning", "s3:PutBucketVersioning", s3_put_config, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketPolicy", "s3:GetBucketPolicy", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketCors", "s3:GetBucketCORS", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketWebsite", "s3:GetBucketWebsite", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketReplication", "s3:GetReplicationConfiguration", s3_get_config, 0) \
    X(LOCAL_S3, "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", \
      s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketLogging", "s3:GetBucketLogging", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketNotificationConfiguration", "s3:GetBucketNotification", s3_get_config, \
      0) \
    X(LOCAL_S3, "GetBucketRequestPayment", "s3:GetBucketRequestPayment", s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", \
      s3_get_config, 0) \
    X(LOCAL_S3, "GetBucketAcl", "s3:GetBucketAcl", s3_get_acl, 0) \
    X(LOCAL_S3, "GetObjectAcl", "s3:GetObjectAcl", s3_get_acl, 0) \
    X(LOCAL_S3, "ListObjectVersions", "s3:ListBucketVersions", s3_list_versions, 0) \
    X(LOCAL_S3, "ListObjects", "s3:ListBucket", s3_list_objects, 0) \
    X(LOCAL_S3, "ListObjectsV2", "s3:ListBucket", s3_list_objects_v2, 0) \
    X(LOCAL_S3, "DeleteObjects", "s3:DeleteObject", s3_delete_objects, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "ListMultipartUploads", "s3:ListBucketMultipartUploads", s3_list_multiparts, 0) \
    X(LOCAL_S3, "PutObject", "s3:PutObject", s3_put_object, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_S3, "CopyObject", "s3:PutObject", s3_copy_object, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_S3, "GetObject", "s3:GetObject", s3_get_object, OP_OUTSIDE) \
    X(LOCAL_S3, "HeadObject", "s3:GetObject", s3_get_object, OP_OUTSIDE) \
    X(LOCAL_S3, "GetObjectAttributes", "s3:GetObjectAttributes", s3_get_attributes, 0) \
    X(LOCAL_S3, "DeleteObject", "s3:DeleteObject", s3_delete_object, OP_MUTATING) \
    X(LOCAL_S3, "GetObjectTagging", "s3:GetObjectTagging", s3_get_object_tagging, 0) \
    X(LOCAL_S3, "PutObjectTagging", "s3:PutObjectTagging", s3_put_object_tagging, \
      OP_MUTATING | OP_NEEDS_DIGEST) \
    X(LOCAL_S3, "DeleteObjectTagging", "s3:DeleteObjectTagging", s3_delete_object_tagging, \
      OP_MUTATING) \
    X(LOCAL_S3, "CreateMultipartUpload", "s3:PutObject", s3_create_upload, OP_MUTATING) \
    X(LOCAL_S3, "UploadPart", "s3:PutObject", s3_upload_part, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_S3, "UploadPartCopy", "s3:PutObject", s3_upload_part_copy, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_S3, "CompleteMultipartUpload", "s3:PutObject", s3_complete_upload, \
      OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_S3, "AbortMultipartUpload", "s3:AbortMultipartUpload", s3_abort_multipart, \
      OP_MUTATING) \
    X(LOCAL_S3, "ListParts", "s3:ListMultipartUploadParts", s3_list_parts, 0)

#define S3_DECLARE(service, name, action, handler, flags) local_op_fn handler;
/* Several names share a handler, so the compiler sees some of these twice. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
LOCAL_S3_OPS(S3_DECLARE)
#pragma GCC diagnostic pop
#undef S3_DECLARE

/* ---- bodies (s3_body.c) ---- */

enum s3_sum_kind {
    S3_SUM_NONE, /* these numbers stand in the database */
    S3_SUM_SHA256,
    S3_SUM_CRC32,
    S3_SUM_CRC32C,
    S3_SUM_CRC64NVME,
    S3_SUM_SHA1,
    S3_SUM_SHA512,
    S3_SUM_MD5
};
struct s3_sum {
    enum s3_sum_kind kind;
    struct str value; /* base64 */
};
const char *s3_sum_header(enum s3_sum_kind kind);  /* "x-amz-checksum-sha256"; NULL for none */
const char *s3_sum_element(enum s3_sum_kind kind); /* "ChecksumSHA256" */
enum s3_sum_kind s3_sum_by_name(struct str name);  /* "SHA256", any case */
bool s3_sum_is_crc(enum s3_sum_kind kind);

/* The checksum of bytes that come in pieces. */
struct s3_summing {
    enum s3_sum_kind kind;
    uint64_t crc;
    struct hash *hash; /* NULL for CRCs */
};
struct s3_summing s3_summing_begin(enum s3_sum_kind kind);
void s3_summing_add(struct s3_summing *summing, struct str bytes);
/* In base64; null for S3_SUM_NONE. Ends it: nothing is left to be freed. */
struct str s3_summing_end(struct s3_summing *summing, struct arena *arena);

struct s3_body {
    struct str blob;
    uint64_t size_bytes;
    struct md5 md5;
    struct s3_sum sum; /* the checksum that came with it, verified; else the one wanted */
};
/* Keeps the request's body as a blob, decoded when it is aws-chunked, its Content-MD5 and checksum
 * verified; wanted: the checksum to compute when none came. World not entered. *ret_ok false:
 * answered, nothing kept. */
enum err_code s3_body_store(
    struct local_call *call,
    enum s3_sum_kind wanted,
    struct s3_body *out,
    bool *ret_ok,
    struct err *err) MUST_USE;
/* The whole body as text, verified in the same way; false: answered. */
bool s3_body_text(struct local_call *call, struct str *out);
/* As XML with this root; false: answered with MalformedXML. */
bool s3_body_xml(struct local_call *call, const char *root, struct xml **out);

/* ---- buckets (s3_known.c); world entered ---- */

enum s3_versioning { S3_UNVERSIONED, S3_VERSIONED, S3_SUSPENDED };
struct s3_bucket {
    struct str name, region, account;
    enum s3_versioning versioning;
    struct str kms; /* "aws:kms" or "aws:kms:dsse" when that is its default encryption; else null */
    struct str kms_key; /* with this key; null: AWS's own */
};
/* Kept in memory; NULL when there is none. Until the world is left. */
const struct s3_bucket *s3_bucket_find(struct local *local, struct str name);
/* After the last read of whatever changes a bucket or its configuration. */
void s3_buckets_forget(struct local *local);
extern const struct local_room local_room_s3;

/* ---- rows (s3_store.c); world entered ---- */

/* Among an object's headers, which no header is named like: [[number, bytes, checksum], ...] of the
 * parts it was made of. */
#define S3_PARTS "/parts"
#define S3_SSE "x-amz-server-side-encryption"
#define S3_SSE_KEY "x-amz-server-side-encryption-aws-kms-key-id"

struct s3_object {
    struct str bucket, key, blob, etag; /* etag without quotes */
    uint64_t size_bytes;
    int64_t modified_ms;
    struct json
        *headers;    /* what GET gives back: content-type, x-amz-meta-..., by lower-case name */
    struct str tags; /* as in x-amz-tagging; null: none */
    struct s3_sum sum;
    struct str sum_type; /* FULL_OBJECT or COMPOSITE */
    int64_t parts;       /* 0: not multipart */
    struct str version;  /* null in a bucket that never was versioned */
    bool marker;         /* a delete marker: nothing but key, version and time */
};

/* Exists, is ours, lives in the region addressed, is of the expected owner. false: answered. */
bool s3_check_bucket(struct local_call *call);
bool s3_find(struct local_call *call, struct str bucket, struct str key, struct s3_object *out);
/* A version of it; null finds the current one, like s3_find. */
bool s3_find_version(
    struct local_call *call,
    struct str bucket,
    struct str key,
    struct str version,
    struct s3_object *out);
/* The version that the call asks for, which is no marker. false: answered. */
bool s3_find_asked(struct local_call *call, struct s3_object *out);
/* Before s3_store() of new bytes: how they are encrypted, by headers or the bucket's default, and
 * what that makes of the ETag. */
void s3_seal(struct local_call *call, struct s3_object *object);
/* The new current version: sets its version; what it replaces stays as an older version where the
 * bucket keeps those, else its bytes go once it is committed. */
void s3_store(struct local_call *call, struct s3_object *object);
/* x-amz-version-id and the encryption, of what was written or read. */
void s3_answer_state(struct local_call *call, const struct s3_object *object);
/* What the caller may know of a missing key: 404, or 403 without s3:ListBucket. */
enum err_code s3_fail_missing(struct local_call *call);
/* If-None-Match: * and If-Match of a write to call's bucket and key. false: answered. */
/* World setting s3IgnoresConditions: as some S3-compatible stores do. */
bool s3_ignores_conditions(struct local_call *call);
bool s3_check_write(struct local_call *call);
/* One of a list of entity tags, or *. */
bool s3_etag_matches(struct str list, struct str etag);
/* The headers a PUT keeps. false: answered (too much metadata). */
bool s3_keep_headers(struct local_call *call, struct json **out);
/* x-amz-tagging; null when absent. false: answered. */
bool s3_check_tags(struct local_call *call, struct str tags);
struct str s3_quoted(struct local_call *call, struct str etag);
void s3_answer_sum(struct local_call *call, const struct s3_sum *sum);
/* bytes=a-b of a thing of size bytes. 0: none or not understood; 206; 416. */
int s3_range(struct str header, uint64_t size, uint64_t *ret_offset, uint64_t *ret_len);

/* ---- versions (s3_versions.c); world entered ---- */

/* Moves the current row to the older versions. */
void s3_archive(struct local_call *call, struct str bucket, struct str key);
/* Removes the older version with this id, for good; false when there is none. *ret_marker may be
 * NULL. */
bool s3_drop_version(
    struct local_call *call,
    struct str bucket,
    struct str key,
    struct str version,
    bool *ret_marker);
void s3_add_marker(struct local_call *call, struct str key, struct str version);
/* After the current version went for good: the newest older one takes its place, unless it is a
 * marker. */
void s3_promote(struct local_call *call, struct str key);
/* Whether the newest version is a marker; its id. */
bool s3_marker_is_latest(struct local_call *call, struct str key, struct str *ret_version);

/* ---- copies (s3_copy.c) ---- */

/* Reads x-amz-copy-source and its conditions and finds the source. World entered. false: answered.
 */
bool s3_copy_source(struct local_call *call, struct s3_object *out);

/* ---- uploads (s3_multipart.c); world entered ---- */

struct s3_upload {
    struct str id;
    struct json *headers;
    struct str tags, sum_name, sum_type; /* sum_name "SHA256" or null */
};
bool s3_find_upload(
    struct local_call *call, struct s3_upload *out); /* false: answered NoSuchUpload */
void s3_drop_upload(struct local_call *call, struct str id, bool doom_blobs);

#endif
