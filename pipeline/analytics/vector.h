/* vector.h - the values of one field for the rows of a block, in the form groups and aggregates want:
 * numbers as 64-bit integers in their order (doubles too), texts as codes.
 */
#ifndef PIPELINE_ANALYTICS_VECTOR_H
#define PIPELINE_ANALYTICS_VECTOR_H

#include "pipeline/clean/clean.h"

struct query;

/* The rows of a join: row i is row[t][i] of table t, or ROW_NONE where a table has none there (gaps[t]). */
struct rowset {
    size_t n;
    size_t n_tables;
    uint32_t *row[4];
    bool gaps[4];
};
#define ROW_NONE UINT32_MAX

/* Numbers for 64-bit keys, dense, in the order in which they come. */
struct vector_ids {
    uint64_t *keys;  /* by number */
    uint32_t *slots; /* number + 1 */
    size_t n_slots;
    uint32_t n, cap;
};
uint32_t vector_id(struct vector_ids *ids, uint64_t key);
void vector_ids_release(struct vector_ids *ids);

/* The same for texts: the codes of a column that has none. They hold from block to block. */
struct vector_words {
    struct str *text; /* by code */
    uint64_t *hash;
    uint32_t *slots;
    size_t n_slots;
    uint32_t n, cap;
};
void vector_words_release(struct vector_words *w);

struct vector {
    enum column_type type;
    size_t n;
    int64_t *number;  /* all but strings; null[i] tells */
    uint8_t *null;
    uint32_t *code;   /* strings: into text, CODE_NULL */
    const struct str *text; /* of the table, the query or the words */
    uint32_t n_text;
    bool by_position; /* codes are ordered by themselves, not by their texts (a case) */
};

/* Evaluates a field over all rows. words: those of this field. */
void vector_init(struct vector *v, const struct query *q, size_t field, const struct table *const *tables,
                 const struct rowset *rows, struct vector_words *words);
void vector_release(struct vector *v);
/* Keeps the values where keep[i], in their order. */
void vector_keep(struct vector *v, const uint8_t *keep);
static inline bool vector_null(const struct vector *v, size_t i) { return v->code ? v->code[i] == CODE_NULL : v->null[i]; }
/* Nulls first; texts by bytes. */
int vector_compare(const struct vector *v, size_t a, size_t b);
/* Doubles as integers of the same order, and back. */
int64_t vector_of_double(double d);
double vector_to_double(int64_t i);

#endif
