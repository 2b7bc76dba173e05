#include "tests/harness/test.h"

#include "specs/spec_vars.h"
#include "tests/unit/specs/spec_test.h"

static const char *no_environment(const char *name)
{
    (void) name;
    return NULL;
}

static const char *an_environment(const char *name)
{
    if (strcmp(name, "MMECTL_VAR_b") == 0)
        return "b of the environment";
    if (strcmp(name, "MMECTL_VAR_c") == 0)
        return "c of the environment";
    return strcmp(name, "MMECTL_VAR_e") == 0 ? "" : NULL;
}

struct expanded {
    bool good, emptied;
    struct str text, faults;
};

/* Declared: a, b, c with values, d without, e empty. c is set to "c set", in the end. */
static struct expanded
expand(struct arena *arena, const char *text, const char *(*environment)(const char *) )
{
    struct spec_pair declared[] = {
        {STR("a"), STR("a of the file"), {"f", 1, 1}, {"f", 1, 2}},
        {STR("b"), STR("b of the file"), {"f", 2, 1}, {"f", 2, 2}},
        {STR("c"), STR("c of the file"), {"f", 3, 1}, {"f", 3, 2}},
        {STR("d"), STR_NULL, {"f", 4, 1}, {"f", 4, 2}},
        {STR("e"), STR(""), {"f", 5, 1}, {"f", 5, 2}},
        {STR("long_name"), STR("x"), {"f", 6, 1}, {"f", 6, 2}},
    };
    const struct spec_pair sets[] = {
        {.name = STR("c"), .value = STR("first")},
        {.name = STR("c"), .value = STR("${a}")},
    };
    struct spec_map map = {declared, ARRAY_LEN(declared)};
    struct spec_options options = {.sets = sets, .n_sets = ARRAY_LEN(sets), .getenv = environment};
    struct diags diags;
    diags_init(&diags, arena);
    struct spec_vars vars;
    spec_vars_init(&vars, arena, &diags, &map, &options);
    struct ynode node = {.kind = YNODE_SCALAR, .at = {"f", 9, 9}, .text = str_from(text)};
    struct expanded result = {.text = STR("untouched")};
    result.good = spec_vars_expand(&vars, &node, &result.text, &result.emptied);
    result.faults = faults_of(arena, &diags, STR(""));
    return result;
}

static void replacing(void **state)
{
    static const struct {
        const char *text, *expected;
        bool emptied;
    } s_cases[] = {
        {"plain", "plain", false},
        {"", "", false},
        {"$a {a} $ $$", "$a {a} $ $$", false},
        {"${a}", "a of the file", false},
        {"<${a}|${b}>", "<a of the file|b of the environment>", false},
        {"${c}", "${a}", false}, /* the last --set, put in as it is */
        {"$${a}", "${a}", false},
        {"$$${a}", "$${a}", false},
        {"${e}", "", true},
        {"${e}${e}", "", true},
        {"x${e}", "x", false},
        {"$", "$", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct expanded result = expand(*state, s_cases[i].text, an_environment);
        assert_str(result.faults, "");
        assert_true(result.good);
        assert_str(result.text, s_cases[i].expected);
        assert_int_equal(result.emptied, s_cases[i].emptied);
    }
    assert_str(expand(*state, "${b}", no_environment).text, "b of the file");
    assert_str(expand(*state, "${b}", NULL).text, "b of the file");
}

static void faults(void **state)
{
    static const struct {
        const char *text, *faults;
    } s_cases[] = {
        {"${d}", "E f:9:9 variable 'd' has no value | give --set d=VALUE or MMECTL_VAR_d=VALUE\n"},
        {"${unknown}", "E f:9:9 variable 'unknown' is not declared | declare it under 'variables', "
                       "or write $${unknown} for the text itself\n"},
        {"${longname}",
         "E f:9:9 variable 'longname' is not declared | did you mean 'long_name'?\n"},
        {"${", "E f:9:9 '${' is not a variable | write ${name}, or $${ for the text '${' itself\n"},
        {"${}",
         "E f:9:9 '${}' is not a variable | write ${name}, or $${ for the text '${' itself\n"},
        {"x ${a b} y", "E f:9:9 '${a b}' is not a variable | write ${name}, or $${ for the text "
                       "'${' itself\n"},
        {"${a",
         "E f:9:9 '${a' is not a variable | write ${name}, or $${ for the text '${' itself\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct expanded result = expand(*state, s_cases[i].text, NULL);
        assert_false(result.good);
        assert_str(result.faults, s_cases[i].faults);
        assert_str(result.text, "untouched");
    }
}

/* 300 uses of a value of 64 KiB would stand for 19 MiB. */
static void expansion_is_limited(void **state)
{
    struct arena *arena = *state;
    struct buf text;
    buf_init(&text, MIB(1));
    buf_add_z(&text, "  a: \"");
    for (int i = 0; i < 65536; i++)
        buf_add_char(&text, 'x');
    buf_add_z(&text, "\"\n  bucket: \"\"\n");
    struct str spec =
        text_replace(arena, STR(SPEC_TEST_BASE), "  bucket: \"\"\n", str_z(arena, buf_str(&text)));
    buf_clear(&text);
    buf_add_z(&text, "WORKERS: \"1\"");
    for (int i = 0; i < 300; i++)
        buf_fmt(&text, ", W%d: \"${a}\"", i);
    spec = text_replace(arena, spec, "max_depth: 2", "max_depth: \"${a}\"");
    spec = text_replace(arena, spec, "WORKERS: \"1\"", str_z(arena, buf_str(&text)));
    buf_done(&text);
    struct loaded loaded = load_text(arena, spec);
    assert_int_equal(loaded.code, ERR_SPEC);
    assert_true(
        str_find(loaded.faults, STR("'environment' must have 0 to 100 entries, not 301")) !=
        SIZE_MAX);
    struct ynode node = {.kind = YNODE_SCALAR, .text = STR("${a}${a}${a}${a}${a}${a}${a}${a}")};
    struct spec_pair pair = {.name = STR("a"), .value = str_of(arena_alloc(arena, 65536), 65536)};
    struct spec_map map = {&pair, 1};
    struct spec_options options = {0};
    struct diags diags;
    diags_init(&diags, arena);
    struct spec_vars vars;
    spec_vars_init(&vars, arena, &diags, &map, &options);
    struct str out;
    bool emptied;
    int times = 0;
    while (spec_vars_expand(&vars, &node, &out, &emptied))
        times++;
    assert_int_equal(times, 32);
    assert_str(diags.list.items[0].message, "the variables stand for too much text");
    struct ynode large = {
        .kind = YNODE_SCALAR,
        .text = STR("${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}${a}")};
    spec_vars_init(&vars, arena, &diags, &map, &options);
    assert_false(spec_vars_expand(&vars, &large, &out, &emptied));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(replacing),
        WITH_ARENA(faults),
        WITH_ARENA(expansion_is_limited),
    };
    return cmocka_run_group_tests_name("specs/spec_vars", tests, NULL, NULL);
}
