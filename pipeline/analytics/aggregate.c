#include "pipeline/analytics/aggregate.h"

#include <stdlib.h>

enum { SELECT_MAX_ROUNDS = 100 };

void aggregate_release(struct totals *t)
{
    free(t->value);
    free(t->null);
}

int aggregate_compare(const struct totals *t, uint32_t a, uint32_t b)
{
    if (t->null[a] || t->null[b])
        return t->null[b] - t->null[a];
    return (t->value[a] > t->value[b]) - (t->value[a] < t->value[b]);
}

static void aggregate_count(const struct vector *v, bool rows, const uint32_t *group, size_t n, struct totals *out)
{
    for (size_t i = 0; i < n; i++)
        out->value[group[i]] += rows || !vector_null(v, i);
}

static void aggregate_extreme(const struct vector *v, bool max, const uint32_t *group, size_t n, uint32_t n_groups,
                              struct totals *out)
{
    memset(out->null, 1, n_groups);
    for (size_t i = 0; i < n; i++) {
        uint32_t g = group[i];
        if (v->null[i])
            continue;
        if (out->null[g] || (max ? v->number[i] > out->value[g] : v->number[i] < out->value[g]))
            out->value[g] = v->number[i];
        out->null[g] = 0;
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

static void aggregate_median(const struct aggregate *g, const struct vector *v, const uint32_t *group, size_t n,
                             uint32_t n_groups, struct totals *out)
{
    size_t *start = mem_zero((n_groups + 2) * sizeof *start); /* start[g + 1]: where the values of g are written */
    int64_t *values = mem_alloc(n * sizeof *values + 1);
    for (size_t i = 0; i < n; i++)
        start[group[i] + 2] += !v->null[i];
    for (uint32_t k = 0; k < n_groups; k++)
        start[k + 1] += start[k];
    for (size_t i = 0; i < n; i++)
        if (!v->null[i])
            values[start[group[i] + 1]++] = v->number[i];
    for (uint32_t k = 0; k < n_groups; k++) {
        size_t count = start[k + 1] - start[k];
        out->null[k] = count == 0;
        if (count)
            out->value[k] = aggregate_median_of(g, v->type, values + start[k], count);
    }
    free(values);
    free(start);
}

void aggregate_run(const struct aggregate *g, const struct vector *v, const uint32_t *group, size_t n,
                   uint32_t n_groups, struct totals *out)
{
    out->type = g->type;
    out->value = mem_zero(n_groups * sizeof *out->value + 1);
    out->null = mem_zero(n_groups + 1);
    switch (g->kind) {
    case AGGREGATE_COUNT_ROWS:
    case AGGREGATE_COUNT:
        aggregate_count(v, g->kind == AGGREGATE_COUNT_ROWS, group, n, out);
        break;
    case AGGREGATE_MAX:
    case AGGREGATE_MIN:
        aggregate_extreme(v, g->kind == AGGREGATE_MAX, group, n, n_groups, out);
        break;
    case AGGREGATE_MEDIAN:
        aggregate_median(g, v, group, n, n_groups, out);
        break;
    }
}
