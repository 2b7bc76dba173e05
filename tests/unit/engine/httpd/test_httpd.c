/* A raw socket on one side, so that what is sent is exactly what stands here. */
#include "tests/harness/test.h"

#include "engine/base/clock.h"
#include "engine/httpd/httpd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct server {
    struct arena *arena;
    struct httpd *httpd;
    const char *folder;
    int sockets;
};

/* Answers with what it saw; /file?N gives N bytes from a file, /gone closes nothing early. */
static void answer(
    void *arg,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    struct server *server = arg;
    response->status = 200;
    response->head_only = str_eq(request->method, STR("HEAD"));
    if (str_starts(request->target, STR("/file"))) {
        const char *path = str_fmt(arena, "%s/answer", server->folder).ptr;
        response->body_fd = open(path, O_RDONLY | O_CLOEXEC);
        response->body_offset = 2;
        response->body_len = 5;
        return;
    }
    if (str_starts(request->target, STR("/sized"))) {
        response->body_len = 12345;
        response->body = response->head_only ? STR("") : STR("x");
        return;
    }
    if (str_starts(request->target, STR("/late")))
        response->delay_ms = str_starts(request->target, STR("/later")) ? 5000 : 50;
    httpd_add_header(arena, response, STR("X-Seen"), STR("yes"));
    response->body = str_fmt(
        arena,
        STR_FMT " " STR_FMT " host=" STR_FMT " x=" STR_FMT " len=%llu %s errno=%d md5=" STR_FMT,
        STR_ARG(request->method), STR_ARG(request->target), STR_ARG(request->host),
        STR_ARG(httpd_header_get(request, "X-THING")), (unsigned long long) request->body_len,
        request->body_fd >= 0 ? "spooled" : "in memory", request->body_errno,
        STR_ARG(hex_of(arena, request->body_md5.bytes, MD5_LEN)));
}

static int setup(void **state)
{
    struct err err = {0};
    struct server *server = xmalloc(sizeof(*server));
    *server = (struct server){.arena = arena_new("test", 0)};
    server->folder = test_folder_new(server->arena);
    int fd = open(
        str_fmt(server->arena, "%s/answer", server->folder).ptr, O_WRONLY | O_CREAT | O_CLOEXEC,
        0600);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    close(fd);
    struct httpd_options options = {
        .address = "127.0.0.1",
        .threads = 2,
        .max_body = 1000 * 1000,
        .spool_bytes = 1000,
        .spool_folder = server->folder,
        .want_digest = true,
        .handler = answer,
        .arg = server};
    assert_ok(httpd_start(&options, &server->httpd, &err), &err);
    *state = server;
    return 0;
}

static int teardown(void **state)
{
    struct server *server = *state;
    httpd_stop(server->httpd);
    test_folder_remove(server->folder);
    arena_free(server->arena);
    xfree(server);
    return 0;
}

static int connect_to(struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(httpd_port(server->httpd)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    struct timeval limit = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
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
    AUTO(buf_done) struct buf seen = BUF_INIT(MIB(4));
    char piece[4096];
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
        fail_msg("'%s' is not in: " STR_FMT, part, STR_ARG(text));
}

#define END "Connection: close\r\n\r\n"

static void whole_requests(void **state)
{
    struct server *server = *state;
    struct str reply = exchange(
        server, STR("PUT /a%2Fb//..?x=%20&y HTTP/1.1\r\nHost: h:1\r\nx-thing:  v \r\n"
                    "Content-Length: 5\r\n" END "hello"));
    assert_has(reply, "HTTP/1.1 200 OK");
    assert_has(reply, "X-Seen: yes");
    assert_has(
        reply, "PUT /a%2Fb//..?x=%20&y host=h:1 x=v len=5 in memory "
               "errno=0 md5=5d41402abc4b2a76b9719d911017c592");
    reply = exchange(
        server, STR("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" END
                    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"));
    assert_has(reply, "len=5 in memory errno=0 md5=5d41402abc4b2a76b9719d911017c592");
}

static void large_bodies_are_spooled(void **state)
{
    struct server *server = *state;
    char *bytes = arena_alloc(server->arena, 500 * 1000);
    memset(bytes, 'x', 500 * 1000);
    struct str body = str_of(bytes, 500 * 1000);
    struct md5 md5 = md5_of(body);
    struct str wanted = str_fmt(
        server->arena, "len=500000 spooled errno=0 md5=" STR_FMT,
        STR_ARG(hex_of(server->arena, md5.bytes, MD5_LEN)));
    struct str request = str_fmt(
        server->arena, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n" END STR_FMT,
        STR_ARG(body));
    assert_has(exchange(server, request), wanted.ptr);
    body = str_slice(body, 0, 1000);
    request = str_fmt(
        server->arena, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n" END STR_FMT,
        STR_ARG(body));
    assert_has(exchange(server, request), "len=1000 in memory");
}

static void what_cannot_be_framed_is_refused(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *headers, *status;
    } rows[] = {
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400"},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", "400"},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", "400"},
        {"Transfer-Encoding: gzip\r\n", "400"},
        {"Host: other\r\nContent-Length: 0\r\n", "400"},
        {"Content-Length : 5\r\n", "400"},
        {"X(Y): 5\r\nContent-Length: 0\r\n", "400"},
        {"Content-Length: 1000001\r\n", "413"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str request =
            str_fmt(server->arena, "PUT / HTTP/1.1\r\nHost: h\r\n%s\r\n0\r\n\r\n", rows[i].headers);
        struct str reply = exchange(server, request);
        assert_has(str_slice(reply, 0, 12), rows[i].status);
        assert_true(str_find(reply, STR("X-Seen")) == SIZE_MAX);
    }
    assert_true(str_find(exchange(server, STR("GARBAGE\r\n\r\n")), STR("X-Seen")) == SIZE_MAX);
}

static void a_connection_is_kept(void **state)
{
    struct server *server = *state;
    int fd = connect_to(server);
    for (int i = 0; i < 3; i++) {
        send_all(fd, STR("POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1"));
        assert_has(receive(server, fd, "md5="), "POST /again");
    }
    send_all(
        fd,
        STR("PUT /late HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    assert_has(receive(server, fd, "\r\n\r\n"), "100 Continue");
    send_all(fd, STR("ok"));
    assert_has(receive(server, fd, "md5="), "PUT /late");
    close(fd);
}

static void heads_and_files(void **state)
{
    struct server *server = *state;
    struct str reply = exchange(server, STR("HEAD /sized HTTP/1.1\r\nHost: h\r\n" END));
    assert_has(reply, "Content-Length: 12345");
    assert_true(str_ends(reply, STR("\r\n\r\n")));
    reply = exchange(server, STR("GET /file HTTP/1.1\r\nHost: h\r\n" END));
    assert_has(reply, "Content-Length: 5");
    assert_has(reply, "\r\n\r\n23456");
    reply = exchange(server, STR("HEAD /file HTTP/1.1\r\nHost: h\r\n" END));
    assert_has(reply, "Content-Length: 5");
}

static void a_taken_port_is_an_error(void **state)
{
    struct server *server = *state;
    struct err err = {0};
    struct httpd *second = NULL;
    struct httpd_options options = {
        .address = "127.0.0.1",
        .port = httpd_port(server->httpd),
        .max_body = 1,
        .handler = answer};
    const char *part = str_fmt(server->arena, "port %u", options.port).ptr;
    assert_fails(httpd_start(&options, &second, &err), ERR_IO, &err, part);
    assert_true(err.hint[0] != '\0');
}

/* A body whose disk is full is the handler's to report, after the rest was read. */
static void a_spool_that_fails_is_reported(void **state)
{
    struct server *server = *state;
    struct err err = {0};
    httpd_stop(server->httpd);
    struct httpd_options options = {
        .address = "127.0.0.1",
        .max_body = 1000 * 1000,
        .spool_bytes = 10,
        .spool_folder = "/nonexistent/folder",
        .handler = answer,
        .arg = server};
    assert_ok(httpd_start(&options, &server->httpd, &err), &err);
    struct str reply = exchange(
        server,
        STR("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n" END "01234567890123456789"));
    assert_has(reply, "len=20 in memory errno=2");
}

/* More late answers at once than there are threads: none of them waits for another. */
static void late_answers_wait_side_by_side(void **state)
{
    struct server *server = *state;
    enum { N = 40 };
    int fds[N];
    int64_t start = clock_mono_ms(clock_system());
    for (int i = 0; i < N; i++) {
        fds[i] = connect_to(server);
        send_all(fds[i], STR("PUT /late HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n" END "abc"));
    }
    for (int i = 0; i < N; i++) {
        assert_has(receive(server, fds[i], NULL), "PUT /late host=h x= len=3 in memory");
        close(fds[i]);
    }
    int64_t took = clock_mono_ms(clock_system()) - start;
    assert_in_range(took, 50, 50 * N / 3);
}

/* One that is not due for long does not hold up the end. */
static void late_answers_are_given_at_the_end(void **state)
{
    struct server *server = *state;
    int fd = connect_to(server);
    send_all(
        fd, STR("GET /late HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n" END));
    assert_has(receive(server, fd, "/late"), "GET /late host=h");
    httpd_stop(server->httpd);
    server->httpd = NULL;
    close(fd);
}

int main(void)
{
#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(whole_requests),
        WITH_SERVER(large_bodies_are_spooled),
        WITH_SERVER(what_cannot_be_framed_is_refused),
        WITH_SERVER(a_connection_is_kept),
        WITH_SERVER(late_answers_wait_side_by_side),
        WITH_SERVER(late_answers_are_given_at_the_end),
        WITH_SERVER(heads_and_files),
        WITH_SERVER(a_taken_port_is_an_error),
        WITH_SERVER(a_spool_that_fails_is_reported)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
