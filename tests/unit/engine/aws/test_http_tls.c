/* TLS is verified, always: who signed the certificate, for which host, and until when. */
/* OpenSSL names parameters `rand`, which our headers poison: it comes first. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/harness/test.h"

#include "engine/aws/http_curl.h"
#include "engine/base/file.h"

#include <microhttpd.h>

/* ---- certificates, made here so that no key lies in the tree ---- */

static struct str pem_text(struct arena *arena, BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    struct str text = str_dup(arena, str_of(bytes, (size_t) len));
    BIO_free(bio);
    return text;
}

/* Self-signed, for `localhost`, valid from two days ago for `days`. */
static void
make_certificate(struct arena *arena, long days, const char **ret_key, const char **ret_certificate)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(certificate), (days - 2) * 86400L);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *) "localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    static const struct {
        int nid;
        const char *value;
    } s_extensions[] = {
        {NID_subject_alt_name, "DNS:localhost"}, {NID_basic_constraints, "critical,CA:TRUE"}};
    for (size_t i = 0; i < ARRAY_LEN(s_extensions); i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, NULL, s_extensions[i].nid, s_extensions[i].value);
        assert_non_null(extension);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    BIO *key_bio = BIO_new(BIO_s_mem()), *certificate_bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(certificate_bio, certificate);
    *ret_key = str_z(arena, pem_text(arena, key_bio));
    *ret_certificate = str_z(arena, pem_text(arena, certificate_bio));
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* ---- a server ---- */

static enum MHD_Result on_request(
    void *self,
    struct MHD_Connection *connection,
    const char *url,
    const char *method,
    const char *version,
    const char *data,
    size_t *size,
    void **state)
{
    (void) self, (void) url, (void) method, (void) version, (void) data, (void) size, (void) state;
    static char s_body[] = "ok";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(2, (void *) s_body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

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
    struct http_request request = {.method = STR("GET"), .url = exchange->url, .timeout_ms = 10000};
    exchange->code =
        http_send(exchange->http, exchange->arena, &request, &exchange->response, &exchange->err);
}

static void test_trust(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *name, *host;
        long days;
        bool bundle;
        enum err_code code;
    } s_cases[] = {
        {"trusted", "localhost", 365, true, ERR_NONE},
        {"signed by nobody we know", "localhost", 365, false, ERR_TERMINAL},
        {"for another host", "127.0.0.1", 365, true, ERR_TERMINAL},
        {"expired", "localhost", 1, true, ERR_TERMINAL},
    };
    const char *folder = test_folder_new(arena);
    const char *bundle = path_join(arena, str_from(folder), STR("ca.pem")).ptr;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct err err = {0};
        const char *key, *certificate;
        make_certificate(arena, s_cases[i].days, &key, &certificate);
        assert_ok(file_write_atomic(bundle, str_from(certificate), 0600, &err), &err);
        struct MHD_Daemon *daemon = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS | MHD_USE_AUTO, 0, NULL, NULL, on_request,
            NULL, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT, certificate,
            MHD_OPTION_END);
        assert_non_null(daemon);
        unsigned port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;

        struct tls_exchange exchange = {
            .arena = arena, .url = str_fmt(arena, "https://%s:%u/", s_cases[i].host, port)};
        struct loop *loop = loop_new(clock_system());
        struct http_curl_options options = {
            .loop = loop,
            .user_agent = "mmectl/test",
            .ca_bundle = s_cases[i].bundle ? bundle : NULL};
        assert_ok(http_curl_new(&options, &exchange.http, &err), &err);
        loop_run(loop, get_task, &exchange);
        if (exchange.code != s_cases[i].code)
            fail_msg("%s: %s (%s)", s_cases[i].name, err_name(exchange.code), exchange.err.message);
        if (exchange.code != ERR_NONE) {
            assert_non_null(strstr(exchange.err.message, "cannot be trusted"));
            assert_non_null(strstr(exchange.err.hint, "AWS_CA_BUNDLE"));
        } else {
            assert_str(exchange.response.body, "ok");
        }
        http_close(exchange.http);
        loop_free(loop);
        MHD_stop_daemon(daemon);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(test_trust)};
    return cmocka_run_group_tests_name("http_tls", tests, NULL, NULL);
}
