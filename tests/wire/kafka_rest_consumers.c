/* Consumer instances over HTTP: the calls a user makes to see what was posted, and each refusal. */
#include "base/json.h"
#include "mocks/kafka_rest/kafka_rest.h"
#include "tests/wire/kafka_world.h"

#define I "/consumers/students/instances/one"
#define EARLIEST "{\"name\":\"one\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}"
#define NO_INSTANCE "{\"error_code\":40403,\"message\":\"Consumer instance not found.\"}"
#define EXCLUSIVE                                                                                                 \
    "{\"error_code\":40903,\"message\":\"Illegal state: Subscription to topics, partitions and pattern are mutually exclusive\"}"
#define RECORD(v, o) "{\"topic\":\"t.pin\",\"key\":null,\"value\":" v ",\"partition\":0,\"offset\":" #o "}"

static const struct service *const services[] = { &kafka_rest_service, NULL };

static void open_world(struct world *w)
{
    world_open(w, services, "kafka_rest", NULL);
    struct client_response r = world_ask(w, "POST", "/topics/t.pin", JSON_TYPE, NULL,
                                         S("{\"records\":[{\"value\":{\"a\": 1}},{\"value\":2},{\"value\":null}]}"));
    assert_int_equal(r.status, 200);
}

static void subscribe_read_commit_delete(void **state)
{
    static const struct exchange rows[] = {
        { "POST", I "/subscription", V2_TYPE, NULL, "{\"topics\":[\"t.pin\"]}", 204, "" },
        { "GET", I "/subscription", NULL, NULL, "", 200, "{\"topics\":[\"t.pin\"]}" },
        { "GET", I "/records", NULL, JSON_TYPE, "", 200, "[]" }, /* the join */
        { "GET", I "/records", NULL, JSON_TYPE, "", 200,
          "[" RECORD("{\"a\":1}", 0) "," RECORD("2", 1) "," RECORD("null", 2) "]" },
        { "GET", I "/assignments", NULL, NULL, "", 200, "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0}]}" },
        { "POST", I "/offsets", V2_TYPE, NULL, "", 200, "[]" },
        { "GET", I "/offsets", V2_TYPE, NULL,
          "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0},{\"topic\":\"x\",\"partition\":0}]}", 200,
          "{\"offsets\":[{\"topic\":\"t.pin\",\"partition\":0,\"offset\":3,\"metadata\":\"\"}]}" },
        { "POST", I "/offsets", V2_TYPE, NULL, "{\"offsets\":[{\"topic\":\"t.pin\",\"partition\":0,\"offset\":1}]}", 200, "[]" },
        { "GET", I "/offsets", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0}]}", 200,
          "{\"offsets\":[{\"topic\":\"t.pin\",\"partition\":0,\"offset\":2,\"metadata\":\"\"}]}" },
        { "POST", I "/positions/beginning", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0}]}", 204, "" },
        { "GET", I "/records?max_bytes=8", NULL, JSON_TYPE, "", 200, "[" RECORD("{\"a\":1}", 0) "," RECORD("2", 1) ",*" },
        { "POST", I "/positions", V2_TYPE, NULL, "{\"offsets\":[{\"topic\":\"t.pin\",\"partition\":0,\"offset\":1}]}", 204, "" },
        { "GET", I "/records?max_bytes=0", NULL, JSON_TYPE, "", 200, "[" RECORD("2", 1) "*" },
        { "POST", I "/positions/end", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0}]}", 204, "" },
        { "GET", I "/records?timeout=300", NULL, JSON_TYPE, "", 200, "[]" },
        { "POST", I "/positions", V2_TYPE, NULL,
          "{\"timestamps\":[{\"topic\":\"t.pin\",\"partition\":0,\"timestamp\":\"2020-01-01T00:00:00Z\"}]}", 204, "" },
        { "GET", I "/records", NULL, JSON_TYPE, "", 200, "[" RECORD("{\"a\":1}", 0) "*" },
        { "DELETE", I "/subscription", NULL, NULL, "", 204, "" },
        { "GET", I "/subscription", NULL, NULL, "", 200, "{\"topics\":[]}" },
        { "DELETE", I, NULL, NULL, "", 204, "" },
        { "DELETE", I, NULL, NULL, "", 404, NO_INSTANCE },
    };
    struct world w;
    (void)state;
    open_world(&w);
    struct client_response r = world_ask(&w, "POST", "/consumers/students", V2_TYPE, V2_TYPE, S(EARLIEST));
    assert_int_equal(r.status, 200);
    assert_str(r.body, arena_f(&w.arena, "{\"instance_id\":\"one\",\"base_uri\":\"%s" I "\"}", cloud_url(w.cloud, "kafka_rest")).p);
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

static void names_formats_and_manual_assignment(void **state)
{
    static const struct exchange rows[] = {
        { "POST", "/consumers/g", NULL, NULL, "", 200, "{\"instance_id\":\"rest-consumer-*" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"name\":\"b\",\"auto.offset.reset\":\"earliest\"}", 200, NULL },
        { "POST", "/consumers/g/instances/b/assignments", V2_TYPE, NULL,
          "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":0}]}", 204, "" },
        { "GET", "/consumers/g/instances/b/records", NULL, NULL, "", 200,
          "[{\"topic\":\"t.pin\",\"key\":null,\"value\":\"eyJhIjoxfQ==\",\"partition\":0,\"offset\":0},*" },
        { "GET", "/consumers/g/instances/b/records", NULL, JSON_TYPE, "", 406, "{\"error_code\":40601,*" },
        { "POST", "/consumers/g/instances/b/subscription", V2_TYPE, NULL, "{\"topics\":[\"t.pin\"]}", 409, EXCLUSIVE },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"name\":\"p\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}", 200, NULL },
        { "POST", "/consumers/g/instances/p/subscription", V2_TYPE, NULL, "{\"topic_pattern\":\"t.*\"}", 204, "" },
        { "GET", "/consumers/g/instances/p/records", NULL, JSON_TYPE, "", 200, "[]" },
        { "GET", "/consumers/g/instances/p/records", NULL, JSON_TYPE, "", 200, "[" RECORD("{\"a\":1}", 0) ",*" },
        { "GET", "/consumers/g/instances/p/subscription", NULL, NULL, "", 200, "{\"topics\":[\"t.pin\"]}" },
        { "POST", "/consumers/g/instances/p/assignments", V2_TYPE, NULL, "{\"partitions\":[]}", 409, EXCLUSIVE },
    };
    struct world w;
    (void)state;
    open_world(&w);
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

static void refuses(void **state)
{
    static const struct exchange rows[] = {
        { "POST", "/consumers/students", V2_TYPE, NULL, EARLIEST, 200, NULL },
        { "POST", "/consumers/students", V2_TYPE, NULL, EARLIEST, 409,
          "{\"error_code\":40902,\"message\":\"Consumer with specified consumer ID already exists in the specified consumer group.\"}" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"format\":\"xml\"}", 422, "{\"error_code\":422,\"message\":\"Invalid format type.\"}" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"format\":\"avro\"}", 501, NULL },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"auto.offset.reset\":\"oldest\"}", 422, "{\"error_code\":42204,*" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"fetch.min.bytes\":\"x\"}", 422, "{\"error_code\":42204,*" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"colour\":1}", 422, "{\"error_code\":422,\"message\":\"Unrecognized field: colour\"}" },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{", 400, NULL },
        { "POST", "/consumers/g", "application/json", NULL, "{}", 415, NULL },
        { "GET", I "/records", NULL, JSON_TYPE, "", 409,
          "{\"error_code\":40903,\"message\":\"Illegal state: Consumer is not subscribed to any topics or assigned any partitions\"}" },
        { "GET", I "/records", NULL, "text/html", "", 406, "{\"error_code\":406,*" },
        { "POST", I "/subscription", V2_TYPE, NULL, "{}", 422, NULL },
        { "POST", I "/subscription", V2_TYPE, NULL, "", 422, NULL },
        { "POST", I "/subscription", V2_TYPE, NULL, "{\"topics\":[1]}", 422, NULL },
        { "POST", I "/subscription", V2_TYPE, NULL, "{\"topics\":[\"a\"],\"topic_pattern\":\"b\"}", 409, EXCLUSIVE },
        { "POST", I "/subscription", V2_TYPE, NULL, "{\"topic_pattern\":\"(\"}", 422, "{\"error_code\":40001,*" },
        { "POST", I "/assignments", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":\"none\",\"partition\":0}]}", 404, "{\"error_code\":40401,*" },
        { "POST", I "/assignments", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":\"t.pin\",\"partition\":4}]}", 404, "{\"error_code\":40402,*" },
        { "POST", I "/assignments", V2_TYPE, NULL, "{\"partitions\":[{\"topic\":1}]}", 422, NULL },
        { "POST", I "/assignments", V2_TYPE, NULL, "{}", 422, NULL },
        { "POST", I "/positions", V2_TYPE, NULL, "{\"offsets\":[{\"topic\":\"x\",\"partition\":0,\"offset\":0}]}", 409,
          "{\"error_code\":40903,\"message\":\"Illegal state: No current assignment for partition x-0\"}" },
        { "POST", I "/positions/end", V2_TYPE, NULL, "{}", 422, NULL },
        { "POST", I "/positions/beginning", V2_TYPE, NULL, "x", 400, NULL },
        { "POST", I "/offsets", V2_TYPE, NULL, "{\"offsets\":[{\"topic\":\"x\",\"partition\":0,\"offset\":-1}]}", 422, NULL },
        { "GET", I "/offsets", V2_TYPE, NULL, "", 400, NULL },
        { "POST", "/consumers/students/instances/two/subscription", V2_TYPE, NULL, "{\"topics\":[\"t\"]}", 404, NO_INSTANCE },
        { "GET", "/consumers/students/instances/two/subscription", NULL, NULL, "", 404, NO_INSTANCE },
        { "DELETE", "/consumers/students/instances/two/subscription", NULL, NULL, "", 404, NO_INSTANCE },
        { "POST", "/consumers/students/instances/two/assignments", V2_TYPE, NULL, "{\"partitions\":[]}", 404, NO_INSTANCE },
        { "GET", "/consumers/students/instances/two/assignments", NULL, NULL, "", 404, NO_INSTANCE },
        { "GET", "/consumers/students/instances/two/records", NULL, NULL, "", 404, NO_INSTANCE },
        { "POST", "/consumers/students/instances/two/offsets", V2_TYPE, NULL, "", 404, NO_INSTANCE },
        { "GET", "/consumers/students/instances/two/offsets", V2_TYPE, NULL, "", 404, NO_INSTANCE },
        { "POST", "/consumers/students/instances/two/positions", V2_TYPE, NULL, "{}", 404, NO_INSTANCE },
        { "POST", "/consumers/students/instances/two/positions/beginning", V2_TYPE, NULL, "{}", 404, NO_INSTANCE },
        { "POST", "/consumers/students/instances/two/positions/end", V2_TYPE, NULL, "{}", 404, NO_INSTANCE },
        { "PUT", I, NULL, NULL, "", 405, NULL },
    };
    struct world w;
    (void)state;
    open_world(&w);
    WORLD_EXPECT(&w, rows);
    clock_advance_ms(&w.clock, 300001);
    static const struct exchange later[] = { { "GET", I "/subscription", NULL, NULL, "", 404, NO_INSTANCE },
                                             { "POST", "/consumers/students", V2_TYPE, NULL, EARLIEST, 200, NULL } };
    WORLD_EXPECT(&w, later);
    world_close(&w);
}

static void a_group_shares_and_remembers(void **state)
{
    static const struct exchange rows[] = {
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"name\":\"a\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}", 200, NULL },
        { "POST", "/consumers/g", V2_TYPE, NULL, "{\"name\":\"b\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}", 200, NULL },
        { "POST", "/consumers/g/instances/a/subscription", V2_TYPE, NULL, "{\"topics\":[\"wide\"]}", 204, "" },
        { "POST", "/consumers/g/instances/b/subscription", V2_TYPE, NULL, "{\"topics\":[\"wide\"]}", 204, "" },
        { "GET", "/consumers/g/instances/a/records", NULL, JSON_TYPE, "", 200, "[]" },
        { "GET", "/consumers/g/instances/b/records", NULL, JSON_TYPE, "", 200, "[]" },
        { "GET", "/consumers/g/instances/a/assignments", NULL, NULL, "", 200,
          "{\"partitions\":[{\"topic\":\"wide\",\"partition\":0},{\"topic\":\"wide\",\"partition\":1}]}" },
        { "GET", "/consumers/g/instances/b/records", NULL, JSON_TYPE, "", 200,
          "[{\"topic\":\"wide\",\"key\":null,\"value\":2,\"partition\":2,\"offset\":0}]" },
        { "DELETE", "/consumers/g/instances/b", NULL, NULL, "", 204, "" },
        { "GET", "/consumers/g/instances/a/records", NULL, JSON_TYPE, "", 200,
          "[{\"topic\":\"wide\",\"key\":null,\"value\":0,\"partition\":0,\"offset\":0},"
          "{\"topic\":\"wide\",\"key\":null,\"value\":1,\"partition\":1,\"offset\":0}]" },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "kafka_rest", NULL);
    struct plog *wide = plog_set_ensure(cloud_topics(w.cloud), S("wide"), 3);
    for (unsigned p = 0; p < 3; p++)
        plog_append(wide, p, 0, 0, (struct str){ 0 }, str_of(p == 0 ? "0" : p == 1 ? "1" : "2"));
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

/* Values of a real consumer's answer, posted here, come back as they were, in the same shape. */
static void real_records_come_back_equal(void **state)
{
    static const char *const tables[] = { "pin", "geo", "user" };
    struct world w;
    (void)state;
    world_open(&w, services, "kafka_rest", NULL);
    for (int t = 0; t < 3; t++) {
        char name[80];
        snprintf(name, sizeof name, "wire/kafka_rest_consumer_records_%s.json", tables[t]);
        const char *path = t_shared(&w.arena, name);
        struct str capture = path ? t_file(&w.arena, path) : (struct str){ 0 };
        if (!capture.p) {
            world_close(&w);
            skip();
        }
        struct json_reader r;
        struct json record, value;
        struct buf body = BUF_INIT, want = BUF_INIT;
        struct str topic = arena_f(&w.arena, "129a67850695.%s", tables[t]);
        buf_z(&body, "{\"records\":[");
        buf_z(&want, "[");
        int n = 0;
        json_open(&r, capture);
        json_enter(&r, JSON_ARRAY);
        for (; json_element(&r) == 1 && json_read(&r, &record) == 0; n++) {
            assert_true(json_get(record.raw, "value", &value));
            buf_f(&body, "%s{\"value\":" STR_F "}", n ? "," : "", STR_A(value.raw));
            /* the capture is spaced and counts on; compacted and counted from 0 it is the answer */
            buf_f(&want, "%s{\"topic\":\"" STR_F "\",\"key\":null,\"value\":", n ? "," : "", STR_A(topic));
            struct json key;
            assert_true(json_get(record.raw, "key", &key) && key.type == JSON_NULL);
            assert_int_equal(json_compact(&want, value.raw), 0);
            buf_f(&want, ",\"partition\":0,\"offset\":%d}", n);
        }
        buf_z(&body, "]}");
        buf_z(&want, "]");
        assert_true(n > 10);
        struct str produce = arena_f(&w.arena, "/topics/" STR_F, STR_A(topic));
        assert_int_equal(world_ask(&w, "POST", produce.p, JSON_TYPE, NULL, buf_str(&body)).status, 200);
        struct str create = arena_f(&w.arena, "{\"name\":\"%s\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}", tables[t]);
        assert_int_equal(world_ask(&w, "POST", "/consumers/students", V2_TYPE, NULL, create).status, 200);
        struct str base = arena_f(&w.arena, "/consumers/students/instances/%s/", tables[t]);
        struct str subscribe = arena_f(&w.arena, "{\"topics\":[\"" STR_F "\"]}", STR_A(topic));
        assert_int_equal(world_ask(&w, "POST", arena_f(&w.arena, "%ssubscription", base.p).p, V2_TYPE, NULL, subscribe).status, 204);
        const char *records = arena_f(&w.arena, "%srecords", base.p).p;
        assert_str(world_ask(&w, "GET", records, NULL, JSON_TYPE, S("")).body, "[]");
        assert_str(world_ask(&w, "GET", records, NULL, JSON_TYPE, S("")).body, buf_cstr(&want));
        buf_release(&body);
        buf_release(&want);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subscribe_read_commit_delete),
        cmocka_unit_test(names_formats_and_manual_assignment),
        cmocka_unit_test(refuses),
        cmocka_unit_test(a_group_shares_and_remembers),
        cmocka_unit_test(real_records_come_back_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
