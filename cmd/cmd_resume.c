#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/reconcile/rollback.h"
#include "engine/resource/names.h"

struct resume_run {
    struct str model;
    struct json *stacks;
};

static enum exit_code resume_one(struct session *session, void *arg)
{
    struct resume_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct record_hold hold = {.fp = STR_NULL};
    if (reconcile_resume(&session->reconciler, session->spec, run->model, &hold, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (app->args.json) {
        struct json *node = json_object(app->arena);
        json_put(app->arena, node, "stack", json_string(app->arena, session->spec->name.value));
        session_put_region(session, node);
        json_put(app->arena, node, "model", json_string(app->arena, run->model));
        json_put(app->arena, node, "was_held_at", json_string(app->arena, hold.fp));
        json_push(run->stacks, node);
    }
    if (!str_is_null(session->label))
        (void) app_say(app, STR_FMT ": ", STR_ARG(session->label));
    return app_say(
        app,
        "Model '" STR_FMT "' is not held at " STR_FMT
        " any more; the next 'mmectl apply' publishes what the spec says.\n",
        STR_ARG(term_clean(app->arena, run->model)), STR_ARG(str_slice(hold.fp, 0, FP16)));
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'resume' needs the name of a model");
        err_hint(&err, "usage: mmectl resume MODEL -f SPEC");
        return app_fail(app, &err);
    }
    struct resume_run run = {app->args.operands.items[0], json_array(app->arena)};
    enum exit_code code = session_each(app, false, resume_one, &run);
    return session_finish(app, code, run.stacks, NULL);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0,
     "taken for symmetry with rollback; nothing is asked"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_resume = {
    .name = "resume",
    .operands = "MODEL",
    .max_operands = 1,
    .summary = "lift the hold of a rollback, so that apply publishes what the spec says again",
    .text =
        "Takes the hold of 'mmectl rollback' off a model. What is served does not change until\n"
        "the next apply, which publishes what the spec says. The spec is given with -f.",
    .names_model = true,
    .sets = s_sets,
    .run = run,
};
