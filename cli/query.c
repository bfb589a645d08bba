/* query.c - weirbox query: one of the questions, over a folder's rows or a run of the stream path. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/folder.h"
#include "cli/options.h"
#include "cli/show.h"

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

static void print_result(struct args *a, const struct result *r)
{
    struct buf out = BUF_INIT;
    struct show show;
    const char *format = args_on(a, "json") ? "json" : args_text(a, "format");
    show_init(&show, false);
    if (strcmp(format, "table") == 0) {
        show_result(&show, r, SIZE_MAX);
    } else {
        if (strcmp(format, "csv") == 0)
            result_put_csv(r, &out);
        else {
            result_put_json(r, &out);
            buf_c(&out, '\n');
        }
        fwrite(out.p, 1, out.n, stdout);
    }
    buf_release(&out);
}

static int answer(struct args *a, const struct analytics *analytics, const struct table *const *tables, struct err *e)
{
    const char *name = a->operands[0];
    size_t i = analytics_find(analytics, str_of(name));
    struct result *r;
    if (i == STR_NONE)
        return err_set(e, 0, "USAGE", "no query '%s'; weirbox query --list names them", name);
    if (analytics_run(analytics, i, tables, LEDGER_TABLES, &r, e))
        return -1;
    print_result(a, r);
    result_close(r);
    return 0;
}

static int query_folder(struct args *a, const char *dir, struct err *e)
{
    struct folder c = { 0 };
    int result = folder_load(a, &c, dir, e);
    struct analytics *analytics = result == 0 ? analytics_open(c.rules, e) : NULL;
    const struct table *tables[LEDGER_TABLES] = { c.tables[0], c.tables[1], c.tables[2] };
    result = analytics ? answer(a, analytics, tables, e) : -1;
    analytics_close(analytics);
    folder_release(&c);
    return result;
}

static int query_pipeline(struct args *a, struct err *e)
{
    struct flow_options o;
    if (options_fill(a, &o, e))
        return -1;
    o.path_on[FLOW_BATCH] = false;
    struct flow f;
    int result = flow_run(&o, &f, e) || flow_verdict(&f, e) ? -1 : 0;
    const struct table *tables[LEDGER_TABLES];
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        tables[t] = f.paths[FLOW_STREAM].tables[t];
    if (result == 0)
        result = answer(a, f.analytics, tables, e);
    flow_release(&f);
    return result;
}

int query_command_run(struct args *a, struct err *e)
{
    if (args_on(a, "list"))
        return list_queries(a, e);
    if (!a->n_operands)
        return err_set(e, 0, "USAGE", "weirbox query needs a NAME, or --list");
    const char *dir = args_text(a, "from");
    return dir ? query_folder(a, dir, e) : query_pipeline(a, e);
}
