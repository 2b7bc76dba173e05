#define _GNU_SOURCE /* accept4, EPOLL_CLOEXEC, pipe2 */
#include "engine/local/proxy.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/httpd/listen.h"
#include "engine/local/proxy_tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, FULL_SPARE = 64, GRACE_MS = 1000, DEFAULT_SHORT_MS = 10000 };
enum { DEFAULT_IDLE_MS = 330000 };

enum stage { RUNS, QUIET, ENDS };

struct proxy {
    struct proxy_options options;
    uint16_t port;
    int listen_fd, epoll_fd;
    int wake[2];
    pthread_t thread;
    _Atomic int stage;      /* enum stage */
    struct tunnel *tunnels; /* those that live */
    size_t count;
    int64_t look_ms; /* when the next deadline may have passed */
    bool paused;     /* no descriptors are left: nobody is accepted before one is free */
};

static int64_t now_of(void)
{
    return clock_mono_ms(clock_system());
}

/* ---- the set of descriptors ---- */

static void watch(struct proxy *proxy, int fd, void *what, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(proxy->epoll_fd, how, fd, &event) != 0)
        log_write(LOG_LEVEL_WARN, "proxy", "a descriptor cannot be watched: error %d", errno);
}

static uint32_t events_of(unsigned wants)
{
    return ((wants & TUNNEL_IN) != 0 ? (uint32_t) EPOLLIN : 0U) |
           ((wants & TUNNEL_OUT) != 0 ? (uint32_t) EPOLLOUT : 0U);
}

/* One that nothing is wanted of is not in the set: it would report that its peer is gone, again
 * and again. */
static void watch_both(struct proxy *proxy, struct tunnel *tunnel)
{
    for (size_t i = 0; i < 2; i++) {
        struct tunnel_side *side = &tunnel->sides[i];
        if (side->fd < 0 || side->wants == side->asked)
            continue;
        int how = side->asked == 0   ? EPOLL_CTL_ADD
                  : side->wants == 0 ? EPOLL_CTL_DEL
                                     : EPOLL_CTL_MOD;
        watch(proxy, side->fd, tunnel, events_of(side->wants), how);
        side->asked = side->wants;
    }
}

/* ---- tunnels ---- */

static void take_out(struct proxy *proxy, struct tunnel *tunnel)
{
    if (tunnel->previous != NULL)
        tunnel->previous->next = tunnel->next;
    else
        proxy->tunnels = tunnel->next;
    if (tunnel->next != NULL)
        tunnel->next->previous = tunnel->previous;
    proxy->count--;
}

/* Freed at the end of the round: another event of this round may be its, too. */
static void bury(struct proxy *proxy, struct tunnel *tunnel, struct tunnel **graves)
{
    take_out(proxy, tunnel);
    tunnel_shut(tunnel);
    tunnel->previous = NULL;
    tunnel->next = *graves;
    *graves = tunnel;
    if (proxy->paused && proxy->listen_fd >= 0) {
        proxy->paused = false;
        watch(proxy, proxy->listen_fd, &proxy->listen_fd, EPOLLIN, EPOLL_CTL_MOD);
    }
}

static void step(struct proxy *proxy, struct tunnel *tunnel, struct tunnel **graves)
{
    if (tunnel->state == TUNNEL_DEAD)
        return;
    tunnel_step(tunnel, now_of());
    bool over = atomic_load(&proxy->stage) == ENDS && tunnel_is_idle(tunnel);
    if (tunnel->state == TUNNEL_DEAD || over) {
        bury(proxy, tunnel, graves);
        return;
    }
    if (tunnel->deadline_ms < proxy->look_ms)
        proxy->look_ms = tunnel->deadline_ms;
    watch_both(proxy, tunnel);
}

static void accept_one(struct proxy *proxy, int fd, struct tunnel **graves)
{
    const struct proxy_limits *limits = &proxy->options.limits;
    struct tunnel *tunnel = tunnel_new(fd, &proxy->options, now_of());
    tunnel->full = proxy->count >= limits->tunnels;
    tunnel->next = proxy->tunnels;
    if (proxy->tunnels != NULL)
        proxy->tunnels->previous = tunnel;
    proxy->tunnels = tunnel;
    proxy->count++;
    if (proxy->count > limits->tunnels + FULL_SPARE)
        bury(proxy, tunnel, graves);
    else
        step(proxy, tunnel, graves);
}

static void accept_all(struct proxy *proxy, struct tunnel **graves)
{
    for (;;) {
        int fd = accept4(proxy->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_one(proxy, fd, graves);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN) {
            log_write(LOG_LEVEL_WARN, "proxy", "accepting a connection: error %d", errno);
            proxy->paused = true;
            watch(proxy, proxy->listen_fd, &proxy->listen_fd, 0, EPOLL_CTL_MOD);
        }
        return;
    }
}

/* ---- the thread ---- */

static void end_late_ones(struct proxy *proxy, struct tunnel **graves)
{
    int64_t now_ms = now_of();
    if (now_ms < proxy->look_ms)
        return;
    proxy->look_ms = INT64_MAX;
    for (struct tunnel *tunnel = proxy->tunnels, *next; tunnel != NULL; tunnel = next) {
        next = tunnel->next;
        if (tunnel->deadline_ms <= now_ms)
            tunnel_late(tunnel, now_ms);
        if (tunnel->state == TUNNEL_DEAD) {
            bury(proxy, tunnel, graves);
            continue;
        }
        if (tunnel->deadline_ms < proxy->look_ms)
            proxy->look_ms = tunnel->deadline_ms;
        watch_both(proxy, tunnel);
    }
}

static void change_stage(struct proxy *proxy, struct tunnel **graves)
{
    char bytes[16];
    ssize_t n = read(proxy->wake[0], bytes, sizeof(bytes));
    (void) n;
    fd_close(&proxy->listen_fd);
    if (atomic_load(&proxy->stage) != ENDS)
        return;
    int64_t now_ms = now_of();
    for (struct tunnel *tunnel = proxy->tunnels, *next; tunnel != NULL; tunnel = next) {
        next = tunnel->next;
        if (tunnel->state != TUNNEL_OPEN && tunnel_is_idle(tunnel))
            bury(proxy, tunnel, graves);
        else
            tunnel->deadline_ms = tunnel->last_ms = now_ms + GRACE_MS;
    }
    proxy->look_ms = now_ms + GRACE_MS;
}

static int wait_ms(const struct proxy *proxy)
{
    if (proxy->look_ms == INT64_MAX)
        return -1;
    int64_t left = proxy->look_ms - now_of();
    return left <= 0 ? 0 : left > 60000 ? 60000 : (int) left;
}

static void *run(void *arg)
{
    struct proxy *proxy = arg;
    while (atomic_load(&proxy->stage) != ENDS || proxy->count > 0) {
        struct epoll_event events[EVENTS];
        struct tunnel *graves = NULL;
        int n = epoll_wait(proxy->epoll_fd, events, EVENTS, wait_ms(proxy));
        for (int i = 0; i < n; i++) {
            void *what = events[i].data.ptr;
            if (what == &proxy->wake)
                change_stage(proxy, &graves);
            else if (what == &proxy->listen_fd) {
                if (proxy->listen_fd >= 0)
                    accept_all(proxy, &graves);
            } else
                step(proxy, what, &graves);
        }
        end_late_ones(proxy, &graves);
        while (graves != NULL) {
            struct tunnel *next = graves->next;
            tunnel_free(graves);
            graves = next;
        }
    }
    return NULL;
}

static void set_defaults(struct proxy_limits *limits)
{
    limits->head_ms = limits->head_ms > 0 ? limits->head_ms : DEFAULT_SHORT_MS;
    limits->handshake_ms = limits->handshake_ms > 0 ? limits->handshake_ms : DEFAULT_SHORT_MS;
    limits->idle_ms = limits->idle_ms > 0 ? limits->idle_ms : DEFAULT_IDLE_MS;
    limits->tunnels = limits->tunnels > 0 ? limits->tunnels : PROXY_TUNNELS;
}

static void shut(struct proxy *proxy)
{
    fd_close(&proxy->listen_fd);
    fd_close(&proxy->epoll_fd);
    fd_close(&proxy->wake[0]);
    fd_close(&proxy->wake[1]);
    xfree(proxy);
}

enum err_code proxy_start(const struct proxy_options *options, struct proxy **out, struct err *err)
{
    struct proxy *proxy = xmalloc(sizeof(*proxy));
    *proxy = (struct proxy){
        .options = *options,
        .listen_fd = -1,
        .epoll_fd = -1,
        .wake = {-1, -1},
        .look_ms = INT64_MAX};
    set_defaults(&proxy->options.limits);
    enum err_code code =
        listen_open("127.0.0.1", options->port, &proxy->listen_fd, &proxy->port, err);
    if (code == ERR_NONE) {
        proxy->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (proxy->epoll_fd < 0 || pipe2(proxy->wake, O_CLOEXEC | O_NONBLOCK) != 0)
            code = err_errno(err, errno, "starting the HTTPS proxy");
    }
    if (code == ERR_NONE) {
        watch(proxy, proxy->listen_fd, &proxy->listen_fd, EPOLLIN, EPOLL_CTL_ADD);
        watch(proxy, proxy->wake[0], &proxy->wake, EPOLLIN, EPOLL_CTL_ADD);
        int failed = pthread_create(&proxy->thread, NULL, run, proxy);
        if (failed != 0)
            code = err_errno(err, failed, "starting the HTTPS proxy");
    }
    if (code != ERR_NONE) {
        shut(proxy);
        return code;
    }
    *out = proxy;
    return ERR_NONE;
}

uint16_t proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

static void set_stage(struct proxy *proxy, enum stage stage)
{
    atomic_store(&proxy->stage, stage);
    ssize_t n = write(proxy->wake[1], "x", 1);
    (void) n; /* a full pipe wakes it as well */
}

void proxy_quiesce(struct proxy *proxy)
{
    set_stage(proxy, QUIET);
}

void proxy_stop(struct proxy *proxy)
{
    if (proxy == NULL)
        return;
    set_stage(proxy, ENDS);
    pthread_join(proxy->thread, NULL);
    shut(proxy);
}
