/* from, join -> rows of row numbers          join.c
 * where      -> fewer of them                analytics_where
 *               fewer still for a top by a max  analytics_greatest
 * group_by   -> a group number per row       vector.c
 * aggregate  -> one number per group         aggregate.c
 * top        -> the groups that are kept     analytics_top
 * order_by   -> their order, then the cells  analytics_answer
 */
#include <stdlib.h>

#include "pipeline/analytics/aggregate.h"
#include "pipeline/analytics/join.h"

struct analytics {
    struct arena arena;
    struct query **queries;
    size_t n;
};

static int analytics_compare(const void *a, const void *b)
{
    const struct query *x = *(struct query *const *)a, *y = *(struct query *const *)b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    return str_cmp(x->name, y->name);
}

struct analytics *analytics_open(const struct rules *r, struct err *e)
{
    struct analytics *a = mem_zero(sizeof *a);
    size_t n = 0;
    while (rules_query_doc(r, n))
        n++;
    a->arena = ARENA_INIT;
    a->queries = ARENA_ARRAY(&a->arena, struct query *, n + 1);
    for (; a->n < n; a->n++)
        if (!(a->queries[a->n] = query_compile(&a->arena, r, rules_query_doc(r, a->n), e))) {
            analytics_close(a);
            return NULL;
        }
    qsort(a->queries, n, sizeof *a->queries, analytics_compare);
    return a;
}

void analytics_close(struct analytics *a)
{
    if (!a)
        return;
    arena_release(&a->arena);
    free(a);
}

size_t analytics_count(const struct analytics *a)
{
    return a->n;
}

struct str analytics_name(const struct analytics *a, size_t i)
{
    return a->queries[i]->name;
}

struct str analytics_about(const struct analytics *a, size_t i)
{
    return a->queries[i]->about;
}

const struct query *analytics_query(const struct analytics *a, size_t i)
{
    return a->queries[i];
}

size_t analytics_find(const struct analytics *a, struct str name)
{
    for (size_t i = 0; i < a->n; i++)
        if (str_eq(a->queries[i]->name, name))
            return i;
    return STR_NONE;
}

/* ---- where ---- */

static bool analytics_holds(const struct condition *w, const struct vector *v, size_t i)
{
    bool null = vector_null(v, i);
    if (w->kind == CONDITION_NULL)
        return null == w->null;
    if (null)
        return false;
    for (size_t k = 0; k < w->n; k++)
        if (w->kind == CONDITION_TEXTS ? str_eq(v->text[v->code[i]], w->texts[k])
                                       : v->number[i] >= w->ranges[k].low && v->number[i] <= w->ranges[k].high)
            return true;
    return false;
}

static void analytics_where(const struct query *q, const struct table *const *tables, struct rowset *rows)
{
    for (size_t w = 0; w < q->n_where; w++) {
        const struct condition *condition = &q->where[w];
        struct vector v;
        size_t kept = 0;
        if (condition->kind == CONDITION_ALWAYS)
            continue;
        vector_init(&v, q, condition->field, tables, rows);
        for (size_t i = 0; i < rows->n; i++)
            if (analytics_holds(condition, &v, i)) {
                for (size_t t = 0; t < rows->n_tables; t++)
                    rows->row[t][kept] = rows->row[t][i];
                kept++;
            }
        rows->n = kept;
        vector_release(&v);
    }
}

/* ---- one run ---- */

struct run {
    const struct query *q;
    const struct table *tables[QUERY_MAX_TABLES];
    struct rowset rows;
    struct vector keys[QUERY_MAX_FIELDS]; /* of group_by */
    uint32_t *group; /* of each row */
    uint32_t n_groups;
    uint32_t *first; /* a row of each group */
    struct totals *totals; /* of each aggregate */
    uint32_t *kept;  /* groups in the order of the answer */
    size_t n_kept;
};

/* A number per row below *ret_n, the same for rows that share the `per` keys. */
static uint32_t *analytics_per_rows(const struct run *r, uint32_t *ret_n)
{
    uint32_t *per = mem_zero(r->rows.n * sizeof *per + 1);
    *ret_n = 1;
    for (size_t k = 0; k < r->q->top.n_per; k++) {
        struct vector key;
        vector_init(&key, r->q, r->q->group_by[r->q->top.per[k]], r->tables, &r->rows);
        uint32_t *next = vector_group(&key, per, *ret_n, ret_n);
        free(per);
        per = next;
        vector_release(&key);
    }
    return per;
}

/* When only the groups with the greatest max are asked for, rows below it belong to none of them, or decide nothing:
 * they need not be grouped. Where there is no number at all every row stays. */
static void analytics_greatest(struct run *r)
{
    const struct query *q = r->q;
    struct vector v;
    struct totals max;
    uint32_t n_per;
    size_t kept = 0;
    if (!q->top.on || q->n_aggregates != 1 || q->aggregates[0].kind != AGGREGATE_MAX)
        return;
    uint32_t *per = analytics_per_rows(r, &n_per);
    vector_init(&v, q, q->aggregates[0].field, r->tables, &r->rows);
    aggregate_run(&q->aggregates[0], &v, per, r->rows.n, n_per, &max);
    for (size_t i = 0; i < r->rows.n; i++)
        if (max.null[per[i]] || (!v.null[i] && v.number[i] == max.value[per[i]])) {
            for (size_t t = 0; t < r->rows.n_tables; t++)
                r->rows.row[t][kept] = r->rows.row[t][i];
            kept++;
        }
    r->rows.n = kept;
    aggregate_release(&max);
    vector_release(&v);
    free(per);
}

static void analytics_group(struct run *r)
{
    r->group = NULL;
    for (size_t k = 0; k < r->q->n_group_by; k++) {
        vector_init(&r->keys[k], r->q, r->q->group_by[k], r->tables, &r->rows);
        uint32_t *group = vector_group(&r->keys[k], r->group, r->n_groups, &r->n_groups);
        free(r->group);
        r->group = group;
    }
    if (!r->q->n_group_by) { /* everything is one group, even nothing */
        r->group = mem_zero(r->rows.n * sizeof *r->group + 1);
        r->n_groups = 1;
    }
    r->first = mem_zero((r->n_groups + 1) * sizeof *r->first);
    for (size_t i = r->rows.n; i-- > 0;)
        r->first[r->group[i]] = (uint32_t)i;
}

static void analytics_aggregate(struct run *r)
{
    r->totals = mem_zero(r->q->n_aggregates * sizeof *r->totals);
    for (size_t k = 0; k < r->q->n_aggregates; k++) {
        const struct aggregate *g = &r->q->aggregates[k];
        struct vector v = { 0 };
        if (g->kind != AGGREGATE_COUNT_ROWS)
            vector_init(&v, r->q, g->field, r->tables, &r->rows);
        aggregate_run(g, &v, r->group, r->rows.n, r->n_groups, &r->totals[k]);
        vector_release(&v);
    }
}

/* The value that is to be greatest: null is below all. */
static int analytics_by(const struct run *r, uint32_t a, uint32_t b)
{
    return aggregate_compare(&r->totals[r->q->top.by], a, b);
}

/* Does group a come before b when both are equally great? By the keys; a name comes before none. */
static bool analytics_breaks_tie(const struct run *r, uint32_t a, uint32_t b)
{
    for (size_t k = 0; k < r->q->n_group_by; k++) {
        const struct vector *v = &r->keys[k];
        size_t x = r->first[a], y = r->first[b];
        if (vector_null(v, x) != vector_null(v, y))
            return vector_null(v, y);
        int order = vector_compare(v, x, y);
        if (order)
            return order < 0;
    }
    return false;
}

/* The groups that share the `per` keys get the same number. */
static uint32_t *analytics_per(const struct run *r, uint32_t *ret_n)
{
    const struct top *top = &r->q->top;
    uint32_t *rows_per = NULL, *per = mem_zero((r->n_groups + 1) * sizeof *per);
    *ret_n = 1;
    for (size_t k = 0; k < top->n_per; k++) {
        uint32_t *next = vector_group(&r->keys[top->per[k]], rows_per, *ret_n, ret_n);
        free(rows_per);
        rows_per = next;
    }
    for (uint32_t g = 0; rows_per && g < r->n_groups; g++)
        per[g] = rows_per[r->first[g]];
    free(rows_per);
    return per;
}

static void analytics_top(struct run *r)
{
    uint32_t n_per, *per;
    if (!r->q->top.on)
        return;
    per = analytics_per(r, &n_per);
    uint32_t *best = mem_zero((n_per + 1) * sizeof *best); /* group + 1 */
    for (uint32_t g = 0; g < r->n_groups; g++) {
        uint32_t *b = &best[per[g]];
        int order = *b ? analytics_by(r, g, *b - 1) : 1;
        if (order > 0 || (order == 0 && analytics_breaks_tie(r, g, *b - 1)))
            *b = g + 1;
    }
    r->n_kept = 0;
    for (uint32_t g = 0; g < r->n_groups; g++)
        if (best[per[g]] == g + 1 || (r->q->top.all && analytics_by(r, g, best[per[g]] - 1) == 0))
            r->kept[r->n_kept++] = g;
    free(best);
    free(per);
}

static int analytics_compare_groups(const void *a, const void *b, void *run)
{
    const struct run *r = run;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    for (size_t i = 0; i < r->q->n_order_by; i++) {
        const struct order *o = &r->q->order_by[i];
        int order = o->output < r->q->n_group_by
                        ? vector_compare(&r->keys[o->output], r->first[x], r->first[y])
                        : aggregate_compare(&r->totals[o->output - r->q->n_group_by], x, y);
        if (order)
            return o->descending ? -order : order;
    }
    return (x > y) - (x < y);
}

/* ---- the answer ---- */

static struct cell analytics_key_cell(struct result *out, const struct vector *v, size_t row)
{
    struct cell cell = { .null = vector_null(v, row) };
    if (cell.null)
        return cell;
    if (v->code)
        cell.text = arena_dup(&out->arena, v->text[v->code[row]]);
    else if (v->type == COLUMN_DOUBLE)
        cell.d = vector_to_double(v->number[row]);
    else
        cell.i = v->number[row];
    return cell;
}

static struct cell analytics_total_cell(const struct totals *t, uint32_t group)
{
    struct cell cell = { .null = t->null[group] };
    if (cell.null)
        return cell;
    if (t->type == COLUMN_DOUBLE)
        cell.d = vector_to_double(t->value[group]);
    else
        cell.i = t->value[group];
    return cell;
}

static struct result *analytics_answer(const struct run *r)
{
    const struct query *q = r->q;
    struct result *out = mem_zero(sizeof *out);
    size_t n = q->n_group_by + q->n_aggregates;
    out->arena = ARENA_INIT;
    out->name = arena_dup(&out->arena, q->name);
    out->n_columns = n;
    out->n_rows = r->n_kept;
    out->columns = ARENA_ARRAY(&out->arena, struct result_column, n + 1);
    out->cells = ARENA_ARRAY(&out->arena, struct cell, n * r->n_kept + 1);
    for (size_t k = 0; k < n; k++) {
        bool key = k < q->n_group_by;
        const struct field *f = key ? &q->fields[q->group_by[k]] : NULL;
        const struct aggregate *g = key ? NULL : &q->aggregates[k - q->n_group_by];
        out->columns[k].name = arena_dup(&out->arena, key ? f->name : g->name);
        out->columns[k].type = key ? f->type : g->type;
        for (size_t i = 0; i < r->n_kept; i++)
            out->cells[i * n + k] = key ? analytics_key_cell(out, &r->keys[k], r->first[r->kept[i]])
                                        : analytics_total_cell(&r->totals[k - q->n_group_by], r->kept[i]);
    }
    return out;
}

static int analytics_tables(struct run *r, const struct table *const *tables, size_t n_tables, struct err *e)
{
    for (size_t t = 0; t < r->q->n_tables; t++) {
        for (size_t i = 0; i < n_tables; i++)
            if (tables[i] && tables[i]->program == r->q->tables[t])
                r->tables[t] = tables[i];
        if (!r->tables[t])
            return err_set(e, 0, "TABLE_MISSING", "query " STR_F " asks about table " STR_F
                           ", which is not among the tables given (or was cleaned by another rule set)",
                           STR_A(r->q->name), STR_A(r->q->tables[t]->name));
    }
    return 0;
}

static void analytics_release(struct run *r)
{
    join_release(&r->rows);
    for (size_t k = 0; k < r->q->n_group_by; k++)
        vector_release(&r->keys[k]);
    for (size_t k = 0; r->totals && k < r->q->n_aggregates; k++)
        aggregate_release(&r->totals[k]);
    free(r->totals);
    free(r->group);
    free(r->first);
    free(r->kept);
}

int analytics_run(const struct analytics *a, size_t i, const struct table *const *tables, size_t n_tables,
                  struct result **ret_result, struct err *e)
{
    struct run r = { .q = a->queries[i] };
    int result = -1;
    if (analytics_tables(&r, tables, n_tables, e) || join_rows(r.q, r.tables, &r.rows, e))
        goto out;
    analytics_where(r.q, r.tables, &r.rows);
    analytics_greatest(&r);
    analytics_group(&r);
    analytics_aggregate(&r);
    r.kept = mem_alloc(r.n_groups * sizeof *r.kept + 1);
    for (r.n_kept = 0; r.n_kept < r.n_groups; r.n_kept++)
        r.kept[r.n_kept] = (uint32_t)r.n_kept;
    analytics_top(&r);
    qsort_r(r.kept, r.n_kept, sizeof *r.kept, analytics_compare_groups, &r);
    *ret_result = analytics_answer(&r);
    result = 0;
out:
    analytics_release(&r);
    return result;
}
