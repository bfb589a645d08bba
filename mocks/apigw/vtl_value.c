/* vtl_value.c - lists, maps, equality, hash codes, and how values print. */
#include "mocks/apigw/vtl_value.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/utf8.h"

enum { LINEAR_MAP = 8, PRINT_DEPTH = 200 };

struct vtl_value vtl_integer(int64_t i)
{
    struct vtl_value v = vtl_int(i);
    if (i > INT32_MAX || i < INT32_MIN)
        v.type = VTL_LONG;
    return v;
}

/* ---- lists ---- */
struct vtl_list *vtl_list_new(struct arena *a, uint32_t cap, enum vtl_style style)
{
    struct vtl_list *l = ARENA_NEW(a, struct vtl_list);
    l->style = style;
    l->cap = cap ? cap : 4;
    l->v = arena_alloc(a, l->cap * sizeof(*l->v));
    return l;
}

void vtl_list_add(struct arena *a, struct vtl_list *l, struct vtl_value v)
{
    if (l->n == l->cap) {
        struct vtl_value *bigger = arena_alloc(a, (size_t)l->cap * 2 * sizeof(*bigger));
        memcpy(bigger, l->v, l->n * sizeof(*bigger));
        l->v = bigger;
        l->cap *= 2;
    }
    l->v[l->n++] = v;
}

struct vtl_list *vtl_list_copy(struct arena *a, const struct vtl_list *l)
{
    struct vtl_list *copy = vtl_list_new(a, l->n, l->style);
    if (l->n)
        memcpy(copy->v, l->v, l->n * sizeof(*l->v));
    copy->n = l->n;
    return copy;
}

/* ---- equality and hash ---- */
static bool equals_at(struct vtl_value a, struct vtl_value b, int depth);

static bool lists_equal(const struct vtl_list *a, const struct vtl_list *b, int depth)
{
    if (a == b)
        return true;
    if (a->n != b->n || a->style == VTL_STYLE_ARRAY || b->style == VTL_STYLE_ARRAY)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!equals_at(a->v[i], b->v[i], depth))
            return false;
    return true;
}

static bool maps_equal(const struct vtl_map *a, const struct vtl_map *b, int depth)
{
    if (a == b)
        return true;
    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        struct vtl_value *other = vtl_map_at(b, a->e[i]->key);
        if (!other || !equals_at(a->e[i]->value, *other, depth))
            return false;
    }
    return true;
}

static bool equals_at(struct vtl_value a, struct vtl_value b, int depth)
{
    if (a.type != b.type || depth > PRINT_DEPTH)
        return false;
    switch (a.type) {
    case VTL_NULL: return true;
    case VTL_BOOL: return a.b == b.b;
    case VTL_INT: case VTL_LONG: return a.i == b.i;
    case VTL_DOUBLE: return memcmp(&a.d, &b.d, sizeof(a.d)) == 0;
    case VTL_BIGINT: case VTL_DECIMAL: case VTL_STRING: return str_eq(a.s, b.s);
    case VTL_LIST: return lists_equal(a.list, b.list, depth + 1);
    case VTL_MAP: return maps_equal(a.map, b.map, depth + 1);
    case VTL_ENTRY:
        return equals_at(a.entry->key, b.entry->key, depth + 1) && equals_at(a.entry->value, b.entry->value, depth + 1);
    case VTL_INPUT: case VTL_UTIL: return true;
    case VTL_HOST: return false;
    default: return a.list == b.list; /* identity */
    }
}

bool vtl_equals(struct vtl_value a, struct vtl_value b) { return equals_at(a, b, 0); }

static int32_t string_hash(struct str s)
{
    uint32_t h = 0;
    while (s.n) {
        uint32_t c = utf8_next(&s);
        if (c > 0xffff) {
            h = h * 31 + (0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        h = h * 31 + c;
    }
    return (int32_t)h;
}

static int32_t hash_at(struct vtl_value v, int depth);

static int32_t list_hash(const struct vtl_list *l, int depth)
{
    uint32_t h = l->style != VTL_STYLE_SET;
    for (uint32_t i = 0; i < l->n; i++)
        h = (l->style == VTL_STYLE_SET ? h : h * 31) + (uint32_t)hash_at(l->v[i], depth);
    return (int32_t)h;
}

static int32_t map_hash(const struct vtl_map *m, int depth)
{
    uint32_t h = 0;
    for (uint32_t i = 0; i < m->n; i++)
        h += (uint32_t)(hash_at(m->e[i]->key, depth) ^ hash_at(m->e[i]->value, depth));
    return (int32_t)h;
}

static int32_t hash_at(struct vtl_value v, int depth)
{
    uint64_t bits;
    if (depth > PRINT_DEPTH)
        return 0;
    switch (v.type) {
    case VTL_BOOL: return v.b ? 1231 : 1237;
    case VTL_INT: return (int32_t)v.i;
    case VTL_LONG: return (int32_t)(v.i ^ (int64_t)((uint64_t)v.i >> 32));
    case VTL_DOUBLE:
        memcpy(&bits, &v.d, sizeof(bits));
        return (int32_t)(bits ^ bits >> 32);
    case VTL_STRING: case VTL_BIGINT: case VTL_DECIMAL: return string_hash(v.s);
    case VTL_LIST: return list_hash(v.list, depth + 1);
    case VTL_MAP: return map_hash(v.map, depth + 1);
    case VTL_ENTRY: return hash_at(v.entry->key, depth + 1) ^ hash_at(v.entry->value, depth + 1);
    default: return 0;
    }
}

int32_t vtl_hash(struct vtl_value v) { return hash_at(v, 0); }

/* ---- maps ---- */
struct vtl_map *vtl_map_new(struct arena *a) { return ARENA_NEW(a, struct vtl_map); }

static bool same_key(struct vtl_value a, struct vtl_value b)
{
    if (a.type == VTL_STRING && b.type == VTL_STRING)
        return str_eq(a.s, b.s);
    return vtl_equals(a, b);
}

static uint32_t key_hash(struct vtl_value key)
{
    return key.type == VTL_STRING ? (uint32_t)str_hash(key.s) : (uint32_t)vtl_hash(key) * 2654435761u;
}

static uint32_t *slot_of(const struct vtl_map *m, struct vtl_value key)
{
    uint32_t i = key_hash(key) & (m->n_slots - 1);
    while (m->slots[i] && !same_key(m->e[m->slots[i] - 1]->key, key))
        i = (i + 1) & (m->n_slots - 1);
    return &m->slots[i];
}

static uint32_t index_of(const struct vtl_map *m, struct vtl_value key)
{
    if (m->n_slots) {
        uint32_t found = *slot_of(m, key);
        return found ? found - 1 : UINT32_MAX;
    }
    for (uint32_t i = 0; i < m->n; i++)
        if (same_key(m->e[i]->key, key))
            return i;
    return UINT32_MAX;
}

static void reindex(struct vtl_map *m)
{
    if (!m->n_slots)
        return;
    memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
    for (uint32_t i = 0; i < m->n; i++)
        *slot_of(m, m->e[i]->key) = i + 1;
}

struct vtl_value *vtl_map_at(const struct vtl_map *m, struct vtl_value key)
{
    uint32_t i = index_of(m, key);
    return i == UINT32_MAX ? NULL : &m->e[i]->value;
}

struct vtl_value *vtl_map_get(const struct vtl_map *m, struct str key) { return vtl_map_at(m, vtl_str(key)); }

static void grow(struct arena *a, struct vtl_map *m)
{
    uint32_t cap = m->cap ? m->cap * 2 : LINEAR_MAP;
    struct vtl_entry **bigger = arena_alloc(a, cap * sizeof(struct vtl_entry *));
    if (m->n)
        memcpy(bigger, m->e, m->n * sizeof(*bigger));
    m->e = bigger;
    m->cap = cap;
    if (cap > LINEAR_MAP) {
        m->n_slots = cap * 2;
        m->slots = ARENA_ARRAY(a, uint32_t, m->n_slots);
        reindex(m);
    }
}

struct vtl_value vtl_map_set(struct arena *a, struct vtl_map *m, struct vtl_value key, struct vtl_value v)
{
    struct vtl_value *there = vtl_map_at(m, key);
    if (there) {
        struct vtl_value before = *there;
        *there = v;
        return before;
    }
    if (m->n == m->cap)
        grow(a, m);
    struct vtl_entry *e = arena_alloc(a, sizeof(*e));
    *e = (struct vtl_entry){ key, v };
    m->e[m->n++] = e;
    if (m->n_slots)
        *slot_of(m, key) = m->n;
    return vtl_null();
}

void vtl_map_put(struct arena *a, struct vtl_map *m, const char *key, struct vtl_value v)
{
    vtl_map_set(a, m, vtl_str(str_of(key)), v);
}

struct vtl_value vtl_map_remove(struct vtl_map *m, struct vtl_value key)
{
    uint32_t i = index_of(m, key);
    if (i == UINT32_MAX)
        return vtl_null();
    struct vtl_value before = m->e[i]->value;
    memmove(m->e + i, m->e + i + 1, (m->n - i - 1) * sizeof(*m->e));
    m->n--;
    reindex(m);
    return before;
}

void vtl_map_clear(struct vtl_map *m)
{
    m->n = 0;
    reindex(m);
}

/* ---- printing ---- */
static bool print_at(struct buf *out, struct vtl_value v, int depth);

static bool print_list(struct buf *out, const struct vtl_list *l, int depth)
{
    if (l->style == VTL_STYLE_JSON)
        return vtl_json_print(out, (struct vtl_value){ VTL_LIST, { .list = (struct vtl_list *)(uintptr_t)l } },
                              VTL_JSON_ARRAY_TEXT);
    if (l->style == VTL_STYLE_ARRAY) {
        buf_z(out, "[Ljava.lang.String;@1b2c3d"); /* Java prints an address here, a different one each time */
        return true;
    }
    buf_c(out, '[');
    for (uint32_t i = 0; i < l->n; i++) {
        if (i)
            buf_z(out, ", ");
        if (l->v[i].type == VTL_LIST && l->v[i].list == l)
            buf_z(out, "(this Collection)");
        else if (!print_at(out, l->v[i], depth))
            return false;
    }
    buf_c(out, ']');
    return true;
}

static bool print_map(struct buf *out, const struct vtl_map *m, int depth)
{
    buf_c(out, '{');
    for (uint32_t i = 0; i < m->n; i++) {
        if (i)
            buf_z(out, ", ");
        if (!print_at(out, m->e[i]->key, depth))
            return false;
        buf_c(out, '=');
        struct vtl_value v = m->e[i]->value;
        if (v.type == VTL_MAP && v.map == m)
            buf_z(out, "(this Map)");
        else if (!print_at(out, v, depth))
            return false;
    }
    buf_c(out, '}');
    return true;
}

static bool print_at(struct buf *out, struct vtl_value v, int depth)
{
    static const struct vtl_map nothing = { 0 };
    if (depth > PRINT_DEPTH || out->full)
        return false;
    switch (v.type) {
    case VTL_NULL: buf_z(out, "null"); return true;
    case VTL_BOOL: buf_z(out, v.b ? "true" : "false"); return true;
    case VTL_INT: case VTL_LONG: buf_i64(out, v.i); return true;
    case VTL_DOUBLE: json_put_java_double(out, v.d); return true;
    case VTL_STRING: case VTL_BIGINT: case VTL_DECIMAL: buf_str_add(out, v.s); return true;
    case VTL_LIST: return print_list(out, v.list, depth + 1);
    case VTL_MAP: return print_map(out, v.map, depth + 1);
    case VTL_LOOP: return print_map(out, v.loop->own ? v.loop->own : &nothing, depth + 1);
    case VTL_ENTRY:
        if (!print_at(out, v.entry->key, depth + 1))
            return false;
        buf_c(out, '=');
        return print_at(out, v.entry->value, depth + 1);
    case VTL_INPUT: case VTL_UTIL: case VTL_HOST: buf_z(out, "{}"); return true;
    case VTL_ITERATOR: buf_z(out, "java.util.ArrayList$Itr@1b2c3d"); return true;
    default: return true;
    }
}

bool vtl_print(struct buf *out, struct vtl_value v) { return print_at(out, v, 0); }

struct str vtl_text(struct arena *a, struct vtl_value v)
{
    if (v.type == VTL_STRING)
        return v.s;
    struct buf b = BUF_INIT;
    vtl_print(&b, v);
    struct str s = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}
