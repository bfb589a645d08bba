/* parquet_thrift.h - Thrift's compact protocol, as far as Parquet's footer and page headers use it.
 *
 * Source: apache/thrift, doc/specs/thrift-compact-protocol.md.
 */
#ifndef PIPELINE_SINK_PARQUET_THRIFT_H
#define PIPELINE_SINK_PARQUET_THRIFT_H

#include "base/buf.h"

enum thrift_type {
    THRIFT_TRUE = 1,
    THRIFT_FALSE,
    THRIFT_BYTE,
    THRIFT_I16,
    THRIFT_I32,
    THRIFT_I64,
    THRIFT_DOUBLE,
    THRIFT_BINARY,
    THRIFT_LIST,
    THRIFT_SET,
    THRIFT_MAP,
    THRIFT_STRUCT,
};
enum { THRIFT_DEPTH = 24 };

/* ---- writing ---- */

struct thrift_out {
    struct buf *b;
    int depth;
    int16_t last[THRIFT_DEPTH]; /* id of the field written before, per open struct */
};
void parquet_thrift_varint(struct buf *b, uint64_t v);
void parquet_thrift_put_i32(struct thrift_out *o, int16_t id, int32_t v);
void parquet_thrift_put_i64(struct thrift_out *o, int16_t id, int64_t v);
void parquet_thrift_put_bool(struct thrift_out *o, int16_t id, bool v);
void parquet_thrift_put_bytes(struct thrift_out *o, int16_t id, struct str v);
void parquet_thrift_put_list(struct thrift_out *o, int16_t id, enum thrift_type element, size_t n);
void parquet_thrift_put_struct(struct thrift_out *o, int16_t id); /* closed by _end */
void parquet_thrift_put_element(struct thrift_out *o);            /* a struct inside a list; closed by _end */
void parquet_thrift_put_end(struct thrift_out *o);

/* ---- reading ---- */

/* After the first mistake `bad` is set and every call answers 0 or nothing: check it once at the end. */
struct thrift_in {
    const uint8_t *p, *end;
    int depth;
    bool bad;
    int16_t last[THRIFT_DEPTH];
};
static inline struct thrift_in parquet_thrift_in(struct str s)
{
    return (struct thrift_in){ .p = (const uint8_t *)s.p, .end = (const uint8_t *)s.p + s.n };
}
struct thrift_field {
    int16_t id;
    enum thrift_type type;
};
/* Between enter and leave: true for each field; the caller reads or skips its value. */
void parquet_thrift_enter(struct thrift_in *t);
bool parquet_thrift_next(struct thrift_in *t, struct thrift_field *f);
int64_t parquet_thrift_int(struct thrift_in *t, struct thrift_field f, int64_t low, int64_t high);
bool parquet_thrift_bool(struct thrift_in *t, struct thrift_field f);
struct str parquet_thrift_bytes(struct thrift_in *t, struct thrift_field f);
/* Number of elements, at most as many as there are bytes left, all of the type; 0 on a mistake. */
size_t parquet_thrift_list(struct thrift_in *t, struct thrift_field f, enum thrift_type element);
void parquet_thrift_skip(struct thrift_in *t, struct thrift_field f);
int64_t parquet_thrift_zigzag(struct thrift_in *t);
uint64_t parquet_thrift_read_varint(struct thrift_in *t);

#endif
