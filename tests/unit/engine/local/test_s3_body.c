#include "tests/unit/engine/local/fixture.h"

#include "engine/local/s3.h"

/* The check values of the CRC catalogue, of "123456789", in two pieces. */
static void crcs(void **state)
{
    static const struct {
        enum s3_sum_kind kind;
        const char *text;
    } rows[] = {
        {S3_SUM_CRC32, "y/Q5Jg=="},
        {S3_SUM_CRC32C, "4waSgw=="},
        {S3_SUM_CRC64NVME, "rosUhgp5mIg="}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct s3_summing summing = s3_summing_begin(rows[i].kind);
        s3_summing_add(&summing, STR("1234"));
        s3_summing_add(&summing, STR("56789"));
        assert_str(s3_summing_end(&summing, *state), rows[i].text);
    }
}

static void checksums_are_verified_and_kept(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *header, *right, *wrong;
    } rows[] = {
        {"x-amz-checksum-crc32", "y/Q5Jg==", "AAAAAA=="},
        {"x-amz-checksum-crc32c", "4waSgw==", "AAAAAA=="},
        {"x-amz-checksum-crc64nvme", "rosUhgp5mIg=", "AAAAAAAAAAA="},
        {"x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"x-amz-checksum-md5", "JfnnlDI7RTiF9RgfG2JNCw==", "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw==", "AAAAAAAAAAAAAAAAAAAAAA=="}};
    make_bucket(world, "bucket");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(
            call(world, "PUT", "/bucket/k", "123456789", rows[i].header, rows[i].wrong, NULL), 400,
            "BadDigest");
        assert_status(call(world, "HEAD", "/bucket/k", "", NULL), 404);
        assert_status(
            call(world, "PUT", "/bucket/k", "123456789", rows[i].header, rows[i].right, NULL), 200);
        struct http_response head =
            call(world, "HEAD", "/bucket/k", "", "x-amz-checksum-mode", "ENABLED", NULL);
        if (i < 6)
            assert_str(header(head, rows[i].header), rows[i].right);
        head = call(world, "HEAD", "/bucket/k", "", NULL);
        assert_true(str_is_null(header(head, rows[i].header)));
        assert_status(call(world, "DELETE", "/bucket/k", "", NULL), 204);
    }
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "Content-MD5", "x", NULL), 400, "InvalidDigest");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-checksum-xxhash64", "x", NULL), 501,
        "NotImplemented");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-checksum-sha1", "x", NULL), 400,
        "Value for x-amz-checksum-sha1 header is invalid");
    assert_refused(
        call(
            world, "PUT", "/bucket/k", "1", "x-amz-checksum-crc32",
            "AAAAAA==", "x-amz-checksum-crc32c", "AAAAAA==", NULL),
        400, "Expecting a single x-amz-checksum- header");
    assert_refused(
        call(world, "PUT", "/bucket/k", "1", "x-amz-sdk-checksum-algorithm", "CRC32", NULL), 400,
        "no corresponding x-amz-checksum-");
}

static struct http_response chunked(struct world *world, const char *body, const char *length)
{
    struct http_header headers[] = {
        {STR("x-test-payload-hash"), STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER")},
        {STR("Content-Encoding"), STR("aws-chunked")},
        {STR("x-amz-trailer"), STR("x-amz-checksum-crc32")},
        {STR("x-amz-decoded-content-length"), str_from(length)}};
    return call_with(world, "PUT", "/bucket/k", str_from(body), headers, ARRAY_LEN(headers));
}

static void aws_chunked(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *body, *length;
        int status;
        const char *code;
    } rows[] = {
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", "9", 200, ""},
        {"4;chunk-signature=0a\r\n1234\r\n5\r\n56789\r\n0\r\nx-amz-checksum-crc32: "
         "y/Q5Jg==\r\n\r\n",
         "9", 200, ""},
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "9", 400, "BadDigest"},
        {"9\r\n123456789\r\n0\r\n\r\n", "9", 400, "BadDigest"},
        {"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", "8", 400,
         "IncompleteBody"},
        {"9\r\n1234567", "9", 400, "IncompleteBody"},
        {"9\r\n1234567890\r\n0\r\n\r\n", "9", 400, "IncompleteBody"},
        {"zz\r\n", "0", 400, "IncompleteBody"},
        {"ffffffffffffffffffff\r\n", "0", 400, "IncompleteBody"}};
    make_bucket(world, "bucket");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(chunked(world, rows[i].body, rows[i].length), rows[i].status, rows[i].code);
        struct http_response get = call(world, "GET", "/bucket/k", "", NULL);
        assert_int_equal(get.status, rows[i].status == 200 ? 200 : 404);
        if (rows[i].status == 200) {
            assert_str(get.body, "123456789");
            assert_str(header(get, "etag"), "\"25f9e794323b453885f5181f1b624d0b\"");
        }
        call(world, "DELETE", "/bucket/k", "", NULL);
    }
}

/* A body of three chunks, signed one over the other as clients do it; what: 0 right, 1 a chunk
 * altered, 2 a signature missing, 3 the trailer altered, 4 no trailer's signature. */
static struct http_response signed_chunks(struct world *world, bool trailer, int what)
{
    struct arena *arena = world->arena;
    const char *kind = trailer ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
                               : "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    struct http_header headers[] = {
        {STR("x-test-payload-hash"), str_from(kind)},
        {STR("Content-Encoding"), STR("aws-chunked")},
        {STR("x-amz-decoded-content-length"), STR("9")},
        {STR("x-amz-trailer"), STR("x-amz-checksum-crc32")}};
    size_t n_headers = trailer ? 4 : 3;
    struct http_request request = {
        .method = STR("PUT"),
        .url = STR("http://127.0.0.1:1/bucket/k"),
        .headers = headers,
        .n_headers = n_headers};
    struct sigv4_params params = {
        .region = str_from(world->region),
        .service = STR("s3"),
        .wall_ms = world->now_ms,
        .payload_hash = str_from(kind),
        .rules = sigv4_rules_for(STR("s3"))};
    struct sigv4_creds creds = {world->key.access_key, world->key.secret_key, STR_NULL};
    struct sigv4_stages stages;
    struct err err = {0};
    struct http_header *made;
    size_t n_made;
    assert_ok(
        sigv4_sign(arena, NULL, &creds, &params, &request, &made, &n_made, &stages, &err), &err);
    struct sigv4_received received = {
        .method = STR("PUT"),
        .path = STR("/bucket/k"),
        .query = STR(""),
        .headers = made,
        .n_headers = n_made};
    struct sigv4_claim claim;
    assert_ok(sigv4_claim_read(arena, &received, &claim, &err), &err);
    static const char *const chunks[] = {"1234", "56789", ""};
    struct str previous = claim.signature, body = STR("");
    for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
        struct sha256 hash = sha256_of(str_from(chunks[i]));
        previous = sigv4_chunk_signature(
            arena, NULL, &claim, world->key.secret_key, false, previous, &hash);
        body = str_fmt(
            arena, STR_FMT "%zx%s%.*s\r\n%s%s", STR_ARG(body), strlen(chunks[i]),
            what == 2 && i == 1 ? "" : ";chunk-signature=", what == 2 && i == 1 ? 0 : 64,
            previous.ptr, what == 1 && i == 0 ? "1235" : chunks[i], i < 2 ? "\r\n" : "");
    }
    if (trailer) {
        struct sha256 hash = sha256_of(STR("x-amz-checksum-crc32:y/Q5Jg==\n"));
        struct str signature = sigv4_chunk_signature(
            arena, NULL, &claim, world->key.secret_key, true, previous, &hash);
        body = str_fmt(
            arena, STR_FMT "x-amz-checksum-crc32:%s\r\n", STR_ARG(body),
            what == 3 ? "AAAAAA==" : "y/Q5Jg==");
        if (what != 4)
            body = str_fmt(
                arena, STR_FMT "x-amz-trailer-signature:" STR_FMT "\r\n", STR_ARG(body),
                STR_ARG(signature));
    }
    body = str_fmt(arena, STR_FMT "\r\n", STR_ARG(body));
    return call_with(world, "PUT", "/bucket/k", body, headers, n_headers);
}

static void chunks_are_signed(void **state)
{
    struct world *world = *state;
    make_bucket(world, "bucket");
    for (int trailer = 0; trailer < 2; trailer++)
        for (int what = 0; what < (trailer ? 5 : 3); what++) {
            struct http_response answer = signed_chunks(world, trailer, what);
            assert_refused(answer, what == 0 ? 200 : 403, what == 0 ? "" : "SignatureDoesNotMatch");
            struct http_response get = call(world, "GET", "/bucket/k", "", NULL);
            assert_int_equal(get.status, what == 0 ? 200 : 404);
            if (what == 0)
                assert_str(get.body, "123456789");
            call(world, "DELETE", "/bucket/k", "", NULL);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(crcs), WITH_WORLD(checksums_are_verified_and_kept), WITH_WORLD(aws_chunked),
        WITH_WORLD(chunks_are_signed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
