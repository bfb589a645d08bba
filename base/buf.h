/* buf.h - bytes that grow, up to a ceiling.
 *
 * Invariants: b.p[0..b.n) is the content; b.p may be NULL when b.n == 0; nothing is NUL-terminated
 * unless buf_cstr was asked. Once an addition would pass the ceiling, `full` is set, that addition and
 * all later ones are dropped: check it once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *p;
    size_t n, cap;
    size_t max; /* ceiling in bytes; 0 = none but memory */
    bool full;
};

#define BUF_INIT ((struct buf){ 0 })
#define BUF_MAX(bytes) ((struct buf){ .max = (bytes) })

void buf_release(struct buf *b); /* frees the bytes; b is then empty and usable, with the same ceiling */
static inline void buf_reset(struct buf *b) { b->n = 0, b->full = false; }
static inline struct str buf_str(const struct buf *b) { return (struct str){ b->p, b->n }; }

char *buf_grow(struct buf *b, size_t n);
/* Makes room for n more bytes at b->p + b->n; NULL when that would pass the ceiling. Advance b->n yourself. */
static inline char *buf_room(struct buf *b, size_t n)
{
    return b->p && n <= b->cap - b->n ? b->p + b->n : buf_grow(b, n);
}
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    char *at = n ? buf_room(b, n) : NULL;
    if (at) {
        memcpy(at, p, n);
        b->n += n;
    }
}
static inline void buf_str_add(struct buf *b, struct str s) { buf_add(b, s.p, s.n); }
static inline void buf_z(struct buf *b, const char *z) { buf_add(b, z, strlen(z)); }
static inline void buf_c(struct buf *b, char c)
{
    char *at = buf_room(b, 1);
    if (at) {
        *at = c;
        b->n++;
    }
}
void buf_f(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_i64(struct buf *b, int64_t v);
void buf_u64(struct buf *b, uint64_t v);
/* The content with a NUL behind it (not counted in n). */
const char *buf_cstr(struct buf *b);
/* Takes over the bytes; the buffer is empty afterwards. free() them. */
char *buf_take(struct buf *b, size_t *ret_n);

#endif
