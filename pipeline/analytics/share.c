#include "pipeline/analytics/share.h"

#include <stdlib.h>

enum { BLOCK = 2048 };

void share_open(struct share *s, const struct query *q, const struct table *const *tables, const struct joiner *j)
{
    *s = (struct share){ .q = q, .tables = tables, .joiner = j };
    s->first.n_tables = s->candidates.n_tables = q->n_tables;
}

static void rows_release(struct rowset *rows)
{
    for (size_t t = 0; t < QUERY_MAX_TABLES; t++)
        free(rows->row[t]);
}

void share_close(struct share *s)
{
    join_release(&s->joining);
    group_release(&s->grouper);
    group_release(&s->per);
    for (size_t i = 0; i < QUERY_MAX_FIELDS; i++) {
        vector_words_release(&s->words[i]);
        aggregate_release(&s->totals[i]);
    }
    aggregate_release(&s->greatest);
    rows_release(&s->first);
    rows_release(&s->candidates);
}

void share_add_row(struct rowset *rows, size_t *cap, const struct rowset *from, size_t i)
{
    if (rows->n == *cap) {
        *cap = *cap ? *cap * 2 : 256;
        for (size_t t = 0; t < rows->n_tables; t++)
            rows->row[t] = mem_grow(rows->row[t], *cap * sizeof *rows->row[t]);
    }
    for (size_t t = 0; t < rows->n_tables; t++) {
        rows->row[t][rows->n] = from->row[t][i];
        rows->gaps[t] |= from->gaps[t];
    }
    rows->n++;
}

/* ---- a block ---- */

static const struct vector *share_field(struct share *s, size_t field)
{
    if (!s->known[field])
        vector_init(&s->fields[field], s->q, field, s->tables, s->rows, &s->words[field]);
    s->known[field] = true;
    return &s->fields[field];
}

static void share_forget(struct share *s)
{
    for (size_t i = 0; i < s->q->n_fields; i++)
        if (s->known[i])
            vector_release(&s->fields[i]);
    memset(s->known, 0, sizeof s->known);
}

/* Rows without keep[i] go, with the values worked out for them. */
static void share_keep(struct share *s, const uint8_t *keep)
{
    struct rowset *rows = s->rows;
    size_t n = 0;
    for (size_t t = 0; t < rows->n_tables; t++) {
        n = 0;
        for (size_t i = 0; i < rows->n; i++) {
            rows->row[t][n] = rows->row[t][i];
            n += keep[i];
        }
    }
    rows->n = n;
    for (size_t i = 0; i < s->q->n_fields; i++)
        if (s->known[i])
            vector_keep(&s->fields[i], keep);
}

static bool share_holds(const struct condition *w, const struct vector *v, size_t i)
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

static void share_where(struct share *s, uint8_t *keep)
{
    for (size_t w = 0; w < s->q->n_where; w++) {
        const struct condition *condition = &s->q->where[w];
        if (condition->kind == CONDITION_ALWAYS)
            continue;
        const struct vector *v = share_field(s, condition->field);
        size_t kept = 0;
        if (condition->kind == CONDITION_RANGE && condition->n == 1) {
            const int64_t low = condition->ranges[0].low, high = condition->ranges[0].high;
            for (size_t i = 0; i < v->n; i++)
                kept += keep[i] = !v->null[i] & (v->number[i] >= low) & (v->number[i] <= high);
        } else {
            for (size_t i = 0; i < v->n; i++)
                kept += keep[i] = share_holds(condition, v, i);
        }
        if (kept < v->n)
            share_keep(s, keep);
    }
}

static uint32_t share_numbers(struct share *s, struct grouper *g, const size_t *fields, size_t n_fields, uint32_t *group)
{
    const struct vector *keys[QUERY_MAX_FIELDS];
    for (size_t k = 0; k < n_fields; k++)
        keys[k] = share_field(s, fields[k]);
    return group_rows(g, keys, n_fields, s->rows->n, group);
}

/* The number of each row's `per` keys. */
static uint32_t share_per(struct share *s, uint32_t *group)
{
    size_t fields[QUERY_MAX_FIELDS];
    for (size_t k = 0; k < s->q->top.n_per; k++)
        fields[k] = s->q->group_by[s->q->top.per[k]];
    return share_numbers(s, &s->per, fields, s->q->top.n_per, group);
}

/* Rows that are below a max already seen decide nothing. Where there is no number at all every row stays. */
static void share_gather(struct share *s, uint32_t *group)
{
    uint32_t n_per = share_per(s, group);
    const struct vector *v = share_field(s, s->q->aggregates[0].field);
    aggregate_add(&s->q->aggregates[0], &s->greatest, v, group, s->rows->n, n_per);
    for (size_t i = 0; i < s->rows->n; i++)
        if (s->greatest.null[group[i]] || (!v->null[i] && v->number[i] == s->greatest.value[group[i]]))
            share_add_row(&s->candidates, &s->cap_candidates, s->rows, i);
}

static void share_group(struct share *s, uint32_t *group)
{
    const struct query *q = s->q;
    s->n_groups = share_numbers(s, &s->grouper, q->group_by, q->n_group_by, group);
    for (size_t i = 0; i < s->rows->n && s->first.n < s->n_groups; i++)
        if (group[i] == s->first.n) /* numbers are given in the order of rows */
            share_add_row(&s->first, &s->cap_first, s->rows, i);
    for (size_t k = 0; k < q->n_aggregates; k++) {
        const struct aggregate *g = &q->aggregates[k];
        const struct vector *v = g->kind == AGGREGATE_COUNT_ROWS ? NULL : share_field(s, g->field);
        aggregate_add(g, &s->totals[k], v, group, s->rows->n, s->n_groups);
    }
}

static int share_block(struct share *s, struct rowset *rows)
{
    if (!rows)
        return -1;
    s->n_joined += rows->n;
    if (s->n_joined > JOIN_MAX_ROWS)
        return join_too_large(s->q, &s->e);
    uint32_t *group = mem_alloc(rows->n * sizeof *group + 1);
    uint8_t *keep = mem_alloc(rows->n + 1);
    s->rows = rows;
    share_where(s, keep);
    if (s->gathers)
        share_gather(s, group);
    else
        share_group(s, group);
    share_forget(s);
    free(keep);
    free(group);
    return 0;
}

/* ---- all of it ---- */

void share_run(void *share)
{
    struct share *s = share;
    for (size_t i = s->from; i < s->to && !s->failed; i += BLOCK) {
        size_t end = s->to - i < BLOCK ? s->to : i + BLOCK;
        s->failed = share_block(s, join_block(s->joiner, &s->joining, i, end, &s->e));
    }
}

void share_left_over(struct share *s)
{
    for (size_t t = 1; t < s->q->n_tables; t++)
        for (size_t i = 0; s->q->joins[t].kind == JOIN_OUTER && i < s->tables[t]->n_rows && !s->failed; i += BLOCK) {
            size_t end = s->tables[t]->n_rows - i < BLOCK ? s->tables[t]->n_rows : i + BLOCK;
            s->failed = share_block(s, join_left_over(s->joiner, &s->joining, t, i, end, &s->e));
        }
}

bool share_gathers(const struct query *q)
{
    return q->top.on && q->n_aggregates == 1 && q->aggregates[0].kind == AGGREGATE_MAX;
}

void share_candidates(struct share *s, const struct rowset *rows)
{
    struct rowset all = *rows;
    uint32_t *group = mem_alloc(all.n * sizeof *group + 1);
    uint8_t *keep = mem_alloc(all.n + 1);
    s->rows = &all;
    uint32_t n_per = share_per(s, group);
    const struct vector *v = share_field(s, s->q->aggregates[0].field);
    aggregate_add(&s->q->aggregates[0], &s->greatest, v, group, all.n, n_per);
    for (size_t i = 0; i < all.n; i++)
        keep[i] = s->greatest.null[group[i]] || (!v->null[i] && v->number[i] == s->greatest.value[group[i]]);
    share_keep(s, keep);
    share_group(s, group);
    share_forget(s);
    free(keep);
    free(group);
}
