#include "engine/base/rng.h"

#include "engine/base/arena.h"
#include "engine/base/digest.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64 spreads a seed over the state, as the generator's authors advise (prng.di.unimi.it).
 */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void rng_seed(struct rng *rng, uint64_t seed)
{
    for (size_t i = 0; i < ARRAY_LEN(rng->state); i++)
        rng->state[i] = splitmix(&seed);
}

uint64_t rng_entropy(void)
{
    uint64_t seed = 0;
    struct err err = {0};
    if (rng_secret(&seed, sizeof(seed), &err) != ERR_NONE)
        seed = (uint64_t) (uintptr_t) &seed;
    return seed;
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value;
    do {
        value = rng_u64(rng);
    } while (value >= limit);
    return value % bound;
}

double rng_unit(struct rng *rng)
{
    return (double) (rng_u64(rng) >> 11) * 0x1.0p-53;
}

struct str rng_uuid(struct rng *rng, struct arena *arena)
{
    uint64_t hi = (rng_u64(rng) & ~(uint64_t) 0xf000) | 0x4000;
    uint64_t lo = (rng_u64(rng) & ~((uint64_t) 3 << 62)) | ((uint64_t) 2 << 62);
    unsigned char bytes[16];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char) (hi >> (56 - i * 8));
        bytes[i + 8] = (unsigned char) (lo >> (56 - i * 8));
    }
    struct str hex = hex_of(arena, bytes, sizeof(bytes));
    const struct str parts[] = {
        str_slice(hex, 0, 8), str_slice(hex, 8, 12), str_slice(hex, 12, 16), str_slice(hex, 16, 20),
        str_slice(hex, 20, 32)};
    return str_join(arena, parts, ARRAY_LEN(parts), STR("-"));
}

enum err_code rng_secret(void *out, size_t len, struct err *err)
{
    char *at = out;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "reading the system's random generator");
        at += got;
        len -= (size_t) got;
    }
    return ERR_NONE;
}
