/* rng.h - the source of chance: same seed, same draws.
 *
 * struct rng (xoshiro256**) serves ids, jitter and synthetic data. struct pyrandom is CPython's random.Random:
 * the Mersenne Twister with CPython's seeding and rejection sampling, bit for bit, because the public
 * emulators choose their rows with random.seed(100) and random.randint(0, 11000).
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/str.h"

struct rng {
    uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0..n-1, unbiased; n > 0 */
double rng_unit(struct rng *r);                /* [0, 1) */
void rng_bytes(struct rng *r, void *out, size_t n);
enum { RNG_UUID = 37 };
const char *rng_uuid4(struct rng *r, char out[RNG_UUID]); /* lower case, NUL-terminated */

struct pyrandom {
    uint32_t mt[624];
    int index;
};
void pyrandom_seed(struct pyrandom *r, int64_t seed);                     /* random.seed(int) */
uint64_t pyrandom_below(struct pyrandom *r, uint64_t n);                  /* Random._randbelow(n); n > 0 */
int64_t pyrandom_randint(struct pyrandom *r, int64_t low, int64_t high);  /* both ends included */
int64_t pyrandom_randrange(struct pyrandom *r, int64_t low, int64_t end); /* end excluded */
double pyrandom_random(struct pyrandom *r);                               /* [0, 1) with 53 bits */

#endif
