/* The control plane over real sockets, signed: every action as it should be, and refused as AWS refuses it. */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/wire/apigw_world.h"

#define A "/restapis/${api}"
#define MOCK_INTEGRATION "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"}}"

static const struct row api_with_method[] = {
    { "POST", "/restapis", "{\"name\":\"t\"}", 201, "\"name\":\"t\"", "api=id", NULL },
    { "GET", A, NULL, 200, NULL, "root=rootResourceId", NULL },
    { "POST", A "/resources/${root}", "{\"pathPart\":\"a\"}", 201, "\"path\":\"/a\"", "a=id", NULL },
    { "PUT", A "/resources/${a}/methods/GET", "{\"authorizationType\":\"NONE\"}", 201, "\"apiKeyRequired\":false", NULL, NULL },
    { "PUT", A "/resources/${a}/methods/GET/responses/200", "{}", 201, "\"statusCode\":\"200\"", NULL, NULL },
    { "PUT", A "/resources/${a}/methods/GET/integration", MOCK_INTEGRATION, 201, "\"timeoutInMillis\":29000", NULL, NULL },
    { "PUT", A "/resources/${a}/methods/GET/integration/responses/200", "{\"responseTemplates\":{\"application/json\":\"v1 $stageVariables.x\"}}", 201,
      "v1", NULL, NULL },
};

static void apis_are_created_read_changed_and_deleted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", "/restapis", "{\"name\":\"one\",\"description\":\"d\",\"tags\":{\"_custom_id_\":\"mine\",\"k\":\"v\"}}", 201, "\"id\":\"mine\"", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"x\",\"tags\":{\"_custom_id_\":\"mine\"}}", 409, "taken", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"two\",\"cloneFrom\":\"mine\"}", 201, "\"apiKeySource\":\"HEADER\"", "api=id", NULL },
        { "GET", "/restapis", NULL, 200, "\"name\":\"two\"", NULL, NULL },
        { "GET", "/restapis?limit=1", NULL, 200, "\"position\":\"aXRlbSAx\"", NULL, NULL },
        { "GET", "/restapis?limit=1&position=aXRlbSAx", NULL, 200, "!position", NULL, NULL },
        { "GET", "/restapis?limit=x", NULL, 400, "Invalid limit", NULL, NULL },
        { "GET", "/restapis/mine", NULL, 200, "\"createdDate\":1598586767", NULL, NULL },
        { "PATCH", "/restapis/mine", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"new\"},"
          "{\"op\":\"add\",\"path\":\"/binaryMediaTypes/image~1png\"}]}", 200, "\"binaryMediaTypes\":[\"image/png\"]", NULL, NULL },
        { "GET", "/restapis/mine", NULL, 200, "\"name\":\"new\"", NULL, NULL },
        { "PATCH", "/restapis/mine", "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"/binaryMediaTypes/image~1png\"}]}", 200, "!image/png", NULL, NULL },
        { "PATCH", "/restapis/mine", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/nope\",\"value\":\"x\"}]}", 400, "Invalid patch path /nope", NULL, NULL },
        { "PATCH", "/restapis/mine", "{\"patchOperations\":[{\"op\":\"jump\",\"path\":\"/name\"}]}", 400, "1 validation error detected: Value 'jump' at 'updateRestApiInput.patchOperations.1.member.op'", NULL, NULL },
        { "PUT", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fmine", "{\"tags\":{\"a\":\"b\"}}", 204, NULL, NULL, NULL },
        { "GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fmine", NULL, 200, "\"a\":\"b\"", NULL, NULL },
        { "DELETE", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fmine?tagKeys=a", NULL, 204, NULL, NULL, NULL },
        { "GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fmine", NULL, 200, "!\"a\":\"b\"", NULL, NULL },
        { "GET", "/tags/nonsense", NULL, 400, "Invalid resource ARN", NULL, NULL },
        { "GET", "/account", NULL, 200, "throttleSettings", NULL, NULL },
        { "DELETE", "/restapis/mine", NULL, 202, NULL, NULL, NULL },
        { "GET", "/restapis/mine", NULL, 404, "Invalid API identifier specified 000000000000:mine", NULL, NULL },
        { "POST", "/restapis", "{}", 400, "name", NULL, NULL },
        { "POST", "/restapis", "{\"name\":5}", 400, "wrong type", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"x\",\"apiKeySource\":\"COOKIE\"}", 400, "enum value set", NULL, NULL },
        { "POST", "/restapis", "[1", 400, "not a JSON object", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"x\",\"cloneFrom\":\"gone\"}", 404, "Invalid API identifier", NULL, NULL },
        { "GET", "/restapis/${api}/nothing/here", NULL, 403, "Missing Authentication Token", NULL, NULL },
        { "POST", "/domainnames", "{}", 501, "CreateDomainName", NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, rows);
    world_close(&w);
}

static void resources_make_a_tree(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", A "/resources/${a}", "{\"pathPart\":\"{id}\"}", 201, "\"path\":\"/a/{id}\"", "id=id", NULL },
        { "POST", A "/resources/${a}", "{\"pathPart\":\"{other}\"}", 400, "already has a variable path part", NULL, NULL },
        { "POST", A "/resources/${a}", "{\"pathPart\":\"{id}\"}", 409, "Another resource with the same parent already has this name", NULL, NULL },
        { "POST", A "/resources/${a}", "{\"pathPart\":\"{proxy+}\"}", 400, "A sibling ({id}) of this resource already has a variable path part", NULL, NULL },
        { "POST", A "/resources/${id}", "{\"pathPart\":\"{proxy+}\"}", 201, NULL, "greedy=id", NULL },
        { "POST", A "/resources/${greedy}", "{\"pathPart\":\"x\"}", 400, "greedy path variable", NULL, NULL },
        { "POST", A "/resources/${a}", "{\"pathPart\":\"a b\"}", 400, "Resource's path part only allow", NULL, NULL },
        { "POST", A "/resources/${a}", "{\"pathPart\":\"{}\"}", 400, "Resource's path part only allow", NULL, NULL },
        { "POST", A "/resources/${a}", "{}", 400, "pathPart", NULL, NULL },
        { "POST", A "/resources/none", "{\"pathPart\":\"x\"}", 404, "Invalid Resource identifier specified", NULL, NULL },
        { "GET", A "/resources", NULL, 200, "\"resourceMethods\":{\"GET\":{}}", NULL, NULL },
        { "GET", A "/resources?embed=methods", NULL, 200, "methodIntegration", NULL, NULL },
        { "GET", A "/resources/${id}", NULL, 200, "\"pathPart\":\"{id}\"", NULL, NULL },
        { "GET", A "/resources/none", NULL, 404, "Invalid Resource identifier specified", NULL, NULL },
        { "PATCH", A "/resources/${a}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/pathPart\",\"value\":\"b\"}]}", 200, "\"path\":\"/b\"", NULL, NULL },
        { "GET", A "/resources/${id}", NULL, 200, "\"path\":\"/b/{id}\"", NULL, NULL },
        { "PATCH", A "/resources/${a}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/parentId\",\"value\":\"${id}\"}]}", 400, "Resources cannot be cyclical.", NULL, NULL },
        { "PATCH", A "/resources/${root}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/pathPart\",\"value\":\"x\"}]}", 400, "Root resource cannot update its pathPart.", NULL, NULL },
        { "DELETE", A "/resources/${root}", NULL, 400, "root resource", NULL, NULL },
        { "DELETE", A "/resources/${a}", NULL, 202, NULL, NULL, NULL },
        { "GET", A "/resources/${id}", NULL, 404, NULL, NULL, NULL },
        { "DELETE", A "/resources/${a}", NULL, 404, NULL, NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

#define M A "/resources/${a}/methods/"
static void methods_and_integrations_are_checked_as_aws_checks_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "PUT", M "GET", "{\"authorizationType\":\"NONE\"}", 409, "Method already exists for this resource", NULL, NULL },
        { "PUT", M "FETCH", "{\"authorizationType\":\"NONE\"}", 400, "Invalid HttpMethod", NULL, NULL },
        { "PUT", M "PUT", "{}", 400, "authorizationType", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"WISH\"}", 400, "authorization type", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"x\":true}}", 400, "Invalid mapping expression specified", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"NONE\",\"requestModels\":{\"application/json\":\"Gone\"}}", 400, "Invalid model identifier", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"NONE\",\"requestValidatorId\":\"gone\"}", 400, "Request Validator", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method.request.querystring.q\":false}}", 201, NULL, NULL, NULL },
        { "PATCH", M "PUT", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/apiKeyRequired\",\"value\":\"true\"},"
          "{\"op\":\"add\",\"path\":\"/requestParameters/method.request.header.H\",\"value\":\"true\"}]}", 200, "\"method.request.header.H\":true", NULL, NULL },
        { "PATCH", M "PUT", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/authorizationType\",\"value\":\"WISH\"}]}", 400, NULL, NULL, NULL },
        { "GET", M "PUT", NULL, 200, "\"authorizationType\":\"NONE\"", NULL, NULL },
        { "GET", M "HEAD", NULL, 404, "Invalid Method identifier specified", NULL, NULL },
        { "PUT", M "PUT/integration", "{}", 400, "type", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"MAGIC\"}", 400, NULL, NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"HTTP\",\"uri\":\"http://x/\"}", 400, "Enumeration value for HttpMethod must be non-empty", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"HTTP\",\"httpMethod\":\"GET\",\"uri\":\"x\"}", 400, "{\"message\":\"Invalid HTTP endpoint specified for URI\"}", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"AWS\",\"httpMethod\":\"GET\",\"uri\":\"x\"}", 400, "{\"message\":\"Invalid ARN specified in the request\"}", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"AWS\",\"httpMethod\":\"GET\",\"uri\":\"arn:aws:apigateway:r:kinesis:x\"}", 400, "AWS ARN for integration must contain path or action", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:r:kinesis:action/X\"}", 400,
          "currently only supports Lambda function and Firehose stream invocations.", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"MOCK\",\"requestParameters\":{\"integration.request.path.p\":\"method.request.path.p\"}}", 400,
          "Invalid mapping expression parameter specified: method.request.path.p]", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"MOCK\",\"timeoutInMillis\":10}", 400, "Timeout should be between 50 ms and 29000 ms", NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"MOCK\",\"passthroughBehavior\":\"MAYBE\"}", 400, NULL, NULL, NULL },
        { "PUT", M "PUT/integration", "{\"type\":\"HTTP\",\"httpMethod\":\"POST\",\"uri\":\"http://kafka-rest:8082/\",\"requestParameters\":"
          "{\"integration.request.querystring.q\":\"method.request.querystring.q\"}}", 201, "\"connectionType\":\"INTERNET\"", NULL, NULL },
        { "PATCH", M "PUT/integration", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/timeoutInMillis\",\"value\":\"1000\"},"
          "{\"op\":\"replace\",\"path\":\"/requestTemplates/text~1csv\",\"value\":\"x\"}]}", 200, "\"text/csv\":\"x\"", NULL, NULL },
        { "PATCH", M "PUT/integration", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/timeoutInMillis\",\"value\":\"10\"}]}", 400, "Timeout", NULL, NULL },
        { "GET", M "PUT/integration", NULL, 200, "\"timeoutInMillis\":1000", NULL, NULL },
        { "GET", M "HEAD/integration", NULL, 404, "Invalid Method", NULL, NULL },
        { "PUT", M "PUT/integration/responses/2x", "{}", 400, "Member must satisfy regular expression pattern", NULL, NULL },
        { "PUT", M "PUT/responses/999", "{}", 400, "at 'statusCode' failed to satisfy constraint", NULL, NULL },
        { "PUT", M "PUT/responses/200", "{\"responseParameters\":{\"method.response.header.H\":true},\"responseModels\":{\"application/json\":\"Empty\"}}", 201, NULL, NULL, NULL },
        { "PUT", M "PUT/responses/200", "{}", 409, "Response already exists for this resource", NULL, NULL },
        { "GET", M "PUT/responses/200", NULL, 200, "Empty", NULL, NULL },
        { "GET", M "PUT/responses/404", NULL, 404, "Invalid Response status code specified", NULL, NULL },
        { "PATCH", M "PUT/responses/200", "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/responseParameters/method.response.header.I\",\"value\":\"true\"}]}", 201, "header.I\":true", NULL, NULL },
        { "PUT", M "PUT/integration/responses/200", "{\"responseParameters\":{\"method.response.header.Z\":\"'z'\"}}", 400, "method.response.header.Z", NULL, NULL },
        { "PUT", M "PUT/integration/responses/200", "{\"selectionPattern\":\"4(\"}", 400, NULL, NULL, NULL },
        { "PUT", M "PUT/integration/responses/200", "{\"responseParameters\":{\"method.response.header.H\":\"'z'\"}}", 201, "'z'", NULL, NULL },
        { "GET", M "PUT/integration/responses/200", NULL, 200, "'z'", NULL, NULL },
        { "PATCH", M "PUT/integration/responses/200", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/selectionPattern\",\"value\":\"2\\\\d{2}\"}]}", 200, "2\\\\d{2}", NULL, NULL },
        { "DELETE", M "PUT/integration/responses/200", NULL, 204, NULL, NULL, NULL },
        { "GET", M "PUT/integration/responses/200", NULL, 404, NULL, NULL, NULL },
        { "DELETE", M "PUT/responses/200", NULL, 204, NULL, NULL, NULL },
        { "DELETE", M "PUT/integration", NULL, 204, NULL, NULL, NULL },
        { "GET", M "PUT/integration", NULL, 404, "Invalid Integration identifier specified", NULL, NULL },
        { "DELETE", M "PUT", NULL, 204, NULL, NULL, NULL },
        { "DELETE", M "PUT", NULL, 404, NULL, NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

#define LIVE "/_aws/execute-api/${api}/"
static void deployments_are_frozen_and_stages_point_at_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "GET", LIVE "s/a", NULL, 403, "{\"message\":\"Forbidden\"}", NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\",\"variables\":{\"x\":\"X\"},\"description\":\"first\"}", 201, "first", "d1=id", NULL },
        { "GET", LIVE "s/a", NULL, 200, "v1 X", NULL, NULL },
        { "GET", "/@/a", NULL, 403, "Forbidden", NULL, NULL },
        { "PATCH", M "GET/integration/responses/200", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/responseTemplates/application~1json\",\"value\":\"v2\"}]}", 200, "v2", NULL, NULL },
        { "GET", LIVE "s/a", NULL, 200, "v1 X", NULL, NULL },
        { "POST", A "/deployments", "{}", 201, NULL, "d2=id", NULL },
        { "POST", A "/stages", "{\"stageName\":\"t\",\"deploymentId\":\"${d2}\"}", 201, "\"stageName\":\"t\"", NULL, NULL },
        { "GET", LIVE "t/a", NULL, 200, "v2", NULL, NULL },
        { "GET", LIVE "s/a", NULL, 200, "v1 X", NULL, NULL },
        { "POST", A "/stages", "{\"stageName\":\"t\",\"deploymentId\":\"${d2}\"}", 409, "Stage already exists", NULL, NULL },
        { "POST", A "/stages", "{\"stageName\":\"u\",\"deploymentId\":\"gone\"}", 400, "Deployment id does not exist", NULL, NULL },
        { "POST", A "/stages", "{\"stageName\":\"a b\",\"deploymentId\":\"${d2}\"}", 400, "Stage name only allows a-zA-Z0-9_-", NULL, NULL },
        { "PATCH", A "/stages/s", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/variables/x\",\"value\":\"Y\"}]}", 200, "\"x\":\"Y\"", NULL, NULL },
        { "GET", LIVE "s/a", NULL, 200, "v1 Y", NULL, NULL },
        { "PATCH", A "/stages/s", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/deploymentId\",\"value\":\"${d2}\"}]}", 200, NULL, NULL, NULL },
        { "GET", LIVE "s/a", NULL, 200, "v2", NULL, NULL },
        { "GET", A "/stages", NULL, 200, "\"stageName\":\"t\"", NULL, NULL },
        { "GET", A "/stages/t", NULL, 200, "${d2}", NULL, NULL },
        { "GET", A "/stages/none", NULL, 404, "Invalid stage identifier specified", NULL, NULL },
        { "GET", A "/deployments", NULL, 200, "${d1}", NULL, NULL },
        { "GET", A "/deployments/${d1}", NULL, 200, "first", NULL, NULL },
        { "PATCH", A "/deployments/${d1}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/description\",\"value\":\"once\"}]}", 200, "once", NULL, NULL },
        { "GET", A "/deployments/none", NULL, 404, "Invalid Deployment identifier specified", NULL, NULL },
        { "DELETE", A "/deployments/${d2}", NULL, 400, "Active stages pointing to this deployment must be moved or deleted", NULL, NULL },
        { "DELETE", A "/deployments/${d1}", NULL, 202, NULL, NULL, NULL },
        { "DELETE", A "/stages/s", NULL, 202, NULL, NULL, NULL },
        { "GET", LIVE "s/a", NULL, 403, "Forbidden", NULL, NULL },
        { "GET", LIVE "t/a", NULL, 200, "v2", NULL, NULL },
        { "DELETE", A, NULL, 202, NULL, NULL, NULL },
        { "GET", LIVE "t/a", NULL, 403, "Forbidden", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"bare\"}", 201, NULL, "api=id", NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 400, "The REST API doesn't contain any methods", NULL, NULL },
        { "GET", A, NULL, 200, NULL, "root=rootResourceId", NULL },
        { "PUT", A "/resources/${root}/methods/GET", "{\"authorizationType\":\"NONE\"}", 201, NULL, NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 400, "No integration defined for method", NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

static void a_method_is_tested_before_it_is_deployed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", M "GET", "{\"pathWithQueryString\":\"/a?q=1\",\"stageVariables\":{\"x\":\"T\"},\"headers\":{\"H\":\"h\"}}", 200, "\"status\":200", NULL, NULL },
        { "POST", M "GET", "{\"stageVariables\":{\"x\":\"T\"}}", 200, "v1 T", NULL, NULL },
        { "POST", M "GET", "{\"pathWithQueryString\":\"/a?q=1\"}", 200, "Method request query string: {q=1}", NULL, NULL },
        { "POST", M "GET", "{}", 200, "Execution log for request ", NULL, NULL },
        { "POST", M "GET", "{}", 200, "Fri Aug 28 03:52:47 UTC 2020 : Starting execution for request: ", NULL, NULL },
        { "POST", M "GET", "{}", 200, "!Endpoint request body", NULL, NULL },
        { "POST", M "GET", "{}", 200, "Successfully completed execution", NULL, NULL },
        { "POST", M "GET", "{}", 200, "Method completed with status: 200", NULL, NULL },
        { "PATCH", M "GET/integration", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/requestTemplates/application~1json\",\"value\":\"#if(\"}]}", 200, NULL, NULL, NULL },
        { "POST", M "GET", "{}", 200, "does not compile", NULL, NULL },
        { "POST", M "GET", "{}", 200, "\"status\":500", NULL, NULL },
        { "POST", M "POST", "{}", 404, "Invalid Method", NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

static void models_validators_and_gateway_responses_are_kept(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", A "/models", "{\"name\":\"Row\",\"contentType\":\"application/json\",\"schema\":\"{\\\"properties\\\":{\\\"n\\\":{\\\"type\\\":\\\"string\\\"}}}\"}", 201, "Row", NULL, NULL },
        { "POST", A "/models", "{\"name\":\"Row\",\"contentType\":\"application/json\"}", 409, "Model name already exists", NULL, NULL },
        { "POST", A "/models", "{\"name\":\"R w\",\"contentType\":\"application/json\"}", 400, "alphanumeric", NULL, NULL },
        { "POST", A "/models", "{\"name\":\"Bad\",\"contentType\":\"application/json\",\"schema\":\"{\"}", 400, "schema is invalid", NULL, NULL },
        { "GET", A "/models", NULL, 200, "\"name\":\"Empty\"", NULL, NULL },
        { "GET", A "/models/Row", NULL, 200, "properties", NULL, NULL },
        { "GET", A "/models/Row/default_template", NULL, 200, "$input.path", NULL, NULL },
        { "PATCH", A "/models/Row", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/description\",\"value\":\"d\"}]}", 200, "\"description\":\"d\"", NULL, NULL },
        { "GET", A "/models/None", NULL, 404, "Invalid model name specified: None", NULL, NULL },
        { "DELETE", A "/models/Row", NULL, 202, NULL, NULL, NULL },
        { "DELETE", A "/models/Row", NULL, 404, NULL, NULL, NULL },
        { "POST", A "/requestvalidators", "{\"name\":\"all\",\"validateRequestBody\":true}", 201, "\"validateRequestParameters\":false", "v=id", NULL },
        { "GET", A "/requestvalidators", NULL, 200, "\"name\":\"all\"", NULL, NULL },
        { "GET", A "/requestvalidators/${v}", NULL, 200, "\"validateRequestBody\":true", NULL, NULL },
        { "PATCH", A "/requestvalidators/${v}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/validateRequestBody\",\"value\":\"false\"}]}", 200, "\"validateRequestBody\":false", NULL, NULL },
        { "DELETE", A "/requestvalidators/${v}", NULL, 202, NULL, NULL, NULL },
        { "GET", A "/requestvalidators/${v}", NULL, 404, "Invalid Request Validator identifier specified", NULL, NULL },
        { "GET", A "/gatewayresponses", NULL, 200, "\"responseType\":\"THROTTLED\"", NULL, NULL },
        { "GET", A "/gatewayresponses/THROTTLED", NULL, 200, "\"defaultResponse\":true", NULL, NULL },
        { "PUT", A "/gatewayresponses/THROTTLED", "{\"statusCode\":\"430\"}", 201, "\"statusCode\":\"430\"", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/responseParameters/gatewayresponse.header.X\",\"value\":\"'x'\"}]}", 200, "'x'", NULL, NULL },
        { "GET", A "/gatewayresponses/DEFAULT_4XX", NULL, 200, "\"defaultResponse\":false", NULL, NULL },
        { "DELETE", A "/gatewayresponses/THROTTLED", NULL, 202, NULL, NULL, NULL },
        { "GET", A "/gatewayresponses/THROTTLED", NULL, 200, "\"statusCode\":\"429\"", NULL, NULL },
        { "PUT", A "/gatewayresponses/NONSENSE", "{}", 400, "at 'responseType' failed to satisfy constraint", NULL, NULL },
        { "PUT", A "/gatewayresponses/THROTTLED", "{\"statusCode\":\"x\"}", 400, "Invalid status code specified: x", NULL, NULL },
        { "PUT", A "/gatewayresponses/THROTTLED", "{\"responseParameters\":{\"x\":\"'y'\"}}", 400, "Invalid mapping expression", NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

static void keys_and_usage_plans_are_kept(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "POST", "/apikeys", "{\"name\":\"k\",\"enabled\":true,\"value\":\"01234567890123456789\"}", 201, "01234567890123456789", "key=id", NULL },
        { "POST", "/apikeys", "{\"name\":\"k2\",\"value\":\"01234567890123456789\"}", 409, "API Key already exists", NULL, NULL },
        { "POST", "/apikeys", "{\"value\":\"short\"}", 400, "at least 20 characters", NULL, NULL },
        { "GET", "/apikeys", NULL, 200, "!01234567890123456789", NULL, NULL },
        { "GET", "/apikeys?includeValues=true&name=k", NULL, 200, "01234567890123456789", NULL, NULL },
        { "GET", "/apikeys?name=zz", NULL, 200, "{\"item\":[]}", NULL, NULL },
        { "GET", "/apikeys/${key}?includeValue=true", NULL, 200, "01234567890123456789", NULL, NULL },
        { "GET", "/apikeys/none", NULL, 404, "Invalid API Key identifier specified", NULL, NULL },
        { "PATCH", "/apikeys/${key}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"false\"}]}", 200, "\"enabled\":false", NULL, NULL },
        { "POST", "/usageplans", "{\"name\":\"p\",\"apiStages\":[{\"apiId\":\"${api}\",\"stage\":\"s\"}],\"throttle\":{\"rateLimit\":1,\"burstLimit\":1}}", 201, "\"stage\":\"s\"", "plan=id", NULL },
        { "POST", "/usageplans", "{\"name\":\"p\",\"apiStages\":[{\"apiId\":\"${api}\",\"stage\":\"none\"}]}", 400, "API Stage not found", NULL, NULL },
        { "POST", "/usageplans", "{\"name\":\"p\",\"quota\":{\"limit\":1,\"period\":\"YEAR\"}}", 400, "at 'createUsagePlanInput.quota.period'", NULL, NULL },
        { "POST", "/usageplans", "{}", 400, "name", NULL, NULL },
        { "GET", "/usageplans", NULL, 200, "\"name\":\"p\"", NULL, NULL },
        { "GET", "/usageplans/${plan}", NULL, 200, "\"rateLimit\":1", NULL, NULL },
        { "GET", "/usageplans/none", NULL, 404, "Invalid Usage Plan ID specified", NULL, NULL },
        { "POST", "/usageplans/${plan}/keys", "{\"keyId\":\"${key}\",\"keyType\":\"API_KEY\"}", 201, "API_KEY", NULL, NULL },
        { "POST", "/usageplans/${plan}/keys", "{\"keyId\":\"${key}\",\"keyType\":\"API_KEY\"}", 409, "already exists", NULL, NULL },
        { "POST", "/usageplans/${plan}/keys", "{\"keyId\":\"none\",\"keyType\":\"API_KEY\"}", 404, "Invalid API Key identifier", NULL, NULL },
        { "POST", "/usageplans/${plan}/keys", "{\"keyId\":\"${key}\",\"keyType\":\"DOOR\"}", 400, "API_KEY", NULL, NULL },
        { "GET", "/usageplans/${plan}/keys", NULL, 200, "${key}", NULL, NULL },
        { "GET", "/usageplans/${plan}/keys/${key}", NULL, 200, "\"name\":\"k\"", NULL, NULL },
        { "GET", "/usageplans/${plan}/usage?startDate=2020-08-28&endDate=2020-08-28", NULL, 200, "\"${key}\":[[0,0]]", NULL, NULL },
        { "PATCH", "/usageplans/${plan}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/throttle/rateLimit\",\"value\":\"5\"},"
          "{\"op\":\"remove\",\"path\":\"/apiStages\",\"value\":\"${api}:s\"}]}", 200, "\"rateLimit\":5", NULL, NULL },
        { "PATCH", "/usageplans/${plan}", "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/apiStages\",\"value\":\"${api}:none\"}]}", 404, "Invalid API Stage {api: ${api}, stage: none} specified", NULL, NULL },
        { "PATCH", "/usageplans/${plan}", "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/apiStages\",\"value\":\"${api}:s\"}]}", 200, "\"stage\":\"s\"", NULL, NULL },
        { "DELETE", "/usageplans/${plan}", NULL, 400, "associated API stages", NULL, NULL },
        { "PATCH", "/usageplans/${plan}", "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"/apiStages\",\"value\":\"${api}:s\"}]}", 200, NULL, NULL, NULL },
        { "DELETE", "/usageplans/${plan}/keys/${key}", NULL, 202, NULL, NULL, NULL },
        { "GET", "/usageplans/${plan}/keys/${key}", NULL, 404, "Invalid Usage Plan Key identifier specified", NULL, NULL },
        { "DELETE", "/usageplans/${plan}", NULL, 202, NULL, NULL, NULL },
        { "DELETE", "/apikeys/${key}", NULL, 202, NULL, NULL, NULL },
        { "DELETE", "/apikeys/${key}", NULL, 404, NULL, NULL, NULL },
    };
    struct world w;
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    RUN(&w, rows);
    world_close(&w);
}

/* Import, deploy, ask; export, import again, deploy, ask: the same answers. */
static void an_exported_document_imports_to_the_same_api(void **state)
{
    (void)state;
    static const char document[] = "{\"swagger\":\"2.0\",\"info\":{\"title\":\"ex\",\"version\":\"2\"},\"basePath\":\"/v1/x\","
        "\"x-amazon-apigateway-request-validators\":{\"all\":{\"validateRequestBody\":true,\"validateRequestParameters\":true}},"
        "\"x-amazon-apigateway-gateway-responses\":{\"DEFAULT_4XX\":{\"responseParameters\":{\"gatewayresponse.header.X-Why\":\"'four'\"}}},"
        "\"definitions\":{\"Row\":{\"type\":\"object\",\"required\":[\"n\"],\"properties\":{\"n\":{\"$ref\":\"#/definitions/N\"}}},\"N\":{\"type\":\"integer\"}},"
        "\"paths\":{\"/m/{id}\":{\"post\":{\"x-amazon-apigateway-request-validator\":\"all\",\"parameters\":[{\"name\":\"q\",\"in\":\"query\",\"required\":true},"
        "{\"in\":\"body\",\"name\":\"Row\",\"schema\":{\"$ref\":\"#/definitions/Row\"}}],\"responses\":{\"200\":{\"description\":\"ok\",\"headers\":{\"H\":{\"type\":\"string\"}}}},"
        "\"x-amazon-apigateway-integration\":{\"type\":\"mock\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\": $input.params('q')}\"},"
        "\"responses\":{\"default\":{\"statusCode\":\"200\",\"responseParameters\":{\"method.response.header.H\":\"'h'\"},\"responseTemplates\":{\"application/json\":\"got $context.resourcePath\"}},"
        "\"4\\\\d{2}\":{\"statusCode\":\"418\",\"responseTemplates\":{\"application/json\":\"tea\"}}}}}}}}";
    static const struct row asked[] = {
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "POST", LIVE "s/m/1?q=200", "{\"n\":1}", 200, "got /m/{id}", NULL, NULL },
        { "POST", LIVE "s/m/1?q=404", "{\"n\":1}", 418, "tea", NULL, NULL },
        { "POST", LIVE "s/m/1", "{\"n\":1}", 400, "{\"message\":\"Missing required request parameters: [q]\"}", NULL, NULL },
        { "POST", LIVE "s/m/1?q=200", "{\"n\":\"x\"}", 400, "{\"message\":\"Invalid request body\"}", NULL, NULL },
        { "GET", LIVE "s/m/1?q=200", NULL, 403, "Missing Authentication Token", NULL, NULL },
    };
    static const struct { const char *type, *accept; } forms[] = {
        { "oas30", NULL }, { "swagger", "Accept: application/json" }, { "oas30", "Accept: application/yaml" }, { "swagger", "Accept: application/yaml" },
    };
    struct world w;
    world_open(&w, NULL);
    const struct row first = { "POST", "/restapis?mode=import", document, 201, "\"version\":\"2\"", "api=id", NULL };
    run_rows(&w, &first, 1);
    RUN(&w, asked);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        const char *path = arena_f(&w.arena, A "/stages/s/exports/%s?extensions=integrations", forms[i].type).p;
        const struct row out = { "GET", path, NULL, 200, "x-amazon-apigateway-integration", "document=.", forms[i].accept };
        run_rows(&w, &out, 1);
        struct str text = kept(&w, S("document"));
        w.n_kept = 0;
        struct err e = { 0 };
        struct client_response r = { 0 };
        const struct client_request q = { .method = "POST", .url = arena_f(&w.arena, "%s/restapis?mode=import", cloud_url(w.cloud, "apigw")), .body = text,
                                          .sign = true, .service = S("apigateway") };
        client_do(w.client, &q, &w.arena, &r, &e);
        assert_int_equal(r.status, 201);
        keep(&w, "api=id", r.body);
        RUN(&w, asked);
    }
    static const struct row rest[] = {
        { "GET", A "/stages/s/exports/oas30", NULL, 200, "!x-amazon-apigateway-integration", NULL, NULL },
        { "GET", A "/stages/s/exports/raml", NULL, 400, "No API exporter for type 'raml'", NULL, NULL },
        { "GET", A "/stages/none/exports/oas30", NULL, 404, "Invalid stage identifier", NULL, NULL },
        { "PUT", A "?mode=merge", "{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"m\"},\"paths\":{\"/n\":{\"get\":{}}}}", 200, "\"name\":\"m\"", NULL, NULL },
        { "GET", A "/resources?embed=methods", NULL, 200, "/m/{id}", NULL, NULL },
        { "PUT", A "?mode=overwrite&basepath=prepend", "{\"swagger\":\"2.0\",\"basePath\":\"/v1\",\"paths\":{\"/n\":{\"get\":{}}}}", 200, NULL, NULL, NULL },
        { "GET", A "/resources", NULL, 200, "\"path\":\"/v1/n\"", NULL, NULL },
        { "GET", A "/resources", NULL, 200, "!/m/{id}", NULL, NULL },
        { "PUT", A "?mode=overwrite", "{\"swagger\":\"2.0\"}", 400, "/paths", NULL, NULL },
        { "POST", "/restapis?mode=import", "nonsense", 400, "an object is due", NULL, NULL },
        { "POST", LIVE "s/m/1?q=200", "{\"n\":1}", 200, "got", NULL, NULL },
    };
    RUN(&w, rest);
    world_close(&w);
}

/* ---- calls while the API is deployed anew ---- */
struct caller {
    struct cloud *cloud;
    struct str path;
    _Atomic int *stop;
    int calls, bad;
};

static void *call_until_stopped(void *arg)
{
    struct caller *c = arg;
    while (!*c->stop) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct http_reply reply = { 0 };
        struct http_request q = { .method = S("GET") };
        http_request_target(&q, c->path);
        cloud_invoke_wait(c->cloud, "apigw", &q, &reply, &a, &e);
        c->calls++;
        c->bad += reply.status != 200;
        http_reply_release(&reply);
        arena_release(&a);
    }
    return NULL;
}

static void calls_go_on_while_a_stage_is_replaced(void **state)
{
    (void)state;
    enum { CALLERS = 3 };
    static const struct row deploy = { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL };
    static const struct row variable = { "PATCH", A "/stages/s", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/variables/x\",\"value\":\"y\"}]}", 200, NULL, NULL, NULL };
    struct world w;
    _Atomic int stop = 0;
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    run_rows(&w, &deploy, 1);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .cloud = w.cloud, .path = filled(&w, LIVE "s/a"), .stop = &stop };
        pthread_create(&threads[i], NULL, call_until_stopped, &callers[i]);
    }
    for (int i = 0; i < 40; i++) {
        run_rows(&w, &deploy, 1);
        run_rows(&w, &variable, 1);
    }
    stop = 1;
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].bad, 0);
        assert_true(callers[i].calls > 0);
    }
    world_close(&w);
}

static void only_signed_calls_of_the_own_account_are_taken(void **state)
{
    (void)state;
    struct world w;
    struct err e = { 0 };
    world_open(&w, NULL);
    RUN(&w, api_with_method);
    static const struct { struct sigv4_key key; int status; const char *says; } rows[] = {
        { { S_INIT("test"), S_INIT("wrong"), { 0 } }, 403, "does not match the signature" },
        { { S_INIT("nobody"), S_INIT("x"), { 0 } }, 403, "security token included in the request is invalid" },
        { { S_INIT("111122223333"), S_INIT("test"), { 0 } }, 404, "Invalid API identifier specified 111122223333:" },
    };
    for (size_t i = 0; i < 3; i++) {
        client_close(w.client);
        w.client = client_open(&(struct client_options){ .clock = &w.clock, .max_attempts = 1, .key = rows[i].key, .region = S("us-east-1") }, &e);
        const struct row r = { "GET", A, NULL, rows[i].status, rows[i].says, NULL, NULL };
        run_rows(&w, &r, 1);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(apis_are_created_read_changed_and_deleted),
        cmocka_unit_test(resources_make_a_tree),
        cmocka_unit_test(methods_and_integrations_are_checked_as_aws_checks_them),
        cmocka_unit_test(deployments_are_frozen_and_stages_point_at_them),
        cmocka_unit_test(a_method_is_tested_before_it_is_deployed),
        cmocka_unit_test(models_validators_and_gateway_responses_are_kept),
        cmocka_unit_test(keys_and_usage_plans_are_kept),
        cmocka_unit_test(an_exported_document_imports_to_the_same_api),
        cmocka_unit_test(calls_go_on_while_a_stage_is_replaced),
        cmocka_unit_test(only_signed_calls_of_the_own_account_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
