/* apply, destroy and rollback: the same line of work in three directions. */
#include "cmd/cmd.h"
#include "cmd/plan_file.h"
#include "cmd/session.h"
#include "cmd/view.h"
#include "engine/reconcile/rollback.h"
#include "engine/resource/names.h"

#include <string.h>
#include <unistd.h>

struct direction {
    enum plan_mode mode;
    const char *name;     /* of the command, and of the operation in JSON */
    const char *question; /* Terraform's words */
    const char *refused;
    const struct saved_plan *saved; /* approved already; NULL: ask */
};

static const struct direction s_apply = {
    .mode = PLAN_APPLY,
    .name = "apply",
    .question = "\nDo you want to perform these actions?\n"
                "  mmectl will perform the actions described above.\n"
                "  Only 'yes' will be accepted to approve.\n\n"
                "  Enter a value: ",
    .refused = "\nApply cancelled.",
};

static const struct direction s_destroy = {
    .mode = PLAN_DESTROY,
    .name = "destroy",
    .question = "\nDo you really want to destroy all resources?\n"
                "  mmectl will destroy everything the stack owns, as shown above.\n"
                "  There is no undo. Only 'yes' will be accepted to confirm.\n\n"
                "  Enter a value: ",
    .refused = "\nDestroy cancelled.",
};

static const struct direction s_rollback = {
    .mode = PLAN_ROLLBACK,
    .name = "rollback",
    .question = "\nDo you want to publish this version?\n"
                "  mmectl will publish it and hold it there. Only 'yes' will be accepted.\n\n"
                "  Enter a value: ",
    .refused = "\nRollback cancelled.",
};

static enum exit_code json_line(struct app *app, struct buf *buf)
{
    buf_add_char(buf, '\n');
    enum exit_code code = app_print(app, buf);
    buf_clear(buf);
    return code;
}

/* An error as text on standard error and, with --json, as a diagnostic in the stream, too. */
static enum exit_code fail(struct app *app, const struct err *err)
{
    if (app->args.json) {
        struct buf buf = BUF_INIT(KIB(64));
        view_error_json(app->arena, &buf, err, clock_wall_ms(app->clock));
        (void) json_line(app, &buf);
        buf_done(&buf);
    }
    return app_fail(app, err);
}

static enum exit_code show_plan(struct session *session, const struct plan *plan)
{
    struct app *app = session->app;
    struct buf buf = BUF_INIT(MIB(256));
    struct view_options options = {
        .color = app->term.color_out,
        .full = app->args.full,
        .wall_ms = clock_wall_ms(app->clock),
    };
    enum exit_code code = EXIT_CODE_OK;
    if (!app->args.json) {
        view_plan_text(app->arena, &buf, plan, &options);
        code = app_print(app, &buf);
    } else {
        for (size_t i = 0; i < plan->changes.len; i++) {
            const struct change *change = plan->changes.items[i];
            if (change->action == ACTION_NOOP || change->removal_half)
                continue;
            view_planned_json(app->arena, &buf, change, options.wall_ms);
            (void) json_line(app, &buf); /* what fails once fails at the summary, too */
        }
        view_summary_json(
            app->arena, &buf, "plan", plan->n_add, plan->n_change, plan->n_destroy,
            options.wall_ms);
        code = json_line(app, &buf);
    }
    buf_done(&buf);
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct event event = {
            .type = EVENT_WARNING,
            .text = plan->warnings.items[i].message,
            .hint = plan->warnings.items[i].hint,
        };
        progress_event(session->progress, &event);
    }
    return code;
}

/* What the guards of the plan refuse; EXIT_CODE_OK when that is nothing. */
static enum exit_code show_guards(struct app *app, const struct plan *plan)
{
    for (size_t i = 0; i < plan->guards.len; i++) {
        struct err err = {0};
        err_set(&err, ERR_REFUSED, STR_FMT, STR_ARG(plan->guards.items[i].message));
        err_hint(&err, STR_FMT, STR_ARG(plan->guards.items[i].hint));
        (void) fail(app, &err);
    }
    return plan->guards.len > 0 ? EXIT_CODE_REFUSED : EXIT_CODE_OK;
}

/* Each failure with the thing it hit, the first ones first. */
static void show_failures(struct app *app, const struct report *report)
{
    for (size_t i = 0; i < report->failed.len; i++) {
        const struct change *change = report->failed.items[i];
        /* That the run was interrupted is said once, at the end. */
        if (change->err == NULL || change->err->code == ERR_CANCELLED)
            continue;
        struct err one = *change->err;
        err_wrap(&one, STR_FMT, STR_ARG(change->address));
        err_locate(&one, change->at);
        term_note("%s", "");
        (void) fail(app, &one);
    }
}

/* The error of a run that did nothing is the one of its first failure, which was shown with it. */
static bool was_shown(const struct report *report, const struct err *err)
{
    for (size_t i = 0; i < report->failed.len; i++) {
        const struct change *change = report->failed.items[i];
        if (change->err != NULL && strcmp(change->err->message, err->message) == 0)
            return true;
    }
    return false;
}

static void
show_report(struct session *session, const struct plan *plan, const struct report *report)
{
    struct app *app = session->app;
    struct buf buf = BUF_INIT(MIB(16));
    if (app->args.json) {
        view_summary_json(
            app->arena, &buf,
            plan->mode == PLAN_DESTROY    ? "destroy"
            : plan->mode == PLAN_ROLLBACK ? "rollback"
                                          : "apply",
            report->n_added, report->n_changed, report->n_destroyed, clock_wall_ms(app->clock));
        (void) json_line(app, &buf);
        if (app->args.stats) {
            struct json *out = json_object(app->arena);
            json_put(app->arena, out, "type", json_z(app->arena, "stats"));
            session_add_stats(app, session, out);
            json_write(&buf, out, JSON_COMPACT);
            (void) json_line(app, &buf);
        }
    } else {
        buf_add_char(&buf, '\n');
        view_report_text(&buf, plan, report, app->term.color_out);
        (void) app_print(app, &buf);
    }
    buf_done(&buf);
}

static enum exit_code execute(struct session *session, struct plan *plan)
{
    struct app *app = session->app;
    struct err err = {0};
    struct report report = {0};
    progress_start(session->progress, plan->n_add + plan->n_change + plan->n_destroy);
    enum err_code code = reconcile_execute(&session->reconciler, plan, &report, &err);
    progress_stop(session->progress);
    show_failures(app, &report);
    bool something = report.n_added + report.n_changed + report.n_destroyed > 0;
    if (code == ERR_NONE || something || report.n_failed > 0)
        show_report(session, plan, &report);
    if (code == ERR_NONE)
        return EXIT_CODE_OK;
    return was_shown(&report, &err) ? exit_of_err(code) : fail(app, &err);
}

/* Planned without the stack's lock, and again under it: an empty plan writes nothing at all, and
 * what is shown is what will be done. */
static enum err_code locked_plan(
    struct session *session,
    const struct direction *direction,
    struct plan **ret_plan,
    struct err *err)
{
    struct reconciler *r = &session->reconciler;
    enum err_code code = reconcile_plan_settled(r, session->spec, direction->mode, ret_plan, err);
    if (code == ERR_NONE && (*ret_plan)->guards.len == 0)
        code = reconcile_lock(r, *ret_plan, err);
    if (code == ERR_NONE && r->lease != NULL)
        code = reconcile_plan_settled(r, session->spec, direction->mode, ret_plan, err);
    return code;
}

static enum exit_code plan_and_change(struct session *session, const struct direction *direction)
{
    struct app *app = session->app;
    struct err err = {0};
    struct plan *plan = NULL;
    if (locked_plan(session, direction, &plan, &err) != ERR_NONE)
        return fail(app, &err);
    /* Who saved it has seen it. */
    bool show = direction->saved == NULL || app->args.json;
    enum exit_code code = show ? show_plan(session, plan) : EXIT_CODE_OK;
    if (code == EXIT_CODE_OK)
        code = show_guards(app, plan);
    if (code != EXIT_CODE_OK)
        return code;
    /* Nothing to ask about; what the plan had to leave out still counts. */
    if (plan_is_empty(plan))
        return execute(session, plan);
    if (!app->args.auto_approve && direction->saved == NULL) {
        struct str answer;
        if (term_ask(app->arena, app->loop, app->term.ask_fd, direction->question, &answer, &err) !=
            ERR_NONE)
            return fail(app, &err);
        if (!str_eq(answer, STR("yes"))) {
            term_note("%s", direction->refused);
            return EXIT_CODE_ERROR;
        }
    }
    if (!app->args.json)
        term_note("%s", "");
    return execute(session, plan);
}

static enum exit_code change_one(struct session *session, void *arg)
{
    struct direction own = *(const struct direction *) arg;
    if (own.saved != NULL) {
        session->reconciler.approved = plan_file_stack(own.saved, session->spec);
        own.mode = session->reconciler.approved->mode;
    }
    const struct args *args = &session->app->args;
    struct rollback rollback = {.reason = args->reason, .to = args->to};
    if (own.mode == PLAN_ROLLBACK) {
        rollback.model = args->operands.items[0];
        session->reconciler.rollback = &rollback;
    }
    enum exit_code code = plan_and_change(session, &own);
    reconcile_unlock(&session->reconciler);
    return code;
}

/* Without a yes, somebody has to be there to give it. */
static enum err_code check_approval(const struct app *app, const char *name, struct err *err)
{
    bool can_ask = app->term.ask_fd >= 0 && app->args.input && !app->args.json;
    if (app->args.auto_approve || can_ask)
        return ERR_NONE;
    err_set(
        err, ERR_TERMINAL, "'%s' needs a yes, and there is %s", name,
        app->args.json     ? "nobody to ask with --json"
        : !app->args.input ? "--input=false"
                           : "no terminal to ask on");
    return err_hint(err, "-auto-approve carries the plan out without asking");
}

/* A saved plan among the operands: it has to be the only one. *ret_found NULL: there is none. */
static enum err_code find_saved(
    struct app *app,
    const struct direction *direction,
    struct saved_plan **ret_found,
    struct err *err)
{
    const struct opt_list *operands = &app->args.operands;
    *ret_found = NULL;
    for (size_t i = 0; direction->mode != PLAN_ROLLBACK && i < operands->len; i++) {
        struct str path = operands->items[i];
        if (!plan_file_is(str_z(app->arena, path)))
            continue;
        if (direction->mode == PLAN_DESTROY) {
            err_set(err, ERR_USAGE, "'" STR_FMT "' is a saved plan", STR_ARG(path));
            return err_hint(err, "'mmectl apply' carries it out, also one made with -destroy");
        }
        if (operands->len > 1) {
            err_set(
                err, ERR_USAGE, "'" STR_FMT "' is a saved plan, and there is more", STR_ARG(path));
            return err_hint(err, "apply one saved plan at a time; a plan may hold many stacks");
        }
        struct saved_plan *saved = ARENA_NEW(app->arena, struct saved_plan);
        enum err_code code = plan_file_read(app, path, saved, err);
        if (code == ERR_NONE)
            *ret_found = saved;
        return code;
    }
    return ERR_NONE;
}

/* The operand of rollback, and what --to names. */
static enum err_code check_version(const struct app *app, struct err *err)
{
    struct str to = app->args.to;
    if (app->args.operands.len == 0) {
        err_set(err, ERR_USAGE, "'rollback' needs the name of a model");
        return err_hint(err, "usage: mmectl rollback MODEL [--to VERSION] -f SPEC");
    }
    if (app->args.targets.len + app->args.replaces.len > 0)
        return err_set(err, ERR_USAGE, "'rollback' takes neither --target nor --replace");
    if (str_is_null(to) || (to.len >= 8 && to.len <= 64 && is_hex(to, to.len)))
        return ERR_NONE;
    err_set(err, ERR_USAGE, "'" STR_FMT "' is no version", STR_ARG(to));
    return err_hint(
        err, "--to takes the first 8 or more digits of a version, as 'mmectl history' shows them");
}

static enum exit_code stream_head(struct app *app)
{
    if (!app->args.json)
        return EXIT_CODE_OK;
    struct buf buf = BUF_INIT(KIB(4));
    view_version_json(app->arena, &buf, clock_wall_ms(app->clock));
    enum exit_code code = json_line(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code run(struct app *app, const struct direction *direction)
{
    struct err err = {0};
    struct saved_plan *saved = NULL;
    struct spec_list specs;
    bool one_model = direction->mode == PLAN_ROLLBACK;
    enum err_code code = one_model ? check_version(app, &err) : ERR_NONE;
    if (code == ERR_NONE)
        code = find_saved(app, direction, &saved, &err);
    if (code == ERR_NONE && saved == NULL)
        code = check_approval(app, direction->name, &err);
    if (code == ERR_NONE && saved != NULL)
        code = plan_file_specs(app, saved, &specs, &err);
    if (code != ERR_NONE)
        return session_fail(app, &err);
    enum exit_code printed = stream_head(app);
    if (printed != EXIT_CODE_OK)
        return printed;
    struct direction copy = *direction;
    copy.saved = saved;
    return saved != NULL ? session_each_of(app, &specs, change_one, &copy)
                         : session_each(app, !one_model, change_one, &copy);
}

static enum exit_code run_apply(struct app *app)
{
    return run(app, &s_apply);
}

static enum exit_code run_destroy(struct app *app)
{
    return run(app, &s_destroy);
}

static enum exit_code run_rollback(struct app *app)
{
    return run(app, &s_rollback);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0,
     "carry the plan out without asking"},
    {OPT_FLAG, 'v', "verbose", NULL, AT(verbose), NULL, 0,
     "also print the log lines of training jobs"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_plan, &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_apply = {
    .name = "apply",
    .operands = "[SPEC...|FILE]",
    .max_operands = 1000,
    .summary = "plan, ask, carry it out, wait until the endpoint serves",
    .text =
        "Makes AWS match the spec: uploads data, trains what is new or changed, publishes the\n"
        "models and creates or updates the endpoint. Prints the plan and asks first. It can be\n"
        "interrupted and repeated at any moment; what is done already is not done again.\n\n"
        "With a FILE that 'mmectl plan -out=FILE' saved, it does exactly what that plan says,\n"
        "without asking, or nothing at all when that is not what is needed any more.",
    .streams = true,
    .sets = s_sets,
    .run = run_apply,
};

const struct cmd cmd_destroy = {
    .name = "destroy",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "remove everything the stack owns and check that nothing is left",
    .text = "Deletes the endpoint, its configuration and model, the training jobs, the uploaded\n"
            "data and the models, then looks again and says what is left. Things that are not the\n"
            "stack's own are never touched.",
    .streams = true,
    .any_region = true,
    .sets = s_sets,
    .run = run_destroy,
};

static const struct opt s_rollback_opts[] = {
    {OPT_STRING, 0, "to", "VERSION", AT(to), NULL, 0,
     "the version, by its first 8 or more digits; without it the newest older one"},
    {OPT_STRING, 0, "reason", "TEXT", AT(reason), NULL, 0,
     "why; plan, status and history show it as long as the version is held"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "do it without asking"},
};
static const struct opt_set s_rollback_own = OPT_SET(s_rollback_opts);
static const struct opt_set *const s_rollback_sets[] = {
    &s_rollback_own, &args_spec, &args_plan, &args_json, &args_aws, &args_common, NULL};

const struct cmd cmd_rollback = {
    .name = "rollback",
    .operands = "MODEL",
    .max_operands = 1,
    .summary = "publish an older version of a model now, and hold it there",
    .text =
        "Publishes a version that is kept (see 'mmectl history'), without training, uploading or\n"
        "touching another model, and holds it: apply leaves the model alone until 'mmectl resume'\n"
        "or until the spec pins a version. With targetModels: versioned this is one write of the\n"
        "stack's record; with targetModels: stable the endpoint rolls once, which takes minutes.\n"
        "The spec is given with -f.",
    .streams = true,
    .sets = s_rollback_sets,
    .run = run_rollback,
};
