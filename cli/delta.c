/* delta.c - weirbox delta log|cat|history|vacuum TABLE.
 *
 * TABLE is a folder, or s3://bucket/prefix behind --endpoint. Keys come from AWS_ACCESS_KEY_ID and
 * AWS_SECRET_ACCESS_KEY, else test/test.
 */
#include "cli/delta.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/options.h"
#include "pipeline/clean/timestamp.h"
#include "pipeline/sink/delta.h"

const struct option delta_command_store[] = {
    { "endpoint", "URL", "the S3 service of tables below s3://", "http://127.0.0.1:9000", NULL },
    { "region", "NAME", "of the signature; also AWS_REGION", "us-east-1", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
const struct option delta_command_version[] = {
    { "version", "N", "the table as of this version", "the newest", NULL },
    { "timestamp", "TIME", "the table as of this time, 2020-08-28T03:52:47Z or 2020-08-28 03:52:47", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
const struct option delta_command_limit[] = {
    { "limit", "N", "rows to print; 0 = all", "0", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
const struct option delta_command_retain[] = {
    { "retain", "HOURS", "keep what versions of so many hours need", "the table's delta.deletedFileRetentionDuration, else 168", NULL },
    { "dry-run", NULL, "name the files, delete none", NULL, NULL },
    { "force", NULL, "allow less than 168 hours", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

struct opened {
    struct clock clock;
    struct delta_store *store;
    struct delta_table *table;
};

static struct str env(const char *name, const char *otherwise)
{
    const char *v = getenv(name);
    return str_of(v && v[0] ? v : otherwise);
}

static struct delta_store *open_s3(struct args *a, struct str rest, const char *endpoint, struct clock *clock, struct err *e)
{
    struct str bucket = str_cut(&rest, '/');
    struct delta_s3 o = {
        .endpoint = endpoint, .bucket = arena_z(&a->arena, bucket), .prefix = arena_z(&a->arena, rest), .clock = clock,
        .key = { env("AWS_ACCESS_KEY_ID", "test"), env("AWS_SECRET_ACCESS_KEY", "test"), env("AWS_SESSION_TOKEN", "") },
        .region = args_given(a, "region") ? str_of(args_text(a, "region")) : env("AWS_REGION", "us-east-1"),
    };
    return delta_store_s3(&o, e);
}

struct delta_store *delta_command_open(struct args *a, struct str where, const char *endpoint, struct clock *clock, struct err *e)
{
    if (str_starts(where, S("s3://")) || str_starts(where, S("s3a://")))
        return open_s3(a, str_from(where, str_find(where, S("://")) + 3), endpoint, clock, e);
    return delta_store_local(arena_z(&a->arena, str_from(where, str_starts(where, S("file://")) ? 7 : 0)), clock);
}

static int open_table(struct args *a, struct opened *o, struct err *e)
{
    clock_init_real(&o->clock);
    o->store = delta_command_open(a, str_of(a->operands[0]), args_text(a, "endpoint"), &o->clock, e);
    if (!o->store)
        return -1;
    struct delta_options options = { .store = o->store, .clock = &o->clock };
    o->table = delta_open(&options);
    return 0;
}

static void close_table(struct opened *o)
{
    delta_close(o->table);
    if (o->store)
        delta_store_close(o->store);
}

/* ---- which version ---- */

static int parse_time(struct args *a, const char *text, int64_t *ret_ms, struct err *e)
{
    static const char *const patterns[] = { "yyyy-MM-dd'T'HH:mm:ss[.S]X", "yyyy-MM-dd HH:mm:ss[.S]" };
    const char *why;
    for (size_t i = 0; i < 2; i++) {
        struct timestamp_format *f = timestamp_compile(&a->arena, str_of(patterns[i]), &why);
        int64_t us;
        if (f && timestamp_read(f, str_of(text), &us)) {
            *ret_ms = us / 1000;
            return 0;
        }
    }
    return err_set(e, 0, "USAGE", "--timestamp %s: not a time such as 2020-08-28T03:52:47Z or '2020-08-28 03:52:47'", text);
}

static int wanted_version(struct args *a, struct opened *o, int64_t *ret, struct err *e)
{
    int64_t ms = 0;
    *ret = -1;
    if (args_given(a, "version") && args_given(a, "timestamp"))
        return err_set(e, 0, "USAGE", "--version or --timestamp, not both");
    if (args_given(a, "version"))
        return args_number(a, "version", 0, INT64_MAX, ret, e);
    if (!args_given(a, "timestamp"))
        return 0;
    return parse_time(a, args_text(a, "timestamp"), &ms, e) || delta_version_at(o->table, ms, ret, e) ? -1 : 0;
}

/* ---- cat ---- */

struct printing {
    int64_t left; /* rows; 0 = no limit */
};

static bool print_row(void *arg, struct str row)
{
    struct printing *p = arg;
    fwrite(row.p, 1, row.n, stdout);
    putchar('\n');
    return p->left == 0 || --p->left > 0;
}

int delta_command_cat(struct args *a, struct err *e)
{
    struct opened o = { 0 };
    struct printing p = { 0 };
    struct delta_snapshot *s = NULL;
    int64_t version = -1;
    int result = args_number(a, "limit", 0, INT64_MAX, &p.left, e) || open_table(a, &o, e) || wanted_version(a, &o, &version, e) ||
                 delta_snapshot_open(o.table, version, &s, e) || delta_rows(o.table, s, print_row, &p, e) ? -1 : 0;
    delta_snapshot_close(s);
    close_table(&o);
    return result;
}

/* ---- log and history ---- */

struct listing {
    struct args *a;
    bool json;
    int64_t only; /* version; -1 = all */
    bool found;
    struct buf out;
};

static void begin(struct listing *l, struct args *a)
{
    l->a = a;
    l->json = args_on(a, "json");
    if (l->json)
        buf_f(&l->out, "{\"schema\":1,\"command\":\"%s\",\"status\":\"ok\",\"data\":[", a->command->name);
}

static void end(struct listing *l)
{
    if (l->json)
        buf_z(&l->out, "]}\n");
    fwrite(l->out.p, 1, l->out.n, stdout);
}

static void put_log(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines)
{
    struct listing *l = arg;
    char time[CLOCK_TEXT];
    const char *sep = "";
    (void)info;
    if (l->only >= 0 && version != l->only)
        return;
    if (l->json)
        buf_f(&l->out, "%s{\"version\":%lld,\"time\":\"%s\",\"actions\":[", l->found ? "," : "", (long long)version, clock_iso(time_ms, time));
    else
        buf_f(&l->out, "version %lld, %s\n", (long long)version, clock_iso(time_ms, time));
    l->found = true;
    while (lines.n) {
        struct str line = str_trim(str_cut(&lines, '\n'));
        if (!line.n || (l->json && !json_valid(line)))
            continue;
        buf_z(&l->out, l->json ? sep : "  ");
        buf_str_add(&l->out, line);
        buf_z(&l->out, l->json ? "" : "\n");
        sep = ",";
    }
    buf_z(&l->out, l->json ? "]}" : "");
}

static struct str member(struct listing *l, struct str object, const char *name)
{
    struct json v;
    if (!object.n || !json_get(object, name, &v))
        return S("");
    return v.type == JSON_STRING ? json_text(v, &l->a->arena) : v.raw;
}

static void put_history(void *arg, int64_t version, int64_t time_ms, struct str info, struct str lines)
{
    struct listing *l = arg;
    char time[CLOCK_TEXT];
    (void)lines;
    clock_iso(time_ms, time);
    if (l->json) {
        buf_f(&l->out, "%s{\"version\":%lld,\"time\":\"%s\",\"commitInfo\":", l->found ? "," : "", (long long)version, time);
        buf_str_add(&l->out, info.n ? info : S("null"));
        buf_c(&l->out, '}');
    } else {
        struct str metrics = member(l, info, "operationMetrics"), operation = member(l, info, "operation"), engine = member(l, info, "engineInfo");
        struct str rows = member(l, metrics, "numOutputRows");
        if (!l->found)
            buf_f(&l->out, "%8s  %-24s  %-20s  %10s  %s\n", "version", "time", "operation", "rows", "engine");
        buf_f(&l->out, "%8lld  %-24s  %-20.*s  %10.*s  " STR_F "\n", (long long)version, time, STR_A(operation), STR_A(rows), STR_A(engine));
    }
    l->found = true;
}

int delta_command_log(struct args *a, struct err *e)
{
    struct opened o = { 0 };
    struct listing l = { .only = -1 };
    begin(&l, a);
    int result = open_table(a, &o, e) || wanted_version(a, &o, &l.only, e) || delta_history(o.table, put_log, &l, e) ? -1 : 0;
    if (result == 0 && !l.found)
        result = err_set(e, 0, "DELTA_NO_VERSION", "_delta_log of %s holds no commit of version %lld", a->operands[0], (long long)l.only);
    if (result == 0)
        end(&l);
    buf_release(&l.out);
    close_table(&o);
    return result;
}

int delta_command_history(struct args *a, struct err *e)
{
    struct opened o = { 0 };
    struct listing l = { .only = -1 };
    begin(&l, a);
    int result = open_table(a, &o, e) || delta_history(o.table, put_history, &l, e) ? -1 : 0;
    if (result == 0)
        end(&l);
    buf_release(&l.out);
    close_table(&o);
    return result;
}

/* ---- vacuum ---- */

static void put_file(void *arg, const struct delta_object *f)
{
    struct listing *l = arg;
    if (l->json) {
        buf_z(&l->out, l->found ? ",{\"path\":" : "{\"path\":");
        json_put_text(&l->out, f->path);
        buf_f(&l->out, ",\"bytes\":%llu}", (unsigned long long)f->bytes);
    } else {
        buf_f(&l->out, STR_F "\n", STR_A(f->path));
    }
    l->found = true;
}

int delta_command_vacuum(struct args *a, struct err *e)
{
    struct opened o = { 0 };
    struct listing l = { .only = -1 };
    struct delta_vacuum v = { .retain_hours = -1, .dry_run = args_on(a, "dry-run"), .force = args_on(a, "force") };
    size_t n = 0;
    begin(&l, a);
    int result = args_given(a, "retain") ? args_number(a, "retain", 0, INT64_MAX / 3600000, &v.retain_hours, e) : 0;
    result = result || open_table(a, &o, e) || delta_vacuum(o.table, &v, put_file, &l, &n, e) ? -1 : 0;
    if (result == 0 && !l.json)
        buf_f(&l.out, "%zu files %s\n", n, v.dry_run ? "would be deleted" : "deleted");
    if (result == 0)
        end(&l);
    buf_release(&l.out);
    close_table(&o);
    return result;
}
