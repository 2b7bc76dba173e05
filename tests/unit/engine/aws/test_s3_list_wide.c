/* Against the stand-in in process: whatever the keys and the bounds, ranges side by side give what
 * one listing from front to end gives. */
#include "tests/harness/http_script.h"
#include "tests/unit/engine/kinds/life.h"

#include "engine/base/map.h"

#define BUCKET STR("wide-bucket")

struct world_of_keys {
    struct http_transport between; /* first: it is what the transport's functions are given */
    struct rng rng;
    struct str *keys; /* as they were put, in any order */
    size_t count, width;
    struct str *bounds;
    size_t n_bounds;
    struct str after;
    size_t requests_serial, requests_wide;
    /* While the ranges are listed: a transport that puts and deletes keys in between. */
    struct http_transport *inner;
    struct aws *aws;
    struct arena *arena;
    size_t changes;
};

static void put_key(struct aws *aws, struct arena *arena, struct str key)
{
    struct err err = {0};
    assert_ok(s3_put(aws, arena, BUCKET, key, STR("x"), NULL, NULL, &err), &err);
}

static void put_keys(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    const struct world_of_keys *world = arg;
    struct err err = {0};
    (void) life;
    assert_ok(s3_bucket_create(aws, r->arena, BUCKET, &err), &err);
    for (size_t i = 0; i < world->count; i++)
        put_key(aws, r->arena, world->keys[i]);
}

static void same_listing(const struct s3_listing *a, const struct s3_listing *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        if (!str_eq(a->objects[i].key, b->objects[i].key))
            fail_msg(
                "%zu: '" STR_FMT "', not '" STR_FMT "'", i, STR_ARG(a->objects[i].key),
                STR_ARG(b->objects[i].key));
        assert_true(str_eq(a->objects[i].etag, b->objects[i].etag));
        assert_true(a->objects[i].size_bytes == b->objects[i].size_bytes);
        assert_true(a->objects[i].modified_ms == b->objects[i].modified_ms);
    }
}

static void list_both_ways(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct world_of_keys *world = arg;
    struct err err = {0};
    struct s3_listing serial, wide;
    struct s3_list_options one = {.prefix = STR("p/"), .start_after = world->after};
    assert_ok(s3_list(aws, r->arena, BUCKET, &one, &serial, &err), &err);
    world->requests_serial = life->fault.requests;
    struct s3_wide_options many = {
        .prefix = STR("p/"),
        .start_after = world->after,
        .bounds = world->bounds,
        .n_bounds = world->n_bounds,
        .width = world->width};
    AUTO(arena_close) struct arena *scratch = arena_new("wide", 0);
    assert_ok(s3_list_wide(aws, life->loop, r->arena, scratch, BUCKET, &many, &wide, &err), &err);
    world->requests_wide = life->fault.requests - world->requests_serial;
    assert_false(wide.from_front);
    same_listing(&wide, &serial);
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *) a, *(const struct str *) b);
}

/* Short keys over few letters, so that many share their beginnings; some outside of the prefix. */
static struct str random_key(struct life *life, struct rng *rng)
{
    static const char *const s_letters[] = {"a",        "b", "-", "--", "/",
                                            "\xC3\xA9", "z", "0", "%",  " "};
    struct str key = rng_below(rng, 20) == 0 ? STR("q/") : STR("p/");
    for (size_t n = 1 + rng_below(rng, 7); n > 0; n--)
        key = str_fmt(
            life->arena, STR_FMT "%s", STR_ARG(key),
            s_letters[rng_below(rng, ARRAY_LEN(s_letters))]);
    return key;
}

static void random_world(struct life *life, struct world_of_keys *world, size_t count)
{
    world->keys = ARENA_ARRAY(life->arena, count, struct str);
    world->count = count;
    for (size_t i = 0; i < count; i++)
        world->keys[i] = random_key(life, &world->rng);
}

/* Keys that are there, keys that are not, twice the same, beyond either end. */
static void random_bounds(struct life *life, struct world_of_keys *world)
{
    world->n_bounds = rng_below(&world->rng, 12);
    world->bounds = ARENA_ARRAY(life->arena, world->n_bounds + 1, struct str);
    for (size_t i = 0; i < world->n_bounds; i++)
        world->bounds[i] = rng_below(&world->rng, 2) == 0 && world->count > 0
                               ? world->keys[rng_below(&world->rng, world->count)]
                               : random_key(life, &world->rng);
    qsort(world->bounds, world->n_bounds, sizeof(struct str), by_bytes);
    world->after = rng_below(&world->rng, 3) == 0 ? random_key(life, &world->rng) : STR_NULL;
    world->width = 1 + rng_below(&world->rng, 9);
}

static void any_bounds_give_every_key_once(void **state)
{
    (void) state;
    uint64_t seed = test_seed();
    for (size_t i = 0; i < 4; i++) {
        static const size_t s_counts[] = {0, 7, 1200, 3300};
        AUTO(life_close) struct life *life = life_new();
        struct world_of_keys world = {0};
        rng_seed(&world.rng, seed + i);
        random_world(life, &world, s_counts[i]);
        life_run(life, put_keys, &world);
        for (size_t k = 0; k < 12; k++) {
            random_bounds(life, &world);
            life_run(life, list_both_ways, &world);
        }
    }
}

/* Pages end at 1,000 keys: ranges of just that many, one less and one more. */
static void ranges_of_whole_pages(void **state)
{
    (void) state;
    static const struct {
        size_t keys, bound; /* the bound: the key of that index */
        size_t requests;
    } s_cases[] = {{999, 999, 1},   {1000, 1000, 1}, {1001, 1000, 3},
                   {2000, 999, 2},  {2000, 998, 3},  {2000, 1000, 3},
                   {2001, 1000, 3}, {2000, 1999, 3}, {2000, 0, 3}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        AUTO(life_close) struct life *life = life_new();
        struct world_of_keys world = {.count = s_cases[i].keys, .width = 2};
        world.keys = ARENA_ARRAY(life->arena, world.count, struct str);
        for (size_t k = 0; k < world.count; k++)
            world.keys[k] = str_fmt(life->arena, "p/%05zu", k);
        struct str bound = str_fmt(life->arena, "p/%05zu", s_cases[i].bound);
        world.bounds = &bound;
        world.n_bounds = s_cases[i].bound < world.count;
        life_run(life, put_keys, &world);
        life_run(life, list_both_ways, &world);
        if (world.requests_wide != s_cases[i].requests)
            fail_msg("case %zu: %zu requests", i, world.requests_wide);
    }
}

/* ---- a listing that changes ---- */

static enum err_code send_between(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err)
{
    struct world_of_keys *world = (struct world_of_keys *) transport;
    bool lists = str_find(request->url, STR("list-type=2")) != SIZE_MAX;
    enum err_code code = http_send(world->inner, arena, request, ret_response, err);
    /* After every page one of the odd keys comes or goes; the even ones are always there. */
    for (size_t i = 0; lists && i < 3; i++) {
        size_t odd = 2 * rng_below(&world->rng, world->count / 2) + 1;
        struct err failure = {0};
        world->changes++;
        if (rng_below(&world->rng, 2) == 0)
            assert_ok(
                s3_delete(world->aws, world->arena, BUCKET, world->keys[odd], STR_NULL, &failure),
                &failure);
        else
            put_key(world->aws, world->arena, world->keys[odd]);
    }
    return code;
}

static void close_nothing(struct http_transport *transport)
{
    (void) transport;
}

static const struct http_transport_ops s_between_ops = {
    .name = "between", .send = send_between, .close = close_nothing};

static void
list_while_it_changes(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct world_of_keys *world = arg;
    struct err err = {0};
    struct s3_listing wide;
    world->aws = aws;
    world->arena = r->arena;
    struct s3_wide_options many = {
        .prefix = STR("p/"),
        .bounds = world->bounds,
        .n_bounds = world->n_bounds,
        .width = world->width};
    AUTO(arena_close) struct arena *scratch = arena_new("wide", 0);
    assert_ok(s3_list_wide(aws, life->loop, r->arena, scratch, BUCKET, &many, &wide, &err), &err);
    struct map *seen = map_new(r->arena);
    for (size_t i = 0; i < wide.count; i++) {
        assert_null(map_put(seen, wide.objects[i].key, world));
        assert_true(i == 0 || str_cmp(wide.objects[i - 1].key, wide.objects[i].key) < 0);
    }
    for (size_t i = 0; i < world->count; i += 2)
        if (!map_has(seen, world->keys[i]))
            fail_msg("'" STR_FMT "' is missing", STR_ARG(world->keys[i]));
}

static void what_stays_is_seen_once_while_others_come_and_go(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct world_of_keys world = {.count = 3000, .width = 4, .between = {&s_between_ops}};
    rng_seed(&world.rng, test_seed());
    world.keys = ARENA_ARRAY(life->arena, world.count, struct str);
    for (size_t k = 0; k < world.count; k++)
        world.keys[k] = str_fmt(life->arena, "p/%05zu", k);
    life_run(life, put_keys, &world);
    world.inner = life->wire;
    for (size_t i = 0; i < 6; i++) {
        random_bounds(life, &world);
        for (size_t k = 0; k < world.n_bounds; k++)
            world.bounds[k] = world.keys[(k + 1) * world.count / (world.n_bounds + 2)];
        life->fault.inner = &world.between;
        life_run(life, list_while_it_changes, &world);
    }
    assert_true(world.changes > 0);
}

/* ---- other stores, and failures ---- */

#define ITEM(key) \
    "<Contents><Key>" key "</Key><LastModified>2026-11-24T06:29:00.000Z</LastModified><ETag>e" \
    "</ETag><Size>1</Size></Contents>"
#define PAGE(more, items) \
    "<ListBucketResult><IsTruncated>" more "</IsTruncated><NextContinuationToken>t" \
    "</NextContinuationToken>" items "</ListBucketResult>"
#define LIST "GET https://bkt.s3.us-east-1.amazonaws.com/?"
#define FRONT "encoding-type=url&list-type=2&prefix=p%2F"

struct wide_run {
    struct script script;
    size_t width;
    struct arena *scratch;
    struct s3_listing listing;
    enum err_code code;
    struct err err;
};

static void wide_task(void *arg)
{
    struct wide_run *run = arg;
    static const struct str s_bounds[] = {STR_INIT("p/b"), STR_INIT("p/d")};
    struct s3_wide_options options = {
        .prefix = STR("p/"),
        .start_after = STR("p/b"), /* the first bound lies before what is asked for */
        .bounds = s_bounds,
        .n_bounds = ARRAY_LEN(s_bounds),
        .width = run->width};
    run->code = s3_list_wide(
        run->script.aws, aws_loop(run->script.aws), run->script.arena, run->scratch, STR("bkt"),
        &options, &run->listing, &run->err);
}

static void play(struct wide_run *run, const struct http_step *steps, size_t count)
{
    script_open(&run->script, "us-east-1", "123456789012", NULL, NULL);
    run->scratch = run->script.arena;
    script_run(&run->script, steps, count, wide_task, run);
    script_check(&run->script, "wide listing");
}

static void a_store_without_start_after_is_listed_from_the_front(void **state)
{
    (void) state;
    const struct http_step steps[] = {
        {.expect = LIST FRONT "&start-after=p%2Fb",
         .status = 200,
         .reply = PAGE("false", ITEM("p/a") ITEM("p/c"))},
        {.expect = LIST FRONT, .status = 200, .reply = PAGE("true", ITEM("p/c") ITEM("p/a"))},
        {.expect = LIST "continuation-token=t&" FRONT,
         .status = 200,
         .reply = PAGE("false", ITEM("p/b"))},
    };
    struct wide_run run = {.width = 1};
    play(&run, steps, ARRAY_LEN(steps));
    assert_ok(run.code, &run.err);
    assert_true(run.listing.from_front);
    assert_int_equal(run.listing.count, 3);
    assert_str(run.listing.objects[0].key, "p/c");
    script_close(&run.script);
}

static void empty_pages_are_gone_through(void **state)
{
    (void) state;
    const struct http_step steps[] = {
        {.expect = LIST FRONT "&start-after=p%2Fb", .status = 200, .reply = PAGE("true", "")},
        {.expect = LIST "continuation-token=t&" FRONT,
         .status = 200,
         .reply = PAGE("true", ITEM("p/c") ITEM("p/d"))},
        {.expect = LIST FRONT "&start-after=p%2Fd", .status = 200, .reply = PAGE("false", "")},
    };
    struct wide_run run = {.width = 1};
    play(&run, steps, ARRAY_LEN(steps));
    assert_ok(run.code, &run.err);
    assert_false(run.listing.from_front);
    assert_int_equal(run.listing.count, 2);
    script_close(&run.script);
}

static void the_first_failure_ends_it(void **state)
{
    (void) state;
    const struct http_step steps[] = {
        {.expect = LIST FRONT "&start-after=p%2Fb",
         .status = 403,
         .reply = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"},
    };
    struct wide_run run = {.width = 1};
    play(&run, steps, ARRAY_LEN(steps));
    assert_fails(run.code, ERR_DENIED, &run.err, "no");
    script_close(&run.script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bounds_give_every_key_once),
        cmocka_unit_test(ranges_of_whole_pages),
        cmocka_unit_test(what_stays_is_seen_once_while_others_come_and_go),
        cmocka_unit_test(a_store_without_start_after_is_listed_from_the_front),
        cmocka_unit_test(empty_pages_are_gone_through),
        cmocka_unit_test(the_first_failure_ends_it),
    };
    return cmocka_run_group_tests_name("s3_list_wide", tests, NULL, NULL);
}
