/* control.c - the control plane (REST, https://docs.aws.amazon.com/apigateway/latest/api): its actions by name and path.
 *
 * None has a function yet, so dispatch answers 501 and names the action; a row gets its function when it is built.
 * A request belongs here when its path begins with /restapis, or when it is signed for "apigateway".
 */
#include "mocks/apigw/invoke.h"

#define API "/restapis/{restapi_id}"
#define RESOURCE API "/resources/{resource_id}"
#define METHOD RESOURCE "/methods/{http_method}"

/* Invoke comes first: it is the data plane, and routed by apigw.c. */
const struct action control_actions[CONTROL_ACTIONS] = {
    { .name = "Invoke", .run = invoke_run, .match = "ANY /{stage}/…" },
    { .name = "CreateRestApi", .match = "POST /restapis" },
    { .name = "GetRestApis", .match = "GET /restapis" },
    { .name = "GetRestApi", .match = "GET " API },
    { .name = "UpdateRestApi", .match = "PATCH " API },
    { .name = "DeleteRestApi", .match = "DELETE " API },
    { .name = "PutRestApi", .match = "PUT " API },
    { .name = "GetResources", .match = "GET " API "/resources" },
    { .name = "CreateResource", .match = "POST " API "/resources/{parent_id}" },
    { .name = "GetResource", .match = "GET " RESOURCE },
    { .name = "UpdateResource", .match = "PATCH " RESOURCE },
    { .name = "DeleteResource", .match = "DELETE " RESOURCE },
    { .name = "PutMethod", .match = "PUT " METHOD },
    { .name = "GetMethod", .match = "GET " METHOD },
    { .name = "UpdateMethod", .match = "PATCH " METHOD },
    { .name = "DeleteMethod", .match = "DELETE " METHOD },
    { .name = "TestInvokeMethod", .match = "POST " METHOD },
    { .name = "PutMethodResponse", .match = "PUT " METHOD "/responses/{status_code}" },
    { .name = "GetMethodResponse", .match = "GET " METHOD "/responses/{status_code}" },
    { .name = "UpdateMethodResponse", .match = "PATCH " METHOD "/responses/{status_code}" },
    { .name = "DeleteMethodResponse", .match = "DELETE " METHOD "/responses/{status_code}" },
    { .name = "PutIntegration", .match = "PUT " METHOD "/integration" },
    { .name = "GetIntegration", .match = "GET " METHOD "/integration" },
    { .name = "UpdateIntegration", .match = "PATCH " METHOD "/integration" },
    { .name = "DeleteIntegration", .match = "DELETE " METHOD "/integration" },
    { .name = "PutIntegrationResponse", .match = "PUT " METHOD "/integration/responses/{status_code}" },
    { .name = "GetIntegrationResponse", .match = "GET " METHOD "/integration/responses/{status_code}" },
    { .name = "UpdateIntegrationResponse", .match = "PATCH " METHOD "/integration/responses/{status_code}" },
    { .name = "DeleteIntegrationResponse", .match = "DELETE " METHOD "/integration/responses/{status_code}" },
    { .name = "CreateDeployment", .match = "POST " API "/deployments" },
    { .name = "GetDeployments", .match = "GET " API "/deployments" },
    { .name = "GetDeployment", .match = "GET " API "/deployments/{deployment_id}" },
    { .name = "UpdateDeployment", .match = "PATCH " API "/deployments/{deployment_id}" },
    { .name = "DeleteDeployment", .match = "DELETE " API "/deployments/{deployment_id}" },
    { .name = "CreateStage", .match = "POST " API "/stages" },
    { .name = "GetStages", .match = "GET " API "/stages" },
    { .name = "GetStage", .match = "GET " API "/stages/{stage_name}" },
    { .name = "UpdateStage", .match = "PATCH " API "/stages/{stage_name}" },
    { .name = "DeleteStage", .match = "DELETE " API "/stages/{stage_name}" },
    { .name = "GetExport", .match = "GET " API "/stages/{stage_name}/exports/{export_type}" },
    { .name = "GetSdk", .match = "GET " API "/stages/{stage_name}/sdks/{sdk_type}" },
    { .name = "FlushStageCache", .match = "DELETE " API "/stages/{stage_name}/cache/data" },
    { .name = "CreateAuthorizer", .match = "POST " API "/authorizers" },
    { .name = "GetAuthorizers", .match = "GET " API "/authorizers" },
    { .name = "GetAuthorizer", .match = "GET " API "/authorizers/{authorizer_id}" },
    { .name = "UpdateAuthorizer", .match = "PATCH " API "/authorizers/{authorizer_id}" },
    { .name = "DeleteAuthorizer", .match = "DELETE " API "/authorizers/{authorizer_id}" },
    { .name = "TestInvokeAuthorizer", .match = "POST " API "/authorizers/{authorizer_id}" },
    { .name = "CreateModel", .match = "POST " API "/models" },
    { .name = "GetModels", .match = "GET " API "/models" },
    { .name = "GetModel", .match = "GET " API "/models/{model_name}" },
    { .name = "UpdateModel", .match = "PATCH " API "/models/{model_name}" },
    { .name = "DeleteModel", .match = "DELETE " API "/models/{model_name}" },
    { .name = "GetModelTemplate", .match = "GET " API "/models/{model_name}/default_template" },
    { .name = "CreateRequestValidator", .match = "POST " API "/requestvalidators" },
    { .name = "GetRequestValidators", .match = "GET " API "/requestvalidators" },
    { .name = "GetRequestValidator", .match = "GET " API "/requestvalidators/{validator_id}" },
    { .name = "UpdateRequestValidator", .match = "PATCH " API "/requestvalidators/{validator_id}" },
    { .name = "DeleteRequestValidator", .match = "DELETE " API "/requestvalidators/{validator_id}" },
    { .name = "GetGatewayResponses", .match = "GET " API "/gatewayresponses" },
    { .name = "PutGatewayResponse", .match = "PUT " API "/gatewayresponses/{response_type}" },
    { .name = "GetGatewayResponse", .match = "GET " API "/gatewayresponses/{response_type}" },
    { .name = "UpdateGatewayResponse", .match = "PATCH " API "/gatewayresponses/{response_type}" },
    { .name = "DeleteGatewayResponse", .match = "DELETE " API "/gatewayresponses/{response_type}" },
    { .name = "GetDocumentationParts", .match = "GET " API "/documentation/parts" },
    { .name = "CreateDocumentationPart", .match = "POST " API "/documentation/parts" },
    { .name = "CreateApiKey", .match = "POST /apikeys" },
    { .name = "GetApiKeys", .match = "GET /apikeys" },
    { .name = "GetApiKey", .match = "GET /apikeys/{api_Key}" },
    { .name = "UpdateApiKey", .match = "PATCH /apikeys/{api_Key}" },
    { .name = "DeleteApiKey", .match = "DELETE /apikeys/{api_Key}" },
    { .name = "CreateUsagePlan", .match = "POST /usageplans" },
    { .name = "GetUsagePlans", .match = "GET /usageplans" },
    { .name = "GetUsagePlan", .match = "GET /usageplans/{usageplanId}" },
    { .name = "UpdateUsagePlan", .match = "PATCH /usageplans/{usageplanId}" },
    { .name = "DeleteUsagePlan", .match = "DELETE /usageplans/{usageplanId}" },
    { .name = "CreateUsagePlanKey", .match = "POST /usageplans/{usageplanId}/keys" },
    { .name = "GetUsagePlanKeys", .match = "GET /usageplans/{usageplanId}/keys" },
    { .name = "GetUsagePlanKey", .match = "GET /usageplans/{usageplanId}/keys/{keyId}" },
    { .name = "DeleteUsagePlanKey", .match = "DELETE /usageplans/{usageplanId}/keys/{keyId}" },
    { .name = "GetUsage", .match = "GET /usageplans/{usageplanId}/usage" },
    { .name = "GetAccount", .match = "GET /account" },
    { .name = "UpdateAccount", .match = "PATCH /account" },
    { .name = "TagResource", .match = "PUT /tags/{resource_arn}" },
    { .name = "GetTags", .match = "GET /tags/{resource_arn}" },
    { .name = "UntagResource", .match = "DELETE /tags/{resource_arn}" },
    { .name = "CreateDomainName", .match = "POST /domainnames" },
    { .name = "GetDomainNames", .match = "GET /domainnames" },
    { .name = "GetDomainName", .match = "GET /domainnames/{domain_name}" },
    { .name = "DeleteDomainName", .match = "DELETE /domainnames/{domain_name}" },
    { .name = "CreateVpcLink", .match = "POST /vpclinks" },
    { .name = "GetVpcLinks", .match = "GET /vpclinks" },
    { .name = "GetVpcLink", .match = "GET /vpclinks/{vpclink_id}" },
    { .name = "DeleteVpcLink", .match = "DELETE /vpclinks/{vpclink_id}" },
    { .name = "GenerateClientCertificate", .match = "POST /clientcertificates" },
    { .name = "GetClientCertificates", .match = "GET /clientcertificates" },
    { .name = "GetSdkTypes", .match = "GET /sdktypes" },
};

static bool fits(struct str template, struct str path)
{
    while (template.p && path.p) {
        struct str want = str_cut(&template, '/'), got = str_cut(&path, '/');
        if (!(want.n && want.p[0] == '{' ? got.n > 0 : str_eq(want, got)))
            return false;
    }
    return !template.p && !path.p;
}

static bool is_control(const struct http_request *r)
{
    if (str_starts(r->path, S("/restapis/")) || str_is(r->path, "/restapis"))
        return true;
    return str_find(http_request_header(r, "Authorization"), S("/apigateway/aws4_request")) != STR_NONE;
}

const struct action *control_route(struct call *c)
{
    const struct http_request *r = c->request;
    if (!is_control(r))
        return NULL;
    for (size_t i = 1; i < CONTROL_ACTIONS; i++) {
        struct str template = str_of(control_actions[i].match);
        struct str verb = str_cut(&template, ' ');
        if (str_eq(verb, r->method) && fits(template, r->path)) {
            c->resource = r->path;
            return &control_actions[i];
        }
    }
    return NULL;
}
