/* tcp.h - a server for protocols of length-framed messages over TCP (MySQL, Kafka).
 *
 * A few worker threads share the connections (edge-triggered epoll); none belongs to a connection. A connection handles
 * one frame at a time: after the handler got a frame nothing more is read from it until tcp_answer, which comes at
 * once or later, from any thread. What it sends goes out in one write; what the peer does not take yet is kept, and
 * again nothing is read meanwhile, so that a slow reader holds one answer at most. An idle connection holds no buffer.
 *
 * Delays hold no thread: with a real clock they wait in the worker's queue of timers, with a virtual one the clock is
 * advanced by them. A frame larger than max_frame_bytes is not read: its connection is told to `oversize`, then closed.
 * Memory for a frame grows with the bytes that came, never with the length that was claimed.
 *
 * TLS is part of the same loop: from the first byte (tcp_listen_secure), or from the middle of a stream on
 * (TCP_SEND_UPGRADE). What came in the clear before an upgrade is never handled as if it had come after it.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/tls.h"

struct tcp_server;
struct tcp_conn;

enum tcp_end {
    TCP_SEND = 0,
    TCP_SEND_CLOSE, /* sent, then closed */
    TCP_SEND_HALF,  /* half is sent, then closed */
    TCP_SEND_RESET, /* nothing is sent, the connection is reset */
    TCP_SEND_UPGRADE, /* sent; from then on TLS, which the peer begins. Only with options.tls, on a plain connection */
};

enum tcp_security {
    TCP_PLAIN = 0,
    TCP_SECURE, /* TLS from the first byte */
    TCP_EITHER, /* told by the first byte: for protocols whose clients speak first and never with a byte of 0x16 */
};

/* Called on the connection's worker thread, for one connection one at a time. */
struct tcp_handler {
    size_t head_bytes; /* so many bytes tell how long a frame is; at most 16 */
    uint64_t (*length)(const char *head); /* of the whole frame, its head included */
    /* A connection was made: make *ret_session, and greet by tcp_answer, or let the peer speak first by not calling it. */
    void (*opened)(void *ctx, struct tcp_conn *c);
    /* A whole frame, its bytes valid until tcp_answer, which is to be called exactly once for each. */
    void (*frame)(void *ctx, struct tcp_conn *c, struct str frame);
    /* Optional: what to send before the connection is closed because a frame claims `length` bytes; or because there
     * are max_connections already (c == NULL then). */
    void (*oversize)(void *ctx, struct tcp_conn *c, uint64_t length, struct buf *out);
    void (*full)(void *ctx, struct buf *out);
    /* Optional: TLS has failed, and the connection ends. `distrusted`: because the peer does not trust the local CA. */
    void (*insecure)(void *ctx, struct tcp_conn *c, const char *why, bool distrusted);
    /* The connection is gone (and no frame of it is being handled): free its session. Called once per opened. */
    void (*closed)(void *ctx, struct tcp_conn *c);
};

struct tcp_options {
    struct clock *clock;
    const struct tcp_handler *handler;
    void *ctx;
    int threads;              /* 0 = 2 */
    size_t max_frame_bytes;   /* 0 = 64 MiB */
    struct tls *tls;          /* NULL = plain only; must outlive the server */
    unsigned max_connections; /* 0 = 16,384; the limit on open files is raised towards it where that is allowed */
};

struct tcp_server *tcp_open(const struct tcp_options *o, struct err *e);
/* Listens on host:port (port 0 = a free one). Errors: PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNKNOWN. */
int tcp_listen(struct tcp_server *s, const char *host, uint16_t port, uint16_t *ret_port, struct err *e);
int tcp_listen_secure(struct tcp_server *s, enum tcp_security security, const char *host, uint16_t port, uint16_t *ret_port, struct err *e);
/* Closes every connection; waits for frames that have not been answered. */
void tcp_close(struct tcp_server *s);

/* Answers the frame at hand: takes over the bytes of *out, which may be empty when nothing is to be sent. */
void tcp_answer(struct tcp_conn *c, struct buf *out, int64_t delay_ms, enum tcp_end end);

void tcp_set_session(struct tcp_conn *c, void *session);
void *tcp_session(const struct tcp_conn *c);
int tcp_worker(const struct tcp_conn *c);        /* 0 … threads - 1: the thread its callbacks are made on */
const char *tcp_peer(const struct tcp_conn *c);  /* "127.0.0.1" */
uint16_t tcp_local(const struct tcp_conn *c, char ret_address[16]); /* the port and address it came in by */
bool tcp_is_secure(const struct tcp_conn *c);    /* speaks TLS */
const char *tcp_cipher(const struct tcp_conn *c), *tcp_tls_version(const struct tcp_conn *c); /* "" when plain, or not yet agreed on */
uint64_t tcp_connections(const struct tcp_server *s); /* open now */
uint64_t tcp_accepted(const struct tcp_server *s);    /* ever */
uint64_t tcp_unsent_bytes(const struct tcp_server *s); /* answers that peers have not taken yet */

#endif
