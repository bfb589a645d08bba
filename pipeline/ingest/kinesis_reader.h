/* kinesis_reader.h - the shards of the three streams streaming-{id}-pin|geo|user, read on and on from known places.
 *
 *     r = kinesis_reader_open(&options, &events, &e);
 *     kinesis_reader_place(r, name, sequence, over);   // for every place of a checkpoint; a shard without one: the oldest record
 *     while (…) kinesis_reader_poll(r, 10000, &e);     // records go to events.record
 *
 * A shard is read once its parents are (GetRecords of a closed shard ends with NextShardIterator null), so that records
 * of one partition key keep their order over a resharding. An iterator that expired is asked for again. A place is gone on
 * from with AT_SEQUENCE_NUMBER: when the record there is not the first to come back it has been trimmed, and records behind
 * it may have been trimmed unread, which is told (events.gap).
 */
#ifndef PIPELINE_INGEST_KINESIS_READER_H
#define PIPELINE_INGEST_KINESIS_READER_H

#include "pipeline/ingest/ingest.h"

enum { KINESIS_SEQUENCE = 136 }; /* AWS: at most 128 digits */

struct kinesis_record {
    unsigned table;
    struct ledger_place place; /* number of the shard, sequence number */
    struct str key;            /* partition key */
    struct str bytes;          /* views for the time of the call */
    int64_t arrived_us;        /* ApproximateArrivalTimestamp */
};

struct kinesis_place {
    struct str sequence; /* of the record read last; n == 0 = none */
    bool over;           /* the shard has been read to its end */
};
struct kinesis_shard {
    struct str name;    /* "streaming-…-pin/shardId-000000000002" */
    struct str stream, id, parents[2];
    unsigned table;
    uint32_t number;
    char last[KINESIS_SEQUENCE]; /* sequence number of the record read last; "" = none */
    bool over, at_tip;
    bool going_on; /* the first record to come is that of `last`, if it is still there */
    const struct kinesis_place *bound;
    uint64_t left; /* records it may still bring in this poll */
    struct buf iterator;
    struct kinesis_reader *reader;
};

struct kinesis_events {
    void (*record)(void *arg, const struct kinesis_record *r);
    void (*gap)(void *arg, const char *message);
    void *arg;
};

struct kinesis_reader;
struct kinesis_reader *kinesis_reader_open(const struct ingest_options *o, const struct kinesis_events *events, struct err *e);
void kinesis_reader_close(struct kinesis_reader *r);
/* Where a shard is gone on from. Before the first poll. */
void kinesis_reader_place(struct kinesis_reader *r, struct str name, struct str sequence, bool over);
/* Until kinesis_reader_unbound, shards are read up to their bounds, and those without one not at all. Before the first poll. */
void kinesis_reader_bound(struct kinesis_reader *r, struct str name, struct str sequence, bool over);
void kinesis_reader_unbound(struct kinesis_reader *r);
/* Reads all shards until each is at its tip, or has brought its share of so many records. */
int kinesis_reader_poll(struct kinesis_reader *r, uint64_t most, struct err *e);
bool kinesis_reader_at_tip(const struct kinesis_reader *r);
/* NULL behind the last. */
const struct kinesis_shard *kinesis_reader_shard(const struct kinesis_reader *r, size_t i);
/* GetRecords that answered, and attempts beyond the first of them. */
void kinesis_reader_counts(const struct kinesis_reader *r, uint64_t *ret_pages, uint64_t *ret_retries);

#endif
