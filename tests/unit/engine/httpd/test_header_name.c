#include "engine/httpd/header_name.h"

#include "tests/harness/test.h"

static void takes_names_and_nothing_else(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        bool sound;
    } cases[] = {
        {"Host", true},
        {"X-Amzn-SageMaker-Target-Model", true},
        {"content-length", true},
        {"Content-Length", true},
        {"TRANSFER-ENCODING", true},
        {"Content-Lengt", true},
        {"x!#$%&'*+-.^_`|~9", true},
        {"", false},
        {"Host ", false},
        {" Host", false},
        {"Content-Length\t", false},
        {"X(y)", false},
        {"a:b", false},
        {"a\x7f", false},
        /* what the library makes of a folded line */
        {"Transfer-Encodingchunked", false},
        {"transfer-encodingx", false},
        {"Content-Length0", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (header_name_is_sound(str_from(cases[i].name)) != cases[i].sound)
            fail_msg("'%s'", cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_names_and_nothing_else)};
    return cmocka_run_group_tests_name("header_name", tests, NULL, NULL);
}
