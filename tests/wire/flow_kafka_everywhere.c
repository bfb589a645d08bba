/* One log, three ways: what a Kafka producer sends is stored by the sink, read by REST and Kafka consumers; and the reverse. */
#include "mocks/connect/connect.h"
#include "mocks/kafka_rest/kafka_rest.h"
#include "mocks/s3/s3.h"
#include "tests/wire/kafka_client.h"
#include "tests/wire/kafka_world.h"

#define BUCKET "user-0a1b2c3d4e5f-bucket"
#define TOPIC "0a1b2c3d4e5f.pin"
#define SINK                                                                                                      \
    "connector.class=io.confluent.connect.s3.S3SinkConnector\ntopics.regex=0a1b2c3d4e5f.*\nflush.size=1\n"        \
    "format.class=io.confluent.connect.s3.format.json.JsonFormat\nschema.compatibility=NONE\ntasks.max=3\n"       \
    "storage.class=io.confluent.connect.s3.storage.S3Storage\ns3.region=us-east-1\n"                             \
    "value.converter=org.apache.kafka.connect.json.JsonConverter\nvalue.converter.schemas.enable=false\n"         \
    "s3.bucket.name=" BUCKET "\n"
#define GROUP "/consumers/g/instances/i"

static const struct service *const services[] = { &s3_service, &kafka_service, &kafka_rest_service, &connect_service, NULL };

static struct str object(struct world *w, const char *target)
{
    struct http_header host = { S("Host"), S("s3.amazonaws.com") };
    struct http_request r = { .method = S("GET"), .headers = &host, .n_headers = 1, .body = S(""), .peer = S("") };
    struct http_reply reply = { 0 };
    struct err e = { 0 };
    http_request_target(&r, str_of(target));
    assert_ok(cloud_invoke_wait(w->cloud, "s3", &r, &reply, &w->arena, &e), &e);
    struct str body = arena_dup(&w->arena, http_reply_body(&reply));
    assert_int_equal(reply.status, 200);
    http_reply_release(&reply);
    return body;
}

static void one_log_three_ways(void **state)
{
    static const struct cloud_setting settings[] = { { "connect.properties", SINK }, { "s3.buckets", BUCKET }, { NULL, NULL } };
    static const char sent[] = "{\"index\":1,\"title\":\"Zo\xc3\xab\"}", posted[] = "{\"index\":2}";
    struct world w;
    struct err e = { 0 };
    (void)state;
    world_open(&w, services, "kafka_rest", settings);
    int fd = kafka_connect(cloud_port(w.cloud, "kafka"));
    struct produced p = produce(fd, &w.arena, TOPIC, 0, batch_of(&w.arena, (struct str){ 0 }, str_of(sent), -1, -1, -1));
    assert_int_equal(p.error, 0);
    struct client_response r = world_ask(&w, "POST", "/topics/" TOPIC, JSON_TYPE, NULL, arena_f(&w.arena, "{\"records\":[{\"value\":%s}]}", posted));
    assert_str(r.body, "{\"offsets\":[{\"partition\":0,\"offset\":1,\"error_code\":null,\"error\":null}],\"key_schema_id\":null,\"value_schema_id\":null}");

    assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
    assert_str(object(&w, "/" BUCKET "/topics/" TOPIC "/partition=0/" TOPIC "%2B0%2B0000000000.json"), "{\"index\":1,\"title\":\"Zo\xc3\xab\"}\n");
    assert_str(object(&w, "/" BUCKET "/topics/" TOPIC "/partition=0/" TOPIC "%2B0%2B0000000001.json"), "{\"index\":2}\n");

    const struct exchange rest[] = {
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"name\":\"i\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}", 200, "*" },
        { "POST", GROUP "/subscription", V2_TYPE, NULL, "{\"topics\":[\"" TOPIC "\"]}", 204, "" },
        { "GET", GROUP "/records", NULL, JSON_TYPE, NULL, 200, "[]" },
        { "GET", GROUP "/records", NULL, JSON_TYPE, NULL, 200,
          "[{\"topic\":\"" TOPIC "\",\"key\":null,\"value\":{\"index\":1,\"title\":\"Zo\xc3\xab\"},\"partition\":0,\"offset\":0},"
          "{\"topic\":\"" TOPIC "\",\"key\":null,\"value\":{\"index\":2},\"partition\":0,\"offset\":1}]" },
    };
    WORLD_EXPECT(&w, rest);

    struct fetched f = fetch(fd, &w.arena, 0, TOPIC, 0);
    struct kafka_batch b;
    const char *why;
    assert_int_equal(kafka_batch_read(&b, f.records, true, 1 << 20, &why), KAFKA_NONE);
    assert_int_equal(b.n, 2);
    assert_null(b.records[0].key.p);
    assert_str(b.records[0].value, sent);
    assert_str(b.records[1].value, posted);
    kafka_batch_release(&b);
    close(fd);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_log_three_ways) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
