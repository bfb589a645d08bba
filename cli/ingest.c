/* ingest.c - weirbox ingest s3|kinesis: the stored records as raw JSON lines, one file a table. */
#include <stdio.h>

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

static void tell_gap(void *arg, const char *message)
{
    (void)arg;
    fprintf(stderr, "weirbox: %s\n", message);
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

static int run(struct args *a, const char *service, const char *endpoint, int (*ingest)(const struct ingest_options *, struct ingest *, struct err *), struct err *e)
{
    struct clock clock;
    struct ingest_options o;
    struct ingest in = { 0 };
    struct raw raw = { 0 };
    clock_init_real(&clock);
    if (options_ingest(a, service, endpoint, &o, e))
        return -1;
    o.clock = &clock;
    o.checkpoint = args_text(a, "checkpoint");
    o.record = keep_line;
    o.gap = tell_gap;
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

int ingest_command_s3(struct args *a, struct err *e) { return run(a, "S3", "http://127.0.0.1:9000", ingest_s3, e); }
int ingest_command_kinesis(struct args *a, struct err *e) { return run(a, "KINESIS", "http://127.0.0.1:4567", ingest_kinesis, e); }
