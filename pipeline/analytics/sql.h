/* sql.h - the rules as SQL, for SQLite, DuckDB and Spark; docs/rules.md has a section on it.
 *
 * The reader of the records is not SQL: it gives a table raw_<table> with one text column per member that the rules
 * use (numbers and literals as written, texts decoded), refuses what docs/rules.md refuses, and leaves NULL what is
 * absent, null, or nested where one value is expected. Of members that stand for one another only the first present
 * keeps its value; the member a concat or array is taken whole from has one only when a part is absent, and for an
 * array it is the JSON text.
 *
 * sql_put_table makes the cleaned table of it, sql_put_query asks. Both mean to the letter what the native engine
 * does: no engine's cast sees text that has not been proved to be digits before. What a dialect lacks is a function
 * of engine_sqlite.c; SQL for DuckDB and Spark (from 3.3) is plain.
 */
#ifndef PIPELINE_ANALYTICS_SQL_H
#define PIPELINE_ANALYTICS_SQL_H

#include "pipeline/analytics/analytics.h"

struct program;
struct query;

enum sql_dialect { SQL_SQLITE, SQL_DUCKDB, SQL_SPARK };
/* "sqlite", "duckdb", "spark"; false when it is none of them. */
bool sql_dialect_of(struct str name, enum sql_dialect *ret_dialect);
/* One statement each, without ';'. -1: what the rules say cannot be said in this dialect. */
int sql_put_raw(const struct program *p, enum sql_dialect d, struct buf *out, struct err *e);
int sql_put_table(const struct program *p, enum sql_dialect d, struct buf *out, struct err *e);
int sql_put_query(const struct query *q, enum sql_dialect d, struct buf *out, struct err *e);
/* The table or question of that name, or all of them as one script when the name is empty. */
int sql_put(const struct rules *r, const struct analytics *a, struct str name, enum sql_dialect d, struct buf *out,
            struct err *e);

#endif
