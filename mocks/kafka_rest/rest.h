/* rest.h - inside mocks/kafka_rest: the proxy's state, what a path says, and the functions of the action table. */
#ifndef MOCKS_KAFKA_REST_REST_H
#define MOCKS_KAFKA_REST_REST_H

#include <stdatomic.h>

#include "base/jregex.h"
#include "base/json.h"
#include "base/map.h"
#include "mocks/cloud/cloud.h"

struct rest_consumers;

struct rest {
    struct cloud *cloud;
    bool auto_create;
    unsigned default_partitions;
    int64_t metadata_wait_ms;
    _Atomic unsigned turn; /* which partition the next keyless request goes to */
    struct rest_consumers *consumers;
};

/* Media types of the v2 API. */
enum rest_media {
    REST_MEDIA_NONE = 0, /* no header */
    REST_MEDIA_V2,       /* application/vnd.kafka.v2+json */
    REST_MEDIA_BINARY,   /* application/vnd.kafka.binary.v2+json … */
    REST_MEDIA_JSON,
    REST_MEDIA_AVRO,
    REST_MEDIA_JSONSCHEMA,
    REST_MEDIA_PROTOBUF,
    REST_MEDIA_ANY,   /* a wildcard */
    REST_MEDIA_OTHER, /* application/json too */
};
#define REST_BIT(media) (1u << (media))
#define REST_EMBEDDED                                                                                             \
    (REST_BIT(REST_MEDIA_BINARY) | REST_BIT(REST_MEDIA_JSON) | REST_BIT(REST_MEDIA_AVRO) |                        \
     REST_BIT(REST_MEDIA_JSONSCHEMA) | REST_BIT(REST_MEDIA_PROTOBUF))

/* What route leaves in c->args. Texts are decoded; p == NULL where the path has no such part. */
struct rest_args {
    struct str topic, group, instance;
    int64_t partition;
    enum rest_media content; /* of the request's body */
    enum rest_media accept;  /* the first acceptable type the resource offers */
};

/* ---- rest_media.c ---- */
enum rest_media rest_media_of(struct str one_type);
/* The first type of an Accept header that is one of `offered`, ANY for wildcards and an absent header, OTHER when
 * nothing fits. */
enum rest_media rest_media_accept(struct str header, unsigned offered);
const char *rest_media_name(enum rest_media m); /* "json" */

/* ---- rest_json.c ---- */
/* Writes the value at hand as Jackson does. -1 after a mistake, which the reader tells. */
int rest_json_put(struct buf *out, struct json_reader *r);

/* ---- murmur2.c ---- */
int32_t murmur2(struct str bytes);

/* ---- actions ---- */
int rest_produce_to_topic(struct call *c);
int rest_produce_to_partition(struct call *c);
int rest_topics_root(struct call *c);
int rest_topics_brokers(struct call *c);
int rest_topics_list(struct call *c);
int rest_topics_get(struct call *c);
int rest_topics_partitions(struct call *c);
int rest_topics_partition(struct call *c);
int rest_topics_offsets(struct call *c);

/* ---- rest_consumers.c: instances, subscriptions, assignments ---- */
struct rest_position {
    struct plog *log;
    unsigned partition;
    int64_t next; /* offset to read next */
};
struct rest_consumer {
    struct str group, id; /* owned */
    enum rest_media format;
    bool latest, auto_commit, none; /* auto.offset.reset */
    int64_t timeout_ms, last_used_ms;
    struct map topics; /* subscribed by name -> itself */
    struct arena memory;    /* of the pattern */
    struct jregex *pattern; /* NULL = subscribed by names */
    bool joined;
    bool manual; /* positions were assigned, not subscribed to */
    struct rest_position *positions;
    size_t n_positions, cap_positions;
};
struct rest_consumers *rest_consumers_open(void);
void rest_consumers_close(struct rest_consumers *s);
void rest_consumers_reset(struct rest_consumers *s);
/* The instance the path names, locked; NULL with 40403. */
struct rest_consumer *rest_consumers_lock(struct call *c);
void rest_consumers_unlock(struct call *c);
/* What the group has committed, -1 for nothing. Locked. */
int64_t rest_consumers_committed_at(struct call *c, const struct rest_consumer *i, const char *topic, unsigned partition);
void rest_consumers_commit_at(struct call *c, const struct rest_consumer *i, const char *topic, unsigned partition,
                              int64_t next);
/* Joins the group: the positions of a subscriber become its share of the partitions there are. */
void rest_consumers_join(struct call *c, struct rest_consumer *i);
void rest_consumers_commit_all(struct call *c, const struct rest_consumer *i);
int rest_consumers_create(struct call *c);
int rest_consumers_delete(struct call *c);
int rest_consumers_subscribe(struct call *c);
int rest_consumers_subscription(struct call *c);
int rest_consumers_unsubscribe(struct call *c);
int rest_consumers_assign(struct call *c);
int rest_consumers_assignments(struct call *c);

/* ---- rest_records.c: reading, committing, seeking ---- */
int rest_records_read(struct call *c);
int rest_records_commit(struct call *c);
int rest_records_committed(struct call *c);
int rest_records_seek(struct call *c);
int rest_records_seek_beginning(struct call *c);
int rest_records_seek_end(struct call *c);

#endif
