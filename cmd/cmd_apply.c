/* apply, destroy and rollback: the same line of work in three directions. */
#include "cmd/carry_out.h"
#include "cmd/cmd.h"
#include "cmd/plan_file.h"
#include "cmd/view.h"
#include "engine/resource/names.h"

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

static enum exit_code change_group(struct session *sessions, size_t count, void *arg)
{
    return carry_out(sessions, count, arg);
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
    buf_add_char(&buf, '\n');
    enum exit_code code = app_print(app, &buf);
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
    if (saved == NULL && session_specs(app, !one_model, &specs, &err) != ERR_NONE)
        return session_fail(app, &err);
    return session_groups_of(app, &specs, change_group, &copy);
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
    .names_model = true,
    .run = run_rollback,
};
