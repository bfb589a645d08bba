/* export.c - weirbox export spark|databricks DIR: the rules in force as a bundle that runs on a cluster, with sample rows and the answers
 * expected of them. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/folder.h"
#include "cli/rows.h"
#include "pipeline/export/export.h"

/* Every chosen row that all three tables have, as it would be posted. */
static int sample_rows(struct args *a, struct folder *f, struct err *e)
{
    struct rows rows;
    int64_t index;
    int result = rows_open(a, &rows, e);
    while (result == 0 && choose_next(rows.choose, &index, NULL) == 1) {
        size_t before[SOURCE_TABLES];
        int missing = 0;
        for (int t = 0; t < SOURCE_TABLES && result == 0; t++) {
            before[t] = f->texts[t].n;
            int got = source_row(rows.source, (enum source_table)t, index, &f->texts[t], e);
            missing |= got == 1;
            result = got < 0 ? -1 : 0;
            buf_c(&f->texts[t], '\n');
        }
        for (int t = 0; t < SOURCE_TABLES && missing && result == 0; t++)
            f->texts[t].n = before[t];
    }
    rows_close(&rows);
    return result;
}

static int write_bundle(struct args *a, const char *target, struct folder *f, struct err *e)
{
    struct export_sample samples[LEDGER_TABLES];
    struct analytics *analytics = analytics_open(f->rules, e);
    size_t n = 0;
    int result = -1;
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        samples[t] = (struct export_sample){ str_of(ledger_table_names[t]), buf_str(&f->texts[t]), f->tables[t], f->unreadable[t] };
    const struct export_bundle b = { .target = target, .rules = f->rules, .analytics = analytics, .samples = samples, .n_samples = LEDGER_TABLES };
    if (analytics)
        result = export_write(&b, a->operands[0], &n, e);
    if (result == 0 && args_on(a, "json"))
        printf("{\"schema\":1,\"command\":\"%s\",\"status\":\"ok\",\"data\":{\"files\":%zu}}\n", a->command->name, n);
    else if (result == 0)
        printf("%zu files written into %s; its README.md says how to run them\n", n, a->operands[0]);
    analytics_close(analytics);
    return result;
}

static int export_run(struct args *a, const char *target, struct err *e)
{
    struct folder f = { .keep_texts = true };
    const char *from = args_text(a, "from");
    int result = (from ? folder_read(a, &f, from, e) : sample_rows(a, &f, e)) || folder_clean(a, &f, e) || write_bundle(a, target, &f, e) ? -1 : 0;
    folder_release(&f);
    return result;
}

int export_command_spark(struct args *a, struct err *e) { return export_run(a, "spark", e); }
int export_command_databricks(struct args *a, struct err *e) { return export_run(a, "databricks", e); }
