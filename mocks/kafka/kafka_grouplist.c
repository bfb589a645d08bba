/* kafka_grouplist.c - DescribeGroups, ListGroups, DeleteGroups. */
#include "mocks/kafka/kafka_group.h"

static struct kafka_groups *groups_of(struct call *c) { return kafka_state_of(c)->groups; }
static size_t at_least_one(const struct kafka_array *a) { return a->n > 0 ? (size_t)a->n : 1; }

struct response { /* of all three */
    int32_t throttle_ms;
    int16_t error;
    struct kafka_array groups;
};

/* ---- DescribeGroups ---- */

struct describe_request {
    struct kafka_array groups;
    bool operations;
};
struct member {
    struct str id, instance, client_id, host, metadata, assignment;
};
struct described {
    int16_t error;
    struct str group, state, type, protocol;
    struct kafka_array members;
    int32_t operations;
};

static const struct kafka_field describe_fields[] = {
    KAFKA(struct describe_request, ARRAY, groups, .of = &kafka_codec_string),
    KAFKA(struct describe_request, BOOL, operations, .since = 3),
};
static const struct kafka_field member_fields[] = {
    KAFKA(struct member, STRING, id),
    KAFKA(struct member, STRING, instance, .since = 4, .nullable = KAFKA_NULL(4)),
    KAFKA(struct member, STRING, client_id),
    KAFKA(struct member, STRING, host),
    KAFKA(struct member, BYTES, metadata),
    KAFKA(struct member, BYTES, assignment),
};
static const struct kafka_schema member_schema = KAFKA_SCHEMA(struct member, member_fields);
static const struct kafka_field described_fields[] = {
    KAFKA(struct described, INT16, error),
    KAFKA(struct described, STRING, group),
    KAFKA(struct described, STRING, state),
    KAFKA(struct described, STRING, type),
    KAFKA(struct described, STRING, protocol),
    KAFKA(struct described, ARRAY, members, .of = &member_schema),
    KAFKA(struct described, INT32, operations, .since = 3),
};
static const struct kafka_schema described_schema = KAFKA_SCHEMA(struct described, described_fields);
static const struct kafka_field described_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
    KAFKA(struct response, ARRAY, groups, .of = &described_schema),
};
const struct kafka_schema kafka_describe_groups_request = KAFKA_SCHEMA(struct describe_request, describe_fields);
const struct kafka_schema kafka_describe_groups_response = KAFKA_SCHEMA(struct response, described_response_fields);

static struct str metadata_of(const struct kafka_member *m, struct str protocol)
{
    for (int32_t i = 0; i < m->n_protocols; i++)
        if (str_eq(m->protocols[i].name, protocol))
            return m->protocols[i].metadata;
    return S("");
}

/* Views into the group: answered under the lock. */
static void describe(struct call *c, const struct kafka_group *g, struct described *ret)
{
    bool settled = g->state == KAFKA_GROUP_STABLE;
    struct member *members = ARENA_ARRAY(c->arena, struct member, g->n_members ? (size_t)g->n_members : 1);
    for (int32_t i = 0; i < g->n_members; i++) {
        const struct kafka_member *m = g->members[i];
        members[i] = (struct member){ m->id, m->instance, m->client_id, m->host, settled ? metadata_of(m, g->protocol) : S(""),
                                      settled ? m->assignment : S("") };
    }
    ret->state = str_of(kafka_group_state_name(g->state));
    ret->type = str_of(g->type);
    ret->protocol = settled ? g->protocol : S("");
    ret->members = (struct kafka_array){ members, g->n_members };
}

int kafka_grouplist_describe(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct describe_request *r = q->args;
    const struct str *names = r->groups.at;
    struct described *groups = ARENA_ARRAY(c->arena, struct described, at_least_one(&r->groups));
    kafka_group_lock(all);
    for (int32_t i = 0; i < r->groups.n; i++) {
        const struct kafka_group *g = q->refused ? NULL : kafka_group_find(all, names[i], false);
        groups[i] = (struct described){ .error = (int16_t)q->refused, .group = names[i], .state = S("Dead"), .operations = INT32_MIN };
        if (g)
            describe(c, g, &groups[i]);
    }
    kafka_answer(c, &(struct response){ .groups = { groups, r->groups.n } });
    kafka_group_unlock(all);
    return 0;
}

/* ---- ListGroups ---- */

struct list_request {
    struct kafka_array states;
};
struct listed {
    struct str group, type, state;
};

static const struct kafka_field list_fields[] = { KAFKA(struct list_request, ARRAY, states, .of = &kafka_codec_string, .since = 4) };
static const struct kafka_field listed_fields[] = {
    KAFKA(struct listed, STRING, group),
    KAFKA(struct listed, STRING, type),
    KAFKA(struct listed, STRING, state, .since = 4),
};
static const struct kafka_schema listed_schema = KAFKA_SCHEMA(struct listed, listed_fields);
static const struct kafka_field list_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
    KAFKA(struct response, INT16, error),
    KAFKA(struct response, ARRAY, groups, .of = &listed_schema),
};
const struct kafka_schema kafka_list_groups_request = KAFKA_SCHEMA(struct list_request, list_fields);
const struct kafka_schema kafka_list_groups_response = KAFKA_SCHEMA(struct response, list_response_fields);

static bool state_asked(const struct list_request *r, const char *state)
{
    const struct str *states = r->states.at;
    for (int32_t i = 0; i < r->states.n; i++)
        if (str_eq_nocase(states[i], str_of(state)))
            return true;
    return r->states.n <= 0;
}

int kafka_grouplist_list(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    size_t at = 0;
    int32_t n = 0;
    kafka_group_lock(all);
    struct listed *groups = ARENA_ARRAY(c->arena, struct listed, all->by_name.n_live + 1);
    for (struct map_entry *e; !q->refused && (e = map_next(&all->by_name, &at));) {
        const struct kafka_group *g = kafka_group_find(all, e->key, false);
        const char *state = kafka_group_state_name(g->state);
        if (state_asked(q->args, state))
            groups[n++] = (struct listed){ g->name, str_of(g->type), str_of(state) };
    }
    kafka_answer(c, &(struct response){ .error = (int16_t)q->refused, .groups = { groups, n } });
    kafka_group_unlock(all);
    return 0;
}

/* ---- DeleteGroups ---- */

struct delete_request {
    struct kafka_array groups;
};
struct deleted {
    struct str group;
    int16_t error;
};

static const struct kafka_field delete_fields[] = { KAFKA(struct delete_request, ARRAY, groups, .of = &kafka_codec_string) };
static const struct kafka_field deleted_fields[] = {
    KAFKA(struct deleted, STRING, group),
    KAFKA(struct deleted, INT16, error),
};
static const struct kafka_schema deleted_schema = KAFKA_SCHEMA(struct deleted, deleted_fields);
static const struct kafka_field delete_response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms),
    KAFKA(struct response, ARRAY, groups, .of = &deleted_schema),
};
const struct kafka_schema kafka_delete_groups_request = KAFKA_SCHEMA(struct delete_request, delete_fields);
const struct kafka_schema kafka_delete_groups_response = KAFKA_SCHEMA(struct response, delete_response_fields);

int kafka_grouplist_delete(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_groups *all = groups_of(c);
    const struct delete_request *r = q->args;
    const struct str *names = r->groups.at;
    struct deleted *groups = ARENA_ARRAY(c->arena, struct deleted, at_least_one(&r->groups));
    kafka_group_lock(all);
    for (int32_t i = 0; i < r->groups.n; i++) {
        struct kafka_group *g = q->refused ? NULL : kafka_group_find(all, names[i], false);
        int error = q->refused ? q->refused : !g ? KAFKA_GROUP_ID_NOT_FOUND : g->n_members ? KAFKA_NON_EMPTY_GROUP : KAFKA_NONE;
        groups[i] = (struct deleted){ names[i], (int16_t)error };
        if (!error)
            kafka_group_remove(all, g);
    }
    kafka_group_unlock(all);
    return kafka_answer(c, &(struct response){ .groups = { groups, r->groups.n } });
}
