/* cloud.c - opening services and ports, sending requests to them, letting them meet. */
#include "mocks/cloud/cloud.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "mocks/cloud/admin.h"
#include "mocks/cloud/dispatch.h"
#include "mocks/cloud/edge.h"
#include "net/http.h"

enum { MAX_SERVICES = 24, DEFAULT_EDGE_PORT = 4566 };

/* A service of this cloud, or the edge (service == NULL). */
struct member {
    struct cloud *cloud;
    const struct service *service;
    void *state;
    uint16_t port;
    char *url;
};

struct cloud {
    struct cloud_options options;
    struct clock own_clock;
    struct clock *clock;
    _Atomic uint64_t drawn;
    struct member edge;
    struct member members[MAX_SERVICES];
    size_t n_members;
    struct http_server *server;
    struct relay *relay;
    _Atomic bool ready;
    struct plog_set *topics;
    struct faults *faults;
    struct journal *journal;
    struct sigv4_cache *sigv4;
    struct map settings; /* name -> char *, owned */
    char *data_dir;
    char access_key[24], secret[44];
};

/* ---- what services use ---- */

struct clock *cloud_clock(struct cloud *c) { return c->clock; }
struct plog_set *cloud_topics(struct cloud *c) { return c->topics; }
struct faults *cloud_faults(struct cloud *c) { return c->faults; }
struct journal *cloud_journal(struct cloud *c) { return c->journal; }
struct sigv4_cache *cloud_sigv4(struct cloud *c) { return c->sigv4; }
const char *cloud_data_dir(const struct cloud *c) { return c->data_dir; }
enum cloud_auth cloud_auth_mode(const struct cloud *c) { return c->options.auth; }
bool cloud_verbose(const struct cloud *c) { return c->options.verbose; }
bool cloud_ready(struct cloud *c) { return atomic_load(&c->ready); }
struct relay *cloud_relay(struct cloud *c) { return c->relay; }
struct tls *cloud_tls(struct cloud *c) { return c->options.tls; }
const char *cloud_setting(const struct cloud *c, const char *name) { return map_get(&c->settings, str_of(name)); }

bool cloud_setting_on(const struct cloud *c, const char *name, bool otherwise)
{
    const char *v = cloud_setting(c, name);
    return v ? !strcmp(v, "1") || !strcmp(v, "true") || !strcmp(v, "on") : otherwise;
}

/* splitmix64 over a counter: no lock, and the n-th draw of a seed is always the same. */
uint64_t cloud_random(struct cloud *c)
{
    uint64_t z = c->options.seed + 0x9e3779b97f4a7c15u * (atomic_fetch_add(&c->drawn, 1) + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct str cloud_uuid(struct cloud *c, struct arena *a)
{
    uint64_t high = (cloud_random(c) & ~0xf000ull) | 0x4000, low = (cloud_random(c) & ~(0xcull << 60)) | (0x8ull << 60);
    return arena_f(a, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff),
                   (unsigned)(high & 0xffff), (unsigned)(low >> 48), (unsigned long long)(low & 0xffffffffffffull));
}

struct sigv4_key cloud_own_key(const struct cloud *c)
{
    return (struct sigv4_key){ str_of(c->access_key), str_of(c->secret), S("") };
}

static void draw_own_key(struct cloud *c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz";
    memcpy(c->access_key, "AKIA", 4);
    for (int i = 4; i < 20; i++)
        c->access_key[i] = letters[cloud_random(c) % 32];
    for (int i = 0; i < 40; i++)
        c->secret[i] = letters[cloud_random(c) % (sizeof letters - 1)];
}

/* ---- finding members ---- */

static struct member *member_of(const struct cloud *c, const char *name)
{
    struct cloud *mine = (struct cloud *)c;
    if (strcmp(name, "edge") == 0)
        return &mine->edge;
    for (size_t i = 0; i < c->n_members; i++)
        if (strcmp(c->members[i].service->name, name) == 0)
            return &mine->members[i];
    return NULL;
}

uint16_t cloud_port(const struct cloud *c, const char *service)
{
    const struct member *m = member_of(c, service);
    return m ? m->port : 0;
}

const char *cloud_url(const struct cloud *c, const char *service)
{
    const struct member *m = member_of(c, service);
    return m && m->url ? m->url : c->edge.url ? c->edge.url : "";
}

const struct service *cloud_service(const struct cloud *c, const char *name)
{
    const struct member *m = member_of(c, name);
    return m ? m->service : NULL;
}

void *cloud_state(const struct cloud *c, const char *name)
{
    const struct member *m = member_of(c, name);
    return m ? m->state : NULL;
}

size_t cloud_services(const struct cloud *c) { return c->n_members; }
const struct service *cloud_service_at(const struct cloud *c, size_t i) { return c->members[i].service; }

static bool is_own_address(const struct cloud *c, struct str host, struct str port, const char **ret_service)
{
    int64_t number;
    bool local = str_eq(host, S("127.0.0.1")) || str_eq(host, S("localhost"));
    if (!local || !str_to_i64(port, &number))
        return false;
    for (size_t i = 0; i < c->n_members; i++)
        if (c->members[i].port == number && number) {
            *ret_service = c->members[i].service->name;
            return true;
        }
    return false;
}

const char *cloud_service_of_host(const struct cloud *c, struct str host_and_port)
{
    const char *hosts = cloud_setting(c, "hosts");
    for (struct str rest = str_of(hosts); rest.p;) {
        struct str row = str_cut(&rest, ',');
        struct str name = str_trim(str_cut(&row, '='));
        struct member *m = NULL;
        for (size_t i = 0; i < c->n_members; i++)
            if (str_is(str_trim(row), c->members[i].service->name))
                m = (struct member *)&c->members[i];
        if (m && str_eq_nocase(name, host_and_port))
            return m->service->name;
    }
    struct str port = host_and_port;
    struct str host = str_cut(&port, ':');
    const char *service;
    return port.p && is_own_address(c, host, port, &service) ? service : NULL;
}

/* ---- requests from outside ---- */

static void answered(struct call *call) { http_finish(call->done_arg); }

static void refuse_large(struct cloud *c, struct http_exchange *x)
{
    (void)c;
    x->reply.status = 413;
    http_reply_header(&x->reply, &x->arena, "Content-Type", S("application/json"));
    buf_z(&x->reply.body, "{\"message\":\"Request Too Long\"}");
    http_finish(x);
}

/* A service of AWS that is not here, or one that this cloud was opened without. */
static void refuse_service(struct cloud *c, struct http_exchange *x, const char *service)
{
    struct str reason = S("");
    struct journal_entry entry = { .time_ms = clock_now_ms(c->clock), .service = "edge", .action = "", .bytes_in = x->request.body.n, .fault_rule = -1 };
    if (service) {
        x->reply.status = 404;
        reason = arena_f(&x->arena, "This cloud runs no service '%s'", service);
        buf_f(&x->reply.body, "{\"message\":\"" STR_F "\"}", STR_A(reason));
    } else {
        edge_refuse(&x->request, &x->reply, &x->arena, &reason);
    }
    entry.status = x->reply.status;
    entry.bytes_out = x->reply.body.n;
    journal_add(c->journal, &entry, x->request.path, reason);
    http_finish(x);
}

static void on_exchange(void *ctx, struct http_exchange *x)
{
    struct cloud *c = ctx;
    if (x->too_large) {
        refuse_large(c, x);
        return;
    }
    if (str_starts(x->request.path, S("/_")) && admin_answer(c, x)) {
        http_finish(x);
        return;
    }
    struct member *m = x->tag;
    const char *service = NULL;
    if ((!m || !m->service) && (service = edge_service(&x->request)))
        m = member_of(c, service);
    if (!m || !m->service) {
        refuse_service(c, x, service);
        return;
    }
    dispatch_call(c, m->service, m->state, &x->request, &x->reply, &x->arena, false, answered, x);
}

/* ---- requests among services ---- */

struct invocation {
    void (*done)(void *arg);
    void *arg;
};

static void invoked(struct call *call)
{
    struct invocation *i = call->done_arg;
    i->done(i->arg);
}

int cloud_invoke(struct cloud *c, const char *service, const struct http_request *request,
                 struct http_reply *reply, struct arena *a, void (*done)(void *arg), void *arg)
{
    struct member *m = member_of(c, service);
    if (!m || !m->service)
        return -1;
    struct invocation *i = ARENA_NEW(a, struct invocation);
    *i = (struct invocation){ done, arg };
    dispatch_call(c, m->service, m->state, request, reply, a, true, invoked, i);
    return 0;
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
};

static void wake(void *arg)
{
    struct waiting *w = arg;
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

int cloud_invoke_wait(struct cloud *c, const char *service, const struct http_request *request,
                      struct http_reply *reply, struct arena *a, struct err *e)
{
    struct waiting w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
    if (cloud_invoke(c, service, request, reply, a, wake, &w))
        return err_set(e, 0, "NO_SUCH_SERVICE", "this cloud runs no service '%s'", service);
    pthread_mutex_lock(&w.lock);
    while (!w.over)
        pthread_cond_wait(&w.changed, &w.lock);
    pthread_mutex_unlock(&w.lock);
    if (reply->delay_ms > 0)
        clock_wait_ms(c->clock, reply->delay_ms);
    if (reply->end == HTTP_SEND)
        return 0;
    return err_set(e, 0, "CONNECTION_RESET", "%s: the connection was reset before the answer", service);
}

/* ---- life cycle ---- */

static int listen_member(struct cloud *c, struct member *m, const char *name, uint16_t own_port, struct err *e)
{
    uint16_t port = c->options.fixed_ports ? own_port : 0;
    for (const struct cloud_port *p = c->options.ports; p && p->service; p++)
        if (strcmp(p->service, name) == 0)
            port = p->port;
    const char *host = c->options.host ? c->options.host : "127.0.0.1";
    const struct service *s = m->service;
    m->cloud = c;
    if (s && s->listen ? s->listen(m->state, host, port, &m->port, e) : http_listen(c->server, host, port, m, &m->port, e))
        return err_wrap(e, "%s", name);
    char url[80];
    snprintf(url, sizeof url, "%s://%s:%u", s && s->scheme ? s->scheme : "http", strcmp(host, "0.0.0.0") ? host : "127.0.0.1",
             m->port);
    m->url = mem_dup(str_of(url));
    return 0;
}

/* The ports share one limit; a service with a smaller one refuses what passes it in words of its own. */
static size_t max_body_bytes(const struct cloud *c)
{
    size_t most = SERVICE_BODY_BYTES;
    for (size_t i = 0; i < c->n_members; i++)
        if (!c->members[i].service->listen && c->members[i].service->max_body_bytes > most)
            most = c->members[i].service->max_body_bytes;
    return most;
}

static int listen_all(struct cloud *c, struct err *e)
{
    const struct relay_options relay = { .tls = c->options.tls };
    if (c->options.tls && !(c->relay = relay_open(&relay, e)))
        return -1;
    struct http_options o = {
        .max_body_bytes = max_body_bytes(c),
        .clock = c->clock, .threads = c->options.threads, .handler = on_exchange, .ctx = c, .relay = c->relay,
    };
    c->server = http_open(&o, e);
    if (!c->server || listen_member(c, &c->edge, "edge", DEFAULT_EDGE_PORT, e))
        return -1;
    for (size_t i = 0; i < c->n_members; i++) {
        struct member *m = &c->members[i];
        if (m->service->port && listen_member(c, m, m->service->name, m->service->port, e))
            return -1;
    }
    return 0;
}

static int open_services(struct cloud *c, struct err *e)
{
    for (const struct service *const *s = c->options.services; *s && c->n_members < MAX_SERVICES; s++) {
        struct member *m = &c->members[c->n_members];
        m->cloud = c;
        m->service = *s;
        if ((*s)->open && !(m->state = (*s)->open(c, e)))
            return err_wrap(e, "%s", (*s)->name);
        c->n_members++;
    }
    return 0;
}

struct cloud *cloud_open(const struct cloud_options *o, struct err *e)
{
    struct cloud *c = mem_zero(sizeof *c);
    c->options = *o;
    clock_init_real(&c->own_clock);
    c->clock = o->clock ? o->clock : &c->own_clock;
    c->topics = plog_set_open();
    c->faults = faults_open(o->seed);
    c->journal = journal_open(o->journal_entries, o->seed);
    c->sigv4 = sigv4_open();
    c->data_dir = o->data_dir ? mem_dup(str_of(o->data_dir)) : NULL;
    for (const struct cloud_setting *s = o->settings; s && s->name; s++)
        if (s->value)
            free(map_put(&c->settings, str_of(s->name), mem_dup(str_of(s->value))));
    draw_own_key(c);
    if (open_services(c, e) || (!o->no_listen && listen_all(c, e))) {
        cloud_close(c);
        return NULL;
    }
    atomic_store(&c->ready, true);
    return c;
}

void cloud_close(struct cloud *c)
{
    plog_set_wake(c->topics);
    if (c->server)
        http_close(c->server);
    relay_close(c->relay);
    for (size_t i = c->n_members; i-- > 0;) /* sinks were opened after what they write to */
        if (c->members[i].service->close)
            c->members[i].service->close(c->members[i].state);
    for (size_t i = 0; i < c->n_members; i++)
        free(c->members[i].url);
    free(c->edge.url);
    plog_set_close(c->topics);
    faults_close(c->faults);
    journal_close(c->journal);
    sigv4_close(c->sigv4);
    size_t at = 0;
    for (struct map_entry *s; (s = map_next(&c->settings, &at));)
        free(s->value);
    map_release(&c->settings);
    free(c->data_dir);
    free(c);
}

/* Topics first: a sink that starts anew must not find, and store once more, what is about to go. Then the services in reverse
 * order, so that what a sink was just storing goes with the store behind it. */
void cloud_reset(struct cloud *c)
{
    plog_set_reset(c->topics);
    for (size_t i = c->n_members; i-- > 0;)
        if (c->members[i].service->reset)
            c->members[i].service->reset(c->members[i].state);
    journal_reset(c->journal);
}

int cloud_settle(struct cloud *c, int64_t timeout_ms, struct err *e)
{
    for (size_t i = 0; i < c->n_members; i++) {
        const struct service *s = c->members[i].service;
        if (s->settle && s->settle(c->members[i].state, timeout_ms, e))
            return err_wrap(e, "%s", s->name);
    }
    return 0;
}
