#include "tests/harness/test.h"

#include "cmd/term.h"
#include "engine/base/file.h"

#include <unistd.h>

static void control_characters_never_pass(void **state)
{
    (void) state;
    static const struct {
        const char *in, *out;
    } s_cases[] = {
        {"plain é ü €", "plain é ü €"},
        {"a\x1b[2Jb", "a?[2Jb"},
        {"a\rb\x07\x7f", "a?b??"},
        {"tab\tand\nline", "tab\tand\nline"},
        {"csi \xc2\x9b"
         "31m",
         "csi ?31m"},
        {"nbsp \xc2\xa0 stays", "nbsp \xc2\xa0 stays"},
    };
    struct arena *arena = arena_new("test", 0);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_str(term_clean(arena, str_from(s_cases[i].in)), s_cases[i].out);
    arena_free(arena);
}

static void error_names_place_request_and_hint(void **state)
{
    (void) state;
    char path[] = "/tmp/mmectl-term-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct err err = {0};
    assert_ok(file_write_atomic(path, STR("one: 1\n  two: \x1b[31m2\n"), 0600, &err), &err);
    err_set(&err, ERR_TERMINAL, "creating endpoint 'x': no\x1b[5m such config");
    err_hint(&err, "run it again");
    err_locate(&err, (struct srcloc){path, 2, 3});
    err.aws.http_status = 400;
    memcpy(err.aws.code, "ValidationException", sizeof("ValidationException"));
    memcpy(err.aws.request_id, "abc-1", sizeof("abc-1"));
    struct buf buf = BUF_INIT(KIB(8));
    term_render_error(&buf, false, &err);
    struct arena *arena = arena_new("test", 0);
    assert_str_len(
        buf_str(&buf), str_fmt(
                           arena,
                           "Error: creating endpoint 'x': no?[5m such config\n"
                           "  --> %s:2:3\n"
                           "    2 |   two: ?[31m2\n"
                           "      |   ^\n"
                           "  AWS answered ValidationException (HTTP 400), request id abc-1\n"
                           "hint: run it again\n",
                           path));
    buf_done(&buf);
    arena_free(arena);
    assert_ok(file_remove(path, &err), &err);
}

static void diags_list_all_faults(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct diags diags;
    diags_init(&diags, arena);
    struct srcloc at = {"/nonexistent/mme.yaml", 4, 7};
    diag_hint(&diags, diags_error(&diags, at, "unknown key '%s'", "nam"), "did you mean 'name'?");
    diags_warning(&diags, at, "old");
    struct buf buf = BUF_INIT(KIB(8));
    term_render_diags(&buf, false, &diags, false);
    assert_str(
        buf_str(&buf), "Error: unknown key 'nam'\n"
                       "  --> /nonexistent/mme.yaml:4:7\n"
                       "hint: did you mean 'name'?\n"
                       "\n"
                       "Warning: old\n"
                       "  --> /nonexistent/mme.yaml:4:7\n");
    buf_clear(&buf);
    term_render_diags(&buf, true, &diags, true);
    assert_true(str_starts(buf_str(&buf), STR("\x1b[31mError: \x1b[0munknown key")));
    assert_true(str_ends(buf_str(&buf), STR("\x1b[33mWarning: \x1b[0mold\n")));
    assert_str(
        json_text(arena, term_diags_json(arena, &diags), JSON_COMPACT),
        "[{\"severity\":\"error\",\"summary\":\"unknown key 'nam'\",\"detail\":\"did you mean "
        "'name'?\",\"range\":{\"filename\":\"/nonexistent/mme.yaml\",\"start\":{\"line\":4,"
        "\"column\":7},\"end\":{\"line\":4,\"column\":7}}},"
        "{\"severity\":\"warning\",\"summary\":\"old\",\"detail\":\"\",\"range\":{\"filename\":"
        "\"/nonexistent/mme.yaml\",\"start\":{\"line\":4,\"column\":7},\"end\":{\"line\":4,"
        "\"column\":7}}}]");
    buf_done(&buf);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_never_pass),
        cmocka_unit_test(error_names_place_request_and_hint),
        cmocka_unit_test(diags_list_all_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
