/* check.h - inside check*.c: one check from its rows to its reports. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stdio.h>

#include "cli/command.h"
#include "cli/flow.h"
#include "cli/folder.h"
#include "pipeline/check/baseline.h"

/* Where the tables and answers of now come from: a run, or a folder of rows. */
struct check_subject {
    struct flow flow;
    struct folder folder;
    bool is_folder;
    struct analytics *analytics; /* of a folder */
    struct result **answers;
    const struct table *tables[LEDGER_TABLES];
    struct str *lines[LEDGER_TABLES]; /* of a folder's texts, by number from 1; filled when asked */
    size_t n_lines[LEDGER_TABLES];
    struct measured now;
};
/* With --from a folder, else a run. Always check_subject_release. */
int check_subject_open(struct args *a, struct check_subject *s, struct err *e);
/* Of a subject whose flow has come to its end. */
void check_subject_measure(struct check_subject *s);
void check_subject_release(struct check_subject *s);

struct check {
    struct args *args;
    struct check_subject subject;
    struct baseline baseline;
    struct report report;
    const char **patterns;
    size_t n_patterns;
};
/* Asks about every case that does not hold, and accepts those the answer is "a" for. */
void check_review(struct check *c, FILE *in);
/* Writes the files asked for (--diff, --junit, --html), annotations, and the table or the envelope. verdict: NULL = ok. */
int check_print(struct check *c, const struct err *verdict, struct err *e);

#endif
