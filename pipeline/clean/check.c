/* expects    a row fails when its cell is
 * not_null   null
 * unique     equal to that of another row (nulls are not compared); every row but the first of equals fails
 * between    a number outside low..high (null passes)
 * accepted   a text that is not in the list (null passes)
 */
#include <stdlib.h>

#include "pipeline/clean/program.h"
#include "pipeline/clean/table.h"

static const char *const EXPECTS[] = { [CHECK_NOT_NULL] = "not_null", [CHECK_UNIQUE] = "unique",
                                       [CHECK_BETWEEN] = "between", [CHECK_ACCEPTED] = "accepted" };

static int check_between(const struct node *n, const struct program_column *col, struct check *c, struct err *e)
{
    if (col->type != COLUMN_INT && col->type != COLUMN_LONG && col->type != COLUMN_DOUBLE)
        return doc_fail(n, e, "needs a column of numbers");
    if (n->type != JSON_ARRAY || n->n != 2 || n->child->type != JSON_NUMBER || n->child->next->type != JSON_NUMBER ||
        !str_to_double(n->child->text, &c->low) || !str_to_double(n->child->next->text, &c->high))
        return doc_fail(n, e, "must be [lowest, highest]");
    return 0;
}

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

static int check_one(struct arena *a, const struct program *p, const struct node *n, struct check *c, struct err *e)
{
    static const char *const WORDS[] = { "column", "not_null", "unique", "between", "accepted", "severity", NULL };
    const struct node *column, *expects = NULL;
    bool on;
    if (doc_keys(n, WORDS, e))
        return -1;
    for (int k = CHECK_NOT_NULL; k <= CHECK_ACCEPTED; k++) {
        const struct node *found = doc_get(n, EXPECTS[k]);
        if (found && expects)
            return doc_fail(found, e, "a check expects one thing; write another check");
        if (found)
            expects = found, c->kind = (enum check_kind)k;
    }
    if (!expects || !(column = doc_get(n, "column")))
        return doc_fail(n, e, "needs \"column\" and one of not_null, unique, between, accepted");
    if (program_find(p, column, &c->column, e) || check_severity(n, c, e))
        return -1;
    const struct program_column *col = &p->columns[c->column];
    if (c->kind == CHECK_BETWEEN)
        return check_between(expects, col, c, e);
    if (c->kind == CHECK_ACCEPTED)
        return col->type == COLUMN_STRING ? doc_texts(a, expects, &c->accepted, &c->n_accepted, e)
                                          : doc_fail(expects, e, "needs a column of texts");
    if (doc_flag(expects, &on, e))
        return -1;
    return on ? 0 : doc_fail(expects, e, "must be true; leave the check out otherwise");
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

size_t check_count(const struct table *t)
{
    return t->program->n_checks;
}

static double check_number(const struct column *c, size_t row)
{
    return c->type == COLUMN_INT ? c->v.i32[row] : c->type == COLUMN_LONG ? (double)c->v.i64[row] : c->v.f64[row];
}

static bool check_fails(const struct check *k, const struct column *c, size_t row)
{
    if (k->kind == CHECK_NOT_NULL || c->null[row])
        return k->kind == CHECK_NOT_NULL && c->null[row];
    if (k->kind == CHECK_BETWEEN)
        return check_number(c, row) < k->low || check_number(c, row) > k->high;
    for (size_t i = 0; i < k->n_accepted; i++)
        if (str_eq(c->v.text[row], k->accepted[i]))
            return false;
    return true;
}

static int check_compare(const void *a, const void *b, void *column)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = table_compare_cell(column, x, y);
    return order ? order : (x > y) - (x < y);
}

static void check_fail(struct clean_check *out, size_t row)
{
    if (!out->failing++ || row < out->first)
        out->first = row;
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
    free(rows);
}

struct clean_check check_run(const struct table *t, size_t i)
{
    const struct check *k = &t->program->checks[i];
    struct column *c = &t->columns[k->column];
    struct clean_check out = { .column = c->name, .expects = EXPECTS[k->kind], .warns = k->warns };
    if (k->kind == CHECK_UNIQUE)
        check_unique(t, c, &out);
    for (size_t row = 0; k->kind != CHECK_UNIQUE && row < t->n_rows; row++)
        if (check_fails(k, c, row))
            check_fail(&out, row);
    return out;
}
