/* aggregate.h - one number per group: count, max, min, median; added up block by block, by several threads. */
#ifndef PIPELINE_ANALYTICS_AGGREGATE_H
#define PIPELINE_ANALYTICS_AGGREGATE_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

/* value and null by group. A median has the values themselves until aggregate_combine. */
struct totals {
    enum column_type of; /* the values' type */
    int64_t *value;      /* doubles as vector_of_double */
    uint8_t *null;
    uint32_t n, cap;
    uint32_t *list_group;
    int64_t *list;
    size_t n_list, cap_list;
};

/* Nulls are skipped; a group of nothing else has null (count: 0). v is not looked at to count rows. */
void aggregate_add(const struct aggregate *g, struct totals *t, const struct vector *v, const uint32_t *group, size_t n,
                   uint32_t n_groups);
/* The parts' totals as those of n_groups groups: group i of a part is maps[part][i]. */
void aggregate_combine(const struct aggregate *g, struct totals *const *parts, const uint32_t *const *maps, size_t n_parts,
                       uint32_t n_groups, struct totals *out);
void aggregate_release(struct totals *t);
/* Null is below everything. */
int aggregate_compare(const struct totals *t, uint32_t a, uint32_t b);

#endif
