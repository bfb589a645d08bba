/* vector.h - the values of one field for the rows of a join, in the form groups and aggregates want:
 * numbers as 64-bit integers in their order (doubles too), texts as codes.
 */
#ifndef PIPELINE_ANALYTICS_VECTOR_H
#define PIPELINE_ANALYTICS_VECTOR_H

#include "pipeline/clean/clean.h"

struct query;

/* The rows of a join: row i is row[t][i] of table t. */
struct rowset {
    size_t n;
    size_t n_tables;
    uint32_t *row[4];
};

struct vector {
    enum column_type type;
    size_t n;
    int64_t *number;  /* all but strings; null[i] tells */
    uint8_t *null;
    uint32_t *code;   /* strings: into text, CODE_NULL */
    struct str *text; /* views of the table or the query */
    uint32_t n_text;
    bool owns_text;
    bool by_position; /* codes are ordered by themselves, not by their texts (a case) */
};

/* Evaluates a field over all rows. */
void vector_init(struct vector *v, const struct query *q, size_t field, const struct table *const *tables,
                 const struct rowset *rows);
void vector_release(struct vector *v);
bool vector_null(const struct vector *v, size_t i);
/* Nulls first; texts by bytes. */
int vector_compare(const struct vector *v, size_t a, size_t b);
/* Doubles as integers of the same order, and back. */
int64_t vector_of_double(double d);
double vector_to_double(int64_t i);
/* Dense group numbers: rows with equal `group` and equal value get the same new number. group is NULL at first. */
uint32_t *vector_group(const struct vector *v, const uint32_t *group, uint32_t n_groups, uint32_t *ret_n_groups);

#endif
