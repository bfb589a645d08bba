/* kafka_configs.c - settings of topics and of the broker: DescribeConfigs, AlterConfigs, IncrementalAlterConfigs.
 *
 * What is set is kept and told; the broker acts on max.message.bytes and message.timestamp.type. Names, defaults and types are
 * those of a 2.8.1 broker with default settings (Apache Kafka documentation, "Topic-Level Configs").
 */
#include <stdlib.h>

#include "mocks/kafka/kafka_broker.h"

enum type { BOOLEAN = 1, STRING, INT, SHORT, LONG, DOUBLE, LIST };
enum resource { TOPIC = 2, BROKER = 4 };
enum source { TOPIC_SET = 1, STATIC_BROKER = 4, DEFAULT = 5 };

static const struct row {
    const char *name, *value;
    enum type type;
} topic_rows[] = {
    { "cleanup.policy", "delete", LIST },
    { "compression.type", "producer", STRING },
    { "delete.retention.ms", "86400000", LONG },
    { "file.delete.delay.ms", "60000", LONG },
    { "flush.messages", "9223372036854775807", LONG },
    { "flush.ms", "9223372036854775807", LONG },
    { "follower.replication.throttled.replicas", "", LIST },
    { "index.interval.bytes", "4096", INT },
    { "leader.replication.throttled.replicas", "", LIST },
    { "max.compaction.lag.ms", "9223372036854775807", LONG },
    { "max.message.bytes", "1048588", INT },
    { "message.downconversion.enable", "true", BOOLEAN },
    { "message.format.version", "2.8-IV1", STRING },
    { "message.timestamp.difference.max.ms", "9223372036854775807", LONG },
    { "message.timestamp.type", "CreateTime", STRING },
    { "min.cleanable.dirty.ratio", "0.5", DOUBLE },
    { "min.compaction.lag.ms", "0", LONG },
    { "min.insync.replicas", "1", INT },
    { "preallocate", "false", BOOLEAN },
    { "retention.bytes", "-1", LONG },
    { "retention.ms", "604800000", LONG },
    { "segment.bytes", "1073741824", INT },
    { "segment.index.bytes", "10485760", INT },
    { "segment.jitter.ms", "0", LONG },
    { "segment.ms", "604800000", LONG },
    { "unclean.leader.election.enable", "false", BOOLEAN },
}, broker_rows[] = {
    { "broker.id", "1", INT },
    { "group.initial.rebalance.delay.ms", "0", INT },
    { "group.max.session.timeout.ms", "1800000", INT },
    { "group.min.session.timeout.ms", "6000", INT },
    { "log.cleanup.policy", "delete", LIST },
    { "log.message.timestamp.type", "CreateTime", STRING },
    { "log.retention.ms", "604800000", LONG },
    { "message.max.bytes", "1048588", INT },
    { "min.insync.replicas", "1", INT },
    { "socket.request.max.bytes", "104857600", INT },
};
enum { N_TOPIC_ROWS = sizeof topic_rows / sizeof *topic_rows, N_BROKER_ROWS = sizeof broker_rows / sizeof *broker_rows };

/* ---- values ---- */

static const struct row *find(struct str name)
{
    for (size_t i = 0; i < N_TOPIC_ROWS; i++)
        if (str_is(name, topic_rows[i].name))
            return &topic_rows[i];
    return NULL;
}

static bool one_of(struct str value, const char *const *words)
{
    for (; *words; words++)
        if (str_is(value, *words))
            return true;
    return false;
}

static bool value_fits(const struct row *r, struct str value)
{
    static const char *const booleans[] = { "true", "false", NULL }, *const times[] = { "CreateTime", "LogAppendTime", NULL },
        *const policies[] = { "delete", "compact", "compact,delete", "delete,compact", NULL },
        *const compressions[] = { "uncompressed", "zstd", "lz4", "snappy", "gzip", "producer", NULL };
    int64_t number;
    double real;
    switch (r->type) {
    case BOOLEAN: return one_of(value, booleans);
    case DOUBLE: return str_to_double(value, &real) && real >= 0 && real <= 1;
    case INT: case SHORT: return str_to_i64(value, &number) && number >= 0 && number <= INT32_MAX;
    case LONG: return str_to_i64(value, &number) && number >= -1;
    case STRING: case LIST: break;
    }
    return !strcmp(r->name, "message.timestamp.type") ? one_of(value, times)
           : !strcmp(r->name, "cleanup.policy")       ? one_of(value, policies)
           : !strcmp(r->name, "compression.type")     ? one_of(value, compressions)
                                                      : true;
}

int kafka_configs_check(struct str name, struct str value, const char **ret_why)
{
    const struct row *r = find(name);
    *ret_why = !r ? "Unknown topic config name" : "Invalid value for the configuration";
    return r && (!value.p || value_fits(r, value)) ? KAFKA_NONE : KAFKA_INVALID_CONFIG;
}

void kafka_configs_set(struct kafka_topic *t, struct str name, struct str value)
{
    free(value.p ? map_put(&t->configs, name, mem_dup(value)) : map_remove(&t->configs, name));
}

struct str kafka_configs_value(const struct kafka_topic *t, const char *name)
{
    const char *set = map_get(&t->configs, str_of(name));
    const struct row *r = find(str_of(name));
    return str_of(set ? set : r->value);
}

int64_t kafka_configs_number(const struct kafka_topic *t, const char *name)
{
    int64_t n = 0;
    str_to_i64(kafka_configs_value(t, name), &n);
    return n;
}

/* ---- DescribeConfigs ---- */

struct asked {
    int8_t type;
    struct str name;
    struct kafka_array keys;
};
struct describe_request {
    struct kafka_array resources;
    bool synonyms, documentation;
};
struct synonym {
    struct str name, value;
    int8_t source;
};
struct config {
    struct str name, value;
    bool read_only, is_default;
    int8_t source;
    bool sensitive;
    struct kafka_array synonyms;
    int8_t type;
    struct str documentation;
};
struct described {
    int16_t error;
    struct str message;
    int8_t type;
    struct str name;
    struct kafka_array configs;
};
struct response { /* of all three */
    int32_t throttle_ms;
    struct kafka_array results;
};

static const struct kafka_field asked_fields[] = {
    KAFKA(struct asked, INT8, type),
    KAFKA(struct asked, STRING, name),
    KAFKA(struct asked, ARRAY, keys, .of = &kafka_codec_string),
};
static const struct kafka_schema asked_schema = KAFKA_SCHEMA(struct asked, asked_fields);
static const struct kafka_field describe_fields[] = {
    KAFKA(struct describe_request, ARRAY, resources, .of = &asked_schema),
    KAFKA(struct describe_request, BOOL, synonyms, .since = 1),
    KAFKA(struct describe_request, BOOL, documentation, .since = 3),
};
static const struct kafka_field synonym_fields[] = {
    KAFKA(struct synonym, STRING, name),
    KAFKA(struct synonym, STRING, value, .nullable = KAFKA_NULL(0)),
    KAFKA(struct synonym, INT8, source),
};
static const struct kafka_schema synonym_schema = KAFKA_SCHEMA(struct synonym, synonym_fields);
static const struct kafka_field config_fields[] = {
    KAFKA(struct config, STRING, name),
    KAFKA(struct config, STRING, value, .nullable = KAFKA_NULL(0)),
    KAFKA(struct config, BOOL, read_only),
    KAFKA(struct config, BOOL, is_default, .before = 1),
    KAFKA(struct config, INT8, source, .since = 1),
    KAFKA(struct config, BOOL, sensitive),
    KAFKA(struct config, ARRAY, synonyms, .of = &synonym_schema, .since = 1),
    KAFKA(struct config, INT8, type, .since = 3),
    KAFKA(struct config, STRING, documentation, .since = 3, .nullable = KAFKA_NULL(3)),
};
static const struct kafka_schema config_schema = KAFKA_SCHEMA(struct config, config_fields);
static const struct kafka_field described_fields[] = {
    KAFKA(struct described, INT16, error),
    KAFKA(struct described, STRING, message, .nullable = KAFKA_NULL(0)),
    KAFKA(struct described, INT8, type),
    KAFKA(struct described, STRING, name),
    KAFKA(struct described, ARRAY, configs, .of = &config_schema),
};
static const struct kafka_schema described_schema = KAFKA_SCHEMA(struct described, described_fields);
static const struct kafka_field described_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms),
    KAFKA(struct response, ARRAY, results, .of = &described_schema),
};
const struct kafka_schema kafka_describe_configs_request = KAFKA_SCHEMA(struct describe_request, describe_fields);
const struct kafka_schema kafka_describe_configs_response = KAFKA_SCHEMA(struct response, described_response_fields);

static bool is_asked(const struct asked *a, const char *name)
{
    const struct str *keys = a->keys.at;
    for (int32_t i = 0; i < a->keys.n; i++)
        if (str_is(keys[i], name))
            return true;
    return a->keys.n < 0 || (a->keys.n == 0 && a->type == TOPIC); /* null: all of them; clients of old send none for that */
}

static void add_config(struct call *c, struct described *d, const struct row *r, const char *set, bool synonyms)
{
    struct config *config = (struct config *)d->configs.at + d->configs.n++;
    struct str value = set ? arena_dup(c->arena, str_of(set)) : str_of(r->value);
    int8_t source = set ? TOPIC_SET : d->type == BROKER ? STATIC_BROKER : DEFAULT;
    *config = (struct config){ .name = str_of(r->name), .value = value.n ? value : S(""), .read_only = d->type == BROKER,
                               .is_default = !set, .source = source, .type = (int8_t)r->type };
    if (synonyms) {
        struct synonym *s = ARENA_NEW(c->arena, struct synonym);
        *s = (struct synonym){ config->name, config->value, source };
        config->synonyms = (struct kafka_array){ s, 1 };
    }
}

static void describe_topic(struct call *c, const struct asked *a, bool synonyms, struct described *ret)
{
    int error;
    struct plog *log = kafka_topics_find(c->state, a->name, false, &error);
    ret->error = (int16_t)error;
    if (!log)
        return;
    const struct kafka_topic *t = kafka_topics_lock(c->state, log);
    for (size_t i = 0; i < N_TOPIC_ROWS; i++)
        if (is_asked(a, topic_rows[i].name))
            add_config(c, ret, &topic_rows[i], map_get(&t->configs, str_of(topic_rows[i].name)), synonyms);
    kafka_topics_unlock(c->state);
}

static void describe_one(struct call *c, const struct asked *a, bool synonyms, struct described *ret)
{
    int64_t id = KAFKA_BROKER_ID;
    *ret = (struct described){ .type = a->type, .name = a->name, .error = (int16_t)kafka_request_of(c)->refused };
    ret->configs.at = ARENA_ARRAY(c->arena, struct config, N_TOPIC_ROWS + N_BROKER_ROWS);
    if (ret->error)
        return;
    if (a->type == TOPIC) {
        describe_topic(c, a, synonyms, ret);
    } else if (a->type == BROKER && (!a->name.n || (str_to_i64(a->name, &id) && id == KAFKA_BROKER_ID))) {
        for (size_t i = 0; i < N_BROKER_ROWS; i++)
            if (a->keys.n <= 0 || is_asked(a, broker_rows[i].name))
                add_config(c, ret, &broker_rows[i], NULL, synonyms);
    } else {
        ret->error = KAFKA_INVALID_REQUEST;
        ret->message = a->type == BROKER ? S("there is one broker here, number 1") : S("only topics and the broker have settings here");
    }
}

int kafka_configs_describe(struct call *c)
{
    const struct describe_request *r = kafka_request_of(c)->args;
    const struct asked *asked = r->resources.at;
    int32_t n = r->resources.n > 0 ? r->resources.n : 0;
    struct described *results = ARENA_ARRAY(c->arena, struct described, n ? (size_t)n : 1);
    for (int32_t i = 0; i < n; i++)
        describe_one(c, &asked[i], r->synonyms, &results[i]);
    return kafka_answer(c, &(struct response){ .results = { results, n } });
}

/* ---- AlterConfigs, IncrementalAlterConfigs ---- */

enum operation { SET = 0, DELETE = 1, APPEND = 2, SUBTRACT = 3 };

struct change {
    struct str name;
    int8_t operation;
    struct str value;
};
struct altered {
    int8_t type;
    struct str name;
    struct kafka_array changes;
};
struct alter_request {
    struct kafka_array resources;
    bool validate_only;
};
struct result {
    int16_t error;
    struct str message;
    int8_t type;
    struct str name;
};

static const struct kafka_field change_fields[] = {
    KAFKA(struct change, STRING, name),
    KAFKA(struct change, STRING, value),
}, incremental_change_fields[] = {
    KAFKA(struct change, STRING, name),
    KAFKA(struct change, INT8, operation),
    KAFKA(struct change, STRING, value),
};
static const struct kafka_schema change_schema = KAFKA_SCHEMA(struct change, change_fields);
static const struct kafka_schema incremental_change_schema = KAFKA_SCHEMA(struct change, incremental_change_fields);
#define ALTERED_FIELDS(of_) \
    { KAFKA(struct altered, INT8, type), KAFKA(struct altered, STRING, name), KAFKA(struct altered, ARRAY, changes, .of = &(of_)) }
#define ALTER_FIELDS(of_) \
    { KAFKA(struct alter_request, ARRAY, resources, .of = &(of_)), KAFKA(struct alter_request, BOOL, validate_only) }
static const struct kafka_field altered_fields[] = ALTERED_FIELDS(change_schema);
static const struct kafka_field incremental_fields[] = ALTERED_FIELDS(incremental_change_schema);
static const struct kafka_schema altered_schema = KAFKA_SCHEMA(struct altered, altered_fields);
static const struct kafka_schema incremental_schema = KAFKA_SCHEMA(struct altered, incremental_fields);
static const struct kafka_field alter_fields[] = ALTER_FIELDS(altered_schema);
static const struct kafka_field incremental_alter_fields[] = ALTER_FIELDS(incremental_schema);
static const struct kafka_field result_fields[] = {
    KAFKA(struct result, INT16, error),
    KAFKA(struct result, STRING, message, .nullable = KAFKA_NULL(0)),
    KAFKA(struct result, INT8, type),
    KAFKA(struct result, STRING, name),
};
static const struct kafka_schema result_schema = KAFKA_SCHEMA(struct result, result_fields);
static const struct kafka_field result_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms),
    KAFKA(struct response, ARRAY, results, .of = &result_schema),
};
const struct kafka_schema kafka_alter_configs_request = KAFKA_SCHEMA(struct alter_request, alter_fields);
const struct kafka_schema kafka_alter_configs_response = KAFKA_SCHEMA(struct response, result_response_fields);
const struct kafka_schema kafka_incremental_alter_configs_request = KAFKA_SCHEMA(struct alter_request, incremental_alter_fields);
const struct kafka_schema kafka_incremental_alter_configs_response = KAFKA_SCHEMA(struct response, result_response_fields);

static int check_changes(struct call *c, const struct altered *a, struct str *ret_message)
{
    const struct change *changes = a->changes.at;
    for (int32_t i = 0; i < a->changes.n; i++) {
        const char *why;
        bool removes = changes[i].operation == DELETE;
        if (changes[i].operation != SET && !removes) {
            *ret_message = S("appending to and subtracting from lists is not implemented here");
            return KAFKA_INVALID_REQUEST;
        }
        if (kafka_configs_check(changes[i].name, removes ? (struct str){ 0 } : changes[i].value, &why)) {
            *ret_message = arena_f(c->arena, "%s " STR_F, why, STR_A(str_head(changes[i].name, 200)));
            return KAFKA_INVALID_CONFIG;
        }
    }
    return KAFKA_NONE;
}

static void make_changes(struct call *c, const struct altered *a, struct plog *log, bool incremental)
{
    const struct change *changes = a->changes.at;
    struct kafka_topic *t = kafka_topics_lock(c->state, log);
    for (size_t i = 0; i < N_TOPIC_ROWS && !incremental; i++) /* AlterConfigs sets all: what it does not name is back to its default */
        kafka_configs_set(t, str_of(topic_rows[i].name), (struct str){ 0 });
    for (int32_t i = 0; i < a->changes.n; i++)
        kafka_configs_set(t, changes[i].name, changes[i].operation == DELETE ? (struct str){ 0 } : changes[i].value);
    kafka_topics_unlock(c->state);
}

static int alter(struct call *c, bool incremental)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct alter_request *r = q->args;
    const struct altered *a = r->resources.at;
    int32_t n = r->resources.n > 0 ? r->resources.n : 0;
    struct result *results = ARENA_ARRAY(c->arena, struct result, n ? (size_t)n : 1);
    for (int32_t i = 0; i < n; i++) {
        int error = q->refused;
        struct plog *log = NULL;
        results[i] = (struct result){ .type = a[i].type, .name = a[i].name };
        if (!error && a[i].type != TOPIC) {
            error = KAFKA_INVALID_REQUEST;
            results[i].message = S("only settings of topics can be changed here");
        }
        if (!error)
            log = kafka_topics_find(c->state, a[i].name, false, &error);
        if (!error)
            error = check_changes(c, &a[i], &results[i].message);
        if (!error && !r->validate_only)
            make_changes(c, &a[i], log, incremental);
        results[i].error = (int16_t)error;
    }
    return kafka_answer(c, &(struct response){ .results = { results, n } });
}

int kafka_configs_alter(struct call *c) { return alter(c, false); }
int kafka_configs_alter_incremental(struct call *c) { return alter(c, true); }
