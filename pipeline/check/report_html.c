/* The report as one page: verdict, findings with their rows, columns with sparklines, bars, lines by year, what the rules
 * touched, answers. No script, nothing loaded from elsewhere; light and dark by the reader's own setting.
 */
#include <math.h>

#include "base/json.h"
#include "pipeline/check/report.h"
#include "pipeline/check/report_page.h"
#include "pipeline/check/report_plot.h"

static const char STYLE[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1d2733;--soft:#5c6b7a;--line:#dde3e9;--card:#f6f8fa;--now:#2f6fb3;"
    "--was:#b0771d;--good:#1f7a4d;--warn:#9a6700;--bad:#b3261e;--c0:#2f6fb3;--c1:#b0771d;--c2:#1f7a4d;--c3:#8a3ffc;"
    "--c4:#b3261e;--c5:#00796b;--c6:#ad1457;--c7:#6b7280}@media(prefers-color-scheme:dark){:root{--page:#12171d;"
    "--ink:#e4e9ee;--soft:#98a6b3;--line:#2b343d;--card:#1a2128;--now:#6ea8e5;--was:#e0a44a;--good:#5fc492;--warn:#e0b040;"
    "--bad:#f28b82;--c0:#6ea8e5;--c1:#e0a44a;--c2:#5fc492;--c3:#b794f6;--c4:#f28b82;--c5:#4db6ac;--c6:#f06292;--c7:#9ca3af}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}"
    "main{max-width:1040px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}"
    "h2{font-size:19px;margin:40px 0 12px}h3{font-size:15px;margin:0 0 8px}p{margin:4px 0}.soft{color:var(--soft)}"
    "code,.mono{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}"
    ".tiles{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:110px}"
    ".tile b{display:block;font-size:22px}.badge{display:inline-block;border-radius:999px;padding:1px 10px;font-size:13px;"
    "font-weight:600;border:1px solid currentColor}.same{color:var(--good)}.warns{color:var(--warn)}"
    ".differs{color:var(--bad)}details{border:1px solid var(--line);border-radius:8px;margin:8px 0;background:var(--card)}"
    "summary{cursor:pointer;padding:8px 12px;overflow-wrap:anywhere}details>div{padding:0 12px 12px;overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:13.5px}th{text-align:left;font-weight:600;color:var(--soft)}"
    "th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.name{white-space:nowrap}"
    "td.cell{font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;max-width:340px}"
    "del{color:var(--bad);text-decoration-thickness:1px}ins{color:var(--good);text-decoration:none}.wide{overflow-x:auto}"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:20px}"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px}"
    "figcaption{font-weight:600;font-size:14px;margin-bottom:8px}svg{max-width:100%;height:auto;display:block}"
    "svg.spark{width:100px;height:22px}.label{fill:var(--soft);font:11.5px system-ui,sans-serif}"
    ".label.differs{fill:var(--bad)}.axis{stroke:var(--line)}rect.now{fill:var(--now)}"
    "rect.was{fill:none;stroke:var(--was);stroke-width:1.5;stroke-dasharray:3 2}.line{fill:none;stroke-width:2}"
    ".line.was{stroke-dasharray:4 3;opacity:.65}path.s0,rect.s0,circle.s0{stroke:var(--c0)}path.s1{stroke:var(--c1)}"
    "path.s2{stroke:var(--c2)}path.s3{stroke:var(--c3)}path.s4{stroke:var(--c4)}path.s5{stroke:var(--c5)}"
    "path.s6{stroke:var(--c6)}path.s7{stroke:var(--c7)}rect.s0,circle.s0{fill:var(--c0)}rect.s1,circle.s1{fill:var(--c1)}"
    "rect.s2,circle.s2{fill:var(--c2)}rect.s3,circle.s3{fill:var(--c3)}rect.s4,circle.s4{fill:var(--c4)}"
    "rect.s5,circle.s5{fill:var(--c5)}rect.s6,circle.s6{fill:var(--c6)}rect.s7,circle.s7{fill:var(--c7)}"
    ".spark .was{stroke:var(--was);stroke-width:1.5}.spark .now{stroke:var(--now);stroke-width:1.5}"
    ".key i{display:inline-block;width:22px;border-top:2px solid var(--now);vertical-align:middle;margin:0 4px 0 12px}"
    ".key i.was{border-top:2px dashed var(--was)}";

static void report_put_td(struct buf *out, const char *class, struct str text)
{
    buf_f(out, "<td class=\"%s\">", class);
    if (text.p)
        report_put_escaped(out, text);
    else
        buf_z(out, "<span class=\"soft\">null</span>");
    buf_z(out, "</td>");
}

/* ---- head ---- */

static void report_put_tile(struct buf *out, const char *class, unsigned long long n, const char *what)
{
    buf_f(out, "<div class=\"tile\"><b class=\"%s\">%llu</b>%s</div>", class, n, what);
}

static void report_put_head(const struct report *r, const struct report_context *x, struct buf *out)
{
    size_t fails = report_count(r, REPORT_FAILS), warns = report_count(r, REPORT_WARNS);
    const char *verdict = fails ? "differs" : warns ? "warns" : "same";
    buf_f(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
               "<title>weirbox check: %s</title><style>%s</style></head><body><main>\n"
               "<h1>weirbox check <span class=\"badge %s\">%s</span></h1>\n<p class=\"soft\">against <code>", verdict, STYLE, verdict, verdict);
    report_put_escaped(out, str_of(x->against));
    buf_z(out, "</code>, profile <code>");
    report_put_escaped(out, x->profile);
    buf_z(out, "</code></p>\n<div class=\"tiles\">");
    report_put_tile(out, "differs", fails, "differ");
    report_put_tile(out, "warns", warns, "warn");
    report_put_tile(out, "same", report_count(r, REPORT_SAME), "same");
    for (size_t t = 0; t < x->n_tables; t++) {
        struct buf what = BUF_INIT;
        buf_z(&what, "rows of ");
        report_put_escaped(&what, x->now[t].name);
        report_put_tile(out, "", (unsigned long long)x->now[t].rows, buf_cstr(&what));
        buf_release(&what);
    }
    buf_z(out, "</div>\n");
}

/* ---- findings ---- */

static void report_put_change(const struct report_line *l, struct buf *out)
{
    static const char *const WHOLE[] = { [REPORT_ADDED] = "<ins>added</ins>", [REPORT_REMOVED] = "<del>removed</del>" };
    buf_z(out, "<tr>");
    report_put_td(out, "cell", l->key.p ? l->key : S(""));
    if (l->change != REPORT_CHANGED) {
        buf_f(out, "<td colspan=\"4\">%s</td></tr>\n", WHOLE[l->change]);
        return;
    }
    report_put_td(out, "cell", l->column);
    report_put_td(out, "cell", l->was);
    report_put_td(out, "cell", l->now);
    report_put_td(out, "cell", l->rule.n ? l->rule : S(""));
    buf_z(out, "</tr>\n");
}

static void report_put_finding(struct report *r, const struct report_case *c, struct buf *out)
{
    const char *verdict = report_verdicts[c->verdict];
    bool open = c->verdict == REPORT_FAILS && c->kind != REPORT_COLUMN;
    buf_f(out, "<details%s><summary><span class=\"badge %s\">%s</span> <code>", open ? " open" : "", verdict, verdict);
    report_put_escaped(out, report_name(r, c));
    buf_z(out, "</code> ");
    report_put_escaped(out, c->message);
    buf_z(out, "</summary><div>");
    if (c->n_lines) {
        bool expects = c->kind == REPORT_CHECK || c->kind == REPORT_TEST;
        buf_f(out, "<table><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr>\n", c->kind == REPORT_COLUMN ? "" : "row",
              c->kind == REPORT_COLUMN ? "figure" : "column", expects ? "expected" : "baseline", "now", c->kind == REPORT_DIFF ? "touched by" : "");
        for (size_t i = 0; i < c->n_lines; i++)
            report_put_change(&c->lines[i], out);
        buf_z(out, "</table>");
    }
    if (c->n_all > c->n_lines)
        buf_f(out, "<p class=\"soft\">and %llu more</p>", (unsigned long long)(c->n_all - c->n_lines));
    buf_z(out, "</div></details>\n");
}

static void report_put_findings(struct report *r, struct buf *out)
{
    buf_z(out, "<h2>Findings</h2>\n");
    for (int v = REPORT_FAILS; v > REPORT_SAME; v--)
        for (size_t i = 0; i < r->n_cases; i++)
            if ((int)r->cases[i].verdict == v)
                report_put_finding(r, &r->cases[i], out);
    if (report_count(r, REPORT_SAME) == r->n_cases)
        buf_z(out, "<p class=\"same\">Nothing differs, nothing warns.</p>\n");
}

/* ---- columns ---- */

static void report_put_figure(struct buf *out, const struct column_profile *now, const struct column_profile *was, enum profile_metric m)
{
    const struct profile_figure *b = &now->figure[m], *a = was ? &was->figure[m] : NULL;
    bool differs = a && a->json.n && !str_eq(a->json, b->json);
    buf_f(out, "<td class=\"%s\">", m == PROFILE_MIN || m == PROFILE_MAX ? "cell" : "n");
    for (int side = !differs; side < 2; side++) {
        const struct profile_figure *f = side ? b : a;
        buf_z(out, differs ? side ? "<br><ins>" : "<del>" : "");
        if (f->is_number)
            buf_f(out, f->number == floor(f->number) && fabs(f->number) < 1e15 ? "%.0f" : "%.6g", f->number);
        else
            report_put_escaped(out, f->json);
        buf_z(out, differs ? side ? "</ins>" : "</del>" : "");
    }
    buf_z(out, "</td>");
}

static void report_put_null_rate(struct buf *out, const struct table_profile *now, const struct column_profile *col, const struct table_profile *was,
                                 const struct column_profile *before)
{
    double rates[2][PROFILE_PARTS];
    const struct table_profile *tables[] = { now, was };
    const struct column_profile *columns[] = { col, before };
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; columns[side] && i < PROFILE_PARTS; i++) {
            uint64_t n = tables[side]->rows, rows = n * (i + 1) / PROFILE_PARTS - n * i / PROFILE_PARTS;
            rates[side][i] = rows ? (double)columns[side]->part_nulls[i] / (double)rows : 0;
        }
    buf_f(out, "<td class=\"n\">%.2f %%", now->rows ? 100 * col->figure[PROFILE_NULLS].number / (double)now->rows : 0);
    if (before && before->figure[PROFILE_NULLS].number != col->figure[PROFILE_NULLS].number)
        buf_f(out, "<br><span class=\"soft\">was %.2f %%</span>", was->rows ? 100 * before->figure[PROFILE_NULLS].number / (double)was->rows : 0);
    buf_z(out, "</td><td>");
    if (col->figure[PROFILE_NULLS].number > 0 || (before && before->figure[PROFILE_NULLS].number > 0))
        report_put_spark(out, S("null rate along the rows"), rates[0], before ? rates[1] : NULL, PROFILE_PARTS);
    buf_z(out, "</td>");
}

static void report_put_columns(const struct report_context *x, size_t t, struct buf *out)
{
    const struct table_profile *now = &x->now[t], *was = &x->was[t];
    buf_z(out, "<h2>Table <code>");
    report_put_escaped(out, now->name);
    buf_z(out, "</code></h2>\n<p class=\"soft key\">Null rate along the rows, in sixteenths: <i></i>now <i class=\"was\"></i>baseline</p>\n"
               "<div class=\"wide\"><table><tr><th>column</th><th>type</th><th class=\"n\">null</th><th></th>"
               "<th class=\"n\">distinct</th><th>min</th><th>max</th><th class=\"n\">mean</th><th class=\"n\">median</th></tr>\n");
    for (size_t i = 0; i < now->n_columns; i++) {
        const struct column_profile *col = &now->columns[i], *before = was->name.n ? profile_column(was, col->name) : NULL;
        buf_z(out, "<tr>");
        report_put_td(out, "cell name", col->name);
        report_put_td(out, "soft", col->type);
        report_put_null_rate(out, now, col, was, before);
        report_put_figure(out, col, before, PROFILE_DISTINCT);
        report_put_figure(out, col, before, PROFILE_MIN);
        report_put_figure(out, col, before, PROFILE_MAX);
        report_put_figure(out, col, before, PROFILE_MEAN);
        report_put_figure(out, col, before, PROFILE_MEDIAN);
        buf_z(out, "</tr>\n");
    }
    buf_z(out, "</table></div>\n");
}

/* ---- rule coverage ---- */

static const struct operation_profile *report_operation_was(const struct table_profile *was, const struct operation_profile *o)
{
    for (size_t i = 0; i < was->n_operations; i++)
        if (str_eq(was->operations[i].column, o->column) && str_eq(was->operations[i].operation, o->operation))
            return &was->operations[i];
    return NULL;
}

static void report_put_coverage(const struct report_context *x, struct buf *out)
{
    buf_z(out, "<h2>What the rules touched</h2>\n<div class=\"wide\"><table><tr><th>operation</th>"
               "<th class=\"n\">rows touched</th><th class=\"n\">baseline</th><th class=\"n\">made null</th></tr>\n");
    for (size_t t = 0; t < x->n_tables; t++)
        for (size_t i = 0; i < x->now[t].n_operations; i++) {
            const struct operation_profile *o = &x->now[t].operations[i], *was = report_operation_was(&x->was[t], o);
            if (!o->touched && !(was && was->touched))
                continue;
            struct buf name = BUF_INIT;
            buf_f(&name, STR_F "." STR_F "." STR_F, STR_A(x->now[t].name), STR_A(o->column), STR_A(o->operation));
            buf_z(out, "<tr>");
            report_put_td(out, "cell", buf_str(&name));
            buf_f(out, "<td class=\"n%s\">%llu</td><td class=\"n\">", was && was->touched != o->touched ? " differs" : "", (unsigned long long)o->touched);
            if (was)
                buf_f(out, "%llu", (unsigned long long)was->touched);
            buf_f(out, "</td><td class=\"n\">%llu</td></tr>\n", (unsigned long long)o->nulled);
            buf_release(&name);
        }
    buf_z(out, "</table></div>\n");
}

/* ---- answers ---- */

static void report_put_answer(const struct result *a, struct buf *out)
{
    buf_f(out, "<details><summary><code>" STR_F "</code> <span class=\"soft\">%zu rows</span></summary><div><table><tr>", STR_A(a->name), a->n_rows);
    for (size_t c = 0; c < a->n_columns; c++) {
        buf_z(out, "<th>");
        report_put_escaped(out, a->columns[c].name);
        buf_z(out, "</th>");
    }
    buf_z(out, "</tr>\n");
    for (size_t i = 0; i < a->n_rows; i++) {
        buf_z(out, "<tr>");
        for (size_t c = 0; c < a->n_columns; c++) {
            struct buf cell = BUF_INIT;
            result_put_cell(a, i, c, &cell);
            report_put_td(out, "cell", result_cell(a, i, c)->null ? (struct str){ 0 } : cell.n ? buf_str(&cell) : S(""));
            buf_release(&cell);
        }
        buf_z(out, "</tr>\n");
    }
    buf_z(out, "</table></div></details>\n");
}

void report_put_html(struct report *r, const struct report_context *x, struct buf *out)
{
    report_put_head(r, x, out);
    report_put_findings(r, out);
    for (size_t t = 0; t < x->n_tables; t++)
        report_put_columns(x, t, out);
    report_put_figures(r, x, out);
    report_put_coverage(x, out);
    buf_z(out, "<h2>Answers</h2>\n");
    for (size_t i = 0; i < x->n_answers; i++)
        report_put_answer(x->answers[i], out);
    buf_z(out, "</main></body></html>\n");
}
