/* What a check says of the rules themselves: operations, keys that joins multiply, expectations. */
#include "pipeline/analytics/query.h"
#include "base/json.h"
#include "pipeline/check/compare.h"
#include "pipeline/clean/op.h"
#include "pipeline/sink/sink.h"

/* ---- operations ---- */

/* Does the operation only stand guard, so that touching no row is what one hopes for? */
static bool compare_guards(const struct op *op)
{
    static const char *const GUARDS[] = { "null_if_blank", "trim" };
    struct str word = str_of(op->kind->word);
    for (size_t i = 0; i < sizeof GUARDS / sizeof *GUARDS; i++)
        if (str_is(word, GUARDS[i]))
            return true;
    size_t n = 0;
    for (size_t i = 0; i < op->n && str_is(word, "null_if"); i++)
        n += op->texts[i].n > 0;
    return str_is(word, "null_if") && n == 0;
}

/* A text that every writer of JSON writes the same way. */
static bool compare_is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] > 0x7e || strchr("\"\\/", text.p[i]))
            return false;
    return text.n > 0;
}

/* Texts the operation looks for that stand nowhere in the raw rows: most likely misspelt. */
static void compare_markers(struct measured *m, size_t table, const struct op *op, struct report *r, struct report_case *k)
{
    static const struct { const char *word, *before, *behind; } MARKED[] = {
        { "null_if", "\"", "\"" }, { "null_if_prefix", "\"", "" }, { "strip_prefix", "\"", "" }, { "replace", "", "" },
    };
    for (size_t i = 0; m->occurs && i < sizeof MARKED / sizeof *MARKED; i++) {
        for (size_t t = 0; str_is(str_of(op->kind->word), MARKED[i].word) && t < op->n; t++) {
            struct str marker = arena_f(&r->arena, "%s" STR_F "%s", MARKED[i].before, STR_A(op->texts[t]), MARKED[i].behind);
            if (compare_is_plain(op->texts[t]) && !m->occurs(m->arg, table, marker))
                report_say(r, k, REPORT_WARNS, "\"" STR_F "\" stands in no raw row; is it misspelt?", STR_A(op->texts[t]));
        }
    }
}

static const struct operation_profile *compare_operation_was(const struct table_profile *was, struct str column, const char *operation)
{
    for (size_t i = 0; i < was->n_operations; i++)
        if (str_eq(was->operations[i].column, column) && str_is(was->operations[i].operation, operation))
            return &was->operations[i];
    return NULL;
}

static void compare_operation(struct measured *m, size_t table, const struct program_column *col, const struct op *op,
                              const struct baseline *b, struct report *r)
{
    const struct table *t = m->tables[table];
    const struct clean_count *count = &t->counts[op->count];
    struct str subject = arena_f(&r->arena, STR_F "." STR_F ".%s", STR_A(t->name), STR_A(col->name), op->kind->word);
    struct report_case *k = report_add(r, REPORT_OPERATION, t->name, subject);
    struct tolerance tolerance = tolerance_of(&b->tolerances, subject);
    const struct operation_profile *was = compare_operation_was(&b->tables[table].profile, col->name, op->kind->word);
    if (!k || tolerance.ignore)
        return;
    if (!count->touched && t->n_rows && op->n && !compare_guards(op))
        report_say(r, k, REPORT_WARNS, "touches no row");
    compare_markers(m, table, op, r, k);
    if (was && !tolerance_same(&tolerance, (double)was->touched, (double)count->touched))
        report_say(r, k, REPORT_WARNS, "touches %llu rows, %llu in the baseline", (unsigned long long)count->touched, (unsigned long long)was->touched);
    else if (!k->message.n)
        report_say(r, k, REPORT_SAME, "touches %llu rows", (unsigned long long)count->touched);
}

void compare_operations(struct measured *m, const struct baseline *was, struct report *r)
{
    for (size_t t = 0; t < m->n_tables && !m->came_clean; t++) {
        const struct program *p = m->tables[t]->program;
        for (size_t c = 0; c < p->n_columns; c++)
            for (size_t i = 0; i < p->columns[c].n_ops; i++)
                compare_operation(m, t, &p->columns[c], &p->columns[c].ops[i], was, r);
    }
}

/* ---- keys ---- */

static int64_t compare_key(const struct table *t, size_t row)
{
    const struct column *key = &t->columns[t->key];
    return key->type == COLUMN_INT ? key->v.i32[row] : key->v.i64[row];
}

/* The queries that join the table, by name; returns how many. */
static size_t compare_joining(const struct measured *m, const struct program *p, struct buf *names)
{
    size_t n = 0;
    for (size_t i = 0; i < analytics_count(m->analytics); i++) {
        const struct query *q = analytics_query(m->analytics, i);
        for (size_t t = 0; t < q->n_tables && q->n_tables > 1; t++)
            if (q->tables[t] == p) {
                buf_f(names, "%s" STR_F, n++ ? ", " : "", STR_A(q->name));
                break;
            }
    }
    return n;
}

void compare_keys(const struct measured *m, struct report *r)
{
    for (size_t i = 0; i < m->n_tables; i++) {
        const struct table *t = m->tables[i];
        struct report_case *k = report_add(r, REPORT_KEYS, t->name, t->name);
        struct buf joining = BUF_INIT;
        size_t repeated = 0, most = 0, most_row = 0;
        for (size_t row = 0, end; k && row < t->n_rows; row = end) {
            for (end = row + 1; end < t->n_rows && compare_key(t, end) == compare_key(t, row);)
                end++;
            repeated += end - row > 1;
            if (end - row > most)
                most = end - row, most_row = row;
        }
        if (repeated && compare_joining(m, t->program, &joining))
            report_say(r, k, REPORT_WARNS, "%zu keys stand in more than one row (" STR_F "=%lld in %zu): inner joins multiply them in " STR_F
                       "; the switch dedupe drops rows that are equal", repeated, STR_A(t->columns[t->key].name), (long long)compare_key(t, most_row),
                       most, STR_A(buf_str(&joining)));
        buf_release(&joining);
    }
}

/* ---- expectations ---- */

static int compare_write_rows(const struct table *t, const struct clean_check *c, struct str subject, const char *dir, struct err *e)
{
    struct buf text = BUF_INIT, name = BUF_INIT;
    for (size_t i = 0; i < c->failing; i++)
        table_put_jsonl(t, c->rows[i], &text);
    buf_f(&name, "checks/" STR_F ".jsonl", STR_A(subject));
    for (size_t i = 7; i < name.n; i++)
        if (name.p[i] == '/')
            name.p[i] = '_';
    int result = sink_put(dir, buf_cstr(&name), buf_str(&text), e);
    buf_release(&text);
    buf_release(&name);
    return result;
}

static void compare_put_failing(const struct table *t, const struct clean_check *c, struct report *r, struct report_case *k)
{
    struct buf row = BUF_INIT, key = BUF_INIT;
    for (size_t i = 0; i < c->failing; i++) {
        struct json cell;
        struct arena name = ARENA_INIT;
        buf_reset(&row);
        buf_reset(&key);
        table_put_jsonl(t, c->rows[i], &row);
        bool found = json_get(buf_str(&row), arena_z(&name, c->column), &cell);
        struct str now = !found ? S("") : cell.type == JSON_STRING ? (struct str){ cell.raw.p - 1, cell.raw.n + 2 } : cell.raw;
        buf_f(&key, STR_F "=%lld", STR_A(t->columns[t->key].name), (long long)compare_key(t, c->rows[i]));
        report_line(r, k, &(struct report_line){ .key = buf_str(&key), .column = c->column, .was = c->wants, .now = now }, true);
        arena_release(&name);
    }
    buf_release(&row);
    buf_release(&key);
}

/* "pin.age.between", and "pin.age.between.2" for the second of that name. */
static struct str compare_check_name(const struct table *t, size_t i, const struct clean_check *c, struct report *r)
{
    size_t before = 0;
    const struct check *own = &t->program->checks[i];
    for (size_t k = 0; k < i; k++)
        before += t->program->checks[k].kind == own->kind && t->program->checks[k].column == own->column;
    struct str name = arena_f(&r->arena, STR_F "%s" STR_F ".%s", STR_A(t->name), c->column.n ? "." : "", STR_A(c->column), c->expects);
    return before ? arena_f(&r->arena, STR_F ".%zu", STR_A(name), before + 1) : name;
}

static int compare_check(const struct measured *m, size_t table, size_t i, struct report *r, const char *dir, struct err *e)
{
    const struct table *t = m->tables[table];
    struct clean_check c = check_run(t, i, m->tables, m->n_tables);
    struct str subject = compare_check_name(t, i, &c, r);
    struct report_case *k = report_add(r, REPORT_CHECK, t->name, subject);
    int result = 0;
    bool flag = str_is(c.wants, "true");
    enum report_verdict v = !c.fails ? REPORT_SAME : c.warns ? REPORT_WARNS : REPORT_FAILS;
    if (k && !c.column.n && c.fails)
        report_say(r, k, v, "%zu rows, expected " STR_F, t->n_rows, STR_A(c.wants));
    else if (k && c.failing)
        report_say(r, k, v, "%llu of %zu rows fail %s%s" STR_F "%s", (unsigned long long)c.failing, t->n_rows, c.expects, flag ? "" : " ",
                   STR_A(flag ? S("") : c.wants), c.fails ? "" : ", as many as `mostly` allows");
    if (k && c.fails)
        compare_put_failing(t, &c, r, k);
    if (k && dir && c.failing)
        result = compare_write_rows(t, &c, subject, dir, e);
    check_release(&c);
    return result;
}

int compare_checks(const struct measured *m, struct report *r, const char *dir, struct err *e)
{
    for (size_t t = 0; t < m->n_tables; t++)
        for (size_t i = 0; i < check_count(m->tables[t]); i++)
            if (compare_check(m, t, i, r, dir, e))
                return -1;
    return 0;
}
