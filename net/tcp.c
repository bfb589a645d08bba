/* tcp.c - one connection: bytes in, frames to the handler, answers out; opening and closing the server.
 *
 *   IDLE --frame--> HANDLING --tcp_answer--> [DELAYED] --> SENDING --all taken--> IDLE
 *                                                             \--closing--> DRAINING --peer closes--> gone
 * A connection that is told to close shuts its sending half and reads on until the peer closes: closing a socket with
 * unread bytes would reset it and could take the last answer with it (RFC 1122 4.2.2.13).
 */
#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listen.h"
#include "net/tcp_worker.h"

enum { FRAMES_A_TURN = 64, READS_A_TURN = 64, SPARE_DESCRIPTORS = 64, LEAST_ROOM = 2048 };

/* ---- the bytes that came ---- */

static void give_back(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    if (c->in_cap == TCP_BLOCK && w->n_pool < TCP_POOL)
        w->pool[w->n_pool++] = c->in;
    else
        free(c->in);
    c->in = NULL;
    c->in_at = c->in_n = c->in_cap = 0;
}

static void move_into(struct tcp_conn *c, char *p, size_t cap)
{
    size_t n = c->in_n - c->in_at;
    if (n)
        memcpy(p, c->in + c->in_at, n);
    if (c->in)
        give_back(c);
    c->in = p;
    c->in_n = n;
    c->in_cap = cap;
}

static void make_room(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    size_t kept = c->in_n - c->in_at;
    if (c->in && c->in_cap - c->in_n >= LEAST_ROOM)
        return;
    if (c->in_cap < TCP_BLOCK && kept + LEAST_ROOM <= TCP_BLOCK) {
        move_into(c, w->n_pool ? w->pool[--w->n_pool] : mem_alloc(TCP_BLOCK), TCP_BLOCK);
    } else if (kept <= c->in_cap / 2) {
        memmove(c->in, c->in + c->in_at, kept);
        c->in_at = 0, c->in_n = kept;
    } else {
        move_into(c, mem_alloc(c->in_cap * 2), c->in_cap * 2);
    }
}

/* An idle connection keeps no buffer, one in the middle of a small frame what it has got. */
static void tidy(struct tcp_conn *c)
{
    size_t kept = c->in_n - c->in_at;
    if (!c->in)
        return;
    if (!kept)
        give_back(c);
    else if (kept <= TCP_BLOCK / 4 && c->in_cap > 2 * kept + 64)
        move_into(c, mem_alloc(kept + 32), kept + 32);
}

/* ---- the end of a connection ---- */

static void forget_out(struct tcp_conn *c)
{
    atomic_fetch_sub_explicit(&c->worker->server->unsent_bytes, c->out.n - c->out_at, memory_order_relaxed);
    buf_release(&c->out);
    c->out_at = 0;
}

static void close_fd(struct tcp_conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void tcp_conn_destroy(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    const struct tcp_options *o = &w->server->options;
    o->handler->closed(o->ctx, c);
    if (c->tls)
        tls_session_close(c->tls);
    close_fd(c);
    if (c->in)
        give_back(c);
    forget_out(c);
    *(c->prev ? &c->prev->next : &w->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    atomic_fetch_sub_explicit(&w->n_conns, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&w->server->n_conns, 1, memory_order_relaxed);
    free(c);
}

static void reset(struct tcp_conn *c)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    tcp_conn_destroy(c);
}

/* ---- sending ---- */

/* true: everything is sent. false: the peer takes no more now, or is gone (c->hung, c->broken). */
static bool flush(struct tcp_conn *c)
{
    while (c->out_at < c->out.n) {
        size_t n = tcp_wire_send(c, c->out.p + c->out_at, c->out.n - c->out_at);
        if (!n)
            return false;
        c->out_at += n;
        atomic_fetch_sub_explicit(&c->worker->server->unsent_bytes, n, memory_order_relaxed);
    }
    buf_release(&c->out);
    c->out_at = 0;
    return true;
}

static void begin_sending(struct tcp_conn *c)
{
    c->state = TCP_SENDING;
    c->in_at += c->frame_bytes;
    c->frame_bytes = 0;
    c->closing = c->end != TCP_SEND && c->end != TCP_SEND_UPGRADE;
}

static void count_out(struct tcp_conn *c)
{
    if (c->end == TCP_SEND_HALF)
        c->out.n /= 2;
    atomic_fetch_add_explicit(&c->worker->server->unsent_bytes, c->out.n, memory_order_relaxed);
}

/* The handler has answered: waits, or goes on to sending. */
static void take_answer(struct tcp_conn *c)
{
    struct clock *clock = c->worker->server->options.clock;
    count_out(c);
    if (c->delay_ms > 0 && clock->is_virtual)
        clock_advance_ms(clock, c->delay_ms);
    if (c->delay_ms > 0 && !clock->is_virtual && !atomic_load(&c->worker->server->closing)) {
        c->state = TCP_DELAYED;
        c->due_us = clock_stopwatch_us() + c->delay_ms * 1000;
        tcp_worker_delay(c);
    } else {
        begin_sending(c);
    }
}

void tcp_answer(struct tcp_conn *c, struct buf *out, int64_t delay_ms, enum tcp_end end)
{
    c->out = *out;
    c->out.max = 0, c->out.full = false;
    *out = BUF_INIT;
    c->delay_ms = delay_ms;
    c->end = end;
    if (pthread_equal(pthread_self(), c->worker->thread) && c->in_callback)
        c->answered = true;
    else
        tcp_worker_post(c);
}

void tcp_conn_deliver(struct tcp_conn *c)
{
    take_answer(c);
    if (c->state != TCP_DELAYED)
        tcp_conn_serve(c);
}

void tcp_conn_due(struct tcp_conn *c)
{
    begin_sending(c);
    tcp_conn_serve(c);
}

/* ---- frames ---- */

static void hand_over(struct tcp_conn *c)
{
    const struct tcp_options *o = &c->worker->server->options;
    c->state = TCP_HANDLING;
    c->in_callback = true;
    c->answered = false;
    o->handler->frame(o->ctx, c, (struct str){ c->in + c->in_at, c->frame_bytes });
    c->in_callback = false;
    if (c->answered)
        take_answer(c);
}

static void refuse_length(struct tcp_conn *c, uint64_t length)
{
    const struct tcp_options *o = &c->worker->server->options;
    c->delay_ms = 0;
    c->end = TCP_SEND_CLOSE;
    if (o->handler->oversize)
        o->handler->oversize(o->ctx, c, length, &c->out);
    c->frame_bytes = 0;
    count_out(c);
    begin_sending(c);
}

/* Hands the next frame over when it is all there. */
static bool next_frame(struct tcp_conn *c)
{
    const struct tcp_options *o = &c->worker->server->options;
    size_t n = c->in_n - c->in_at, head = o->handler->head_bytes;
    if (n < head)
        return false;
    uint64_t length = o->handler->length(c->in + c->in_at);
    if (length < head || length > o->max_frame_bytes) {
        refuse_length(c, length);
        return true;
    }
    if (n < length)
        return false;
    c->frame_bytes = (size_t)length;
    hand_over(c);
    return true;
}

/* ---- reading ---- */

static void take_bytes(struct tcp_conn *c)
{
    make_room(c);
    c->in_n += tcp_wire_receive(c, c->in + c->in_n, c->in_cap - c->in_n);
}

static void drop_bytes(struct tcp_conn *c)
{
    c->in_at = c->in_n = 0;
    take_bytes(c);
}

/* ---- the turn of a connection ---- */

/* Everything is sent. */
static void sent(struct tcp_conn *c)
{
    c->state = TCP_IDLE;
    if (c->closing) {
        tcp_wire_end(c);
        c->state = TCP_DRAINING;
        c->readable = true;
    } else if (c->end == TCP_SEND_UPGRADE) {
        tcp_wire_secure(c);
    }
}

/* One step; false when there is nothing to do now. */
static bool step(struct tcp_conn *c)
{
    switch (c->state) {
    case TCP_HANDLING:
    case TCP_DELAYED:
        return false;
    case TCP_SENDING:
        if (!flush(c))
            return false;
        sent(c);
        return true;
    case TCP_DRAINING:
        if (c->readable)
            drop_bytes(c);
        return c->readable;
    case TCP_IDLE:
        if (c->undecided && c->in_n > c->in_at) {
            c->undecided = false;
            if (tcp_wire_is_handshake(c))
                tcp_wire_secure(c);
        }
        if (next_frame(c))
            return true;
        if (!c->readable)
            return false;
        take_bytes(c);
        return true;
    }
    return false;
}

static bool has_failed(const struct tcp_conn *c) { return c->broken && (c->state == TCP_IDLE || c->state == TCP_SENDING); }

/* TLS has failed; the alert that says so must not be lost by a reset. */
static void give_up(struct tcp_conn *c)
{
    forget_out(c);
    shutdown(c->fd, SHUT_WR);
    c->state = TCP_DRAINING;
    c->readable = true;
}

static bool is_over(const struct tcp_conn *c)
{
    if (c->state == TCP_HANDLING || c->state == TCP_DELAYED)
        return false; /* seen when the answer is there */
    return c->hung || (c->eof && c->state != TCP_SENDING);
}

void tcp_conn_serve(struct tcp_conn *c)
{
    if (c->again)
        return; /* its turn comes */
    for (int steps = 0; steps < FRAMES_A_TURN + READS_A_TURN; steps++) {
        if (c->state == TCP_SENDING && c->end == TCP_SEND_RESET) {
            reset(c);
            return;
        }
        if (has_failed(c))
            give_up(c);
        bool more = step(c) || has_failed(c);
        if (c->state == TCP_IDLE && c->eof && more)
            continue; /* frames that came before the end are answered */
        if (is_over(c)) {
            tcp_conn_destroy(c);
            return;
        }
        if (!more) {
            if (c->state == TCP_IDLE || c->state == TCP_DRAINING)
                tidy(c);
            return;
        }
    }
    tcp_worker_again(c);
}

/* ---- beginnings ---- */

struct tcp_conn *tcp_conn_open(struct worker *w, int fd, const char *peer, enum tcp_security security)
{
    struct tcp_conn *c = mem_zero(sizeof *c);
    c->worker = w;
    c->fd = fd;
    memcpy(c->peer, peer, sizeof c->peer);
    c->undecided = security == TCP_EITHER;
    if (security == TCP_SECURE)
        tcp_wire_secure(c);
    return c;
}

void tcp_conn_opened(struct tcp_conn *c)
{
    struct worker *w = c->worker;
    const struct tcp_options *o = &w->server->options;
    c->next = w->conns;
    if (w->conns)
        w->conns->prev = c;
    w->conns = c;
    c->in_callback = true;
    o->handler->opened(o->ctx, c);
    c->in_callback = false;
    struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };
    if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev)) {
        tcp_conn_destroy(c);
        return;
    }
    if (c->answered) {
        take_answer(c);
        if (c->state != TCP_DELAYED)
            tcp_conn_serve(c);
    }
}

void tcp_set_session(struct tcp_conn *c, void *session) { c->session = session; }
void *tcp_session(const struct tcp_conn *c) { return c->session; }
int tcp_worker(const struct tcp_conn *c) { return c->worker->index; }
const char *tcp_peer(const struct tcp_conn *c) { return c->peer; }

uint16_t tcp_local(const struct tcp_conn *c, char ret_address[TCP_PEER])
{
    struct sockaddr_in here = { 0 };
    socklen_t n = sizeof here;
    getsockname(c->fd, (struct sockaddr *)&here, &n);
    inet_ntop(AF_INET, &here.sin_addr, ret_address, TCP_PEER);
    return ntohs(here.sin_port);
}

uint64_t tcp_connections(const struct tcp_server *s) { return atomic_load(&s->n_conns); }
uint64_t tcp_accepted(const struct tcp_server *s) { return atomic_load(&s->accepted); }
uint64_t tcp_unsent_bytes(const struct tcp_server *s) { return atomic_load(&s->unsent_bytes); }

/* ---- the server ---- */

/* The usual soft limit of 1,024 open files would end long before max_connections. */
static void raise_descriptors(unsigned connections)
{
    struct rlimit r;
    rlim_t want = connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= want)
        return;
    r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static bool start_worker(struct tcp_server *s, int index)
{
    struct worker *w = &s->workers[index];
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
    w->server = s;
    w->index = index;
    pthread_mutex_init(&w->lock, NULL);
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->n_workers++;
    if (w->epoll_fd < 0 || w->wake_fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &ev))
        return false;
    return w->started = pthread_create(&w->thread, NULL, tcp_worker_run, w) == 0;
}

struct tcp_server *tcp_open(const struct tcp_options *o, struct err *e)
{
    struct tcp_server *s = mem_zero(sizeof *s);
    s->options = *o;
    if (s->options.threads <= 0)
        s->options.threads = 2;
    if (s->options.threads > TCP_MAX_WORKERS)
        s->options.threads = TCP_MAX_WORKERS;
    if (!s->options.max_frame_bytes)
        s->options.max_frame_bytes = 64u << 20;
    if (!s->options.max_connections)
        s->options.max_connections = 16384;
    raise_descriptors(s->options.max_connections);
    pthread_mutex_init(&s->accept_lock, NULL);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < s->options.threads; i++)
        if (!start_worker(s, i)) {
            err_set(e, 0, "SERVER_START", "cannot start the TCP server: %s", strerror(errno));
            tcp_close(s);
            return NULL;
        }
    return s;
}

int tcp_listen(struct tcp_server *s, const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    return tcp_listen_secure(s, TCP_PLAIN, host, port, ret_port, e);
}

int tcp_listen_secure(struct tcp_server *s, enum tcp_security security, const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    uint16_t got = 0;
    if (s->n_listeners == TCP_MAX_LISTENERS)
        return err_set(e, 0, "TOO_MANY_PORTS", "one server listens on at most %d ports", TCP_MAX_LISTENERS);
    if (security != TCP_PLAIN && !s->options.tls)
        return err_set(e, 0, "TLS_BROKEN", "%s:%u cannot speak TLS: the server has no local CA", host, port);
    int fd = listen_open(host, port, &got, e);
    if (fd < 0)
        return -1;
    size_t index = s->n_listeners++;
    s->listeners[index] = (struct tcp_listener){ fd, security };
    for (int i = 0; i < s->n_workers; i++) {
        /* A listener's event is told from a connection's by the lowest bit: pointers are even. */
        struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = (uint64_t)index << 1 | 1 };
        epoll_ctl(s->workers[i].epoll_fd, EPOLL_CTL_ADD, fd, &ev);
    }
    *ret_port = got;
    return 0;
}

void tcp_close(struct tcp_server *s)
{
    atomic_store(&s->closing, true);
    for (int i = 0; i < s->n_workers; i++)
        if (s->workers[i].started) {
            tcp_worker_wake(&s->workers[i]);
            pthread_join(s->workers[i].thread, NULL);
        }
    for (int i = 0; i < s->n_workers; i++) {
        struct worker *w = &s->workers[i];
        close(w->epoll_fd);
        close(w->wake_fd);
        while (w->n_pool)
            free(w->pool[--w->n_pool]);
        free(w->due);
        pthread_mutex_destroy(&w->lock);
    }
    for (size_t i = 0; i < s->n_listeners; i++)
        close(s->listeners[i].fd);
    if (s->spare_fd >= 0)
        close(s->spare_fd);
    pthread_mutex_destroy(&s->accept_lock);
    free(s);
}
