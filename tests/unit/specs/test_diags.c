#include "tests/harness/test.h"

#include "specs/diags.h"

static struct srcloc at(const char *file, unsigned line, unsigned column)
{
    return (struct srcloc){file, line, column};
}

static void sorted_by_place(void **state)
{
    struct diags diags;
    diags_init(&diags, *state);
    diags_error(&diags, at("b", 1, 1), "five");
    diags_error(&diags, at("a", 2, 1), "three");
    diags_error(&diags, at("a", 1, 9), "two");
    diags_warning(&diags, at("a", 2, 1), "four");
    struct diag *one = diags_error(&diags, at("a", 1, 2), "one %d", 1);
    diag_hint(&diags, one, "hint %s", "x");
    diags_sort(&diags);
    static const char *const s_order[] = {"one 1", "two", "three", "four", "five"};
    assert_int_equal(diags.list.len, ARRAY_LEN(s_order));
    for (size_t i = 0; i < ARRAY_LEN(s_order); i++)
        assert_str(diags.list.items[i].message, s_order[i]);
    assert_str(diags.list.items[0].hint, "hint x");
    assert_true(str_is_null(diags.list.items[1].hint));
    assert_int_equal(diags.n_errors, 4);
    assert_true(diags_has_error(&diags, at("a", 2, 1)));
    assert_false(diags_has_error(&diags, at("a", 2, 2)));
}

static void the_same_fault_is_kept_once(void **state)
{
    struct diags diags;
    diags_init(&diags, *state);
    diags_error(&diags, at("a", 1, 1), "x");
    diags_error(&diags, at("a", 1, 1), "x");
    diags_warning(&diags, at("a", 1, 1), "x");
    diags_error(&diags, at("a", 1, 1), "y");
    assert_int_equal(diags.list.len, 3);
    assert_int_equal(diags.n_errors, 2);
}

static void a_hundred_are_kept(void **state)
{
    struct diags diags;
    diags_init(&diags, *state);
    for (unsigned i = 0; i < 130; i++)
        diag_hint(&diags, diags_error(&diags, at("a", i + 1, 1), "x"), "hint");
    assert_int_equal(diags.list.len, 100);
    assert_int_equal(diags.dropped, 30);
    assert_int_equal(diags.n_errors, 130);
}

/* A spec may hold escape sequences for the terminal of who reads the message. */
static void control_characters_are_disarmed(void **state)
{
    struct diags diags;
    diags_init(&diags, *state);
    struct diag *diag = diags_error(
        &diags, at("a", 1, 1),
        "a\x1b[2Jb\nc\x7f"
        "d\xc2\x9b"
        "e\xc3\xa9");
    assert_str(diag->message, "a?[2Jb?c?d\?\?e\xc3\xa9");
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct arena *arena = *state;
    struct diags diags;
    diags_init(&diags, arena);
    struct str text = STR("x");
    for (int i = 0; i < 10; i++)
        text = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(text), STR_ARG(text));
    assert_int_equal(diags_error(&diags, at("a", 1, 1), STR_FMT, STR_ARG(text))->message.len, 1000);
    struct str wide = STR("\xc3\xa9");
    for (int i = 0; i < 10; i++)
        wide = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(wide), STR_ARG(wide));
    struct str cut = diags_error(&diags, at("a", 1, 2), STR_FMT, STR_ARG(wide))->message;
    assert_int_equal(cut.len, 999);
    assert_str(str_from_index(cut, 994), "\xc3\xa9...");
}

static void places_as_text(void **state)
{
    assert_str(srcloc_text(*state, at("a.yaml", 3, 4)), "a.yaml:3:4");
    assert_str(srcloc_text(*state, at("--set", 0, 0)), "--set");
    assert_str(srcloc_text(*state, at(NULL, 0, 0)), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(sorted_by_place),
        WITH_ARENA(the_same_fault_is_kept_once),
        WITH_ARENA(a_hundred_are_kept),
        WITH_ARENA(control_characters_are_disarmed),
        WITH_ARENA(long_texts_are_cut_between_characters),
        WITH_ARENA(places_as_text),
    };
    return cmocka_run_group_tests_name("specs/diags", tests, NULL, NULL);
}
