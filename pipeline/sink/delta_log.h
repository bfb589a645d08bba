/* delta_log.h - what Delta's files share: the state that actions make, names of log files, commits. */
#ifndef PIPELINE_SINK_DELTA_LOG_H
#define PIPELINE_SINK_DELTA_LOG_H

#include "base/json.h"
#include "base/rng.h"
#include "pipeline/sink/delta.h"

enum { DELTA_CHECKPOINT_EVERY = 10, DELTA_RETENTION_HOURS = 168, DELTA_MAX_VERSIONS = 10000000 };
#define DELTA_MAX_VERSION INT64_C(99999999999999)

struct delta_table {
    struct delta_options options;
    struct rng rng;
    struct delta_snapshot *latest; /* what the last write left; NULL: not read yet */
};

/* A file that was taken out of the table; readers of older versions may still need it. */
struct delta_tombstone {
    struct str path, partitions; /* as delta_file */
    int64_t deleted_ms, bytes;
};
struct delta_state {
    struct arena arena;
    struct map files;      /* path + vector id -> delta_file */
    struct map tombstones; /* path + vector id -> delta_tombstone */
    struct map txns;       /* app -> delta_txn */
    struct str *sidecars;  /* of a V2 checkpoint, still to be read */
    size_t n_sidecars, cap_sidecars;
    int64_t commit_ms; /* inCommitTimestamp of the commit applied last; -1 = none */
};

/* ---- delta_action.c ---- */
/* Applies one line of a commit or one row of a checkpoint. `where` is for messages. */
int delta_action_apply(struct delta_snapshot *s, struct str root, struct str line, const char *where, struct err *e);
/* The path below the table's folder: decoded, an absolute one below `root` cut to what follows. */
struct str delta_action_path(struct str root, struct str raw, struct arena *a);
/* The configuration's value, p == NULL when absent. */
struct str delta_action_setting(const struct delta_snapshot *s, const char *name, struct arena *a);
/* delta.columnMapping.mode when it is "name" or "id" and the protocol has column mapping; else n == 0. */
struct str delta_action_mapping(const struct delta_snapshot *s, struct arena *a);
/* "interval 7 days" in milliseconds; false when it is no such text. */
bool delta_action_interval(struct str text, int64_t *ret_ms);

/* ---- delta_replay.c ---- */
/* The newest version, or that one; checks nothing but the log's own form. */
int delta_replay(struct delta_table *t, int64_t version, struct delta_snapshot **ret, struct err *e);
/* Applies all commits behind s->version. */
int delta_replay_advance(struct delta_table *t, struct delta_snapshot *s, struct err *e);
int delta_replay_lines(struct delta_snapshot *s, struct str root, struct str lines, int64_t version, struct err *e);
/* "_delta_log/00000000000000000007.json" */
struct str delta_replay_name(struct arena *a, int64_t version, const char *suffix);
/* The version a name of the log folder begins with; -1. *ret_rest: what follows the 20 digits. */
int64_t delta_replay_version(struct str path, struct str *ret_rest);

/* ---- delta_feature.c ---- */
/* 0, or DELTA_UNSUPPORTED naming what is not understood. */
int delta_feature_readable(const struct delta_snapshot *s, struct err *e);
int delta_feature_writable(const struct delta_snapshot *s, enum delta_mode mode, struct err *e);

/* ---- delta_vector.c ---- */
/* Bit i: row i of the file is deleted. */
struct delta_vector {
    uint8_t *bits;
    uint64_t n;
};
int delta_vector_read(struct delta_store *store, const struct delta_file *f, uint64_t n_rows, struct delta_vector *ret, struct err *e);
void delta_vector_release(struct delta_vector *v);

/* ---- delta_schema.c ---- */
/* mapping: the table's delta.columnMapping.mode; "name" and "id" give fields their place in the files. */
int delta_schema_read(struct str json, struct str mapping, struct arena *a, struct parquet_field **ret, size_t *ret_n, struct err *e);
void delta_schema_put(struct buf *out, const struct parquet_field *fields, size_t n);
/* May rows with these fields be added to that table? */
int delta_schema_accepts(const struct delta_snapshot *s, const struct parquet_field *fields, size_t n, const struct table *rows, struct err *e);

/* ---- delta_stats.c ---- */
/* numRecords, minValues, maxValues, nullCount of rows from..from+n as JSON. */
void delta_stats_put(struct buf *out, const struct table *t, size_t from, size_t n);

/* ---- delta_checkpoint.c ---- */
int delta_checkpoint_write(struct delta_table *t, struct delta_snapshot *s, struct err *e);
/* Applies a checkpoint's (or sidecar's) bytes. */
int delta_checkpoint_read(struct delta_snapshot *s, struct str root, struct str bytes, struct str name, struct err *e);

#endif
