#include "engine/xgb/text.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

static void expect_number(const char *text)
{
    float got = 0, want = (float) strtod(text, NULL);
    if (!number_parse(str_from(text), &got) || memcmp(&got, &want, sizeof(got)) != 0)
        fail_msg("'%s' gives %a, strtod %a", text, (double) got, (double) want);
}

static void test_numbers(void **state)
{
    (void) state;
    static const char *const good[] = {
        "0", "-0", "1", "+1", "12.5", ".5", "5.", "1e5", "1E-5", "-1.25e+3", "0.1", "17.99",
        "9007199254740993", "123456789012345678901234567890", "1e22", "1e23", "1e-22", "1e-23",
        "1e38", "3.4028235e38", "1e-45", "1e-400", "0.000000000000000000000000000001", "0e99999999",
        "00012", "1.00000000000000011102230246251565404",
        /* halfway between two floats, and just beside it: rounding twice must not matter */
        "1.00000005960464477539", "1.000000059604644775390625", "1.000000178813934326171875"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        expect_number(good[i]);
    static const char *const bad[] = {"",        "-",    "+",     ".",     "e5",   "1e",  "1e+",
                                      "1.2.3",   "0x10", "1_000", "abc",   "1a",   "--1", "1 2",
                                      "infinit", "na",   "1,5",   "\"1\"", "1e5.0"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        float value = 0;
        if (number_parse(str_from(bad[i]), &value))
            fail_msg("'%s' is taken for %g", bad[i], (double) value);
    }
    float value = 0;
    assert_true(number_parse(STR(" nan "), &value) && isnan(value));
    assert_true(number_parse(STR("-Infinity"), &value) && isinf(value) && value < 0);
    assert_true(number_parse(STR("INF"), &value) && isinf(value) && value > 0);
    assert_true(number_parse(STR("1e39"), &value) && isinf(value));
    assert_true(number_parse(STR("\t-2\r"), &value) && value < -1.5F);
    assert_false(number_parse(STR("1\0"), &value));
}

/* Decimals of all lengths agree with libc's strtod, rounded to float. */
static void test_random_numbers(void **state)
{
    (void) state;
    struct rng rng;
    uint64_t seed = rng_entropy();
    print_message("seed %ju\n", (uintmax_t) seed);
    rng_seed(&rng, seed);
    for (int i = 0; i < 100000; i++) {
        char text[64];
        size_t n = 0, digits = 1 + rng_below(&rng, 24), point = rng_below(&rng, digits + 1);
        if (rng_below(&rng, 3) == 0)
            text[n++] = '-';
        for (size_t k = 0; k < digits; k++) {
            if (k == point)
                text[n++] = '.';
            text[n++] = (char) ('0' + rng_below(&rng, 10));
        }
        text[n] = '\0';
        if (rng_below(&rng, 3) == 0)
            (void) snprintf(text + n, sizeof(text) - n, "e%d", (int) rng_below(&rng, 80) - 50);
        expect_number(text);
    }
}

static void test_delimiter(void **state)
{
    (void) state;
    /* Right-hand sides: what csv.Sniffer answers, a letter or digit read as a comma. */
    static const struct {
        const char *line;
        char delimiter;
    } cases[] = {
        {"1,2,3", ','},   {"1;2;3", ';'}, {"1\t2", '\t'}, {"1 2 3", ' '},   {"1|2|3", '|'},
        {"1, 2, 3", ','}, {"1; 2", ';'},  {"1.5", ','},   {"42", ','},      {"-1.5e-3", ','},
        {"1:2", ':'},     {"", ','},      {"1,2;3", ','}, {"1;2\t3", '\t'}, {"a|b|c|d", '|'},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(csv_delimiter(str_from(cases[i].line)), cases[i].delimiter);
}

static void test_content_types(void **state)
{
    (void) state;
    static const struct {
        const char *type;
        enum data_format format;
    } cases[] = {
        {NULL, DATA_FORMAT_LIBSVM},
        {"", DATA_FORMAT_LIBSVM},
        {"csv", DATA_FORMAT_CSV},
        {"text/csv", DATA_FORMAT_CSV},
        {"Text/CSV; label_size=1", DATA_FORMAT_CSV},
        {"text/csv;label_size=\"1\";charset=utf8", DATA_FORMAT_CSV},
        {"text/csv; label_size=2", DATA_FORMAT_BAD_LABEL_SIZE},
        {"text/csv; Label_Size = 0", DATA_FORMAT_BAD_LABEL_SIZE},
        {"libsvm", DATA_FORMAT_LIBSVM},
        {"text/libsvm ;charset=utf8", DATA_FORMAT_LIBSVM},
        {"text/x-libsvm", DATA_FORMAT_LIBSVM},
        {"parquet", DATA_FORMAT_PARQUET},
        {"application/x-recordio-protobuf", DATA_FORMAT_RECORDIO},
        {"application/json", DATA_FORMAT_UNKNOWN},
        {"text/csvx", DATA_FORMAT_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(data_format_of(str_from(cases[i].type)), cases[i].format);
}

static void test_lines(void **state)
{
    (void) state;
    struct str rest = STR("a\r\n\nb"), line;
    assert_true(text_line(&rest, &line) && str_eq_z(line, "a"));
    assert_true(text_line(&rest, &line) && str_eq_z(line, ""));
    assert_true(text_line(&rest, &line) && str_eq_z(line, "b"));
    assert_false(text_line(&rest, &line));
    rest = STR("  x \t yz ");
    assert_true(text_token(&rest, &line) && str_eq_z(line, "x"));
    assert_true(text_token(&rest, &line) && str_eq_z(line, "yz"));
    assert_false(text_token(&rest, &line));
}

static void test_cell_shown(void **state)
{
    (void) state;
    char out[CELL_SHOWN];
    assert_string_equal(cell_shown(STR("  abc "), out), "abc");
    assert_string_equal(cell_shown(STR("a\x1b[31m\xff"), out), "a?[31m?");
    assert_string_equal(
        cell_shown(STR("0123456789012345678901234567890123456789x"), out),
        "0123456789012345678901234567890123456789...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_random_numbers),
        cmocka_unit_test(test_delimiter), cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_lines),     cmocka_unit_test(test_cell_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
