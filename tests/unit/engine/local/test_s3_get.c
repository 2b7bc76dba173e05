#include "tests/unit/engine/local/fixture.h"

static void ranges(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *range;
        int status;
        const char *body, *content_range;
    } rows[] = {{"bytes=0-3", 206, "0123", "bytes 0-3/10"},
                {"bytes=7-", 206, "789", "bytes 7-9/10"},
                {"bytes=-2", 206, "89", "bytes 8-9/10"},
                {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
                {"bytes=5-99", 206, "56789", "bytes 5-9/10"},
                {"bytes=9-9", 206, "9", "bytes 9-9/10"},
                {"bytes=3-2", 200, "0123456789", NULL},
                {"lines=1-2", 200, "0123456789", NULL},
                {"bytes=0-1,3-4", 200, "0123456789", NULL}};
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "0123456789", NULL), 200);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response get =
            call(world, "GET", "/bucket/k", "", "Range", rows[i].range, NULL);
        assert_int_equal(get.status, rows[i].status);
        assert_str(get.body, rows[i].body);
        assert_str_len(header(get, "content-range"), str_from(rows[i].content_range));
    }
    struct http_response beyond = call(world, "GET", "/bucket/k", "", "Range", "bytes=10-", NULL);
    assert_refused(beyond, 416, "InvalidRange");
    assert_str(header(beyond, "content-range"), "bytes */10");
    struct http_response head = call(world, "HEAD", "/bucket/k", "", "Range", "bytes=0-3", NULL);
    assert_int_equal(head.status, 206);
    assert_str(header(head, "content-length"), "4");
}

static void conditions(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *name, *value;
        int status;
    } rows[] = {
        {"If-Match", "\"781e5e245d69b566979b86e28d23f2c7\"", 200},
        {"If-Match", "\"x\", 781e5e245d69b566979b86e28d23f2c7", 200},
        {"If-Match", "\"x\"", 412},
        {"If-None-Match", "\"781e5e245d69b566979b86e28d23f2c7\"", 304},
        {"If-None-Match", "\"x\"", 200},
        {"If-Modified-Since", "Mon, 21 Sep 2026 14:13:20 GMT", 304},
        {"If-Modified-Since", "Mon, 21 Sep 2026 14:13:19 GMT", 200},
        {"If-Unmodified-Since", "Mon, 21 Sep 2026 14:13:19 GMT", 412},
        {"If-Unmodified-Since", "Mon, 21 Sep 2026 14:13:20 GMT", 200}};
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "0123456789", NULL), 200);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_response get =
            call(world, "GET", "/bucket/k", "", rows[i].name, rows[i].value, NULL);
        if (get.status != rows[i].status)
            fail_msg("%s: %s gave %d", rows[i].name, rows[i].value, get.status);
    }
}

static void overrides_and_versions(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "", NULL), 200);
    struct http_response get =
        call(world, "GET", "/bucket/k?response-content-type=text%2Fx&x-id=GetObject", "", NULL);
    assert_int_equal(get.status, 200);
    assert_str(header(get, "content-type"), "text/x");
    assert_str(header(get, "content-length"), "0");
    assert_status(call(world, "GET", "/bucket/k?versionId=null", "", NULL), 200);
    assert_refused(call(world, "GET", "/bucket/k?versionId=abc", "", NULL), 404, "NoSuchVersion");
    assert_refused(call(world, "GET", "/bucket/k%zz", "", NULL), 400, "InvalidURI");
}

/* Both ways of addressing mean the same object. */
static void virtual_hosts(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    world->host = "bucket.s3.us-east-1.amazonaws.com";
    assert_status(call(world, "PUT", "/dir/k", "bytes", NULL), 200);
    world->host = "bucket.localhost:1234";
    assert_refused(call(world, "GET", "/dir/k", "", NULL), 200, "bytes");
    world->host = "127.0.0.1:1";
    assert_refused(call(world, "GET", "/bucket/dir/k", "", NULL), 200, "bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(ranges), WITH_WORLD(conditions), WITH_WORLD(overrides_and_versions),
        WITH_WORLD(virtual_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
