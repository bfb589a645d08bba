/* rng.c - xoshiro256** 1.0 of Blackman and Vigna, seeded through splitmix64 (prng.di.unimi.it). */
#include "base/rng.h"

void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        r->s[i] = z ^ z >> 31;
    }
}

static uint64_t rotate(uint64_t x, int k) { return x << k | x >> (64 - k); }

uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s, drawn = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return drawn;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t surplus = (0 - n) % n; /* 2^64 mod n draws at the bottom would come up once too often */
    uint64_t x;
    do
        x = rng_u64(r);
    while (x < surplus);
    return x % n;
}

double rng_unit(struct rng *r) { return (double)(rng_u64(r) >> 11) * 0x1p-53; }

void rng_bytes(struct rng *r, void *out, size_t n)
{
    uint8_t *to = out;
    for (uint64_t w; n; n -= n < 8 ? n : 8, to += 8) {
        w = rng_u64(r);
        for (size_t i = 0; i < n && i < 8; i++)
            to[i] = (uint8_t)(w >> (8 * i)); /* least significant first on every machine */
    }
}

/* RFC 9562 section 5.4. */
const char *rng_uuid4(struct rng *r, char out[RNG_UUID])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t b[16];
    rng_bytes(r, b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[b[i] >> 4];
        *to++ = digits[b[i] & 15];
    }
    *to = 0;
    return out;
}
