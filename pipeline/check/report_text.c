/* For people at a terminal: what differs and what warns, each with its first lines; a count of all. */
#include "base/utf8.h"
#include "pipeline/check/report.h"

enum { LINES_SHOWN = 10, TEXT_SHOWN = 60 };

static const char *report_ink(bool colour, enum report_verdict v)
{
    static const char *const INKS[] = { [REPORT_SAME] = "\033[32m", [REPORT_WARNS] = "\033[33m", [REPORT_FAILS] = "\033[31m" };
    return colour ? INKS[v] : "";
}

/* Control characters would act on the terminal. */
static void report_put_safe(struct buf *out, struct str text, size_t most)
{
    size_t shown = 0;
    for (struct str rest = text; rest.n;) {
        const char *at = rest.p;
        uint32_t c = utf8_next(&rest);
        if (shown++ == most) {
            buf_z(out, "…");
            return;
        }
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            buf_f(out, "\\x%02x", c);
        else
            buf_add(out, at, (size_t)(rest.p - at));
    }
}

static void report_put_cell(struct buf *out, struct str cell)
{
    if (cell.p)
        report_put_safe(out, cell, TEXT_SHOWN);
    else
        buf_z(out, "null");
}

static void report_put_row(const struct report_case *c, const struct report_line *l, struct buf *out)
{
    buf_z(out, "            ");
    report_put_safe(out, l->key, 200);
    if (l->change != REPORT_CHANGED) {
        buf_z(out, l->change == REPORT_ADDED ? "  added\n" : "  removed\n");
        return;
    }
    buf_z(out, l->key.n ? "  " : "");
    report_put_safe(out, l->column, 200);
    buf_z(out, ": ");
    if (c->kind == REPORT_CHECK) {
        report_put_cell(out, l->now);
    } else {
        report_put_cell(out, l->was);
        buf_z(out, " → ");
        report_put_cell(out, l->now);
    }
    if (l->rule.n)
        buf_f(out, "  by " STR_F, STR_A(l->rule));
    buf_c(out, '\n');
}

void report_put_case(struct report *r, const struct report_case *c, bool colour, struct buf *out)
{
    struct str name = report_name(r, c);
    buf_f(out, "  %s%-8s%s " STR_F "%*s  ", report_ink(colour, c->verdict), report_verdicts[c->verdict], colour ? "\033[0m" : "", STR_A(name),
          name.n < 34 ? (int)(34 - name.n) : 0, "");
    report_put_safe(out, c->message, 2000);
    buf_c(out, '\n');
    if (c->kind == REPORT_COLUMN || c->kind == REPORT_TEST)
        return; /* the message has said it */
    for (size_t i = 0; i < c->n_lines && i < LINES_SHOWN; i++)
        report_put_row(c, &c->lines[i], out);
    if (c->n_all > LINES_SHOWN)
        buf_f(out, "            … %llu more\n", (unsigned long long)(c->n_all - LINES_SHOWN));
}

void report_put_text(struct report *r, const struct report_context *x, bool colour, struct buf *out)
{
    for (int v = REPORT_FAILS; v > REPORT_SAME; v--)
        for (size_t i = 0; i < r->n_cases; i++)
            if ((int)r->cases[i].verdict == v)
                report_put_case(r, &r->cases[i], colour, out);
    for (size_t t = 0; x && t < x->n_tables; t++)
        buf_f(out, "%s" STR_F " %llu rows", t ? ", " : "  ", STR_A(x->now[t].name), (unsigned long long)x->now[t].rows);
    buf_f(out, "%s%zu cases: %zu same, %zu warn, %zu differ\n", x && x->n_tables ? "; " : "  ", r->n_cases, report_count(r, REPORT_SAME),
          report_count(r, REPORT_WARNS), report_count(r, REPORT_FAILS));
}
