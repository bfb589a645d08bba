/* http2.c - connections, sessions, streams.
 *
 * Life of a connection:  UNTOLD -> other() | a session -> gone -> freed once no handler has a request of it
 * Life of a stream:      headers, data -> handler (running) -> http2_answer -> response -> closed
 *
 * Everything happens on the loop's thread, under h->lock, which is there for http2_quiet and http2_close alone. Other
 * threads reach the loop by three lists, arrivals, answers and feeds that have more, under `queue`. A stream that ends while its handler runs is
 * freed by its answer.
 */
#include "net/http2.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_STREAMS = 250, STREAM_WINDOW = 1 << 20, CONNECTION_WINDOW = 4 << 20, MAX_HEAD = 32 << 10, HEADER_OVERHEAD = 32,
    DRAIN_FACTOR = 4, BODIES_FACTOR = 4,
    BLOCK = 64 << 10, TURNS = 4, LAST_READS = 16, EVENTS = 128, MAX_REPLY_HEADERS = 128,
};

/* Enough of the preface to tell it from every request: no method is "PRI". */
static const struct str preface = { "PRI * HTTP/2.0\r\n", 16 };

struct stream {
    struct http_exchange x; /* first: the handler sees this part */
    struct conn *conn;
    int32_t id;
    struct buf body;
    uint64_t dropped_bytes;
    size_t n_head;
    bool refused; /* its body goes on and on, and is no longer listened to */
    bool running; /* a handler has it */
    bool closed;  /* the peer is no longer interested */
    size_t n_sent;
    struct buf fed; /* by the reply's feed, sent up to n_sent */
    bool awake;     /* among those whose feed has more */
    struct stream *next, **link; /* of the connection */
    struct stream *next_awake;
};

struct conn {
    struct http2 *server;
    int fd;
    nghttp2_session *session; /* NULL: not told yet what it speaks */
    struct http2_arrival from;
    struct stream *streams;
    size_t body_bytes;  /* of all its streams */
    unsigned n_running; /* handlers that have a request of it */
    struct buf out;
    size_t out_at;
    bool gone, touched, waits_to_write;
    struct conn *next, **link;
    struct conn *next_listed; /* among arrivals, touched or gone */
};

struct http2 {
    struct http2_options options;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *limits;
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
    char block[BLOCK];
};

/* ---- streams ---- */

/* Once its feed is closed nobody wakes it any more. */
static void end_feed(struct stream *s)
{
    struct http2 *h = s->conn->server;
    http_reply_release(&s->x.reply);
    pthread_mutex_lock(&h->queue);
    struct stream **at = &h->awake;
    while (s->awake && *at != s)
        at = &(*at)->next_awake;
    if (s->awake)
        *at = s->next_awake;
    pthread_mutex_unlock(&h->queue);
    buf_release(&s->fed);
}

static void free_stream(struct stream *s)
{
    if (s->x.reply.feed)
        end_feed(s);
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    s->conn->body_bytes -= s->body.n;
    http_reply_release(&s->x.reply);
    buf_release(&s->body);
    arena_release(&s->x.arena);
    free(s);
}

static struct stream *add_stream(struct conn *c, int32_t id)
{
    struct stream *s = mem_zero(sizeof *s);
    s->conn = c;
    s->id = id;
    s->x.tag = c->from.tag;
    s->body.max = c->server->options.max_body_bytes;
    s->next = c->streams;
    s->link = &c->streams;
    if (s->next)
        s->next->link = &s->next;
    c->streams = s;
    return s;
}

static void touch(struct conn *c)
{
    if (c->touched || c->gone)
        return;
    c->touched = true;
    c->next_listed = c->server->touched;
    c->server->touched = c;
}

/* ---- answers ---- */

static nghttp2_nv pair(struct str name, struct str value)
{
    return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n, value.n, NGHTTP2_NV_FLAG_NONE };
}

/* What speaks of the connection in HTTP/1.1 must not be there (RFC 9113, 8.2.2); the others are said by us. */
static bool is_said_elsewhere(struct str name)
{
    static const struct str names[] = { { "connection", 10 }, { "keep-alive", 10 }, { "proxy-connection", 16 }, { "transfer-encoding", 17 },
                                        { "upgrade", 7 }, { "content-length", 14 }, { "date", 4 } };
    return str_in_nocase(name, names, sizeof names / sizeof *names);
}

static struct str lower(struct arena *a, struct str name)
{
    char *p = arena_z(a, name);
    for (size_t i = 0; i < name.n; i++)
        p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
    return (struct str){ p, name.n };
}

static ssize_t give_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t max, uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)ctx;
    struct stream *s = source->ptr;
    struct str body = http_reply_body(&s->x.reply);
    bool half = s->x.reply.end == HTTP_TRUNCATE;
    size_t left = (half ? body.n / 2 : body.n) - s->n_sent, n = left < max ? left : max;
    if (half && n == 0)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* becomes RST_STREAM */
    memcpy(out, body.p + s->n_sent, n);
    s->n_sent += n;
    if (!half && n == left)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static void wake(struct http2 *h)
{
    uint64_t one = 1;
    if (write(h->wake_fd, &one, sizeof one) < 0)
        return; /* it is full of wake-ups already */
}

static void on_feed(void *arg)
{
    struct stream *s = arg;
    struct http2 *h = s->conn->server;
    pthread_mutex_lock(&h->queue);
    if (!s->awake) {
        s->awake = true;
        s->next_awake = h->awake;
        h->awake = s;
        wake(h);
    }
    pthread_mutex_unlock(&h->queue);
}

static void take_awake(struct http2 *h)
{
    pthread_mutex_lock(&h->queue);
    struct stream *s = h->awake;
    h->awake = NULL;
    for (struct stream *next; s; s = next) {
        next = s->next_awake;
        s->awake = false;
        if (s->closed)
            continue;
        nghttp2_session_resume_data(s->conn->session, s->id);
        touch(s->conn);
    }
    pthread_mutex_unlock(&h->queue);
}

static ssize_t give_feed(nghttp2_session *session, int32_t id, uint8_t *out, size_t max, uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    (void)session, (void)id, (void)ctx;
    struct stream *s = source->ptr;
    if (s->n_sent == s->fed.n) {
        s->n_sent = 0;
        buf_reset(&s->fed);
        enum http_feed_state state = s->x.reply.feed->next(s->x.reply.feed, &s->fed);
        if (state == HTTP_FEED_WAIT)
            return NGHTTP2_ERR_DEFERRED;
        if (state == HTTP_FEED_END) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
            return 0;
        }
    }
    size_t left = s->fed.n - s->n_sent, n = left < max ? left : max;
    memcpy(out, s->fed.p + s->n_sent, n);
    s->n_sent += n;
    return (ssize_t)n;
}

static void submit(struct stream *s)
{
    struct conn *c = s->conn;
    struct http_reply *r = &s->x.reply;
    struct arena *a = &s->x.arena;
    if (r->end == HTTP_RESET) {
        nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    nghttp2_nv pairs[MAX_REPLY_HEADERS + 3];
    char date[CLOCK_TEXT];
    size_t n = 0, n_body = http_reply_body(r).n;
    int status = r->status ? r->status : 200;
    bool bare = status == 204 || status == 304;
    pairs[n++] = pair(S(":status"), arena_f(a, "%d", status));
    pairs[n++] = pair(S("date"), str_of(clock_http(clock_now_ms(c->server->options.clock), date)));
    if (!bare && !r->feed)
        pairs[n++] = pair(S("content-length"), arena_f(a, "%zu", n_body));
    for (size_t i = 0; i < r->n_headers && n < MAX_REPLY_HEADERS; i++)
        if (!is_said_elsewhere(r->headers[i].name))
            pairs[n++] = pair(lower(a, r->headers[i].name), r->headers[i].value);
    const nghttp2_data_provider body = { { .ptr = s }, r->feed ? give_feed : give_body };
    if (r->feed) {
        r->feed->wake = on_feed;
        r->feed->wake_arg = s;
    }
    bool with_body = (n_body || r->feed) && !bare && !str_is(s->x.request.method, "HEAD");
    if (nghttp2_submit_response(c->session, s->id, pairs, n, with_body ? &body : NULL))
        nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR);
}

void http2_answer(struct http_exchange *x)
{
    struct http2 *h = ((struct stream *)x)->conn->server;
    x->next = NULL;
    pthread_mutex_lock(&h->queue);
    bool first = !h->answers;
    *h->last_answer = x;
    h->last_answer = &x->next;
    if (first && !pthread_equal(pthread_self(), h->thread)) /* its own thread looks at the list before it waits again */
        wake(h);
    pthread_mutex_unlock(&h->queue);
}

static void take_answers(struct http2 *h)
{
    pthread_mutex_lock(&h->queue);
    struct http_exchange *x = h->answers;
    h->answers = NULL;
    h->last_answer = &h->answers;
    pthread_mutex_unlock(&h->queue);
    for (struct http_exchange *next; x; x = next) {
        next = x->next;
        struct stream *s = (struct stream *)x;
        struct conn *c = s->conn;
        s->running = false;
        c->n_running--;
        if (s->closed) {
            free_stream(s);
            continue;
        }
        submit(s);
        touch(c);
    }
}

/* ---- requests ---- */

static void refuse_head(struct stream *s)
{
    s->x.reply.status = 431;
    submit(s);
}

static void run_handler(struct stream *s)
{
    struct http_request *r = &s->x.request;
    struct conn *c = s->conn;
    if (s->n_head > MAX_HEAD) {
        refuse_head(s);
        return;
    }
    r->body = buf_str(&s->body);
    r->peer = arena_dup(&s->x.arena, str_of(c->from.peer));
    s->running = true;
    c->n_running++;
    c->server->options.handler(c->server->options.ctx, &s->x);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct conn *c = ctx;
    int32_t id = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (c->server->quiet || c->n_running >= 2 * MAX_STREAMS) { /* so many: it has given up hundreds that we still work at */
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
        return 0;
    }
    return nghttp2_session_set_stream_user_data(session, id, add_stream(c, id));
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name_p, size_t name_n, const uint8_t *value_p,
                     size_t value_n, uint8_t flags, void *ctx)
{
    (void)flags, (void)ctx;
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!s || s->running || frame->headers.cat != NGHTTP2_HCAT_REQUEST) /* trailers say nothing here */
        return 0;
    s->n_head += name_n + value_n + HEADER_OVERHEAD;
    if (s->n_head > MAX_HEAD)
        return 0;
    struct http_request *r = &s->x.request;
    struct arena *a = &s->x.arena;
    struct str name = { (const char *)name_p, name_n }, value = arena_dup(a, (struct str){ (const char *)value_p, value_n });
    if (str_is(name, ":method"))
        r->method = value;
    else if (str_is(name, ":path"))
        http_request_target(r, value);
    else if (name.p[0] != ':' || str_is(name, ":authority")) /* which stays: the JavaScript SDK signs it instead of Host */
        http_request_header_add(r, a, arena_dup(a, name), value);
    return 0;
}

static void head_complete(nghttp2_session *session, struct stream *s, bool ended)
{
    struct http_request *r = &s->x.request;
    struct str authority = http_request_header(r, ":authority");
    if (authority.p && !http_request_header(r, "host").p)
        http_request_header_add(r, &s->x.arena, S("host"), authority);
    if (!ended && str_eq_nocase(http_request_header(r, "Expect"), S("100-continue"))) {
        const nghttp2_nv go_on = pair(S(":status"), S("100"));
        nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, s->id, NULL, &go_on, 1, NULL);
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    (void)ctx;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    bool ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (!s || s->running || s->refused)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        head_complete(session, s, ended);
    if (ended)
        run_handler(s);
    return 0;
}

static void drop_body(struct stream *s)
{
    s->conn->body_bytes -= s->body.n;
    buf_release(&s->body);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *ctx)
{
    (void)flags;
    struct conn *c = ctx;
    const struct http2_options *o = &c->server->options;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (!s || s->running || s->refused)
        return 0;
    if (!s->x.too_large) {
        size_t before = s->body.n;
        buf_add(&s->body, p, n);
        c->body_bytes += s->body.n - before;
    }
    if (s->body.full) {
        s->x.too_large = true;
        drop_body(s);
        s->dropped_bytes += n;
        s->body.full = true;
    }
    s->refused = s->dropped_bytes > DRAIN_FACTOR * (uint64_t)o->max_body_bytes || c->body_bytes > BODIES_FACTOR * (uint64_t)o->max_body_bytes;
    if (!s->refused)
        return 0;
    drop_body(s);
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t why, void *ctx)
{
    (void)why, (void)ctx;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (!s)
        return 0;
    nghttp2_session_set_stream_user_data(session, id, NULL);
    if (s->running)
        s->closed = true;
    else
        free_stream(s);
    return 0;
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
        for (int i = 0; i < LAST_READS && recv(c->fd, h->block, BLOCK, 0) > 0; i++)
            ;
        close(c->fd);
    }
    if (c->session) {
        nghttp2_session_del(c->session);
        h->n_sessions--;
    }
    for (struct stream *s = c->streams, *next; s; s = next) {
        next = s->next;
        s->closed = true;
        if (!s->running)
            free_stream(s);
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

/* Takes frames out of the session until a block is full; false when the session is broken. */
static bool fill(struct conn *c)
{
    while (c->out.n < BLOCK) {
        const uint8_t *p;
        ssize_t n = nghttp2_session_mem_send(c->session, &p);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        buf_add(&c->out, p, (size_t)n);
    }
    return true;
}

static void flush(struct conn *c)
{
    for (;;) {
        if (!c->out.n && !fill(c)) {
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
    if (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))
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
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEAD },
    };
    if (h->n_sessions >= h->options.max_connections || nghttp2_session_server_new2(&c->session, h->callbacks, c, h->limits)) {
        drop(c);
        return;
    }
    h->n_sessions++;
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    touch(c);
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
        ssize_t n = recv(c->fd, h->block, BLOCK, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n <= 0 || nghttp2_session_mem_recv(c->session, (const uint8_t *)h->block, (size_t)n) < 0) {
            if (n > 0)
                flush(c); /* what there is to say before it ends */
            drop(c);
            return;
        }
        if (n < BLOCK)
            break;
    }
    touch(c);
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
        touch(c);
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
    wake(h);
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
    take_answers(h);
    take_awake(h);
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

static bool make_callbacks(struct http2 *h)
{
    if (nghttp2_session_callbacks_new(&h->callbacks) || nghttp2_option_new(&h->limits))
        return false;
    nghttp2_session_callbacks_set_on_begin_headers_callback(h->callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(h->callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(h->callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(h->callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(h->callbacks, on_stream_close);
    nghttp2_option_set_no_closed_streams(h->limits, 1); /* memory for streams that are over */
    return true;
}

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
    h->started = make_callbacks(h) && h->epoll_fd >= 0 && h->wake_fd >= 0 && epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, h->wake_fd, &event) == 0 &&
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
        nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR, NULL, 0);
        touch(c);
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
        wake(h);
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
    nghttp2_option_del(h->limits);
    nghttp2_session_callbacks_del(h->callbacks);
    pthread_mutex_destroy(&h->lock);
    pthread_mutex_destroy(&h->queue);
    free(h);
}
