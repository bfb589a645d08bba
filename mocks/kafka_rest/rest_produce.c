/* rest_produce.c - records from a request into the log, and what became of each.
 *
 *   read    the whole request is read and serialised first, so that a refused request stores nothing
 *   place   explicit partition, murmur2 of the key, or the turn of this request
 *   append  one by one; each answers for itself: {"partition":0,"offset":0,"error_code":null,"error":null}
 */
#include "base/codec.h"
#include "base/utf8.h"
#include "mocks/kafka_rest/rest.h"

enum { MAX_PARTITION = INT32_MAX };
/* What a producer with default settings refuses to send (max.request.size), and how it estimates a batch of one
 * record: 61 bytes of batch head, at most 21 of record head, one for the headers' count. */
enum { MAX_REQUEST_BYTES = 1048576, BATCH_OVERHEAD = 61, RECORD_OVERHEAD = 21 + 1 };

struct record {
    bool has_key, has_value, has_partition;
    size_t key, key_bytes, value, value_bytes; /* in the buffer of serialised bytes */
    int64_t partition;
};

struct produce {
    struct call *c;
    struct rest *rest;
    struct rest_args *args;
    struct json_reader reader;
    struct buf bytes;   /* keys and values, serialised */
    struct buf records; /* of struct record */
    bool to_partition;  /* the path names the partition, so records may not */
    bool seen_records;  /* the member was there and no null */
};

/* ---- reading ---- */

static int malformed(struct produce *p)
{
    struct str where = json_where(&p->reader, p->c->arena);
    return call_fail(p->c, 400, "400", "Malformed JSON: " STR_F, STR_A(where));
}

static int unknown_field(struct produce *p, struct str raw_key)
{
    struct buf name = BUF_INIT;
    json_unescape(&name, raw_key);
    call_fail(p->c, 422, "422", "Unrecognized field: " STR_F, STR_A(str_head(buf_str(&name), 200)));
    buf_release(&name);
    return -1;
}

static int read_base64(struct produce *p, const char *what, bool *ret_has)
{
    struct json v;
    if (json_read(&p->reader, &v))
        return malformed(p);
    if (v.type == JSON_NULL)
        return 0;
    struct str text = v.type == JSON_STRING ? json_text(v, p->c->arena) : v.raw;
    if (v.type != JSON_STRING || !codec_unbase64(&p->bytes, text))
        return call_fail(p->c, 400, "400", "Bad Request: data=\"" STR_F "\" is not a valid base64 string. (record %s)",
                         STR_A(str_head(text, 100)), what);
    *ret_has = true;
    return 0;
}

static int read_json(struct produce *p, bool *ret_has)
{
    size_t from = p->bytes.n;
    if (rest_json_put(&p->bytes, &p->reader))
        return malformed(p);
    if (p->bytes.n - from == 4 && memcmp(p->bytes.p + from, "null", 4) == 0)
        p->bytes.n = from;
    else
        *ret_has = true;
    return 0;
}

static int read_bytes(struct produce *p, const char *what, bool *ret_has, size_t *ret_at, size_t *ret_bytes)
{
    *ret_has = false;
    *ret_at = p->bytes.n;
    if (p->args->content == REST_MEDIA_BINARY ? read_base64(p, what, ret_has) : read_json(p, ret_has))
        return -1;
    *ret_bytes = p->bytes.n - *ret_at;
    return 0;
}

static int read_partition(struct produce *p, size_t index, struct record *rec)
{
    struct json v;
    if (json_read(&p->reader, &v))
        return malformed(p);
    rec->has_partition = v.type != JSON_NULL;
    if (v.type == JSON_NULL)
        return 0;
    if (v.type != JSON_NUMBER || !str_to_i64(v.raw, &rec->partition) || rec->partition > MAX_PARTITION)
        return call_fail(p->c, 400, "400", "records[%zu].partition must be an integer (was " STR_F ")", index,
                         STR_A(str_head(v.raw, 100)));
    if (rec->partition < 0)
        return call_fail(p->c, 422, "422", "records[%zu].partition must be greater than or equal to 0 (was %lld)",
                         index, (long long)rec->partition);
    return 0;
}

static int read_record(struct produce *p, size_t index)
{
    struct record rec = { 0 };
    struct str name;
    int more;
    if (json_peek(&p->reader) == JSON_NULL)
        return call_fail(p->c, 422, "422", "records[%zu] must not be null (was null)", index);
    if (json_enter(&p->reader, JSON_OBJECT))
        return malformed(p);
    while ((more = json_member(&p->reader, &name)) == 1) {
        int bad;
        if (str_is(name, "value"))
            bad = read_bytes(p, "value", &rec.has_value, &rec.value, &rec.value_bytes);
        else if (str_is(name, "key"))
            bad = read_bytes(p, "key", &rec.has_key, &rec.key, &rec.key_bytes);
        else if (str_is(name, "partition") && !p->to_partition)
            bad = read_partition(p, index, &rec);
        else
            bad = unknown_field(p, name);
        if (bad)
            return -1;
    }
    if (more)
        return malformed(p);
    buf_add(&p->records, &rec, sizeof rec);
    return 0;
}

static int read_records(struct produce *p)
{
    buf_reset(&p->records);
    buf_reset(&p->bytes);
    p->seen_records = json_peek(&p->reader) != JSON_NULL;
    if (!p->seen_records)
        return json_skip(&p->reader) ? malformed(p) : 0;
    if (json_enter(&p->reader, JSON_ARRAY))
        return malformed(p);
    int more;
    for (size_t i = 0; (more = json_element(&p->reader)) == 1; i++)
        if (read_record(p, i))
            return -1;
    return more ? malformed(p) : 0;
}

static int read_request(struct produce *p)
{
    static const char *const schema_fields[] = { "key_schema", "key_schema_id", "value_schema", "value_schema_id" };
    struct str body = p->c->request->body, name;
    if (!str_trim(body).n)
        return call_fail(p->c, 422, "422", "Payload error. Request body is empty. Data is required.");
    size_t bad_byte = utf8_check(body);
    if (bad_byte != STR_NONE)
        return call_fail(p->c, 400, "400", "Invalid UTF-8 at byte %zu of the request", bad_byte);
    json_open(&p->reader, body);
    if (json_enter(&p->reader, JSON_OBJECT))
        return malformed(p);
    int more;
    while ((more = json_member(&p->reader, &name)) == 1) {
        bool known = false;
        for (size_t i = 0; i < 4 && !known; i++)
            known = str_is(name, schema_fields[i]);
        if (str_is(name, "records")) {
            if (read_records(p))
                return -1;
        } else if (!known) {
            return unknown_field(p, name);
        } else if (json_skip(&p->reader)) {
            return malformed(p);
        }
    }
    if (more || json_close(&p->reader))
        return malformed(p);
    if (!p->records.n)
        return call_fail(p->c, 422, "422", "records must not be empty (was %s)", p->seen_records ? "[]" : "null");
    return 0;
}

/* ---- placing ---- */

/* A record's failure, on the wire inside `offsets`. */
struct refusal {
    int code; /* 0 = none */
    struct str text;
};

static bool topic_name_valid(struct str t)
{
    if (!t.n || t.n > 249 || str_is(t, ".") || str_is(t, ".."))
        return false;
    for (size_t i = 0; i < t.n; i++) {
        char ch = t.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
              ch == '_' || ch == '-'))
            return false;
    }
    return true;
}

/* The topic's log, created when allowed; NULL with why none of the records can be stored. */
static struct plog *find_topic(struct produce *p, struct refusal *why)
{
    struct str t = p->args->topic;
    if (!topic_name_valid(t)) {
        *why = (struct refusal){ 50002, arena_f(p->c->arena, "Invalid topics: [" STR_F "]", STR_A(str_head(t, 300))) };
        return NULL;
    }
    struct plog_set *topics = cloud_topics(p->rest->cloud);
    struct plog *log = plog_set_find(topics, t);
    if (!log && p->rest->auto_create) {
        log = plog_set_ensure(topics, t, p->rest->default_partitions);
        call_reason(p->c, "topic created with %u partition(s)", p->rest->default_partitions);
    }
    if (!log) {
        *why = (struct refusal){ 50003, arena_f(p->c->arena, "Topic " STR_F " not present in metadata after 60000 ms.",
                                                STR_A(t)) };
        p->c->reply->delay_ms += p->rest->metadata_wait_ms;
    }
    return log;
}

static size_t varint_bytes(size_t v)
{
    size_t n = 1;
    for (v *= 2; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static size_t batch_bytes(const struct record *rec)
{
    size_t n = BATCH_OVERHEAD + RECORD_OVERHEAD;
    n += rec->has_key ? varint_bytes(rec->key_bytes) + rec->key_bytes : 1;
    return n + (rec->has_value ? varint_bytes(rec->value_bytes) + rec->value_bytes : 1);
}

static struct str part(const struct produce *p, bool has, size_t at, size_t n)
{
    if (!has)
        return (struct str){ 0 };
    return n ? (struct str){ p->bytes.p + at, n } : S("");
}

/* 0 with the partition; or the code with *why filled. */
static int place(struct produce *p, const struct record *rec, unsigned n_partitions, unsigned turn,
                 unsigned *ret_partition, struct refusal *why)
{
    size_t size = batch_bytes(rec);
    if (size > MAX_REQUEST_BYTES) {
        why->text = arena_f(p->c->arena, "The message is %zu bytes when serialized which is larger than %d, which is "
                            "the value of the max.request.size configuration.", size, MAX_REQUEST_BYTES);
        return why->code = 50002;
    }
    if (rec->has_partition && rec->partition >= n_partitions) {
        why->text = arena_f(p->c->arena, "Partition %lld of topic " STR_F " with partition count %u is not present in "
                            "metadata after 60000 ms.", (long long)rec->partition, STR_A(p->args->topic), n_partitions);
        p->c->reply->delay_ms = p->rest->metadata_wait_ms;
        return why->code = 50003;
    }
    if (rec->has_partition)
        *ret_partition = (unsigned)rec->partition;
    else if (rec->has_key)
        *ret_partition = ((uint32_t)murmur2(part(p, true, rec->key, rec->key_bytes)) & 0x7fffffffu) % n_partitions;
    else
        *ret_partition = turn % n_partitions;
    return 0;
}

/* ---- answering ---- */

static void put_refusal(struct buf *out, const struct refusal *why)
{
    buf_f(out, "{\"partition\":null,\"offset\":null,\"error_code\":%d,\"error\":", why->code);
    json_put_text(out, why->text);
    buf_c(out, '}');
}

static void put_stored(struct buf *out, unsigned partition, int64_t offset)
{
    buf_z(out, "{\"partition\":");
    buf_u64(out, partition);
    buf_z(out, ",\"offset\":");
    buf_i64(out, offset);
    buf_z(out, ",\"error_code\":null,\"error\":null}");
}

static void store(struct produce *p)
{
    struct buf *out = call_body(p->c);
    const struct record *records = (const struct record *)(void *)p->records.p;
    size_t n = p->records.n / sizeof *records;
    struct refusal none_stored = { 0 };
    struct plog *log = find_topic(p, &none_stored);
    unsigned n_partitions = log ? plog_partitions(log) : 0, turn = atomic_fetch_add(&p->rest->turn, 1);
    int64_t now_ms = clock_now_ms(cloud_clock(p->rest->cloud));
    const struct fault_verdict *fault = &p->c->fault;
    buf_z(out, "{\"offsets\":[");
    for (size_t i = 0; i < n; i++) {
        const struct record *rec = &records[i];
        struct refusal why = none_stored;
        unsigned partition = 0;
        if (fault->effect == FAULT_PARTIAL && fault->partial && i % fault->partial == 0)
            why = (struct refusal){ 50003, S("The broker is not available.") };
        if (i)
            buf_c(out, ',');
        if (why.code || place(p, rec, n_partitions, turn, &partition, &why))
            put_refusal(out, &why);
        else
            put_stored(out, partition, plog_append(log, partition, now_ms, 0,
                                                   part(p, rec->has_key, rec->key, rec->key_bytes),
                                                   part(p, rec->has_value, rec->value, rec->value_bytes)));
    }
    buf_z(out, "],\"key_schema_id\":null,\"value_schema_id\":null}");
}

static int produce(struct call *c, bool to_partition)
{
    struct produce p = { .c = c, .rest = c->state, .args = c->args, .to_partition = to_partition };
    int result = -1;
    if (p.args->content != REST_MEDIA_BINARY && p.args->content != REST_MEDIA_JSON) {
        call_fail(c, 501, "501", "%s values need a Schema Registry, which this proxy has not; use "
                  "application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json",
                  rest_media_name(p.args->content));
        goto out;
    }
    if (read_request(&p))
        goto out;
    struct record *records = (struct record *)(void *)p.records.p;
    for (size_t i = 0; to_partition && i < p.records.n / sizeof *records; i++) {
        records[i].has_partition = true;
        records[i].partition = p.args->partition;
    }
    store(&p);
    result = 0;
out:
    buf_release(&p.bytes);
    buf_release(&p.records);
    return result;
}

int rest_produce_to_topic(struct call *c) { return produce(c, false); }
int rest_produce_to_partition(struct call *c) { return produce(c, true); }
