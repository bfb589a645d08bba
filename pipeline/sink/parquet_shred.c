/* parquet_shred.c - rows given as JSON, taken apart into columns: Dremel's record shredding.
 *
 * Source: the levels as apache/parquet-format README.md ("Nested Encoding") defines them.
 */
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/sink/parquet_write.h"

/* One leaf's levels and values so far; `kept_*` is where the row at hand began. */
struct parquet_builder {
    uint8_t *def, *rep;
    size_t n, cap, kept_n;
    char *cells;
    size_t n_cells, cap_cells, kept_cells, cell_bytes;
};

struct shred {
    struct parquet_writer *w;
    struct arena scratch; /* of this row */
    struct err *e;
};

/* Texts live until the row group is written: in an arena behind the builders. */
struct builders {
    struct arena texts;
    struct parquet_builder at[];
};

static struct builders *builders_of(struct parquet_writer *w)
{
    return (struct builders *)(void *)((char *)w->builders - offsetof(struct builders, at));
}

static void open_builders(struct parquet_writer *w)
{
    static const uint8_t bytes[] = { [PHYSICAL_BOOLEAN] = 1, [PHYSICAL_INT32] = 4, [PHYSICAL_INT64] = 8, [PHYSICAL_DOUBLE] = 8,
                                     [PHYSICAL_BYTES] = sizeof(struct str) };
    struct builders *b = mem_zero(sizeof *b + w->meta.n_leaves * sizeof b->at[0]);
    for (uint32_t i = 0; i < w->meta.n_leaves; i++)
        b->at[i].cell_bytes = bytes[w->meta.elements[w->meta.leaves[i]].physical];
    w->builders = b->at;
}

void parquet_shred_release(struct parquet_writer *w)
{
    if (!w->builders)
        return;
    for (uint32_t i = 0; i < w->meta.n_leaves; i++) {
        free(w->builders[i].def);
        free(w->builders[i].rep);
        free(w->builders[i].cells);
    }
    arena_release(&builders_of(w)->texts);
    free(builders_of(w));
    w->builders = NULL;
}

int parquet_shred_flush(struct parquet_writer *w, struct err *e)
{
    struct parquet_values *values = mem_zero(w->meta.n_leaves * sizeof *values + 1);
    for (uint32_t i = 0; i < w->meta.n_leaves; i++) {
        struct parquet_builder *b = &w->builders[i];
        bool lists = w->meta.elements[w->meta.leaves[i]].max_rep > 0;
        values[i] = (struct parquet_values){ .n_levels = b->n, .def = b->def, .rep = lists ? b->rep : NULL, .n = b->n_cells, .v.bits = (uint8_t *)b->cells };
    }
    int result = parquet_writer_group(w, values, w->n_rows, e);
    free(values);
    parquet_shred_release(w);
    w->n_rows = 0;
    return result;
}

/* ---- leaves ---- */

static void put_level(struct parquet_builder *b, unsigned def, unsigned rep)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 256;
        b->def = mem_grow(b->def, b->cap);
        b->rep = mem_grow(b->rep, b->cap);
    }
    b->def[b->n] = (uint8_t)def;
    b->rep[b->n++] = (uint8_t)rep;
}

static void put_cell(struct parquet_builder *b, const void *cell)
{
    if (b->n_cells == b->cap_cells) {
        b->cap_cells = b->cap_cells ? b->cap_cells * 2 : 256;
        b->cells = mem_grow(b->cells, b->cap_cells * b->cell_bytes);
    }
    memcpy(b->cells + b->n_cells++ * b->cell_bytes, cell, b->cell_bytes);
}

static int mismatch(struct shred *s, const struct parquet_field *f, struct json v)
{
    return err_set(s->e, 0, "PARQUET_TYPE", "column " STR_F ": '" STR_F "' is no %s", STR_A(f->name), STR_A(str_head(v.raw, 60)), parquet_kind_name(f->kind));
}

static int put_leaf(struct shred *s, const struct parquet_field *f, struct parquet_builder *b, struct json v)
{
    int64_t i = 0;
    double d = 0;
    switch (f->kind) {
    case PARQUET_BOOLEAN: {
        uint8_t bit = v.type == JSON_TRUE;
        if (v.type != JSON_TRUE && v.type != JSON_FALSE)
            return mismatch(s, f, v);
        return put_cell(b, &bit), 0;
    }
    case PARQUET_INT:
    case PARQUET_LONG:
    case PARQUET_TIMESTAMP: {
        if (v.type != JSON_NUMBER || !str_to_i64(v.raw, &i) || (f->kind == PARQUET_INT && (i < INT32_MIN || i > INT32_MAX)))
            return mismatch(s, f, v);
        int32_t narrow = (int32_t)i;
        return put_cell(b, f->kind == PARQUET_INT ? (void *)&narrow : (void *)&i), 0;
    }
    case PARQUET_DOUBLE:
        if (v.type != JSON_NUMBER || !str_to_double(v.raw, &d))
            return mismatch(s, f, v);
        return put_cell(b, &d), 0;
    default: {
        if (v.type != JSON_STRING)
            return mismatch(s, f, v);
        struct str text = arena_dup(&builders_of(s->w)->texts, json_text(v, &s->scratch));
        return put_cell(b, &text), 0;
    }
    }
}

static void put_absent(struct shred *s, const struct parquet_element *el, unsigned def, unsigned rep)
{
    for (uint32_t i = el->leaf; i < el->leaf + el->n_leaves; i++)
        put_level(&s->w->builders[i], def, rep);
}

/* ---- nesting ---- */

static int shred_value(struct shred *s, const struct parquet_field *f, uint32_t at, struct json v, unsigned rep);

static int shred_list(struct shred *s, const struct parquet_field *f, uint32_t at, struct json v, unsigned rep)
{
    const struct parquet_element *el = &s->w->meta.elements[at];
    struct json_reader r;
    struct json item;
    size_t n = 0;
    if (v.type != JSON_ARRAY)
        return mismatch(s, f, v);
    json_open(&r, v.raw);
    json_enter(&r, JSON_ARRAY);
    for (; json_element(&r) == 1 && json_read(&r, &item) == 0; n++)
        if (shred_value(s, &f->children[0], at + 2, item, n ? el[1].max_rep : rep))
            return -1;
    if (n == 0)
        put_absent(s, el, el->max_def, rep);
    return 0;
}

static int shred_map(struct shred *s, const struct parquet_field *f, uint32_t at, struct json v, unsigned rep)
{
    const struct parquet_element *el = &s->w->meta.elements[at];
    struct json_reader r;
    struct json item;
    struct str key;
    size_t n = 0;
    if (v.type != JSON_OBJECT)
        return mismatch(s, f, v);
    json_open(&r, v.raw);
    json_enter(&r, JSON_OBJECT);
    for (; json_member(&r, &key) == 1 && json_read(&r, &item) == 0; n++) {
        struct json k = { .type = JSON_STRING, .raw = key, .escaped = str_chr(key, '\\') != STR_NONE };
        unsigned level = n ? el[1].max_rep : rep;
        if (shred_value(s, &f->children[0], at + 2, k, level) ||
            shred_value(s, &f->children[1], s->w->meta.elements[at + 2].next, item, level))
            return -1;
    }
    if (n == 0)
        put_absent(s, el, el->max_def, rep);
    return 0;
}

static int shred_members(struct shred *s, const struct parquet_field *children, size_t n, uint32_t at, struct str object, unsigned rep)
{
    struct json *values = ARENA_ARRAY(&s->scratch, struct json, n + 1);
    struct json_reader r;
    struct str key;
    json_open(&r, object);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1) {
        size_t i = 0;
        struct json name = { .type = JSON_STRING, .raw = key, .escaped = str_chr(key, '\\') != STR_NONE };
        struct str text = json_text(name, &s->scratch);
        while (i < n && !str_eq(children[i].name, text))
            i++;
        if (i == n)
            return err_set(s->e, 0, "PARQUET_TYPE", "the row has a member '" STR_F "' and the file no such column", STR_A(text));
        json_read(&r, &values[i]);
    }
    if (json_close(&r))
        return err_set(s->e, 0, "PARQUET_TYPE", "the row is no JSON object: " STR_F, STR_A(json_where(&r, &s->scratch)));
    uint32_t child = at + 1;
    for (size_t i = 0; i < n; i++, child = s->w->meta.elements[child].next) {
        if (!values[i].type)
            values[i].type = JSON_NULL;
        if (shred_value(s, &children[i], child, values[i], rep))
            return -1;
    }
    return 0;
}

static int shred_value(struct shred *s, const struct parquet_field *f, uint32_t at, struct json v, unsigned rep)
{
    const struct parquet_element *el = &s->w->meta.elements[at];
    if (v.type == JSON_NULL) {
        if (f->required)
            return err_set(s->e, 0, "PARQUET_TYPE", "column " STR_F " may not be null", STR_A(f->name));
        put_absent(s, el, el->max_def - 1u, rep);
        return 0;
    }
    switch (f->kind) {
    case PARQUET_LIST: return shred_list(s, f, at, v, rep);
    case PARQUET_MAP: return shred_map(s, f, at, v, rep);
    case PARQUET_STRUCT:
        return v.type == JSON_OBJECT ? shred_members(s, f->children, f->n_children, at, v.raw, rep) : mismatch(s, f, v);
    default:
        put_level(&s->w->builders[el->leaf], el->max_def, rep);
        return put_leaf(s, f, &s->w->builders[el->leaf], v);
    }
}

int parquet_writer_json(struct parquet_writer *w, struct str object, struct err *e)
{
    struct shred s = { .w = w, .e = e };
    if (!w->builders)
        open_builders(w);
    for (uint32_t i = 0; i < w->meta.n_leaves; i++) {
        w->builders[i].kept_n = w->builders[i].n;
        w->builders[i].kept_cells = w->builders[i].n_cells;
    }
    int result = shred_members(&s, w->fields, w->n_fields, 0, object, 0);
    for (uint32_t i = 0; i < w->meta.n_leaves && result; i++) { /* a refused row leaves nothing behind */
        w->builders[i].n = w->builders[i].kept_n;
        w->builders[i].n_cells = w->builders[i].kept_cells;
    }
    arena_release(&s.scratch);
    if (result)
        return -1;
    return ++w->n_rows >= w->options.row_group_rows ? parquet_shred_flush(w, e) : 0;
}
