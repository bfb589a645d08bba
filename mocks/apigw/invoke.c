/* invoke.c - one call of the data plane, from request to answer.
 *
 *   invoke_run      key asked for? → parameters → template or pass-through (415) → integrate_send
 *   invoke_answer   timeout? → proxy: the backend's answer with headers renamed
 *                           → else: integration response by pattern → template → mapped headers → overrides
 *
 * Documented at: Developer Guide, "Integration passthrough behaviors", "Set up an integration response",
 * "Gateway response types".
 */
#include "mocks/apigw/invoke.h"

#include "base/clock.h"
#include "base/codec.h"
#include "mocks/cloud/cloud.h"

/* ---- parameters ---- */
static struct str decoded(struct arena *a, struct str s, bool plus)
{
    if (str_chr(s, '%') == STR_NONE && (!plus || str_chr(s, '+') == STR_NONE))
        return s;
    struct buf b = BUF_INIT;
    codec_unpercent(&b, s, plus);
    struct str out = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return out;
}

/* Dropped from every request before anything sees them. */
static bool is_dropped(struct str name)
{
    static const struct str dropped[] = { S_INIT("Connection"), S_INIT("Content-Length"), S_INIT("Content-MD5"), S_INIT("Expect"),
        S_INIT("Max-Forwards"), S_INIT("Proxy-Authenticate"), S_INIT("Server"), S_INIT("TE"), S_INIT("Transfer-Encoding"),
        S_INIT("Trailer"), S_INIT("Upgrade"), S_INIT("WWW-Authenticate") };
    return str_in_nocase(name, dropped, sizeof(dropped) / sizeof(*dropped));
}

static void read_params(struct invocation *v)
{
    struct arena *a = v->call->arena;
    const struct http_request *r = v->call->request;
    size_t most = v->match.n_params + r->n_headers;
    for (size_t i = 0; i < r->query.n; i++)
        most += r->query.p[i] == '&';
    v->params = arena_alloc(a, (most + 1) * sizeof(*v->params));
    for (size_t i = 0; i < v->match.n_params; i++)
        v->params[v->n_params++] = (struct vtl_param){ VTL_PATH, v->match.params[i].name,
                                                       decoded(a, v->match.params[i].value, false) };
    for (struct str rest = r->query; rest.p && r->query.n;) {
        struct str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
        if (name.n)
            v->params[v->n_params++] = (struct vtl_param){ VTL_QUERY, decoded(a, name, true),
                                                           value.p ? decoded(a, value, true) : S("") };
    }
    for (size_t i = 0; i < r->n_headers; i++)
        if (!is_dropped(r->headers[i].name))
            v->params[v->n_params++] = (struct vtl_param){ VTL_HEADER, r->headers[i].name, r->headers[i].value };
    v->vtl = (struct vtl_request){ .body = r->body, .params = v->params, .n_params = v->n_params,
                                   .make_context = context_make, .make_stage = context_stage, .arg = v };
}

static struct str media_type(struct str header)
{
    struct str type = str_trim(str_cut(&header, ';'));
    return type.n ? type : S("application/json");
}

/* ---- the request's template ---- */
static const struct model_template *by_type(const struct model_template *t, struct str type)
{
    while (t && !str_eq_nocase(t->media_type, type))
        t = t->next;
    return t;
}

static struct str types_of(struct arena *a, const struct model_template *t)
{
    struct str list = S("");
    for (; t; t = t->next)
        list = arena_f(a, STR_F "%s" STR_F, STR_A(list), list.n ? ", " : "", STR_A(t->media_type));
    return list;
}

static int render(struct invocation *v, const struct model_template *t, struct str *ret, const char *which)
{
    struct call *c = v->call;
    struct vtl_env env = { .arena = c->arena, .request = &v->vtl };
    struct err e = { 0 };
    struct buf out = BUF_INIT;
    if (!t->compiled)
        return invoke_fail(c, REFUSE_CONFIGURATION, "the %s template for " STR_F " of " STR_F " does not compile: " STR_F, which,
                           STR_A(t->media_type), STR_A(v->match.resource->path), STR_A(t->problem));
    int failed = vtl_render(t->compiled, &env, &out, &e);
    if (!failed)
        *ret = arena_dup(c->arena, buf_str(&out));
    buf_release(&out);
    if (!failed)
        return 0;
    if (e.status == 400)
        return invoke_fail(c, REFUSE_BODY, "%s", e.message);
    return invoke_fail(c, REFUSE_CONFIGURATION, "the %s template for " STR_F " of " STR_F " failed: %s", which,
                       STR_A(t->media_type), STR_A(v->match.resource->path), e.message);
}

static int request_body(struct invocation *v, struct str *ret)
{
    const struct model_integration *i = v->integration;
    const struct model_template *t = by_type(i->templates, v->content_type);
    if (!t)
        t = by_type(i->templates, S("$default"));
    if (t)
        return render(v, t, ret, "request");
    *ret = v->call->request->body;
    if (i->passthrough == MODEL_WHEN_NO_MATCH || (i->passthrough == MODEL_WHEN_NO_TEMPLATES && !i->templates))
        return 0;
    struct str sent = http_request_header(v->call->request, "Content-Type");
    return invoke_fail(v->call, REFUSE_MEDIA_TYPE, "Content-Type %s" STR_F " has no mapping template at " STR_F " " STR_F
                       " (there are templates for: " STR_F ") and is not passed through", sent.n ? "" : "(none given, so) ",
                       STR_A(v->content_type), STR_A(v->call->request->method), STR_A(v->match.resource->path),
                       STR_A(types_of(v->call->arena, i->templates)));
}

/* ---- the execution log ---- */
void invoke_log(struct invocation *v, const char *fmt, ...)
{
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    if (!v->log)
        return;
    va_list ap;
    int64_t now = clock_now_ms(cloud_clock(v->gateway->cloud));
    struct civil t = clock_civil(now);
    buf_f(v->log, "%s %s %02d %02d:%02d:%02d UTC %04d : ", days[now / 86400000 % 7], months[t.month - 1], t.day, t.hour, t.minute,
          t.second, t.year);
    va_start(ap, fmt);
    buf_vf(v->log, fmt, ap);
    va_end(ap);
    buf_c(v->log, '\n');
}

static void log_params(struct invocation *v, const char *what, enum vtl_place place)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < v->n_params; i++)
        if (v->params[i].place == place)
            buf_f(&b, "%s" STR_F "=" STR_F, b.n ? ", " : "", STR_A(v->params[i].name), STR_A(v->params[i].value));
    invoke_log(v, "Method request %s: {" STR_F "}", what, STR_A(buf_str(&b)));
    buf_release(&b);
}

static void log_request(struct invocation *v)
{
    if (!v->log)
        return;
    buf_f(v->log, "Execution log for request " STR_F "\n", STR_A(v->call->request_id));
    invoke_log(v, "Starting execution for request: " STR_F, STR_A(v->call->request_id));
    invoke_log(v, "HTTP Method: " STR_F ", Resource Path: " STR_F, STR_A(v->call->request->method), STR_A(v->path));
    log_params(v, "path", VTL_PATH);
    log_params(v, "query string", VTL_QUERY);
    log_params(v, "headers", VTL_HEADER);
    invoke_log(v, "Method request body before transformations: " STR_F, STR_A(v->call->request->body));
}

static void log_answer(struct invocation *v)
{
    struct buf b = BUF_INIT;
    if (!v->log || v->integration->type == MODEL_MOCK) /* AWS logs nothing of an endpoint that is not there */
        return;
    invoke_log(v, "Received response. Status: %d, Integration latency: %lld ms", v->back.status, (long long)v->back.delay_ms);
    for (size_t i = 0; i < v->back.n_headers; i++)
        buf_f(&b, "%s" STR_F "=" STR_F, b.n ? ", " : "", STR_A(v->back.headers[i].name), STR_A(v->back.headers[i].value));
    invoke_log(v, "Endpoint response headers: {" STR_F "}", STR_A(buf_str(&b)));
    invoke_log(v, "Endpoint response body before transformations: " STR_F, STR_A(http_reply_body(&v->back)));
    buf_release(&b);
}

int invoke_run(struct call *c)
{
    struct invocation *v = c->scratch;
    const struct model_method *m = v->match.method;
    struct str body;
    v->integration = m->integration;
    v->content_type = media_type(http_request_header(c->request, "Content-Type"));
    read_params(v);
    log_request(v);
    if (admit_key(v) || admit_request(v))
        return -1;
    if (!v->integration)
        return invoke_fail(c, REFUSE_CONFIGURATION, STR_F " " STR_F " has no integration", STR_A(m->verb),
                           STR_A(v->match.resource->path));
    c->reason = arena_dup(c->arena, m->summary); /* the API may be gone when the journal is written */
    if (request_body(v, &body) || binary_request(v, &body))
        return -1;
    return integrate_send(v, body);
}

/* ---- the answer ---- */
/* The client's x-amz-apigw-id is called extended request id in $context. */
static bool is_renamed(struct str name, bool mapped)
{
    static const struct str always[] = { S_INIT("Connection"), S_INIT("Content-Length"), S_INIT("Date"), S_INIT("Server") };
    static const struct str when_mapped[] = { S_INIT("Authorization"), S_INIT("Content-MD5"), S_INIT("Expect"), S_INIT("Host"),
        S_INIT("Max-Forwards"), S_INIT("Proxy-Authenticate"), S_INIT("Trailer"), S_INIT("Upgrade"), S_INIT("User-Agent"),
        S_INIT("WWW-Authenticate") };
    return str_in_nocase(name, always, sizeof(always) / sizeof(*always)) ||
           (mapped && str_in_nocase(name, when_mapped, sizeof(when_mapped) / sizeof(*when_mapped))) ||
           (!mapped && str_eq_nocase(name, S("x-amzn-RequestId")));
}

static bool is_hop(struct str name)
{
    return str_eq_nocase(name, S("Transfer-Encoding")) || str_eq_nocase(name, S("Content-Encoding")) ||
           str_eq_nocase(name, S("Via")) || str_eq_nocase(name, S("Keep-Alive"));
}

static void answer_header(struct call *c, struct str name, struct str value, bool mapped)
{
    char *z = is_renamed(name, mapped) ? (char *)(uintptr_t)arena_f(c->arena, "x-amzn-Remapped-" STR_F, STR_A(name)).p
                                       : arena_z(c->arena, name);
    http_reply_header(c->reply, c->arena, z, value);
}

/* HTTP_PROXY: status, body and headers as they came. */
static int answer_proxy(struct invocation *v)
{
    struct call *c = v->call;
    for (size_t i = 0; i < v->back.n_headers; i++)
        if (!is_hop(v->back.headers[i].name))
            answer_header(c, v->back.headers[i].name, v->back.headers[i].value, false);
    c->reply->status = v->back.status;
    struct str body = http_reply_body(&v->back), as_was = body;
    if (v->api->n_binary_types &&
        binary_response(v, MODEL_CONTENT_AS_IS, http_header_get(v->back.headers, v->back.n_headers, "Content-Type"), &body))
        return -1;
    if (body.p != as_was.p) {
        buf_str_add(&c->reply->body, body);
        return 0;
    }
    c->reply->body = v->back.body;
    c->reply->shared = v->back.shared;
    c->reply->shared_release = v->back.shared_release;
    c->reply->shared_arg = v->back.shared_arg;
    v->back.body = BUF_INIT;
    v->back.shared = (struct str){ 0 };
    v->back.shared_release = NULL;
    return 0;
}

static const struct model_response *response_for(struct invocation *v)
{
    struct str status = arena_f(v->call->arena, "%d", v->back.status);
    const struct model_response *otherwise = NULL;
    struct jregex_match m;
    for (const struct model_response *r = v->integration->responses; r; r = r->next) {
        if (!r->compiled)
            otherwise = r;
        else if (jregex_starts(r->compiled, status, &m))
            return r;
    }
    return otherwise;
}

/* By the last type in Accept, else application/json, else the first. */
static const struct model_template *response_template(struct invocation *v, const struct model_response *r)
{
    if (!r->templates)
        return NULL;
    struct str last = S("");
    for (struct str rest = http_request_header(v->call->request, "Accept"); rest.p;)
        last = str_cut(&rest, ',');
    const struct model_template *t = by_type(r->templates, media_type(last));
    if (!t)
        t = by_type(r->templates, S("application/json"));
    return t ? t : r->templates;
}

static int mapped_headers(struct invocation *v, const struct model_response *r)
{
    struct call *c = v->call;
    static const struct http_header none[1];
    const struct mapping_input in = {
        .arena = c->arena, .request = &v->vtl, .headers = v->back.n_headers ? v->back.headers : none,
        .n_headers = v->back.n_headers, .body = http_reply_body(&v->back),
    };
    for (const struct mapping *m = r->mappings; m; m = m->next) {
        struct str value;
        if (mapping_value(m, &in, &value, &c->err))
            return invoke_fail(c, REFUSE_CONFIGURATION, "the backend's answer is no JSON, but a response header is mapped from it");
        if (value.p)
            answer_header(c, m->name, value, true);
    }
    return 0;
}

static void overridden(struct invocation *v)
{
    struct call *c = v->call;
    struct vtl_map *headers = context_override(&v->vtl, "responseOverride", "header");
    int status = context_status(&v->vtl);
    if (status)
        c->reply->status = status;
    for (uint32_t i = 0; headers && i < headers->n; i++) {
        struct str name = vtl_text(c->arena, headers->e[i]->key), value = vtl_text(c->arena, headers->e[i]->value);
        bool there = false;
        for (size_t k = 0; k < c->reply->n_headers; k++)
            if (str_eq_nocase(c->reply->headers[k].name, name)) {
                c->reply->headers[k].value = value;
                there = true;
            }
        if (!there)
            http_reply_header(c->reply, c->arena, arena_z(c->arena, name), value);
    }
}

static int answer_mapped(struct invocation *v)
{
    struct call *c = v->call;
    const struct model_response *r = response_for(v);
    if (!r)
        return invoke_fail(c, REFUSE_CONFIGURATION, "no integration response of " STR_F " " STR_F " takes the backend's status "
                           "%d, and there is no default", STR_A(v->match.method->verb), STR_A(v->match.resource->path),
                           v->back.status);
    const struct model_template *t = response_template(v, r);
    struct str body = v->integration->type == MODEL_MOCK ? S("") : http_reply_body(&v->back);
    if (v->integration->type != MODEL_MOCK &&
        binary_response(v, r->content, http_header_get(v->back.headers, v->back.n_headers, "Content-Type"), &body))
        return -1;
    if (t) {
        v->vtl.body = body;
        v->vtl.body_kind = VTL_BODY_UNKNOWN;
        v->vtl.body_value = vtl_null();
        if (render(v, t, &body, "response"))
            return -1;
    }
    c->reply->status = r->status;
    if (mapped_headers(v, r))
        return -1;
    if (!http_header_get(c->reply->headers, c->reply->n_headers, "Content-Type").p)
        http_reply_header(c->reply, c->arena, "Content-Type", t ? t->media_type : S("application/json"));
    if (v->integration->type != MODEL_MOCK)
        http_reply_header(c->reply, c->arena, "X-Amzn-Trace-Id", http_header_get(v->out.headers, v->out.n_headers, "X-Amzn-Trace-Id"));
    overridden(v);
    invoke_log(v, "Method response body after transformations: " STR_F, STR_A(body));
    buf_str_add(&c->reply->body, body);
    return 0;
}

int64_t invoke_limit_ms(const struct invocation *v)
{
    return v->integration->timeout_ms < v->gateway->timeout_ms ? v->integration->timeout_ms : v->gateway->timeout_ms;
}

int invoke_answer(struct invocation *v, const char *network_error)
{
    struct call *c = v->call;
    int64_t limit = invoke_limit_ms(v);
    int result;
    log_answer(v);
    v->delay_ms = v->back.delay_ms > limit ? limit : v->back.delay_ms;
    if (v->late)
        result = invoke_fail(c, REFUSE_TIMEOUT, "the backend " STR_F " gave no answer in the %lld ms the gateway waits",
                             STR_A(v->integration->uri), (long long)limit);
    else if (v->back.delay_ms > limit)
        result = invoke_fail(c, REFUSE_TIMEOUT, "the backend took %lld ms; the gateway waits %lld ms",
                             (long long)v->back.delay_ms, (long long)limit);
    else if (network_error || v->back.end != HTTP_SEND)
        result = invoke_fail(c, REFUSE_NETWORK, "the backend " STR_F " gave no answer: %s", STR_A(v->integration->uri),
                             network_error ? network_error : "it closed the connection");
    else if (v->integration->type == MODEL_HTTP_PROXY)
        result = answer_proxy(v);
    else
        result = answer_mapped(v);
    http_reply_release(&v->back);
    return result;
}
