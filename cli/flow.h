/* flow.h - the whole pipeline once, from the RDS to the answers, and what became of every post.
 *
 *   rds ─► emulate ─► gateway ─┬► kafka_rest ─► connect ─► s3 ─► ingest ─► clean ─► analytics     batch
 *                              └► kinesis ────────────────────► ingest ─► clean ─► analytics     stream
 *
 * The only place where mocks and pipeline meet: a cloud is opened on free ports of this machine, and the pipeline is
 * given its addresses, as it would be given those of the real one. They speak over sockets.
 */
#ifndef CLI_FLOW_H
#define CLI_FLOW_H

#include <pthread.h>

#include "base/clock.h"
#include "mocks/cloud/cloud.h"
#include "mocks/rds/rds.h"
#include "pipeline/analytics/analytics.h"
#include "pipeline/emulate/emulate.h"
#include "pipeline/ingest/ingest.h"
#include "pipeline/ledger/ledger.h"

#define FLOW_USER_ID "0a1b2c3d4e5f"
#define FLOW_STAGE "test"
enum { FLOW_BATCH, FLOW_STREAM, FLOW_PATHS };

/* One stage of one path has come this far; total 0 = not known. */
struct flow_progress {
    const char *path, *stage;
    uint64_t done, total;
    int64_t took_us;
    bool over;
};

struct flow_options {
    const char *tables_dir; /* NULL = the synthetic tables */
    bool skip_broken;
    struct choose_options choose; /* ALL: indices are filled from the source */
    bool path_on[FLOW_PATHS];
    const char *rules_dir, *profile;
    struct str faults;      /* rules as JSON; n == 0 = none */
    const char *properties; /* the sink's connector.properties; NULL = fixtures/connect/s3-sink.properties */
    const char *api;        /* the gateway's OpenAPI document; NULL = fixtures/apigw/pinterest.json */
    bool no_post_ids;
    double posts_per_second;
    int in_flight, max_attempts;
    const char *data_dir;
    uint64_t seed;       /* of tables, ids, jitter, faults */
    struct clock *clock; /* NULL = real */
    int64_t settle_ms;   /* how long the sink may take after the last post; 0 = 60,000 */
    void (*progress)(void *arg, const struct flow_progress *p);
    void *progress_arg;
};

/* A record refused by the rules, kept with its bytes. */
struct flow_quarantined {
    unsigned table;
    struct ledger_place place;
    uint32_t post;
    char code[48];
    char *message;
    struct str bytes;
};

/* A record that was cleaned; a row's tag is its index. */
struct flow_record {
    unsigned table;
    struct str bytes;
};

struct flow_path {
    bool on;
    const char *name; /* "batch" */
    struct ledger *ledger;
    struct emulate_report emulated;
    struct ingest ingested;
    struct table *tables[LEDGER_TABLES];
    struct result **answers; /* as many as analytics_count */
    struct flow_quarantined *quarantine;
    size_t n_quarantine, cap_quarantine;
    struct flow_record *records;
    size_t n_records, cap_records;
    int64_t emulate_us, settle_us, ingest_us, finish_us, query_us;
};

struct flow {
    struct rds *rds;
    struct rds_report report;
    struct rules *rules;
    struct analytics *analytics;
    struct cloud *cloud;
    struct flow_path paths[FLOW_PATHS];
    uint64_t fault_hits;
    int64_t ready_us, took_us;
    struct clock own_clock, *clock;
    pthread_mutex_t telling; /* one progress call at a time */
};

/* Runs the pipeline. 0: it came to its end, and flow_verdict judges it. -1: *e says which stage of which path could not
 * go on; what was had until then is in *ret all the same. Always flow_release. */
int flow_run(const struct flow_options *o, struct flow *ret, struct err *e);
/* The same in two steps: the cloud stands after the first, and the second runs the pipeline over it, once. */
int flow_open(const struct flow_options *o, struct flow *ret, struct err *e);
int flow_go(const struct flow_options *o, struct flow *f, struct err *e);
/* 0: every ledger balances and the paths agree. Else -1: LEDGER_UNBALANCED, LEDGER_UNKNOWN, ANSWERS_DIFFER. */
int flow_verdict(const struct flow *f, struct err *e);
void flow_release(struct flow *f);

/* The services of a whole cloud, NULL-terminated, in the order they open. */
extern const struct service *const flow_services[];

#endif
