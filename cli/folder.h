/* folder.h - raw or cleaned JSON lines of a folder, cleaned by the rules: what clean and query share. */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include "cli/command.h"
#include "pipeline/clean/clean.h"
#include "pipeline/ledger/ledger.h"

struct folder {
    struct rules *rules;
    struct table *tables[LEDGER_TABLES];
    struct buf texts[LEDGER_TABLES]; /* the tables view them */
    struct buf quarantine;           /* JSON lines */
    uint64_t n_quarantined;
    bool keep_texts; /* set it before folder_load: raw records will be looked at */
    bool clean; /* the rows were clean already: their members are the cleaned columns */
};

/* Reads pin.jsonl, geo.jsonl and user.jsonl of the folder, or of its subfolder clean/, with --rules and --profile. Always
 * folder_release. */
int folder_load(struct args *a, struct folder *f, const char *dir, struct err *e);
void folder_release(struct folder *f);

#endif
