#include "tests/harness/test.h"

#include "engine/base/child.h"

#include <signal.h>
#include <stdlib.h>

static enum err_code
run(const char *program,
    const char *script,
    int64_t timeout_ms,
    struct buf *out,
    struct buf *said,
    int *status,
    struct err *err)
{
    char name[64], dash_c[] = "-c", text[256];
    snprintf(name, sizeof(name), "%s", program);
    snprintf(text, sizeof(text), "%s", script);
    char *argv[] = {name, dash_c, text, NULL};
    struct child_options options = {.argv = argv, .timeout_ms = timeout_ms};
    return child_run(&options, out, said, status, err);
}

static void ends(void **state)
{
    (void) state;
    static const struct {
        const char *script, *out, *said;
        int status;
    } s_cases[] = {
        {"echo hello; echo why >&2", "hello\n", "why\n", 0},
        {"exit 7", "", "", 7},
        {"kill -9 $$", "", "", -9},
        {"read x || echo no input", "no input\n", "", 0},
        /* Whatever a daemon that stays keeps open is not waited for. */
        {"sleep 1000 & echo pid $!", NULL, "", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct buf out = BUF_INIT(KIB(1)), said = BUF_INIT(KIB(1));
        struct err err = {0};
        int status = 99, pid = 0;
        assert_ok(run("sh", s_cases[i].script, 60000, &out, &said, &status, &err), &err);
        assert_int_equal(status, s_cases[i].status);
        if (s_cases[i].out != NULL) {
            assert_str(buf_str(&out), s_cases[i].out);
        } else {
            buf_add_char(&out, '\0');
            char *end;
            pid = (int) strtol(out.ptr + 4, &end, 10);
            assert_true(pid > 1);
            assert_int_equal(kill(pid, SIGKILL), 0);
        }
        assert_str(buf_str(&said), s_cases[i].said);
        buf_done(&out);
        buf_done(&said);
    }
}

static void goes_wrong(void **state)
{
    (void) state;
    static const struct {
        const char *program, *script;
        int64_t timeout_ms;
        enum err_code code;
        const char *message;
    } s_cases[] = {
        {"no-such-program-at-all", "", 60000, ERR_NOT_FOUND, "starting 'no-such-program-at-all'"},
        {"/etc/passwd", "", 60000, ERR_NOT_FOUND, "starting '/etc/passwd'"},
        {"sh", "while :; do echo xxxxxxxxxxxxxxxx; done", 60000, ERR_IO, "more than 1024 bytes"},
        {"sh", "while :; do sleep 1000; done", 150, ERR_TIMEOUT, "did not end within 150 ms"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct buf out = BUF_INIT(KIB(1)), said = BUF_INIT(KIB(1));
        struct err err = {0};
        int status;
        /* There, what cannot be run is only told by its status, as posix_spawn() may do. */
        if (s_cases[i].code == ERR_NOT_FOUND && test_under_valgrind())
            continue;
        assert_fails(
            run(s_cases[i].program, s_cases[i].script, s_cases[i].timeout_ms, &out, &said, &status,
                &err),
            s_cases[i].code, &err, s_cases[i].message);
        buf_done(&out);
        buf_done(&said);
    }
    struct buf out = BUF_INIT(KIB(1)), said = BUF_INIT(KIB(1));
    char program[] = "tail", follow[] = "-f", nothing[] = "/dev/null";
    char *argv[] = {program, follow, nothing, NULL};
    bool cancelled = true;
    struct child_options options = {.argv = argv, .timeout_ms = 60000, .cancelled = &cancelled};
    struct err err = {0};
    int status;
    assert_fails(
        child_run(&options, &out, &said, &status, &err), ERR_CANCELLED, &err, "interrupted");
    buf_done(&out);
    buf_done(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends), cmocka_unit_test(goes_wrong)};
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
