/* connect_settings.c - every setting this worker knows, as rows. What is not here is refused by name.
 *
 * Sources: "Amazon S3 Sink Connector Configuration Properties" (Confluent), "Sink Connector Configs" and "Connect
 * Configs" of the Apache Kafka 2.8 documentation. INERT rows are real settings that change nothing here.
 */
#include <stdlib.h>

#include "mocks/connect/connect_config.h"

#define COMMON .group = "Common"
#define ERRORS .group = "Error Handling"
#define S3 .group = "S3"
#define STORAGE .group = "Storage"
#define CONNECTOR .group = "Connector"
#define PARTITION .group = "Partitioner"
#define HIGH .importance = "HIGH"
#define MEDIUM .importance = "MEDIUM"
#define LOW .importance = "LOW"
#define USED .use = SETTING_USED
#define INERT .use = SETTING_INERT
#define ABSENT .use = SETTING_ABSENT
#define TEXT(n) .name = n, .type = SETTING_STRING
#define INT(n) .name = n, .type = SETTING_INT
#define LONG(n) .name = n, .type = SETTING_LONG
#define BOOL(n) .name = n, .type = SETTING_BOOLEAN
#define LIST(n) .name = n, .type = SETTING_LIST
#define CLASS(n) .name = n, .type = SETTING_CLASS
#define SECRET(n) .name = n, .type = SETTING_PASSWORD
#define AT_LEAST(n) .bounded = true, .min = (n)
#define PREFIX .prefix = true

#define CONVERTERS                                                                                                \
    "org.apache.kafka.connect.json.JsonConverter|org.apache.kafka.connect.storage.StringConverter|"              \
    "org.apache.kafka.connect.converters.ByteArrayConverter"
#define REGIONS                                                                                                   \
    "us-gov-west-1|us-gov-east-1|us-east-1|us-east-2|us-west-1|us-west-2|eu-west-1|eu-west-2|eu-west-3|"         \
    "eu-central-1|eu-central-2|eu-north-1|eu-south-1|eu-south-2|ap-east-1|ap-south-1|ap-south-2|ap-southeast-1|" \
    "ap-southeast-2|ap-southeast-3|ap-southeast-4|ap-northeast-1|ap-northeast-2|ap-northeast-3|sa-east-1|"       \
    "cn-north-1|cn-northwest-1|ca-central-1|me-south-1|me-central-1|af-south-1|il-central-1"
#define PARTITIONERS                                                                                              \
    "io.confluent.connect.storage.partitioner.DefaultPartitioner|"                                               \
    "io.confluent.connect.storage.partitioner.FieldPartitioner|"                                                 \
    "io.confluent.connect.storage.partitioner.TimeBasedPartitioner|"                                             \
    "io.confluent.connect.storage.partitioner.DailyPartitioner|"                                                 \
    "io.confluent.connect.storage.partitioner.HourlyPartitioner"
#define FORMATS                                                                                                   \
    "io.confluent.connect.s3.format.json.JsonFormat|io.confluent.connect.s3.format.bytearray.ByteArrayFormat"

static const struct setting settings[] = {
    { TEXT("name"), USED, COMMON, HIGH, .about = "Globally unique name of the connector." },
    { CLASS("connector.class"), USED, COMMON, HIGH, .required = true,
      .allowed = "io.confluent.connect.s3.S3SinkConnector|S3SinkConnector|S3Sink", .about = "What the connector is." },
    { INT("tasks.max"), USED, COMMON, HIGH, .otherwise = "1", AT_LEAST(1),
      .about = "Number of tasks; partitions are assigned to them by range. One thread does the work of all." },
    { CLASS("key.converter"), USED, COMMON, LOW, .otherwise = "org.apache.kafka.connect.json.JsonConverter",
      .allowed = CONVERTERS, .about = "How record keys are read; matters with store.kafka.keys." },
    { CLASS("value.converter"), USED, COMMON, LOW, .otherwise = "org.apache.kafka.connect.json.JsonConverter",
      .allowed = CONVERTERS, .about = "How record values are read." },
    { BOOL("key.converter.schemas.enable"), USED, COMMON, LOW, .otherwise = "true",
      .about = "JsonConverter: keys come as {\"schema\":…,\"payload\":…}." },
    { BOOL("value.converter.schemas.enable"), USED, COMMON, LOW, .otherwise = "true",
      .about = "JsonConverter: values come as {\"schema\":…,\"payload\":…}; false for plain JSON." },
    { CLASS("header.converter"), INERT, COMMON, LOW, .about = "Records of this cloud have no headers." },
    { TEXT("key.converter."), PREFIX, INERT, COMMON, LOW },
    { TEXT("value.converter."), PREFIX, INERT, COMMON, LOW },
    { TEXT("header.converter."), PREFIX, INERT, COMMON, LOW },
    { TEXT("config.action.reload"), INERT, COMMON, LOW, .otherwise = "restart", .allowed = "none|restart" },
    { LIST("topics"), USED, COMMON, HIGH, .otherwise = "", .about = "Topics to read, separated by commas." },
    { TEXT("topics.regex"), USED, COMMON, HIGH, .otherwise = "",
      .about = "Java pattern the whole name of a topic has to match; new topics are found at once." },
    { LIST("transforms"), ABSENT, .group = "Transforms", LOW, .otherwise = "", .allowed = "" },
    { LIST("predicates"), ABSENT, .group = "Predicates", LOW, .otherwise = "", .allowed = "" },
    { TEXT("consumer.override.auto.offset.reset"), ABSENT, COMMON, LOW, .allowed = "earliest" },
    { TEXT("consumer.override."), PREFIX, INERT, COMMON, LOW },
    { TEXT("producer.override."), PREFIX, INERT, COMMON, LOW },
    { TEXT("admin.override."), PREFIX, INERT, COMMON, LOW },

    { TEXT("errors.tolerance"), USED, ERRORS, MEDIUM, .otherwise = "none", .allowed = "none|all",
      .about = "all: records that cannot be converted are passed over (and counted)." },
    { LONG("errors.retry.timeout"), INERT, ERRORS, MEDIUM, .otherwise = "0" },
    { LONG("errors.retry.delay.max.ms"), INERT, ERRORS, MEDIUM, .otherwise = "60000" },
    { BOOL("errors.log.enable"), INERT, ERRORS, MEDIUM, .otherwise = "false" },
    { BOOL("errors.log.include.messages"), INERT, ERRORS, MEDIUM, .otherwise = "false" },
    { TEXT("errors.deadletterqueue.topic.name"), USED, ERRORS, MEDIUM, .otherwise = "",
      .about = "Where records that cannot be converted go, with errors.tolerance=all." },
    { INT("errors.deadletterqueue.topic.replication.factor"), INERT, ERRORS, MEDIUM, .otherwise = "3" },
    { BOOL("errors.deadletterqueue.context.headers.enable"), INERT, ERRORS, MEDIUM, .otherwise = "false" },

    { CLASS("format.class"), USED, CONNECTOR, HIGH, .required = true, .allowed = FORMATS,
      .about = "How records are written." },
    { INT("flush.size"), USED, CONNECTOR, HIGH, .required = true, AT_LEAST(1),
      .about = "Records of a topic partition after which its files are stored and committed." },
    { LONG("rotate.interval.ms"), USED, CONNECTOR, HIGH, .otherwise = "-1",
      .about = "Time of records a file may span; for time-based partitioners only." },
    { LONG("rotate.schedule.interval.ms"), USED, CONNECTOR, MEDIUM, .otherwise = "-1",
      .about = "Time of the clock after which files are stored, counted from midnight in `timezone`." },
    { LONG("retry.backoff.ms"), USED, CONNECTOR, LOW, .otherwise = "5000", AT_LEAST(0),
      .about = "Wait before a task goes back to its last commit." },
    { LONG("shutdown.timeout.ms"), INERT, CONNECTOR, MEDIUM, .otherwise = "3000" },
    { INT("filename.offset.zero.pad.width"), USED, CONNECTOR, LOW, .otherwise = "10", AT_LEAST(0),
      .about = "Digits of the offset in an object's key." },
    { TEXT("schema.compatibility"), INERT, CONNECTOR, HIGH, .otherwise = "NONE",
      .allowed = "NONE|BACKWARD|FORWARD|FULL", .about = "JSON without schemas never changes its schema." },
    { INT("schema.cache.size"), INERT, CONNECTOR, LOW, .otherwise = "1000" },
    { BOOL("enhanced.avro.schema.support"), INERT, CONNECTOR, LOW, .otherwise = "false" },
    { BOOL("connect.meta.data"), INERT, CONNECTOR, LOW, .otherwise = "true" },
    { TEXT("avro.codec"), INERT, CONNECTOR, LOW, .otherwise = "null" },
    { TEXT("parquet.codec"), INERT, CONNECTOR, LOW, .otherwise = "snappy" },

    { TEXT("s3.bucket.name"), USED, S3, HIGH, .required = true, .about = "The bucket objects are stored in." },
    { TEXT("s3.region"), USED, S3, MEDIUM, .otherwise = "us-west-2", .allowed = REGIONS },
    { INT("s3.part.size"), USED, S3, HIGH, .otherwise = "26214400", .about = "Bytes of a part of an upload." },
    { CLASS("s3.credentials.provider.class"), INERT, S3, LOW },
    { TEXT("s3.credentials.provider."), PREFIX, INERT, S3, LOW },
    { TEXT("aws.access.key.id"), USED, S3, HIGH, .otherwise = "", .about = "Signs what goes to store.url." },
    { SECRET("aws.secret.access.key"), USED, S3, HIGH, .otherwise = "" },
    { LIST("s3.sse.kms.key.id"), USED, S3, LOW, .otherwise = "" },
    { TEXT("s3.ssea.name"), USED, S3, LOW, .otherwise = "", .allowed = "|AES256|aws:kms" },
    { SECRET("s3.sse.customer.key"), ABSENT, S3, LOW, .otherwise = "", .allowed = "" },
    { TEXT("s3.acl.canned"), USED, S3, LOW, .otherwise = "",
      .allowed = "|private|public-read|public-read-write|authenticated-read|log-delivery-write|bucket-owner-read|"
                 "bucket-owner-full-control|aws-exec-read" },
    { BOOL("s3.wan.mode"), INERT, S3, MEDIUM, .otherwise = "false" },
    { TEXT("s3.compression.type"), ABSENT, S3, LOW, .otherwise = "none", .allowed = "none" },
    { INT("s3.compression.level"), INERT, S3, LOW, .otherwise = "-1" },
    { INT("s3.part.retries"), USED, S3, MEDIUM, .otherwise = "3", AT_LEAST(0),
      .about = "Times one call to S3 is tried again." },
    { LONG("s3.retry.backoff.ms"), USED, S3, LOW, .otherwise = "200", AT_LEAST(0) },
    { BOOL("s3.http.send.expect.continue"), INERT, S3, LOW, .otherwise = "true" },
    { BOOL("s3.path.style.access.enabled"), INERT, S3, LOW, .otherwise = "true" },
    { TEXT("s3.proxy."), PREFIX, INERT, S3, LOW },
    { BOOL("s3.object.tagging"), ABSENT, S3, LOW, .otherwise = "false", .allowed = "false" },
    { TEXT("behavior.on.null.values"), USED, S3, LOW, .otherwise = "fail", .allowed = "fail|ignore" },
    { BOOL("store.kafka.keys"), USED, S3, LOW, .otherwise = "false", .about = "Stores keys beside: ….keys.json." },
    { BOOL("store.kafka.headers"), ABSENT, S3, LOW, .otherwise = "false", .allowed = "false" },
    { CLASS("keys.format.class"), USED, S3, LOW, .otherwise = "io.confluent.connect.s3.format.json.JsonFormat",
      .allowed = "io.confluent.connect.s3.format.json.JsonFormat" },
    { CLASS("headers.format.class"), INERT, S3, LOW },
    { TEXT("json.decimal.format"), INERT, S3, LOW, .otherwise = "BASE64", .allowed = "BASE64|NUMERIC" },
    { TEXT("format.bytearray.extension"), USED, S3, LOW, .otherwise = ".bin" },
    { TEXT("format.bytearray.separator"), USED, S3, LOW },

    { CLASS("storage.class"), USED, STORAGE, HIGH, .required = true,
      .allowed = "io.confluent.connect.s3.storage.S3Storage" },
    { TEXT("store.url"), USED, STORAGE, HIGH, .otherwise = "",
      .about = "S3 elsewhere: http://host:port; requests are path-style and signed." },
    { TEXT("topics.dir"), USED, STORAGE, HIGH, .otherwise = "topics", .about = "First part of keys; empty = none." },
    { TEXT("directory.delim"), USED, STORAGE, MEDIUM, .otherwise = "/" },
    { TEXT("file.delim"), USED, STORAGE, MEDIUM, .otherwise = "+" },

    { CLASS("partitioner.class"), USED, PARTITION, HIGH,
      .otherwise = "io.confluent.connect.storage.partitioner.DefaultPartitioner", .allowed = PARTITIONERS },
    { LIST("partition.field.name"), USED, PARTITION, MEDIUM, .otherwise = "" },
    { LONG("partition.duration.ms"), USED, PARTITION, MEDIUM, .otherwise = "-1" },
    { TEXT("path.format"), USED, PARTITION, MEDIUM, .otherwise = "",
      .about = "Joda-Time pattern, as 'year'=YYYY/'month'=MM/'day'=dd." },
    { TEXT("locale"), USED, PARTITION, MEDIUM, .otherwise = "", .about = "Names of months and days are English." },
    { TEXT("timezone"), USED, PARTITION, MEDIUM, .otherwise = "", .about = "UTC, GMT or an offset as +05:30." },
    { TEXT("timestamp.extractor"), USED, PARTITION, MEDIUM, .otherwise = "Wallclock",
      .allowed = "Wallclock|Record|RecordField" },
    { TEXT("timestamp.field"), USED, PARTITION, MEDIUM, .otherwise = "timestamp" },

    { TEXT("confluent."), PREFIX, INERT, COMMON, LOW, .about = "Licensing." },
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

const struct setting *connect_settings_at(size_t i) { return i < N_SETTINGS ? &settings[i] : NULL; }

const struct setting *connect_settings_find(struct str name)
{
    const struct setting *prefix = NULL;
    for (size_t i = 0; i < N_SETTINGS; i++) {
        struct str row = str_of(settings[i].name);
        if (!settings[i].prefix && str_eq(row, name))
            return &settings[i];
        if (settings[i].prefix && name.n > row.n && str_starts(name, row))
            prefix = &settings[i];
    }
    return prefix;
}

/* Optimal string alignment: insertions, deletions, changes, neighbours swapped. */
static size_t distance(struct str a, struct str b)
{
    enum { MOST = 64 };
    size_t rows[3][MOST + 1], *two = rows[0], *one = rows[1], *now = rows[2];
    if (a.n > MOST || b.n > MOST)
        return MOST;
    for (size_t j = 0; j <= b.n; j++)
        one[j] = two[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = one[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            best = one[j] + 1 < best ? one[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && two[j - 2] + 1 < best)
                best = two[j - 2] + 1;
            now[j] = best;
        }
        size_t *spare = two;
        two = one, one = now, now = spare;
    }
    return one[b.n];
}

const char *connect_settings_nearest(struct str name)
{
    const char *nearest = NULL;
    size_t least = name.n / 3 < 4 ? name.n / 3 + 1 : 4;
    for (size_t i = 0; i < N_SETTINGS; i++) {
        size_t d = settings[i].prefix ? least : distance(name, str_of(settings[i].name));
        if (d < least) {
            least = d;
            nearest = settings[i].name;
        }
    }
    return nearest;
}

const char *connect_settings_type(enum setting_type type)
{
    static const char *const names[] = {
        [SETTING_STRING] = "STRING", [SETTING_INT] = "INT", [SETTING_LONG] = "LONG", [SETTING_BOOLEAN] = "BOOLEAN",
        [SETTING_LIST] = "LIST", [SETTING_CLASS] = "CLASS", [SETTING_PASSWORD] = "PASSWORD",
    };
    return names[type];
}
