/* Before our own headers, since OpenSSL's name a parameter 'rand', which banned.h poisons. */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "engine/base/digest.h"

#include "engine/base/arena.h"
#include "engine/base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define READ_PIECE_BYTES KIB(64)

/* OpenSSL 3 looks an algorithm up by name on every use unless it was fetched: 3 to 5 times slower
 * for SigV4's short inputs. Hence one fetch per process, and contexts that each thread keeps. */
static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static EVP_MD *s_sha256, *s_md5;
static pthread_key_t s_thread_key;

/* With a library that lacks SHA-256, or without memory, nothing can go on. */
static void must(bool worked, const char *what)
{
    if (worked)
        return;
    fprintf(stderr, "mmectl: libcrypto failed: %s\n", what);
    abort();
}

/* What a thread keeps, so that short inputs cost no allocation. */
struct thread_contexts {
    EVP_MD_CTX *sha256, *md5;
};

static void thread_contexts_free(void *arg)
{
    struct thread_contexts *contexts = arg;
    EVP_MD_CTX_free(contexts->sha256);
    EVP_MD_CTX_free(contexts->md5);
    xfree(contexts);
}

static void fetch_all(void)
{
    s_sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    /* "-fips": MD5 names content here (S3's ETag), it protects nothing. */
    s_md5 = EVP_MD_fetch(NULL, "MD5", "-fips");
    must(s_sha256 != NULL && s_md5 != NULL, "fetching algorithms");
    must(pthread_key_create(&s_thread_key, thread_contexts_free) == 0, "a thread key");
}

static void fetch_once(void)
{
    must(pthread_once(&s_once, fetch_all) == 0, "pthread_once");
}

static struct thread_contexts *thread_contexts(void)
{
    fetch_once();
    struct thread_contexts *contexts = pthread_getspecific(s_thread_key);
    if (contexts != NULL)
        return contexts;
    contexts = xmalloc(sizeof(*contexts));
    *contexts = (struct thread_contexts){EVP_MD_CTX_new(), EVP_MD_CTX_new()};
    must(contexts->sha256 != NULL && contexts->md5 != NULL, "EVP_MD_CTX_new");
    must(pthread_setspecific(s_thread_key, contexts) == 0, "pthread_setspecific");
    return contexts;
}

static void digest_rest(EVP_MD_CTX *ctx, struct str data, unsigned char *out)
{
    must(EVP_DigestUpdate(ctx, data.ptr, data.len) == 1, "EVP_DigestUpdate");
    must(EVP_DigestFinal_ex(ctx, out, NULL) == 1, "EVP_DigestFinal_ex");
}

static void digest_all(EVP_MD_CTX *ctx, const EVP_MD *md, struct str data, unsigned char *out)
{
    must(EVP_DigestInit_ex2(ctx, md, NULL) == 1, "EVP_DigestInit_ex2");
    digest_rest(ctx, data, out);
}

struct sha256 sha256_of(struct str data)
{
    struct sha256 out = {{0}};
    EVP_MD_CTX *ctx = thread_contexts()->sha256;
    digest_all(ctx, s_sha256, data, out.bytes);
    return out;
}

struct md5 md5_of(struct str data)
{
    struct md5 out = {{0}};
    EVP_MD_CTX *ctx = thread_contexts()->md5;
    digest_all(ctx, s_md5, data, out.bytes);
    return out;
}

/* RFC 2104 by hand: OpenSSL's MAC copies contexts on the heap, six times for a text of one block.
 */
struct sha256 hmac_sha256(struct str key, struct str data)
{
    enum { BLOCK = 64 };
    struct sha256 out = {{0}}, short_key;
    unsigned char inner[BLOCK] = {0}, outer[BLOCK];
    EVP_MD_CTX *ctx = thread_contexts()->sha256;
    if (key.len > BLOCK) {
        short_key = sha256_of(key);
        key = str_of(short_key.bytes, SHA256_LEN);
    }
    if (key.len > 0)
        memcpy(inner, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    must(EVP_DigestInit_ex2(ctx, s_sha256, NULL) == 1, "EVP_DigestInit_ex2");
    must(EVP_DigestUpdate(ctx, inner, BLOCK) == 1, "EVP_DigestUpdate");
    digest_rest(ctx, data, out.bytes);
    must(EVP_DigestInit_ex2(ctx, s_sha256, NULL) == 1, "EVP_DigestInit_ex2");
    must(EVP_DigestUpdate(ctx, outer, BLOCK) == 1, "EVP_DigestUpdate");
    digest_rest(ctx, str_of(out.bytes, SHA256_LEN), out.bytes);
    secret_wipe(inner, sizeof(inner));
    secret_wipe(outer, sizeof(outer));
    return out;
}

struct digest {
    EVP_MD_CTX *sha256, *md5;
};

struct digest *digest_new(void)
{
    fetch_once();
    struct digest *digest = xmalloc(sizeof(*digest));
    digest->sha256 = EVP_MD_CTX_new();
    digest->md5 = EVP_MD_CTX_new();
    must(digest->sha256 != NULL && digest->md5 != NULL, "EVP_MD_CTX_new");
    must(EVP_DigestInit_ex2(digest->sha256, s_sha256, NULL) == 1, "EVP_DigestInit_ex2");
    must(EVP_DigestInit_ex2(digest->md5, s_md5, NULL) == 1, "EVP_DigestInit_ex2");
    return digest;
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->sha256);
    EVP_MD_CTX_free(digest->md5);
    xfree(digest);
}

void digest_close(struct digest **digest)
{
    digest_free(*digest);
    *digest = NULL;
}

void digest_add(struct digest *digest, struct str data)
{
    must(EVP_DigestUpdate(digest->sha256, data.ptr, data.len) == 1, "EVP_DigestUpdate");
    must(EVP_DigestUpdate(digest->md5, data.ptr, data.len) == 1, "EVP_DigestUpdate");
}

void digest_end(struct digest *digest, struct sha256 *sha256, struct md5 *md5)
{
    if (sha256 != NULL)
        must(EVP_DigestFinal_ex(digest->sha256, sha256->bytes, NULL) == 1, "EVP_DigestFinal_ex");
    if (md5 != NULL)
        must(EVP_DigestFinal_ex(digest->md5, md5->bytes, NULL) == 1, "EVP_DigestFinal_ex");
}

static void md_ctx_close(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void piece_close(char **piece)
{
    xfree(*piece);
}

enum err_code sha256_file(const char *path, struct sha256 *out, uint64_t *size, struct err *err)
{
    fetch_once();
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "reading '%s'", path);
    AUTO(piece_close) char *piece = xmalloc(READ_PIECE_BYTES);
    AUTO(md_ctx_close) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx != NULL && EVP_DigestInit_ex2(ctx, s_sha256, NULL) == 1, "EVP_DigestInit_ex2");
    uint64_t total = 0;
    for (;;) {
        ssize_t got = read(fd, piece, READ_PIECE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "reading '%s'", path);
        if (got == 0)
            break;
        must(EVP_DigestUpdate(ctx, piece, (size_t) got) == 1, "EVP_DigestUpdate");
        total += (uint64_t) got;
    }
    must(EVP_DigestFinal_ex(ctx, out->bytes, NULL) == 1, "EVP_DigestFinal_ex");
    if (size != NULL)
        *size = total;
    return ERR_NONE;
}

struct str hex_of(struct arena *arena, const void *bytes, size_t len)
{
    static const char s_digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;
    char *out = arena_alloc(arena, len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        out[i * 2] = s_digits[in[i] >> 4];
        out[i * 2 + 1] = s_digits[in[i] & 15];
    }
    return str_of(out, len * 2);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(struct str hex, void *out, size_t out_len)
{
    unsigned char *bytes = out;
    if (hex.len != out_len * 2)
        return false;
    for (size_t i = 0; i < hex.len; i++)
        if (hex_value(hex.ptr[i]) < 0)
            return false;
    for (size_t i = 0; i < out_len; i++)
        bytes[i] = (unsigned char) (hex_value(hex.ptr[i * 2]) * 16 + hex_value(hex.ptr[i * 2 + 1]));
    return true;
}

static const char s_base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_of(struct arena *arena, const void *bytes, size_t len)
{
    const unsigned char *in = bytes;
    size_t out_len = (len + 2) / 3 * 4, o = 0;
    char *out = arena_alloc(arena, out_len + 1);
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i;
        uint32_t v = (uint32_t) in[i] << 16;
        v |= have > 1 ? (uint32_t) in[i + 1] << 8 : 0;
        v |= have > 2 ? (uint32_t) in[i + 2] : 0;
        out[o++] = s_base64[v >> 18];
        out[o++] = s_base64[(v >> 12) & 63];
        out[o++] = have > 1 ? s_base64[(v >> 6) & 63] : '=';
        out[o++] = have > 2 ? s_base64[v & 63] : '=';
    }
    return str_of(out, out_len);
}

static int base64_value(char c)
{
    const char *at = c != '\0' ? strchr(s_base64, c) : NULL;
    return at != NULL ? (int) (at - s_base64) : -1;
}

/* Strict: padded to a multiple of four, no white space, unused bits zero (RFC 4648 section 3.5). */
bool base64_decode(struct arena *arena, struct str text, struct str *out)
{
    if (text.len % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
        padding++;
    size_t digits = text.len - padding, o = 0;
    char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    uint32_t v = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(text.ptr[i]);
        if (value < 0)
            return false;
        v = (v << 6 | (uint32_t) value) & 0xFFFFFF;
        if (i % 4 == 0)
            continue;
        unsigned shift = (unsigned) (3 - i % 4) * 2;
        bytes[o++] = (char) (unsigned char) (v >> shift & 0xFF);
        bool last = i + 1 == digits;
        if (last && shift > 0 && (v & ((1U << shift) - 1)) != 0)
            return false;
    }
    *out = str_of(bytes, o);
    return true;
}

struct str base32_of(struct arena *arena, const void *bytes, size_t len)
{
    static const char s_base32[] = "abcdefghijklmnopqrstuvwxyz234567";
    const unsigned char *in = bytes;
    char *out = arena_alloc(arena, (len * 8 + 4) / 5 + 1);
    size_t o = 0;
    uint32_t v = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        v = (v << 8 | in[i]) & 0xFFFF;
        for (bits += 8; bits >= 5; bits -= 5)
            out[o++] = s_base32[v >> (bits - 5) & 31];
    }
    if (bits > 0)
        out[o++] = s_base32[v << (5 - bits) & 31];
    return str_of(out, o);
}

struct str sha256_hex(struct arena *arena, struct str data)
{
    struct sha256 hash = sha256_of(data);
    return hex_of(arena, hash.bytes, sizeof(hash.bytes));
}

bool secret_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void secret_wipe(void *ptr, size_t len)
{
    OPENSSL_cleanse(ptr, len);
}
