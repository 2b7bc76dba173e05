/* `mmectl local fault` and `mmectl local latency`: what a running stand-in is made to do. */
#include "cmd/cmd.h"
#include "cmd/standin.h"
#include "engine/local/fault_rule.h"
#include "engine/local/latency.h"

enum verb { VERB_LIST, VERB_ADD, VERB_CLEAR };

static enum err_code read_verb(const struct args *args, enum verb *out, struct err *err)
{
    struct str word = args->operands.len > 0 ? args->operands.items[0] : STR("list");
    *out = str_eq_z(word, "add") ? VERB_ADD : str_eq_z(word, "clear") ? VERB_CLEAR : VERB_LIST;
    if (*out == VERB_LIST && !str_eq_z(word, "list")) {
        err_set(err, ERR_USAGE, "'local fault' is followed by add, list or clear");
        return err_hint(err, "mmectl local fault add throttle,operation=PutObject,times=3");
    }
    if (*out == VERB_ADD && args->operands.len < 2)
        return err_set(err, ERR_USAGE, "'local fault add' needs a rule");
    if (*out != VERB_ADD && args->operands.len > 1)
        return err_set(
            err, ERR_USAGE, "'local fault " STR_FMT "' takes nothing more", STR_ARG(word));
    return ERR_NONE;
}

/* The rules as JSON; all are read before any is planted. */
static enum err_code read_rules(struct app *app, struct json **out, struct err *err)
{
    struct json *body = json_object(app->arena), *list = json_array(app->arena);
    for (size_t i = 1; i < app->args.operands.len; i++) {
        struct str text = app->args.operands.items[i];
        struct json *rule = NULL;
        enum err_code code = fault_rule_read(app->arena, text, &rule, err);
        if (code != ERR_NONE)
            return err_wrap(err, "fault '" STR_FMT "'", STR_ARG(text));
        json_push(list, rule);
    }
    json_put(app->arena, body, "faults", list);
    *out = body;
    return ERR_NONE;
}

static enum exit_code print_json(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct err *err)
{
    struct json *faults = NULL, *out = json_object(app->arena);
    enum err_code code =
        local_client_faults(transport, app->arena, info, "GET", "faults", NULL, &faults, err);
    if (code != ERR_NONE)
        return EXIT_CODE_ERROR;
    json_put(app->arena, out, "format_version", json_z(app->arena, "1.0"));
    json_put(app->arena, out, "faults", json_copy(app->arena, json_get(faults, "faults")));
    return app_print_json(app, out);
}

static enum exit_code print_lines(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct err *err)
{
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    buf_add_z(&buf, "The stand-in answers");
    size_t before = buf.len;
    buf_add_z(&buf, ":\n");
    size_t start = buf.len;
    if (standin_add_faults(app, transport, info, &buf, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    if (buf.len == start) {
        buf.len = before;
        buf_add_z(&buf, " at once and without faults.\n");
    }
    return app_print(app, &buf);
}

static enum exit_code fault(struct app *app, struct http_transport *transport, struct err *err)
{
    struct local_info info;
    struct json *body = NULL, *answer = NULL;
    enum verb verb = VERB_LIST;
    enum err_code code = read_verb(&app->args, &verb, err);
    if (code == ERR_NONE && verb == VERB_ADD)
        code = read_rules(app, &body, err);
    if (code == ERR_NONE)
        code = standin_find(app, transport, &info, err);
    if (code == ERR_NONE && verb != VERB_LIST)
        code = local_client_faults(
            transport, app->arena, &info, verb == VERB_ADD ? "POST" : "DELETE", "faults", body,
            &answer, err);
    if (code != ERR_NONE)
        return EXIT_CODE_ERROR;
    return app->args.json ? print_json(app, transport, &info, err)
                          : print_lines(app, transport, &info, err);
}

static enum exit_code latency(struct app *app, struct http_transport *transport, struct err *err)
{
    struct local_info info;
    struct latency profile;
    struct json *body = json_object(app->arena), *answer = NULL;
    enum err_code code = ERR_NONE;
    if (app->args.operands.len > 0) {
        code = latency_read(app->args.operands.items[0], &profile, err);
        json_put(app->arena, body, "latency", json_string(app->arena, app->args.operands.items[0]));
    }
    if (code == ERR_NONE)
        code = standin_find(app, transport, &info, err);
    if (code == ERR_NONE && app->args.operands.len > 0)
        code = local_client_faults(
            transport, app->arena, &info, "POST", "settings", body, &answer, err);
    return code != ERR_NONE ? EXIT_CODE_ERROR : print_lines(app, transport, &info, err);
}

static enum exit_code run_fault(struct app *app)
{
    return standin_run(app, fault);
}

static enum exit_code run_latency(struct app *app)
{
    return standin_run(app, latency);
}

static const struct cmd_word s_kinds[] = {
#define KIND_WORD(name, moments, flags, operations, help) {name, help},
    LOCAL_FAULT_KINDS(KIND_WORD)
#undef KIND_WORD
};
static const struct cmd_word s_params[] = {
#define PARAM_WORD(name, type, kinds, help) {name, help},
    LOCAL_FAULT_PARAMS(PARAM_WORD)
#undef PARAM_WORD
};
static const struct cmd_words s_lists[] = {
    {"kind of fault", s_kinds, ARRAY_LEN(s_kinds)},
    {"parameter of a fault", s_params, ARRAY_LEN(s_params)},
    {NULL, NULL, 0},
};

static const struct opt_set *const s_fault_sets[] = {&args_json, &args_common, NULL};
static const struct opt_set *const s_latency_sets[] = {&args_common, NULL};

const struct cmd cmd_local_fault = {
    .name = "local fault",
    .operands = "[add RULE...|list|clear]",
    .max_operands = 64,
    .summary = "make calls of the stand-in fail, for tests of what talks to AWS",
    .text = "Makes calls of the running stand-in fail as AWS's do, so that a test can show that\n"
            "a pipeline outlives it. A RULE is KIND[,NAME=VALUE]..., or an object in JSON:\n"
            "\n"
            "  mmectl local fault add throttle,operation=CreateModel,times=3\n"
            "  mmectl local fault add reset-after,operation=PutObject,probability=0.1,seed=7\n"
            "\n"
            "'list' (also without a word) shows the rules, with the seed of those that go by\n"
            "chance and how many of the calls that matched were hit; 'clear' takes them out.\n"
            "They outlive a restart; those of 'local start --fault' do not.",
    .sets = s_fault_sets,
    .lists = s_lists,
    .run = run_fault,
};

const struct cmd cmd_local_latency = {
    .name = "local latency",
    .operands = "[PROFILE]",
    .max_operands = 1,
    .summary = "how long answers of the stand-in take",
    .text = "Shows or sets how long the running stand-in takes to answer. A PROFILE is\n"
            "\n"
            "  none                    at once\n"
            "  20ms                    that long\n"
            "  20ms,jitter=50,seed=7   from 10 to 30 ms\n"
            "  aws,seed=7              by service: S3 about 100 ms, 200 at the 99th percentile;\n"
            "                          calls of an endpoint 60 and 100; SageMaker 120 and 600\n"
            "\n"
            "The n-th call takes the same time again with the same seed.",
    .sets = s_latency_sets,
    .run = run_latency,
};
