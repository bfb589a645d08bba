/* folder.c - reading, cleaning, quarantining line by line. */
#include "cli/folder.h"

#include "base/json.h"
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

static void quarantine(struct folder *f, unsigned table, size_t line, const struct err *why, struct str record)
{
    buf_f(&f->quarantine, "{\"table\":\"%s\",\"line\":%zu,\"code\":\"%s\",\"reason\":", ledger_table_names[table], line, why->code);
    json_put_text(&f->quarantine, str_of(why->message));
    buf_z(&f->quarantine, ",\"record\":");
    json_put_text(&f->quarantine, record);
    buf_z(&f->quarantine, "}\n");
    f->n_quarantined++;
}

static void clean_lines(struct folder *f, unsigned table)
{
    struct cleaner *cleaner = cleaner_open(f->rules, str_of(ledger_table_names[table]), true);
    struct str rest = buf_str(&f->texts[table]);
    for (size_t line = 1; rest.n; line++) {
        struct str record = str_cut(&rest, '\n');
        struct err why = { 0 };
        if (str_trim(record).n && cleaner_add(cleaner, record, line, &why) < 0)
            quarantine(f, table, line, &why, record);
    }
    f->tables[table] = cleaner_take(cleaner);
    table_finish(f->tables[table]);
    cleaner_close(cleaner);
}

int folder_load(struct args *a, struct folder *f, const char *dir, struct err *e)
{
    if (!(f->rules = rules_open(args_text(a, "rules"), args_text(a, "profile"), e)))
        return -1;
    size_t found = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str direct = arena_f(&a->arena, "%s.jsonl", ledger_table_names[t]);
        struct str below = arena_f(&a->arena, "clean/%s.jsonl", ledger_table_names[t]);
        int got = sink_get(dir, direct.p, &f->texts[t], e);
        if (got == 1)
            got = sink_get(dir, below.p, &f->texts[t], e);
        if (got < 0)
            return -1;
        found += got == 0;
        clean_lines(f, t);
    }
    return found ? 0 : err_set(e, 0, "FILE_NOT_FOUND", "no pin.jsonl, geo.jsonl or user.jsonl in %s or %s/clean; weirbox ingest and weirbox run --out write them", dir, dir);
}
