/* delta_history.c - the commits there are, and which was the newest at a time. */
#include <stdlib.h>

#include "pipeline/sink/delta_log.h"

struct commits {
    struct commit { int64_t version, time_ms; } *at;
    size_t n, cap;
};

static void take(void *arg, const struct delta_object *o)
{
    struct commits *c = arg;
    struct str rest = { 0 };
    int64_t version = delta_replay_version(o->path, &rest);
    if (version < 0 || !str_is(rest, ".json"))
        return;
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 64;
        c->at = mem_grow(c->at, c->cap * sizeof *c->at);
    }
    c->at[c->n++] = (struct commit){ version, o->modified_ms };
}

static int list(struct delta_table *t, struct commits *c, struct err *e)
{
    struct delta_store *store = t->options.store;
    if (store->ops->list(store, S("_delta_log/"), S(""), take, c, e))
        return -1;
    return c->n ? 0 : err_set(e, 0, "DELTA_NO_TABLE", STR_F " is no Delta table: it has no _delta_log with commits", STR_A(store->root));
}

/* The commitInfo of a commit's lines. */
static struct str info_of(struct str lines)
{
    struct json v;
    while (lines.n) {
        struct str line = str_trim(str_cut(&lines, '\n'));
        if (line.n && json_get(line, "commitInfo", &v) && v.type == JSON_OBJECT)
            return v.raw;
    }
    return S("");
}

/* A table with in-commit timestamps says the time itself; else it is the file's. */
static int64_t time_of(struct str info, int64_t file_ms)
{
    struct json v;
    int64_t ms;
    return info.n && json_get(info, "inCommitTimestamp", &v) && str_to_i64(v.raw, &ms) ? ms : file_ms;
}

int delta_history(struct delta_table *t, void (*each)(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines),
                  void *arg, struct err *e)
{
    struct delta_store *store = t->options.store;
    struct commits c = { 0 };
    int result = list(t, &c, e);
    for (size_t i = 0; i < c.n && result == 0; i++) {
        struct arena a = ARENA_INIT;
        struct buf lines = BUF_INIT;
        result = store->ops->get(store, delta_replay_name(&a, c.at[i].version, ".json"), &lines, e);
        if (result == 0) {
            struct str info = info_of(buf_str(&lines));
            each(arg, c.at[i].version, time_of(info, c.at[i].time_ms), info, buf_str(&lines));
        }
        buf_release(&lines);
        arena_release(&a);
    }
    free(c.at);
    return result < 0 ? -1 : 0;
}

struct search {
    int64_t wanted_ms, last_ms, found, first_ms;
};

/* Times are made ascending: a commit is never older than the one before it. */
static void look(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines)
{
    struct search *s = arg;
    (void)info, (void)lines;
    if (s->first_ms < 0)
        s->first_ms = time_ms;
    s->last_ms = time_ms > s->last_ms ? time_ms : s->last_ms + 1;
    if (s->last_ms <= s->wanted_ms)
        s->found = version;
}

int delta_version_at(struct delta_table *t, int64_t time_ms, int64_t *ret, struct err *e)
{
    struct search s = { .wanted_ms = time_ms, .last_ms = INT64_MIN, .found = -1, .first_ms = -1 };
    char asked[CLOCK_TEXT], first[CLOCK_TEXT];
    if (delta_history(t, look, &s, e))
        return -1;
    if (s.found < 0)
        return err_set(e, 0, "DELTA_NO_VERSION", "no version is as old as %s; the oldest commit is of %s", clock_iso(time_ms, asked), clock_iso(s.first_ms, first));
    *ret = s.found;
    return 0;
}
