/* pyrandom.c - CPython's random.Random for integer seeds.
 *
 * The generator is MT19937 with init_by_array (Matsumoto and Nishimura, mt19937ar). CPython seeds it with the
 * 32-bit digits of abs(seed), draws k bits as the top bits of as many words as are needed, least significant word
 * first, and repeats a draw that is not below n (Random._randbelow_with_getrandbits), k being n's bit length.
 */
#include "base/rng.h"

enum { WORDS = 624, SHIFT = 397 };

static void seed_word(struct pyrandom *r, uint32_t seed)
{
    r->mt[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++)
        r->mt[i] = 1812433253u * (r->mt[i - 1] ^ r->mt[i - 1] >> 30) + i;
    r->index = WORDS;
}

/* The step both rounds of init_by_array share: the next word, wrapping from the last to the first. */
static int next_word(struct pyrandom *r, int i)
{
    if (++i < WORDS)
        return i;
    r->mt[0] = r->mt[WORDS - 1];
    return 1;
}

void pyrandom_seed(struct pyrandom *r, int64_t seed)
{
    uint64_t size = seed < 0 ? 0 - (uint64_t)seed : (uint64_t)seed;
    uint32_t key[2] = { (uint32_t)size, (uint32_t)(size >> 32) };
    int n = key[1] ? 2 : 1;
    seed_word(r, 19650218u);
    int i = 1;
    for (int k = 0; k < WORDS; k++) {
        int j = k % n;
        r->mt[i] = (r->mt[i] ^ (r->mt[i - 1] ^ r->mt[i - 1] >> 30) * 1664525u) + key[j] + (uint32_t)j;
        i = next_word(r, i);
    }
    for (int k = 1; k < WORDS; k++) {
        r->mt[i] = (r->mt[i] ^ (r->mt[i - 1] ^ r->mt[i - 1] >> 30) * 1566083941u) - (uint32_t)i;
        i = next_word(r, i);
    }
    r->mt[0] = 0x80000000u;
}

static void refill(struct pyrandom *r)
{
    for (int i = 0; i < WORDS; i++) {
        uint32_t y = (r->mt[i] & 0x80000000u) | (r->mt[(i + 1) % WORDS] & 0x7fffffffu);
        r->mt[i] = r->mt[(i + SHIFT) % WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->index = 0;
}

static uint32_t draw(struct pyrandom *r)
{
    if (r->index >= WORDS)
        refill(r);
    uint32_t y = r->mt[r->index++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

/* getrandbits(k), 1 <= k <= 64 */
static uint64_t draw_bits(struct pyrandom *r, int k)
{
    if (k <= 32)
        return draw(r) >> (32 - k);
    uint64_t low = draw(r);
    return (uint64_t)(draw(r) >> (64 - k)) << 32 | low;
}

uint64_t pyrandom_below(struct pyrandom *r, uint64_t n)
{
    int k = 64 - __builtin_clzll(n);
    uint64_t x;
    do
        x = draw_bits(r, k);
    while (x >= n);
    return x;
}

int64_t pyrandom_randint(struct pyrandom *r, int64_t low, int64_t high)
{
    uint64_t n = (uint64_t)high - (uint64_t)low + 1;
    /* All 2^64 integers: Python then draws 65 bits, three words, and repeats while the top one is set. */
    if (n == 0) {
        uint64_t words;
        do
            words = draw_bits(r, 64);
        while (draw(r) >> 31);
        return (int64_t)((uint64_t)low + words);
    }
    return (int64_t)((uint64_t)low + pyrandom_below(r, n));
}

int64_t pyrandom_randrange(struct pyrandom *r, int64_t low, int64_t end)
{
    return (int64_t)((uint64_t)low + pyrandom_below(r, (uint64_t)end - (uint64_t)low));
}

double pyrandom_random(struct pyrandom *r)
{
    uint32_t a = draw(r) >> 5, b = draw(r) >> 6;
    return (a * 67108864.0 + b) * 0x1p-53;
}
