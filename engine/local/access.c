#include "engine/local/access.h"

#include "engine/local/sm.h"
#include "engine/local/world.h"

/* ------------------------------------------------------------------ the log */

struct use {
    struct str action, resource, statement;
    bool allowed;
    int64_t count;
};

struct access_log {
    pthread_mutex_t lock;
    struct arena *arena;
    VEC(struct use) uses;
};

struct access_log *access_log_new(void)
{
    struct access_log *log = xmalloc(sizeof(*log));
    *log = (struct access_log){.arena = arena_new("actions used", 0)};
    pthread_mutex_init(&log->lock, NULL);
    return log;
}

void access_log_free(struct access_log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_destroy(&log->lock);
    arena_free(log->arena);
    xfree(log);
}

static void log_use(
    struct access_log *log,
    const struct policy_question *question,
    struct str statement,
    bool allowed)
{
    pthread_mutex_lock(&log->lock);
    struct use *use = NULL;
    for (size_t i = 0; i < log->uses.len && use == NULL; i++) {
        struct use *seen = &log->uses.items[i];
        if (seen->allowed == allowed && str_eq(seen->action, question->action) &&
            str_eq(seen->statement, statement))
            use = seen;
    }
    if (use == NULL) {
        use = VEC_PUSH(log->arena, &log->uses);
        *use = (struct use){
            .action = str_dup(log->arena, question->action),
            .resource = str_dup(log->arena, question->resource),
            .statement = str_dup(log->arena, statement),
            .allowed = allowed};
    }
    use->count++;
    pthread_mutex_unlock(&log->lock);
}

enum err_code access_used(struct local_call *call, struct err *err)
{
    (void) err;
    struct arena *arena = call->arena;
    struct str name = call_param(call, "access_key");
    const struct known_key *key =
        keys_find(call->local, str_is_empty(name) ? call->access_key : name);
    struct json *body = json_object(arena), *list = json_array(arena);
    if (key == NULL)
        return call_fail(call, 404, "NotFoundException", "There is no such access key");
    pthread_mutex_lock(&key->log->lock);
    for (size_t i = 0; i < key->log->uses.len; i++) {
        const struct use *use = &key->log->uses.items[i];
        struct json *item = json_object(arena);
        json_put(arena, item, "action", json_string(arena, str_dup(arena, use->action)));
        json_put(arena, item, "resource", json_string(arena, str_dup(arena, use->resource)));
        if (!str_is_null(use->statement))
            json_put(arena, item, "statement", json_string(arena, str_dup(arena, use->statement)));
        json_put(arena, item, "allowed", json_bool(arena, use->allowed));
        json_put(arena, item, "count", json_int(arena, use->count));
        json_push(list, item);
    }
    pthread_mutex_unlock(&key->log->lock);
    json_put(arena, body, "used", list);
    return call_json(call, body);
}

/* ------------------------------------------------------------------ facts */

static void fact(struct local_call *call, policy_fact_vec *facts, const char *key, struct str value)
{
    if (!str_is_null(value))
        *VEC_PUSH(call->arena, facts) = (struct policy_fact){str_from(key), value};
}

static void tag_facts(
    struct local_call *call, policy_fact_vec *facts, const char *prefix, const struct json *tags)
{
    JSON_EACH (tag, tags)
        *VEC_PUSH(call->arena, facts) = (struct policy_fact){
            str_fmt(call->arena, "%s" STR_FMT, prefix, STR_ARG(json_get_str(tag, "Key"))),
            json_get_str(tag, "Value")};
}

/* What is true of the request, whatever the resource. */
static void request_facts(struct local_call *call, policy_fact_vec *facts)
{
    fact(call, facts, "aws:PrincipalAccount", call->account);
    fact(call, facts, "aws:ResourceAccount", call->account);
    fact(
        call, facts, "aws:PrincipalArn",
        str_fmt(call->arena, "arn:aws:iam::" STR_FMT ":role/mmectl-local", STR_ARG(call->account)));
    fact(call, facts, "aws:RequestedRegion", call->region);
    fact(call, facts, "aws:SecureTransport", STR("true")); /* as AWS would be called */
    if (call->service == LOCAL_S3) {
        fact(call, facts, "s3:ResourceAccount", call->account);
        fact(call, facts, "s3:prefix", call_param(call, "prefix"));
        fact(call, facts, "s3:delimiter", call_param(call, "delimiter"));
        fact(call, facts, "s3:max-keys", call_param(call, "max-keys"));
        fact(call, facts, "s3:VersionId", call_param(call, "versionId"));
        fact(call, facts, "s3:if-none-match", call_request_header(call, "if-none-match"));
        fact(
            call, facts, "s3:x-amz-server-side-encryption",
            call_request_header(call, "x-amz-server-side-encryption"));
        fact(call, facts, "s3:x-amz-copy-source", call_request_header(call, "x-amz-copy-source"));
    }
    fact(
        call, facts, "sagemaker:TargetModel",
        call_request_header(call, "x-amzn-sagemaker-target-model"));
    fact(
        call, facts, "sagemaker:TargetContainerHostname",
        call_request_header(call, "x-amzn-sagemaker-target-container-hostname"));
    if (call->service != LOCAL_SAGEMAKER)
        return;
    tag_facts(call, facts, "aws:RequestTag/", json_get(call->input, "Tags"));
    JSON_EACH (tag, json_get(call->input, "Tags"))
        fact(call, facts, "aws:TagKeys", json_get_str(tag, "Key"));
    JSON_EACH (key, json_get(call->input, "TagKeys"))
        fact(call, facts, "aws:TagKeys", json_str(key));
}

/* ------------------------------------------------------------------ asking */

static bool
ask(struct local_call *call,
    const policy_fact_vec *facts,
    struct str action,
    struct str resource,
    enum policy_verdict *ret_verdict)
{
    struct policy_question question = {action, resource, facts};
    struct str statement;
    enum policy_verdict verdict = policy_decide(call->caller->policy, &question, &statement);
    log_use(call->caller->log, &question, statement, verdict == POLICY_ALLOWED);
    if (ret_verdict != NULL)
        *ret_verdict = verdict;
    return verdict == POLICY_ALLOWED;
}

static void
refuse(struct local_call *call, struct str action, struct str resource, enum policy_verdict verdict)
{
    bool s3 = call->service == LOCAL_S3;
    bool json = !s3 && !call_speaks_query(call);
    struct str why =
        verdict == POLICY_DENIED
            ? STR("with an explicit deny in an identity-based policy")
            : str_fmt(
                  call->arena, "because no identity-based policy allows the " STR_FMT " action",
                  STR_ARG(action));
    call_fail(
        call, json ? 400 : 403, json ? "AccessDeniedException" : "AccessDenied",
        "User: arn:aws:sts::" STR_FMT ":assumed-role/mmectl-local/session is not authorized to "
        "perform: " STR_FMT " on resource: %s" STR_FMT "%s " STR_FMT,
        STR_ARG(call->account), STR_ARG(action), s3 ? "\"" : "", STR_ARG(resource), s3 ? "\"" : "",
        STR_ARG(why));
}

/* Asks, and answers the call when it may not. */
static bool
need(struct local_call *call, const policy_fact_vec *facts, struct str action, struct str resource)
{
    enum policy_verdict verdict;
    if (ask(call, facts, action, resource, &verdict))
        return true;
    refuse(call, action, resource, verdict);
    return false;
}

/* ------------------------------------------------------------------ S3 */

static struct str s3_arn(struct local_call *call, struct str bucket, struct str key)
{
    if (str_is_null(bucket))
        return STR("*");
    return str_fmt(
        call->arena, "arn:aws:s3:::" STR_FMT "%s" STR_FMT, STR_ARG(bucket),
        str_is_null(key) ? "" : "/", STR_ARG(key));
}

/* Of a version by its id, the actions have other names. */
static struct str s3_action(struct local_call *call)
{
    static const char *const by_version[][2] = {
        {"s3:GetObject", "s3:GetObjectVersion"},
        {"s3:DeleteObject", "s3:DeleteObjectVersion"},
        {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
        {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
        {"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"},
    };
    for (size_t i = 0; i < ARRAY_LEN(by_version) && call_has_param(call, "versionId"); i++)
        if (strcmp(call->op->action, by_version[i][0]) == 0)
            return str_from(by_version[i][1]);
    return str_from(call->op->action);
}

static bool check_s3(struct local_call *call, policy_fact_vec *facts)
{
    struct str resource = s3_arn(call, call->bucket, call->key);
    fact(call, facts, "s3:if-match", call_request_header(call, "if-match"));
    if (strcmp(call->op->name, "DeleteObjects") == 0)
        return true; /* judged key by key */
    if (!need(call, facts, s3_action(call), resource))
        return false;
    bool tags = strcmp(call->op->action, "s3:PutObject") == 0 &&
                !str_is_null(call_request_header(call, "x-amz-tagging"));
    return !tags || need(call, facts, STR("s3:PutObjectTagging"), resource);
}

bool access_allows(
    struct local_call *call,
    const char *action,
    struct str bucket,
    struct str key,
    struct str if_match)
{
    policy_fact_vec facts = {0};
    if (call_is_denied(call, action))
        return false;
    if (call->caller == NULL || call->caller->policy == NULL)
        return true;
    request_facts(call, &facts);
    fact(call, &facts, "s3:if-match", if_match);
    return ask(call, &facts, str_from(action), s3_arn(call, bucket, key), NULL);
}

/* ------------------------------------------------------------------ SageMaker */

/* Which things a call touches, by the members that name them. To add an operation: a row; one
 * without a row asks for the resource "*", as the List operations do. */
static const struct touched {
    const char *operation;
    enum sm_thing_kind kind;
    const char *member;
    const char *role; /* the member that names a role to be passed */
} s_touched[] = {
    {"CreateTrainingJob", SM_JOB, "TrainingJobName", "RoleArn"},
    {"DescribeTrainingJob", SM_JOB, "TrainingJobName", NULL},
    {"UpdateTrainingJob", SM_JOB, "TrainingJobName", NULL},
    {"StopTrainingJob", SM_JOB, "TrainingJobName", NULL},
    {"DeleteTrainingJob", SM_JOB, "TrainingJobName", NULL},
    {"CreateModel", SM_MODEL, "ModelName", "ExecutionRoleArn"},
    {"DescribeModel", SM_MODEL, "ModelName", NULL},
    {"DeleteModel", SM_MODEL, "ModelName", NULL},
    {"CreateEndpointConfig", SM_CONFIG, "EndpointConfigName", NULL},
    {"DescribeEndpointConfig", SM_CONFIG, "EndpointConfigName", NULL},
    {"DeleteEndpointConfig", SM_CONFIG, "EndpointConfigName", NULL},
    {"CreateEndpoint", SM_ENDPOINT, "EndpointName", NULL},
    {"CreateEndpoint", SM_CONFIG, "EndpointConfigName", NULL},
    {"DescribeEndpoint", SM_ENDPOINT, "EndpointName", NULL},
    {"UpdateEndpoint", SM_ENDPOINT, "EndpointName", NULL},
    {"UpdateEndpoint", SM_CONFIG, "EndpointConfigName", NULL},
    {"UpdateEndpointWeightsAndCapacities", SM_ENDPOINT, "EndpointName", NULL},
    {"DeleteEndpoint", SM_ENDPOINT, "EndpointName", NULL},
};

/* Tags of what is there; world entered. */
static bool
need_on(struct local_call *call, const policy_fact_vec *facts, struct str action, struct str arn)
{
    policy_fact_vec all = {0};
    for (size_t i = 0; i < facts->len; i++)
        *VEC_PUSH(call->arena, &all) = facts->items[i];
    struct json *tags = sm_tags_of(call->local, call->arena, arn);
    tag_facts(call, &all, "aws:ResourceTag/", tags);
    tag_facts(call, &all, "sagemaker:ResourceTag/", tags);
    return need(call, &all, action, arn);
}

static bool need_role(struct local_call *call, const policy_fact_vec *facts, struct str role)
{
    policy_fact_vec all = {0};
    if (str_is_null(role))
        return true; /* the operation says what is missing */
    for (size_t i = 0; i < facts->len; i++)
        *VEC_PUSH(call->arena, &all) = facts->items[i];
    fact(call, &all, "iam:PassedToService", STR("sagemaker.amazonaws.com"));
    return need(call, &all, STR("iam:PassRole"), role);
}

static bool
check_touched(struct local_call *call, const policy_fact_vec *facts, const struct touched *touched)
{
    struct str name = json_get_str(call->input, touched->member);
    struct str arn = sm_arn(call->local, call->arena, call->region, touched->kind, name);
    bool first = touched == s_touched || strcmp(touched[-1].operation, touched->operation) != 0;
    bool tags =
        first && json_get(call->input, "Tags") != NULL && json_get(call->input, "Tags")->len > 0;
    if (!need_on(call, facts, str_from(call->op->action), arn))
        return false;
    if (tags && !need_on(call, facts, STR("sagemaker:AddTags"), arn))
        return false;
    return touched->role == NULL ||
           need_role(call, facts, json_get_str(call->input, touched->role));
}

static bool check_sagemaker(struct local_call *call, const policy_fact_vec *facts)
{
    struct str arn = json_get_str(call->input, "ResourceArn"), action = str_from(call->op->action);
    bool touches = false;
    for (size_t i = 0; i < ARRAY_LEN(s_touched); i++) {
        if (strcmp(s_touched[i].operation, call->op->name) != 0)
            continue;
        touches = true;
        if (!check_touched(call, facts, &s_touched[i]))
            return false;
    }
    if (touches)
        return true;
    return str_is_null(arn) ? need(call, facts, action, STR("*"))
                            : need_on(call, facts, action, arn);
}

/* POST /endpoints/NAME/invocations */
static bool check_runtime(struct local_call *call, const policy_fact_vec *facts)
{
    struct str name = str_from_index(call->path, strlen("/endpoints/")), decoded = STR_NULL;
    name = str_slice(name, 0, str_index(name, '/'));
    if (!uri_decode(call->arena, name, false, &decoded))
        return true; /* the operation says what is wrong */
    return need_on(
        call, facts, str_from(call->op->action),
        sm_arn(call->local, call->arena, call->region, SM_ENDPOINT, decoded));
}

/* ------------------------------------------------------------------ the others */

/* Actions on a group are asked for with ":*" behind its name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html */
static bool check_logs(struct local_call *call, const policy_fact_vec *facts)
{
    struct str group = json_get_str(call->input, "logGroupName");
    struct str stream = json_get_str(call->input, "logStreamName");
    struct str resource = call_arn(
        call, "logs", "log-group:" STR_FMT ":%s" STR_FMT, STR_ARG(group),
        str_is_null(stream) ? "*" : "log-stream:", STR_ARG(stream));
    return need(call, facts, str_from(call->op->action), resource);
}

/* What Application Auto Scaling does at once, it does in the caller's name.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html */
static const struct {
    const char *operation, *action;
} s_scaling_besides[] = {
    {"RegisterScalableTarget", "sagemaker:DescribeEndpoint"},
    {"RegisterScalableTarget", "sagemaker:UpdateEndpointWeightsAndCapacities"},
    {"PutScalingPolicy", "cloudwatch:PutMetricAlarm"},
    {"DeleteScalingPolicy", "cloudwatch:DeleteAlarms"},
    {"DeregisterScalableTarget", "cloudwatch:DeleteAlarms"},
};

static struct str scaling_resource(struct local_call *call, struct str action, struct str target)
{
    struct str rest = target, part = STR_NULL, endpoint = STR_NULL;
    (void) str_split(&rest, '/', &part);
    (void) str_split(&rest, '/', &endpoint);
    if (str_starts(action, STR("cloudwatch:")))
        return call_arn(call, "cloudwatch", "alarm:TargetTracking-" STR_FMT "-x", STR_ARG(target));
    return sm_arn(call->local, call->arena, call->region, SM_ENDPOINT, endpoint);
}

static bool check_scaling(struct local_call *call, policy_fact_vec *facts)
{
    struct str target = json_get_str(call->input, "ResourceId");
    bool reads = strncmp(call->op->name, "Describe", strlen("Describe")) == 0;
    fact(
        call, facts, "application-autoscaling:service-namespace",
        json_get_str(call->input, "ServiceNamespace"));
    fact(
        call, facts, "application-autoscaling:scalable-dimension",
        json_get_str(call->input, "ScalableDimension"));
    if (!need(
            call, facts, str_from(call->op->action),
            reads ? STR("*") : call_arn(call, "application-autoscaling", "scalable-target/0a1b2c")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(s_scaling_besides); i++) {
        struct str action = str_from(s_scaling_besides[i].action);
        if (strcmp(s_scaling_besides[i].operation, call->op->name) == 0 &&
            !need_on(call, facts, action, scaling_resource(call, action, target)))
            return false;
    }
    if (strcmp(call->op->name, "RegisterScalableTarget") != 0)
        return true;
    fact(call, facts, "iam:AWSServiceName", STR("sagemaker.application-autoscaling.amazonaws.com"));
    return need(
        call, facts, STR("iam:CreateServiceLinkedRole"),
        str_fmt(
            call->arena,
            "arn:aws:iam::" STR_FMT ":role/aws-service-role/sagemaker.application-autoscaling."
            "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
            STR_ARG(call->account)));
}

/* DescribeAlarms knows alarms by name, and is asked for all of them; metrics have no resource.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html */
static bool check_cloudwatch(struct local_call *call, const policy_fact_vec *facts)
{
    if (strstr(call->op->name, "Metrics") != NULL || strncmp(call->op->name, "Get", 3) == 0)
        return need(call, facts, str_from(call->op->action), STR("*"));
    struct str name = call_speaks_query(call) ? call_param(call, "AlarmName")
                                              : json_get_str(call->input, "AlarmName");
    return need(
        call, facts, str_from(call->op->action),
        call_arn(
            call, "cloudwatch", "alarm:" STR_FMT, STR_ARG(str_is_null(name) ? STR("*") : name)));
}

bool access_allows_action(struct local_call *call, const char *action)
{
    policy_fact_vec facts = {0};
    if (call_is_denied(call, action))
        return false;
    if (call->caller == NULL || call->caller->policy == NULL)
        return true;
    request_facts(call, &facts);
    fact(call, &facts, "application-autoscaling:service-namespace", STR("sagemaker"));
    fact(
        call, &facts, "application-autoscaling:scalable-dimension",
        STR("sagemaker:variant:DesiredInstanceCount"));
    return ask(
        call, &facts, str_from(action),
        call_arn(call, "application-autoscaling", "scalable-target/0a1b2c"), NULL);
}

static bool check_iam(struct local_call *call, const policy_fact_vec *facts)
{
    struct str role = call_param(call, "RoleName");
    return need(
        call, facts, str_from(call->op->action),
        str_is_null(role) ? STR("*")
                          : str_fmt(
                                call->arena, "arn:aws:iam::" STR_FMT ":role/" STR_FMT,
                                STR_ARG(call->account), STR_ARG(role)));
}

static bool check_service(struct local_call *call, policy_fact_vec *facts)
{
    switch (call->service) {
    case LOCAL_S3:
        return check_s3(call, facts);
    case LOCAL_SAGEMAKER:
        return check_sagemaker(call, facts);
    case LOCAL_RUNTIME:
        return check_runtime(call, facts);
    case LOCAL_LOGS:
        return check_logs(call, facts);
    case LOCAL_SCALING:
        return check_scaling(call, facts);
    case LOCAL_CLOUDWATCH:
        return check_cloudwatch(call, facts);
    case LOCAL_IAM:
        return check_iam(call, facts);
    case LOCAL_STS:
        /* GetCallerIdentity needs no permission, and a web identity is nobody yet. */
        return !str_eq_z(str_from(call->op->name), "AssumeRole") ||
               need(
                   call, facts, str_from(call->op->action),
                   str_is_null(call_param(call, "RoleArn")) ? STR("*")
                                                            : call_param(call, "RoleArn"));
    case LOCAL_ADMIN: /* no service of AWS */
    case LOCAL_N_SERVICES:
    default:
        return true;
    }
}

bool access_check(struct local_call *call)
{
    policy_fact_vec facts = {0};
    UNFILLED struct err err;
    if (call_is_denied(call, call->op->action)) {
        call_fail(
            call, call->service == LOCAL_S3 || call_speaks_query(call) ? 403 : 400,
            call->service == LOCAL_S3 || call_speaks_query(call) ? "AccessDenied"
                                                                 : "AccessDeniedException",
            "User: arn:aws:sts::" STR_FMT ":assumed-role/mmectl-local/session is not authorized to "
            "perform: %s with an explicit deny in an identity-based policy",
            STR_ARG(call->account), call->op->action);
        return false;
    }
    if (call->caller == NULL || call->caller->policy == NULL)
        return true;
    if (world_enter(call->local, &err) != ERR_NONE) {
        call_fail(call, 500, "InternalFailure", "%s", err.message);
        return false;
    }
    request_facts(call, &facts);
    bool allowed = check_service(call, &facts);
    world_abandon(call->local); /* nothing was written */
    return allowed;
}
