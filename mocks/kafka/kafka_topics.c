/* kafka_topics.c - what is known of topics beside their logs: id, replicas, settings; Metadata and DescribeCluster. */
#include <stdlib.h>

#include "mocks/kafka/kafka_broker.h"

enum { NOT_ASKED = INT32_MIN }; /* authorized operations that nobody wants to know */

/* ---- what is known ---- */

bool kafka_topics_name_valid(struct str t)
{
    if (!t.n || t.n > 249 || str_is(t, ".") || str_is(t, ".."))
        return false;
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

static void forget_configs(struct kafka_topic *t)
{
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&t->configs, &at));)
        free(m->value);
    map_release(&t->configs);
    t->configs = MAP_INIT;
}

/* Topics are created and removed by the REST proxy too: what is known belongs to the log of that name at the time. */
struct kafka_topic *kafka_topics_lock(struct kafka_state *s, struct plog *log)
{
    struct str name = str_of(plog_name(log));
    pthread_mutex_lock(&s->topics_lock);
    struct kafka_topic *t = map_get(&s->topics, name);
    if (!t)
        map_put(&s->topics, name, t = mem_zero(sizeof *t));
    if (t->log != log) {
        uint64_t id[2] = { cloud_random(s->cloud), cloud_random(s->cloud) };
        forget_configs(t);
        memcpy(t->id, id, sizeof t->id);
        t->log = log;
        t->replicas = 1;
    }
    return t;
}

void kafka_topics_unlock(struct kafka_state *s) { pthread_mutex_unlock(&s->topics_lock); }

void kafka_topics_forget(struct kafka_state *s, struct str name)
{
    pthread_mutex_lock(&s->topics_lock);
    struct kafka_topic *t = map_remove(&s->topics, name);
    pthread_mutex_unlock(&s->topics_lock);
    if (t)
        forget_configs(t);
    free(t);
}

void kafka_topics_reset(struct kafka_state *s)
{
    size_t at = 0;
    pthread_mutex_lock(&s->topics_lock);
    for (struct map_entry *m; (m = map_next(&s->topics, &at));) {
        forget_configs(m->value);
        free(m->value);
    }
    map_release(&s->topics);
    s->topics = MAP_INIT;
    pthread_mutex_unlock(&s->topics_lock);
}

struct plog *kafka_topics_find(struct kafka_state *s, struct str name, bool create, int *ret_error)
{
    struct plog *log = plog_set_find(cloud_topics(s->cloud), name);
    *ret_error = KAFKA_NONE;
    if (log)
        return log;
    if (!kafka_topics_name_valid(name))
        *ret_error = KAFKA_INVALID_TOPIC_EXCEPTION;
    else if (!create || !s->auto_create)
        *ret_error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    else
        return plog_set_ensure(cloud_topics(s->cloud), name, s->default_partitions);
    return NULL;
}

struct plog *kafka_topics_find_by_id(struct kafka_state *s, const uint8_t id[16])
{
    size_t n;
    struct plog **logs = plog_set_list(cloud_topics(s->cloud), &n), *found = NULL;
    for (size_t i = 0; i < n && !found; i++) {
        const struct kafka_topic *t = kafka_topics_lock(s, logs[i]);
        found = memcmp(t->id, id, sizeof t->id) == 0 ? logs[i] : NULL;
        kafka_topics_unlock(s);
    }
    free(logs);
    return found;
}

/* ---- Metadata ---- */

struct asked {
    uint8_t id[16];
    struct str name;
};
struct request {
    struct kafka_array topics;
    bool create, cluster_operations, topic_operations;
};
struct broker {
    int32_t id;
    struct str host;
    int32_t port;
    struct str rack;
};
struct partition {
    int16_t error;
    int32_t index, leader, leader_epoch;
    struct kafka_array replicas, in_sync, offline;
};
struct topic {
    int16_t error;
    struct str name;
    uint8_t id[16];
    bool internal;
    struct kafka_array partitions;
    int32_t operations;
};
struct response {
    int32_t throttle_ms;
    struct kafka_array brokers;
    struct str cluster_id;
    int32_t controller;
    struct kafka_array topics;
    int32_t operations;
};

static const struct kafka_field asked_fields[] = {
    KAFKA(struct asked, UUID, id, .since = 10),
    KAFKA(struct asked, STRING, name),
};
static const struct kafka_schema asked_schema = KAFKA_SCHEMA(struct asked, asked_fields);
static const struct kafka_field request_fields[] = {
    KAFKA(struct request, ARRAY, topics, .of = &asked_schema),
    KAFKA(struct request, BOOL, create, .since = 4, .otherwise = 1),
    KAFKA(struct request, BOOL, cluster_operations, .since = 8, .before = 11),
    KAFKA(struct request, BOOL, topic_operations, .since = 8),
};
static const struct kafka_field broker_fields[] = {
    KAFKA(struct broker, INT32, id),
    KAFKA(struct broker, STRING, host),
    KAFKA(struct broker, INT32, port),
    KAFKA(struct broker, STRING, rack, .since = 1, .nullable = KAFKA_NULL(1)),
};
static const struct kafka_schema broker_schema = KAFKA_SCHEMA(struct broker, broker_fields);
static const struct kafka_field partition_fields[] = {
    KAFKA(struct partition, INT16, error),
    KAFKA(struct partition, INT32, index),
    KAFKA(struct partition, INT32, leader),
    KAFKA(struct partition, INT32, leader_epoch, .since = 7),
    KAFKA(struct partition, ARRAY, replicas, .of = &kafka_codec_int32),
    KAFKA(struct partition, ARRAY, in_sync, .of = &kafka_codec_int32),
    KAFKA(struct partition, ARRAY, offline, .of = &kafka_codec_int32, .since = 5),
};
static const struct kafka_schema partition_schema = KAFKA_SCHEMA(struct partition, partition_fields);
static const struct kafka_field topic_fields[] = {
    KAFKA(struct topic, INT16, error),
    KAFKA(struct topic, STRING, name),
    KAFKA(struct topic, UUID, id, .since = 10),
    KAFKA(struct topic, BOOL, internal, .since = 1),
    KAFKA(struct topic, ARRAY, partitions, .of = &partition_schema),
    KAFKA(struct topic, INT32, operations, .since = 8),
};
static const struct kafka_schema topic_schema = KAFKA_SCHEMA(struct topic, topic_fields);
static const struct kafka_field response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 3),
    KAFKA(struct response, ARRAY, brokers, .of = &broker_schema),
    KAFKA(struct response, STRING, cluster_id, .since = 2, .nullable = KAFKA_NULL(2)),
    KAFKA(struct response, INT32, controller, .since = 1),
    KAFKA(struct response, ARRAY, topics, .of = &topic_schema),
    KAFKA(struct response, INT32, operations, .since = 8, .before = 11),
};
const struct kafka_schema kafka_metadata_request = KAFKA_SCHEMA(struct request, request_fields);
const struct kafka_schema kafka_metadata_response = KAFKA_SCHEMA(struct response, response_fields);

struct str kafka_topics_host(struct call *c, int32_t *ret_port)
{
    const struct kafka_session *s = kafka_request_of(c)->session;
    *ret_port = s->host ? KAFKA_PORT + 2 * (int)s->listener->way : s->listener->port;
    return str_of(s->host ? s->host : s->state->host ? s->state->host : s->address);
}

static struct broker *own_broker(struct call *c)
{
    struct broker *b = ARENA_NEW(c->arena, struct broker);
    b->id = KAFKA_BROKER_ID;
    b->host = kafka_topics_host(c, &b->port);
    return b;
}

static void fill_topic(struct call *c, struct topic *t, struct plog *log)
{
    struct kafka_state *s = c->state;
    unsigned n = plog_partitions(log);
    struct partition *p = ARENA_ARRAY(c->arena, struct partition, n);
    int32_t *replicas = ARENA_ARRAY(c->arena, int32_t, KAFKA_BROKERS), n_replicas;
    const struct kafka_topic *known = kafka_topics_lock(s, log);
    memcpy(t->id, known->id, sizeof t->id);
    n_replicas = known->replicas;
    kafka_topics_unlock(s);
    for (int32_t i = 0; i < KAFKA_BROKERS; i++)
        replicas[i] = KAFKA_BROKER_ID + i;
    for (unsigned i = 0; i < n; i++)
        p[i] = (struct partition){ .index = (int32_t)i, .leader = KAFKA_BROKER_ID, .replicas = { replicas, n_replicas },
                                   .in_sync = { replicas, n_replicas } };
    t->name = str_of(plog_name(log));
    t->partitions = (struct kafka_array){ p, (int32_t)n };
}

static bool has_id(const struct asked *a)
{
    static const uint8_t none[16];
    return memcmp(a->id, none, sizeof none) != 0;
}

static struct kafka_array asked_topics(struct call *c, const struct request *r)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct asked *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, (size_t)r->topics.n);
    for (int32_t i = 0; i < r->topics.n; i++) {
        int error = q->refused;
        struct plog *log = error ? NULL : has_id(&asked[i]) && !asked[i].name.n ? kafka_topics_find_by_id(c->state, asked[i].id)
                           : kafka_topics_find(c->state, asked[i].name, r->create, &error);
        topics[i] = (struct topic){ .error = (int16_t)error, .name = asked[i].name, .operations = NOT_ASKED };
        if (log)
            fill_topic(c, &topics[i], log);
        else if (!error)
            topics[i].error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        if (topics[i].error && !q->refused)
            call_reason(c, "topic '" STR_F "': %s", STR_A(str_head(asked[i].name, 249)), kafka_error_name(topics[i].error));
    }
    return (struct kafka_array){ topics, r->topics.n };
}

static struct kafka_array all_topics(struct call *c)
{
    size_t n;
    struct plog **logs = plog_set_list(cloud_topics(c->cloud), &n);
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        topics[i].operations = NOT_ASKED;
        fill_topic(c, &topics[i], logs[i]);
    }
    free(logs);
    return (struct kafka_array){ topics, (int32_t)n };
}

int kafka_topics_metadata(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct request *r = q->args;
    bool all = r->topics.n < 0 || (r->topics.n == 0 && q->version == 0);
    struct response answer = {
        .brokers = { own_broker(c), 1 }, .cluster_id = str_of(kafka_state_of(c)->cluster_id), .controller = KAFKA_BROKER_ID,
        .operations = NOT_ASKED,
    };
    if (all && !q->refused)
        answer.topics = all_topics(c);
    else if (!all)
        answer.topics = asked_topics(c, r);
    return kafka_answer(c, &answer);
}

/* ---- DescribeCluster ---- */

struct cluster_request {
    bool operations;
};
struct cluster {
    int32_t throttle_ms;
    int16_t error;
    struct str message, cluster_id;
    int32_t controller;
    struct kafka_array brokers;
    int32_t operations;
};

static const struct kafka_field cluster_broker_fields[] = {
    KAFKA(struct broker, INT32, id),
    KAFKA(struct broker, STRING, host),
    KAFKA(struct broker, INT32, port),
    KAFKA(struct broker, STRING, rack, .nullable = KAFKA_NULL(0)),
};
static const struct kafka_schema cluster_broker_schema = KAFKA_SCHEMA(struct broker, cluster_broker_fields);
static const struct kafka_field cluster_request_fields[] = { KAFKA(struct cluster_request, BOOL, operations) };
static const struct kafka_field cluster_fields[] = {
    KAFKA(struct cluster, INT32, throttle_ms),
    KAFKA(struct cluster, INT16, error),
    KAFKA(struct cluster, STRING, message, .nullable = KAFKA_NULL(0)),
    KAFKA(struct cluster, STRING, cluster_id),
    KAFKA(struct cluster, INT32, controller),
    KAFKA(struct cluster, ARRAY, brokers, .of = &cluster_broker_schema),
    KAFKA(struct cluster, INT32, operations),
};
const struct kafka_schema kafka_describe_cluster_request = KAFKA_SCHEMA(struct cluster_request, cluster_request_fields);
const struct kafka_schema kafka_describe_cluster_response = KAFKA_SCHEMA(struct cluster, cluster_fields);

int kafka_topics_describe_cluster(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    return kafka_answer(c, &(struct cluster){ .error = (int16_t)q->refused, .cluster_id = str_of(kafka_state_of(c)->cluster_id),
                                              .controller = KAFKA_BROKER_ID, .brokers = { own_broker(c), 1 }, .operations = NOT_ASKED });
}
