#include "cmd/help.h"

static const struct opt_set *const s_sets[] = {&args_common, NULL};

static enum exit_code run(struct app *app)
{
    struct buf buf = BUF_INIT(MIB(1));
    enum exit_code code;
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'completion' needs the name of a shell: bash, zsh or fish");
        code = app_fail(app, &err);
    } else if (!help_completion(app->arena, &buf, app->args.operands.items[0])) {
        err_set(
            &err, ERR_USAGE, "no completion for '" STR_FMT "'",
            STR_ARG(app->args.operands.items[0]));
        err_hint(&err, "it is written for bash, zsh and fish");
        code = app_fail(app, &err);
    } else {
        code = app_print(app, &buf);
    }
    buf_done(&buf);
    return code;
}

const struct cmd cmd_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .max_operands = 1,
    .summary = "print a completion script for a shell",
    .text = "Prints a completion script. For bash: source <(mmectl completion bash).",
    .sets = s_sets,
    .run = run,
};
