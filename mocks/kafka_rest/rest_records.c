/* rest_records.c - what an instance reads, commits and seeks.
 *
 * A read answers at once when there are records; an empty one takes its timeout (in simulated time: no thread waits).
 * The first read of a subscriber is empty, as the proxy's usually is: joining the group happens inside it.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/kafka_rest/rest.h"

enum { MAX_BYTES = 64 * 1024 * 1024, MAX_RECORDS = 100000 };

/* ---- reading ---- */

struct reading {
    struct buf *out;
    enum rest_media format;
    const char *topic;
    unsigned partition;
    int64_t bytes, max_bytes;
    size_t n;
    bool bad; /* a value that is not of the format */
};

static bool put_content(struct reading *r, struct str content)
{
    if (!content.p) {
        buf_z(r->out, "null");
        return true;
    }
    if (r->format == REST_MEDIA_BINARY) {
        buf_c(r->out, '"');
        codec_base64(r->out, content);
        buf_c(r->out, '"');
        return true;
    }
    struct json_reader reader;
    json_open(&reader, content);
    return rest_json_put(r->out, &reader) == 0 && json_close(&reader) == 0;
}

static bool put_record(void *arg, const struct plog_record *rec)
{
    struct reading *r = arg;
    int64_t bytes = (int64_t)(rec->key.n + rec->value.n);
    if (r->n >= MAX_RECORDS || (r->n && r->bytes + bytes > r->max_bytes))
        return false;
    r->bytes += bytes;
    buf_z(r->out, r->n++ ? ",{\"topic\":" : "{\"topic\":");
    json_put_text(r->out, str_of(r->topic));
    buf_z(r->out, ",\"key\":");
    r->bad |= !put_content(r, rec->key);
    buf_z(r->out, ",\"value\":");
    r->bad |= !put_content(r, rec->value);
    buf_f(r->out, ",\"partition\":%u,\"offset\":%lld}", r->partition, (long long)rec->offset);
    return !r->bad;
}

static int64_t query_number(struct call *c, const char *name, int64_t otherwise)
{
    int64_t v;
    struct str text = http_query(c->request, name, c->arena);
    return text.n && str_to_i64(text, &v) && v >= 0 ? v : otherwise;
}

static int read_locked(struct call *c, struct rest_consumer *i)
{
    const struct rest_args *args = c->args;
    bool unsaid = args->accept == REST_MEDIA_ANY || args->accept == REST_MEDIA_V2;
    if ((unsaid ? REST_MEDIA_BINARY : args->accept) != i->format)
        return call_fail(c, 406, "40601", "The requested embedded data format does not match the deserializer for this "
                         "consumer instance");
    if (!i->manual && !i->pattern && !i->topics.n_live)
        return call_fail(c, 409, "40903", "Illegal state: Consumer is not subscribed to any topics or assigned any "
                         "partitions");
    bool first = !i->joined && !i->manual;
    int64_t timeout_ms = query_number(c, "timeout", i->timeout_ms);
    struct reading r = { .out = call_body(c), .format = i->format, .max_bytes = query_number(c, "max_bytes", MAX_BYTES) };
    if (i->auto_commit)
        rest_consumers_commit_all(c, i);
    rest_consumers_join(c, i);
    i->joined = true;
    buf_c(r.out, '[');
    for (size_t k = 0; !first && k < i->n_positions && !r.bad; k++) {
        struct rest_position *p = &i->positions[k];
        if (p->next < 0)
            return call_fail(c, 500, "50002", "Kafka error: Undefined offset with no reset policy for partition %s-%u",
                             plog_name(p->log), p->partition);
        r.topic = plog_name(p->log);
        r.partition = p->partition;
        if (p->next < plog_begin(p->log, p->partition))
            p->next = plog_begin(p->log, p->partition);
        p->next = plog_read(p->log, p->partition, p->next, put_record, &r);
    }
    buf_c(r.out, ']');
    if (r.bad)
        return call_fail(c, 408, "40801", "Error deserializing JSON message: a record of %s-%u is no JSON", r.topic,
                         r.partition);
    if (!r.n && !first)
        c->reply->delay_ms += timeout_ms < i->timeout_ms ? timeout_ms : i->timeout_ms;
    return 0;
}

int rest_records_read(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    if (!i)
        return -1;
    int result = read_locked(c, i);
    bool json = i->format == REST_MEDIA_JSON;
    rest_consumers_unlock(c);
    if (!result && json)
        call_header(c, "Content-Type", S("application/vnd.kafka.json.v2+json"));
    else if (!result)
        call_header(c, "Content-Type", S("application/vnd.kafka.binary.v2+json"));
    return result;
}

/* ---- lists of partitions in a body ---- */

/* For each element of the body's list `name`: fn(…, topic, partition, element). An absent body calls nothing. */
static int for_each(struct call *c, struct rest_consumer *i, const char *name, bool required,
                    int (*fn)(struct call *, struct rest_consumer *, const char *topic, unsigned partition, const cJSON *))
{
    struct str body = c->request->body;
    cJSON *doc = json_valid(body) ? cJSON_ParseWithLength(body.p, body.n) : NULL;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, name), *v;
    int result = 0;
    if (!cJSON_IsObject(doc))
        result = call_fail(c, 400, "400", "Malformed JSON: expected an object with \"%s\"", name);
    else if (required && !cJSON_IsArray(list))
        result = call_fail(c, 422, "422", "%s must not be null (was null)", name);
    cJSON_ArrayForEach(v, list)
    {
        const cJSON *topic = cJSON_GetObjectItemCaseSensitive(v, "topic");
        const cJSON *partition = cJSON_GetObjectItemCaseSensitive(v, "partition");
        if (result)
            break;
        if (!cJSON_IsString(topic) || !cJSON_IsNumber(partition) || partition->valuedouble < 0 ||
            partition->valuedouble > INT32_MAX)
            result = call_fail(c, 422, "422", "%s: expected {\"topic\":\"name\",\"partition\":0,…}", name);
        else
            result = fn(c, i, topic->valuestring, (unsigned)partition->valuedouble, v);
    }
    cJSON_Delete(doc);
    return result;
}

/* ---- commits ---- */

static int commit_one(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(v, "offset");
    if (!cJSON_IsNumber(offset) || offset->valuedouble < 0)
        return call_fail(c, 422, "422", "offsets: offset must be greater than or equal to 0");
    rest_consumers_commit_at(c, i, topic, partition, (int64_t)offset->valuedouble + 1);
    return 0;
}

int rest_records_commit(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    int result = 0;
    if (!i)
        return -1;
    if (str_trim(c->request->body).n)
        result = for_each(c, i, "offsets", true, commit_one);
    else
        rest_consumers_commit_all(c, i);
    rest_consumers_unlock(c);
    if (!result)
        buf_z(call_body(c), "[]");
    return result;
}

static int put_committed(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    int64_t next = rest_consumers_committed_at(c, i, topic, partition);
    struct buf *out = call_body(c);
    (void)v;
    if (next < 0)
        return 0;
    buf_z(out, out->p[out->n - 1] == '[' ? "{\"topic\":" : ",{\"topic\":");
    json_put_text(out, str_of(topic));
    buf_f(out, ",\"partition\":%u,\"offset\":%lld,\"metadata\":\"\"}", partition, (long long)next);
    return 0;
}

int rest_records_committed(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    if (!i)
        return -1;
    buf_z(call_body(c), "{\"offsets\":[");
    int result = for_each(c, i, "partitions", true, put_committed);
    buf_z(call_body(c), "]}");
    rest_consumers_unlock(c);
    return result;
}

/* ---- seeks ---- */

static struct rest_position *position_of(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition)
{
    for (size_t k = 0; k < i->n_positions; k++)
        if (i->positions[k].partition == partition && strcmp(plog_name(i->positions[k].log), topic) == 0)
            return &i->positions[k];
    call_fail(c, 409, "40903", "Illegal state: No current assignment for partition %.200s-%u", topic, partition);
    return NULL;
}

static int seek_offset(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(v, "offset");
    if (!cJSON_IsNumber(offset) || offset->valuedouble < 0)
        return call_fail(c, 422, "422", "offsets: offset must be greater than or equal to 0");
    struct rest_position *p = position_of(c, i, topic, partition);
    if (!p)
        return -1;
    p->next = (int64_t)offset->valuedouble;
    return 0;
}

static bool parse_instant(const char *text, int64_t *ret_ms)
{
    struct civil t = { 0 };
    int used = 0;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.year, &t.month, &t.day, &t.hour, &t.minute, &t.second, &used) != 6)
        return false;
    int scale = 100;
    for (const char *p = text + used + 1; text[used] == '.' && *p >= '0' && *p <= '9'; p++, scale /= 10)
        t.ms += (*p - '0') * scale;
    return clock_epoch_ms(&t, ret_ms);
}

static int seek_time(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(v, "timestamp");
    int64_t ms;
    if (!cJSON_IsString(at) || !parse_instant(at->valuestring, &ms))
        return call_fail(c, 400, "400", "timestamps: timestamp must be of the form 2021-02-05T19:14:42Z");
    struct rest_position *p = position_of(c, i, topic, partition);
    if (!p)
        return -1;
    p->next = plog_seek_time(p->log, partition, ms);
    return 0;
}

static int seek_beginning(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    struct rest_position *p = position_of(c, i, topic, partition);
    (void)v;
    if (!p)
        return -1;
    p->next = plog_begin(p->log, partition);
    return 0;
}

static int seek_end(struct call *c, struct rest_consumer *i, const char *topic, unsigned partition, const cJSON *v)
{
    struct rest_position *p = position_of(c, i, topic, partition);
    (void)v;
    if (!p)
        return -1;
    p->next = plog_end(p->log, partition);
    return 0;
}

/* One or two lists of the body, each with its function. */
static int seek(struct call *c, const char *name, bool required,
                int (*fn)(struct call *, struct rest_consumer *, const char *, unsigned, const cJSON *), const char *more,
                int (*more_fn)(struct call *, struct rest_consumer *, const char *, unsigned, const cJSON *))
{
    struct rest_consumer *i = rest_consumers_lock(c);
    if (!i)
        return -1;
    int result = for_each(c, i, name, required, fn);
    if (!result && more)
        result = for_each(c, i, more, false, more_fn);
    rest_consumers_unlock(c);
    c->reply->status = 204;
    return result;
}

int rest_records_seek(struct call *c) { return seek(c, "offsets", false, seek_offset, "timestamps", seek_time); }
int rest_records_seek_beginning(struct call *c) { return seek(c, "partitions", true, seek_beginning, NULL, NULL); }
int rest_records_seek_end(struct call *c) { return seek(c, "partitions", true, seek_end, NULL, NULL); }
