#include "engine/resource/advice.h"

#include "engine/base/base.h"

/* To add one: a row; the first that fits is taken. `text` is a part of the reason, in any case. */
static const struct {
    const char *text, *means, *helps;
} s_advice[] = {
    {"insufficientinstancecapacity", "AWS has no such instance free in these zones now",
     "try again later, or use another instance type"},
    {"insufficient capacity", "AWS has no such instance free in these zones now",
     "try again later, or use another instance type"},
    {"capacityerror", "AWS has no such instance free in these zones now",
     "try again later, or use another instance type"},
    {"unable to provision requested", "AWS has no such instance free in these zones now",
     "try again later, or use another instance type"},
    {"could not assume role", "SageMaker may not work as the execution role",
     "its trust policy must name sagemaker.amazonaws.com: mmectl iam-policy --role prints it"},
    {"assumerole", "SageMaker may not work as the execution role",
     "its trust policy must name sagemaker.amazonaws.com: mmectl iam-policy --role prints it"},
    {"ping health check", "the container did not come up",
     "read the endpoint's log group; most often a model or the image cannot be loaded"},
    {"repository does not exist", "the image is not there",
     "check endpoint.container.image and its region"},
    {"manifest unknown", "the image's tag is not there", "check endpoint.container.image"},
    {"cannotpull", "the image cannot be pulled",
     "the execution role needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on it: mmectl "
     "iam-policy --role prints them"},
    {"cannot pull", "the image cannot be pulled",
     "the execution role needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on it: mmectl "
     "iam-policy --role prints them"},
    {"could not access model data", "the execution role cannot read the models",
     "it needs s3:GetObject and s3:ListBucket on the stack's prefix: mmectl iam-policy --role "
     "prints them"},
    {"accessdenied", "the execution role lacks a permission",
     "mmectl iam-policy --role prints what it needs"},
    {"access denied", "the execution role lacks a permission",
     "mmectl iam-policy --role prints what it needs"},
    {"maxruntimeexceeded", "training took longer than it may", "raise training.maxRuntime"},
    {"maxwaittimeexceeded", "there were no spot instances for long enough",
     "raise training.spot.maxWait, or train without spot"},
    {"algorithmerror", "the algorithm could not work with what it was given",
     "read the job's log, then change the data or the hyperparameters"},
    {"clienterror", "what was asked for is wrong",
     "read the reason; data, content type and hyperparameters come from the spec"},
    {"internalservererror", "a fault of AWS", "try again"},
    {"internal error", "a fault of AWS", "try again"},
    {"request to service failed", "a fault of AWS", "try again"},
    {"interrupted", "a spot instance was taken back",
     "apply again: the job goes on from its checkpoints"},
};

/* "... service limit 'ml.m5.large for endpoint usage' is 0 Instances, ...": the quota's own name.
 */
struct str advice_quota(struct str reason)
{
    size_t limit = str_find(reason, STR("limit '"));
    if (limit == SIZE_MAX)
        return STR_NULL;
    struct str rest = str_from_index(reason, limit + STR("limit '").len);
    size_t end = str_index(rest, '\'');
    return end == SIZE_MAX ? STR_NULL : str_slice(rest, 0, end);
}

static bool is_quota(struct str lower)
{
    return str_find(lower, STR("resourcelimitexceeded")) != SIZE_MAX ||
           str_find(lower, STR("service limit")) != SIZE_MAX ||
           str_find(lower, STR("quota")) != SIZE_MAX;
}

static struct advice quota_advice(struct arena *arena, struct str name)
{
    if (str_is_null(name))
        return (struct advice){
            STR("a quota of the account is used up"),
            STR("raise it under Service Quotas, service 'sagemaker', in this region")};
    return (struct advice){
        str_fmt(
            arena, "the account's quota '" STR_FMT "' of service 'sagemaker' is used up",
            STR_ARG(name)),
        str_fmt(
            arena,
            "raise it under Service Quotas in this region; its code: aws service-quotas "
            "list-service-quotas --service-code sagemaker --query \"Quotas[?QuotaName=='" STR_FMT
            "'].QuotaCode\"",
            STR_ARG(name))};
}

struct advice advice_for(struct arena *arena, struct str reason)
{
    struct str lower = str_lower(arena, reason);
    if (is_quota(lower))
        return quota_advice(arena, advice_quota(reason));
    for (size_t i = 0; i < ARRAY_LEN(s_advice); i++)
        if (str_find(lower, str_from(s_advice[i].text)) != SIZE_MAX)
            return (struct advice){str_from(s_advice[i].means), str_from(s_advice[i].helps)};
    return (struct advice){
        STR("SageMaker gave a reason of its own"),
        STR("read it, and the log group /aws/sagemaker/Endpoints/<endpoint>")};
}
