/* What no client would send, what clients rarely send, and what several of them do at once: the mock RDS answers in MySQL's
 * words, and whoever else is connected does not notice. */
#include "tests/wire/rds_world.h"

#include <pthread.h>

static struct rds_world world;

static int open_world(void **state)
{
    (void)state;
    rds_world_open(&world, NULL, true);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    rds_world_close(&world);
    return 0;
}

static void expect(struct rds_client *c, const char *sql, const char *want)
{
    struct arena a = ARENA_INIT;
    struct str got = rds_ask(c, &a, sql);
    if (!str_is(got, want))
        fail_msg("%s\ngot:  " STR_F "\nwant: %s", sql, STR_A(got), want);
    arena_release(&a);
}

/* ---- the log-in ---- */

static void the_greeting_is_handshake_v10(void **state)
{
    struct rds_client c = { .fd = rds_dial(world.port) };
    (void)state;
    assert_true(rds_receive(&c));
    struct mysqld_reader r = mysqld_reader_of(buf_str(&c.in));
    assert_int_equal(c.seq, 0);
    assert_int_equal(mysqld_get_int(&r, 1), 10);
    assert_str(mysqld_get_z(&r), "8.0.36");
    mysqld_get_int(&r, 4);
    assert_int_equal(mysqld_get_z(&r).n, 8);
    assert_int_equal(mysqld_get_int(&r, 2), 0xa20f);
    mysqld_get_int(&r, 1);
    assert_int_equal(mysqld_get_int(&r, 2), 2);
    assert_int_equal(mysqld_get_int(&r, 2), 0x3f);
    assert_int_equal(mysqld_get_int(&r, 1), 21);
    mysqld_get_bytes(&r, 10);
    assert_int_equal(mysqld_get_z(&r).n, 12);
    assert_str(mysqld_get_z(&r), "caching_sha2_password");
    assert_false(r.bad);
    assert_int_equal(mysqld_left(&r), 0);
    rds_hang_up(&c);
}

/* Cut off anywhere, and with lengths that lie: an error and the end, or a log-in; never silence. */
static void a_malformed_login_is_refused(void **state)
{
    struct buf login = BUF_INIT;
    (void)state;
    rds_login_packet(&login, "project_user", S("12345678901234567890123456789012"), "pinterest_data", "caching_sha2_password");
    for (size_t n = 0; n <= login.n; n++) {
        struct rds_client c = { .fd = rds_dial(world.port) };
        assert_true(rds_greeted(&c));
        assert_true(rds_send(&c, 1, (struct str){ login.p, n }));
        assert_true(rds_receive(&c));
        if (rds_error(&c)) {
            assert_true(rds_error(&c) == 1043 || rds_error(&c) == 1049);
            assert_false(rds_receive(&c));
        }
        rds_hang_up(&c);
    }
    for (size_t at = 32; at < login.n; at++) { /* one byte made large */
        struct rds_client c = { .fd = rds_dial(world.port) };
        char kept = login.p[at];
        assert_true(rds_greeted(&c));
        login.p[at] = (char)0xfe;
        assert_true(rds_send(&c, 1, buf_str(&login)));
        login.p[at] = kept;
        assert_true(rds_receive(&c));
        rds_hang_up(&c);
    }
    buf_release(&login);
}

static void an_oversized_login_is_refused(void **state)
{
    struct buf large = BUF_INIT;
    struct rds_client c = { .fd = rds_dial(world.port) };
    (void)state;
    memset(buf_room(&large, 70000), 'x', 70000);
    large.n = 70000;
    assert_true(rds_greeted(&c));
    rds_send(&c, 1, buf_str(&large));
    assert_true(rds_receive(&c));
    assert_int_equal(rds_error(&c), 1043);
    assert_false(rds_receive(&c));
    rds_hang_up(&c);
    buf_release(&large);
}

/* ---- packets ---- */

static void packets_out_of_order_end_the_connection(void **state)
{
    struct rds_client c;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    assert_true(rds_send(&c, 5, S("\x0e")));
    assert_true(rds_receive(&c));
    assert_int_equal(rds_error(&c), 1156);
    assert_false(rds_receive(&c));
    rds_hang_up(&c);
}

static void unknown_commands_are_told_and_forgiven(void **state)
{
    struct rds_client c;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    for (unsigned number = 0; number < 256; number++) {
        bool known = number == 1 || number == 0x11 || number == 0x18 || number == 0x19; /* end, or have no answer */
        if (known || number == 3)
            continue;
        assert_true(rds_command(&c, (uint8_t)number, S("")));
        assert_true(rds_receive(&c));
    }
    assert_true(rds_send(&c, 0, S("")));
    assert_true(rds_receive(&c));
    assert_int_equal(rds_error(&c), 1047);
    expect(&c, "SELECT 1", "1");
    rds_hang_up(&c);
}

/* Each command, cut off after each byte of a payload that would be right. */
static void truncated_commands_are_refused(void **state)
{
    static const char execute[] = "\x01\0\0\0\0\x01\0\0\0\0\x01\x08\0\xfd\0\x05\0\0\0\0\0\0\0\x03" "abc";
    static const char change[] = "user\0\x03" "abcpinterest_data\0\x2d\0mysql_native_password\0";
    static const struct {
        uint8_t number;
        struct str payload;
    } cases[] = {
        { 0x17, { execute, sizeof execute - 1 } }, { 0x11, { change, sizeof change - 1 } }, { 0x1a, S_INIT("\x01\0\0\0") },
        { 0x04, S_INIT("user_data\0") }, { 0x1b, S_INIT("\x01\0") }, { 0x02, S_INIT("pinterest_data") }, { 0x16, S_INIT("SELECT ?, ?") },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t n = 0; n <= cases[i].payload.n; n++) {
            struct rds_client c;
            rds_connect(&c, world.port, "pinterest_data");
            assert_true(rds_command(&c, 0x16, S("SELECT ? + 0, ?")));
            for (int packets = 0; packets < 7; packets++)
                assert_true(rds_receive(&c));
            assert_true(rds_command(&c, 0x19, str_head(S("\x09\0\0\0"), n % 5))); /* no answer, whatever it says */
            assert_true(rds_command(&c, 0x18, str_head(S("\x01\0\0\0\x07\0xyz"), n % 10)));
            assert_true(rds_command(&c, cases[i].number, str_head(cases[i].payload, n)));
            assert_true(rds_receive(&c));
            rds_hang_up(&c);
        }
}

static void a_command_of_several_packets_is_one_and_bounded(void **state)
{
    struct rds_client c;
    struct buf sql = BUF_INIT;
    const size_t n = MYSQL_LARGEST + 1000;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    buf_z(&sql, "\x03SELECT LENGTH('");
    memset(buf_room(&sql, n), 'y', n);
    sql.n += n;
    buf_z(&sql, "')");
    assert_true(rds_send(&c, 0, str_head(buf_str(&sql), MYSQL_LARGEST)));
    assert_true(rds_send(&c, 1, str_from(buf_str(&sql), MYSQL_LARGEST)));
    for (int packets = 0; packets < 4; packets++)
        assert_true(rds_receive(&c));
    struct mysqld_reader r = mysqld_reader_of(buf_str(&c.in));
    int64_t length;
    assert_true(str_to_i64(mysqld_get_lenenc(&r), &length));
    assert_int_equal(length, n);
    assert_true(rds_receive(&c));
    /* five of them are more than max_allowed_packet */
    for (uint8_t seq = 0; seq < 5 && rds_send(&c, seq, str_head(buf_str(&sql), MYSQL_LARGEST)); seq++)
        continue;
    assert_true(rds_receive(&c));
    assert_int_equal(rds_error(&c), 1153);
    rds_hang_up(&c);
    buf_release(&sql);
}

static void slow_writers_are_waited_for(void **state)
{
    static const char query[] = "\x09\0\0\0\x03SELECT 5";
    struct rds_client slow, other;
    (void)state;
    rds_connect(&slow, world.port, "pinterest_data");
    rds_connect(&other, world.port, "pinterest_data");
    for (size_t i = 0; i + 1 < sizeof query; i++) {
        assert_int_equal(send(slow.fd, query + i, 1, MSG_NOSIGNAL), 1);
        expect(&other, "SELECT 6", "6");
    }
    for (int packets = 0; packets < 4; packets++)
        assert_true(rds_receive(&slow));
    assert_str(buf_str(&slow.in), "\x01" "5");
    rds_hang_up(&slow);
    rds_hang_up(&other);
}

/* Two commands in one segment are answered one after the other. */
static void commands_sent_at_once_are_answered_in_order(void **state)
{
    static const char both[] = "\x01\0\0\0\x0e\x09\0\0\0\x03SELECT 7";
    struct rds_client c;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    assert_int_equal(send(c.fd, both, sizeof both - 1, MSG_NOSIGNAL), sizeof both - 1);
    assert_true(rds_receive(&c));
    assert_int_equal(c.in.p[0], 0);
    for (int packets = 0; packets < 4; packets++)
        assert_true(rds_receive(&c));
    assert_str(buf_str(&c.in), "\x01" "7");
    rds_hang_up(&c);
}

static void noise_harms_nobody(void **state)
{
    uint64_t seed = 88172645463325252u;
    struct rds_client other;
    char noise[512];
    (void)state;
    rds_connect(&other, world.port, "pinterest_data");
    for (int i = 0; i < 200; i++) {
        struct rds_client c = { .fd = rds_dial(world.port) };
        if (i % 2) {
            rds_hang_up(&c);
            rds_connect(&c, world.port, "pinterest_data");
        }
        for (size_t k = 0; k < sizeof noise; k++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            noise[k] = (char)seed;
        }
        if (i % 4 > 1)
            rds_send(&c, (uint8_t)(i % 2 ? 0 : 1), (struct str){ noise, sizeof noise });
        else
            send(c.fd, noise, sizeof noise, MSG_NOSIGNAL);
        rds_hang_up(&c);
    }
    expect(&other, "SELECT COUNT(*) FROM user_data", "11154");
    rds_hang_up(&other);
}

/* ---- SQL ---- */

static void sql_that_cannot_be_run_is_told_in_mysqls_words(void **state)
{
#define NEAR(text) "ERR 1064 You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '" text
    static const struct {
        const char *sql, *want;
    } cases[] = {
        { "SELEC 1", NEAR("SELEC 1' at line 1") },
        { "SELECT *\nFROM\nuser_data WHERE", NEAR("' at line 3") },
        { "SELECT * FORM user_data", NEAR("FORM user_data' at line 1") },
        { "SELECT 'open", NEAR("'open' at line 1") },
        { "SELECT 1 2 3", NEAR("2 3' at line 1") },
        { "", "ERR 1065 Query was empty" },
        { " ; -- nothing", "ERR 1065 Query was empty" },
        { "SELECT * FROM nosuch", "ERR 1146 Table 'pinterest_data.nosuch' doesn't exist" },
        { "SELECT * FROM information_schema.nosuch", "ERR 1146 Table 'information_schema.nosuch' doesn't exist" },
        { "SELECT nosuch FROM user_data", "ERR 1054 Unknown column 'nosuch' in 'field list'" },
        { "SELECT \"nosuch\" FROM user_data LIMIT 1", "nosuch" },
        { "SELECT `nosuch` FROM user_data", "ERR 1054 Unknown column 'nosuch' in 'field list'" },
        { "SELECT nosuch(1)", "ERR 1305 FUNCTION pinterest_data.nosuch does not exist" },
        { "SELECT LEFT('x')", "ERR 1582 Incorrect parameter count in the call to native function 'left'" },
        { "SELECT @@nosuch", "ERR 1193 Unknown system variable 'nosuch'" },
        { "SET GLOBAL version = 1", "ERR 1238 Variable 'version' is a read only variable" },
        { "SHOW COLUMNS FROM nosuch", "ERR 1146 Table 'pinterest_data.nosuch' doesn't exist" },
        { "SHOW TABLES FROM nosuch", "ERR 1049 Unknown database 'nosuch'" },
        { "SHOW NOSUCH", NEAR("NOSUCH' at line 1") },
        { "PRAGMA table_info(user_data)", NEAR("PRAGMA table_info(user_data)' at line 1") },
        { "VACUUM INTO 'x'", NEAR("VACUUM INTO 'x'' at line 1") },
        { "CREATE TRIGGER t", "ERR 1235 This version of MySQL doesn't yet support 'CREATE TRIGGER'" },
        { "LOAD DATA INFILE 'x' INTO TABLE t", "ERR 1235 This version of MySQL doesn't yet support 'LOAD DATA'" },
        { "SELECT 1 WHERE ? = 1", NEAR("? = 1' at line 1") },
        { "INSERT INTO user_data VALUES (1)", "ERR 1136 Column count doesn't match value count at row 1" },
        { "SELECT 1; SELECT nosuch; SELECT 3", "1\n---\nERR 1054 Unknown column 'nosuch' in 'field list'" },
        { "SELECT 1; SET @a = 5; SELECT @a + 1", "1\n---\nOK 0\n---\n6" },
    };
    struct rds_client c;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&c, cases[i].sql, cases[i].want);
    rds_hang_up(&c);
}

static void deep_and_greedy_sql_is_refused(void **state)
{
    struct rds_client c;
    struct buf sql = BUF_INIT;
    struct arena a = ARENA_INIT;
    (void)state;
    rds_connect(&c, world.port, "pinterest_data");
    for (int kind = 0; kind < 4; kind++) {
        static const char *const unit[] = { "(", "CAST(", "NOT ", "-" };
        buf_reset(&sql);
        buf_z(&sql, "SELECT ");
        for (int i = 0; i < 20000; i++)
            buf_z(&sql, unit[kind]);
        buf_z(&sql, "1");
        struct str got = rds_ask(&c, &a, buf_cstr(&sql));
        assert_true(str_starts(got, S("ERR ")) || str_is(got, "1"));
    }
    assert_true(str_starts(rds_ask(&c, &a, "SELECT LENGTH(REPEAT('x', 100000000000))"), S("NULL")));
    assert_true(str_starts(rds_ask(&c, &a, "SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa' LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b'"), S("ERR 1105")));
    assert_true(str_starts(rds_ask(&c, &a, "SELECT 'a' REGEXP '(((a{1,255}){1,255}){1,255})'"), S("ERR 1105")));
    expect(&c, "SELECT 1", "1");
    rds_hang_up(&c);
    buf_release(&sql);
    arena_release(&a);
}

/* ---- several at once ---- */

static void a_long_query_holds_nobody_up(void **state)
{
    struct rds_client slow, quick[8];
    struct rds_world own;
    (void)state;
    rds_world_open(&own, NULL, true); /* closed while the query runs */
    rds_connect(&slow, own.port, "pinterest_data");
    assert_true(rds_command(&slow, 3, S("SELECT COUNT(*) FROM pinterest_data a, pinterest_data b WHERE a.title < b.title AND a.category > b.title")));
    for (int i = 0; i < 8; i++) /* on both threads */
        rds_connect(&quick[i], own.port, "pinterest_data");
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 8; i++)
            expect(&quick[i], "SELECT ind FROM user_data LIMIT 9, 1", "9");
    struct pollfd answered = { .fd = slow.fd, .events = POLLIN };
    assert_int_equal(poll(&answered, 1, 0), 0);
    rds_world_close(&own);
    rds_hang_up(&slow);
    for (int i = 0; i < 8; i++)
        rds_hang_up(&quick[i]);
}

static void writers_wait_for_each_other_and_readers_for_none(void **state)
{
    struct rds_client a, b, reader;
    struct arena arena = ARENA_INIT;
    (void)state;
    rds_connect(&a, world.port, "pinterest_data");
    rds_connect(&b, world.port, "pinterest_data");
    rds_connect(&reader, world.port, "pinterest_data");
    expect(&a, "CREATE TABLE w (n INT)", "OK 0");
    expect(&a, "BEGIN; INSERT INTO w VALUES (1), (2)", "OK 0\n---\nOK 2");
    assert_true(rds_command(&b, 3, S("INSERT INTO w VALUES (3)"))); /* waits */
    expect(&reader, "SELECT COUNT(*) FROM w", "0");
    struct pollfd answered = { .fd = b.fd, .events = POLLIN };
    assert_int_equal(poll(&answered, 1, 20), 0);
    expect(&a, "SELECT COUNT(*) FROM w; COMMIT", "2\n---\nOK 0");
    assert_true(rds_receive(&b));
    assert_int_equal(rds_error(&b), 0);
    expect(&reader, "SELECT COUNT(*) FROM w", "3");
    /* whoever hangs up in the middle leaves nothing behind */
    expect(&a, "SET autocommit = 0; DELETE FROM w", "OK 0\n---\nOK 3");
    rds_hang_up(&a);
    expect(&b, "INSERT INTO w VALUES (4)", "OK 1");
    expect(&reader, "SELECT COUNT(*) FROM w", "4");
    expect(&b, "BEGIN; DELETE FROM w; SAVEPOINT s; INSERT INTO w VALUES (9); ROLLBACK TO s; SELECT COUNT(*) FROM w; ROLLBACK",
           "OK 0\n---\nOK 4\n---\nOK 0\n---\nOK 1\n---\nOK 0\n---\n0\n---\nOK 0");
    expect(&b, "SELECT COUNT(*) FROM w; DROP TABLE w", "4\n---\nOK 0");
    rds_hang_up(&b);
    rds_hang_up(&reader);
    arena_release(&arena);
}

struct reading {
    uint16_t port;
    int seed;
    bool right;
};

static void *read_rows(void *arg)
{
    struct reading *x = arg;
    struct arena a = ARENA_INIT;
    x->right = true;
    for (int i = 0; i < 30 && x->right; i++) {
        struct rds_client c = { .fd = rds_dial(x->port) };
        struct buf b = BUF_INIT;
        rds_login_packet(&b, "u", S(""), "pinterest_data", "caching_sha2_password");
        x->right = c.fd >= 0 && rds_greeted(&c) && rds_send(&c, 1, buf_str(&b)) && rds_receive(&c) && !rds_error(&c);
        buf_release(&b);
        for (int k = 0; k < 20 && x->right; k++) {
            int n = (x->seed * 31 + i * 977 + k * 131) % 11154;
            struct str sql = arena_f(&a, "SELECT ind FROM user_data LIMIT %d, 1", n), want = arena_f(&a, "%d", n);
            x->right = str_eq(rds_ask(&c, &a, sql.p), want);
        }
        rds_hang_up(&c);
    }
    arena_release(&a);
    return NULL;
}

static void many_threads_get_their_own_rows(void **state)
{
    pthread_t threads[8];
    struct reading x[8];
    (void)state;
    for (int i = 0; i < 8; i++) {
        x[i] = (struct reading){ world.port, i, false };
        pthread_create(&threads[i], NULL, read_rows, &x[i]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_true(x[i].right);
    }
}

/* ---- the cloud around it ---- */

static void faults_and_journal_know_every_command(void **state)
{
    static const char rules[] =
        "[{\"service\":\"rds\",\"action\":\"COM_QUERY\",\"resource\":\"SELECT 1*\",\"error\":{\"statusCode\":500,\"code\":\"ER_LOCK_DEADLOCK\","
        "\"message\":\"Deadlock found\"},\"times\":1},"
        "{\"service\":\"rds\",\"action\":\"COM_QUERY\",\"resource\":\"INSERT*\",\"reset\":\"after\",\"times\":1},"
        "{\"service\":\"rds\",\"action\":\"Connect\",\"resource\":\"*\",\"throttle\":true,\"offset\":2,\"times\":1},"
        "{\"service\":\"rds\",\"action\":\"COM_PING\",\"latency_ms\":5000}]";
    struct rds_world w;
    struct rds_client c, other;
    struct err e = { 0 };
    struct buf journal = BUF_INIT, login = BUF_INIT;
    (void)state;
    rds_world_open(&w, NULL, false); /* virtual: nothing waits */
    assert_ok(faults_load(cloud_faults(w.cloud), S(rules), &e), &e);
    rds_connect(&c, w.port, "pinterest_data");
    rds_connect(&other, w.port, "pinterest_data");
    expect(&c, "SELECT 1", "ERR 1213 Deadlock found");
    expect(&c, "SELECT 1", "1");
    int64_t before = clock_now_ms(&w.clock);
    assert_true(rds_command(&c, 0x0e, S("")));
    assert_true(rds_receive(&c));
    assert_true(clock_now_ms(&w.clock) >= before + 5000);
    expect(&c, "CREATE TABLE j (n INT)", "OK 0");
    assert_true(rds_command(&c, 3, S("INSERT INTO j VALUES (1)")));
    assert_false(rds_receive(&c)); /* the answer is lost, the row is there */
    expect(&other, "SELECT COUNT(*) FROM j", "1");
    struct rds_client third = { .fd = rds_dial(w.port) };
    assert_true(rds_greeted(&third));
    rds_login_packet(&login, "u", S(""), NULL, "caching_sha2_password");
    assert_true(rds_send(&third, 1, buf_str(&login)));
    assert_true(rds_receive(&third));
    assert_int_equal(rds_error(&third), 1040);
    journal_list(cloud_journal(w.cloud), 0, 100, "rds", &journal);
    assert_true(str_find(buf_str(&journal), S("\"action\":\"COM_QUERY\",\"resource\":\"SELECT 1\",\"status\":500")) != STR_NONE);
    assert_true(str_find(buf_str(&journal), S("\"action\":\"COM_PING\"")) != STR_NONE);
    assert_true(str_find(buf_str(&journal), S("\"code\":\"ER_LOCK_DEADLOCK\"")) != STR_NONE);
    buf_release(&journal), buf_release(&login);
    rds_hang_up(&c), rds_hang_up(&other), rds_hang_up(&third);
    rds_world_close(&w);
}

static void a_reset_brings_the_rows_back(void **state)
{
    struct rds_world w;
    struct rds_client c;
    (void)state;
    rds_world_open(&w, NULL, true);
    rds_connect(&c, w.port, "any_name");
    expect(&c, "DELETE FROM user_data WHERE ind < 1000; CREATE TABLE extra (n INT)", "OK 1000\n---\nOK 0");
    expect(&c, "SELECT * FROM any_name.extra; SELECT COUNT(*) FROM user_data", "10154");
    cloud_reset(w.cloud);
    expect(&c, "SELECT COUNT(*), DATABASE() FROM any_name.user_data", "11154|any_name");
    expect(&c, "SELECT ind FROM user_data LIMIT 5, 1", "5");
    expect(&c, "SELECT * FROM extra", "ERR 1146 Table 'any_name.extra' doesn't exist");
    rds_hang_up(&c);
    rds_world_close(&w);
}

/* SQLite looks for a changed schema when a statement runs, not when it is prepared: every worker has to have looked before. */
static void a_table_made_anew_has_its_new_columns_everywhere(void **state)
{
    enum { MANY = 40 };
    struct rds_world w;
    static struct rds_client c[MANY];
    (void)state;
    rds_world_open(&w, NULL, true);
    for (int i = 0; i < MANY; i++)
        rds_connect(&c[i], w.port, "pinterest_data");
    expect(&c[0], "CREATE TABLE anew (a INT, b INT, c INT); INSERT INTO anew VALUES (1, 2, 3)", "OK 0\n---\nOK 1");
    for (int i = 0; i < MANY; i++)
        expect(&c[i], "SELECT * FROM anew", "1|2|3");
    expect(&c[0], "DROP TABLE anew; CREATE TABLE anew (z INT); INSERT INTO anew VALUES (9)", "OK 0\n---\nOK 0\n---\nOK 1");
    for (int i = 0; i < MANY; i++) {
        expect(&c[i], "SELECT * FROM anew", "9");
        rds_hang_up(&c[i]);
    }
    rds_world_close(&w);
}

static void too_many_connections_are_refused(void **state)
{
    static const struct cloud_setting settings[] = { { "rds.max_connections", "3" }, { NULL, NULL } };
    struct rds_world w;
    struct rds_client c[3], more;
    (void)state;
    rds_world_open(&w, settings, true);
    for (int i = 0; i < 3; i++)
        rds_connect(&c[i], w.port, "pinterest_data");
    more = (struct rds_client){ .fd = rds_dial(w.port) };
    assert_true(rds_receive(&more));
    assert_int_equal(rds_error(&more), 1040);
    assert_str(rds_error_text(&more), "Too many connections");
    rds_hang_up(&more);
    expect(&c[2], "SELECT 1", "1");
    for (int i = 0; i < 3; i++)
        rds_hang_up(&c[i]);
    rds_world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greeting_is_handshake_v10),
        cmocka_unit_test(a_malformed_login_is_refused),
        cmocka_unit_test(an_oversized_login_is_refused),
        cmocka_unit_test(packets_out_of_order_end_the_connection),
        cmocka_unit_test(unknown_commands_are_told_and_forgiven),
        cmocka_unit_test(truncated_commands_are_refused),
        cmocka_unit_test(a_command_of_several_packets_is_one_and_bounded),
        cmocka_unit_test(slow_writers_are_waited_for),
        cmocka_unit_test(commands_sent_at_once_are_answered_in_order),
        cmocka_unit_test(noise_harms_nobody),
        cmocka_unit_test(sql_that_cannot_be_run_is_told_in_mysqls_words),
        cmocka_unit_test(deep_and_greedy_sql_is_refused),
        cmocka_unit_test(a_long_query_holds_nobody_up),
        cmocka_unit_test(writers_wait_for_each_other_and_readers_for_none),
        cmocka_unit_test(many_threads_get_their_own_rows),
        cmocka_unit_test(faults_and_journal_know_every_command),
        cmocka_unit_test(a_reset_brings_the_rows_back),
        cmocka_unit_test(a_table_made_anew_has_its_new_columns_everywhere),
        cmocka_unit_test(too_many_connections_are_refused),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
