/* TLS in the length-framed server: from the first byte, told by the first byte, from the middle of a stream on; what came
 * in the clear before an upgrade is never believed to have come after it. */
#include "tests/support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/tcp.h"

/* A frame: two bytes of length (head included), one byte that says what to do, the rest comes back. */
enum { ECHO = 'e', UPGRADE = 'u', QUIET_UPGRADE = 'q', LARGE = 'L', LAST = 'c', DELAY = 'd' };
enum { LARGE_BYTES = 5 << 20, CROWD = 400 };

struct world {
    char dir[64];
    struct clock clock;
    struct tls *tls;
    struct tcp_server *server;
    uint16_t plain, secure, either;
    SSL_CTX *client, *stranger; /* who trusts our CA, who does not */
    bool greets;
    _Atomic int opened, closed, frames, secured, insecure, distrusted;
};

static uint64_t length(const char *head) { return (uint64_t)(unsigned char)head[0] | (uint64_t)(unsigned char)head[1] << 8; }

static void on_opened(void *ctx, struct tcp_conn *c)
{
    struct world *w = ctx;
    struct buf greeting = BUF_INIT;
    atomic_fetch_add(&w->opened, 1);
    if (w->greets) {
        buf_z(&greeting, "hello");
        tcp_answer(c, &greeting, 0, TCP_SEND);
    }
}

static void on_closed(void *ctx, struct tcp_conn *c)
{
    (void)c;
    atomic_fetch_add(&((struct world *)ctx)->closed, 1);
}

static void on_insecure(void *ctx, struct tcp_conn *c, const char *why, bool distrusted)
{
    struct world *w = ctx;
    assert_true(tcp_is_secure(c));
    atomic_fetch_add(&w->insecure, 1);
    atomic_fetch_add(&w->distrusted, distrusted && why[0]);
}

static void on_frame(void *ctx, struct tcp_conn *c, struct str frame)
{
    struct world *w = ctx;
    struct buf out = BUF_INIT;
    char what = frame.p[2];
    atomic_fetch_add(&w->frames, 1);
    atomic_fetch_add(&w->secured, tcp_is_secure(c));
    assert_int_equal(tcp_is_secure(c), tcp_cipher(c)[0] != 0);
    if (what == LARGE) {
        memset(buf_room(&out, LARGE_BYTES), 'x', LARGE_BYTES);
        out.n = LARGE_BYTES;
    } else if (what != QUIET_UPGRADE) {
        buf_str_add(&out, frame);
    }
    tcp_answer(c, &out, what == DELAY ? 20 : 0, what == UPGRADE || what == QUIET_UPGRADE ? TCP_SEND_UPGRADE : what == LAST ? TCP_SEND_CLOSE : TCP_SEND);
}

static const struct tcp_handler handler = {
    .head_bytes = 3, .length = length, .opened = on_opened, .frame = on_frame, .insecure = on_insecure, .closed = on_closed,
};

static struct world *open_world(bool greets)
{
    struct err e = { 0 };
    struct world *w = mem_zero(sizeof *w);
    w->greets = greets;
    snprintf(w->dir, sizeof w->dir, "%s/weirbox-ca.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(w->dir));
    clock_init_real(&w->clock);
    w->tls = tls_open(w->dir, &e);
    assert_ok(w->tls ? 0 : -1, &e);
    w->server = tcp_open(&(struct tcp_options){ .clock = &w->clock, .handler = &handler, .ctx = w, .max_frame_bytes = 40000, .tls = w->tls }, &e);
    assert_ok(w->server ? 0 : -1, &e);
    assert_ok(tcp_listen(w->server, "127.0.0.1", 0, &w->plain, &e), &e);
    assert_ok(tcp_listen_secure(w->server, TCP_SECURE, "127.0.0.1", 0, &w->secure, &e), &e);
    assert_ok(tcp_listen_secure(w->server, TCP_EITHER, "127.0.0.1", 0, &w->either, &e), &e);
    w->client = SSL_CTX_new(TLS_client_method());
    w->stranger = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(w->client, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify(w->stranger, SSL_VERIFY_PEER, NULL);
    assert_int_equal(SSL_CTX_load_verify_locations(w->client, tls_ca_path(w->tls), NULL), 1);
    return w;
}

static void close_world(struct world *w)
{
    char path[128];
    static const char *const files[] = { "ca.pem", "ca.key", "lock" };
    tcp_close(w->server);
    assert_int_equal(w->opened, w->closed);
    tls_close(w->tls);
    SSL_CTX_free(w->client);
    SSL_CTX_free(w->stranger);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        unlink(path);
    }
    rmdir(w->dir);
    free(w);
}

static int dial(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static struct str frame_of(struct arena *a, char what, size_t n, char fill)
{
    char *p = arena_alloc(a, n);
    memset(p, fill, n);
    p[0] = (char)n, p[1] = (char)(n >> 8), p[2] = what;
    return (struct str){ p, n };
}

static void put(int fd, struct str s) { assert_int_equal(send(fd, s.p, s.n, MSG_NOSIGNAL), s.n); }

static bool get(int fd, struct str want)
{
    char bytes[4096];
    assert_true(want.n <= sizeof bytes);
    return recv(fd, bytes, want.n, MSG_WAITALL) == (ssize_t)want.n && memcmp(bytes, want.p, want.n) == 0;
}

/* Nothing but what TLS says may come before the end; never the frame. */
static bool over_without(int fd, struct str frame)
{
    char bytes[4096];
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        if (str_find((struct str){ bytes, (size_t)n }, frame) != STR_NONE)
            return false;
    return true;
}

static SSL *prepare(SSL_CTX *ctx, int fd, const char *name)
{
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, name);
    SSL_set1_host(ssl, name);
    return ssl;
}

static SSL *greet(SSL_CTX *ctx, int fd, const char *name)
{
    SSL *ssl = prepare(ctx, fd, name);
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

static void say(SSL *ssl, struct str s) { assert_int_equal(SSL_write(ssl, s.p, (int)s.n), s.n); }

static bool hear(SSL *ssl, struct str want)
{
    char bytes[20000];
    for (size_t at = 0; at < want.n;) {
        int n = SSL_read(ssl, bytes, (int)(want.n - at < sizeof bytes ? want.n - at : sizeof bytes));
        if (n <= 0 || memcmp(bytes, want.p + at, (size_t)n) != 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static void hang_up(SSL *ssl, int fd)
{
    SSL_free(ssl);
    close(fd);
}

/* Frames of all sizes over a session, many at once, also those larger than a record of TLS. */
static void talk(SSL *ssl)
{
    struct arena a = ARENA_INIT;
    struct buf all = BUF_INIT;
    for (int i = 0; i < 60; i++)
        buf_str_add(&all, frame_of(&a, i % 7 ? ECHO : DELAY, 3 + (size_t)(i * 631 % 30000), (char)i));
    say(ssl, buf_str(&all));
    assert_true(hear(ssl, buf_str(&all)));
    buf_release(&all);
    arena_release(&a);
}

static void http2_is_not_offered(void **state)
{
    (void)state;
    struct world *w = open_world(false);
    const unsigned char *agreed;
    unsigned n;
    int fd = dial(w->secure);
    SSL_CTX_set_alpn_protos(w->client, (const unsigned char *)"\x02h2", 3);
    SSL *ssl = greet(w->client, fd, "localhost");
    assert_non_null(ssl);
    SSL_get0_alpn_selected(ssl, &agreed, &n);
    assert_int_equal(n, 0);
    hang_up(ssl, fd);
    close_world(w);
}

static void a_secure_port_speaks_tls_only(void **state)
{
    struct world *w = open_world(false);
    struct arena a = ARENA_INIT;
    struct str frame = frame_of(&a, ECHO, 10, 'x');
    (void)state;
    int fd = dial(w->secure);
    SSL *ssl = greet(w->client, fd, "b-1.demo.c2.kafka.us-east-1.amazonaws.com");
    assert_non_null(ssl);
    talk(ssl);
    hang_up(ssl, fd);
    int before = w->frames;
    fd = dial(w->secure);
    put(fd, frame);
    put(fd, frame);
    assert_true(over_without(fd, frame));
    close(fd);
    assert_int_equal(w->frames, before);
    assert_int_equal(w->insecure, 1);
    assert_int_equal(w->distrusted, 0);
    assert_int_equal(w->secured, before);
    arena_release(&a);
    close_world(w);
}

static void who_greets_first_does_so_in_tls(void **state)
{
    struct world *w = open_world(true);
    (void)state;
    int fd = dial(w->secure);
    struct pollfd said = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&said, 1, 30), 0);
    SSL *ssl = greet(w->client, fd, "db.x1.us-east-1.rds.amazonaws.com");
    assert_non_null(ssl);
    assert_true(hear(ssl, S("hello")));
    talk(ssl);
    hang_up(ssl, fd);
    close_world(w);
}

static void the_first_byte_tells(void **state)
{
    struct world *w = open_world(false);
    struct arena a = ARENA_INIT;
    struct str frame = frame_of(&a, ECHO, 300, 'x');
    (void)state;
    int plain = dial(w->either), fd = dial(w->either);
    SSL *ssl = greet(w->client, fd, "localhost");
    assert_non_null(ssl);
    talk(ssl);
    put(plain, frame);
    assert_true(get(plain, frame));
    put(plain, frame_of(&a, ECHO, 0x16, 'y')); /* only the first byte of all */
    assert_true(get(plain, frame_of(&a, ECHO, 0x16, 'y')));
    close(plain);
    hang_up(ssl, fd);
    arena_release(&a);
    close_world(w);
}

static void a_stream_goes_on_in_tls(void **state)
{
    struct world *w = open_world(true);
    struct arena a = ARENA_INIT;
    struct str first = frame_of(&a, ECHO, 50, 'x');
    (void)state;
    for (int quiet = 0; quiet < 2; quiet++) {
        int fd = dial(w->plain);
        struct str upgrade = frame_of(&a, quiet ? QUIET_UPGRADE : UPGRADE, 32, 'u');
        assert_true(get(fd, S("hello")));
        put(fd, first);
        assert_true(get(fd, first));
        put(fd, upgrade);
        if (!quiet)
            assert_true(get(fd, upgrade));
        SSL *ssl = greet(w->client, fd, "db.x1.us-east-1.rds.amazonaws.com");
        assert_non_null(ssl);
        talk(ssl);
        say(ssl, frame_of(&a, LAST, 9, 'z'));
        assert_true(hear(ssl, frame_of(&a, LAST, 9, 'z')));
        assert_int_equal(SSL_read(ssl, (char[1]){ 0 }, 1), 0);
        assert_int_equal(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        hang_up(ssl, fd);
    }
    assert_int_equal(w->insecure, 0);
    arena_release(&a);
    close_world(w);
}

/* ---- a client whose bytes go by hand ---- */

struct by_hand {
    int fd;
    SSL *ssl;
    BIO *in, *out;
};

static void open_by_hand(struct by_hand *h, const struct world *w, uint16_t port)
{
    *h = (struct by_hand){ dial(port), SSL_new(w->client), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()) };
    SSL_set_bio(h->ssl, h->in, h->out);
    SSL_set1_host(h->ssl, "localhost");
    SSL_set_connect_state(h->ssl);
}

/* What the session wants sent, behind what is in *b already. */
static void add_wanted(struct by_hand *h, struct buf *b)
{
    char bytes[4096];
    for (int n; (n = BIO_read(h->out, bytes, sizeof bytes)) > 0;)
        buf_add(b, bytes, (size_t)n);
}

static void exchange(struct by_hand *h)
{
    struct buf b = BUF_INIT;
    char bytes[4096];
    add_wanted(h, &b);
    if (b.n)
        put(h->fd, buf_str(&b));
    buf_release(&b);
    ssize_t n = recv(h->fd, bytes, sizeof bytes, 0);
    assert_true(n > 0);
    BIO_write(h->in, bytes, (int)n);
}

/* Clients of MySQL do not wait after asking for TLS: request and hello may come in one segment, or in any pieces. */
static void a_hello_may_follow_at_once(void **state)
{
    struct world *w = open_world(false);
    struct arena a = ARENA_INIT;
    (void)state;
    for (size_t piece = 1; piece < 2000; piece = piece * 3 + 2) {
        struct by_hand h;
        struct buf all = BUF_INIT;
        char back[600];
        struct str frame = frame_of(&a, ECHO, sizeof back, 'e');
        open_by_hand(&h, w, w->plain);
        buf_str_add(&all, frame_of(&a, QUIET_UPGRADE, 32, 'q'));
        assert_int_equal(SSL_do_handshake(h.ssl), -1);
        add_wanted(&h, &all);
        for (size_t at = 0; at < all.n; at += piece) {
            put(h.fd, str_head(str_from(buf_str(&all), at), piece));
            usleep(piece < 100 && at % 11 == 0 ? 10 : 0);
        }
        while (SSL_do_handshake(h.ssl) != 1)
            exchange(&h);
        assert_int_equal(SSL_write(h.ssl, frame.p, (int)frame.n), frame.n);
        while (SSL_read(h.ssl, back, sizeof back) <= 0)
            exchange(&h);
        assert_memory_equal(back, frame.p, frame.n);
        buf_release(&all);
        hang_up(h.ssl, h.fd);
    }
    assert_int_equal(w->insecure, 0);
    arena_release(&a);
    close_world(w);
}

/* A frame that somebody on the way put between the request and the handshake is refused, not kept for later. */
static void what_came_in_the_clear_is_not_believed(void **state)
{
    struct world *w = open_world(false);
    struct arena a = ARENA_INIT;
    struct str frame = frame_of(&a, ECHO, 77, 'i'), upgrade = frame_of(&a, QUIET_UPGRADE, 32, 'q');
    (void)state;
    for (int order = 0; order < 3; order++) {
        struct by_hand h;
        struct buf all = BUF_INIT;
        open_by_hand(&h, w, w->plain);
        buf_str_add(&all, upgrade);
        if (order != 1)
            buf_str_add(&all, frame);
        SSL_do_handshake(h.ssl);
        if (order != 2)
            add_wanted(&h, &all);
        put(h.fd, buf_str(&all));
        if (order == 1) {
            usleep(20000);
            put(h.fd, frame); /* after the hello: neither a record of TLS */
        }
        assert_true(over_without(h.fd, frame));
        buf_release(&all);
        hang_up(h.ssl, h.fd);
    }
    assert_int_equal(w->frames, 3); /* the upgrades */
    assert_int_equal(w->insecure, 3);
    assert_int_equal(w->distrusted, 0);
    arena_release(&a);
    close_world(w);
}

static void who_does_not_trust_us_is_noted(void **state)
{
    struct world *w = open_world(false);
    (void)state;
    int fd = dial(w->secure);
    assert_null(greet(w->stranger, fd, "localhost"));
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    close(fd);
    assert_int_equal(w->insecure, 1);
    assert_int_equal(w->distrusted, 1);
    fd = dial(w->secure);
    close(fd); /* just gone: a scanner, a health check */
    fd = dial(w->secure);
    SSL *ssl = greet(w->client, fd, "localhost");
    assert_non_null(ssl);
    talk(ssl);
    hang_up(ssl, fd);
    close_world(w);
}

static void slow_readers_hold_one_answer(void **state)
{
    struct world *w = open_world(false);
    struct arena a = ARENA_INIT;
    (void)state;
    int fd = dial(w->secure), other_fd = dial(w->secure);
    SSL *ssl = greet(w->client, fd, "localhost"), *other = greet(w->client, other_fd, "localhost");
    for (int i = 0; i < 4; i++)
        say(ssl, frame_of(&a, LARGE, 10, 'x'));
    talk(other);
    assert_true(tcp_unsent_bytes(w->server) <= LARGE_BYTES);
    char *bytes = mem_zero(1 << 16);
    size_t seen = 0;
    for (int n; seen < 4 * (size_t)LARGE_BYTES && (n = SSL_read(ssl, bytes, 1 << 16)) > 0;)
        for (int i = 0; i < n; i++)
            seen += bytes[i] == 'x';
    assert_int_equal(seen, 4 * (size_t)LARGE_BYTES);
    say(ssl, frame_of(&a, LARGE, 10, 'x'));
    usleep(10000);
    hang_up(ssl, fd); /* never read */
    for (int i = 0; i < 2000 && tcp_unsent_bytes(w->server); i++)
        usleep(1000);
    assert_int_equal(tcp_unsent_bytes(w->server), 0);
    hang_up(other, other_fd);
    free(bytes);
    arena_release(&a);
    close_world(w);
}

/* Handshakes that stop half-way, silent connections and nonsense cost the others nothing. */
static void half_done_handshakes_harm_nobody(void **state)
{
    struct world *w = open_world(true);
    static int fds[CROWD];
    (void)state;
    for (int i = 0; i < CROWD; i++) {
        static const char *const said[] = { "", "\x16", "\x16\x03\x01\x02\x00\x01", "\x16\x03\x01\xff\xff\x01garbage", "\x15\x03\x03", "GET / HTTP/1.1\r\n\r\n" };
        fds[i] = dial(i % 2 ? w->secure : w->either);
        if (i % 6)
            put(fds[i], str_of(said[i % 6]));
    }
    int fd = dial(w->secure);
    SSL *ssl = greet(w->client, fd, "localhost");
    assert_non_null(ssl);
    assert_true(hear(ssl, S("hello")));
    talk(ssl);
    hang_up(ssl, fd);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    close_world(w);
}

static void without_a_ca_there_is_no_secure_port(void **state)
{
    struct err e = { 0 };
    struct clock clock;
    uint16_t port = 0;
    (void)state;
    clock_init_real(&clock);
    struct tcp_server *s = tcp_open(&(struct tcp_options){ .clock = &clock, .handler = &handler }, &e);
    assert_non_null(s);
    assert_int_equal(tcp_listen_secure(s, TCP_SECURE, "127.0.0.1", 0, &port, &e), -1);
    assert_string_equal(e.code, "TLS_BROKEN");
    tcp_close(s);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(http2_is_not_offered), cmocka_unit_test(a_secure_port_speaks_tls_only),
        cmocka_unit_test(who_greets_first_does_so_in_tls),
        cmocka_unit_test(the_first_byte_tells),
        cmocka_unit_test(a_stream_goes_on_in_tls),
        cmocka_unit_test(a_hello_may_follow_at_once),
        cmocka_unit_test(what_came_in_the_clear_is_not_believed),
        cmocka_unit_test(who_does_not_trust_us_is_noted),
        cmocka_unit_test(slow_readers_hold_one_answer),
        cmocka_unit_test(half_done_handshakes_harm_nobody),
        cmocka_unit_test(without_a_ca_there_is_no_secure_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
