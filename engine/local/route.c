#include "engine/local/route.h"

#include "engine/local/aws_host.h"

enum { MAX_PARAMS = 200, MAX_FORM_BYTES = 64 * 1024 };

static const struct {
    struct str sign_name;
    struct str target_prefix; /* of X-Amz-Target, with its dot */
    struct str version;       /* of the query protocol */
} s_services[LOCAL_N_SERVICES] = {
    [LOCAL_S3] = {STR_INIT("s3"), {NULL, 0}, {NULL, 0}},
    [LOCAL_SAGEMAKER] = {STR_INIT("sagemaker"), STR_INIT("SageMaker."), {NULL, 0}},
    [LOCAL_RUNTIME] = {STR_INIT("sagemaker"), {NULL, 0}, {NULL, 0}},
    [LOCAL_LOGS] = {STR_INIT("logs"), STR_INIT("Logs_20140328."), {NULL, 0}},
    [LOCAL_SCALING] =
        {STR_INIT("application-autoscaling"), STR_INIT("AnyScaleFrontendService."), {NULL, 0}},
    [LOCAL_CLOUDWATCH] =
        {STR_INIT("monitoring"), STR_INIT("GraniteServiceVersion20100801."),
         STR_INIT("2010-08-01")},
    [LOCAL_STS] = {STR_INIT("sts"), {NULL, 0}, STR_INIT("2011-06-15")},
    [LOCAL_IAM] = {STR_INIT("iam"), {NULL, 0}, STR_INIT("2010-05-08")},
    [LOCAL_ADMIN] = {STR_INIT("mmectl"), {NULL, 0}, {NULL, 0}},
};

struct str service_sign_name(enum local_service service)
{
    return s_services[service].sign_name;
}

/* X-Amz-Target: SageMaker.CreateModel */
static bool by_target(struct local_call *call, struct str *ret_name)
{
    struct str target = call_request_header(call, "x-amz-target");
    if (str_is_null(target))
        return false;
    call->service = LOCAL_SAGEMAKER;
    *ret_name = STR_NULL;
    for (size_t i = 0; i < LOCAL_N_SERVICES; i++)
        if (s_services[i].target_prefix.len > 0 &&
            str_starts(target, s_services[i].target_prefix)) {
            call->service = (enum local_service) i;
            *ret_name = str_from_index(target, s_services[i].target_prefix.len);
        }
    return true;
}

/* POST / with Action=GetCallerIdentity&Version=2011-06-15 in the body. */
static bool by_form(struct local_call *call, struct str scope, struct str *ret_name)
{
    if (!str_eq(call->http->method, STR("POST")) || !str_eq(call->path, STR("/")) ||
        call->http->body.len == 0 || call->http->body.len > MAX_FORM_BYTES ||
        !str_starts(
            call_request_header(call, "content-type"), STR("application/x-www-form-urlencoded")))
        return false;
    struct query_param *form;
    size_t count;
    UNFILLED struct err ignored;
    if (query_parse(call->arena, call->http->body, MAX_PARAMS, &form, &count, &ignored) != ERR_NONE)
        return false;
    const struct query_param *action = query_find(form, count, "Action");
    const struct query_param *version = query_find(form, count, "Version");
    if (action == NULL)
        return false;
    call->service = LOCAL_STS;
    for (size_t i = 0; i < LOCAL_N_SERVICES; i++)
        if (s_services[i].version.len > 0 &&
            (str_eq(scope, s_services[i].sign_name) ||
             (version != NULL && str_eq(version->value, s_services[i].version))))
            call->service = (enum local_service) i;
    call->params = form;
    call->n_params = count;
    *ret_name = action->value;
    return true;
}

/* POST /endpoints/NAME/invocations. */
static bool by_endpoint_path(struct local_call *call, struct str scope, struct str *ret_name)
{
    if (!str_starts(call->path, STR("/endpoints/")) || str_eq(scope, STR("s3")))
        return false;
    struct str rest = str_from_index(call->path, strlen("/endpoints/"));
    size_t slash = str_index(rest, '/');
    call->service = LOCAL_RUNTIME;
    *ret_name = STR_NULL;
    if (slash != SIZE_MAX && str_eq(str_from_index(rest, slash), STR("/invocations")) &&
        str_eq(call->http->method, STR("POST")))
        *ret_name = STR("InvokeEndpoint");
    return true;
}

static bool read_host(const struct local_call *call, struct aws_host *out)
{
    struct str host = call->http->host;
    host = str_slice(host, 0, str_index(host, ':'));
    return host.len <= AWS_HOST_MAX && aws_host_read(str_lower(call->arena, host), out);
}

struct str route_host_region(const struct local_call *call)
{
    struct aws_host aws;
    return read_host(call, &aws) ? aws.region : STR_NULL;
}

/* What stands before .localhost, read from its right end: BUCKET, BUCKET.s3, BUCKET.s3.REGION; the
 * service alone, s3 and s3.REGION, leaves the bucket to the path. */
static struct str bucket_of_labels(struct str labels)
{
    size_t dot = str_rindex(labels, '.');
    struct str last = dot == SIZE_MAX ? labels : str_from_index(labels, dot + 1);
    struct str before = dot == SIZE_MAX ? STR_NULL : str_slice(labels, 0, dot);
    if (str_eq_z(last, "s3") || str_starts(last, STR("s3-")))
        return before;
    if (str_eq_z(before, "s3"))
        return STR_NULL;
    return str_ends(before, STR(".s3")) ? str_slice(before, 0, before.len - 3) : labels;
}

/* mybucket.s3.eu-west-1.amazonaws.com, mybucket.s3.amazonaws.com, mybucket.localhost:4566,
 * mybucket.s3.localhost:4566, mybucket.s3.my-host */
static struct str bucket_of_host(const struct local_call *call)
{
    struct str host = str_slice(call->http->host, 0, str_index(call->http->host, ':'));
    struct str local = STR(".localhost");
    struct aws_host aws;
    if (read_host(call, &aws))
        return aws.bucket;
    if (str_ends(host, local))
        return bucket_of_labels(str_slice(host, 0, host.len - local.len));
    static const struct str marks[] = {STR_INIT(".s3."), STR_INIT(".s3-")};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t at = str_find(host, marks[i]);
        if (at != SIZE_MAX && at > 0)
            return str_slice(host, 0, at);
    }
    return STR_NULL;
}

static bool read_s3_address(struct local_call *call)
{
    struct str rest = str_from_index(call->path, 1);
    struct str bucket = bucket_of_host(call);
    if (str_is_null(bucket) && rest.len > 0) {
        size_t slash = str_index(rest, '/');
        bucket = str_slice(rest, 0, slash);
        rest = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
    }
    if (!str_is_null(bucket) && !uri_decode(call->arena, bucket, false, &call->bucket))
        return false;
    if (rest.len > 0 && !uri_decode(call->arena, rest, false, &call->key))
        return false;
    return true;
}

bool route_read(struct local_call *call, struct str scope, struct str *ret_name)
{
    struct str target = call->http->target;
    size_t mark = str_index(target, '?');
    struct str query = mark == SIZE_MAX ? STR("") : str_from_index(target, mark + 1);
    call->path = str_slice(target, 0, mark);
    *ret_name = STR_NULL;
    UNFILLED struct err err;
    bool readable =
        target.len > 0 && target.ptr[0] == '/' &&
        query_parse(call->arena, query, MAX_PARAMS, &call->params, &call->n_params, &err) ==
            ERR_NONE;
    if (!readable) {
        call_fail(call, 400, "InvalidURI", "Couldn't parse the specified URI.");
        return false;
    }
    if (str_starts(call->path, STR("/_mmectl/"))) {
        call->service = LOCAL_ADMIN;
        *ret_name = str_from_index(call->path, strlen("/_mmectl/"));
        return true;
    }
    if (by_target(call, ret_name) || by_form(call, scope, ret_name) ||
        by_endpoint_path(call, scope, ret_name))
        return true;
    call->service = LOCAL_S3;
    if (!str_is_null(scope) && !str_eq(scope, STR("s3"))) {
        call->service = LOCAL_SAGEMAKER; /* answered as an unknown operation, in JSON */
        return true;
    }
    if (!read_s3_address(call)) {
        call_fail(call, 400, "InvalidURI", "Couldn't parse the specified URI.");
        return false;
    }
    *ret_name = s3_route(call);
    return true;
}
