/* scan.h - inside shape.c: the ends of JSON strings and numbers, found without a reader. NULL = leave it to the reader,
 * which says what is wrong. */
#ifndef PIPELINE_CLEAN_SCAN_H
#define PIPELINE_CLEAN_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool scan_hex(const char *p)
{
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')))
            return false;
    }
    return true;
}

/* Behind the escape at p, or NULL. */
static inline const char *scan_escape(const char *p, const char *end)
{
    if (end - p < 2)
        return NULL;
    switch (p[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return p + 2;
    case 'u':
        return end - p >= 6 && scan_hex(p + 2) ? p + 6 : NULL;
    default:
        return NULL;
    }
}

/* The closing quote of the string whose first byte is p. *ret_high: there may be bytes above 0x7f in it. */
static inline const char *scan_string(const char *p, const char *end, bool *ret_escaped, bool *ret_high)
{
    bool escaped = false;
    unsigned char high = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    __m128i all = _mm_setzero_si128();
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
        unsigned mask = (unsigned)_mm_movemask_epi8(special);
        all = _mm_or_si128(all, bytes);
        if (!mask) {
            p += 16;
            continue;
        }
        p += __builtin_ctz(mask);
        if (*p == '"') {
            *ret_escaped = escaped;
            *ret_high = _mm_movemask_epi8(all) != 0;
            return p;
        }
        if (*p != '\\' || !(p = scan_escape(p, end)))
            return NULL;
        escaped = true;
    }
    high = _mm_movemask_epi8(all) ? 0x80 : 0;
#endif
    while (p < end && *p != '"') {
        if ((unsigned char)*p < 0x20)
            return NULL;
        high |= (unsigned char)*p;
        if (*p != '\\')
            p++;
        else if ((p = scan_escape(p, end)))
            escaped = true;
        else
            return NULL;
    }
    *ret_escaped = escaped;
    *ret_high = high & 0x80;
    return p < end ? p : NULL;
}

static inline const char *scan_digits(const char *p, const char *end)
{
    while (p < end && (unsigned char)(*p - '0') <= 9)
        p++;
    return p;
}

/* Behind the number at p, by the grammar of RFC 8259 section 6. */
static inline const char *scan_number(const char *p, const char *end)
{
    const char *digits = p += *p == '-';
    p = scan_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return NULL;
    if (p < end && *p == '.') {
        digits = ++p;
        if ((p = scan_digits(p, end)) == digits)
            return NULL;
    }
    if (p < end && (*p | 32) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        if ((p = scan_digits(p, end)) == digits)
            return NULL;
    }
    return p;
}

static inline bool scan_same(const char *a, const char *b, size_t n)
{
    uint64_t x, y;
    if (n < 8 || n > 32)
        return memcmp(a, b, n) == 0;
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return x == y;
}

#endif
