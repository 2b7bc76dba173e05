/* Proxies: when one is asked, when none may be, and what is said when one does not help. */
#include "tests/harness/test.h"
#include "tests/harness/tls_server.h"

#include "engine/aws/http_curl.h"
#include "engine/aws/http_failure.h"
#include "engine/base/file.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_direct(void **state)
{
    (void) state;
    static const struct {
        const char *url;
        bool direct;
    } s_cases[] = {
        {"http://127.0.0.1:4566/", true},
        {"http://127.9.8.7/", true},
        {"https://localhost:1/", true},
        {"http://LocalHost/", true},
        {"http://bucket.localhost:4566/", true},
        {"http://[::1]:1/", true},
        {"http://169.254.169.254/latest/api/token", true},
        {"http://169.254.170.2/v2", true},
        {"http://169.254.170.23/v1", true},
        {"http://[fd00:ec2::254]/latest", true},
        {"http://[FD00:EC2::23]/v1", true},
        {"http://[fe80::1]/", true},
        {"http://[febf::1]/", true},
        {"https://s3.us-east-1.amazonaws.com/", false},
        {"http://169.253.169.254/", false},
        {"https://localhost.example.com/", false},
        {"http://10.0.0.1/", false},
        {"http://[fd00:ec3::1]/", false},
        {"no URL", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        if (http_is_direct(str_from(s_cases[i].url)) != s_cases[i].direct)
            fail_msg("%s", s_cases[i].url);
}

/* ---- the words ---- */

static void test_words(void **state)
{
    (void) state;
    static const struct {
        enum http_failure_kind kind;
        const char *reason;
        int proxy_status;
        enum err_code code;
        const char *message, *hint;
    } s_cases[] = {
        {HTTP_BROKE_OFF, "it hung up", 0, ERR_TRANSIENT,
         "the exchange with 'h.example:443' broke off: it hung up", ""},
        {HTTP_INTERRUPTED, "", 0, ERR_CANCELLED, "interrupted before 'h.example:443' answered", ""},
        {HTTP_TIMED_OUT, "30 s", 0, ERR_TIMEOUT, "'h.example:443' did not answer in time: 30 s",
         ""},
        {HTTP_NO_CONNECTION, "refused", 0, ERR_TRANSIENT, "no connection to 'h.example:443'",
         "any configured endpoint URL"},
        {HTTP_NO_PROXY, "Could not resolve proxy", 0, ERR_TRANSIENT,
         "no connection to 'h.example:443': Could not resolve proxy", "HTTPS_PROXY"},
        {HTTP_NO_TLS, "SSL routines::wrong version number", 0, ERR_TERMINAL, "no TLS connection",
         "TLS 1.2 or later"},
        {HTTP_NO_TLS, "SSL routines::unsupported protocol", 0, ERR_TERMINAL, "no TLS connection",
         "TLS 1.2 or later"},
        {HTTP_NO_TLS, "sslv3 alert handshake failure", 0, ERR_TERMINAL, "no TLS connection",
         "TLS 1.2 or later"},
        {HTTP_NO_TLS, "SSL_ERROR_SYSCALL", 0, ERR_TRANSIENT, "no TLS connection", "the network"},
        {HTTP_BROKEN_CALL, "out of memory", 0, ERR_INTERNAL, "libcurl: out of memory", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct http_failure failure = {
            .kind = s_cases[i].kind,
            .url = STR("https://h.example/x"),
            .reason = s_cases[i].reason,
            .proxy_status = s_cases[i].proxy_status,
            .not_sent = i % 2 == 0};
        struct err err = {0};
        assert_fails(http_failure_err(&failure, &err), s_cases[i].code, &err, s_cases[i].message);
        if (strstr(err.hint, s_cases[i].hint) == NULL)
            fail_msg("%s: hint '%s'", s_cases[i].reason, err.hint);
        assert_int_equal(err.aws.not_sent, i % 2 == 0);
    }
}

/* ---- a proxy ---- */

struct proxy {
    int listener;
    uint16_t port, target; /* every tunnel leads to 127.0.0.1:target */
    const char *answer;    /* to CONNECT; NULL: the tunnel is made */
    char asked[512];       /* the first line of the last request */
    unsigned count;
    pthread_t thread;
    int stop[2];
};

static void pump(int from, int to)
{
    char bytes[8192];
    ssize_t got = recv(from, bytes, sizeof(bytes), 0);
    if (got <= 0 || send(to, bytes, (size_t) got, MSG_NOSIGNAL) != got)
        shutdown(to, SHUT_RDWR);
}

static void tunnel(struct proxy *proxy, int client)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(proxy->target)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *) &address, sizeof(address)) == 0) {
        static const char s_ok[] = "HTTP/1.1 200 Connection established\r\n\r\n";
        send(client, s_ok, sizeof(s_ok) - 1, MSG_NOSIGNAL);
        struct pollfd fds[] = {
            {client, POLLIN, 0}, {server, POLLIN, 0}, {proxy->stop[0], POLLIN, 0}};
        while (poll(fds, 3, -1) > 0 && fds[2].revents == 0) {
            if (fds[0].revents != 0)
                pump(client, server);
            if (fds[1].revents != 0)
                pump(server, client);
            if (((fds[0].revents | fds[1].revents) & (POLLHUP | POLLERR)) != 0)
                break;
        }
    }
    close(server);
}

static void serve(struct proxy *proxy, int client)
{
    char head[4096] = "";
    size_t len = 0;
    while (len < sizeof(head) - 1) {
        ssize_t got = recv(client, head + len, sizeof(head) - 1 - len, 0);
        if (got <= 0)
            return;
        len += (size_t) got;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            break;
    }
    proxy->count++;
    head[strcspn(head, "\r")] = '\0';
    memcpy(proxy->asked, head, sizeof(proxy->asked) - 1);
    if (proxy->answer == NULL)
        tunnel(proxy, client);
    else
        send(client, proxy->answer, strlen(proxy->answer), MSG_NOSIGNAL);
}

static void *proxy_thread(void *arg)
{
    struct proxy *proxy = arg;
    struct pollfd fds[] = {{proxy->listener, POLLIN, 0}, {proxy->stop[0], POLLIN, 0}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        int client = accept(proxy->listener, NULL, NULL);
        serve(proxy, client);
        close(client);
    }
    return NULL;
}

static void proxy_start(struct proxy *proxy, const char *answer, unsigned target)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *proxy = (struct proxy){.answer = answer, .target = (uint16_t) target};
    proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(proxy->listener, (struct sockaddr *) &address, len), 0);
    assert_int_equal(listen(proxy->listener, 8), 0);
    assert_int_equal(getsockname(proxy->listener, (struct sockaddr *) &address, &len), 0);
    proxy->port = ntohs(address.sin_port);
    assert_int_equal(pipe(proxy->stop), 0);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_thread, proxy), 0);
}

static void proxy_stop(struct proxy *proxy)
{
    close(proxy->stop[1]);
    pthread_join(proxy->thread, NULL);
    close(proxy->stop[0]);
    close(proxy->listener);
}

/* ---- asked or not ---- */

struct exchange {
    struct http_transport *http;
    struct arena *arena;
    struct str url;
    enum err_code code;
    struct err err;
    struct http_response response;
};

static void get_task(void *arg)
{
    struct exchange *exchange = arg;
    struct http_request request = {.method = STR("GET"), .url = exchange->url, .timeout_ms = 30000};
    exchange->code =
        http_send(exchange->http, exchange->arena, &request, &exchange->response, &exchange->err);
}

static const char *const s_variables[] = {
    "HTTPS_PROXY", "https_proxy", "http_proxy", "HTTP_PROXY",
    "ALL_PROXY",   "all_proxy",   "NO_PROXY",   "no_proxy",
};

static void forget_proxies(void)
{
    for (size_t i = 0; i < ARRAY_LEN(s_variables); i++)
        unsetenv(s_variables[i]);
}

static void get(struct exchange *exchange, const char *bundle, int64_t connect_timeout_ms)
{
    struct err err = {0};
    struct loop *loop = loop_new(clock_system());
    struct http_curl_options options = {
        .loop = loop,
        .user_agent = "mmectl/test",
        .ca_bundle = bundle,
        .connect_timeout_ms = connect_timeout_ms};
    assert_ok(http_curl_new(&options, &exchange->http, &err), &err);
    loop_run(loop, get_task, exchange);
    http_close(exchange->http);
    loop_free(loop);
}

#define HOST "s3.us-east-1.standin.test"

static const struct {
    const char *name, *answer, *no_proxy;
    enum err_code code;
    const char *message, *hint;
    unsigned asked;
} s_rows[] = {
    {"a tunnel", NULL, NULL, ERR_NONE, NULL, NULL, 1},
    {"one that wants a password",
     "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", NULL, ERR_TERMINAL,
     "the proxy to '" HOST ":443' wants a user and a password", "HTTPS_PROXY=http://USER:PASSWORD",
     1},
    {"one that refuses the host", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", NULL,
     ERR_TERMINAL, "the proxy does not connect to '" HOST ":443': it answered 403", "NO_PROXY", 1},
    {"one that finds nobody", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", NULL,
     ERR_TRANSIENT, "it answered 502", "check HTTPS_PROXY", 1},
    {"one that hangs up", "", NULL, ERR_TRANSIENT, HOST, NULL, 1},
    {"a host that needs none", NULL, ".standin.test", ERR_TRANSIENT, "no connection to '" HOST,
     NULL, 0},
};

static void test_tunnels(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    const char *bundle = path_join(arena, str_from(folder), STR("ca.pem")).ptr;
    struct err err = {0};
    struct tls_server server;
    struct tls_server_options options = {.host = HOST, .from_days = -1, .till_days = 9};
    tls_server_start(&server, arena, &options);
    assert_ok(file_write_atomic(bundle, server.certificate, 0600, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(s_rows); i++) {
        struct proxy proxy;
        proxy_start(&proxy, s_rows[i].answer, server.port);
        forget_proxies();
        const char *url = str_fmt(arena, "http://127.0.0.1:%u", proxy.port).ptr;
        setenv("HTTPS_PROXY", url, 1);
        if (s_rows[i].no_proxy != NULL)
            setenv("NO_PROXY", s_rows[i].no_proxy, 1);
        struct exchange exchange = {.arena = arena, .url = STR("https://" HOST "/key")};
        get(&exchange, bundle, 20000);
        proxy_stop(&proxy);
        if (exchange.code != s_rows[i].code)
            fail_msg("%s: %s (%s)", s_rows[i].name, err_name(exchange.code), exchange.err.message);
        if (s_rows[i].message != NULL && strstr(exchange.err.message, s_rows[i].message) == NULL)
            fail_msg("%s: message '%s'", s_rows[i].name, exchange.err.message);
        if (s_rows[i].hint != NULL && strstr(exchange.err.hint, s_rows[i].hint) == NULL)
            fail_msg("%s: hint '%s'", s_rows[i].name, exchange.err.hint);
        assert_int_equal(exchange.err.aws.not_sent, exchange.code != ERR_NONE);
        assert_int_equal(proxy.count, s_rows[i].asked);
        if (s_rows[i].asked > 0)
            assert_string_equal(proxy.asked, "CONNECT " HOST ":443 HTTP/1.1");
    }
    forget_proxies();
    tls_server_stop(&server);
    assert_int_equal(server.requests, 1);
    test_folder_remove(folder);
}

/* However the environment asks for it: this machine is asked directly. So are link-local addresses,
 * by the same function (test_direct), but no test speaks to one. */
static void test_never_asked(void **state)
{
    struct arena *arena = *state;
    struct proxy proxy;
    struct tls_server server;
    struct tls_server_options options = {.host = "localhost", .plain = true, .till_days = 9};
    tls_server_start(&server, arena, &options);
    proxy_start(&proxy, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy", server.port);
    forget_proxies();
    const char *url = str_fmt(arena, "http://127.0.0.1:%u", proxy.port).ptr;
    for (size_t i = 0; i < 6; i++)
        setenv(s_variables[i], url, 1);
    const char *urls[] = {
        str_fmt(arena, "http://127.0.0.1:%u/", server.port).ptr,
        str_fmt(arena, "http://localhost:%u/", server.port).ptr,
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct exchange exchange = {.arena = arena, .url = str_from(urls[i])};
        get(&exchange, NULL, 20000);
        assert_str(exchange.response.body, "ok");
    }
    assert_int_equal(proxy.count, 0);
    /* It does answer whoever asks. */
    struct exchange exchange = {.arena = arena, .url = STR("http://elsewhere.test/x")};
    get(&exchange, NULL, 20000);
    assert_str(exchange.response.body, "proxy");
    assert_string_equal(proxy.asked, "GET http://elsewhere.test/x HTTP/1.1");
    forget_proxies();
    proxy_stop(&proxy);
    tls_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_words),
        WITH_ARENA(test_tunnels),
        WITH_ARENA(test_never_asked),
    };
    return cmocka_run_group_tests_name("http_failure", tests, NULL, NULL);
}
