#include "tests/harness/test.h"

#include "cmd/sample.h"

#include <math.h>

static void takes_rows_without_their_label(void **state)
{
    (void) state;
    static const struct {
        const char *text, *type;
        bool weights;
        size_t rows;
        const char *body, *sent_type;
    } s_cases[] = {
        {"1,2,3\n0,4,5\n1,6,7\n", "text/csv", false, 2, "2,3\n4,5\n", "text/csv"},
        {"1,0.5,3\n", "text/csv; label_size=1", true, 1, "3\n", "text/csv"},
        {"1,2,\r\n\r\n0,4,5", "csv", false, 2, "2,\n4,5\n", "text/csv"},
        {"1 0:2 3:4\n0 1:7\n", "text/libsvm", false, 2, "0:2 3:4\n1:7\n", "text/libsvm"},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct sample sample;
        struct err err = {0};
        assert_ok(
            sample_from_channel(
                arena, str_from(s_cases[i].text), str_from(s_cases[i].type), s_cases[i].weights, 2,
                &sample, &err),
            &err);
        assert_str(sample.body, s_cases[i].body);
        assert_str(sample.content_type, s_cases[i].sent_type);
        assert_int_equal(sample.rows, s_cases[i].rows);
    }
    struct sample sample;
    struct err err = {0};
    assert_fails(
        sample_from_channel(arena, STR("\n\n"), STR("csv"), false, 2, &sample, &err), ERR_SPEC,
        &err, "no rows");
    arena_free(arena);
}

/* Bit for bit; NaN equals NaN. */
static void assert_floats(const float *actual, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t a, b;
        memcpy(&a, &actual[i], sizeof(a));
        memcpy(&b, &expected[i], sizeof(b));
        assert_true(a == b || (isnan(actual[i]) && isnan(expected[i])));
    }
}

static void same_rows_as_floats(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct err err = {0};
    struct sample csv = {STR("1.5,,-3\n0.1,2,4\n"), STR("text/csv"), STR("x"), 2};
    float *values;
    size_t cols;
    assert_ok(sample_values(arena, &csv, 99, &values, &cols, &err), &err);
    assert_int_equal(cols, 3);
    assert_floats(values, (const float[]){1.5F, NAN, -3.0F, 0.1F, 2.0F, 4.0F}, 6);
    struct sample libsvm = {STR("0:1 2:3\n"), STR("text/libsvm"), STR("x"), 1};
    assert_ok(sample_values(arena, &libsvm, 4, &values, &cols, &err), &err);
    assert_int_equal(cols, 4);
    assert_floats(values, (const float[]){1.0F, NAN, 3.0F, NAN}, 4);
    arena_free(arena);
}

static void bad_rows_are_named(void **state)
{
    (void) state;
    static const struct {
        const char *body, *type, *message;
        size_t rows;
    } s_cases[] = {
        {"1,2\n3,x\n", "text/csv", "row 2, column 2: 'x' is not a number", 2},
        {"1,2\n3\n", "text/csv", "row 2 has 1 columns, row 1 has 2", 2},
        {"1,2\n3,4,5\n", "text/csv", "row 2 has more than 2 columns", 2},
        {"9:1\n", "text/libsvm", "the model has 3 features, but index 9 is used", 1},
        {"a:1\n", "text/libsvm", "'a:1' is not index:value", 1},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct sample sample = {
            str_from(s_cases[i].body), str_from(s_cases[i].type), STR("x"), s_cases[i].rows};
        struct err err = {0};
        float *values;
        size_t cols;
        assert_fails(
            sample_values(arena, &sample, 3, &values, &cols, &err), ERR_SPEC, &err,
            s_cases[i].message);
    }
    arena_free(arena);
}

static void reads_numbers_of_any_answer(void **state)
{
    (void) state;
    static const char *const s_bodies[] = {
        "0.5,2,-1e-3", "[0.5, 2, -1e-3]", "0.5\n2\n-1e-3\n", "[0.5],[2, -1e-3]"};
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_bodies); i++) {
        double *numbers;
        size_t count;
        struct err err = {0};
        assert_ok(sample_numbers(arena, str_from(s_bodies[i]), &numbers, &count, &err), &err);
        assert_int_equal(count, 3);
        assert_true(fabs(numbers[0] - 0.5) < 1e-12 && fabs(numbers[2] + 0.001) < 1e-12);
    }
    double *numbers;
    size_t count;
    struct err err = {0};
    assert_fails(
        sample_numbers(arena, STR("{\"a\":1}"), &numbers, &count, &err), ERR_PROTOCOL, &err,
        "where a number should be");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_rows_without_their_label),
        cmocka_unit_test(same_rows_as_floats),
        cmocka_unit_test(bad_rows_are_named),
        cmocka_unit_test(reads_numbers_of_any_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
