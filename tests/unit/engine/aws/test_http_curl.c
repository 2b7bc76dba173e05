/* The network transport against a server of raw sockets, so that every byte sent is seen. */
#include "tests/harness/test.h"

#include "engine/aws/http_curl.h"
#include "engine/base/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a server: one thread, many connections, whole requests ---- */

#define MAX_CONNS 32
#define BARRIER 5

struct conn {
    int fd;
    struct buf in;
    bool waits; /* at the barrier */
    int answered;
};

struct server {
    int listener, stop[2];
    uint16_t port;
    pthread_t thread;
    struct conn conns[MAX_CONNS];
    size_t n_conns;
    int requests, accepted;
    char seen[1024]; /* the last request */
};

static void send_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = str_from_index(bytes, (size_t) sent);
    }
}

static void reply(struct conn *conn, const char *head, struct str body)
{
    struct buf out = BUF_INIT(MIB(4));
    buf_fmt(&out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, body.len);
    buf_add(&out, body);
    send_all(conn->fd, buf_str(&out));
    buf_done(&out);
}

static void hang_up(struct server *server, size_t index)
{
    close(server->conns[index].fd);
    buf_done(&server->conns[index].in);
    server->conns[index] = server->conns[--server->n_conns];
}

static size_t waiting(const struct server *server)
{
    size_t count = 0;
    for (size_t i = 0; i < server->n_conns; i++)
        count += server->conns[i].waits ? 1 : 0;
    return count;
}

/* Answers by the path; false: the connection is to be closed. */
static bool answer(struct server *server, struct conn *conn, struct str path, struct str request)
{
    server->requests++;
    snprintf(server->seen, sizeof(server->seen), STR_FMT, STR_ARG(request));
    if (str_starts(path, STR("/echo")))
        reply(conn, "200 OK\r\nX-One: a b \r\nx-empty:", STR("hello"));
    else if (str_eq_z(path, "/interim"))
        send_all(
            conn->fd, STR("HTTP/1.1 100 Continue\r\nx-a: 1\r\n\r\nHTTP/1.1 200 OK\r\nx-b: 2\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    else if (str_eq_z(path, "/redirect"))
        reply(conn, "301 Moved\r\nLocation: http://127.0.0.1:1/evil", STR(""));
    else if (str_eq_z(path, "/head"))
        send_all(conn->fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"));
    else if (str_eq_z(path, "/cut"))
        send_all(conn->fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"));
    else if (str_eq_z(path, "/many-headers")) {
        struct buf head = BUF_INIT(MIB(1));
        buf_add_z(&head, "200 OK");
        for (int i = 0; i < 101; i++)
            buf_fmt(&head, "\r\nx-%d: 1", i);
        buf_add_char(&head, '\0');
        reply(conn, head.ptr, STR(""));
        buf_done(&head);
    } else if (str_eq_z(path, "/barrier"))
        conn->waits = true;
    else if (str_eq_z(path, "/once-per-connection")) {
        if (conn->answered > 0)
            return false;
        reply(conn, "200 OK", STR("first"));
    }
    conn->answered++;
    if (waiting(server) == BARRIER)
        for (size_t i = 0; i < server->n_conns; i++) {
            reply(&server->conns[i], "200 OK", STR("together"));
            server->conns[i].waits = false;
        }
    return !str_eq_z(path, "/cut") && !str_eq_z(path, "/close");
}

/* Length of the first whole request in the buffer, or 0. */
static size_t whole_request(struct str in)
{
    size_t head = str_find(in, STR("\r\n\r\n"));
    if (head == SIZE_MAX)
        return 0;
    uint64_t length = 0;
    size_t at = str_find(in, STR("Content-Length: "));
    if (at != SIZE_MAX && at < head) {
        struct str rest = str_from_index(in, at + 16);
        if (!str_to_u64(str_slice(rest, 0, str_index(rest, '\r')), &length))
            return 0;
    }
    return in.len >= head + 4 + length ? head + 4 + (size_t) length : 0;
}

static bool receive(struct server *server, struct conn *conn)
{
    char *room = buf_reserve(&conn->in, KIB(64));
    ssize_t got = room != NULL ? recv(conn->fd, room, KIB(64), 0) : 0;
    if (got <= 0)
        return false;
    conn->in.len += (size_t) got;
    size_t len = whole_request(buf_str(&conn->in));
    if (len == 0)
        return true;
    struct str request = str_slice(buf_str(&conn->in), 0, len);
    struct str rest = request, method, path;
    bool keep = str_split(&rest, ' ', &method) && str_split(&rest, ' ', &path) &&
                answer(server, conn, path, request);
    buf_clear(&conn->in);
    return keep;
}

static void *serve(void *arg)
{
    struct server *server = arg;
    for (;;) {
        struct pollfd fds[MAX_CONNS + 2] = {
            {.fd = server->stop[0], .events = POLLIN}, {.fd = server->listener, .events = POLLIN}};
        size_t count = server->n_conns;
        for (size_t i = 0; i < count; i++)
            fds[i + 2] = (struct pollfd){.fd = server->conns[i].fd, .events = POLLIN};
        poll(fds, (nfds_t) count + 2, -1);
        if (fds[0].revents != 0)
            break;
        for (size_t i = count; i-- > 0;)
            if (fds[i + 2].revents != 0 && !receive(server, &server->conns[i]))
                hang_up(server, i);
        if (fds[1].revents != 0 && server->n_conns < MAX_CONNS) {
            struct conn conn = {.fd = accept(server->listener, NULL, NULL), .in = BUF_INIT(MIB(8))};
            server->accepted++;
            server->conns[server->n_conns++] = conn;
        }
    }
    while (server->n_conns > 0)
        hang_up(server, 0);
    return NULL;
}

static void server_start(struct server *server)
{
    memset(server, 0, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *) &address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *) &address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->stop), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    assert_int_equal(write(server->stop[1], "x", 1), 1);
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    close(server->stop[1]);
    close(server->listener);
}

/* ---- exchanges ---- */

struct exchange {
    struct http_transport *http;
    struct arena *arena;
    struct http_request request;
    struct http_response response;
    enum err_code code;
    struct err err;
};

struct fixture {
    struct server server;
    struct loop *loop;
    struct http_transport *http;
    struct arena *arena;
};

static void fixture_open(struct fixture *fixture)
{
    struct err err = {0};
    server_start(&fixture->server);
    fixture->arena = arena_new("curl test", 0);
    fixture->loop = loop_new(clock_system());
    struct http_curl_options options = {.loop = fixture->loop, .user_agent = "mmectl/test"};
    assert_ok(http_curl_new(&options, &fixture->http, &err), &err);
}

static void fixture_close(struct fixture *fixture)
{
    http_close(fixture->http);
    loop_free(fixture->loop);
    arena_free(fixture->arena);
    server_stop(&fixture->server);
}

static void exchange_task(void *arg)
{
    struct exchange *exchange = arg;
    exchange->code = http_send(
        exchange->http, exchange->arena, &exchange->request, &exchange->response, &exchange->err);
}

static struct exchange
exchange_with(struct fixture *fixture, const char *method, const char *path, struct str body)
{
    return (struct exchange){
        .http = fixture->http,
        .arena = fixture->arena,
        .request =
            {
                .method = str_from(method),
                .url = str_fmt(
                    fixture->arena, "http://127.0.0.1:%u%s", (unsigned) fixture->server.port, path),
                .body = body,
            },
    };
}

static void play(struct fixture *fixture, struct exchange *exchange)
{
    loop_run(fixture->loop, exchange_task, exchange);
}

/* What is on the wire is the request and nothing else: no Accept, no Expect, no default type. */
static void test_wire(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    struct http_header headers[] = {
        {STR("x-amz-meta-a"), STR("b c")},
        {STR("x-empty"), STR("")},
        {STR("if-none-match"), STR("*")}};
    struct exchange put = exchange_with(&fixture, "PUT", "/echo/a//b/../%24?x=1&y", STR("body"));
    put.request.headers = headers;
    put.request.n_headers = 3;
    play(&fixture, &put);
    assert_ok(put.code, &put.err);
    char wanted[512];
    snprintf(
        wanted, sizeof(wanted),
        "PUT /echo/a//b/../%%24?x=1&y HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: mmectl/test\r\n"
        "x-amz-meta-a: b c\r\nx-empty:\r\nif-none-match: *\r\nContent-Length: 4\r\n\r\nbody",
        (unsigned) fixture.server.port);
    assert_string_equal(fixture.server.seen, wanted);
    assert_int_equal(put.response.status, 200);
    assert_str(put.response.body, "hello");
    assert_str(http_header_get(put.response.headers, put.response.n_headers, "x-one"), "a b");
    assert_str(http_header_get(put.response.headers, put.response.n_headers, "x-empty"), "");
    assert_true(put.response.total_us > 0);
    fixture_close(&fixture);
}

static void test_methods(void **state)
{
    (void) state;
    static const struct {
        const char *method, *body, *line, *length;
    } s_cases[] = {
        {"GET", "", "GET /echo HTTP/1.1\r\n", NULL},
        {"PUT", "", "PUT /echo HTTP/1.1\r\n", "Content-Length: 0\r\n"},
        {"POST", "", "POST /echo HTTP/1.1\r\n", "Content-Length: 0\r\n"},
        {"POST", "{}", "POST /echo HTTP/1.1\r\n", "Content-Length: 2\r\n"},
        {"DELETE", "", "DELETE /echo HTTP/1.1\r\n", NULL},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct exchange one =
            exchange_with(&fixture, s_cases[i].method, "/echo", str_from(s_cases[i].body));
        play(&fixture, &one);
        assert_ok(one.code, &one.err);
        struct str seen = str_from(fixture.server.seen);
        assert_true(str_starts(seen, str_from(s_cases[i].line)));
        if (s_cases[i].length != NULL)
            assert_int_not_equal(str_find(seen, str_from(s_cases[i].length)), SIZE_MAX);
        else
            assert_int_equal(str_find(seen, STR("Content-Length")), SIZE_MAX);
        assert_int_equal(str_find(seen, STR("Expect")), SIZE_MAX);
        assert_int_equal(str_find(seen, STR("Content-Type")), SIZE_MAX);
    }
    assert_int_equal(fixture.server.accepted, 1); /* one connection was kept for all */
    struct exchange head = exchange_with(&fixture, "HEAD", "/head", STR(""));
    play(&fixture, &head);
    assert_ok(head.code, &head.err);
    assert_str(
        http_header_get(head.response.headers, head.response.n_headers, "content-length"), "12345");
    assert_int_equal(head.response.body.len, 0);
    fixture_close(&fixture);
}

static void test_interim_and_chunks(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    struct exchange one = exchange_with(&fixture, "GET", "/interim", STR(""));
    play(&fixture, &one);
    assert_ok(one.code, &one.err);
    assert_int_equal(one.response.status, 200);
    assert_str(one.response.body, "abcde");
    assert_true(str_is_null(http_header_get(one.response.headers, one.response.n_headers, "x-a")));
    assert_str(http_header_get(one.response.headers, one.response.n_headers, "x-b"), "2");
    fixture_close(&fixture);
}

static void test_redirect_stays(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    struct exchange one = exchange_with(&fixture, "GET", "/redirect", STR(""));
    play(&fixture, &one);
    assert_ok(one.code, &one.err);
    assert_int_equal(one.response.status, 301);
    assert_int_equal(fixture.server.requests, 1);
    fixture_close(&fixture);
}

static void test_failures(void **state)
{
    (void) state;
    static const struct {
        const char *method, *path;
        size_t max_body;
        int64_t timeout_ms;
        enum err_code code;
        const char *message;
    } s_cases[] = {
        {"GET", "/cut", 0, 0, ERR_TRANSIENT, "broke off"},
        {"POST", "/close", 0, 0, ERR_TRANSIENT, "broke off"},
        {"GET", "/never", 0, 50, ERR_TIMEOUT, "did not answer in time"},
        {"GET", "/echo", 4, 0, ERR_PROTOCOL, "the body of the answer"},
        {"GET", "/many-headers", 0, 0, ERR_PROTOCOL, "the header of the answer"},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct exchange one = exchange_with(&fixture, s_cases[i].method, s_cases[i].path, STR(""));
        one.request.max_body = s_cases[i].max_body;
        one.request.timeout_ms = s_cases[i].timeout_ms;
        play(&fixture, &one);
        assert_fails(one.code, s_cases[i].code, &one.err, s_cases[i].message);
        assert_false(one.err.aws.not_sent);
    }
    /* A limit that is just enough. */
    struct exchange fits = exchange_with(&fixture, "GET", "/echo", STR(""));
    fits.request.max_body = 5;
    play(&fixture, &fits);
    assert_ok(fits.code, &fits.err);
    fixture_close(&fixture);
}

static void test_no_connection(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    struct server gone;
    server_start(&gone); /* a port that was free a moment ago */
    server_stop(&gone);
    struct exchange one = exchange_with(&fixture, "POST", "/", STR("x"));
    one.request.url = str_fmt(fixture.arena, "http://127.0.0.1:%u/", (unsigned) gone.port);
    play(&fixture, &one);
    assert_fails(one.code, ERR_TRANSIENT, &one.err, "no connection to '127.0.0.1:");
    assert_true(one.err.aws.not_sent);
    /* TLS against a server that speaks none */
    one.request.url =
        str_fmt(fixture.arena, "https://127.0.0.1:%u/", (unsigned) fixture.server.port);
    one.request.timeout_ms = 2000;
    play(&fixture, &one);
    assert_int_not_equal(one.code, ERR_NONE);
    assert_true(one.err.aws.not_sent);
    fixture_close(&fixture);
}

/* A kept connection that dies under a request with a body: the failure is told, not hidden by a
 * second sending that nobody would know of. */
static void test_no_hidden_resend(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    struct exchange one = exchange_with(&fixture, "POST", "/once-per-connection", STR("body"));
    play(&fixture, &one);
    assert_ok(one.code, &one.err);
    struct exchange two = exchange_with(&fixture, "POST", "/once-per-connection", STR("body"));
    play(&fixture, &two);
    assert_int_equal(two.code, ERR_TRANSIENT);
    assert_false(two.err.aws.not_sent);
    assert_int_equal(fixture.server.requests, 2);
    fixture_close(&fixture);
}

struct parallel {
    struct fixture *fixture;
    struct exchange exchanges[BARRIER];
};

static void parallel_task(void *arg)
{
    struct parallel *parallel = arg;
    struct task *tasks[BARRIER];
    for (size_t i = 0; i < BARRIER; i++)
        tasks[i] = loop_spawn(parallel->fixture->loop, exchange_task, &parallel->exchanges[i]);
    for (size_t i = 0; i < BARRIER; i++)
        loop_join(parallel->fixture->loop, tasks[i]);
}

/* The server answers nobody until five requests are there. */
static void test_parallel(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    static struct parallel parallel;
    parallel.fixture = &fixture;
    for (size_t i = 0; i < BARRIER; i++)
        parallel.exchanges[i] = exchange_with(&fixture, "GET", "/barrier", STR(""));
    loop_run(fixture.loop, parallel_task, &parallel);
    for (size_t i = 0; i < BARRIER; i++) {
        assert_ok(parallel.exchanges[i].code, &parallel.exchanges[i].err);
        assert_str(parallel.exchanges[i].response.body, "together");
    }
    fixture_close(&fixture);
}

static void test_large_body(void **state)
{
    (void) state;
    struct fixture fixture;
    fixture_open(&fixture);
    size_t size = MIB(3);
    char *bytes = arena_alloc(fixture.arena, size);
    memset(bytes, 'z', size);
    struct exchange one = exchange_with(&fixture, "PUT", "/echo", str_of(bytes, size));
    play(&fixture, &one);
    assert_ok(one.code, &one.err);
    assert_int_not_equal(
        str_find(str_from(fixture.server.seen), STR("Content-Length: 3145728\r\n")), SIZE_MAX);
    fixture_close(&fixture);
}

/* Nothing that could become another header, or another method, leaves. */
static void test_injection(void **state)
{
    (void) state;
    static const struct http_header s_bad[] = {
        {STR_INIT("x-a"), STR_INIT("v\r\nx-evil: 1")},
        {STR_INIT("x-a"), STR_INIT("v\n")},
        {STR_INIT("x-a"), STR_INIT("caf\xC3\xA9")},
        {STR_INIT("x a"), STR_INIT("v")},
        {STR_INIT("x-a:"), STR_INIT("v")},
        {STR_INIT(""), STR_INIT("v")},
        {STR_INIT("x-a\r\nx-b"), STR_INIT("v")},
        {STR_INIT("x-a"), {"a\0b", 3}},
    };
    struct fixture fixture;
    fixture_open(&fixture);
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++) {
        struct http_header header = s_bad[i];
        struct exchange one = exchange_with(&fixture, "GET", "/echo", STR(""));
        one.request.headers = &header;
        one.request.n_headers = 1;
        play(&fixture, &one);
        assert_int_equal(one.code, ERR_USAGE);
    }
    struct exchange method = exchange_with(&fixture, "GET / HTTP/1.1\r\n", "/echo", STR(""));
    play(&fixture, &method);
    assert_int_equal(method.code, ERR_USAGE);
    assert_int_equal(fixture.server.requests, 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_interim_and_chunks),
        cmocka_unit_test(test_redirect_stays),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_no_connection),
        cmocka_unit_test(test_no_hidden_resend),
        cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_injection),
    };
    return cmocka_run_group_tests_name("http_curl", tests, NULL, NULL);
}
