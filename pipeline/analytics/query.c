/* word        how it is read
 * from, join  table, [{"table": T, "on": COLUMN, "kind"}]    query_tables
 * let         {NAME: {"year": F} or {"case": F, "when"}}     query_let
 * where       [{"column": F, CONDITION}]                     query_where
 * group_by    [F]                                            query_group_by
 * aggregate   {NAME: {"count" "max" "min" "median": F}}      query_aggregates
 * top         {"per": [F], "by": NAME, "ties"}               query_top
 * order_by    [F or NAME, or {"column", "descending"}]       query_order_by
 */
#include "pipeline/analytics/query.h"

#include "pipeline/analytics/vector.h"

struct compiling {
    struct arena *a;
    const struct rules *r;
    struct query *q;
    struct err *e;
};

/* ---- names ---- */

static const struct program *query_program(struct compiling *c, const struct node *n)
{
    struct str name, known[64];
    size_t k = 0;
    if (doc_text(n, &name, c->e))
        return NULL;
    const struct program *p = rules_program(c->r, name);
    if (p)
        return p;
    for (struct str t; k < 64 && (t = rules_table_name(c->r, k)).p;)
        known[k++] = t;
    doc_unknown(n, c->e, "table", name, known, k);
    return NULL;
}

static size_t query_column(const struct program *p, struct str name)
{
    size_t i = 0;
    while (i < p->n_columns && !str_eq(p->columns[i].name, name))
        i++;
    return i < p->n_columns ? i : STR_NONE;
}

/* "column" or "table.column" among the query's tables; the first table that has it. */
static bool query_find_column(const struct query *q, struct str name, size_t *ret_table, size_t *ret_column)
{
    struct str rest = name, table = str_cut(&rest, '.');
    for (size_t i = 0; i < q->n_tables; i++) {
        if (rest.p && !str_eq(q->tables[i]->name, table))
            continue;
        size_t column = query_column(q->tables[i], rest.p ? rest : name);
        if (column != STR_NONE) {
            *ret_table = i;
            *ret_column = column;
            return true;
        }
    }
    return false;
}

static int query_no_field(struct compiling *c, const struct node *n)
{
    struct str known[64];
    size_t k = 0;
    for (size_t i = 0; i < c->q->n_fields; i++)
        if (c->q->fields[i].kind != FIELD_COLUMN)
            known[k++] = c->q->fields[i].name;
    for (size_t t = 0; t < c->q->n_tables; t++)
        for (size_t i = 0; i < c->q->tables[t]->n_columns && k < 64; i++)
            known[k++] = c->q->tables[t]->columns[i].name;
    return doc_unknown(n, c->e, "column", n->text, known, k);
}

/* A field of that name: of `let`, or a column of one of the tables. */
static int query_field(struct compiling *c, const struct node *n, size_t *ret_field)
{
    struct query *q = c->q;
    struct str name;
    size_t table, column;
    if (doc_text(n, &name, c->e))
        return -1;
    for (size_t i = 0; i < q->n_fields; i++)
        if (str_eq(q->fields[i].name, name)) {
            *ret_field = i;
            return 0;
        }
    if (!query_find_column(q, name, &table, &column))
        return query_no_field(c, n);
    if (q->n_fields == QUERY_MAX_FIELDS)
        return doc_fail(n, c->e, "a query names at most %d columns", QUERY_MAX_FIELDS);
    enum column_type type = q->tables[table]->columns[column].type;
    if (type == COLUMN_DOUBLES)
        return doc_fail(n, c->e, "\"" STR_F "\" is an array and cannot be asked about", STR_A(name));
    q->fields[q->n_fields] = (struct field){ .name = name, .type = type, .table = table, .column = column };
    *ret_field = q->n_fields++;
    return 0;
}

static bool query_is_number(enum column_type type)
{
    return type == COLUMN_INT || type == COLUMN_LONG || type == COLUMN_DOUBLE;
}

/* ---- from and join ---- */

static bool query_is_key(enum column_type type)
{
    return type == COLUMN_INT || type == COLUMN_LONG;
}

static int query_join_kind(struct compiling *c, const struct node *kind, enum join_kind *ret_kind)
{
    struct str known[] = { [JOIN_INNER] = S("inner"), [JOIN_LEFT] = S("left"), [JOIN_OUTER] = S("outer") }, word = known[0];
    size_t n = sizeof known / sizeof *known, i = 0;
    if (kind && doc_text(kind, &word, c->e))
        return -1;
    while (i < n && !str_eq(known[i], word))
        i++;
    if (i == n)
        return doc_unknown(kind, c->e, "kind of join", word, known, n);
    *ret_kind = (enum join_kind)i;
    return 0;
}

static int query_join(struct compiling *c, const struct node *n)
{
    static const char *const WORDS[] = { "table", "on", "kind", NULL };
    struct query *q = c->q;
    if (doc_keys(n, WORDS, c->e))
        return -1;
    const struct node *table = doc_get(n, "table"), *on = doc_get(n, "on");
    if (!table || !on)
        return doc_fail(n, c->e, "a join is written {\"table\": \"geo\", \"on\": \"ind\"}");
    if (q->n_tables == QUERY_MAX_TABLES)
        return doc_fail(n, c->e, "a query has at most %d tables", QUERY_MAX_TABLES);
    const struct program *p = query_program(c, table);
    struct join *j = &q->joins[q->n_tables];
    if (!p || doc_want(on, JSON_STRING, c->e) || query_join_kind(c, doc_get(n, "kind"), &j->kind))
        return -1;
    for (size_t i = 0; i < q->n_tables; i++)
        if (q->tables[i] == p)
            return doc_fail(table, c->e, "the table is in the query already");
    if (!query_find_column(q, on->text, &j->left_table, &j->left_column) ||
        (j->right_column = query_column(p, on->text)) == STR_NONE)
        return doc_fail(on, c->e, "both tables must have the column \"" STR_F "\"", STR_A(on->text));
    if (!query_is_key(q->tables[j->left_table]->columns[j->left_column].type) ||
        !query_is_key(p->columns[j->right_column].type))
        return doc_fail(on, c->e, "tables are joined on columns of type int or long");
    q->tables[q->n_tables++] = p;
    return 0;
}

static int query_tables(struct compiling *c, const struct node *file)
{
    const struct node *from = doc_get(file, "from"), *join = doc_get(file, "join");
    if (!from)
        return doc_fail(file, c->e, "needs \"from\": the table it asks about");
    if (!(c->q->tables[0] = query_program(c, from)))
        return -1;
    c->q->n_tables = 1;
    if (join && doc_want(join, JSON_ARRAY, c->e))
        return -1;
    for (const struct node *n = join ? join->child : NULL; n; n = n->next)
        if (query_join(c, n))
            return -1;
    return 0;
}

/* ---- ranges ---- */

static int query_number(struct compiling *c, const struct node *n, enum column_type type, int64_t *ret_value)
{
    double v;
    if (type != COLUMN_DOUBLE)
        return doc_integer(n, ret_value, c->e);
    if (n->type != JSON_NUMBER || !str_to_double(n->text, &v))
        return doc_fail(n, c->e, "must be a number");
    *ret_value = vector_of_double(v);
    return 0;
}

/* between, at_least, at_most or equals of the object, whichever is there; *ret_found says whether one is. */
static int query_range(struct compiling *c, const struct node *n, enum column_type type, struct range *r,
                       bool *ret_found)
{
    const struct node *between = doc_get(n, "between"), *low = doc_get(n, "at_least"), *high = doc_get(n, "at_most"),
                      *equals = doc_get(n, "equals");
    r->low = INT64_MIN;
    r->high = INT64_MAX;
    *ret_found = between || low || high || equals;
    if (between && (doc_want(between, JSON_ARRAY, c->e) ||
                    (between->n != 2 ? doc_fail(between, c->e, "must be [lowest, highest]") : 0)))
        return -1;
    if (between)
        low = between->child, high = between->child->next;
    if (equals)
        low = high = equals;
    if ((low && query_number(c, low, type, &r->low)) || (high && query_number(c, high, type, &r->high)))
        return -1;
    if (r->low > r->high)
        return doc_fail(n, c->e, "the lowest value is above the highest");
    return 0;
}

/* ---- let ---- */

static int query_case(struct compiling *c, const struct node *n, struct field *f)
{
    static const char *const WORDS[] = { "between", "at_least", "at_most", "equals", "value", NULL };
    const struct node *when = doc_get(n, "when");
    if (!when)
        return doc_fail(n, c->e, "a case needs \"when\": [{\"between\": [18, 24], \"value\": \"18-24\"}, …]");
    if (doc_want(when, JSON_ARRAY, c->e))
        return -1;
    f->when = ARENA_ARRAY(c->a, struct range, when->n + 1);
    f->labels = ARENA_ARRAY(c->a, struct str, when->n + 1);
    for (const struct node *w = when->child; w; w = w->next) {
        struct range *r = &f->when[f->n_when++];
        const struct node *value;
        bool found;
        if (doc_keys(w, WORDS, c->e) || query_range(c, w, c->q->fields[f->of].type, r, &found))
            return -1;
        if (!found || !(value = doc_get(w, "value")))
            return doc_fail(w, c->e, "needs a bound (between, at_least, at_most or equals) and a \"value\"");
        if (doc_text(value, &r->value, c->e))
            return -1;
        f->labels[f->n_when - 1] = r->value;
    }
    return 0;
}

static int query_let_field(struct compiling *c, const struct node *n)
{
    static const char *const WORDS[] = { "year", "case", "when", NULL };
    struct query *q = c->q;
    struct field f = { .name = n->key };
    if (doc_keys(n, WORDS, c->e))
        return -1;
    const struct node *year = doc_get(n, "year"), *by_case = doc_get(n, "case");
    if (!year == !by_case)
        return doc_fail(n, c->e, "must be {\"year\": COLUMN} or {\"case\": COLUMN, \"when\": […]}");
    if (query_field(c, year ? year : by_case, &f.of))
        return -1;
    f.kind = year ? FIELD_YEAR : FIELD_CASE;
    f.type = year ? COLUMN_INT : COLUMN_STRING;
    if (year && q->fields[f.of].type != COLUMN_TIMESTAMP)
        return doc_fail(year, c->e, "\"year\" needs a column of type timestamp");
    if (by_case && !query_is_number(q->fields[f.of].type))
        return doc_fail(by_case, c->e, "\"case\" needs a column of numbers");
    if (by_case && query_case(c, n, &f))
        return -1;
    if (q->n_fields == QUERY_MAX_FIELDS)
        return doc_fail(n, c->e, "a query names at most %d columns", QUERY_MAX_FIELDS);
    q->fields[q->n_fields++] = f;
    return 0;
}

static int query_let(struct compiling *c, const struct node *file)
{
    const struct node *let = doc_get(file, "let");
    if (let && doc_want(let, JSON_OBJECT, c->e))
        return -1;
    for (const struct node *n = let ? let->child : NULL; n; n = n->next)
        if (query_let_field(c, n))
            return -1;
    return 0;
}

/* ---- where ---- */

static int query_in(struct compiling *c, const struct node *in, enum column_type type, struct condition *w)
{
    size_t n;
    if (type == COLUMN_STRING) {
        w->kind = CONDITION_TEXTS;
        return doc_texts(c->a, in, &w->texts, &w->n, c->e);
    }
    if (doc_want(in, JSON_ARRAY, c->e))
        return -1;
    w->kind = CONDITION_RANGE;
    w->ranges = ARENA_ARRAY(c->a, struct range, in->n + 1);
    for (const struct node *v = in->child; v; v = v->next) {
        n = w->n++;
        if (query_number(c, v, type, &w->ranges[n].low))
            return -1;
        w->ranges[n].high = w->ranges[n].low;
    }
    return 0;
}

static int query_condition(struct compiling *c, const struct node *n, struct condition *w)
{
    static const char *const WORDS[] = { "column", "between", "at_least", "at_most", "equals", "in", "is_null", NULL };
    bool found;
    if (doc_keys(n, WORDS, c->e))
        return -1;
    const struct node *column = doc_get(n, "column"), *in = doc_get(n, "in"), *null = doc_get(n, "is_null"),
                      *equals = doc_get(n, "equals");
    if (!column)
        return doc_fail(n, c->e, "needs \"column\" and a condition");
    if (query_field(c, column, &w->field))
        return -1;
    enum column_type type = c->q->fields[w->field].type;
    if (null) {
        w->kind = CONDITION_NULL;
        return doc_flag(null, &w->null, c->e);
    }
    if (in || (equals && type == COLUMN_STRING))
        return query_in(c, in ? in : equals, type, w);
    if (n->n > 1 && !query_is_number(type))
        return doc_fail(n, c->e, "\"" STR_F "\" is no number: only equals, in and is_null can be asked",
                        STR_A(column->text));
    w->ranges = ARENA_NEW(c->a, struct range);
    w->n = 1;
    if (query_range(c, n, type, w->ranges, &found))
        return -1;
    w->kind = found ? CONDITION_RANGE : CONDITION_ALWAYS; /* a profile may take the bounds away */
    return 0;
}

static int query_where(struct compiling *c, const struct node *file)
{
    const struct node *where = doc_get(file, "where");
    if (!where)
        return 0;
    if (doc_want(where, JSON_ARRAY, c->e))
        return -1;
    c->q->where = ARENA_ARRAY(c->a, struct condition, where->n + 1);
    for (const struct node *n = where->child; n; n = n->next)
        if (query_condition(c, n, &c->q->where[c->q->n_where++]))
            return -1;
    return 0;
}

/* ---- group_by and aggregate ---- */

static int query_group_by(struct compiling *c, const struct node *file)
{
    const struct node *group = doc_get(file, "group_by");
    struct query *q = c->q;
    if (!group)
        return 0;
    if (doc_want(group, JSON_ARRAY, c->e))
        return -1;
    q->group_by = ARENA_ARRAY(c->a, size_t, group->n + 1);
    for (const struct node *n = group->child; n; n = n->next)
        if (query_field(c, n, &q->group_by[q->n_group_by++]))
            return -1;
    return 0;
}

static const struct aggregate_word {
    const char *word;
    enum aggregate_kind kind;
} AGGREGATES[] = { { "count", AGGREGATE_COUNT }, { "max", AGGREGATE_MAX }, { "min", AGGREGATE_MIN },
                   { "median", AGGREGATE_MEDIAN } };

static int query_median(struct compiling *c, const struct node *n, struct aggregate *g)
{
    const struct node *kind = doc_get(n, "kind");
    struct str known[] = { S("lower"), S("interpolated") }, word = S("lower");
    if (kind && doc_text(kind, &word, c->e))
        return -1;
    if (!str_eq(word, known[0]) && !str_eq(word, known[1]))
        return doc_unknown(kind, c->e, "median", word, known, 2);
    g->interpolated = str_eq(word, known[1]);
    g->type = g->interpolated ? COLUMN_DOUBLE : g->type;
    return 0;
}

static int query_aggregate(struct compiling *c, const struct node *n, struct aggregate *g)
{
    static const char *const WORDS[] = { "count", "max", "min", "median", "kind", NULL };
    const struct node *of = NULL;
    g->name = n->key;
    if (doc_keys(n, WORDS, c->e))
        return -1;
    for (size_t i = 0; i < sizeof AGGREGATES / sizeof *AGGREGATES; i++) {
        const struct node *found = doc_get(n, AGGREGATES[i].word);
        if (found && of)
            return doc_fail(n, c->e, "is one of count, max, min and median, not two");
        if (found)
            of = found, g->kind = AGGREGATES[i].kind;
    }
    if (!of)
        return doc_fail(n, c->e, "needs count, max, min or median of a column");
    if (g->kind == AGGREGATE_COUNT && of->type == JSON_STRING && str_is(of->text, "*")) {
        g->kind = AGGREGATE_COUNT_ROWS;
        g->type = COLUMN_LONG;
        return 0;
    }
    if (query_field(c, of, &g->field))
        return -1;
    g->type = g->kind == AGGREGATE_COUNT ? COLUMN_LONG : c->q->fields[g->field].type;
    if (g->kind != AGGREGATE_COUNT && !query_is_number(g->type) &&
        (g->type != COLUMN_TIMESTAMP || g->kind == AGGREGATE_MEDIAN))
        return doc_fail(of, c->e, "\"" STR_F "\" is no column of numbers", STR_A(of->text));
    return g->kind == AGGREGATE_MEDIAN ? query_median(c, n, g) : 0;
}

static int query_aggregates(struct compiling *c, const struct node *file)
{
    const struct node *list = doc_get(file, "aggregate");
    struct query *q = c->q;
    if (!list || list->type != JSON_OBJECT || !list->n)
        return doc_fail(list ? list : file, c->e, "needs \"aggregate\": {\"NAME\": {\"count\": \"*\"}}");
    q->aggregates = ARENA_ARRAY(c->a, struct aggregate, list->n);
    for (const struct node *n = list->child; n; n = n->next)
        if (query_aggregate(c, n, &q->aggregates[q->n_aggregates++]))
            return -1;
    return 0;
}

/* ---- top and order_by ---- */

/* The output column of that name. */
static int query_output(struct compiling *c, const struct node *n, bool keys, bool aggregates, size_t *ret_output)
{
    const struct query *q = c->q;
    struct str name, known[64];
    size_t k = 0;
    if (doc_text(n, &name, c->e))
        return -1;
    for (size_t i = 0; i < q->n_group_by + q->n_aggregates; i++) {
        bool is_key = i < q->n_group_by;
        struct str output = is_key ? q->fields[q->group_by[i]].name : q->aggregates[i - q->n_group_by].name;
        if (is_key ? !keys : !aggregates)
            continue;
        if (str_eq(output, name)) {
            *ret_output = i;
            return 0;
        }
        if (k < 64)
            known[k++] = output;
    }
    return doc_unknown(n, c->e, "column of the answer", name, known, k);
}

static int query_top(struct compiling *c, const struct node *file)
{
    static const char *const WORDS[] = { "per", "by", "ties", NULL };
    const struct node *top = doc_get(file, "top");
    struct str known[] = { S("smallest"), S("all") }, ties = known[0];
    struct query *q = c->q;
    if (!top)
        return 0;
    if (doc_keys(top, WORDS, c->e))
        return -1;
    const struct node *per = doc_get(top, "per"), *by = doc_get(top, "by"), *tie = doc_get(top, "ties");
    if (!by)
        return doc_fail(top, c->e, "needs \"by\": the aggregate that is to be greatest");
    if (query_output(c, by, false, true, &q->top.by))
        return -1;
    q->top.by -= q->n_group_by;
    if (per && doc_want(per, JSON_ARRAY, c->e))
        return -1;
    q->top.per = ARENA_ARRAY(c->a, size_t, (per ? per->n : 0) + 1);
    for (const struct node *n = per ? per->child : NULL; n; n = n->next)
        if (query_output(c, n, true, false, &q->top.per[q->top.n_per++]))
            return -1;
    if (tie && doc_text(tie, &ties, c->e))
        return -1;
    if (!str_eq(ties, known[0]) && !str_eq(ties, known[1]))
        return doc_unknown(tie, c->e, "rule for ties", ties, known, 2);
    q->top.all = str_eq(ties, known[1]);
    q->top.on = true;
    return 0;
}

static int query_order_by(struct compiling *c, const struct node *file)
{
    static const char *const WORDS[] = { "column", "descending", NULL };
    const struct node *order = doc_get(file, "order_by");
    struct query *q = c->q;
    q->order_by = ARENA_ARRAY(c->a, struct order, (order ? order->n : 0) + q->n_group_by + 1);
    if (order && doc_want(order, JSON_ARRAY, c->e))
        return -1;
    for (const struct node *n = order ? order->child : NULL; n; n = n->next) {
        struct order *o = &q->order_by[q->n_order_by++];
        const struct node *column = n, *descending = NULL;
        if (n->type == JSON_OBJECT) {
            if (doc_keys(n, WORDS, c->e))
                return -1;
            column = doc_get(n, "column"), descending = doc_get(n, "descending");
        }
        if (!column)
            return doc_fail(n, c->e, "needs \"column\"");
        if (query_output(c, column, true, true, &o->output) ||
            (descending && doc_flag(descending, &o->descending, c->e)))
            return -1;
    }
    for (size_t i = 0; i < q->n_group_by; i++) /* what is left open is decided by the keys */
        q->order_by[q->n_order_by++] = (struct order){ .output = i };
    return 0;
}

struct query *query_compile(struct arena *a, const struct rules *r, const struct node *file, struct err *e)
{
    static const char *const WORDS[] = { "$schema", "query", "number",   "step",      "about", "from",     "join",
                                         "let",     "where", "group_by", "aggregate", "top",   "order_by", "tests",  NULL };
    struct compiling c = { a, r, ARENA_NEW(a, struct query), e };
    struct query *q = c.q;
    if (doc_keys(file, WORDS, e))
        return NULL;
    const struct node *about = doc_get(file, "about"), *number = doc_get(file, "number"), *step = doc_get(file, "step");
    q->name = doc_get(file, "query")->text;
    q->number = INT64_MAX;
    if ((about && doc_text(about, &q->about, e)) || (number && doc_integer(number, &q->number, e)) ||
        (step && doc_integer(step, &q->step, e)))
        return NULL;
    if (query_tables(&c, file) || query_let(&c, file) || query_where(&c, file) || query_group_by(&c, file) ||
        query_aggregates(&c, file) || query_top(&c, file) || query_order_by(&c, file))
        return NULL;
    return q;
}
