/* iterators.c - where a reader stands, as opaque text, and GetShardIterator.
 *
 * An iterator is base64 of 0000000000000001 (8 bytes) and AES-256-CBC of "MS/STREAM/shardId-N/SEQUENCE NUMBER/0…0",
 * MS being when it was made, in 14 digits. AWS's own have that head and those lengths; what is inside them is not
 * known. Key and vector are the public ones of kinesalite, so that iterators can pass between it and this.
 *
 * The sequence number says from which record on: one of index i and time t means the first record with a higher
 * index, or the same index and a time not before t.
 */
#include <stdio.h>

#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { HEAD_BYTES = 8, LEAST_BYTES = 152, MOST_BYTES = 280, PLAIN_BYTES = 320 };

static const uint8_t key[AES256_KEY_BYTES] = {
    0x11, 0x33, 0xa5, 0xa8, 0x33, 0x66, 0x6b, 0x49, 0xab, 0xf2, 0x8c, 0x8b, 0xa3, 0x02, 0x93, 0x0f,
    0x0b, 0x2f, 0xb2, 0x40, 0xdc, 0xcd, 0x43, 0xcf, 0x4d, 0xfb, 0xc0, 0xca, 0x91, 0xf1, 0x77, 0x51,
};
static const uint8_t vector[AES_BLOCK_BYTES] = {
    0x7b, 0xf1, 0x39, 0xdb, 0xab, 0xbe, 0xa2, 0xd9, 0x99, 0x5d, 0x6f, 0xca, 0xe1, 0xdf, 0xf7, 0xda,
};
static const char head[HEAD_BYTES] = { 0, 0, 0, 0, 0, 0, 0, 1 };

void iterators_write(struct buf *out, const struct position *p)
{
    char plain[PLAIN_BYTES], id[SHARD_ID], digits[SEQNO_DIGITS], bytes[MOST_BYTES];
    struct buf b = { .p = bytes, .cap = sizeof bytes, .max = sizeof bytes };
    seqno_write(&p->seqno, digits);
    int n = snprintf(plain, sizeof plain, "%014lld/" STR_F "/%s/%.*s/%036d", (long long)p->made_ms, STR_A(p->stream),
                     shards_id(p->shard, id), SEQNO_DIGITS, digits, 0);
    buf_add(&b, head, HEAD_BYTES);
    codec_aes256_cbc_encrypt(&b, key, vector, (struct str){ plain, (size_t)n });
    codec_base64(out, buf_str(&b));
}

/* Thu Jan 22 01:22:02 UTC 2015 */
static struct str amz_utc(struct call *c, int64_t ms)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil t = clock_civil(ms);
    return arena_f(c->arena, "%.3s %.3s %02d %02d:%02d:%02d UTC %d", days + ms / 86400000 % 7 * 3,
                   months + (t.month - 1) * 3, t.day, t.hour, t.minute, t.second, t.year);
}

/* Splits the decrypted text; false when any piece is not what it must be. */
static bool read_pieces(struct str plain, int64_t now_ms, struct position *p)
{
    struct str rest = plain, ms = str_cut(&rest, '/'), stream = str_cut(&rest, '/'), shard = str_cut(&rest, '/');
    struct str seqno = str_cut(&rest, '/');
    if (!rest.p || str_chr(rest, '/') != STR_NONE || !str_to_i64(ms, &p->made_ms) || p->made_ms <= 0 ||
        p->made_ms > now_ms || stream.n == 0 || stream.n > NAME_BYTES || !param_match("shardId-\\d{12}", shard) ||
        !shards_parse(shard, &p->shard))
        return false;
    p->stream = stream;
    return seqno_parse(seqno, &p->seqno) || now_ms - p->made_ms > ITERATOR_MS;
}

/* AWS takes an iterator that still has the quotes a shell script left around it. */
static struct str unquote(struct str text)
{
    bool quoted = text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';
    return quoted ? (struct str){ text.p + 1, text.n - 2 } : text;
}

int iterators_read(struct call *c, struct str text, struct position *ret)
{
    int64_t now = call_now_ms(c);
    struct position p = { 0 };
    struct buf bytes = BUF_MAX(2 * MOST_BYTES), plain = BUF_MAX(2 * MOST_BYTES);
    bool ok = codec_unbase64(&bytes, unquote(text)) && bytes.n >= LEAST_BYTES && bytes.n <= MOST_BYTES &&
              memcmp(bytes.p, head, HEAD_BYTES) == 0 &&
              codec_aes256_cbc_decrypt(&plain, key, vector, str_from(buf_str(&bytes), HEAD_BYTES));
    struct str copy = ok ? arena_dup(c->arena, buf_str(&plain)) : S("");
    buf_release(&bytes);
    buf_release(&plain);
    if (!ok || !read_pieces(copy, now, &p))
        return call_fail(c, 400, "InvalidArgumentException", "Invalid ShardIterator.");
    if (now - p.made_ms > ITERATOR_MS)
        return call_fail(c, 400, "ExpiredIteratorException", "Iterator expired. The iterator was created at time " STR_F
                         " while right now it is " STR_F " which is further in the future than the tolerated delay of "
                         "%d milliseconds.", STR_A(amz_utc(c, p.made_ms)), STR_A(amz_utc(c, now)), ITERATOR_MS);
    *ret = p;
    return 0;
}

/* ---- GetShardIterator ---- */

static int refuse_combination(struct call *c, const struct wanted *w)
{
    return call_fail(c, 400, "InvalidArgumentException", "Must either specify (1) AT_SEQUENCE_NUMBER or "
                     "AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no "
                     "StartingSequenceNumber. Request specified " STR_F " and %s StartingSequenceNumber.", STR_A(w->type),
                     w->start.p ? "also a" : "no");
}

static int refuse_start(struct call *c, const struct wanted *w, const char *why)
{
    char id[SHARD_ID];
    return call_fail(c, 400, "InvalidArgumentException", "StartingSequenceNumber " STR_F " used in %s on "
                     "shard %s in stream " STR_F " under account " STR_F " is invalid%s.", STR_A(w->start), c->action->name,
                     shards_id(w->index, id), STR_A(wire_of(c)->stream), STR_A(c->account), why);
}

/* AT_ and AFTER_SEQUENCE_NUMBER */
static int at_number(struct call *c, const struct wanted *w, const struct shard *shard, struct seqno *ret)
{
    char encoded[SHARD_ID], used[SHARD_ID];
    struct seqno s;
    if (!seqno_parse(w->start, &s))
        return refuse_start(c, w, "");
    if (s.shard != shard->index)
        return call_fail(c, 400, "InvalidArgumentException", "Invalid StartingSequenceNumber. It encodes %s, while it was "
                         "used in a call to a shard with %s", shards_id(s.shard, encoded), shards_id(shard->index, used));
    if (s.version != 2 || s.create_s != shard->create_s)
        return s.version == 0 ? call_fail(c, 500, "InternalFailure", "%s", "")
                              : refuse_start(c, w, " because it did not come from this stream");
    if (str_is(w->type, "AFTER_SEQUENCE_NUMBER"))
        s.time_s++;
    *ret = s;
    return 0;
}

static bool note(void *arg, const struct plog_record *r)
{
    *(struct plog_record *)arg = *r;
    return false;
}

/* Whatever comes from now on has this index or a higher one. The shard's lock keeps a record that has its index
 * already from being appended only after this. */
static uint64_t next_index(struct shard *shard)
{
    pthread_mutex_lock(&shard->lock);
    uint64_t index = atomic_load(shard->counter);
    pthread_mutex_unlock(&shard->lock);
    return index;
}

static int at_time(struct call *c, const struct wanted *w, const struct stream *s, struct seqno *ret)
{
    int64_t now = call_now_ms(c);
    if (!w->time)
        return call_fail(c, 400, "InvalidArgumentException", "Must specify timestampInMillis parameter for iterator of "
                         "type AT_TIMESTAMP. Current request has no timestamp parameter.");
    if (w->time->number > now)
        return call_fail(c, 400, "InvalidArgumentException", "The timestampInMillis parameter cannot be greater than the "
                         "currentTimestampInMillis. timestampInMillis: %lld, currentTimestampInMillis: %lld",
                         (long long)w->time->number, (long long)now);
    struct plog_record found = { .offset = -1 };
    plog_read(s->log, (unsigned)w->index, plog_seek_time(s->log, (unsigned)w->index, w->time->number), note, &found);
    ret->index = found.offset < 0 ? next_index(s->shards[w->index]) : found.extra;
    return 0;
}

int iterators_locate(struct call *c, const struct wanted *w, const struct stream *s, struct seqno *ret)
{
    const struct shard *shard = s->shards[w->index];
    bool horizon = str_is(w->type, "TRIM_HORIZON"), latest = str_is(w->type, "LATEST");
    *ret = (struct seqno){ .create_s = shard->create_s, .time_s = shard->create_s, .shard = shard->index };
    if (w->start.p ? horizon || latest : !horizon && !latest && !str_is(w->type, "AT_TIMESTAMP"))
        return refuse_combination(c, w);
    if (w->start.p)
        return at_number(c, w, shard, ret);
    if (latest)
        ret->index = next_index(s->shards[w->index]);
    return horizon || latest ? 0 : at_time(c, w, s, ret);
}

static int no_such_shard(struct call *c, const struct wanted *w)
{
    char id[SHARD_ID];
    return call_fail(c, 400, "ResourceNotFoundException", "Shard %s in stream " STR_F " under account " STR_F
                     " does not exist", shards_id(w->index, id), STR_A(wire_of(c)->stream), STR_A(c->account));
}

int iterators_get(struct call *c)
{
    struct wanted w = { call_text(c, "ShardIteratorType"), call_text(c, "StartingSequenceNumber"),
                        call_arg(c, "Timestamp"), 0 };
    if (!shards_parse(call_text(c, "ShardId"), &w.index))
        return call_fail(c, 400, "ResourceNotFoundException", "Could not find shard " STR_F " in stream " STR_F
                         " under account " STR_F ".", STR_A(call_text(c, "ShardId")), STR_A(wire_of(c)->stream),
                         STR_A(c->account));
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return no_such_shard(c, &w);
    struct position p = { .stream = str_of(s->name), .shard = w.index, .made_ms = call_now_ms(c) };
    pthread_rwlock_rdlock(&s->lock);
    bool exists = streams_ready(s, p.made_ms) && w.index < (int64_t)s->n_shards;
    int result = exists ? iterators_locate(c, &w, s, &p.seqno) : no_such_shard(c, &w);
    pthread_rwlock_unlock(&s->lock);
    if (result == 0) {
        struct reply r = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
        struct buf text = BUF_INIT;
        iterators_write(&text, &p);
        reply_map(&r);
        reply_key_text(&r, "ShardIterator", buf_str(&text));
        reply_end_map(&r);
        buf_release(&text);
    }
    streams_leave(s);
    return result;
}
