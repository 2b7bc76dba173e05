#include "engine/xgb/forest.h"

#include "engine/xgb/booster.h"
#include "engine/xgb/xgboost_api.h"
#include "tests/harness/test.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

enum { COLS = 9, ROWS = 200, DRAWN = 2000, MAJOR_VERSION_AT = 24 };

/* A model of 30 trees, some of them pruned, with its objective and base score changed. */
static struct str
make_model(struct arena *arena, const char *booster, const char *objective, const char *base)
{
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 21, ROWS, COLS, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "30"),
        HYPER("max_depth", "6"),
        HYPER("gamma", "0.02"),
        {STR("booster"), str_from(booster)},
    };
    struct str trained = fixture_train(arena, data, NULL, values, ARRAY_LEN(values)).model, saved;
    AUTO(xgb_booster_close) struct xgb_booster *raw = NULL;
    struct err err = {0};
    must(xgb_booster_load(trained, &raw, &err), &err);
    must(xgb_booster_set(raw, "objective", objective, &err), &err);
    must(xgb_booster_set(raw, "base_score", base, &err), &err);
    must(xgb_booster_save(raw, "deprecated", &saved, &err), &err);
    return str_dup(arena, saved);
}

/* What libxgboost says of the rows. */
static const float *
oracle(struct arena *arena, struct str model, const float *values, size_t rows, int rounds)
{
    AUTO(xgb_booster_close) struct xgb_booster *raw = NULL;
    struct err err = {0};
    const float *result = NULL;
    size_t count = 0;
    must(xgb_booster_load(model, &raw, &err), &err);
    must(xgb_predict_dense(raw, values, rows, COLS, rounds, &result, &count, &err), &err);
    assert_int_equal(count, rows);
    float *copy = ARENA_ARRAY(arena, rows, float);
    memcpy(copy, result, rows * sizeof(float));
    return copy;
}

static void assert_same(const float *got, const float *want, size_t rows, const char *what)
{
    for (size_t i = 0; i < rows; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)) != 0)
            fail_msg("%s, row %zu: %.9g, libxgboost says %.9g", what, i, got[i], want[i]);
}

static void equals_libxgboost(void **state)
{
    (void) state;
    static const struct {
        const char *objective, *base;
    } cases[] = {
        {"binary:logistic", "0.5"},
        {"binary:logistic", "0.31"},
        {"binary:logitraw", "0.7"},
        {"reg:logistic", "0.9"},
        {"reg:squarederror", "0.5"},
        {"reg:squarederror", "-3.25"},
        {"reg:squaredlogerror", "0.1"},
        {"reg:pseudohubererror", "2"},
        {"reg:absoluteerror", "1.5"},
        {"reg:linear", "0.25"},
        {"rank:pairwise", "0.5"},
        {"rank:ndcg", "0.5"},
        {"rank:map", "0.3"},
        {"count:poisson", "0.5"},
        {"reg:gamma", "1.7"},
        {"reg:tweedie", "0.6"},
    };
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct str model = make_model(arena, "gbtree", cases[i].objective, cases[i].base);
        struct forest *forest = forest_build(model);
        if (forest == NULL)
            fail_msg("%s: no forest", cases[i].objective);
        float *values = ARENA_ARRAY(arena, DRAWN * COLS, float);
        float *got = ARENA_ARRAY(arena, DRAWN, float);
        forest_draw(forest, &rng, DRAWN, values);
        forest_predict(forest, values, DRAWN, got);
        assert_same(got, oracle(arena, model, values, DRAWN, 0), DRAWN, cases[i].objective);
        for (size_t k = 0; k < DRAWN * COLS; k++)
            values[k] = rng_below(&rng, 10) == 0 ? NAN : (float) (rng_unit(&rng) * 24 - 12);
        forest_predict(forest, values, DRAWN, got);
        assert_same(got, oracle(arena, model, values, DRAWN, 0), DRAWN, cases[i].objective);
        forest_free(forest);
    }
}

static void draws_values_around_the_splits(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct forest *forest = forest_build(make_model(arena, "gbtree", "binary:logistic", "0.5"));
    float *values = ARENA_ARRAY(arena, DRAWN * COLS, float);
    struct rng rng;
    rng_seed(&rng, 1);
    forest_draw(forest, &rng, DRAWN, values);
    size_t n_missing = 0, n_present[COLS] = {0};
    for (size_t i = 0; i < DRAWN * COLS; i++)
        if (isnan(values[i]))
            n_missing++;
        else
            n_present[i % COLS]++;
    assert_in_range(n_missing, DRAWN * COLS / 20, DRAWN * COLS / 2);
    for (size_t i = 0; i < COLS; i++)
        assert_in_range(n_present[i], DRAWN / 4, DRAWN);
    forest_free(forest);
}

static void uses_the_first_trees(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = make_model(arena, "gbtree", "binary:logistic", "0.5");
    struct forest *forest = forest_build(model);
    float *values = ARENA_ARRAY(arena, ROWS * COLS, float), got[ROWS];
    struct rng rng;
    rng_seed(&rng, 2);
    forest_draw(forest, &rng, ROWS, values);
    static const int limits[] = {1, 7, 30, 0};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        forest_limit(forest, (size_t) limits[i]);
        forest_predict(forest, values, ROWS, got);
        assert_same(got, oracle(arena, model, values, ROWS, limits[i]), ROWS, "limited");
    }
    forest_free(forest);
}

static void leaves_the_rest_to_libxgboost(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    assert_null(forest_build(make_model(arena, "dart", "binary:logistic", "0.5")));
    assert_null(forest_build(make_model(arena, "gblinear", "reg:squarederror", "0.5")));
    assert_null(forest_build(make_model(arena, "gbtree", "binary:hinge", "0.5")));
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 22, ROWS, COLS, 3));
    struct hyper_value values[] = {
        HYPER("num_round", "5"), HYPER("objective", "multi:softmax"), HYPER("num_class", "3")};
    assert_null(forest_build(fixture_train(arena, data, NULL, values, 3).model));
    forest_free(NULL);
}

/* Before 1.0 the base score was kept as a margin: libxgboost reads it so, a forest does not. */
static void is_not_believed_when_it_differs(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = make_model(arena, "gbtree", "binary:logistic", "0.3");
    char *old = ARENA_ARRAY(arena, model.len, char);
    memcpy(old, model.ptr, model.len);
    memset(old + MAJOR_VERSION_AT, 0, 4);
    const struct {
        struct str bytes;
        bool believed;
    } cases[] = {{model, true}, {str_of(old, model.len), false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(booster_close) struct booster *fast = NULL;
        AUTO(booster_close) struct booster *slow = NULL;
        struct err err = {0};
        must(booster_load(cases[i].bytes, &fast, &err), &err);
        must(booster_load_oracle(cases[i].bytes, &slow, &err), &err);
        assert_int_equal(booster_memory(fast) < booster_memory(slow), cases[i].believed);
        float row[COLS] = {0}, got = 0, want = 0;
        must(booster_predict(fast, row, 1, COLS, &got, 1, &err), &err);
        must(booster_predict(slow, row, 1, COLS, &want, 1, &err), &err);
        assert_memory_equal(&got, &want, sizeof(got));
        struct forest *forest = forest_build(cases[i].bytes);
        forest_predict(forest, row, 1, &got);
        assert_int_equal(memcmp(&got, &want, sizeof(got)) == 0, cases[i].believed);
        forest_free(forest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_libxgboost),
        cmocka_unit_test(draws_values_around_the_splits),
        cmocka_unit_test(uses_the_first_trees),
        cmocka_unit_test(leaves_the_rest_to_libxgboost),
        cmocka_unit_test(is_not_believed_when_it_differs),
    };
    return cmocka_run_group_tests_name("forest", tests, NULL, NULL);
}
