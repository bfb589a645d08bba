/* export.h - the way out: a folder that runs the same rules on Spark or Databricks, and says whether the answers are the same.
 *
 * What stands in it is bundle/ with the rules and answers filled in; README.md of a bundle lists the files. Nothing in it names an
 * account, bucket or cluster: those are arguments, widgets and variables.
 */
#ifndef PIPELINE_EXPORT_EXPORT_H
#define PIPELINE_EXPORT_EXPORT_H

#include "pipeline/analytics/analytics.h"

enum { EXPORT_MAX_TABLES = 64 };
struct export_sample {
    struct str name;            /* of the table */
    struct str lines;           /* its raw records */
    const struct table *table;  /* what cleaning made of them */
    uint64_t refused;           /* records that cannot be read; a required null is the SQL's affair */
};
struct export_bundle {
    const char *target; /* "spark", "databricks" */
    const struct rules *rules;
    const struct analytics *analytics;
    const struct export_sample *samples;
    size_t n_samples;
};
/* Writes the folder. RULES_NOT_SQL, DISK, or the error of a question. *ret_files: how many. */
int export_write(const struct export_bundle *b, const char *dir, size_t *ret_files, struct err *e);

#endif
