/* load.h - the user's own tables: DIR/pinterest_data, geolocation_data, user_data, each as one file.
 *
 *   .csv                     a header line, RFC 4180 quotes, newlines inside quotes, LF or CRLF, BOM or none
 *   .jsonl .ndjson .json     one object a line, or (when it begins with a bracket) one array of objects
 *
 * Columns are taken in the order of the header or of the first object. Every column of schema.h must be there, found
 * by name; others are kept as TEXT. A line is broken when it cannot be read, has another number of fields, a value
 * that its column's type does not take, bytes that are not UTF-8, or a key that was there before. Broken lines are
 * told as file:line:column (characters, from 1) and passed over; the reader goes on with the next line, so that one
 * broken line costs no other.
 */
#ifndef MOCKS_RDS_LOAD_H
#define MOCKS_RDS_LOAD_H

#include "base/err.h"
#include "mocks/rds/schema.h"

enum { LOAD_FIRST = 10, LOAD_MAX_RECORD_BYTES = 1 << 20, LOAD_MAX_FILE_BYTES = 1 << 30 };
enum load_format { LOAD_CSV, LOAD_JSON };

struct load_value {
    enum { LOAD_NULL, LOAD_INTEGER, LOAD_FLOAT, LOAD_TEXT } kind;
    int64_t integer;
    double real;
    struct str text; /* LOAD_TEXT; DATETIME as YYYY-MM-DD HH:MM:SS */
};

/* The columns of a file, in its order. */
struct load_columns {
    size_t n, key; /* key: which of them is the table's */
    struct {
        struct str name;
        const struct schema_column *known; /* NULL = an extra column, TEXT */
    } at[SCHEMA_MAX_COLUMNS];
};

/* Who takes the rows. */
struct load_sink {
    void *ctx;
    int (*columns)(void *ctx, const struct schema_table *table, const struct load_columns *columns, struct err *e);
    /* 0: taken. 1: the key was there before. -1: *e. */
    int (*row)(void *ctx, const struct load_value *values, struct err *e);
};

struct load_broken {
    int64_t n;
    char *first[LOAD_FIRST]; /* "file:line:column: what is wrong" */
    size_t n_first;
};
void load_broken_release(struct load_broken *b);

/* One table from its text; `file` is the name in messages. -1 and *e (TABLE_MALFORMED) when nothing can be read of
 * it: no header, a column missing, a broken array. */
int load_text(const struct schema_table *table, const char *file, enum load_format format, struct str text,
              const struct load_sink *sink, struct load_broken *broken, struct err *e);

struct load_result {
    struct load_broken broken;            /* the first of all tables */
    int64_t n_broken[SCHEMA_TABLES];
    char *file[SCHEMA_TABLES]; /* without the directory */
};
void load_result_release(struct load_result *r);
/* All three tables, in schema order. With skip_broken false, broken lines are an error that lists the first ten.
 * *result is to be released in either case. */
int load_tables(const char *dir, bool skip_broken, const struct load_sink *sink, struct load_result *result,
                struct err *e);

#endif
