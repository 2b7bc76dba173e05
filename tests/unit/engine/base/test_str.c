#include "tests/harness/test.h"

#include <limits.h>
#include <math.h>

static void null_and_empty_differ(void **state)
{
    (void) state;
    assert_true(str_is_null(STR_NULL));
    assert_true(str_is_null(str_from(NULL)));
    assert_true(str_is_empty(STR_NULL));
    assert_false(str_is_null(STR("")));
    assert_true(str_is_empty(STR("")));
    assert_true(str_eq(STR_NULL, STR("")));
}

static void comparing(void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        int order;
    } s_cases[] = {{"", "", 0},    {"a", "a", 0}, {"a", "b", -1},   {"b", "a", 1}, {"a", "aa", -1},
                   {"aa", "a", 1}, {"", "a", -1}, {"\xff", "a", 1}, {"A", "a", -1}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str a = str_from(s_cases[i].a), b = str_from(s_cases[i].b);
        int order = str_cmp(a, b);
        assert_int_equal((order > 0) - (order < 0), s_cases[i].order);
        assert_int_equal(str_eq(a, b), s_cases[i].order == 0);
    }
    assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_eq_nocase(STR("a"), STR("ab")));
    assert_false(str_eq_nocase(STR("["), STR("{"))); /* 0x20 apart, but no letters */
    assert_true(str_eq_z(STR("x"), "x"));
}

static void searching(void **state)
{
    (void) state;
    struct str s = STR("a/b/c");
    assert_int_equal(str_index(s, '/'), 1);
    assert_int_equal(str_rindex(s, '/'), 3);
    assert_int_equal(str_index(s, 'x'), SIZE_MAX);
    assert_int_equal(str_rindex(STR(""), 'x'), SIZE_MAX);
    assert_int_equal(str_find(s, STR("/c")), 3);
    assert_int_equal(str_find(s, STR("")), 0);
    assert_int_equal(str_find(s, STR("a/b/c/d")), SIZE_MAX);
    assert_true(str_starts(s, STR("a/")) && str_starts(s, STR("")));
    assert_false(str_starts(STR("a"), s));
    assert_true(str_ends(s, STR("/c")) && str_ends(s, STR("")));
    assert_false(str_ends(STR("c"), s));
}

static void slicing_is_clamped(void **state)
{
    (void) state;
    struct str s = STR("abcdef");
    assert_str(str_slice(s, 1, 3), "bc");
    assert_str(str_slice(s, 4, 99), "ef");
    assert_str(str_slice(s, 5, 2), "");
    assert_str(str_slice(s, 99, 100), "");
    assert_str(str_from_index(s, 6), "");
    assert_true(str_is_null(str_slice(STR_NULL, 1, 2)));
    assert_str(str_trim(STR(" \t\r\n x y \v\f")), "x y");
    assert_str(str_trim(STR(" \n ")), "");
}

static void splitting_keeps_empty_parts(void **state)
{
    (void) state;
    static const char *const s_parts[] = {"a", "", "b", ""};
    struct str rest = STR("a,,b,"), part = STR_NULL;
    size_t count = 0;
    while (str_split(&rest, ',', &part)) {
        assert_true(count < ARRAY_LEN(s_parts));
        assert_str(part, s_parts[count++]);
    }
    assert_int_equal(count, ARRAY_LEN(s_parts));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part));
    assert_false(str_split(&rest, ',', &part));
}

static void integers_are_strict(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } s_cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"+5", true, 5},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+-1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
        {"1e3", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        int64_t value = 42;
        assert_int_equal(str_to_i64(str_from(s_cases[i].text), &value), s_cases[i].ok);
        assert_int_equal(value, s_cases[i].ok ? s_cases[i].value : 42);
    }
    uint64_t big = 0;
    assert_true(str_to_u64(STR("18446744073709551615"), &big));
    assert_true(big == UINT64_MAX);
    assert_false(str_to_u64(STR("18446744073709551616"), &big));
    assert_false(str_to_u64(STR("-1"), &big));
    assert_true(big == UINT64_MAX);
}

static void doubles_read_like_pythons(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        bool ok;
        double value;
    } s_cases[] = {
        {"0.1", true, 0.1},
        {"-1e-3", true, -0.001},
        {"1E400", true, INFINITY},
        {"inf", true, INFINITY},
        {"-Infinity", true, -INFINITY},
        {".5", true, 0.5},
        {"5.", true, 5},
        {"", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x10", false, 0},
        {"nan(1)", false, 0},
        {"1,5", false, 0},
        {"e5", false, 0}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        double value = 42;
        assert_int_equal(str_to_f64(str_from(s_cases[i].text), &value), s_cases[i].ok);
        double want = s_cases[i].ok ? s_cases[i].value : 42;
        assert_memory_equal(&value, &want, sizeof(want));
    }
    double nan_value = 0;
    assert_true(str_to_f64(STR("NaN"), &nan_value));
    assert_true(isnan(nan_value));
    assert_false(str_to_f64(str_of("1\0", 2), &nan_value));
}

static void copies_are_own_and_terminated(void **state)
{
    struct arena *arena = *state;
    char source[] = "abc";
    struct str copy = str_dup(arena, str_of(source, 2));
    char *z = str_z(arena, str_of(source, 2));
    source[0] = 'X';
    assert_str(copy, "ab");
    assert_string_equal(z, "ab");
    assert_true(str_is_null(str_dup(arena, STR_NULL)));
    assert_str(str_fmt(arena, "%d-" STR_FMT, 7, STR_ARG(STR("x"))), "7-x");
    assert_str(str_lower(arena, STR("AbC-1\xc3\x84")), "abc-1\xc3\x84");
}

static void joining(void **state)
{
    struct arena *arena = *state;
    const struct str parts[] = {STR("ab"), STR(""), STR_NULL, STR("c")};
    assert_str(str_join(arena, parts, 4, STR(", ")), "ab, , , c");
    assert_str(str_join(arena, parts, 4, STR("")), "abc");
    assert_str(str_join(arena, parts, 1, STR("/")), "ab");
    struct str none = str_join(arena, parts, 0, STR("/"));
    assert_str(none, "");
    assert_int_equal(none.ptr[0], '\0');
}

static void distance_for_did_you_mean(void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } s_cases[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"", "abc", 3},
        {"max_deph", "max_depth", 1},
        {"kitten", "sitting", 3},
        {"ab", "ba", 2}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str a = str_from(s_cases[i].a), b = str_from(s_cases[i].b);
        assert_int_equal(str_distance(a, b), s_cases[i].distance);
        assert_int_equal(str_distance(b, a), s_cases[i].distance);
    }
    char lengthy[65];
    memset(lengthy, 'a', sizeof(lengthy));
    assert_int_equal(str_distance(str_of(lengthy, 65), STR("a")), SIZE_MAX);
}

/* Against vsnprintf() itself, in a buffer of every size. */
static void check_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void check_format(const char *fmt, ...)
{
    char wanted[256], got[256];
    for (size_t size = 0; size < 80; size++) {
        va_list args, again;
        memset(wanted, '#', sizeof(wanted));
        memset(got, '#', sizeof(got));
        va_start(args, fmt);
        va_copy(again, args);
        int len = vsnprintf(wanted, size, fmt, args);
        size_t got_len = str_vformat(got, size, fmt, again);
        va_end(again);
        va_end(args);
        assert_int_equal(got_len, len);
        assert_memory_equal(got, wanted, size < 80 ? size : 80);
        assert_int_equal(got[size], '#');
    }
}

static void formatting_is_that_of_libc(void **state)
{
    (void) state;
    check_format("%s", "");
    check_format("plain");
    check_format("100%% of %s|%c|%.*s|", "it", 'x', 3, "abcdef");
    check_format("%.*s|%.*s", 0, "abc", 10, "short");
    check_format("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    check_format("%u %x %x", UINT_MAX, 0U, 0xdeadbeefU);
    check_format("%04d-%02d-%02d %06d", 2026, 1, 9, -42);
    check_format("%08x %016llx %02x", 0x1fU, 0x1fULL, 0xabcU);
    check_format("%lld %lld %llu", LLONG_MIN, LLONG_MAX, ULLONG_MAX);
    check_format("%ld %lu %zu %jd %ju", LONG_MIN, ULONG_MAX, SIZE_MAX, INTMAX_MIN, UINTMAX_MAX);
    /* What is left to libc. */
    check_format("%s %.17g %s", "a", 0.1, "b");
    check_format("%-8s|%8s|%5d|%+d|%i", "a", "b", 1, 2, 3);
    check_format("%.3s|%.2f|%X|%o", "abcdef", 1.5, 255U, 8U);
    check_format("%p %s", (void *) 0, "end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_empty_differ),
        cmocka_unit_test(comparing),
        cmocka_unit_test(searching),
        cmocka_unit_test(slicing_is_clamped),
        cmocka_unit_test(splitting_keeps_empty_parts),
        cmocka_unit_test(integers_are_strict),
        cmocka_unit_test(doubles_read_like_pythons),
        WITH_ARENA(copies_are_own_and_terminated),
        WITH_ARENA(joining),
        cmocka_unit_test(distance_for_did_you_mean),
        cmocka_unit_test(formatting_is_that_of_libc),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
