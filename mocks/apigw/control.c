/* control.c - the control plane (REST, https://docs.aws.amazon.com/apigateway/latest/api): its actions by name and path.
 *
 * A request belongs here when its path begins with /restapis, or when it is signed for "apigateway". An action without
 * a function answers 501.
 */
#include "mocks/apigw/control.h"
#include "mocks/apigw/control_nouns.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "mocks/cloud/cloud.h"

/* ---- actions ---- */
#define API "/restapis/{restapi_id}"
#define RESOURCE API "/resources/{resource_id}"
#define METHOD RESOURCE "/methods/{http_method}"
/* X(name, how a request names it, function, status, noun)   N(name, how a request names it): not implemented */
#define ROWS(X, N) \
    X(CreateRestApi, "POST /restapis", control_api_create, 201, NULL) \
    X(ImportRestApi, "POST /restapis?mode=import", control_api_create, 201, NULL) \
    X(GetRestApis, "GET /restapis", control_api_list, 200, NULL) \
    X(GetRestApi, "GET " API, control_api_get, 200, NULL) \
    X(UpdateRestApi, "PATCH " API, control_api_update, 200, NULL) \
    X(DeleteRestApi, "DELETE " API, control_api_delete, 202, NULL) \
    X(PutRestApi, "PUT " API, control_api_put, 200, NULL) \
    X(GetResources, "GET " API "/resources", control_resource_list, 200, NULL) \
    X(CreateResource, "POST " API "/resources/{parent_id}", control_resource_create, 201, NULL) \
    X(GetResource, "GET " RESOURCE, control_resource_get, 200, NULL) \
    X(UpdateResource, "PATCH " RESOURCE, control_resource_update, 200, NULL) \
    X(DeleteResource, "DELETE " RESOURCE, control_resource_delete, 202, NULL) \
    X(PutMethod, "PUT " METHOD, control_method_put, 201, NULL) \
    X(GetMethod, "GET " METHOD, control_method_get, 200, NULL) \
    X(UpdateMethod, "PATCH " METHOD, control_method_update, 200, NULL) \
    X(DeleteMethod, "DELETE " METHOD, control_method_delete, 204, NULL) \
    X(TestInvokeMethod, "POST " METHOD, control_test_method, 200, NULL) \
    X(PutMethodResponse, "PUT " METHOD "/responses/{status_code}", control_method_response_put, 201, NULL) \
    X(GetMethodResponse, "GET " METHOD "/responses/{status_code}", control_method_response_get, 200, NULL) \
    X(UpdateMethodResponse, "PATCH " METHOD "/responses/{status_code}", control_method_response_update, 201, NULL) \
    X(DeleteMethodResponse, "DELETE " METHOD "/responses/{status_code}", control_method_response_delete, 204, NULL) \
    X(PutIntegration, "PUT " METHOD "/integration", control_integration_put, 201, NULL) \
    X(GetIntegration, "GET " METHOD "/integration", control_integration_get, 200, NULL) \
    X(UpdateIntegration, "PATCH " METHOD "/integration", control_integration_update, 200, NULL) \
    X(DeleteIntegration, "DELETE " METHOD "/integration", control_integration_delete, 204, NULL) \
    X(PutIntegrationResponse, "PUT " METHOD "/integration/responses/{status_code}", control_integration_response_put, 201, NULL) \
    X(GetIntegrationResponse, "GET " METHOD "/integration/responses/{status_code}", control_integration_response_get, 200, NULL) \
    X(UpdateIntegrationResponse, "PATCH " METHOD "/integration/responses/{status_code}", control_integration_response_update, 200, NULL) \
    X(DeleteIntegrationResponse, "DELETE " METHOD "/integration/responses/{status_code}", control_integration_response_delete, 204, NULL) \
    X(CreateDeployment, "POST " API "/deployments", control_deployment_create, 201, &noun_deployment) \
    X(GetDeployments, "GET " API "/deployments", control_list, 200, &noun_deployment) \
    X(GetDeployment, "GET " API "/deployments/{deployment_id}", control_get, 200, &noun_deployment) \
    X(UpdateDeployment, "PATCH " API "/deployments/{deployment_id}", control_patch, 200, &noun_deployment) \
    X(DeleteDeployment, "DELETE " API "/deployments/{deployment_id}", control_deployment_delete, 202, &noun_deployment) \
    X(CreateStage, "POST " API "/stages", control_stage_create, 201, &noun_stage) \
    X(GetStages, "GET " API "/stages", control_stage_list, 200, &noun_stage) \
    X(GetStage, "GET " API "/stages/{stage_name}", control_get, 200, &noun_stage) \
    X(UpdateStage, "PATCH " API "/stages/{stage_name}", control_patch, 200, &noun_stage) \
    X(DeleteStage, "DELETE " API "/stages/{stage_name}", control_stage_delete, 202, &noun_stage) \
    X(GetExport, "GET " API "/stages/{stage_name}/exports/{export_type}", control_api_export, 200, &noun_stage) \
    N(GetSdk, "GET " API "/stages/{stage_name}/sdks/{sdk_type}") \
    N(FlushStageCache, "DELETE " API "/stages/{stage_name}/cache/data") \
    X(CreateAuthorizer, "POST " API "/authorizers", control_authorizer_create, 201, &noun_authorizer) \
    X(GetAuthorizers, "GET " API "/authorizers", control_list, 200, &noun_authorizer) \
    X(GetAuthorizer, "GET " API "/authorizers/{authorizer_id}", control_get, 200, &noun_authorizer) \
    X(UpdateAuthorizer, "PATCH " API "/authorizers/{authorizer_id}", control_patch, 200, &noun_authorizer) \
    X(DeleteAuthorizer, "DELETE " API "/authorizers/{authorizer_id}", control_authorizer_delete, 202, &noun_authorizer) \
    N(TestInvokeAuthorizer, "POST " API "/authorizers/{authorizer_id}") \
    X(CreateModel, "POST " API "/models", control_model_create, 201, &noun_model) \
    X(GetModels, "GET " API "/models", control_list, 200, &noun_model) \
    X(GetModel, "GET " API "/models/{model_name}", control_get, 200, &noun_model) \
    X(UpdateModel, "PATCH " API "/models/{model_name}", control_patch, 200, &noun_model) \
    X(DeleteModel, "DELETE " API "/models/{model_name}", control_model_delete, 202, &noun_model) \
    X(GetModelTemplate, "GET " API "/models/{model_name}/default_template", control_model_template, 200, &noun_model) \
    X(CreateRequestValidator, "POST " API "/requestvalidators", control_validator_create, 201, &noun_validator) \
    X(GetRequestValidators, "GET " API "/requestvalidators", control_list, 200, &noun_validator) \
    X(GetRequestValidator, "GET " API "/requestvalidators/{validator_id}", control_get, 200, &noun_validator) \
    X(UpdateRequestValidator, "PATCH " API "/requestvalidators/{validator_id}", control_patch, 200, &noun_validator) \
    X(DeleteRequestValidator, "DELETE " API "/requestvalidators/{validator_id}", control_delete, 202, &noun_validator) \
    X(GetGatewayResponses, "GET " API "/gatewayresponses", control_gateway_list, 200, &noun_gateway_response) \
    X(PutGatewayResponse, "PUT " API "/gatewayresponses/{response_type}", control_gateway_put, 201, &noun_gateway_response) \
    X(GetGatewayResponse, "GET " API "/gatewayresponses/{response_type}", control_gateway_get, 200, &noun_gateway_response) \
    X(UpdateGatewayResponse, "PATCH " API "/gatewayresponses/{response_type}", control_gateway_update, 200, &noun_gateway_response) \
    X(DeleteGatewayResponse, "DELETE " API "/gatewayresponses/{response_type}", control_delete, 202, &noun_gateway_response) \
    X(CreateDocumentationPart, "POST " API "/documentation/parts", control_part_create, 201, &noun_part) \
    X(GetDocumentationParts, "GET " API "/documentation/parts", control_part_list, 200, &noun_part) \
    X(ImportDocumentationParts, "PUT " API "/documentation/parts", control_part_import, 200, &noun_part) \
    X(GetDocumentationPart, "GET " API "/documentation/parts/{part_id}", control_get, 200, &noun_part) \
    X(UpdateDocumentationPart, "PATCH " API "/documentation/parts/{part_id}", control_patch, 200, &noun_part) \
    X(DeleteDocumentationPart, "DELETE " API "/documentation/parts/{part_id}", control_delete, 202, &noun_deleted_part) \
    X(CreateDocumentationVersion, "POST " API "/documentation/versions", control_version_create, 201, &noun_version) \
    X(GetDocumentationVersions, "GET " API "/documentation/versions", control_list, 200, &noun_version) \
    X(GetDocumentationVersion, "GET " API "/documentation/versions/{doc_version}", control_get, 200, &noun_version) \
    X(UpdateDocumentationVersion, "PATCH " API "/documentation/versions/{doc_version}", control_patch, 200, &noun_version) \
    X(DeleteDocumentationVersion, "DELETE " API "/documentation/versions/{doc_version}", control_delete, 202, &noun_version) \
    X(CreateApiKey, "POST /apikeys", control_key_create, 201, &noun_key) \
    X(GetApiKeys, "GET /apikeys", control_key_list, 200, &noun_key) \
    X(GetApiKey, "GET /apikeys/{api_Key}", control_key_get, 200, &noun_key) \
    X(UpdateApiKey, "PATCH /apikeys/{api_Key}", control_key_update, 200, &noun_key) \
    X(DeleteApiKey, "DELETE /apikeys/{api_Key}", control_key_delete, 202, &noun_key) \
    X(CreateUsagePlan, "POST /usageplans", control_plan_create, 201, &noun_plan) \
    X(GetUsagePlans, "GET /usageplans", control_plan_list, 200, &noun_plan) \
    X(GetUsagePlan, "GET /usageplans/{usageplanId}", control_get_tagged, 200, &noun_plan) \
    X(UpdateUsagePlan, "PATCH /usageplans/{usageplanId}", control_patch, 200, &noun_plan) \
    X(DeleteUsagePlan, "DELETE /usageplans/{usageplanId}", control_plan_delete, 202, &noun_plan) \
    X(CreateUsagePlanKey, "POST /usageplans/{usageplanId}/keys", control_plan_key_create, 201, &noun_plan) \
    X(GetUsagePlanKeys, "GET /usageplans/{usageplanId}/keys", control_plan_key_list, 200, &noun_plan) \
    X(GetUsagePlanKey, "GET /usageplans/{usageplanId}/keys/{keyId}", control_plan_key_get, 200, &noun_plan) \
    X(DeleteUsagePlanKey, "DELETE /usageplans/{usageplanId}/keys/{keyId}", control_plan_key_delete, 202, &noun_plan) \
    X(GetUsage, "GET /usageplans/{usageplanId}/usage", control_usage_get, 200, &noun_plan) \
    X(GetAccount, "GET /account", control_account_get, 200, NULL) \
    X(UpdateAccount, "PATCH /account", control_account_update, 200, NULL) \
    X(TagResource, "PUT /tags/{resource_arn}", control_tags_put, 204, NULL) \
    X(GetTags, "GET /tags/{resource_arn}", control_tags_get, 200, NULL) \
    X(UntagResource, "DELETE /tags/{resource_arn}", control_tags_delete, 204, NULL) \
    N(CreateDomainName, "POST /domainnames") \
    N(GetDomainNames, "GET /domainnames") \
    N(GetDomainName, "GET /domainnames/{domain_name}") \
    N(DeleteDomainName, "DELETE /domainnames/{domain_name}") \
    X(CreateVpcLink, "POST /vpclinks", control_link_create, 202, &noun_link) \
    X(GetVpcLinks, "GET /vpclinks", control_list, 200, &noun_link) \
    X(GetVpcLink, "GET /vpclinks/{vpclink_id}", control_get_tagged, 200, &noun_link) \
    X(UpdateVpcLink, "PATCH /vpclinks/{vpclink_id}", control_patch, 200, &noun_link) \
    X(DeleteVpcLink, "DELETE /vpclinks/{vpclink_id}", control_delete, 202, &noun_link) \
    N(GenerateClientCertificate, "POST /clientcertificates") \
    N(GetClientCertificates, "GET /clientcertificates") \
    N(GetSdkTypes, "GET /sdktypes")

static int run(struct call *c);
#define AS_ACTION(n, m, f, s, o) { .name = #n, .run = run, .match = m },
#define AS_MISSING(n, m) { .name = #n, .match = m },
#define AS_ROW(n, m, f, s, o) { f, s, o },
#define AS_NONE(n, m) { NULL, 501, NULL },

/* Invoke comes first: it is the data plane, and routed by apigw.c. */
const struct action control_actions[CONTROL_ACTIONS] = {
    { .name = "Invoke", .run = invoke_run, .match = "ANY /{stage}/…" },
    ROWS(AS_ACTION, AS_MISSING)
};
static const struct {
    int (*run)(struct control *k);
    int status;
    const struct noun *noun;
} rows[CONTROL_ACTIONS] = { { NULL, 0, NULL }, ROWS(AS_ROW, AS_NONE) };

/* ---- route ---- */
static bool fits(struct str template, struct str path)
{
    while (template.p && path.p) {
        struct str want = str_cut(&template, '/'), got = str_cut(&path, '/');
        if (!(want.n && want.p[0] == '{' ? got.n > 0 : str_eq(want, got)))
            return false;
    }
    return !template.p && !path.p;
}

bool control_is(const struct http_request *r)
{
    if (str_starts(r->path, S("/restapis/")) || str_is(r->path, "/restapis"))
        return true;
    return str_find(http_request_header(r, "Authorization"), S("/apigateway/aws4_request")) != STR_NONE;
}

const struct action *control_route(struct call *c)
{
    const struct http_request *r = c->request;
    struct str path = r->path;
    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    c->resource = path;
    bool import = str_is(http_query(r, "mode", c->arena), "import") && str_is(path, "/restapis");
    for (size_t i = 1; i < CONTROL_ACTIONS; i++) {
        struct str template = str_of(control_actions[i].match);
        struct str verb = str_cut(&template, ' '), plain = template;
        plain = str_cut(&plain, '?');
        if (str_eq(verb, r->method) && fits(plain, path) && (plain.n != template.n || !import || !str_is(verb, "POST")))
            if (plain.n == template.n || import)
                return &control_actions[i];
    }
    call_reason(c, "the control plane has no " STR_F " " STR_F, STR_A(r->method), STR_A(path));
    call_fail(c, 403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    return NULL;
}

/* ---- one call ---- */
int control_fail(struct control *k, int status, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vf(k->call->arena, fmt, ap);
    va_end(ap);
    return call_fail(k->call, status, code, "%s", text.p);
}

int control_missing(struct control *k, const char *what) { return control_fail(k, 404, "NotFoundException", "%s", what); }

double control_now(const struct control *k) { return (double)(clock_now_ms(cloud_clock(k->rest->cloud)) / 1000); }

int control_reply(struct control *k, const cJSON *v)
{
    char *text = cJSON_PrintUnformatted(v);
    call_header(k->call, "Content-Type", S("application/json"));
    buf_z(call_body(k->call), text ? text : "{}");
    free(text);
    return 0;
}

int control_reply_tagged(struct control *k, const cJSON *v)
{
    cJSON *shown = cJSON_Duplicate(v, true);
    define_object(shown, "tags");
    int result = control_reply(k, shown);
    cJSON_Delete(shown);
    return result;
}

static struct str decoded(struct arena *a, struct str s)
{
    struct buf b = BUF_INIT;
    codec_unpercent(&b, s, false);
    struct str out = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return out;
}

static void read_labels(struct control *k)
{
    struct str template = str_of(k->call->action->match), path = k->call->resource;
    str_cut(&template, ' ');
    while (template.p && path.p && k->n_labels < 6) {
        struct str want = str_cut(&template, '/'), got = str_cut(&path, '/');
        if (want.n && want.p[0] == '{')
            k->labels[k->n_labels++] = decoded(k->call->arena, got);
    }
}

/* Imports carry a document, which is read by its own reader. */
static bool takes_document(const struct call *c)
{
    return strcmp(c->action->name, "ImportRestApi") == 0 || strcmp(c->action->name, "PutRestApi") == 0 ||
           strcmp(c->action->name, "ImportDocumentationParts") == 0;
}

static int read_body(struct control *k)
{
    struct str body = k->call->request->body;
    if (!str_trim(body).n || takes_document(k->call)) {
        k->body = cJSON_CreateObject();
        return 0;
    }
    k->body = cJSON_ParseWithLength(body.p, body.n);
    return cJSON_IsObject(k->body) ? 0 : control_fail(k, 400, "SerializationException", "The request body is not a JSON object");
}

/* Resources and what lies in them, and some nouns, are missing rather than their API; as recorded on AWS. */
static int no_api(struct control *k)
{
    struct str match = str_of(k->call->action->match);
    bool item = k->n_labels > 1;
    if (str_is(match, "POST " API "/requestvalidators"))
        return control_fail(k, 400, "BadRequestException", "Invalid REST API identifier specified");
    if (str_is(match, "POST " API "/authorizers"))
        return control_fail(k, 409, "ConflictException", "Unable to complete operation due to concurrent modification. Please try again later.");
    if (item && str_find(match, S(API "/resources/")) != STR_NONE)
        return control_missing(k, "Invalid Resource identifier specified");
    if (str_is(match, "PUT " API) && control_api_misread(k))
        return -1;
    if (item && k->noun && k->noun->hides_api)
        return control_noun_missing(k);
    return control_fail(k, 404, "NotFoundException", "Invalid API identifier specified " STR_F ":" STR_F, STR_A(k->call->account),
                        STR_A(k->labels[0]));
}

static int find_api(struct control *k)
{
    struct str match = str_of(k->call->action->match);
    if (str_find(match, S("{restapi_id}")) == STR_NONE)
        return 0;
    k->api = map_get(&k->rest->apis, k->labels[0]);
    if (k->api && str_eq(k->api->account, k->call->account))
        return 0;
    k->api = NULL;
    return no_api(k);
}

static int run(struct call *c)
{
    struct apigw *g = c->state;
    size_t i = (size_t)(c->action - control_actions);
    struct control *k = ARENA_NEW(c->arena, struct control);
    k->call = c;
    k->gateway = g;
    k->rest = g->rest;
    k->noun = rows[i].noun;
    read_labels(k);
    pthread_rwlock_wrlock(&k->rest->lock);
    int result = read_body(k) || control_input(k) || find_api(k) ? -1 : rows[i].run(k);
    pthread_rwlock_unlock(&k->rest->lock);
    cJSON_Delete(k->body);
    k->body = NULL;
    if (result == 0)
        c->reply->status = rows[i].status;
    return result == 0 && k->later ? k->later(k) : result;
}

/* ---- bodies ---- */
static bool is_of(const cJSON *v, char kind)
{
    return kind == '*' || kind == 's' ? kind == '*' || cJSON_IsString(v) : kind == 'b' ? cJSON_IsBool(v) : kind == 'n' ? cJSON_IsNumber(v) :
           kind == 'm' ? cJSON_IsObject(v) : cJSON_IsArray(v);
}

int control_fields(struct control *k, cJSON *to, const struct field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const cJSON *v = define_get(k->body, fields[i].name);
        if (!v || cJSON_IsNull(v)) {
            if (fields[i].required)
                return control_fail(k, 400, "BadRequestException", "Missing required parameter in input: \"%s\"", fields[i].name);
            continue;
        }
        if (!is_of(v, fields[i].kind))
            return control_fail(k, 400, "SerializationException", "The member \"%s\" has the wrong type", fields[i].name);
        define_set(to, fields[i].name, cJSON_Duplicate(v, true));
    }
    return 0;
}

/* ---- nouns, in general ---- */
cJSON *control_collection(struct control *k, const struct noun *noun)
{
    if (!noun->account)
        return define_object(k->api->definition, noun->collection);
    struct rest_account *a = rest_account(k->rest, k->call->account);
    return strcmp(noun->collection, "keys") == 0 ? a->keys : strcmp(noun->collection, "links") == 0 ? a->links : a->plans;
}

static cJSON *object_of(struct control *k)
{
    cJSON *v = define_get(control_collection(k, k->noun), k->labels[k->noun->account ? 0 : 1].p);
    if (!v)
        control_noun_missing(k);
    return v;
}

int control_noun_missing(struct control *k)
{
    bool names = str_ends(str_of(k->noun->missing), S(": "));
    return control_fail(k, 404, "NotFoundException", "%s" STR_F, k->noun->missing, STR_A(names ? k->labels[k->n_labels - 1] : S("")));
}

int control_get_tagged(struct control *k)
{
    const cJSON *v = object_of(k);
    return v ? control_reply_tagged(k, v) : -1;
}

int control_get(struct control *k)
{
    const cJSON *v = object_of(k);
    return v ? control_reply(k, v) : -1;
}

/* A position is opaque to clients: base64 of "item 25". */
static const char *position_write(struct control *k, int64_t at)
{
    struct buf b = BUF_INIT;
    codec_base64(&b, arena_f(k->call->arena, "item %lld", (long long)at));
    struct str out = arena_dup(k->call->arena, buf_str(&b));
    buf_release(&b);
    return out.p;
}

static bool position_read(struct control *k, struct str text, int64_t *ret_at)
{
    struct buf b = BUF_INIT;
    bool good = text.n < 64 && codec_unbase64(&b, text);
    struct str at = good ? arena_dup(k->call->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return str_starts(at, S("item ")) && str_to_i64(str_from(at, 5), ret_at) && *ret_at >= 0;
}

int control_page(struct control *k, const cJSON *all, cJSON *(*show)(struct control *k, const cJSON *v))
{
    int64_t limit = 25, from = 0, at = 0;
    struct str wanted = http_query(k->call->request, "limit", k->call->arena), position = http_query(k->call->request, "position", k->call->arena);
    if (wanted.n && !str_to_i64(wanted, &limit))
        return control_fail(k, 400, "BadRequestException", "Invalid limit specified");
    if (limit < 1) /* AWS takes -1 and shows nothing */
        limit = 0;
    if (limit > 500)
        limit = 500;
    if (position.n && !position_read(k, position, &from))
        return control_fail(k, 400, "BadRequestException", "Invalid position specified");
    cJSON *page = cJSON_CreateObject(), *items = cJSON_AddArrayToObject(page, "item");
    const cJSON *v;
    cJSON_ArrayForEach(v, all)
    {
        if (at >= from && at < from + limit) {
            cJSON *shown = show ? show(k, v) : cJSON_Duplicate(v, true);
            if (shown)
                cJSON_AddItemToArray(items, shown);
        }
        at++;
    }
    if (at > from + limit)
        cJSON_AddStringToObject(page, "position", position_write(k, from + limit));
    int result = control_reply(k, page);
    cJSON_Delete(page);
    return result;
}

int control_list(struct control *k) { return control_page(k, control_collection(k, k->noun), NULL); }

int control_delete(struct control *k)
{
    cJSON *v = object_of(k);
    if (!v)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(control_collection(k, k->noun), v));
    return 0;
}

static int passes(struct control *k, cJSON *v) { return k->noun->check ? k->noun->check(k, v) : 0; }

int control_patch(struct control *k)
{
    cJSON *v = object_of(k);
    if (!v || patch_checked(k, v, k->noun, passes))
        return -1;
    if (k->noun->changed)
        k->noun->changed(k->rest, k->api, v);
    return k->noun->account ? control_reply_tagged(k, v) : control_reply(k, v);
}
