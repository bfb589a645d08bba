/* mysql_packet.c - reading and writing, with the bounds in one place. */
#include "mocks/rds/mysql_packet.h"

#include "mocks/rds/mysql_error.h"

uint64_t mysql_get_int(struct mysql_reader *r, unsigned bytes)
{
    uint64_t v = 0;
    if (r->bad || mysql_left(r) < bytes) {
        r->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)r->p[i] << 8 * i;
    r->p += bytes;
    return v;
}

uint64_t mysql_get_lenenc_int(struct mysql_reader *r)
{
    uint64_t first = mysql_get_int(r, 1);
    switch (first) {
    case 0xfc: return mysql_get_int(r, 2);
    case 0xfd: return mysql_get_int(r, 3);
    case 0xfe: return mysql_get_int(r, 8);
    case 0xfb: /* NULL, where a length is asked for */
    case 0xff: r->bad = true; return 0;
    default: return first;
    }
}

struct str mysql_get_bytes(struct mysql_reader *r, uint64_t n)
{
    if (r->bad || mysql_left(r) < n) {
        r->bad = true;
        return S("");
    }
    struct str s = { (const char *)r->p, (size_t)n };
    r->p += n;
    return s;
}

struct str mysql_get_lenenc(struct mysql_reader *r) { return mysql_get_bytes(r, mysql_get_lenenc_int(r)); }

struct str mysql_get_z(struct mysql_reader *r)
{
    const unsigned char *nul = mysql_left(r) ? memchr(r->p, 0, mysql_left(r)) : NULL;
    if (!nul) {
        r->bad = true;
        return S("");
    }
    struct str s = mysql_get_bytes(r, (uint64_t)(nul - r->p));
    if (!r->bad)
        r->p++;
    return s;
}

struct str mysql_get_rest(struct mysql_reader *r) { return mysql_get_bytes(r, mysql_left(r)); }

void mysql_put_int(struct buf *b, uint64_t v, unsigned bytes)
{
    char *p = buf_room(b, bytes);
    if (!p)
        return;
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (char)(v >> 8 * i);
    b->n += bytes;
}

void mysql_put_lenenc_int(struct buf *b, uint64_t v)
{
    if (v < 251) {
        mysql_put_int(b, v, 1);
        return;
    }
    unsigned bytes = v < 1u << 16 ? 2 : v < 1u << 24 ? 3 : 8;
    buf_c(b, (char)(bytes == 2 ? 0xfc : bytes == 3 ? 0xfd : 0xfe));
    mysql_put_int(b, v, bytes);
}

void mysql_put_lenenc(struct buf *b, struct str s)
{
    mysql_put_lenenc_int(b, s.n);
    buf_str_add(b, s);
}

/* ---- packets ---- */

void mysql_begin(struct mysql_writer *w)
{
    w->start = w->b->n;
    mysql_put_int(w->b, 0, MYSQL_HEAD);
}

static void head(struct mysql_writer *w, size_t at, size_t length)
{
    unsigned char *p = (unsigned char *)w->b->p + at;
    p[0] = (unsigned char)length, p[1] = (unsigned char)(length >> 8), p[2] = (unsigned char)(length >> 16);
    p[3] = w->seq++;
}

void mysql_end(struct mysql_writer *w)
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

void mysql_put_ok(struct mysql_writer *w, uint64_t affected, uint64_t insert_id, uint16_t status, uint16_t warnings)
{
    mysql_begin(w);
    buf_c(w->b, 0);
    mysql_put_lenenc_int(w->b, affected);
    mysql_put_lenenc_int(w->b, insert_id);
    mysql_put_int(w->b, status, 2);
    mysql_put_int(w->b, warnings, 2);
    mysql_end(w);
}

void mysql_put_eof(struct mysql_writer *w, uint16_t status, uint16_t warnings)
{
    mysql_begin(w);
    buf_c(w->b, (char)0xfe);
    mysql_put_int(w->b, warnings, 2);
    mysql_put_int(w->b, status, 2);
    mysql_end(w);
}

void mysql_put_error(struct mysql_writer *w, const struct err *e)
{
    struct str text = str_head(str_of(e->message), 512); /* MYSQL_ERRMSG_SIZE */
    mysql_begin(w);
    buf_c(w->b, (char)0xff);
    mysql_put_int(w->b, (uint64_t)mysql_error_number(e), 2);
    buf_c(w->b, '#');
    buf_add(w->b, mysql_error_state(mysql_error_number(e)), 5);
    buf_str_add(w->b, text);
    mysql_end(w);
}
