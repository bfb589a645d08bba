/* A column is worked out in three passes: profile_hashes (a hash per cell, texts measured on the way), profile_values
 * (distinct values and the most frequent ones), profile_numbers (mean and quantiles).
 */
#include "pipeline/check/profile_own.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"

static const struct str TYPES[] = {
    [COLUMN_STRING] = S_INIT("string"), [COLUMN_INT] = S_INIT("int"),         [COLUMN_LONG] = S_INIT("long"),
    [COLUMN_DOUBLE] = S_INIT("double"), [COLUMN_BOOLEAN] = S_INIT("boolean"), [COLUMN_TIMESTAMP] = S_INIT("timestamp"),
    [COLUMN_DOUBLES] = S_INIT("doubles"),
};

/* ---- hashes of cells ---- */

static inline uint64_t profile_load(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

#define HASH_NULL UINT64_C(0x589965cc75374cc3)

static uint64_t profile_hash_text(struct str s)
{
    uint64_t h = s.n ^ PROFILE_K0, low = 0, high = 0;
    const char *p = s.p;
    size_t n = s.n;
    for (; n > 16; n -= 16, p += 16)
        h = profile_mix(profile_load(p) ^ PROFILE_K1, profile_load(p + 8) ^ h);
    if (n > 8) {
        low = profile_load(p);
        high = profile_load(p + n - 8);
    } else {
        for (size_t i = 0; i < n; i++)
            low = low << 8 | (unsigned char)p[i];
    }
    return profile_mix(low ^ PROFILE_K1, profile_mix(high ^ PROFILE_K2, h));
}

static inline uint64_t profile_hash_number(uint64_t v)
{
    return profile_mix(v ^ PROFILE_K1, PROFILE_K2 ^ PROFILE_K0);
}

static uint64_t profile_double_bits(double d)
{
    uint64_t bits;
    d = isnan(d) ? (double)NAN : d == 0 ? 0 : d;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static void profile_text_seen(struct work *w, size_t row, struct str text, uint64_t times)
{
    bool first = w->min == SIZE_MAX;
    if (first || text.n < w->shortest)
        w->shortest = text.n;
    if (text.n > w->longest)
        w->longest = text.n;
    w->bytes += text.n * times;
    if (first || str_cmp(text, column_text(w->c, w->min)) < 0)
        w->min = row;
    if (first || str_cmp(text, column_text(w->c, w->max)) > 0)
        w->max = row;
}

/* Each code's text is hashed and measured once. */
static void profile_hash_codes(struct work *w)
{
    const struct dictionary *d = &w->c->dictionary;
    uint64_t *hash = mem_alloc((d->n + 1) * sizeof *hash), *times = mem_zero((d->n + 1) * sizeof *times);
    for (uint32_t i = 0; i < d->n; i++)
        hash[i] = profile_hash_text(d->text[i]);
    for (size_t i = 0; i < w->t->n_rows; i++) {
        bool null = w->c->null[i];
        uint32_t code = w->c->v.code[i];
        w->hash[i] = null ? HASH_NULL : hash[code];
        if (!null && !times[code]++)
            profile_text_seen(w, i, d->text[code], 0);
    }
    for (uint32_t i = 0; i < d->n; i++)
        w->bytes += times[i] * d->text[i].n;
    free(hash);
    free(times);
}

/* Texts lie in the order in which they came, rows in that of their keys: each text is called for well before its turn. */
static void profile_hash_texts(struct work *w)
{
    enum { AHEAD = 24, LINE = 64, LINES = 3 };
    const struct column *c = w->c;
    size_t n = w->t->n_rows;
    for (size_t i = 0; i < n; i++) {
        struct str next = c->v.text[i + AHEAD < n ? i + AHEAD : i];
        for (size_t at = 0; at < next.n && at < LINE * LINES; at += LINE)
            __builtin_prefetch(next.p + at);
        if (c->null[i]) {
            w->hash[i] = HASH_NULL;
            continue;
        }
        w->hash[i] = profile_hash_text(c->v.text[i]);
        profile_text_seen(w, i, c->v.text[i], 1);
    }
}

static uint64_t profile_hash_doubles(const double *v, uint32_t n)
{
    uint64_t h = n;
    for (uint32_t i = 0; i < n; i++)
        h = profile_mix(profile_double_bits(v[i]) ^ PROFILE_K1, h ^ PROFILE_K2);
    return h;
}

static void profile_hashes(struct work *w)
{
    const struct column *c = w->c;
    size_t n = w->t->n_rows;
    if (c->type == COLUMN_STRING && c->coded) {
        profile_hash_codes(w);
        return;
    }
    if (c->type == COLUMN_STRING) {
        profile_hash_texts(w);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (c->null[i]) {
            w->hash[i] = HASH_NULL;
            continue;
        }
        switch (c->type) {
        case COLUMN_STRING:
            break;
        case COLUMN_INT:
        case COLUMN_BOOLEAN:
            w->hash[i] = profile_hash_number((uint64_t)(int64_t)c->v.i32[i]);
            break;
        case COLUMN_LONG:
        case COLUMN_TIMESTAMP:
            w->hash[i] = profile_hash_number((uint64_t)c->v.i64[i]);
            break;
        case COLUMN_DOUBLE:
            w->hash[i] = profile_hash_number(profile_double_bits(c->v.f64[i]));
            break;
        case COLUMN_DOUBLES:
            w->hash[i] = profile_hash_doubles(&c->v.f64[i * c->width], c->width);
            break;
        }
    }
}

/* ---- figures ---- */

static void profile_set_number(struct work *w, enum profile_metric m, double number)
{
    struct buf b = BUF_INIT;
    json_put_double(&b, number);
    w->out->figure[m] = (struct profile_figure){ arena_keep(&w->arena, &b), true, number };
}

/* A text is cut at a character. */
static void profile_put_cell(const struct column *c, size_t row, struct buf *out)
{
    struct str text = c->type == COLUMN_STRING ? column_text(c, row) : S("");
    size_t n = PROFILE_TEXT_BYTES;
    if (text.n <= n) {
        table_put_json(c, row, out);
        return;
    }
    while (n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
        n--;
    json_put_text(out, str_head(text, n));
}

static struct str profile_cell(struct work *w, size_t row)
{
    struct buf b = BUF_INIT;
    profile_put_cell(w->c, row, &b);
    return arena_keep(&w->arena, &b);
}

static void profile_set_cell(struct work *w, enum profile_metric m, size_t row)
{
    enum column_type type = w->c->type;
    struct profile_figure *f = &w->out->figure[m];
    f->json = profile_cell(w, row);
    f->is_number = type == COLUMN_INT || type == COLUMN_LONG || type == COLUMN_DOUBLE;
    if (f->is_number)
        str_to_double(f->json, &f->number);
}

static bool profile_has_order(enum column_type type)
{
    return type == COLUMN_INT || type == COLUMN_LONG || type == COLUMN_DOUBLE || type == COLUMN_TIMESTAMP;
}

/* Numbers as unsigned integers of the same order. */
static uint64_t profile_key(const struct column *c, size_t row)
{
    uint64_t v, sign = UINT64_C(1) << 63;
    if (c->type == COLUMN_DOUBLE) {
        v = profile_double_bits(c->v.f64[row]);
        return v & sign ? ~v : v | sign;
    }
    v = (uint64_t)(c->type == COLUMN_INT ? c->v.i32[row] : c->v.i64[row]);
    return v ^ sign;
}

static void profile_set_key(struct work *w, enum profile_metric m, uint64_t key)
{
    uint64_t sign = UINT64_C(1) << 63;
    struct column cell = { .type = w->c->type, .width = 1 };
    int32_t i32 = (int32_t)(int64_t)(key ^ sign);
    int64_t i64 = (int64_t)(key ^ sign);
    uint64_t bits = key & sign ? key ^ sign : ~key;
    double f64;
    memcpy(&f64, &bits, sizeof f64);
    if (cell.type == COLUMN_INT)
        cell.v.i32 = &i32;
    else if (cell.type == COLUMN_DOUBLE)
        cell.v.f64 = &f64;
    else
        cell.v.i64 = &i64;
    const struct column *own = w->c;
    w->c = &cell;
    profile_set_cell(w, m, 0);
    w->c = own;
}

/* Element k of the sorted keys, which are low to high: found digit by digit. */
static uint64_t profile_select(const uint64_t *keys, size_t n, size_t k, uint64_t low, uint64_t high)
{
    enum { BITS = 16, DIGITS = 1 << BITS };
    uint32_t *count = mem_alloc(DIGITS * sizeof *count);
    uint64_t prefix = 0;
    int shift = 0;
    while (shift + BITS < 64 && (high - low) >> (shift + BITS))
        shift += BITS;
    for (; shift >= 0; shift -= BITS) {
        uint64_t mask = shift + BITS < 64 ? ~UINT64_C(0) << (shift + BITS) : 0;
        memset(count, 0, DIGITS * sizeof *count);
        for (size_t i = 0; i < n; i++) {
            uint64_t key = keys[i] - low;
            count[key >> shift & (DIGITS - 1)] += (key & mask) == prefix;
        }
        uint64_t digit = 0;
        while (k >= count[digit])
            k -= count[digit++];
        prefix |= digit << shift;
    }
    free(count);
    return prefix + low;
}

static double profile_mean(const struct work *w)
{
    const struct column *c = w->c;
    __int128 whole = 0;
    double sum = 0;
    for (size_t i = 0; i < w->t->n_rows; i++) {
        if (c->null[i])
            continue;
        if (c->type == COLUMN_DOUBLE)
            sum += c->v.f64[i];
        else
            whole += c->type == COLUMN_INT ? c->v.i32[i] : c->v.i64[i];
    }
    return (c->type == COLUMN_DOUBLE ? sum : (double)whole) / (double)w->n_keys;
}

static void profile_numbers(struct work *w)
{
    static const struct { enum profile_metric m; size_t quarter; } QUARTERS[] = { { PROFILE_Q25, 1 }, { PROFILE_MEDIAN, 2 }, { PROFILE_Q75, 3 } };
    uint64_t low = UINT64_MAX, high = 0;
    bool sorted = true;
    w->n_keys = 0;
    for (size_t i = 0; i < w->t->n_rows; i++) {
        if (w->c->null[i])
            continue;
        uint64_t key = profile_key(w->c, i);
        sorted = sorted && key >= high;
        low = key < low ? key : low;
        high = key > high ? key : high;
        w->keys[w->n_keys++] = key;
    }
    if (!w->n_keys)
        return;
    profile_set_key(w, PROFILE_MIN, low);
    profile_set_key(w, PROFILE_MAX, high);
    for (size_t q = 0; q < 3; q++) {
        size_t k = (w->n_keys * QUARTERS[q].quarter + 3) / 4 - 1;
        profile_set_key(w, QUARTERS[q].m, sorted ? w->keys[k] : profile_select(w->keys, w->n_keys, k, low, high));
    }
    if (w->c->type != COLUMN_TIMESTAMP)
        profile_set_number(w, PROFILE_MEAN, profile_mean(w));
}

static void profile_texts(struct work *w, uint64_t n)
{
    if (w->min == SIZE_MAX)
        return;
    profile_set_cell(w, PROFILE_MIN, w->min);
    profile_set_cell(w, PROFILE_MAX, w->max);
    profile_set_number(w, PROFILE_SHORTEST, (double)w->shortest);
    profile_set_number(w, PROFILE_LONGEST, (double)w->longest);
    profile_set_number(w, PROFILE_LENGTH, (double)w->bytes / (double)n);
}

/* ---- one column ---- */

static void profile_nulls(struct work *w, uint64_t *ret_nulls)
{
    size_t n = w->t->n_rows;
    *ret_nulls = 0;
    for (size_t part = 0; part < PROFILE_PARTS; part++) {
        uint64_t nulls = 0;
        for (size_t i = n * part / PROFILE_PARTS; i < n * (part + 1) / PROFILE_PARTS; i++)
            nulls += w->c->null[i];
        w->out->part_nulls[part] = nulls;
        *ret_nulls += nulls;
    }
}

/* Distinct values and the most frequent ones. */
static void profile_values(struct work *w)
{
    struct profile_counted top[PROFILE_TOP];
    size_t n;
    if (w->c == &w->t->columns[w->t->key]) {
        n = profile_counter_sorted(&w->counter, w->c, w->t->n_rows, top, PROFILE_TOP);
    } else {
        profile_counter_run(&w->counter, w->hash, w->c->null, w->t->n_rows);
        n = profile_counter_top(&w->counter, w->c, top, PROFILE_TOP);
    }
    profile_set_number(w, PROFILE_DISTINCT, (double)w->counter.n);
    for (size_t i = 0; i < n; i++)
        w->out->top[w->out->n_top++] = (struct profile_value){ profile_cell(w, top[i].row), top[i].count };
}

void profile_work_column(struct work *w, uint64_t *row_sum, uint64_t seed)
{
    size_t n = w->t->n_rows;
    uint64_t nulls;
    if (n > w->cap) {
        w->hash = mem_grow(w->hash, n * sizeof *w->hash);
        w->keys = mem_grow(w->keys, n * sizeof *w->keys);
        w->cap = n;
    }
    w->min = w->max = SIZE_MAX;
    w->shortest = w->longest = w->bytes = 0;
    *w->out = (struct column_profile){ .name = arena_dup(&w->arena, w->c->name), .type = TYPES[w->c->type] };
    profile_hashes(w);
    for (size_t i = 0; i < n; i++) {
        w->out->hash += profile_mix(w->hash[i] ^ PROFILE_K0, PROFILE_K1);
        row_sum[i] += profile_mix(w->hash[i] ^ PROFILE_K2, seed);
    }
    profile_nulls(w, &nulls);
    profile_set_number(w, PROFILE_NULLS, (double)nulls);
    profile_values(w);
    if (profile_has_order(w->c->type))
        profile_numbers(w);
    else if (w->c->type == COLUMN_STRING)
        profile_texts(w, n - nulls);
}
