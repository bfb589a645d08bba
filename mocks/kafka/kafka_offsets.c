/* kafka_offsets.c - where a log begins, ends and stands at a time: ListOffsets, OffsetForLeaderEpoch; and DeleteRecords. */
#include "mocks/kafka/kafka_broker.h"

/* What the three have in common: topics with partitions, each asked of one partition's log. */
static int find_partition(struct call *c, struct plog *log, int missing, int32_t index)
{
    int refused = kafka_request_of(c)->refused;
    if (refused || !log)
        return refused ? refused : missing;
    return index < 0 || (unsigned)index >= plog_partitions(log) ? KAFKA_UNKNOWN_TOPIC_OR_PARTITION : KAFKA_NONE;
}

struct topic { /* of every request and answer here */
    struct str name;
    struct kafka_array parts;
};
static size_t at_least_one(const struct kafka_array *a) { return a->n > 0 ? (size_t)a->n : 1; }

#define TOPIC_SCHEMA(stem, of_)                                                                          \
    static const struct kafka_field stem##_fields[] = {                                                  \
        KAFKA(struct topic, STRING, name), KAFKA(struct topic, ARRAY, parts, .of = &(of_)),              \
    };                                                                                                   \
    static const struct kafka_schema stem##_schema = KAFKA_SCHEMA(struct topic, stem##_fields)

/* ---- ListOffsets ---- */

enum { LATEST = -1, EARLIEST = -2 };

struct wanted {
    int32_t index, leader_epoch;
    int64_t time_ms;
    int32_t most;
};
struct list_request {
    int32_t replica;
    int8_t isolation;
    struct kafka_array topics;
};
struct listed {
    int32_t index;
    int16_t error;
    struct kafka_array offsets;
    int64_t time_ms, offset;
    int32_t leader_epoch;
};
struct list_response {
    int32_t throttle_ms;
    struct kafka_array topics;
};

static const struct kafka_field wanted_fields[] = {
    KAFKA(struct wanted, INT32, index),
    KAFKA(struct wanted, INT32, leader_epoch, .since = 4, .otherwise = -1),
    KAFKA(struct wanted, INT64, time_ms),
    KAFKA(struct wanted, INT32, most, .before = 1),
};
static const struct kafka_schema wanted_schema = KAFKA_SCHEMA(struct wanted, wanted_fields);
TOPIC_SCHEMA(wanted_topic, wanted_schema);
static const struct kafka_field list_request_fields[] = {
    KAFKA(struct list_request, INT32, replica),
    KAFKA(struct list_request, INT8, isolation, .since = 2),
    KAFKA(struct list_request, ARRAY, topics, .of = &wanted_topic_schema),
};
static const struct kafka_field listed_fields[] = {
    KAFKA(struct listed, INT32, index),
    KAFKA(struct listed, INT16, error),
    KAFKA(struct listed, ARRAY, offsets, .of = &kafka_codec_int64, .before = 1),
    KAFKA(struct listed, INT64, time_ms, .since = 1),
    KAFKA(struct listed, INT64, offset, .since = 1),
    KAFKA(struct listed, INT32, leader_epoch, .since = 4),
};
static const struct kafka_schema listed_schema = KAFKA_SCHEMA(struct listed, listed_fields);
TOPIC_SCHEMA(listed_topic, listed_schema);
static const struct kafka_field list_response_fields[] = {
    KAFKA(struct list_response, INT32, throttle_ms, .since = 2),
    KAFKA(struct list_response, ARRAY, topics, .of = &listed_topic_schema),
};
const struct kafka_schema kafka_list_offsets_request = KAFKA_SCHEMA(struct list_request, list_request_fields);
const struct kafka_schema kafka_list_offsets_response = KAFKA_SCHEMA(struct list_response, list_response_fields);

static bool note_time(void *arg, const struct plog_record *r)
{
    *(int64_t *)arg = r->time_ms;
    return false;
}

static void list_one(struct call *c, struct plog *log, const struct wanted *w, struct listed *ret)
{
    unsigned i = (unsigned)w->index;
    int64_t *old_style = ARENA_NEW(c->arena, int64_t);
    if (w->time_ms == LATEST) {
        ret->offset = plog_end(log, i);
    } else if (w->time_ms == EARLIEST) {
        ret->offset = plog_begin(log, i);
    } else {
        int64_t found = plog_seek_time(log, i, w->time_ms);
        if (found < plog_end(log, i)) {
            ret->offset = found;
            plog_read(log, i, found, note_time, &ret->time_ms);
        }
    }
    ret->leader_epoch = ret->offset >= 0 ? 0 : -1;
    *old_style = ret->offset;
    ret->offsets = (struct kafka_array){ old_style, ret->offset >= 0 && w->most > 0 };
}

int kafka_offsets_list(struct call *c)
{
    const struct list_request *r = kafka_request_of(c)->args;
    const struct topic *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(&r->topics));
    for (int32_t i = 0; i < r->topics.n; i++) {
        const struct wanted *w = asked[i].parts.at;
        struct listed *l = ARENA_ARRAY(c->arena, struct listed, at_least_one(&asked[i].parts));
        int missing;
        struct plog *log = kafka_topics_find(c->state, asked[i].name, false, &missing);
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            l[k] = (struct listed){ .index = w[k].index, .time_ms = -1, .offset = -1, .leader_epoch = -1 };
            l[k].error = (int16_t)find_partition(c, log, missing, w[k].index);
            if (!l[k].error)
                list_one(c, log, &w[k], &l[k]);
        }
        topics[i] = (struct topic){ asked[i].name, { l, asked[i].parts.n } };
    }
    return kafka_answer(c, &(struct list_response){ .topics = { topics, r->topics.n } });
}

/* ---- OffsetForLeaderEpoch: there has been one leader, in epoch 0 ---- */

struct epoch {
    int32_t index, current, epoch;
};
struct epoch_request {
    int32_t replica;
    struct kafka_array topics;
};
struct epoch_end {
    int16_t error;
    int32_t index, epoch;
    int64_t end;
};

static const struct kafka_field epoch_fields[] = {
    KAFKA(struct epoch, INT32, index),
    KAFKA(struct epoch, INT32, current, .since = 2, .otherwise = -1),
    KAFKA(struct epoch, INT32, epoch),
};
static const struct kafka_schema epoch_schema = KAFKA_SCHEMA(struct epoch, epoch_fields);
TOPIC_SCHEMA(epoch_topic, epoch_schema);
static const struct kafka_field epoch_request_fields[] = {
    KAFKA(struct epoch_request, INT32, replica, .since = 3),
    KAFKA(struct epoch_request, ARRAY, topics, .of = &epoch_topic_schema),
};
static const struct kafka_field epoch_end_fields[] = {
    KAFKA(struct epoch_end, INT16, error),
    KAFKA(struct epoch_end, INT32, index),
    KAFKA(struct epoch_end, INT32, epoch, .since = 1),
    KAFKA(struct epoch_end, INT64, end),
};
static const struct kafka_schema epoch_end_schema = KAFKA_SCHEMA(struct epoch_end, epoch_end_fields);
TOPIC_SCHEMA(epoch_end_topic, epoch_end_schema);
static const struct kafka_field epoch_response_fields[] = {
    KAFKA(struct list_response, INT32, throttle_ms, .since = 2),
    KAFKA(struct list_response, ARRAY, topics, .of = &epoch_end_topic_schema),
};
const struct kafka_schema kafka_offset_for_leader_epoch_request = KAFKA_SCHEMA(struct epoch_request, epoch_request_fields);
const struct kafka_schema kafka_offset_for_leader_epoch_response = KAFKA_SCHEMA(struct list_response, epoch_response_fields);

int kafka_offsets_for_leader_epoch(struct call *c)
{
    const struct epoch_request *r = kafka_request_of(c)->args;
    const struct topic *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(&r->topics));
    for (int32_t i = 0; i < r->topics.n; i++) {
        const struct epoch *p = asked[i].parts.at;
        struct epoch_end *ends = ARENA_ARRAY(c->arena, struct epoch_end, at_least_one(&asked[i].parts));
        int missing;
        struct plog *log = kafka_topics_find(c->state, asked[i].name, false, &missing);
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            int error = find_partition(c, log, missing, p[k].index);
            if (!error && p[k].current > 0)
                error = KAFKA_UNKNOWN_LEADER_EPOCH;
            bool known = !error && p[k].epoch == 0;
            ends[k] = (struct epoch_end){ (int16_t)error, p[k].index, known ? 0 : -1, known ? plog_end(log, (unsigned)p[k].index) : -1 };
        }
        topics[i] = (struct topic){ asked[i].name, { ends, asked[i].parts.n } };
    }
    return kafka_answer(c, &(struct list_response){ .topics = { topics, r->topics.n } });
}

/* ---- DeleteRecords ---- */

struct cut {
    int32_t index;
    int64_t offset;
};
struct delete_request {
    struct kafka_array topics;
    int32_t timeout_ms;
};
struct deleted {
    int32_t index;
    int64_t low;
    int16_t error;
};

static const struct kafka_field cut_fields[] = {
    KAFKA(struct cut, INT32, index),
    KAFKA(struct cut, INT64, offset),
};
static const struct kafka_schema cut_schema = KAFKA_SCHEMA(struct cut, cut_fields);
TOPIC_SCHEMA(cut_topic, cut_schema);
static const struct kafka_field delete_request_fields[] = {
    KAFKA(struct delete_request, ARRAY, topics, .of = &cut_topic_schema),
    KAFKA(struct delete_request, INT32, timeout_ms),
};
static const struct kafka_field deleted_fields[] = {
    KAFKA(struct deleted, INT32, index),
    KAFKA(struct deleted, INT64, low),
    KAFKA(struct deleted, INT16, error),
};
static const struct kafka_schema deleted_schema = KAFKA_SCHEMA(struct deleted, deleted_fields);
TOPIC_SCHEMA(deleted_topic, deleted_schema);
static const struct kafka_field delete_response_fields[] = {
    KAFKA(struct list_response, INT32, throttle_ms),
    KAFKA(struct list_response, ARRAY, topics, .of = &deleted_topic_schema),
};
const struct kafka_schema kafka_delete_records_request = KAFKA_SCHEMA(struct delete_request, delete_request_fields);
const struct kafka_schema kafka_delete_records_response = KAFKA_SCHEMA(struct list_response, delete_response_fields);

/* Offset -1 is the end. */
static int cut(struct plog *log, const struct cut *p, int64_t *ret_low)
{
    unsigned i = (unsigned)p->index;
    int64_t offset = p->offset == -1 ? plog_end(log, i) : p->offset;
    if (offset < 0 || offset > plog_end(log, i))
        return KAFKA_OFFSET_OUT_OF_RANGE;
    plog_trim(log, i, offset);
    *ret_low = plog_begin(log, i);
    return KAFKA_NONE;
}

int kafka_offsets_delete_records(struct call *c)
{
    const struct delete_request *r = kafka_request_of(c)->args;
    const struct topic *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(&r->topics));
    for (int32_t i = 0; i < r->topics.n; i++) {
        const struct cut *p = asked[i].parts.at;
        struct deleted *d = ARENA_ARRAY(c->arena, struct deleted, at_least_one(&asked[i].parts));
        int missing;
        struct plog *log = kafka_topics_find(c->state, asked[i].name, false, &missing);
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            d[k] = (struct deleted){ p[k].index, -1, (int16_t)find_partition(c, log, missing, p[k].index) };
            if (!d[k].error)
                d[k].error = (int16_t)cut(log, &p[k], &d[k].low);
        }
        topics[i] = (struct topic){ asked[i].name, { d, asked[i].parts.n } };
    }
    return kafka_answer(c, &(struct list_response){ .topics = { topics, r->topics.n } });
}
