/* engine/aws/sigv4_canonical.h - the canonical request, shared by the two sides of sigv4.h.
 *
 * Internal to sigv4*.c. Results live on the arena.
 */
#ifndef ENGINE_AWS_SIGV4_CANONICAL_H
#define ENGINE_AWS_SIGV4_CANONICAL_H

#include "engine/aws/sigv4.h"
#include "engine/base/uri.h"

struct sigv4_scope {
    struct str date, region, service; /* date has 8 digits */
};

struct sigv4_canonical {
    struct str method, path, query; /* as on the wire, still encoded */
    const struct http_header *headers;
    size_t n_headers;
    struct str signed_headers; /* "host;x-amz-date": lower case, sorted */
    struct str payload_hash;
    struct sigv4_rules rules;
};

/* The names of the headers that are signed, sorted, joined by ';', each once. */
struct str
sigv4_signed_names(struct arena *arena, const struct http_header *headers, size_t n_headers);
/* Host as every client writes it: the port only when it is not the scheme's. */
struct str sigv4_host(struct arena *arena, const struct url *url);
struct str sigv4_scope_text(struct arena *arena, const struct sigv4_scope *scope);

/* Derived, or from the cache, which may be NULL. To be wiped. */
struct hmac_key
sigv4_signing_key(struct sigv4_keys *keys, struct str secret_key, const struct sigv4_scope *scope);

/* Fills in all stages. ERR_AUTH when a signed header is not there. */
enum err_code sigv4_compute(
    struct arena *arena,
    struct sigv4_keys *keys,
    const struct sigv4_canonical *canonical,
    const struct sigv4_scope *scope,
    struct str amz_date,
    struct str secret_key,
    struct sigv4_stages *ret_stages,
    struct err *err) MUST_USE;

#endif
