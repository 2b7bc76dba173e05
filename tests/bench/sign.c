/* Signs requests with the key cached, against what no signer can do without: OpenSSL's SHA-256 of
 * the same canonical request and its HMAC of the same string to sign, fetched once, contexts
 * reused.
 *
 *     sign ROUNDS     each round: the microseconds of 1,000 requests, ours and those
 *
 * The request is a conditional PUT to S3 with a session token, as apply sends it: every header that
 * is sent is signed. Both sides make as many signatures as there are requests, on one thread; a
 * round is told by the quickest of its hundred pieces, since other work of a machine only ever
 * adds.
 */
#include <openssl/evp.h>
#include <openssl/params.h>

#include "engine/aws/sigv4.h"
#include "engine/base/arena.h"
#include "tests/bench/bench.h"

#define TOKEN \
    "IQoJb3JpZ2luX2VjEXAMPLEtoken0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01" \
    "23456789" \
    "IQoJb3JpZ2luX2VjEXAMPLEtoken0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01" \
    "23456789"

struct bench {
    struct arena *arena;
    struct sigv4_keys *keys;
    struct sigv4_creds creds;
    struct sigv4_params params;
    struct http_header headers[8];
    struct http_request request;
    struct sigv4_stages stages; /* of the last request */
    EVP_MD *md;
    EVP_MD_CTX *digest;
    EVP_MAC *mac;
    EVP_MAC_CTX *hmac;
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){
        .arena = arena_new("sign", 0),
        .keys = sigv4_keys_new(),
        .creds =
            {STR("AKIAIOSFODNN7EXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
             STR(TOKEN)},
        .params =
            {.region = STR("us-east-1"),
             .service = STR("s3"),
             .wall_ms = INT64_C(1795501740000),
             .payload_hash = STR(SIGV4_EMPTY_HASH),
             .rules = sigv4_rules_for(STR("s3"))},
        .headers =
            {{STR("content-type"), STR("application/x-tar")},
             {STR("if-none-match"), STR("*")},
             {STR("x-amz-checksum-sha256"), STR("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")},
             {STR("x-amz-meta-mmectl-fp"), STR("3f2a9c1e0d4b5a69")},
             {STR("x-amz-expected-bucket-owner"), STR("123456789012")},
             {STR("amz-sdk-invocation-id"), STR("67499593-86dd-4f70-a84e-797b71de1259")},
             {STR("amz-sdk-request"), STR("attempt=1; max=3")}},
    };
    bench->request = (struct http_request){
        .method = STR("PUT"),
        .url = STR("https://sagemaker-us-east-1-123456789012.s3.us-east-1.amazonaws.com/mme-demo/"
                   "models/model_conservative--3f2a9c1e0d4b5a69.tar.gz"),
        .headers = bench->headers,
        .n_headers = 7,
    };
    char name[] = "SHA256";
    OSSL_PARAM with[] = {
        OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
    static const unsigned char s_key[32] = {1};
    bench->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    bench->digest = EVP_MD_CTX_new();
    bench->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bench->hmac = EVP_MAC_CTX_new(bench->mac);
    if (bench->digest == NULL || bench->hmac == NULL ||
        EVP_MAC_init(bench->hmac, s_key, sizeof(s_key), with) != 1)
        DIE("OpenSSL cannot be set up");
}

static void close_bench(struct bench *bench)
{
    EVP_MAC_CTX_free(bench->hmac);
    EVP_MAC_free(bench->mac);
    EVP_MD_CTX_free(bench->digest);
    EVP_MD_free(bench->md);
    sigv4_keys_free(bench->keys);
    arena_free(bench->arena);
}

static int64_t sign(struct bench *bench, size_t count)
{
    int64_t start = now_us();
    for (size_t i = 0; i < count; i++) {
        struct http_header *headers;
        size_t n_headers;
        struct err err = {0};
        arena_reset(bench->arena);
        bench->params.wall_ms += 1000 / 8; /* several requests a second */
        if (sigv4_sign(
                bench->arena, bench->keys, &bench->creds, &bench->params, &bench->request, &headers,
                &n_headers, &bench->stages, &err) != ERR_NONE)
            DIE("%s", err.message);
    }
    return now_us() - start;
}

static int64_t bare(const struct bench *bench, size_t count)
{
    struct str request = bench->stages.canonical_request, text = bench->stages.string_to_sign;
    unsigned char out[32];
    unsigned digest_len;
    size_t mac_len;
    int64_t start = now_us();
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestInit_ex2(bench->digest, bench->md, NULL) != 1 ||
            EVP_DigestUpdate(bench->digest, request.ptr, request.len) != 1 ||
            EVP_DigestFinal_ex(bench->digest, out, &digest_len) != 1 ||
            EVP_MAC_init(bench->hmac, NULL, 0, NULL) != 1 ||
            EVP_MAC_update(bench->hmac, (const unsigned char *) text.ptr, text.len) != 1 ||
            EVP_MAC_final(bench->hmac, out, &mac_len, sizeof(out)) != 1)
            DIE("OpenSSL fails");
    return now_us() - start;
}

enum { PIECES = 100, PIECE = 100 };

int main(int argc, char **argv)
{
    if (argc != 2)
        DIE("usage: sign ROUNDS");
    size_t rounds = number_of(argv[1]);
    struct bench bench;
    open_bench(&bench);
    for (size_t round = 0; round < rounds; round++) {
        int64_t ours = INT64_MAX, base = INT64_MAX;
        for (int piece = 0; piece < PIECES; piece++) {
            int64_t a = sign(&bench, PIECE), b = bare(&bench, PIECE);
            ours = a < ours ? a : ours;
            base = b < base ? b : base;
        }
        printf("%lld %lld\n", (long long) ours * 1000 / PIECE, (long long) base * 1000 / PIECE);
    }
    close_bench(&bench);
    return 0;
}
