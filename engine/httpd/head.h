/* engine/httpd/head.h - the head of an HTTP/1.1 request: its first line and its headers.
 *
 * Strict where leniency has let two servers see two requests in the same bytes (RFC 9112, 11.2): a
 * line ends with CR LF, a name stands right before its colon, nothing is folded, and what frames
 * the body is there once and means one thing. Ownership: everything points into the text. Threads:
 * a pure function. Errors: a status and the reason that is sent with it.
 */
#ifndef ENGINE_HTTPD_HEAD_H
#define ENGINE_HTTPD_HEAD_H

#include "engine/httpd/httpd.h"

enum { HEAD_MAX_BYTES = 32 * 1024, HEAD_MAX_HEADERS = 128 };

struct head {
    struct str method, target, host;
    size_t n_headers;
    size_t bytes;    /* of the head, its empty line included */
    uint64_t length; /* of the body that follows; 0 when it is chunked */
    bool chunked;
    bool expects; /* Expect: 100-continue */
    bool closes;  /* no other request comes on this connection */
};

enum head_state { HEAD_MORE, HEAD_WHOLE, HEAD_BAD };

struct head_fault {
    int status;
    const char *why; /* with a line end */
};

/* HEAD_MORE: the text is the beginning of a head. headers: room for HEAD_MAX_HEADERS. */
enum head_state head_parse(
    struct str text, struct httpd_header *headers, struct head *out, struct head_fault *ret_fault);

#endif
