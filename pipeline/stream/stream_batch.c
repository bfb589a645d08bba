/* stream_batch.c - one batch: records to rows, rows to the tables, to questions and windows; and the rows the tables had. */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/stream/stream_own.h"

enum { LOAD_ROWS = 65536, DIGEST = 16 };

/* ---- records to rows ---- */

/* By table, shard and sequence number: the same whichever answer came first. */
static int by_place(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    if (x->sequence.n != y->sequence.n)
        return x->sequence.n < y->sequence.n ? -1 : 1;
    return str_cmp(x->sequence, y->sequence);
}

static void quarantine(struct stream *s, const struct record *r, const struct err *why)
{
    struct output *out = stream_output_of(s, S("quarantine.jsonl"));
    struct buf *b = out ? &out->added : NULL;
    s->sums.quarantined++;
    stream_note(s, "quarantine", why->message);
    if (!b)
        return;
    buf_f(b, "{\"table\":\"%s\",\"partition\":%u,\"position\":\"" STR_F "\",\"code\":\"%s\",\"reason\":", ledger_table_names[r->table], r->shard,
          STR_A(r->sequence), why->code);
    json_put_text(b, str_of(why->message));
    buf_z(b, ",\"record\":");
    json_put_text(b, r->bytes);
    buf_z(b, "}\n");
}

static void clean(struct stream *s, struct table *tables[LEDGER_TABLES])
{
    if (s->n_records)
        qsort(s->records, s->n_records, sizeof *s->records, by_place);
    for (size_t i = 0; i < s->n_records; i++) {
        struct err why = { 0 };
        const struct record *r = &s->records[i];
        int64_t rows = cleaner_add(s->cleaners[r->table], r->bytes, i, &why);
        if (rows == 0)
            err_set(&why, 0, "EMPTY_ARRAY", "the record is an array without rows");
        if (rows <= 0)
            quarantine(s, r, &why);
    }
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        tables[t] = cleaner_take(s->cleaners[t]);
        table_finish(tables[t]);
        s->sums.duplicates[t] += tables[t]->n_dropped;
    }
}

/* ---- duplicates of rows written before, where the rules drop them ---- */

static bool is_seen(struct stream *s, unsigned t, const struct table *rows, size_t row)
{
    uint8_t digest[SHA256_BYTES];
    struct buf line = BUF_INIT;
    table_put_jsonl(rows, row, &line);
    codec_sha256(buf_str(&line), digest);
    struct str key = { (const char *)digest, DIGEST };
    bool seen = map_get(&s->seen[t], key);
    if (!seen)
        map_put(&s->seen[t], key, s);
    buf_release(&line);
    return seen;
}

static struct table *without_seen(struct stream *s, unsigned t, struct table *rows)
{
    bool *drop = mem_zero(rows->n_rows + 1);
    size_t n = 0;
    for (size_t i = 0; i < rows->n_rows; i++)
        n += drop[i] = is_seen(s, t, rows, i);
    s->sums.duplicates[t] += n;
    for (size_t i = 0; n && i < rows->n_rows; i++) {
        struct buf line = BUF_INIT;
        struct err never;
        table_put_jsonl(rows, i, &line);
        if (!drop[i])
            cleaner_add(s->cleaners[t], buf_str(&line), rows->tag[i], &never); /* a cleaned row stays as it is */
        buf_release(&line);
    }
    free(drop);
    if (!n)
        return rows;
    table_close(rows);
    rows = cleaner_take(s->cleaners[t]);
    table_sort(rows);
    return rows;
}

/* ---- offsets/N ---- */

static void put_offsets(struct stream *s, struct buf *out)
{
    const struct kinesis_shard *shard;
    const char *comma = "";
    buf_z(out, "{\"shards\":{");
    for (size_t i = 0; (shard = kinesis_reader_shard(s->reader, i)); i++, comma = ",") {
        buf_z(out, comma);
        json_put_text(out, shard->name);
        buf_f(out, ":{\"at\":\"%s\"%s}", shard->last, shard->over ? ",\"over\":true" : shard->at_tip ? "" : ",\"behind\":true");
    }
    buf_f(out, "},\"tip\":%lld,\"greatest\":{", (long long)s->tip_ms);
    comma = "";
    for (size_t i = 0; i < s->windows->n; i++) {
        if (s->states[i].greatest_us == NO_TIME)
            continue;
        buf_z(out, comma);
        json_put_text(out, s->states[i].window->name);
        buf_c(out, ':');
        buf_i64(out, s->states[i].greatest_us);
        comma = ",";
    }
    buf_z(out, "}}");
}

/* "streaming-…-pin/shardId-000000000002" */
static bool parse_shard(const struct stream *s, struct str name, struct shard_time *ret)
{
    struct str stream = str_cut(&name, '/'), prefix = S("shardId-");
    int64_t number;
    if (!str_starts(name, prefix) || !str_to_i64(str_from(name, prefix.n), &number) || number < 0 || number > UINT32_MAX)
        return false;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str table = str_of(ledger_table_names[t]);
        if (str_ends(stream, table) && stream.n == sizeof "streaming--" - 1 + strlen(s->ingest.user_id) + table.n) {
            *ret = (struct shard_time){ t, (uint32_t)number, NO_TIME };
            return true;
        }
    }
    return false;
}

/* Read from the text, so that a batch done again takes it as it was. */
static void set_behind(struct stream *s, struct str offsets)
{
    struct json shards, v, behind;
    struct json_reader r;
    struct str key;
    s->n_behind = 0;
    json_open(&r, json_get(offsets, "shards", &shards) ? shards.raw : S("{}"));
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct shard_time shard;
        if (!json_get(v.raw, "behind", &behind) || !parse_shard(s, key, &shard))
            continue;
        s->behind = mem_grow(s->behind, (s->n_behind + 1) * sizeof *s->behind);
        s->behind[s->n_behind++] = shard;
    }
}

/* ---- the batch ---- */

static void tell_other_writer(struct stream *s, unsigned t)
{
    struct arena a = ARENA_INIT;
    stream_note(s, "writer", arena_f(&a, "another writer has added to the %s table: its rows are in the answers from the next start on", ledger_table_names[t]).p);
    arena_release(&a);
}

static int write_tables(struct stream *s, struct table *const tables[LEDGER_TABLES], struct err *e)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct delta_written done;
        if (delta_stream_write(&s->checkpoint, s->o.tables[t], tables[t], &done, e))
            return -1;
        if (done.checkpoint.code[0])
            stream_note(s, "checkpoint", done.checkpoint.message);
        if (!done.skipped && s->versions[t] >= 0 && done.version != s->versions[t] + 1 && s->o.analytics)
            tell_other_writer(s, t);
        s->versions[t] = done.version;
        s->sums.rows[t] += tables[t]->n_rows;
    }
    return 0;
}

static void ask(struct stream *s, struct table *const tables[LEDGER_TABLES])
{
    stream_store_begin(&s->store);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        for (size_t i = 0; i < tables[t]->n_rows; i++)
            stream_store_add(s, t, tables[t], i, s->records[tables[t]->tag[i]].arrived_us);
    stream_store_end(&s->store);
    stream_close_windows(s, s->tip_ms);
}

/* Everything behind the tables is in state/N before anybody is told; commits/N ends the batch. */
static int finish(struct stream *s, struct err *e)
{
    int64_t batch = s->checkpoint.batch;
    if (s->outbox.batch < batch)
        s->outbox.batch = batch;
    if (stream_state_save(s, batch, e) || stream_alert_save(s, e) || stream_output_flush(s, e) || delta_stream_end(&s->checkpoint, e))
        return -1;
    stream_state_forget(s, batch);
    s->sums.batches++;
    s->sums.records += s->n_records;
    stream_tell(s, &(struct stream_event){ .kind = STREAM_BATCH, .number = batch, .records = s->n_records });
    s->n_records = 0;
    arena_reset(&s->bytes);
    return 0;
}

int stream_batch_run(struct stream *s, struct err *e)
{
    struct table *tables[LEDGER_TABLES];
    struct buf offsets = BUF_INIT;
    clean(s, tables);
    stream_close_advance(s, tables);
    if (!s->checkpoint.begun.n)
        put_offsets(s, &offsets);
    set_behind(s, s->checkpoint.begun.n ? s->checkpoint.begun : buf_str(&offsets));
    int result = delta_stream_begin(&s->checkpoint, s->checkpoint.begun.n ? s->checkpoint.begun : buf_str(&offsets), e);
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++)
        if (rules_dedupes(s->o.rules, str_of(ledger_table_names[t])))
            tables[t] = without_seen(s, t, tables[t]);
    if (result == 0)
        result = write_tables(s, tables, e);
    if (result == 0) {
        ask(s, tables);
        result = finish(s, e);
    }
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        table_close(tables[t]);
    buf_release(&offsets);
    return result;
}

/* ---- what the tables hold from before ---- */

struct loading {
    struct stream *s;
    unsigned t;
    size_t rows;
    struct err *e;
    bool failed;
};

static void take_rows(struct loading *l)
{
    struct stream *s = l->s;
    struct table *rows = cleaner_take(s->cleaners[l->t]);
    stream_store_begin(&s->store);
    for (size_t i = 0; i < rows->n_rows; i++) {
        stream_store_add(s, l->t, rows, i, NO_TIME);
        if (rules_dedupes(s->o.rules, str_of(ledger_table_names[l->t])))
            is_seen(s, l->t, rows, i);
    }
    stream_store_end(&s->store);
    table_close(rows);
    l->rows = 0;
}

static bool load_row(void *arg, struct str row)
{
    struct loading *l = arg;
    struct err why = { 0 };
    if (cleaner_add(l->s->cleaners[l->t], row, 0, &why) < 0) {
        err_set(l->e, 0, "STREAM_TABLE", "a row of the %s table is none of the rules': %s; answers need all rows (--no-answers does without)",
                ledger_table_names[l->t], why.message);
        l->failed = true;
    } else if (++l->rows == LOAD_ROWS) {
        take_rows(l);
    }
    return !l->failed;
}

struct commit_sought {
    struct str app;
    int64_t batch, version;
    struct arena a;
};

static void find_commit(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines)
{
    struct commit_sought *c = arg;
    (void)time_ms, (void)info;
    while (lines.n) {
        struct str line = str_cut(&lines, '\n');
        struct json txn, v;
        int64_t batch;
        if (json_get(line, "txn", &txn) && txn.type == JSON_OBJECT && str_eq(json_get_text(txn.raw, "appId", &c->a), c->app) &&
            json_get(txn.raw, "version", &v) && str_to_i64(v.raw, &batch) && batch == c->batch)
            c->version = version;
    }
}

/* The version without the batch that is to be done again; -1 when the table begins with it, -2 on an error. */
static int64_t version_before(struct stream *s, unsigned t, struct err *e)
{
    struct commit_sought c = { .app = s->checkpoint.id, .batch = s->checkpoint.batch, .version = -1 };
    int result = delta_history(s->o.tables[t], find_commit, &c, e);
    arena_release(&c.a);
    if (result == 0 && c.version < 0)
        result = err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", "the log of the %s table no longer says which version came before batch %lld", ledger_table_names[t],
                         (long long)s->checkpoint.batch);
    return result ? -2 : c.version - 1;
}

static int64_t batch_in(const struct delta_snapshot *snapshot, struct str app)
{
    const struct delta_txn *txn;
    for (size_t i = 0; (txn = delta_snapshot_txn(snapshot, &i));)
        if (str_eq(txn->app, app))
            return txn->version;
    return -1;
}

static void tell_no_table(struct stream *s, unsigned t)
{
    struct arena a = ARENA_INIT;
    stream_note(s, "tables", arena_f(&a, "the %s table is not there, but the checkpoint folder " STR_F " goes on with batch %lld: rows of before are read and written only if the folder "
                "is removed too", ledger_table_names[t], STR_A(s->o.folder->root), (long long)s->checkpoint.batch).p);
    arena_release(&a);
}

/* The snapshot to begin from; *ret NULL: the table is not there, or has nothing from before. */
static int snapshot_of(struct stream *s, unsigned t, struct delta_snapshot **ret, struct err *e)
{
    struct err why = { 0 };
    int64_t batch = s->checkpoint.batch, version;
    *ret = NULL;
    if (delta_snapshot_open(s->o.tables[t], -1, ret, &why)) {
        *e = why;
        if (!str_is(str_of(why.code), "DELTA_NO_TABLE"))
            return -1;
        if (batch > 0)
            tell_no_table(s, t);
        return 0;
    }
    s->versions[t] = (*ret)->version;
    int64_t in = batch_in(*ret, s->checkpoint.id);
    if (in > batch - !s->checkpoint.begun.n)
        return err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", "the checkpoint folder " STR_F " goes on with batch %lld, but the %s table holds batch %lld: the folder is older than the "
                       "table; remove it, and it is made anew from the table", STR_A(s->o.folder->root), (long long)batch, ledger_table_names[t], (long long)in);
    if (in < batch)
        return 0;
    delta_snapshot_close(*ret);
    *ret = NULL;
    version = version_before(s, t, e);
    return version == -2 ? -1 : version < 0 ? 0 : delta_snapshot_open(s->o.tables[t], version, ret, e);
}

static int load_table(struct stream *s, unsigned t, bool wanted, struct err *e)
{
    struct loading l = { .s = s, .t = t, .e = e };
    struct delta_snapshot *snapshot;
    int result = snapshot_of(s, t, &snapshot, e);
    if (result == 0 && snapshot && wanted) {
        result = delta_rows(s->o.tables[t], snapshot, load_row, &l, e) || l.failed ? -1 : 0;
        take_rows(&l);
    }
    if (snapshot)
        delta_snapshot_close(snapshot);
    return result;
}

int stream_batch_load(struct stream *s, struct err *e)
{
    int result = 0;
    s->loading = true;
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++) {
        bool wanted = s->n_answers || s->store.tables[t].stays || rules_dedupes(s->o.rules, str_of(ledger_table_names[t]));
        result = load_table(s, t, wanted, e);
    }
    s->loading = false;
    return result;
}
