#include "pipeline/check/ruletest.h"

#include <stdlib.h>

#include "base/json.h"
#include "pipeline/analytics/query.h"
#include "pipeline/clean/program.h"

enum { MAX_FAILURES = 20 };

struct testing {
    const struct rules *rules;
    const struct analytics *analytics;
    struct report *report;
    struct err *e;
    struct report_case *k; /* the example at work */
    struct arena scratch;
};

/* The place of the node and what is wrong, as a line of the case. */
static void ruletest_differs(struct testing *t, const struct node *at, struct str expected, struct str actual)
{
    struct err why;
    doc_fail(at, &why, "expected " STR_F ", got " STR_F, STR_A(str_head(expected, 200)), STR_A(str_head(actual, 200)));
    if (t->k->n_all < MAX_FAILURES)
        report_say(t->report, t->k, REPORT_FAILS, "%s", why.message);
    report_line(t->report, t->k, &(struct report_line){ .column = at->key.p ? at->key : S("rows"), .was = expected, .now = actual }, true);
}

static struct str ruletest_text(struct testing *t, const struct node *n)
{
    struct buf b = BUF_INIT;
    doc_put(n, &b);
    return arena_keep(&t->scratch, &b);
}

/* ---- values ---- */

static bool ruletest_same(struct testing *t, const struct node *want, struct str got)
{
    struct json_reader r;
    struct json v;
    double x, y;
    if (want->type == JSON_NUMBER)
        return str_to_double(want->text, &x) && str_to_double(got, &y) && x == y;
    if (want->type != JSON_ARRAY)
        return str_eq(ruletest_text(t, want), got);
    const struct node *n = want->child;
    json_open(&r, got);
    if (json_enter(&r, JSON_ARRAY))
        return false;
    for (; json_element(&r) == 1 && json_read(&r, &v) == 0; n = n->next)
        if (!n || !ruletest_same(t, n, v.raw)) /* arrays hold numbers and nulls only */
            return false;
    return !n && json_close(&r) == 0;
}

/* A row as {"column": value} against what is expected of it. */
static int ruletest_row(struct testing *t, const struct node *want, struct str row)
{
    struct json v;
    if (doc_want(want, JSON_OBJECT, t->e))
        return -1;
    for (const struct node *n = want->child; n; n = n->next) {
        if (!json_get(row, arena_z(&t->scratch, n->key), &v)) {
            struct node at = *n;
            at.at = n->key_at;
            return doc_fail(&at, t->e, "there is no such column");
        }
        struct str got = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
        if (!ruletest_same(t, n, got))
            ruletest_differs(t, n, ruletest_text(t, n), got);
    }
    return 0;
}

/* ---- given rows ---- */

static bool ruletest_has(const struct node *object, struct str name)
{
    for (const struct node *c = object->child; c; c = c->next)
        if (str_eq(c->key, name))
            return true;
    return false;
}

static void ruletest_add(struct buf *out, struct map *added, struct str name, struct str value)
{
    if (map_put(added, name, added))
        return;
    buf_c(out, ',');
    json_put_text(out, name);
    buf_c(out, ':');
    buf_str_add(out, value);
}

/* What the rules need and the example leaves out is null; the key is the row's number. */
static struct str ruletest_record(struct testing *t, const struct program *p, const struct node *given, size_t number)
{
    struct buf out = BUF_INIT;
    struct map added = MAP_INIT;
    doc_put(given, &out);
    out.n--; /* the bracket */
    if (!given->n)
        buf_z(&out, "\"\":null"); /* so that commas come right: a member that nobody knows */
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct program_column *col = &p->columns[i];
        bool there = false;
        for (size_t k = 0; k < col->n_from; k++)
            there = there || ruletest_has(given, p->inputs[col->from[k]]);
        for (size_t k = 0; k < col->n_parts && !there; k++)
            if (!col->parts[k].literal && !ruletest_has(given, p->inputs[col->parts[k].input]))
                ruletest_add(&out, &added, p->inputs[col->parts[k].input], S("null"));
        if (!there && col->source == SOURCE_MEMBER)
            ruletest_add(&out, &added, p->inputs[col->from[0]], i == p->key ? arena_f(&t->scratch, "%zu", number) : S("null"));
    }
    buf_c(&out, '}');
    map_release(&added);
    return arena_keep(&t->scratch, &out);
}

/* A misspelt member would be null without a word. */
static int ruletest_members(struct testing *t, const struct program *p, const struct node *given)
{
    for (const struct node *n = given->type == JSON_OBJECT ? given->child : NULL; n; n = n->next) {
        size_t i = 0;
        while (i < p->n_inputs && !str_eq(p->inputs[i], n->key))
            i++;
        struct node at = *n;
        at.at = n->key_at;
        if (i == p->n_inputs)
            return doc_unknown(&at, t->e, "member", n->key, p->inputs, p->n_inputs);
    }
    return 0;
}

static int ruletest_all_members(struct testing *t, const struct program *p, const struct node *given)
{
    if (given->type != JSON_ARRAY)
        return ruletest_members(t, p, given);
    for (const struct node *n = given->child; n; n = n->next)
        if (ruletest_members(t, p, n))
            return -1;
    return 0;
}

/* Cleans one given row; a text is the record's bytes as they are. */
static int64_t ruletest_give(struct testing *t, struct cleaner *c, const struct program *p, const struct node *given, size_t number, bool filled,
                             struct err *reason)
{
    struct str record = given->type == JSON_STRING                ? given->text
                        : filled && given->type == JSON_OBJECT ? ruletest_record(t, p, given, number)
                                                               : ruletest_text(t, given);
    return cleaner_add(c, record, number, reason);
}

/* ---- a table's examples ---- */

static void ruletest_quarantine(struct testing *t, struct cleaner *c, const struct program *p, const struct node *given, const struct node *want)
{
    struct err reason = { 0 };
    if (ruletest_give(t, c, p, given, 1, false, &reason) >= 0)
        ruletest_differs(t, want, want->text, S("a cleaned row"));
    else if (!str_is(want->text, reason.code))
        ruletest_differs(t, want, want->text, str_of(reason.code));
}

static int ruletest_rows(struct testing *t, struct cleaner *c, const struct program *p, const struct node *given, const struct node *expect)
{
    bool many = expect->type == JSON_ARRAY, list = given->type == JSON_ARRAY && many;
    size_t number = 0, row = 0;
    struct err reason;
    for (const struct node *n = list ? given->child : given; n; n = list ? n->next : NULL)
        if (ruletest_give(t, c, p, n, ++number, true, &reason) < 0)
            ruletest_differs(t, n, S("a cleaned row"), arena_f(&t->scratch, "quarantine %s: %s", reason.code, reason.message));
    struct table *table = cleaner_take(c);
    table_finish(table);
    size_t want = many ? expect->n : 1;
    if (table->n_rows != want && !t->k->n_all)
        ruletest_differs(t, expect, arena_f(&t->scratch, "%zu rows", want), arena_f(&t->scratch, "%zu rows", table->n_rows));
    int result = 0;
    for (const struct node *n = many ? expect->child : expect; n && row < table->n_rows && result == 0; n = many ? n->next : NULL, row++) {
        struct buf text = BUF_INIT;
        table_put_jsonl(table, row, &text);
        result = ruletest_row(t, n, str_trim(buf_str(&text)));
        buf_release(&text);
    }
    table_close(table);
    return result;
}

static int ruletest_table(struct testing *t, struct str name, const struct node *given, const struct node *expect)
{
    const struct program *p = rules_program(t->rules, name);
    const struct node *quarantine = doc_get(expect, "quarantine");
    struct cleaner *c = cleaner_open(t->rules, name, false);
    int result = ruletest_all_members(t, p, given);
    if (result)
        ; /* told */
    else if (quarantine && (expect->n != 1 || quarantine->type != JSON_STRING))
        result = doc_fail(quarantine, t->e, "stands alone, and is the code of a refusal, such as \"REQUIRED_NULL\"");
    else if (quarantine)
        ruletest_quarantine(t, c, p, given, quarantine);
    else
        result = ruletest_rows(t, c, p, given, expect);
    cleaner_close(c);
    return result;
}

/* ---- a query's examples ---- */

static struct table *ruletest_given_table(struct testing *t, const struct program *p, const struct node *rows)
{
    struct cleaner *c = cleaner_open(t->rules, p->name, false);
    struct err reason;
    size_t number = 0;
    for (const struct node *n = rows->child; n; n = n->next)
        if (ruletest_give(t, c, p, n, ++number, true, &reason) < 0)
            ruletest_differs(t, n, S("a row of the table"), arena_f(&t->scratch, "%s: %s", reason.code, reason.message));
    struct table *table = cleaner_take(c);
    table_finish(table);
    cleaner_close(c);
    return table;
}

static struct str ruletest_answer_row(struct testing *t, const struct result *r, size_t row)
{
    struct buf out = BUF_INIT;
    for (size_t c = 0; c < r->n_columns; c++) {
        struct buf cell = BUF_INIT;
        enum column_type type = r->columns[c].type;
        buf_c(&out, c ? ',' : '{');
        json_put_text(&out, r->columns[c].name);
        buf_c(&out, ':');
        result_put_cell(r, row, c, &cell);
        if (result_cell(r, row, c)->null)
            buf_z(&out, "null");
        else if (type == COLUMN_STRING || type == COLUMN_TIMESTAMP)
            json_put_text(&out, buf_str(&cell));
        else
            buf_str_add(&out, buf_str(&cell));
        buf_release(&cell);
    }
    buf_c(&out, '}');
    return arena_keep(&t->scratch, &out);
}

static int ruletest_answer(struct testing *t, const struct result *r, const struct node *expect)
{
    size_t row = 0;
    if (expect->n != r->n_rows)
        ruletest_differs(t, expect, arena_f(&t->scratch, "%zu rows", expect->n), arena_f(&t->scratch, "%zu rows", r->n_rows));
    for (const struct node *n = expect->child; n && row < r->n_rows; n = n->next, row++)
        if (ruletest_row(t, n, ruletest_answer_row(t, r, row)))
            return -1;
    return 0;
}

static int ruletest_query(struct testing *t, struct str name, const struct node *given, const struct node *expect)
{
    size_t i = analytics_find(t->analytics, name), n = 0;
    const struct query *q = analytics_query(t->analytics, i);
    struct table *tables[QUERY_MAX_TABLES] = { 0 };
    struct result *r = NULL;
    int result = doc_want(given, JSON_OBJECT, t->e) || doc_want(expect, JSON_ARRAY, t->e) ? -1 : 0;
    for (const struct node *c = given->child; c && result == 0; c = c->next) {
        struct str known[QUERY_MAX_TABLES];
        bool found = false;
        for (size_t k = 0; k < q->n_tables; k++)
            found = found || str_eq((known[k] = q->tables[k]->name), c->key);
        if (!found)
            result = doc_unknown(c, t->e, "table of this query", c->key, known, q->n_tables);
    }
    for (; n < q->n_tables && result == 0; n++) {
        const struct node *rows = doc_get(given, arena_z(&t->scratch, q->tables[n]->name));
        if (!rows)
            result = doc_fail(given, t->e, "needs rows of the table \"" STR_F "\"", STR_A(q->tables[n]->name));
        else if ((result = doc_want(rows, JSON_ARRAY, t->e) || ruletest_all_members(t, q->tables[n], rows) ? -1 : 0) == 0)
            tables[n] = ruletest_given_table(t, q->tables[n], rows);
    }
    if (result == 0)
        result = analytics_run(t->analytics, i, (const struct table *const *)tables, n, &r, t->e);
    if (result == 0)
        result = ruletest_answer(t, r, expect);
    result_close(r);
    for (size_t k = 0; k < QUERY_MAX_TABLES; k++)
        table_close(tables[k]);
    return result;
}

/* ---- all examples ---- */

/* Is the example for the profile that holds? Those that come with the program say nothing of a user's own switches. */
static int ruletest_applies(struct testing *t, const struct node *test, bool *ret)
{
    const struct node *profile = doc_get(test, "profile");
    struct str *names;
    size_t n;
    *ret = !profile && (!rules_is_builtin(test->doc) || rules_profile_is_builtin(t->rules));
    if (!profile)
        return 0;
    if (doc_texts(&t->scratch, profile, &names, &n, t->e))
        return -1;
    for (size_t i = 0; i < n; i++)
        *ret = *ret || str_eq(names[i], rules_profile(t->rules));
    return 0;
}

static size_t ruletest_line(const struct node *n)
{
    size_t line = 1;
    for (size_t i = 0; i < n->at; i++)
        line += n->doc->bytes.p[i] == '\n';
    return line;
}

static int ruletest_one(struct testing *t, struct str of, const struct node *test, size_t number,
                        int (*run)(struct testing *, struct str, const struct node *, const struct node *))
{
    static const char *const WORDS[] = { "about", "profile", "given", "expect", NULL };
    bool applies;
    if (doc_keys(test, WORDS, t->e) || ruletest_applies(t, test, &applies))
        return -1;
    const struct node *given = doc_get(test, "given"), *expect = doc_get(test, "expect"), *about = doc_get(test, "about");
    if (!given || !expect)
        return doc_fail(test, t->e, "needs \"given\" and \"expect\"");
    if (!applies)
        return 0;
    t->k = report_add(t->report, REPORT_TEST, of, arena_f(&t->scratch, STR_F "[%zu]", STR_A(of), number));
    if (!t->k)
        return 0;
    t->k->file = arena_z(&t->report->arena, test->doc->path);
    t->k->line = ruletest_line(test);
    if (run(t, of, given, expect))
        return -1;
    if (about && t->k->verdict == REPORT_SAME)
        report_say(t->report, t->k, REPORT_SAME, STR_F, STR_A(about->text));
    arena_reset(&t->scratch);
    return 0;
}

static int ruletest_file(struct testing *t, const struct node *file, struct str name,
                         int (*run)(struct testing *, struct str, const struct node *, const struct node *))
{
    const struct node *tests = doc_get(file, "tests");
    size_t number = 0;
    if (tests && doc_want(tests, JSON_ARRAY, t->e))
        return -1;
    for (const struct node *n = tests ? tests->child : NULL; n; n = n->next)
        if (ruletest_one(t, name, n, number++, run))
            return -1;
    return 0;
}

int ruletest_run(const struct rules *r, const struct analytics *a, struct report *report, struct err *e)
{
    struct testing t = { .rules = r, .analytics = a, .report = report, .e = e };
    const struct node *file;
    int result = 0;
    for (size_t i = 0; (file = rules_table_doc(r, i)) && result == 0; i++)
        result = ruletest_file(&t, file, rules_table_name(r, i), ruletest_table);
    for (size_t i = 0; (file = rules_query_doc(r, i)) && result == 0; i++)
        result = ruletest_file(&t, file, rules_query_name(r, i), ruletest_query);
    arena_release(&t.scratch);
    return result;
}
