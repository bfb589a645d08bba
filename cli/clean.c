/* clean.c - weirbox clean: a folder of raw JSON lines, without any cloud. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/folder.h"
#include "cli/options.h"
#include "pipeline/sink/sink.h"

static void put_counts(const struct folder *c, struct buf *out)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        const struct table *table = c->tables[t];
        buf_f(out, "%-5s %zu rows\n", ledger_table_names[t], table->n_rows);
        for (size_t i = 0; i < table->n_counts; i++) {
            const struct clean_count *n = &table->counts[i];
            if (n->touched)
                buf_f(out, "      " STR_F " %s: %llu touched, %llu made null%s" STR_F "\n", STR_A(n->column), n->operation,
                      (unsigned long long)n->touched, (unsigned long long)n->nulled, n->nulled && n->sample.n ? ", such as " : "",
                      STR_A(n->nulled ? n->sample : S("")));
        }
    }
}

int clean_command_run(struct args *a, struct err *e)
{
    struct folder c = { 0 };
    const char *out = args_text(a, "out");
    struct buf text = BUF_INIT;
    int result = folder_load(a, &c, a->operands[0], e);
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++)
        result = sink_table(out, c.tables[t], e);
    const struct flow_path cleaned = { .tables = { c.tables[0], c.tables[1], c.tables[2] } };
    if (result == 0) {
        put_counts(&c, &text);
        result = options_check(&cleaned, out, &text, e);
    }
    if (result == 0)
        result = sink_put(out, "quarantine.jsonl", buf_str(&c.quarantine), e);
    if (result == 0) {
        buf_f(&text, "%llu records quarantined; written to %s\n", (unsigned long long)c.n_quarantined, out);
        fwrite(text.p, 1, text.n, stdout);
    }
    buf_release(&text);
    folder_release(&c);
    return result;
}
