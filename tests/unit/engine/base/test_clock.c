#include "tests/harness/test.h"

#include "engine/base/clock.h"
#include "engine/base/rng.h"

static void known_moments(void **state)
{
    struct arena *arena = *state;
    static const struct {
        int64_t ms;
        const char *basic, *iso, *iso_ms, *http;
    } s_cases[] = {
        {0, "19700101T000000Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z",
         "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777000, "19941106T084937Z", "1994-11-06T08:49:37Z", "1994-11-06T08:49:37.000Z",
         "Sun, 06 Nov 1994 08:49:37 GMT"},
        {1440938160000, "20150830T123600Z", "2015-08-30T12:36:00Z", "2015-08-30T12:36:00.000Z",
         "Sun, 30 Aug 2015 12:36:00 GMT"},
        {951782399999, "20000228T235959Z", "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.999Z",
         "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400000, "20000229T000000Z", "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z",
         "Tue, 29 Feb 2000 00:00:00 GMT"},
        {4107542400000, "21000301T000000Z", "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z",
         "Mon, 01 Mar 2100 00:00:00 GMT"},
        {-1, "19691231T235959Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z",
         "Wed, 31 Dec 1969 23:59:59 GMT"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        assert_str(time_iso_basic(arena, s_cases[i].ms), s_cases[i].basic);
        assert_str(time_iso(arena, s_cases[i].ms), s_cases[i].iso);
        assert_str(time_iso_ms(arena, s_cases[i].ms), s_cases[i].iso_ms);
        assert_str(time_http(arena, s_cases[i].ms), s_cases[i].http);
    }
}

static void every_format_reads_back(void **state)
{
    static struct str (*const s_formats[])(struct arena *, int64_t) = {
        time_iso_basic, time_iso, time_iso_ms, time_http};
    struct arena *arena = *state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int i = 0; i < 2000; i++) {
        /* 0001-01-01 to 9999-12-31 */
        int64_t ms = (int64_t) rng_below(&rng, 315537897600000) - 62135596800000;
        int64_t second = ms - ((ms % 1000) + 1000) % 1000;
        for (size_t f = 0; f < ARRAY_LEN(s_formats); f++) {
            int64_t back = 0;
            assert_true(time_parse(s_formats[f](arena, ms), &back));
            assert_true(back == (s_formats[f] == time_iso_ms ? ms : second));
        }
        arena_reset(arena);
    }
}

static void what_is_no_time(void **state)
{
    (void) state;
    static const char *const s_cases[] = {
        "",
        "now",
        "2026",
        "2026-11-23",
        "2026-11-23T05:49:00",
        "2026-13-23T05:49:00Z",
        "2026-00-23T05:49:00Z",
        "2026-11-32T05:49:00Z",
        "2026-11-23T24:49:00Z",
        "2026-11-23T05:60:00Z",
        "2026-11-23T05:49:00+02:00",
        "2026-11-23T05:49:00Zz",
        "20261123T054900",
        "2O261123T054900Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        int64_t ms = 42;
        if (time_parse(str_from(s_cases[i]), &ms))
            fail_msg("'%s' was read as a time", s_cases[i]);
        assert_true(ms == 42);
    }
}

static void days_that_do_not_exist(void **state)
{
    (void) state;
    int64_t ms = 42;
    assert_false(time_parse(STR("2026-02-29T00:00:00Z"), &ms));
    assert_false(time_parse(STR("2026-04-31T00:00:00Z"), &ms));
    assert_false(time_parse(STR("2100-02-29T00:00:00Z"), &ms));
    assert_true(time_parse(STR("2000-02-29T00:00:00Z"), &ms));
}

static void fractions_of_any_length(void **state)
{
    (void) state;
    int64_t ms = 0;
    assert_true(time_parse(STR("1970-01-01T00:00:00.5Z"), &ms));
    assert_true(ms == 500);
    assert_true(time_parse(STR("1970-01-01T00:00:01.123456Z"), &ms));
    assert_true(ms == 1123);
    assert_true(time_parse(STR("1970-01-01T00:00:01+00:00"), &ms));
    assert_true(ms == 1000);
}

static void the_system_clock_moves_forward(void **state)
{
    (void) state;
    struct clock clock = clock_system();
    int64_t before = clock_mono_ms(clock);
    assert_true(clock_mono_ms(clock) >= before);
    assert_true(clock_wall_ms(clock) > 1700000000000); /* later than this file */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(known_moments),
        WITH_ARENA(every_format_reads_back),
        cmocka_unit_test(what_is_no_time),
        cmocka_unit_test(days_that_do_not_exist),
        cmocka_unit_test(fractions_of_any_length),
        cmocka_unit_test(the_system_clock_moves_forward),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
