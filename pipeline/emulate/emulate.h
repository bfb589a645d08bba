/* emulate.h - the user posting emulator: rows of the three tables go to the gateway, as the original scripts post them.
 *
 *   batch   POST {gateway}/{stage}/topics/{id}.pin            {"records":[{"value":{row}}]}      vnd.kafka.json.v2+json
 *   stream  PUT  {gateway}/{stage}/streams/streaming-{id}-pin/record
 *                {"StreamName":"…","Data":{row},"PartitionKey":"…"}                              application/json
 *   basic   no posting: the rows are printed
 *
 * Three calls a post, one per table. Many are in flight at once; 429, 5xx, network errors and throttles inside a 200
 * are tried again with capped exponential backoff and jitter, a bounded number of times. With post ids the Kafka
 * record key, or the Kinesis partition key, names the post (ledger.h), so that a retry after a lost acknowledgement can
 * be recognised further down; without, keys are as in the original scripts (none, and "partition-1").
 */
#ifndef PIPELINE_EMULATE_EMULATE_H
#define PIPELINE_EMULATE_EMULATE_H

#include "base/clock.h"
#include "base/err.h"
#include "pipeline/ledger/ledger.h"
#include "pipeline/source/choose.h"
#include "pipeline/source/source.h"

enum emulate_path { EMULATE_BATCH, EMULATE_STREAM };

struct emulate_options {
    enum emulate_path path;
    const char *gateway; /* "http://127.0.0.1:8080" */
    const char *stage;   /* "test" */
    const char *user_id; /* "0a1b2c3d4e5f": in topic and stream names */
    bool post_ids;
    int in_flight;    /* 0 = 48 */
    int max_attempts; /* per call; 0 = 8 */
    double posts_per_second; /* 0 = as fast as possible */
    struct clock *clock;
    uint64_t seed; /* of the backoff's jitter */
    /* Called every few hundred calls and at the end. */
    void (*progress)(void *arg, uint64_t calls_over, uint64_t calls_total);
    void *progress_arg;
};

struct emulate_report {
    uint64_t posts;   /* rows chosen for which all three tables have a row */
    uint64_t skipped; /* rows chosen that some table lacks: no post can be formed */
    int64_t first_skipped[10];
    uint64_t calls, acknowledged, given_up, retries;
    char first_refusal[512]; /* the first answer that was final: what, where, why; "" when there was none */
};

/* Posts what `choose` yields until it ends. Every post is entered in the ledger. -1 and *e when the source fails or the
 * gateway cannot be reached at all; posts refused or given up are counted, and the ledger's balance tells of them. */
int emulate_run(const struct emulate_options *o, struct source *source, struct choose *choose, struct ledger *ledger,
                struct emulate_report *ret_report, struct err *e);
/* The basic script: each row's three objects printed to `out`, one line each. */
int emulate_print(struct source *source, struct choose *choose, struct buf *out, struct err *e);

#endif
