#include "pipeline/analytics/aggregate.h"

#include <stdlib.h>

enum { SELECT_MAX_ROUNDS = 100 };

void aggregate_release(struct totals *t)
{
    free(t->value);
    free(t->null);
    free(t->list_group);
    free(t->list);
}

int aggregate_compare(const struct totals *t, uint32_t a, uint32_t b)
{
    if (t->null[a] || t->null[b])
        return t->null[b] - t->null[a];
    return (t->value[a] > t->value[b]) - (t->value[a] < t->value[b]);
}

static void aggregate_groups(const struct aggregate *g, struct totals *t, uint32_t n_groups)
{
    if (n_groups > t->cap) {
        t->cap = n_groups > t->cap * 2 ? n_groups : t->cap * 2;
        t->value = mem_grow(t->value, t->cap * sizeof *t->value);
        t->null = mem_grow(t->null, t->cap);
    }
    bool counts = g->kind == AGGREGATE_COUNT || g->kind == AGGREGATE_COUNT_ROWS;
    for (; t->n < n_groups; t->n++) {
        t->value[t->n] = 0;
        t->null[t->n] = !counts;
    }
}

static inline void aggregate_extreme(struct totals *t, bool max, uint32_t g, int64_t value)
{
    if (t->null[g] || (max ? value > t->value[g] : value < t->value[g]))
        t->value[g] = value;
    t->null[g] = 0;
}

static void aggregate_listed(struct totals *t, const struct vector *v, const uint32_t *group, size_t n)
{
    if (t->n_list + n > t->cap_list) {
        t->cap_list = t->cap_list ? t->cap_list * 2 + n : n * 2;
        t->list = mem_grow(t->list, t->cap_list * sizeof *t->list);
        t->list_group = mem_grow(t->list_group, t->cap_list * sizeof *t->list_group);
    }
    for (size_t i = 0; i < n; i++) {
        t->list[t->n_list] = v->number[i];
        t->list_group[t->n_list] = group[i];
        t->n_list += !v->null[i];
    }
}

void aggregate_add(const struct aggregate *g, struct totals *t, const struct vector *v, const uint32_t *group, size_t n,
                   uint32_t n_groups)
{
    aggregate_groups(g, t, n_groups);
    if (v)
        t->of = v->type;
    switch (g->kind) {
    case AGGREGATE_COUNT_ROWS:
        for (size_t i = 0; i < n; i++)
            t->value[group[i]]++;
        break;
    case AGGREGATE_COUNT:
        for (size_t i = 0; i < n; i++)
            t->value[group[i]] += !vector_null(v, i);
        break;
    case AGGREGATE_MAX:
    case AGGREGATE_MIN:
        for (size_t i = 0; i < n; i++)
            if (!v->null[i])
                aggregate_extreme(t, g->kind == AGGREGATE_MAX, group[i], v->number[i]);
        break;
    case AGGREGATE_MEDIAN:
        aggregate_listed(t, v, group, n);
        break;
    }
}

static int aggregate_compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Puts the k-th smallest at x[k], smaller ones before it, greater ones behind (Hoare's selection). Values that
 * defeat it round after round are sorted instead, so that no input costs quadratic time. */
static void aggregate_select(int64_t *x, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    for (int rounds = 0; low < high; rounds++) {
        if (rounds == SELECT_MAX_ROUNDS) {
            qsort(x + low, high - low + 1, sizeof *x, aggregate_compare_values);
            return;
        }
        int64_t pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j)
                break;
            int64_t swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

static double aggregate_number(int64_t value, enum column_type type)
{
    return type == COLUMN_DOUBLE ? vector_to_double(value) : (double)value;
}

/* Element ceil(n/2) of the sorted values; interpolated: the mean of the two in the middle when n is even. */
static int64_t aggregate_median_of(const struct aggregate *g, enum column_type type, int64_t *x, size_t n)
{
    size_t k = (n + 1) / 2 - 1;
    aggregate_select(x, n, k);
    if (!g->interpolated)
        return x[k];
    double low = aggregate_number(x[k], type);
    if (n % 2)
        return vector_of_double(low);
    int64_t above = x[k + 1];
    for (size_t i = k + 2; i < n; i++)
        above = x[i] < above ? x[i] : above;
    double high = aggregate_number(above, type);
    return vector_of_double(low + (high - low) / 2);
}

/* The values of each group together, then the median of each. */
static void aggregate_median(const struct aggregate *g, struct totals *const *parts, const uint32_t *const *maps,
                             size_t n_parts, struct totals *out)
{
    size_t *start = mem_zero((out->n + 2) * sizeof *start), all = 0; /* start[g + 1]: where the values of g are written */
    for (size_t p = 0; p < n_parts; all += parts[p++]->n_list)
        for (size_t i = 0; i < parts[p]->n_list; i++)
            start[maps[p][parts[p]->list_group[i]] + 2]++;
    int64_t *values = mem_alloc(all * sizeof *values + 1);
    for (uint32_t k = 0; k < out->n; k++)
        start[k + 1] += start[k];
    for (size_t p = 0; p < n_parts; p++)
        for (size_t i = 0; i < parts[p]->n_list; i++)
            values[start[maps[p][parts[p]->list_group[i]] + 1]++] = parts[p]->list[i];
    for (uint32_t k = 0; k < out->n; k++) {
        size_t count = start[k + 1] - start[k];
        out->null[k] = count == 0;
        if (count)
            out->value[k] = aggregate_median_of(g, out->of, values + start[k], count);
    }
    free(values);
    free(start);
}

void aggregate_combine(const struct aggregate *g, struct totals *const *parts, const uint32_t *const *maps, size_t n_parts,
                       uint32_t n_groups, struct totals *out)
{
    *out = (struct totals){ 0 };
    aggregate_groups(g, out, n_groups);
    for (size_t p = 0; p < n_parts; p++) {
        const struct totals *t = parts[p];
        out->of = t->of ? t->of : out->of;
        for (uint32_t i = 0; i < t->n && g->kind != AGGREGATE_MEDIAN; i++) {
            if (g->kind == AGGREGATE_MAX || g->kind == AGGREGATE_MIN) {
                if (!t->null[i])
                    aggregate_extreme(out, g->kind == AGGREGATE_MAX, maps[p][i], t->value[i]);
            } else {
                out->value[maps[p][i]] += t->value[i];
            }
        }
    }
    if (g->kind == AGGREGATE_MEDIAN)
        aggregate_median(g, parts, maps, n_parts, out);
}
