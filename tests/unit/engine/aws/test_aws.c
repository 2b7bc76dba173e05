/* What every call shares: where a bucket of another region is asked for, and how each way of AWS's
 * to say that something failed, and of others to answer in its place, becomes an error. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/iam.h"
#include "engine/aws/runtime.h"
#include "engine/aws/s3.h"
#include "engine/aws/sts.h"

#define CALLS 3
#define LISTED "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
#define EAST "GET https://bkt.s3.us-east-1.amazonaws.com/?encoding-type=url&list-type=2"
#define WEST "GET https://bkt.s3.us-west-2.amazonaws.com/?encoding-type=url&list-type=2"
#define AWAY "x-amz-bucket-region: us-west-2\nlocation: https://evil.example/"
#define MOVED \
    { \
        .expect = EAST, .has = {"~authorization: /us-east-1/s3/"}, .status = 301, .headers = AWAY, \
        .reply = "<Error><Code>PermanentRedirect</Code></Error>" \
    }
#define THERE \
    { \
        .expect = WEST, .has = {"~authorization: /us-west-2/s3/"}, .status = 200, .reply = LISTED \
    }

struct run {
    struct script *script;
    bool near;      /* the bucket must be in the session's region */
    unsigned calls; /* how often */
    enum err_code code;
    struct err err;
};

/* ---- a bucket in another region ---- */

static void list_task(void *arg)
{
    struct run *run = arg;
    struct s3_listing listing;
    struct s3_list_options options = {.any_region = !run->near};
    run->code = ERR_NONE;
    for (unsigned i = 0; i < run->calls && run->code == ERR_NONE; i++)
        run->code = s3_list(
            run->script->aws, run->script->arena, STR("bkt"), &options, &listing, &run->err);
}

static const struct region_row {
    const char *name;
    struct http_step steps[CALLS];
    const char *endpoint_url, *attempts;
    unsigned calls;
    bool near;
    enum err_code code;
    const char *message;
} s_regions[] = {
    {.name = "followed once, and known from then on", .calls = 2, .steps = {MOVED, THERE, THERE}},
    {.name = "that is no retry", .attempts = "1", .steps = {MOVED, THERE}},
    {.name = "told by a signature that is refused",
     .steps =
         {{.expect = EAST,
           .status = 400,
           .reply = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
                    "'us-east-1' is wrong; expecting 'us-west-2'</Message>"
                    "<Region>us-west-2</Region></Error>"},
          THERE}},
    {.name = "a configured endpoint stays, the signature changes",
     .endpoint_url = "http://127.0.0.1:9",
     .steps =
         {{.expect = "GET http://127.0.0.1:9/bkt?encoding-type=url&list-type=2",
           .has = {"~authorization: /us-east-1/s3/"},
           .status = 301,
           .headers = AWAY},
          {.expect = "GET http://127.0.0.1:9/bkt?encoding-type=url&list-type=2",
           .has = {"~authorization: /us-west-2/s3/"},
           .status = 200,
           .reply = LISTED}}},
    {.name = "a bucket that must be here is an error",
     .near = true,
     .steps = {MOVED},
     .code = ERR_TERMINAL,
     .message =
         "ListObjectsV2 's3://bkt': the bucket is in region 'us-west-2', not in 'us-east-1'"},
    {.name = "not there either",
     .steps = {MOVED, {.expect = WEST, .status = 301, .headers = "x-amz-bucket-region: eu-west-1"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in region 'eu-west-1', not in 'us-west-2'"},
    {.name = "sent to and fro",
     .steps = {MOVED, {.expect = WEST, .status = 301, .headers = "x-amz-bucket-region: us-east-1"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in region 'us-east-1', not in 'us-west-2'"},
    {.name = "sent where it came from",
     .steps = {{.expect = EAST, .status = 301, .headers = "x-amz-bucket-region: us-east-1"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in region 'us-east-1'"},
    {.name = "a region that is none",
     .steps = {{.status = 301, .headers = "x-amz-bucket-region: evil.example/x"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in region 'evil.example/x'"},
    {.name = "another partition has other keys",
     .steps = {{.status = 301, .headers = "x-amz-bucket-region: cn-north-1"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in region 'cn-north-1'"},
    {.name = "a Location alone is not believed",
     .steps = {{.status = 307, .headers = "location: https://evil.example/"}},
     .code = ERR_TERMINAL,
     .message = "the bucket is in another region than 'us-east-1'"},
};

static const char *s_attempts;

static const char *test_env(const char *name)
{
    return strcmp(name, "AWS_MAX_ATTEMPTS") == 0 ? s_attempts : NULL;
}

static size_t count_steps(const struct http_step *steps, size_t most)
{
    size_t count = 0;
    while (count < most && steps[count].status != 0)
        count++;
    return count;
}

static void test_regions(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_regions); i++) {
        const struct region_row *row = &s_regions[i];
        struct script script;
        s_attempts = row->attempts;
        script_open(&script, "us-east-1", NULL, row->endpoint_url, test_env);
        struct run run = {
            .script = &script, .near = row->near, .calls = row->calls > 0 ? row->calls : 1};
        script_run(&script, row->steps, count_steps(row->steps, CALLS), list_task, &run);
        script_check(&script, row->name);
        if (run.code != row->code)
            fail_msg("%s: %s (%s)", row->name, err_name(run.code), run.err.message);
        if (row->message != NULL && strstr(run.err.message, row->message) == NULL)
            fail_msg("%s: '%s'", row->name, run.err.message);
        assert_int_equal(script.waited_ms, 0);
        script_close(&script);
    }
}

static void put_task(void *arg)
{
    struct run *run = arg;
    run->code = s3_put(
        run->script->aws, run->script->arena, STR("bkt"), STR("k"), STR("x"), NULL, NULL,
        &run->err);
}

/* Even where reads were sent on before. */
static void test_writes_stay(void **state)
{
    (void) state;
    static const struct http_step s_steps[] = {
        MOVED,
        THERE,
        {.expect = "PUT https://bkt.s3.us-east-1.amazonaws.com/k",
         .status = 301,
         .headers = AWAY,
         .reply = "<Error><Code>PermanentRedirect</Code></Error>"}};
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct run run = {.script = &script, .calls = 1};
    script_run(&script, s_steps, 2, list_task, &run);
    script_check(&script, "reads");
    script_run(&script, s_steps + 2, 1, put_task, &run);
    script_check(&script, "writes");
    assert_fails(run.code, ERR_TERMINAL, &run.err, "in region 'us-west-2', not in 'us-east-1'");
    script_close(&script);
}

static void far_and_near_task(void *arg)
{
    struct run *run = arg;
    struct task *tasks[2];
    for (size_t i = 0; i < 2; i++)
        tasks[i] = loop_spawn(run->script->loop, list_task, run);
    for (size_t i = 0; i < 2; i++)
        loop_join(run->script->loop, tasks[i]);
}

/* Two at once are both told, and both go there. */
static void test_two_at_once(void **state)
{
    (void) state;
    static const struct http_step s_steps[] = {
        {.expect = EAST, .status = 301, .headers = AWAY, .takes_ms = 10},
        {.expect = EAST, .status = 301, .headers = AWAY, .takes_ms = 10},
        THERE,
        THERE};
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct run run = {.script = &script, .calls = 1};
    script_run(&script, s_steps, ARRAY_LEN(s_steps), far_and_near_task, &run);
    script_check(&script, "two at once");
    assert_ok(run.code, &run.err);
    script_close(&script);
}

/* ---- what says that something failed ---- */

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

static void near_task(void *arg)
{
    struct run *run = arg;
    run->near = true;
    run->calls = 1;
    list_task(arg);
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
     near_task,
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
     near_task,
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
     near_task,
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
     near_task,
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
     near_task,
     {.status = 418, .reply = "short and stout"},
     ERR_TERMINAL,
     "",
     "(no Content-Type)",
     "any proxy",
     NULL},
    {"json in place of xml",
     near_task,
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
     near_task,
     {.status = 400, .reply = "<Error><Code>Acc"},
     ERR_TERMINAL,
     "",
     "HTTP status 400",
     "any proxy",
     NULL},
    /* Successes that are none. */
    {"a page for a listing",
     near_task,
     {.status = 200, .headers = HTML, .reply = PROXY_PAGE},
     ERR_PROTOCOL,
     "",
     "the answer to ListObjectsV2 is <html>, not <ListBucketResult>",
     "any proxy",
     NULL},
    {"half a listing",
     near_task,
     {.status = 200, .reply = "<ListBucketResult><Contents><Key>a</Key>"},
     ERR_PROTOCOL,
     "",
     "the answer to ListObjectsV2 is not XML",
     "any proxy",
     NULL},
    {"an empty listing body",
     near_task,
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
    s_attempts = NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_faults); i++) {
        const struct fault_row *row = &s_faults[i];
        struct script script;
        script_open(&script, "us-east-1", NULL, NULL, test_env);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_writes_stay),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests_name("aws", tests, NULL, NULL);
}
