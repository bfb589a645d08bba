/* http.h - the HTTP server: HTTP/1.1 by libmicrohttpd, whose door is http.c, HTTP/2 by http2.h, on the same ports and handler.
 *
 * One server has a few worker threads (poll, not epoll: see the note in http.c) and any number of listening
 * ports; each port carries a tag that tells the handler where a request came in. A handler is called once the
 * whole body is there; it fills x->reply and calls http_finish, at once or later and from any thread.
 * reply.delay_ms is honoured without holding a thread: real clocks wait in a timer, virtual clocks advance.
 *
 * Every connection is told by its first bytes: TLS (with a relay), HTTP/2, else HTTP/1.1.
 *
 * Limits: head 32 KiB (431), body max_body_bytes (413, the handler is not called, on_refused phrases it).
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/clock.h"
#include "base/err.h"
#include "net/message.h"
#include "net/relay.h"

struct http_exchange {
    struct http_request request; /* views valid until http_finish */
    struct http_reply reply;     /* to be filled by the handler */
    struct arena arena;          /* freed after the reply was sent */
    void *tag;                   /* of the port it came in on */
    bool too_large;              /* the body passed the limit and was dropped: answer 413 */
    /* The server's own. */
    struct http_server *server;
    void (*send)(struct http_exchange *x); /* the answer is due */
    struct http_exchange *next;
    int64_t due_us;
};

struct http_options {
    struct clock *clock;
    int threads;            /* workers; 0 = 2 */
    size_t max_body_bytes;  /* 0 = 64 MiB */
    unsigned max_connections; /* 0 = 16,384 */
    void (*handler)(void *ctx, struct http_exchange *x);
    void *ctx;
    struct relay *relay; /* every port speaks TLS too, by this relay of the server's own; closed after it. NULL = plain only */
};

struct http_server;
struct http_server *http_open(const struct http_options *o, struct err *e);
/* Listens on host:port (port 0 = a free one). Errors: PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNKNOWN. */
int http_listen(struct http_server *s, const char *host, uint16_t port, void *tag, uint16_t *ret_port,
                struct err *e);
/* Sends x->reply. The exchange belongs to the server from here on. */
void http_finish(struct http_exchange *x);
/* No new connections; waits for handlers that have not finished; all memory freed. */
void http_close(struct http_server *s);

#endif
