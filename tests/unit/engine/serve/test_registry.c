#include "engine/serve/registry.h"

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "tests/harness/test.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <pthread.h>

enum { COLS = 4, ROWS = 30, MODELS = 3, CALLERS = 4, ROUNDS = 400 };

/* Three models as files, and what each says to every row. */
struct world {
    struct arena *arena;
    struct registry *registry;
    struct str names[MODELS], paths[MODELS];
    float rows[ROWS * COLS], want[MODELS][ROWS];
    size_t memory;
};

static int set_up(void **state)
{
    struct arena *arena = arena_new("world", 0);
    struct world *world = ARENA_NEW(arena, struct world);
    struct err err = {0};
    world->arena = arena;
    const char *folder = test_folder_new(arena);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 7, ROWS, COLS, 2));
    for (size_t i = 0; i < ROWS; i++)
        dataset_copy_row(data, i, world->rows + i * COLS);
    for (size_t i = 0; i < MODELS; i++) {
        struct hyper_value values[] = {
            {STR("num_round"), str_fmt(arena, "%zu", 3 + 4 * i)},
            HYPER("objective", "binary:logistic")};
        struct str model = fixture_train(arena, data, NULL, values, 2).model;
        struct ensemble ensemble;
        world->names[i] = str_fmt(arena, "m%zu", i);
        world->paths[i] = path_join(arena, str_from(folder), world->names[i]);
        assert_ok(file_write_atomic(world->paths[i].ptr, model, 0600, &err), &err);
        assert_ok(ensemble_load(world->paths[i], true, &ensemble, &err), &err);
        assert_ok(
            ensemble_predict(&ensemble, arena, world->rows, ROWS, COLS, world->want[i], ROWS, &err),
            &err);
        world->memory = ensemble_memory(&ensemble);
        ensemble_done(&ensemble);
    }
    world->registry =
        registry_new(&(struct registry_options){.memory_bytes = MIB(64), .ensembles = true});
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    registry_free(world->registry);
    arena_free(world->arena);
    return 0;
}

static void test_load_and_unload(void **state)
{
    struct world *world = *state;
    struct registry *registry = world->registry;
    struct served served;
    struct err err = {0};
    assert_false(registry_acquire(registry, world->names[0], &served));
    assert_false(registry_acquire_only(registry, &served));
    assert_ok(registry_load(registry, world->names[0], world->paths[0], &err), &err);
    assert_true(registry_acquire_only(registry, &served));
    assert_true(str_eq(served.path, world->paths[0]));
    registry_release(registry, &served);
    assert_fails(
        registry_load(registry, world->names[0], world->paths[1], &err), ERR_EXISTS, &err,
        "is already there");
    assert_ok(registry_load(registry, world->names[1], world->paths[1], &err), &err);
    assert_false(registry_acquire_only(registry, &served));
    assert_fails(
        registry_load(registry, world->names[2], STR("/no/such"), &err), ERR_NOT_FOUND, &err,
        "/no/such");
    struct registry_totals totals = registry_totals(registry);
    assert_int_equal(totals.models, 2);
    assert_int_equal(totals.loading, 0);
    assert_int_equal(totals.loads, 2);
    assert_int_equal(totals.load_failures, 1);
    assert_ok(registry_unload(registry, world->names[0], &err), &err);
    assert_ok(registry_unload(registry, world->names[1], &err), &err);
    assert_fails(
        registry_unload(registry, world->names[1], &err), ERR_NOT_FOUND, &err,
        "Model not found: m1");
    totals = registry_totals(registry);
    assert_int_equal(totals.models, 0);
    assert_int_equal(totals.used_bytes, 0);
    assert_int_equal(totals.unloads, 2);
}

static void test_pages(void **state)
{
    struct world *world = *state;
    struct registered *items;
    struct err err = {0};
    size_t len;
    bool more;
    for (size_t i = MODELS; i-- > 0;)
        assert_ok(registry_load(world->registry, world->names[i], world->paths[i], &err), &err);
    registry_list(world->registry, world->arena, STR_NULL, 2, &items, &len, &more);
    assert_int_equal(len, 2);
    assert_true(more);
    assert_true(str_eq(items[0].name, STR("m0")) && str_eq(items[1].name, STR("m1")));
    registry_list(world->registry, world->arena, STR("m1"), 2, &items, &len, &more);
    assert_int_equal(len, 1);
    assert_false(more);
    registry_list(world->registry, world->arena, STR_NULL, 3, &items, &len, &more);
    assert_int_equal(len, 3);
    assert_false(more);
    for (size_t i = 0; i < MODELS; i++)
        assert_ok(registry_unload(world->registry, world->names[i], &err), &err);
}

/* The last model's size, and one byte less: the limit is exact, and a refused model leaves nothing.
 */
static void test_memory(void **state)
{
    struct world *world = *state;
    const size_t last = MODELS - 1;
    for (size_t less = 0; less < 2; less++) {
        struct err err = {0};
        struct registry *registry = registry_new(
            &(struct registry_options){.memory_bytes = world->memory - less, .ensembles = true});
        enum err_code code = registry_load(registry, STR("x"), world->paths[last], &err);
        assert_int_equal(code, less == 0 ? ERR_NONE : ERR_QUOTA);
        assert_int_equal(registry_totals(registry).used_bytes, less == 0 ? world->memory : 0);
        if (less == 0)
            assert_fails(
                registry_load(registry, STR("y"), world->paths[last], &err), ERR_QUOTA, &err,
                "bytes of memory");
        registry_free(registry);
    }
}

struct caller {
    struct world *world;
    pthread_t thread;
    size_t right, wrong;
    uint64_t seed;
};

static void *call_at_random(void *arg)
{
    struct caller *caller = arg;
    struct world *world = caller->world;
    struct rng rng;
    rng_seed(&rng, caller->seed);
    AUTO(arena_close) struct arena *arena = arena_new("caller", 0);
    for (size_t n = 0; n < ROUNDS; n++) {
        size_t i = rng_below(&rng, MODELS);
        struct served served;
        float got[ROWS];
        struct err err = {0};
        if (n % 8 == 0)
            (void) !registry_load(world->registry, world->names[i], world->paths[i], &err);
        if (n % 8 == 4)
            (void) !registry_unload(world->registry, world->names[i], &err);
        if (!registry_acquire(world->registry, world->names[i], &served))
            continue;
        bool good =
            ensemble_predict(served.ensemble, arena, world->rows, ROWS, COLS, got, ROWS, &err) ==
                ERR_NONE &&
            memcmp(got, world->want[i], sizeof(got)) == 0;
        registry_release(world->registry, &served);
        caller->right += good;
        caller->wrong += !good;
    }
    return NULL;
}

/* Unloading waits for who uses the model; nobody ever sees half of one. */
static void test_at_once(void **state)
{
    struct world *world = *state;
    struct caller callers[CALLERS];
    size_t right = 0;
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.world = world, .seed = 40 + i};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_at_random, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].wrong, 0);
        right += callers[i].right;
    }
    assert_true(right > 0);
    struct err err = {0};
    for (size_t i = 0; i < MODELS; i++)
        (void) !registry_unload(world->registry, world->names[i], &err);
    assert_int_equal(registry_totals(world->registry).used_bytes, 0);
}

static void load_as(struct registry *registry, const struct world *world, const char *name)
{
    struct err err = {0};
    assert_ok(registry_load(registry, str_from(name), world->paths[2], &err), &err);
}

static bool is_there(struct registry *registry, const char *name)
{
    struct served served;
    if (!registry_acquire(registry, str_from(name), &served))
        return false;
    atomic_store(served.last_us, (uint64_t) clock_tick_us());
    registry_release(registry, &served);
    return true;
}

static void test_evicts_but_no_pinned(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    struct registry *registry = registry_new(&(struct registry_options){
        .memory_bytes = 2 * world->memory, .evicts = true, .pins = STR("p")});
    load_as(registry, world, "a");
    load_as(registry, world, "b");
    assert_true(is_there(registry, "a")); /* and b was called longer ago */
    load_as(registry, world, "p");
    assert_true(is_there(registry, "a") && is_there(registry, "p") && !is_there(registry, "b"));
    load_as(registry, world, "c");
    assert_true(is_there(registry, "p") && is_there(registry, "c") && !is_there(registry, "a"));
    assert_true(registry_pin(registry, STR("c")) && registry_pin(registry, STR("c")));
    assert_false(registry_pin(registry, STR("never")));
    assert_fails(
        registry_load(registry, STR("d"), world->paths[2], &err), ERR_QUOTA, &err,
        "without the pinned models");
    struct registry_totals totals = registry_totals(registry);
    assert_int_equal(totals.models, 2);
    assert_int_equal(totals.pinned, 2);
    assert_int_equal(totals.evictions, 2);
    assert_int_equal(totals.unloads, 2);
    assert_ok(registry_unload(registry, STR("p"), &err), &err); /* an order is an order */
    load_as(registry, world, "d");
    totals = registry_totals(registry);
    assert_int_equal(totals.pinned, 1);
    assert_int_equal(totals.used_bytes, 2 * world->memory);
    registry_free(registry);
}

/* Nothing is dropped for a load that would not fit even then. */
static void test_evicts_nothing_in_vain(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    struct registry *registry =
        registry_new(&(struct registry_options){.memory_bytes = world->memory - 1, .evicts = true});
    assert_ok(registry_load(registry, STR("small"), world->paths[0], &err), &err);
    assert_fails(
        registry_load(registry, STR("large"), world->paths[2], &err), ERR_QUOTA, &err, "bytes");
    assert_true(is_there(registry, "small"));
    registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_and_unload),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_evicts_but_no_pinned),
        cmocka_unit_test(test_evicts_nothing_in_vain)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
