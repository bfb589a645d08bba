/* Producing over HTTP: what is stored, what is answered, what is refused. */
#include "base/json.h"
#include "mocks/kafka_rest/kafka_rest.h"
#include "tests/wire/kafka_world.h"

#define STORED(p, o) "{\"partition\":" #p ",\"offset\":" #o ",\"error_code\":null,\"error\":null}"
#define ANSWER(offsets) "{\"offsets\":[" offsets "],\"key_schema_id\":null,\"value_schema_id\":null}"
#define PIN "/topics/0a1b2c3d4e5f.pin"

static const struct service *const services[] = { &kafka_rest_service, NULL };

static void open_world(struct world *w, const struct cloud_setting *settings)
{
    world_open(w, services, "kafka_rest", settings);
}

struct last {
    struct arena *arena;
    struct plog_record record;
};
static bool keep(void *arg, const struct plog_record *r)
{
    struct last *l = arg;
    l->record = *r;
    l->record.key = r->key.p ? arena_dup(l->arena, r->key) : r->key;
    l->record.value = r->value.p ? arena_dup(l->arena, r->value) : r->value;
    return true;
}
static struct plog_record last_record(struct world *w, const char *topic, unsigned partition)
{
    struct last l = { .arena = &w->arena };
    struct plog *log = plog_set_find(cloud_topics(w->cloud), str_of(topic));
    assert_non_null(log);
    plog_read(log, partition, 0, keep, &l);
    return l.record;
}

static void answers_with_offsets(void **state)
{
    static const struct exchange rows[] = {
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":{\"index\":7528}}]}", 200, ANSWER(STORED(0, 0)) },
        { "POST", PIN, JSON_TYPE, V2_TYPE, "{\"records\":[{\"value\":1},{\"value\":[2]},{\"value\":\"3\"}]}", 200,
          ANSWER(STORED(0, 1) "," STORED(0, 2) "," STORED(0, 3)) },
        { "POST", PIN, JSON_TYPE "; charset=utf-8", "*/*", "{\"records\":[{\"value\":null}]}", 200, ANSWER(STORED(0, 4)) },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"key\":\"k\",\"value\":{},\"partition\":0}],\"key_schema\":null}",
          200, ANSWER(STORED(0, 5)) },
        { "POST", PIN, BINARY_TYPE, NULL, "{\"records\":[{\"key\":\"a2V5\",\"value\":\"aGVsbG8=\"}]}", 200,
          ANSWER(STORED(0, 6)) },
        { "POST", PIN "/partitions/0", JSON_TYPE, NULL, "{\"records\":[{\"value\":{}}]}", 200, ANSWER(STORED(0, 7)) },
        { "POST", PIN "/", JSON_TYPE, NULL, "{\"records\":[{}]}", 200, ANSWER(STORED(0, 8)) },
    };
    struct world w;
    (void)state;
    open_world(&w, NULL);
    WORLD_EXPECT(&w, rows);
    struct client_response r = world_ask(&w, "POST", PIN, JSON_TYPE, NULL, S("{\"records\":[{\"value\":1}]}"));
    assert_str(http_header_get(r.headers, r.n_headers, "Content-Type"), V2_TYPE);
    world_close(&w);
}

static void stores_what_jackson_would_write(void **state)
{
    static const struct {
        const char *type, *record;
        const char *key, *value; /* NULL = null */
    } cases[] = {
        { JSON_TYPE, "{\"value\":{\"b\": 1, \"a\": [1.50, 1e10]}}", NULL, "{\"b\":1,\"a\":[1.5,1.0E10]}" },
        { JSON_TYPE, "{\"value\":\"caf\\u00e9\"}", NULL, "\"café\"" },
        { JSON_TYPE, "{\"value\":null}", NULL, NULL },
        { JSON_TYPE, "{\"key\":\"k\"}", "\"k\"", NULL },
        { JSON_TYPE, "{\"key\":{\"a\" : 1},\"value\":\"\"}", "{\"a\":1}", "\"\"" },
        { BINARY_TYPE, "{\"value\":\"aGVsbG8=\"}", NULL, "hello" },
        { BINARY_TYPE, "{\"key\":\"\",\"value\":null}", "", NULL },
    };
    struct world w;
    (void)state;
    open_world(&w, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str body = arena_f(&w.arena, "{\"records\":[%s]}", cases[i].record);
        assert_int_equal(world_ask(&w, "POST", "/topics/t", cases[i].type, NULL, body).status, 200);
        struct plog_record r = last_record(&w, "t", 0);
        assert_int_equal(r.offset, (int64_t)i);
        assert_int_equal(r.time_ms, 1598586767000);
        assert_true(!r.key.p == !cases[i].key && !r.value.p == !cases[i].value);
        if (cases[i].key)
            assert_str(r.key, cases[i].key);
        if (cases[i].value)
            assert_str(r.value, cases[i].value);
    }
    world_close(&w);
}

static void refuses_whole_requests(void **state)
{
    static const struct exchange rows[] = {
        { "POST", PIN, "application/json", NULL, "{\"records\":[{\"value\":1}]}", 415,
          "{\"error_code\":415,\"message\":\"HTTP 415 Unsupported Media Type\"}" },
        { "POST", PIN, NULL, NULL, "{\"records\":[{\"value\":1}]}", 415, NULL },
        { "POST", PIN, "application/vnd.kafka.json.v1+json", NULL, "{\"records\":[{\"value\":1}]}", 415, NULL },
        { "POST", PIN, V2_TYPE, NULL, "{\"records\":[{\"value\":1}]}", 415, NULL },
        { "POST", PIN, JSON_TYPE, "application/json", "{\"records\":[{\"value\":1}]}", 406,
          "{\"error_code\":406,\"message\":\"HTTP 406 Not Acceptable\"}" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"ind\":1,\"country\":\"x\"}", 422,
          "{\"error_code\":422,\"message\":\"Unrecognized field: ind\"}" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":1,\"headers\":[]}]}", 422,
          "{\"error_code\":422,\"message\":\"Unrecognized field: headers\"}" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[]}", 422,
          "{\"error_code\":422,\"message\":\"records must not be empty (was [])\"}" },
        { "POST", PIN, JSON_TYPE, NULL, "{}", 422,
          "{\"error_code\":422,\"message\":\"records must not be empty (was null)\"}" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":null}", 422, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "", 422, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":{\"a\":1}]}", 400,
          "{\"error_code\":400,\"message\":\"Malformed JSON: *" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":1},{\"value\":tru}]}", 400,
          "{\"error_code\":400,\"message\":\"Malformed JSON: expected a value at line 1, column 34*" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":{\"value\":1}}", 400, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "[1]", 400, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[null]}", 422, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":\"\xff\"}]}", 400,
          "{\"error_code\":400,\"message\":\"Invalid UTF-8 at byte 22*" },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":1,\"partition\":\"0\"}]}", 400, NULL },
        { "POST", PIN, JSON_TYPE, NULL, "{\"records\":[{\"value\":1,\"partition\":-1}]}", 422,
          "{\"error_code\":422,\"message\":\"records[0].partition must be greater than or equal to 0 (was -1)\"}" },
        { "POST", PIN "/partitions/0", JSON_TYPE, NULL, "{\"records\":[{\"value\":1,\"partition\":0}]}", 422,
          "{\"error_code\":422,\"message\":\"Unrecognized field: partition\"}" },
        { "POST", PIN, BINARY_TYPE, NULL, "{\"records\":[{\"value\":\"***\"}]}", 400,
          "{\"error_code\":400,\"message\":\"Bad Request: data=\\\"***\\\" is not a valid base64 string.*" },
        { "POST", PIN, BINARY_TYPE, NULL, "{\"records\":[{\"value\":{\"a\":1}}]}", 400, NULL },
        { "POST", PIN, "application/vnd.kafka.avro.v2+json", NULL, "{\"records\":[{\"value\":1}]}", 501, NULL },
        { "PUT", PIN, JSON_TYPE, NULL, "{}", 405, "{\"error_code\":405,\"message\":\"HTTP 405 Method Not Allowed\"}" },
        { "POST", "/topic/x", JSON_TYPE, NULL, "{}", 404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}" },
        { "POST", PIN "/partitions/x", JSON_TYPE, NULL, "{}", 404, NULL },
        { "POST", "/topics//partitions/0", JSON_TYPE, NULL, "{}", 404, NULL },
        { "GET", PIN, NULL, NULL, "", 404, "{\"error_code\":40401,\"message\":\"Topic not found.\"}" },
    };
    struct world w;
    (void)state;
    open_world(&w, NULL);
    WORLD_EXPECT(&w, rows); /* the last row: none of them has created the topic */
    world_close(&w);
}

static void reports_single_records_inside_200(void **state)
{
    static const struct exchange rows[] = {
        { "POST", "/topics/bad%20name", JSON_TYPE, NULL, "{\"records\":[{\"value\":1}]}", 200,
          ANSWER("{\"partition\":null,\"offset\":null,\"error_code\":50002,\"error\":\"Invalid topics: [bad name]\"}") },
        { "POST", "/topics/t", JSON_TYPE, NULL, "{\"records\":[{\"value\":1},{\"value\":2,\"partition\":5}]}", 200,
          ANSWER(STORED(0, 0) ",{\"partition\":null,\"offset\":null,\"error_code\":50003,\"error\":\"Partition 5 of topic t "
                 "with partition count 1 is not present in metadata after 60000 ms.\"}") },
        { "POST", "/topics/t/partitions/9", JSON_TYPE, NULL, "{\"records\":[{\"value\":1}]}", 200,
          "{\"offsets\":[{\"partition\":null,\"offset\":null,\"error_code\":50003*" },
    };
    struct world w;
    (void)state;
    open_world(&w, NULL);
    WORLD_EXPECT(&w, rows);
    struct buf big = BUF_INIT;
    buf_z(&big, "{\"records\":[{\"value\":\"");
    for (int i = 0; i < 1048600; i++)
        buf_c(&big, 'x');
    buf_z(&big, "\"},{\"value\":2}]}");
    struct client_response r = world_ask(&w, "POST", "/topics/t", JSON_TYPE, NULL, buf_str(&big));
    assert_int_equal(r.status, 200);
    assert_str(r.body, ANSWER("{\"partition\":null,\"offset\":null,\"error_code\":50002,\"error\":\"The message is 1048690 "
                              "bytes when serialized which is larger than 1048576, which is the value of the "
                              "max.request.size configuration.\"}," STORED(0, 1)));
    buf_release(&big);
    world_close(&w);
}

static void without_auto_create_unknown_topics_time_out(void **state)
{
    static const struct cloud_setting settings[] = { { "kafka.auto_create", "off" }, { 0 } };
    static const struct exchange rows[] = {
        { "POST", "/topics/known", JSON_TYPE, NULL, "{\"records\":[{\"value\":1}]}", 200, ANSWER(STORED(2, 0)) },
        { "POST", "/topics/t", JSON_TYPE, NULL, "{\"records\":[{\"value\":1},{\"value\":2}]}", 200,
          ANSWER("{\"partition\":null,\"offset\":null,\"error_code\":50003,\"error\":\"Topic t not present in metadata after "
                 "60000 ms.\"},{\"partition\":null,\"offset\":null,\"error_code\":50003,\"error\":\"Topic t not present in "
                 "metadata after 60000 ms.\"}") },
        { "GET", "/topics", NULL, NULL, "", 200, "[\"known\"]" },
    };
    struct world w;
    (void)state;
    open_world(&w, settings);
    plog_set_ensure(cloud_topics(w.cloud), S("known"), 3);
    struct client_response r = world_ask(&w, "POST", "/topics/known", JSON_TYPE, NULL,
                                         S("{\"records\":[{\"value\":0,\"partition\":0},{\"value\":0,\"partition\":1}]}"));
    assert_str(r.body, ANSWER(STORED(0, 0) "," STORED(1, 0)));
    r = world_ask(&w, "POST", "/topics/known", JSON_TYPE, NULL, S("{\"records\":[{\"value\":0}]}"));
    assert_str(r.body, ANSWER(STORED(1, 1))); /* the second request's turn */
    int64_t before = clock_now_ms(&w.clock);
    WORLD_EXPECT(&w, rows);
    assert_int_equal(clock_now_ms(&w.clock) - before, 1000);
    world_close(&w);
}

static void keys_choose_partitions_as_kafka_does(void **state)
{
    static const struct cloud_setting settings[] = { { "kafka.default_partitions", "7" }, { 0 } };
    /* murmur2 of the bytes, sign bit cleared, modulo 7; JSON keys are hashed with their quotes. */
    static const struct exchange rows[] = {
        { "POST", "/topics/t", BINARY_TYPE, NULL, "{\"records\":[{\"key\":\"Zm9vYmFy\",\"value\":\"\"}]}", 200,
          ANSWER(STORED(0, 0)) }, /* foobar: -790332482 -> 1357151166 -> 0 */
        { "POST", "/topics/t", BINARY_TYPE, NULL, "{\"records\":[{\"key\":\"YWJj\",\"value\":\"\"}]}", 200,
          ANSWER(STORED(4, 0)) }, /* abc: 479470107 -> 4 */
        { "POST", "/topics/t", BINARY_TYPE, NULL, "{\"records\":[{\"key\":\"YWJj\",\"partition\":1}]}", 200,
          ANSWER(STORED(1, 0)) },
    };
    struct world w;
    (void)state;
    open_world(&w, settings);
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

static void faults_reach_requests_and_single_records(void **state)
{
    struct world w;
    struct err e = { 0 };
    (void)state;
    open_world(&w, NULL);
    assert_ok(faults_load(cloud_faults(w.cloud), S("[{\"service\":\"kafka_rest\",\"action\":\"Produce\",\"partial\":2,"
                          "\"times\":1},{\"service\":\"kafka_rest\",\"resource\":\"t\",\"throttle\":true,\"times\":1},"
                          "{\"service\":\"kafka_rest\",\"error\":{\"statusCode\":500,\"code\":\"50002\",\"message\":\"Kafka "
                          "error: x\"},\"phase\":\"after\",\"times\":1}]"), &e), &e);
    static const char three[] = "{\"records\":[{\"value\":1},{\"value\":2},{\"value\":3}]}";
    static const struct exchange rows[] = {
        { "POST", "/topics/t", JSON_TYPE, NULL, three, 200,
          ANSWER("{\"partition\":null,\"offset\":null,\"error_code\":50003,\"error\":\"The broker is not available.\"},"
                 STORED(0, 0) ",{\"partition\":null,\"offset\":null,\"error_code\":50003,\"error\":\"The broker is not "
                 "available.\"}") },
        { "POST", "/topics/t", JSON_TYPE, NULL, three, 429, "{\"error_code\":42901*" },
        { "POST", "/topics/t", JSON_TYPE, NULL, three, 500, "{\"error_code\":50002,\"message\":\"Kafka error: x\"}" },
        { "GET", "/topics/t/partitions/0/offsets", NULL, NULL, "", 200, "{\"beginning_offset\":0,\"end_offset\":4}" },
    };
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

static void bad_settings_are_named(void **state)
{
    static const struct cloud_setting cases[][2] = {
        { { "kafka.default_partitions", "0" }, { 0 } },
        { { "kafka.default_partitions", "many" }, { 0 } },
        { { "kafka.metadata_wait_ms", "-1" }, { 0 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        struct cloud_options o = { .services = services, .settings = cases[i], .no_listen = true };
        assert_null(cloud_open(&o, &e));
        assert_non_null(strstr(e.message, cases[i][0].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_offsets),
        cmocka_unit_test(stores_what_jackson_would_write),
        cmocka_unit_test(refuses_whole_requests),
        cmocka_unit_test(reports_single_records_inside_200),
        cmocka_unit_test(without_auto_create_unknown_topics_time_out),
        cmocka_unit_test(keys_choose_partitions_as_kafka_does),
        cmocka_unit_test(faults_reach_requests_and_single_records),
        cmocka_unit_test(bad_settings_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
