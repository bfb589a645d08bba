/* seqno.c - 188 bits to decimal digits and back, in three limbs of 64. */
#include "mocks/kinesis/seqno.h"

#define TEN_TO_19 10000000000000000000u
#define FIRST_DATE_TOO_LARGE 16025175000 /* AWS refuses sequence numbers of the year 2477 and later */

typedef unsigned __int128 u128;

enum { LIMBS = 3 }; /* least significant first */

/* Bits [at, at + n) of the limbs; n <= 64. */
static uint64_t bits(const uint64_t limb[LIMBS], unsigned at, unsigned n)
{
    unsigned i = at / 64, shift = at % 64;
    u128 pair = limb[i] | (i + 1 < LIMBS ? (u128)limb[i + 1] << 64 : 0);
    uint64_t v = (uint64_t)(pair >> shift);
    return n == 64 ? v : v & ((UINT64_C(1) << n) - 1);
}

static void put_bits(uint64_t limb[LIMBS], unsigned at, uint64_t v)
{
    unsigned i = at / 64, shift = at % 64;
    u128 pair = (u128)v << shift;
    limb[i] |= (uint64_t)pair;
    if (i + 1 < LIMBS)
        limb[i + 1] |= (uint64_t)(pair >> 64);
}

/* Divides by 10^19, answers the remainder. */
static uint64_t divide(uint64_t limb[LIMBS])
{
    uint64_t rest = 0;
    for (int i = LIMBS - 1; i >= 0; i--) {
        u128 v = (u128)rest << 64 | limb[i];
        limb[i] = v >> 64 ? (uint64_t)(v / TEN_TO_19) : (uint64_t)v / TEN_TO_19;
        rest = (uint64_t)v - limb[i] * TEN_TO_19;
    }
    return rest;
}

static void digits(uint64_t v, char *out, int n)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
                                "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
                                "9899";
    for (; n >= 2; n -= 2, v /= 100)
        memcpy(out + n - 2, pairs + v % 100 * 2, 2);
    if (n)
        out[0] = (char)('0' + v % 10);
}

void seqno_write(const struct seqno *s, char out[SEQNO_DIGITS])
{
    uint64_t limb[LIMBS] = { 0 };
    uint64_t shard = (uint64_t)s->shard & 0xffffffff;
    put_bits(limb, 0, 2);
    put_bits(limb, 4, shard);
    put_bits(limb, 36, (uint64_t)s->time_s & 0xfffffffff);
    put_bits(limb, 80, s->index);
    put_bits(limb, 144, shard & 15);
    put_bits(limb, 148, (uint64_t)s->create_s & 0xfffffffff);
    put_bits(limb, 184, 2);
    uint64_t low = divide(limb), middle = divide(limb), high = limb[0];
    digits(high, out, SEQNO_DIGITS - 38);
    digits(middle, out + SEQNO_DIGITS - 38, 19);
    digits(low, out + SEQNO_DIGITS - 19, 19);
}

static bool read_decimal(struct str text, uint64_t limb[LIMBS])
{
    if (text.n == 0)
        return false;
    for (size_t k = 0; k < text.n; k++) {
        if (text.p[k] < '0' || text.p[k] > '9')
            return false;
        u128 carry = (unsigned)(text.p[k] - '0');
        for (int i = 0; i < LIMBS; i++) {
            carry += (u128)limb[i] * 10;
            limb[i] = (uint64_t)carry;
            carry >>= 64;
        }
        if (carry)
            return false;
    }
    return true;
}

static bool read_version_0(const uint64_t limb[LIMBS], struct seqno *s)
{
    *s = (struct seqno){ .create_s = (int64_t)bits(limb, 88, 36), .shard = (int64_t)bits(limb, 0, 16), .version = 0 };
    return s->create_s < FIRST_DATE_TOO_LARGE;
}

bool seqno_parse(struct str text, struct seqno *ret)
{
    uint64_t limb[LIMBS] = { 0 };
    struct seqno s;
    if (!read_decimal(text, limb))
        return false;
    if (limb[2] == 0 && limb[1] >> 61 == 0) { /* below 2^125: the leading 1 at 2^124 may be left out */
        if (!read_version_0(limb, &s))
            return false;
        *ret = s;
        return true;
    }
    if (bits(limb, 184, 8) != 2)
        return false;
    s = (struct seqno){ .create_s = (int64_t)bits(limb, 148, 36), .shard = (int64_t)bits(limb, 4, 32),
                        .version = (int)bits(limb, 0, 4) };
    if (s.version == 1) {
        s.time_s = (int64_t)bits(limb, 100, 36);
    } else if (s.version == 2) {
        s.index = bits(limb, 80, 64);
        s.time_s = (int64_t)bits(limb, 36, 36);
        if (s.shard >> 31)
            s.shard = -s.shard;
        if (s.index > SEQNO_INDEX_CLOSED || s.create_s >= FIRST_DATE_TOO_LARGE)
            return false;
    } else {
        return false;
    }
    *ret = s;
    return true;
}
