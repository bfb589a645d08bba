/* Real clients against the mock RDS, each a script of tests/clients/ that gets MYSQL_HOST, MYSQL_TCP_PORT and MYSQL_CA (the
 * certificate of who signs the server's) and exits 77 when its client is not installed. With RDS_COMMAND set, that command is run instead, for other checks by hand. */
#include <sys/wait.h>

#include "tests/wire/rds_world.h"

static int run(const char *command, const struct cloud_setting *settings)
{
    struct rds_world w;
    char port[8];
    rds_world_open_tls(&w, settings, true);
    snprintf(port, sizeof port, "%u", w.port);
    setenv("MYSQL_HOST", "127.0.0.1", 1);
    setenv("MYSQL_TCP_PORT", port, 1);
    setenv("MYSQL_CA", tls_ca_path(w.tls), 1);
    int status = system(command);
    rds_world_close(&w);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* A script of Python is run by each Python that has the modules. */
static void run_script(const char *name, const char *modules, const struct cloud_setting *settings)
{
    struct arena a = ARENA_INIT;
    const char *path = t_source(&a, arena_f(&a, "tests/clients/%s", name).p);
    const char *python = t_source(&a, "tests/clients/rds_python.sh");
    int status = run(arena_f(&a, "bash '%s' '%s' %s", modules ? python : path, path, modules ? modules : "").p, settings);
    arena_release(&a);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

static const struct cloud_setting anybody[] = { { NULL, NULL } };
static const struct cloud_setting users[] = { { "rds.users", "project_user:se'cret pass,empty:" }, { NULL, NULL } };
static const struct cloud_setting native[] = {
    { "rds.users", "project_user:se'cret pass,empty:" }, { "rds.auth_plugin", "mysql_native_password" }, { NULL, NULL },
};

static void pymysql_reads_rows_exactly(void **state) { (void)state, run_script("rds_pymysql.py", "pymysql", anybody); }
static void sqlalchemy_connects_inspects_and_writes(void **state) { (void)state, run_script("rds_sqlalchemy.py", "pymysql sqlalchemy", anybody); }
static void pymysql_speaks_tls(void **state) { (void)state, run_script("rds_tls_pymysql.py", "pymysql", anybody); }
static void sqlalchemy_speaks_tls(void **state) { (void)state, run_script("rds_tls_sqlalchemy.py", "pymysql sqlalchemy", anybody); }
static void mysqld_connector_prepares_statements(void **state) { (void)state, run_script("rds_connector.py", "mysql.connector", anybody); }
static void wrong_passwords_are_refused_once_users_exist(void **state) { (void)state, run_script("rds_users.py", "pymysql", users); }
static void native_passwords_do_as_well(void **state) { (void)state, run_script("rds_users.py", "pymysql", native); }
static void the_command_line_client_and_dump_work(void **state) { (void)state, run_script("rds_mariadb.sh", NULL, anybody); }
static void connector_j_reads_and_describes(void **state) { (void)state, run_script("rds_java.sh", NULL, anybody); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pymysql_reads_rows_exactly),
        cmocka_unit_test(sqlalchemy_connects_inspects_and_writes),
        cmocka_unit_test(pymysql_speaks_tls),
        cmocka_unit_test(sqlalchemy_speaks_tls),
        cmocka_unit_test(mysqld_connector_prepares_statements),
        cmocka_unit_test(wrong_passwords_are_refused_once_users_exist),
        cmocka_unit_test(native_passwords_do_as_well),
        cmocka_unit_test(the_command_line_client_and_dump_work),
        cmocka_unit_test(connector_j_reads_and_describes),
    };
    if (getenv("RDS_COMMAND"))
        return run(getenv("RDS_COMMAND"), anybody);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
