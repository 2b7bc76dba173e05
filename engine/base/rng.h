/* engine/base/rng.h - seeded randomness (xoshiro256**), never for secrets.
 *
 * Everything random (jitter, ids of requests, tests) draws from a struct rng that is passed in, so
 * a seed replays a run. rng_secret() is the operating system's generator, for keys. Threads: one
 * owner per rng.
 */
#ifndef ENGINE_BASE_RNG_H
#define ENGINE_BASE_RNG_H

#include "engine/base/err.h"

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_entropy(void); /* a seed from the operating system */
uint64_t rng_u64(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t bound);       /* 0 <= x < bound; bound > 0 */
double rng_unit(struct rng *rng);                          /* 0 <= x < 1 */
struct str rng_uuid(struct rng *rng, struct arena *arena); /* version 4 form */
enum err_code rng_secret(void *out, size_t len, struct err *err) MUST_USE;

#endif
