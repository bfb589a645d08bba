/* Profiles: figures against plain counting, the order of rows, threads, files there and back, damaged files. */
#include "tests/support/t.h"

#include "base/json.h"
#include "base/rng.h"
#include "pipeline/check/profile.h"
#include "pipeline/clean/lines.h"

enum { ROWS = 3000 };

/* A text of pin rows; `from` shifts where it begins, so that the same rows come in another order. */
static struct str pins(struct arena *a, size_t from)
{
    struct buf b = BUF_INIT;
    for (size_t k = 0; k < ROWS; k++) {
        size_t i = (k + from) % ROWS;
        buf_f(&b, "{\"index\":%zu,\"unique_id\":\"u%zu\",\"title\":%s\"t%zu\"%s,\"description\":\"d\",\"poster_name\":\"p%zu\",\"follower_count\":\"%zuk\",", i,
              i, i % 10 ? "" : "\"No Title Data Available\",\"x\":", i % 700, "", i % 3, i % 1000);
        buf_f(&b, "\"tag_list\":\"\",\"is_image_or_video\":\"image\",\"image_src\":\"s\",\"save_location\":\"Local save in /data/c%zu\",\"category\":\"c%zu\"}\n",
              i % 7, i % 7);
    }
    return arena_keep(a, &b);
}

static struct table *cleaned(const struct rules *r, struct str text)
{
    struct lines lines;
    struct err e;
    assert_ok(lines_clean(r, S("pin"), text, 1, &lines, &e), &e);
    struct table *t = lines.table;
    lines.table = NULL;
    lines_release(&lines);
    table_finish(t);
    return t;
}

static const struct column_profile *of(const struct table_profile *p, const char *name)
{
    const struct column_profile *c = profile_column(p, str_of(name));
    assert_non_null(c);
    return c;
}

#define FIGURE(name, metric, text) assert_str(of(&p, (name))->figure[metric].json, (text))

static void figures_are_what_plain_counting_gives(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct table *t = cleaned(r, pins(&a, 0));
    struct table_profile p;
    (void)state;
    profile_tables((const struct table *const[]){ t }, 1, 1, &a, &p, NULL);
    assert_int_equal(p.rows, ROWS);
    assert_int_equal(p.keys, ROWS);
    FIGURE("ind", PROFILE_MIN, "0");
    FIGURE("ind", PROFILE_MAX, "2999");
    FIGURE("ind", PROFILE_MEAN, "1499.5");
    FIGURE("ind", PROFILE_Q25, "749");
    FIGURE("ind", PROFILE_MEDIAN, "1499");
    FIGURE("ind", PROFILE_Q75, "2249");
    FIGURE("ind", PROFILE_DISTINCT, "3000");
    assert_int_equal(of(&p, "ind")->n_top, 0); /* nothing repeats */
    FIGURE("follower_count", PROFILE_DISTINCT, "1000");
    FIGURE("follower_count", PROFILE_MEDIAN, "499000");
    FIGURE("follower_count", PROFILE_MAX, "999000");
    FIGURE("title", PROFILE_NULLS, "300");
    FIGURE("title", PROFILE_DISTINCT, "630"); /* of 700, those that i % 10 leaves */
    FIGURE("title", PROFILE_SHORTEST, "2");
    FIGURE("title", PROFILE_LONGEST, "4");
    FIGURE("tag_list", PROFILE_NULLS, "3000");
    FIGURE("tag_list", PROFILE_MIN, "");
    FIGURE("category", PROFILE_MIN, "\"c0\"");
    FIGURE("category", PROFILE_MAX, "\"c6\"");
    FIGURE("category", PROFILE_LENGTH, "2");
    const struct column_profile *category = of(&p, "category");
    assert_int_equal(category->n_top, 7);
    assert_str(category->top[0].json, "\"c0\"");
    assert_int_equal(category->top[0].count, 429);
    assert_int_equal(category->top[6].count, 428);
    uint64_t nulls = 0;
    for (size_t i = 0; i < PROFILE_PARTS; i++)
        nulls += of(&p, "title")->part_nulls[i];
    assert_int_equal(nulls, 300);
    table_close(t);
    rules_close(r);
    arena_release(&a);
}

static struct str text_of(const struct table_profile *p, struct arena *a)
{
    struct buf b = BUF_INIT;
    profile_put(p, &b);
    return arena_keep(a, &b);
}

static void order_and_threads_change_nothing(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct table *t = cleaned(r, pins(&a, 0)), *other = cleaned(r, pins(&a, 1234));
    struct table_profile p[3];
    uint64_t *hashes[2];
    (void)state;
    profile_tables((const struct table *const[]){ t }, 1, 1, &a, &p[0], hashes);
    profile_tables((const struct table *const[]){ other }, 1, 4, &a, &p[1], hashes + 1);
    assert_true(str_eq(text_of(&p[0], &a), text_of(&p[1], &a)));
    assert_memory_equal(hashes[0], hashes[1], ROWS * sizeof **hashes);
    /* one cell, and the row, its column and the table have other hashes; no other column has */
    other->columns[4].v.i32[17]++;
    free(hashes[1]);
    profile_tables((const struct table *const[]){ other }, 1, 2, &a, &p[2], hashes + 1);
    assert_true(p[2].hash[0] != p[0].hash[0] && p[2].hash[1] != p[0].hash[1]);
    for (size_t c = 0; c < p[0].n_columns; c++)
        assert_int_equal(p[2].columns[c].hash != p[0].columns[c].hash, c == 4);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(hashes[0][i] != hashes[1][i], i == 17);
    free(hashes[0]);
    free(hashes[1]);
    table_close(t);
    table_close(other);
    rules_close(r);
    arena_release(&a);
}

/* Two columns that exchange their values have the same columns' hashes in sum, and another table. */
static void a_value_belongs_to_its_column(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct table *t = cleaned(r, pins(&a, 0));
    struct table_profile p[2];
    (void)state;
    profile_tables((const struct table *const[]){ t }, 1, 1, &a, &p[0], NULL);
    struct str *swap = t->columns[1].v.text;
    t->columns[1].v.text = t->columns[8].v.text;
    t->columns[8].v.text = swap;
    profile_tables((const struct table *const[]){ t }, 1, 1, &a, &p[1], NULL);
    assert_true(p[0].columns[1].hash == p[1].columns[8].hash && p[0].columns[8].hash == p[1].columns[1].hash);
    assert_true(p[0].hash[0] != p[1].hash[0]);
    table_close(t);
    rules_close(r);
    arena_release(&a);
}

static void an_empty_table_has_a_profile(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct table *t = table_open(r, S("geo"));
    struct table_profile p, back;
    (void)state;
    profile_tables((const struct table *const[]){ t }, 1, 0, &a, &p, NULL);
    assert_int_equal(p.rows, 0);
    FIGURE("ind", PROFILE_NULLS, "0");
    FIGURE("ind", PROFILE_MEAN, "");
    assert_ok(profile_read(&a, S("geo.json"), text_of(&p, &a), &back, &e), &e);
    assert_int_equal(back.n_columns, 4);
    table_close(t);
    rules_close(r);
    arena_release(&a);
}

/* Numbers at the ends of their types, infinities never (json has none), signs, NaN within an array. */
static void extremes_keep_their_order(void **state)
{
    static const char *const ROWS_OF[] = {
        "{\"k\":1,\"d\":-1.5,\"l\":-9223372036854775808,\"b\":true,\"t\":\"1969-12-31 23:59:59\",\"x\":1,\"y\":\"n\"}",
        "{\"k\":2,\"d\":1e300,\"l\":9223372036854775807,\"b\":false,\"t\":\"9999-01-01 00:00:00\",\"x\":2,\"y\":2}",
        "{\"k\":3,\"d\":-0.0,\"l\":0,\"b\":null,\"t\":\"0001-01-01 00:00:00\",\"x\":1,\"y\":\"n\"}",
    };
    char dir[] = P_tmpdir "/weirbox-profile-XXXXXX", path[100];
    struct arena a = ARENA_INIT;
    struct err e;
    struct table_profile p;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "mkdir %s/clean", dir);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/clean/t.json", dir);
    FILE *f = fopen(path, "w");
    fputs("{\"table\":\"t\",\"key\":\"k\",\"columns\":{\"k\":{\"type\":\"int\"},\"d\":{\"type\":\"double\"},\"l\":{\"type\":\"long\"},\"b\":{\"type\":\"boolean\"},"
          "\"t\":{\"type\":\"timestamp\"},\"a\":{\"array\":[\"x\",\"y\"],\"type\":\"double\"}}}", f);
    fclose(f);
    struct rules *r = rules_open(dir, NULL, &e);
    struct cleaner *c = r ? cleaner_open(r, S("t"), false) : NULL;
    if (!c)
        fail_msg("%s", e.message);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cleaner_add(c, str_of(ROWS_OF[i]), i, &e), 1);
    struct table *t = cleaner_take(c);
    table_finish(t);
    profile_tables((const struct table *const[]){ t }, 1, 0, &a, &p, NULL);
    FIGURE("d", PROFILE_MIN, "-1.5");
    FIGURE("d", PROFILE_MEDIAN, "0");
    FIGURE("d", PROFILE_MAX, "1e+300");
    FIGURE("l", PROFILE_MIN, "-9223372036854775808");
    FIGURE("l", PROFILE_MEDIAN, "0");
    FIGURE("l", PROFILE_MAX, "9223372036854775807");
    FIGURE("b", PROFILE_DISTINCT, "2");
    FIGURE("t", PROFILE_MIN, "\"0001-01-01T00:00:00Z\"");
    FIGURE("t", PROFILE_MEDIAN, "\"1969-12-31T23:59:59Z\"");
    FIGURE("a", PROFILE_DISTINCT, "2");
    assert_str(of(&p, "a")->top[0].json, "[1,null]");
    table_close(t);
    cleaner_close(c);
    rules_close(r);
    arena_release(&a);
    remove(path);
    snprintf(path, sizeof path, "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

static void a_file_comes_back_as_it_went(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct table *t = cleaned(r, pins(&a, 0));
    struct table_profile p, back;
    (void)state;
    profile_tables((const struct table *const[]){ t }, 1, 0, &a, &p, NULL);
    struct str text = text_of(&p, &a);
    assert_ok(profile_read(&a, S("pin.json"), text, &back, &e), &e);
    assert_true(str_eq(text, text_of(&back, &a)));
    for (size_t n = 0; n < text.n; n += 97) { /* cut anywhere: refused with the place, never read beyond */
        struct str piece = arena_dup(&a, str_head(text, n));
        assert_int_equal(profile_read(&a, S("pin.json"), piece, &back, &e), -1);
        assert_string_equal(e.code, "BASELINE_MALFORMED");
        assert_non_null(strstr(e.message, "pin.json:"));
    }
    table_close(t);
    rules_close(r);
    arena_release(&a);
}

static void damaged_files_say_where(void **state)
{
    static const struct { const char *text, *code, *says; } CASES[] = {
        { "[]", "BASELINE_MALFORMED", "p.json:1:1: must be an object" },
        { "{\"table\":\"pin\"}", "BASELINE_MALFORMED", "needs \"baseline\"" },
        { "{\"baseline\":9}", "BASELINE_VERSION", "p.json:1:13: baseline: a baseline of version 9, and this program reads 1" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1.5}", "BASELINE_MALFORMED", "rows: must be a whole number" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1,\"keys\":1,\"hash\":\"xyz\"}", "BASELINE_MALFORMED", "hash: must be 32 hexadecimal digits" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1,\"keys\":1,\"hash\":\"00000000000000000000000000000000\",\"columns\":[{\"name\":\"x\"}]}", "BASELINE_MALFORMED", "needs \"operations\"" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1,\"keys\":1,\"hash\":\"00000000000000000000000000000000\",\"columns\":[{\"name\":\"x\"}],\"operations\":[]}", "BASELINE_MALFORMED", "columns[0]: needs \"type\"" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1,\"keys\":1,\"hash\":\"00000000000000000000000000000000\",\"columns\":[{\"name\":\"x\",\"type\":\"int\",\"hash\":\"0000000000000000\",\"nulls\":0,\"null_parts\":[1]}],\"operations\":[]}", "BASELINE_MALFORMED", "null_parts: must have 16 numbers" },
        { "{\"baseline\":1,\"table\":\"pin\",\"rows\":1,\"keys\":1,\"hash\":\"00000000000000000000000000000000\",\"columns\":[{\"name\":\"x\",\"type\":\"int\",\"hash\":\"0000000000000000\",\"nulls\":0,\"top\":[[1]]}],\"operations\":[]}", "BASELINE_MALFORMED", "top[0]: must be [value, count]" },
    };
    struct arena a = ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct table_profile p;
        struct err e;
        assert_int_equal(profile_read(&a, S("p.json"), str_of(CASES[i].text), &p, &e), -1);
        assert_string_equal(e.code, CASES[i].code);
        if (!strstr(e.message, CASES[i].says))
            fail_msg("%s: does not say %s", e.message, CASES[i].says);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_what_plain_counting_gives),
        cmocka_unit_test(order_and_threads_change_nothing),
        cmocka_unit_test(a_value_belongs_to_its_column),
        cmocka_unit_test(an_empty_table_has_a_profile),
        cmocka_unit_test(extremes_keep_their_order),
        cmocka_unit_test(a_file_comes_back_as_it_went),
        cmocka_unit_test(damaged_files_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
