/* API Gateway over real sockets and in process: routing, integrations, every refusal with its headers. */
#include "base/codec.h"
#include "base/json.h"
#include "mocks/apigw/apigw.h"
#include "mocks/cloud/cloud.h"
#include "net/client.h"
#include "tests/support/t.h"

/* ---- backends: what arrives is what they answer ---- */

static int echo_run(struct call *c)
{
    const struct http_request *r = c->request;
    struct buf *b = call_body(c);
    struct str status = http_request_header(r, "x-want-status");
    int64_t n = 200;
    if (status.n)
        str_to_i64(status, &n);
    c->reply->status = (int)n;
    call_header(c, "Content-Type", S("application/json"));
    call_header(c, "Server", S("echo"));
    call_header(c, "X-Own", S("own"));
    buf_z(b, "{\"method\":");
    json_put_text(b, r->method);
    buf_z(b, ",\"target\":");
    json_put_text(b, r->target);
    buf_z(b, ",\"body\":");
    json_put_text(b, r->body);
    buf_z(b, ",\"headers\":{");
    for (size_t i = 0; i < r->n_headers; i++) {
        buf_z(b, i ? "," : "");
        json_put_text(b, r->headers[i].name);
        buf_c(b, ':');
        json_put_text(b, r->headers[i].value);
    }
    buf_z(b, "}}");
    return 0;
}

static const struct action echo_actions[] = { { .name = "Echo", .run = echo_run } };
static const struct action *echo_route(struct call *c)
{
    c->resource = c->request->path;
    return &echo_actions[0];
}
static void echo_phrase(struct call *c)
{
    call_header(c, "Content-Type", S("application/json"));
    buf_f(call_body(c), "{\"error\":\"%s\"}", c->err.code);
}
static const struct service kinesis_echo = { .name = "kinesis", .title = "kinesis", .actions = echo_actions, .n_actions = 1,
                                             .port = 4567, .route = echo_route, .phrase = echo_phrase };
static const struct service rest_echo = { .name = "kafka_rest", .title = "kafka_rest", .actions = echo_actions, .n_actions = 1,
                                          .port = 8082, .route = echo_route, .phrase = echo_phrase };
static const struct service *const services[] = { &kinesis_echo, &rest_echo, &apigw_service, NULL };

/* ---- a world of its own for each test ---- */
struct world {
    struct arena arena;
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
};

static void world_open(struct world *w, const char *document)
{
    struct err e = { 0 };
    w->arena = ARENA_INIT;
    clock_init_virtual(&w->clock, 1598586767000);
    if (!document)
        document = t_file(&w->arena, t_source(&w->arena, "fixtures/apigw/pinterest.json")).p;
    const struct cloud_setting settings[] = {
        { "apigw.openapi", document }, { "hosts", "kafka-rest:8082=kafka_rest" }, { NULL, NULL },
    };
    w->cloud = cloud_open(&(struct cloud_options){ .services = services, .clock = &w->clock, .settings = settings, .seed = 1,
                                                   .auth = CLOUD_AUTH_STRICT }, &e);
    if (!w->cloud)
        print_error("%s\n", e.message);
    assert_non_null(w->cloud);
    w->client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1 }, &e);
    assert_non_null(w->client);
}

static void world_close(struct world *w)
{
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
}

static struct client_response say(struct world *w, const char *method, const char *path, const char *body,
                                  const struct http_header *headers, size_t n)
{
    struct err e = { 0 };
    struct client_response r = { 0 };
    struct client_request q = { .method = method, .url = arena_f(&w->arena, "%s%s", cloud_url(w->cloud, "apigw"), path),
                                .headers = headers, .n_headers = n, .body = str_of(body) };
    client_do(w->client, &q, &w->arena, &r, &e);
    return r;
}

static struct client_response json_call(struct world *w, const char *method, const char *path, const char *body)
{
    static const struct http_header json[] = { { S("Content-Type"), S("application/json") } };
    return say(w, method, path, body, json, 1);
}

static struct str header_of(const struct client_response *r, const char *name)
{
    return http_header_get(r->headers, r->n_headers, name);
}

/* A member of the echo: "target", "body", or a header by "headers.Name". */
static struct str echoed(struct world *w, const struct client_response *r, const char *member, const char *header)
{
    struct json v;
    if (!header)
        return json_get_text(r->body, member, &w->arena);
    return json_get(r->body, "headers", &v) ? json_get_text(v.raw, header, &w->arena) : S("");
}

static struct str last_reason(struct world *w)
{
    struct buf b = BUF_INIT;
    journal_list(cloud_journal(w->cloud), 0, 1000, "apigw", &b);
    struct str all = str_trim(arena_dup(&w->arena, buf_str(&b)));
    buf_release(&b);
    for (size_t i = all.n; i-- > 0;)
        if (all.p[i] == '\n')
            return str_from(all, i + 1);
    return all;
}

/* ---- tests ---- */
static void a_batch_post_reaches_the_rest_proxy_as_it_is(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    static const struct http_header h[] = { { S("Content-Type"), S("application/vnd.kafka.json.v2+json") },
                                            { S("X-Custom"), S("yes") }, { S("Expect"), S("") } };
    struct client_response r = say(&w, "POST", "/test/topics/0a1b.pin?x=%2F&y=1", "{\"records\":[]}", h, 2);
    assert_int_equal(r.status, 200);
    assert_str(echoed(&w, &r, "method", NULL), "POST");
    assert_str(echoed(&w, &r, "target", NULL), "/topics/0a1b.pin?x=%2F&y=1");
    assert_str(echoed(&w, &r, "body", NULL), "{\"records\":[]}");
    assert_str(echoed(&w, &r, NULL, "Content-Type"), "application/vnd.kafka.json.v2+json");
    assert_str(echoed(&w, &r, NULL, "X-Custom"), "yes");
    assert_str(echoed(&w, &r, NULL, "X-Amzn-Apigateway-Api-Id"), "weirbox000");
    assert_int_equal(echoed(&w, &r, NULL, "Host").n, 0);
    assert_str(header_of(&r, "x-amzn-Remapped-Server"), "echo");
    assert_str(header_of(&r, "X-Own"), "own");
    assert_int_equal(header_of(&r, "X-Amzn-Trace-Id").n, 0);
    assert_int_equal(header_of(&r, "x-amzn-RequestId").n, 36);
    assert_true(str_ends(header_of(&r, "x-amz-apigw-id"), S("=")));
    static const struct http_header bad[] = { { S("x-want-status"), S("422") } };
    assert_int_equal(say(&w, "GET", "/test/topics", "", bad, 1).status, 422);
    world_close(&w);
}

static void a_stream_put_becomes_a_kinesis_action(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    struct client_response r = json_call(&w, "PUT", "/dev/streams/streaming%2D1-pin/record/",
                                         "{\"StreamName\":\"other\",\"Data\":{\"index\": 1, \"t\": \"\\u00fc\"},\"PartitionKey\":\"p\"}");
    assert_int_equal(r.status, 200);
    assert_str(echoed(&w, &r, NULL, "X-Amz-Target"), "Kinesis_20131202.PutRecord");
    assert_str(echoed(&w, &r, NULL, "Content-Type"), "application/x-amz-json-1.1");
    assert_str(echoed(&w, &r, "target", NULL), "/?Action=PutRecord");
    struct str body = echoed(&w, &r, "body", NULL);
    assert_str(json_get_text(body, "StreamName", &w.arena), "streaming-1-pin");
    struct buf data = BUF_INIT;
    codec_unbase64(&data, json_get_text(body, "Data", &w.arena));
    assert_str(buf_str(&data), "{\"index\":1,\"t\":\"\u00fc\"}");
    buf_release(&data);
    assert_str(header_of(&r, "Content-Type"), "application/json");
    assert_true(str_starts(header_of(&r, "X-Amzn-Trace-Id"), S("Root=1-")));
    assert_int_equal(header_of(&r, "X-Own").n, 0); /* only what is mapped comes back */
    assert_non_null(memmem(last_reason(&w).p, last_reason(&w).n, "matched PUT /streams/{stream-name}/record", 41));
    world_close(&w);
}

static void every_way_of_addressing_leads_to_the_same_resource(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    static const char *const paths[] = {
        "/test/streams/s/record", "/anything//streams//s/record/", "/_aws/execute-api/weirbox000/test/streams/s/record",
        "/_aws/execute-api/unknown/test/streams/s/record", "/restapis/weirbox000/test/_user_request_/streams/s/record",
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        struct client_response r = json_call(&w, "PUT", paths[i], "{\"Data\":1}");
        assert_int_equal(r.status, 200);
        assert_str(echoed(&w, &r, NULL, "X-Amz-Target"), "Kinesis_20131202.PutRecord");
    }
    static const struct http_header host[] = { { S("Host"), S("abc123.execute-api.us-east-1.amazonaws.com") },
                                               { S("Content-Type"), S("application/json") } };
    assert_int_equal(say(&w, "PUT", "/test/streams/s/record", "{\"Data\":1}", host, 2).status, 200);
    struct client_response q = json_call(&w, "PUT", "/test/streams/record?stream-name=q", "{\"Data\":1}");
    assert_str(json_get_text(echoed(&w, &q, "body", NULL), "StreamName", &w.arena), "q");
    world_close(&w);
}

struct refused {
    const char *method, *path, *type, *body;
    int status;
    const char *answer, *error_type, *reason;
};

static void refusals_look_as_on_aws_and_say_why(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        { "POST", "/test/streams/s/record", "application/json", "{}", 403, "{\"message\":\"Missing Authentication Token\"}",
          "MissingAuthenticationTokenException", "has no method POST; it has PUT" },
        { "GET", "/test", "application/json", "", 403, "{\"message\":\"Missing Authentication Token\"}",
          "MissingAuthenticationTokenException", "ends after the stage" },
        { "GET", "/", "application/json", "", 403, "{\"message\":\"Forbidden\"}", "ForbiddenException", "no stage" },
        { "BREW", "/test/topics", "application/json", "", 403, "{\"message\":\"Missing Authentication Token\"}",
          "MissingAuthenticationTokenException", "has no method BREW" },
        { "PUT", "/test/streams/s/record", "text/csv", "a,b", 415, "{\"message\":\"Unsupported Media Type\"}",
          "BadRequestException", "there are templates for: application/json" },
        { "PUT", "/test/streams/s/record", "application/vnd.kafka.json.v2+json", "{}", 415,
          "{\"message\":\"Unsupported Media Type\"}", "BadRequestException", "vnd.kafka" },
        { "PUT", "/test/streams/s/record", "application/json", "{\"Data\": {", 400, NULL, "BadRequestException", "json" },
        { "POST", "/restapis", "application/json", "{}", 403, "{\"message\":\"Missing Authentication Token\"}",
          "MissingAuthenticationTokenException", "" },
        { "PUT", "/restapis/x/resources/y/methods/GET/integration", "application/json", "{}", 403,
          "{\"message\":\"Missing Authentication Token\"}", "MissingAuthenticationTokenException", "" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct refused *x = &rows[i];
        struct http_header h[] = { { S("Content-Type"), str_of(x->type) } };
        struct client_response r = say(&w, x->method, x->path, x->body, h, 1);
        assert_int_equal(r.status, x->status);
        if (x->answer)
            assert_str(r.body, x->answer);
        assert_str(header_of(&r, "x-amzn-ErrorType"), x->error_type);
        assert_str(header_of(&r, "Content-Type"), "application/json");
        assert_int_equal(header_of(&r, "x-amzn-RequestId").n, 36);
        struct str why = last_reason(&w);
        if (!memmem(why.p, why.n, x->reason, strlen(x->reason)))
            print_error("reason of row %zu: " STR_F "\n", i, STR_A(why));
        assert_non_null(memmem(why.p, why.n, x->reason, strlen(x->reason)));
    }
    char *large = arena_alloc(&w.arena, 11 << 20);
    memset(large, 'x', (11 << 20) - 1);
    large[(11 << 20) - 1] = 0;
    struct client_response r = json_call(&w, "POST", "/test/topics/a", large);
    assert_int_equal(r.status, 413);
    assert_str(r.body, "{\"message\":\"Request Too Long\"}");
    world_close(&w);
}

static void faults_of_gateway_and_backend_come_out_as_aws_errors(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *path;
        int status;
        const char *answer;
        int64_t waited_ms;
    } rows[] = {
        { "[{\"service\":\"apigw\",\"throttle\":true}]", "/t/topics", 429, "{\"message\":\"Too Many Requests\"}", 0 },
        { "[{\"service\":\"apigw\",\"error\":{\"statusCode\":500,\"code\":\"InternalFailure\",\"message\":\"x\"}}]", "/t/topics", 500,
          "{\"message\":\"Internal server error\"}", 0 },
        { "[{\"service\":\"kafka_rest\",\"latency_ms\":40000}]", "/t/topics", 504, "{\"message\":\"Endpoint request timed out\"}", 29000 },
        { "[{\"service\":\"kafka_rest\",\"latency_ms\":500}]", "/t/topics", 200, NULL, 500 },
        { "[{\"service\":\"kafka_rest\",\"reset\":\"before\"}]", "/t/topics", 500, "{\"message\":\"Internal server error\"}", 0 },
        { "[{\"service\":\"kinesis\",\"reset\":\"after\"}]", "/t/streams", 500, "{\"message\":\"Internal server error\"}", 0 },
        { "[{\"service\":\"kinesis\",\"error\":{\"statusCode\":400,\"code\":\"ResourceNotFoundException\",\"message\":\"x\"}}]",
          "/t/streams", 200, "{\"error\":\"ResourceNotFoundException\"}", 0 }, /* default -> 200, as the tutorial has it */
    };
    struct world w;
    struct err e = { 0 };
    world_open(&w, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_ok(faults_load(cloud_faults(w.cloud), str_of(rows[i].rule), &e), &e);
        int64_t before = clock_now_ms(&w.clock);
        struct client_response r = json_call(&w, "GET", rows[i].path, "");
        assert_int_equal(r.status, rows[i].status);
        if (rows[i].answer)
            assert_str(r.body, rows[i].answer);
        assert_int_equal(clock_now_ms(&w.clock) - before, rows[i].waited_ms);
    }
    world_close(&w);
}

#define INTEGRATION(type, rest) "\"x-amazon-apigateway-integration\":{\"type\":\"" type "\"" rest "}"
static const char document[] =
    "{\"swagger\":\"2.0\",\"info\":{\"title\":\"t\"},\"securityDefinitions\":{\"key\":{\"type\":\"apiKey\",\"name\":\"x-api-key\",\"in\":\"header\"}},\"paths\":{"
    "\"/mock\":{\"get\":{" INTEGRATION("mock", ",\"requestTemplates\":{\"application/json\":\"{statusCode: $input.params('s'),}\"},"
        "\"responses\":{\"default\":{\"statusCode\":200,\"responseTemplates\":{\"application/json\":\"ok $context.stage $context.httpMethod $context.resourcePath $context.path\"}},"
        "\"4\\\\d{2}\":{\"statusCode\":418,\"responseParameters\":{\"method.response.header.X-Why\":\"'static'\",\"method.response.header.X-Q\":\"context.stage\"},"
        "\"responseTemplates\":{\"application/json\":\"{}\"}}}") "},"
      "\"options\":{" INTEGRATION("mock", ",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},\"responses\":{\"default\":{\"statusCode\":200,"
        "\"responseParameters\":{\"method.response.header.Access-Control-Allow-Origin\":\"'*'\"}}}") "}},"
    "\"/override\":{\"get\":{" INTEGRATION("mock", ",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},\"responses\":{\"default\":{\"statusCode\":200,"
        "\"responseTemplates\":{\"application/json\":\"#set($context.responseOverride.status = 404)#set($context.responseOverride.header['X-O'] = 'o')x\"}}}") "}},"
    "\"/http/{id}\":{\"post\":{" INTEGRATION("http", ",\"httpMethod\":\"PUT\",\"uri\":\"http://kafka-rest:8082/things/{id}\",\"requestParameters\":{"
        "\"integration.request.path.id\":\"method.request.path.id\",\"integration.request.querystring.q\":\"method.request.body.a.b\","
        "\"integration.request.header.x-want-status\":\"method.request.header.Want\",\"integration.request.header.X-Fixed\":\"'f'\"},"
        "\"responses\":{\"default\":{\"statusCode\":200},\"5\\\\d\\\\d\":{\"statusCode\":502,\"responseTemplates\":{\"application/json\":\"{\\\"was\\\":\\\"$input.path('$.method')\\\"}\"},"
        "\"responseParameters\":{\"method.response.header.Server\":\"integration.response.header.Server\",\"method.response.header.T\":\"integration.response.body.target\"}}}") "}},"
    "\"/never\":{\"post\":{" INTEGRATION("http", ",\"httpMethod\":\"POST\",\"uri\":\"http://kafka-rest:8082/\",\"passthroughBehavior\":\"never\",\"responses\":{\"2\\\\d\\\\d\":{\"statusCode\":201}}") "}},"
    "\"/picky\":{\"post\":{" INTEGRATION("http", ",\"httpMethod\":\"POST\",\"uri\":\"http://kafka-rest:8082/\",\"requestParameters\":{\"integration.request.header.x-want-status\":\"'400'\"},"
        "\"responses\":{\"2\\\\d\\\\d\":{\"statusCode\":201}}") "}},"
    "\"/bad-header\":{\"post\":{" INTEGRATION("aws", ",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:us-east-1:kinesis:action/X\",\"requestParameters\":{\"integration.request.header.Authorization\":\"'x'\"},"
        "\"responses\":{\"default\":{\"statusCode\":200}}") "}},"
    "\"/fails\":{\"post\":{" INTEGRATION("aws", ",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:us-east-1:kinesis:action/X\",\"requestTemplates\":{\"application/json\":\"#set($l=[1])$l[5]\"},"
        "\"responses\":{\"default\":{\"statusCode\":200}}") "}},"
    "\"/elsewhere\":{\"get\":{" INTEGRATION("http_proxy", ",\"httpMethod\":\"GET\",\"uri\":\"http://127.0.0.1:1/x\"") "}},"
    "\"/unknown\":{\"get\":{" INTEGRATION("aws", ",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:us-east-1:dynamodb:action/PutItem\",\"responses\":{\"default\":{\"statusCode\":200}}") "}},"
    "\"/bare\":{\"get\":{}},"
    "\"/keyed\":{\"get\":{\"security\":[{\"key\":[]}]," INTEGRATION("http_proxy", ",\"httpMethod\":\"GET\",\"uri\":\"http://kafka-rest:8082/k\"") "}}}}";

static void mock_integrations_answer_by_status_pattern(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, document);
    struct client_response r = json_call(&w, "GET", "/st/mock?s=200", "");
    assert_int_equal(r.status, 200);
    assert_str(r.body, "ok st GET /mock /st/mock");
    assert_int_equal(header_of(&r, "X-Amzn-Trace-Id").n, 0);
    r = json_call(&w, "GET", "/st/mock?s=404", "");
    assert_int_equal(r.status, 418);
    assert_str(header_of(&r, "X-Why"), "static");
    assert_str(header_of(&r, "X-Q"), "st");
    r = json_call(&w, "GET", "/st/mock", "");
    assert_int_equal(r.status, 500);
    assert_str(r.body, "{\"message\":\"Internal server error\"}");
    assert_str(header_of(&r, "x-amzn-ErrorType"), "InternalServerErrorException");
    r = json_call(&w, "OPTIONS", "/st/mock", "");
    assert_str(header_of(&r, "Access-Control-Allow-Origin"), "*");
    r = json_call(&w, "GET", "/st/override", "");
    assert_int_equal(r.status, 404);
    assert_str(header_of(&r, "X-O"), "o");
    assert_str(r.body, "x");
    world_close(&w);
}

static void http_integrations_send_only_what_is_mapped(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, document);
    static const struct http_header h[] = { { S("Content-Type"), S("application/json") }, { S("Want"), S("503") }, { S("X-Other"), S("o") } };
    struct client_response r = say(&w, "POST", "/s/http/a%20b", "{\"a\":{\"b\":\"x y\"}}", h, 3);
    assert_int_equal(r.status, 502);
    assert_str(r.body, "{\"was\":\"PUT\"}");
    assert_str(header_of(&r, "x-amzn-Remapped-Server"), "echo");
    assert_str(header_of(&r, "T"), "/things/a%20b?q=x%20y");
    r = say(&w, "POST", "/s/http/1", "{\"a\":{}}", h, 1);
    assert_int_equal(r.status, 200);
    assert_str(echoed(&w, &r, "target", NULL), "/things/1");
    assert_str(echoed(&w, &r, NULL, "User-Agent"), "AmazonAPIGateway_weirbox000");
    assert_str(echoed(&w, &r, NULL, "Accept"), "application/json");
    assert_str(echoed(&w, &r, NULL, "X-Fixed"), "f");
    assert_int_equal(echoed(&w, &r, NULL, "X-Other").n, 0);
    assert_int_equal(say(&w, "POST", "/s/http/1", "{\"a\":", h, 1).status, 400);
    static const struct { const char *method, *path; int status; } rows[] = {
        { "POST", "/s/never", 415 }, { "POST", "/s/picky", 500 }, { "POST", "/s/bad-header", 500 }, { "POST", "/s/fails", 500 },
        { "GET", "/s/elsewhere", 500 }, { "GET", "/s/unknown", 500 }, { "GET", "/s/bare", 500 }, { "GET", "/s/keyed", 403 },
        { "GET", "/s/nowhere", 403 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        r = json_call(&w, rows[i].method, rows[i].path, "{}");
        if (r.status != rows[i].status)
            print_error("%s: " STR_F "\n", rows[i].path, STR_A(last_reason(&w)));
        assert_int_equal(r.status, rows[i].status);
    }
    static const struct http_header key[] = { { S("x-api-key"), S("k") } };
    assert_int_equal(say(&w, "GET", "/s/keyed", "", key, 1).status, 200);
    world_close(&w);
}

static void many_calls_at_once_are_all_answered(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, NULL);
    for (int i = 0; i < 200; i++) {
        struct client_response r = json_call(&w, "PUT", "/t/streams/s/record", "{\"Data\":{\"a\":1},\"PartitionKey\":\"p\"}");
        assert_int_equal(r.status, 200);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_post_reaches_the_rest_proxy_as_it_is),
        cmocka_unit_test(a_stream_put_becomes_a_kinesis_action),
        cmocka_unit_test(every_way_of_addressing_leads_to_the_same_resource),
        cmocka_unit_test(refusals_look_as_on_aws_and_say_why),
        cmocka_unit_test(faults_of_gateway_and_backend_come_out_as_aws_errors),
        cmocka_unit_test(mock_integrations_answer_by_status_pattern),
        cmocka_unit_test(http_integrations_send_only_what_is_mapped),
        cmocka_unit_test(many_calls_at_once_are_all_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
