#include "tests/harness/test.h"

#include "engine/base/rng.h"
#include "engine/httpd/chunks.h"

enum { LIMIT = 1000 };

/* In pieces of so many bytes; gives how many were used. */
static size_t feed(struct str text, size_t piece, struct chunks *chunks, struct buf *out)
{
    size_t used = 0;
    *chunks = (struct chunks){.at = CHUNKS_SIZE};
    buf_clear(out);
    while (used < text.len && chunks->at < CHUNKS_DONE) {
        size_t n = chunks_add(chunks, str_slice(text, used, used + piece), out);
        used += n;
        if (n == 0)
            break;
    }
    return used;
}

static void bodies(void **state)
{
    (void) state;
    static const struct {
        const char *text, *body;
        enum chunks_at end;
        const char *rest;
    } rows[] = {
        {"0\r\n\r\nGET", "", CHUNKS_DONE, "GET"},
        {"5\r\nhello\r\n0\r\n\r\n", "hello", CHUNKS_DONE, ""},
        {"2\r\nhe\r\n3;a=b\r\nllo\r\n000\r\nX: y\r\nZ:\r\n\r\nnext", "hello", CHUNKS_DONE, "next"},
        {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", CHUNKS_DONE,
         ""},
        {"5\r\nhel", "hel", CHUNKS_DATA, ""},
        {"5\r\nhelloworld", "hello", CHUNKS_BAD, "orld"},
        {"5\nhello", "", CHUNKS_BAD, "hello"},
        {"\r\n", "", CHUNKS_BAD, "\n"},
        {"-5\r\n", "", CHUNKS_BAD, "5\r\n"},
        {"0x5\r\n", "", CHUNKS_BAD, "5\r\n"},
        {"5 \r\n", "", CHUNKS_BAD, "\r\n"},
        {"0\r\nX: y\nZ: a\r\n\r\n", "", CHUNKS_BAD, "Z: a\r\n\r\n"},
        {"0\r\n\rX", "", CHUNKS_BAD, ""},
        {"3e9\r\n", "", CHUNKS_TOO_LARGE, "\r\n"},
        {"ffffffffffffffffff\r\n", "", CHUNKS_TOO_LARGE, "fffffffffffffff\r\n"},
        {"0000000000000001\r\n", "", CHUNKS_BAD, "\r\n"},
    };
    AUTO(buf_done) struct buf out = BUF_INIT(LIMIT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t piece = 1; piece < 40; piece += 3) {
            struct chunks chunks;
            struct str text = str_from(rows[i].text);
            size_t used = feed(text, piece, &chunks, &out);
            assert_str(buf_str(&out), rows[i].body);
            assert_int_equal(chunks.at, rows[i].end);
            assert_str(str_from_index(text, used), rows[i].rest);
        }
}

static void extras_are_bounded(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1)), out = BUF_INIT(LIMIT);
    struct chunks chunks;
    buf_add_z(&text, "0\r\n");
    for (int i = 0; i < 1000; i++)
        buf_add_z(&text, "X-Trailer: y\r\n");
    feed(buf_str(&text), 4096, &chunks, &out);
    assert_int_equal(chunks.at, CHUNKS_BAD);
    feed(str_fmt(arena, "1;%09000d\r\n", 1), 100, &chunks, &out);
    assert_int_equal(chunks.at, CHUNKS_BAD);
}

/* Chunks of any sizes, in pieces of any sizes, give the body. */
static void random_chunks(void **state)
{
    (void) state;
    struct rng rng;
    AUTO(buf_done)
    struct buf text = BUF_INIT(MIB(1)), body = BUF_INIT(LIMIT), out = BUF_INIT(LIMIT);
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 2000; round++) {
        buf_clear(&text);
        buf_clear(&body);
        for (uint64_t n = rng_below(&rng, 8); n > 0; n--) {
            size_t size = (size_t) rng_below(&rng, 100) + 1;
            buf_fmt(&text, n % 2 == 0 ? "%zx\r\n" : "%zX;x\r\n", size);
            for (; size > 0; size--) {
                char c = (char) rng_below(&rng, 256);
                buf_add_char(&text, c);
                buf_add_char(&body, c);
            }
            buf_add_z(&text, "\r\n");
        }
        buf_add_z(&text, "0\r\n\r\n");
        struct chunks chunks;
        assert_int_equal(
            feed(buf_str(&text), (size_t) rng_below(&rng, 60) + 1, &chunks, &out), text.len);
        assert_int_equal(chunks.at, CHUNKS_DONE);
        assert_true(str_eq(buf_str(&out), buf_str(&body)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies), WITH_ARENA(extras_are_bounded), cmocka_unit_test(random_chunks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
