/* kinesis.c - every shard of the three streams, from its checkpoint to the tip.
 *
 * Each shard is a little state machine of its own: GetShardIterator, then GetRecords until MillisBehindLatest is 0 or
 * the shard is closed and drained; an expired iterator is asked for again behind the last record read. Shards are read
 * side by side over one client.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/map.h"
#include "pipeline/ingest/reader.h"

struct stream_reader;

struct shard {
    struct stream_reader *reader;
    unsigned table;
    struct str stream, id; /* "streaming-…-pin", "shardId-000000000002" */
    uint32_t number;
    struct str last; /* sequence number of the last record read, or of the checkpoint; n == 0 = none */
    bool over;
};

struct stream_reader {
    const struct ingest_options *options;
    struct ingest *in;
    struct client *client;
    struct shard *shards;
    size_t n_shards;
    struct map checkpoint; /* "stream/shard" -> char * */
    struct arena names;
    struct buf body;
    struct err *err;
    bool failed;
};

/* ---- calls ---- */

static bool passing(const struct client_response *r)
{
    struct json type;
    return r->status == 400 && json_get(r->body, "__type", &type) &&
           (str_find(type.raw, S("ProvisionedThroughputExceeded")) != STR_NONE ||
            str_find(type.raw, S("LimitExceeded")) != STR_NONE || str_find(type.raw, S("Throttling")) != STR_NONE);
}

static void start(struct stream_reader *r, const char *action, struct str body,
                  void (*done)(void *, const struct client_response *), void *arg)
{
    char target[64];
    snprintf(target, sizeof target, "Kinesis_20131202.%s", action);
    struct http_header headers[] = { { S("Content-Type"), S("application/x-amz-json-1.1") }, { S("X-Amz-Target"), str_of(target) } };
    struct str url = arena_f(&r->names, "%s/", r->options->endpoint);
    struct client_request q = {
        .method = "POST", .url = url, .headers = headers, .n_headers = 2, .body = body, .sign = true, .service = S("kinesis"),
        .retry_reply = passing, .done = done, .arg = arg,
    };
    client_start(r->client, &q);
}

static void call_failed(struct stream_reader *r, const char *action, struct str stream, const struct client_response *got)
{
    if (r->failed)
        return;
    r->failed = true;
    if (!got->status) {
        err_set(r->err, 0, "NO_ANSWER", "%s of stream " STR_F " at %s: %s after %d attempts; is Kinesis running there?", action,
                STR_A(stream), r->options->endpoint, got->error ? got->error : "no answer", got->attempts);
        return;
    }
    struct str type = json_get_text(got->body, "__type", &r->names);
    struct str message = json_get_text(got->body, "message", &r->names);
    err_set(r->err, got->status, type.n ? arena_z(&r->names, type) : "KINESIS_REFUSED", "%s of stream " STR_F " at %s: %d " STR_F ": " STR_F, action,
            STR_A(stream), r->options->endpoint, got->status, STR_A(type), STR_A(message));
}

/* ---- one shard ---- */

static void get_records(struct shard *s, struct str iterator);

static void got_iterator(void *arg, const struct client_response *got)
{
    struct shard *s = arg;
    struct arena a = ARENA_INIT;
    struct str iterator = json_get_text(got->body, "ShardIterator", &a);
    if (got->status != 200 || !iterator.n)
        call_failed(s->reader, "GetShardIterator", s->stream, got);
    else
        get_records(s, iterator);
    arena_release(&a);
}

static void get_iterator(struct shard *s)
{
    struct buf *body = &s->reader->body;
    buf_reset(body);
    buf_f(body, "{\"StreamName\":\"" STR_F "\",\"ShardId\":\"" STR_F "\",", STR_A(s->stream), STR_A(s->id));
    if (s->last.n)
        buf_f(body, "\"ShardIteratorType\":\"AFTER_SEQUENCE_NUMBER\",\"StartingSequenceNumber\":\"" STR_F "\"}", STR_A(s->last));
    else
        buf_z(body, "\"ShardIteratorType\":\"TRIM_HORIZON\"}");
    start(s->reader, "GetShardIterator", buf_str(body), got_iterator, s);
}

static bool decode_data(struct stream_reader *r, struct json data, struct str *ret)
{
    struct buf plain = BUF_INIT;
    bool ok = codec_unbase64(&plain, data.raw);
    if (ok)
        *ret = arena_dup(&r->in->bytes, buf_str(&plain));
    buf_release(&plain);
    return ok;
}

static int take_record(struct shard *s, struct str text)
{
    struct stream_reader *r = s->reader;
    struct json data;
    struct arena scratch = ARENA_INIT;
    struct str sequence = json_get_text(text, "SequenceNumber", &scratch);
    struct str key = json_get_text(text, "PartitionKey", &scratch);
    struct ingest_record record = { .table = s->table, .place = { s->number, sequence } };
    int result = -1;
    if (!sequence.n || !json_get(text, "Data", &data) || data.type != JSON_STRING || !decode_data(r, data, &record.bytes)) {
        err_set(r->err, 0, "KINESIS_MALFORMED", "stream " STR_F " shard " STR_F " sequence " STR_F ": a record without readable Data",
                STR_A(s->stream), STR_A(s->id), STR_A(sequence));
    } else {
        ingest_record(r->options, r->in, &record, key, true);
        s->last = arena_dup(&r->names, sequence);
        result = 0;
    }
    arena_release(&scratch);
    return result;
}

static int take_records(struct shard *s, struct str records)
{
    struct json_reader reader;
    struct json one;
    json_open(&reader, records);
    if (json_enter(&reader, JSON_ARRAY))
        return err_set(s->reader->err, 0, "KINESIS_MALFORMED", "GetRecords of " STR_F ": Records is no array", STR_A(s->stream));
    while (json_element(&reader) == 1)
        if (json_read(&reader, &one) || take_record(s, one.raw))
            return -1;
    return 0;
}

static void got_records(void *arg, const struct client_response *got)
{
    struct shard *s = arg;
    struct stream_reader *r = s->reader;
    struct json records, behind;
    r->in->retries += (uint64_t)(got->attempts - 1);
    if (got->status == 400 && str_find(got->body, S("ExpiredIteratorException")) != STR_NONE) {
        get_iterator(s);
        return;
    }
    if (got->status != 200 || !json_get(got->body, "Records", &records)) {
        call_failed(r, "GetRecords", s->stream, got);
        return;
    }
    r->in->pages++;
    if (take_records(s, records.raw)) {
        r->failed = true;
        return;
    }
    struct arena a = ARENA_INIT;
    struct str next = json_get_text(got->body, "NextShardIterator", &a);
    bool at_tip = json_get(got->body, "MillisBehindLatest", &behind) && str_is(behind.raw, "0");
    if (next.n && !at_tip && !r->failed)
        get_records(s, next);
    else
        s->over = true;
    arena_release(&a);
}

static void get_records(struct shard *s, struct str iterator)
{
    struct buf *body = &s->reader->body;
    buf_reset(body);
    buf_z(body, "{\"Limit\":10000,\"ShardIterator\":");
    json_put_text(body, iterator);
    buf_c(body, '}');
    start(s->reader, "GetRecords", buf_str(body), got_records, s);
}

/* ---- shards of a stream ---- */

static int add_shard(struct stream_reader *r, unsigned table, struct str stream, struct str id)
{
    size_t dash = str_chr(id, '-');
    int64_t number;
    if (dash == STR_NONE || !str_to_i64(str_from(id, dash + 1), &number) || number < 0 || number > UINT32_MAX)
        return err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": '" STR_F "' is no shard id", STR_A(stream), STR_A(id));
    r->shards = mem_grow(r->shards, (r->n_shards + 1) * sizeof *r->shards);
    struct str name = arena_f(&r->names, STR_F "/" STR_F, STR_A(stream), STR_A(id));
    const char *at = map_get(&r->checkpoint, name);
    r->shards[r->n_shards++] = (struct shard){
        .reader = r, .table = table, .stream = stream, .id = arena_dup(&r->names, id), .number = (uint32_t)number, .last = str_of(at),
    };
    return 0;
}

static int list_page(struct stream_reader *r, unsigned table, struct str stream, struct str *token)
{
    char target[] = "Kinesis_20131202.ListShards";
    struct http_header headers[] = { { S("Content-Type"), S("application/x-amz-json-1.1") }, { S("X-Amz-Target"), str_of(target) } };
    buf_reset(&r->body);
    if (token->n) {
        buf_z(&r->body, "{\"NextToken\":");
        json_put_text(&r->body, *token);
        buf_c(&r->body, '}');
    } else {
        buf_f(&r->body, "{\"StreamName\":\"" STR_F "\"}", STR_A(stream));
    }
    struct client_request q = {
        .method = "POST", .url = arena_f(&r->names, "%s/", r->options->endpoint), .headers = headers, .n_headers = 2,
        .body = buf_str(&r->body), .sign = true, .service = S("kinesis"), .retry_reply = passing,
    };
    struct client_response got;
    struct json shards, one;
    struct json_reader reader;
    if (client_do(r->client, &q, &r->names, &got, r->err))
        return -1;
    if (got.status != 200 || !json_get(got.body, "Shards", &shards)) {
        call_failed(r, "ListShards", stream, &got);
        return -1;
    }
    json_open(&reader, shards.raw);
    if (json_enter(&reader, JSON_ARRAY))
        return err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": Shards is no array", STR_A(stream));
    while (json_element(&reader) == 1)
        if (json_read(&reader, &one) || add_shard(r, table, stream, json_get_text(one.raw, "ShardId", &r->names)))
            return -1;
    *token = json_get_text(got.body, "NextToken", &r->names);
    return 0;
}

static int list_shards(struct stream_reader *r)
{
    const struct ingest_options *o = r->options;
    for (unsigned t = 0; t < (o->name ? 1 : LEDGER_TABLES); t++) {
        struct str stream = o->name ? str_of(o->name) : arena_f(&r->names, "streaming-%s-%s", o->user_id, ledger_table_names[t]);
        struct str token = S("");
        do
            if (list_page(r, t, stream, &token))
                return -1;
        while (token.n);
    }
    return 0;
}

/* ---- checkpoints: {"streaming-…-pin/shardId-000000000000":"4964…",…} ---- */

static int parse_checkpoint(struct stream_reader *r, struct str text)
{
    struct json_reader reader;
    struct json value;
    struct str key;
    json_open(&reader, text);
    if (json_enter(&reader, JSON_OBJECT) == 0)
        while (json_member(&reader, &key) == 1 && json_read(&reader, &value) == 0)
            if (value.type == JSON_STRING)
                map_put(&r->checkpoint, key, arena_z(&r->names, value.raw));
    if (json_close(&reader))
        return err_set(r->err, 0, "CHECKPOINT_MALFORMED", "checkpoint %s: " STR_F "; remove it to read from the oldest record",
                       r->options->checkpoint, STR_A(json_where(&reader, &r->names)));
    return 0;
}

static int load_checkpoint(struct stream_reader *r)
{
    if (!r->options->checkpoint)
        return 0;
    FILE *f = fopen(r->options->checkpoint, "rb");
    if (!f)
        return 0; /* the first time */
    struct buf text = BUF_MAX(16u << 20);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&text, piece, n);
    fclose(f);
    int result = parse_checkpoint(r, arena_dup(&r->names, buf_str(&text)));
    buf_release(&text);
    return result;
}

static int save_checkpoint(struct stream_reader *r)
{
    if (!r->options->checkpoint)
        return 0;
    struct str temporary = arena_f(&r->names, "%s.new", r->options->checkpoint);
    FILE *f = fopen(temporary.p, "wb");
    bool ok = f != NULL;
    const char *comma = "{";
    for (size_t i = 0; ok && i < r->n_shards; i++)
        if (r->shards[i].last.n) {
            ok = fprintf(f, "%s\"" STR_F "/" STR_F "\":\"" STR_F "\"", comma, STR_A(r->shards[i].stream), STR_A(r->shards[i].id),
                         STR_A(r->shards[i].last)) > 0;
            comma = ",\n ";
        }
    ok = ok && fprintf(f, "%s}\n", comma[0] == '{' ? "{" : "") > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f && fclose(f))
        ok = false;
    if (!ok || rename(temporary.p, r->options->checkpoint))
        return err_set(r->err, 0, "DISK", "cannot write the checkpoint %s; is the folder there and writable?", r->options->checkpoint);
    return 0;
}

int ingest_kinesis(const struct ingest_options *o, struct ingest *in, struct err *e)
{
    struct stream_reader r = { .options = o, .in = in, .err = e };
    r.client = ingest_client(o, e);
    int result = r.client ? load_checkpoint(&r) : -1;
    if (result == 0)
        result = list_shards(&r);
    if (result == 0) {
        for (size_t i = 0; i < r.n_shards; i++)
            get_iterator(&r.shards[i]);
        client_run(r.client, 0);
        result = r.failed ? -1 : save_checkpoint(&r);
    }
    if (result == 0 && o->progress)
        o->progress(o->progress_arg, in->records);
    if (r.client)
        client_close(r.client);
    free(r.shards);
    map_release(&r.checkpoint);
    buf_release(&r.body);
    arena_release(&r.names);
    return result;
}
