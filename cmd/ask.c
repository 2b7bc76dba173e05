#include "cmd/ask.h"

enum err_code ask_check(const struct app *app, const char *command, struct err *err)
{
    if (app->args.auto_approve || (app->term.ask_fd >= 0 && app->args.input && !app->args.json))
        return ERR_NONE;
    err_set(
        err, ERR_TERMINAL, "'%s' needs a yes, and there is %s", command,
        app->args.json     ? "nobody to ask with --json"
        : !app->args.input ? "--input=false"
                           : "no terminal to ask on");
    return err_hint(err, "-auto-approve carries the plan out without asking");
}

enum err_code
ask_yes(struct app *app, const char *question, const char *refused, bool *ret_yes, struct err *err)
{
    *ret_yes = app->args.auto_approve;
    if (*ret_yes)
        return ERR_NONE;
    struct str answer;
    enum err_code code = term_ask(app->arena, app->loop, app->term.ask_fd, question, &answer, err);
    if (code != ERR_NONE)
        return code;
    *ret_yes = str_eq(answer, STR("yes"));
    if (!*ret_yes)
        term_note("%s", refused);
    return ERR_NONE;
}
