/* http2.c - sessions and streams: the door to libnghttp2. Their connections: http2_loop.c.
 *
 * Life of a stream:  headers, data -> handler (running) -> http2_answer -> response -> closed
 * One that ends while its handler runs is freed by its answer.
 */
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "net/http2_inside.h"

enum {
    MAX_STREAMS = 250, STREAM_WINDOW = 1 << 20, CONNECTION_WINDOW = 4 << 20, MAX_HEAD = 32 << 10, HEADER_OVERHEAD = 32,
    DRAIN_FACTOR = 4, BODIES_FACTOR = 4, MAX_REPLY_HEADERS = 128,
};

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

static void on_feed(void *arg)
{
    struct stream *s = arg;
    struct http2 *h = s->conn->server;
    pthread_mutex_lock(&h->queue);
    if (!s->awake) {
        s->awake = true;
        s->next_awake = h->awake;
        h->awake = s;
        http2_wake(h);
    }
    pthread_mutex_unlock(&h->queue);
}

void http2_take_awake(struct http2 *h)
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
        http2_touch(s->conn);
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
        http2_wake(h);
    pthread_mutex_unlock(&h->queue);
}

void http2_take_answers(struct http2 *h)
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
        http2_touch(c);
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
    else if (str_is(name, ":authority"))
        http_request_header_add(r, a, S("Host"), value);
    else if (str_is(name, "host") && http_request_header(r, "Host").p) /* pseudo-headers come first, and count (RFC 9113, 8.3.1) */
        return 0;
    else if (name.p[0] != ':')
        http_request_header_add(r, a, arena_dup(a, name), value);
    return 0;
}

static void say_go_on(nghttp2_session *session, const struct stream *s)
{
    if (str_eq_nocase(http_request_header(&s->x.request, "Expect"), S("100-continue"))) {
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
    if (ended)
        run_handler(s);
    else if (frame->hd.type == NGHTTP2_HEADERS)
        say_go_on(session, s);
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

/* ---- sessions ---- */

bool http2_session_open(struct conn *c)
{
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEAD },
    };
    if (nghttp2_session_server_new2(&c->session, c->server->callbacks, c, c->server->limits))
        return false;
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
    return true;
}

bool http2_session_hear(struct conn *c, const char *p, size_t n) { return nghttp2_session_mem_recv(c->session, (const uint8_t *)p, n) >= 0; }

bool http2_session_fill(struct conn *c)
{
    while (c->out.n < HTTP2_BLOCK) {
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

bool http2_session_over(struct conn *c) { return !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session); }

void http2_session_goaway(struct conn *c)
{
    nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR, NULL, 0);
}

void http2_session_close(struct conn *c)
{
    nghttp2_session_del(c->session);
    for (struct stream *s = c->streams, *next; s; s = next) {
        next = s->next;
        s->closed = true;
        if (!s->running)
            free_stream(s);
    }
}

bool http2_sessions_open(struct http2 *h)
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

void http2_sessions_close(struct http2 *h)
{
    nghttp2_option_del(h->limits);
    nghttp2_session_callbacks_del(h->callbacks);
}
