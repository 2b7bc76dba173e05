#include "tests/harness/test.h"

#include "cmd/help.h"

/* Two options of one command with the same name would hide one of them. */
static void no_option_is_hidden_by_another(void **state)
{
    (void) state;
    for (size_t c = 0; c < cmd_count(); c++) {
        const struct opt *all[128];
        size_t n = 0;
        for (const struct opt_set *const *sets = cmd_at(c)->sets; *sets != NULL; sets++)
            for (size_t i = 0; i < (*sets)->len; i++)
                all[n++] = &(*sets)->opts[i];
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(all[i]->long_name, all[j]->long_name);
                if (all[i]->short_name != 0)
                    assert_int_not_equal(all[i]->short_name, all[j]->short_name);
            }
    }
}

static void every_command_explains_itself(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    for (size_t c = 0; c < cmd_count(); c++) {
        const struct cmd *cmd = cmd_at(c);
        struct buf buf = BUF_INIT(MIB(1));
        help_command(arena, &buf, cmd);
        assert_true(
            str_starts(buf_str(&buf), str_fmt(arena, "Usage: mmectl %s [options]", cmd->name)));
        assert_true(str_find(buf_str(&buf), STR("-h, --help")) != SIZE_MAX);
        struct str rest = buf_str(&buf), line;
        while (str_split(&rest, '\n', &line))
            assert_true(line.len <= 90);
        buf_done(&buf);
        int words = 0;
        struct str name = str_from(cmd->name), word;
        char *argv[2];
        int argc = 0;
        while (str_split(&name, ' ', &word))
            argv[argc++] = str_z(arena, word);
        struct err err = {0};
        assert_ptr_equal(cmd_find(argc, argv, &words, &err), cmd);
        assert_int_equal(words, argc);
    }
    arena_free(arena);
}

static void unknown_commands_get_the_nearest(void **state)
{
    (void) state;
    static const struct {
        const char *words[2];
        int argc;
        const char *message, *hint;
    } s_cases[] = {
        {{"aply"}, 1, "unknown command 'aply'", "did you mean 'apply'?"},
        {{"qqqqqqqq"}, 1, "unknown command 'qqqqqqqq'", "see 'mmectl help'"},
        {{"local"}, 1, "'local' needs one more word", "see 'mmectl help local'"},
        {{"local", "frob"}, 2, "unknown command 'local frob'", "see 'mmectl help local'"},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        char *argv[2];
        for (int w = 0; w < s_cases[i].argc; w++)
            argv[w] = str_z(arena, str_from(s_cases[i].words[w]));
        int words = 0;
        struct err err = {0};
        assert_null(cmd_find(s_cases[i].argc, argv, &words, &err));
        assert_string_equal(err.message, s_cases[i].message);
        assert_string_equal(err.hint, s_cases[i].hint);
    }
    arena_free(arena);
}

static void completions_know_every_command(void **state)
{
    (void) state;
    static const char *const s_shells[] = {"bash", "zsh", "fish"};
    struct arena *arena = arena_new("test", 0);
    for (size_t s = 0; s < ARRAY_LEN(s_shells); s++) {
        struct buf buf = BUF_INIT(MIB(1));
        assert_true(help_completion(arena, &buf, str_from(s_shells[s])));
        for (size_t c = 0; c < cmd_count(); c++) {
            struct str rest = str_from(cmd_at(c)->name), word;
            while (!cmd_at(c)->hidden && str_split(&rest, ' ', &word))
                assert_true(str_find(buf_str(&buf), word) != SIZE_MAX);
        }
        assert_true(str_find(buf_str(&buf), STR("detailed-exitcode")) != SIZE_MAX);
        assert_true(str_find(buf_str(&buf), STR("ready-fd")) == SIZE_MAX);
        buf_done(&buf);
    }
    struct buf buf = BUF_INIT(KIB(1));
    assert_false(help_completion(arena, &buf, STR("csh")));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_option_is_hidden_by_another),
        cmocka_unit_test(every_command_explains_itself),
        cmocka_unit_test(unknown_commands_get_the_nearest),
        cmocka_unit_test(completions_know_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
