/* show.h - answers, ledgers and live lines for people; envelopes for machines. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/flow.h"

struct show {
    bool live;   /* stderr is a terminal: stages are rewritten in place */
    bool colour; /* stdout is a terminal and NO_COLOR is not set */
    bool quiet;  /* --json: no progress at all */
    int64_t last_us;
};
void show_init(struct show *s, bool json);
/* As flow_options.progress; arg is a struct show. */
void show_progress(void *arg, const struct flow_progress *p);

/* A result as a table with aligned columns; at most `most` rows, then "… 12 more rows". */
void show_result(const struct show *s, const struct result *r, size_t most);
/* Every row: format "table", "csv" or "json". */
void show_answer(const struct result *r, const char *format);
void show_ledger(const struct show *s, const struct flow *f);
/* What was read, skipped, missing, quarantined: one line each, only what there is. */
void show_remarks(const struct show *s, const struct flow *f);
/* {"schema":1,"command":"run","status":"ok","data":{…}} with ledgers, answers, timings. */
void show_json(const struct flow *f, const char *command, const struct err *verdict);

#endif
