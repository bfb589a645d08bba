/* kafka_admin.c - topics created, grown and deleted. */
#include "mocks/kafka/kafka_broker.h"

static size_t at_least_one(const struct kafka_array *a) { return a->n > 0 ? (size_t)a->n : 1; }

/* ---- CreateTopics ---- */

struct assignment {
    int32_t index;
    struct kafka_array brokers;
};
struct setting {
    struct str name, value;
};
struct wish {
    struct str name;
    int32_t partitions;
    int16_t replicas;
    struct kafka_array assignments, settings;
};
struct create_request {
    struct kafka_array topics;
    int32_t timeout_ms;
    bool validate_only;
};
struct told_setting {
    struct str name, value;
    bool read_only;
    int8_t source;
    bool sensitive;
};
struct created {
    struct str name;
    uint8_t id[16];
    int16_t error;
    struct str message;
    int32_t partitions;
    int16_t replicas;
    struct kafka_array settings;
};
struct response { /* of all three */
    int32_t throttle_ms;
    struct kafka_array topics;
};

static const struct kafka_field assignment_fields[] = {
    KAFKA(struct assignment, INT32, index),
    KAFKA(struct assignment, ARRAY, brokers, .of = &kafka_codec_int32),
};
static const struct kafka_schema assignment_schema = KAFKA_SCHEMA(struct assignment, assignment_fields);
static const struct kafka_field setting_fields[] = {
    KAFKA(struct setting, STRING, name),
    KAFKA(struct setting, STRING, value),
};
static const struct kafka_schema setting_schema = KAFKA_SCHEMA(struct setting, setting_fields);
static const struct kafka_field wish_fields[] = {
    KAFKA(struct wish, STRING, name),
    KAFKA(struct wish, INT32, partitions),
    KAFKA(struct wish, INT16, replicas),
    KAFKA(struct wish, ARRAY, assignments, .of = &assignment_schema),
    KAFKA(struct wish, ARRAY, settings, .of = &setting_schema),
};
static const struct kafka_schema wish_schema = KAFKA_SCHEMA(struct wish, wish_fields);
static const struct kafka_field create_fields[] = {
    KAFKA(struct create_request, ARRAY, topics, .of = &wish_schema),
    KAFKA(struct create_request, INT32, timeout_ms),
    KAFKA(struct create_request, BOOL, validate_only, .since = 1),
};
static const struct kafka_field told_fields[] = {
    KAFKA(struct told_setting, STRING, name),
    KAFKA(struct told_setting, STRING, value, .nullable = KAFKA_NULL(5)),
    KAFKA(struct told_setting, BOOL, read_only),
    KAFKA(struct told_setting, INT8, source),
    KAFKA(struct told_setting, BOOL, sensitive),
};
static const struct kafka_schema told_schema = KAFKA_SCHEMA(struct told_setting, told_fields);
static const struct kafka_field created_fields[] = {
    KAFKA(struct created, STRING, name),
    KAFKA(struct created, UUID, id, .since = 7),
    KAFKA(struct created, INT16, error),
    KAFKA(struct created, STRING, message, .since = 1, .nullable = KAFKA_NULL(0)),
    KAFKA(struct created, INT32, partitions, .since = 5),
    KAFKA(struct created, INT16, replicas, .since = 5),
    KAFKA(struct created, ARRAY, settings, .of = &told_schema, .since = 5, .nullable = KAFKA_NULL(5)),
};
static const struct kafka_schema created_schema = KAFKA_SCHEMA(struct created, created_fields);
static const struct kafka_field create_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 2),
    KAFKA(struct response, ARRAY, topics, .of = &created_schema),
};
const struct kafka_schema kafka_create_topics_request = KAFKA_SCHEMA(struct create_request, create_fields);
const struct kafka_schema kafka_create_topics_response = KAFKA_SCHEMA(struct response, create_response_fields);

static int refuse(struct created *ret, int error, struct str message)
{
    ret->message = message;
    return error;
}

static int check_settings(struct call *c, const struct wish *w, struct created *ret)
{
    const struct setting *s = w->settings.at;
    for (int32_t i = 0; i < w->settings.n; i++) {
        const char *why;
        if (kafka_configs_check(s[i].name, s[i].value, &why))
            return refuse(ret, KAFKA_INVALID_CONFIG, arena_f(c->arena, "%s " STR_F, why, STR_A(str_head(s[i].name, 200))));
    }
    return KAFKA_NONE;
}

/* An assignment of replicas says how many partitions and replicas there are. */
static int check_assignments(struct call *c, const struct wish *w, struct created *ret)
{
    const struct assignment *a = w->assignments.at;
    ret->partitions = w->assignments.n;
    ret->replicas = (int16_t)a[0].brokers.n;
    for (int32_t i = 0; i < w->assignments.n; i++) {
        const int32_t *brokers = a[i].brokers.at;
        for (int32_t k = 0; k < a[i].brokers.n; k++)
            if (brokers[k] < 1 || brokers[k] > KAFKA_BROKERS)
                return refuse(ret, KAFKA_INVALID_REPLICA_ASSIGNMENT, arena_f(c->arena, "Unknown broker(s) in replica assignment: %d.", brokers[k]));
    }
    return KAFKA_NONE;
}

/* Partitions and replicas as they will be, or why not. */
static int check_wish(struct call *c, const struct wish *w, struct created *ret)
{
    const struct kafka_state *s = c->state;
    ret->partitions = w->partitions == -1 ? (int32_t)s->default_partitions : w->partitions;
    ret->replicas = w->replicas == -1 ? 1 : w->replicas;
    if (!kafka_topics_name_valid(w->name))
        return refuse(ret, KAFKA_INVALID_TOPIC_EXCEPTION, S("Topic name is invalid: at most 249 letters, digits, '.', '_' and '-', and neither . nor .."));
    if (plog_set_find(cloud_topics(c->cloud), w->name))
        return refuse(ret, KAFKA_TOPIC_ALREADY_EXISTS, arena_f(c->arena, "Topic '" STR_F "' already exists.", STR_A(w->name)));
    if (w->assignments.n > 0) {
        int error = check_assignments(c, w, ret);
        if (error)
            return error;
    }
    if (ret->partitions < 1 || ret->partitions > KAFKA_MAX_PARTITIONS)
        return refuse(ret, KAFKA_INVALID_PARTITIONS, ret->partitions < 1 ? S("Number of partitions must be larger than 0.")
                                                                         : S("More partitions than this broker keeps."));
    if (ret->replicas < 1)
        return refuse(ret, KAFKA_INVALID_REPLICATION_FACTOR, S("Replication factor must be larger than 0."));
    if (ret->replicas > KAFKA_BROKERS)
        return refuse(ret, KAFKA_INVALID_REPLICATION_FACTOR,
                      arena_f(c->arena, "Replication factor: %d larger than available brokers: %d.", ret->replicas, KAFKA_BROKERS));
    return check_settings(c, w, ret);
}

static int create(struct call *c, const struct wish *w, struct created *ret)
{
    struct err e;
    const struct setting *s = w->settings.at;
    struct plog *log = plog_set_create(cloud_topics(c->cloud), w->name, (unsigned)ret->partitions, &e);
    if (!log)
        return refuse(ret, KAFKA_TOPIC_ALREADY_EXISTS, arena_f(c->arena, "Topic '" STR_F "' already exists.", STR_A(w->name)));
    struct kafka_topic *t = kafka_topics_lock(c->state, log);
    t->replicas = ret->replicas;
    for (int32_t i = 0; i < w->settings.n; i++)
        kafka_configs_set(t, s[i].name, s[i].value);
    memcpy(ret->id, t->id, sizeof ret->id);
    kafka_topics_unlock(c->state);
    return KAFKA_NONE;
}

int kafka_admin_create_topics(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct create_request *r = q->args;
    const struct wish *w = r->topics.at;
    struct created *topics = ARENA_ARRAY(c->arena, struct created, at_least_one(&r->topics));
    for (int32_t i = 0; i < r->topics.n; i++) {
        topics[i] = (struct created){ .name = w[i].name };
        int error = q->refused ? q->refused : check_wish(c, &w[i], &topics[i]);
        if (!error && !r->validate_only)
            error = create(c, &w[i], &topics[i]);
        if (error) {
            topics[i].partitions = topics[i].replicas = -1;
            topics[i].settings.n = -1;
            if (!q->refused)
                call_reason(c, "%s: " STR_F, kafka_error_name(error), STR_A(topics[i].message));
        }
        topics[i].error = (int16_t)error;
    }
    return kafka_answer(c, &(struct response){ .topics = { topics, r->topics.n } });
}

/* ---- DeleteTopics ---- */

struct delete_one {
    struct str name;
    uint8_t id[16];
};
struct delete_request {
    struct kafka_array topics, names;
    int32_t timeout_ms;
};
struct deleted {
    struct str name;
    uint8_t id[16];
    int16_t error;
    struct str message;
};

static const struct kafka_field delete_one_fields[] = {
    KAFKA(struct delete_one, STRING, name),
    KAFKA(struct delete_one, UUID, id),
};
static const struct kafka_schema delete_one_schema = KAFKA_SCHEMA(struct delete_one, delete_one_fields);
static const struct kafka_field delete_fields[] = {
    KAFKA(struct delete_request, ARRAY, topics, .of = &delete_one_schema, .since = 6),
    KAFKA(struct delete_request, ARRAY, names, .of = &kafka_codec_string, .before = 6),
    KAFKA(struct delete_request, INT32, timeout_ms),
};
static const struct kafka_field deleted_fields[] = {
    KAFKA(struct deleted, STRING, name, .nullable = KAFKA_NULL(6)),
    KAFKA(struct deleted, UUID, id, .since = 6),
    KAFKA(struct deleted, INT16, error),
    KAFKA(struct deleted, STRING, message, .since = 5, .nullable = KAFKA_NULL(5)),
};
static const struct kafka_schema deleted_schema = KAFKA_SCHEMA(struct deleted, deleted_fields);
static const struct kafka_field delete_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
    KAFKA(struct response, ARRAY, topics, .of = &deleted_schema),
};
const struct kafka_schema kafka_delete_topics_request = KAFKA_SCHEMA(struct delete_request, delete_fields);
const struct kafka_schema kafka_delete_topics_response = KAFKA_SCHEMA(struct response, delete_response_fields);

static int delete(struct call *c, struct deleted *ret)
{
    struct kafka_state *s = c->state;
    const struct plog *log = ret->name.p ? NULL : kafka_topics_find_by_id(s, ret->id);
    if (log)
        ret->name = str_of(plog_name(log));
    if (!ret->name.p || !plog_set_remove(cloud_topics(c->cloud), ret->name))
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    kafka_topics_forget(s, ret->name);
    kafka_groups_forget_topic(s->groups, ret->name);
    return KAFKA_NONE;
}

int kafka_admin_delete_topics(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct delete_request *r = q->args;
    bool by_id = q->version >= 6;
    const struct kafka_array *list = by_id ? &r->topics : &r->names;
    struct deleted *topics = ARENA_ARRAY(c->arena, struct deleted, at_least_one(list));
    for (int32_t i = 0; i < list->n; i++) {
        const struct delete_one *one = by_id ? (const struct delete_one *)list->at + i : NULL;
        topics[i].name = one ? one->name : ((const struct str *)list->at)[i];
        if (one)
            memcpy(topics[i].id, one->id, sizeof topics[i].id);
        topics[i].error = (int16_t)(q->refused ? q->refused : delete(c, &topics[i]));
    }
    return kafka_answer(c, &(struct response){ .topics = { topics, list->n } });
}

/* ---- CreatePartitions ---- */

struct new_assignment {
    struct kafka_array brokers;
};
struct grow {
    struct str name;
    int32_t count;
    struct kafka_array assignments;
};
struct grow_request {
    struct kafka_array topics;
    int32_t timeout_ms;
    bool validate_only;
};
struct grown {
    struct str name;
    int16_t error;
    struct str message;
};

static const struct kafka_field new_assignment_fields[] = { KAFKA(struct new_assignment, ARRAY, brokers, .of = &kafka_codec_int32) };
static const struct kafka_schema new_assignment_schema = KAFKA_SCHEMA(struct new_assignment, new_assignment_fields);
static const struct kafka_field grow_fields[] = {
    KAFKA(struct grow, STRING, name),
    KAFKA(struct grow, INT32, count),
    KAFKA(struct grow, ARRAY, assignments, .of = &new_assignment_schema),
};
static const struct kafka_schema grow_schema = KAFKA_SCHEMA(struct grow, grow_fields);
static const struct kafka_field grow_request_fields[] = {
    KAFKA(struct grow_request, ARRAY, topics, .of = &grow_schema),
    KAFKA(struct grow_request, INT32, timeout_ms),
    KAFKA(struct grow_request, BOOL, validate_only),
};
static const struct kafka_field grown_fields[] = {
    KAFKA(struct grown, STRING, name),
    KAFKA(struct grown, INT16, error),
    KAFKA(struct grown, STRING, message, .nullable = KAFKA_NULL(0)),
};
static const struct kafka_schema grown_schema = KAFKA_SCHEMA(struct grown, grown_fields);
static const struct kafka_field grow_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms),
    KAFKA(struct response, ARRAY, topics, .of = &grown_schema),
};
const struct kafka_schema kafka_create_partitions_request = KAFKA_SCHEMA(struct grow_request, grow_request_fields);
const struct kafka_schema kafka_create_partitions_response = KAFKA_SCHEMA(struct response, grow_response_fields);

static int grow(struct call *c, const struct grow *g, bool validate_only, struct str *ret_message)
{
    int error;
    struct plog *log = kafka_topics_find(c->state, g->name, false, &error);
    if (!log)
        return error;
    unsigned n = plog_partitions(log);
    if (g->count <= 0 || (unsigned)g->count <= n || g->count > KAFKA_MAX_PARTITIONS) {
        *ret_message = g->count == (int32_t)n ? arena_f(c->arena, "Topic already has %u partitions.", n)
                       : g->count > KAFKA_MAX_PARTITIONS ? S("More partitions than this broker keeps.")
                       : arena_f(c->arena, "Topic currently has %u partitions, which is higher than the requested %d.", n, g->count);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (!validate_only)
        plog_grow(log, (unsigned)g->count);
    return KAFKA_NONE;
}

int kafka_admin_create_partitions(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct grow_request *r = q->args;
    const struct grow *g = r->topics.at;
    struct grown *topics = ARENA_ARRAY(c->arena, struct grown, at_least_one(&r->topics));
    for (int32_t i = 0; i < r->topics.n; i++) {
        topics[i].name = g[i].name;
        topics[i].error = (int16_t)(q->refused ? q->refused : grow(c, &g[i], r->validate_only, &topics[i].message));
    }
    return kafka_answer(c, &(struct response){ .topics = { topics, r->topics.n } });
}
