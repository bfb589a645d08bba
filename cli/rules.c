/* rules.c - weirbox rules check, explain and sql: the rule files read, told in words, written as SQL. */
#include <stdio.h>

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

/* The examples of the rule files; those that fail are told on stdout. */
static int rules_command_tests(struct opened *o, struct err *e)
{
    struct report r = { 0 };
    int result = ruletest_run(o->rules, o->analytics, &r, e);
    size_t failed = report_count(&r, REPORT_FAILS);
    if (result == 0 && failed)
        result = err_set(e, 0, "RULES_TESTS_FAILED", "%zu of %zu tests failed", failed, r.n_cases);
    for (size_t i = 0; failed && i < r.n_cases; i++)
        if (r.cases[i].verdict == REPORT_FAILS)
            buf_f(&o->out, "FAILED " STR_F "\n", STR_A(r.cases[i].message));
    buf_f(&o->out, "%zu tests, %zu failed\n", r.n_cases, failed);
    if (failed)
        fwrite(o->out.p, 1, o->out.n, stdout);
    report_release(&r);
    return result;
}

int rules_command_check(struct args *a, struct err *e)
{
    struct opened o;
    int result = rules_command_open(a, &o, e);
    if (result == 0) {
        buf_f(&o.out, "profile   " STR_F "\n", STR_A(rules_profile(o.rules)));
        rules_command_list(&o.out, "tables    ", rules_table_name, o.rules);
        rules_command_list(&o.out, "queries   ", rules_query_name, o.rules);
        buf_z(&o.out, "windows   ");
        struct str name;
        for (size_t i = 0; (name = stream_windows_name(o.windows, i)).p; i++)
            buf_f(&o.out, "%s" STR_F, i ? ", " : "", STR_A(name));
        buf_c(&o.out, '\n');
        rules_command_list(&o.out, "profiles  ", rules_profile_name, o.rules);
        buf_z(&o.out, "no mistake found\n");
        result = rules_command_tests(&o, e);
    }
    return rules_command_close(&o, result);
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
