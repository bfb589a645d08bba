/* clean.c - weirbox clean and weirbox query over raw (or cleaned) JSON lines, without any cloud. */
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"
#include "pipeline/sink/sink.h"

struct cleaned {
    struct rules *rules;
    struct table *tables[LEDGER_TABLES];
    struct buf texts[LEDGER_TABLES]; /* the tables view them */
    struct buf quarantine;           /* JSON lines */
    uint64_t n_quarantined;
};

static void release(struct cleaned *c)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        table_close(c->tables[t]);
        buf_release(&c->texts[t]);
    }
    buf_release(&c->quarantine);
    rules_close(c->rules);
}

static void quarantine(struct cleaned *c, unsigned table, size_t line, const struct err *why, struct str record)
{
    buf_f(&c->quarantine, "{\"table\":\"%s\",\"line\":%zu,\"code\":\"%s\",\"reason\":", ledger_table_names[table], line, why->code);
    json_put_text(&c->quarantine, str_of(why->message));
    buf_z(&c->quarantine, ",\"record\":");
    json_put_text(&c->quarantine, record);
    buf_z(&c->quarantine, "}\n");
    c->n_quarantined++;
}

static void clean_lines(struct cleaned *c, unsigned table)
{
    struct cleaner *cleaner = cleaner_open(c->rules, str_of(ledger_table_names[table]), true);
    struct str rest = buf_str(&c->texts[table]);
    for (size_t line = 1; rest.n; line++) {
        struct str record = str_cut(&rest, '\n');
        struct err why = { 0 };
        if (str_trim(record).n && cleaner_add(cleaner, record, line, &why) < 0)
            quarantine(c, table, line, &why, record);
    }
    c->tables[table] = cleaner_take(cleaner);
    table_finish(c->tables[table]);
    cleaner_close(cleaner);
}

/* pin.jsonl, geo.jsonl and user.jsonl of the folder, or of its subfolder clean/. */
static int load(struct args *a, struct cleaned *c, const char *dir, struct err *e)
{
    if (!(c->rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e)))
        return -1;
    size_t found = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str direct = arena_f(&a->arena, "%s.jsonl", ledger_table_names[t]);
        struct str below = arena_f(&a->arena, "clean/%s.jsonl", ledger_table_names[t]);
        int got = sink_get(dir, direct.p, &c->texts[t], e);
        if (got == 1)
            got = sink_get(dir, below.p, &c->texts[t], e);
        if (got < 0)
            return -1;
        found += got == 0;
        clean_lines(c, t);
    }
    return found ? 0 : err_set(e, 0, "FILE_NOT_FOUND", "no pin.jsonl, geo.jsonl or user.jsonl in %s or %s/clean; weirbox ingest and weirbox run --out write them", dir, dir);
}

static void put_counts(const struct cleaned *c, struct buf *out)
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
    struct cleaned c = { 0 };
    const char *out = args_text(a, "out");
    struct buf text = BUF_INIT;
    int result = load(a, &c, a->operands[0], e);
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++)
        result = sink_table(out, c.tables[t], e);
    if (result == 0)
        result = sink_put(out, "quarantine.jsonl", buf_str(&c.quarantine), e);
    if (result == 0) {
        put_counts(&c, &text);
        buf_f(&text, "%llu records quarantined; written to %s\n", (unsigned long long)c.n_quarantined, out);
        fwrite(text.p, 1, text.n, stdout);
    }
    buf_release(&text);
    release(&c);
    return result;
}

/* ---- query ---- */

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
    struct cleaned c = { 0 };
    int result = load(a, &c, dir, e);
    struct analytics *analytics = result == 0 ? analytics_open(c.rules, e) : NULL;
    const struct table *tables[LEDGER_TABLES] = { c.tables[0], c.tables[1], c.tables[2] };
    result = analytics ? answer(a, analytics, tables, e) : -1;
    analytics_close(analytics);
    release(&c);
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
