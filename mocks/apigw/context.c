/* context.c - $context: what a template and a mapping may know of the call, made when it is first asked for. */
#include <stdio.h>

#include "base/clock.h"
#include "mocks/apigw/invoke.h"
#include "mocks/apigw/rest.h"
#include "mocks/cloud/cloud.h"

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* "28/Aug/2020:03:52:47 +0000" */
static struct str request_time(struct arena *a, int64_t now_ms)
{
    struct civil t = clock_civil(now_ms);
    return arena_f(a, "%02d/%s/%04d:%02d:%02d:%02d +0000", t.day, months[t.month - 1], t.year, t.hour, t.minute, t.second);
}

static struct vtl_value identity(struct arena *a, const struct invocation *v)
{
    static const char *const empty[] = { "accessKey", "accountId", "apiKey", "apiKeyId", "caller",
                                         "cognitoAuthenticationProvider", "cognitoAuthenticationType", "cognitoIdentityId",
                                         "cognitoIdentityPoolId", "principalOrgId", "user", "userArn" };
    struct vtl_map *m = vtl_map_new(a);
    for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
        vtl_map_put(a, m, empty[i], vtl_str(S("")));
    struct str peer = v->call->request->peer;
    vtl_map_put(a, m, "sourceIp", vtl_str(peer.n ? peer : S("127.0.0.1")));
    struct str agent = http_request_header(v->call->request, "User-Agent");
    vtl_map_put(a, m, "userAgent", vtl_str(agent.p ? agent : S("")));
    struct str key = http_request_header(v->call->request, "x-api-key");
    if (key.n)
        vtl_map_put(a, m, "apiKey", vtl_str(key));
    if (v->key_id.n)
        vtl_map_put(a, m, "apiKeyId", vtl_str(v->key_id));
    return vtl_map(m);
}

static struct vtl_value overrides(struct arena *a, bool request)
{
    struct vtl_map *m = vtl_map_new(a);
    vtl_map_put(a, m, "header", vtl_map(vtl_map_new(a)));
    if (request) {
        vtl_map_put(a, m, "path", vtl_map(vtl_map_new(a)));
        vtl_map_put(a, m, "querystring", vtl_map(vtl_map_new(a)));
    }
    return vtl_map(m);
}

struct vtl_value context_make(struct vtl_request *q, struct arena *a)
{
    const struct invocation *v = q->arg;
    const struct call *c = v->call;
    int64_t now = clock_now_ms(cloud_clock(c->cloud));
    struct str host = http_request_header(c->request, "Host"), prefix = host;
    prefix = str_cut(&prefix, '.');
    const struct { const char *name; struct str value; } texts[] = {
        { "accountId", c->account },
        { "apiId", v->api->id },
        { "awsEndpointRequestId", c->request_id },
        { "deploymentId", v->deployment },
        { "domainName", host },
        { "domainPrefix", prefix },
        { "extendedRequestId", v->extended_id },
        { "httpMethod", c->request->method },
        { "path", arena_f(a, "/" STR_F STR_F, STR_A(v->stage), STR_A(v->path)) },
        { "protocol", S("HTTP/1.1") },
        { "requestId", c->request_id },
        { "requestTime", request_time(a, now) },
        { "resourceId", v->match.resource ? v->match.resource->id : S("") },
        { "resourcePath", v->match.resource ? v->match.resource->path : S("") },
        { "stage", v->stage },
    };
    struct vtl_map *m = vtl_map_new(a);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        vtl_map_put(a, m, texts[i].name, vtl_str(texts[i].value.p ? texts[i].value : S("")));
    vtl_map_put(a, m, "requestTimeEpoch", (struct vtl_value){ VTL_LONG, { .i = now } });
    vtl_map_put(a, m, "isCanaryRequest", vtl_bool(v->live && v->live->is_canary));
    vtl_map_put(a, m, "identity", identity(a, v));
    vtl_map_put(a, m, "authorizer", vtl_map(vtl_map_new(a)));
    vtl_map_put(a, m, "requestOverride", overrides(a, true));
    vtl_map_put(a, m, "responseOverride", overrides(a, false));
    return vtl_map(m);
}

struct vtl_value context_stage(struct vtl_request *q, struct arena *a)
{
    const struct invocation *v = q->arg;
    return v->variables.type == VTL_MAP ? v->variables : vtl_map(vtl_map_new(a));
}

struct vtl_map *context_override(const struct vtl_request *q, const char *which, const char *part)
{
    struct vtl_value v = vtl_request_context(q);
    const char *const names[] = { which, part };
    for (int i = 0; i < 2 && v.type == VTL_MAP; i++) {
        struct vtl_value *there = vtl_map_get(v.map, str_of(names[i]));
        v = there ? *there : vtl_null();
    }
    return v.type == VTL_MAP ? v.map : NULL;
}

int context_status(const struct vtl_request *q)
{
    struct vtl_value context = vtl_request_context(q);
    struct vtl_value *o = context.type == VTL_MAP ? vtl_map_get(context.map, S("responseOverride")) : NULL;
    struct vtl_value *status = o && o->type == VTL_MAP ? vtl_map_get(o->map, S("status")) : NULL;
    return status && status->type == VTL_INT && status->i >= 100 && status->i <= 599 ? (int)status->i : 0;
}
