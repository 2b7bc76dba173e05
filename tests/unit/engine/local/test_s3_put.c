#include "tests/unit/engine/local/fixture.h"

#include <pthread.h>

static void keeps_bytes_and_headers(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    struct http_response put = call(
        world, "PUT", "/bucket/dir/a%20%C3%BC%25.txt", "hello\n", "Content-Type", "text/csv",
        "x-amz-meta-Owner", "me", "x-amz-tagging", "a=1&b=2", "Content-Encoding",
        "aws-chunked,gzip", NULL);
    assert_status(put, 200);
    assert_str(header(put, "etag"), "\"b1946ac92492d2347c6235b4d2611184\"");
    struct http_response get = call(world, "GET", "/bucket/dir/a%20%C3%BC%25.txt", "", NULL);
    assert_int_equal(get.status, 200);
    assert_str(get.body, "hello\n");
    assert_str(header(get, "content-type"), "text/csv");
    assert_str(header(get, "content-encoding"), "gzip");
    assert_str(header(get, "x-amz-meta-owner"), "me");
    assert_str(header(get, "x-amz-tagging-count"), "2");
    assert_str(header(get, "last-modified"), "Mon, 21 Sep 2026 14:13:20 GMT");
    assert_str(header(get, "date"), "Mon, 21 Sep 2026 14:13:20 GMT");
    struct http_response head = call(world, "HEAD", "/bucket/dir/a%20%C3%BC%25.txt", "", NULL);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body.len, 0);
    assert_str(header(head, "content-length"), "6");
    assert_str_len(header(head, "etag"), header(get, "etag"));
}

static void conditional_writes(void **state)
{
    struct world *world = *state;
    static const char etag_one[] = "\"f97c5d29941bfb1b2fdab0874906ab82\"";
    make_bucket(world, "bucket");
    assert_refused(
        call(world, "PUT", "/bucket/k", "x", "If-Match", etag_one, NULL), 404, "NoSuchKey");
    assert_status(call(world, "PUT", "/bucket/k", "one", "If-None-Match", "*", NULL), 200);
    assert_refused(
        call(world, "PUT", "/bucket/k", "two", "If-None-Match", "*", NULL), 412,
        "PreconditionFailed");
    assert_refused(
        call(world, "PUT", "/bucket/k", "two", "If-Match", "\"other\"", NULL), 412,
        "PreconditionFailed");
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "one");
    assert_status(call(world, "PUT", "/bucket/k", "two", "If-Match", etag_one, NULL), 200);
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "two");
    assert_refused(
        call(world, "PUT", "/bucket/k", "3", "If-None-Match", etag_one, NULL), 501,
        "NotImplemented");
}

struct racer {
    struct world world;
    int status;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    racer->status =
        call(&racer->world, "PUT", "/bucket/lock", "mine", "If-None-Match", "*", NULL).status;
    return NULL;
}

static void one_of_many_claims_wins(void **state)
{
    struct world *world = *state;
    struct racer racers[8];
    pthread_t threads[ARRAY_LEN(racers)];
    size_t won = 0;
    make_bucket(world, "bucket");
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        racers[i] = (struct racer){.world = *world};
        racers[i].world.arena = arena_new("racer", 0);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
        pthread_join(threads[i], NULL);
        won += racers[i].status == 200;
        assert_true(racers[i].status == 200 || racers[i].status == 412);
        arena_free(racers[i].world.arena);
    }
    assert_int_equal(won, 1);
}

static void refusals_keep_nothing(void **state)
{
    struct world *world = *state;
    char meta[2100];
    memset(meta, 'm', sizeof(meta) - 1);
    meta[sizeof(meta) - 1] = '\0';
    make_bucket(world, "bucket");
    assert_refused(call(world, "PUT", "/nobucket/k", "1", NULL), 404, "NoSuchBucket");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-meta-a", meta, NULL), 400, "MetadataTooLarge");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-tagging", "=novalue", NULL), 400, "InvalidTag");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-expected-bucket-owner", "1", NULL), 403,
        "AccessDenied");
    assert_refused(call(world, "PUT", "/bucket/k?acl", "1", NULL), 501, "NotImplemented");
    char *target = arena_alloc(world->arena, 1100);
    memset(target, 'k', 1099);
    memcpy(target, "/bucket/", 8);
    assert_refused(call(world, "PUT", target, "1", NULL), 400, "KeyTooLongError");
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 404, "NoSuchKey");
    assert_refused(call(world, "GET", "/bucket?list-type=2", "", NULL), 200, "<KeyCount>0<");
}

static void another_region_is_a_redirect(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    world->region = "eu-west-1";
    struct http_response response = call(world, "PUT", "/bucket/k", "1", NULL);
    assert_refused(response, 301, "PermanentRedirect");
    assert_str(header(response, "x-amz-bucket-region"), "us-east-1");
    response = call(world, "HEAD", "/bucket", "", NULL);
    assert_status(response, 301);
    assert_str(header(response, "x-amz-bucket-region"), "us-east-1");
    assert_int_equal(response.body.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(keeps_bytes_and_headers), WITH_WORLD(conditional_writes),
        WITH_WORLD(one_of_many_claims_wins), WITH_WORLD(refusals_keep_nothing),
        WITH_WORLD(another_region_is_a_redirect)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
