/* str.h - a view of bytes, passed by value.
 *
 * A struct str owns nothing and need not end in NUL. An empty view may have p == NULL.
 * The bytes live in whatever the maker of the view says: a literal, an arena, a request.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

/* A view of a string literal; also usable in static tables. */
#define S(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define S_INIT(literal) { (literal), sizeof(literal) - 1 }
/* printf("%.*s", STR_A(view)) */
#define STR_F "%.*s"
#define STR_A(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *z) { return (struct str){ z, z ? strlen(z) : 0 }; }

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z) { return str_eq(a, str_of(z)); }

/* Order of bytes, shorter first: the order of S3 keys and of tied names. */
static inline int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* The view from byte `from` on; empty when it lies beyond the end. */
static inline struct str str_from(struct str s, size_t from)
{
    return from >= s.n ? (struct str){ s.p ? s.p + s.n : NULL, 0 } : (struct str){ s.p + from, s.n - from };
}

static inline struct str str_head(struct str s, size_t n) { return (struct str){ s.p, n < s.n ? n : s.n }; }

#define STR_NONE ((size_t)-1)
/* Index of the first byte c, or STR_NONE. */
static inline size_t str_chr(struct str s, char c)
{
    const char *q = s.n ? memchr(s.p, c, s.n) : NULL;
    return q ? (size_t)(q - s.p) : STR_NONE;
}

/* ASCII only, as HTTP header names compare. */
bool str_letters_eq(const char *a, const char *b, size_t n); /* ASCII letters of either case are the same */
static inline bool str_eq_nocase(struct str a, struct str b) { return a.n == b.n && str_letters_eq(a.p, b.p, a.n); }
static inline bool str_in_nocase(struct str s, const struct str *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(s, list[i]))
            return true;
    return false;
}
/* Index of the first occurrence of needle, or STR_NONE. */
size_t str_find(struct str s, struct str needle);
/* Without blanks, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);
/* Cuts the piece before the first `sep` off *rest and returns it; the last piece leaves rest->p == NULL.
 * for (struct str rest = list; rest.p;) { struct str piece = str_cut(&rest, ','); … } */
struct str str_cut(struct str *rest, char sep);
/* Decimal integer filling the whole view, with optional sign; false when it is none or overflows. */
bool str_to_i64(struct str s, int64_t *ret_value);
/* Decimal or exponent form filling the whole view, no blanks, no hex, no inf/nan. */
bool str_to_double(struct str s, double *ret_value);
/* A cheap 64-bit hash (not for hostile keys on the wire without a bound on their number). */
uint64_t str_hash(struct str s);

#endif
