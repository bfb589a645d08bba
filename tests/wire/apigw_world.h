/* A cloud with a gateway, and calls of it written as rows: what is sent, what must come back, what is kept for later. */
#ifndef TESTS_APIGW_WORLD_H
#define TESTS_APIGW_WORLD_H

#include "base/clock.h"
#include "base/json.h"
#include "mocks/apigw/apigw.h"
#include "mocks/cloud/cloud.h"
#include "net/client.h"
#include "tests/support/t.h"

enum { KEPT = 32 };
struct world {
    struct arena arena;
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
    struct { struct str name, value; } kept[KEPT];
    size_t n_kept;
};

struct row {
    const char *method, *path, *body; /* "${name}" is what was kept under that name */
    int status;
    const char *holds; /* a part of the answer; with ! before it: must not be there; NULL = any */
    const char *keep;  /* "api=id": the answer's member id, under the name api */
    const char *header; /* "x-api-key: value", sent along */
};

/* A backend that answers what it got. */
static int echo_run(struct call *c)
{
    struct str type = http_request_header(c->request, "x-answer-type");
    call_header(c, "Content-Type", type.n ? type : S("application/json"));
    buf_str_add(call_body(c), c->request->body);
    return 0;
}
static const struct action echo_actions[] = { { .name = "Echo", .run = echo_run } };
static const struct action *echo_route(struct call *c) { return c->resource = S("echo"), &echo_actions[0]; }
static void echo_phrase(struct call *c) { (void)c; }
static const struct service echo = { .name = "kafka_rest", .title = "echo", .actions = echo_actions, .n_actions = 1, .port = 8082,
                                     .route = echo_route, .phrase = echo_phrase };

static void world_open(struct world *w, const char *document)
{
    static const struct service *const services[] = { &echo, &apigw_service, NULL };
    struct err e = { 0 };
    *w = (struct world){ .arena = ARENA_INIT };
    clock_init_virtual(&w->clock, 1598586767000);
    const struct cloud_setting settings[] = { { "hosts", "kafka-rest:8082=kafka_rest" }, { document ? "apigw.openapi" : NULL, document }, { NULL, NULL } };
    w->cloud = cloud_open(&(struct cloud_options){ .services = services, .clock = &w->clock, .settings = settings, .seed = 7 }, &e);
    assert_non_null(w->cloud);
    w->client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1, .key = { S("test"), S("test"), S("") },
                                                      .region = S("us-east-1") }, &e);
    assert_non_null(w->client);
}

static void world_close(struct world *w)
{
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
}

static struct str kept(struct world *w, struct str name)
{
    for (size_t i = w->n_kept; i-- > 0;)
        if (str_eq(w->kept[i].name, name))
            return w->kept[i].value;
    fail_msg("nothing was kept as " STR_F, STR_A(name));
    return S("");
}

static struct str filled(struct world *w, const char *text)
{
    struct buf b = BUF_INIT;
    for (struct str rest = str_of(text ? text : ""); rest.n;) {
        size_t at = str_find(rest, S("${"));
        bool variable = at != STR_NONE && str_find(rest, S("${stageVariables")) != at;
        size_t n = at == STR_NONE ? rest.n : variable ? at : at + 2;
        buf_str_add(&b, str_head(rest, n));
        rest = str_from(rest, n);
        if (!variable)
            continue;
        size_t end = str_chr(rest, '}');
        buf_str_add(&b, kept(w, (struct str){ rest.p + 2, end - 2 }));
        rest = str_from(rest, end + 1);
    }
    struct str s = arena_dup(&w->arena, buf_str(&b));
    buf_release(&b);
    return s;
}

static void keep(struct world *w, const char *what, struct str answer)
{
    struct str member = str_of(what), name = str_cut(&member, '=');
    w->kept[w->n_kept].name = name;
    w->kept[w->n_kept++].value = str_is(member, ".") ? answer : json_get_text(answer, arena_z(&w->arena, member), &w->arena);
    assert_true(w->n_kept < KEPT);
    assert_true(w->kept[w->n_kept - 1].value.n > 0);
}

/* Paths of the control plane are signed; those of the data plane begin with /_aws or /@ (then as they are). */
static struct client_response run_row(struct world *w, const struct row *r)
{
    struct err e = { 0 };
    struct client_response answer = { 0 };
    struct str path = filled(w, r->path), extra = str_of(r->header ? r->header : "");
    bool open = str_starts(path, S("/_aws")) || str_starts(path, S("/@"));
    struct http_header h[] = { { S("Content-Type"), S("application/json") }, { str_cut(&extra, ':'), { 0 } } };
    h[1].value = str_trim(extra);
    bool typed = str_eq_nocase(h[1].name, S("content-type"));
    const struct client_request q = { .method = r->method, .url = arena_f(&w->arena, "%s" STR_F, cloud_url(w->cloud, "apigw"), STR_A(path)),
        .headers = typed ? h + 1 : h, .n_headers = r->header && !typed ? 2 : 1, .body = filled(w, r->body), .sign = !open, .service = S("apigateway") };
    client_do(w->client, &q, &w->arena, &answer, &e);
    return answer;
}

static void run_rows(struct world *w, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct client_response r = run_row(w, &rows[i]);
        const char *holds = rows[i].holds;
        bool absent = holds && holds[0] == '!';
        struct str part = holds ? filled(w, holds + absent) : S("");
        bool good = r.status == rows[i].status && (!holds || (str_find(r.body, part) == STR_NONE) == absent);
        if (!good)
            print_error("row %zu: %s " STR_F "\n  %d " STR_F "\n  want %d %s\n", i, rows[i].method, STR_A(filled(w, rows[i].path)), r.status,
                        STR_A(r.body), rows[i].status, holds ? holds : "");
        assert_true(good);
        if (rows[i].keep)
            keep(w, rows[i].keep, r.body);
    }
}
#define RUN(w, rows) run_rows((w), (rows), sizeof(rows) / sizeof(*(rows)))

#endif
