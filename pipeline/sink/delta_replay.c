/* delta_replay.c - from the log folder to a snapshot: newest whole checkpoint, then every commit behind it.
 *
 * | name                                      | what                                     |
 * |-------------------------------------------|------------------------------------------|
 * | <version>.json                            | a commit                                 |
 * | <version>.checkpoint.parquet              | a checkpoint                             |
 * | <version>.checkpoint.<part>.<parts>.parquet | one in several parts: all or none      |
 * | <version>.checkpoint.<uuid>.parquet, .json  | a V2 checkpoint, with sidecars perhaps |
 * | _last_checkpoint                          | a hint where to begin the listing        |
 * A checkpoint only saves reading: one that is broken is passed over while older files still tell everything.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/sink/delta_log.h"

#define LOG S("_delta_log/")

struct checkpoint {
    int64_t version;
    int64_t part, parts; /* 1 of 1 unless it has several */
    struct str path;
};
struct listing {
    struct arena arena;
    int64_t *commits;
    size_t n_commits, cap_commits;
    struct checkpoint *checkpoints;
    size_t n_checkpoints, cap_checkpoints;
};

/* ---- names ---- */

struct str delta_replay_name(struct arena *a, int64_t version, const char *suffix)
{
    return arena_f(a, "_delta_log/%020lld%s", (long long)version, suffix);
}

int64_t delta_replay_version(struct str path, struct str *ret_rest)
{
    int64_t version;
    struct str name = str_from(path, LOG.n);
    if (!str_starts(path, LOG) || name.n < 21 || name.p[0] == '+' || name.p[0] == '-' || !str_to_i64(str_head(name, 20), &version) ||
        version > DELTA_MAX_VERSION)
        return -1;
    *ret_rest = str_from(name, 20);
    return version;
}

static void add_commit(struct listing *l, int64_t version)
{
    if (l->n_commits == l->cap_commits) {
        l->cap_commits = l->cap_commits ? l->cap_commits * 2 : 64;
        l->commits = mem_grow(l->commits, l->cap_commits * sizeof *l->commits);
    }
    l->commits[l->n_commits++] = version;
}

static void add_checkpoint(struct listing *l, int64_t version, struct str rest, struct str path)
{
    struct checkpoint c = { version, 1, 1, arena_dup(&l->arena, path) };
    struct str parts = str_from(rest, 12); /* behind ".checkpoint." */
    struct str part = str_cut(&parts, '.');
    struct str of = parts.p ? str_cut(&parts, '.') : parts;
    if (part.n == 10 && of.n == 10 && (!str_to_i64(part, &c.part) || !str_to_i64(of, &c.parts)))
        return;
    if (l->n_checkpoints == l->cap_checkpoints) {
        l->cap_checkpoints = l->cap_checkpoints ? l->cap_checkpoints * 2 : 16;
        l->checkpoints = mem_grow(l->checkpoints, l->cap_checkpoints * sizeof *l->checkpoints);
    }
    l->checkpoints[l->n_checkpoints++] = c;
}

static void take_name(void *arg, const struct delta_object *o)
{
    struct listing *l = arg;
    struct str rest = { 0 };
    int64_t version = delta_replay_version(o->path, &rest);
    if (version < 0 || l->n_commits + l->n_checkpoints > DELTA_MAX_VERSIONS)
        return;
    if (str_is(rest, ".json"))
        add_commit(l, version);
    else if (str_starts(rest, S(".checkpoint.")) && (str_ends(rest, S(".parquet")) || str_ends(rest, S(".json"))))
        add_checkpoint(l, version, rest, o->path);
}

static void listing_release(struct listing *l)
{
    free(l->commits);
    free(l->checkpoints);
    arena_release(&l->arena);
}

/* ---- snapshots ---- */

static struct delta_snapshot *new_snapshot(void)
{
    struct delta_snapshot *s = mem_zero(sizeof *s);
    s->state = mem_zero(sizeof *s->state);
    s->version = s->checkpoint = -1;
    s->state->commit_ms = -1;
    return s;
}

void delta_snapshot_close(struct delta_snapshot *s)
{
    if (!s)
        return;
    map_release(&s->state->files);
    map_release(&s->state->tombstones);
    map_release(&s->state->txns);
    free(s->state->sidecars);
    arena_release(&s->state->arena);
    free(s->state);
    free(s);
}

const struct delta_file *delta_snapshot_file(const struct delta_snapshot *s, size_t *i)
{
    struct map_entry *entry = map_next(&s->state->files, i);
    return entry ? entry->value : NULL;
}

const struct delta_txn *delta_snapshot_txn(const struct delta_snapshot *s, size_t *i)
{
    struct map_entry *entry = map_next(&s->state->txns, i);
    return entry ? entry->value : NULL;
}

static void count_up(struct delta_snapshot *s)
{
    s->n_files = s->state->files.n_live;
    s->n_txns = s->state->txns.n_live;
}

int delta_replay_lines(struct delta_snapshot *s, struct str root, struct str lines, int64_t version, struct err *e)
{
    char where[64];
    s->state->commit_ms = -1;
    for (size_t line = 1; lines.n; line++) {
        struct str action = str_trim(str_cut(&lines, '\n'));
        snprintf(where, sizeof where, "_delta_log/%020lld.json, line %zu", (long long)version, line);
        if (action.n && delta_action_apply(s, root, action, where, e))
            return -1;
    }
    s->version = version;
    count_up(s);
    return 0;
}

/* ---- checkpoints ---- */

static int read_part(struct delta_table *t, struct delta_snapshot *s, struct str path, struct err *e)
{
    struct delta_store *store = t->options.store;
    struct buf bytes = BUF_INIT;
    int result = store->ops->get(store, path, &bytes, e);
    if (result == 1)
        result = err_set(e, 0, "DELTA_MALFORMED", STR_F ": the checkpoint is not there", STR_A(path));
    else if (result == 0 && str_ends(path, S(".json")))
        result = delta_replay_lines(s, store->root, buf_str(&bytes), s->version, e);
    else if (result == 0)
        result = delta_checkpoint_read(s, store->root, buf_str(&bytes), path, e);
    buf_release(&bytes);
    return result;
}

static int read_sidecars(struct delta_table *t, struct delta_snapshot *s, struct err *e)
{
    struct delta_state *st = s->state;
    size_t n = st->n_sidecars;
    for (size_t i = 0; i < n; i++) {
        struct str name = st->sidecars[i];
        if (str_chr(name, '/') != STR_NONE)
            return err_set(e, 0, "DELTA_UNSUPPORTED", "sidecar " STR_F " lies outside of _delta_log/_sidecars", STR_A(name));
        if (read_part(t, s, arena_f(&st->arena, "_delta_log/_sidecars/" STR_F, STR_A(name)), e))
            return -1;
        if (st->n_sidecars > n) /* each other, or themselves, without end */
            return err_set(e, 0, "DELTA_MALFORMED", "sidecar " STR_F " names further sidecars", STR_A(name));
    }
    return 0;
}

/* 1: not all parts are there. */
static int read_checkpoint(struct delta_table *t, const struct listing *l, int64_t version, struct delta_snapshot *s, struct err *e)
{
    int64_t parts = 0, found = 0;
    const struct checkpoint *whole = NULL;
    for (size_t i = 0; i < l->n_checkpoints; i++)
        if (l->checkpoints[i].version == version) {
            if (l->checkpoints[i].parts == 1)
                whole = &l->checkpoints[i];
            else
                parts = l->checkpoints[i].parts, found++;
        }
    s->version = s->checkpoint = version;
    if (whole)
        return read_part(t, s, whole->path, e) || read_sidecars(t, s, e) ? -1 : 0;
    if (parts == 0 || found != parts)
        return 1;
    for (size_t i = 0; i < l->n_checkpoints; i++)
        if (l->checkpoints[i].version == version && read_part(t, s, l->checkpoints[i].path, e))
            return -1;
    return 0;
}

/* The newest checkpoint version of the list below `before` and not above `most`; -1: none. */
static int64_t next_checkpoint(const struct listing *l, int64_t before, int64_t most)
{
    int64_t best = -1;
    for (size_t i = 0; i < l->n_checkpoints; i++) {
        int64_t v = l->checkpoints[i].version;
        if (v < before && v <= most && v > best)
            best = v;
    }
    return best;
}

/* ---- commits ---- */

static int read_commit(struct delta_table *t, struct delta_snapshot *s, int64_t version, struct err *e)
{
    struct delta_store *store = t->options.store;
    struct arena a = ARENA_INIT;
    struct buf lines = BUF_INIT;
    int result = store->ops->get(store, delta_replay_name(&a, version, ".json"), &lines, e);
    if (result == 0)
        result = delta_replay_lines(s, store->root, buf_str(&lines), version, e);
    buf_release(&lines);
    arena_release(&a);
    return result;
}

static int read_fields(struct delta_snapshot *s, struct err *e)
{
    if (!s->schema.n || !s->min_reader)
        return err_set(e, 0, "DELTA_MALFORMED", "version %lld has no %s", (long long)s->version, !s->min_reader ? "protocol" : "metaData with a schema");
    return 0;
}

int delta_replay_advance(struct delta_table *t, struct delta_snapshot *s, struct err *e)
{
    int result = 0;
    while (result == 0 && s->version < DELTA_MAX_VERSION)
        result = read_commit(t, s, s->version + 1, e);
    return result < 0 ? -1 : read_fields(s, e);
}

/* Every commit behind the checkpoint up to `target` must be there. */
static int read_commits(struct delta_table *t, const struct listing *l, int64_t target, struct delta_snapshot *s, struct err *e)
{
    for (size_t i = 0; i < l->n_commits && s->version < target; i++) {
        if (l->commits[i] <= s->version)
            continue;
        if (l->commits[i] != s->version + 1)
            break;
        if (read_commit(t, s, l->commits[i], e))
            return -1;
    }
    if (s->version == target)
        return 0;
    return err_set(e, 0, "DELTA_NO_VERSION", "version %lld cannot be read: _delta_log/%020lld.json is missing and no checkpoint stands for it",
                   (long long)target, (long long)s->version + 1);
}

static int64_t newest(const struct listing *l)
{
    int64_t best = next_checkpoint(l, INT64_MAX, INT64_MAX);
    return l->n_commits && l->commits[l->n_commits - 1] > best ? l->commits[l->n_commits - 1] : best;
}

static int replay_listing(struct delta_table *t, const struct listing *l, int64_t version, struct delta_snapshot **ret, struct err *e)
{
    int64_t target = version < 0 ? newest(l) : version, before = INT64_MAX;
    struct err first = { 0 };
    for (;;) {
        struct delta_snapshot *s = new_snapshot();
        int64_t at = next_checkpoint(l, before, target);
        int result = at >= 0 ? read_checkpoint(t, l, at, s, e) : 0;
        if (result == 0)
            result = read_commits(t, l, target, s, e);
        if (result == 0)
            result = read_fields(s, e);
        if (result == 0) {
            count_up(s);
            *ret = s;
            return 0;
        }
        delta_snapshot_close(s);
        if (result < 0 && !first.code[0])
            first = *e;
        if (at < 0) { /* nothing older is left to try: the first mistake is the one to tell */
            *e = first;
            return -1;
        }
        before = at;
    }
}

static int list_log(struct delta_table *t, struct str after, struct listing *l, struct err *e)
{
    struct delta_store *store = t->options.store;
    return store->ops->list(store, LOG, after, take_name, l, e);
}

/* _last_checkpoint names a version; listing may begin there. Anything odd about it: list all. */
static int64_t hinted(struct delta_table *t)
{
    struct delta_store *store = t->options.store;
    struct buf text = BUF_INIT;
    struct err ignored;
    struct json v;
    int64_t version = -1;
    if (store->ops->get(store, S("_delta_log/_last_checkpoint"), &text, &ignored) || !json_valid(buf_str(&text)) ||
        !json_get(buf_str(&text), "version", &v) || !str_to_i64(v.raw, &version) || version < 0 || version > DELTA_MAX_VERSION)
        version = -1;
    buf_release(&text);
    return version;
}

int delta_replay(struct delta_table *t, int64_t version, struct delta_snapshot **ret, struct err *e)
{
    struct listing l = { 0 };
    int64_t hint = version < 0 ? hinted(t) : -1;
    int result = -1;
    if (hint > 0) {
        result = list_log(t, delta_replay_name(&l.arena, hint - 1, ".~"), &l, e);
        if (result == 0)
            result = l.n_checkpoints ? replay_listing(t, &l, version, ret, e) : -1;
        listing_release(&l);
        l = (struct listing){ 0 };
    }
    if (result) {
        result = list_log(t, S(""), &l, e);
        if (result == 0 && !l.n_commits && !l.n_checkpoints)
            result = err_set(e, 0, "DELTA_NO_TABLE", STR_F " is no Delta table: it has no _delta_log with commits", STR_A(t->options.store->root));
        else if (result == 0 && version > newest(&l))
            result = err_set(e, 0, "DELTA_NO_VERSION", "version %lld: the newest of " STR_F " is %lld", (long long)version, STR_A(t->options.store->root), (long long)newest(&l));
        else if (result == 0)
            result = replay_listing(t, &l, version, ret, e);
        listing_release(&l);
    }
    return result;
}

int delta_snapshot_open(struct delta_table *t, int64_t version, struct delta_snapshot **ret, struct err *e)
{
    struct delta_snapshot *s;
    if (delta_replay(t, version, &s, e))
        return -1;
    if (delta_feature_readable(s, e) || delta_schema_read(s->schema, delta_action_mapping(s, &s->state->arena), &s->state->arena, &s->fields, &s->n_fields, e)) {
        delta_snapshot_close(s);
        return -1;
    }
    *ret = s;
    return 0;
}
