#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "engine/local/proxy_tunnel.h"

#include "engine/base/arena.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/local/proxy_head.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 15 * 1024, OUT_MAX = 64 * 1024, LINGER_MS = 2000, LINGER_BYTES = 256 * 1024 };

struct tunnel *tunnel_new(int fd, const struct proxy_options *options, int64_t now_ms)
{
    struct tunnel *tunnel = xmalloc(sizeof(*tunnel));
    memset(tunnel, 0, sizeof(*tunnel));
    tunnel->options = options;
    tunnel->sides[TUNNEL_CLIENT].fd = fd;
    tunnel->sides[TUNNEL_SERVER].fd = -1;
    tunnel->deadline_ms = now_ms + options->limits.head_ms;
    buf_init(&tunnel->head, PROXY_HEAD_BYTES + CHUNK);
    buf_init(&tunnel->reply, KIB(4));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return tunnel;
}

void tunnel_shut(struct tunnel *tunnel)
{
    tunnel->state = TUNNEL_DEAD;
    fd_close(&tunnel->sides[TUNNEL_CLIENT].fd);
    fd_close(&tunnel->sides[TUNNEL_SERVER].fd);
}

void tunnel_free(struct tunnel *tunnel)
{
    tls_session_free(tunnel->tls);
    buf_done(&tunnel->head);
    buf_done(&tunnel->reply);
    xfree(tunnel);
}

static void set_deadline(struct tunnel *tunnel, int64_t at_ms)
{
    tunnel->deadline_ms = tunnel->last_ms > 0 && at_ms > tunnel->last_ms ? tunnel->last_ms : at_ms;
}

/* The other side sees a reset, as it would without a proxy in between. */
static void reset_client(struct tunnel *tunnel)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(tunnel->sides[TUNNEL_CLIENT].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    tunnel->state = TUNNEL_DEAD;
}

/* ---- sockets ---- */

enum moved { MOVED_NONE, MOVED_SOME, MOVED_END, MOVED_FAILED };

static enum moved receive(int fd, char *bytes, size_t max, size_t *ret_len)
{
    ssize_t n = recv(fd, bytes, max, 0);
    *ret_len = n > 0 ? (size_t) n : 0;
    if (n > 0)
        return MOVED_SOME;
    if (n == 0)
        return MOVED_END;
    return errno == EAGAIN || errno == EINTR ? MOVED_NONE : MOVED_FAILED;
}

/* Sends from *sent on. false: the other end is gone. */
static bool transmit(int fd, struct str bytes, size_t *sent)
{
    while (*sent < bytes.len) {
        ssize_t n = send(fd, bytes.ptr + *sent, bytes.len - *sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        *sent += (size_t) n;
    }
    return true;
}

static bool send_to_client(struct tunnel *tunnel)
{
    int fd = tunnel->sides[TUNNEL_CLIENT].fd;
    struct str reply = buf_str(&tunnel->reply);
    if (tunnel->reply_sent < reply.len) {
        if (!transmit(fd, reply, &tunnel->reply_sent))
            return false;
        if (tunnel->reply_sent < reply.len)
            return true;
    }
    if (tunnel->tls == NULL)
        return true;
    size_t sent = 0;
    bool good = transmit(fd, tls_out(tunnel->tls), &sent);
    tls_sent(tunnel->tls, sent);
    return good;
}

static size_t left_for_client(const struct tunnel *tunnel)
{
    size_t left = tunnel->reply.len - tunnel->reply_sent;
    return left + (tunnel->tls != NULL ? tls_out(tunnel->tls).len : 0);
}

/* ---- the beginning ---- */

static void refuse(struct tunnel *tunnel, int status, const char *why, int64_t now_ms)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {400, "Bad Request"},
        {403, "Forbidden"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"}};
    const char *phrase = "Refused";
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
        if (phrases[i].status == status)
            phrase = phrases[i].phrase;
    buf_fmt(
        &tunnel->reply,
        "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s"
        "Connection: close\r\n\r\n%s\n",
        status, phrase, strlen(why) + 1, status == 405 ? "Allow: CONNECT\r\n" : "", why);
    log_debug("proxy", "refused with %d: %s", status, why);
    tunnel->state = TUNNEL_LINGER;
    set_deadline(tunnel, now_ms + LINGER_MS);
}

static void begin_tls(struct tunnel *tunnel, const struct proxy_head *head, int64_t now_ms)
{
    const struct tls_leaf *leaf = NULL;
    struct err err = {0};
    if (proxy_certs_for(tunnel->options->certs, &head->host, &leaf, &err) != ERR_NONE) {
        refuse(tunnel, 503, err.message, now_ms);
        return;
    }
    tunnel->tls = tls_session_new(leaf, str_from(head->name));
    buf_add_z(&tunnel->reply, "HTTP/1.1 200 Connection established\r\n\r\n");
    /* What came along with the CONNECT. */
    tls_feed(tunnel->tls, str_from_index(buf_str(&tunnel->head), head->len));
    buf_clear(&tunnel->head);
    tunnel->state = TUNNEL_HANDSHAKE;
    set_deadline(tunnel, now_ms + tunnel->options->limits.handshake_ms);
}

static void step_head(struct tunnel *tunnel, int64_t now_ms)
{
    char bytes[4096];
    size_t len = 0;
    struct proxy_head head;
    enum moved moved = receive(tunnel->sides[TUNNEL_CLIENT].fd, bytes, sizeof(bytes), &len);
    if (moved == MOVED_END || moved == MOVED_FAILED)
        tunnel->state = TUNNEL_DEAD;
    if (moved != MOVED_SOME)
        return;
    buf_add_mem(&tunnel->head, bytes, len);
    proxy_head_read(buf_str(&tunnel->head), PROXY_HEAD_BYTES, &head);
    if (head.len == 0)
        return;
    if (head.status != 200)
        refuse(tunnel, head.status, head.why, now_ms);
    else if (tunnel->full)
        refuse(tunnel, 503, "too many connections to the proxy at once", now_ms);
    else
        begin_tls(tunnel, &head, now_ms);
}

static void connect_server(struct tunnel *tunnel, int64_t now_ms)
{
    set_deadline(tunnel, now_ms + tunnel->options->limits.idle_ms);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(tunnel->options->target),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    tunnel->sides[TUNNEL_SERVER].fd = fd;
    tunnel->state = TUNNEL_OPEN;
    if (fd >= 0 && (connect(fd, (const struct sockaddr *) &address, sizeof(address)) == 0 ||
                    errno == EINPROGRESS)) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        tunnel->connecting = true;
        return;
    }
    log_write(LOG_LEVEL_WARN, "proxy", "reaching the stand-in: error %d", errno);
    tunnel->state = TUNNEL_DEAD;
}

static void step_handshake(struct tunnel *tunnel, int64_t now_ms)
{
    char bytes[CHUNK];
    size_t len = 0;
    enum tls_state state = tls_shake(tunnel->tls);
    if (state == TLS_WANTS) {
        enum moved moved = receive(tunnel->sides[TUNNEL_CLIENT].fd, bytes, sizeof(bytes), &len);
        if (moved == MOVED_END || moved == MOVED_FAILED) {
            tunnel->state = TUNNEL_DEAD;
            return;
        }
        tls_feed(tunnel->tls, str_of(bytes, len));
        state = tls_shake(tunnel->tls);
    }
    if (state == TLS_OK) {
        connect_server(tunnel, now_ms);
    } else if (state != TLS_WANTS) {
        log_debug("proxy", "handshake: %s", tls_why(tunnel->tls));
        tunnel->state = TUNNEL_LINGER; /* with an alert to be sent */
        set_deadline(tunnel, now_ms + LINGER_MS);
    }
}

/* ---- both ways ---- */

static bool send_to_server(struct tunnel *tunnel)
{
    int fd = tunnel->sides[TUNNEL_SERVER].fd;
    if (fd < 0)
        return true; /* it has said all, and reads no more */
    if (tunnel->connecting) {
        int failed = 0;
        socklen_t size = sizeof(failed);
        struct sockaddr_in peer;
        socklen_t peer_size = sizeof(peer);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0)
            return false;
        if (getpeername(fd, (struct sockaddr *) &peer, &peer_size) != 0)
            return errno == ENOTCONN;
        tunnel->connecting = false;
    }
    if (!transmit(fd, buf_str(&tunnel->head), &tunnel->head_sent))
        return false;
    if (tunnel->head_sent == tunnel->head.len) {
        buf_clear(&tunnel->head);
        tunnel->head_sent = 0;
        if (tunnel->sides[TUNNEL_CLIENT].ended && !tunnel->told_server) {
            tunnel->told_server = true;
            shutdown(fd, SHUT_WR);
        }
    }
    return true;
}

/* What TLS has, as far as the server takes it. false: the tunnel cannot go on. */
static bool decrypt(struct tunnel *tunnel)
{
    while (tunnel->head.len == 0 && !tunnel->sides[TUNNEL_CLIENT].ended) {
        size_t len = 0;
        char *room = buf_reserve(&tunnel->head, CHUNK);
        enum tls_state state = tls_read(tunnel->tls, room, CHUNK, &len);
        if (state == TLS_WANTS)
            return true;
        if (state == TLS_FAILED) {
            log_debug("proxy", "TLS: %s", tls_why(tunnel->tls));
            return false;
        }
        tunnel->sides[TUNNEL_CLIENT].ended = state == TLS_ENDED;
        tunnel->head.len += len;
        if (!send_to_server(tunnel))
            return false;
    }
    return true;
}

static bool from_client(struct tunnel *tunnel, bool *busy)
{
    char bytes[CHUNK];
    size_t len = 0;
    struct tunnel_side *client = &tunnel->sides[TUNNEL_CLIENT];
    if (!send_to_server(tunnel) || !decrypt(tunnel))
        return false;
    if (tunnel->head.len > 0 || client->ended || tunnel->sides[TUNNEL_SERVER].ended)
        return true;
    enum moved moved = receive(client->fd, bytes, sizeof(bytes), &len);
    if (moved == MOVED_FAILED)
        return false;
    *busy |= moved == MOVED_SOME;
    client->ended |= moved == MOVED_END;
    if (client->ended)
        return send_to_server(tunnel);
    tls_feed(tunnel->tls, str_of(bytes, len));
    return decrypt(tunnel);
}

static bool from_server(struct tunnel *tunnel, bool *busy)
{
    char bytes[CHUNK];
    size_t len = 0;
    struct tunnel_side *server = &tunnel->sides[TUNNEL_SERVER];
    if (!send_to_client(tunnel))
        return false;
    if (server->ended || tunnel->connecting || left_for_client(tunnel) >= OUT_MAX)
        return true;
    enum moved moved = receive(server->fd, bytes, sizeof(bytes), &len);
    *busy |= moved == MOVED_SOME;
    server->ended = moved == MOVED_END;
    if (moved == MOVED_FAILED) {
        reset_client(tunnel);
        return true;
    }
    if (server->ended) {
        tls_end(tunnel->tls);
        fd_close(&server->fd);
    } else if (tls_write(tunnel->tls, str_of(bytes, len)) != TLS_OK)
        return false;
    return send_to_client(tunnel);
}

static void step_open(struct tunnel *tunnel, int64_t now_ms)
{
    bool busy = false;
    if (!from_client(tunnel, &busy) || !from_server(tunnel, &busy)) {
        tunnel->state = TUNNEL_DEAD;
        return;
    }
    if (busy)
        set_deadline(tunnel, now_ms + tunnel->options->limits.idle_ms);
    if (!tunnel->sides[TUNNEL_SERVER].ended || tunnel->state != TUNNEL_OPEN ||
        left_for_client(tunnel) > 0)
        return;
    /* All was said. The client's last words are read, or its socket would be reset. */
    tunnel->state = TUNNEL_LINGER;
    set_deadline(tunnel, now_ms + LINGER_MS);
}

static void step_linger(struct tunnel *tunnel)
{
    char bytes[CHUNK];
    size_t len = 0;
    struct tunnel_side *client = &tunnel->sides[TUNNEL_CLIENT];
    if (!send_to_client(tunnel)) {
        tunnel->state = TUNNEL_DEAD;
        return;
    }
    if (left_for_client(tunnel) == 0 && !tunnel->told_client) {
        tunnel->told_client = true;
        shutdown(client->fd, SHUT_WR);
    }
    enum moved moved = receive(client->fd, bytes, sizeof(bytes), &len);
    tunnel->dropped += len;
    if (moved == MOVED_END || moved == MOVED_FAILED || tunnel->dropped > LINGER_BYTES)
        tunnel->state = TUNNEL_DEAD;
}

static void set_wants(struct tunnel *tunnel)
{
    struct tunnel_side *client = &tunnel->sides[TUNNEL_CLIENT];
    struct tunnel_side *server = &tunnel->sides[TUNNEL_SERVER];
    bool open = tunnel->state == TUNNEL_OPEN;
    size_t left = left_for_client(tunnel);
    bool reads = !open || (tunnel->head.len == 0 && !client->ended && !server->ended);
    client->wants = (reads ? TUNNEL_IN : 0U) | (left > 0 ? TUNNEL_OUT : 0U);
    server->wants = 0;
    if (open && (tunnel->head.len > 0 || tunnel->connecting))
        server->wants |= TUNNEL_OUT;
    if (open && !tunnel->connecting && !server->ended && left < OUT_MAX)
        server->wants |= TUNNEL_IN;
}

void tunnel_step(struct tunnel *tunnel, int64_t now_ms)
{
    enum tunnel_state before;
    do {
        before = tunnel->state;
        if (tunnel->state == TUNNEL_HEAD)
            step_head(tunnel, now_ms);
        else if (tunnel->state == TUNNEL_HANDSHAKE)
            step_handshake(tunnel, now_ms);
        else if (tunnel->state == TUNNEL_OPEN)
            step_open(tunnel, now_ms);
        else if (tunnel->state == TUNNEL_LINGER)
            step_linger(tunnel);
    } while (tunnel->state != before && tunnel->state != TUNNEL_DEAD);
    if (tunnel->state == TUNNEL_HANDSHAKE && !send_to_client(tunnel))
        tunnel->state = TUNNEL_DEAD;
    if (tunnel->state != TUNNEL_DEAD)
        set_wants(tunnel);
}

bool tunnel_is_idle(const struct tunnel *tunnel)
{
    return tunnel->state != TUNNEL_OPEN && left_for_client(tunnel) == 0;
}

void tunnel_late(struct tunnel *tunnel, int64_t now_ms)
{
    if (tunnel->state != TUNNEL_HEAD || tunnel->head.len == 0) {
        tunnel->state = TUNNEL_DEAD;
        return;
    }
    refuse(tunnel, 408, "the CONNECT did not come to its end in time", now_ms);
    tunnel_step(tunnel, now_ms);
}
