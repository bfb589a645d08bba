/* kafka_codec.c - messages by their tables; numbers, varints, strings, arrays on the wire. */
#include "mocks/kafka/kafka_codec.h"

static const struct kafka_field int64_field[] = { { .kind = KAFKA_INT64 } }, int32_field[] = { { .kind = KAFKA_INT32 } }, 
                                int8_field[] = { { .kind = KAFKA_INT8 } }, string_field[] = { { .kind = KAFKA_STRING } };
const struct kafka_schema kafka_codec_int64 = { int64_field, 1, sizeof(int64_t), true };
const struct kafka_schema kafka_codec_int32 = { int32_field, 1, sizeof(int32_t), true };
const struct kafka_schema kafka_codec_int8 = { int8_field, 1, sizeof(int8_t), true };
const struct kafka_schema kafka_codec_string = { string_field, 1, sizeof(struct str), true };

static const uint8_t widths[] = { [KAFKA_BOOL] = 1, [KAFKA_INT8] = 1, [KAFKA_INT16] = 2, [KAFKA_INT32] = 4, [KAFKA_INT64] = 8, [KAFKA_UUID] = 16 };

static bool is_on_wire(const struct kafka_field *f, int version) { return version >= f->since && (!f->before || version < f->before); }

/* ---- reading ---- */

static struct str take(struct kafka_reader *r, uint64_t n)
{
    if (r->bad || n > r->left.n) {
        r->bad = true;
        return S("");
    }
    struct str piece = str_head(r->left, (size_t)n);
    r->left = str_from(r->left, (size_t)n);
    return piece;
}

uint64_t kafka_codec_get(struct kafka_reader *r, unsigned bytes)
{
    struct str s = take(r, bytes);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | (uint8_t)s.p[i];
    return v;
}

uint64_t kafka_codec_get_uvarint(struct kafka_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = kafka_codec_get(r, 1);
        v |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    r->bad = true;
    return 0;
}

void kafka_codec_skip_tags(struct kafka_reader *r)
{
    for (uint64_t n = kafka_codec_get_uvarint(r); n && !r->bad; n--) {
        kafka_codec_get_uvarint(r);
        take(r, kafka_codec_get_uvarint(r));
    }
}

/* Length of a string (width 2), bytes or an array (width 4); -1 = null. */
static int64_t get_length(struct kafka_reader *r, unsigned width)
{
    if (r->flexible)
        return (int64_t)(kafka_codec_get_uvarint(r) & 0xffffffff) - 1;
    uint64_t v = kafka_codec_get(r, width);
    int64_t n = width == 2 ? (int16_t)(uint16_t)v : (int32_t)(uint32_t)v;
    r->bad |= n < -1;
    return n;
}

static struct str get_bytes(struct kafka_reader *r, unsigned width)
{
    int64_t n = get_length(r, width);
    if (n < 0)
        return (struct str){ 0 };
    struct str s = take(r, (uint64_t)n);
    return s.p ? s : S("");
}

struct str kafka_codec_get_short_string(struct kafka_reader *r)
{
    bool flexible = r->flexible;
    r->flexible = false;
    struct str s = get_bytes(r, 2);
    r->flexible = flexible;
    return s;
}

static void read_struct(struct kafka_reader *r, const struct kafka_schema *s, int version, char *to);

/* An element takes at least a byte, so a count larger than what is left is a lie. */
static void read_array(struct kafka_reader *r, const struct kafka_schema *of, int version, struct kafka_array *ret)
{
    int64_t n = get_length(r, 4);
    ret->n = n < 0 ? -1 : 0;
    if (n <= 0 || r->bad)
        return;
    if ((uint64_t)n > r->left.n || n > KAFKA_MAX_ELEMENTS - r->elements) {
        r->bad = true;
        return;
    }
    r->elements += (int)n;
    ret->at = arena_zero(r->arena, (size_t)n * of->size);
    ret->n = (int32_t)n;
    for (int64_t i = 0; i < n && !r->bad; i++)
        read_struct(r, of, version, (char *)ret->at + (size_t)i * of->size);
}

static void store_number(char *to, uint8_t kind, uint64_t v)
{
    switch (kind) {
    case KAFKA_BOOL: *(bool *)(void *)to = v != 0; break;
    case KAFKA_INT8: *(int8_t *)(void *)to = (int8_t)v; break;
    case KAFKA_INT16: *(int16_t *)(void *)to = (int16_t)v; break;
    case KAFKA_INT32: *(int32_t *)(void *)to = (int32_t)v; break;
    default: *(int64_t *)(void *)to = (int64_t)v; break;
    }
}

static void read_field(struct kafka_reader *r, const struct kafka_field *f, int version, char *to)
{
    if (!is_on_wire(f, version)) {
        if (f->kind <= KAFKA_INT64)
            store_number(to, f->kind, (uint64_t)(int64_t)f->otherwise);
        return;
    }
    switch (f->kind) {
    case KAFKA_UUID: {
        struct str id = take(r, widths[KAFKA_UUID]);
        if (id.n)
            memcpy(to, id.p, id.n);
        break;
    }
    case KAFKA_STRING: *(struct str *)(void *)to = get_bytes(r, 2); break;
    case KAFKA_BYTES: *(struct str *)(void *)to = get_bytes(r, 4); break;
    case KAFKA_ARRAY: read_array(r, f->of, version, (struct kafka_array *)(void *)to); break;
    default: store_number(to, f->kind, kafka_codec_get(r, widths[f->kind]));
    }
}

static void read_struct(struct kafka_reader *r, const struct kafka_schema *s, int version, char *to)
{
    for (unsigned i = 0; i < s->n && !r->bad; i++)
        read_field(r, &s->fields[i], version, to + s->fields[i].at);
    if (r->flexible && !s->bare)
        kafka_codec_skip_tags(r);
}

/* What is left over is not looked at, as in Kafka: librdkafka 2.16 asks for the metadata of all topics with three bytes too many. */
int kafka_codec_read(struct kafka_reader *r, const struct kafka_schema *s, int version, void *ret)
{
    memset(ret, 0, s->size);
    read_struct(r, s, version, ret);
    return r->bad ? -1 : 0;
}

/* ---- writing ---- */

void kafka_codec_patch(struct buf *out, size_t at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes && at + bytes <= out->n; i++)
        out->p[at + i] = (char)(v >> (8 * (bytes - 1 - i)));
}

void kafka_codec_put(struct buf *out, uint64_t v, unsigned bytes)
{
    char raw[8];
    for (unsigned i = 0; i < bytes; i++)
        raw[i] = (char)(v >> (8 * (bytes - 1 - i)));
    buf_add(out, raw, bytes);
}

void kafka_codec_put_uvarint(struct buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_c(out, (char)(v | 0x80));
    buf_c(out, (char)v);
}

static void put_length(struct buf *out, int64_t n, unsigned width, bool flexible)
{
    if (flexible)
        kafka_codec_put_uvarint(out, (uint64_t)(n + 1));
    else
        kafka_codec_put(out, (uint64_t)n, width);
}

static void put_bytes(struct buf *out, struct str s, unsigned width, bool flexible, bool nullable)
{
    put_length(out, s.p || !nullable ? (int64_t)s.n : -1, width, flexible);
    buf_str_add(out, s);
}

static uint64_t number_at(const char *from, uint8_t kind)
{
    switch (kind) {
    case KAFKA_BOOL: return *(const bool *)(const void *)from;
    case KAFKA_INT8: return (uint64_t)*(const int8_t *)(const void *)from;
    case KAFKA_INT16: return (uint64_t)*(const int16_t *)(const void *)from;
    case KAFKA_INT32: return (uint64_t)*(const int32_t *)(const void *)from;
    default: return (uint64_t)*(const int64_t *)(const void *)from;
    }
}

static void write_struct(struct buf *out, const struct kafka_schema *s, int version, bool flexible, const char *from);

static void write_array(struct buf *out, const struct kafka_field *f, int version, bool flexible, bool nullable, const struct kafka_array *a)
{
    put_length(out, a->n < 0 && !nullable ? 0 : a->n, 4, flexible);
    for (int32_t i = 0; i < a->n; i++)
        write_struct(out, f->of, version, flexible, (const char *)a->at + (size_t)i * f->of->size);
}

static void write_field(struct buf *out, const struct kafka_field *f, int version, bool flexible, const char *from)
{
    bool nullable = f->nullable && version >= f->nullable - 1;
    switch (f->kind) {
    case KAFKA_UUID: buf_add(out, from, widths[KAFKA_UUID]); break;
    case KAFKA_STRING: put_bytes(out, *(const struct str *)(const void *)from, 2, flexible, nullable); break;
    case KAFKA_BYTES: put_bytes(out, *(const struct str *)(const void *)from, 4, flexible, nullable); break;
    case KAFKA_ARRAY: write_array(out, f, version, flexible, nullable, (const struct kafka_array *)(const void *)from); break;
    default: kafka_codec_put(out, number_at(from, f->kind), widths[f->kind]);
    }
}

static void write_struct(struct buf *out, const struct kafka_schema *s, int version, bool flexible, const char *from)
{
    for (unsigned i = 0; i < s->n; i++)
        if (is_on_wire(&s->fields[i], version))
            write_field(out, &s->fields[i], version, flexible, from + s->fields[i].at);
    if (flexible && !s->bare)
        buf_c(out, 0);
}

void kafka_codec_write(struct buf *out, const struct kafka_schema *s, int version, bool flexible, const void *message)
{
    write_struct(out, s, version, flexible, message);
}
