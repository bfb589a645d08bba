/* kafka_codec.h - Kafka's messages as tables: where a field is in a C struct, which versions have it on the wire.
 *
 *     static const struct kafka_field heartbeat[] = {
 *         KAFKA(struct heartbeat, STRING, group),
 *         KAFKA(struct heartbeat, INT32, generation),
 *         KAFKA(struct heartbeat, STRING, instance, .since = 3, .nullable = KAFKA_NULL(3)) };
 *
 * Handlers see structs and no versions: a field the version at hand has not is read as `otherwise`. From its flexible version
 * on (KIP-482) a message has compact lengths and tagged fields; tags are skipped, none is written, since 2.8's answers need
 * none. Layouts follow the message definitions of Apache Kafka 2.8.1 (clients/src/main/resources/common/message).
 */
#ifndef MOCKS_KAFKA_KAFKA_CODEC_H
#define MOCKS_KAFKA_KAFKA_CODEC_H

#include "base/arena.h"
#include "base/buf.h"

enum kafka_kind { KAFKA_BOOL, KAFKA_INT8, KAFKA_INT16, KAFKA_INT32, KAFKA_INT64, KAFKA_UUID, KAFKA_STRING, KAFKA_BYTES, KAFKA_ARRAY };

struct kafka_array {
    void *at;
    int32_t n; /* -1 = null */
};

struct kafka_schema;
struct kafka_field {
    uint8_t kind;
    uint8_t since, before; /* versions that have it: since ≤ v, and v < before unless that is 0 */
    uint8_t nullable;      /* first version in which null may be written, plus one; 0 = none */
    int8_t otherwise;      /* value of a number that is not on the wire */
    uint16_t at;
    const struct kafka_schema *of; /* of an array's elements */
};
struct kafka_schema {
    const struct kafka_field *fields;
    uint16_t n, size; /* size of the struct */
    bool bare;        /* a number, string or UUID by itself: no tagged fields behind it */
};

#define KAFKA(type, kind_, member, ...) { .kind = KAFKA_##kind_, .at = offsetof(type, member), __VA_ARGS__ }
#define KAFKA_NULL(version) ((version) + 1)
#define KAFKA_SCHEMA(type, fields_) { .fields = (fields_), .n = sizeof(fields_) / sizeof *(fields_), .size = sizeof(type) }

extern const struct kafka_schema kafka_codec_int64, kafka_codec_int32, kafka_codec_int8, kafka_codec_string;

enum { KAFKA_MAX_ELEMENTS = 1000000 }; /* of all arrays of one message */

struct kafka_reader {
    struct str left;
    struct arena *arena;
    int elements; /* read so far */
    bool flexible, bad;
};

/* Reading what no schema says. After a mistake everything reads as 0 or empty, and r->bad is set. */
uint64_t kafka_codec_get(struct kafka_reader *r, unsigned bytes); /* big endian */
uint64_t kafka_codec_get_uvarint(struct kafka_reader *r);
struct str kafka_codec_get_short_string(struct kafka_reader *r); /* int16 length; -1: p == NULL */
void kafka_codec_skip_tags(struct kafka_reader *r);

/* A whole message into *ret (schema->size bytes). Views into the request; arrays in the arena. -1: malformed. */
int kafka_codec_read(struct kafka_reader *r, const struct kafka_schema *s, int version, void *ret);
void kafka_codec_write(struct buf *out, const struct kafka_schema *s, int version, bool flexible, const void *message);

void kafka_codec_put(struct buf *out, uint64_t v, unsigned bytes); /* big endian */
void kafka_codec_put_uvarint(struct buf *out, uint64_t v);
void kafka_codec_patch(struct buf *out, size_t at, uint64_t v, unsigned bytes);

#endif
