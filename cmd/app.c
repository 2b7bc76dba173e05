#include "cmd/app.h"

#include "cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

enum exit_code app_fail(struct app *app, const struct err *err)
{
    struct buf buf = BUF_INIT(KIB(64));
    struct err shown = *err;
    if (!str_is_null(app->region))
        err_wrap(&shown, "region '" STR_FMT "'", STR_ARG(app->region));
    if (err->code == ERR_USAGE && app->cmd != NULL)
        err_hint(&shown, "see 'mmectl help %s'", app->cmd->name);
    term_render_error(&buf, app->term.color_err, &shown);
    struct err ignored = {0};
    /* Nothing is left to be told when standard error is gone. */
    (void) !term_write(STDERR_FILENO, buf_str(&buf), &ignored);
    buf_done(&buf);
    return exit_of_err(err->code);
}

enum exit_code app_print(struct app *app, const struct buf *buf)
{
    struct err err = {0};
    if (!buf_ok(buf)) {
        err_set(&err, ERR_INTERNAL, "the output is larger than its limit");
        return app_fail(app, &err);
    }
    if (!app->out_failed && term_write(STDOUT_FILENO, buf_str(buf), &err) == ERR_NONE)
        return EXIT_CODE_OK;
    /* A reader that has seen enough (head, less) is no fault to report. */
    if (!app->out_failed && errno != EPIPE) {
        err_hint(&err, "give it a file, a pipe or a terminal that takes the output");
        (void) app_fail(app, &err);
    }
    app->out_failed = true;
    return EXIT_CODE_ERROR;
}

enum exit_code app_print_json(struct app *app, const struct json *json)
{
    struct buf buf = BUF_INIT(MIB(256));
    json_write(&buf, json, JSON_PRETTY);
    buf_add_char(&buf, '\n');
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

enum exit_code app_say(struct app *app, const char *fmt, ...)
{
    if (app->args.json)
        return EXIT_CODE_OK;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t len = str_vformat(NULL, 0, fmt, args);
    char *text = arena_alloc(app->arena, len + 1);
    str_vformat(text, len + 1, fmt, again);
    va_end(again);
    va_end(args);
    struct buf buf = BUF_INIT(MIB(1));
    buf_add(&buf, str_of(text, len));
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}
