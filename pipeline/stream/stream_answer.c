/* stream_answer.c - groups as an answer: top, order_by, the cells. The same as pipeline/analytics makes of all rows at once. */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

struct answering {
    const struct question *x;
    struct group **kept;
    size_t n;
};

/* ---- values of groups ---- */

static double number_of(int64_t v, enum column_type type) { return type == COLUMN_DOUBLE ? vector_to_double(v) : (double)v; }

static int64_t median_of(const struct aggregate *g, enum column_type type, const struct total *t)
{
    int64_t low = ~t->low.v[0];
    if (!g->interpolated)
        return low;
    double a = number_of(low, type), b = t->high.n == t->low.n ? number_of(t->high.v[0], type) : a;
    return vector_of_double(a + (b - a) / 2);
}

/* As totals of analytics/aggregate.h: a double as vector_of_double has it. */
static struct value total_of(const struct question *x, const struct group *g, size_t k)
{
    const struct total *t = &g->totals[k];
    const struct aggregate *a = &x->q->aggregates[k];
    enum fold_kind kind = x->kinds[k];
    bool counts = kind == FOLD_ROWS || kind == FOLD_COUNT || kind == FOLD_DISTINCT;
    struct value v = { .null = !counts && !t->any };
    if (v.null)
        return v;
    enum column_type of = counts ? COLUMN_LONG : x->q->fields[a->field].type;
    v.number = kind == FOLD_MEDIAN ? median_of(a, of, t) : kind == FOLD_SUM && of == COLUMN_DOUBLE ? vector_of_double(t->real) : t->number;
    return v;
}

/* Null first. */
static int compare_totals(const struct question *x, const struct group *a, const struct group *b, size_t k)
{
    struct value u = total_of(x, a, k), v = total_of(x, b, k);
    if (u.null || v.null)
        return v.null - u.null;
    return (u.number > v.number) - (u.number < v.number);
}

/* Null first; texts by bytes; a case by its entries. */
static int compare_keys(const struct question *x, const struct group *a, const struct group *b, size_t k)
{
    const struct value *u = &a->keys[k], *v = &b->keys[k];
    const struct field *f = &x->q->fields[x->q->group_by[k]];
    if (u->null || v->null)
        return v->null - u->null;
    if (f->kind == FIELD_COLUMN && f->type == COLUMN_STRING)
        return str_cmp(u->text, v->text);
    return (u->number > v->number) - (u->number < v->number);
}

/* ---- top ---- */

/* By the keys; a name comes before none. */
static int break_tie(const struct question *x, const struct group *a, const struct group *b)
{
    for (size_t k = 0; k < x->q->n_group_by; k++) {
        if (a->keys[k].null != b->keys[k].null)
            return b->keys[k].null ? -1 : 1;
        int order = compare_keys(x, a, b, k);
        if (order)
            return order;
    }
    return 0;
}

static int compare_per(const struct question *x, const struct group *a, const struct group *b)
{
    int order = 0;
    for (size_t k = 0; k < x->q->top.n_per && !order; k++)
        order = compare_keys(x, a, b, x->q->top.per[k]);
    return order;
}

static int by_per_and_greatness(const void *a, const void *b, void *question)
{
    const struct question *x = question;
    const struct group *g = *(struct group *const *)a, *h = *(struct group *const *)b;
    int order = compare_per(x, g, h);
    order = order ? order : compare_totals(x, h, g, x->q->top.by);
    return order ? order : break_tie(x, g, h);
}

static void keep_top(struct answering *w)
{
    const struct group *best = NULL;
    size_t kept = 0;
    qsort_r(w->kept, w->n, sizeof *w->kept, by_per_and_greatness, (void *)(uintptr_t)w->x);
    for (size_t i = 0; i < w->n; i++) {
        bool first = !best || compare_per(w->x, best, w->kept[i]);
        if (first)
            best = w->kept[i];
        if (first || (w->x->q->top.all && compare_totals(w->x, best, w->kept[i], w->x->q->top.by) == 0))
            w->kept[kept++] = w->kept[i];
    }
    w->n = kept;
}

/* ---- order and cells ---- */

static int by_order(const void *a, const void *b, void *question)
{
    const struct question *x = question;
    const struct group *g = *(struct group *const *)a, *h = *(struct group *const *)b;
    for (size_t i = 0; i < x->q->n_order_by; i++) {
        const struct order *o = &x->q->order_by[i];
        int order = o->output < x->q->n_group_by ? compare_keys(x, g, h, o->output) : compare_totals(x, g, h, o->output - x->q->n_group_by);
        if (order)
            return o->descending ? -order : order;
    }
    return 0;
}

static struct cell cell_of(struct result *r, const struct value *v, enum column_type type)
{
    struct cell c = { .null = v->null };
    if (v->null)
        return c;
    if (type == COLUMN_STRING)
        c.text = arena_dup(&r->arena, v->text);
    else if (type == COLUMN_DOUBLE)
        c.d = vector_to_double(v->number);
    else
        c.i = v->number;
    return c;
}

static struct result *cells_of(const struct answering *w, const struct open_window *window, int64_t size_us)
{
    const struct question *x = w->x;
    const struct query *q = x->q;
    size_t head = window ? 2 : 0, n = head + q->n_group_by + q->n_aggregates;
    struct result *r = mem_zero(sizeof *r);
    r->name = arena_dup(&r->arena, q->name);
    r->n_columns = n;
    r->n_rows = w->n;
    r->columns = ARENA_ARRAY(&r->arena, struct result_column, n + 1);
    r->cells = ARENA_ARRAY(&r->arena, struct cell, n * w->n + 1);
    for (size_t k = 0; k < n; k++) {
        bool bound = k < head, key = !bound && k - head < q->n_group_by;
        size_t i = bound ? 0 : key ? k - head : k - head - q->n_group_by;
        const struct field *f = key ? &q->fields[q->group_by[i]] : NULL;
        struct result_column *c = &r->columns[k];
        c->name = bound ? (k ? S("window_end") : S("window_start")) : arena_dup(&r->arena, key ? f->name : q->aggregates[i].name);
        c->type = bound ? COLUMN_TIMESTAMP : key ? f->type : x->types[i];
        for (size_t row = 0; row < w->n; row++) {
            struct value v = bound ? (struct value){ .number = window->start_us + (k ? size_us : 0) } :
                             key   ? w->kept[row]->keys[i] : total_of(x, w->kept[row], i);
            r->cells[row * n + k] = cell_of(r, &v, c->type);
        }
    }
    return r;
}

struct result *stream_answer_of(const struct question *x, const struct groups *g, const struct open_window *window)
{
    static const struct group nothing;
    struct answering w = { .x = x, .kept = mem_alloc((g->by_key.n_live + 1) * sizeof *w.kept) };
    struct total none[QUERY_MAX_FIELDS] = { 0 };
    struct group all = nothing;
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&g->by_key, &i));)
        w.kept[w.n++] = entry->value;
    all.totals = none;
    if (!w.n && !x->q->n_group_by) /* everything is one group, even nothing */
        w.kept[w.n++] = &all;
    if (x->q->top.on)
        keep_top(&w);
    qsort_r(w.kept, w.n, sizeof *w.kept, by_order, (void *)(uintptr_t)x);
    struct result *r = cells_of(&w, window, x->window ? x->window->size_us : 0);
    free(w.kept);
    return r;
}

/* ---- rows as JSON ---- */

void stream_put_row(const struct result *r, size_t row, struct buf *out)
{
    for (size_t k = 0; k < r->n_columns; k++) {
        const struct cell *c = result_cell(r, row, k);
        enum column_type type = r->columns[k].type;
        bool quoted = type == COLUMN_TIMESTAMP;
        buf_z(out, k ? "," : "");
        json_put_text(out, r->columns[k].name);
        buf_c(out, ':');
        if (c->null) {
            buf_z(out, "null");
        } else if (type == COLUMN_STRING) {
            json_put_text(out, c->text);
        } else {
            buf_z(out, quoted ? "\"" : "");
            result_put_cell(r, row, k, out);
            buf_z(out, quoted ? "\"" : "");
        }
    }
}
