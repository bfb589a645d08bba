/* sqlfront_define.c - statements that define tables, into one or several of SQLite's, with ';' between them.
 *
 *   CREATE TABLE    keys that are no constraints, comments, character sets and table options are left out; declared types
 *                   stay (the wire tells them); text compares without regard to case; AUTO_INCREMENT is INTEGER PRIMARY KEY
 *   CREATE INDEX, CREATE VIEW, DROP …, TRUNCATE, RENAME TABLE
 *   ALTER TABLE     ADD/DROP/RENAME COLUMN, ADD/DROP INDEX, RENAME; settings of the storage engine are accepted
 */
#include "mocks/rds/sqlfront_rewrite.h"

static bool is(const struct rewriter *w, size_t i, unsigned word) { return i < w->to && sqlfront_word(w, i) == word; }

static size_t comma_or(const struct rewriter *w, size_t from, size_t to)
{
    while (from < to && !sqlfront_op(w, from, ','))
        from = sqlfront_op(w, from, '(') ? sqlfront_behind(w, from, to) : from + 1;
    return from;
}

static void see(struct rewriter *w, size_t i)
{
    if (!(i + 1 < w->to && sqlfront_op(w, i + 1, '.')) && i < w->to && !w->r->unqualified.p && sqlfront_is_name(w->t, i))
        w->r->unqualified = sqlfront_name(w->t, i, w->a);
}

/* [database.]name, and the index behind it. */
static size_t put_table_name(struct rewriter *w, size_t i)
{
    size_t end = i + 1 < w->to && sqlfront_op(w, i + 1, '.') ? i + 3 : i + 1;
    see(w, i);
    buf_c(w->out, ' ');
    sqlfront_put_range(w, i, end < w->to ? end : w->to);
    return end;
}

/* (a, b(10) DESC): the lengths of prefixes are not SQLite's. */
static size_t put_key_columns(struct rewriter *w, size_t i)
{
    size_t close = w->t->tokens[i].mate;
    if (!sqlfront_op(w, i, '(') || close <= i) {
        sqlfront_fail(w, "a key without columns");
        return w->to;
    }
    buf_c(w->out, '(');
    for (size_t k = i + 1; k < close;) {
        sqlfront_put_token(w, k++);
        if (sqlfront_op(w, k, '('))
            k = sqlfront_behind(w, k, close);
    }
    buf_c(w->out, ')');
    return close + 1;
}

/* Forward to the bracket of a key's columns. */
static size_t key_bracket(const struct rewriter *w, size_t i, size_t to)
{
    while (i < to && !sqlfront_op(w, i, '('))
        i++;
    return i;
}

/* ---- columns ---- */

static bool is_text_type(const struct rewriter *w, size_t i)
{
    unsigned word = sqlfront_word(w, i);
    return word == K_CHAR || word == K_VARCHAR || word == K_TEXT || word == K_TINYTEXT || word == K_MEDIUMTEXT ||
           word == K_LONGTEXT || word == K_ENUM || word == K_SET;
}

/* Attributes that say nothing to SQLite: the index behind them; i when it is none of them. */
static size_t skip_attribute(const struct rewriter *w, size_t i, size_t to)
{
    switch (sqlfront_word(w, i)) {
    case K_CHARACTER: return i + 3;
    case K_CHARSET:
    case K_COMMENT:
    case K_COLUMN_FORMAT:
    case K_STORAGE: return i + 2;
    case K_COLLATE: return i + 2;
    case K_AUTO_INCREMENT:
    case K_VISIBLE:
    case K_INVISIBLE:
    case K_FIRST: return i + 1;
    case K_AFTER: return i + 2;
    case K_ON: /* ON UPDATE CURRENT_TIMESTAMP[(6)] */
        if (!is(w, i + 1, K_UPDATE))
            return i;
        return i + 3 < to && sqlfront_op(w, i + 3, '(') ? sqlfront_behind(w, i + 3, to) : i + 3;
    default: return i;
    }
}

static bool is_binary_text(const struct rewriter *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is(w, i, K_BINARY) || (is(w, i, K_COLLATE) && i + 1 < to && str_ends(sqlfront_token_text(w->t, i + 1), S("_bin"))))
            return true;
    return false;
}

static size_t put_type(struct rewriter *w, size_t i, size_t to, bool automatic)
{
    bool list = is(w, i, K_ENUM) || is(w, i, K_SET);
    size_t end = i + 1;
    if (end < to && sqlfront_op(w, end, '('))
        end = sqlfront_behind(w, end, to);
    while (end < to && (is(w, end, K_UNSIGNED) || is(w, end, K_SIGNED) || is(w, end, K_ZEROFILL) || sqlfront_is(w->t, end, "precision")))
        end++;
    if (automatic || list)
        buf_z(w->out, automatic ? " INTEGER" : " TEXT");
    for (size_t k = i; !automatic && !list && k < end; k++)
        sqlfront_put_token(w, k);
    return end;
}

static void put_column(struct rewriter *w, size_t i, size_t to)
{
    bool automatic = sqlfront_find(w, i, to, K_AUTO_INCREMENT) < to;
    buf_c(w->out, ' ');
    sqlfront_put_token(w, i++);
    if (i >= to)
        return;
    bool text = is_text_type(w, i) && !is_binary_text(w, i, to);
    for (i = put_type(w, i, to, automatic); i < to && !w->failed;) {
        size_t behind = skip_attribute(w, i, to);
        if (behind == i && is(w, i, K_UNIQUE) && is(w, i + 1, K_KEY))
            buf_z(w->out, " UNIQUE"), behind = i + 2;
        else if (behind == i && is(w, i, K_KEY) && !is(w, i - 1, K_PRIMARY))
            buf_z(w->out, " PRIMARY KEY"), behind = i + 1;
        else if (behind == i && is(w, i, K_BINARY))
            behind = i + 1;
        else if (behind == i)
            sqlfront_put_range(w, i, behind = sqlfront_op(w, i, '(') ? sqlfront_behind(w, i, to) : i + 1);
        i = behind;
    }
    if (text)
        buf_z(w->out, " COLLATE NOCASE");
}

/* One entry between the brackets of CREATE TABLE; false when nothing of it is left. */
static bool put_definition(struct rewriter *w, size_t i, size_t to, bool first)
{
    if (is(w, i, K_CONSTRAINT) && i + 1 < to)
        i += is(w, i + 1, K_PRIMARY) || is(w, i + 1, K_UNIQUE) || is(w, i + 1, K_FOREIGN) || is(w, i + 1, K_CHECK) ? 1 : 2;
    unsigned word = sqlfront_word(w, i);
    if (word == K_KEY || word == K_INDEX || word == K_FULLTEXT || word == K_SPATIAL)
        return false;
    buf_z(w->out, first ? "" : ",");
    if (word == K_PRIMARY || word == K_UNIQUE) {
        buf_z(w->out, word == K_PRIMARY ? " PRIMARY KEY " : " UNIQUE ");
        put_key_columns(w, key_bracket(w, i, to));
    } else if (word == K_FOREIGN || word == K_CHECK) {
        buf_c(w->out, ' ');
        sqlfront_put_range(w, i, to);
    } else {
        put_column(w, i, to);
    }
    return true;
}

/* ---- CREATE ---- */

static void put_create_table(struct rewriter *w, size_t i, bool temporary)
{
    buf_z(w->out, temporary ? "CREATE TEMP TABLE" : "CREATE TABLE");
    if (is(w, i, K_IF))
        buf_z(w->out, " IF NOT EXISTS"), i += 3;
    i = put_table_name(w, i);
    if (is(w, i, K_LIKE) || (i < w->to && sqlfront_op(w, i, '(') && is(w, i + 1, K_LIKE))) {
        sqlfront_fail(w, "CREATE TABLE … LIKE");
        return;
    }
    bool columns = i < w->to && sqlfront_op(w, i, '(') && !is(w, i + 1, K_SELECT);
    size_t close = columns ? sqlfront_behind(w, i, w->to) - 1 : i;
    if (columns) {
        bool first = true;
        buf_z(w->out, " (");
        for (size_t k = i + 1, end; k < close && !w->failed; k = end + 1) {
            end = comma_or(w, k, close);
            if (put_definition(w, k, end, first))
                first = false;
        }
        buf_z(w->out, "\n)");
        i = close + 1;
    }
    size_t select = sqlfront_find(w, i, w->to, K_SELECT);
    if (!columns && i < w->to && sqlfront_op(w, i, '('))
        select = i + 1, w->to = w->t->tokens[i].mate;
    if (select < w->to) {
        buf_z(w->out, " AS ");
        sqlfront_put_range(w, select, w->to);
    } else if (!columns) {
        sqlfront_fail(w, "CREATE TABLE without columns");
    }
}

/* CREATE [UNIQUE] INDEX name [USING …] ON table (columns) */
static void put_create_index(struct rewriter *w, size_t i, bool unique)
{
    size_t on = sqlfront_find(w, i, w->to, K_ON);
    if (on + 1 >= w->to) {
        sqlfront_fail(w, "an index without a table");
        return;
    }
    buf_z(w->out, unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    sqlfront_quote(w->out, sqlfront_name(w->t, i, w->a), '`');
    buf_z(w->out, " ON");
    see(w, on + 1);
    size_t open = key_bracket(w, on, w->to);
    sqlfront_put_token(w, open - 1);
    put_key_columns(w, open);
}

static void put_create(struct rewriter *w)
{
    size_t i = w->from + 1;
    bool temporary = is(w, i, K_TEMPORARY);
    if (is(w, i + temporary, K_TABLE)) {
        put_create_table(w, i + temporary + 1, temporary);
        return;
    }
    if (is(w, i, K_INDEX) || ((is(w, i, K_UNIQUE) || is(w, i, K_FULLTEXT) || is(w, i, K_SPATIAL)) && is(w, i + 1, K_INDEX))) {
        put_create_index(w, is(w, i, K_INDEX) ? i + 1 : i + 2, is(w, i, K_UNIQUE));
        return;
    }
    size_t view = sqlfront_find(w, i, w->to, K_VIEW);
    if (view >= w->to) {
        sqlfront_fail(w, "this CREATE statement");
        return;
    }
    if (is(w, i, K_OR)) {
        buf_z(w->out, "DROP VIEW IF EXISTS");
        put_table_name(w, view + 1);
        buf_c(w->out, ';');
    }
    buf_z(w->out, "CREATE VIEW");
    sqlfront_put_range(w, view + 1, w->to);
}

/* ---- DROP, TRUNCATE, RENAME ---- */

static void put_drop(struct rewriter *w)
{
    size_t i = w->from + 1;
    i += is(w, i, K_TEMPORARY);
    if (is(w, i, K_INDEX)) {
        buf_z(w->out, "DROP INDEX ");
        sqlfront_put_token(w, i + 1);
        return;
    }
    if (!is(w, i, K_TABLE) && !is(w, i, K_VIEW)) {
        sqlfront_fail(w, "this DROP statement");
        return;
    }
    const char *what = is(w, i, K_TABLE) ? "DROP TABLE" : "DROP VIEW";
    bool maybe = is(w, i + 1, K_IF);
    for (i += maybe ? 3 : 1; i < w->to && !w->failed; i++) {
        buf_z(w->out, what);
        buf_z(w->out, maybe ? " IF EXISTS" : "");
        i = put_table_name(w, i);
        if (i >= w->to || !sqlfront_op(w, i, ','))
            break; /* RESTRICT and CASCADE do nothing */
        buf_c(w->out, ';');
    }
}

static void put_rename(struct rewriter *w)
{
    for (size_t i = w->from + 2; i + 2 < w->to; i++) {
        buf_z(w->out, "ALTER TABLE");
        i = put_table_name(w, i);
        buf_z(w->out, " RENAME TO ");
        i++; /* TO */
        if (i + 1 < w->to && sqlfront_op(w, i + 1, '.'))
            i += 2;
        sqlfront_put_token(w, i++);
        if (i >= w->to || !sqlfront_op(w, i, ','))
            return;
        buf_c(w->out, ';');
    }
}

/* ---- ALTER TABLE ---- */

struct alter {
    size_t table, behind_table;
    bool written;
};

static void alter(struct rewriter *w, struct alter *x)
{
    buf_z(w->out, x->written ? ";ALTER TABLE" : "ALTER TABLE");
    put_table_name(w, x->table);
    x->written = true;
}

static void put_add(struct rewriter *w, struct alter *x, size_t i, size_t to)
{
    if (is(w, i, K_CONSTRAINT))
        i += 2;
    unsigned word = sqlfront_word(w, i);
    bool key = word == K_INDEX || word == K_KEY || word == K_UNIQUE || word == K_PRIMARY || word == K_FULLTEXT;
    if (word == K_FOREIGN || word == K_CHECK)
        return;
    if (!key) {
        alter(w, x);
        buf_z(w->out, " ADD COLUMN");
        put_column(w, i + (word == K_COLUMN), to);
        return;
    }
    size_t open = key_bracket(w, i, to);
    struct str table = sqlfront_name(w->t, x->behind_table - 1, w->a);
    bool named = open > i + 1 && sqlfront_is_name(w->t, open - 1) && sqlfront_word(w, open - 1) != K_KEY && sqlfront_word(w, open - 1) != K_INDEX;
    struct str name = named ? sqlfront_name(w->t, open - 1, w->a) : arena_f(w->a, STR_F "_key_%zu", STR_A(table), open);
    buf_z(w->out, x->written ? ";" : "");
    buf_z(w->out, word == K_UNIQUE || word == K_PRIMARY ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    sqlfront_quote(w->out, name, '`');
    buf_z(w->out, " ON ");
    sqlfront_quote(w->out, table, '`');
    put_key_columns(w, open);
    x->written = true;
}

static void put_drop_part(struct rewriter *w, struct alter *x, size_t i)
{
    unsigned word = sqlfront_word(w, i);
    if (word == K_INDEX || word == K_KEY) {
        buf_z(w->out, x->written ? ";DROP INDEX " : "DROP INDEX ");
        sqlfront_put_token(w, i + 1);
        x->written = true;
    } else if (word != K_PRIMARY && word != K_FOREIGN && word != K_CONSTRAINT && word != K_CHECK) {
        alter(w, x);
        buf_z(w->out, " DROP COLUMN ");
        sqlfront_put_token(w, i + (word == K_COLUMN));
    }
}

static void put_rename_part(struct rewriter *w, struct alter *x, size_t i, size_t to)
{
    bool column = is(w, i, K_COLUMN);
    if (!column && (is(w, i, K_INDEX) || is(w, i, K_KEY))) {
        sqlfront_fail(w, "ALTER TABLE … RENAME INDEX");
        return;
    }
    alter(w, x);
    buf_z(w->out, column ? " RENAME COLUMN" : " RENAME TO");
    i += column || is(w, i, K_TO) || is(w, i, K_AS);
    buf_c(w->out, ' ');
    sqlfront_put_range(w, i, to);
}

static void put_alter(struct rewriter *w)
{
    struct alter x = { .table = w->from + 2 };
    if (!is(w, w->from + 1, K_TABLE)) {
        sqlfront_fail(w, "this ALTER statement");
        return;
    }
    see(w, x.table);
    x.behind_table = x.table + 1 < w->to && sqlfront_op(w, x.table + 1, '.') ? x.table + 3 : x.table + 1;
    for (size_t i = x.behind_table, end; i < w->to && !w->failed; i = end + 1) {
        end = comma_or(w, i, w->to);
        switch (sqlfront_word(w, i)) {
        case K_ADD: put_add(w, &x, i + 1, end); break;
        case K_DROP: put_drop_part(w, &x, i + 1); break;
        case K_RENAME: put_rename_part(w, &x, i + 1, end); break;
        case K_MODIFY:
        case K_CHANGE: sqlfront_fail(w, "ALTER TABLE … MODIFY"); break;
        default: break; /* DISABLE KEYS, ENGINE=, AUTO_INCREMENT=, CONVERT TO CHARACTER SET … */
        }
    }
}

void sqlfront_put_define(struct rewriter *w)
{
    switch (sqlfront_word(w, w->from)) {
    case K_CREATE: put_create(w); break;
    case K_DROP: put_drop(w); break;
    case K_RENAME: put_rename(w); break;
    case K_ALTER: put_alter(w); break;
    case K_TRUNCATE:
        buf_z(w->out, "DELETE FROM");
        put_table_name(w, w->from + 1 + is(w, w->from + 1, K_TABLE));
        break;
    default: sqlfront_fail(w, "this statement"); break;
    }
}
