/* The pipeline's rows by way of the MySQL wire are the rows of the tables, byte by byte: libmariadb, the mock RDS, SQLite. */
#include "tests/support/t.h"

#include "mocks/cloud/cloud.h"
#include "mocks/rds/rds.h"
#include "pipeline/source/source.h"

static const struct service *const services[] = { &rds_service, NULL };

struct two {
    struct clock clock;
    struct cloud *cloud;
    struct source *tables, *wire;
};

static struct cloud *open_cloud(struct two *w, const struct cloud_setting *settings)
{
    struct err e = { 0 };
    clock_init_real(&w->clock);
    struct cloud_options o = { .services = services, .clock = &w->clock, .seed = 7, .settings = settings };
    w->cloud = cloud_open(&o, &e);
    assert_non_null(w->cloud);
    return w->cloud;
}

static struct source *open_wire(struct two *w, const char *login, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct source *s = source_open(arena_f(&a, "mysql://%s127.0.0.1:%u/pinterest_data?charset=utf8mb4", login, cloud_port(w->cloud, "rds")).p, e);
    arena_release(&a);
    return s;
}

static bool has_libmariadb(struct two *w, const struct err *e)
{
    if (w->wire || !strstr(e->message, "without libmariadb"))
        return true;
    cloud_close(w->cloud);
    return false;
}

static void every_row_is_the_same_over_the_wire(void **state)
{
    struct two w = { 0 };
    struct err e = { 0 };
    struct buf a = BUF_INIT, b = BUF_INIT;
    int64_t *keys;
    size_t n;
    (void)state;
    open_cloud(&w, NULL);
    w.wire = open_wire(&w, "project_user:any%40thing@", &e);
    if (!has_libmariadb(&w, &e))
        skip();
    assert_ok(w.wire ? 0 : -1, &e);
    w.tables = source_open(rds_service_uri(cloud_state(w.cloud, "rds"), &e), &e);
    assert_ok(w.tables ? 0 : -1, &e);
    assert_ok(source_complete_indices(w.wire, &keys, &n, &e), &e);
    assert_int_equal(n, 11154);
    for (int t = 0; t < SOURCE_TABLES; t++) {
        assert_int_equal(source_count(w.wire, (enum source_table)t, &e), 11154);
        for (size_t i = 0; i < n; i++) {
            buf_reset(&a), buf_reset(&b);
            assert_ok(source_row(w.tables, (enum source_table)t, keys[i], &a, &e), &e);
            assert_ok(source_row(w.wire, (enum source_table)t, keys[i], &b, &e), &e);
            if (!str_eq(buf_str(&a), buf_str(&b)))
                fail_msg("tables: " STR_F "\nwire:   " STR_F, STR_A(buf_str(&a)), STR_A(buf_str(&b)));
        }
        assert_int_equal(source_row(w.wire, (enum source_table)t, 999999, &b, &e), 1);
    }
    free(keys);
    buf_release(&a), buf_release(&b);
    source_close(w.wire), source_close(w.tables);
    cloud_close(w.cloud);
}

static void a_lost_connection_is_made_again(void **state)
{
    struct two w = { 0 };
    struct err e = { 0 };
    struct buf row = BUF_INIT;
    (void)state;
    open_cloud(&w, NULL);
    w.wire = open_wire(&w, "u:p@", &e);
    if (!has_libmariadb(&w, &e))
        skip();
    assert_ok(w.wire ? 0 : -1, &e);
    const char rule[] = "[{\"service\":\"rds\",\"action\":\"COM_QUERY\",\"resource\":\"*user_data*\",\"reset\":\"after\",\"times\":2}]";
    assert_ok(faults_load(cloud_faults(w.cloud), S(rule), &e), &e);
    assert_ok(source_row(w.wire, SOURCE_USER, 5, &row, &e), &e);
    assert_int_equal(faults_hits(cloud_faults(w.cloud)), 2);
    assert_true(str_starts(buf_str(&row), S("{\"ind\":5,")));
    buf_release(&row);
    source_close(w.wire);
    cloud_close(w.cloud);
}

static void what_is_wrong_is_said_without_the_password(void **state)
{
    static const struct cloud_setting users[] = { { "rds.users", "project_user:right" }, { NULL, NULL } };
    struct two w = { 0 };
    struct err e = { 0 };
    (void)state;
    open_cloud(&w, users);
    w.wire = open_wire(&w, "project_user:s3cret@", &e);
    if (!has_libmariadb(&w, &e))
        skip();
    assert_null(w.wire);
    assert_str(str_of(e.code), "SOURCE_UNREACHABLE");
    assert_non_null(strstr(e.message, "Access denied for user 'project_user'"));
    assert_null(strstr(e.message, "s3cret"));
    w.wire = open_wire(&w, "project_user:right@", &e);
    assert_ok(w.wire ? 0 : -1, &e);
    source_close(w.wire);
    cloud_close(w.cloud);
    assert_null(source_open("mysql://u:s3cret@127.0.0.1:1/x", &e));
    assert_str(str_of(e.code), "SOURCE_UNREACHABLE");
    assert_null(strstr(e.message, "s3cret"));
    assert_null(source_open("mysql://u@127.0.0.1:none/x", &e));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_the_same_over_the_wire),
        cmocka_unit_test(a_lost_connection_is_made_again),
        cmocka_unit_test(what_is_wrong_is_said_without_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
