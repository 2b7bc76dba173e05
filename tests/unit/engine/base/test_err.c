#include "tests/harness/test.h"

#include <errno.h>

static void setting_returns_the_code(void **state)
{
    (void) state;
    struct err err = {.code = ERR_IO, .hint = "old"};
    assert_int_equal(err_set(&err, ERR_SPEC, "unknown key '%s'", "etta"), ERR_SPEC);
    assert_int_equal(err.code, ERR_SPEC);
    assert_string_equal(err.message, "unknown key 'etta'");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.func, __func__);
    assert_true(err.src_line > 0);
}

static void wrapping_prefixes(void **state)
{
    (void) state;
    struct err err = {0};
    err_set(&err, ERR_DENIED, "403 AccessDenied");
    assert_int_equal(err_wrap(&err, "listing '%s'", "bucket"), ERR_DENIED);
    assert_int_equal(err_wrap(&err, "planning"), ERR_DENIED);
    assert_string_equal(err.message, "planning: listing 'bucket': 403 AccessDenied");
}

static void texts_are_cut_never_overrun(void **state)
{
    (void) state;
    char filler[3000];
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    struct err err = {0};
    err_set(&err, ERR_IO, "%s", filler);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    for (int i = 0; i < 5; i++)
        err_wrap(&err, "%s", filler);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    err_hint(&err, "%s", filler);
    assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

static void the_first_hint_and_place_stay(void **state)
{
    (void) state;
    struct err err = {0};
    err_set(&err, ERR_SPEC, "wrong");
    assert_int_equal(err_hint(&err, "first"), ERR_SPEC);
    err_hint(&err, "second");
    assert_string_equal(err.hint, "first");
    assert_int_equal(err_locate(&err, (struct srcloc){"a.yaml", 3, 5}), ERR_SPEC);
    err_locate(&err, (struct srcloc){"b.yaml", 9, 9});
    assert_string_equal(err.at.file, "a.yaml");
    assert_int_equal(err.at.line, 3);
    assert_int_equal(err.at.column, 5);
}

static void errno_values(void **state)
{
    (void) state;
    static const struct {
        int value;
        enum err_code code;
        bool hint;
    } s_cases[] = {
        {ENOENT, ERR_NOT_FOUND, false},
        {EIO, ERR_IO, false},
        {ENOSPC, ERR_IO, true},
        {EACCES, ERR_IO, true}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct err err = {0};
        assert_int_equal(err_errno(&err, s_cases[i].value, "reading 'f'"), s_cases[i].code);
        assert_ptr_equal(strstr(err.message, "reading 'f': "), err.message);
        assert_int_equal(err.hint[0] != '\0', s_cases[i].hint);
    }
}

static void every_code_has_a_name_and_a_meaning(void **state)
{
    (void) state;
    assert_string_equal(err_name(ERR_NONE), "NONE");
    assert_string_equal(err_name(ERR_INTERNAL), "INTERNAL");
    for (int code = ERR_NONE; code <= ERR_INTERNAL; code++)
        assert_true(strlen(err_meaning((enum err_code) code)) > 3);
    assert_string_equal(err_name((enum err_code) 9999), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_returns_the_code),
        cmocka_unit_test(wrapping_prefixes),
        cmocka_unit_test(texts_are_cut_never_overrun),
        cmocka_unit_test(the_first_hint_and_place_stay),
        cmocka_unit_test(errno_values),
        cmocka_unit_test(every_code_has_a_name_and_a_meaning),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
