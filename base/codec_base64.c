/* codec_base64.c - base64 (RFC 4648 section 4): encoding by a table from 12 bits to two letters, decoding 16 letters at
 * a time with SSE2 where there is one.
 */
#include "base/codec.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- tables; the macros below spell constants 4, 16, 64 … at a time ---- */

#define X4(F, n) F(n), F((n) + 1), F((n) + 2), F((n) + 3)
#define X16(F, n) X4(F, n), X4(F, (n) + 4), X4(F, (n) + 8), X4(F, (n) + 12)
#define X64(F, n) X16(F, n), X16(F, (n) + 16), X16(F, (n) + 32), X16(F, (n) + 48)
#define X256(F, n) X64(F, n), X64(F, (n) + 64), X64(F, (n) + 128), X64(F, (n) + 192)
#define X1024(F, n) X256(F, n), X256(F, (n) + 256), X256(F, (n) + 512), X256(F, (n) + 768)
#define X4096(F) X1024(F, 0), X1024(F, 1024), X1024(F, 2048), X1024(F, 3072)

#define LETTER(v) ((v) < 26 ? 'A' + (v) : (v) < 52 ? 'a' - 26 + (v) : (v) < 62 ? '0' - 52 + (v) : (v) == 62 ? '+' : '/')
#define PAIR(v) { (char)LETTER((v) >> 6), (char)LETTER((v) & 63) }
static const char pairs[4096][2] = { X4096(PAIR) };

/* What a letter stands for; 255 for other bytes. */
#define VALUE(c)                                                                                                  \
    (uint8_t)((c) >= 'A' && (c) <= 'Z' ? (c) - 'A' : (c) >= 'a' && (c) <= 'z' ? (c) - 'a' + 26                    \
              : (c) >= '0' && (c) <= '9' ? (c) - '0' + 52 : (c) == '+' ? 62 : (c) == '/' ? 63 : 255)
static const uint8_t values[256] = { X256(VALUE, 0) };

/* ---- encoding ---- */

static inline void put_pairs(char *to, uint32_t bits24)
{
    memcpy(to, pairs[bits24 >> 12], 2);
    memcpy(to + 2, pairs[bits24 & 4095], 2);
}

void codec_base64(struct buf *out, struct str in)
{
    if (in.n > SIZE_MAX / 4) {
        out->full = true;
        return;
    }
    size_t n = (in.n + 2) / 3 * 4;
    char *to = n ? buf_room(out, n) : NULL;
    if (!to)
        return;
    const uint8_t *p = (const uint8_t *)in.p, *end = p + in.n;
    for (; end - p >= 8; p += 6, to += 8) { /* six bytes out of a word of eight */
        uint64_t word;
        memcpy(&word, p, sizeof word);
        word = be64toh(word);
        put_pairs(to, (uint32_t)(word >> 40));
        put_pairs(to + 4, (uint32_t)(word >> 16) & 0xffffff);
    }
    for (; end - p >= 3; p += 3, to += 4)
        put_pairs(to, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]);
    if (p < end) {
        bool two = end - p == 2;
        put_pairs(to, (uint32_t)p[0] << 16 | (two ? (uint32_t)p[1] << 8 : 0));
        to[3] = '=';
        if (!two)
            to[2] = '=';
    }
    out->n += n;
}

/* ---- decoding ---- */

#ifdef __SSE2__
/* `add` in the bytes of c that lie between low and high, else 0. */
static inline __m128i between(__m128i c, int low, int high, int add)
{
    __m128i in = _mm_and_si128(_mm_cmpgt_epi8(c, _mm_set1_epi8((char)(low - 1))),
                               _mm_cmplt_epi8(c, _mm_set1_epi8((char)(high + 1))));
    return _mm_and_si128(in, _mm_set1_epi8((char)add));
}

/* The low three bytes of both halves of the word, side by side and highest first, in its upper six bytes. */
static inline void put_six(char *to, __m128i word)
{
    uint64_t w = (uint64_t)_mm_cvtsi128_si64(word);
    w = htobe64(w << 40 | w >> 32 << 16);
    memcpy(to, &w, sizeof w);
}
#endif

/* Decodes blocks of 16 letters as long as all are letters and four more follow (two bytes too many are stored). */
static void decode_blocks(const char **p, const char *end, char **to)
{
#ifdef __SSE2__
    for (; end - *p >= 20; *p += 16, *to += 12) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)*p);
        __m128i add = _mm_or_si128(between(c, 'A', 'Z', -'A'), between(c, 'a', 'z', 26 - 'a'));
        add = _mm_or_si128(add, between(c, '0', '9', 52 - '0'));
        add = _mm_or_si128(add, _mm_and_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('+')), _mm_set1_epi8(62 - '+')));
        add = _mm_or_si128(add, _mm_and_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('/')), _mm_set1_epi8(63 - '/')));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(add, _mm_setzero_si128())))
            return;
        __m128i six = _mm_add_epi8(c, add);
        __m128i twelve = _mm_or_si128(_mm_slli_epi16(_mm_and_si128(six, _mm_set1_epi16(0xff)), 6), _mm_srli_epi16(six, 8));
        __m128i bits = _mm_madd_epi16(twelve, _mm_set1_epi32(1 << 16 | 1 << 12)); /* first of two << 12 | second */
        put_six(*to, bits);
        put_six(*to + 6, _mm_unpackhi_epi64(bits, bits));
    }
#else
    (void)p, (void)end, (void)to;
#endif
}

static inline uint32_t value_of(char c, bool loose)
{
    if (loose && (c == '-' || c == '_'))
        return c == '-' ? 62 : 63;
    return values[(uint8_t)c];
}

/* Decodes letters without padding. Bits left over at the end are dropped, as every cloud does. */
static bool decode_letters(struct buf *out, struct str in, bool loose)
{
    const char *p = in.p, *end = in.p + in.n;
    char *to = in.n ? buf_room(out, in.n / 4 * 3 + 3) : NULL;
    if (!to)
        return in.n == 0;
    char *start = to;
    bool good = true;
    while (good && p < end) {
        decode_blocks(&p, end, &to);
        size_t n = end - p < 4 ? (size_t)(end - p) : 4;
        uint32_t a = value_of(p[0], loose), b = n > 1 ? value_of(p[1], loose) : 255;
        uint32_t c = n > 2 ? value_of(p[2], loose) : 0, d = n > 3 ? value_of(p[3], loose) : 0;
        good = !((a | b | c | d) & 0x80);
        if (!good)
            break;
        *to++ = (char)(a << 2 | b >> 4);
        if (n > 2)
            *to++ = (char)(b << 4 | c >> 2);
        if (n > 3)
            *to++ = (char)(c << 6 | d);
        p += n;
    }
    out->n += (size_t)(to - start);
    return good;
}

static size_t padding(struct str in)
{
    size_t n = 0;
    while (n < in.n && n < 2 && in.p[in.n - 1 - n] == '=')
        n++;
    return n;
}

bool codec_unbase64(struct buf *out, struct str in)
{
    return in.n % 4 == 0 && decode_letters(out, str_head(in, in.n - padding(in)), false);
}

bool codec_unbase64_loose(struct buf *out, struct str in)
{
    size_t pad = padding(in);
    if (pad && in.n % 4)
        return false;
    return decode_letters(out, str_head(in, in.n - pad), true);
}
