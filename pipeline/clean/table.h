/* table.h - how the rest of the room fills a table. */
#ifndef PIPELINE_CLEAN_TABLE_H
#define PIPELINE_CLEAN_TABLE_H

#include "pipeline/clean/clean.h"

/* Room for one more row at index t->n_rows. */
void table_row(struct table *t);
/* The code of a text in the column's dictionary, added when new. */
uint32_t table_code(struct column *c, struct str text);
/* Order of two cells: null first; texts by bytes. */
int table_compare_cell(const struct column *c, size_t a, size_t b);
/* Counts one nulled value of an operation, keeping the sample of the lowest tag. */
void table_count_nulled(struct table *t, size_t count, struct str value, uint64_t tag);

#endif
