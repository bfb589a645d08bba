/* The worker's REST interface, route by route. */
#include "base/json.h"
#include "tests/wire/connect_stub_s3.h"

#define CLASS "\"connector.class\":\"S3SinkConnector\""
#define REST                                                                                                      \
    "\"flush.size\":\"1\",\"topics\":\"t\",\"format.class\":\"JsonFormat\",\"storage.class\":\"S3Storage\","        \
    "\"s3.bucket.name\":\"bucket\",\"value.converter.schemas.enable\":\"false\""
#define CONFIG "{" CLASS "," REST "}"
#define CREATE "{\"name\":\"a\",\"config\":" CONFIG "}"
#define SHOWN CLASS "," REST ",\"name\":\"a\""
#define INFO "{\"name\":\"a\",\"config\":{" SHOWN "},\"tasks\":[{\"connector\":\"a\",\"task\":0}],\"type\":\"sink\"}"
#define NOT_FOUND "{\"error_code\":404,\"message\":\"Connector b not found\"}"

static const struct service *const services[] = { &stub_s3_service, &connect_service, NULL };

static void connectors_come_and_go(void **state)
{
    static const struct exchange rows[] = {
        { "GET", "/", NULL, NULL, "", 200, "{\"version\":\"2.8.1\",\"commit\":\"*" },
        { "GET", "/connectors", NULL, NULL, "", 200, "[]" },
        { "POST", "/connectors", "application/json", NULL, CREATE, 201, INFO },
        { "POST", "/connectors", "application/json", NULL, CREATE, 409,
          "{\"error_code\":409,\"message\":\"Connector a already exists\"}" },
        { "GET", "/connectors", NULL, NULL, "", 200, "[\"a\"]" },
        { "GET", "/connectors?expand=info", NULL, NULL, "", 200, "{\"a\":{\"info\":" INFO "}}" },
        { "GET", "/connectors?expand=status&expand=info", NULL, NULL, "", 200,
          "{\"a\":{\"status\":{\"name\":\"a\",\"connector\":{\"state\":\"RUNNING\",\"worker_id\":*" },
        { "GET", "/connectors/a", NULL, NULL, "", 200, INFO },
        { "GET", "/connectors/a/config", NULL, NULL, "", 200, "{" SHOWN "}" },
        { "GET", "/connectors/a/status", NULL, NULL, "", 200,
          "{\"name\":\"a\",\"connector\":{\"state\":\"RUNNING\",\"worker_id\":*" },
        { "GET", "/connectors/a/tasks", NULL, NULL, "", 200,
          "[{\"id\":{\"connector\":\"a\",\"task\":0},\"config\":{" SHOWN
          ",\"task.class\":\"io.confluent.connect.s3.S3SinkTask\"}}]" },
        { "GET", "/connectors/a/tasks-config", NULL, NULL, "", 200, "{\"a-0\":{*" },
        { "GET", "/connectors/a/tasks/0/status", NULL, NULL, "", 200, "{\"id\":0,\"state\":\"UNASSIGNED\",*" },
        { "GET", "/connectors/a/tasks/1/status", NULL, NULL, "", 404,
          "{\"error_code\":404,\"message\":\"No status found for task a-1\"}" },
        { "POST", "/connectors/a/tasks/0/restart", NULL, NULL, "", 204, "" },
        { "POST", "/connectors/a/tasks/7/restart", NULL, NULL, "", 404,
          "{\"error_code\":404,\"message\":\"Unknown task: a-7\"}" },
        { "POST", "/connectors/a/restart", NULL, NULL, "", 204, "" },
        { "PUT", "/connectors/a/pause", NULL, NULL, "", 202, "" },
        { "GET", "/connectors/a/status", NULL, NULL, "", 200,
          "{\"name\":\"a\",\"connector\":{\"state\":\"PAUSED\",*" },
        { "GET", "/connectors/a/tasks/0/status", NULL, NULL, "", 200, "{\"id\":0,\"state\":\"PAUSED\",*" },
        { "PUT", "/connectors/a/resume", NULL, NULL, "", 202, "" },
        { "GET", "/connectors/a/topics", NULL, NULL, "", 200, "{\"a\":{\"topics\":[]}}" },
        { "PUT", "/connectors/a/topics/reset", NULL, NULL, "", 200, NULL },
        { "PUT", "/connectors/a/config", "application/json", NULL, CONFIG, 200, INFO },
        { "PUT", "/connectors/b%20c/config", "application/json", NULL, "{" CLASS "," REST ",\"tasks.max\":2}", 201,
          "{\"name\":\"b c\",\"config\":{*" },
        { "GET", "/connectors", NULL, NULL, "", 200, "[\"a\",\"b c\"]" },
        { "DELETE", "/connectors/a", NULL, NULL, "", 204, "" },
        { "DELETE", "/connectors/a", NULL, NULL, "", 404, "{\"error_code\":404,\"message\":\"Connector a not found\"}" },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "connect", NULL);
    WORLD_EXPECT(&w, rows);
    struct client_response r = world_ask(&w, "POST", "/connectors", "application/json", NULL, S(CREATE));
    assert_str(http_header_get(r.headers, r.n_headers, "Location"), "/connectors/a");
    assert_str(http_header_get(r.headers, r.n_headers, "Content-Type"), "application/json");
    world_close(&w);
}

static void refuses_in_connects_words(void **state)
{
    static const struct exchange rows[] = {
        { "GET", "/connectors/b", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/config", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/status", NULL, NULL, "", 404,
          "{\"error_code\":404,\"message\":\"No status found for connector b\"}" },
        { "GET", "/connectors/b/tasks", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/tasks-config", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/tasks/0/status", NULL, NULL, "", 404, NOT_FOUND },
        { "POST", "/connectors/b/tasks/0/restart", NULL, NULL, "", 404, NOT_FOUND },
        { "POST", "/connectors/b/restart", NULL, NULL, "", 404, NOT_FOUND },
        { "PUT", "/connectors/b/pause", NULL, NULL, "", 404, NOT_FOUND },
        { "PUT", "/connectors/b/resume", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/topics", NULL, NULL, "", 404, NOT_FOUND },
        { "PUT", "/connectors/b/topics/reset", NULL, NULL, "", 404, NOT_FOUND },
        { "DELETE", "/connectors/b", NULL, NULL, "", 404, NOT_FOUND },
        { "GET", "/connectors/b/tasks/x/status", NULL, NULL, "", 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}" },
        { "PATCH", "/connectors/b", NULL, NULL, "", 405, "{\"error_code\":405,\"message\":\"HTTP 405 Method Not Allowed\"}" },
        { "GET", "/nothing", NULL, NULL, "", 404, NULL },
        { "POST", "/connectors", "text/plain", NULL, CREATE, 415, NULL },
        { "POST", "/connectors", "application/json", NULL, "{\"name\":", 400, "{\"error_code\":400,\"message\":\"Malformed JSON: *" },
        { "POST", "/connectors", "application/json", NULL, "[]", 400, NULL },
        { "POST", "/connectors", "application/json", NULL, "", 400, NULL },
        { "POST", "/connectors", "application/json", NULL, "{\"name\":\"a\"}", 400, NULL },
        { "POST", "/connectors", "application/json", NULL, "{\"name\":\"a\",\"config\":{},\"more\":1}", 400, NULL },
        { "POST", "/connectors", "application/json", NULL, "{\"name\":\"\",\"config\":" CONFIG "}", 400, NULL },
        { "POST", "/connectors", "application/json", NULL, "{\"name\":\"a\",\"config\":{\"topics\":[\"t\"]}}", 400, NULL },
        { "POST", "/connectors", "application/json", NULL,
          "{\"name\":\"a\",\"config\":{" CLASS "," REST ",\"name\":\"c\"}}", 400, NULL },
        { "PUT", "/connectors/b/config", "application/json", NULL, "{" CLASS "," REST ",\"name\":\"a\"}", 400,
          "{\"error_code\":400,\"message\":\"Connector name configuration (a) doesn't match connector name in the URL (b)\"}" },
        { "POST", "/connectors", "application/json", NULL,
          "{\"name\":\"a\",\"config\":{" CLASS ",\"flush.size\":\"x\",\"topics\":\"t\",\"format.class\":\"JsonFormat\","
          "\"storage.class\":\"S3Storage\"}}", 400,
          "{\"error_code\":400,\"message\":\"Connector configuration is invalid and contains the following 2 error(s):\\n"
          "Invalid value x for configuration flush.size: Not a number of type INT\\n"
          "Missing required configuration \\\"s3.bucket.name\\\" which has no default value.\\n"
          "You can also find the above list of errors at the endpoint "
          "`/connector-plugins/{connectorType}/config/validate`\"}" },
        { "GET", "/admin/loggers", NULL, NULL, "", 501, NULL },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "connect", NULL);
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

static void plugins_are_listed_and_validate(void **state)
{
    static const struct exchange rows[] = {
        { "GET", "/connector-plugins", NULL, NULL, "", 200,
          "[{\"class\":\"io.confluent.connect.s3.S3SinkConnector\",\"type\":\"sink\",\"version\":\"10.0.3\"}]" },
        { "PUT", "/connector-plugins/S3SinkConnector/config/validate", "application/json", NULL, CONFIG, 200,
          "{\"name\":\"S3SinkConnector\",\"error_count\":0,\"groups\":[\"Common\",*" },
        { "PUT", "/connector-plugins/S3SinkConnector/config/validate", "application/json", NULL, "{" CLASS "}", 200,
          "{\"name\":\"S3SinkConnector\",\"error_count\":5,*" },
        { "PUT", "/connector-plugins/S3SinkConnector/config/validate", "application/json", NULL, "{}", 400, NULL },
        { "PUT", "/connector-plugins/S3SinkConnector/config/validate", "application/json", NULL, "x", 400, NULL },
        { "PUT", "/connector-plugins/FileStreamSink/config/validate", "application/json", NULL, CONFIG, 404, NULL },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "connect", NULL);
    WORLD_EXPECT(&w, rows);
    struct client_response r =
        world_ask(&w, "PUT", "/connector-plugins/S3Sink/config/validate", "application/json", NULL,
                  S("{\"connector.class\":\"S3Sink\",\"flush.sise\":\"1\"," REST "}"));
    assert_true(json_valid(r.body));
    assert_true(str_find(r.body, S("\"error_count\":1")) != STR_NONE);
    assert_true(str_find(r.body, S("did you mean \\\"flush.size\\\"")) != STR_NONE);
    world_close(&w);
}

static void a_connector_made_over_rest_stores(void **state)
{
    struct world w;
    struct err e = { 0 };
    (void)state;
    world_open(&w, services, "connect", NULL);
    struct plog *log = plog_set_ensure(cloud_topics(w.cloud), S("t"), 1);
    plog_append(log, 0, 0, 0, (struct str){ 0 }, S("{\"a\":1}"));
    assert_ok(cloud_settle(w.cloud, 1000, &e), &e);
    assert_int_equal(world_ask(&w, "POST", "/connectors", "application/json", NULL, S(CREATE)).status, 201);
    assert_ok(cloud_settle(w.cloud, 5000, &e), &e);
    assert_int_equal(stub_count(&w), 1);
    static const struct exchange rows[] = {
        { "GET", "/connectors/a/tasks/0/status", NULL, NULL, "", 200, "{\"id\":0,\"state\":\"RUNNING\",*" },
        { "GET", "/connectors/a/topics", NULL, NULL, "", 200, "{\"a\":{\"topics\":[\"t\"]}}" },
        { "DELETE", "/connectors/a", NULL, NULL, "", 204, "" },
        { "POST", "/connectors", "application/json", NULL, CREATE, 201, INFO },
    };
    WORLD_EXPECT(&w, rows);
    plog_append(log, 0, 0, 0, (struct str){ 0 }, S("{\"a\":2}"));
    assert_ok(cloud_settle(w.cloud, 5000, &e), &e);
    /* The group's offsets outlive the connector: the first record is not stored again. */
    assert_int_equal(stub_object(&w, "topics/t/partition=0/t+0+0000000000.json")->puts, 1);
    assert_int_equal(stub_object(&w, "topics/t/partition=0/t+0+0000000001.json")->puts, 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connectors_come_and_go),
        cmocka_unit_test(refuses_in_connects_words),
        cmocka_unit_test(plugins_are_listed_and_validate),
        cmocka_unit_test(a_connector_made_over_rest_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
