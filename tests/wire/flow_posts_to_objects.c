/* Posts over HTTP to objects in S3: the REST proxy, the sink and the mock S3 in one cloud, and S3 in another. */
#include "mocks/connect/connect.h"
#include "mocks/kafka_rest/kafka_rest.h"
#include "mocks/s3/s3.h"
#include "tests/wire/kafka_world.h"

#define SINK                                                                                                      \
    "connector.class=io.confluent.connect.s3.S3SinkConnector\ntopics.regex=0a1b2c3d4e5f.*\nflush.size=1\n"        \
    "format.class=io.confluent.connect.s3.format.json.JsonFormat\nschema.compatibility=NONE\ntasks.max=3\n"       \
    "storage.class=io.confluent.connect.s3.storage.S3Storage\ns3.region=us-east-1\n"                             \
    "value.converter=org.apache.kafka.connect.json.JsonConverter\nvalue.converter.schemas.enable=false\n"         \
    "s3.bucket.name=user-0a1b2c3d4e5f-bucket\n"
#define BUCKET "user-0a1b2c3d4e5f-bucket"

static const struct service *const services[] = { &s3_service, &kafka_rest_service, &connect_service, NULL };

static void post(struct world *w, const char *table, const char *value)
{
    struct str path = arena_f(&w->arena, "/topics/0a1b2c3d4e5f.%s", table);
    struct str body = arena_f(&w->arena, "{\"records\": [{\"value\": %s}]}", value);
    assert_int_equal(world_ask(w, "POST", path.p, JSON_TYPE, NULL, body).status, 200);
}

/* The body of a request made inside the cloud, where signatures are not asked for. */
static struct str from_s3(struct world *w, const char *method, const char *target, int *ret_status)
{
    struct http_header host = { S("Host"), S("s3.amazonaws.com") };
    struct http_request r = { .method = str_of(method), .headers = &host, .n_headers = 1, .body = S(""), .peer = S("") };
    struct http_reply reply = { 0 };
    struct err e = { 0 };
    http_request_target(&r, str_of(target));
    assert_ok(cloud_invoke_wait(w->cloud, "s3", &r, &reply, &w->arena, &e), &e);
    struct str body = arena_dup(&w->arena, http_reply_body(&reply));
    *ret_status = reply.status;
    http_reply_release(&reply);
    return body;
}

static void expect_object(struct world *w, const char *target, const char *body)
{
    int status;
    struct str got = from_s3(w, "GET", target, &status);
    if (status != 200)
        fail_msg("%s: %d " STR_F, target, status, STR_A(got));
    assert_str(got, body);
}

static void posts_become_objects(void **state)
{
    static const struct cloud_setting settings[] = { { "connect.properties", SINK }, { "s3.buckets", BUCKET }, { NULL, NULL } };
    struct world w;
    struct err e = { 0 };
    (void)state;
    world_open(&w, services, "kafka_rest", settings);
    post(&w, "geo", "{\"ind\": 7528, \"timestamp\": \"2020-08-28 03:52:47\", \"latitude\": -89.9787, \"longitude\": -173.293, "
                    "\"country\": \"Cote d'Ivoire\"}");
    post(&w, "user", "{\"ind\": 1, \"first_name\": \"Zo\\u00eb\"}");
    assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
    expect_object(&w, "/" BUCKET "/topics/0a1b2c3d4e5f.geo/partition=0/0a1b2c3d4e5f.geo%2B0%2B0000000000.json",
                  "{\"country\":\"Cote d'Ivoire\",\"latitude\":-89.9787,\"ind\":7528,\"timestamp\":\"2020-08-28 03:52:47\","
                  "\"longitude\":-173.293}\n");
    expect_object(&w, "/" BUCKET "/topics/0a1b2c3d4e5f.user/partition=0/0a1b2c3d4e5f.user%2B0%2B0000000000.json",
                  "{\"first_name\":\"Zoë\",\"ind\":1}\n");
    world_close(&w);
}

static void faults_of_s3_lose_and_double_nothing(void **state)
{
    static const char *const rules[] = {
        "[{\"service\":\"s3\",\"action\":\"CompleteMultipartUpload\",\"reset\":\"after\",\"every\":5}]",
        "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"reset\":\"after\",\"every\":4}]",
        "[{\"service\":\"s3\",\"action\":\"CreateMultipartUpload\",\"throttle\":true,\"every\":2}]",
        "[{\"service\":\"s3\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},\"probability\":0.3,\"seed\":9}]",
    };
    static const struct cloud_setting settings[] = { { "connect.properties", SINK }, { "s3.buckets", BUCKET }, { NULL, NULL } };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct world w;
        struct err e = { 0 };
        world_open(&w, services, "kafka_rest", settings);
        assert_ok(faults_load(cloud_faults(w.cloud), str_of(rules[i]), &e), &e);
        for (int k = 0; k < 20; k++) {
            char value[40];
            snprintf(value, sizeof value, "{\"ind\":%d}", k);
            post(&w, "pin", value);
        }
        assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
        faults_clear(cloud_faults(w.cloud));
        for (int k = 0; k < 20; k++) {
            struct str target = arena_f(&w.arena, "/" BUCKET "/topics/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin%%2B0%%2B"
                                        "%010d.json", k);
            struct str body = arena_f(&w.arena, "{\"ind\":%d}\n", k);
            expect_object(&w, target.p, body.p);
        }
        int status;
        struct str list = from_s3(&w, "GET", "/" BUCKET "?list-type=2", &status);
        size_t keys = 0;
        for (size_t at; (at = str_find(list, S("<Key>"))) != STR_NONE; keys++)
            list = str_from(list, at + 1);
        assert_int_equal(keys, 20);
        world_close(&w);
    }
}

static void a_missing_bucket_is_named(void **state)
{
    static const struct cloud_setting settings[] = { { "connect.properties", SINK }, { NULL, NULL } };
    struct world w;
    struct err e = { 0 };
    int status;
    (void)state;
    world_open(&w, services, "kafka_rest", settings);
    post(&w, "pin", "{\"ind\":1}");
    assert_int_equal(cloud_settle(w.cloud, 20000, &e), -1);
    assert_non_null(strstr(e.message, "Non-existent S3 bucket: " BUCKET));
    from_s3(&w, "PUT", "/" BUCKET, &status);
    assert_int_equal(status, 200);
    w.service = "connect";
    assert_int_equal(world_ask(&w, "POST", "/connectors/s3-sink/tasks/0/restart", NULL, NULL, S("")).status, 204);
    assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
    expect_object(&w, "/" BUCKET "/topics/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin%2B0%2B0000000000.json", "{\"ind\":1}\n");
    world_close(&w);
}

static void signed_requests_reach_another_cloud(void **state)
{
    static const struct cloud_setting bucket[] = { { "s3.buckets", BUCKET }, { NULL, NULL } };
    struct world here, there;
    struct err e = { 0 };
    struct buf text = BUF_INIT;
    (void)state;
    world_open(&there, services, "s3", bucket);
    buf_f(&text, SINK "store.url=%s\n", cloud_url(there.cloud, "s3"));
    const struct cloud_setting settings[] = { { "connect.properties", buf_cstr(&text) }, { NULL, NULL } };
    world_open(&here, services, "kafka_rest", settings);
    post(&here, "pin", "{\"ind\":1}");
    assert_ok(cloud_settle(here.cloud, 20000, &e), &e);
    expect_object(&there, "/" BUCKET "/topics/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin%2B0%2B0000000000.json", "{\"ind\":1}\n");
    buf_release(&text);
    world_close(&here);
    world_close(&there);
}

static void each_user_gets_a_bucket(void **state)
{
    static const struct {
        const char *topic, *connector, *bucket;
    } cases[] = {
        { "12ab.pin", "user-12ab", "user-12ab-bucket" },   { "12ab.geo", "user-12ab", "user-12ab-bucket" },
        { "t-9.user", "user-t-9", "user-t-9-bucket" },     { "0a1b2c3d4e5f.other", "s3-sink", BUCKET },
        { "UPPER.pin", "s3-sink", BUCKET },                { "-x.pin", "s3-sink", BUCKET },
        { "plain", "s3-sink", BUCKET },
    };
    char sink[2000];
    snprintf(sink, sizeof sink, "%.*stopics.regex=.*\n%s", (int)(strstr(SINK, "topics.regex") - SINK), SINK, strstr(SINK, "flush.size"));
    const struct cloud_setting settings[] = {
        { "connect.properties", sink }, { "connect.each_user", "on" }, { "s3.buckets", BUCKET }, { NULL, NULL },
    };
    struct world w;
    struct err e = { 0 };
    (void)state;
    world_open(&w, services, "kafka_rest", settings);
    void *connect = cloud_state(w.cloud, "connect");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(world_ask(&w, "POST", arena_f(&w.arena, "/topics/%s", cases[i].topic).p, JSON_TYPE, NULL,
                                   S("{\"records\":[{\"value\":{\"a\":1}}]}")).status, 200);
    assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *topic = cases[i].topic, *bucket, *dir;
        assert_true(connect_where(connect, topic, &w.arena, &bucket, &dir));
        assert_string_equal(bucket, cases[i].bucket);
        assert_string_equal(dir, "topics");
        assert_int_equal(connect_committed(connect, cases[i].connector, topic, 0), 1);
        assert_int_equal(connect_committed(connect, strcmp(cases[i].connector, "s3-sink") ? "s3-sink" : "user-12ab", topic, 0), -1);
        expect_object(&w, arena_f(&w.arena, "/%s/topics/%s/partition=0/%s%%2B0%%2B0000000000.json", bucket, topic, topic).p, "{\"a\":1}\n");
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_become_objects),
        cmocka_unit_test(each_user_gets_a_bucket),
        cmocka_unit_test(faults_of_s3_lose_and_double_nothing),
        cmocka_unit_test(a_missing_bucket_is_named),
        cmocka_unit_test(signed_requests_reach_another_cloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
