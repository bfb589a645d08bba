/* http2.h - HTTP/2 on the same handlers as HTTP/1.1. The door to libnghttp2; used by http.c alone.
 *
 *   a connection ─► does it begin with the client's preface (RFC 9113, 3.4)? ─ no ─► other(): HTTP/1.1, nothing was read of it
 *                                     └ yes ─► a session; each stream becomes a struct http_exchange and meets the handler
 *
 * So it is told by what the client says, whether it knew beforehand (h2c) or agreed by ALPN: the relay has taken TLS off.
 * One thread serves all sessions; an answer may come at once or later, from any thread. What a fault does to a connection of
 * HTTP/1.1 it does to a stream: HTTP_RESET is RST_STREAM, HTTP_TRUNCATE half a body, then RST_STREAM.
 *
 * Limits of a connection: 250 streams at a time, 500 with those given up that still run; 32 KiB of headers a request (431);
 * max_body_bytes (413), and four times that for all its bodies together; the library's own on resets (1,000 at once, 33 a second:
 * CVE-2023-44487), CONTINUATION, SETTINGS and PING frames. A slow reader holds one block beyond the answers it asked for.
 */
#ifndef NET_HTTP2_H
#define NET_HTTP2_H

#include "net/http.h"

struct http2_options {
    struct clock *clock;
    size_t max_body_bytes;
    unsigned max_connections;
    void (*handler)(void *ctx, struct http_exchange *x); /* a whole request, to be answered by http2_answer */
    void *ctx;
};

/* Where a connection came from, and who has it when it does not speak HTTP/2. `other` is called once: fd == -1 when it is not theirs. */
struct http2_arrival {
    void *tag;
    char peer[48];
    void (*other)(void *arg, int fd);
    void *arg;
};

struct http2;
struct http2 *http2_open(const struct http2_options *o, struct err *e);
/* Takes a fresh non-blocking connection. */
void http2_serve(struct http2 *h, int fd, const struct http2_arrival *from);
void http2_answer(struct http_exchange *x); /* x->reply is to be sent */
/* Says GOAWAY to all: neither handler nor other is called with anything any more once this returns. */
void http2_quiet(struct http2 *h);
void http2_close(struct http2 *h); /* after the last http2_answer; NULL is allowed */

#endif
