#include "tests/unit/engine/local/fixture.h"

static struct http_response list_buckets(struct world *world)
{
    return call(world, "GET", "/", "", NULL);
}

static struct http_response who_am_i(struct world *world)
{
    world->service = "sts";
    struct http_response response = call(
        world, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8", NULL);
    world->service = "s3";
    return response;
}

/* The operation need not exist: who calls is asked first. */
static struct http_response json_call(struct world *world)
{
    world->service = "sagemaker";
    struct http_response response = call(
        world, "POST", "/", "{}", "X-Amz-Target", "SageMaker.NoSuchOperation", "Content-Type",
        "application/x-amz-json-1.1", NULL);
    world->service = "s3";
    return response;
}

static void first_key_is_let_in(void **state)
{
    struct world *world = *state;
    assert_status(list_buckets(world), 200);
    struct http_response response = who_am_i(world);
    assert_refused(response, 200, "<Account>123456789012</Account>");
    assert_refused(json_call(world), 404, "UnknownOperationException");
}

static void wrong_secret(void **state)
{
    struct world *world = *state;
    world->key.secret_key = STR("wrong");
    assert_refused(list_buckets(world), 403, "<Code>SignatureDoesNotMatch</Code>");
    assert_refused(who_am_i(world), 403, "<Code>SignatureDoesNotMatch</Code>");
    assert_refused(json_call(world), 403, "\"__type\":\"InvalidSignatureException\"");
}

static void unknown_key(void **state)
{
    struct world *world = *state;
    world->key.access_key = STR("AKIAUNKNOWN");
    assert_refused(list_buckets(world), 403, "<Code>InvalidAccessKeyId</Code>");
    assert_refused(who_am_i(world), 403, "<Code>InvalidClientTokenId</Code>");
    assert_refused(json_call(world), 403, "\"__type\":\"UnrecognizedClientException\"");
}

static void expired_token(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    struct local_key key = {.session_token = STR("token"), .expires_ms = world->now_ms + 60 * 1000};
    assert_ok(local_add_key(world->local, world->arena, &key, &err), &err);
    world->key = key;
    assert_status(list_buckets(world), 200);
    world->now_ms = key.expires_ms;
    assert_refused(list_buckets(world), 400, "<Code>ExpiredToken</Code>");
    assert_refused(who_am_i(world), 403, "<Code>ExpiredToken</Code>");
    assert_refused(json_call(world), 403, "\"__type\":\"ExpiredTokenException\"");
    world->key.session_token = STR_NULL;
    assert_refused(list_buckets(world), 400, "<Code>InvalidToken</Code>");
}

static void unsigned_request(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    struct http_request request = {.method = STR("GET"), .url = STR("http://127.0.0.1:1/")};
    struct http_response response;
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 403, "<Code>AccessDenied</Code>");
    request.url = STR("http://127.0.0.1:1/bucket/k?AWSAccessKeyId=A&Signature=B&Expires=1");
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 400, "Please use AWS4-HMAC-SHA256");
    struct http_header target = {STR("X-Amz-Target"), STR("SageMaker.ListModels")};
    request = (struct http_request){
        .method = STR("POST"),
        .url = STR("http://127.0.0.1:1/"),
        .headers = &target,
        .n_headers = 1,
        .body = STR("{}")};
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 403, "MissingAuthenticationTokenException");
    struct http_header broken = {STR("Authorization"), STR("AWS4-HMAC-SHA256 nonsense")};
    request = (struct http_request){
        .method = STR("GET"),
        .url = STR("http://127.0.0.1:1/"),
        .headers = &broken,
        .n_headers = 1};
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 400, "AuthorizationHeaderMalformed");
}

/* A client whose clock is wrong: signs with one time, arrives at another. */
static void clock_skew(void **state)
{
    struct world *world = *state;
    static const struct {
        int64_t late_ms;
        bool fine;
    } rows[] = {
        {14 * 60 * 1000, true},
        {-14 * 60 * 1000, true},
        {16 * 60 * 1000, false},
        {-16 * 60 * 1000, false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct http_request request = {.method = STR("GET"), .url = STR("http://127.0.0.1:1/")};
        struct sigv4_params params = {
            .region = STR("us-east-1"),
            .service = STR("s3"),
            .wall_ms = world->now_ms - rows[i].late_ms,
            .payload_hash = STR(SIGV4_EMPTY_HASH),
            .rules = sigv4_rules_for(STR("s3"))};
        struct sigv4_creds creds = {world->key.access_key, world->key.secret_key, STR_NULL};
        assert_ok(
            sigv4_sign(
                world->arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers,
                NULL, &err),
            &err);
        struct http_response response;
        assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
        if (rows[i].fine)
            assert_status(response, 200);
        else
            assert_refused(response, 403, "<Code>RequestTimeTooSkewed</Code>");
    }
}

static void body_that_was_changed_on_the_way(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    struct http_header header = {STR("x-test-payload-hash"), STR(SIGV4_EMPTY_HASH)};
    struct http_response response =
        call_with(world, "PUT", "/bucket/k", STR("tampered"), &header, 1);
    assert_refused(response, 400, "XAmzContentSHA256Mismatch");
    assert_status(call(world, "HEAD", "/bucket/k", "", NULL), 404);
}

static void presigned_url(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/a%20b", "bytes", NULL), 200);
    struct sigv4_params params = {
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .wall_ms = world->now_ms,
        .rules = sigv4_rules_for(STR("s3"))};
    struct sigv4_creds creds = {world->key.access_key, world->key.secret_key, STR_NULL};
    struct http_request request = {.method = STR("GET")};
    assert_ok(
        sigv4_presign(
            world->arena, &creds, &params, STR("GET"), STR("http://127.0.0.1:1/bucket/a%20b"), 60,
            &request.url, &err),
        &err);
    struct http_response response;
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 200, "bytes");
    world->now_ms += 61 * 1000;
    assert_ok(http_send(world->transport, world->arena, &request, &response, &err), &err);
    assert_refused(response, 403, "Request has expired");
}

static void denied_actions(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "1", NULL), 200);
    struct local_key key = {.deny = STR("s3:ListBucket, sagemaker:*")};
    assert_ok(local_add_key(world->local, world->arena, &key, &err), &err);
    world->key = key;
    assert_refused(call(world, "GET", "/bucket?list-type=2", "", NULL), 403, "s3:ListBucket");
    assert_refused(call(world, "GET", "/bucket/missing", "", NULL), 403, "AccessDenied");
    assert_status(call(world, "HEAD", "/bucket/missing", "", NULL), 403);
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "1");
    assert_status(list_buckets(world), 200);
    assert_fails(local_add_key(world->local, world->arena, &key, &err), ERR_EXISTS, &err, "exists");
}

static void other_accounts_are_strangers(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    make_bucket(world, "bucket");
    struct local_key mine = world->key, key = {.account = STR("999999999999")};
    assert_ok(local_add_key(world->local, world->arena, &key, &err), &err);
    world->key = key;
    assert_refused(call(world, "GET", "/bucket", "", NULL), 403, "AccessDenied");
    assert_refused(call(world, "PUT", "/bucket", "", NULL), 409, "BucketAlreadyExists");
    make_bucket(world, "theirs");
    world->key = mine;
    assert_status(call(world, "HEAD", "/theirs", "", NULL), 403);
    struct http_response response = list_buckets(world);
    assert_true(contains(response, "<Name>bucket</Name>"));
    assert_false(contains(response, "theirs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(first_key_is_let_in),
        WITH_WORLD(wrong_secret),
        WITH_WORLD(unknown_key),
        WITH_WORLD(expired_token),
        WITH_WORLD(unsigned_request),
        WITH_WORLD(clock_skew),
        WITH_WORLD(body_that_was_changed_on_the_way),
        WITH_WORLD(presigned_url),
        WITH_WORLD(denied_actions),
        WITH_WORLD(other_accounts_are_strangers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
