#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/cost/cost.h"
#include "engine/reconcile/forget.h"

#define LISTED 20

static const char s_question[] =
    "\nDo you want mmectl to forget this?\n"
    "  Everything stays as it is and goes on costing money; mmectl does not know it any more.\n"
    "  Only 'yes' will be accepted to approve.\n\n"
    "  Enter a value: ";

static void show_stays(struct app *app, struct buf *buf, const struct forgetting *forgetting)
{
    const struct snapshot *seen = forgetting->seen;
    buf_add_z(buf, "\nStays, and costs what it cost before:\n");
    if (seen->endpoint.present)
        buf_fmt(
            buf, "  endpoint '" STR_FMT "' (" STR_FMT "): " STR_FMT "\n",
            STR_ARG(term_clean(app->arena, seen->endpoint.name)),
            STR_ARG(term_clean(app->arena, seen->endpoint.status)),
            STR_ARG(cost_line(app->arena, seen->live_instance_type, seen->live_instance_count)));
    buf_fmt(
        buf, "  %zu objects, %.1f MiB, under " STR_FMT "/\n", forgetting->n_objects,
        (double) forgetting->bytes / (1024.0 * 1024.0), STR_ARG(forgetting->want->home));
    if (forgetting->all)
        buf_add_z(
            buf, "To remove it later, use the AWS console or CLI; 'mmectl import' takes the "
                 "endpoint back.\n");
    else
        buf_add_z(
            buf, "The rest is still this stack's: what the endpoint serves goes with 'mmectl "
                 "destroy'.\n--all forgets that, too.\n");
}

static enum exit_code show(struct app *app, const struct forgetting *forgetting)
{
    struct buf buf = BUF_INIT(MIB(16));
    if (forgetting_is_empty(forgetting)) {
        buf_fmt(
            &buf, "Nothing to forget: there is nothing of stack '" STR_FMT "'.\n",
            STR_ARG(forgetting->want->stack));
    } else {
        buf_add_z(&buf, "mmectl will perform the following actions:\n\n");
        for (size_t i = 0; i < forgetting->items.len; i++) {
            const struct forget_item *item = &forgetting->items.items[i];
            bool many = !app->args.full && forgetting->items.len > LISTED &&
                        item->kind == KIND_TRAINING_JOB;
            if (!many)
                buf_fmt(
                    &buf, "  # " STR_FMT " will be forgotten (" STR_FMT ")\n",
                    STR_ARG(item->address), STR_ARG(item->name));
        }
        if (forgetting->all)
            buf_fmt(
                &buf, "  # the record of stack '" STR_FMT "' will be removed\n",
                STR_ARG(forgetting->want->stack));
        buf_fmt(&buf, "\nPlan: %zu to forget, 0 to destroy.\n", forgetting->items.len);
        show_stays(app, &buf, forgetting);
    }
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code forget_one(struct session *session, void *arg)
{
    const struct str *address = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct forgetting *forgetting;
    size_t forgotten = 0;
    bool yes;
    if (forget_plan(&session->reconciler, session->spec, *address, &forgetting, &err) != ERR_NONE)
        return app_fail(app, &err);
    enum exit_code shown = show(app, forgetting);
    if (shown != EXIT_CODE_OK || forgetting_is_empty(forgetting))
        return shown;
    if (ask_yes(app, s_question, "\nForget cancelled.", &yes, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (!yes)
        return EXIT_CODE_ERROR;
    if (forget_execute(&session->reconciler, session->spec, *address, &forgotten, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct buf buf = BUF_INIT(KIB(4));
    buf_fmt(&buf, "\nForget complete! Resources: %zu forgotten, 0 destroyed.\n", forgotten);
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct str address = app->args.operands.len > 0 ? app->args.operands.items[0] : STR_NULL;
    enum err_code code = ask_check(app, "forget", &err);
    if (code == ERR_NONE && str_is_null(address) == !app->args.all) {
        code = err_set(&err, ERR_USAGE, "'forget' takes an address, or --all");
        err_hint(&err, "an address is what a plan shows: aws_sagemaker_endpoint.this");
    }
    return code != ERR_NONE ? app_fail(app, &err) : session_each(app, false, forget_one, &address);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "all", NULL, AT(all), NULL, 0, "forget the whole stack"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "forget without asking"},
    {OPT_FLAG, 0, "full", NULL, AT(full), NULL, 0, "list every training job"},
    {OPT_FLAG_OFF, 0, "input", NULL, AT(input), NULL, 0, "never ask; same as --input=false"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_lock,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_forget = {
    .name = "forget",
    .operands = "[ADDRESS]",
    .max_operands = 1,
    .summary = "stop managing the endpoint, or the whole stack, and leave everything in place",
    .text = "Takes mmectl's tags off, and the stack's record away, and removes nothing else: the\n"
            "endpoint serves on, the artifacts stay, and both go on costing money. Of one address\n"
            "(aws_sagemaker_endpoint.this) or, with --all, of the whole stack. 'mmectl import'\n"
            "takes a forgotten endpoint back.",
    .sets = s_sets,
    .run = run,
};
