/* aggregate.h - one number per group: count, max, min, median. */
#ifndef PIPELINE_ANALYTICS_AGGREGATE_H
#define PIPELINE_ANALYTICS_AGGREGATE_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

struct totals {
    enum column_type type;
    int64_t *value; /* doubles as vector_of_double */
    uint8_t *null;
};

/* Nulls are skipped; a group of nothing else has null (count: 0). */
void aggregate_run(const struct aggregate *g, const struct vector *v, const uint32_t *group, size_t n,
                   uint32_t n_groups, struct totals *out);
void aggregate_release(struct totals *t);
/* Null is below everything. */
int aggregate_compare(const struct totals *t, uint32_t a, uint32_t b);

#endif
