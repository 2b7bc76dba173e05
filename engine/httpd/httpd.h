/* engine/httpd/httpd.h - an HTTP/1.1 server on libmicrohttpd: one handler, whole requests, a small
 * thread pool.
 *
 * Shared by the AWS stand-in and the inference server. Bodies up to `spool_bytes` are in memory,
 * larger ones stream into an unlinked file under `spool_folder`. Requests with both Content-Length
 * and Transfer-Encoding, or with two Content-Lengths, are refused. Expect: 100-continue, chunked
 * uploads and keep-alive are handled here. Threads: the handler is called from the pool's threads,
 * several at once.
 */
#ifndef ENGINE_HTTPD_HTTPD_H
#define ENGINE_HTTPD_HTTPD_H

#include "engine/base/digest.h"
#include "engine/base/err.h"
#include "engine/base/vec.h"

struct httpd_header {
    struct str name, value;
};

struct httpd_request {
    struct str method;
    struct str target; /* path and query exactly as sent, still encoded */
    struct str host;   /* the Host header */
    struct httpd_header *headers;
    size_t n_headers;
    struct str body; /* empty when spooled */
    int body_fd;     /* -1 unless spooled; offset 0; closed by the server */
    uint64_t body_len;
    struct sha256 body_sha256; /* of the body, computed as it arrived when want_digest says so */
    struct md5 body_md5;
    int body_errno; /* not 0: the body could not be spooled (ENOSPC ...), and is missing */
};

struct httpd_response;

/* What a handler leaves to a worker: fills in the response, as a handler does. */
typedef void httpd_work_fn(void *arg, struct arena *arena, struct httpd_response *response);

/* How much of an answer gets to the client: a stand-in for networks that fail. */
enum httpd_cut {
    HTTPD_WHOLE,
    HTTPD_HALF,   /* the header promises all, half of the body comes, then the connection ends */
    HTTPD_NOTHING /* the connection is reset */
};

struct httpd_response {
    int status;
    enum httpd_cut cut;
    VEC(struct httpd_header) headers;
    struct str body;
    int body_fd; /* -1, or a file the server sends [body_offset, body_offset+body_len) of and closes
                  */
    uint64_t body_offset, body_len;
    bool head_only;   /* HEAD: send the length, not the bytes */
    int64_t delay_ms; /* sent that much later; the pool's thread goes on meanwhile */
    /* Set by httpd_defer(). */
    httpd_work_fn *work;
    void *work_arg;
};

/* arena lives for this request. Fill in response; always succeeds (errors are responses). */
typedef void httpd_handler_fn(
    void *arg,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response);

struct httpd_options {
    const char *address;  /* "127.0.0.1" */
    uint16_t port;        /* 0: any free one */
    unsigned threads;     /* 0: cores */
    unsigned workers;     /* how many deferred requests are worked on at once; 0: 4 */
    unsigned stop_wait_s; /* httpd_stop() waits that long for running requests; 0: 10 */
    size_t max_body;      /* larger is 413 */
    size_t spool_bytes;   /* 0: never spool */
    const char *spool_folder;
    bool want_digest;
    httpd_handler_fn *handler;
    void *arg;
};

struct httpd;

/* ERR_IO when the port is taken, with the port in the message. */
enum err_code httpd_start(const struct httpd_options *options, struct httpd **out, struct err *err)
    MUST_USE;
uint16_t httpd_port(const struct httpd *httpd);
void httpd_stop(struct httpd *httpd); /* finishes running requests; accepts NULL */
void httpd_add_header(
    struct arena *arena, struct httpd_response *response, struct str name, struct str value);
/* The rest of the request takes long: fn fills in the response on a worker, with the request's
 * arena and what it points to still there, and the pool's thread goes on with other requests. */
void httpd_defer(struct httpd_response *response, httpd_work_fn *fn, void *arg);
struct str
httpd_header_get(const struct httpd_request *request, const char *name); /* any case; STR_NULL */

#endif
