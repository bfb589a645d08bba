/* compare.h - the tables and answers of now against a baseline, and by themselves: all cases but the examples'. */
#ifndef PIPELINE_CHECK_COMPARE_H
#define PIPELINE_CHECK_COMPARE_H

#include "pipeline/check/baseline.h"

/* schema, rows, column, diff, query. -1: a file of the baseline cannot be read as what it should be. */
int compare_run(struct measured *now, struct baseline *was, struct report *r, struct err *e);
/* operation: what no row met, or other rows than in the baseline. Nothing when the rows came clean. */
void compare_operations(struct measured *now, const struct baseline *was, struct report *r);
/* keys: rows that inner joins multiply. */
void compare_keys(const struct measured *now, struct report *r);
/* check: expectations of the rule files. dir: NULL, or where failing rows are written as DIR/checks/<table>.<check>.jsonl. */
int compare_checks(const struct measured *now, struct report *r, const char *dir, struct err *e);

#endif
