/* sql.c - weirbox sql: one free statement over the cleaned tables, or over Delta tables as they are. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/delta.h"
#include "cli/options.h"
#include "cli/show.h"
#include "cli/tables.h"
#include "pipeline/analytics/spark.h"
#include "pipeline/sink/delta.h"

enum { MOST_TABLES = 64 };

struct reading {
    struct args *a;
    struct spark *spark;
    struct clock clock;
    struct err *e;
    bool failed;
};

/* ---- Delta tables ---- */

static const char *type_of(struct arena *a, const struct parquet_field *f)
{
    switch (f->kind) {
    case PARQUET_INT: return "int";
    case PARQUET_LONG: return "bigint";
    case PARQUET_DECIMAL: return arena_f(a, "decimal(%d,%d)", f->precision, f->scale).p;
    case PARQUET_LIST: return arena_f(a, "array<%s>", type_of(a, &f->children[0])).p;
    default: return parquet_kind_name(f->kind);
    }
}

/* 0a1b_pin_table is the table pin; another name stays. */
static struct str name_of(struct str folder)
{
    struct str found = folder;
    int n = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        for (struct str rest = folder; rest.p;)
            if (str_is(str_cut(&rest, '_'), ledger_table_names[t]))
                found = str_of(ledger_table_names[t]), n++;
    return n == 1 ? found : folder;
}

static bool add_row(void *arg, struct str row)
{
    struct reading *r = arg;
    r->failed = spark_add_row(r->spark, row, r->e) != 0;
    return !r->failed;
}

static int read_delta(struct reading *r, const char *where, struct str name)
{
    struct delta_store *store = delta_command_open(r->a, str_of(where), args_text(r->a, "endpoint"), &r->clock, r->e);
    struct delta_options o = { .store = store, .clock = &r->clock };
    struct delta_table *t = store ? delta_open(&o) : NULL;
    struct delta_snapshot *s = NULL;
    int result = t ? delta_snapshot_open(t, -1, &s, r->e) : -1;
    if (result == 0) {
        struct spark_column *columns = ARENA_ARRAY(&r->a->arena, struct spark_column, s->n_fields + 1);
        for (size_t i = 0; i < s->n_fields; i++)
            columns[i] = (struct spark_column){ s->fields[i].name, type_of(&r->a->arena, &s->fields[i]) };
        result = spark_create(r->spark, name, columns, s->n_fields, r->e) || delta_rows(t, s, add_row, r, r->e) || r->failed ? -1 : 0;
    }
    delta_snapshot_close(s);
    delta_close(t);
    if (store)
        delta_store_close(store);
    return result;
}

static bool is_delta(struct arena *a, const char *dir)
{
    struct stat st;
    return stat(arena_f(a, "%s/_delta_log", dir).p, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct str last_name(struct str path)
{
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    for (struct str rest = path; rest.p;)
        path = str_cut(&rest, '/');
    return path;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

/* Every folder in dir that is a Delta table; *ret_n of them. */
static int read_deltas(struct reading *r, const char *dir, size_t *ret_n)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, by_name), result = 0;
    *ret_n = 0;
    for (int i = 0; i < n; i++) {
        const char *path = arena_f(&r->a->arena, "%s/%s", dir, entries[i]->d_name).p;
        if (result == 0 && entries[i]->d_name[0] != '.' && *ret_n < MOST_TABLES && is_delta(&r->a->arena, path)) {
            result = read_delta(r, path, name_of(str_of(arena_z(&r->a->arena, str_of(entries[i]->d_name)))));
            ++*ret_n;
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

/* ---- rows ---- */

static int read_tables(struct reading *r, const char *from)
{
    struct tables t;
    int result = tables_load(r->a, from, &t, r->e);
    for (unsigned i = 0; i < LEDGER_TABLES && result == 0; i++)
        if (t.all[i])
            result = spark_add_table(r->spark, t.all[i], r->e);
    tables_release(&t);
    return result;
}

static int read_rows(struct reading *r)
{
    const char *from = args_text(r->a, "from");
    size_t n = 0;
    if (from && (str_find(str_of(from), S("://")) != STR_NONE || is_delta(&r->a->arena, from)))
        return read_delta(r, from, name_of(last_name(str_of(from))));
    if (from && read_deltas(r, from, &n))
        return -1;
    return n ? 0 : read_tables(r, from);
}

int sql_command_run(struct args *a, struct err *e)
{
    struct reading r = { .a = a, .e = e };
    struct str statement = str_of(a->operands[0]);
    struct result *answer = NULL;
    if (str_starts(statement, S("@")) && options_file(a, statement.p + 1, "statement", &statement, e))
        return -1;
    clock_init_real(&r.clock);
    r.spark = spark_open(e);
    int result = !r.spark || read_rows(&r) || spark_run(r.spark, statement, &answer, e) ? -1 : 0;
    if (result == 0)
        show_answer(answer, args_on(a, "json") ? "json" : args_text(a, "format"));
    result_close(answer);
    spark_close(r.spark);
    return result;
}
