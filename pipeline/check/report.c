#include "pipeline/check/report.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"

const char *const report_kinds[REPORT_KINDS] = {
    [REPORT_SCHEMA] = "schema", [REPORT_ROWS] = "rows",           [REPORT_COLUMN] = "column", [REPORT_DIFF] = "diff",
    [REPORT_QUERY] = "query",   [REPORT_OPERATION] = "operation", [REPORT_KEYS] = "keys",     [REPORT_CHECK] = "check",
    [REPORT_TEST] = "test",
};
const char *const report_verdicts[REPORT_VERDICTS] = { [REPORT_SAME] = "same", [REPORT_WARNS] = "warns", [REPORT_FAILS] = "differs" };

struct str report_name(struct report *r, const struct report_case *c)
{
    return arena_f(&r->arena, "%s/" STR_F, report_kinds[c->kind], STR_A(c->subject));
}

static bool report_matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

bool report_selects(const struct report *r, enum report_kind kind, struct str group, struct str subject)
{
    bool found = !r->n_patterns;
    struct buf name = BUF_INIT, of = BUF_INIT;
    buf_f(&name, "%s/" STR_F, report_kinds[kind], STR_A(subject));
    buf_str_add(&of, group);
    const char *whole = buf_cstr(&name), *table = buf_cstr(&of);
    for (size_t i = 0; i < r->n_patterns && !found; i++)
        found = report_matches(r->patterns[i], whole) || report_matches(r->patterns[i], strchr(whole, '/') + 1) ||
                report_matches(r->patterns[i], table);
    buf_release(&name);
    buf_release(&of);
    return found;
}

struct report_case *report_add(struct report *r, enum report_kind kind, struct str group, struct str subject)
{
    if (!report_selects(r, kind, group, subject))
        return NULL;
    if ((r->n_cases & (r->n_cases - 1)) == 0)
        r->cases = mem_grow(r->cases, (r->n_cases ? r->n_cases * 2 : 1) * sizeof *r->cases);
    struct report_case *c = &r->cases[r->n_cases++];
    *c = (struct report_case){ .kind = kind, .group = arena_dup(&r->arena, group), .subject = arena_dup(&r->arena, subject) };
    c->acceptable = kind != REPORT_CHECK && kind != REPORT_TEST && kind != REPORT_KEYS;
    return c;
}

void report_release(struct report *r)
{
    free(r->cases);
    buf_release(&r->all);
    arena_release(&r->arena);
    *r = (struct report){ 0 };
}

void report_say(struct report *r, struct report_case *c, enum report_verdict v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vf(&r->arena, fmt, ap);
    va_end(ap);
    c->message = c->message.n ? arena_f(&r->arena, STR_F "; " STR_F, STR_A(c->message), STR_A(text)) : text;
    if (v > c->verdict)
        c->verdict = v;
}

/* ---- lines ---- */

static void report_put_member(struct buf *out, const char *name, struct str text)
{
    buf_f(out, ",\"%s\":", name);
    if (text.p)
        json_put_text(out, text);
    else
        buf_z(out, "null");
}

static void report_put_line(const struct report_case *c, const struct report_line *l, struct buf *out)
{
    static const char *const WHOLE[] = { [REPORT_ADDED] = "unexpected", [REPORT_REMOVED] = "missing" };
    buf_f(out, "{\"case\":\"%s/" STR_F "\"", report_kinds[c->kind], STR_A(c->subject));
    report_put_member(out, c->kind == REPORT_QUERY ? "query" : "table", c->group);
    report_put_member(out, "key", l->key);
    if (l->change != REPORT_CHANGED) {
        buf_f(out, ",\"row\":\"%s\"", WHOLE[l->change]);
    } else {
        report_put_member(out, "column", l->column);
        report_put_member(out, "expected", l->was);
        report_put_member(out, "actual", l->now);
    }
    if (l->rule.n)
        report_put_member(out, "rule", l->rule);
    buf_z(out, "}\n");
}

static struct str report_dup(struct report *r, struct str s)
{
    return s.p ? arena_dup(&r->arena, s) : s;
}

void report_line(struct report *r, struct report_case *c, const struct report_line *line, bool keep)
{
    report_put_line(c, line, &r->all);
    c->n_all++;
    if (!keep || c->n_lines == REPORT_LINES)
        return;
    if (!c->lines)
        c->lines = ARENA_ARRAY(&r->arena, struct report_line, REPORT_LINES);
    struct report_line *l = &c->lines[c->n_lines++];
    *l = *line;
    l->key = report_dup(r, l->key);
    l->column = report_dup(r, l->column);
    l->was = report_dup(r, l->was);
    l->now = report_dup(r, l->now);
    l->rule = report_dup(r, l->rule);
}

size_t report_count(const struct report *r, enum report_verdict v)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_cases; i++)
        n += r->cases[i].verdict == v;
    return n;
}
