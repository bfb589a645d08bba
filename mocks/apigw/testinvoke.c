/* testinvoke.c - one call of an API on trial: TestInvokeMethod, and apigw_explain for people.
 *
 * A trial is a call of the data plane with a log, whose answer goes into a document instead of to a client. The method
 * that is tested need not be deployed.
 */
#include <pthread.h>

#include "base/clock.h"
#include "base/json.h"
#include "mocks/apigw/apigw.h"
#include "mocks/apigw/control.h"
#include "mocks/cloud/cloud.h"

struct trial {
    struct call *outer; /* whose reply the document becomes; NULL for apigw_explain */
    struct call inner;
    struct http_request request;
    struct http_reply reply;
    struct buf log;
    int64_t started_ms;
    struct invocation *v;
    pthread_mutex_t lock; /* of over, for who waits */
    pthread_cond_t changed;
    bool over;
};

/* ---- a trial ---- */
static void trial_init(struct trial *t, const struct call *like, struct rest_live *live)
{
    struct arena *a = like->arena;
    t->inner = *like;
    t->inner.request = &t->request;
    t->inner.reply = &t->reply;
    t->inner.action = &control_actions[0];
    t->inner.internal = true;
    t->inner.reason = S("");
    t->inner.err = (struct err){ 0 };
    t->inner.fault = (struct fault_verdict){ .rule = -1 };
    t->inner.scratch = t->v = ARENA_NEW(a, struct invocation);
    t->inner.done_arg = t;
    t->started_ms = clock_now_ms(cloud_clock(like->cloud));
    struct apigw *g = like->state;
    *t->v = (struct invocation){ .call = &t->inner, .gateway = g, .live = live, .api = live->api, .variables = live->variables,
                                 .stage = live->stage, .deployment = live->deployment, .extended_id = S(""), .log = &t->log };
}

static void trial_run(struct trial *t)
{
    t->inner.started_us = clock_stopwatch_us();
    int result = invoke_run(&t->inner);
    if (result != CALL_LATER)
        call_finish(&t->inner, result);
}

/* ---- TestInvokeMethod ---- */
/* AWS leaves the ids out, and of a refusal all but its type. */
static bool is_shown(const struct trial *t, const struct http_header *h)
{
    bool id = str_eq_nocase(h->name, S("x-amzn-RequestId")) || str_eq_nocase(h->name, S("x-amz-apigw-id"));
    return !id && !(t->v->refused && str_eq_nocase(h->name, S("Content-Type")));
}

static void end_log(struct trial *t)
{
    struct buf headers = BUF_INIT;
    for (size_t i = 0; i < t->reply.n_headers; i++)
        if (is_shown(t, &t->reply.headers[i]))
            buf_f(&headers, "%s" STR_F "=" STR_F, headers.n ? ", " : "", STR_A(t->reply.headers[i].name), STR_A(t->reply.headers[i].value));
    if (!t->v->refused) {
        invoke_log(t->v, "Method response headers: {" STR_F "}", STR_A(buf_str(&headers)));
        invoke_log(t->v, "Successfully completed execution");
    }
    invoke_log(t->v, "Method completed with status: %d", t->reply.status);
    buf_release(&headers);
}

static void tested(struct call *inner)
{
    struct trial *t = inner->done_arg;
    struct call *c = t->outer;
    struct buf *b = call_body(c);
    end_log(t);
    call_header(c, "Content-Type", S("application/json"));
    c->reply->status = 200;
    buf_f(b, "{\"status\":%d,\"latency\":%lld,\"body\":", t->reply.status, (long long)t->reply.delay_ms);
    json_put_text(b, http_reply_body(&t->reply));
    for (int multi = 0; multi < 2; multi++) {
        buf_z(b, multi ? ",\"multiValueHeaders\":{" : ",\"headers\":{");
        for (size_t i = 0, n = 0; i < t->reply.n_headers; i++) {
            if (!is_shown(t, &t->reply.headers[i]))
                continue;
            buf_z(b, n++ ? "," : "");
            json_put_text(b, t->reply.headers[i].name);
            buf_z(b, multi ? ":[" : ":");
            json_put_text(b, t->reply.headers[i].value);
            buf_z(b, multi ? "]" : "");
        }
        buf_c(b, '}');
    }
    buf_z(b, ",\"log\":");
    json_put_text(b, buf_str(&t->log));
    buf_c(b, '}');
    buf_release(&t->log);
    http_reply_release(&t->reply);
    call_finish(c, 0);
}

static const struct model_resource *resource_by_id(const struct model_resource *r, struct str id)
{
    const struct model_resource *found = NULL;
    if (str_eq(r->id, id))
        return r;
    for (const struct model_resource *k = r->children; k && !found; k = k->next)
        found = resource_by_id(k, id);
    return found;
}

static int run_test(struct control *k)
{
    struct trial *t = k->scratch;
    trial_run(t);
    return CALL_LATER;
}

static void read_headers(struct control *k, struct trial *t)
{
    const cJSON *v, *map = define_get(k->body, "headers");
    t->request.headers = ARENA_ARRAY(k->call->arena, struct http_header, (size_t)cJSON_GetArraySize(map) + 1);
    cJSON_ArrayForEach(v, map)
    {
        if (cJSON_IsString(v))
            t->request.headers[t->request.n_headers++] = (struct http_header){ arena_dup(k->call->arena, str_of(v->string)),
                                                                               arena_dup(k->call->arena, str_of(v->valuestring)) };
    }
}

int control_test_method(struct control *k)
{
    struct call *c = k->call;
    struct arena *a = c->arena;
    cJSON *resource;
    struct str verb = k->labels[2];
    if (!control_method(k, &resource) && resource)
        k->labels[2] = S("ANY");
    if (!resource || (str_is(k->labels[2], "ANY") && !control_method(k, &resource)))
        return -1;
    struct rest_live *live = rest_draft(k->api, define_get(k->body, "stageVariables"), &c->err);
    if (!live)
        return -1;
    struct trial *t = ARENA_NEW(a, struct trial);
    trial_init(t, c, live);
    t->outer = c;
    t->v->no_key = true;
    t->inner.done = tested;
    struct str target = define_text(k->body, "pathWithQueryString");
    t->request.method = str_is(verb, "ANY") ? S("GET") : verb;
    http_request_target(&t->request, arena_dup(a, target.n ? target : define_text(resource, "path")));
    t->request.body = arena_dup(a, define_text(k->body, "body"));
    t->request.peer = S("test-invoke-source-ip");
    read_headers(k, t);
    t->v->path = t->request.path;
    t->inner.resource = t->v->path;
    match_path(live->api, t->request.method, t->v->path, &t->v->match);
    if (!t->v->match.resource || !str_eq(t->v->match.resource->id, k->labels[1]))
        t->v->match = (struct match){ .resource = resource_by_id(live->api->root, k->labels[1]) };
    for (const struct model_method *m = t->v->match.resource->methods; m; m = m->next)
        if (str_eq(m->verb, k->labels[2]))
            t->v->match.method = m;
    k->scratch = t;
    k->later = run_test;
    return 0;
}

/* ---- explain ---- */
static void explained(struct call *inner)
{
    struct trial *t = inner->done_arg;
    pthread_mutex_lock(&t->lock);
    t->over = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static void put_outcome(struct trial *t, struct buf *out)
{
    if (t->v->refused)
        buf_f(out, "refused   %d: " STR_F "\n", t->reply.status, STR_A(t->inner.reason));
    else
        buf_f(out, "answer    %d " STR_F "\n", t->reply.status, STR_A(http_reply_body(&t->reply)));
}

/* Runs the call that matched, waits for its end, prints the log. */
static void explain_run(struct trial *t, struct buf *out)
{
    const struct match *m = &t->v->match;
    buf_f(out, "resource  " STR_F "\nmethod    " STR_F "\n", STR_A(m->resource->path), STR_A(m->method->verb));
    for (size_t i = 0; i < m->n_params; i++)
        buf_f(out, "          {" STR_F "} = " STR_F "\n", STR_A(m->params[i].name), STR_A(m->params[i].value));
    if (m->method->integration)
        buf_f(out, "goes to   " STR_F " " STR_F "\n", STR_A(m->method->integration->http_method), STR_A(m->method->integration->uri));
    for (const struct model_template *q = m->method->integration ? m->method->integration->templates : NULL; q; q = q->next)
        buf_f(out, "template  " STR_F "\n", STR_A(q->media_type));
    trial_run(t);
    pthread_mutex_lock(&t->lock);
    while (!t->over)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
    buf_c(out, '\n');
    buf_str_add(out, buf_str(&t->log));
    buf_c(out, '\n');
    put_outcome(t, out);
}

int apigw_explain(struct cloud *cloud, const struct http_request *request, struct buf *out, struct err *e)
{
    struct apigw *g = cloud_state(cloud, "apigw");
    struct arena arena = ARENA_INIT;
    struct trial *t = ARENA_NEW(&arena, struct trial);
    struct http_reply nothing = { 0 };
    struct call c = { .cloud = cloud, .service = &apigw_service, .state = g, .request = request, .reply = &nothing, .arena = &arena,
                      .account = S(CLOUD_ACCOUNT), .region = S(CLOUD_REGION), .request_id = cloud_uuid(cloud, &arena), .fault = { .rule = -1 } };
    bool known;
    struct str rest = request->path;
    while (rest.n && rest.p[0] == '/')
        rest = str_from(rest, 1);
    size_t slash = str_chr(rest, '/');
    struct str stage = str_head(rest, slash == STR_NONE ? rest.n : slash), path = slash == STR_NONE ? S("/") : str_from(rest, slash);
    struct rest_live *live = rest_find(g->rest, S(""), stage, &known);
    int matched = -1;
    if (!live) {
        arena_release(&arena);
        return err_set(e, 0, "USAGE", "no API is deployed under the stage \"" STR_F "\"; a path is written /{stage}/…", STR_A(stage));
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    trial_init(t, &c, live);
    t->inner.done = explained;
    t->request = *request;
    t->v->stage = stage;
    t->v->path = t->inner.resource = path;
    buf_f(out, "request   " STR_F " " STR_F "\nAPI       " STR_F " (" STR_F "), stage " STR_F "\n", STR_A(request->method), STR_A(request->target),
          STR_A(live->api->id), STR_A(live->api->name), STR_A(stage));
    if (match_path(live->api, request->method, path, &t->v->match)) {
        explain_run(t, out);
        matched = t->v->refused ? 1 : 0;
    } else {
        invoke_unmatched(&t->inner, t->v);
        buf_f(out, "refused   %d: " STR_F "\n", t->inner.err.status, STR_A(t->inner.reason));
        rest_leave(live);
        matched = 1;
    }
    buf_release(&t->log);
    http_reply_release(&t->reply);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    arena_release(&arena);
    return matched;
}
