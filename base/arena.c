/* arena.c - blocks of doubling size, handed out front to back. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/format.h"

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(16) char bytes[];
};

enum { FIRST_BLOCK = 4096 - sizeof(struct arena_block), LARGEST_BLOCK = 1 << 20 };

static void add_block(struct arena *a, size_t need)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < need)
        size = need;
    struct arena_block *b = mem_alloc(sizeof *b + size);
    b->next = a->head;
    b->size = size;
    a->head = b;
    a->at = b->bytes;
    a->end = b->bytes + size;
}

void *arena_alloc(struct arena *a, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if ((size_t)(a->end - a->at) < n || !a->head)
        add_block(a, n);
    void *p = a->at;
    a->at += n;
    a->used_bytes += n;
    return p;
}

void *arena_zero(struct arena *a, size_t n) { return memset(arena_alloc(a, n), 0, n); }

char *arena_z(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

struct str arena_keep(struct arena *a, struct buf *b)
{
    struct str copy = arena_dup(a, buf_str(b));
    buf_release(b);
    return copy;
}

struct str arena_dup(struct arena *a, struct str s) { return (struct str){ arena_z(a, s), s.n }; }

/* Prints straight into the free part of the newest block, and again only when it did not fit. */
struct str arena_vf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char *try = a->at;
    size_t room = (size_t)(a->end - a->at);
    long n = format_quick(try, room, fmt, ap);
    bool quick = n >= 0;
    if (!quick)
        n = vsnprintf(try, room, fmt, ap);
    struct str s = { "", 0 };
    if (n > 0) {
        char *p = arena_alloc(a, (size_t)n + 1); /* the bytes just printed, when they fitted */
        bool there = p == try && (size_t)n < room;
        if (quick && !there)
            format_quick(p, (size_t)n, fmt, again);
        else if (!quick && !there)
            vsnprintf(p, (size_t)n + 1, fmt, again);
        p[n] = 0;
        s = (struct str){ p, (size_t)n };
    }
    va_end(again);
    return s;
}

struct str arena_f(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str s = arena_vf(a, fmt, ap);
    va_end(ap);
    return s;
}

void arena_reset(struct arena *a)
{
    if (!a->head)
        return;
    for (struct arena_block *b = a->head->next, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->head->next = NULL;
    a->at = a->head->bytes;
    a->end = a->at + a->head->size;
    a->used_bytes = 0;
}

void arena_release(struct arena *a)
{
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *a = ARENA_INIT;
}
