/* state.h - inside mocks/kinesis: streams, shards and the state that holds them.
 *
 * Locks, outermost first; each is held briefly and none while an answer is written:
 *   kinesis.lock   the set of streams (read to find one; a stream found is kept alive by its count of users)
 *   stream.lock    its shards' ranges and its settings (read by put and get, written by split, merge, settings)
 *   shard.lock     the order of arrival within one shard
 * Below them is the partition lock of the shard's log (plog.h): shard i of a stream is partition i.
 */
#ifndef MOCKS_KINESIS_STATE_H
#define MOCKS_KINESIS_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/cloud/cloud.h"
#include "mocks/cloud/param.h"
#include "mocks/kinesis/reply.h"
#include "mocks/kinesis/seqno.h"

typedef unsigned __int128 u128;
#define HASH_MAX (~(u128)0)

enum {
    NAME_BYTES = 128,
    RECORD_KIB = 1024,            /* largest record unless the stream says otherwise */
    REQUEST_BYTES = 10 * 1024 * 1024, /* of one PutRecords, of one answer of GetRecords */
    EVENT_BYTES = 1024 * 1024,    /* of one event to a subscriber */
    ITERATOR_MS = 300000,
    SHARD_RECORDS_PER_S = 1000,
    SHARD_BYTES_PER_S = 1024 * 1024,
};

struct shard {
    uint32_t index;
    int64_t parent, adjacent; /* indexes, -1 = none */
    u128 start, end;
    int64_t create_s;         /* in its sequence numbers */
    int64_t created_ms;
    int64_t closed_ms;        /* 0 = open; under stream.lock */
    pthread_mutex_t lock;
    _Atomic uint64_t *counter; /* next index of sequence numbers, shared by five neighbours */
    int64_t last_ms;          /* arrival of the newest record */
    double records_left, bytes_left; /* of this second's allowance */
    int64_t refilled_ms;
};

/* A change of shards asked for; it takes place when the stream's UPDATING is over. */
struct reshard {
    enum { RESHARD_NONE = 0, RESHARD_SPLIT, RESHARD_MERGE, RESHARD_SCALE } kind;
    struct shard *left, *right; /* SPLIT: left only */
    u128 at;                    /* SPLIT */
    size_t n;                   /* SCALE: shards wanted */
};

enum stream_status { STREAM_ACTIVE = 0, STREAM_CREATING, STREAM_UPDATING, STREAM_DELETING };

struct consumer {
    struct str name, arn;
    int64_t created_ms;
    int64_t *subscribed_ms; /* by shard: when last; free() */
    size_t n_subscribed;
};

struct stream {
    atomic_int users; /* 1 for being in the set, 1 for each call at work */
    char name[NAME_BYTES + 1];
    struct str account, region, arn; /* in `arena` */
    struct arena arena;
    int64_t created_ms, ready_ms;    /* CREATING lasts from the one to the other; no shards are told before */
    _Atomic int status;              /* enum stream_status; holds until until_ms */
    _Atomic int64_t until_ms;
    pthread_rwlock_t lock;
    struct shard **shards;
    size_t n_shards, cap_shards;
    struct shard **open;             /* the open ones, by start of range */
    size_t n_open;
    _Atomic uint64_t **counters;     /* one for each five shards */
    size_t n_counters;
    struct reshard reshard;          /* under lock; resharding says that there is one */
    atomic_bool resharding;
    struct plog *log;
    int64_t retention_hours;
    int64_t record_kib;
    bool on_demand;
    char *kms_key;                   /* NULL = not encrypted */
    unsigned metrics;                /* bits, see settings.c */
    struct map tags;                 /* key -> struct tag */
    struct map consumers;            /* name -> struct consumer */
};

struct kinesis {
    struct cloud *cloud;
    pthread_rwlock_t lock;
    struct map streams; /* "account/region/name" -> struct stream */
    bool auto_create, enforce_limits;
    int64_t default_shards, shard_limit, create_ms, delete_ms, update_ms;
    struct subscriptions *subscriptions;
};

struct position;

/* What wire.c knows of a call; c->scratch. */
enum wire_format { WIRE_XML = 0, WIRE_JSON, WIRE_CBOR, WIRE_CORAL };
struct wire {
    enum wire_format format;
    struct str message; /* whole text of a refusal too long for struct err */
    struct str stream;  /* name the request is about; p == NULL when it names none */
    struct position *position; /* GetRecords: what its iterator says */
};
static inline struct wire *wire_of(const struct call *c) { return c->scratch; }

/* The arguments of the call, by name; NULL when absent. Text and number shorthands answer p == NULL and `otherwise`. */
static inline const struct arg *call_arg(const struct call *c, const char *name)
{
    return param_find(c->action->params, c->action->n_params, c->args, name);
}
static inline struct str call_text(const struct call *c, const char *name)
{
    const struct arg *a = call_arg(c, name);
    return a ? a->text : (struct str){ 0 };
}
static inline int64_t call_number(const struct call *c, const char *name, int64_t otherwise)
{
    const struct arg *a = call_arg(c, name);
    return a ? a->number : otherwise;
}
static inline int64_t call_now_ms(const struct call *c) { return clock_now_ms(cloud_clock(c->cloud)); }

/* wire.c */
extern const char *const wire_content_types[]; /* by format, but XML */
const struct action *wire_route(struct call *c);
int wire_refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why);
int wire_bind(struct call *c);
void wire_phrase(struct call *c);
void wire_finish(struct call *c);

/* records_peek.c */
bool records_look(void *state, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg);
bool records_purge(void *state, struct str name);
void records_names(void *state, void (*fn)(void *arg, struct str name), void *arg);

/* records.c, records_get.c */
void records_seqno(const struct shard *shard, uint64_t index, int64_t time_ms, char out[SEQNO_DIGITS]);
void records_put_encryption(struct reply *w, bool encrypted);
void records_trim(const struct stream *s, unsigned shard, int64_t now_ms); /* drops what retention lets go of */
/* Offset of the first record that is not before the position (see iterators.c). */
int64_t records_offset(const struct stream *s, const struct shard *shard, const struct seqno *n);
/* One SubscribeToShardEvent of what is there from *offset on, which moves; true when it says that the shard has ended. Under
 * stream.lock for reading. */
bool records_put_event(struct reply *w, const struct stream *s, const struct shard *shard, int64_t *offset, int64_t now_ms);

/* subscribe.c */
struct subscriptions *subscribe_open(struct kinesis *k);
void subscribe_close(struct subscriptions *l);
void subscribe_arrived(struct subscriptions *l); /* a record */
void subscribe_changed(struct subscriptions *l, const struct stream *s); /* its shards or consumers; under stream.lock */

/* eventstream.c: application/vnd.amazon.eventstream */
struct eventstream_header {
    const char *name;
    struct str value;
};
void eventstream_write(struct buf *out, const struct eventstream_header *headers, size_t n, struct str payload);

/* streams.c */
void *streams_open(struct cloud *cloud, struct err *e);
void streams_close(void *state);
void streams_reset(void *state);
void streams_describe(void *state, struct buf *out);
/* The stream, to be given back with streams_leave; NULL with the call failed. */
struct stream *streams_enter(struct call *c, struct str name);
/* As streams_enter for actions that want it ACTIVE (ResourceInUseException). */
struct stream *streams_enter_active(struct call *c);
void streams_leave(struct stream *s);
/* Makes a change of shards whose time has come; false when the stream is not in the set any more. */
bool streams_look(struct kinesis *k, struct stream *s);
enum stream_status streams_status(const struct stream *s, int64_t now_ms);
const char *streams_status_word(enum stream_status status); /* "ACTIVE" */
bool streams_gone(const struct stream *s, int64_t now_ms); /* deleted, and the time for it over */
bool streams_is_name(struct str s);
int streams_not_found(struct call *c, struct str name);
size_t streams_open_shards(struct kinesis *k, struct str account, struct str region);
int streams_limit(struct call *c, size_t more);
/* UPDATING for as long as the settings say; under stream.lock for writing. */
void streams_updating(struct kinesis *k, struct stream *s, int64_t now_ms);
static inline bool streams_ready(const struct stream *s, int64_t now_ms) { return now_ms >= s->ready_ms; }

/* shards.c; all under stream.lock */
void shards_create(struct stream *s, size_t n, int64_t now_ms); /* n equal ranges */
void shards_release(struct stream *s);
/* Makes the change asked for. */
void shards_reshard(struct stream *s, int64_t now_ms);
struct shard *shards_of_hash(const struct stream *s, u128 hash);
/* "shardId-000000000007" */
enum { SHARD_ID = 32 };
const char *shards_id(int64_t index, char out[SHARD_ID]);
/* The index a shard id means: whatever stands behind its first '-', or all of it, must be a number below 2^31. */
bool shards_parse(struct str id, int64_t *ret_index);
void shards_put(struct reply *w, const struct shard *s);
void shards_put_children(struct reply *w, const struct stream *s, const struct shard *parent);
bool shards_hash(struct str decimal, u128 *ret);
enum { HASH_DIGITS = 40 };
const char *shards_decimal(u128 hash, char out[HASH_DIGITS]);

/* iterators.c: where a reader stands */
struct position {
    struct str stream; /* name */
    int64_t shard;
    int64_t made_ms;
    struct seqno seqno;
};
void iterators_write(struct buf *out, const struct position *p);
/* -1 with the call failed when it is none or has expired. */
int iterators_read(struct call *c, struct str text, struct position *ret);
/* What a reader asks for: a type of iterator, StartingSequenceNumber (p == NULL = none), a time, the shard's index. */
struct wanted {
    struct str type, start;
    const struct arg *time;
    int64_t index;
};
/* The position asked for; -1 with the call failed. Under stream.lock; the shard is there. */
int iterators_locate(struct call *c, const struct wanted *w, const struct stream *s, struct seqno *ret);


/* The actions. */
int streams_create(struct call *c);
int streams_delete(struct call *c);
int streams_describe_stream(struct call *c);
int streams_describe_summary(struct call *c);
int streams_list(struct call *c);
int shards_list(struct call *c);
int shards_split(struct call *c);
int shards_merge(struct call *c);
int shards_update_count(struct call *c);
int records_put(struct call *c);
int records_put_many(struct call *c);
int records_get(struct call *c);
int iterators_get(struct call *c);
int settings_retain_longer(struct call *c);
int settings_retain_shorter(struct call *c);
int settings_encrypt(struct call *c);
int settings_decrypt(struct call *c);
int settings_monitor(struct call *c);
int settings_unmonitor(struct call *c);
int settings_mode(struct call *c);
int settings_record_size(struct call *c);
int settings_limits(struct call *c);
void settings_put_monitoring(struct reply *w, const struct stream *s);
int tags_add(struct call *c);
int tags_remove(struct call *c);
int tags_list(struct call *c);
int tags_add_arn(struct call *c);
int tags_remove_arn(struct call *c);
int tags_list_arn(struct call *c);
int tags_set(struct call *c, struct stream *s, const struct arg *tags);
void tags_release(struct stream *s);
int consumers_register(struct call *c);
int consumers_deregister(struct call *c);
int consumers_describe(struct call *c);
int consumers_list(struct call *c);
int subscribe_shard(struct call *c);
struct consumer *consumers_find(struct call *c, const struct stream *s); /* NULL with the call failed */
void consumers_release(struct stream *s);

#endif
