/* profile.h - what a cleaned table looks like from afar: one row of figures per column, small enough for git.
 *
 * Everything is independent of the order in which records came (a finished table has one order), exact, and the same on
 * every machine: distinct values are counted by 64-bit hashes of the cells, quantiles are elements of the column. The
 * hash of a table is the sum of the hashes of its rows, so equal tables are known to be equal without looking at cells.
 */
#ifndef PIPELINE_CHECK_PROFILE_H
#define PIPELINE_CHECK_PROFILE_H

#include "pipeline/clean/clean.h"

enum { PROFILE_VERSION = 1, PROFILE_TOP = 20, PROFILE_PARTS = 16, PROFILE_TEXT_BYTES = 60 };

/* The figures of a column, one row each in profile_metrics. */
enum profile_metric {
    PROFILE_NULLS,
    PROFILE_DISTINCT, /* nulls are not counted */
    PROFILE_MIN,
    PROFILE_MAX,
    PROFILE_MEAN,
    PROFILE_Q25, /* element ceil(n/4) of the sorted values */
    PROFILE_MEDIAN,
    PROFILE_Q75,
    PROFILE_SHORTEST, /* bytes of texts */
    PROFILE_LONGEST,
    PROFILE_LENGTH, /* their mean */
    PROFILE_METRICS
};
extern const char *const profile_metrics[PROFILE_METRICS]; /* "nulls", … as in the file */

struct profile_figure {
    struct str json; /* as written; n == 0: the column has no such figure */
    bool is_number;
    double number;
};
struct profile_value {
    struct str json;
    uint64_t count;
};
struct column_profile {
    struct str name, type;
    uint64_t hash;
    struct profile_figure figure[PROFILE_METRICS];
    struct profile_value top[PROFILE_TOP]; /* the most frequent values, by count, then in their order */
    size_t n_top;
    uint64_t part_nulls[PROFILE_PARTS]; /* nulls in each sixteenth of the rows */
};
struct operation_profile {
    struct str column, operation;
    uint64_t touched, nulled;
};
struct table_profile {
    struct str name;
    uint64_t rows, keys; /* distinct keys */
    uint64_t hash[2];
    struct column_profile *columns;
    size_t n_columns;
    struct operation_profile *operations; /* in the order of the rule file; n 0 when rows came clean already */
    size_t n_operations;
};

/* Profiles of finished tables, by `threads` threads (0 = one per processor). What they point at lives in the arena.
 * row_hashes: NULL, or an array of n_tables pointers that get an array of a hash per row each; free() them. */
void profile_tables(const struct table *const *tables, size_t n_tables, unsigned threads, struct arena *a,
                    struct table_profile *ret_profiles, uint64_t **row_hashes);
const struct column_profile *profile_column(const struct table_profile *p, struct str name); /* NULL when absent */

/* As a file: JSON, one line a column and an operation. */
void profile_put(const struct table_profile *p, struct buf *out);
/* BASELINE_MALFORMED or BASELINE_VERSION with file, line and column. */
int profile_read(struct arena *a, struct str path, struct str bytes, struct table_profile *ret, struct err *e);

#endif
