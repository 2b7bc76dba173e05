#include "tests/unit/engine/local/fixture.h"

static struct http_response copy(struct world *world, const char *to, const char *from)
{
    return call(world, "PUT", to, "", "x-amz-copy-source", from, NULL);
}

static void copies_bytes_and_metadata(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    make_bucket(world, "other");
    assert_status(
        call(
            world, "PUT", "/bucket/a%20b", "hello\n", "x-amz-meta-x", "1", "Content-Type", "text/a",
            NULL),
        200);
    assert_refused(
        copy(world, "/other/c", "/bucket/a%20b"), 200,
        "<ETag>&quot;b1946ac92492d2347c6235b4d2611184&quot;</ETag>");
    assert_status(call(world, "DELETE", "/bucket/a%20b", "", NULL), 204);
    struct http_response get = call(world, "GET", "/other/c", "", NULL);
    assert_str(get.body, "hello\n");
    assert_str(header(get, "x-amz-meta-x"), "1");
    assert_refused(
        call(
            world, "PUT", "/other/c", "", "x-amz-copy-source", "other/c?versionId=null",
            "x-amz-metadata-directive", "REPLACE", "x-amz-meta-y", "2", NULL),
        200, "CopyObjectResult");
    get = call(world, "GET", "/other/c", "", NULL);
    assert_str(get.body, "hello\n");
    assert_str(header(get, "x-amz-meta-y"), "2");
    assert_true(str_is_null(header(get, "x-amz-meta-x")));
}

static void refusals(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "hello\n", NULL), 200);
    assert_refused(copy(world, "/bucket/k", "bucket/k"), 400, "InvalidRequest");
    assert_refused(copy(world, "/bucket/x", "bucket/none"), 404, "NoSuchKey");
    assert_refused(copy(world, "/bucket/x", "nobucket/k"), 404, "NoSuchBucket");
    assert_refused(copy(world, "/nobucket/x", "bucket/k"), 404, "NoSuchBucket");
    assert_refused(copy(world, "/bucket/x", "k"), 400, "InvalidArgument");
    assert_refused(copy(world, "/bucket/x", "bucket/k?versionId=1"), 404, "NoSuchVersion");
    assert_refused(
        call(
            world, "PUT", "/bucket/x", "", "x-amz-copy-source", "bucket/k",
            "x-amz-copy-source-if-match", "\"no\"", NULL),
        412, "PreconditionFailed");
    assert_refused(
        call(
            world, "PUT", "/bucket/k", "", "x-amz-copy-source", "bucket/k", "If-None-Match", "*",
            NULL),
        412, "PreconditionFailed");
    assert_status(call(world, "HEAD", "/bucket/x", "", NULL), 404);
    struct local_key key = {.deny = STR("s3:GetObject")};
    struct err err = {0};
    assert_ok(local_add_key(world->local, world->arena, &key, &err), &err);
    world->key = key;
    assert_refused(copy(world, "/bucket/x", "bucket/k"), 403, "AccessDenied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_WORLD(copies_bytes_and_metadata), WITH_WORLD(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
