/* The proxy over real sockets, with limits that are soon reached: what a client that misbehaves
 * gets. TLS itself is tested by other people's clients, tests/e2e/t120 and t121. */
#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "engine/local/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

struct scene {
    struct arena *arena;
    const char *home;
    struct proxy_certs *certs;
    struct proxy *proxy;
};

static int setup(void **state)
{
    struct scene *scene = xmalloc(sizeof(*scene));
    struct err err = {0};
    *scene = (struct scene){.arena = arena_new("test", 0)};
    scene->home = test_folder_new(scene->arena);
    assert_ok(proxy_certs_open(clock_system(), scene->home, &scene->certs, &err), &err);
    const struct proxy_options options = {
        .target = 1, /* nobody listens there */
        .limits = {.head_ms = 150, .handshake_ms = 150, .idle_ms = 150, .tunnels = 3},
        .certs = scene->certs};
    assert_ok(proxy_start(&options, &scene->proxy, &err), &err);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    proxy_stop(scene->proxy);
    proxy_certs_free(scene->certs);
    test_folder_remove(scene->home);
    arena_free(scene->arena);
    xfree(scene);
    return 0;
}

static int dial(const struct scene *scene)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(proxy_port(scene->proxy)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, struct str text)
{
    assert_int_equal(send(fd, text.ptr, text.len, MSG_NOSIGNAL), text.len);
}

/* Everything until the proxy hangs up. */
static struct str hear(struct scene *scene, int fd)
{
    AUTO(buf_done) struct buf heard = BUF_INIT(MIB(1));
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        buf_add_mem(&heard, bytes, (size_t) n);
    close(fd);
    return str_dup(scene->arena, buf_str(&heard));
}

static void hear_established(int fd)
{
    char bytes[sizeof(ESTABLISHED)];
    size_t len = sizeof(ESTABLISHED) - 1;
    assert_int_equal(recv(fd, bytes, len, MSG_WAITALL), len);
    assert_memory_equal(bytes, ESTABLISHED, len);
}

static void test_silence(void **state)
{
    struct scene *scene = *state;
    assert_str(hear(scene, dial(scene)), "");
    int fd = dial(scene);
    say(fd, STR("CONNECT sts.amaz"));
    assert_true(str_starts(hear(scene, fd), STR("HTTP/1.1 408 ")));
    fd = dial(scene);
    say(fd, STR(CONNECT));
    assert_str(hear(scene, fd), ESTABLISHED);
}

static void test_broken_greetings(void **state)
{
    static const struct str greetings[] = {
        STR_INIT("GET / HTTP/1.1\r\nHost: sts.amazonaws.com\r\n\r\n"),
        STR_INIT("\x16\x03\x01\x00\x05hello"),
        STR_INIT("\x16\x03\x01\xff\xff\xff\xff\xff\xff"),
        STR_INIT("\0\0\0\0\0\0\0\0"),
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
        int fd = dial(scene);
        say(fd, STR(CONNECT));
        hear_established(fd);
        say(fd, greetings[i]);
        hear(scene, fd);
    }
    /* Half of a greeting, and no more of it. */
    int fd = dial(scene);
    say(fd, STR(CONNECT));
    hear_established(fd);
    say(fd, STR("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"));
    assert_str(hear(scene, fd), "");
    /* The greeting along with the CONNECT. */
    fd = dial(scene);
    say(fd, STR(CONNECT "\x16\x03\x01\x00\x05hello"));
    assert_true(str_starts(hear(scene, fd), STR(ESTABLISHED)));
}

static void test_too_many(void **state)
{
    struct scene *scene = *state;
    int held[3], more;
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        held[i] = dial(scene);
        say(held[i], STR(CONNECT));
        hear_established(held[i]);
    }
    more = dial(scene);
    say(more, STR(CONNECT));
    struct str said = hear(scene, more);
    /* On a slow machine the others may be over by then. */
    assert_true(str_starts(said, STR("HTTP/1.1 503 ")) || str_starts(said, STR(ESTABLISHED)));
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        hear(scene, held[i]);
    int fd = dial(scene);
    say(fd, STR(CONNECT));
    hear_established(fd);
    close(fd);
}

static void test_quiet(void **state)
{
    struct scene *scene = *state;
    int fd = dial(scene);
    say(fd, STR(CONNECT));
    hear_established(fd);
    proxy_quiesce(scene->proxy);
    assert_str(hear(scene, fd), ""); /* what runs goes on: until its own time is over */
}

static void test_port_is_taken(void **state)
{
    struct scene *scene = *state;
    struct proxy *other = NULL;
    struct err err = {0};
    const struct proxy_options options = {
        .port = proxy_port(scene->proxy), .target = 1, .certs = scene->certs};
    assert_fails(proxy_start(&options, &other, &err), ERR_IO, &err, "is taken");
}

#define WITH_PROXY(function) cmocka_unit_test_setup_teardown((function), setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROXY(test_silence), WITH_PROXY(test_broken_greetings), WITH_PROXY(test_too_many),
        WITH_PROXY(test_quiet),   WITH_PROXY(test_port_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
