/* from, join, let   rows    one column per column of the tables or of let that the question names; a case is the
 *                           number of its entry, as which it is also grouped and ordered
 * where             kept
 * (medians)         placed  the place of each value among the non-nulls of its group, and how many there are
 * group_by          groups  count, max, min; a median is the value at place ceil(n/2), or the mean of that and the one
 *                           at floor(n/2) + 1
 * top               ranked  row_number (ties: smallest) or rank (all)
 * order_by          (end)   nulls first; the entries' texts for the numbers of a case
 */
#include "base/json.h"
#include "pipeline/analytics/sql_write.h"
#include "pipeline/analytics/vector.h"

/* ---- fields ---- */

static struct str bound(struct sql *s, int64_t value, enum column_type type)
{
    if (type != COLUMN_DOUBLE)
        return value == INT64_MIN ? S("(-9223372036854775807 - 1)") : sql_f(s, "%lld", (long long)value);
    return sql_f(s, "%.17e", vector_to_double(value));
}

static struct str in_range(struct sql *s, struct str x, const struct range *r, enum column_type type)
{
    if (r->low == r->high)
        return sql_f(s, STR_F " = " STR_F, STR_A(x), STR_A(bound(s, r->low, type)));
    if (r->low == INT64_MIN && r->high == INT64_MAX)
        return sql_f(s, STR_F " IS NOT NULL", STR_A(x));
    if (r->low == INT64_MIN)
        return sql_f(s, STR_F " <= " STR_F, STR_A(x), STR_A(bound(s, r->high, type)));
    if (r->high == INT64_MAX)
        return sql_f(s, STR_F " >= " STR_F, STR_A(x), STR_A(bound(s, r->low, type)));
    return sql_f(s, STR_F " BETWEEN " STR_F " AND " STR_F, STR_A(x), STR_A(bound(s, r->low, type)),
                 STR_A(bound(s, r->high, type)));
}

static struct str table_name(struct sql *s, const struct query *q, size_t table)
{
    return sql_name(s, q->tables[table]->name);
}

static struct str field(struct sql *s, const struct query *q, size_t i)
{
    const struct field *f = &q->fields[i];
    if (f->kind == FIELD_COLUMN)
        return sql_f(s, STR_F "." STR_F, STR_A(table_name(s, q, f->table)),
                     STR_A(sql_name(s, q->tables[f->table]->columns[f->column].name)));
    struct str of = field(s, q, f->of);
    if (f->kind == FIELD_YEAR)
        return sql_f(s, "year(" STR_F ")", STR_A(of));
    struct buf b = BUF_INIT;
    for (size_t w = 0; w < f->n_when; w++)
        buf_f(&b, " WHEN " STR_F " THEN %zu", STR_A(in_range(s, of, &f->when[w], q->fields[f->of].type)), w);
    struct str all = f->n_when ? sql_f(s, "CASE" STR_F " END", STR_A(buf_str(&b))) : S("CAST(NULL AS INTEGER)");
    buf_release(&b);
    return all;
}

/* The text that the number of a case stands for. */
static struct str label(struct sql *s, const struct field *f)
{
    struct buf b = BUF_INIT;
    struct str name = sql_name(s, f->name);
    if (f->kind != FIELD_CASE || !f->n_when)
        return name;
    for (size_t w = 0; w < f->n_when; w++)
        buf_f(&b, " WHEN %zu THEN " STR_F, w, STR_A(sql_text(s, f->when[w].value)));
    struct str all = sql_f(s, "CASE " STR_F STR_F " END", STR_A(name), STR_A(buf_str(&b)));
    buf_release(&b);
    return all;
}

/* SQLite knows FULL JOIN from 3.39 on. */
static const char *const JOINS[] = { [JOIN_INNER] = "JOIN", [JOIN_LEFT] = "LEFT JOIN", [JOIN_OUTER] = "FULL JOIN" };

static void put_rows(struct sql *s, const struct query *q)
{
    buf_z(s->out, "WITH weirbox_rows AS (\n  SELECT ");
    for (size_t i = 0; i < q->n_fields; i++)
        buf_f(s->out, "%s" STR_F " AS " STR_F, i ? ", " : "", STR_A(field(s, q, i)), STR_A(sql_name(s, q->fields[i].name)));
    buf_f(s->out, "%s\n  FROM " STR_F, q->n_fields ? "" : "1 AS weirbox_row", STR_A(table_name(s, q, 0)));
    for (size_t t = 1; t < q->n_tables; t++) {
        const struct join *j = &q->joins[t];
        buf_f(s->out, "\n  %s " STR_F " ON " STR_F "." STR_F " = " STR_F "." STR_F, JOINS[j->kind], STR_A(table_name(s, q, t)),
              STR_A(table_name(s, q, j->left_table)),
              STR_A(sql_name(s, q->tables[j->left_table]->columns[j->left_column].name)), STR_A(table_name(s, q, t)),
              STR_A(sql_name(s, q->tables[t]->columns[j->right_column].name)));
    }
    buf_z(s->out, ")");
}

/* ---- where ---- */

static struct str condition(struct sql *s, const struct query *q, const struct condition *w)
{
    const struct field *f = &q->fields[w->field];
    struct str x = sql_name(s, f->name);
    struct buf b = BUF_INIT;
    if (w->kind == CONDITION_NULL)
        return sql_f(s, STR_F " IS %sNULL", STR_A(x), w->null ? "" : "NOT ");
    x = w->kind == CONDITION_TEXTS ? label(s, f) : x;
    for (size_t i = 0; i < w->n; i++)
        buf_f(&b, "%s" STR_F, i ? " OR " : "",
              STR_A(w->kind == CONDITION_TEXTS ? sql_f(s, STR_F " = " STR_F, STR_A(x), STR_A(sql_text(s, w->texts[i])))
                                               : in_range(s, x, &w->ranges[i], f->type)));
    struct str all = w->n ? sql_f(s, "(" STR_F ")", STR_A(buf_str(&b))) : S("1 = 0");
    buf_release(&b);
    return all;
}

static const char *put_where(struct sql *s, const struct query *q)
{
    bool first = true;
    for (size_t i = 0; i < q->n_where; i++) {
        if (q->where[i].kind == CONDITION_ALWAYS)
            continue;
        buf_f(s->out, "%s" STR_F, first ? ",\nkept AS (\n  SELECT *\n  FROM weirbox_rows\n  WHERE " : " AND ",
              STR_A(condition(s, q, &q->where[i])));
        first = false;
    }
    buf_z(s->out, first ? "" : ")");
    return first ? "weirbox_rows" : "kept";
}

/* ---- groups ---- */

static void put_keys(struct sql *s, const struct query *q, const char *before, const char *behind)
{
    for (size_t k = 0; k < q->n_group_by; k++)
        buf_f(s->out, "%s" STR_F "%s", k ? ", " : before, STR_A(sql_name(s, q->fields[q->group_by[k]].name)), behind);
}

static const char *put_places(struct sql *s, const struct query *q, const char *from)
{
    bool any = false;
    for (size_t i = 0; i < q->n_aggregates; i++) {
        const struct aggregate *g = &q->aggregates[i];
        struct str x = sql_name(s, q->fields[g->field].name);
        if (g->kind != AGGREGATE_MEDIAN)
            continue;
        buf_z(s->out, any ? "" : ",\nplaced AS (\n  SELECT *");
        buf_f(s->out, ",\n         row_number() OVER (PARTITION BY " STR_F " IS NULL", STR_A(x));
        put_keys(s, q, ", ", "");
        buf_f(s->out, " ORDER BY " STR_F ") AS weirbox_place_%zu,\n         count(" STR_F ") OVER (", STR_A(x), i, STR_A(x));
        put_keys(s, q, "PARTITION BY ", "");
        buf_f(s->out, ") AS weirbox_n_%zu", i);
        any = true;
    }
    if (any)
        buf_f(s->out, "\n  FROM %s)", from);
    return any ? "placed" : from;
}

/* The value at place ceil(n/2), or at floor(n/2) + 1 when `upper`. */
static struct str middle(struct sql *s, struct str x, size_t i, bool upper)
{
    return sql_f(s, upper ? "max(CASE WHEN 2 * weirbox_place_%zu BETWEEN weirbox_n_%zu + 1 AND weirbox_n_%zu + 2 THEN " STR_F " END)"
                          : "max(CASE WHEN 2 * weirbox_place_%zu BETWEEN weirbox_n_%zu AND weirbox_n_%zu + 1 THEN " STR_F " END)",
                 i, i, i, STR_A(x));
}

static struct str aggregate(struct sql *s, const struct query *q, size_t i)
{
    const struct aggregate *g = &q->aggregates[i];
    const char *real = s->dialect == SQL_SQLITE ? "REAL" : "DOUBLE";
    if (g->kind == AGGREGATE_COUNT_ROWS)
        return S("count(*)");
    struct str x = sql_name(s, q->fields[g->field].name);
    if (g->kind != AGGREGATE_MEDIAN)
        return sql_f(s, "%s(" STR_F ")", g->kind == AGGREGATE_COUNT ? "count" : g->kind == AGGREGATE_MAX ? "max" : "min",
                     STR_A(x));
    struct str low = middle(s, x, i, false), high = middle(s, x, i, true);
    if (!g->interpolated)
        return low;
    return sql_f(s, "CAST(" STR_F " AS %s) + (CAST(" STR_F " AS %s) - CAST(" STR_F " AS %s)) / 2", STR_A(low), real,
                 STR_A(high), real, STR_A(low), real);
}

static void put_groups(struct sql *s, const struct query *q, const char *from)
{
    buf_z(s->out, ",\ngroups_of AS (\n  SELECT ");
    put_keys(s, q, "", "");
    for (size_t i = 0; i < q->n_aggregates; i++)
        buf_f(s->out, "%s" STR_F " AS " STR_F, i || q->n_group_by ? ", " : "", STR_A(aggregate(s, q, i)),
              STR_A(sql_name(s, q->aggregates[i].name)));
    buf_f(s->out, "\n  FROM %s", from);
    put_keys(s, q, "\n  GROUP BY ", "");
    buf_z(s->out, ")");
}

static const char *put_top(struct sql *s, const struct query *q)
{
    if (!q->top.on)
        return "groups_of";
    buf_f(s->out, ",\nranked AS (\n  SELECT *, %s() OVER (", q->top.all ? "rank" : "row_number");
    for (size_t k = 0; k < q->top.n_per; k++)
        buf_f(s->out, "%s" STR_F, k ? ", " : "PARTITION BY ", STR_A(sql_name(s, q->fields[q->group_by[q->top.per[k]]].name)));
    buf_f(s->out, "%sORDER BY " STR_F " DESC NULLS LAST", q->top.n_per ? " " : "",
          STR_A(sql_name(s, q->aggregates[q->top.by].name)));
    if (!q->top.all)
        put_keys(s, q, ", ", " NULLS LAST");
    buf_z(s->out, ") AS weirbox_place\n  FROM groups_of)");
    return "ranked";
}

/* ---- the answer ---- */

static void put_answer(struct sql *s, const struct query *q, const char *from)
{
    buf_z(s->out, "\nSELECT ");
    for (size_t k = 0; k < q->n_group_by; k++) {
        const struct field *f = &q->fields[q->group_by[k]];
        struct str x = label(s, f), name = sql_name(s, f->name);
        buf_f(s->out, "%s" STR_F, k ? ", " : "", STR_A(x));
        if (!str_eq(x, name))
            buf_f(s->out, " AS " STR_F, STR_A(name));
    }
    for (size_t i = 0; i < q->n_aggregates; i++)
        buf_f(s->out, "%s" STR_F, i || q->n_group_by ? ", " : "", STR_A(sql_name(s, q->aggregates[i].name)));
    buf_f(s->out, "\nFROM %s%s", from, q->top.on ? "\nWHERE weirbox_place = 1" : "");
    for (size_t i = 0; i < q->n_order_by; i++) {
        const struct order *o = &q->order_by[i];
        bool key = o->output < q->n_group_by, again = false;
        for (size_t k = 0; k < i; k++)
            again |= q->order_by[k].output == o->output;
        if (again)
            continue;
        struct str name = key ? q->fields[q->group_by[o->output]].name : q->aggregates[o->output - q->n_group_by].name;
        buf_f(s->out, "%s%s." STR_F "%s", i ? ", " : "\nORDER BY ", from, STR_A(sql_name(s, name)),
              o->descending ? " DESC NULLS LAST" : " NULLS FIRST");
    }
}

int sql_put_query(const struct query *q, enum sql_dialect d, struct buf *out, struct err *e)
{
    struct sql s;
    size_t start = out->n;
    sql_open(&s, d, out, e);
    put_rows(&s, q);
    put_groups(&s, q, put_places(&s, q, put_where(&s, q)));
    put_answer(&s, q, put_top(&s, q));
    return sql_close(&s, start);
}
