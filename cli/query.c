/* query.c - weirbox query: one of the questions, over a folder's rows or a run of the stream path. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "cli/tables.h"

static int list_queries(struct args *a, struct err *e)
{
    struct rules *rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e);
    struct analytics *analytics = rules ? analytics_open(rules, e) : NULL;
    for (size_t i = 0; analytics && i < analytics_count(analytics); i++)
        printf("%-46.*s " STR_F "\n", STR_A(analytics_name(analytics, i)), STR_A(analytics_about(analytics, i)));
    int result = analytics ? 0 : -1;
    analytics_close(analytics);
    rules_close(rules);
    return result;
}

static int answer(struct args *a, const struct tables *t, struct err *e)
{
    const char *name = a->operands[0];
    size_t i = analytics_find(t->analytics, str_of(name));
    struct result *r;
    if (i == STR_NONE)
        return err_set(e, 0, "USAGE", "no query '%s'; weirbox query --list names them", name);
    if (analytics_run(t->analytics, i, t->all, LEDGER_TABLES, &r, e))
        return -1;
    show_answer(r, args_on(a, "json") ? "json" : args_text(a, "format"));
    result_close(r);
    return 0;
}

int query_command_run(struct args *a, struct err *e)
{
    struct tables t;
    if (args_on(a, "list"))
        return list_queries(a, e);
    if (!a->n_operands)
        return err_set(e, 0, "USAGE", "weirbox query needs a NAME, or --list");
    int result = tables_load(a, args_text(a, "from"), &t, e) ? -1 : answer(a, &t, e);
    tables_release(&t);
    return result;
}
