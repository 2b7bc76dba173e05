/* tests/unit/engine/local/fixture.h - a stand-in in memory with a virtual clock, and signed calls
 * to it.
 */
#ifndef TESTS_UNIT_ENGINE_LOCAL_FIXTURE_H
#define TESTS_UNIT_ENGINE_LOCAL_FIXTURE_H

#include "tests/harness/test.h"

#include "engine/aws/sigv4.h"
#include "engine/base/xml.h"
#include "engine/local/local.h"
#include "engine/local/transport.h"

struct world {
    struct arena *arena;
    struct local *local;
    struct http_transport *transport;
    int64_t now_ms;
    struct local_key key; /* the one calls are signed with */
    const char *region, *service, *host;
};

static UNUSED int64_t world_now(void *self)
{
    return ((struct world *) self)->now_ms;
}

static UNUSED struct clock world_clock(struct world *world)
{
    static const struct clock_ops ops = {world_now, world_now};
    return (struct clock){&ops, world};
}

/* folder NULL: in memory. */
static UNUSED void world_open_at(struct world *world, const char *folder)
{
    struct err err = {0};
    struct local_delays delays = local_delays_zero();
    struct local_options options = {
        .folder = folder,
        .clock = world_clock(world),
        .seed = 1,
        .delays = &delays,
        .inline_work = true};
    assert_ok(local_open(&options, &world->local, &err), &err);
    assert_ok(local_first_key(world->local, world->arena, &world->key, &err), &err);
    world->transport = local_transport_new(world->local);
}

static UNUSED int world_setup(void **state)
{
    struct world *world = xmalloc(sizeof(*world));
    *world = (struct world){
        .arena = arena_new("test", 0),
        .now_ms = INT64_C(1790000000000),
        .region = "us-east-1",
        .service = "s3",
        .host = "127.0.0.1:1"};
    world_open_at(world, NULL);
    *state = world;
    return 0;
}

static UNUSED void world_shut(struct world *world)
{
    http_close(world->transport);
    local_close(world->local);
}

static UNUSED int world_teardown(void **state)
{
    struct world *world = *state;
    world_shut(world);
    arena_free(world->arena);
    xfree(world);
    return 0;
}

#define WITH_WORLD(function) \
    cmocka_unit_test_setup_teardown((function), world_setup, world_teardown)

/* Bodies of calls that are not text. */
static UNUSED struct http_response call_with(
    struct world *world,
    const char *method,
    const char *target,
    struct str body,
    struct http_header *headers,
    size_t n_headers)
{
    struct err err = {0};
    struct arena *arena = world->arena;
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(arena, "http://%s%s", world->host, target),
        .headers = headers,
        .n_headers = n_headers,
        .body = body};
    struct sigv4_params params = {
        .region = str_from(world->region),
        .service = str_from(world->service),
        .wall_ms = world->now_ms,
        .rules = sigv4_rules_for(str_from(world->service))};
    params.payload_hash = http_header_get(headers, n_headers, "x-test-payload-hash");
    if (str_is_null(params.payload_hash))
        params.payload_hash = sha256_hex(arena, body);
    struct sigv4_creds creds = {
        world->key.access_key, world->key.secret_key, world->key.session_token};
    assert_ok(
        sigv4_sign(
            arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers, NULL,
            &err),
        &err);
    struct http_response response = {0};
    assert_ok(http_send(world->transport, arena, &request, &response, &err), &err);
    return response;
}

/* Headers as pairs of name and value, ended by NULL. */
static UNUSED struct http_response
call(struct world *world, const char *method, const char *target, const char *body, ...)
{
    struct http_header headers[16];
    size_t count = 0;
    va_list args;
    va_start(args, body);
    for (const char *name; (name = va_arg(args, const char *)) != NULL; count++) {
        assert_true(count < ARRAY_LEN(headers));
        headers[count] = (struct http_header){str_from(name), str_from(va_arg(args, const char *))};
    }
    va_end(args);
    return call_with(world, method, target, str_from(body), headers, count);
}

static UNUSED struct str header(struct http_response response, const char *name)
{
    return http_header_get(response.headers, response.n_headers, name);
}

static UNUSED bool contains(struct http_response response, const char *part)
{
    return str_find(response.body, str_from(part)) != SIZE_MAX;
}

/* Status and S3's error code at once. */
#define assert_refused(response, wanted_status, wanted_code) \
    do { \
        struct http_response refused_ = (response); \
        if (refused_.status != (wanted_status) || !contains(refused_, (wanted_code))) \
            fail_msg( \
                "%d %s wanted, got %d: " STR_FMT, (wanted_status), (wanted_code), refused_.status, \
                STR_ARG(refused_.body)); \
    } while (0)

#define assert_status(response, wanted) assert_refused((response), (wanted), "")

static UNUSED void make_bucket(struct world *world, const char *name)
{
    assert_status(call(world, "PUT", str_fmt(world->arena, "/%s", name).ptr, "", NULL), 200);
}

#endif
