/* cbor.c - RFC 8949, what of it a request can hold. */
#include "mocks/kinesis/cbor.h"

#include <math.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/utf8.h"

enum { DEEPEST = 64, INDEFINITE = 31, BREAK = 0xff };

struct cbor_reader {
    const unsigned char *p, *end;
    int depth;
    bool time; /* the value at hand is tagged as a time */
};

struct head {
    int major, info;
    uint64_t n; /* the argument */
};

static bool read_head(struct cbor_reader *r, struct head *h)
{
    if (r->p == r->end)
        return false;
    unsigned char first = *r->p++;
    *h = (struct head){ first >> 5, first & 31, first & 31 };
    if (h->info < 24)
        return true;
    if (h->info == INDEFINITE)
        return h->major >= 2 && h->major != 6;
    if (h->info > 27)
        return false;
    size_t bytes = (size_t)1 << (h->info - 24);
    if ((size_t)(r->end - r->p) < bytes)
        return false;
    h->n = 0;
    while (bytes--)
        h->n = h->n << 8 | *r->p++;
    return true;
}

static bool at_break(struct cbor_reader *r)
{
    if (r->p == r->end || *r->p != BREAK)
        return false;
    r->p++;
    return true;
}

static bool take(struct cbor_reader *r, uint64_t n, struct buf *bytes)
{
    if ((uint64_t)(r->end - r->p) < n)
        return false;
    buf_add(bytes, r->p, n);
    r->p += n;
    return true;
}

/* The bytes of a string of either kind, its chunks joined. */
static bool read_string(struct cbor_reader *r, struct head h, struct buf *bytes)
{
    if (h.info != INDEFINITE)
        return take(r, h.n, bytes);
    while (!at_break(r)) {
        struct head chunk;
        if (!read_head(r, &chunk) || chunk.major != h.major || chunk.info == INDEFINITE || !take(r, chunk.n, bytes))
            return false;
    }
    return true;
}

static bool put_string(struct cbor_reader *r, struct head h, struct buf *out)
{
    struct buf bytes = BUF_INIT;
    bool ok = read_string(r, h, &bytes);
    if (ok && h.major == 2) {
        buf_c(out, '"');
        codec_base64(out, buf_str(&bytes));
        buf_c(out, '"');
    } else if (ok) {
        ok = utf8_valid(buf_str(&bytes));
        json_put_text(out, buf_str(&bytes));
    }
    buf_release(&bytes);
    return ok;
}

static double half(uint64_t n)
{
    int exponent = (int)(n >> 10 & 31);
    double fraction = (double)(n & 1023);
    double v = exponent == 0 ? ldexp(fraction, -24) : exponent == 31 ? (fraction > 0 ? NAN : INFINITY) : ldexp(fraction + 1024, exponent - 25);
    return n & 0x8000 ? -v : v;
}

static bool put_double(struct cbor_reader *r, double v, struct buf *out)
{
    if (!isfinite(v))
        return false;
    json_put_double(out, r->time ? v / 1000 : v);
    return true;
}

static bool put_simple(struct cbor_reader *r, struct head h, struct buf *out)
{
    uint32_t bits32 = (uint32_t)h.n;
    float f;
    double d;
    switch (h.info) {
    case 20: buf_z(out, "false"); return true;
    case 21: buf_z(out, "true"); return true;
    case 22:
    case 23: buf_z(out, "null"); return true;
    case 25: return put_double(r, half(h.n), out);
    case 26: memcpy(&f, &bits32, sizeof f); return put_double(r, f, out);
    case 27: memcpy(&d, &h.n, sizeof d); return put_double(r, d, out);
    default: return false;
    }
}

static bool put_integer(struct cbor_reader *r, struct head h, struct buf *out)
{
    if (h.major == 1)
        buf_c(out, '-');
    uint64_t n = h.major == 1 && h.n < UINT64_MAX ? h.n + 1 : h.n;
    if (r->time)
        buf_f(out, "%llu.%03u", (unsigned long long)(n / 1000), (unsigned)(n % 1000));
    else
        buf_u64(out, n);
    return true;
}

static bool put_item(struct cbor_reader *r, struct buf *out);

static bool put_container(struct cbor_reader *r, struct head h, struct buf *out)
{
    bool map = h.major == 5, open = h.info == INDEFINITE;
    buf_c(out, map ? '{' : '[');
    for (uint64_t i = 0; open ? !at_break(r) : i < h.n; i++) {
        if (i)
            buf_c(out, ',');
        if (map && (r->p == r->end || *r->p >> 5 != 3 || !put_item(r, out)))
            return false;
        if (map)
            buf_c(out, ':');
        if (!put_item(r, out))
            return false;
    }
    buf_c(out, map ? '}' : ']');
    return true;
}

static bool put_item(struct cbor_reader *r, struct buf *out)
{
    struct head h;
    if (!read_head(r, &h))
        return false;
    if (h.major != 0 && h.major != 1 && h.major != 7)
        r->time = false;
    if (h.major == 6) {
        if (++r->depth > DEEPEST)
            return false;
        r->time = h.n == 1;
        bool ok = put_item(r, out);
        r->time = false;
        r->depth--;
        return ok;
    }
    switch (h.major) {
    case 0:
    case 1: return put_integer(r, h, out);
    case 2:
    case 3: return put_string(r, h, out);
    case 7: return put_simple(r, h, out);
    default: break;
    }
    bool ok = ++r->depth <= DEEPEST && put_container(r, h, out);
    r->depth--;
    return ok;
}

bool cbor_to_json(struct buf *out, struct str in)
{
    struct cbor_reader r = { (const unsigned char *)in.p, (const unsigned char *)in.p + in.n, 0, false };
    return in.n > 0 && put_item(&r, out) && r.p == r.end;
}
