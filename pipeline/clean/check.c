/* expects     a row fails when its cell is
 * not_null    null
 * unique      equal to that of another row (nulls are not compared); every row but the first of equals fails
 * between     a number outside lowest..highest (null passes, as in all that follow)
 * accepted    a text that is not in the list
 * length      a text of fewer or more characters
 * references  a value that no row of the other table's column has
 * rows        (the table as a whole) it has fewer or more rows; no single row fails
 */
#include <math.h>
#include <stdlib.h>

#include "pipeline/clean/program.h"
#include "pipeline/clean/table.h"

static bool check_is_number(enum column_type t)
{
    return t == COLUMN_INT || t == COLUMN_LONG || t == COLUMN_DOUBLE;
}

/* ---- reading ---- */

struct checking {
    struct arena *a;
    struct check *c;
    enum column_type type; /* of the column */
    struct err *e;
};

static int check_bound(const struct node *n, double open, double *ret, struct err *e)
{
    *ret = open;
    if (n->type == JSON_NULL || (n->type == JSON_NUMBER && str_to_double(n->text, ret)))
        return 0;
    return doc_fail(n, e, "must be a number, or null where there is no bound");
}

static int check_bounds(struct checking *k, const struct node *n)
{
    if (n->type != JSON_ARRAY || n->n != 2)
        return doc_fail(n, k->e, "must be [lowest, highest]");
    return check_bound(n->child, -INFINITY, &k->c->low, k->e) || check_bound(n->child->next, INFINITY, &k->c->high, k->e) ? -1 : 0;
}

static int check_between(struct checking *k, const struct node *n)
{
    return check_is_number(k->type) ? check_bounds(k, n) : doc_fail(n, k->e, "needs a column of numbers");
}

static int check_accepted(struct checking *k, const struct node *n)
{
    return k->type == COLUMN_STRING ? doc_texts(k->a, n, &k->c->accepted, &k->c->n_accepted, k->e)
                                    : doc_fail(n, k->e, "needs a column of texts");
}

static int check_length(struct checking *k, const struct node *n)
{
    return k->type == COLUMN_STRING ? check_bounds(k, n) : doc_fail(n, k->e, "needs a column of texts");
}

static int check_references(struct checking *k, const struct node *n)
{
    if (doc_want(n, JSON_STRING, k->e))
        return -1;
    if (k->type != COLUMN_STRING && k->type != COLUMN_INT && k->type != COLUMN_LONG)
        return doc_fail(n, k->e, "needs a column of texts or whole numbers");
    k->c->reference = n; /* the other table may not be read yet: check_link */
    return 0;
}

static int check_true(struct checking *k, const struct node *n)
{
    bool on;
    if (doc_flag(n, &on, k->e))
        return -1;
    return on ? 0 : doc_fail(n, k->e, "must be true; leave the check out otherwise");
}

static const struct kind {
    const char *word;
    int (*read)(struct checking *k, const struct node *n);
} KINDS[] = {
    [CHECK_NOT_NULL] = { "not_null", check_true },     [CHECK_UNIQUE] = { "unique", check_true },
    [CHECK_BETWEEN] = { "between", check_between },    [CHECK_ACCEPTED] = { "accepted", check_accepted },
    [CHECK_LENGTH] = { "length", check_length },       [CHECK_REFERENCES] = { "references", check_references },
    [CHECK_ROWS] = { "rows", check_bounds },
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };
#define WORDS_OF_EXPECTS "not_null, unique, between, accepted, length, references"

static int check_severity(const struct node *n, struct check *c, struct err *e)
{
    struct str known[] = { S("error"), S("warn") };
    const struct node *severity = doc_get(n, "severity");
    if (!severity)
        return 0;
    c->warns = str_eq(severity->text, known[1]);
    return c->warns || str_eq(severity->text, known[0])
               ? 0
               : doc_unknown(severity, e, "severity", severity->text, known, 2);
}

static int check_mostly(const struct node *n, struct check *c, struct err *e)
{
    const struct node *mostly = doc_get(n, "mostly");
    c->mostly = 1;
    if (!mostly)
        return 0;
    if (mostly->type != JSON_NUMBER || !str_to_double(mostly->text, &c->mostly) || c->mostly < 0 || c->mostly > 1)
        return doc_fail(mostly, e, "must be a part of the rows from 0 to 1, such as 0.99");
    if (c->kind == CHECK_ROWS)
        return doc_fail(mostly, e, "has no meaning with \"rows\"");
    return 0;
}

static int check_one(struct arena *a, const struct program *p, const struct node *n, struct check *c, struct err *e)
{
    static const char *const WORDS[] = { "column",     "not_null", "unique",   "between", "accepted", "length",
                                         "references", "rows",     "severity", "mostly",  NULL };
    const struct node *column, *expects = NULL;
    struct buf wants = BUF_INIT;
    if (doc_keys(n, WORDS, e))
        return -1;
    for (int k = 0; k < N_KINDS; k++) {
        const struct node *found = doc_get(n, KINDS[k].word);
        if (found && expects)
            return doc_fail(found, e, "a check expects one thing; write another check");
        if (found)
            expects = found, c->kind = (enum check_kind)k;
    }
    column = doc_get(n, "column");
    if (expects && c->kind == CHECK_ROWS && column)
        return doc_fail(column, e, "\"rows\" is about the table, not a column");
    if (!expects || (!column && c->kind != CHECK_ROWS))
        return doc_fail(n, e, "needs \"column\" and one of " WORDS_OF_EXPECTS ", or \"rows\" alone");
    if ((column && program_find(p, column, &c->column, e)) || check_severity(n, c, e) || check_mostly(n, c, e))
        return -1;
    doc_put(expects, &wants);
    c->wants = arena_keep(a, &wants);
    return KINDS[c->kind].read(&(struct checking){ a, c, p->columns[c->column].type, e }, expects);
}

int check_compile(struct arena *a, struct program *p, const struct node *file, struct err *e)
{
    const struct node *checks = doc_get(file, "checks");
    if (!checks)
        return 0;
    if (doc_want(checks, JSON_ARRAY, e))
        return -1;
    p->checks = ARENA_ARRAY(a, struct check, checks->n + 1);
    for (const struct node *n = checks->child; n; n = n->next)
        if (check_one(a, p, n, &p->checks[p->n_checks++], e))
            return -1;
    return 0;
}

static int check_link_one(const struct rules *r, const struct program *p, struct check *c, struct err *e)
{
    struct str name = c->reference->text, table = str_cut(&name, '.'), known[32];
    size_t n = 0;
    for (size_t i = 0; i < 32 && rules_table_name(r, i).p; i++)
        known[n++] = rules_table_name(r, i);
    if (!name.n)
        return doc_fail(c->reference, e, "must be \"table.column\"");
    c->other = rules_program(r, table);
    if (!c->other)
        return doc_unknown(c->reference, e, "table", table, known, n);
    struct node column = *c->reference;
    column.text = name;
    if (program_find(c->other, &column, &c->other_column, e))
        return -1;
    bool text = p->columns[c->column].type == COLUMN_STRING;
    enum column_type other = c->other->columns[c->other_column].type;
    if (text ? other != COLUMN_STRING : other != COLUMN_INT && other != COLUMN_LONG)
        return doc_fail(c->reference, e, "must be a column of %s, as the column that refers to it", text ? "texts" : "whole numbers");
    return 0;
}

int check_link(const struct rules *r, const struct program *p, struct err *e)
{
    for (size_t i = 0; i < p->n_checks; i++)
        if (p->checks[i].reference && check_link_one(r, p, &p->checks[i], e))
            return -1;
    return 0;
}

size_t check_count(const struct table *t)
{
    return t->program->n_checks;
}

/* ---- running ---- */

static double check_number(const struct column *c, size_t row)
{
    return c->type == COLUMN_INT ? c->v.i32[row] : c->type == COLUMN_LONG ? (double)c->v.i64[row] : c->v.f64[row];
}

static size_t check_characters(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static bool check_is_accepted(const struct check *k, struct str text)
{
    for (size_t i = 0; i < k->n_accepted; i++)
        if (str_eq(text, k->accepted[i]))
            return true;
    return false;
}

static bool check_fails(const struct check *k, const struct column *c, size_t row)
{
    if (k->kind == CHECK_NOT_NULL || c->null[row])
        return k->kind == CHECK_NOT_NULL && c->null[row];
    if (k->kind == CHECK_ACCEPTED)
        return !check_is_accepted(k, column_text(c, row));
    double v = k->kind == CHECK_LENGTH ? (double)check_characters(column_text(c, row)) : check_number(c, row);
    return v < k->low || v > k->high;
}

static void check_fail(struct clean_check *out, size_t row)
{
    if ((out->failing & (out->failing - 1)) == 0)
        out->rows = mem_grow(out->rows, (out->failing ? out->failing * 2 : 1) * sizeof *out->rows);
    out->rows[out->failing++] = (uint32_t)row;
}

static int check_compare(const void *a, const void *b, void *column)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = table_compare_cell(column, x, y);
    return order ? order : (x > y) - (x < y);
}

static int check_compare_rows(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check_unique(const struct table *t, struct column *c, struct clean_check *out)
{
    uint32_t *rows = mem_alloc(t->n_rows * sizeof *rows + 1);
    for (size_t i = 0; i < t->n_rows; i++)
        rows[i] = (uint32_t)i;
    qsort_r(rows, t->n_rows, sizeof *rows, check_compare, c);
    for (size_t i = 1; i < t->n_rows; i++)
        if (!c->null[rows[i]] && table_compare_cell(c, rows[i - 1], rows[i]) == 0)
            check_fail(out, rows[i]);
    if (out->failing)
        qsort(out->rows, out->failing, sizeof *out->rows, check_compare_rows);
    free(rows);
}

/* A cell as the key of a map: a text as it is, a whole number by its eight bytes. */
static struct str check_value(const struct column *c, size_t row, int64_t *room)
{
    if (c->type == COLUMN_STRING)
        return column_text(c, row);
    *room = c->type == COLUMN_INT ? c->v.i32[row] : c->v.i64[row];
    return (struct str){ (const char *)room, sizeof *room };
}

static void check_related(const struct table *t, const struct column *c, const struct table *other, size_t other_column,
                          struct clean_check *out)
{
    struct map there = MAP_INIT;
    int64_t room;
    for (size_t i = 0; other && i < other->n_rows; i++)
        if (!other->columns[other_column].null[i])
            map_put(&there, check_value(&other->columns[other_column], i, &room), out);
    for (size_t i = 0; i < t->n_rows; i++)
        if (!c->null[i] && !map_get(&there, check_value(c, i, &room)))
            check_fail(out, i);
    map_release(&there);
}

static const struct table *check_other(const struct check *k, const struct table *const *tables, size_t n_tables)
{
    for (size_t i = 0; i < n_tables; i++)
        if (tables[i] && tables[i]->program == k->other)
            return tables[i];
    return NULL;
}

struct clean_check check_run(const struct table *t, size_t i, const struct table *const *tables, size_t n_tables)
{
    const struct check *k = &t->program->checks[i];
    struct column *c = &t->columns[k->column];
    struct clean_check out = { .expects = KINDS[k->kind].word, .wants = k->wants, .mostly = k->mostly, .warns = k->warns };
    if (k->kind == CHECK_ROWS) {
        out.fails = (double)t->n_rows < k->low || (double)t->n_rows > k->high;
        return out;
    }
    out.column = c->name;
    if (k->kind == CHECK_UNIQUE)
        check_unique(t, c, &out);
    else if (k->kind == CHECK_REFERENCES)
        check_related(t, c, check_other(k, tables, n_tables), k->other_column, &out);
    else
        for (size_t row = 0; row < t->n_rows; row++)
            if (check_fails(k, c, row))
                check_fail(&out, row);
    out.fails = out.failing && (double)(t->n_rows - out.failing) < k->mostly * (double)t->n_rows;
    return out;
}

void check_release(struct clean_check *c)
{
    free(c->rows);
    c->rows = NULL;
}
