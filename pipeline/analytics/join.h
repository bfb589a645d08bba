/* join.h - inner joins on whole numbers; duplicates on either side multiply. */
#ifndef PIPELINE_ANALYTICS_JOIN_H
#define PIPELINE_ANALYTICS_JOIN_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

/* All rows of the query's tables joined; -1 when they are too many. join_release also after -1. */
int join_rows(const struct query *q, const struct table *const *tables, struct rowset *rows, struct err *e);
void join_release(struct rowset *rows);

#endif
