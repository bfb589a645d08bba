/* engines.h - the native engine against SQLite running the SQL generated from the same rules, on rows made of everything that
 * breaks engines: the same records are refused, the same rows come out, and the same answers for any number of threads. */
#ifndef TESTS_SUPPORT_ENGINES_H
#define TESTS_SUPPORT_ENGINES_H

#include "tests/support/t.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/rng.h"
#include "pipeline/analytics/engine.h"
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
    "\"0000-01-01T00:00:00+00:01\"", "\"9999-12-31T23:59:59-18:00\"", "\"0000-01-01T00:00:00-00:01\"", "\"2017-07-01 12:00:00\"", "\"2019-07-01T12:00:00\"", "\"2020-07-01T12:00:00\"", "\"2021-07-01T12:00:00\"",
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
        if (strncmp(m->table, table, strlen(m->table)) != 0 || rng_below(rng, 150) == 0)
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

static void same_answers(struct analytics *a, const struct table *const *tables, size_t n, struct engine *g)
{
    for (size_t i = 0; i < analytics_count(a); i++) {
        static const unsigned THREADS[] = { 1, 2, 7 };
        struct result *native, *sqlite;
        struct buf x = BUF_INIT, y = BUF_INIT;
        struct err e;
        assert_ok(engine_run(g, i, &sqlite, &e), &e);
        result_put_json(sqlite, &y);
        for (size_t k = 0; k < sizeof THREADS / sizeof *THREADS; k++) {
            analytics_set_threads(a, THREADS[k]);
            assert_ok(analytics_run(a, i, tables, n, &native, &e), &e);
            buf_reset(&x);
            result_put_json(native, &x);
            if (!result_same(native, sqlite))
                fail_msg(STR_F "\nnative, %u threads " STR_F "\nsqlite " STR_F, STR_A(analytics_name(a, i)), THREADS[k],
                         STR_A(buf_str(&x)), STR_A(buf_str(&y)));
            result_close(native);
        }
        buf_release(&x);
        buf_release(&y);
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

static void engines_compare(const char *dir, const char *profile, uint64_t seed, size_t records)
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

/* ---- a folder of rules ---- */

struct engines_file {
    const char *path; /* clean/x.json */
    const char *text;
};

static void engines_folders(const char *root, bool make)
{
    static const char *const SUBS[] = { "clean", "queries", "profiles" };
    for (size_t i = 0; i < 3; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", root, SUBS[i]);
        if (make)
            mkdir(path, 0700);
        else
            rmdir(path);
    }
}

/* Makes a folder of those files in root, which has the form of mkdtemp. */
static void engines_make(char *root, const struct engines_file *files, size_t n)
{
    assert_non_null(mkdtemp(root));
    engines_folders(root, true);
    for (size_t i = 0; i < n; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", root, files[i].path);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fputs(files[i].text, f);
        fclose(f);
    }
}

static void engines_drop(const char *root, const struct engines_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", root, files[i].path);
        unlink(path);
    }
    engines_folders(root, false);
    rmdir(root);
}

#endif
