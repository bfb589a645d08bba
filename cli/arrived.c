/* arrived.c - finding the users in the names of topics and streams, then the same ingest and cleaning as `weirbox run`. */
#include "cli/arrived.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "cli/flow.h"

enum { SETTLE_MS = 30000 };

struct counting {
    struct cleaner *cleaners[LEDGER_TABLES];
    uint64_t cleaned[LEDGER_TABLES], refused[LEDGER_TABLES];
    char first_refusal[LEDGER_TABLES][256];
};

struct arrived {
    const struct host *host;
    FILE *out;
    struct rules *rules;
    struct arena arena;
    struct map users; /* id -> anything */
    struct map streams;
    uint64_t lost;
};

static void count_record(void *arg, const struct ingest_record *r)
{
    struct counting *c = arg;
    struct err why = { 0 };
    if (cleaner_add(c->cleaners[r->table], r->bytes, 0, &why) > 0) {
        c->cleaned[r->table]++;
    } else if (c->refused[r->table]++ == 0) {
        snprintf(c->first_refusal[r->table], sizeof c->first_refusal[r->table], "%s: %.120s", why.code, why.message);
    }
}

static void open_counting(const struct arrived *a, struct counting *c)
{
    *c = (struct counting){ 0 };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        c->cleaners[t] = cleaner_open(a->rules, str_of(ledger_table_names[t]), false);
}

static void close_counting(struct counting *c)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        cleaner_close(c->cleaners[t]);
}

/* ---- users ---- */

/* "ID" of prefix ID separator table, or an empty view. */
static struct str user_in(struct str name, const char *prefix, char separator)
{
    if (!str_starts(name, str_of(prefix)))
        return S("");
    struct str rest = str_from(name, strlen(prefix));
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        char end[16];
        snprintf(end, sizeof end, "%c%s", separator, ledger_table_names[t]);
        if (str_ends(rest, str_of(end)))
            return str_head(rest, rest.n - strlen(end));
    }
    return S("");
}

static void add_user(struct arrived *a, struct str id)
{
    if (id.n && id.n < 200)
        map_put(&a->users, id, a);
}

static int kinesis_call(struct arrived *a, const char *action, struct str body, struct http_reply *reply, struct err *e)
{
    struct http_header headers[] = {
        { S("X-Amz-Target"), arena_f(&a->arena, "Kinesis_20131202.%s", action) }, { S("Content-Type"), S("application/x-amz-json-1.1") },
    };
    struct http_request request = { .method = S("POST"), .body = body, .headers = headers, .n_headers = 2 };
    http_request_target(&request, S("/"));
    return cloud_invoke_wait(a->host->cloud, "kinesis", &request, reply, &a->arena, e);
}

static int list_streams(struct arrived *a, struct err *e)
{
    struct http_reply reply = { 0 };
    struct json names, name;
    struct json_reader reader;
    if (!cloud_service(a->host->cloud, "kinesis"))
        return 0;
    if (kinesis_call(a, "ListStreams", S("{\"Limit\":10000}"), &reply, e))
        return -1;
    struct str text = arena_dup(&a->arena, http_reply_body(&reply));
    http_reply_release(&reply);
    if (!json_get(text, "StreamNames", &names))
        return 0;
    json_open(&reader, names.raw);
    for (json_enter(&reader, JSON_ARRAY); json_element(&reader) == 1 && json_read(&reader, &name) == 0;) {
        struct str stream = json_text(name, &a->arena);
        map_put(&a->streams, stream, a);
        add_user(a, user_in(stream, "streaming-", '-'));
    }
    return 0;
}

static void list_topics(struct arrived *a)
{
    size_t n;
    struct plog **logs = plog_set_list(cloud_topics(a->host->cloud), &n);
    for (size_t i = 0; i < n; i++)
        add_user(a, user_in(str_of(plog_name(logs[i])), "", '.'));
    free(logs);
}

/* ---- one user's records ---- */

static const char *sink_bucket(struct arrived *a)
{
    for (struct str rest = str_of(cloud_setting(a->host->cloud, "connect.properties")); rest.p;) {
        struct str value = str_cut(&rest, '\n'), name = str_trim(str_cut(&value, '='));
        if (str_eq(name, S("s3.bucket.name")) && value.p)
            return arena_z(&a->arena, str_trim(value));
    }
    return "user-" FLOW_USER_ID "-bucket";
}

static struct ingest_options reading(struct arrived *a, const char *id, const char *service, struct counting *c)
{
    return (struct ingest_options){
        .endpoint = cloud_url(a->host->cloud, service), .user_id = id, .bucket = sink_bucket(a), .key = cloud_own_key(a->host->cloud),
        .region = CLOUD_REGION, .clock = cloud_clock(a->host->cloud), .seed = a->host->options.seed, .record = count_record, .arg = c,
    };
}

static void print_line(struct arrived *a, const char *kind, const char *name, int64_t records, const struct counting *c, unsigned t)
{
    uint64_t had = c->cleaned[t] + c->refused[t];
    if (records <= 0 && had == 0)
        return;
    char told[24] = "-";
    if (records >= 0)
        snprintf(told, sizeof told, "%lld", (long long)records);
    fprintf(a->out, "  %-7s %-44s %9s %9llu %9llu %9llu\n", kind, name, told, (unsigned long long)had, (unsigned long long)c->cleaned[t],
            (unsigned long long)c->refused[t]);
    if (c->refused[t])
        fprintf(a->out, "          first refused: %s\n", c->first_refusal[t]);
    if (records > (int64_t)had)
        a->lost += (uint64_t)records - had;
}

static int read_topics(struct arrived *a, const char *id, struct err *e)
{
    struct counting c;
    struct ingest in = { 0 };
    open_counting(a, &c);
    struct ingest_options o = reading(a, id, "s3", &c);
    int result = ingest_s3(&o, &in, e);
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++) {
        struct str name = arena_f(&a->arena, "%s.%s", id, ledger_table_names[t]);
        struct plog *log = plog_set_find(cloud_topics(a->host->cloud), name);
        int64_t records = 0;
        for (unsigned p = 0; log && p < plog_partitions(log); p++)
            records += plog_end(log, p) - plog_begin(log, p);
        print_line(a, "topic", name.p, records, &c, t);
    }
    close_counting(&c);
    ingest_release(&in);
    return result;
}

/* A script may have used one of the three streams only; reading wants all of them. */
static int read_streams(struct arrived *a, const char *id, struct err *e)
{
    bool any = false;
    struct str names[LEDGER_TABLES];
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        names[t] = arena_f(&a->arena, "streaming-%s-%s", id, ledger_table_names[t]);
        any = any || map_get(&a->streams, names[t]);
    }
    for (unsigned t = 0; any && t < LEDGER_TABLES; t++) {
        struct http_reply reply = { 0 };
        if (!map_get(&a->streams, names[t]) &&
            kinesis_call(a, "CreateStream", arena_f(&a->arena, "{\"StreamName\":\"%s\",\"ShardCount\":1}", names[t].p), &reply, e))
            return -1;
        http_reply_release(&reply);
    }
    if (!any)
        return 0;
    struct counting c;
    struct ingest in = { 0 };
    open_counting(a, &c);
    struct ingest_options o = reading(a, id, "kinesis", &c);
    int result = ingest_kinesis(&o, &in, e);
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++)
        print_line(a, "stream", names[t].p, -1, &c, t);
    close_counting(&c);
    ingest_release(&in);
    return result;
}

int arrived_print(const struct host *h, FILE *out, struct err *e)
{
    struct arrived a = { .host = h, .out = out };
    int result = -1;
    if (cloud_settle(h->cloud, SETTLE_MS, e) || !(a.rules = rules_open(NULL, NULL, e)) || list_streams(&a, e))
        goto out;
    list_topics(&a);
    fprintf(out, "\n  %-7s %-44s %9s %9s %9s %9s\n", "", "what arrived", "records", "read back", "cleaned", "refused");
    size_t at = 0;
    for (struct map_entry *u; (u = map_next(&a.users, &at));) {
        const char *id = arena_z(&a.arena, u->key);
        if (read_topics(&a, id, e) || read_streams(&a, id, e))
            goto out;
    }
    result = a.lost ? err_set(e, 0, "POSTS_INCOMPLETE", "%llu records of topics were not found in the bucket", (unsigned long long)a.lost) : 0;
out:
    rules_close(a.rules);
    map_release(&a.users);
    map_release(&a.streams);
    arena_release(&a.arena);
    return result;
}
