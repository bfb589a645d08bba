/* run.c - weirbox run: the whole pipeline, its ledger and its answers. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"

enum { ROWS_SHOWN = 12 };

static void show_answers(const struct show *show, const struct flow *f, bool whole)
{
    const struct flow_path *p = &f->paths[f->paths[FLOW_BATCH].answers ? FLOW_BATCH : FLOW_STREAM];
    for (size_t i = 0; p->answers && i < analytics_count(f->analytics); i++)
        if (p->answers[i])
            show_result(show, p->answers[i], whole ? SIZE_MAX : ROWS_SHOWN);
}

/* Expectations of the rule files that do not hold. */
static void show_checks(const struct flow *f)
{
    struct err e;
    struct buf told = BUF_INIT;
    options_check(&f->paths[f->paths[FLOW_BATCH].answers ? FLOW_BATCH : FLOW_STREAM], NULL, &told, &e);
    if (told.n)
        printf("\nchecks\n" STR_F, STR_A(buf_str(&told)));
    buf_release(&told);
}

int run_command_run(struct args *a, struct err *e)
{
    struct flow_options o;
    if (options_fill(a, &o, e))
        return -1;
    bool json = args_on(a, "json");
    struct show show;
    show_init(&show, json);
    o.progress = show_progress;
    o.progress_arg = &show;
    struct flow f;
    int result = flow_run(&o, &f, e);
    bool ran = result == 0;
    if (ran)
        result = flow_verdict(&f, e);
    struct err disk = { 0 };
    const char *out = args_text(a, "out");
    if (out && f.cloud && options_write(&f, out, &disk) && result == 0) {
        *e = disk;
        result = -1;
    }
    bool posted = f.paths[FLOW_BATCH].emulated.calls || f.paths[FLOW_STREAM].emulated.calls;
    if (json && posted)
        show_json(&f, "run", result ? e : NULL);
    else if (posted) {
        show_answers(&show, &f, args_on(a, "whole"));
        show_checks(&f);
        show_ledger(&show, &f);
        show_remarks(&show, &f);
        if (out)
            printf("written to %s\n", out);
    }
    bool told = json && posted;
    flow_release(&f);
    if (result && told)
        return command_status(e->code); /* the envelope has said it */
    return result;
}
