/* control_input.c - what AWS's serializer and validator refuse before an action looks anything up: by tables of
 * mocks/cloud/param.h, in the order AWS complains. The values of enums are in the order AWS prints them.
 *
 *   every Update…       patchOperations.N.member.op
 *   some bodies         members of createRestApiInput, putIntegrationInput, …
 *   labels of the path  statusCode, responseType
 */
#include "base/json.h"
#include "mocks/apigw/control.h"
#include "mocks/cloud/param.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define MEMBERS(m) .members = (m), .n_members = sizeof(m) / sizeof *(m)

static const struct param operation[] = { { .name = "op", .type = PARAM_STRING, .values = WORDS("add", "remove", "move", "test", "replace", "copy") } };
static const struct param one_operation[] = { { .name = "PatchOperation", .type = PARAM_STRUCTURE, MEMBERS(operation) } };
static const struct param update[] = { { .name = "patchOperations", .type = PARAM_LIST, .members = one_operation, .n_members = 1 } };

static const struct param endpoint_type[] = { { .name = "EndpointType", .type = PARAM_STRING, .values = WORDS("PRIVATE", "EDGE", "REGIONAL") } };
static const struct param endpoint[] = { { .name = "types", .type = PARAM_LIST, .members = endpoint_type, .n_members = 1 },
    { .name = "ipAddressType", .type = PARAM_STRING, .values = WORDS("ipv4", "dualstack") } };
static const struct param create_api[] = { { .name = "endpointConfiguration", .type = PARAM_STRUCTURE, MEMBERS(endpoint) },
    { .name = "apiKeySource", .type = PARAM_STRING, .values = WORDS("AUTHORIZER", "HEADER") } };

#define CONTENT { .name = "contentHandling", .type = PARAM_STRING, .values = WORDS("CONVERT_TO_BINARY", "CONVERT_TO_TEXT") }
static const struct param put_integration[] = {
    { .name = "type", .type = PARAM_STRING, .values = WORDS("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS") },
    { .name = "connectionType", .type = PARAM_STRING, .values = WORDS("INTERNET", "VPC_LINK") }, CONTENT };
static const struct param put_integration_response[] = { CONTENT };

static const struct param location[] = { { .name = "type", .type = PARAM_STRING, .required = true, .values = WORDS("RESPONSE_BODY", "RESPONSE", "METHOD",
    "MODEL", "AUTHORIZER", "RESPONSE_HEADER", "RESOURCE", "PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER") } };
static const struct param create_part[] = { { .name = "location", .type = PARAM_STRUCTURE, .required = true, MEMBERS(location) } };

static const struct param create_authorizer[] = { { .name = "type", .type = PARAM_STRING, .required = true,
    .values = WORDS("REQUEST", "TOKEN", "COGNITO_USER_POOLS") } };

static const struct param quota[] = { { .name = "period", .type = PARAM_STRING, .values = WORDS("WEEK", "DAY", "MONTH") } };
static const struct param create_plan[] = { { .name = "quota", .type = PARAM_STRUCTURE, MEMBERS(quota) } };

static const struct {
    const char *action;
    const struct param *members;
    size_t n;
} bodies[] = {
    { "CreateRestApi", create_api, 2 }, { "PutIntegration", put_integration, 3 }, { "PutIntegrationResponse", put_integration_response, 1 },
    { "CreateDocumentationPart", create_part, 1 }, { "CreateAuthorizer", create_authorizer, 1 }, { "CreateUsagePlan", create_plan, 1 },
};

static const struct {
    const char *label;
    struct param param;
} labels[] = {
    { "{status_code}", { .name = "statusCode", .type = PARAM_STRING, .pattern = "[1-5]\\d\\d" } },
    { "{response_type}", { .name = "responseType", .type = PARAM_STRING, .values = WORDS("REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND",
        "AUTHORIZER_CONFIGURATION_ERROR", "MISSING_AUTHENTICATION_TOKEN", "BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY",
        "BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE", "UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX",
        "WAF_FILTERED", "QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR", "UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE", "EXPIRED_TOKEN") } },
};

/* The body's table, named as AWS names it: putIntegrationInput. */
static bool body_of(struct control *k, struct param *ret)
{
    const char *name = k->call->action->name;
    *ret = (struct param){ .name = arena_f(k->call->arena, "%sInput", name).p, .type = PARAM_STRUCTURE };
    if (str_starts(str_of(name), S("Update"))) {
        ret->members = update;
        ret->n_members = 1;
        return true;
    }
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (strcmp(bodies[i].action, name) == 0) {
            ret->members = bodies[i].members;
            ret->n_members = bodies[i].n;
            return true;
        }
    return false;
}

/* A label of those above is always the path's last. */
static bool label_of(struct control *k, struct param *ret)
{
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (str_ends(str_of(k->call->action->match), str_of(labels[i].label)) && k->n_labels) {
            *ret = labels[i].param;
            return true;
        }
    return false;
}

int control_input(struct control *k)
{
    struct call *c = k->call;
    struct param params[2];
    struct arg *args;
    struct param_refusal why = { 0 };
    struct buf text = BUF_INIT;
    struct str body = str_trim(c->request->body);
    size_t n = 0;
    buf_c(&text, '{');
    if (body_of(k, &params[n])) {
        json_put_text(&text, str_of(params[n++].name));
        buf_c(&text, ':');
        buf_str_add(&text, body.n ? body : S("{}"));
    }
    if (label_of(k, &params[n])) {
        buf_z(&text, n ? "," : "");
        json_put_text(&text, str_of(params[n++].name));
        buf_c(&text, ':');
        json_put_text(&text, k->labels[k->n_labels - 1]);
    }
    buf_c(&text, '}');
    struct str whole = arena_dup(c->arena, buf_str(&text));
    buf_release(&text);
    if (!n || (param_read(params, n, whole, c->arena, &args, &why) == 0 && param_check(params, n, args, c->arena, &why) == 0))
        return 0;
    return control_fail(k, 400, why.code, STR_F, STR_A(why.message.p ? why.message : S("The request body is not a JSON object")));
}
