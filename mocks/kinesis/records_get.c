/* records_get.c - GetRecords, and a piece of a shard for those who subscribed to it.
 *
 *   iterator ─► offset ─► batches of records straight into the answer, no lock held for long
 */
#include "mocks/kinesis/state.h"

enum { BATCH_BYTES = 256 * 1024, GET_LIMIT = 10000 };

void records_seqno(const struct shard *shard, uint64_t index, int64_t time_ms, char out[SEQNO_DIGITS])
{
    seqno_write(&(struct seqno){ .create_s = shard->create_s, .index = index, .time_s = time_ms / 1000,
                                 .shard = shard->index }, out);
}

void records_put_encryption(struct reply *w, bool encrypted)
{
    if (encrypted)
        reply_key_text(w, "EncryptionType", S("KMS"));
}

struct getting {
    struct reply w;
    const struct shard *shard;
    bool encrypted;
    int64_t left;        /* records still wanted */
    int64_t told;
    size_t bytes;        /* of the answer so far */
    size_t most_bytes;
    size_t batch_bytes;  /* of this hold of the partition's lock */
    int64_t last_ms;
    uint64_t last_index;
};

/* One record into the answer. The first is always told, however large. */
static bool tell(void *arg, const struct plog_record *r)
{
    struct getting *g = arg;
    size_t n = r->key.n + r->value.n;
    if (g->left == 0 || g->batch_bytes > BATCH_BYTES || (g->told && g->bytes + n > g->most_bytes))
        return false;
    char digits[SEQNO_DIGITS];
    records_seqno(g->shard, r->extra, r->time_ms, digits);
    reply_map(&g->w);
    reply_key_text(&g->w, "SequenceNumber", (struct str){ digits, SEQNO_DIGITS });
    reply_key_time(&g->w, "ApproximateArrivalTimestamp", r->time_ms);
    reply_key(&g->w, "Data");
    reply_blob(&g->w, r->value);
    reply_key_text(&g->w, "PartitionKey", r->key);
    records_put_encryption(&g->w, g->encrypted);
    reply_end_map(&g->w);
    g->left--;
    g->told++;
    g->bytes += n;
    g->batch_bytes += n;
    g->last_ms = r->time_ms;
    g->last_index = r->extra;
    return true;
}

static bool note(void *arg, const struct plog_record *r)
{
    *(struct plog_record *)arg = *r;
    return false;
}

/* The record at the offset, or the first kept; its bytes are not to be looked at. offset -1 when there is none. */
static struct plog_record peek(const struct stream *s, unsigned shard, int64_t offset)
{
    struct plog_record r = { .offset = -1 };
    plog_read(s->log, shard, offset, note, &r);
    return r;
}

/* Offset of the first record that is not before the position (see iterators.c). */
int64_t records_offset(const struct stream *s, const struct shard *shard, const struct seqno *n)
{
    int64_t low = plog_begin(s->log, shard->index), high = plog_end(s->log, shard->index);
    if (n->create_s != shard->create_s) /* of an earlier stream of that name, or a later one */
        return n->create_s < shard->create_s ? low : high;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct plog_record r = peek(s, shard->index, middle);
        bool before = r.extra < n->index || (r.extra == n->index && r.time_ms / 1000 < n->time_s);
        if (before)
            low = r.offset + 1;
        else
            high = middle;
    }
    return low;
}

/* Reads in batches, so that no appender waits for a whole answer. Returns the offset to go on from. */
static int64_t tell_records(struct getting *g, const struct stream *s, int64_t offset)
{
    unsigned shard = g->shard->index;
    for (;;) {
        g->batch_bytes = 0;
        int64_t told = g->told, next = plog_read(s->log, shard, offset, tell, g);
        offset = next;
        if (g->told == told || g->left == 0 || g->batch_bytes <= BATCH_BYTES)
            return offset;
    }
}

static int64_t behind_ms(const struct getting *g, const struct stream *s, int64_t offset)
{
    int64_t end = plog_end(s->log, g->shard->index);
    int64_t tip_ms = offset < end ? peek(s, g->shard->index, end - 1).time_ms : 0;
    return tip_ms > g->last_ms && g->told ? tip_ms - g->last_ms : 0;
}

static void tell_next(struct call *c, struct getting *g, const struct stream *s, int64_t offset)
{
    struct position next = *wire_of(c)->position;
    next.made_ms = call_now_ms(c);
    if (g->told)
        next.seqno = (struct seqno){ g->shard->create_s, g->last_index + 1, g->shard->create_s, g->shard->index, 2 };
    int64_t end = plog_end(s->log, g->shard->index);
    if (g->shard->closed_ms && offset >= end && !g->told) { /* the last records still come with an iterator */
        shards_put_children(&g->w, s, g->shard);
    } else {
        struct buf text = BUF_INIT;
        iterators_write(&text, &next);
        reply_key_text(&g->w, "NextShardIterator", buf_str(&text));
        buf_release(&text);
    }
    reply_key_number(&g->w, "MillisBehindLatest", behind_ms(g, s, offset));
}

static int get_from(struct call *c, struct stream *s, const struct position *p)
{
    const struct shard *shard = s->shards[p->shard];
    struct getting g = { .w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR), .shard = shard,
                         .encrypted = s->kms_key != NULL, .left = call_number(c, "Limit", GET_LIMIT), .most_bytes = REQUEST_BYTES };
    records_trim(s, shard->index, call_now_ms(c));
    int64_t offset = records_offset(s, shard, &p->seqno);
    reply_map(&g.w);
    reply_key(&g.w, "Records");
    reply_list(&g.w);
    offset = tell_records(&g, s, offset);
    reply_end_list(&g.w);
    tell_next(c, &g, s, offset);
    reply_end_map(&g.w);
    return 0;
}

int records_get(struct call *c)
{
    const struct position *p = wire_of(c)->position;
    struct stream *s = streams_enter(c, p->stream);
    int result = -1;
    char id[SHARD_ID];
    if (s)
        pthread_rwlock_rdlock(&s->lock);
    if (s && streams_ready(s, call_now_ms(c)) && p->shard < (int64_t)s->n_shards)
        result = get_from(c, s, p);
    else
        call_fail(c, 400, "ResourceNotFoundException", "Shard %s in stream " STR_F " under account " STR_F
                  " does not exist", shards_id(p->shard, id), STR_A(p->stream), STR_A(c->account));
    if (s)
        pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return result;
}

/* ---- for subscribers ---- */

/* Whoever goes on AFTER_ it has lost and got twice nothing: the number of the last record before the offset, or the shard's. */
static void put_continuation(struct reply *w, const struct stream *s, const struct shard *shard, int64_t offset)
{
    char digits[SEQNO_DIGITS];
    bool any = offset > plog_begin(s->log, shard->index);
    struct plog_record last = any ? peek(s, shard->index, offset - 1) : (struct plog_record){ .time_ms = shard->create_s * 1000 };
    records_seqno(shard, last.extra, last.time_ms, digits);
    reply_key_text(w, "ContinuationSequenceNumber", (struct str){ digits, SEQNO_DIGITS });
}

bool records_put_event(struct reply *w, const struct stream *s, const struct shard *shard, int64_t *offset, int64_t now_ms)
{
    struct getting g = { .w = *w, .shard = shard, .encrypted = s->kms_key != NULL, .left = GET_LIMIT, .most_bytes = EVENT_BYTES };
    records_trim(s, shard->index, now_ms);
    bool over = shard->closed_ms && *offset >= plog_end(s->log, shard->index);
    reply_map(&g.w);
    reply_key(&g.w, "Records");
    reply_list(&g.w);
    *offset = tell_records(&g, s, *offset);
    reply_end_list(&g.w);
    if (over)
        shards_put_children(&g.w, s, shard);
    else
        put_continuation(&g.w, s, shard, *offset);
    reply_key_number(&g.w, "MillisBehindLatest", behind_ms(&g, s, *offset));
    reply_end_map(&g.w);
    return over;
}
