/* A stream that dies at any operation on any of its stores, or whose folder is lost: every row is in the tables once, closed
 * windows have the numbers they would have had, files the same bytes, and every alert is delivered under the same id. */
#include "tests/unit/stream_world.h"

enum { BATCHES = 4, ROWS = 6 };

static const char flood[] = "{\"window\":\"flood\",\"from\":\"user\",\"time\":\"date_joined\",\"size\":\"1d\",\"watermark\":\"1h\",\"group_by\":[\"user_name\"],"
    "\"aggregate\":{\"n\":{\"count\":\"*\"},\"mid\":{\"median\":\"ind\"},\"ages\":{\"distinct\":\"age\"}},\"order_by\":[\"user_name\"],"
    "\"alerts\":[{\"alert\":\"many\",\"when\":[{\"column\":\"n\",\"at_least\":2}],\"file\":\"alerts.jsonl\"}]}";
static const char *const files[] = { flood, NULL };

/* What Kinesis would give again: the records of a batch. */
static void feed(struct world *w, int64_t batch)
{
    struct arena a = ARENA_INIT;
    w->sequence = (uint64_t)batch * 100;
    for (int i = 0; i < ROWS; i++)
        world_feed(w, 2, arena_f(&a, "{\"ind\":%lld,\"first_name\":\"A\",\"last_name\":\"%d\",\"age\":%d,\"date_joined\":\"2020-01-0%lld 0%d:00:00\"}",
                                 (long long)batch * ROWS + i, i % 2, 20 + i, (long long)batch + 1 - 2 * (i == 5 && batch > 1), i), 0);
    world_feed(w, 0, S("not JSON"), 0);
    if (batch % 2)
        world_feed(w, 1, arena_f(&a, "{\"ind\":%lld,\"timestamp\":\"2020-01-01 00:00:00\",\"latitude\":1,\"longitude\":2,\"country\":\"Chad\"}", (long long)batch), 0);
    arena_release(&a);
}

static void keep_answers(struct world *w)
{
    struct err e = { 0 };
    buf_reset(&w->answers);
    for (size_t i = 0; i < analytics_count(w->analytics); i++) {
        struct result *r;
        assert_ok(stream_answer(w->stream, i, &r, &e), &e);
        result_put_csv(r, &w->answers);
        result_close(r);
    }
}

static int run(struct world *w, int failing, int fail_at, bool after, bool dies, int *ret_ops, struct err *e)
{
    struct memory_store *f = &w->stores[failing];
    int64_t next_ms;
    if (world_start_stream(w, e)) {
        for (int t = 0; t < LEDGER_TABLES; t++)
            delta_close(w->tables[t]);
        return -1;
    }
    int base = f->op;
    f->fail_at = fail_at ? base + fail_at : 0;
    f->after = after;
    f->dies = dies;
    int result = 0;
    while (result == 0 && w->stream->checkpoint.batch < BATCHES) {
        feed(w, w->stream->checkpoint.batch);
        result = stream_batch_run(w->stream, e);
        w->looks = result; /* did it die in a batch, or with a delivery? */
        if (result == 0)
            result = stream_alert_deliver(w->stream, &next_ms, e);
    }
    if (result == 0) /* what a process before left */
        result = stream_alert_deliver(w->stream, &next_ms, e);
    *ret_ops = f->op - base;
    if (result == 0)
        keep_answers(w);
    world_stop_stream(w);
    return result;
}

/* The lines of a text, sorted, each once. */
static int by_text(const void *a, const void *b) { return str_cmp(*(const struct str *)a, *(const struct str *)b); }
static struct str distinct(struct str text, struct arena *a)
{
    struct str lines[1000];
    size_t n = 0;
    struct buf out = BUF_INIT;
    while (text.n && n < 1000)
        lines[n++] = str_cut(&text, '\n');
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++)
        if (!i || !str_eq(lines[i], lines[i - 1]))
            buf_f(&out, STR_F "\n", STR_A(lines[i]));
    return arena_keep(a, &out);
}

struct outcome {
    struct str users, geos, windows, late, quarantine, alerts, told, answers;
};

static struct outcome look(struct world *w, struct arena *a)
{
    struct outcome o = { 0 };
    for (int i = 0; i < LEDGER_TABLES; i++) {
        w->stores[i] = memory_open(&w->memory[i]);
        struct delta_table *t = world_open(&w->stores[i], 99, 0);
        struct str rows = world_rows(t, -1, a);
        if (i == 1)
            o.geos = rows;
        if (i == 2)
            o.users = rows;
        delta_close(t);
    }
    o.windows = world_file(w, "windows/flood.jsonl", a);
    o.late = world_file(w, "late.jsonl", a);
    o.quarantine = world_file(w, "quarantine.jsonl", a);
    o.alerts = distinct(world_file(w, "alerts.jsonl", a), a);
    o.told = distinct(buf_str(&w->told), a);
    o.answers = arena_dup(a, buf_str(&w->answers));
    return o;
}

static void assert_same(struct str got, struct str want, const char *what, const char *where)
{
    if (!str_eq(got, want))
        fail_msg("%s, %s:\n" STR_F "--- want\n" STR_F, where, what, STR_A(got), STR_A(want));
}

static void assert_outcome(const struct outcome *got, const struct outcome *want, const char *where)
{
    assert_same(got->users, want->users, "user table", where);
    assert_same(got->geos, want->geos, "geo table", where);
    assert_same(got->windows, want->windows, "windows file", where);
    assert_same(got->late, want->late, "late file", where);
    assert_same(got->quarantine, want->quarantine, "quarantine file", where);
    assert_same(got->alerts, want->alerts, "alerts", where);
    assert_same(got->told, want->told, "windows told", where);
    assert_same(got->answers, want->answers, "answers", where);
}

static void assert_once(struct str rows, const char *where)
{
    for (int i = 0; i < BATCHES * ROWS; i++) {
        char text[32];
        size_t n = snprintf(text, sizeof text, "\"ind\":%d,", i), found = 0, seen = 0;
        for (size_t at = 0; (found = str_find(str_from(rows, at), (struct str){ text, n })) != STR_NONE; at += found + n)
            seen++;
        if (seen != 1)
            fail_msg("%s: row %d is there %zu times", where, i, seen);
    }
}

static int crash_at(const struct outcome *want, int failing, int n, bool after, bool dies, struct outcome *ret, struct arena *a)
{
    struct world w;
    struct err e = { 0 };
    int ops, ignored;
    const char *where = arena_f(a, "store %d operation %d %s%s", failing, n, after ? "after" : "before", dies ? ", dies" : "").p;
    world_begin(&w, NULL, files);
    int result = run(&w, failing, n, after, dies, &ops, &e);
    bool in_batch = result && w.looks;
    for (int again = 0; result && again < 3; again++) {
        for (int i = 0; i < STORES; i++)
            clock_advance_ms(&w.memory[i].clock, 1000);
        result = run(&w, failing, 0, false, false, &ignored, &e);
    }
    if (result)
        fail_msg("%s: %s", where, e.message);
    *ret = look(&w, a);
    assert_once(ret->users, where);
    if (in_batch) /* nobody had been told of its alerts: once is enough */
        assert_int_equal(world_file(&w, "alerts.jsonl", a).n, ret->alerts.n);
    if (want)
        assert_outcome(ret, want, where);
    world_start_stream(&w, &e);
    world_end(&w);
    return ops;
}

static void a_crash_at_any_step_loses_and_doubles_nothing(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct outcome want, got;
    crash_at(NULL, 0, 0, false, false, &want, &a);
    assert_true(want.windows.n > 100 && want.late.n > 20 && want.alerts.n > 100 && want.quarantine.n > 100);
    for (int failing = 0; failing < STORES; failing++) {
        struct arena b = ARENA_INIT;
        int ops = crash_at(&want, failing, 0, false, false, &got, &b);
        assert_true(ops >= BATCHES);
        for (int n = 1; n <= ops; n++)
            for (int kind = 0; kind < 4; kind++) {
                crash_at(&want, failing, n, kind & 1, kind & 2, &got, &b);
                arena_reset(&b);
            }
        arena_release(&b);
    }
    arena_release(&a);
}

/* The folder is taken away after any operation on any table: what the tables say is gone on from. */
static void a_lost_folder_doubles_nothing_and_is_told(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    int ops = 1;
    for (int failing = 0; failing < LEDGER_TABLES; failing++)
        for (int n = 1; n <= ops; n++) {
            struct world w;
            struct err e = { 0 };
            int ignored;
            world_begin(&w, NULL, files);
            int died = run(&w, failing, n, n % 2, true, &ops, &e);
            bool any = false;
            for (int i = 0; i < LEDGER_TABLES; i++)
                any |= map_get(&w.memory[i].objects, S("_delta_log/00000000000000000000.json")) != NULL;
            map_release(&w.memory[FOLDER].objects);
            w.memory[FOLDER].objects = MAP_INIT;
            const char *where = arena_f(&a, "table %d operation %d", failing, n).p;
            if (run(&w, failing, 0, false, false, &ignored, &e))
                fail_msg("%s: %s", where, e.message);
            assert_int_equal(any, strstr(buf_cstr(&w.notes), "recovered: the checkpoint folder") != NULL);
            struct outcome got = look(&w, &a);
            assert_once(got.users, where);
            if (!died)
                break;
            world_start_stream(&w, &e);
            world_end(&w);
            arena_reset(&a);
        }
    arena_release(&a);
}

static void a_folder_older_than_its_tables_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct err e = { 0 };
    int ignored;
    world_begin(&w, NULL, files);
    assert_ok(run(&w, 0, 0, false, false, &ignored, &e), &e);
    map_remove(&w.memory[FOLDER].objects, S("commits/3"));
    map_remove(&w.memory[FOLDER].objects, S("offsets/3"));
    map_remove(&w.memory[FOLDER].objects, S("commits/2"));
    map_remove(&w.memory[FOLDER].objects, S("offsets/2"));
    assert_int_equal(world_start_stream(&w, &e), -1);
    assert_string_equal(e.code, "DELTA_CHECKPOINT_BROKEN");
    assert_non_null(strstr(e.message, "older than the table"));
    world_end(&w);
}

static void a_table_taken_away_is_told(void **state)
{
    (void)state;
    struct world w;
    struct err e = { 0 };
    int ignored;
    world_begin(&w, NULL, files);
    assert_ok(run(&w, 0, 0, false, false, &ignored, &e), &e);
    assert_null(w.notes.n ? strstr(buf_cstr(&w.notes), "tables: ") : NULL);
    map_release(&w.memory[1].objects);
    w.memory[1].objects = MAP_INIT;
    assert_ok(world_start_stream(&w, &e), &e);
    assert_non_null(strstr(buf_cstr(&w.notes), "tables: the geo table is not there, but the checkpoint folder memory goes on with batch 4"));
    feed(&w, 5);
    world_batch(&w);
    world_end(&w);
}

static void two_processes_of_one_folder_do_not_both_go_on(void **state)
{
    (void)state;
    struct world w, other;
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    world_begin(&w, NULL, files);
    assert_ok(world_start_stream(&w, &e), &e);
    feed(&w, 0);
    world_batch(&w);
    other = (struct world){ .shared = w.memory, .rules = w.rules, .analytics = w.analytics, .sequence = 500 };
    assert_ok(world_start_stream(&other, &e), &e);
    feed(&w, 1);
    world_batch(&w);
    feed(&other, 1);
    world_feed(&other, 2, S("{\"ind\":99,\"first_name\":\"A\",\"last_name\":\"B\",\"age\":1,\"date_joined\":\"2020-01-01 00:00:00\"}"), 9);
    other.stream->tip_ms = 5; /* it had read on to elsewhere */
    assert_int_equal(stream_batch_run(other.stream, &e), -1);
    assert_non_null(strstr(e.message, "begun by another process"));
    assert_true(str_find(world_rows(w.tables[2], -1, &a), S("\"ind\":99,")) == STR_NONE);
    world_stop_stream(&other);
    buf_release(&other.told);
    buf_release(&other.notes);
    buf_release(&other.alerts);
    world_end(&w);
    arena_release(&a);
}

static void a_broken_state_is_named(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "not JSON", "{\"batch\":3,\"outputs\":{}}\n{\"window\":\"flood\"", "{\"start\":1}\n{",
    };
    struct world w;
    struct err e = { 0 };
    int ignored;
    world_begin(&w, NULL, files);
    assert_ok(run(&w, 0, 0, false, false, &ignored, &e), &e);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memory_text(&w.memory[FOLDER], "state/3", texts[i]);
        assert_int_equal(world_start_stream(&w, &e), -1);
        assert_string_equal(e.code, "STREAM_STATE_BROKEN");
        for (int t = 0; t < LEDGER_TABLES; t++)
            delta_close(w.tables[t]);
    }
    map_remove(&w.memory[FOLDER].objects, S("state/3"));
    memory_text(&w.memory[FOLDER], "outbox", "{\"id\":1}");
    assert_int_equal(world_start_stream(&w, &e), -1);
    assert_non_null(strstr(e.message, "outbox"));
    world_end(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_at_any_step_loses_and_doubles_nothing),
        cmocka_unit_test(a_lost_folder_doubles_nothing_and_is_told),
        cmocka_unit_test(a_folder_older_than_its_tables_is_refused),
        cmocka_unit_test(a_table_taken_away_is_told),
        cmocka_unit_test(two_processes_of_one_folder_do_not_both_go_on),
        cmocka_unit_test(a_broken_state_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
