/* sink_table.h - a table with a column of every type, nulls everywhere, made from a seed, in an arena. */
#ifndef TESTS_UNIT_SINK_TABLE_H
#define TESTS_UNIT_SINK_TABLE_H

#include <math.h>

#include "base/rng.h"
#include "pipeline/clean/clean.h"

static const char *const sink_table_texts[] = { "", "a", "Diagnostics", "n\u00e9e \"x\"\\\n", "\U0001F600", "travel", "The quick brown fox jumps over the lazy dog, and then some more of it" };

static void sink_table_column(struct column *c, const char *name, enum column_type type, size_t rows, struct arena *a)
{
    uint32_t width = type == COLUMN_DOUBLES ? 2 : 1;
    *c = (struct column){ .name = str_of(name), .type = type, .width = width };
    c->null = ARENA_ARRAY(a, uint8_t, rows + 1);
    c->v.text = arena_zero(a, (rows + 1) * width * sizeof(struct str));
}

static void sink_table_cell(struct column *c, size_t i, struct rng *r, struct arena *a)
{
    uint64_t x = rng_u64(r);
    switch (c->type) {
    case COLUMN_INT: c->v.i32[i] = x % 5 ? (int32_t)rng_u64(r) : (int32_t)(i % 3); break;
    case COLUMN_BOOLEAN: c->v.i32[i] = x & 1; break;
    case COLUMN_LONG: c->v.i64[i] = (int64_t)(x % 4 ? rng_u64(r) : INT64_MAX); break;
    case COLUMN_TIMESTAMP: c->v.i64[i] = (int64_t)(x % 4000000000000000); break;
    case COLUMN_DOUBLE: c->v.f64[i] = x % 6 ? (double)(int64_t)rng_u64(r) / 1e15 : -0.0; break;
    case COLUMN_DOUBLES:
        for (uint32_t j = 0; j < c->width; j++)
            c->v.f64[i * c->width + j] = rng_below(r, 5) ? (double)(x % 36000) / 100 - 180 : NAN;
        break;
    case COLUMN_STRING:
        if (c->coded)
            c->v.code[i] = (uint32_t)(x % 7);
        else
            c->v.text[i] = x % 3 == 0 ? arena_dup(a, str_of(sink_table_texts[x % 7])) : arena_f(a, "id-%llu", (unsigned long long)rng_below(r, 1000));
        break;
    }
}

/* id (long, never null), ind (int, never null), text, on, number, at, big, kind (coded), coordinates. */
static inline struct table *sink_table_make(size_t rows, uint64_t seed, struct arena *a)
{
    static const struct { const char *name; enum column_type type; } columns[] = {
        { "id", COLUMN_LONG }, { "ind", COLUMN_INT }, { "text", COLUMN_STRING }, { "on", COLUMN_BOOLEAN }, { "number", COLUMN_DOUBLE },
        { "at", COLUMN_TIMESTAMP }, { "big", COLUMN_LONG }, { "kind", COLUMN_STRING }, { "coordinates", COLUMN_DOUBLES },
    };
    struct rng r;
    rng_seed(&r, seed);
    struct table *t = ARENA_NEW(a, struct table);
    t->name = S("every");
    t->n_columns = 9;
    t->n_rows = t->cap_rows = rows;
    t->columns = ARENA_ARRAY(a, struct column, 9);
    for (size_t k = 0; k < 9; k++) {
        struct column *c = &t->columns[k];
        sink_table_column(c, columns[k].name, columns[k].type, rows, a);
        if (k == 7) {
            c->coded = true;
            c->dictionary.n = 7;
            c->dictionary.text = ARENA_ARRAY(a, struct str, 7);
            for (size_t i = 0; i < 7; i++)
                c->dictionary.text[i] = str_of(sink_table_texts[i]);
        }
        for (size_t i = 0; i < rows; i++) {
            c->null[i] = k > 1 && rng_below(&r, 100) < (seed % 2 ? 12 : 0);
            if (!c->null[i])
                sink_table_cell(c, i, &r, a);
            else if (c->coded)
                c->v.code[i] = CODE_NULL;
        }
    }
    for (size_t i = 0; i < rows; i++)
        t->columns[0].v.i64[i] = (int64_t)(seed * 1000000 + i);
    return t;
}

static inline struct str sink_table_lines(const struct table *t, struct arena *a)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < t->n_rows; i++)
        table_put_jsonl(t, i, &out);
    struct str text = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

#endif
