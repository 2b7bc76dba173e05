#include "cmd/standin.h"

#include "engine/aws/sigv4.h"
#include "engine/base/file.h"
#include "engine/base/uri.h"

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
    if (code == ERR_NONE && started)
        term_note(
            "AWS stand-in started at " STR_FMT " (mmectl local stop ends it)", STR_ARG(out->url));
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
