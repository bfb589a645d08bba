/* The sink end to end against a stub of S3: what is stored, when it is committed, what failures do. */
#include "tests/wire/connect_stub_s3.h"

#define BASE                                                                                                      \
    "connector.class=S3SinkConnector\ntopics.regex=t.*\nformat.class=JsonFormat\nstorage.class=S3Storage\n"        \
    "s3.bucket.name=bucket\ns3.region=us-east-1\nvalue.converter=JsonConverter\nvalue.converter.schemas.enable=false\n" \
    "key.converter=StringConverter\ntasks.max=3\n"
#define ONE BASE "flush.size=1\n"

static const struct service *const services[] = { &stub_s3_service, &connect_service, NULL };

static void open_world(struct world *w, const char *properties)
{
    const struct cloud_setting settings[] = { { "connect.properties", properties }, { NULL, NULL } };
    world_open(w, services, "connect", settings);
}

static void post(struct world *w, const char *topic, unsigned partition, const char *key, const char *value)
{
    struct plog *log = plog_set_ensure(cloud_topics(w->cloud), str_of(topic), 1);
    if (plog_partitions(log) <= partition)
        plog_grow(log, partition + 1);
    plog_append(log, partition, clock_now_ms(&w->clock), 0, str_of(key), str_of(value));
}

static void post_numbers(struct world *w, const char *topic, int from, int to)
{
    char value[40];
    for (int i = from; i < to; i++) {
        snprintf(value, sizeof value, "{\"ind\":%d}", i);
        post(w, topic, 0, NULL, value);
    }
}

static void settle(struct world *w)
{
    struct err e = { 0 };
    assert_ok(cloud_settle(w->cloud, 20000, &e), &e);
}

static int64_t committed(struct world *w, const char *topic)
{
    return connect_committed(cloud_state(w->cloud, "connect"), "s3-sink", topic, 0);
}

static void expect_object(struct world *w, const char *key, const char *body, int puts)
{
    struct stub_object *o = stub_object(w, key);
    if (!o)
        fail_msg("no object %s", key);
    assert_str(buf_str(&o->body), body);
    assert_int_equal(o->puts, puts);
}

static void faults(struct world *w, const char *json)
{
    struct err e = { 0 };
    assert_ok(faults_load(cloud_faults(w->cloud), str_of(json), &e), &e);
}

static void stores_one_object_per_record(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, ONE);
    settle(&w); /* nothing there: settled */
    post(&w, "t.geo", 0, NULL, "{\"ind\":7528,\"timestamp\":\"2020-08-28 03:52:47\",\"country\":\"Albania\"}");
    post(&w, "t.geo", 0, NULL, "{\"ind\":1}");
    post(&w, "t.geo", 2, NULL, "{\"ind\":2}");
    post(&w, "other", 0, NULL, "{\"ind\":3}");
    settle(&w);
    expect_object(&w, "topics/t.geo/partition=0/t.geo+0+0000000000.json",
                  "{\"country\":\"Albania\",\"ind\":7528,\"timestamp\":\"2020-08-28 03:52:47\"}\n", 1);
    expect_object(&w, "topics/t.geo/partition=0/t.geo+0+0000000001.json", "{\"ind\":1}\n", 1);
    expect_object(&w, "topics/t.geo/partition=2/t.geo+2+0000000000.json", "{\"ind\":2}\n", 1);
    assert_int_equal(stub_count(&w), 3);
    assert_int_equal(committed(&w, "t.geo"), 2);
    assert_int_equal(committed(&w, "other"), -1);
    world_close(&w);
}

static void as_posted_when_java_order_is_off(void **state)
{
    static const struct cloud_setting settings[] = {
        { "connect.properties", ONE }, { "connect.java_map_order", "off" }, { "connect.name", "mine" }, { NULL, NULL },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "connect", settings);
    post(&w, "t", 0, NULL, "{\"ind\":7528,\"country\":\"Albania\"}");
    settle(&w);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"ind\":7528,\"country\":\"Albania\"}\n", 1);
    assert_int_equal(connect_committed(cloud_state(w.cloud, "connect"), "mine", "t", 0), 1);
    world_close(&w);
}

static void commits_only_what_is_stored(void **state)
{
    struct world w;
    char key[80];
    (void)state;
    open_world(&w, ONE);
    post_numbers(&w, "t", 0, 50);
    settle(&w);
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof key, "topics/t/partition=0/t+0+%010d.json", i);
        struct stub_object *o = stub_object(&w, key);
        assert_non_null(o);
        assert_int_equal(o->committed_before, i); /* its own offset was not committed before it was complete */
    }
    assert_int_equal(committed(&w, "t"), 50);
    world_close(&w);
}

static void fills_files_and_settles_the_tail(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, BASE "flush.size=3\n");
    post_numbers(&w, "t", 0, 5);
    settle(&w);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"ind\":0}\n{\"ind\":1}\n{\"ind\":2}\n", 1);
    expect_object(&w, "topics/t/partition=0/t+0+0000000003.json", "{\"ind\":3}\n{\"ind\":4}\n", 1);
    post_numbers(&w, "t", 5, 6);
    settle(&w);
    expect_object(&w, "topics/t/partition=0/t+0+0000000005.json", "{\"ind\":5}\n", 1);
    assert_int_equal(committed(&w, "t"), 6);
    world_close(&w);
}

static void stores_keys_beside(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, BASE "flush.size=2\nstore.kafka.keys=true\n");
    post(&w, "t", 0, "pin-1", "{\"a\":1}");
    post(&w, "t", 0, "pin-2", "{\"a\":2}");
    settle(&w);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"a\":1}\n{\"a\":2}\n", 1);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.keys.json", "\"pin-1\"\n\"pin-2\"\n", 1);
    world_close(&w);
}

static void large_files_go_in_parts(void **state)
{
    struct world w;
    struct err e = { 0 };
    (void)state;
    open_world(&w, BASE "flush.size=12\ns3.part.size=5242880\n");
    struct buf value = BUF_INIT;
    buf_c(&value, '"');
    for (int i = 0; i < 1000000; i++)
        buf_c(&value, 'x');
    buf_c(&value, '"');
    for (int i = 0; i < 12; i++)
        post(&w, "t", 0, NULL, buf_cstr(&value));
    assert_ok(cloud_settle(w.cloud, 20000, &e), &e);
    struct stub_object *o = stub_object(&w, "topics/t/partition=0/t+0+0000000000.json");
    assert_non_null(o);
    assert_int_equal(o->body.n, 12 * (value.n + 1));
    struct buf lines = BUF_INIT;
    journal_list(cloud_journal(w.cloud), 0, 100, "s3", &lines);
    int parts = 0;
    for (const char *at = buf_cstr(&lines); (at = strstr(at, "UploadPart")); at++)
        parts++;
    assert_int_equal(parts, 3);
    buf_release(&lines);
    buf_release(&value);
    world_close(&w);
}

/* Each row: rules that S3 lives under while ten records are stored one by one. All end with each object complete, and no
 * key beside the ten. */
static void survives_passing_failures(void **state)
{
    static const struct {
        const char *rules;
        int puts_of_first; /* times the first object was written; 0 = does not matter */
    } cases[] = {
        { "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},\"times\":3}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"CreateMultipartUpload\",\"throttle\":true,\"times\":3}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"error\":{\"statusCode\":500,\"code\":\"InternalError\"},\"times\":9}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"CompleteMultipartUpload\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},"
          "\"times\":7}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"CompleteMultipartUpload\",\"reset\":\"before\",\"times\":2}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"CompleteMultipartUpload\",\"reset\":\"after\",\"times\":1}]", 2 },
        { "[{\"service\":\"s3\",\"action\":\"CompleteMultipartUpload\",\"error\":{\"statusCode\":500,\"code\":\"InternalError\"},"
          "\"phase\":\"after\",\"times\":1}]", 2 },
        { "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"reset\":\"after\",\"times\":1}]", 0 },
        { "[{\"service\":\"s3\",\"action\":\"CreateMultipartUpload\",\"reset\":\"after\",\"times\":1}]", 1 },
        { "[{\"service\":\"s3\",\"action\":\"GetBucketAcl\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},\"times\":6}]", 1 },
        { "[{\"service\":\"s3\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"},\"every\":3}]", 0 },
        { "[{\"service\":\"s3\",\"latency_ms\":250}]", 1 },
        { "[{\"service\":\"s3\",\"reset\":\"after\",\"probability\":0.3,\"seed\":5}]", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        char key[80], body[40];
        open_world(&w, ONE);
        faults(&w, cases[i].rules);
        post_numbers(&w, "t", 0, 10);
        settle(&w);
        for (int k = 0; k < 10; k++) {
            snprintf(key, sizeof key, "topics/t/partition=0/t+0+%010d.json", k);
            snprintf(body, sizeof body, "{\"ind\":%d}\n", k);
            struct stub_object *o = stub_object(&w, key);
            if (!o)
                fail_msg("case %zu: no %s", i, key);
            if (i != 7 && i != 12) /* a part sent twice is appended twice by the stub; S3 would replace it */
                assert_str(buf_str(&o->body), body);
            if (k == 0 && cases[i].puts_of_first)
                assert_int_equal(o->puts, cases[i].puts_of_first);
        }
        assert_int_equal(stub_count(&w), 10);
        assert_int_equal(committed(&w, "t"), 10);
        world_close(&w);
    }
}

static void goes_back_to_the_commit_and_writes_the_same_key(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, BASE "flush.size=4\nstore.kafka.keys=true\n");
    /* The value object of the first file is stored, its keys are not: all of it is written again. */
    faults(&w, "[{\"service\":\"s3\",\"action\":\"CreateMultipartUpload\",\"resource\":\"*.keys.json\","
               "\"error\":{\"statusCode\":500,\"code\":\"InternalError\"},\"times\":5}]");
    for (int i = 0; i < 4; i++)
        post(&w, "t", 0, "k", "{\"a\":1}");
    settle(&w);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n", 2);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.keys.json", "\"k\"\n\"k\"\n\"k\"\n\"k\"\n", 1);
    assert_int_equal(stub_count(&w), 2);
    world_close(&w);
}

/* What cannot pass makes the task FAILED; nothing is committed, and a restart goes on. */
static void fails_for_good_and_restarts(void **state)
{
    static const struct {
        const char *properties, *rules, *key, *value, *trace;
    } cases[] = {
        { "s3.bucket.name=gone\n", "[]", NULL, "{\"ind\":0}", "Non-existent S3 bucket: gone" },
        { "", "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"error\":{\"statusCode\":403,\"code\":\"AccessDenied\","
              "\"message\":\"Access Denied\"}}]", NULL, "{\"ind\":0}",
          "Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; bucket: bucket)" },
        { "", "[{\"service\":\"s3\",\"action\":\"CreateMultipartUpload\",\"error\":{\"statusCode\":404,"
              "\"code\":\"NoSuchBucket\",\"message\":\"The specified bucket does not exist\"}}]", NULL, "{\"ind\":0}",
          "Error Code: NoSuchBucket; bucket: bucket" },
        { "", "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"error\":{\"statusCode\":503,\"code\":\"SlowDown\"}}]", NULL,
          "{\"ind\":0}", "given up after 60 returns to the last commit" },
        { "", "[]", NULL, "{\"ind\":", "Tolerance exceeded in error handler" },
        { "", "[]", NULL, NULL, "Null valued records are not writeable" },
        { "store.kafka.keys=true\n", "[]", NULL, "{\"ind\":0}", "Key cannot be null for SinkRecord" },
        { "value.converter.schemas.enable=true\n", "[]", NULL, "{\"ind\":0}",
          "JsonConverter with schemas.enable requires" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        struct err e = { 0 };
        struct buf text = BUF_INIT;
        for (struct str rest = S(ONE); rest.p;) { /* without the setting that the case gives */
            struct str line = str_cut(&rest, '\n'), own = str_of(cases[i].properties);
            struct str name = str_cut(&own, '=');
            if (!(name.n && str_starts(line, name) && line.n > name.n && line.p[name.n] == '='))
                buf_f(&text, STR_F "\n", STR_A(line));
        }
        buf_z(&text, cases[i].properties);
        open_world(&w, buf_cstr(&text));
        faults(&w, cases[i].rules);
        post(&w, "t", 0, cases[i].key, cases[i].value);
        assert_int_equal(cloud_settle(w.cloud, 20000, &e), -1);
        if (!strstr(e.message, cases[i].trace) || !strstr(e.message, "POST /connectors/s3-sink/tasks/"))
            fail_msg("case %zu: %s", i, e.message);
        struct client_response r = world_ask(&w, "GET", "/connectors/s3-sink/status", NULL, NULL, S(""));
        assert_true(str_find(r.body, S("\"state\":\"FAILED\"")) != STR_NONE);
        assert_true(str_find(r.body, S("\"trace\":\"org.apache.kafka.connect.errors.ConnectException")) != STR_NONE);
        assert_int_equal(stub_count(&w), 0);
        assert_int_equal(committed(&w, "t"), 0);
        buf_release(&text);
        world_close(&w);
    }
    struct world w;
    struct err e = { 0 };
    open_world(&w, ONE);
    faults(&w, cases[1].rules);
    post_numbers(&w, "t", 0, 3);
    assert_int_equal(cloud_settle(w.cloud, 20000, &e), -1);
    faults_clear(cloud_faults(w.cloud));
    assert_int_equal(world_ask(&w, "POST", "/connectors/s3-sink/tasks/0/restart", NULL, NULL, S("")).status, 204);
    settle(&w);
    assert_int_equal(stub_count(&w), 3);
    assert_int_equal(committed(&w, "t"), 3);
    world_close(&w);
}

static void passes_over_bad_records_when_told(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, ONE "errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead\nbehavior.on.null.values=ignore\n");
    post(&w, "t", 0, NULL, "{\"a\":1}");
    post(&w, "t", 0, NULL, "{\"a\":");
    post(&w, "t", 0, NULL, NULL);
    post(&w, "t", 0, NULL, "{\"a\":2}");
    post(&w, "t", 0, NULL, "oops");
    settle(&w);
    assert_int_equal(stub_count(&w), 2);
    expect_object(&w, "topics/t/partition=0/t+0+0000000003.json", "{\"a\":2}\n", 1);
    assert_int_equal(committed(&w, "t"), 5);
    struct plog *dead = plog_set_find(cloud_topics(w.cloud), S("dead"));
    assert_non_null(dead);
    assert_int_equal(plog_end(dead, 0), 2);
    struct buf described = BUF_INIT;
    connect_service.describe(cloud_state(w.cloud, "connect"), &described);
    assert_true(str_find(buf_str(&described), S("\"skipped\":2")) != STR_NONE);
    buf_release(&described);
    world_close(&w);
}

static void rotates_by_record_time_and_by_place(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, BASE "flush.size=100\npartitioner.class=HourlyPartitioner\nlocale=en\ntimezone=UTC\n"
                        "timestamp.extractor=RecordField\ntimestamp.field=t\nrotate.interval.ms=600000\n");
    post(&w, "t", 0, NULL, "{\"t\":\"2020-08-28T03:00:00Z\"}");
    post(&w, "t", 0, NULL, "{\"t\":\"2020-08-28T03:05:00Z\"}");
    post(&w, "t", 0, NULL, "{\"t\":\"2020-08-28T03:12:00Z\"}"); /* ten minutes after the first */
    post(&w, "t", 0, NULL, "{\"t\":\"2020-08-28T04:00:00Z\"}"); /* another hour */
    settle(&w);
    expect_object(&w, "topics/t/year=2020/month=08/day=28/hour=03/t+0+0000000000.json",
                  "{\"t\":\"2020-08-28T03:00:00Z\"}\n{\"t\":\"2020-08-28T03:05:00Z\"}\n", 1);
    expect_object(&w, "topics/t/year=2020/month=08/day=28/hour=03/t+0+0000000002.json",
                  "{\"t\":\"2020-08-28T03:12:00Z\"}\n", 1);
    expect_object(&w, "topics/t/year=2020/month=08/day=28/hour=04/t+0+0000000003.json",
                  "{\"t\":\"2020-08-28T04:00:00Z\"}\n", 1);
    world_close(&w);
}

static void rotates_by_schedule(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, BASE "flush.size=100\nrotate.schedule.interval.ms=60000\ntimezone=UTC\n");
    post_numbers(&w, "t", 0, 2); /* 03:52:47 on the clock */
    for (int i = 0; i < 100 && committed(&w, "t") != 0; i++)
        plog_set_wait(cloud_topics(w.cloud), plog_set_generation(cloud_topics(w.cloud)), 10);
    assert_int_equal(stub_count(&w), 0);
    clock_advance_ms(&w.clock, 13000);
    for (int i = 0; i < 500 && stub_count(&w) == 0; i++)
        plog_set_wait(cloud_topics(w.cloud), plog_set_generation(cloud_topics(w.cloud)), 10);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"ind\":0}\n{\"ind\":1}\n", 1);
    world_close(&w);
}

static void starts_anew_after_a_reset(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, ONE);
    post_numbers(&w, "t", 0, 5);
    settle(&w);
    cloud_reset(w.cloud);
    assert_int_equal(stub_count(&w), 0);
    settle(&w);
    post_numbers(&w, "t", 7, 9);
    settle(&w);
    assert_int_equal(stub_count(&w), 2);
    expect_object(&w, "topics/t/partition=0/t+0+0000000000.json", "{\"ind\":7}\n", 1);
    assert_int_equal(committed(&w, "t"), 2);
    world_close(&w);
}

static void stores_elsewhere_over_signed_http(void **state)
{
    struct world here, there;
    struct buf text = BUF_INIT;
    (void)state;
    open_world(&there, "");
    buf_f(&text, ONE "s3.acl.canned=private\nstore.url=%s\n", cloud_url(there.cloud, "s3"));
    open_world(&here, buf_cstr(&text));
    post(&here, "t+x", 0, NULL, "{\"a\":1}");
    settle(&here);
    assert_int_equal(stub_count(&here), 0);
    expect_object(&there, "topics/t+x/partition=0/t+x+0+0000000000.json", "{\"a\":1}\n", 1);
    /* The other cloud goes away: passing failures until it is given up. */
    struct err e = { 0 };
    cloud_close(there.cloud);
    client_close(there.client);
    arena_release(&there.arena);
    post(&here, "t+x", 0, NULL, "{\"a\":2}");
    assert_int_equal(cloud_settle(here.cloud, 20000, &e), -1);
    assert_non_null(strstr(e.message, "no answer from S3"));
    buf_release(&text);
    world_close(&here);
}

static void says_what_is_missing_when_time_is_out(void **state)
{
    struct world w;
    struct err e = { 0 };
    (void)state;
    open_world(&w, ONE);
    assert_int_equal(world_ask(&w, "PUT", "/connectors/s3-sink/pause", NULL, NULL, S("")).status, 202);
    post_numbers(&w, "t", 0, 2);
    assert_int_equal(cloud_settle(w.cloud, 2000, &e), -1);
    assert_non_null(strstr(e.message, "connector s3-sink, topic t, partition 0: stored up to offset 0 of 2"));
    assert_non_null(strstr(e.message, "PUT /connectors/s3-sink/resume"));
    assert_int_equal(world_ask(&w, "PUT", "/connectors/s3-sink/resume", NULL, NULL, S("")).status, 202);
    settle(&w);
    assert_int_equal(stub_count(&w), 2);
    world_close(&w);
}

static void wrong_settings_stop_the_cloud_from_opening(void **state)
{
    static const struct {
        const char *properties, *message;
    } cases[] = {
        { ONE "flush.sise=1\n", "did you mean \"flush.size\"" },
        { "a=\\u1\n", "connect.properties: line 1: malformed" },
        { ONE "flush.size=2\n", "\"flush.size\" is given as 2, but line 11 says 1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cloud_setting settings[] = { { "connect.properties", cases[i].properties }, { NULL, NULL } };
        struct cloud_options o = { .services = services, .settings = settings, .no_listen = true };
        struct err e = { 0 };
        assert_null(cloud_open(&o, &e));
        if (!strstr(e.message, cases[i].message))
            fail_msg("%s", e.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_one_object_per_record),
        cmocka_unit_test(as_posted_when_java_order_is_off),
        cmocka_unit_test(commits_only_what_is_stored),
        cmocka_unit_test(fills_files_and_settles_the_tail),
        cmocka_unit_test(stores_keys_beside),
        cmocka_unit_test(large_files_go_in_parts),
        cmocka_unit_test(survives_passing_failures),
        cmocka_unit_test(goes_back_to_the_commit_and_writes_the_same_key),
        cmocka_unit_test(fails_for_good_and_restarts),
        cmocka_unit_test(passes_over_bad_records_when_told),
        cmocka_unit_test(rotates_by_record_time_and_by_place),
        cmocka_unit_test(rotates_by_schedule),
        cmocka_unit_test(starts_anew_after_a_reset),
        cmocka_unit_test(stores_elsewhere_over_signed_http),
        cmocka_unit_test(says_what_is_missing_when_time_is_out),
        cmocka_unit_test(wrong_settings_stop_the_cloud_from_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
