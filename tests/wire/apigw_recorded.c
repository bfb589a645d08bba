/* The control plane as AWS was recorded to answer: what is refused and in which words, what a patch may change, what an
 * update shows; documentation, authorizers, VPC links and canaries. */
#include "tests/wire/apigw_world.h"

#define A "/restapis/${api}"
#define M A "/resources/${root}/methods/"
#define PATCH(op, path, value) "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define CUT(path) "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"" path "\"}]}"
#define MOCK_INTEGRATION "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"}}"

static const struct row an_api[] = {
    { "POST", "/restapis", "{\"name\":\"t\"}", 201, "\"ipAddressType\":\"ipv4\"", "api=id", NULL },
    { "GET", A, NULL, 200, NULL, "root=rootResourceId", NULL },
    { "PUT", M "GET", "{\"authorizationType\":\"none\"}", 201, "\"authorizationType\":\"NONE\"", NULL, NULL },
    { "PUT", M "GET/integration", MOCK_INTEGRATION, 201, NULL, NULL, NULL },
    { "PUT", M "GET/integration/responses/200", "{\"responseTemplates\":{\"application/json\":\"$stageVariables.x $context.isCanaryRequest\"}}", 201, NULL, NULL, NULL },
};

static void run(const struct row *rows, size_t n)
{
    struct world w;
    world_open(&w, NULL);
    RUN(&w, an_api);
    run_rows(&w, rows, n);
    world_close(&w);
}
#define RUN_ALL(rows) run((rows), sizeof(rows) / sizeof(*(rows)))

static void the_validator_speaks_before_anything_is_looked_up(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "PUT", "/restapis/none/resources/r/methods/GET/integration", "{\"type\":\"HTTPS_PROXY\"}", 400,
          "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: "
          "[HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]", NULL, NULL },
        { "POST", "/restapis", "{\"name\":\"x\",\"endpointConfiguration\":{\"types\":[\"wrong\"],\"ipAddressType\":\"wrong\"}}", 400,
          "2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must "
          "satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; Value 'wrong' at "
          "'createRestApiInput.endpointConfiguration.ipAddressType'", NULL, NULL },
        { "PATCH", M "GET/responses/wrong", PATCH("jump", "/x", "y"), 400,
          "2 validation errors detected: Value 'jump' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy constraint: Member must "
          "satisfy enum value set: [add, remove, move, test, replace, copy]; Value 'wrong' at 'statusCode'", NULL, NULL },
        { "GET", A "/gatewayresponses/NONE", NULL, 400, "Value 'NONE' at 'responseType'", NULL, NULL },
        { "PUT", M "GET/integration", "{\"type\":5}", 400, "can not be converted to an String", NULL, NULL },
        { "GET", "/restapis/none/resources/r", NULL, 404, "Invalid Resource identifier specified", NULL, NULL },
        { "GET", "/restapis/none/resources", NULL, 404, "Invalid API identifier specified", NULL, NULL },
        { "GET", "/restapis/none/models/M", NULL, 404, "Invalid model name specified: M", NULL, NULL },
        { "POST", "/restapis/none/requestvalidators", "{}", 400, "Invalid REST API identifier specified", NULL, NULL },
        { "GET", "/restapis/none/requestvalidators/v", NULL, 404, "Invalid Request Validator identifier specified", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void an_api_is_of_one_type(void **state)
{
    (void)state;
#define CREATE(rest) "POST", "/restapis", "{\"name\":\"x\"," rest "}"
    static const struct row rows[] = {
        { CREATE("\"description\":\"\""), 400, "Description cannot be an empty string", NULL, NULL },
        { CREATE("\"minimumCompressionSize\":\"s\""), 400, "Invalid minimum compression size, must be between 0 and 10485760", NULL, NULL },
        { CREATE("\"endpointConfiguration\":{\"types\":[]}"), 400, "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.", NULL, NULL },
        { CREATE("\"endpointConfiguration\":{\"types\":[\"EDGE\",\"REGIONAL\"]}"), 400, "Cannot create an api with multiple Endpoint Types.", NULL, NULL },
        { CREATE("\"endpointConfiguration\":{\"types\":[\"PRIVATE\"],\"ipAddressType\":\"ipv4\"}"), 400, "Only dualstack", NULL, NULL },
        { CREATE("\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]}"), 201, "\"ipAddressType\":\"dualstack\"", NULL, NULL },
        { CREATE("\"binaryMediaTypes\":[]"), 201, "!binaryMediaTypes", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/endpointConfiguration/types/0", "PRIVATE"), 200, "\"ipAddressType\":\"dualstack\"", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/endpointConfiguration/types/0", "SPHERE"), 400, "Valid options are REGIONAL,EDGE,PRIVATE", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/endpointConfiguration/ipAddressType", "ipv5"), 400, "must be either ipv4 or dualstack.", NULL, NULL },
        { "PATCH", A, PATCH("add", "/endpointConfiguration/ipAddressType", "ipv4"), 400, "Must be one of: [replace]", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/minimumCompressionSize", "10"), 200, "\"minimumCompressionSize\":10", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/minimumCompressionSize", ""), 200, "!minimumCompressionSize", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/minimumCompressionSize", "-1"), 400, "Invalid minimum compression size", NULL, NULL },
        { "PATCH", A, PATCH("add", "/binaryMediaTypes", "a/b"), 400, "Invalid patch path /binaryMediaTypes", NULL, NULL },
        { "PATCH", A, PATCH("add", "/binaryMediaTypes/image~1png", ""), 200, "[\"image/png\"]", NULL, NULL },
        { "PATCH", A, PATCH("add", "/binaryMediaTypes/image~1jpeg", ""), 200, "[\"image/png\",\"image/jpeg\"]", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/binaryMediaTypes/image~1png", "image/gif"), 200, "[\"image/jpeg\",\"image/gif\"]", NULL, NULL },
        { "PATCH", A, PATCH("replace", "/name", "n"), 200, "\"tags\":{}", NULL, NULL },
        { "GET", A, NULL, 200, "!tags", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void patches_are_refused_in_the_words_of_their_noun(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", A "/models", "{\"name\":\"\",\"contentType\":\"application/json\",\"schema\":\"{}\"}", 400, "Model name must be non-empty", NULL, NULL },
        { "POST", A "/models", "{\"name\":\"N\",\"contentType\":\"application/json\"}", 400, "must have at least 1 property or array items defined", NULL, NULL },
        { "POST", A "/models", "{\"name\":\"N\",\"description\":\"\",\"contentType\":\"application/json\",\"schema\":\"{}\"}", 201, "!description", NULL, NULL },
        { "PATCH", A "/models/N", PATCH("replace", "/name", "x"), 400,
          "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]", NULL, NULL },
        { "PATCH", A "/models/N", PATCH("add", "/schema", "x"), 400, "specified for op 'add'. Please choose supported operations", NULL, NULL },
        { "PATCH", A "/models/N", PATCH("replace", "/schema", ""), 400, "at least 1 property", NULL, NULL },
        { "PATCH", M "GET", PATCH("add", "/requestModels/application~1json", "N"), 200, "\"requestModels\":{\"application/json\":\"N\"}", NULL, NULL },
        { "DELETE", A "/models/N", NULL, 409, "Cannot delete model 'N', is referenced in method request: //GET", NULL, NULL },
        { "PATCH", M "GET", CUT("/requestModels/application~1json"), 200, "!requestModels", NULL, NULL },
        { "DELETE", A "/models/N", NULL, 202, NULL, NULL, NULL },
        { "PATCH", M "GET", PATCH("add", "/httpMethod", "PUT"), 400, "Invalid patch path /httpMethod", NULL, NULL },
        { "PATCH", M "GET", PATCH("add", "/operationName", "x"), 400, "Invalid patch operation specified. Must be one of: [replace]", NULL, NULL },
        { "PATCH", M "GET", PATCH("replace", "/apiKeyRequired", "whatever"), 200, "\"apiKeyRequired\":false", NULL, NULL },
        { "PUT", M "PUT", "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method.request.header.a\":true,\"method.request.querystring.a\":true}}", 400,
          "Parameter names must be unique across querystring, header and path", NULL, NULL },
        { "PUT", M "GET/responses/200", "{}", 201, NULL, NULL, NULL },
        { "PATCH", M "GET/responses/200", CUT("/responseParameters/method.response.header.h"), 404, "Invalid parameter name specified", NULL, NULL },
        { "PATCH", M "GET/responses/200", CUT("/responseModels/a~1b"), 404, "Content-Type specified was not found", NULL, NULL },
        { "PATCH", M "GET/responses/200", PATCH("add", "/wrong/x", "true"), 400, "Invalid patch path /wrong/x", NULL, NULL },
        { "PATCH", M "GET/responses/200", PATCH("add", "/responseParameters/method.response.header.h", "true"), 201, "header.h\":true", NULL, NULL },
        { "POST", A "/requestvalidators", "{\"name\":\"v\"}", 201, NULL, "v=id", NULL },
        { "PATCH", A "/requestvalidators/${v}", PATCH("replace", "/name", ""), 400, "Request Validator name cannot be blank", NULL, NULL },
        { "PATCH", A "/requestvalidators/${v}", PATCH("replace", "/x", ""), 400, "[/name, /validateRequestParameters, /validateRequestBody]", NULL, NULL },
        { "DELETE", M "GET/integration/responses/200", NULL, 204, NULL, NULL, NULL },
        { "GET", M "GET/integration", NULL, 200, "!integrationResponses", NULL, NULL },
        { "PUT", M "GET/integration", "{\"type\":\"MOCK\",\"httpMethod\":\"POST\",\"uri\":\"http://x\"}", 201, "!http", NULL, NULL },
        { "PUT", M "GET/integration", "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:iam::1:role/r\"}", 400,
          "AWS ARN for integration must contain path or action", NULL, NULL },
        { "PUT", M "GET/integration", "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"x\"}", 400, "Invalid ARN specified in the request\"", NULL, NULL },
        { "DELETE", M "PUT/integration/responses/200", NULL, 404, "Invalid Integration identifier specified", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void default_gateway_responses_are_inherited(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "PUT", A "/gatewayresponses/DEFAULT_5XX", "{\"statusCode\":\"599\"}", 201, "$context.error.messageString", NULL, NULL },
        { "GET", A "/gatewayresponses/INTEGRATION_FAILURE", NULL, 200, "\"statusCode\":\"599\"", NULL, NULL },
        { "GET", A "/gatewayresponses/INTEGRATION_FAILURE", NULL, 200, "\"defaultResponse\":true", NULL, NULL },
        { "PUT", A "/gatewayresponses/AUTHORIZER_FAILURE", "{}", 201, "\"statusCode\":\"500\"", NULL, NULL },
        { "GET", A "/gatewayresponses/THROTTLED", NULL, 200, "\"statusCode\":\"429\"", NULL, NULL },
        { "DELETE", A "/gatewayresponses/THROTTLED", NULL, 404, "Gateway response type not defined on api", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", PATCH("add", "/statusCode", "444"), 400, "Invalid patch path /statusCode", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", "{\"patchOperations\":[{\"op\":\"add\"}]}", 400, "Invalid patch path null", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", PATCH("add", "/responseTemplates/a~1b", ""), 400, "Invalid null or empty value in responseTemplates", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", PATCH("replace", "/responseParameters/x", "'y'"), 404, "Invalid parameter name specified", NULL, NULL },
        { "PATCH", A "/gatewayresponses/DEFAULT_4XX", PATCH("replace", "/statusCode", "444"), 200, "\"defaultResponse\":false", NULL, NULL },
        { "GET", A "/gatewayresponses/THROTTLED", NULL, 200, "\"statusCode\":\"444\"", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void documentation_is_kept(void **state)
{
    (void)state;
#define DOCUMENT "{\"x-amazon-apigateway-documentation\":{\"documentationParts\":[{\"location\":{\"type\":\"API\"},\"properties\":{\"description\":\"new\"}}," \
                 "{\"location\":{\"type\":\"METHOD\",\"method\":\"GET\"},\"properties\":{}}]}}"
    static const struct row rows[] = {
        { "POST", A "/documentation/parts", "{\"location\":{\"type\":\"PLANET\"},\"properties\":\"{}\"}", 400, "createDocumentationPartInput.location.type", NULL, NULL },
        { "POST", A "/documentation/parts", "{\"location\":{\"type\":\"API\"},\"properties\":\"{\\\"a\\\":1}\"}", 201, "\"type\":\"API\"", "part=id", NULL },
        { "GET", A "/documentation/parts/${part}", NULL, 200, "\"properties\":\"{\\\"a\\\":1}\"", NULL, NULL },
        { "GET", A "/documentation/parts?type=MODEL", NULL, 200, "\"item\":[]", NULL, NULL },
        { "PATCH", A "/documentation/parts/${part}", PATCH("replace", "/properties", "{}"), 200, "\"properties\":\"{}\"", NULL, NULL },
        { "PATCH", A "/documentation/parts/${part}", PATCH("replace", "/x", "{}"), 400, "Must be one of: [/properties]", NULL, NULL },
        { "PUT", A "/documentation/parts", "{'key:value}", 400, "Unable to build importer with provided input.", NULL, NULL },
        { "PUT", A "/documentation/parts", DOCUMENT, 200, "\"ids\":[", NULL, NULL },
        { "GET", A "/documentation/parts", NULL, 200, "\"path\":\"/\"", NULL, NULL },
        { "GET", A "/documentation/parts/${part}", NULL, 404, "Invalid Documentation part identifier specified", NULL, NULL },
        { "POST", A "/documentation/versions", "{\"documentationVersion\":\"v1\"}", 201, "\"version\":\"v1\"", NULL, NULL },
        { "POST", A "/documentation/versions", "{\"documentationVersion\":\"v1\"}", 409, "already exists", NULL, NULL },
        { "POST", A "/documentation/versions", "{\"documentationVersion\":\"v2\",\"stageName\":\"none\"}", 404, "stage", NULL, NULL },
        { "PATCH", A "/documentation/versions/v1", PATCH("replace", "/description", "d"), 200, "\"description\":\"d\"", NULL, NULL },
        { "DELETE", A "/documentation/versions/v1", NULL, 202, NULL, NULL, NULL },
        { "GET", "/restapis/none/documentation/parts/p", NULL, 404, "Invalid Documentation part identifier specified", NULL, NULL },
        { "DELETE", "/restapis/none/documentation/parts/p", NULL, 404, "Invalid API identifier specified", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void authorizers_are_kept_and_let_nobody_in(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", "/restapis/none/authorizers", "{\"name\":\"a\",\"type\":\"TOKEN\"}", 409, "concurrent modification", NULL, NULL },
        { "POST", A "/authorizers", "{\"name\":\"a\",\"type\":\"TOKEN\"}", 400, "Invalid Authorizer URI", NULL, NULL },
        { "POST", A "/authorizers", "{\"name\":\"a\",\"type\":\"COGNITO_USER_POOLS\"}", 400, "providerARNs", NULL, NULL },
        { "POST", A "/authorizers", "{\"name\":\"a\",\"type\":\"TOKEN\",\"authorizerUri\":\"arn:aws:apigateway:us-east-1:lambda:path/x\"}", 201, "\"authType\":\"custom\"", "auth=id", NULL },
        { "POST", A "/authorizers", "{\"name\":\"a\",\"type\":\"TOKEN\",\"authorizerUri\":\"arn:x\"}", 400, "must be unique", NULL, NULL },
        { "GET", A "/authorizers", NULL, 200, "\"name\":\"a\"", NULL, NULL },
        { "PATCH", A "/authorizers/${auth}", PATCH("replace", "/authorizerResultTtlInSeconds", "5"), 200, "\"authorizerResultTtlInSeconds\":5", NULL, NULL },
        { "GET", A "/authorizers/none", NULL, 404, "Invalid Authorizer identifier specified", NULL, NULL },
        { "PATCH", M "GET", PATCH("replace", "/authorizationType", "CUSTOM"), 400, "requires a valid authorizer", NULL, NULL },
        { "PATCH", M "GET", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/authorizerId\",\"value\":\"${auth}\"},"
          "{\"op\":\"replace\",\"path\":\"/authorizationType\",\"value\":\"CUSTOM\"}]}", 200, "\"authorizationType\":\"CUSTOM\"", NULL, NULL },
        { "DELETE", A "/authorizers/${auth}", NULL, 409, "is referenced in method", NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "GET", "/_aws/execute-api/${api}/s/", NULL, 501, "has a CUSTOM authorizer", NULL, NULL },
        { "POST", M "GET", "{}", 200, "Successfully completed execution", NULL, NULL },
        { "PATCH", M "GET", PATCH("replace", "/authorizationType", "NONE"), 200, "!authorizerId", NULL, NULL },
        { "DELETE", A "/authorizers/${auth}", NULL, 202, NULL, NULL, NULL },
        { "POST", "/vpclinks", "{\"name\":\"\",\"targetArns\":[]}", 400, "Name cannot be empty", NULL, NULL },
        { "POST", "/vpclinks", "{\"name\":\"l\",\"targetArns\":[\"x\"]}", 400, "Invalid ARN. ARN is not well formed x", NULL, NULL },
        { "POST", "/vpclinks", "{\"name\":\"l\",\"targetArns\":[\"arn:x\"]}", 202, "PENDING", "link=id", NULL },
        { "GET", "/vpclinks/${link}", NULL, 200, "AVAILABLE", NULL, NULL },
        { "PATCH", "/vpclinks/${link}", PATCH("replace", "/name", "m"), 200, "\"name\":\"m\"", NULL, NULL },
        { "DELETE", "/vpclinks/${link}", NULL, 202, NULL, NULL, NULL },
        { "GET", "/vpclinks/${link}", NULL, 404, "Invalid Vpc Link identifier specified", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void a_canary_takes_its_part_and_is_promoted(void **state)
{
    (void)state;
#define STAGE A "/stages/s"
    static const struct row rows[] = {
        { "POST", A "/deployments", "{\"canarySettings\":{}}", 400, "Provided value is null", NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\",\"canarySettings\":{}}", 400, "Stage s must already be created", NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\",\"variables\":{\"x\":\"old\"}}", 201, NULL, "d=id", NULL },
        { "GET", "/_aws/execute-api/${api}/s/", NULL, 200, "old false", NULL, NULL },
        { "GET", A "/stages?deploymentId=none", NULL, 200, "\"item\":[]", NULL, NULL },
        { "GET", A "/stages?deploymentId=${d}", NULL, 200, "\"stageName\":\"s\"", NULL, NULL },
        { "PATCH", STAGE, CUT("/*/*"), 400, "Cannot remove method setting */* because there is no method setting for this method ", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/tags/a", "b"), 400, "Invalid method setting path: /tags/a. Must be one of: [/deploymentId, ", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/*/*/caching/enabled", "true"), 200, "\"cachingEnabled\":true", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/a/GET/throttling/burstLimit", "7"), 200, "\"a/GET\":{\"metricsEnabled\":false", NULL, NULL },
        { "PATCH", STAGE, CUT("/*/*"), 200, "!\"*/*\"", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/accessLogSettings/colour", "x"), 400, "Invalid accessLogSettings path.", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/accessLogSettings/format", ""), 400, "Access Log value must not be empty", NULL, NULL },
        { "PATCH", STAGE, PATCH("add", "/accessLogSettings/format", "f"), 200, "\"format\":\"f\"", NULL, NULL },
        { "PATCH", STAGE, CUT("/accessLogSettings"), 200, "!accessLogSettings", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/canarySettings/deploymentId", "none"), 400, "Deployment id does not exist", NULL, NULL },
        { "PATCH", STAGE, PATCH("add", "/canarySettings/deploymentId", "none"), 400, "Invalid add operation with path: /canarySettings/deploymentId", NULL, NULL },
        { "PATCH", STAGE, "{\"patchOperations\":[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]}", 400, "Valid copy:path are", NULL, NULL },
        { "PATCH", STAGE, "{\"patchOperations\":[{\"op\":\"copy\",\"from\":\"/canarySettings/deploymentId\",\"path\":\"/deploymentId\"}]}", 400,
          "Promotion not available. Canary does not exist.", NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\",\"canarySettings\":{\"percentTraffic\":100,\"stageVariableOverrides\":{\"x\":\"new\"}}}", 201, NULL, "c=id", NULL },
        { "GET", STAGE, NULL, 200, "\"deploymentId\":\"${d}\"", NULL, NULL },
        { "GET", "/_aws/execute-api/${api}/s/", NULL, 200, "new true", NULL, NULL },
        { "PATCH", STAGE, PATCH("replace", "/canarySettings/percentTraffic", "0.0"), 200, "\"percentTraffic\":0", NULL, NULL },
        { "GET", "/_aws/execute-api/${api}/s/", NULL, 200, "old false", NULL, NULL },
        { "PATCH", STAGE, "{\"patchOperations\":[{\"op\":\"copy\",\"from\":\"/canarySettings/deploymentId\",\"path\":\"/deploymentId\"},"
          "{\"op\":\"copy\",\"from\":\"/canarySettings/stageVariableOverrides\",\"path\":\"/variables\"}]}", 200, "\"deploymentId\":\"${c}\"", NULL, NULL },
        { "PATCH", STAGE, CUT("/canarySettings"), 200, "!canarySettings", NULL, NULL },
        { "GET", "/_aws/execute-api/${api}/s/", NULL, 200, "new false", NULL, NULL },
        { "PATCH", STAGE, CUT("/canarySettings/x"), 400, "Cannot remove method setting canarySettings/x", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void what_is_no_text_is_not_handed_on_as_it_is(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "PUT", M "ANY", "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method.request.header.v\":false}}", 201, NULL, NULL, NULL },
        { "PUT", M "ANY/integration", "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"ANY\",\"uri\":\"http://kafka-rest:8082/x\","
          "\"requestParameters\":{\"integration.request.header.Via\":\"method.request.header.v\"}}", 201, NULL, NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "POST", "/_aws/execute-api/${api}/s/", "a\x8b" "b", 200, "a\xef\xbf\xbd" "b", NULL, NULL },
        { "PATCH", A, PATCH("add", "/binaryMediaTypes/application~1json", ""), 200, NULL, NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "POST", "/_aws/execute-api/${api}/s/", "a\x8b" "b", 200, "a\x8b" "b", NULL, "Accept: application/json" },
    };
    RUN_ALL(rows);
}

static void keys_and_plans_answer_as_recorded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "POST", "/apikeys", "{\"name\":\"\",\"value\":\"\"}", 201, "!name", "k=id", NULL },
        { "POST", "/apikeys", "{\"name\":\"two\"}", 201, NULL, NULL, NULL },
        { "GET", "/apikeys", NULL, 200, "{\"item\":[{\"id\"", NULL, NULL },
        { "PATCH", "/apikeys/${k}", PATCH("replace", "/id", "x"), 400, "Must be one of: [/description, /enabled, /name, /customerId]", NULL, NULL },
        { "PATCH", "/apikeys/${k}", PATCH("replace", "/enabled", "yes"), 200, "\"enabled\":false", NULL, NULL },
        { "PATCH", "/apikeys/${k}", PATCH("replace", "/name", "n"), 200, "\"tags\":{}", NULL, NULL },
        { "POST", "/usageplans", "{\"name\":\"p\",\"quota\":{\"limit\":5,\"period\":\"DAY\"}}", 201, "\"offset\":0", "p=id", NULL },
        { "GET", "/usageplans?keyId=${k}", NULL, 200, "\"item\":[]", NULL, NULL },
        { "POST", "/usageplans/${p}/keys", "{\"keyId\":\"${k}\",\"keyType\":\"API_KEY\"}", 201, NULL, NULL, NULL },
        { "GET", "/usageplans?keyId=${k}", NULL, 200, "\"name\":\"p\"", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("add", "/apiStages", ""), 400, "Invalid API Stage specified", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("add", "/apiStages", "${api}:none"), 404,
          "Invalid API Stage {api: ${api}, stage: none} specified for usageplan ${p}", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("add", "/apiStages", "${api}:s"), 200, "\"stage\":\"s\"", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("add", "/apiStages/${api}:s/throttle/~1a/GET/rateLimit", "5"), 200, "\"throttle\":{\"/a/GET\":{\"rateLimit\":5}}", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("replace", "/apiStages/${api}:s/throttle//a/GET/burstLimit", "6"), 200, "\"burstLimit\":6}}", NULL, NULL },
        { "PATCH", "/usageplans/${p}", CUT("/apiStages/${api}:s/throttle/~1a/GET"), 200, "!/a/GET", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("remove", "/apiStages", "${api}:s"), 200, "\"apiStages\":[]", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("replace", "/throttle/rateLimit", "10"), 200, "\"throttle\":{\"rateLimit\":10}", NULL, NULL },
        { "PATCH", "/usageplans/${p}", CUT("/throttle"), 200, "!throttle", NULL, NULL },
        { "PATCH", "/usageplans/${p}", PATCH("replace", "/colour", "x"), 400, "Invalid patch path /colour", NULL, NULL },
        { "GET", "/usageplans/${p}", NULL, 200, "\"tags\":{}", NULL, NULL },
        { "GET", "/usageplans/none/keys", NULL, 200, "\"item\":[]", NULL, NULL },
        { "GET", "/apikeys?limit=-1", NULL, 200, "\"item\":[]", NULL, NULL },
        { "PATCH", "/account", PATCH("replace", "/cloudwatchRoleArn", "x"), 400, "role ARN", NULL, NULL },
        { "PATCH", "/account", PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam::1:role/r"), 200, "\"cloudwatchRoleArn\":\"arn:aws:iam::1:role/r\"", NULL, NULL },
        { "PATCH", "/account", PATCH("replace", "/throttleSettings/rateLimit", "1"), 400, "Invalid patch path /throttleSettings/rateLimit", NULL, NULL },
        { "GET", "/account", NULL, 200, "role/r", NULL, NULL },
    };
    RUN_ALL(rows);
}

static void documents_are_imported_and_exported_as_recorded(void **state)
{
    (void)state;
#define SCHEME(name) "\"" name "\":{\"type\":\"apiKey\",\"name\":\"H\",\"in\":\"header\",\"x-amazon-apigateway-authorizer\":{\"type\":\"token\",\"authorizerUri\":\"arn:x\"}}"
#define DOCUMENT_2 "{\"swagger\":\"2.0\",\"info\":{\"title\":\"d\",\"version\":1},\"paths\":{\"/p/{id}\":{\"get\":{\"security\":[{\"auth\":[]}],\"responses\":{\"200\":" \
    "{\"description\":\"\",\"schema\":{\"$ref\":\"#/definitions/B\"}}},\"x-amazon-apigateway-integration\":{\"type\":\"mock\",\"httpMethod\":\"POST\"," \
    "\"requestParameters\":{\"integration.request.header.nothing\":true},\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"}," \
    "\"responses\":{\"default\":{\"statusCode\":\"200\",\"responseTemplates\":{\"text/html\":\"x\"}}}}}}},\"definitions\":{\"A\":{\"type\":\"object\"," \
    "\"description\":\"an A\"},\"B\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/A\"}}},\"securityDefinitions\":{" SCHEME("auth") "}}"
    static const struct row rows[] = {
        { "PUT", "/restapis/none", "{bad", 400, "Invalid OpenAPI input.", NULL, NULL },
        { "POST", "/restapis?mode=import", "{bad", 400, "Invalid OpenAPI input.", NULL, NULL },
        { "PUT", "/restapis/none", DOCUMENT_2, 404, "Invalid API identifier specified", NULL, NULL },
        { "PATCH", A, PATCH("add", "/binaryMediaTypes/a~1b", ""), 200, NULL, NULL, NULL },
        { "PUT", A "?mode=merge", "{\"swagger\":\"2.0\",\"info\":{\"title\":\"d\"},\"paths\":{},\"x-amazon-apigateway-binary-media-types\":[\"c/d\"]}", 200,
          "[\"a/b\",\"c/d\"]", NULL, NULL },
        { "POST", "/restapis?mode=import", DOCUMENT_2, 201, "Invalid format for 'requestParameters'. Expected type string for property "
          "'integration.request.header.nothing' of resource '/p/{id}' and method 'GET' but got 'true'", "in=id", NULL },
        { "GET", "/restapis/${in}", NULL, 200, "!warnings", NULL, NULL },
        { "GET", "/restapis/${in}/models/Error", NULL, 404, "Invalid model name specified: Error", NULL, NULL },
        { "GET", "/restapis/${in}/models/A", NULL, 200, "\"description\":\"an A\"", NULL, NULL },
        { "GET", "/restapis/${in}/models/B", NULL, 200, "https://apigateway.amazonaws.com/restapis/${in}/models/A", NULL, NULL },
        { "GET", "/restapis/${in}/authorizers", NULL, 200, "\"identitySource\":\"method.request.header.H\"", NULL, NULL },
        { "GET", "/restapis/${in}/resources?embed=methods", NULL, 200, "\"method.request.path.id\":true", NULL, NULL },
        { "GET", "/restapis/${in}/resources?embed=methods", NULL, 200, "\"authorizationType\":\"CUSTOM\"", NULL, NULL },
        { "POST", "/restapis/${in}/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "GET", "/restapis/${in}/stages/s/exports/swagger?extensions=integrations", NULL, 200, "!cacheNamespace", NULL, NULL },
        { "GET", "/restapis/${in}/stages/s/exports/swagger", NULL, 200, "\"$ref\":\t\"#/definitions/A\"", NULL, NULL },
        { "GET", "/restapis/${in}/stages/s/exports/swagger", NULL, 200, "\"produces\":\t[\"application/json\", \"text/html\"]", NULL, NULL },
        { "GET", "/restapis/${in}/stages/s/exports/oas30", NULL, 200, "\"#/components/schemas/A\"", NULL, NULL },
    };
    RUN_ALL(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_validator_speaks_before_anything_is_looked_up),
        cmocka_unit_test(an_api_is_of_one_type),
        cmocka_unit_test(patches_are_refused_in_the_words_of_their_noun),
        cmocka_unit_test(default_gateway_responses_are_inherited),
        cmocka_unit_test(documentation_is_kept),
        cmocka_unit_test(authorizers_are_kept_and_let_nobody_in),
        cmocka_unit_test(a_canary_takes_its_part_and_is_promoted),
        cmocka_unit_test(what_is_no_text_is_not_handed_on_as_it_is),
        cmocka_unit_test(keys_and_plans_answer_as_recorded),
        cmocka_unit_test(documents_are_imported_and_exported_as_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
