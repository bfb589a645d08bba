/* kinesis_shard.c - one shard: an iterator, then page after page. */
#include <math.h>
#include <stdio.h>

#include "base/codec.h"
#include "pipeline/ingest/kinesis_own.h"

enum { GET_LIMIT = 10000 };

static void start(struct kinesis_shard *s, const char *action, void (*done)(void *, const struct client_response *))
{
    char target[KINESIS_TARGET];
    struct http_header headers[KINESIS_HEADERS];
    struct client_request q = kinesis_call(s->reader, action, target, headers);
    q.done = done;
    q.arg = s;
    client_start(s->reader->client, &q);
}

/* Sequence numbers are decimal numbers without leading zeros. */
int kinesis_shard_compare(const char *a, struct str b)
{
    size_t n = strlen(a);
    return n != b.n ? (n > b.n) - (n < b.n) : memcmp(a, b.p, n);
}

void kinesis_shard_place(struct kinesis_shard *s, struct str sequence) { snprintf(s->last, KINESIS_SEQUENCE, STR_F, STR_A(sequence)); }

bool kinesis_shard_is_done(const struct kinesis_shard *s)
{
    const struct kinesis_place *bound = s->bound;
    return s->over || (s->reader->bounded && (!bound || !bound->sequence.n || kinesis_shard_compare(s->last, bound->sequence) >= 0));
}

void kinesis_shard_tell_gap(struct kinesis_reader *r, struct str name, const char *last, const char *why)
{
    char message[1024];
    snprintf(message, sizeof message, "gap: " STR_F ": %s (record read last: %s)", STR_A(name), why, last);
    if (r->events.gap)
        r->events.gap(r->events.arg, message);
}

/* The first record that came, or none at all, says that `last` is there no more. */
static void is_gone(struct kinesis_shard *s)
{
    s->going_on = false;
    kinesis_shard_tell_gap(s->reader, s->name, s->last, KINESIS_TRIMMED);
}

static void get_records(struct kinesis_shard *s);

static void get_iterator(struct kinesis_shard *s);

/* Sequence numbers of a stream that was deleted and made anew are none of the new one's. */
static bool is_foreign(const struct kinesis_shard *s, const struct client_response *got)
{
    return got->status == 400 && s->going_on && str_find(got->body, S("InvalidArgumentException")) != STR_NONE;
}

static void got_iterator(void *arg, const struct client_response *got)
{
    struct kinesis_shard *s = arg;
    struct json iterator;
    if (is_foreign(s, got)) {
        kinesis_shard_tell_gap(s->reader, s->name, s->last, KINESIS_ANEW);
        kinesis_shard_place(s, S(""));
        get_iterator(s);
        return;
    }
    if (got->status != 200 || !json_get(got->body, "ShardIterator", &iterator) || iterator.type != JSON_STRING) {
        kinesis_call_failed(s->reader, "GetShardIterator", s->stream, got);
        return;
    }
    buf_reset(&s->iterator);
    buf_str_add(&s->iterator, iterator.raw);
    get_records(s);
}

static void get_iterator(struct kinesis_shard *s)
{
    struct buf *body = &s->reader->body;
    buf_reset(body);
    buf_f(body, "{\"StreamName\":\"" STR_F "\",\"ShardId\":\"" STR_F "\",", STR_A(s->stream), STR_A(s->id));
    s->going_on = s->last[0];
    if (s->going_on)
        buf_f(body, "\"ShardIteratorType\":\"AT_SEQUENCE_NUMBER\",\"StartingSequenceNumber\":\"%s\"}", s->last);
    else
        buf_z(body, "\"ShardIteratorType\":\"TRIM_HORIZON\"}");
    start(s, "GetShardIterator", got_iterator);
}

static int malformed(struct kinesis_shard *s, const char *what, struct str sequence)
{
    s->reader->failed = true;
    return err_set(s->reader->err, 0, "KINESIS_MALFORMED", "GetRecords of " STR_F " sequence " STR_F ": %s", STR_A(s->name), STR_A(sequence), what);
}

static int64_t arrival_us(struct str record)
{
    struct json v;
    double seconds = 0;
    if (json_get(record, "ApproximateArrivalTimestamp", &v) && v.type == JSON_NUMBER)
        str_to_double(v.raw, &seconds);
    return fabs(seconds) < 1e12 ? (int64_t)llround(seconds * 1000) * 1000 : 0;
}

/* 1: it lies behind the bound. */
static int take_record(struct kinesis_shard *s, struct str text, struct arena *a)
{
    struct kinesis_reader *r = s->reader;
    struct json data;
    struct str sequence = json_get_text(text, "SequenceNumber", a);
    if (!sequence.n || sequence.n >= KINESIS_SEQUENCE || !json_get(text, "Data", &data) || data.type != JSON_STRING)
        return malformed(s, "a record without SequenceNumber or Data", sequence);
    buf_reset(&r->plain);
    if (!codec_unbase64(&r->plain, data.raw))
        return malformed(s, "Data is no base64", sequence);
    if (s->going_on && str_is(sequence, s->last)) {
        s->going_on = false;
        return 0;
    }
    if (s->going_on)
        is_gone(s);
    if (s->reader->bounded && s->bound && kinesis_shard_compare(arena_z(a, sequence), s->bound->sequence) > 0) {
        kinesis_shard_tell_gap(s->reader, s->name, s->last, KINESIS_TRIMMED);
        kinesis_shard_place(s, s->bound->sequence); /* what is behind it belongs to another batch */
        return 1;
    }
    struct kinesis_record record = { s->table, { s->number, sequence }, json_get_text(text, "PartitionKey", a), buf_str(&r->plain), arrival_us(text) };
    r->events.record(r->events.arg, &record);
    s->left--;
    kinesis_shard_place(s, sequence);
    return 0;
}

/* 1: the bound was met; what follows is left for another time. */
static int take_records(struct kinesis_shard *s, struct str records)
{
    struct json_reader reader;
    struct json one;
    struct arena a = ARENA_INIT;
    int result = 0;
    json_open(&reader, records);
    if (json_enter(&reader, JSON_ARRAY))
        return malformed(s, "Records is no array", S(""));
    while (result == 0 && json_element(&reader) == 1) {
        if (s->reader->bounded && kinesis_shard_is_done(s))
            result = 1;
        else
            result = json_read(&reader, &one) ? malformed(s, "Records is no JSON", S("")) : take_record(s, one.raw, &a);
        arena_reset(&a);
    }
    arena_release(&a);
    return result;
}

/* Only a page without records says whether the shard is open (NextShardIterator) or has come to its end. */
static void go_on(struct kinesis_shard *s, struct str page, bool empty)
{
    struct kinesis_reader *r = s->reader;
    struct json next, behind;
    bool more = json_get(page, "NextShardIterator", &next) && next.type == JSON_STRING;
    s->at_tip = empty && json_get(page, "MillisBehindLatest", &behind) && str_is(behind.raw, "0");
    if ((s->at_tip || !more) && s->going_on)
        is_gone(s);
    s->over = !more;
    r->ended |= s->over;
    buf_reset(&s->iterator);
    if (more)
        buf_str_add(&s->iterator, next.raw);
    if (more && !s->at_tip && s->left && !kinesis_shard_is_done(s) && !r->failed)
        get_records(s);
}

static void got_records(void *arg, const struct client_response *got)
{
    struct kinesis_shard *s = arg;
    struct kinesis_reader *r = s->reader;
    struct json records;
    r->retries += (uint64_t)(got->attempts - 1);
    if (got->status == 400 && str_find(got->body, S("ExpiredIteratorException")) != STR_NONE) {
        get_iterator(s);
        return;
    }
    if (got->status != 200 || !json_get(got->body, "Records", &records)) {
        kinesis_call_failed(r, "GetRecords", s->stream, got);
        return;
    }
    r->pages++;
    bool empty = str_is(records.raw, "[]");
    int result = take_records(s, records.raw);
    if (result == 1)
        buf_reset(&s->iterator);
    else if (result == 0)
        go_on(s, got->body, empty);
}

static void get_records(struct kinesis_shard *s)
{
    struct buf *body = &s->reader->body;
    buf_reset(body);
    buf_f(body, "{\"Limit\":%llu,\"ShardIterator\":\"", (unsigned long long)(s->left < GET_LIMIT ? s->left : GET_LIMIT));
    buf_str_add(body, buf_str(&s->iterator));
    buf_z(body, "\"}");
    start(s, "GetRecords", got_records);
}

void kinesis_shard_read(struct kinesis_shard *s)
{
    if (s->iterator.n)
        get_records(s);
    else
        get_iterator(s);
}
