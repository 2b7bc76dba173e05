#include "tests/harness/test.h"

#include "engine/base/argv.h"

/* What Python's shlex.split() makes of the same lines. */
static void words(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *line, *words[6];
    } s_cases[] = {
        {"", {NULL}},
        {" \t\r\n ", {NULL}},
        {"a", {"a"}},
        {"  a  bc\td ", {"a", "bc", "d"}},
        {"a 'b c' d", {"a", "b c", "d"}},
        {"a \"b c\"d'e f'", {"a", "b cde f"}},
        {"'' \"\" x", {"", "", "x"}},
        {"a\\ b \\\\ \\'", {"a b", "\\", "'"}},
        {"'a\\b' \"a\\b\" \"a\\\\b\" \"a\\\"b\"", {"a\\b", "a\\b", "a\\b", "a\"b"}},
        {"$HOME `id` $(id) * ; | > # x", {"$HOME", "`id`", "$(id)", "*", ";", "|"}},
        {"\xc3\xa9", {"\xc3\xa9"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct err err = {0};
        char **got;
        size_t count;
        assert_ok(argv_split(arena, str_from(s_cases[i].line), 32, &got, &count, &err), &err);
        assert_null(got[count]);
        for (size_t k = 0; k < 6 && s_cases[i].words[k] != NULL; k++)
            assert_string_equal(got[k], s_cases[i].words[k]);
        if (s_cases[i].words[5] == NULL)
            assert_true(count < 6 && s_cases[i].words[count] == NULL);
    }
}

static void faults(void **state)
{
    struct arena *arena = *state;
    static const struct {
        struct str line;
        const char *message;
    } s_cases[] = {
        {STR_INIT("a 'b"), "a quote is not closed"},
        {STR_INIT("a \"b'"), "a quote is not closed"},
        {STR_INIT("\"a\\"), "a quote is not closed"},
        {STR_INIT("a\\"), "a backslash is its last character"},
        {STR_INIT("a\0b"), "there is a NUL in it"},
        {STR_INIT("a b c d e"), "more than 4 words"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct err err = {0};
        char **got;
        size_t count;
        assert_fails(
            argv_split(arena, s_cases[i].line, 4, &got, &count, &err), ERR_USAGE, &err,
            s_cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(words), WITH_ARENA(faults)};
    return cmocka_run_group_tests_name("argv", tests, NULL, NULL);
}
