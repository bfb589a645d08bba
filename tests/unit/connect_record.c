/* One record: its line, its key's line, its place, the key of its object. */
#include "mocks/connect/worker.h"
#include "tests/support/t.h"

#define BASE                                                                                                      \
    "name=s3-sink\nconnector.class=S3SinkConnector\nflush.size=1\ntopics=t\nformat.class=JsonFormat\n"            \
    "storage.class=S3Storage\ns3.bucket.name=bucket\n"
#define PLAIN "value.converter.schemas.enable=false\n"
#define TIMED "partitioner.class=TimeBasedPartitioner\nlocale=en\ntimezone=UTC\n" PLAIN

static struct connect_config *config_of(const char *more, bool java_order)
{
    struct arena a = ARENA_INIT;
    struct config_mistakes m = { .arena = &a };
    struct properties given;
    struct err e = { 0 };
    struct str text = arena_f(&a, "%s%s", BASE, more);
    assert_ok(properties_parse(text, &a, &given, &e), &e);
    struct connect_config *c = connect_config_open(&given, java_order, &m);
    if (!c)
        fail_msg("%s", m.at[0].text.p);
    arena_release(&a);
    return c;
}

static void writes_values(void **state)
{
    static const char envelope[] =
        "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"field\":\"b\",\"type\":\"int32\"},{\"field\":\"a\","
        "\"type\":\"double\"},{\"field\":\"f\",\"type\":\"float\"},{\"field\":\"n\",\"type\":\"string\",\"optional\":true},"
        "{\"field\":\"l\",\"type\":\"array\",\"items\":{\"type\":\"string\"}}]},"
        "\"payload\":{\"a\":5,\"b\":1,\"f\":0.1,\"l\":[\"x\"]}}";
    static const struct {
        const char *settings, *value, *line;
        bool as_posted;
    } cases[] = {
        { PLAIN, "{\"ind\":7528,\"latitude\":-89.9787}", "{\"latitude\":-89.9787,\"ind\":7528}", false },
        { PLAIN, "{\"ind\":7528, \"latitude\":-89.9787}", "{\"ind\":7528,\"latitude\":-89.9787}", true },
        { PLAIN, "[1]", "[1]", false },
        { PLAIN, "\"text\"", "\"text\"", false },
        { "value.converter=StringConverter\n", "a \"b\"", "\"a \\\"b\\\"\"", false },
        { "value.converter=ByteArrayConverter\n", "abc", "\"YWJj\"", false },
        { "", envelope, "{\"b\":1,\"a\":5.0,\"f\":0.1,\"n\":null,\"l\":[\"x\"]}", false },
        { "", "{\"payload\":{\"ind\":1,\"country\":2},\"schema\":null}", "{\"country\":2,\"ind\":1}", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connect_config *c = config_of(cases[i].settings, !cases[i].as_posted);
        struct buf out = BUF_INIT;
        struct err e = { 0 };
        enum record_result result = connect_record_value(c, str_of(cases[i].value), &out, &e);
        if (result != RECORD_OK)
            fail_msg("%s: %s", cases[i].value, e.message);
        assert_str(buf_str(&out), cases[i].line);
        buf_release(&out);
        connect_config_close(c);
    }
}

static void refuses_values(void **state)
{
    static const struct {
        const char *settings, *value;
        enum record_result result;
        const char *message;
    } cases[] = {
        { "", "{\"ind\":1}", RECORD_BAD, "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields" },
        { "", "{\"schema\":{\"type\":\"int32\"},\"payload\":1,\"more\":2}", RECORD_BAD, "JsonConverter with schemas.enable" },
        { "", "{\"schema\":{\"type\":\"int32\"},\"payload\":null}", RECORD_BAD, "Invalid null value for required int32" },
        { "", "{\"schema\":{},\"payload\":1}", RECORD_BAD, "Schema must contain 'type' field" },
        { PLAIN, "{\"ind\":", RECORD_BAD, "Converting byte[] to Kafka Connect data failed due to serialization error: " },
        { PLAIN, NULL, RECORD_FATAL, "Null valued records are not writeable with current behavior.on.null.values" },
        { PLAIN, "null", RECORD_FATAL, "Null valued records are not writeable" },
        { PLAIN "behavior.on.null.values=ignore\n", NULL, RECORD_SKIP, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connect_config *c = config_of(cases[i].settings, true);
        struct buf out = BUF_INIT;
        struct err e = { 0 };
        assert_int_equal(connect_record_value(c, str_of(cases[i].value), &out, &e), cases[i].result);
        assert_non_null(strstr(e.message, cases[i].message));
        assert_int_equal(out.n, 0);
        buf_release(&out);
        connect_config_close(c);
    }
}

static void writes_keys(void **state)
{
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    (void)state;
    struct connect_config *c = config_of(PLAIN "store.kafka.keys=true\nkey.converter=StringConverter\n", true);
    assert_ok(connect_record_key(c, S("pin-7528"), &out, &e), &e);
    assert_str(buf_str(&out), "\"pin-7528\"");
    assert_int_equal(connect_record_key(c, (struct str){ 0 }, &out, &e), -1);
    assert_non_null(strstr(e.message, "Key cannot be null for SinkRecord"));
    connect_config_close(c);
    buf_release(&out);
}

static void names_objects(void **state)
{
    static const struct {
        const char *settings;
        unsigned partition;
        int64_t offset;
        const char *suffix, *key;
    } cases[] = {
        { PLAIN, 0, 0, ".json", "topics/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin+0+0000000000.json" },
        { PLAIN, 2, 11153, ".json", "topics/0a1b2c3d4e5f.pin/partition=2/0a1b2c3d4e5f.pin+2+0000011153.json" },
        { PLAIN, 0, 7, ".keys.json", "topics/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin+0+0000000007.keys.json" },
        { PLAIN "topics.dir=raw/in\nfile.delim=-\n", 0, 7, ".json",
          "raw/in/0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin-0-0000000007.json" },
        { PLAIN "topics.dir=\nfilename.offset.zero.pad.width=3\n", 0, 12345, ".json",
          "0a1b2c3d4e5f.pin/partition=0/0a1b2c3d4e5f.pin+0+12345.json" },
        { PLAIN "directory.delim=_\n", 0, 1, ".json",
          "topics_0a1b2c3d4e5f.pin_partition=0_0a1b2c3d4e5f.pin+0+0000000001.json" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connect_config *c = config_of(cases[i].settings, true);
        struct buf place = BUF_INIT, key = BUF_INIT;
        struct err e = { 0 };
        assert_ok(connect_record_place(c, cases[i].partition, 0, S("{}"), &place, &e), &e);
        connect_record_object_key(c, "0a1b2c3d4e5f.pin", buf_str(&place), cases[i].partition, cases[i].offset,
                                  cases[i].suffix, &key);
        assert_str(buf_str(&key), cases[i].key);
        buf_release(&place);
        buf_release(&key);
        connect_config_close(c);
    }
}

static void places_records(void **state)
{
    enum { AT = 1598586767 }; /* 2020-08-28T03:52:47Z, a Friday */
    static const struct {
        const char *settings, *value, *place;
    } cases[] = {
        { TIMED "path.format='year'=YYYY/'month'=MM/'day'=dd/'hour'=HH\npartition.duration.ms=3600000\n"
                "timestamp.extractor=Record\n", "{}", "year=2020/month=08/day=28/hour=03" },
        { TIMED "path.format=YYYY-MM-dd HH.mm.ss\npartition.duration.ms=600000\ntimestamp.extractor=Record\n", "{}",
          "2020-08-28 03.50.00" },
        { TIMED "path.format=EEE d MMMM yy, D, ww, h a\npartition.duration.ms=1000\ntimestamp.extractor=Record\n", "{}",
          "Fri 28 August 20, 241, 35, 3 AM" },
        { TIMED "path.format='it''s' YYYY\npartition.duration.ms=1000\ntimestamp.extractor=Record\n", "{}", "it's 2020" },
        { TIMED "path.format=YYYY-MM-dd HH\npartition.duration.ms=3600000\ntimestamp.extractor=RecordField\n"
                "timestamp.field=t\n", "{\"t\":\"2018-06-26T02:39:25Z\"}", "2018-06-26 02" },
        { TIMED "path.format=YYYY-MM-dd HH\npartition.duration.ms=3600000\ntimestamp.extractor=RecordField\n"
                "timestamp.field=a.t\n", "{\"a\":{\"t\":1598586767000}}", "2020-08-28 03" },
        { "partitioner.class=FieldPartitioner\npartition.field.name=country,age\n",
          "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"country\":\"Aruba\",\"age\":20}}", "country=Aruba/age=20" },
        { "partitioner.class=DailyPartitioner\nlocale=en\ntimezone=-05:00\ntimestamp.extractor=Record\n" PLAIN, "{}",
          "year=2020/month=08/day=27" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connect_config *c = config_of(cases[i].settings, true);
        struct buf place = BUF_INIT;
        struct err e = { 0 };
        int64_t ms = 0;
        assert_ok(connect_record_time(c, (int64_t)AT * 1000, 0, str_of(cases[i].value), &ms, &e), &e);
        assert_ok(connect_record_place(c, 0, ms, str_of(cases[i].value), &place, &e), &e);
        assert_str(buf_str(&place), cases[i].place);
        buf_release(&place);
        connect_config_close(c);
    }
}

static void refuses_places(void **state)
{
    struct buf place = BUF_INIT;
    struct err e = { 0 };
    int64_t ms;
    (void)state;
    struct connect_config *c = config_of(TIMED "path.format=YYYY\npartition.duration.ms=1000\n"
                                               "timestamp.extractor=RecordField\n", true);
    assert_int_equal(connect_record_time(c, 0, 0, S("{\"timestamp\":\"2020-08-28 03:52:47\"}"), &ms, &e), -1);
    assert_non_null(strstr(e.message, "Invalid format: \"2020-08-28 03:52:47\""));
    assert_int_equal(connect_record_time(c, 0, 0, S("{\"t\":1}"), &ms, &e), -1);
    assert_non_null(strstr(e.message, "Error extracting timestamp from record field: timestamp"));
    connect_config_close(c);
    c = config_of("partitioner.class=FieldPartitioner\npartition.field.name=country\n", true);
    assert_int_equal(connect_record_place(c, 0, 0, S("{\"payload\":{}}"), &place, &e), -1);
    assert_non_null(strstr(e.message, "Error encoding partition."));
    connect_config_close(c);
    buf_release(&place);
}

static void knows_zones_and_instants(void **state)
{
    int64_t v = 1;
    (void)state;
    assert_true(joda_zone(S("UTC"), &v) && v == 0);
    assert_true(joda_zone(S("+05:30"), &v) && v == 19800000);
    assert_true(joda_zone(S("-0800"), &v) && v == -28800000);
    assert_false(joda_zone(S("Europe/London"), &v) || joda_zone(S("+25:00"), &v) || joda_zone(S(""), &v) ||
                 joda_zone(S("+1:2:3"), &v));
    assert_true(joda_instant(S("2020-08-28T03:52:47.5+01:00"), &v));
    assert_int_equal(v, 1598583167500);
    assert_true(joda_instant(S("2020-08-28"), &v));
    assert_false(joda_instant(S("2020-13-28"), &v) || joda_instant(S("x"), &v) || joda_instant(S("2020-08-28T"), &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_values),   cmocka_unit_test(refuses_values), cmocka_unit_test(writes_keys),
        cmocka_unit_test(names_objects),   cmocka_unit_test(places_records), cmocka_unit_test(refuses_places),
        cmocka_unit_test(knows_zones_and_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
