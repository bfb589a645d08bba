/* delta_write.c - one commit: data files, then the log file that names them, put only if absent.
 *
 * Losing the race to a version costs a read of the winner's commit: everything the commit says is then made anew from
 * what the table has become (does the schema still fit? is the batch in it by now? which files does an overwrite
 * remove?), so that every outcome equals one writer after the other.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/sink/delta_log.h"

enum { ROWS_PER_FILE = 1000000, MOST_ATTEMPTS = 1000, FIRST_WAIT_MS = 2, LONGEST_WAIT_MS = 200 };

struct commit {
    struct delta_table *t;
    const struct table *rows;
    const struct delta_write *w;
    struct delta_written *done;
    struct parquet_field *fields;
    char id[RNG_UUID]; /* in commitInfo: how our own commit is known again */
    struct buf adds, body;
    struct arena arena;
    struct err *e;
};

struct delta_table *delta_open(const struct delta_options *o)
{
    struct delta_table *t = mem_zero(sizeof *t);
    t->options = *o;
    rng_seed(&t->rng, o->seed);
    return t;
}

void delta_close(struct delta_table *t)
{
    if (!t)
        return;
    delta_snapshot_close(t->latest);
    free(t);
}

/* ---- data files ---- */

static void put_add(struct commit *c, struct str path, size_t bytes, size_t from, size_t n)
{
    struct buf stats = BUF_INIT;
    delta_stats_put(&stats, c->rows, from, n);
    buf_z(&c->adds, "{\"add\":{\"path\":");
    json_put_text(&c->adds, path);
    buf_f(&c->adds, ",\"partitionValues\":{},\"size\":%zu,\"modificationTime\":%lld,\"dataChange\":true,\"stats\":", bytes,
          (long long)clock_now_ms(c->t->options.clock));
    json_put_text(&c->adds, buf_str(&stats));
    buf_z(&c->adds, "}}\n");
    buf_release(&stats);
}

static int put_file(struct commit *c, size_t from, size_t n)
{
    static const char *const suffix[] = { [PARQUET_SNAPPY] = ".snappy", [PARQUET_ZSTD] = ".zstd", [PARQUET_GZIP] = ".gz", [PARQUET_NONE] = "" };
    struct delta_options *o = &c->t->options;
    struct parquet_options options = { .codec = o->codec };
    struct buf bytes = BUF_INIT;
    char id[RNG_UUID];
    struct str path = arena_f(&c->arena, "part-%05zu-%s-c000%s.parquet", c->done->files, rng_uuid4(&c->t->rng, id), suffix[o->codec]);
    struct parquet_writer *w = parquet_writer_open(c->fields, c->rows->n_columns, &options, &bytes, c->e);
    int result = w && parquet_writer_table(w, c->rows, from, n, c->e) == 0 && parquet_writer_end(w, c->e) == 0 ? 0 : -1;
    if (result == 0)
        result = o->store->ops->put(o->store, path, buf_str(&bytes), false, c->e);
    if (result == 0) {
        put_add(c, path, bytes.n, from, n);
        c->done->files++;
        c->done->rows += n;
    }
    parquet_writer_close(w);
    buf_release(&bytes);
    return result;
}

static int put_files(struct commit *c)
{
    size_t per_file = c->t->options.rows_per_file ? c->t->options.rows_per_file : ROWS_PER_FILE;
    for (size_t from = 0; from < c->rows->n_rows; from += per_file)
        if (put_file(c, from, c->rows->n_rows - from < per_file ? c->rows->n_rows - from : per_file))
            return -1;
    return 0;
}

/* ---- what a commit says ---- */

static void put_info(struct commit *c, const struct delta_snapshot *s)
{
    struct buf *b = &c->body;
    buf_z(b, "{\"commitInfo\":{\"timestamp\":");
    buf_i64(b, clock_now_ms(c->t->options.clock));
    if (c->w->app.n) {
        buf_z(b, ",\"operation\":\"STREAMING UPDATE\",\"operationParameters\":{\"outputMode\":\"Append\",\"queryId\":");
        json_put_text(b, c->w->app);
        buf_f(b, ",\"epochId\":\"%lld\"}", (long long)c->w->batch);
    } else {
        buf_f(b, ",\"operation\":\"WRITE\",\"operationParameters\":{\"mode\":\"%s\",\"partitionBy\":\"[]\"}",
              c->w->mode == DELTA_OVERWRITE ? "Overwrite" : "Append");
    }
    if (s)
        buf_f(b, ",\"readVersion\":%lld", (long long)s->version);
    buf_f(b, ",\"isolationLevel\":\"Serializable\",\"isBlindAppend\":%s", c->w->mode == DELTA_OVERWRITE ? "false" : "true");
    buf_f(b, ",\"operationMetrics\":{\"numFiles\":\"%zu\",\"numOutputRows\":\"%zu\"}", c->done->files, c->done->rows);
    if (c->w->metadata.n) {
        buf_z(b, ",\"userMetadata\":");
        json_put_text(b, c->w->metadata);
    }
    buf_f(b, ",\"engineInfo\":\"weirbox/" WEIRBOX_VERSION "\",\"txnId\":\"%s\"}}\n", c->id);
}

static void put_creation(struct commit *c)
{
    struct buf schema = BUF_INIT;
    char id[RNG_UUID];
    delta_schema_put(&schema, c->fields, c->rows->n_columns);
    buf_f(&c->body, "{\"metaData\":{\"id\":\"%s\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":", rng_uuid4(&c->t->rng, id));
    json_put_text(&c->body, buf_str(&schema));
    buf_f(&c->body, ",\"partitionColumns\":[],\"configuration\":{},\"createdTime\":%lld}}\n", (long long)clock_now_ms(c->t->options.clock));
    buf_z(&c->body, "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n");
    buf_release(&schema);
}

static void put_removes(struct commit *c, const struct delta_snapshot *s)
{
    const struct delta_file *f;
    struct buf path = BUF_INIT;
    for (size_t i = 0; (f = delta_snapshot_file(s, &i));) {
        buf_reset(&path);
        codec_percent(&path, f->path, "/=:");
        buf_z(&c->body, "{\"remove\":{\"path\":");
        json_put_text(&c->body, buf_str(&path));
        buf_f(&c->body, ",\"deletionTimestamp\":%lld,\"dataChange\":true,\"extendedFileMetadata\":true,\"partitionValues\":",
              (long long)clock_now_ms(c->t->options.clock));
        buf_str_add(&c->body, f->partitions.n ? f->partitions : S("{}"));
        buf_f(&c->body, ",\"size\":%lld}}\n", (long long)f->bytes);
    }
    buf_release(&path);
}

/* Is the table one that these rows may be written to? 1: their batch is in it. s == NULL: it does not exist yet. */
static int check(struct commit *c, struct delta_snapshot *s)
{
    struct delta_txn *txn = s && c->w->app.n ? map_get(&s->state->txns, c->w->app) : NULL;
    if (!s)
        return 0;
    if (txn && txn->version >= c->w->batch)
        return 1;
    if (!s->fields && delta_schema_read(s->schema, delta_action_mapping(s, &s->state->arena), &s->state->arena, &s->fields, &s->n_fields, c->e))
        return -1;
    if (delta_feature_writable(s, c->w->mode, c->e))
        return -1;
    return delta_schema_accepts(s, c->fields, c->rows->n_columns, c->rows, c->e);
}

static void build(struct commit *c, const struct delta_snapshot *s)
{
    buf_reset(&c->body);
    put_info(c, s);
    if (!s)
        put_creation(c);
    if (c->w->app.n) {
        buf_z(&c->body, "{\"txn\":{\"appId\":");
        json_put_text(&c->body, c->w->app);
        buf_f(&c->body, ",\"version\":%lld,\"lastUpdated\":%lld}}\n", (long long)c->w->batch, (long long)clock_now_ms(c->t->options.clock));
    }
    if (s && c->w->mode == DELTA_OVERWRITE)
        put_removes(c, s);
    buf_str_add(&c->body, buf_str(&c->adds));
}

/* ---- the race ---- */

/* The newest snapshot, or NULL when there is no table; kept between writes. */
static int refresh(struct delta_table *t, struct err *e)
{
    if (t->latest) {
        struct str schema = t->latest->schema;
        if (delta_replay_advance(t, t->latest, e)) {
            delta_snapshot_close(t->latest); /* half applied, perhaps */
            t->latest = NULL;
            return -1;
        }
        if (schema.p != t->latest->schema.p)
            t->latest->fields = NULL;
        return 0;
    }
    struct err why = { 0 };
    if (delta_replay(t, -1, &t->latest, &why) == 0)
        return 0;
    t->latest = NULL;
    if (str_is(str_of(why.code), "DELTA_NO_TABLE"))
        return 0;
    *e = why;
    return -1;
}

/* Is the file of that version ours? An answer may have been lost after the put. 1: it is another's. 2: there is none. */
static int whose(struct commit *c, int64_t version, struct err *e)
{
    struct delta_store *store = c->t->options.store;
    struct buf there = BUF_INIT;
    int result = store->ops->get(store, delta_replay_name(&c->arena, version, ".json"), &there, e);
    result = result < 0 ? -1 : result == 1 ? 2 : str_find(buf_str(&there), str_of(c->id)) == STR_NONE;
    buf_release(&there);
    return result;
}

/* 0: committed. 1: another was faster. */
static int try_commit(struct commit *c, int64_t version)
{
    struct delta_store *store = c->t->options.store;
    struct err ignored;
    int result = store->ops->put(store, delta_replay_name(&c->arena, version, ".json"), buf_str(&c->body), true, c->e);
    if (result == 0)
        return 0;
    if (result == 1) {
        result = whose(c, version, c->e);
        return result == 2 ? err_set(c->e, 0, "DELTA_CONFLICT", "version %lld is there for a put and not for a get", (long long)version) : result;
    }
    return whose(c, version, &ignored) == 0 ? 0 : -1; /* what the put said stands, unless it did its work */
}

static void wait_a_little(struct commit *c, int attempt)
{
    int64_t most = FIRST_WAIT_MS;
    for (int i = 1; i < attempt && most < LONGEST_WAIT_MS; i++)
        most *= 2;
    clock_wait_ms(c->t->options.clock, (int64_t)rng_below(&c->t->rng, (uint64_t)most));
}

static int commit(struct commit *c)
{
    struct delta_table *t = c->t;
    while (c->done->attempts++ < MOST_ATTEMPTS) {
        int64_t version = t->latest ? t->latest->version + 1 : 0;
        build(c, t->latest);
        int result = try_commit(c, version);
        if (result <= 0) {
            c->done->version = version;
            c->done->created = version == 0;
            return result;
        }
        wait_a_little(c, c->done->attempts);
        if (refresh(t, c->e))
            return -1;
        if ((result = check(c, t->latest))) {
            c->done->skipped = result == 1;
            return result < 0 ? -1 : 0;
        }
    }
    return err_set(c->e, 0, "DELTA_CONFLICT", "%d commits in a row were forestalled by other writers", MOST_ATTEMPTS);
}

/* ---- afterwards ---- */

static int64_t checkpoint_every(const struct delta_table *t)
{
    struct arena a = ARENA_INIT;
    int64_t n = t->options.checkpoint_every;
    if (n == 0 && (!str_to_i64(delta_action_setting(t->latest, "delta.checkpointInterval", &a), &n) || n <= 0))
        n = DELTA_CHECKPOINT_EVERY;
    arena_release(&a);
    return n;
}

/* The commit stands whatever happens here. */
static void follow_up(struct commit *c)
{
    struct delta_table *t = c->t;
    struct err *e = &c->done->checkpoint;
    if (refresh(t, e))
        return;
    int64_t every = checkpoint_every(t);
    if (every > 0 && t->latest->version > 0 && t->latest->version == c->done->version && t->latest->version % every == 0 &&
        delta_checkpoint_write(t, t->latest, e) == 0)
        e->code[0] = 0;
}

int delta_write_table(struct delta_table *t, const struct table *rows, const struct delta_write *w, struct delta_written *ret, struct err *e)
{
    static const struct delta_write append = { .mode = DELTA_APPEND };
    struct delta_written done = { .version = -1 };
    struct commit c = { .t = t, .rows = rows, .w = w ? w : &append, .done = &done, .e = e };
    c.fields = parquet_table_fields(rows, &c.arena);
    rng_uuid4(&t->rng, c.id);
    int result = refresh(t, e);
    if (result == 0 && (result = check(&c, t->latest)) == 1) {
        done.skipped = true;
        done.version = t->latest->version;
        result = 0;
    } else if (result == 0 && (result = put_files(&c)) == 0) {
        result = commit(&c);
    }
    if (result == 0 && !done.skipped)
        follow_up(&c);
    if (result == 0)
        *ret = done;
    buf_release(&c.adds);
    buf_release(&c.body);
    arena_release(&c.arena);
    return result;
}
