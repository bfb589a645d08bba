/* client.c - a queue in front of a libcurl multi handle, with retries.
 *
 *   client_start ─► ready ─► in flight (at most max_in_flight) ─► over ─► done()
 *                     ▲             │ 429, 5xx, network error, retry_reply
 *                     └─ backing off ◄┘
 *
 * libcurl itself sends a request again, silently, when a kept connection dies before the answer began: what may then
 * have had its effect twice would look like one clean call. send_once ends such a transfer, so that every repetition
 * is ours, counted and known as ambiguous.
 *
 * The multi handle is driven by sockets, not by curl_multi_perform, which asks poll() about every transfer in flight each
 * time one of them has moved.
 *
 * How many fly at once follows the answers: as long as they are quick, a few keep both sides busy, and more would only be
 * polled and fall out of the caches (a run with 12 took 8 % less processor time than one with 48); each slow answer makes
 * place for one more, up to max_in_flight.
 *
 * Easy handles and their buffers are kept and used again. Environment proxies are ignored on purpose: what this
 * client calls is named by its URL. Path and query go out exactly as given (CURLOPT_PATH_AS_IS).
 */
#include "net/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { QUICK_WINDOW = 12, SLOW_MS = 20, QUICK_ANSWERS = 64 };

struct transfer {
    struct client *client;
    CURL *easy;
    struct transfer *next;
    struct arena request_arena; /* the request's copy: url, headers, body */
    struct arena reply_arena;   /* headers of the answer at hand */
    struct client_request request;
    struct http_request signable;
    struct str host;
    struct str origin; /* scheme://host:port/ */
    char *known_origin; /* which the handle was given last */
    struct buf head, body;
    struct http_header *headers;
    size_t n_headers;
    int attempts;
    bool custom; /* the handle has a method of its own */
    bool sent; /* in this attempt */
    bool ambiguous;
    int64_t due_us;
    int64_t launched_us; /* stopwatch */
};

struct queue {
    struct transfer *head, **tail;
};

/* What epoll was last told of a socket. */
struct watched {
    uint32_t events;
    bool idle; /* between two transfers */
};

struct client {
    struct client_options options;
    char *access_key, *secret, *token, *region;
    CURLM *multi;
    int epoll_fd;
    struct watched *watched; /* by descriptor */
    int n_watched;
    int64_t timer_us; /* stopwatch time at which libcurl wants to be called; -1 = never */
    struct sigv4_cache *sigv4;
    struct rng rng;
    struct queue ready;
    struct transfer *waiting; /* backing off, earliest first */
    struct transfer *idle;    /* for reuse */
    struct transfer **flying; /* by slot, for closing */
    size_t n_flying, n_pending;
    size_t window;   /* how many may fly now */
    unsigned n_quick; /* answers since the window changed */
    struct client_stats stats;
};

static void queue_push(struct queue *q, struct transfer *t)
{
    t->next = NULL;
    *q->tail = t;
    q->tail = &t->next;
}

static struct transfer *queue_pop(struct queue *q)
{
    struct transfer *t = q->head;
    if (t && !(q->head = t->next))
        q->tail = &q->head;
    return t;
}

/* ---- what libcurl calls ---- */

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    buf_add(&t->body, p, size * n);
    return t->body.full ? 0 : size * n;
}

static size_t take_header(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    if (str_starts((struct str){ p, size * n }, S("HTTP/"))) /* a new head (after 100 Continue) */
        buf_reset(&t->head);
    buf_add(&t->head, p, size * n);
    return t->head.full ? 0 : size * n;
}

/* The head's lines as views. */
static void split_head(struct transfer *t)
{
    size_t cap = 0;
    for (struct str rest = buf_str(&t->head); rest.p; cap++)
        str_cut(&rest, '\n');
    t->headers = ARENA_ARRAY(&t->reply_arena, struct http_header, cap);
    t->n_headers = 0;
    for (struct str rest = buf_str(&t->head); rest.p;) {
        struct str value = str_cut(&rest, '\n');
        struct str name = str_cut(&value, ':');
        if (value.p)
            t->headers[t->n_headers++] = (struct http_header){ name, str_trim(value) };
    }
}

/* Called each time a request is about to be sent. */
static int send_once(void *arg, char *to, char *from, int to_port, int from_port)
{
    (void)to, (void)from, (void)to_port, (void)from_port;
    struct transfer *t = arg;
    int verdict = t->sent ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
    t->sent = true;
    return verdict;
}

static int close_socket(void *arg, curl_socket_t fd);

/* ---- one transfer ---- */

static struct transfer *new_transfer(struct client *c)
{
    struct transfer *t = c->idle;
    if (t) {
        c->idle = t->next;
        return t;
    }
    t = mem_zero(sizeof *t);
    t->client = c;
    t->easy = curl_easy_init();
    if (!t->easy)
        abort();
    t->body.max = 1u << 30;
    t->head.max = 1u << 20;
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, c);
    curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, send_once);
    curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)c->options.timeout_ms);
    return t;
}

static void free_transfer(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    arena_release(&t->request_arena);
    arena_release(&t->reply_arena);
    buf_release(&t->body);
    buf_release(&t->head);
    free(t->known_origin);
    free(t);
}

/* Splits the URL: scheme://host[:port]target. */
static void split_url(struct transfer *t, struct str url)
{
    size_t at = str_find(url, S("://"));
    struct str rest = at == STR_NONE ? url : str_from(url, at + 3);
    size_t slash = str_chr(rest, '/');
    t->host = str_head(rest, slash == STR_NONE ? rest.n : slash);
    t->origin = str_head(url, (size_t)(t->host.p - url.p) + t->host.n);
    if (str_starts(url, S("http://")) && str_ends(t->host, S(":80")))
        t->host.n -= 3;
    http_request_target(&t->signable, slash == STR_NONE ? S("/") : str_from(rest, slash));
}

static void copy_request(struct transfer *t, const struct client_request *r)
{
    struct arena *a = &t->request_arena;
    arena_reset(a);
    t->request = *r;
    t->request.method = arena_z(a, str_of(r->method));
    t->request.url = arena_dup(a, r->url);
    t->request.body = arena_dup(a, r->body);
    t->request.service = arena_dup(a, r->service);
    t->signable = (struct http_request){ .method = str_of(t->request.method), .body = t->request.body };
    split_url(t, t->request.url);
    struct http_header *h = ARENA_ARRAY(a, struct http_header, r->n_headers + 1 + SIGV4_MAX_HEADERS);
    h[0] = (struct http_header){ S("Host"), t->host };
    for (size_t i = 0; i < r->n_headers; i++)
        h[i + 1] = (struct http_header){ arena_dup(a, r->headers[i].name), arena_dup(a, r->headers[i].value) };
    t->signable.headers = h;
    t->signable.n_headers = r->n_headers + 1;
    t->attempts = 0;
    t->ambiguous = false;
}

/* The list libcurl reads the headers from. Its nodes live in the arena: libcurl only reads them, and its own
 * curl_slist_append would allocate twice for each. */
static void add_line(struct transfer *t, struct curl_slist ***at, struct str name, struct str value)
{
    struct curl_slist *node = ARENA_NEW(&t->reply_arena, struct curl_slist);
    char *line = arena_alloc(&t->reply_arena, name.n + value.n + 3);
    memcpy(line, name.p, name.n);
    line[name.n] = value.p && !value.n ? ';' : ':'; /* "Name;" is how libcurl spells an empty value, "Name:" no header */
    line[name.n + 1] = ' ';
    if (value.n)
        memcpy(line + name.n + 2, value.p, value.n);
    line[name.n + (value.n ? 2 + value.n : 1)] = 0;
    node->data = line;
    **at = node;
    *at = &node->next;
}

static void set_headers(struct transfer *t, bool has_body)
{
    struct client *c = t->client;
    struct http_header more[SIGV4_MAX_HEADERS];
    size_t n_more = 0;
    if (t->request.sign) {
        struct sigv4_key key = { str_of(c->access_key), str_of(c->secret), str_of(c->token) };
        n_more = sigv4_sign(c->sigv4, &key, str_of(c->region), t->request.service,
                            clock_now_ms(c->options.clock), &t->signable, (struct str){ 0 }, &t->reply_arena, more);
    }
    struct curl_slist *list = NULL, **at = &list;
    bool typed = false;
    for (size_t i = 0; i < t->signable.n_headers; i++) {
        struct http_header h = t->signable.headers[i];
        add_line(t, &at, h.name, h.value.n ? h.value : S(""));
        typed = typed || (has_body && str_eq_nocase(h.name, S("Content-Type")));
    }
    for (size_t i = 0; i < n_more; i++)
        add_line(t, &at, more[i].name, more[i].value.n ? more[i].value : S(""));
    if (has_body)
        add_line(t, &at, S("Expect"), (struct str){ 0 });
    if (has_body && !typed)
        add_line(t, &at, S("Content-Type"), (struct str){ 0 });
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, list);
}

/* libcurl parses the URL and writes it out again, byte by byte, for every request: it is given the origin, which stays, and
 * the target as it shall be sent. */
static void set_url(struct transfer *t)
{
    if (!t->known_origin || !str_is(t->origin, t->known_origin)) {
        free(t->known_origin);
        t->known_origin = mem_dup(t->origin);
        curl_easy_setopt(t->easy, CURLOPT_URL, t->known_origin);
    }
    curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, t->signable.target.p); /* the URL's end, so a NUL is behind it */
}

static void launch(struct transfer *t)
{
    struct client *c = t->client;
    t->attempts++;
    t->sent = false;
    t->launched_us = clock_stopwatch_us();
    c->stats.attempts++;
    buf_reset(&t->body);
    arena_reset(&t->reply_arena);
    buf_reset(&t->head);
    set_url(t);
    bool head = strcmp(t->request.method, "HEAD") == 0;
    bool has_body = t->request.body.n || !strcmp(t->request.method, "POST") || !strcmp(t->request.method, "PUT");
    curl_easy_setopt(t->easy, CURLOPT_NOBODY, (long)head);
    if (has_body && !head) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->request.body.p);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request.body.n);
    } else if (!head) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
    }
    bool usual = head || !strcmp(t->request.method, has_body ? "POST" : "GET");
    if (!usual || t->custom)
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, usual ? NULL : t->request.method);
    t->custom = !usual;
    set_headers(t, has_body && !head);
    c->flying[c->n_flying++] = t;
    curl_multi_add_handle(c->multi, t->easy);
}

static void land(struct transfer *t)
{
    struct client *c = t->client;
    curl_multi_remove_handle(c->multi, t->easy);
    for (size_t i = 0; i < c->n_flying; i++)
        if (c->flying[i] == t) {
            c->flying[i] = c->flying[--c->n_flying];
            break;
        }
}

/* ---- retries ---- */

static bool may_retry(struct client *c, struct transfer *t, CURLcode code, const struct client_response *r)
{
    bool passing;
    if (code != CURLE_OK) {
        passing = code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_WRITE_ERROR;
        c->stats.network_errors++;
        t->ambiguous = t->ambiguous || (code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST);
    } else if (r->status == 429) {
        passing = true;
        c->stats.throttles++;
    } else if (r->status >= 500 && r->status != 501) {
        passing = true;
        c->stats.server_errors++;
        t->ambiguous = true;
    } else {
        passing = t->request.retry_reply && t->request.retry_reply(r);
        c->stats.throttles += passing;
    }
    return passing && t->attempts < c->options.max_attempts;
}

/* Full jitter: a uniform draw below the growing ceiling (AWS architecture blog, "Exponential backoff and jitter"). */
static void back_off(struct client *c, struct transfer *t)
{
    int64_t ceiling = c->options.backoff_ms;
    for (int i = 1; i < t->attempts && ceiling < c->options.backoff_cap_ms; i++)
        ceiling *= 2;
    if (ceiling > c->options.backoff_cap_ms)
        ceiling = c->options.backoff_cap_ms;
    t->due_us = clock_now_us(c->options.clock) + (int64_t)rng_below(&c->rng, (uint64_t)ceiling * 1000 + 1);
    struct transfer **at = &c->waiting;
    while (*at && (*at)->due_us <= t->due_us)
        at = &(*at)->next;
    t->next = *at;
    *at = t;
    c->stats.retries++;
}

/* One place more for a slow answer, one fewer for many quick ones. */
static void learn(struct client *c, int64_t took_us)
{
    bool slow = took_us >= SLOW_MS * 1000;
    if (slow && c->window < (size_t)c->options.max_in_flight)
        c->window++;
    if (slow)
        c->n_quick = 0;
    else if (++c->n_quick >= QUICK_ANSWERS) {
        c->n_quick = 0;
        c->window -= c->window > QUICK_WINDOW;
    }
}

static void over(struct client *c, struct transfer *t, CURLcode code)
{
    long status = 0;
    if (code == CURLE_OK)
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    land(t);
    learn(c, clock_stopwatch_us() - t->launched_us);
    split_head(t);
    struct client_response r = {
        .status = (int)status,
        .error = code == CURLE_OK ? NULL : code == CURLE_ABORTED_BY_CALLBACK ? "the connection was closed before the answer" : curl_easy_strerror(code),
        .body = buf_str(&t->body),
        .headers = t->headers,
        .n_headers = t->n_headers,
    };
    if (may_retry(c, t, code, &r)) {
        back_off(c, t);
        return;
    }
    r.attempts = t->attempts;
    r.ambiguous = t->ambiguous;
    c->n_pending--;
    if (t->request.done)
        t->request.done(t->request.arg, &r);
    if (t->body.cap > (1u << 20))
        buf_release(&t->body);
    t->next = c->idle;
    c->idle = t;
}

/* ---- the loop ---- */

static void launch_ready(struct client *c)
{
    int64_t now = c->waiting ? clock_now_us(c->options.clock) : 0;
    while (c->waiting && c->waiting->due_us <= now) {
        struct transfer *t = c->waiting;
        c->waiting = t->next;
        queue_push(&c->ready, t);
    }
    while (c->ready.head && c->n_flying < c->window)
        launch(queue_pop(&c->ready));
}

/* libcurl lets go of a socket after every transfer and takes it up again with the next one on that connection. Both are
 * only remembered here: the socket stays in the epoll set with the interest it had, which saves two system calls a request. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    (void)easy, (void)known;
    struct client *c = arg;
    if (fd >= c->n_watched) {
        int n = fd * 2 + 64;
        c->watched = mem_grow(c->watched, (size_t)n * sizeof *c->watched);
        memset(c->watched + c->n_watched, 0, (size_t)(n - c->n_watched) * sizeof *c->watched);
        c->n_watched = n;
    }
    struct watched *w = &c->watched[fd];
    w->idle = what == CURL_POLL_REMOVE;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (w->idle || (w->events == events && events == EPOLLIN))
        return 0;
    struct epoll_event event = { .events = events, .data.fd = fd };
    if (epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, fd, &event)) /* new, or closed and opened again since */
        epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    w->events = events;
    return 0;
}

/* A kept socket closed by libcurl leaves the epoll set by itself; its number may come back as another socket. */
static int close_socket(void *arg, curl_socket_t fd)
{
    struct client *c = arg;
    if (fd < c->n_watched)
        c->watched[fd] = (struct watched){ 0 };
    return close(fd);
}

static int watch_timer(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    struct client *c = arg;
    c->timer_us = ms < 0 ? -1 : clock_stopwatch_us() + (int64_t)ms * 1000;
    return 0;
}

/* How long nothing can be expected to happen, in milliseconds. */
static int64_t idle_ms(struct client *c)
{
    int64_t wait = 1000;
    if (c->timer_us >= 0) {
        int64_t until = c->timer_us - clock_stopwatch_us();
        wait = until <= 0 ? 0 : (until + 999) / 1000;
    }
    if (c->waiting) {
        int64_t until = c->waiting->due_us - clock_now_us(c->options.clock);
        int64_t due = until <= 0 ? 0 : (until + 999) / 1000;
        if (c->options.clock->is_virtual && due > 1)
            due = 1; /* virtual time moves when nothing flies any more */
        wait = due < wait ? due : wait;
    }
    return c->ready.head && wait > SLOW_MS ? SLOW_MS : wait;
}

static void drive_sockets(struct client *c)
{
    enum { MOST_EVENTS = 64 };
    struct epoll_event events[MOST_EVENTS];
    int running;
    int64_t wait = idle_ms(c);
    int n = epoll_wait(c->epoll_fd, events, MOST_EVENTS, (int)wait);
    if (n == 0 && wait == SLOW_MS) /* nobody answers, and others wait for a place */
        c->window = (size_t)c->options.max_in_flight;
    for (int i = 0; i < n; i++) {
        struct watched *w = &c->watched[events[i].data.fd];
        if (w->idle) { /* the other side has closed a kept connection; libcurl finds out when it takes it up */
            epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, events[i].data.fd, NULL);
            w->events = 0;
            continue;
        }
        int bits = (events[i].events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (events[i].events & EPOLLERR ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(c->multi, events[i].data.fd, bits, &running);
    }
    if (c->timer_us >= 0 && c->timer_us <= clock_stopwatch_us()) {
        c->timer_us = -1;
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static void collect(struct client *c)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        struct transfer *t;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        over(c, t, code);
    }
}

void client_run(struct client *c, size_t until_pending)
{
    while (c->n_pending > until_pending) {
        launch_ready(c);
        if (c->n_flying == 0 && c->waiting) {
            int64_t until = c->waiting->due_us - clock_now_us(c->options.clock);
            clock_wait_ms(c->options.clock, until <= 0 ? 0 : (until + 999) / 1000);
            continue;
        }
        drive_sockets(c);
        collect(c);
    }
}

void client_start(struct client *c, const struct client_request *r)
{
    struct transfer *t = new_transfer(c);
    copy_request(t, r);
    c->stats.requests++;
    c->n_pending++;
    queue_push(&c->ready, t);
}

size_t client_pending(const struct client *c) { return c->n_pending; }
struct client_stats client_stats(const struct client *c) { return c->stats; }

/* ---- one request, waited for ---- */

struct single {
    struct arena *arena;
    struct client_response *ret;
    bool over;
};

static void keep_response(void *arg, const struct client_response *r)
{
    struct single *s = arg;
    s->over = true;
    *s->ret = *r;
    s->ret->body = arena_dup(s->arena, r->body);
    struct http_header *h = ARENA_ARRAY(s->arena, struct http_header, r->n_headers);
    for (size_t i = 0; i < r->n_headers; i++)
        h[i] = (struct http_header){ arena_dup(s->arena, r->headers[i].name), arena_dup(s->arena, r->headers[i].value) };
    s->ret->headers = h;
}

int client_do(struct client *c, const struct client_request *r, struct arena *a, struct client_response *ret_r,
              struct err *e)
{
    struct single s = { a, ret_r, false };
    struct client_request mine = *r;
    mine.done = keep_response;
    mine.arg = &s;
    *ret_r = (struct client_response){ 0 };
    client_start(c, &mine);
    while (!s.over)
        client_run(c, c->n_pending - 1);
    if (ret_r->status == 0)
        return err_set(e, 0, "NO_ANSWER", "%s " STR_F ": %s after %d attempt%s; is it running, and is the address right?",
                       r->method, STR_A(r->url), ret_r->error ? ret_r->error : "no answer", ret_r->attempts,
                       ret_r->attempts == 1 ? "" : "s");
    return 0;
}

/* ---- life cycle ---- */

static void init_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

struct client *client_open(const struct client_options *o, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* libcurl asks for exactly one initialisation per process */
    pthread_once(&once, init_curl);
    struct client *c = mem_zero(sizeof *c);
    c->options = *o;
    if (!c->options.max_in_flight) c->options.max_in_flight = 32;
    if (!c->options.max_attempts) c->options.max_attempts = 8;
    if (!c->options.backoff_ms) c->options.backoff_ms = 20;
    if (!c->options.backoff_cap_ms) c->options.backoff_cap_ms = 5000;
    if (!c->options.timeout_ms) c->options.timeout_ms = 35000;
    c->access_key = mem_dup(o->key.access_key);
    c->secret = mem_dup(o->key.secret);
    c->token = mem_dup(o->key.session_token);
    c->region = mem_dup(o->region.n ? o->region : S("us-east-1"));
    c->ready.tail = &c->ready.head;
    c->sigv4 = sigv4_open();
    rng_seed(&c->rng, o->seed);
    c->window = (size_t)(c->options.max_in_flight < QUICK_WINDOW ? c->options.max_in_flight : QUICK_WINDOW);
    c->flying = mem_zero(sizeof *c->flying * (size_t)c->options.max_in_flight);
    c->multi = curl_multi_init();
    if (!c->multi) {
        err_set(e, 0, "CLIENT_START", "cannot start the HTTP client: libcurl refused a multi handle");
        client_close(c);
        return NULL;
    }
    c->timer_us = -1;
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->options.max_in_flight);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    return c;
}

static void free_list(struct transfer *t)
{
    for (struct transfer *next; t; t = next) {
        next = t->next;
        free_transfer(t);
    }
}

void client_close(struct client *c)
{
    while (c->n_flying) {
        struct transfer *t = c->flying[0];
        land(t);
        free_transfer(t);
    }
    free_list(c->ready.head);
    free_list(c->waiting);
    free_list(c->idle);
    if (c->multi)
        curl_multi_cleanup(c->multi);
    if (c->epoll_fd > 0)
        close(c->epoll_fd);
    sigv4_close(c->sigv4);
    free(c->watched);
    free(c->flying);
    free(c->access_key);
    free(c->secret);
    free(c->token);
    free(c->region);
    free(c);
}
