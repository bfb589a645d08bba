/* kafka_members.c - JoinGroup and SyncGroup: what members say, into kafka_group.h; their answers may have to wait. */
#include <stdlib.h>

#include "mocks/kafka/kafka_group.h"

enum { LEAST_SESSION_MS = 6000, LONGEST_SESSION_MS = 1800000, MAX_MEMBERS = 10000 };

static struct kafka_groups *groups_of(struct call *c) { return kafka_state_of(c)->groups; }

/* ---- JoinGroup ---- */

struct join_request {
    struct str group;
    int32_t session_ms, rebalance_ms;
    struct str member, instance, type;
    struct kafka_array protocols;
};
struct joined {
    struct str member, instance, metadata;
};
struct join_response {
    int32_t throttle_ms;
    int16_t error;
    int32_t generation;
    struct str type, protocol, leader, member;
    struct kafka_array members;
};

static const struct kafka_field protocol_fields[] = {
    KAFKA(struct kafka_protocol, STRING, name),
    KAFKA(struct kafka_protocol, BYTES, metadata),
};
static const struct kafka_schema protocol_schema = KAFKA_SCHEMA(struct kafka_protocol, protocol_fields);
static const struct kafka_field join_fields[] = {
    KAFKA(struct join_request, STRING, group),
    KAFKA(struct join_request, INT32, session_ms),
    KAFKA(struct join_request, INT32, rebalance_ms, .since = 1, .otherwise = -1),
    KAFKA(struct join_request, STRING, member),
    KAFKA(struct join_request, STRING, instance, .since = 5),
    KAFKA(struct join_request, STRING, type),
    KAFKA(struct join_request, ARRAY, protocols, .of = &protocol_schema),
};
static const struct kafka_field joined_fields[] = {
    KAFKA(struct joined, STRING, member),
    KAFKA(struct joined, STRING, instance, .since = 5, .nullable = KAFKA_NULL(5)),
    KAFKA(struct joined, BYTES, metadata),
};
static const struct kafka_schema joined_schema = KAFKA_SCHEMA(struct joined, joined_fields);
static const struct kafka_field join_response_fields[] = {
    KAFKA(struct join_response, INT32, throttle_ms, .since = 2),
    KAFKA(struct join_response, INT16, error),
    KAFKA(struct join_response, INT32, generation),
    KAFKA(struct join_response, STRING, type, .since = 7, .nullable = KAFKA_NULL(7)),
    KAFKA(struct join_response, STRING, protocol, .nullable = KAFKA_NULL(7)),
    KAFKA(struct join_response, STRING, leader),
    KAFKA(struct join_response, STRING, member),
    KAFKA(struct join_response, ARRAY, members, .of = &joined_schema),
};
const struct kafka_schema kafka_join_group_request = KAFKA_SCHEMA(struct join_request, join_fields);
const struct kafka_schema kafka_join_group_response = KAFKA_SCHEMA(struct join_response, join_response_fields);

static struct str metadata_of(const struct kafka_member *m, struct str protocol)
{
    for (int32_t i = 0; i < m->n_protocols; i++)
        if (str_eq(m->protocols[i].name, protocol))
            return m->protocols[i].metadata;
    return S("");
}

/* The leader is told who the others are. */
static void answer_join(struct kafka_request *q, const struct kafka_group *g, const struct kafka_member *m, int error, const char *leader)
{
    struct join_response answer = { .error = (int16_t)error, .generation = -1, .member = m->id };
    if (!error) {
        answer.generation = g->generation;
        answer.type = str_of(g->type);
        answer.protocol = g->protocol;
        answer.leader = str_of(leader);
    }
    if (!error && str_is(m->id, leader)) {
        struct joined *all = ARENA_ARRAY(q->call->arena, struct joined, (size_t)g->n_members);
        for (int32_t i = 0; i < g->n_members; i++)
            all[i] = (struct joined){ g->members[i]->id, g->members[i]->instance, metadata_of(g->members[i], g->protocol) };
        answer.members = (struct kafka_array){ all, g->n_members };
    }
    kafka_group_say_why(q->call, error);
    kafka_answer(q->call, &answer);
}

void kafka_members_answer_join(struct kafka_request *q, const struct kafka_group *g, const struct kafka_member *m, int error)
{
    answer_join(q, g, m, error, g->leader);
}

static int refuse_join(struct call *c, int error, struct str member)
{
    kafka_group_say_why(c, error);
    return kafka_answer(c, &(struct join_response){ .error = (int16_t)error, .generation = -1, .member = member });
}

static bool wants_the_same(const struct kafka_member *m, const struct join_request *r)
{
    const struct kafka_protocol *p = r->protocols.at;
    bool same = m->n_protocols == r->protocols.n;
    for (int32_t i = 0; i < m->n_protocols && same; i++)
        same = str_eq(m->protocols[i].name, p[i].name) && str_eq(m->protocols[i].metadata, p[i].metadata);
    return same;
}

static void set_member(struct kafka_member *m, struct kafka_request *q)
{
    const struct join_request *r = q->args;
    const struct kafka_protocol *p = r->protocols.at;
    kafka_group_set(&m->client_id, q->client_id);
    kafka_group_set(&m->host, arena_f(q->call->arena, "/%s", tcp_peer(q->session->conn)));
    kafka_group_set(&m->instance, r->instance);
    m->session_ms = r->session_ms;
    m->rebalance_ms = r->rebalance_ms > 0 ? r->rebalance_ms : r->session_ms;
    for (int32_t i = r->protocols.n; i < m->n_protocols; i++) {
        kafka_group_set(&m->protocols[i].name, (struct str){ 0 });
        kafka_group_set(&m->protocols[i].metadata, (struct str){ 0 });
    }
    m->protocols = mem_grow(m->protocols, (size_t)r->protocols.n * sizeof *m->protocols);
    for (int32_t i = 0; i < r->protocols.n; i++) {
        if (i >= m->n_protocols)
            m->protocols[i] = (struct kafka_protocol){ 0 };
        kafka_group_set(&m->protocols[i].name, p[i].name);
        kafka_group_set(&m->protocols[i].metadata, p[i].metadata);
    }
    m->n_protocols = r->protocols.n;
}

static int check_join(const struct join_request *r)
{
    if (!r->group.n)
        return KAFKA_INVALID_GROUP_ID;
    if (r->session_ms < LEAST_SESSION_MS || r->session_ms > LONGEST_SESSION_MS)
        return KAFKA_INVALID_SESSION_TIMEOUT;
    return r->protocols.n < 1 || !r->type.n ? KAFKA_INCONSISTENT_GROUP_PROTOCOL : KAFKA_NONE;
}

/* A member with new wishes, or a new one: the group comes together anew, and the request waits for that. */
static void rejoin(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m, struct kafka_request *q)
{
    const struct join_request *r = q->args;
    struct kafka_request *before = m->joining;
    m->joining = NULL;
    if (before) { /* the client asks once more: the first time is not waited for any longer */
        kafka_members_answer_join(before, g, m, KAFKA_REBALANCE_IN_PROGRESS);
        kafka_group_finish(all, before);
    }
    set_member(m, q);
    free(g->type);
    g->type = mem_dup(r->type);
    m->joining = q;
    if (g->state != KAFKA_GROUP_PREPARING)
        kafka_group_rebalance(all, g);
    kafka_group_try_complete(all, g);
}

static struct str new_id(struct call *c, const struct join_request *r)
{
    struct str uuid = cloud_uuid(c->cloud, c->arena);
    return arena_f(c->arena, STR_F "-" STR_F, STR_A(r->instance.n ? r->instance : kafka_request_of(c)->client_id), STR_A(uuid));
}

/* A static member comes back under a new id (KIP-345); a stable group does not notice. True: answered. */
static bool take_over(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m, struct kafka_request *q)
{
    bool leads = kafka_group_is_leader(g, m), unnoticed = g->state == KAFKA_GROUP_STABLE && wants_the_same(m, q->args);
    char *leader = leads ? mem_dup(m->id) : NULL;
    kafka_group_set(&m->id, new_id(q->call, q->args));
    m->seen_ms = clock_now_ms(all->state->clock);
    if (leads) {
        free(g->leader);
        g->leader = mem_dup(m->id);
    }
    if (unnoticed) /* told the old leader's id, so that it does not assign anew */
        answer_join(q, g, m, KAFKA_NONE, leads ? leader : g->leader);
    else
        rejoin(all, g, m, q);
    free(leader);
    return unnoticed;
}

/* 0: answered; CALL_LATER: it waits; else an error to answer. */
static int join_known(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m, struct kafka_request *q)
{
    bool same = wants_the_same(m, q->args);
    m->seen_ms = clock_now_ms(all->state->clock);
    if (same && (g->state == KAFKA_GROUP_COMPLETING || (g->state == KAFKA_GROUP_STABLE && !kafka_group_is_leader(g, m)))) {
        kafka_members_answer_join(q, g, m, KAFKA_NONE);
        return 0;
    }
    rejoin(all, g, m, q);
    return CALL_LATER;
}

static int join_new(struct kafka_groups *all, struct kafka_group *g, struct kafka_request *q, struct str id)
{
    if (g->n_members >= MAX_MEMBERS)
        return KAFKA_GROUP_MAX_SIZE_REACHED;
    map_remove(&g->pending, id);
    rejoin(all, g, kafka_group_add(all, g, id), q);
    return CALL_LATER;
}

static int join(struct kafka_groups *all, struct kafka_group *g, struct kafka_request *q, struct str *ret_id)
{
    const struct join_request *r = q->args;
    struct kafka_member *m = kafka_group_member(g, r->member), *holder = kafka_group_instance(g, r->instance);
    if (g->n_members && (!str_is(r->type, g->type) || !kafka_group_agrees(g, r->protocols.at, r->protocols.n, m ? m : holder)))
        return KAFKA_INCONSISTENT_GROUP_PROTOCOL;
    if (r->member.n && holder && holder != m)
        return KAFKA_FENCED_INSTANCE_ID;
    if (m)
        return join_known(all, g, m, q);
    if (r->member.n)
        return map_get(&g->pending, r->member) ? join_new(all, g, q, r->member) : KAFKA_UNKNOWN_MEMBER_ID;
    if (holder)
        return take_over(all, g, holder, q) ? 0 : CALL_LATER;
    *ret_id = new_id(q->call, r);
    if (q->version < 4 || r->instance.n)
        return join_new(all, g, q, *ret_id);
    map_put(&g->pending, *ret_id, g);
    return KAFKA_MEMBER_ID_REQUIRED;
}

int kafka_members_join(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct join_request *r = q->args;
    struct str id = r->member;
    int result = q->refused ? q->refused : check_join(r);
    if (result)
        return refuse_join(c, result, id);
    kafka_group_lock(all);
    struct kafka_group *g = all->closing ? NULL : kafka_group_find(all, r->group, r->member.n == 0);
    result = g ? join(all, g, q, &id) : r->member.n ? KAFKA_UNKNOWN_MEMBER_ID : KAFKA_COORDINATOR_NOT_AVAILABLE;
    bool waits = result == CALL_LATER;
    kafka_group_unlock(all);
    return waits ? CALL_LATER : result ? refuse_join(c, result, id) : 0;
}

/* ---- SyncGroup ---- */

struct assignment {
    struct str member, bytes;
};
struct sync_request {
    struct str group;
    int32_t generation;
    struct str member, instance, type, protocol;
    struct kafka_array assignments;
};
struct sync_response {
    int32_t throttle_ms;
    int16_t error;
    struct str type, protocol, assignment;
};

static const struct kafka_field assignment_fields[] = {
    KAFKA(struct assignment, STRING, member),
    KAFKA(struct assignment, BYTES, bytes),
};
static const struct kafka_schema assignment_schema = KAFKA_SCHEMA(struct assignment, assignment_fields);
static const struct kafka_field sync_fields[] = {
    KAFKA(struct sync_request, STRING, group),
    KAFKA(struct sync_request, INT32, generation),
    KAFKA(struct sync_request, STRING, member),
    KAFKA(struct sync_request, STRING, instance, .since = 3),
    KAFKA(struct sync_request, STRING, type, .since = 5),
    KAFKA(struct sync_request, STRING, protocol, .since = 5),
    KAFKA(struct sync_request, ARRAY, assignments, .of = &assignment_schema),
};
static const struct kafka_field sync_response_fields[] = {
    KAFKA(struct sync_response, INT32, throttle_ms, .since = 1),
    KAFKA(struct sync_response, INT16, error),
    KAFKA(struct sync_response, STRING, type, .since = 5, .nullable = KAFKA_NULL(5)),
    KAFKA(struct sync_response, STRING, protocol, .since = 5, .nullable = KAFKA_NULL(5)),
    KAFKA(struct sync_response, BYTES, assignment),
};
const struct kafka_schema kafka_sync_group_request = KAFKA_SCHEMA(struct sync_request, sync_fields);
const struct kafka_schema kafka_sync_group_response = KAFKA_SCHEMA(struct sync_response, sync_response_fields);

void kafka_members_answer_sync(struct kafka_request *q, const struct kafka_group *g, const struct kafka_member *m, int error)
{
    struct sync_response answer = { .error = (int16_t)error };
    if (!error) {
        answer.type = str_of(g->type);
        answer.protocol = g->protocol;
        answer.assignment = m->assignment;
    }
    kafka_group_say_why(q->call, error);
    kafka_answer(q->call, &answer);
}

static void assign(struct kafka_group *g, const struct sync_request *r)
{
    const struct assignment *a = r->assignments.at;
    for (int32_t i = 0; i < r->assignments.n; i++) {
        struct kafka_member *m = kafka_group_member(g, a[i].member);
        if (m)
            kafka_group_set(&m->assignment, a[i].bytes);
    }
}

/* As join. */
static int sync_member(struct kafka_groups *all, struct kafka_group *g, struct kafka_request *q)
{
    const struct sync_request *r = q->args;
    int error;
    struct kafka_member *m = kafka_group_identify(all, g, r->member, r->instance, &error);
    if (!m)
        return error;
    if (r->generation != g->generation)
        return KAFKA_ILLEGAL_GENERATION;
    if ((r->type.p && !str_is(r->type, g->type)) || (r->protocol.p && !str_eq(r->protocol, g->protocol)))
        return KAFKA_INCONSISTENT_GROUP_PROTOCOL;
    if (g->state == KAFKA_GROUP_STABLE) {
        kafka_members_answer_sync(q, g, m, KAFKA_NONE);
        return 0;
    }
    if (g->state != KAFKA_GROUP_COMPLETING || m->syncing)
        return KAFKA_REBALANCE_IN_PROGRESS;
    m->syncing = q;
    if (kafka_group_is_leader(g, m)) {
        assign(g, r);
        kafka_group_assigned(all, g);
    }
    return CALL_LATER;
}

int kafka_members_sync(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct sync_request *r = q->args;
    int result = q->refused;
    if (!result) {
        kafka_group_lock(all);
        struct kafka_group *g = kafka_group_find(all, r->group, false);
        result = all->closing ? KAFKA_COORDINATOR_NOT_AVAILABLE : g ? sync_member(all, g, q) : KAFKA_UNKNOWN_MEMBER_ID;
        bool waits = result == CALL_LATER;
        kafka_group_unlock(all);
        if (waits || !result)
            return waits ? CALL_LATER : 0;
    }
    kafka_group_say_why(c, result);
    return kafka_answer(c, &(struct sync_response){ .error = (int16_t)result });
}
