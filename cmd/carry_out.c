#include "cmd/carry_out.h"

#include "cmd/cmd.h"
#include "cmd/plan_file.h"
#include "cmd/view.h"
#include "engine/reconcile/regions.h"
#include "engine/reconcile/rollback.h"

#include <string.h>

/* One stack's part of the work. */
struct part {
    struct session *session;
    struct direction direction;
    struct rollback rollback;
    struct plan *plan;
    struct report report;
    struct err err; /* of what is under way; ERR_NONE: it went well */
    bool out;       /* takes no part any more */
    bool aside;     /* nothing of it is among the targets */
    enum exit_code code;
};

struct group {
    struct app *app;
    struct part *parts;
    size_t count;
    const struct direction *direction;
};

static enum exit_code json_line(struct app *app, struct buf *buf)
{
    buf_add_char(buf, '\n');
    enum exit_code code = app_print(app, buf);
    buf_clear(buf);
    return code;
}

/* An error as text on standard error and, with --json, as a diagnostic in the stream, too. */
static enum exit_code fail(const struct part *part, const struct err *err)
{
    struct app *app = part->session->app;
    struct err shown = *err;
    if (!str_is_null(part->session->label))
        err_wrap(&shown, "region '" STR_FMT "'", STR_ARG(part->session->label));
    if (app->args.json) {
        struct buf buf = BUF_INIT(KIB(64));
        view_error_json(app->arena, &buf, &shown, clock_wall_ms(app->clock));
        (void) json_line(app, &buf);
        buf_done(&buf);
    }
    return app_fail(app, &shown);
}

static void leave(struct part *part, enum exit_code code)
{
    part->code = exit_worst(part->code, code);
    part->out = true;
    if (part->plan != NULL)
        regions_give_up(part->plan);
}

/* ---- side by side ---- */

typedef void part_fn(struct part *part);

struct errand {
    struct part *part;
    part_fn *work;
};

static void run_errand(void *arg)
{
    struct errand *errand = arg;
    errand->work(errand->part);
}

static void side_by_side(struct group *group, part_fn *work)
{
    struct app *app = group->app;
    struct task **tasks = ARENA_ARRAY(app->arena, group->count, struct task *);
    struct errand *errands = ARENA_ARRAY(app->arena, group->count, struct errand);
    for (size_t i = 0; i < group->count; i++) {
        errands[i] = (struct errand){&group->parts[i], work};
        if (group->parts[i].out)
            continue;
        if (group->count == 1)
            work(&group->parts[i]);
        else
            tasks[i] = loop_spawn(app->loop, run_errand, &errands[i]);
    }
    for (size_t i = 0; i < group->count; i++)
        if (tasks[i] != NULL)
            loop_join(app->loop, tasks[i]);
}

/* ---- planning ---- */

static void plan_part(struct part *part)
{
    (void) !reconcile_plan_settled(
        &part->session->reconciler, part->session->spec, part->direction.mode, &part->plan,
        &part->err);
}

/* Planned without the stack's lock, and again under it: an empty plan writes nothing at all, and
 * what is shown is what will be done. */
static void lock_part(struct part *part)
{
    struct reconciler *r = &part->session->reconciler;
    if (part->err.code != ERR_NONE || part->plan->guards.len > 0)
        return;
    if (reconcile_lock(r, part->plan, &part->err) == ERR_NONE && r->lease != NULL)
        plan_part(part);
}

static void share(struct group *group)
{
    struct regional *regions = ARENA_ARRAY(group->app->arena, group->count, struct regional);
    if (group->count == 1)
        return;
    for (size_t i = 0; i < group->count; i++) {
        struct part *part = &group->parts[i];
        regions[i].reconciler = &part->session->reconciler;
        if (!part->out && part->err.code == ERR_NONE && part->plan->guards.len == 0)
            regions[i].plan = part->plan;
    }
    regions_share(regions, group->count);
    for (size_t i = 0; i < group->count; i++) {
        if (regions[i].plan != NULL)
            group->parts[i].plan = regions[i].plan;
        if (regions[i].err.code != ERR_NONE)
            group->parts[i].err = regions[i].err;
    }
}

static void plan_all(struct group *group)
{
    side_by_side(group, plan_part);
    share(group);
    side_by_side(group, lock_part);
    share(group);
}

/* ---- showing ---- */

static enum exit_code show_plan(const struct part *part)
{
    const struct session *session = part->session;
    struct app *app = session->app;
    const struct plan *plan = part->plan;
    struct buf buf = BUF_INIT(MIB(256));
    struct view_options options = {
        .color = app->term.color_out,
        .full = app->args.full,
        .wall_ms = clock_wall_ms(app->clock),
        .region = session->label,
    };
    enum exit_code code = EXIT_CODE_OK;
    if (!app->args.json) {
        view_plan_text(app->arena, &buf, plan, &options);
        if (!str_is_null(session->label))
            buf_add_char(&buf, '\n');
        code = app_print(app, &buf);
    }
    for (size_t i = 0; app->args.json && i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (change->action == ACTION_NOOP || change->removal_half)
            continue;
        view_planned_json(app->arena, &buf, change, session->label, options.wall_ms);
        (void) json_line(app, &buf); /* what fails once fails at the summary, too */
    }
    buf_done(&buf);
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct event event = {
            .type = EVENT_WARNING,
            .text = plan->warnings.items[i].message,
            .hint = plan->warnings.items[i].hint,
            .region = session->label,
        };
        progress_event(session->progress, &event);
    }
    return code;
}

/* What the guards of the plan refuse; EXIT_CODE_OK when that is nothing. */
static enum exit_code show_guards(const struct part *part)
{
    const struct plan *plan = part->plan;
    for (size_t i = 0; i < plan->guards.len; i++) {
        struct err err = {0};
        err_set(&err, ERR_REFUSED, STR_FMT, STR_ARG(plan->guards.items[i].message));
        err_hint(&err, STR_FMT, STR_ARG(plan->guards.items[i].hint));
        (void) fail(part, &err);
    }
    return plan->guards.len > 0 ? EXIT_CODE_REFUSED : EXIT_CODE_OK;
}

/* The plans that were shown, added up. */
static enum exit_code show_total(const struct group *group)
{
    struct app *app = group->app;
    const struct plan **plans = ARENA_ARRAY(app->arena, group->count, const struct plan *);
    size_t n = 0, add = 0, change = 0, destroy = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct part *part = &group->parts[i];
        if (part->plan == NULL || part->err.code != ERR_NONE)
            continue;
        plans[n++] = part->plan;
        add += part->plan->n_add;
        change += part->plan->n_change;
        destroy += part->plan->n_destroy;
    }
    if (n == 0 || (group->count == 1 && !app->args.json))
        return EXIT_CODE_OK;
    struct buf buf = BUF_INIT(KIB(64));
    if (app->args.json)
        view_summary_json(
            app->arena, &buf, "plan", add, change, destroy, clock_wall_ms(app->clock));
    else
        buf_add(&buf, view_total_line(app->arena, plans, n));
    enum exit_code code = json_line(app, &buf);
    buf_done(&buf);
    return code;
}

/* What is wrong with the spec or its files is wrong in every region: told once. */
static bool fails_everywhere(const struct group *group)
{
    const struct err *first = &group->parts[0].err;
    for (size_t i = 0; i < group->count; i++) {
        const struct err *err = &group->parts[i].err;
        if (err->code == ERR_NONE || group->parts[i].out ||
            strcmp(err->message, first->message) != 0)
            return false;
    }
    return group->count > 1;
}

static void fail_everywhere(struct group *group)
{
    struct str label = group->parts[0].session->label;
    group->parts[0].session->label = STR_NULL;
    enum exit_code code = fail(&group->parts[0], &group->parts[0].err);
    group->parts[0].session->label = label;
    for (size_t i = 0; i < group->count; i++)
        leave(&group->parts[i], code);
}

static enum exit_code show_all(struct group *group)
{
    if (fails_everywhere(group)) {
        fail_everywhere(group);
        return EXIT_CODE_OK;
    }
    /* Who saved it has seen it. */
    bool show = group->direction->saved == NULL || group->app->args.json;
    enum exit_code code = EXIT_CODE_OK;
    bool any_well = false;
    for (size_t i = 0; i < group->count; i++)
        any_well = any_well || (!group->parts[i].out && group->parts[i].err.code == ERR_NONE);
    for (size_t i = 0; i < group->count; i++) {
        struct part *part = &group->parts[i];
        if (part->out)
            continue;
        if (session_is_aside(part->session, &part->err, any_well)) {
            part->aside = true;
            leave(part, EXIT_CODE_OK);
            continue;
        }
        if (part->err.code != ERR_NONE) {
            leave(part, fail(part, &part->err));
            continue;
        }
        enum exit_code shown = show ? show_plan(part) : EXIT_CODE_OK;
        code = exit_worst(code, shown);
    }
    if (show)
        code = exit_worst(code, show_total(group));
    for (size_t i = 0; i < group->count; i++) {
        struct part *part = &group->parts[i];
        if (part->out)
            continue;
        enum exit_code guards = show_guards(part);
        if (guards != EXIT_CODE_OK || code != EXIT_CODE_OK)
            leave(part, exit_worst(guards, code));
    }
    return code;
}

/* ---- doing ---- */

static void execute_part(struct part *part)
{
    (void) !reconcile_execute(&part->session->reconciler, part->plan, &part->report, &part->err);
    reconcile_unlock(&part->session->reconciler);
}

/* Each failure with the thing it hit, the first ones first. */
static void show_failures(const struct part *part)
{
    for (size_t i = 0; i < part->report.failed.len; i++) {
        const struct change *change = part->report.failed.items[i];
        /* That the run was interrupted is said once, at the end. */
        if (change->err == NULL || change->err->code == ERR_CANCELLED)
            continue;
        struct err one = *change->err;
        err_wrap(&one, STR_FMT, STR_ARG(change->address));
        err_locate(&one, change->at);
        term_note("%s", "");
        (void) fail(part, &one);
    }
}

/* The error of a run that did nothing is the one of its first failure, which was shown with it. */
static bool was_shown(const struct part *part)
{
    for (size_t i = 0; i < part->report.failed.len; i++) {
        const struct change *change = part->report.failed.items[i];
        if (change->err != NULL && strcmp(change->err->message, part->err.message) == 0)
            return true;
    }
    return false;
}

static bool has_report(const struct part *part)
{
    const struct report *report = &part->report;
    bool something = report->n_added + report->n_changed + report->n_destroyed > 0;
    return !part->out && (part->err.code == ERR_NONE || something || report->n_failed > 0);
}

static void
show_report(const struct group *group, const struct plan *plan, const struct report *report)
{
    struct app *app = group->app;
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
            session_add_group_stats(app, group->parts[0].session, group->count, out);
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

static void add_report(struct app *app, struct report *total, const struct report *report)
{
    total->n_added += report->n_added;
    total->n_changed += report->n_changed;
    total->n_destroyed += report->n_destroyed;
    total->n_failed += report->n_failed;
    total->n_skipped += report->n_skipped;
    total->n_interrupted += report->n_interrupted;
    total->n_not_started += report->n_not_started;
    total->n_kept_foreign += report->n_kept_foreign;
    for (size_t i = 0; i < report->left.len; i++)
        *VEC_PUSH(app->arena, &total->left) = report->left.items[i];
}

/* A line for each region, and one report of all. */
static void show_reports(const struct group *group)
{
    struct app *app = group->app;
    struct report total = {0};
    const struct plan *plan = NULL;
    struct buf buf = BUF_INIT(MIB(1));
    for (size_t i = 0; i < group->count; i++) {
        const struct part *part = &group->parts[i];
        if (part->aside)
            continue;
        if (has_report(part)) {
            plan = part->plan;
            add_report(app, &total, &part->report);
            view_region_report(
                &buf, part->session->label, &part->report, part->err.code != ERR_NONE);
        } else {
            total.n_stacks_out++;
            view_region_report(&buf, part->session->label, NULL, true);
        }
    }
    if (plan != NULL && group->count > 1 && !app->args.json) {
        term_note("%s", "");
        (void) app_print(app, &buf);
    }
    buf_done(&buf);
    if (plan != NULL)
        show_report(group, plan, &total);
}

static void execute_all(struct group *group)
{
    size_t total = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct plan *plan = group->parts[i].plan;
        if (!group->parts[i].out)
            total += plan->n_add + plan->n_change + plan->n_destroy;
    }
    struct progress *progress = NULL; /* that of all */
    for (size_t i = 0; i < group->count; i++)
        if (group->parts[i].session->progress != NULL)
            progress = group->parts[i].session->progress;
    progress_start(progress, total);
    side_by_side(group, execute_part);
    progress_stop(progress);
    for (size_t i = 0; i < group->count; i++)
        if (!group->parts[i].out)
            show_failures(&group->parts[i]);
    show_reports(group);
    for (size_t i = 0; i < group->count; i++) {
        struct part *part = &group->parts[i];
        if (part->out || part->err.code == ERR_NONE)
            continue;
        enum exit_code code =
            was_shown(part) ? exit_of_err(part->err.code) : fail(part, &part->err);
        part->code = exit_worst(part->code, code);
    }
}

/* ---- all of it ---- */

/* Nothing to ask about when all is as it should be; what a plan had to leave out still counts. */
static bool has_something(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!group->parts[i].out && !plan_is_empty(group->parts[i].plan))
            return true;
    return false;
}

static bool is_over(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!group->parts[i].out)
            return false;
    return true;
}

static enum exit_code ask(struct group *group)
{
    struct app *app = group->app;
    struct err err = {0};
    struct str answer;
    if (app->args.auto_approve || group->direction->saved != NULL)
        return EXIT_CODE_OK;
    if (term_ask(
            app->arena, app->loop, app->term.ask_fd, group->direction->question, &answer, &err) !=
        ERR_NONE)
        return app_fail(app, &err);
    if (str_eq(answer, STR("yes")))
        return EXIT_CODE_OK;
    term_note("%s", group->direction->refused);
    return EXIT_CODE_ERROR;
}

static enum exit_code work(struct group *group)
{
    plan_all(group);
    enum exit_code code = show_all(group);
    if (code != EXIT_CODE_OK || is_over(group))
        return code;
    bool something = has_something(group);
    code = something ? ask(group) : EXIT_CODE_OK;
    if (code != EXIT_CODE_OK)
        return code;
    if (something && !group->app->args.json)
        term_note("%s", "");
    execute_all(group);
    return EXIT_CODE_OK;
}

static void set_up(struct part *part, struct session *session, const struct direction *direction)
{
    const struct args *args = &session->app->args;
    *part = (struct part){.session = session, .direction = *direction};
    if (direction->saved != NULL) {
        session->reconciler.approved = plan_file_stack(direction->saved, session->spec);
        part->direction.mode = session->reconciler.approved->mode;
    }
    part->rollback = (struct rollback){.reason = args->reason, .to = args->to};
    if (part->direction.mode == PLAN_ROLLBACK) {
        part->rollback.model = args->operands.items[0];
        session->reconciler.rollback = &part->rollback;
    }
}

enum exit_code carry_out(struct session *sessions, size_t count, const struct direction *direction)
{
    struct app *app = sessions[0].app;
    struct group group = {app, ARENA_ARRAY(app->arena, count, struct part), count, direction};
    enum exit_code *codes = ARENA_ARRAY(app->arena, count, enum exit_code);
    for (size_t i = 0; i < count; i++) {
        set_up(&group.parts[i], &sessions[i], direction);
        group.parts[i].out = sessions[i].code != EXIT_CODE_OK;
        group.parts[i].code = sessions[i].code;
    }
    enum exit_code code = is_over(&group) ? EXIT_CODE_OK : work(&group);
    for (size_t i = 0; i < count; i++) {
        reconcile_unlock(&sessions[i].reconciler);
        codes[i] = group.parts[i].code;
    }
    return exit_worst(code, exit_of_regions(codes, count));
}
