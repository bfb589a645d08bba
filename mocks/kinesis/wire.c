/* wire.c - Kinesis on the wire. The order in which AWS refuses a request (observed by kinesalite's tests against it):
 *
 *   1 OPTIONS with Origin: the CORS answer            2 not POST: 403 in XML
 *   3 empty body: SerializationException when the target is known, else UnknownOperationException
 *   4 content type not known: 403 or 404 in XML       5 body does not parse: SerializationException
 *   6 application/json: 404 in Coral's old envelope   7 target not known: UnknownOperationException
 *   8 signature                                       9 types, then constraints
 *
 * Only when something is to be refused is the body looked at before step 9: a good request is parsed once. The path
 * is ignored. ?Action=X without X-Amz-Target counts as target with any content type: API Gateway calls so.
 */
#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"
#include "mocks/kinesis/cbor.h"
#include "mocks/kinesis/state.h"

#define TARGET_PREFIX "Kinesis_20131202"
#define PREFLIGHT "Preflight" /* not an error: how the CORS answer leaves the route */

const char *const wire_content_types[] = {
    [WIRE_JSON] = "application/x-amz-json-1.1",
    [WIRE_CBOR] = "application/x-amz-cbor-1.1",
    [WIRE_CORAL] = "application/json",
};

static enum wire_format format_of(struct str content_type)
{
    content_type = str_trim(str_cut(&content_type, ';'));
    for (int f = WIRE_JSON; f <= WIRE_CORAL; f++)
        if (str_is(content_type, wire_content_types[f]))
            return (enum wire_format)f;
    return str_is(content_type, "x-amz-json-1.1") ? WIRE_JSON : WIRE_XML; /* spelled so in AWS's gateway tutorial */
}

static const struct action *find_action(const struct service *s, struct str name)
{
    for (size_t i = 0; i < s->n_actions; i++)
        if (name.n && name.p[0] == s->actions[i].name[0] && str_is(name, s->actions[i].name))
            return &s->actions[i];
    return NULL;
}

static bool body_parses(struct call *c, enum wire_format format)
{
    struct str text = c->request->body;
    struct buf json = BUF_INIT;
    bool ok = format != WIRE_CBOR || cbor_to_json(&json, text);
    if (format == WIRE_CBOR)
        text = buf_str(&json);
    struct str start = str_trim(text);
    ok = ok && start.n && (start.p[0] == '{' || start.p[0] == '[') && json_valid(text);
    buf_release(&json);
    return ok;
}

static const struct action *fail(struct call *c, enum wire_format format, int status, const char *code,
                                 const char *message)
{
    wire_of(c)->format = format;
    call_fail(c, status, code, "%s", message);
    return NULL;
}

const struct action *wire_route(struct call *c)
{
    static const char denied[] = "Unable to determine service/operation name to be authorized";
    const struct http_request *r = c->request;
    struct wire *w = c->scratch = ARENA_NEW(c->arena, struct wire);
    if (str_is(r->method, "OPTIONS") && http_request_header(r, "origin").p)
        return fail(c, WIRE_XML, 200, PREFLIGHT, "");
    if (!str_is(r->method, "POST"))
        return fail(c, WIRE_XML, 403, "AccessDeniedException", denied);

    struct str operation = http_request_header(r, "x-amz-target");
    bool by_query = !operation.p && r->query.n && (operation = http_query(r, "Action", c->arena)).p;
    struct str prefix = by_query ? S(TARGET_PREFIX) : str_cut(&operation, '.');
    operation = str_cut(&operation, '.');
    const struct action *a = str_is(prefix, TARGET_PREFIX) ? find_action(c->service, operation) : NULL;
    w->format = format_of(http_request_header(r, "content-type"));
    if (by_query && w->format != WIRE_CBOR)
        w->format = WIRE_JSON;

    if (r->body.n == 0)
        return fail(c, w->format == WIRE_JSON ? WIRE_JSON : WIRE_CBOR, 400,
                    a ? "SerializationException" : "UnknownOperationException", "");
    if (w->format == WIRE_XML)
        return prefix.n && operation.n ? fail(c, WIRE_XML, 404, "UnknownOperationException", "")
                                       : fail(c, WIRE_XML, 403, "AccessDeniedException", denied);
    if (a && w->format != WIRE_CORAL)
        return a;
    if (!body_parses(c, w->format))
        return fail(c, w->format, 400, "SerializationException", "");
    return fail(c, w->format, w->format == WIRE_CORAL ? 404 : 400, "UnknownOperationException", "");
}

/* ---- signatures ---- */

/* Is there "name=something" among the parts of an Authorization header? */
static bool header_has(struct str header, const char *name)
{
    size_t first = str_chr(header, ' ');
    header = first == STR_NONE ? (struct str){ 0 } : str_from(header, first + 1);
    for (size_t n = strlen(name); header.n;) {
        size_t end = 0;
        while (end < header.n && header.p[end] != ',' && header.p[end] != ' ')
            end++;
        if (end > n + 1 && memcmp(header.p, name, n) == 0 && header.p[n] == '=')
            return true;
        header = str_from(header, end + 1);
    }
    return false;
}

/* AWS's list of what a signature lacks; empty when nothing does. */
static void what_is_missing(struct call *c, struct buf *out)
{
    static const char *const in_header[] = { "Credential", "Signature", "SignedHeaders" };
    static const char *const in_query[] = { "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                                            "X-Amz-SignedHeaders", "X-Amz-Date" };
    const struct http_request *r = c->request;
    struct str header = http_request_header(r, "authorization");
    if (!header.p) {
        for (size_t i = 0; i < sizeof in_query / sizeof *in_query; i++)
            if (http_query(r, in_query[i], c->arena).n == 0)
                buf_f(out, "AWS query-string parameters must include '%s'. ", in_query[i]);
        if (out->n)
            buf_z(out, "Re-examine the query-string parameters.");
        return;
    }
    for (size_t i = 0; i < sizeof in_header / sizeof *in_header; i++)
        if (!header_has(header, in_header[i]))
            buf_f(out, "Authorization header requires '%s' parameter. ", in_header[i]);
    if (!http_request_header(r, "x-amz-date").p && !http_request_header(r, "date").p)
        buf_z(out, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    if (out->n)
        buf_f(out, "Authorization=" STR_F, STR_A(header));
}

static int refuse_incomplete(struct call *c, const struct err *why)
{
    struct buf missing = BUF_INIT;
    what_is_missing(c, &missing);
    wire_of(c)->message = arena_dup(c->arena, missing.n ? buf_str(&missing) : str_of(why->message));
    buf_release(&missing);
    return call_fail(c, 400, "IncompleteSignatureException", STR_F, STR_A(wire_of(c)->message));
}

static int refuse_skewed(struct call *c)
{
    char now[CLOCK_TEXT];
    struct str date = c->claim.amz_date;
    clock_amz(call_now_ms(c), now);
    bool early = str_cmp(date, str_of(now)) < 0;
    return call_fail(c, 400, "InvalidSignatureException", "Signature %s: " STR_F " is %s than %s (15 min. tolerance)",
                     early ? "expired" : "not yet current", STR_A(date), early ? "now earlier" : "still later", now);
}

int wire_refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why)
{
    if (!body_parses(c, wire_of(c)->format))
        return call_fail(c, 400, "SerializationException", "%s", "");
    bool something = http_request_header(c->request, "authorization").p || http_query(c->request, "X-Amz-Algorithm", c->arena).p;
    switch (verdict == SIGV4_ABSENT && something ? SIGV4_INCOMPLETE : verdict) {
    case SIGV4_ABSENT:
        return call_fail(c, 400, "MissingAuthenticationTokenException", "Missing Authentication Token");
    case SIGV4_TWICE:
        return call_fail(c, 400, "InvalidSignatureException",
                         "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
    case SIGV4_INCOMPLETE: return refuse_incomplete(c, why);
    case SIGV4_SKEWED: return refuse_skewed(c);
    case SIGV4_UNKNOWN_KEY:
        return call_fail(c, 400, "UnrecognizedClientException", "The security token included in the request is invalid.");
    case SIGV4_MISMATCH:
    case SIGV4_BODY_HASH:
        return call_fail(c, 400, "InvalidSignatureException",
                         "The request signature we calculated does not match the signature you provided. Check your "
                         "AWS Secret Access Key and signing method. Consult the service documentation for details.");
    default: return call_fail(c, 400, "InvalidSignatureException", "%s", why->message);
    }
}

/* ---- parameters ---- */

static struct arg *own_arg(struct call *c, const char *name)
{
    for (size_t i = 0; i < c->action->n_params; i++)
        if (strcmp(c->action->params[i].name, name) == 0)
            return &((struct arg *)c->args)[i];
    return NULL;
}

/* "NAME" of "arn:aws:kinesis:REGION:ACCOUNT:stream/NAME" or "…:stream/NAME/consumer/C:1". */
static struct str name_of_arn(struct str arn)
{
    size_t at = str_find(arn, S(":stream/"));
    struct str rest = at == STR_NONE ? (struct str){ 0 } : str_from(arn, at + 8);
    return str_cut(&rest, '/');
}

/* StreamARN stands for StreamName. A malformed one is refused for itself, not for a missing name. */
static void name_from_arn(struct call *c)
{
    struct arg *name = own_arg(c, "StreamName"), *arn = own_arg(c, "StreamARN");
    if (!name || name->type || !arn || !arn->type)
        return;
    struct str found = name_of_arn(arn->text);
    *name = (struct arg){ .type = PARAM_STRING, .text = found.n && found.n <= NAME_BYTES ? found : S("-") };
}

static int refuse_parameters(struct call *c, const struct param_refusal *why)
{
    wire_of(c)->message = why->message.p ? why->message : S("");
    return call_fail(c, 400, why->code, STR_F, STR_A(why->message));
}

/* The ARN's account and region must be the caller's: resource policies, which could say otherwise, are not modelled. */
static int judge_arn(struct call *c, struct str arn)
{
    struct str rest = arn, part[6] = { 0 };
    for (int i = 0; i < 5; i++)
        part[i] = str_cut(&rest, ':');
    if (!str_eq(part[4], c->account))
        return call_fail(c, 400, "AccessDeniedException",
                         "User: arn:aws:iam::" STR_F ":root is not authorized to perform: kinesis:%s on resource: " STR_F
                         " because no resource-based policy allows the kinesis:%s action", STR_A(c->account),
                         c->action->name, STR_A(arn), c->action->name);
    struct str name = name_of_arn(arn), given = call_text(c, "StreamName");
    if (given.p && !str_eq(given, name))
        return call_fail(c, 400, "InvalidArgumentException", "StreamName " STR_F " and StreamARN " STR_F
                         " do not name the same stream.", STR_A(given), STR_A(arn));
    return str_eq(part[3], c->region) ? 0 : streams_not_found(c, name);
}

static int bind_resource(struct call *c)
{
    static const char *const arns[] = { "StreamARN", "ResourceARN", "ConsumerARN" };
    struct wire *w = wire_of(c);
    for (size_t i = 0; i < sizeof arns / sizeof *arns; i++) {
        struct str arn = call_text(c, arns[i]);
        if (!arn.p)
            continue;
        c->resource = name_of_arn(arn);
        if (judge_arn(c, arn))
            return -1;
    }
    struct str name = call_text(c, "StreamName");
    if (name.p)
        c->resource = name;
    if (c->action->run == records_get) {
        w->position = ARENA_NEW(c->arena, struct position);
        if (iterators_read(c, call_text(c, "ShardIterator"), w->position))
            return -1;
        c->resource = w->position->stream;
    }
    w->stream = c->resource;
    return 0;
}

int wire_bind(struct call *c)
{
    const struct action *a = c->action;
    struct str text = c->request->body;
    struct param_refusal why;
    if (wire_of(c)->format == WIRE_CBOR) {
        struct buf json = BUF_INIT;
        bool ok = cbor_to_json(&json, text);
        text = arena_keep(c->arena, &json);
        if (!ok)
            return call_fail(c, 400, "SerializationException", "%s", "");
    }
    struct arg *args = NULL;
    if (param_read(a->params, a->n_params, text, c->arena, &args, &why))
        return refuse_parameters(c, &why);
    c->args = args;
    name_from_arn(c);
    if (param_check(a->params, a->n_params, args, c->arena, &why))
        return refuse_parameters(c, &why);
    return bind_resource(c);
}

/* ---- answers ---- */

static void phrase_xml(struct call *c)
{
    if (strcmp(c->err.code, PREFLIGHT) == 0)
        return;
    if (c->err.message[0])
        buf_f(call_body(c), "<%s>\n  <Message>%s</Message>\n</%s>\n", c->err.code, c->err.message, c->err.code);
    else
        buf_f(call_body(c), "<%s/>\n", c->err.code);
}

void wire_phrase(struct call *c)
{
    if (!c->scratch) /* refused before the route */
        c->scratch = ARENA_NEW(c->arena, struct wire);
    struct wire *w = wire_of(c);
    if (w->format == WIRE_XML) {
        phrase_xml(c);
        return;
    }
    struct reply r = reply_to(call_body(c), w->format == WIRE_CBOR);
    struct str message = w->message.n ? w->message : str_of(c->err.message);
    reply_map(&r);
    if (w->format == WIRE_CORAL) {
        reply_key(&r, "Output");
        reply_map(&r);
        reply_key_text(&r, "__type", arena_f(c->arena, "com.amazon.coral.service#%s", c->err.code));
        reply_end_map(&r);
        reply_key_text(&r, "Version", S("1.0"));
    } else {
        reply_key_text(&r, "__type", str_of(c->err.code));
        bool capital = strcmp(c->err.code, "SerializationException") == 0;
        if (message.n)
            reply_key_text(&r, capital ? "Message" : "message", message);
    }
    reply_end_map(&r);
}

/* 72 random bytes in base64. */
static struct str extended_id(struct call *c)
{
    uint64_t words[9], state = cloud_random(c->cloud);
    for (size_t i = 0; i < 9; i++) { /* splitmix64 */
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        words[i] = z ^ z >> 31;
    }
    char *text = arena_alloc(c->arena, 96);
    struct buf out = { .p = text, .cap = 96, .max = 96 };
    codec_base64(&out, (struct str){ (const char *)words, sizeof words });
    return buf_str(&out);
}

static void echo(struct call *c, const char *asked, const char *allowed)
{
    struct str v = http_request_header(c->request, asked);
    if (v.p)
        call_header(c, allowed, v);
}

void wire_finish(struct call *c)
{
    bool origin = http_request_header(c->request, "origin").p != NULL;
    bool preflight = strcmp(c->err.code, PREFLIGHT) == 0;
    call_header(c, "x-amzn-RequestId", c->request_id);
    if (c->reply->feed)
        call_header(c, "Content-Type", S("application/vnd.amazon.eventstream"));
    else if (wire_of(c)->format != WIRE_XML)
        call_header(c, "Content-Type", str_of(wire_content_types[wire_of(c)->format]));
    if (!preflight)
        call_header(c, "x-amz-id-2", extended_id(c));
    if (!origin)
        return;
    call_header(c, "Access-Control-Allow-Origin", S("*"));
    if (!preflight) {
        call_header(c, "Access-Control-Expose-Headers",
                    S("x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date"));
        return;
    }
    echo(c, "access-control-request-headers", "Access-Control-Allow-Headers");
    echo(c, "access-control-request-method", "Access-Control-Allow-Methods");
    call_header(c, "Access-Control-Max-Age", S("172800"));
}
