/* join.h - joins on whole numbers, a block of rows at a time; duplicates on either side multiply.
 *
 * inner: rows that have a partner. left: and those of the tables before that have none. outer: and those of the joined table
 * that have none, last. A table without a row there has ROW_NONE in the rowset: all its columns are null.
 */
#ifndef PIPELINE_ANALYTICS_JOIN_H
#define PIPELINE_ANALYTICS_JOIN_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

struct join_index;
/* The indexes of a query's joins; read-only but for the marks of rows that found a partner, so threads may share it. */
struct joiner {
    const struct query *q;
    const struct table *const *tables;
    struct join_index *indexes; /* by table; [0] is not used */
};
void join_open(struct joiner *j, const struct query *q, const struct table *const *tables);
void join_close(struct joiner *j);

/* Rows on their way through the joins, a rowset a step, kept from block to block. */
struct joining {
    struct rowset step[QUERY_MAX_TABLES];
    size_t cap[QUERY_MAX_TABLES];
};
void join_release(struct joining *g);

/* Rows from..to-1 of the first table with their partners; NULL when they are too many. */
struct rowset *join_block(const struct joiner *j, struct joining *g, size_t from, size_t to, struct err *e);
/* Behind all blocks: the rows from..to-1 of table t, joined by `outer`, that found no partner, with those of later tables. */
struct rowset *join_left_over(const struct joiner *j, struct joining *g, size_t t, size_t from, size_t to, struct err *e);

enum { JOIN_MAX_ROWS = 1 << 30 }; /* in all */
int join_too_large(const struct query *q, struct err *e);

#endif
