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

static void put_number(struct sink *s, uint64_t v, bool negative)
{
    char digits[21], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + v % 10);
    while (v /= 10);
    if (negative)
        *--at = '-';
    put(s, at, (size_t)(digits + sizeof digits - at));
}

static void put_signed(struct sink *s, int64_t v) { put_number(s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0); }

long format_quick(char *out, size_t room, const char *fmt, va_list ap)
{
    struct sink s = { out, room, 0 };
    for (;;) {
        const char *word = strchrnul(fmt, '%');
        put(&s, fmt, (size_t)(word - fmt));
        if (!*word)
            return (long)s.n;
        fmt = word + 2;
        switch (word[1]) {
        case '%': put(&s, "%", 1); break;
        case 'd': put_signed(&s, va_arg(ap, int)); break;
        case 'u': put_number(&s, va_arg(ap, unsigned), false); break;
        case 'c': {
            char c = (char)va_arg(ap, int);
            put(&s, &c, 1);
            break;
        }
        case 's': {
            const char *z = va_arg(ap, const char *);
            if (!z)
                return -1;
            put(&s, z, strlen(z));
            break;
        }
        case '.': {
            if (fmt[0] != '*' || fmt[1] != 's')
                return -1;
            int most = va_arg(ap, int);
            const char *p = va_arg(ap, const char *);
            if (most < 0 || (most && !p))
                return -1;
            if (most)
                put(&s, p, strnlen(p, (size_t)most));
            fmt += 2;
            break;
        }
        case 'z':
            if (*fmt++ != 'u')
                return -1;
            put_number(&s, va_arg(ap, size_t), false);
            break;
        case 'l':
            if (fmt[0] != 'l' || (fmt[1] != 'd' && fmt[1] != 'u'))
                return -1;
            if (fmt[1] == 'd')
                put_signed(&s, va_arg(ap, long long));
            else
                put_number(&s, va_arg(ap, unsigned long long), false);
            fmt += 2;
            break;
        default: return -1;
        }
    }
}
