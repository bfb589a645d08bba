/* Connector configurations: what is understood, and each mistake by its name. */
#include "mocks/connect/connect.h"
#include "mocks/connect/connect_config.h"
#include "tests/support/t.h"

#define BASE                                                                                                      \
    "connector.class=io.confluent.connect.s3.S3SinkConnector\ns3.region=us-east-1\nflush.size=1\n"                \
    "schema.compatibility=NONE\ntasks.max=3\ntopics.regex=0a1b2c3d4e5f.*\n"                                       \
    "format.class=io.confluent.connect.s3.format.json.JsonFormat\n"                                              \
    "partitioner.class=io.confluent.connect.storage.partitioner.DefaultPartitioner\n"                            \
    "value.converter.schemas.enable=false\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n"        \
    "storage.class=io.confluent.connect.s3.storage.S3Storage\n"                                                  \
    "key.converter=org.apache.kafka.connect.storage.StringConverter\ns3.bucket.name=user-0a1b2c3d4e5f-bucket\n"

/* BASE without the line that begins with `name=`, and `more` behind it. */
static struct connect_config *read_config(const char *without, const char *more, struct config_mistakes *m)
{
    struct buf text = BUF_INIT;
    struct properties given;
    struct err e = { 0 };
    for (struct str rest = S(BASE); rest.p;) {
        struct str line = str_cut(&rest, '\n');
        if (without && str_starts(line, str_of(without)) && line.n > strlen(without) && line.p[strlen(without)] == '=')
            continue;
        buf_str_add(&text, line);
        buf_c(&text, '\n');
    }
    buf_z(&text, more);
    assert_ok(properties_parse(buf_str(&text), m->arena, &given, &e), &e);
    struct connect_config *c = connect_config_open(&given, true, m);
    buf_release(&text);
    return c;
}

static void reads_the_usual_text(void **state)
{
    struct arena a = ARENA_INIT;
    struct config_mistakes m = { .arena = &a };
    struct err e = { 0 };
    (void)state;
    struct str file = t_file(&a, t_source(&a, "fixtures/connect/s3-sink.properties"));
    assert_non_null(file.p);
    assert_ok(connect_check(file, &e), &e);
    struct connect_config *c = read_config(NULL, "", &m);
    assert_non_null(c);
    assert_int_equal(c->tasks_max, 3);
    assert_int_equal(c->flush_size, 1);
    assert_str(c->bucket, "user-0a1b2c3d4e5f-bucket");
    assert_str(c->topics_dir, "topics");
    assert_str(c->dir_delim, "/");
    assert_str(c->file_delim, "+");
    assert_int_equal(c->pad_width, 10);
    assert_int_equal(c->part_bytes, 26214400);
    assert_int_equal(c->value_converter, CONVERTER_JSON);
    assert_false(c->value_schemas);
    assert_false(c->store_keys);
    assert_true(connect_config_matches(c, "0a1b2c3d4e5f.pin"));
    assert_false(connect_config_matches(c, "other.pin"));
    connect_config_close(c);
    arena_release(&a);
}

static void accepts(void **state)
{
    static const struct {
        const char *without, *more;
    } cases[] = {
        { NULL, "name=x" },
        { "topics.regex", "topics=a.pin, a.geo ,a.user" },
        { "connector.class", "connector.class=S3SinkConnector" },
        { "format.class", "format.class=JsonFormat" },
        { NULL, "store.kafka.keys=true" },
        { NULL, "consumer.override.max.poll.records=10" },
        { NULL, "confluent.topic.bootstrap.servers=localhost:9092\nconfluent.license=" },
        { NULL, "aws.access.key.id=a\naws.secret.access.key=b" },
        { NULL, "key.converter.schemas.enable=false\nvalue.converter.decimal.format=NUMERIC" },
        { NULL, "s3.credentials.provider.class=x.Y\ns3.credentials.provider.role=r" },
        { NULL, "rotate.schedule.interval.ms=60000\ntimezone=UTC" },
        { NULL, "errors.tolerance=all\nerrors.deadletterqueue.topic.name=dead" },
        { NULL, "transforms=\nstore.url=" },
        { NULL, "errors.tolerance=none\nbehavior.on.null.values=ignore\ns3.acl.canned=private\ns3.ssea.name=AES256" },
        { "value.converter", "value.converter=org.apache.kafka.connect.storage.StringConverter" },
        { "partitioner.class", "partitioner.class=io.confluent.connect.storage.partitioner.HourlyPartitioner\n"
                               "locale=en-US\ntimezone=UTC\nrotate.interval.ms=1000" },
        { "partitioner.class", "partitioner.class=io.confluent.connect.storage.partitioner.TimeBasedPartitioner\n"
                               "path.format='year'=YYYY/'month'=MM\npartition.duration.ms=3600000\nlocale=en\n"
                               "timezone=+05:30\ntimestamp.extractor=RecordField\ntimestamp.field=t" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct config_mistakes m = { .arena = &a };
        struct connect_config *c = read_config(cases[i].without, cases[i].more, &m);
        if (!c)
            fail_msg("%s: %s", cases[i].more, m.n ? m.at[0].text.p : "refused");
        connect_config_close(c);
        arena_release(&a);
    }
}

static void refuses_each_mistake_by_name(void **state)
{
    static const struct {
        const char *without, *more, *setting, *text;
    } cases[] = {
        { "s3.bucket.name", "", "s3.bucket.name",
          "Missing required configuration \"s3.bucket.name\" which has no default value." },
        { "flush.size", "", "flush.size", "Missing required configuration \"flush.size\" which has no default value." },
        { "format.class", "", "format.class", "Missing required configuration \"format.class\"" },
        { "storage.class", "", "storage.class", "Missing required configuration \"storage.class\"" },
        { "connector.class", "", "connector.class", "Missing required configuration \"connector.class\"" },
        { "flush.size", "flush.sise=1", "flush.sise",
          "Unknown configuration \"flush.sise\": did you mean \"flush.size\"?" },
        { NULL, "topic.regex=a", "topic.regex", "did you mean \"topics.regex\"?" },
        { NULL, "s3.buckte.name=a", "s3.buckte.name", "did you mean \"s3.bucket.name\"?" },
        { NULL, "colour=red", "colour", "Unknown configuration \"colour\": the S3 sink has no such setting" },
        { "flush.size", "flush.size=many", "flush.size",
          "Invalid value many for configuration flush.size: Not a number of type INT" },
        { "flush.size", "flush.size=0", "flush.size",
          "Invalid value 0 for configuration flush.size: Value must be at least 1" },
        { "flush.size", "flush.size=99999999999", "flush.size", "Not a number of type INT" },
        { "tasks.max", "tasks.max=0", "tasks.max", "Value must be at least 1" },
        { "tasks.max", "tasks.max=100000", "tasks.max", "at most 1000 tasks" },
        { NULL, "topics=a", "topics", "topics and topics.regex are mutually exclusive options, but both are set." },
        { "topics.regex", "", "topics", "Must configure one of topics or topics.regex" },
        { "topics.regex", "topics.regex=a(b", "topics.regex", "Invalid regex: a ( is not closed at character 4" },
        { "schema.compatibility", "schema.compatibility=SOME", "schema.compatibility",
          "Value must be one of: NONE, BACKWARD, FORWARD, FULL" },
        { "s3.region", "s3.region=mars-1", "s3.region", "Value must be one of: us-gov-west-1" },
        { NULL, "s3.part.size=100", "s3.part.size", "Part size must be at least: 5242880 bytes (5MB)" },
        { "value.converter.schemas.enable", "value.converter.schemas.enable=maybe", "value.converter.schemas.enable",
          "Expected value to be either true or false" },
        { "value.converter", "value.converter=io.confluent.connect.avro.AvroConverter", "value.converter",
          "Class io.confluent.connect.avro.AvroConverter could not be found." },
        { "format.class", "format.class=io.confluent.connect.s3.format.avro.AvroFormat", "format.class",
          "Class io.confluent.connect.s3.format.avro.AvroFormat could not be found." },
        { "format.class", "format.class=io.confluent.connect.s3.format.bytearray.ByteArrayFormat", "format.class",
          "needs value.converter=org.apache.kafka.connect.converters.ByteArrayConverter" },
        { NULL, "errors.tolerance=some", "errors.tolerance", "Value must be one of: none, all" },
        { NULL, "errors.deadletterqueue.topic.name=dead", "errors.deadletterqueue.topic.name",
          "has no effect without errors.tolerance=all" },
        { NULL, "errors.tolerance=all\nerrors.deadletterqueue.topic.name=0a1b2c3d4e5f.dead",
          "errors.deadletterqueue.topic.name", "may not be consumed by the connector itself" },
        { NULL, "behavior.on.null.values=drop", "behavior.on.null.values", "Value must be one of: fail, ignore" },
        { NULL, "s3.compression.type=gzip", "s3.compression.type", "does not emulate it; allowed: none" },
        { NULL, "s3.object.tagging=true", "s3.object.tagging", "does not emulate it; allowed: false" },
        { NULL, "transforms=Insert", "transforms", "does not emulate it; leave it out" },
        { NULL, "consumer.override.auto.offset.reset=latest", "consumer.override.auto.offset.reset", "allowed: earliest" },
        { NULL, "rotate.interval.ms=1000", "rotate.interval.ms", "has no effect with partitioner.class=" },
        { NULL, "rotate.schedule.interval.ms=1000", "timezone", "Timezone cannot be empty" },
        { NULL, "timezone=Europe/London", "timezone", "this worker knows UTC, GMT and offsets" },
        { "partitioner.class", "partitioner.class=io.confluent.connect.storage.partitioner.FieldPartitioner\n"
                               "partition.field.name=country", "partitioner.class", "needs records with a schema" },
        { "partitioner.class", "partitioner.class=TimeBasedPartitioner\nlocale=en\ntimezone=UTC\npath.format=YYYY",
          "partition.duration.ms", "Partition duration needs to be a positive." },
        { "partitioner.class", "partitioner.class=TimeBasedPartitioner\nlocale=en\ntimezone=UTC\n"
                               "partition.duration.ms=1000", "path.format", "Path format cannot be empty." },
        { "partitioner.class", "partitioner.class=DailyPartitioner\ntimezone=UTC", "locale", "Locale cannot be empty." },
        { "partitioner.class", "partitioner.class=DailyPartitioner\nlocale=en", "timezone", "Timezone cannot be empty." },
        { "partitioner.class", "partitioner.class=TimeBasedPartitioner\nlocale=en\ntimezone=UTC\n"
                               "partition.duration.ms=1000\npath.format=YYYY/bb", "path.format", "put text in single quotes" },
        { "s3.bucket.name", "s3.bucket.name=no/slash", "s3.bucket.name", "Invalid value no/slash" },
        { NULL, "aws.access.key.id=a", "aws.secret.access.key", "are given together or not at all" },
        { NULL, "store.url=localhost:9000", "store.url", "expected http://host:port" },
        { NULL, "filename.offset.zero.pad.width=-1", "filename.offset.zero.pad.width", "Value must be at least 0" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct config_mistakes m = { .arena = &a };
        assert_null(read_config(cases[i].without, cases[i].more, &m));
        bool found = false;
        for (size_t k = 0; k < m.n; k++)
            found |= str_is(m.at[k].setting, cases[i].setting) && strstr(m.at[k].text.p, cases[i].text);
        if (!found)
            fail_msg("case %zu (%s): %s", i, cases[i].more, m.n ? m.at[0].text.p : "no mistake");
        arena_release(&a);
    }
}

static void lists_all_mistakes_at_once(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(connect_check(S("connector.class=S3SinkConnector\nflush.size=x\nflushsize=1\ntopics=a\n"), &e), -1);
    const char *const all[] = { "Invalid value x for configuration flush.size", "did you mean \"flush.size\"",
                                "\"s3.bucket.name\"", "\"format.class\"", "\"storage.class\"", "5 mistake(s)" };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_non_null(strstr(e.message, all[i]));

    struct arena a = ARENA_INIT;
    struct config_mistakes m = { .arena = &a };
    connect_config_mistake(&m, "x", "first");
    connect_config_mistake(&m, "y", "second");
    assert_str(connect_config_complaint(&m, &a),
               "Connector configuration is invalid and contains the following 2 error(s):\nfirst\nsecond\n"
               "You can also find the above list of errors at the endpoint "
               "`/connector-plugins/{connectorType}/config/validate`");
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_usual_text),
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses_each_mistake_by_name),
        cmocka_unit_test(lists_all_mistakes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
