#include "engine/kinds/permissions.h"

#include "engine/aws/fault.h"
#include "engine/base/arena.h"
#include "engine/kinds/permission_groups.h"

#include <assert.h>

enum need {
    NEED_NOTHING,
    NEED_TRAINING,       /* models are trained on SageMaker */
    NEED_SPOT,           /* on spot instances: checkpoints are read again */
    NEED_WARM_POOL,      /* whose instances are kept */
    NEED_BUCKET_MADE,    /* the bucket may have to be made */
    NEED_BUCKET_DELETED, /* the bucket is the stack's, to its end */
    NEED_LOGS,           /* the log group is kept for a time of the spec's */
    NEED_CAPTURE,        /* calls are recorded */
    NEED_KEYS,           /* disks or records are encrypted with keys of the account */
    NEED_VPC,            /* the endpoint is in a VPC */
    NEED_ALARMS,         /* updates are rolled back by alarms */
    NEED_SCALING,        /* the endpoint scales with its load */
};

#define P USE_PLAN
#define A USE_APPLY
#define D USE_DESTROY
#define C USE_CALL
#define I USE_IMPORT
#define F USE_FORGET
#define X USE_DOCTOR
#define ANY_SERVICE AWS_SERVICE_COUNT

/* Every operation mmectl sends, where it may go, and who sends it. The IAM action of an operation
 * comes from fault_action(), which also names it when a call was denied; a row of ANY_SERVICE names
 * an action that is no operation.
 *
 * To add one: a row here for each group of resources it touches, with every use that sends it; a
 * resource or condition of a new sort is a new group (a line in enum permission_group and in
 * s_groups of permission_groups.c). An S3 operation whose action has another name: s_s3_actions in
 * engine/aws/fault_rules.c. Then tests/e2e/t90_iam_policy.sh must send it: it fails for what is
 * denied and for what is never used.
 */
static const struct permission {
    enum aws_service service;
    const char *operation;
    enum permission_group group;
    unsigned uses;
    enum need need;
} s_permissions[] = {
    {AWS_STS, "GetCallerIdentity", GROUP_ACCOUNT, P | A | D | C | I | F | X, NEED_NOTHING},
    {AWS_SAGEMAKER, "ListModels", GROUP_ACCOUNT, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "ListEndpointConfigs", GROUP_ACCOUNT, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "ListTrainingJobs", GROUP_ACCOUNT, P | A, NEED_TRAINING},
    {AWS_SAGEMAKER, "ListTrainingJobs", GROUP_ACCOUNT, D | F, NEED_NOTHING},
    {AWS_LOGS, "DescribeLogGroups", GROUP_ACCOUNT, D | F, NEED_NOTHING},
    {AWS_LOGS, "DescribeLogGroups", GROUP_ACCOUNT, P | A, NEED_LOGS},

    {AWS_S3, "ListObjectsV2", GROUP_BUCKET_LIST, P | A | D | C, NEED_NOTHING},
    {AWS_S3, "GetBucketTagging", GROUP_BUCKET, P | A, NEED_NOTHING},
    {AWS_S3, "GetBucketTagging", GROUP_BUCKET, D | F, NEED_BUCKET_DELETED},
    {AWS_S3, "GetBucketVersioning", GROUP_BUCKET, D | F | X, NEED_NOTHING},
    {AWS_S3, "ListMultipartUploads", GROUP_BUCKET, A | D | F | X, NEED_NOTHING},
    {AWS_S3, "GetPublicAccessBlock", GROUP_BUCKET, X, NEED_NOTHING},
    {AWS_S3, "GetBucketEncryption", GROUP_BUCKET, X, NEED_NOTHING},
    {AWS_S3, "GetBucketLifecycleConfiguration", GROUP_BUCKET, X, NEED_NOTHING},
    {AWS_S3, "CreateBucket", GROUP_BUCKET, A, NEED_BUCKET_MADE},
    {AWS_S3, "PutBucketTagging", GROUP_BUCKET, A, NEED_BUCKET_MADE},
    {AWS_S3, "PutPublicAccessBlock", GROUP_BUCKET, A, NEED_BUCKET_MADE},
    {AWS_S3, "PutBucketEncryption", GROUP_BUCKET, A, NEED_BUCKET_MADE},
    {AWS_S3, "DeleteBucket", GROUP_BUCKET, D, NEED_BUCKET_DELETED},
    {AWS_S3, "DeleteBucketTagging", GROUP_BUCKET, F, NEED_BUCKET_DELETED},
    {AWS_S3, "GetObject", GROUP_OBJECTS, P | A | D | C, NEED_NOTHING},
    {AWS_S3, "HeadObject", GROUP_OBJECTS, P | A | D, NEED_NOTHING},
    {AWS_S3, "PutObject", GROUP_OBJECTS, A | D | F, NEED_NOTHING}, /* D, F: lease and record */
    {AWS_S3, "CopyObject", GROUP_OBJECTS, A, NEED_NOTHING},
    {AWS_S3, "CreateMultipartUpload", GROUP_OBJECTS, A, NEED_NOTHING},
    {AWS_S3, "UploadPart", GROUP_OBJECTS, A, NEED_NOTHING},
    {AWS_S3, "CompleteMultipartUpload", GROUP_OBJECTS, A, NEED_NOTHING},
    {AWS_S3, "ListParts", GROUP_OBJECTS, A, NEED_NOTHING},
    {AWS_S3, "AbortMultipartUpload", GROUP_OBJECTS, A | D, NEED_NOTHING},
    {AWS_S3, "DeleteObject", GROUP_OBJECTS_DELETE, A | D | F, NEED_NOTHING},
    {AWS_S3, "DeleteObjects", GROUP_OBJECTS_DELETE, A | D | F, NEED_NOTHING},
    {AWS_S3, "HeadObject", GROUP_PARENTS, P | A | D, NEED_NOTHING},
    {AWS_S3, "ListObjectsV2", GROUP_SOURCES_LIST, P | A, NEED_NOTHING},
    {AWS_S3, "GetObject", GROUP_SOURCES, P | A, NEED_NOTHING},

    {AWS_SAGEMAKER, "DescribeEndpoint", GROUP_THINGS, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "DescribeEndpointConfig", GROUP_THINGS, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "DescribeModel", GROUP_THINGS, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "DescribeTrainingJob", GROUP_THINGS, P | A | D, NEED_TRAINING},
    {AWS_SAGEMAKER, "ListTags", GROUP_THINGS, P | A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "CreateTrainingJob", GROUP_THINGS_CREATE, A, NEED_TRAINING},
    {AWS_SAGEMAKER, "CreateModel", GROUP_THINGS_CREATE, A, NEED_NOTHING},
    {AWS_SAGEMAKER, "CreateEndpointConfig", GROUP_THINGS_CREATE, A, NEED_NOTHING},
    {AWS_SAGEMAKER, "CreateEndpoint", GROUP_THINGS_CREATE, A, NEED_NOTHING},
    {AWS_SAGEMAKER, "AddTags", GROUP_THINGS_CREATE, A | I, NEED_NOTHING},
    {AWS_SAGEMAKER, "UpdateEndpoint", GROUP_THINGS_CHANGE, A, NEED_NOTHING},
    {AWS_SAGEMAKER, "DeleteTags", GROUP_THINGS_CHANGE, F, NEED_NOTHING},
    {AWS_SAGEMAKER, "DeleteEndpoint", GROUP_THINGS_CHANGE, A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "DeleteEndpointConfig", GROUP_THINGS_CHANGE, A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "DeleteModel", GROUP_THINGS_CHANGE, A | D, NEED_NOTHING},
    {AWS_SAGEMAKER, "StopTrainingJob", GROUP_THINGS_CHANGE, D, NEED_TRAINING},
    {AWS_SAGEMAKER, "UpdateTrainingJob", GROUP_THINGS_CHANGE, D, NEED_WARM_POOL},
    {AWS_SAGEMAKER, "DeleteTrainingJob", GROUP_THINGS_CHANGE, D, NEED_TRAINING},
    {AWS_RUNTIME, "InvokeEndpoint", GROUP_ENDPOINT, C, NEED_NOTHING},
    {ANY_SERVICE, "iam:PassRole", GROUP_PASS_ROLE, A, NEED_NOTHING},
    {AWS_IAM, "GetRole", GROUP_ROLE, X, NEED_NOTHING},

    {AWS_LOGS, "DescribeLogStreams", GROUP_JOB_LOGS, A | D, NEED_TRAINING},
    {AWS_LOGS, "GetLogEvents", GROUP_JOB_STREAMS, A, NEED_TRAINING},
    {AWS_LOGS, "DeleteLogStream", GROUP_JOB_STREAMS, D, NEED_TRAINING},
    {AWS_LOGS, "DeleteLogGroup", GROUP_ENDPOINT_LOGS, D, NEED_NOTHING},
    {AWS_LOGS, "CreateLogGroup", GROUP_ENDPOINT_LOGS, A, NEED_LOGS},
    {AWS_LOGS, "PutRetentionPolicy", GROUP_ENDPOINT_LOGS, A, NEED_LOGS},

    /* https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html */
    {AWS_SCALING, "DescribeScalableTargets", GROUP_ACCOUNT, P | A | D, NEED_NOTHING},
    {AWS_SCALING, "DescribeScalingPolicies", GROUP_ACCOUNT, P | A | D, NEED_NOTHING},
    {AWS_SCALING, "RegisterScalableTarget", GROUP_SCALING, A, NEED_SCALING},
    {AWS_SCALING, "PutScalingPolicy", GROUP_SCALING, A, NEED_SCALING},
    {AWS_SCALING, "DeleteScalingPolicy", GROUP_SCALING, A | D, NEED_SCALING},
    {AWS_SCALING, "DeregisterScalableTarget", GROUP_SCALING, A | D, NEED_SCALING},
    {AWS_SAGEMAKER, "UpdateEndpointWeightsAndCapacities", GROUP_SCALED, A, NEED_SCALING},
    {AWS_CLOUDWATCH, "PutMetricAlarm", GROUP_SCALING_ALARMS, A, NEED_SCALING},
    {AWS_CLOUDWATCH, "DeleteAlarms", GROUP_SCALING_ALARMS, A | D, NEED_SCALING},
    {AWS_CLOUDWATCH, "DescribeAlarms", GROUP_ALARMS, P | A, NEED_ALARMS},
    {ANY_SERVICE, "kms:CreateGrant", GROUP_KEYS, A, NEED_KEYS},
    {ANY_SERVICE, "kms:DescribeKey", GROUP_KEYS, A, NEED_KEYS},
    {ANY_SERVICE, "kms:Decrypt", GROUP_OBJECT_KEY, P | A | D | C | F, NEED_KEYS},
    {ANY_SERVICE, "kms:GenerateDataKey", GROUP_OBJECT_KEY, A | D | F, NEED_KEYS},
    {ANY_SERVICE, "iam:CreateServiceLinkedRole", GROUP_SCALING_ROLE, A, NEED_SCALING},

    {AWS_SAGEMAKER, "DescribeEndpoint", GROUP_IMPORT, I, NEED_NOTHING},
    {AWS_SAGEMAKER, "DescribeEndpointConfig", GROUP_IMPORT, I, NEED_NOTHING},
    {AWS_SAGEMAKER, "DescribeModel", GROUP_IMPORT, I, NEED_NOTHING},
    {AWS_SAGEMAKER, "ListTags", GROUP_IMPORT, I, NEED_NOTHING},
};

/* What SageMaker does as the execution role: "CreateModel API: Execution Role Permissions" and
 * "CreateTrainingJob API: Execution Role Permissions" of
 * https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html */
static const struct permission s_role_permissions[] = {
    {AWS_S3, "ListObjectsV2", GROUP_BUCKET_LIST, A, NEED_NOTHING},
    {AWS_S3, "GetObject", GROUP_ROLE_DATA, A, NEED_NOTHING},
    {AWS_S3, "PutObject", GROUP_ROLE_OUTPUT, A, NEED_TRAINING},
    {AWS_S3, "GetObject", GROUP_ROLE_OUTPUT, A, NEED_SPOT},
    {AWS_S3, "DeleteObject", GROUP_ROLE_OUTPUT, A, NEED_SPOT}, /* all but the last few */
    {AWS_S3, "AbortMultipartUpload", GROUP_ROLE_OUTPUT, A, NEED_TRAINING},
    {AWS_S3, "ListObjectsV2", GROUP_SOURCES_LIST, A, NEED_TRAINING},
    {AWS_S3, "GetObject", GROUP_SOURCES, A, NEED_TRAINING},
    {ANY_SERVICE, "logs:CreateLogGroup", GROUP_ROLE_LOGS, A, NEED_NOTHING},
    {ANY_SERVICE, "logs:CreateLogStream", GROUP_ROLE_LOGS, A, NEED_NOTHING},
    {ANY_SERVICE, "logs:DescribeLogStreams", GROUP_ROLE_LOGS, A, NEED_NOTHING},
    {ANY_SERVICE, "logs:PutLogEvents", GROUP_ROLE_LOGS, A, NEED_NOTHING},
    {ANY_SERVICE, "cloudwatch:PutMetricData", GROUP_ROLE_METRICS, A, NEED_NOTHING},
    /* https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html */
    {AWS_CLOUDWATCH, "DescribeAlarms", GROUP_ALARMS, A, NEED_ALARMS},
    {AWS_S3, "PutObject", GROUP_ROLE_CAPTURE, A, NEED_CAPTURE},
    {ANY_SERVICE, "kms:CreateGrant", GROUP_KEYS, A, NEED_KEYS},
    {ANY_SERVICE, "kms:GenerateDataKey", GROUP_KEYS, A, NEED_KEYS},
    {ANY_SERVICE, "kms:Decrypt", GROUP_KEYS, A, NEED_KEYS},
    {ANY_SERVICE, "kms:Decrypt", GROUP_OBJECT_KEY, A, NEED_KEYS},
    {ANY_SERVICE, "kms:GenerateDataKey", GROUP_OBJECT_KEY, A, NEED_TRAINING},
    {ANY_SERVICE, "ec2:CreateNetworkInterface", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:CreateNetworkInterfacePermission", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DeleteNetworkInterface", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DeleteNetworkInterfacePermission", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DescribeNetworkInterfaces", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DescribeVpcs", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DescribeDhcpOptions", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DescribeSubnets", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ec2:DescribeSecurityGroups", GROUP_ROLE_NETWORK, A, NEED_VPC},
    {ANY_SERVICE, "ecr:GetAuthorizationToken", GROUP_ROLE_REGISTRY, A, NEED_NOTHING},
    {ANY_SERVICE, "ecr:BatchCheckLayerAvailability", GROUP_ROLE_IMAGES, A, NEED_NOTHING},
    {ANY_SERVICE, "ecr:BatchGetImage", GROUP_ROLE_IMAGES, A, NEED_NOTHING},
    {ANY_SERVICE, "ecr:GetDownloadUrlForLayer", GROUP_ROLE_IMAGES, A, NEED_NOTHING},
};
#undef P
#undef A
#undef D
#undef C
#undef I
#undef F
#undef X

static bool is_needed(const struct permission *p, const struct permission_scope *scope)
{
    if ((p->uses & scope->uses) == 0)
        return false;
    switch (p->need) {
    case NEED_TRAINING:
        return scope->trains;
    case NEED_SPOT:
        return scope->trains && scope->want->max_wait_s > 0;
    case NEED_WARM_POOL:
        return scope->trains && scope->want->keep_alive_s > 0;
    case NEED_BUCKET_MADE:
        return !scope->bucket_exists;
    case NEED_BUCKET_DELETED:
        return !scope->bucket_exists && !scope->want->bucket_is_default;
    case NEED_LOGS:
        return scope->want->retention_days > 0;
    case NEED_CAPTURE:
        return scope->want->capture != NULL;
    case NEED_KEYS:
        return true; /* the group names the keys there are */
    case NEED_VPC:
        return scope->want->n_subnets > 0;
    case NEED_ALARMS:
        return scope->want->update != NULL && scope->want->update->n_alarms > 0;
    case NEED_SCALING:
        return scope->want->scaling != NULL;
    case NEED_NOTHING:
        break;
    }
    return true;
}

static void add_action(struct arena *arena, struct json *actions, const struct permission *p)
{
    char text[96];
    struct str action = str_from(p->operation);
    if (p->service != ANY_SERVICE) {
        fault_action(p->service, p->operation, text, sizeof(text));
        action = str_from(text);
    }
    /* What a copy needs besides, the reading operations say. */
    action = str_dup(arena, str_slice(action, 0, str_index(action, ',')));
    for (const struct json *seen = actions->first; seen != NULL; seen = seen->next)
        if (str_eq(seen->string, action))
            return;
    json_push(actions, json_string(arena, action));
}

static struct json *statement_of(
    struct arena *arena,
    const struct permission *table,
    size_t rows,
    enum permission_group group,
    const struct permission_scope *scope)
{
    struct json *actions = json_array(arena);
    for (size_t i = 0; i < rows; i++)
        if (table[i].group == group && is_needed(&table[i], scope))
            add_action(arena, actions, &table[i]);
    struct statement writer = {
        .arena = arena, .scope = scope, .want = scope->want, .resources = json_array(arena)};
    if (actions->len > 0)
        permission_group_fill(group, &writer);
    if (writer.resources->len == 0)
        return NULL;
    struct json *statement = json_object(arena);
    json_put(arena, statement, "Sid", json_z(arena, permission_group_sid(group)));
    json_put(arena, statement, "Effect", json_z(arena, "Allow"));
    json_put(arena, statement, "Action", actions);
    json_put(arena, statement, "Resource", writer.resources);
    if (writer.condition != NULL)
        json_put(arena, statement, "Condition", writer.condition);
    return statement;
}

/* Whether two statements differ at most in their resources. */
static bool same_rule(const struct json *a, const struct json *b)
{
    const struct json *x = json_get(a, "Condition"), *y = json_get(b, "Condition");
    bool same_condition = x == NULL || y == NULL ? x == y : json_equal(x, y);
    return same_condition && json_equal(json_get(a, "Action"), json_get(b, "Action"));
}

static struct json *resources_of(struct json *statement)
{
    struct json *member = statement->first;
    while (!str_eq_z(member->key, "Resource"))
        member = member->next;
    return member;
}

/* Stacks share a statement where only the resources differ. */
static void add_statement(
    struct arena *arena, struct json *statements, struct json *first, struct json *statement)
{
    unsigned number = 1;
    for (struct json *seen = first; seen != NULL; seen = seen->next, number++) {
        if (!same_rule(seen, statement))
            continue;
        struct statement writer = {.arena = arena, .resources = resources_of(seen)};
        JSON_EACH (resource, json_get(statement, "Resource"))
            statement_add_resource(&writer, resource->string);
        return;
    }
    if (number > 1)
        json_put(
            arena, statement, "Sid",
            json_string(
                arena,
                str_fmt(arena, STR_FMT "%u", STR_ARG(json_get_str(statement, "Sid")), number)));
    json_push(statements, statement);
}

static struct json *document(struct arena *arena, struct json *statements)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "Version", json_z(arena, "2012-10-17"));
    json_put(arena, out, "Statement", statements);
    return out;
}

static struct json *policy_of(
    struct arena *arena,
    const struct permission *table,
    size_t rows,
    const struct permission_scope *scopes,
    size_t count)
{
    struct json *statements = json_array(arena);
    for (int group = 0; group < GROUP_COUNT; group++) {
        struct json *first = NULL;
        for (size_t i = 0; i < count; i++) {
            struct json *statement =
                statement_of(arena, table, rows, (enum permission_group) group, &scopes[i]);
            if (statement == NULL)
                continue;
            add_statement(arena, statements, first, statement);
            first = first != NULL ? first : statement;
        }
    }
    return document(arena, statements);
}

struct json *
permissions_caller(struct arena *arena, const struct permission_scope *scopes, size_t count)
{
    return policy_of(arena, s_permissions, ARRAY_LEN(s_permissions), scopes, count);
}

struct json *
permissions_role(struct arena *arena, const struct permission_scope *scopes, size_t count)
{
    struct permission_scope *own = ARENA_ARRAY(arena, count, struct permission_scope);
    for (size_t i = 0; i < count; i++) {
        own[i] = scopes[i];
        own[i].uses = USE_APPLY;
    }
    return policy_of(arena, s_role_permissions, ARRAY_LEN(s_role_permissions), own, count);
}

/* For SageMaker alone, and only when it works for this account and region.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html */
struct json *
permissions_trust(struct arena *arena, const struct permission_scope *scopes, size_t count)
{
    assert(count > 0);
    struct statement writer = {.arena = arena, .resources = json_array(arena)};
    for (size_t i = 0; i < count; i++) {
        writer.scope = &scopes[i];
        writer.want = scopes[i].want;
        statement_add_arn(&writer, "sagemaker", STR("*"));
    }
    statement_add_condition(
        &writer, "StringEquals", STR("aws:SourceAccount"), scopes[0].want->account);
    JSON_EACH (arn, writer.resources)
        statement_add_condition(&writer, "ArnLike", STR("aws:SourceArn"), arn->string);
    struct json *statement = json_object(arena), *principal = json_object(arena);
    json_put(arena, principal, "Service", json_z(arena, "sagemaker.amazonaws.com"));
    json_put(arena, statement, "Effect", json_z(arena, "Allow"));
    json_put(arena, statement, "Principal", principal);
    json_put(arena, statement, "Action", json_z(arena, "sts:AssumeRole"));
    json_put(arena, statement, "Condition", writer.condition);
    return document(arena, json_push(json_array(arena), statement));
}
