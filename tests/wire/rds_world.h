/* rds_world.h - what the wire tests of the mock RDS start with: a cloud that is one RDS, and a MySQL client made by hand
 * that can also say what no client would. */
#ifndef TESTS_WIRE_RDS_WORLD_H
#define TESTS_WIRE_RDS_WORLD_H

#include "tests/support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/rds/mysqld_packet.h"
#include "mocks/rds/rds.h"
#include "net/tls.h"

static const struct service *const rds_world_services[] = { &rds_service, NULL };

struct rds_world {
    struct clock clock;
    struct cloud *cloud;
    struct tls *tls; /* NULL = plain */
    char ca_dir[64];
    uint16_t port;
};

static inline void rds_world_begin(struct rds_world *w, const struct cloud_setting *settings, bool real)
{
    struct err e = { 0 };
    if (real)
        clock_init_real(&w->clock);
    else
        clock_init_virtual(&w->clock, 1609459200000);
    struct cloud_options o = { .services = rds_world_services, .clock = &w->clock, .seed = 7, .settings = settings, .tls = w->tls };
    w->cloud = cloud_open(&o, &e);
    if (!w->cloud)
        fail_msg("%s: %s", e.code, e.message);
    w->port = cloud_port(w->cloud, "rds");
}

static inline void rds_world_open(struct rds_world *w, const struct cloud_setting *settings, bool real)
{
    *w = (struct rds_world){ .tls = NULL };
    rds_world_begin(w, settings, real);
}

/* … that speaks TLS, too, by a CA made for it. */
static inline void rds_world_open_tls(struct rds_world *w, const struct cloud_setting *settings, bool real)
{
    struct err e = { 0 };
    *w = (struct rds_world){ .tls = NULL };
    snprintf(w->ca_dir, sizeof w->ca_dir, "%s/weirbox-ca.XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(w->ca_dir));
    w->tls = tls_open(w->ca_dir, &e);
    assert_ok(w->tls ? 0 : -1, &e);
    rds_world_begin(w, settings, real);
}

static inline void rds_world_close(struct rds_world *w)
{
    static const char *const files[] = { "ca.pem", "ca.key", "lock" };
    char path[96];
    cloud_close(w->cloud);
    if (!w->tls)
        return;
    tls_close(w->tls);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", w->ca_dir, files[i]);
        unlink(path);
    }
    rmdir(w->ca_dir);
}

/* ---- a client ---- */

struct rds_client {
    int fd;
    uint8_t seq;
    struct buf in; /* the packet received last, without its head */
    char nonce[21];
};

static inline int rds_dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at)) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct timeval patience = { .tv_sec = 20 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static inline bool rds_read(int fd, char *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = recv(fd, p + at, n - at, 0);
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

/* false: the connection is over. */
static inline bool rds_receive(struct rds_client *c)
{
    char head[4];
    if (!rds_read(c->fd, head, 4))
        return false;
    size_t n = (size_t)((unsigned char)head[0] | (unsigned char)head[1] << 8 | (unsigned char)head[2] << 16);
    c->seq = (uint8_t)head[3];
    buf_reset(&c->in);
    char *p = buf_room(&c->in, n + 1);
    c->in.n = n;
    return rds_read(c->fd, p, n);
}

static inline bool rds_send(struct rds_client *c, uint8_t seq, struct str payload)
{
    struct buf b = BUF_INIT;
    mysqld_put_int(&b, payload.n, 3);
    buf_c(&b, (char)seq);
    buf_str_add(&b, payload);
    bool sent = send(c->fd, b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n;
    buf_release(&b);
    return sent;
}

static inline bool rds_command(struct rds_client *c, uint8_t number, struct str payload)
{
    struct buf b = BUF_INIT;
    buf_c(&b, (char)number);
    buf_str_add(&b, payload);
    bool sent = rds_send(c, 0, buf_str(&b));
    buf_release(&b);
    return sent;
}

/* 0 when the packet received last is no error, else its number. */
static inline unsigned rds_error(const struct rds_client *c)
{
    if (!c->in.n || (unsigned char)c->in.p[0] != 0xff)
        return 0;
    return (unsigned char)c->in.p[1] | (unsigned)(unsigned char)c->in.p[2] << 8;
}

static inline struct str rds_error_text(const struct rds_client *c) { return str_from(buf_str(&c->in), 9); }

static inline void rds_login_packet(struct buf *out, const char *user, struct str response, const char *database, const char *plugin)
{
    uint32_t caps = 0x3fa20f & ~(uint32_t)(database ? 0 : 8) & ~0x100000u;
    mysqld_put_int(out, caps, 4);
    mysqld_put_int(out, 1 << 24, 4);
    mysqld_put_int(out, 45, 1);
    for (int i = 0; i < 23; i++)
        buf_c(out, 0);
    buf_add(out, user, strlen(user) + 1);
    mysqld_put_lenenc(out, response);
    if (database)
        buf_add(out, database, strlen(database) + 1);
    buf_add(out, plugin, strlen(plugin) + 1);
}

static inline bool rds_greeted(struct rds_client *c)
{
    if (!rds_receive(c) || c->in.n < 50)
        return false;
    size_t at = 1 + strlen(c->in.p + 1) + 1 + 4;
    memcpy(c->nonce, c->in.p + at, 8);
    memcpy(c->nonce + 8, c->in.p + at + 8 + 1 + 18, 12);
    c->nonce[20] = 0;
    return true;
}

/* Connected and logged in; aborts the test when it cannot be. */
static inline void rds_connect(struct rds_client *c, uint16_t port, const char *database)
{
    struct buf b = BUF_INIT;
    *c = (struct rds_client){ .fd = rds_dial(port) };
    assert_true(c->fd >= 0);
    assert_true(rds_greeted(c));
    rds_login_packet(&b, "project_user", S("12345678901234567890123456789012"), database, "caching_sha2_password");
    assert_true(rds_send(c, 1, buf_str(&b)));
    buf_release(&b);
    do
        assert_true(rds_receive(c));
    while (c->in.p[0] == 1);
    assert_int_equal(rds_error(c), 0);
}

static inline void rds_hang_up(struct rds_client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    buf_release(&c->in);
    *c = (struct rds_client){ .fd = -1 };
}

/* The answer as text: rows by line, columns by '|', NULL as NULL; "OK n"; "ERR number text". Several results by "---". */
static inline struct str rds_ask(struct rds_client *c, struct arena *a, const char *sql)
{
    struct buf out = BUF_INIT;
    assert_true(rds_command(c, 3, str_of(sql)));
    for (bool more = true; more;) {
        assert_true(rds_receive(c));
        struct mysqld_reader r = mysqld_reader_of(buf_str(&c->in));
        if (out.n)
            buf_z(&out, "---\n");
        if (rds_error(c)) {
            buf_f(&out, "ERR %u " STR_F "\n", rds_error(c), STR_A(rds_error_text(c)));
            break;
        }
        uint64_t columns = mysqld_get_lenenc_int(&r);
        if (!columns) {
            buf_f(&out, "OK %llu\n", (unsigned long long)mysqld_get_lenenc_int(&r));
            mysqld_get_lenenc_int(&r);
            more = mysqld_get_int(&r, 2) & MYSQL_MORE_RESULTS;
            continue;
        }
        for (uint64_t i = 0; i <= columns; i++)
            assert_true(rds_receive(c)); /* the columns and EOF */
        for (;;) {
            assert_true(rds_receive(c));
            r = mysqld_reader_of(buf_str(&c->in));
            if (rds_error(c)) {
                buf_f(&out, "ERR %u " STR_F "\n", rds_error(c), STR_A(rds_error_text(c)));
                more = false;
                break;
            }
            if ((unsigned char)c->in.p[0] == 0xfe && c->in.n == 5) {
                mysqld_get_int(&r, 3);
                more = mysqld_get_int(&r, 2) & MYSQL_MORE_RESULTS;
                break;
            }
            for (uint64_t i = 0; i < columns; i++) {
                buf_z(&out, i ? "|" : "");
                if (*r.p == 0xfb)
                    r.p++, buf_z(&out, "NULL");
                else
                    buf_str_add(&out, mysqld_get_lenenc(&r));
            }
            assert_false(r.bad);
            buf_c(&out, '\n');
        }
    }
    if (out.n)
        out.n--;
    struct str text = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

#endif
