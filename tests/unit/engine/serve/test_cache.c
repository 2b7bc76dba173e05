#include "engine/serve/cache.h"

#include "tests/unit/engine/serve/models.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { CALLERS = 8 };

struct store {
    struct str model;
    atomic_uint loads, unloads;
    atomic_bool hold; /* loads wait as long as it is set */
};

static enum err_code load(void *self, struct str name, struct booster **out, struct err *err)
{
    struct store *store = self;
    atomic_fetch_add(&store->loads, 1);
    while (atomic_load(&store->hold))
        sched_yield();
    if (str_eq_z(name, "missing"))
        return err_set(err, ERR_NOT_FOUND, "there is no '" STR_FMT "'", STR_ARG(name));
    return booster_load(store->model, out, err);
}

static struct store *store_new(struct arena *arena)
{
    struct store *store = ARENA_NEW(arena, struct store);
    store->model = model_bytes(arena, 3, "binary:logistic", 2);
    return store;
}

static size_t memory_of(const struct store *store)
{
    AUTO(booster_close) struct booster *booster = NULL;
    struct err err = {0};
    must(booster_load(store->model, &booster, &err), &err);
    return booster_memory(booster);
}

/* Acquires and releases; whether it had to be loaded. */
static bool touch(struct cache *cache, const char *name)
{
    struct cached *model = NULL;
    struct err err = {0};
    bool waited = false;
    must(cache_acquire(cache, str_from(name), &model, &waited, &err), &err);
    assert_non_null(cached_booster(model));
    cache_release(cache, model, false);
    return waited;
}

static void drops_the_least_recently_used(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(2 * memory_of(store), STR_NULL, load, store);
    assert_true(touch(cache, "a"));
    assert_true(touch(cache, "b"));
    assert_false(touch(cache, "a"));
    assert_true(touch(cache, "c")); /* b goes */
    assert_int_equal(cache_count(cache), 2);
    assert_true(cache_has(cache, STR("a")));
    assert_false(cache_has(cache, STR("b")));
    assert_true(cache_has(cache, STR("c")));
    assert_int_equal(atomic_load(&store->loads), 3);
    cache_drop(cache, STR("a"));
    cache_drop(cache, STR("none"));
    assert_int_equal(cache_count(cache), 1);
    cache_drop_all(cache);
    assert_int_equal(cache_count(cache), 0);
    cache_free(cache);
    cache_free(NULL);
}

static void a_model_in_use_outlives_its_place(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(memory_of(store), STR_NULL, load, store);
    struct cached *held = NULL;
    struct err err = {0};
    bool waited = false;
    must(cache_acquire(cache, STR("a"), &held, &waited, &err), &err);
    assert_true(touch(cache, "b"));
    assert_false(cache_has(cache, STR("a")));
    assert_int_equal(booster_features(cached_booster(held)), MODEL_COLS);
    cache_release(cache, held, false);
    must(cache_acquire(cache, STR("b"), &held, &waited, &err), &err);
    assert_false(waited);
    cache_release(cache, held, true); /* ModelCacheSetting=Disabled */
    assert_false(cache_has(cache, STR("b")));
    cache_free(cache);
}

static void says_what_cannot_be_loaded(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(memory_of(store) - 1, STR_NULL, load, store);
    struct cached *model = NULL;
    struct err err = {0};
    bool waited = false;
    assert_fails(
        cache_acquire(cache, STR("a"), &model, &waited, &err), ERR_QUOTA, &err,
        "bytes of memory, the endpoint has");
    err = (struct err){0};
    assert_fails(
        cache_acquire(cache, STR("missing"), &model, &waited, &err), ERR_NOT_FOUND, &err,
        "there is no 'missing'");
    assert_null(model);
    assert_int_equal(cache_count(cache), 0);
    cache_free(cache);
}

struct caller {
    struct cache *cache;
    atomic_uint *begun;
    const char *name;
    enum err_code code;
};

static void *call(void *arg)
{
    struct caller *caller = arg;
    struct cached *model = NULL;
    struct err err = {0};
    bool waited = false;
    atomic_fetch_add(caller->begun, 1);
    caller->code = cache_acquire(caller->cache, str_from(caller->name), &model, &waited, &err);
    if (caller->code == ERR_NONE)
        cache_release(caller->cache, model, false);
    return NULL;
}

static void one_load_is_for_all_and_holds_up_no_other(void **state)
{
    (void) state;
    static const char *const names[] = {"a", "missing"};
    static const enum err_code codes[] = {ERR_NONE, ERR_NOT_FOUND};
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(MIB(64), STR_NULL, load, store);
    touch(cache, "other");
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        struct caller callers[CALLERS];
        pthread_t threads[CALLERS];
        atomic_uint begun = 0;
        unsigned before = atomic_load(&store->loads);
        atomic_store(&store->hold, true);
        for (size_t i = 0; i < CALLERS; i++) {
            callers[i] = (struct caller){cache, &begun, names[k], ERR_INTERNAL};
            assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
        }
        while (atomic_load(&begun) < CALLERS || atomic_load(&store->loads) == before)
            sched_yield();
        assert_false(touch(cache, "other"));
        atomic_store(&store->hold, false);
        for (size_t i = 0; i < CALLERS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(callers[i].code, codes[k]);
        }
        /* Who came after a failure has tried again. */
        if (codes[k] == ERR_NONE)
            assert_int_equal(atomic_load(&store->loads), before + 1);
    }
    cache_free(cache);
}

/* A load that is dropped while it runs still serves its caller. */
static void a_load_may_be_dropped(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(MIB(64), STR_NULL, load, store);
    atomic_uint begun = 0;
    struct caller caller = {cache, &begun, "a", ERR_INTERNAL};
    pthread_t thread;
    atomic_store(&store->hold, true);
    assert_int_equal(pthread_create(&thread, NULL, call, &caller), 0);
    while (atomic_load(&store->loads) == 0)
        sched_yield();
    cache_drop(cache, STR("a"));
    atomic_store(&store->hold, false);
    pthread_join(thread, NULL);
    assert_int_equal(caller.code, ERR_NONE);
    assert_int_equal(cache_count(cache), 0);
    cache_free(cache);
}

static void pinned_ones_stay(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(2 * memory_of(store), STR("p,q*"), load, store);
    struct cached *model = NULL;
    struct err err = {0};
    bool waited = false;
    touch(cache, "p");
    touch(cache, "a");
    touch(cache, "b");
    assert_true(cache_has(cache, STR("p")) && cache_has(cache, STR("b")));
    assert_false(cache_has(cache, STR("a")));
    touch(cache, "q1"); /* both are pinned now */
    assert_true(cache_has(cache, STR("p")) && cache_has(cache, STR("q1")));
    for (int i = 0; i < 2; i++) { /* a pinned one as well as any other */
        const char *name = i == 0 ? "c" : "q2";
        assert_int_equal(cache_acquire(cache, str_from(name), &model, &waited, &err), ERR_QUOTA);
        assert_non_null(strstr(err.message, "pinned models take"));
    }
    assert_int_equal(cache_count(cache), 2);
    cache_drop(cache, STR("p")); /* an order is an order */
    touch(cache, "c");
    assert_true(cache_has(cache, STR("q1")) && cache_has(cache, STR("c")));
    cache_free(cache);
}

static void count_unload(void *self, int64_t took_us)
{
    struct store *store = self;
    assert_true(took_us >= 0);
    atomic_fetch_add(&store->unloads, 1);
}

static void tells_what_is_unloaded(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct store *store = store_new(arena);
    struct cache *cache = cache_new(2 * memory_of(store), STR_NULL, load, store);
    struct cached *model = NULL;
    struct err err = {0};
    bool waited = false;
    cache_watch(cache, count_unload);
    touch(cache, "a");
    touch(cache, "b");
    assert_int_equal(cache_acquire(cache, STR("missing"), &model, &waited, &err), ERR_NOT_FOUND);
    assert_int_equal(atomic_load(&store->unloads), 0);
    touch(cache, "c"); /* a goes */
    assert_int_equal(atomic_load(&store->unloads), 1);
    cache_drop(cache, STR("b"));
    cache_drop(cache, STR("b"));
    assert_int_equal(atomic_load(&store->unloads), 2);
    must(cache_acquire(cache, STR("c"), &model, &waited, &err), &err);
    cache_drop(cache, STR("c"));
    assert_int_equal(atomic_load(&store->unloads), 2); /* in use */
    cache_release(cache, model, false);
    assert_int_equal(atomic_load(&store->unloads), 3);
    touch(cache, "a");
    cache_free(cache); /* with its instance */
    assert_int_equal(atomic_load(&store->unloads), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_the_least_recently_used),
        cmocka_unit_test(pinned_ones_stay),
        cmocka_unit_test(a_model_in_use_outlives_its_place),
        cmocka_unit_test(says_what_cannot_be_loaded),
        cmocka_unit_test(one_load_is_for_all_and_holds_up_no_other),
        cmocka_unit_test(a_load_may_be_dropped),
        cmocka_unit_test(tells_what_is_unloaded),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
