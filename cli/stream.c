/* stream.c - weirbox stream: pipeline/stream from the command line.
 *
 * On a terminal: closed windows as tables, notes on stderr, at the end the answers and the sums. With --json every event is
 * a line of its own, {"event":"window",…}, and the last line is the envelope.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/delta.h"
#include "cli/options.h"
#include "cli/show.h"
#include "pipeline/sink/sink.h"
#include "pipeline/stream/stream.h"

enum { ROWS_SHOWN = 12, QUARANTINED_SHOWN = 10, ANSWERS_EVERY_MS = 5000 };

struct streaming {
    struct args *a;
    struct show show;
    struct clock clock;
    bool json, stopped;
    const char *out;
    int64_t answers_ms; /* when they were written last */
    unsigned quarantined;
    struct rules *rules;
    struct analytics *analytics;
    struct delta_store *folder, *stores[LEDGER_TABLES];
    struct stream_options o;
    struct stream *stream;
};

/* ---- events ---- */

static void print_json_window(const struct stream_event *ev)
{
    struct buf line = BUF_INIT;
    for (size_t row = 0; row < ev->result->n_rows; row++) {
        buf_z(&line, "{\"event\":\"window\",\"window\":");
        json_put_text(&line, ev->name);
        buf_z(&line, ev->partial ? ",\"partial\":true," : ",");
        stream_put_row(ev->result, row, &line);
        buf_z(&line, "}\n");
    }
    fwrite(line.p, 1, line.n, stdout);
    buf_release(&line);
}

static void print_json(const struct stream_event *ev)
{
    static const char *const names[] = { [STREAM_LATE] = "late", [STREAM_ALERT] = "alert", [STREAM_NOTE] = "note", [STREAM_BATCH] = "batch" };
    struct buf line = BUF_INIT;
    if (ev->kind == STREAM_WINDOW) {
        print_json_window(ev);
        return;
    }
    buf_f(&line, "{\"event\":\"%s\"", names[ev->kind]);
    if (ev->kind == STREAM_BATCH)
        buf_f(&line, ",\"batch\":%lld,\"records\":%llu", (long long)ev->number, (unsigned long long)ev->records);
    if (ev->name.n) {
        buf_z(&line, ",\"name\":");
        json_put_text(&line, ev->name);
    }
    if (ev->message) {
        buf_f(&line, ",\"message\":");
        json_put_text(&line, str_of(ev->message));
    }
    if (ev->line.n)
        buf_f(&line, ",\"data\":" STR_F, STR_A(ev->line));
    buf_z(&line, "}\n");
    fwrite(line.p, 1, line.n, stdout);
    buf_release(&line);
}

static void print_text(struct streaming *s, const struct stream_event *ev)
{
    switch (ev->kind) {
    case STREAM_WINDOW:
        if (ev->partial)
            printf("(partial: rows of before the checkpoint folder was lost are missing)\n");
        show_result(&s->show, ev->result, ROWS_SHOWN);
        break;
    case STREAM_ALERT:
        fprintf(stderr, "weirbox: alert " STR_F ": %s " STR_F "\n", STR_A(ev->name), ev->message, STR_A(ev->line));
        break;
    case STREAM_NOTE:
        if (str_is(ev->name, "quarantine") && s->quarantined++ >= QUARANTINED_SHOWN)
            break; /* the file has them all */
        fprintf(stderr, "weirbox: %s%s\n", str_is(ev->name, "quarantine") ? "quarantined: " : str_is(ev->name, "waiting") ? "waiting: " : "", ev->message);
        break;
    case STREAM_LATE:
    case STREAM_BATCH:
        break;
    }
}

/* ---- answers ---- */

static int each_answer(struct streaming *s, int (*use)(struct streaming *s, const struct result *r, struct err *e), struct err *e)
{
    for (size_t i = 0; s->analytics && i < analytics_count(s->analytics); i++) {
        struct result *r;
        if (stream_answer(s->stream, i, &r, e))
            return -1;
        int result = use(s, r, e);
        result_close(r);
        if (result)
            return -1;
    }
    return 0;
}

static int write_answer(struct streaming *s, const struct result *r, struct err *e) { return sink_answer(s->out, r, e); }

static int print_answer(struct streaming *s, const struct result *r, struct err *e)
{
    struct buf line = BUF_INIT;
    (void)e;
    if (s->json) {
        buf_z(&line, "{\"event\":\"answer\",\"data\":");
        result_put_json(r, &line);
        buf_z(&line, "}\n");
        fwrite(line.p, 1, line.n, stdout);
    } else {
        show_result(&s->show, r, ROWS_SHOWN);
    }
    buf_release(&line);
    return 0;
}

static void take_event(void *arg, const struct stream_event *ev)
{
    struct streaming *s = arg;
    struct err later = { 0 }; /* a disk that is full shows at the end too */
    if (s->json)
        print_json(ev);
    else
        print_text(s, ev);
    if (ev->kind == STREAM_BATCH && clock_now_ms(&s->clock) >= s->answers_ms + ANSWERS_EVERY_MS) {
        each_answer(s, write_answer, &later);
        s->answers_ms = clock_now_ms(&s->clock);
    }
    fflush(stdout);
}

/* ---- sums ---- */

static void print_sums(const struct streaming *s, const struct stream_sums *n)
{
    printf("\n%llu records in %llu batches; written:", (unsigned long long)n->records, (unsigned long long)n->batches);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        printf(" %s %llu", ledger_table_names[t], (unsigned long long)n->rows[t]);
    printf("; quarantined %llu, duplicates left out %llu\n", (unsigned long long)n->quarantined, (unsigned long long)(n->duplicates[0] + n->duplicates[1] + n->duplicates[2]));
    printf("windows told %llu, open %llu; late rows %llu, partly late %llu, without a time %llu\n", (unsigned long long)n->windows, (unsigned long long)n->open_windows,
           (unsigned long long)n->late, (unsigned long long)n->partly_late, (unsigned long long)n->without_time);
    printf("alerts %llu, delivered %llu, pending %llu, dead %llu\n", (unsigned long long)n->alerts, (unsigned long long)n->delivered, (unsigned long long)n->pending,
           (unsigned long long)n->dead);
    printf("state: %llu window groups (%llu bytes on disk), %llu answer groups, %llu rows kept for joins\n", (unsigned long long)n->window_groups,
           (unsigned long long)n->state_bytes, (unsigned long long)n->answer_groups, (unsigned long long)n->kept_rows);
    printf("written to %s\n", s->out);
}

static void print_json_sums(const struct stream_sums *n, bool bad)
{
    const struct { const char *name; uint64_t n; } rows[] = {
        { "batches", n->batches }, { "records", n->records }, { "quarantined", n->quarantined }, { "gaps", n->gaps }, { "windows", n->windows },
        { "open_windows", n->open_windows }, { "late", n->late }, { "partly_late", n->partly_late }, { "without_time", n->without_time },
        { "alerts", n->alerts }, { "delivered", n->delivered }, { "pending", n->pending }, { "dead", n->dead }, { "window_groups", n->window_groups },
        { "state_bytes", n->state_bytes }, { "answer_groups", n->answer_groups }, { "kept_rows", n->kept_rows },
    };
    printf("{\"schema\":1,\"command\":\"stream\",\"status\":\"%s\",\"data\":{\"rows\":{", bad ? "failed" : "ok");
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        printf("%s\"%s\":%llu", t ? "," : "", ledger_table_names[t], (unsigned long long)n->rows[t]);
    printf("},\"duplicates\":%llu", (unsigned long long)(n->duplicates[0] + n->duplicates[1] + n->duplicates[2]));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf(",\"%s\":%llu", rows[i].name, (unsigned long long)rows[i].n);
    printf("}}\n");
}

/* ---- opening ---- */

/* Ctrl-C and its like are blocked and asked for between batches. */
static bool stopping(void *arg)
{
    struct streaming *s = arg;
    static const struct timespec now = { 0 };
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    if (!s->stopped && sigtimedwait(&ends, NULL, &now) > 0)
        s->stopped = true;
    return s->stopped;
}

static void block_signals(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
}

static int seconds(struct args *a, const char *name, int64_t *ret_ms, struct err *e)
{
    double s = 0;
    if (args_real(a, name, &s, e))
        return -1;
    if (s < 0.001 || s > 86400)
        return err_set(e, 0, "USAGE", "--%s must be between 0.001 and 86400 seconds", name);
    *ret_ms = (int64_t)(s * 1000);
    return 0;
}

static int fill(struct args *a, struct streaming *s, struct err *e)
{
    int64_t batch = 0, attempts = 0;
    struct stream_options *o = &s->o;
    if (args_on(a, "once") && args_on(a, "until-idle"))
        return err_set(e, 0, "USAGE", "--once and --until-idle say two different things; give one of them");
    if (options_ingest(a, "KINESIS", "http://127.0.0.1:4567", &o->ingest, e) || seconds(a, "idle", &o->idle_ms, e) || seconds(a, "interval", &o->poll_ms, e) ||
        args_number(a, "batch", 1, 10000000, &batch, e) || args_number(a, "alert-attempts", 1, 1000, &attempts, e))
        return -1;
    clock_init_real(&s->clock);
    s->out = args_text(a, "out");
    o->ingest.clock = &s->clock;
    o->ingest.seed = (uint64_t)clock_now_us(&s->clock);
    o->out = s->out;
    o->batch_records = (uint64_t)batch;
    o->alert_attempts = (int)attempts;
    o->until = args_on(a, "once") ? STREAM_ONCE : args_on(a, "until-idle") ? STREAM_UNTIL_IDLE : STREAM_FOREVER;
    o->stopping = stopping;
    o->event = take_event;
    o->arg = s;
    return 0;
}

static int open_stores(struct args *a, struct streaming *s, struct err *e)
{
    struct arena *arena = &a->arena;
    struct str place = args_given(a, "delta") ? str_of(args_text(a, "delta")) : arena_f(arena, "%s/delta", s->out);
    const char *folder = args_given(a, "checkpoint") ? args_text(a, "checkpoint") : arena_f(arena, "%s/checkpoint", s->out).p;
    const char *s3 = args_given(a, "s3-endpoint") ? args_text(a, "s3-endpoint") : options_env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000").p;
    if (!(s->folder = s->o.folder = delta_command_open(a, str_of(folder), s3, &s->clock, e)))
        return -1;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str table = arena_f(arena, STR_F "/%s_%s_table", STR_A(place), s->o.ingest.user_id, ledger_table_names[t]);
        if (!(s->stores[t] = delta_command_open(a, table, s3, &s->clock, e)))
            return -1;
        struct delta_options d = { .store = s->stores[t], .clock = &s->clock, .seed = s->o.ingest.seed + t };
        s->o.tables[t] = delta_open(&d);
    }
    return 0;
}

static int open_all(struct args *a, struct streaming *s, struct err *e)
{
    if (fill(a, s, e) || !(s->rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e)))
        return -1;
    if (args_on(a, "answers") && !(s->analytics = analytics_open(s->rules, e)))
        return -1;
    s->o.rules = s->rules;
    s->o.analytics = s->analytics;
    return open_stores(a, s, e) || !(s->stream = stream_open(&s->o, e)) ? -1 : 0;
}

static void close_all(struct streaming *s)
{
    stream_close(s->stream);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        delta_close(s->o.tables[t]);
        if (s->stores[t])
            delta_store_close(s->stores[t]);
    }
    if (s->folder)
        delta_store_close(s->folder);
    analytics_close(s->analytics);
    rules_close(s->rules);
}

/* ---- the command ---- */

static int conclude(struct streaming *s, struct err *e)
{
    struct stream_sums n = stream_sums(s->stream);
    bool bad = n.gaps || n.dead;
    if (each_answer(s, write_answer, e) || each_answer(s, print_answer, e))
        return -1;
    if (s->json)
        print_json_sums(&n, bad);
    else
        print_sums(s, &n);
    if (n.gaps)
        fprintf(stderr, "weirbox: records may be missing: %llu gaps, told above\n", (unsigned long long)n.gaps);
    if (n.dead)
        fprintf(stderr, "weirbox: %llu alerts could not be delivered; they are in dead.jsonl of the checkpoint folder\n", (unsigned long long)n.dead);
    return bad ? EXIT_CHECK_FAILED : EXIT_OK;
}

int stream_command_run(struct args *a, struct err *e)
{
    struct streaming s = { .a = a, .json = args_on(a, "json") };
    show_init(&s.show, s.json);
    block_signals();
    int result = open_all(a, &s, e);
    if (result == 0)
        result = stream_run(s.stream, e);
    if (result == 0)
        result = conclude(&s, e);
    close_all(&s);
    return result;
}
