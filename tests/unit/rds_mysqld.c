/* Packets, types and errors of the MySQL wire, without a socket. */
#include "tests/support/t.h"

#include "mocks/rds/mysqld_error.h"
#include "mocks/rds/mysqld_packet.h"
#include "mocks/rds/mysqld_type.h"

/* ---- packets ---- */

static void integers_and_strings_are_read_back(void **state)
{
    static const uint64_t values[] = { 0, 250, 251, 65535, 65536, 0xffffff, 0x1000000, UINT64_MAX };
    struct buf b = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        mysqld_put_lenenc_int(&b, values[i]);
    mysqld_put_lenenc(&b, S("text"));
    buf_add(&b, "zero", 5);
    struct mysqld_reader r = mysqld_reader_of(buf_str(&b));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(mysqld_get_lenenc_int(&r) == values[i]);
    assert_str(mysqld_get_lenenc(&r), "text");
    assert_str(mysqld_get_z(&r), "zero");
    assert_false(r.bad);
    assert_int_equal(mysqld_left(&r), 0);
    buf_release(&b);
}

static void nothing_is_read_behind_the_end(void **state)
{
    static const char bytes[] = { (char)0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 'x', 'y' };
    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char *exact = mem_alloc(n + !n); /* so that a sanitizer sees one byte too many */
        memcpy(exact, bytes, n);
        struct mysqld_reader r = mysqld_reader_of((struct str){ exact, n });
        mysqld_get_lenenc_int(&r);
        assert_int_equal(r.bad, n < 9);
        r = mysqld_reader_of((struct str){ exact, n });
        assert_int_equal(mysqld_get_lenenc(&r).n, 0); /* it claims far more than there is */
        assert_true(r.bad);
        r = mysqld_reader_of((struct str){ exact, n });
        mysqld_get_z(&r);
        assert_true(r.bad);
        assert_int_equal(mysqld_get_int(&r, 1), 0); /* and stays so */
        free(exact);
    }
}

static void a_packet_of_sixteen_mebibytes_is_split(void **state)
{
    struct buf b = BUF_INIT;
    struct mysqld_writer w = { .b = &b, .seq = 3 };
    const size_t n = 2 * (size_t)MYSQL_LARGEST + 5;
    (void)state;
    mysqld_begin(&w);
    char *p = buf_room(&b, n);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i * 7);
    b.n += n;
    mysqld_end(&w);
    assert_int_equal(b.n, n + 3 * MYSQL_HEAD);
    assert_int_equal(w.seq, 6);
    size_t seen = 0;
    for (size_t at = 0, seq = 3; at < b.n; seq++) {
        struct mysqld_reader r = mysqld_reader_of((struct str){ b.p + at, b.n - at });
        size_t length = mysqld_get_int(&r, 3);
        assert_int_equal(mysqld_get_int(&r, 1), seq);
        struct str part = mysqld_get_bytes(&r, length);
        assert_false(r.bad);
        for (size_t i = 0; i < part.n; i += 4093)
            assert_int_equal(part.p[i], (char)((seen + i) * 7));
        seen += length;
        at += MYSQL_HEAD + length;
    }
    assert_int_equal(seen, n);
    buf_release(&b);
}

/* ---- types ---- */

static void declarations_become_types(void **state)
{
    static const struct {
        const char *declared, *shown;
        unsigned number, length, decimals;
    } cases[] = {
        { "BIGINT", "bigint", MYSQL_LONGLONG, 20, 0 },        { "INT", "int", MYSQL_LONG, 11, 0 },
        { "int unsigned", "int unsigned", MYSQL_LONG, 11, 0 }, { "INTEGER", "int", MYSQL_LONG, 11, 0 },
        { "FLOAT", "float", MYSQL_FLOAT, 12, 31 },            { "FLOAT(53)", "double", MYSQL_DOUBLE, 22, 31 },
        { "DOUBLE", "double", MYSQL_DOUBLE, 22, 31 },         { "DECIMAL(8,3)", "decimal(8,3)", MYSQL_NEWDECIMAL, 10, 3 },
        { "DATETIME", "datetime", MYSQL_DATETIME, 19, 0 },    { "DATETIME(6)", "datetime(6)", MYSQL_DATETIME, 26, 6 },
        { "VARCHAR(60)", "varchar(60)", MYSQL_VAR_STRING, 240, 0 }, { "TEXT", "text", MYSQL_BLOB, 262140, 0 },
        { "TINYINT(1)", "tinyint(1)", MYSQL_TINY, 4, 0 },     { "BLOB", "blob", MYSQL_BLOB, 65535, 0 },
        { "SOMETHING", "text", MYSQL_BLOB, 262140, 0 },       { "", "text", MYSQL_BLOB, 262140, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT;
        struct mysqld_type t = mysqld_type_of(cases[i].declared);
        mysqld_type_put_name(&b, cases[i].declared);
        assert_str(buf_str(&b), cases[i].shown);
        if (t.number != cases[i].number || t.length != cases[i].length || t.decimals != cases[i].decimals)
            fail_msg("%s: type %u length %u decimals %u", cases[i].declared, t.number, t.length, t.decimals);
        buf_release(&b);
    }
}

static struct mysqld_value text(const char *z) { return (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = str_of(z) }; }

static void values_are_written_in_both_protocols(void **state)
{
    static const struct {
        const char *declared, *text;
        struct mysqld_value value;
        const char *binary; /* in hex */
    } cases[] = {
        { "BIGINT", "-2", { .kind = MYSQL_V_INTEGER, .integer = -2 }, "feffffffffffffff" },
        { "INT", "7", { .kind = MYSQL_V_INTEGER, .integer = 7 }, "07000000" },
        { "DOUBLE", "-89.9787", { .kind = MYSQL_V_REAL, .real = -89.9787 }, "37894160" /* checked below by length only */ },
        { "DOUBLE", "1e21", { .kind = MYSQL_V_REAL, .real = 1e21 }, NULL },
        { "FLOAT", "0.5", { .kind = MYSQL_V_REAL, .real = 0.5 }, "0000003f" },
        { "DECIMAL(8,2)", "1.50", { .kind = MYSQL_V_REAL, .real = 1.5 }, "04312e3530" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT, hex = BUF_INIT;
        struct mysqld_type t = mysqld_type_of(cases[i].declared);
        mysqld_type_put_text(&b, &t, &cases[i].value);
        assert_int_equal(b.p[0], (int)strlen(cases[i].text));
        assert_str(str_from(buf_str(&b), 1), cases[i].text);
        buf_reset(&b);
        mysqld_type_put_binary(&b, &t, &cases[i].value);
        for (size_t k = 0; k < b.n; k++)
            buf_f(&hex, "%02x", (unsigned char)b.p[k]);
        if (t.number == MYSQL_DOUBLE)
            assert_int_equal(b.n, 8);
        else
            assert_str(buf_str(&hex), cases[i].binary);
        buf_release(&b), buf_release(&hex);
    }
}

static void moments_are_packed(void **state)
{
    static const struct {
        const char *declared, *text, *hex;
    } cases[] = {
        { "DATETIME", "2020-08-28 03:52:47", "07e407081c03342f" },
        { "DATETIME", "2020-08-28 00:00:00", "04e407081c" },
        { "DATETIME", "2020-08-28 03:52:47.000006", "0be407081c03342f06000000" },
        { "DATETIME", "nonsense", "00" },
        { "DATE", "2020-08-28", "04e407081c" },
        { "TIME", "-01:02:03", "080100000000010203" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = BUF_INIT, hex = BUF_INIT;
        struct mysqld_type t = mysqld_type_of(cases[i].declared);
        struct mysqld_value v = text(cases[i].text), back;
        char scratch[40];
        mysqld_type_put_binary(&b, &t, &v);
        for (size_t k = 0; k < b.n; k++)
            buf_f(&hex, "%02x", (unsigned char)b.p[k]);
        assert_str(buf_str(&hex), cases[i].hex);
        for (size_t n = 0; n <= b.n; n++) { /* as a parameter, cut off everywhere */
            struct mysqld_reader r = mysqld_reader_of((struct str){ b.p, n });
            assert_int_equal(mysqld_type_get_binary(&r, t.number, scratch, &back), n == b.n);
        }
        buf_release(&b), buf_release(&hex);
    }
}

/* ---- errors ---- */

static void messages_of_sqlite_become_mysqls(void **state)
{
    static const struct {
        const char *sqlite;
        int number;
        const char *message, *sql;
        size_t at;
    } cases[] = {
        { "no such table: x", 1146, "Table 'db.x' doesn't exist", "", STR_NONE },
        { "no such table: other.x", 1146, "Table 'other.x' doesn't exist", "", STR_NONE },
        { "no such column: x", 1054, "Unknown column 'x' in 'field list'", "SELECT x FROM t", 7 },
        { "no such column: x", 1054, "Unknown column 'x' in 'where clause'", "SELECT a FROM t WHERE x", 22 },
        { "no such column: x", 1054, "Unknown column 'x' in 'order clause'", "SELECT a FROM t ORDER BY x", 25 },
        { "table t has no column named x", 1054, "Unknown column 'x' in 'field list'", "INSERT INTO t (x)", STR_NONE },
        { "near \"FORM\": syntax error", 1064,
          "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near 'FORM t' at line 2",
          "SELECT *\nFORM t", 9 },
        { "UNIQUE constraint failed: t.a", 1062, "Duplicate entry for key 't.a'", "", STR_NONE },
        { "NOT NULL constraint failed: t.a", 1048, "Column 'a' cannot be null", "", STR_NONE },
        { "no such function: nosuch", 1305, "FUNCTION db.nosuch does not exist", "", STR_NONE },
        { "ambiguous column name: a", 1052, "Column 'a' in field list is ambiguous", "", STR_NONE },
        { "2 values for 3 columns", 1136, "Column count doesn't match value count at row 1", "", STR_NONE },
        { "interrupted", 3024, "Query execution was interrupted, maximum statement execution time exceeded", "", STR_NONE },
        { "something new", 1105, "something new", "", STR_NONE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        mysqld_error_translate(&e, cases[i].sqlite, 1, str_of(cases[i].sql), cases[i].at, S("db"));
        assert_str(str_of(e.message), cases[i].message);
        assert_int_equal(mysqld_error_number(&e), cases[i].number);
    }
}

static void errors_of_fault_rules_get_numbers(void **state)
{
    static const struct {
        const char *code;
        int status, number;
        const char *sql_state;
    } cases[] = {
        { "ER_LOCK_DEADLOCK", 500, 1213, "40001" }, { "1040", 503, 1040, "08004" }, { "InternalFailure", 500, 1105, "HY000" },
        { "whatever", 1146, 1146, "42S02" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { .status = cases[i].status };
        snprintf(e.code, sizeof e.code, "%s", cases[i].code);
        assert_int_equal(mysqld_error_number(&e), cases[i].number);
        assert_string_equal(mysqld_error_state(cases[i].number), cases[i].sql_state);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_and_strings_are_read_back),
        cmocka_unit_test(nothing_is_read_behind_the_end),
        cmocka_unit_test(a_packet_of_sixteen_mebibytes_is_split),
        cmocka_unit_test(declarations_become_types),
        cmocka_unit_test(values_are_written_in_both_protocols),
        cmocka_unit_test(moments_are_packed),
        cmocka_unit_test(messages_of_sqlite_become_mysqls),
        cmocka_unit_test(errors_of_fault_rules_get_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
