/* emulate.c - weirbox emulate basic|batch|stream: the posting emulator alone, against any gateway. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/rows.h"
#include "cli/show.h"

int emulate_command_basic(struct args *a, struct err *e)
{
    struct rows rows;
    struct buf out = BUF_INIT;
    int result = rows_open(a, &rows, e);
    if (result == 0)
        result = emulate_print(rows.source, rows.choose, &out, e);
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_release(&out);
    rows_close(&rows);
    return result;
}

struct watch {
    struct show show;
    const char *path;
    int64_t start_us;
};

static void watch_progress(void *arg, uint64_t done, uint64_t total)
{
    struct watch *w = arg;
    struct flow_progress p = { w->path, "emulate", done, total, clock_stopwatch_us() - w->start_us, done >= total };
    show_progress(&w->show, &p);
}

static void report_post(const struct args *a, const char *path, const struct emulate_report *r)
{
    if (args_on(a, "json"))
        printf("{\"schema\":1,\"command\":\"emulate %s\",\"status\":\"ok\",\"data\":{\"posts\":%llu,\"skipped\":%llu,\"calls\":%llu,"
               "\"acknowledged\":%llu,\"given_up\":%llu,\"retries\":%llu}}\n", path, (unsigned long long)r->posts,
               (unsigned long long)r->skipped, (unsigned long long)r->calls, (unsigned long long)r->acknowledged,
               (unsigned long long)r->given_up, (unsigned long long)r->retries);
    else
        printf("%s: %llu posts, %llu calls, %llu acknowledged, %llu tried again, %llu given up, %llu rows skipped\n", path,
               (unsigned long long)r->posts, (unsigned long long)r->calls, (unsigned long long)r->acknowledged,
               (unsigned long long)r->retries, (unsigned long long)r->given_up, (unsigned long long)r->skipped);
}

static int post(struct args *a, enum emulate_path path, struct err *e)
{
    int64_t in_flight = 0, attempts = 0, seed = 100;
    double rate = 0;
    if (args_number(a, "in-flight", 1, 1024, &in_flight, e) || args_number(a, "attempts", 1, 100, &attempts, e) ||
        args_number(a, "seed", 0, INT64_MAX, &seed, e) || args_real(a, "rate", &rate, e))
        return -1;
    struct clock clock;
    clock_init_real(&clock);
    struct watch watch = { .path = path == EMULATE_BATCH ? "batch" : "stream", .start_us = clock_stopwatch_us() };
    show_init(&watch.show, args_on(a, "json"));
    const struct emulate_options o = {
        .path = path, .gateway = args_given(a, "gateway") ? args_text(a, "gateway") : options_env("WEIRBOX_GATEWAY_URL", args_text(a, "gateway")).p, .stage = args_text(a, "stage"), .user_id = args_text(a, "user-id"),
        .post_ids = args_on(a, "post-ids"), .in_flight = (int)in_flight, .max_attempts = (int)attempts, .posts_per_second = rate,
        .clock = &clock, .seed = (uint64_t)seed, .progress = watch_progress, .progress_arg = &watch,
    };
    struct rows rows;
    struct emulate_report report = { 0 };
    struct ledger *ledger = ledger_open(watch.path);
    int result = rows_open(a, &rows, e);
    if (result == 0)
        result = emulate_run(&o, rows.source, rows.choose, ledger, &report, e);
    if (result == 0) {
        report_post(a, watch.path, &report);
        if (report.given_up)
            result = err_set(e, 0, "POSTS_INCOMPLETE", "%llu of %llu calls were not acknowledged; first: %s", (unsigned long long)report.given_up,
                             (unsigned long long)report.calls, report.first_refusal);
    }
    ledger_close(ledger);
    rows_close(&rows);
    return result;
}

int emulate_command_batch(struct args *a, struct err *e) { return post(a, EMULATE_BATCH, e); }
int emulate_command_stream(struct args *a, struct err *e) { return post(a, EMULATE_STREAM, e); }
