/* analytics.h - questions over the cleaned tables, asked by query files.
 *
 * A query file says from/join/let/where/group_by/aggregate/top/order_by (docs/rules.md). analytics_open compiles
 * all queries of a rule set against the tables' columns, so that an unknown column is reported with file,
 * line and column before any row is read. analytics_run answers one of them over columnar tables: joins by
 * an index over the key, groups by small codes, medians by selection, a block of rows at a time on all processors.
 * Joins multiply duplicates, as SQL's do.
 *
 *     struct analytics *a = analytics_open(rules, &e);
 *     const struct table *tables[] = { pin, geo, user };
 *     for (size_t i = 0; i < analytics_count(a); i++)
 *         if (analytics_run(a, i, tables, 3, &result, &e) == 0) … result_put_csv(result, &out) …
 *
 * Answers are the same for the same set of rows in any order. An analytics value is read-only once open and
 * may be used by several threads at once.
 */
#ifndef PIPELINE_ANALYTICS_ANALYTICS_H
#define PIPELINE_ANALYTICS_ANALYTICS_H

#include "pipeline/clean/clean.h"

struct analytics;
/* The rule set must outlive it. */
struct analytics *analytics_open(const struct rules *r, struct err *e);
void analytics_close(struct analytics *a);
/* How many threads answer a question; 0 (so from the start): as many as there are processors, for many rows. */
void analytics_set_threads(struct analytics *a, unsigned threads);
size_t analytics_count(const struct analytics *a);
/* Queries come in the order of their `number`, then of their names. */
struct str analytics_name(const struct analytics *a, size_t i);
/* The question in words, as its file puts it. */
struct str analytics_about(const struct analytics *a, size_t i);
/* STR_NONE when there is none of that name. */
size_t analytics_find(const struct analytics *a, struct str name);

struct result;
/* Answers query i over those tables (found by their names). The result owns its texts. */
int analytics_run(const struct analytics *a, size_t i, const struct table *const *tables, size_t n_tables,
                  struct result **ret_result, struct err *e);

/* ---- results ---- */

struct cell {
    bool null;
    int64_t i;       /* INT, LONG, BOOLEAN, TIMESTAMP */
    double d;        /* DOUBLE */
    struct str text; /* STRING */
};
struct result_column {
    struct str name;
    enum column_type type;
};
struct result {
    struct str name;
    struct result_column *columns;
    size_t n_columns;
    struct cell *cells; /* row * n_columns + column */
    size_t n_rows;
    struct arena arena;
};

void result_close(struct result *r);
const struct cell *result_cell(const struct result *r, size_t row, size_t column);
/* Same columns, same rows in the same order. */
bool result_same(const struct result *a, const struct result *b);
/* RFC 4180 with a header and CRLF; null is empty. */
void result_put_csv(const struct result *r, struct buf *out);
/* {"query":"…","columns":["…"],"rows":[[…],…]} without a newline at the end */
void result_put_json(const struct result *r, struct buf *out);
/* One cell as result_put_csv prints it, unquoted (for tables on a terminal). */
void result_put_cell(const struct result *r, size_t row, size_t column, struct buf *out);

#endif
