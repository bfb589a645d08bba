/* Many lines at once, by shape and by threads, against one fresh cleaner per line, which knows no shape. */
#include "tests/support/t.h"

#include "base/rng.h"
#include "pipeline/clean/cleaner_own.h"
#include "pipeline/clean/lines.h"

static const char *const PIN[] = {
    "{\"index\":%u,\"unique_id\":\"u\",\"title\":\"No Title Data Available\",\"description\":\"caf\\u00e9 \xc3\xa9\",\"poster_name\":\"p\",\"follower_count\":\"%uk\",\"tag_list\":\"a,b\",\"is_image_or_video\":\"image\",\"image_src\":\"Image src error.\",\"downloaded\":1,\"save_location\":\"Local save in /data/art\",\"category\":\"art\"}",
    "{\"index\":-%u,\"unique_id\":\"\",\"title\":12,\"description\":null,\"poster_name\":\"User Info Error\",\"follower_count\":%u,\"tag_list\":\"\",\"is_image_or_video\":true,\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"Local save in /data/beauty\",\"category\":\"beauty\"}",
    "{\"index\":%u.0,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"\\ud83d\",\"follower_count\":\"%ux\",\"tag_list\":\"a\",\"is_image_or_video\":[1],\"image_src\":{},\"downloaded\":1,\"save_location\":\"Local save in \",\"category\":\"\"}",
    "{\"index\":%u,\"unique_id\":\"\xff\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"%u\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"l\",\"category\":\"art\"}",
    "{\"index\":0%u,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"%u\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"l\",\"category\":\"art\"}",
    "{\"index\":%u,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"%u\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"l\",\"category\":\"art\"} x",
    "{\"index\":%u,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"%u\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"l\",\"category\":\"art\"}\r",
    "{\"index\":%u,\"unique_id\":\"u\",\"title\":\"t\",\"follower_count\":\"%u\"",
    "{\"index\":null,\"unique_id\":\"u%u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"%u\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"x\",\"downloaded\":1,\"save_location\":\"l\",\"category\":\"art\"}",
    "{\"ind\": %u, \"unique_id\": \"u\", \"title\": \"t\", \"description\": \"d\", \"poster_name\": \"p\", \"follower_count\": \"%uM\", \"tag_list\": \"a\", \"is_image_or_video\": \"image\", \"image_src\": \"x\", \"extra\": 1e5, \"save_location\": \"l\", \"category\": \"art\"}",
    "[]%.0u%.0u", "  %.0u%.0u", "%.0u%.0u",
};
static const char *const GEO[] = {
    "{\"ind\":%u,\"timestamp\":\"2020-08-28 03:52:47\",\"latitude\":-%u.9787,\"longitude\":-173.293,\"country\":\"Albania\"}",
    "{\"ind\":%u,\"timestamp\":\"2020-08-28T03:52:47Z\",\"latitude\":%u,\"longitude\":0.1,\"country\":\"Cura\xc3\xa7" "ao\"}",
    "{\"ind\":%u,\"timestamp\":\"2020-02-30 03:52:47\",\"latitude\":-0.0,\"longitude\":%ue-2,\"country\":\"\"}",
    "{\"ind\":%u,\"timestamp\":\"0000-03-01 00:00:00\",\"latitude\":-0,\"longitude\":12345678.12345%u,\"country\":null}",
    "{\"ind\":%u,\"timestamp\":\"1900-02-29T00:00:00\",\"latitude\":123456789.5,\"longitude\":1.%u23456789,\"country\":\"x\"}",
    "{\"ind\":%u,\"timestamp\":\"2000-02-29T00:00:00\",\"latitude\":\"%u.5\",\"longitude\":1.,\"country\":\"x\"}",
    "{\"ind\":%u,\"timestamp\":null,\"latitude\":\"1%u\",\"longitude\":[],\"country\":\"x\"}",
    "{\"ind\":%u,\"timestamp\":\"9999-12-31 23:59:59\",\"coordinates\":[%u,2],\"country\":\"x\"}",
    "{\"ind\":%u9223372036854775807,\"timestamp\":\"2020-08-28 24:00:00\",\"latitude\":1,\"longitude\":%u,\"country\":\"x\"}",
    "{\"ind\":%u,\"timestamp\":\"2020-08-28/03:52:47\",\"latitude\":1,\"longitude\":%u,\"country\":{\"a\":1}}",
};

static void put_line(struct rng *rng, const char *const *forms, size_t n, struct buf *out)
{
    char line[1024];
    const char *form = rng_below(rng, 3) ? forms[rng_below(rng, 2)] : forms[rng_below(rng, n)];
    unsigned a = (unsigned)rng_below(rng, 100000), b = (unsigned)rng_below(rng, 1000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int bytes = snprintf(line, sizeof line, form, a, b);
#pragma GCC diagnostic pop
    buf_add(out, line, (size_t)bytes);
}

/* One cleaner per line. */
static struct table *slowly(struct rules *r, struct str table, struct str text, struct lines *refused)
{
    struct table *all = table_open(r, table);
    for (size_t line = 1; text.n; line++) {
        struct str record = str_cut(&text, '\n');
        struct cleaner *c = cleaner_open(r, table, true);
        struct err why;
        if (str_trim(record).n && cleaner_add(c, record, line, &why) < 0) {
            refused->refused = mem_grow(refused->refused, (refused->n_refused + 1) * sizeof *refused->refused);
            struct lines_refused *x = &refused->refused[refused->n_refused++];
            *x = (struct lines_refused){ .line = line, .record = record, .message = mem_dup(str_of(why.message)) };
            struct str code = str_of(why.code);
            memcpy(x->code, code.p, code.n < sizeof x->code ? code.n : sizeof x->code - 1);
        }
        table_merge(all, cleaner_take(c));
        cleaner_close(c);
    }
    return all;
}

static void same_tables(struct table *a, struct table *b)
{
    struct buf x = BUF_INIT, y = BUF_INIT;
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->refused, b->refused);
    assert_int_equal(a->unknown_keys, b->unknown_keys);
    for (size_t i = 0; i < a->n_rows; i++) {
        assert_int_equal(a->tag[i], b->tag[i]);
        table_put_jsonl(a, i, &x);
        table_put_jsonl(b, i, &y);
    }
    assert_int_equal(x.n, y.n);
    assert_true(str_eq(buf_str(&x), buf_str(&y)));
    for (size_t i = 0; i < a->n_counts; i++) {
        assert_int_equal(a->counts[i].touched, b->counts[i].touched);
        assert_int_equal(a->counts[i].nulled, b->counts[i].nulled);
        assert_true(str_eq(a->counts[i].sample, b->counts[i].sample));
        assert_int_equal(a->counts[i].sample_tag, b->counts[i].sample_tag);
    }
    buf_release(&x);
    buf_release(&y);
}

/* One reader of each width. */
static void same_at_every_width(struct rules *r, struct str table, struct str text, struct table *want)
{
    static const enum shape_width WIDTHS[] = { SHAPE_1, SHAPE_16, SHAPE_32 };
    for (size_t i = 0; i < sizeof WIDTHS / sizeof *WIDTHS; i++) {
        struct cleaner *c = cleaner_open(r, table, true);
        struct str rest = text, record;
        struct err why;
        c->read = shape_reader_of(WIDTHS[i]);
        for (uint64_t line = 1; rest.n; line++)
            cleaner_add_line(c, &rest, line, &record, &why);
        struct table *got = cleaner_take(c);
        same_tables(want, got);
        table_close(got);
        cleaner_close(c);
    }
}

static void compare(struct rules *r, const char *table, const char *const *forms, size_t n, uint64_t seed)
{
    static const unsigned THREADS[] = { 1, 2, 3, 5, 7 };
    struct rng rng;
    struct err e;
    struct buf text = BUF_INIT;
    struct lines want = { 0 };
    rng_seed(&rng, seed);
    for (size_t i = 0; i < 1500; i++) {
        put_line(&rng, forms, n, &text);
        buf_z(&text, i + 1 < 1500 || seed % 2 ? "\n" : "");
    }
    want.table = slowly(r, str_of(table), buf_str(&text), &want);
    same_at_every_width(r, str_of(table), buf_str(&text), want.table);
    for (size_t k = 0; k < sizeof THREADS / sizeof *THREADS; k++) {
        struct lines got;
        assert_ok(lines_clean(r, str_of(table), buf_str(&text), THREADS[k], &got, &e), &e);
        same_tables(want.table, got.table);
        assert_int_equal(want.n_refused, got.n_refused);
        for (size_t i = 0; i < got.n_refused; i++) {
            assert_int_equal(want.refused[i].line, got.refused[i].line);
            assert_string_equal(want.refused[i].code, got.refused[i].code);
            assert_string_equal(want.refused[i].message, got.refused[i].message);
            assert_true(str_eq(want.refused[i].record, got.refused[i].record));
        }
        lines_release(&got);
    }
    lines_release(&want);
    buf_release(&text);
}

static void lines_give_what_single_records_give_for_any_number_of_threads(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        compare(r, "pin", PIN, sizeof PIN / sizeof *PIN, seed);
        compare(r, "geo", GEO, sizeof GEO / sizeof *GEO, seed);
    }
    rules_close(r);
}

/* A user whose first name is of so many bytes, with `last` as its last. */
static void put_long(struct buf *out, unsigned ind, size_t bytes, const char *last)
{
    buf_f(out, "{\"ind\":%u,\"first_name\":\"", ind);
    memset(buf_room(out, bytes), 'x', bytes);
    out->n += bytes;
    buf_f(out, "%s\",\"last_name\":\"l\",\"age\":30,\"date_joined\":\"2015-10-24 11:23:51\"}\n", last);
}

static void cells_of_a_million_characters_have_the_outcomes_of_short_ones(void **state)
{
    static const char *const LAST[] = { "", "\\n", "\xc3\xa9", "\xc3", "\\ud83d", "\\x", "\n" };
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct buf text = BUF_INIT;
    struct lines want = { 0 }, got;
    (void)state;
    for (unsigned i = 0; i < 2 * sizeof LAST / sizeof *LAST; i++)
        put_long(&text, i, i % 2 ? 1000000 + i : i, LAST[i / 2]);
    want.table = slowly(r, S("user"), buf_str(&text), &want);
    assert_int_equal(want.n_refused, 8); /* half a letter, an escape that is none, and a line end, which makes two of each */
    for (unsigned threads = 1; threads <= 3; threads++) {
        assert_ok(lines_clean(r, S("user"), buf_str(&text), threads, &got, &e), &e);
        same_tables(want.table, got.table);
        assert_int_equal(got.n_refused, want.n_refused);
        lines_release(&got);
    }
    lines_release(&want);
    buf_release(&text);
    rules_close(r);
}

/* The last thread's lines are guessed from the others': far too few here, none at all, and many that are not there. */
static void lines_are_found_where_they_are_longer_or_shorter_than_before(void **state)
{
    static const struct { unsigned first, last; size_t first_bytes, last_bytes; } cases[] = {
        { 3, 3000, 100000, 1 }, { 3000, 3, 1, 100000 }, { 1, 1000, 1000000, 1 }, { 1000, 1, 1, 1000000 }, { 1, 0, 1000000, 0 },
    };
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf text = BUF_INIT;
        struct lines want = { 0 }, got;
        for (unsigned k = 0; k < cases[i].first + cases[i].last; k++)
            put_long(&text, k, k < cases[i].first ? cases[i].first_bytes : cases[i].last_bytes, "");
        want.table = slowly(r, S("user"), buf_str(&text), &want);
        for (unsigned threads = 1; threads <= 4; threads++) {
            assert_ok(lines_clean(r, S("user"), buf_str(&text), threads, &got, &e), &e);
            same_tables(want.table, got.table);
            lines_release(&got);
        }
        lines_release(&want);
        buf_release(&text);
    }
    rules_close(r);
}

static void cleaned_rows_are_cleaned_to_the_same_bytes(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct buf raw = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
    struct rng rng;
    struct lines l;
    (void)state;
    rng_seed(&rng, 9);
    for (size_t i = 0; i < 1000; i++) {
        put_line(&rng, PIN, sizeof PIN / sizeof *PIN, &raw);
        buf_c(&raw, '\n');
    }
    for (int pass = 0; pass < 2; pass++) {
        assert_ok(lines_clean(r, S("pin"), buf_str(pass ? &once : &raw), 2, &l, &e), &e);
        assert_true(pass ? l.n_refused == 0 : l.n_refused > 0);
        assert_int_equal(lines_view(&l, buf_str(pass ? &once : &raw)), true);
        table_finish(l.table);
        for (size_t i = 0; i < l.table->n_rows; i++)
            table_put_jsonl(l.table, i, pass ? &twice : &once);
        lines_release(&l);
    }
    assert_true(once.n > 1000);
    assert_true(str_eq(buf_str(&once), buf_str(&twice)));
    buf_release(&raw);
    buf_release(&once);
    buf_release(&twice);
    rules_close(r);
}

static void nothing_gives_an_empty_table_and_an_unknown_table_is_told(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct lines l;
    (void)state;
    assert_ok(lines_clean(r, S("pin"), S(""), 3, &l, &e), &e);
    assert_int_equal(l.table->n_rows, 0);
    lines_release(&l);
    assert_ok(lines_clean(r, S("pin"), S("\n\n \n"), 0, &l, &e), &e);
    assert_int_equal(l.table->n_rows + l.n_refused, 0);
    lines_release(&l);
    assert_int_equal(lines_clean(r, S("nothing"), S("{}"), 2, &l, &e), -1);
    assert_string_equal(e.code, "TABLE_MISSING");
    rules_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_give_what_single_records_give_for_any_number_of_threads),
        cmocka_unit_test(cells_of_a_million_characters_have_the_outcomes_of_short_ones),
        cmocka_unit_test(lines_are_found_where_they_are_longer_or_shorter_than_before),
        cmocka_unit_test(cleaned_rows_are_cleaned_to_the_same_bytes),
        cmocka_unit_test(nothing_gives_an_empty_table_and_an_unknown_table_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
