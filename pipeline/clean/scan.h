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

/* n below 8 */
static inline bool scan_same_few(const char *a, const char *b, size_t n)
{
    uint32_t x, y, v, w;
    if (n >= 4) {
        memcpy(&x, a, 4);
        memcpy(&y, b, 4);
        memcpy(&v, a + n - 4, 4);
        memcpy(&w, b + n - 4, 4);
        return ((x ^ y) | (v ^ w)) == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static inline bool scan_same(const char *a, const char *b, size_t n)
{
    uint64_t x, y;
    if (n > 32)
        return memcmp(a, b, n) == 0;
    if (n < 8)
        return scan_same_few(a, b, n);
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
