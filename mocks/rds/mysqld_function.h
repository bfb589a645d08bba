/* mysqld_function.h - tables of functions that SQLite is given. */
#ifndef MOCKS_RDS_MYSQLD_FUNCTION_H
#define MOCKS_RDS_MYSQLD_FUNCTION_H

#include "mocks/rds/mysqld.h"

struct mysqld_function {
    const char *name;
    int n_args; /* -1 = any */
    void (*run)(sqlite3_context *c, int n, sqlite3_value **v);
};
extern const struct mysqld_function mysqld_function_dates[], mysqld_function_texts[];
extern const size_t mysqld_function_n_dates, mysqld_function_n_texts;

#define FUNCTION(name) static void name(sqlite3_context *c, int n, sqlite3_value **v)

struct str mysqld_function_text(sqlite3_value *v);
void mysqld_function_result(sqlite3_context *c, struct str s);
void mysqld_function_result_buf(sqlite3_context *c, struct buf *b); /* and frees it; NULL when it is full */
bool mysqld_function_any_null(int n, sqlite3_value **v);

#endif
