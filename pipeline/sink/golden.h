/* golden.h - comparing a table or an answer with its golden file, cell by cell.
 *
 * Rows are matched by key (tables: the first column; answers: all columns but the last); of several rows with one key the
 * n-th meets the n-th. Every difference is one line of JSON in `all`:
 *   {"table":"pin","key":"7528","column":"title","expected":"…","actual":"…"}
 *   {"table":"pin","key":"7528","row":"missing"}     {"table":"pin","key":"7528","row":"unexpected"}
 * and the first of them are kept as sentences.
 */
#ifndef PIPELINE_SINK_GOLDEN_H
#define PIPELINE_SINK_GOLDEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { GOLDEN_FIRST = 10 };
struct golden_diff {
    struct buf all;       /* JSON lines */
    uint64_t differences;
    struct buf first;     /* sentences, one a line, at most GOLDEN_FIRST */
};
void golden_release(struct golden_diff *d);

/* Texts as sink.h writes them. -1 with GOLDEN_MALFORMED when the golden file cannot be read as such. */
int golden_jsonl(struct golden_diff *d, const char *name, struct str golden, struct str actual, struct err *e);
int golden_csv(struct golden_diff *d, const char *name, struct str golden, struct str actual, struct err *e);

#endif
