/* source.h - where the rows come from: three tables, a row asked for by its key, answered as one JSON object.
 *
 * The pipeline knows a source by its URI only: a SQLite URI ("file:…") or file path, or "mysql://…"; the kinds are rows
 * of a table of functions in source.c, so that another database becomes one more row. A source belongs to one thread;
 * every thread opens its own.
 *
 * A row's JSON is compact, keys in the order of the table's columns. NULL is null, integers are integers, floats are
 * the shortest decimal that reads back the same with ".0" where there is no fraction (as Python's repr, which the
 * original scripts send through json.dumps), DATETIME is "YYYY-MM-DD HH:MM:SS", all else is text.
 */
#ifndef PIPELINE_SOURCE_SOURCE_H
#define PIPELINE_SOURCE_SOURCE_H

#include "base/buf.h"
#include "base/err.h"

enum source_table { SOURCE_PIN, SOURCE_GEO, SOURCE_USER, SOURCE_TABLES };
extern const char *const source_names[SOURCE_TABLES]; /* pinterest_data geolocation_data user_data */
extern const char *const source_keys[SOURCE_TABLES];  /* index ind ind */
extern const char *const source_short[SOURCE_TABLES]; /* pin geo user */

struct source;
/* NULL and *e (SOURCE_UNREACHABLE, TABLE_MISSING, COLUMN_MISSING) when it cannot be opened or lacks a table or key. */
struct source *source_open(const char *uri, struct err *e);
void source_close(struct source *s); /* NULL is allowed */
/* Non-ASCII characters as \uXXXX, as Python's json.dumps writes them; off at first: UTF-8 as it is. */
void source_ascii(struct source *s, bool on);

/* Appends the row with that key to *ret_json. 0: done. 1: there is no such row. -1: *e (SOURCE_FAILED, SOURCE_TEXT). */
int source_row(struct source *s, enum source_table table, int64_t index, struct buf *ret_json, struct err *e);
/* Number of rows, or -1 and *e. */
int64_t source_count(struct source *s, enum source_table table, struct err *e);
/* The indices present in all three tables, ascending; free() *ret. */
int source_complete_indices(struct source *s, int64_t **ret, size_t *ret_n, struct err *e);

#endif
