/* engine/aws/s3.h - the operations of S3 that mmectl uses.
 *
 * Virtual-hosted URLs on AWS, path style with a configured endpoint or a bucket name with dots. A
 * bucket in another region is ERR_TERMINAL naming both regions; redirects are never followed.
 * Conditions: 412 and 409 are ERR_PRECONDITION; If-Match on a key that is gone is ERR_NOT_FOUND.
 * ETags keep their quotes, everywhere. A 403 is ERR_DENIED with the action in the hint, never
 * absence; note that HEAD and GET answer 403 for a missing key when the caller lacks s3:ListBucket.
 * Results live on the arena. https://docs.aws.amazon.com/AmazonS3/latest/API/
 */
#ifndef ENGINE_AWS_S3_H
#define ENGINE_AWS_S3_H

#include "engine/aws/aws.h"

/* ---- buckets (s3_bucket.c) ---- */

struct s3_tag {
    struct str name, value;
};

/* ret_region (may be NULL) is what S3 says, or null. ERR_NOT_FOUND, ERR_DENIED, ERR_TERMINAL
 * (another region). */
enum err_code s3_bucket_head(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str *ret_region,
    struct err *err) MUST_USE;
/* In the session's region. ERR_EXISTS: ours already (not in us-east-1, where that succeeds);
 * ERR_CONFLICT: somebody else's. */
enum err_code
s3_bucket_create(struct aws *aws, struct arena *arena, struct str bucket, struct err *err) MUST_USE;
/* ERR_BUSY when it is not empty. */
enum err_code
s3_bucket_delete(struct aws *aws, struct arena *arena, struct str bucket, struct err *err) MUST_USE;
/* Blocks public access, all four switches. */
enum err_code s3_bucket_put_public_access_block(
    struct aws *aws, struct arena *arena, struct str bucket, struct err *err) MUST_USE;
/* By default, with this KMS key; with S3's own when it is null. */
enum err_code s3_bucket_put_encryption(
    struct aws *aws, struct arena *arena, struct str bucket, struct str kms_key, struct err *err)
    MUST_USE;
enum err_code s3_bucket_put_tags(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_tag *tags,
    size_t count,
    struct err *err) MUST_USE;
/* No tags at all are a count of 0, not an error. */
enum err_code s3_bucket_get_tags(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct s3_tag **ret_tags,
    size_t *ret_count,
    struct err *err) MUST_USE;
/* No tags at all are success. */
enum err_code
s3_bucket_delete_tags(struct aws *aws, struct arena *arena, struct str bucket, struct err *err)
    MUST_USE;
/* Whether current versions hide older ones. */
enum err_code s3_bucket_is_versioned(
    struct aws *aws, struct arena *arena, struct str bucket, bool *ret_versioned, struct err *err)
    MUST_USE;

/* ---- what a bucket is set to (s3_bucket_get.c) ---- */

/* All four switches of the block are on. */
enum err_code s3_bucket_is_private(
    struct aws *aws, struct arena *arena, struct str bucket, bool *ret_private, struct err *err)
    MUST_USE;
/* "AES256", "aws:kms", ...; null when objects are not encrypted by default. */
enum err_code s3_bucket_encryption(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str *ret_algorithm,
    struct err *err) MUST_USE;
/* Whether some enabled rule aborts unfinished multipart uploads under the prefix. */
enum err_code s3_bucket_aborts_uploads(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    bool *ret_aborts,
    struct err *err) MUST_USE;

/* ---- objects (s3_object.c) ---- */

/* User metadata: name without x-amz-meta-, lower case; values printable ASCII; 2 KiB in all. */
struct s3_meta {
    struct str name, value;
};

struct s3_info {
    struct str etag, version_id, content_type;
    uint64_t size_bytes;
    int64_t modified_ms;        /* Last-Modified: whole seconds on S3's clock */
    int64_t date_ms;            /* the answer's Date: S3's clock; 0 when absent */
    struct str checksum_sha256; /* base64, when S3 holds one */
    struct s3_meta *meta;
    size_t n_meta;
};
/* STR_NULL when absent. */
struct str s3_meta_get(const struct s3_info *info, const char *name);

struct s3_put_options {
    struct str if_match; /* an ETag with its quotes; null: no condition */
    bool if_none_match;  /* only when the key does not exist */
    struct str kms_key;  /* encrypted by KMS with it; null: as the bucket says */
    struct str content_type;
    const struct s3_meta *meta;
    size_t n_meta;
    const struct sha256 *sha256; /* of the body: sent as x-amz-checksum-sha256, which S3 verifies
                                    and keeps; NULL: not sent */
    void (*progress)(void *arg, uint64_t sent_bytes, uint64_t total_bytes); /* may be NULL */
    void *progress_arg;
};

struct s3_put_result {
    struct str etag, version_id;
    int64_t date_ms;
};

/* options may be NULL, ret_result may be NULL. err->aws.maybe_done with ERR_PRECONDITION: read
 * back, the object may be this call's own. */
enum err_code s3_put(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str body,
    const struct s3_put_options *options,
    struct s3_put_result *ret_result,
    struct err *err) MUST_USE;

/* Above 64 MiB in parts of 16 MiB or more, several at once, each with its SHA-256. An upload of the
 * same key that was begun and not completed is gone on with: parts that are the same are not sent
 * again. What S3 refuses is aborted; what was interrupted stays for the next run. sha256 is then
 * kept as metadata's business: S3 can hold only a hash of hashes for such objects. */
enum err_code s3_put_file(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    const char *path,
    const struct s3_put_options *options,
    struct s3_put_result *ret_result,
    struct err *err) MUST_USE;

struct s3_get_options {
    struct str if_match, if_none_match; /* null: no condition; 304 is ERR_PRECONDITION */
    bool range;
    uint64_t range_first, range_last; /* bytes, both included; with .range */
    size_t max_bytes;                 /* more is ERR_PROTOCOL; 0 = 64 MiB */
    bool any_region;                  /* as in struct s3_list_options */
};

/* options, ret_info may be NULL. */
enum err_code s3_get(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    const struct s3_get_options *options,
    struct str *ret_body,
    struct s3_info *ret_info,
    struct err *err) MUST_USE;
enum err_code s3_head(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct s3_info *ret_info,
    struct err *err) MUST_USE;

struct s3_copy_options {
    struct str source_bucket; /* null: the destination's */
    struct str source_if_match;
    struct str if_match; /* of the destination */
    bool if_none_match;
    struct str kms_key;    /* as above: a copy does not take the source's along */
    bool replace_metadata; /* by meta and content_type below; else copied along */
    struct str content_type;
    const struct s3_meta *meta;
    size_t n_meta;
};

enum err_code s3_copy(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str source_key,
    const struct s3_copy_options *options,
    struct s3_put_result *ret_result,
    struct err *err) MUST_USE;

/* An absent key is success, unless if_match (may be null) is given. */
enum err_code s3_delete(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str if_match,
    struct err *err) MUST_USE;

struct s3_delete_key {
    struct str key, etag; /* etag may be null */
};
struct s3_delete_failure {
    struct str key, code, message; /* "PreconditionFailed", "AccessDenied", ... */
};
/* In batches of 1,000. Keys that S3 refused one by one are in ret_failures with success as the
 * result; an error is a batch that failed as a whole (earlier ones are done). */
enum err_code s3_delete_many(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_delete_key *keys,
    size_t count,
    struct s3_delete_failure **ret_failures,
    size_t *ret_failed,
    struct err *err) MUST_USE;

/* ---- listings (s3_list.c) ---- */

struct s3_object {
    struct str key, etag;
    uint64_t size_bytes;
    int64_t modified_ms;
};

struct s3_list_options {
    struct str prefix, start_after, delimiter; /* null: none */
    size_t max_objects; /* stop after so many; 0 = 1,000,000, and more is ERR_PROTOCOL */
    bool any_region;    /* the bucket may be in another region than the session's */
};

struct s3_listing {
    struct s3_object *objects;
    size_t count;
    struct str *prefixes; /* CommonPrefixes, with a delimiter */
    size_t n_prefixes;
    bool cut;        /* max_objects was reached and there is more */
    bool from_front; /* of s3_list_wide(): start_after could not be heeded */
    int64_t date_ms;
};

enum err_code s3_list(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_list_options *options,
    struct s3_listing *ret_listing,
    struct err *err) MUST_USE;

/* One page, of at most max_keys (1 to 1000) after `token`, or from the front when that is null.
 * Strings go to arena, the lists and all else to scratch; token is where the next page goes on, or
 * null. max_objects is not looked at. */
struct s3_page {
    struct s3_object *objects;
    size_t count;
    struct str *prefixes;
    size_t n_prefixes;
    struct str token;
    int64_t date_ms;
};
enum err_code s3_list_page(
    struct aws *aws,
    struct arena *arena,
    struct arena *scratch,
    struct str bucket,
    const struct s3_list_options *options,
    struct str token,
    size_t max_keys,
    struct s3_page *ret_page,
    struct err *err) MUST_USE;

/* ---- many keys at once (s3_list_wide.c) ---- */

/* Everything under prefix behind start_after (null: all), listed side by side: one listing by
 * StartAfter from each bound on, which ends at the next bound. So any bounds give every key once
 * and in order; good ones have just below a page of keys between them. A store that does not heed
 * StartAfter, or does not sort, is noticed and listed page by page, from the front. */
struct s3_wide_options {
    struct str prefix, start_after;
    const struct str *bounds; /* ascending; what is not behind start_after is skipped */
    size_t n_bounds, width;   /* width: how many at once */
};
/* Strings on arena, the list itself on scratch. Called from a task of the loop. */
enum err_code s3_list_wide(
    struct aws *aws,
    struct loop *loop,
    struct arena *arena,
    struct arena *scratch,
    struct str bucket,
    const struct s3_wide_options *options,
    struct s3_listing *ret_listing,
    struct err *err) MUST_USE;

struct s3_upload {
    struct str key, upload_id;
    int64_t initiated_ms;
};
/* Unfinished multipart uploads under a prefix. */
enum err_code s3_list_uploads(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    struct s3_upload **ret_uploads,
    size_t *ret_count,
    struct err *err) MUST_USE;
/* An upload that is gone is success. */
enum err_code s3_abort_upload(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct str upload_id,
    struct err *err) MUST_USE;

/* Splits s3://bucket/key; false when it is not one. The key may be empty. */
bool s3_uri_split(struct str uri, struct str *ret_bucket, struct str *ret_key);

#endif
