#include "pipeline/clean/table.h"

#include <math.h>
#include <stdlib.h>

#include "pipeline/clean/program.h"
#include "pipeline/clean/scan.h"

enum { SAMPLE_BYTES = 80, RADIX = 256, RECENT_BITS = 12 };

struct table *table_of(const struct program *p)
{
    struct table *t = mem_zero(sizeof *t);
    t->program = p;
    t->name = p->name;
    t->n_columns = p->n_columns;
    t->key = p->key;
    t->columns = mem_zero(sizeof *t->columns * p->n_columns);
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct program_column *from = &p->columns[i];
        t->columns[i] = (struct column){ .name = from->name, .type = from->type, .width = from->width,
                                         .coded = from->coded };
    }
    t->n_counts = p->n_counts;
    t->counts = mem_alloc(sizeof *t->counts * (p->n_counts + 1));
    memcpy(t->counts, p->counts, sizeof *t->counts * p->n_counts);
    t->arenas = mem_zero(sizeof *t->arenas);
    t->n_arenas = 1;
    return t;
}

struct table *table_open(const struct rules *r, struct str name)
{
    const struct program *p = rules_program(r, name);
    return p ? table_of(p) : NULL;
}

void table_close(struct table *t)
{
    if (!t)
        return;
    table_free_rows(t);
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        free(c->dictionary.text);
        free(c->dictionary.recent);
        map_release(&c->dictionary.codes);
    }
    for (size_t i = 0; i < t->n_arenas; i++)
        arena_release(&t->arenas[i]);
    free(t->arenas);
    free(t->columns);
    free(t->counts);
    free(t->dropped);
    free(t);
}

const struct column *table_column(const struct table *t, struct str name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (str_eq(t->columns[i].name, name))
            return &t->columns[i];
    return NULL;
}

/* The beginning, the end and the length of a text, mixed. */
static size_t table_recent(struct str text)
{
    uint64_t head = 0, tail = 0;
    if (text.n >= 8) {
        memcpy(&head, text.p, 8);
        memcpy(&tail, text.p + text.n - 8, 8);
    } else {
        for (size_t i = 0; i < text.n; i++)
            head = head << 8 | (unsigned char)text.p[i];
    }
    return ((head ^ tail * 31) + text.n) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - RECENT_BITS);
}

uint32_t table_code(struct column *c, struct str text)
{
    struct dictionary *d = &c->dictionary;
    if (d->last && d->text[d->last - 1].n == text.n && scan_same(d->text[d->last - 1].p, text.p, text.n))
        return d->last - 1; /* rows come in the order of their categories */
    if (!d->recent)
        d->recent = mem_zero(sizeof *d->recent << RECENT_BITS);
    uint32_t *recent = &d->recent[table_recent(text)];
    if (*recent && d->text[*recent - 1].n == text.n && scan_same(d->text[*recent - 1].p, text.p, text.n))
        return (d->last = *recent) - 1;
    uintptr_t code = (uintptr_t)map_get(&d->codes, text);
    if (!code) {
        if (d->n == d->cap) {
            d->cap = d->cap ? d->cap * 2 : 32;
            d->text = mem_grow(d->text, d->cap * sizeof *d->text);
        }
        code = d->n + 1;
        map_put(&d->codes, text, (void *)code);
        d->text[d->n++] = d->codes.entries[d->codes.n_entries - 1].key;
    }
    d->last = *recent = (uint32_t)code;
    return (uint32_t)code - 1;
}

static void table_sample(struct table *t, struct clean_count *c, struct str value, uint64_t tag)
{
    size_t n = value.n;
    if (c->sample.p && tag >= c->sample_tag)
        return;
    if (n > SAMPLE_BYTES)
        for (n = SAMPLE_BYTES; n && ((unsigned char)value.p[n] & 0xC0) == 0x80;)
            n--;
    char *copy = arena_alloc(&t->arenas[0], n + 1); /* never in place: the count may be undone */
    if (n)
        memcpy(copy, value.p, n);
    c->sample = (struct str){ copy, n };
    c->sample_tag = tag;
}

void table_count_nulled(struct table *t, size_t count, struct str value, uint64_t tag)
{
    struct clean_count *c = &t->counts[count];
    c->touched++;
    c->nulled++;
    table_sample(t, c, value, tag);
}

/* ---- order ---- */

static int table_compare_doubles(const double *a, const double *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        int na = isnan(a[i]), nb = isnan(b[i]);
        if (na || nb) {
            if (na != nb)
                return nb - na;
        } else if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

int table_compare_cell(const struct column *c, size_t a, size_t b)
{
    if (c->null[a] || c->null[b])
        return c->null[b] - c->null[a];
    switch (c->type) {
    case COLUMN_INT:
    case COLUMN_BOOLEAN:
        return (c->v.i32[a] > c->v.i32[b]) - (c->v.i32[a] < c->v.i32[b]);
    case COLUMN_LONG:
    case COLUMN_TIMESTAMP:
        return (c->v.i64[a] > c->v.i64[b]) - (c->v.i64[a] < c->v.i64[b]);
    case COLUMN_DOUBLE:
    case COLUMN_DOUBLES:
        return table_compare_doubles(&c->v.f64[a * c->width], &c->v.f64[b * c->width], c->width);
    case COLUMN_STRING:
        if (c->coded && c->v.code[a] == c->v.code[b])
            return 0;
        return str_cmp(column_text(c, a), column_text(c, b));
    }
    return 0;
}

int table_compare(const struct table *t, size_t a, size_t b)
{
    int order = table_compare_cell(&t->columns[t->key], a, b);
    for (size_t i = 0; i < t->n_columns && !order; i++)
        order = table_compare_cell(&t->columns[i], a, b);
    return order;
}

static int table_compare_tagged(const struct table *t, size_t a, size_t b)
{
    int order = table_compare(t, a, b);
    return order ? order : (t->tag[a] > t->tag[b]) - (t->tag[a] < t->tag[b]);
}

static int table_compare_rows(const void *a, const void *b, void *table)
{
    return table_compare_tagged(table, *(const uint32_t *)a, *(const uint32_t *)b);
}

static uint64_t table_key(const struct table *t, size_t row)
{
    const struct column *c = &t->columns[t->key];
    int64_t v = c->type == COLUMN_LONG ? c->v.i64[row] : c->v.i32[row];
    return (uint64_t)v ^ (UINT64_C(1) << 63);
}

/* Row numbers ordered by key: a radix sort that skips the bytes in which all keys agree. */
static uint32_t *table_by_key(const struct table *t)
{
    size_t n = t->n_rows;
    uint32_t *from = mem_alloc(n * sizeof *from + 1), *to = mem_alloc(n * sizeof *to + 1);
    for (size_t i = 0; i < n; i++)
        from[i] = (uint32_t)i;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t start[RADIX] = { 0 }, sum = 0;
        for (size_t i = 0; i < n; i++)
            start[table_key(t, i) >> shift & (RADIX - 1)]++;
        if (start[table_key(t, 0) >> shift & (RADIX - 1)] == n)
            continue;
        for (size_t d = 0; d < RADIX; d++) {
            size_t here = start[d];
            start[d] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++)
            to[start[table_key(t, from[i]) >> shift & (RADIX - 1)]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    free(to);
    return from;
}

/* The cells of these rows, in their order, to the beginning of the array; room is for all of them. */
static void table_gather(void *cells, size_t bytes, const uint32_t *rows, size_t n, char *room)
{
    const char *from = cells;
#define GATHER(size)                                                                                                   \
    case size:                                                                                                         \
        for (size_t i = 0; i < n; i++)                                                                                 \
            memcpy(room + i * size, from + (size_t)rows[i] * size, size);                                              \
        break
    switch (bytes) { /* of a size known here, a copy is one instruction */
        GATHER(1);
        GATHER(4);
        GATHER(8);
        GATHER(16);
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(room + i * bytes, from + rows[i] * bytes, bytes);
    }
#undef GATHER
    memcpy(cells, room, n * bytes);
}

/* The table consists of these rows now. */
static void table_take_rows(struct table *t, const uint32_t *rows, size_t n)
{
    size_t widest = sizeof *t->tag;
    for (size_t i = 0; i < t->n_columns; i++)
        if (table_cell_bytes(&t->columns[i]) > widest)
            widest = table_cell_bytes(&t->columns[i]);
    char *room = mem_alloc(n * widest + 1);
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        table_gather(c->null, 1, rows, n, room);
        table_gather(c->v.i64, table_cell_bytes(c), rows, n, room);
    }
    table_gather(t->tag, sizeof *t->tag, rows, n, room);
    free(room);
    t->n_rows = n;
}

static bool table_is_sorted(const struct table *t)
{
    for (size_t i = 1; i < t->n_rows; i++)
        if (table_compare_tagged(t, i - 1, i) > 0)
            return false;
    return true;
}

void table_sort(struct table *t)
{
    if (t->n_rows < 2 || table_is_sorted(t))
        return;
    uint32_t *rows = table_by_key(t);
    for (size_t i = 0, end; i < t->n_rows; i = end) {
        for (end = i + 1; end < t->n_rows && table_key(t, rows[end]) == table_key(t, rows[i]);)
            end++;
        if (end - i > 1)
            qsort_r(rows + i, end - i, sizeof *rows, table_compare_rows, t);
    }
    table_take_rows(t, rows, t->n_rows);
    free(rows);
}

/* ---- duplicates ---- */

static int table_compare_by(const struct table *t, size_t a, size_t b)
{
    const struct program *p = t->program;
    if (p->n_dedupe_by == 0)
        return table_compare(t, a, b);
    for (size_t i = 0; i < p->n_dedupe_by; i++) {
        int order = table_compare_cell(&t->columns[p->dedupe_by[i]], a, b);
        if (order)
            return order;
    }
    return 0;
}

static int table_compare_dedupe(const void *a, const void *b, void *table)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = table_compare_by(table, x, y);
    return order ? order : (x > y) - (x < y);
}

/* The first row of each run of equals is kept; rows stay in their order. */
static void table_dedupe(struct table *t)
{
    size_t n = t->n_rows, kept = 0;
    uint32_t *rows = mem_alloc(n * sizeof *rows + 1);
    bool *drop = mem_zero(n + 1);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)i;
    if (t->program->n_dedupe_by)
        qsort_r(rows, n, sizeof *rows, table_compare_dedupe, t);
    t->dropped = mem_grow(t->dropped, (t->n_dropped + n + 1) * sizeof *t->dropped);
    for (size_t i = 1; i < n; i++)
        if (table_compare_by(t, rows[i - 1], rows[i]) == 0) {
            drop[rows[i]] = true;
            t->dropped[t->n_dropped++] = t->tag[rows[i]];
        }
    for (size_t i = 0; i < n; i++)
        if (!drop[i])
            rows[kept++] = (uint32_t)i;
    if (kept < n)
        table_take_rows(t, rows, kept);
    free(rows);
    free(drop);
}

void table_finish(struct table *t)
{
    table_sort(t);
    if (t->program->dedupe && t->n_rows > 1)
        table_dedupe(t);
}

/* ---- merging ---- */

/* Cells of `from`, which may stand in the memory of `into` (a window of it), in their place or behind. */
static void table_merge_cells(void *into, const void *from, size_t bytes)
{
    if (into != from && bytes)
        memmove(into, from, bytes);
}

static void table_merge_codes(struct column *into, size_t at, struct column *from, size_t n)
{
    if (!into->dictionary.n) { /* the first rows bring theirs */
        struct dictionary none = into->dictionary;
        into->dictionary = from->dictionary;
        from->dictionary = none;
        table_merge_cells(into->v.code + at, from->v.code, n * sizeof *into->v.code);
        return;
    }
    uint32_t *code = mem_alloc(sizeof *code * (from->dictionary.n + 1));
    for (uint32_t i = 0; i < from->dictionary.n; i++)
        code[i] = table_code(into, from->dictionary.text[i]);
    for (size_t i = 0; i < n; i++)
        into->v.code[at + i] = from->v.code[i] == CODE_NULL ? CODE_NULL : code[from->v.code[i]];
    free(code);
}

static void table_merge_counts(struct table *into, const struct table *from)
{
    for (size_t i = 0; i < into->n_counts; i++) {
        into->counts[i].touched += from->counts[i].touched;
        into->counts[i].nulled += from->counts[i].nulled;
        if (from->counts[i].sample.p)
            table_sample(into, &into->counts[i], from->counts[i].sample, from->counts[i].sample_tag);
    }
    into->records += from->records;
    into->refused += from->refused;
    into->unknown_keys += from->unknown_keys;
    into->dropped = mem_grow(into->dropped, (into->n_dropped + from->n_dropped + 1) * sizeof *into->dropped);
    for (size_t i = 0; i < from->n_dropped; i++)
        into->dropped[into->n_dropped++] = from->dropped[i];
}

void table_merge(struct table *into, struct table *from)
{
    size_t at = into->n_rows, n = from->n_rows;
    table_reserve(into, at + n);
    for (size_t i = 0; i < into->n_columns && n; i++) {
        struct column *c = &into->columns[i];
        struct column *f = &from->columns[i];
        size_t bytes = table_cell_bytes(c);
        table_merge_cells(c->null + at, f->null, n);
        if (c->coded)
            table_merge_codes(c, at, f, n);
        else
            table_merge_cells((char *)c->v.i64 + at * bytes, f->v.i64, n * bytes);
    }
    table_merge_cells(into->tag + at, from->tag, n * sizeof *into->tag);
    into->n_rows += n;
    table_merge_counts(into, from);
    into->arenas = mem_grow(into->arenas, (into->n_arenas + from->n_arenas) * sizeof *into->arenas);
    memcpy(into->arenas + into->n_arenas, from->arenas, from->n_arenas * sizeof *into->arenas);
    into->n_arenas += from->n_arenas;
    from->n_arenas = 0;
    table_close(from);
}
