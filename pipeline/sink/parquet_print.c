/* parquet_print.c - which physical types can be read as which kind, and how a value is printed as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/utf8.h"
#include "pipeline/sink/parquet_read.h"

#define PRINT(name)                                                                                                    \
    static void name(struct buf *out, const struct parquet_element *el, const struct parquet_field *f, union parquet_cell cell)

PRINT(print_boolean)
{
    (void)el, (void)f;
    buf_z(out, cell.i ? "true" : "false");
}

PRINT(print_integer)
{
    (void)f;
    if (!el->is_unsigned)
        buf_i64(out, cell.i);
    else
        buf_u64(out, el->physical == PHYSICAL_INT32 ? (uint32_t)cell.i : (uint64_t)cell.i);
}

/* The shortest decimal that reads back as the same float. */
PRINT(print_float)
{
    (void)el, (void)f;
    char text[40];
    int digits = 1;
    if (!isfinite(cell.d)) {
        json_put_double(out, cell.d);
        return;
    }
    do
        snprintf(text, sizeof text, "%.*g", digits, cell.d);
    while (digits++ < 9 && strtof(text, NULL) != (float)cell.d);
    buf_z(out, text);
}

PRINT(print_double)
{
    (void)el, (void)f;
    json_put_double(out, cell.d);
}

PRINT(print_text)
{
    (void)el, (void)f;
    if (utf8_valid(cell.text)) {
        json_put_text(out, cell.text);
        return;
    }
    struct buf fixed = BUF_INIT; /* not UTF-8 in spite of its type: every bad byte as U+FFFD */
    for (struct str rest = cell.text; rest.n;)
        utf8_put(&fixed, utf8_next(&rest));
    json_put_text(out, buf_str(&fixed));
    buf_release(&fixed);
}

PRINT(print_binary)
{
    (void)el, (void)f;
    buf_c(out, '"');
    codec_base64(out, cell.text);
    buf_c(out, '"');
}

PRINT(print_date)
{
    (void)el, (void)f;
    struct civil day = clock_civil(cell.i * 86400000);
    buf_f(out, "\"%04d-%02d-%02d\"", day.year, day.month, day.day);
}

PRINT(print_timestamp)
{
    int64_t us = cell.i;
    if (el->physical == PHYSICAL_INT64 && el->unit_us == 0)
        us = cell.i / 1000 - (cell.i % 1000 < 0);
    else if (el->physical == PHYSICAL_INT64 && el->unit_us > 1 && __builtin_mul_overflow(cell.i, el->unit_us, &us))
        us = cell.i < 0 ? INT64_MIN : INT64_MAX;
    buf_c(out, '"');
    if (us >= INT64_C(-62135596800000000) && us <= INT64_C(253402300799999999)) {
        table_put_timestamp(out, us);
    } else { /* years of other than four digits, as ISO 8601 writes them by agreement: with their sign */
        struct civil t = clock_civil(us / 1000 - (us % 1000 < 0));
        buf_f(out, "%+05d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    }
    if (f->kind == PARQUET_TIMESTAMP_NTZ && out->n && out->p[out->n - 1] == 'Z')
        out->n--;
    buf_c(out, '"');
}

/* Big-endian two's complement of at most 16 bytes, or an integer, with `scale` digits behind the point. */
PRINT(print_decimal)
{
    __int128 v = cell.i;
    char digits[48];
    int n = 0;
    if (el->physical == PHYSICAL_BYTES || el->physical == PHYSICAL_FIXED) {
        struct str s = cell.text;
        unsigned __int128 bits = s.n && (s.p[0] & 0x80) ? ~(unsigned __int128)0 : 0;
        for (size_t i = s.n > 16 ? s.n - 16 : 0; i < s.n; i++)
            bits = bits << 8 | (unsigned char)s.p[i];
        v = (__int128)bits;
    }
    unsigned __int128 rest = v < 0 ? (unsigned __int128)0 - (unsigned __int128)v : (unsigned __int128)v;
    for (; rest || n <= f->scale; rest /= 10)
        digits[n++] = (char)('0' + (int)(rest % 10));
    if (v < 0)
        buf_c(out, '-');
    while (n) {
        if (n == f->scale)
            buf_c(out, '.');
        buf_c(out, digits[--n]);
    }
}

parquet_print *parquet_print_for(const struct parquet_element *el, const struct parquet_field *f)
{
    enum parquet_physical p = el->physical;
    bool bytes = p == PHYSICAL_BYTES || p == PHYSICAL_FIXED, whole = p == PHYSICAL_INT32 || p == PHYSICAL_INT64;
    bool annotated = el->logical == LOGICAL_TIMESTAMP || el->logical == LOGICAL_DECIMAL || el->logical == LOGICAL_DATE;
    switch (f->kind) {
    case PARQUET_BOOLEAN: return p == PHYSICAL_BOOLEAN ? print_boolean : NULL;
    case PARQUET_INT: return p == PHYSICAL_INT32 && !annotated ? print_integer : NULL;
    case PARQUET_LONG: return whole && !annotated ? print_integer : NULL;
    case PARQUET_FLOAT: return p == PHYSICAL_FLOAT ? print_float : NULL;
    case PARQUET_DOUBLE: return p == PHYSICAL_DOUBLE || p == PHYSICAL_FLOAT ? print_double : p == PHYSICAL_INT32 && !annotated ? print_integer : NULL;
    case PARQUET_STRING: return p == PHYSICAL_BYTES ? print_text : NULL;
    case PARQUET_BINARY: return bytes ? print_binary : NULL;
    case PARQUET_DATE: return p == PHYSICAL_INT32 ? print_date : NULL;
    case PARQUET_TIMESTAMP:
    case PARQUET_TIMESTAMP_NTZ: return p == PHYSICAL_INT96 || (p == PHYSICAL_INT64 && el->logical == LOGICAL_TIMESTAMP) ? print_timestamp : NULL;
    case PARQUET_DECIMAL: return (whole || bytes) && el->scale == f->scale ? print_decimal : NULL;
    default: return NULL;
    }
}
