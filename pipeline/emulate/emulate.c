/* emulate.c - forming calls, keeping many in flight, reading acknowledgements.
 *
 * What differs between the two paths is a row of `paths`: how a call is addressed and phrased, how its
 * acknowledgement reads, and which answers are throttles in disguise.
 */
#include "pipeline/emulate/emulate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "net/client.h"

struct emulator;

struct path {
    const char *method, *content_type;
    void (*url)(const struct emulator *m, unsigned table, struct buf *out);
    void (*body)(const struct emulator *m, unsigned table, struct str id, struct str row, struct buf *out);
    /* Reads an acknowledgement; false when the answer is a refusal. */
    bool (*acknowledged)(const struct client_response *r, struct arena *a, struct ledger_place *ret);
    bool (*passing)(const struct client_response *r);
};

/* One call under way; taken from and given back to a free list. */
struct call {
    struct emulator *emulator;
    struct call *next;
    unsigned table;
    uint32_t post;
};

struct emulator {
    const struct emulate_options *options;
    const struct path *path;
    struct source *source;
    struct ledger *ledger;
    struct emulate_report *report;
    struct client *client;
    struct call *free_calls;
    struct buf urls[SOURCE_TABLES];
    struct buf row[SOURCE_TABLES], body, id;
    struct arena scratch;
    uint64_t calls_over, calls_total;
};

/* ---- batch: API Gateway -> Kafka REST ---- */

static void batch_url(const struct emulator *m, unsigned table, struct buf *out)
{
    buf_f(out, "%s/%s/topics/%s.%s", m->options->gateway, m->options->stage, m->options->user_id, source_short[table]);
}

static void batch_body(const struct emulator *m, unsigned table, struct str id, struct str row, struct buf *out)
{
    (void)m, (void)table;
    buf_z(out, "{\"records\":[{");
    if (id.n) {
        buf_z(out, "\"key\":");
        json_put_text(out, id);
        buf_c(out, ',');
    }
    buf_z(out, "\"value\":");
    buf_str_add(out, row);
    buf_z(out, "}]}");
}

static bool batch_acknowledged(const struct client_response *r, struct arena *a, struct ledger_place *ret)
{
    struct json offsets, partition, offset, code;
    struct json_reader reader;
    if (r->status != 200 || !json_get(r->body, "offsets", &offsets) || offsets.type != JSON_ARRAY)
        return false;
    struct json first;
    json_open(&reader, offsets.raw);
    if (json_enter(&reader, JSON_ARRAY) || json_element(&reader) != 1 || json_read(&reader, &first))
        return false;
    int64_t p;
    if ((json_get(first.raw, "error_code", &code) && code.type != JSON_NULL) ||
        !json_get(first.raw, "partition", &partition) || !json_get(first.raw, "offset", &offset) ||
        offset.type != JSON_NUMBER || !str_to_i64(partition.raw, &p))
        return false;
    *ret = (struct ledger_place){ (uint32_t)p, arena_dup(a, offset.raw) };
    return true;
}

/* The REST proxy answers 200 with error 50003 inside `offsets` for what Kafka calls retriable. */
static bool batch_passing(const struct client_response *r)
{
    return r->status == 200 && str_find(r->body, S("\"error_code\":50003")) != STR_NONE;
}

/* ---- stream: API Gateway -> Kinesis ---- */

static void stream_url(const struct emulator *m, unsigned table, struct buf *out)
{
    buf_f(out, "%s/%s/streams/streaming-%s-%s/record", m->options->gateway, m->options->stage, m->options->user_id,
          source_short[table]);
}

static void stream_body(const struct emulator *m, unsigned table, struct str id, struct str row, struct buf *out)
{
    buf_f(out, "{\"StreamName\":\"streaming-%s-%s\",\"Data\":", m->options->user_id, source_short[table]);
    buf_str_add(out, row);
    buf_z(out, ",\"PartitionKey\":");
    json_put_text(out, id.n ? id : S("partition-1"));
    buf_c(out, '}');
}

static bool stream_acknowledged(const struct client_response *r, struct arena *a, struct ledger_place *ret)
{
    if (r->status != 200)
        return false;
    struct str shard = json_get_text(r->body, "ShardId", a);
    struct str sequence = json_get_text(r->body, "SequenceNumber", a);
    size_t dash = str_chr(shard, '-');
    int64_t number;
    if (!sequence.n || dash == STR_NONE || !str_to_i64(str_from(shard, dash + 1), &number))
        return false;
    *ret = (struct ledger_place){ (uint32_t)number, arena_dup(a, sequence) };
    return true;
}

/* The tutorial's gateway maps every Kinesis answer to 200, errors too. */
static bool stream_passing(const struct client_response *r)
{
    static const struct str passing[] = {
        S_INIT("ProvisionedThroughputExceededException"), S_INIT("LimitExceededException"), S_INIT("InternalFailure"),
        S_INIT("ServiceUnavailable"), S_INIT("KMSThrottlingException"),
    };
    struct json type;
    if (r->status != 200 && r->status != 400)
        return false;
    if (!json_get(r->body, "__type", &type))
        return false;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (str_find(type.raw, passing[i]) != STR_NONE)
            return true;
    return false;
}

static const struct path paths[] = {
    [EMULATE_BATCH] = { "POST", "application/vnd.kafka.json.v2+json", batch_url, batch_body, batch_acknowledged, batch_passing },
    [EMULATE_STREAM] = { "PUT", "application/json", stream_url, stream_body, stream_acknowledged, stream_passing },
};

/* ---- calls ---- */

static void remember_refusal(struct emulator *m, const struct call *c, const struct client_response *r)
{
    if (m->report->first_refusal[0])
        return;
    if (r->status)
        snprintf(m->report->first_refusal, sizeof m->report->first_refusal, "%s " STR_F " answered %d: %.*s",
                 m->path->method, STR_A(buf_str(&m->urls[c->table])), r->status, (int)(r->body.n < 300 ? r->body.n : 300),
                 r->body.p ? r->body.p : "");
    else
        snprintf(m->report->first_refusal, sizeof m->report->first_refusal, "%s " STR_F ": %s after %d attempts", m->path->method,
                 STR_A(buf_str(&m->urls[c->table])), r->error ? r->error : "no answer", r->attempts);
}

static void over(void *arg, const struct client_response *r)
{
    struct call *c = arg;
    struct emulator *m = c->emulator;
    struct ledger_place place;
    arena_reset(&m->scratch);
    if (m->path->acknowledged(r, &m->scratch, &place)) {
        ledger_acknowledge(m->ledger, c->table, c->post, place, r->ambiguous);
        m->report->acknowledged++;
    } else {
        remember_refusal(m, c, r);
        struct str why = arena_f(&m->scratch, "status %d after %d attempts", r->status, r->attempts);
        ledger_give_up(m->ledger, c->table, c->post, why.p);
        m->report->given_up++;
    }
    m->report->retries += (uint64_t)(r->attempts - 1);
    m->calls_over++;
    if (m->options->progress && m->calls_over % 512 == 0)
        m->options->progress(m->options->progress_arg, m->calls_over, m->calls_total);
    c->next = m->free_calls;
    m->free_calls = c;
}

static void start_call(struct emulator *m, unsigned table, int64_t index)
{
    struct call *c = m->free_calls;
    if (c)
        m->free_calls = c->next;
    else
        c = mem_alloc(sizeof *c);
    *c = (struct call){ m, NULL, table, ledger_post(m->ledger, table, index) };
    buf_reset(&m->body);
    buf_reset(&m->id);
    if (m->options->post_ids)
        ledger_id(table, c->post, &m->id);
    m->path->body(m, table, buf_str(&m->id), buf_str(&m->row[table]), &m->body);
    const struct http_header type = { S("Content-Type"), str_of(m->path->content_type) };
    struct client_request r = {
        .method = m->path->method, .url = buf_str(&m->urls[table]), .headers = &type, .n_headers = 1,
        .body = buf_str(&m->body), .retry_reply = m->path->passing, .done = over, .arg = c,
    };
    client_start(m->client, &r);
    m->report->calls++;
}

/* All three rows of a post, or 1 when a table lacks it. */
static int read_rows(struct emulator *m, int64_t index, struct err *e)
{
    for (unsigned t = 0; t < SOURCE_TABLES; t++) {
        buf_reset(&m->row[t]);
        int found = source_row(m->source, (enum source_table)t, index, &m->row[t], e);
        if (found)
            return found;
    }
    return 0;
}

static void keep_pace(struct emulator *m, int64_t start_ms)
{
    if (m->options->posts_per_second <= 0)
        return;
    int64_t due = start_ms + (int64_t)((double)m->report->posts * 1000 / m->options->posts_per_second);
    int64_t wait = due - clock_now_ms(m->options->clock);
    if (wait > 0) {
        client_run(m->client, 0); /* nobody's answer waits for our pace */
        wait = due - clock_now_ms(m->options->clock);
        clock_wait_ms(m->options->clock, wait > 0 ? wait : 0);
    }
}

/* A gateway that takes nothing at all is not a matter of single posts. */
static int all_refused(const struct emulator *m, struct err *e)
{
    if (m->report->acknowledged || !m->report->given_up)
        return 0;
    return err_set(e, 0, "GATEWAY_REFUSES", "%s; no call was acknowledged, so posting was stopped after %llu", m->report->first_refusal,
                   (unsigned long long)m->report->given_up);
}

static int post_all(struct emulator *m, struct choose *choose, struct err *e)
{
    int64_t index, start_ms = clock_now_ms(m->options->clock);
    size_t window = (size_t)(m->options->in_flight ? m->options->in_flight : 48);
    while (choose_next(choose, &index, NULL) == 1) {
        int found = read_rows(m, index, e);
        if (found < 0)
            return -1;
        if (found > 0) {
            if (m->report->skipped < 10)
                m->report->first_skipped[m->report->skipped] = index;
            m->report->skipped++;
            continue;
        }
        keep_pace(m, start_ms);
        for (unsigned t = 0; t < SOURCE_TABLES; t++)
            start_call(m, t, index);
        m->report->posts++;
        if (client_pending(m->client) > window * 2)
            client_run(m->client, window);
        if (m->report->given_up >= 3 * window && all_refused(m, e))
            return -1;
    }
    client_run(m->client, 0);
    return all_refused(m, e);
}

static void release(struct emulator *m)
{
    if (m->client)
        client_close(m->client);
    for (struct call *c = m->free_calls, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    for (unsigned t = 0; t < SOURCE_TABLES; t++) {
        buf_release(&m->urls[t]);
        buf_release(&m->row[t]);
    }
    buf_release(&m->body);
    buf_release(&m->id);
    arena_release(&m->scratch);
}

int emulate_run(const struct emulate_options *o, struct source *source, struct choose *choose, struct ledger *ledger,
                struct emulate_report *ret_report, struct err *e)
{
    struct emulator m = { .options = o, .path = &paths[o->path], .source = source, .ledger = ledger, .report = ret_report };
    *ret_report = (struct emulate_report){ 0 };
    struct client_options client = {
        .clock = o->clock, .seed = o->seed, .max_in_flight = o->in_flight ? o->in_flight : 48, .max_attempts = o->max_attempts,
    };
    int64_t total = choose_total(choose);
    m.calls_total = total > 0 ? (uint64_t)total * SOURCE_TABLES : 0;
    for (unsigned t = 0; t < SOURCE_TABLES; t++)
        m.path->url(&m, t, &m.urls[t]);
    m.client = client_open(&client, e);
    int result = m.client ? post_all(&m, choose, e) : -1;
    if (result == 0 && o->progress)
        o->progress(o->progress_arg, m.calls_over, m.calls_total);
    release(&m);
    return result;
}

int emulate_print(struct source *source, struct choose *choose, struct buf *out, struct err *e)
{
    int64_t index;
    while (choose_next(choose, &index, NULL) == 1)
        for (unsigned t = 0; t < SOURCE_TABLES; t++) {
            if (source_row(source, (enum source_table)t, index, out, e) < 0)
                return -1;
            buf_c(out, '\n');
        }
    return 0;
}
