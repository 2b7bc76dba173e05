#include "tests/unit/engine/local/fixture.h"

#include "engine/local/s3.h"

/* The check values of the CRC catalogue, of "123456789". */
static void crcs(void **state)
{
    struct arena *arena = *state;
    struct str nine = STR("123456789");
    assert_true(s3_crc(S3_SUM_CRC32, 0, nine) == UINT64_C(0xCBF43926));
    assert_true(s3_crc(S3_SUM_CRC32C, 0, nine) == UINT64_C(0xE3069283));
    assert_true(s3_crc(S3_SUM_CRC64NVME, 0, nine) == UINT64_C(0xAE8B14860A799888));
    uint64_t pieces = s3_crc(S3_SUM_CRC64NVME, 0, STR("1234"));
    assert_true(s3_crc(S3_SUM_CRC64NVME, pieces, STR("56789")) == UINT64_C(0xAE8B14860A799888));
    assert_str(s3_crc_text(arena, S3_SUM_CRC32, UINT64_C(0xCBF43926)), "y/Q5Jg==");
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
        {"x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=", "AAAA"},
        {"x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=", "AAAA"},
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
        if (i < 5)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(crcs), WITH_WORLD(checksums_are_verified_and_kept), WITH_WORLD(aws_chunked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
