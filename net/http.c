/* http.c - the door to libmicrohttpd; accept thread, worker daemons, exchanges, delayed answers.
 *
 * One accept thread polls all listening sockets and deals new connections to the workers in turn; each worker is
 * a libmicrohttpd daemon with a thread of its own, in poll mode. Never epoll: in 0.9.75 it stalls whenever exactly
 * 128*k connections are ready (MHD_epoll repeats its wait before serving). Never select: it refuses descriptors
 * from 1,024 on. A connection whose first bytes are not there yet, or may be those of HTTP/2, waits in the loop of HTTP/2
 * until they tell; with a relay (TLS) it waits there for the very first, and what the relay deciphers comes in over a
 * socketpair. The raw target comes from the URI log callback, since paths arrive decoded, which would break S3
 * keys and signatures.
 *
 * Life of an exchange:  start_exchange -> take_headers -> body… -> handler
 *      handler calls http_finish at once:  RUNNING -> FINISHED, the reply is queued on return
 *      handler returns first:              RUNNING -> SUSPENDED; http_finish later resumes the connection
 * A reply's feed suspends it again whenever there is nothing to send: FED <-> STARVED, until a wake. http_close ends feeds.
 */
#include "net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http2.h"
#include "net/listen.h"

enum { MAX_LISTENERS = 64, MAX_WORKERS = 16, DRAIN_FACTOR = 4, CLOSE_LOOK_US = 500, MAX_RELAYED = 1 << 16, FEED_BLOCK = 16 << 10, TLS_HANDSHAKE = 0x16 };

struct listener {
    int fd;
    uint16_t port;
    void *tag;
};

/* What one worker keeps to use again: exchanges with a block of their arena and the buffer of their body, so that a usual
 * request allocates neither. Only the worker's own thread touches it. Under AddressSanitizer nothing is kept, so that a view
 * used after its request is found. */
#if defined __SANITIZE_ADDRESS__
enum { MOST_KEPT = 0 };
#else
enum { MOST_KEPT = 64 };
#endif
enum { KEPT_BYTES = 1 << 16 };
/* Workers poll each of their connections: one on which nothing moves for so long, and that waits for no answer, is closed. Clients
 * look before they use a kept connection again; no pause of the services here or of their clients is as long. */
enum { IDLE_S = 75 };

struct worker {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct exchange *kept;
    int n_kept;
};

enum exchange_state { RECEIVING = 0, RUNNING, SUSPENDED, FINISHED, FED, STARVED };

struct exchange {
    struct http_exchange x; /* first: the handler sees this part */
    struct worker *worker;
    struct MHD_Connection *connection;
    struct buf body;
    uint64_t dropped_bytes;
    _Atomic int state;
    struct exchange *next; /* among those kept */
    struct buf fed;        /* by the reply's feed, sent up to fed_at */
    size_t fed_at;
    bool is_fed; /* it is in the server's list */
    struct exchange *next_fed, **link_fed;
};

struct http_server {
    struct http_options options;
    struct worker workers[MAX_WORKERS];
    int n_workers;
    pthread_mutex_t lock; /* listeners, due list, closing */
    pthread_cond_t changed;
    struct listener listeners[MAX_LISTENERS];
    size_t n_listeners;
    int wake_fd;
    _Atomic bool closing;
    struct exchange *fed; /* exchanges with a feed, under lock */
    _Atomic size_t n_running; /* handlers called whose exchange is not finished */
    struct http_exchange *due; /* delayed answers, earliest first */
    _Atomic uint16_t *relayed_port; /* by descriptor: the port a connection came in on when a relay stands between */
    struct http2 *http2;
    _Atomic unsigned turn; /* of the workers, for new connections */
    pthread_t accept_thread, timer_thread;
    bool accept_started, timer_started;
};

/* ---- exchanges ---- */

static void resume(struct http_exchange *ex);

static void *start_exchange(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct worker *w = ctx;
    struct exchange *x = w->kept;
    if (x) {
        w->kept = x->next;
        w->n_kept--;
        *x = (struct exchange){ .x.arena = x->x.arena, .body = x->body };
    } else {
        x = mem_zero(sizeof *x);
    }
    x->worker = w;
    x->x.server = w->server;
    x->x.send = resume;
    x->connection = connection;
    x->body.max = w->server->options.max_body_bytes;
    http_request_target(&x->x.request, arena_dup(&x->x.arena, str_of(uri)));
    return x;
}

static void free_exchange(struct exchange *x)
{
    buf_release(&x->body);
    arena_release(&x->x.arena);
    free(x);
}

static void end_feed(struct exchange *x)
{
    pthread_mutex_lock(&x->x.server->lock);
    x->is_fed = false;
    *x->link_fed = x->next_fed;
    if (x->next_fed)
        x->next_fed->link_fed = x->link_fed;
    pthread_mutex_unlock(&x->x.server->lock);
    http_reply_release(&x->x.reply); /* and now nobody wakes it any more */
    buf_release(&x->fed);
}

static void end_exchange(void *ctx, struct MHD_Connection *connection, void **request_state,
                         enum MHD_RequestTerminationCode why)
{
    (void)ctx, (void)connection, (void)why;
    struct exchange *x = *request_state;
    if (!x)
        return;
    struct worker *w = x->worker;
    *request_state = NULL;
    if (x->is_fed)
        end_feed(x);
    http_reply_release(&x->x.reply);
    if (w->n_kept >= MOST_KEPT || x->body.cap > KEPT_BYTES || x->x.arena.used_bytes > KEPT_BYTES) {
        free_exchange(x);
        return;
    }
    buf_reset(&x->body);
    arena_reset(&x->x.arena);
    x->next = w->kept;
    w->kept = x;
    w->n_kept++;
}

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                   const char *value, size_t value_n)
{
    (void)kind;
    struct http_exchange *x = arg;
    http_request_header_add(&x->request, &x->arena, (struct str){ name, name_n }, (struct str){ value ? value : "", value ? value_n : 0 });
    return MHD_YES;
}

static const char *address_text(const struct sockaddr *from, char out[INET6_ADDRSTRLEN])
{
    out[0] = 0;
    if (from->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, out, INET6_ADDRSTRLEN);
    else if (from->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, out, INET6_ADDRSTRLEN);
    return out;
}

static struct str peer_text(const struct sockaddr *from, struct arena *a)
{
    char text[INET6_ADDRSTRLEN];
    if (from->sa_family == AF_INET) { /* nearly always; inet_ntop prints it by sprintf */
        const uint8_t *b = (const uint8_t *)&((const struct sockaddr_in *)from)->sin_addr;
        return arena_f(a, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
    }
    return arena_dup(a, str_of(address_text(from, text)));
}

static void take_headers(struct exchange *x, const char *method)
{
    struct http_request *r = &x->x.request;
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, take_header, &x->x);
    r->method = arena_dup(&x->x.arena, str_of(method));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    r->peer = info ? peer_text(info->client_addr, &x->x.arena) : S("");
    info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->x.tag = info ? info->socket_context : NULL;
    int64_t length;
    if (str_to_i64(http_request_header(r, "Content-Length"), &length) && length > 0 &&
        length <= (int64_t)x->body.max && length < (1 << 20))
        buf_room(&x->body, (size_t)length); /* one allocation; larger bodies grow as they arrive */
}

/* ---- answers ---- */

static ssize_t half_then_fail(void *arg, uint64_t at, char *out, size_t max)
{
    struct exchange *x = arg;
    struct str body = http_reply_body(&x->x.reply);
    size_t half = body.n / 2;
    if (at >= half)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = half - at < max ? half - (size_t)at : max;
    memcpy(out, body.p + at, n);
    return (ssize_t)n;
}

static void on_feed(void *arg)
{
    struct exchange *x = arg;
    if (atomic_exchange(&x->state, FED) == STARVED)
        MHD_resume_connection(x->connection);
}

static enum http_feed_state ask_feed(struct exchange *x)
{
    buf_reset(&x->fed);
    x->fed_at = 0;
    return atomic_load(&x->x.server->closing) ? HTTP_FEED_END : x->x.reply.feed->next(x->x.reply.feed, &x->fed);
}

/* A wake that comes while it is asked leaves the state FINISHED no more, so it is asked again. */
static ssize_t give_feed(void *arg, uint64_t at, char *out, size_t max)
{
    (void)at;
    struct exchange *x = arg;
    if (x->fed_at == x->fed.n) {
        atomic_store(&x->state, FINISHED);
        enum http_feed_state state = ask_feed(x);
        if (state == HTTP_FEED_END)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (state == HTTP_FEED_WAIT) {
            int asked = FINISHED;
            MHD_suspend_connection(x->connection);
            if (!atomic_compare_exchange_strong(&x->state, &asked, STARVED))
                MHD_resume_connection(x->connection);
            else if (atomic_load(&x->x.server->closing))
                on_feed(x);
            return 0;
        }
    }
    size_t left = x->fed.n - x->fed_at, n = left < max ? left : max;
    memcpy(out, x->fed.p + x->fed_at, n);
    x->fed_at += n;
    return (ssize_t)n;
}

static struct MHD_Response *begin_feed(struct exchange *x)
{
    struct http_server *s = x->x.server;
    struct http_feed *f = x->x.reply.feed;
    f->wake = on_feed;
    f->wake_arg = x;
    x->is_fed = true;
    pthread_mutex_lock(&s->lock);
    x->next_fed = s->fed;
    x->link_fed = &s->fed;
    if (x->next_fed)
        x->next_fed->link_fed = &x->next_fed;
    s->fed = x;
    pthread_mutex_unlock(&s->lock);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FEED_BLOCK, give_feed, x, NULL);
}

static struct MHD_Response *make_response(struct exchange *x)
{
    struct http_reply *r = &x->x.reply;
    if (r->feed)
        return begin_feed(x);
    if (r->end == HTTP_TRUNCATE)
        return MHD_create_response_from_callback(http_reply_body(r).n, 4096, half_then_fail, x, NULL);
    if (r->shared.p) {
        struct MHD_Response *m = MHD_create_response_from_buffer_with_free_callback_cls(
            r->shared.n, (void *)r->shared.p, r->shared_release, r->shared_arg);
        if (m)
            r->shared = (struct str){ 0 }, r->shared_release = NULL;
        return m;
    }
    size_t n;
    char *bytes = buf_take(&r->body, &n);
    if (!bytes)
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_reply(struct exchange *x)
{
    struct http_reply *r = &x->x.reply;
    if (r->end == HTTP_RESET) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct linger at_once = { 1, 0 };
        if (info)
            setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return MHD_NO;
    }
    struct MHD_Response *m = make_response(x);
    if (!m)
        return MHD_NO;
    char date[CLOCK_TEXT];
    MHD_add_response_header(m, "Date", clock_http(clock_now_ms(x->x.server->options.clock), date));
    for (size_t i = 0; i < r->n_headers; i++)
        if (!str_eq_nocase(r->headers[i].name, S("Content-Length")) && !str_eq_nocase(r->headers[i].name, S("Date")))
            MHD_add_response_header(m, r->headers[i].name.p, r->headers[i].value.p);
    enum MHD_Result sent = MHD_queue_response(x->connection, r->status ? (unsigned)r->status : 200u, m);
    MHD_destroy_response(m);
    return sent;
}

static void resume(struct http_exchange *ex)
{
    struct exchange *x = (struct exchange *)ex;
    int running = RUNNING;
    if (!atomic_compare_exchange_strong(&x->state, &running, FINISHED)) {
        struct MHD_Connection *c = x->connection; /* x may be gone once its state says FINISHED */
        atomic_store(&x->state, FINISHED);
        MHD_resume_connection(c);
    }
}

/* The count falls last: http_close must not stop a daemon while a resume is under way. Nobody is woken for it but
 * http_close, which looks again every few milliseconds: a wake-up per request would cost more than the request. */
static void finish_now(struct http_exchange *x)
{
    struct http_server *s = x->server;
    x->send(x);
    atomic_fetch_sub(&s->n_running, 1);
}

static void insert_due(struct http_server *s, struct http_exchange *x)
{
    pthread_mutex_lock(&s->lock);
    struct http_exchange **at = &s->due;
    while (*at && (*at)->due_us <= x->due_us)
        at = &(*at)->next;
    x->next = *at;
    *at = x;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void http_finish(struct http_exchange *x)
{
    struct clock *clock = x->server->options.clock;
    if (x->reply.delay_ms > 0 && clock->is_virtual)
        clock_advance_ms(clock, x->reply.delay_ms);
    else if (x->reply.delay_ms > 0) {
        x->due_us = clock_stopwatch_us() + x->reply.delay_ms * 1000;
        insert_due(x->server, x);
        return;
    }
    finish_now(x);
}

static void *run_timer(void *arg)
{
    struct http_server *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->closing || s->due || atomic_load(&s->n_running)) {
        struct http_exchange *x = s->due;
        int64_t now = clock_stopwatch_us();
        if (x && (x->due_us <= now || s->closing)) {
            s->due = x->next;
            pthread_mutex_unlock(&s->lock);
            finish_now(x);
            pthread_mutex_lock(&s->lock);
        } else if (x || s->closing) {
            int64_t due_us = x ? x->due_us : now + CLOSE_LOOK_US;
            struct timespec until = { (time_t)(due_us / 1000000), (long)(due_us % 1000000) * 1000 };
            pthread_cond_timedwait(&s->changed, &s->lock, &until);
        } else {
            pthread_cond_wait(&s->changed, &s->lock);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- requests ---- */

static enum MHD_Result run_handler(struct exchange *x)
{
    struct http_server *s = x->x.server;
    x->x.request.body = buf_str(&x->body);
    atomic_fetch_add(&s->n_running, 1);
    atomic_store(&x->state, RUNNING);
    s->options.handler(s->options.ctx, &x->x);
    if (atomic_load(&x->state) == FINISHED)
        return send_reply(x);
    MHD_suspend_connection(x->connection);
    int running = RUNNING;
    if (!atomic_compare_exchange_strong(&x->state, &running, SUSPENDED))
        MHD_resume_connection(x->connection); /* finished between the two lines above */
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n_data, void **request_state)
{
    (void)ctx, (void)connection, (void)url, (void)version;
    struct exchange *x = *request_state;
    if (!x)
        return MHD_NO;
    if (!x->x.request.method.p) {
        take_headers(x, method);
        return MHD_YES;
    }
    if (*n_data) {
        if (!x->x.too_large)
            buf_add(&x->body, data, *n_data);
        if (x->body.full) {
            x->x.too_large = true;
            buf_release(&x->body);
            x->dropped_bytes += *n_data;
            if (x->dropped_bytes > DRAIN_FACTOR * (uint64_t)x->x.server->options.max_body_bytes)
                return MHD_NO; /* it will not end: no answer is owed */
            x->body.full = true;
        }
        *n_data = 0;
        return MHD_YES;
    }
    switch (atomic_load(&x->state)) {
    case RECEIVING: return run_handler(x);
    case FINISHED: return send_reply(x);
    default: return MHD_YES;
    }
}

static void take_stream(void *ctx, struct http_exchange *x)
{
    struct http_server *s = ctx;
    x->server = s;
    x->send = http2_answer;
    atomic_fetch_add(&s->n_running, 1);
    s->options.handler(s->options.ctx, x);
}

/* ---- connections ---- */

static void *tag_of_port(struct http_server *s, uint16_t port)
{
    void *tag = NULL;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].port == port)
            tag = s->listeners[i].tag;
    pthread_mutex_unlock(&s->lock);
    return tag;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *s = ((struct worker *)ctx)->server;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    if (!info || getsockname(info->connect_fd, (struct sockaddr *)&at, &n))
        return;
    uint16_t port = at.ss_family == AF_UNIX    ? s->relayed_port[info->connect_fd]
                    : at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port)
                                               : ntohs(((struct sockaddr_in *)&at)->sin_port);
    *socket_context = tag_of_port(s, port);
}

static void deal(struct http_server *s, int fd, const struct sockaddr_storage *from, socklen_t n)
{
    const struct worker *w = &s->workers[atomic_fetch_add(&s->turn, 1) % (unsigned)s->n_workers];
    MHD_add_connection(w->daemon, fd, (const struct sockaddr *)from, n);
}

/* A connection while the relay or the loop of HTTP/2 finds out what it speaks. */
struct arrival {
    struct http_server *server;
    int fd;
    uint16_t port;
    bool relayed;
    struct sockaddr_storage from;
    socklen_t n_from;
};

static void speaks_http1(void *arg, int fd)
{
    struct arrival *a = arg;
    if (a->relayed && fd >= MAX_RELAYED)
        close(fd);
    else if (fd >= 0) {
        if (a->relayed)
            a->server->relayed_port[fd] = a->port;
        deal(a->server, fd, &a->from, a->n_from);
    }
    free(a);
}

static void arrived(void *arg, int fd)
{
    struct arrival *a = arg;
    if (fd < 0) {
        free(a);
        return;
    }
    struct http2_arrival from = { .tag = tag_of_port(a->server, a->port), .other = speaks_http1, .arg = a };
    address_text((const struct sockaddr *)&a->from, from.peer);
    a->relayed = fd != a->fd;
    http2_serve(a->server->http2, fd, &from);
}

/* A connection whose first bytes are there, and neither those of TLS nor of HTTP/2, is served at once. */
static void sort_out(struct http_server *s, int fd, uint16_t port, const struct sockaddr_storage *from, socklen_t n)
{
    char first[3]; /* of all methods, only HTTP/2's preface says PRI */
    ssize_t got = recv(fd, first, sizeof first, MSG_PEEK);
    bool secure = got > 0 && s->options.relay && first[0] == TLS_HANDSHAKE;
    if (got > 0 && !secure && memcmp(first, "PRI", (size_t)got) != 0) {
        deal(s, fd, from, n);
        return;
    }
    struct arrival *a = mem_alloc(sizeof *a);
    *a = (struct arrival){ s, fd, port, false, *from, n };
    if (s->options.relay && (got <= 0 || secure))
        relay_serve(s->options.relay, fd, arrived, a);
    else
        arrived(a, fd);
}

static void accept_all(struct http_server *s, int listen_fd, uint16_t port)
{
    for (;;) {
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        int fd = accept4(listen_fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                poll(NULL, 0, 1); /* the machine is out of descriptors: let some close */
            return;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sort_out(s, fd, port, &from, n);
    }
}

static void *run_accept(void *arg)
{
    struct http_server *s = arg;
    struct pollfd fds[MAX_LISTENERS + 1];
    uint16_t ports[MAX_LISTENERS];
    for (;;) {
        pthread_mutex_lock(&s->lock);
        size_t n = s->n_listeners;
        for (size_t i = 0; i < n; i++) {
            fds[i] = (struct pollfd){ s->listeners[i].fd, POLLIN, 0 };
            ports[i] = s->listeners[i].port;
        }
        bool closing = s->closing;
        pthread_mutex_unlock(&s->lock);
        if (closing)
            return NULL;
        fds[n] = (struct pollfd){ s->wake_fd, POLLIN, 0 };
        poll(fds, n + 1, -1);
        if (fds[n].revents) {
            uint64_t count;
            ssize_t got = read(s->wake_fd, &count, sizeof count);
            (void)got;
        }
        for (size_t i = 0; i < n; i++)
            if (fds[i].revents & POLLIN)
                accept_all(s, fds[i].fd, ports[i]);
    }
}

static void wake_accept(struct http_server *s)
{
    uint64_t one = 1;
    ssize_t put = write(s->wake_fd, &one, sizeof one);
    (void)put;
}

/* ---- life cycle ---- */

static bool start_worker(struct http_server *s)
{
    struct worker *w = &s->workers[s->n_workers];
    w->server = s;
    w->daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        0, NULL, NULL, on_request, w, MHD_OPTION_URI_LOG_CALLBACK, start_exchange, w, MHD_OPTION_NOTIFY_COMPLETED,
        end_exchange, w, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_CONNECTION_LIMIT,
        s->options.max_connections / (unsigned)s->options.threads + 1, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
    s->n_workers += w->daemon != NULL;
    return w->daemon != NULL;
}

static void stop_worker(struct worker *w)
{
    MHD_stop_daemon(w->daemon);
    for (struct exchange *x = w->kept, *next; x; x = next) {
        next = x->next;
        free_exchange(x);
    }
}

struct http_server *http_open(const struct http_options *o, struct err *e)
{
    struct http_server *s = mem_zero(sizeof *s);
    s->options = *o;
    if (s->options.threads <= 0)
        s->options.threads = 2;
    if (s->options.threads > MAX_WORKERS)
        s->options.threads = MAX_WORKERS;
    if (!s->options.max_body_bytes)
        s->options.max_body_bytes = 64u << 20;
    if (!s->options.max_connections)
        s->options.max_connections = 16384;
    if (o->relay)
        s->relayed_port = mem_zero(MAX_RELAYED * sizeof *s->relayed_port);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const struct http2_options second = {
        .clock = s->options.clock, .max_body_bytes = s->options.max_body_bytes, .max_connections = s->options.max_connections,
        .handler = take_stream, .ctx = s,
    };
    bool ok = s->wake_fd >= 0 && (s->http2 = http2_open(&second, e));
    for (int i = 0; ok && i < s->options.threads; i++)
        ok = start_worker(s);
    ok = ok && (s->timer_started = !pthread_create(&s->timer_thread, NULL, run_timer, s));
    ok = ok && (s->accept_started = !pthread_create(&s->accept_thread, NULL, run_accept, s));
    if (!ok) {
        err_set(e, 0, "SERVER_START", "cannot start the HTTP server: %s", strerror(errno));
        http_close(s);
        return NULL;
    }
    return s;
}

int http_listen(struct http_server *s, const char *host, uint16_t port, void *tag, uint16_t *ret_port, struct err *e)
{
    uint16_t got = 0;
    int fd = listen_open(host, port, &got, e);
    if (fd < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    bool room = s->n_listeners < MAX_LISTENERS;
    if (room)
        s->listeners[s->n_listeners++] = (struct listener){ fd, got, tag };
    pthread_mutex_unlock(&s->lock);
    if (!room) {
        close(fd);
        return err_set(e, 0, "TOO_MANY_PORTS", "one server listens on at most %d ports", MAX_LISTENERS);
    }
    wake_accept(s);
    *ret_port = got;
    return 0;
}

void http_close(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->accept_started) {
        wake_accept(s);
        pthread_join(s->accept_thread, NULL);
    }
    if (s->options.relay)
        relay_quiet(s->options.relay);
    pthread_mutex_lock(&s->lock);
    for (struct exchange *x = s->fed; x; x = x->next_fed)
        on_feed(x);
    pthread_mutex_unlock(&s->lock);
    if (s->http2)
        http2_quiet(s->http2);
    for (size_t i = 0; i < s->n_listeners; i++)
        close(s->listeners[i].fd);
    if (s->timer_started) /* ends when nothing runs: stopping a daemon with a suspended connection aborts the process */
        pthread_join(s->timer_thread, NULL);
    for (int i = 0; i < s->n_workers; i++)
        stop_worker(&s->workers[i]);
    http2_close(s->http2);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s->relayed_port);
    free(s);
}
