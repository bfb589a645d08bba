/* arrived.c - every topic and stream that holds records, whatever its name: read back by the pipeline's own ingest, cleaned,
 * counted.
 *
 * The table of a record is the one its name ends with (ID.pin, streaming-ID-geo) when the record has that table's columns,
 * else the table whose columns it has: scripts share one stream between tables, or post them all to one topic.
 */
#include "cli/arrived.h"

#include <stdlib.h>

#include "base/json.h"
#include "cli/flow.h"
#include "mocks/connect/connect.h"

enum { SETTLE_MS = 30000, SHOWN_BYTES = 100 };

/* What one topic or stream came to. */
struct counting {
    struct cleaner *cleaners[LEDGER_TABLES];
    unsigned named; /* the table in its name, or LEDGER_TABLES */
    uint64_t cleaned, refused, rows[LEDGER_TABLES];
    char why[400], bytes[SHOWN_BYTES + 1]; /* of the first record refused */
};

struct arrived {
    const struct host *host;
    FILE *out;
    struct rules *rules;
    struct arena arena;
    uint64_t lost;
    bool any; /* a line was printed */
};

/* ---- one record ---- */

/* Whose columns the bytes speak of: for the reason of a record that fits no table. */
static unsigned likely_table(struct str bytes)
{
    static const char *const telling[LEDGER_TABLES] = { "unique_id", "latitude", "first_name" };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        if (str_find(bytes, str_of(telling[t])) != STR_NONE)
            return t;
    return 0;
}

static void note_refusal(struct counting *c, struct str bytes, const struct err *why)
{
    if (c->refused++)
        return;
    snprintf(c->why, sizeof c->why, "%.40s: %.340s", why->code, why->message);
    struct str shown = str_head(bytes, SHOWN_BYTES);
    for (size_t i = 0; i < shown.n; i++)
        c->bytes[i] = shown.p[i] >= ' ' && shown.p[i] < 127 ? shown.p[i] : '.';
}

static void count_record(void *arg, const struct ingest_record *r)
{
    struct counting *c = arg;
    struct err why[LEDGER_TABLES];
    unsigned first = c->named < LEDGER_TABLES ? c->named : likely_table(r->bytes);
    for (unsigned i = 0; i < LEDGER_TABLES; i++) {
        unsigned t = (first + i) % LEDGER_TABLES;
        int64_t rows = cleaner_add(c->cleaners[t], r->bytes, 0, &why[i]);
        if (rows < 0)
            continue;
        c->cleaned++;
        c->rows[t] += (uint64_t)rows;
        return;
    }
    note_refusal(c, r->bytes, &why[0]);
}

/* ---- one topic or stream ---- */

static unsigned table_in(struct str name, char separator)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        char end[16];
        snprintf(end, sizeof end, "%c%s", separator, ledger_table_names[t]);
        if (str_ends(name, str_of(end)))
            return t;
    }
    return LEDGER_TABLES;
}

static void open_counting(const struct arrived *a, struct counting *c, unsigned named)
{
    *c = (struct counting){ .named = named };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        c->cleaners[t] = cleaner_open(a->rules, str_of(ledger_table_names[t]), false);
}

static void close_counting(struct counting *c)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        cleaner_close(c->cleaners[t]);
}

/* Rows are told of when they are not just one a record of the table in the name. */
static void print_rows(const struct arrived *a, const struct counting *c)
{
    if (c->cleaned == 0 || (c->named < LEDGER_TABLES && c->rows[c->named] == c->cleaned))
        return;
    fprintf(a->out, "          rows:");
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        if (c->rows[t])
            fprintf(a->out, " %s %llu", ledger_table_names[t], (unsigned long long)c->rows[t]);
    fputc('\n', a->out);
}

static void print_line(struct arrived *a, const char *kind, const char *name, int64_t records, const struct counting *c)
{
    uint64_t had = c->cleaned + c->refused;
    if (records <= 0 && had == 0)
        return;
    char told[24] = "-";
    a->any = true;
    if (records >= 0)
        snprintf(told, sizeof told, "%lld", (long long)records);
    fprintf(a->out, "  %-7s %-44s %9s %9llu %9llu %9llu\n", kind, name, told, (unsigned long long)had, (unsigned long long)c->cleaned,
            (unsigned long long)c->refused);
    print_rows(a, c);
    if (c->refused)
        fprintf(a->out, "          first refused: %s\n          its bytes: %s\n", c->why, c->bytes);
    if (records > (int64_t)had)
        a->lost += (uint64_t)records - had;
}

static struct ingest_options reading(struct arrived *a, const char *name, const char *service, struct counting *c)
{
    return (struct ingest_options){
        .endpoint = cloud_url(a->host->cloud, service), .name = name, .key = cloud_own_key(a->host->cloud),
        .region = CLOUD_REGION, .clock = cloud_clock(a->host->cloud), .seed = a->host->options.seed, .record = count_record, .arg = c,
    };
}

/* ---- topics ---- */

static int read_topic(struct arrived *a, struct plog *log, struct err *e)
{
    struct counting c;
    struct ingest in = { 0 };
    int64_t records = 0;
    const char *name = plog_name(log);
    for (unsigned p = 0; p < plog_partitions(log); p++)
        records += plog_end(log, p) - plog_begin(log, p);
    if (!records)
        return 0;
    open_counting(a, &c, table_in(str_of(name), '.'));
    struct ingest_options o = reading(a, name, "s3", &c);
    bool stored = connect_where(cloud_state(a->host->cloud, "connect"), name, &a->arena, &o.bucket, &o.topics_dir);
    int result = stored ? ingest_s3(&o, &in, e) : 0;
    if (result == 0)
        print_line(a, "topic", name, records, &c);
    if (result == 0 && !stored)
        fprintf(a->out, "          no connector takes this topic: see topics or topics.regex of --connector\n");
    close_counting(&c);
    ingest_release(&in);
    return result;
}

static int read_topics(struct arrived *a, struct err *e)
{
    size_t n;
    int result = 0;
    struct plog **logs = plog_set_list(cloud_topics(a->host->cloud), &n);
    for (size_t i = 0; i < n && result == 0; i++)
        result = read_topic(a, logs[i], e);
    free(logs);
    return result;
}

/* ---- streams ---- */

static int list_streams(struct arrived *a, struct str *ret_names, struct err *e)
{
    struct http_header headers[] = {
        { S("X-Amz-Target"), S("Kinesis_20131202.ListStreams") }, { S("Content-Type"), S("application/x-amz-json-1.1") },
    };
    struct http_request request = { .method = S("POST"), .body = S("{\"Limit\":10000}"), .headers = headers, .n_headers = 2 };
    struct http_reply reply = { 0 };
    struct json names;
    *ret_names = S("[]");
    if (!cloud_service(a->host->cloud, "kinesis"))
        return 0;
    http_request_target(&request, S("/"));
    if (cloud_invoke_wait(a->host->cloud, "kinesis", &request, &reply, &a->arena, e))
        return -1;
    struct str text = arena_dup(&a->arena, http_reply_body(&reply));
    http_reply_release(&reply);
    if (json_get(text, "StreamNames", &names))
        *ret_names = names.raw;
    return 0;
}

static int read_stream(struct arrived *a, const char *name, struct err *e)
{
    struct counting c;
    struct ingest in = { 0 };
    open_counting(a, &c, table_in(str_of(name), '-'));
    struct ingest_options o = reading(a, name, "kinesis", &c);
    int result = ingest_kinesis(&o, &in, e);
    if (result == 0)
        print_line(a, "stream", name, -1, &c);
    close_counting(&c);
    ingest_release(&in);
    return result;
}

static int read_streams(struct arrived *a, struct err *e)
{
    struct str names;
    struct json name;
    struct json_reader reader;
    if (list_streams(a, &names, e))
        return -1;
    json_open(&reader, names);
    for (json_enter(&reader, JSON_ARRAY); json_element(&reader) == 1 && json_read(&reader, &name) == 0;)
        if (read_stream(a, arena_z(&a->arena, json_text(name, &a->arena)), e))
            return -1;
    return 0;
}

int arrived_print(const struct host *h, FILE *out, struct err *e)
{
    struct arrived a = { .host = h, .out = out };
    int result = -1;
    if (cloud_settle(h->cloud, SETTLE_MS, e) || !(a.rules = rules_open(NULL, NULL, e)))
        goto out;
    fprintf(out, "\n  %-7s %-44s %9s %9s %9s %9s\n", "", "what arrived", "records", "read back", "cleaned", "refused");
    if (read_topics(&a, e) || read_streams(&a, e))
        goto out;
    if (!a.any)
        fprintf(out, "  nothing: no topic and no stream holds a record\n");
    result = a.lost ? err_set(e, 0, "POSTS_INCOMPLETE", "%llu records of topics were not found in the bucket", (unsigned long long)a.lost) : 0;
out:
    rules_close(a.rules);
    arena_release(&a.arena);
    return result;
}
