/* arena.h - memory that lives exactly as long as one request or one batch.
 *
 * Everything allocated is freed whole by arena_release, or kept for reuse by arena_reset.
 * Not thread-safe: an arena belongs to one request, and a request to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

struct arena_block;
struct buf;
struct arena {
    struct arena_block *head; /* newest block first */
    char *at, *end;           /* free part of the newest block */
    size_t used_bytes;
};

#define ARENA_INIT ((struct arena){ 0 })

void *arena_alloc(struct arena *a, size_t n); /* 16-byte aligned, not cleared; never NULL */
void *arena_zero(struct arena *a, size_t n);
struct str arena_dup(struct arena *a, struct str s); /* the copy has a NUL behind it */
char *arena_z(struct arena *a, struct str s);        /* the same as a C string */
struct str arena_keep(struct arena *a, struct buf *b); /* a copy of the content; the buffer is released */
struct str arena_f(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_vf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void arena_reset(struct arena *a);   /* all gone, one block kept */
void arena_release(struct arena *a); /* all gone */

#define ARENA_NEW(arena, type) ((type *)arena_zero((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_zero((arena), sizeof(type) * (count)))

#endif
