/* kafka_coordinator.c - FindCoordinator, Heartbeat, LeaveGroup: what is answered at once. */
#include "mocks/kafka/kafka_group.h"

static struct kafka_groups *groups_of(struct call *c) { return kafka_state_of(c)->groups; }

/* ---- FindCoordinator ---- */

struct find_request {
    struct str key;
    int8_t type; /* 0 group, 1 transaction */
};
struct find_response {
    int32_t throttle_ms;
    int16_t error;
    struct str message;
    int32_t id;
    struct str host;
    int32_t port;
};

static const struct kafka_field find_fields[] = {
    KAFKA(struct find_request, STRING, key),
    KAFKA(struct find_request, INT8, type, .since = 1),
};
static const struct kafka_field find_response_fields[] = {
    KAFKA(struct find_response, INT32, throttle_ms, .since = 1),
    KAFKA(struct find_response, INT16, error),
    KAFKA(struct find_response, STRING, message, .since = 1, .nullable = KAFKA_NULL(1)),
    KAFKA(struct find_response, INT32, id),
    KAFKA(struct find_response, STRING, host),
    KAFKA(struct find_response, INT32, port),
};
const struct kafka_schema kafka_find_coordinator_request = KAFKA_SCHEMA(struct find_request, find_fields);
const struct kafka_schema kafka_find_coordinator_response = KAFKA_SCHEMA(struct find_response, find_response_fields);

int kafka_coordinator_find(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct find_request *r = q->args;
    struct find_response answer = { .error = (int16_t)q->refused, .id = -1, .port = -1 };
    if (!answer.error && r->type != 0) {
        answer.error = KAFKA_INVALID_REQUEST;
        answer.message = S("this broker coordinates groups; transactions are not implemented");
        call_reason(c, STR_F, STR_A(answer.message));
    }
    if (!answer.error) {
        answer.id = KAFKA_BROKER_ID;
        answer.host = kafka_topics_host(c, &answer.port);
    }
    return kafka_answer(c, &answer);
}

/* ---- Heartbeat ---- */

struct beat_request {
    struct str group;
    int32_t generation;
    struct str member, instance;
};
struct beat_response {
    int32_t throttle_ms;
    int16_t error;
};

static const struct kafka_field beat_fields[] = {
    KAFKA(struct beat_request, STRING, group),
    KAFKA(struct beat_request, INT32, generation),
    KAFKA(struct beat_request, STRING, member),
    KAFKA(struct beat_request, STRING, instance, .since = 3),
};
static const struct kafka_field beat_response_fields[] = {
    KAFKA(struct beat_response, INT32, throttle_ms, .since = 1),
    KAFKA(struct beat_response, INT16, error),
};
const struct kafka_schema kafka_heartbeat_request = KAFKA_SCHEMA(struct beat_request, beat_fields);
const struct kafka_schema kafka_heartbeat_response = KAFKA_SCHEMA(struct beat_response, beat_response_fields);

int kafka_coordinator_heartbeat(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct beat_request *r = q->args;
    int error = q->refused;
    if (!error) {
        kafka_group_lock(all);
        const struct kafka_group *g = kafka_group_find(all, r->group, false);
        if (kafka_group_identify(all, g, r->member, r->instance, &error))
            error = r->generation != g->generation              ? KAFKA_ILLEGAL_GENERATION
                    : g->state == KAFKA_GROUP_PREPARING ? KAFKA_REBALANCE_IN_PROGRESS
                                                                : KAFKA_NONE;
        kafka_group_unlock(all);
    }
    kafka_group_say_why(c, error);
    return kafka_answer(c, &(struct beat_response){ .error = (int16_t)error });
}

/* ---- LeaveGroup ---- */

struct leaver {
    struct str member, instance;
    int16_t error; /* in the answer */
};
struct leave_request {
    struct str group, member;
    struct kafka_array members;
};
struct leave_response {
    int32_t throttle_ms;
    int16_t error;
    struct kafka_array members;
};

static const struct kafka_field leaver_fields[] = {
    KAFKA(struct leaver, STRING, member),
    KAFKA(struct leaver, STRING, instance),
}, left_fields[] = {
    KAFKA(struct leaver, STRING, member),
    KAFKA(struct leaver, STRING, instance, .nullable = KAFKA_NULL(3)),
    KAFKA(struct leaver, INT16, error),
};
static const struct kafka_schema leaver_schema = KAFKA_SCHEMA(struct leaver, leaver_fields);
static const struct kafka_schema left_schema = KAFKA_SCHEMA(struct leaver, left_fields);
static const struct kafka_field leave_fields[] = {
    KAFKA(struct leave_request, STRING, group),
    KAFKA(struct leave_request, STRING, member, .before = 3),
    KAFKA(struct leave_request, ARRAY, members, .of = &leaver_schema, .since = 3),
};
static const struct kafka_field leave_response_fields[] = {
    KAFKA(struct leave_response, INT32, throttle_ms, .since = 1),
    KAFKA(struct leave_response, INT16, error),
    KAFKA(struct leave_response, ARRAY, members, .of = &left_schema, .since = 3),
};
const struct kafka_schema kafka_leave_group_request = KAFKA_SCHEMA(struct leave_request, leave_fields);
const struct kafka_schema kafka_leave_group_response = KAFKA_SCHEMA(struct leave_response, leave_response_fields);

/* An operator removes a static member by its instance id alone. */
static int leave(struct kafka_groups *all, struct kafka_group *g, struct leaver *l)
{
    int error;
    struct kafka_member *m = !l->member.n && l->instance.n && g ? kafka_group_instance(g, l->instance)
                                                                : kafka_group_identify(all, g, l->member, l->instance, &error);
    if (!m && g && map_remove(&g->pending, l->member))
        return KAFKA_NONE;
    if (!m)
        return l->member.n ? error : KAFKA_UNKNOWN_MEMBER_ID;
    kafka_group_drop(all, g, m);
    return KAFKA_NONE;
}

int kafka_coordinator_leave(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct leave_request *r = q->args;
    struct leaver one = { .member = r->member };
    struct kafka_array who = q->version < 3 ? (struct kafka_array){ &one, 1 } : r->members;
    struct leaver *leavers = who.at;
    kafka_group_lock(all);
    struct kafka_group *g = q->refused ? NULL : kafka_group_find(all, r->group, false);
    for (int32_t i = 0; i < who.n && !q->refused; i++)
        leavers[i].error = (int16_t)leave(all, g, &leavers[i]);
    kafka_group_unlock(all);
    int error = q->refused ? q->refused : q->version < 3 ? one.error : KAFKA_NONE;
    kafka_group_say_why(c, error);
    return kafka_answer(c, &(struct leave_response){ .error = (int16_t)error, .members = who });
}
