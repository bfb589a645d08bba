/* sqlfront_select.c - what yields rows: the select list and its names, LIMIT, the kinds of statements. */
#include "mocks/rds/sqlfront_rewrite.h"

/* ---- the select list: what it is called ---- */

static bool ends_list(unsigned word)
{
    return word == K_FROM || word == K_WHERE || word == K_UNION || word == K_LIMIT || word == K_ORDER || word == K_GROUP ||
           word == K_HAVING || word == K_INTO || word == K_FOR;
}

/* Words after which an operand comes, so that a name there is no alias. */
static const uint8_t operators[] = {
    K_AND, K_OR, K_NOT, K_XOR, K_DIV, K_MOD, K_LIKE, K_IN, K_IS, K_BETWEEN, K_REGEXP, K_RLIKE, K_BINARY, K_INTERVAL, K_CASE, K_WHEN,
    K_THEN, K_ELSE, K_DISTINCT, K_COLLATE,
};

static bool can_be_operand(const struct rewriter *w, size_t i)
{
    switch (w->t->tokens[i].kind) {
    case SQLFRONT_OP: return sqlfront_op(w, i, ')');
    case SQLFRONT_WORD: return !memchr(operators, (int)sqlfront_word(w, i), sizeof operators);
    default: return true;
    }
}

static bool has_alias(const struct rewriter *w, size_t from, size_t to)
{
    if (sqlfront_find(w, from, to, K_AS) < to)
        return true;
    size_t last = to - 1;
    bool name = w->t->tokens[last].kind == SQLFRONT_QUOTED || w->t->tokens[last].kind == SQLFRONT_STRING ||
                (w->t->tokens[last].kind == SQLFRONT_WORD && sqlfront_word(w, last) == K_NONE);
    return last > from && name && can_be_operand(w, last - 1) && w->t->tokens[last - 1].kind != SQLFRONT_STRING;
}

/* An item that reads otherwise in SQLite keeps its name: MySQL's is the item's own text. */
static void put_item(struct rewriter *w, size_t from, size_t to)
{
    size_t out_from = w->out->n;
    sqlfront_put_range(w, from, to);
    const struct sqlfront_token *a = &w->t->tokens[from], *b = &w->t->tokens[to - 1];
    struct str source = { w->t->sql.p + a->at, b->at + b->n - a->at };
    struct str written = str_trim((struct str){ w->out->p + out_from, w->out->n - out_from });
    bool lone_string = to == from + 1 && a->kind == SQLFRONT_STRING;
    if ((str_eq(source, written) && !lone_string) || has_alias(w, from, to) || w->define || b->kind == SQLFRONT_QUOTED ||
        (b->kind == SQLFRONT_WORD && to - from > 1 && sqlfront_op(w, to - 2, '.')) || sqlfront_op(w, to - 1, '*'))
        return;
    buf_z(w->out, " AS ");
    sqlfront_quote(w->out, lone_string ? sqlfront_name(w->t, from, w->a) : source, '"');
}

/* MIN(x) and the like yield the type of x. */
static bool put_typing_item(struct rewriter *w, size_t from, size_t to)
{
    unsigned word = sqlfront_word(w, from);
    bool like_argument = word == K_MIN || word == K_MAX || word == K_ANY_VALUE || sqlfront_is(w->t, from, "coalesce") ||
                         sqlfront_is(w->t, from, "ifnull");
    if (!like_argument || from + 2 >= to || !sqlfront_op(w, from + 1, '('))
        return false;
    size_t close = sqlfront_behind(w, from + 1, to) - 1, end = from + 2;
    while (end < close && !sqlfront_op(w, end, ','))
        end++;
    sqlfront_put_gap(w, from);
    sqlfront_put_range(w, from + 2 + (sqlfront_word(w, from + 2) == K_DISTINCT), end);
    return true;
}

static size_t put_select_list(struct rewriter *w, size_t i, size_t to, bool *ret_typed)
{
    while (i < to) {
        unsigned word = sqlfront_word(w, i);
        if (word == K_DISTINCT || word == K_DISTINCTROW || word == K_ALL)
            i = sqlfront_put_one(w, i, to);
        else if (sqlfront_is_dropped(word) || word == K_STRAIGHT_JOIN)
            i++;
        else
            break;
    }
    while (i < to && !ends_list(sqlfront_word(w, i))) {
        size_t end = i;
        while (end < to && !sqlfront_op(w, end, ',') && (end == i || !ends_list(sqlfront_word(w, end))))
            end = sqlfront_op(w, end, '(') ? sqlfront_behind(w, end, to) : end + 1;
        if (w->typing && put_typing_item(w, i, end))
            *ret_typed = true;
        else if (end > i)
            put_item(w, i, end);
        if (end < to && sqlfront_op(w, end, ','))
            sqlfront_put_token(w, end++);
        else if (end == i)
            break;
        i = end;
    }
    return i;
}

/* ---- LIMIT ---- */

/* SELECT a, b FROM [database.]table LIMIT …: the rows can be found by their number. */
static void see_page(struct rewriter *w, size_t limit)
{
    struct sqlfront_result *r = w->r;
    size_t i = w->from + 1;
    for (; i < limit && sqlfront_word(w, i) != K_FROM; i++)
        if (!sqlfront_op(w, i, ',') && !sqlfront_op(w, i, '.') && !sqlfront_op(w, i, '*') && !sqlfront_is_name(w->t, i))
            return;
    bool plain = w->from + 1 < i && sqlfront_word(w, w->from + 1) != K_DISTINCT && sqlfront_word(w, w->from + 1) != K_DISTINCTROW;
    if (i >= limit || !plain)
        return;
    size_t table = limit - 1;
    bool lone = table == i + 1, qualified = table == i + 3 && sqlfront_op(w, i + 2, '.');
    if ((!lone && !qualified) || !sqlfront_is_name(w->t, table))
        return;
    r->page = true;
    r->page_table = sqlfront_name(w->t, table, w->a);
    r->page_bytes = w->out->n;
}

/* LIMIT a, b | LIMIT a OFFSET b | LIMIT a at the end of the statement; each a number or a parameter. */
static void put_limit(struct rewriter *w, size_t limit)
{
    size_t n = w->to - limit;
    bool pair = n == 4 && (sqlfront_op(w, limit + 2, ',') || sqlfront_word(w, limit + 2) == K_OFFSET);
    unsigned ids[2] = { 0, 0 };
    if (n == 2 || pair)
        see_page(w, limit);
    sqlfront_put_token(w, limit);
    w->limit_from = w->options->limits_as_params && (n == 2 || pair) ? limit : STR_NONE;
    for (size_t i = limit + 1; i < w->to && !w->failed; i++) {
        int64_t v;
        if (w->limit_from == STR_NONE && w->t->tokens[i].kind == SQLFRONT_NUMBER && !str_to_i64(sqlfront_token_text(w->t, i), &v)) {
            sqlfront_put_gap(w, i);
            buf_z(w->out, "9223372036854775807");
            continue;
        }
        sqlfront_put_one(w, i, w->to);
        if (w->t->tokens[i].kind == SQLFRONT_PARAM)
            ids[i > limit + 1] = w->r->n_params;
        else if (w->t->tokens[i].kind == SQLFRONT_NUMBER && w->limit_from != STR_NONE) /* else it stays a number, which has no id */
            ids[i > limit + 1] = w->r->n_params + w->r->n_limits;
    }
    bool comma = pair && sqlfront_op(w, limit + 2, ',');
    w->r->page &= pair && ids[0] && ids[1];
    w->r->page_offset = ids[comma ? 0 : 1];
    w->r->page_count = ids[comma ? 1 : 0];
}

/* WHERE … = number, at the end of what comes before LIMIT: the number becomes a parameter. */
static void put_before_limit(struct rewriter *w, size_t from, size_t to)
{
    bool number = w->options->limits_as_params && to > from + 1 && w->t->tokens[to - 1].kind == SQLFRONT_NUMBER &&
                  w->t->tokens[to - 2].kind == SQLFRONT_OP && strchr("=<>", sqlfront_token_text(w->t, to - 2).p[w->t->tokens[to - 2].n - 1]) &&
                  sqlfront_find(w, from, to, K_WHERE) < to && (to == w->to || w->to == to + 2);
    sqlfront_put_range(w, from, number ? to - 1 : to);
    if (!number)
        return;
    w->limit_from = to - 1;
    sqlfront_put_range(w, to - 1, to);
    w->limit_from = STR_NONE;
}

/* The last LIMIT that is not inside brackets. */
static size_t last_limit(const struct rewriter *w)
{
    size_t at = sqlfront_find(w, w->from, w->to, K_LIMIT), next;
    while (at < w->to && (next = sqlfront_find(w, at + 1, w->to, K_LIMIT)) < w->to)
        at = next;
    return at;
}

/* ---- HAVING without groups: a condition on the select list, which SQLite does not know ---- */

static bool has_aggregate(const struct rewriter *w, size_t from, size_t to)
{
    static const char *const names[] = { "count", "sum", "avg", "min", "max", "group_concat" };
    for (size_t i = from; i + 1 < to; i++)
        for (size_t k = 0; sqlfront_op(w, i + 1, '(') && k < sizeof names / sizeof *names; k++)
            if (sqlfront_is(w->t, i, names[k]))
                return true;
    return false;
}

static bool has_param(const struct rewriter *w, size_t from, size_t to)
{
    while (from < to && w->t->tokens[from].kind != SQLFRONT_PARAM)
        from++;
    return from < to;
}

/* The HAVING of SELECT … HAVING … [ORDER BY …] whose rows are not grouped, and the ORDER behind it (or `to`); else `to`. */
static size_t lone_having(const struct rewriter *w, size_t to, size_t *ret_order)
{
    size_t having = sqlfront_find(w, w->from, to, K_HAVING), order = sqlfront_find(w, having, to, K_ORDER);
    bool lone = sqlfront_word(w, w->from) == K_SELECT && having < to && sqlfront_find(w, w->from, to, K_GROUP) == to &&
                sqlfront_find(w, w->from, to, K_UNION) == to && !has_aggregate(w, w->from, to) &&
                !has_param(w, order, to); /* parameters are numbered as they are written */
    *ret_order = order;
    return lone ? having : to;
}

/* SELECT * FROM (SELECT … [ORDER BY …]) WHERE condition; SQLite keeps the order of the inner one. */
static void put_filtered(struct rewriter *w, size_t from, size_t having, size_t order, size_t to)
{
    sqlfront_put_range(w, from, having);
    sqlfront_put_range(w, order, to);
    buf_z(w->out, ") WHERE");
    sqlfront_put_range(w, having + 1, order);
}

/* ---- the whole ---- */

static bool put_read(struct rewriter *w)
{
    size_t i = w->from, limit = last_limit(w), order;
    bool typed = false;
    size_t having = lone_having(w, limit, &order);
    if (having < limit)
        buf_z(w->out, "SELECT * FROM (");
    if (sqlfront_word(w, i) == K_SELECT) {
        sqlfront_put_token(w, i);
        i = put_select_list(w, i + 1, w->to, &typed);
    }
    if (limit < i || limit + 1 >= w->to)
        limit = w->to;
    if (having < limit && having >= i)
        put_filtered(w, i, having, order, limit);
    else
        put_before_limit(w, i, limit);
    if (limit < w->to)
        put_limit(w, limit);
    return typed;
}

static void put_typing(struct rewriter *w)
{
    struct rewriter again = *w;
    struct sqlfront_result scratch = { 0 };
    again.r = &scratch;
    again.out = &scratch.sql;
    again.typing = true;
    again.limit_from = STR_NONE;
    again.depth = 0;
    if (put_read(&again) && !again.failed)
        w->r->typing = scratch.sql;
    else
        buf_release(&scratch.sql);
}

void sqlfront_put_read(struct rewriter *w)
{
    put_read(w);
    if (!w->failed)
        put_typing(w);
}

/* ---- kinds ---- */

static const struct {
    uint8_t word, second; /* second 0 = any */
    enum sqlfront_kind kind;
} kinds[] = {
    { K_SELECT, 0, SQLFRONT_READ },       { K_WITH, 0, SQLFRONT_READ },         { K_VALUES, 0, SQLFRONT_READ },
    { K_INSERT, 0, SQLFRONT_WRITE },      { K_REPLACE, 0, SQLFRONT_WRITE },     { K_UPDATE, 0, SQLFRONT_WRITE },
    { K_DELETE, 0, SQLFRONT_WRITE },
    { K_CREATE, K_DATABASE, SQLFRONT_NOTHING }, { K_CREATE, K_SCHEMA, SQLFRONT_NOTHING },
    { K_CREATE, K_TRIGGER, SQLFRONT_REFUSED }, { K_CREATE, K_PROCEDURE, SQLFRONT_REFUSED }, { K_CREATE, K_USER, SQLFRONT_REFUSED },
    { K_CREATE, 0, SQLFRONT_DEFINE },
    { K_DROP, K_DATABASE, SQLFRONT_REFUSED }, { K_DROP, K_SCHEMA, SQLFRONT_REFUSED }, { K_DROP, K_USER, SQLFRONT_REFUSED },
    { K_DROP, 0, SQLFRONT_DEFINE },       { K_ALTER, K_DATABASE, SQLFRONT_NOTHING }, { K_ALTER, 0, SQLFRONT_DEFINE },
    { K_TRUNCATE, 0, SQLFRONT_DEFINE },   { K_RENAME, 0, SQLFRONT_DEFINE },
    { K_SHOW, 0, SQLFRONT_SHOW },         { K_DESCRIBE, 0, SQLFRONT_DESCRIBE }, { K_DESC, 0, SQLFRONT_DESCRIBE },
    { K_EXPLAIN, 0, SQLFRONT_DESCRIBE },
    { K_SET, 0, SQLFRONT_SET },           { K_USE, 0, SQLFRONT_USE },
    { K_BEGIN, 0, SQLFRONT_BEGIN },       { K_START, 0, SQLFRONT_BEGIN },
    { K_COMMIT, 0, SQLFRONT_COMMIT },     { K_ROLLBACK, K_TO, SQLFRONT_SAVEPOINT }, { K_ROLLBACK, 0, SQLFRONT_ROLLBACK },
    { K_SAVEPOINT, 0, SQLFRONT_SAVEPOINT }, { K_RELEASE, 0, SQLFRONT_SAVEPOINT },
    { K_LOCK, 0, SQLFRONT_NOTHING },      { K_UNLOCK, 0, SQLFRONT_NOTHING },    { K_FLUSH, 0, SQLFRONT_NOTHING },
    { K_ANALYZE, 0, SQLFRONT_NOTHING },   { K_OPTIMIZE, 0, SQLFRONT_NOTHING },  { K_REPAIR, 0, SQLFRONT_NOTHING },
    { K_CHECK, 0, SQLFRONT_NOTHING },     { K_KILL, 0, SQLFRONT_NOTHING },      { K_DO, 0, SQLFRONT_NOTHING },
    { K_GRANT, 0, SQLFRONT_REFUSED },     { K_REVOKE, 0, SQLFRONT_REFUSED },    { K_LOAD, 0, SQLFRONT_REFUSED },
    { K_PREPARE, 0, SQLFRONT_REFUSED },   { K_EXECUTE, 0, SQLFRONT_REFUSED },   { K_DEALLOCATE, 0, SQLFRONT_REFUSED },
    { K_CALL, 0, SQLFRONT_REFUSED },      { K_HANDLER, 0, SQLFRONT_REFUSED },   { K_XA, 0, SQLFRONT_REFUSED },
};

enum sqlfront_kind sqlfront_kind_of(const struct sqlfront_text *t, size_t from, size_t to)
{
    while (from < to && t->tokens[from].kind == SQLFRONT_OP && t->tokens[from].word == '(')
        from++; /* (SELECT …) UNION (SELECT …) */
    if (from >= to)
        return SQLFRONT_EMPTY;
    const struct sqlfront_token *first = &t->tokens[from], *second = from + 1 < to ? first + 1 : NULL;
    if (first->kind != SQLFRONT_WORD)
        return SQLFRONT_UNKNOWN;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].word == first->word && first->word &&
            (!kinds[i].second || (second && second->kind == SQLFRONT_WORD && second->word == kinds[i].second)))
            return kinds[i].kind;
    return SQLFRONT_UNKNOWN;
}
