/* stream_own.h - inside stream*.c: questions, the rows they join, their groups, windows, alerts. */
#ifndef PIPELINE_STREAM_STREAM_OWN_H
#define PIPELINE_STREAM_STREAM_OWN_H

#include "base/json.h"
#include "base/rng.h"
#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"
#include "pipeline/ingest/kinesis_reader.h"
#include "pipeline/stream/stream.h"

#define NO_TIME INT64_MIN

/* ---- rows that came (stream_store.c) ---- */

struct word {
    struct str text;
};
/* A cell: a number as vector.h has it, or a text. */
union kept {
    int64_t number;
    const struct word *word;
};
enum { STORE_COLUMNS = 32 };
struct store_index {
    size_t column; /* of the store */
    uint32_t *slots, *next; /* row + 1 */
    size_t n_slots, n_indexed, cap;
};
struct store_table {
    const struct program *program;
    size_t columns[STORE_COLUMNS]; /* those that questions name, as columns of the program */
    size_t n_columns;
    struct store_index indexes[4];
    size_t n_indexes;
    bool stays; /* some question joins it: its rows are kept */
    union kept *cells;
    uint32_t *nulls; /* a bit a column */
    size_t n_rows, cap_rows;
    size_t first_new;  /* rows from here on came with this batch */
    int64_t *arrived;  /* of those */
    size_t cap_arrived;
};
struct store {
    struct store_table tables[LEDGER_TABLES];
    struct map words; /* text -> struct word *, of rows that stay */
    struct arena arena, batch;
};

/* ---- questions (stream_fold.c) ---- */

enum fold_kind { FOLD_ROWS, FOLD_COUNT, FOLD_MAX, FOLD_MIN, FOLD_MEDIAN, FOLD_SUM, FOLD_DISTINCT };
struct value {
    bool null;
    int64_t number; /* of a case: the place of its entry */
    struct str text;
};
struct heap {
    int64_t *v; /* the least first */
    size_t n, cap;
};
struct total {
    bool any;
    int64_t number;
    double real;          /* FOLD_SUM of doubles */
    struct heap low, high; /* FOLD_MEDIAN: the lower half, complemented, and the upper one */
    struct map *distinct;
};
struct group {
    struct value *keys;
    struct total *totals;
};
struct groups {
    struct map by_key; /* bytes -> struct group * */
    struct arena arena;
};
struct question {
    const struct query *q;
    enum fold_kind *kinds;       /* of each aggregate */
    enum column_type *types;     /* of their answers */
    size_t tables[QUERY_MAX_TABLES];    /* of the store */
    size_t cells[QUERY_MAX_FIELDS];     /* FIELD_COLUMN: column of the store */
    size_t join_cells[QUERY_MAX_TABLES][2]; /* left and right column of a join, of the store */
    const struct window *window; /* NULL: a question of the rules */
    struct groups groups;        /* of such a one */
};
/* The rows of one joined row, by table of the question. */
struct joined {
    const struct store *store;
    const struct question *question;
    uint32_t rows[QUERY_MAX_TABLES];
};

/* ---- windows (stream_window.c, stream_close.c) ---- */

enum target_kind { TARGET_WEBHOOK, TARGET_FILE, TARGET_EXEC };
struct alert_when {
    size_t output;
    bool is_text;
    int64_t low, high; /* of doubles: as vector_of_double */
    struct str text;
};
struct alert {
    struct str name;
    struct alert_when *when;
    size_t n_when;
    enum target_kind target;
    struct str to;     /* URL or path */
    const char **argv; /* TARGET_EXEC */
};
struct window {
    struct str name, about;
    struct question question;
    size_t time_field;  /* NO_FIELD: the time of arrival */
    int64_t size_us, slide_us, delay_us;
    struct alert *alerts;
    size_t n_alerts;
    uint64_t fingerprint; /* of its definition */
};
#define NO_FIELD SIZE_MAX
struct stream_windows {
    struct arena arena;
    struct window *windows;
    size_t n;
};

/* One window that is open: from start_us to start_us + size. */
struct open_window {
    int64_t start_us;
    struct groups groups;
};
struct shard_time {
    unsigned table;
    uint32_t number;
    int64_t greatest_us;
};
/* What is known of a window file's stream of windows; state/N keeps it. */
struct window_state {
    const struct window *window;
    int64_t greatest_us; /* time seen up to now; NO_TIME = none */
    int64_t closed_us;   /* windows that end here or before are over; NO_TIME = none */
    int64_t partial_us;  /* windows that begin here or before lack rows; NO_TIME = none */
    struct shard_time *shards; /* the greatest time of each shard */
    size_t n_shards;
    struct open_window **open;
    size_t n_open, cap_open;
};

/* ---- an alert on its way (stream_alert.c) ---- */

struct pending {
    const struct alert *alert; /* NULL: its rule is there no more */
    struct str id, name, body;
    int attempts;
    int64_t due_ms;
};
struct outbox {
    struct pending *pending;
    size_t n, cap;
    int64_t batch; /* alerts up to this one's are in it, or were */
    struct arena arena;
    struct buf dead; /* lines for dead.jsonl */
    bool changed;
};

/* A file of the out folder: what belongs to it, and what this batch adds. */
struct output {
    struct str path; /* below out */
    uint64_t length;
    struct buf added;
    bool known; /* its length is a state's */
};

struct record {
    unsigned table;
    uint32_t shard;
    struct str sequence, bytes;
    int64_t arrived_us;
};

struct stream {
    struct stream_options o;
    struct delta_stream checkpoint;
    struct kinesis_reader *reader;
    struct stream_windows *windows;
    struct window_state *states; /* by window */
    struct store store;
    struct question *answers; /* by query */
    size_t n_answers;
    struct cleaner *cleaners[LEDGER_TABLES];
    struct map seen[LEDGER_TABLES]; /* digests of rows, where the rules drop duplicates */
    int64_t versions[LEDGER_TABLES]; /* of the tables; -1 = not known */
    struct record *records; /* read, not yet in a batch */
    size_t n_records, cap_records;
    struct arena bytes; /* of records */
    struct output *outputs;
    size_t n_outputs;
    struct outbox outbox;
    struct client *webhooks;
    struct rng rng;
    struct shard_time *behind; /* shards with more to read, behind this batch (greatest_us unused) */
    size_t n_behind;
    int64_t tip_ms; /* when all shards had been read to their tips; 0 = not yet */
    bool loading;   /* rows come from the tables: windows have seen them */
    struct stream_sums sums;
    struct arena names;
    struct ingest_options ingest;
};

/* stream_store.c */
void stream_store_release(struct store *s);
/* The column of the store, added when no question has named it. */
int stream_store_column(struct store *s, size_t table, size_t column, size_t *ret, struct err *e);
void stream_store_index(struct store *s, size_t table, size_t cell);
size_t stream_store_table(const struct store *s, const struct program *p); /* STR_NONE when it is none of the three */
void stream_store_begin(struct store *s); /* a batch */
/* Adds row `row` of a table; each joined row that it completes goes to stream_fold_row. */
void stream_store_add(struct stream *s, size_t table, const struct table *t, size_t row, int64_t arrived_us);
void stream_store_end(struct store *s); /* forgets rows that do not stay */
bool stream_store_cell(const struct store *s, size_t table, uint32_t row, size_t cell, union kept *ret); /* false: null */

/* stream_fold.c */
int stream_fold_bind(struct question *x, struct store *s, struct err *e);
void stream_fold_row(struct stream *s, struct question *x, const struct joined *j, int64_t arrived_us);
void stream_fold_into(struct groups *g, const struct question *x, const struct joined *j);
void stream_fold_groups_release(struct groups *g, const struct question *x);
struct value stream_fold_value(const struct joined *j, size_t field);
struct group *stream_fold_group(struct groups *g, const struct question *x, const struct value *keys);
void stream_fold_heap_push(struct heap *h, int64_t v);

/* stream_answer.c */
struct result *stream_answer_of(const struct question *x, const struct groups *g, const struct open_window *w);

/* stream_close.c: rows into windows, and windows that are over */
void stream_close_add(struct stream *s, const struct window *w, const struct joined *j, int64_t arrived_us);
bool stream_close_is_due(const struct stream *s, int64_t tip_ms);
void stream_close_windows(struct stream *s, int64_t tip_ms);
struct shard_time *stream_close_shard(struct window_state *st, unsigned table, uint32_t number); /* added when new */
void stream_close_advance(struct stream *s, struct table *const tables[LEDGER_TABLES]); /* the times of a batch */
struct open_window *stream_close_open(struct window_state *st, int64_t start_us);
void stream_close_release(struct window_state *st);

/* stream_state.c */
int stream_state_save(struct stream *s, int64_t batch, struct err *e);
int stream_state_load(struct stream *s, int64_t batch, struct str offsets, struct err *e);
void stream_state_forget(struct stream *s, int64_t batch); /* files no restart needs */

/* stream_alert.c, stream_deliver.c */
void stream_alert_check(struct stream *s, const struct window *w, const struct result *r, bool partial);
int stream_alert_load(struct stream *s, struct err *e);
int stream_alert_save(struct stream *s, struct err *e);
/* Tries those that are due; *ret_next_ms: when the next is, 0 = none is left. */
int stream_alert_deliver(struct stream *s, int64_t *ret_next_ms, struct err *e);
int stream_deliver(struct stream *s, const struct pending *p, struct err *why);

/* stream_output.c */
struct output *stream_output_of(struct stream *s, struct str path);
uint64_t stream_output_size(const struct stream *s, const struct output *o); /* as it is on disk */
int stream_output_flush(struct stream *s, struct err *e);

/* stream_batch.c */
int stream_batch_run(struct stream *s, struct err *e);
int stream_batch_load(struct stream *s, struct err *e);

static inline void stream_tell(struct stream *s, const struct stream_event *ev)
{
    if (s->o.event)
        s->o.event(s->o.arg, ev);
}
static inline void stream_note(struct stream *s, const char *name, const char *message)
{
    stream_tell(s, &(struct stream_event){ .kind = STREAM_NOTE, .name = str_of(name), .message = message });
}

#endif
