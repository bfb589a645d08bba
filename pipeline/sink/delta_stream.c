/* delta_stream.c - a query's checkpoint folder, and batches that are written once.
 *
 * Source: Structured Streaming's layout (org.apache.spark.sql.execution.streaming: StreamMetadata, OffsetSeqLog,
 * CommitLog): metadata holds {"id":…}; offsets/N and commits/N are text files that begin with "v1" and hold JSON lines.
 *
 * | a crash                          | after the restart                                        |
 * |----------------------------------|----------------------------------------------------------|
 * | before offsets/N                 | the batch never was; it is cut anew                      |
 * | before the commit in the table   | batch N is done again, over the same offsets             |
 * | before commits/N                 | so too, and the table says it has it (txn)               |
 * The offsets also go into the commit (userMetadata), so that a lost folder can be made anew from the table.
 */
#include <stdio.h>

#include "pipeline/sink/delta_log.h"

#define OFFSETS S("offsets/")
#define COMMITS S("commits/")

static struct str name_of(struct arena *a, struct str folder, int64_t batch) { return arena_f(a, STR_F "%lld", STR_A(folder), (long long)batch); }

/* 1: there is no such file. */
static int get(struct delta_stream *s, struct str path, struct str *ret, struct err *e)
{
    struct buf bytes = BUF_INIT;
    int result = s->folder->ops->get(s->folder, path, &bytes, e);
    if (result == 0)
        *ret = arena_dup(&s->arena, buf_str(&bytes));
    buf_release(&bytes);
    return result;
}

struct newest {
    struct str folder;
    int64_t batch;
};

static void take(void *arg, const struct delta_object *o)
{
    struct newest *n = arg;
    int64_t batch;
    if (str_to_i64(str_from(o->path, n->folder.n), &batch) && batch > n->batch)
        n->batch = batch;
}

static int newest_of(struct delta_stream *s, struct str folder, int64_t *ret, struct err *e)
{
    struct newest n = { folder, -1 };
    if (s->folder->ops->list(s->folder, folder, S(""), take, &n, e))
        return -1;
    *ret = n.batch;
    return 0;
}

/* The JSON line behind "v1". */
static int read_offsets(struct delta_stream *s, int64_t batch, struct str *ret, struct err *e)
{
    struct str text = S("");
    int result = get(s, name_of(&s->arena, OFFSETS, batch), &text, e);
    if (result < 0)
        return -1;
    struct str version = str_cut(&text, '\n');
    if (result == 1 || !str_is(str_trim(version), "v1") || !json_valid(str_trim(text)))
        return err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", STR_F "/offsets/%lld is %s; restore the checkpoint folder, or remove it and recover", STR_A(s->folder->root),
                       (long long)batch, result == 1 ? "missing" : "no offsets file");
    *ret = str_trim(text);
    return 0;
}

static int put(struct delta_stream *s, struct str path, struct str text, struct err *e)
{
    return s->folder->ops->put(s->folder, path, text, false, e) < 0 ? -1 : 0;
}

static int put_offsets(struct delta_stream *s, int64_t batch, struct str offsets, struct err *e)
{
    return put(s, name_of(&s->arena, OFFSETS, batch), arena_f(&s->arena, "v1\n" STR_F, STR_A(offsets)), e);
}

static int put_commit(struct delta_stream *s, int64_t batch, struct err *e)
{
    return put(s, name_of(&s->arena, COMMITS, batch), S("v1\n{\"nextBatchWatermarkMs\":0}"), e);
}

static int put_metadata(struct delta_stream *s, struct err *e)
{
    return put(s, S("metadata"), arena_f(&s->arena, "{\"id\":\"" STR_F "\"}", STR_A(s->id)), e);
}

/* ---- a lost folder ---- */

struct last {
    struct arena *a;
    struct str app, offsets;
    int64_t wanted;
};

static void look(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines)
{
    struct last *l = arg;
    struct json v;
    int64_t batch;
    (void)version, (void)time_ms;
    while (lines.n) {
        struct str line = str_cut(&lines, '\n');
        struct json txn;
        if (!json_get(line, "txn", &txn) || txn.type != JSON_OBJECT || !str_eq(json_get_text(txn.raw, "appId", l->a), l->app))
            continue;
        if (!json_get(txn.raw, "version", &v) || !str_to_i64(v.raw, &batch) || batch != l->wanted)
            continue;
        l->offsets = info.n ? arena_dup(l->a, json_get_text(info, "userMetadata", l->a)) : S("");
    }
}

/* What the tables say of the query that wrote last. Batches end with the table written last, so they differ by one at most. */
struct known {
    struct str app;
    int64_t updated_ms;
    struct delta_table *ahead, *behind; /* those with the most and the fewest batches */
    int64_t most, fewest;               /* their last batches; -1 = none */
    size_t n_apps;
};

/* The table's last batch of the query known; choose: or of a query that wrote later, which is then the one known. */
static int last_txn(struct delta_stream *s, struct delta_table *t, struct known *k, bool choose, int64_t *ret_batch, struct err *e)
{
    struct delta_snapshot *snapshot;
    struct err why = { 0 };
    const struct delta_txn *txn;
    *ret_batch = -1;
    if (delta_snapshot_open(t, -1, &snapshot, &why)) {
        if (str_is(str_of(why.code), "DELTA_NO_TABLE"))
            return 0;
        *e = why;
        return -1;
    }
    for (size_t i = 0; (txn = delta_snapshot_txn(snapshot, &i));) {
        bool same = str_eq(txn->app, k->app), later = txn->updated_ms >= k->updated_ms;
        if (same)
            *ret_batch = txn->version;
        if (choose && later) {
            k->app = same ? k->app : arena_dup(&s->arena, txn->app);
            k->updated_ms = txn->updated_ms;
        }
        k->n_apps += choose && !same;
    }
    delta_snapshot_close(snapshot);
    return 0;
}

static int ask(struct delta_stream *s, struct delta_table *const *tables, size_t n, struct known *k, struct err *e)
{
    int64_t batch;
    for (size_t i = 0; i < n; i++) /* first whose */
        if (last_txn(s, tables[i], k, true, &batch, e))
            return -1;
    k->most = -1;
    k->fewest = INT64_MAX;
    for (size_t i = 0; i < n && k->app.n; i++) {
        if (last_txn(s, tables[i], k, false, &batch, e))
            return -1;
        if (batch > k->most)
            k->most = batch, k->ahead = tables[i];
        if (batch < k->fewest)
            k->fewest = batch, k->behind = tables[i];
    }
    return 0;
}

static int offsets_of(struct delta_stream *s, struct delta_table *t, struct str app, int64_t batch, struct str *ret, struct err *e)
{
    struct last l = { .a = &s->arena, .app = app, .wanted = batch };
    if (delta_history(t, look, &l, e))
        return -1;
    if (!l.offsets.n)
        return err_set(e, 0, "DELTA_CHECKPOINT_LOST", "the log of " STR_F " does not say where batch %lld of query " STR_F " ended: the folder cannot be made anew; restore it, or write to other tables",
                       STR_A(t->options.store->root), (long long)batch, STR_A(app));
    *ret = l.offsets;
    return 0;
}

/* A batch that is in some tables and not in others has begun and is to be done again. metadata comes last: until then the
 * folder counts as lost, and this can be done again. */
static int recover_from(struct delta_stream *s, const struct known *k, struct err *e)
{
    if (k->most - k->fewest > 1)
        return err_set(e, 0, "DELTA_CHECKPOINT_LOST", STR_F " holds batches of query " STR_F " up to %lld, " STR_F " up to %lld: not the tables of one stream",
                       STR_A(k->ahead->options.store->root), STR_A(k->app), (long long)k->most, STR_A(k->behind->options.store->root), (long long)k->fewest);
    s->id = k->app;
    s->batch = k->fewest + 1;
    s->recovered = true;
    if (k->fewest >= 0 && (offsets_of(s, k->behind, k->app, k->fewest, &s->offsets, e) || put_offsets(s, k->fewest, s->offsets, e) || put_commit(s, k->fewest, e)))
        return -1;
    if (k->most > k->fewest && (offsets_of(s, k->ahead, k->app, k->most, &s->begun, e) || put_offsets(s, k->most, s->begun, e)))
        return -1;
    return put_metadata(s, e);
}

static int lost(struct delta_stream *s, const struct known *k, struct err *e)
{
    return err_set(e, 0, "DELTA_CHECKPOINT_LOST", "the checkpoint folder " STR_F " is empty, but " STR_F " holds batches up to %lld of query " STR_F
                   "%s: a new query would write its rows a second time; restore the folder, recover it from the table, or remove the table",
                   STR_A(s->folder->root), STR_A(k->ahead->options.store->root), (long long)k->most, STR_A(k->app), k->n_apps > 1 ? " (and of others)" : "");
}

/* 1: the tables know of no stream. */
static int ask_tables(struct delta_stream *s, struct delta_table *const *tables, size_t n, bool recover, struct err *e)
{
    struct known k = { 0 };
    if (ask(s, tables, n, &k, e))
        return -1;
    return !k.app.n ? 1 : recover ? recover_from(s, &k, e) : lost(s, &k, e);
}

/* ---- opening ---- */

static int resume(struct delta_stream *s, struct str metadata, struct err *e)
{
    int64_t begun, done;
    s->id = arena_dup(&s->arena, json_valid(metadata) ? json_get_text(metadata, "id", &s->arena) : S(""));
    if (!s->id.n)
        return err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", STR_F "/metadata holds no query id", STR_A(s->folder->root));
    if (newest_of(s, OFFSETS, &begun, e) || newest_of(s, COMMITS, &done, e))
        return -1;
    if (done > begun)
        return err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", STR_F ": commits/%lld without offsets/%lld; restore the folder", STR_A(s->folder->root), (long long)done, (long long)done);
    s->batch = done + 1;
    if (begun > done + 1)
        return err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", STR_F ": offsets/%lld, but commits end at %lld; restore the folder", STR_A(s->folder->root), (long long)begun, (long long)done);
    if (done >= 0 && read_offsets(s, done, &s->offsets, e))
        return -1;
    return begun > done ? read_offsets(s, begun, &s->begun, e) : 0;
}

static int begin_anew(struct delta_stream *s, uint64_t seed, struct err *e)
{
    struct rng rng;
    char id[RNG_UUID];
    rng_seed(&rng, seed ^ (uint64_t)clock_now_us(s->clock));
    s->id = arena_dup(&s->arena, str_of(rng_uuid4(&rng, id)));
    return put_metadata(s, e);
}

int delta_stream_open(struct delta_stream *s, struct delta_store *folder, struct clock *clock, uint64_t seed, struct delta_table *const *tables,
                      size_t n_tables, bool recover, struct err *e)
{
    *s = (struct delta_stream){ .folder = folder, .clock = clock };
    struct str metadata;
    int result = get(s, S("metadata"), &metadata, e);
    if (result == 0)
        return resume(s, metadata, e);
    if (result == 1 && n_tables)
        result = ask_tables(s, tables, n_tables, recover, e);
    return result == 1 ? begin_anew(s, seed, e) : result;
}

void delta_stream_release(struct delta_stream *s) { arena_release(&s->arena); }

/* ---- batches ---- */

/* Who is not the first to begin a batch must not do it: it may have read up to other places. */
static int put_first(struct delta_stream *s, struct str offsets, struct err *e)
{
    struct str path = name_of(&s->arena, OFFSETS, s->batch), there;
    int result = s->folder->ops->put(s->folder, path, arena_f(&s->arena, "v1\n" STR_F, STR_A(offsets)), true, e);
    if (result == 1)
        result = read_offsets(s, s->batch, &there, e) ? -1 : !str_eq(there, offsets);
    if (result == 1)
        return err_set(e, 0, "DELTA_STREAM", "batch %lld of " STR_F " was begun by another process meanwhile; one folder is for one process at a time",
                       (long long)s->batch, STR_A(s->folder->root));
    return result;
}

int delta_stream_begin(struct delta_stream *s, struct str offsets, struct err *e)
{
    if (s->begun.n && !str_eq(s->begun, offsets))
        return err_set(e, 0, "DELTA_STREAM", "batch %lld was begun with offsets " STR_F " and must be done with them", (long long)s->batch, STR_A(s->begun));
    if (s->begun.n)
        return 0;
    if (!json_valid(offsets) || str_chr(offsets, '\n') != STR_NONE)
        return err_set(e, 0, "DELTA_STREAM", "the offsets of batch %lld are not one line of JSON", (long long)s->batch);
    if (put_first(s, offsets, e))
        return -1;
    s->begun = arena_dup(&s->arena, offsets);
    return 0;
}

int delta_stream_write(struct delta_stream *s, struct delta_table *t, const struct table *rows, struct delta_written *ret, struct err *e)
{
    struct delta_write w = { .mode = DELTA_APPEND, .app = s->id, .batch = s->batch, .metadata = s->begun };
    if (!s->begun.n)
        return err_set(e, 0, "DELTA_STREAM", "batch %lld has not been begun", (long long)s->batch);
    return delta_write_table(t, rows, &w, ret, e);
}

int delta_stream_end(struct delta_stream *s, struct err *e)
{
    struct arena kept = ARENA_INIT; /* a stream runs for long: nothing of this batch but its offsets stays */
    if (put_commit(s, s->batch, e))
        return -1;
    s->id = arena_dup(&kept, s->id);
    s->offsets = arena_dup(&kept, s->begun);
    arena_release(&s->arena);
    s->arena = kept;
    s->begun = (struct str){ 0 };
    s->batch++;
    return 0;
}
