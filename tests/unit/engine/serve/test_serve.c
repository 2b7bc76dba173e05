#include "engine/serve/serve.h"

#include "engine/serve/repr.h"
#include "engine/xgb/artifact.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>
#include <pthread.h>

enum { COLS = 5, ROWS = 40, MODELS = 6 };

/* A store in memory that counts fetches and can hold one back until the test lets it go. */
struct store {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct str names[MODELS + 2], tars[MODELS + 2];
    size_t count, fetches;
    const char *held; /* this one waits in fetch() */
    size_t waiting;
};

static enum err_code store_fetch(
    void *self, struct arena *arena, struct str target, struct str *ret_tar_gz, struct err *err)
{
    struct store *store = self;
    pthread_mutex_lock(&store->lock);
    store->fetches++;
    store->waiting++;
    pthread_cond_broadcast(&store->changed);
    while (store->held != NULL && str_eq_z(target, store->held))
        pthread_cond_wait(&store->changed, &store->lock);
    store->waiting--;
    enum err_code code = ERR_NOT_FOUND;
    for (size_t i = 0; i < store->count; i++) {
        if (str_eq(store->names[i], target)) {
            *ret_tar_gz = str_dup(arena, store->tars[i]);
            code = ERR_NONE;
        }
    }
    pthread_mutex_unlock(&store->lock);
    if (code != ERR_NONE)
        return err_set(err, code, "no artifact '" STR_FMT "'", STR_ARG(target));
    return code;
}

static const struct serve_store_ops s_store_ops = {store_fetch};

struct world {
    struct arena *arena;
    struct store store;
    struct str rows;              /* without labels */
    struct str row[ROWS];         /* each of them */
    float want[MODELS][ROWS * 3]; /* libxgboost's predictions */
    size_t outputs[MODELS], memory[MODELS];
};

static void store_add(struct world *world, const char *name, struct str tar_gz)
{
    world->store.names[world->store.count] = str_from(name);
    world->store.tars[world->store.count++] = tar_gz;
}

static struct str pack(struct world *world, struct str model)
{
    AUTO(buf_done) struct buf tar = BUF_INIT(MIB(16));
    struct err err = {0};
    must(artifact_pack(model, &tar, &err), &err);
    return str_dup(world->arena, buf_str(&tar));
}

static void score(struct world *world, size_t i, struct str model, const struct dataset *data)
{
    struct err err = {0};
    AUTO(booster_close) struct booster *booster = NULL;
    must(booster_load(model, &booster, &err), &err);
    world->outputs[i] = booster_outputs(booster);
    world->memory[i] = booster_memory(booster);
    for (size_t k = 0; k < ROWS; k++) {
        float row[COLS];
        dataset_copy_row(data, k, row);
        must(
            booster_predict(
                booster, row, 1, COLS, world->want[i] + k * world->outputs[i], world->outputs[i],
                &err),
            &err);
    }
}

/* m0 to m4 are binary, m5 gives three probabilities; then one that is broken. */
static int set_up(void **state)
{
    static const char *const names[MODELS] = {"m0", "m1", "m2", "m3", "m4", "m5"};
    struct arena *arena = arena_new("world", 0);
    struct world *world = ARENA_NEW(arena, struct world);
    world->arena = arena;
    pthread_mutex_init(&world->store.lock, NULL);
    pthread_cond_init(&world->store.changed, NULL);
    struct str csv = fixture_csv(arena, 21, ROWS, COLS, 2), rest = csv, line;
    AUTO(dataset_close) struct dataset *data = fixture_dataset(csv);
    AUTO(buf_done) struct buf rows = BUF_INIT(MIB(1));
    for (size_t i = 0; str_split(&rest, '\n', &line) && i < ROWS; i++) {
        world->row[i] = str_from_index(line, 2);
        buf_add(&rows, world->row[i]);
        buf_add_char(&rows, '\n');
    }
    world->rows = str_dup(arena, buf_str(&rows));
    for (size_t i = 0; i < MODELS; i++) {
        bool last = i + 1 == MODELS;
        struct hyper_value values[] = {
            {STR("num_round"), str_fmt(arena, "%zu", 5 + i)},
            {STR("objective"), last ? STR("multi:softprob") : STR("binary:logistic")},
            HYPER("num_class", "3"),
        };
        struct str model = fixture_train(arena, data, NULL, values, last ? 3 : 2).model;
        score(world, i, model, data);
        store_add(world, names[i], pack(world, model));
    }
    store_add(world, "broken", pack(world, STR("no model")));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pthread_cond_destroy(&world->store.changed);
    pthread_mutex_destroy(&world->store.lock);
    arena_free(world->arena);
    return 0;
}

static struct serve *serve_of(struct world *world, size_t memory_bytes, bool cache_disabled)
{
    world->store.fetches = 0;
    struct serve_options options = {
        .memory_bytes = memory_bytes,
        .cache_disabled = cache_disabled,
        .default_accept = STR_NULL,
        .store = &s_store_ops,
        .store_self = &world->store};
    return serve_new(&options);
}

static struct serve_response
invoke(struct serve *serve, struct arena *arena, const char *target, struct str body)
{
    struct serve_request request = {
        .target = str_from(target),
        .content_type = STR("text/csv"),
        .accept = STR("text/csv"),
        .body = body};
    struct serve_response response = {0};
    struct err err = {0};
    must(serve_invoke(serve, arena, &request, &response, &err), &err);
    return response;
}

static struct str as_text(struct arena *arena, const float *values, size_t count)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    for (size_t i = 0; i < count; i++) {
        char number[REPR_MAX];
        if (i > 0)
            buf_add_char(&text, ',');
        buf_add_mem(&text, number, repr_float((double) values[i], false, number));
    }
    return str_dup(arena, buf_str(&text));
}

static void test_predictions(void **state)
{
    struct world *world = *state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct serve *serve = serve_of(world, 0, false);
    for (size_t i = 0; i + 1 < MODELS; i++) {
        const char *name = world->store.names[i].ptr;
        struct serve_response first = invoke(serve, arena, name, world->rows);
        assert_int_equal(first.status, 200);
        assert_true(first.loaded_now);
        assert_true(first.load_us > 0);
        assert_true(str_eq(first.body, as_text(arena, world->want[i], ROWS)));
        assert_true(str_eq_z(first.content_type, "text/csv"));
        for (size_t k = 0; k < ROWS; k++) {
            struct serve_response one = invoke(serve, arena, name, world->row[k]);
            assert_false(one.loaded_now);
            assert_int_equal(one.load_us, 0);
            assert_true(str_eq(one.body, as_text(arena, &world->want[i][k], 1)));
        }
    }
    /* Without Content-Type and Accept: libsvm in, JSON out; three values per row. */
    struct serve_request request = {.target = STR("m5"), .body = STR("0:1 1:2\n4:3.5")};
    struct serve_response response = {0};
    struct err err = {0};
    must(serve_invoke(serve, arena, &request, &response, &err), &err);
    assert_int_equal(response.status, 200);
    assert_true(str_eq_z(response.content_type, "application/json"));
    struct str body = response.body;
    assert_true(str_starts(body, STR("[[")) && str_ends(body, STR("]]")));
    assert_int_not_equal(str_find(body, STR("], [")), SIZE_MAX);
    assert_int_equal(world->store.fetches, MODELS);
    assert_int_equal(serve_loaded_count(serve), MODELS);
    serve_free(serve);
}

static void test_refusals(void **state)
{
    struct world *world = *state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct serve *serve = serve_of(world, 0, false);
    static const struct {
        const char *target, *type, *accept, *body;
        int status;
        const char *reason;
    } cases[] = {
        {"m0", "text/csv", NULL, "", 204, ""},
        {"m0", "image/png", NULL, "x", 415, "Content-Type 'image/png'"},
        {"m0", "text/csv", "image/png", "1,2,3,4,5", 406, "image/png is not an accepted Accept"},
        {"m0", "text/csv", NULL, "1,2,3,4", 400, "data 4 is not consistent with"},
        {"m0", "text/csv", NULL, "1,2,3,4,x", 400, "row 1, column 5: 'x' is not a number"},
        {"broken", "text/csv", NULL, "1,2", 500, "Unable to load model: the bytes are not"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct serve_request request = {
            .target = str_from(cases[i].target),
            .content_type = str_from(cases[i].type),
            .accept = str_from(cases[i].accept),
            .body = str_from(cases[i].body)};
        struct serve_response response = {0};
        struct err err = {0};
        must(serve_invoke(serve, arena, &request, &response, &err), &err);
        if (response.status != cases[i].status ||
            str_find(response.body, str_from(cases[i].reason)) == SIZE_MAX)
            fail_msg("case %zu: %d " STR_FMT, i, response.status, STR_ARG(response.body));
    }
    struct serve_request request = {.target = STR("absent"), .body = STR("0:1")};
    struct serve_response response = {0};
    struct err err = {0};
    assert_int_equal(serve_invoke(serve, arena, &request, &response, &err), ERR_NOT_FOUND);
    assert_string_equal(err.message, "no artifact 'absent'");
    assert_int_equal(serve_loaded_count(serve), 1);
    /* A failed load is not remembered. */
    size_t fetches = world->store.fetches;
    (void) invoke(serve, arena, "broken", STR("1"));
    assert_int_equal(world->store.fetches, fetches + 1);
    serve_free(serve);
}

static void test_least_recently_used_goes_first(void **state)
{
    struct world *world = *state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    /* Room for the three largest of the binary ones, not for four. */
    size_t room = world->memory[2] + world->memory[3] + world->memory[4];
    struct serve *serve = serve_of(world, room, false);
    static const char *const calls[] = {"m0", "m1", "m2", "m0", "m3"};
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        assert_int_equal(invoke(serve, arena, calls[i], world->row[0]).status, 200);
    assert_true(serve_is_loaded(serve, STR("m0")));
    assert_false(serve_is_loaded(serve, STR("m1")));
    assert_true(serve_is_loaded(serve, STR("m2")));
    assert_true(serve_is_loaded(serve, STR("m3")));
    assert_int_equal(serve_loaded_count(serve), 3);

    serve_unload(serve, STR("m2"));
    serve_unload(serve, STR("never"));
    assert_false(serve_is_loaded(serve, STR("m2")));
    assert_true(invoke(serve, arena, "m2", world->row[0]).loaded_now);
    serve_unload_all(serve);
    assert_int_equal(serve_loaded_count(serve), 0);
    serve_free(serve);

    serve = serve_of(world, world->memory[0] - 1, false);
    struct serve_response response = invoke(serve, arena, "m0", world->row[0]);
    assert_int_equal(response.status, 507);
    assert_int_not_equal(str_find(response.body, STR("the endpoint has")), SIZE_MAX);
    assert_int_equal(serve_loaded_count(serve), 0);
    serve_free(serve);
}

static void test_cache_disabled(void **state)
{
    struct world *world = *state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct serve *serve = serve_of(world, 0, true);
    for (size_t i = 0; i < 3; i++) {
        assert_true(invoke(serve, arena, "m0", world->row[0]).loaded_now);
        assert_false(serve_is_loaded(serve, STR("m0")));
    }
    assert_int_equal(world->store.fetches, 3);
    serve_free(serve);
}

/* ---- several threads ---- */

struct caller {
    struct serve *serve;
    struct world *world;
    const char *target;
    size_t seed, wrong;
    int status;
};

static void *call_once(void *arg)
{
    struct caller *caller = arg;
    struct arena *arena = arena_new("caller", 0);
    struct serve_request request = {
        .target = str_from(caller->target),
        .content_type = STR("text/csv"),
        .body = caller->world->row[0]};
    struct serve_response response = {0};
    struct err err = {0};
    if (serve_invoke(caller->serve, arena, &request, &response, &err) == ERR_NONE)
        caller->status = response.status;
    arena_free(arena);
    return NULL;
}

static void wait_for_fetch(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    while (store->waiting == 0)
        pthread_cond_wait(&store->changed, &store->lock);
    pthread_mutex_unlock(&store->lock);
}

static void release(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    store->held = NULL;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

static void test_load_once_and_block_nobody(void **state)
{
    struct world *world = *state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct serve *serve = serve_of(world, 0, false);
    (void) invoke(serve, arena, "m1", world->row[0]);
    world->store.held = "m0";
    struct caller callers[4];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.serve = serve, .world = world, .target = "m0"};
        assert_int_equal(pthread_create(&threads[i], NULL, call_once, &callers[i]), 0);
    }
    wait_for_fetch(&world->store);
    /* While m0 hangs, others are answered, loaded and dropped. */
    assert_int_equal(invoke(serve, arena, "m1", world->row[0]).status, 200);
    assert_true(invoke(serve, arena, "m2", world->row[0]).loaded_now);
    serve_unload(serve, STR("m2"));
    assert_false(serve_is_loaded(serve, STR("m0")));
    release(&world->store);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].status, 200);
    }
    assert_int_equal(world->store.fetches, 3);
    assert_true(serve_is_loaded(serve, STR("m0")));

    /* Dropped while it loads: its callers are served, nobody after them. */
    serve_unload_all(serve);
    world->store.held = "m0";
    callers[0].status = 0;
    assert_int_equal(pthread_create(&threads[0], NULL, call_once, &callers[0]), 0);
    wait_for_fetch(&world->store);
    serve_unload(serve, STR("m0"));
    release(&world->store);
    pthread_join(threads[0], NULL);
    assert_int_equal(callers[0].status, 200);
    assert_false(serve_is_loaded(serve, STR("m0")));
    serve_free(serve);
}

static void *call_many(void *arg)
{
    struct caller *caller = arg;
    struct world *world = caller->world;
    struct arena *arena = arena_new("caller", 0);
    struct rng rng;
    rng_seed(&rng, caller->seed);
    for (int i = 0; i < 300; i++) {
        size_t model = rng_below(&rng, MODELS - 1), row = rng_below(&rng, ROWS);
        struct serve_request request = {
            .target = world->store.names[model],
            .content_type = STR("text/csv"),
            .accept = STR("text/csv"),
            .body = world->row[row]};
        struct serve_response response = {0};
        struct err err = {0};
        if (serve_invoke(caller->serve, arena, &request, &response, &err) != ERR_NONE ||
            response.status != 200 ||
            !str_eq(response.body, as_text(arena, &world->want[model][row], 1)))
            caller->wrong++;
        if (i % 50 == 0)
            serve_unload(caller->serve, world->store.names[model]);
        arena_reset(arena);
    }
    arena_free(arena);
    return NULL;
}

/* Room for two models and five in demand: models are dropped under their users all the time. */
static void test_eviction_under_load(void **state)
{
    struct world *world = *state;
    struct serve *serve = serve_of(world, world->memory[3] + world->memory[4], false);
    uint64_t seed = rng_entropy();
    print_message("seed %ju\n", (uintmax_t) seed);
    struct caller callers[4];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        callers[i] = (struct caller){.serve = serve, .world = world, .seed = seed + i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_many, &callers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
    assert_true(serve_loaded_count(serve) <= 2);
    serve_free(serve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_least_recently_used_goes_first),
        cmocka_unit_test(test_cache_disabled),
        cmocka_unit_test(test_load_once_and_block_nobody),
        cmocka_unit_test(test_eviction_under_load),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
