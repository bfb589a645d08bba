/* Profiles are compared first, figure by figure; rows only where the baseline keeps them; answers always. */
#include "pipeline/check/compare.h"

#include <math.h>
#include <stdlib.h>

#include "pipeline/analytics/query.h"
#include "pipeline/check/diff.h"

struct comparing {
    struct measured *now;
    struct baseline *was;
    struct report *r;
    struct err *e;
};

/* ---- schema and number of rows ---- */

static size_t compare_place(const struct table_profile *p, struct str column)
{
    for (size_t i = 0; i < p->n_columns; i++)
        if (str_eq(p->columns[i].name, column))
            return i;
    return STR_NONE;
}

static void compare_schema(struct comparing *c, const struct table_profile *was, const struct table_profile *now)
{
    struct report_case *k = report_add(c->r, REPORT_SCHEMA, now->name, now->name);
    bool same = was->n_columns == now->n_columns;
    if (!k)
        return;
    for (size_t i = 0; i < was->n_columns; i++)
        if (compare_place(now, was->columns[i].name) == STR_NONE)
            same = false, report_say(c->r, k, REPORT_FAILS, "column " STR_F " is gone", STR_A(was->columns[i].name));
    for (size_t i = 0; i < now->n_columns; i++) {
        size_t at = compare_place(was, now->columns[i].name);
        struct str type = now->columns[i].type;
        if (at == STR_NONE)
            same = false, report_say(c->r, k, REPORT_FAILS, "column " STR_F " is new", STR_A(now->columns[i].name));
        else if (!str_eq(type, was->columns[at].type))
            report_say(c->r, k, REPORT_FAILS, "the type of " STR_F " was " STR_F " and is " STR_F, STR_A(now->columns[i].name),
                       STR_A(was->columns[at].type), STR_A(type));
    }
    for (size_t i = 0; same && i < now->n_columns; i++)
        if (compare_place(was, now->columns[i].name) != i) {
            report_say(c->r, k, REPORT_FAILS, "the columns have another order");
            break;
        }
}

static void compare_rows(struct comparing *c, const struct table_profile *was, const struct table_profile *now)
{
    struct report_case *k = report_add(c->r, REPORT_ROWS, now->name, now->name);
    struct tolerance t = tolerance_of(&c->was->tolerances, now->name);
    if (!k || was->rows == now->rows)
        return;
    bool same = t.ignore || tolerance_same(&t, (double)was->rows, (double)now->rows);
    report_say(c->r, k, same ? REPORT_SAME : REPORT_FAILS, "%llu rows, %llu in the baseline%s", (unsigned long long)now->rows,
               (unsigned long long)was->rows, same ? " (tolerated)" : "");
}

/* ---- columns ---- */

/* A mean is told to six digits. */
static struct str compare_short(struct comparing *c, const struct profile_figure *f)
{
    if (!f->json.n)
        return S("-");
    return f->is_number && str_chr(f->json, '.') != STR_NONE ? arena_f(&c->r->arena, "%.6g", f->number) : f->json;
}

static void compare_figure(struct comparing *c, struct report_case *k, int metric, const struct profile_figure *was,
                           const struct profile_figure *now, enum report_verdict v)
{
    struct report_line line = { .column = str_of(profile_metrics[metric]), .was = was->json, .now = now->json };
    line.was.p = was->json.n ? was->json.p : NULL;
    line.now.p = now->json.n ? now->json.p : NULL;
    report_say(c->r, k, v, "%s " STR_F " → " STR_F, profile_metrics[metric], STR_A(compare_short(c, was)), STR_A(compare_short(c, now)));
    report_line(c->r, k, &line, true);
}

static void compare_null_rate(struct comparing *c, struct report_case *k, const struct table_profile *was, double nulls_was,
                              const struct table_profile *now, double nulls_now)
{
    double before = was->rows ? 100 * nulls_was / (double)was->rows : 0, after = now->rows ? 100 * nulls_now / (double)now->rows : 0;
    report_say(c->r, k, REPORT_SAME, "null rate %.2f %% → %.2f %% (%+.2f points)", before, after, after - before);
}

/* The count of a value among the most frequent ones; -1 when it is not known. */
static double compare_count(const struct column_profile *c, struct str json)
{
    for (size_t i = 0; i < c->n_top; i++)
        if (str_eq(c->top[i].json, json))
            return (double)c->top[i].count;
    return c->figure[PROFILE_DISTINCT].number <= (double)c->n_top ? 0 : -1;
}

/* Values that became more or less frequent. */
static void compare_top(struct comparing *c, struct report_case *k, const struct column_profile *x, const struct column_profile *y,
                        enum report_verdict v)
{
    enum { TOLD = 3 };
    size_t n = 0;
    for (size_t i = 0; i < x->n_top + y->n_top; i++) {
        struct str json = i < x->n_top ? x->top[i].json : y->top[i - x->n_top].json;
        double was = compare_count(x, json), now = compare_count(y, json);
        if (was < 0 || now < 0 || was == now || (i >= x->n_top && was > 0))
            continue;
        if (n++ < TOLD)
            report_say(c->r, k, v, STR_F " in %.0f → %.0f rows", STR_A(json), was, now);
    }
    if (n > TOLD)
        report_say(c->r, k, v, "and %zu more values", n - TOLD);
}

static void compare_column(struct comparing *c, const struct table_profile *was, const struct column_profile *x,
                           const struct table_profile *now, const struct column_profile *y)
{
    struct str subject = arena_f(&c->r->arena, STR_F "." STR_F, STR_A(now->name), STR_A(y->name));
    struct tolerance t = tolerance_of(&c->was->tolerances, subject);
    struct report_case *k = report_add(c->r, REPORT_COLUMN, now->name, subject);
    enum report_verdict v = t.mostly < 1 ? REPORT_WARNS : REPORT_FAILS; /* what it allows is judged row by row */
    if (!k || t.ignore || (x->hash == y->hash && str_eq(x->type, y->type)))
        return;
    for (int m = 0; m < PROFILE_METRICS; m++) {
        const struct profile_figure *a = &x->figure[m], *b = &y->figure[m];
        if (str_eq(a->json, b->json) || (a->is_number && b->is_number && tolerance_same(&t, a->number, b->number)))
            continue;
        compare_figure(c, k, m, a, b, v);
        if (m == PROFILE_NULLS)
            compare_null_rate(c, k, was, a->number, now, b->number);
    }
    bool near = t.abs > 0 || t.rel > 0; /* then other values may be as good */
    if (!near)
        compare_top(c, k, x, y, v);
    if (!k->message.n && !near && t.mostly == 1)
        report_say(c->r, k, v, "values have changed, though no figure of the profile has");
}

static void compare_profile(struct comparing *c, const struct table_profile *was, const struct table_profile *now)
{
    if (!was->name.n) {
        struct report_case *k = report_add(c->r, REPORT_SCHEMA, now->name, now->name);
        if (k)
            report_say(c->r, k, REPORT_WARNS, "the baseline has no profile of the table; weirbox check --update adds it");
        return;
    }
    compare_schema(c, was, now);
    compare_rows(c, was, now);
    for (size_t i = 0; i < now->n_columns; i++) {
        const struct column_profile *x = profile_column(was, now->columns[i].name);
        if (x)
            compare_column(c, was, x, now, &now->columns[i]);
    }
}

/* ---- rows ---- */

struct tolerating {
    const struct tolerances *all;
    struct str of;
};

/* Of a column of an answer; what is said of the query holds for all its columns. */
static struct tolerance compare_tolerance(void *arg, struct str column)
{
    const struct tolerating *t = arg;
    struct tolerance own = tolerance_of2(t->all, t->of, column);
    return own.ignore || own.abs > 0 || own.rel > 0 || own.mostly < 1 ? own : tolerance_of(t->all, t->of);
}

/* Of a cell of a table; what is said of the table is about its number of rows. */
static struct tolerance compare_cell_tolerance(void *arg, struct str column)
{
    const struct tolerating *t = arg;
    return tolerance_of2(t->all, t->of, column);
}

static void compare_put_rows(struct comparing *c, struct report_case *k, enum report_change change, const struct grid *g, const uint32_t *rows,
                             size_t n, const struct str *keys, size_t n_keys)
{
    struct buf key = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_reset(&key);
        diff_put_key(g, keys, n_keys, rows[i], &key);
        report_line(c->r, k, &(struct report_line){ .change = change, .key = buf_str(&key) }, i < REPORT_LINES / 4);
    }
    buf_release(&key);
}

/* Each column that differs has its share of the lines that are kept. table: STR_NONE for an answer. */
static void compare_put_cells(struct comparing *c, struct report_case *k, const struct diff *d, const struct grid *was, const struct grid *now,
                              const struct str *keys, size_t n_keys, size_t table)
{
    struct buf key = BUF_INIT;
    struct arena scratch = ARENA_INIT;
    size_t kept[GRID_MAX_COLUMNS] = { 0 }, differing = 0;
    for (size_t i = 0; i < d->n_columns; i++)
        differing += d->columns[i].changed > 0;
    for (size_t i = 0; i < d->n_cells; i++) {
        const struct diff_cell *cell = &d->cells[i];
        const struct diff_column *col = &d->columns[cell->column];
        struct report_line line = { .column = was->columns[col->was], .was = grid_cell(was, cell->was, col->was), .now = grid_cell(now, cell->now, col->now) };
        buf_reset(&key);
        arena_reset(&scratch);
        diff_put_key(now, keys, n_keys, cell->now, &key);
        line.key = buf_str(&key);
        if (table != STR_NONE)
            line.rule = measured_rule(c->now, table, cell->now, line.column, &scratch);
        report_line(c->r, k, &line, kept[cell->column]++ < (REPORT_LINES + differing - 1) / differing);
    }
    buf_release(&key);
    arena_release(&scratch);
}

static void compare_judge(struct comparing *c, struct report_case *k, const struct diff *d, enum report_verdict v)
{
    if (d->n_added || d->n_removed || d->n_cells)
        report_say(c->r, k, v, "rows: %zu added, %zu removed, %llu changed", d->n_added, d->n_removed, (unsigned long long)d->n_changed);
}

/* "title 3, age 1" */
static void compare_say_columns(struct comparing *c, struct report_case *k, const struct diff *d, const struct grid *was)
{
    struct buf text = BUF_INIT;
    uint64_t counted[GRID_MAX_COLUMNS] = { 0 };
    for (size_t i = 0; i < d->n_cells; i++)
        counted[d->cells[i].column]++;
    for (size_t i = 0; i < d->n_columns; i++)
        if (counted[i])
            buf_f(&text, "%s" STR_F " %llu", text.n ? ", " : "", STR_A(was->columns[d->columns[i].was]), (unsigned long long)counted[i]);
    if (text.n)
        report_say(c->r, k, REPORT_SAME, "cells: " STR_F, STR_A(buf_str(&text)));
    buf_release(&text);
}

static int compare_grids(struct comparing *c, struct report_case *k, const struct grid *was, const struct grid *now, const struct str *keys,
                         size_t n_keys, size_t table, enum report_verdict v)
{
    struct diff d;
    struct tolerating t = { &c->was->tolerances, k->group };
    diff_run(&d, was, now, keys, n_keys, table == STR_NONE ? compare_tolerance : compare_cell_tolerance, &t);
    compare_judge(c, k, &d, v);
    compare_say_columns(c, k, &d, was);
    compare_put_rows(c, k, REPORT_REMOVED, was, d.removed, d.n_removed, keys, n_keys);
    compare_put_rows(c, k, REPORT_ADDED, now, d.added, d.n_added, keys, n_keys);
    compare_put_cells(c, k, &d, was, now, keys, n_keys, table);
    diff_release(&d);
    return 0;
}

static int compare_kept_rows(struct comparing *c, struct report_case *k, size_t table)
{
    const struct table *t = c->now->tables[table];
    struct buf text = BUF_INIT;
    struct grid was = { 0 }, now = { 0 };
    int result = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        table_put_jsonl(t, i, &text);
    struct str file = buf_str(&c->was->tables[table].rows);
    if (!str_eq(file, buf_str(&text))) {
        const char *path = arena_f(&c->r->arena, "%s/clean/" STR_F ".jsonl", c->was->dir, STR_A(t->name)).p;
        result = grid_read_jsonl(&was, file, path, c->e) || grid_read_jsonl(&now, buf_str(&text), "the rows of now", c->e) ? -1 : 0;
        if (result == 0)
            result = compare_grids(c, k, &was, &now, &t->columns[t->key].name, 1, table, REPORT_FAILS);
    }
    grid_release(&was);
    grid_release(&now);
    buf_release(&text);
    return result;
}

/* Is anything tolerated in a column of the table? A hash of whole rows cannot tell. */
static bool compare_is_lenient(const struct comparing *c, const struct table_profile *now)
{
    for (size_t i = 0; i < now->n_columns; i++) {
        struct tolerance t = tolerance_of2(&c->was->tolerances, now->name, now->columns[i].name);
        if (t.ignore || t.abs > 0 || t.rel > 0 || t.mostly < 1)
            return true;
    }
    return false;
}

static int compare_kept_hashes(struct comparing *c, struct report_case *k, size_t table)
{
    const struct table *t = c->now->tables[table];
    const struct column *key = &t->columns[t->key];
    struct buf text = BUF_INIT;
    struct grid was = { 0 }, now = { 0 };
    for (size_t i = 0; i < t->n_rows; i++) {
        buf_i64(&text, key->type == COLUMN_INT ? key->v.i32[i] : key->v.i64[i]);
        buf_f(&text, " %016llx\n", (unsigned long long)c->now->row_hashes[table][i]);
    }
    const char *path = arena_f(&c->r->arena, "%s/hashes/" STR_F ".txt", c->was->dir, STR_A(t->name)).p;
    struct str file = buf_str(&c->was->tables[table].hashes);
    bool same = str_eq(file, buf_str(&text));
    int result = 0;
    if (!same && (grid_read_hashes(&was, file, key->name, path, c->e) || grid_read_hashes(&now, buf_str(&text), key->name, path, c->e)))
        result = -1;
    if (result == 0 && !same)
        result = compare_grids(c, k, &was, &now, &key->name, 1, STR_NONE,
                               compare_is_lenient(c, &c->now->profiles[table]) ? REPORT_WARNS : REPORT_FAILS);
    grid_release(&was);
    grid_release(&now);
    buf_release(&text);
    return result;
}

static void compare_table_hash(struct comparing *c, struct report_case *k, const struct table_profile *was, const struct table_profile *now)
{
    if (was->hash[0] != now->hash[0] || was->hash[1] != now->hash[1])
        report_say(c->r, k, compare_is_lenient(c, now) ? REPORT_WARNS : REPORT_FAILS, "the rows are not the same; which ones is not known, as the "
                   "baseline keeps none (weirbox check --update --keep rows)");
}

static int compare_table(struct comparing *c, size_t table)
{
    const struct table_profile *now = &c->now->profiles[table];
    const struct baseline_table *was = &c->was->tables[table];
    compare_profile(c, &was->profile, now);
    struct report_case *k = report_add(c->r, REPORT_DIFF, now->name, now->name);
    if (!k)
        return 0;
    if (!was->has_rows && !was->has_hashes) {
        if (was->profile.name.n)
            compare_table_hash(c, k, &was->profile, now);
        return 0;
    }
    return was->has_rows ? compare_kept_rows(c, k, table) : compare_kept_hashes(c, k, table);
}

/* ---- answers ---- */

static int compare_answer(struct comparing *c, const struct baseline_query *q, size_t i)
{
    const struct query *query = analytics_query(c->now->analytics, i);
    struct report_case *k = report_add(c->r, REPORT_QUERY, q->name, q->name);
    struct str keys[QUERY_MAX_FIELDS];
    struct buf text = BUF_INIT;
    struct grid was = { 0 }, now = { 0 };
    int result = 0;
    if (k && !q->there)
        report_say(c->r, k, REPORT_FAILS, "the baseline has no answer; weirbox check --update adds it");
    if (!k || !q->there)
        return 0;
    for (size_t g = 0; g < query->n_group_by; g++)
        keys[g] = query->fields[query->group_by[g]].name;
    result_put_csv(c->now->answers[i], &text);
    if (!str_eq(buf_str(&text), buf_str(&q->csv))) {
        const char *path = arena_f(&c->r->arena, "%s/queries/" STR_F ".csv", c->was->dir, STR_A(q->name)).p;
        result = grid_read_csv(&was, buf_str(&q->csv), path, c->e) || grid_read_csv(&now, buf_str(&text), path, c->e) ? -1 : 0;
        if (result == 0)
            result = compare_grids(c, k, &was, &now, keys, query->n_group_by, STR_NONE, REPORT_FAILS);
    }
    grid_release(&was);
    grid_release(&now);
    buf_release(&text);
    return result;
}

int compare_run(struct measured *now, struct baseline *was, struct report *r, struct err *e)
{
    struct comparing c = { now, was, r, e };
    for (size_t t = 0; t < now->n_tables; t++)
        if (compare_table(&c, t))
            return -1;
    for (size_t i = 0; i < was->n_queries; i++) {
        if (was->queries[i].asked) {
            if (compare_answer(&c, &was->queries[i], i))
                return -1;
            continue;
        }
        struct report_case *k = report_add(r, REPORT_QUERY, was->queries[i].name, was->queries[i].name);
        if (k)
            report_say(r, k, REPORT_FAILS, "is in the baseline, and no query file asks it any more");
    }
    return 0;
}
