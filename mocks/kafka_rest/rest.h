/* rest.h - inside mocks/kafka_rest: the proxy's state, what a path says, and the functions of the action table. */
#ifndef MOCKS_KAFKA_REST_REST_H
#define MOCKS_KAFKA_REST_REST_H

#include <stdatomic.h>

#include "base/json.h"
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

struct rest_consumers *rest_consumers_open(void);
void rest_consumers_close(struct rest_consumers *s);
void rest_consumers_reset(struct rest_consumers *s);
size_t rest_consumers_count(struct rest_consumers *s);
int rest_consumers_create(struct call *c);
int rest_consumers_delete(struct call *c);
int rest_consumers_subscribe(struct call *c);
int rest_consumers_subscription(struct call *c);
int rest_consumers_unsubscribe(struct call *c);
int rest_consumers_assign(struct call *c);
int rest_consumers_assignments(struct call *c);
int rest_consumers_commit(struct call *c);
int rest_consumers_committed(struct call *c);
int rest_consumers_seek(struct call *c);
int rest_consumers_seek_beginning(struct call *c);
int rest_consumers_seek_end(struct call *c);
int rest_consumers_records(struct call *c);

#endif
