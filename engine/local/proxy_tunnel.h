/* engine/local/proxy_tunnel.h - one connection of the proxy: from CONNECT through TLS to the
 * stand-in's port. For proxy.c, whose thread owns them all.
 *
 * Every step does what can be done without waiting, at most one read of each socket, and says what
 * it waits for. Bytes that cannot be passed on stay in a bounded buffer, and their source is not
 * read meanwhile.
 */
#ifndef ENGINE_LOCAL_PROXY_TUNNEL_H
#define ENGINE_LOCAL_PROXY_TUNNEL_H

#include "engine/base/buf.h"
#include "engine/local/proxy.h"

enum tunnel_state {
    TUNNEL_HEAD,      /* reads the CONNECT */
    TUNNEL_HANDSHAKE, /* TLS begins */
    TUNNEL_OPEN,      /* bytes go both ways */
    TUNNEL_LINGER,    /* was refused: the answer goes out, what still comes in is dropped */
    TUNNEL_DEAD
};

enum { TUNNEL_IN = 1, TUNNEL_OUT = 2 };
enum tunnel_end { TUNNEL_CLIENT, TUNNEL_SERVER };

struct tunnel_side {
    int fd;
    bool ended;            /* it sends no more */
    unsigned wants, asked; /* TUNNEL_IN, TUNNEL_OUT: now, and what epoll knows */
};

struct tunnel {
    struct tunnel *next, *previous;
    const struct proxy_options *options;
    enum tunnel_state state;
    bool full; /* one too many: refused once it has said what it wants */
    struct tunnel_side sides[2];
    struct tls_session *tls;
    struct buf head;  /* what came before TLS; then plain bytes for the server */
    struct buf reply; /* to the client, before TLS */
    size_t head_sent, reply_sent, dropped;
    bool connecting, told_server, told_client;
    int64_t deadline_ms;
    int64_t last_ms; /* set: the deadline is not moved beyond it */
};

/* Takes over the descriptor. */
struct tunnel *tunnel_new(int fd, const struct proxy_options *options, int64_t now_ms);
void tunnel_step(struct tunnel *tunnel, int64_t now_ms);
/* Nothing that has begun is lost when it is closed now. */
bool tunnel_is_idle(const struct tunnel *tunnel);
void tunnel_late(struct tunnel *tunnel, int64_t now_ms); /* its deadline has passed */
void tunnel_shut(struct tunnel *tunnel);                 /* closes; it is dead */
void tunnel_free(struct tunnel *tunnel);

#endif
