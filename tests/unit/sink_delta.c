/* Delta tables: what is written is read; versions; checkpoints; schema; features refused by name; vacuum. */
#include <unistd.h>

#include "tests/unit/sink_delta_world.h"

static struct str twice(struct str a, struct str b, struct arena *arena) { return arena_f(arena, STR_F STR_F, STR_A(a), STR_A(b)); }

static void assert_rows(struct delta_table *t, int64_t version, struct str want)
{
    struct arena a = ARENA_INIT;
    struct str got = world_rows(t, version, &a);
    if (!str_eq(got, want))
        fail_msg("version %lld\n got " STR_F "\nwant " STR_F, (long long)version, STR_A(str_head(got, 600)), STR_A(str_head(want, 600)));
    arena_release(&a);
}

static void rows_come_back_at_every_version(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct memory m;
    struct err e = { 0 };
    struct delta_written done;
    memory_init(&m);
    struct memory_store s = memory_open(&m);
    struct delta_table *t = world_open(&s, 1, 0);
    struct table *one = sink_table_make(300, 1, &a), *two = sink_table_make(40, 3, &a), *three = sink_table_make(7, 5, &a);
    struct str l1 = sink_table_lines(one, &a), l2 = sink_table_lines(two, &a), l3 = sink_table_lines(three, &a);
    done = world_append(t, one);
    assert_true(done.created);
    assert_int_equal(done.version, 0);
    assert_int_equal(done.rows, 300);
    clock_advance_ms(&m.clock, 60000);
    assert_int_equal(world_append(t, two).version, 1);
    clock_advance_ms(&m.clock, 60000);
    struct delta_write overwrite = { .mode = DELTA_OVERWRITE };
    assert_ok(delta_write_table(t, three, &overwrite, &done, &e), &e);
    assert_int_equal(done.version, 2);
    assert_rows(t, 0, l1);
    assert_rows(t, 1, twice(l1, l2, &a));
    assert_rows(t, 2, l3);
    assert_rows(t, -1, l3);
    struct delta_snapshot *snapshot;
    assert_int_equal(delta_snapshot_open(t, 3, &snapshot, &e), -1);
    assert_string_equal(e.code, "DELTA_NO_VERSION");
    static const struct { int64_t after_ms, version; } times[] = { { 0, 0 }, { 59999, 0 }, { 60000, 1 }, { 1000000, 2 } };
    for (size_t i = 0; i < 4; i++) {
        int64_t version;
        assert_ok(delta_version_at(t, 1609459200000 + times[i].after_ms, &version, &e), &e);
        assert_int_equal(version, times[i].version);
    }
    assert_int_equal(delta_version_at(t, 1609459199999, &(int64_t){ 0 }, &e), -1);
    assert_string_equal(e.code, "DELTA_NO_VERSION");
    delta_close(t);
    memory_release(&m);
    arena_release(&a);
}

static void a_folder_holds_a_table_as_well(void **state)
{
    (void)state;
    char dir[] = P_tmpdir "/weirbox-delta-XXXXXX";
    struct arena a = ARENA_INIT;
    struct clock clock;
    assert_non_null(mkdtemp(dir));
    clock_init_virtual(&clock, 1609459200000);
    struct delta_store *store = delta_store_local(arena_f(&a, "%s/deep/table/", dir).p, &clock);
    struct delta_options o = { .store = store, .clock = &clock, .seed = 4, .rows_per_file = 100, .codec = PARQUET_ZSTD };
    struct delta_table *t = delta_open(&o), *other = delta_open(&o);
    struct table *rows = sink_table_make(250, 1, &a);
    assert_int_equal(world_append(t, rows).files, 3);
    for (int i = 0; i < 11; i++)
        world_append(t, sink_table_make(0, 1, &a));
    assert_rows(other, -1, sink_table_lines(rows, &a));
    struct delta_snapshot *s;
    struct err e = { 0 };
    assert_ok(delta_snapshot_open(other, -1, &s, &e), &e);
    assert_int_equal(s->version, 11);
    assert_int_equal(s->checkpoint, 10);
    delta_snapshot_close(s);
    delta_close(t);
    delta_close(other);
    delta_store_close(store);
    assert_int_equal(system(arena_f(&a, "test -z \"$(find %s -name '.tmp*')\" && rm -r %s", dir, dir).p), 0);
    arena_release(&a);
}

static void what_is_no_table_is_said_so(void **state)
{
    (void)state;
    struct memory m;
    struct err e = { 0 };
    struct delta_snapshot *snapshot;
    memory_init(&m);
    struct memory_store s = memory_open(&m);
    struct delta_table *t = world_open(&s, 1, 0);
    assert_int_equal(delta_snapshot_open(t, -1, &snapshot, &e), -1);
    assert_string_equal(e.code, "DELTA_NO_TABLE");
    delta_close(t);
    memory_release(&m);
}

/* ---- checkpoints ---- */

struct checkpointed {
    struct memory m;
    struct memory_store s;
    struct arena a;
    struct str want;
};

static void open_checkpointed(struct checkpointed *c)
{
    *c = (struct checkpointed){ 0 };
    memory_init(&c->m);
    c->s = memory_open(&c->m);
    struct delta_table *t = world_open(&c->s, 1, 0);
    struct buf want = BUF_INIT;
    for (uint64_t i = 1; i <= 25; i++) {
        struct table *rows = sink_table_make(5, i * 2 - 1, &c->a);
        world_append(t, rows);
        buf_str_add(&want, sink_table_lines(rows, &c->a));
    }
    c->want = arena_dup(&c->a, buf_str(&want));
    buf_release(&want);
    delta_close(t);
}

static void close_checkpointed(struct checkpointed *c)
{
    memory_release(&c->m);
    arena_release(&c->a);
}

static void forget(struct checkpointed *c, const char *path) { map_remove(&c->m.objects, str_of(path)); }

static void every_tenth_commit_is_followed_by_a_checkpoint(void **state)
{
    (void)state;
    struct checkpointed c;
    struct arena a = ARENA_INIT;
    open_checkpointed(&c);
    assert_non_null(map_get(&c.m.objects, S("_delta_log/00000000000000000010.checkpoint.parquet")));
    assert_non_null(map_get(&c.m.objects, S("_delta_log/00000000000000000020.checkpoint.parquet")));
    assert_null(map_get(&c.m.objects, S("_delta_log/00000000000000000000.checkpoint.parquet")));
    for (int64_t v = 0; v < 20; v++) /* what the checkpoints stand for is not needed */
        forget(&c, arena_f(&a, "_delta_log/%020lld.json", (long long)v).p);
    struct delta_table *t = world_open(&c.s, 9, 0);
    assert_rows(t, -1, c.want);
    struct delta_snapshot *s;
    struct err e = { 0 };
    assert_int_equal(delta_snapshot_open(t, 15, &s, &e), -1);
    assert_string_equal(e.code, "DELTA_NO_VERSION");
    assert_ok(delta_snapshot_open(t, 10, &s, &e), &e);
    assert_int_equal(s->n_files, 11);
    delta_snapshot_close(s);
    world_append(t, sink_table_make(3, 77, &c.a));
    delta_close(t);
    arena_release(&a);
    close_checkpointed(&c);
}

static void a_broken_checkpoint_is_passed_over(void **state)
{
    (void)state;
    static const struct { const char *path, *text; } broken[] = {
        { "_delta_log/00000000000000000020.checkpoint.parquet", "PAR1 not really PAR1" },
        { "_delta_log/00000000000000000020.checkpoint.parquet", NULL },
        { "_delta_log/_last_checkpoint", NULL },
        { "_delta_log/_last_checkpoint", "{\"version\":" },
        { "_delta_log/_last_checkpoint", "{\"version\":999}" },
        { "_delta_log/_last_checkpoint", "{\"version\":10,\"size\":3}" },
        { "_delta_log/_last_checkpoint", "{\"version\":-5}" },
        { "_delta_log/_last_checkpoint", "{\"version\":15}" },
        { "_delta_log/00000000000000000022.checkpoint.0000000001.0000000003.parquet", "part of three" },
        { "_delta_log/99999999999999999999.json", "{}" },
        { "_delta_log/junk", "x" },
        { "_delta_log/00000000000000000007.00000000000000000009.compacted.json", "x" },
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct checkpointed c;
        open_checkpointed(&c);
        if (broken[i].text)
            memory_text(&c.m, broken[i].path, broken[i].text);
        else
            forget(&c, broken[i].path);
        struct delta_table *t = world_open(&c.s, 9, 0);
        assert_rows(t, -1, c.want);
        delta_close(t);
        close_checkpointed(&c);
    }
}

/* A checkpoint of version 0 whose sidecar names itself; nothing older tells what the table is. */
static void a_sidecar_that_names_sidecars_is_an_error(void **state)
{
    (void)state;
    struct memory m;
    struct err e = { 0 };
    struct delta_snapshot *snapshot;
    struct buf bytes = BUF_INIT;
    struct parquet_field path = { .name = S("path"), .kind = PARQUET_STRING }, sidecar = { .name = S("sidecar"), .kind = PARQUET_STRUCT, .children = &path, .n_children = 1 };
    struct parquet_writer *w = parquet_writer_open(&sidecar, 1, NULL, &bytes, &e);
    memory_init(&m);
    assert_ok(parquet_writer_json(w, S("{\"sidecar\":{\"path\":\"x.parquet\"}}"), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    struct memory_store s = memory_open(&m);
    assert_ok(memory_put(&s.store, S("_delta_log/_sidecars/x.parquet"), buf_str(&bytes), false, &e), &e);
    assert_ok(memory_put(&s.store, S("_delta_log/00000000000000000000.checkpoint.00000000-0000-0000-0000-000000000000.parquet"), buf_str(&bytes), false, &e), &e);
    struct delta_table *t = world_open(&s, 1, 0);
    assert_int_equal(delta_snapshot_open(t, -1, &snapshot, &e), -1);
    assert_string_equal(e.code, "DELTA_MALFORMED");
    assert_non_null(strstr(e.message, "names further sidecars"));
    delta_close(t);
    buf_release(&bytes);
    memory_release(&m);
}

static void a_gap_in_the_log_is_an_error(void **state)
{
    (void)state;
    struct checkpointed c;
    struct err e = { 0 };
    struct delta_snapshot *s;
    open_checkpointed(&c);
    forget(&c, "_delta_log/00000000000000000022.json");
    struct delta_table *t = world_open(&c.s, 9, 0);
    assert_int_equal(delta_snapshot_open(t, -1, &s, &e), -1);
    assert_non_null(strstr(e.message, "00000000000000000022.json is missing"));
    delta_close(t);
    close_checkpointed(&c);
}

/* ---- what is refused ---- */

#define META(schema, configuration)                                                                                    \
    "{\"metaData\":{\"id\":\"i\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" schema \
    "]}\",\"partitionColumns\":[],\"configuration\":{" configuration "},\"createdTime\":1}}\n"
#define LONG_ID "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define MAPPED_ID "{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{\\\"delta.columnMapping.physicalName\\\":\\\"col-1\\\"}}"
#define PROTOCOL(text) "{\"protocol\":{" text "}}\n"
#define V12 PROTOCOL("\"minReaderVersion\":1,\"minWriterVersion\":2")

static void what_is_not_understood_is_refused_by_name(void **state)
{
    (void)state;
    static const struct { const char *log, *code, *says; bool only_writing; } cases[] = {
        { PROTOCOL("\"minReaderVersion\":4,\"minWriterVersion\":7") META(LONG_ID, ""), "DELTA_UNSUPPORTED", "reader version 4", false },
        { PROTOCOL("\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\",\"timestampNtz\",\"newThing\"],\"writerFeatures\":[]") META(LONG_ID, ""),
          "DELTA_UNSUPPORTED", "newThing", false },
        { PROTOCOL("\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"typeWidening\"],\"writerFeatures\":[\"typeWidening\"]") META(LONG_ID, ""), "DELTA_UNSUPPORTED", "typeWidening", true },
        { PROTOCOL("\"minReaderVersion\":2,\"minWriterVersion\":5") META(LONG_ID, "\"delta.columnMapping.mode\":\"name\""), "DELTA_MALFORMED", "physical name", false },
        { PROTOCOL("\"minReaderVersion\":2,\"minWriterVersion\":5") META(MAPPED_ID, "\"delta.columnMapping.mode\":\"name\""), "DELTA_UNSUPPORTED", "columnMapping", true },
        { V12 META(LONG_ID, "") "{\"add\":{\"path\":\"a.parquet\",\"partitionValues\":{},\"size\":1,\"modificationTime\":1,\"dataChange\":true,\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"x\"}}}\n",
          "DELTA_UNSUPPORTED", "deletionVectors", true },
        { V12 META("{\\\"name\\\":\\\"v\\\",\\\"type\\\":\\\"variant\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}", ""), "DELTA_UNSUPPORTED", "variant", false },
        { V12, "DELTA_MALFORMED", "metaData", false },
        { META(LONG_ID, ""), "DELTA_MALFORMED", "protocol", false },
        { V12 META(LONG_ID, "") "{\"add\":{\"size\":1}}\n", "DELTA_MALFORMED", "line 3", false },
        { V12 META(LONG_ID, "") "{\"add\":\n", "DELTA_MALFORMED", "line 3", false },
        { V12 "{\"metaData\":{\"id\":\"i\",\"schemaString\":\"{\"}}\n", "DELTA_MALFORMED", "schemaString", false },
        { PROTOCOL("\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"appendOnly\",\"rowTracking\"]") META(LONG_ID, ""), "DELTA_UNSUPPORTED", "rowTracking", true },
        { PROTOCOL("\"minReaderVersion\":1,\"minWriterVersion\":8") META(LONG_ID, ""), "DELTA_UNSUPPORTED", "writer version 8", true },
        { V12 META(LONG_ID, "\"delta.constraints.c\":\"id > 0\""), "DELTA_UNSUPPORTED", "checkConstraints", true },
        { V12 META("{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":true,\\\"metadata\\\":{\\\"delta.invariants\\\":\\\"x\\\"}}", ""), "DELTA_UNSUPPORTED", "invariants", true },
        { V12 META(LONG_ID, "\"delta.enableChangeDataFeed\":\"true\""), "DELTA_UNSUPPORTED", "changeDataFeed", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct memory m;
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct delta_snapshot *snapshot = NULL;
        struct delta_written done;
        memory_init(&m);
        memory_text(&m, "_delta_log/00000000000000000000.json", cases[i].log);
        struct memory_store s = memory_open(&m);
        struct delta_table *t = world_open(&s, 1, 0);
        if (cases[i].only_writing)
            assert_ok(delta_snapshot_open(t, -1, &snapshot, &e), &e);
        else if (delta_snapshot_open(t, -1, &snapshot, &e) != -1 || strcmp(e.code, cases[i].code) || !strstr(e.message, cases[i].says))
            fail_msg("case %zu: [%s] %s", i, e.code, e.message);
        e = (struct err){ 0 };
        if (delta_write_table(t, sink_table_make(2, 1, &a), NULL, &done, &e) != -1 || strcmp(e.code, cases[i].code) || !strstr(e.message, cases[i].says))
            fail_msg("case %zu, writing: [%s] %s", i, e.code, e.message);
        assert_int_equal(m.objects.n_live, 1); /* not even a data file */
        delta_snapshot_close(snapshot);
        delta_close(t);
        arena_release(&a);
        memory_release(&m);
    }
}

static void rows_of_another_shape_are_refused(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct memory m;
    struct err e = { 0 };
    struct delta_written done;
    memory_init(&m);
    struct memory_store s = memory_open(&m);
    struct delta_table *t = world_open(&s, 1, 0);
    struct table *rows = sink_table_make(5, 1, &a);
    world_append(t, rows);
    size_t before = m.objects.n_live;
    struct table *wrong = sink_table_make(5, 3, &a);
    wrong->columns[2].name = S("other");
    assert_int_equal(delta_write_table(t, wrong, NULL, &done, &e), -1);
    assert_string_equal(e.code, "DELTA_SCHEMA");
    assert_non_null(strstr(e.message, "other is not in it"));
    wrong = sink_table_make(5, 3, &a);
    wrong->columns[0].type = COLUMN_TIMESTAMP;
    assert_int_equal(delta_write_table(t, wrong, NULL, &done, &e), -1);
    assert_non_null(strstr(e.message, "column id is there of type long"));
    assert_int_equal(m.objects.n_live, before);
    struct table *fewer = sink_table_make(5, 5, &a); /* absent columns are null */
    fewer->n_columns = 3;
    world_append(t, fewer);
    struct str got = world_rows(t, -1, &a);
    assert_true(str_find(got, S("\"big\":null,\"kind\":null,\"coordinates\":null")) != STR_NONE);
    delta_close(t);
    memory_release(&m);
    arena_release(&a);
}

static void paths_outside_of_the_table_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = { "../secret.parquet", "a/../../secret.parquet", "/etc/passwd", "file:///etc/passwd", "s3://b/x", "%2e%2e/secret" };
    char dir[] = P_tmpdir "/weirbox-delta-XXXXXX";
    struct arena a = ARENA_INIT;
    struct clock clock;
    assert_non_null(mkdtemp(dir));
    clock_init_virtual(&clock, 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct delta_store *store = delta_store_local(dir, &clock);
        struct err e = { 0 };
        struct delta_snapshot *s;
        struct buf out = BUF_INIT;
        struct str log = arena_f(&a, "%s{\"add\":{\"path\":\"%s\",\"partitionValues\":{},\"size\":1,\"modificationTime\":1,\"dataChange\":true}}\n", V12 META(LONG_ID, ""), paths[i]);
        assert_int_equal(store->ops->put(store, S("_delta_log/00000000000000000000.json"), log, false, &e), 0);
        struct delta_options o = { .store = store, .clock = &clock };
        struct delta_table *t = delta_open(&o);
        assert_ok(delta_snapshot_open(t, -1, &s, &e), &e);
        assert_int_equal(delta_rows(t, s, world_add_line, &out, &e), -1);
        assert_string_equal(e.code, "DELTA_PATH");
        delta_snapshot_close(s);
        delta_close(t);
        delta_store_close(store);
    }
    assert_int_equal(system(arena_f(&a, "rm -r %s", dir).p), 0);
    arena_release(&a);
}

static void a_vacuum_deletes_what_no_version_needs(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    struct arena a = ARENA_INIT;
    struct memory m;
    struct err e = { 0 };
    struct delta_written done;
    size_t n = 0;
    memory_init(&m);
    struct memory_store s = memory_open(&m);
    struct delta_table *t = world_open(&s, 1, 0);
    struct delta_write overwrite = { .mode = DELTA_OVERWRITE };
    world_append(t, sink_table_make(5, 1, &a));
    memory_text(&m, "part-orphan.parquet", "x");
    memory_text(&m, "_checkpoints/offsets/0", "x");
    assert_ok(delta_write_table(t, sink_table_make(6, 3, &a), &overwrite, &done, &e), &e);
    struct str want = world_rows(t, -1, &a);
    static const struct { int64_t hours, retain; bool dry, force; int deletes; } steps[] = {
        { 100, -1, false, false, 0 }, { 67, 24, false, false, -1 }, { 0, -1, false, false, 0 },
        { 2, -1, true, false, 2 },    { 0, 168, false, false, 2 },  { 0, 0, false, true, 0 },
    };
    for (size_t i = 0; i < 6; i++) {
        clock_advance_ms(&m.clock, steps[i].hours * HOUR);
        struct delta_vacuum o = { .retain_hours = steps[i].retain, .dry_run = steps[i].dry, .force = steps[i].force };
        int result = delta_vacuum(t, &o, NULL, NULL, &n, &e);
        assert_int_equal(result, steps[i].deletes < 0 ? -1 : 0);
        if (result == 0 && n != (size_t)steps[i].deletes)
            fail_msg("step %zu deletes %zu", i, n);
    }
    assert_null(map_get(&m.objects, S("part-orphan.parquet")));
    assert_non_null(map_get(&m.objects, S("_checkpoints/offsets/0")));
    assert_rows(t, -1, want);
    struct delta_snapshot *old;
    struct buf out = BUF_INIT;
    assert_ok(delta_snapshot_open(t, 0, &old, &e), &e);
    assert_int_equal(delta_rows(t, old, world_add_line, &out, &e), -1);
    assert_string_equal(e.code, "DELTA_FILE_MISSING");
    delta_snapshot_close(old);
    delta_close(t);
    memory_release(&m);
    arena_release(&a);
}

static void nothing_is_overwritten_in_a_table_that_only_grows(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct memory m;
    struct err e = { 0 };
    struct delta_written done;
    struct delta_write overwrite = { .mode = DELTA_OVERWRITE };
    memory_init(&m);
    memory_text(&m, "_delta_log/00000000000000000000.json", V12 META(LONG_ID, "\"delta.appendOnly\":\"true\""));
    struct memory_store s = memory_open(&m);
    struct delta_table *t = world_open(&s, 1, 0);
    struct table *rows = sink_table_make(2, 1, &a);
    rows->n_columns = 1;
    assert_int_equal(delta_write_table(t, rows, &overwrite, &done, &e), -1);
    assert_string_equal(e.code, "DELTA_APPEND_ONLY");
    world_append(t, rows);
    delta_close(t);
    memory_release(&m);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_at_every_version),
        cmocka_unit_test(a_folder_holds_a_table_as_well),
        cmocka_unit_test(what_is_no_table_is_said_so),
        cmocka_unit_test(every_tenth_commit_is_followed_by_a_checkpoint),
        cmocka_unit_test(a_broken_checkpoint_is_passed_over),
        cmocka_unit_test(a_sidecar_that_names_sidecars_is_an_error),
        cmocka_unit_test(a_gap_in_the_log_is_an_error),
        cmocka_unit_test(what_is_not_understood_is_refused_by_name),
        cmocka_unit_test(rows_of_another_shape_are_refused),
        cmocka_unit_test(paths_outside_of_the_table_are_refused),
        cmocka_unit_test(a_vacuum_deletes_what_no_version_needs),
        cmocka_unit_test(nothing_is_overwritten_in_a_table_that_only_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
