/* kafka_batch.c - batches and message sets into records, records into batches. */
#include "mocks/kafka/kafka_batch.h"

#include "base/codec.h"
#include "mocks/kafka/kafka_codec.h"

/* Where things stand in a batch: offset 0, length 8, leader epoch 12, magic 16, checksum 17, attributes 21, … */
enum { AT_LENGTH = 8, AT_EPOCH = 12, AT_MAGIC = 16, AT_CRC = 17, AT_ATTRIBUTES = 21, LEAST_RECORD = 7 };
enum { CODEC_BITS = 7, TRANSACTIONAL = 16, CONTROL = 32, MAX_CODEC = 4 };
/* A message: offset 0, size 8, checksum 12, magic 16, attributes 17. */
enum { MESSAGE_HEAD = 12, LEAST_MESSAGE = 14, MAX_NESTING = 1 };

static uint64_t number(const char *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

/* ---- varints: zigzag, seven bits a byte, the lowest first ---- */

struct cursor {
    const uint8_t *p, *end;
    bool bad;
};

static int64_t get_varint(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
        uint8_t byte = *c->p++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
    }
    c->bad = true;
    return 0;
}

/* A length and so many bytes; -1: p == NULL. */
static struct str get_bytes(struct cursor *c)
{
    int64_t n = get_varint(c);
    if (n == -1)
        return (struct str){ 0 };
    if (n < -1 || n > c->end - c->p) {
        c->bad = true;
        return (struct str){ 0 };
    }
    struct str s = { (const char *)c->p, (size_t)n };
    c->p += n;
    return s;
}

static char *put_varint(char *at, int64_t v)
{
    uint64_t z = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    for (; z >= 0x80; z >>= 7)
        *at++ = (char)(z | 0x80);
    *at++ = (char)z;
    return at;
}

static unsigned varint_bytes(int64_t v)
{
    uint64_t z = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    unsigned n = 1;
    for (; z >= 0x80; z >>= 7)
        n++;
    return n;
}

/* ---- reading a batch ---- */

static struct str get_headers(struct cursor *c)
{
    const uint8_t *from = c->p;
    int64_t n = get_varint(c);
    if (n == 0)
        return (struct str){ 0 };
    c->bad |= n < 0 || n > c->end - c->p;
    for (; n > 0 && !c->bad; n--) {
        c->bad |= !get_bytes(c).p;
        get_bytes(c);
    }
    return (struct str){ (const char *)from, (size_t)(c->p - from) };
}

/* length, attributes, time, offset, key, value, headers; offsets count from 0 without gaps. */
static bool read_record(struct cursor *all, int64_t first_ms, size_t i, struct plog_record *ret)
{
    int64_t n = get_varint(all);
    if (all->bad || n < 0 || n > all->end - all->p)
        return false;
    struct cursor c = { all->p, all->p + n, n < 1 };
    all->p += n;
    c.p += n > 0;
    ret->time_ms = (int64_t)((uint64_t)first_ms + (uint64_t)get_varint(&c));
    c.bad |= get_varint(&c) != (int64_t)i;
    ret->key = get_bytes(&c);
    ret->value = get_bytes(&c);
    ret->headers = get_headers(&c);
    return !c.bad && c.p == c.end;
}

static struct plog_record *add_record(struct kafka_batch *b)
{
    struct plog_record *r = (struct plog_record *)(void *)buf_room(&b->array, sizeof *r);
    *r = (struct plog_record){ 0 };
    b->array.n += sizeof *r;
    return r;
}

static void seal(struct kafka_batch *b)
{
    b->records = (struct plog_record *)(void *)b->array.p;
    b->n = b->array.n / sizeof *b->records;
    b->max_time_ms = b->n ? INT64_MIN : -1;
    for (size_t i = 0; i < b->n; i++)
        if (b->records[i].time_ms > b->max_time_ms)
            b->max_time_ms = b->records[i].time_ms;
}

static enum kafka_error unpack(struct kafka_batch *b, int codec, struct str *body, const char **ret_why)
{
    if (codec == 0)
        return KAFKA_NONE;
    if (codec > MAX_CODEC) {
        *ret_why = "unknown compression type";
        return KAFKA_UNSUPPORTED_COMPRESSION_TYPE;
    }
    if (kafka_unpack(codec, *body, KAFKA_MAX_UNPACKED, &b->unpacked)) {
        *ret_why = "the compressed records are damaged, or more than 64 MiB";
        return KAFKA_CORRUPT_MESSAGE;
    }
    *body = buf_str(&b->unpacked);
    return KAFKA_NONE;
}

static enum kafka_error read_records(struct kafka_batch *b, struct str body, int64_t n, int64_t first_ms, const char **ret_why)
{
    struct cursor c = { (const uint8_t *)body.p, (const uint8_t *)body.p + body.n, false };
    *ret_why = "a record of the batch is malformed";
    if (n < 1 || (uint64_t)n > body.n / LEAST_RECORD) {
        *ret_why = "the batch's count of records does not fit its length";
        return KAFKA_INVALID_RECORD;
    }
    buf_room(&b->array, (size_t)n * sizeof(struct plog_record));
    for (size_t i = 0; i < (size_t)n; i++)
        if (!read_record(&c, first_ms, i, add_record(b)))
            return KAFKA_INVALID_RECORD;
    return c.p == c.end ? KAFKA_NONE : KAFKA_INVALID_RECORD;
}

static enum kafka_error read_batch(struct kafka_batch *b, struct str s, const char **ret_why)
{
    const char *p = s.p;
    uint64_t attributes = number(p + 21, 2), last_delta = number(p + 23, 4), n = number(p + 57, 4);
    *ret_why = "the checksum (CRC-32C) of the batch is wrong";
    if (codec_crc32c(0, str_from(s, AT_ATTRIBUTES)) != (uint32_t)number(p + AT_CRC, 4))
        return KAFKA_CORRUPT_MESSAGE;
    b->producer_id = (int64_t)number(p + 43, 8);
    b->producer_epoch = (int16_t)number(p + 51, 2);
    b->sequence = (int32_t)number(p + 53, 4);
    b->transactional = attributes & TRANSACTIONAL;
    b->control = attributes & CONTROL;
    *ret_why = "the batch's last offset does not fit its count of records";
    if (last_delta + 1 != n)
        return KAFKA_INVALID_RECORD;
    struct str body = str_from(s, KAFKA_BATCH_HEAD);
    enum kafka_error error = unpack(b, attributes & CODEC_BITS, &body, ret_why);
    return error ? error : read_records(b, body, (int64_t)n, (int64_t)number(p + 27, 8), ret_why);
}

/* ---- reading message sets ---- */

static struct str get_int_bytes(struct cursor *c)
{
    if (c->end - c->p < 4) {
        c->bad = true;
        return (struct str){ 0 };
    }
    int32_t n = (int32_t)number((const char *)c->p, 4);
    c->p += 4;
    if (n == -1)
        return (struct str){ 0 };
    if (n < 0 || n > c->end - c->p) {
        c->bad = true;
        return (struct str){ 0 };
    }
    struct str s = { (const char *)c->p, (size_t)n };
    c->p += n;
    return s;
}

static enum kafka_error read_set(struct kafka_batch *b, struct str set, int depth, const char **ret_why);

/* One message, its checksum included; a compressed one holds a set of others. */
static enum kafka_error read_message(struct kafka_batch *b, struct str m, int depth, const char **ret_why)
{
    int magic = m.p[4], attributes = m.p[5], codec = attributes & CODEC_BITS;
    struct cursor c = { (const uint8_t *)m.p + 6, (const uint8_t *)m.p + m.n, magic < 0 || magic > 1 };
    *ret_why = "the checksum (CRC-32) of a message is wrong";
    if (codec_crc32(0, str_from(m, 4)) != (uint32_t)number(m.p, 4))
        return KAFKA_CORRUPT_MESSAGE;
    int64_t time_ms = -1;
    *ret_why = "a message is malformed";
    if (magic == 1 && c.end - c.p >= 8) {
        time_ms = (int64_t)number((const char *)c.p, 8);
        c.p += 8;
    }
    struct str key = get_int_bytes(&c), value = get_int_bytes(&c);
    if (c.bad || c.p != c.end)
        return KAFKA_CORRUPT_MESSAGE;
    if (codec) {
        if (depth >= MAX_NESTING || b->unpacked.n)
            return KAFKA_INVALID_RECORD;
        enum kafka_error error = unpack(b, codec, &value, ret_why);
        return error ? error : read_set(b, value, depth + 1, ret_why);
    }
    struct plog_record *r = add_record(b);
    r->time_ms = time_ms;
    r->key = key;
    r->value = value;
    return KAFKA_NONE;
}

static enum kafka_error read_set(struct kafka_batch *b, struct str set, int depth, const char **ret_why)
{
    while (set.n) {
        uint64_t n = set.n >= MESSAGE_HEAD ? number(set.p + AT_LENGTH, 4) : 0;
        *ret_why = "a message's size does not fit the request";
        if (n < LEAST_MESSAGE || n > set.n - MESSAGE_HEAD)
            return KAFKA_CORRUPT_MESSAGE;
        enum kafka_error error = read_message(b, str_head(str_from(set, MESSAGE_HEAD), (size_t)n), depth, ret_why);
        if (error)
            return error;
        set = str_from(set, MESSAGE_HEAD + (size_t)n);
    }
    return KAFKA_NONE;
}

/* ---- what a partition of a request brings ---- */

static enum kafka_error check_batch(struct str bytes, bool magic2, size_t max_bytes, const char **ret_why)
{
    uint64_t n = bytes.n > AT_MAGIC ? MESSAGE_HEAD + number(bytes.p + AT_LENGTH, 4) : 0;
    *ret_why = "Produce requests with version 3 or higher must contain exactly one record batch per partition, of magic 2";
    if (bytes.n <= AT_MAGIC || (magic2 && bytes.p[AT_MAGIC] != 2))
        return KAFKA_INVALID_RECORD;
    if (bytes.p[AT_MAGIC] == 2 && n < bytes.n)
        return KAFKA_INVALID_RECORD;
    *ret_why = "the batch's length does not fit the request";
    if (bytes.p[AT_MAGIC] == 2 && (n != bytes.n || n < KAFKA_BATCH_HEAD))
        return KAFKA_CORRUPT_MESSAGE;
    *ret_why = "the batch is larger than the topic's max.message.bytes";
    return bytes.n > max_bytes ? KAFKA_MESSAGE_TOO_LARGE : KAFKA_NONE;
}

enum kafka_error kafka_batch_read(struct kafka_batch *ret, struct str bytes, bool magic2, size_t max_bytes, const char **ret_why)
{
    *ret = (struct kafka_batch){ .producer_id = -1, .producer_epoch = -1, .sequence = -1 };
    enum kafka_error error = check_batch(bytes, magic2, max_bytes, ret_why);
    if (!error)
        error = bytes.p[AT_MAGIC] == 2 ? read_batch(ret, bytes, ret_why) : read_set(ret, bytes, 0, ret_why);
    seal(ret);
    return error;
}

void kafka_batch_release(struct kafka_batch *b)
{
    buf_release(&b->unpacked);
    buf_release(&b->array);
}

/* ---- writing ---- */

enum { RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 1, MESSAGE_OVERHEAD = 34 };

size_t kafka_batch_record_bytes(const struct plog_record *r)
{
    return MESSAGE_OVERHEAD + r->key.n + r->value.n + r->headers.n;
}

static void add_message(struct kafka_batch_writer *w, const struct plog_record *r)
{
    struct buf *out = w->out;
    size_t start = out->n;
    kafka_codec_put(out, (uint64_t)r->offset, 8);
    kafka_codec_put(out, 0, 8); /* size, checksum */
    buf_c(out, (char)w->magic);
    buf_c(out, 0);
    if (w->magic == 1)
        kafka_codec_put(out, (uint64_t)r->time_ms, 8);
    kafka_codec_put(out, r->key.p ? r->key.n : UINT32_MAX, 4);
    buf_str_add(out, r->key);
    kafka_codec_put(out, r->value.p ? r->value.n : UINT32_MAX, 4);
    buf_str_add(out, r->value);
    kafka_codec_patch(out, start + 8, out->n - start - MESSAGE_HEAD, 4);
    kafka_codec_patch(out, start + MESSAGE_HEAD, codec_crc32(0, str_from(buf_str(out), start + AT_MAGIC)), 4);
}

static void begin(struct kafka_batch_writer *w, const struct plog_record *r)
{
    char *head = buf_room(w->out, KAFKA_BATCH_HEAD);
    w->start = w->out->n;
    w->base = r->offset;
    w->first_ms = w->max_ms = r->time_ms;
    memset(head, 0, KAFKA_BATCH_HEAD);
    w->out->n += KAFKA_BATCH_HEAD;
}

static char *put_str(char *at, struct str s)
{
    at = put_varint(at, s.p ? (int64_t)s.n : -1);
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

void kafka_batch_add(struct kafka_batch_writer *w, const struct plog_record *r)
{
    if (w->magic < 2) {
        add_message(w, r);
        w->n++;
        return;
    }
    if (w->n == 0)
        begin(w, r);
    int64_t ms = (int64_t)((uint64_t)r->time_ms - (uint64_t)w->first_ms), delta = r->offset - w->base;
    size_t n = 1 + varint_bytes(ms) + varint_bytes(delta) + varint_bytes(r->key.p ? (int64_t)r->key.n : -1) + r->key.n +
               varint_bytes(r->value.p ? (int64_t)r->value.n : -1) + r->value.n + (r->headers.p ? r->headers.n : 1);
    char *at = buf_room(w->out, n + RECORD_OVERHEAD), *from = at;
    at = put_varint(at, (int64_t)n);
    *at++ = 0;
    at = put_varint(at, ms);
    at = put_varint(at, delta);
    at = put_str(at, r->key);
    at = put_str(at, r->value);
    if (r->headers.p)
        memcpy(at, r->headers.p, r->headers.n), at += r->headers.n;
    else
        *at++ = 0;
    w->out->n += (size_t)(at - from);
    w->n++;
    if (r->time_ms > w->max_ms)
        w->max_ms = r->time_ms;
}

void kafka_batch_end(struct kafka_batch_writer *w)
{
    struct buf *out = w->out;
    size_t at = w->start;
    if (w->magic < 2 || w->n == 0)
        return;
    kafka_codec_patch(out, at, (uint64_t)w->base, 8);
    kafka_codec_patch(out, at + AT_LENGTH, out->n - at - MESSAGE_HEAD, 4);
    out->p[at + AT_MAGIC] = 2;
    kafka_codec_patch(out, at + 23, (uint64_t)(w->n - 1), 4);
    kafka_codec_patch(out, at + 27, (uint64_t)w->first_ms, 8);
    kafka_codec_patch(out, at + 35, (uint64_t)w->max_ms, 8);
    kafka_codec_patch(out, at + 43, UINT64_MAX, 8); /* no producer, */
    kafka_codec_patch(out, at + 51, UINT64_MAX, 6); /* epoch and sequence */
    kafka_codec_patch(out, at + 57, (uint64_t)w->n, 4);
    kafka_codec_patch(out, at + AT_CRC, codec_crc32c(0, str_from(buf_str(out), at + AT_ATTRIBUTES)), 4);
}
