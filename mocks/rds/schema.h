/* schema.h - the three tables of the database pinterest_data: columns in wire order, MySQL types.
 *
 * The types were never published; these are what the public scripts rely on (integers, floats, DATETIME that
 * becomes datetime.datetime, text elsewhere).
 */
#ifndef MOCKS_RDS_SCHEMA_H
#define MOCKS_RDS_SCHEMA_H

#include "base/str.h"

enum schema_type { SCHEMA_INTEGER, SCHEMA_FLOAT, SCHEMA_DATETIME, SCHEMA_TEXT };

struct schema_column {
    const char *name;
    const char *declared; /* the MySQL type in CREATE TABLE */
    enum schema_type type;
};

enum { SCHEMA_PIN, SCHEMA_GEO, SCHEMA_USER, SCHEMA_TABLES };
enum { SCHEMA_MAX_COLUMNS = 64 };

/* columns[0] is the key: index in pinterest_data, ind elsewhere. */
struct schema_table {
    const char *name;
    const struct schema_column *columns;
    size_t n_columns;
};
extern const struct schema_table schema_tables[SCHEMA_TABLES];

#endif
