/* stream_window.c - window files compiled.
 *
 * word         how it is read
 * from, join, let, where, group_by, aggregate, top, order_by   as a question (analytics/query.h), and of aggregate also
 *              sum and distinct                                 window_question
 * time         "arrival", or a column of type timestamp         window_time
 * size, slide, watermark                                        window_duration
 * alerts       [{"alert", "when": [{"column", BOUND}], "webhook" | "file" | "exec"}]   window_alert
 */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

enum { MOST_SLIDES = 1000 };

struct compiling {
    struct arena *a;
    const struct rules *r;
    struct window *w;
    struct err *e;
};

/* ---- the question in it ---- */

static const struct fold_word {
    const char *word, *as; /* as: the word of a question that takes the same columns */
    enum fold_kind kind;
} WORDS[] = { { "sum", "max", FOLD_SUM }, { "distinct", "count", FOLD_DISTINCT } };

static const enum fold_kind KINDS[] = { [AGGREGATE_COUNT_ROWS] = FOLD_ROWS, [AGGREGATE_COUNT] = FOLD_COUNT, [AGGREGATE_MAX] = FOLD_MAX,
                                        [AGGREGATE_MIN] = FOLD_MIN, [AGGREGATE_MEDIAN] = FOLD_MEDIAN };

static struct node *copy_node(struct arena *a, const struct node *n, const char *key)
{
    struct node *copy = ARENA_NEW(a, struct node);
    *copy = *n;
    if (key)
        copy->key = str_of(key);
    copy->next = NULL;
    return copy;
}

static void append(struct node *parent, struct node *child)
{
    struct node **tail = &parent->child;
    while (*tail)
        tail = &(*tail)->next;
    *tail = child;
    parent->n++;
}

/* {"posts": {"sum": F}} with the word of a question in its place. */
static struct node *aggregates_as_questions_have_them(struct arena *a, const struct node *list)
{
    struct node *copy = copy_node(a, list, NULL);
    copy->child = NULL;
    copy->n = 0;
    for (const struct node *n = list->child; n; n = n->next) {
        struct node *one = copy_node(a, n, NULL);
        append(copy, one);
        if (n->type != JSON_OBJECT)
            continue;
        one->child = NULL;
        one->n = 0;
        for (const struct node *m = n->child; m; m = m->next) {
            const char *as = NULL;
            for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
                if (str_is(m->key, WORDS[i].word))
                    as = WORDS[i].as;
            append(one, copy_node(a, m, as));
        }
    }
    return copy;
}

static const struct node *file_as_question(struct arena *a, const struct node *file)
{
    static const char *const own[] = { "window", "time", "size", "slide", "watermark", "alerts", NULL };
    struct node *copy = copy_node(a, file, NULL);
    copy->child = NULL;
    copy->n = 0;
    for (const struct node *n = file->child; n; n = n->next) {
        bool is_own = false;
        for (size_t i = 0; own[i]; i++)
            is_own |= str_is(n->key, own[i]);
        if (str_is(n->key, "window"))
            append(copy, copy_node(a, n, "query"));
        else if (str_is(n->key, "aggregate") && n->type == JSON_OBJECT)
            append(copy, aggregates_as_questions_have_them(a, n));
        else if (!is_own)
            append(copy, copy_node(a, n, NULL));
    }
    return copy;
}

static int set_kinds(struct compiling *c, const struct node *file)
{
    struct question *x = &c->w->question;
    const struct node *n = doc_get(file, "aggregate")->child;
    x->kinds = ARENA_ARRAY(c->a, enum fold_kind, x->q->n_aggregates);
    x->types = ARENA_ARRAY(c->a, enum column_type, x->q->n_aggregates);
    for (size_t k = 0; k < x->q->n_aggregates; k++, n = n->next) {
        const struct aggregate *g = &x->q->aggregates[k];
        size_t kinds = n->n - (doc_get(n, "kind") != NULL);
        if (kinds != 1)
            return doc_fail(n, c->e, "is one of count, sum, max, min, median and distinct, not %zu", kinds);
        x->kinds[k] = KINDS[g->kind];
        x->types[k] = g->type;
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (doc_get(n, WORDS[i].word))
                x->kinds[k] = WORDS[i].kind;
        if (x->kinds[k] == FOLD_SUM && g->type == COLUMN_TIMESTAMP)
            return doc_fail(n, c->e, "times have no sum");
        if (x->kinds[k] == FOLD_DISTINCT && g->kind == AGGREGATE_COUNT_ROWS)
            return doc_fail(n, c->e, "\"distinct\" needs a column");
        if (x->kinds[k] == FOLD_SUM && g->type == COLUMN_INT)
            x->types[k] = COLUMN_LONG;
    }
    return 0;
}

static int window_question(struct compiling *c, const struct node *file)
{
    struct question *x = &c->w->question;
    if (!(x->q = query_compile(c->a, c->r, file_as_question(c->a, file), c->e)))
        return -1;
    x->window = c->w;
    return set_kinds(c, file);
}

/* ---- time ---- */

static int window_duration(struct compiling *c, const struct node *n, int64_t least, int64_t *ret_us)
{
    static const struct { const char *unit; int64_t us; } units[] = {
        { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 }, { "h", INT64_C(3600000000) }, { "d", INT64_C(86400000000) },
    };
    struct str text;
    int64_t number;
    if (doc_text(n, &text, c->e))
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct str unit = str_of(units[i].unit);
        if (!str_ends(text, unit) || !str_to_i64(str_head(text, text.n - unit.n), &number) || number < least || number > INT64_MAX / 8 / units[i].us)
            continue;
        *ret_us = number * units[i].us;
        return 0;
    }
    return doc_fail(n, c->e, "\"" STR_F "\" is no duration; write a whole number and ms, s, m, h or d, such as \"90s\"", STR_A(text));
}

static int window_sizes(struct compiling *c, const struct node *file)
{
    struct window *w = c->w;
    const struct node *size = doc_get(file, "size"), *slide = doc_get(file, "slide"), *delay = doc_get(file, "watermark");
    if (!size)
        return doc_fail(file, c->e, "needs \"size\": \"1m\"");
    if (window_duration(c, size, 1, &w->size_us) || (slide && window_duration(c, slide, 1, &w->slide_us)) ||
        (delay && window_duration(c, delay, 0, &w->delay_us)))
        return -1;
    w->slide_us = slide ? w->slide_us : w->size_us;
    if (w->slide_us > w->size_us)
        return doc_fail(slide, c->e, "is longer than \"size\": rows between two windows would belong to none");
    if (w->size_us / w->slide_us > MOST_SLIDES)
        return doc_fail(slide, c->e, "is too short: a row may belong to at most %d windows", MOST_SLIDES);
    return 0;
}

static int window_time(struct compiling *c, const struct node *file)
{
    const struct node *n = doc_get(file, "time");
    struct query *q = (struct query *)(uintptr_t)c->w->question.q; /* ours: no set of questions has it */
    struct str known[64] = { S("arrival") }, name;
    size_t k = 1;
    c->w->time_field = NO_FIELD;
    if (!n || (!doc_text(n, &name, c->e) && str_is(name, "arrival")))
        return 0;
    if (n->type != JSON_STRING)
        return -1;
    struct str column = name, table = str_chr(name, '.') == STR_NONE ? S("") : str_cut(&column, '.');
    for (size_t t = 0; t < q->n_tables; t++)
        for (size_t i = 0; i < q->tables[t]->n_columns; i++) {
            const struct program_column *p = &q->tables[t]->columns[i];
            if (p->type != COLUMN_TIMESTAMP)
                continue;
            if (k < 64)
                known[k++] = p->name;
            if (!str_eq(p->name, column) || (table.n && !str_eq(table, q->tables[t]->name)) || c->w->time_field != NO_FIELD)
                continue;
            if (q->n_fields == QUERY_MAX_FIELDS)
                return doc_fail(n, c->e, "a window names at most %d columns", QUERY_MAX_FIELDS);
            q->fields[q->n_fields] = (struct field){ .name = p->name, .type = p->type, .table = t, .column = i };
            c->w->time_field = q->n_fields++;
        }
    return c->w->time_field == NO_FIELD ? doc_unknown(n, c->e, "time", name, known, k) : 0;
}

/* ---- alerts ---- */

static int alert_bound(struct compiling *c, const struct node *n, enum column_type type, int64_t *ret)
{
    double d;
    if (type != COLUMN_DOUBLE)
        return doc_integer(n, ret, c->e);
    if (n->type != JSON_NUMBER || !str_to_double(n->text, &d))
        return doc_fail(n, c->e, "must be a number");
    *ret = vector_of_double(d);
    return 0;
}

static int alert_output(struct compiling *c, const struct node *n, size_t *ret, enum column_type *ret_type)
{
    const struct question *x = &c->w->question;
    struct str name, known[QUERY_MAX_FIELDS * 2];
    size_t n_known = x->q->n_group_by + x->q->n_aggregates;
    if (doc_text(n, &name, c->e))
        return -1;
    for (size_t i = 0; i < n_known; i++) {
        bool key = i < x->q->n_group_by;
        const struct field *f = key ? &x->q->fields[x->q->group_by[i]] : NULL;
        known[i] = key ? f->name : x->q->aggregates[i - x->q->n_group_by].name;
        *ret = i;
        *ret_type = key ? f->type : x->types[i - x->q->n_group_by];
        if (str_eq(known[i], name))
            return 0;
    }
    return doc_unknown(n, c->e, "column of the window", name, known, n_known);
}

static int alert_condition(struct compiling *c, const struct node *n, struct alert_when *w)
{
    static const char *const words[] = { "column", "at_least", "at_most", "equals", NULL };
    enum column_type type;
    if (doc_keys(n, words, c->e))
        return -1;
    const struct node *column = doc_get(n, "column"), *low = doc_get(n, "at_least"), *high = doc_get(n, "at_most"), *equals = doc_get(n, "equals");
    if (!column || (!low && !high && !equals))
        return doc_fail(n, c->e, "needs \"column\" and a bound: at_least, at_most or equals");
    if (alert_output(c, column, &w->output, &type))
        return -1;
    w->low = INT64_MIN;
    w->high = INT64_MAX;
    w->is_text = type == COLUMN_STRING;
    if (w->is_text)
        return equals ? doc_text(equals, &w->text, c->e) : doc_fail(n, c->e, "\"" STR_F "\" is a text: only equals can be asked", STR_A(column->text));
    if (equals)
        low = high = equals;
    return (low && alert_bound(c, low, type, &w->low)) || (high && alert_bound(c, high, type, &w->high)) ? -1 : 0;
}

static int alert_target(struct compiling *c, const struct node *n, struct alert *a)
{
    const struct node *webhook = doc_get(n, "webhook"), *file = doc_get(n, "file"), *exec = doc_get(n, "exec");
    struct str *texts;
    size_t k = 0;
    if (!!webhook + !!file + !!exec != 1)
        return doc_fail(n, c->e, "needs one of \"webhook\": URL, \"file\": NAME and \"exec\": [PROGRAM, …]");
    if (webhook || file) {
        a->target = webhook ? TARGET_WEBHOOK : TARGET_FILE;
        if (doc_text(webhook ? webhook : file, &a->to, c->e))
            return -1;
        if (webhook && !str_starts(a->to, S("http://")) && !str_starts(a->to, S("https://")))
            return doc_fail(webhook, c->e, "must begin with http:// or https://");
        if (file && (!a->to.n || a->to.p[0] == '/' || str_find(a->to, S("..")) != STR_NONE))
            return doc_fail(file, c->e, "is a file below the folder of --out: no \"/\" at its beginning, no \"..\"");
        return 0;
    }
    a->target = TARGET_EXEC;
    if (doc_texts(c->a, exec, &texts, &k, c->e))
        return -1;
    if (!k || !texts[0].n)
        return doc_fail(exec, c->e, "needs a program");
    a->argv = ARENA_ARRAY(c->a, const char *, k + 1);
    for (size_t i = 0; i < k; i++)
        a->argv[i] = arena_z(c->a, texts[i]);
    a->to = texts[0];
    return 0;
}

static int window_alert(struct compiling *c, const struct node *n, struct alert *a)
{
    static const char *const words[] = { "alert", "when", "webhook", "file", "exec", NULL };
    if (doc_keys(n, words, c->e))
        return -1;
    const struct node *name = doc_get(n, "alert"), *when = doc_get(n, "when");
    if (!name || !when)
        return doc_fail(n, c->e, "needs \"alert\": NAME and \"when\": [{\"column\": …, \"at_least\": …}]");
    if (doc_text(name, &a->name, c->e) || doc_want(when, JSON_ARRAY, c->e))
        return -1;
    for (size_t i = 0; &c->w->alerts[i] != a; i++)
        if (str_eq(c->w->alerts[i].name, a->name))
            return doc_fail(name, c->e, "is the name of an alert above");
    a->when = ARENA_ARRAY(c->a, struct alert_when, when->n + 1);
    for (const struct node *w = when->child; w; w = w->next)
        if (alert_condition(c, w, &a->when[a->n_when++]))
            return -1;
    return alert_target(c, n, a);
}

static int window_alerts(struct compiling *c, const struct node *file)
{
    const struct node *alerts = doc_get(file, "alerts");
    if (!alerts)
        return 0;
    if (doc_want(alerts, JSON_ARRAY, c->e))
        return -1;
    c->w->alerts = ARENA_ARRAY(c->a, struct alert, alerts->n + 1);
    for (const struct node *n = alerts->child; n; n = n->next)
        if (window_alert(c, n, &c->w->alerts[c->w->n_alerts++]))
            return -1;
    return 0;
}

/* ---- all of them ---- */

/* What numbers depend on: everything but remarks and alerts. */
static uint64_t fingerprint(const struct node *n, uint64_t h)
{
    h = (h ^ str_hash(n->key) ^ (uint64_t)n->type) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ str_hash(n->text) ^ h >> 29) * UINT64_C(0xff51afd7ed558ccd);
    for (const struct node *c = n->child; c; c = c->next)
        if (n->parent || !(str_is(c->key, "about") || str_is(c->key, "alerts") || str_is(c->key, "$schema")))
            h = fingerprint(c, h) + 1;
    return h;
}

static int compile(struct compiling *c, const struct node *file)
{
    static const char *const words[] = { "$schema", "window", "about", "from", "join", "let", "where", "group_by", "aggregate", "top", "order_by",
                                         "time", "size", "slide", "watermark", "alerts", NULL };
    if (doc_keys(file, words, c->e) || window_question(c, file) || window_sizes(c, file) || window_time(c, file) || window_alerts(c, file))
        return -1;
    const struct query *q = c->w->question.q;
    c->w->name = q->name;
    c->w->about = q->about;
    c->w->fingerprint = fingerprint(file, 0);
    if (q->n_group_by > QUERY_MAX_FIELDS || q->n_aggregates > QUERY_MAX_FIELDS)
        return doc_fail(file, c->e, "a window has at most %d columns", QUERY_MAX_FIELDS);
    return 0;
}

struct stream_windows *stream_windows_open(const struct rules *r, struct err *e)
{
    struct stream_windows *all = mem_zero(sizeof *all);
    size_t n = 0;
    while (rules_window_doc(r, n))
        n++;
    all->windows = ARENA_ARRAY(&all->arena, struct window, n + 1);
    for (; all->n < n; all->n++) {
        struct compiling c = { &all->arena, r, &all->windows[all->n], e };
        if (compile(&c, rules_window_doc(r, all->n))) {
            stream_windows_close(all);
            return NULL;
        }
    }
    return all;
}

void stream_windows_close(struct stream_windows *w)
{
    if (!w)
        return;
    arena_release(&w->arena);
    free(w);
}

struct str stream_windows_name(const struct stream_windows *w, size_t i) { return i < w->n ? w->windows[i].name : (struct str){ NULL, 0 }; }
