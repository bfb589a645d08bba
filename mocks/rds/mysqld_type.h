/* mysqld_type.h - MySQL's column types: how they are declared, described on the wire, and written in rows.
 * Numbers: enum_field_types of the protocol; lengths and flags as a MySQL 8.0 server sends them.
 */
#ifndef MOCKS_RDS_MYSQLD_TYPE_H
#define MOCKS_RDS_MYSQLD_TYPE_H

#include "base/buf.h"
#include "base/str.h"

enum mysqld_type_number {
    MYSQL_DECIMAL = 0, MYSQL_TINY = 1, MYSQL_SHORT = 2, MYSQL_LONG = 3, MYSQL_FLOAT = 4, MYSQL_DOUBLE = 5, MYSQL_NULL = 6,
    MYSQL_TIMESTAMP = 7, MYSQL_LONGLONG = 8, MYSQL_INT24 = 9, MYSQL_DATE = 10, MYSQL_TIME = 11, MYSQL_DATETIME = 12,
    MYSQL_YEAR = 13, MYSQL_VARCHAR = 15, MYSQL_BIT = 16, MYSQL_JSON = 245, MYSQL_NEWDECIMAL = 246, MYSQL_BLOB = 252,
    MYSQL_VAR_STRING = 253, MYSQL_STRING = 254,
};
enum { MYSQL_NOT_NULL_FLAG = 1, MYSQL_PRI_KEY_FLAG = 2, MYSQL_UNIQUE_FLAG = 4, MYSQL_BLOB_FLAG = 16, MYSQL_UNSIGNED_FLAG = 32,
       MYSQL_BINARY_FLAG = 128, MYSQL_AUTO_INCREMENT_FLAG = 512, MYSQL_NUM_FLAG = 32768 };
enum { MYSQL_CHARSET_BINARY = 63, MYSQL_CHARSET_UTF8MB4 = 45 };

struct mysqld_type {
    uint8_t number, decimals;
    uint16_t flags, charset;
    uint32_t length;
    const char *name; /* "bigint" */
    bool sized;       /* the declaration's (n) belongs to the type: varchar(60) */
    uint32_t size, scale;
};

/* Of a column's declaration, e.g. "VARCHAR(60)"; text when it is none that is known. */
struct mysqld_type mysqld_type_of(const char *declared);
/* What MySQL shows for it: "varchar(60)", "int unsigned". */
void mysqld_type_put_name(struct buf *out, const char *declared);

/* A value as SQLite has it. */
struct mysqld_value {
    enum { MYSQL_V_NULL, MYSQL_V_INTEGER, MYSQL_V_REAL, MYSQL_V_TEXT } kind;
    int64_t integer;
    double real;
    struct str text;
};
/* As in a row of the text protocol (lenenc), or of the binary one. NULL is for the caller. */
void mysqld_type_put_text(struct buf *out, const struct mysqld_type *t, const struct mysqld_value *v);
void mysqld_type_put_binary(struct buf *out, const struct mysqld_type *t, const struct mysqld_value *v);
/* Shortest decimal that reads back the same, in MySQL's form (1e21). */
void mysqld_type_put_double(struct buf *out, double v);

/* The type of an expression, as its values tell it: begin with MYSQL_NULL, then see each. */
void mysqld_type_see(struct mysqld_type *t, const struct mysqld_value *v);

struct mysqld_reader;
/* A parameter of COM_STMT_EXECUTE; false when the type is unknown or the value is not whole. text lives in *scratch (of
 * at least 40 bytes) or in the packet. */
bool mysqld_type_get_binary(struct mysqld_reader *r, uint16_t type, char *scratch, struct mysqld_value *ret);

#endif
