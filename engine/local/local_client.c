#define _GNU_SOURCE /* F_OFD_GETLK */
#include "engine/local/local_client.h"

#include "engine/aws/sigv4.h"
#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum {
    MAX_INFO_BYTES = 64 * 1024,
    IDENTITY_TIMEOUT_MS = 15000, /* a machine may be busy; nobody waits for one that is gone */
    MAX_WORLD_BYTES = 256 * 1024 * 1024
};

static struct str info_path(struct arena *arena, const char *home)
{
    return path_join(arena, str_from(home), STR("local.json"));
}

static void proxy_read(const struct json *json, struct local_proxy_info *out)
{
    if (json == NULL || json->type != JSON_OBJECT)
        return;
    out->url = json_get_str(json, "url");
    out->ca_bundle = json_get_str(json, "ca_bundle");
    out->ca_fingerprint = json_get_str(json, "ca_sha256");
    if (!time_parse(json_get_str(json, "ca_ends"), &out->ca_ends_ms))
        out->ca_ends_ms = 0;
}

struct json *local_proxy_json(struct arena *arena, const struct local_proxy_info *proxy)
{
    struct json *json = json_object(arena);
    json_put(arena, json, "url", json_string(arena, proxy->url));
    json_put(arena, json, "ca_bundle", json_string(arena, proxy->ca_bundle));
    json_put(arena, json, "ca_sha256", json_string(arena, proxy->ca_fingerprint));
    json_put(arena, json, "ca_ends", json_string(arena, time_iso(arena, proxy->ca_ends_ms)));
    return json;
}

enum err_code
local_info_read(struct arena *arena, const char *home, struct local_info *out, struct err *err)
{
    struct str text, path = info_path(arena, home);
    struct json *json;
    enum err_code code = file_read(arena, path.ptr, MAX_INFO_BYTES, &text, err);
    if (code == ERR_NONE)
        code = json_parse(arena, text, MAX_INFO_BYTES, &json, err);
    if (code != ERR_NONE)
        return code;
    int64_t port = json_get_int(json, "port", 0);
    struct local_info info = {
        .pid = json_get_int(json, "pid", 0),
        .port = port > 0 && port <= UINT16_MAX ? (uint16_t) port : 0,
        .url = json_get_str(json, "url"),
        .account = json_get_str(json, "account"),
        .region = json_get_str(json, "region"),
        .access_key = json_get_str(json, "access_key"),
        .secret_key = json_get_str(json, "secret_key"),
    };
    proxy_read(json_get(json, "proxy"), &info.proxy);
    if (info.pid <= 0 || info.port == 0 || str_is_null(info.url) || str_is_null(info.secret_key) ||
        !time_parse(json_get_str(json, "started"), &info.started_ms))
        return err_set(err, ERR_PROTOCOL, "'%s' is not the stand-in's", path.ptr);
    *out = info;
    return ERR_NONE;
}

enum err_code local_info_write(
    struct arena *arena, const char *home, const struct local_info *info, struct err *err)
{
    struct json *json = json_object(arena);
    json_put(arena, json, "pid", json_int(arena, info->pid));
    json_put(arena, json, "port", json_int(arena, info->port));
    json_put(arena, json, "url", json_string(arena, info->url));
    json_put(arena, json, "account", json_string(arena, info->account));
    json_put(arena, json, "region", json_string(arena, info->region));
    json_put(arena, json, "access_key", json_string(arena, info->access_key));
    json_put(arena, json, "secret_key", json_string(arena, info->secret_key));
    json_put(arena, json, "started", json_string(arena, time_iso_ms(arena, info->started_ms)));
    if (!str_is_null(info->proxy.url))
        json_put(arena, json, "proxy", local_proxy_json(arena, &info->proxy));
    struct str text = str_fmt(arena, STR_FMT "\n", STR_ARG(json_text(arena, json, JSON_PRETTY)));
    return file_write_atomic(info_path(arena, home).ptr, text, 0600, err);
}

enum err_code local_info_remove(struct arena *arena, const char *home, struct err *err)
{
    return file_remove(info_path(arena, home).ptr, err);
}

/* One signed exchange with the stand-in's own operations. */
static enum err_code
ask(struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    const char *method,
    const char *name,
    struct str body,
    struct json **out,
    struct err *err)
{
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(arena, STR_FMT "/_mmectl/%s", STR_ARG(info->url), name),
        .body = body,
        .max_body = MAX_WORLD_BYTES,
    };
    struct sigv4_creds creds = {info->access_key, info->secret_key, STR_NULL};
    struct sigv4_params params = {
        .region = info->region,
        .service = STR("mmectl"),
        .wall_ms = clock_wall_ms(clock_system()),
        .payload_hash = sha256_hex(arena, body),
        .rules = sigv4_rules_for(STR("mmectl")),
    };
    struct http_response response;
    enum err_code code = sigv4_sign(
        arena, NULL, &creds, &params, &request, &request.headers, &request.n_headers, NULL, err);
    if (code == ERR_NONE)
        code = http_send(transport, arena, &request, &response, err);
    if (code != ERR_NONE)
        return err_wrap(err, "asking the stand-in");
    struct json *json = NULL;
    code = json_parse(arena, response.body, MAX_WORLD_BYTES, &json, err);
    if (code == ERR_NONE && response.status != 200)
        code = err_set(
            err,
            response.status == 409   ? ERR_EXISTS
            : response.status == 400 ? ERR_USAGE
                                     : ERR_PROTOCOL,
            "the stand-in answered %d: " STR_FMT, response.status,
            STR_ARG(json_get_str(json, "message")));
    if (code == ERR_NONE)
        *out = json;
    return code;
}

/* Whether the process at that port is the one of local.json. No answer in time says neither yes nor
 * no. */
static enum err_code ask_identity(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    bool *ret_same,
    struct err *err)
{
    struct http_request request = {
        .method = STR("GET"),
        .url = str_fmt(arena, STR_FMT "/_mmectl/identity", STR_ARG(info->url)),
        .timeout_ms = IDENTITY_TIMEOUT_MS,
        .max_body = KIB(64),
    };
    struct http_response response;
    struct json *json;
    struct err why = {0};
    enum err_code code = http_send(transport, arena, &request, &response, &why);
    if (code == ERR_TIMEOUT) {
        err_set(
            err, ERR_TIMEOUT, "the stand-in at " STR_FMT ", process %lld, does not answer",
            STR_ARG(info->url), (long long) info->pid);
        return err_hint(err, "try again; 'kill %lld' ends it if it hangs", (long long) info->pid);
    }
    *ret_same = code == ERR_NONE && response.status == 200 &&
                json_parse(arena, response.body, KIB(64), &json, &why) == ERR_NONE &&
                str_eq(json_get_str(json, "mmectl"), STR("local")) &&
                json_get_int(json, "pid", 0) == info->pid;
    return ERR_NONE;
}

enum err_code local_find(
    struct http_transport *transport,
    struct arena *arena,
    const char *home,
    struct local_info *out,
    struct err *err)
{
    struct local_info info;
    struct err why = {0};
    enum err_code code = local_info_read(arena, home, &info, &why);
    if (code != ERR_NONE && code != ERR_NOT_FOUND && code != ERR_PROTOCOL) {
        *err = why;
        return code;
    }
    bool runs = code == ERR_NONE && !local_has_ended(arena, home);
    code = runs ? ask_identity(transport, arena, &info, &runs, err) : ERR_NONE;
    if (code != ERR_NONE)
        return code;
    if (!runs)
        return err_set(err, ERR_NOT_FOUND, "no stand-in is running for '%s'", home);
    *out = info;
    return ERR_NONE;
}

enum err_code
local_stop(struct http_transport *transport, struct arena *arena, const char *home, struct err *err)
{
    struct local_info info;
    enum err_code code = local_find(transport, arena, home, &info, err);
    if (code != ERR_NONE)
        return code;
    if (kill((pid_t) info.pid, SIGTERM) != 0 && errno != ESRCH)
        return err_errno(err, errno, "stopping the stand-in, process %lld", (long long) info.pid);
    return ERR_NONE;
}

bool local_has_ended(struct arena *arena, const char *home)
{
    struct str path = path_join(arena, str_from(home), STR("lock"));
    AUTO(fd_close) int fd = open(path.ptr, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fd < 0 || (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
}

enum err_code local_client_world(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct json **out,
    struct err *err)
{
    return ask(transport, arena, info, "GET", "world", STR(""), out, err);
}

enum err_code local_client_reset(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct err *err)
{
    struct json *ignored;
    return ask(transport, arena, info, "POST", "reset", STR("{}"), &ignored, err);
}

enum err_code local_client_faults(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    const char *method,
    const char *name,
    const struct json *body,
    struct json **out,
    struct err *err)
{
    struct str text = body != NULL ? json_text(arena, body, JSON_COMPACT) : STR("");
    return ask(transport, arena, info, method, name, text, out, err);
}

static void put_text(struct arena *arena, struct json *json, const char *name, struct str value)
{
    if (!str_is_null(value))
        json_set(arena, json, str_from(name), json_string(arena, value));
}

enum err_code local_client_add_key(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct local_key *key,
    struct err *err)
{
    struct json *body = json_object(arena), *answer;
    put_text(arena, body, "access_key", key->access_key);
    put_text(arena, body, "secret_key", key->secret_key);
    put_text(arena, body, "account", key->account);
    put_text(arena, body, "session_token", key->session_token);
    put_text(arena, body, "deny", key->deny);
    put_text(arena, body, "policy", key->policy);
    json_put(arena, body, "expires_ms", json_int(arena, key->expires_ms));
    enum err_code code =
        ask(transport, arena, info, "POST", "add-key", json_text(arena, body, JSON_COMPACT),
            &answer, err);
    if (code != ERR_NONE)
        return code;
    key->access_key = json_get_str(answer, "access_key");
    key->secret_key = json_get_str(answer, "secret_key");
    key->account = json_get_str(answer, "account");
    return ERR_NONE;
}
