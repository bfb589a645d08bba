/* http2_inside.h - inside net/http2*.c: what connections (http2_loop.c) and sessions (http2.c) know of each other.
 *
 * Everything happens on the loop's thread, under h->lock, which is there for http2_quiet and http2_close alone. Other
 * threads reach the loop by three lists, arrivals, answers and feeds that have more, under `queue`.
 */
#ifndef NET_HTTP2_INSIDE_H
#define NET_HTTP2_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/http2.h"

enum { HTTP2_BLOCK = 64 << 10 };

struct stream;
struct nghttp2_session;
struct nghttp2_session_callbacks;
struct nghttp2_option;

struct conn {
    struct http2 *server;
    int fd;
    struct nghttp2_session *session; /* NULL: not told yet what it speaks */
    struct http2_arrival from;
    struct stream *streams;
    size_t body_bytes;  /* of all its streams */
    unsigned n_running; /* handlers that have a request of it */
    struct buf out;
    size_t out_at;
    bool gone, touched, waits_to_write;
    struct conn *next, **link;
    struct conn *next_listed; /* among arrivals, or touched */
};

struct http2 {
    struct http2_options options;
    struct nghttp2_session_callbacks *callbacks;
    struct nghttp2_option *limits;
    int epoll_fd, wake_fd;
    pthread_t thread;
    bool started;
    _Atomic bool closing;
    pthread_mutex_t lock; /* all below */
    bool quiet;
    unsigned n_sessions;
    struct conn *conns, *touched, *gone;
    pthread_mutex_t queue; /* the lists below */
    struct conn *arrivals;
    struct http_exchange *answers, **last_answer;
    struct stream *awake;
    char block[HTTP2_BLOCK];
};

/* http2.c */
bool http2_sessions_open(struct http2 *h);
void http2_sessions_close(struct http2 *h);
bool http2_session_open(struct conn *c); /* makes c->session */
bool http2_session_hear(struct conn *c, const char *p, size_t n); /* false: it is broken */
bool http2_session_fill(struct conn *c); /* frames into c->out until a block is full; false: it is broken */
bool http2_session_over(struct conn *c); /* nothing is to be read or written any more */
void http2_session_goaway(struct conn *c);
void http2_session_close(struct conn *c); /* and all its streams that no handler has */
void http2_take_answers(struct http2 *h);
void http2_take_awake(struct http2 *h);
/* http2_loop.c */
void http2_touch(struct conn *c); /* there may be something to send */
void http2_wake(struct http2 *h);

#endif
