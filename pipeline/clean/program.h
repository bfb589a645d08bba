/* program.h - a rule file compiled: which members a record has, what is done to each, in which order.
 *
 * All of it lives in the rule set's arena and is read-only while cleaners run.
 */
#ifndef PIPELINE_CLEAN_PROGRAM_H
#define PIPELINE_CLEAN_PROGRAM_H

#include "pipeline/clean/clean.h"
#include "pipeline/clean/doc.h"
#include "pipeline/clean/op.h"

/* A piece of a concat or an element of an array: a member of the record, or a literal text. */
struct part {
    bool literal;
    size_t input;
    struct str text;
};
enum column_source { SOURCE_MEMBER, SOURCE_CONCAT, SOURCE_ARRAY };

struct program_column {
    struct str name;
    enum column_type type;
    enum column_source source;
    uint32_t width;
    bool coded, required;
    struct str null_as; /* p NULL: a null stays one */
    size_t null_as_count;
    size_t *from; /* inputs; the first one present is taken (for concat and array: when a part is missing) */
    size_t n_from;
    struct part *parts;
    size_t n_parts;
    struct op *ops;
    size_t n_ops;
    uint64_t lengths; /* all operations' (op.h) together */
    size_t first_count, n_counts; /* its counters */
    size_t source_count;          /* "from", "concat" or "array" */
    size_t type_count;
};

enum check_kind { CHECK_NOT_NULL, CHECK_UNIQUE, CHECK_BETWEEN, CHECK_ACCEPTED, CHECK_LENGTH, CHECK_REFERENCES, CHECK_ROWS };
struct check {
    enum check_kind kind;
    bool warns;
    size_t column;
    double mostly;
    double low, high;     /* between, length, rows */
    struct str *accepted; /* texts */
    size_t n_accepted;
    const struct node *reference; /* references: where it says so; then what it means */
    const struct program *other;
    size_t other_column;
    struct str wants;
};

struct program {
    struct str name, about;
    struct str *inputs; /* members the rules use, then those they drop */
    size_t n_inputs, n_used;
    struct program_column *columns; /* in the order of the output */
    size_t n_columns;
    size_t *steps; /* columns in the order they are worked out: the required ones first */
    size_t key;
    bool dedupe;
    size_t *dedupe_by; /* columns; n 0 = all */
    size_t n_dedupe_by;
    struct check *checks;
    size_t n_checks;
    struct clean_count *counts; /* names, with zeros */
    size_t n_counts;
};

/* NULL on a mistake in the file. */
struct program *program_compile(struct arena *a, const struct node *file, struct err *e);
/* Reads `checks` of the file into the program, whose columns are known. */
int check_compile(struct arena *a, struct program *p, const struct node *file, struct err *e);
/* Once every table is compiled: finds what its checks refer to. */
int check_link(const struct rules *r, const struct program *p, struct err *e);
/* The index of the column of that name; fails with the names there are. */
int program_find(const struct program *p, const struct node *name, size_t *ret_column, struct err *e);
const struct program *rules_program(const struct rules *r, struct str table); /* NULL when there is none */
struct table *table_of(const struct program *p);

#endif
