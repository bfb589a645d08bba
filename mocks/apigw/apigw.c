/* apigw.c - API Gateway as a service: how a call finds its API, stage and resource, and how refusals look.
 *
 *   Invoke            /{stage}/…, {api}.execute-api.… /{stage}/…, /_aws/execute-api/{api}/{stage}/…,
 *                     /restapis/{api}/{stage}/_user_request_/…
 *   everything else   the control plane, see control.c
 */
#include "mocks/apigw/apigw.h"

#include <stdlib.h>

#include "base/codec.h"
#include "mocks/apigw/invoke.h"
#include "mocks/apigw/rest.h"
#include "mocks/cloud/cloud.h"

/* ---- which API, which stage ---- */
struct address {
    struct str api, stage, path; /* path begins with / or is empty */
};

/* Cuts "/segment" off the front; repeated slashes count as one. */
static struct str segment(struct str *path)
{
    while (path->n && path->p[0] == '/')
        path->p++, path->n--;
    struct str s = *path;
    size_t end = str_chr(s, '/');
    s.n = end == STR_NONE ? s.n : end;
    *path = str_from(*path, s.n);
    return s;
}

static struct address address_of(const struct http_request *r)
{
    struct address a = { .path = r->path };
    struct str host = http_request_header(r, "Host");
    if (str_starts(r->path, S("/_aws/execute-api/"))) {
        a.path = str_from(r->path, strlen("/_aws/execute-api"));
        a.api = segment(&a.path);
    } else if (str_starts(r->path, S("/restapis/")) && str_find(r->path, S("/_user_request_")) != STR_NONE) {
        a.path = str_from(r->path, strlen("/restapis"));
        a.api = segment(&a.path);
        a.stage = segment(&a.path);
        segment(&a.path);
        return a;
    } else if (str_find(host, S(".execute-api.")) != STR_NONE) {
        a.api = str_cut(&host, '.');
    }
    a.stage = segment(&a.path);
    return a;
}

/* ---- route ---- */
static struct str verbs_of(struct arena *a, const struct model_resource *r)
{
    struct str list = S("");
    for (const struct model_method *m = r->methods; m; m = m->next)
        list = arena_f(a, STR_F "%s" STR_F, STR_A(list), list.n ? ", " : "", STR_A(m->verb));
    return list;
}

static struct str children_of(struct arena *a, const struct model_resource *r)
{
    struct str list = S("");
    for (const struct model_resource *k = r->children; k; k = k->next)
        list = arena_f(a, STR_F "%s" STR_F, STR_A(list), list.n ? ", " : "", STR_A(k->path));
    return list.n ? list : S("nothing");
}

void invoke_unmatched(struct call *c, const struct invocation *v)
{
    const struct model_resource *r = v->match.resource;
    if (r)
        invoke_fail(c, REFUSE_TOKEN, "resource " STR_F " exists but has no method " STR_F "; it has " STR_F, STR_A(r->path),
                    STR_A(c->request->method), STR_A(verbs_of(c->arena, r)));
    else if (v->path.n <= 1)
        invoke_fail(c, REFUSE_TOKEN, "the URL ends after the stage \"" STR_F "\", and the API has no method on /; below it "
                    "there is " STR_F, STR_A(v->stage), STR_A(children_of(c->arena, v->match.nearest)));
    else
        invoke_fail(c, REFUSE_TOKEN, "no resource of the API has the form of " STR_F "; it leads as far as " STR_F ", below "
                    "which there is " STR_F, STR_A(v->path), STR_A(v->match.nearest->path),
                    STR_A(children_of(c->arena, v->match.nearest)));
}

static const struct action *route(struct call *c)
{
    struct apigw *g = c->state;
    struct address a = address_of(c->request);
    bool known;
    if (str_find(c->request->path, S("/_user_request_")) == STR_NONE && control_is(c->request))
        return control_route(c);
    c->resource = a.path.n ? a.path : S("/");
    if (!a.stage.n) {
        invoke_fail(c, REFUSE_FORBIDDEN, "the URL has no stage; it is written /{stage}/…");
        return NULL;
    }
    struct rest_live *live = rest_find(g->rest, a.api, a.stage, &known);
    if (!live) {
        invoke_fail(c, REFUSE_FORBIDDEN, known ? "the API has no stage \"" STR_F "\"; create-deployment makes one"
                                               : "no API answers for the stage \"" STR_F "\" here", STR_A(a.stage));
        return NULL;
    }
    struct invocation *v = ARENA_NEW(c->arena, struct invocation);
    *v = (struct invocation){ .call = c, .gateway = g, .live = live, .api = live->api, .variables = live->variables,
                              .deployment = live->deployment, .stage = a.stage, .path = c->resource, .extended_id = S("") };
    c->scratch = v;
    if (match_path(v->api, c->request->method, v->path, &v->match))
        return &control_actions[0];
    invoke_unmatched(c, v);
    return NULL;
}

/* ---- signatures of the control plane ---- */
static bool is_data_plane(const struct call *c) { return c->action == &control_actions[0]; }

static int refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why)
{
    switch (verdict) {
    case SIGV4_ABSENT: return call_fail(c, 403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    case SIGV4_UNKNOWN_KEY:
        return call_fail(c, 403, "UnrecognizedClientException", "The security token included in the request is invalid.");
    case SIGV4_INCOMPLETE: return call_fail(c, 403, "IncompleteSignatureException", "%s", why->message);
    case SIGV4_MISMATCH:
    case SIGV4_BODY_HASH:
        return call_fail(c, 403, "InvalidSignatureException",
                         "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                         "Access Key and signing method. Consult the service documentation for details.");
    default: return call_fail(c, 403, "InvalidSignatureException", "%s", why->message);
    }
}

/* Ids as AWS has them: x-amz-apigw-id is 16 characters of base64 and ends in "=". */
static void finish(struct call *c)
{
    struct buf id = BUF_INIT;
    struct invocation *v = c->scratch;
    if (v) {
        c->reply->delay_ms += v->delay_ms;
        rest_leave(v->live);
        v->live = NULL;
        v->api = NULL;
    }
    codec_base64(&id, str_head(c->request_id, 11));
    call_header(c, "x-amzn-RequestId", c->request_id);
    call_header(c, "x-amz-apigw-id", buf_str(&id));
    buf_release(&id);
}

/* ---- state ---- */
static void close_state(void *state)
{
    struct apigw *g = state;
    foreign_close(g->foreign);
    rest_close(g->rest);
    free(g);
}

static void *open_state(struct cloud *cloud, struct err *e)
{
    const char *document = cloud_setting(cloud, "apigw.openapi"), *id = cloud_setting(cloud, "apigw.id");
    const char *timeout = cloud_setting(cloud, "apigw.timeout_ms");
    struct str name = str_of(id && *id ? id : "weirbox000");
    struct apigw *g = mem_zero(sizeof(*g));
    g->cloud = cloud;
    g->timeout_ms = 29000;
    g->foreign = foreign_open(cloud);
    g->rest = rest_open(cloud);
    if (timeout && (!str_to_i64(str_of(timeout), &g->timeout_ms) || g->timeout_ms < 1)) {
        err_set(e, 0, "SETTING_MALFORMED", "apigw.timeout_ms is a number of milliseconds, not \"%s\"", timeout);
        close_state(g);
        return NULL;
    }
    if (!document || !*document)
        return g;
    struct model_api *api = openapi_import(str_of(document), name, e);
    if (api) {
        rest_import(g->rest, api);
        return g;
    }
    close_state(g);
    return NULL;
}

/* The document is configuration: it stays. */
static void reset(void *state) { rest_reset(((struct apigw *)state)->rest); }

static void describe(void *state, struct buf *out)
{
    const struct apigw *g = state;
    struct map_entry *m;
    size_t resources = 0, n = 0;
    pthread_rwlock_rdlock(&g->rest->lock);
    for (size_t i = 0; (m = map_next(&g->rest->apis, &i));) {
        const struct rest_api *api = m->value;
        resources += (size_t)cJSON_GetArraySize(define_get(api->definition, "resources"));
        n++;
    }
    buf_f(out, "\"apis\":%zu,\"resources\":%zu", n, resources);
    pthread_rwlock_unlock(&g->rest->lock);
}

const struct service apigw_service = {
    .name = "apigw",
    .title = "Amazon API Gateway",
    .actions = control_actions,
    .n_actions = CONTROL_ACTIONS,
    .port = 8080,
    .max_body_bytes = 10 * 1024 * 1024,
    .throttle = { 429, "TooManyRequestsException", "Too Many Requests" },
    .signed_requests = true,
    .route = route,
    .unsigned_call = is_data_plane,
    .refuse = refuse,
    .phrase = refuse_phrase,
    .finish = finish,
    .open = open_state,
    .close = close_state,
    .reset = reset,
    .describe = describe,
};
