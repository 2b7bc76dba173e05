/* engine/httpd/quick.h - an HTTP/1.1 server on epoll for short calls: what `mmectl serve` answers
 * with.
 *
 * The same handlers as of httpd.h, for bodies that are in memory. A call costs one recv(2), one
 * send(2) and its share of an epoll_wait(2); one thread's buffers serve all of its connections, and
 * a connection that waits holds nothing but its own struct. Pipelined calls are answered in one
 * write. Bounded are: heads, bodies, connections, the time that a request may take to arrive, and
 * what all incomplete requests and unread answers hold together. What cannot be framed beyond doubt
 * is refused (head.h). Not here: spooling, digests, files as answers, delayed answers.
 * Threads: the handler is called from several at once.
 */
#ifndef ENGINE_HTTPD_QUICK_H
#define ENGINE_HTTPD_QUICK_H

#include "engine/httpd/httpd.h"

struct quick;

struct quick_options {
    const char *address;
    uint16_t port;        /* 0: any free one */
    unsigned threads;     /* 0: cores, at least two */
    unsigned workers;     /* for httpd_defer(); 0: 4 */
    unsigned stop_wait_s; /* quick_stop() waits that long for running requests; 0: 10 */
    size_t max_body;      /* larger is 413 */
    httpd_handler_fn *handler;
    void *arg;
    /* 0 for the defaults; tests have less patience. */
    unsigned request_ms; /* a request may take that long to arrive, and a second for each 64 KiB */
    unsigned idle_ms;
    size_t held_bytes; /* of all incomplete requests and unread answers */
    unsigned links;    /* connections */
};

/* ERR_IO when the port is taken, with the port in the message. */
enum err_code quick_start(const struct quick_options *options, struct quick **out, struct err *err)
    MUST_USE;
uint16_t quick_port(const struct quick *quick);
void quick_stop(struct quick *quick); /* finishes running requests; accepts NULL */

#endif
