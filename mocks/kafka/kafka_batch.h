/* kafka_batch.h - records as producers send them and consumers get them: record batches (magic 2) and the message sets of
 * clients older than 0.11 (magic 0 and 1).
 *
 * Reading checks lengths, checksums and counts, undoes compression (gzip, snappy, lz4, zstd) and yields views; writing makes
 * uncompressed batches of what the log holds. Layout: Apache Kafka documentation, "Message Format".
 */
#ifndef MOCKS_KAFKA_KAFKA_BATCH_H
#define MOCKS_KAFKA_KAFKA_BATCH_H

#include "base/buf.h"
#include "mocks/cloud/plog.h"
#include "mocks/kafka/kafka_error.h"

enum { KAFKA_BATCH_HEAD = 61, KAFKA_MAX_UNPACKED = 64 << 20 };

struct kafka_batch {
    struct plog_record *records; /* offsets are not set; keys, values and headers are views */
    size_t n;
    int64_t max_time_ms;
    int64_t producer_id; /* -1 = none */
    int16_t producer_epoch;
    int32_t sequence;
    bool transactional, control;
    struct buf unpacked, array; /* what the views and records live in */
};

/* The records of one partition of a Produce request. magic2: the request's version asks for exactly one batch of magic 2.
 * NONE, or the error with *ret_why. Always kafka_batch_release. */
enum kafka_error kafka_batch_read(struct kafka_batch *ret, struct str bytes, bool magic2, size_t max_bytes, const char **ret_why);
void kafka_batch_release(struct kafka_batch *b);

/* Writes records with ascending offsets into *out. */
struct kafka_batch_writer {
    struct buf *out;
    int magic;
    size_t start; /* of the batch */
    int64_t base, first_ms, max_ms;
    int32_t n;
};
void kafka_batch_add(struct kafka_batch_writer *w, const struct plog_record *r);
void kafka_batch_end(struct kafka_batch_writer *w);
size_t kafka_batch_record_bytes(const struct plog_record *r); /* at most, in a batch */

/* kafka_compress.c: codec 1 gzip, 2 snappy (raw or in Xerial's frame), 3 lz4 frame, 4 zstd. -1: malformed or larger. */
int kafka_unpack(int codec, struct str in, size_t max_bytes, struct buf *out);

#endif
