/* A raw socket on one side, so that what is sent is exactly what stands here. */
#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/httpd/quick.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LARGE = 3000000 };

struct server {
    struct arena *arena;
    struct quick *quick;
    struct quick_options options;
    atomic_bool go_on; /* for /wait */
};

static void
say(struct arena *arena, const struct httpd_request *request, struct httpd_response *out)
{
    out->status = 200;
    httpd_add_header(arena, out, STR("X-Seen"), STR("yes"));
    httpd_add_header(arena, out, STR("X-Split"), STR("a\r\nX-Injected: b"));
    out->body = str_fmt(
        arena, STR_FMT " " STR_FMT " x=" STR_FMT " n=%llu [" STR_FMT "]", STR_ARG(request->method),
        STR_ARG(request->target), STR_ARG(httpd_header_get(request, "X-THING")),
        (unsigned long long) request->body_len, STR_ARG(str_slice(request->body, 0, 40)));
}

struct late {
    struct server *server;
    const struct httpd_request *request;
};

static void answer_late(void *arg, struct arena *arena, struct httpd_response *out)
{
    struct late *late = arg;
    while (!atomic_load(&late->server->go_on))
        sched_yield();
    say(arena, late->request, out);
}

static void answer(
    void *arg, struct arena *arena, const struct httpd_request *request, struct httpd_response *out)
{
    struct server *server = arg;
    if (str_starts(request->target, STR("/wait"))) {
        struct late *late = ARENA_NEW(arena, struct late);
        *late = (struct late){server, request};
        httpd_defer(out, answer_late, late);
    } else if (str_starts(request->target, STR("/large"))) {
        char *bytes = arena_chars(arena, LARGE);
        memset(bytes, 'L', LARGE);
        out->status = 200;
        out->body = str_of(bytes, LARGE);
    } else if (str_starts(request->target, STR("/nothing"))) {
        out->status = 204;
    } else {
        say(arena, request, out);
    }
}

static void start(struct server *server)
{
    struct err err = {0};
    assert_ok(quick_start(&server->options, &server->quick, &err), &err);
}

static int setup(void **state)
{
    struct server *server = xmalloc(sizeof(*server));
    memset(server, 0, sizeof(*server));
    server->arena = arena_new("test", 0);
    atomic_init(&server->go_on, true);
    server->options = (struct quick_options){
        .address = "127.0.0.1", .max_body = 1000 * 1000, .handler = answer, .arg = server};
    *state = server;
    return 0;
}

static int teardown(void **state)
{
    struct server *server = *state;
    quick_stop(server->quick);
    arena_free(server->arena);
    xfree(server);
    return 0;
}

static int connect_to(struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(quick_port(server->quick)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    struct timeval limit = {.tv_sec = 20};
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void send_all(int fd, struct str text)
{
    while (text.len > 0) {
        ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the server has refused and closed; its answer is still to be read */
        text = str_from_index(text, (size_t) n);
    }
}

/* Everything until the server closes, or until `enough` has been seen. */
static struct str receive(struct server *server, int fd, const char *enough)
{
    AUTO(buf_done) struct buf seen = BUF_INIT(MIB(16));
    static char piece[65536];
    for (;;) {
        ssize_t n = recv(fd, piece, sizeof(piece), 0);
        if (n <= 0)
            break;
        buf_add_mem(&seen, piece, (size_t) n);
        if (enough != NULL && str_find(buf_str(&seen), str_from(enough)) != SIZE_MAX)
            break;
    }
    return str_dup(server->arena, buf_str(&seen));
}

static struct str exchange(struct server *server, struct str request)
{
    int fd = connect_to(server);
    send_all(fd, request);
    struct str all = receive(server, fd, NULL);
    close(fd);
    return all;
}

static void assert_has(struct str text, const char *part)
{
    if (str_find(text, str_from(part)) == SIZE_MAX)
        fail_msg("'%s' is not in: " STR_FMT, part, STR_ARG(str_slice(text, 0, 1000)));
}

static size_t count_of(struct str text, const char *part)
{
    size_t n = 0, at;
    while ((at = str_find(text, str_from(part))) != SIZE_MAX) {
        text = str_from_index(text, at + 1);
        n++;
    }
    return n;
}

#define HOST "Host: h\r\n"
#define END HOST "Connection: close\r\n\r\n"

static void whole_requests(void **state)
{
    struct server *server = *state;
    start(server);
    struct str reply = exchange(
        server, STR("PUT /a%2Fb//..?x=%20&y HTTP/1.1\r\nx-thing:  v \r\nContent-Length: 5\r\n" END
                    "hello"));
    assert_true(str_starts(reply, STR("HTTP/1.1 200 OK\r\nDate: ")));
    assert_has(reply, " GMT\r\nX-Seen: yes\r\n");
    assert_has(reply, "\r\nConnection: close\r\n\r\nPUT /a%2Fb//..?x=%20&y x=v n=5 [hello]");
    assert_true(str_find(reply, STR("Injected")) == SIZE_MAX);
    reply = exchange(
        server, STR("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
                    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"));
    assert_has(reply, "n=5 [hello]");
    reply = exchange(server, STR("HEAD /x HTTP/1.1\r\n" END));
    assert_has(reply, "Content-Length: 17\r\n");
    assert_true(str_ends(reply, STR("\r\n\r\n")));
    reply = exchange(server, STR("GET /nothing HTTP/1.1\r\n" END));
    assert_has(reply, "HTTP/1.1 204 No Content\r\n");
    assert_true(str_find(reply, STR("Content-Length")) == SIZE_MAX);
    assert_has(exchange(server, STR("GET / HTTP/1.0\r\n\r\n")), "GET / x= n=0 []");
}

/* A byte at a time, and all at once. */
static void requests_in_pieces(void **state)
{
    struct server *server = *state;
    static const char *const texts[] = {
        "POST /1 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
        "POST /2 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
        "GET /3 HTTP/1.1\r\n" HOST "\r\n", "GET /4 HTTP/1.1\r\n" END};
    AUTO(buf_done) struct buf all = BUF_INIT(KIB(4));
    start(server);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_add_z(&all, texts[i]);
    int fd = connect_to(server);
    for (size_t i = 0; i < all.len; i++)
        send_all(fd, str_slice(buf_str(&all), i, i + 1));
    struct str slow = receive(server, fd, NULL), fast = exchange(server, buf_str(&all));
    close(fd);
    assert_int_equal(count_of(slow, "HTTP/1.1 200 OK"), 4);
    assert_int_equal(count_of(fast, "HTTP/1.1 200 OK"), 4);
    for (int i = 1; i <= 2; i++) {
        const char *part = str_fmt(server->arena, "POST /%d x= n=3 [abc]", i).ptr;
        assert_has(slow, part);
        assert_has(fast, part);
    }
    assert_true(str_ends(fast, STR("GET /4 x= n=0 []")));
}

static void large_bodies(void **state)
{
    struct server *server = *state;
    start(server);
    char *bytes = arena_chars(server->arena, 1000 * 1000);
    memset(bytes, 'x', 1000 * 1000);
    struct str body = str_of(bytes, 1000 * 1000);
    assert_has(
        exchange(
            server, str_fmt(
                        server->arena, "PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n" END STR_FMT,
                        STR_ARG(body))),
        "n=1000000 [xxxx");
    assert_has(
        exchange(
            server, str_fmt(
                        server->arena,
                        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "F4240\r\n" STR_FMT
                        "\r\n0\r\n\r\n",
                        STR_ARG(body))),
        "n=1000000 [xxxx");
    assert_has(
        exchange(
            server, str_fmt(
                        server->arena, "PUT / HTTP/1.1\r\nContent-Length: 1000001\r\n" END STR_FMT,
                        STR_ARG(body))),
        "HTTP/1.1 413 ");
    /* The client sends much and reads late; then a request of the same connection. */
    int fd = connect_to(server);
    for (int i = 0; i < 4; i++)
        send_all(fd, STR("GET /large HTTP/1.1\r\n" HOST "\r\n"));
    send_all(fd, STR("GET /after HTTP/1.1\r\n" END));
    struct str all = receive(server, fd, NULL);
    assert_int_equal(count_of(all, "Content-Length: 3000000"), 4);
    assert_true(all.len > 4U * LARGE);
    assert_true(str_ends(all, STR("GET /after x= n=0 []")));
    close(fd);
}

static void connections_are_kept(void **state)
{
    struct server *server = *state;
    start(server);
    int fd = connect_to(server);
    for (int i = 0; i < 3; i++) {
        send_all(fd, STR("POST /again HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n1"));
        assert_has(receive(server, fd, "[1]"), "POST /again");
    }
    send_all(
        fd, STR("PUT /late HTTP/1.1\r\n" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    assert_has(receive(server, fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    send_all(fd, STR("ok"));
    assert_has(receive(server, fd, "[ok]"), "PUT /late");
    /* Whoever has said everything still gets the answer. */
    send_all(fd, STR("GET /large HTTP/1.1\r\n" HOST "\r\nGET /last HTTP/1.1\r\n" HOST "\r\n"));
    shutdown(fd, SHUT_WR);
    struct str all = receive(server, fd, NULL);
    assert_true(str_ends(all, STR("GET /last x= n=0 []")));
    close(fd);
}

static void what_cannot_be_framed_is_refused(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *headers, *status;
    } rows[] = {
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", "400"},
        {"Transfer-Encoding: gzip\r\n", "400"},
        {"Content-Length : 5\r\n", "400"},
        {"Content-Length: 1000001\r\n", "413"},
        {"Transfer-Encoding: chunked\r\n\r\nzz", "400"},
        {"Transfer-Encoding: chunked\r\n\r\nF4241\r\n", "413"},
        {"Expect: much\r\n", "417"}};
    start(server);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str reply = exchange(
            server,
            str_fmt(
                server->arena, "PUT / HTTP/1.1\r\n" HOST "%s\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
                rows[i].headers));
        assert_has(str_slice(reply, 0, 12), rows[i].status);
        assert_has(reply, "Connection: close");
        assert_int_equal(count_of(reply, "HTTP/1.1 "), 1);
    }
}

/* Deferred answers wait for each other's worker, not for the connections' threads, and keep their
 * place among pipelined ones. */
static void deferred_answers(void **state)
{
    struct server *server = *state;
    server->options.threads = 1;
    start(server);
    atomic_store(&server->go_on, false);
    int fd = connect_to(server);
    send_all(
        fd,
        STR("GET /1 HTTP/1.1\r\n" HOST "\r\nPOST /wait HTTP/1.1\r\nX-Thing: v\r\n" HOST
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /wait/2 HTTP/1.1\r\n" HOST
            "\r\nGET /3 HTTP/1.1\r\n" END));
    assert_has(receive(server, fd, "GET /1 x= n=0 []"), "HTTP/1.1 200");
    assert_has(exchange(server, STR("GET /other HTTP/1.1\r\n" END)), "GET /other");
    int gone = connect_to(server);
    send_all(gone, STR("GET /wait HTTP/1.1\r\n" HOST "\r\n"));
    close(gone);
    atomic_store(&server->go_on, true);
    struct str rest = receive(server, fd, NULL);
    close(fd);
    assert_has(rest, "POST /wait x=v n=3 [abc]");
    assert_has(rest, "GET /wait/2 x= n=0 []");
    assert_true(str_ends(rest, STR("GET /3 x= n=0 []")));
}

static void slow_ones_are_let_go(void **state)
{
    struct server *server = *state;
    server->options.request_ms = 300;
    server->options.idle_ms = 300;
    start(server);
    int slow = connect_to(server), idle = connect_to(server), sent = connect_to(server);
    send_all(slow, STR("GET /slow HTTP/1.1\r\nHost:"));
    send_all(sent, STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12"));
    assert_has(receive(server, slow, NULL), "HTTP/1.1 408 ");
    assert_has(receive(server, sent, NULL), "HTTP/1.1 408 ");
    assert_int_equal(receive(server, idle, NULL).len, 0);
    close(slow);
    close(idle);
    close(sent);
}

/* Until so many of them have been answered. */
static void await_answers(const int *fds, int count, int wanted)
{
    struct pollfd waiting[32];
    int answered = 0;
    int64_t end_us = clock_tick_us() + 30 * 1000000;
    assert_in_range(count, 1, ARRAY_LEN(waiting));
    while (answered < wanted && clock_tick_us() < end_us) {
        answered = 0;
        for (int i = 0; i < count; i++)
            waiting[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        (void) sched_yield();
        (void) poll(waiting, (nfds_t) count, 10);
        for (int i = 0; i < count; i++)
            answered += waiting[i].revents != 0;
    }
    assert_true(answered >= wanted);
}

/* One incomplete request may be as large as it likes; all together may not. */
static void what_is_held_is_bounded(void **state)
{
    struct server *server = *state;
    enum { N = 20 };
    int fds[N], refused = 0;
    server->options.held_bytes = 3 * 1000 * 1000;
    start(server);
    char *bytes = arena_chars(server->arena, 600 * 1000);
    memset(bytes, 'x', 600 * 1000);
    for (int i = 0; i < N; i++) {
        fds[i] = connect_to(server);
        send_all(fds[i], STR("PUT / HTTP/1.1\r\n" HOST "Content-Length: 600001\r\n\r\n"));
        send_all(fds[i], str_of(bytes, 600 * 1000));
    }
    /* No request is whole yet, so the ones that were too many can only have been refused. */
    await_answers(fds, N, N / 2);
    for (int i = 0; i < N; i++)
        send_all(fds[i], STR("y"));
    for (int i = 0; i < N; i++) {
        struct str reply = receive(server, fds[i], "\r\n\r\n");
        refused += str_find(reply, STR(" 503 ")) != SIZE_MAX;
        close(fds[i]);
    }
    assert_in_range(refused, N / 2, N - 2);
    assert_has(exchange(server, STR("GET /still HTTP/1.1\r\n" END)), "GET /still");
}

static void connections_are_bounded(void **state)
{
    struct server *server = *state;
    server->options.links = 4;
    start(server);
    int fds[6];
    int answered = 0;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = connect_to(server);
        send_all(fds[i], STR("GET /x HTTP/1.1\r\n" HOST "\r\n"));
        answered += receive(server, fds[i], "[]").len > 0;
    }
    assert_int_equal(answered, 4);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
}

/* What runs is answered; what is only connected is let go. */
static void the_end(void **state)
{
    struct server *server = *state;
    server->options.stop_wait_s = 5;
    start(server);
    int idle = connect_to(server), half = connect_to(server), late = connect_to(server);
    send_all(half, STR("POST /half HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n1"));
    send_all(late, STR("GET /wait HTTP/1.1\r\n" HOST "\r\n"));
    assert_has(exchange(server, STR("GET /x HTTP/1.1\r\n" END)), "GET /x");
    send_all(half, STR("2"));
    int64_t begun = clock_mono_ms(clock_system());
    quick_stop(server->quick);
    server->quick = NULL;
    assert_true(clock_mono_ms(clock_system()) - begun < 4000);
    assert_has(receive(server, half, NULL), "POST /half x= n=2 [12]");
    assert_has(receive(server, late, NULL), "GET /wait");
    assert_int_equal(receive(server, idle, NULL).len, 0);
    close(idle);
    close(half);
    close(late);
}

/* Nobody waits for a request that does not come. */
static void the_end_does_not_wait_for_ever(void **state)
{
    struct server *server = *state;
    server->options.stop_wait_s = 1;
    start(server);
    int half = connect_to(server);
    send_all(half, STR("POST /half HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n1"));
    assert_has(exchange(server, STR("GET /x HTTP/1.1\r\n" END)), "GET /x");
    int64_t begun = clock_mono_ms(clock_system());
    quick_stop(server->quick);
    server->quick = NULL;
    assert_in_range(clock_mono_ms(clock_system()) - begun, 500, 4000);
    close(half);
}

static void a_taken_port_is_an_error(void **state)
{
    struct server *server = *state;
    struct err err = {0};
    struct quick *second = NULL;
    start(server);
    struct quick_options options = server->options;
    options.port = quick_port(server->quick);
    const char *part = str_fmt(server->arena, "port %u", options.port).ptr;
    assert_fails(quick_start(&options, &second, &err), ERR_IO, &err, part);
    quick_stop(NULL);
}

int main(void)
{
#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(whole_requests),
        WITH_SERVER(requests_in_pieces),
        WITH_SERVER(large_bodies),
        WITH_SERVER(connections_are_kept),
        WITH_SERVER(what_cannot_be_framed_is_refused),
        WITH_SERVER(deferred_answers),
        WITH_SERVER(slow_ones_are_let_go),
        WITH_SERVER(what_is_held_is_bounded),
        WITH_SERVER(connections_are_bounded),
        WITH_SERVER(the_end),
        WITH_SERVER(the_end_does_not_wait_for_ever),
        WITH_SERVER(a_taken_port_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
