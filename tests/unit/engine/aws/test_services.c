/* STS, Runtime and Logs: wire formats, errors, and the wait for a model that loads. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/logs.h"
#include "engine/aws/runtime.h"
#include "engine/aws/sts.h"

struct service_run {
    struct script *script;
    enum err_code code;
    struct err err;
    struct sts_identity identity;
    struct runtime_request request;
    struct runtime_response response;
    struct runtime_fault fault;
    struct str *names;
    struct logs_event *events;
    size_t count;
    struct str token;
};

static void play(
    struct service_run *run,
    const struct http_step *steps,
    size_t count,
    task_fn *fn,
    const char *name)
{
    script_run(run->script, steps, count, fn, run);
    script_check(run->script, name);
}

/* ---- STS ---- */

static void identity_task(void *arg)
{
    struct service_run *run = arg;
    run->code =
        sts_caller_identity(run->script->aws, run->script->arena, &run->identity, &run->err);
}

#define IDENTITY \
    "<GetCallerIdentityResponse " \
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>" \
    "<Arn>arn:aws:iam::123456789012:user/x</Arn><UserId>AIDA</UserId><Account>123456789012</" \
    "Account>" \
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
#define QUERY_ERROR(code, message) \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message \
    "</Message></Error>" \
    "<RequestId>r</RequestId></ErrorResponse>"

static void test_identity(void **state)
{
    (void) state;
    static const struct {
        struct http_step step;
        enum err_code code;
        const char *message, *hint;
    } s_cases[] = {
        {{.expect = "POST https://sts.us-east-1.amazonaws.com/",
          .has = {"content-type: application/x-www-form-urlencoded; charset=utf-8"},
          .body = "Action=GetCallerIdentity&Version=2011-06-15",
          .status = 200,
          .reply = IDENTITY},
         ERR_NONE,
         NULL,
         NULL},
        {{.status = 403,
          .reply = QUERY_ERROR("InvalidClientTokenId", "The security token is invalid")},
         ERR_AUTH,
         "GetCallerIdentity: The security token is invalid",
         "access key id"},
        {{.status = 403,
          .reply = QUERY_ERROR("SignatureDoesNotMatch", "The request signature we calculated")},
         ERR_AUTH,
         NULL,
         "secret key"},
        {{.status = 403, .reply = QUERY_ERROR("ExpiredToken", "The security token is expired")},
         ERR_AUTH,
         NULL,
         "sign in again"},
        {{.status = 200, .reply = "<GetCallerIdentityResponse/>"}, ERR_PROTOCOL, "12 digits", NULL},
        {{.status = 200, .reply = "{}"}, ERR_PROTOCOL, "not XML", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct script script;
        script_open(&script, "us-east-1", NULL, NULL, NULL);
        struct service_run run = {.script = &script};
        play(&run, &s_cases[i].step, 1, identity_task, "identity");
        assert_int_equal(run.code, s_cases[i].code);
        if (s_cases[i].message != NULL)
            assert_non_null(strstr(run.err.message, s_cases[i].message));
        if (s_cases[i].hint != NULL)
            assert_non_null(strstr(run.err.hint, s_cases[i].hint));
        if (run.code == ERR_NONE) {
            assert_str(run.identity.account, "123456789012");
            assert_str(run.identity.arn, "arn:aws:iam::123456789012:user/x");
        }
        script_close(&script);
    }
}

/* ---- InvokeEndpoint ---- */

static void invoke_task(void *arg)
{
    struct service_run *run = arg;
    run->code = runtime_invoke(
        run->script->aws, run->script->arena, &run->request, &run->response, &run->fault,
        &run->err);
}

#define INVOKE "POST https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/my-mme/invocations"
#define NOT_READY \
    { \
        .expect = INVOKE, .status = 429, .headers = "x-amzn-errortype: ModelNotReadyException", \
        .reply = "{\"Message\":\"still loading\"}" \
    }
#define RUNTIME_ERROR(http, type, text) \
    { \
        .status = http, .headers = "x-amzn-errortype: " type ":http://internal", .reply = text \
    }

static const struct {
    const char *name;
    struct http_step steps[6];
    enum err_code code;
    const char *message, *hint;
    int original_status;
    unsigned attempts;
    int64_t min_wait_ms, max_wait_ms;
} s_invokes[] = {
    {"an answer",
     {{.expect = INVOKE,
       .has =
           {"x-amzn-sagemaker-target-model: model_fast.tar.gz", "content-type: text/csv", "!accept",
            "!x-amz-content-sha256"},
       .body = "1,2\n",
       .status = 200,
       .headers =
           "content-type: text/csv; charset=utf-8\nx-Amzn-Invoked-Production-Variant: AllTraffic",
       .reply = "0.5",
       .takes_ms = 12}},
     ERR_NONE,
     NULL,
     NULL,
     0,
     1,
     0,
     0},
    {"a model that loads, then answers",
     {NOT_READY,
      NOT_READY,
      {.status = 530},
      NOT_READY,
      {.status = 200, .headers = "content-type: text/csv", .reply = "0.5"}},
     ERR_NONE,
     NULL,
     NULL,
     0,
     5,
     3000,
     7500},
    {"the model's own error",
     {RUNTIME_ERROR(
         424,
         "ModelError",
         "{\"Message\":\"Received client error (400) from model\",\"OriginalStatusCode\":400,"
         "\"OriginalMessage\":\"feature mismatch\\n\"}")},
     ERR_TERMINAL,
     "InvokeEndpoint 'my-mme': Received client error",
     "the container answered 400: feature mismatch",
     400,
     1,
     0,
     0},
    {"no endpoint",
     {RUNTIME_ERROR(
         400, "ValidationError", "{\"Message\":\"Endpoint my-mme of account 1 not found.\"}")},
     ERR_NOT_FOUND,
     NULL,
     NULL,
     0,
     1,
     0,
     0},
    {"not multi-model",
     {RUNTIME_ERROR(
         400,
         "ValidationError",
         "{\"Message\":\"Endpoint my-mme is not a multi-model endpoint\"}")},
     ERR_TERMINAL,
     NULL,
     NULL,
     0,
     1,
     0,
     0},
    {"denied",
     {RUNTIME_ERROR(403, "AccessDeniedException", "{\"Message\":\"no\"}")},
     ERR_DENIED,
     NULL,
     "sagemaker:InvokeEndpoint on my-mme",
     0,
     1,
     0,
     0},
};

static void test_invoke(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_invokes); i++) {
        size_t count = 0;
        while (count < 6 && s_invokes[i].steps[count].status != 0)
            count++;
        struct script script;
        script_open(&script, "us-east-1", NULL, NULL, NULL);
        struct service_run run = {
            .script = &script,
            .request =
                {.endpoint = STR("my-mme"),
                 .target_model = STR("model_fast.tar.gz"),
                 .body = STR("1,2\n")},
        };
        play(&run, s_invokes[i].steps, count, invoke_task, s_invokes[i].name);
        if (run.code != s_invokes[i].code)
            fail_msg("%s: %s (%s)", s_invokes[i].name, err_name(run.code), run.err.message);
        if (s_invokes[i].message != NULL)
            assert_non_null(strstr(run.err.message, s_invokes[i].message));
        if (s_invokes[i].hint != NULL)
            assert_non_null(strstr(run.err.hint, s_invokes[i].hint));
        assert_int_equal(run.fault.original_status, s_invokes[i].original_status);
        assert_in_range(script.waited_ms, s_invokes[i].min_wait_ms, s_invokes[i].max_wait_ms);
        if (run.code == ERR_NONE) {
            assert_str(run.response.body, "0.5");
            assert_true(str_starts(run.response.content_type, STR("text/csv")));
            assert_int_equal(run.response.attempts, s_invokes[i].attempts);
        }
        script_close(&script);
    }
}

/* A model that never loads ends after the time allowed, not after a number of attempts. */
static void test_load_wait(void **state)
{
    (void) state;
    static struct http_step s_steps[100];
    for (size_t i = 0; i < ARRAY_LEN(s_steps); i++)
        s_steps[i] = (struct http_step) NOT_READY;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct service_run run = {
        .script = &script,
        .request = {.endpoint = STR("my-mme"), .load_wait_ms = 60000, .body = STR("1")}};
    script_run(&script, s_steps, ARRAY_LEN(s_steps), invoke_task, &run);
    assert_int_equal(run.code, ERR_TRANSIENT);
    assert_non_null(strstr(run.err.hint, "still being loaded"));
    assert_in_range(script.waited_ms, 49000, 60000);
    assert_in_range(script.at, 8, 20);
    script_close(&script);
}

static void test_large_payload(void **state)
{
    struct arena *arena = *state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    size_t size = RUNTIME_MAX_BODY + 1;
    struct service_run run = {
        .script = &script,
        .request = {.endpoint = STR("my-mme"), .body = str_of(arena_alloc(arena, size), size)}};
    play(&run, NULL, 0, invoke_task, "large");
    assert_fails(run.code, ERR_USAGE, &run.err, "at most 6291456");
    script_close(&script);
}

/* ---- Logs ---- */

static void streams_task(void *arg)
{
    struct service_run *run = arg;
    run->code = logs_streams(
        run->script->aws, run->script->arena, STR(LOGS_TRAINING_GROUP), STR("job/"), &run->names,
        &run->count, &run->err);
}

static void events_task(void *arg)
{
    struct service_run *run = arg;
    run->code = logs_events(
        run->script->aws, run->script->arena, STR("g"), STR("s"), &run->token, &run->events,
        &run->count, &run->err);
}

static void delete_task(void *arg)
{
    struct service_run *run = arg;
    run->code =
        logs_delete_stream(run->script->aws, run->script->arena, STR("g"), STR("s"), &run->err);
    if (run->code == ERR_NONE)
        run->code = logs_delete_group(run->script->aws, run->script->arena, STR("g"), &run->err);
}

static void test_logs(void **state)
{
    (void) state;
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct service_run run = {.script = &script};
    const struct http_step streams[] = {
        {.expect = "POST https://logs.us-east-1.amazonaws.com/",
         .has = {"x-amz-target: Logs_20140328.DescribeLogStreams"},
         .body =
             "{\"logGroupName\":\"/aws/sagemaker/TrainingJobs\",\"logStreamNamePrefix\":\"job/\"}",
         .status = 200,
         .reply = "{\"logStreams\":[{\"logStreamName\":\"job/algo-1-1\"}],\"nextToken\":\"n\"}"},
        {.status = 200, .reply = "{\"logStreams\":[{\"logStreamName\":\"job/algo-2-1\"}]}"},
    };
    play(&run, streams, 2, streams_task, "streams");
    assert_ok(run.code, &run.err);
    assert_int_equal(run.count, 2);
    assert_str(run.names[1], "job/algo-2-1");

    const struct http_step events[] = {
        {.has = {"x-amz-target: Logs_20140328.GetLogEvents"},
         .body = "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"startFromHead\":true}",
         .status = 200,
         .reply = "{\"events\":[{\"timestamp\":1795501740000,\"message\":\"one\"}],"
                  "\"nextForwardToken\":\"f/1\"}"},
        {.body = "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"startFromHead\":true,"
                 "\"nextToken\":\"f/1\"}",
         .status = 200,
         .reply =
             "{\"events\":[{\"timestamp\":1,\"message\":\"two\"}],\"nextForwardToken\":\"f/2\"}"},
        {.status = 200, .reply = "{\"events\":[],\"nextForwardToken\":\"f/2\"}"},
        {.body = "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"startFromHead\":true,"
                 "\"nextToken\":\"f/2\"}",
         .status = 200,
         .reply = "{\"events\":[],\"nextForwardToken\":\"f/2\"}"},
    };
    play(&run, events, 3, events_task, "events");
    assert_ok(run.code, &run.err);
    assert_int_equal(run.count, 2);
    assert_str(run.events[0].message, "one");
    assert_int_equal(run.events[0].at_ms, SCRIPT_NOW_MS);
    assert_str(run.token, "f/2");
    play(&run, events + 3, 1, events_task, "nothing new");
    assert_int_equal(run.count, 0);

    const struct http_step missing = {
        .status = 400,
        .reply = "{\"__type\":\"ResourceNotFoundException\",\"message\":\"no group\"}"};
    play(&run, &missing, 1, events_task, "no group");
    assert_fails(run.code, ERR_NOT_FOUND, &run.err, "GetLogEvents 's': no group");
    const struct http_step gone[] = {
        {.has = {"x-amz-target: Logs_20140328.DeleteLogStream"}, .status = 200}, missing};
    play(&run, gone, 2, delete_task, "delete");
    assert_ok(run.code, &run.err);
    assert_int_equal(aws_stats(script.aws).mutating, 2);
    script_close(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),  cmocka_unit_test(test_invoke),
        cmocka_unit_test(test_load_wait), WITH_ARENA(test_large_payload),
        cmocka_unit_test(test_logs),
    };
    return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
