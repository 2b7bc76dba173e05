/* engine/httpd/chunks.h - takes the framing off a chunked body (RFC 9112, 7.1), as it arrives.
 *
 * Extensions and trailers are passed over and bounded. Ownership: the bytes go to the caller's buf.
 * Threads: a value. Errors: an end state.
 */
#ifndef ENGINE_HTTPD_CHUNKS_H
#define ENGINE_HTTPD_CHUNKS_H

#include "engine/base/buf.h"

enum chunks_at {
    CHUNKS_SIZE,
    CHUNKS_EXTENSION,
    CHUNKS_SIZE_LF,
    CHUNKS_DATA,
    CHUNKS_DATA_CR,
    CHUNKS_DATA_LF,
    CHUNKS_TRAILER,
    CHUNKS_TRAILER_TEXT,
    CHUNKS_TRAILER_LF,
    CHUNKS_LAST_LF,
    CHUNKS_DONE,
    CHUNKS_BAD,
    CHUNKS_TOO_LARGE
};

/* Zeroed at the beginning. */
struct chunks {
    enum chunks_at at;
    uint64_t left;  /* of the chunk */
    unsigned line;  /* digits, or bytes of an extension */
    unsigned extra; /* bytes of all extensions and trailers */
};

/* Takes bytes until one of the last three states, or all of them; gives how many. */
size_t chunks_add(struct chunks *chunks, struct str bytes, struct buf *out);

#endif
