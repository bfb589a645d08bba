/* engine_own.h - inside engine*.c. */
#ifndef PIPELINE_ANALYTICS_ENGINE_OWN_H
#define PIPELINE_ANALYTICS_ENGINE_OWN_H

#include <sqlite3.h>

#include "pipeline/analytics/engine.h"
#include "pipeline/analytics/query.h"

enum { ENGINE_MAX_TABLES = 256, ENGINE_MAX_FORMATS = 64 };

struct engine_table {
    const struct program *program;
    sqlite3_stmt *insert;
};
struct engine {
    const struct rules *rules;
    const struct analytics *analytics;
    sqlite3 *db;
    struct engine_table tables[ENGINE_MAX_TABLES];
    size_t n_tables;
    struct arena arena, scratch;
    struct timestamp_format *formats[ENGINE_MAX_FORMATS]; /* compiled so far */
    size_t n_formats;
};

struct engine_table *engine_table(struct engine *g, struct str name);
int engine_functions(struct engine *g);
int engine_fail(struct engine *g, struct err *e);

#endif
