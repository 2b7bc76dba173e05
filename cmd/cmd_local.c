#include "cmd/cmd.h"
#include "cmd/standin.h"
#include "engine/local/server.h"

static enum exit_code print_info(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    const char *verb,
    struct err *err)
{
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    struct str home;
    if (standin_home(app, &home, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    buf_fmt(
        &buf,
        "AWS stand-in %s at " STR_FMT "\n"
        "  account " STR_FMT ", process %lld, files in " STR_FMT "\n",
        verb, STR_ARG(info->url), STR_ARG(info->account), (long long) info->pid, STR_ARG(home));
    if (!str_is_null(info->proxy.url))
        buf_fmt(
            &buf,
            "  HTTPS proxy at " STR_FMT " for AWS's host names\n"
            "  its authority: " STR_FMT ", until %.10s\n"
            "  (for AWS_CA_BUNDLE, never for a system's store; 'mmectl local env --https-proxy')\n",
            STR_ARG(info->proxy.url), STR_ARG(info->proxy.ca_bundle),
            time_iso(app->arena, info->proxy.ca_ends_ms).ptr);
    if (standin_add_faults(app, transport, info, &buf, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    return app_print(app, &buf);
}

/* ---- start, stop, env, reset ---- */

static enum exit_code start(struct app *app, struct http_transport *transport, struct err *err)
{
    struct local_info info;
    bool started = false;
    if (standin_start(app, transport, &info, &started, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    return print_info(app, transport, &info, started ? "started" : "is running already", err);
}

static enum exit_code stop(struct app *app, struct http_transport *transport, struct err *err)
{
    struct err failure = {0};
    enum err_code code = standin_stop(app, transport, &failure);
    struct buf buf = BUF_INIT(KIB(1));
    if (code == ERR_NONE)
        buf_add_z(
            &buf, "AWS stand-in stopped. Its files are kept; 'mmectl local start' goes on.\n");
    else if (code == ERR_NOT_FOUND)
        buf_add_z(&buf, "No AWS stand-in is running.\n");
    else
        *err = failure;
    enum exit_code printed = err->code == ERR_NONE ? app_print(app, &buf) : EXIT_CODE_ERROR;
    buf_done(&buf);
    return printed;
}

/* Single quotes keep a shell from reading anything into a value. */
static void export_line(struct buf *buf, const char *name, struct str value)
{
    buf_fmt(buf, "export %s='", name);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'')
            buf_add_z(buf, "'\\''");
        else
            buf_add_char(buf, value.ptr[i]);
    }
    buf_add_z(buf, "'\n");
}

/* Both spellings: the lower one wins in most clients, and may be set to another proxy. An endpoint
 * URL that is left over would go past the proxy. */
static void proxy_lines(struct buf *buf, const struct local_proxy_info *proxy)
{
    static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy"};
    static const char *const direct[] = {"NO_PROXY", "no_proxy"};
    static const char *const bundles[] = {
        "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS"};
    for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
        export_line(buf, proxies[i], proxy->url);
    for (size_t i = 0; i < ARRAY_LEN(direct); i++)
        export_line(buf, direct[i], STR("localhost,127.0.0.1,::1"));
    for (size_t i = 0; i < ARRAY_LEN(bundles); i++)
        export_line(buf, bundles[i], proxy->ca_bundle);
    buf_add_z(
        buf, "unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_SAGEMAKER "
             "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME AWS_ENDPOINT_URL_STS\n");
}

static enum exit_code env(struct app *app, struct http_transport *transport, struct err *err)
{
    struct local_info info;
    if (standin_ensure(app, transport, &info, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    struct str region = str_is_null(app->args.region) ? info.region : app->args.region;
    struct buf buf = BUF_INIT(KIB(64));
    if (app->args.https_proxy)
        proxy_lines(&buf, &info.proxy);
    else
        export_line(&buf, "AWS_ENDPOINT_URL", info.url);
    export_line(&buf, "AWS_ACCESS_KEY_ID", info.access_key);
    export_line(&buf, "AWS_SECRET_ACCESS_KEY", info.secret_key);
    export_line(&buf, "AWS_DEFAULT_REGION", region);
    export_line(&buf, "AWS_REGION", region);
    /* Left over from a login on real AWS, they would win over the keys above. */
    buf_add_z(&buf, "unset AWS_SESSION_TOKEN AWS_PROFILE\n");
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static enum exit_code reset(struct app *app, struct http_transport *transport, struct err *err)
{
    struct str home;
    struct local_info info;
    struct err failure = {0};
    if (standin_home(app, &home, err) != ERR_NONE)
        return EXIT_CODE_ERROR;
    enum err_code code = standin_find(app, transport, &info, &failure);
    if (code == ERR_NONE) {
        code = local_client_reset(transport, app->arena, &info, &failure);
    } else if (code == ERR_NOT_FOUND) {
        /* Nobody serves it: the files are opened here. */
        const struct local_options options = {.folder = home.ptr};
        struct local *local = NULL;
        code = local_open(&options, &local, &failure);
        if (code == ERR_NONE)
            code = local_reset(local, &failure);
        local_close(local);
    }
    if (code != ERR_NONE) {
        *err = failure;
        return EXIT_CODE_ERROR;
    }
    struct buf buf = BUF_INIT(KIB(1));
    buf_add_z(&buf, "The stand-in's AWS is empty now. Keys and account are kept.\n");
    enum exit_code printed = app_print(app, &buf);
    buf_done(&buf);
    return printed;
}

/* ---- status ---- */

static struct json *status_json(struct app *app, const struct local_info *info, struct json *world)
{
    struct arena *arena = app->arena;
    struct json *out = json_object(arena);
    json_put(arena, out, "format_version", json_z(arena, "1.0"));
    json_put(arena, out, "running", json_bool(arena, info != NULL));
    if (info != NULL) {
        json_put(arena, out, "url", json_string(arena, info->url));
        json_put(arena, out, "port", json_int(arena, info->port));
        json_put(arena, out, "pid", json_int(arena, info->pid));
        json_put(arena, out, "account", json_string(arena, info->account));
        if (!str_is_null(info->proxy.url))
            json_put(arena, out, "https_proxy", local_proxy_json(arena, &info->proxy));
        json_put(arena, out, "world", world);
    }
    return out;
}

static enum exit_code status(struct app *app, struct http_transport *transport, struct err *err)
{
    struct local_info info;
    struct json *world = NULL;
    struct err failure = {0};
    enum err_code code = standin_find(app, transport, &info, &failure);
    if (code == ERR_NOT_FOUND && app->args.json) {
        enum exit_code printed = app_print_json(app, status_json(app, NULL, NULL));
        return printed != EXIT_CODE_OK ? printed : EXIT_CODE_ERROR;
    }
    if (code == ERR_NONE)
        code = local_client_world(transport, app->arena, &info, &world, &failure);
    if (code != ERR_NONE) {
        *err = failure;
        return EXIT_CODE_ERROR;
    }
    if (app->args.json)
        return app_print_json(app, status_json(app, &info, world));
    enum exit_code printed = print_info(app, transport, &info, "is running", err);
    if (err->code != ERR_NONE)
        return EXIT_CODE_ERROR;
    struct buf buf = BUF_INIT(KIB(64));
    JSON_EACH (member, world) {
        if (member->type == JSON_ARRAY && member->len > 0)
            buf_fmt(&buf, "  " STR_FMT ": %zu\n", STR_ARG(member->key), member->len);
    }
    printed = exit_worst(printed, app_print(app, &buf));
    buf_done(&buf);
    return printed;
}

/* ---- run: the server itself ---- */

/* "endpoint_creating_ms=0", or "all=0". */
static enum err_code read_delay(struct str text, struct local_delays *delays, struct err *err)
{
    size_t equals = str_index(text, '=');
    int64_t ms = -1;
    struct str name = str_slice(text, 0, equals);
    if (equals == SIZE_MAX || !str_to_i64(str_from_index(text, equals + 1), &ms) || ms < 0)
        return err_set(
            err, ERR_USAGE, "option '--delay' takes NAME=MS, not '" STR_FMT "'", STR_ARG(text));
    if (!str_eq(name, STR("all"))) {
        if (local_delays_set(delays, name, ms))
            return ERR_NONE;
        return err_set(err, ERR_USAGE, "there is no delay '" STR_FMT "'", STR_ARG(name));
    }
#define SET_DELAY(field, fallback, meaning) delays->field = ms;
    LOCAL_DELAYS(SET_DELAY)
#undef SET_DELAY
    return ERR_NONE;
}

static bool secret_is_fit(struct str secret)
{
    for (size_t i = 0; i < secret.len; i++)
        if (secret.ptr[i] <= ' ' || secret.ptr[i] >= 0x7F)
            return false;
    return str_is_null(secret) || (secret.len >= 16 && secret.len <= 128);
}

static enum err_code read_server_options(
    struct app *app,
    struct local_server_options *options,
    struct local_delays *delays,
    struct err *err)
{
    const struct args *args = &app->args;
    if (args->port > UINT16_MAX || args->proxy_port > UINT16_MAX)
        return err_set(
            err, ERR_USAGE, "there is no port %lld",
            (long long) (args->port > UINT16_MAX ? args->port : args->proxy_port));
    if (args->proxy_port > 0 && !args->https_proxy)
        return err_set(err, ERR_USAGE, "option '--proxy-port' needs '--https-proxy'");
    *delays = local_delays_default();
    for (size_t i = 0; i < args->delays.len; i++) {
        enum err_code code = read_delay(args->delays.items[i], delays, err);
        if (code != ERR_NONE)
            return code;
    }
    struct str home;
    enum err_code code = standin_home(app, &home, err);
    if (code != ERR_NONE)
        return code;
    *options = (struct local_server_options){
        .home = home.ptr,
        .port = (uint16_t) args->port,
        .account = args->account,
        .secret_key = str_from(app->getenv("MMECTL_LOCAL_SECRET_KEY")),
        .ready_fd = args->ready_fd > 0 ? (int) args->ready_fd : -1,
        .delays = delays,
        .https_proxy = args->https_proxy,
        .proxy_port = (uint16_t) args->proxy_port,
    };
    if (!secret_is_fit(options->secret_key))
        return err_set(
            err, ERR_USAGE, "MMECTL_LOCAL_SECRET_KEY has not 16 to 128 printable characters");
    struct str record;
    struct opt_list faults;
    code = standin_record(app, &record, err);
    if (code == ERR_NONE && !str_is_null(record))
        options->record = record.ptr;
    if (code == ERR_NONE)
        code = standin_faults(app, &faults, &options->latency, err);
    if (code == ERR_NONE) {
        options->faults = faults.items;
        options->n_faults = faults.len;
    }
    return code;
}

/* A full disk takes no log, so whoever waits for the server is told directly. */
static void tell_starter(int fd, const struct err *err)
{
    struct buf buf = BUF_INIT(KIB(64));
    term_render_error(&buf, false, err);
    struct err ignored = {0};
    (void) !term_write(fd, buf_str(&buf), &ignored);
    buf_done(&buf);
}

static enum exit_code run_server(struct app *app)
{
    struct err err = {0};
    struct local_server_options options;
    struct local_delays delays;
    enum err_code code = read_server_options(app, &options, &delays, &err);
    if (code == ERR_NONE)
        code = local_server_run(&options, &err);
    if (code != ERR_NONE && app->args.ready_fd > 0)
        tell_starter((int) app->args.ready_fd, &err);
    return code == ERR_NONE ? EXIT_CODE_OK : app_fail(app, &err);
}

/* What run would refuse is refused before anything is started. */
static enum exit_code run_start(struct app *app)
{
    struct err err = {0};
    struct local_server_options options;
    struct local_delays delays;
    if (read_server_options(app, &options, &delays, &err) != ERR_NONE)
        return app_fail(app, &err);
    return standin_run(app, start);
}

static enum exit_code run_stop(struct app *app)
{
    return standin_run(app, stop);
}

static enum exit_code run_status(struct app *app)
{
    return standin_run(app, status);
}

static enum exit_code run_reset(struct app *app)
{
    return standin_run(app, reset);
}

static enum exit_code run_env(struct app *app)
{
    return standin_run(app, env);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_server_opts[] = {
    {OPT_INT, 0, "port", "PORT", AT(port), NULL, 1, "port on 127.0.0.1 (default: any free one)"},
    {OPT_STRING, 0, "account", "ID", AT(account), NULL, 0,
     "its AWS account (default 123456789012)"},
    {OPT_LIST, 0, "delay", "NAME=MS", AT(delays), NULL, 0,
     "how long a state lasts, e.g. endpoint_creating_ms=0; all=0 for every state"},
    {OPT_STRING, 0, "record", "FILE", AT(record), NULL, 0,
     "append every request and its answer to FILE, one JSON line each, without credentials"},
    {OPT_FLAG, 0, "https-proxy", NULL, AT(https_proxy), NULL, 0,
     "also be a proxy for AWS's host names over HTTPS, with a certificate authority of its own"},
    {OPT_INT, 0, "proxy-port", "PORT", AT(proxy_port), NULL, 1,
     "port of that proxy (default: any free one)"},
    {OPT_LIST, 0, "fault", "RULE", AT(faults), NULL, 0,
     "make calls fail while it runs, e.g. throttle,operation=PutObject,probability=0.1; may be "
     "repeated; see 'mmectl local fault --help'"},
    {OPT_STRING, 0, "latency", "PROFILE", AT(latency), NULL, 0,
     "how long answers take while it runs: 20ms, 20ms,jitter=50,seed=7, aws or none"},
};
static const struct opt_set s_server = OPT_SET(s_server_opts);

static const struct opt s_run_opts[] = {
    {OPT_INT, 0, "ready-fd", "FD", AT(ready_fd), NULL, 1,
     "gets '1' when requests are answered, or why they are not"},
};
static const struct opt_set s_run = OPT_SET(s_run_opts);

static const struct opt s_env_opts[] = {
    {OPT_STRING, 0, "region", "REGION", AT(region), NULL, 0,
     "region of the lines (default us-east-1)"},
    {OPT_FLAG, 0, "https-proxy", NULL, AT(https_proxy), NULL, 0,
     "lines for programs that hard-code AWS's host names: a proxy and its authority, no endpoint"},
};
static const struct opt_set s_env = OPT_SET(s_env_opts);

static const struct opt_set *const s_start_sets[] = {&s_server, &args_common, NULL};
static const struct opt_set *const s_run_sets[] = {&s_server, &s_run, &args_common, NULL};
static const struct opt_set *const s_status_sets[] = {&args_json, &args_common, NULL};
static const struct opt_set *const s_env_sets[] = {&s_env, &args_common, NULL};
static const struct opt_set *const s_plain_sets[] = {&args_common, NULL};

const struct cmd cmd_local_start = {
    .name = "local start",
    .operands = "",
    .summary = "start the AWS stand-in of this machine",
    .text = "Starts the AWS stand-in in the background, on 127.0.0.1 only. It keeps its world in\n"
            "MMECTL_HOME (default ${XDG_STATE_HOME:-~/.local/state}/mmectl) and goes on where it\n"
            "was when it is started again. Starting it twice is fine.\n"
            "\n"
            "MMECTL_LOCAL_SECRET_KEY is the secret key of a world that is new; otherwise it is\n"
            "random.\n"
            "\n"
            "With --record=FILE, or MMECTL_LOCAL_RECORD=FILE for one that --local starts, FILE\n"
            "gets each request and its answer, so that a test can assert what a pipeline sent:\n"
            "jq -r .operation FILE | sort | uniq -c. Credentials and signatures are left out.\n"
            "\n"
            "With --https-proxy it answers for AWS's own host names, too, so that programs that\n"
            "hard-code them run as they are: eval \"$(mmectl local env --https-proxy)\". It\n"
            "makes a certificate authority for that, which AWS_CA_BUNDLE and the like name;\n"
            "never put it into a system's store. Any other host is refused.\n"
            "\n"
            "--fault and --latency, or MMECTL_LOCAL_FAULT='RULE; RULE' and MMECTL_LOCAL_LATENCY\n"
            "for one that --local starts, hold until it ends.",
    .sets = s_start_sets,
    .run = run_start,
};

const struct cmd cmd_local_stop = {
    .name = "local stop",
    .operands = "",
    .summary = "stop the stand-in; its files are kept",
    .text = "Stops the stand-in and waits until it has ended. Its files are kept.",
    .sets = s_plain_sets,
    .run = run_stop,
};

const struct cmd cmd_local_status = {
    .name = "local status",
    .operands = "",
    .summary = "show where the stand-in listens and what is in it",
    .text = "Shows where the stand-in listens and what its AWS holds; with --json all of it.\n"
            "Exits with 1 when none is running.",
    .sets = s_status_sets,
    .run = run_status,
};

const struct cmd cmd_local_reset = {
    .name = "local reset",
    .operands = "",
    .summary = "empty the stand-in's AWS",
    .text = "Deletes everything in the stand-in's AWS. Keys and account are kept.",
    .sets = s_plain_sets,
    .run = run_reset,
};

const struct cmd cmd_local_env = {
    .name = "local env",
    .operands = "",
    .summary = "print the export lines that point other AWS clients at the stand-in",
    .text = "Prints shell lines that point aws-cli, boto3 and other clients at the stand-in,\n"
            "starting it when it is not running: eval \"$(mmectl local env)\".",
    .sets = s_env_sets,
    .run = run_env,
};

const struct cmd cmd_local_run = {
    .name = "local run",
    .operands = "",
    .summary = "serve in the foreground",
    .text = "Serves the stand-in in the foreground until it is interrupted.",
    .hidden = true,
    .sets = s_run_sets,
    .run = run_server,
};
