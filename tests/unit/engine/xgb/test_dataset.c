#include "engine/xgb/dataset.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

static const struct {
    const char *text, *type;
    bool weights;
    const char *message;
    unsigned line;
} s_bad[] = {
    {"", "csv", false, "'f' is empty", 0},
    {" \n\n", "csv", false, "'f' is empty", 0},
    {"1,2,3\n4,5\n", "csv", false, "'f' row 2 has 2 values, the first row has 3", 2},
    {"1,2,3\n4,5,6,7\n", "csv", false, "'f' row 2 has 4 values, the first row has 3", 2},
    {"1,2,3\n\n1,abc,3\n", "csv", false, "'f' row 3, column 2: 'abc' is not a number", 3},
    {"1,2\nx,3\n", "csv", false, "'f' row 2, column 1: 'x' is not a number", 2},
    {"label,a,b\n1,2,3\n", "csv", false,
     "'f' row 1 is a header: column 1 is 'label', which is not a number", 1},
    {"\"label\",\"a\"\n1,2\n", "csv", false, "'f' row 1 is a header: column 1 is '\"label\"'", 1},
    {"0,radius\n1,2\n", "csv", false, "'f' row 1 is a header: column 2 is 'radius'", 1},
    {"?,2\n1,2\n", "csv", false, "'f' row 1, column 1: '?' is not a number", 1},
    {"1,2\n,3\n", "csv", false, "'f' row 2: the label is missing", 2},
    {"1,2\nnan,3\n", "csv", false, "'f' row 2: the label is missing", 2},
    {"1,2\n1,inf\n", "csv", false, "'f' row 2, column 2: 'inf' is infinite or too large", 2},
    {"1,2\n1,1e40\n", "csv", false, "'f' row 2, column 2: '1e40' is infinite or too large", 2},
    {"1\n2\n", "csv", false, "'f' row 1 has 1 value ('1'): a label and at least one feature", 1},
    {"1,2\n", "csv", true, "'f' row 1 has 2 values ('1,2'): a label, a weight and at least one", 1},
    {"1,-2,3\n", "csv", true, "'f' row 1: the weight is not a number of at least 0", 1},
    {"1,,3\n", "csv", true, "'f' row 1: the weight is not a number of at least 0", 1},
    {"1 1:2\nx 1:2\n", "libsvm", false, "'f' row 2: 'x' is not a label", 2},
    {"1:2:3 1:2\n", "libsvm", false, "'f' row 1: '1:2:3' is not a label", 1},
    {"1 2\n", "libsvm", false, "'f' row 1, token 2: '2' is not index:value", 1},
    {"1 a:2\n", "libsvm", false, "'f' row 1, token 2: 'a:2' has an index that is not", 1},
    {"1 10000000:2\n", "libsvm", false, "has an index that is not a whole number from 0", 1},
    {"1 1:x\n", "libsvm", false, "'f' row 1, token 2: '1:x' has a value that is not a number", 1},
    {"1 1:2 1:3\n", "libsvm", false, "'f' row 1, token 3: '1:3' does not follow the index", 1},
    {"1 3:2 1:3\n", "libsvm", false, "'f' row 1, token 3: '1:3' does not follow the index", 1},
    {"1 1:inf\n", "libsvm", false, "is infinite or too large", 1},
    {"1 qid:2 1:1\n1 qid:1 1:1\n", "libsvm", false, "'f' row 2: query 1 comes after query 2", 2},
    {"1 qid:x 1:1\n", "libsvm", false, "'qid:x' is not a whole number", 1},
    {"1\n0\n", "libsvm", false, "'f' has no features", 0},
    {"# nothing\n", "libsvm", false, "'f' has no rows", 0},
    {"1,2,3", "text/csv; label_size=2", false, "label_size must be equal to 1", 0},
    {"1,2,3", "application/x-parquet", false, "cannot be read here", 0},
    {"1,2,3", "image/png", false, "image/png is not an accepted ContentType: csv, libsvm", 0},
    {"1,2,3", NULL, false, "'f' row 1: '1,2,3' is not a label", 1},
};

static void test_faults(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++) {
        struct dataset_options options = {
            .name = STR("f"),
            .content_type = str_from(s_bad[i].type),
            .csv_weights = s_bad[i].weights};
        struct dataset *dataset = NULL;
        struct err parsed = {0}, checked = {0};
        size_t rows = 99, cols = 99;
        struct str text = str_from(s_bad[i].text);
        if (dataset_parse(text, &options, &dataset, &parsed) != ERR_SPEC ||
            strstr(parsed.message, s_bad[i].message) == NULL || dataset != NULL)
            fail_msg("case %zu: %s: %s", i, err_name(parsed.code), parsed.message);
        assert_int_equal(parsed.at.line, s_bad[i].line);
        assert_int_equal(dataset_check(text, &options, &rows, &cols, &checked), ERR_SPEC);
        assert_string_equal(checked.message, parsed.message);
        assert_string_equal(checked.hint, parsed.hint);
        assert_int_equal(rows, 99);
    }
}

#define M NAN

static const struct {
    const char *text, *type;
    bool weights;
    size_t rows, cols;
    float labels[3], values[9];
} s_good[] = {
    {"1,2,3\n0,5,6\n", "text/csv", false, 2, 2, {1, 0}, {2, 3, 5, 6}},
    {"1,2,3\r\n0,,6", "csv; label_size=1", false, 2, 2, {1, 0}, {2, 3, M, 6}},
    {"1;2;3\n\n0;5;nan\n\n", "csv", false, 2, 2, {1, 0}, {2, 3, 5, M}},
    {"\xef\xbb\xbf"
     "1\t2\n",
     "csv",
     false,
     1,
     1,
     {1},
     {2}},
    {"1,0.5,2,3\n0,2,5,6\n", "csv", true, 2, 2, {1, 0}, {2, 3, 5, 6}},
    {"1 0:2 2:4\n0 1:3 # more\n# none\n1\n",
     NULL,
     false,
     3,
     3,
     {1, 0, 1},
     {2, M, 4, M, 3, M, M, M, M}},
    {"1:0.5 0:2\n0 0:3\n", "text/libsvm", false, 2, 1, {1, 0}, {2, 3}},
    {"1 qid:1 0:2\n0 qid:1 0:3\n2 qid:7 0:1", "text/x-libsvm", false, 3, 1, {1, 0, 2}, {2, 3, 1}},
};

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_good); i++) {
        struct dataset_options options = {
            .name = STR("f"),
            .content_type = str_from(s_good[i].type),
            .csv_weights = s_good[i].weights};
        AUTO(dataset_close) struct dataset *dataset = NULL;
        struct err err = {0};
        size_t rows = 0, cols = 0;
        struct str text = str_from(s_good[i].text);
        must(dataset_parse(text, &options, &dataset, &err), &err);
        must(dataset_check(text, &options, &rows, &cols, &err), &err);
        assert_int_equal(rows, s_good[i].rows);
        assert_int_equal(cols, s_good[i].cols);
        assert_int_equal(dataset_rows(dataset), rows);
        assert_int_equal(dataset_cols(dataset), cols);
        assert_memory_equal(dataset_labels(dataset), s_good[i].labels, rows * sizeof(float));
        for (size_t row = 0; row < rows; row++) {
            float values[3];
            dataset_copy_row(dataset, row, values);
            for (size_t k = 0; k < cols; k++) {
                float want = s_good[i].values[row * cols + k];
                assert_int_equal(isnan(values[k]) != 0, isnan(want) != 0);
                assert_true(isnan(want) || memcmp(&values[k], &want, sizeof(want)) == 0);
            }
        }
    }
}

/* Weights and queries arrive in the library: they change what is learnt. */
static void test_weights_and_queries_count(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(buf_done) struct buf plain = BUF_INIT(MIB(1));
    AUTO(buf_done) struct buf weighted = BUF_INIT(MIB(1));
    AUTO(buf_done) struct buf one_query = BUF_INIT(MIB(1));
    AUTO(buf_done) struct buf queries = BUF_INIT(MIB(1));
    struct rng rng;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < 60; i++) {
        unsigned label = (unsigned) rng_below(&rng, 2);
        double a = rng_unit(&rng) + label, b = rng_unit(&rng);
        buf_fmt(&plain, "%u 0:%.3f 1:%.3f\n", label, a, b);
        buf_fmt(&weighted, "%u:%u 0:%.3f 1:%.3f\n", label, 1 + i % 5, a, b);
        buf_fmt(&one_query, "%u qid:1 0:%.3f 1:%.3f\n", label, a, b);
        buf_fmt(&queries, "%u qid:%u 0:%.3f 1:%.3f\n", label, i / 10, a, b);
    }
    struct hyper_value logistic[] = {
        HYPER("num_round", "3"), HYPER("objective", "binary:logistic")};
    struct hyper_value rank[] = {HYPER("num_round", "3"), HYPER("objective", "rank:pairwise")};
    struct str texts[] = {
        buf_str(&plain), buf_str(&weighted), buf_str(&one_query), buf_str(&queries)};
    struct str models[4];
    for (size_t i = 0; i < 4; i++) {
        struct dataset_options options = {.name = STR("f"), .content_type = STR("libsvm")};
        AUTO(dataset_close) struct dataset *dataset = NULL;
        struct err err = {0};
        must(dataset_parse(texts[i], &options, &dataset, &err), &err);
        models[i] = fixture_train(arena, dataset, NULL, i < 2 ? logistic : rank, 2).model;
    }
    assert_false(str_eq(models[0], models[1]));
    assert_false(str_eq(models[2], models[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_weights_and_queries_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
