/* sqlfront.c - a statement rewritten: names, literals, operators, words.
 *
 *   word or operator          becomes
 *   'it\'s' "x"               'it''s' 'x'
 *   `x` 0x1F b'01'            `x` x'1F' 1
 *   @@x @x                    "sysvar"('x') "uservar"('x')
 *   / DIV || && <=> ! XOR     *1.0/ / OR AND IS NOT <>
 *   RLIKE, x MOD y            REGEXP, x % y
 *   COLLATE x                 COLLATE NOCASE, or BINARY when x ends in _bin
 *   LIMIT 18446744073709551615    the largest number of SQLite
 *   INSERT IGNORE, ON DUPLICATE KEY UPDATE … VALUES(x)    INSERT OR IGNORE, ON CONFLICT DO UPDATE SET … excluded.x
 *   FOR UPDATE, LOCK IN SHARE MODE, FROM DUAL, SQL_NO_CACHE …    nothing
 *   functions                 sqlfront_function.c
 *   CREATE, ALTER, DROP …     sqlfront_define.c
 */
#include "mocks/rds/sqlfront_rewrite.h"

#include "base/err.h"
#include "base/utf8.h"

void sqlfront_fail(struct rewriter *w, const char *what)
{
    if (!w->failed)
        w->failed = what;
}

size_t sqlfront_behind(const struct rewriter *w, size_t i, size_t to)
{
    size_t mate = w->t->tokens[i].mate;
    return mate > i && mate < to ? mate + 1 : to;
}

size_t sqlfront_find(const struct rewriter *w, size_t from, size_t to, unsigned word)
{
    for (size_t i = from; i < to; i = sqlfront_op(w, i, '(') ? sqlfront_behind(w, i, to) : i + 1)
        if (sqlfront_word(w, i) == word)
            return i;
    return to;
}

/* ---- single tokens ---- */

void sqlfront_put_gap(struct rewriter *w, size_t i)
{
    const struct sqlfront_token *k = &w->t->tokens[i];
    if (w->options->locating && w->out == &w->r->sql && w->out->n <= w->options->locate)
        w->r->located = k->at;
    if (i == w->from)
        return;
    const struct sqlfront_token *before = k - 1;
    uint32_t end = before->at + before->n;
    if (k->gap)
        buf_c(w->out, ' ');
    else
        buf_add(w->out, w->t->sql.p + end, k->at - end);
}

void sqlfront_put_token(struct rewriter *w, size_t i)
{
    sqlfront_put_gap(w, i);
    buf_str_add(w->out, sqlfront_token_text(w->t, i));
}

/* A word in place of the token, kept apart from what is before it. */
static void put_instead(struct rewriter *w, size_t i, const char *text)
{
    sqlfront_put_gap(w, i);
    char last = w->out->n ? w->out->p[w->out->n - 1] : ' ';
    if (last != ' ' && last != '(')
        buf_c(w->out, ' ');
    buf_z(w->out, text);
    buf_c(w->out, ' ');
}

static void put_hex(struct buf *out, struct str bytes)
{
    buf_z(out, "x'");
    for (size_t i = 0; i < bytes.n; i++)
        buf_f(out, "%02x", (unsigned char)bytes.p[i]);
    buf_c(out, '\'');
}

/* Neighbouring strings are one; what is no text becomes bytes. */
static size_t put_string(struct rewriter *w, size_t i, size_t to)
{
    sqlfront_put_gap(w, i);
    struct str text = sqlfront_name(w->t, i, w->a);
    size_t next = i + 1;
    if (next < to && w->t->tokens[next].kind == SQLFRONT_STRING) {
        struct buf all = BUF_INIT;
        buf_str_add(&all, text);
        for (; next < to && w->t->tokens[next].kind == SQLFRONT_STRING; next++)
            buf_str_add(&all, sqlfront_name(w->t, next, w->a));
        text = arena_dup(w->a, buf_str(&all));
        buf_release(&all);
    }
    if (str_chr(text, 0) != STR_NONE || !utf8_valid(text))
        put_hex(w->out, text);
    else
        sqlfront_quote(w->out, text, '\'');
    return next;
}

static void put_bits(struct rewriter *w, size_t i)
{
    struct str s = sqlfront_token_text(w->t, i);
    uint64_t value = 0;
    for (size_t k = 0; k < s.n; k++)
        if (s.p[k] == '0' || s.p[k] == '1')
            value = k == 0 ? 0 : value << 1 | (unsigned)(s.p[k] - '0');
    sqlfront_put_gap(w, i);
    buf_i64(w->out, (int64_t)value);
}

static void put_hex_literal(struct rewriter *w, size_t i)
{
    struct str s = sqlfront_token_text(w->t, i);
    sqlfront_put_gap(w, i);
    if (s.p[0] != '0') {
        buf_str_add(w->out, s);
        return;
    }
    buf_z(w->out, s.n % 2 ? "x'0" : "x'");
    buf_str_add(w->out, str_from(s, 2));
    buf_c(w->out, '\'');
}

static void put_variable(struct rewriter *w, size_t i)
{
    bool system = w->t->tokens[i].kind == SQLFRONT_SYSVAR;
    struct str s = str_from(sqlfront_token_text(w->t, i), system ? 2 : 1);
    sqlfront_put_gap(w, i);
    buf_z(w->out, system ? "\"sysvar\"(" : "\"uservar\"(");
    sqlfront_quote(w->out, s, '\'');
    buf_c(w->out, ')');
}

static void put_number(struct rewriter *w, size_t i)
{
    struct str s = sqlfront_token_text(w->t, i);
    int64_t v;
    sqlfront_put_gap(w, i);
    if (i >= w->limit_from && w->r->n_limits < 2 && str_to_i64(s, &v)) {
        w->r->n_limits++;
        buf_f(w->out, "?%u", w->r->n_params + w->r->n_limits);
    } else if (w->limit_from != STR_NONE && i >= w->limit_from && !str_to_i64(s, &v)) {
        buf_z(w->out, "9223372036854775807");
    } else {
        buf_str_add(w->out, s);
    }
}

static void put_param(struct rewriter *w, size_t i)
{
    sqlfront_put_gap(w, i);
    if (w->r->n_params >= SQLFRONT_PARAMS)
        sqlfront_fail(w, "so many parameters");
    else
        buf_f(w->out, "?%u", ++w->r->n_params);
}

/* ---- operators ---- */

static const struct {
    const char *op, *instead;
} operators[] = {
    { "/", "*1.0/" }, { "||", "OR" }, { "&&", "AND" }, { "<=>", "IS" }, { "!", "NOT" },
};

static void put_operator(struct rewriter *w, size_t i)
{
    struct str s = sqlfront_token_text(w->t, i);
    if (str_is(s, ":="))
        sqlfront_fail(w, "assignment in an expression");
    for (size_t k = 0; k < sizeof operators / sizeof *operators; k++)
        if (str_is(s, operators[k].op)) {
            put_instead(w, i, operators[k].instead);
            return;
        }
    sqlfront_put_token(w, i);
}

/* ---- names ---- */

/* database.table: the session's own name for it, whatever that is, means the one there is. */
static bool put_qualifier(struct rewriter *w, size_t i, size_t to)
{
    if (i + 2 >= to || !sqlfront_op(w, i + 1, '.') || !sqlfront_is_name(w->t, i + 2))
        return false;
    struct str name = sqlfront_name(w->t, i, w->a), own = w->options->database;
    if (!own.n || !str_eq_nocase(name, own) || str_eq_nocase(name, S(SQLFRONT_SCHEMA)) || str_eq_nocase(name, S("information_schema")))
        return false;
    if (str_eq_nocase(own, S("geolocation_data")) || str_eq_nocase(own, S("user_data")))
        return false; /* a table's name, too: columns are qualified by it */
    sqlfront_put_gap(w, i);
    buf_z(w->out, SQLFRONT_SCHEMA);
    return true;
}

/* The name of a table stands here: does it say in which database? */
static void see_table(struct rewriter *w, size_t i, size_t to, bool target)
{
    if (i >= to || !sqlfront_is_name(w->t, i))
        return;
    struct str name = sqlfront_name(w->t, i, w->a);
    bool qualified = i + 1 < to && sqlfront_op(w, i + 1, '.');
    if (!qualified) {
        if (!w->r->unqualified.p && (target || !(i + 1 < to && sqlfront_op(w, i + 1, '('))) && sqlfront_word(w, i) != K_DUAL &&
            sqlfront_word(w, i) != K_SELECT)
            w->r->unqualified = name;
        return;
    }
    bool schema = str_eq_nocase(name, S("information_schema"));
    w->r->information_schema |= schema;
    if (!schema && !str_eq_nocase(name, S(SQLFRONT_SCHEMA)) && !str_eq_nocase(name, w->options->database) && !w->r->unknown_database.p)
        w->r->unknown_database = name;
}

static size_t put_name(struct rewriter *w, size_t i, size_t to)
{
    struct str s = sqlfront_token_text(w->t, i);
    bool introducer = s.n > 1 && s.p[0] == '_' && w->t->tokens[i].kind == SQLFRONT_WORD && i + 1 < to &&
                      (w->t->tokens[i + 1].kind == SQLFRONT_STRING || w->t->tokens[i + 1].kind == SQLFRONT_HEX);
    if (introducer) { /* _utf8mb4'text' */
        sqlfront_put_gap(w, i);
        return i + 1;
    }
    if (!put_qualifier(w, i, to))
        sqlfront_put_token(w, i);
    return i + 1;
}

/* ---- words ---- */

static size_t drop_hint(struct rewriter *w, size_t i, size_t to)
{
    size_t open = i + 2; /* USE INDEX [FOR …] (a, b) */
    while (open < to && !sqlfront_op(w, open, '('))
        open++;
    return sqlfront_behind(w, open, to);
}

static size_t put_collate(struct rewriter *w, size_t i, size_t to)
{
    struct str name = i + 1 < to ? sqlfront_name(w->t, i + 1, w->a) : S("");
    put_instead(w, i, str_ends(name, S("_bin")) || str_eq_nocase(name, S("binary")) ? "COLLATE BINARY" : "COLLATE NOCASE");
    return i + 2;
}

/* BINARY x = y compares bytes. */
static size_t put_binary(struct rewriter *w, size_t i, size_t to)
{
    size_t end = i + 2;
    if (end > to || sqlfront_op(w, i + 1, '(') || w->t->tokens[i + 1].kind == SQLFRONT_OP)
        return i + 1;
    while (end + 1 < to && sqlfront_op(w, end, '.'))
        end += 2;
    sqlfront_put_range(w, i + 1, end);
    buf_z(w->out, " COLLATE BINARY");
    return end;
}

static size_t put_insert(struct rewriter *w, size_t i, size_t to)
{
    bool replace = sqlfront_word(w, i) == K_REPLACE;
    size_t next = i + 1;
    bool ignore = false;
    for (; next < to; next++) {
        unsigned word = sqlfront_word(w, next);
        if (word != K_IGNORE && word != K_LOW_PRIORITY && word != K_HIGH_PRIORITY && word != K_DELAYED)
            break;
        ignore |= word == K_IGNORE;
    }
    sqlfront_put_gap(w, i);
    buf_z(w->out, replace ? "REPLACE INTO" : ignore ? "INSERT OR IGNORE INTO" : "INSERT INTO");
    if (sqlfront_word(w, next) == K_INTO)
        next++;
    see_table(w, next, to, true);
    if (next < to && !w->t->tokens[next].gap)
        buf_c(w->out, ' ');
    return next;
}

/* () VALUES () */
static size_t put_empty_values(struct rewriter *w, size_t i, size_t to)
{
    bool empty = i + 4 < to && sqlfront_op(w, i, '(') && sqlfront_op(w, i + 1, ')') && sqlfront_word(w, i + 2) == K_VALUES &&
                 sqlfront_op(w, i + 3, '(') && sqlfront_op(w, i + 4, ')');
    if (!empty)
        return i;
    buf_z(w->out, " DEFAULT VALUES");
    return i + 5;
}

static size_t put_update(struct rewriter *w, size_t i, size_t to)
{
    size_t next = i + 1;
    bool ignore = false;
    while (next < to && (sqlfront_word(w, next) == K_IGNORE || sqlfront_word(w, next) == K_LOW_PRIORITY))
        ignore |= sqlfront_word(w, next++) == K_IGNORE;
    sqlfront_put_gap(w, i);
    buf_z(w->out, ignore ? "UPDATE OR IGNORE" : "UPDATE");
    see_table(w, next, to, true);
    return next;
}

static const uint8_t dropped[] = {
    K_SQL_NO_CACHE, K_SQL_CACHE, K_SQL_CALC_FOUND_ROWS, K_SQL_BIG_RESULT, K_SQL_SMALL_RESULT, K_SQL_BUFFER_RESULT,
    K_HIGH_PRIORITY, K_LOW_PRIORITY, K_QUICK,
};

bool sqlfront_is_dropped(unsigned word)
{
    for (size_t i = 0; i < sizeof dropped; i++)
        if (dropped[i] == word)
            return true;
    return false;
}

/* A word with a meaning of its own at i: the index behind what was written for it; i when it has none. */
static size_t put_word(struct rewriter *w, size_t i, size_t to)
{
    unsigned word = sqlfront_word(w, i), next = i + 1 < to ? sqlfront_word(w, i + 1) : K_NONE;
    bool call = i + 1 < to && sqlfront_op(w, i + 1, '(');
    if (sqlfront_is_dropped(word))
        return i + 1;
    switch (word) {
    case K_FROM:
        if (next == K_DUAL)
            return i + 2;
        see_table(w, i + 1, to, false);
        return i;
    case K_JOIN:
    case K_INTO:
    case K_TABLE:
        see_table(w, i + 1, to, false);
        return i;
    case K_FOR:
        return next == K_UPDATE || next == K_SHARE ? to : i;
    case K_LOCK:
        return next == K_IN ? i + 4 : i;
    case K_USE:
    case K_FORCE:
    case K_IGNORE:
        return next == K_INDEX || next == K_KEY ? drop_hint(w, i, to) : i;
    case K_STRAIGHT_JOIN:
        put_instead(w, i, "JOIN");
        see_table(w, i + 1, to, false);
        return i + 1;
    case K_DISTINCTROW: put_instead(w, i, "DISTINCT"); return i + 1;
    case K_COLLATE: return put_collate(w, i, to);
    case K_BINARY: return w->define ? i : put_binary(w, i, to);
    case K_DIV: put_instead(w, i, "/"); return i + 1;
    case K_XOR: put_instead(w, i, "<>"); return i + 1;
    case K_MOD:
        if (call)
            return i;
        put_instead(w, i, "%");
        return i + 1;
    case K_RLIKE: put_instead(w, i, "REGEXP"); return i + 1;
    case K_INSERT:
    case K_REPLACE: return i == w->from ? put_insert(w, i, to) : i;
    case K_UPDATE: return i == w->from ? put_update(w, i, to) : i;
    case K_ON:
        if (next != K_DUPLICATE)
            return i;
        put_instead(w, i, "ON CONFLICT DO UPDATE SET");
        w->upsert = true;
        return i + 4;
    case K_VALUES:
        if (!w->upsert || !call)
            return i;
        sqlfront_put_gap(w, i);
        buf_z(w->out, "excluded.");
        sqlfront_put_range(w, i + 2, sqlfront_behind(w, i + 1, to) - 1);
        return sqlfront_behind(w, i + 1, to);
    default: return i;
    }
}

size_t sqlfront_put_one(struct rewriter *w, size_t i, size_t to)
{
    switch (w->t->tokens[i].kind) {
    case SQLFRONT_STRING: return put_string(w, i, to);
    case SQLFRONT_NUMBER: put_number(w, i); return i + 1;
    case SQLFRONT_HEX: put_hex_literal(w, i); return i + 1;
    case SQLFRONT_BITS: put_bits(w, i); return i + 1;
    case SQLFRONT_PARAM: put_param(w, i); return i + 1;
    case SQLFRONT_SYSVAR:
    case SQLFRONT_USERVAR: put_variable(w, i); return i + 1;
    case SQLFRONT_OP: {
        size_t behind = put_empty_values(w, i, to);
        if (behind == i)
            put_operator(w, i), behind++;
        return behind;
    }
    case SQLFRONT_WORD: {
        /* After a dot stands a name, whatever it means elsewhere. */
        bool free_word = i == w->from || !sqlfront_op(w, i - 1, '.');
        size_t behind = free_word ? put_word(w, i, to) : i;
        if (behind == i && free_word)
            behind = sqlfront_put_function(w, i, to);
        return behind > i ? behind : put_name(w, i, to);
    }
    default: return put_name(w, i, to);
    }
}

void sqlfront_put_range(struct rewriter *w, size_t from, size_t to)
{
    if (++w->depth > SQLFRONT_DEPTH)
        sqlfront_fail(w, "expressions nested so deeply");
    for (size_t i = from; i < to && !w->failed;)
        i = sqlfront_put_one(w, i, to);
    w->depth--;
}

/* ---- the statement ---- */

bool sqlfront_rewrite(const struct sqlfront_text *t, size_t from, size_t to, const struct sqlfront_options *o,
                      struct arena *a, struct sqlfront_result *ret, const char **ret_what)
{
    *ret = (struct sqlfront_result){ 0 };
    struct rewriter w = { .t = t, .options = o, .a = a, .out = &ret->sql, .r = ret, .from = from, .to = to, .limit_from = STR_NONE };
    enum sqlfront_kind kind = sqlfront_kind_of(t, from, to);
    if (kind == SQLFRONT_DEFINE) {
        w.define = true;
        sqlfront_put_define(&w);
    } else if (kind == SQLFRONT_READ) {
        sqlfront_put_read(&w);
    } else {
        sqlfront_put_range(&w, from, to);
    }
    if (!w.failed)
        return true;
    *ret_what = w.failed;
    sqlfront_result_release(ret);
    return false;
}

void sqlfront_result_release(struct sqlfront_result *r)
{
    buf_release(&r->sql);
    buf_release(&r->typing);
}
