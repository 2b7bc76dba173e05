#include "engine/aws/s3_call.h"

/* Sub-resources of a bucket that are read only to say how it is set up. A bucket without one
 * answers with an error of its own; *ret_root is NULL then. */
static enum err_code get_config(
    struct aws *aws,
    struct arena *arena,
    const char *operation,
    struct str bucket,
    const char *query,
    const char *root_name,
    const char *missing,
    struct xml **ret_root,
    struct err *err)
{
    struct aws_call call = s3_call_of(arena, operation, "GET", bucket, STR_NULL);
    call.query = str_from(query);
    struct http_response response;
    struct err failed = {0};
    enum err_code code = aws_call(aws, arena, &call, &response, &failed);
    if (code == ERR_NOT_FOUND && strcmp(failed.aws.code, missing) == 0) {
        *ret_root = NULL;
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        *err = failed;
        return code;
    }
    return s3_xml(arena, operation, root_name, response.body, ret_root, err);
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
enum err_code s3_bucket_is_private(
    struct aws *aws, struct arena *arena, struct str bucket, bool *ret_private, struct err *err)
{
    static const char *const switches[] = {
        "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"};
    struct xml *root;
    enum err_code code = get_config(
        aws, arena, "GetPublicAccessBlock", bucket,
        "publicAccessBlock=", "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration", &root, err);
    if (code != ERR_NONE)
        return code;
    bool all = root != NULL;
    for (size_t i = 0; all && i < ARRAY_LEN(switches); i++)
        all = str_eq(xml_get_text(root, switches[i]), STR("true"));
    *ret_private = all;
    return ERR_NONE;
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
enum err_code s3_bucket_encryption(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str *ret_algorithm,
    struct err *err)
{
    struct xml *root;
    enum err_code code = get_config(
        aws, arena, "GetBucketEncryption", bucket,
        "encryption=", "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError", &root, err);
    if (code != ERR_NONE)
        return code;
    const struct xml *rule = root != NULL ? xml_get(root, "Rule") : NULL;
    const struct xml *applied =
        rule != NULL ? xml_get(rule, "ApplyServerSideEncryptionByDefault") : NULL;
    *ret_algorithm = applied != NULL ? xml_get_text(applied, "SSEAlgorithm") : STR_NULL;
    return ERR_NONE;
}

/* A rule without a filter, or with an empty one, is for the whole bucket; one that also asks for
 * tags or sizes is not for uploads (S3 refuses to combine them). */
static struct str prefix_of(const struct xml *rule)
{
    const struct xml *filter = xml_get(rule, "Filter");
    const struct xml *both = filter != NULL ? xml_get(filter, "And") : NULL;
    struct str prefix = xml_get_text(
        both != NULL     ? both
        : filter != NULL ? filter
                         : rule,
        "Prefix");
    return str_is_null(prefix) ? STR("") : prefix;
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
enum err_code s3_bucket_aborts_uploads(
    struct aws *aws,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    bool *ret_aborts,
    struct err *err)
{
    struct xml *root;
    enum err_code code = get_config(
        aws, arena, "GetBucketLifecycleConfiguration", bucket,
        "lifecycle=", "LifecycleConfiguration", "NoSuchLifecycleConfiguration", &root, err);
    if (code != ERR_NONE)
        return code;
    bool aborts = false;
    if (root != NULL)
        XML_EACH (rule, root, "Rule")
            aborts = aborts || (str_eq(xml_get_text(rule, "Status"), STR("Enabled")) &&
                                xml_get(rule, "AbortIncompleteMultipartUpload") != NULL &&
                                str_starts(prefix, prefix_of(rule)));
    *ret_aborts = aborts;
    return ERR_NONE;
}
