/* Free SQL: what Spark writes otherwise than SQLite is understood, functions mean what Spark's mean (tests/clients/
 * engines_sql.py compares with Spark itself), mistakes are told with their place, nothing is written. */
#include "tests/support/t.h"

#include "pipeline/analytics/spark.h"

static const char *const PINS[] = {
    "{\"index\":1,\"unique_id\":\"a\",\"title\":\"10 ideas\",\"description\":\"it's\",\"poster_name\":\"Ann\",\"follower_count\":\"2k\","
    "\"tag_list\":\"x,y\",\"is_image_or_video\":\"image\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"Local save in /data/art\",\"category\":\"art\"}",
    "{\"index\":2,\"unique_id\":\"b\",\"title\":\"none\",\"description\":\"d\",\"poster_name\":\"Bob\",\"follower_count\":\"5\","
    "\"tag_list\":\"z\",\"is_image_or_video\":\"video\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"Local save in /data/art\",\"category\":\"art\"}",
    "{\"index\":3,\"unique_id\":\"c\",\"title\":\"none\",\"description\":\"d\",\"poster_name\":\"Cy\",\"follower_count\":\"User Info Error\","
    "\"tag_list\":\"z\",\"is_image_or_video\":\"video\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"Local save in /data/diy\",\"category\":\"diy\"}",
};
static const char *const GEOS[] = {
    "{\"ind\":1,\"timestamp\":\"2018-03-04T05:06:07.5\",\"latitude\":1.5,\"longitude\":-2,\"country\":\"Chad\"}",
    "{\"ind\":2,\"timestamp\":\"2020-12-31 23:59:59\",\"latitude\":3,\"longitude\":4,\"country\":\"Peru\"}",
};

static void add(struct spark *s, const struct rules *r, const char *name, const char *const *rows, size_t n)
{
    struct err e = { 0 };
    struct cleaner *c = cleaner_open(r, str_of(name), false);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(cleaner_add(c, str_of(rows[i]), i, &e), 1);
    struct table *t = cleaner_take(c);
    table_finish(t);
    assert_ok(spark_add_table(s, t, &e), &e);
    table_close(t);
    cleaner_close(c);
}

struct world {
    struct rules *rules;
    struct spark *spark;
};

static int open_world(void **state)
{
    static struct world w;
    struct err e = { 0 };
    w.rules = rules_open(NULL, NULL, &e);
    w.spark = spark_open(&e);
    if (!w.rules || !w.spark)
        return -1;
    add(w.spark, w.rules, "pin", PINS, 3);
    add(w.spark, w.rules, "geo", GEOS, 2);
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    spark_close(w->spark);
    rules_close(w->rules);
    return 0;
}

static const struct { const char *statement, *rows; } answers[] = {
    /* writing */
    { "SELECT \"it's\", 'it\\'s', \"say \\\"x\\\"\", 'a\\tb', '\\u0041'", "it's,it's,\"say \"\"x\"\"\",a\tb,A" },
    { "SELECT coordinates[0], coordinates[1] FROM geo WHERE ind = 1", "1.5,-2" },
    { "SELECT (coordinates)[0]::int, split('a,b', ',')[1], array(array(1, 2), array(3))[0][1] FROM geo LIMIT 1", "1,b,2" },
    { "SELECT 7 / 2, 8 / 2 / 2, 7 DIV 2, 1 / 0", "3.5,2,3," },
    { "SELECT CAST('12' AS INT), cast(12.9 as bigint), CAST('x' AS INT), CAST(3 AS STRING) || 'k', TRY_CAST('1e2' AS DOUBLE)", "12,12,,3k,100" },
    { "SELECT CAST(1.005 AS DECIMAL(10,1)), CAST('t' AS BOOLEAN), CAST('2020-01-02 03:04:05' AS DATE)", "1,1,2020-01-02" },
    { "SELECT title FROM pin WHERE title RLIKE '^\\\\d+' AND title ILIKE '%IDEAS'", "10 ideas" },
    { "SELECT NULL <=> NULL, 1 <=> NULL, 1 == 1", "1,0,1" },
    { "SELECT EXTRACT(YEAR FROM timestamp), DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00' FROM geo WHERE ind = 2", "2020,2020-01-01,2020-01-01 00:00:00" },
    { "SELECT left('abc', 2), right('abc', 2), isnull(NULL), if(1 > 2, 'a', 'b'), 10L, 0.5D;", "ab,bc,1,b,10,0.5" },
    { "SELECT count(*) -- a remark\nFROM /* another */ pin", "3" },
    { "SELECT a.ind FROM (SELECT ind FROM pin MINUS SELECT ind FROM geo) a", "3" },
    /* names */
    { "SELECT count(*) FROM df_pin", "3" },
    { "SELECT count(*) FROM 0e95b18877fd_pin_table JOIN `cleaned_geo` USING (ind)", "2" },
    { "SELECT category FROM PIN WHERE Ind = 3", "diy" },
    /* LIKE is case-sensitive */
    { "SELECT 'Abc' LIKE 'a%', 'abc' LIKE 'a%', 'abc' LIKE 'a_c', 'a%c' LIKE 'a\\\\%c', 'abc' LIKE 'a\\\\%c', '' LIKE '%', 'aXbXc' LIKE '%X%c'", "0,1,1,1,0,1,1" },
    /* conditions */
    { "SELECT nvl(NULL, 1), nvl2(NULL, 1, 2), coalesce(NULL, 3), nullif(1, 1), greatest(1, NULL, 3), least(2, 1)", "1,2,3,,3,1" },
    /* texts */
    { "SELECT concat('a', NULL), concat('a', 'b'), concat_ws('-', 'a', NULL, 'b'), lpad('7', 3, '0'), rpad('abc', 2, 'x')", ",ab,a-b,007,ab" },
    { "SELECT regexp_replace('1.2k', 'k', '000'), regexp_replace('ab', '(a)(b)', '$2$1'), regexp_extract('x12', '([a-z])(\\\\d+)', 2), regexp_replace('abc', '', '-')", "1.2000,ba,12,-a-b-c-" },
    { "SELECT split('a1b2', '[0-9]'), split('a,b,c', ',', 2), size(split('a,b', ',')), array_contains(split('a,b', ','), 'b'), array_join(array('a', NULL, 'b'), '+')", "\"[\"\"a\"\",\"\"b\"\",\"\"\"\"]\",\"[\"\"a\"\",\"\"b,c\"\"]\",2,1,a+b" },
    { "SELECT initcap('hello wORLD'), reverse('a\303\251'), translate('abc', 'ab', 'x'), substring_index('a.b.c', '.', 2), substring_index('a.b.c', '.', -1), locate('b', 'abc'), repeat('ab', 2)", "Hello World,\303\251a,xc,a.b,c,2,abab" },
    /* instants */
    { "SELECT timestamp, year(timestamp), month(timestamp), day(timestamp), hour(timestamp), quarter(timestamp), second(timestamp) FROM geo WHERE ind = 1", "2018-03-04 05:06:07.5,2018,3,4,5,1,7" },
    { "SELECT date_format('2020-08-28 15:04:05', 'EEEE d MMM yyyy hh:mm a'), date_format('2020-08-28', \"yyyy-MM 'at' D\")", "Friday 28 Aug 2020 03:04 PM,2020-08 at 241" },
    { "SELECT to_timestamp('28/08/2020 03:52', 'dd/MM/yyyy HH:mm'), to_date('2020-08-28 03:52:47'), to_timestamp('nothing'), to_date('2020-02-30')", "2020-08-28 03:52:00,2020-08-28,," },
    { "SELECT add_months('2020-01-31', 1), date_add('2019-12-31', 1), datediff('2020-03-01', '2020-02-28'), last_day('2021-02-03'), date_trunc('quarter', '2020-05-06 07:08:09'), trunc('2020-05-06', 'year')", "2020-02-29,2020-01-01,2,2021-02-28,2020-04-01 00:00:00,2020-01-01" },
    { "SELECT dayofweek('2020-08-28'), weekday('2020-08-28'), weekofyear('2021-01-03'), weekofyear('2020-12-28'), unix_timestamp('1969-12-31 23:59:59'), from_unixtime(0)", "6,4,53,53,-1,1970-01-01 00:00:00" },
    /* aggregates */
    { "SELECT percentile_approx(follower_count, 0.5), median(follower_count), percentile(follower_count, 0.25), count(follower_count), mean(follower_count) FROM pin", "5,1002.5,503.75,2,1002.5" },
    { "SELECT category, first(poster_name), last(poster_name), collect_list(ind), max_by(poster_name, ind) FROM pin GROUP BY category ORDER BY category", "art,Ann,Bob,\"[1,2]\",Bob\r\ndiy,Cy,Cy,[3],Cy" },
    { "SELECT collect_set(category), approx_count_distinct(category), count_if(follower_count > 10), mode(category), bool_and(ind > 0), stddev_pop(ind) = variance(ind) FROM pin", "\"[\"\"art\"\",\"\"diy\"\"]\",2,1,art,1,0" },
    { "SELECT ind, median(ind) OVER (ORDER BY ind ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM pin", "1,1\r\n2,1.5\r\n3,2.5" },
    { "SELECT first(follower_count, true), median(x) FROM (SELECT follower_count, NULL AS x FROM pin ORDER BY ind DESC)", "5," },
    { "SELECT floor(-1.5), ceil(1.2), round(2.345, 2), pmod(-7, 3), bround(2.5)", "-2,2,2.35,2,2" },
    /* a look around */
    { "SHOW TABLES", "pin\r\ngeo" },
    { "DESCRIBE geo", "ind,bigint\r\ncountry,string\r\ncoordinates,array<double>\r\ntimestamp,timestamp" },
};

static void statements_are_answered(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct err e = { 0 };
        struct result *r = NULL;
        struct buf out = BUF_INIT;
        if (spark_run(w->spark, str_of(answers[i].statement), &r, &e))
            fail_msg("%s\n%s", answers[i].statement, e.message);
        result_put_csv(r, &out);
        struct str rows = str_trim(str_from(buf_str(&out), str_find(buf_str(&out), S("\r\n"))));
        if (!str_is(rows, answers[i].rows))
            fail_msg("%s\n got " STR_F "\nwant %s", answers[i].statement, STR_A(rows), answers[i].rows);
        buf_release(&out);
        result_close(r);
    }
}

static const struct { const char *statement, *message; } mistakes[] = {
    { "SELEC 1", "line 1, column 1: near \"SELEC\"" },
    { "SELECT 1,\n  nofunc(2)", "line 2, column 3: no such function: nofunc; beside SQLite's own there are add_months" },
    { "SELECT 'caf\303\251', nocol FROM pin", "line 1, column 16: no such column: nocol; there are pin (ind, unique_id" },
    { "SELECT * FROM nowhere", "line 1, column 15: no such table: nowhere; there are pin, geo" },
    { "SELECT * FROM pin_geo", "no such table: pin_geo" },
    { "SELECT \"abc", "line 1, column 8: a text does not end" },
    { "SELECT `abc", "line 1, column 8: a name in ` does not end" },
    { "SELECT '\\0'", "U+0000" },
    { "SELECT a[1 FROM pin", "a [ without its ]" },
    { "SELECT [1]", "near" },
    { "SELECT 1; SELECT 2", "line 1, column 9: a second statement" },
    { "", "the statement is empty" },
    { "-- nothing", "the statement is empty" },
    { "SELECT regexp_replace('a', '(', 'b')", "pattern '('" },
    { "SELECT regexp_extract('a', 'a', 3)", "the pattern has 0 groups, not 3" },
    { "SELECT year()", "wrong number of arguments" },
    { "SELECT lpad('a')", "lpad takes 2 to 3 arguments, not 1" },
    { "SELECT percentile(ind, 2) FROM pin", "not between 0 and 1" },
    { "SELECT date_format('2020-01-01', 'Q')", "pattern 'Q'" },
    { "SELECT CAST(1 AS INTERVAL)", "CAST to \"interval\"" },
    { "SELECT category[0] FROM pin", "[0] of what is no array" },
    { "SELECT repeat('abcdefgh', 1000000000)", "string or blob too big" },
    { "SELECT lpad('a', 1000000000)", "string or blob too big" },
    { "DROP TABLE pin", "only SELECT" },
    { "ATTACH 'x.db' AS x", "only SELECT" },
    { "PRAGMA table_info(pin)", "only SELECT" },
    { "INSERT INTO pin (ind) VALUES (9)", "only SELECT" },
    { "SELECT load_extension('x')", "" },
};

static void mistakes_are_told(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err e = { 0 };
        struct result *r = NULL;
        assert_int_equal(spark_run(w->spark, str_of(mistakes[i].statement), &r, &e), -1);
        if (str_find(str_of(e.message), str_of(mistakes[i].message)) == STR_NONE)
            fail_msg("%s\n got %s\nwant %s", mistakes[i].statement, e.message, mistakes[i].message);
        assert_string_equal(e.code, "SQL_MISTAKE");
    }
}

static void rows_of_other_tables_are_read(void **state)
{
    static const struct spark_column columns[] = { { S_INIT("at"), "timestamp" }, { S_INIT("n"), "bigint" }, { S_INIT("s"), "string" }, { S_INIT("l"), "array<double>" } };
    struct err e = { 0 };
    struct result *r = NULL;
    struct buf out = BUF_INIT;
    struct spark *s = spark_open(&e);
    (void)state;
    assert_ok(spark_create(s, S("a \"b\""), columns, 4, &e), &e);
    assert_ok(spark_add_row(s, S("{\"s\":\"12\",\"n\":7,\"at\":\"2020-01-02T03:04:05Z\",\"l\":[1,2.5],\"unknown\":1}"), &e), &e);
    assert_ok(spark_add_row(s, S("{\"n\":null}"), &e), &e);
    assert_int_equal(spark_add_row(s, S("[]"), &e), -1);
    assert_ok(spark_run(s, S("SELECT at, n + 1, s, typeof(s), l[1] FROM `a \"b\"`"), &r, &e), &e);
    result_put_csv(r, &out);
    assert_str(str_from(buf_str(&out), str_find(buf_str(&out), S("\r\n"))), "\r\n2020-01-02 03:04:05,8,12,text,2.5\r\n,,,null,\r\n");
    assert_int_equal(spark_create(s, S("empty"), columns, 0, &e), -1);
    buf_release(&out);
    result_close(r);
    spark_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statements_are_answered, open_world, close_world),
        cmocka_unit_test_setup_teardown(mistakes_are_told, open_world, close_world),
        cmocka_unit_test(rows_of_other_tables_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
