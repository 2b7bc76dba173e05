/* engine/local/proxy.h - `local start --https-proxy`: a CONNECT proxy that is AWS.
 *
 * Programs that hard-code AWS's host names run unmodified with HTTPS_PROXY and AWS_CA_BUNDLE set. A
 * CONNECT to port 443 of a host of AWS is answered by TLS with a certificate for that host, and
 * what comes through it is handed to the stand-in's port as it is: its Host header is what the
 * signature was made over, and names bucket and region. Nothing ever leaves the machine: any other
 * host or port is refused with 403 and the reason, and so is plain http through the proxy.
 *
 * One thread carries every tunnel (epoll); buffers are bounded, a side that does not read stops the
 * other. Limits: PROXY_TUNNELS at once (more are answered 503), PROXY_HEAD_BYTES for the CONNECT
 * and its headers, time for head, handshake and silence as in struct proxy_limits.
 * Threads: any may call these, one at a time.
 */
#ifndef ENGINE_LOCAL_PROXY_H
#define ENGINE_LOCAL_PROXY_H

#include "engine/local/proxy_certs.h"

enum { PROXY_TUNNELS = 512, PROXY_HEAD_BYTES = 16 * 1024 };

struct proxy_limits {
    int head_ms;      /* from the connection to the end of the CONNECT's headers; 0: 10 s */
    int handshake_ms; /* from there to the end of the TLS handshake; 0: 10 s */
    int idle_ms;      /* without a byte either way; 0: 330 s, longer than the server's own */
    size_t tunnels;   /* 0: PROXY_TUNNELS */
};

struct proxy_options {
    uint16_t port;   /* 0: any free one */
    uint16_t target; /* the stand-in's, on 127.0.0.1 */
    struct proxy_limits limits;
    struct proxy_certs *certs; /* outlives the proxy, and is used by nobody else meanwhile */
};

struct proxy;

/* ERR_IO when the port is taken. */
enum err_code proxy_start(const struct proxy_options *options, struct proxy **out, struct err *err)
    MUST_USE;
uint16_t proxy_port(const struct proxy *proxy);
/* Takes no more connections; what runs goes on. */
void proxy_quiesce(struct proxy *proxy);
/* Sends what the stand-in has answered, then closes everything. Accepts NULL. */
void proxy_stop(struct proxy *proxy);

#endif
