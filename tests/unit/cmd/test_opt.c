#include "tests/harness/test.h"

#include "cmd/args.h"

static const char *const s_formats[] = {"text", "json", NULL};

#define AT(member) offsetof(struct args, member)
static const struct opt s_own[] = {
    {OPT_FLAG, 'y', "auto-approve", NULL, AT(auto_approve), NULL, 0, "go on"},
    {OPT_INT, 0, "calls", "N", AT(calls), NULL, 1, "how many"},
    {OPT_CHOICE, 0, "format", "FORMAT", AT(format), s_formats, 0, "how"},
};
static const struct opt_set s_set = OPT_SET(s_own);
static const struct opt_set *const s_sets[] = {&s_set, &args_spec, &args_plan, &args_common, NULL};

#define MAX_WORDS 8

static enum err_code
parse(struct arena *arena, const char *const *words, struct args *out, struct err *err)
{
    char *argv[MAX_WORDS];
    int argc = 0;
    while (words[argc] != NULL) {
        argv[argc] = str_z(arena, str_from(words[argc]));
        argc++;
    }
    *out = (struct args){0};
    opt_defaults(s_sets, out);
    return opt_parse(arena, s_sets, argc, argv, out, &out->operands, err);
}

static void accepts_every_spelling(void **state)
{
    (void) state;
    static const struct {
        const char *words[MAX_WORDS];
        bool approve, color, input;
        int64_t calls;
        int format;
        const char *first_file, *operand;
    } s_cases[] = {
        {{NULL}, false, true, true, 0, 0, NULL, NULL},
        {{"-auto-approve", NULL}, true, true, true, 0, 0, NULL, NULL},
        {{"--auto-approve", NULL}, true, true, true, 0, 0, NULL, NULL},
        {{"-y", NULL}, true, true, true, 0, 0, NULL, NULL},
        {{"--auto-approve=false", NULL}, false, true, true, 0, 0, NULL, NULL},
        {{"-y", "--no-auto-approve", NULL}, false, true, true, 0, 0, NULL, NULL},
        {{"-no-color", NULL}, false, false, true, 0, 0, NULL, NULL},
        {{"--no-color=false", NULL}, false, true, true, 0, 0, NULL, NULL},
        {{"-input=false", NULL}, false, true, false, 0, 0, NULL, NULL},
        {{"--no-input", NULL}, false, true, false, 0, 0, NULL, NULL},
        {{"-calls=7", NULL}, false, true, true, 7, 0, NULL, NULL},
        {{"-calls", "7", NULL}, false, true, true, 7, 0, NULL, NULL},
        {{"--calls", "7", "--calls=9", NULL}, false, true, true, 9, 0, NULL, NULL},
        {{"-format=json", NULL}, false, true, true, 0, 1, NULL, NULL},
        {{"-f", "a.yaml", NULL}, false, true, true, 0, 0, "a.yaml", NULL},
        {{"-f=a.yaml", NULL}, false, true, true, 0, 0, "a.yaml", NULL},
        {{"a.yaml", "-y", NULL}, true, true, true, 0, 0, NULL, "a.yaml"},
        {{"--", "-y", NULL}, false, true, true, 0, 0, NULL, "-y"},
        {{"-", NULL}, false, true, true, 0, 0, NULL, "-"},
        {{"--file=", NULL}, false, true, true, 0, 0, "", NULL},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct args args;
        struct err err = {0};
        assert_ok(parse(arena, s_cases[i].words, &args, &err), &err);
        assert_int_equal(args.auto_approve, s_cases[i].approve);
        assert_int_equal(args.color, s_cases[i].color);
        assert_int_equal(args.input, s_cases[i].input);
        assert_int_equal(args.calls, s_cases[i].calls);
        assert_int_equal(args.format, s_cases[i].format);
        assert_int_equal(args.files.len, s_cases[i].first_file != NULL ? 1 : 0);
        if (s_cases[i].first_file != NULL)
            assert_str(args.files.items[0], s_cases[i].first_file);
        assert_int_equal(args.operands.len, s_cases[i].operand != NULL ? 1 : 0);
        if (s_cases[i].operand != NULL)
            assert_str(args.operands.items[0], s_cases[i].operand);
    }
    arena_free(arena);
}

static void refuses_and_says_why(void **state)
{
    (void) state;
    static const struct {
        const char *words[MAX_WORDS];
        const char *message, *hint;
    } s_cases[] = {
        {{"--auto-aprove", NULL},
         "unknown option '--auto-aprove'",
         "did you mean '--auto-approve'?"},
        {{"-paralelism=3", NULL},
         "unknown option '-paralelism=3'",
         "did you mean '--parallelism'?"},
        {{"--zzzzzz", NULL}, "unknown option '--zzzzzz'", ""},
        {{"--no-calls", NULL}, "unknown option '--no-calls'", ""},
        {{"-x", NULL}, "unknown option '-x'", ""},
        {{"--calls", NULL}, "option '--calls' needs a value: --calls=N", ""},
        {{"--calls=0", NULL}, "takes a whole number of at least 1, not '0'", ""},
        {{"--calls=ten", NULL}, "takes a whole number of at least 1, not 'ten'", ""},
        {{"--format=xml", NULL}, "does not take 'xml'; it takes text, json", ""},
        {{"--auto-approve=maybe", NULL}, "takes true or false, not 'maybe'", ""},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct args args;
        struct err err = {0};
        assert_fails(
            parse(arena, s_cases[i].words, &args, &err), ERR_USAGE, &err, s_cases[i].message);
        assert_string_equal(err.hint, s_cases[i].hint);
    }
    arena_free(arena);
}

static void lists_collect_in_order(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    static const char *const s_words[] = {"-f", "a", "b", "--set=x=1=2", "-f=c", "d", NULL};
    struct args args;
    struct err err = {0};
    assert_ok(parse(arena, s_words, &args, &err), &err);
    assert_str(args.sets.items[0], "x=1=2");
    struct opt_list specs = args_specs(arena, &args, true);
    assert_int_equal(specs.len, 4);
    assert_str(specs.items[0], "a");
    assert_str(specs.items[1], "c");
    assert_str(specs.items[2], "b");
    assert_str(specs.items[3], "d");
    assert_int_equal(args_specs(arena, &args, false).len, 2);
    struct args none = {0};
    assert_str(args_specs(arena, &none, true).items[0], "mme.yaml");
    arena_free(arena);
}

static void synopsis_shows_what_to_type(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    assert_str(opt_synopsis(arena, &s_own[0]), "-y, --auto-approve");
    assert_str(opt_synopsis(arena, &s_own[1]), "--calls=N");
    assert_str(opt_synopsis(arena, &s_own[2]), "--format=text|json");
    assert_str(opt_synopsis(arena, &args_common.opts[1]), "--no-color");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_spelling),
        cmocka_unit_test(refuses_and_says_why),
        cmocka_unit_test(lists_collect_in_order),
        cmocka_unit_test(synopsis_shows_what_to_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
