#include "tests/harness/test.h"

#include "specs/yaml_scalar.h"

#include <math.h>

/* yaml.org/spec/1.2.2 section 10.3.2, and what YAML 1.1 made of the same texts. */
static void core_schema(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        enum yscalar_type type;
        double value; /* of numbers; 1 for true */
    } s_cases[] = {
        {"", YSCALAR_NULL, 0},
        {"~", YSCALAR_NULL, 0},
        {"null", YSCALAR_NULL, 0},
        {"Null", YSCALAR_NULL, 0},
        {"NULL", YSCALAR_NULL, 0},
        {"nULL", YSCALAR_STRING, 0},
        {"~~", YSCALAR_STRING, 0},
        {"true", YSCALAR_BOOL, 1},
        {"True", YSCALAR_BOOL, 1},
        {"TRUE", YSCALAR_BOOL, 1},
        {"tRUE", YSCALAR_STRING, 0},
        {"false", YSCALAR_BOOL, 0},
        {"False", YSCALAR_BOOL, 0},
        {"FALSE", YSCALAR_BOOL, 0},
        {"yes", YSCALAR_STRING, 0},
        {"no", YSCALAR_STRING, 0},
        {"on", YSCALAR_STRING, 0},
        {"off", YSCALAR_STRING, 0},
        {"y", YSCALAR_STRING, 0},
        {"n", YSCALAR_STRING, 0},
        {"0", YSCALAR_INT, 0},
        {"-0", YSCALAR_INT, 0},
        {"+7", YSCALAR_INT, 7},
        {"-12", YSCALAR_INT, -12},
        {"0777", YSCALAR_INT, 777},
        {"0o17", YSCALAR_INT, 15},
        {"0o18", YSCALAR_STRING, 0},
        {"-0o17", YSCALAR_STRING, 0},
        {"0o", YSCALAR_STRING, 0},
        {"0xff", YSCALAR_INT, 255},
        {"0xFF", YSCALAR_INT, 255},
        {"0XFF", YSCALAR_STRING, 0},
        {"0xfg", YSCALAR_STRING, 0},
        {"-0x1", YSCALAR_STRING, 0},
        {"0b11", YSCALAR_STRING, 0},
        {"1_000", YSCALAR_STRING, 0},
        {"1,000", YSCALAR_STRING, 0},
        {"12:30:45", YSCALAR_STRING, 0},
        {"1e3", YSCALAR_FLOAT, 1000},
        {"1E3", YSCALAR_FLOAT, 1000},
        {"1e+3", YSCALAR_FLOAT, 1000},
        {"1e-3", YSCALAR_FLOAT, 0.001},
        {"1e", YSCALAR_STRING, 0},
        {"e3", YSCALAR_STRING, 0},
        {"1.5", YSCALAR_FLOAT, 1.5},
        {"1.", YSCALAR_FLOAT, 1},
        {".5", YSCALAR_FLOAT, 0.5},
        {"-.5", YSCALAR_FLOAT, -0.5},
        {"+1.5e2", YSCALAR_FLOAT, 150},
        {".", YSCALAR_STRING, 0},
        {"-", YSCALAR_STRING, 0},
        {"+", YSCALAR_STRING, 0},
        {"1.2.3", YSCALAR_STRING, 0},
        {"1.7-1", YSCALAR_STRING, 0},
        {"3e512000", YSCALAR_FLOAT, INFINITY},
        {".inf", YSCALAR_FLOAT, INFINITY},
        {".Inf", YSCALAR_FLOAT, INFINITY},
        {"+.INF", YSCALAR_FLOAT, INFINITY},
        {"-.inf", YSCALAR_FLOAT, -INFINITY},
        {"inf", YSCALAR_STRING, 0},
        {"nan", YSCALAR_STRING, 0},
        {".iNF", YSCALAR_STRING, 0},
        {"2001-12-14", YSCALAR_STRING, 0},
        {"<<", YSCALAR_STRING, 0},
        {"=", YSCALAR_STRING, 0},
        {" 1", YSCALAR_STRING, 0},
        {"1 ", YSCALAR_STRING, 0},
        {"0x", YSCALAR_STRING, 0},
        {"infinity", YSCALAR_STRING, 0},
        {"0x1p4", YSCALAR_STRING, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct yscalar scalar = yscalar_of(str_from(s_cases[i].text));
        if (scalar.type != s_cases[i].type)
            fail_msg("'%s' is %s", s_cases[i].text, yscalar_type_name(scalar.type));
        double value = scalar.type == YSCALAR_BOOL ? scalar.boolean : scalar.number;
        if (value < s_cases[i].value || value > s_cases[i].value)
            fail_msg("'%s' is %g", s_cases[i].text, value);
        if (scalar.type == YSCALAR_INT)
            assert_int_equal(scalar.integer, (int64_t) s_cases[i].value);
    }
    assert_true(isnan(yscalar_of(STR(".nan")).number));
    assert_true(isnan(yscalar_of(STR(".NaN")).number));
}

static void names_of_types(void **state)
{
    static const struct {
        const char *text, *name;
    } s_cases[] = {
        {"~", "nothing"},    {"true", "true or false"}, {"1", "a whole number"},
        {"1.5", "a number"}, {"x", "a string"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_string_equal(
            yscalar_type_name(yscalar_of(str_from(s_cases[i].text)).type), s_cases[i].name);
}

static void edges_of_integers(void **state)
{
    (void) state;
    struct yscalar scalar = yscalar_of(STR("9223372036854775807"));
    assert_int_equal(scalar.integer, INT64_MAX);
    assert_false(scalar.overflow);
    scalar = yscalar_of(STR("-9223372036854775808"));
    assert_int_equal(scalar.integer, INT64_MIN);
    assert_false(scalar.overflow);
    scalar = yscalar_of(STR("9223372036854775808"));
    assert_int_equal(scalar.type, YSCALAR_INT);
    assert_int_equal(scalar.integer, INT64_MAX);
    assert_true(scalar.overflow);
    scalar = yscalar_of(STR("-0000000000000000000000000000000009"));
    assert_int_equal(scalar.integer, -9);
    assert_false(scalar.overflow);
    scalar = yscalar_of(STR("-9223372036854775809"));
    assert_int_equal(scalar.integer, INT64_MIN);
    assert_true(scalar.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_schema),
        cmocka_unit_test(names_of_types),
        cmocka_unit_test(edges_of_integers),
    };
    return cmocka_run_group_tests_name("specs/yaml_scalar", tests, NULL, NULL);
}
