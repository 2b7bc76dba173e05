#include "engine/aws/endpoint.h"
#include "engine/aws/fault.h"
#include "engine/aws/retry.h"

#define ANY AWS_SERVICE_COUNT

#define HINT_SECRET \
    "the access key id is known but the secret key does not fit it: check AWS_SECRET_ACCESS_KEY " \
    "or the profile"
#define HINT_KEY "AWS does not know this access key id: check AWS_ACCESS_KEY_ID or the profile"
#define HINT_EXPIRED "the session token has expired: sign in again, or set new AWS_* variables"
#define HINT_TOKEN \
    "the session token does not belong to this access key: set all three AWS_* variables"
#define HINT_CLOCK "this machine's clock is off: set it"
#define HINT_QUOTA "ask for more under Service Quotas, or use another instance type"

/* The first row that fits decides. operation and text may be NULL (any); text is how the message
 * starts, or contains when it begins with '*'. Sources: [M] the service's model in botocore,
 * [K8S] aws/amazon-sagemaker-operator-for-k8s controllers/controllertest/.../sagemaker_client.go,
 * [TF] hashicorp/terraform-provider-aws internal/service/sagemaker, [GH] public logs of the
 * service, [MOTO] the texts of moto, an emulator: the quotes are part of the text, since "Could not
 * find model data" is about an object in S3, which is no absence of the model. */
static const struct rule {
    enum aws_service service;
    const char *code, *operation, *text;
    enum err_code err;
    const char *hint;
} s_rules[] = {
    /* SageMaker: one code for everything, so the text decides. */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find model \"", ERR_NOT_FOUND,
     NULL}, /* [K8S] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find endpoint \"", ERR_NOT_FOUND,
     NULL}, /* [K8S] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find endpoint configuration \"",
     ERR_NOT_FOUND, NULL}, /* [K8S] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find model '", ERR_NOT_FOUND,
     NULL}, /* [MOTO] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find endpoint '", ERR_NOT_FOUND,
     NULL}, /* [MOTO] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find endpoint configuration '",
     ERR_NOT_FOUND, NULL}, /* [MOTO] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Could not find training job '", ERR_NOT_FOUND,
     NULL}, /* [MOTO] */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Requested resource not found", ERR_NOT_FOUND,
     NULL}, /* [K8S] training jobs */
    {AWS_SAGEMAKER, "ValidationException", "ListTags", "*does not exist", ERR_NOT_FOUND,
     NULL}, /* where its text is another one, Describe says so first */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Cannot create already existing", ERR_EXISTS,
     NULL}, /* [GH] astronomer-providers#1055 */
    {AWS_SAGEMAKER, "ValidationException", NULL, "Cannot update in-progress endpoint", ERR_BUSY,
     NULL},                                                               /* [K8S] delete, too */
    {AWS_SAGEMAKER, "ResourceNotFound", NULL, NULL, ERR_NOT_FOUND, NULL}, /* [M] */
    {AWS_SAGEMAKER, "ResourceInUse", "CreateTrainingJob", NULL, ERR_EXISTS, NULL}, /* [M] */
    {AWS_SAGEMAKER, "ResourceInUse", NULL, NULL, ERR_BUSY, NULL},                  /* [M] */
    {AWS_SAGEMAKER, "ConflictException", NULL, NULL, ERR_BUSY, NULL},              /* [M] */
    {AWS_SAGEMAKER, "ResourceLimitExceeded", NULL, NULL, ERR_QUOTA, HINT_QUOTA},   /* [M] */

    /* SageMaker Runtime. "Endpoint x of account y not found." is sent while Creating, too. [GH]
     * amazon-sagemaker-examples#1216 */
    {AWS_RUNTIME, "ValidationError", NULL, "*not found", ERR_NOT_FOUND, NULL},
    {AWS_RUNTIME, "ModelNotReadyException", NULL, NULL, ERR_TRANSIENT,
     "the model is still being loaded: try again"},
    {AWS_RUNTIME, "ModelError", NULL, NULL, ERR_TERMINAL, NULL},

    /* CloudWatch Logs [M] */
    {AWS_LOGS, "ResourceNotFoundException", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_LOGS, "ResourceAlreadyExistsException", NULL, NULL, ERR_EXISTS, NULL},

    /* Application Auto Scaling [M] */
    {AWS_SCALING, "ObjectNotFoundException", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_SCALING, "ConcurrentUpdateException", NULL, NULL, ERR_BUSY, NULL},
    {AWS_SCALING, "LimitExceededException", NULL, NULL, ERR_QUOTA, HINT_QUOTA},
    {AWS_SCALING, "FailedResourceAccessException", NULL, NULL, ERR_DENIED, NULL},

    /* S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
    {AWS_S3, "NoSuchKey", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "NoSuchBucket", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "NoSuchUpload", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "NoSuchTagSet", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "NoSuchPublicAccessBlockConfiguration", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "ServerSideEncryptionConfigurationNotFoundError", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "NoSuchLifecycleConfiguration", NULL, NULL, ERR_NOT_FOUND, NULL},
    {AWS_S3, "BucketAlreadyOwnedByYou", NULL, NULL, ERR_EXISTS, NULL},
    {AWS_S3, "BucketAlreadyExists", NULL, NULL, ERR_CONFLICT,
     "bucket names are shared by all of AWS and this one belongs to another account: choose "
     "another"},
    {AWS_S3, "BucketNotEmpty", NULL, NULL, ERR_BUSY, NULL},
    {AWS_S3, "PreconditionFailed", NULL, NULL, ERR_PRECONDITION, NULL},
    {AWS_S3, "ConditionalRequestConflict", NULL, NULL, ERR_PRECONDITION, NULL},
    {AWS_S3, "OperationAborted", NULL, NULL, ERR_TRANSIENT,
     "another change of this bucket is under way: try again"},
    {AWS_S3, "RequestTimeout", NULL, NULL, ERR_TRANSIENT, NULL},
    {AWS_S3, "InternalError", NULL, NULL, ERR_TRANSIENT, NULL},
    {AWS_S3, "ServiceUnavailable", NULL, NULL, ERR_TRANSIENT, NULL},

    /* IAM [M] */
    {AWS_IAM, "NoSuchEntity", NULL, NULL, ERR_NOT_FOUND, NULL},

    /* Credentials, in every service's words. */
    {ANY, "InvalidAccessKeyId", NULL, NULL, ERR_AUTH, HINT_KEY},
    {ANY, "InvalidClientTokenId", NULL, NULL, ERR_AUTH, HINT_KEY},
    {ANY, "UnrecognizedClientException", NULL, NULL, ERR_AUTH, HINT_KEY},
    {ANY, "AuthFailure", NULL, NULL, ERR_AUTH, HINT_KEY},
    {ANY, "SignatureDoesNotMatch", NULL, "*xpired", ERR_AUTH, HINT_CLOCK},
    {ANY, "SignatureDoesNotMatch", NULL, NULL, ERR_AUTH, HINT_SECRET},
    {ANY, "InvalidSignatureException", NULL, "*xpired", ERR_AUTH, HINT_CLOCK},
    {ANY, "InvalidSignatureException", NULL, NULL, ERR_AUTH, HINT_SECRET},
    {ANY, "ExpiredToken", NULL, NULL, ERR_AUTH, HINT_EXPIRED},
    {ANY, "ExpiredTokenException", NULL, NULL, ERR_AUTH, HINT_EXPIRED},
    {ANY, "TokenRefreshRequired", NULL, NULL, ERR_AUTH, HINT_EXPIRED},
    {ANY, "InvalidToken", NULL, NULL, ERR_AUTH, HINT_TOKEN},
    {ANY, "RequestTimeTooSkewed", NULL, NULL, ERR_AUTH, HINT_CLOCK},
    {ANY, "RequestExpired", NULL, NULL, ERR_AUTH, HINT_CLOCK},
    {ANY, "RequestInTheFuture", NULL, NULL, ERR_AUTH, HINT_CLOCK},
    {ANY, "MissingAuthenticationToken", NULL, NULL, ERR_AUTH, NULL},
    {ANY, "MissingAuthenticationTokenException", NULL, NULL, ERR_AUTH, NULL},
    {ANY, "IncompleteSignature", NULL, NULL, ERR_AUTH, NULL},
    {ANY, "IncompleteSignatureException", NULL, NULL, ERR_AUTH, NULL},
    {ANY, "NotSignedUp", NULL, NULL, ERR_AUTH, "the account is not signed up for this service"},
    {ANY, "OptInRequired", NULL, NULL, ERR_AUTH,
     "the account has not enabled this service or region"},
    {ANY, "AccessDenied", NULL, NULL, ERR_DENIED, NULL},
    {ANY, "AccessDeniedException", NULL, NULL, ERR_DENIED, NULL},
    {ANY, "AllAccessDisabled", NULL, NULL, ERR_DENIED, NULL},
    {ANY, "ServiceQuotaExceededException", NULL, NULL, ERR_QUOTA, HINT_QUOTA},
    {ANY, "TooManyBuckets", NULL, NULL, ERR_QUOTA, NULL},
};

static bool text_fits(const char *wanted, struct str message)
{
    if (wanted == NULL)
        return true;
    if (wanted[0] == '*')
        return str_find(message, str_from(wanted + 1)) != SIZE_MAX;
    return str_starts(message, str_from(wanted));
}

/* A 404 without a code is S3's only on HEAD, which has no body. Anywhere else it comes from a proxy
 * or a wrong endpoint, and must not pass for the absence of a thing. */
static bool is_absence(enum aws_service service, const char *operation, const struct fault *fault)
{
    return service == AWS_S3 && (fault->code.len > 0 || strncmp(operation, "Head", 4) == 0);
}

static enum err_code
code_of_status(enum aws_service service, const char *operation, const struct fault *fault)
{
    int status = fault->status;
    switch (status) {
    case 401:
        return fault->foreign ? ERR_TERMINAL : ERR_AUTH;
    case 403:
        return fault->foreign ? ERR_TERMINAL : ERR_DENIED; /* a proxy's refusal is not AWS's */
    case 404:
        return is_absence(service, operation, fault) ? ERR_NOT_FOUND : ERR_TERMINAL;
    case 304:
    case 412:
        return ERR_PRECONDITION;
    case 408:
        return ERR_TRANSIENT;
    case 409:
        return service == AWS_S3 ? ERR_PRECONDITION : ERR_BUSY;
    case 429:
        return ERR_THROTTLED;
    default:
        return status >= 500 ? ERR_TRANSIENT : ERR_TERMINAL;
    }
}

enum err_code fault_code(
    enum aws_service service,
    const char *operation,
    const struct fault *fault,
    const char **ret_hint)
{
    *ret_hint = NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_rules); i++) {
        const struct rule *rule = &s_rules[i];
        if ((rule->service == ANY || rule->service == service) &&
            str_eq_z(fault->code, rule->code) &&
            (rule->operation == NULL || strcmp(rule->operation, operation) == 0) &&
            text_fits(rule->text, fault->message)) {
            *ret_hint = rule->hint;
            return rule->err;
        }
    }
    if (retry_is_throttle(fault->code))
        return ERR_THROTTLED;
    enum err_code code = code_of_status(service, operation, fault);
    bool head = strncmp(operation, "Head", 4) == 0;
    if (!str_is_null(fault->code))
        return code;
    if (code == ERR_TERMINAL && head)
        *ret_hint = "S3 gives no reason with HEAD; most often the session token has expired";
    else if (!head && (code == ERR_TERMINAL || code == ERR_TRANSIENT))
        *ret_hint = "AWS would have said why: check the endpoint URL and any proxy";
    return code;
}

/* Operations of S3 whose action has another name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
static const struct {
    const char *operation, *action;
} s_s3_actions[] = {
    {"HeadBucket", "s3:ListBucket"},
    {"ListObjectsV2", "s3:ListBucket"},
    {"HeadObject", "s3:GetObject"},
    {"CopyObject", "s3:PutObject, and s3:GetObject on the source"},
    {"DeleteObjects", "s3:DeleteObject"},
    {"CreateMultipartUpload", "s3:PutObject"},
    {"UploadPart", "s3:PutObject"},
    {"CompleteMultipartUpload", "s3:PutObject"},
    {"ListMultipartUploads", "s3:ListBucketMultipartUploads"},
    {"ListParts", "s3:ListMultipartUploadParts"},
    {"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"},
    {"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"},
    {"GetBucketEncryption", "s3:GetEncryptionConfiguration"},
    {"GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"},
    {"DeleteBucketTagging", "s3:PutBucketTagging"},
    {"PutBucketEncryption", "s3:PutEncryptionConfiguration"},
};

void fault_action(enum aws_service service, const char *operation, char *text, size_t size)
{
    for (size_t i = 0; service == AWS_S3 && i < ARRAY_LEN(s_s3_actions); i++)
        if (strcmp(operation, s_s3_actions[i].operation) == 0) {
            snprintf(text, size, "%s", s_s3_actions[i].action);
            return;
        }
    /* Alarms are signed for "monitoring", and their actions are named after CloudWatch. */
    const char *prefix = service == AWS_CLOUDWATCH ? "cloudwatch" : service_info(service)->sign;
    snprintf(text, size, "%s:%s", prefix, operation);
}
