/* The trace tells what went over the wire, and no secret. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/http_trace.h"
#include "engine/base/buf.h"

struct trace_run {
    struct http_transport *trace;
    struct arena *arena;
    struct http_request request;
    enum err_code code;
    struct err err;
};

static void collect(void *arg, struct str text)
{
    buf_add(arg, text);
}

static void send_task(void *arg)
{
    struct trace_run *run = arg;
    struct http_response response;
    run->code = http_send(run->trace, run->arena, &run->request, &response, &run->err);
}

#define CANARY "canary0secret"

static void play(struct buf *seen, const struct http_step *step, struct http_request request)
{
    struct script script;
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct trace_run run = {
        .trace = http_trace_new(script.transport, collect, seen),
        .arena = script.arena,
        .request = request};
    script_run(&script, step, 1, send_task, &run);
    script_check(&script, "trace");
    assert_int_equal(run.code, step->fail);
    http_close(run.trace);
    script_close(&script);
}

static void test_trace(void **state)
{
    (void) state;
    struct buf seen = BUF_INIT(KIB(64));
    struct http_header headers[] = {
        {STR("Authorization"), STR("AWS4-HMAC-SHA256 Credential=AK/x, Signature=" CANARY)},
        {STR("x-amz-security-token"), STR(CANARY)},
        {STR("x-amz-meta-a"), STR("b")},
    };
    const struct http_step step = {
        .status = 200,
        .headers = "etag: \"e\"\nset-cookie: " CANARY "\nx-odd: a\x1b[31m",
        .reply = CANARY,
        .takes_ms = 12,
    };
    play(
        &seen, &step,
        (struct http_request){
            .method = STR("PUT"),
            .url =
                STR("https://h/k?x=1&X-Amz-Signature=" CANARY "&X-Amz-Security-Token=" CANARY "&y"),
            .headers = headers,
            .n_headers = 3,
            .body = STR(CANARY),
        });
    assert_str(
        buf_str(&seen), "> PUT https://h/k?x=1&X-Amz-Signature=(13 bytes "
                        "hidden)&X-Amz-Security-Token=(13 bytes hidden)&y"
                        " (13 bytes)\n"
                        "> Authorization: (57 bytes hidden)\n> x-amz-security-token: (13 bytes "
                        "hidden)\n> x-amz-meta-a: b\n"
                        "< 200 in 12.0 ms (13 bytes)\n< etag: \"e\"\n< set-cookie: (13 bytes "
                        "hidden)\n< x-odd: a\\x1b[31m\n");
    buf_done(&seen);
}

static void test_trace_failure(void **state)
{
    (void) state;
    struct buf seen = BUF_INIT(KIB(64));
    const struct http_step step = {.fail = ERR_TIMEOUT};
    play(&seen, &step, (struct http_request){.method = STR("GET"), .url = STR("https://h/k")});
    assert_str(buf_str(&seen), "> GET https://h/k (0 bytes)\n< the exchange broke off\n");
    buf_done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace), cmocka_unit_test(test_trace_failure)};
    return cmocka_run_group_tests_name("http_trace", tests, NULL, NULL);
}
