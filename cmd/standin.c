#include "cmd/standin.h"

#include "engine/aws/http_curl.h"
#include "engine/aws/sigv4.h"
#include "engine/base/file.h"
#include "engine/base/uri.h"
#include "engine/local/fault_rule.h"
#include "engine/local/latency.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define STOP_TIMEOUT_MS 20000
#define STOP_POLL_MS 20
#define MAX_ANSWER_BYTES MIB(64)

enum err_code standin_home(struct app *app, struct str *ret_home, struct err *err)
{
    const char *home = app->getenv("MMECTL_HOME");
    const char *state = app->getenv("XDG_STATE_HOME");
    const char *user = app->getenv("HOME");
    struct str path;
    if (home != NULL && home[0] != '\0')
        path = str_fmt(app->arena, "%s", home);
    else if (state != NULL && state[0] == '/')
        path = str_fmt(app->arena, "%s/mmectl", state);
    else if (user != NULL && user[0] == '/')
        path = str_fmt(app->arena, "%s/.local/state/mmectl", user);
    else {
        err_set(err, ERR_IO, "there is no home folder for the stand-in");
        return err_hint(err, "set MMECTL_HOME to a folder for its files");
    }
    path = str_from(str_z(app->arena, path));
    enum err_code code = file_mkdirs(path.ptr, 0700, err);
    if (code != ERR_NONE) {
        err_wrap(err, "the stand-in has no home folder");
        return err_hint(err, "set MMECTL_HOME to a folder that can be written to");
    }
    *ret_home = path;
    return code;
}

enum err_code standin_record(struct app *app, struct str *ret_path, struct err *err)
{
    struct str path = app->args.record;
    if (str_is_null(path))
        path = str_from(app->getenv("MMECTL_LOCAL_RECORD"));
    *ret_path = STR_NULL;
    if (str_is_empty(path))
        return ERR_NONE;
    if (path.ptr[0] != '/') {
        char *folder = arena_alloc(app->arena, PATH_MAX);
        if (getcwd(folder, PATH_MAX) == NULL)
            return err_errno(err, errno, "looking for the working folder");
        path = path_join(app->arena, str_from(folder), path);
    }
    *ret_path = str_from(str_z(app->arena, path));
    return ERR_NONE;
}

enum exit_code standin_run(struct app *app, standin_work_fn *work)
{
    struct err err = {0};
    struct http_transport *transport = NULL;
    const struct http_curl_options options = {
        .loop = app->loop, .user_agent = "mmectl/" MMECTL_VERSION};
    if (http_curl_new(&options, &transport, &err) != ERR_NONE)
        return app_fail(app, &err);
    enum exit_code code = work(app, transport, &err);
    http_close(transport);
    return err.code != ERR_NONE ? app_fail(app, &err) : code;
}

enum err_code standin_faults(
    struct app *app, struct opt_list *ret_rules, struct str *ret_latency, struct err *err)
{
    struct opt_list rules = app->args.faults;
    struct str latency = app->args.latency, part = STR_NULL;
    struct str rest = str_from(app->getenv("MMECTL_LOCAL_FAULT"));
    if (rules.len == 0)
        while (str_split(&rest, ';', &part))
            if (str_trim(part).len > 0)
                *VEC_PUSH(app->arena, &rules) = str_trim(part);
    if (str_is_null(latency) && !str_is_empty(str_from(app->getenv("MMECTL_LOCAL_LATENCY"))))
        latency = str_from(app->getenv("MMECTL_LOCAL_LATENCY"));
    for (size_t i = 0; i < rules.len; i++) {
        struct json *rule = NULL;
        enum err_code code = fault_rule_read(app->arena, rules.items[i], &rule, err);
        if (code == ERR_NONE && str_eq_z(json_get_str(rule, "kind"), "status"))
            code = err_set(err, ERR_USAGE, "'status' takes effect at once: no endpoint is there");
        if (code != ERR_NONE)
            return err_wrap(err, "fault '" STR_FMT "'", STR_ARG(rules.items[i]));
    }
    struct latency ignored;
    if (!str_is_null(latency) && latency_read(latency, &ignored, err) != ERR_NONE)
        return err->code;
    *ret_rules = rules;
    *ret_latency = latency;
    return ERR_NONE;
}

enum err_code standin_add_faults(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct buf *buf,
    struct err *err)
{
    struct json *faults = NULL, *settings = NULL;
    enum err_code code =
        local_client_faults(transport, app->arena, info, "GET", "faults", NULL, &faults, err);
    if (code == ERR_NONE)
        code = local_client_faults(
            transport, app->arena, info, "GET", "settings", NULL, &settings, err);
    if (code != ERR_NONE)
        return code;
    JSON_EACH (fault, json_get(faults, "faults"))
        buf_fmt(
            buf, "  fault: " STR_FMT " (hit %lld of %lld)\n", STR_ARG(json_get_str(fault, "rule")),
            (long long) json_get_int(fault, "fired", 0),
            (long long) json_get_int(fault, "seen", 0));
    struct str latency = json_get_str(settings, "latencyAtStart");
    if (str_is_null(latency))
        latency = json_get_str(settings, "latency");
    if (!str_is_null(latency) && !str_eq_z(latency, "none"))
        buf_fmt(buf, "  latency: " STR_FMT "\n", STR_ARG(latency));
    return ERR_NONE;
}

enum err_code standin_find(
    struct app *app, struct http_transport *transport, struct local_info *out, struct err *err)
{
    struct str home;
    enum err_code code = standin_home(app, &home, err);
    if (code == ERR_NONE)
        code = local_find(transport, app->arena, home.ptr, out, err);
    if (code == ERR_NOT_FOUND)
        err_hint(err, "'mmectl local start' starts it");
    return code;
}

enum err_code standin_ensure(
    struct app *app, struct http_transport *transport, struct local_info *out, struct err *err)
{
    bool started = false;
    enum err_code code = standin_start(app, transport, out, &started, err);
    if (code != ERR_NONE || !started)
        return code;
    AUTO(buf_done) struct buf faults = BUF_INIT(MIB(1));
    code = standin_add_faults(app, transport, out, &faults, err);
    struct str lines = buf_str(&faults);
    term_note(
        "AWS stand-in started at " STR_FMT " (mmectl local stop ends it)%s" STR_FMT,
        STR_ARG(out->url), lines.len > 0 ? "\n" : "",
        STR_ARG(str_slice(lines, 0, lines.len > 0 ? lines.len - 1 : 0)));
    return code;
}

enum err_code standin_stop(struct app *app, struct http_transport *transport, struct err *err)
{
    struct str home;
    enum err_code code = standin_home(app, &home, err);
    if (code == ERR_NONE)
        code = local_stop(transport, app->arena, home.ptr, err);
    if (code != ERR_NONE)
        return code;
    int64_t deadline = clock_mono_ms(app->clock) + STOP_TIMEOUT_MS;
    while (!local_has_ended(app->arena, home.ptr)) {
        if (loop_cancelled(app->loop))
            return err_set(err, ERR_CANCELLED, "interrupted while the stand-in was ending");
        if (clock_mono_ms(app->clock) > deadline)
            return err_set(
                err, ERR_TIMEOUT, "the stand-in did not end within %d s", STOP_TIMEOUT_MS / 1000);
        loop_sleep_ms(app->loop, STOP_POLL_MS);
    }
    return ERR_NONE;
}

/* A signed request of the stand-in's own (engine/local/runtime.h). path has its query. */
static enum err_code
ask(struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    const char *method,
    struct str path,
    struct json **out,
    struct err *err)
{
    struct arena *arena = app->arena;
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(info->url), STR_ARG(path)),
        .max_body = MAX_ANSWER_BYTES,
    };
    const struct sigv4_creds creds = {info->access_key, info->secret_key, STR_NULL};
    const struct sigv4_params params = {
        .region = info->region,
        .service = STR("mmectl"),
        .wall_ms = clock_wall_ms(app->clock),
        .payload_hash = STR(SIGV4_EMPTY_HASH),
        .rules = sigv4_rules_for(STR("mmectl")),
    };
    struct http_response response;
    enum err_code code = sigv4_sign(
        arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers, NULL, err);
    if (code == ERR_NONE)
        code = http_send(transport, arena, &request, &response, err);
    if (code == ERR_NONE)
        code = json_parse(arena, response.body, MAX_ANSWER_BYTES, out, err);
    if (code != ERR_NONE)
        return err_wrap(err, "asking the stand-in");
    if (response.status == 200)
        return ERR_NONE;
    return err_set(
        err, response.status == 404 ? ERR_NOT_FOUND : ERR_PROTOCOL,
        "the stand-in answered %d: " STR_FMT, response.status,
        STR_ARG(json_get_str(*out, "message")));
}

enum err_code standin_loaded(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct str endpoint,
    struct json **ret_targets,
    struct err *err)
{
    struct arena *arena = app->arena;
    struct json *targets = json_array(arena), *body = NULL;
    struct str path = str_fmt(
        arena, "/_mmectl/models?endpoint=" STR_FMT, STR_ARG(uri_encoded(arena, endpoint, false)));
    struct err failure = {0};
    enum err_code code = ask(app, transport, info, "GET", path, &body, &failure);
    /* An endpoint that does not serve has nothing in memory. */
    if (code != ERR_NONE && code != ERR_NOT_FOUND) {
        *err = failure;
        return code;
    }
    if (code == ERR_NONE)
        JSON_EACH (item, json_get(body, "models")) {
            if (json_get_bool(item, "loaded", false))
                json_push(targets, json_string(arena, json_get_str(item, "model")));
        }
    *ret_targets = targets;
    return ERR_NONE;
}

enum err_code standin_unload(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct str endpoint,
    struct str target,
    struct err *err)
{
    struct json *body = NULL;
    struct str path = str_fmt(
        app->arena, "/_mmectl/unload?endpoint=" STR_FMT "&model=" STR_FMT,
        STR_ARG(uri_encoded(app->arena, endpoint, false)),
        STR_ARG(uri_encoded(app->arena, target, false)));
    return ask(app, transport, info, "POST", path, &body, err);
}
