/* TLS is verified, always: who signed the certificate, for which host, from when and until when,
 * and in which version of the protocol. What is refused is refused before a byte of the request is
 * sent. */
#include "tests/harness/test.h"
#include "tests/harness/tls_server.h"

#include "engine/aws/http_curl.h"
#include "engine/base/file.h"

struct tls_exchange {
    struct http_transport *http;
    struct arena *arena;
    struct str url;
    enum err_code code;
    struct err err;
    struct http_response response;
};

static void get_task(void *arg)
{
    struct tls_exchange *exchange = arg;
    struct http_request request = {.method = STR("GET"), .url = exchange->url, .timeout_ms = 30000};
    exchange->code =
        http_send(exchange->http, exchange->arena, &request, &exchange->response, &exchange->err);
}

enum bundle {
    OURS,       /* the server's own certificate */
    THE_SYSTEM, /* none is named */
    ANOTHER,    /* a certificate of the same name with another key */
    NOTHING,    /* a file without certificates */
    NO_FILE
};

#define TLS_1_1 "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT"
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define UNTRUSTED "cannot be trusted: SSL certificate problem: self"

static const struct tls_row {
    const char *name;
    struct tls_server_options server;
    const char *asked; /* the host */
    enum bundle bundle;
    enum err_code code;
    const char *message, *hint;
} s_rows[] = {
    {"trusted", {.host = "localhost"}, "localhost", OURS, ERR_NONE, NULL, NULL},
    {"TLS 1.2",
     {.host = "localhost", .priorities = TLS_1_2},
     "localhost",
     OURS,
     ERR_NONE,
     NULL,
     NULL},
    {"signed by nobody we know",
     {.host = "localhost"},
     "localhost",
     THE_SYSTEM,
     ERR_TERMINAL,
     UNTRUSTED,
     "behind a proxy that inspects TLS, point AWS_CA_BUNDLE to its certificate"},
    {"signed by another of that name",
     {.host = "localhost"},
     "localhost",
     ANOTHER,
     ERR_TERMINAL,
     "cannot be trusted",
     "which alone is trusted"},
    {"for another host",
     {.host = "localhost"},
     "127.0.0.1",
     OURS,
     ERR_TERMINAL,
     "'127.0.0.1:PORT' cannot be trusted",
     "the certificate of another host"},
    {"for a name that only begins alike",
     {.host = "localhost.example"},
     "localhost",
     OURS,
     ERR_TERMINAL,
     "cannot be trusted",
     "the certificate of another host"},
    {"expired",
     {.host = "localhost", .from_days = -9, .till_days = -1},
     "localhost",
     OURS,
     ERR_TERMINAL,
     "certificate has expired",
     "this machine's clock is wrong"},
    {"from tomorrow on",
     {.host = "localhost", .from_days = 1, .till_days = 9},
     "localhost",
     OURS,
     ERR_TERMINAL,
     "not yet valid",
     "this machine's clock is wrong"},
    {"TLS 1.1",
     {.host = "localhost", .priorities = TLS_1_1},
     "localhost",
     OURS,
     ERR_TERMINAL,
     "no TLS connection to 'localhost:PORT'",
     "TLS 1.2 or later is needed"},
    {"an empty bundle",
     {.host = "localhost"},
     "localhost",
     NOTHING,
     ERR_TERMINAL,
     "ca.pem' cannot be used",
     "AWS_CA_BUNDLE"},
    {"no bundle",
     {.host = "localhost"},
     "localhost",
     NO_FILE,
     ERR_TERMINAL,
     "missing.pem' cannot be used",
     "ca_bundle of the profile"},
};

/* What AWS_CA_BUNDLE would name; NULL: nothing. */
static const char *write_bundle(
    struct arena *arena, const char *folder, enum bundle bundle, const struct tls_server *server)
{
    struct err err = {0};
    const char *path = path_join(arena, str_from(folder), STR("ca.pem")).ptr;
    struct str text = server->certificate;
    if (bundle == THE_SYSTEM)
        return NULL;
    if (bundle == NO_FILE)
        return path_join(arena, str_from(folder), STR("missing.pem")).ptr;
    if (bundle == NOTHING)
        text = STR("there is no certificate here\n");
    if (bundle == ANOTHER) {
        struct tls_server other;
        struct tls_server_options options = {.host = "localhost", .till_days = 9};
        tls_server_start(&other, arena, &options);
        text = other.certificate;
        tls_server_stop(&other);
    }
    assert_ok(file_write_atomic(path, text, 0600, &err), &err);
    return path;
}

/* PORT stands for the server's. */
static bool says(const char *text, const char *wanted, struct arena *arena, unsigned port)
{
    struct str whole = str_from(wanted), number = str_fmt(arena, "%u", port);
    size_t at = str_find(whole, STR("PORT"));
    if (at != SIZE_MAX)
        whole = str_fmt(
            arena, STR_FMT STR_FMT STR_FMT, STR_ARG(str_slice(whole, 0, at)), STR_ARG(number),
            STR_ARG(str_from_index(whole, at + 4)));
    return str_find(str_from(text), whole) != SIZE_MAX;
}

static void play(struct arena *arena, const char *folder, const struct tls_row *row)
{
    struct err err = {0};
    struct tls_server server;
    struct tls_server_options options = row->server;
    if (options.till_days == 0) {
        options.from_days = -1;
        options.till_days = 9;
    }
    tls_server_start(&server, arena, &options);
    struct tls_exchange exchange = {
        .arena = arena, .url = str_fmt(arena, "https://%s:%u/", row->asked, server.port)};
    struct loop *loop = loop_new(clock_system());
    struct http_curl_options curl = {
        .loop = loop,
        .user_agent = "mmectl/test",
        .ca_bundle = write_bundle(arena, folder, row->bundle, &server),
        .connect_timeout_ms = 20000};
    assert_ok(http_curl_new(&curl, &exchange.http, &err), &err);
    loop_run(loop, get_task, &exchange);
    if (exchange.code != row->code)
        fail_msg("%s: %s (%s)", row->name, err_name(exchange.code), exchange.err.message);
    if (exchange.code == ERR_NONE)
        assert_str(exchange.response.body, "ok");
    if (row->message != NULL && !says(exchange.err.message, row->message, arena, server.port))
        fail_msg("%s: message '%s'", row->name, exchange.err.message);
    if (row->hint != NULL && !says(exchange.err.hint, row->hint, arena, server.port))
        fail_msg("%s: hint '%s'", row->name, exchange.err.hint);
    assert_int_equal(exchange.err.aws.not_sent, exchange.code != ERR_NONE);
    http_close(exchange.http);
    loop_free(loop);
    tls_server_stop(&server);
    if (server.requests != (row->code == ERR_NONE ? 1U : 0U))
        fail_msg("%s: %u requests arrived", row->name, server.requests);
}

static void test_trust(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    for (size_t i = 0; i < ARRAY_LEN(s_rows); i++)
        play(arena, folder, &s_rows[i]);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(test_trust)};
    return cmocka_run_group_tests_name("http_tls", tests, NULL, NULL);
}
