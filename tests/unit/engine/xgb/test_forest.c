#include "engine/xgb/forest.h"

#include "engine/xgb/booster.h"
#include "engine/xgb/model_binary.h"
#include "engine/xgb/xgboost_api.h"
#include "tests/harness/test.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

enum { COLS = 9, ROWS = 200, DRAWN = 2000, CLASSES = 4, MAJOR_VERSION_AT = 24 };

/* dart forgets trees, so that each has a weight of its own. */
static struct str make_classes(struct arena *arena, const char *booster, const char *objective)
{
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 22, ROWS, COLS, CLASSES));
    struct hyper_value values[] = {
        HYPER("num_round", "12"),        {STR("objective"), str_from(objective)},
        HYPER("num_class", "4"),         {STR("booster"), str_from(booster)},
        HYPER("num_parallel_tree", "2"), HYPER("rate_drop", "0.3"),
    };
    size_t count = strcmp(booster, "dart") == 0 ? 6 : 5;
    return fixture_train(arena, data, NULL, values, count).model;
}

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

/* What libxgboost says of the rows, as the container asks it. */
static const float *
oracle(struct arena *arena, struct str model, const float *values, size_t rows, int rounds)
{
    AUTO(xgb_booster_close) struct xgb_booster *raw = NULL;
    AUTO(xgb_matrix_close) struct xgb_matrix *matrix = NULL;
    struct err err = {0};
    const float *result = NULL;
    size_t count = 0;
    must(xgb_booster_load(model, &raw, &err), &err);
    must(xgb_matrix_dense(values, rows, COLS, &matrix, &err), &err);
    must(xgb_predict_matrix(raw, matrix, false, rounds, &result, &count, &err), &err);
    assert_int_equal(count % rows, 0);
    float *copy = ARENA_ARRAY(arena, count, float);
    memcpy(copy, result, count * sizeof(float));
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
        {"binary:hinge", "0.2"},
        {"survival:cox", "0.5"},
        {"survival:aft", "0.4"},
    };
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        const char *booster = i % 2 == 0 ? "gbtree" : "dart";
        struct str model = make_model(arena, booster, cases[i].objective, cases[i].base);
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

static void equals_libxgboost_in_each_class(void **state)
{
    (void) state;
    static const struct {
        const char *booster, *objective;
        size_t outputs;
    } cases[] = {
        {"gbtree", "multi:softprob", CLASSES},
        {"gbtree", "multi:softmax", 1},
        {"dart", "multi:softprob", CLASSES},
        {"dart", "multi:softmax", 1},
    };
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct str model = make_classes(arena, cases[i].booster, cases[i].objective);
        struct forest *forest = forest_build(model);
        assert_non_null(forest);
        assert_int_equal(forest_outputs(forest), cases[i].outputs);
        size_t count = DRAWN * cases[i].outputs;
        float *values = ARENA_ARRAY(arena, DRAWN * COLS, float);
        float *got = ARENA_ARRAY(arena, count, float);
        static const int rounds[] = {0, 1, 5, 12, 100};
        for (size_t k = 0; k < ARRAY_LEN(rounds); k++) {
            int some = rounds[k] > 12 ? 0 : rounds[k];
            forest_limit(forest, (size_t) rounds[k] * 2);
            forest_draw(forest, &rng, DRAWN, values);
            forest_predict(forest, values, DRAWN, got);
            assert_same(got, oracle(arena, model, values, DRAWN, some), count, cases[i].objective);
        }
        forest_free(forest);
    }
}

/* A dart that is cut off after its trees has no weights. */
static void wants_a_weight_for_each_tree(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str model = make_model(arena, "dart", "binary:logistic", "0.5");
    struct forest *forest = forest_build(model);
    assert_non_null(forest);
    forest_free(forest);
    size_t cut = model.len;
    while ((forest = forest_build(str_slice(model, 0, cut))) != NULL) {
        forest_free(forest);
        cut--;
    }
    assert_in_range(model.len - cut, 1, 1000);
    assert_null(forest_build(str_slice(model, 0, cut)));
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
    assert_null(forest_build(make_model(arena, "gblinear", "reg:squarederror", "0.5")));
    struct str model = make_model(arena, "gbtree", "binary:logistic", "0.5");
    char *other = ARENA_ARRAY(arena, model.len, char);
    memcpy(other, model.ptr, model.len);
    other[MODEL_MAGIC_BYTES + LEARNER_PARAM_BYTES + 8] = 'x'; /* an objective nobody knows */
    assert_null(forest_build(str_of(other, model.len)));
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
        assert_string_equal(booster_fallback(slow), "unknown");
        if (cases[i].believed)
            assert_null(booster_fallback(fast));
        else
            assert_string_equal(booster_fallback(fast), "differs");
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

/* Where libxgboost answers for dart, it does so from a DMatrix, as in the container: in place it
 * adds other floats. */
static void dart_is_as_the_container_has_it(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 21, ROWS, COLS, 2));
    struct hyper_value values[] = {
        HYPER("num_round", "30"), HYPER("booster", "dart"), HYPER("rate_drop", "0.3"),
        HYPER("objective", "binary:logistic"), HYPER("base_score", "0.3")};
    struct str model = fixture_train(arena, data, NULL, values, ARRAY_LEN(values)).model;
    AUTO(booster_close) struct booster *slow = NULL;
    struct err err = {0};
    must(booster_load_oracle(model, &slow, &err), &err);
    float *rows = ARENA_ARRAY(arena, DRAWN * COLS, float), *got = ARENA_ARRAY(arena, DRAWN, float);
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t k = 0; k < DRAWN * COLS; k++)
        rows[k] = (float) (rng_unit(&rng) * 24 - 12);
    must(booster_predict(slow, rows, DRAWN, COLS, got, DRAWN, &err), &err);
    assert_same(got, oracle(arena, model, rows, DRAWN, 0), DRAWN, "dart");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_libxgboost),
        cmocka_unit_test(equals_libxgboost_in_each_class),
        cmocka_unit_test(wants_a_weight_for_each_tree),
        cmocka_unit_test(draws_values_around_the_splits),
        cmocka_unit_test(uses_the_first_trees),
        cmocka_unit_test(leaves_the_rest_to_libxgboost),
        cmocka_unit_test(is_not_believed_when_it_differs),
        cmocka_unit_test(dart_is_as_the_container_has_it),
    };
    return cmocka_run_group_tests_name("forest", tests, NULL, NULL);
}
