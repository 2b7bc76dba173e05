/* engine/httpd/tls.h - the server's side of TLS on OpenSSL: a certificate authority of one's own,
 * certificates under it, and sessions that work on memory.
 *
 * A session never touches a socket: the caller feeds it what came in and sends what it wants out,
 * so one thread carries any number of them. TLS 1.2 and 1.3, HTTP/1.1 by ALPN, no renegotiation, no
 * tickets. The authority is constrained to a list of domains (RFC 5280, 4.2.1.10): whoever trusts
 * it trusts it for these alone.
 * Threads: a session belongs to one thread; an authority and a leaf may be shared.
 */
#ifndef ENGINE_HTTPD_TLS_H
#define ENGINE_HTTPD_TLS_H

#include "engine/base/err.h"

struct tls_ca;
struct tls_leaf;
struct tls_session;

enum { TLS_DAY_MS = 24 * 60 * 60 * 1000 };

/* ---- the authority ---- */

struct tls_ca_options {
    const char *name; /* of its subject */
    const char *const
        *domains; /* the only ones it may speak for, and those below; ends with NULL */
    int64_t now_ms;
    int days;
};

/* A new key and its certificate, together in PEM. The text is secret: secret_wipe() it. */
enum err_code tls_ca_make(
    struct arena *arena, const struct tls_ca_options *options, struct str *ret_pem, struct err *err)
    MUST_USE;
/* ERR_PROTOCOL when the text is not a key and the authority's certificate that belongs to it. */
enum err_code tls_ca_open(struct str pem, struct tls_ca **out, struct err *err) MUST_USE;
void tls_ca_free(struct tls_ca *ca); /* accepts NULL */
int64_t tls_ca_ends_ms(const struct tls_ca *ca);
struct str tls_ca_certificate(const struct tls_ca *ca, struct arena *arena); /* PEM, no key */
/* SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it. */
struct str tls_ca_fingerprint(const struct tls_ca *ca, struct arena *arena);

/* ---- a server's certificate ---- */

/* names: of hosts, lower case, "*." allowed in front; checked by the caller. Valid for that many
 * days, or as long as the authority. */
enum err_code tls_leaf_make(
    const struct tls_ca *ca,
    const struct str *names,
    size_t n_names,
    int64_t now_ms,
    int days,
    struct tls_leaf **out,
    struct err *err) MUST_USE;
int64_t tls_leaf_ends_ms(const struct tls_leaf *leaf);
void tls_leaf_free(struct tls_leaf *leaf); /* accepts NULL; sessions under it go on */

/* ---- a session ---- */

enum tls_state {
    TLS_WANTS,  /* nothing more until it is fed */
    TLS_OK,     /* the handshake is done; or there were bytes */
    TLS_ENDED,  /* the client said that it sends no more */
    TLS_FAILED, /* tls_why(); what it wants out is an alert */
};

/* A client that asks for another server name than `host` is refused with unrecognized_name. */
struct tls_session *tls_session_new(const struct tls_leaf *leaf, struct str host);
void tls_session_free(struct tls_session *session); /* accepts NULL */
void tls_feed(struct tls_session *session, struct str bytes);
enum tls_state tls_shake(struct tls_session *session);
/* Plain bytes from the client, *ret_len of them with TLS_OK. */
enum tls_state tls_read(struct tls_session *session, char *bytes, size_t max, size_t *ret_len);
/* Plain bytes to the client: all of them are taken. */
enum tls_state tls_write(struct tls_session *session, struct str bytes);
void tls_end(struct tls_session *session); /* tells the client that no more comes */
/* What is to be sent; tls_sent() says how much of it was. Valid until the next call. */
struct str tls_out(const struct tls_session *session);
void tls_sent(struct tls_session *session, size_t len);
const char *tls_why(const struct tls_session *session); /* "" unless it failed */

#endif
