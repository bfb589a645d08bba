/* TLS on the port of the mock RDS: asked for by SSLRequest, as any client does; nothing of the log-in is taken in the clear
 * after that; idle sessions are cheap. */
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/wire/rds_world.h"

enum { CLIENT_SSL = 0x800, CAPABILITIES = 0x3faa07, IDLE = 600, MOST_BYTES_EACH = 24000 };

struct secure {
    struct rds_client plain;
    SSL_CTX *ctx;
    SSL *ssl;
};

static bool greeting_offers_tls(const struct rds_client *c)
{
    size_t at = 1 + strlen(c->in.p + 1) + 1 + 4 + 8 + 1;
    return (unsigned char)c->in.p[at + 1] & CLIENT_SSL >> 8;
}

static bool ask_for_tls(struct rds_client *c, uint8_t seq)
{
    struct buf b = BUF_INIT;
    mysqld_put_int(&b, CAPABILITIES, 4);
    mysqld_put_int(&b, 1 << 24, 4);
    mysqld_put_int(&b, 45, 1);
    for (int i = 0; i < 23; i++)
        buf_c(&b, 0);
    bool sent = rds_send(c, seq, buf_str(&b));
    buf_release(&b);
    return sent;
}

static void login(struct buf *packet, uint8_t seq)
{
    struct buf payload = BUF_INIT;
    rds_login_packet(&payload, "project_user", S("12345678901234567890123456789012"), "pinterest_data", "caching_sha2_password");
    payload.p[1] = (char)(payload.p[1] | CLIENT_SSL >> 8);
    mysqld_put_int(packet, payload.n, 3);
    buf_c(packet, (char)seq);
    buf_str_add(packet, buf_str(&payload));
    buf_release(&payload);
}

static bool read_all(SSL *ssl, char *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        int got = SSL_read(ssl, p + at, (int)(n - at));
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

/* The next packet over TLS in s->plain.in. */
static bool receive(struct secure *s)
{
    char head[4];
    if (!read_all(s->ssl, head, 4))
        return false;
    size_t n = (size_t)((unsigned char)head[0] | (unsigned char)head[1] << 8 | (unsigned char)head[2] << 16);
    s->plain.seq = (uint8_t)head[3];
    buf_reset(&s->plain.in);
    char *p = buf_room(&s->plain.in, n + 1);
    s->plain.in.n = n;
    return read_all(s->ssl, p, n);
}

static void secure_connect(struct secure *s, const struct rds_world *w, const char *trusted)
{
    *s = (struct secure){ .plain.fd = rds_dial(w->port), .ctx = SSL_CTX_new(TLS_client_method()) };
    assert_true(rds_greeted(&s->plain));
    assert_true(greeting_offers_tls(&s->plain));
    assert_true(ask_for_tls(&s->plain, 1));
    SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER, NULL);
    if (trusted)
        assert_int_equal(SSL_CTX_load_verify_locations(s->ctx, trusted, NULL), 1);
    s->ssl = SSL_new(s->ctx);
    SSL_set_fd(s->ssl, s->plain.fd);
    SSL_set_tlsext_host_name(s->ssl, "mydb.c2abc.us-east-1.rds.amazonaws.com");
    SSL_set1_host(s->ssl, "mydb.c2abc.us-east-1.rds.amazonaws.com");
}

static void secure_hang_up(struct secure *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
    rds_hang_up(&s->plain);
}

static void secure_login(struct secure *s, const struct rds_world *w)
{
    struct buf packet = BUF_INIT;
    secure_connect(s, w, tls_ca_path(w->tls));
    assert_int_equal(SSL_connect(s->ssl), 1);
    login(&packet, 2);
    assert_int_equal(SSL_write(s->ssl, packet.p, (int)packet.n), packet.n);
    buf_release(&packet);
    assert_true(receive(s)); /* fast_auth_success */
    assert_int_equal(s->plain.seq, 3);
    assert_true(receive(s));
    assert_int_equal(rds_error(&s->plain), 0);
}

/* The last column of the one row the statement yields. */
static struct str secure_ask(struct secure *s, struct arena *a, const char *sql)
{
    struct buf packet = BUF_INIT;
    mysqld_put_int(&packet, strlen(sql) + 1, 3);
    buf_c(&packet, 0);
    buf_c(&packet, 3);
    buf_z(&packet, sql);
    assert_int_equal(SSL_write(s->ssl, packet.p, (int)packet.n), packet.n);
    buf_release(&packet);
    struct str last = S("");
    for (int ends = 0; ends < 2;) {
        assert_true(receive(s));
        assert_int_equal(rds_error(&s->plain), 0);
        bool end = (unsigned char)s->plain.in.p[0] == 0xfe && s->plain.in.n < 9;
        ends += end;
        if (ends != 1 || end)
            continue;
        for (struct mysqld_reader r = mysqld_reader_of(buf_str(&s->plain.in)); mysqld_left(&r) && !r.bad;)
            last = arena_dup(a, mysqld_get_lenenc(&r));
    }
    return last;
}

static struct str journal_of(struct arena *a, struct rds_world *w)
{
    struct buf b = BUF_INIT;
    journal_list(cloud_journal(w->cloud), 0, 1000, "rds", &b);
    struct str text = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

static bool wait_for_journal(struct arena *a, struct rds_world *w, const char *what)
{
    for (int i = 0; i < 2000; i++) {
        if (str_find(journal_of(a, w), str_of(what)) != STR_NONE)
            return true;
        usleep(1000);
    }
    print_message(STR_F, STR_A(journal_of(a, w)));
    return false;
}

static void a_session_goes_on_in_tls(void **state)
{
    struct rds_world w;
    struct secure s;
    struct arena a = ARENA_INIT;
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    secure_login(&s, &w);
    assert_str(secure_ask(&s, &a, "SHOW STATUS LIKE 'Ssl_version'"), "TLSv1.3");
    assert_str(secure_ask(&s, &a, "SHOW STATUS LIKE 'Ssl_cipher'"), SSL_get_cipher(s.ssl));
    assert_str(secure_ask(&s, &a, "SELECT @@have_ssl"), "YES");
    assert_str(secure_ask(&s, &a, "SELECT @@ssl_ca"), tls_ca_path(w.tls));
    assert_str(secure_ask(&s, &a, "SELECT COUNT(*) FROM user_data"), "11154");
    assert_int_equal(secure_ask(&s, &a, "SELECT REPEAT('x', 300000)").n, 300000);
    secure_hang_up(&s);
    arena_release(&a);
    rds_world_close(&w);
}

static void who_does_not_ask_is_served_plainly(void **state)
{
    struct rds_world w;
    struct rds_client c;
    struct arena a = ARENA_INIT;
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    rds_connect(&c, w.port, "pinterest_data");
    assert_str(rds_ask(&c, &a, "SHOW STATUS LIKE 'Ssl_cipher'"), "Ssl_cipher|");
    rds_hang_up(&c);
    arena_release(&a);
    rds_world_close(&w);
}

/* The flaw of STARTTLS: a log-in in the clear behind the request must not be answered, nor kept for after the handshake. */
static void a_login_in_the_clear_is_not_taken_after_the_request(void **state)
{
    struct rds_world w;
    struct arena a = ARENA_INIT;
    char bytes[512];
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    for (int at_once = 0; at_once < 2; at_once++) {
        struct rds_client c = { .fd = rds_dial(w.port) };
        struct buf packet = BUF_INIT;
        assert_true(rds_greeted(&c));
        assert_true(ask_for_tls(&c, 1));
        if (!at_once)
            usleep(20000);
        login(&packet, 2);
        assert_int_equal(send(c.fd, packet.p, packet.n, MSG_NOSIGNAL), packet.n);
        ssize_t n = recv(c.fd, bytes, sizeof bytes, MSG_WAITALL);
        assert_true(n <= 7 && (n <= 0 || bytes[0] == 0x15)); /* an alert of TLS, no packet */
        buf_release(&packet);
        rds_hang_up(&c);
    }
    assert_true(wait_for_journal(&a, &w, "TLS with 127.0.0.1: "));
    assert_true(str_find(journal_of(&a, &w), S("\"status\":200")) == STR_NONE);
    arena_release(&a);
    rds_world_close(&w);
}

static void tls_is_asked_for_once(void **state)
{
    struct rds_world w;
    struct secure s;
    struct buf packet = BUF_INIT;
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    secure_connect(&s, &w, tls_ca_path(w.tls));
    assert_int_equal(SSL_connect(s.ssl), 1);
    mysqld_put_int(&packet, 32, 3);
    buf_c(&packet, 2);
    mysqld_put_int(&packet, CAPABILITIES, 4);
    memset(buf_room(&packet, 28), 0, 28), packet.n += 28;
    SSL_write(s.ssl, packet.p, (int)packet.n);
    assert_true(receive(&s));
    assert_int_equal(rds_error(&s.plain), 1043);
    secure_hang_up(&s);
    buf_release(&packet);
    rds_world_close(&w);
}

static void without_a_ca_tls_is_not_offered(void **state)
{
    struct rds_world w;
    (void)state;
    rds_world_open(&w, NULL, true);
    struct rds_client c = { .fd = rds_dial(w.port) };
    assert_true(rds_greeted(&c));
    assert_false(greeting_offers_tls(&c));
    assert_true(ask_for_tls(&c, 1));
    assert_true(rds_receive(&c));
    assert_int_equal(rds_error(&c), 1043);
    rds_hang_up(&c);
    rds_world_close(&w);
}

/* As with `ssl_ca=` of a bundle that is pinned: the journal says what the client would have to trust. */
static void a_client_that_trusts_others_is_explained(void **state)
{
    struct rds_world w;
    struct secure s;
    struct arena a = ARENA_INIT;
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    secure_connect(&s, &w, NULL);
    assert_int_equal(SSL_connect(s.ssl), -1);
    assert_true(wait_for_journal(&a, &w, "unknown ca; the client trusts other authorities"));
    assert_true(wait_for_journal(&a, &w, tls_ca_path(w.tls)));
    secure_hang_up(&s);
    secure_connect(&s, &w, tls_ca_path(w.tls));
    assert_int_equal(SSL_connect(s.ssl), 1);
    secure_hang_up(&s); /* some verify the name by themselves, afterwards */
    assert_true(wait_for_journal(&a, &w, "left after it had seen the certificate"));
    arena_release(&a);
    rds_world_close(&w);
}

static size_t resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* The clients are another process, so that memory measured here is the server's. */
static void idle_sessions_are_cheap(void **state)
{
    static struct secure others[IDLE];
    struct rds_world w;
    struct secure s;
    struct arena a = ARENA_INIT;
    int ready[2], end[2], status = 1;
    char byte;
    (void)state;
    rds_world_open_tls(&w, NULL, true);
    secure_login(&s, &w);
    assert_str(secure_ask(&s, &a, "SELECT COUNT(*) FROM user_data"), "11154");
    assert_int_equal(pipe(ready) | pipe(end), 0);
    size_t before = resident_bytes();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(end[1]);
        for (size_t i = 0; i < IDLE; i++)
            secure_login(&others[i], &w);
        _exit(write(ready[1], "x", 1) == 1 && read(end[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    size_t each = (resident_bytes() - before) / IDLE;
    print_message("%d sessions in TLS, %zu bytes each\n", IDLE, each);
    assert_str(secure_ask(&s, &a, "SELECT ind FROM user_data LIMIT 17, 1"), "17");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(each <= MOST_BYTES_EACH);
#endif
    close(end[1]);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    secure_hang_up(&s);
    close(ready[0]), close(end[0]);
    arena_release(&a);
    rds_world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_goes_on_in_tls),
        cmocka_unit_test(who_does_not_ask_is_served_plainly),
        cmocka_unit_test(a_login_in_the_clear_is_not_taken_after_the_request),
        cmocka_unit_test(tls_is_asked_for_once),
        cmocka_unit_test(without_a_ca_tls_is_not_offered),
        cmocka_unit_test(a_client_that_trusts_others_is_explained),
        cmocka_unit_test(idle_sessions_are_cheap),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
