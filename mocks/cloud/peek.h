/* peek.h - what has arrived in a topic, a stream or a bucket, for people who look: no fault rule hits it, no journal entry
 * tells of it, no consumer's place changes by it.
 *
 *   GET /_weirbox/peek?topic=ID.pin&from=end&limit=10      one JSON object a line, the cursor in the header Weirbox-Cursor
 */
#ifndef MOCKS_CLOUD_PEEK_H
#define MOCKS_CLOUD_PEEK_H

#include "base/arena.h"
#include "base/buf.h"
#include "mocks/cloud/cloud.h"

/* One record or object as a service shows it. Views are valid during the call. */
struct peek_record {
    const char *where; /* the partition's or shard's name; "" for objects */
    unsigned partition;
    int64_t position;  /* rises within a partition; -1 for objects, whose order is that of time_ms and key */
    struct str place;  /* "ID.pin-0-12", "shardId-000000000000:4966…", the object's key */
    int64_t time_ms;
    struct str key, value; /* p == NULL = none */
};

enum peek_kind { PEEK_NONE = 0, PEEK_TOPIC, PEEK_STREAM, PEEK_BUCKET };
enum peek_kind peek_kind_of(struct str word); /* "topic", "stream", "bucket" */
const char *peek_kind_name(enum peek_kind kind);

/* Each record kept under the name, those of a partition in their order. -1 with NO_SUCH_NAME (and what was probably meant)
 * when there is none of that name. */
int peek_each(struct cloud *c, enum peek_kind kind, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg,
              struct err *e);
/* Drops what is kept under the name; the name, its offsets and its sequence numbers go on. */
int peek_purge(struct cloud *c, enum peek_kind kind, struct str name, struct err *e);

struct peek_options {
    enum peek_kind kind;
    struct str name;
    struct str from;  /* "start", "end", or a number: of the record in each partition, of the object by age */
    size_t limit;
    struct str after; /* a cursor; p == NULL = none. Then only what came later, oldest first */
    bool follow;      /* more calls with the cursor will come: objects of this very moment wait for the next */
};
/* Lines of JSON into *out, the cursor for what comes next into *ret_cursor. */
int peek_list(struct cloud *c, const struct peek_options *o, struct arena *a, struct buf *out, struct buf *ret_cursor, struct err *e);
/* ,"name":"text", or ,"name_base64":"…" when the bytes are no UTF-8. */
void peek_put_bytes(struct buf *out, const char *name, struct str s);

#endif
