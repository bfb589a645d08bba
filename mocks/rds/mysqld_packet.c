/* mysqld_packet.c - reading and writing, with the bounds in one place. */
#include "mocks/rds/mysqld_packet.h"

#include "mocks/rds/mysqld_error.h"

uint64_t mysqld_get_int(struct mysqld_reader *r, unsigned bytes)
{
    uint64_t v = 0;
    if (r->bad || mysqld_left(r) < bytes) {
        r->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)r->p[i] << 8 * i;
    r->p += bytes;
    return v;
}

uint64_t mysqld_get_lenenc_int(struct mysqld_reader *r)
{
    uint64_t first = mysqld_get_int(r, 1);
    switch (first) {
    case 0xfc: return mysqld_get_int(r, 2);
    case 0xfd: return mysqld_get_int(r, 3);
    case 0xfe: return mysqld_get_int(r, 8);
    case 0xfb: /* NULL, where a length is asked for */
    case 0xff: r->bad = true; return 0;
    default: return first;
    }
}

struct str mysqld_get_bytes(struct mysqld_reader *r, uint64_t n)
{
    if (r->bad || mysqld_left(r) < n) {
        r->bad = true;
        return S("");
    }
    struct str s = { (const char *)r->p, (size_t)n };
    r->p += n;
    return s;
}

struct str mysqld_get_lenenc(struct mysqld_reader *r) { return mysqld_get_bytes(r, mysqld_get_lenenc_int(r)); }

struct str mysqld_get_z(struct mysqld_reader *r)
{
    const unsigned char *nul = mysqld_left(r) ? memchr(r->p, 0, mysqld_left(r)) : NULL;
    if (!nul) {
        r->bad = true;
        return S("");
    }
    struct str s = mysqld_get_bytes(r, (uint64_t)(nul - r->p));
    if (!r->bad)
        r->p++;
    return s;
}

struct str mysqld_get_rest(struct mysqld_reader *r) { return mysqld_get_bytes(r, mysqld_left(r)); }

void mysqld_put_int(struct buf *b, uint64_t v, unsigned bytes)
{
    char *p = buf_room(b, bytes);
    if (!p)
        return;
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (char)(v >> 8 * i);
    b->n += bytes;
}

void mysqld_put_lenenc_int(struct buf *b, uint64_t v)
{
    if (v < 251) {
        mysqld_put_int(b, v, 1);
        return;
    }
    unsigned bytes = v < 1u << 16 ? 2 : v < 1u << 24 ? 3 : 8;
    buf_c(b, (char)(bytes == 2 ? 0xfc : bytes == 3 ? 0xfd : 0xfe));
    mysqld_put_int(b, v, bytes);
}

void mysqld_put_lenenc(struct buf *b, struct str s)
{
    mysqld_put_lenenc_int(b, s.n);
    buf_str_add(b, s);
}

/* ---- packets ---- */

void mysqld_begin(struct mysqld_writer *w)
{
    w->start = w->b->n;
    mysqld_put_int(w->b, 0, MYSQL_HEAD);
}

static void head(struct mysqld_writer *w, size_t at, size_t length)
{
    unsigned char *p = (unsigned char *)w->b->p + at;
    p[0] = (unsigned char)length, p[1] = (unsigned char)(length >> 8), p[2] = (unsigned char)(length >> 16);
    p[3] = w->seq++;
}

void mysqld_end(struct mysqld_writer *w)
{
    if (w->b->full)
        return;
    size_t at = w->start, length = w->b->n - at - MYSQL_HEAD;
    while (length >= MYSQL_LARGEST) {
        size_t next = at + MYSQL_HEAD + MYSQL_LARGEST;
        if (!buf_room(w->b, MYSQL_HEAD))
            return;
        memmove(w->b->p + next + MYSQL_HEAD, w->b->p + next, w->b->n - next);
        w->b->n += MYSQL_HEAD;
        head(w, at, MYSQL_LARGEST);
        length -= MYSQL_LARGEST;
        at = next;
    }
    head(w, at, length);
}

void mysqld_put_ok(struct mysqld_writer *w, uint64_t affected, uint64_t insert_id, uint16_t status, uint16_t warnings)
{
    mysqld_begin(w);
    buf_c(w->b, 0);
    mysqld_put_lenenc_int(w->b, affected);
    mysqld_put_lenenc_int(w->b, insert_id);
    mysqld_put_int(w->b, status, 2);
    mysqld_put_int(w->b, warnings, 2);
    mysqld_end(w);
}

void mysqld_put_eof(struct mysqld_writer *w, uint16_t status, uint16_t warnings)
{
    mysqld_begin(w);
    buf_c(w->b, (char)0xfe);
    mysqld_put_int(w->b, warnings, 2);
    mysqld_put_int(w->b, status, 2);
    mysqld_end(w);
}

void mysqld_put_error(struct mysqld_writer *w, const struct err *e)
{
    struct str text = str_head(str_of(e->message), 512); /* MYSQL_ERRMSG_SIZE */
    mysqld_begin(w);
    buf_c(w->b, (char)0xff);
    mysqld_put_int(w->b, (uint64_t)mysqld_error_number(e), 2);
    buf_c(w->b, '#');
    buf_add(w->b, mysqld_error_state(mysqld_error_number(e)), 5);
    buf_str_add(w->b, text);
    mysqld_end(w);
}
