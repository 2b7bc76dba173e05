#include "cmd/cmd.h"
#include "cmd/plan_file.h"
#include "cmd/session.h"
#include "cmd/view.h"
#include "engine/reconcile/regions.h"

#include <string.h>

struct plan_run {
    struct buf buf;
    struct json *all; /* one object per stack */
    struct plan_file file;
    size_t left; /* stacks still to come: what a pull request's comment has room for is shared */
    bool changes;
};

static void print_event(const struct session *session, struct str text, struct str hint)
{
    const struct event event = {
        .type = EVENT_WARNING, .text = text, .hint = hint, .region = session->label};
    if (!session->app->args.json)
        progress_event(session->progress, &event);
}

/* Apply will refuse the guards. */
static void print_warnings(const struct session *session, const struct plan *plan)
{
    for (size_t i = 0; i < plan->warnings.len; i++)
        print_event(session, plan->warnings.items[i].message, plan->warnings.items[i].hint);
    for (size_t i = 0; i < plan->guards.len; i++)
        print_event(session, plan->guards.items[i].message, plan->guards.items[i].hint);
}

static void show(struct plan_run *run, struct session *session, struct plan *plan)
{
    struct app *app = session->app;
    print_warnings(session, plan);
    if (app->args.refresh_only)
        plan_only_drift(plan);
    run->changes = run->changes || !plan_is_empty(plan) ||
                   (app->args.refresh_only && plan->drift.len + plan->routes.len > 0);
    if (!str_is_null(app->args.out))
        plan_file_add(&run->file, session, plan);
    struct view_options options = {
        .color = app->term.color_out,
        .full = app->args.full,
        .wall_ms = clock_wall_ms(app->clock),
        .refresh_only = app->args.refresh_only,
        .region = session->label,
        .max_bytes =
            run->buf.len < VIEW_COMMENT_BYTES ? (VIEW_COMMENT_BYTES - run->buf.len) / run->left : 1,
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
        run->left -= run->left > 1;
        break;
    case OUT_TEXT:
        if (run->buf.len > 0)
            buf_add_char(&run->buf, '\n');
        view_plan_text(app->arena, &run->buf, plan, &options);
        break;
    }
}

/* One of the stacks that are planned side by side. */
struct planning {
    struct session *session;
    struct plan *plan;
    struct err err;
};

static void plan_one(void *arg)
{
    struct planning *planning = arg;
    struct session *session = planning->session;
    enum plan_mode mode = session->app->args.destroy ? PLAN_DESTROY : PLAN_APPLY;
    (void) !reconcile_plan(
        &session->reconciler, session->spec, mode, &planning->plan, &planning->err);
}

static void plan_all(struct app *app, struct planning *plannings, size_t count)
{
    struct task **tasks = ARENA_ARRAY(app->arena, count, struct task *);
    struct regional *regions = ARENA_ARRAY(app->arena, count, struct regional);
    for (size_t i = 0; i < count; i++)
        if (plannings[i].session->code == EXIT_CODE_OK)
            tasks[i] = loop_spawn(app->loop, plan_one, &plannings[i]);
    for (size_t i = 0; i < count; i++) {
        if (tasks[i] != NULL)
            loop_join(app->loop, tasks[i]);
        bool refused = plannings[i].plan != NULL && plannings[i].plan->guards.len > 0;
        regions[i].reconciler = &plannings[i].session->reconciler;
        regions[i].plan = refused ? NULL : plannings[i].plan;
    }
    regions_share(regions, count);
    for (size_t i = 0; i < count; i++) {
        if (regions[i].plan != NULL)
            plannings[i].plan = regions[i].plan;
        if (regions[i].err.code != ERR_NONE)
            plannings[i].err = regions[i].err;
    }
}

/* What is wrong with the spec or its files is wrong in every region: told once. */
static bool fails_alike(const struct planning *plannings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (plannings[i].err.code == ERR_NONE || plannings[i].session->code != EXIT_CODE_OK ||
            strcmp(plannings[i].err.message, plannings[0].err.message) != 0)
            return false;
    return true;
}

static enum exit_code plan_group(struct session *sessions, size_t count, void *arg)
{
    struct plan_run *run = arg;
    struct app *app = sessions[0].app;
    struct planning *plannings = ARENA_ARRAY(app->arena, count, struct planning);
    const struct plan **shown = ARENA_ARRAY(app->arena, count, const struct plan *);
    enum exit_code worst = EXIT_CODE_OK;
    size_t n_shown = 0;
    for (size_t i = 0; i < count; i++)
        plannings[i].session = &sessions[i];
    plan_all(app, plannings, count);
    if (fails_alike(plannings, count))
        return app_fail(app, &plannings[0].err);
    bool any_well = false;
    for (size_t i = 0; i < count; i++)
        any_well = any_well || plannings[i].plan != NULL;
    for (size_t i = 0; i < count; i++) {
        struct err *err = &plannings[i].err;
        if (sessions[i].code != EXIT_CODE_OK || session_is_aside(&sessions[i], err, any_well))
            continue;
        if (err->code != ERR_NONE) {
            if (!str_is_null(sessions[i].label))
                err_wrap(err, "region '" STR_FMT "'", STR_ARG(sessions[i].label));
            worst = exit_worst(worst, app_fail(app, err));
            continue;
        }
        show(run, &sessions[i], plannings[i].plan);
        shown[n_shown++] = plannings[i].plan;
    }
    if (count > 1 && n_shown > 0 && app->args.format != OUT_JSON && !app->args.refresh_only)
        buf_fmt(
            &run->buf, app->args.format == OUT_TEXT ? "\n" STR_FMT "\n" : "\n**" STR_FMT "**\n",
            STR_ARG(view_total_line(app->arena, shown, n_shown)));
    return worst;
}

/* Only a plan of everything that was asked for is worth approving. */
static enum exit_code save(struct app *app, const struct plan_run *run)
{
    struct err err = {0};
    struct str path = app->args.out;
    if (plan_file_write(app, &run->file, path, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (app->args.format == OUT_TEXT)
        term_note(
            "\nSaved the plan to: " STR_FMT "\n\n"
            "To perform exactly these actions, run the following command to apply:\n"
            "    mmectl apply \"" STR_FMT "\"%s",
            STR_ARG(path), STR_ARG(path), app->args.local ? " --local" : "");
    return EXIT_CODE_OK;
}

static enum exit_code print(struct app *app, const struct plan_run *run)
{
    if (!app->args.json)
        return app_print(app, &run->buf);
    if (run->all->len == 0)
        return EXIT_CODE_OK;
    return app_print_json(app, run->all->len == 1 ? run->all->first : run->all);
}

static enum err_code check_options(const struct args *args, struct err *err)
{
    const char *with = args->destroy             ? "destroy"
                       : args->replaces.len > 0  ? "replace"
                       : !str_is_null(args->out) ? "out"
                                                 : NULL;
    if (!args->refresh_only || with == NULL)
        return ERR_NONE;
    return err_set(
        err, ERR_USAGE, "--refresh-only proposes nothing, so it goes without --%s", with);
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct spec_list specs;
    if (app->args.json)
        app->args.format = OUT_JSON;
    app->args.json = app->args.format == OUT_JSON;
    enum err_code loaded = check_options(&app->args, &err);
    if (loaded == ERR_NONE)
        loaded = session_specs(app, true, &specs, &err);
    if (loaded != ERR_NONE)
        return session_fail(app, &err);
    struct plan_run run = {
        .buf = BUF_INIT(MIB(256)), .all = json_array(app->arena), .left = specs.len};
    enum exit_code code = session_groups_of(app, &specs, plan_group, &run);
    code = exit_worst(code, print(app, &run));
    buf_done(&run.buf);
    if (code == EXIT_CODE_OK && !str_is_null(app->args.out))
        code = save(app, &run);
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
    {OPT_STRING, 0, "out", "FILE", AT(out), NULL, 0,
     "save the plan, for 'mmectl apply FILE' to do exactly that"},
    {OPT_FLAG, 0, "destroy", NULL, AT(destroy), NULL, 0,
     "what destroy would do, instead of what apply would do"},
    {OPT_FLAG, 0, "refresh-only", NULL, AT(refresh_only), NULL, 0,
     "only what changed outside of mmectl since the last apply; proposes nothing"},
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
