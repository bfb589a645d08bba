/* What a call has to pass: keys, plans, throttles, validators; and what gateway responses, content handling and CORS make
 * of the answer. Time is virtual. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/wire/apigw_world.h"

#define A "/restapis/${api}"
#define LIVE "/_aws/execute-api/${api}/s"
#define MOCK(template) "\"x-amazon-apigateway-integration\":{\"type\":\"mock\",\"requestTemplates\":{\"$default\":\"{\\\"statusCode\\\":200}\"}," \
    "\"responses\":{\"default\":{\"statusCode\":\"200\",\"responseTemplates\":{\"application/json\":\"" template "\"}}}}"
#define ECHO(more) "\"x-amazon-apigateway-integration\":{\"type\":\"http\",\"httpMethod\":\"POST\",\"uri\":\"http://kafka-rest:8082/\"," more "}"

static const char document[] = "{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\"},\"x-amazon-apigateway-binary-media-types\":[\"image/*\"],"
    "\"x-amazon-apigateway-request-validators\":{\"all\":{\"validateRequestBody\":true,\"validateRequestParameters\":true},\"body\":{\"validateRequestBody\":true}},"
    "\"components\":{\"securitySchemes\":{\"api_key\":{\"type\":\"apiKey\",\"name\":\"x-api-key\",\"in\":\"header\"}},"
    "\"schemas\":{\"Row\":{\"type\":\"object\",\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"integer\"}}}}},\"paths\":{"
    "\"/keyed\":{\"get\":{\"security\":[{\"api_key\":[]}]," MOCK("$context.identity.apiKeyId") "}},"
    "\"/free\":{\"get\":{" MOCK("free $stageVariables.v") "},\"options\":{\"x-amazon-apigateway-integration\":{\"type\":\"mock\","
        "\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},\"responses\":{\"default\":{\"statusCode\":\"200\",\"responseParameters\":{"
        "\"method.response.header.Access-Control-Allow-Origin\":\"'*'\",\"method.response.header.Access-Control-Allow-Methods\":\"'GET,OPTIONS'\"}}}}}},"
    "\"/valid/{id}\":{\"post\":{\"x-amazon-apigateway-request-validator\":\"all\",\"parameters\":["
        "{\"name\":\"qs1\",\"in\":\"query\",\"required\":true},{\"name\":\"issuer\",\"in\":\"path\",\"required\":true},{\"name\":\"id\",\"in\":\"path\",\"required\":true},"
        "{\"name\":\"x-header-param\",\"in\":\"header\",\"required\":true},{\"name\":\"opt\",\"in\":\"query\",\"required\":false}],"
        "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Row\"}}}}," MOCK("valid") "},"
        "\"put\":{\"x-amazon-apigateway-request-validator\":\"body\",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Row\"}}}}," MOCK("valid") "}},"
    "\"/decode\":{\"post\":{" ECHO("\"contentHandling\":\"CONVERT_TO_BINARY\",\"responses\":{\"default\":{\"statusCode\":\"200\"}}") "}},"
    "\"/encode\":{\"post\":{" ECHO("\"contentHandling\":\"CONVERT_TO_TEXT\",\"responses\":{\"default\":{\"statusCode\":\"200\"}}") "}},"
    "\"/back\":{\"post\":{" ECHO("\"requestParameters\":{\"integration.request.header.x-answer-type\":\"'image/png'\"},\"responses\":{\"default\":{\"statusCode\":\"200\"}}") "}},"
    "\"/back-text\":{\"post\":{" ECHO("\"requestParameters\":{\"integration.request.header.x-answer-type\":\"'image/png'\"},"
        "\"responses\":{\"default\":{\"statusCode\":\"200\",\"contentHandling\":\"CONVERT_TO_TEXT\"}}") "}},"
    "\"/back-bytes\":{\"post\":{" ECHO("\"responses\":{\"default\":{\"statusCode\":\"200\",\"contentHandling\":\"CONVERT_TO_BINARY\"}}") "}}}}";

static void deploy(struct world *w)
{
    const struct row rows[] = {
        { "POST", "/restapis?mode=import", document, 201, NULL, "api=id", NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\",\"variables\":{\"v\":\"V\"}}", 201, NULL, NULL, NULL },
    };
    world_open(w, NULL);
    RUN(w, rows);
}

static void validators_name_what_is_missing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", LIVE "/valid/1", "{\"n\":1}", 400, "{\"message\":\"Missing required request parameters: [x-header-param, issuer, qs1]\"}", NULL, NULL },
        { "PUT", LIVE "/valid/1", "{\"n\":1}", 200, "valid", NULL, NULL },
        { "PUT", LIVE "/valid/1", "{\"n\":\"x\"}", 400, "{\"message\":\"Invalid request body\"}", NULL, NULL },
        { "PUT", LIVE "/valid/1", "{\"n\":", 400, "{\"message\":\"Invalid request body\"}", NULL, NULL },
        { "PUT", LIVE "/valid/1", "", 400, "{\"message\":\"Invalid request body\"}", NULL, NULL },
        { "PUT", LIVE "/valid/1", "a,b", 200, "valid", NULL, "Content-Type: text/csv" },
        { "PUT", A "/gatewayresponses/BAD_REQUEST_BODY", "{\"statusCode\":\"422\",\"responseParameters\":{\"gatewayresponse.header.X\":\"'x'\"},"
          "\"responseTemplates\":{\"application/json\":\"{\\\"why\\\":\\\"$context.error.validationErrorString\\\",\\\"type\\\":\\\"$context.error.responseType\\\"}\"}}", 201, NULL, NULL, NULL },
        { "PUT", A "/gatewayresponses/DEFAULT_4XX", "{\"responseTemplates\":{\"application/json\":\"{\\\"m\\\":$context.error.messageString}\"}}", 201, NULL, NULL, NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "PUT", LIVE "/valid/1", "{}", 422, "object has missing required properties", NULL, NULL },
        { "PUT", LIVE "/valid/1", "{}", 422, "\"type\":\"BAD_REQUEST_BODY\"", NULL, NULL },
        { "POST", LIVE "/valid/1", "{}", 400, "{\"m\":\"Missing required request parameters: [x-header-param, issuer, qs1]\"}", NULL, NULL },
        { "GET", LIVE "/nowhere", NULL, 403, "{\"m\":\"Missing Authentication Token\"}", NULL, NULL },
    };
    struct world w;
    deploy(&w);
    RUN(&w, rows);
    world_close(&w);
}

#define KEY "x-api-key: 01234567890123456789"
static void keys_plans_throttles_and_quotas_are_kept_to(void **state)
{
    (void)state;
    static const struct row before[] = {
        { "GET", LIVE "/keyed", NULL, 403, "{\"message\":\"Forbidden\"}", NULL, NULL },
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, "x-api-key: any value while the account has no key" },
        { "POST", "/apikeys", "{\"name\":\"k\",\"enabled\":true,\"value\":\"01234567890123456789\"}", 201, NULL, "key=id", NULL },
        { "GET", LIVE "/keyed", NULL, 403, "Forbidden", NULL, KEY },
        { "POST", "/usageplans", "{\"name\":\"p\",\"apiStages\":[{\"apiId\":\"${api}\",\"stage\":\"s\"}],\"throttle\":{\"rateLimit\":2,\"burstLimit\":2},"
          "\"quota\":{\"limit\":4,\"period\":\"DAY\"}}", 201, NULL, "plan=id", NULL },
        { "GET", LIVE "/keyed", NULL, 403, "Forbidden", NULL, KEY },
        { "POST", "/usageplans/${plan}/keys", "{\"keyId\":\"${key}\",\"keyType\":\"API_KEY\"}", 201, NULL, NULL, NULL },
        { "GET", LIVE "/keyed", NULL, 200, "${key}", NULL, KEY },
        { "GET", LIVE "/keyed", NULL, 403, "Forbidden", NULL, "x-api-key: another" },
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, KEY },
        { "GET", LIVE "/keyed", NULL, 429, "{\"message\":\"Too Many Requests\"}", NULL, KEY },
    };
    static const struct row a_second_later[] = {
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, KEY },
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, KEY },
        { "GET", LIVE "/keyed", NULL, 429, "Too Many Requests", NULL, KEY },
    };
    static const struct row the_quota_is_used_up[] = {
        { "GET", LIVE "/keyed", NULL, 429, "{\"message\":\"Limit Exceeded\"}", NULL, KEY },
        { "GET", "/usageplans/${plan}/usage?startDate=2020-08-28&endDate=2020-08-28", NULL, 200, "[[4,0]]", NULL, NULL },
        { "GET", LIVE "/free", NULL, 200, "free V", NULL, NULL },
    };
    static const struct row the_next_day[] = {
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, KEY },
        { "PATCH", "/apikeys/${key}", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"false\"}]}", 200, NULL, NULL, NULL },
        { "GET", LIVE "/keyed", NULL, 403, "Forbidden", NULL, KEY },
    };
    struct world w;
    deploy(&w);
    RUN(&w, before);
    clock_advance_ms(&w.clock, 1000);
    RUN(&w, a_second_later);
    clock_advance_ms(&w.clock, 1000);
    RUN(&w, the_quota_is_used_up);
    clock_advance_ms(&w.clock, 86400000);
    RUN(&w, the_next_day);
    world_close(&w);
}

static void a_stage_throttles_its_methods(void **state)
{
    (void)state;
#define SET(path, name, value) "{\"op\":\"replace\",\"path\":\"" path "/throttling/" name "\",\"value\":\"" value "\"}"
    static const struct row rows[] = {
        { "PATCH", A "/stages/s", "{\"patchOperations\":[" SET("/*/*", "rateLimit", "1") "," SET("/*/*", "burstLimit", "2") ","
          SET("/~1keyed/GET", "rateLimit", "1") "," SET("/~1keyed/GET", "burstLimit", "1") "]}", 200, "\"throttlingBurstLimit\":2,\"throttlingRateLimit\":1,", NULL, NULL },
        { "GET", LIVE "/free", NULL, 200, NULL, NULL, NULL },
        { "GET", LIVE "/free", NULL, 200, NULL, NULL, NULL },
        { "GET", LIVE "/free", NULL, 429, "{\"message\":\"Too Many Requests\"}", NULL, NULL },
        { "GET", LIVE "/keyed", NULL, 200, NULL, NULL, "x-api-key: k" },
        { "GET", LIVE "/keyed", NULL, 429, NULL, NULL, "x-api-key: k" },
        { "PATCH", A "/stages/s", "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"/*/*\"}]}", 200, "!*/*", NULL, NULL },
        { "GET", LIVE "/free", NULL, 200, NULL, NULL, NULL },
    };
    struct world w;
    deploy(&w);
    RUN(&w, rows);
    world_close(&w);
}

static void bodies_turn_between_text_and_bytes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "POST", LIVE "/decode", "aGFsbG8=", 200, "hallo", NULL, NULL },
        { "POST", LIVE "/decode", "no base64!", 500, "Internal server error", NULL, NULL },
        { "POST", LIVE "/decode", "aGFsbG8=", 200, "aGFsbG8=", NULL, "Content-Type: image/png" },
        { "POST", LIVE "/encode", "hallo", 200, "aGFsbG8=", NULL, "Content-Type: image/png" },
        { "POST", LIVE "/encode", "hallo", 200, "hallo", NULL, NULL },
        { "POST", LIVE "/back", "hallo", 200, "aGFsbG8=", NULL, NULL },
        { "POST", LIVE "/back", "hallo", 200, "hallo", NULL, "Accept: image/webp, */*" },
        { "POST", LIVE "/back-text", "hallo", 200, "aGFsbG8=", NULL, "Accept: image/png" },
        { "POST", LIVE "/back-bytes", "aGFsbG8=", 200, "hallo", NULL, NULL },
    };
    struct world w;
    deploy(&w);
    RUN(&w, rows);
    world_close(&w);
}

static void preflights_are_answered_by_a_mock(void **state)
{
    (void)state;
    struct world w;
    deploy(&w);
    const struct row preflight = { "OPTIONS", LIVE "/free", NULL, 200, NULL, NULL, "Origin: http://x" };
    struct client_response r = run_row(&w, &preflight);
    assert_int_equal(r.status, 200);
    assert_str(http_header_get(r.headers, r.n_headers, "Access-Control-Allow-Origin"), "*");
    assert_str(http_header_get(r.headers, r.n_headers, "Access-Control-Allow-Methods"), "GET,OPTIONS");
    world_close(&w);
}

/* A host that takes connections and says nothing. */
static void a_backend_that_does_not_answer_in_time_is_a_504(void **state)
{
    (void)state;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, n), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n), 0);
    struct world w;
    world_open(&w, NULL);
    struct str silent = arena_f(&w.arena, "{\"openapi\":\"3.0.1\",\"paths\":{\"/p\":{\"get\":{\"x-amazon-apigateway-integration\":{\"type\":\"http_proxy\","
                                "\"httpMethod\":\"GET\",\"uri\":\"http://127.0.0.1:%d/\",\"timeoutInMillis\":100}}}}}", ntohs(address.sin_port));
    const struct row rows[] = {
        { "POST", "/restapis?mode=import", silent.p, 201, NULL, "api=id", NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "GET", LIVE "/p", NULL, 504, "{\"message\":\"Endpoint request timed out\"}", NULL, NULL },
    };
    RUN(&w, rows);
    world_close(&w);
    close(listener);
}

static void a_body_over_ten_megabytes_is_refused(void **state)
{
    (void)state;
    struct world w;
    deploy(&w);
    char *large = mem_alloc(10 * 1024 * 1024 + 2);
    memset(large, 'x', 10 * 1024 * 1024 + 1);
    large[10 * 1024 * 1024 + 1] = 0;
    const struct row rows[] = { { "POST", LIVE "/encode", large, 413, "{\"message\":\"Request Too Long\"}", NULL, NULL } };
    RUN(&w, rows);
    free(large);
    world_close(&w);
}

static void a_plain_path_means_the_document_else_the_newest_deployment(void **state)
{
    (void)state;
    static const char plain[] = "{\"openapi\":\"3.0.1\",\"paths\":{\"/p\":{\"get\":{" MOCK("of the document") "}}}}";
    static const char other[] = "{\"openapi\":\"3.0.1\",\"paths\":{\"/p\":{\"get\":{" MOCK("made by hand") "}}}}";
    const struct row rows[] = {
        { "POST", "/restapis?mode=import", other, 201, NULL, "api=id", NULL },
        { "POST", A "/deployments", "{\"stageName\":\"s\"}", 201, NULL, NULL, NULL },
        { "GET", LIVE "/p", NULL, 200, "made by hand", NULL, NULL },
    };
    for (int document_given = 0; document_given < 2; document_given++) {
        struct world w;
        world_open(&w, document_given ? plain : NULL);
        RUN(&w, rows);
        struct err e = { 0 };
        struct client_response r = { 0 };
        const struct client_request q = { .method = "GET", .url = arena_f(&w.arena, "%s/s/p", cloud_url(w.cloud, "apigw")) };
        client_do(w.client, &q, &w.arena, &r, &e);
        assert_str(r.body, document_given ? "of the document" : "made by hand");
        const struct row reset = { "GET", LIVE "/p", NULL, document_given ? 200 : 403, document_given ? "of the document" : NULL, NULL, NULL };
        cloud_reset(w.cloud);
        run_rows(&w, &reset, 1);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validators_name_what_is_missing),
        cmocka_unit_test(keys_plans_throttles_and_quotas_are_kept_to),
        cmocka_unit_test(a_stage_throttles_its_methods),
        cmocka_unit_test(bodies_turn_between_text_and_bytes),
        cmocka_unit_test(preflights_are_answered_by_a_mock),
        cmocka_unit_test(a_backend_that_does_not_answer_in_time_is_a_504),
        cmocka_unit_test(a_body_over_ten_megabytes_is_refused),
        cmocka_unit_test(a_plain_path_means_the_document_else_the_newest_deployment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
