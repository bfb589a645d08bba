/* plog.h - the partition log: a Kafka partition and a Kinesis shard are the same thing.
 *
 *   set ──► log "ID.pin" ──► partition 0: [0][1][2]…      one lock per partition, none above it on the data path
 *                       └──► partition 1: [0][1]…
 *
 * A partition is an append-only sequence of records numbered from 0. Records are immutable and stay where they
 * are until trimmed, so a reader copies nothing: it is called back under the partition's read lock.
 */
#ifndef MOCKS_CLOUD_PLOG_H
#define MOCKS_CLOUD_PLOG_H

#include "base/err.h"
#include "base/str.h"

struct plog_record {
    int64_t offset;
    int64_t time_ms;
    uint64_t extra;        /* the service's own (Kinesis: the hash key's owner epoch, say) */
    struct str key, value; /* p == NULL = null */
    struct str headers;    /* the service's own bytes (Kafka: its record headers); p == NULL = none */
};

struct plog;     /* one topic or stream */
struct plog_set; /* the topics of one cloud */

struct plog *plog_open(const char *name, unsigned n_partitions);
void plog_close(struct plog *l);
const char *plog_name(const struct plog *l);
unsigned plog_partitions(const struct plog *l);
void plog_grow(struct plog *l, unsigned n_partitions);
/* Appends one record (copied) and returns its offset. */
int64_t plog_append(struct plog *l, unsigned partition, int64_t time_ms, uint64_t extra, struct str key,
                    struct str value);
/* Appends n records (their offset is not looked at) one after the other, none of another appender's between them.
 * Returns the offset of the first, -1 when the partition is not there or one of them is too large. */
int64_t plog_append_many(struct plog *l, unsigned partition, const struct plog_record *records, size_t n);
/* Calls fn for the records from `offset` on until it answers false or the end is reached. fn must not append to the
 * same partition. Returns the offset after the last record fn accepted. */
int64_t plog_read(struct plog *l, unsigned partition, int64_t offset,
                  bool (*fn)(void *arg, const struct plog_record *r), void *arg);
int64_t plog_begin(struct plog *l, unsigned partition); /* first offset kept */
int64_t plog_end(struct plog *l, unsigned partition);   /* offset of the next record */
/* Offset of the first record with time_ms >= t, or plog_end. */
int64_t plog_seek_time(struct plog *l, unsigned partition, int64_t time_ms);
/* Drops records before `offset`. */
void plog_trim(struct plog *l, unsigned partition, int64_t offset);
uint64_t plog_bytes(struct plog *l);

struct plog_set *plog_set_open(void);
void plog_set_close(struct plog_set *s);
void plog_set_reset(struct plog_set *s); /* removes all logs */
/* A removed log loses its records at once; the struct stays valid until the set is closed. */
struct plog *plog_set_find(struct plog_set *s, struct str name);
/* Creates it, or NULL with TOPIC_EXISTS. */
struct plog *plog_set_create(struct plog_set *s, struct str name, unsigned n_partitions, struct err *e);
/* The log of that name, created with n_partitions when new. */
struct plog *plog_set_ensure(struct plog_set *s, struct str name, unsigned n_partitions);
bool plog_set_remove(struct plog_set *s, struct str name);
/* All logs by name, in byte order; free() the array. */
struct plog **plog_set_list(struct plog_set *s, size_t *ret_n);
/* A number that changes with every append to any log of the set. */
uint64_t plog_set_generation(struct plog_set *s);
/* Waits (real time) until the generation differs from `seen`, or plog_set_wake was called, or the time is out. */
void plog_set_wait(struct plog_set *s, uint64_t seen, int64_t timeout_ms);
void plog_set_wake(struct plog_set *s);

#endif
