/* parquet_thrift.c - field headers, zigzag varints, lists. */
#include "pipeline/sink/parquet_thrift.h"

/* ---- writing ---- */

void parquet_thrift_varint(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_c(b, (char)(v | 0x80));
    buf_c(b, (char)v);
}

static void put_zigzag(struct buf *b, int64_t v)
{
    parquet_thrift_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

/* Ids within a struct ascend by less than 16 in all of Parquet's structs. */
static void put_header(struct thrift_out *o, int16_t id, enum thrift_type type)
{
    int16_t delta = (int16_t)(id - o->last[o->depth]);
    o->last[o->depth] = id;
    buf_c(o->b, (char)(delta << 4 | (int)type));
}

void parquet_thrift_put_i32(struct thrift_out *o, int16_t id, int32_t v)
{
    put_header(o, id, THRIFT_I32);
    put_zigzag(o->b, v);
}

void parquet_thrift_put_i64(struct thrift_out *o, int16_t id, int64_t v)
{
    put_header(o, id, THRIFT_I64);
    put_zigzag(o->b, v);
}

void parquet_thrift_put_bool(struct thrift_out *o, int16_t id, bool v)
{
    put_header(o, id, v ? THRIFT_TRUE : THRIFT_FALSE);
}

void parquet_thrift_put_bytes(struct thrift_out *o, int16_t id, struct str v)
{
    if (id)
        put_header(o, id, THRIFT_BINARY);
    parquet_thrift_varint(o->b, v.n);
    buf_str_add(o->b, v);
}

void parquet_thrift_put_list(struct thrift_out *o, int16_t id, enum thrift_type element, size_t n)
{
    put_header(o, id, THRIFT_LIST);
    buf_c(o->b, (char)((n < 15 ? n : 15) << 4 | (size_t)element));
    if (n >= 15)
        parquet_thrift_varint(o->b, n);
}

void parquet_thrift_put_element(struct thrift_out *o)
{
    o->last[++o->depth] = 0;
}

void parquet_thrift_put_struct(struct thrift_out *o, int16_t id)
{
    put_header(o, id, THRIFT_STRUCT);
    parquet_thrift_put_element(o);
}

void parquet_thrift_put_end(struct thrift_out *o)
{
    buf_c(o->b, 0);
    o->depth--;
}

/* ---- reading ---- */

static int64_t bad(struct thrift_in *t)
{
    t->bad = true;
    t->p = t->end;
    return 0;
}

static uint8_t read_byte(struct thrift_in *t)
{
    return t->p < t->end ? *t->p++ : (uint8_t)bad(t);
}

uint64_t parquet_thrift_read_varint(struct thrift_in *t)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t c = read_byte(t);
        v |= (uint64_t)(c & 0x7F) << shift;
        if (!(c & 0x80))
            return v;
    }
    return (uint64_t)bad(t);
}

int64_t parquet_thrift_zigzag(struct thrift_in *t)
{
    uint64_t v = parquet_thrift_read_varint(t);
    return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

void parquet_thrift_enter(struct thrift_in *t)
{
    if (t->depth + 1 >= THRIFT_DEPTH)
        bad(t);
    else
        t->last[++t->depth] = 0;
}

bool parquet_thrift_next(struct thrift_in *t, struct thrift_field *f)
{
    uint8_t c = t->bad ? 0 : read_byte(t);
    if (t->bad || c == 0) {
        if (t->depth > 0)
            t->depth--;
        return false;
    }
    f->type = c & 15;
    int64_t id = c >> 4 ? t->last[t->depth] + (c >> 4) : parquet_thrift_zigzag(t);
    if (f->type > THRIFT_STRUCT || f->type == 0 || id < 0 || id > INT16_MAX) {
        bad(t);
        if (t->depth > 0)
            t->depth--;
        return false;
    }
    f->id = t->last[t->depth] = (int16_t)id;
    return true;
}

int64_t parquet_thrift_int(struct thrift_in *t, struct thrift_field f, int64_t low, int64_t high)
{
    int64_t v;
    if (f.type == THRIFT_BYTE)
        v = (int8_t)read_byte(t);
    else if (f.type == THRIFT_I16 || f.type == THRIFT_I32 || f.type == THRIFT_I64)
        v = parquet_thrift_zigzag(t);
    else
        return bad(t);
    return v < low || v > high ? bad(t) : v;
}

bool parquet_thrift_bool(struct thrift_in *t, struct thrift_field f)
{
    if (f.type != THRIFT_TRUE && f.type != THRIFT_FALSE)
        bad(t);
    return f.type == THRIFT_TRUE;
}

struct str parquet_thrift_bytes(struct thrift_in *t, struct thrift_field f)
{
    uint64_t n = f.type == THRIFT_BINARY ? parquet_thrift_read_varint(t) : (uint64_t)bad(t);
    if (t->bad || n > (size_t)(t->end - t->p))
        return bad(t), (struct str){ 0 };
    struct str s = { (const char *)t->p, (size_t)n };
    t->p += n;
    return s;
}

static size_t list_header(struct thrift_in *t, enum thrift_type *element)
{
    uint8_t c = read_byte(t);
    uint64_t n = c >> 4 == 15 ? parquet_thrift_read_varint(t) : c >> 4;
    *element = c & 15;
    return n <= (size_t)(t->end - t->p) ? (size_t)n : (size_t)bad(t); /* an element takes a byte at least */
}

size_t parquet_thrift_list(struct thrift_in *t, struct thrift_field f, enum thrift_type element)
{
    enum thrift_type is;
    if (f.type != THRIFT_LIST)
        return (size_t)bad(t);
    size_t n = list_header(t, &is);
    return n && is != element ? (size_t)bad(t) : n;
}

static void skip_bytes(struct thrift_in *t, size_t n)
{
    if (n > (size_t)(t->end - t->p))
        bad(t);
    else
        t->p += n;
}

static void skip_elements(struct thrift_in *t, enum thrift_type type, size_t n)
{
    for (; n && !t->bad; n--) {
        if (type == THRIFT_TRUE || type == THRIFT_FALSE)
            read_byte(t); /* inside a list a boolean is a byte */
        else
            parquet_thrift_skip(t, (struct thrift_field){ 0, type });
    }
}

static void skip_struct(struct thrift_in *t)
{
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f))
        parquet_thrift_skip(t, f);
}

static void skip_map(struct thrift_in *t)
{
    uint64_t n = parquet_thrift_read_varint(t);
    uint8_t types = n ? read_byte(t) : 0;
    for (; n && !t->bad; n--) {
        skip_elements(t, types >> 4, 1);
        skip_elements(t, types & 15, 1);
    }
}

static void skip_list(struct thrift_in *t)
{
    enum thrift_type element;
    size_t n = list_header(t, &element);
    /* Lists of lists nest without entering a struct, so the depth is counted here too. */
    if (++t->depth >= THRIFT_DEPTH)
        bad(t);
    else
        skip_elements(t, element, n);
    t->depth--;
}

void parquet_thrift_skip(struct thrift_in *t, struct thrift_field f)
{
    switch (f.type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE: break;
    case THRIFT_BYTE: read_byte(t); break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: parquet_thrift_read_varint(t); break;
    case THRIFT_DOUBLE: skip_bytes(t, 8); break;
    case THRIFT_BINARY: parquet_thrift_bytes(t, f); break;
    case THRIFT_LIST:
    case THRIFT_SET: skip_list(t); break;
    case THRIFT_MAP:
        if (++t->depth >= THRIFT_DEPTH)
            bad(t);
        else
            skip_map(t);
        t->depth--;
        break;
    case THRIFT_STRUCT: skip_struct(t); break;
    default: bad(t);
    }
}
