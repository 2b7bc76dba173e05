#include "engine/serve/container.h"

#include "tests/harness/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct ready {
    uint16_t port;
    int calls;
    char answer[256];
};

/* Called while the server answers: asks, and ends it. */
static void on_ready(void *arg, uint16_t port)
{
    struct ready *ready = arg;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    static const char request[] = "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ready->port = port;
    ready->calls++;
    assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, sizeof(request) - 1, 0), (ssize_t) sizeof(request) - 1);
    ssize_t n = recv(fd, ready->answer, sizeof(ready->answer) - 1, 0);
    assert_true(n > 0);
    close(fd);
    assert_int_equal(kill(getpid(), SIGTERM), 0); /* blocked: it waits for the server to take it */
}

static void serves_until_sigterm(void **state)
{
    (void) state;
    struct ready ready = {0};
    struct err err = {0};
    const struct container_server server = {
        .address = "127.0.0.1", .on_ready = on_ready, .arg = &ready};
    for (int i = 1; i <= 2; i++) { /* a second time, in the same process */
        assert_ok(container_run(&server, &err), &err);
        assert_int_equal(ready.calls, i);
        assert_true(ready.port > 0);
        assert_memory_equal(ready.answer, "HTTP/1.1 200 OK", 15);
    }
}

static void says_why_it_cannot_begin(void **state)
{
    (void) state;
    struct ready ready = {0};
    struct err err = {0};
    struct container_server server = {.address = "nowhere", .on_ready = on_ready, .arg = &ready};
    assert_fails(container_run(&server, &err), ERR_IO, &err, "'nowhere' is not an IPv4 address");
    err = (struct err){0};
    server.address = "127.0.0.1";
    server.model_dir = STR("/no/such/model");
    assert_fails(container_run(&server, &err), ERR_NOT_FOUND, &err, "/no/such/model");
    assert_int_equal(ready.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_until_sigterm),
        cmocka_unit_test(says_why_it_cannot_begin),
    };
    return cmocka_run_group_tests_name("container_run", tests, NULL, NULL);
}
