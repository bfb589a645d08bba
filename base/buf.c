/* buf.c - growth by doubling, additions, formatting. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ .max = b->max };
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->full)
        return NULL;
    if (n > SIZE_MAX / 2 - b->n || (b->max && b->n + n > b->max)) {
        b->full = true;
        return NULL;
    }
    if (b->n + n > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        while (cap < b->n + n)
            cap *= 2;
        b->p = mem_grow(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    char *at = buf_room(b, n);
    if (at) {
        memcpy(at, p, n);
        b->n += n;
    }
}

void buf_c(struct buf *b, char c)
{
    char *at = buf_room(b, 1);
    if (at) {
        *at = c;
        b->n++;
    }
}

void buf_vf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char small[256];
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        buf_add(b, small, (size_t)n);
    } else if (n >= 0) {
        size_t max = b->max;
        b->max += max != 0; /* the NUL that vsnprintf writes does not count */
        char *at = buf_room(b, (size_t)n + 1);
        b->max = max;
        if (at) {
            vsnprintf(at, (size_t)n + 1, fmt, again);
            b->n += (size_t)n;
        }
    }
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
    bool was_full = b->full;
    size_t max = b->max;
    b->full = false, b->max = 0;
    *buf_room(b, 1) = 0;
    b->full = was_full, b->max = max;
    return b->p;
}

char *buf_take(struct buf *b, size_t *ret_n)
{
    char *p = b->p;
    *ret_n = b->n;
    *b = (struct buf){ .max = b->max };
    return p;
}
