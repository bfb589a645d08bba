/* delta_vacuum.c - deleting files that no version within the retention needs.
 *
 * A file goes when it is neither in the newest version nor a tombstone younger than the retention, and is itself older
 * than that: a writer may have put it whose commit is still to come. Names that begin with _ or . are not touched.
 */
#include <stdlib.h>

#include "pipeline/sink/delta_log.h"

struct vacuum {
    struct map needed; /* paths */
    int64_t oldest_ms;
    struct delta_object *found;
    size_t n, cap;
    struct arena arena;
};

/* Partition folders (_x=1) are no hidden ones. */
static bool hidden(struct str path)
{
    while (path.p && path.n) {
        struct str part = str_cut(&path, '/');
        if (part.n && (part.p[0] == '.' || (part.p[0] == '_' && str_chr(part, '=') == STR_NONE)))
            return true;
    }
    return false;
}

static void look(void *arg, const struct delta_object *o)
{
    struct vacuum *v = arg;
    if (hidden(o->path) || o->modified_ms >= v->oldest_ms || map_get(&v->needed, o->path))
        return;
    if (v->n == v->cap) {
        v->cap = v->cap ? v->cap * 2 : 64;
        v->found = mem_grow(v->found, v->cap * sizeof *v->found);
    }
    v->found[v->n] = *o;
    v->found[v->n++].path = arena_dup(&v->arena, o->path);
}

static int64_t retention_ms(const struct delta_vacuum *o, const struct delta_snapshot *s)
{
    int64_t ms = DELTA_RETENTION_HOURS * INT64_C(3600000);
    struct arena a = ARENA_INIT;
    delta_action_interval(delta_action_setting(s, "delta.deletedFileRetentionDuration", &a), &ms);
    arena_release(&a);
    return o->retain_hours < 0 ? ms : o->retain_hours < INT64_MAX / 3600000 ? o->retain_hours * 3600000 : INT64_MAX / 2;
}

static void need(struct vacuum *v, const struct delta_snapshot *s)
{
    struct map_entry *entry;
    const struct delta_file *f;
    for (size_t i = 0; (f = delta_snapshot_file(s, &i));)
        map_put(&v->needed, f->path, v);
    for (size_t i = 0; (entry = map_next(&s->state->tombstones, &i));) {
        const struct delta_tombstone *t = entry->value;
        if (t->deleted_ms >= v->oldest_ms)
            map_put(&v->needed, t->path, v);
    }
}

static int sweep(struct delta_table *t, struct vacuum *v, const struct delta_vacuum *o, void (*each)(void *, const struct delta_object *), void *arg,
                 struct err *e)
{
    struct delta_store *store = t->options.store;
    if (store->ops->list(store, S(""), S(""), look, v, e))
        return -1;
    for (size_t i = 0; i < v->n; i++) {
        if (!o->dry_run && store->ops->remove(store, v->found[i].path, e))
            return -1;
        if (each)
            each(arg, &v->found[i]);
    }
    return 0;
}

int delta_vacuum(struct delta_table *t, const struct delta_vacuum *o, void (*each)(void *arg, const struct delta_object *o), void *arg,
                 size_t *ret_n, struct err *e)
{
    struct delta_snapshot *s;
    if (o->retain_hours >= 0 && o->retain_hours < DELTA_RETENTION_HOURS && !o->force)
        return err_set(e, 0, "DELTA_RETENTION", "keeping only %lld hours may delete files of writers at work and of readers of older versions; the least is %d, less must be forced",
                       (long long)o->retain_hours, DELTA_RETENTION_HOURS);
    if (delta_snapshot_open(t, -1, &s, e))
        return -1;
    struct vacuum v = { .oldest_ms = clock_now_ms(t->options.clock) - retention_ms(o, s) };
    int result = delta_feature_writable(s, DELTA_APPEND, e);
    /* A partitioned table cannot be written here, but its files can be told apart as well as any other's. */
    if (result && s->partition_columns.n && str_find(str_of(e->message), S("partitioned by")) != STR_NONE)
        result = 0;
    need(&v, s);
    if (result == 0)
        result = sweep(t, &v, o, each, arg, e);
    if (result == 0)
        *ret_n = v.n;
    map_release(&v.needed);
    free(v.found);
    arena_release(&v.arena);
    delta_snapshot_close(s);
    return result;
}
