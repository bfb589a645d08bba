/* The native engine against SQLite running the SQL generated from the same rules: on rows made of everything that
 * breaks engines, for every profile and for rules that use every operation, the same records are refused, the same
 * rows come out, and the same answers. */
#include "tests/support/t.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/json.h"
#include "base/rng.h"
#include "pipeline/analytics/engine.h"
#include "pipeline/analytics/explain.h"
#include "pipeline/analytics/sql.h"
#include "pipeline/clean/op.h"

/* Values as JSON. "@" = the member is left out; "#" = a small number drawn; "^" = a random text. */
static const char *const COUNTS[] = {
    "\"User Info Error\"", "\"\"", "\"1.2k\"", "\"2147483k\"", "\"2147484k\"", "\"2147483648\"", "\"2147483647\"",
    "\"9999999999\"", "\"99999999999\"", "\"9999999999M\"", "\"\\uff11\\uff12\"", "\" 7\"", "\"7 \"", "\"00012\"",
    "\"0000000012\"", "\"00000000012\"", "null", "\"k\"", "\"12K\"", "\"12kk\"", "\"12k\\u0000\"", "\"12\\u0000\"",
    "\"12\\n\"", "\"+5\"", "\"-5\"", "\"5e3\"", "12", "12.0", "-0", "true", "[1]", "{\"a\":1}", "\"3M\"", "\"999k\"",
    "\"\\u0661\"", "\"1_0\"", "\"0x10\"", "\"12abc\"", "\"12'k\"", "#", "#", "#", "#", "#", "#", "#", "#",
};
static const char *const AGES[] = {
    "17", "18", "24", "25", "35", "36", "50", "51", "\"30\"", "30.0", "30.5", "3e1", "\"3e1\"", "\" 30\"", "\"+30\"",
    "\"abc\"", "null", "\"12abc\"", "2147483647", "2147483648", "-2147483648", "-2147483649", "1e400", "-1", "\"\"",
    "true", "[]", "\"30.\"", "\".5\"", "\"5e-1\"", "\"1e0\"", "\"nan\"", "\"inf\"", "\"0x1e\"", "\"30\\u0000\"",
    "\"-\"", "\"--1\"", "\"1e\"", "\"0030\"", "#", "#", "#", "#", "#", "#", "#", "#", "#", "#",
};
static const char *const INSTANTS[] = {
    "\"2020-02-30 00:00:00\"", "\"2020-02-29 00:00:00\"", "\"2019-02-29 00:00:00\"", "\"1900-02-29T00:00:00\"",
    "\"2000-02-29T23:59:59\"", "\"2018-01-01 00:00:00\"", "\"2017-12-31T23:59:59\"", "\"2022-12-31T23:59:59.999999\"",
    "\"2023-01-01T00:00:00+00:01\"", "\"2018-01-01T00:30:00+01\"", "\"2015-01-01T00:00:00Z\"", "\"2014-12-31T23:00:00-0130\"",
    "\"2020-13-01 00:00:00\"", "\"2020-00-10 00:00:00\"", "\"2020-01-00 00:00:00\"", "\"2020-01-01 24:00:00\"",
    "\"2020-01-01 23:60:00\"", "\"2020-01-01 23:59:60\"", "\"2020-1-1 00:00:00\"", "\"2020-01-01\"",
    "\" 2020-01-01 00:00:00\"", "\"2020-01-01 00:00:00 \"", "\"2020-01-01 00:00:00\\n\"", "\"2020-01-01 00:00:00.\"",
    "\"2020-01-01 00:00:00.1\"", "\"2020-01-01 00:00:00.123456789\"", "\"2020-01-01 00:00:00.1234567890\"",
    "\"2020-01-01 00:00:00+18:59\"", "\"2020-01-01 00:00:00+19:00\"", "\"2020-01-01 00:00:00-18:00\"",
    "\"2020-01-01 00:00:00+1\"", "\"2020-01-01 00:00:00+01:\"", "\"2020-01-01 00:00:00z\"", "\"\"", "null", "0", "1598586767",
    "\"0001-01-01 00:00:00\"", "\"9999-12-31 23:59:59\"", "\"1969-12-31T23:59:59.5\"", "{\"$date\":\"2016-05-05T05:05:05Z\"}",
    "{\"$date\":5}", "\"\\uff12020-01-01 00:00:00\"", "\"2020-01-01t00:00:00\"", "\"2016-07-01 12:00:00\"",
    "\"2017-07-01 12:00:00\"", "\"2019-07-01T12:00:00\"", "\"2020-07-01T12:00:00\"", "\"2021-07-01T12:00:00\"",
};
static const char *const TEXTS[] = {
    "\"\"", "null", "\"No Title Data Available\"", "\"No description available Story format\"", "\"User Info Error\"",
    "\"No description available\"", "\"Untitled\"", "\"N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e\"", "\"Image src error.\"",
    "\"image src error.\"", "\"Image src error. \"", "\" \"", "\"a\\\"b\\\\c\"", "\"caf\\u00e9\"", "\"caf\xc3\xa9\"",
    "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"it's\"", "\"${x}\"", "\"a\\u0000b\"", "12", "1e3", "true", "[\"a\"]", "{}",
    "\"Local save in Local save in /data/x\"", "\"Local save in \"", "\"local save in /data\"", "\"Local save in /data/art\"",
    "\"\\t\"", "\"NULL\"", "\"null\"", "^", "^", "^", "^", "^", "^",
};
static const char *const NUMBERS[] = {
    "-89.9787", "\"-173.293\"", "0", "-0.0", "1e308", "1e309", "\"abc\"", "null", "\"\"", "\" 1\"", "5", "\"1.\"", "[1]", "true",
    "0.1", "1e-320", "123456789012345678", "#",
};
static const char *const CATEGORIES[] = { "\"art\"", "\"beauty\"", "\"Art\"", "\"\"", "null", "\"caf\\u00e9\"", "\"zz\"" };
static const char *const KEYS[] = { "#", "#", "#", "#", "#", "#", "#", "#", "\"7\"", "7.0", "\"7 \"", "null", "\"\"", "9223372036854775807",
                                    "-9223372036854775808", "9223372036854775808", "1e3", "true" };
#define POOL(values) values, sizeof values / sizeof *values
static const struct member_kind {
    const char *table, *member;
    const char *const *values;
    size_t n;
} MEMBERS[] = {
    { "pin", "index", POOL(KEYS) },           { "pin", "unique_id", POOL(TEXTS) },
    { "pin", "title", POOL(TEXTS) },          { "pin", "description", POOL(TEXTS) },
    { "pin", "poster_name", POOL(TEXTS) },    { "pin", "follower_count", POOL(COUNTS) },
    { "pin", "tag_list", POOL(TEXTS) },       { "pin", "is_image_or_video", POOL(CATEGORIES) },
    { "pin", "image_src", POOL(TEXTS) },      { "pin", "downloaded", POOL(NUMBERS) },
    { "pin", "save_location", POOL(TEXTS) },  { "pin", "category", POOL(CATEGORIES) },
    { "geo", "ind", POOL(KEYS) },             { "geo", "timestamp", POOL(INSTANTS) },
    { "geo", "latitude", POOL(NUMBERS) },     { "geo", "longitude", POOL(NUMBERS) },
    { "geo", "country", POOL(CATEGORIES) },   { "user", "ind", POOL(KEYS) },
    { "user", "first_name", POOL(TEXTS) },    { "user", "last_name", POOL(TEXTS) },
    { "user", "age", POOL(AGES) },            { "user", "date_joined", POOL(INSTANTS) },
    { "odd", "k", POOL(KEYS) },               { "odd", "a", POOL(TEXTS) },
    { "odd", "b", POOL(COUNTS) },             { "odd", "c", POOL(INSTANTS) },
    { "odd", "d", POOL(NUMBERS) },            { "odd", "e", POOL(AGES) },
};
enum { N_MEMBERS = sizeof MEMBERS / sizeof *MEMBERS };

static void put_value(struct rng *rng, const struct member_kind *m, struct buf *out)
{
    const char *v = m->values[rng_below(rng, m->n)];
    if (*v == '#') {
        buf_u64(out, rng_below(rng, 40));
    } else if (*v == '^') {
        buf_f(out, "\"%c%c\"", (char)('a' + rng_below(rng, 3)), (char)('A' + rng_below(rng, 3)));
    } else {
        buf_z(out, v);
    }
}

static void put_object(struct rng *rng, const char *table, struct buf *out)
{
    bool first = true;
    buf_c(out, '{');
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const struct member_kind *m = &MEMBERS[i];
        if (strcmp(m->table, table) != 0 || rng_below(rng, 150) == 0)
            continue;
        for (int twice = rng_below(rng, 60) == 0; twice >= 0; twice--) {
            buf_f(out, "%s\"%s\":", first ? "" : ",", m->member);
            put_value(rng, m, out);
            first = false;
        }
    }
    if (rng_below(rng, 12) == 0)
        buf_z(out, ",\"ind\":4,\"user_name\":\"whole\",\"coordinates\":[1,\"2.5\"]");
    if (rng_below(rng, 40) == 0)
        buf_z(out, ",\"coordinates\":[1,2,3],\"ind\":5,\"x\":{\"a\":[]}");
    buf_c(out, '}');
}

static void put_record(struct rng *rng, const char *table, struct buf *out)
{
    struct buf inner = BUF_INIT;
    static const char *const BROKEN[] = { "", "[]", "nonsense", "\"text\"", "[{},1]", "{\"ind\":", "\xff", "{}", "[[]]" };
    if (rng_below(rng, 30) == 0)
        buf_z(out, BROKEN[rng_below(rng, sizeof BROKEN / sizeof *BROKEN)]);
    else if (rng_below(rng, 20) == 0) {
        put_object(rng, table, &inner);
        json_put_text(out, buf_str(&inner));
    } else
        put_object(rng, table, out);
    buf_release(&inner);
}

/* ---- one comparison ---- */

static int compare_lines(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static size_t sorted_lines(struct arena *a, struct str text, struct str **ret_lines)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    *ret_lines = ARENA_ARRAY(a, struct str, n + 1);
    n = 0;
    while (text.n)
        (*ret_lines)[n++] = str_cut(&text, '\n');
    qsort(*ret_lines, n, sizeof **ret_lines, compare_lines);
    return n;
}

static void same_rows(const struct table *t, struct engine *g)
{
    struct buf native = BUF_INIT, sqlite = BUF_INIT;
    struct arena a = ARENA_INIT;
    struct str *x, *y;
    struct err e;
    for (size_t i = 0; i < t->n_rows; i++)
        table_put_jsonl(t, i, &native);
    assert_ok(engine_put_jsonl(g, t->name, &sqlite, &e), &e);
    size_t n = sorted_lines(&a, buf_str(&native), &x), m = sorted_lines(&a, buf_str(&sqlite), &y);
    for (size_t i = 0; i < n && i < m; i++)
        if (!str_eq(x[i], y[i]))
            fail_msg("native " STR_F "\nsqlite " STR_F, STR_A(x[i]), STR_A(y[i]));
    assert_int_equal(n, m);
    buf_release(&native);
    buf_release(&sqlite);
    arena_release(&a);
}

static void same_answers(const struct analytics *a, const struct table *const *tables, size_t n, struct engine *g)
{
    for (size_t i = 0; i < analytics_count(a); i++) {
        struct result *native, *sqlite;
        struct buf x = BUF_INIT, y = BUF_INIT;
        struct err e;
        assert_ok(analytics_run(a, i, tables, n, &native, &e), &e);
        assert_ok(engine_run(g, i, &sqlite, &e), &e);
        result_put_json(native, &x);
        result_put_json(sqlite, &y);
        if (!result_same(native, sqlite))
            fail_msg(STR_F "\nnative " STR_F "\nsqlite " STR_F, STR_A(analytics_name(a, i)), STR_A(buf_str(&x)), STR_A(buf_str(&y)));
        buf_release(&x);
        buf_release(&y);
        result_close(native);
        result_close(sqlite);
    }
}

/* A row that lacks a required value: SQL leaves it out where the native engine refuses the record. */
static void add_both(struct cleaner *c, struct engine *g, struct str table, struct str record, uint64_t tag)
{
    struct err native, sqlite;
    int64_t x = cleaner_add(c, record, tag, &native), y = engine_add(g, table, record, &sqlite);
    if (x != y && !(x < 0 && strcmp(native.code, "REQUIRED_NULL") == 0))
        fail_msg(STR_F "\nnative %lld, sqlite %lld", STR_A(record), (long long)x, (long long)y);
    if (x < 0 && y < 0)
        assert_string_equal(native.code, sqlite.code);
}

static void compare(const char *dir, const char *profile, uint64_t seed, size_t records)
{
    struct err e;
    struct rng rng;
    struct buf record = BUF_INIT;
    struct table *tables[8];
    size_t n = 0;
    struct rules *r = rules_open(dir, profile, &e);
    if (!r)
        fail_msg("%s", e.message);
    struct analytics *a = analytics_open(r, &e);
    if (!a)
        fail_msg("%s", e.message);
    struct engine *g = engine_open(r, a, &e);
    if (!g)
        fail_msg("%s", e.message);
    rng_seed(&rng, seed);
    for (struct str name; (name = rules_table_name(r, n)).p; n++) {
        struct cleaner *c = cleaner_open(r, name, false);
        struct buf z = BUF_INIT;
        buf_str_add(&z, name);
        for (size_t i = 0; i < records; i++) {
            if (rng_below(&rng, 8) || !i) {
                buf_reset(&record);
                put_record(&rng, buf_cstr(&z), &record);
            } /* else the same again */
            add_both(c, g, name, buf_str(&record), i);
        }
        buf_release(&z);
        tables[n] = cleaner_take(c);
        table_finish(tables[n]);
        cleaner_close(c);
    }
    assert_ok(engine_clean(g, &e), &e);
    for (size_t i = 0; i < n; i++)
        same_rows(tables[i], g);
    same_answers(a, (const struct table *const *)tables, n, g);
    for (size_t i = 0; i < n; i++)
        table_close(tables[i]);
    engine_close(g);
    analytics_close(a);
    rules_close(r);
    buf_release(&record);
}

static void native_and_sqlite_agree_under_every_profile(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct str name;
    (void)state;
    for (size_t i = 0; (name = rules_profile_name(r, i)).p; i++) {
        struct buf z = BUF_INIT;
        buf_str_add(&z, name);
        compare(NULL, buf_cstr(&z), 100 + i, 1200);
        buf_release(&z);
    }
    rules_close(r);
}

static const char *const ODD[] = {
    "{\"table\":\"odd\",\"key\":\"k\",\"dedupe\":{\"by\":[\"k\",\"low\"]},\"columns\":{"
    "\"k\":{\"type\":\"int\"},"
    "\"low\":{\"from\":\"a\",\"trim\":true,\"lower\":true,\"map\":{\"aa\":\"it's\",\"ab\":\"\\\\\"}},"
    "\"up\":{\"from\":\"a\",\"null_if_prefix\":[\"Local save in L\",\"caf\\u00e9\"],\"replace\":{\"a\":\"aa\",\"aaaa\":\"b\"},\"upper\":true,"
    "\"null_if_blank\":true,\"codes\":true},"
    "\"strip\":{\"from\":\"a\",\"strip_prefix\":[\"Local save in \",\"a\"]},"
    "\"big\":{\"from\":\"b\",\"suffix\":{\"k\":1000,\"M\":1000000000,\"'k\":2},\"type\":\"long\"},"
    "\"bigd\":{\"from\":\"b\",\"suffix\":{\"k\":1000},\"type\":\"double\"},"
    "\"day\":{\"from\":\"c\",\"timestamp\":{\"formats\":[\"yyyy-MM-dd[ HH:mm:ss]\",\"yyyy-MM-dd'T'HH:mm:ssX\",\"yyyy-MM-dd'T'HH:mm:ss.S\"],\"zone\":\"UTC\"},\"type\":\"timestamp\"},"
    "\"d\":{\"type\":\"double\"},\"flag\":{\"from\":\"b\",\"type\":\"boolean\"},\"e\":{\"type\":\"long\"},"
    "\"pair\":{\"concat\":[\"a\",{\"text\":\"-'\"},\"e\"]},\"three\":{\"array\":[\"d\",\"e\",\"b\"],\"type\":\"double\"}}}",
    "{\"query\":\"odd_one\",\"from\":\"odd\",\"let\":{\"g\":{\"case\":\"d\",\"when\":[{\"at_most\":-0.5,\"value\":\"x\"},{\"between\":[0,5],\"value\":\"y\"},"
    "{\"at_least\":100,\"value\":\"x\"}]}},\"group_by\":[\"g\",\"flag\"],\"aggregate\":{\"n\":{\"count\":\"*\"},\"m\":{\"median\":\"d\",\"kind\":\"interpolated\"},"
    "\"l\":{\"median\":\"big\"},\"low\":{\"min\":\"day\"},\"high\":{\"max\":\"d\"}},\"order_by\":[{\"column\":\"n\",\"descending\":true}]}",
    "{\"query\":\"odd_two\",\"from\":\"odd\",\"where\":[{\"column\":\"low\",\"in\":[\"it's\",\"bb\",\"\\\\\"]},{\"column\":\"e\",\"in\":[30,18,25]}],"
    "\"aggregate\":{\"n\":{\"count\":\"pair\"},\"m\":{\"median\":\"e\"}}}",
};
static const char *const ODD_PATHS[] = { "clean/odd.json", "queries/odd_one.json", "queries/odd_two.json" };

static void put_file(const char *root, const char *sub, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", root, sub);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void native_and_sqlite_agree_on_every_operation(void **state)
{
    char root[100], path[200];
    (void)state;
    snprintf(root, sizeof root, "%s/weirbox-engines-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", root, i ? "queries" : "clean");
        mkdir(path, 0700);
    }
    for (size_t i = 0; i < 3; i++)
        put_file(root, ODD_PATHS[i], ODD[i]);
    for (uint64_t seed = 1; seed <= 4; seed++)
        compare(root, NULL, seed, 800);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", root, ODD_PATHS[i]);
        unlink(path);
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", root, i ? "queries" : "clean");
        rmdir(path);
    }
    rmdir(root);
}

static void every_dialect_and_words_can_be_written(void **state)
{
    static const char *const NAMES[] = { "sqlite", "duckdb", "spark" };
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct analytics *a = analytics_open(r, &e);
    enum sql_dialect d;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buf all = BUF_INIT, one = BUF_INIT;
        assert_true(sql_dialect_of(str_of(NAMES[i]), &d));
        assert_ok(sql_put(r, a, S(""), d, &all, &e), &e);
        assert_ok(sql_put(r, a, S("users_joined_by_year"), d, &one, &e), &e);
        assert_true(str_find(buf_str(&all), S("number_users_joined")) != STR_NONE);
        assert_true(one.n < all.n / 4);
        assert_int_equal(sql_put(r, a, S("nothing"), d, &one, &e), -1);
        assert_string_equal(e.code, "QUERY_UNKNOWN");
        buf_release(&all);
        buf_release(&one);
    }
    assert_false(sql_dialect_of(S("mysql"), &d));
    struct buf words = BUF_INIT;
    assert_ok(explain_put(r, a, S("pin"), &words, &e), &e);
    assert_true(str_find(buf_str(&words), S("one to ten digits and at most one k (times 1000)")) != STR_NONE);
    assert_int_equal(explain_put(r, a, S("nothing"), &words, &e), -1);
    buf_release(&words);
    analytics_close(a);
    rules_close(r);
}

static void the_schema_names_every_operation(void **state)
{
    struct str clean = embed_find("pipeline/rules/schema/clean.schema.json");
    (void)state;
    assert_true(json_valid(clean));
    assert_true(json_valid(embed_find("pipeline/rules/schema/query.schema.json")));
    assert_true(json_valid(embed_find("pipeline/rules/schema/profile.schema.json")));
    for (size_t i = 0; op_word(i); i++) {
        struct arena a = ARENA_INIT;
        assert_true(str_find(clean, arena_f(&a, "\"%s\": {", op_word(i))) != STR_NONE);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_and_sqlite_agree_under_every_profile),
        cmocka_unit_test(native_and_sqlite_agree_on_every_operation),
        cmocka_unit_test(every_dialect_and_words_can_be_written),
        cmocka_unit_test(the_schema_names_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
