#include "engine/serve/payload.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

#define M NAN

static const struct {
    const char *body, *type;
    size_t features, rows;
    float values[6];
} s_good[] = {
    {"1,2,3\n4,5,6", "text/csv", 3, 2, {1, 2, 3, 4, 5, 6}},
    {"  1,2,3\r\n4,5,6\r\n", "csv", 3, 2, {1, 2, 3, 4, 5, 6}},
    {"1,,3", "TEXT/CSV; label_size=1", 3, 1, {1, M, 3}},
    {",,3", "text/csv;charset=utf-8", 3, 1, {M, M, 3}},
    {"1;2;3", "text/csv", 3, 1, {1, 2, 3}},
    {"1\t2\t3", "text/csv", 3, 1, {1, 2, 3}},
    {"1 2 3", "text/csv", 3, 1, {1, 2, 3}},
    {"1|2|3", "text/csv", 3, 1, {1, 2, 3}},
    {"1, 2, 3", "text/csv", 3, 1, {1, 2, 3}},
    {"1.5", "text/csv", 1, 1, {1.5F}},
    {"-1e-3", "text/csv", 1, 1, {-0.001F}},
    {"nan,NaN,+.5", "text/csv", 3, 1, {M, M, 0.5F}},
    {"1\n\n3", "text/csv", 1, 3, {1, M, 3}},
    {"0:1 2:3", NULL, 3, 1, {1, M, 3}},
    {"1 0:1 2:3\n0 1:5", "text/libsvm", 3, 2, {1, M, 3, M, 5, M}},
    {"2:7", "text/x-libsvm", 3, 1, {M, M, 7}},
    {"1", "libsvm", 2, 1, {M, M}},
};

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_good); i++) {
        /* In one go, and one row at a time. */
        for (size_t block = 1; block <= 4; block += 3) {
            struct payload payload;
            struct refusal refusal = {0};
            if (!payload_open(
                    &payload, str_from(s_good[i].body), str_from(s_good[i].type),
                    s_good[i].features, &refusal))
                fail_msg("case %zu: %s", i, refusal.reason);
            assert_true(payload_rows_left(&payload) >= s_good[i].rows);
            size_t rows = 0, n = 0;
            for (;;) {
                float values[24];
                if (!payload_read(&payload, values, block, &n, &refusal))
                    fail_msg("case %zu: %s", i, refusal.reason);
                if (n == 0)
                    break;
                for (size_t k = 0; k < n * s_good[i].features; k++) {
                    float want = s_good[i].values[rows * s_good[i].features + k];
                    assert_int_equal(isnan(values[k]) != 0, isnan(want) != 0);
                    assert_true(isnan(want) || memcmp(&values[k], &want, sizeof(want)) == 0);
                }
                rows += n;
            }
            assert_int_equal(rows, s_good[i].rows);
        }
    }
}

static const struct {
    const char *body, *type;
    int status;
    const char *reason;
} s_bad[] = {
    {"", "text/csv", 204, ""},
    {" \n ", "text/csv", 400, "nothing but blanks"},
    {"{}", "application/json", 415, "Content-Type 'application/json' is not supported"},
    {"x", "application/x-recordio-protobuf", 415, "send text/csv or text/libsvm"},
    {"x", "application/x-parquet", 415, "is not supported"},
    {"1,2,3", "text/csv; label_size=0", 415, "label_size must be equal to 1"},
    {"1,2", "text/csv", 400,
     "Feature size of csv inference data 2 is not consistent with feature size of trained model "
     "3."},
    {"1,2,3,4", "text/csv", 400, "inference data 4 is not consistent"},
    {"1,2,3\n1,2", "text/csv", 400, "row 2 has 2 values, the rows before it have 3"},
    {"1,2,3\n\n1,2,3", "text/csv", 400, "row 2 has 1 values"},
    {"1,2,3\n1,abc,3", "text/csv", 400, "row 2, column 2: 'abc' is not a number"},
    {"a,b,c", "text/csv", 400, "row 1, column 1: 'a' is not a number"},
    {"1,0x10,3", "text/csv", 400, "'0x10' is not a number"},
    {"1,1e39,3", "text/csv", 400, "'1e39' is infinite or too large"},
    {"1,-inf,3", "text/csv", 400, "'-inf' is infinite"},
    {"\"1\",2,3", "text/csv", 400, "is not a number"},
    {"3:1", "text/libsvm", 400,
     "Feature size of libsvm inference data 4 is larger than feature size of trained model 3."},
    {"x:1", "text/libsvm", 400, "row 1: 'x:1' has an index that is not a whole number"},
    {"1 0:1\n1 0:y", "text/libsvm", 400, "row 2: '0:y' has a value that is not a number"},
    {"0:1 0:2", "text/libsvm", 400, "'0:2' repeats an index"},
    {"0:inf", "text/libsvm", 400, "is infinite"},
};

static void test_refusals(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++) {
        struct payload payload;
        struct refusal refusal = {0};
        float values[12];
        size_t n = 1;
        bool ok =
            payload_open(&payload, str_from(s_bad[i].body), str_from(s_bad[i].type), 3, &refusal);
        while (ok && n > 0)
            ok = payload_read(&payload, values, 4, &n, &refusal);
        if (ok || refusal.status != s_bad[i].status ||
            strstr(refusal.reason, s_bad[i].reason) == NULL)
            fail_msg("case %zu: %d %s", i, refusal.status, refusal.reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
