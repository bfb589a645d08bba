/* A cleaned table is a chain of SELECTs, one per step, so that no expression is written twice:
 *
 * source   which member a column comes from                  coalesce("index", "ind")
 * step_1   the first operation of every column that has one  CASE WHEN "title" IN ('') THEN NULL ELSE "title" END
 * step_n   …
 * typed    the type; what is none becomes null               TRY_CAST("follower_count" AS INTEGER)
 * (end)    rows whose required columns have values, one of equals where the rules say so
 *
 * word          SQL                                          becomes NULL when
 * suffix        digits first: ltrim(x, '0123456789') tells what stands behind them, length how many there are
 * strip_prefix  a function in SQLite, else a regular expression
 */
#include <stdio.h>

#include "pipeline/analytics/sql_write.h"

#define DIGITS "'0123456789'"

/* ---- raw rows ---- */

int sql_put_raw(const struct program *p, enum sql_dialect d, struct buf *out, struct err *e)
{
    struct sql s;
    size_t start = out->n;
    bool spark = d == SQL_SPARK;
    sql_open(&s, d, out, e);
    buf_f(out, spark ? "CREATE OR REPLACE TEMPORARY VIEW raw_" STR_F " (" : "CREATE TABLE IF NOT EXISTS raw_" STR_F " (",
          STR_A(p->name));
    for (size_t i = 0; i < p->n_used; i++)
        buf_f(out, "%s" STR_F " %s", i ? ", " : "", STR_A(sql_name(&s, p->inputs[i])),
              spark ? "STRING" : d == SQL_DUCKDB ? "VARCHAR" : "TEXT");
    buf_z(out, ")");
    if (spark)
        buf_f(out, " USING json OPTIONS (path " STR_F ")", STR_A(sql_text(&s, sql_f(&s, STR_F ".jsonl", STR_A(p->name)))));
    return sql_close(&s, start);
}

/* ---- where a column comes from ---- */

static struct str member(struct sql *s, const struct program *p, const struct program_column *col)
{
    struct str names = { NULL, 0 };
    for (size_t i = 0; i < col->n_from; i++) {
        struct str name = sql_name(s, p->inputs[col->from[i]]);
        names = i ? sql_f(s, STR_F ", " STR_F, STR_A(names), STR_A(name)) : name;
    }
    return col->n_from > 1 ? sql_f(s, "coalesce(" STR_F ")", STR_A(names)) : names;
}

static struct str concat(struct sql *s, const struct program *p, const struct program_column *col)
{
    struct buf b = BUF_INIT;
    struct str whole = member(s, p, col);
    for (size_t i = 0; i < col->n_parts; i++)
        buf_f(&b, "%s" STR_F, i ? " || " : "", STR_A(col->parts[i].literal ? sql_text(s, col->parts[i].text)
                                                                           : sql_name(s, p->inputs[col->parts[i].input])));
    struct str all = sql_f(s, "coalesce(" STR_F ", " STR_F ")", STR_A(whole), STR_A(buf_str(&b)));
    buf_release(&b);
    return all;
}

/* ---- numbers ---- */

/* A finite double from a text, NULL when it is none. */
static struct str number(struct sql *s, struct str x)
{
    bool spark = s->dialect == SQL_SPARK;
    if (s->dialect == SQL_SQLITE)
        return sql_f(s, "to_double(" STR_F ")", STR_A(x));
    struct str grammar = sql_matches(s, x, S("-?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?"));
    struct str cast = sql_f(s, "%s(" STR_F " AS DOUBLE)", spark ? "try_cast" : "TRY_CAST", STR_A(x));
    return sql_f(s, "CASE WHEN " STR_F " AND length(" STR_F ") < 400 AND abs(" STR_F ") <= 1.7976931348623157e308 THEN "
                 STR_F " END", STR_A(grammar), STR_A(x), STR_A(cast), STR_A(cast));
}

/* An integer of 64 bits from a text: digits, or a number of another form whose value is whole and exact. */
static struct str integer(struct sql *s, struct str x, enum column_type type)
{
    static const char *const RANGE[] = { [COLUMN_INT] = "-2147483648, 2147483647",
                                         [COLUMN_LONG] = "-9223372036854775807 - 1, 9223372036854775807" };
    bool spark = s->dialect == SQL_SPARK;
    const char *cast = spark ? "try_cast" : "TRY_CAST";
    if (s->dialect == SQL_SQLITE)
        return sql_f(s, "to_integer(" STR_F ", %s)", STR_A(x), RANGE[type]);
    struct str digits = sql_matches(s, x, S("-?[0-9]+")), d = number(s, x);
    struct str value = sql_f(s, "CASE WHEN " STR_F " THEN %s(" STR_F " AS BIGINT) WHEN abs(" STR_F
                             ") <= 9007199254740992 AND floor(" STR_F ") = " STR_F " THEN CAST(" STR_F " AS BIGINT) END",
                             STR_A(digits), cast, STR_A(x), STR_A(d), STR_A(d), STR_A(d), STR_A(d));
    return type == COLUMN_LONG ? value : sql_f(s, "%s(" STR_F " AS INTEGER)", cast, STR_A(value));
}

/* An integer of a column's type from a BIGINT. */
static struct str narrowed(struct sql *s, struct str n, enum column_type type)
{
    if (type == COLUMN_LONG)
        return n;
    if (type == COLUMN_DOUBLE)
        return sql_f(s, "CAST(" STR_F " AS %s)", STR_A(n), s->dialect == SQL_SQLITE ? "REAL" : "DOUBLE");
    if (s->dialect == SQL_SQLITE)
        return sql_f(s, "CASE WHEN " STR_F " BETWEEN -2147483648 AND 2147483647 THEN " STR_F " END", STR_A(n), STR_A(n));
    return sql_f(s, "%s(" STR_F " AS INTEGER)", s->dialect == SQL_SPARK ? "try_cast" : "TRY_CAST", STR_A(n));
}

/* ---- operations ---- */

static struct str list_of(struct sql *s, const struct str *texts, size_t n)
{
    struct str list = { NULL, 0 };
    for (size_t i = 0; i < n; i++) {
        struct str text = sql_text(s, texts[i]);
        list = i ? sql_f(s, STR_F ", " STR_F, STR_A(list), STR_A(text)) : text;
    }
    return list;
}

static struct str op_null_if(struct sql *s, const struct op *op, struct str x)
{
    if (!op->n)
        return x;
    return sql_f(s, "CASE WHEN " STR_F " NOT IN (" STR_F ") THEN " STR_F " END", STR_A(x),
                 STR_A(list_of(s, op->texts, op->n)), STR_A(x));
}

static size_t code_points(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return n;
}

static struct str op_null_if_prefix(struct sql *s, const struct op *op, struct str x)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < op->n; i++)
        buf_f(&b, "%ssubstr(" STR_F ", 1, %zu) <> " STR_F, i ? " AND " : "", STR_A(x), code_points(op->texts[i]),
              STR_A(sql_text(s, op->texts[i])));
    struct str all = op->n ? sql_f(s, "CASE WHEN " STR_F " THEN " STR_F " END", STR_A(buf_str(&b)), STR_A(x)) : x;
    buf_release(&b);
    return all;
}

static struct str trimmed(struct sql *s, struct str x)
{
    static const char *const FORMS[] = { [SQL_SQLITE] = "trim(" STR_F ", char(32, 9, 10, 13))",
                                         [SQL_DUCKDB] = "trim(" STR_F ", chr(32) || chr(9) || chr(10) || chr(13))",
                                         [SQL_SPARK] = "trim(BOTH ' \\t\\n\\r' FROM " STR_F ")" };
    return sql_f(s, FORMS[s->dialect], STR_A(x));
}

static struct str op_null_if_blank(struct sql *s, const struct op *op, struct str x)
{
    (void)op;
    return sql_f(s, "CASE WHEN " STR_F " <> '' THEN " STR_F " END", STR_A(trimmed(s, x)), STR_A(x));
}

static struct str op_trim(struct sql *s, const struct op *op, struct str x)
{
    (void)op;
    return trimmed(s, x);
}

static struct str op_strip_prefix(struct sql *s, const struct op *op, struct str x)
{
    for (size_t i = 0; i < op->n; i++) {
        if (!op->texts[i].n)
            continue;
        struct str pattern = sql_f(s, "^(?:" STR_F ")+", STR_A(sql_pattern(s, op->texts[i])));
        x = s->dialect == SQL_SQLITE
                ? sql_f(s, "strip_prefix(" STR_F ", " STR_F ")", STR_A(x), STR_A(sql_text(s, op->texts[i])))
                : sql_f(s, "regexp_replace(" STR_F ", " STR_F ", '')", STR_A(x), STR_A(sql_text(s, pattern)));
    }
    return x;
}

static struct str op_replace(struct sql *s, const struct op *op, struct str x)
{
    for (size_t i = 0; i < op->n; i++)
        x = sql_f(s, "replace(" STR_F ", " STR_F ", " STR_F ")", STR_A(x), STR_A(sql_text(s, op->texts[i])),
                  STR_A(sql_text(s, op->to[i])));
    return x;
}

/* lower and upper of DuckDB and Spark know all of Unicode; those of SQLite only ASCII, as the rules want. */
static struct str op_lower(struct sql *s, const struct op *op, struct str x)
{
    (void)op;
    if (s->dialect == SQL_SQLITE)
        return sql_f(s, "lower(" STR_F ")", STR_A(x));
    return sql_f(s, "translate(" STR_F ", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')", STR_A(x));
}

static struct str op_upper(struct sql *s, const struct op *op, struct str x)
{
    (void)op;
    if (s->dialect == SQL_SQLITE)
        return sql_f(s, "upper(" STR_F ")", STR_A(x));
    return sql_f(s, "translate(" STR_F ", 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')", STR_A(x));
}

static struct str op_map(struct sql *s, const struct op *op, struct str x)
{
    struct buf b = BUF_INIT;
    buf_f(&b, "CASE " STR_F, STR_A(x));
    for (size_t i = 0; i < op->n; i++)
        buf_f(&b, " WHEN " STR_F " THEN " STR_F, STR_A(sql_text(s, op->texts[i])), STR_A(sql_text(s, op->to[i])));
    struct str all = op->n ? sql_f(s, STR_F " ELSE " STR_F " END", STR_A(buf_str(&b)), STR_A(x)) : x;
    buf_release(&b);
    return all;
}

/* What stands behind the digits at the front. */
static struct str behind_digits(struct sql *s, struct str x)
{
    return s->dialect == SQL_SPARK ? sql_f(s, "trim(LEADING " DIGITS " FROM " STR_F ")", STR_A(x))
                                   : sql_f(s, "ltrim(" STR_F ", " DIGITS ")", STR_A(x));
}

/* One to ten digits before a suffix of `behind` characters, times factor; NULL where that passes 64 bits. */
static void suffix_case(struct sql *s, struct buf *b, struct str x, struct str text, int64_t factor)
{
    size_t behind = code_points(text);
    struct str digits = !behind ? sql_f(s, "CAST(" STR_F " AS BIGINT)", STR_A(x))
                                : sql_f(s, "CAST(substr(" STR_F ", 1, length(" STR_F ") - %zu) AS BIGINT)", STR_A(x), STR_A(x), behind);
    buf_f(b, " WHEN " STR_F " = " STR_F " AND length(" STR_F ") BETWEEN %zu AND %zu", STR_A(behind_digits(s, x)),
          STR_A(sql_text(s, text)), STR_A(x), behind + 1, behind + 10);
    if (factor > INT64_MAX / INT64_C(9999999999))
        buf_f(b, " AND " STR_F " <= %lld", STR_A(digits), (long long)(INT64_MAX / factor));
    buf_f(b, " THEN " STR_F, STR_A(digits));
    if (factor != 1)
        buf_f(b, " * %lld", (long long)factor);
}

static struct str op_suffix(struct sql *s, const struct op *op, struct str x)
{
    struct buf b = BUF_INIT;
    buf_z(&b, "CASE");
    suffix_case(s, &b, x, S(""), 1);
    for (size_t i = 0; i < op->n; i++)
        suffix_case(s, &b, x, op->texts[i], op->factors[i]);
    buf_z(&b, " END");
    struct str all = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    return all;
}

static const struct {
    const char *word;
    struct str (*put)(struct sql *s, const struct op *op, struct str x);
} OPS[] = {
    { "null_if", op_null_if }, { "null_if_prefix", op_null_if_prefix }, { "null_if_blank", op_null_if_blank },
    { "trim", op_trim },       { "strip_prefix", op_strip_prefix },     { "replace", op_replace },
    { "lower", op_lower },     { "upper", op_upper },                   { "map", op_map },
    { "suffix", op_suffix },   { "timestamp", sql_timestamp },
};

static struct str operation(struct sql *s, const struct op *op, struct str x)
{
    for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++)
        if (strcmp(OPS[i].word, op->kind->word) == 0)
            return OPS[i].put(s, op, x);
    sql_fail(s, "the operation %s", op->kind->word);
    return x;
}

/* ---- types ---- */

static struct str typed(struct sql *s, const struct program_column *col, struct str x)
{
    bool is_number = col->n_ops && col->ops[col->n_ops - 1].kind->gives_number;
    switch (col->type) {
    case COLUMN_INT:
    case COLUMN_LONG:
        return is_number ? narrowed(s, x, col->type) : integer(s, x, col->type);
    case COLUMN_DOUBLE:
        return is_number ? narrowed(s, x, col->type) : number(s, x);
    case COLUMN_BOOLEAN:
        return sql_f(s, "CASE WHEN " STR_F " IN ('true', '1') THEN %s WHEN " STR_F " IN ('false', '0') THEN %s END",
                     STR_A(x), s->dialect == SQL_SQLITE ? "1" : "true", STR_A(x), s->dialect == SQL_SQLITE ? "0" : "false");
    case COLUMN_TIMESTAMP: /* SQLite's function has looked at it */
        return s->dialect == SQL_SQLITE ? x
                                        : sql_f(s, "CASE WHEN %s(" STR_F ") BETWEEN %lld AND %lld THEN " STR_F " END",
                                                s->dialect == SQL_SPARK ? "unix_micros" : "epoch_us", STR_A(x),
                                                (long long)TIMESTAMP_FIRST_US, (long long)TIMESTAMP_LAST_US, STR_A(x));
    default:
        return col->null_as.p ? sql_f(s, "coalesce(" STR_F ", " STR_F ")", STR_A(x), STR_A(sql_text(s, col->null_as))) : x;
    }
}

/* Elements from parts; or from the text of an array of as many elements, which a cleaned row has. */
static struct str array(struct sql *s, const struct program *p, const struct program_column *col)
{
    static const char *const OPEN[] = { "doubles(", "[", "array(" };
    struct str whole = member(s, p, col);
    struct buf b = BUF_INIT;
    buf_f(&b, "CASE WHEN " STR_F " IS NULL THEN %s", STR_A(whole), OPEN[s->dialect]);
    for (size_t i = 0; i < col->n_parts; i++)
        buf_f(&b, "%s" STR_F, i ? ", " : "", STR_A(number(s, sql_name(s, p->inputs[col->parts[i].input]))));
    buf_z(&b, s->dialect == SQL_DUCKDB ? "]" : ")");
    if (s->dialect == SQL_SQLITE)
        buf_f(&b, " ELSE doubles_of(" STR_F ", %u) END", STR_A(whole), col->width);
    else if (s->dialect == SQL_DUCKDB)
        buf_f(&b, " WHEN json_array_length(" STR_F ") = %u THEN list_transform(json_extract_string(" STR_F
              ", '$[*]'), lambda x: " STR_F ") END", STR_A(whole), col->width, STR_A(whole), STR_A(number(s, S("x"))));
    else
        buf_f(&b, " WHEN json_array_length(" STR_F ") = %u THEN transform(from_json(" STR_F
              ", 'array<string>'), x -> " STR_F ") END", STR_A(whole), col->width, STR_A(whole), STR_A(number(s, S("x"))));
    struct str all = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    return all;
}

/* ---- the statement ---- */

static void select_step(struct sql *s, const struct program *p, const char *name, const char *from,
                        struct str (*expression)(struct sql *, const struct program *, const struct program_column *, size_t),
                        size_t step)
{
    buf_f(s->out, "%s AS (\n  SELECT ", name);
    for (size_t i = 0; i < p->n_columns; i++) {
        struct str column = sql_name(s, p->columns[i].name), x = expression(s, p, &p->columns[i], step);
        buf_f(s->out, "%s" STR_F, i ? ",\n         " : "", STR_A(x));
        if (!str_eq(x, column))
            buf_f(s->out, " AS " STR_F, STR_A(column));
    }
    buf_f(s->out, "\n  FROM %s)", from);
}

static struct str source_of(struct sql *s, const struct program *p, const struct program_column *col, size_t step)
{
    (void)step;
    return col->source == SOURCE_CONCAT ? concat(s, p, col) : col->source == SOURCE_ARRAY ? array(s, p, col) : member(s, p, col);
}

static struct str step_of(struct sql *s, const struct program *p, const struct program_column *col, size_t step)
{
    (void)p;
    struct str x = sql_name(s, col->name);
    return step < col->n_ops ? operation(s, &col->ops[step], x) : x;
}

static struct str type_of(struct sql *s, const struct program *p, const struct program_column *col, size_t step)
{
    (void)p, (void)step;
    return typed(s, col, sql_name(s, col->name));
}

static void required(struct sql *s, const struct program *p)
{
    bool first = true;
    for (size_t i = 0; i < p->n_columns; i++)
        if (p->columns[i].required) {
            buf_f(s->out, "%s " STR_F " IS NOT NULL", first ? "\nWHERE" : " AND", STR_A(sql_name(s, p->columns[i].name)));
            first = false;
        }
}

static void names(struct sql *s, const struct program *p)
{
    for (size_t i = 0; i < p->n_columns; i++)
        buf_f(s->out, "%s" STR_F, i ? ", " : "", STR_A(sql_name(s, p->columns[i].name)));
}

/* The order of the finished table; arrays by their elements. */
static void order(struct sql *s, const struct program *p)
{
    static const char *const ELEMENT[] = { "json_extract(" STR_F ", '$[%u]')", STR_F "[%u]", STR_F "[%u]" };
    buf_f(s->out, " ORDER BY " STR_F, STR_A(sql_name(s, p->columns[p->key].name)));
    for (size_t i = 0; i < p->n_columns; i++) {
        struct str name = sql_name(s, p->columns[i].name);
        buf_f(s->out, ", " STR_F " IS NOT NULL", STR_A(name));
        for (uint32_t k = 0; k < p->columns[i].width; k++) {
            struct str x = p->columns[i].type == COLUMN_DOUBLES
                               ? sql_f(s, ELEMENT[s->dialect], STR_A(name), k + (s->dialect == SQL_DUCKDB)) : name;
            buf_f(s->out, ", " STR_F " NULLS FIRST", STR_A(x));
        }
    }
}

/* The first of each run of equals in the order of the finished table. */
static void first_of_equals(struct sql *s, const struct program *p)
{
    buf_z(s->out, ",\nnumbered AS (\n  SELECT *, row_number() OVER (PARTITION BY ");
    for (size_t i = 0; i < p->n_dedupe_by; i++)
        buf_f(s->out, "%s" STR_F, i ? ", " : "", STR_A(sql_name(s, p->columns[p->dedupe_by[i]].name)));
    order(s, p);
    buf_z(s->out, ") AS weirbox_place\n  FROM typed");
    required(s, p);
    buf_z(s->out, ")");
}

int sql_put_table(const struct program *p, enum sql_dialect d, struct buf *out, struct err *e)
{
    struct sql s;
    size_t start = out->n, steps = 0;
    char from[32] = "source", name[32];
    sql_open(&s, d, out, e);
    for (size_t i = 0; i < p->n_columns; i++)
        steps = p->columns[i].n_ops > steps ? p->columns[i].n_ops : steps;
    buf_f(out, "CREATE %s " STR_F " AS\nWITH ", d == SQL_SPARK ? "OR REPLACE TEMPORARY VIEW" : "TABLE",
          STR_A(sql_name(&s, p->name)));
    struct str raw = sql_f(&s, "raw_" STR_F, STR_A(p->name));
    select_step(&s, p, from, raw.p, source_of, 0);
    for (size_t i = 0; i < steps; i++) {
        snprintf(name, sizeof name, "step_%zu", i + 1);
        buf_z(out, ",\n");
        select_step(&s, p, name, from, step_of, i);
        memcpy(from, name, sizeof from);
    }
    buf_z(out, ",\n");
    select_step(&s, p, "typed", from, type_of, 0);
    if (p->dedupe && p->n_dedupe_by)
        first_of_equals(&s, p);
    buf_z(out, p->dedupe && !p->n_dedupe_by ? "\nSELECT DISTINCT " : "\nSELECT ");
    names(&s, p);
    buf_z(out, p->dedupe && p->n_dedupe_by ? "\nFROM numbered\nWHERE weirbox_place = 1" : "\nFROM typed");
    if (!p->dedupe || !p->n_dedupe_by)
        required(&s, p);
    return sql_close(&s, start);
}
