/* table.h - how the rest of the room fills a table. */
#ifndef PIPELINE_CLEAN_TABLE_H
#define PIPELINE_CLEAN_TABLE_H

#include "pipeline/clean/program.h"

/* Room for so many rows in all. */
void table_reserve(struct table *t, size_t rows);
/* The same for a table without rows, exactly, in one block; false when there is no such block. */
bool table_room(struct table *t, size_t rows);
/* An empty table with room for `rows`, which is that of the rows `from` and on of the whole (table_room); it leaves it when
 * more come. */
struct table *table_window(const struct table *whole, size_t from, size_t rows);
/* The cleaner goes on with t, which must be empty, instead of its own table. */
void cleaner_fill(struct cleaner *c, struct table *t);
void table_free_rows(struct table *t);
size_t table_cell_bytes(const struct column *c); /* of one cell in v */
/* Room for one more row at index t->n_rows. */
static inline void table_row(struct table *t)
{
    if (__builtin_expect(t->n_rows == t->cap_rows, 0))
        table_reserve(t, t->n_rows + 1);
}
/* The code of a text in the column's dictionary, added when new. */
uint32_t table_code(struct column *c, struct str text);
/* Order of two cells: null first; texts by bytes. */
int table_compare_cell(const struct column *c, size_t a, size_t b);
/* Counts one nulled value of an operation, keeping the sample of the lowest tag. */
void table_count_nulled(struct table *t, size_t count, struct str value, uint64_t tag);

#endif
