/* delta_checkpoint.c - a snapshot as one Parquet file: a row an action, a column a kind of action (V1).
 *
 * PROTOCOL.md, "Checkpoint Schema". Rows pass through the same JSON as commits, in both directions.
 */
#include "base/codec.h"
#include "pipeline/sink/delta_log.h"

#define FIELD(n, k) { .name = S_INIT(n), .kind = PARQUET_##k }
#define NESTED(n, k, c) { .name = S_INIT(n), .kind = PARQUET_##k, .children = (c), .n_children = sizeof(c) / sizeof *(c) }

/* The reader takes LONG for either width; the writer narrows what the protocol calls int. */
struct columns {
    struct parquet_field texts[2], names[1], vector[5], txn[3], add[8], removed[7], format[2], metadata[8], protocol[4], sidecar[3], root[6];
};

static void fill(struct columns *c, bool writing)
{
    *c = (struct columns){
        .texts = { { .name = S_INIT("key"), .kind = PARQUET_STRING, .required = true }, FIELD("value", STRING) },
        .names = { FIELD("element", STRING) },
        .vector = { FIELD("storageType", STRING), FIELD("pathOrInlineDv", STRING), FIELD("offset", LONG), FIELD("sizeInBytes", LONG), FIELD("cardinality", LONG) },
        .txn = { FIELD("appId", STRING), FIELD("version", LONG), FIELD("lastUpdated", LONG) },
        .add = { FIELD("path", STRING), NESTED("partitionValues", MAP, c->texts), FIELD("size", LONG), FIELD("modificationTime", LONG),
                 FIELD("dataChange", BOOLEAN), NESTED("tags", MAP, c->texts), FIELD("stats", STRING), NESTED("deletionVector", STRUCT, c->vector) },
        .removed = { FIELD("path", STRING), FIELD("deletionTimestamp", LONG), FIELD("dataChange", BOOLEAN), FIELD("extendedFileMetadata", BOOLEAN),
                     NESTED("partitionValues", MAP, c->texts), FIELD("size", LONG), NESTED("deletionVector", STRUCT, c->vector) },
        .format = { FIELD("provider", STRING), NESTED("options", MAP, c->texts) },
        .metadata = { FIELD("id", STRING), FIELD("name", STRING), FIELD("description", STRING), NESTED("format", STRUCT, c->format),
                      FIELD("schemaString", STRING), NESTED("partitionColumns", LIST, c->names), NESTED("configuration", MAP, c->texts), FIELD("createdTime", LONG) },
        .protocol = { FIELD("minReaderVersion", LONG), FIELD("minWriterVersion", LONG), NESTED("readerFeatures", LIST, c->names), NESTED("writerFeatures", LIST, c->names) },
        .sidecar = { FIELD("path", STRING), FIELD("sizeInBytes", LONG), FIELD("modificationTime", LONG) },
        .root = { NESTED("txn", STRUCT, c->txn), NESTED("add", STRUCT, c->add), NESTED("remove", STRUCT, c->removed), NESTED("metaData", STRUCT, c->metadata),
                  NESTED("protocol", STRUCT, c->protocol), NESTED("sidecar", STRUCT, c->sidecar) },
    };
    if (writing) {
        c->protocol[0].kind = c->protocol[1].kind = c->vector[2].kind = c->vector[3].kind = PARQUET_INT;
    }
}

/* ---- reading ---- */

int delta_checkpoint_read(struct delta_snapshot *s, struct str root, struct str bytes, struct str name, struct err *e)
{
    struct columns c;
    struct buf row = BUF_INIT;
    int result = -1;
    fill(&c, false);
    struct parquet_file *f = parquet_open(bytes, name, e);
    struct parquet_reader *r = f ? parquet_reader_open(f, c.root, 6, e) : NULL;
    struct arena a = ARENA_INIT;
    const char *where = arena_z(&a, name);
    while (r && (result = parquet_reader_next(r, &row, e)) == 1) {
        if (delta_action_apply(s, root, buf_str(&row), where, e)) {
            result = -1;
            break;
        }
        buf_reset(&row);
    }
    arena_release(&a);
    parquet_reader_close(r);
    parquet_close(f);
    buf_release(&row);
    return result;
}

/* ---- writing ---- */

static void put_path(struct buf *row, struct str path)
{
    struct buf encoded = BUF_INIT;
    codec_percent(&encoded, path, "/=:");
    json_put_text(row, buf_str(&encoded));
    buf_release(&encoded);
}

static void put_map(struct buf *row, const char *name, struct str object)
{
    buf_f(row, ",\"%s\":", name);
    buf_str_add(row, object.n ? object : S("{}"));
}

static void put_add(struct buf *row, const struct delta_file *f)
{
    buf_z(row, "{\"add\":{\"path\":");
    put_path(row, f->path);
    put_map(row, "partitionValues", f->partitions);
    buf_f(row, ",\"size\":%lld,\"modificationTime\":%lld,\"dataChange\":false", (long long)f->bytes, (long long)f->modified_ms);
    if (f->stats.n) {
        buf_z(row, ",\"stats\":");
        json_put_text(row, f->stats);
    }
    buf_z(row, "}}");
}

static void put_remove(struct buf *row, const struct delta_tombstone *t)
{
    buf_z(row, "{\"remove\":{\"path\":");
    put_path(row, t->path);
    buf_f(row, ",\"deletionTimestamp\":%lld,\"dataChange\":false,\"extendedFileMetadata\":%s", (long long)t->deleted_ms, t->bytes >= 0 ? "true" : "false");
    put_map(row, "partitionValues", t->partitions);
    if (t->bytes >= 0)
        buf_f(row, ",\"size\":%lld", (long long)t->bytes);
    buf_z(row, "}}");
}

/* metaData as the log had it, without members that the checkpoint has no column for. */
static void put_metadata(struct buf *row, const struct delta_snapshot *s)
{
    struct columns c;
    struct json v;
    const char *sep = "";
    fill(&c, true);
    buf_z(row, "{\"metaData\":{");
    for (size_t i = 0; i < sizeof c.metadata / sizeof *c.metadata; i++)
        if (json_get(s->metadata, c.metadata[i].name.p, &v) && v.type != JSON_NULL) {
            const char *quote = v.type == JSON_STRING ? "\"" : "";
            buf_f(row, "%s\"%s\":%s", sep, c.metadata[i].name.p, quote);
            buf_str_add(row, v.raw);
            buf_z(row, quote);
            sep = ",";
        }
    buf_z(row, "}}");
}

static void put_protocol(struct buf *row, const struct delta_snapshot *s)
{
    buf_f(row, "{\"protocol\":{\"minReaderVersion\":%d,\"minWriterVersion\":%d", s->min_reader, s->min_writer);
    if (s->reader_features.n)
        buf_f(row, ",\"readerFeatures\":" STR_F, STR_A(s->reader_features));
    if (s->writer_features.n)
        buf_f(row, ",\"writerFeatures\":" STR_F, STR_A(s->writer_features));
    buf_z(row, "}}");
}

static void put_txn(struct buf *row, const struct delta_txn *t)
{
    buf_z(row, "{\"txn\":{\"appId\":");
    json_put_text(row, t->app);
    buf_f(row, ",\"version\":%lld,\"lastUpdated\":%lld}}", (long long)t->version, (long long)t->updated_ms);
}

struct rows {
    struct parquet_writer *w;
    struct buf row;
    size_t n;
    struct err *e;
};

static int flush(struct rows *r)
{
    int result = parquet_writer_json(r->w, buf_str(&r->row), r->e);
    buf_reset(&r->row);
    r->n++;
    return result;
}

static int put_rows(struct rows *r, const struct delta_snapshot *s, int64_t oldest_ms)
{
    struct map_entry *entry;
    put_protocol(&r->row, s);
    if (flush(r))
        return -1;
    put_metadata(&r->row, s);
    if (flush(r))
        return -1;
    for (size_t i = 0; (entry = map_next(&s->state->txns, &i));) {
        put_txn(&r->row, entry->value);
        if (flush(r))
            return -1;
    }
    for (size_t i = 0; (entry = map_next(&s->state->tombstones, &i));) {
        const struct delta_tombstone *t = entry->value;
        if (t->deleted_ms < oldest_ms)
            continue;
        put_remove(&r->row, t);
        if (flush(r))
            return -1;
    }
    for (size_t i = 0; (entry = map_next(&s->state->files, &i));) {
        put_add(&r->row, entry->value);
        if (flush(r))
            return -1;
    }
    return 0;
}

static int64_t retention_ms(const struct delta_snapshot *s)
{
    struct arena a = ARENA_INIT;
    int64_t ms = DELTA_RETENTION_HOURS * INT64_C(3600000);
    delta_action_interval(delta_action_setting(s, "delta.deletedFileRetentionDuration", &a), &ms);
    arena_release(&a);
    return ms;
}

int delta_checkpoint_write(struct delta_table *t, struct delta_snapshot *s, struct err *e)
{
    struct delta_store *store = t->options.store;
    struct columns c;
    struct buf bytes = BUF_INIT, hint = BUF_INIT;
    struct arena a = ARENA_INIT;
    struct rows r = { .e = e };
    fill(&c, true);
    r.w = parquet_writer_open(c.root, 5, NULL, &bytes, e); /* no sidecars */
    int result = r.w ? put_rows(&r, s, clock_now_ms(t->options.clock) - retention_ms(s)) : -1;
    if (result == 0)
        result = parquet_writer_end(r.w, e);
    if (result == 0)
        result = store->ops->put(store, delta_replay_name(&a, s->version, ".checkpoint.parquet"), buf_str(&bytes), false, e);
    if (result == 0) {
        buf_z(&hint, "{\"version\":");
        buf_f(&hint, "%lld,\"size\":%zu,\"sizeInBytes\":%zu,\"numOfAddFiles\":%zu}", (long long)s->version, r.n, bytes.n, s->n_files);
        result = store->ops->put(store, S("_delta_log/_last_checkpoint"), buf_str(&hint), false, e);
    }
    if (result == 0)
        s->checkpoint = s->version;
    parquet_writer_close(r.w);
    buf_release(&r.row);
    buf_release(&bytes);
    buf_release(&hint);
    arena_release(&a);
    return result;
}
