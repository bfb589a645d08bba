/* options.c - the shared option tables. */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/check/compare.h"
#include "pipeline/sink/sink.h"

const struct option options_rows[] = {
    { "tables", "DIR", "your own pinterest_data, geolocation_data and user_data (.csv or .jsonl) instead of synthetic rows", NULL, NULL },
    { "skip-broken", NULL, "with --tables: leave out broken lines and report them, instead of refusing the tables", NULL, NULL },
    { "all", NULL, "post every row once, in order", "on", NULL },
    { "posts", "N", "post N random rows, chosen as the original scripts choose them (seed 100)", NULL, NULL },
    { "indices", "FILE", "post exactly these rows: one number a line, or a JSON array", NULL, NULL },
    { "seed", "N", "of the synthetic tables, ids and jitter, and of the choice of --posts", "100", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct option options_rules[] = {
    { "rules", "DIR", "rule files that replace the built-in ones of the same name (docs/rules.md)", NULL, NULL },
    { "profile", "NAME", "a named set of switches", "aicore-majority", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct option options_flow[] = {
    { "path", "PATH", "which path", "both", "batch|stream|both" },
    { "faults", "FILE", "fault rules as JSON (docs/faults.md)", NULL, NULL },
    { "connector", "FILE", "the S3 sink's connector.properties", NULL, NULL },
    { "api", "FILE", "the gateway's OpenAPI document", NULL, NULL },
    { "post-ids", NULL, "name each post in record key and partition key, so that a retry can be recognised; --no-post-ids for keys as in the original scripts", "on", NULL },
    { "rate", "N", "at most N posts a second (0 = as fast as possible)", "0", NULL },
    { "in-flight", "N", "calls under way at once", "48", NULL },
    { "attempts", "N", "tries of one call before it is given up", "8", NULL },
    { "data", "DIR", "keep the RDS and the S3 objects in this folder instead of memory", NULL, NULL },
    { "out", "DIR", "write batch/ and stream/: cleaned rows, answers, rows that fail checks, quarantine, ledger", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct option options_post[] = {
    { "source", "URI", "where rows come from: a SQLite file; without it the synthetic tables or --tables", NULL, NULL },
    { "gateway", "URL", "the API gateway; not given: $WEIRBOX_GATEWAY_URL, as weirbox env and exec set it", "http://127.0.0.1:8080", NULL },
    { "stage", "NAME", "its stage", FLOW_STAGE, NULL },
    { "user-id", "ID", "in the names of topics and streams", FLOW_USER_ID, NULL },
    { "post-ids", NULL, "name each post in record key and partition key", "on", NULL },
    { "rate", "N", "at most N posts a second (0 = as fast as possible)", "0", NULL },
    { "in-flight", "N", "calls under way at once", "48", NULL },
    { "attempts", "N", "tries of one call before it is given up", "8", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct option options_read[] = {
    { "endpoint", "URL", "the service; also AWS_ENDPOINT_URL_S3 and _KINESIS; else http://127.0.0.1:9000 and :4567", NULL, NULL },
    { "bucket", "NAME", "the sink's bucket", "user-" FLOW_USER_ID "-bucket", NULL },
    { "user-id", "ID", "in the names of topics and streams", FLOW_USER_ID, NULL },
    { "region", "NAME", "of the signature; also AWS_REGION", "us-east-1", NULL },
    { "checkpoint", "FILE", "Kinesis: go on behind the records of the last time, and remember these", NULL, NULL },
    { "in-flight", "N", "calls under way at once", "48", NULL },
    { "attempts", "N", "tries of one call before it is given up", "8", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

int options_choose(const struct args *a, struct choose_options *ret, struct err *e)
{
    int64_t posts = -1, seed = CHOOSE_SEED;
    if (args_number(a, "posts", 1, 100000000, &posts, e) || args_number(a, "seed", 0, INT64_MAX, &seed, e))
        return -1;
    bool random = args_given(a, "posts"), file = args_given(a, "indices");
    if (random && file)
        return err_set(e, 0, "USAGE", "--posts and --indices say two different things; give one of them");
    *ret = (struct choose_options){
        .kind = file ? CHOOSE_FILE : random ? CHOOSE_RANDOM : CHOOSE_ALL, .posts = posts, .seed = seed, .path = args_text(a, "indices"),
    };
    return 0;
}

int options_file(struct args *a, const char *path, const char *what, struct str *ret, struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(e, 0, "FILE_NOT_FOUND", "cannot read the %s %s: %s", what, path, strerror(errno));
    struct buf text = BUF_MAX(64u << 20);
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&text, piece, n);
    bool failed = ferror(f) || text.full;
    fclose(f);
    if (!failed)
        *ret = arena_dup(&a->arena, buf_str(&text));
    buf_release(&text);
    return failed ? err_set(e, 0, "FILE_UNREADABLE", "cannot read the %s %s (a folder, or over 64 MiB?)", what, path) : 0;
}

struct str options_env(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return str_of(v && v[0] ? v : otherwise);
}

struct sigv4_key options_key(void)
{
    return (struct sigv4_key){ options_env("AWS_ACCESS_KEY_ID", "test"), options_env("AWS_SECRET_ACCESS_KEY", "test"), options_env("AWS_SESSION_TOKEN", "") };
}

int options_ingest(const struct args *a, const char *service, const char *endpoint, struct ingest_options *ret, struct err *e)
{
    int64_t in_flight = 0, attempts = 0;
    char name[64];
    if (args_number(a, "in-flight", 1, 1024, &in_flight, e) || args_number(a, "attempts", 1, 100, &attempts, e))
        return -1;
    snprintf(name, sizeof name, "AWS_ENDPOINT_URL_%s", service);
    *ret = (struct ingest_options){
        .endpoint = args_given(a, "endpoint") ? args_text(a, "endpoint") : options_env(name, options_env("AWS_ENDPOINT_URL", endpoint).p).p, .user_id = args_text(a, "user-id"),
        .bucket = args_text(a, "bucket"), .key = options_key(),
        .region = args_given(a, "region") ? args_text(a, "region") : options_env("AWS_REGION", "us-east-1").p,
        .in_flight = (int)in_flight, .max_attempts = (int)attempts,
    };
    return 0;
}

static int read_files(struct args *a, struct flow_options *o, struct err *e)
{
    struct str text;
    const char *path;
    if ((path = args_text(a, "faults")) && options_file(a, path, "fault rules", &o->faults, e))
        return -1;
    if ((path = args_text(a, "connector"))) {
        if (options_file(a, path, "connector settings", &text, e))
            return -1;
        o->properties = text.p;
    }
    if ((path = args_text(a, "api"))) {
        if (options_file(a, path, "API document", &text, e))
            return -1;
        o->api = text.p;
    }
    return 0;
}

int options_fill(struct args *a, struct flow_options *o, struct err *e)
{
    int64_t in_flight = 0, attempts = 0;
    *o = (struct flow_options){ 0 };
    if (options_choose(a, &o->choose, e) || read_files(a, o, e) || args_number(a, "in-flight", 1, 1024, &in_flight, e) ||
        args_number(a, "attempts", 1, 100, &attempts, e) || args_real(a, "rate", &o->posts_per_second, e))
        return -1;
    const char *path = args_text(a, "path");
    o->path_on[FLOW_BATCH] = !path || strcmp(path, "stream");
    o->path_on[FLOW_STREAM] = !path || strcmp(path, "batch");
    o->tables_dir = args_text(a, "tables");
    o->skip_broken = args_on(a, "skip-broken");
    o->rules_dir = args_text(a, "rules");
    o->profile = args_text(a, "profile");
    o->no_post_ids = args_text(a, "post-ids") && !args_on(a, "post-ids");
    o->data_dir = args_text(a, "data");
    o->in_flight = (int)in_flight;
    o->max_attempts = (int)attempts;
    o->seed = (uint64_t)o->choose.seed;
    return 0;
}

static void put_quarantine(const struct flow_path *p, struct buf *out)
{
    for (size_t i = 0; i < p->n_quarantine; i++) {
        const struct flow_quarantined *q = &p->quarantine[i];
        buf_f(out, "{\"table\":\"%s\",\"partition\":%u,\"position\":", ledger_table_names[q->table], q->place.partition);
        json_put_text(out, q->place.position);
        if (q->post != LEDGER_NO_POST) {
            buf_z(out, ",\"post\":\"");
            ledger_id(q->table, q->post, out);
            buf_c(out, '"');
        }
        buf_f(out, ",\"code\":\"%s\",\"reason\":", q->code);
        json_put_text(out, str_of(q->message));
        buf_z(out, ",\"record\":");
        json_put_text(out, q->bytes);
        buf_z(out, "}\n");
    }
}

int options_check(const struct flow_path *p, const char *dir, struct buf *told, struct err *e)
{
    const struct table *tables[LEDGER_TABLES];
    struct report r = { 0 };
    struct measured m = { .tables = tables };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        if (p->tables[t])
            tables[m.n_tables++] = p->tables[t];
    int result = compare_checks(&m, &r, dir, e);
    for (size_t i = 0; i < r.n_cases && told; i++)
        if (r.cases[i].verdict != REPORT_SAME)
            report_put_case(&r, &r.cases[i], false, told);
    report_release(&r);
    return result;
}

static int write_path(const struct flow *f, const struct flow_path *p, const char *dir, struct err *e)
{
    struct buf text = BUF_INIT;
    int result = 0;
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++)
        if (p->tables[t])
            result = sink_table(dir, p->tables[t], e);
    for (size_t i = 0; p->answers && i < analytics_count(f->analytics) && result == 0; i++)
        if (p->answers[i])
            result = sink_answer(dir, p->answers[i], e);
    if (result == 0)
        result = options_check(p, dir, NULL, e);
    put_quarantine(p, &text);
    if (result == 0)
        result = sink_put(dir, "quarantine.jsonl", buf_str(&text), e);
    buf_reset(&text);
    ledger_put_json(p->ledger, &text);
    if (result == 0)
        result = sink_put(dir, "ledger.json", buf_str(&text), e);
    buf_release(&text);
    return result;
}

int options_write(const struct flow *f, const char *dir, struct err *e)
{
    for (int i = 0; i < FLOW_PATHS; i++) {
        if (!f->paths[i].on)
            continue;
        struct buf path = BUF_INIT;
        buf_f(&path, "%s/%s", dir, f->paths[i].name);
        int result = write_path(f, &f->paths[i], buf_cstr(&path), e);
        buf_release(&path);
        if (result)
            return -1;
    }
    return 0;
}
