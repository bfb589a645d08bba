#include "pipeline/check/measured.h"

#include <stdlib.h>

#include "pipeline/clean/op.h"

void measured_open(struct measured *m)
{
    profile_tables(m->tables, m->n_tables, 0, &m->arena, m->profiles, m->row_hashes);
    for (size_t t = 0; m->came_clean && t < m->n_tables; t++)
        m->profiles[t].n_operations = 0;
}

void measured_close(struct measured *m)
{
    for (size_t t = 0; t < m->n_tables; t++) {
        free(m->row_hashes[t]);
        cleaner_close(m->cleaners[t]);
    }
    arena_release(&m->arena);
}

struct str measured_rule(struct measured *m, size_t table, size_t row, struct str column, struct arena *a)
{
    const struct table *t = m->tables[table];
    struct err e;
    struct buf names = BUF_INIT;
    struct str record = m->record ? m->record(m->arg, table, t->tag[row]) : S("");
    if (!record.n)
        return S("");
    if (!m->cleaners[table])
        m->cleaners[table] = cleaner_open(m->rules, t->name, true);
    cleaner_add(m->cleaners[table], record, 0, &e);
    struct table *once = cleaner_take(m->cleaners[table]);
    for (size_t i = 0; i < once->n_counts; i++)
        if (once->counts[i].touched && str_eq(once->counts[i].column, column) && !str_is(str_of(once->counts[i].operation), "from"))
            buf_f(&names, "%s%s", names.n ? ", " : "", once->counts[i].operation);
    table_close(once);
    return names.n ? arena_keep(a, &names) : S("none");
}
