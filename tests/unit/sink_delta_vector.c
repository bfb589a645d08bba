/* Tables as Databricks makes them by default: rows deleted by vectors (arrays, bits, runs; inline and in files), columns under physical
 * names; and vectors that are broken. Vectors are built here byte by byte, after PROTOCOL.md and Roaring's format. */
#include "base/codec.h"
#include "tests/unit/sink_delta_world.h"

enum { ROWS = 70000 };

/* ---- building ---- */

static void little(struct buf *b, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_c(b, (char)(v >> 8 * i & 0xff));
}

static void big(struct buf *b, uint32_t v)
{
    for (int i = 24; i >= 0; i -= 8)
        buf_c(b, (char)(v >> i & 0xff));
}

static struct str z85(struct arena *a, struct str bytes)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    struct buf out = BUF_INIT;
    for (size_t i = 0; i + 4 <= bytes.n; i += 4) {
        uint32_t v = 0;
        char five[5];
        for (size_t k = 0; k < 4; k++)
            v = v << 8 | (unsigned char)bytes.p[i + k];
        for (int k = 4; k >= 0; k--, v /= 85)
            five[k] = digits[v % 85];
        buf_add(&out, five, 5);
    }
    return arena_keep(a, &out);
}

/* Rows 1 and 3 by an array; of the second 65,536 rows 100..199 by a run. */
static void put_small(struct buf *b)
{
    little(b, 1681511377, 4);
    little(b, 1, 8);
    little(b, 0, 4);
    little(b, 12347 | (2 - 1) << 16, 4);
    buf_c(b, 2); /* the second container has runs */
    little(b, 0, 2), little(b, 2 - 1, 2);
    little(b, 1, 2), little(b, 100 - 1, 2);
    little(b, 1, 2), little(b, 3, 2);
    little(b, 1, 2), little(b, 100, 2), little(b, 100 - 1, 2);
    while (b->n % 4)
        buf_c(b, 0);
}

/* Every even row below 20,000, as bits, without runs: offsets stand there. */
static void put_bits(struct buf *b)
{
    little(b, 1681511377, 4);
    little(b, 1, 8);
    little(b, 0, 4);
    little(b, 12346, 4);
    little(b, 1, 4);
    little(b, 0, 2), little(b, 10000 - 1, 2);
    little(b, 16, 4);
    for (int word = 0; word < 1024; word++)
        little(b, word * 64 < 20000 ? word * 64 + 64 <= 20000 ? 0x5555555555555555 : 0x55555555 : 0, 8);
}

#define TABLE(mode, field, more)                                                                                       \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"columnMapping\",\"deletionVectors\"],\"writerFeatures\":[\"columnMapping\",\"deletionVectors\"]}}\n" \
    "{\"metaData\":{\"id\":\"i\",\"format\":{\"provider\":\"parquet\",\"options\":{}},\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" field "]}\"," \
    "\"partitionColumns\":[\"p\"],\"configuration\":{\"delta.columnMapping.mode\":\"" mode "\"},\"createdTime\":1}}\n" more
#define FIELD(name, type, physical)                                                                                    \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":1,\\\"delta.columnMapping.physicalName\\\":\\\"" physical "\\\"}}"
#define COLUMNS FIELD("a row", "long", "col-1") "," FIELD("p", "string", "col-2")

struct made {
    struct memory m;
    struct memory_store s;
    struct delta_table *t;
    struct arena a;
};

static void keep(struct made *m, const char *path, struct str bytes)
{
    struct err e = { 0 };
    assert_ok(memory_put(&m->s.store, arena_dup(&m->m.arena, str_of(path)), bytes, false, &e), &e);
}

/* A table of one file with rows 0..ROWS-1 in a column whose physical name is col-1, and this vector (members of its JSON). */
static void open_made(struct made *m, struct str vector)
{
    struct err e = { 0 };
    struct buf bytes = BUF_INIT;
    struct parquet_field field = { .name = S("col-1"), .kind = PARQUET_LONG };
    struct parquet_options o = { .row_group_rows = 30000 };
    struct parquet_writer *w = parquet_writer_open(&field, 1, &o, &bytes, &e);
    *m = (struct made){ .a = ARENA_INIT };
    memory_init(&m->m);
    m->s = memory_open(&m->m);
    for (int i = 0; i < ROWS; i++)
        assert_ok(parquet_writer_json(w, arena_f(&m->a, "{\"col-1\":%d}", i), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    keep(m, "a.parquet", buf_str(&bytes));
    keep(m, "_delta_log/00000000000000000000.json",
         arena_f(&m->a, TABLE("name", COLUMNS, "{\"add\":{\"path\":\"a.parquet\",\"partitionValues\":{\"col-2\":\"here\"},\"size\":1,\"modificationTime\":1,\"dataChange\":true,\"deletionVector\":{" STR_F "}}}\n"), STR_A(vector)));
    m->t = world_open(&m->s, 1, 0);
    buf_release(&bytes);
}

static void close_made(struct made *m)
{
    delta_close(m->t);
    memory_release(&m->m);
    arena_release(&m->a);
}

static struct str inlined(struct arena *a, struct str set, int64_t cardinality)
{
    return arena_f(a, "\"storageType\":\"i\",\"pathOrInlineDv\":\"" STR_F "\",\"sizeInBytes\":%zu,\"cardinality\":%lld", STR_A(z85(a, set)), set.n, (long long)cardinality);
}

/* ---- what is read ---- */

static bool small_has(int row) { return row == 1 || row == 3 || (row >= 65636 && row < 65736); }
static bool bits_have(int row) { return row < 20000 && row % 2 == 0; }

static void assert_left(struct made *m, bool (*deleted)(int row))
{
    struct str rows = world_rows(m->t, -1, &m->a);
    for (int i = 0; i < ROWS; i++) {
        if (deleted(i))
            continue;
        struct str row = str_cut(&rows, '\n');
        if (!str_eq(row, arena_f(&m->a, "{\"a row\":%d,\"p\":\"here\"}", i)))
            fail_msg("row %d: " STR_F, i, STR_A(row));
    }
    assert_int_equal(rows.n, 0);
}

static void rows_of_a_vector_are_gone(void **state)
{
    (void)state;
    static const struct { void (*put)(struct buf *b); bool (*deleted)(int row); int64_t n; } sets[] = { { put_small, small_has, 102 }, { put_bits, bits_have, 10000 } };
    for (size_t i = 0; i < 2; i++) {
        struct arena a = ARENA_INIT;
        struct buf set = BUF_INIT, file = BUF_INIT;
        struct made m;
        sets[i].put(&set);
        open_made(&m, inlined(&a, buf_str(&set), sets[i].n));
        assert_left(&m, sets[i].deleted);
        close_made(&m);
        /* the same in a file, behind another vector, below a prefix */
        buf_z(&file, "\1other");
        big(&file, (uint32_t)set.n);
        buf_str_add(&file, buf_str(&set));
        big(&file, codec_crc32(0, buf_str(&set)));
        open_made(&m, arena_f(&a, "\"storageType\":\"u\",\"pathOrInlineDv\":\"ab00000000000000000001\",\"offset\":6,\"sizeInBytes\":%zu,\"cardinality\":%lld", set.n, (long long)sets[i].n));
        keep(&m, "ab/deletion_vector_00000000-0000-0000-0000-000000000001.bin", buf_str(&file));
        assert_left(&m, sets[i].deleted);
        close_made(&m);
        buf_release(&set);
        buf_release(&file);
        arena_release(&a);
    }
}

/* ---- what is refused ---- */

static void assert_refused(struct str vector, const char *code, const char *says)
{
    struct made m;
    struct err e = { 0 };
    struct delta_snapshot *s;
    struct buf out = BUF_INIT;
    open_made(&m, vector);
    assert_ok(delta_snapshot_open(m.t, -1, &s, &e), &e);
    if (delta_rows(m.t, s, world_add_line, &out, &e) != -1 || strcmp(e.code, code) || !strstr(e.message, says))
        fail_msg(STR_F ": [%s] %s", STR_A(str_head(vector, 100)), e.code, e.message);
    delta_snapshot_close(s);
    buf_release(&out);
    close_made(&m);
}

static void a_broken_vector_is_said_so(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf set = BUF_INIT;
    put_small(&set);
    assert_refused(inlined(&a, buf_str(&set), 101), "DELTA_MALFORMED", "number of rows that the log says");
    for (size_t n = 4; n < set.n; n += 4) /* cut anywhere */
        if (n != set.n - 4)
            assert_refused(inlined(&a, str_head(buf_str(&set), n), 102), "DELTA_MALFORMED", "ends early");
    set.p[16] = 7; /* the high 32 bits of the numbers: rows the file has not; were it believed, 128 GiB of bits */
    assert_refused(inlined(&a, buf_str(&set), 102), "DELTA_MALFORMED", "names rows that the file has not");
    set.p[0] ^= 1;
    assert_refused(inlined(&a, buf_str(&set), 102), "DELTA_UNSUPPORTED", "another form");
    assert_refused(S("\"storageType\":\"i\",\"pathOrInlineDv\":\"abc\",\"cardinality\":1"), "DELTA_MALFORMED", "no Z85");
    assert_refused(S("\"storageType\":\"i\",\"pathOrInlineDv\":\"\\\"\\\"\\\"\\\"\\\"\",\"cardinality\":1"), "DELTA_MALFORMED", "no Z85");
    assert_refused(S("\"storageType\":\"x\",\"pathOrInlineDv\":\"\",\"cardinality\":1"), "DELTA_UNSUPPORTED", "stored as \"x\"");
    assert_refused(S("\"storageType\":\"u\",\"pathOrInlineDv\":\"short\",\"cardinality\":1"), "DELTA_MALFORMED", "no UUID");
    assert_refused(S("\"storageType\":\"u\",\"pathOrInlineDv\":\"00000000000000000001\",\"offset\":1,\"sizeInBytes\":1,\"cardinality\":1"), "DELTA_FILE_MISSING", "deletion_vector_0");
    buf_release(&set);
    arena_release(&a);
}

static void a_broken_file_is_said_so(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; const char *says; } files[] = {
        { "", 0, "size" }, { "\1\0\0\0\10", 5, "size" }, { "\1\0\0\0\4abcd", 9, "size" }, { "\1\0\0\0\4abcd\0\0\0\0", 13, "checksum" }, { "\1\377\377\377\377abcd\0\0\0\0", 13, "size" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct made m;
        struct err e = { 0 };
        struct delta_snapshot *s;
        struct buf out = BUF_INIT;
        open_made(&m, S("\"storageType\":\"u\",\"pathOrInlineDv\":\"00000000000000000001\",\"offset\":1,\"sizeInBytes\":4,\"cardinality\":1"));
        keep(&m, "deletion_vector_00000000-0000-0000-0000-000000000001.bin", (struct str){ files[i].bytes, files[i].n });
        assert_ok(delta_snapshot_open(m.t, -1, &s, &e), &e);
        assert_int_equal(delta_rows(m.t, s, world_add_line, &out, &e), -1);
        assert_string_equal(e.code, "DELTA_MALFORMED");
        assert_non_null(strstr(e.message, files[i].says));
        delta_snapshot_close(s);
        buf_release(&out);
        close_made(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_vector_are_gone),
        cmocka_unit_test(a_broken_vector_is_said_so),
        cmocka_unit_test(a_broken_file_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
