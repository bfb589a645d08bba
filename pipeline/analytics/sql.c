/* dialect   name     text                     whole match                      statement that makes a table
 * sqlite    "x"      'it''s'                  (functions instead)              CREATE TABLE
 * duckdb    "x"      'it''s'                  regexp_full_match(x, p)          CREATE TABLE
 * spark     `x`      'it\'s', \\, \u0024      x RLIKE '\\A…\\z'                CREATE OR REPLACE TEMPORARY VIEW
 */
#include "pipeline/analytics/sql.h"

#include "pipeline/analytics/sql_write.h"

static const char *const DIALECTS[] = { "sqlite", "duckdb", "spark" };

bool sql_dialect_of(struct str name, enum sql_dialect *ret_dialect)
{
    for (int i = SQL_SQLITE; i <= SQL_SPARK; i++)
        if (str_is(name, DIALECTS[i])) {
            *ret_dialect = (enum sql_dialect)i;
            return true;
        }
    return false;
}

void sql_open(struct sql *s, enum sql_dialect d, struct buf *out, struct err *e)
{
    *s = (struct sql){ .out = out, .dialect = d, .arena = ARENA_INIT, .e = e };
}

int sql_close(struct sql *s, size_t start)
{
    arena_release(&s->arena);
    if (s->failed)
        s->out->n = start;
    return s->failed ? -1 : 0;
}

void sql_fail(struct sql *s, const char *fmt, ...)
{
    va_list ap;
    if (s->failed)
        return;
    va_start(ap, fmt);
    struct str why = arena_vf(&s->arena, fmt, ap);
    va_end(ap);
    err_set(s->e, 0, "RULES_NOT_SQL", "the rules cannot be written as %s SQL: " STR_F, DIALECTS[s->dialect],
            STR_A(why));
    s->failed = true;
}

struct str sql_f(struct sql *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vf(&s->arena, fmt, ap);
    va_end(ap);
    return text;
}

static struct str sql_take(struct sql *s, struct buf *b)
{
    struct str text = arena_dup(&s->arena, buf_str(b));
    buf_release(b);
    return text;
}

struct str sql_name(struct sql *s, struct str name)
{
    char quote = s->dialect == SQL_SPARK ? '`' : '"';
    struct buf b = BUF_INIT;
    buf_c(&b, quote);
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == quote)
            buf_c(&b, quote);
        buf_c(&b, name.p[i]);
    }
    buf_c(&b, quote);
    return sql_take(s, &b);
}

/* Spark reads backslashes in literals, and replaces ${…} in the text of a statement. */
struct str sql_text(struct sql *s, struct str text)
{
    struct buf b = BUF_INIT;
    bool spark = s->dialect == SQL_SPARK;
    if (str_chr(text, 0) != STR_NONE)
        sql_fail(s, "U+0000 in the text \"" STR_F "\"", STR_A(text));
    buf_c(&b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (spark && c == '$')
            buf_z(&b, "\\u0024");
        else if (spark && (c == '\\' || c == '\''))
            buf_f(&b, "\\%c", c);
        else if (c == '\'')
            buf_z(&b, "''");
        else
            buf_c(&b, c);
    }
    buf_c(&b, '\'');
    return sql_take(s, &b);
}

struct str sql_pattern(struct sql *s, struct str text)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] > ' ' && strchr("\\^$.|?*+()[]{}-/#&~", text.p[i]))
            buf_c(&b, '\\');
        buf_c(&b, text.p[i]);
    }
    return sql_take(s, &b);
}

/* Java's $ also matches before a line end, so its anchors are \A and \z. */
struct str sql_matches(struct sql *s, struct str x, struct str pattern)
{
    if (s->dialect == SQL_SPARK)
        return sql_f(s, STR_F " RLIKE " STR_F, STR_A(x),
                     STR_A(sql_text(s, sql_f(s, "\\A" STR_F "\\z", STR_A(pattern)))));
    return sql_f(s, "regexp_full_match(" STR_F ", " STR_F ")", STR_A(x), STR_A(sql_text(s, pattern)));
}

/* ---- a script ---- */

static int sql_statement(int result, struct buf *out)
{
    if (result == 0)
        buf_z(out, ";\n\n");
    return result;
}

static int sql_put_tables(const struct rules *r, struct str only, enum sql_dialect d, struct buf *out, size_t *ret_n,
                          struct err *e)
{
    struct str name;
    for (size_t i = 0; (name = rules_table_name(r, i)).p; i++) {
        const struct program *p = rules_program(r, name);
        if (only.n && !str_eq(only, name))
            continue;
        ++*ret_n;
        if (p->about.n)
            buf_f(out, "-- " STR_F ": " STR_F "\n", STR_A(name), STR_A(p->about));
        if (sql_statement(sql_put_raw(p, d, out, e), out) || sql_statement(sql_put_table(p, d, out, e), out))
            return -1;
    }
    return 0;
}

int sql_put(const struct rules *r, const struct analytics *a, struct str name, enum sql_dialect d, struct buf *out,
            struct err *e)
{
    size_t n = 0;
    buf_f(out, "-- Profile " STR_F ".%s\n\n", STR_A(rules_profile(r)),
          d == SQL_SQLITE ? " Functions year, to_integer, to_double, doubles, timestamp_us and strip_prefix are weirbox's." : "");
    if (d == SQL_SPARK)
        buf_z(out, "SET TIME ZONE 'UTC';\n\n");
    if (sql_put_tables(r, name, d, out, &n, e))
        return -1;
    for (size_t i = 0; i < analytics_count(a); i++) {
        if (name.n && !str_eq(name, analytics_name(a, i)))
            continue;
        n++;
        buf_f(out, "-- " STR_F ": " STR_F "\n", STR_A(analytics_name(a, i)), STR_A(analytics_about(a, i)));
        if (sql_statement(sql_put_query(analytics_query(a, i), d, out, e), out))
            return -1;
    }
    return n ? 0 : err_set(e, 0, "QUERY_UNKNOWN", "no table or query \"" STR_F "\"; weirbox query --list names the queries, "
                           "weirbox rules check the tables", STR_A(name));
}
