/* stream_fold.c - one joined row into the groups of one question: let, where, group_by, aggregate.
 *
 * Groups only grow, so a count, a sum and an extreme are numbers, a median is two heaps with the middle between them, and
 * distinct values are a set.
 */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

/* ---- binding a question to the store ---- */

static int bind_column(struct question *x, struct store *s, size_t table, size_t column, size_t *ret, struct err *e)
{
    return stream_store_column(s, x->tables[table], column, ret, e);
}

int stream_fold_bind(struct question *x, struct store *s, struct err *e)
{
    const struct query *q = x->q;
    for (size_t t = 0; t < q->n_tables; t++)
        if ((x->tables[t] = stream_store_table(s, q->tables[t])) == STR_NONE)
            return err_set(e, 0, "STREAM_TABLE", STR_F " asks about table " STR_F ", which no stream brings", STR_A(q->name), STR_A(q->tables[t]->name));
    for (size_t f = 0; f < q->n_fields; f++)
        if (q->fields[f].kind == FIELD_COLUMN && bind_column(x, s, q->fields[f].table, q->fields[f].column, &x->cells[f], e))
            return -1;
    for (size_t k = 1; k < q->n_tables; k++) {
        const struct join *j = &q->joins[k];
        if (bind_column(x, s, j->left_table, j->left_column, &x->join_cells[k][0], e) || bind_column(x, s, k, j->right_column, &x->join_cells[k][1], e))
            return -1;
        stream_store_index(s, x->tables[j->left_table], x->join_cells[k][0]);
        stream_store_index(s, x->tables[k], x->join_cells[k][1]);
    }
    return 0;
}

/* ---- values ---- */

struct value stream_fold_value(const struct joined *j, size_t field)
{
    const struct field *f = &j->question->q->fields[field];
    union kept kept;
    if (f->kind == FIELD_COLUMN) {
        if (!stream_store_cell(j->store, j->question->tables[f->table], j->rows[f->table], j->question->cells[field], &kept))
            return (struct value){ .null = true };
        return f->type == COLUMN_STRING ? (struct value){ .text = kept.word->text } : (struct value){ .number = kept.number };
    }
    struct value v = stream_fold_value(j, f->of);
    if (v.null)
        return v;
    if (f->kind == FIELD_YEAR) {
        v.number = clock_civil(v.number / 1000 - (v.number % 1000 < 0)).year;
        return v;
    }
    for (size_t w = 0; w < f->n_when; w++)
        if (v.number >= f->when[w].low && v.number <= f->when[w].high)
            return (struct value){ .number = (int64_t)w, .text = f->when[w].value };
    return (struct value){ .null = true };
}

static bool holds(const struct condition *w, const struct value *v)
{
    if (w->kind == CONDITION_ALWAYS)
        return true;
    if (w->kind == CONDITION_NULL)
        return v->null == w->null;
    for (size_t k = 0; k < w->n && !v->null; k++)
        if (w->kind == CONDITION_TEXTS ? str_eq(v->text, w->texts[k]) : v->number >= w->ranges[k].low && v->number <= w->ranges[k].high)
            return true;
    return false;
}

/* ---- totals ---- */

static void sift_down(struct heap *h, size_t i)
{
    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && h->v[child + 1] < h->v[child])
            child++;
        if (h->v[i] <= h->v[child])
            return;
        int64_t swap = h->v[i];
        h->v[i] = h->v[child];
        h->v[child] = swap;
    }
}

void stream_fold_heap_push(struct heap *h, int64_t v)
{
    if (h->n == h->cap)
        h->v = mem_grow(h->v, (h->cap = h->cap ? h->cap * 2 : 16) * sizeof *h->v);
    size_t i = h->n++;
    for (; i && h->v[(i - 1) / 2] > v; i = (i - 1) / 2)
        h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = v;
}

static int64_t heap_pop(struct heap *h)
{
    int64_t least = h->v[0];
    h->v[0] = h->v[--h->n];
    sift_down(h, 0);
    return least;
}

/* The lower half has as many values as the upper one, or one more. ~x turns the order of numbers round. */
static void add_to_median(struct total *t, int64_t v)
{
    if (t->low.n == 0 || v <= ~t->low.v[0])
        stream_fold_heap_push(&t->low, ~v);
    else
        stream_fold_heap_push(&t->high, v);
    if (t->low.n > t->high.n + 1)
        stream_fold_heap_push(&t->high, ~heap_pop(&t->low));
    else if (t->low.n < t->high.n)
        stream_fold_heap_push(&t->low, ~heap_pop(&t->high));
}

static void put_key(struct buf *out, const struct field *f, const struct value *v)
{
    uint32_t n = (uint32_t)v->text.n;
    buf_c(out, v->null ? 0 : 1);
    if (v->null)
        return;
    if (f->kind == FIELD_COLUMN && f->type == COLUMN_STRING) {
        buf_add(out, &n, sizeof n);
        buf_str_add(out, v->text);
    } else {
        buf_add(out, &v->number, sizeof v->number);
    }
}

static void add_distinct(struct total *t, const struct field *f, const struct value *v)
{
    struct buf key = BUF_INIT;
    if (!t->distinct)
        t->distinct = mem_zero(sizeof *t->distinct);
    put_key(&key, f, v);
    if (!map_get(t->distinct, buf_str(&key)))
        map_put(t->distinct, buf_str(&key), t);
    t->number = (int64_t)t->distinct->n_live;
    buf_release(&key);
}

static void add_sum(struct total *t, enum column_type type, int64_t v)
{
    if (type == COLUMN_DOUBLE)
        t->real += vector_to_double(v);
    else if (__builtin_add_overflow(t->number, v, &t->number))
        t->number = v < 0 ? INT64_MIN : INT64_MAX; /* stays there: better than another sign */
}

static void add(const struct question *x, size_t k, struct total *t, const struct joined *j)
{
    const struct aggregate *g = &x->q->aggregates[k];
    struct value v = { 0 };
    if (x->kinds[k] != FOLD_ROWS && (v = stream_fold_value(j, g->field)).null)
        return;
    switch (x->kinds[k]) {
    case FOLD_ROWS:
    case FOLD_COUNT: t->number++; break;
    case FOLD_MAX: t->number = !t->any || v.number > t->number ? v.number : t->number; break;
    case FOLD_MIN: t->number = !t->any || v.number < t->number ? v.number : t->number; break;
    case FOLD_MEDIAN: add_to_median(t, v.number); break;
    case FOLD_SUM: add_sum(t, x->q->fields[g->field].type, v.number); break;
    case FOLD_DISTINCT: add_distinct(t, &x->q->fields[g->field], &v); break;
    }
    t->any = true;
}

/* ---- groups ---- */

static struct value keep_value(struct groups *g, const struct question *x, size_t k, const struct value *v)
{
    struct value kept = *v;
    if (x->q->fields[x->q->group_by[k]].kind == FIELD_COLUMN && v->text.p)
        kept.text = arena_dup(&g->arena, v->text);
    return kept;
}

struct group *stream_fold_group(struct groups *g, const struct question *x, const struct value *keys)
{
    struct buf key = BUF_INIT;
    for (size_t k = 0; k < x->q->n_group_by; k++)
        put_key(&key, &x->q->fields[x->q->group_by[k]], &keys[k]);
    struct group *group = map_get(&g->by_key, buf_str(&key));
    if (!group) {
        group = ARENA_NEW(&g->arena, struct group);
        group->keys = ARENA_ARRAY(&g->arena, struct value, x->q->n_group_by + 1);
        group->totals = ARENA_ARRAY(&g->arena, struct total, x->q->n_aggregates + 1);
        for (size_t k = 0; k < x->q->n_group_by; k++)
            group->keys[k] = keep_value(g, x, k, &keys[k]);
        map_put(&g->by_key, buf_str(&key), group);
    }
    buf_release(&key);
    return group;
}

void stream_fold_into(struct groups *g, const struct question *x, const struct joined *j)
{
    struct value keys[QUERY_MAX_FIELDS];
    for (size_t k = 0; k < x->q->n_group_by; k++)
        keys[k] = stream_fold_value(j, x->q->group_by[k]);
    struct group *group = stream_fold_group(g, x, keys);
    for (size_t k = 0; k < x->q->n_aggregates; k++)
        add(x, k, &group->totals[k], j);
}

void stream_fold_row(struct stream *s, struct question *x, const struct joined *j, int64_t arrived_us)
{
    for (size_t w = 0; w < x->q->n_where; w++) {
        struct value v = { 0 };
        if (x->q->where[w].kind != CONDITION_ALWAYS)
            v = stream_fold_value(j, x->q->where[w].field);
        if (!holds(&x->q->where[w], &v))
            return;
    }
    if (x->window)
        stream_close_add(s, x->window, j, arrived_us);
    else
        stream_fold_into(&x->groups, x, j);
}

void stream_fold_groups_release(struct groups *g, const struct question *x)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&g->by_key, &i));) {
        struct group *group = entry->value;
        for (size_t k = 0; k < x->q->n_aggregates; k++) {
            free(group->totals[k].low.v);
            free(group->totals[k].high.v);
            if (group->totals[k].distinct)
                map_release(group->totals[k].distinct);
            free(group->totals[k].distinct);
        }
    }
    map_release(&g->by_key);
    arena_release(&g->arena);
}
