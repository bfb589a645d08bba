/* str.c - searching, trimming and reading numbers out of views. */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

bool str_letters_eq(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

size_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0)
        return 0;
    if (needle.n > s.n)
        return STR_NONE;
    const char *q = memmem(s.p, s.n, needle.p, needle.n);
    return q ? (size_t)(q - s.p) : STR_NONE;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct str str_trim(struct str s)
{
    while (s.n && blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char sep)
{
    size_t at = str_chr(*rest, sep);
    struct str piece = *rest;
    if (at == STR_NONE) {
        *rest = (struct str){ NULL, 0 };
        return piece;
    }
    piece.n = at;
    *rest = (struct str){ rest->p + at + 1, rest->n - at - 1 };
    return piece;
}

bool str_to_i64(struct str s, int64_t *ret_value)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    if (i == s.n)
        return false;
    bool negative = s.p[0] == '-';
    int64_t v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        int digit = s.p[i] - '0';
        if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_add_overflow(v, (int64_t)(negative ? -digit : digit), &v))
            return false;
    }
    *ret_value = v;
    return true;
}

bool str_to_double(struct str s, double *ret_value)
{
    char copy[400];
    if (s.n == 0 || s.n >= sizeof copy)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'))
            return false;
        copy[i] = c;
    }
    copy[s.n] = 0;
    char *end;
    errno = 0;
    double v = strtod(copy, &end);
    if (end != copy + s.n || (errno == ERANGE && (v > 1 || v < -1)))
        return false;
    *ret_value = v;
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ s.n;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t w;
        memcpy(&w, s.p + i, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    uint64_t w = 0;
    if (i < s.n)
        memcpy(&w, s.p + i, s.n - i);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 29;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 32);
}
