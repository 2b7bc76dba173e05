#include "engine/serve/pins.h"

#include "tests/harness/test.h"

static void names_and_beginnings(void **state)
{
    (void) state;
    static const struct {
        const char *pins, *name;
        bool want;
    } rows[] = {
        {"", "a", false},
        {"a", "a", true},
        {"a", "ab", false},
        {"a", "", false},
        {",,", "", false},
        {"b, a ,c", "a", true},
        {"b,gold-*", "gold-1.tar.gz", true},
        {"b,gold-*", "gold-", true},
        {"b,gold-*", "gold", false},
        {"*", "anything", true},
        {"a*b", "a*b", true},
        {"a*b", "axb", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(pins_have(str_from(rows[i].pins), str_from(rows[i].name)), rows[i].want);
    assert_false(pins_have(STR_NULL, STR("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_beginnings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
