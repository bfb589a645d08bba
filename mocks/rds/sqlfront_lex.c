/* sqlfront_lex.c - text into tokens (MySQL 8.0 Reference Manual, 9.1 literals, 9.2 names, 9.7 comments). */
#include "mocks/rds/sqlfront.h"

#include "base/err.h"
#include "mocks/rds/sqlfront_words.h"

#define WORD_TEXT(word) #word,
static const char *const words[] = { "", SQLFRONT_WORDS(WORD_TEXT) };

enum { NESTING = 4096, SERVER_VERSION = 80036 };

struct lexer {
    const char *start, *p, *end;
    struct sqlfront_token *tokens;
    size_t n, cap;
    uint32_t *open; /* indices of brackets that are not closed yet */
    size_t n_open;
    bool conditional; /* inside an unwrapped conditional comment */
    bool gap;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_name_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }

static int compare(struct str a, const char *word)
{
    for (size_t i = 0; i < a.n; i++) {
        int d = (unsigned char)upper(a.p[i]) - (unsigned char)word[i];
        if (d || !word[i])
            return d ? d : 1;
    }
    return word[a.n] ? -1 : 0;
}

static uint8_t word_number(struct str s)
{
    size_t low = 1, high = K_COUNT_OF_WORDS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = compare(s, words[middle]);
        if (c == 0)
            return (uint8_t)middle;
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return K_NONE;
}

/* ---- what is passed over ---- */

static void skip_line(struct lexer *x)
{
    while (x->p < x->end && *x->p != '\n')
        x->p++;
    x->gap = true;
}

/* A comment ends at its first end mark; that of a conditional one is only passed over, its content is read, unless it
 * is for a server newer than this one says it is. */
static void skip_block(struct lexer *x)
{
    const char *p = x->p + 2;
    x->gap = true;
    if (p < x->end && *p == '!') {
        long version = 0;
        for (p++; p < x->end && is_digit(*p) && version < 100000; p++)
            version = version * 10 + (*p - '0');
        x->conditional = version <= SERVER_VERSION;
        if (x->conditional) {
            x->p = p;
            return;
        }
    }
    for (; p + 1 < x->end; p++)
        if (p[0] == '*' && p[1] == '/') {
            x->p = p + 2;
            return;
        }
    x->p = x->end;
}

static bool skip_blank(struct lexer *x)
{
    size_t left = (size_t)(x->end - x->p);
    if (!left)
        return false;
    if (is_space(*x->p)) {
        x->p++;
        return true;
    }
    if (*x->p == '#' || (left >= 2 && x->p[0] == '-' && x->p[1] == '-' && (left == 2 || is_space(x->p[2])))) {
        skip_line(x);
        return true;
    }
    if (left >= 2 && x->p[0] == '/' && x->p[1] == '*') {
        skip_block(x);
        return true;
    }
    if (x->conditional && left >= 2 && x->p[0] == '*' && x->p[1] == '/') {
        x->conditional = false;
        x->gap = true;
        x->p += 2;
        return true;
    }
    return false;
}

/* ---- tokens ---- */

/* Behind the closing quote; NULL when there is none. */
static const char *quoted_end(const struct lexer *x, const char *p, char quote)
{
    for (; p < x->end; p++) {
        if (*p == '\\' && quote != '`' && p + 1 < x->end)
            p++;
        else if (*p == quote && p + 1 < x->end && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return NULL;
}

static const char *number_end(const struct lexer *x, const char *p)
{
    while (p < x->end && is_digit(*p))
        p++;
    if (p < x->end && *p == '.')
        for (p++; p < x->end && is_digit(*p);)
            p++;
    if (p < x->end && upper(*p) == 'E') {
        const char *q = p + 1;
        if (q < x->end && (*q == '+' || *q == '-'))
            q++;
        if (q < x->end && is_digit(*q)) {
            for (p = q; p < x->end && is_digit(*p);)
                p++;
        }
    }
    return p;
}

static const char *name_end(const struct lexer *x, const char *p)
{
    while (p < x->end && is_name_byte(*p))
        p++;
    return p;
}

static const char *operator_end(const struct lexer *x)
{
    static const char *const longer[] = { "<=>", "->>", "<=", ">=", "<>", "!=", "||", "&&", ":=", "<<", ">>", "->" };
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        size_t n = strlen(longer[i]);
        if ((size_t)(x->end - x->p) >= n && memcmp(x->p, longer[i], n) == 0)
            return x->p + n;
    }
    return x->p + 1;
}

/* @@[session.|global.]x, @x, @'x', @`x` */
static const char *variable_end(const struct lexer *x, uint8_t *ret_kind)
{
    const char *p = x->p + 1;
    *ret_kind = SQLFRONT_USERVAR;
    if (p < x->end && *p == '@') {
        *ret_kind = SQLFRONT_SYSVAR;
        p++;
    }
    if (*ret_kind == SQLFRONT_USERVAR && p < x->end && (*p == '\'' || *p == '"' || *p == '`'))
        return quoted_end(x, p + 1, *p);
    for (;;) {
        if (p < x->end && *p == '`')
            p = quoted_end(x, p + 1, '`');
        else
            p = name_end(x, p);
        if (!p || p >= x->end || *p != '.')
            return p;
        p++;
    }
}

/* 0x1F x'1F' 0b01 b'01' n'text' */
static const char *prefixed_end(const struct lexer *x, uint8_t *ret_kind)
{
    const char *p = x->p;
    char first = upper(*p);
    if (x->end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'b')) {
        const char *q = p + 2;
        while (q < x->end && (p[1] == 'x' ? is_hex(*q) : *q == '0' || *q == '1'))
            q++;
        *ret_kind = p[1] == 'x' ? SQLFRONT_HEX : SQLFRONT_BITS;
        return q > p + 2 && (q == x->end || !is_name_byte(*q)) ? q : NULL;
    }
    if (x->end - p > 1 && p[1] == '\'' && (first == 'X' || first == 'B' || first == 'N')) {
        *ret_kind = first == 'X' ? SQLFRONT_HEX : first == 'B' ? SQLFRONT_BITS : SQLFRONT_STRING;
        return quoted_end(x, p + 2, '\'');
    }
    return NULL;
}

static const char *token_end(struct lexer *x, uint8_t *ret_kind)
{
    const char *end = prefixed_end(x, ret_kind);
    char c = *x->p;
    if (end)
        return end;
    if (c == '\'' || c == '"' || c == '`') {
        *ret_kind = c == '`' ? SQLFRONT_QUOTED : SQLFRONT_STRING;
        return quoted_end(x, x->p + 1, c);
    }
    if (is_digit(c) || (c == '.' && x->p + 1 < x->end && is_digit(x->p[1]))) {
        /* A name may begin with digits: 2fa is one. After a dot it is the second half of one. */
        bool after_dot = x->n && x->tokens[x->n - 1].kind == SQLFRONT_OP && x->tokens[x->n - 1].word == '.';
        end = number_end(x, x->p);
        if (!after_dot && (end == x->end || !is_name_byte(*end))) {
            *ret_kind = SQLFRONT_NUMBER;
            return end;
        }
        *ret_kind = SQLFRONT_WORD;
        return c == '.' ? x->p + 1 : name_end(x, x->p);
    }
    if (is_name_byte(c)) {
        *ret_kind = SQLFRONT_WORD;
        return name_end(x, x->p);
    }
    if (c == '@')
        return variable_end(x, ret_kind);
    *ret_kind = c == '?' ? SQLFRONT_PARAM : SQLFRONT_OP;
    return operator_end(x);
}

static void match_bracket(struct lexer *x, size_t i)
{
    if (x->tokens[i].word == '(' && x->n_open < NESTING) {
        x->open[x->n_open++] = (uint32_t)i;
    } else if (x->tokens[i].word == ')' && x->n_open) {
        uint32_t other = x->open[--x->n_open];
        x->tokens[other].mate = (uint32_t)i;
        x->tokens[i].mate = other;
    } else if (x->tokens[i].word == ';') {
        x->n_open = 0;
    }
}

static struct sqlfront_token *push(struct lexer *x, struct arena *a)
{
    if (x->n + 1 >= x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 64;
        struct sqlfront_token *more = arena_alloc(a, cap * sizeof *more);
        if (x->n)
            memcpy(more, x->tokens, x->n * sizeof *more);
        x->tokens = more;
        x->cap = cap;
    }
    struct sqlfront_token *t = &x->tokens[x->n];
    *t = (struct sqlfront_token){ .at = (uint32_t)(x->p - x->start), .gap = x->gap };
    x->gap = false;
    return t;
}

static void take_token(struct lexer *x, struct arena *a)
{
    struct sqlfront_token *t = push(x, a);
    const char *end = token_end(x, &t->kind);
    if (!end) {
        t->kind = SQLFRONT_BAD; /* a quote that is never closed */
        end = x->end;
    }
    t->n = (uint32_t)(end - x->p);
    if (t->kind == SQLFRONT_WORD)
        t->word = word_number((struct str){ x->p, t->n });
    else if (t->kind == SQLFRONT_OP)
        t->word = (uint8_t)*x->p;
    x->p = end;
    if (t->kind == SQLFRONT_OP && t->n == 1)
        match_bracket(x, x->n);
    x->n++;
}

bool sqlfront_lex(struct str sql, struct arena *a, struct sqlfront_text *ret)
{
    struct lexer x = { .start = sql.p, .p = sql.p, .end = sql.p + sql.n };
    x.open = arena_alloc(a, NESTING * sizeof *x.open);
    for (;;) {
        while (skip_blank(&x))
            continue;
        if (x.p >= x.end)
            break;
        if (x.n >= SQLFRONT_TOKENS)
            return false;
        take_token(&x, a);
    }
    struct sqlfront_token *end = push(&x, a);
    end->kind = SQLFRONT_END;
    *ret = (struct sqlfront_text){ sql, x.tokens, x.n };
    return true;
}

/* ---- looking at tokens ---- */

struct str sqlfront_token_text(const struct sqlfront_text *t, size_t i)
{
    return (struct str){ t->sql.p + t->tokens[i].at, t->tokens[i].n };
}

bool sqlfront_is_name(const struct sqlfront_text *t, size_t i)
{
    return t->tokens[i].kind == SQLFRONT_WORD || t->tokens[i].kind == SQLFRONT_QUOTED;
}

bool sqlfront_is(const struct sqlfront_text *t, size_t i, const char *word)
{
    const struct sqlfront_token *k = &t->tokens[i];
    return (k->kind == SQLFRONT_WORD || k->kind == SQLFRONT_OP) && str_eq_nocase(sqlfront_token_text(t, i), str_of(word));
}

/* What follows a backslash (table 9.1); \% and \_ keep it, for LIKE. */
static void put_escaped(struct buf *out, char c)
{
    static const char pairs[] = "0\0'\'\"\"b\bn\nr\rt\tZ\032\\\\";
    for (size_t i = 0; i + 1 < sizeof pairs; i += 2)
        if (pairs[i] == c) {
            buf_c(out, pairs[i + 1]);
            return;
        }
    if (c == '%' || c == '_')
        buf_c(out, '\\');
    buf_c(out, c);
}

struct str sqlfront_name(const struct sqlfront_text *t, size_t i, struct arena *a)
{
    struct str s = sqlfront_token_text(t, i);
    if (t->tokens[i].kind == SQLFRONT_STRING && s.n && upper(s.p[0]) == 'N')
        s = str_from(s, 1);
    bool quoted = t->tokens[i].kind == SQLFRONT_QUOTED || t->tokens[i].kind == SQLFRONT_STRING;
    if (!quoted || s.n < 2)
        return s;
    char quote = s.p[0];
    s = (struct str){ s.p + 1, s.n - 2 };
    if (str_chr(s, quote) == STR_NONE && (quote == '`' || str_chr(s, '\\') == STR_NONE))
        return s;
    struct buf b = BUF_INIT;
    for (size_t k = 0; k < s.n; k++) {
        if (s.p[k] == '\\' && quote != '`' && k + 1 < s.n)
            put_escaped(&b, s.p[++k]);
        else if (s.p[k] == quote)
            buf_c(&b, s.p[k++]);
        else
            buf_c(&b, s.p[k]);
    }
    struct str text = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

void sqlfront_quote(struct buf *out, struct str text, char quote)
{
    buf_c(out, quote);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == quote)
            buf_c(out, quote);
        buf_c(out, text.p[i]);
    }
    buf_c(out, quote);
}

/* ---- LIMIT at the end ---- */

static size_t back_over_blanks(struct str s, size_t n)
{
    while (n && (is_space(s.p[n - 1]) || s.p[n - 1] == ';'))
        n--;
    return n;
}

/* The digits that end at n; false when there are none or too many. */
static bool back_over_number(struct str s, size_t *n, int64_t *ret)
{
    size_t end = *n, at = end;
    while (at && is_digit(s.p[at - 1]))
        at--;
    if (at == end || end - at > 18 || (at && (is_name_byte(s.p[at - 1]) || s.p[at - 1] == '.')))
        return false;
    *ret = 0;
    for (size_t i = at; i < end; i++)
        *ret = *ret * 10 + (s.p[i] - '0');
    *n = at;
    return true;
}

static bool back_over_word(struct str s, size_t *n, const char *word)
{
    size_t end = back_over_blanks(s, *n), length = strlen(word);
    if (end == *n || end < length || !str_eq_nocase((struct str){ s.p + end - length, length }, str_of(word)))
        return false;
    if (end > length && is_name_byte(s.p[end - length - 1]))
        return false;
    *n = end - length;
    return true;
}

static bool back_over_comparison(struct str s, size_t *n)
{
    size_t at = back_over_blanks(s, *n);
    if (!at || !strchr("=<>", s.p[at - 1]))
        return false;
    *n = at;
    return true;
}

bool sqlfront_tail_of(struct str sql, struct sqlfront_tail *ret)
{
    size_t n = back_over_blanks(sql, sql.n), at;
    struct sqlfront_tail t = { .form = '1', .n_numbers = 1 };
    if (!back_over_number(sql, &n, &t.second))
        return false;
    at = back_over_blanks(sql, n);
    if (at && sql.p[at - 1] == ',') {
        t.form = ',';
        n = back_over_blanks(sql, at - 1);
    } else if (back_over_word(sql, &n, "OFFSET")) {
        t.form = 'o';
        n = back_over_blanks(sql, n);
    }
    if (t.form != '1' && !back_over_number(sql, &n, &t.first))
        return false;
    if (back_over_word(sql, &n, "LIMIT")) {
        at = back_over_blanks(sql, n);
        t.n_numbers = t.form == '1' ? 1 : 2;
        t.head = (struct str){ sql.p, n + sizeof "LIMIT" - 1 };
        if (t.form == '1' && back_over_number(sql, &at, &t.first) && back_over_comparison(sql, &at)) {
            t.form = 'e';
            t.n_numbers = 2;
            t.head.n = at;
        }
    } else if (t.form == '1' && back_over_comparison(sql, &n)) {
        t.form = '=';
        t.head = (struct str){ sql.p, n };
    } else {
        return false;
    }
    if (t.n_numbers == 1)
        t.first = t.second;
    *ret = t;
    return true;
}
