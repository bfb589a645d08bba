/* grid.h - a table or an answer as texts in rows and columns, read from the files of a baseline.
 *
 * Cells of JSON lines are JSON; cells of CSV are their text, an empty unquoted one has p == NULL (null).
 */
#ifndef PIPELINE_CHECK_GRID_H
#define PIPELINE_CHECK_GRID_H

#include "base/arena.h"
#include "base/err.h"

enum { GRID_MAX_COLUMNS = 128 };
struct grid {
    struct str *columns;
    size_t n_columns;
    struct str *cells; /* row * n_columns + column */
    size_t n_rows, cap_rows;
    struct arena arena;
};
void grid_release(struct grid *g);

/* The text must outlive the grid. BASELINE_MALFORMED with path and line. Columns are those of the first line; a later line
 * may lack one (null), and may have no other. */
int grid_read_jsonl(struct grid *g, struct str text, const char *path, struct err *e);
int grid_read_csv(struct grid *g, struct str text, const char *path, struct err *e);
/* Lines "KEY HASH" become the columns `key` and "row". */
int grid_read_hashes(struct grid *g, struct str text, struct str key, const char *path, struct err *e);
/* STR_NONE when there is none. */
size_t grid_column(const struct grid *g, struct str name);
static inline struct str grid_cell(const struct grid *g, size_t row, size_t column)
{
    return g->cells[row * g->n_columns + column];
}

#endif
