#include "engine/aws/creds_sso.h"

#include "engine/aws/call.h"
#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/log.h"

#define MAX_TOKEN_FILE KIB(64)
#define MAX_TOKEN_BYTES KIB(16)
#define BEFORE_END_MS INT64_C(900000) /* botocore's SSOTokenProvider._REFRESH_WINDOW */

enum err_code sso_hint(const struct sso_settings *settings, struct err *err)
{
    err->hint[0] = '\0';
    if (settings->session.len > 0)
        return err_hint(
            err, "run: aws sso login --sso-session " STR_FMT, STR_ARG(settings->session));
    return err_hint(err, "run: aws sso login --profile " STR_FMT, STR_ARG(settings->profile));
}

static enum err_code read_cache(
    struct arena *arena,
    const char *path,
    const struct sso_settings *settings,
    struct json **ret_json,
    struct err *err)
{
    struct str text;
    struct err broken;
    enum err_code code = file_read(arena, path, MAX_TOKEN_FILE, &text, err);
    if (code == ERR_NOT_FOUND)
        err_set(
            err, ERR_AUTH, "nobody is signed in to SSO for profile '" STR_FMT "'",
            STR_ARG(settings->profile));
    else if (code == ERR_NONE && json_parse(arena, text, MAX_TOKEN_FILE, ret_json, &broken))
        code = err_set(
            err, ERR_AUTH, "the token of SSO in '%s' is not JSON: %s", path, broken.message);
    if (code != ERR_NONE) {
        err->code = ERR_AUTH;
        return sso_hint(settings, err);
    }
    return ERR_NONE;
}

static void keep(const char *path, const struct json *json)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_TOKEN_FILE);
    struct err err = {0};
    json_write(&text, json, JSON_COMPACT);
    if (buf_ok(&text) && file_write_atomic(path, buf_str(&text), 0600, &err) != ERR_NONE)
        log_debug("aws", "the renewed token of SSO was not kept: %s", err.message);
    secret_wipe(text.ptr, text.len);
}

/* https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html */
static enum err_code create_token(
    struct aws *aws,
    struct arena *arena,
    const struct json *cached,
    const struct json **ret_answer,
    struct err *err)
{
    static const struct http_header s_headers[] = {
        {STR_INIT("content-type"), STR_INIT("application/json")}};
    struct json *input = json_object(arena);
    json_put_copy(arena, input, "clientId", cached, "clientId");
    json_put_copy(arena, input, "clientSecret", cached, "clientSecret");
    json_put(arena, input, "grantType", json_z(arena, "refresh_token"));
    json_put_copy(arena, input, "refreshToken", cached, "refreshToken");
    const struct aws_call call = {
        .service = AWS_SSO_OIDC,
        .operation = "CreateToken",
        .method = STR("POST"),
        .path = STR("/token"),
        .headers = s_headers,
        .n_headers = ARRAY_LEN(s_headers),
        .body = json_text(arena, input, JSON_COMPACT),
        .max_body = MAX_TOKEN_FILE,
        .anonymous = true,
        .once = true, /* a refresh token is good for one use */
    };
    struct http_response response;
    struct json *answer;
    struct err broken;
    enum err_code code = aws_call(aws, arena, &call, &response, err);
    if (code != ERR_NONE)
        return code;
    if (json_parse(arena, response.body, MAX_TOKEN_FILE, &answer, &broken) != ERR_NONE)
        return err_set(
            err, ERR_PROTOCOL, "the answer to CreateToken is not JSON: %s", broken.message);
    if (!creds_text_ok(json_get_str(answer, "accessToken"), MAX_TOKEN_BYTES) ||
        json_get_int(answer, "expiresIn", 0) <= 0)
        return err_set(err, ERR_PROTOCOL, "the answer to CreateToken has no token");
    *ret_answer = answer;
    return ERR_NONE;
}

static bool can_renew(const struct json *cached, int64_t now_ms)
{
    int64_t until_ms;
    return json_get_str(cached, "refreshToken").len > 0 &&
           json_get_str(cached, "clientId").len > 0 &&
           json_get_str(cached, "clientSecret").len > 0 &&
           creds_time_parse(json_get_str(cached, "registrationExpiresAt"), &until_ms) &&
           until_ms > now_ms;
}

static enum err_code renew(
    const struct creds_context *context,
    struct arena *arena,
    const struct sso_settings *settings,
    struct aws **aws,
    struct json *cached,
    struct err *err)
{
    const struct json *answer;
    enum err_code code =
        *aws == NULL ? creds_session_new(context, settings->region, NULL, aws, err) : ERR_NONE;
    if (code == ERR_NONE)
        code = create_token(*aws, arena, cached, &answer, err);
    if (code != ERR_NONE)
        return code;
    int64_t end_ms =
        clock_wall_ms(context->clock) + json_get_int(answer, "expiresIn", 0) * INT64_C(1000);
    json_put(arena, cached, "startUrl", json_string(arena, settings->start_url));
    json_put(arena, cached, "region", json_string(arena, settings->region));
    json_put(arena, cached, "accessToken", json_string(arena, json_get_str(answer, "accessToken")));
    json_put(arena, cached, "expiresAt", json_string(arena, time_iso(arena, end_ms)));
    if (json_get_str(answer, "refreshToken").len > 0)
        json_put(
            arena, cached, "refreshToken",
            json_string(arena, json_get_str(answer, "refreshToken")));
    return ERR_NONE;
}

enum err_code sso_token(
    const struct creds_context *context,
    struct arena *arena,
    const struct sso_settings *settings,
    struct aws **aws,
    struct str *ret_token,
    struct err *err)
{
    struct str key = settings->session.len > 0 ? settings->session : settings->start_url;
    struct str name = sha1_hex(arena, key);
    const char *path = profile_home_path(
        arena, context->env, NULL,
        str_fmt(arena, ".aws/sso/cache/" STR_FMT ".json", STR_ARG(name)).ptr);
    struct json *cached = NULL;
    int64_t now_ms = clock_wall_ms(context->clock), end_ms;
    if (path == NULL)
        return err_set(err, ERR_AUTH, "nobody knows where the home folder with SSO's token is");
    enum err_code code = read_cache(arena, path, settings, &cached, err);
    if (code != ERR_NONE)
        return code;
    if (!creds_text_ok(json_get_str(cached, "accessToken"), MAX_TOKEN_BYTES) ||
        !creds_time_parse(json_get_str(cached, "expiresAt"), &end_ms)) {
        err_set(err, ERR_AUTH, "the token of SSO in '%s' lacks accessToken or expiresAt", path);
        return sso_hint(settings, err);
    }
    struct err failed = {0};
    if (end_ms - now_ms < BEFORE_END_MS && settings->session.len > 0 && can_renew(cached, now_ms)) {
        if (renew(context, arena, settings, aws, cached, &failed) == ERR_NONE) {
            keep(path, cached);
            end_ms = INT64_MAX;
        } else {
            log_debug("aws", "the token of SSO was not renewed: %s", failed.message);
        }
    }
    if (end_ms <= now_ms) {
        err_set(
            err, ERR_AUTH, "the sign-in of SSO for profile '" STR_FMT "' is over%s%s",
            STR_ARG(settings->profile), failed.message[0] != '\0' ? ": " : "", failed.message);
        return sso_hint(settings, err);
    }
    *ret_token = json_get_str(cached, "accessToken");
    return ERR_NONE;
}
