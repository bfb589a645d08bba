/* Tables and files against engines written by others: scripts of tests/clients/ read what is written here and write
 * what is read here. A script exits 77 when its engine is not installed (DELTA_PYTHON names a python that has them,
 * PEERS a folder with node_modules). By hand: cat TABLE [VERSION], parquet FILE, make DIR. */
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/sink/delta.h"
#include "pipeline/sink/sink.h"
#include "tests/support/t.h"
#include "tests/unit/sink_table.h"

static int failed(const struct err *e)
{
    fprintf(stderr, "[%s] %s\n", e->code, e->message);
    return strstr(e->code, "UNSUPPORTED") || !strcmp(e->code, "DELTA_PATH") ? 6 : 5;
}

static bool print_row(void *arg, struct str row)
{
    (void)arg;
    fwrite(row.p, 1, row.n, stdout);
    putchar('\n');
    return true;
}

static int cat_table(const char *dir, int64_t version)
{
    struct clock clock;
    struct err e = { 0 };
    struct delta_snapshot *s = NULL;
    clock_init_real(&clock);
    struct delta_store *store = delta_store_local(dir, &clock);
    struct delta_options o = { .store = store, .clock = &clock };
    struct delta_table *t = delta_open(&o);
    int result = delta_snapshot_open(t, version, &s, &e) || delta_rows(t, s, print_row, NULL, &e) ? failed(&e) : 0;
    delta_snapshot_close(s);
    delta_close(t);
    delta_store_close(store);
    return result;
}

static int cat_parquet(const char *path)
{
    struct buf bytes = BUF_INIT, row = BUF_INIT;
    struct err e = { 0 };
    if (sink_get(".", path, &bytes, &e) && sink_get("/", path, &bytes, &e))
        return 3;
    struct parquet_file *f = parquet_open(buf_str(&bytes), str_of(path), &e);
    struct parquet_reader *r = f ? parquet_reader_open(f, NULL, 0, &e) : NULL;
    int more = -1;
    while (r && (more = parquet_reader_next(r, &row, &e)) == 1) {
        print_row(NULL, buf_str(&row));
        buf_reset(&row);
    }
    parquet_reader_close(r);
    parquet_close(f);
    buf_release(&bytes);
    buf_release(&row);
    return more ? failed(&e) : 0;
}

static void put_lines(const char *dir, const char *name, struct str lines)
{
    struct err e = { 0 };
    assert_ok(sink_put(dir, name, lines, &e), &e);
}

/* DIR/<codec>.parquet and .jsonl, a table each; DIR/table with 23 commits, an overwrite among them, and table.jsonl. */
static void make(const char *dir)
{
    static const char *const names[] = { "snappy.parquet", "zstd.parquet", "gzip.parquet", "none.parquet" };
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct clock clock;
    for (int codec = PARQUET_SNAPPY; codec <= PARQUET_NONE; codec++) {
        struct table *t = sink_table_make(30000, codec % 2 ? 7 : 8, &a);
        struct parquet_options o = { .codec = (enum parquet_codec)codec, .row_group_rows = 13000, .page_rows = 1000, .no_dictionary = codec == PARQUET_GZIP };
        struct buf out = BUF_INIT;
        struct parquet_writer *w = parquet_writer_open(parquet_table_fields(t, &a), t->n_columns, &o, &out, &e);
        assert_ok(parquet_writer_table(w, t, 0, t->n_rows, &e), &e);
        assert_ok(parquet_writer_end(w, &e), &e);
        parquet_writer_close(w);
        put_lines(dir, names[codec], buf_str(&out));
        put_lines(dir, arena_f(&a, "%s.jsonl", names[codec]).p, sink_table_lines(t, &a));
        buf_release(&out);
    }
    clock_init_real(&clock);
    struct delta_store *store = delta_store_local(arena_f(&a, "%s/table", dir).p, &clock);
    struct delta_options options = { .store = store, .clock = &clock, .seed = 1, .rows_per_file = 150 };
    struct delta_table *table = delta_open(&options);
    struct buf want = BUF_INIT;
    for (uint64_t i = 0; i < 23; i++) {
        struct table *rows = sink_table_make(i == 5 ? 1000 : 40, i + 1, &a);
        struct delta_write w = { .mode = i == 12 ? DELTA_OVERWRITE : DELTA_APPEND, .app = i > 15 ? S("a-query") : S(""), .batch = (int64_t)i };
        struct delta_written done;
        if (i == 12)
            put_lines(dir, "table@11.jsonl", buf_str(&want)), buf_reset(&want);
        buf_str_add(&want, sink_table_lines(rows, &a));
        assert_ok(delta_write_table(table, rows, &w, &done, &e), &e);
        assert_string_equal(done.checkpoint.code, "");
    }
    put_lines(dir, "table.jsonl", buf_str(&want));
    buf_release(&want);
    delta_close(table);
    delta_store_close(store);
    arena_release(&a);
}

static void run_script(const char *script)
{
    struct arena a = ARENA_INIT;
    char dir[] = P_tmpdir "/weirbox-engines-XXXXXX", self[4096] = "";
    assert_non_null(mkdtemp(dir));
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    make(dir);
    int status = system(arena_f(&a, "bash '%s' '%s' '%s'", t_source(&a, arena_f(&a, "tests/clients/%s", script).p), dir, self).p);
    assert_int_equal(system(arena_f(&a, "rm -r '%s'", dir).p), 0);
    arena_release(&a);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static void python_engines_agree(void **state) { (void)state, run_script("delta_python.sh"); }
static void node_engines_agree(void **state) { (void)state, run_script("delta_node.sh"); }

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(python_engines_agree), cmocka_unit_test(node_engines_agree) };
    int64_t version = -1;
    if (argc > 2 && !strcmp(argv[1], "cat"))
        return argc > 3 && !str_to_i64(str_of(argv[3]), &version) ? 2 : cat_table(argv[2], version);
    if (argc > 2 && !strcmp(argv[1], "parquet"))
        return cat_parquet(argv[2]);
    if (argc > 2 && !strcmp(argv[1], "make"))
        return make(argv[2]), 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
