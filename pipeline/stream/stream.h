/* stream.h - the stream path run on and on: three Kinesis streams into three Delta tables, windows, answers, alerts.
 *
 * One step is one batch, in the way of Structured Streaming:
 *
 *     read ─► offsets/N ─► clean ─► three tables (txn N) ─► windows, answers ─► state/N ─► outbox ─► files ─► commits/N
 *
 * A batch is what was read between two places of every shard. offsets/N names them before anything is written, so a batch
 * that was cut short is read and done again, the same; the tables know by txn that they have it (sink/delta.h), the windows
 * go on from state/N-1, and files are cut back to the lengths that state/N-1 names. So every row is in the tables once, a
 * closed window has the same numbers whenever it is told, and an alert has the same id however often it is delivered.
 *
 * Windows are rule files (docs/rules.md): a question over event time or arrival time, in tumbling or sliding windows. The
 * watermark of a batch is the greatest time of the batches before (while shards have more to read: the least of theirs),
 * less the window's delay; a window whose end it has passed is told once and dropped, and a row that would have belonged to
 * it is late: counted, and written to late.jsonl.
 *
 * The questions of the rules are kept incrementally: a row that comes is joined with those that are there, so that groups
 * only grow. Their state is made anew from the tables at every start. stream_answers is what analytics_run over the tables
 * would give.
 *
 * One thread. Time and waiting go through the clock.
 */
#ifndef PIPELINE_STREAM_STREAM_H
#define PIPELINE_STREAM_STREAM_H

#include "pipeline/analytics/analytics.h"
#include "pipeline/ingest/ingest.h"
#include "pipeline/sink/delta.h"

enum stream_event_kind {
    STREAM_WINDOW, /* name, result: rows of a closed window; partial: rows of before a lost folder are missing in it */
    STREAM_LATE,   /* name: window, line: JSON */
    STREAM_ALERT,  /* name: alert, line: JSON; message: "delivered", "dead", or why it is tried again */
    STREAM_NOTE,   /* name: "gap", "recovered", "waiting", "quarantine", …; message */
    STREAM_BATCH,  /* number, records */
};
struct stream_event {
    enum stream_event_kind kind;
    struct str name;
    const struct result *result;
    bool partial;
    struct str line;
    const char *message;
    int64_t number;
    uint64_t records;
};

enum stream_until { STREAM_FOREVER, STREAM_UNTIL_IDLE, STREAM_ONCE };
struct stream_options {
    struct ingest_options ingest; /* endpoint, user_id, key, region, clock, seed, in_flight, max_attempts */
    const struct rules *rules;
    const struct analytics *analytics; /* NULL: no answers are kept */
    struct delta_store *folder;        /* the checkpoint folder */
    struct delta_table *tables[LEDGER_TABLES]; /* where rows are appended */
    const char *out;         /* folder of windows/, late.jsonl, quarantine.jsonl, alert files; NULL = no files */
    uint64_t batch_records;  /* a batch is cut behind so many; 0 = 20,000 */
    int64_t poll_ms;         /* between two looks once all has been read; 0 = 1,000 */
    int64_t idle_ms;         /* STREAM_UNTIL_IDLE: nothing for so long; 0 = 2,000 */
    int alert_attempts;      /* then an alert is dead; 0 = 6 */
    enum stream_until until;
    bool (*stopping)(void *arg); /* asked between batches and while waiting; optional */
    void (*event)(void *arg, const struct stream_event *ev);
    void *arg;
};

struct stream_sums {
    uint64_t batches, records, quarantined, gaps;
    uint64_t rows[LEDGER_TABLES], duplicates[LEDGER_TABLES]; /* written; left out by the rules' dedupe */
    uint64_t windows, late, partly_late, without_time;
    uint64_t alerts, delivered, dead, pending;
    /* what is in memory */
    uint64_t open_windows, window_groups, kept_rows, answer_groups, state_bytes;
};

struct stream;
/* Takes up the checkpoint folder, and the answers from the tables. */
struct stream *stream_open(const struct stream_options *o, struct err *e);
void stream_close(struct stream *s);
/* One batch, or nothing when there is none. After -1 only stream_close is allowed, unless *ret_again: the batch had not
 * begun, and the step may be tried again. */
int stream_step(struct stream *s, bool *ret_did, bool *ret_again, struct err *e);
/* Steps until it is to end; alerts that are due are delivered in between, and at the end of all but STREAM_FOREVER all of them. */
int stream_run(struct stream *s, struct err *e);
/* As analytics_run over the tables. */
int stream_answer(struct stream *s, size_t query, struct result **ret, struct err *e);
struct stream_sums stream_sums(const struct stream *s);

/* Reads and checks the window files of a rule set; NULL with file, line and column of a mistake. */
struct stream_windows;
struct stream_windows *stream_windows_open(const struct rules *r, struct err *e);
void stream_windows_close(struct stream_windows *w);
struct str stream_windows_name(const struct stream_windows *w, size_t i); /* p == NULL behind the last */

/* One row of a result as a JSON object, without its braces: "a":1,"b":"x" */
void stream_put_row(const struct result *r, size_t row, struct buf *out);

#endif
