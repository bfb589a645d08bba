/* delta_action.c - the actions of the log, one function each: what they change in a snapshot.
 *
 * | action   | changes                                             |
 * |----------|-----------------------------------------------------|
 * | add      | a file is in the table                              |
 * | remove   | it is not, and is remembered as a tombstone         |
 * | metaData | schema, partition columns, configuration            |
 * | protocol | what readers and writers must understand            |
 * | txn      | the last batch of a stream                          |
 * | sidecar  | a further file of this checkpoint (V2)              |
 * Others (commitInfo, cdc, domainMetadata, …) change nothing a reader sees.
 */
#include "base/codec.h"
#include "pipeline/sink/delta_log.h"

struct apply {
    struct delta_snapshot *s;
    struct str root;
    const char *where;
    struct err *e;
};

static int malformed(struct apply *ap, const char *action, const char *what)
{
    return err_set(ap->e, 0, "DELTA_MALFORMED", "%s: %s %s", ap->where, action, what);
}

/* ---- members ---- */

struct members {
    struct str object;
    struct arena *a;
};

static struct str text(const struct members *m, const char *name)
{
    struct str s = json_get_text(m->object, name, m->a);
    return s.p ? arena_dup(m->a, s) : s;
}

static struct str raw(const struct members *m, const char *name)
{
    struct json v;
    if (!json_get(m->object, name, &v) || v.type == JSON_NULL)
        return (struct str){ 0 };
    return arena_dup(m->a, v.raw);
}

static int64_t number(const struct members *m, const char *name, int64_t otherwise)
{
    struct json v;
    int64_t n;
    return json_get(m->object, name, &v) && v.type == JSON_NUMBER && str_to_i64(v.raw, &n) ? n : otherwise;
}

/* ---- paths ---- */

/* "file:/a", "file:///a" and "/a" are one path; s3a and s3n are s3. */
static struct str canonical(struct str path, struct arena *a)
{
    if (str_starts(path, S("file:/"))) {
        path = str_from(path, 5);
        while (str_starts(path, S("//")))
            path = str_from(path, 1);
    } else if (str_starts(path, S("s3a://")) || str_starts(path, S("s3n://"))) {
        path = arena_f(a, "s3://" STR_F, STR_A(str_from(path, 6)));
    }
    return path;
}

struct str delta_action_path(struct str root, struct str raw_path, struct arena *a)
{
    struct buf decoded = BUF_INIT;
    codec_unpercent(&decoded, raw_path, false);
    struct str path = canonical(arena_dup(a, buf_str(&decoded)), a);
    buf_release(&decoded);
    if (root.n && str_starts(path, root) && path.n > root.n && path.p[root.n] == '/')
        path = str_from(path, root.n + 1);
    return path;
}

/* Two files are the same when path and deletion vector are. */
static struct str file_key(struct apply *ap, const struct members *m, struct str path, struct delta_file *ret_file)
{
    struct json v;
    struct members vector = { S(""), m->a };
    if (json_get(m->object, "deletionVector", &v) && v.type == JSON_OBJECT)
        vector.object = v.raw;
    ret_file->vector.storage = vector.object.n ? text(&vector, "storageType") : (struct str){ 0 };
    if (!ret_file->vector.storage.n)
        return path;
    ret_file->vector.path = text(&vector, "pathOrInlineDv");
    ret_file->vector.offset = number(&vector, "offset", -1);
    ret_file->vector.bytes = number(&vector, "sizeInBytes", -1);
    ret_file->vector.cardinality = number(&vector, "cardinality", -1);
    return arena_f(&ap->s->state->arena, STR_F "\n" STR_F STR_F "@%lld", STR_A(path), STR_A(ret_file->vector.storage), STR_A(ret_file->vector.path),
                   (long long)ret_file->vector.offset);
}

/* ---- actions ---- */

static int apply_add(struct apply *ap, const struct members *m)
{
    struct delta_state *st = ap->s->state;
    struct str given = text(m, "path");
    if (!given.n)
        return malformed(ap, "add", "has no path");
    struct delta_file *f = ARENA_NEW(m->a, struct delta_file);
    f->path = delta_action_path(ap->root, given, m->a);
    f->partitions = raw(m, "partitionValues");
    f->stats = text(m, "stats");
    f->bytes = number(m, "size", 0);
    f->modified_ms = number(m, "modificationTime", 0);
    struct str key = file_key(ap, m, f->path, f);
    map_remove(&st->tombstones, key);
    map_put(&st->files, key, f);
    return 0;
}

static int apply_remove(struct apply *ap, const struct members *m)
{
    struct delta_state *st = ap->s->state;
    struct delta_file removed = { 0 };
    struct str given = text(m, "path");
    if (!given.n)
        return malformed(ap, "remove", "has no path");
    struct delta_tombstone *t = ARENA_NEW(m->a, struct delta_tombstone);
    t->path = delta_action_path(ap->root, given, m->a);
    t->partitions = raw(m, "partitionValues");
    t->deleted_ms = number(m, "deletionTimestamp", 0);
    t->bytes = number(m, "size", -1);
    struct str key = file_key(ap, m, t->path, &removed);
    map_remove(&st->files, key);
    map_put(&st->tombstones, key, t);
    return 0;
}

static int apply_metadata(struct apply *ap, const struct members *m)
{
    struct delta_snapshot *s = ap->s;
    s->metadata = arena_dup(m->a, m->object);
    s->id = text(m, "id");
    s->name = text(m, "name");
    s->schema = text(m, "schemaString");
    s->partition_columns = raw(m, "partitionColumns");
    s->configuration = raw(m, "configuration");
    return 0; /* a snapshot needs a schema; one of a version in between may lack it */
}

static int apply_protocol(struct apply *ap, const struct members *m)
{
    struct delta_snapshot *s = ap->s;
    s->min_reader = (int32_t)number(m, "minReaderVersion", 0);
    s->min_writer = (int32_t)number(m, "minWriterVersion", 0);
    s->reader_features = raw(m, "readerFeatures");
    s->writer_features = raw(m, "writerFeatures");
    return s->min_reader > 0 ? 0 : malformed(ap, "protocol", "has no minReaderVersion");
}

static int apply_txn(struct apply *ap, const struct members *m)
{
    struct delta_txn *t = ARENA_NEW(m->a, struct delta_txn);
    t->app = text(m, "appId");
    t->version = number(m, "version", -1);
    t->updated_ms = number(m, "lastUpdated", 0);
    if (!t->app.p || t->version < 0)
        return malformed(ap, "txn", "has no appId or version");
    map_put(&ap->s->state->txns, t->app, t);
    return 0;
}

static int apply_sidecar(struct apply *ap, const struct members *m)
{
    struct delta_state *st = ap->s->state;
    struct str path = text(m, "path");
    if (!path.n)
        return malformed(ap, "sidecar", "has no path");
    if (st->n_sidecars == st->cap_sidecars) {
        st->cap_sidecars = st->cap_sidecars ? st->cap_sidecars * 2 : 8;
        st->sidecars = mem_grow(st->sidecars, st->cap_sidecars * sizeof *st->sidecars);
    }
    st->sidecars[st->n_sidecars++] = path;
    return 0;
}

static int apply_info(struct apply *ap, const struct members *m)
{
    ap->s->state->commit_ms = number(m, "inCommitTimestamp", -1);
    return 0;
}

static const struct {
    const char *name;
    int (*apply)(struct apply *ap, const struct members *m);
} actions[] = {
    { "add", apply_add },           { "remove", apply_remove }, { "metaData", apply_metadata },
    { "protocol", apply_protocol }, { "txn", apply_txn },       { "sidecar", apply_sidecar },
    { "commitInfo", apply_info },
};

int delta_action_apply(struct delta_snapshot *s, struct str root, struct str line, const char *where, struct err *e)
{
    struct apply ap = { .s = s, .root = root, .where = where, .e = e };
    struct json_reader r;
    struct json v;
    struct str key;
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1) {
        if (json_read(&r, &v))
            break;
        if (v.type != JSON_OBJECT)
            continue;
        struct members m = { v.raw, &s->state->arena };
        for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
            if (json_key_is(key, actions[i].name) && actions[i].apply(&ap, &m))
                return -1;
    }
    if (json_close(&r)) {
        struct arena a = ARENA_INIT;
        err_set(e, 0, "DELTA_MALFORMED", "%s: no JSON: " STR_F, where, STR_A(json_where(&r, &a)));
        arena_release(&a);
        return -1;
    }
    return 0;
}

/* ---- configuration ---- */

struct str delta_action_setting(const struct delta_snapshot *s, const char *name, struct arena *a)
{
    return s->configuration.n ? json_get_text(s->configuration, name, a) : (struct str){ 0 };
}

struct str delta_action_mapping(const struct delta_snapshot *s, struct arena *a)
{
    struct str mode = delta_action_setting(s, "delta.columnMapping.mode", a);
    return s->min_reader >= 2 && (str_is(mode, "name") || str_is(mode, "id")) ? mode : (struct str){ 0 };
}

bool delta_action_interval(struct str s, int64_t *ret_ms)
{
    static const struct { struct str unit; int64_t ms; } units[] = {
        { S_INIT("millisecond"), 1 },   { S_INIT("second"), 1000 },   { S_INIT("minute"), 60000 },
        { S_INIT("hour"), 3600000 },    { S_INIT("day"), 86400000 },  { S_INIT("week"), 604800000 },
    };
    int64_t n;
    s = str_trim(s);
    if (str_starts(s, S("interval ")))
        s = str_trim(str_from(s, 9));
    struct str amount = str_cut(&s, ' '), unit = str_trim(s);
    if (unit.n && unit.p[unit.n - 1] == 's')
        unit.n--;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_eq(unit, units[i].unit))
            return str_to_i64(amount, &n) && n >= 0 && !__builtin_mul_overflow(n, units[i].ms, ret_ms);
    return false;
}
