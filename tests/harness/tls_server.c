/* OpenSSL names parameters `rand`, which our headers poison: it comes first. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/harness/tls_server.h"

#include "tests/harness/test.h"

#include <microhttpd.h>

static struct str pem_text(struct arena *arena, BIO *bio)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    struct str text = str_dup(arena, str_of(bytes, (size_t) len));
    BIO_free(bio);
    return text;
}

static void make_certificate(
    struct arena *arena,
    const struct tls_server_options *options,
    const char **ret_key,
    const char **ret_certificate)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), options->from_days * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options->till_days * 86400L);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *) options->host, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    const struct {
        int nid;
        const char *value;
    } extensions[] = {
        {NID_subject_alt_name, str_fmt(arena, "DNS:%s", options->host).ptr},
        {NID_basic_constraints, "critical,CA:TRUE"}};
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, NULL, extensions[i].nid, extensions[i].value);
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
    (void) url, (void) method, (void) version, (void) data, (void) size, (void) state;
    static char s_body[] = "ok";
    struct tls_server *server = self;
    __atomic_add_fetch(&server->requests, 1, __ATOMIC_RELAXED);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(2, (void *) s_body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return queued;
}

void tls_server_start(
    struct tls_server *server, struct arena *arena, const struct tls_server_options *options)
{
    const char *key, *certificate;
    make_certificate(arena, options, &key, &certificate);
    *server = (struct tls_server){.certificate = str_from(certificate)};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO;
    if (options->plain)
        server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_END);
    else
        server->daemon = MHD_start_daemon(
            flags | MHD_USE_TLS, 0, NULL, NULL, on_request, server, MHD_OPTION_HTTPS_MEM_KEY, key,
            MHD_OPTION_HTTPS_MEM_CERT, certificate, MHD_OPTION_HTTPS_PRIORITIES,
            options->priorities != NULL ? options->priorities : "NORMAL", MHD_OPTION_END);
    assert_non_null(server->daemon);
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void tls_server_stop(struct tls_server *server)
{
    MHD_stop_daemon(server->daemon);
}
