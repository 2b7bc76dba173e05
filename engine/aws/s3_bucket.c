#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/vec.h"

#define MAX_TAGS 50

enum err_code s3_bucket_head(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str *ret_region,
    struct err *err)
{
    struct aws_call call = s3_call_of(arena, "HeadBucket", "HEAD", bucket, STR_NULL);
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    if (ret_region != NULL)
        *ret_region = http_header_get(response.headers, response.n_headers, "x-amz-bucket-region");
    return ERR_NONE;
}

/* Sends a body of XML to a subresource of the bucket. */
static enum err_code put_config(
    struct aws *aws,
    struct arena *arena,
    const char *operation,
    struct str bucket,
    const char *query,
    struct str body,
    struct err *err)
{
    struct s3_headers headers = {.count = 0};
    s3_header_add(&headers, "content-type", STR("application/xml"));
    s3_header_add(&headers, "content-md5", s3_content_md5(arena, body));
    struct aws_call call = s3_call_of(arena, operation, "PUT", bucket, STR_NULL);
    call.query = str_from(query);
    call.headers = headers.items;
    call.n_headers = headers.count;
    call.body = body;
    struct http_response response;
    return aws_call(aws, arena, &call, &response, err);
}

/* us-east-1 is the one region that must not be named:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
enum err_code
s3_bucket_create(struct aws *aws, struct arena *arena, struct str bucket, struct err *err)
{
    struct aws_call call = s3_call_of(arena, "CreateBucket", "PUT", bucket, STR_NULL);
    if (!str_eq_z(aws_region(aws), "us-east-1"))
        call.body = str_fmt(
            arena,
            "<CreateBucketConfiguration xmlns=\"" S3_XMLNS "\"><LocationConstraint>" STR_FMT
            "</LocationConstraint></CreateBucketConfiguration>",
            STR_ARG(aws_region(aws)));
    struct http_response response;
    return aws_call(aws, arena, &call, &response, err);
}

enum err_code
s3_bucket_delete(struct aws *aws, struct arena *arena, struct str bucket, struct err *err)
{
    struct aws_call call = s3_call_of(arena, "DeleteBucket", "DELETE", bucket, STR_NULL);
    struct http_response response;
    return aws_call(aws, arena, &call, &response, err);
}

enum err_code s3_bucket_put_public_access_block(
    struct aws *aws, struct arena *arena, struct str bucket, struct err *err)
{
    struct str body = STR("<PublicAccessBlockConfiguration xmlns=\"" S3_XMLNS "\">"
                          "<BlockPublicAcls>true</BlockPublicAcls>"
                          "<IgnorePublicAcls>true</IgnorePublicAcls>"
                          "<BlockPublicPolicy>true</BlockPublicPolicy>"
                          "<RestrictPublicBuckets>true</RestrictPublicBuckets>"
                          "</PublicAccessBlockConfiguration>");
    return put_config(aws, arena, "PutPublicAccessBlock", bucket, "publicAccessBlock=", body, err);
}

/* With a bucket key, S3 asks KMS now and then, not once per object.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html */
enum err_code s3_bucket_put_encryption(
    struct aws *aws, struct arena *arena, struct str bucket, struct str kms_key, struct err *err)
{
    bool kms = !str_is_null(kms_key);
    AUTO(buf_done) struct buf body = BUF_INIT(KIB(16));
    buf_add_z(
        &body, "<ServerSideEncryptionConfiguration xmlns=\"" S3_XMLNS "\"><Rule>"
               "<ApplyServerSideEncryptionByDefault>");
    xml_element(&body, "SSEAlgorithm", kms ? STR("aws:kms") : STR("AES256"));
    if (kms)
        xml_element(&body, "KMSMasterKeyID", kms_key);
    buf_add_z(&body, "</ApplyServerSideEncryptionByDefault>");
    if (kms)
        xml_element(&body, "BucketKeyEnabled", STR("true"));
    buf_add_z(&body, "</Rule></ServerSideEncryptionConfiguration>");
    return put_config(
        aws, arena, "PutBucketEncryption", bucket, "encryption=", buf_str(&body), err);
}

enum err_code s3_bucket_put_tags(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    const struct s3_tag *tags,
    size_t count,
    struct err *err)
{
    if (count > MAX_TAGS)
        return err_set(err, ERR_USAGE, "%zu tags on a bucket, at most 50", count);
    AUTO(buf_done) struct buf body = BUF_INIT(KIB(64));
    buf_add_z(&body, "<Tagging xmlns=\"" S3_XMLNS "\"><TagSet>");
    for (size_t i = 0; i < count; i++) {
        buf_add_z(&body, "<Tag>");
        xml_element(&body, "Key", tags[i].name);
        xml_element(&body, "Value", tags[i].value);
        buf_add_z(&body, "</Tag>");
    }
    buf_add_z(&body, "</TagSet></Tagging>");
    if (!buf_ok(&body))
        return err_set(err, ERR_USAGE, "the bucket's tags are larger than 64 KiB");
    return put_config(aws, arena, "PutBucketTagging", bucket, "tagging=", buf_str(&body), err);
}

enum err_code s3_bucket_get_tags(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct s3_tag **ret_tags,
    size_t *ret_count,
    struct err *err)
{
    struct aws_call call = s3_call_of(arena, "GetBucketTagging", "GET", bucket, STR_NULL);
    call.query = STR("tagging=");
    struct http_response response;
    struct err failed;
    enum err_code code = aws_call(aws, arena, &call, &response, &failed);
    if (code == ERR_NOT_FOUND && strcmp(failed.aws.code, "NoSuchTagSet") == 0) {
        *ret_tags = NULL;
        *ret_count = 0;
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failed;
        return code;
    }
    struct xml *root;
    code = s3_xml(arena, call.operation, "Tagging", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    VEC(struct s3_tag) tags = {0};
    XML_EACH (tag, xml_get(root, "TagSet"), "Tag")
        *VEC_PUSH(arena, &tags) =
            (struct s3_tag){xml_get_text(tag, "Key"), xml_get_text(tag, "Value")};
    *ret_tags = tags.items;
    *ret_count = tags.len;
    return ERR_NONE;
}

enum err_code
s3_bucket_delete_tags(struct aws *aws, struct arena *arena, struct str bucket, struct err *err)
{
    struct aws_call call = s3_call_of(arena, "DeleteBucketTagging", "DELETE", bucket, STR_NULL);
    call.query = STR("tagging=");
    struct http_response response;
    return aws_call(aws, arena, &call, &response, err);
}

enum err_code s3_bucket_is_versioned(
    struct aws *aws, struct arena *arena, struct str bucket, bool *ret_versioned, struct err *err)
{
    struct aws_call call = s3_call_of(arena, "GetBucketVersioning", "GET", bucket, STR_NULL);
    call.query = STR("versioning=");
    struct http_response response;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    struct xml *root;
    code = s3_xml(arena, call.operation, "VersioningConfiguration", response.body, &root, err);
    if (code != ERR_NONE)
        return code;
    /* A bucket that never had versioning has no Status; a suspended one still holds old versions.
     */
    *ret_versioned = xml_get_text(root, "Status").len > 0;
    return ERR_NONE;
}
