/* delta.h - Delta Lake tables: Parquet files and a log of what belongs to the table.
 *
 * Source: delta-io/delta, PROTOCOL.md. Tables are written with reader version 1 and writer version 2, which every
 * engine reads. Version n of a table is the file _delta_log/n.json, put there only if it is absent: whoever loses that
 * race reads what the winner did, makes the commit anew and tries the next number. Every 10th version is followed by
 * a checkpoint.
 *
 * Promises. A commit is whole or absent, whatever step a crash falls on: data files come first and belong to nothing
 * until the log names them. A batch of a stream carries (application, number) in its commit and is written once,
 * however often it is tried, also when the answer of the store was lost. Rows of another type than the table's are
 * refused, and so are features of a table that are not understood, by name.
 *
 * Where bytes are kept is a struct delta_store: a folder, or a bucket behind an S3 endpoint.
 */
#ifndef PIPELINE_SINK_DELTA_H
#define PIPELINE_SINK_DELTA_H

#include "base/clock.h"
#include "net/sigv4.h"
#include "pipeline/sink/parquet.h"

/* ---- stores ---- */

struct delta_object {
    struct str path; /* below the table's folder; view for the time of the call */
    uint64_t bytes;
    int64_t modified_ms;
};
struct delta_store;
struct delta_store_ops {
    int (*get)(struct delta_store *s, struct str path, struct buf *ret, struct err *e); /* 1: there is none */
    /* Whole or absent. 1: if_absent, and there is one. -1: it may or may not be there. */
    int (*put)(struct delta_store *s, struct str path, struct str bytes, bool if_absent, struct err *e);
    /* Everything that begins with the prefix and comes behind `after`, in order of bytes. */
    int (*list)(struct delta_store *s, struct str prefix, struct str after, void (*each)(void *arg, const struct delta_object *o),
                void *arg, struct err *e);
    int (*remove)(struct delta_store *s, struct str path, struct err *e); /* 0 also when there is none */
    void (*close)(struct delta_store *s);
};
struct delta_store {
    const struct delta_store_ops *ops;
    struct str root; /* "/data/table" or "s3://bucket/table": absolute paths of the log may begin with it */
};
/* The folder is made when something is put. Files get their time of modification from the clock. */
struct delta_store *delta_store_local(const char *dir, struct clock *clock);
struct delta_s3 {
    const char *endpoint, *bucket, *prefix; /* "http://127.0.0.1:9000", "user-x-bucket", "delta/x_pin_table" */
    struct sigv4_key key;
    struct str region;
    struct clock *clock;
    uint64_t seed;
};
struct delta_store *delta_store_s3(const struct delta_s3 *o, struct err *e);
static inline void delta_store_close(struct delta_store *s) { s->ops->close(s); }

/* ---- tables ---- */

struct delta_options {
    struct delta_store *store; /* not owned */
    struct clock *clock;
    uint64_t seed;         /* of ids and file names; two writers need two */
    enum parquet_codec codec;
    size_t rows_per_file;  /* 0 = 1,000,000 */
    int checkpoint_every;  /* commits; 0 = the table's delta.checkpointInterval, else 10; -1 = never */
};
struct delta_table;
struct delta_table *delta_open(const struct delta_options *o); /* touches nothing yet; one thread at a time */
void delta_close(struct delta_table *t);

enum delta_mode { DELTA_APPEND, DELTA_OVERWRITE };
struct delta_write {
    enum delta_mode mode;
    struct str app;      /* of a stream: query id; n == 0 = none */
    int64_t batch;       /* of that stream */
    struct str metadata; /* commitInfo.userMetadata; n == 0 = none */
};
struct delta_written {
    int64_t version;
    bool skipped;  /* the batch was in the table before: nothing was written */
    bool created;
    int attempts;  /* commits tried; more than 1 = other writers were faster */
    size_t files, rows;
    struct err checkpoint; /* code[0] != 0: the commit stands, its checkpoint could not be written */
};
/* One commit. A table that does not exist is created with the columns of `rows`. DELTA_SCHEMA, DELTA_UNSUPPORTED,
 * DELTA_CONFLICT, DELTA_MALFORMED or the store's error. */
int delta_write_table(struct delta_table *t, const struct table *rows, const struct delta_write *w, struct delta_written *ret, struct err *e);

/* ---- reading ---- */

struct delta_file {
    struct str path;       /* decoded, below the table's folder */
    struct str partitions; /* JSON object */
    struct str stats;      /* JSON text, or n == 0 */
    int64_t bytes, modified_ms;
    struct { /* its deletion vector, storage.n == 0 = none: rows that do not count */
        struct str storage, path;
        int64_t offset, bytes, cardinality;
    } vector;
};
struct delta_txn {
    struct str app;
    int64_t version, updated_ms;
};
struct delta_snapshot {
    int64_t version;
    int64_t checkpoint; /* the version of the checkpoint it was read from; -1 = from commits alone */
    int32_t min_reader, min_writer;
    struct str reader_features, writer_features; /* JSON arrays, or n == 0 */
    struct str id, name, schema, partition_columns, configuration, metadata; /* schema: its JSON; the last three raw JSON */
    struct parquet_field *fields;
    size_t n_fields;
    size_t n_files, n_txns;
    struct delta_state *state;
};
/* version -1 = the newest. DELTA_NO_TABLE, DELTA_NO_VERSION, DELTA_UNSUPPORTED, DELTA_MALFORMED. */
int delta_snapshot_open(struct delta_table *t, int64_t version, struct delta_snapshot **ret, struct err *e);
void delta_snapshot_close(struct delta_snapshot *s);
/* In the order they were added; NULL behind the last. for (size_t i = 0; (f = delta_snapshot_file(s, &i));) */
const struct delta_file *delta_snapshot_file(const struct delta_snapshot *s, size_t *i);
const struct delta_txn *delta_snapshot_txn(const struct delta_snapshot *s, size_t *i);
/* The version that was the newest at that time; by the times of the log files, made ascending, as Spark does. */
int delta_version_at(struct delta_table *t, int64_t time_ms, int64_t *ret, struct err *e);
/* Every row as one JSON object without newline; each answers false to stop. */
int delta_rows(struct delta_table *t, const struct delta_snapshot *s, bool (*each)(void *arg, struct str row), void *arg, struct err *e);
/* The versions there are, ascending; info is the text of commitInfo (n == 0: none), lines the whole commit. */
int delta_history(struct delta_table *t, void (*each)(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines),
                  void *arg, struct err *e);

/* ---- care ---- */

struct delta_vacuum {
    int64_t retain_hours; /* -1 = the table's delta.deletedFileRetentionDuration, else 168 */
    bool dry_run;
    bool force; /* less than 168 hours is refused without (DELTA_RETENTION): a writer may be at work */
};
/* Deletes files that no version younger than the retention needs; each is told of every one. */
int delta_vacuum(struct delta_table *t, const struct delta_vacuum *o, void (*each)(void *arg, const struct delta_object *o), void *arg,
                 size_t *ret_n, struct err *e);

/* ---- streams ---- */

/* A checkpoint folder as Structured Streaming keeps it: metadata {"id":…}, offsets/N written before batch N,
 * commits/N after it. One folder, one query, any number of tables. */
struct delta_stream {
    struct str id;      /* the query's */
    int64_t batch;      /* the batch to do next */
    struct str begun;   /* n > 0: that batch was begun with these offsets; do it again with the same */
    struct str offsets; /* where the batch before ended; n == 0 = there was none */
    bool recovered;     /* the folder was lost and made anew from the table */
    struct arena arena;
    struct delta_store *folder;
    struct clock *clock;
};
/* tables: those asked when the folder is empty. Tables that already hold batches of a stream then mean that the folder was
 * lost: DELTA_CHECKPOINT_LOST, because a new query would write every row again; with `recover` the folder is made anew
 * from the offsets in the tables' logs, and a batch that only some of them hold is begun again. Every batch must be
 * written to all of them in the same order. n_tables == 0: nobody is asked. */
int delta_stream_open(struct delta_stream *s, struct delta_store *folder, struct clock *clock, uint64_t seed, struct delta_table *const *tables,
                      size_t n_tables, bool recover, struct err *e);
void delta_stream_release(struct delta_stream *s);
int delta_stream_begin(struct delta_stream *s, struct str offsets, struct err *e);
/* Appends the batch's rows to a table, once. */
int delta_stream_write(struct delta_stream *s, struct delta_table *t, const struct table *rows, struct delta_written *ret, struct err *e);
int delta_stream_end(struct delta_stream *s, struct err *e); /* the next batch may begin */

#endif
