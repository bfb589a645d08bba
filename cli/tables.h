/* tables.h - the three cleaned tables of --from DIR, else of a run of the stream path: what query, sql and export share. */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include "cli/flow.h"
#include "cli/folder.h"

struct tables {
    const struct table *all[LEDGER_TABLES];
    const struct rules *rules;
    const struct analytics *analytics;
    struct folder folder;
    struct analytics *own; /* of a folder */
    struct flow flow;
    bool ran;
};
/* With --rules, --profile and the options of rows. Always tables_release. */
int tables_load(struct args *a, const char *from, struct tables *t, struct err *e);
void tables_release(struct tables *t);

#endif
