/* engine/httpd/quick_link.h - one connection of quick.h, and the thread that it belongs to.
 *
 * Private to engine/httpd. Ownership: a loop owns its links; a link that a worker is busy for also
 * owns the buffer and the arena of its request, which the loop has replaced. Threads: everything
 * here runs on the loop's own, but link_done().
 */
#ifndef ENGINE_HTTPD_QUICK_LINK_H
#define ENGINE_HTTPD_QUICK_LINK_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/httpd/chunks.h"
#include "engine/httpd/head.h"
#include "engine/httpd/quick.h"

#include <pthread.h>
#include <stdatomic.h>

/* Bytes that have come: [at, len) are not used yet. Borrowed: the memory is the loop's. */
struct input {
    char *ptr;
    size_t at, len, cap;
    bool borrowed;
};

enum link_phase {
    LINK_OPEN,
    LINK_BUSY,  /* a worker makes the answer */
    LINK_ENDING /* the last answer is on its way; what still comes is thrown away */
};

struct link {
    struct link *next, *prev; /* of the loop */
    struct link *next_in_box;
    struct loop *loop;
    int fd;
    enum link_phase phase;
    bool hung_up;   /* the other side sends no more */
    bool broken;    /* nothing can be sent or received */
    bool more;      /* there may be more to read, and it is the others' turn */
    bool closes;    /* after the answer under way */
    bool is_head;   /* of the answer under way: without its body */
    bool continued; /* 100 has been sent */
    bool chunked;   /* the body is arriving */
    struct input in;
    size_t head_bytes, need; /* of the request that is arriving */
    struct chunks chunks;
    struct buf body; /* of a chunked request */
    struct buf out;  /* what the other side has not taken yet */
    size_t sent;
    int64_t since_ms; /* of the request's first byte, the last answer or the last progress */
    size_t held;      /* as counted in the server's */
    struct arena *arena;
    struct httpd_request request;
    struct httpd_response late; /* a worker's */
};

struct loop {
    const struct quick_options *options;
    atomic_bool *stopping;
    atomic_size_t *held;
    struct workers *workers;
    pthread_t thread;
    int queue, wake;
    bool listening;
    struct link *links;
    atomic_uint n_links; /* those in its box included */
    pthread_mutex_t lock;
    struct link *box; /* new ones, and those whose worker is done; under the lock */
    char *buffer;     /* LOOP_BUFFER bytes; of one link at a time */
    struct buf out;   /* of the link that is served */
    struct arena *arena;
    struct httpd_header headers[HEAD_MAX_HEADERS];
    int64_t now_ms, swept_ms;
    int64_t date_s;
    char date[40];
    bool again; /* some link has more to read */
    struct quick *quick;
};

enum { LOOP_BUFFER = 64 * 1024 };

/* Reads, answers and writes what can be done without waiting. The link may be gone afterwards. */
void link_go_on(struct link *link);
/* The worker's answer, and then as link_go_on(). */
void link_finish(struct link *link);
/* Of a link that has had its time. */
void link_expire(struct link *link);
void link_close(struct link *link);
/* Puts it into its loop's box, from any thread. */
void link_post(struct link *link);

#endif
