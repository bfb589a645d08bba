/* sink_delta_world.h - a Delta store in memory in which any operation can be made to fail, before or after its effect,
 * alone or with everything that follows; and what the tests of Delta do in one line. */
#ifndef TESTS_UNIT_SINK_DELTA_WORLD_H
#define TESTS_UNIT_SINK_DELTA_WORLD_H

#include "base/json.h"
#include "base/map.h"
#include "pipeline/sink/delta.h"
#include "tests/support/t.h"
#include "tests/unit/sink_table.h"

struct memory_object {
    struct str bytes;
    int64_t modified_ms;
};
/* What stays when a process dies. */
struct memory {
    struct map objects;
    struct arena arena;
    struct clock clock;
};
/* What one process sees of it. */
struct memory_store {
    struct delta_store store;
    struct memory *m;
    int op, fail_at; /* the fail_at-th operation fails; 0 = none */
    bool after;      /* having done its work */
    bool dies;       /* and all later ones fail too */
    int exists_at;   /* the put that does its work and answers that something is there: a client's own second try */
    void (*before_put)(void *arg, struct str path); /* lets another writer be faster */
    void *arg;
};

static int memory_failing(struct memory_store *s, struct err *e)
{
    if (s->fail_at && (s->op == s->fail_at || (s->dies && s->op > s->fail_at)))
        return err_set(e, 0, "TEST_FAILURE", "operation %d fails", s->op);
    return 0;
}

static bool memory_is_first(const struct memory_store *s) { return s->after && s->op == s->fail_at; }

static int memory_get(struct delta_store *store, struct str path, struct buf *ret, struct err *e)
{
    struct memory_store *s = (struct memory_store *)store;
    s->op++;
    if (memory_failing(s, e))
        return -1;
    struct memory_object *o = map_get(&s->m->objects, path);
    if (!o)
        return 1;
    buf_str_add(ret, o->bytes);
    return 0;
}

static int memory_put(struct delta_store *store, struct str path, struct str bytes, bool if_absent, struct err *e)
{
    struct memory_store *s = (struct memory_store *)store;
    if (s->before_put)
        s->before_put(s->arg, path);
    s->op++;
    if (!memory_is_first(s) && memory_failing(s, e))
        return -1;
    if (if_absent && map_get(&s->m->objects, path))
        return memory_failing(s, e) ? -1 : 1;
    struct memory_object *o = ARENA_NEW(&s->m->arena, struct memory_object);
    o->bytes = arena_dup(&s->m->arena, bytes);
    o->modified_ms = clock_now_ms(&s->m->clock);
    map_put(&s->m->objects, path, o);
    return s->exists_at == s->op && if_absent ? 1 : memory_failing(s, e);
}

static int memory_by_name(const void *a, const void *b) { return str_cmp(*(const struct str *)a, *(const struct str *)b); }

static int memory_list(struct delta_store *store, struct str prefix, struct str after, void (*each)(void *, const struct delta_object *), void *arg, struct err *e)
{
    struct memory_store *s = (struct memory_store *)store;
    struct arena a = ARENA_INIT;
    struct str *names = ARENA_ARRAY(&a, struct str, s->m->objects.n_live + 1);
    struct map_entry *entry;
    size_t n = 0;
    s->op++;
    for (size_t i = 0; (entry = map_next(&s->m->objects, &i));)
        if (str_starts(entry->key, prefix) && str_cmp(entry->key, after) > 0)
            names[n++] = entry->key;
    qsort(names, n, sizeof *names, memory_by_name);
    int result = memory_failing(s, e);
    for (size_t i = 0; i < n && result == 0; i++) {
        const struct memory_object *o = map_get(&s->m->objects, names[i]);
        each(arg, &(struct delta_object){ names[i], o->bytes.n, o->modified_ms });
    }
    arena_release(&a);
    return result;
}

static int memory_remove(struct delta_store *store, struct str path, struct err *e)
{
    struct memory_store *s = (struct memory_store *)store;
    s->op++;
    if (!memory_is_first(s) && memory_failing(s, e))
        return -1;
    map_remove(&s->m->objects, path);
    return memory_failing(s, e);
}

static void memory_close(struct delta_store *store) { (void)store; }

static const struct delta_store_ops memory_ops = { memory_get, memory_put, memory_list, memory_remove, memory_close };

static struct memory_store memory_open(struct memory *m)
{
    return (struct memory_store){ .store = { &memory_ops, S("memory") }, .m = m };
}

static inline void memory_init(struct memory *m)
{
    *m = (struct memory){ 0 };
    clock_init_virtual(&m->clock, 1609459200000);
}

static inline void memory_release(struct memory *m)
{
    map_release(&m->objects);
    arena_release(&m->arena);
}

static inline void memory_text(struct memory *m, const char *path, const char *text)
{
    struct memory_store s = memory_open(m);
    struct err e;
    memory_put(&s.store, str_of(path), str_of(text), false, &e);
}

/* ---- tables ---- */

static inline struct delta_table *world_open(struct memory_store *s, uint64_t seed, int checkpoint_every)
{
    struct delta_options o = { .store = &s->store, .clock = &s->m->clock, .seed = seed, .checkpoint_every = checkpoint_every };
    return delta_open(&o);
}

static inline bool world_add_line(void *arg, struct str row)
{
    struct buf *out = arg;
    buf_str_add(out, row);
    buf_c(out, '\n');
    return true;
}

/* Every row of a version, a line each. */
static inline struct str world_rows(struct delta_table *t, int64_t version, struct arena *a)
{
    struct err e = { 0 };
    struct delta_snapshot *s;
    struct buf out = BUF_INIT;
    assert_ok(delta_snapshot_open(t, version, &s, &e), &e);
    assert_ok(delta_rows(t, s, world_add_line, &out, &e), &e);
    delta_snapshot_close(s);
    struct str text = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static inline struct delta_written world_append(struct delta_table *t, const struct table *rows)
{
    struct err e = { 0 };
    struct delta_written done;
    assert_ok(delta_write_table(t, rows, NULL, &done, &e), &e);
    if (done.checkpoint.code[0])
        fail_msg("%s", done.checkpoint.message);
    return done;
}

/* How often each id stands in the rows; every one of 0..n of each seed in 1..seeds must be there exactly once. */
static inline void world_assert_once(struct str rows, size_t seeds, size_t n, const char *what)
{
    unsigned char *seen = mem_zero((seeds + 1) * n);
    size_t total = 0;
    while (rows.n) {
        struct json v;
        int64_t id = 0;
        struct str row = str_cut(&rows, '\n');
        assert_true(json_get(row, "id", &v) && str_to_i64(v.raw, &id));
        size_t seed = (size_t)(id / 1000000), i = (size_t)(id % 1000000);
        assert_true(seed >= 1 && seed <= seeds && i < n);
        seen[seed * n + i]++;
        total++;
    }
    for (size_t seed = 1; seed <= seeds; seed++)
        for (size_t i = 0; i < n; i++)
            if (seen[seed * n + i] != 1)
                fail_msg("%s: row %zu of batch %zu is there %d times", what, i, seed, seen[seed * n + i]);
    free(seen);
    assert_int_equal(total, seeds * n);
}

#endif
