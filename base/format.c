/* format.c - formatting in one pass over the format. */
#include "base/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct sink {
    char *out;
    size_t room, n;
};

static void put(struct sink *s, const char *p, size_t n)
{
    size_t left = s->n < s->room ? s->room - s->n : 0;
    size_t fits = n < left ? n : left;
    if (fits)
        memcpy(s->out + s->n, p, fits);
    s->n += n;
}

struct arguments {
    va_list ap;
};

/* At least `width` characters, zeros in front. */
static void put_number(struct sink *s, uint64_t v, bool negative, unsigned base, int width)
{
    char digits[72], *end = digits + sizeof digits, *at = end;
    do {
        *--at = "0123456789abcdef"[base == 16 ? v & 15 : v % 10];
        v = base == 16 ? v >> 4 : v / 10;
    } while (v);
    while (end - at + negative < width)
        *--at = '0';
    if (negative)
        *--at = '-';
    put(s, at, (size_t)(end - at));
}

static void put_signed(struct sink *s, int64_t v, int width)
{
    put_number(s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10, width);
}

/* A number's word behind its width: d u x, lld llu llx, zu. NULL when it is another. */
static const char *put_number_word(struct sink *s, const char *fmt, struct arguments *a, int width)
{
    bool wide = fmt[0] == 'l' && fmt[1] == 'l';
    fmt += wide ? 2 : 0;
    if (*fmt == 'd')
        put_signed(s, wide ? va_arg(a->ap, long long) : va_arg(a->ap, int), width);
    else if (*fmt == 'u' || *fmt == 'x')
        put_number(s, wide ? va_arg(a->ap, unsigned long long) : va_arg(a->ap, unsigned), false, *fmt == 'u' ? 10 : 16, width);
    else if (!wide && fmt[0] == 'z' && fmt[1] == 'u')
        put_number(s, va_arg(a->ap, size_t), false, 10, width), fmt++;
    else
        return NULL;
    return fmt + 1;
}

/* "02d": zeros to a width below 64. */
static const char *put_zeros_word(struct sink *s, const char *fmt, struct arguments *a)
{
    int width = 0;
    for (fmt++; *fmt >= '0' && *fmt <= '9'; fmt++)
        if ((width = width * 10 + *fmt - '0') >= 64)
            return NULL;
    return put_number_word(s, fmt, a, width);
}

/* "s" and ".*s" */
static const char *put_text_word(struct sink *s, const char *fmt, struct arguments *a)
{
    bool cut = fmt[0] == '.';
    if (cut && (fmt[1] != '*' || fmt[2] != 's'))
        return NULL;
    int most = cut ? va_arg(a->ap, int) : 0;
    const char *p = va_arg(a->ap, const char *);
    if (most < 0 || (!p && (most || !cut)))
        return NULL;
    if (p)
        put(s, p, cut ? strnlen(p, (size_t)most) : strlen(p));
    return fmt + (cut ? 3 : 1);
}

/* The word behind a '%'; where the format goes on, or NULL. */
static const char *put_word(struct sink *s, const char *fmt, struct arguments *a)
{
    char c;
    switch (*fmt) {
    case 's': case '.': return put_text_word(s, fmt, a);
    case '0': return put_zeros_word(s, fmt, a);
    case 'c':
        c = (char)va_arg(a->ap, int);
        put(s, &c, 1);
        return fmt + 1;
    case '%': put(s, "%", 1); return fmt + 1;
    default: return put_number_word(s, fmt, a, 0);
    }
}

long format_quick(char *out, size_t room, const char *fmt, va_list ap)
{
    struct sink s = { out, room, 0 };
    struct arguments a;
    va_copy(a.ap, ap);
    while (fmt && *fmt) {
        const char *word = strchrnul(fmt, '%');
        put(&s, fmt, (size_t)(word - fmt));
        fmt = *word ? put_word(&s, word + 1, &a) : word;
    }
    va_end(a.ap);
    return fmt ? (long)s.n : -1;
}
