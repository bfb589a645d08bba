/* The database: filled once, the same for the same seed, the user's tables instead, and what is reported of them. */
#include "tests/support/t.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mocks/rds/rds.h"
#include "mocks/rds/synth.h"

static char *scratch(struct arena *a)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = arena_z(a, arena_f(a, "%s/weirbox-rds-XXXXXX", tmp ? tmp : P_tmpdir));
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void clear(struct arena *a, const char *dir)
{
    assert_int_equal(system(arena_f(a, "rm -rf '%s'", dir).p), 0);
}

static void put(struct arena *a, const char *dir, const char *name, const char *text)
{
    FILE *f = fopen(arena_f(a, "%s/%s", dir, name).p, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static sqlite3 *connect_to(const char *uri)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL), SQLITE_OK);
    return db;
}

/* The answer's first row, columns joined by '|'. */
static struct str ask(sqlite3 *db, struct arena *a, const char *sql)
{
    sqlite3_stmt *s;
    struct buf b = BUF_INIT;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(s) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(s); i++)
            buf_f(&b, "%s%s", i ? "|" : "", sqlite3_column_type(s, i) == SQLITE_NULL ? "NULL" : (const char *)sqlite3_column_text(s, i));
    sqlite3_finalize(s);
    struct str answer = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return answer;
}

static void limit_n_1_is_row_n(void **state)
{
    (void)state;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 100 });
    struct arena a = ARENA_INIT;
    struct err e;
    const char *uri = rds_uri(rds, &e);
    assert_non_null(uri);
    sqlite3 *db = connect_to(uri);
    static const int rows[] = { 0, 7528, 2863, 11000, 11153 };
    for (size_t i = 0; i < 5; i++)
        for (size_t t = 0; t < SCHEMA_TABLES; t++) {
            struct str row = ask(db, &a, arena_f(&a, "SELECT * FROM %s LIMIT %d, 1", schema_tables[t].name, rows[i]).p);
            assert_true(str_starts(row, arena_f(&a, "%d|", rows[i])));
        }
    assert_str(ask(db, &a, "SELECT count(*) FROM pinterest_data"), "11154");
    assert_str(ask(db, &a, "SELECT \"index\" FROM pinterest_data LIMIT 5000, 1"), "5000");
    sqlite3_close(db);
    rds_close(rds);
    arena_release(&a);
}

static void declared_types_are_mysql_types(void **state)
{
    (void)state;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 100 });
    struct arena a = ARENA_INIT;
    struct err e;
    sqlite3 *db = connect_to(rds_uri(rds, &e));
    for (size_t t = 0; t < SCHEMA_TABLES; t++) {
        sqlite3_stmt *s;
        assert_int_equal(sqlite3_prepare_v2(db, arena_f(&a, "SELECT * FROM %s", schema_tables[t].name).p, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_column_count(s), schema_tables[t].n_columns);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        for (int c = 0; c < sqlite3_column_count(s); c++) {
            static const int stored[] = { [SCHEMA_INTEGER] = SQLITE_INTEGER, [SCHEMA_FLOAT] = SQLITE_FLOAT,
                                          [SCHEMA_DATETIME] = SQLITE_TEXT, [SCHEMA_TEXT] = SQLITE_TEXT };
            assert_string_equal(sqlite3_column_name(s, c), schema_tables[t].columns[c].name);
            assert_string_equal(sqlite3_column_decltype(s, c), schema_tables[t].columns[c].declared);
            assert_int_equal(sqlite3_column_type(s, c), stored[schema_tables[t].columns[c].type]);
        }
        sqlite3_finalize(s);
    }
    sqlite3_close(db);
    rds_close(rds);
    arena_release(&a);
}

static void *ask_for_uri(void *rds)
{
    struct err e;
    return (void *)(uintptr_t)rds_uri(rds, &e);
}

static void it_is_filled_once_by_whichever_thread_comes_first(void **state)
{
    (void)state;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 1 });
    pthread_t threads[8];
    void *uris[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_uri, rds), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], &uris[i]);
    for (int i = 0; i < 8; i++)
        assert_true(uris[i] && uris[i] == uris[0]);
    rds_close(rds);
}

static void two_databases_do_not_meet(void **state)
{
    (void)state;
    struct rds *one = rds_open(&(struct rds_options){ .seed = 1 }), *two = rds_open(&(struct rds_options){ .seed = 2 });
    struct arena a = ARENA_INIT;
    struct err e;
    sqlite3 *db1 = connect_to(rds_uri(one, &e)), *db2 = connect_to(rds_uri(two, &e));
    const char *sql = "SELECT unique_id FROM pinterest_data WHERE \"index\" = 17";
    assert_false(str_eq(ask(db1, &a, sql), ask(db2, &a, sql)));
    sqlite3_close(db1), sqlite3_close(db2);
    rds_close(one), rds_close(two);
    arena_release(&a);
}

static void an_idle_database_costs_nothing(void **state)
{
    (void)state;
    int64_t start_us = clock_stopwatch_us();
    for (int i = 0; i < 100; i++)
        rds_close(rds_open(&(struct rds_options){ .seed = 1 }));
    assert_true(clock_stopwatch_us() - start_us < 20000);
}

static void rows_written_stay_in_the_data_directory(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    char *odd = arena_z(&a, arena_f(&a, "%s//a b%%?#", dir));
    assert_int_equal(mkdir(odd, 0700), 0);
    struct err e;
    for (int round = 0; round < 2; round++) {
        struct rds *rds = rds_open(&(struct rds_options){ .seed = 100, .data_dir = odd });
        struct rds_report r;
        assert_ok(rds_report(rds, &r, &e), &e);
        assert_int_equal(r.complete, SYNTH_ROWS - round); /* the row taken away stays away: it was not filled again */
        sqlite3 *db;
        assert_int_equal(sqlite3_open_v2(rds_uri(rds, &e), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "DELETE FROM user_data WHERE ind = 3", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        rds_close(rds);
    }
    struct rds *other = rds_open(&(struct rds_options){ .seed = 101, .data_dir = odd });
    struct rds_report r;
    assert_ok(rds_report(other, &r, &e), &e);
    assert_int_equal(r.complete, SYNTH_ROWS);
    rds_close(other);
    assert_int_equal(access(arena_f(&a, "%s/rds.sqlite", odd).p, F_OK), 0);
    clear(&a, dir);
    arena_release(&a);
}

static void what_cannot_be_stored_is_told(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    struct err e;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 1, .data_dir = arena_f(&a, "%s/none", dir).p });
    for (int i = 0; i < 2; i++) { /* and told again */
        e = (struct err){ 0 };
        assert_null(rds_uri(rds, &e));
        assert_string_equal(e.code, "RDS_STORAGE");
        assert_non_null(strstr(e.message, "/none"));
    }
    rds_close(rds);
    put(&a, dir, "rds.sqlite", "this is no database, and long enough to be told from an empty one ................................");
    rds = rds_open(&(struct rds_options){ .seed = 1, .data_dir = dir });
    assert_null(rds_uri(rds, &e));
    assert_string_equal(e.code, "RDS_STORAGE");
    rds_close(rds);
    assert_int_equal(unlink(arena_f(&a, "%s/rds.sqlite", dir).p), 0);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(arena_f(&a, "%s/rds.sqlite", dir).p, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE pinterest_data(mine)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    rds = rds_open(&(struct rds_options){ .seed = 1, .data_dir = dir });
    assert_null(rds_uri(rds, &e));
    assert_non_null(strstr(e.message, "was not made by weirbox"));
    rds_close(rds);
    clear(&a, dir);
    arena_release(&a);
}

#define PIN_HEAD "index,unique_id,title,description,poster_name,follower_count,tag_list,is_image_or_video,image_src,downloaded,save_location,category\n"
#define PIN(n) #n ",id" #n ",t,d,p,1k,a,image,src,1,loc,art\n"
#define GEO_HEAD "ind,timestamp,latitude,longitude,country\n"
#define GEO(n) #n ",2020-08-28 03:52:47,-89.9787,-173.293,Albania\n"
#define USER(n) "{\"ind\":" #n ",\"first_name\":\"A\",\"last_name\":\"B\",\"age\":20,\"date_joined\":\"2016-05-28 21:22:35\"}\n"

static void missing_rows_are_counted(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    put(&a, dir, "pinterest_data.csv", PIN_HEAD PIN(9) PIN(3) PIN(5));
    put(&a, dir, "geolocation_data.csv", GEO_HEAD GEO(3) GEO(4) GEO(5) GEO(-2));
    put(&a, dir, "user_data.ndjson", USER(5) USER(3) USER(4));
    struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = dir });
    struct rds_report r;
    struct err e;
    assert_ok(rds_report(rds, &r, &e), &e);
    assert_int_equal(r.indices, 5);
    assert_int_equal(r.complete, 2);
    static const int64_t rows[] = { 3, 4, 3 }, missing[] = { 2, 1, 2 }, first[][2] = { { -2, 4 }, { 9, 0 }, { -2, 9 } };
    for (size_t t = 0; t < SCHEMA_TABLES; t++) {
        assert_int_equal(r.tables[t].rows, rows[t]);
        assert_int_equal(r.tables[t].missing, missing[t]);
        assert_int_equal(r.tables[t].n_first_missing, missing[t]);
        for (int64_t i = 0; i < missing[t]; i++)
            assert_int_equal(r.tables[t].first_missing[i], first[t][i]);
    }
    assert_string_equal(r.tables[SCHEMA_USER].file, "user_data.ndjson");
    sqlite3 *db = connect_to(rds_uri(rds, &e));
    assert_str(ask(db, &a, "SELECT * FROM geolocation_data LIMIT 1, 1"), "3|2020-08-28 03:52:47|-89.9787|-173.293|Albania");
    assert_str(ask(db, &a, "SELECT \"index\" FROM pinterest_data LIMIT 2, 1"), "9");
    sqlite3_close(db);
    rds_close(rds);
    clear(&a, dir);
    arena_release(&a);
}

static void broken_lines_refuse_to_start_or_are_skipped(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    put(&a, dir, "pinterest_data.csv", PIN_HEAD PIN(1) "2,\"open\n" PIN(3));
    put(&a, dir, "geolocation_data.csv", GEO_HEAD GEO(1) GEO(3) "4,2020-13-01 00:00:00,1,1,X\n");
    put(&a, dir, "user_data.jsonl", USER(1) USER(3));
    struct err e;
    struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = dir });
    assert_null(rds_uri(rds, &e));
    assert_string_equal(e.code, "TABLE_MALFORMED");
    assert_non_null(strstr(e.message, "2 broken lines in "));
    assert_non_null(strstr(e.message, "pinterest_data.csv:3:3: the quote that opens here is never closed"));
    assert_non_null(strstr(e.message, "geolocation_data.csv:4:3: timestamp: expected a date that exists"));
    assert_null(strchr(e.message, '\n'));
    rds_close(rds);

    struct rds_report r;
    rds = rds_open(&(struct rds_options){ .tables_dir = dir, .skip_broken = true });
    assert_ok(rds_report(rds, &r, &e), &e);
    assert_int_equal(r.complete, 2);
    assert_int_equal(r.tables[SCHEMA_PIN].broken, 1);
    assert_int_equal(r.tables[SCHEMA_GEO].broken, 1);
    assert_int_equal(r.tables[SCHEMA_USER].broken, 0);
    assert_int_equal(r.n_broken, 2);
    assert_non_null(strstr(r.broken[1], "geolocation_data.csv:4:3"));
    rds_close(rds);
    clear(&a, dir);
    arena_release(&a);
}

static void tables_that_are_not_there_are_named(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    const struct {
        const char *dir, *code, *says, *then_name, *then_text;
    } steps[] = {
        { arena_f(&a, "%s/none", dir).p, "TABLES_NOT_FOUND", "/none", NULL, NULL },
        { dir, "TABLE_MISSING", "no pinterest_data.csv", "pinterest_data.csv", PIN_HEAD },
        { dir, "TABLE_MISSING", "no geolocation_data.csv", "geolocation_data.csv", GEO_HEAD },
        { dir, "TABLE_MISSING", "no user_data.csv", "user_data.json", "" },
        { dir, "TABLE_MALFORMED", "user_data.json is empty", "user_data.jsonl", USER(1) },
        { dir, "TABLE_AMBIGUOUS", "user_data.jsonl and user_data.json", NULL, NULL },
        { arena_f(&a, "%s/user_data.json", dir).p, "TABLES_NOT_FOUND", "is not a directory", NULL, NULL },
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct err e = { 0 };
        struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = steps[i].dir, .skip_broken = true });
        assert_null(rds_uri(rds, &e));
        assert_string_equal(e.code, steps[i].code);
        if (!strstr(e.message, steps[i].says))
            fail_msg("%s does not say %s", e.message, steps[i].says);
        rds_close(rds);
        if (steps[i].then_name)
            put(&a, dir, steps[i].then_name, steps[i].then_text);
    }
    clear(&a, dir);
    arena_release(&a);
}

static void odd_column_names_are_kept(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    char *dir = scratch(&a);
    put(&a, dir, "pinterest_data.csv", PIN_HEAD PIN(1));
    put(&a, dir, "geolocation_data.csv", "\"a \"\"b\"\"; DROP TABLE x\",country,ind,timestamp,latitude,longitude\nv,X,1,2020-08-28,1,2\n");
    put(&a, dir, "user_data.json", "[" USER(1) "]");
    struct err e;
    struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = dir });
    assert_non_null(rds_uri(rds, &e));
    sqlite3 *db = connect_to(rds_uri(rds, &e));
    assert_str(ask(db, &a, "SELECT * FROM geolocation_data"), "v|X|1|2020-08-28 00:00:00|1.0|2.0");
    assert_str(ask(db, &a, "SELECT name, type FROM pragma_table_info('geolocation_data') LIMIT 1"), "a \"b\"; DROP TABLE x|TEXT");
    sqlite3_close(db);
    rds_close(rds);
    clear(&a, dir);
    arena_release(&a);
}

static void the_real_tables_are_loaded_whole(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    const char *dir = t_shared(&a, "tables");
    if (!dir) {
        arena_release(&a);
        skip();
    }
    struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = dir });
    struct rds_report r;
    struct err e;
    assert_ok(rds_report(rds, &r, &e), &e);
    assert_int_equal(r.tables[SCHEMA_PIN].rows, 4447);
    assert_int_equal(r.tables[SCHEMA_GEO].rows, 11154);
    assert_int_equal(r.tables[SCHEMA_USER].rows, 11154);
    assert_int_equal(r.complete, 4447);
    assert_int_equal(r.indices, 11154);
    assert_int_equal(r.tables[SCHEMA_PIN].missing, 6707);
    assert_int_equal(r.tables[SCHEMA_PIN].n_first_missing, RDS_REPORT_FIRST);
    assert_int_equal(r.tables[SCHEMA_GEO].missing, 0);
    sqlite3 *db = connect_to(rds_uri(rds, &e));
    assert_str(ask(db, &a, "SELECT * FROM geolocation_data LIMIT 7528, 1"), "7528|2020-08-28 03:52:47|-89.9787|-173.293|Albania");
    sqlite3_close(db);
    rds_close(rds);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_n_1_is_row_n),
        cmocka_unit_test(declared_types_are_mysql_types),
        cmocka_unit_test(it_is_filled_once_by_whichever_thread_comes_first),
        cmocka_unit_test(two_databases_do_not_meet),
        cmocka_unit_test(an_idle_database_costs_nothing),
        cmocka_unit_test(rows_written_stay_in_the_data_directory),
        cmocka_unit_test(what_cannot_be_stored_is_told),
        cmocka_unit_test(missing_rows_are_counted),
        cmocka_unit_test(broken_lines_refuse_to_start_or_are_skipped),
        cmocka_unit_test(tables_that_are_not_there_are_named),
        cmocka_unit_test(odd_column_names_are_kept),
        cmocka_unit_test(the_real_tables_are_loaded_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
