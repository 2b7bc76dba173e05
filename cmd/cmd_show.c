#include "cmd/cmd.h"
#include "cmd/plan_file.h"

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct saved_plan plan;
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'show' needs a saved plan");
        err_hint(&err, "'mmectl plan -out=FILE' makes one");
        return app_fail(app, &err);
    }
    if (plan_file_read(app, app->args.operands.items[0], &plan, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct buf buf AUTO(buf_done) = BUF_INIT(SAVED_MAX_BYTES);
    bool list = app->args.json && plan.n_stacks > 1;
    for (size_t i = 0; i < plan.n_stacks; i++) {
        if (app->args.json) {
            buf_add_z(&buf, i > 0 ? "," : list ? "[" : "");
            buf_add(&buf, plan.stacks[i].json);
            continue;
        }
        buf_add_z(&buf, i > 0 ? "\n" : "");
        struct str rest = plan.stacks[i].text, line;
        while (str_split(&rest, '\n', &line)) {
            buf_add_clean(&buf, line);
            buf_add_z(&buf, str_is_null(rest) ? "" : "\n");
        }
    }
    buf_add_z(&buf, list ? "]\n" : app->args.json ? "\n" : "");
    return app_print(app, &buf);
}

static const struct opt_set *const s_sets[] = {&args_json, &args_common, NULL};

const struct cmd cmd_show = {
    .name = "show",
    .operands = "FILE",
    .max_operands = 1,
    .summary = "print a saved plan",
    .text =
        "Prints a plan that 'mmectl plan -out=FILE' saved, as it was printed then: as text, or\n"
        "with -json in Terraform's plan format. Asks nobody and changes nothing.",
    .sets = s_sets,
    .run = run,
};
