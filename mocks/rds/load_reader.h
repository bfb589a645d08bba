/* load_reader.h - records out of a file's bytes: what CSV and JSON have in common. Inside of load.c only. */
#ifndef MOCKS_RDS_LOAD_READER_H
#define MOCKS_RDS_LOAD_READER_H

#include "base/arena.h"
#include "base/json.h"
#include "mocks/rds/load.h"

struct load_field {
    struct str text;
    size_t at;   /* its offset in the file */
    bool null;   /* JSON null */
    bool quoted; /* a JSON string, or a CSV field in quotes */
    const char *unfit; /* "an array", … : never fits a column */
};
struct load_record {
    size_t at; /* its offset in the file */
    size_t n;
    struct load_field fields[SCHEMA_MAX_COLUMNS];
};

struct load_problem {
    size_t at;      /* offset in the file */
    bool fatal;     /* nothing behind it can be read */
    struct str what; /* in the arena */
};

struct load_reader {
    struct str text;
    size_t at;
    struct load_columns *columns;
    struct arena *arena; /* of the record; columns have one of their own */
    struct arena *names;
    struct json_reader *array; /* JSON in an array; NULL = lines */
};

/* 1: a record. 0: no more. -1: *problem, and the reader stands behind the broken line. */
int load_csv_next(struct load_reader *r, struct load_record *ret, struct load_problem *problem);
int load_json_next(struct load_reader *r, struct load_record *ret, struct load_problem *problem);
/* Finds the columns' names. 0, or -1 and *problem. */
int load_csv_header(struct load_reader *r, struct load_problem *problem);
int load_json_header(struct load_reader *r, struct load_problem *problem);

int load_problem_set(struct load_reader *r, struct load_problem *problem, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
