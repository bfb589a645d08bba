/* kinesis_reader.c - calls, one shard, shards of a stream, a poll. */
#include "pipeline/ingest/kinesis_reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/map.h"
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

/* ---- calls ---- */

static bool passing(const struct client_response *r)
{
    struct json type;
    return r->status == 400 && json_get(r->body, "__type", &type) &&
           (str_find(type.raw, S("ProvisionedThroughputExceeded")) != STR_NONE ||
            str_find(type.raw, S("LimitExceeded")) != STR_NONE || str_find(type.raw, S("Throttling")) != STR_NONE);
}

enum { HEADERS = 2, TARGET = 64, GET_LIMIT = 10000 };

static struct client_request request(struct kinesis_reader *r, const char *action, char target[TARGET], struct http_header headers[HEADERS])
{
    snprintf(target, TARGET, "Kinesis_20131202.%s", action);
    headers[0] = (struct http_header){ S("Content-Type"), S("application/x-amz-json-1.1") };
    headers[1] = (struct http_header){ S("X-Amz-Target"), str_of(target) };
    return (struct client_request){ .method = "POST", .url = r->url, .headers = headers, .n_headers = HEADERS, .body = buf_str(&r->body),
                                    .sign = true, .service = S("kinesis"), .retry_reply = passing };
}

static void start(struct kinesis_shard *s, const char *action, void (*done)(void *, const struct client_response *))
{
    char target[TARGET];
    struct http_header headers[HEADERS];
    struct client_request q = request(s->reader, action, target, headers);
    q.done = done;
    q.arg = s;
    client_start(s->reader->client, &q);
}

static void call_failed(struct kinesis_reader *r, const char *action, struct str stream, const struct client_response *got)
{
    struct arena a = ARENA_INIT;
    if (r->failed)
        return; /* the first cause is the one to tell */
    r->failed = true;
    if (got->status) {
        struct str type = json_get_text(got->body, "__type", &a), message = json_get_text(got->body, "message", &a);
        err_set(r->err, got->status, type.n ? arena_z(&a, type) : "KINESIS_REFUSED", "%s of stream " STR_F " at %s: %d " STR_F ": " STR_F "%s", action,
                STR_A(stream), r->options->endpoint, got->status, STR_A(type), STR_A(message),
                str_find(type, S("ResourceNotFound")) != STR_NONE ? "; is --user-id right, and has anything been put into it?" : "");
    } else {
        err_set(r->err, 0, "NO_ANSWER", "%s of stream " STR_F " at %s: %s after %d attempts; is Kinesis running there?", action,
                STR_A(stream), r->options->endpoint, got->error ? got->error : "no answer", got->attempts);
    }
    arena_release(&a);
}

/* ---- one shard ---- */

/* Sequence numbers are decimal numbers without leading zeros. */
static int compare(const char *a, struct str b)
{
    size_t n = strlen(a);
    return n != b.n ? (n > b.n) - (n < b.n) : memcmp(a, b.p, n);
}

static void set_sequence(char out[KINESIS_SEQUENCE], struct str sequence)
{
    snprintf(out, KINESIS_SEQUENCE, STR_F, STR_A(sequence));
}

static bool is_done(const struct kinesis_shard *s)
{
    const struct kinesis_place *bound = s->bound;
    return s->over || (s->reader->bounded && (!bound || !bound->sequence.n || compare(s->last, bound->sequence) >= 0));
}

static void tell_gap(struct kinesis_reader *r, struct str name, const char *last)
{
    char message[512];
    snprintf(message, sizeof message, "gap: " STR_F ": record %s, the last one read, is no longer kept: what came behind it may have been trimmed unread; "
             "raise the stream's retention, or read more often", STR_A(name), last);
    if (r->events.gap)
        r->events.gap(r->events.arg, message);
}

/* The first record that came, or none at all, says that `last` is there no more. */
static void is_gone(struct kinesis_shard *s)
{
    s->going_on = false;
    tell_gap(s->reader, s->name, s->last);
}

static void get_records(struct kinesis_shard *s);

static void got_iterator(void *arg, const struct client_response *got)
{
    struct kinesis_shard *s = arg;
    struct json iterator;
    if (got->status != 200 || !json_get(got->body, "ShardIterator", &iterator) || iterator.type != JSON_STRING) {
        call_failed(s->reader, "GetShardIterator", s->stream, got);
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
    struct kinesis_record record = { s->table, { s->number, sequence }, json_get_text(text, "PartitionKey", a), buf_str(&r->plain), arrival_us(text) };
    r->events.record(r->events.arg, &record);
    s->left--;
    set_sequence(s->last, sequence);
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
        if (s->reader->bounded && is_done(s))
            result = 1;
        else if (json_read(&reader, &one) || take_record(s, one.raw, &a))
            result = -1;
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
    if (more && !s->at_tip && s->left && !is_done(s) && !r->failed)
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
        call_failed(r, "GetRecords", s->stream, got);
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

/* ---- shards of a stream ---- */

static struct kinesis_shard *add_shard(struct kinesis_reader *r, struct str name, uint32_t number)
{
    struct kinesis_shard *s = ARENA_NEW(&r->names, struct kinesis_shard);
    const struct kinesis_place *place = map_get(&r->places, name);
    *s = (struct kinesis_shard){ .reader = r, .name = name, .number = number, .bound = map_get(&r->bounds, name),
                                 .left = r->quota };
    if (place) {
        set_sequence(s->last, place->sequence);
        s->over = place->over;
    }
    r->shards = mem_grow(r->shards, (r->n_shards + 1) * sizeof *r->shards);
    r->shards[r->n_shards++] = s;
    map_put(&r->by_name, name, s);
    return s;
}

static int list_shard(struct kinesis_reader *r, unsigned table, struct str stream, struct str text)
{
    struct arena a = ARENA_INIT;
    struct str id = json_get_text(text, "ShardId", &a);
    size_t dash = str_chr(id, '-');
    int64_t number;
    int result = 0;
    struct str name = arena_f(&a, STR_F "/" STR_F, STR_A(stream), STR_A(id));
    if (dash == STR_NONE || !str_to_i64(str_from(id, dash + 1), &number) || number < 0 || number > UINT32_MAX) {
        result = err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": '" STR_F "' is no shard id", STR_A(stream), STR_A(id));
    } else if (!map_get(&r->by_name, name)) {
        struct kinesis_shard *s = add_shard(r, arena_dup(&r->names, name), (uint32_t)number);
        s->table = table;
        s->stream = str_head(s->name, stream.n);
        s->id = str_from(s->name, stream.n + 1);
        s->parents[0] = json_get_text(text, "ParentShardId", &r->names);
        s->parents[1] = json_get_text(text, "AdjacentParentShardId", &r->names);
        for (int i = 0; i < 2; i++)
            if (s->parents[i].n)
                s->parents[i] = arena_f(&r->names, STR_F "/" STR_F, STR_A(stream), STR_A(s->parents[i]));
    }
    arena_release(&a);
    return result;
}

static int list_page(struct kinesis_reader *r, unsigned table, struct str stream, struct arena *a, struct str *token)
{
    char target[TARGET];
    struct http_header headers[HEADERS];
    struct client_response got;
    struct json shards, one;
    struct json_reader reader;
    buf_reset(&r->body);
    buf_z(&r->body, token->n ? "{\"NextToken\":" : "{\"StreamName\":");
    json_put_text(&r->body, token->n ? *token : stream);
    buf_c(&r->body, '}');
    struct client_request q = request(r, "ListShards", target, headers);
    if (client_do(r->client, &q, a, &got, r->err))
        return -1;
    if (got.status != 200 || !json_get(got.body, "Shards", &shards)) {
        call_failed(r, "ListShards", stream, &got);
        return -1;
    }
    json_open(&reader, shards.raw);
    if (json_enter(&reader, JSON_ARRAY))
        return err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": Shards is no array", STR_A(stream));
    while (json_element(&reader) == 1)
        if (json_read(&reader, &one) || list_shard(r, table, stream, one.raw))
            return -1;
    *token = json_get_text(got.body, "NextToken", a);
    return 0;
}

static int list_shards(struct kinesis_reader *r)
{
    struct arena a = ARENA_INIT;
    int result = 0;
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++) {
        struct str stream = arena_f(&a, "streaming-%s-%s", r->options->user_id, ledger_table_names[t]), token = S("");
        do
            result = list_page(r, t, stream, &a, &token);
        while (result == 0 && token.n);
    }
    arena_release(&a);
    r->ended = result != 0;
    return result;
}

/* ---- a poll ---- */

static bool parents_are_over(const struct kinesis_reader *r, const struct kinesis_shard *s)
{
    for (int i = 0; i < 2; i++) {
        const struct kinesis_shard *parent = s->parents[i].n ? map_get(&r->by_name, s->parents[i]) : NULL;
        if (parent && !parent->over && !(r->bounded && is_done(parent)))
            return false; /* one that is no longer listed has nothing left to read */
    }
    return true;
}

/* Begins with every shard that can be read and has not been; false when there is none. */
static bool begin(struct kinesis_reader *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_shards; i++) {
        struct kinesis_shard *s = r->shards[i];
        if (is_done(s) || !s->left || s->at_tip || !parents_are_over(r, s))
            continue;
        any = true;
        if (s->iterator.n)
            get_records(s);
        else
            get_iterator(s);
    }
    return any;
}

/* Every shard has the same share, whichever answers first: the same records make the same batch. */
static void share_out(struct kinesis_reader *r, uint64_t most)
{
    r->quota = r->n_shards && most / r->n_shards ? most / r->n_shards : 1;
    for (size_t i = 0; i < r->n_shards; i++) {
        r->shards[i]->at_tip = false;
        r->shards[i]->left = r->quota;
    }
}

int kinesis_reader_poll(struct kinesis_reader *r, uint64_t most, struct err *e)
{
    r->err = e;
    r->failed = false;
    if (r->ended && list_shards(r))
        return -1;
    share_out(r, most);
    while (begin(r)) {
        client_run(r->client, 0);
        if (r->failed || (r->ended && list_shards(r)))
            return -1;
    }
    return 0;
}

bool kinesis_reader_at_tip(const struct kinesis_reader *r)
{
    for (size_t i = 0; i < r->n_shards; i++)
        if (!r->shards[i]->over && !r->shards[i]->at_tip)
            return false;
    return r->n_shards > 0;
}

/* ---- places ---- */

static void set_place(struct kinesis_reader *r, struct map *m, struct str name, struct str sequence, bool over)
{
    struct kinesis_place *p = ARENA_NEW(&r->names, struct kinesis_place);
    *p = (struct kinesis_place){ arena_dup(&r->names, sequence), over };
    map_put(m, name, p);
}

void kinesis_reader_place(struct kinesis_reader *r, struct str name, struct str sequence, bool over)
{
    set_place(r, &r->places, name, sequence, over);
}

void kinesis_reader_bound(struct kinesis_reader *r, struct str name, struct str sequence, bool over)
{
    r->bounded = true;
    set_place(r, &r->bounds, name, sequence, over);
}

void kinesis_reader_unbound(struct kinesis_reader *r)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&r->bounds, &i));) {
        const struct kinesis_place *bound = entry->value;
        struct kinesis_shard *s = map_get(&r->by_name, entry->key);
        if (!s || compare(s->last, bound->sequence) < 0)
            tell_gap(r, entry->key, arena_z(&r->names, bound->sequence));
        if (!s)
            continue;
        set_sequence(s->last, bound->sequence);
        s->over |= bound->over;
        s->bound = NULL;
    }
    r->bounded = false;
}

/* ---- opening ---- */

struct kinesis_reader *kinesis_reader_open(const struct ingest_options *o, const struct kinesis_events *events, struct err *e)
{
    struct kinesis_reader *r = mem_zero(sizeof *r);
    r->options = o;
    r->events = *events;
    r->url = arena_f(&r->names, "%s/", o->endpoint);
    r->ended = true;
    if (!(r->client = ingest_client(o, e))) {
        kinesis_reader_close(r);
        return NULL;
    }
    return r;
}

void kinesis_reader_close(struct kinesis_reader *r)
{
    if (!r)
        return;
    if (r->client)
        client_close(r->client);
    for (size_t i = 0; i < r->n_shards; i++)
        buf_release(&r->shards[i]->iterator);
    free(r->shards);
    map_release(&r->places);
    map_release(&r->bounds);
    map_release(&r->by_name);
    buf_release(&r->body);
    buf_release(&r->plain);
    arena_release(&r->names);
    free(r);
}

const struct kinesis_shard *kinesis_reader_shard(const struct kinesis_reader *r, size_t i)
{
    return i < r->n_shards ? r->shards[i] : NULL;
}

void kinesis_reader_counts(const struct kinesis_reader *r, uint64_t *ret_pages, uint64_t *ret_retries)
{
    *ret_pages = r->pages;
    *ret_retries = r->retries;
}
