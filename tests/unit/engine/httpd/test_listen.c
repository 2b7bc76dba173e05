#include "engine/httpd/listen.h"

#include "tests/harness/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void gives_a_port_that_takes_connections(void **state)
{
    (void) state;
    int fd = -1, client = socket(AF_INET, SOCK_STREAM, 0);
    uint16_t port = 0;
    struct err err = {0};
    assert_int_equal(listen_open("127.0.0.1", 0, &fd, &port, &err), ERR_NONE);
    assert_true(port > 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
    int second = -1;
    uint16_t unused = 0;
    assert_int_equal(listen_open("127.0.0.1", port, &second, &unused, &err), ERR_IO);
    char want[64];
    snprintf(want, sizeof(want), "port %u on 127.0.0.1 is taken", port);
    assert_string_equal(err.message, want);
    assert_int_equal(second, -1);
    close(client);
    close(fd);
}

static void says_what_it_cannot_listen_on(void **state)
{
    (void) state;
    static const struct {
        const char *ip, *message;
    } cases[] = {
        {"localhost", "'localhost' is not an IPv4 address"},
        {"::1", "'::1' is not an IPv4 address"},
        {"", "'' is not an IPv4 address"},
        {"203.0.113.7", "listening on 203.0.113.7 port 0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int fd = -1;
        uint16_t port = 0;
        struct err err = {0};
        assert_int_equal(listen_open(cases[i].ip, 0, &fd, &port, &err), ERR_IO);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s", err.message);
        assert_int_equal(fd, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_port_that_takes_connections),
        cmocka_unit_test(says_what_it_cannot_listen_on),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
