#include "cmd/cmd.h"
#include "engine/base/file.h"
#include "engine/serve/container.h"

enum { DEFAULT_PORT = 8080, MAX_CONTENT_MIB = 20 };

/* Where SageMaker puts the model of an endpoint that has one. */
static const struct str s_platform_dir = STR_INIT("/opt/ml/model");

/* "true" as the container's Python reads it. */
static bool is_true(const char *text)
{
    return text != NULL && str_eq_nocase(str_from(text), STR("true"));
}

static void say_ready(void *arg, uint16_t port)
{
    struct app *app = arg;
    struct buf buf = BUF_INIT(KIB(4));
    buf_fmt(&buf, "Serving models at http://" STR_FMT ":%u\n", STR_ARG(app->args.address), port);
    /* Whoever closed our output still has models to be served. */
    (void) app_print(app, &buf);
    buf_done(&buf);
}

static enum err_code read_port(struct app *app, uint16_t *out, struct err *err)
{
    struct str text = str_from(app->getenv("SAGEMAKER_BIND_TO_PORT"));
    int64_t port = app->args.bind_port >= 0 ? app->args.bind_port : DEFAULT_PORT;
    if (app->args.bind_port < 0 && !str_is_empty(text) && (!str_to_i64(text, &port) || port < 1))
        return err_set(
            err, ERR_USAGE, "SAGEMAKER_BIND_TO_PORT has to be a port, not '" STR_FMT "'",
            STR_ARG(text));
    if (port > UINT16_MAX)
        return err_set(err, ERR_USAGE, "there is no port %lld", (long long) port);
    *out = (uint16_t) port;
    return ERR_NONE;
}

/* MAX_CONTENT_LENGTH in bytes, as the container takes it: 20 MiB at most. */
static enum err_code read_max_body(struct app *app, size_t *out, struct err *err)
{
    struct str text = str_from(app->getenv("MAX_CONTENT_LENGTH"));
    uint64_t bytes = 0;
    if (str_is_empty(text))
        return ERR_NONE;
    if (!str_to_u64(text, &bytes) || bytes == 0)
        return err_set(
            err, ERR_USAGE, "MAX_CONTENT_LENGTH has to be a number of bytes, not '" STR_FMT "'",
            STR_ARG(text));
    *out = bytes < MIB(MAX_CONTENT_MIB) ? (size_t) bytes : MIB(MAX_CONTENT_MIB);
    return ERR_NONE;
}

static struct str find_model_dir(struct app *app, bool multi)
{
    if (!str_is_null(app->args.model_dir))
        return str_from(str_z(app->arena, app->args.model_dir));
    return !multi && file_is_dir(s_platform_dir.ptr) ? s_platform_dir : STR_NULL;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct args *args = &app->args;
    bool multi = is_true(app->getenv("SAGEMAKER_MULTI_MODEL"));
    struct str ensemble = str_from(app->getenv("SAGEMAKER_INFERENCE_ENSEMBLE"));
    struct container_server server = {
        .container =
            {.memory_bytes = MIB(1) * (size_t) args->memory_limit,
             .threads = (unsigned) args->threads,
             .evicts = args->evict || is_true(app->getenv("MMECTL_EVICT")),
             .pins = str_is_null(args->pins) ? str_from(app->getenv("MMECTL_PIN")) : args->pins,
             .no_ensembles = !str_is_empty(ensemble) && !is_true(ensemble.ptr),
             .batch = !str_is_empty(str_from(app->getenv("SAGEMAKER_BATCH"))),
             .default_accept = str_from(app->getenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"))},
        .model_dir = find_model_dir(app, multi),
        .on_ready = say_ready,
        .arg = app};
    bool in_container = multi || app->getenv("SAGEMAKER_BIND_TO_PORT") != NULL ||
                        str_eq(server.model_dir, s_platform_dir);
    if (str_is_null(args->address)) /* SageMaker calls from outside of the container */
        args->address = in_container ? STR("0.0.0.0") : STR("127.0.0.1");
    args->address = str_from(str_z(app->arena, args->address));
    server.address = args->address.ptr;
    enum err_code code = read_port(app, &server.port, &err);
    if (code == ERR_NONE)
        code = read_max_body(app, &server.container.max_body, &err);
    if (code == ERR_NONE)
        code = container_run(&server, &err);
    return code == ERR_NONE ? EXIT_CODE_OK : app_fail(app, &err);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_INT, 0, "port", "PORT", AT(bind_port), NULL, 0,
     "port (default SAGEMAKER_BIND_TO_PORT, else 8080); 0: any free one"},
    {OPT_STRING, 0, "address", "ADDRESS", AT(address), NULL, 0,
     "address to listen on (default 127.0.0.1; in a SageMaker container 0.0.0.0)"},
    {OPT_INT, 0, "memory-limit", "MIB", AT(memory_limit), NULL, 1,
     "memory for loaded models (default four fifths of the machine's or the container's)"},
    {OPT_INT, 0, "threads", "N", AT(threads), NULL, 1,
     "threads that answer calls (default: one per core)"},
    {OPT_FLAG, 0, "evict", NULL, AT(evict), NULL, 0,
     "a load that finds no memory unloads the least recently called (default: it is refused, 507)"},
    {OPT_STRING, 0, "pin", "NAMES", AT(pins), NULL, 0,
     "models that are never evicted: names with commas, NAME* for all that begin so"},
    {OPT_STRING, 0, "model-dir", "PATH", AT(model_dir), NULL, 0,
     "load this model at the start: a folder, a model.tar.gz or a model's file"},
};
static const struct opt_set s_set = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_set, &args_common, NULL};

const struct cmd cmd_serve = {
    .name = "serve",
    .operands = "",
    .summary = "serve XGBoost models as SageMaker's multi-model container does",
    .text =
        "Answers SageMaker's multi-model container contract on one port: POST /models loads a\n"
        "model from a folder or a model.tar.gz, POST /models/NAME/invoke calls it, DELETE\n"
        "/models/NAME takes it out of memory; GET /models, /ping, /execution-parameters and,\n"
        "for Prometheus, /metrics. Answers are byte for byte those of AWS's XGBoost 1.7-1\n"
        "container in multi-model mode; what that one answers with 503 \"Prediction failed\"\n"
        "is a 4xx with its reason here. Several files in one folder are an ensemble and are\n"
        "averaged (SAGEMAKER_INFERENCE_ENSEMBLE=false takes the first one).\n"
        "\n"
        "A load that finds no memory is refused with 507, and SageMaker unloads others; where\n"
        "there is no SageMaker, --evict unloads the least recently called, but none that is\n"
        "pinned: by --pin, or by \"pinned\": true in POST /models.\n"
        "\n"
        "Also read: MMECTL_EVICT, MMECTL_PIN, SAGEMAKER_MULTI_MODEL, SAGEMAKER_BIND_TO_PORT,\n"
        "MAX_CONTENT_LENGTH, SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT, SAGEMAKER_BATCH (a line for\n"
        "each row in CSV answers). SIGTERM ends it after the calls that run.",
    .sets = s_sets,
    .run = run,
};
