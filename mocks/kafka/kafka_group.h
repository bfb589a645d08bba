/* kafka_group.h - a consumer group as a state machine (KIP-62, KIP-345, KIP-394).
 *
 *   EMPTY ──join──► PREPARING ──all have joined, or time is up──► COMPLETING ──leader's SyncGroup──► STABLE
 *                      ▲────────────── a member comes, goes, or wants something else ───────────────────┘
 *
 * A JoinGroup waits in PREPARING, a SyncGroup in COMPLETING; members learn of a rebalance by their heartbeats. There is no
 * initial delay (group.initial.rebalance.delay.ms is 0), so the first consumer of a group reads at once.
 */
#ifndef MOCKS_KAFKA_KAFKA_GROUP_H
#define MOCKS_KAFKA_KAFKA_GROUP_H

#include "mocks/kafka/kafka_broker.h"

enum kafka_group_state { KAFKA_GROUP_EMPTY = 0, KAFKA_GROUP_PREPARING, KAFKA_GROUP_COMPLETING, KAFKA_GROUP_STABLE };

struct kafka_protocol {
    struct str name, metadata;
};
struct kafka_member {
    struct str id, instance, client_id, host; /* owned; instance.p NULL = none */
    struct kafka_protocol *protocols;         /* owned, best liked first */
    int32_t n_protocols, session_ms, rebalance_ms;
    int64_t seen_ms;
    struct str assignment; /* owned */
    struct kafka_request *joining, *syncing; /* waiting for their answer */
};
struct kafka_group {
    struct str name; /* owned */
    enum kafka_group_state state;
    int32_t generation;
    char *type;             /* "consumer"; NULL = nobody has said */
    struct str protocol;    /* chosen; owned */
    struct kafka_member **members;
    int32_t n_members, cap_members;
    char *leader;           /* id; NULL = none */
    struct map pending;     /* ids that were given out and have not joined yet */
    struct map offsets;     /* "partition/topic" -> struct kafka_commit */
    int64_t rebalance_due_ms;
};
struct kafka_commit {
    int64_t offset;
    int32_t leader_epoch, partition;
    struct str topic, metadata; /* owned */
};

struct kafka_groups {
    struct kafka_state *state;
    pthread_mutex_t lock;
    struct map by_name;
    struct kafka_request *answered; /* to be finished when the lock is given up */
    int64_t due_ms;                 /* something new is due then */
    bool closing;                   /* nobody may wait any longer */
};

/* Everything below under the lock. Giving it up finishes the requests that were answered meanwhile. */
void kafka_group_lock(struct kafka_groups *all);
void kafka_group_unlock(struct kafka_groups *all);
/* The group, what is overdue in it done; NULL when there is none and it is not to be made (or there are too many). */
struct kafka_group *kafka_group_find(struct kafka_groups *all, struct str name, bool make);
void kafka_group_remove(struct kafka_groups *all, struct kafka_group *g);
struct kafka_member *kafka_group_member(const struct kafka_group *g, struct str id);
struct kafka_member *kafka_group_instance(const struct kafka_group *g, struct str instance);
/* The member with that id, seen now; NULL with why not: unknown, or fenced by another with its instance id. */
struct kafka_member *kafka_group_identify(struct kafka_groups *all, const struct kafka_group *g, struct str id, struct str instance, int *ret_error);
struct kafka_member *kafka_group_add(struct kafka_groups *all, struct kafka_group *g, struct str id);
void kafka_group_drop(struct kafka_groups *all, struct kafka_group *g, struct kafka_member *m); /* and rebalances */
void kafka_group_set(struct str *owned, struct str value); /* replaces a text */
/* Do all members but `except` know one of these protocols? */
bool kafka_group_agrees(const struct kafka_group *g, const struct kafka_protocol *p, int32_t n, const struct kafka_member *except);
void kafka_group_rebalance(struct kafka_groups *all, struct kafka_group *g);
void kafka_group_try_complete(struct kafka_groups *all, struct kafka_group *g);
void kafka_group_assigned(struct kafka_groups *all, struct kafka_group *g); /* the leader has: answers who waits */
/* A parked request has its answer written. */
void kafka_group_finish(struct kafka_groups *all, struct kafka_request *q);
bool kafka_group_is_leader(const struct kafka_group *g, const struct kafka_member *m);
const char *kafka_group_state_name(enum kafka_group_state s);
void kafka_group_say_why(struct call *c, int error); /* in the journal */
void kafka_group_forget_commit(struct kafka_group *g, struct str key);

/* ---- kafka_members.c: the answers of the two requests that wait ---- */
void kafka_members_answer_join(struct kafka_request *q, const struct kafka_group *g, const struct kafka_member *m, int error);
void kafka_members_answer_sync(struct kafka_request *q, const struct kafka_group *g, const struct kafka_member *m, int error);

#endif
