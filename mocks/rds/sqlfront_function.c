/* sqlfront_function.c - functions whose form is not name(argument, …), and those whose name is a word to SQLite.
 *
 *   CAST(x AS CHAR(60)), CONVERT(x, CHAR)       CAST(x AS TEXT)
 *   … SIGNED [INTEGER] | UNSIGNED | DECIMAL | DOUBLE | DATE | DATETIME | TIME | BINARY
 *   CONVERT(x USING utf8mb4)                    (x)
 *   DATE_ADD(x, INTERVAL 1 DAY)                 DATE_ADD(x, 1, 'DAY')
 *   EXTRACT(YEAR FROM x)                        "extract"('YEAR', x)
 *   SUBSTRING(x FROM a FOR b)                   substr(x, a, b)
 *   TRIM(LEADING 'x' FROM y)                    ltrim(y, 'x')
 *   POSITION(a IN b)                            "locate"(a, b)
 *   GROUP_CONCAT(x ORDER BY y SEPARATOR ',')    group_concat(x, ',')
 *   CURRENT_TIMESTAMP, NOW(6)                   "now"()
 *   LEFT(x, n), IF(a, b, c), DATABASE() …       "left"(x, n) …
 */
#include "mocks/rds/sqlfront_rewrite.h"

enum { LONGEST_INTERVAL = 64 }; /* tokens; a bound on looking ahead */

/* ---- CAST and CONVERT ---- */

static const struct {
    const char *type; /* MySQL's first word */
    const char *before, *after; /* around the expression */
} casts[] = {
    { "CHAR", "CAST(", " AS TEXT)" },        { "NCHAR", "CAST(", " AS TEXT)" },      { "VARCHAR", "CAST(", " AS TEXT)" },
    { "BINARY", "CAST(", " AS TEXT)" },      { "SIGNED", "CAST(", " AS INTEGER)" },  { "UNSIGNED", "CAST(", " AS INTEGER)" },
    { "INTEGER", "CAST(", " AS INTEGER)" },  { "INT", "CAST(", " AS INTEGER)" },     { "BIGINT", "CAST(", " AS INTEGER)" },
    { "DOUBLE", "CAST(", " AS REAL)" },      { "FLOAT", "CAST(", " AS REAL)" },      { "REAL", "CAST(", " AS REAL)" },
    { "DECIMAL", "CAST(", " AS REAL)" },     { "DATE", "\"date\"(", ")" },           { "DATETIME", "\"as_datetime\"(", ")" },
    { "TIMESTAMP", "\"as_datetime\"(", ")" }, { "TIME", "\"as_time\"(", ")" },       { "YEAR", "\"year\"(", ")" },
    { "JSON", "json(", ")" },
};

static size_t put_cast(struct rewriter *w, size_t i, size_t from, size_t to, size_t type)
{
    sqlfront_put_gap(w, i);
    for (size_t k = 0; k < sizeof casts / sizeof *casts; k++)
        if (sqlfront_is(w->t, type, casts[k].type)) {
            buf_z(w->out, casts[k].before);
            sqlfront_put_range(w, from, to);
            buf_z(w->out, casts[k].after);
            return sqlfront_behind(w, i + 1, w->to);
        }
    sqlfront_fail(w, "a cast to this type");
    return w->to;
}

static size_t comma_of(const struct rewriter *w, size_t from, size_t to)
{
    while (from < to && !sqlfront_op(w, from, ','))
        from = sqlfront_op(w, from, '(') ? sqlfront_behind(w, from, to) : from + 1;
    return from;
}

static size_t put_convert(struct rewriter *w, size_t i, size_t close)
{
    size_t split = sqlfront_find(w, i + 2, close, K_USING);
    if (split < close) {
        sqlfront_put_gap(w, i);
        buf_c(w->out, '(');
        sqlfront_put_range(w, i + 2, split);
        buf_c(w->out, ')');
        return close + 1;
    }
    split = comma_of(w, i + 2, close);
    return split + 1 < close ? put_cast(w, i, i + 2, split, split + 1) : i;
}

/* ---- arguments joined by words ---- */

static void put_call(struct rewriter *w, size_t i, const char *name)
{
    sqlfront_put_gap(w, i);
    buf_z(w->out, name);
    buf_c(w->out, '(');
}

static size_t put_extract(struct rewriter *w, size_t i, size_t close)
{
    if (sqlfront_word(w, i + 3) != K_FROM)
        return i;
    put_call(w, i, "\"extract\"");
    sqlfront_quote(w->out, sqlfront_token_text(w->t, i + 2), '\'');
    buf_c(w->out, ',');
    sqlfront_put_range(w, i + 4, close);
    buf_c(w->out, ')');
    return close + 1;
}

static size_t put_substring(struct rewriter *w, size_t i, size_t close)
{
    size_t from = sqlfront_find(w, i + 2, close, K_FROM), length = sqlfront_find(w, i + 2, close, K_FOR);
    put_call(w, i, "substr");
    if (from == close) {
        sqlfront_put_range(w, i + 2, close);
    } else {
        sqlfront_put_range(w, i + 2, from);
        buf_c(w->out, ',');
        sqlfront_put_range(w, from + 1, length);
        if (length < close) {
            buf_c(w->out, ',');
            sqlfront_put_range(w, length + 1, close);
        }
    }
    buf_c(w->out, ')');
    return close + 1;
}

static size_t put_trim(struct rewriter *w, size_t i, size_t close)
{
    unsigned side = sqlfront_word(w, i + 2);
    bool sided = side == K_LEADING || side == K_TRAILING || side == K_BOTH;
    size_t from = sqlfront_find(w, i + 2, close, K_FROM), first = i + 2 + sided;
    if (from == close)
        return i;
    put_call(w, i, side == K_LEADING ? "ltrim" : side == K_TRAILING ? "rtrim" : "trim");
    sqlfront_put_range(w, from + 1, close);
    if (from > first) {
        buf_c(w->out, ',');
        sqlfront_put_range(w, first, from);
    }
    buf_c(w->out, ')');
    return close + 1;
}

static size_t put_position(struct rewriter *w, size_t i, size_t close)
{
    size_t in = sqlfront_find(w, i + 2, close, K_IN);
    if (in == close)
        return i;
    put_call(w, i, "\"locate\"");
    sqlfront_put_range(w, i + 2, in);
    buf_c(w->out, ',');
    sqlfront_put_range(w, in + 1, close);
    buf_c(w->out, ')');
    return close + 1;
}

/* SQLite's aggregate takes neither an order nor, with DISTINCT, a separator. */
static size_t put_group_concat(struct rewriter *w, size_t i, size_t close)
{
    size_t order = sqlfront_find(w, i + 2, close, K_ORDER), separator = sqlfront_find(w, i + 2, close, K_SEPARATOR);
    put_call(w, i, "group_concat");
    sqlfront_put_range(w, i + 2, order < separator ? order : separator);
    if (separator < close && sqlfront_word(w, i + 2) != K_DISTINCT) {
        buf_c(w->out, ',');
        sqlfront_put_range(w, separator + 1, close);
    }
    buf_c(w->out, ')');
    return close + 1;
}

/* INTERVAL e UNIT as an argument: e, 'UNIT'. */
static size_t put_interval(struct rewriter *w, size_t i, size_t to)
{
    size_t end = comma_of(w, i + 1, i + LONGEST_INTERVAL < to ? i + LONGEST_INTERVAL : to), close = i + 1;
    while (close < end && !sqlfront_op(w, close, ')'))
        close = sqlfront_op(w, close, '(') ? sqlfront_behind(w, close, end) : close + 1;
    if (close < i + 3 || w->t->tokens[close - 1].kind != SQLFRONT_WORD)
        return i;
    bool argument = i > w->from && (sqlfront_op(w, i - 1, ','));
    if (!argument) {
        sqlfront_fail(w, "INTERVAL outside of DATE_ADD() and DATE_SUB()");
        return to;
    }
    sqlfront_put_range(w, i + 1, close - 1);
    buf_c(w->out, ',');
    sqlfront_quote(w->out, sqlfront_token_text(w->t, close - 1), '\'');
    return close;
}

/* ---- names ---- */

/* Written without brackets, or with a precision in them. */
static const struct {
    uint8_t word;
    bool bare; /* a function even without brackets */
    const char *name;
} clocks[] = {
    { K_CURRENT_TIMESTAMP, true, "now" }, { K_LOCALTIME, true, "now" },       { K_LOCALTIMESTAMP, true, "now" },
    { K_NOW, false, "now" },              { K_SYSDATE, false, "now" },        { K_UTC_TIMESTAMP, true, "now" },
    { K_CURRENT_DATE, true, "curdate" },  { K_CURDATE, false, "curdate" },    { K_UTC_DATE, true, "curdate" },
    { K_CURRENT_TIME, true, "curtime" },  { K_CURTIME, false, "curtime" },    { K_UTC_TIME, true, "curtime" },
    { K_CURRENT_USER, true, "current_user" },
};

static size_t put_clock(struct rewriter *w, size_t i, size_t to, bool call)
{
    unsigned word = sqlfront_word(w, i);
    for (size_t k = 0; k < sizeof clocks / sizeof *clocks; k++) {
        if (clocks[k].word != word || !(call || clocks[k].bare))
            continue;
        sqlfront_put_gap(w, i);
        if (w->define)
            buf_z(w->out, "CURRENT_TIMESTAMP");
        else
            buf_f(w->out, "\"%s\"()", clocks[k].name);
        return call ? sqlfront_behind(w, i + 1, to) : i + 1;
    }
    return i;
}

/* Words of SQLite's grammar, or functions it has with another meaning (mysqld_function.c gives MySQL's). */
static const struct {
    uint8_t word;
    const char *name;
} quoted[] = {
    { K_LEFT, "\"left\"" },         { K_RIGHT, "\"right\"" },   { K_IF, "iif" },           { K_DATABASE, "\"database\"" },
    { K_SCHEMA, "\"database\"" },   { K_INSERT, "\"insert\"" }, { K_USER, "\"user\"" },    { K_MOD, "\"mod\"" },
    { K_DATE, "\"date\"" },         { K_TIME, "\"as_time\"" },  { K_VALUES, "\"values\"" }, { K_SUBSTRING_INDEX, "\"substring_index\"" },
    { K_TRUNCATE, "\"truncate\"" }, { K_CHAR, "\"char\"" },
};

static size_t put_quoted(struct rewriter *w, size_t i)
{
    unsigned word = sqlfront_word(w, i);
    if (word == K_IF && i + 2 < w->to && (sqlfront_word(w, i + 1) == K_EXISTS || sqlfront_word(w, i + 1) == K_NOT))
        return i;
    if (word == K_VALUES || (w->define && word != K_IF))
        return i; /* a list of rows; a type */
    for (size_t k = 0; k < sizeof quoted / sizeof *quoted; k++)
        if (quoted[k].word == word) {
            sqlfront_put_gap(w, i);
            buf_z(w->out, quoted[k].name);
            return i + 1;
        }
    return i;
}

size_t sqlfront_put_function(struct rewriter *w, size_t i, size_t to)
{
    unsigned word = sqlfront_word(w, i);
    bool call = i + 1 < to && sqlfront_op(w, i + 1, '(') && w->t->tokens[i + 1].mate > i;
    size_t close = call ? w->t->tokens[i + 1].mate : 0, behind = put_clock(w, i, to, call);
    if (behind > i)
        return behind;
    if (word == K_INTERVAL)
        return put_interval(w, i, to);
    if (!call || close >= to)
        return i;
    switch (word) {
    case K_CAST: {
        size_t as = sqlfront_find(w, i + 2, close, K_AS);
        return as + 1 < close ? put_cast(w, i, i + 2, as, as + 1) : i;
    }
    case K_CONVERT: return put_convert(w, i, close);
    case K_EXTRACT: return put_extract(w, i, close);
    case K_SUBSTRING:
    case K_SUBSTR:
    case K_MID: return put_substring(w, i, close);
    case K_TRIM: return put_trim(w, i, close);
    case K_POSITION: return put_position(w, i, close);
    case K_GROUP_CONCAT: return put_group_concat(w, i, close);
    default: return put_quoted(w, i);
    }
}
