/* stream_world.h - a stream over stores in memory, fed by hand instead of by Kinesis, and rows made by chance. */
#ifndef TESTS_UNIT_STREAM_WORLD_H
#define TESTS_UNIT_STREAM_WORLD_H

#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/sink/sink.h"
#include "pipeline/stream/stream_own.h"
#include "tests/unit/sink_delta_world.h"

enum { FOLDER = LEDGER_TABLES, STORES };

struct world {
    char dir[64]; /* rules/ and out/ */
    struct memory memory[STORES]; /* what stays when a process dies: three tables and the checkpoint folder */
    struct memory_store stores[STORES];
    struct delta_table *tables[LEDGER_TABLES];
    struct rules *rules;
    struct analytics *analytics;
    struct stream *stream;
    struct buf told;  /* windows, a row a line */
    struct buf notes, alerts, answers;
    uint64_t seed, sequence;
    bool files;
    const char *endpoint;    /* of a Kinesis; NULL = fed by hand */
    struct clock *clock;     /* its clock */
    enum stream_until until;
    uint64_t batch_records;
    int looks;               /* how often it is asked whether to stop before it is */
    struct memory *shared; /* another world's, for a second process; NULL = its own */
};

static inline void world_event(void *arg, const struct stream_event *ev)
{
    struct world *w = arg;
    for (size_t row = 0; ev->kind == STREAM_WINDOW && row < ev->result->n_rows; row++) {
        buf_f(&w->told, STR_F "%s {", STR_A(ev->name), ev->partial ? " partial" : "");
        stream_put_row(ev->result, row, &w->told);
        buf_z(&w->told, "}\n");
    }
    if (ev->kind == STREAM_NOTE)
        buf_f(&w->notes, STR_F ": %s\n", STR_A(ev->name), ev->message);
    if (ev->kind == STREAM_LATE)
        buf_f(&w->notes, "late: " STR_F "\n", STR_A(ev->line));
    if (ev->kind == STREAM_ALERT)
        buf_f(&w->alerts, "%s " STR_F "\n", ev->message, STR_A(ev->line));
}

static inline bool world_stopping(void *arg)
{
    struct world *w = arg;
    return w->until == STREAM_FOREVER && w->looks-- <= 0;
}

static inline void world_begin(struct world *w, const char *profile, const char *const *windows)
{
    struct err e = { 0 };
    *w = (struct world){ .files = true };
    snprintf(w->dir, sizeof w->dir, "%s/weirbox-stream-XXXXXX", access("/dev/shm", W_OK) ? P_tmpdir : "/dev/shm"); /* fsync costs nothing there */
    assert_non_null(mkdtemp(w->dir));
    struct arena a = ARENA_INIT;
    const char *rules = arena_f(&a, "%s/rules", w->dir).p;
    for (size_t i = 0; windows && windows[i]; i++) {
        struct str name = json_get_text(str_of(windows[i]), "window", &a);
        assert_ok(sink_put(rules, arena_f(&a, "windows/" STR_F ".json", STR_A(name)).p, str_of(windows[i]), &e), &e);
    }
    w->rules = rules_open(windows ? rules : NULL, profile, &e);
    if (!w->rules)
        fail_msg("%s", e.message);
    w->analytics = analytics_open(w->rules, &e);
    assert_non_null(w->analytics);
    for (int i = 0; i < STORES; i++)
        memory_init(&w->memory[i]);
    arena_release(&a);
}

/* A new process over what is stored. */
static inline int world_start_stream(struct world *w, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct memory *memory = w->shared ? w->shared : w->memory;
    struct stream_options o = { .rules = w->rules, .analytics = w->analytics, .event = world_event, .arg = w,
                                .until = w->until, .batch_records = w->batch_records, .stopping = world_stopping,
                                .ingest = { .endpoint = w->endpoint ? w->endpoint : "http://127.0.0.1:1", .user_id = "1a2b", .region = "us-east-1", .seed = ++w->seed,
                                            .key = { S("test"), S("test"), S("") } } };
    o.ingest.clock = w->clock ? w->clock : &memory[FOLDER].clock;
    o.out = w->files ? arena_f(&a, "%s/out", w->dir).p : NULL;
    for (int i = 0; i < STORES; i++)
        w->stores[i] = memory_open(&memory[i]);
    for (int t = 0; t < LEDGER_TABLES; t++)
        o.tables[t] = w->tables[t] = world_open(&w->stores[t], w->seed * 7 + (uint64_t)t, 4);
    o.folder = &w->stores[FOLDER].store;
    w->stream = stream_open(&o, e);
    if (w->stream && o.out)
        w->stream->o.out = arena_z(&w->stream->names, str_of(o.out));
    arena_release(&a);
    return w->stream ? 0 : -1;
}

static inline void world_stop_stream(struct world *w)
{
    stream_close(w->stream);
    w->stream = NULL;
    for (int t = 0; t < LEDGER_TABLES; t++)
        delta_close(w->tables[t]);
}

static inline void world_end(struct world *w)
{
    struct arena a = ARENA_INIT;
    world_stop_stream(w);
    analytics_close(w->analytics);
    rules_close(w->rules);
    for (int i = 0; i < STORES; i++)
        memory_release(&w->memory[i]);
    buf_release(&w->told);
    buf_release(&w->notes);
    buf_release(&w->alerts);
    buf_release(&w->answers);
    assert_int_equal(system(arena_f(&a, "rm -r %s", w->dir).p), 0);
    arena_release(&a);
}

static inline void world_feed(struct world *w, unsigned table, struct str row, int64_t arrived_ms)
{
    struct stream *s = w->stream;
    if (s->n_records == s->cap_records)
        s->records = mem_grow(s->records, (s->cap_records = s->cap_records ? s->cap_records * 2 : 16) * sizeof *s->records);
    s->records[s->n_records++] = (struct record){ table, 0, arena_f(&s->bytes, "%llu", (unsigned long long)(100000 + w->sequence++)), arena_dup(&s->bytes, row),
                                                  arrived_ms * 1000 };
}

static inline void world_batch(struct world *w)
{
    struct err e = { 0 };
    assert_ok(stream_batch_run(w->stream, &e), &e);
}

/* The bytes of a file of out/; "" when there is none. */
static inline struct str world_file(struct world *w, const char *name, struct arena *a)
{
    struct str text = t_file(a, arena_f(a, "%s/out/%s", w->dir, name).p);
    return text.p ? text : S("");
}

/* ---- rows by chance: few keys, so that joins multiply; nulls and equals, so that ties are met ---- */

static inline struct str world_row(struct rng *r, unsigned table, struct arena *a)
{
    static const char *const categories[] = { "art", "travel", "", "finance", "Art" };
    static const char *const followers[] = { "12", "3k", "2M", "User Info Error", "3000", "7", "999", "" };
    static const char *const countries[] = { "Chad", "Peru", "Fiji", "" };
    static const char *const posters[] = { "p0", "p1", "User Info Error", "p3" };
    int ind = (int)rng_below(r, 25), n = (int)rng_below(r, 1000);
    if (table == 0)
        return arena_f(a, "{\"index\":%d,\"unique_id\":\"u%d\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"%s\",\"follower_count\":\"%s\",\"tag_list\":\"x\","
                       "\"is_image_or_video\":\"image\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"Local save in /data/x\",\"category\":\"%s\"}", ind, n % 3,
                       posters[n % 4], followers[rng_below(r, 8)], categories[rng_below(r, 5)]);
    if (table == 1)
        return arena_f(a, "{\"ind\":%d,\"timestamp\":\"%d-0%d-11 00:0%d:00\",\"latitude\":1.5,\"longitude\":2,\"country\":\"%s\"}", ind, 2016 + n % 8, 1 + n % 9, n % 7,
                       countries[rng_below(r, 4)]);
    return arena_f(a, "{\"ind\":%d,\"first_name\":\"A\",\"last_name\":\"B\",\"age\":\"%d\",\"date_joined\":\"%d-02-03 04:05:06\"}", ind, 15 + n % 45, 2014 + n % 8);
}

#endif
