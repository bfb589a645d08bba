/* mysqld_error.h - errors as MySQL phrases them: number, SQL state, name, text.
 * https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
 *
 * In a struct err the status is MySQL's number and the code its name, so that journal and fault rules read
 * ER_NO_SUCH_TABLE; a fault rule may name any error of the table.
 */
#ifndef MOCKS_RDS_MYSQLD_ERROR_H
#define MOCKS_RDS_MYSQLD_ERROR_H

#include "base/err.h"

enum {
    MYSQL_UNKNOWN = 1105, MYSQL_TOO_MANY_CONNECTIONS = 1040, MYSQL_OUT_OF_RESOURCES = 1041, MYSQL_BAD_HANDSHAKE = 1043,
    MYSQL_DENIED_DATABASE = 1044, MYSQL_DENIED = 1045, MYSQL_NO_DATABASE = 1046, MYSQL_UNKNOWN_COMMAND = 1047,
    MYSQL_UNKNOWN_DATABASE = 1049, MYSQL_PARSE = 1064, MYSQL_EMPTY_QUERY = 1065, MYSQL_NO_SUCH_TABLE = 1146,
    MYSQL_TOO_LARGE = 1153, MYSQL_OUT_OF_ORDER = 1156, MYSQL_UNKNOWN_VARIABLE = 1193, MYSQL_LOCK_WAIT = 1205,
    MYSQL_WRONG_ARGUMENTS = 1210, MYSQL_NOT_SUPPORTED = 1235, MYSQL_READ_ONLY_VARIABLE = 1238, MYSQL_UNKNOWN_STATEMENT = 1243,
    MYSQL_WRONG_VALUE = 1231, MYSQL_TOO_MANY_STATEMENTS = 1461, MYSQL_MALFORMED = 1835, MYSQL_QUERY_TIMEOUT = 3024,
};

/* Fills *e and returns -1. */
int mysqld_error(struct err *e, int number, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* 1064 with the text it is near to and its line. */
int mysqld_error_near(struct err *e, struct str sql, size_t at);
const char *mysqld_error_state(int number); /* five characters */
int mysqld_error_number(const struct err *e); /* of any struct err: faults name theirs by code */

/* SQLite's message as MySQL would have put it. sql and at: the statement and where SQLite stopped in it (STR_NONE:
 * unknown); database: the one that tables without one are in. */
void mysqld_error_translate(struct err *e, const char *sqlite_message, int sqlite_code, struct str sql, size_t at,
                           struct str database);

#endif
