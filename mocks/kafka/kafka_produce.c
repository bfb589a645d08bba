/* kafka_produce.c - Produce: batches checked, unpacked, appended; each partition answers for itself. */
#include "mocks/kafka/kafka_batch.h"
#include "mocks/kafka/kafka_broker.h"

struct part {
    int32_t index;
    struct str records;
};
struct asked {
    struct str name;
    struct kafka_array parts;
};
struct request {
    struct str transactional_id;
    int16_t acks;
    int32_t timeout_ms;
    struct kafka_array topics;
};
struct record_error {
    int32_t index;
    struct str message;
};
struct stored {
    int32_t index;
    int16_t error;
    int64_t offset, append_ms, start;
    struct kafka_array record_errors;
    struct str message;
};
struct topic {
    struct str name;
    struct kafka_array parts;
};
struct response {
    struct kafka_array topics;
    int32_t throttle_ms;
};

static const struct kafka_field part_fields[] = {
    KAFKA(struct part, INT32, index),
    KAFKA(struct part, BYTES, records),
};
static const struct kafka_schema part_schema = KAFKA_SCHEMA(struct part, part_fields);
static const struct kafka_field asked_fields[] = {
    KAFKA(struct asked, STRING, name),
    KAFKA(struct asked, ARRAY, parts, .of = &part_schema),
};
static const struct kafka_schema asked_schema = KAFKA_SCHEMA(struct asked, asked_fields);
static const struct kafka_field request_fields[] = {
    KAFKA(struct request, STRING, transactional_id, .since = 3),
    KAFKA(struct request, INT16, acks),
    KAFKA(struct request, INT32, timeout_ms),
    KAFKA(struct request, ARRAY, topics, .of = &asked_schema),
};
static const struct kafka_field record_error_fields[] = {
    KAFKA(struct record_error, INT32, index),
    KAFKA(struct record_error, STRING, message, .nullable = KAFKA_NULL(8)),
};
static const struct kafka_schema record_error_schema = KAFKA_SCHEMA(struct record_error, record_error_fields);
static const struct kafka_field stored_fields[] = {
    KAFKA(struct stored, INT32, index),
    KAFKA(struct stored, INT16, error),
    KAFKA(struct stored, INT64, offset),
    KAFKA(struct stored, INT64, append_ms, .since = 2),
    KAFKA(struct stored, INT64, start, .since = 5),
    KAFKA(struct stored, ARRAY, record_errors, .of = &record_error_schema, .since = 8),
    KAFKA(struct stored, STRING, message, .since = 8, .nullable = KAFKA_NULL(8)),
};
static const struct kafka_schema stored_schema = KAFKA_SCHEMA(struct stored, stored_fields);
static const struct kafka_field topic_fields[] = {
    KAFKA(struct topic, STRING, name),
    KAFKA(struct topic, ARRAY, parts, .of = &stored_schema),
};
static const struct kafka_schema topic_schema = KAFKA_SCHEMA(struct topic, topic_fields);
static const struct kafka_field response_fields[] = {
    KAFKA(struct response, ARRAY, topics, .of = &topic_schema),
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
};
const struct kafka_schema kafka_produce_request = KAFKA_SCHEMA(struct request, request_fields);
const struct kafka_schema kafka_produce_response = KAFKA_SCHEMA(struct response, response_fields);

struct produce {
    struct call *call;
    const struct request *request;
    unsigned entry; /* counts partitions, for FAULT_PARTIAL */
};

static bool keeps_append_time(struct kafka_state *s, struct plog *log, size_t *ret_max_bytes)
{
    const struct kafka_topic *t = kafka_topics_lock(s, log);
    bool append_time = str_is(kafka_configs_value(t, "message.timestamp.type"), "LogAppendTime");
    *ret_max_bytes = (size_t)kafka_configs_number(t, "max.message.bytes");
    kafka_topics_unlock(s);
    return append_time;
}

/* Old clients have no time in their messages, and topics may want the broker's. */
static void set_times(struct kafka_batch *b, bool append_time, int64_t now_ms)
{
    for (size_t i = 0; i < b->n; i++)
        if (append_time || b->records[i].time_ms < 0)
            b->records[i].time_ms = now_ms;
}

static int append(struct produce *p, struct plog *log, const struct part *part, struct kafka_batch *b, struct stored *ret, const char **ret_why)
{
    struct kafka_state *s = p->call->state;
    int64_t now_ms = clock_now_ms(s->clock);
    size_t max_bytes;
    bool append_time = keeps_append_time(s, log, &max_bytes);
    int error = kafka_batch_read(b, part->records, kafka_request_of(p->call)->version >= 3, max_bytes, ret_why);
    if (error)
        return error;
    *ret_why = "transactions are not implemented here";
    if (b->transactional)
        return KAFKA_INVALID_TXN_STATE;
    *ret_why = "control batches are the broker's to write";
    if (b->control)
        return KAFKA_INVALID_RECORD;
    set_times(b, append_time, now_ms);
    *ret_why = NULL;
    if (b->producer_id >= 0)
        error = kafka_producers_append(s->producers, log, (unsigned)part->index, b, &ret->offset);
    else
        ret->offset = plog_append_many(log, (unsigned)part->index, b->records, b->n);
    ret->append_ms = append_time ? now_ms : -1;
    return error;
}

static int store(struct produce *p, struct plog *log, const struct part *part, struct stored *ret)
{
    const struct fault_verdict *fault = &p->call->fault;
    struct kafka_batch b = { 0 };
    const char *why = NULL;
    if (fault->effect == FAULT_PARTIAL && fault->partial && p->entry++ % fault->partial == 0)
        return KAFKA_NOT_LEADER_OR_FOLLOWER;
    if (part->index < 0 || (unsigned)part->index >= plog_partitions(log))
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    int error = append(p, log, part, &b, ret, &why);
    kafka_batch_release(&b);
    if (error && why)
        ret->message = str_of(why);
    ret->start = error ? -1 : plog_begin(log, (unsigned)part->index);
    if (error)
        call_reason(p->call, "%s-%d: %s%s%s", plog_name(log), part->index, kafka_error_name(error), why ? ": " : "", why ? why : "");
    return error;
}

static void store_topic(struct produce *p, const struct asked *asked, struct topic *ret)
{
    struct kafka_request *q = kafka_request_of(p->call);
    const struct request *r = p->request;
    struct stored *stored = ARENA_ARRAY(p->call->arena, struct stored, asked->parts.n > 0 ? (size_t)asked->parts.n : 1);
    const struct part *parts = asked->parts.at;
    int refused = q->refused ? q->refused : r->acks < -1 || r->acks > 1 ? KAFKA_INVALID_REQUIRED_ACKS : KAFKA_NONE, error = 0;
    struct plog *log = refused ? NULL : kafka_topics_find(p->call->state, asked->name, true, &error);
    for (int32_t i = 0; i < asked->parts.n; i++) {
        stored[i] = (struct stored){ .index = parts[i].index, .offset = -1, .append_ms = -1, .start = -1 };
        int result = refused ? refused : log ? store(p, log, &parts[i], &stored[i]) : error;
        stored[i].error = (int16_t)result;
        if (result)
            stored[i].offset = -1;
    }
    if ((refused && !q->refused) || error)
        call_reason(p->call, "'" STR_F "': %s", STR_A(str_head(asked->name, 249)), kafka_error_name(refused ? refused : error));
    *ret = (struct topic){ .name = asked->name, .parts = { stored, asked->parts.n } };
}

/* acks=0: nothing is answered; when something went wrong the connection ends, so that the client asks for metadata anew, as
 * Kafka does. */
int kafka_produce(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct produce p = { .call = c, .request = q->args };
    const struct asked *asked = p.request->topics.at;
    int32_t n = p.request->topics.n;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, n > 0 ? (size_t)n : 1);
    bool failed = q->refused != 0;
    for (int32_t i = 0; i < n; i++) {
        store_topic(&p, &asked[i], &topics[i]);
        const struct stored *stored = topics[i].parts.at;
        for (int32_t k = 0; k < topics[i].parts.n; k++)
            failed |= stored[k].error != 0;
    }
    q->silent = p.request->acks == 0;
    q->close = q->silent && failed;
    return kafka_answer(c, &(struct response){ .topics = { topics, n } });
}
