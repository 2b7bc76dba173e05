#include "engine/base/digest.h"

#include <pthread.h>
#include <stdio.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_FOLDING 1
#else
#define WITH_FOLDING 0
#endif

static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static uint32_t s_tables[8][256];
static bool s_folds;

/* Slicing-by-8 tables for the reflected polynomial 0xEDB88320, as in zlib. */
static void prepare(void)
{
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int bit = 0; bit < 8; bit++)
            c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320U : c >> 1;
        s_tables[0][n] = c;
    }
    for (uint32_t n = 0; n < 256; n++)
        for (int k = 1; k < 8; k++)
            s_tables[k][n] = (s_tables[k - 1][n] >> 8) ^ s_tables[0][s_tables[k - 1][n] & 0xFF];
#if WITH_FOLDING
    s_folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#endif
}

static uint32_t load_le32(const unsigned char *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static uint32_t by_table(uint32_t crc, const unsigned char *p, size_t len)
{
    for (; len >= 8; p += 8, len -= 8) {
        uint32_t low = crc ^ load_le32(p), high = load_le32(p + 4);
        crc = s_tables[7][low & 0xFF] ^ s_tables[6][(low >> 8) & 0xFF] ^
              s_tables[5][(low >> 16) & 0xFF] ^ s_tables[4][low >> 24] ^ s_tables[3][high & 0xFF] ^
              s_tables[2][(high >> 8) & 0xFF] ^ s_tables[1][(high >> 16) & 0xFF] ^
              s_tables[0][high >> 24];
    }
    for (; len > 0; p++, len--)
        crc = (crc >> 8) ^ s_tables[0][(crc ^ *p) & 0xFF];
    return crc;
}

#if WITH_FOLDING

#define FOLDS __attribute__((target("pclmul,sse4.1")))

static FOLDS __m128i load(const unsigned char *p)
{
    __m128i block;
    memcpy(&block, p, sizeof(block));
    return block;
}

static FOLDS __m128i fold(__m128i block, __m128i constants, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(block, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(block, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* 64 bytes at a time without carries, ten times as fast as the tables; at least 64 bytes, a
 * multiple of 16. Method, constants and names: V. Gopal and others, "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009, page 22 and appendix. */
static FOLDS uint32_t by_folding(uint32_t crc, const unsigned char *p, size_t len)
{
    const __m128i k1k2 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i k3k4 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i k5 = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i mask = _mm_setr_epi32(-1, 0, -1, 0);
    __m128i x[4];
    for (size_t i = 0; i < 4; i++)
        x[i] = load(p + 16 * i);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int) crc));
    for (p += 64, len -= 64; len >= 64; p += 64, len -= 64)
        for (size_t i = 0; i < 4; i++)
            x[i] = fold(x[i], k1k2, load(p + 16 * i));
    for (size_t i = 1; i < 4; i++)
        x[0] = fold(x[0], k3k4, x[i]);
    for (; len >= 16; p += 16, len -= 16)
        x[0] = fold(x[0], k3k4, load(p));
    /* 128 bits to 64, 64 to 32, and Barrett's reduction. */
    __m128i rest = _mm_clmulepi64_si128(x[0], k3k4, 0x10);
    rest = _mm_xor_si128(_mm_srli_si128(x[0], 8), rest);
    __m128i low = _mm_clmulepi64_si128(_mm_and_si128(rest, mask), k5, 0x00);
    rest = _mm_xor_si128(_mm_srli_si128(rest, 4), low);
    low = _mm_clmulepi64_si128(_mm_and_si128(rest, mask), barrett, 0x10);
    low = _mm_clmulepi64_si128(_mm_and_si128(low, mask), barrett, 0x00);
    return (uint32_t) _mm_extract_epi32(_mm_xor_si128(rest, low), 1);
}

#else

static uint32_t by_folding(uint32_t crc, const unsigned char *p, size_t len)
{
    return by_table(crc, p, len);
}

#endif

uint32_t crc32_of(uint32_t seed, struct str data)
{
    if (pthread_once(&s_once, prepare) != 0)
        abort();
    const unsigned char *p = (const unsigned char *) data.ptr;
    uint32_t crc = ~seed;
    size_t folded = s_folds && data.len >= 64 ? data.len - data.len % 16 : 0;
    if (folded > 0)
        crc = by_folding(crc, p, folded);
    return data.len > folded ? ~by_table(crc, p + folded, data.len - folded) : ~crc;
}
