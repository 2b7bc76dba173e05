#include "cmd/cmd.h"
#include "cmd/session.h"
#include "cmd/view.h"

struct plan_run {
    struct buf buf;
    struct json *all; /* one object per stack */
    bool changes;
};

static void print_warnings(struct session *session, const struct plan *plan)
{
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct event event = {
            .type = EVENT_WARNING,
            .text = plan->warnings.items[i].message,
            .hint = plan->warnings.items[i].hint,
        };
        if (!session->app->args.json)
            progress_event(session->progress, &event);
    }
}

/* Apply will refuse these. */
static void print_guards(struct session *session, const struct plan *plan)
{
    for (size_t i = 0; i < plan->guards.len; i++) {
        struct event event = {
            .type = EVENT_WARNING,
            .text = plan->guards.items[i].message,
            .hint = plan->guards.items[i].hint,
        };
        if (!session->app->args.json)
            progress_event(session->progress, &event);
    }
}

static enum exit_code plan_one(struct session *session, void *arg)
{
    struct plan_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct plan *plan = NULL;
    enum err_code code =
        reconcile_plan(&session->reconciler, session->spec, PLAN_APPLY, &plan, &err);
    if (code != ERR_NONE)
        return app_fail(app, &err);
    print_warnings(session, plan);
    print_guards(session, plan);
    run->changes = run->changes || !plan_is_empty(plan);
    struct view_options options = {
        .color = app->term.color_out,
        .full = app->args.full,
        .wall_ms = clock_wall_ms(app->clock),
    };
    switch ((enum out_format) app->args.format) {
    case OUT_JSON: {
        struct json *json = view_plan_json(app->arena, plan, &options);
        session_add_stats(app, session, json);
        json_push(run->all, json);
        break;
    }
    case OUT_MARKDOWN:
        view_plan_markdown(app->arena, &run->buf, plan, &options);
        break;
    case OUT_TEXT:
        if (run->buf.len > 0)
            buf_add_char(&run->buf, '\n');
        view_plan_text(app->arena, &run->buf, plan, &options);
        break;
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct plan_run run = {.buf = BUF_INIT(MIB(256)), .all = json_array(app->arena)};
    if (app->args.json)
        app->args.format = OUT_JSON;
    app->args.json = app->args.format == OUT_JSON;
    enum exit_code code = session_each(app, true, plan_one, &run);
    enum exit_code printed = EXIT_CODE_OK;
    if (app->args.json && run.all->len == 1)
        printed = app_print_json(app, run.all->first);
    else if (app->args.json && run.all->len > 1)
        printed = app_print_json(app, run.all);
    else if (!app->args.json)
        printed = app_print(app, &run.buf);
    buf_done(&run.buf);
    code = exit_worst(code, printed);
    if (code == EXIT_CODE_OK && run.changes && app->args.detailed_exitcode)
        code = EXIT_CODE_CHANGES;
    return code;
}

#define AT(member) offsetof(struct args, member)

static const char *const s_formats[] = {"text", "json", "markdown", NULL};
static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "detailed-exitcode", NULL, AT(detailed_exitcode), NULL, 0,
     "exit with 2 when there are changes"},
    {OPT_CHOICE, 0, "format", "FORMAT", AT(format), s_formats, 0,
     "how to print the plan; markdown is for pull requests"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_plan, &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_plan = {
    .name = "plan",
    .alias = "diff",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "show what apply would do; changes nothing",
    .text = "Reads what exists in AWS, compares it with the spec and prints what apply would do.\n"
            "Changes nothing and takes no lock.",
    .sets = s_sets,
    .run = run,
};
