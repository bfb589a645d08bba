#include "pipeline/check/baseline.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pipeline/clean/op.h"
#include "pipeline/clean/program.h"
#include "pipeline/sink/sink.h"

static const char *baseline_path(struct baseline *b, const char *folder, struct str name, const char *end)
{
    return arena_f(&b->arena, "%s/" STR_F "%s", folder, STR_A(name), end).p;
}

/* 0 read, 1 not there. */
static int baseline_get(struct baseline *b, const char *relative, struct buf *ret, struct err *e)
{
    int got = sink_get(b->dir, relative, ret, e);
    b->n_found += got == 0;
    return got;
}

static int baseline_read_table(struct baseline *b, struct baseline_table *t, struct str name, struct err *e)
{
    struct buf text = BUF_INIT;
    const char *profile = baseline_path(b, "profile", name, ".json");
    int got = baseline_get(b, profile, &text, e);
    if (got == 0)
        got = profile_read(&b->arena, arena_f(&b->arena, "%s/%s", b->dir, profile), buf_str(&text), &t->profile, e);
    t->had_profile = got == 0;
    buf_release(&text);
    if (got < 0)
        return -1;
    if ((got = baseline_get(b, baseline_path(b, "clean", name, ".jsonl"), &t->rows, e)) < 0)
        return -1;
    t->has_rows = got == 0;
    if ((got = baseline_get(b, baseline_path(b, "hashes", name, ".txt"), &t->hashes, e)) < 0)
        return -1;
    t->has_hashes = got == 0;
    return 0;
}

/* ---- queries ---- */

static struct baseline_query *baseline_add_query(struct baseline *b, struct str name)
{
    if ((b->n_queries & (b->n_queries - 1)) == 0)
        b->queries = mem_grow(b->queries, (b->n_queries ? b->n_queries * 2 : 1) * sizeof *b->queries);
    struct baseline_query *q = &b->queries[b->n_queries++];
    *q = (struct baseline_query){ .name = arena_dup(&b->arena, name) };
    return q;
}

static int baseline_read_query(struct baseline *b, struct baseline_query *q, struct err *e)
{
    int got = baseline_get(b, baseline_path(b, "queries", q->name, ".csv"), &q->csv, e);
    q->there = got == 0;
    return got < 0 ? -1 : 0;
}

static int baseline_compare_queries(const void *a, const void *b)
{
    return str_cmp(((const struct baseline_query *)a)->name, ((const struct baseline_query *)b)->name);
}

/* Answers to questions that are no longer asked. */
static int baseline_other_queries(struct baseline *b, struct err *e)
{
    size_t own = b->n_queries;
    DIR *d = opendir(arena_f(&b->arena, "%s/queries", b->dir).p);
    for (struct dirent *f; d && (f = readdir(d));) {
        struct str name = str_of(f->d_name);
        bool known = !str_ends(name, S(".csv"));
        name = str_head(name, name.n - (known ? 0 : 4));
        for (size_t i = 0; i < own && !known; i++)
            known = str_eq(b->queries[i].name, name);
        if (!known)
            baseline_add_query(b, name);
    }
    if (d)
        closedir(d);
    qsort(b->queries + own, b->n_queries - own, sizeof *b->queries, baseline_compare_queries);
    for (size_t i = own; i < b->n_queries; i++)
        if (baseline_read_query(b, &b->queries[i], e))
            return -1;
    return 0;
}

/* ---- tolerances ---- */

struct names {
    struct arena *a;
    struct str *names;
    size_t n;
};

static void baseline_know(struct names *k, struct str name)
{
    if ((k->n & (k->n - 1)) == 0)
        k->names = mem_grow(k->names, (k->n ? k->n * 2 : 1) * sizeof *k->names);
    k->names[k->n++] = name;
}

static void baseline_know_table(struct names *k, const struct table *t, const struct table_profile *was)
{
    baseline_know(k, t->name);
    for (size_t c = 0; c < t->n_columns; c++)
        baseline_know(k, arena_f(k->a, STR_F "." STR_F, STR_A(t->name), STR_A(t->columns[c].name)));
    for (size_t c = 0; c < was->n_columns; c++)
        if (!table_column(t, was->columns[c].name))
            baseline_know(k, arena_f(k->a, STR_F "." STR_F, STR_A(t->name), STR_A(was->columns[c].name)));
    for (size_t i = 0; i < t->n_counts; i++)
        if (op_find(str_of(t->counts[i].operation)))
            baseline_know(k, arena_f(k->a, STR_F "." STR_F ".%s", STR_A(t->name), STR_A(t->counts[i].column), t->counts[i].operation));
}

static int baseline_read_tolerances(struct baseline *b, const struct measured *now, struct err *e)
{
    struct names k = { .a = &b->arena };
    struct buf text = BUF_INIT;
    int got = sink_get(b->dir, "tolerances.json", &text, e);
    for (size_t t = 0; t < now->n_tables; t++)
        baseline_know_table(&k, now->tables[t], &b->tables[t].profile);
    for (size_t i = 0; now->answers && i < analytics_count(now->analytics); i++) {
        const struct result *r = now->answers[i];
        baseline_know(&k, r->name);
        for (size_t c = 0; c < r->n_columns; c++)
            baseline_know(&k, arena_f(k.a, STR_F "." STR_F, STR_A(r->name), STR_A(r->columns[c].name)));
    }
    if (got == 0)
        got = tolerance_read(&b->arena, arena_f(&b->arena, "%s/tolerances.json", b->dir), buf_str(&text), k.names, k.n, &b->tolerances, e);
    free(k.names);
    buf_release(&text);
    return got < 0 ? -1 : 0;
}

int baseline_open(struct baseline *b, const char *dir, const struct measured *now, struct err *e)
{
    *b = (struct baseline){ .dir = dir };
    for (size_t t = 0; t < now->n_tables; t++)
        if (baseline_read_table(b, &b->tables[t], now->tables[t]->name, e))
            return -1;
    for (size_t i = 0; now->answers && i < analytics_count(now->analytics); i++) {
        struct baseline_query *q = baseline_add_query(b, now->answers[i]->name);
        q->asked = true;
        if (baseline_read_query(b, q, e))
            return -1;
    }
    return baseline_other_queries(b, e) || baseline_read_tolerances(b, now, e) ? -1 : 0;
}

void baseline_close(struct baseline *b)
{
    for (size_t t = 0; t < MEASURED_MAX_TABLES; t++) {
        buf_release(&b->tables[t].rows);
        buf_release(&b->tables[t].hashes);
    }
    for (size_t i = 0; i < b->n_queries; i++)
        buf_release(&b->queries[i].csv);
    free(b->queries);
    arena_release(&b->arena);
}

/* ---- accepting ---- */

/* The columns as they are now; figures of those that stay are still the baseline's. */
static void baseline_accept_schema(struct baseline *b, struct table_profile *was, const struct table_profile *now)
{
    struct column_profile *columns = ARENA_ARRAY(&b->arena, struct column_profile, now->n_columns + 1);
    for (size_t i = 0; i < now->n_columns; i++) {
        const struct column_profile *old = profile_column(was, now->columns[i].name);
        columns[i] = old && str_eq(old->type, now->columns[i].type) ? *old : now->columns[i];
    }
    was->columns = columns;
    was->n_columns = now->n_columns;
}

static void baseline_accept_column(struct table_profile *was, const struct table_profile *now, struct str subject)
{
    struct str name = str_from(subject, now->name.n + 1);
    for (size_t i = 0; i < was->n_columns; i++)
        if (str_eq(was->columns[i].name, name) && profile_column(now, name))
            was->columns[i] = *profile_column(now, name);
}

/* Operations are kept as a whole: their order is the rule file's. */
static void baseline_accept_operations(struct table_profile *was, const struct table_profile *now)
{
    if (!now->n_operations)
        return;
    was->operations = now->operations;
    was->n_operations = now->n_operations;
}

static void baseline_accept_table(struct baseline *b, struct baseline_table *t, const struct table_profile *now, const struct report_case *c)
{
    struct table_profile *was = &t->profile;
    t->profile_changed = true;
    if (!was->name.n) {
        *was = *now;
        t->rows_changed = true;
        return;
    }
    switch (c->kind) {
    case REPORT_SCHEMA:
        baseline_accept_schema(b, was, now);
        break;
    case REPORT_ROWS:
        was->rows = now->rows;
        break;
    case REPORT_COLUMN:
        baseline_accept_column(was, now, c->subject);
        break;
    case REPORT_OPERATION:
        baseline_accept_operations(was, now);
        break;
    case REPORT_DIFF:
        memcpy(was->hash, now->hash, sizeof was->hash);
        was->keys = now->keys;
        t->rows_changed = true;
        break;
    default:
        break;
    }
}

void baseline_accept(struct baseline *b, const struct measured *now, struct report_case *c)
{
    if (!c->acceptable)
        return;
    c->accepted = true;
    for (size_t t = 0; t < now->n_tables && c->kind != REPORT_QUERY; t++)
        if (str_eq(now->tables[t]->name, c->group))
            baseline_accept_table(b, &b->tables[t], &now->profiles[t], c);
    for (size_t i = 0; i < b->n_queries && c->kind == REPORT_QUERY; i++)
        if (str_eq(b->queries[i].name, c->group))
            b->queries[i].changed = true;
}

void baseline_accept_all(struct baseline *b, const struct measured *now, struct report *r)
{
    for (size_t i = 0; i < r->n_cases; i++)
        r->cases[i].accepted = r->cases[i].acceptable;
    for (size_t t = 0; t < now->n_tables; t++) {
        struct table_profile old = b->tables[t].profile;
        b->tables[t].profile = now->profiles[t];
        if (now->came_clean)
            baseline_accept_operations(&b->tables[t].profile, &old);
        b->tables[t].profile_changed = b->tables[t].rows_changed = true;
    }
    for (size_t i = 0; i < b->n_queries; i++)
        b->queries[i].changed = true;
}

/* ---- writing ---- */

static int baseline_remove(struct baseline *b, const char *relative, struct err *e)
{
    const char *path = arena_f(&b->arena, "%s/%s", b->dir, relative).p;
    return unlink(path) && errno != ENOENT ? err_set(e, 0, "DISK", "cannot remove %s: %s", path, strerror(errno)) : 0;
}

static void baseline_put_hashes(const struct table *t, const uint64_t *hashes, struct buf *out)
{
    const struct column *key = &t->columns[t->key];
    for (size_t i = 0; i < t->n_rows; i++) {
        buf_i64(out, key->type == COLUMN_INT ? key->v.i32[i] : key->v.i64[i]);
        buf_f(out, " %016llx\n", (unsigned long long)hashes[i]);
    }
}

static enum baseline_keep baseline_keeps(const struct baseline_table *t, size_t n_rows, enum baseline_keep keep)
{
    if (keep != BASELINE_AUTO)
        return keep;
    if (t->has_rows || t->has_hashes || t->had_profile)
        return t->has_rows ? BASELINE_ROWS : t->has_hashes ? BASELINE_HASHES : BASELINE_NONE;
    return n_rows <= BASELINE_ROWS_MOST ? BASELINE_ROWS : n_rows <= BASELINE_HASHES_MOST ? BASELINE_HASHES : BASELINE_NONE;
}

static int baseline_write_rows(struct baseline *b, struct baseline_table *was, const struct measured *now, size_t table, enum baseline_keep keep,
                               struct err *e)
{
    const struct table *t = now->tables[table];
    const char *hashes = baseline_path(b, "hashes", t->name, ".txt"), *rows = baseline_path(b, "clean", t->name, ".jsonl");
    struct buf text = BUF_INIT;
    int result = 0;
    keep = baseline_keeps(was, t->n_rows, keep);
    if (keep == BASELINE_ROWS)
        result = sink_table(b->dir, t, e);
    else
        result = baseline_remove(b, rows, e);
    if (result == 0 && keep == BASELINE_HASHES) {
        baseline_put_hashes(t, now->row_hashes[table], &text);
        result = sink_put(b->dir, hashes, buf_str(&text), e);
    } else if (result == 0) {
        result = baseline_remove(b, hashes, e);
    }
    buf_release(&text);
    return result;
}

static int baseline_write_profile(struct baseline *b, const struct table_profile *p, struct err *e)
{
    struct buf text = BUF_INIT;
    profile_put(p, &text);
    int result = sink_put(b->dir, baseline_path(b, "profile", p->name, ".json"), buf_str(&text), e);
    buf_release(&text);
    return result;
}

static int baseline_write_query(struct baseline *b, const struct baseline_query *q, const struct measured *now, struct err *e)
{
    for (size_t i = 0; now->answers && i < analytics_count(now->analytics); i++)
        if (str_eq(now->answers[i]->name, q->name))
            return sink_answer(b->dir, now->answers[i], e);
    return baseline_remove(b, baseline_path(b, "queries", q->name, ".csv"), e);
}

int baseline_write(struct baseline *b, const struct measured *now, enum baseline_keep keep, struct err *e)
{
    for (size_t t = 0; t < now->n_tables; t++) {
        struct baseline_table *was = &b->tables[t];
        if (was->profile_changed && baseline_write_profile(b, &was->profile, e))
            return -1;
        if (was->rows_changed && baseline_write_rows(b, was, now, t, keep, e))
            return -1;
    }
    for (size_t i = 0; i < b->n_queries; i++)
        if (b->queries[i].changed && baseline_write_query(b, &b->queries[i], now, e))
            return -1;
    return 0;
}
