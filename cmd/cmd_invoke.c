#include "cmd/cmd.h"
#include "cmd/sample.h"
#include "cmd/target.h"
#include "engine/aws/runtime.h"
#include "engine/base/digest.h"
#include "engine/base/utf8.h"
#include "engine/reconcile/route.h"

#include <math.h>

struct invoke_run {
    struct json *stacks;
};

/* One request to the endpoint, as it is sent to the model and then to the shadow. */
struct exchange {
    struct route_target target;
    struct runtime_response response;
    struct err err; /* ERR_NONE: it answered */
};

static void print_details(const struct route *route, const struct exchange *exchange)
{
    const struct runtime_response *response = &exchange->response;
    struct buf buf = BUF_INIT(KIB(256));
    if (route->split)
        buf_fmt(
            &buf, "model " STR_FMT ", TargetModel " STR_FMT "\n", STR_ARG(exchange->target.model),
            STR_ARG(exchange->target.target));
    buf_fmt(&buf, "HTTP %d in %.1f ms\n", response->status, (double) response->total_us / 1000.0);
    for (size_t i = 0; i < response->n_headers; i++) {
        buf_add_clean(&buf, response->headers[i].name);
        buf_add_z(&buf, ": ");
        buf_add_clean(&buf, response->headers[i].value);
        buf_add_char(&buf, '\n');
    }
    struct err ignored = {0};
    (void) !term_write(2, buf_str(&buf), &ignored);
    buf_done(&buf);
}

static bool ask(struct session *session, struct runtime_request *request, struct exchange *exchange)
{
    struct runtime_fault fault = {0};
    request->target_model = exchange->target.target;
    if (runtime_invoke(
            session->aws, session->app->arena, request, &exchange->response, &fault,
            &exchange->err) == ERR_NONE)
        return true;
    if (!str_is_empty(fault.original_message))
        err_hint(
            &exchange->err, "the model's container said: " STR_FMT,
            STR_ARG(fault.original_message));
    return false;
}

static enum err_code prepare(
    struct session *session, struct runtime_request *request, struct route *route, struct err *err)
{
    struct app *app = session->app;
    const struct args *args = &app->args;
    *request = (struct runtime_request){
        .endpoint = session->spec->endpoint.name.value,
        .content_type = str_is_null(args->content_type) ? STR("text/csv") : args->content_type,
        .accept = args->accept,
        .target_container = args->container,
    };
    bool split = !str_is_null(args->route);
    enum err_code code = sample_read(app->arena, args->data, &request->body, err);
    *route = (struct route){.split = false};
    if (code != ERR_NONE || session->spec->endpoint.mode != SPEC_MULTI_MODEL)
        return code;
    return reconcile_route(
        &session->reconciler, session->spec, split ? ROUTE_ROUTES : ROUTE_MODELS,
        split ? args->route : args->model, args->key, route, err);
}

/* ---- the shadow ---- */

/* How far two answers are apart, where both are as many numbers. */
static bool difference(struct arena *arena, struct str a, struct str b, double *ret_worst)
{
    double *left, *right, worst = 0;
    size_t n_left, n_right;
    struct err ignored = {0};
    if (sample_numbers(arena, a, &left, &n_left, &ignored) != ERR_NONE ||
        sample_numbers(arena, b, &right, &n_right, &ignored) != ERR_NONE || n_left != n_right)
        return false;
    for (size_t i = 0; i < n_left; i++) {
        double diff = fabs(left[i] - right[i]);
        if (!(isnan(left[i]) && isnan(right[i])) && !(diff <= worst))
            worst = diff;
    }
    *ret_worst = worst;
    return !isnan(worst);
}

static void
print_shadow(struct app *app, const struct exchange *answer, const struct exchange *shadow)
{
    struct buf buf = BUF_INIT(KIB(64));
    double worst;
    buf_fmt(&buf, "shadow " STR_FMT ": ", STR_ARG(shadow->target.model));
    if (shadow->err.code != ERR_NONE)
        buf_add_clean(&buf, str_fmt(app->arena, "failed: %s", shadow->err.message));
    else if (str_eq(answer->response.body, shadow->response.body))
        buf_add_z(&buf, "the same answer");
    else if (difference(app->arena, answer->response.body, shadow->response.body, &worst))
        buf_fmt(&buf, "another answer, by up to %g", worst);
    else
        buf_add_z(&buf, "another answer");
    if (shadow->err.code == ERR_NONE)
        buf_fmt(&buf, ", in %.1f ms", (double) shadow->response.total_us / 1000.0);
    buf_add_char(&buf, '\n');
    struct err ignored = {0};
    (void) !term_write(2, buf_str(&buf), &ignored);
    buf_done(&buf);
}

/* ---- JSON ---- */

static bool is_text(struct str body)
{
    size_t at = 0;
    while (at < body.len) {
        size_t len = utf8_char_len(body, at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

static void put_exchange(struct arena *arena, struct json *out, const struct exchange *exchange)
{
    if (!str_is_null(exchange->target.model)) {
        json_put(arena, out, "model", json_string(arena, exchange->target.model));
        json_put(arena, out, "target_model", json_string(arena, exchange->target.target));
        json_put(arena, out, "version", json_string(arena, exchange->target.fp));
    }
    if (exchange->err.code != ERR_NONE)
        return;
    json_put(arena, out, "status", json_int(arena, exchange->response.status));
    json_put(
        arena, out, "milliseconds", json_num(arena, (double) exchange->response.total_us / 1000.0));
}

static struct json *
shadow_json(struct arena *arena, const struct exchange *answer, const struct exchange *shadow)
{
    struct json *out = json_object(arena);
    double worst;
    put_exchange(arena, out, shadow);
    if (shadow->err.code != ERR_NONE) {
        json_put(arena, out, "error", json_z(arena, shadow->err.message));
        return out;
    }
    json_put(
        arena, out, "same", json_bool(arena, str_eq(answer->response.body, shadow->response.body)));
    if (difference(arena, answer->response.body, shadow->response.body, &worst))
        json_put(arena, out, "max_abs_difference", json_num(arena, worst));
    return out;
}

static struct json *
stack_json(struct session *session, const struct route *route, const struct exchange *answer)
{
    struct app *app = session->app;
    struct arena *arena = app->arena;
    struct json *out = json_object(arena);
    struct str body = answer->response.body;
    json_put(arena, out, "stack", json_string(arena, session->spec->name.value));
    json_put(arena, out, "endpoint", json_string(arena, session->spec->endpoint.name.value));
    if (route->split) {
        json_put(arena, out, "route", json_string(arena, app->args.route));
        json_put(arena, out, "key", json_string(arena, app->args.key));
    }
    if (!str_is_null(app->args.container))
        json_put(arena, out, "container", json_string(arena, app->args.container));
    put_exchange(arena, out, answer);
    json_put(arena, out, "content_type", json_string(arena, answer->response.content_type));
    if (is_text(body))
        json_put(arena, out, "body", json_string(arena, body));
    else
        json_put(
            arena, out, "body_base64", json_string(arena, base64_of(arena, body.ptr, body.len)));
    return out;
}

/* ---- the command ---- */

static enum exit_code
print_answer(struct app *app, const struct route *route, const struct exchange *answer)
{
    if (app->args.verbose)
        print_details(route, answer);
    struct str body = answer->response.body;
    struct buf buf = BUF_INIT(RUNTIME_MAX_BODY + 1);
    /* To a file or a program the bytes go as they came; to a terminal they go cleaned. */
    if (app->term.out_tty)
        buf_add_clean(&buf, body);
    else
        buf_add(&buf, body);
    if (app->term.out_tty && !str_ends(body, STR("\n")))
        buf_add_char(&buf, '\n');
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

/* The answer is out before the shadow is asked, and nothing about the shadow fails the call. */
static enum exit_code invoke_one(struct session *session, void *arg)
{
    struct invoke_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct runtime_request request;
    struct route route;
    if (prepare(session, &request, &route, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct exchange answer = {.target = route.answer}, shadow = {.target = route.shadow};
    if (!ask(session, &request, &answer))
        return app_fail(app, &answer.err);
    enum exit_code code = EXIT_CODE_OK;
    struct json *out = NULL;
    if (app->args.json)
        out = json_push(run->stacks, stack_json(session, &route, &answer))->last;
    else
        code = print_answer(app, &route, &answer);
    if (str_is_null(route.shadow.model) || loop_cancelled(app->loop))
        return code;
    (void) ask(session, &request, &shadow);
    if (out != NULL)
        json_put(app->arena, out, "shadow", shadow_json(app->arena, &answer, &shadow));
    else if (app->args.verbose)
        print_shadow(app, &answer, &shadow);
    return code;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    const struct args *args = &app->args;
    if (!str_is_null(args->container) && (!str_is_null(args->model) || !str_is_null(args->route)))
        err_set(&err, ERR_USAGE, "'invoke' takes --container or a model, not both");
    else if (!str_is_null(args->model) && !str_is_null(args->route))
        err_set(&err, ERR_USAGE, "'invoke' takes --model or --route, not both");
    else if (!str_is_null(args->key) && str_is_null(args->route))
        err_set(&err, ERR_USAGE, "--key goes with --route");
    else if (str_is_null(args->data))
        err_set(&err, ERR_USAGE, "'invoke' needs --data=FILE, or - for standard input");
    if (err.code != ERR_NONE)
        return app_fail(app, &err);
    struct invoke_run run = {json_array(app->arena)};
    enum exit_code code = target_each(app, true, invoke_one, &run);
    if (!args->json || run.stacks->len == 0)
        return code;
    struct json *out = json_object(app->arena);
    json_put(app->arena, out, "format_version", json_z(app->arena, "1.0"));
    json_put(app->arena, out, "stacks", run.stacks);
    session_add_stats(app, NULL, out);
    return exit_worst(code, app_print_json(app, out));
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "model", "NAME", AT(model), NULL, 0, "which model of the spec"},
    {OPT_STRING, 0, "container", "NAME", AT(container), NULL, 0,
     "which container of a multi-container-direct endpoint; a pipeline takes none"},
    {OPT_STRING, 0, "route", "NAME", AT(route), NULL, 0,
     "which route of the spec: the key chooses one of its models"},
    {OPT_STRING, 0, "key", "KEY", AT(key), NULL, 0,
     "whose request it is, with --route: the same key always gets the same model"},
    {OPT_STRING, 0, "data", "FILE", AT(data), NULL, 0,
     "the body: rows of features without a label; - for standard input"},
    {OPT_STRING, 0, "content-type", "TYPE", AT(content_type), NULL, 0,
     "type of the body (default text/csv)"},
    {OPT_STRING, 0, "accept", "TYPE", AT(accept), NULL, 0, "type of the answer"},
    {OPT_FLAG, 'v', "verbose", NULL, AT(verbose), NULL, 0,
     "print the answer's headers and milliseconds on standard error, and what the shadow said"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_invoke = {
    .name = "invoke",
    .operands = "[SPEC]",
    .max_operands = 1,
    .summary = "call one model or container and print its answer",
    .text = "Sends one request to the endpoint with the TargetModel of the model, or with the\n"
            "TargetContainerHostname of --container, and prints the body of the answer as it\n"
            "came. With --route the key chooses the model; the route's shadow is asked\n"
            "afterwards: -v and -json report how its answer differs, and nothing about it fails\n"
            "the call.",
    .one_region = true,
    .sets = s_sets,
    .run = run,
};
