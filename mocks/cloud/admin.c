/* admin.c - one row a route. Changing calls are refused to pages of other sites (Origin, Sec-Fetch-Site). */
#include "mocks/cloud/admin.h"

#include "base/codec.h"
#include "base/json.h"
#include "mocks/cloud/peek.h"
#include "mocks/cloud/verify.h"

struct admin {
    struct cloud *cloud;
    const struct http_request *request;
    struct http_reply *reply;
    struct arena *arena;
};

static void fail(struct admin *a, int status, const char *code, const char *message)
{
    a->reply->status = status;
    buf_reset(&a->reply->body);
    buf_f(&a->reply->body, "{\"error\":{\"code\":\"%s\",\"message\":", code);
    json_put_text(&a->reply->body, str_of(message));
    buf_z(&a->reply->body, "}}\n");
}

static void health(struct admin *a)
{
    buf_z(&a->reply->body, "{\"status\":\"ok\",\"version\":\"" WEIRBOX_VERSION "\",\"services\":{");
    for (size_t i = 0; i < cloud_services(a->cloud); i++)
        buf_f(&a->reply->body, "%s\"%s\":\"running\"", i ? "," : "", cloud_service_at(a->cloud, i)->name);
    buf_z(&a->reply->body, "}}\n");
}

/* The edge listens before the last service does. */
static void ready(struct admin *a)
{
    bool is_ready = cloud_ready(a->cloud);
    a->reply->status = is_ready ? 200 : 503;
    buf_f(&a->reply->body, "{\"ready\":%s}\n", is_ready ? "true" : "false");
}

static void status(struct admin *a)
{
    struct buf *out = &a->reply->body;
    buf_f(out, "{\"edge\":\"%s\",\"journal\":%llu,\"faults_hit\":%llu,\"services\":{", cloud_url(a->cloud, "edge"),
          (unsigned long long)journal_total(cloud_journal(a->cloud)), (unsigned long long)faults_hits(cloud_faults(a->cloud)));
    for (size_t i = 0; i < cloud_services(a->cloud); i++) {
        const struct service *s = cloud_service_at(a->cloud, i);
        buf_f(out, "%s\"%s\":{\"url\":\"%s\"", i ? "," : "", s->name, cloud_url(a->cloud, s->name));
        if (s->describe) {
            buf_c(out, ',');
            s->describe(cloud_state(a->cloud, s->name), out);
        }
        buf_c(out, '}');
    }
    buf_z(out, "}}\n");
}

static void actions(struct admin *a)
{
    struct buf *out = &a->reply->body;
    buf_c(out, '[');
    bool first = true;
    for (size_t i = 0; i < cloud_services(a->cloud); i++) {
        const struct service *s = cloud_service_at(a->cloud, i);
        for (size_t k = 0; k < s->n_actions; k++, first = false)
            buf_f(out, "%s{\"service\":\"%s\",\"action\":\"%s\",\"implemented\":%s}", first ? "" : ",\n", s->name,
                  s->actions[k].name, s->actions[k].run ? "true" : "false");
    }
    buf_z(out, "]\n");
}

/* ?service=&action=&resource=&status=: as in a check of verify.h, whose words they are; after, limit, last. */
static void journal_get(struct admin *a)
{
    struct err e = { 0 };
    uint64_t seen = 0;
    if (verify_journal(a->cloud, a->request, a->arena, &a->reply->body, &seen, &e)) {
        fail(a, e.status, e.code, e.message);
        return;
    }
    http_reply_header(a->reply, a->arena, "Weirbox-Last", arena_f(a->arena, "%llu", (unsigned long long)seen));
    http_reply_header(a->reply, a->arena, "Content-Type", S("application/x-ndjson"));
}

static void verify_post(struct admin *a)
{
    struct err e = { 0 };
    int result = verify_run(a->cloud, a->request->body, a->arena, &a->reply->body, &e);
    if (result < 0)
        fail(a, e.status, e.code, e.message);
    else
        a->reply->status = result ? 409 : 200;
}

/* The one of topic=, stream=, bucket= that is there. */
static enum peek_kind named(struct admin *a, struct str *ret_name)
{
    enum peek_kind found = PEEK_NONE;
    for (int kind = PEEK_TOPIC; kind <= PEEK_BUCKET; kind++) {
        struct str name = http_query(a->request, peek_kind_name((enum peek_kind)kind), a->arena);
        if (name.n)
            found = (enum peek_kind)kind, *ret_name = name;
    }
    return found;
}

static void peek_get(struct admin *a)
{
    struct err e = { 0 };
    struct buf cursor = BUF_INIT;
    int64_t limit = 10;
    struct peek_options o = { .from = http_query(a->request, "from", a->arena), .after = http_query(a->request, "after", a->arena) };
    struct str text = http_query(a->request, "limit", a->arena);
    o.kind = named(a, &o.name);
    o.follow = str_eq(http_query(a->request, "follow", a->arena), S("on"));
    if (!o.after.n)
        o.after.p = NULL;
    if (!o.kind)
        fail(a, 400, "BAD_REQUEST", "say what to look into: topic=NAME, stream=NAME or bucket=NAME");
    else if (text.n && (!str_to_i64(text, &limit) || limit < 0 || limit > 1000))
        fail(a, 400, "BAD_REQUEST", "limit: must be a whole number from 0 to 1000");
    else if ((o.limit = (size_t)limit, peek_list(a->cloud, &o, a->arena, &a->reply->body, &cursor, &e)))
        fail(a, e.status, e.code, e.message);
    if (a->reply->status == 200) {
        http_reply_header(a->reply, a->arena, "Weirbox-Cursor", arena_dup(a->arena, buf_str(&cursor)));
        http_reply_header(a->reply, a->arena, "Content-Type", S("application/x-ndjson"));
    }
    buf_release(&cursor);
}

static void faults_get(struct admin *a)
{
    faults_list(cloud_faults(a->cloud), &a->reply->body);
    buf_c(&a->reply->body, '\n');
}

static void load_faults(struct admin *a, int (*load)(struct faults *, struct str, struct err *))
{
    struct err e = { 0 };
    if (load(cloud_faults(a->cloud), a->request->body, &e))
        fail(a, e.status, e.code, e.message);
    else
        faults_get(a);
}
static void faults_post(struct admin *a) { load_faults(a, faults_load); }
static void faults_patch(struct admin *a) { load_faults(a, faults_add); }
static void faults_delete(struct admin *a)
{
    faults_clear(cloud_faults(a->cloud));
    faults_get(a);
}

static void reset(struct admin *a)
{
    struct err e = { 0 };
    struct str name;
    enum peek_kind kind = named(a, &name);
    if (kind && peek_purge(a->cloud, kind, name, &e)) {
        fail(a, e.status, e.code, e.message);
        return;
    }
    if (!kind)
        cloud_reset(a->cloud);
    buf_z(&a->reply->body, "{\"reset\":true}\n");
}

static void settle(struct admin *a)
{
    struct err e = { 0 };
    if (cloud_settle(a->cloud, 20000, &e))
        fail(a, 409, e.code, e.message);
    else
        buf_z(&a->reply->body, "{\"settled\":true}\n");
}

static void clock_get(struct admin *a)
{
    struct clock *c = cloud_clock(a->cloud);
    char iso[CLOCK_TEXT];
    buf_f(&a->reply->body, "{\"virtual\":%s,\"now\":\"%s\"}\n", c->is_virtual ? "true" : "false", clock_iso(clock_now_ms(c), iso));
}

static void clock_post(struct admin *a)
{
    struct json v;
    int64_t ms;
    if (!cloud_clock(a->cloud)->is_virtual) {
        fail(a, 409, "CLOCK_IS_REAL", "this cloud follows the machine's clock; start it with --clock virtual to advance it");
        return;
    }
    if (!json_get(a->request->body, "advance_ms", &v) || v.type != JSON_NUMBER || !str_to_i64(v.raw, &ms) || ms < 0) {
        fail(a, 400, "BAD_REQUEST", "send {\"advance_ms\": 300000}");
        return;
    }
    clock_advance_ms(cloud_clock(a->cloud), ms);
    clock_get(a);
}

static const struct admin_route {
    const char *method, *path;
    void (*run)(struct admin *a);
} routes[] = {
    { "GET", "/_weirbox/health", health },       { "GET", "/_localstack/health", health },
    { "GET", "/_weirbox/ready", ready },         { "GET", "/_weirbox/status", status },
    { "GET", "/_weirbox/actions", actions },     { "GET", "/_weirbox/journal", journal_get },
    { "GET", "/_weirbox/faults", faults_get },   { "POST", "/_weirbox/faults", faults_post },
    { "PATCH", "/_weirbox/faults", faults_patch }, { "DELETE", "/_weirbox/faults", faults_delete },
    { "GET", "/_weirbox/peek", peek_get },       { "POST", "/_weirbox/verify", verify_post },
    { "POST", "/_weirbox/reset", reset },        { "POST", "/_weirbox/settle", settle },
    { "GET", "/_weirbox/clock", clock_get },     { "POST", "/_weirbox/clock", clock_post },
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

/* "http://127.0.0.1:8080" is of this machine, "http://127.0.0.1.example.org" is not. */
static bool is_own_origin(struct str origin)
{
    static const char *const own[] = { "http://127.0.0.1", "https://127.0.0.1", "http://localhost", "https://localhost" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct str rest = str_from(origin, strlen(own[i]));
        if (str_starts(origin, str_of(own[i])) && (!rest.n || rest.p[0] == ':'))
            return true;
    }
    return false;
}

static bool foreign_page(const struct http_request *r)
{
    struct str site = http_request_header(r, "Sec-Fetch-Site"), origin = http_request_header(r, "Origin");
    return str_eq(site, S("cross-site")) || (origin.n && !is_own_origin(origin));
}

static bool is_known_path(struct str path)
{
    for (size_t i = 0; i < N_ROUTES; i++)
        if (str_is(path, routes[i].path))
            return true;
    return str_starts(path, S("/_weirbox/"));
}

bool admin_answer(struct cloud *c, struct http_exchange *x)
{
    if (!is_known_path(x->request.path))
        return false;
    struct admin a = { c, &x->request, &x->reply, &x->arena };
    x->reply.status = 200;
    const struct admin_route *route = NULL;
    for (size_t i = 0; i < N_ROUTES; i++)
        if (str_is(x->request.path, routes[i].path) && str_is(x->request.method, routes[i].method))
            route = &routes[i];
    if (!route)
        fail(&a, 404, "NO_SUCH_ROUTE", "not an admin route; GET /_weirbox/status and the README list them");
    else if (!str_is(x->request.method, "GET") && foreign_page(&x->request))
        fail(&a, 403, "FOREIGN_ORIGIN", "changing calls are refused to pages of other sites");
    else
        route->run(&a);
    if (!http_header_get(x->reply.headers, x->reply.n_headers, "Content-Type").p)
        http_reply_header(&x->reply, &x->arena, "Content-Type", S("application/json"));
    http_reply_header(&x->reply, &x->arena, "Cache-Control", S("no-store"));
    return true;
}
