/* parquet_hybrid.c - runs and packed groups. */
#include "pipeline/sink/parquet_hybrid.h"

#include <stdlib.h>

#include "base/err.h"
#include "pipeline/sink/parquet_thrift.h"

/* ---- writing ---- */

void parquet_hybrid_put_run(struct buf *out, uint32_t value, size_t n, unsigned width)
{
    parquet_thrift_varint(out, (uint64_t)n << 1);
    for (unsigned i = 0; i < (width + 7) / 8; i++)
        buf_c(out, (char)(value >> (8 * i)));
}

/* Packs eight values into `width` bytes; up to 16 bytes at `out` are touched. */
static void pack8(char *out, const uint32_t *v, unsigned width)
{
    unsigned __int128 bits = 0;
    unsigned held = 0;
    if (width <= 16) {
        for (unsigned i = 0; i < 8; i++)
            bits |= (unsigned __int128)v[i] << (i * width);
        memcpy(out, &bits, sizeof bits);
        return;
    }
    for (int i = 0; i < 8; i++) {
        bits |= (unsigned __int128)v[i] << held;
        for (held += width; held >= 8; held -= 8, bits >>= 8)
            *out++ = (char)bits;
    }
}

static bool same8(const uint32_t *v)
{
    uint32_t differs = 0;
    for (int i = 1; i < 8; i++)
        differs |= v[i] ^ v[0];
    return differs == 0;
}

static size_t run_length(const uint32_t *v, size_t n)
{
    size_t i = 1;
    while (i < n && v[i] == v[0])
        i++;
    return i;
}

static void put_groups(struct buf *out, const uint32_t *v, size_t n, unsigned width)
{
    size_t groups = (n + 7) / 8;
    parquet_thrift_varint(out, (uint64_t)groups << 1 | 1);
    char *at = buf_room(out, groups * width + 16);
    if (!at)
        return;
    for (size_t i = 0; i + 8 <= n; i += 8, at += width)
        pack8(at, v + i, width);
    if (n % 8) {
        uint32_t last[8] = { 0 };
        memcpy(last, v + n / 8 * 8, n % 8 * sizeof *v);
        pack8(at, last, width);
    }
    out->n += groups * width;
}

/* A run is worth it from eight equal values on, where a group begins; only the last group may be short. */
void parquet_hybrid_put(struct buf *out, const uint32_t *v, size_t n, unsigned width)
{
    if (width == 0) {
        parquet_hybrid_put_run(out, 0, n, 0);
        return;
    }
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end + 8 <= n && !same8(v + end))
            end += 8;
        if (end + 8 > n)
            end = n;
        if (end > i)
            put_groups(out, v + i, end - i, width);
        if (end == n)
            return;
        size_t run = run_length(v + end, n - end);
        parquet_hybrid_put_run(out, v[end], run, width);
        i = end + run;
    }
}

void parquet_hybrid_put_levels(struct buf *out, const uint8_t *levels, size_t n, unsigned width)
{
    bool same = n > 0;
    for (size_t i = 1; i < n && same; i++)
        same = levels[i] == levels[0];
    if (same) {
        parquet_hybrid_put_run(out, levels[0], n, width);
        return;
    }
    uint32_t *wide = mem_alloc(n * sizeof *wide + 1);
    for (size_t i = 0; i < n; i++)
        wide[i] = levels[i];
    parquet_hybrid_put(out, wide, n, width);
    free(wide);
}

/* ---- reading ---- */

void parquet_hybrid_open(struct hybrid *h, struct str bytes, unsigned width)
{
    *h = (struct hybrid){ .p = (const uint8_t *)bytes.p, .end = (const uint8_t *)bytes.p + bytes.n, .width = width };
}

static bool next_packed(struct hybrid *h, uint64_t groups)
{
    /* Some writers cut the last group short, so that only whole bytes that are there count. */
    uint64_t left = (uint64_t)(h->end - h->p);
    if (groups == 0 || groups > UINT32_MAX)
        return false;
    uint64_t bytes = groups * h->width;
    h->run = groups * 8;
    if (bytes > left) {
        bytes = left;
        h->run = h->width ? left * 8 / h->width : 0;
    }
    h->bit = 0;
    return h->run > 0;
}

bool parquet_hybrid_next_run(struct hybrid *h)
{
    if (h->packed) { /* step behind the packed run just used up */
        uint64_t bytes = (h->bit + 7) / 8;
        h->p += bytes < (uint64_t)(h->end - h->p) ? bytes : (uint64_t)(h->end - h->p);
        h->packed = false;
        h->bit = 0;
    }
    struct thrift_in t = { .p = h->p, .end = h->end };
    uint64_t header = parquet_thrift_read_varint(&t);
    if (t.bad)
        return false;
    h->p = t.p;
    if (header & 1)
        return (h->packed = next_packed(h, header >> 1));
    unsigned bytes = (h->width + 7) / 8;
    if ((size_t)(h->end - h->p) < bytes)
        return false;
    h->value = 0;
    for (unsigned i = 0; i < bytes; i++)
        h->value |= (uint32_t)*h->p++ << (8 * i);
    h->run = header >> 1;
    return h->run > 0;
}

static uint64_t bits_at(const uint8_t *p, const uint8_t *end, uint64_t bit, unsigned width)
{
    uint64_t v = 0;
    unsigned have = 0, skip = bit & 7;
    for (p += bit >> 3; have < width + skip && p < end && have < 64; p++, have += 8)
        v |= (uint64_t)*p << have;
    v >>= skip;
    if (width + skip > 64 && p < end)
        v |= (uint64_t)*p << (64 - skip);
    return width < 64 ? v & ((UINT64_C(1) << width) - 1) : v;
}

uint32_t parquet_hybrid_packed(struct hybrid *h)
{
    uint32_t v = (uint32_t)bits_at(h->p, h->end, h->bit, h->width);
    h->bit += h->width;
    return v;
}

/* ---- DELTA_BINARY_PACKED ---- */

enum { MOST_DELTAS = 1 << 24, MOST_BLOCK = 1 << 16 };

struct deltas {
    struct thrift_in t;
    uint64_t block, miniblocks, total;
    int64_t *values;
    size_t n;
};

/* One miniblock of packed differences; all of its bytes are there even when fewer values are wanted. */
static bool miniblock(struct deltas *d, int64_t min, unsigned width)
{
    uint64_t count = d->block / d->miniblocks;
    uint64_t bytes = count / 8 * width;
    uint64_t left = (uint64_t)(d->t.end - d->t.p);
    uint64_t take = d->total - d->n < count ? d->total - d->n : count;
    if (width > 64 || (take * width + 7) / 8 > left)
        return false;
    for (uint64_t i = 0; i < take; i++) {
        uint64_t delta = bits_at(d->t.p, d->t.end, i * width, width) + (uint64_t)min;
        d->values[d->n] = (int64_t)((uint64_t)d->values[d->n - 1] + delta);
        d->n++;
    }
    d->t.p += bytes < left ? bytes : left;
    return true;
}

static bool block(struct deltas *d)
{
    int64_t min = parquet_thrift_zigzag(&d->t);
    const uint8_t *widths = d->t.p;
    if (d->t.bad || d->miniblocks > (uint64_t)(d->t.end - d->t.p))
        return false;
    d->t.p += d->miniblocks;
    for (uint64_t i = 0; i < d->miniblocks && d->n < d->total; i++)
        if (!miniblock(d, min, widths[i]))
            return false;
    return true;
}

int64_t *parquet_hybrid_deltas(struct str *bytes, size_t most, size_t *ret_n)
{
    struct deltas d = { .t = parquet_thrift_in(*bytes) };
    d.block = parquet_thrift_read_varint(&d.t);
    d.miniblocks = parquet_thrift_read_varint(&d.t);
    d.total = parquet_thrift_read_varint(&d.t);
    int64_t first = parquet_thrift_zigzag(&d.t);
    /* A block takes a byte at least, so that the bytes bound the number of values. */
    if (d.t.bad || d.total > most || d.total > MOST_DELTAS || d.block == 0 || d.block > MOST_BLOCK ||
        d.total / d.block > (uint64_t)(d.t.end - d.t.p) + 1 || d.miniblocks == 0 || d.block % d.miniblocks ||
        d.block / d.miniblocks % 8)
        return NULL;
    d.values = mem_alloc((d.total + 1) * sizeof *d.values);
    d.values[0] = first;
    d.n = d.total ? 1 : 0;
    while (d.n < d.total)
        if (!block(&d)) {
            free(d.values);
            return NULL;
        }
    *bytes = (struct str){ (const char *)d.t.p, (size_t)(d.t.end - d.t.p) };
    *ret_n = d.n;
    return d.values;
}
