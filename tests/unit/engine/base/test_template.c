#include "tests/harness/test.h"

#include "engine/base/template.h"

static const struct template_value s_values[] = {
    {STR_INIT("key"), STR_INIT("acme")},
    {STR_INIT("n_1"), STR_INIT("4")},
    {STR_INIT("empty"), STR_INIT("")},
};

static void texts(void **state)
{
    static const struct {
        const char *text, *filled;
    } s_cases[] = {
        {"customer-{key}", "customer-acme"},
        {"{key}{n_1}{key}", "acme4acme"},
        {"", ""},
        {"plain", "plain"},
        {"a{empty}b", "ab"},
        {"{{key}} and {{", "{key}} and {"},
        {"{1} {} { key} {key", "{1} {} { key} {key"},
        {"{", "{"},
        {"{ke y}{key}", "{ke y}acme"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str out = STR_NULL, unknown = STR_NULL;
        assert_true(template_fill(
            *state, str_from(s_cases[i].text), s_values, ARRAY_LEN(s_values), &out, &unknown));
        assert_str(out, s_cases[i].filled);
        assert_true(str_is_null(unknown));
    }
    struct str out = STR_NULL, unknown;
    assert_false(template_fill(*state, STR("{key}-{who}"), s_values, 3, &out, &unknown));
    assert_str(unknown, "who");
    assert_true(str_is_null(out));
}

static void places(void **state)
{
    (void) state;
    assert_true(template_has(STR("a{b}c{d}"), STR("d")));
    assert_false(template_has(STR("a{b}c{{d}"), STR("d")));
    struct str rest = STR("a{b}c{d}e"), plain, name;
    assert_true(template_next(&rest, &plain, &name));
    assert_str(plain, "a");
    assert_str(name, "b");
    assert_true(template_next(&rest, &plain, &name));
    assert_str(plain, "c");
    assert_false(template_next(&rest, &plain, &name));
    assert_str(plain, "e");
    assert_int_equal(rest.len, 0);
}

static void what_a_template_could_have_made(void **state)
{
    (void) state;
    static const struct {
        const char *text, *made;
        bool could;
    } s_cases[] = {
        {"customer-{key}", "customer-acme", true},
        {"customer-{key}", "my-customer-acme", false},
        {"{key}", "anything", true},
        {"{a}-{b}-x", "1-2-x", true},
        {"{a}-{b}-x", "1-2-y", false},
        {"{a}-{b}-x", "12x", false},
        {"plain", "plain", true},
        {"plain", "plainer", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        if (template_matches(str_from(s_cases[i].text), str_from(s_cases[i].made)) !=
            s_cases[i].could)
            fail_msg("case %zu: %s, %s", i, s_cases[i].text, s_cases[i].made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(texts),
        cmocka_unit_test(places),
        cmocka_unit_test(what_a_template_could_have_made),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
