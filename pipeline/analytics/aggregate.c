#include "pipeline/analytics/aggregate.h"

#include <stdlib.h>

enum { FEW = 64, BITS = 11 };

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

/* The k-th smallest of a few. */
static int64_t aggregate_nth_of_few(const int64_t *x, size_t n, size_t k)
{
    int64_t sorted[FEW];
    for (size_t i = 0, j; i < n; i++) {
        for (j = i; j > 0 && sorted[j - 1] > x[i]; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = x[i];
    }
    return sorted[k];
}

/* The k-th smallest: the values are counted by the first bits in which they differ, and those that share the bits of the one
 * looked for are looked at again. At most six rounds for any input, and no comparison whose outcome must be guessed. */
static int64_t aggregate_nth(const int64_t *x, size_t n, size_t k)
{
    int64_t *some = NULL;
    while (n > FEW) {
        uint32_t count[1 << BITS] = { 0 }, b = 0;
        int64_t low = x[0], high = x[0];
        for (size_t i = 1; i < n; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
        }
        uint64_t range = (uint64_t)high - (uint64_t)low;
        unsigned bits = range ? 64 - (unsigned)__builtin_clzll(range) : 0, shift = bits > BITS ? bits - BITS : 0;
        for (size_t i = 0; i < n; i++)
            count[((uint64_t)x[i] - (uint64_t)low) >> shift]++;
        for (; k >= count[b]; b++)
            k -= count[b];
        if (!shift) {
            free(some);
            return (int64_t)((uint64_t)low + b);
        }
        int64_t *next = mem_alloc((count[b] + 1) * sizeof *next);
        size_t m = 0;
        for (size_t i = 0; i < n; i++) {
            next[m] = x[i];
            m += ((uint64_t)x[i] - (uint64_t)low) >> shift == b;
        }
        free(some);
        x = some = next;
        n = m;
    }
    int64_t nth = aggregate_nth_of_few(x, n, k);
    free(some);
    return nth;
}

static double aggregate_number(int64_t value, enum column_type type)
{
    return type == COLUMN_DOUBLE ? vector_to_double(value) : (double)value;
}

/* Element ceil(n/2) of the sorted values; interpolated: the mean of the two in the middle when n is even. */
static int64_t aggregate_median_of(const struct aggregate *g, enum column_type type, const int64_t *x, size_t n)
{
    size_t k = (n + 1) / 2 - 1;
    int64_t value = aggregate_nth(x, n, k);
    if (!g->interpolated)
        return value;
    double low = aggregate_number(value, type);
    if (n % 2)
        return vector_of_double(low);
    double high = aggregate_number(aggregate_nth(x, n, k + 1), type);
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
