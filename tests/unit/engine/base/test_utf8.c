#include "tests/harness/test.h"

#include "engine/base/utf8.h"

static void lengths(void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t len;
    } s_cases[] = {
        {"a", 1},
        {"\xc3\xa4", 2},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xe0\xa0\x80", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\x80", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc3", 0},
        {"\xc3(", 0},
        {"\xe2\x82", 0},
        {"\xe2(\xac", 0},
        {"\xf0\x9f\x98", 0},
        {"\xf0\x9f\x98(", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str s = str_from(s_cases[i].bytes);
        assert_int_equal(utf8_char_len(s, 0), s_cases[i].len);
    }
    assert_int_equal(utf8_char_len(STR(""), 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lengths)};
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
