/* engine.h - the rules run by SQLite, as reference for the native engine.
 *
 * Records are read by a plain reader of its own, row by row, into the raw tables of sql.h; the statements of sql.h do
 * the rest, with these functions beside SQLite's: to_integer(text, low, high), to_double(text), doubles(text, …),
 * doubles_of(json, n), timestamp_us(text, format), strip_prefix(text, prefix), year(microseconds). Slow and simple;
 * for tests, and for whoever doubts the native engine.
 */
#ifndef PIPELINE_ANALYTICS_ENGINE_H
#define PIPELINE_ANALYTICS_ENGINE_H

#include "pipeline/analytics/analytics.h"

struct engine;
/* The rule set and its analytics must outlive it. */
struct engine *engine_open(const struct rules *r, const struct analytics *a, struct err *e);
void engine_close(struct engine *g);
/* Reads one record as cleaner_add does: the number of rows, or -1 when it is refused (code and message are
 * simpler). Whether a required column has a value is judged by engine_clean. */
int64_t engine_add(struct engine *g, struct str table, struct str record, struct err *reason);
/* Makes the cleaned tables of all rows added. Once. */
int engine_clean(struct engine *g, struct err *e);
/* The cleaned rows as table_put_jsonl prints them, in the order of the finished table (arrays aside). */
int engine_put_jsonl(struct engine *g, struct str table, struct buf *out, struct err *e);
/* As analytics_run. */
int engine_run(struct engine *g, size_t query, struct result **ret_result, struct err *e);

#endif
