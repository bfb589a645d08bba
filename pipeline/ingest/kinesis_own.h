/* kinesis_own.h - inside kinesis_*.c. */
#ifndef PIPELINE_INGEST_KINESIS_OWN_H
#define PIPELINE_INGEST_KINESIS_OWN_H

#include "base/json.h"
#include "base/map.h"
#include "pipeline/ingest/kinesis_reader.h"
#include "pipeline/ingest/reader.h"

struct kinesis_reader {
    const struct ingest_options *options;
    struct kinesis_events events;
    struct client *client;
    struct kinesis_shard **shards; /* a request under way holds one: they do not move */
    size_t n_shards;
    struct map places, bounds, by_name; /* name -> struct kinesis_place *, struct kinesis_shard * */
    struct arena names;
    struct str url;
    struct buf body, plain;
    uint64_t quota, pages, retries; /* quota: records of a shard in one poll */
    bool bounded;
    bool ended; /* a shard came to its end: there may be new ones */
    bool failed;
    struct err *err;
};

/* ---- kinesis_call.c ---- */
enum { KINESIS_HEADERS = 2, KINESIS_TARGET = 64 };
/* A call with r->body; what it points to must live until it is started. */
struct client_request kinesis_call(struct kinesis_reader *r, const char *action, char target[KINESIS_TARGET], struct http_header headers[KINESIS_HEADERS]);
/* Keeps the first failure; r->failed. */
void kinesis_call_failed(struct kinesis_reader *r, const char *action, struct str stream, const struct client_response *got);

/* ---- kinesis_shard.c ---- */
void kinesis_shard_read(struct kinesis_shard *s); /* until its tip, its bound, or its share */
bool kinesis_shard_is_done(const struct kinesis_shard *s);
/* Order of two sequence numbers. */
int kinesis_shard_compare(const char *a, struct str b);
#define KINESIS_TRIMMED "that record is no longer kept: what came behind it may have been trimmed unread; raise the stream's retention, or read more often"
#define KINESIS_ANEW "the place is none of this stream's, which was made anew since: it is read from its oldest record, and what the one before held unread is gone"
void kinesis_shard_tell_gap(struct kinesis_reader *r, struct str name, const char *last, const char *why);
void kinesis_shard_place(struct kinesis_shard *s, struct str sequence);

#endif
