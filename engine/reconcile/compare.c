#include "engine/reconcile/compare.h"

enum field_class {
    CLASS_COMPARE,   /* absent on either side means the fallback */
    CLASS_NOT_USUAL, /* compared only where the request asks for something else than the fallback */
    CLASS_COUNT,     /* of an array: as many elements */
};

struct field_rule {
    enum kind_id kind;
    const char *path; /* "*": of every element of the request's array */
    enum field_class class;
    const char *fallback; /* what SageMaker takes when the member is left out; NULL: nothing */
};

/* To compare a field: a row here and a case in tests/unit/engine/reconcile/test_compare.c. */
static const struct field_rule s_rules[] = {
    {KIND_MODEL, "ExecutionRoleArn", CLASS_COMPARE, NULL},
    {KIND_MODEL, "PrimaryContainer.Image", CLASS_COMPARE, NULL},
    {KIND_MODEL, "PrimaryContainer.Mode", CLASS_COMPARE, "SingleModel"},
    {KIND_MODEL, "PrimaryContainer.ModelDataUrl", CLASS_COMPARE, NULL},
    {KIND_MODEL, "PrimaryContainer.Environment", CLASS_COMPARE, NULL},
    {KIND_MODEL, "PrimaryContainer.MultiModelConfig.ModelCacheSetting", CLASS_NOT_USUAL, "Enabled"},
    {KIND_MODEL, "Containers", CLASS_COUNT, NULL},
    {KIND_MODEL, "Containers.*.ContainerHostname", CLASS_COMPARE, NULL},
    {KIND_MODEL, "Containers.*.Image", CLASS_COMPARE, NULL},
    {KIND_MODEL, "Containers.*.Mode", CLASS_COMPARE, "SingleModel"},
    {KIND_MODEL, "Containers.*.ModelDataUrl", CLASS_COMPARE, NULL},
    {KIND_MODEL, "Containers.*.Environment", CLASS_COMPARE, NULL},
    {KIND_MODEL, "InferenceExecutionConfig.Mode", CLASS_NOT_USUAL, "Serial"},
    {KIND_MODEL, "VpcConfig.Subnets", CLASS_COUNT, NULL}, /* their order is not kept */
    {KIND_MODEL, "VpcConfig.SecurityGroupIds", CLASS_COUNT, NULL},
    {KIND_MODEL, "EnableNetworkIsolation", CLASS_NOT_USUAL, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants", CLASS_COUNT, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.VariantName", CLASS_COMPARE, "AllTraffic"},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.ModelName", CLASS_COMPARE, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.InstanceType", CLASS_COMPARE, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.InitialInstanceCount", CLASS_COMPARE, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.VolumeSizeInGB", CLASS_NOT_USUAL, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.ModelDataDownloadTimeoutInSeconds",
     CLASS_NOT_USUAL, NULL},
    {KIND_ENDPOINT_CONFIG, "ProductionVariants.0.ContainerStartupHealthCheckTimeoutInSeconds",
     CLASS_NOT_USUAL, NULL},
    {KIND_ENDPOINT_CONFIG, "KmsKeyId", CLASS_NOT_USUAL, NULL},
    {KIND_ENDPOINT_CONFIG, "DataCaptureConfig.InitialSamplingPercentage", CLASS_COMPARE, NULL},
    {KIND_ENDPOINT_CONFIG, "DataCaptureConfig.DestinationS3Uri", CLASS_COMPARE, NULL},
};

const struct json *compare_at(const struct json *node, const char *path)
{
    struct str rest = str_from(path), part;
    while (node != NULL && str_split(&rest, '.', &part)) {
        const struct json *found = NULL;
        uint64_t index = 0, wanted;
        bool by_index = node->type == JSON_ARRAY && str_to_u64(part, &wanted);
        JSON_EACH (child, node) {
            bool hit = by_index ? index++ == wanted : str_eq(child->key, part);
            if (hit && found == NULL)
                found = child;
        }
        node = found;
    }
    return node;
}

/* Nothing, null and an empty map are the same to the service. */
static const struct json *present(const struct json *node)
{
    bool nothing =
        node == NULL || node->type == JSON_NULL || (node->type == JSON_OBJECT && node->len == 0);
    return nothing ? NULL : node;
}

static bool equal(const struct json *a, const struct json *b, const char *fallback)
{
    const struct json usual = {.type = JSON_STRING, .string = str_from(fallback)};
    a = present(a);
    b = present(b);
    if (fallback != NULL && a == NULL)
        a = &usual;
    if (fallback != NULL && b == NULL)
        b = &usual;
    return a == b || json_equal(a, b);
}

static bool
differ_at(const struct field_rule *rule, const struct json *sent, const struct json *found)
{
    switch (rule->class) {
    case CLASS_NOT_USUAL:
        return !equal(sent, NULL, rule->fallback) && !equal(sent, found, rule->fallback);
    case CLASS_COUNT:
        return (sent != NULL ? sent->len : 0) != (found != NULL ? found->len : 0);
    case CLASS_COMPARE:
        break;
    }
    return !equal(sent, found, rule->fallback);
}

static bool
differs(const struct field_rule *rule, const struct json *request, const struct json *describe)
{
    struct str path = str_from(rule->path);
    size_t star = str_find(path, STR(".*."));
    if (star == SIZE_MAX)
        return differ_at(rule, compare_at(request, rule->path), compare_at(describe, rule->path));
    char list[64];
    snprintf(list, sizeof(list), STR_FMT, STR_ARG(str_slice(path, 0, star)));
    const struct json *found = compare_at(describe, list);
    size_t i = 0;
    JSON_EACH (sent, compare_at(request, list)) {
        const char *member = rule->path + star + STR(".*.").len;
        if (differ_at(rule, compare_at(sent, member), compare_at(json_at(found, i++), member)))
            return true;
    }
    return false;
}

bool compare_differs(enum kind_id kind, const struct json *request, const struct json *describe)
{
    for (size_t i = 0; describe != NULL && i < ARRAY_LEN(s_rules); i++)
        if (s_rules[i].kind == kind && differs(&s_rules[i], request, describe))
            return true;
    return false;
}
