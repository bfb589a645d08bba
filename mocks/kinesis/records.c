/* records.c - PutRecord, PutRecords: the hot path.
 *
 *   put   partition key ─MD5─► hash ─► open shard ─► its lock: time, allowance, index, append ─► sequence number
 *
 * The index in a record's sequence number is kept as the log record's `extra`; it rises with the offset.
 */
#include <stdio.h>

#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { ENTRY_DATA, ENTRY_HASH, ENTRY_KEY }; /* as the table in kinesis.c has them */
enum { TRIM_EVERY = 1024 };

/* A record to be put, and what became of it. */
struct put {
    struct str data, key;
    struct shard *shard;
    uint64_t index; /* in its sequence number; 0 = refused by the shard's limits or by a fault rule */
    int64_t time_ms;
};

static u128 hash_of(struct str key)
{
    uint8_t digest[MD5_BYTES];
    u128 hash = 0;
    codec_md5(key, digest);
    for (int i = 0; i < MD5_BYTES; i++)
        hash = hash << 8 | digest[i];
    return hash;
}

/* The shard a record goes to; under stream.lock. */
static int route(struct call *c, const struct stream *s, struct str explicit_hash, struct put *p)
{
    u128 hash;
    if (!explicit_hash.p)
        hash = hash_of(p->key);
    else if (!shards_hash(explicit_hash, &hash))
        return call_fail(c, 400, "InvalidArgumentException", "Invalid ExplicitHashKey. ExplicitHashKey must be in the "
                         "range: [0, 2^128-1]. Specified value was " STR_F, STR_A(explicit_hash));
    p->shard = shards_of_hash(s, hash);
    return 0;
}

/* Is there room in this second's allowance? Takes it when there is. Under shard.lock. */
static bool admit(struct shard *shard, size_t bytes, int64_t now_ms)
{
    if (now_ms - 1000 > shard->refilled_ms || shard->refilled_ms == INT64_MIN) {
        shard->records_left = SHARD_RECORDS_PER_S;
        shard->bytes_left = SHARD_BYTES_PER_S;
        shard->refilled_ms = now_ms;
    } else if (now_ms > shard->refilled_ms) {
        double seconds = (double)(now_ms - shard->refilled_ms) / 1000;
        double records = shard->records_left + seconds * SHARD_RECORDS_PER_S;
        double more = shard->bytes_left + seconds * SHARD_BYTES_PER_S;
        shard->records_left = records < SHARD_RECORDS_PER_S ? records : SHARD_RECORDS_PER_S;
        shard->bytes_left = more < SHARD_BYTES_PER_S ? more : SHARD_BYTES_PER_S;
        shard->refilled_ms = now_ms;
    }
    double need = bytes < SHARD_BYTES_PER_S ? (double)bytes : SHARD_BYTES_PER_S;
    if (shard->records_left < 1 || shard->bytes_left < need)
        return false;
    shard->records_left -= 1;
    shard->bytes_left -= (double)bytes;
    return true;
}

/* Drops what retention lets go of. */
void records_trim(const struct stream *s, unsigned shard, int64_t now_ms)
{
    int64_t horizon = now_ms - s->retention_hours * 3600000;
    if (s->created_ms < horizon)
        plog_trim(s->log, shard, plog_seek_time(s->log, shard, horizon));
}

/* Times within a shard never go back. Under stream.lock for reading, so the shard is open. */
static void append(const struct kinesis *k, const struct stream *s, struct put *p, int64_t now_ms)
{
    struct shard *shard = p->shard;
    pthread_mutex_lock(&shard->lock);
    int64_t time_ms = now_ms > shard->create_s * 1000 ? now_ms : shard->create_s * 1000;
    if (time_ms < shard->last_ms)
        time_ms = shard->last_ms;
    int64_t offset = 0;
    if (!k->enforce_limits || admit(shard, p->data.n + p->key.n, now_ms)) {
        shard->last_ms = p->time_ms = time_ms;
        p->index = atomic_fetch_add(shard->counter, 1);
        offset = plog_append(s->log, shard->index, time_ms, p->index, p->key, p->data);
    }
    pthread_mutex_unlock(&shard->lock);
    subscribe_arrived(k->subscriptions);
    if (offset % TRIM_EVERY == TRIM_EVERY - 1)
        records_trim(s, shard->index, now_ms);
}

static struct str rate_exceeded(struct call *c, const struct shard *shard)
{
    char id[SHARD_ID];
    return arena_f(c->arena, "Rate exceeded for shard %s in stream " STR_F " under account " STR_F ".",
                   shards_id(shard->index, id), STR_A(wire_of(c)->stream), STR_A(c->account));
}

static int judge_size(struct call *c, const struct stream *s, struct str data, const char *where)
{
    if ((int64_t)data.n <= s->record_kib * 1024)
        return 0;
    return call_fail(c, 400, "ValidationException", "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 "
                     "lim=%zu cap=%zu]' at '%s' failed to satisfy constraint: Member must have length less than or "
                     "equal to %lld", data.n, data.n, where, (long long)s->record_kib * 1024);
}

/* The stream to put into, entered, its lock held for reading; NULL with the call failed. */
static struct stream *enter_to_put(struct call *c)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return NULL;
    enum stream_status status = streams_status(s, call_now_ms(c));
    if (status != STREAM_ACTIVE && status != STREAM_UPDATING) {
        streams_not_found(c, wire_of(c)->stream);
        streams_leave(s);
        return NULL;
    }
    pthread_rwlock_rdlock(&s->lock);
    return s;
}

static void put_placed(struct reply *w, const struct put *p)
{
    char digits[SEQNO_DIGITS], id[SHARD_ID];
    records_seqno(p->shard, p->index, p->time_ms, digits);
    reply_key_text(w, "SequenceNumber", (struct str){ digits, SEQNO_DIGITS });
    reply_key_text(w, "ShardId", str_of(shards_id(p->shard->index, id)));
}

/* SequenceNumberForOrdering: an earlier record's number; later ones are above it anyway. */
static int judge_ordering(struct call *c)
{
    struct str text = call_text(c, "SequenceNumberForOrdering");
    struct seqno n;
    if (!text.p || (seqno_parse(text, &n) && n.time_s * 1000 <= call_now_ms(c)))
        return 0;
    return call_fail(c, 400, "InvalidArgumentException", "ExclusiveMinimumSequenceNumber " STR_F " used in PutRecord on "
                     "stream " STR_F " under account " STR_F " is invalid.", STR_A(text), STR_A(wire_of(c)->stream),
                     STR_A(c->account));
}

int records_put(struct call *c)
{
    struct stream *s = enter_to_put(c);
    if (!s)
        return -1;
    struct put p = { .data = call_text(c, "Data"), .key = call_text(c, "PartitionKey") };
    bool encrypted = s->kms_key != NULL;
    int result = judge_size(c, s, p.data, "data");
    if (result == 0)
        result = route(c, s, call_text(c, "ExplicitHashKey"), &p);
    if (result == 0)
        result = judge_ordering(c);
    if (result == 0) {
        append(c->state, s, &p, call_now_ms(c));
        if (!p.index)
            result = call_fail(c, 400, "ProvisionedThroughputExceededException", STR_F, STR_A(rate_exceeded(c, p.shard)));
    }
    pthread_rwlock_unlock(&s->lock);
    if (result == 0) {
        struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
        buf_room(call_body(c), 160);
        reply_map(&w);
        put_placed(&w, &p);
        records_put_encryption(&w, encrypted);
        reply_end_map(&w);
    }
    streams_leave(s);
    return result;
}

/* Everything that refuses the whole request, before any record is stored. */
static int prepare(struct call *c, const struct stream *s, const struct arg *records, struct put *puts)
{
    size_t total = 0;
    for (size_t i = 0; i < records->n; i++) {
        const struct arg *entry = records->items[i].items;
        struct put *p = &puts[i];
        char where[48];
        p->data = entry[ENTRY_DATA].text;
        p->key = entry[ENTRY_KEY].text;
        total += p->data.n + p->key.n;
        if ((int64_t)p->data.n > s->record_kib * 1024) {
            snprintf(where, sizeof where, "records.%zu.member.data", i + 1);
            return judge_size(c, s, p->data, where);
        }
        if (route(c, s, entry[ENTRY_HASH].type ? entry[ENTRY_HASH].text : (struct str){ 0 }, p))
            return -1;
    }
    if (total > REQUEST_BYTES)
        return call_fail(c, 400, "InvalidArgumentException", "Records size exceeds 10 MB limit");
    return 0;
}

static void answer_many(struct call *c, const struct put *puts, size_t n, size_t failed, bool encrypted)
{
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    buf_room(call_body(c), n * 120 + 64);
    reply_map(&w);
    reply_key_number(&w, "FailedRecordCount", (int64_t)failed);
    reply_key(&w, "Records");
    reply_list(&w);
    for (size_t i = 0; i < n; i++) {
        reply_map(&w);
        if (puts[i].index) {
            put_placed(&w, &puts[i]);
        } else {
            reply_key_text(&w, "ErrorCode", S("ProvisionedThroughputExceededException"));
            reply_key_text(&w, "ErrorMessage", rate_exceeded(c, puts[i].shard));
        }
        reply_end_map(&w);
    }
    reply_end_list(&w);
    records_put_encryption(&w, encrypted);
    reply_end_map(&w);
}

/* Shard by shard, the last open one first, so that a batch's numbers within a shard follow each other. */
static size_t append_many(struct call *c, const struct stream *s, struct put *puts, size_t n, unsigned skip)
{
    size_t *next = ARENA_ARRAY(c->arena, size_t, n), failed = 0;
    size_t *first = ARENA_ARRAY(c->arena, size_t, s->n_shards), *last = ARENA_ARRAY(c->arena, size_t, s->n_shards);
    int64_t now = call_now_ms(c);
    for (size_t i = 0; i < n; i++) { /* indexes + 1; 0 ends a list */
        uint32_t k = puts[i].shard->index;
        if (first[k])
            next[last[k] - 1] = i + 1;
        else
            first[k] = i + 1;
        last[k] = i + 1;
    }
    for (size_t k = s->n_shards; k-- > 0;)
        for (size_t i = first[k]; i; i = next[i - 1]) {
            if (!skip || (i - 1) % skip)
                append(c->state, s, &puts[i - 1], now);
            failed += !puts[i - 1].index;
        }
    return failed;
}

int records_put_many(struct call *c)
{
    struct stream *s = enter_to_put(c);
    if (!s)
        return -1;
    const struct arg *records = call_arg(c, "Records");
    struct put *puts = ARENA_ARRAY(c->arena, struct put, records->n);
    unsigned skip = c->fault.effect == FAULT_PARTIAL ? c->fault.partial : 0;
    bool encrypted = s->kms_key != NULL;
    size_t failed = 0;
    int result = prepare(c, s, records, puts);
    if (result == 0)
        failed = append_many(c, s, puts, records->n, skip);
    pthread_rwlock_unlock(&s->lock);
    if (result == 0)
        answer_many(c, puts, records->n, failed, encrypted);
    if (skip && result == 0)
        call_reason(c, "fault rule %d: %zu of %zu entries refused", c->fault.rule, failed, records->n);
    streams_leave(s);
    return result;
}
