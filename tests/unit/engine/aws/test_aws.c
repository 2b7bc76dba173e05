/* What every call shares: where a bucket of another region is asked for. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/s3.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_writes_stay),
        cmocka_unit_test(test_two_at_once),
    };
    return cmocka_run_group_tests_name("aws", tests, NULL, NULL);
}
