/* relay.c - the event loop.
 *
 * Life of a connection:  SILENT (relay_serve) -> plain: handed back, forgotten | TLS: JOINED with a socketpair
 *                        GREETING (relay_listen) -> LAST_WORDS (refused) | JOINED with a port
 *
 * Edge-triggered: whatever happens on either side, both directions are carried until neither makes progress, or a share
 * of the thread's time is used up; then the others come first.
 */
#include "net/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { BLOCK = 16 << 10, MAX_HEAD = 8 << 10, TURNS = 32, EVENTS = 128, LINGER_US = 2000000, TLS_HANDSHAKE = 0x16, MAX_LISTENERS = 4 };

enum state { SILENT, GREETING, JOINED, LAST_WORDS };

struct conn;
struct side {
    struct conn *conn;
    int fd;
    struct tls_session *tls;
};

/* One direction: from side i to the other. */
struct course {
    char *kept; /* what the other side has not taken, kept[at..n) */
    size_t at, n;
    bool ended; /* nothing more comes */
    bool told;  /* and the other side knows */
};

struct conn {
    struct conn *next, **link; /* of the relay's list */
    struct conn *next_again;
    bool again, gone, counted;
    enum state state;
    struct side sides[2];
    struct course courses[2];
    struct buf head;
    void (*ready)(void *arg, int fd);
    void *arg;
    const struct listener *listener;
    int64_t leave_us; /* once one side has said all: when the other is no longer waited for */
    struct conn *next_leaving, **link_leaving;
};

struct listener {
    struct side side; /* conn == NULL: a listener */
    uint16_t (*greet)(void *ctx, struct str head, struct buf *reply);
    void *ctx;
};

struct relay {
    struct relay_options options;
    int epoll_fd;
    struct side wake; /* an eventfd; conn == NULL */
    pthread_mutex_t lock; /* the list, quiet, and the moment of handing over */
    struct conn *conns;
    bool quiet;
    _Atomic bool closing;
    struct conn *again, *gone, *leaving; /* the loop's own */
    unsigned n_counted; /* the loop's own: connections beyond SILENT */
    struct listener listeners[MAX_LISTENERS];
    size_t n_listeners;
    pthread_t thread;
    bool started;
    char block[BLOCK];
};

/* ---- sides ---- */

static ssize_t side_read(struct side *s, void *out, size_t n)
{
    if (s->tls)
        return tls_session_read(s->tls, out, n);
    ssize_t got = recv(s->fd, out, n, 0);
    return got >= 0 ? got : errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static ssize_t side_write(struct side *s, const void *p, size_t n)
{
    if (s->tls)
        return tls_session_write(s->tls, p, n);
    ssize_t put = send(s->fd, p, n, MSG_NOSIGNAL);
    return put >= 0 ? put : errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static void side_end(struct side *s)
{
    if (s->tls)
        tls_session_end(s->tls);
    shutdown(s->fd, SHUT_WR);
}

static void side_close(struct side *s)
{
    if (s->tls)
        tls_session_close(s->tls);
    if (s->fd >= 0)
        close(s->fd);
    *s = (struct side){ s->conn, -1, NULL };
}

static int watch(struct relay *r, struct side *s, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = s };
    return epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, s->fd, &event);
}

/* ---- the list of connections ---- */

static struct conn *add_conn(struct relay *r, int fd, enum state state)
{
    struct conn *c = mem_zero(sizeof *c);
    c->state = state;
    c->sides[0] = (struct side){ c, fd, NULL };
    c->sides[1] = (struct side){ c, -1, NULL };
    c->head.max = MAX_HEAD;
    pthread_mutex_lock(&r->lock);
    c->next = r->conns;
    c->link = &r->conns;
    if (c->next)
        c->next->link = &c->next;
    r->conns = c;
    pthread_mutex_unlock(&r->lock);
    return c;
}

/* A silent connection costs little more than its descriptor, and is not counted: ten thousand idle ones keep nobody out. */
static bool take_place(struct relay *r, struct conn *c)
{
    c->counted = r->n_counted < r->options.max_connections;
    r->n_counted += c->counted;
    return c->counted;
}

/* Closes its sockets now; its memory goes when the events at hand, which may still name it, are through. */
static void drop(struct relay *r, struct conn *c)
{
    if (c->gone)
        return;
    c->gone = true;
    side_close(&c->sides[0]);
    side_close(&c->sides[1]);
    r->n_counted -= c->counted;
    if (c->leave_us) {
        *c->link_leaving = c->next_leaving;
        if (c->next_leaving)
            c->next_leaving->link_leaving = c->link_leaving;
    }
    pthread_mutex_lock(&r->lock);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    pthread_mutex_unlock(&r->lock);
    c->next = r->gone;
    r->gone = c;
}

/* Those that are still to be attended again are freed after that. */
static void free_gone(struct relay *r)
{
    for (struct conn **at = &r->gone, *c; (c = *at);) {
        if (c->again) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        free(c->courses[0].kept);
        free(c->courses[1].kept);
        buf_release(&c->head);
        free(c);
    }
}

/* Tells whoever gave the connection, once; false when it may not have it any more. */
static bool hand_over(struct relay *r, struct conn *c, int fd)
{
    pthread_mutex_lock(&r->lock);
    bool given = fd >= 0 && !r->quiet;
    c->ready(c->arg, given ? fd : -1);
    pthread_mutex_unlock(&r->lock);
    return given;
}

/* ---- carrying ---- */

static void keep(struct course *k, const char *p, size_t n)
{
    k->kept = mem_grow(k->kept, n);
    memcpy(k->kept, p, n);
    k->at = 0;
    k->n = n;
}

/* One step of one direction; true when anything moved. */
static bool carry(struct relay *r, struct conn *c, int from)
{
    struct course *k = &c->courses[from];
    struct side *in = &c->sides[from], *out = &c->sides[!from];
    ssize_t n;
    if (k->n) {
        n = side_write(out, k->kept + k->at, k->n);
        if (n == TLS_AGAIN)
            return false;
        if (n <= 0) {
            k->n = 0; /* nobody listens: what still comes is read and dropped, so that the sender is not reset */
            k->told = true;
        } else {
            k->at += (size_t)n;
            k->n -= (size_t)n;
        }
        if (k->n == 0)
            free(k->kept), k->kept = NULL;
        return true;
    }
    if (k->ended) {
        bool news = !k->told;
        if (news)
            side_end(out);
        k->told = true;
        return news;
    }
    n = side_read(in, r->block, BLOCK);
    if (n == TLS_AGAIN)
        return false;
    if (n <= 0)
        k->ended = true;
    else if (!k->told)
        keep(k, r->block, (size_t)n);
    return true;
}

static void put_off(struct relay *r, struct conn *c)
{
    if (c->again)
        return;
    c->again = true;
    c->next_again = r->again;
    r->again = c;
}

static void begin_leaving(struct relay *r, struct conn *c)
{
    c->leave_us = clock_stopwatch_us() + LINGER_US;
    c->next_leaving = r->leaving;
    c->link_leaving = &r->leaving;
    if (c->next_leaving)
        c->next_leaving->link_leaving = &c->next_leaving;
    r->leaving = c;
}

/* HTTP workers never half-close; a client that does not go after the end is not waited for. */
static void end_leaving(struct relay *r)
{
    int64_t now_us = clock_stopwatch_us();
    for (struct conn *c = r->leaving, *next; c; c = next) {
        next = c->next_leaving;
        if (c->leave_us <= now_us && c->courses[1].told)
            drop(r, c);
    }
}

static void carry_both(struct relay *r, struct conn *c)
{
    bool moved = true;
    for (int turn = 0; moved && turn < TURNS; turn++) {
        moved = carry(r, c, 0);
        moved = carry(r, c, 1) || moved;
    }
    bool over = c->courses[0].ended && c->courses[1].ended && !c->courses[0].n && !c->courses[1].n;
    if (over && c->courses[0].told && c->courses[1].told) {
        drop(r, c);
        return;
    }
    bool leaving = c->courses[0].told || c->courses[1].told;
    if (leaving && !c->leave_us && (!c->listener || c->state == LAST_WORDS))
        begin_leaving(r, c);
    if (moved)
        put_off(r, c);
}

/* ---- a connection's beginning ---- */

static void begin_tls(struct relay *r, struct conn *c)
{
    int pair[2];
    if (!take_place(r, c) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) {
        hand_over(r, c, -1);
        drop(r, c);
        return;
    }
    c->sides[1].fd = pair[1];
    c->sides[0].tls = tls_session_open(r->options.tls, c->sides[0].fd);
    c->state = JOINED;
    if (c->sides[0].tls)
        tls_session_offer_http2(c->sides[0].tls); /* who has the other end tells it by its first bytes */
    bool ok = c->sides[0].tls && watch(r, &c->sides[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) == 0;
    if (!hand_over(r, c, ok ? pair[0] : -1)) {
        close(pair[0]);
        drop(r, c);
        return;
    }
    carry_both(r, c);
}

static void begin_served(struct relay *r, struct conn *c)
{
    char first;
    ssize_t n = recv(c->sides[0].fd, &first, 1, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == 1 && first == TLS_HANDSHAKE) {
        begin_tls(r, c);
        return;
    }
    int fd = c->sides[0].fd;
    epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    if (hand_over(r, c, n == 1 ? fd : -1))
        c->sides[0].fd = -1;
    drop(r, c);
}

static int connect_here(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Where the head of a request ends, or STR_NONE. */
static size_t head_end(struct str s)
{
    size_t at = str_find(s, S("\r\n\r\n")), bare = str_find(s, S("\n\n"));
    at = at == STR_NONE ? STR_NONE : at + 4;
    return bare != STR_NONE && bare + 2 < at ? bare + 2 : at;
}

static void answer_greeting(struct relay *r, struct conn *c, size_t n_head)
{
    struct buf reply = BUF_INIT;
    struct str all = buf_str(&c->head);
    uint16_t port = c->listener->greet(c->listener->ctx, str_head(all, n_head), &reply);
    if (port)
        c->sides[1].fd = connect_here(port);
    if (reply.n)
        keep(&c->courses[1], reply.p, reply.n);
    buf_release(&reply);
    c->state = JOINED;
    if (c->sides[1].fd < 0) {
        c->state = LAST_WORDS;
        c->courses[1].ended = true;
        c->courses[0].told = true; /* there is nobody to carry to */
    } else if (all.n > n_head) {
        keep(&c->courses[0], all.p + n_head, all.n - n_head);
    }
    buf_release(&c->head);
    if (c->sides[1].fd >= 0 && watch(r, &c->sides[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
        drop(r, c);
    else
        carry_both(r, c);
}

static void read_greeting(struct relay *r, struct conn *c)
{
    ssize_t n;
    while ((n = recv(c->sides[0].fd, r->block, MAX_HEAD, 0)) > 0) {
        buf_add(&c->head, r->block, (size_t)n);
        size_t end = head_end(buf_str(&c->head));
        if (end != STR_NONE) {
            answer_greeting(r, c, end);
            return;
        }
        if (c->head.full || c->head.n >= MAX_HEAD)
            break;
    }
    if (n >= 0 || errno != EAGAIN)
        drop(r, c);
}

static void attend(struct relay *r, struct conn *c)
{
    if (c->gone)
        return;
    switch (c->state) {
    case SILENT: begin_served(r, c); break;
    case GREETING: read_greeting(r, c); break;
    case JOINED:
    case LAST_WORDS: carry_both(r, c); break;
    }
}

static void accept_greeters(struct relay *r, const struct listener *l)
{
    for (int fd; (fd = accept4(l->side.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct conn *c = add_conn(r, fd, GREETING);
        c->listener = l;
        if (!take_place(r, c) || watch(r, &c->sides[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
            drop(r, c);
    }
}

/* ---- the loop ---- */

static void take_event(struct relay *r, struct side *s)
{
    uint64_t count;
    if (s->conn)
        attend(r, s->conn);
    else if (s != &r->wake)
        accept_greeters(r, (const struct listener *)s);
    else if (read(s->fd, &count, sizeof count) < 0)
        return;
}

static void *run(void *arg)
{
    struct relay *r = arg;
    struct epoll_event events[EVENTS];
    while (!atomic_load(&r->closing)) {
        int n = epoll_wait(r->epoll_fd, events, EVENTS, r->again ? 0 : r->leaving ? 500 : -1);
        struct conn *again = r->again;
        r->again = NULL;
        for (int i = 0; i < n; i++)
            take_event(r, events[i].data.ptr);
        for (struct conn *c = again, *next; c; c = next) {
            next = c->next_again;
            c->again = false;
            attend(r, c);
        }
        end_leaving(r);
        free_gone(r);
    }
    return NULL;
}

/* ---- life cycle ---- */

struct relay *relay_open(const struct relay_options *o, struct err *e)
{
    struct relay *r = mem_zero(sizeof *r);
    r->options = *o;
    if (!r->options.max_connections)
        r->options.max_connections = 8192;
    pthread_mutex_init(&r->lock, NULL);
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    r->wake = (struct side){ NULL, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), NULL };
    sigset_t all, before; /* a peer that has gone is an error of one write: no SIGPIPE, and no other signals here either */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    r->started = r->epoll_fd >= 0 && r->wake.fd >= 0 && watch(r, &r->wake, EPOLLIN) == 0 && pthread_create(&r->thread, NULL, run, r) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r->started)
        return r;
    err_set(e, 0, "SERVER_START", "cannot start the TLS relay: %s", strerror(errno));
    relay_close(r);
    return NULL;
}

void relay_serve(struct relay *r, int fd, void (*ready)(void *arg, int fd), void *arg)
{
    struct conn *c = add_conn(r, fd, SILENT);
    c->ready = ready;
    c->arg = arg;
    if (watch(r, &c->sides[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
        shutdown(fd, SHUT_RDWR); /* out of memory for events: the peer is told, relay_close frees it */
}

int relay_listen(struct relay *r, int fd, uint16_t (*greet)(void *ctx, struct str head, struct buf *reply), void *ctx, struct err *e)
{
    if (r->n_listeners == MAX_LISTENERS) {
        close(fd);
        return err_set(e, 0, "TOO_MANY_PORTS", "a relay listens on at most %d ports", MAX_LISTENERS);
    }
    struct listener *l = &r->listeners[r->n_listeners++];
    *l = (struct listener){ { NULL, fd, NULL }, greet, ctx };
    return watch(r, &l->side, EPOLLIN) ? err_set(e, 0, "SERVER_START", "cannot watch a port: %s", strerror(errno)) : 0;
}

void relay_quiet(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    r->quiet = true;
    pthread_mutex_unlock(&r->lock);
}

void relay_close(struct relay *r)
{
    if (!r)
        return;
    relay_quiet(r);
    atomic_store(&r->closing, true);
    uint64_t one = 1;
    if (r->started && write(r->wake.fd, &one, sizeof one) == sizeof one)
        pthread_join(r->thread, NULL);
    for (struct conn *c = r->conns, *next; c; c = next) {
        next = c->next;
        if (c->state == SILENT)
            hand_over(r, c, -1);
        else if (c->state != GREETING)
            carry_both(r, c);
        c->again = false;
        drop(r, c);
    }
    for (struct conn *c = r->gone; c; c = c->next)
        c->again = false;
    free_gone(r);
    for (size_t i = 0; i < r->n_listeners; i++)
        close(r->listeners[i].side.fd);
    if (r->wake.fd >= 0)
        close(r->wake.fd);
    if (r->epoll_fd >= 0)
        close(r->epoll_fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
