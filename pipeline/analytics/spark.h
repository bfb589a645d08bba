/* spark.h - free SQL over the cleaned tables: SQLite, written and named as in Spark.
 *
 * A statement is first rewritten where Spark's writing differs from SQLite's (spark_rewrite.c): "texts" in double
 * quotes and backslashes in texts, coordinates[0], CAST(x AS STRING), x RLIKE y, a / b as a fraction, names that begin
 * with a digit. Functions have Spark's names and meanings (spark_function*.c); texts in place of the types that SQLite
 * lacks: instants are '2020-08-28 03:52:47', dates '2020-08-28', arrays JSON.
 *
 *     struct spark *s = spark_open(&e);
 *     spark_add_table(s, pin, &e);
 *     if (spark_run(s, S("SELECT category, count(*) FROM pin GROUP BY category"), &result, &e) == 0) …
 *
 * Nothing but the tables given can be read, and nothing written. A mistake is told with its place in the statement.
 */
#ifndef PIPELINE_ANALYTICS_SPARK_H
#define PIPELINE_ANALYTICS_SPARK_H

#include "pipeline/analytics/analytics.h"

struct spark;
struct spark *spark_open(struct err *e);
void spark_close(struct spark *s);

struct spark_column {
    struct str name;
    const char *type; /* Spark's name of it: "int", "string", "timestamp", "array<double>"; texts with T and Z become instants */
};
/* A table of that name; then its rows as JSON objects, as table_put_jsonl and delta_rows print them. */
int spark_create(struct spark *s, struct str name, const struct spark_column *columns, size_t n, struct err *e);
int spark_add_row(struct spark *s, struct str object, struct err *e);
/* The same of a finished table. */
int spark_add_table(struct spark *s, const struct table *t, struct err *e);
/* One statement. A table that is not there is found by a name that contains one: df_pin, 0a1b_pin_table. */
int spark_run(struct spark *s, struct str statement, struct result **ret, struct err *e);

#endif
