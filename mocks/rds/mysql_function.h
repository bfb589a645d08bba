/* mysql_function.h - tables of functions that SQLite is given. */
#ifndef MOCKS_RDS_MYSQL_FUNCTION_H
#define MOCKS_RDS_MYSQL_FUNCTION_H

#include "mocks/rds/mysql.h"

struct mysql_function {
    const char *name;
    int n_args; /* -1 = any */
    void (*run)(sqlite3_context *c, int n, sqlite3_value **v);
};
extern const struct mysql_function mysql_function_dates[];
extern const size_t mysql_function_n_dates;

struct str mysql_function_text(sqlite3_value *v);
void mysql_function_result(sqlite3_context *c, struct str s);

#endif
