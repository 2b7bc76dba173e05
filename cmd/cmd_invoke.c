#include "cmd/cmd.h"
#include "cmd/sample.h"
#include "engine/aws/runtime.h"

static void print_details(struct app *app, const struct runtime_response *response)
{
    struct buf buf = BUF_INIT(KIB(256));
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
    (void) app;
}

static enum err_code
invoke(struct session *session, struct runtime_response *ret_response, struct err *err)
{
    struct app *app = session->app;
    const struct args *args = &app->args;
    struct runtime_request request = {
        .endpoint = session->spec->endpoint.name.value,
        .content_type = str_is_null(args->content_type) ? STR("text/csv") : args->content_type,
        .accept = args->accept,
    };
    enum err_code code = sample_read(app->arena, args->data, &request.body, err);
    if (code == ERR_NONE)
        code = reconcile_target_model(
            &session->reconciler, session->spec, args->model, &request.target_model, err);
    if (code != ERR_NONE)
        return code;
    struct runtime_fault fault = {0};
    code = runtime_invoke(session->aws, app->arena, &request, ret_response, &fault, err);
    if (code != ERR_NONE && !str_is_empty(fault.original_message))
        err_hint(err, "the model's container said: " STR_FMT, STR_ARG(fault.original_message));
    return code;
}

static enum exit_code invoke_one(struct session *session, void *arg)
{
    (void) arg;
    struct app *app = session->app;
    struct err err = {0};
    struct runtime_response response = {0};
    if (invoke(session, &response, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (app->args.verbose)
        print_details(app, &response);
    struct buf buf = BUF_INIT(RUNTIME_MAX_BODY + 1);
    /* To a file or a program the bytes go as they came; to a terminal they go cleaned. */
    if (app->term.out_tty)
        buf_add_clean(&buf, response.body);
    else
        buf_add(&buf, response.body);
    if (app->term.out_tty && !str_ends(response.body, STR("\n")))
        buf_add_char(&buf, '\n');
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (str_is_null(app->args.model))
        err_set(&err, ERR_USAGE, "'invoke' needs --model=NAME");
    else if (str_is_null(app->args.data))
        err_set(&err, ERR_USAGE, "'invoke' needs --data=FILE, or - for standard input");
    if (err.code != ERR_NONE)
        return app_fail(app, &err);
    return session_each(app, true, invoke_one, NULL);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "model", "NAME", AT(model), NULL, 0, "which model of the spec"},
    {OPT_STRING, 0, "data", "FILE", AT(data), NULL, 0,
     "the body: rows of features without a label; - for standard input"},
    {OPT_STRING, 0, "content-type", "TYPE", AT(content_type), NULL, 0,
     "type of the body (default text/csv)"},
    {OPT_STRING, 0, "accept", "TYPE", AT(accept), NULL, 0, "type of the answer"},
    {OPT_FLAG, 'v', "verbose", NULL, AT(verbose), NULL, 0,
     "print the answer's headers and milliseconds on standard error"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own, &args_spec, &args_aws, &args_common, NULL};

const struct cmd cmd_invoke = {
    .name = "invoke",
    .operands = "[SPEC]",
    .max_operands = 1,
    .summary = "call one model and print its answer",
    .text = "Sends one request to the endpoint with the TargetModel of the model and prints the\n"
            "body of the answer as it came.",
    .sets = s_sets,
    .run = run,
};
