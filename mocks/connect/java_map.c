/* java_map.c - HashMap's order without Java.
 *
 *   order of a HashMap: table of 16 buckets, doubled when size > 3/4 of it; bucket = (h ^ h >>> 16) & (n - 1) with
 *   h = String.hashCode; in a bucket by time of insertion, which doubling keeps. A bucket that would get its ninth
 *   entry in a table below 64 doubles the table instead (OpenJDK, java/util/HashMap.java). Buckets of nine and more
 *   in larger tables become trees there, whose order is not followed here: such keys are made, they do not occur.
 */
#include "mocks/connect/java_map.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"

enum { FIRST_TABLE = 16, TREEIFY = 8, TREE_TABLE = 64, FEW = 24, NONE = -1 };

struct entry {
    struct str key, value; /* raw JSON text; key between its quotes, decoded where it was escaped */
    uint32_t hash;         /* spread */
    int32_t next;          /* in its bucket */
};

struct table {
    struct entry *entries; /* in order of insertion */
    int32_t n, cap;
    int32_t *head, *tail, *length; /* of each bucket */
    uint32_t n_buckets;
    struct entry few[FEW];
    int32_t few_buckets[3 * 32];
    struct map index;    /* key -> entry + 1, once there are many */
    struct arena *arena; /* of decoded keys */
};

int32_t java_map_hash(struct str s)
{
    uint32_t h = 0;
    while (s.n) {
        unsigned char c = (unsigned char)*s.p;
        if (c < 0x80) {
            h = 31 * h + c;
            s.p++, s.n--;
            continue;
        }
        uint32_t code = utf8_next(&s);
        if (code >= 0x10000) {
            code -= 0x10000;
            h = 31 * h + (0xd800 + (code >> 10));
            code = 0xdc00 + (code & 0x3ff);
        }
        h = 31 * h + code;
    }
    return (int32_t)h;
}

static void place_in_bucket(struct table *t, int32_t i)
{
    uint32_t bucket = t->entries[i].hash & (t->n_buckets - 1);
    t->entries[i].next = NONE;
    if (t->length[bucket]++ == 0)
        t->head[bucket] = i;
    else
        t->entries[t->tail[bucket]].next = i;
    t->tail[bucket] = i;
}

/* Entries keep their relative order in each bucket, which is that of insertion: so placing all of them again, oldest
 * first, is what splitting the buckets gives. */
static void set_buckets(struct table *t, uint32_t n)
{
    if (t->head != t->few_buckets)
        free(t->head);
    t->n_buckets = n;
    t->head = n <= 32 ? t->few_buckets : mem_alloc(3 * (size_t)n * sizeof *t->head);
    t->tail = t->head + n;
    t->length = t->tail + n;
    memset(t->length, 0, n * sizeof *t->length);
    for (int32_t i = 0; i < t->n; i++)
        place_in_bucket(t, i);
}

static void table_init(struct table *t, struct arena *a)
{
    t->entries = t->few;
    t->n = 0;
    t->cap = FEW;
    t->index = MAP_INIT;
    t->arena = a;
    t->head = t->few_buckets;
    set_buckets(t, FIRST_TABLE);
}

static void table_release(struct table *t)
{
    if (t->entries != t->few)
        free(t->entries);
    if (t->head != t->few_buckets)
        free(t->head);
    map_release(&t->index);
}

static struct entry *find(struct table *t, struct str key, uint32_t hash)
{
    if (t->n > FEW) {
        uintptr_t i = (uintptr_t)map_get(&t->index, key);
        return i ? &t->entries[i - 1] : NULL;
    }
    for (int32_t i = 0; i < t->n; i++)
        if (t->entries[i].hash == hash && str_eq(t->entries[i].key, key))
            return &t->entries[i];
    return NULL;
}

static void grow(struct table *t)
{
    struct entry *grown = mem_alloc(2 * (size_t)t->cap * sizeof *grown);
    memcpy(grown, t->entries, (size_t)t->n * sizeof *grown);
    if (t->entries != t->few)
        free(t->entries);
    t->entries = grown;
    t->cap *= 2;
}

static void put(struct table *t, struct str key, struct str value)
{
    uint32_t h = (uint32_t)java_map_hash(key);
    h ^= h >> 16;
    struct entry *same = find(t, key, h);
    if (same) {
        same->value = value;
        return;
    }
    if (t->n == t->cap)
        grow(t);
    int32_t i = t->n++;
    t->entries[i] = (struct entry){ key, value, h, NONE };
    if (t->n == FEW + 1)
        for (int32_t k = 0; k < t->n; k++)
            map_put(&t->index, t->entries[k].key, (void *)(uintptr_t)(k + 1));
    else if (t->n > FEW + 1)
        map_put(&t->index, key, (void *)(uintptr_t)(i + 1));
    place_in_bucket(t, i);
    if (t->length[h & (t->n_buckets - 1)] > TREEIFY && t->n_buckets < TREE_TABLE)
        set_buckets(t, 2 * t->n_buckets);
    if ((uint32_t)t->n > t->n_buckets / 4 * 3)
        set_buckets(t, 2 * t->n_buckets);
}

/* ---- printing ---- */

static void put_value(struct buf *out, struct json v);

static void put_number(struct buf *out, struct str raw)
{
    uint64_t v = 0;
    bool minus = *raw.p == '-', integer = true;
    for (size_t i = minus; i < raw.n && integer; i++) {
        integer = raw.p[i] >= '0' && raw.p[i] <= '9';
        v = v * 10 + (uint64_t)(raw.p[i] - '0');
    }
    if (integer)
        buf_i64(out, (int64_t)(minus ? 0 - v : v));
    else
        json_put_raw_double(out, raw);
}

static void put_object(struct buf *out, struct str text)
{
    struct json_reader r;
    struct str key;
    struct json v;
    struct arena arena = ARENA_INIT;
    struct table t;
    table_init(&t, &arena);
    json_open(&r, text);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        if (memchr(key.p, '\\', key.n))
            key = json_text((struct json){ JSON_STRING, true, key }, &arena);
        put(&t, key, v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw);
    }
    buf_c(out, '{');
    bool first = true;
    for (uint32_t b = 0; b < t.n_buckets; b++)
        for (int32_t i = t.length[b] ? t.head[b] : NONE; i != NONE; i = t.entries[i].next) {
            if (!first)
                buf_c(out, ',');
            first = false;
            json_put_text(out, t.entries[i].key);
            buf_c(out, ':');
            struct json_reader one;
            json_open(&one, t.entries[i].value);
            if (json_read(&one, &v) == 0)
                put_value(out, v);
        }
    buf_c(out, '}');
    table_release(&t);
    arena_release(&arena);
}

static void put_array(struct buf *out, struct str text)
{
    struct json_reader r;
    struct json v;
    json_open(&r, text);
    json_enter(&r, JSON_ARRAY);
    buf_c(out, '[');
    for (bool first = true; json_element(&r) == 1 && json_read(&r, &v) == 0; first = false) {
        if (!first)
            buf_c(out, ',');
        put_value(out, v);
    }
    buf_c(out, ']');
}

/* The text has been checked as a whole before. */
static void put_value(struct buf *out, struct json v)
{
    switch (v.type) {
    case JSON_OBJECT: put_object(out, v.raw); break;
    case JSON_ARRAY: put_array(out, v.raw); break;
    case JSON_STRING: json_put_raw_text(out, v.raw); break;
    case JSON_NUMBER: put_number(out, v.raw); break;
    default: buf_str_add(out, v.raw);
    }
}

int java_map_put(struct buf *out, struct str text, struct err *e)
{
    struct json_reader r;
    struct json v = { 0 };
    json_open(&r, text);
    bool bad = json_read(&r, &v) || json_close(&r);
    if (bad) {
        struct arena a = ARENA_INIT;
        struct str where = json_where(&r, &a);
        err_set(e, 0, "JSON_MALFORMED", STR_F, STR_A(where));
        arena_release(&a);
        return -1;
    }
    put_value(out, v);
    return 0;
}
