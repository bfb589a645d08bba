/* Crashes at every step, lost answers, writers at once, lost checkpoint folders: no row is lost or doubled. */
#include <pthread.h>

#include "tests/unit/sink_delta_world.h"

enum { BATCHES = 8, ROWS = 4 };

/* A stream of BATCHES batches into one table, from wherever it had come. 0 when it is through. */
static int run_stream(struct memory *tables, struct memory_store *s, struct memory_store *folder, uint64_t seed, struct err *e)
{
    struct delta_table *t = world_open(s, seed, 3);
    struct delta_stream stream;
    struct arena a = ARENA_INIT;
    (void)tables;
    int result = delta_stream_open(&stream, &folder->store, &s->m->clock, seed, &t, 1, false, e);
    while (result == 0 && stream.batch < BATCHES) {
        struct delta_written done;
        struct str offsets = arena_f(&a, "{\"batch\":%lld}", (long long)stream.batch);
        if (stream.begun.n)
            assert_true(str_eq(stream.begun, offsets));
        result = delta_stream_begin(&stream, offsets, e);
        if (result == 0)
            result = delta_stream_write(&stream, t, sink_table_make(ROWS, (uint64_t)stream.batch + 1, &a), &done, e);
        if (result == 0)
            result = delta_stream_end(&stream, e);
    }
    delta_stream_release(&stream);
    delta_close(t);
    arena_release(&a);
    return result;
}

/* One operation fails; what runs after it starts from what is stored. dies: the process ends there; else it only sees
 * an error and a new one begins. Answers the number of operations the stream took. */
static int crash_at(int n, bool folder_fails, bool after, bool dies)
{
    struct memory data, checkpoint;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    memory_init(&data);
    memory_init(&checkpoint);
    struct memory_store s = memory_open(&data), folder = memory_open(&checkpoint);
    struct memory_store *failing = folder_fails ? &folder : &s;
    failing->fail_at = n;
    failing->after = after;
    failing->dies = dies;
    int result = run_stream(&data, &s, &folder, 1, &e), ops = failing->op;
    for (uint64_t again = 2; result && again < 5; again++) {
        struct memory_store s2 = memory_open(&data), folder2 = memory_open(&checkpoint);
        clock_advance_ms(&data.clock, 1000);
        result = run_stream(&data, &s2, &folder2, again, &e);
    }
    assert_ok(result, &e);
    struct memory_store healthy = memory_open(&data);
    struct delta_table *t = world_open(&healthy, 99, 0);
    world_assert_once(world_rows(t, -1, &a), BATCHES, ROWS, arena_f(&a, "%s operation %d %s", folder_fails ? "folder" : "table", n, after ? "after" : "before").p);
    delta_close(t);
    memory_release(&data);
    memory_release(&checkpoint);
    arena_release(&a);
    return ops;
}

static void a_crash_at_any_step_loses_and_doubles_nothing(void **state)
{
    (void)state;
    for (int folder = 0; folder < 2; folder++) {
        int ops = crash_at(0, folder, false, false);
        assert_true(ops > 2 * BATCHES);
        for (int n = 1; n <= ops; n++)
            for (int kind = 0; kind < 4; kind++)
                crash_at(n, folder, kind & 1, kind & 2);
    }
}

static void a_lost_answer_to_a_commit_is_no_failure(void **state)
{
    (void)state;
    for (int n = 1; n < 20; n++) {
        struct memory m;
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct delta_written done;
        memory_init(&m);
        struct memory_store s = memory_open(&m);
        struct delta_table *t = world_open(&s, 1, 0);
        s.fail_at = n;
        s.after = true;
        int result = delta_write_table(t, sink_table_make(ROWS, 1, &a), NULL, &done, &e);
        s.fail_at = 0;
        delta_close(t);
        t = world_open(&s, 2, 0);
        bool there = map_get(&m.objects, S("_delta_log/00000000000000000000.json")) != NULL;
        assert_int_equal(there, result == 0); /* what was said is what is */
        if (there)
            world_assert_once(world_rows(t, -1, &a), 1, ROWS, "lost answer");
        delta_close(t);
        memory_release(&m);
        arena_release(&a);
    }
}

/* The client tries again by itself after a lost answer, and is told that the object is there: its own. */
static void a_commit_that_is_there_by_our_own_hand_is_no_lost_race(void **state)
{
    (void)state;
    int committed = 0;
    for (int n = 1; n < 20; n++) {
        struct memory m;
        struct arena a = ARENA_INIT;
        memory_init(&m);
        struct memory_store s = memory_open(&m);
        struct delta_table *t = world_open(&s, 1, 0);
        s.exists_at = n;
        struct delta_written done = world_append(t, sink_table_make(ROWS, 1, &a));
        assert_int_equal(done.version, 0);
        assert_int_equal(done.attempts, 1);
        committed += s.op >= n;
        world_assert_once(world_rows(t, -1, &a), 1, ROWS, "own commit");
        delta_close(t);
        memory_release(&m);
        arena_release(&a);
    }
    assert_true(committed > 3);
}

/* ---- two writers ---- */

struct rival {
    struct memory *m;
    struct arena a;
    struct delta_table *t;
    struct memory_store s;
    struct delta_write w;
    int left;
    uint64_t seed;
};

static void be_faster(void *arg, struct str path)
{
    struct rival *r = arg;
    struct err e = { 0 };
    struct delta_written done;
    if (r->left && str_starts(path, S("_delta_log/0")) && str_ends(path, S(".json"))) {
        r->left--;
        assert_ok(delta_write_table(r->t, sink_table_make(ROWS, ++r->seed, &r->a), &r->w, &done, &e), &e);
    }
}

static void open_rivals(struct rival *r, struct memory *m, struct memory_store *s, int times)
{
    memory_init(m);
    *s = memory_open(m);
    *r = (struct rival){ .m = m, .left = times, .seed = 1 };
    r->s = memory_open(m);
    r->t = world_open(&r->s, 50, 0);
    s->before_put = be_faster;
    s->arg = r;
}

static void close_rivals(struct rival *r, struct memory *m)
{
    delta_close(r->t);
    arena_release(&r->a);
    memory_release(m);
}

static void who_loses_the_race_takes_the_next_version(void **state)
{
    (void)state;
    for (int times = 0; times < 15; times++) {
        struct rival r;
        struct memory m;
        struct memory_store s;
        open_rivals(&r, &m, &s, times);
        struct delta_table *t = world_open(&s, 1, 0);
        struct delta_written done = world_append(t, sink_table_make(ROWS, 1, &r.a));
        assert_int_equal(done.version, times);
        assert_int_equal(done.attempts, times + 1);
        world_assert_once(world_rows(t, -1, &r.a), (size_t)times + 1, ROWS, "race");
        delta_close(t);
        close_rivals(&r, &m);
    }
}

static void an_overwrite_that_loses_the_race_overwrites_the_winner_too(void **state)
{
    (void)state;
    struct rival r;
    struct memory m;
    struct memory_store s;
    struct err e = { 0 };
    struct delta_written done;
    open_rivals(&r, &m, &s, 0);
    struct delta_table *t = world_open(&s, 1, 0);
    world_append(t, sink_table_make(ROWS, 9, &r.a));
    r.left = 2;
    struct delta_write overwrite = { .mode = DELTA_OVERWRITE };
    assert_ok(delta_write_table(t, sink_table_make(ROWS, 1, &r.a), &overwrite, &done, &e), &e);
    assert_int_equal(done.version, 3);
    world_assert_once(world_rows(t, -1, &r.a), 1, ROWS, "overwrite");
    delta_close(t);
    close_rivals(&r, &m);
}

static void two_copies_of_a_stream_write_a_batch_once(void **state)
{
    (void)state;
    struct rival r;
    struct memory m;
    struct memory_store s;
    struct err e = { 0 };
    struct delta_written done;
    open_rivals(&r, &m, &s, 1);
    r.seed = 0; /* the same rows */
    r.w = (struct delta_write){ .app = S("query"), .batch = 7 };
    struct delta_table *t = world_open(&s, 1, 0);
    assert_ok(delta_write_table(t, sink_table_make(ROWS, 1, &r.a), &r.w, &done, &e), &e);
    assert_true(done.skipped);
    world_assert_once(world_rows(t, -1, &r.a), 1, ROWS, "stream");
    r.w.batch = 6; /* an older one is there as well */
    assert_ok(delta_write_table(t, sink_table_make(ROWS, 1, &r.a), &r.w, &done, &e), &e);
    assert_true(done.skipped);
    r.w.batch = 8;
    assert_ok(delta_write_table(t, sink_table_make(ROWS, 2, &r.a), &r.w, &done, &e), &e);
    assert_false(done.skipped);
    world_assert_once(world_rows(t, -1, &r.a), 2, ROWS, "stream");
    delta_close(t);
    close_rivals(&r, &m);
}

static void a_schema_that_changed_meanwhile_is_checked_again(void **state)
{
    (void)state;
    struct rival r;
    struct memory m;
    struct memory_store s;
    struct err e = { 0 };
    struct delta_written done;
    open_rivals(&r, &m, &s, 1); /* the rival creates the table */
    struct delta_table *t = world_open(&s, 1, 0);
    struct table *rows = sink_table_make(ROWS, 1, &r.a);
    rows->columns[0].name = S("renamed");
    assert_int_equal(delta_write_table(t, rows, NULL, &done, &e), -1);
    assert_string_equal(e.code, "DELTA_SCHEMA");
    delta_close(t);
    close_rivals(&r, &m);
}

struct writer {
    const char *dir;
    uint64_t first_seed;
    int commits, lost_races;
};

static void *write_on(void *arg)
{
    struct writer *w = arg;
    struct clock clock;
    clock_init_real(&clock);
    struct delta_store *store = delta_store_local(w->dir, &clock);
    struct delta_options o = { .store = store, .clock = &clock, .seed = w->first_seed };
    struct delta_table *t = delta_open(&o);
    for (int i = 0; i < w->commits; i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct delta_written done;
        if (delta_write_table(t, sink_table_make(ROWS, w->first_seed + (uint64_t)i, &a), NULL, &done, &e))
            print_error("%s\n", e.message);
        else
            w->lost_races += done.attempts - 1;
        arena_release(&a);
    }
    delta_close(t);
    delta_store_close(store);
    return NULL;
}

static void four_writers_at_once_write_every_row_once(void **state)
{
    (void)state;
    enum { WRITERS = 4, COMMITS = 12 };
    char dir[] = P_tmpdir "/weirbox-delta-XXXXXX";
    struct arena a = ARENA_INIT;
    struct clock clock;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct err e = { 0 };
    assert_non_null(mkdtemp(dir));
    clock_init_real(&clock);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ .dir = dir, .first_seed = (uint64_t)(i * COMMITS + 1), .commits = COMMITS };
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    struct delta_store *store = delta_store_local(dir, &clock);
    struct delta_options o = { .store = store, .clock = &clock };
    struct delta_table *t = delta_open(&o);
    struct delta_snapshot *s;
    assert_ok(delta_snapshot_open(t, -1, &s, &e), &e);
    assert_int_equal(s->version, WRITERS * COMMITS - 1);
    delta_snapshot_close(s);
    world_assert_once(world_rows(t, -1, &a), WRITERS * COMMITS, ROWS, "threads");
    delta_close(t);
    delta_store_close(store);
    assert_int_equal(system(arena_f(&a, "rm -r %s", dir).p), 0);
    arena_release(&a);
}

/* ---- a lost checkpoint folder ---- */

static void a_lost_checkpoint_folder_is_reported_and_can_be_made_anew(void **state)
{
    (void)state;
    struct memory data, folder, empty;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct delta_stream stream;
    memory_init(&data);
    memory_init(&folder);
    memory_init(&empty);
    struct memory_store s = memory_open(&data), f = memory_open(&folder), g = memory_open(&empty);
    assert_ok(run_stream(&data, &s, &f, 1, &e), &e);
    struct delta_table *t = world_open(&s, 2, 3);
    assert_int_equal(delta_stream_open(&stream, &g.store, &data.clock, 3, &t, 1, false, &e), -1);
    assert_string_equal(e.code, "DELTA_CHECKPOINT_LOST");
    assert_non_null(strstr(e.message, "batches up to 7"));
    delta_stream_release(&stream);
    assert_int_equal(empty.objects.n_live, 0);
    assert_ok(delta_stream_open(&stream, &g.store, &data.clock, 3, &t, 1, true, &e), &e);
    assert_true(stream.recovered);
    assert_int_equal(stream.batch, BATCHES);
    assert_str(stream.offsets, "{\"batch\":7}");
    delta_stream_release(&stream);
    assert_ok(delta_stream_open(&stream, &g.store, &data.clock, 4, &t, 1, false, &e), &e); /* and is a folder like any */
    assert_int_equal(stream.batch, BATCHES);
    struct delta_written done;
    assert_ok(delta_stream_begin(&stream, S("{\"batch\":8}"), &e), &e);
    assert_ok(delta_stream_write(&stream, t, sink_table_make(ROWS, BATCHES + 1, &a), &done, &e), &e);
    assert_ok(delta_stream_end(&stream, &e), &e);
    delta_stream_release(&stream);
    world_assert_once(world_rows(t, -1, &a), BATCHES + 1, ROWS, "recovered");
    delta_close(t);
    memory_release(&data);
    memory_release(&folder);
    memory_release(&empty);
    arena_release(&a);
}

static void a_broken_checkpoint_folder_is_named(void **state)
{
    (void)state;
    static const struct { const char *path, *text, *says; } cases[] = {
        { "metadata", "{}", "no query id" },
        { "metadata", "not JSON", "no query id" },
        { "offsets/7", NULL, "commits/7 without offsets/7" },
        { "offsets/7", "v2\n{}", "no offsets file" },
        { "offsets/9", "v1\n{}", "offsets/9, but commits end at 7" },
        { "offsets/8", "v1\n{", "no offsets file" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct memory data, folder;
        struct err e = { 0 };
        struct delta_stream stream;
        memory_init(&data);
        memory_init(&folder);
        struct memory_store s = memory_open(&data), f = memory_open(&folder);
        assert_ok(run_stream(&data, &s, &f, 1, &e), &e);
        if (cases[i].text)
            memory_text(&folder, cases[i].path, cases[i].text);
        else
            map_remove(&folder.objects, str_of(cases[i].path));
        assert_int_equal(delta_stream_open(&stream, &f.store, &data.clock, 1, NULL, 0, false, &e), -1);
        if (strcmp(e.code, "DELTA_CHECKPOINT_BROKEN") || !strstr(e.message, cases[i].says))
            fail_msg("case %zu: %s", i, e.message);
        delta_stream_release(&stream);
        memory_release(&data);
        memory_release(&folder);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_at_any_step_loses_and_doubles_nothing),
        cmocka_unit_test(a_lost_answer_to_a_commit_is_no_failure),
        cmocka_unit_test(a_commit_that_is_there_by_our_own_hand_is_no_lost_race),
        cmocka_unit_test(who_loses_the_race_takes_the_next_version),
        cmocka_unit_test(an_overwrite_that_loses_the_race_overwrites_the_winner_too),
        cmocka_unit_test(two_copies_of_a_stream_write_a_batch_once),
        cmocka_unit_test(a_schema_that_changed_meanwhile_is_checked_again),
        cmocka_unit_test(four_writers_at_once_write_every_row_once),
        cmocka_unit_test(a_lost_checkpoint_folder_is_reported_and_can_be_made_anew),
        cmocka_unit_test(a_broken_checkpoint_folder_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
