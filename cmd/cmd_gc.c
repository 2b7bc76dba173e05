#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/reconcile/gc.h"

#define LISTED 50

static struct json *garbage_json(struct arena *arena, const struct garbage *garbage)
{
    const struct plan *plan = garbage->plan;
    struct json *out = json_object(arena), *list = json_array(arena);
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        struct json *item = json_object(arena);
        json_put(arena, item, "address", json_string(arena, change->address));
        json_put(arena, item, "name", json_string(arena, change->old_name));
        json_put(
            arena, item, "count",
            json_int(arena, change->n_members > 0 ? (int64_t) change->n_members : 1));
        json_put(arena, item, "reason", json_z(arena, reason_name(change->reason)));
        json_push(list, item);
    }
    json_put(arena, out, "stack", json_string(arena, plan->stack));
    json_put(arena, out, "garbage", list);
    json_put(arena, out, "things", json_int(arena, (int64_t) garbage->n_things));
    json_put(arena, out, "unfinished_uploads", json_int(arena, (int64_t) garbage->n_uploads));
    json_put(arena, out, "bytes", json_int(arena, (int64_t) garbage->bytes));
    return out;
}

static void list_garbage(struct app *app, struct buf *buf, const struct plan *plan)
{
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (!app->args.full && i == LISTED) {
            buf_fmt(buf, "  # ... and %zu more; --full lists them\n", plan->changes.len - i);
            break;
        }
        buf_fmt(buf, "  # " STR_FMT " will be destroyed (", STR_ARG(change->address));
        buf_add_clean(buf, change->old_name);
        if (!str_is_empty(change->note))
            buf_fmt(buf, ", " STR_FMT, STR_ARG(change->note));
        buf_add_z(buf, ")\n");
    }
}

static enum exit_code show(struct app *app, const struct garbage *garbage, bool deletes)
{
    struct buf buf = BUF_INIT(MIB(16));
    if (garbage_is_none(garbage)) {
        buf_fmt(
            &buf, "No garbage: everything of stack '" STR_FMT "' is in use.\n",
            STR_ARG(garbage->plan->stack));
    } else {
        buf_fmt(
            &buf, "What nothing of stack '" STR_FMT "' uses any more:\n\n",
            STR_ARG(garbage->plan->stack));
        list_garbage(app, &buf, garbage->plan);
        if (garbage->n_uploads > 0)
            buf_fmt(
                &buf, "  # %zu unfinished upload%s will be aborted\n", garbage->n_uploads,
                garbage->n_uploads == 1 ? "" : "s");
        buf_fmt(
            &buf, "\nPlan: 0 to add, 0 to change, %zu to destroy.\n%.1f KiB of objects%s.\n",
            garbage->n_things, (double) garbage->bytes / 1024.0,
            deletes ? "" : "; --delete removes it all");
    }
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code remove_garbage(struct session *session)
{
    struct app *app = session->app;
    struct err err = {0};
    struct report report;
    enum err_code code = gc_execute(&session->reconciler, session->spec, &report, &err);
    session_tell_failures(app, &report);
    if (code != ERR_NONE)
        return app_fail(app, &err);
    return app_say(app, "\nCollection complete! Resources: %zu destroyed.\n", report.n_destroyed);
}

static enum exit_code gc_one(struct session *session, void *arg)
{
    struct json *stacks = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct garbage *garbage;
    bool deletes = app->args.delete || app->args.auto_approve;
    if (gc_plan(&session->reconciler, session->spec, &garbage, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct json *json = garbage_json(app->arena, garbage);
    session_put_region(session, json);
    json_push(stacks, json);
    if (!str_is_null(session->label))
        (void) app_say(app, "Region " STR_FMT ":\n", STR_ARG(session->label));
    enum exit_code shown = app->args.json ? EXIT_CODE_OK : show(app, garbage, deletes);
    if (shown != EXIT_CODE_OK || !deletes || garbage_is_none(garbage))
        return shown;
    return remove_garbage(session);
}

static enum exit_code run(struct app *app)
{
    struct json *stacks = json_array(app->arena);
    enum exit_code code = session_each(app, true, gc_one, stacks);
    return session_finish(app, code, stacks, NULL);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "delete", NULL, AT(delete), NULL, 0,
     "remove what was found; without it gc only says what that is"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "the same as --delete"},
    {OPT_FLAG, 0, "full", NULL, AT(full), NULL, 0, "list every thing"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_lock, &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_gc = {
    .name = "gc",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "show, and with --delete remove, what of the stack nothing uses any more",
    .text =
        "Looks for leftovers of this stack alone: versions beyond those kept, models, endpoint\n"
        "configurations and data that nothing needs, what training jobs of former recipes left,\n"
        "unfinished uploads. Apply prunes most of it by itself; gc does only that and makes\n"
        "nothing. What serves, is published or is wanted by the spec always stays.",
    .sets = s_sets,
    .run = run,
};
