/* parquet_decode.c - the values of a page, one after another.
 *
 * | encoding                          | of                        |
 * |-----------------------------------|---------------------------|
 * | PLAIN                             | every physical type       |
 * | PLAIN_DICTIONARY, RLE_DICTIONARY  | every physical type       |
 * | RLE                               | BOOLEAN                   |
 * | DELTA_BINARY_PACKED               | INT32, INT64              |
 * | DELTA_LENGTH_BYTE_ARRAY           | BYTES                     |
 * | DELTA_BYTE_ARRAY                  | BYTES, FIXED              |
 * | BYTE_STREAM_SPLIT                 | INT32, INT64, FLOAT, DOUBLE, FIXED |
 */
#include <stdlib.h>

#include "pipeline/sink/parquet_read.h"

static bool take(struct str *rest, void *out, size_t n)
{
    if (rest->n < n)
        return false;
    memcpy(out, rest->p, n);
    *rest = str_from(*rest, n);
    return true;
}

static bool take_text(struct str *rest, size_t n, union parquet_cell *ret)
{
    if (rest->n < n)
        return false;
    ret->text = str_head(*rest, n);
    *rest = str_from(*rest, n);
    return true;
}

/* Nanoseconds of the day, then the Julian day number: Impala's and old Spark's timestamps. What 64 bits of microseconds
 * do not hold becomes the first or last instant they do. */
static bool take_int96(struct str *rest, union parquet_cell *ret)
{
    int64_t nanos, us;
    int32_t day;
    if (!take(rest, &nanos, 8) || !take(rest, &day, 4))
        return false;
    if (__builtin_mul_overflow((int64_t)day - 2440588, INT64_C(86400000000), &us) ||
        __builtin_add_overflow(us, nanos / 1000 - (nanos % 1000 < 0), &us))
        us = day < 2440588 ? INT64_MIN : INT64_MAX;
    ret->i = us;
    return true;
}

static bool next_plain(struct parquet_decoder *d, union parquet_cell *ret)
{
    int32_t narrow;
    float f;
    uint32_t n;
    switch (d->physical) {
    case PHYSICAL_BOOLEAN:
        if (!d->rest.n)
            return false;
        ret->i = (unsigned char)d->rest.p[0] >> d->bit & 1;
        if (++d->bit == 8)
            d->rest = str_from(d->rest, 1), d->bit = 0;
        return true;
    case PHYSICAL_INT32:
        if (!take(&d->rest, &narrow, 4))
            return false;
        ret->i = narrow;
        return true;
    case PHYSICAL_INT64: return take(&d->rest, &ret->i, 8);
    case PHYSICAL_INT96: return take_int96(&d->rest, ret);
    case PHYSICAL_FLOAT:
        if (!take(&d->rest, &f, 4))
            return false;
        ret->d = (double)f;
        return true;
    case PHYSICAL_DOUBLE: return take(&d->rest, &ret->d, 8);
    case PHYSICAL_BYTES: return take(&d->rest, &n, 4) && take_text(&d->rest, n, ret);
    default: return take_text(&d->rest, (size_t)d->fixed_bytes, ret);
    }
}

static bool next_front(struct parquet_decoder *d, union parquet_cell *ret)
{
    union parquet_cell tail;
    int64_t prefix = d->prefixes[d->at], suffix = d->numbers[d->at];
    if (prefix < 0 || suffix < 0 || (uint64_t)prefix > d->front.n || !take_text(&d->rest, (size_t)suffix, &tail))
        return false;
    d->front.n = (size_t)prefix;
    buf_str_add(&d->front, tail.text);
    ret->text = buf_str(&d->front);
    d->at++;
    return !d->front.full && (d->physical != PHYSICAL_FIXED || ret->text.n == (size_t)d->fixed_bytes);
}

static size_t width_of(const struct parquet_decoder *d)
{
    return d->physical == PHYSICAL_FIXED ? (size_t)d->fixed_bytes : d->physical == PHYSICAL_INT32 || d->physical == PHYSICAL_FLOAT ? 4 : 8;
}

/* The first bytes of all values, then the second ones, and so on. */
static bool next_split(struct parquet_decoder *d, union parquet_cell *ret)
{
    size_t width = width_of(d);
    char *at = buf_room(&d->front, width + 1);
    if (!at || d->at >= d->n_numbers)
        return false;
    for (size_t k = 0; k < width; k++)
        at[k] = d->rest.p[k * d->n_numbers + d->at];
    d->at++;
    struct parquet_decoder one = { .physical = d->physical, .fixed_bytes = d->fixed_bytes, .rest = { at, width } };
    return next_plain(&one, ret);
}

bool parquet_decode_next(struct parquet_decoder *d, union parquet_cell *ret)
{
    uint32_t v;
    switch (d->mode) {
    case DECODE_PLAIN: return next_plain(d, ret);
    case DECODE_INDEX:
        if (!parquet_hybrid_next(&d->hybrid, &v) || v >= d->n_dictionary)
            return false;
        *ret = d->dictionary[v];
        return true;
    case DECODE_RLE:
        if (!parquet_hybrid_next(&d->hybrid, &v))
            return false;
        ret->i = v & 1;
        return true;
    case DECODE_SPLIT: return next_split(d, ret);
    default: break;
    }
    if (d->at >= d->n_numbers)
        return false;
    if (d->mode == DECODE_FRONT)
        return next_front(d, ret);
    int64_t n = d->numbers[d->at++];
    if (d->mode == DECODE_LENGTHS)
        return n >= 0 && take_text(&d->rest, (size_t)n, ret);
    ret->i = d->physical == PHYSICAL_INT32 ? (int32_t)n : n;
    return true;
}

static bool open_index(struct parquet_decoder *d, struct str bytes)
{
    if (!bytes.n) { /* a page of nulls alone */
        parquet_hybrid_open(&d->hybrid, bytes, 0);
        return true;
    }
    unsigned width = (unsigned char)bytes.p[0];
    parquet_hybrid_open(&d->hybrid, str_from(bytes, 1), width);
    return width <= 32;
}

static bool open_rle(struct parquet_decoder *d, struct str bytes)
{
    uint32_t n = 0; /* unlike levels, booleans carry their length in both page versions */
    if (bytes.n && (!take(&bytes, &n, 4) || n > bytes.n))
        return false;
    parquet_hybrid_open(&d->hybrid, str_head(bytes, n), 1);
    return true;
}

static bool open_front(struct parquet_decoder *d, size_t most)
{
    size_t n;
    d->prefixes = parquet_hybrid_deltas(&d->rest, most, &d->n_numbers);
    d->numbers = d->prefixes ? parquet_hybrid_deltas(&d->rest, most, &n) : NULL;
    return d->numbers && n == d->n_numbers;
}

bool parquet_decode_open(struct parquet_decoder *d, int32_t encoding, struct str bytes, size_t most, const char **ret_why)
{
    bool bytes_like = d->physical == PHYSICAL_BYTES || d->physical == PHYSICAL_FIXED, ok = true;
    parquet_decode_release(d);
    d->rest = bytes;
    d->bit = 0;
    d->front.max = PARQUET_MAX_PAGE_BYTES + 1;
    d->at = d->n_numbers = 0;
    *ret_why = NULL;
    if (encoding == ENCODING_PLAIN) {
        d->mode = DECODE_PLAIN;
    } else if (encoding == ENCODING_PLAIN_DICTIONARY || encoding == ENCODING_RLE_DICTIONARY) {
        d->mode = DECODE_INDEX;
        ok = open_index(d, bytes);
    } else if (encoding == ENCODING_RLE && d->physical == PHYSICAL_BOOLEAN) {
        d->mode = DECODE_RLE;
        ok = open_rle(d, bytes);
    } else if (encoding == ENCODING_DELTA_BINARY_PACKED && (d->physical == PHYSICAL_INT32 || d->physical == PHYSICAL_INT64)) {
        d->mode = DECODE_DELTAS;
        ok = (d->numbers = parquet_hybrid_deltas(&d->rest, most, &d->n_numbers)) != NULL;
    } else if (encoding == ENCODING_DELTA_LENGTH_BYTES && d->physical == PHYSICAL_BYTES) {
        d->mode = DECODE_LENGTHS;
        ok = (d->numbers = parquet_hybrid_deltas(&d->rest, most, &d->n_numbers)) != NULL;
    } else if (encoding == ENCODING_DELTA_BYTES && bytes_like) {
        d->mode = DECODE_FRONT;
        ok = open_front(d, most);
    } else if (encoding == ENCODING_BYTE_STREAM_SPLIT && d->physical != PHYSICAL_BOOLEAN && d->physical != PHYSICAL_BYTES && d->physical != PHYSICAL_INT96) {
        d->mode = DECODE_SPLIT;
        d->n_numbers = width_of(d) ? bytes.n / width_of(d) : 0;
        ok = width_of(d) <= PARQUET_MAX_PAGE_BYTES;
    } else {
        *ret_why = parquet_encoding_name(encoding);
        return false;
    }
    return ok;
}

void parquet_decode_release(struct parquet_decoder *d)
{
    free(d->numbers);
    free(d->prefixes);
    d->numbers = d->prefixes = NULL;
    buf_release(&d->front);
}
