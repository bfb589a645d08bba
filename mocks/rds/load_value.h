/* load_value.h - a field's text as the value its column's type takes. */
#ifndef MOCKS_RDS_LOAD_VALUE_H
#define MOCKS_RDS_LOAD_VALUE_H

#include "base/arena.h"
#include "mocks/rds/load.h"
#include "mocks/rds/load_reader.h"

/* NULL, or what is wrong with the field (in the arena or for ever). column == NULL: TEXT. */
const char *load_value_read(const struct schema_column *column, const struct load_field *field, struct arena *a,
                            struct load_value *ret);

#endif
