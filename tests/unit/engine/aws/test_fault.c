/* How each way of AWS's to say that something failed, and of others to answer in its place, becomes
 * an error. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/iam.h"
#include "engine/aws/runtime.h"
#include "engine/aws/s3.h"
#include "engine/aws/sts.h"

struct run {
    struct script *script;
    enum err_code code;
    struct err err;
};

static void json_task(void *arg)
{
    struct run *run = arg;
    const struct json *output;
    run->code = aws_json_call(
        run->script->aws, run->script->arena, AWS_SAGEMAKER, "ListModels", NULL, &output,
        &run->err);
}

static void alarms_task(void *arg)
{
    struct run *run = arg;
    const struct json *output;
    run->code = aws_json_call(
        run->script->aws, run->script->arena, AWS_CLOUDWATCH, "DescribeAlarms", NULL, &output,
        &run->err);
}

static void invoke_task(void *arg)
{
    struct run *run = arg;
    struct runtime_request request = {
        .endpoint = STR("mme"), .body = STR("1\n"), .load_wait_ms = 1};
    struct runtime_response response;
    run->code =
        runtime_invoke(run->script->aws, run->script->arena, &request, &response, NULL, &run->err);
}

static void identity_task(void *arg)
{
    struct run *run = arg;
    struct sts_identity identity;
    run->code = sts_caller_identity(run->script->aws, run->script->arena, &identity, &run->err);
}

static void role_task(void *arg)
{
    struct run *run = arg;
    struct iam_role role;
    run->code = iam_role_get(run->script->aws, run->script->arena, STR("R"), &role, &run->err);
}

static void list_task(void *arg)
{
    struct run *run = arg;
    struct s3_listing listing;
    struct s3_list_options options = {.max_objects = 0};
    run->code =
        s3_list(run->script->aws, run->script->arena, STR("bkt"), &options, &listing, &run->err);
}

static void head_task(void *arg)
{
    struct run *run = arg;
    struct s3_info info;
    run->code =
        s3_head(run->script->aws, run->script->arena, STR("bkt"), STR("k"), &info, &run->err);
}

static void delete_task(void *arg)
{
    struct run *run = arg;
    struct s3_delete_failure *failures;
    size_t count;
    struct s3_delete_key key = {.key = STR("k")};
    run->code = s3_delete_many(
        run->script->aws, run->script->arena, STR("bkt"), &key, 1, &failures, &count, &run->err);
}

static void tags_task(void *arg)
{
    struct run *run = arg;
    struct s3_tag *tags;
    size_t count;
    run->code = s3_bucket_get_tags(
        run->script->aws, run->script->arena, STR("bkt"), &tags, &count, &run->err);
}

#define PROXY_PAGE "<html><body>Blocked by the department of networks</body></html>"
#define HTML "Content-Type: text/html"

static const struct fault_row {
    const char *name;
    task_fn *task;
    struct http_step step;
    enum err_code code;
    const char *aws_code, *message, *hint, *request_id;
} s_faults[] = {
    /* JSON 1.x: __type, else code, without what is before '#' and behind ':'. */
    {"json, __type",
     json_task,
     {.status = 400,
      .headers = "x-amzn-RequestId: r-1",
      .reply = "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}"},
     ERR_DENIED,
     "AccessDeniedException",
     "ListModels: no",
     "sagemaker:ListModels",
     "r-1"},
    {"json, a name space and an address",
     json_task,
     {.status = 400,
      .headers = "X-AMZN-REQUESTID: r-2",
      .reply = "{\"__type\":\"com.amazon.coral.service#AccessDeniedException:http://internal/\","
               "\"message\":\"no\"}"},
     ERR_DENIED,
     "AccessDeniedException",
     "ListModels: no",
     NULL,
     "r-2"},
    {"json, code",
     json_task,
     {.status = 400, .reply = "{\"code\":\"ValidationException\",\"message\":\"1 error\"}"},
     ERR_TERMINAL,
     "ValidationException",
     "ListModels: 1 error",
     NULL,
     NULL},
    {"json, no message",
     json_task,
     {.status = 400, .reply = "{\"__type\":\"ValidationException\"}"},
     ERR_TERMINAL,
     "ValidationException",
     "ListModels: ValidationException",
     NULL,
     NULL},
    {"json, the query protocol's name for it",
     alarms_task,
     {.status = 400,
      .headers = "x-amzn-query-error: AccessDenied;Sender",
      .reply = "{\"__type\":\"com.amazonaws#SomethingNew\",\"message\":\"no\"}"},
     ERR_DENIED,
     "AccessDenied",
     "DescribeAlarms: no",
     "cloudwatch:DescribeAlarms",
     NULL},
    /* REST JSON: the header first. */
    {"rest-json, header",
     invoke_task,
     {.status = 400,
      .headers = "x-amzn-ErrorType: ValidationError:http://internal/",
      .reply = "{\"code\":\"Other\",\"message\":\"Endpoint mme of account 1 not found.\"}"},
     ERR_NOT_FOUND,
     "ValidationError",
     "not found",
     NULL,
     NULL},
    {"rest-json, header alone",
     invoke_task,
     {.status = 403, .headers = "x-amzn-errortype: AccessDeniedException"},
     ERR_DENIED,
     "AccessDeniedException",
     "InvokeEndpoint 'mme': AccessDeniedException",
     NULL,
     NULL},
    {"rest-json, body",
     invoke_task,
     {.status = 400, .reply = "{\"code\":\"ValidationError\",\"message\":\"m not found\"}"},
     ERR_NOT_FOUND,
     "ValidationError",
     NULL,
     NULL,
     NULL},
    /* Query. */
    {"query",
     identity_task,
     {.status = 403,
      .reply = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
               "<Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>bad</Message></Error>"
               "<RequestId>q-1</RequestId></ErrorResponse>"},
     ERR_AUTH,
     "InvalidClientTokenId",
     "GetCallerIdentity: bad",
     "access key",
     "q-1"},
    {"query, absent",
     role_task,
     {.status = 404,
      .reply = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error>"
               "</ErrorResponse>"},
     ERR_NOT_FOUND,
     "NoSuchEntity",
     "GetRole 'R': gone",
     NULL,
     NULL},
    /* S3. */
    {"s3",
     list_task,
     {.status = 403,
      .headers = "x-amz-request-id: AB\nx-amz-id-2: CD=",
      .reply = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>"
               "<Message>Access Denied</Message><RequestId>AB</RequestId></Error>"},
     ERR_DENIED,
     "AccessDenied",
     "Access Denied",
     "s3:ListBucket",
     "AB/CD="},
    {"s3, the request id in the body alone",
     list_task,
     {.status = 404, .reply = "<Error><Code>NoSuchBucket</Code><RequestId>EF</RequestId></Error>"},
     ERR_NOT_FOUND,
     "NoSuchBucket",
     "NoSuchBucket",
     NULL,
     "EF"},
    /* HEAD has no body: the status is all there is. */
    {"head 404", head_task, {.status = 404}, ERR_NOT_FOUND, "", "HTTP status 404", NULL, NULL},
    {"head 403", head_task, {.status = 403}, ERR_DENIED, "", "HTTP status 403", NULL, NULL},
    {"head 400", head_task, {.status = 400}, ERR_TERMINAL, "", NULL, "session token", NULL},
    {"head 412", head_task, {.status = 412}, ERR_PRECONDITION, "", NULL, NULL, NULL},
    /* Names that nobody has heard of: the status decides. */
    {"unknown code",
     json_task,
     {.status = 400, .reply = "{\"__type\":\"BrandNewException\",\"message\":\"news\"}"},
     ERR_TERMINAL,
     "BrandNewException",
     "ListModels: news",
     NULL,
     NULL},
    {"unknown code, conflict",
     json_task,
     {.status = 409, .reply = "{\"__type\":\"BrandNewException\"}"},
     ERR_BUSY,
     "BrandNewException",
     NULL,
     NULL,
     NULL},
    {"unknown code of s3",
     list_task,
     {.status = 400, .reply = "<Error><Code>BrandNew</Code><Message>news</Message></Error>"},
     ERR_TERMINAL,
     "BrandNew",
     "ListObjectsV2 's3://bkt': news",
     NULL,
     NULL},
    /* Answers of others. */
    {"a proxy's page",
     json_task,
     {.status = 403, .headers = HTML, .reply = PROXY_PAGE},
     ERR_TERMINAL,
     "",
     "ListModels: HTTP status 403 with a body that is not AWS's (text/html)",
     "check the endpoint URL and any proxy",
     NULL},
    {"a proxy's page to s3",
     list_task,
     {.status = 403, .headers = HTML, .reply = PROXY_PAGE},
     ERR_TERMINAL,
     "",
     "HTTP status 403 with a body that is not AWS's (text/html)",
     "check the endpoint URL and any proxy",
     NULL},
    {"a proxy that wants a password",
     identity_task,
     {.status = 401, .headers = HTML, .reply = PROXY_PAGE},
     ERR_TERMINAL,
     "",
     "HTTP status 401",
     "any proxy",
     NULL},
    {"a page is not absence",
     json_task,
     {.status = 404, .headers = HTML, .reply = PROXY_PAGE},
     ERR_TERMINAL,
     "",
     NULL,
     "any proxy",
     NULL},
    {"an answer without a type",
     list_task,
     {.status = 418, .reply = "short and stout"},
     ERR_TERMINAL,
     "",
     "(no Content-Type)",
     "any proxy",
     NULL},
    {"json in place of xml",
     list_task,
     {.status = 403, .reply = "{\"error\":\"no\"}"},
     ERR_TERMINAL,
     "",
     "not AWS's",
     NULL,
     NULL},
    {"nothing at all",
     json_task,
     {.status = 400},
     ERR_TERMINAL,
     "",
     "HTTP status 400",
     "any proxy",
     NULL},
    {"half an error",
     json_task,
     {.status = 400, .reply = "{\"__type\":\"Access"},
     ERR_TERMINAL,
     "",
     "HTTP status 400",
     "any proxy",
     NULL},
    {"half an error of s3",
     list_task,
     {.status = 400, .reply = "<Error><Code>Acc"},
     ERR_TERMINAL,
     "",
     "HTTP status 400",
     "any proxy",
     NULL},
    /* Successes that are none. */
    {"a page for a listing",
     list_task,
     {.status = 200, .headers = HTML, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to ListObjectsV2 is <html>, not <ListBucketResult>",
     "any proxy",
     NULL},
    {"half a listing",
     list_task,
     {.status = 200, .reply = "<ListBucketResult><Contents><Key>a</Key>"},
     ERR_PROTOCOL,
     "",
     "the answer to ListObjectsV2 is not XML",
     "any proxy",
     NULL},
    {"an empty listing body",
     list_task,
     {.status = 200},
     ERR_PROTOCOL,
     "",
     "is not XML",
     NULL,
     NULL},
    {"a page for a deletion",
     delete_task,
     {.status = 200, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to DeleteObjects is <html>, not <DeleteResult>",
     "any proxy",
     NULL},
    {"a page for tags",
     tags_task,
     {.status = 200, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to GetBucketTagging is <html>, not <Tagging>",
     NULL,
     NULL},
    {"a page for a role",
     role_task,
     {.status = 200, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to GetRole is <html>, not <GetRoleResponse>",
     NULL,
     NULL},
    {"a page for an identity",
     identity_task,
     {.status = 200, .reply = "<!doctype html><p>"},
     ERR_PROTOCOL,
     "",
     "the answer to GetCallerIdentity is not XML",
     "any proxy",
     NULL},
    {"a page for models",
     json_task,
     {.status = 200, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to ListModels is not JSON",
     "any proxy",
     NULL},
    {"half an answer",
     json_task,
     {.status = 200, .reply = "{\"Models\":[{\"ModelName\":"},
     ERR_PROTOCOL,
     "",
     "the answer to ListModels is not JSON",
     NULL,
     NULL},
    {"an answer that is a list",
     json_task,
     {.status = 200, .reply = "[]"},
     ERR_PROTOCOL,
     "",
     "the answer to ListModels is not JSON: it is no object",
     NULL,
     NULL},
};

static void test_faults(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_faults); i++) {
        const struct fault_row *row = &s_faults[i];
        struct script script;
        script_open(&script, "us-east-1", NULL, NULL, NULL);
        struct run run = {.script = &script};
        script_run(&script, &row->step, 1, row->task, &run);
        script_check(&script, row->name);
        if (run.code != row->code)
            fail_msg("%s: %s (%s)", row->name, err_name(run.code), run.err.message);
        if (row->aws_code != NULL && strcmp(run.err.aws.code, row->aws_code) != 0)
            fail_msg("%s: code '%s'", row->name, run.err.aws.code);
        if (row->message != NULL && strstr(run.err.message, row->message) == NULL)
            fail_msg("%s: message '%s'", row->name, run.err.message);
        if (row->hint != NULL && strstr(run.err.hint, row->hint) == NULL)
            fail_msg("%s: hint '%s'", row->name, run.err.hint);
        if (row->request_id != NULL && strcmp(run.err.aws.request_id, row->request_id) != 0)
            fail_msg("%s: request id '%s'", row->name, run.err.aws.request_id);
        script_close(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
