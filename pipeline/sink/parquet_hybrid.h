/* parquet_hybrid.h - the RLE / bit-packing hybrid of levels, dictionary indexes and booleans, and DELTA_BINARY_PACKED.
 *
 * Source: apache/parquet-format, Encodings.md. A run is a varint header and either one value (header = length << 1)
 * or groups of eight values packed from the least significant bit (header = groups << 1 | 1).
 */
#ifndef PIPELINE_SINK_PARQUET_HYBRID_H
#define PIPELINE_SINK_PARQUET_HYBRID_H

#include "base/buf.h"

/* Bits needed for 0..max. */
static inline unsigned parquet_hybrid_width(uint32_t max) { return max ? 32 - (unsigned)__builtin_clz(max) : 0; }
void parquet_hybrid_put(struct buf *out, const uint32_t *values, size_t n, unsigned width);
/* The same for values of a byte: levels. */
void parquet_hybrid_put_levels(struct buf *out, const uint8_t *levels, size_t n, unsigned width);
/* One run of n times the value. */
void parquet_hybrid_put_run(struct buf *out, uint32_t value, size_t n, unsigned width);

/* Reads one value after another. */
struct hybrid {
    const uint8_t *p, *end;
    unsigned width;       /* 0..32 */
    uint64_t run;         /* values left in this run */
    bool packed;
    uint32_t value;       /* of an RLE run */
    uint64_t bit;         /* position of the next packed value, in bits from p */
};
void parquet_hybrid_open(struct hybrid *h, struct str bytes, unsigned width);
bool parquet_hybrid_next_run(struct hybrid *h);
uint32_t parquet_hybrid_packed(struct hybrid *h);
/* false when the bytes are used up or broken. */
static inline bool parquet_hybrid_next(struct hybrid *h, uint32_t *ret)
{
    if (h->run == 0 && !parquet_hybrid_next_run(h))
        return false;
    h->run--;
    *ret = h->packed ? parquet_hybrid_packed(h) : h->value;
    return true;
}

/* Decodes a DELTA_BINARY_PACKED sequence of at most `most` values and moves *bytes behind it. NULL when it is broken;
 * free() it. */
int64_t *parquet_hybrid_deltas(struct str *bytes, size_t most, size_t *ret_n);

#endif
