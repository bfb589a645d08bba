/* MySQL's SQL into SQLite's: what is rewritten, what stays to the letter, what is refused; the tail of numbers. */
#include "tests/support/t.h"

#include "mocks/rds/sqlfront.h"

static struct str rewrite(struct arena *a, const char *sql, const struct sqlfront_options *o, struct sqlfront_result *ret)
{
    struct sqlfront_text t;
    const char *what = NULL;
    assert_true(sqlfront_lex(str_of(sql), a, &t));
    if (!sqlfront_rewrite(&t, 0, t.n, o, a, ret, &what)) {
        *ret = (struct sqlfront_result){ 0 };
        return arena_f(a, "cannot: %s", what);
    }
    return arena_dup(a, buf_str(&ret->sql));
}

static const struct pair {
    const char *mysql, *sqlite; /* NULL: the same */
} pairs[] = {
    /* untouched, to the letter */
    { "SELECT * FROM pinterest_data LIMIT 7528, 1", NULL },
    { "SELECT  a ,b  FROM `t` WHERE\tx = 'y' ORDER BY 1", NULL },
    { "select count(*) from user_data", NULL },
    { "SELECT VERSION()", NULL },
    /* strings */
    { "SELECT a = 'it\\'s' FROM t", "SELECT a = 'it''s' AS \"a = 'it\\'s'\" FROM t" },
    { "SELECT 1 WHERE a = \"x\"\"y\\\"z\"", "SELECT 1 WHERE a = 'x\"y\"z'" },
    { "SELECT 1 WHERE a = 'b' 'c' \"d\"", "SELECT 1 WHERE a = 'bcd'" },
    { "SELECT 1 WHERE a = '\\n\\t\\\\\\0x'", "SELECT 1 WHERE a = x'0a095c0078'" },
    { "SELECT 1 WHERE a LIKE '50\\%'", "SELECT 1 WHERE a LIKE '50\\%'" },
    { "SELECT 1 WHERE a = _utf8mb4'x' OR a = N'y'", "SELECT 1 WHERE a = 'x' OR a = 'y'" },
    { "SELECT 'abc'", "SELECT 'abc' AS \"abc\"" },
    { "SELECT 1 WHERE a = 0x4A4b OR a = x'4a' OR b = b'101'", "SELECT 1 WHERE a = x'4A4b' OR a = x'4a' OR b = 5" },
    /* comments */
    { "SELECT 1 -- one\n, 2 # two\n, 3 /* three */ WHERE 1", "SELECT 1 , 2 , 3 WHERE 1" },
    { "/*!40101 SELECT */ 1 /*!99999 nonsense */", "SELECT 1" },
    { "SELECT 1--1", NULL },
    /* operators */
    { "SELECT 1 WHERE a <=> NULL && !b || c / 2 > 7 DIV 2", "SELECT 1 WHERE a IS  NULL AND  NOT b OR  c *1.0/  2 > 7 /  2" },
    { "SELECT 1 WHERE a MOD 2 = 1 AND b RLIKE '^x'", "SELECT 1 WHERE a %  2 = 1 AND b REGEXP  '^x'" },
    { "SELECT 1 WHERE a = b COLLATE utf8mb4_bin OR a = b COLLATE utf8mb4_general_ci",
      "SELECT 1 WHERE a = b COLLATE BINARY  OR a = b COLLATE NOCASE " },
    { "SELECT 1 WHERE BINARY t.a = 'x'", "SELECT 1 WHERE t.a COLLATE BINARY = 'x'" },
    /* functions */
    { "SELECT CAST(a AS CHAR(60)) AS x, CONVERT(b, UNSIGNED INTEGER) y, CONVERT(c USING utf8) z FROM t",
      "SELECT CAST(a AS TEXT) AS x, CAST(b AS INTEGER) y, (c) z FROM t" },
    { "SELECT CAST(CAST(a AS SIGNED) AS CHAR CHARACTER SET utf8mb4) x", "SELECT CAST(CAST(a AS INTEGER) AS TEXT) x" },
    { "SELECT LEFT(a, 2) x, IF(a, b, c) y FROM t LEFT JOIN u ON 1", "SELECT \"left\"(a, 2) x, iif(a, b, c) y FROM t LEFT JOIN u ON 1" },
    { "SELECT NOW(6) a, CURRENT_TIMESTAMP b, current_user c", "SELECT \"now\"() a, \"now\"() b, \"current_user\"() c" },
    { "SELECT DATE_ADD(d, INTERVAL -1 DAY) x", "SELECT DATE_ADD(d, -1,'DAY') x" },
    { "SELECT d + INTERVAL 1 DAY", "cannot: INTERVAL outside of DATE_ADD() and DATE_SUB()" },
    { "SELECT EXTRACT(YEAR FROM d) x, SUBSTRING(a FROM 2 FOR 3) y, TRIM(LEADING 'x' FROM b) z, POSITION('a' IN b) p",
      "SELECT \"extract\"('YEAR', d) x, substr(a, 2, 3) y, ltrim( b, 'x') z, \"locate\"('a', b) p" },
    { "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ';') x, GROUP_CONCAT(a SEPARATOR ';') y",
      "SELECT group_concat(DISTINCT a) x, group_concat(a, ';') y" },
    { "SELECT @@session.sql_mode, @x", "SELECT \"sysvar\"('session.sql_mode') AS \"@@session.sql_mode\", \"uservar\"('x') AS \"@x\"" },
    { "SELECT @x := 1", "cannot: assignment in an expression" },
    /* clauses */
    { "SELECT SQL_NO_CACHE a FROM t USE INDEX (i) WHERE 1 FOR UPDATE", "SELECT a FROM t WHERE 1" },
    { "SELECT a FROM t LOCK IN SHARE MODE", "SELECT a FROM t" },
    { "SELECT 1 FROM DUAL", "SELECT 1" },
    { "SELECT a FROM t LIMIT 18446744073709551615 OFFSET 5", "SELECT a FROM t LIMIT 9223372036854775807 OFFSET 5" },
    { "SELECT a FROM own.t WHERE own.t.a = 1", "SELECT a FROM pinterest_data.t WHERE pinterest_data.t.a = 1" },
    { "SELECT a AS b FROM t WHERE c HAVING b > 1 ORDER BY d LIMIT 2", "SELECT * FROM (SELECT a AS b FROM t WHERE c ORDER BY d) WHERE b > 1 LIMIT 2" },
    { "SELECT max(a) AS m FROM t HAVING m > 1", NULL },
    { "SELECT a FROM t GROUP BY a HAVING a > 1", NULL },
    { "SELECT a FROM t HAVING (SELECT 1 FROM u ORDER BY 1)", "SELECT * FROM (SELECT a FROM t) WHERE (SELECT 1 FROM u ORDER BY 1)" },
    { "SELECT 1 WHERE a = ? AND b = ?", "SELECT 1 WHERE a = ?1 AND b = ?2" },
    /* changes */
    { "INSERT IGNORE INTO t (a) VALUES (1)", "INSERT OR IGNORE INTO  t (a) VALUES (1)" },
    { "INSERT INTO t VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(b) + 1",
      "INSERT INTO  t VALUES (1, 2) ON CONFLICT DO UPDATE SET  b = excluded.b + 1" },
    { "INSERT INTO t () VALUES ()", "INSERT INTO  t DEFAULT VALUES" },
    { "REPLACE t VALUES (1)", "REPLACE INTO  t VALUES (1)" },
    /* definitions */
    { "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT COMMENT 'x', n VARCHAR(10) CHARACTER SET utf8 DEFAULT NULL, PRIMARY KEY (id), KEY k (n(3)), "
      "UNIQUE KEY u (n)) ENGINE=InnoDB DEFAULT CHARSET=utf8",
      "CREATE TABLE  t ( id INTEGER NOT NULL,  n VARCHAR(10) DEFAULT NULL COLLATE NOCASE, PRIMARY KEY (id), UNIQUE (n)\n)" },
    { "CREATE TABLE t (a ENUM('x','y'), b TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
      "CREATE TABLE  t ( a TEXT COLLATE NOCASE,  b TIMESTAMP DEFAULT CURRENT_TIMESTAMP\n)" },
    { "DROP TABLE IF EXISTS a, b", "DROP TABLE IF EXISTS  a;DROP TABLE IF EXISTS  b" },
    { "TRUNCATE TABLE t", "DELETE FROM  t" },
    { "RENAME TABLE a TO b", "ALTER TABLE  a RENAME TO  b" },
    { "ALTER TABLE t ADD COLUMN c INT AFTER a, DROP COLUMN b", "ALTER TABLE  t ADD COLUMN  c INT;ALTER TABLE  t DROP COLUMN  b" },
    { "ALTER TABLE t DISABLE KEYS", "" },
    { "ALTER TABLE t MODIFY a INT", "cannot: ALTER TABLE … MODIFY" },
};

static void tokens_that_mean_something_else_are_rewritten(void **state)
{
    const struct sqlfront_options o = { .database = S("own") };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct arena a = ARENA_INIT;
        struct sqlfront_result r;
        const char *want = pairs[i].sqlite ? pairs[i].sqlite : pairs[i].mysql;
        struct str got = rewrite(&a, pairs[i].mysql, &o, &r);
        if (!str_is(str_trim(got), want) && !str_is(got, want))
            fail_msg("%s\ngot:  " STR_F "\nwant: %s", pairs[i].mysql, STR_A(got), want);
        sqlfront_result_release(&r);
        arena_release(&a);
    }
}

static void pages_are_recognised(void **state)
{
    static const struct {
        const char *sql;
        bool page;
        unsigned offset, count, limits;
    } cases[] = {
        { "SELECT * FROM t LIMIT 5, 1", true, 1, 2, 2 },         { "SELECT * FROM t LIMIT 1 OFFSET 5", true, 2, 1, 2 },
        { "SELECT a, t.b FROM own.t LIMIT 5, 1", true, 1, 2, 2 }, { "SELECT * FROM t LIMIT ?, ?", true, 1, 2, 0 },
        { "SELECT * FROM t WHERE a LIMIT 5, 1", false, 1, 2, 2 }, { "SELECT DISTINCT a FROM t LIMIT 5, 1", false, 1, 2, 2 },
        { "SELECT count(*) FROM t LIMIT 0, 1", false, 1, 2, 2 },  { "SELECT * FROM t, u LIMIT 5, 1", false, 1, 2, 2 },
        { "SELECT * FROM t LIMIT 5", false, 0, 0, 1 },            { "SELECT * FROM (SELECT 1) LIMIT 5, 1", false, 1, 2, 2 },
        { "SELECT * FROM t WHERE a = 5 LIMIT 1", false, 0, 0, 2 }, { "SELECT a = 5 FROM t", false, 0, 0, 0 },
        { "SELECT * FROM t WHERE a >= 5", false, 0, 0, 1 },
    };
    const struct sqlfront_options o = { .database = S("own"), .limits_as_params = true };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct sqlfront_result r;
        rewrite(&a, cases[i].sql, &o, &r);
        bool same = r.page == cases[i].page && r.n_limits == cases[i].limits &&
                    (!r.page || (r.page_offset == cases[i].offset && r.page_count == cases[i].count));
        if (!same)
            fail_msg("%s: page %d offset %u count %u limits %u", cases[i].sql, r.page, r.page_offset, r.page_count, r.n_limits);
        sqlfront_result_release(&r);
        arena_release(&a);
    }
}

static void numbers_left_in_the_text_make_no_page(void **state)
{
    static const struct {
        const char *sql;
        bool page;
    } cases[] = {
        { "SELECT * FROM t LIMIT ?, ?", true }, { "SELECT * FROM t LIMIT ?, 1", false }, { "SELECT * FROM t LIMIT 1 OFFSET ?", false },
        { "SELECT * FROM t LIMIT 5, 1", false },
    };
    const struct sqlfront_options o = { .database = S("own") };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct sqlfront_result r;
        rewrite(&a, cases[i].sql, &o, &r);
        if (r.page != cases[i].page)
            fail_msg("%s: page %d offset %u count %u", cases[i].sql, r.page, r.page_offset, r.page_count);
        sqlfront_result_release(&r);
        arena_release(&a);
    }
}

static void the_tail_of_numbers_is_taken_off(void **state)
{
    static const struct {
        const char *sql, *head;
        int64_t first, second;
        char form; /* 0: none */
    } cases[] = {
        { "SELECT * FROM t LIMIT 7528, 1", "SELECT * FROM t LIMIT", 7528, 1, ',' },
        { "select * from t limit 1 offset 7528 ;", "select * from t limit", 1, 7528, 'o' },
        { "x LIMIT 3", "x LIMIT", 3, 3, '1' },
        { "x WHERE a = 7", "x WHERE a =", 7, 7, '=' },
        { "x WHERE a>=7 LIMIT 1", "x WHERE a>=", 7, 1, 'e' },
        { "x LIMIT a1", "", 0, 0, 0 },
        { "x LIMIT5", "", 0, 0, 0 },
        { "x xLIMIT 5", "", 0, 0, 0 },
        { "x LIMIT 1.5", "", 0, 0, 0 },
        { "x LIMIT 99999999999999999999", "", 0, 0, 0 },
        { "5", "", 0, 0, 0 },
        { "", "", 0, 0, 0 },
        { "LIMIT 5, ", "", 0, 0, 0 },
        { "5, 1", "", 0, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sqlfront_tail t = { 0 };
        bool has = sqlfront_tail_of(str_of(cases[i].sql), &t);
        if (has != (cases[i].form != 0))
            fail_msg("%s: %d", cases[i].sql, has);
        if (!has)
            continue;
        assert_str(t.head, cases[i].head);
        assert_true(t.first == cases[i].first && t.second == cases[i].second && t.form == cases[i].form);
    }
}

static void types_of_aggregates_come_from_their_argument(void **state)
{
    struct arena a = ARENA_INIT;
    struct sqlfront_result r;
    const struct sqlfront_options o = { .database = S("own") };
    (void)state;
    rewrite(&a, "SELECT MAX(t.at) m, COUNT(*) FROM t", &o, &r);
    assert_str(buf_str(&r.typing), "SELECT t.at, COUNT(*) FROM t");
    sqlfront_result_release(&r);
    rewrite(&a, "SELECT at FROM t", &o, &r);
    assert_int_equal(r.typing.n, 0);
    sqlfront_result_release(&r);
    arena_release(&a);
}

static void what_is_missing_or_too_deep_is_told(void **state)
{
    struct arena a = ARENA_INIT;
    struct sqlfront_result r;
    struct sqlfront_options o = { .database = S("own") };
    struct buf deep = BUF_INIT;
    (void)state;
    rewrite(&a, "SELECT 1 FROM other.t JOIN u", &o, &r);
    assert_str(r.unknown_database, "other");
    assert_str(r.unqualified, "u");
    sqlfront_result_release(&r);
    buf_z(&deep, "SELECT ");
    for (int i = 0; i < 1000; i++)
        buf_z(&deep, "CAST(");
    buf_z(&deep, "1");
    for (int i = 0; i < 1000; i++)
        buf_z(&deep, " AS CHAR)");
    assert_str(rewrite(&a, buf_cstr(&deep), &o, &r), "cannot: expressions nested so deeply");
    buf_release(&deep);
    o.locating = true, o.locate = 20;
    rewrite(&a, "SELECT 'it\\'s', @@x FROM t", &o, &r);
    assert_true(r.located > 0 && r.located < 27);
    sqlfront_result_release(&r);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_that_mean_something_else_are_rewritten),
        cmocka_unit_test(pages_are_recognised),
        cmocka_unit_test(numbers_left_in_the_text_make_no_page),
        cmocka_unit_test(the_tail_of_numbers_is_taken_off),
        cmocka_unit_test(types_of_aggregates_come_from_their_argument),
        cmocka_unit_test(what_is_missing_or_too_deep_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
