/* buf.c - growth by doubling, additions, formatting. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/format.h"

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

/* The slow path of buf_room: no place left. cap stays within max, so that the quick paths need not look at max. */
char *buf_grow(struct buf *b, size_t n)
{
    if (b->full)
        return NULL;
    if (n > SIZE_MAX / 4 - b->n || (b->max && b->n + n > b->max)) {
        b->full = true;
        b->cap = b->n; /* so that the quick paths see no place either */
        return NULL;
    }
    size_t cap = b->cap ? b->cap * 2 : 64;
    while (cap < b->n + n)
        cap *= 2;
    if (b->max && cap > b->max)
        cap = b->max;
    b->p = mem_grow(b->p, cap);
    b->cap = cap;
    return b->p + b->n;
}

/* What did not fit is printed once more, aside: the arguments may point into the buffer. `quick` when format_quick knows the
 * format, else vsnprintf, which wants a byte for its NUL that the ceiling need not have. */
static void add_aside(struct buf *b, size_t n, bool quick, const char *fmt, va_list ap)
{
    char *text = mem_alloc(n + 1);
    if (quick)
        format_quick(text, n, fmt, ap);
    else
        vsnprintf(text, n + 1, fmt, ap);
    buf_add(b, text, n);
    free(text);
}

void buf_vf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    size_t room = b->p ? b->cap - b->n : 0;
    char *at = room ? b->p + b->n : NULL;
    long n = format_quick(at, room, fmt, ap);
    bool quick = n >= 0;
    if (!quick)
        n = vsnprintf(at, room, fmt, ap);
    if (n >= 0 && (size_t)n < room + quick)
        b->n += (size_t)n;
    else if (n >= 0)
        add_aside(b, (size_t)n, quick, fmt, again);
    va_end(again);
}

void buf_f(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vf(b, fmt, ap);
    va_end(ap);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do
        digits[sizeof digits - ++n] = (char)('0' + v % 10);
    while (v /= 10);
    buf_add(b, digits + sizeof digits - n, n);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_c(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

const char *buf_cstr(struct buf *b)
{
    if (!b->p || b->n == b->cap) { /* the NUL lies beyond the ceiling */
        b->p = mem_grow(b->p, b->n + 1);
        b->cap += b->cap == 0;
    }
    b->p[b->n] = 0;
    return b->p;
}

char *buf_take(struct buf *b, size_t *ret_n)
{
    char *p = b->p;
    *ret_n = b->n;
    *b = (struct buf){ .max = b->max };
    return p;
}
