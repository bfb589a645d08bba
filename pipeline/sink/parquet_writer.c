/* parquet_writer.c - the file: magic, row groups, footer; and the columns of a table as row groups. */
#include <math.h>
#include <stdlib.h>

#include "pipeline/sink/parquet_write.h"

enum { ROW_GROUP_ROWS = 1000000 };

struct parquet_writer *parquet_writer_open(const struct parquet_field *fields, size_t n_fields, const struct parquet_options *o,
                                           struct buf *out, struct err *e)
{
    struct parquet_writer *w = mem_zero(sizeof *w);
    if (o)
        w->options = *o;
    if (!w->options.row_group_rows)
        w->options.row_group_rows = ROW_GROUP_ROWS;
    w->out = out;
    w->fields = fields;
    w->n_fields = n_fields;
    w->compressor = parquet_codec_open(w->options.codec, w->options.level);
    if (parquet_schema_elements(fields, n_fields, &w->arena, &w->meta, e)) {
        parquet_writer_close(w);
        return NULL;
    }
    w->drained = (uint64_t)0 - out->n; /* offsets count from the magic */
    w->meta.created_by = S("weirbox version " WEIRBOX_VERSION);
    buf_z(out, "PAR1");
    return w;
}

void parquet_writer_close(struct parquet_writer *w)
{
    if (!w)
        return;
    parquet_shred_release(w);
    parquet_codec_close(w->compressor);
    buf_release(&w->page);
    buf_release(&w->packed);
    arena_release(&w->arena);
    free(w->meta.groups);
    free(w);
}

void parquet_writer_drained(struct parquet_writer *w, size_t bytes) { w->drained += bytes; }

int parquet_writer_group(struct parquet_writer *w, const struct parquet_values *values, size_t n_rows, struct err *e)
{
    struct parquet_group_meta g = { .n_rows = (int64_t)n_rows, .offset = (int64_t)(w->drained + w->out->n) };
    g.chunks = ARENA_ARRAY(&w->arena, struct parquet_chunk_meta, w->meta.n_leaves + 1);
    for (uint32_t i = 0; i < w->meta.n_leaves; i++) {
        if (parquet_pages_put(w, &w->meta.elements[w->meta.leaves[i]], &values[i], &g.chunks[i], e))
            return -1;
        g.bytes += g.chunks[i].uncompressed_bytes;
        g.compressed_bytes += g.chunks[i].compressed_bytes;
    }
    if (w->meta.n_groups == w->cap_groups) {
        w->cap_groups = w->cap_groups ? w->cap_groups * 2 : 8;
        w->meta.groups = mem_grow(w->meta.groups, w->cap_groups * sizeof *w->meta.groups);
    }
    w->meta.groups[w->meta.n_groups++] = g;
    w->meta.n_rows += g.n_rows;
    return 0;
}

int parquet_writer_end(struct parquet_writer *w, struct err *e)
{
    if (w->n_rows && parquet_shred_flush(w, e))
        return -1;
    size_t at = w->out->n;
    parquet_meta_write(&w->meta, w->out);
    uint32_t length = (uint32_t)(w->out->n - at);
    buf_add(w->out, &length, 4);
    buf_z(w->out, "PAR1");
    return w->out->full ? err_set(e, 0, "PARQUET_TOO_LARGE", "the file passes the ceiling of %zu bytes", w->out->max) : 0;
}

/* ---- tables ---- */

/* The present values of a column without gaps, and its levels. What had to be copied is in the two memories. */
struct gathered {
    struct parquet_values values;
    void *levels, *cells;
};

static size_t count_nulls(const uint8_t *null, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += null[i] != 0;
    return sum;
}

#define COMPACT(type, array)                                                                                           \
    do {                                                                                                               \
        const type *in_ = (array);                                                                                     \
        type *out_ = g->cells = mem_alloc((n + 1) * sizeof *out_);                                                     \
        size_t k_ = 0;                                                                                                 \
        for (size_t i = 0; i < n; i++) {                                                                               \
            out_[k_] = in_[i];                                                                                         \
            k_ += !null[i];                                                                                            \
        }                                                                                                              \
    } while (0)

static void compact(struct gathered *g, const struct column *c, size_t from, size_t n)
{
    const uint8_t *null = c->null + from;
    struct parquet_values *v = &g->values;
    if (c->coded) {
        COMPACT(uint32_t, c->v.code + from);
        v->code = g->cells;
    } else if (c->type == COLUMN_STRING) {
        COMPACT(struct str, c->v.text + from);
        v->v.text = g->cells;
    } else if (c->type == COLUMN_INT) {
        COMPACT(int32_t, c->v.i32 + from);
        v->v.i32 = g->cells;
    } else {
        COMPACT(int64_t, c->v.i64 + from);
        v->v.i64 = g->cells;
    }
}

static void gather_flat(struct gathered *g, const struct column *c, size_t from, size_t n)
{
    struct parquet_values *v = &g->values;
    size_t nulls = count_nulls(c->null + from, n);
    v->n_levels = n;
    v->n = n - nulls;
    if (c->coded) {
        v->code = c->v.code + from;
        v->texts = c->dictionary.text;
        v->n_texts = c->dictionary.n;
    } else if (c->type == COLUMN_STRING) {
        v->v.text = c->v.text + from;
    } else if (c->type == COLUMN_INT) {
        v->v.i32 = c->v.i32 + from;
    } else {
        v->v.i64 = c->v.i64 + from;
    }
    if (nulls) {
        uint8_t *def = g->levels = mem_alloc(n);
        for (size_t i = 0; i < n; i++)
            def[i] = !c->null[from + i];
        v->def = def;
        compact(g, c, from, n);
    }
}

static void gather_booleans(struct gathered *g, const struct column *c, size_t from, size_t n)
{
    uint8_t *def = g->levels = mem_alloc(n + 1), *bits = g->cells = mem_alloc(n + 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        def[i] = !c->null[from + i];
        bits[k] = c->v.i32[from + i] != 0;
        k += def[i];
    }
    g->values = (struct parquet_values){ .n_levels = n, .def = def, .n = k, .v.bits = bits };
}

/* optional list<optional double>: 0 null list, 1 empty, 2 null element, 3 value. */
static void gather_lists(struct gathered *g, const struct column *c, size_t from, size_t n)
{
    size_t most = n * (c->width ? c->width : 1) + 1, levels = 0, k = 0;
    uint8_t *def = g->levels = mem_alloc(2 * most), *rep = def + most;
    double *out = g->cells = mem_alloc(most * sizeof *out);
    for (size_t i = from; i < from + n; i++) {
        const double *cell = &c->v.f64[i * c->width];
        bool list = !c->null[i] && c->width > 0;
        if (!list) {
            def[levels] = !c->null[i];
            rep[levels++] = 0;
        }
        for (uint32_t j = 0; list && j < c->width; j++) {
            def[levels] = isnan(cell[j]) ? 2 : 3;
            rep[levels++] = j > 0;
            out[k] = cell[j];
            k += !isnan(cell[j]);
        }
    }
    g->values = (struct parquet_values){ .n_levels = levels, .def = def, .rep = rep, .n = k, .v.f64 = out };
}

static int put_rows(struct parquet_writer *w, const struct table *t, size_t from, size_t n, struct err *e)
{
    struct gathered *g = mem_zero(t->n_columns * sizeof *g + 1);
    struct parquet_values *values = mem_zero(t->n_columns * sizeof *values + 1);
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (c->type == COLUMN_DOUBLES)
            gather_lists(&g[i], c, from, n);
        else if (c->type == COLUMN_BOOLEAN)
            gather_booleans(&g[i], c, from, n);
        else
            gather_flat(&g[i], c, from, n);
        values[i] = g[i].values;
    }
    int result = parquet_writer_group(w, values, n, e);
    for (size_t i = 0; i < t->n_columns; i++) {
        free(g[i].levels);
        free(g[i].cells);
    }
    free(g);
    free(values);
    return result;
}

int parquet_writer_table(struct parquet_writer *w, const struct table *t, size_t from, size_t n, struct err *e)
{
    if (w->meta.n_leaves != t->n_columns)
        return err_set(e, 0, "PARQUET_TYPE", "table " STR_F " has %zu columns, the file %u", STR_A(t->name), t->n_columns, w->meta.n_leaves);
    while (n) {
        size_t k = n < w->options.row_group_rows ? n : w->options.row_group_rows;
        if (put_rows(w, t, from, k, e))
            return -1;
        from += k;
        n -= k;
    }
    return 0;
}
