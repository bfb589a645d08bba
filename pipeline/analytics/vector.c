#include "pipeline/analytics/vector.h"

#include <stdlib.h>

#include "pipeline/analytics/query.h"

int64_t vector_of_double(double d)
{
    int64_t bits;
    d = d == 0 ? 0 : d; /* -0 and 0 are one value */
    memcpy(&bits, &d, sizeof bits);
    return bits < 0 ? (int64_t)((uint64_t)bits ^ INT64_MAX) : bits;
}

double vector_to_double(int64_t i)
{
    double d;
    i = i < 0 ? (int64_t)((uint64_t)i ^ INT64_MAX) : i;
    memcpy(&d, &i, sizeof d);
    return d;
}

void vector_release(struct vector *v)
{
    free(v->number);
    free(v->null);
    free(v->code);
    if (v->owns_text)
        free(v->text);
    *v = (struct vector){ 0 };
}

bool vector_null(const struct vector *v, size_t i)
{
    return v->code ? v->code[i] == CODE_NULL : v->null[i];
}

int vector_compare(const struct vector *v, size_t a, size_t b)
{
    bool na = vector_null(v, a), nb = vector_null(v, b);
    if (na || nb)
        return nb - na;
    if (!v->code)
        return (v->number[a] > v->number[b]) - (v->number[a] < v->number[b]);
    uint32_t x = v->code[a], y = v->code[b];
    if (x == y || v->by_position)
        return (x > y) - (x < y);
    return str_cmp(v->text[x], v->text[y]);
}

/* ---- small hash tables over 64-bit keys and over texts; both give dense codes ---- */

static size_t vector_slots(size_t n)
{
    size_t slots = 64;
    while (slots < n * 2)
        slots *= 2;
    return slots;
}

static uint64_t vector_mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    return x ^ x >> 33;
}

struct vector_ids {
    uint64_t *keys; /* by code */
    uint32_t *slots; /* code + 1 */
    size_t n_slots;
    uint32_t n, cap;
};

static void vector_ids_grow(struct vector_ids *ids)
{
    ids->cap = ids->cap ? ids->cap * 2 : 64;
    ids->keys = mem_grow(ids->keys, ids->cap * sizeof *ids->keys);
    free(ids->slots);
    ids->n_slots = vector_slots(ids->cap);
    ids->slots = mem_zero(ids->n_slots * sizeof *ids->slots);
    for (uint32_t i = 0; i < ids->n; i++) {
        size_t s = vector_mix(ids->keys[i]) & (ids->n_slots - 1);
        while (ids->slots[s])
            s = (s + 1) & (ids->n_slots - 1);
        ids->slots[s] = i + 1;
    }
}

static uint32_t vector_id(struct vector_ids *ids, uint64_t key)
{
    if (ids->n == ids->cap)
        vector_ids_grow(ids);
    size_t s = vector_mix(key) & (ids->n_slots - 1);
    for (; ids->slots[s]; s = (s + 1) & (ids->n_slots - 1))
        if (ids->keys[ids->slots[s] - 1] == key)
            return ids->slots[s] - 1;
    ids->keys[ids->n] = key;
    ids->slots[s] = ++ids->n;
    return ids->n - 1;
}

static void vector_ids_release(struct vector_ids *ids)
{
    free(ids->keys);
    free(ids->slots);
}

struct vector_words {
    struct str *text; /* by code */
    uint64_t *hash;
    uint32_t *slots;
    size_t n_slots;
    uint32_t n, cap;
};

static void vector_words_grow(struct vector_words *w)
{
    w->cap = w->cap ? w->cap * 2 : 256;
    w->text = mem_grow(w->text, w->cap * sizeof *w->text);
    w->hash = mem_grow(w->hash, w->cap * sizeof *w->hash);
    free(w->slots);
    w->n_slots = vector_slots(w->cap);
    w->slots = mem_zero(w->n_slots * sizeof *w->slots);
    for (uint32_t i = 0; i < w->n; i++) {
        size_t s = w->hash[i] & (w->n_slots - 1);
        while (w->slots[s])
            s = (s + 1) & (w->n_slots - 1);
        w->slots[s] = i + 1;
    }
}

static uint32_t vector_word(struct vector_words *w, struct str text)
{
    uint64_t hash = vector_mix(str_hash(text));
    if (w->n == w->cap)
        vector_words_grow(w);
    size_t s = hash & (w->n_slots - 1);
    for (; w->slots[s]; s = (s + 1) & (w->n_slots - 1)) {
        uint32_t code = w->slots[s] - 1;
        if (w->hash[code] == hash && str_eq(w->text[code], text))
            return code;
    }
    w->text[w->n] = text;
    w->hash[w->n] = hash;
    w->slots[s] = ++w->n;
    return w->n - 1;
}

/* ---- evaluation ---- */

static void vector_codes(struct vector *v, const struct column *c, const uint32_t *row)
{
    v->code = mem_alloc(v->n * sizeof *v->code + 1);
    v->text = c->dictionary.text;
    v->n_text = c->dictionary.n;
    for (size_t i = 0; i < v->n; i++)
        v->code[i] = c->code[row[i]];
}

static void vector_texts(struct vector *v, const struct column *c, const uint32_t *row)
{
    struct vector_words words = { 0 };
    v->code = mem_alloc(v->n * sizeof *v->code + 1);
    for (size_t i = 0; i < v->n; i++)
        v->code[i] = c->null[row[i]] ? CODE_NULL : vector_word(&words, c->v.text[row[i]]);
    v->text = words.text;
    v->n_text = words.n;
    v->owns_text = true;
    free(words.hash);
    free(words.slots);
}

static void vector_numbers(struct vector *v, const struct column *c, const uint32_t *row)
{
    v->number = mem_alloc(v->n * sizeof *v->number + 1);
    v->null = mem_alloc(v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        v->null[i] = c->null[row[i]];
    if (c->type == COLUMN_INT || c->type == COLUMN_BOOLEAN)
        for (size_t i = 0; i < v->n; i++)
            v->number[i] = c->v.i32[row[i]];
    else if (c->type == COLUMN_DOUBLE)
        for (size_t i = 0; i < v->n; i++)
            v->number[i] = vector_of_double(c->v.f64[row[i]]);
    else
        for (size_t i = 0; i < v->n; i++)
            v->number[i] = c->v.i64[row[i]];
}

/* Civil year of an instant (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t vector_year(int64_t epoch_us)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t days = epoch_us / day_us - (epoch_us % day_us < 0) + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    return yoe + era * 400 + (doy >= 306);
}

static void vector_to_years(struct vector *v)
{
    for (size_t i = 0; i < v->n; i++)
        v->number[i] = vector_year(v->number[i]);
    v->type = COLUMN_INT;
}

static void vector_to_case(struct vector *v, const struct field *f)
{
    v->code = mem_alloc(v->n * sizeof *v->code + 1);
    v->text = mem_alloc(f->n_when * sizeof *v->text + 1);
    v->owns_text = v->by_position = true;
    v->type = COLUMN_STRING;
    v->n_text = (uint32_t)f->n_when;
    for (size_t w = 0; w < f->n_when; w++)
        v->text[w] = f->when[w].value;
    for (size_t i = 0; i < v->n; i++) {
        size_t w = v->null[i] ? f->n_when : 0;
        while (w < f->n_when && (v->number[i] < f->when[w].low || v->number[i] > f->when[w].high))
            w++;
        v->code[i] = w < f->n_when ? (uint32_t)w : CODE_NULL;
    }
}

void vector_init(struct vector *v, const struct query *q, size_t field, const struct table *const *tables,
                 const struct rowset *rows)
{
    const struct field *f = &q->fields[field];
    if (f->kind != FIELD_COLUMN) {
        vector_init(v, q, f->of, tables, rows);
        if (f->kind == FIELD_YEAR)
            vector_to_years(v);
        else
            vector_to_case(v, f);
        return;
    }
    const struct column *c = &tables[f->table]->columns[f->column];
    *v = (struct vector){ .type = c->type, .n = rows->n };
    if (c->type != COLUMN_STRING)
        vector_numbers(v, c, rows->row[f->table]);
    else if (c->coded)
        vector_codes(v, c, rows->row[f->table]);
    else
        vector_texts(v, c, rows->row[f->table]);
}

/* ---- groups ---- */

/* Values close together (years, ages) are their own numbers; false when they are not close. */
static bool vector_values_close(const struct vector *v, uint32_t *value, uint32_t *ret_n)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < v->n; i++)
        if (!v->null[i]) {
            low = v->number[i] < low ? v->number[i] : low;
            high = v->number[i] > high ? v->number[i] : high;
        }
    if (low > high || (uint64_t)high - (uint64_t)low > 4096)
        return false;
    for (size_t i = 0; i < v->n; i++)
        value[i] = v->null[i] ? 0 : (uint32_t)(v->number[i] - low) + 1;
    *ret_n = (uint32_t)(high - low) + 2;
    return true;
}

/* A number per row for the value alone, below *ret_n; nulls share one. */
static uint32_t *vector_values(const struct vector *v, uint32_t *ret_n)
{
    uint32_t *value = mem_alloc(v->n * sizeof *value + 1);
    if (v->code) {
        for (size_t i = 0; i < v->n; i++)
            value[i] = v->code[i] == CODE_NULL ? v->n_text : v->code[i];
        *ret_n = v->n_text + 1;
        return value;
    }
    if (vector_values_close(v, value, ret_n))
        return value;
    struct vector_ids ids = { 0 };
    uint32_t last = 0;
    for (size_t i = 0; i < v->n; i++) {
        if (v->null[i])
            value[i] = 0;
        else if (i && !v->null[i - 1] && v->number[i] == v->number[i - 1])
            value[i] = last;
        else
            value[i] = last = vector_id(&ids, (uint64_t)v->number[i]) + 1;
    }
    *ret_n = ids.n + 1;
    vector_ids_release(&ids);
    return value;
}

uint32_t *vector_group(const struct vector *v, const uint32_t *group, uint32_t n_groups, uint32_t *ret_n_groups)
{
    uint32_t n_values, *value = vector_values(v, &n_values);
    uint64_t pairs = (uint64_t)(group ? n_groups : 1) * n_values;
    uint32_t n = 0;
    if (pairs <= 65536 || pairs <= (uint64_t)v->n * 2) {
        uint32_t *seen = mem_zero(pairs * sizeof *seen);
        for (size_t i = 0; i < v->n; i++) {
            uint32_t *s = &seen[(group ? (uint64_t)group[i] * n_values : 0) + value[i]];
            value[i] = (*s ? *s : (*s = ++n)) - 1;
        }
        free(seen);
    } else {
        struct vector_ids ids = { 0 };
        for (size_t i = 0; i < v->n; i++)
            value[i] = vector_id(&ids, (group ? (uint64_t)group[i] * n_values : 0) + value[i]);
        n = ids.n;
        vector_ids_release(&ids);
    }
    *ret_n_groups = n;
    return value;
}
