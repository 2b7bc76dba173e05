#include "tests/harness/test.h"

#include "engine/xgb/hyper_parse.h"

static void ints(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } s_cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"+7", true, 7},
        {"-7", true, -7},
        {" 7\t", true, 7},
        {"1_000", true, 1000},
        {"", false, 0},
        {" ", false, 0},
        {"+", false, 0},
        {"--1", false, 0},
        {"1_", false, 0},
        {"_1", false, 0},
        {"1__0", false, 0},
        {"-_1", false, 0},
        {"1.0", false, 0},
        {"0x10", false, 0},
        {"1 2", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"-92233720368547758080", true, INT64_MIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        int64_t value = 0;
        assert_int_equal(py_int(str_from(s_cases[i].text), &value), s_cases[i].good);
        assert_int_equal(value, s_cases[i].value);
    }
}

static void floats(void **state)
{
    (void) state;
    static const struct {
        const char *text, *shown; /* NULL: refused */
    } s_cases[] = {
        {"0", "0.0"},
        {"-0.0", "-0.0"},
        {"1", "1.0"},
        {"1.50", "1.5"},
        {"0.1", "0.1"},
        {".5", "0.5"},
        {"5.", "5.0"},
        {"1e3", "1000.0"},
        {"1e15", "1000000000000000.0"},
        {"1e16", "1e+16"},
        {"1e22", "1e+22"},
        {"123456789012345678", "1.2345678901234568e+17"},
        {"0.0001", "0.0001"},
        {"0.00001", "1e-05"},
        {"1e-320", "1e-320"},
        {"inf", "inf"},
        {"-Infinity", "-inf"},
        {"1e400", "inf"},
        {"1_0.5", "10.5"},
        {" 2 ", "2.0"},
        {"3.141592653589793", "3.141592653589793"},
        {"nan", NULL},
        {"", NULL},
        {"x", NULL},
        {"1e", NULL},
        {"1_.5", NULL},
        {"0x1p3", NULL},
        {"1,5", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        double value = 0;
        bool good = py_float(str_from(s_cases[i].text), &value);
        assert_int_equal(good, s_cases[i].shown != NULL);
        if (good)
            assert_str(py_float_text(*state, value), s_cases[i].shown);
    }
}

static void lists(void **state)
{
    struct arena *arena = *state;
    assert_str(py_list_text(arena, STR("a")), "['a']");
    assert_str(py_list_text(arena, STR("a, b,")), "['a', ' b', '']");
    assert_str(py_list_text(arena, STR("")), "['']");
    static const struct {
        const char *text, *tuple, *nested; /* NULL: refused */
    } s_cases[] = {
        {"(1,0,-1)", "(1, 0, -1)", NULL},
        {"( 1 , 0 , )", "(1, 0)", NULL},
        {"(1,)", "(1,)", NULL},
        {"()", "()", NULL},
        {"[1,2]", "[1, 2]", NULL},
        {"[]", "[]", "[]"},
        {"(1)", NULL, NULL},
        {"1,2", NULL, NULL},
        {"(1,2", NULL, NULL},
        {"(1,2) x", NULL, NULL},
        {"(,)", NULL, NULL},
        {"(1 2)", NULL, NULL},
        {"(a)", NULL, NULL},
        {"", NULL, NULL},
        {"(", NULL, NULL},
        {"[[1,2],[3]]", NULL, "[[1, 2], [3]]"},
        {"[ [1] , ]", NULL, "[[1]]"},
        {"[[]]", NULL, "[[]]"},
        {"[[1],2]", NULL, NULL},
        {"[[1]", NULL, NULL},
        {"[[1]]]", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct py_ints values;
        struct str shown;
        assert_int_equal(
            py_int_tuple(arena, str_from(s_cases[i].text), &values, &shown),
            s_cases[i].tuple != NULL);
        if (s_cases[i].tuple != NULL)
            assert_str(shown, s_cases[i].tuple);
        assert_int_equal(
            py_nested_list(arena, str_from(s_cases[i].text), &values, &shown),
            s_cases[i].nested != NULL);
        if (s_cases[i].nested != NULL)
            assert_str(shown, s_cases[i].nested);
    }
    struct py_ints values;
    struct str shown;
    assert_true(py_nested_list(arena, STR("[[1,2],[3]]"), &values, &shown));
    assert_int_equal(values.list.len, 3);
    assert_int_equal(values.list.items[2], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(ints),
        WITH_ARENA(floats),
        WITH_ARENA(lists),
    };
    return cmocka_run_group_tests_name("xgb/hyper_parse", tests, NULL, NULL);
}
