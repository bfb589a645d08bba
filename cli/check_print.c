/* check_print.c - the reports of a check, each to where it was asked for. */
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/check.h"
#include "pipeline/sink/sink.h"

static int put_file(const char *path, const struct buf *text, struct err *e)
{
    return path[0] == '/' ? sink_put("", path + 1, buf_str(text), e) : sink_put(".", path, buf_str(text), e);
}

static int put_files(struct check *c, const struct report_context *x, struct err *e)
{
    const char *junit = args_text(c->args, "junit"), *html = args_text(c->args, "html");
    struct buf text = BUF_INIT;
    int result = c->report.all.n ? put_file(args_text(c->args, "diff"), &c->report.all, e) : 0;
    if (junit && result == 0) {
        report_put_junit(&c->report, &text);
        result = put_file(junit, &text, e);
    }
    buf_reset(&text);
    if (html && result == 0) {
        report_put_html(&c->report, x, &text);
        result = put_file(html, &text, e);
    }
    buf_release(&text);
    return result;
}

static void print_envelope(struct check *c, const struct report_context *x, const struct err *verdict)
{
    struct buf out = BUF_INIT;
    buf_f(&out, "{\"schema\":1,\"command\":\"check\",\"status\":\"%s\",\"data\":", verdict ? "error" : "ok");
    report_put_json(&c->report, x, &out);
    if (verdict) {
        buf_z(&out, ",\"error\":{\"code\":");
        json_put_text(&out, str_of(verdict->code));
        buf_z(&out, ",\"message\":");
        json_put_text(&out, str_of(verdict->message));
        buf_c(&out, '}');
    }
    buf_z(&out, "}\n");
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}

static void print_table(struct check *c, const struct report_context *x, const struct err *verdict)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    bool colour = isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]) && !(term && strcmp(term, "dumb") == 0);
    size_t accepted = 0;
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < c->report.n_cases; i++)
        accepted += c->report.cases[i].accepted && c->report.cases[i].verdict != REPORT_SAME;
    report_put_text(&c->report, x, colour, &out);
    if (accepted || args_on(c->args, "update"))
        buf_f(&out, "baseline in %s rewritten: %zu differences accepted\n", c->baseline.dir, accepted);
    else if (!verdict)
        buf_f(&out, "same as the baseline in %s\n", c->baseline.dir);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}

static void print_annotations(struct check *c)
{
    struct buf out = BUF_INIT;
    report_put_github(&c->report, &out);
    if (out.n)
        fwrite(out.p, 1, out.n, args_on(c->args, "json") ? stderr : stdout);
    buf_release(&out);
}

/* The baseline's answers as grids, for the page that shows both. */
static int read_answers(struct check *c, struct grid *grids, struct err *e)
{
    for (size_t i = 0; i < analytics_count(c->subject.now.analytics); i++) {
        const struct baseline_query *q = &c->baseline.queries[i];
        if (q->there && grid_read_csv(&grids[i], buf_str(&q->csv), arena_f(&c->args->arena, "%s/queries/" STR_F ".csv", c->baseline.dir, STR_A(q->name)).p, e))
            return -1;
    }
    return 0;
}

int check_print(struct check *c, const struct err *verdict, struct err *e)
{
    const struct measured *now = &c->subject.now;
    size_t n = analytics_count(now->analytics);
    struct grid *grids = mem_zero((n + 1) * sizeof *grids);
    struct table_profile was[LEDGER_TABLES];
    const struct report_context x = {
        .against = c->baseline.dir, .profile = rules_profile(now->rules), .now = now->profiles, .was = was, .n_tables = now->n_tables,
        .answers = now->answers, .answers_was = grids, .n_answers = n,
    };
    for (size_t t = 0; t < now->n_tables; t++)
        was[t] = c->baseline.tables[t].profile;
    int result = read_answers(c, grids, e);
    if (result == 0)
        result = put_files(c, &x, e);
    if (result == 0 && args_on(c->args, "json"))
        print_envelope(c, &x, verdict);
    else if (result == 0)
        print_table(c, &x, verdict);
    if (result == 0 && (args_given(c->args, "github") ? args_on(c->args, "github") : getenv("GITHUB_ACTIONS") != NULL))
        print_annotations(c);
    for (size_t i = 0; i < n; i++)
        grid_release(&grids[i]);
    free(grids);
    return result;
}
