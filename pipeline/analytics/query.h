/* query.h - a query file compiled against the columns of the cleaned tables. */
#ifndef PIPELINE_ANALYTICS_QUERY_H
#define PIPELINE_ANALYTICS_QUERY_H

#include "pipeline/analytics/analytics.h"
#include "pipeline/clean/program.h"

enum { QUERY_MAX_TABLES = 4, QUERY_MAX_FIELDS = 32 };

/* A bound on a number: low..high, both included; for a double as ordered by vector_of_double. */
struct range {
    int64_t low, high;
    struct str value; /* of a case */
};

enum field_kind { FIELD_COLUMN, FIELD_YEAR, FIELD_CASE };
struct field {
    struct str name;
    enum field_kind kind;
    enum column_type type;
    size_t table, column; /* FIELD_COLUMN */
    size_t of;            /* FIELD_YEAR, FIELD_CASE: the field it is worked out from */
    struct range *when;   /* FIELD_CASE */
    struct str *labels;   /* its values */
    size_t n_when;
};

enum condition_kind { CONDITION_ALWAYS, CONDITION_RANGE, CONDITION_TEXTS, CONDITION_NULL };
struct condition {
    enum condition_kind kind;
    size_t field;
    struct range *ranges; /* one of them */
    struct str *texts;    /* one of them */
    size_t n;
    bool null; /* CONDITION_NULL: must it be null, or must it not? */
};

enum aggregate_kind { AGGREGATE_COUNT_ROWS, AGGREGATE_COUNT, AGGREGATE_MAX, AGGREGATE_MIN, AGGREGATE_MEDIAN };
struct aggregate {
    struct str name;
    enum aggregate_kind kind;
    enum column_type type; /* of the answer */
    size_t field;
    bool interpolated;
};

/* An output column: the keys of the groups, then the aggregates. */
struct order {
    size_t output;
    bool descending;
};
struct top {
    bool on, all;
    size_t *per; /* indexes into group_by */
    size_t n_per;
    size_t by; /* index into aggregates */
};

/* The right table joins where left.column of an earlier table equals right_column. */
enum join_kind { JOIN_INNER, JOIN_LEFT, JOIN_OUTER };
struct join {
    enum join_kind kind;
    size_t left_table, left_column, right_column;
};

struct query {
    struct str name, about;
    int64_t number, step;
    const struct program *tables[QUERY_MAX_TABLES]; /* from, then the joined */
    size_t n_tables;
    struct join joins[QUERY_MAX_TABLES];
    struct field fields[QUERY_MAX_FIELDS];
    size_t n_fields;
    struct condition *where;
    size_t n_where;
    size_t *group_by; /* fields */
    size_t n_group_by;
    struct aggregate *aggregates;
    size_t n_aggregates;
    struct top top;
    struct order *order_by;
    size_t n_order_by;
};

const struct query *analytics_query(const struct analytics *a, size_t i);
struct query *query_compile(struct arena *a, const struct rules *r, const struct node *file, struct err *e);

#endif
