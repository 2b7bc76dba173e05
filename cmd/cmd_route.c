#include "cmd/cmd.h"
#include "cmd/session.h"

struct route_run {
    struct str model;
    struct buf buf;
};

static enum exit_code route_one(struct session *session, void *arg)
{
    struct route_run *run = arg;
    struct err err = {0};
    struct str target;
    if (reconcile_target_model(&session->reconciler, session->spec, run->model, &target, &err) !=
        ERR_NONE)
        return app_fail(session->app, &err);
    buf_add_clean(&run->buf, target);
    buf_add_char(&run->buf, '\n');
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'route' needs the name of a model");
        err_hint(&err, "usage: mmectl route MODEL -f SPEC");
        return app_fail(app, &err);
    }
    struct route_run run = {app->args.operands.items[0], BUF_INIT(KIB(64))};
    enum exit_code code = session_each(app, false, route_one, &run);
    if (code == EXIT_CODE_OK)
        code = app_print(app, &run.buf);
    buf_done(&run.buf);
    return code;
}

static const struct opt_set *const s_sets[] = {&args_spec, &args_aws, &args_common, NULL};

const struct cmd cmd_route = {
    .name = "route",
    .operands = "MODEL",
    .max_operands = 1,
    .summary = "print the TargetModel that a model is called by now",
    .text =
        "Prints the TargetModel of a published model, for use with aws-cli or an SDK. The spec\n"
        "is given with -f.",
    .sets = s_sets,
    .run = run,
};
