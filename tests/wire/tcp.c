/* The length-framed server: frames whole and in order however they come, answers from any thread, delays, broken ends. */
#include "tests/support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/tcp.h"

/* A frame: two bytes of length (head included), one byte that says what to do, the rest comes back. */
enum { ECHO = 'e', LATER = 'l', DELAY = 'd', RESET = 'r', HALF = 'h', LAST = 'c', LARGE = 'L', SILENT = 's' };

struct echo {
    struct clock clock;
    struct tcp_server *server;
    uint16_t port;
    _Atomic int opened, closed;
};

struct later {
    struct tcp_conn *conn;
    struct buf out;
};

static void *answer_later(void *arg)
{
    struct later *l = arg;
    usleep(1000);
    tcp_answer(l->conn, &l->out, 0, TCP_SEND);
    free(l);
    return NULL;
}

static uint64_t length(const char *head) { return (uint64_t)(unsigned char)head[0] | (uint64_t)(unsigned char)head[1] << 8; }

static void on_opened(void *ctx, struct tcp_conn *c)
{
    struct echo *e = ctx;
    atomic_fetch_add(&e->opened, 1);
    tcp_set_session(c, e);
}

static void on_closed(void *ctx, struct tcp_conn *c)
{
    struct echo *e = ctx;
    if (tcp_session(c) == e)
        atomic_fetch_add(&e->closed, 1);
}

static void on_frame(void *ctx, struct tcp_conn *c, struct str frame)
{
    struct buf out = BUF_INIT;
    pthread_t thread;
    (void)ctx;
    if (frame.p[2] == LARGE) {
        const size_t n = 20 << 20;
        memset(buf_room(&out, n), 'x', n);
        out.n = n;
    } else if (frame.p[2] != SILENT) {
        buf_str_add(&out, frame);
    }
    if (frame.p[2] == LATER) {
        struct later *l = mem_zero(sizeof *l);
        *l = (struct later){ c, out };
        pthread_create(&thread, NULL, answer_later, l);
        pthread_detach(thread);
        return;
    }
    enum tcp_end end = frame.p[2] == RESET ? TCP_SEND_RESET : frame.p[2] == HALF ? TCP_SEND_HALF : frame.p[2] == LAST ? TCP_SEND_CLOSE : TCP_SEND;
    tcp_answer(c, &out, frame.p[2] == DELAY ? 60 : 0, end);
}

static void on_oversize(void *ctx, struct tcp_conn *c, uint64_t claimed, struct buf *out)
{
    (void)ctx, (void)c;
    buf_f(out, "too large: %llu", (unsigned long long)claimed);
}

static void on_full(void *ctx, struct buf *out)
{
    (void)ctx;
    buf_z(out, "full");
}

static const struct tcp_handler handler = {
    .head_bytes = 3, .length = length, .opened = on_opened, .frame = on_frame, .oversize = on_oversize, .full = on_full, .closed = on_closed,
};

static void open_echo(struct echo *e, bool is_virtual, unsigned most)
{
    struct err why = { 0 };
    memset(e, 0, sizeof *e);
    if (is_virtual)
        clock_init_virtual(&e->clock, 1000);
    else
        clock_init_real(&e->clock);
    e->server = tcp_open(&(struct tcp_options){ .clock = &e->clock, .handler = &handler, .ctx = e, .max_frame_bytes = 40000, .max_connections = most }, &why);
    assert_non_null(e->server);
    assert_ok(tcp_listen(e->server, "127.0.0.1", 0, &e->port, &why), &why);
}

static int dial(const struct echo *e)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(e->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
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
    for (size_t at = 0; at < want.n;) {
        char bytes[4096];
        size_t room = want.n - at < sizeof bytes ? want.n - at : sizeof bytes;
        ssize_t n = recv(fd, bytes, room, 0);
        if (n <= 0 || memcmp(bytes, want.p + at, (size_t)n) != 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool over(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}

static void frames_come_whole_and_in_order(void **state)
{
    static const char kinds[] = { ECHO, LATER, ECHO, DELAY, LATER };
    struct echo e;
    struct arena a = ARENA_INIT;
    struct buf all = BUF_INIT;
    (void)state;
    open_echo(&e, true, 0);
    for (int i = 0; i < 200; i++)
        buf_str_add(&all, frame_of(&a, kinds[i % 5], 3 + (size_t)(i * 37 % 900), (char)i));
    for (size_t piece = 1; piece < all.n; piece = piece * 7 + 1) {
        int fd = dial(&e);
        for (size_t at = 0; at < all.n; at += piece) {
            put(fd, str_head(str_from(buf_str(&all), at), piece));
            if (piece < 100 && at % 11 == 0)
                usleep(10);
        }
        assert_true(get(fd, buf_str(&all)));
        close(fd);
    }
    tcp_close(e.server);
    assert_int_equal(e.opened, e.closed);
    buf_release(&all);
    arena_release(&a);
}

static void ends_are_as_ordered(void **state)
{
    struct echo e;
    struct arena a = ARENA_INIT;
    (void)state;
    open_echo(&e, true, 0);
    int fd = dial(&e);
    put(fd, frame_of(&a, RESET, 10, 'x'));
    assert_true(over(fd));
    close(fd);
    fd = dial(&e);
    struct str frame = frame_of(&a, HALF, 10, 'x');
    put(fd, frame);
    assert_true(get(fd, str_head(frame, 5)) && over(fd));
    close(fd);
    fd = dial(&e);
    frame = frame_of(&a, LAST, 10, 'x');
    put(fd, frame);
    put(fd, frame); /* nobody reads it; the answer is not lost for that */
    assert_true(get(fd, frame) && over(fd));
    close(fd);
    fd = dial(&e);
    put(fd, frame_of(&a, SILENT, 10, 'x'));
    frame = frame_of(&a, ECHO, 10, 'y');
    put(fd, frame);
    assert_true(get(fd, frame));
    shutdown(fd, SHUT_WR); /* half closed, what was sent is answered */
    assert_true(over(fd));
    close(fd);
    tcp_close(e.server);
    arena_release(&a);
}

static void lengths_that_lie_are_refused(void **state)
{
    struct echo e;
    (void)state;
    open_echo(&e, true, 0);
    int fd = dial(&e);
    put(fd, S("\xff\xff" "exxxxxxxxxxxx"));
    assert_true(get(fd, S("too large: 65535")) && over(fd));
    close(fd);
    fd = dial(&e);
    put(fd, S("\x01\0e"));
    assert_true(get(fd, S("too large: 1")) && over(fd));
    close(fd);
    tcp_close(e.server);
}

static void delays_hold_nobody_else(void **state)
{
    struct echo e;
    struct arena a = ARENA_INIT;
    (void)state;
    open_echo(&e, false, 0);
    int slow = dial(&e), quick = dial(&e);
    struct str waits = frame_of(&a, DELAY, 10, 'x'), other = frame_of(&a, ECHO, 10, 'y');
    int64_t from = clock_stopwatch_us();
    put(slow, waits);
    put(quick, other);
    assert_true(get(quick, other));
    struct pollfd answered = { .fd = slow, .events = POLLIN };
    if (clock_stopwatch_us() - from < 50000)
        assert_int_equal(poll(&answered, 1, 0), 0);
    assert_true(get(slow, waits));
    assert_true(clock_stopwatch_us() - from >= 60000);
    put(slow, waits);
    usleep(5000);
    tcp_close(e.server); /* in the middle of a delay */
    close(slow), close(quick);
    arena_release(&a);
}

/* The server counts after the bytes have gone. */
static bool all_is_sent(const struct echo *e)
{
    for (int i = 0; i < 2000 && tcp_unsent_bytes(e->server); i++)
        usleep(1000);
    return tcp_unsent_bytes(e->server) == 0;
}

static void slow_readers_hold_one_answer(void **state)
{
    struct echo e;
    struct arena a = ARENA_INIT;
    char bytes[65536];
    (void)state;
    open_echo(&e, false, 0);
    int fd = dial(&e), quick = dial(&e);
    for (int i = 0; i < 10; i++)
        put(fd, frame_of(&a, LARGE, 10, 'x'));
    struct str other = frame_of(&a, ECHO, 10, 'y');
    for (int i = 0; i < 50; i++) {
        put(quick, other);
        assert_true(get(quick, other));
    }
    assert_true(tcp_unsent_bytes(e.server) <= 20u << 20);
    size_t seen = 0;
    for (ssize_t n; seen < 10 * (20ull << 20) && (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        seen += (size_t)n;
    assert_true(seen == 10 * (20ull << 20));
    assert_true(all_is_sent(&e));
    put(fd, frame_of(&a, LARGE, 10, 'x'));
    usleep(20000);
    close(fd); /* never read */
    assert_true(all_is_sent(&e));
    close(quick);
    tcp_close(e.server);
    arena_release(&a);
}

static void connections_are_bounded_and_shared_out(void **state)
{
    struct echo e;
    struct arena a = ARENA_INIT;
    int fd[40];
    (void)state;
    open_echo(&e, true, 40);
    struct str frame = frame_of(&a, ECHO, 10, 'x');
    for (int i = 0; i < 40; i++) {
        fd[i] = dial(&e);
        put(fd[i], frame);
        assert_true(get(fd[i], frame));
    }
    int more = dial(&e);
    assert_true(get(more, S("full")) && over(more));
    close(more);
    close(fd[0]);
    for (int i = 0; i < 2000 && tcp_connections(e.server) == 40; i++)
        usleep(1000);
    more = dial(&e);
    put(more, frame);
    assert_true(get(more, frame));
    close(more);
    for (int i = 1; i < 40; i++)
        close(fd[i]);
    assert_int_equal(tcp_accepted(e.server), 41);
    tcp_close(e.server);
    assert_int_equal(e.opened, 41);
    assert_int_equal(e.closed, 41);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_and_in_order), cmocka_unit_test(ends_are_as_ordered),
        cmocka_unit_test(lengths_that_lie_are_refused),   cmocka_unit_test(delays_hold_nobody_else),
        cmocka_unit_test(slow_readers_hold_one_answer),   cmocka_unit_test(connections_are_bounded_and_shared_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
