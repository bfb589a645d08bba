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
    *v = (struct vector){ 0 };
}

void vector_keep(struct vector *v, const uint8_t *keep)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n && v->code; i++) {
        v->code[n] = v->code[i];
        n += keep[i];
    }
    for (size_t i = 0; i < v->n && !v->code; i++) {
        v->number[n] = v->number[i];
        v->null[n] = v->null[i];
        n += keep[i];
    }
    v->n = n;
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

uint32_t vector_id(struct vector_ids *ids, uint64_t key)
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

void vector_ids_release(struct vector_ids *ids)
{
    free(ids->keys);
    free(ids->slots);
}

void vector_words_release(struct vector_words *w)
{
    free(w->text);
    free(w->hash);
    free(w->slots);
}

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

/* Fills `to` with FROM(row) for each row, and with `none` where the table has no row. */
#define GATHER(to, none, from_row)                                                                                     \
    do {                                                                                                               \
        if (!gaps)                                                                                                     \
            for (size_t i = 0; i < n; i++) {                                                                           \
                const size_t r = row[i];                                                                               \
                (to)[i] = from_row;                                                                                    \
            }                                                                                                          \
        else                                                                                                           \
            for (size_t i = 0; i < n; i++) {                                                                           \
                const size_t r = row[i] == ROW_NONE ? 0 : row[i];                                                      \
                (to)[i] = row[i] == ROW_NONE ? (none) : from_row;                                                      \
            }                                                                                                          \
    } while (0)

static void vector_texts(struct vector *v, const struct column *c, const uint32_t *row, bool gaps, struct vector_words *words)
{
    const size_t n = v->n;
    v->code = mem_alloc(n * sizeof *v->code + 1);
    if (c->coded)
        GATHER(v->code, CODE_NULL, c->v.code[r]);
    else
        GATHER(v->code, CODE_NULL, c->null[r] ? CODE_NULL : vector_word(words, c->v.text[r]));
    v->text = c->coded ? c->dictionary.text : words->text;
    v->n_text = c->coded ? c->dictionary.n : words->n;
}

static void vector_numbers(struct vector *v, const struct column *c, const uint32_t *row, bool gaps)
{
    const size_t n = v->n;
    v->number = mem_alloc(n * sizeof *v->number + 1);
    v->null = mem_alloc(n + 1);
    GATHER(v->null, 1, c->null[r]);
    if (c->type == COLUMN_INT || c->type == COLUMN_BOOLEAN)
        GATHER(v->number, 0, c->v.i32[r]);
    else if (c->type == COLUMN_DOUBLE)
        GATHER(v->number, 0, vector_of_double(c->v.f64[r]));
    else
        GATHER(v->number, 0, c->v.i64[r]);
}

/* Civil year of a day (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t vector_year_of_day(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    return yoe + era * 400 + (doy >= 306);
}

/* Between 1901 and 2099 every fourth year is a long one, and the arithmetic short. */
static void vector_to_years(struct vector *v)
{
    enum { FIRST_DAY = -25202, DAYS = 72684 };
    const int64_t day_us = INT64_C(86400000000); /* 84375000 << 10 */
    for (size_t i = 0; i < v->n; i++) {
        uint64_t us = (uint64_t)v->number[i] - (uint64_t)(FIRST_DAY * day_us);
        if (us < (uint64_t)DAYS * (uint64_t)day_us)
            v->number[i] = 1901 + (4 * (uint32_t)((us >> 10) / 84375000) + 3) / 1461;
        else
            v->number[i] = vector_year_of_day(v->number[i] / day_us - (v->number[i] % day_us < 0));
    }
    v->type = COLUMN_INT;
}

static void vector_to_case(struct vector *v, const struct field *f)
{
    v->code = mem_alloc(v->n * sizeof *v->code + 1);
    v->text = f->labels;
    v->by_position = true;
    v->type = COLUMN_STRING;
    v->n_text = (uint32_t)f->n_when;
    for (size_t i = 0; i < v->n; i++)
        v->code[i] = CODE_NULL;
    for (size_t w = f->n_when; w-- > 0;) { /* the first that holds is written last */
        const int64_t low = f->when[w].low, high = f->when[w].high;
        for (size_t i = 0; i < v->n; i++) { /* without jumps: nobody can foretell an age */
            uint32_t holds = -(uint32_t)(!v->null[i] & (v->number[i] >= low) & (v->number[i] <= high));
            v->code[i] = (v->code[i] & ~holds) | ((uint32_t)w & holds);
        }
    }
}

void vector_init(struct vector *v, const struct query *q, size_t field, const struct table *const *tables,
                 const struct rowset *rows, struct vector_words *words)
{
    const struct field *f = &q->fields[field];
    if (f->kind != FIELD_COLUMN) {
        vector_init(v, q, f->of, tables, rows, words);
        if (f->kind == FIELD_YEAR)
            vector_to_years(v);
        else
            vector_to_case(v, f);
        return;
    }
    const struct column *c = &tables[f->table]->columns[f->column];
    *v = (struct vector){ .type = c->type, .n = rows->n };
    if (c->type == COLUMN_STRING)
        vector_texts(v, c, rows->row[f->table], rows->gaps[f->table], words);
    else
        vector_numbers(v, c, rows->row[f->table], rows->gaps[f->table]);
}
