/* The checksum of gzip, against the definition bit by bit: every length around the steps of the
 * fast ways, every alignment, and in pieces. */
#include "tests/harness/test.h"

#include "engine/base/digest.h"
#include "engine/base/rng.h"

enum { BYTES = 4096 + 64 };

static uint32_t by_definition(uint32_t seed, const unsigned char *bytes, size_t len)
{
    uint32_t crc = ~seed;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320U : crc >> 1;
    }
    return ~crc;
}

static void fill(unsigned char *bytes, uint64_t seed)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (unsigned char) rng_u64(&rng);
}

static void lengths_and_alignments(void **state)
{
    unsigned char bytes[BYTES];
    (void) state;
    fill(bytes, 1);
    for (size_t start = 0; start < 17; start++)
        for (size_t len = 0; len < 300; len++)
            assert_int_equal(
                crc32_of((uint32_t) len, str_of(bytes + start, len)),
                by_definition((uint32_t) len, bytes + start, len));
    assert_int_equal(crc32_of(0, str_of(bytes, BYTES)), by_definition(0, bytes, BYTES));
}

static void pieces(void **state)
{
    unsigned char bytes[BYTES];
    (void) state;
    for (uint64_t seed = 2; seed < 50; seed++) {
        struct rng rng;
        uint32_t crc = 0;
        rng_seed(&rng, seed);
        fill(bytes, seed);
        for (size_t at = 0, len = 0; at < BYTES; at += len) {
            len = (size_t) rng_below(&rng, 700);
            if (len > BYTES - at)
                len = BYTES - at;
            crc = crc32_of(crc, str_of(bytes + at, len));
        }
        if (crc != by_definition(0, bytes, BYTES))
            print_error("seed %llu\n", (unsigned long long) seed);
        assert_int_equal(crc, by_definition(0, bytes, BYTES));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_alignments),
        cmocka_unit_test(pieces),
    };
    return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
