/* bench_rds HOST PORT SECONDS THREADS - what the original scripts do to an RDS, as fast as it goes: connect, log in, three
 * selects of one row by LIMIT n, 1, leave. Prints one line a scenario: name, per second.
 *
 *   script   a new connection for each turn, with the statements that SQLAlchemy and PyMySQL send when they connect
 *   connect  a new connection for each turn, the three selects alone; tls: the same over TLS, not resumed, not verified
 *   select   one connection, a select a turn
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

enum { MOST_THREADS = 64, SETUP = 8 };

static const char *const setup[SETUP] = {
    "SET NAMES utf8mb4", "SET AUTOCOMMIT = 0", "SELECT VERSION()", "SELECT DATABASE()", "SELECT @@transaction_isolation",
    "SELECT @@sql_mode", "SELECT @@lower_case_table_names", "ROLLBACK",
};
static const char *const tables[] = { "pinterest_data", "geolocation_data", "user_data" };

struct load {
    struct sockaddr_in to;
    int64_t until_us;
    _Atomic uint64_t turns, failed;
    bool reconnect, as_script;
    SSL_CTX *tls;
};

struct client {
    int fd;
    SSL *ssl; /* NULL = plain */
    char in[1 << 16];
    size_t at, n;
};

static bool fill(struct client *c, size_t need)
{
    while (c->n - c->at < need) {
        if (c->at) {
            memmove(c->in, c->in + c->at, c->n - c->at);
            c->n -= c->at, c->at = 0;
        }
        size_t room = sizeof c->in - c->n;
        ssize_t got = c->ssl ? SSL_read(c->ssl, c->in + c->n, (int)room) : recv(c->fd, c->in + c->n, room, 0);
        if (got <= 0)
            return false;
        c->n += (size_t)got;
    }
    return true;
}

/* The first byte of the next packet and its length; -1 when the connection is over. */
static int packet(struct client *c, size_t *ret_n)
{
    if (!fill(c, 4))
        return -1;
    const unsigned char *p = (const unsigned char *)c->in + c->at;
    size_t n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
    if (n + 4 > sizeof c->in || !fill(c, n + 4))
        return -1;
    int first = (unsigned char)c->in[c->at + 4];
    c->at += n + 4;
    *ret_n = n;
    return first;
}

static bool put(struct client *c, uint8_t seq, const char *payload, size_t n)
{
    char head[1024] = { (char)n, (char)(n >> 8), (char)(n >> 16), (char)seq };
    if (n + 4 > sizeof head)
        return false;
    memcpy(head + 4, payload, n);
    ssize_t sent = c->ssl ? SSL_write(c->ssl, head, (int)n + 4) : send(c->fd, head, n + 4, MSG_NOSIGNAL);
    return sent == (ssize_t)(n + 4);
}

static bool ask(struct client *c, const char *sql)
{
    char text[256] = "\x03";
    size_t n;
    snprintf(text + 1, sizeof text - 1, "%s", sql);
    if (!put(c, 0, text, strlen(text)))
        return false;
    int first = packet(c, &n);
    if (first == 0)
        return true;
    for (int ends = 0; ends < 2;) { /* columns, EOF, rows, EOF */
        if (first < 0 || first == 0xff)
            return false;
        first = packet(c, &n);
        ends += first == 0xfe && n < 9;
    }
    return true;
}

static bool log_in(struct client *c, SSL_CTX *tls)
{
    static const char request[32] = "\x0f\xaa\x3a\0\0\0\0\1\x2d", login[] = "\x0f\xa2\x3a\0\0\0\0\1\x2d" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "project_user\0"
                                "\x20" "01234567890123456789012345678901" "pinterest_data\0" "caching_sha2_password";
    size_t n;
    int first;
    if (packet(c, &n) != 10)
        return false;
    if (tls && put(c, 1, request, sizeof request)) {
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, c->fd);
        if (SSL_connect(c->ssl) != 1)
            return false;
    }
    if (!put(c, tls ? 2 : 1, login, sizeof login))
        return false;
    while ((first = packet(c, &n)) == 1)
        continue;
    return first == 0;
}

static bool dial(struct client *c, const struct load *l, unsigned turn)
{
    int on = 1;
    *c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101 + turn % 200) };
    if ((ntohl(l->to.sin_addr.s_addr) >> 24) == 127) { /* many addresses, so that the ports last */
        setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
        if (bind(c->fd, (struct sockaddr *)&from, sizeof from))
            return false;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(c->fd, (const struct sockaddr *)&l->to, sizeof l->to) == 0 && log_in(c, l->tls);
}

static bool turn_of(struct client *c, struct load *l, unsigned turn)
{
    char sql[96];
    bool ok = !l->reconnect || dial(c, l, turn);
    for (int i = 0; ok && l->as_script && i < SETUP; i++)
        ok = ask(c, setup[i]);
    for (int i = 0; ok && i < (l->reconnect ? 3 : 1); i++) {
        snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT %u, 1", tables[i], turn * 7919u % 11001);
        ok = ask(c, sql);
    }
    if (ok && l->as_script)
        ok = ask(c, "ROLLBACK");
    if (l->reconnect) {
        put(c, 0, "\x01", 1);
        SSL_free(c->ssl);
        close(c->fd);
    }
    return ok;
}

static void *run(void *arg)
{
    struct load *l = arg;
    struct client *c = mem_zero(sizeof *c);
    bool ok = l->reconnect || dial(c, l, 0);
    unsigned turn = (unsigned)(uintptr_t)c >> 4;
    while (ok && clock_stopwatch_us() < l->until_us) {
        ok = turn_of(c, l, turn++);
        atomic_fetch_add(ok ? &l->turns : &l->failed, 1);
    }
    if (!l->reconnect)
        close(c->fd);
    free(c);
    return NULL;
}

static void scenario(const char *name, struct load l, int seconds, int n)
{
    pthread_t threads[MOST_THREADS];
    int64_t from = clock_stopwatch_us();
    l.until_us = from + seconds * 1000000ll;
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, run, &l);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    double took = (double)(clock_stopwatch_us() - from) / 1e6;
    printf("%s %.0f%s\n", name, (double)atomic_load(&l.turns) / took, atomic_load(&l.failed) ? " (some failed)" : "");
}

int main(int argc, char **argv)
{
    struct load l = { .to.sin_family = AF_INET };
    if (argc < 5 || inet_pton(AF_INET, argv[1], &l.to.sin_addr) != 1) {
        fprintf(stderr, "usage: bench_rds HOST PORT SECONDS THREADS\n");
        return 2;
    }
    l.to.sin_port = htons((uint16_t)atoi(argv[2]));
    int seconds = atoi(argv[3]), threads = atoi(argv[4]);
    if (seconds < 1 || threads < 1 || threads > MOST_THREADS)
        return 2;
    scenario("select", l, seconds, threads);
    l.reconnect = true;
    scenario("connect", l, seconds, threads);
    l.tls = SSL_CTX_new(TLS_client_method());
    signal(SIGPIPE, SIG_IGN);
    scenario("tls", l, seconds, threads);
    SSL_CTX_free(l.tls);
    l.tls = NULL;
    l.as_script = true;
    scenario("script", l, seconds, threads);
    return 0;
}
