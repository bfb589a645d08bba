/* What each rule of the canonical rule set does to each kind of cell, and what is refused. */
#include "tests/support/t.h"

#include "base/json.h"
#include "base/utf8.h"
#include "pipeline/clean/clean.h"

struct member {
    const char *key, *value; /* value as JSON */
};
static const struct member PIN[] = {
    { "index", "7" },           { "unique_id", "\"u\"" },     { "title", "\"t\"" },
    { "description", "\"d\"" }, { "poster_name", "\"p\"" },   { "follower_count", "\"1\"" },
    { "tag_list", "\"a,b\"" },  { "is_image_or_video", "\"image\"" }, { "image_src", "\"s\"" },
    { "downloaded", "1" },      { "save_location", "\"Local save in /data/art\"" }, { "category", "\"art\"" },
    { NULL, NULL } };
static const struct member GEO[] = { { "ind", "7" },           { "timestamp", "\"2020-08-28 03:52:47\"" },
                                     { "latitude", "-89.9787" }, { "longitude", "-173.293" },
                                     { "country", "\"Albania\"" }, { NULL, NULL } };
static const struct member USER[] = { { "ind", "7" },     { "first_name", "\"Ann\"" }, { "last_name", "\"Lee\"" },
                                      { "age", "20" },    { "date_joined", "\"2015-10-21T03:17:47\"" },
                                      { NULL, NULL } };

static const struct member *members_of(const char *table)
{
    return strcmp(table, "pin") == 0 ? PIN : strcmp(table, "geo") == 0 ? GEO : USER;
}

/* A record of the table with one member replaced (value) or left out (NULL). */
static void record(struct buf *out, const char *table, const char *key, struct str value)
{
    buf_reset(out);
    for (const struct member *m = members_of(table); m->key; m++) {
        bool here = key && strcmp(m->key, key) == 0;
        if (here && !value.p)
            continue;
        buf_f(out, "%s\"%s\":", out->n ? "," : "{", m->key);
        buf_str_add(out, here ? value : str_of(m->value));
    }
    buf_c(out, '}');
}

static struct rules *open_rules(void)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    if (!r)
        fail_msg("%s", e.message);
    return r;
}

/* The column of the cleaned row, as JSON. */
static struct str cleaned(struct arena *a, struct table *t, const char *column)
{
    struct buf row = BUF_INIT;
    struct json v;
    table_put_jsonl(t, 0, &row);
    struct str text = arena_dup(a, buf_str(&row));
    buf_release(&row);
    assert_true(json_get(text, column, &v));
    return v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
}

static const struct cell_case {
    const char *table, *key, *value, *column, *want, *nulled_by; /* the operation that counts it, or NULL */
} CELLS[] = {
    /* markers: exact, each in its own column only */
    { "pin", "title", "\"No Title Data Available\"", "title", "null", "null_if" },
    { "pin", "title", "\"No Title Data Available \"", "title", "\"No Title Data Available \"", NULL },
    { "pin", "title", "\"no title data available\"", "title", "\"no title data available\"", NULL },
    { "pin", "title", "\"\"", "title", "null", "null_if" },
    { "pin", "title", "\" \"", "title", "\" \"", NULL },
    { "pin", "title", "null", "title", "null", NULL },
    { "pin", "title", "\"User Info Error\"", "title", "\"User Info Error\"", NULL },
    { "pin", "description", "\"No description available Story format\"", "description", "null", "null_if" },
    { "pin", "description", "\"No description available\"", "description", "\"No description available\"", NULL },
    { "pin", "description", "\"Untitled\"", "description", "\"Untitled\"", NULL },
    { "pin", "description", "\"\"", "description", "null", "null_if" },
    { "pin", "poster_name", "\"User Info Error\"", "poster_name", "null", "null_if" },
    { "pin", "tag_list", "\"N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e\"", "tag_list", "null", "null_if" },
    { "pin", "tag_list", "\"No Tags Available\"", "tag_list", "\"No Tags Available\"", NULL },
    { "pin", "image_src", "\"Image src error.\"", "image_src", "null", "null_if" },
    { "pin", "image_src", "\"Image src error\"", "image_src", "\"Image src error\"", NULL },
    { "pin", "category", "\"\"", "category", "null", "null_if" },
    { "pin", "is_image_or_video", "\"multi-video(story page format)\"", "is_image_or_video",
      "\"multi-video(story page format)\"", NULL },
    /* follower counts */
    { "pin", "follower_count", "\"User Info Error\"", "follower_count", "null", "null_if" },
    { "pin", "follower_count", "\"\"", "follower_count", "null", "null_if" },
    { "pin", "follower_count", "\"0\"", "follower_count", "0", NULL },
    { "pin", "follower_count", "\"999\"", "follower_count", "999", NULL },
    { "pin", "follower_count", "\"46k\"", "follower_count", "46000", NULL },
    { "pin", "follower_count", "\"8M\"", "follower_count", "8000000", NULL },
    { "pin", "follower_count", "\"00012\"", "follower_count", "12", NULL },
    { "pin", "follower_count", "\"2147483647\"", "follower_count", "2147483647", NULL },
    { "pin", "follower_count", "\"2147483648\"", "follower_count", "null", "type" },
    { "pin", "follower_count", "\"2147483k\"", "follower_count", "2147483000", NULL },
    { "pin", "follower_count", "\"2147484k\"", "follower_count", "null", "type" },
    { "pin", "follower_count", "\"2148M\"", "follower_count", "null", "type" },
    { "pin", "follower_count", "\"9999999999M\"", "follower_count", "null", "type" },
    { "pin", "follower_count", "\"99999999999\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"46K\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"8m\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"1.2k\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"12abc\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"12kk\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"1kM\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"k\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"-5\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"+5\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\" 7\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"7 \"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"1,234\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\" \"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"\xef\xbc\x91\xef\xbc\x92k\"", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "5000", "follower_count", "5000", NULL },
    { "pin", "follower_count", "5e3", "follower_count", "null", "suffix" },
    { "pin", "follower_count", "\"4\\u0036k\"", "follower_count", "46000", NULL },
    { "pin", "follower_count", "null", "follower_count", "null", NULL },
    { "pin", "follower_count", "{\"n\":1}", "follower_count", "null", "type" },
    { "pin", "follower_count", "[1]", "follower_count", "null", "type" },
    { "pin", "follower_count", "true", "follower_count", "null", "suffix" },
    /* save locations */
    { "pin", "save_location", "\"Local save in /data/tattoos\"", "save_location", "\"/data/tattoos\"", NULL },
    { "pin", "save_location", "\"/data/tattoos\"", "save_location", "\"/data/tattoos\"", NULL },
    { "pin", "save_location", "\"Local save in\"", "save_location", "\"Local save in\"", NULL },
    { "pin", "save_location", "\"Local save in Local save in x\"", "save_location", "\"x\"", NULL },
    { "pin", "save_location", "\"see Local save in x\"", "save_location", "\"see Local save in x\"", NULL },
    { "pin", "save_location", "\"Local save in \"", "save_location", "null", "null_if" },
    /* keys: numbers, numbers as text */
    { "pin", "index", "7528", "ind", "7528", NULL },
    { "pin", "index", "\"7528\"", "ind", "7528", NULL },
    { "pin", "index", "7528.0", "ind", "7528", NULL },
    { "pin", "index", "-1", "ind", "-1", NULL },
    { "pin", "index", "9223372036854775807", "ind", "9223372036854775807", NULL },
    /* texts are kept byte for byte */
    { "pin", "title", "12.50", "title", "\"12.50\"", NULL },
    { "pin", "title", "true", "title", "\"true\"", NULL },
    { "pin", "title", "{\"a\":1}", "title", "null", "type" },
    { "pin", "title", "[\"a\"]", "title", "null", "type" },
    { "pin", "title", "\"a\\\"b\\\\c\\/d\"", "title", "\"a\\\"b\\\\c/d\"", NULL },
    { "pin", "title", "\"a\\u00e9\"", "title", "\"a\xc3\xa9\"", NULL },
    { "pin", "title", "\"\\ud83d\\ude00\"", "title", "\"\xf0\x9f\x98\x80\"", NULL },
    { "pin", "title", "\"\xf0\x9f\x98\x80\"", "title", "\"\xf0\x9f\x98\x80\"", NULL },
    { "pin", "title", "\"end\xe2\x80\xa6\xc2\xa0\"", "title", "\"end\xe2\x80\xa6\xc2\xa0\"", NULL },
    { "pin", "title", "\"two\\nlines\\r\\tx\"", "title", "\"two\\nlines\\r\\tx\"", NULL },
    { "pin", "title", "\"a\\u0000b\"", "title", "\"a\\u0000b\"", NULL },
    { "pin", "title", "\"a\\ud83d!\"", "title", "\"a\xef\xbf\xbd!\"", NULL },
    { "pin", "title", "\"\\ude00\"", "title", "\"\xef\xbf\xbd\"", NULL },
    { "pin", "title", "\"\xc2\x99\"", "title", "\"\xc2\x99\"", NULL },
    /* coordinates */
    { "geo", "latitude", "8.65953", "coordinates", "[8.65953,-173.293]", NULL },
    { "geo", "latitude", "\"8.65953\"", "coordinates", "[8.65953,-173.293]", NULL },
    { "geo", "latitude", "-8.0", "coordinates", "[-8,-173.293]", NULL },
    { "geo", "latitude", "null", "coordinates", "[null,-173.293]", NULL },
    { "geo", "latitude", "\"north\"", "coordinates", "[null,-173.293]", "type" },
    { "geo", "latitude", "\"nan\"", "coordinates", "[null,-173.293]", "type" },
    { "geo", "latitude", "1e999", "coordinates", "[null,-173.293]", "type" },
    { "geo", "latitude", "[1]", "coordinates", "[null,-173.293]", "type" },
    { "geo", "country", "\"Cote d'Ivoire\"", "country", "\"Cote d'Ivoire\"", NULL },
    /* instants */
    { "geo", "timestamp", "\"2020-08-28 03:52:47\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28T03:52:47\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28T03:52:47Z\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28T03:52:47.000+0000\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28T05:52:47+02:00\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-27T22:22:47-05:30\"", "timestamp", "\"2020-08-28T03:52:47Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28 03:52:47.5\"", "timestamp", "\"2020-08-28T03:52:47.5Z\"", NULL },
    { "geo", "timestamp", "\"2020-08-28 03:52:47.123456789\"", "timestamp", "\"2020-08-28T03:52:47.123456Z\"", NULL },
    { "geo", "timestamp", "\"1969-12-31 23:59:59.25\"", "timestamp", "\"1969-12-31T23:59:59.25Z\"", NULL },
    { "geo", "timestamp", "\"2020-02-29 00:00:00\"", "timestamp", "\"2020-02-29T00:00:00Z\"", NULL },
    { "geo", "timestamp", "{\"$date\":\"2018-01-02T03:04:05Z\"}", "timestamp", "\"2018-01-02T03:04:05Z\"", NULL },
    { "geo", "timestamp", "\"2021-02-29 00:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-02-30 00:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-13-01 00:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-00-10 00:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 24:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 00:60:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 00:00:60\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-1-1 00:00:00\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 00:00:00.\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 00:00:00 UTC\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020-01-01 00:00:00+\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"08/28/2020, 03:52:47\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"2020:08:28 03:52:47\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"yesterday\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "\"\"", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "1598586767", "timestamp", "null", "timestamp" },
    { "geo", "timestamp", "null", "timestamp", "null", NULL },
    { "geo", "timestamp", "{\"date\":\"2018-01-02T03:04:05Z\"}", "timestamp", "null", "type" },
    /* users */
    { "user", "first_name", "\"Bo\"", "user_name", "\"Bo Lee\"", NULL },
    { "user", "first_name", "\"\"", "user_name", "\" Lee\"", NULL },
    { "user", "first_name", "null", "user_name", "null", NULL },
    { "user", "first_name", "[\"Bo\"]", "user_name", "null", "type" },
    { "user", "last_name", "\"\\u4e2d\"", "user_name", "\"Ann \xe4\xb8\xad\"", NULL },
    { "user", "age", "\"60\"", "age", "60", NULL },
    { "user", "age", "60.0", "age", "60", NULL },
    { "user", "age", "60.5", "age", "null", "type" },
    { "user", "age", "\"abc\"", "age", "null", "type" },
    { "user", "age", "\"\"", "age", "null", "type" },
    { "user", "age", "\"+60\"", "age", "null", "type" },
    { "user", "age", "\" 60\"", "age", "null", "type" },
    { "user", "age", "2147483648", "age", "null", "type" },
    { "user", "age", "1e99", "age", "null", "type" },
    { "user", "age", "false", "age", "null", "type" },
    { "user", "date_joined", "\"2017-10-20 10:44:26\"", "date_joined", "\"2017-10-20T10:44:26Z\"", NULL },
};

static uint64_t nulled_by(const struct table *t, const char *column, const char *operation)
{
    for (size_t i = 0; i < t->n_counts; i++)
        if (str_is(t->counts[i].column, column) && strcmp(t->counts[i].operation, operation) == 0)
            return t->counts[i].nulled;
    return 0;
}

static uint64_t nulled_at_all(const struct table *t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->n_counts; i++)
        n += t->counts[i].nulled;
    return n;
}

static void each_kind_of_cell_has_one_outcome_and_is_counted(void **state)
{
    struct rules *r = open_rules();
    struct buf b = BUF_INIT;
    struct arena a = ARENA_INIT;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++) {
        const struct cell_case *c = &CELLS[i];
        struct cleaner *cleaner = cleaner_open(r, str_of(c->table), i % 2);
        record(&b, c->table, c->key, str_of(c->value));
        int64_t rows = cleaner_add(cleaner, buf_str(&b), i, &e);
        if (rows != 1)
            fail_msg("%s: %s", buf_cstr(&b), e.message);
        struct table *t = cleaner_take(cleaner);
        struct str got = cleaned(&a, t, c->column);
        if (!str_is(got, c->want))
            print_error("case %zu: %s\n", i, buf_cstr(&b));
        assert_str(got, c->want);
        if (nulled_at_all(t) != (c->nulled_by != NULL) || (c->nulled_by && !nulled_by(t, c->column, c->nulled_by)))
            fail_msg("%s: should be nulled by %s", buf_cstr(&b), c->nulled_by ? c->nulled_by : "nothing");
        assert_int_equal(t->tag[0], i);
        table_close(t);
        cleaner_close(cleaner);
    }
    arena_release(&a);
    buf_release(&b);
    rules_close(r);
}

static void any_combination_of_markers_becomes_nulls(void **state)
{
    static const struct marker {
        const char *key, *value;
    } MARKERS[] = { { "title", "No Title Data Available" },
                    { "description", "No description available Story format" },
                    { "poster_name", "User Info Error" },
                    { "follower_count", "User Info Error" },
                    { "tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e" },
                    { "image_src", "Image src error." } };
    struct rules *r = open_rules();
    struct cleaner *c = cleaner_open(r, S("pin"), false);
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    for (unsigned set = 0; set < 64; set++) {
        buf_reset(&b);
        for (const struct member *m = PIN; m->key; m++) {
            buf_f(&b, "%s\"%s\":", b.n ? "," : "{", m->key);
            const struct marker *marker = NULL;
            for (unsigned k = 0; k < 6; k++)
                if (set >> k & 1 && strcmp(MARKERS[k].key, m->key) == 0)
                    marker = &MARKERS[k];
            if (marker)
                buf_f(&b, "\"%s\"", marker->value);
            else
                buf_z(&b, m->value);
        }
        buf_c(&b, '}');
        assert_int_equal(cleaner_add(c, buf_str(&b), set, &e), 1);
    }
    struct table *t = cleaner_take(c);
    for (unsigned set = 0; set < 64; set++)
        for (unsigned k = 0; k < 6; k++)
            assert_int_equal(table_column(t, str_of(MARKERS[k].key))->null[set], set >> k & 1);
    for (unsigned k = 0; k < 6; k++)
        assert_int_equal(nulled_by(t, MARKERS[k].key, "null_if"), 32);
    table_close(t);
    cleaner_close(c);
    buf_release(&b);
    rules_close(r);
}

static const struct refused_case {
    const char *table, *record, *code, *says;
} REFUSED[] = {
    { "pin", "", "RECORD_EMPTY", "empty" },
    { "pin", " \r\n", "RECORD_EMPTY", "empty" },
    { "pin", "null", "NOT_AN_OBJECT", "null" },
    { "pin", "12", "NOT_AN_OBJECT", "a number" },
    { "pin", "true", "NOT_AN_OBJECT", "true" },
    { "pin", "\"text\"", "NOT_AN_OBJECT", "a text" },
    { "pin", "\"\"", "NOT_AN_OBJECT", "a text" },
    { "pin", "\"\\\"{}\\\"\"", "NOT_AN_OBJECT", "a text" },
    { "pin", "[1]", "NOT_AN_OBJECT", "element 0 of the array" },
    { "pin", "[[{}]]", "NOT_AN_OBJECT", "an array" },
    { "pin", "nope", "NOT_JSON", "byte" },
    { "pin", "{\"index\":1,}", "NOT_JSON", "byte" },
    { "pin", "{'index':1}", "NOT_JSON", "byte" },
    { "pin", "{\"index\":01}", "NOT_JSON", "byte" },
    { "pin", "{\"index\":1}{", "MISSING_COLUMN", "unique_id" },
    { "pin", "{\"index\":1} x", "MISSING_COLUMN", "unique_id" },
    { "pin", "{\"title\":\"a\nb\"}", "NOT_JSON", "byte" },
    { "pin", "\"{\\\"index\\\":\"", "NOT_JSON", "in the text that the record is" },
    { "pin", "\"eyJpbmRleCI6\"", "NOT_JSON", "in the text that the record is" },
    { "user", "\"ImV5SnBibVFpT2pNc0ltWnBjbk4wWDI1aGJXVWlPaUpoSWl3aWJHRnpkRjl1WVcxbElqb2lZaUlzSW1GblpTSTZNU3dpWkdGMFpWOXFiMmx1WldRaU9tNTFiR3g5Ig==\"", "NOT_AN_OBJECT", "a text" }, /* twice */
    { "pin", "{\"index\":1,\"title\":\"\xff\"}", "NOT_UTF8", "byte 20" },
    { "pin", "{\"index\":1,\"title\":\"\xed\xa0\x80\"}", "NOT_UTF8", "byte 20" },
    { "pin", "{\"index\":1,\"title\":\"\xc0\xaf\"}", "NOT_UTF8", "byte 20" },
    { "pin", "{}", "MISSING_COLUMN", "missing column index" },
    { "geo", "{\"ind\":1,\"timestamp\":null,\"latitude\":1,\"country\":\"x\"}", "MISSING_COLUMN", "missing column longitude" },
    { "geo", "{\"ind\":1,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", "MISSING_COLUMN",
      "missing column country" },
    { "user", "{\"ind\":1,\"first_name\":\"a\",\"age\":1,\"date_joined\":null}", "MISSING_COLUMN",
      "missing column last_name: a user record needs it; this one has only ind, first_name, age, date_joined" },
    { "user", "{\"ind\":null,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", "REQUIRED_NULL", "column ind" },
    { "user", "{\"ind\":\"x\",\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", "REQUIRED_NULL", "\"x\"" },
    { "user", "{\"ind\":1.5,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", "REQUIRED_NULL", "1.5" },
    { "user", "{\"ind\":9223372036854775808,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}",
      "REQUIRED_NULL", "9223372036854775808" },
    { "user", "{\"ind\":{},\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", "REQUIRED_NULL", "{}" },
};

static void what_is_no_row_is_refused_with_its_place(void **state)
{
    struct rules *r = open_rules();
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        struct cleaner *c = cleaner_open(r, str_of(REFUSED[i].table), false);
        int64_t rows = cleaner_add(c, str_of(REFUSED[i].record), i, &e);
        if (rows != -1 || strcmp(e.code, REFUSED[i].code) != 0 || !strstr(e.message, REFUSED[i].says))
            fail_msg("%s: %d [%s] %s", REFUSED[i].record, (int)rows, rows < 0 ? e.code : "", rows < 0 ? e.message : "");
        struct table *t = cleaner_take(c);
        assert_int_equal(t->n_rows, 0);
        assert_int_equal(t->refused, 1);
        assert_int_equal(t->records, 0);
        for (size_t k = 0; k < t->n_counts; k++)
            assert_int_equal(t->counts[k].touched + t->counts[k].nulled, 0);
        table_close(t);
        cleaner_close(c);
    }
    rules_close(r);
}

static void each_missing_column_is_named(void **state)
{
    static const char *const TABLES[] = { "pin", "geo", "user" };
    struct rules *r = open_rules();
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (const struct member *m = members_of(TABLES[k]); m->key; m++) {
            struct cleaner *c = cleaner_open(r, str_of(TABLES[k]), false);
            bool dropped = strcmp(m->key, "downloaded") == 0;
            record(&b, TABLES[k], m->key, (struct str){ 0 });
            assert_int_equal(cleaner_add(c, buf_str(&b), 1, &e), dropped ? 1 : -1);
            if (!dropped) {
                assert_string_equal(e.code, "MISSING_COLUMN");
                assert_non_null(strstr(e.message, m->key));
            }
            cleaner_close(c);
        }
    buf_release(&b);
    rules_close(r);
}

static void a_record_cut_anywhere_is_refused_and_harms_no_neighbour(void **state)
{
    static const char *const TABLES[] = { "pin", "geo", "user" };
    struct rules *r = open_rules();
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct cleaner *c = cleaner_open(r, str_of(TABLES[k]), false);
        record(&b, TABLES[k], NULL, S(""));
        for (size_t n = 0; n < b.n; n++) {
            char *cut = malloc(n + 1); /* its own block, so that reading behind the end is seen */
            memcpy(cut, b.p, n);
            assert_int_equal(cleaner_add(c, (struct str){ cut, n }, n, &e), -1);
            assert_string_equal(e.code, n ? "NOT_JSON" : "RECORD_EMPTY");
            free(cut);
        }
        assert_int_equal(cleaner_add(c, buf_str(&b), 1, &e), 1);
        struct table *t = cleaner_take(c);
        assert_int_equal(t->n_rows, 1);
        assert_int_equal(t->refused, b.n);
        table_close(t);
        cleaner_close(c);
    }
    buf_release(&b);
    rules_close(r);
}

static void shapes_that_emulators_post_are_read(void **state)
{
    static const struct {
        const char *table, *record;
        int rows;
        const char *first; /* JSON line */
    } SHAPES[] = {
        { "user", "{\"date_joined\":null,\"age\":1,\"last_name\":\"b\",\"first_name\":\"a\",\"ind\":3}", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", " {\n  \"age\" : 1 ,\"date_joined\":null,\"first_name\":\"a\",\"ind\":3,\"last_name\":\"b\"\n}\n", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "{\"index\":4,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", 1,
          "{\"ind\":4,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "{\"ind\":3,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null,\"more\":[1,{}]}", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "{\"ind\":1,\"age\":\"x\",\"ind\":3,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":5,\"date_joined\":null}", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":5,\"date_joined\":null}\n" },
        { "user", "{\"\\u0069nd\":3,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null}", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "[]", 0, NULL },
        { "user", "[{\"ind\":3,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":1,\"date_joined\":null},"
                  "{\"ind\":2,\"first_name\":\"c\",\"last_name\":\"d\",\"age\":1,\"date_joined\":null}]", 2,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "\"{\\\"ind\\\":3,\\\"first_name\\\":\\\"a\\\",\\\"last_name\\\":\\\"b\\\",\\\"age\\\":1,\\\"date_joined\\\":null}\"", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "user", "\"eyJpbmQiOjMsImZpcnN0X25hbWUiOiJhIiwibGFzdF9uYW1lIjoiYiIsImFnZSI6MSwiZGF0ZV9qb2luZWQiOm51bGx9\"", 1,
          "{\"ind\":3,\"user_name\":\"a b\",\"age\":1,\"date_joined\":null}\n" },
        { "geo", "{\"ind\":\"3\",\"timestamp\":\"2020-08-28 03:52:47\",\"latitude\":\"1.5\",\"longitude\":\"2\",\"country\":\"x\"}", 1,
          "{\"ind\":3,\"country\":\"x\",\"coordinates\":[1.5,2],\"timestamp\":\"2020-08-28T03:52:47Z\"}\n" },
    };
    struct rules *r = open_rules();
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        struct cleaner *c = cleaner_open(r, str_of(SHAPES[i].table), false);
        int64_t rows = cleaner_add(c, str_of(SHAPES[i].record), 9, &e);
        if (rows != SHAPES[i].rows)
            fail_msg("%s: %d rows %s", SHAPES[i].record, (int)rows, rows < 0 ? e.message : "");
        struct table *t = cleaner_take(c);
        buf_reset(&b);
        if (rows) {
            table_put_jsonl(t, 0, &b);
            assert_str(buf_str(&b), SHAPES[i].first);
        }
        for (size_t k = 0; k < t->n_rows; k++)
            assert_int_equal(t->tag[k], 9);
        table_close(t);
        cleaner_close(c);
    }
    buf_release(&b);
    rules_close(r);
}

static void an_array_with_one_bad_element_is_refused_whole(void **state)
{
    struct rules *r = open_rules();
    struct cleaner *c = cleaner_open(r, S("user"), false);
    struct err e;
    (void)state;
    assert_int_equal(cleaner_add(c, S("[{\"ind\":3,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":\"x\",\"date_joined\":null},{\"ind\":4}]"),
                                 1, &e), -1);
    assert_string_equal(e.code, "MISSING_COLUMN");
    assert_non_null(strstr(e.message, "element 1 of the array"));
    struct table *t = cleaner_take(c);
    assert_int_equal(t->n_rows, 0);
    assert_int_equal(nulled_at_all(t), 0);
    table_close(t);
    cleaner_close(c);
    rules_close(r);
}

static void a_cell_of_a_million_characters_is_kept(void **state)
{
    struct rules *r = open_rules();
    struct cleaner *c = cleaner_open(r, S("pin"), false);
    struct buf b = BUF_INIT, big = BUF_INIT;
    struct err e;
    (void)state;
    buf_c(&big, '"');
    for (size_t i = 0; i < 1000000; i++)
        buf_c(&big, 'x');
    buf_c(&big, '"');
    record(&b, "pin", "title", buf_str(&big));
    assert_int_equal(cleaner_add(c, buf_str(&b), 1, &e), 1);
    record(&b, "pin", "follower_count", buf_str(&big));
    assert_int_equal(cleaner_add(c, buf_str(&b), 2, &e), 1);
    struct table *t = cleaner_take(c);
    assert_int_equal(table_column(t, S("title"))->v.text[0].n, 1000000);
    assert_int_equal(nulled_by(t, "follower_count", "suffix"), 1);
    for (size_t i = 0; i < t->n_counts; i++)
        assert_true(t->counts[i].sample.n <= 80);
    table_close(t);
    cleaner_close(c);
    buf_release(&b);
    buf_release(&big);
    rules_close(r);
}

static void columns_come_in_the_canonical_order_with_their_types(void **state)
{
    static const struct {
        const char *table, *columns;
    } WANT[] = { { "geo", "ind:3 country:1 coordinates:7 timestamp:6 " },
                 { "pin", "ind:3 unique_id:1 title:1 description:1 follower_count:2 poster_name:1 tag_list:1 "
                          "is_image_or_video:1 image_src:1 save_location:1 category:1 " },
                 { "user", "ind:3 user_name:1 age:2 date_joined:6 " } };
    struct rules *r = open_rules();
    struct buf b = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_str(rules_table_name(r, i), WANT[i].table);
        struct table *t = table_open(r, rules_table_name(r, i));
        buf_reset(&b);
        for (size_t k = 0; k < t->n_columns; k++)
            buf_f(&b, STR_F ":%d ", STR_A(t->columns[k].name), t->columns[k].type);
        assert_str(buf_str(&b), WANT[i].columns);
        table_close(t);
    }
    assert_null(rules_table_name(r, 3).p);
    assert_null(table_open(r, S("nosuch")));
    assert_null(cleaner_open(r, S("nosuch"), false));
    assert_str(rules_profile(r), "aicore-majority");
    assert_false(rules_dedupes(r, S("pin")));
    buf_release(&b);
    rules_close(r);
}

static void every_operation_counts_the_rows_it_touched(void **state)
{
    struct rules *r = open_rules();
    struct cleaner *c = cleaner_open(r, S("pin"), false);
    struct buf b = BUF_INIT;
    struct err e;
    static const char *const FOLLOWERS[] = { "\"1k\"", "\"2\"", "\"bad 2\"", "\"bad 1\"", "\"User Info Error\"" };
    static const struct {
        const char *column, *operation;
        uint64_t touched, nulled;
        const char *sample;
    } WANT[] = { { "ind", "from", 5, 0, NULL },
                 { "follower_count", "null_if", 1, 1, "User Info Error" },
                 { "follower_count", "suffix", 3, 2, "bad 1" },
                 { "follower_count", "type", 0, 0, NULL },
                 { "save_location", "strip_prefix", 5, 0, NULL },
                 { "title", "null_if", 0, 0, NULL } };
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        record(&b, "pin", "follower_count", str_of(FOLLOWERS[i]));
        assert_int_equal(cleaner_add(c, buf_str(&b), 100 - i, &e), 1);
    }
    struct table *t = cleaner_take(c);
    assert_int_equal(t->records, 5);
    for (size_t k = 0; k < sizeof WANT / sizeof *WANT; k++) {
        const struct clean_count *count = NULL;
        for (size_t i = 0; i < t->n_counts; i++)
            if (str_is(t->counts[i].column, WANT[k].column) && !strcmp(t->counts[i].operation, WANT[k].operation))
                count = &t->counts[i];
        assert_non_null(count);
        assert_int_equal(count->touched, WANT[k].touched);
        assert_int_equal(count->nulled, WANT[k].nulled);
        assert_int_equal(!count->sample.p, !WANT[k].sample);
        if (WANT[k].sample)
            assert_str(count->sample, WANT[k].sample);
    }
    table_close(t);
    cleaner_close(c);
    buf_release(&b);
    rules_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_cell_has_one_outcome_and_is_counted),
        cmocka_unit_test(any_combination_of_markers_becomes_nulls),
        cmocka_unit_test(what_is_no_row_is_refused_with_its_place),
        cmocka_unit_test(each_missing_column_is_named),
        cmocka_unit_test(a_record_cut_anywhere_is_refused_and_harms_no_neighbour),
        cmocka_unit_test(shapes_that_emulators_post_are_read),
        cmocka_unit_test(an_array_with_one_bad_element_is_refused_whole),
        cmocka_unit_test(a_cell_of_a_million_characters_is_kept),
        cmocka_unit_test(columns_come_in_the_canonical_order_with_their_types),
        cmocka_unit_test(every_operation_counts_the_rows_it_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
