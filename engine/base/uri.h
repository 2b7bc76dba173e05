/* engine/base/uri.h - percent-encoding, URLs and query strings, by RFC 3986 as SigV4 wants them.
 *
 * Views point into the text given; what is decoded lives on the arena. Errors: ERR_USAGE for a URL,
 * ERR_PROTOCOL for a query.
 */
#ifndef ENGINE_BASE_URI_H
#define ENGINE_BASE_URI_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

struct url {
    struct str scheme, host; /* host without port, brackets kept for IPv6 */
    uint16_t port;           /* the scheme's default when not given */
    bool port_given;
    struct str path, query; /* still encoded; path starts with '/', query without '?' */
};

/* http and https only; user info, fragments, control characters and blanks are refused. Views into
 * text. */
enum err_code url_parse(struct str text, struct url *out, struct err *err) MUST_USE;

/* Encodes everything but A-Za-z0-9-._~ ; keep_slash also leaves '/' alone. Upper-case hex. */
/* Whether encoding it would change nothing. */
bool uri_is_plain(struct str text, bool keep_slash);
void uri_encode(struct buf *buf, struct str text, bool keep_slash);
struct str uri_encoded(struct arena *arena, struct str text, bool keep_slash);
/* %XX only, '+' stays; false on a broken escape. plus_is_space: form encoding. */
bool uri_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *out);

struct query_param {
    struct str name, value; /* decoded */
};
/* Splits and decodes ("+" is a space, as in forms); at most max_params. */
enum err_code query_parse(
    struct arena *arena,
    struct str query,
    size_t max_params,
    struct query_param **out,
    size_t *count,
    struct err *err) MUST_USE;
const struct query_param *
query_find(const struct query_param *params, size_t count, const char *name);

#endif
