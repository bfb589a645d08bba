/* tcp_loop.c - the worker threads: accepting, waiting, timers, answers that other threads bring. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tcp_worker.h"

enum { EVENTS = 128, ACCEPTS_A_TURN = 64, UNEVEN = 8 };

void tcp_worker_wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t put = write(w->wake_fd, &one, sizeof one);
    (void)put;
}

void tcp_worker_post(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    pthread_mutex_lock(&w->lock);
    bool first = !w->inbox;
    c->later = w->inbox;
    w->inbox = c;
    pthread_mutex_unlock(&w->lock);
    if (first)
        tcp_worker_wake(w);
}

void tcp_worker_again(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    if (c->again)
        return;
    c->again = true;
    c->later = NULL;
    *(w->again_tail ? &w->again_tail->later : &w->again_head) = c;
    w->again_tail = c;
}

/* ---- timers: a binary heap ---- */

static void put_due(struct worker *w, size_t at, struct tcp_conn *c) { w->due[at] = c; }

void tcp_worker_delay(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    if (w->n_due == w->cap_due)
        w->due = mem_grow(w->due, (w->cap_due = w->cap_due ? w->cap_due * 2 : 64) * sizeof *w->due);
    size_t at = w->n_due++;
    for (; at && w->due[(at - 1) / 2]->due_us > c->due_us; at = (at - 1) / 2)
        put_due(w, at, w->due[(at - 1) / 2]);
    put_due(w, at, c);
}

static struct tcp_conn *earliest(struct worker *w)
{
    struct tcp_conn *first = w->due[0], *last = w->due[--w->n_due];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child + 1 < w->n_due && w->due[child + 1]->due_us < w->due[child]->due_us)
            child++;
        if (child >= w->n_due || w->due[child]->due_us >= last->due_us)
            break;
        put_due(w, at, w->due[child]);
        at = child;
    }
    put_due(w, at, last);
    return first;
}

static void run_timers(struct worker *w)
{
    int64_t now = w->n_due ? clock_stopwatch_us() : 0;
    while (w->n_due && w->due[0]->due_us <= now)
        tcp_conn_due(earliest(w));
}

static int patience_ms(const struct worker *w)
{
    if (w->again_head)
        return 0;
    if (!w->n_due)
        return -1;
    int64_t us = w->due[0]->due_us - clock_stopwatch_us();
    return us <= 0 ? 0 : us > 3600000000 ? 3600000 : (int)((us + 999) / 1000);
}

/* ---- accepting ---- */

/* Without a descriptor the connection cannot even be refused: one is kept for that. */
static void refuse_for_want_of_descriptors(struct tcp_server *s, int listener)
{
    pthread_mutex_lock(&s->accept_lock);
    close(s->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_mutex_unlock(&s->accept_lock);
}

/* Where TLS is expected nothing is said in the clear. */
static void refuse_for_want_of_room(struct tcp_server *s, int fd, enum tcp_security security)
{
    struct buf out = BUF_INIT;
    if (s->options.handler->full && security == TCP_PLAIN)
        s->options.handler->full(s->options.ctx, &out);
    if (out.n) {
        ssize_t n = send(fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)n;
    }
    buf_release(&out);
    close(fd);
}

/* The worker with clearly fewer connections, else the one that accepted. */
static struct worker *choose(struct worker *w)
{
    struct tcp_server *s = w->server;
    struct worker *least = w;
    for (int i = 0; i < s->n_workers; i++)
        if (atomic_load_explicit(&s->workers[i].n_conns, memory_order_relaxed) <
            atomic_load_explicit(&least->n_conns, memory_order_relaxed))
            least = &s->workers[i];
    bool even = atomic_load_explicit(&w->n_conns, memory_order_relaxed) <=
                atomic_load_explicit(&least->n_conns, memory_order_relaxed) + UNEVEN;
    return even ? w : least;
}

static void welcome(struct worker *w, int fd, const struct sockaddr_in *from, enum tcp_security security)
{
    struct tcp_server *s = w->server;
    int on = 1;
    char peer[TCP_PEER] = "";
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    inet_ntop(AF_INET, &from->sin_addr, peer, sizeof peer);
    struct worker *to = choose(w);
    struct tcp_conn *c = tcp_conn_open(to, fd, peer, security);
    atomic_fetch_add_explicit(&to->n_conns, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->accepted, 1, memory_order_relaxed);
    if (to == w) {
        tcp_conn_opened(c);
        return;
    }
    pthread_mutex_lock(&to->lock);
    c->later = to->newcomers;
    to->newcomers = c;
    pthread_mutex_unlock(&to->lock);
    tcp_worker_wake(to);
}

void tcp_worker_accept(struct worker *w, const struct tcp_listener *listener)
{
    struct tcp_server *s = w->server;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_in from = { 0 };
        socklen_t n = sizeof from;
        int fd = accept4(listener->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            refuse_for_want_of_descriptors(s, listener->fd);
        if (fd < 0)
            return;
        if (atomic_fetch_add(&s->n_conns, 1) >= s->options.max_connections) {
            atomic_fetch_sub(&s->n_conns, 1);
            refuse_for_want_of_room(s, fd, listener->security);
        } else {
            welcome(w, fd, &from, listener->security);
        }
    }
}

/* ---- the loop ---- */

static void empty_inbox(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct tcp_conn *answers = w->inbox, *newcomers = w->newcomers;
    w->inbox = w->newcomers = NULL;
    pthread_mutex_unlock(&w->lock);
    while (newcomers) {
        struct tcp_conn *c = newcomers;
        newcomers = c->later;
        tcp_conn_opened(c);
    }
    while (answers) {
        struct tcp_conn *c = answers;
        answers = c->later;
        tcp_conn_deliver(c);
    }
}

static void serve_again(struct worker *w)
{
    struct tcp_conn *last = w->again_tail;
    while (w->again_head) {
        struct tcp_conn *c = w->again_head;
        bool was_last = c == last;
        w->again_head = c->later;
        if (!w->again_head)
            w->again_tail = NULL;
        c->again = false;
        tcp_conn_serve(c);
        if (was_last)
            return;
    }
}

static void see(struct tcp_conn *c, uint32_t events)
{
    /* TLS may have to send before it can read. */
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) || c->tls)
        c->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP))
        c->fin = true;
    if (events & (EPOLLHUP | EPOLLERR))
        c->hung = true;
    tcp_conn_serve(c);
}

/* Everything but what a handler still has; true when nothing is left. */
static bool close_all(struct worker *w)
{
    w->n_due = 0;
    w->again_head = w->again_tail = NULL;
    for (struct tcp_conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        c->again = false;
        if (c->state != TCP_HANDLING)
            tcp_conn_destroy(c);
    }
    pthread_mutex_lock(&w->lock);
    bool empty = !w->conns && !w->newcomers && !w->inbox;
    pthread_mutex_unlock(&w->lock);
    return empty;
}

void *tcp_worker_run(void *worker)
{
    struct worker *w = worker;
    struct epoll_event events[EVENTS];
    uint64_t woken;
    for (;;) {
        int n = epoll_wait(w->epoll_fd, events, EVENTS, patience_ms(w));
        bool closing = atomic_load(&w->server->closing);
        for (int i = 0; i < n; i++) {
            uint64_t which = events[i].data.u64;
            if (!which) {
                ssize_t got = read(w->wake_fd, &woken, sizeof woken);
                (void)got;
            } else if (!(which & 1)) {
                see(events[i].data.ptr, events[i].events);
            } else if (!closing) {
                tcp_worker_accept(w, &w->server->listeners[which >> 1]);
            }
        }
        empty_inbox(w);
        run_timers(w);
        serve_again(w);
        if (closing && close_all(w))
            return NULL;
    }
}
