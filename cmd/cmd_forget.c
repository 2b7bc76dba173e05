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

struct forget_run {
    struct str address; /* STR_NULL: everything */
    struct json *stacks;
};

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
    enum exit_code code = app->args.json ? EXIT_CODE_OK : app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static struct json *stays_json(struct arena *arena, const struct forgetting *forgetting)
{
    struct json *out = json_object(arena), *endpoint = json_null(arena);
    const struct seen_endpoint *seen = &forgetting->seen->endpoint;
    if (seen->present) {
        endpoint = json_object(arena);
        json_put(arena, endpoint, "name", json_string(arena, seen->name));
        json_put(arena, endpoint, "status", json_string(arena, seen->status));
    }
    json_put(arena, out, "endpoint", endpoint);
    json_put(arena, out, "home", json_string(arena, forgetting->want->home));
    json_put(arena, out, "objects", json_int(arena, (int64_t) forgetting->n_objects));
    json_put(arena, out, "bytes", json_int(arena, (int64_t) forgetting->bytes));
    return out;
}

static struct json *forgetting_json(struct arena *arena, const struct forgetting *forgetting)
{
    struct json *out = json_object(arena), *items = json_array(arena);
    for (size_t i = 0; i < forgetting->items.len; i++) {
        struct json *item = json_object(arena);
        json_put(arena, item, "address", json_string(arena, forgetting->items.items[i].address));
        json_put(arena, item, "name", json_string(arena, forgetting->items.items[i].name));
        json_push(items, item);
    }
    json_put(arena, out, "stack", json_string(arena, forgetting->want->stack));
    json_put(arena, out, "forgotten", items);
    json_put(arena, out, "record_removed", json_bool(arena, forgetting->deletes_record));
    json_put(arena, out, "stays", stays_json(arena, forgetting));
    json_put(arena, out, "complete", json_bool(arena, forgetting_is_empty(forgetting)));
    return out;
}

static enum exit_code forget_one(struct session *session, void *arg)
{
    const struct forget_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct forgetting *forgetting;
    size_t forgotten = 0;
    bool yes;
    if (forget_plan(&session->reconciler, session->spec, run->address, &forgetting, &err) !=
        ERR_NONE)
        return app_fail(app, &err);
    struct json *told = forgetting_json(app->arena, forgetting);
    json_push(run->stacks, told);
    enum exit_code shown = show(app, forgetting);
    if (shown != EXIT_CODE_OK || forgetting_is_empty(forgetting))
        return shown;
    if (ask_yes(app, s_question, "\nForget cancelled.", &yes, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (!yes)
        return EXIT_CODE_ERROR;
    if (forget_execute(&session->reconciler, session->spec, run->address, &forgotten, &err) !=
        ERR_NONE)
        return app_fail(app, &err);
    json_put(app->arena, told, "complete", json_bool(app->arena, true));
    return app_say(app, "\nForget complete! Resources: %zu forgotten, 0 destroyed.\n", forgotten);
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct forget_run run = {
        .address = app->args.operands.len > 0 ? app->args.operands.items[0] : STR_NULL,
        .stacks = json_array(app->arena)};
    enum err_code code = ask_check(app, "forget", &err);
    if (code == ERR_NONE && str_is_null(run.address) == !app->args.all) {
        code = err_set(&err, ERR_USAGE, "'forget' takes an address, or --all");
        err_hint(&err, "an address is what a plan shows: aws_sagemaker_endpoint.this");
    }
    if (code != ERR_NONE)
        return app_fail(app, &err);
    return session_finish(app, session_each(app, false, forget_one, &run), run.stacks, NULL);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 0, "all", NULL, AT(all), NULL, 0, "forget the whole stack"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "forget without asking"},
    {OPT_FLAG, 0, "full", NULL, AT(full), NULL, 0, "list every training job"},
    {OPT_FLAG_OFF, 0, "input", NULL, AT(input), NULL, 0, "never ask; same as --input=false"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_lock, &args_json,
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
    .any_region = true,
    .sets = s_sets,
    .run = run,
};
