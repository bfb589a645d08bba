/* source_kind.h - what a kind of database must be able to do to be a source. */
#ifndef PIPELINE_SOURCE_SOURCE_KIND_H
#define PIPELINE_SOURCE_SOURCE_KIND_H

#include "pipeline/source/source.h"

struct source_cell {
    enum { SOURCE_NULL, SOURCE_INTEGER, SOURCE_FLOAT, SOURCE_TEXT } kind;
    int64_t integer;
    double real;
    struct str text; /* until the next call */
};
enum { SOURCE_MAX_COLUMNS = 256 };

struct source_kind {
    const char *scheme; /* a URI of this kind begins with it; NULL = a URI without scheme, too */
    void *(*open)(const char *uri, struct err *e);
    void (*close)(void *state);
    size_t (*columns)(void *state, enum source_table table); /* at most SOURCE_MAX_COLUMNS */
    const char *(*column_name)(void *state, enum source_table table, size_t column);
    /* 0: the cells of all columns. 1: no such row. -1: *e. */
    int (*row)(void *state, enum source_table table, int64_t key, struct source_cell *cells, struct err *e);
    int64_t (*count)(void *state, enum source_table table, struct err *e);
    /* All keys, ascending, without repetition; free() *ret. */
    int (*keys)(void *state, enum source_table table, int64_t **ret, size_t *ret_n, struct err *e);
};

extern const struct source_kind source_sqlite_kind, source_mysql_kind;

#endif
