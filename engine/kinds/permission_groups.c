#include "engine/kinds/permission_groups.h"

#include "engine/aws/s3.h"
#include "engine/resource/names.h"

void statement_add_resource(struct statement *w, struct str resource)
{
    for (const struct json *seen = w->resources->first; seen != NULL; seen = seen->next)
        if (str_eq(seen->string, resource))
            return;
    json_push(w->resources, json_string(w->arena, resource));
}

void statement_add_arn(struct statement *w, const char *service, struct str resource)
{
    const struct want *want = w->want;
    statement_add_resource(
        w, str_fmt(
               w->arena, "arn:" STR_FMT ":%s:" STR_FMT ":" STR_FMT ":" STR_FMT,
               STR_ARG(want->partition), service, STR_ARG(want->region), STR_ARG(want->account),
               STR_ARG(resource)));
}

/* S3's ARNs name neither region nor account. */
static void add_s3(struct statement *w, struct str bucket, struct str key)
{
    statement_add_resource(
        w, str_fmt(
               w->arena, "arn:" STR_FMT ":s3:::" STR_FMT "%s" STR_FMT, STR_ARG(w->want->partition),
               STR_ARG(bucket), key.len > 0 ? "/" : "", STR_ARG(key)));
}

/* The member of that name, made with `fresh` when there is none. */
static struct json *
member(struct arena *arena, struct json *object, struct str key, struct json *fresh)
{
    for (struct json *seen = object->first; seen != NULL; seen = seen->next)
        if (str_eq(seen->key, key))
            return seen;
    json_set(arena, object, key, fresh);
    return fresh;
}

void statement_add_condition(
    struct statement *w, const char *operator, struct str key, struct str value)
{
    struct arena *arena = w->arena;
    if (w->condition == NULL)
        w->condition = json_object(arena);
    struct json *keys = member(arena, w->condition, str_from(operator), json_object(arena));
    json_push(member(arena, keys, key, json_array(arena)), json_string(arena, value));
}

static void for_account(struct statement *w)
{
    statement_add_resource(w, STR("*")); /* these actions know no resources */
}

/* IfExists: a GET or HEAD of a key that is not there is answered 404 only to who may list the
 * bucket, and such a request has no s3:prefix. */
static void add_listing(struct statement *w, struct str bucket, struct str prefix)
{
    add_s3(w, bucket, STR_NULL);
    statement_add_condition(
        w, "StringLikeIfExists", STR("s3:prefix"), str_fmt(w->arena, STR_FMT "*", STR_ARG(prefix)));
}

static void for_bucket_list(struct statement *w)
{
    add_listing(w, w->want->bucket, str_fmt(w->arena, STR_FMT "/", STR_ARG(w->want->prefix)));
}

static void for_bucket(struct statement *w)
{
    add_s3(w, w->want->bucket, STR_NULL);
}

static void for_objects(struct statement *w)
{
    add_s3(w, w->want->bucket, str_fmt(w->arena, STR_FMT "/*", STR_ARG(w->want->prefix)));
}

/* https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html */
static void for_objects_delete(struct statement *w)
{
    for_objects(w);
    statement_add_condition(w, "Null", STR("s3:if-match"), STR("false"));
}

/* A prefix must not lie inside another stack's: the records above it are looked for. */
static void for_parents(struct statement *w)
{
    struct str prefix = w->want->prefix;
    for (size_t slash = str_rindex(prefix, '/'); slash != SIZE_MAX;
         slash = str_rindex(prefix, '/')) {
        prefix = str_slice(prefix, 0, slash);
        add_s3(
            w, w->want->bucket, str_fmt(w->arena, STR_FMT "/control/stack.json", STR_ARG(prefix)));
    }
}

/* One bucket to a statement would be exact; the prefixes of one stack's sources in one statement
 * are so in all but the pairing. */
static void for_sources_list(struct statement *w)
{
    for (size_t i = 0; i < w->scope->n_sources; i++) {
        struct str bucket, key;
        if (s3_uri_split(w->scope->sources[i], &bucket, &key))
            add_listing(w, bucket, key);
    }
}

static void for_sources(struct statement *w)
{
    for (size_t i = 0; i < w->scope->n_sources; i++) {
        struct str bucket, key;
        if (s3_uri_split(w->scope->sources[i], &bucket, &key))
            add_s3(w, bucket, str_fmt(w->arena, STR_FMT "*", STR_ARG(key)));
    }
}

static void add_named(struct statement *w, const char *resource, char kind)
{
    struct str prefix = name_thing_prefix(w->arena, w->want, kind);
    statement_add_arn(
        w, "sagemaker", str_fmt(w->arena, "%s/" STR_FMT "*", resource, STR_ARG(prefix)));
}

/* SageMaker writes endpoints' ARNs in lower case; policies compare letter by letter. */
static void for_endpoint(struct statement *w)
{
    struct str name = w->want->endpoint;
    statement_add_arn(w, "sagemaker", str_fmt(w->arena, "endpoint/" STR_FMT, STR_ARG(name)));
    statement_add_arn(
        w, "sagemaker", str_fmt(w->arena, "endpoint/" STR_FMT, STR_ARG(str_lower(w->arena, name))));
}

static void for_things(struct statement *w)
{
    add_named(w, "model", 'm');
    add_named(w, "endpoint-config", 'c');
    if (w->scope->trains)
        add_named(w, "training-job", 't');
    for_endpoint(w);
}

static void for_things_create(struct statement *w)
{
    for_things(w);
    statement_add_condition(w, "StringEquals", STR("aws:RequestTag/mmectl:uid"), w->want->uid);
}

static void for_things_change(struct statement *w)
{
    for_things(w);
    statement_add_condition(w, "StringEquals", STR("aws:ResourceTag/mmectl:uid"), w->want->uid);
}

static void for_pass_role(struct statement *w)
{
    statement_add_resource(w, w->want->role);
    statement_add_condition(
        w, "StringEquals", STR("iam:PassedToService"), STR("sagemaker.amazonaws.com"));
}

static void for_role(struct statement *w)
{
    statement_add_resource(w, w->want->role);
}

/* CloudWatch Logs wants the ":*" with every action but those that tag.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html */
static void for_job_logs(struct statement *w)
{
    statement_add_arn(w, "logs", STR("log-group:/aws/sagemaker/TrainingJobs:*"));
}

static void for_job_streams(struct statement *w)
{
    struct str prefix = name_thing_prefix(w->arena, w->want, 't');
    statement_add_arn(
        w, "logs",
        str_fmt(
            w->arena, "log-group:/aws/sagemaker/TrainingJobs:log-stream:" STR_FMT "*",
            STR_ARG(prefix)));
}

static void for_endpoint_logs(struct statement *w)
{
    statement_add_arn(
        w, "logs",
        str_fmt(
            w->arena, "log-group:/aws/sagemaker/Endpoints/" STR_FMT ":*",
            STR_ARG(w->want->endpoint)));
}

/* Targets have ids of AWS's making; the service they scale is all that can be asked for.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_applicationautoscaling.html
 */
static void for_scaling(struct statement *w)
{
    statement_add_arn(w, "application-autoscaling", STR("scalable-target/*"));
    statement_add_condition(
        w, "StringEquals", STR("application-autoscaling:service-namespace"), STR("sagemaker"));
}

/* The alarms that Application Auto Scaling makes for a policy, in the caller's name. */
static void for_scaling_alarms(struct statement *w)
{
    statement_add_arn(
        w, "cloudwatch",
        str_fmt(
            w->arena, "alarm:TargetTracking-endpoint/" STR_FMT "/variant/*",
            STR_ARG(w->want->endpoint)));
}

/* Once per account, when it has none yet. */
static void for_scaling_role(struct statement *w)
{
    static const char service[] = "sagemaker.application-autoscaling.amazonaws.com";
    statement_add_resource(
        w, str_fmt(
               w->arena,
               "arn:" STR_FMT ":iam::" STR_FMT ":role/aws-service-role/%s/"
               "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
               STR_ARG(w->want->partition), STR_ARG(w->want->account), service));
    statement_add_condition(w, "StringEquals", STR("iam:AWSServiceName"), str_from(service));
}

/* Asked for by name; the action is judged on alarms as a whole. */
static void for_alarms(struct statement *w)
{
    statement_add_arn(w, "cloudwatch", STR("alarm:*"));
}

/* By ARN, id or alias; an alias is no resource of these actions, and becomes a condition.
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
static void add_kms_key(struct statement *w, struct str key, bool by_alias)
{
    if (str_is_null(key))
        return;
    if (str_starts(key, STR("arn:")) && str_find(key, STR(":key/")) != SIZE_MAX) {
        statement_add_resource(w, key);
        return;
    }
    size_t alias = str_find(key, STR("alias/"));
    statement_add_arn(
        w, "kms",
        alias == SIZE_MAX ? str_fmt(w->arena, "key/" STR_FMT, STR_ARG(key)) : STR("key/*"));
    if (alias != SIZE_MAX && by_alias)
        statement_add_condition(
            w, "ForAnyValue:StringEquals", STR("kms:ResourceAliases"), str_from_index(key, alias));
}

/* A condition holds for the whole statement: it stands only where every key is an alias. */
static void for_keys(struct statement *w)
{
    const struct str keys[] = {
        w->want->disk_key, w->want->capture != NULL ? w->want->capture->kms_key : STR_NULL};
    bool by_alias = true;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        by_alias =
            by_alias && (str_is_null(keys[i]) || str_find(keys[i], STR("alias/")) != SIZE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        add_kms_key(w, keys[i], by_alias);
}

static void for_object_key(struct statement *w)
{
    struct str key = w->want->object_key;
    add_kms_key(w, key, !str_is_null(key) && str_find(key, STR("alias/")) != SIZE_MAX);
}

static void for_role_capture(struct statement *w)
{
    struct str rest = str_from_index(w->want->capture->destination, strlen("s3://"));
    struct str bucket = str_slice(rest, 0, str_index(rest, '/'));
    struct str key = bucket.len < rest.len ? str_from_index(rest, bucket.len + 1) : STR("");
    add_s3(w, bucket, str_fmt(w->arena, STR_FMT "*", STR_ARG(key)));
}

static void for_import(struct statement *w)
{
    static const char *const s_things[] = {"endpoint/*", "endpoint-config/*", "model/*"};
    for (size_t i = 0; i < ARRAY_LEN(s_things); i++)
        statement_add_arn(w, "sagemaker", str_from(s_things[i]));
}

static void add_key(struct statement *w, const char *below)
{
    add_s3(w, w->want->bucket, str_fmt(w->arena, STR_FMT "/%s/*", STR_ARG(w->want->prefix), below));
}

static void for_role_data(struct statement *w)
{
    add_key(w, "models");
    if (w->scope->trains)
        add_key(w, "data");
}

static void for_role_output(struct statement *w)
{
    add_key(w, "training");
}

static void for_role_logs(struct statement *w)
{
    for_endpoint_logs(w);
    if (w->scope->trains)
        for_job_logs(w);
}

static void for_role_metrics(struct statement *w)
{
    statement_add_resource(w, STR("*"));
    statement_add_condition(w, "StringLike", STR("cloudwatch:namespace"), STR("/aws/sagemaker/*"));
    statement_add_condition(w, "StringLike", STR("cloudwatch:namespace"), STR("AWS/SageMaker"));
}

/* 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1 */
static void add_image(struct statement *w, struct str uri)
{
    struct str account, mark, kind, region;
    struct str host = str_slice(uri, 0, str_index(uri, '/')), rest = host;
    if (host.len == uri.len || !str_split(&rest, '.', &account) || !str_split(&rest, '.', &mark) ||
        !str_split(&rest, '.', &kind) || !str_split(&rest, '.', &region) ||
        !str_eq(mark, STR("dkr")) || !str_eq(kind, STR("ecr")))
        return; /* of a registry that IAM does not guard */
    struct str repository = str_from_index(uri, host.len + 1);
    repository = str_slice(repository, 0, str_index(repository, '@'));
    repository = str_slice(repository, 0, str_index(repository, ':'));
    statement_add_resource(
        w,
        str_fmt(
            w->arena, "arn:" STR_FMT ":ecr:" STR_FMT ":" STR_FMT ":repository/" STR_FMT,
            STR_ARG(w->want->partition), STR_ARG(region), STR_ARG(account), STR_ARG(repository)));
}

static void for_role_images(struct statement *w)
{
    add_image(w, w->want->serving_image);
    if (w->scope->trains)
        add_image(w, w->want->image);
}

typedef void group_fn(struct statement *w);

static const struct {
    const char *sid;
    group_fn *fill;
} s_groups[GROUP_COUNT] = {
    [GROUP_ACCOUNT] = {"AccountWide", for_account},
    [GROUP_BUCKET_LIST] = {"ListPrefix", for_bucket_list},
    [GROUP_BUCKET] = {"Bucket", for_bucket},
    [GROUP_OBJECTS] = {"Objects", for_objects},
    [GROUP_OBJECTS_DELETE] = {"DeleteWhatWasSeen", for_objects_delete},
    [GROUP_PARENTS] = {"RecordsAbove", for_parents},
    [GROUP_SOURCES_LIST] = {"ListSources", for_sources_list},
    [GROUP_SOURCES] = {"ReadSources", for_sources},
    [GROUP_THINGS] = {"Describe", for_things},
    [GROUP_THINGS_CREATE] = {"CreateTagged", for_things_create},
    [GROUP_THINGS_CHANGE] = {"ChangeOwn", for_things_change},
    [GROUP_ENDPOINT] = {"Invoke", for_endpoint},
    [GROUP_PASS_ROLE] = {"PassRole", for_pass_role},
    [GROUP_ROLE] = {"SeeRole", for_role},
    [GROUP_JOB_LOGS] = {"JobLogs", for_job_logs},
    [GROUP_JOB_STREAMS] = {"JobLogStreams", for_job_streams},
    [GROUP_ENDPOINT_LOGS] = {"EndpointLogs", for_endpoint_logs},
    [GROUP_SCALING] = {"Scale", for_scaling},
    [GROUP_SCALED] = {"ScaledEndpoint", for_endpoint},
    [GROUP_SCALING_ALARMS] = {"ScalingAlarms", for_scaling_alarms},
    [GROUP_SCALING_ROLE] = {"ScalingRole", for_scaling_role},
    [GROUP_ALARMS] = {"SeeAlarms", for_alarms},
    [GROUP_KEYS] = {"Keys", for_keys},
    [GROUP_OBJECT_KEY] = {"ObjectKey", for_object_key},
    [GROUP_ROLE_CAPTURE] = {"WriteRecords", for_role_capture},
    [GROUP_ROLE_NETWORK] = {"JoinNetwork", for_account},
    [GROUP_IMPORT] = {"DescribeToImport", for_import},
    [GROUP_ROLE_DATA] = {"ReadData", for_role_data},
    [GROUP_ROLE_OUTPUT] = {"WriteOutput", for_role_output},
    [GROUP_ROLE_LOGS] = {"WriteLogs", for_role_logs},
    [GROUP_ROLE_METRICS] = {"WriteMetrics", for_role_metrics},
    [GROUP_ROLE_REGISTRY] = {"EnterRegistry", for_account},
    [GROUP_ROLE_IMAGES] = {"PullImages", for_role_images},
};

const char *permission_group_sid(enum permission_group group)
{
    return s_groups[group].sid;
}

void permission_group_fill(enum permission_group group, struct statement *statement)
{
    s_groups[group].fill(statement);
}
