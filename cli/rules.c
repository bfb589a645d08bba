/* rules.c - weirbox rules check, explain and sql: the rule files read, told in words, written as SQL. */
#include <stdio.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "pipeline/analytics/explain.h"
#include "pipeline/analytics/sql.h"
#include "pipeline/stream/stream.h"
#include "pipeline/check/ruletest.h"

struct opened {
    struct rules *rules;
    struct analytics *analytics;
    struct stream_windows *windows;
    struct buf out;
};

static int rules_command_open(struct args *a, struct opened *o, struct err *e)
{
    *o = (struct opened){ 0 };
    if (!(o->rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e)))
        return -1;
    return (o->analytics = analytics_open(o->rules, e)) && (o->windows = stream_windows_open(o->rules, e)) ? 0 : -1;
}

static int rules_command_close(struct opened *o, int result)
{
    if (result == 0)
        fwrite(o->out.p, 1, o->out.n, stdout);
    buf_release(&o->out);
    stream_windows_close(o->windows);
    analytics_close(o->analytics);
    rules_close(o->rules);
    return result;
}

static struct str rules_command_name(const struct args *a)
{
    return a->n_operands ? str_of(a->operands[0]) : (struct str){ NULL, 0 };
}

static void rules_command_list(struct buf *out, const char *what, struct str (*name)(const struct rules *, size_t),
                               const struct rules *r)
{
    struct str s;
    for (size_t i = 0; (s = name(r, i)).p; i++)
        buf_f(out, "%s" STR_F, i ? ", " : what, STR_A(s));
    buf_c(out, '\n');
}

static void rules_command_put_tests(struct report *r, size_t failed, bool json, struct buf *out)
{
    size_t n = 0;
    buf_f(out, json ? "\"tests\":%zu,\"failed\":[" : "%zu tests, %zu failed\n", r->n_cases, failed);
    for (size_t i = 0; i < r->n_cases; i++) {
        if (r->cases[i].verdict != REPORT_FAILS)
            continue;
        if (!json) {
            buf_f(out, "FAILED " STR_F "\n", STR_A(r->cases[i].message));
            continue;
        }
        buf_z(out, n++ ? "," : "");
        json_put_text(out, r->cases[i].message);
    }
    buf_z(out, json ? "]" : "");
}

static void rules_command_put_windows(struct opened *o)
{
    struct str name;
    buf_z(&o->out, "windows   ");
    for (size_t i = 0; (name = stream_windows_name(o->windows, i)).p; i++)
        buf_f(&o->out, "%s" STR_F, i ? ", " : "", STR_A(name));
    buf_c(&o->out, '\n');
}

/* What there is, and the examples; -1 when one of them fails. */
static int rules_command_tell(struct opened *o, bool json, struct err *e)
{
    struct report r = { 0 };
    int result = ruletest_run(o->rules, o->analytics, &r, e);
    size_t failed = report_count(&r, REPORT_FAILS);
    if (result == 0 && json) {
        buf_f(&o->out, "{\"schema\":1,\"command\":\"rules check\",\"status\":\"%s\",\"data\":{\"profile\":", failed ? "error" : "ok");
        json_put_text(&o->out, rules_profile(o->rules));
        buf_c(&o->out, ',');
        rules_command_put_tests(&r, failed, true, &o->out);
        buf_z(&o->out, "}}\n");
    } else if (result == 0) {
        buf_f(&o->out, "profile   " STR_F "\n", STR_A(rules_profile(o->rules)));
        rules_command_list(&o->out, "tables    ", rules_table_name, o->rules);
        rules_command_list(&o->out, "queries   ", rules_query_name, o->rules);
        rules_command_put_windows(o);
        rules_command_list(&o->out, "profiles  ", rules_profile_name, o->rules);
        rules_command_put_tests(&r, failed, false, &o->out);
        buf_z(&o->out, failed ? "" : "no mistake found\n");
    }
    report_release(&r);
    return result ? -1 : failed ? EXIT_CHECK_FAILED : EXIT_OK;
}

int rules_command_check(struct args *a, struct err *e)
{
    struct opened o;
    int result = rules_command_open(a, &o, e);
    int status = result ? -1 : rules_command_tell(&o, args_on(a, "json"), e);
    result = rules_command_close(&o, status < 0 ? -1 : 0);
    return result ? -1 : status;
}

int rules_command_explain(struct args *a, struct err *e)
{
    struct opened o;
    int result = rules_command_open(a, &o, e);
    if (result == 0)
        result = explain_put(o.rules, o.analytics, rules_command_name(a), &o.out, e);
    return rules_command_close(&o, result);
}

int rules_command_sql(struct args *a, struct err *e)
{
    struct opened o;
    enum sql_dialect dialect;
    const char *name = args_text(a, "dialect");
    int result = rules_command_open(a, &o, e);
    if (result == 0 && !sql_dialect_of(str_of(name ? name : "sqlite"), &dialect))
        result = err_set(e, 0, "USAGE", "no dialect \"%s\"; there are sqlite, duckdb and spark", name);
    else if (result == 0)
        result = sql_put(o.rules, o.analytics, rules_command_name(a), dialect, &o.out, e);
    return rules_command_close(&o, result);
}
