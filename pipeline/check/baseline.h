/* baseline.h - the folder of small files that later runs are compared with.
 *
 *   DIR/profile/<table>.json   how the table looks from afar (profile.h), and how many rows each operation touched
 *   DIR/queries/<name>.csv     the answers
 *   DIR/clean/<table>.jsonl    the rows; or, for more of them,
 *   DIR/hashes/<table>.txt     their keys with a hash each; or neither
 *   DIR/tolerances.json        what may differ; written by people (tolerance.h)
 *
 * Made for git: sorted, without times, the same on every machine. A case of a report is accepted piece by piece:
 * baseline_accept takes it over, baseline_write writes the files that changed.
 */
#ifndef PIPELINE_CHECK_BASELINE_H
#define PIPELINE_CHECK_BASELINE_H

#include "pipeline/check/grid.h"
#include "pipeline/check/measured.h"
#include "pipeline/check/report.h"
#include "pipeline/check/tolerance.h"

/* BASELINE_AUTO: as the baseline has it; a new one keeps rows up to so many, then hashes. */
enum baseline_keep { BASELINE_AUTO, BASELINE_ROWS, BASELINE_HASHES, BASELINE_NONE };
enum { BASELINE_ROWS_MOST = 50000, BASELINE_HASHES_MOST = 300000 };

struct baseline_table {
    struct table_profile profile; /* name.n == 0: there is none */
    struct buf rows, hashes;
    bool has_rows, has_hashes, had_profile;
    bool profile_changed, rows_changed;
};
struct baseline_query {
    struct str name;
    struct buf csv;
    bool there, asked, changed; /* asked: one of the queries of now */
};
struct baseline {
    const char *dir;
    struct baseline_table tables[MEASURED_MAX_TABLES]; /* as in measured */
    struct baseline_query *queries; /* those of now in their order, then others */
    size_t n_queries, n_found;      /* n_found: files that are there */
    struct tolerances tolerances;
    struct arena arena;
};

/* Reads what is there; a folder that is not there is an empty baseline. */
int baseline_open(struct baseline *b, const char *dir, const struct measured *now, struct err *e);
void baseline_close(struct baseline *b);
void baseline_accept(struct baseline *b, const struct measured *now, struct report_case *c);
/* Takes over all there is, also what is the same. */
void baseline_accept_all(struct baseline *b, const struct measured *now, struct report *r);
int baseline_write(struct baseline *b, const struct measured *now, enum baseline_keep keep, struct err *e);

#endif
