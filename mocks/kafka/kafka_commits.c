/* kafka_commits.c - what groups have read: OffsetCommit, OffsetFetch, OffsetDelete. */
#include <stdlib.h>

#include "mocks/kafka/kafka_group.h"

enum { MAX_METADATA = 4096 /* offset.metadata.max.bytes */ };

static struct kafka_groups *groups_of(struct call *c) { return kafka_state_of(c)->groups; }
static size_t at_least_one(const struct kafka_array *a) { return a->n > 0 ? (size_t)a->n : 1; }

static struct str commit_key(struct call *c, struct str topic, int32_t partition)
{
    return arena_f(c->arena, "%d/" STR_F, partition, STR_A(topic));
}

struct topic { /* of every request and answer here */
    struct str name;
    struct kafka_array parts;
};
#define TOPIC_SCHEMA(stem, of_)                                                                          \
    static const struct kafka_field stem##_fields[] = {                                                  \
        KAFKA(struct topic, STRING, name), KAFKA(struct topic, ARRAY, parts, .of = &(of_)),              \
    };                                                                                                   \
    static const struct kafka_schema stem##_schema = KAFKA_SCHEMA(struct topic, stem##_fields)

struct result {
    int32_t index;
    int16_t error;
};
static const struct kafka_field result_fields[] = {
    KAFKA(struct result, INT32, index),
    KAFKA(struct result, INT16, error),
};
static const struct kafka_schema result_schema = KAFKA_SCHEMA(struct result, result_fields);
TOPIC_SCHEMA(result_topic, result_schema);

/* ---- OffsetCommit ---- */

struct position {
    int32_t index;
    int64_t offset;
    int32_t leader_epoch;
    int64_t time_ms;
    struct str metadata;
};
struct commit_request {
    struct str group;
    int32_t generation;
    struct str member, instance;
    int64_t retention_ms;
    struct kafka_array topics;
};
struct commit_response {
    int32_t throttle_ms;
    struct kafka_array topics;
};

static const struct kafka_field position_fields[] = {
    KAFKA(struct position, INT32, index),
    KAFKA(struct position, INT64, offset),
    KAFKA(struct position, INT32, leader_epoch, .since = 6, .otherwise = -1),
    KAFKA(struct position, INT64, time_ms, .since = 1, .before = 2),
    KAFKA(struct position, STRING, metadata),
};
static const struct kafka_schema position_schema = KAFKA_SCHEMA(struct position, position_fields);
TOPIC_SCHEMA(position_topic, position_schema);
static const struct kafka_field commit_fields[] = {
    KAFKA(struct commit_request, STRING, group),
    KAFKA(struct commit_request, INT32, generation, .since = 1, .otherwise = -1),
    KAFKA(struct commit_request, STRING, member, .since = 1),
    KAFKA(struct commit_request, STRING, instance, .since = 7),
    KAFKA(struct commit_request, INT64, retention_ms, .since = 2, .before = 5),
    KAFKA(struct commit_request, ARRAY, topics, .of = &position_topic_schema),
};
static const struct kafka_field commit_response_fields[] = {
    KAFKA(struct commit_response, INT32, throttle_ms, .since = 3),
    KAFKA(struct commit_response, ARRAY, topics, .of = &result_topic_schema),
};
const struct kafka_schema kafka_offset_commit_request = KAFKA_SCHEMA(struct commit_request, commit_fields);
const struct kafka_schema kafka_offset_commit_response = KAFKA_SCHEMA(struct commit_response, commit_response_fields);

/* Who is no member commits with generation -1, and only while there are no members. */
static int may_commit(struct kafka_groups *all, const struct kafka_group *g, const struct commit_request *r)
{
    int error;
    if (r->generation < 0 && !r->member.n)
        return g->n_members ? KAFKA_UNKNOWN_MEMBER_ID : KAFKA_NONE;
    if (!kafka_group_identify(all, g, r->member, r->instance, &error))
        return error;
    if (r->generation != g->generation)
        return KAFKA_ILLEGAL_GENERATION;
    return g->state == KAFKA_GROUP_COMPLETING ? KAFKA_REBALANCE_IN_PROGRESS : KAFKA_NONE;
}

static int commit_one(struct call *c, struct kafka_group *g, struct str topic, const struct position *p)
{
    int error;
    const struct plog *log = kafka_topics_find(c->state, topic, false, &error);
    if (!log || p->index < 0 || (unsigned)p->index >= plog_partitions(log))
        return error ? error : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    if (p->metadata.n > MAX_METADATA)
        return KAFKA_OFFSET_METADATA_TOO_LARGE;
    struct str key = commit_key(c, topic, p->index);
    struct kafka_commit *k = map_get(&g->offsets, key);
    if (!k)
        map_put(&g->offsets, key, k = mem_zero(sizeof *k));
    k->offset = p->offset;
    k->leader_epoch = p->leader_epoch;
    k->partition = p->index;
    kafka_group_set(&k->topic, topic);
    kafka_group_set(&k->metadata, p->metadata);
    return KAFKA_NONE;
}

int kafka_commits_commit(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct commit_request *r = q->args;
    const struct topic *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(&r->topics));
    kafka_group_lock(all);
    bool anybody = r->generation < 0 && !r->member.n;
    struct kafka_group *g = q->refused || !r->group.n ? NULL : kafka_group_find(all, r->group, anybody);
    int refused = q->refused ? q->refused : !r->group.n ? KAFKA_INVALID_GROUP_ID : g ? may_commit(all, g, r)
                  : anybody ? KAFKA_COORDINATOR_NOT_AVAILABLE : KAFKA_ILLEGAL_GENERATION;
    for (int32_t i = 0; i < r->topics.n; i++) {
        const struct position *p = asked[i].parts.at;
        struct result *results = ARENA_ARRAY(c->arena, struct result, at_least_one(&asked[i].parts));
        for (int32_t k = 0; k < asked[i].parts.n; k++)
            results[k] = (struct result){ p[k].index, (int16_t)(refused ? refused : commit_one(c, g, asked[i].name, &p[k])) };
        topics[i] = (struct topic){ asked[i].name, { results, asked[i].parts.n } };
    }
    kafka_group_unlock(all);
    if (refused && !q->refused)
        call_reason(c, "%s", kafka_error_name(refused));
    return kafka_answer(c, &(struct commit_response){ .topics = { topics, r->topics.n } });
}

/* ---- OffsetFetch ---- */

struct fetch_request {
    struct str group;
    struct kafka_array topics;
    bool stable;
};
struct committed {
    int32_t index;
    int64_t offset;
    int32_t leader_epoch;
    struct str metadata;
    int16_t error;
};
struct fetch_response {
    int32_t throttle_ms;
    struct kafka_array topics;
    int16_t error;
};

TOPIC_SCHEMA(wanted_topic, kafka_codec_int32);
static const struct kafka_field fetch_fields[] = {
    KAFKA(struct fetch_request, STRING, group),
    KAFKA(struct fetch_request, ARRAY, topics, .of = &wanted_topic_schema),
    KAFKA(struct fetch_request, BOOL, stable, .since = 7),
};
static const struct kafka_field committed_fields[] = {
    KAFKA(struct committed, INT32, index),
    KAFKA(struct committed, INT64, offset),
    KAFKA(struct committed, INT32, leader_epoch, .since = 5),
    KAFKA(struct committed, STRING, metadata, .nullable = KAFKA_NULL(0)),
    KAFKA(struct committed, INT16, error),
};
static const struct kafka_schema committed_schema = KAFKA_SCHEMA(struct committed, committed_fields);
TOPIC_SCHEMA(committed_topic, committed_schema);
static const struct kafka_field fetch_response_fields[] = {
    KAFKA(struct fetch_response, INT32, throttle_ms, .since = 3),
    KAFKA(struct fetch_response, ARRAY, topics, .of = &committed_topic_schema),
    KAFKA(struct fetch_response, INT16, error, .since = 2),
};
const struct kafka_schema kafka_offset_fetch_request = KAFKA_SCHEMA(struct fetch_request, fetch_fields);
const struct kafka_schema kafka_offset_fetch_response = KAFKA_SCHEMA(struct fetch_response, fetch_response_fields);

static struct committed told(struct call *c, const struct kafka_commit *k, int32_t index)
{
    if (!k)
        return (struct committed){ .index = index, .offset = -1, .leader_epoch = -1, .metadata = S("") };
    return (struct committed){ index, k->offset, k->leader_epoch, arena_dup(c->arena, k->metadata), KAFKA_NONE };
}

static struct kafka_array fetch_asked(struct call *c, const struct kafka_group *g, const struct kafka_array *list)
{
    const struct topic *asked = list->at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(list));
    for (int32_t i = 0; i < list->n; i++) {
        const int32_t *p = asked[i].parts.at;
        struct committed *all = ARENA_ARRAY(c->arena, struct committed, at_least_one(&asked[i].parts));
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            all[k] = told(c, g ? map_get(&g->offsets, commit_key(c, asked[i].name, p[k])) : NULL, p[k]);
            all[k].error = (int16_t)kafka_request_of(c)->refused;
        }
        topics[i] = (struct topic){ asked[i].name, { all, asked[i].parts.n } };
    }
    return (struct kafka_array){ topics, list->n };
}

/* Each commit as a topic of its own: clients put them together. */
static struct kafka_array fetch_all(struct call *c, const struct kafka_group *g)
{
    size_t n = g ? g->offsets.n_live : 0, at = 0, i = 0;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, n ? n : 1);
    struct committed *all = ARENA_ARRAY(c->arena, struct committed, n ? n : 1);
    for (struct map_entry *e; g && (e = map_next(&g->offsets, &at)); i++) {
        const struct kafka_commit *k = e->value;
        all[i] = told(c, k, k->partition);
        topics[i] = (struct topic){ arena_dup(c->arena, k->topic), { &all[i], 1 } };
    }
    return (struct kafka_array){ topics, (int32_t)n };
}

int kafka_commits_fetch(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct fetch_request *r = q->args;
    kafka_group_lock(all);
    const struct kafka_group *g = q->refused ? NULL : kafka_group_find(all, r->group, false);
    struct fetch_response answer = { .error = (int16_t)q->refused,
                                     .topics = r->topics.n < 0 ? fetch_all(c, g) : fetch_asked(c, g, &r->topics) };
    kafka_group_unlock(all);
    return kafka_answer(c, &answer);
}

/* ---- OffsetDelete ---- */

struct delete_request {
    struct str group;
    struct kafka_array topics;
};
struct delete_response {
    int16_t error;
    int32_t throttle_ms;
    struct kafka_array topics;
};

TOPIC_SCHEMA(deleted_topic, kafka_codec_int32);
static const struct kafka_field delete_fields[] = {
    KAFKA(struct delete_request, STRING, group),
    KAFKA(struct delete_request, ARRAY, topics, .of = &deleted_topic_schema),
};
static const struct kafka_field delete_response_fields[] = {
    KAFKA(struct delete_response, INT16, error),
    KAFKA(struct delete_response, INT32, throttle_ms),
    KAFKA(struct delete_response, ARRAY, topics, .of = &result_topic_schema),
};
const struct kafka_schema kafka_offset_delete_request = KAFKA_SCHEMA(struct delete_request, delete_fields);
const struct kafka_schema kafka_offset_delete_response = KAFKA_SCHEMA(struct delete_response, delete_response_fields);

/* A group with members might be reading just these: Kafka looks at its subscriptions, here it must have none. */
int kafka_commits_delete(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct delete_request *r = q->args;
    const struct topic *asked = r->topics.at;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, at_least_one(&r->topics));
    kafka_group_lock(all);
    struct kafka_group *g = q->refused ? NULL : kafka_group_find(all, r->group, false);
    int error = q->refused ? q->refused : g ? KAFKA_NONE : KAFKA_GROUP_ID_NOT_FOUND;
    for (int32_t i = 0; i < r->topics.n && !error; i++) {
        const int32_t *p = asked[i].parts.at;
        struct result *results = ARENA_ARRAY(c->arena, struct result, at_least_one(&asked[i].parts));
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            results[k] = (struct result){ p[k], g->n_members ? KAFKA_GROUP_SUBSCRIBED_TO_TOPIC : KAFKA_NONE };
            if (!results[k].error)
                kafka_group_forget_commit(g, commit_key(c, asked[i].name, p[k]));
        }
        topics[i] = (struct topic){ asked[i].name, { results, asked[i].parts.n } };
    }
    kafka_group_unlock(all);
    return kafka_answer(c, &(struct delete_response){ .error = (int16_t)error, .topics = { topics, error ? 0 : r->topics.n } });
}
