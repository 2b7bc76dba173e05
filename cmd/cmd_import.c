#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/session.h"
#include "cmd/view.h"
#include "engine/plan/artifact.h"
#include "engine/reconcile/adopt.h"

#define LISTED 20 /* models by name; more are counted, but for --full */

static const char s_question[] = "\nDo you want to import this?\n"
                                 "  The endpoint serves on as it is; mmectl owns it from then on.\n"
                                 "  Only 'yes' will be accepted to approve.\n\n"
                                 "  Enter a value: ";

struct import_run {
    struct adopt_options options;
    struct json *stacks;
};

/* --from NAME=KEY, in order. */
static enum err_code read_options(struct app *app, struct adopt_options *out, struct err *err)
{
    const struct opt_list *from = &app->args.from;
    struct want_pair *pairs = ARENA_ARRAY(app->arena, from->len, struct want_pair);
    for (size_t i = 0; i < from->len; i++) {
        size_t equals = str_index(from->items[i], '=');
        if (equals == SIZE_MAX || equals == 0 || equals + 1 == from->items[i].len)
            return err_set(
                err, ERR_USAGE, "option '--from' takes NAME=KEY, not '" STR_FMT "'",
                STR_ARG(from->items[i]));
        pairs[i].name = str_slice(from->items[i], 0, equals);
        pairs[i].value = str_from_index(from->items[i], equals + 1);
    }
    *out = (struct adopt_options){
        .from_stack = app->args.from_stack,
        .from_home = app->args.from_home,
        .from = pairs,
        .n_from = from->len,
        .leave_out = app->args.leave_out.items,
        .n_leave_out = app->args.leave_out.len,
        .allow_managed = app->args.allow_managed};
    if (!str_is_null(out->from_home) && str_is_null(out->from_stack))
        return err_set(err, ERR_USAGE, "--from-home goes with --from-stack");
    if (!str_is_null(out->from_stack) && (out->n_from > 0 || out->n_leave_out > 0))
        return err_set(
            err, ERR_USAGE,
            "--from and --leave-out do not go with --from-stack, whose record says "
            "where everything is");
    return ERR_NONE;
}

/* ---- what will be done ---- */

static void show_endpoint(struct buf *buf, const struct adoption *adoption)
{
    const struct seen_endpoint *endpoint = &adoption->seen->endpoint;
    if (!adoption->tags_endpoint)
        return;
    buf_add_z(
        buf, "  # aws_sagemaker_endpoint.this will be imported\n      name                 = \"");
    buf_add_clean(buf, endpoint->name);
    buf_add_z(buf, "\"\n      endpoint_config_name = \"");
    buf_add_clean(buf, endpoint->config);
    buf_add_z(buf, "\"\n    + tags                 = mmectl:uid, mmectl:stack, mmectl:home\n\n");
}

static void show_changes(struct app *app, struct buf *buf, const struct plan *plan)
{
    size_t shown = 0, rest = 0;
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        if (!app->args.full && shown == LISTED) {
            rest++;
            continue;
        }
        shown++;
        buf_fmt(buf, "  # " STR_FMT " will be created (", STR_ARG(change->address));
        buf_add_clean(buf, change->note);
        buf_add_z(buf, ")\n");
    }
    if (rest > 0)
        buf_fmt(buf, "  # ... and %zu more; --full lists them\n", rest);
    if (shown > 0)
        buf_add_char(buf, '\n');
}

static bool is_name(const struct attr_diff *diff)
{
    return str_eq(diff->path, STR("name")) || str_ends(diff->path, STR("model_name")) ||
           str_ends(diff->path, STR("model_data_url"));
}

static void show_value(struct app *app, struct buf *buf, const struct json *value, bool secret)
{
    if (value == NULL)
        buf_add_z(buf, "none");
    else if (secret)
        buf_add_z(buf, "(sensitive)");
    else
        buf_add_clean(buf, json_text(app->arena, value, JSON_COMPACT));
}

static size_t show_diffs(struct app *app, struct buf *buf, const struct change *change)
{
    size_t shown = 0;
    for (size_t i = 0; i < change->n_diffs; i++) {
        const struct attr_diff *diff = &change->diffs[i];
        if (is_name(diff))
            continue;
        shown++;
        buf_fmt(
            buf, "  ~ " STR_FMT "." STR_FMT ": ", STR_ARG(change->address), STR_ARG(diff->path));
        bool secret = diff->secret || str_find(diff->path, STR("environment")) != SIZE_MAX;
        show_value(app, buf, diff->before, secret);
        buf_add_z(buf, " -> ");
        show_value(app, buf, diff->after, secret);
        buf_add_char(buf, '\n');
    }
    return shown;
}

/* What the user should know about the time after: nothing of it happens now. */
static void show_later(struct app *app, struct buf *buf, const struct adoption *adoption)
{
    if (adoption->model != NULL) {
        buf_add_z(
            buf, "\nThe next apply gives the endpoint a model and a configuration with this "
                 "stack's names:\nit rolls once to new instances, and the old ones serve until "
                 "then.\n");
        size_t n = show_diffs(app, buf, adoption->model) + show_diffs(app, buf, adoption->config);
        buf_add_z(
            buf,
            n == 0 ? "But for the names nothing of them changes.\n" : "The rest stays as it is.\n");
    }
    if (adoption->to_make.len > 0) {
        buf_fmt(
            buf, "\nNot imported, so the next apply makes %s: ",
            adoption->to_make.len == 1 ? "it" : "them");
        for (size_t i = 0; i < adoption->to_make.len && (i < LISTED || app->args.full); i++)
            buf_fmt(buf, "%s" STR_FMT, i > 0 ? ", " : "", STR_ARG(adoption->to_make.items[i]));
        buf_add_z(buf, adoption->to_make.len > LISTED && !app->args.full ? ", ...\n" : "\n");
    }
    if (adoption->left.len > 0)
        buf_add_z(
            buf, "\nStays as it is, and is yours to remove once the next apply is through:\n");
    for (size_t i = 0; i < adoption->left.len; i++) {
        const struct adopt_left *left = &adoption->left.items[i];
        buf_fmt(buf, "  %s ", left->what);
        buf_add_clean(buf, left->name);
        buf_add_z(buf, "\n      ");
        buf_add_clean(buf, left->command);
        buf_add_char(buf, '\n');
    }
}

static enum exit_code show(struct session *session, const struct adoption *adoption)
{
    struct app *app = session->app;
    const struct plan *plan = adoption->plan;
    struct buf buf = BUF_INIT(MIB(16));
    if (adoption_is_empty(adoption)) {
        buf_add_z(&buf, "Nothing to import: the endpoint and its models are this stack's.\n");
    } else {
        buf_add_z(&buf, "mmectl will perform the following actions:\n\n");
        show_endpoint(&buf, adoption);
        show_changes(app, &buf, plan);
        buf_fmt(
            &buf, "Plan: %d to import, %zu to add, 0 to change, 0 to destroy.\n",
            adoption->tags_endpoint ? 1 : 0, plan->n_add);
        show_later(app, &buf, adoption);
    }
    enum exit_code code = app->args.json ? EXIT_CODE_OK : app_print(app, &buf);
    buf_done(&buf);
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct event event = {
            .type = EVENT_WARNING,
            .text = plan->warnings.items[i].message,
            .hint = plan->warnings.items[i].hint};
        progress_event(session->progress, &event);
    }
    return code;
}

/* ---- the same for machines ---- */

static struct json *endpoint_json(struct arena *arena, const struct adoption *adoption)
{
    if (!adoption->tags_endpoint)
        return json_null(arena);
    struct json *out = json_object(arena);
    const struct seen_endpoint *endpoint = &adoption->seen->endpoint;
    json_put(arena, out, "address", json_z(arena, "aws_sagemaker_endpoint.this"));
    json_put(arena, out, "name", json_string(arena, endpoint->name));
    json_put(arena, out, "endpoint_config_name", json_string(arena, endpoint->config));
    return out;
}

static struct json *changes_json(struct arena *arena, const struct plan *plan)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        struct json *item = json_object(arena);
        json_put(arena, item, "address", json_string(arena, change->address));
        json_put(arena, item, "name", json_string(arena, change->name));
        json_put(arena, item, "note", json_string(arena, change->note));
        json_push(out, item);
    }
    return out;
}

static struct json *left_json(struct arena *arena, const struct adoption *adoption)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < adoption->left.len; i++) {
        const struct adopt_left *left = &adoption->left.items[i];
        struct json *item = json_object(arena);
        json_put(arena, item, "what", json_z(arena, left->what));
        json_put(arena, item, "name", json_string(arena, left->name));
        json_put(arena, item, "command", json_string(arena, left->command));
        json_push(out, item);
    }
    return out;
}

static struct json *adoption_json(struct arena *arena, const struct adoption *adoption)
{
    struct json *out = json_object(arena), *to_make = json_array(arena);
    for (size_t i = 0; i < adoption->to_make.len; i++)
        json_push(to_make, json_string(arena, adoption->to_make.items[i]));
    json_put(arena, out, "stack", json_string(arena, adoption->plan->stack));
    json_put(arena, out, "endpoint", endpoint_json(arena, adoption));
    json_put(arena, out, "added", changes_json(arena, adoption->plan));
    json_put(arena, out, "next_apply_rolls", json_bool(arena, adoption->model != NULL));
    json_put(arena, out, "not_imported", to_make);
    json_put(arena, out, "left", left_json(arena, adoption));
    json_put(arena, out, "complete", json_bool(arena, adoption_is_empty(adoption)));
    return out;
}

/* ---- doing it ---- */

static enum exit_code
execute(struct session *session, const struct import_run *run, size_t total, struct json *told)
{
    struct app *app = session->app;
    struct err err = {0};
    struct report report;
    progress_start(session->progress, total);
    enum err_code code =
        adopt_execute(&session->reconciler, session->spec, &run->options, &report, &err);
    progress_stop(session->progress);
    session_tell_failures(app, &report);
    if (code != ERR_NONE)
        return app_fail(app, &err);
    json_put(app->arena, told, "complete", json_bool(app->arena, true));
    return app_say(
        app,
        "\nImport complete! Resources: %zu imported, %zu added, 0 changed, 0 destroyed.\n"
        "'mmectl plan' shows what the next apply does.\n",
        report.n_imported, report.n_added);
}

static enum exit_code import_one(struct session *session, void *arg)
{
    const struct import_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct adoption *adoption;
    bool waited, yes;
    enum err_code code = reconcile_wait_stable(&session->reconciler, session->spec, &waited, &err);
    if (code == ERR_NONE)
        code = adopt_plan(&session->reconciler, session->spec, &run->options, &adoption, &err);
    if (code != ERR_NONE)
        return app_fail(app, &err);
    struct json *told = adoption_json(app->arena, adoption);
    json_push(run->stacks, told);
    enum exit_code shown = show(session, adoption);
    if (shown != EXIT_CODE_OK || adoption_is_empty(adoption))
        return shown;
    if (ask_yes(app, s_question, "\nImport cancelled.", &yes, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (!yes)
        return EXIT_CODE_ERROR;
    return execute(session, run, adoption->plan->n_add, told);
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct import_run run = {.stacks = json_array(app->arena)};
    if (read_options(app, &run.options, &err) != ERR_NONE ||
        ask_check(app, "import", &err) != ERR_NONE)
        return app_fail(app, &err);
    enum exit_code code = session_each(app, true, import_one, &run);
    return session_finish(app, code, run.stacks, NULL);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "from-stack", "OLD", AT(from_stack), NULL, 0,
     "the spec's stack was called OLD before: take over its endpoint, artifacts and history"},
    {OPT_STRING, 0, "from-home", "URI", AT(from_home), NULL, 0,
     "where the old stack lives, s3://BUCKET/PREFIX (default: what the endpoint's tags say, else "
     "the spec's bucket and the old name)"},
    {OPT_LIST, 0, "from", "NAME=KEY", AT(from), NULL, 0,
     "a model's artifact: a key behind the endpoint's ModelDataUrl, or s3:// (default: "
     "NAME.tar.gz); may be repeated"},
    {OPT_LIST, 0, "leave-out", "NAME", AT(leave_out), NULL, 0,
     "do not import this model's artifact: the next apply makes it; may be repeated"},
    {OPT_FLAG, 0, "allow-managed", NULL, AT(allow_managed), NULL, 0,
     "import though tags of another tool (CloudFormation, Terraform, ...) are on the endpoint"},
    {OPT_FLAG, 0, "auto-approve", NULL, AT(auto_approve), NULL, 0, "import without asking"},
    {OPT_FLAG, 0, "full", NULL, AT(full), NULL, 0, "list every model"},
    {OPT_FLAG_OFF, 0, "input", NULL, AT(input), NULL, 0, "never ask; same as --input=false"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_lock, &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_import = {
    .name = "import",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "take over an endpoint that is there, or the things of a renamed stack",
    .text =
        "Makes the spec's endpoint mmectl's own, which was made by hand, with boto3 or by another\n"
        "tool: copies its artifacts server-side to keys of the stack, writes the stack's record\n"
        "and tags the endpoint. Nothing is trained and nothing rolls; the next apply does that\n"
        "once. What the artifacts were made from is your word: mmectl takes each for what the\n"
        "spec says. With --from-stack it does the same after metadata.name was changed, with\n"
        "history and holds. Killed at any moment, the same command finishes it.",
    .sets = s_sets,
    .run = run,
};
