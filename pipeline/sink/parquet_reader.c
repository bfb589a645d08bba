/* parquet_reader.c - rows put together from columns: Dremel's record assembly, printed as JSON.
 *
 * The wanted fields are bound to the file's schema once, as a tree of nodes. Every node knows below which definition
 * level it is null; a list also below which it is empty, and at which repetition level its next element comes.
 */
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/sink/parquet_read.h"

struct node {
    const struct parquet_field *field;
    const struct parquet_element *el; /* NULL: the file has no such column */
    parquet_print *print;             /* leaves */
    unsigned null_below, empty_below, repeats_at;
    size_t first, end; /* cursors below */
    struct node *children;
    size_t n_children;
};

struct parquet_reader {
    const struct parquet_file *file;
    struct arena arena;
    struct node root;
    uint32_t *leaf; /* of each cursor */
    struct parquet_cursor *cursors;
    size_t n_cursors, cap_cursors;
    size_t group;
    int64_t rows_left; /* in this group */
    bool open;         /* the cursors are */
    uint64_t row;
    bool failed;
    struct buf text; /* map keys */
};

/* ---- binding ---- */

static int wrong_type(struct parquet_reader *r, const struct parquet_field *f, struct err *e)
{
    return err_set(e, 0, "PARQUET_TYPE", STR_F ": column " STR_F " is of another type than the %s that is asked for", STR_A(r->file->name),
                   STR_A(f->name), parquet_kind_name(f->kind));
}

static void add_cursor(struct parquet_reader *r, uint32_t leaf)
{
    if (r->n_cursors == r->cap_cursors) {
        r->cap_cursors = r->cap_cursors ? r->cap_cursors * 2 : 32;
        r->leaf = mem_grow(r->leaf, r->cap_cursors * sizeof *r->leaf);
    }
    r->leaf[r->n_cursors++] = leaf;
}

static int bind(struct parquet_reader *r, struct node *n, const struct parquet_field *f, uint32_t at, bool inner, struct err *e);

static bool is_column(const struct parquet_element *el, const struct parquet_field *f)
{
    return f->id ? el->field_id == f->id : str_eq(el->name, f->physical.n ? f->physical : f->name);
}

static int bind_members(struct parquet_reader *r, struct node *n, const struct parquet_field *fields, size_t n_fields, uint32_t at, struct err *e)
{
    const struct parquet_meta *m = &r->file->meta;
    n->children = ARENA_ARRAY(&r->arena, struct node, n_fields + 1);
    n->n_children = n_fields;
    for (size_t i = 0; i < n_fields; i++) {
        uint32_t child = at + 1, k = 0;
        for (; k < m->elements[at].n_children && !is_column(&m->elements[child], &fields[i]); k++)
            child = m->elements[child].next;
        n->children[i] = (struct node){ .field = &fields[i], .first = r->n_cursors, .end = r->n_cursors };
        if (k < m->elements[at].n_children && !fields[i].constant.p && bind(r, &n->children[i], &fields[i], child, false, e))
            return -1;
    }
    return 0;
}

static int bind_list(struct parquet_reader *r, struct node *n, const struct parquet_field *f, uint32_t at, bool inner, struct err *e)
{
    const struct parquet_meta *m = &r->file->meta;
    const struct parquet_element *el = &m->elements[at], *repeated = el;
    uint32_t element = at;
    if (inner || el->repetition != REPETITION_REPEATED) {
        if (f->n_children != 1 || !parquet_schema_is_list(m, at))
            return wrong_type(r, f, e);
        repeated = el + 1;
        element = parquet_schema_list_element(m, at);
    } else {
        n->null_below = el->max_def - 1u; /* a bare repetition is never null */
    }
    n->empty_below = repeated->max_def;
    n->repeats_at = repeated->max_rep;
    n->children = ARENA_NEW(&r->arena, struct node);
    n->n_children = 1;
    return bind(r, n->children, &f->children[0], element, &m->elements[element] == repeated, e);
}

static int bind_map(struct parquet_reader *r, struct node *n, const struct parquet_field *f, uint32_t at, struct err *e)
{
    const struct parquet_meta *m = &r->file->meta;
    if (f->n_children != 2 || !parquet_schema_is_map(m, at))
        return wrong_type(r, f, e);
    n->empty_below = m->elements[at + 1].max_def;
    n->repeats_at = m->elements[at + 1].max_rep;
    n->children = ARENA_ARRAY(&r->arena, struct node, 2);
    n->n_children = 2;
    if (bind(r, &n->children[0], &f->children[0], at + 2, false, e))
        return -1;
    return bind(r, &n->children[1], &f->children[1], m->elements[at + 2].next, false, e);
}

static int bind_struct(struct parquet_reader *r, struct node *n, const struct parquet_field *f, uint32_t at, struct err *e)
{
    const struct parquet_element *el = &r->file->meta.elements[at];
    if (el->physical != PHYSICAL_GROUP)
        return wrong_type(r, f, e);
    if (bind_members(r, n, f->children, f->n_children, at, e))
        return -1;
    if (r->n_cursors == n->first && el->n_leaves) /* whether it is null must be seen from some leaf */
        add_cursor(r, el->leaf);
    return r->n_cursors > n->first ? 0 : err_set(e, 0, "PARQUET_UNSUPPORTED", STR_F ": column " STR_F " is a struct without columns", STR_A(r->file->name), STR_A(f->name));
}

static int bind(struct parquet_reader *r, struct node *n, const struct parquet_field *f, uint32_t at, bool inner, struct err *e)
{
    const struct parquet_element *el = &r->file->meta.elements[at];
    int result = 0;
    *n = (struct node){ .field = f, .el = el, .null_below = el->max_def, .first = r->n_cursors };
    if (f->kind == PARQUET_LIST)
        result = bind_list(r, n, f, at, inner, e);
    else if (!inner && el->repetition == REPETITION_REPEATED)
        result = wrong_type(r, f, e);
    else if (f->kind == PARQUET_MAP)
        result = bind_map(r, n, f, at, e);
    else if (f->kind == PARQUET_STRUCT)
        result = bind_struct(r, n, f, at, e);
    else if (el->physical == PHYSICAL_GROUP || !(n->print = parquet_print_for(el, f)))
        result = wrong_type(r, f, e);
    else
        add_cursor(r, el->leaf);
    n->end = r->n_cursors;
    return result;
}

/* ---- assembling ---- */

static int advance(struct parquet_reader *r, size_t from, size_t to, struct err *e)
{
    for (size_t i = from; i < to; i++)
        if (parquet_cursor_next(&r->cursors[i], e))
            return -1;
    return 0;
}

static int ends_early(struct parquet_reader *r, size_t cursor, struct err *e)
{
    return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": row %llu: column " STR_F " does not fit the others", STR_A(r->file->name),
                   (unsigned long long)r->row, STR_A(r->cursors[cursor].el->name));
}

static int put(struct parquet_reader *r, const struct node *n, struct buf *out, struct err *e);

static int put_members(struct parquet_reader *r, const struct node *n, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < n->n_children; i++) {
        if (i)
            buf_c(out, ',');
        json_put_text(out, n->children[i].field->name);
        buf_c(out, ':');
        if (put(r, &n->children[i], out, e))
            return -1;
    }
    return 0;
}

/* A map's key as a JSON text, whatever its type. */
static int put_key(struct parquet_reader *r, const struct node *n, struct buf *out, struct err *e)
{
    size_t at = out->n;
    if (put(r, n, out, e))
        return -1;
    if (out->full || (out->n > at && out->p[at] == '"'))
        return 0;
    buf_reset(&r->text);
    buf_add(&r->text, out->p + at, out->n - at);
    out->n = at;
    json_put_text(out, buf_str(&r->text));
    return 0;
}

static int put_repeated(struct parquet_reader *r, const struct node *n, struct buf *out, struct err *e)
{
    bool map = n->field->kind == PARQUET_MAP;
    const struct parquet_cursor *c = &r->cursors[n->first];
    buf_c(out, map ? '{' : '[');
    if (c->def < n->empty_below) {
        if (advance(r, n->first, n->end, e))
            return -1;
    } else {
        bool first = true;
        do {
            if (!first)
                buf_c(out, ',');
            first = false;
            if (map && put_key(r, &n->children[0], out, e))
                return -1;
            if (map)
                buf_c(out, ':');
            if (put(r, &n->children[map], out, e))
                return -1;
        } while (!c->done && c->rep == n->repeats_at && !out->full);
    }
    buf_c(out, map ? '}' : ']');
    return 0;
}

static int put(struct parquet_reader *r, const struct node *n, struct buf *out, struct err *e)
{
    if (!n->el) {
        buf_str_add(out, n->field->constant.p ? n->field->constant : S("null"));
        return 0;
    }
    for (size_t i = n->first; i < n->end; i++)
        if (r->cursors[i].done)
            return ends_early(r, i, e);
    const struct parquet_cursor *c = &r->cursors[n->first];
    if (c->def < n->null_below) {
        buf_z(out, "null");
        return advance(r, n->first, n->end, e);
    }
    if (n->field->kind == PARQUET_LIST || n->field->kind == PARQUET_MAP)
        return put_repeated(r, n, out, e);
    if (n->field->kind == PARQUET_STRUCT) {
        size_t below = n->first;
        buf_c(out, '{');
        if (put_members(r, n, out, e))
            return -1;
        buf_c(out, '}');
        for (size_t i = 0; i < n->n_children; i++)
            below = n->children[i].el ? n->children[i].end : below;
        return advance(r, below, n->end, e); /* the cursor that only shows whether it is null */
    }
    n->print(out, n->el, n->field, c->cell);
    return advance(r, n->first, n->end, e);
}

/* ---- rows ---- */

static void close_group(struct parquet_reader *r)
{
    for (size_t i = 0; i < r->n_cursors && r->open; i++)
        parquet_cursor_release(&r->cursors[i]);
    r->open = false;
}

static int open_group(struct parquet_reader *r, struct err *e)
{
    close_group(r);
    memset(r->cursors, 0, r->n_cursors * sizeof *r->cursors);
    r->open = true;
    r->rows_left = r->file->meta.groups[r->group].n_rows;
    for (size_t i = 0; i < r->n_cursors; i++)
        if (parquet_cursor_open(&r->cursors[i], r->file, r->group, r->leaf[i], e))
            return -1;
    r->group++;
    return 0;
}

/* Every row begins at repetition level 0 in every column. */
static int begins(struct parquet_reader *r, struct err *e)
{
    for (size_t i = 0; i < r->n_cursors; i++)
        if (!r->cursors[i].done && r->cursors[i].rep != 0)
            return ends_early(r, i, e);
    return 0;
}

int parquet_reader_members(struct parquet_reader *r, struct buf *out, struct err *e)
{
    if (r->failed)
        return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": broken before row %llu", STR_A(r->file->name), (unsigned long long)r->row);
    while (r->rows_left == 0) {
        if (r->group == r->file->meta.n_groups)
            return 0;
        if (open_group(r, e))
            return r->failed = true, -1;
    }
    if (begins(r, e) || put_members(r, &r->root, out, e))
        return r->failed = true, -1;
    r->rows_left--;
    r->row++;
    return out->full ? err_set(e, 0, "PARQUET_TOO_LARGE", STR_F ": row %llu passes the ceiling of %zu bytes", STR_A(r->file->name), (unsigned long long)r->row, out->max) : 1;
}

int parquet_reader_next(struct parquet_reader *r, struct buf *out, struct err *e)
{
    size_t at = out->n;
    buf_c(out, '{');
    int result = parquet_reader_members(r, out, e);
    if (result == 1)
        buf_c(out, '}');
    else
        out->n = at;
    return result;
}

struct parquet_reader *parquet_reader_open(const struct parquet_file *f, const struct parquet_field *fields, size_t n_fields, struct err *e)
{
    struct parquet_reader *r = mem_zero(sizeof *r);
    r->file = f;
    if (!fields) {
        fields = f->fields;
        n_fields = f->n_fields;
    }
    if (bind_members(r, &r->root, fields, n_fields, 0, e)) {
        parquet_reader_close(r);
        return NULL;
    }
    r->cursors = mem_zero((r->n_cursors + 1) * sizeof *r->cursors);
    return r;
}

void parquet_reader_close(struct parquet_reader *r)
{
    if (!r)
        return;
    close_group(r);
    free(r->cursors);
    free(r->leaf);
    buf_release(&r->text);
    arena_release(&r->arena);
    free(r);
}
