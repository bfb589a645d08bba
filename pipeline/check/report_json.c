/* For machines: the envelope's data, JUnit's XML, GitHub's annotations. */
#include "base/json.h"
#include "base/utf8.h"
#include "pipeline/check/report.h"

/* ---- JSON ---- */

static void report_put_member(struct buf *out, const char *name, struct str text)
{
    buf_f(out, ",\"%s\":", name);
    if (text.p)
        json_put_text(out, text);
    else
        buf_z(out, "null");
}

static void report_put_json_line(const struct report_line *l, struct buf *out)
{
    static const char *const CHANGES[] = { "changed", "added", "removed" };
    buf_f(out, "{\"change\":\"%s\"", CHANGES[l->change]);
    report_put_member(out, "key", l->key);
    if (l->change == REPORT_CHANGED) {
        report_put_member(out, "column", l->column);
        report_put_member(out, "was", l->was);
        report_put_member(out, "now", l->now);
    }
    if (l->rule.n)
        report_put_member(out, "rule", l->rule);
    buf_c(out, '}');
}

static void report_put_json_case(struct report *r, const struct report_case *c, struct buf *out)
{
    buf_z(out, "{\"name\":");
    json_put_text(out, report_name(r, c));
    buf_f(out, ",\"kind\":\"%s\",\"verdict\":\"%s\"", report_kinds[c->kind], report_verdicts[c->verdict]);
    report_put_member(out, "message", c->message.p ? c->message : S(""));
    if (c->accepted)
        buf_z(out, ",\"accepted\":true");
    if (c->n_all)
        buf_f(out, ",\"differences\":%llu,\"first\":[", (unsigned long long)c->n_all);
    for (size_t i = 0; i < c->n_lines; i++) {
        buf_z(out, i ? "," : "");
        report_put_json_line(&c->lines[i], out);
    }
    buf_z(out, c->n_all ? "]}" : "}");
}

void report_put_json(struct report *r, const struct report_context *x, struct buf *out)
{
    buf_z(out, "{\"against\":");
    json_put_text(out, str_of(x->against));
    report_put_member(out, "profile", x->profile);
    buf_z(out, ",\"tables\":{");
    for (size_t t = 0; t < x->n_tables; t++) {
        buf_z(out, t ? "," : "");
        json_put_text(out, x->now[t].name);
        buf_f(out, ":{\"rows\":%llu}", (unsigned long long)x->now[t].rows);
    }
    buf_f(out, "},\"cases\":%zu,\"same\":%zu,\"warns\":%zu,\"differs\":%zu,\"findings\":[", r->n_cases, report_count(r, REPORT_SAME),
          report_count(r, REPORT_WARNS), report_count(r, REPORT_FAILS));
    bool first = true;
    for (size_t i = 0; i < r->n_cases; i++) {
        if (r->cases[i].verdict == REPORT_SAME)
            continue;
        buf_z(out, first ? "" : ",");
        report_put_json_case(r, &r->cases[i], out);
        first = false;
    }
    buf_z(out, "]}");
}

/* ---- JUnit ---- */

/* XML 1.0 has no place for control characters, not even escaped; they become U+FFFD. */
static void report_put_xml(struct buf *out, struct str text)
{
    for (struct str rest = text; rest.n;) {
        const char *at = rest.p;
        uint32_t c = utf8_next(&rest);
        if (c == '&')
            buf_z(out, "&amp;");
        else if (c == '<')
            buf_z(out, "&lt;");
        else if (c == '>')
            buf_z(out, "&gt;");
        else if (c == '"')
            buf_z(out, "&quot;");
        else if (c == '\n' || c == '\t')
            buf_f(out, "&#%u;", c);
        else if (c < 0x20 || c == 0xfffe || c == 0xffff)
            buf_z(out, "\xef\xbf\xbd");
        else
            buf_add(out, at, (size_t)(rest.p - at));
    }
}

static void report_put_junit_lines(const struct report_case *c, struct buf *out)
{
    for (size_t i = 0; i < c->n_lines; i++) {
        struct buf line = BUF_INIT;
        report_put_json_line(&c->lines[i], &line);
        report_put_xml(out, buf_str(&line));
        buf_c(out, '\n');
        buf_release(&line);
    }
}

static void report_put_testcase(const struct report_case *c, struct buf *out)
{
    buf_f(out, "    <testcase classname=\"weirbox.%s\" name=\"", report_kinds[c->kind]);
    report_put_xml(out, c->subject);
    if (c->file) {
        buf_z(out, "\" file=\"");
        report_put_xml(out, str_of(c->file));
        buf_f(out, "\" line=\"%zu", c->line);
    }
    if (c->verdict == REPORT_SAME) {
        buf_z(out, "\"/>\n");
        return;
    }
    buf_z(out, c->verdict == REPORT_FAILS ? "\">\n      <failure message=\"" : "\">\n      <system-out>");
    report_put_xml(out, c->message);
    buf_z(out, c->verdict == REPORT_FAILS ? "\">" : "\n");
    report_put_junit_lines(c, out);
    buf_z(out, c->verdict == REPORT_FAILS ? "</failure>\n" : "</system-out>\n");
    buf_z(out, "    </testcase>\n");
}

void report_put_junit(struct report *r, struct buf *out)
{
    buf_f(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
               "  <testsuite name=\"weirbox check\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
          r->n_cases, report_count(r, REPORT_FAILS));
    for (size_t i = 0; i < r->n_cases; i++)
        report_put_testcase(&r->cases[i], out);
    buf_z(out, "  </testsuite>\n</testsuites>\n");
}

/* ---- GitHub ---- */

/* As actions/toolkit escapes data and, with `property`, the values of properties. */
static void report_put_command(struct buf *out, struct str text, bool property)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buf_f(out, "%%%02X", (unsigned char)c);
        else
            buf_c(out, c);
    }
}

void report_put_github(struct report *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_cases; i++) {
        const struct report_case *c = &r->cases[i];
        if (c->verdict == REPORT_SAME)
            continue;
        buf_f(out, "::%s title=weirbox check ", c->verdict == REPORT_FAILS ? "error" : "warning");
        report_put_command(out, report_name(r, c), true);
        if (c->file) {
            buf_z(out, ",file=");
            report_put_command(out, str_of(c->file), true);
            buf_f(out, ",line=%zu", c->line);
        }
        buf_z(out, "::");
        report_put_command(out, c->message, false);
        buf_c(out, '\n');
    }
}
