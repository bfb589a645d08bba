/* schema.c - the columns, in the order SELECT * shows them and the original scripts post them. */
#include "mocks/rds/schema.h"

#define INTEGER(name) { name, "BIGINT", SCHEMA_INTEGER }
#define TEXT(name) { name, "TEXT", SCHEMA_TEXT }
#define TABLE(name, columns) { name, columns, sizeof(columns) / sizeof *(columns) }

static const struct schema_column pin[] = {
    INTEGER("index"),
    TEXT("unique_id"),
    TEXT("title"),
    TEXT("description"),
    TEXT("poster_name"),
    TEXT("follower_count"),
    TEXT("tag_list"),
    TEXT("is_image_or_video"),
    TEXT("image_src"),
    INTEGER("downloaded"),
    TEXT("save_location"),
    TEXT("category"),
};
static const struct schema_column geo[] = {
    INTEGER("ind"),
    { "timestamp", "DATETIME", SCHEMA_DATETIME },
    { "latitude", "FLOAT", SCHEMA_FLOAT },
    { "longitude", "FLOAT", SCHEMA_FLOAT },
    TEXT("country"),
};
static const struct schema_column user[] = {
    INTEGER("ind"),
    TEXT("first_name"),
    TEXT("last_name"),
    { "age", "INT", SCHEMA_INTEGER },
    { "date_joined", "DATETIME", SCHEMA_DATETIME },
};

const struct schema_table schema_tables[SCHEMA_TABLES] = {
    [SCHEMA_PIN] = TABLE("pinterest_data", pin),
    [SCHEMA_GEO] = TABLE("geolocation_data", geo),
    [SCHEMA_USER] = TABLE("user_data", user),
};
