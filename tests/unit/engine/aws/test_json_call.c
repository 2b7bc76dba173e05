/* SageMaker's calls through the whole client: errors told apart, retries, unknown outcomes. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#define JSON_ERROR(type, message) "{\"__type\":\"" type "\",\"message\":\"" message "\"}"
#define SM "POST https://api.sagemaker.us-east-1.amazonaws.com/"
#define ANSWERS(type, message) \
    { \
        .expect = SM, .status = 400, .headers = "x-amzn-RequestId: req-1", \
        .reply = JSON_ERROR(type, message) \
    }

struct json_row {
    const char *name, *operation;
    struct http_step steps[9];
    enum err_code code;
    const char *message, *hint;
    bool maybe_done;
    unsigned retried;
    int64_t min_wait_ms, max_wait_ms;
    const char *env_attempts;
};

static const struct json_row s_rows[] = {
    {.name = "an answer",
     .operation = "DescribeEndpoint",
     .steps =
         {{.expect = SM,
           .has =
               {"x-amz-target: SageMaker.DescribeEndpoint",
                "content-type: application/x-amz-json-1.1", "amz-sdk-request: attempt=1; max=3",
                "!x-amz-expected-bucket-owner"},
           .body = "{\"EndpointName\":\"mme\"}",
           .status = 200,
           .reply = "{\"Answer\":1}"}}},
    {.name = "an empty answer is an empty object",
     .operation = "DeleteModel",
     .steps = {{.expect = SM, .status = 200, .reply = ""}}},
    {.name = "an answer that is no JSON",
     .operation = "DescribeModel",
     .steps = {{.expect = SM, .status = 200, .reply = "<html>"}},
     .code = ERR_PROTOCOL,
     .message = "not JSON"},

    /* What SageMaker says with one code */
    {.name = "no model",
     .operation = "DescribeModel",
     .steps = {ANSWERS("ValidationException", "Could not find model \\\"arn:aws:x\\\".")},
     .code = ERR_NOT_FOUND,
     .message = "DescribeModel 'mme': Could not find model"},
    {.name = "no endpoint",
     .operation = "DescribeEndpoint",
     .steps = {ANSWERS("ValidationException", "Could not find endpoint \\\"arn:aws:x\\\".")},
     .code = ERR_NOT_FOUND},
    {.name = "no endpoint config",
     .operation = "DescribeEndpointConfig",
     .steps = {ANSWERS(
         "ValidationException", "Could not find endpoint configuration \\\"arn\\\".")},
     .code = ERR_NOT_FOUND},
    {.name = "no training job",
     .operation = "DescribeTrainingJob",
     .steps = {ANSWERS("ValidationException", "Requested resource not found.")},
     .code = ERR_NOT_FOUND},
    {.name = "model data that is missing is not a missing model",
     .operation = "CreateModel",
     .steps = {ANSWERS("ValidationException", "Could not find model data at s3://b/models/.")},
     .code = ERR_TERMINAL},
    {.name = "exists",
     .operation = "CreateModel",
     .steps = {ANSWERS("ValidationException", "Cannot create already existing model \\\"arn\\\".")},
     .code = ERR_EXISTS},
    {.name = "job exists",
     .operation = "CreateTrainingJob",
     .steps = {ANSWERS("ResourceInUse", "Training job names must be unique")},
     .code = ERR_EXISTS},
    {.name = "job still runs",
     .operation = "DeleteTrainingJob",
     .steps = {ANSWERS("ResourceInUse", "in use")},
     .code = ERR_BUSY},
    {.name = "busy",
     .operation = "DeleteEndpoint",
     .steps = {ANSWERS("ValidationException", "Cannot update in-progress endpoint \\\"arn\\\".")},
     .code = ERR_BUSY},
    {.name = "quota is not throttling",
     .operation = "CreateEndpoint",
     .steps = {ANSWERS("ResourceLimitExceeded", "The account-level service limit")},
     .code = ERR_QUOTA,
     .hint = "Service Quotas"},
    {.name = "bad input",
     .operation = "CreateModel",
     .steps = {ANSWERS("ValidationException", "1 validation error detected")},
     .code = ERR_TERMINAL},

    {.name = "a 404 of a proxy is not the absence of an endpoint",
     .operation = "DescribeEndpoint",
     .steps = {{.status = 404, .reply = "<html>not here</html>"}},
     .code = ERR_TERMINAL,
     .hint = "endpoint URL"},
    {.name = "an operation that the server does not know is not absence either",
     .operation = "DeleteTrainingJob",
     .steps = {{.status = 404, .reply = JSON_ERROR("UnknownOperationException", "")}},
     .code = ERR_TERMINAL},

    /* Credentials and permissions */
    {.name = "denied",
     .operation = "ListModels",
     .steps = {ANSWERS("AccessDeniedException", "User x is not authorized")},
     .code = ERR_DENIED,
     .hint = "the caller needs sagemaker:ListModels"},
    {.name = "unknown key",
     .operation = "ListModels",
     .steps = {ANSWERS("UnrecognizedClientException", "The security token is invalid.")},
     .code = ERR_AUTH,
     .hint = "access key id"},
    {.name = "wrong secret",
     .operation = "ListModels",
     .steps = {ANSWERS("InvalidSignatureException", "The request signature we calculated")},
     .code = ERR_AUTH,
     .hint = "secret key"},
    {.name = "expired token",
     .operation = "ListModels",
     .steps = {ANSWERS("ExpiredTokenException", "The security token is expired")},
     .code = ERR_AUTH,
     .hint = "expired"},
    {.name = "the code is cut out of a long name",
     .operation = "ListModels",
     .steps = {ANSWERS("com.amazon.coral.service#AccessDeniedException:http://x", "no")},
     .code = ERR_DENIED},
    {.name = "control characters do not reach messages",
     .operation = "DescribeModel",
     .steps = {ANSWERS("ValidationException", "a\\u001b[31mb")},
     .code = ERR_TERMINAL,
     .message = "a [31mb"},

    /* Retries */
    {.name = "a throttle, then an answer",
     .operation = "CreateModel",
     .steps =
         {ANSWERS("ThrottlingException", "Rate exceeded"),
          {.expect = SM,
           .has = {"amz-sdk-request: attempt=2; max=3"},
           .status = 200,
           .reply = "{}"}},
     .retried = 1,
     .max_wait_ms = 1000},
    {.name = "throttles end after eight attempts",
     .operation = "DescribeModel",
     .steps =
         {ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded")},
     .code = ERR_THROTTLED,
     .retried = 7,
     .max_wait_ms = 1000 + 2000 + 4000 + 8000 + 16000 + 20000 + 20000},
    {.name = "AWS_MAX_ATTEMPTS",
     .operation = "DescribeModel",
     .steps =
         {ANSWERS("ThrottlingException", "Rate exceeded"),
          ANSWERS("ThrottlingException", "Rate exceeded")},
     .env_attempts = "2",
     .code = ERR_THROTTLED,
     .retried = 1,
     .max_wait_ms = 1000},
    {.name = "the server's hint is a lower bound, within reason",
     .operation = "DescribeModel",
     .steps =
         {{.status = 503, .headers = "x-amz-retry-after: 3000", .reply = "{}"},
          {.status = 200, .reply = "{}"}},
     .retried = 1,
     .min_wait_ms = 3000,
     .max_wait_ms = 3000},
    {.name = "the server's hint is cut",
     .operation = "DescribeModel",
     .steps =
         {{.status = 503, .headers = "x-amz-retry-after: 3600000"}, {.status = 200, .reply = "{}"}},
     .retried = 1,
     .min_wait_ms = 5000,
     .max_wait_ms = 5050},
    {.name = "faults end after three attempts",
     .operation = "DescribeModel",
     .steps = {{.status = 500}, {.status = 503}, {.status = 502}},
     .code = ERR_TRANSIENT,
     .message = "HTTP status 502",
     .maybe_done = true,
     .retried = 2,
     .max_wait_ms = 150},
    {.name = "a read is sent again after a lost connection",
     .operation = "DescribeModel",
     .steps = {{.fail = ERR_TRANSIENT}, {.fail = ERR_TIMEOUT}, {.status = 200, .reply = "{}"}},
     .retried = 2,
     .max_wait_ms = 150},
    {.name = "bad input is not sent again",
     .operation = "DescribeModel",
     .steps = {{.status = 400}},
     .code = ERR_TERMINAL},

    /* A create that may have happened is not sent again */
    {.name = "create, connection lost",
     .operation = "CreateModel",
     .steps = {{.fail = ERR_TRANSIENT}},
     .code = ERR_TRANSIENT,
     .message = "CreateModel 'mme': the exchange broke off",
     .maybe_done = true},
    {.name = "create, no answer in time",
     .operation = "CreateTrainingJob",
     .steps = {{.fail = ERR_TIMEOUT}},
     .code = ERR_TIMEOUT,
     .maybe_done = true},
    {.name = "update, 500",
     .operation = "UpdateEndpoint",
     .steps = {{.status = 500, .reply = JSON_ERROR("InternalFailure", "")}},
     .code = ERR_TRANSIENT,
     .maybe_done = true},
    {.name = "create, never connected: sent again",
     .operation = "CreateModel",
     .steps = {{.fail = ERR_TRANSIENT, .not_sent = true}, {.status = 200, .reply = "{}"}},
     .retried = 1,
     .max_wait_ms = 50},
    {.name = "create, 503: sent again",
     .operation = "CreateModel",
     .steps =
         {{.status = 503, .reply = JSON_ERROR("ServiceUnavailable", "")},
          {.status = 200, .reply = "{}"}},
     .retried = 1,
     .max_wait_ms = 50},
    {.name = "delete is sent again whatever happened",
     .operation = "DeleteModel",
     .steps =
         {{.fail = ERR_TRANSIENT},
          ANSWERS("ValidationException", "Could not find model \\\"arn\\\".")},
     .code = ERR_NOT_FOUND,
     .maybe_done = true,
     .retried = 1,
     .max_wait_ms = 50},
};

struct json_result {
    struct script *script;
    const char *operation;
    enum err_code code;
    struct err err;
    const struct json *output;
};

static void json_task(void *arg)
{
    struct json_result *result = arg;
    struct arena *arena = result->script->arena;
    struct json *input = json_object(arena);
    json_put(arena, input, "EndpointName", json_z(arena, "mme"));
    result->code = aws_json_call(
        result->script->aws, arena, AWS_SAGEMAKER, result->operation, input, &result->output,
        &result->err);
}

static const char *s_attempts;

static const char *test_env(const char *name)
{
    return strcmp(name, "AWS_MAX_ATTEMPTS") == 0 ? s_attempts : NULL;
}

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_rows); i++) {
        const struct json_row *row = &s_rows[i];
        size_t count = 0;
        while (count < ARRAY_LEN(row->steps) &&
               (row->steps[count].status != 0 || row->steps[count].fail != ERR_NONE))
            count++;
        struct script script;
        s_attempts = row->env_attempts;
        script_open(&script, "us-east-1", "123456789012", NULL, test_env);
        struct json_result result = {.script = &script, .operation = row->operation};
        script_run(&script, row->steps, count, json_task, &result);
        script_check(&script, row->name);
        if (result.code != row->code)
            fail_msg("%s: %s, not %s", row->name, err_name(result.code), err_name(row->code));
        if (row->message != NULL && strstr(result.err.message, row->message) == NULL)
            fail_msg("%s: message '%s'", row->name, result.err.message);
        if (row->hint != NULL && strstr(result.err.hint, row->hint) == NULL)
            fail_msg("%s: hint '%s'", row->name, result.err.hint);
        if (result.err.aws.maybe_done != row->maybe_done)
            fail_msg("%s: maybe_done", row->name);
        struct aws_stats stats = aws_stats(script.aws);
        if (stats.requests != count || stats.retried != row->retried)
            fail_msg("%s: %d retried", row->name, (int) stats.retried);
        if (script.waited_ms < row->min_wait_ms || script.waited_ms > row->max_wait_ms)
            fail_msg("%s: waited %lld ms", row->name, (long long) script.waited_ms);
        bool reads =
            strncmp(row->operation, "Describe", 8) == 0 || strncmp(row->operation, "List", 4) == 0;
        assert_int_equal(stats.mutating, reads ? 0 : count);
        script_close(&script);
    }
}

static void test_output(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct json_result result = {.script = &script, .operation = "DescribeEndpoint"};
    const struct http_step steps[] = {
        {.status = 200, .reply = "{\"EndpointStatus\":\"InService\"}"}};
    script_run(&script, steps, 1, json_task, &result);
    script_check(&script, "output");
    assert_str(json_get_str(result.output, "EndpointStatus"), "InService");
    script_close(&script);
}

static void test_request_id(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct json_result result = {.script = &script, .operation = "DescribeEndpoint"};
    const struct http_step steps[] = {ANSWERS("ValidationException", "no")};
    script_run(&script, steps, 1, json_task, &result);
    assert_string_equal(result.err.aws.request_id, "req-1");
    assert_string_equal(result.err.aws.code, "ValidationException");
    assert_int_equal(result.err.aws.http_status, 400);
    assert_int_equal(result.err.aws.attempts, 1);
    script_close(&script);
}

/* The signing date follows AWS's clock once ours is seen to be far off; once only. */
static void test_clock_skew(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct json_result result = {.script = &script, .operation = "CreateModel"};
    const char *dated = "date: Tue, 24 Nov 2026 08:29:00 GMT";
    const struct http_step steps[] = {
        {.status = 400,
         .headers = dated,
         .reply = JSON_ERROR("InvalidSignatureException", "Signature expired")},
        {.status = 200, .reply = "{}"},
        {.status = 200, .reply = "{}"},
    };
    script_run(&script, steps, 2, json_task, &result);
    script_check(&script, "skew");
    assert_int_equal(result.code, ERR_NONE);
    assert_string_equal(script.amz_dates[0], "20261124T062900Z");
    assert_string_equal(script.amz_dates[1], "20261124T082900Z");
    script_run(&script, steps + 2, 1, json_task, &result);
    assert_string_equal(script.amz_dates[0], "20261124T082900Z");
    script_close(&script);

    script_open(&script, "us-east-1", NULL, NULL, NULL);
    const struct http_step stubborn[] = {steps[0], steps[0]};
    script_run(&script, stubborn, 2, json_task, &result);
    script_check(&script, "skew that stays");
    assert_int_equal(result.code, ERR_AUTH);
    assert_non_null(strstr(result.err.hint, "clock"));
    script_close(&script);
}

/* Each attempt is signed anew: after a wait of seconds the date has moved. */
static void test_resigned(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct json_result result = {.script = &script, .operation = "DescribeModel"};
    const struct http_step steps[] = {
        {.status = 503, .headers = "x-amz-retry-after: 4000"}, {.status = 200, .reply = "{}"}};
    script_run(&script, steps, 2, json_task, &result);
    script_check(&script, "re-signed");
    assert_string_equal(script.amz_dates[0], "20261124T062900Z");
    assert_string_equal(script.amz_dates[1], "20261124T062904Z");
    script_close(&script);
}

static void test_cancelled_wait(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    script.cancel_in_wait = true;
    struct json_result result = {.script = &script, .operation = "DescribeModel"};
    const struct http_step steps[] = {{.status = 503, .headers = "x-amz-retry-after: 4000"}};
    script_run(&script, steps, 1, json_task, &result);
    script_check(&script, "cancelled");
    assert_int_equal(result.code, ERR_CANCELLED);
    script_close(&script);
}

/* When everything fails, the quota of 500 tokens ends retrying: 35 retries of 14. */
static void quota_task(void *arg)
{
    struct json_result *result = arg;
    for (int i = 0; i < 40; i++)
        json_task(result);
}

static void test_quota(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct http_step steps[40 + 35];
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        steps[i] = (struct http_step){.status = 503};
    struct json_result result = {.script = &script, .operation = "DescribeModel"};
    script_run(&script, steps, ARRAY_LEN(steps), quota_task, &result);
    script_check(&script, "quota");
    assert_int_equal(aws_stats(script.aws).retried, 35);
    script_close(&script);
}

/* 25 calls at once, ten at a time. */
static void many_task(void *arg)
{
    struct json_result *result = arg;
    struct task *tasks[25];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
        tasks[i] = loop_spawn(result->script->loop, json_task, result);
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
        loop_join(result->script->loop, tasks[i]);
}

static void test_gate(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct http_step steps[25];
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        steps[i] = (struct http_step){.status = 200, .reply = "{}", .takes_ms = 100};
    struct json_result result = {.script = &script, .operation = "DescribeModel"};
    script_run(&script, steps, ARRAY_LEN(steps), many_task, &result);
    script_check(&script, "gate");
    assert_int_equal(script.most_in_flight, 10);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_output),
        cmocka_unit_test(test_request_id), cmocka_unit_test(test_clock_skew),
        cmocka_unit_test(test_resigned),   cmocka_unit_test(test_cancelled_wait),
        cmocka_unit_test(test_quota),      cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests_name("json_call", tests, NULL, NULL);
}
