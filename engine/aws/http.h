/* engine/aws/http.h - the transport seam: one HTTP exchange, whole messages in memory.
 *
 * Everything that talks to AWS goes through http_send(); libcurl (http_curl.c), the in-process
 * stand-in and fault-injecting decorators are peers behind struct http_transport. A send blocks the
 * calling task, not the thread. The answer lives in the arena given. Status codes are never errors
 * here; ERR_TRANSIENT is a connection that failed (message says how), ERR_TIMEOUT a deadline,
 * ERR_CANCELLED an interrupt. Limits: 100 headers, 64 KiB of headers, and max_body bytes of answer.
 */
#ifndef ENGINE_AWS_HTTP_H
#define ENGINE_AWS_HTTP_H

#include "engine/base/err.h"

struct http_header {
    struct str name, value;
};

struct http_request {
    struct str method;
    struct str url; /* absolute, encoded exactly as it goes on the wire */
    struct http_header *headers;
    size_t n_headers;
    struct str body;
    int64_t timeout_ms; /* whole exchange; 0 = 30 s */
    size_t max_body;    /* of the answer; 0 = 64 MiB */
    bool direct;        /* never by a proxy: what serves this machine alone */
};

struct http_response {
    int status;
    struct http_header *headers;
    size_t n_headers;
    struct str body;
    int64_t total_us; /* from the request's start to the last byte */
};

struct http_transport;

struct http_transport_ops {
    const char *name;
    enum err_code (*send)(
        struct http_transport *self,
        struct arena *arena,
        const struct http_request *request,
        struct http_response *ret_response,
        struct err *err);
    void (*close)(struct http_transport *self); /* frees self */
};

/* Embedded as the first member of each implementation. */
struct http_transport {
    const struct http_transport_ops *ops;
};

enum err_code http_send(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err) MUST_USE;
void http_close(struct http_transport *transport); /* accepts NULL */
struct str
http_header_get(const struct http_header *headers, size_t count, const char *name); /* any case */

#endif
