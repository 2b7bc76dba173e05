/* force-unlock: removes the lock of a run that is surely dead. */
#include "cmd/cmd.h"
#include "cmd/session.h"

static const char s_question[] =
    "Do you really want to force-unlock?\n"
    "  mmectl will remove the lock of the stack. Another run that still holds it would\n"
    "  go on beside yours. Locks end by themselves two minutes after their run.\n"
    "  Only 'yes' will be accepted to confirm.\n\n"
    "  Enter a value: ";

static enum exit_code unlock(struct session *session, void *arg)
{
    struct app *app = arg;
    struct err err = {0};
    if (reconcile_force_unlock(
            &session->reconciler, session->spec, app->args.operands.items[0], &err) != ERR_NONE)
        return app_fail(app, &err);
    struct buf buf = BUF_INIT(KIB(4));
    buf_add_z(
        &buf, "mmectl has successfully unlocked the stack!\n\n"
              "The lock is removed, and other runs can now take it.\n");
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum err_code confirm(struct app *app, bool *ret_yes, struct err *err)
{
    *ret_yes = app->args.auto_approve || app->args.force;
    if (*ret_yes)
        return ERR_NONE;
    if (app->term.ask_fd < 0 || !app->args.input) {
        err_set(err, ERR_TERMINAL, "'force-unlock' needs a yes, and there is nobody to ask");
        return err_hint(err, "-force unlocks without asking");
    }
    struct str answer;
    enum err_code code =
        term_ask(app->arena, app->loop, app->term.ask_fd, s_question, &answer, err);
    if (code == ERR_NONE)
        *ret_yes = str_eq(answer, STR("yes"));
    return code;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'force-unlock' takes the ID of a lock");
        err_hint(&err, "the message of the run that could not get the lock names it");
        return app_fail(app, &err);
    }
    bool yes = false;
    if (confirm(app, &yes, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (!yes) {
        term_note("%s", "force-unlock cancelled.");
        return EXIT_CODE_ERROR;
    }
    return session_each(app, false, unlock, app);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "force", NULL, AT(force), NULL, 0, "do not ask"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "do not ask; same as --force"},
    {OPT_FLAG_OFF, 0, "input", NULL, AT(input), NULL, 0, "never ask; same as --input=false"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own, &args_spec, &args_aws, &args_common, NULL};

const struct cmd cmd_force_unlock = {
    .name = "force-unlock",
    .operands = "LOCK_ID",
    .max_operands = 1,
    .summary = "remove the lock of a run that is surely dead",
    .text =
        "Removes the lock that another run holds on the stack, when it has the given ID. It is\n"
        "hardly ever needed: a lock ends by itself two minutes after its run was killed, and at\n"
        "once when it was killed on this machine. Other runs wait that long for it.",
    .any_region = true,
    .sets = s_sets,
    .run = run,
};
