#include "engine/xgb/booster.h"

#include "engine/xgb/xgboost_api.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>
#include <pthread.h>

enum { COLS = 7, ROWS = 150 };

struct kind {
    const char *booster, *objective, *classes;
    size_t outputs;
};

static const struct kind s_kinds[] = {
    {"gbtree", "binary:logistic", NULL, 1}, {"gbtree", "reg:squarederror", NULL, 1},
    {"gbtree", "multi:softmax", "2", 1},    {"gbtree", "multi:softprob", "2", 2},
    {"dart", "binary:logistic", NULL, 1},   {"gblinear", "binary:logistic", NULL, 1},
};

static struct str
train_kind(struct arena *arena, const struct kind *kind, const struct dataset *data)
{
    struct hyper_value values[] = {
        HYPER("num_round", "10"),
        HYPER("max_depth", "4"),
        {STR("booster"), str_from(kind->booster)},
        {STR("objective"), str_from(kind->objective)},
        {STR("num_class"), str_from(kind->classes)},
    };
    return fixture_train(arena, data, NULL, values, kind->classes != NULL ? 5 : 4).model;
}

/* The oracle: libxgboost over a DMatrix, as the container predicts. */
static float *
oracle(struct arena *arena, struct str model, const struct dataset *data, size_t *count)
{
    struct err err = {0};
    AUTO(xgb_booster_close) struct xgb_booster *booster = NULL;
    AUTO(xgb_matrix_close) struct xgb_matrix *matrix = NULL;
    const float *values = NULL;
    must(xgb_booster_load(model, &booster, &err), &err);
    must(dataset_matrix(data, &matrix, &err), &err);
    must(xgb_predict_matrix(booster, matrix, false, 0, &values, count, &err), &err);
    float *copy = ARENA_ARRAY(arena, *count, float);
    memcpy(copy, values, *count * sizeof(float));
    return copy;
}

static void test_equals_libxgboost(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 11, ROWS, COLS, 2));
    float rows[ROWS * COLS];
    for (size_t i = 0; i < ROWS; i++)
        dataset_copy_row(data, i, rows + i * COLS);
    for (size_t k = 0; k < ARRAY_LEN(s_kinds); k++) {
        struct str model = train_kind(arena, &s_kinds[k], data);
        size_t count = 0;
        const float *want = oracle(arena, model, data, &count);
        struct err err = {0};
        AUTO(booster_close) struct booster *booster = NULL;
        must(booster_load(model, &booster, &err), &err);
        size_t outputs = booster_outputs(booster);
        assert_int_equal(outputs, s_kinds[k].outputs);
        assert_int_equal(booster_features(booster), COLS);
        assert_int_equal(count, ROWS * outputs);
        float got[ROWS * 2], one[2];
        must(booster_predict(booster, rows, ROWS, COLS, got, ROWS * 2, &err), &err);
        assert_memory_equal(got, want, count * sizeof(float));
        for (size_t i = 0; i < ROWS; i++) {
            must(booster_predict(booster, rows + i * COLS, 1, COLS, one, 2, &err), &err);
            assert_memory_equal(one, want + i * outputs, outputs * sizeof(float));
        }
    }
}

static void test_wrong_shape(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 12, ROWS, COLS, 2));
    struct err err = {0};
    AUTO(booster_close) struct booster *booster = NULL;
    must(booster_load(train_kind(arena, &s_kinds[0], data), &booster, &err), &err);
    float row[COLS + 1] = {0}, out = 0;
    assert_int_equal(booster_predict(booster, row, 1, COLS + 1, &out, 1, &err), ERR_SPEC);
    assert_string_equal(err.message, "the rows have 8 features, the model has 7");
    assert_int_equal(booster_predict(booster, row, 1, COLS - 1, &out, 1, &err), ERR_SPEC);
    assert_int_equal(booster_predict(booster, row, 2, COLS, &out, 1, &err), ERR_INTERNAL);
    must(booster_predict(booster, row, 0, COLS, &out, 0, &err), &err);
}

static void test_formats(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 13, ROWS, COLS, 2));
    struct str binary = train_kind(arena, &s_kinds[0], data);
    static const struct {
        const char *name;
        enum model_format format;
    } formats[] = {
        {"deprecated", MODEL_FORMAT_BINARY},
        {"ubj", MODEL_FORMAT_UBJSON},
        {"json", MODEL_FORMAT_JSON},
    };
    struct err err = {0};
    float row[COLS], want = 0;
    dataset_copy_row(data, 3, row);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        AUTO(xgb_booster_close) struct xgb_booster *raw = NULL;
        must(xgb_booster_load(binary, &raw, &err), &err);
        struct str saved = STR_NULL;
        must(xgb_booster_save(raw, formats[i].name, &saved, &err), &err);
        assert_int_equal(model_format_of(saved), formats[i].format);
        AUTO(booster_close) struct booster *booster = NULL;
        must(booster_load(saved, &booster, &err), &err);
        float got = 0;
        must(booster_predict(booster, row, 1, COLS, &got, 1, &err), &err);
        if (i == 0)
            want = got;
        assert_memory_equal(&got, &want, sizeof(got));
        assert_true(booster_memory(booster) > 0);
    }
    assert_int_equal(model_format_of(STR("\x80\x04\x95")), MODEL_FORMAT_PICKLE);
    assert_int_equal(model_format_of(STR("{ \"learner\"")), MODEL_FORMAT_JSON);
    assert_int_equal(model_format_of(STR("PK")), MODEL_FORMAT_UNKNOWN);
    assert_int_equal(model_format_of(STR_NULL), MODEL_FORMAT_UNKNOWN);
}

/* A model says how many of its trees count; the container obeys, so must we. */
static void test_best_ntree_limit(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 14, ROWS, COLS, 2));
    struct hyper_value values[] = {HYPER("num_round", "9"), HYPER("num_parallel_tree", "3")};
    struct str nine = fixture_train(arena, data, NULL, values, 2).model;
    values[0].value = STR("4");
    struct str four = fixture_train(arena, data, NULL, values, 2).model;
    struct err err = {0};
    AUTO(xgb_booster_close) struct xgb_booster *raw = NULL;
    must(xgb_booster_load(nine, &raw, &err), &err);
    struct str saved = STR_NULL, limit = STR_NULL;
    must(xgb_booster_attr(raw, "best_ntree_limit", &limit, &err), &err);
    assert_true(str_eq_z(limit, "27"));
    must(xgb_booster_attr(raw, "best_iteration", &limit, &err), &err);
    assert_true(str_eq_z(limit, "8"));
    must(xgb_booster_set_attr(raw, "best_ntree_limit", "12", &err), &err);
    must(xgb_booster_save(raw, "deprecated", &saved, &err), &err);

    AUTO(booster_close) struct booster *cut = NULL;
    AUTO(booster_close) struct booster *whole = NULL;
    must(booster_load(saved, &cut, &err), &err);
    must(booster_load(four, &whole, &err), &err);
    for (size_t i = 0; i < ROWS; i++) {
        float row[COLS], a, b;
        dataset_copy_row(data, i, row);
        must(booster_predict(cut, row, 1, COLS, &a, 1, &err), &err);
        must(booster_predict(whole, row, 1, COLS, &b, 1, &err), &err);
        assert_memory_equal(&a, &b, sizeof(a));
    }
}

static void test_not_a_model(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 15, ROWS, COLS, 2));
    struct str model = train_kind(arena, &s_kinds[0], data);
    const struct {
        struct str bytes;
        const char *message;
    } cases[] = {
        {STR(""), "not an XGBoost model"},
        {STR("hello"), "not an XGBoost model"},
        {STR("\x80\x04\x95 pickle"), "Python pickle"},
        {STR("binf"), "the binary model cannot be loaded"},
        {str_slice(model, 0, 100), "the binary model cannot be loaded"},
        {str_slice(model, 0, model.len - 300), "the binary model cannot be loaded"},
        {STR("{\"a\": 1}"), "the JSON model cannot be loaded"},
        {STR("{\"learner\""), "the JSON model cannot be loaded"},
        {STR("{L\0\0\0\0"), "the UBJSON model cannot be loaded"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct booster *booster = NULL;
        struct err err = {0};
        if (booster_load(cases[i].bytes, &booster, &err) != ERR_PROTOCOL ||
            strstr(err.message, cases[i].message) == NULL || booster != NULL)
            fail_msg("case %zu: %s: %s", i, err_name(err.code), err.message);
    }
}

struct worker {
    const struct booster *booster;
    const float *rows, *want;
    size_t wrong;
};

static void *worker_thread(void *arg)
{
    struct worker *worker = arg;
    for (size_t n = 0; n < 20; n++) {
        for (size_t i = 0; i < ROWS; i++) {
            float got = 0;
            struct err err = {0};
            if (booster_predict(worker->booster, worker->rows + i * COLS, 1, COLS, &got, 1, &err) !=
                    ERR_NONE ||
                memcmp(&got, &worker->want[i], sizeof(got)) != 0)
                worker->wrong++;
        }
    }
    return NULL;
}

static void test_many_threads_share_one(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 16, ROWS, COLS, 2));
    float rows[ROWS * COLS];
    for (size_t i = 0; i < ROWS; i++)
        dataset_copy_row(data, i, rows + i * COLS);
    static const size_t kinds[] = {0, 4, 5}; /* gbtree, dart, gblinear */
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct str model = train_kind(arena, &s_kinds[kinds[k]], data);
        size_t count = 0;
        const float *want = oracle(arena, model, data, &count);
        struct err err = {0};
        AUTO(booster_close) struct booster *booster = NULL;
        must(booster_load(model, &booster, &err), &err);
        struct worker workers[4];
        pthread_t threads[4];
        for (size_t i = 0; i < 4; i++) {
            workers[i] = (struct worker){booster, rows, want, 0};
            assert_int_equal(pthread_create(&threads[i], NULL, worker_thread, &workers[i]), 0);
        }
        for (size_t i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(workers[i].wrong, 0);
        }
    }
}

static void test_version(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str version = xgboost_version(arena), major;
    assert_true(str_split(&version, '.', &major));
    uint64_t number = 0;
    assert_true(str_to_u64(major, &number));
    assert_true(number >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_libxgboost), cmocka_unit_test(test_wrong_shape),
        cmocka_unit_test(test_formats),           cmocka_unit_test(test_best_ntree_limit),
        cmocka_unit_test(test_not_a_model),       cmocka_unit_test(test_many_threads_share_one),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
