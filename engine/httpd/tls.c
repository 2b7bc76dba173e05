/* The only file of this folder that includes OpenSSL. The authority signs with P-256, and so do the
 * leaves, which is what makes minting one a matter of microseconds. Its headers come before our
 * own, since they name a parameter 'rand', which banned.h poisons. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/httpd/tls.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/digest.h"

#include <assert.h>
#include <time.h>

enum { SERIAL_BYTES = 16, MAX_HOST = 256, MAX_WHY = 128, MAX_EXTENSION = 4096 };

struct tls_ca {
    EVP_PKEY *key;
    X509 *certificate;
};

struct tls_leaf {
    SSL_CTX *context;
    int64_t ends_ms;
};

struct tls_session {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
    char host[MAX_HOST];
    char why[MAX_WHY];
};

/* The first thing that OpenSSL complained of, which is the cause of the rest. */
static void complaint(char *out, size_t size)
{
    unsigned long code = ERR_get_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    snprintf(out, size, "%s", reason != NULL ? reason : "no reason given");
    ERR_clear_error();
}

static enum err_code tls_fail(struct err *err, enum err_code code, const char *what)
{
    char why[MAX_WHY];
    complaint(why, sizeof(why));
    return err_set(err, code, "%s: %s", what, why);
}

/* ---- certificates ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (unsigned char) ((bytes[0] & 0x7F) | 0x40); /* positive, and of one length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool good =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

/* A day earlier than now: a container's clock may be behind the machine's. */
static bool set_times(X509 *certificate, int64_t from_ms, int64_t to_ms)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t) (from_ms / 1000)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t) (to_ms / 1000)) != NULL;
}

static X509 *certificate_new(EVP_PKEY *key, const char *name, int64_t now_ms, int64_t to_ms)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate != NULL ? X509_get_subject_name(certificate) : NULL;
    if (certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate) && set_times(certificate, now_ms - TLS_DAY_MS, to_ms) &&
        X509_NAME_add_entry_by_txt(
            subject, "O", MBSTRING_UTF8, (const unsigned char *) name, -1, -1, 0) == 1 &&
        X509_set_pubkey(certificate, key) == 1)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* No address is within a domain: all of them are excluded. */
static bool constrain(X509 *certificate, const char *const *domains)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_EXTENSION);
    buf_add_z(
        &text, "critical,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/"
               "0:0:0:0:0:0:0:0");
    for (size_t i = 0; domains[i] != NULL; i++)
        buf_fmt(&text, ",permitted;DNS:%s", domains[i]);
    buf_add_char(&text, '\0');
    assert(buf_ok(&text));
    return add_extension(certificate, certificate, NID_name_constraints, text.ptr);
}

static bool write_pem(EVP_PKEY *key, X509 *certificate, struct arena *arena, struct str *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    bool good =
        bio != NULL &&
        (key == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) &&
        PEM_write_bio_X509(bio, certificate) == 1;
    long len = good ? BIO_get_mem_data(bio, &bytes) : 0;
    if (good) {
        *out = str_dup(arena, str_of(bytes, (size_t) len));
        secret_wipe(bytes, (size_t) len);
    }
    BIO_free(bio);
    return good;
}

enum err_code tls_ca_make(
    struct arena *arena, const struct tls_ca_options *options, struct str *ret_pem, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int64_t to_ms = options->now_ms + (int64_t) options->days * TLS_DAY_MS;
    X509 *certificate =
        key != NULL ? certificate_new(key, options->name, options->now_ms, to_ms) : NULL;
    bool good =
        certificate != NULL &&
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_extension(
            certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        constrain(certificate, options->domains) && X509_sign(certificate, key, EVP_sha256()) > 0 &&
        write_pem(key, certificate, arena, ret_pem);
    enum err_code code =
        good ? ERR_NONE : tls_fail(err, ERR_INTERNAL, "making a certificate authority");
    X509_free(certificate);
    EVP_PKEY_free(key);
    return code;
}

/* A key under a password is not one of ours; nobody is asked for it on a terminal. */
static int no_password(char *bytes, int size, int writing, void *arg)
{
    (void) bytes;
    (void) size;
    (void) writing;
    (void) arg;
    return -1;
}

enum err_code tls_ca_open(struct str pem, struct tls_ca **out, struct err *err)
{
    struct tls_ca *ca = xmalloc(sizeof(*ca));
    BIO *bio = BIO_new_mem_buf(pem.ptr != NULL ? pem.ptr : "", str_len_int(pem));
    ca->key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    ca->certificate = ca->key != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    if (ca->certificate != NULL && X509_check_private_key(ca->certificate, ca->key) == 1 &&
        X509_check_ca(ca->certificate) == 1) {
        *out = ca;
        return ERR_NONE;
    }
    tls_ca_free(ca);
    return tls_fail(err, ERR_PROTOCOL, "not a certificate authority with its key");
}

void tls_ca_free(struct tls_ca *ca)
{
    if (ca == NULL)
        return;
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
    xfree(ca);
}

int64_t tls_ca_ends_ms(const struct tls_ca *ca)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool good = epoch != NULL &&
                ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(ca->certificate)) == 1;
    ASN1_TIME_free(epoch);
    return good ? (int64_t) days * TLS_DAY_MS + (int64_t) seconds * 1000 : 0;
}

struct str tls_ca_certificate(const struct tls_ca *ca, struct arena *arena)
{
    struct str pem = STR("");
    bool good = write_pem(NULL, ca->certificate, arena, &pem);
    assert(good);
    (void) good;
    return pem;
}

struct str tls_ca_fingerprint(const struct tls_ca *ca, struct arena *arena)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(1));
    if (X509_digest(ca->certificate, EVP_sha256(), digest, &len) == 1)
        for (unsigned i = 0; i < len; i++)
            buf_fmt(&text, "%s%02X", i > 0 ? ":" : "", (unsigned) digest[i]);
    return str_dup(arena, buf_str(&text));
}

/* ---- leaves ---- */

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    struct tls_session *session = SSL_get_app_data(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void) arg;
    if (name == NULL || str_eq_nocase(str_from(name), str_from(session->host)))
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_protocols(
    SSL *ssl,
    const unsigned char **out,
    unsigned char *out_len,
    const unsigned char *in,
    unsigned in_len,
    void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void) ssl;
    (void) arg;
    unsigned char *chosen = NULL;
    int found = SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *context_new(EVP_PKEY *key, X509 *certificate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
    SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
    if (SSL_CTX_set_num_tickets(context, 0) == 1 &&
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
        SSL_CTX_use_certificate(context, certificate) == 1 &&
        SSL_CTX_use_PrivateKey(context, key) == 1)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static bool add_names(X509 *certificate, X509 *issuer, const struct str *names, size_t n_names)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_EXTENSION);
    for (size_t i = 0; i < n_names; i++)
        buf_fmt(&text, "%sDNS:" STR_FMT, i > 0 ? "," : "", STR_ARG(names[i]));
    buf_add_char(&text, '\0');
    assert(buf_ok(&text) && n_names > 0);
    return add_extension(certificate, issuer, NID_subject_alt_name, text.ptr);
}

enum err_code tls_leaf_make(
    const struct tls_ca *ca,
    const struct str *names,
    size_t n_names,
    int64_t now_ms,
    int days,
    struct tls_leaf **out,
    struct err *err)
{
    int64_t to_ms = now_ms + (int64_t) days * TLS_DAY_MS, ca_ends_ms = tls_ca_ends_ms(ca);
    to_ms = to_ms < ca_ends_ms ? to_ms : ca_ends_ms;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key != NULL ? certificate_new(key, "mmectl stand-in", now_ms, to_ms) : NULL;
    X509 *issuer = ca->certificate;
    bool good = certificate != NULL &&
                X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
                add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
                add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
                add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
                add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
                add_names(certificate, issuer, names, n_names) &&
                X509_sign(certificate, ca->key, EVP_sha256()) > 0;
    SSL_CTX *context = good ? context_new(key, certificate) : NULL;
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (context == NULL)
        return tls_fail(err, ERR_INTERNAL, "making a certificate");
    *out = xmalloc(sizeof(**out));
    **out = (struct tls_leaf){.context = context, .ends_ms = to_ms};
    return ERR_NONE;
}

int64_t tls_leaf_ends_ms(const struct tls_leaf *leaf)
{
    return leaf->ends_ms;
}

void tls_leaf_free(struct tls_leaf *leaf)
{
    if (leaf == NULL)
        return;
    SSL_CTX_free(leaf->context);
    xfree(leaf);
}

/* ---- sessions ---- */

struct tls_session *tls_session_new(const struct tls_leaf *leaf, struct str host)
{
    struct tls_session *session = xmalloc(sizeof(*session));
    *session = (struct tls_session){
        .ssl = SSL_new(leaf->context), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
    if (session->ssl == NULL || session->in == NULL || session->out == NULL)
        abort(); /* no memory, as xmalloc() has it */
    snprintf(session->host, sizeof(session->host), STR_FMT, STR_ARG(host));
    SSL_set_bio(session->ssl, session->in, session->out);
    SSL_set_app_data(session->ssl, session);
    SSL_set_accept_state(session->ssl);
    return session;
}

void tls_session_free(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    xfree(session);
}

void tls_feed(struct tls_session *session, struct str bytes)
{
    if (bytes.len > 0 && BIO_write(session->in, bytes.ptr, str_len_int(bytes)) < 0)
        abort();
}

static enum tls_state state_of(struct tls_session *session, int result)
{
    int why = SSL_get_error(session->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return TLS_WANTS;
    if (why == SSL_ERROR_ZERO_RETURN)
        return TLS_ENDED;
    complaint(session->why, sizeof(session->why));
    return TLS_FAILED;
}

enum tls_state tls_shake(struct tls_session *session)
{
    ERR_clear_error();
    int result = SSL_do_handshake(session->ssl);
    return result == 1 ? TLS_OK : state_of(session, result);
}

enum tls_state tls_read(struct tls_session *session, char *bytes, size_t max, size_t *ret_len)
{
    ERR_clear_error();
    int result = SSL_read_ex(session->ssl, bytes, max, ret_len);
    return result == 1 ? TLS_OK : state_of(session, result);
}

enum tls_state tls_write(struct tls_session *session, struct str bytes)
{
    while (bytes.len > 0) {
        size_t written = 0;
        ERR_clear_error();
        int result = SSL_write_ex(session->ssl, bytes.ptr, bytes.len, &written);
        if (result != 1)
            return state_of(session, result);
        bytes = str_from_index(bytes, written);
    }
    return TLS_OK;
}

void tls_end(struct tls_session *session)
{
    ERR_clear_error();
    int result = SSL_shutdown(session->ssl);
    (void) result; /* whether the client answers does not matter */
}

struct str tls_out(const struct tls_session *session)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(session->out, &bytes);
    return str_of(bytes, len > 0 ? (size_t) len : 0);
}

void tls_sent(struct tls_session *session, size_t len)
{
    char passed[4096];
    while (len > 0) {
        int n = BIO_read(session->out, passed, (int) (len < sizeof(passed) ? len : sizeof(passed)));
        if (n <= 0)
            return;
        len -= (size_t) n;
    }
}

const char *tls_why(const struct tls_session *session)
{
    return session->why;
}
