/* ingest.h - reading back what the cloud stored: the sink's objects from S3, and the shards of the streams.
 *
 * Both call `record` once for every record, with the table it belongs to, its place, and its bytes. The bytes belong to
 * the ingest's arena, which lives as long as the caller's struct ingest: cleaned tables may view them.
 *
 *   ingest_s3       lists {topics_dir}/{id}.pin/… by pages, fetches the objects concurrently, splits them into lines;
 *                   line i of partition=P/…+P+OFFSET.json is the record at offset OFFSET + i
 *   ingest_kinesis  every shard of streaming-{id}-pin|geo|user, from a checkpoint or the oldest record, to the tip
 *                   (kinesis_reader.h reads on from there)
 *
 * A record whose place nobody was told of is asked for its post id: ingest_s3 fetches the object's .keys.json sibling
 * (Connect's store.kafka.keys) for it; a Kinesis record carries it as its partition key.
 */
#ifndef PIPELINE_INGEST_INGEST_H
#define PIPELINE_INGEST_INGEST_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/sigv4.h"
#include "pipeline/ledger/ledger.h"

struct ingest_record {
    unsigned table; /* as ledger_table_names */
    struct ledger_place place;
    struct str bytes;
    uint32_t post; /* number in the ledger, or LEDGER_NO_POST */
};

struct ingest_options {
    const char *endpoint; /* "http://127.0.0.1:9000" */
    const char *user_id;  /* "0a1b2c3d4e5f" */
    const char *name;     /* NULL, or one topic or stream to read instead of the user's three; table of its records is 0 */
    const char *bucket;   /* S3 */
    const char *topics_dir; /* S3; NULL = "topics" */
    struct sigv4_key key;
    const char *region;
    int in_flight;    /* 0 = 48 */
    int max_attempts; /* per call; 0 = 8 */
    struct clock *clock;
    uint64_t seed;
    struct ledger *ledger; /* NULL: every record is new and nobody's post */
    const char *checkpoint; /* Kinesis: a file to go on from and to write; NULL = from the oldest record, no file */
    /* Called for records to be cleaned: new ones and unknown ones, not repeats. */
    void (*record)(void *arg, const struct ingest_record *r);
    void (*gap)(void *arg, const char *message); /* Kinesis: records may have been trimmed unread; optional */
    void *arg;
    void (*progress)(void *arg, uint64_t records);
    void *progress_arg;
};

struct ingest {
    struct arena bytes; /* of all records; release when the tables that view them are closed */
    uint64_t objects, records, repeats, keys_fetched, pages, retries, gaps;
};

int ingest_s3(const struct ingest_options *o, struct ingest *in, struct err *e);
int ingest_kinesis(const struct ingest_options *o, struct ingest *in, struct err *e);
void ingest_release(struct ingest *in);

#endif
