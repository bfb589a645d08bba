/* kafka_fetch.c - Fetch: records of the logs as batches; a long poll waits until there are min_bytes or max_wait is over.
 *
 * Sessions (KIP-227) are declined: every answer says session 0, so clients name all partitions each time.
 */
#include "mocks/kafka/kafka_batch.h"
#include "mocks/kafka/kafka_broker.h"

struct part {
    int32_t index, leader_epoch;
    int64_t offset, start;
    int32_t last_epoch, max_bytes;
};
struct asked {
    struct str name;
    struct kafka_array parts;
};
struct forgotten {
    struct str name;
    struct kafka_array parts;
};
struct request {
    int32_t replica, max_wait_ms, min_bytes, max_bytes;
    int8_t isolation;
    int32_t session, session_epoch;
    struct kafka_array topics, forgotten;
    struct str rack;
};
struct aborted {
    int64_t producer, offset;
};
struct fetched {
    int32_t index;
    int16_t error;
    int64_t end, stable, start;
    struct kafka_array aborted;
    int32_t preferred;
    struct str records;
};
struct topic {
    struct str name;
    struct kafka_array parts;
};
struct response {
    int32_t throttle_ms;
    int16_t error;
    int32_t session;
    struct kafka_array topics;
};

static const struct kafka_field part_fields[] = {
    KAFKA(struct part, INT32, index),
    KAFKA(struct part, INT32, leader_epoch, .since = 9, .otherwise = -1),
    KAFKA(struct part, INT64, offset),
    KAFKA(struct part, INT32, last_epoch, .since = 12, .otherwise = -1),
    KAFKA(struct part, INT64, start, .since = 5, .otherwise = -1),
    KAFKA(struct part, INT32, max_bytes),
};
static const struct kafka_schema part_schema = KAFKA_SCHEMA(struct part, part_fields);
static const struct kafka_field asked_fields[] = {
    KAFKA(struct asked, STRING, name),
    KAFKA(struct asked, ARRAY, parts, .of = &part_schema),
};
static const struct kafka_schema asked_schema = KAFKA_SCHEMA(struct asked, asked_fields);
static const struct kafka_field forgotten_fields[] = {
    KAFKA(struct forgotten, STRING, name),
    KAFKA(struct forgotten, ARRAY, parts, .of = &kafka_codec_int32),
};
static const struct kafka_schema forgotten_schema = KAFKA_SCHEMA(struct forgotten, forgotten_fields);
static const struct kafka_field request_fields[] = {
    KAFKA(struct request, INT32, replica),
    KAFKA(struct request, INT32, max_wait_ms),
    KAFKA(struct request, INT32, min_bytes),
    KAFKA(struct request, INT32, max_bytes, .since = 3, .otherwise = -1),
    KAFKA(struct request, INT8, isolation, .since = 4),
    KAFKA(struct request, INT32, session, .since = 7),
    KAFKA(struct request, INT32, session_epoch, .since = 7, .otherwise = -1),
    KAFKA(struct request, ARRAY, topics, .of = &asked_schema),
    KAFKA(struct request, ARRAY, forgotten, .of = &forgotten_schema, .since = 7),
    KAFKA(struct request, STRING, rack, .since = 11),
};
static const struct kafka_field aborted_fields[] = {
    KAFKA(struct aborted, INT64, producer),
    KAFKA(struct aborted, INT64, offset),
};
static const struct kafka_schema aborted_schema = KAFKA_SCHEMA(struct aborted, aborted_fields);
static const struct kafka_field fetched_fields[] = {
    KAFKA(struct fetched, INT32, index),
    KAFKA(struct fetched, INT16, error),
    KAFKA(struct fetched, INT64, end),
    KAFKA(struct fetched, INT64, stable, .since = 4),
    KAFKA(struct fetched, INT64, start, .since = 5),
    KAFKA(struct fetched, ARRAY, aborted, .of = &aborted_schema, .since = 4, .nullable = KAFKA_NULL(4)),
    KAFKA(struct fetched, INT32, preferred, .since = 11),
    KAFKA(struct fetched, BYTES, records),
};
static const struct kafka_schema fetched_schema = KAFKA_SCHEMA(struct fetched, fetched_fields);
static const struct kafka_field topic_fields[] = {
    KAFKA(struct topic, STRING, name),
    KAFKA(struct topic, ARRAY, parts, .of = &fetched_schema),
};
static const struct kafka_schema topic_schema = KAFKA_SCHEMA(struct topic, topic_fields);
static const struct kafka_field response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
    KAFKA(struct response, INT16, error, .since = 7),
    KAFKA(struct response, INT32, session, .since = 7),
    KAFKA(struct response, ARRAY, topics, .of = &topic_schema),
};
const struct kafka_schema kafka_fetch_request = KAFKA_SCHEMA(struct request, request_fields);
const struct kafka_schema kafka_fetch_response = KAFKA_SCHEMA(struct response, response_fields);

/* ---- is there something? ---- */

static int check(struct plog *log, const struct part *p)
{
    if (p->index < 0 || (unsigned)p->index >= plog_partitions(log))
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    if (p->leader_epoch > 0)
        return KAFKA_UNKNOWN_LEADER_EPOCH;
    unsigned i = (unsigned)p->index;
    return p->offset < plog_begin(log, i) || p->offset > plog_end(log, i) ? KAFKA_OFFSET_OUT_OF_RANGE : KAFKA_NONE;
}

struct sum {
    int64_t bytes, enough;
};

static bool add_up(void *arg, const struct plog_record *r)
{
    struct sum *s = arg;
    s->bytes += (int64_t)(r->key.n + r->value.n + r->headers.n);
    return s->bytes < s->enough;
}

/* Enough bytes, or a mistake to tell. */
bool kafka_fetch_ready(struct kafka_request *q)
{
    const struct request *r = q->args;
    struct sum sum = { 0, r->min_bytes };
    const struct asked *asked = r->topics.at;
    for (int32_t i = 0; i < r->topics.n; i++) {
        const struct part *parts = asked[i].parts.at;
        struct plog *log = plog_set_find(cloud_topics(q->session->state->cloud), asked[i].name);
        for (int32_t k = 0; k < asked[i].parts.n; k++) {
            if (!log || check(log, &parts[k]))
                return true;
            if (parts[k].offset == plog_end(log, (unsigned)parts[k].index))
                continue;
            if (r->min_bytes <= 1)
                return true;
            plog_read(log, (unsigned)parts[k].index, parts[k].offset, add_up, &sum);
            if (sum.bytes >= sum.enough)
                return true;
        }
    }
    return r->min_bytes <= 0;
}

/* ---- records ---- */

struct fetch {
    struct call *call;
    int magic;
    size_t left;  /* of max_bytes */
    bool any;     /* a record has been found: whatever its size, one is sent */
    struct buf *bytes; /* one for each partition asked for */
};

struct gather {
    struct kafka_batch_writer writer;
    size_t most;
    bool even_too_large;
};

static bool gather(void *arg, const struct plog_record *r)
{
    struct gather *g = arg;
    bool fits = g->writer.out->n + kafka_batch_record_bytes(r) <= g->most;
    if (!fits && (g->writer.n || !g->even_too_large))
        return false;
    kafka_batch_add(&g->writer, r);
    return true;
}

static void fill(struct fetch *f, const struct part *p, struct plog *log, struct fetched *ret, struct buf *bytes)
{
    size_t wanted = p->max_bytes > 0 ? (size_t)p->max_bytes : 0;
    struct gather g = { .writer = { .out = bytes, .magic = f->magic }, .most = wanted < f->left ? wanted : f->left, .even_too_large = !f->any };
    unsigned i = (unsigned)p->index;
    plog_read(log, i, p->offset, gather, &g);
    kafka_batch_end(&g.writer);
    f->any |= g.writer.n > 0;
    f->left -= bytes->n < f->left ? bytes->n : f->left;
    ret->start = plog_begin(log, i);
    ret->end = ret->stable = plog_end(log, i);
    ret->records = buf_str(bytes);
}

static struct kafka_array fetch_topic(struct fetch *f, const struct asked *asked, size_t *index)
{
    struct kafka_request *q = kafka_request_of(f->call);
    size_t n = asked->parts.n > 0 ? (size_t)asked->parts.n : 0;
    struct fetched *fetched = ARENA_ARRAY(f->call->arena, struct fetched, n ? n : 1);
    const struct part *parts = asked->parts.at;
    int missing = 0;
    struct plog *log = q->refused ? NULL : kafka_topics_find(f->call->state, asked->name, false, &missing);
    for (size_t i = 0; i < n; i++, (*index)++) {
        int error = q->refused ? q->refused : log ? check(log, &parts[i]) : missing;
        fetched[i] = (struct fetched){ .index = parts[i].index, .error = (int16_t)error, .end = -1, .stable = -1, .start = -1,
                                       .aborted.n = -1, .preferred = -1 };
        if (!error)
            fill(f, &parts[i], log, &fetched[i], &f->bytes[*index]);
        else if (!q->refused)
            call_reason(f->call, "'" STR_F "'-%d at offset %lld: %s", STR_A(str_head(asked->name, 249)), parts[i].index,
                        (long long)parts[i].offset, kafka_error_name(error));
    }
    return (struct kafka_array){ fetched, (int32_t)n };
}

static size_t count_parts(const struct request *r)
{
    const struct asked *asked = r->topics.at;
    size_t n = 1;
    for (int32_t i = 0; i < r->topics.n; i++)
        n += asked[i].parts.n > 0 ? (size_t)asked[i].parts.n : 0;
    return n;
}

static int answer(struct call *c, int error)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct request *r = q->args;
    const struct asked *asked = r->topics.at;
    size_t n_parts = count_parts(r), index = 0;
    struct fetch f = { .call = c, .magic = q->version < 2 ? 0 : q->version < 4 ? 1 : 2, .left = KAFKA_MAX_FETCH,
                       .bytes = ARENA_ARRAY(c->arena, struct buf, n_parts) };
    int32_t n = r->topics.n > 0 && !error ? r->topics.n : 0;
    struct topic *topics = ARENA_ARRAY(c->arena, struct topic, n ? (size_t)n : 1);
    if (r->max_bytes >= 0 && (size_t)r->max_bytes < f.left)
        f.left = (size_t)r->max_bytes;
    for (int32_t i = 0; i < n; i++)
        topics[i] = (struct topic){ asked[i].name, fetch_topic(&f, &asked[i], &index) };
    kafka_answer(c, &(struct response){ .error = (int16_t)error, .topics = { topics, n } });
    for (size_t i = 0; i < n_parts; i++)
        buf_release(&f.bytes[i]);
    return 0;
}

int kafka_fetch(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_state *s = c->state;
    const struct request *r = q->args;
    uint64_t generation = plog_set_generation(cloud_topics(c->cloud));
    if (r->session != 0 && !q->refused)
        return answer(c, KAFKA_FETCH_SESSION_ID_NOT_FOUND);
    if (q->refused || q->waited || r->max_wait_ms <= 0 || kafka_fetch_ready(q))
        return answer(c, KAFKA_NONE);
    int64_t wait_ms = r->max_wait_ms < KAFKA_MAX_WAIT_MS ? r->max_wait_ms : KAFKA_MAX_WAIT_MS;
    if (s->clock->is_virtual) { /* its time passes at once */
        c->reply->delay_ms += wait_ms;
        return answer(c, KAFKA_NONE);
    }
    q->waited = true;
    q->due_ms = clock_now_ms(s->clock) + wait_ms;
    kafka_wait_park(s->wait, q, generation);
    return CALL_LATER;
}
