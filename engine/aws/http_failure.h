/* engine/aws/http_failure.h - an exchange that came to nothing, in words a user can act on.
 *
 * Internal to http_curl.c, which says what happened in these terms; no library's types here. Also
 * which hosts are never asked for through a proxy.
 */
#ifndef ENGINE_AWS_HTTP_FAILURE_H
#define ENGINE_AWS_HTTP_FAILURE_H

#include "engine/base/err.h"

enum http_failure_kind {
    HTTP_BROKE_OFF,
    HTTP_INTERRUPTED,
    HTTP_TIMED_OUT,
    HTTP_NO_CONNECTION,
    HTTP_NO_PROXY, /* the proxy cannot be found, or did not let us through */
    HTTP_NO_TLS,   /* the handshake failed */
    HTTP_NOT_TRUSTED /* the server's certificate was refused */,
    HTTP_BAD_BUNDLE, /* the file of trusted certificates cannot be used */
    HTTP_BROKEN_CALL /* what was asked for cannot be done */
};

struct http_failure {
    enum http_failure_kind kind;
    struct str url;
    const char *reason;    /* the library's text */
    const char *ca_bundle; /* NULL: the system's */
    int proxy_status;      /* of the proxy's answer to CONNECT; 0: there was none */
    bool not_sent;         /* not a byte of the request left */
};

enum err_code http_failure_err(const struct http_failure *failure, struct err *err);

/* Whether the host may only be reached directly, whatever the environment says of proxies: this
 * machine itself, and link-local addresses, where clouds answer with credentials. */
bool http_is_direct(struct str url);

#endif
