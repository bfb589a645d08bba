/* tables.c - rows of a folder, or of a run. */
#include "cli/tables.h"

#include "cli/options.h"

static int load_folder(struct args *a, const char *dir, struct tables *t, struct err *e)
{
    if (folder_load(a, &t->folder, dir, e))
        return -1;
    t->rules = t->folder.rules;
    t->analytics = t->own = analytics_open(t->rules, e);
    for (unsigned i = 0; i < LEDGER_TABLES; i++)
        t->all[i] = t->folder.tables[i];
    return t->own ? 0 : -1;
}

static int load_run(struct args *a, struct tables *t, struct err *e)
{
    struct flow_options o;
    if (options_fill(a, &o, e))
        return -1;
    o.path_on[FLOW_BATCH] = false;
    t->ran = true;
    if (flow_run(&o, &t->flow, e) || flow_verdict(&t->flow, e))
        return -1;
    t->rules = t->flow.rules;
    t->analytics = t->flow.analytics;
    for (unsigned i = 0; i < LEDGER_TABLES; i++)
        t->all[i] = t->flow.paths[FLOW_STREAM].tables[i];
    return 0;
}

int tables_load(struct args *a, const char *from, struct tables *t, struct err *e)
{
    *t = (struct tables){ 0 };
    return from ? load_folder(a, from, t, e) : load_run(a, t, e);
}

void tables_release(struct tables *t)
{
    analytics_close(t->own);
    folder_release(&t->folder);
    if (t->ran)
        flow_release(&t->flow);
}
