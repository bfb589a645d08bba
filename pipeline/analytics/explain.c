#include "pipeline/analytics/explain.h"

#include <math.h>

#include "base/json.h"
#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

static const char *const TYPES[] = { [COLUMN_STRING] = "text", [COLUMN_INT] = "whole number of 32 bits",
                                     [COLUMN_LONG] = "whole number of 64 bits", [COLUMN_DOUBLE] = "number",
                                     [COLUMN_BOOLEAN] = "true or false", [COLUMN_TIMESTAMP] = "instant",
                                     [COLUMN_DOUBLES] = "numbers" };

/* "a", "b" or "c" */
static void explain_texts(struct buf *out, const struct str *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_z(out, i == 0 ? "" : i + 1 < n ? ", " : " or ");
        json_put_text(out, texts[i]);
    }
}

static void explain_pairs(struct buf *out, const struct op *op, const char *between)
{
    for (size_t i = 0; i < op->n; i++) {
        buf_z(out, i ? ", " : "");
        json_put_text(out, op->texts[i]);
        buf_z(out, between);
        json_put_text(out, op->to[i]);
    }
}

static void explain_null_if(const struct op *op, struct buf *out)
{
    buf_z(out, "null when it is exactly ");
    explain_texts(out, op->texts, op->n);
}

static void explain_null_if_prefix(const struct op *op, struct buf *out)
{
    buf_z(out, "null when it begins with ");
    explain_texts(out, op->texts, op->n);
}

static void explain_null_if_blank(const struct op *op, struct buf *out)
{
    (void)op;
    buf_z(out, "null when it is empty or only blanks");
}

static void explain_trim(const struct op *op, struct buf *out)
{
    (void)op;
    buf_z(out, "without blanks, tabs and line ends at both ends");
}

static void explain_strip_prefix(const struct op *op, struct buf *out)
{
    buf_z(out, "without ");
    explain_texts(out, op->texts, op->n);
    buf_z(out, " at the beginning, as often as it stands there");
}

static void explain_replace(const struct op *op, struct buf *out)
{
    buf_z(out, "every ");
    explain_pairs(out, op, " becomes ");
}

static void explain_lower(const struct op *op, struct buf *out)
{
    (void)op;
    buf_z(out, "A to Z become small");
}

static void explain_upper(const struct op *op, struct buf *out)
{
    (void)op;
    buf_z(out, "a to z become great");
}

static void explain_map(const struct op *op, struct buf *out)
{
    buf_z(out, "when it is exactly ");
    explain_pairs(out, op, " it becomes ");
}

static void explain_suffix(const struct op *op, struct buf *out)
{
    buf_z(out, "one to ten digits");
    for (size_t i = 0; i < op->n; i++)
        buf_f(out, "%s " STR_F " (times %lld)", i ? " or" : " and at most one", STR_A(op->texts[i]), (long long)op->factors[i]);
    buf_z(out, " become a number, anything else null");
}

static void explain_timestamp(const struct op *op, struct buf *out)
{
    buf_z(out, "read as an instant (UTC) by ");
    for (size_t i = 0; i < op->n; i++)
        buf_f(out, "%s" STR_F, i ? ", else by " : "", STR_A(op->formats[i]->pattern));
    buf_z(out, ", else null");
}

static const struct {
    const char *word;
    void (*put)(const struct op *op, struct buf *out);
} OPS[] = {
    { "null_if", explain_null_if }, { "null_if_prefix", explain_null_if_prefix }, { "null_if_blank", explain_null_if_blank },
    { "trim", explain_trim },       { "strip_prefix", explain_strip_prefix },     { "replace", explain_replace },
    { "lower", explain_lower },     { "upper", explain_upper },                   { "map", explain_map },
    { "suffix", explain_suffix },   { "timestamp", explain_timestamp },
};

static void explain_op(const struct op *op, struct buf *out)
{
    for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++)
        if (strcmp(OPS[i].word, op->kind->word) == 0) {
            OPS[i].put(op, out);
            return;
        }
    buf_z(out, op->kind->word);
}

/* ---- tables ---- */

static void explain_source(const struct program *p, const struct program_column *col, struct buf *out)
{
    buf_z(out, col->source == SOURCE_MEMBER ? "from " : col->source == SOURCE_CONCAT ? "joined from " : "the numbers ");
    for (size_t i = 0; i < col->n_parts; i++) {
        buf_z(out, i ? ", " : "");
        if (col->parts[i].literal)
            json_put_text(out, col->parts[i].text);
        else
            buf_str_add(out, p->inputs[col->parts[i].input]);
    }
    if (col->source == SOURCE_CONCAT)
        buf_z(out, ", null when one of them is null");
    for (size_t i = 0; col->source == SOURCE_MEMBER && i < col->n_from; i++)
        buf_f(out, "%s" STR_F, i ? ", or when that is absent " : "", STR_A(p->inputs[col->from[i]]));
}

static void explain_column(const struct program *p, size_t i, struct buf *out)
{
    const struct program_column *col = &p->columns[i];
    buf_f(out, "  %zu. " STR_F " (%s): ", i + 1, STR_A(col->name), TYPES[col->type]);
    explain_source(p, col, out);
    for (size_t k = 0; k < col->n_ops; k++) {
        if (col->ops[k].kind && strstr(col->ops[k].kind->word, "null_if") && !col->ops[k].n &&
            strcmp(col->ops[k].kind->word, "null_if_blank"))
            continue;
        buf_z(out, "; ");
        explain_op(&col->ops[k], out);
    }
    if (col->type != COLUMN_STRING && col->type != COLUMN_TIMESTAMP)
        buf_f(out, "; %s no %s is null", col->type == COLUMN_DOUBLES ? "one that is" : "what is",
              col->type == COLUMN_DOUBLES ? "number" : TYPES[col->type]);
    if (col->null_as.p) {
        buf_z(out, "; null becomes ");
        json_put_text(out, col->null_as);
    }
    if (col->required)
        buf_z(out, "; must have a value, else the record is quarantined");
    if (i == p->key)
        buf_z(out, "; rows are ordered and joined by it");
    buf_c(out, '\n');
}

static void explain_bounds(const struct check *c, struct buf *out)
{
    buf_z(out, isinf(c->low) ? "" : isinf(c->high) ? "at least " : "from ");
    if (!isinf(c->low))
        json_put_double(out, c->low);
    buf_z(out, isinf(c->high) ? "" : isinf(c->low) ? "at most " : " to ");
    if (!isinf(c->high))
        json_put_double(out, c->high);
}

static void explain_check(const struct program *p, const struct check *c, struct buf *out)
{
    struct str column = c->kind == CHECK_ROWS ? S("the table") : p->columns[c->column].name;
    buf_f(out, "  Check (%s): " STR_F " ", c->warns ? "warning" : "error", STR_A(column));
    switch (c->kind) {
    case CHECK_NOT_NULL:
        buf_z(out, "is not null");
        break;
    case CHECK_UNIQUE:
        buf_z(out, "is in no two rows the same");
        break;
    case CHECK_BETWEEN:
        buf_z(out, "is ");
        explain_bounds(c, out);
        break;
    case CHECK_ACCEPTED:
        buf_z(out, "is ");
        explain_texts(out, c->accepted, c->n_accepted);
        break;
    case CHECK_LENGTH:
        buf_z(out, "has ");
        explain_bounds(c, out);
        buf_z(out, " characters");
        break;
    case CHECK_REFERENCES:
        buf_f(out, "stands in " STR_F, STR_A(c->reference->text));
        break;
    case CHECK_ROWS:
        buf_z(out, "has ");
        explain_bounds(c, out);
        buf_z(out, " rows");
        break;
    }
    if (c->mostly < 1)
        buf_f(out, ", in at least %g of the rows", c->mostly);
    buf_c(out, '\n');
}

void explain_table(const struct program *p, struct buf *out)
{
    buf_f(out, "Table " STR_F "%s" STR_F "\n", STR_A(p->name), p->about.n ? ": " : "", STR_A(p->about));
    for (size_t i = 0; i < p->n_columns; i++)
        explain_column(p, i, out);
    for (size_t i = p->n_used; i < p->n_inputs; i++)
        buf_f(out, "%s" STR_F, i == p->n_used ? "  Left out: " : ", ", STR_A(p->inputs[i]));
    buf_z(out, p->n_used < p->n_inputs ? "\n" : "");
    buf_z(out, !p->dedupe ? "  Rows that are equal all stay.\n" : p->n_dedupe_by ? "  One row stays of those equal in "
                                                                               : "  Of rows equal in all columns one stays.\n");
    for (size_t i = 0; i < p->n_dedupe_by; i++)
        buf_f(out, "%s" STR_F "%s", i ? ", " : "", STR_A(p->columns[p->dedupe_by[i]].name), i + 1 == p->n_dedupe_by ? ".\n" : "");
    for (size_t i = 0; i < p->n_checks; i++)
        explain_check(p, &p->checks[i], out);
}

/* ---- questions ---- */

static void explain_bound(int64_t value, enum column_type type, struct buf *out)
{
    if (type == COLUMN_DOUBLE)
        json_put_double(out, vector_to_double(value));
    else
        buf_i64(out, value);
}

static void explain_range(const struct range *r, enum column_type type, struct buf *out)
{
    if (r->low == r->high) {
        explain_bound(r->low, type, out);
    } else if (r->low == INT64_MIN || r->high == INT64_MAX) {
        buf_z(out, r->low == INT64_MIN ? "at most " : "at least ");
        explain_bound(r->low == INT64_MIN ? r->high : r->low, type, out);
    } else {
        explain_bound(r->low, type, out);
        buf_z(out, " to ");
        explain_bound(r->high, type, out);
    }
}

static void explain_let(const struct query *q, const struct field *f, struct buf *out)
{
    if (f->kind == FIELD_COLUMN)
        return;
    buf_f(out, "  " STR_F " is ", STR_A(f->name));
    if (f->kind == FIELD_YEAR)
        buf_f(out, "the year (UTC) of " STR_F, STR_A(q->fields[f->of].name));
    for (size_t i = 0; i < f->n_when; i++) {
        buf_z(out, i ? ", " : "");
        json_put_text(out, f->when[i].value);
        buf_f(out, " for " STR_F " ", STR_A(q->fields[f->of].name));
        explain_range(&f->when[i], q->fields[f->of].type, out);
    }
    buf_z(out, f->kind == FIELD_CASE ? ", else null.\n" : ".\n");
}

static void explain_condition(const struct query *q, const struct condition *w, struct buf *out)
{
    const struct field *f = &q->fields[w->field];
    if (w->kind == CONDITION_ALWAYS)
        return;
    buf_f(out, "  Only rows whose " STR_F " is ", STR_A(f->name));
    if (w->kind == CONDITION_NULL)
        buf_z(out, w->null ? "null" : "not null");
    if (w->kind == CONDITION_TEXTS)
        explain_texts(out, w->texts, w->n);
    for (size_t i = 0; w->kind == CONDITION_RANGE && i < w->n; i++) {
        buf_z(out, i ? " or " : "");
        explain_range(&w->ranges[i], f->type, out);
    }
    buf_z(out, ".\n");
}

static void explain_aggregate(const struct query *q, const struct aggregate *g, struct buf *out)
{
    static const char *const WORDS[] = { [AGGREGATE_COUNT] = "how many rows have a", [AGGREGATE_MAX] = "the greatest",
                                         [AGGREGATE_MIN] = "the smallest", [AGGREGATE_MEDIAN] = "the median" };
    if (g->kind == AGGREGATE_COUNT_ROWS)
        buf_f(out, STR_F " (how many rows)", STR_A(g->name));
    else
        buf_f(out, STR_F " (%s " STR_F "%s)", STR_A(g->name), WORDS[g->kind], STR_A(q->fields[g->field].name),
              g->kind != AGGREGATE_MEDIAN ? "" : g->interpolated ? ", the mean of the two in the middle"
                                                                 : ", the lower of the two in the middle");
}

static void explain_top(const struct query *q, struct buf *out)
{
    if (!q->top.on)
        return;
    buf_f(out, "  Of these the one with the greatest " STR_F, STR_A(q->aggregates[q->top.by].name));
    for (size_t i = 0; i < q->top.n_per; i++)
        buf_f(out, "%s" STR_F, i ? ", " : " per ", STR_A(q->fields[q->group_by[q->top.per[i]]].name));
    buf_z(out, q->top.all ? "; of equally great ones all.\n" : "; of equally great ones the first in byte order.\n");
}

static void explain_order(const struct query *q, struct buf *out)
{
    for (size_t i = 0; i < q->n_order_by; i++) {
        const struct order *o = &q->order_by[i];
        struct str name = o->output < q->n_group_by ? q->fields[q->group_by[o->output]].name
                                                    : q->aggregates[o->output - q->n_group_by].name;
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= q->order_by[k].output == o->output;
        if (!again)
            buf_f(out, "%s" STR_F "%s", i ? ", " : "  In the order of ", STR_A(name), o->descending ? " (greatest first)" : "");
    }
    buf_z(out, q->n_order_by ? ".\n" : "");
}

static void explain_joins(const struct query *q, struct buf *out)
{
    static const char *const MORE[] = { [JOIN_INNER] = "", [JOIN_LEFT] = " or, where there is none, with none",
                                        [JOIN_OUTER] = " or, where there is none, with none; and the rows of it that none of these is with" };
    for (size_t t = 1; t < q->n_tables; t++)
        buf_f(out, ", each with every row of " STR_F " of the same " STR_F "%s", STR_A(q->tables[t]->name),
              STR_A(q->tables[t]->columns[q->joins[t].right_column].name), MORE[q->joins[t].kind]);
    buf_z(out, ".\n");
}

void explain_query(const struct query *q, struct buf *out)
{
    buf_f(out, "Question " STR_F "%s" STR_F "\n  Rows of " STR_F, STR_A(q->name), q->about.n ? ": " : "", STR_A(q->about),
          STR_A(q->tables[0]->name));
    explain_joins(q, out);
    for (size_t i = 0; i < q->n_fields; i++)
        explain_let(q, &q->fields[i], out);
    for (size_t i = 0; i < q->n_where; i++)
        explain_condition(q, &q->where[i], out);
    for (size_t i = 0; i < q->n_group_by; i++)
        buf_f(out, "%s" STR_F, i ? ", " : "  Per ", STR_A(q->fields[q->group_by[i]].name));
    buf_z(out, q->n_group_by ? ": " : "  Of all of them: ");
    for (size_t i = 0; i < q->n_aggregates; i++) {
        buf_z(out, i ? ", " : "");
        explain_aggregate(q, &q->aggregates[i], out);
    }
    buf_z(out, ".\n");
    explain_top(q, out);
    explain_order(q, out);
}

int explain_put(const struct rules *r, const struct analytics *a, struct str name, struct buf *out, struct err *e)
{
    struct str table;
    size_t n = 0;
    for (size_t i = 0; (table = rules_table_name(r, i)).p; i++)
        if (!name.n || str_eq(name, table)) {
            buf_z(out, n++ ? "\n" : "");
            explain_table(rules_program(r, table), out);
        }
    for (size_t i = 0; i < analytics_count(a); i++)
        if (!name.n || str_eq(name, analytics_name(a, i))) {
            buf_z(out, n++ ? "\n" : "");
            explain_query(analytics_query(a, i), out);
        }
    return n ? 0 : err_set(e, 0, "QUERY_UNKNOWN", "no table or query \"" STR_F "\"; weirbox rules explain without a name "
                           "explains all", STR_A(name));
}
