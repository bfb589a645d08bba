/* spark_own.h - inside spark*.c. */
#ifndef PIPELINE_ANALYTICS_SPARK_OWN_H
#define PIPELINE_ANALYTICS_SPARK_OWN_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "pipeline/analytics/spark.h"

enum { SPARK_LONGEST = 16 << 20 /* bytes of a text that a function makes */ };

enum { SPARK_MOST_TABLES = 64 };

struct spark_shape {
    struct str name;
    struct spark_column *columns;
    size_t n_columns;
};
struct spark {
    sqlite3 *db;
    struct arena arena, scratch;
    struct spark_shape tables[SPARK_MOST_TABLES];
    size_t n_tables;
    sqlite3_stmt *insert; /* into the table made last */
};

/* ---- spark_table.c ---- */
int spark_fail(struct spark *s, struct err *e); /* what SQLite says */
void spark_put_name(struct buf *out, struct str name);

/* ---- spark_rewrite.c ---- */

struct spark_place {
    size_t out, in; /* from this byte of the rewritten statement on: that byte of the given one */
};
struct spark_text {
    struct str sql;
    struct spark_place *places;
    size_t n_places;
};
/* As SQLite wants it, in the arena. -1: a text or bracket that does not end; *ret_at is where. */
int spark_rewrite(struct str statement, struct arena *a, struct spark_text *ret, size_t *ret_at, struct err *e);

/* ---- functions: tables of rows; a row of .name == NULL ends one ---- */

#define SPARK_FUNCTION(name) static void name(sqlite3_context *c, int n, sqlite3_value **v)
struct spark_function {
    const char *name;
    int least, most; /* arguments */
    void (*run)(sqlite3_context *c, int n, sqlite3_value **v);
    bool takes_null; /* else NULL in any argument is NULL */
};
extern const struct spark_function spark_function_values[]; /* conditions, casts, numbers */
extern const struct spark_function spark_function_arrays[];
extern const struct spark_function spark_function_texts[];
extern const struct spark_function spark_function_times[];
/* Registers all. */
int spark_function_register(sqlite3 *db);
int spark_function_aggregates(sqlite3 *db);
/* Every name, sorted, one blank between. */
void spark_function_names(struct buf *out);
void spark_function_aggregate_names(void (*each)(void *arg, const char *name), void *arg);

struct str spark_function_text(sqlite3_value *v);
void spark_function_result(sqlite3_context *c, struct str text);
/* Releases the buffer; an overflow is an error. */
void spark_function_result_buf(sqlite3_context *c, struct buf *b);
void spark_function_put(struct buf *out, sqlite3_value *v); /* as JSON */
void spark_function_fail(sqlite3_context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- spark_function_time.c ---- */
/* Microseconds UTC of '2020-08-28[ 03:52[:47[.5]]]', T and zone allowed. */
bool spark_function_instant(struct str text, int64_t *ret_us);
void spark_function_put_instant(struct buf *out, int64_t us);

#endif
