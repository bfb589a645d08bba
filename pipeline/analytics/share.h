/* share.h - one thread's share of a question: some rows of its first table, a block after another.
 *
 *   join -> where -> (greatest) -> group -> add up
 *
 * A field is worked out once a block and kept in the processor's near memory; nothing grows with the number of rows but the
 * values of medians. When only the groups with the greatest max are asked for (top), rows below it belong to none of them:
 * a share then only gathers the rows that may be the greatest (`candidates`), and they are grouped afterwards.
 */
#ifndef PIPELINE_ANALYTICS_SHARE_H
#define PIPELINE_ANALYTICS_SHARE_H

#include "pipeline/analytics/aggregate.h"
#include "pipeline/analytics/group.h"
#include "pipeline/analytics/join.h"

struct share {
    const struct query *q;
    const struct table *const *tables;
    const struct joiner *joiner;
    size_t from, to; /* rows of the first table */
    bool gathers;    /* candidates only */
    /* the block at hand */
    struct joining joining;
    struct rowset *rows;
    struct vector fields[QUERY_MAX_FIELDS];
    bool known[QUERY_MAX_FIELDS];
    struct vector_words words[QUERY_MAX_FIELDS];
    /* what comes of all blocks */
    size_t n_joined;
    struct grouper grouper;
    uint32_t n_groups;
    struct rowset first; /* a row of each group */
    size_t cap_first;
    struct totals totals[QUERY_MAX_FIELDS];
    struct grouper per;
    struct totals greatest;
    struct rowset candidates;
    size_t cap_candidates;
    int failed;
    struct err e;
};

void share_open(struct share *s, const struct query *q, const struct table *const *tables, const struct joiner *j);
/* Rows from..to-1 of the first table. */
void share_run(void *share);
/* Rows that outer joins leave over, of all tables. */
void share_left_over(struct share *s);
/* Groups those rows (of a share that gathers: of all of them) that are among the greatest. */
void share_candidates(struct share *s, const struct rowset *rows);
bool share_gathers(const struct query *q);
void share_close(struct share *s);
/* Adds row i of `from` to the rows. */
void share_add_row(struct rowset *rows, size_t *cap, const struct rowset *from, size_t i);

#endif
