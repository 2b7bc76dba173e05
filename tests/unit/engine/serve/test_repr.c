#include "engine/serve/repr.h"

#include "tests/unit/engine/xgb/fixture.h"

#include <math.h>

/* Each right-hand side is what Python 3 prints for the double. */
static void test_as_python(void **state)
{
    (void) state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {2.0, "2.0"},
        {-3.0, "-3.0"},
        {0.5, "0.5"},
        {100.0, "100.0"},
        {(double) 0.1F, "0.10000000149011612"},
        {(double) 0.39883366F, "0.39883366227149963"},
        {(double) 0.2F, "0.20000000298023224"},
        {(double) 1e-5F, "9.999999747378752e-06"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {123456789.0, "123456789.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {9007199254740992.0, "9007199254740992.0"},
        {12345678901234567.0, "1.2345678901234568e+16"},
        {1e22, "1e+22"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {0x1p-44, "5.684341886080802e-14"},
        {0x1p-149, "1.401298464324817e-45"},
        {3.4028234663852886e38, "3.4028234663852886e+38"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {1.0 / 3.0, "0.3333333333333333"},
        {123.456, "123.456"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[REPR_MAX + 1];
        text[repr_float(cases[i].value, false, text)] = '\0';
        assert_string_equal(text, cases[i].text);
    }
    char text[REPR_MAX + 1];
    text[repr_float(INFINITY, true, text)] = '\0';
    assert_string_equal(text, "Infinity");
    text[repr_float(-INFINITY, true, text)] = '\0';
    assert_string_equal(text, "-Infinity");
    text[repr_float(NAN, true, text)] = '\0';
    assert_string_equal(text, "NaN");
}

/* Any float reads back as itself, and no shorter text does. */
static void test_shortest_that_reads_back(void **state)
{
    (void) state;
    struct rng rng;
    uint64_t seed = rng_entropy();
    print_message("seed %ju\n", (uintmax_t) seed);
    rng_seed(&rng, seed);
    for (int i = 0; i < 50000; i++) {
        uint32_t bits = (uint32_t) rng_u64(&rng);
        float value;
        memcpy(&value, &bits, sizeof(value));
        if (isnan(value) || isinf(value))
            continue;
        char text[REPR_MAX + 1], shorter[64];
        text[repr_float((double) value, false, text)] = '\0';
        double again = strtod(text, NULL);
        double wide = (double) value;
        assert_memory_equal(&again, &wide, sizeof(wide));
        int digits = 0;
        for (const char *at = text; *at != '\0' && *at != 'e'; at++)
            digits += *at >= '1' || (*at == '0' && digits > 0);
        if (digits >= 17 && !str_ends(str_from(text), STR(".0"))) {
            (void) snprintf(shorter, sizeof(shorter), "%.15e", wide);
            again = strtod(shorter, NULL);
            assert_memory_not_equal(&again, &wide, sizeof(wide));
        }
    }
}

/* The shortest of 15 to 17 digits that reads back, by libc's own exact arithmetic. */
static void test_as_printf_finds_it(void **state)
{
    (void) state;
    struct rng rng;
    uint64_t seed = rng_entropy();
    print_message("seed %ju\n", (uintmax_t) seed);
    rng_seed(&rng, seed);
    for (int i = 0; i < 200000; i++) {
        double value = rng_unit(&rng);
        if (i % 4 == 0)
            value = (double) (float) value;
        if (i % 4 == 1)
            value = (double) (float) ldexp(value, (int) rng_below(&rng, 90) - 50);
        if (i % 4 == 2)
            value = ldexp((double) (rng_below(&rng, 1000) + 1), (int) rng_below(&rng, 60) - 45);
        if (i % 4 == 3)
            value = ldexp(value, (int) rng_below(&rng, 80) - 30);
        int unused = 0;
        double half = frexp(value, &unused);
        if (value <= 0 || (half <= 0.5 && half >= 0.5)) /* test_as_python() has powers of two */
            continue;
        char got[REPR_MAX + 1], want[64];
        got[repr_float(value, false, got)] = '\0';
        double back = 0;
        for (int decimals = 14; decimals < 17; decimals++) {
            (void) snprintf(want, sizeof(want), "%.*e", decimals, value);
            back = strtod(want, NULL);
            if (memcmp(&back, &value, sizeof(value)) == 0)
                break;
        }
        back = strtod(got, NULL);
        assert_memory_equal(&back, &value, sizeof(value));
        size_t digits = 0, wanted = (size_t) (strchr(want, 'e') - want) - 1;
        bool point = false;
        for (const char *at = got; *at != '\0' && *at != 'e'; at++) {
            point |= *at == '.';
            digits += *at != '.' && (*at != '0' || digits > 0);
        }
        while (wanted > 1 && want[wanted] == '0')
            wanted--;
        if (point && !str_ends(str_from(got), STR(".0")))
            assert_int_equal(digits, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_python),
        cmocka_unit_test(test_shortest_that_reads_back),
        cmocka_unit_test(test_as_printf_finds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
