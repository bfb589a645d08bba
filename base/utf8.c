/* utf8.c - RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The second byte of a sequence is what overlong forms, surrogates and too large numbers are told by. */
static const struct lead {
    uint8_t first, last;    /* lead bytes of this kind */
    uint8_t n;              /* bytes in all */
    uint8_t second, second_last;
} leads[] = {
    { 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
    { 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Length of the well-formed sequence that s begins with, or 0. */
static size_t sequence(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    const struct lead *l = leads;
    while (l < leads + sizeof leads / sizeof leads[0] && p[0] > l->last)
        l++;
    if (l == leads + sizeof leads / sizeof leads[0] || p[0] < l->first || s.n < l->n)
        return 0;
    if (l->n > 1 && (p[1] < l->second || p[1] > l->second_last))
        return 0;
    for (size_t i = 2; i < l->n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return l->n;
}

/* How many bytes at the front are ASCII, counted in eights. */
static size_t ascii_run(struct str s)
{
    size_t i = 0;
    for (uint64_t w; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, 8);
        if (w & 0x8080808080808080u)
            break;
    }
    return i;
}

/* Where the next byte above 0x7f is, or s.n. */
static inline size_t skip_ascii(struct str s, size_t i)
{
#ifdef __SSE2__
    for (; i + 16 <= s.n; i += 16) {
        int mask = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(s.p + i)));
        if (mask)
            return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (i < s.n && !((unsigned char)s.p[i] & 0x80))
        i++;
    return i;
}

static inline bool continues(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* Two and three bytes whose lead allows any continuation are most of what there is; the table knows the rest. */
static inline size_t sequence_quick(struct str s)
{
    unsigned lead = (unsigned char)s.p[0];
    if (s.n >= 2 && lead - 0xc2u <= 0xdfu - 0xc2u)
        return continues(s.p[1]) ? 2 : 0;
    if (s.n >= 3 && lead - 0xe1u <= 0xefu - 0xe1u && lead != 0xed)
        return continues(s.p[1]) && continues(s.p[2]) ? 3 : 0;
    return sequence(s);
}

size_t utf8_check(struct str s)
{
    for (size_t i = skip_ascii(s, 0); i < s.n; i = skip_ascii(s, i)) {
        size_t n = sequence_quick(str_from(s, i));
        if (n == 0)
            return i;
        i += n;
    }
    return STR_NONE;
}

uint32_t utf8_next(struct str *s)
{
    const uint8_t *p = (const uint8_t *)s->p;
    size_t n = sequence(*s);
    *s = str_from(*s, n ? n : 1);
    switch (n) {
    case 1: return p[0];
    case 2: return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    case 3: return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    case 4: return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    default: return 0xfffd;
    }
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    static const uint8_t mark[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (char)(mark[n] | c);
    return n;
}

void utf8_put(struct buf *out, uint32_t code_point)
{
    char bytes[4];
    buf_add(out, bytes, utf8_encode(code_point, bytes));
}

static size_t count(struct str s, size_t astral)
{
    size_t total = 0;
    while (s.n) {
        size_t ascii = ascii_run(s);
        if (ascii) {
            total += ascii;
            s = str_from(s, ascii);
        } else {
            total += utf8_next(&s) > 0xffff ? astral : 1;
        }
    }
    return total;
}

size_t utf8_count(struct str s) { return count(s, 1); }
size_t utf8_utf16_count(struct str s) { return count(s, 2); }

struct str utf8_head(struct str s, size_t n)
{
    if (n >= s.n)
        return s;
    size_t end = n;
    while (end && n - end < 3 && ((unsigned char)s.p[end] & 0xC0) == 0x80)
        end--;
    return (struct str){ s.p, ((unsigned char)s.p[end] & 0xC0) == 0x80 ? n : end }; /* else it is no UTF-8 */
}
