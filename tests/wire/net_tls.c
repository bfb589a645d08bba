/* One port that speaks both plain HTTP and TLS, and the proxy in front of it. */
#include "tests/support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http.h"
#include "net/listen.h"
#include "net/proxy.h"

struct world {
    char dir[64];
    struct clock clock;
    struct tls *tls;
    struct relay *relay;
    struct http_server *server;
    struct proxy *proxy;
    uint16_t port, proxy_port;
    SSL_CTX *client;
    char refused[300];
    _Atomic int n_refused;
};

/* Answers "tag method path body-bytes"; /large a mebibyte. */
static void handle(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    if (str_is(x->request.path, "/large"))
        for (int i = 0; i < 1 << 16; i++)
            buf_z(&x->reply.body, "0123456789abcdef");
    else
        buf_f(&x->reply.body, "%s " STR_F " " STR_F " %zu", (const char *)x->tag, STR_A(x->request.method), STR_A(x->request.path), x->request.body.n);
    http_finish(x);
}

static void note_refused(void *arg, const char *host, unsigned port)
{
    struct world *w = arg;
    snprintf(w->refused, sizeof w->refused, "%s:%u", host, port);
    atomic_fetch_add(&w->n_refused, 1);
}

static int open_world(void **state)
{
    struct err e;
    struct world *w = mem_zero(sizeof *w);
    snprintf(w->dir, sizeof w->dir, "%s/weirbox-ca.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(w->dir));
    clock_init_real(&w->clock);
    w->tls = tls_open(w->dir, &e);
    assert_ok(w->tls ? 0 : -1, &e);
    const struct relay_options relay = { .tls = w->tls };
    w->relay = relay_open(&relay, &e);
    assert_ok(w->relay ? 0 : -1, &e);
    const struct http_options http = { .clock = &w->clock, .handler = handle, .relay = w->relay };
    w->server = http_open(&http, &e);
    assert_ok(w->server ? 0 : -1, &e);
    assert_ok(http_listen(w->server, "127.0.0.1", 0, (void *)(uintptr_t) "one", &w->port, &e), &e);
    char names[64];
    snprintf(names, sizeof names, "*.execute-api.*=%u", w->port);
    const struct proxy_options proxy = { .names = names, .refused = note_refused, .arg = w };
    w->proxy = proxy_open(&proxy, w->relay, "127.0.0.1", 0, &w->proxy_port, &e);
    assert_ok(w->proxy ? 0 : -1, &e);
    w->client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(w->client, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(w->client), X509_V_FLAG_X509_STRICT);
    assert_int_equal(SSL_CTX_load_verify_locations(w->client, tls_ca_path(w->tls), NULL), 1);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    char path[128];
    http_close(w->server);
    relay_close(w->relay);
    proxy_close(w->proxy);
    tls_close(w->tls);
    SSL_CTX_free(w->client);
    static const char *const files[] = { "ca.pem", "ca.key", "lock" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        unlink(path);
    }
    rmdir(w->dir);
    free(w);
    return 0;
}

static int dial(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = { 10, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text) { assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text)); }

/* Everything until the peer closes. */
static struct str hear(struct arena *a, int fd)
{
    struct buf all = BUF_INIT;
    char block[4096];
    for (ssize_t n; (n = recv(fd, block, sizeof block, 0)) > 0;)
        buf_add(&all, block, (size_t)n);
    struct str text = arena_dup(a, buf_str(&all));
    buf_release(&all);
    return text;
}

/* A verified session for the name ("" = by address), or NULL. */
static SSL *greet(struct world *w, int fd, const char *name)
{
    SSL *ssl = SSL_new(w->client);
    SSL_set_fd(ssl, fd);
    if (name[0]) {
        SSL_set_tlsext_host_name(ssl, name);
        SSL_set1_host(ssl, name);
    } else {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
    }
    if (SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

static struct str ask(struct arena *a, SSL *ssl, const char *request)
{
    struct buf all = BUF_INIT;
    char block[8192];
    assert_int_equal(SSL_write(ssl, request, (int)strlen(request)), strlen(request));
    for (int n; (n = SSL_read(ssl, block, sizeof block)) > 0;)
        buf_add(&all, block, (size_t)n);
    struct str text = arena_dup(a, buf_str(&all));
    buf_release(&all);
    return text;
}

static struct str body_of(struct str reply)
{
    size_t at = str_find(reply, S("\r\n\r\n"));
    return at == STR_NONE ? S("") : str_from(reply, at + 4);
}

#define CLOSING(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static void a_port_speaks_plainly_and_tls(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    int fd = dial(w->port);
    say(fd, CLOSING("/plain"));
    assert_str(body_of(hear(&a, fd)), "one GET /plain 0");
    close(fd);
    static const char *const names[] = { "", "localhost", "abc.execute-api.us-east-1.amazonaws.com", "ABC.s3.amazonaws.com",
                                         "b-1.a-name-of-more-than-sixty-four-letters-which-no-common-name-can-hold.kafka.us-east-1.amazonaws.com" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fd = dial(w->port);
        SSL *ssl = greet(w, fd, names[i]);
        assert_non_null(ssl);
        assert_str(body_of(ask(&a, ssl, CLOSING("/tls"))), "one GET /tls 0");
        SSL_free(ssl);
        close(fd);
    }
    arena_release(&a);
}

/* What ALPN agrees on, and what comes back to the first bytes of that protocol. */
static void http2_is_spoken_with_who_asks_for_it(void **state)
{
    struct world *w = *state;
    static const unsigned char both[] = "\x02h2\x08http/1.1", old[] = "\x08http/1.1", other[] = "\x05mysql";
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0";
    const struct { const unsigned char *asked; unsigned n; const char *agreed; } cases[] = {
        { both, sizeof both - 1, "h2" }, { old, sizeof old - 1, "http/1.1" }, { other, sizeof other - 1, "" },
    };
    for (size_t i = 0; i < 3; i++) {
        struct arena a = ARENA_INIT;
        const unsigned char *agreed;
        unsigned n;
        char frame[9];
        int fd = dial(w->port);
        SSL_CTX_set_alpn_protos(w->client, cases[i].asked, cases[i].n);
        SSL *ssl = greet(w, fd, "localhost");
        assert_non_null(ssl);
        SSL_get0_alpn_selected(ssl, &agreed, &n);
        assert_str(((struct str){ (const char *)agreed, n }), cases[i].agreed);
        if (i == 0) {
            assert_int_equal(SSL_write(ssl, preface, sizeof preface), sizeof preface);
            assert_int_equal(SSL_read(ssl, frame, sizeof frame), sizeof frame);
            assert_int_equal(frame[3], 4); /* SETTINGS */
        } else {
            assert_str(body_of(ask(&a, ssl, CLOSING("/tls"))), "one GET /tls 0");
        }
        SSL_free(ssl);
        close(fd);
        arena_release(&a);
    }
}

static void a_slow_first_byte_is_waited_for(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    int fd = dial(w->port), late = dial(w->port), never = dial(w->port), other = dial(w->port);
    poll(NULL, 0, 30);
    say(late, CLOSING("/late"));
    assert_str(body_of(hear(&a, late)), "one GET /late 0");
    SSL *ssl = greet(w, fd, "localhost");
    assert_non_null(ssl);
    assert_str(body_of(ask(&a, ssl, CLOSING("/late-tls"))), "one GET /late-tls 0");
    SSL_free(ssl);
    close(fd), close(late), close(other);
    close(never);
    arena_release(&a);
}

static void large_bodies_go_both_ways_whole(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    int fd = dial(w->port);
    SSL *ssl = greet(w, fd, "localhost");
    assert_non_null(ssl);
    enum { N = 3 << 20 };
    char *block = mem_zero(N);
    char head[128];
    snprintf(head, sizeof head, "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", N);
    assert_int_equal(SSL_write(ssl, head, (int)strlen(head)), strlen(head));
    assert_int_equal(SSL_write(ssl, block, N), N);
    struct str reply = ask(&a, ssl, CLOSING("/large"));
    assert_true(str_find(reply, S("one POST /up 3145728")) != STR_NONE);
    assert_true(reply.n > 1 << 20);
    assert_true(str_ends(reply, S("0123456789abcdef")));
    free(block);
    SSL_free(ssl);
    close(fd);
    arena_release(&a);
}

static void garbage_and_floods_harm_nobody(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    int fds[300];
    for (size_t i = 0; i < 300; i++) {
        fds[i] = dial(w->port);
        if (i % 3)
            say(fds[i], i % 3 == 1 ? "\x16\x03\x01\xff\xff\x01garbage" : "\x16");
    }
    int fd = dial(w->port);
    SSL *ssl = greet(w, fd, "localhost");
    assert_non_null(ssl);
    assert_str(body_of(ask(&a, ssl, CLOSING("/still"))), "one GET /still 0");
    SSL_free(ssl);
    close(fd);
    for (size_t i = 0; i < 300; i++)
        close(fds[i]);
    arena_release(&a);
}

static void the_proxy_leads_known_names_to_their_port(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    int fd = dial(w->proxy_port);
    char reply[64] = "";
    static const char ok[] = "HTTP/1.1 200 Connection Established\r\n\r\n";
    say(fd, "CONNECT x.execute-api.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(recv(fd, reply, sizeof ok - 1, MSG_WAITALL), sizeof ok - 1);
    assert_string_equal(reply, ok);
    SSL *ssl = greet(w, fd, "x.execute-api.us-east-1.amazonaws.com");
    assert_non_null(ssl);
    assert_str(body_of(ask(&a, ssl, CLOSING("/through"))), "one GET /through 0");
    SSL_free(ssl);
    close(fd);
    /* bytes sent along with the greeting are not lost */
    fd = dial(w->proxy_port);
    say(fd, "CONNECT x.execute-api.a:80 HTTP/1.0\n\n" CLOSING("/at-once"));
    assert_true(str_ends(hear(&a, fd), S("one GET /at-once 0")));
    close(fd);
    arena_release(&a);
}

static void the_proxy_refuses_the_rest_and_says_so(void **state)
{
    struct world *w = *state;
    struct arena a = ARENA_INIT;
    static const struct {
        const char *request, *status;
    } cases[] = {
        { "CONNECT pypi.org:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 " }, { "CONNECT 8.8.8.8:53 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 " },
        { "GET http://pypi.org/ HTTP/1.1\r\n\r\n", "HTTP/1.1 405 " }, { "CONNECT nonsense HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " },
        { "CONNECT x.execute-api.a:99999 HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " }, { "\r\n\r\n", "HTTP/1.1 405 " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = dial(w->proxy_port);
        say(fd, cases[i].request);
        struct str reply = hear(&a, fd);
        print_message("%.*s\n", (int)str_chr(reply, '\r'), reply.p);
        assert_true(str_starts(reply, str_of(cases[i].status)));
        close(fd);
    }
    assert_int_equal(w->n_refused, 2);
    assert_string_equal(w->refused, "8.8.8.8:53");
    int fd = dial(w->proxy_port);
    char *long_head = mem_zero(20000);
    memset(long_head, 'x', 19999);
    send(fd, long_head, 19999, MSG_NOSIGNAL);
    assert_str(hear(&a, fd), "");
    free(long_head);
    close(fd);
    arena_release(&a);
}

static void the_ca_is_kept_and_private(void **state)
{
    struct world *w = *state;
    struct err e;
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/ca.key", w->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct tls *again = tls_open(w->dir, &e);
    assert_ok(again ? 0 : -1, &e);
    assert_true(str_eq(tls_ca_pem(again), tls_ca_pem(w->tls)));
    tls_close(again);
}

static void a_broken_ca_is_refused_with_the_remedy(void **state)
{
    (void)state;
    struct err e;
    char dir[64], path[128];
    snprintf(dir, sizeof dir, "%s/weirbox-ca.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(dir));
    static const char *const files[] = { "ca.pem", "ca.key" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        FILE *f = fopen(path, "w");
        fputs("nothing\n", f);
        fclose(f);
    }
    assert_null(tls_open(dir, &e));
    assert_string_equal(e.code, "CA_MALFORMED");
    assert_non_null(strstr(e.message, "remove both"));
    assert_null(tls_open("/proc/weirbox", &e));
    assert_string_equal(e.code, "CA_STORAGE");
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/lock", dir);
    unlink(path);
    rmdir(dir);
}

/* Many processes that start at once share one CA. */
static void processes_racing_for_a_new_ca_agree(void **state)
{
    (void)state;
    char dir[64], path[128];
    snprintf(dir, sizeof dir, "%s/weirbox-ca.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(dir));
    pid_t pids[6];
    for (size_t i = 0; i < 6; i++)
        if ((pids[i] = fork()) == 0) {
            struct err e;
            struct tls *t = tls_open(dir, &e);
            _exit(t ? 0 : 1);
        }
    for (size_t i = 0; i < 6; i++) {
        int status;
        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
    static const char *const files[] = { "ca.pem", "ca.key", "lock" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_port_speaks_plainly_and_tls), IN_WORLD(http2_is_spoken_with_who_asks_for_it), IN_WORLD(a_slow_first_byte_is_waited_for),
        IN_WORLD(large_bodies_go_both_ways_whole), IN_WORLD(garbage_and_floods_harm_nobody),
        IN_WORLD(the_proxy_leads_known_names_to_their_port), IN_WORLD(the_proxy_refuses_the_rest_and_says_so),
        IN_WORLD(the_ca_is_kept_and_private), cmocka_unit_test(a_broken_ca_is_refused_with_the_remedy),
        cmocka_unit_test(processes_racing_for_a_new_ca_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
