#define _GNU_SOURCE /* accept4 */
#include "engine/httpd/quick.h"

#include "engine/base/clock.h"
#include "engine/httpd/listen.h"
#include "engine/httpd/quick_link.h"
#include "engine/httpd/workers.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WORKERS = 4,
    STOP_WAIT_S = 10,
    LINKS = 8192,
    REQUEST_MS = 60 * 1000, /* SageMaker's own limit for an answer */
    IDLE_MS = 300 * 1000,
    ENDING_MS = 2000,
    SWEEP_MS = 1000,
    STOP_MS = 20, /* how often is looked whether the last one has ended */
    EVENTS = 64,
    ACCEPTS = 64,
};

/* Of incomplete requests and unread answers, when nothing else is said: sixteen of the largest, and
 * not less than that. */
#define HELD_BYTES MIB(64)

struct quick {
    struct quick_options options;
    uint16_t port;
    int listener;
    atomic_bool stopping;
    atomic_size_t held;
    int64_t stop_at_ms; /* set before `stopping` */
    struct workers *workers;
    struct loop *loops;
    unsigned n_loops;
};

/* ---- connections come ---- */

static void listen_on(struct loop *loop, bool on)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.ptr = &loop->quick->listener}};
    if (loop->listening != on &&
        epoll_ctl(loop->queue, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop->quick->listener, &event) ==
            0)
        loop->listening = on;
}

/* The one with the fewest connections; this one when others have as few. */
static struct loop *choose_loop(struct loop *own)
{
    struct quick *quick = own->quick;
    struct loop *chosen = own;
    for (unsigned i = 0; i < quick->n_loops; i++)
        if (atomic_load(&quick->loops[i].n_links) < atomic_load(&chosen->n_links))
            chosen = &quick->loops[i];
    return chosen;
}

static unsigned count_links(const struct quick *quick)
{
    unsigned n = 0;
    for (unsigned i = 0; i < quick->n_loops; i++)
        n += atomic_load(&quick->loops[i].n_links);
    return n;
}

static void link_begin(struct loop *loop, struct link *link)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = link}};
    link->since_ms = loop->now_ms;
    link->next = loop->links;
    if (loop->links != NULL)
        loop->links->prev = link;
    loop->links = link;
    if (epoll_ctl(loop->queue, EPOLL_CTL_ADD, link->fd, &event) != 0)
        link_close(link);
}

static void accept_some(struct loop *loop)
{
    struct quick *quick = loop->quick;
    for (int i = 0; i < ACCEPTS; i++) {
        int on = 1, fd = accept4(quick->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
            listen_on(loop, false); /* until the next sweep */
        if (fd < 0)
            return;
        if (count_links(quick) >= quick->options.links) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct loop *chosen = choose_loop(loop);
        struct link *link = xmalloc(sizeof(*link));
        memset(link, 0, sizeof(*link));
        link->loop = chosen;
        link->fd = fd;
        link->request.body_fd = link->late.body_fd = -1;
        buf_init(&link->out, loop->out.max);
        atomic_fetch_add(&chosen->n_links, 1);
        if (chosen == loop)
            link_begin(loop, link);
        else
            link_post(link);
    }
}

/* ---- a thread ---- */

static void take_box(struct loop *loop)
{
    uint64_t count;
    ssize_t n = read(loop->wake, &count, sizeof(count));
    (void) n;
    pthread_mutex_lock(&loop->lock);
    struct link *link = loop->box;
    loop->box = NULL;
    pthread_mutex_unlock(&loop->lock);
    while (link != NULL) {
        struct link *next = link->next_in_box;
        if (link->phase == LINK_BUSY)
            link_finish(link);
        else
            link_begin(loop, link);
        link = next;
    }
}

static int64_t patience_ms(const struct loop *loop, const struct link *link)
{
    if (link->phase == LINK_ENDING)
        return link->sent < link->out.len ? loop->options->request_ms : ENDING_MS;
    if (link->in.len > 0 || link->sent < link->out.len)
        return loop->options->request_ms +
               (int64_t) ((link->in.len + link->body.len) / KIB(64)) * 1000;
    return loop->options->idle_ms;
}

static void sweep(struct loop *loop)
{
    loop->swept_ms = loop->now_ms;
    for (struct link *link = loop->links, *next; link != NULL; link = next) {
        next = link->next;
        if (link->phase != LINK_BUSY && loop->now_ms - link->since_ms > patience_ms(loop, link))
            link_expire(link);
    }
    if (!atomic_load(loop->stopping))
        listen_on(loop, true);
}

static void go_on_again(struct loop *loop)
{
    loop->again = false;
    for (struct link *link = loop->links, *next; link != NULL; link = next) {
        next = link->next;
        if (link->more)
            link_go_on(link);
    }
}

/* What has come is answered; who has asked for nothing is let go. True when nobody is left. */
static bool finish(struct loop *loop)
{
    listen_on(loop, false);
    for (struct link *link = loop->links, *next; link != NULL; link = next) {
        next = link->next;
        link_go_on(link);
    }
    for (struct link *link = loop->links, *next; link != NULL; link = next) {
        next = link->next;
        if (link->phase != LINK_BUSY && link->in.len == 0 && link->sent == link->out.len &&
            !link->more)
            link_close(link);
    }
    return loop->links == NULL || loop->now_ms >= loop->quick->stop_at_ms;
}

static int64_t now_ms(void)
{
    return clock_tick_us() / 1000;
}

static void *loop_run(void *arg)
{
    struct loop *loop = arg;
    for (bool ended = false; !ended;) {
        struct epoll_event events[EVENTS];
        bool woken = false, accepts = false, stopping = atomic_load(loop->stopping);
        int wait_ms = loop->again                        ? 0
                      : stopping                         ? STOP_MS
                      : atomic_load(&loop->n_links) == 0 ? -1
                                                         : SWEEP_MS;
        if (wait_ms < 0 && !loop->listening)
            wait_ms = SWEEP_MS;
        int n = epoll_wait(loop->queue, events, EVENTS, wait_ms);
        loop->now_ms = now_ms();
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == loop) {
                woken = true;
            } else if (events[i].data.ptr == &loop->quick->listener) {
                accepts = true;
            } else {
                struct link *link = events[i].data.ptr;
                link->hung_up |= (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
                link_go_on(link);
            }
        }
        if (loop->again)
            go_on_again(loop);
        if (woken)
            take_box(loop);
        if (accepts)
            accept_some(loop);
        if (loop->now_ms - loop->swept_ms >= SWEEP_MS)
            sweep(loop);
        ended = stopping && finish(loop);
    }
    return NULL;
}

/* ---- start and end ---- */

static bool loop_open(struct quick *quick, struct loop *loop)
{
    *loop = (struct loop){
        .options = &quick->options,
        .stopping = &quick->stopping,
        .held = &quick->held,
        .workers = quick->workers,
        .quick = quick,
        .queue = epoll_create1(EPOLL_CLOEXEC),
        .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
        .buffer = xmalloc(LOOP_BUFFER),
        .arena = arena_new("request", 0),
        .now_ms = now_ms()};
    buf_init(&loop->out, MIB(256));
    if (pthread_mutex_init(&loop->lock, NULL) != 0)
        abort();
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = loop}};
    if (loop->queue < 0 || loop->wake < 0 ||
        epoll_ctl(loop->queue, EPOLL_CTL_ADD, loop->wake, &event) != 0)
        return false;
    listen_on(loop, true);
    return loop->listening;
}

static void loop_close(struct loop *loop)
{
    while (loop->box !=
           NULL) { /* new ones, which are in no list; and those of workers, which are */
        struct link *link = loop->box;
        loop->box = link->next_in_box;
        if (link->phase == LINK_BUSY)
            continue;
        close(link->fd);
        xfree(link);
    }
    while (loop->links != NULL)
        link_close(loop->links);
    if (loop->queue >= 0)
        close(loop->queue);
    if (loop->wake >= 0)
        close(loop->wake);
    xfree(loop->buffer);
    buf_done(&loop->out);
    arena_free(loop->arena);
    pthread_mutex_destroy(&loop->lock);
}

static void quick_free(struct quick *quick, unsigned running)
{
    atomic_store(&quick->stopping, true);
    for (unsigned i = 0; i < running; i++) {
        uint64_t one = 1;
        ssize_t n = write(quick->loops[i].wake, &one, sizeof(one));
        (void) n;
    }
    for (unsigned i = 0; i < running; i++)
        pthread_join(quick->loops[i].thread, NULL);
    workers_free(quick->workers);
    for (unsigned i = 0; i < quick->n_loops; i++)
        loop_close(&quick->loops[i]);
    close(quick->listener);
    xfree(quick->loops);
    xfree(quick);
}

static void set_defaults(struct quick_options *options)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (options->threads == 0)
        options->threads = cores > 2 ? (unsigned) cores : 2;
    if (options->request_ms == 0)
        options->request_ms = REQUEST_MS;
    if (options->idle_ms == 0)
        options->idle_ms = IDLE_MS;
    if (options->links == 0)
        options->links = LINKS;
    if (options->held_bytes == 0)
        options->held_bytes =
            16 * options->max_body < HELD_BYTES ? HELD_BYTES : 16 * options->max_body;
}

enum err_code quick_start(const struct quick_options *options, struct quick **out, struct err *err)
{
    assert(options->handler != NULL && options->max_body > 0);
    int fd = -1;
    uint16_t port = 0;
    enum err_code code = listen_open(options->address, options->port, &fd, &port, err);
    if (code != ERR_NONE)
        return code;
    struct quick *quick = xmalloc(sizeof(*quick));
    *quick = (struct quick){
        .options = *options,
        .port = port,
        .listener = fd,
        .workers = workers_new(options->workers > 0 ? options->workers : WORKERS)};
    set_defaults(&quick->options);
    quick->loops = xmalloc(quick->options.threads * sizeof(*quick->loops));
    unsigned running = 0;
    bool good = true;
    int saved = 0;
    for (; good && quick->n_loops < quick->options.threads; quick->n_loops++)
        good = loop_open(quick, &quick->loops[quick->n_loops]);
    for (; good && running < quick->n_loops; running += good) {
        struct loop *loop = &quick->loops[running];
        saved = pthread_create(&loop->thread, NULL, loop_run, loop);
        good = saved == 0;
    }
    if (!good) {
        saved = saved != 0 ? saved : errno;
        quick_free(quick, running);
        return err_errno(err, saved, "starting the HTTP server on port %u", port);
    }
    *out = quick;
    return ERR_NONE;
}

uint16_t quick_port(const struct quick *quick)
{
    return quick->port;
}

void quick_stop(struct quick *quick)
{
    if (quick == NULL)
        return;
    unsigned wait_s = quick->options.stop_wait_s > 0 ? quick->options.stop_wait_s : STOP_WAIT_S;
    quick->stop_at_ms = now_ms() + (int64_t) wait_s * 1000;
    quick_free(quick, quick->n_loops);
}
