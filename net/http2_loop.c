/* http2_loop.c - the connections of HTTP/2: told from those of HTTP/1.1, read, written, closed, by one thread.
 *
 * Life of a connection:  not told yet -> other() | a session -> gone -> freed once no handler has a request of it
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http2_inside.h"

enum { TURNS = 4, LAST_READS = 16, EVENTS = 128 };

/* Enough of the preface to tell it from every request: no method is "PRI". */
static const struct str preface = { "PRI * HTTP/2.0\r\n", 16 };

void http2_touch(struct conn *c)
{
    if (c->touched || c->gone)
        return;
    c->touched = true;
    c->next_listed = c->server->touched;
    c->server->touched = c;
}

void http2_wake(struct http2 *h)
{
    uint64_t one = 1;
    if (write(h->wake_fd, &one, sizeof one) < 0)
        return; /* it is full of wake-ups already */
}

/* ---- connections ---- */

static int watch(struct conn *c, int operation, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = c };
    return epoll_ctl(c->server->epoll_fd, operation, c->fd, &event);
}

/* Its memory goes when the events at hand, which may still name it, are through, and no handler has a request of it. */
static void drop(struct conn *c)
{
    struct http2 *h = c->server;
    if (c->gone)
        return;
    c->gone = true;
    if (c->fd >= 0) { /* what is unread would turn the end into a reset, and our last words would be lost */
        shutdown(c->fd, SHUT_WR);
        for (int i = 0; i < LAST_READS && recv(c->fd, h->block, HTTP2_BLOCK, 0) > 0; i++)
            ;
        close(c->fd);
    }
    if (c->session) {
        http2_session_close(c);
        h->n_sessions--;
    }
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->next = h->gone;
    h->gone = c;
}

static void free_gone(struct http2 *h)
{
    for (struct conn **at = &h->gone, *c; (c = *at);) {
        if (c->n_running || c->touched) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        buf_release(&c->out);
        free(c);
    }
}

static void wait_to_write(struct conn *c, bool wait)
{
    if (c->waits_to_write != wait)
        watch(c, EPOLL_CTL_MOD, wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
    c->waits_to_write = wait;
}

static void flush(struct conn *c)
{
    for (;;) {
        if (!c->out.n && !http2_session_fill(c)) {
            drop(c);
            return;
        }
        if (!c->out.n)
            break;
        ssize_t put = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN) {
            wait_to_write(c, true);
            return;
        }
        if (put < 0) {
            drop(c);
            return;
        }
        c->out_at += (size_t)put;
        if (c->out_at == c->out.n) {
            c->out_at = 0;
            buf_reset(&c->out);
        }
    }
    buf_release(&c->out); /* an idle connection holds no buffer */
    wait_to_write(c, false);
    if (http2_session_over(c))
        drop(c);
}

static void flush_touched(struct http2 *h)
{
    for (struct conn *c; (c = h->touched);) {
        h->touched = c->next_listed;
        c->touched = false;
        if (!c->gone)
            flush(c);
    }
}

static void begin_session(struct conn *c)
{
    struct http2 *h = c->server;
    if (h->n_sessions >= h->options.max_connections || !http2_session_open(c)) {
        drop(c);
        return;
    }
    h->n_sessions++;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    http2_touch(c);
}

static void hand_over(struct conn *c, bool given)
{
    epoll_ctl(c->server->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    int fd = c->fd;
    if (given)
        c->fd = -1;
    c->from.other(c->from.arg, given ? fd : -1);
    drop(c);
}

static void find_out(struct conn *c)
{
    char first[16];
    ssize_t n = recv(c->fd, first, preface.n, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || memcmp(first, preface.p, (size_t)n) != 0) {
        hand_over(c, n > 0);
    } else if ((size_t)n == preface.n) {
        c->from.other(c->from.arg, -1);
        begin_session(c);
    }
}

static void hear(struct conn *c)
{
    struct http2 *h = c->server;
    for (int turn = 0; turn < TURNS; turn++) {
        ssize_t n = recv(c->fd, h->block, HTTP2_BLOCK, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n <= 0 || !http2_session_hear(c, h->block, (size_t)n)) {
            if (n > 0)
                flush(c); /* what there is to say before it ends */
            drop(c);
            return;
        }
        if (n < HTTP2_BLOCK)
            break;
    }
    http2_touch(c);
}

static void attend(struct conn *c, uint32_t events)
{
    if (c->gone)
        return;
    if (!c->session)
        find_out(c);
    else if (events & ~(uint32_t)EPOLLOUT)
        hear(c);
    if (events & EPOLLOUT && !c->gone)
        http2_touch(c);
}

void http2_serve(struct http2 *h, int fd, const struct http2_arrival *from)
{
    struct conn *c = mem_zero(sizeof *c);
    c->server = h;
    c->fd = fd;
    c->from = *from;
    pthread_mutex_lock(&h->queue);
    c->next_listed = h->arrivals;
    h->arrivals = c;
    http2_wake(h);
    pthread_mutex_unlock(&h->queue);
}

/* Edge-triggered until it is told what it speaks: half a preface must not keep the loop awake. */
static void take_arrivals(struct http2 *h)
{
    pthread_mutex_lock(&h->queue);
    struct conn *c = h->arrivals;
    h->arrivals = NULL;
    pthread_mutex_unlock(&h->queue);
    for (struct conn *next; c; c = next) {
        next = c->next_listed;
        c->next = h->conns;
        c->link = &h->conns;
        if (c->next)
            c->next->link = &c->next;
        h->conns = c;
        if (h->quiet || watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLET))
            hand_over(c, false);
    }
}

/* ---- the loop ---- */

static void settle(struct http2 *h)
{
    take_arrivals(h);
    http2_take_answers(h);
    http2_take_awake(h);
    flush_touched(h);
    free_gone(h);
}

static void *run(void *arg)
{
    struct http2 *h = arg;
    struct epoll_event events[EVENTS];
    while (!atomic_load(&h->closing)) {
        int n = epoll_wait(h->epoll_fd, events, EVENTS, -1);
        pthread_mutex_lock(&h->lock);
        for (int i = 0; i < n; i++) {
            uint64_t count;
            if (events[i].data.ptr)
                attend(events[i].data.ptr, events[i].events);
            else if (read(h->wake_fd, &count, sizeof count) < 0)
                continue;
        }
        settle(h);
        pthread_mutex_unlock(&h->lock);
    }
    return NULL;
}

/* ---- life cycle ---- */

struct http2 *http2_open(const struct http2_options *o, struct err *e)
{
    struct http2 *h = mem_zero(sizeof *h);
    h->options = *o;
    h->last_answer = &h->answers;
    pthread_mutex_init(&h->lock, NULL);
    pthread_mutex_init(&h->queue, NULL);
    h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    h->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    h->started = http2_sessions_open(h) && h->epoll_fd >= 0 && h->wake_fd >= 0 && epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, h->wake_fd, &event) == 0 &&
                 pthread_create(&h->thread, NULL, run, h) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (h->started)
        return h;
    err_set(e, 0, "SERVER_START", "cannot start the HTTP/2 server: %s", strerror(errno));
    http2_close(h);
    return NULL;
}

void http2_quiet(struct http2 *h)
{
    pthread_mutex_lock(&h->lock);
    h->quiet = true;
    take_arrivals(h);
    for (struct conn *c = h->conns, *next; c; c = next) {
        next = c->next;
        if (!c->session) {
            hand_over(c, false);
            continue;
        }
        http2_session_goaway(c);
        http2_touch(c);
    }
    flush_touched(h);
    pthread_mutex_unlock(&h->lock);
}

void http2_close(struct http2 *h)
{
    if (!h)
        return;
    atomic_store(&h->closing, true);
    if (h->started) {
        http2_wake(h);
        pthread_join(h->thread, NULL);
    }
    pthread_mutex_lock(&h->lock);
    h->quiet = true;
    settle(h);
    while (h->conns)
        drop(h->conns);
    free_gone(h);
    pthread_mutex_unlock(&h->lock);
    if (h->wake_fd >= 0)
        close(h->wake_fd);
    if (h->epoll_fd >= 0)
        close(h->epoll_fd);
    http2_sessions_close(h);
    pthread_mutex_destroy(&h->lock);
    pthread_mutex_destroy(&h->queue);
    free(h);
}
