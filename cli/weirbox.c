/* weirbox.c - the library's functions: a flow in two steps, and a check of its tables. */
#include "cli/weirbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/check.h"
#include "pipeline/check/compare.h"
#include "pipeline/check/ruletest.h"

struct weirbox {
    struct flow_options options;
    struct check_subject subject; /* its flow */
    struct arena arena;
    struct buf answer, report;
    bool ran, measured;
};

static int weirbox_fail(struct weirbox_error *e, const struct err *why)
{
    snprintf(e->code, sizeof e->code, "%s", why->code);
    snprintf(e->message, sizeof e->message, "%s", why->message);
    return -1;
}

static const char *weirbox_keep(struct weirbox *w, const char *text)
{
    return text ? arena_z(&w->arena, str_of(text)) : NULL;
}

static void weirbox_fill(struct weirbox *w, const struct weirbox_options *o)
{
    uint64_t seed = o->seed ? o->seed : CHOOSE_SEED;
    unsigned paths = o->paths ? o->paths : WEIRBOX_BATCH | WEIRBOX_STREAM;
    w->options = (struct flow_options){
        .tables_dir = weirbox_keep(w, o->tables_dir), .rules_dir = weirbox_keep(w, o->rules_dir), .profile = weirbox_keep(w, o->profile),
        .choose = { .kind = o->posts > 0 ? CHOOSE_RANDOM : CHOOSE_ALL, .posts = o->posts > 0 ? o->posts : -1, .seed = (int64_t)seed },
        .path_on = { [FLOW_BATCH] = paths & WEIRBOX_BATCH, [FLOW_STREAM] = paths & WEIRBOX_STREAM },
        .in_flight = 48, .max_attempts = 8, .seed = seed,
    };
}

struct weirbox *weirbox_open(const struct weirbox_options *options, struct weirbox_error *e)
{
    static const struct weirbox_options none = { 0 };
    struct weirbox *w = mem_zero(sizeof *w);
    struct err why = { 0 };
    weirbox_fill(w, options ? options : &none);
    if (flow_open(&w->options, &w->subject.flow, &why) == 0)
        return w;
    weirbox_fail(e, &why);
    weirbox_close(w);
    return NULL;
}

void weirbox_close(struct weirbox *w)
{
    if (!w)
        return;
    check_subject_release(&w->subject);
    buf_release(&w->answer);
    buf_release(&w->report);
    arena_release(&w->arena);
    free(w);
}

const char *weirbox_url(const struct weirbox *w, const char *service)
{
    const struct cloud *c = w->subject.flow.cloud;
    return cloud_service(c, service) ? cloud_url(c, service) : NULL;
}

int weirbox_faults(struct weirbox *w, const char *json, struct weirbox_error *e)
{
    struct err why = { 0 };
    return faults_load(cloud_faults(w->subject.flow.cloud), str_of(json), &why) ? weirbox_fail(e, &why) : 0;
}

int weirbox_run(struct weirbox *w, struct weirbox_error *e)
{
    struct err why = { 0 };
    if (w->ran)
        err_set(&why, 0, "RAN_ALREADY", "the pipeline has run over this cloud; open another for another run");
    else if (flow_go(&w->options, &w->subject.flow, &why) == 0)
        flow_verdict(&w->subject.flow, &why);
    w->ran = true;
    return why.code[0] ? weirbox_fail(e, &why) : 0;
}

struct weirbox_ledger weirbox_ledger(const struct weirbox *w, enum weirbox_path path, enum weirbox_table table)
{
    const struct ledger *l = w->subject.flow.paths[path == WEIRBOX_BATCH ? FLOW_BATCH : FLOW_STREAM].ledger;
    struct ledger_sums n = ledger_sums(l, (unsigned)table);
    return (struct weirbox_ledger){
        .posted = n.posted, .acknowledged = n.acknowledged, .stored = n.stored, .read = n.read, .cleaned = n.cleaned,
        .quarantined = n.quarantined, .written = n.written, .lost = n.lost, .doubled = n.doubled,
    };
}

/* The path whose tables and answers are there; NULL before a run has come so far. */
static const struct flow_path *weirbox_path(const struct weirbox *w)
{
    const struct flow *f = &w->subject.flow;
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on && f->paths[i].answers)
            return &f->paths[i];
    return NULL;
}

const char *weirbox_answer(struct weirbox *w, const char *query)
{
    const struct flow_path *p = weirbox_path(w);
    size_t i = p ? analytics_find(w->subject.flow.analytics, str_of(query)) : STR_NONE;
    if (i == STR_NONE || !p->answers[i])
        return NULL;
    buf_reset(&w->answer);
    result_put_csv(p->answers[i], &w->answer);
    return weirbox_keep(w, buf_cstr(&w->answer));
}

static int weirbox_compare(struct weirbox *w, struct baseline *b, struct report *r, struct err *e)
{
    struct measured *now = &w->subject.now;
    if (!b->n_found)
        return err_set(e, 0, "GOLDEN_MISSING", "there is no baseline in %s; weirbox check --update writes one", b->dir);
    if (compare_run(now, b, r, e))
        return -1;
    compare_operations(now, b, r);
    compare_keys(now, r);
    if (compare_checks(now, r, NULL, e) || ruletest_run(now->rules, now->analytics, r, e))
        return -1;
    report_put_text(r, NULL, false, &w->report);
    if (!report_count(r, REPORT_FAILS))
        return 0;
    return err_set(e, 0, "GOLDEN_DIFFERS", "%zu of %zu cases differ from the baseline in %s:\n" STR_F, report_count(r, REPORT_FAILS), r->n_cases, b->dir,
                   STR_A(str_head(buf_str(&w->report), 1500)));
}

int weirbox_check(struct weirbox *w, const char *dir, struct weirbox_error *e)
{
    struct baseline b = { 0 };
    struct report r = { 0 };
    struct err why = { 0 };
    buf_reset(&w->report);
    if (!weirbox_path(w)) {
        err_set(&why, 0, "NOT_RUN", "weirbox_run has not come to its end, so there is nothing to compare");
        return weirbox_fail(e, &why);
    }
    if (!w->measured)
        check_subject_measure(&w->subject);
    w->measured = true;
    int result = baseline_open(&b, dir, &w->subject.now, &why) ? -1 : weirbox_compare(w, &b, &r, &why);
    report_release(&r);
    baseline_close(&b);
    return result ? weirbox_fail(e, &why) : 0;
}

const char *weirbox_report(struct weirbox *w)
{
    return w->report.n ? buf_cstr(&w->report) : "";
}
