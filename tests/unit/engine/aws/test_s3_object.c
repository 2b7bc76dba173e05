/* Objects: what is sent, what is read back, conditions and lost answers. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/s3.h"
#include "engine/base/digest.h"

#define HOST "https://bkt.s3.eu-west-1.amazonaws.com"
#define OWNER "x-amz-expected-bucket-owner: 123456789012"
#define XML_ERROR(code, message) \
    "<?xml version=\"1.0\"?>\n<Error><Code>" code "</Code><Message>" message "</Message></Error>"
#define COPIED \
    "<CopyObjectResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" \
    "<ETag>&quot;c1&quot;</ETag><LastModified>2026-11-24T06:29:00.000Z</LastModified></" \
    "CopyObjectResult>"

struct s3_run {
    struct script *script;
    const struct s3_row *row;
    enum err_code code;
    struct err err;
    struct s3_put_result put;
    struct s3_info info;
    struct str body;
};

struct s3_row {
    const char *name;
    enum err_code (*call)(struct s3_run *run, struct err *err);
    struct http_step steps[4];
    enum err_code code;
    const char *message, *hint;
    bool maybe_done;
};

static struct str bucket(void)
{
    return STR("bkt");
}

static enum err_code call_put(struct s3_run *run, struct err *err)
{
    static const struct s3_meta s_meta[] = {
        {STR_INIT("mmectl-fp"), STR_INIT("abc")}, {STR_INIT("empty"), STR_INIT("")}};
    struct sha256 digest = sha256_of(STR("hello"));
    struct s3_put_options options = {
        .if_none_match = true,
        .content_type = STR("text/csv"),
        .meta = s_meta,
        .n_meta = 2,
        .sha256 = &digest,
    };
    return s3_put(
        run->script->aws, run->script->arena, bucket(), STR("data/a b+c.csv"), STR("hello"),
        &options, &run->put, err);
}

static enum err_code call_put_if_match(struct s3_run *run, struct err *err)
{
    struct s3_put_options options = {.if_match = STR("\"e1\"")};
    return s3_put(
        run->script->aws, run->script->arena, bucket(), STR("k"), STR("v"), &options, &run->put,
        err);
}

static enum err_code call_put_bad_meta(struct s3_run *run, struct err *err)
{
    static const struct s3_meta s_meta[] = {{STR_INIT("a"), STR_INIT("x\r\nx-evil: 1")}};
    struct s3_put_options options = {.meta = s_meta, .n_meta = 1};
    return s3_put(
        run->script->aws, run->script->arena, bucket(), STR("k"), STR("v"), &options, NULL, err);
}

static enum err_code call_get(struct s3_run *run, struct err *err)
{
    return s3_get(
        run->script->aws, run->script->arena, bucket(), STR("k"), NULL, &run->body, &run->info,
        err);
}

static enum err_code call_get_part(struct s3_run *run, struct err *err)
{
    struct s3_get_options options = {
        .if_match = STR("\"e1\""), .range = true, .range_first = 5, .range_last = 9};
    return s3_get(
        run->script->aws, run->script->arena, bucket(), STR("k"), &options, &run->body, &run->info,
        err);
}

static enum err_code call_get_none_match(struct s3_run *run, struct err *err)
{
    struct s3_get_options options = {.if_none_match = STR("\"e1\"")};
    return s3_get(
        run->script->aws, run->script->arena, bucket(), STR("k"), &options, &run->body, &run->info,
        err);
}

static enum err_code call_head(struct s3_run *run, struct err *err)
{
    return s3_head(run->script->aws, run->script->arena, bucket(), STR("k"), &run->info, err);
}

static enum err_code call_copy(struct s3_run *run, struct err *err)
{
    struct s3_copy_options options = {.source_if_match = STR("\"e1\""), .if_none_match = true};
    return s3_copy(
        run->script->aws, run->script->arena, bucket(), STR("models/x"), STR("training/a b"),
        &options, &run->put, err);
}

static enum err_code call_copy_foreign(struct s3_run *run, struct err *err)
{
    static const struct s3_meta s_meta[] = {{STR_INIT("fp"), STR_INIT("1")}};
    struct s3_copy_options options = {
        .source_bucket = STR("other"),
        .replace_metadata = true,
        .content_type = STR("application/x-tar"),
        .meta = s_meta,
        .n_meta = 1,
    };
    aws_allow_foreign_bucket(run->script->aws, STR("other"));
    return s3_copy(
        run->script->aws, run->script->arena, bucket(), STR("x"), STR("y"), &options, &run->put,
        err);
}

static enum err_code call_delete(struct s3_run *run, struct err *err)
{
    return s3_delete(run->script->aws, run->script->arena, bucket(), STR("k"), STR_NULL, err);
}

static enum err_code call_delete_if_match(struct s3_run *run, struct err *err)
{
    return s3_delete(run->script->aws, run->script->arena, bucket(), STR("k"), STR("\"e1\""), err);
}

#define PUT_OK "etag: \"e2\"\nx-amz-version-id: v1\ndate: Tue, 24 Nov 2026 06:29:00 GMT"

static const struct s3_row s_rows[] = {
    {"put",
     call_put,
     {{.expect = "PUT " HOST "/data/a%20b%2Bc.csv",
       .has =
           {OWNER, "if-none-match: *", "content-type: text/csv", "x-amz-meta-mmectl-fp: abc",
            "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "x-amz-content-sha256: "
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
       .body = "hello",
       .status = 200,
       .headers = PUT_OK}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"put, the key is taken",
     call_put,
     {{.status = 412, .reply = XML_ERROR("PreconditionFailed", "At least one did not hold")}},
     ERR_PRECONDITION,
     "PutObject 's3://bkt/data/a b+c.csv': At least",
     NULL,
     false},
    {"put, another write at the same time",
     call_put,
     {{.status = 409, .reply = XML_ERROR("ConditionalRequestConflict", "conflict")}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     false},
    {"put, the answer was lost: 412 may be its own echo",
     call_put,
     {{.fail = ERR_TRANSIENT}, {.status = 412, .reply = XML_ERROR("PreconditionFailed", "no")}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     true},
    {"put, 500 then 412: the same doubt",
     call_put,
     {{.status = 500, .reply = XML_ERROR("InternalError", "")}, {.status = 412}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     true},
    {"put, slowed down then 412: no doubt",
     call_put,
     {{.status = 503, .reply = XML_ERROR("SlowDown", "")}, {.status = 412}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     false},
    {"put if-match",
     call_put_if_match,
     {{.expect = "PUT " HOST "/k",
       .has = {"if-match: \"e1\"", "!if-none-match", "!content-type"},
       .status = 200,
       .headers = PUT_OK}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"put if-match, the key is gone",
     call_put_if_match,
     {{.status = 404, .reply = XML_ERROR("NoSuchKey", "gone")}},
     ERR_NOT_FOUND,
     NULL,
     NULL,
     false},
    {"put, denied",
     call_put,
     {{.status = 403, .reply = XML_ERROR("AccessDenied", "Access Denied")}},
     ERR_DENIED,
     "Access Denied",
     "the caller needs s3:PutObject on s3://bkt/data/a b+c.csv, and the bucket must belong to "
     "account 123456789012",
     false},
    {"put, wrong secret",
     call_put,
     {{.status = 403, .reply = XML_ERROR("SignatureDoesNotMatch", "The request signature")}},
     ERR_AUTH,
     NULL,
     "secret key",
     false},
    {"put, another region",
     call_put,
     {{.status = 301,
       .headers = "x-amz-bucket-region: us-west-2\nlocation: https://evil.example/",
       .reply = XML_ERROR("PermanentRedirect", "")}},
     ERR_TERMINAL,
     "the bucket is in region 'us-west-2', not in 'eu-west-1'",
     "own region",
     false},
    {"put, another region by the signature",
     call_put,
     {{.status = 400,
       .reply =
           "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>"}},
     ERR_TERMINAL,
     "'us-west-2'",
     NULL,
     false},
    {"put, a line break in metadata stays here",
     call_put_bad_meta,
     {{.status = 0}},
     ERR_USAGE,
     "0x0d",
     NULL,
     false},

    {"get",
     call_get,
     {{.expect = "GET " HOST "/k",
       .has = {OWNER, "!range", "!if-match"},
       .status = 200,
       .headers = "ETag: \"e1\"\nContent-Length: 5\nLast-Modified: Tue, 24 Nov 2026 06:28:00 GMT\n"
                  "Date: Tue, 24 Nov 2026 06:29:00 GMT\nx-amz-meta-fp: abc\nContent-Type: text/csv",
       .reply = "hello"}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"get a part",
     call_get_part,
     {{.expect = "GET " HOST "/k",
       .has = {"range: bytes=5-9", "if-match: \"e1\""},
       .status = 206,
       .headers = "ETag: \"e1\"\nContent-Length: 5\nContent-Range: bytes 5-9/1234",
       .reply = "hello"}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"get, absent",
     call_get,
     {{.status = 404, .reply = XML_ERROR("NoSuchKey", "The specified key does not exist.")}},
     ERR_NOT_FOUND,
     "does not exist",
     NULL,
     false},
    {"get, a 404 of a proxy is not absence",
     call_get,
     {{.status = 404, .reply = "<html/>"}},
     ERR_TERMINAL,
     NULL,
     "endpoint URL",
     false},
    {"get, not modified",
     call_get_none_match,
     {{.has = {"if-none-match: \"e1\""}, .status = 304}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     false},
    {"get, an error that is no XML",
     call_get,
     {{.status = 403, .headers = "content-type: text/html", .reply = "<!DOCTYPE html><x>"}},
     ERR_TERMINAL,
     "HTTP status 403 with a body that is not AWS's (text/html)",
     "check the endpoint URL and any proxy",
     false},
    {"head",
     call_head,
     {{.expect = "HEAD " HOST "/k",
       .has = {"x-amz-checksum-mode: ENABLED"},
       .status = 200,
       .headers =
           "ETag: \"e1\"\nContent-Length: 77\nx-amz-checksum-sha256: LPJNul=\nX-Amz-Meta-FP: abc"}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"head, absent", call_head, {{.status = 404}}, ERR_NOT_FOUND, NULL, NULL, false},
    {"head, forbidden is not absent",
     call_head,
     {{.status = 403}},
     ERR_DENIED,
     NULL,
     "s3:GetObject",
     false},

    {"copy",
     call_copy,
     {{.expect = "PUT " HOST "/models/x",
       .has =
           {"x-amz-copy-source: bkt/training/a%20b", "x-amz-copy-source-if-match: \"e1\"",
            "if-none-match: *", "x-amz-source-expected-bucket-owner: 123456789012",
            "!x-amz-metadata-directive"},
       .status = 200,
       .reply = COPIED}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"copy from somebody else's",
     call_copy_foreign,
     {{.has =
           {"x-amz-copy-source: other/y", "!x-amz-source-expected-bucket-owner", OWNER,
            "x-amz-metadata-directive: REPLACE", "x-amz-meta-fp: 1",
            "content-type: application/x-tar"},
       .status = 200,
       .reply = COPIED}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"copy, an error inside a 200, then success",
     call_copy,
     {{.status = 200, .reply = XML_ERROR("InternalError", "We encountered an internal error.")},
      {.status = 200, .reply = COPIED}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"copy, a cut answer, then 412: doubt",
     call_copy,
     {{.status = 200, .reply = "<CopyObjectResult><ETa"}, {.status = 412}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     true},
    {"copy, a lasting error inside a 200",
     call_copy,
     {{.status = 200, .reply = XML_ERROR("AccessDenied", "Access Denied")},
      {.status = 200, .reply = XML_ERROR("AccessDenied", "Access Denied")},
      {.status = 200, .reply = XML_ERROR("AccessDenied", "Access Denied")}},
     ERR_DENIED,
     NULL,
     "s3:GetObject on the source",
     true},

    {"delete",
     call_delete,
     {{.expect = "DELETE " HOST "/k", .has = {OWNER, "!if-match"}, .status = 204}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"delete, absent in a store that minds",
     call_delete,
     {{.status = 404, .reply = XML_ERROR("NoSuchKey", "")}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"delete if-match",
     call_delete_if_match,
     {{.has = {"if-match: \"e1\""}, .status = 204}},
     ERR_NONE,
     NULL,
     NULL,
     false},
    {"delete if-match, changed",
     call_delete_if_match,
     {{.status = 412}},
     ERR_PRECONDITION,
     NULL,
     NULL,
     false},
    {"delete if-match, absent",
     call_delete_if_match,
     {{.status = 404, .reply = XML_ERROR("NoSuchKey", "")}},
     ERR_NOT_FOUND,
     NULL,
     NULL,
     false},
    {"delete if-match, the answer was lost",
     call_delete_if_match,
     {{.fail = ERR_TIMEOUT}, {.status = 404, .reply = XML_ERROR("NoSuchKey", "")}},
     ERR_NONE,
     NULL,
     NULL,
     false},
};

static void run_task(void *arg)
{
    struct s3_run *run = arg;
    run->code = run->row->call(run, &run->err);
}

static size_t steps_of(const struct s3_row *row)
{
    size_t count = 0;
    while (count < ARRAY_LEN(row->steps) &&
           (row->steps[count].status != 0 || row->steps[count].fail != ERR_NONE))
        count++;
    return count;
}

static void check_results(const struct s3_row *row, const struct s3_run *run)
{
    if (row->call == call_put && row->code == ERR_NONE) {
        assert_str(run->put.etag, "\"e2\"");
        assert_str(run->put.version_id, "v1");
        assert_int_equal(run->put.date_ms, SCRIPT_NOW_MS);
    }
    if ((row->call == call_copy || row->call == call_copy_foreign) && row->code == ERR_NONE)
        assert_str(run->put.etag, "\"c1\"");
    if (row->call == call_get && row->code == ERR_NONE) {
        assert_str(run->body, "hello");
        assert_str(run->info.etag, "\"e1\"");
        assert_str(run->info.content_type, "text/csv");
        assert_str(s3_meta_get(&run->info, "fp"), "abc");
        assert_true(str_is_null(s3_meta_get(&run->info, "other")));
        assert_int_equal(run->info.size_bytes, 5);
        assert_int_equal(run->info.date_ms - run->info.modified_ms, 60000);
    }
    if (row->call == call_get_part && row->code == ERR_NONE)
        assert_int_equal(run->info.size_bytes, 1234);
    if (row->call == call_head && row->code == ERR_NONE) {
        assert_int_equal(run->info.size_bytes, 77);
        assert_str(s3_meta_get(&run->info, "fp"), "abc");
        assert_str(run->info.checksum_sha256, "LPJNul=");
    }
}

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_rows); i++) {
        const struct s3_row *row = &s_rows[i];
        struct script script;
        script_open(&script, "eu-west-1", "123456789012", NULL, NULL);
        struct s3_run run = {.script = &script, .row = row};
        script_run(&script, row->steps, steps_of(row), run_task, &run);
        script_check(&script, row->name);
        if (run.code != row->code)
            fail_msg("%s: %s (%s)", row->name, err_name(run.code), run.err.message);
        if (row->message != NULL && strstr(run.err.message, row->message) == NULL)
            fail_msg("%s: message '%s'", row->name, run.err.message);
        if (row->hint != NULL && strstr(run.err.hint, row->hint) == NULL)
            fail_msg("%s: hint '%s'", row->name, run.err.hint);
        if (run.err.aws.maybe_done != row->maybe_done)
            fail_msg("%s: maybe_done is %d", row->name, run.err.aws.maybe_done);
        check_results(row, &run);
        script_close(&script);
    }
}

/* With a configured endpoint, and for names with dots, the bucket is in the path. */
static void path_task(void *arg)
{
    struct s3_run *run = arg;
    run->code = s3_head(
        run->script->aws, run->script->arena, STR("my.bucket"), STR("a/b"), &run->info, &run->err);
}

static void test_addressing(void **state)
{
    (void) state;
    static const struct {
        const char *region, *endpoint, *expect;
    } s_cases[] = {
        {"eu-west-1", NULL, "HEAD https://s3.eu-west-1.amazonaws.com/my.bucket/a/b"},
        {"cn-north-1", NULL, "HEAD https://s3.cn-north-1.amazonaws.com.cn/my.bucket/a/b"},
        {"eu-west-1", "http://127.0.0.1:4566/", "HEAD http://127.0.0.1:4566/my.bucket/a/b"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct script script;
        script_open(&script, s_cases[i].region, NULL, s_cases[i].endpoint, NULL);
        const struct http_step steps[] = {
            {.expect = s_cases[i].expect, .has = {"!x-amz-expected-bucket-owner"}, .status = 200}};
        struct s3_run run = {.script = &script};
        script_run(&script, steps, 1, path_task, &run);
        script_check(&script, s_cases[i].expect);
        assert_int_equal(run.code, ERR_NONE);
        script_close(&script);
    }
}

static void test_uri_split(void **state)
{
    (void) state;
    struct str name, key;
    assert_true(s3_uri_split(STR("s3://b/a/c.csv"), &name, &key));
    assert_str(name, "b");
    assert_str(key, "a/c.csv");
    assert_true(s3_uri_split(STR("s3://b"), &name, &key));
    assert_str(key, "");
    assert_false(s3_uri_split(STR("s3:///k"), &name, &key));
    assert_false(s3_uri_split(STR("https://b/k"), &name, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_addressing),
        cmocka_unit_test(test_uri_split),
    };
    return cmocka_run_group_tests_name("s3_object", tests, NULL, NULL);
}
