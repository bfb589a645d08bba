/* refuse.c - the gateway's own refusals, and what an API's gateway responses make of them.
 *
 * Documented at: Developer Guide, "Gateway response types"; "Gateway responses: set up".
 */
#include "base/json.h"
#include "mocks/apigw/define.h"
#include "mocks/apigw/invoke.h"

static const struct row {
    const char *type; /* of gateway response */
    int status;
    const char *error_type, *message; /* x-amzn-ErrorType, {"message": …}; NULL: the reason is the message */
} rows[REFUSALS] = {
    [REFUSE_TOKEN] = { "MISSING_AUTHENTICATION_TOKEN", 403, "MissingAuthenticationTokenException", "Missing Authentication Token" },
    [REFUSE_FORBIDDEN] = { "ACCESS_DENIED", 403, "ForbiddenException", "Forbidden" },
    [REFUSE_KEY] = { "INVALID_API_KEY", 403, "ForbiddenException", "Forbidden" },
    [REFUSE_PARAMETERS] = { "BAD_REQUEST_PARAMETERS", 400, "BadRequestException", NULL },
    [REFUSE_BODY] = { "BAD_REQUEST_BODY", 400, "BadRequestException", NULL },
    [REFUSE_SCHEMA] = { "BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body" },
    [REFUSE_MEDIA_TYPE] = { "UNSUPPORTED_MEDIA_TYPE", 415, "BadRequestException", "Unsupported Media Type" },
    [REFUSE_THROTTLED] = { "THROTTLED", 429, "TooManyRequestsException", "Too Many Requests" },
    [REFUSE_QUOTA] = { "QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded" },
    [REFUSE_CONFIGURATION] = { "API_CONFIGURATION_ERROR", 500, "InternalServerErrorException", "Internal server error" },
    [REFUSE_TIMEOUT] = { "INTEGRATION_TIMEOUT", 504, "InternalServerErrorException", "Endpoint request timed out" },
    [REFUSE_NETWORK] = { "INTEGRATION_FAILURE", 500, "InternalServerErrorException", "Internal server error" },
};

/* Every type there is, with the status GetGatewayResponses shows. */
static const struct { const char *type; int status; } types[] = {
    { "ACCESS_DENIED", 403 }, { "API_CONFIGURATION_ERROR", 500 }, { "AUTHORIZER_CONFIGURATION_ERROR", 500 },
    { "AUTHORIZER_FAILURE", 500 }, { "BAD_REQUEST_BODY", 400 }, { "BAD_REQUEST_PARAMETERS", 400 }, { "DEFAULT_4XX", 0 },
    { "DEFAULT_5XX", 0 }, { "EXPIRED_TOKEN", 403 }, { "INTEGRATION_FAILURE", 504 }, { "INTEGRATION_TIMEOUT", 504 },
    { "INVALID_API_KEY", 403 }, { "INVALID_SIGNATURE", 403 }, { "MISSING_AUTHENTICATION_TOKEN", 403 },
    { "QUOTA_EXCEEDED", 429 }, { "REQUEST_TOO_LARGE", 413 }, { "RESOURCE_NOT_FOUND", 404 }, { "THROTTLED", 429 },
    { "UNAUTHORIZED", 401 }, { "UNSUPPORTED_MEDIA_TYPE", 415 }, { "WAF_FILTERED", 403 },
};

const char *refuse_type_at(size_t i) { return i < sizeof types / sizeof *types ? types[i].type : NULL; }

const char *refuse_type(struct str text, int *ret_status)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_is(text, types[i].type)) {
            *ret_status = types[i].status;
            return types[i].type;
        }
    return NULL;
}

int invoke_fail(struct call *c, enum refusal why, const char *fmt, ...)
{
    struct invocation *v = c->scratch;
    va_list ap;
    va_start(ap, fmt);
    struct str reason = arena_vf(c->arena, fmt, ap);
    va_end(ap);
    call_reason(c, STR_F, STR_A(reason));
    if (v) {
        v->refused = why;
        invoke_log(v, "Execution failed%s: " STR_F, why == REFUSE_CONFIGURATION ? " due to configuration error" : "", STR_A(reason));
    }
    return call_fail(c, rows[why].status, rows[why].error_type, "%s", rows[why].message ? rows[why].message : reason.p);
}

/* ---- gateway responses ---- */
static const struct model_refusal *own_refusal(const struct invocation *v)
{
    const char *otherwise = rows[v->refused].status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX";
    const struct model_refusal *found = NULL;
    for (const struct model_refusal *r = v->api ? v->api->refusals : NULL; r; r = r->next) {
        if (str_is(r->type, rows[v->refused].type))
            return r;
        if (str_is(r->type, otherwise))
            found = r;
    }
    return found;
}

static void put_text(struct arena *a, struct vtl_map *m, const char *name, struct str text) { vtl_map_put(a, m, name, vtl_str(arena_dup(a, text))); }

/* $context.error.* */
static void put_error(struct invocation *v)
{
    struct call *c = v->call;
    struct vtl_map *m = vtl_map_new(c->arena);
    struct buf quoted = BUF_INIT;
    if (!v->vtl.make_context)
        v->vtl = (struct vtl_request){ .body = c->request->body, .make_context = context_make, .make_stage = context_stage, .arg = v };
    if (v->vtl.context.type == VTL_NULL)
        v->vtl.context = context_make(&v->vtl, c->arena);
    json_put_text(&quoted, str_of(c->err.message));
    put_text(c->arena, m, "message", str_of(c->err.message));
    put_text(c->arena, m, "messageString", buf_str(&quoted));
    put_text(c->arena, m, "responseType", str_of(rows[v->refused].type));
    put_text(c->arena, m, "validationErrorString", v->validation);
    vtl_map_put(c->arena, v->vtl.context.map, "error", vtl_map(m));
    buf_release(&quoted);
}

/* 'text', context.x, method.request.{path,querystring,header}.x */
static struct str header_value(struct invocation *v, struct str source)
{
    struct arena *a = v->call->arena;
    struct mapping *m = NULL;
    struct err e = { 0 };
    struct str value = { 0 };
    const struct mapping_input in = { .arena = a, .request = &v->vtl, .raw = v->match.params, .n_raw = v->match.n_params };
    if (mapping_add(a, &m, S("method.response.header.x"), source, &e) || mapping_value(m, &in, &value, &e))
        return S("");
    return value;
}

static void apply(struct invocation *v, const struct model_refusal *r)
{
    static const char prefix[] = "gatewayresponse.header.";
    struct call *c = v->call;
    const struct model_template *t = r->templates;
    const cJSON *h;
    while (t && t->next && !str_is(t->media_type, "application/json"))
        t = t->next;
    put_error(v);
    if (r->status)
        c->reply->status = r->status;
    cJSON_ArrayForEach(h, r->headers)
    {
        struct str value = cJSON_IsString(h) ? header_value(v, str_of(h->valuestring)) : S("");
        if (value.n && str_starts(str_of(h->string), str_of(prefix)))
            call_header(c, h->string + sizeof prefix - 1, value);
    }
    if (!http_header_get(c->reply->headers, c->reply->n_headers, "Content-Type").p)
        call_header(c, "Content-Type", t ? t->media_type : S("application/json"));
    struct vtl_env env = { .arena = c->arena, .request = &v->vtl };
    struct err e = { 0 };
    if (t && t->compiled && vtl_render(t->compiled, &env, call_body(c), &e) == 0)
        return;
    buf_reset(call_body(c));
    buf_z(call_body(c), "{\"message\":");
    json_put_text(call_body(c), str_of(c->err.message));
    buf_c(call_body(c), '}');
}

static const struct { const char *code, *type, *message; } phrases[] = {
    { "RequestEntityTooLarge", "RequestTooLargeException", "Request Too Long" },
    { "NotImplemented", "NotImplementedException", NULL },
    { "InternalFailure", "InternalServerErrorException", "Internal server error" },
    { "ServiceUnavailable", "ServiceUnavailableException", "Service Unavailable" },
};

void refuse_phrase(struct call *c)
{
    const char *type = c->err.code, *message = c->err.message;
    struct invocation *v = c->scratch;
    for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
        if (strcmp(c->err.code, phrases[i].code) == 0) {
            type = phrases[i].type;
            message = phrases[i].message ? phrases[i].message : message;
        }
    call_header(c, "x-amzn-ErrorType", str_of(type));
    const struct model_refusal *own = v && v->refused ? own_refusal(v) : NULL;
    if (own) {
        apply(v, own);
        return;
    }
    call_header(c, "Content-Type", S("application/json"));
    buf_z(call_body(c), "{\"message\":");
    json_put_text(call_body(c), str_of(message));
    buf_c(call_body(c), '}');
}
