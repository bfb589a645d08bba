/* ingest.c - weirbox ingest s3|kinesis: the stored records as raw JSON lines, one file a table.
 *
 * Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else test/test.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"
#include "pipeline/sink/sink.h"

struct raw {
    struct buf lines[LEDGER_TABLES];
};

static void keep_line(void *arg, const struct ingest_record *r)
{
    struct raw *raw = arg;
    buf_str_add(&raw->lines[r->table], r->bytes);
    buf_c(&raw->lines[r->table], '\n');
}

static struct str env(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return str_of(v && v[0] ? v : otherwise);
}

static int fill(struct args *a, const char *endpoint, struct clock *clock, struct ingest_options *o, struct err *e)
{
    int64_t in_flight = 0, attempts = 0;
    if (args_number(a, "in-flight", 1, 1024, &in_flight, e) || args_number(a, "attempts", 1, 100, &attempts, e))
        return -1;
    clock_init_real(clock);
    const char *given = args_text(a, "endpoint");
    *o = (struct ingest_options){
        .endpoint = given ? given : endpoint, .user_id = args_text(a, "user-id"), .bucket = args_text(a, "bucket"),
        .key = { env("AWS_ACCESS_KEY_ID", "test"), env("AWS_SECRET_ACCESS_KEY", "test"), env("AWS_SESSION_TOKEN", "") },
        .region = args_given(a, "region") ? args_text(a, "region") : env("AWS_REGION", "us-east-1").p,
        .in_flight = (int)in_flight, .max_attempts = (int)attempts, .clock = clock, .checkpoint = args_text(a, "checkpoint"),
        .record = keep_line,
    };
    return 0;
}

static int write_lines(const char *dir, const struct raw *raw, struct err *e)
{
    char name[32];
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        snprintf(name, sizeof name, "%s.jsonl", ledger_table_names[t]);
        if (sink_put(dir, name, buf_str(&raw->lines[t]), e))
            return -1;
    }
    return 0;
}

static int run(struct args *a, const char *endpoint, int (*ingest)(const struct ingest_options *, struct ingest *, struct err *), struct err *e)
{
    struct clock clock;
    struct ingest_options o;
    struct ingest in = { 0 };
    struct raw raw = { 0 };
    if (fill(a, endpoint, &clock, &o, e))
        return -1;
    o.arg = &raw;
    const char *out = args_text(a, "out");
    int result = ingest(&o, &in, e);
    if (result == 0)
        result = write_lines(out, &raw, e);
    if (result == 0 && args_on(a, "json"))
        printf("{\"schema\":1,\"command\":\"%s\",\"status\":\"ok\",\"data\":{\"records\":%llu,\"objects\":%llu}}\n", a->command->name,
               (unsigned long long)in.records, (unsigned long long)in.objects);
    else if (result == 0)
        printf("%llu records read into %s/{pin,geo,user}.jsonl\n", (unsigned long long)in.records, out);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        buf_release(&raw.lines[t]);
    ingest_release(&in);
    return result;
}

int ingest_command_s3(struct args *a, struct err *e) { return run(a, "http://127.0.0.1:9000", ingest_s3, e); }
int ingest_command_kinesis(struct args *a, struct err *e) { return run(a, "http://127.0.0.1:4567", ingest_kinesis, e); }
