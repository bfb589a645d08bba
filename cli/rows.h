/* rows.h - the rows that --tables, --source, --posts, --indices and --seed name, in their order: what emulate and export share. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli/command.h"
#include "cli/flow.h"
#include "pipeline/source/source.h"

struct rows {
    struct rds *rds; /* of the synthetic or the user's tables; NULL with --source */
    struct source *source;
    struct choose *choose;
};
/* Always rows_close. */
int rows_open(struct args *a, struct rows *r, struct err *e);
void rows_close(struct rows *r);

#endif
