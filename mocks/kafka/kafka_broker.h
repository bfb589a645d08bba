/* kafka_broker.h - inside mocks/kafka: who holds what.
 *
 *   kafka_service.c    struct service: settings, listeners, life      kafka_session.c  a connection: frames into requests
 *   kafka_api.c        the table of API keys; ApiVersions             kafka_codec.c    messages by their tables
 *   kafka_produce.c    Produce   kafka_fetch.c  Fetch                 kafka_batch.c    records on the wire
 *   kafka_offsets.c    ListOffsets, OffsetForLeaderEpoch, DeleteRecords
 *   kafka_topics.c     topics and what is known of them; Metadata     kafka_admin.c    creating, growing, deleting them
 *   kafka_configs.c    Describe-, Alter-, IncrementalAlterConfigs
 *   kafka_group.c      groups as a state machine                      kafka_members.c  JoinGroup, SyncGroup
 *   kafka_coordinator.c  FindCoordinator, Heartbeat, LeaveGroup
 *   kafka_commits.c    OffsetCommit, -Fetch, -Delete                  kafka_grouplist.c  Describe-, List-, DeleteGroups
 *   kafka_producers.c  InitProducerId, numbered batches               kafka_sasl.c     SaslHandshake, SaslAuthenticate
 *   kafka_scram.c      SCRAM, PLAIN                                   kafka_iam.c      AWS_MSK_IAM, OAUTHBEARER
 *   kafka_wait.c       what waits: long polls, rebalances
 *
 * Threads: a worker of net/tcp runs a request to its end; one that waits is parked and finished by the thread of kafka_wait.c
 * or by the request of another member. Locks, none taken while another is held: topics (what is known of them), groups,
 * producers (a few stripes, held over the append of a numbered batch), the list of what waits.
 */
#ifndef MOCKS_KAFKA_KAFKA_BROKER_H
#define MOCKS_KAFKA_KAFKA_BROKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/cloud/cloud.h"
#include "mocks/kafka/kafka.h"
#include "mocks/kafka/kafka_codec.h"
#include "mocks/kafka/kafka_error.h"
#include "net/tcp.h"

enum {
    KAFKA_PORT = 9092,                    /* and those of the other ways 2, 4 and 6 more */
    KAFKA_BROKER_ID = 1,
    KAFKA_BROKERS = 3,                    /* as many replicas a topic may have */
    KAFKA_MAX_REQUEST = 100 << 20,        /* socket.request.max.bytes */
    KAFKA_MAX_UNAUTHENTICATED = 512 << 10, /* sasl.server.max.receive.size */
    KAFKA_MAX_MESSAGE = 1048588,          /* message.max.bytes */
    KAFKA_MAX_FETCH = 55 << 20,           /* fetch.max.bytes */
    KAFKA_MAX_PARTITIONS = 10000,         /* of one topic */
    KAFKA_MAX_WAIT_MS = 60000,            /* of a Fetch */
};

struct kafka_state;
struct kafka_session;
struct kafka_groups;
struct kafka_producers;
struct kafka_wait;
struct kafka_sasl;

struct kafka_listener {
    enum kafka_way way;
    _Atomic uint16_t port; /* 0 = not listened on */
};

struct kafka_state {
    struct cloud *cloud;
    struct clock *clock;
    struct tcp_server *server;
    struct kafka_listener listeners[KAFKA_WAYS]; /* of the one server */
    const char *host; /* as advertised by a setting; NULL = the address a client came in by */
    char cluster_id[23];
    bool auto_create;
    unsigned default_partitions;
    pthread_mutex_t topics_lock;
    struct map topics; /* name -> struct kafka_topic */
    struct kafka_groups *groups;
    struct kafka_producers *producers;
    struct kafka_wait *wait;
    const char *sasl_users;
    _Atomic uint64_t requests;
};

/* ---- kafka_api.c ---- */
struct kafka_api {
    int16_t key;
    uint8_t min, max, flexible; /* versions; flexible 99 = none is */
    const struct kafka_schema *request, *response;
};
enum { KAFKA_APIS = 45 };
extern const struct action kafka_api_actions[KAFKA_APIS];
extern const struct kafka_api kafka_api_table[KAFKA_APIS]; /* the same rows */
/* The row of a key, or -1. */
int kafka_api_find(int key);
enum { KAFKA_KEY_SASL_HANDSHAKE = 17, KAFKA_KEY_API_VERSIONS = 18, KAFKA_KEY_SASL_AUTHENTICATE = 36 };
int kafka_api_versions(struct call *c);

/* ---- kafka_session.c ---- */
struct kafka_session {
    struct kafka_state *state;
    const struct kafka_listener *listener;
    struct tcp_conn *conn;
    struct kafka_sasl *sasl; /* NULL: none begun */
    bool authenticated;
    bool raw_sasl; /* after SaslHandshake v0: the next frames are the mechanism's own */
    char *host;    /* an MSK name that the client has signed for; NULL = none */
    char address[16]; /* that it came in by */
};

/* One request on its way. */
struct kafka_request {
    struct kafka_session *session;
    const struct kafka_api *api;
    int api_index; /* -1: no such key */
    int16_t key, version;
    int32_t correlation;
    struct str client_id, body;
    struct kafka_reader reader;
    void *args;      /* as api->request says */
    int refused;     /* error that every item is to be answered with, without an effect; 0 = none */
    bool silent;     /* acks=0: no answer is due */
    bool close;      /* the connection ends with it */
    bool header_v0;  /* the answer's header has no tags, whatever its version */
    struct call *call;
    struct http_request request;
    struct http_reply reply;
    struct arena arena;
    struct kafka_request *next; /* in kafka_wait.c's list */
    int64_t due_ms;
    bool waited; /* has its second look */
};
extern const struct tcp_handler kafka_session_handler;
void kafka_session_answered(struct call *c); /* dispatch's done; done_arg is the struct kafka_request */
struct kafka_request *kafka_request_of(struct call *c); /* NULL: not from the wire */
static inline struct kafka_state *kafka_state_of(struct call *c) { return c->state; }
/* Writes the answer, by the tables; answers 0. */
int kafka_answer(struct call *c, const void *response);

/* ---- kafka_topics.c ---- */
struct kafka_topic {
    struct plog *log;
    uint8_t id[16];
    int16_t replicas;
    struct map configs; /* those that were set: name -> char * */
};
/* The address this broker is told to the client under: the MSK name it came in by, or what is listened on. */
struct str kafka_topics_host(struct call *c, int32_t *ret_port);
/* The log of a topic; when it is not there: created if `create` and the settings allow, else NULL and *ret_error. */
struct plog *kafka_topics_find(struct kafka_state *s, struct str name, bool create, int *ret_error);
/* NULL when no topic has that id. */
struct plog *kafka_topics_find_by_id(struct kafka_state *s, const uint8_t id[16]);
/* What is known of a log, locked: kafka_topics_unlock. Never NULL. */
struct kafka_topic *kafka_topics_lock(struct kafka_state *s, struct plog *log);
void kafka_topics_unlock(struct kafka_state *s);
void kafka_topics_forget(struct kafka_state *s, struct str name);
void kafka_topics_reset(struct kafka_state *s);
bool kafka_topics_name_valid(struct str name);
int kafka_topics_metadata(struct call *c);
int kafka_topics_describe_cluster(struct call *c);

/* ---- kafka_admin.c ---- */
int kafka_admin_create_topics(struct call *c);
int kafka_admin_delete_topics(struct call *c);
int kafka_admin_create_partitions(struct call *c);

/* ---- kafka_configs.c ---- */
int kafka_configs_describe(struct call *c);
int kafka_configs_alter(struct call *c);
int kafka_configs_alter_incremental(struct call *c);
/* NONE and the value is kept, or INVALID_CONFIG and why; value.p == NULL: back to the default. */
int kafka_configs_check(struct str name, struct str value, const char **ret_why);
void kafka_configs_set(struct kafka_topic *t, struct str name, struct str value);
int64_t kafka_configs_number(const struct kafka_topic *t, const char *name); /* as set, or by default */
struct str kafka_configs_value(const struct kafka_topic *t, const char *name);

/* ---- records ---- */
int kafka_produce(struct call *c);
int kafka_fetch(struct call *c);
bool kafka_fetch_ready(struct kafka_request *q); /* has what it waits for */
int kafka_offsets_list(struct call *c);
int kafka_offsets_for_leader_epoch(struct call *c);
int kafka_offsets_delete_records(struct call *c);

/* ---- kafka_producers.c ---- */
struct kafka_producers *kafka_producers_open(void);
void kafka_producers_close(struct kafka_producers *p);
void kafka_producers_reset(struct kafka_producers *p);
int kafka_producers_init(struct call *c);
struct kafka_batch;
/* Appends a numbered batch once: NONE with its first offset (the first time's when it is a repeat), or why not. */
int kafka_producers_append(struct kafka_producers *p, struct plog *log, unsigned partition, const struct kafka_batch *b, int64_t *ret_offset);

/* ---- groups ---- */
struct kafka_groups *kafka_groups_open(struct kafka_state *s);
void kafka_groups_close(struct kafka_groups *g);
void kafka_groups_reset(struct kafka_groups *g);
/* Ends what is overdue; when the next thing will be (INT64_MAX: nothing). closing: answers whoever waits. */
int64_t kafka_groups_tick(struct kafka_groups *g, bool closing);
size_t kafka_groups_count(struct kafka_groups *g);
void kafka_groups_forget_topic(struct kafka_groups *g, struct str topic);
int kafka_coordinator_find(struct call *c);
int kafka_members_join(struct call *c);
int kafka_members_sync(struct call *c);
int kafka_coordinator_heartbeat(struct call *c);
int kafka_coordinator_leave(struct call *c);
int kafka_commits_commit(struct call *c);
int kafka_commits_fetch(struct call *c);
int kafka_commits_delete(struct call *c);
int kafka_grouplist_describe(struct call *c);
int kafka_grouplist_list(struct call *c);
int kafka_grouplist_delete(struct call *c);

/* ---- kafka_sasl.c ---- */
int kafka_sasl_handshake(struct call *c);
int kafka_sasl_authenticate(struct call *c);
void kafka_sasl_close(struct kafka_sasl *s);

/* ---- kafka_wait.c ---- */
struct kafka_wait *kafka_wait_open(struct kafka_state *s);
/* Answers everything that waits; whatever is parked from now on is answered at once. */
void kafka_wait_end(struct kafka_wait *w);
void kafka_wait_close(struct kafka_wait *w);
/* Parks a Fetch until kafka_fetch_ready or its due_ms; generation: of the topics, before it was found not to be ready. */
void kafka_wait_park(struct kafka_wait *w, struct kafka_request *q, uint64_t generation);
/* Something of the groups is due then. */
void kafka_wait_until(struct kafka_wait *w, int64_t due_ms);

/* ---- schemas, beside the functions that use them ---- */
#define KAFKA_EACH_SCHEMA(X)                                                                                        \
    X(produce) X(fetch) X(list_offsets) X(metadata) X(offset_commit) X(offset_fetch) X(find_coordinator) X(join_group) \
    X(heartbeat) X(leave_group) X(sync_group) X(describe_groups) X(list_groups) X(sasl_handshake) X(api_versions)   \
    X(create_topics) X(delete_topics) X(delete_records) X(init_producer_id) X(offset_for_leader_epoch)              \
    X(describe_configs) X(alter_configs) X(sasl_authenticate) X(create_partitions) X(delete_groups)                 \
    X(incremental_alter_configs) X(offset_delete) X(describe_cluster)
#define KAFKA_DECLARE(name) extern const struct kafka_schema kafka_##name##_request, kafka_##name##_response;
KAFKA_EACH_SCHEMA(KAFKA_DECLARE)
#undef KAFKA_DECLARE

#endif
