/* folder.c - reading, cleaning, quarantining line by line. */
#include "cli/folder.h"

#include "base/json.h"
#include "pipeline/clean/lines.h"
#include "pipeline/sink/sink.h"

void folder_release(struct folder *f)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        table_close(f->tables[t]);
        buf_release(&f->texts[t]);
    }
    buf_release(&f->quarantine);
    rules_close(f->rules);
}

static void quarantine(struct folder *f, unsigned table, const struct lines_refused *r)
{
    buf_f(&f->quarantine, "{\"table\":\"%s\",\"line\":%zu,\"code\":\"%s\",\"reason\":", ledger_table_names[table], r->line, r->code);
    json_put_text(&f->quarantine, str_of(r->message));
    buf_z(&f->quarantine, ",\"record\":");
    json_put_text(&f->quarantine, r->record);
    buf_z(&f->quarantine, "}\n");
    f->n_quarantined++;
}

static int clean_lines(struct folder *f, unsigned table, struct err *e)
{
    struct lines lines;
    if (lines_clean(f->rules, str_of(ledger_table_names[table]), buf_str(&f->texts[table]), 0, &lines, e))
        return -1;
    for (size_t i = 0; i < lines.n_refused; i++)
        quarantine(f, table, &lines.refused[i]);
    if (!f->keep_texts && !lines_view(&lines, buf_str(&f->texts[table])))
        buf_release(&f->texts[table]);
    f->tables[table] = lines.table;
    lines.table = NULL;
    table_finish(f->tables[table]);
    lines_release(&lines);
    return 0;
}

/* Has the first row just the columns of the cleaned table, in their order? */
static bool is_clean(const struct table *t, struct str text)
{
    struct json_reader r;
    struct str key;
    size_t n = 0;
    json_open(&r, str_cut(&text, '\n'));
    if (json_enter(&r, JSON_OBJECT))
        return false;
    for (; json_member(&r, &key) == 1 && json_skip(&r) == 0; n++)
        if (n >= t->n_columns || !str_eq(key, t->columns[n].name))
            return false;
    return n == t->n_columns;
}

int folder_load(struct args *a, struct folder *f, const char *dir, struct err *e)
{
    if (!(f->rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e)))
        return -1;
    size_t found = 0, clean = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str direct = arena_f(&a->arena, "%s.jsonl", ledger_table_names[t]);
        struct str below = arena_f(&a->arena, "clean/%s.jsonl", ledger_table_names[t]);
        int got = sink_get(dir, direct.p, &f->texts[t], e);
        if (got == 1)
            got = sink_get(dir, below.p, &f->texts[t], e);
        if (got < 0 || clean_lines(f, t, e))
            return -1;
        found += got == 0;
        clean += got == 0 && is_clean(f->tables[t], buf_str(&f->texts[t]));
    }
    f->clean = clean == found;
    return found ? 0 : err_set(e, 0, "FILE_NOT_FOUND", "no pin.jsonl, geo.jsonl or user.jsonl in %s or %s/clean; weirbox ingest and weirbox run --out write them", dir, dir);
}
