/* Rows as JSON: every type, both spellings of text, and what a database may lack. */
#include "tests/support/t.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/source/source.h"

#define TABLES                                                                                                       \
    "CREATE TABLE pinterest_data(\"index\" BIGINT, title TEXT, downloaded BIGINT);"                                  \
    "CREATE TABLE geolocation_data(ind BIGINT, timestamp DATETIME, latitude FLOAT, longitude FLOAT, country TEXT);" \
    "CREATE TABLE user_data(ind BIGINT, first_name TEXT, age INT, \"odd \"\" name\" TEXT);"

/* A database in memory, alive as long as *ret_db is open; its URI is unique to it. */
static const char *make(struct arena *a, sqlite3 **ret_db, const char *sql)
{
    const char *uri = arena_f(a, "file:/weirbox-test-%p?vfs=memdb", (void *)a).p;
    char *message = NULL;
    assert_int_equal(sqlite3_open_v2(uri, ret_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL), SQLITE_OK);
    if (sqlite3_exec(*ret_db, sql, NULL, NULL, &message))
        fail_msg("%s", message);
    return uri;
}

static void every_type_has_its_json(void **state)
{
    (void)state;
    static const struct {
        enum source_table table;
        const char *insert;
        const char *json;
        const char *ascii; /* NULL = the same */
    } rows[] = {
        { SOURCE_PIN, "(7, 'plain', 1)", "{\"index\":7,\"title\":\"plain\",\"downloaded\":1}", NULL },
        { SOURCE_PIN, "(7, '', 0)", "{\"index\":7,\"title\":\"\",\"downloaded\":0}", NULL },
        { SOURCE_PIN, "(7, NULL, NULL)", "{\"index\":7,\"title\":null,\"downloaded\":null}", NULL },
        { SOURCE_PIN, "(7, '12', -9223372036854775808)", "{\"index\":7,\"title\":\"12\",\"downloaded\":-9223372036854775808}", NULL },
        { SOURCE_PIN, "(7, 'a\"b\\c/' || char(10, 9, 1, 127), 1)", "{\"index\":7,\"title\":\"a\\\"b\\\\c/\\n\\t\\u0001\x7F\",\"downloaded\":1}",
          "{\"index\":7,\"title\":\"a\\\"b\\\\c/\\n\\t\\u0001\\u007f\",\"downloaded\":1}" },
        { SOURCE_PIN, "(7, 'é…' || char(160, 153) || '😀', 1)", "{\"index\":7,\"title\":\"é…\xC2\xA0\xC2\x99😀\",\"downloaded\":1}",
          "{\"index\":7,\"title\":\"\\u00e9\\u2026\\u00a0\\u0099\\ud83d\\ude00\",\"downloaded\":1}" },
        { SOURCE_GEO, "(7, '2020-08-28 03:52:47', -89.9787, -173.293, 'Albania')",
          "{\"ind\":7,\"timestamp\":\"2020-08-28 03:52:47\",\"latitude\":-89.9787,\"longitude\":-173.293,\"country\":\"Albania\"}", NULL },
        { SOURCE_GEO, "(7, '2020-08-28 03:52:47', 8.65953, -75.3, 'Cote d''Ivoire')",
          "{\"ind\":7,\"timestamp\":\"2020-08-28 03:52:47\",\"latitude\":8.65953,\"longitude\":-75.3,\"country\":\"Cote d'Ivoire\"}", NULL },
        { SOURCE_GEO, "(7, NULL, 12, -0.001, '')", "{\"ind\":7,\"timestamp\":null,\"latitude\":12.0,\"longitude\":-0.001,\"country\":\"\"}", NULL },
        { SOURCE_USER, "(7, 'Ada', 20, 'x')", "{\"ind\":7,\"first_name\":\"Ada\",\"age\":20,\"odd \\\" name\":\"x\"}", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = ARENA_INIT;
        struct buf json = BUF_INIT;
        struct err e;
        sqlite3 *db;
        const char *uri = make(&a, &db, arena_f(&a, TABLES "INSERT INTO %s VALUES %s", source_names[rows[i].table], rows[i].insert).p);
        struct source *s = source_open(uri, &e);
        assert_non_null(s);
        assert_ok(source_row(s, rows[i].table, 7, &json, &e), &e);
        assert_str(buf_str(&json), rows[i].json);
        assert_true(json_valid(buf_str(&json)));
        buf_reset(&json);
        source_ascii(s, true);
        assert_ok(source_row(s, rows[i].table, 7, &json, &e), &e);
        assert_str(buf_str(&json), rows[i].ascii ? rows[i].ascii : rows[i].json);
        source_close(s);
        sqlite3_close(db);
        buf_release(&json);
        arena_release(&a);
    }
}

static void rows_are_appended_and_missing_ones_told(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf json = BUF_INIT;
    struct err e;
    sqlite3 *db;
    const char *uri = make(&a, &db, TABLES "INSERT INTO pinterest_data VALUES (1, 'a', 1), (2, 'b', 1);");
    struct source *s = source_open(uri, &e);
    assert_int_equal(source_row(s, SOURCE_PIN, 2, &json, &e), 0);
    assert_int_equal(source_row(s, SOURCE_PIN, 3, &json, &e), 1);
    assert_int_equal(source_row(s, SOURCE_GEO, 2, &json, &e), 1);
    assert_int_equal(source_row(s, SOURCE_PIN, INT64_MIN, &json, &e), 1);
    assert_int_equal(source_row(s, SOURCE_PIN, 1, &json, &e), 0);
    assert_str(buf_str(&json), "{\"index\":2,\"title\":\"b\",\"downloaded\":1}{\"index\":1,\"title\":\"a\",\"downloaded\":1}");
    assert_int_equal(source_count(s, SOURCE_PIN, &e), 2);
    assert_int_equal(source_count(s, SOURCE_USER, &e), 0);
    source_close(s);
    sqlite3_close(db);
    buf_release(&json);
    arena_release(&a);
}

static void rows_written_meanwhile_are_seen(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf json = BUF_INIT;
    struct err e;
    sqlite3 *db;
    const char *uri = make(&a, &db, TABLES);
    struct source *s = source_open(uri, &e);
    assert_int_equal(source_row(s, SOURCE_PIN, 1, &json, &e), 1);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO pinterest_data VALUES (1, 'a', 1)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(source_row(s, SOURCE_PIN, 1, &json, &e), 0);
    source_close(s);
    sqlite3_close(db);
    buf_release(&json);
    arena_release(&a);
}

static void complete_indices_are_in_all_three_tables(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e;
    sqlite3 *db;
    const char *uri = make(&a, &db, TABLES "INSERT INTO pinterest_data(\"index\") VALUES (9), (3), (-1), (5), (5), (NULL);"
                                           "INSERT INTO geolocation_data(ind) VALUES (3), (4), (5), (-1);"
                                           "INSERT INTO user_data(ind) VALUES (5), (3), (3), (9), (-1), (7);");
    struct source *s = source_open(uri, &e);
    int64_t *indices = NULL;
    size_t n = 0;
    assert_ok(source_complete_indices(s, &indices, &n, &e), &e);
    assert_int_equal(n, 3);
    assert_true(indices[0] == -1 && indices[1] == 3 && indices[2] == 5);
    free(indices);
    source_close(s);
    sqlite3_close(db);
    arena_release(&a);
}

static void text_that_is_not_utf8_is_named(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf json = BUF_INIT;
    struct err e;
    sqlite3 *db;
    const char *uri = make(&a, &db, TABLES "INSERT INTO pinterest_data VALUES (1, CAST(x'41FF42' AS TEXT), 1), (2, 'fine', 1);");
    struct source *s = source_open(uri, &e);
    assert_int_equal(source_row(s, SOURCE_PIN, 1, &json, &e), -1);
    assert_string_equal(e.code, "SOURCE_TEXT");
    assert_non_null(strstr(e.message, "pinterest_data, index 1, column title"));
    assert_int_equal(json.n, 0);
    assert_int_equal(source_row(s, SOURCE_PIN, 2, &json, &e), 0);
    source_close(s);
    sqlite3_close(db);
    buf_release(&json);
    arena_release(&a);
}

static void what_a_database_lacks_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *code, *says;
    } lacks[] = {
        { "", "TABLE_MISSING", "no table pinterest_data" },
        { "CREATE TABLE pinterest_data(\"index\"); CREATE TABLE geolocation_data(ind)", "TABLE_MISSING", "no table user_data" },
        { "CREATE TABLE pinterest_data(ind)", "COLUMN_MISSING", "by its key index" },
        { "CREATE TABLE pinterest_data(\"index\"); CREATE TABLE geolocation_data(\"index\")", "COLUMN_MISSING", "by its key ind" },
    };
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        sqlite3 *db;
        assert_null(source_open(make(&a, &db, lacks[i].sql), &e));
        assert_string_equal(e.code, lacks[i].code);
        assert_non_null(strstr(e.message, lacks[i].says));
        sqlite3_close(db);
        arena_release(&a);
    }
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    static const char *const uris[] = { "no/such/file.sqlite", "file:no/such/file.sqlite", "oracle://u@h:1521/d", "." };
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct err e = { 0 };
        assert_null(source_open(uris[i], &e));
        assert_string_equal(e.code, "SOURCE_UNREACHABLE");
        assert_non_null(strstr(e.message, uris[i]));
    }
    source_close(NULL);
}

static void a_file_that_is_no_database_is_told(void **state)
{
    (void)state;
    char path[] = "weirbox-source-XXXXXX";
    struct err e = { 0 };
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    close(fd);
    struct source *s = source_open(path, &e);
    unlink(path);
    assert_null(s);
    assert_string_equal(e.code, "SOURCE_UNREACHABLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_json),
        cmocka_unit_test(rows_are_appended_and_missing_ones_told),
        cmocka_unit_test(rows_written_meanwhile_are_seen),
        cmocka_unit_test(complete_indices_are_in_all_three_tables),
        cmocka_unit_test(text_that_is_not_utf8_is_named),
        cmocka_unit_test(what_a_database_lacks_is_named),
        cmocka_unit_test(what_cannot_be_opened_is_told),
        cmocka_unit_test(a_file_that_is_no_database_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
