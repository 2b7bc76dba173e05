/* engine/local/s3_chunked.h - the aws-chunked content encoding.
 *
 *     hex-size[;chunk-signature=...] CRLF bytes CRLF ... 0 CRLF trailer: value CRLF CRLF
 *
 * Fed in pieces of any size. What closes a chunk, the last and empty one included, is told with the
 * signature that came with it.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
#ifndef ENGINE_LOCAL_S3_CHUNKED_H
#define ENGINE_LOCAL_S3_CHUNKED_H

#include "engine/base/err.h"
#include "engine/base/vec.h"

typedef enum err_code chunked_sink_fn(void *arg, struct str bytes, struct err *err);
/* signature: null when the chunk had none. */
typedef enum err_code chunked_end_fn(void *arg, struct str signature, struct err *err);

struct chunked_trailer {
    struct str name, value;
};

struct chunked {
    struct arena *arena;
    chunked_sink_fn *sink;
    chunked_end_fn *end; /* may be NULL */
    void *arg;
    enum { CHUNKED_SIZE, CHUNKED_DATA, CHUNKED_DATA_END, CHUNKED_TRAILER, CHUNKED_DONE } state;
    uint64_t left;
    char signature[64];
    size_t signature_len;
    char line[1024];
    size_t line_len;
    VEC(struct chunked_trailer) trailers;
};

/* ERR_PROTOCOL for broken framing, or what sink and end say. */
enum err_code chunked_feed(struct chunked *chunked, struct str piece, struct err *err) MUST_USE;

#endif
