/* kafka_group.c - groups: members in and out, rebalances, what is overdue. See kafka_group.h. */
#include "mocks/kafka/kafka_group.h"

#include <stdlib.h>

enum { MAX_GROUPS = 10000, MAX_PENDING = 1000 };

static int64_t now_ms(const struct kafka_groups *all) { return clock_now_ms(all->state->clock); }

const char *kafka_group_state_name(enum kafka_group_state s)
{
    static const char *const names[] = { "Empty", "PreparingRebalance", "CompletingRebalance", "Stable" };
    return names[s];
}

void kafka_group_set(struct str *owned, struct str value)
{
    char *copy = value.p ? mem_dup(value) : NULL; /* before the old is gone: it may be the same */
    free((void *)(uintptr_t)owned->p);
    *owned = (struct str){ copy, value.n };
}

void kafka_group_say_why(struct call *c, int error)
{
    if (error && !kafka_request_of(c)->refused && !c->reason.n)
        call_reason(c, "%s", kafka_error_name(error));
}

/* ---- life ---- */

static void close_member(struct kafka_member *m)
{
    struct str *owned[] = { &m->id, &m->instance, &m->client_id, &m->host, &m->assignment };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        kafka_group_set(owned[i], (struct str){ 0 });
    for (int32_t i = 0; i < m->n_protocols; i++) {
        kafka_group_set(&m->protocols[i].name, (struct str){ 0 });
        kafka_group_set(&m->protocols[i].metadata, (struct str){ 0 });
    }
    free(m->protocols);
    free(m);
}

static void close_commit(struct kafka_commit *k)
{
    if (!k)
        return;
    kafka_group_set(&k->topic, (struct str){ 0 });
    kafka_group_set(&k->metadata, (struct str){ 0 });
    free(k);
}

void kafka_group_forget_commit(struct kafka_group *g, struct str key) { close_commit(map_remove(&g->offsets, key)); }

static void close_group(struct kafka_group *g)
{
    size_t at = 0;
    for (int32_t i = 0; i < g->n_members; i++)
        close_member(g->members[i]);
    for (struct map_entry *e; (e = map_next(&g->offsets, &at));)
        close_commit(e->value);
    map_release(&g->offsets);
    map_release(&g->pending);
    kafka_group_set(&g->name, (struct str){ 0 });
    kafka_group_set(&g->protocol, (struct str){ 0 });
    free(g->members);
    free(g->type);
    free(g->leader);
    free(g);
}

struct kafka_groups *kafka_groups_open(struct kafka_state *s)
{
    struct kafka_groups *all = mem_zero(sizeof *all);
    all->state = s;
    all->due_ms = INT64_MAX;
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

static void end_join(struct kafka_groups *all, const struct kafka_group *g, struct kafka_member *m, int error)
{
    struct kafka_request *q = m->joining;
    m->joining = NULL;
    if (q) {
        kafka_members_answer_join(q, g, m, error);
        kafka_group_finish(all, q);
    }
}

static void end_sync(struct kafka_groups *all, const struct kafka_group *g, struct kafka_member *m, int error)
{
    struct kafka_request *q = m->syncing;
    m->syncing = NULL;
    if (q) {
        kafka_members_answer_sync(q, g, m, error);
        kafka_group_finish(all, q);
    }
}

/* Answers everything that waits in the group. */
static void dismiss(struct kafka_groups *all, struct kafka_group *g, int error)
{
    for (int32_t i = 0; i < g->n_members; i++) {
        end_join(all, g, g->members[i], error);
        end_sync(all, g, g->members[i], error);
    }
}

void kafka_groups_reset(struct kafka_groups *all)
{
    size_t at = 0;
    kafka_group_lock(all);
    for (struct map_entry *e; (e = map_next(&all->by_name, &at));) {
        dismiss(all, e->value, KAFKA_UNKNOWN_MEMBER_ID);
        close_group(e->value);
    }
    map_release(&all->by_name);
    all->by_name = MAP_INIT;
    kafka_group_unlock(all);
}

void kafka_groups_close(struct kafka_groups *all)
{
    kafka_groups_reset(all);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

size_t kafka_groups_count(struct kafka_groups *all)
{
    kafka_group_lock(all);
    size_t n = all->by_name.n_live;
    kafka_group_unlock(all);
    return n;
}

/* ---- the lock ---- */

void kafka_group_lock(struct kafka_groups *all) { pthread_mutex_lock(&all->lock); }

void kafka_group_unlock(struct kafka_groups *all)
{
    struct kafka_request *answered = all->answered;
    int64_t due_ms = all->due_ms;
    all->answered = NULL;
    all->due_ms = INT64_MAX;
    pthread_mutex_unlock(&all->lock);
    while (answered) {
        struct kafka_request *q = answered;
        answered = q->next;
        call_finish(q->call, 0);
    }
    if (due_ms != INT64_MAX)
        kafka_wait_until(all->state->wait, due_ms);
}

void kafka_group_finish(struct kafka_groups *all, struct kafka_request *q)
{
    q->next = all->answered;
    all->answered = q;
}

static void due_at(struct kafka_groups *all, int64_t ms)
{
    if (ms < all->due_ms)
        all->due_ms = ms;
}

/* ---- members ---- */

struct kafka_member *kafka_group_member(const struct kafka_group *g, struct str id)
{
    for (int32_t i = 0; i < g->n_members; i++)
        if (str_eq(g->members[i]->id, id))
            return g->members[i];
    return NULL;
}

struct kafka_member *kafka_group_instance(const struct kafka_group *g, struct str instance)
{
    for (int32_t i = 0; i < g->n_members && instance.p; i++)
        if (g->members[i]->instance.p && str_eq(g->members[i]->instance, instance))
            return g->members[i];
    return NULL;
}

struct kafka_member *kafka_group_identify(struct kafka_groups *all, const struct kafka_group *g, struct str id, struct str instance, int *ret_error)
{
    const struct kafka_member *holder = g ? kafka_group_instance(g, instance) : NULL;
    struct kafka_member *m = g ? kafka_group_member(g, id) : NULL;
    *ret_error = holder && holder != m ? KAFKA_FENCED_INSTANCE_ID : m ? KAFKA_NONE : KAFKA_UNKNOWN_MEMBER_ID;
    if (*ret_error)
        return NULL;
    m->seen_ms = now_ms(all);
    return m;
}

bool kafka_group_is_leader(const struct kafka_group *g, const struct kafka_member *m) { return g->leader && str_is(m->id, g->leader); }

struct kafka_member *kafka_group_add(struct kafka_groups *all, struct kafka_group *g, struct str id)
{
    struct kafka_member *m = mem_zero(sizeof *m);
    if (g->n_members == g->cap_members)
        g->members = mem_grow(g->members, (size_t)(g->cap_members = g->cap_members ? 2 * g->cap_members : 4) * sizeof(struct kafka_member *));
    kafka_group_set(&m->id, id);
    m->seen_ms = now_ms(all);
    g->members[g->n_members++] = m;
    return m;
}

static void remove_member(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m)
{
    int32_t at = 0;
    while (g->members[at] != m)
        at++;
    memmove(&g->members[at], &g->members[at + 1], (size_t)(g->n_members - at - 1) * sizeof(struct kafka_member *));
    g->n_members--;
    if (kafka_group_is_leader(g, m)) {
        free(g->leader);
        g->leader = NULL;
    }
    end_join(all, g, m, KAFKA_UNKNOWN_MEMBER_ID);
    end_sync(all, g, m, KAFKA_UNKNOWN_MEMBER_ID);
    close_member(m);
}

void kafka_group_drop(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m)
{
    remove_member(all, g, m);
    if (g->state == KAFKA_GROUP_COMPLETING || g->state == KAFKA_GROUP_STABLE)
        kafka_group_rebalance(all, g);
    kafka_group_try_complete(all, g);
}

/* ---- protocols ---- */

static bool knows(const struct kafka_member *m, struct str protocol)
{
    for (int32_t i = 0; i < m->n_protocols; i++)
        if (str_eq(m->protocols[i].name, protocol))
            return true;
    return false;
}

static bool all_know(const struct kafka_group *g, struct str protocol, const struct kafka_member *except)
{
    for (int32_t i = 0; i < g->n_members; i++)
        if (g->members[i] != except && !knows(g->members[i], protocol))
            return false;
    return true;
}

bool kafka_group_agrees(const struct kafka_group *g, const struct kafka_protocol *p, int32_t n, const struct kafka_member *except)
{
    for (int32_t i = 0; i < n; i++)
        if (all_know(g, p[i].name, except))
            return true;
    return false;
}

/* The protocol a member would choose among those that all know. */
static struct str vote(const struct kafka_group *g, const struct kafka_member *m)
{
    for (int32_t i = 0; i < m->n_protocols; i++)
        if (all_know(g, m->protocols[i].name, NULL))
            return m->protocols[i].name;
    return S("");
}

static struct str elect(const struct kafka_group *g)
{
    struct str best = S("");
    int32_t most = 0;
    for (int32_t i = 0; i < g->n_members; i++) {
        struct str candidate = vote(g, g->members[i]);
        int32_t votes = 0;
        for (int32_t k = 0; k < g->n_members; k++)
            votes += str_eq(vote(g, g->members[k]), candidate);
        if (votes > most) {
            most = votes;
            best = candidate;
        }
    }
    return best;
}

/* ---- rebalances ---- */

void kafka_group_rebalance(struct kafka_groups *all, struct kafka_group *g)
{
    int32_t longest_ms = 0;
    for (int32_t i = 0; i < g->n_members; i++) {
        struct kafka_member *m = g->members[i];
        kafka_group_set(&m->assignment, (struct str){ 0 });
        end_sync(all, g, m, KAFKA_REBALANCE_IN_PROGRESS);
        longest_ms = m->rebalance_ms > longest_ms ? m->rebalance_ms : longest_ms;
    }
    g->state = KAFKA_GROUP_PREPARING;
    g->rebalance_due_ms = now_ms(all) + longest_ms;
    due_at(all, g->rebalance_due_ms);
}

void kafka_group_try_complete(struct kafka_groups *all, struct kafka_group *g)
{
    int32_t waiting = 0, shortest_ms = INT32_MAX;
    for (int32_t i = 0; i < g->n_members; i++) {
        waiting += g->members[i]->joining != NULL;
        shortest_ms = g->members[i]->session_ms < shortest_ms ? g->members[i]->session_ms : shortest_ms;
    }
    if (g->state != KAFKA_GROUP_PREPARING || waiting < g->n_members)
        return;
    g->generation++;
    g->state = g->n_members ? KAFKA_GROUP_COMPLETING : KAFKA_GROUP_EMPTY;
    kafka_group_set(&g->protocol, elect(g));
    if (!g->leader && g->n_members)
        g->leader = mem_dup(g->members[0]->id);
    for (int32_t i = 0; i < g->n_members; i++) {
        g->members[i]->seen_ms = now_ms(all);
        end_join(all, g, g->members[i], KAFKA_NONE);
    }
    if (g->n_members)
        due_at(all, now_ms(all) + shortest_ms);
}

void kafka_group_assigned(struct kafka_groups *all, struct kafka_group *g)
{
    g->state = KAFKA_GROUP_STABLE;
    for (int32_t i = 0; i < g->n_members; i++) {
        g->members[i]->seen_ms = now_ms(all);
        end_sync(all, g, g->members[i], KAFKA_NONE);
    }
}

/* ---- what is overdue ---- */

/* Members whose session is over, or who did not join in time. */
static void expire(struct kafka_groups *all, struct kafka_group *g)
{
    int64_t now = now_ms(all);
    for (int32_t i = 0; i < g->n_members;) {
        struct kafka_member *m = g->members[i];
        bool waits = m->joining || m->syncing, too_late = g->state == KAFKA_GROUP_PREPARING && now >= g->rebalance_due_ms;
        if (waits || (!too_late && now - m->seen_ms <= m->session_ms)) {
            i++;
            continue;
        }
        kafka_group_drop(all, g, m);
        i = 0; /* others may have been answered */
    }
}

static int64_t due_ms(const struct kafka_group *g)
{
    int64_t due = INT64_MAX;
    if (g->state == KAFKA_GROUP_PREPARING)
        return g->rebalance_due_ms;
    for (int32_t i = 0; i < g->n_members && g->state == KAFKA_GROUP_COMPLETING; i++) {
        const struct kafka_member *m = g->members[i];
        if (!m->syncing && m->seen_ms + m->session_ms < due)
            due = m->seen_ms + m->session_ms + 1;
    }
    return due;
}

int64_t kafka_groups_tick(struct kafka_groups *all, bool closing)
{
    int64_t due = INT64_MAX;
    size_t at = 0;
    kafka_group_lock(all);
    all->closing |= closing;
    for (struct map_entry *e; (e = map_next(&all->by_name, &at));) {
        if (closing)
            dismiss(all, e->value, KAFKA_COORDINATOR_NOT_AVAILABLE);
        else
            expire(all, e->value);
        int64_t next = due_ms(e->value);
        due = next < due ? next : due;
    }
    all->due_ms = INT64_MAX; /* it is told by what is returned */
    kafka_group_unlock(all);
    return due;
}

/* ---- finding ---- */

struct kafka_group *kafka_group_find(struct kafka_groups *all, struct str name, bool make)
{
    struct kafka_group *g = map_get(&all->by_name, name);
    if (!g && make && all->by_name.n_live < MAX_GROUPS) {
        g = mem_zero(sizeof *g);
        kafka_group_set(&g->name, name);
        map_put(&all->by_name, name, g);
    }
    if (g && g->pending.n_live > MAX_PENDING) {
        map_release(&g->pending);
        g->pending = MAP_INIT;
    }
    if (g)
        expire(all, g);
    return g;
}

void kafka_group_remove(struct kafka_groups *all, struct kafka_group *g)
{
    map_remove(&all->by_name, g->name);
    close_group(g);
}

void kafka_groups_forget_topic(struct kafka_groups *all, struct str topic)
{
    size_t at = 0;
    kafka_group_lock(all);
    for (struct map_entry *e; (e = map_next(&all->by_name, &at));) {
        struct kafka_group *g = e->value;
        size_t k = 0;
        for (struct map_entry *o; (o = map_next(&g->offsets, &k));)
            if (str_eq(((struct kafka_commit *)o->value)->topic, topic))
                kafka_group_forget_commit(g, o->key);
    }
    kafka_group_unlock(all);
}
