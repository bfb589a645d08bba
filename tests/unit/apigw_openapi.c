/* API documents: what they become, and how a malformed one is refused: by the JSON pointer of the mistake. */
#include "mocks/apigw/model.h"
#include "mocks/apigw/yaml.h"
#include "tests/support/t.h"

#define ONE(integration) "{\"openapi\":\"3.0.1\",\"paths\":{\"/a/{b}\":{\"get\":{\"x-amazon-apigateway-integration\":" integration "}}}}"
#define AT "/paths/~1a~1{b}/get/x-amazon-apigateway-integration"

static void the_built_in_document_has_both_paths_of_the_pipeline(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct match m;
    struct model_api *api = openapi_import(t_file(&a, t_source(&a, "fixtures/apigw/pinterest.json")), S("id"), &e);
    assert_non_null(api);
    assert_str(api->name, "pinterest");
    assert_true(match_path(api, S("PUT"), S("/streams/s/record"), &m));
    assert_int_equal(m.method->integration->type, MODEL_AWS);
    assert_str(m.method->integration->service, "kinesis");
    assert_str(m.method->integration->action, "PutRecord");
    assert_int_equal(m.method->integration->passthrough, MODEL_WHEN_NO_TEMPLATES);
    assert_true(match_path(api, S("POST"), S("/topics/x.pin"), &m));
    assert_int_equal(m.method->integration->type, MODEL_HTTP_PROXY);
    assert_str(m.method->integration->host, "kafka-rest:8082");
    model_close(api);
    arena_release(&a);
}

/* The built-in document written as YAML means the same. */
static void a_yaml_document_is_an_api_too(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct match m;
    struct buf text = BUF_INIT;
    cJSON *tree = cJSON_Parse(arena_z(&a, t_file(&a, t_source(&a, "fixtures/apigw/pinterest.json"))));
    yaml_write(&text, tree);
    cJSON_Delete(tree);
    struct model_api *api = openapi_import(buf_str(&text), S("id"), &e);
    if (!api)
        fail_msg("%s", e.message);
    assert_true(match_path(api, S("PUT"), S("/streams/s/record"), &m));
    assert_str(m.method->integration->action, "PutRecord");
    model_close(api);
    buf_release(&text);
    arena_release(&a);
}

static void malformed_documents_name_the_place(void **state)
{
    (void)state;
    static const struct { const char *document, *place, *why; } rows[] = {
        { "", "document", "YAML" },
        { "openapi: 3.0.1", "/paths", "paths" },
        { "openapi: 3.0.1\npaths: [", "line 3", "YAML" },
        { "{\"openapi\":\"3.0.1\",\n\"paths\":{}} x", "line 2", "not JSON" },
        { "[]", "/", "object" },
        { "{\"paths\":{}}", "/openapi", "swagger" },
        { "{\"openapi\":\"4.0\",\"paths\":{}}", "/openapi", "3." },
        { "{\"openapi\":3,\"paths\":{}}", "/openapi", "text" },
        { "{\"openapi\":\"3.0.1\"}", "/paths", "paths" },
        { "{\"openapi\":\"3.0.1\",\"paths\":[]}", "/paths", "object" },
        { "{\"openapi\":\"3.0.1\",\"paths\":{\"a\":{}}}", "/paths/a", "begins with /" },
        { "{\"openapi\":\"3.0.1\",\"paths\":{\"/a\":[]}}", "/paths/~1a", "object" },
        { "{\"openapi\":\"3.0.1\",\"paths\":{\"/a\":{\"get\":1}}}", "/paths/~1a/get", "object" },
        { "{\"openapi\":\"3.0.1\",\"paths\":{\"/a/{x}\":{},\"/a/{y}\":{}}}", "/paths/~1a~1{y}", "sibling" },
        { "{\"openapi\":\"3.0.1\",\"paths\":{\"/{p+}/a\":{}}}", "/paths/~1{p+}~1a", "greedy" },
        { ONE("[]"), AT, "object" },
        { ONE("{}"), AT "/type", "http_proxy" },
        { ONE("{\"type\":\"lambda\"}"), AT "/type", "http_proxy" },
        { ONE("{\"type\":\"http\",\"uri\":\"http://h/\"}"), AT "/uri", "HttpMethod must be non-empty" },
        { ONE("{\"type\":\"http\",\"httpMethod\":\"GET\",\"uri\":\"ftp://h/\"}"), AT "/uri", "Invalid HTTP endpoint" },
        { ONE("{\"type\":\"aws\",\"httpMethod\":\"POST\",\"uri\":\"arn:x\"}"), AT "/uri", "must contain path or action" },
        { ONE("{\"type\":\"aws\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:r:kinesis:x\"}"), AT "/uri", "path or action" },
        { ONE("{\"type\":\"mock\",\"passthroughBehavior\":\"maybe\"}"), AT "/passthroughBehavior", "when_no_match" },
        { ONE("{\"type\":\"mock\",\"timeoutInMillis\":10}"), AT "/timeoutInMillis", "50 ms" },
        { ONE("{\"type\":\"mock\",\"requestTemplates\":{\"application/json\":\"#if(\"}}"), AT "/requestTemplates/application~1json", "line 1" },
        { ONE("{\"type\":\"mock\",\"requestTemplates\":{\"application/json\":5}}"), AT "/requestTemplates/application~1json", "text" },
        { ONE("{\"type\":\"mock\",\"requestParameters\":{\"x\":\"y\"}}"), AT "/requestParameters/x", "integration.request" },
        { ONE("{\"type\":\"mock\",\"requestParameters\":{\"integration.request.header.A\":\"plain\"}}"), AT "/requestParameters/integration.request.header.A", "quotes" },
        { ONE("{\"type\":\"mock\",\"responses\":{\"default\":{}}}"), AT "/responses/default/statusCode", "status code" },
        { ONE("{\"type\":\"mock\",\"responses\":{\"4(\":{\"statusCode\":400}}}"), AT "/responses/4(", "not closed" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct err e = { 0 };
        struct model_api *api = openapi_import(str_of(rows[i].document), S("x"), &e);
        if (api || !strstr(e.message, rows[i].place) || !strstr(e.message, rows[i].why))
            print_error("%s\n  said: %s\n", rows[i].document, e.message);
        assert_null(api);
        assert_non_null(strstr(e.message, rows[i].place));
        assert_non_null(strstr(e.message, rows[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_document_has_both_paths_of_the_pipeline),
        cmocka_unit_test(a_yaml_document_is_an_api_too),
        cmocka_unit_test(malformed_documents_name_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
