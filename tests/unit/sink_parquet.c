/* Parquet, written and read back: every type, codec, page and row group size; nested rows; refusals; broken bytes. */
#include <math.h>

#include "base/json.h"
#include "base/rng.h"
#include "pipeline/sink/parquet_meta.h"
#include "tests/support/t.h"
#include "tests/unit/sink_table.h"

/* What reading every row of the bytes gives, a line each. */
static struct str read_all(struct str bytes, struct arena *a)
{
    struct err e = { 0 };
    struct buf out = BUF_INIT;
    struct parquet_file *f = parquet_open(bytes, S("test"), &e);
    if (!f)
        fail_msg("%s", e.message);
    struct parquet_reader *r = parquet_reader_open(f, NULL, 0, &e);
    if (!r)
        fail_msg("%s", e.message);
    int result;
    while ((result = parquet_reader_next(r, &out, &e)) == 1)
        buf_c(&out, '\n');
    if (result)
        fail_msg("%s", e.message);
    parquet_reader_close(r);
    parquet_close(f);
    struct str text = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static struct str write_table(const struct table *t, const struct parquet_options *o, struct arena *a)
{
    struct err e = { 0 };
    struct buf out = BUF_INIT;
    struct parquet_writer *w = parquet_writer_open(parquet_table_fields(t, a), t->n_columns, o, &out, &e);
    assert_non_null(w);
    assert_ok(parquet_writer_table(w, t, 0, t->n_rows, &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    struct str bytes = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return bytes;
}

static void assert_same_lines(struct str got, struct str want)
{
    for (size_t line = 1; got.n || want.n; line++) {
        struct str g = str_cut(&got, '\n'), w = str_cut(&want, '\n');
        if (!str_eq(g, w))
            fail_msg("row %zu\n got " STR_F "\nwant " STR_F, line, STR_A(g), STR_A(w));
    }
}

static void every_type_survives_every_codec_page_and_row_group_size(void **state)
{
    (void)state;
    static const size_t rows[] = { 0, 1, 7, 8, 9, 1000, 5003 };
    static const size_t pages[] = { 0, 1, 13, 1000 }, groups[] = { 0, 1, 999 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = ARENA_INIT;
        struct table *t = sink_table_make(rows[i], (uint64_t)i + 1, &a);
        struct str want = sink_table_lines(t, &a);
        for (int codec = PARQUET_SNAPPY; codec <= PARQUET_NONE; codec++)
            for (size_t p = 0; p < 4; p++)
                for (size_t g = 0; g < 3; g++)
                    for (int dictionary = 0; dictionary < 2; dictionary++) {
                        if (rows[i] > 1000 && (pages[p] == 1 || groups[g] == 1))
                            continue;
                        struct parquet_options o = { .codec = (enum parquet_codec)codec, .page_rows = pages[p],
                                                     .row_group_rows = groups[g], .no_dictionary = !dictionary };
                        struct arena scratch = ARENA_INIT;
                        assert_same_lines(read_all(write_table(t, &o, &scratch), &scratch), want);
                        arena_release(&scratch);
                    }
        arena_release(&a);
    }
}

static void statistics_say_min_max_and_nulls(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct table *t = sink_table_make(500, 3, &a);
    struct parquet_file *f = parquet_open(write_table(t, NULL, &a), S("t"), &e);
    assert_non_null(f);
    assert_int_equal(parquet_rows(f), 500);
    assert_int_equal(parquet_row_groups(f), 1);
    assert_int_equal(parquet_leaves(f), 9);
    for (size_t leaf = 0; leaf < 9; leaf++) {
        struct parquet_chunk c = parquet_chunk(f, 0, leaf);
        assert_string_equal(c.codec, "SNAPPY");
        assert_true(c.nulls >= 0);
        if (leaf == 1) { /* ind: an int, never null */
            int32_t min, max, want_min = INT32_MAX, want_max = INT32_MIN;
            memcpy(&min, c.min.p, 4);
            memcpy(&max, c.max.p, 4);
            for (size_t i = 0; i < t->n_rows; i++) {
                want_min = t->columns[1].v.i32[i] < want_min ? t->columns[1].v.i32[i] : want_min;
                want_max = t->columns[1].v.i32[i] > want_max ? t->columns[1].v.i32[i] : want_max;
            }
            assert_int_equal(min, want_min);
            assert_int_equal(max, want_max);
            assert_int_equal(c.nulls, 0);
        }
        if (leaf == 8)
            assert_str(c.path, "coordinates.list.element");
    }
    assert_true(parquet_chunk(f, 0, 7).dictionary); /* the coded column */
    parquet_close(f);
    arena_release(&a);
}

static void nan_and_long_texts_have_no_bounds_and_zero_has_both_signs(void **state)
{
    (void)state;
    struct parquet_field fields[] = { { .name = S_INIT("d"), .kind = PARQUET_DOUBLE }, { .name = S_INIT("s"), .kind = PARQUET_STRING } };
    struct err e = { 0 };
    struct buf out = BUF_INIT, row = BUF_INIT;
    struct parquet_writer *w = parquet_writer_open(fields, 2, NULL, &out, &e);
    buf_z(&row, "{\"d\":0,\"s\":\"");
    for (int i = 0; i < 100; i++)
        buf_c(&row, 'x');
    buf_z(&row, "\"}");
    assert_ok(parquet_writer_json(w, buf_str(&row), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    struct parquet_file *f = parquet_open(buf_str(&out), S("t"), &e);
    double min, max;
    memcpy(&min, parquet_chunk(f, 0, 0).min.p, 8);
    memcpy(&max, parquet_chunk(f, 0, 0).max.p, 8);
    assert_true(signbit(min) && !signbit(max) && min == 0 && max == 0);
    assert_null(parquet_chunk(f, 0, 1).min.p);
    assert_null(parquet_chunk(f, 0, 1).max.p);
    parquet_close(f);
    buf_release(&out);
    buf_release(&row);
}

/* ---- nested rows ---- */

static struct parquet_field inner[] = { { .name = S_INIT("key"), .kind = PARQUET_STRING, .required = true }, { .name = S_INIT("value"), .kind = PARQUET_STRING } };
static struct parquet_field text_element[] = { { .name = S_INIT("element"), .kind = PARQUET_STRING } };
static struct parquet_field point[] = { { .name = S_INIT("x"), .kind = PARQUET_LONG, .required = true }, { .name = S_INIT("y"), .kind = PARQUET_DOUBLE },
                                        { .name = S_INIT("names"), .kind = PARQUET_LIST, .children = text_element, .n_children = 1 } };
static struct parquet_field points_element[] = { { .name = S_INIT("element"), .kind = PARQUET_STRUCT, .children = point, .n_children = 3 } };
static struct parquet_field nested[] = {
    { .name = S_INIT("id"), .kind = PARQUET_INT, .required = true },
    { .name = S_INIT("m"), .kind = PARQUET_MAP, .children = inner, .n_children = 2 },
    { .name = S_INIT("points"), .kind = PARQUET_LIST, .children = points_element, .n_children = 1 },
    { .name = S_INIT("p"), .kind = PARQUET_STRUCT, .children = point, .n_children = 3 },
    { .name = S_INIT("b"), .kind = PARQUET_BOOLEAN },
    { .name = S_INIT("t"), .kind = PARQUET_STRING },
};

static const char *const nested_rows[] = {
    "{\"id\":1,\"m\":{\"a\":\"b\",\"c\":null},\"points\":[{\"x\":1,\"y\":2.5,\"names\":[\"p\",null]},{\"x\":2,\"y\":null,\"names\":[]}],\"p\":{\"x\":9,\"y\":1,\"names\":null},\"b\":true,\"t\":\"é\\\"\\n\"}",
    "{\"id\":2,\"m\":{},\"points\":[],\"p\":null,\"b\":false,\"t\":\"\"}",
    "{\"id\":3,\"m\":null,\"points\":null,\"p\":null,\"b\":null,\"t\":null}",
    "{\"id\":4,\"m\":{\"\":\"x\"},\"points\":[null,{\"x\":-9223372036854775808,\"y\":-0.5,\"names\":[\"\"]},null],\"p\":{\"x\":0,\"y\":null,\"names\":[\"a\",\"b\",\"c\"]},\"b\":true,\"t\":\"z\"}",
};
enum { NESTED_ROWS = sizeof nested_rows / sizeof *nested_rows };

static void write_nested(struct buf *out, size_t rows, const struct parquet_options *o)
{
    struct err e = { 0 };
    struct parquet_writer *w = parquet_writer_open(nested, 6, o, out, &e);
    assert_non_null(w);
    for (size_t i = 0; i < rows; i++)
        assert_ok(parquet_writer_json(w, str_of(nested_rows[i % NESTED_ROWS]), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
}

static void structs_lists_and_maps_come_back_as_they_were(void **state)
{
    (void)state;
    static const struct parquet_options options[] = { { 0 }, { .page_rows = 1, .row_group_rows = 3 }, { .codec = PARQUET_ZSTD, .no_dictionary = true } };
    for (size_t o = 0; o < 3; o++) {
        struct buf out = BUF_INIT, want = BUF_INIT;
        struct arena a = ARENA_INIT;
        write_nested(&out, 50, &options[o]);
        for (size_t i = 0; i < 50; i++)
            buf_f(&want, "%s\n", nested_rows[i % NESTED_ROWS]);
        assert_same_lines(read_all(buf_str(&out), &a), buf_str(&want));
        buf_release(&out);
        buf_release(&want);
        arena_release(&a);
    }
}

static void some_columns_can_be_asked_for_and_absent_ones_are_null(void **state)
{
    (void)state;
    struct parquet_field y[] = { { .name = S_INIT("y"), .kind = PARQUET_DOUBLE }, { .name = S_INIT("none"), .kind = PARQUET_DATE } };
    struct parquet_field none[] = { { .name = S_INIT("none"), .kind = PARQUET_LONG } };
    struct parquet_field wanted[] = {
        { .name = S_INIT("new"), .kind = PARQUET_STRING },
        { .name = S_INIT("p"), .kind = PARQUET_STRUCT, .children = y, .n_children = 2 },
        { .name = S_INIT("p"), .kind = PARQUET_STRUCT, .children = none, .n_children = 1 },
        { .name = S_INIT("id"), .kind = PARQUET_LONG }, /* wider than the file's */
    };
    static const char *const want[] = { "{\"new\":null,\"p\":{\"y\":1,\"none\":null},\"p\":{\"none\":null},\"id\":1}", "{\"new\":null,\"p\":null,\"p\":null,\"id\":2}" };
    struct buf out = BUF_INIT, row = BUF_INIT;
    struct err e = { 0 };
    write_nested(&out, 2, NULL);
    struct parquet_file *f = parquet_open(buf_str(&out), S("t"), &e);
    struct parquet_reader *r = parquet_reader_open(f, wanted, 4, &e);
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&row);
        assert_int_equal(parquet_reader_next(r, &row, &e), 1);
        assert_str(buf_str(&row), want[i]);
    }
    assert_int_equal(parquet_reader_next(r, &row, &e), 0);
    parquet_reader_close(r);
    struct parquet_field wrong = { .name = S("t"), .kind = PARQUET_LONG };
    assert_null(parquet_reader_open(f, &wrong, 1, &e));
    assert_string_equal(e.code, "PARQUET_TYPE");
    parquet_close(f);
    buf_release(&out);
    buf_release(&row);
}

static void a_refused_row_leaves_nothing_behind(void **state)
{
    (void)state;
    static const struct { const char *row, *says; } cases[] = {
        { "{\"id\":1,\"extra\":2}", "extra" },
        { "{\"m\":{}}", "id may not be null" },
        { "{\"id\":\"x\"}", "integer" },
        { "{\"id\":2147483648}", "integer" },
        { "{\"id\":1,\"points\":[{\"x\":1},{\"y\":2}]}", "x may not be null" },
        { "{\"id\":1,\"t\":5}", "string" },
        { "{\"id\":1,\"m\":[]}", "map" },
        { "{\"id\":1", "JSON" },
        { "[]", "JSON" },
    };
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    struct parquet_writer *w = parquet_writer_open(nested, 6, NULL, &out, &e);
    assert_ok(parquet_writer_json(w, str_of(nested_rows[0]), &e), &e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parquet_writer_json(w, str_of(cases[i].row), &e), -1);
        if (!strstr(e.message, cases[i].says))
            fail_msg("'%s' does not say '%s'", e.message, cases[i].says);
    }
    assert_ok(parquet_writer_json(w, str_of(nested_rows[3]), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    struct str got = read_all(buf_str(&out), &a);
    assert_str(str_cut(&got, '\n'), nested_rows[0]);
    assert_str(str_cut(&got, '\n'), nested_rows[3]);
    assert_int_equal(got.n, 0);
    buf_release(&out);
    arena_release(&a);
}

static void kinds_that_are_only_read_are_refused_by_name(void **state)
{
    (void)state;
    static const enum parquet_kind kinds[] = { PARQUET_FLOAT, PARQUET_BINARY, PARQUET_DATE, PARQUET_TIMESTAMP_NTZ, PARQUET_DECIMAL };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct parquet_field f = { .name = S("c"), .kind = kinds[i] };
        struct err e = { 0 };
        assert_null(parquet_writer_open(&f, 1, NULL, &out, &e));
        assert_string_equal(e.code, "PARQUET_UNSUPPORTED");
        assert_non_null(strstr(e.message, parquet_kind_name(kinds[i])));
    }
    buf_release(&out);
}

static void bytes_can_leave_the_buffer_while_the_file_grows(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct table *t = sink_table_make(900, 5, &a);
    struct buf out = BUF_INIT, file = BUF_INIT;
    struct parquet_options o = { .row_group_rows = 100 };
    buf_z(&out, "before");
    struct parquet_writer *w = parquet_writer_open(parquet_table_fields(t, &a), t->n_columns, &o, &out, &e);
    for (size_t i = 0; i < 900; i += 300) {
        assert_ok(parquet_writer_table(w, t, i, 300, &e), &e);
        buf_str_add(&file, buf_str(&out));
        parquet_writer_drained(w, out.n);
        buf_reset(&out);
    }
    assert_ok(parquet_writer_end(w, &e), &e);
    buf_str_add(&file, buf_str(&out));
    parquet_writer_close(w);
    assert_same_lines(read_all(str_from(buf_str(&file), 6), &a), sink_table_lines(t, &a));
    buf_release(&out);
    buf_release(&file);
    arena_release(&a);
}

/* ---- bytes that are no Parquet ---- */

/* Reads as far as it goes; only that it ends matters. */
static void read_somehow(struct str bytes)
{
    struct err e = { 0 };
    struct parquet_file *f = parquet_open(bytes, S("broken"), &e);
    struct parquet_reader *r = f ? parquet_reader_open(f, NULL, 0, &e) : NULL;
    struct buf out = BUF_MAX(1 << 20);
    for (int i = 0; r && i < 200 && parquet_reader_next(r, &out, &e) == 1; i++)
        ;
    if (!f || !r)
        assert_true(e.code[0] != 0);
    buf_release(&out);
    parquet_reader_close(r);
    parquet_close(f);
}

static void broken_bytes_are_an_error_and_nothing_else(void **state)
{
    (void)state;
    static const enum parquet_codec codecs[] = { PARQUET_NONE, PARQUET_SNAPPY, PARQUET_ZSTD, PARQUET_GZIP };
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t c = 0; c < 4; c++) {
        struct buf out = BUF_INIT;
        struct parquet_options o = { .codec = codecs[c], .page_rows = 5 };
        write_nested(&out, 40, &o);
        for (size_t n = 0; n < out.n; n += 1 + out.n / 400)
            read_somehow(str_head(buf_str(&out), n));
        for (int round = 0; round < 6000; round++) {
            char *copy = mem_alloc(out.n); /* of exactly this size, so that reading beyond it shows */
            memcpy(copy, out.p, out.n);
            for (uint64_t k = 1 + rng_below(&rng, 3); k; k--)
                copy[rng_below(&rng, out.n)] = (char)rng_u64(&rng);
            read_somehow((struct str){ copy, out.n });
            free(copy);
        }
        buf_release(&out);
    }
}

/* A file of one column and one page, whose page header claims what `claim` makes of it. */
static void put_claiming(struct buf *out, enum parquet_codec codec, void (*claim)(struct parquet_page_header *h), struct arena *a)
{
    struct buf honest = BUF_INIT;
    struct err e = { 0 };
    struct parquet_field field = { .name = S("t"), .kind = PARQUET_STRING };
    struct parquet_options o = { .codec = codec, .no_dictionary = true };
    struct parquet_meta m;
    struct parquet_page_header h;
    struct parquet_writer *w = parquet_writer_open(&field, 1, &o, &honest, &e);
    for (int i = 0; i < 100; i++)
        assert_ok(parquet_writer_json(w, S("{\"t\":\"the same text again and again\"}"), &e), &e);
    assert_ok(parquet_writer_end(w, &e), &e);
    parquet_writer_close(w);
    struct str bytes = buf_str(&honest);
    size_t footer = (unsigned char)bytes.p[bytes.n - 8] | (size_t)(unsigned char)bytes.p[bytes.n - 7] << 8;
    assert_ok(parquet_meta_read(str_head(str_from(bytes, bytes.n - 8 - footer), footer), S("f"), a, &m, &e), &e);
    struct parquet_chunk_meta *chunk = &m.groups[0].chunks[0];
    struct str page = str_from(bytes, (size_t)chunk->data_offset);
    size_t header = parquet_meta_page(page, &h);
    struct str body = str_head(str_from(page, header), (size_t)h.compressed_bytes);
    h.has_crc = false;
    claim(&h);
    buf_z(out, "PAR1");
    parquet_meta_write_page(&h, out);
    buf_str_add(out, body);
    chunk->data_offset = 4;
    chunk->compressed_bytes = (int64_t)out->n - 4;
    size_t at = out->n;
    parquet_meta_write(&m, out);
    uint32_t n = (uint32_t)(out->n - at);
    for (int i = 0; i < 4; i++)
        buf_c(out, (char)(n >> 8 * i & 0xff));
    buf_z(out, "PAR1");
    buf_release(&honest);
}

static void claim_nothing(struct parquet_page_header *h) { (void)h; }
static void claim_2_gb(struct parquet_page_header *h) { h->uncompressed_bytes = INT32_MAX; }
static void claim_200_mb(struct parquet_page_header *h) { h->uncompressed_bytes = 200 << 20; }
static void claim_2_gb_compressed(struct parquet_page_header *h) { h->compressed_bytes = INT32_MAX; }
static void claim_many_values(struct parquet_page_header *h) { h->n_values = INT32_MAX; }

static void a_page_that_claims_too_much_is_refused(void **state)
{
    (void)state;
    static void (*const claims[])(struct parquet_page_header *h) = { claim_nothing, claim_2_gb, claim_200_mb, claim_2_gb_compressed, claim_many_values };
    for (int codec = PARQUET_SNAPPY; codec <= PARQUET_NONE; codec++)
        for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
            struct arena a = ARENA_INIT;
            struct err e = { 0 };
            struct buf file = BUF_INIT, row = BUF_INIT;
            put_claiming(&file, (enum parquet_codec)codec, claims[i], &a);
            struct parquet_file *f = parquet_open(buf_str(&file), S("claims"), &e);
            assert_non_null(f);
            struct parquet_reader *r = parquet_reader_open(f, NULL, 0, &e);
            int rows = 0, got;
            while ((got = parquet_reader_next(r, &row, &e)) == 1)
                rows++;
            if (i ? got != -1 || strcmp(e.code, "PARQUET_MALFORMED") : rows != 100)
                fail_msg("codec %d, claim %zu: %d after %d rows [%s] %s", codec, i, got, rows, e.code, e.message);
            parquet_reader_close(r);
            parquet_close(f);
            buf_release(&file);
            buf_release(&row);
            arena_release(&a);
        }
}

static void what_is_no_parquet_file_is_said_so(void **state)
{
    (void)state;
    static const struct { struct str bytes; const char *code; } cases[] = {
        { S_INIT(""), "PARQUET_MALFORMED" },
        { S_INIT("PAR1PAR1"), "PARQUET_MALFORMED" },
        { S_INIT("PAR1\0\0\0\0PAR1"), "PARQUET_MALFORMED" },
        { S_INIT("PAR1\xff\xff\xff\xffPAR1"), "PARQUET_MALFORMED" },
        { S_INIT("PARE........PARE"), "PARQUET_UNSUPPORTED" },
        { S_INIT("{\"a\":1}\n{\"a\":2}\n"), "PARQUET_MALFORMED" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        assert_null(parquet_open(cases[i].bytes, S("f.parquet"), &e));
        assert_string_equal(e.code, cases[i].code);
        assert_non_null(strstr(e.message, "f.parquet"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives_every_codec_page_and_row_group_size),
        cmocka_unit_test(statistics_say_min_max_and_nulls),
        cmocka_unit_test(nan_and_long_texts_have_no_bounds_and_zero_has_both_signs),
        cmocka_unit_test(structs_lists_and_maps_come_back_as_they_were),
        cmocka_unit_test(some_columns_can_be_asked_for_and_absent_ones_are_null),
        cmocka_unit_test(a_refused_row_leaves_nothing_behind),
        cmocka_unit_test(kinds_that_are_only_read_are_refused_by_name),
        cmocka_unit_test(bytes_can_leave_the_buffer_while_the_file_grows),
        cmocka_unit_test(broken_bytes_are_an_error_and_nothing_else),
        cmocka_unit_test(a_page_that_claims_too_much_is_refused),
        cmocka_unit_test(what_is_no_parquet_file_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
