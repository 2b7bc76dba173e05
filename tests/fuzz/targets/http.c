/* Bytes on a connection, as `mmectl serve` reads them: the requests that are seen, and every byte
 * that is answered, do not depend on how the bytes were cut on their way. And the first words to
 * the stand-in's proxy. */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include "tests/fuzz/fuzz.h"

#include "engine/base/digest.h"
#include "engine/httpd/quick_link.h"
#include "engine/local/proxy_head.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_BODY = 2000, PROXY_MAX = 1000 };

/* Says all that it saw. */
static void answer(
    void *arg,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    AUTO(buf_done) struct buf seen = BUF_INIT(MIB(1));
    (void) arg;
    FUZZ_HOLDS(request->body_len == request->body.len && request->body.len <= MAX_BODY);
    buf_add(&seen, request->method);
    buf_add_char(&seen, ' ');
    buf_add(&seen, request->target);
    buf_add_char(&seen, '@');
    buf_add(&seen, request->host);
    for (size_t i = 0; i < request->n_headers; i++) {
        buf_add_char(&seen, '|');
        buf_add(&seen, request->headers[i].name);
        buf_add_char(&seen, '=');
        buf_add(&seen, request->headers[i].value);
    }
    buf_add_char(&seen, '#');
    buf_add(&seen, request->body);
    response->status = 200;
    httpd_add_header(arena, response, STR("X-Seen"), sha256_hex(arena, buf_str(&seen)));
    response->body = str_fmt(arena, "%zu", seen.len);
}

struct server {
    struct quick_options options;
    atomic_bool stopping;
    atomic_size_t held;
    struct loop loop;
};

static struct link *connect_to(struct server *server, int fd)
{
    struct loop *loop = &server->loop;
    memset(server, 0, sizeof(*server));
    server->options = (struct quick_options){
        .max_body = MAX_BODY, .handler = answer, .held_bytes = MIB(1), .idle_ms = 1000};
    loop->options = &server->options;
    loop->stopping = &server->stopping;
    loop->held = &server->held;
    loop->buffer = xmalloc(LOOP_BUFFER);
    loop->arena = arena_new("request", 0);
    buf_init(&loop->out, MIB(16));
    struct link *link = xmalloc(sizeof(*link));
    *link = (struct link){.loop = loop, .fd = fd};
    buf_init(&link->out, MIB(16));
    atomic_fetch_add(&loop->n_links, 1);
    loop->links = link;
    return link;
}

static void collect(int fd, struct buf *into)
{
    char piece[4096];
    ssize_t n;
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
        buf_add_mem(into, piece, (size_t) n);
}

/* Without what depends on the time of day and, by its purpose, on how the bytes came. */
static struct str settled(struct arena *arena, struct str text)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(16));
    struct str go_on = STR("HTTP/1.1 100 Continue\r\n\r\n"), date = STR("\r\nDate: ");
    while (text.len > 0) {
        if (str_starts(text, go_on)) {
            text = str_from_index(text, go_on.len);
        } else if (str_starts(text, date)) {
            text = str_from_index(text, date.len + 29);
        } else {
            buf_add_char(&out, text.ptr[0]);
            text = str_from_index(text, 1);
        }
    }
    return str_dup(arena, buf_str(&out));
}

static struct str exchange(struct arena *arena, struct str input, bool whole, struct rng *rng)
{
    int fds[2];
    struct server server;
    AUTO(buf_done) struct buf seen = BUF_INIT(MIB(16));
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    struct link *link = connect_to(&server, fds[0]);
    while (input.len > 0 && atomic_load(&server.loop.n_links) > 0) {
        size_t n = whole ? input.len : rng == NULL ? 1 : 1 + (size_t) rng_below(rng, 60);
        ssize_t sent = send(fds[1], input.ptr, n < input.len ? n : input.len, MSG_NOSIGNAL);
        FUZZ_HOLDS(sent > 0);
        input = str_from_index(input, (size_t) sent);
        link_go_on(link);
        collect(fds[1], &seen);
    }
    (void) shutdown(fds[1], SHUT_WR);
    for (int turn = 0; turn < 10 && atomic_load(&server.loop.n_links) > 0; turn++) {
        link_go_on(link);
        collect(fds[1], &seen);
    }
    FUZZ_HOLDS(atomic_load(&server.loop.n_links) == 0); /* whoever hung up is let go */
    FUZZ_HOLDS(atomic_load(&server.held) == 0);
    close(fds[1]);
    xfree(server.loop.buffer);
    buf_done(&server.loop.out);
    arena_free(server.loop.arena);
    return settled(arena, buf_str(&seen));
}

/* It waits for more, or says at once what it will say in the end. */
static void as_proxy(struct str input)
{
    struct proxy_head whole, part;
    proxy_head_read(input, PROXY_MAX, &whole);
    FUZZ_HOLDS(whole.len <= input.len);
    if (whole.status == 200)
        FUZZ_HOLDS(whole.host.service.len > 0 && str_eq_z(str_from(whole.name), whole.name));
    if (whole.len > 0)
        FUZZ_HOLDS(whole.status >= 200 && (whole.status == 200 || whole.why[0] != '\0'));
    for (size_t len = input.len > 80 ? input.len - 80 : 0; len < input.len; len++) {
        proxy_head_read(str_slice(input, 0, len), PROXY_MAX, &part);
        FUZZ_HOLDS(part.len == 0 || part.status == whole.status);
    }
}

static void show_difference(const char *what, struct str whole, struct str cut)
{
    if (!str_eq(whole, cut))
        fprintf(
            stderr, "in one piece:\n" STR_FMT "\n%s:\n" STR_FMT "\n", STR_ARG(whole), what,
            STR_ARG(cut));
}

void fuzz_http(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct rng rng = fuzz_rng(input);
    struct str whole = exchange(arena, input, true, NULL);
    struct str bytes = exchange(arena, input, false, NULL);
    struct str pieces = exchange(arena, input, false, &rng);
    show_difference("byte by byte", whole, bytes);
    show_difference("in pieces", whole, pieces);
    FUZZ_HOLDS(str_eq(whole, bytes));
    FUZZ_HOLDS(str_eq(whole, pieces));
    FUZZ_HOLDS(whole.len == 0 || str_starts(whole, STR("HTTP/1.1 ")));
    as_proxy(input);
}
