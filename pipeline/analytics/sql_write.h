/* sql_write.h - inside sql*.c: names, literals and fragments of one dialect. */
#ifndef PIPELINE_ANALYTICS_SQL_WRITE_H
#define PIPELINE_ANALYTICS_SQL_WRITE_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/sql.h"

/* One statement being written. After the first failure nothing more is said. */
struct sql {
    struct buf *out;
    enum sql_dialect dialect;
    struct arena arena;
    struct err *e;
    bool failed;
};

void sql_open(struct sql *s, enum sql_dialect d, struct buf *out, struct err *e);
/* 0, or -1 with *e filled and nothing left in out of what was written. */
int sql_close(struct sql *s, size_t start);
void sql_fail(struct sql *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A name in quotes; a text as a literal; a text as a regular expression that matches just it (unquoted). */
struct str sql_name(struct sql *s, struct str name);
struct str sql_text(struct sql *s, struct str text);
struct str sql_pattern(struct sql *s, struct str text);
/* The whole of x matches the pattern, which must not begin or end with an alternative of its own. */
struct str sql_matches(struct sql *s, struct str x, struct str pattern);
struct str sql_f(struct sql *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Microseconds UTC of a text read by the formats, as the dialect's timestamp (sql_timestamp.c). */
struct str sql_timestamp(struct sql *s, const struct op *op, struct str x);

#endif
