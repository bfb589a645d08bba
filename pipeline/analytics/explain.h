/* explain.h - compiled rules in words, for people who check them. */
#ifndef PIPELINE_ANALYTICS_EXPLAIN_H
#define PIPELINE_ANALYTICS_EXPLAIN_H

#include "pipeline/analytics/analytics.h"

struct program;
struct query;

void explain_table(const struct program *p, struct buf *out);
void explain_query(const struct query *q, struct buf *out);
/* The table or question of that name, or all of them when the name is empty. */
int explain_put(const struct rules *r, const struct analytics *a, struct str name, struct buf *out, struct err *e);

#endif
