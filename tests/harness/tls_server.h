/* tests/harness/tls_server.h - an HTTPS server with a certificate of its own, made on the spot, so
 * that no key lies in the tree. It answers every request with 200 and "ok", and counts them.
 */
#ifndef TESTS_HARNESS_TLS_SERVER_H
#define TESTS_HARNESS_TLS_SERVER_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

struct tls_server_options {
    const char *host;          /* that the certificate is for */
    long from_days, till_days; /* its dates, from now */
    const char *priorities;    /* of GnuTLS; NULL: its own */
    bool plain;                /* no TLS at all */
};

struct tls_server {
    struct MHD_Daemon *daemon;
    unsigned port;
    struct str certificate; /* PEM, self-signed; on the arena */
    unsigned requests;
};

/* Fails the test when it cannot be started. The struct must not move until it is stopped. */
void tls_server_start(
    struct tls_server *server, struct arena *arena, const struct tls_server_options *options);
void tls_server_stop(struct tls_server *server);

#endif
