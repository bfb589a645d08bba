/* rds.h - the mock RDS: the MySQL database pinterest_data the pipeline reads its rows from.
 *
 * It is a SQLite database of three tables (schema.h), rowid = key, so that the original scripts'
 * `SELECT * FROM t LIMIT n, 1` yields row n. Declared types are MySQL's, so that sqlite3_column_decltype gives
 * the type on a MySQL wire. The rows are synthetic (synth.h), or the user's own tables (load.h).
 *
 * Promises: opening costs nothing; the tables are filled once, at the first rds_uri or rds_report, whichever
 * thread comes first. The same seed gives the same rows. A table file with a broken line is refused with
 * file:line:column, or its broken lines are skipped and reported, never dropped silently.
 *
 * Where the rows live: in memory, shared by every connection of this process that opens rds_uri(); with data_dir
 * in data_dir/rds.sqlite, which a later rds_open with the same seed takes as it finds it.
 *
 * On the wire it is a MySQL server (mysqld.h): a service of a cloud, whose actions are the protocol's commands. Its
 * settings are listed in mysqld_service.c.
 *
 * Codes of struct err (all of them mean: correct the environment, exit status 3):
 *   TABLES_NOT_FOUND  tables_dir is no readable directory         TABLE_MISSING    no file for one of the tables
 *   TABLE_AMBIGUOUS   two files for one table                     TABLE_MALFORMED  header, columns or lines are broken
 *   RDS_STORAGE       SQLite or the disk refused
 */
#ifndef MOCKS_RDS_RDS_H
#define MOCKS_RDS_RDS_H

#include "base/err.h"
#include "mocks/cloud/service.h"
#include "mocks/rds/schema.h"

extern const struct service rds_service;
/* As rds_uri, of the service's own tables. */
const char *rds_service_uri(void *state, struct err *e);

struct rds_options {
    uint64_t seed;          /* of the synthetic rows */
    const char *tables_dir; /* the user's own tables instead; NULL = synthetic */
    const char *data_dir;   /* NULL = in memory */
    bool skip_broken;       /* tables_dir: skip and report broken lines instead of refusing them */
};

struct rds;
struct rds *rds_open(const struct rds_options *options); /* copies the options; cannot fail, fills nothing yet */
void rds_close(struct rds *rds);                         /* NULL is allowed */

/* The SQLite URI (for sqlite3_open_v2 with SQLITE_OPEN_URI) of the filled database; NULL and *e on failure.
 * Valid until rds_close. Safe from many threads; a failure is remembered and told again. */
const char *rds_uri(struct rds *rds, struct err *e);

enum { RDS_REPORT_FIRST = 10 };
struct rds_report {
    struct {
        int64_t rows;
        int64_t missing; /* indices that another table has and this one has not */
        int64_t first_missing[RDS_REPORT_FIRST];
        size_t n_first_missing;
        int64_t broken; /* lines skipped */
        const char *file; /* name of the table's file; NULL when synthetic */
    } tables[SCHEMA_TABLES];
    int64_t indices;  /* present in any table */
    int64_t complete; /* present in all three: the posts that can be formed */
    const char *broken[RDS_REPORT_FIRST]; /* file:line:column: what is wrong, of the first lines skipped; owned by rds */
    size_t n_broken;
};
/* What is in the tables; fills them first when that has not happened yet. */
int rds_report(struct rds *rds, struct rds_report *ret, struct err *e);

#endif
