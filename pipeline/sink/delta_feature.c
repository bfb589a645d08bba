/* delta_feature.c - what a table asks of its readers and writers, and what of it is understood.
 *
 * PROTOCOL.md, "Valid Feature Names in Table Features". Reader versions 1 and 2 and writer versions up to 6 stand for
 * fixed sets of features; 3 and 7 list theirs.
 */
#include "pipeline/sink/delta_log.h"

/* Only what is in a list is understood; a name in neither is refused as any other. */
static const char *const reads[] = { "columnMapping", "deletionVectors", "timestampNtz", "typeWidening", "v2Checkpoint", "vacuumProtocolCheck" };
static const char *const writes[] = { "appendOnly", "invariants", "vacuumProtocolCheck" };

static bool listed(struct str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(name, list[i]))
            return true;
    return false;
}

static int refused(const struct delta_snapshot *s, const char *who, struct str features, struct err *e)
{
    return err_set(e, 0, "DELTA_UNSUPPORTED", "table %.40s (reader version %d, writer version %d): %s feature " STR_F ": not supported",
                   s->id.n ? s->id.p : "without id", s->min_reader, s->min_writer, who, STR_A(features));
}

/* All names of the JSON array that are not in the list. */
static int check_list(const struct delta_snapshot *s, struct str array, const char *const *list, size_t n, const char *who, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct buf unknown = BUF_INIT;
    struct json_reader r;
    struct json v;
    int result = 0;
    json_open(&r, array.n ? array : S("[]"));
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0) {
        struct str name = json_text(v, &a);
        if (!listed(name, list, n))
            buf_f(&unknown, "%s" STR_F, unknown.n ? ", " : "", STR_A(name));
    }
    if (unknown.n)
        result = refused(s, who, buf_str(&unknown), e);
    buf_release(&unknown);
    arena_release(&a);
    return result;
}

int delta_feature_readable(const struct delta_snapshot *s, struct err *e)
{
    if (s->min_reader > 3)
        return err_set(e, 0, "DELTA_UNSUPPORTED", "reader version %d: this reads 1 to 3", s->min_reader);
    return s->min_reader == 3 ? check_list(s, s->reader_features, reads, sizeof reads / sizeof *reads, "reader", e) : 0;
}

/* Writer versions 3 to 6 bring these by themselves; each is in the way only when the table uses it. */
static const struct { struct str in_schema; const char *setting; const char *name; } used[] = {
    { S_INIT("\"delta.invariants\""), NULL, "invariants (columns with an expression)" },
    { S_INIT("\"delta.generationExpression\""), NULL, "generatedColumns" },
    { S_INIT("\"delta.identity."), NULL, "identityColumns" },
    { S_INIT(""), "delta.enableChangeDataFeed", "changeDataFeed" },
};

static int check_use(const struct delta_snapshot *s, enum delta_mode mode, struct err *e)
{
    struct arena a = ARENA_INIT;
    const struct delta_file *f;
    int result = 0;
    for (size_t i = 0; i < sizeof used / sizeof *used && result == 0; i++) {
        bool in_schema = used[i].in_schema.n && str_find(s->schema, used[i].in_schema) != STR_NONE;
        if (in_schema || (used[i].setting && str_is(delta_action_setting(s, used[i].setting, &a), "true")))
            result = refused(s, "writer", str_of(used[i].name), e);
    }
    if (result == 0 && str_find(s->configuration, S("\"delta.constraints.")) != STR_NONE)
        result = refused(s, "writer", S("checkConstraints"), e);
    if (result == 0 && delta_action_mapping(s, &a).n)
        result = refused(s, "writer", S("columnMapping"), e);
    for (size_t i = 0; result == 0 && (f = delta_snapshot_file(s, &i));)
        if (f->vector.storage.n)
            result = refused(s, "writer", S("deletionVectors"), e);
    if (result == 0 && mode == DELTA_OVERWRITE && str_is(delta_action_setting(s, "delta.appendOnly", &a), "true"))
        result = err_set(e, 0, "DELTA_APPEND_ONLY", "the table is append-only (delta.appendOnly): it cannot be overwritten");
    if (result == 0 && s->partition_columns.n && !str_is(str_trim(s->partition_columns), "[]"))
        result = err_set(e, 0, "DELTA_UNSUPPORTED", "the table is partitioned by " STR_F ": such tables are read, not written", STR_A(s->partition_columns));
    arena_release(&a);
    return result;
}

int delta_feature_writable(const struct delta_snapshot *s, enum delta_mode mode, struct err *e)
{
    if (delta_feature_readable(s, e))
        return -1;
    if (s->min_writer > 7)
        return err_set(e, 0, "DELTA_UNSUPPORTED", "writer version %d: this writes tables of 1 to 7", s->min_writer);
    if (s->min_writer == 7 && check_list(s, s->writer_features, writes, sizeof writes / sizeof *writes, "writer", e))
        return -1;
    return check_use(s, mode, e);
}
