/* joins, where, group_by, aggregate   by shares, at once          share.c
 * the shares' groups -> groups         equal keys are one          analytics_merge
 * top                                  the groups that are kept     analytics_top
 * order_by                             their order, then the cells  analytics_answer
 */
#include <stdlib.h>

#include "base/crew.h"
#include "pipeline/analytics/share.h"

enum { LEAST_ROWS = 1 << 16 }; /* fewer are not worth a thread */

struct analytics {
    struct arena arena;
    struct query **queries;
    size_t n;
    unsigned threads;
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

void analytics_set_threads(struct analytics *a, unsigned threads)
{
    a->threads = threads;
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

/* ---- one run ---- */

struct run {
    const struct query *q;
    const struct table *tables[QUERY_MAX_TABLES];
    struct share *shares;
    size_t n_shares;
    struct rowset rows; /* a row of each group of each share */
    size_t cap_rows;
    struct vector keys[QUERY_MAX_FIELDS]; /* of group_by, of those rows */
    struct vector_words words[QUERY_MAX_FIELDS];
    uint32_t *group; /* of each of those rows */
    uint32_t n_groups;
    uint32_t *first; /* one of those rows for each group */
    struct totals totals[QUERY_MAX_FIELDS];
    uint32_t *kept; /* groups in the order of the answer */
    size_t n_kept;
};

/* Numbers of some of the keys of those rows. */
static uint32_t analytics_number(const struct run *r, const size_t *keys, size_t n_keys, uint32_t *number)
{
    struct grouper g = { 0 };
    const struct vector *vectors[QUERY_MAX_FIELDS];
    for (size_t k = 0; k < n_keys; k++)
        vectors[k] = &r->keys[keys ? keys[k] : k];
    uint32_t n = group_rows(&g, vectors, n_keys, r->rows.n, number);
    group_release(&g);
    return n;
}

/* Groups of several shares that have equal keys become one. */
static void analytics_merge(struct run *r, struct share *shares, size_t n_shares)
{
    const uint32_t *maps[CREW_MAX];
    struct totals *parts[CREW_MAX];
    r->rows.n_tables = r->q->n_tables;
    for (size_t s = 0; s < n_shares; s++)
        for (size_t i = 0; i < shares[s].first.n; i++)
            share_add_row(&r->rows, &r->cap_rows, &shares[s].first, i);
    for (size_t k = 0; k < r->q->n_group_by; k++)
        vector_init(&r->keys[k], r->q, r->q->group_by[k], r->tables, &r->rows, &r->words[k]);
    r->group = mem_zero((r->rows.n + 1) * sizeof *r->group); /* one more: a question without group_by has a group of no row */
    r->n_groups = analytics_number(r, NULL, r->q->n_group_by, r->group);
    r->first = mem_zero((r->n_groups + 1) * sizeof *r->first);
    for (size_t i = r->rows.n; i-- > 0;)
        r->first[r->group[i]] = (uint32_t)i;
    for (size_t s = 0, at = 0; s < n_shares; at += shares[s++].first.n)
        maps[s] = r->q->n_group_by ? r->group + at : r->group;
    for (size_t k = 0; k < r->q->n_aggregates; k++) {
        for (size_t s = 0; s < n_shares; s++)
            parts[s] = &shares[s].totals[k];
        aggregate_combine(&r->q->aggregates[k], parts, maps, n_shares, r->n_groups, &r->totals[k]);
    }
}

static int analytics_joined(const struct run *r, struct err *e)
{
    size_t n = 0;
    for (size_t s = 0; s < r->n_shares; s++) {
        if (r->shares[s].failed) {
            *e = r->shares[s].e;
            return -1;
        }
        n += r->shares[s].n_joined;
    }
    return n > JOIN_MAX_ROWS ? join_too_large(r->q, e) : 0;
}

/* Shares that gathered leave rows to be grouped: by one more share. */
static void analytics_gathered(struct run *r, const struct joiner *j)
{
    struct share *last = &r->shares[r->n_shares];
    struct rowset rows = { .n_tables = r->q->n_tables };
    size_t cap = 0;
    share_open(last, r->q, r->tables, j);
    for (size_t s = 0; s < r->n_shares; s++)
        for (size_t i = 0; i < r->shares[s].candidates.n; i++)
            share_add_row(&rows, &cap, &r->shares[s].candidates, i);
    share_candidates(last, &rows);
    for (size_t t = 0; t < QUERY_MAX_TABLES; t++)
        free(rows.row[t]);
    analytics_merge(r, last, 1);
    share_close(last);
}

static int analytics_groups(struct run *r, unsigned threads, struct err *e)
{
    struct joiner joiner;
    size_t n_rows = r->tables[0]->n_rows;
    r->n_shares = crew_size(threads, n_rows, LEAST_ROWS);
    r->shares = mem_zero((r->n_shares + 1) * sizeof *r->shares);
    join_open(&joiner, r->q, r->tables);
    for (size_t s = 0; s < r->n_shares; s++) {
        share_open(&r->shares[s], r->q, r->tables, &joiner);
        r->shares[s].gathers = share_gathers(r->q);
        r->shares[s].from = n_rows * s / r->n_shares;
        r->shares[s].to = n_rows * (s + 1) / r->n_shares;
    }
    crew_run(r->shares, sizeof *r->shares, r->n_shares, share_run);
    share_left_over(&r->shares[0]);
    int result = analytics_joined(r, e);
    if (!result && share_gathers(r->q))
        analytics_gathered(r, &joiner);
    else if (!result)
        analytics_merge(r, r->shares, r->n_shares);
    for (size_t s = 0; s < r->n_shares; s++)
        share_close(&r->shares[s]);
    join_close(&joiner);
    return result;
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
    uint32_t *rows_per = mem_alloc(r->rows.n * sizeof *rows_per + 1), *per = mem_zero((r->n_groups + 1) * sizeof *per);
    *ret_n = analytics_number(r, r->q->top.per, r->q->top.n_per, rows_per);
    for (uint32_t g = 0; g < r->n_groups && r->rows.n; g++)
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

static struct cell analytics_total_cell(const struct totals *t, enum column_type type, uint32_t group)
{
    struct cell cell = { .null = t->null[group] };
    if (cell.null)
        return cell;
    if (type == COLUMN_DOUBLE)
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
                                        : analytics_total_cell(&r->totals[k - q->n_group_by], g->type, r->kept[i]);
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
    for (size_t t = 0; t < QUERY_MAX_TABLES; t++)
        free(r->rows.row[t]);
    for (size_t k = 0; k < QUERY_MAX_FIELDS; k++) {
        vector_release(&r->keys[k]);
        vector_words_release(&r->words[k]);
        aggregate_release(&r->totals[k]);
    }
    free(r->shares);
    free(r->group);
    free(r->first);
    free(r->kept);
}

int analytics_run(const struct analytics *a, size_t i, const struct table *const *tables, size_t n_tables,
                  struct result **ret_result, struct err *e)
{
    struct run r = { .q = a->queries[i] };
    int result = analytics_tables(&r, tables, n_tables, e);
    if (!result)
        result = analytics_groups(&r, a->threads, e);
    if (!result) {
        r.kept = mem_alloc(r.n_groups * sizeof *r.kept + 1);
        for (r.n_kept = 0; r.n_kept < r.n_groups; r.n_kept++)
            r.kept[r.n_kept] = (uint32_t)r.n_kept;
        analytics_top(&r);
        qsort_r(r.kept, r.n_kept, sizeof *r.kept, analytics_compare_groups, &r);
        *ret_result = analytics_answer(&r);
    }
    analytics_release(&r);
    return result;
}
