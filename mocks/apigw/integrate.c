/* integrate.c - where a call goes.
 *
 *   AWS          arn:aws:apigateway:R:SERVICE:action/NAME or …:path/…: a service of this cloud, in process
 *   HTTP         only mapped parameters go along, and the gateway's own headers
 *   HTTP_PROXY   the client's headers, query and body go along as they are
 *   MOCK         the template's {"statusCode": n} is the answer
 * A host of this cloud (setting "hosts", or one of its own addresses) is called in process, others over the network.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "mocks/apigw/invoke.h"
#include "mocks/cloud/cloud.h"

enum { MAX_PAIRS = 64 };

struct pair {
    struct str name, value;
};
/* What the backend's request is made of. */
struct outgoing {
    struct invocation *v;
    struct arena *a;
    struct pair path[MAX_PAIRS], query[MAX_PAIRS], headers[MAX_PAIRS];
    size_t n_path, n_query, n_headers;
};

/* ---- mapped parameters ---- */
static void put(struct pair *pairs, size_t *n, struct str name, struct str value)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(pairs[i].name, name)) {
            pairs[i].value = value;
            return;
        }
    if (*n < MAX_PAIRS)
        pairs[(*n)++] = (struct pair){ name, value };
}

static void put_target(struct outgoing *o, enum mapping_target target, struct str name, struct str value)
{
    if (target == MAPPING_PATH)
        put(o->path, &o->n_path, name, value);
    else if (target == MAPPING_QUERY)
        put(o->query, &o->n_query, name, value);
    else
        put(o->headers, &o->n_headers, name, value);
}

static void put_overrides(struct outgoing *o, const char *part, enum mapping_target target)
{
    struct vtl_map *m = context_override(&o->v->vtl, "requestOverride", part);
    for (uint32_t i = 0; m && i < m->n; i++)
        put_target(o, target, vtl_text(o->a, m->e[i]->key), vtl_text(o->a, m->e[i]->value));
}

static int map_parameters(struct outgoing *o)
{
    struct call *c = o->v->call;
    const struct mapping_input in = { .arena = o->a, .request = &o->v->vtl, .raw = o->v->match.params,
                                       .n_raw = o->v->match.n_params };
    for (const struct mapping *m = o->v->integration->mappings; m; m = m->next) {
        struct str value;
        if (mapping_value(m, &in, &value, &c->err))
            return invoke_fail(c, REFUSE_BODY, "%s", c->err.message);
        if (value.p)
            put_target(o, m->target, m->name, value);
    }
    if (o->v->vtl.context.type != VTL_NULL) {
        put_overrides(o, "path", MAPPING_PATH);
        put_overrides(o, "querystring", MAPPING_QUERY);
        put_overrides(o, "header", MAPPING_HEADER);
    }
    return 0;
}

/* Headers that AWS does not let a mapping set: the call is a 500 then. */
static int check_headers(struct outgoing *o)
{
    static const char *const never[] = { "Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id",
                                         "X-Amzn-Apigateway-Api-Id" };
    static const char *const not_aws[] = { "Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE" };
    bool aws = o->v->integration->type == MODEL_AWS;
    for (size_t i = 0; i < o->n_headers; i++)
        for (size_t k = 0; k < 4 + (aws ? 5 : 0); k++) {
            const char *name = k < 4 ? never[k] : not_aws[k - 4];
            if (str_eq_nocase(o->headers[i].name, str_of(name)))
                return invoke_fail(o->v->call, REFUSE_CONFIGURATION, "the integration maps the header %s, which the gateway "
                                   "sets itself", name);
        }
    return 0;
}

/* ---- addresses ---- */
static struct str named(const struct pair *pairs, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].name, name))
            return pairs[i].value;
    return (struct str){ 0 };
}

/* A path parameter: mapped, or the method's own of that name. */
static struct str path_value(const struct outgoing *o, struct str name)
{
    struct str v = named(o->path, o->n_path, name);
    for (size_t i = 0; !v.p && i < o->v->match.n_params; i++)
        if (str_eq(o->v->match.params[i].name, name))
            v = o->v->match.params[i].value;
    return v;
}

static void put_stage_variable(struct outgoing *o, struct buf *out, struct str name)
{
    struct vtl_value stage = context_stage(&o->v->vtl, o->a);
    struct vtl_value *there = vtl_map_get(stage.map, name);
    if (there)
        vtl_print(out, *there);
}

/* Text with {x} and ${stageVariables.x} filled in. */
static struct str filled(struct outgoing *o, struct str template)
{
    static const char variable[] = "${stageVariables.";
    struct buf b = BUF_INIT;
    if (str_chr(template, '{') == STR_NONE)
        return template;
    for (size_t i = 0; i < template.n; i++) {
        struct str rest = str_from(template, i);
        size_t close = str_chr(rest, '}');
        struct str name = { rest.p + 1, close == STR_NONE ? 0 : close - 1 };
        struct str v = { 0 };
        if (close != STR_NONE && str_starts(rest, str_of(variable))) {
            put_stage_variable(o, &b, (struct str){ rest.p + sizeof(variable) - 1, close - (sizeof(variable) - 1) });
            i += close;
        } else if (rest.p[0] == '{' && close != STR_NONE && (v = path_value(o, name)).p) {
            buf_str_add(&b, v);
            i += close;
        } else {
            buf_c(&b, rest.p[0]);
        }
    }
    struct str s = arena_dup(o->a, buf_str(&b));
    buf_release(&b);
    return s;
}

/* "path?query" of the backend: what the URI has, mapped parameters, and for a proxy the client's own query. */
static struct str target_of(struct outgoing *o, struct str path)
{
    struct str client = o->v->integration->type == MODEL_HTTP_PROXY ? o->v->call->request->query : S("");
    if (!client.n && !o->n_query)
        return path.n ? path : S("/");
    struct buf b = BUF_INIT;
    buf_str_add(&b, path.n ? path : S("/"));
    char joint = str_chr(path, '?') == STR_NONE ? '?' : '&';
    if (client.n) {
        buf_c(&b, joint);
        buf_str_add(&b, client);
        joint = '&';
    }
    for (size_t i = 0; i < o->n_query; i++, joint = '&') {
        buf_c(&b, joint);
        codec_percent(&b, o->query[i].name, "");
        buf_c(&b, '=');
        codec_percent(&b, o->query[i].value, "");
    }
    struct str s = arena_dup(o->a, buf_str(&b));
    buf_release(&b);
    return s;
}

/* ---- headers ---- */
static void header(struct outgoing *o, struct str name, struct str value)
{
    struct http_request *r = &o->v->out;
    r->headers[r->n_headers++] = (struct http_header){ name, value };
}

static struct str trace_id(struct outgoing *o)
{
    struct call *c = o->v->call;
    return arena_f(o->a, "Root=1-%08x-%08x%016llx", (unsigned)(clock_now_ms(cloud_clock(c->cloud)) / 1000),
                   (unsigned)cloud_random(c->cloud), (unsigned long long)cloud_random(c->cloud));
}

/* A proxy hands on the client's headers but these. */
static void proxy_headers(struct outgoing *o)
{
    static const struct str kept_back[] = { S_INIT("Host"), S_INIT("Content-Encoding"), S_INIT("Via"), S_INIT("Expect"), S_INIT("TE"),
        S_INIT("Proxy-Authenticate"), S_INIT("Connection"), S_INIT("Content-Length"), S_INIT("Content-MD5"), S_INIT("Max-Forwards"),
        S_INIT("Server"), S_INIT("Transfer-Encoding"), S_INIT("Trailer"), S_INIT("Upgrade"), S_INIT("WWW-Authenticate") };
    const struct http_request *r = o->v->call->request;
    for (size_t i = 0; i < r->n_headers; i++)
        if (!str_in_nocase(r->headers[i].name, kept_back, sizeof(kept_back) / sizeof(*kept_back)) &&
            !named(o->headers, o->n_headers, r->headers[i].name).p)
            header(o, r->headers[i].name, r->headers[i].value);
}

static void own_headers(struct outgoing *o, bool http)
{
    bool agent = false, accept = false, type = false;
    for (size_t i = 0; i < o->n_headers; i++) {
        agent |= str_eq_nocase(o->headers[i].name, S("User-Agent"));
        accept |= str_eq_nocase(o->headers[i].name, S("Accept"));
        type |= str_eq_nocase(o->headers[i].name, S("Content-Type"));
    }
    if (!accept)
        header(o, S("Accept"), S("application/json"));
    if (!agent)
        header(o, S("User-Agent"), arena_f(o->a, "AmazonAPIGateway_" STR_F, STR_A(o->v->api->id)));
    if (!type && http)
        header(o, S("Content-Type"), o->v->content_type);
    else if (!type)
        header(o, S("Content-Type"), S("application/x-amz-json-1.1"));
}

static void all_headers(struct outgoing *o)
{
    static const struct str hop[] = { S_INIT("Expect"), S_INIT("Proxy-Authenticate"), S_INIT("TE"), S_INIT("Via") };
    struct http_request *r = &o->v->out;
    enum model_type type = o->v->integration->type;
    r->headers = ARENA_ARRAY(o->a, struct http_header, o->n_headers + o->v->call->request->n_headers + 8);
    if (type == MODEL_HTTP_PROXY)
        proxy_headers(o);
    else
        own_headers(o, type == MODEL_HTTP);
    for (size_t i = 0; i < o->n_headers; i++) /* AWS leaves these out though they are mapped */
        if (!str_in_nocase(o->headers[i].name, hop, sizeof hop / sizeof *hop))
            header(o, o->headers[i].name, o->headers[i].value);
    if (type != MODEL_AWS)
        header(o, S("X-Amzn-Apigateway-Api-Id"), o->v->api->id);
    header(o, S("X-Amzn-Trace-Id"), trace_id(o));
}

/* ---- sending ---- */
enum phase { PHASE_SENT = 1, PHASE_ANSWERED = 2 };

static void answered(void *arg)
{
    struct invocation *v = arg;
    if (atomic_exchange(&v->phase, PHASE_ANSWERED) == PHASE_SENT)
        call_finish(v->call, invoke_answer(v, NULL));
}

static int send_local(struct invocation *v, const char *service)
{
    struct call *c = v->call;
    if (cloud_invoke(c->cloud, service, &v->out, &v->back, c->arena, answered, v))
        return invoke_fail(c, REFUSE_CONFIGURATION, "the integration names the service '%s', which this cloud does not run",
                           service);
    if (atomic_exchange(&v->phase, PHASE_SENT) == PHASE_ANSWERED)
        return invoke_answer(v, NULL);
    return CALL_LATER;
}

/* ANY is the client's. */
static struct str sent_method(const struct invocation *v)
{
    struct str method = v->integration->http_method;
    return str_is(method, "ANY") ? v->call->request->method : method;
}

static int send_aws(struct outgoing *o)
{
    static const struct { const char *service, *prefix; } targets[] = { { "kinesis", "Kinesis_20131202." } };
    struct invocation *v = o->v;
    const struct model_integration *i = v->integration;
    v->out.method = sent_method(v);
    if (i->path.n) {
        http_request_target(&v->out, target_of(o, filled(o, i->path)));
        return send_local(v, arena_z(o->a, i->service));
    }
    /* "x-amz-json-1.1", as the tutorial writes in places, is taken by AWS */
    for (size_t k = 0; k < v->out.n_headers; k++)
        if (str_eq_nocase(v->out.headers[k].name, S("Content-Type")) && str_starts(v->out.headers[k].value, S("x-amz-json-")))
            v->out.headers[k].value = arena_f(o->a, "application/" STR_F, STR_A(v->out.headers[k].value));
    struct str prefix = S("");
    for (size_t k = 0; k < sizeof(targets) / sizeof(*targets); k++)
        if (str_is(i->service, targets[k].service))
            prefix = str_of(targets[k].prefix);
    header(o, S("X-Amz-Target"), arena_f(o->a, STR_F STR_F, STR_A(prefix), STR_A(i->action)));
    http_request_target(&v->out, arena_f(o->a, "/?Action=" STR_F, STR_A(i->action)));
    return send_local(v, arena_z(o->a, i->service));
}

/* "host:port" of a URL; *ret_path: what follows it. */
static struct str host_of(struct str uri, struct str *ret_path)
{
    struct str after = str_from(uri, str_starts(uri, S("https://")) ? 8 : 7), host = after;
    for (size_t k = 0; k < after.n && host.n == after.n; k++)
        if (after.p[k] == '/' || after.p[k] == '?')
            host.n = k;
    *ret_path = str_from(after, host.n);
    return host;
}

static int send_http(struct outgoing *o)
{
    struct invocation *v = o->v;
    const struct model_integration *i = v->integration;
    struct str path, uri = filled(o, i->uri), host = host_of(uri, &path);
    v->out.method = sent_method(v);
    if (path.n && path.p[0] == '?')
        path = arena_f(o->a, "/" STR_F, STR_A(path));
    http_request_target(&v->out, target_of(o, path));
    if (str_find(v->out.target, S("{proxy}")) != STR_NONE)
        call_reason(v->call, "the integration's URL has {proxy}, but the resource has no {proxy+}: it was sent as it is");
    const char *service = cloud_service_of_host(v->call->cloud, host);
    if (service)
        return send_local(v, service);
    v->url = arena_f(o->a, STR_F "://" STR_F STR_F, STR_A(str_head(uri, str_chr(uri, ':'))), STR_A(host),
                     STR_A(v->out.target));
    return foreign_send(v->gateway->foreign, v);
}

/* The template's statusCode picks the integration response; the body is what came. */
static int answer_mock(struct invocation *v, struct str body)
{
    struct call *c = v->call;
    struct vtl_value parsed, *status = NULL;
    if (vtl_json_parse(c->arena, body, &parsed) && parsed.type == VTL_MAP)
        status = vtl_map_get(parsed.map, S("statusCode"));
    int64_t code = 0;
    if (status && status->type == VTL_INT)
        code = status->i;
    else if (status && status->type == VTL_STRING)
        str_to_i64(status->s, &code);
    if (code < 100 || code > 599)
        return invoke_fail(c, REFUSE_CONFIGURATION, "a MOCK integration's request template has to print {\"statusCode\": n}; it "
                           "printed " STR_F, STR_A(str_head(body, 80)));
    v->back.status = (int)code;
    return invoke_answer(v, NULL);
}

static void log_sending(struct outgoing *o)
{
    struct invocation *v = o->v;
    const struct model_integration *i = v->integration;
    if (!v->log)
        return;
    struct buf headers = BUF_INIT;
    struct str uri = i->type != MODEL_AWS ? target_of(o, filled(o, i->uri))
        : arena_f(o->a, "https://" STR_F "." STR_F ".amazonaws.com" STR_F STR_F, STR_A(i->service), STR_A(i->region),
                  STR_A(i->path.n ? i->path : S("/?Action=")), STR_A(i->action));
    for (size_t k = 0; k < v->out.n_headers; k++)
        buf_f(&headers, "%s" STR_F "=" STR_F, k ? ", " : "", STR_A(v->out.headers[k].name), STR_A(v->out.headers[k].value));
    invoke_log(v, "Endpoint request URI: " STR_F, STR_A(uri));
    invoke_log(v, "Endpoint request headers: {" STR_F "}", STR_A(buf_str(&headers)));
    invoke_log(v, "Endpoint request body after transformations: " STR_F, STR_A(v->out.body));
    invoke_log(v, "Sending request to " STR_F, STR_A(uri));
    buf_release(&headers);
}

int integrate_send(struct invocation *v, struct str body)
{
    struct outgoing o;
    o.v = v;
    o.a = v->call->arena;
    o.n_path = o.n_query = o.n_headers = 0;
    if (v->integration->type == MODEL_MOCK)
        return answer_mock(v, body);
    if (v->integration->type == MODEL_AWS_PROXY)
        return call_fail(v->call, 501, "NotImplemented", "weirbox does not implement AWS_PROXY integrations (Lambda, Firehose)");
    v->out.body = body;
    v->out.peer = S("");
    if (map_parameters(&o) || check_headers(&o))
        return -1;
    struct str path;
    if (v->integration->type != MODEL_AWS && !host_of(filled(&o, v->integration->uri), &path).n)
        return invoke_fail(v->call, REFUSE_CONFIGURATION, "Invalid endpoint address: " STR_F " names no host once stage variables are filled in",
                           STR_A(v->integration->uri));
    all_headers(&o);
    log_sending(&o);
    return v->integration->type == MODEL_AWS ? send_aws(&o) : send_http(&o);
}
