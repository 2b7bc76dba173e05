#include "tests/harness/test.h"

#include "engine/aws/sigv4.h"
#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/uri.h"

#include <pthread.h>

#define EMPTY SIGV4_EMPTY_HASH
#define HELLO "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define DATE_LINES "x-amz-content-sha256:" EMPTY "\nx-amz-date:20130524T000000Z\n"
#define SCOPE "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
#define MIDNIGHT_MS INT64_C(1369353600000) /* 2013-05-24T00:00:00Z */

static const struct sigv4_creds s_example = {
    STR_INIT("AKIAIOSFODNN7EXAMPLE"),
    STR_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    {NULL, 0},
};

/* https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, all four. */
static const struct {
    const char *method, *url, *hash;
    struct http_header headers[2];
    size_t n_headers;
    const char *canonical, *to_sign, *signature;
} s_documented[] = {
    {"GET",
     "https://examplebucket.s3.amazonaws.com/test.txt",
     EMPTY,
     {{STR_INIT("Range"), STR_INIT("bytes=0-9")}},
     1,
     "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n" DATE_LINES
     "\nhost;range;x-amz-content-sha256;x-amz-date\n" EMPTY,
     SCOPE "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT",
     "https://examplebucket.s3.amazonaws.com/test%24file.text",
     HELLO,
     {{STR_INIT("Date"), STR_INIT("Fri, 24 May 2013 00:00:00 GMT")},
      {STR_INIT("x-amz-storage-class"), STR_INIT("REDUCED_REDUNDANCY")}},
     2,
     "PUT\n/test%24file.text\n\ndate:Fri, 24 May 2013 00:00:00 GMT\n"
     "host:examplebucket.s3.amazonaws.com\nx-amz-content-sha256:" HELLO
     "\nx-amz-date:20130524T000000Z\nx-amz-storage-class:REDUCED_REDUNDANCY\n\n"
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class\n" HELLO,
     SCOPE "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET",
     "https://examplebucket.s3.amazonaws.com/?lifecycle",
     EMPTY,
     {{{NULL, 0}, {NULL, 0}}},
     0,
     "GET\n/\nlifecycle=\nhost:examplebucket.s3.amazonaws.com\n" DATE_LINES
     "\nhost;x-amz-content-sha256;x-amz-date\n" EMPTY,
     SCOPE "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"GET",
     "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J",
     EMPTY,
     {{{NULL, 0}, {NULL, 0}}},
     0,
     "GET\n/\nmax-keys=2&prefix=J\nhost:examplebucket.s3.amazonaws.com\n" DATE_LINES
     "\nhost;x-amz-content-sha256;x-amz-date\n" EMPTY,
     SCOPE "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static struct sigv4_params
params_of(const char *service, const char *region, int64_t at, struct str hash)
{
    return (struct sigv4_params){
        .region = str_from(region),
        .service = str_from(service),
        .wall_ms = at,
        .payload_hash = hash,
        .rules = sigv4_rules_for(str_from(service)),
    };
}

static void test_documented(void **state)
{
    struct arena *arena = *state;
    struct sigv4_keys *keys = sigv4_keys_new();
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(s_documented); i++) {
        struct http_header headers[2] = {s_documented[i].headers[0], s_documented[i].headers[1]};
        struct http_request request = {
            .method = str_from(s_documented[i].method),
            .url = str_from(s_documented[i].url),
            .headers = headers,
            .n_headers = s_documented[i].n_headers,
        };
        struct sigv4_params params =
            params_of("s3", "us-east-1", MIDNIGHT_MS, str_from(s_documented[i].hash));
        struct sigv4_stages stages;
        struct http_header *signed_headers;
        size_t count;
        assert_ok(
            sigv4_sign(
                arena, keys, &s_example, &params, &request, &signed_headers, &count, &stages, &err),
            &err);
        assert_str(stages.canonical_request, s_documented[i].canonical);
        assert_str(stages.string_to_sign, s_documented[i].to_sign);
        assert_str(stages.signature, s_documented[i].signature);
    }
    sigv4_keys_free(keys);
}

/* https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
static void test_presigned(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct sigv4_params params = params_of("s3", "us-east-1", MIDNIGHT_MS, STR(EMPTY));
    struct str url;
    assert_ok(
        sigv4_presign(
            arena, &s_example, &params, STR("GET"),
            STR("https://examplebucket.s3.amazonaws.com/test.txt"), 86400, &url, &err),
        &err);
    assert_str(
        url, "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
             "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
             "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
             "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");

    struct url parts;
    assert_ok(url_parse(url, &parts, &err), &err);
    struct http_header host = {STR("Host"), STR("examplebucket.s3.amazonaws.com")};
    struct sigv4_received received = {STR("GET"), parts.path, parts.query, &host, 1};
    struct sigv4_claim claim;
    assert_ok(sigv4_claim_read(arena, &received, &claim, &err), &err);
    assert_true(claim.presigned);
    assert_int_equal(claim.expires_s, 86400);
    assert_int_equal(claim.signed_at_ms, MIDNIGHT_MS);
    assert_str(claim.payload_hash, SIGV4_UNSIGNED);
    struct sigv4_stages stages;
    assert_ok(
        sigv4_expected(
            arena, NULL, &received, &claim, s_example.secret_key, claim.payload_hash, &stages,
            &err),
        &err);
    assert_str_len(claim.signature, stages.signature);
}

/* ---- botocore's answers: tests/vectors/sigv4/cases.json ---- */

struct vector_case {
    struct http_request request;
    struct http_header *headers;
    size_t n_headers;
    struct sigv4_params params;
    struct sigv4_creds creds;
};

static struct vector_case
read_case(struct arena *arena, const struct json *vectors, const struct json *node)
{
    struct vector_case out = {0};
    const struct json *headers = json_get(node, "headers");
    out.headers = ARENA_ARRAY(arena, headers->len + 1, struct http_header);
    JSON_EACH (pair, headers)
        out.headers[out.n_headers++] =
            (struct http_header){json_str(json_at(pair, 0)), json_str(json_at(pair, 1))};
    out.request = (struct http_request){
        .method = json_get_str(node, "method"),
        .url = json_get_str(node, "url"),
        .headers = out.headers,
        .n_headers = out.n_headers,
        .body = json_get_str(node, "body"),
    };
    out.params = (struct sigv4_params){
        .region = json_get_str(node, "region"),
        .service = json_get_str(node, "service"),
        .payload_hash = sha256_hex(arena, out.request.body),
        .rules = sigv4_rules_for(json_get_str(node, "service")),
    };
    assert_true(time_parse(json_get_str(node, "time"), &out.params.wall_ms));
    out.creds = (struct sigv4_creds){
        json_get_str(vectors, "access_key_id"),
        json_get_str(vectors, "secret_key"),
        json_get_str(node, "token"),
    };
    return out;
}

static const struct json *load_vectors(struct arena *arena)
{
    struct err err = {0};
    struct str text;
    struct json *root;
    assert_ok(file_read(arena, "tests/vectors/sigv4/cases.json", MIB(1), &text, &err), &err);
    assert_ok(json_parse(arena, text, MIB(1), &root, &err), &err);
    assert_true(json_get(root, "cases")->len >= 60);
    return root;
}

static void test_botocore(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const struct json *vectors = load_vectors(arena);
    struct sigv4_keys *keys = sigv4_keys_new();
    JSON_EACH (node, json_get(vectors, "cases")) {
        struct vector_case one = read_case(arena, vectors, node);
        struct http_header *headers;
        size_t count;
        struct sigv4_stages stages;
        assert_ok(
            sigv4_sign(
                arena, keys, &one.creds, &one.params, &one.request, &headers, &count, &stages,
                &err),
            &err);
        assert_str_len(stages.canonical_request, json_get_str(node, "canonical_request"));
        assert_str_len(stages.string_to_sign, json_get_str(node, "string_to_sign"));
        assert_str_len(stages.signature, json_get_str(node, "signature"));
        assert_str_len(
            http_header_get(headers, count, "authorization"), json_get_str(node, "authorization"));
        assert_true(str_is_null(http_header_get(headers, count, "host")));
    }
    sigv4_keys_free(keys);
}

/* What the server of a signed request sees. */
static struct sigv4_received
receive(struct arena *arena, struct vector_case *one, struct http_header *headers, size_t count)
{
    struct err err = {0};
    struct url url;
    assert_ok(url_parse(one->request.url, &url, &err), &err);
    struct http_header *all = ARENA_ARRAY(arena, count + 1, struct http_header);
    bool usual = url.port == 443 || url.port == 80;
    all[0] = (struct http_header){
        STR("Host"),
        usual ? url.host : str_fmt(arena, STR_FMT ":%u", STR_ARG(url.host), (unsigned) url.port)};
    memcpy(all + 1, headers, count * sizeof(*headers));
    return (struct sigv4_received){one->request.method, url.path, url.query, all, count + 1};
}

static struct str expected_of(
    struct arena *arena, const struct sigv4_received *received, struct str secret, struct str hash)
{
    struct err err = {0};
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    assert_ok(sigv4_claim_read(arena, received, &claim, &err), &err);
    assert_ok(sigv4_expected(arena, NULL, received, &claim, secret, hash, &stages, &err), &err);
    return stages.signature;
}

static void test_receive(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const struct json *vectors = load_vectors(arena);
    JSON_EACH (node, json_get(vectors, "cases")) {
        struct vector_case one = read_case(arena, vectors, node);
        struct http_header *headers;
        size_t count;
        assert_ok(
            sigv4_sign(
                arena, NULL, &one.creds, &one.params, &one.request, &headers, &count, NULL, &err),
            &err);
        struct sigv4_received received = receive(arena, &one, headers, count);
        struct str hash = one.params.payload_hash;
        struct str wanted = json_get_str(node, "signature");
        assert_str_len(expected_of(arena, &received, one.creds.secret_key, hash), wanted);

        /* Every part that a stranger could change changes the signature. */
        struct sigv4_received changed = received;
        changed.method = STR("PATCH");
        assert_false(str_eq(expected_of(arena, &changed, one.creds.secret_key, hash), wanted));
        changed = received;
        changed.path = str_fmt(arena, STR_FMT "x", STR_ARG(received.path));
        assert_false(str_eq(expected_of(arena, &changed, one.creds.secret_key, hash), wanted));
        changed = received;
        changed.query = str_fmt(arena, STR_FMT "&x=1", STR_ARG(received.query));
        assert_false(str_eq(expected_of(arena, &changed, one.creds.secret_key, hash), wanted));
        assert_false(str_eq(expected_of(arena, &received, STR("other"), hash), wanted));
        assert_false(
            str_eq(expected_of(arena, &received, one.creds.secret_key, STR(HELLO)), wanted));
    }
}

/* S3 takes `$` and `%24` for the same key; both spellings have one signature. */
static void test_receive_other_spelling(void **state)
{
    struct arena *arena = *state;
    struct http_header headers[] = {
        {STR("host"), STR("b.s3.amazonaws.com")},
        {STR("x-amz-date"), STR("20130524T000000Z")},
        {STR("Authorization"),
         STR("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
             "SignedHeaders=host;x-amz-date,Signature=" EMPTY)},
    };
    struct sigv4_received encoded = {STR("GET"), STR("/a%24b%7E"), STR(""), headers, 3};
    struct sigv4_received plain = {STR("GET"), STR("/a$b~"), STR(""), headers, 3};
    struct str first = expected_of(arena, &encoded, s_example.secret_key, STR(EMPTY));
    struct str second = expected_of(arena, &plain, s_example.secret_key, STR(EMPTY));
    assert_str_len(first, second);
}

#define GOOD_CREDENTIAL "Credential=AK/20130524/us-east-1/s3/aws4_request"
static const struct {
    const char *authorization, *date, *query;
    enum err_code code;
    const char *message;
} s_broken[] = {
    {NULL, NULL, "", ERR_NOT_FOUND, "not signed"},
    {"Basic dXNlcg==", "20130524T000000Z", "", ERR_AUTH, "AWS4-HMAC-SHA256"},
    {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",SignedHeaders=host,Signature=" EMPTY, NULL, "", ERR_AUTH,
     "no date"},
    {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",SignedHeaders=host,Signature=" EMPTY, "20130525T000000Z",
     "", ERR_AUTH, "scope"},
    {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",SignedHeaders=x-amz-date,Signature=" EMPTY,
     "20130524T000000Z", "", ERR_AUTH, "'host'"},
    {"AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",SignedHeaders=host,Signature=abc", "20130524T000000Z",
     "", ERR_AUTH, "64 hex"},
    {"AWS4-HMAC-SHA256 Credential=AK/20130524/us-east-1/s3,SignedHeaders=host,Signature=" EMPTY,
     "20130524T000000Z", "", ERR_AUTH, "KEY/DATE"},
    {NULL, NULL, "X-Amz-Signature=" EMPTY, ERR_AUTH, "X-Amz-Algorithm"},
    {NULL, NULL,
     "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20130524%2Fus-east-1%2Fs3%2Faws4_"
     "request"
     "&X-Amz-Expires=9999999&X-Amz-Signature=" EMPTY,
     ERR_AUTH, "X-Amz-Expires"},
    {NULL, NULL, "X-Amz-Date=20130524T000000Z&X-Amz-Date=x&X-Amz-Signature=" EMPTY, ERR_AUTH,
     "given twice"},
};

static void test_broken(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(s_broken); i++) {
        struct http_header headers[3] = {{STR("host"), STR("h")}};
        size_t count = 1;
        if (s_broken[i].authorization != NULL)
            headers[count++] =
                (struct http_header){STR("authorization"), str_from(s_broken[i].authorization)};
        if (s_broken[i].date != NULL)
            headers[count++] = (struct http_header){STR("x-amz-date"), str_from(s_broken[i].date)};
        struct sigv4_received received = {
            STR("GET"), STR("/"), str_from(s_broken[i].query), headers, count};
        struct sigv4_claim claim;
        struct err err = {0};
        assert_fails(
            sigv4_claim_read(arena, &received, &claim, &err), s_broken[i].code, &err,
            s_broken[i].message);
    }
}

/* What cannot be signed: the caller is told, and gets nothing. */
static void test_not_signable(void **state)
{
    struct arena *arena = *state;
    struct sigv4_params params = params_of("s3", "us-east-1", MIDNIGHT_MS, STR(EMPTY));
    char *large = arena_array(arena, MIB(1) + 1, 1);
    memset(large, 'x', MIB(1));
    struct http_header headers[] = {{STR("x-amz-meta-a"), str_of(large, MIB(1))}};
    const struct {
        struct str url;
        size_t n_headers;
        enum err_code code;
        const char *message;
    } cases[] = {
        {STR("ftp://host/"), 0, ERR_USAGE, "does not start with http"},
        {STR("https://host/"), 1, ERR_AUTH, "the canonical request is larger than 1 MiB"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_request request = {
            .method = STR("GET"),
            .url = cases[i].url,
            .headers = headers,
            .n_headers = cases[i].n_headers};
        struct http_header *out = NULL;
        size_t count = 7;
        struct err err = {0};
        assert_fails(
            sigv4_sign(arena, NULL, &s_example, &params, &request, &out, &count, NULL, &err),
            cases[i].code, &err, cases[i].message);
        assert_null(out);
        assert_int_equal(count, 7);
    }
    /* A URL of 8 KiB can be sent; with what presigning adds it cannot. */
    struct str url = STR_NULL, key = str_of(large, 7000);
    struct err err = {0};
    assert_fails(
        sigv4_presign(arena, &s_example, &params, STR("GET"), STR("ftp://host/"), 60, &url, &err),
        ERR_USAGE, &err, "does not start with http");
    assert_fails(
        sigv4_presign(
            arena, &s_example, &params, STR("GET"),
            str_fmt(
                arena, "https://host/?" STR_FMT STR_FMT, STR_ARG(key),
                STR_ARG(str_slice(key, 0, 1100))),
            60, &url, &err),
        ERR_USAGE, &err, "the presigned URL is larger than 8 KiB");
    params.rules.content_sha256_header = true;
    assert_true(str_is_null(url));
}

/* Temporary credentials put their token into a presigned URL, where it is signed with the rest. */
static void test_presigned_with_a_token(void **state)
{
    struct arena *arena = *state;
    struct sigv4_params params = params_of("s3", "us-east-1", MIDNIGHT_MS, STR(EMPTY));
    struct sigv4_creds creds = s_example;
    creds.session_token = STR("to/ken+");
    struct str url;
    struct url parts;
    struct err err = {0};
    assert_ok(
        sigv4_presign(arena, &creds, &params, STR("GET"), STR("https://host/key"), 60, &url, &err),
        &err);
    assert_true(
        str_find(url, STR("&X-Amz-Security-Token=to%2Fken%2B&X-Amz-SignedHeaders=host&")) !=
        SIZE_MAX);
    assert_ok(url_parse(url, &parts, &err), &err);
    struct http_header host = {STR("Host"), STR("host")};
    struct sigv4_received received = {STR("GET"), parts.path, parts.query, &host, 1};
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    assert_ok(sigv4_claim_read(arena, &received, &claim, &err), &err);
    assert_str(claim.session_token, "to/ken+");
    assert_ok(
        sigv4_expected(
            arena, NULL, &received, &claim, creds.secret_key, claim.payload_hash, &stages, &err),
        &err);
    assert_str_len(claim.signature, stages.signature);
}

static void test_signed_header_missing(void **state)
{
    struct arena *arena = *state;
    struct http_header headers[] = {
        {STR("host"), STR("h")},
        {STR("x-amz-date"), STR("20130524T000000Z")},
        {STR("authorization"),
         STR("AWS4-HMAC-SHA256 " GOOD_CREDENTIAL ",SignedHeaders=host;range,Signature=" EMPTY)},
    };
    struct sigv4_received received = {STR("GET"), STR("/"), STR(""), headers, 3};
    struct sigv4_claim claim;
    struct sigv4_stages stages;
    struct err err = {0};
    assert_ok(sigv4_claim_read(arena, &received, &claim, &err), &err);
    assert_fails(
        sigv4_expected(arena, NULL, &received, &claim, STR("s"), STR(EMPTY), &stages, &err),
        ERR_AUTH, &err, "'range'");
}

/* More scopes than the cache holds: what falls out is derived again, what is in is not mixed up. */
static void test_key_cache(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct sigv4_keys *keys = sigv4_keys_new();
    for (int64_t day = 0; day < 40; day++) {
        struct http_request request = {.method = STR("GET"), .url = STR("https://h.example/")};
        struct sigv4_params params =
            params_of("s3", "us-east-1", MIDNIGHT_MS + day % 20 * 86400000, STR(EMPTY));
        struct http_header *headers;
        size_t count;
        struct sigv4_stages cached, derived;
        assert_ok(
            sigv4_sign(arena, keys, &s_example, &params, &request, &headers, &count, &cached, &err),
            &err);
        assert_ok(
            sigv4_sign(
                arena, NULL, &s_example, &params, &request, &headers, &count, &derived, &err),
            &err);
        assert_str_len(cached.signature, derived.signature);
    }
    sigv4_keys_free(keys);
}

static struct str signature_of(struct arena *arena, struct sigv4_keys *keys, struct str secret)
{
    struct err err = {0};
    struct sigv4_creds creds = {STR("AKID"), secret, STR_NULL};
    struct http_request request = {.method = STR("GET"), .url = STR("https://h.example/")};
    struct sigv4_params params = params_of("s3", "us-east-1", MIDNIGHT_MS, STR(EMPTY));
    struct http_header *headers;
    size_t count;
    struct sigv4_stages stages;
    assert_ok(
        sigv4_sign(arena, keys, &creds, &params, &request, &headers, &count, &stages, &err), &err);
    return stages.signature;
}

/* Secrets of all lengths, pairs of them different in the last character only. */
static void test_key_cache_secrets(void **state)
{
    struct arena *arena = *state;
    struct sigv4_keys *keys = sigv4_keys_new();
    char secret[400];
    memset(secret, 's', sizeof(secret));
    for (size_t len = 1; len <= sizeof(secret); len++)
        for (int i = 0; i < 4; i++) {
            secret[len - 1] = i % 2 == 0 ? 's' : 't';
            struct str text = str_of(secret, len);
            assert_str_len(signature_of(arena, keys, text), signature_of(arena, NULL, text));
            secret[len - 1] = 's';
        }
    sigv4_keys_free(keys);
}

struct signer {
    struct sigv4_keys *keys;
    size_t wrong;
};

static void *sign_many(void *arg)
{
    struct signer *signer = arg;
    AUTO(arena_close) struct arena *arena = arena_new("signer", 0);
    for (size_t i = 0; i < 2000; i++) {
        arena_reset(arena);
        struct str secret = str_fmt(arena, "secret %zu", i % 24);
        signer->wrong +=
            !str_eq(signature_of(arena, signer->keys, secret), signature_of(arena, NULL, secret));
    }
    return NULL;
}

static void test_key_cache_is_shared(void **state)
{
    (void) state;
    struct sigv4_keys *keys = sigv4_keys_new();
    struct signer signers[3];
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        signers[i] = (struct signer){keys, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &signers[i]), 0);
    }
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(signers[i].wrong, 0);
    }
    sigv4_keys_free(keys);
}

/* The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html. */
static void test_chunks(void **state)
{
    struct arena *arena = *state;
    static const struct {
        size_t size;
        const char *signature;
    } chunks[] = {
        {65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
        {1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
        {0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}};
    struct sigv4_claim claim = {
        .date = STR("20130524"),
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .amz_date = STR("20130524T000000Z")};
    struct str previous = STR("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    char *text = arena_alloc(arena, chunks[0].size);
    memset(text, 'a', chunks[0].size);
    for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
        struct sha256 hash = sha256_of(str_of(text, chunks[i].size));
        previous = sigv4_chunk_signature(
            arena, NULL, &claim, s_example.secret_key, false, previous, &hash);
        assert_str(previous, chunks[i].signature);
    }
    struct sha256 hash = sha256_of(STR("x-amz-checksum-crc32c:sOO8/Q==\n"));
    claim.date = STR("20130524");
    struct str last = STR("2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
    assert_str(
        sigv4_chunk_signature(arena, NULL, &claim, s_example.secret_key, true, last, &hash),
        "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_documented),
        WITH_ARENA(test_presigned),
        WITH_ARENA(test_botocore),
        WITH_ARENA(test_receive),
        WITH_ARENA(test_receive_other_spelling),
        WITH_ARENA(test_broken),
        WITH_ARENA(test_signed_header_missing),
        WITH_ARENA(test_not_signable),
        WITH_ARENA(test_presigned_with_a_token),
        WITH_ARENA(test_chunks),
        WITH_ARENA(test_key_cache),
        WITH_ARENA(test_key_cache_secrets),
        cmocka_unit_test(test_key_cache_is_shared),
    };
    return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
