/* engine/local/local_client.h - finding and steering a stand-in that runs as another process.
 *
 * What is known of it is in local.json under its home. That file may be stale (the process was
 * killed), and its port and pid may belong to somebody else by now, so nothing is believed before
 * the process at that port has said who it is.
 */
#ifndef ENGINE_LOCAL_LOCAL_CLIENT_H
#define ENGINE_LOCAL_LOCAL_CLIENT_H

#include "engine/aws/http.h"
#include "engine/base/json.h"
#include "engine/local/local.h"

/* How the HTTPS proxy is reached, and by which authority it is believed. */
struct local_proxy_info {
    struct str url;            /* http://127.0.0.1:PORT; null: there is no proxy */
    struct str ca_bundle;      /* path of the authority's certificate */
    struct str ca_fingerprint; /* its SHA-256 */
    int64_t ca_ends_ms;
};

struct local_info {
    int64_t pid;
    uint16_t port;
    struct str url; /* http://127.0.0.1:PORT */
    struct str account, region, access_key, secret_key;
    int64_t started_ms;
    struct local_proxy_info proxy;
};

/* ERR_NOT_FOUND when there is no local.json, ERR_PROTOCOL when it cannot be understood. */
enum err_code
local_info_read(struct arena *arena, const char *home, struct local_info *out, struct err *err)
    MUST_USE;
enum err_code local_info_write(
    struct arena *arena, const char *home, const struct local_info *info, struct err *err) MUST_USE;
/* As it stands in local.json and in `local status -json`. */
struct json *local_proxy_json(struct arena *arena, const struct local_proxy_info *proxy);
enum err_code local_info_remove(struct arena *arena, const char *home, struct err *err) MUST_USE;

/* The running stand-in of this home. ERR_NOT_FOUND when none runs, stale file or not; ERR_TIMEOUT
 * when one holds the home and does not answer. */
enum err_code local_find(
    struct http_transport *transport,
    struct arena *arena,
    const char *home,
    struct local_info *out,
    struct err *err) MUST_USE;
/* Asks it to end with SIGTERM; the caller waits until local_has_ended(). ERR_NOT_FOUND as above. */
enum err_code
local_stop(struct http_transport *transport, struct arena *arena, const char *home, struct err *err)
    MUST_USE;
/* Nobody holds the home's lock any more. */
bool local_has_ended(struct arena *arena, const char *home);

/* local_dump, local_reset and local_add_key of the running one. */
enum err_code local_client_world(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct json **out,
    struct err *err) MUST_USE;
enum err_code local_client_reset(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct err *err) MUST_USE;
/* GET, POST or DELETE of /_mmectl/faults and /_mmectl/settings (faults.h); `name` is the last word.
 * ERR_USAGE when the stand-in refuses what was sent. */
enum err_code local_client_faults(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    const char *method,
    const char *name,
    const struct json *body,
    struct json **out,
    struct err *err) MUST_USE;
enum err_code local_client_add_key(
    struct http_transport *transport,
    struct arena *arena,
    const struct local_info *info,
    struct local_key *key,
    struct err *err) MUST_USE;

#endif
