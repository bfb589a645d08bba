/* diff.h - two grids row by row: which rows were added, removed, changed, and in which cells.
 *
 * Rows are matched by their keys. Of several rows with one key those that are equal meet first; what is left meets in order,
 * and only a surplus is added or removed. The order of rows does not matter. Columns are matched by name; one that only one
 * side has is not compared.
 */
#ifndef PIPELINE_CHECK_DIFF_H
#define PIPELINE_CHECK_DIFF_H

#include "base/buf.h"
#include "pipeline/check/grid.h"
#include "pipeline/check/tolerance.h"

struct diff_column {
    size_t was, now; /* columns of the grids */
    bool key;
    struct tolerance tolerance;
    uint64_t changed; /* rows in which it differs */
};
struct diff_cell {
    uint32_t was, now, column; /* rows; index into columns */
};
struct diff {
    struct diff_column columns[GRID_MAX_COLUMNS];
    size_t n_columns;
    uint32_t *added, *removed; /* rows of now, of was */
    size_t n_added, n_removed;
    struct diff_cell *cells; /* row by row */
    size_t n_cells;
    uint64_t n_changed; /* rows */
};

/* keys: names of columns. tolerance(arg, name) tells what may differ. */
void diff_run(struct diff *d, const struct grid *was, const struct grid *now, const struct str *keys, size_t n_keys,
              struct tolerance (*tolerance)(void *arg, struct str column), void *arg);
void diff_release(struct diff *d);
/* "ind=7528" of a row of the grid. */
void diff_put_key(const struct grid *g, const struct str *keys, size_t n_keys, size_t row, struct buf *out);

#endif
