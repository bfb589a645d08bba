/* tcp_worker.h - what tcp.c (connections), tcp_wire.c (their bytes) and tcp_loop.c (threads) share. */
#ifndef NET_TCP_WORKER_H
#define NET_TCP_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/tcp.h"

enum { TCP_BLOCK = 16384, TCP_POOL = 64, TCP_MAX_WORKERS = 16, TCP_MAX_LISTENERS = 8, TCP_PEER = 16 };

enum tcp_state {
    TCP_IDLE = 0, /* reading, or waiting for bytes */
    TCP_HANDLING, /* the handler has a frame */
    TCP_DELAYED,  /* its answer waits for its time */
    TCP_SENDING,  /* its answer is on its way */
    TCP_DRAINING, /* nothing more is sent; what still comes is dropped until the peer closes */
};

struct tcp_conn {
    struct worker *worker;
    struct tcp_conn *prev, *next; /* of the worker's connections */
    struct tcp_conn *later;       /* in the worker's inbox, or in its list of those to be served again */
    void *session;
    struct tls_session *tls; /* NULL = plain */
    int fd; /* -1 once closed */
    enum tcp_state state;
    enum tcp_end end;
    bool readable, fin, hung, eof; /* as epoll and recv told */
    bool undecided;   /* its first byte will tell whether it speaks TLS */
    bool broken;      /* TLS has failed: what still comes is dropped */
    bool closing;     /* closed once everything is sent */
    bool again;       /* in the list of those to be served again */
    bool in_callback; /* the worker's thread is inside a callback of this connection */
    bool answered;    /* … and the callback has answered */
    char *in;         /* bytes from in_at to in_n are not yet handled */
    size_t in_at, in_n, in_cap, frame_bytes;
    struct buf out;
    size_t out_at;
    int64_t delay_ms, due_us;
    char peer[TCP_PEER];
};

struct worker {
    struct tcp_server *server;
    int index, epoll_fd, wake_fd;
    pthread_t thread;
    bool started;
    struct tcp_conn *conns;
    struct tcp_conn *again_head, *again_tail;
    struct tcp_conn **due; /* a heap: the earliest first */
    size_t n_due, cap_due;
    char *pool[TCP_POOL];
    size_t n_pool;
    _Atomic uint64_t n_conns;
    pthread_mutex_t lock; /* guards what follows */
    struct tcp_conn *inbox; /* answers from other threads */
    struct tcp_conn *newcomers;
};

struct tcp_server {
    struct tcp_options options;
    struct worker workers[TCP_MAX_WORKERS];
    int n_workers;
    struct tcp_listener {
        int fd;
        enum tcp_security security;
    } listeners[TCP_MAX_LISTENERS];
    size_t n_listeners;
    int spare_fd; /* given up to take and close a connection when descriptors run out */
    pthread_mutex_t accept_lock; /* guards spare_fd */
    _Atomic bool closing;
    _Atomic uint64_t n_conns, accepted, unsent_bytes;
};

/* tcp.c */
struct tcp_conn *tcp_conn_open(struct worker *w, int fd, const char *peer, enum tcp_security security);
void tcp_conn_opened(struct tcp_conn *c); /* on its worker's thread, once it is in epoll */
void tcp_conn_serve(struct tcp_conn *c);  /* does what can be done now; c may be gone afterwards */
void tcp_conn_deliver(struct tcp_conn *c); /* its answer has come from another thread */
void tcp_conn_due(struct tcp_conn *c);     /* its delay is over */
void tcp_conn_destroy(struct tcp_conn *c);
/* tcp_wire.c */
size_t tcp_wire_send(struct tcp_conn *c, const char *p, size_t n);     /* 0: not now, or hung, or broken */
size_t tcp_wire_receive(struct tcp_conn *c, char *out, size_t room); /* 0: not readable now, or eof, hung, broken */
bool tcp_wire_is_handshake(const struct tcp_conn *c); /* the bytes that wait begin one */
void tcp_wire_secure(struct tcp_conn *c); /* … and are taken as one: from here on through TLS */
void tcp_wire_end(struct tcp_conn *c);    /* nothing more is sent */
/* tcp_loop.c */
void tcp_worker_post(struct tcp_conn *c);  /* into the inbox, from any thread */
void tcp_worker_again(struct tcp_conn *c); /* serve it after the others */
void tcp_worker_delay(struct tcp_conn *c); /* until c->due_us */
void tcp_worker_wake(struct worker *w);
void *tcp_worker_run(void *worker);
void tcp_worker_accept(struct worker *w, const struct tcp_listener *listener);

#endif
