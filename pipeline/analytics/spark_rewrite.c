/* spark_rewrite.c - a statement in Spark's writing becomes one in SQLite's, token by token.
 *
 * | Spark                       | SQLite                         |
 * |-----------------------------|--------------------------------|
 * | "text", 'it\'s \\d'         | 'text', 'it''s \d'             |
 * | x[0]                        | get(x, 0)                      |
 * | CAST(x AS STRING), x::int   | spark_cast(x, 'string')        |
 * | a / b, a DIV b              | a * 1.0 / b, a / b             |
 * | x RLIKE p, x ILIKE p        | x REGEXP p, x MATCH p          |
 * | a <=> b, MINUS              | a IS b, EXCEPT                 |
 * | DATE '2020-01-01'           | '2020-01-01'                   |
 * | EXTRACT(YEAR FROM x)        | YEAR(x)                        |
 * | left(x, 1), 0a1b_pin, 10L   | spark_left(x, 1), `0a1b_pin`, 10 |
 *
 * Every token remembers where it stood, so that SQLite's place of a mistake can be told in the given statement.
 */
#include "base/utf8.h"
#include "pipeline/analytics/spark_own.h"

enum kind { WORD = 1, NUMBER, TEXT, NAME, SIGN };

struct token {
    enum kind kind;
    size_t at;
    struct str text;   /* as given */
    struct str out;    /* as written */
    struct str before; /* written before it: openings of calls */
};
struct rewriting {
    struct str in;
    struct arena *a;
    struct token *tokens;
    size_t n, cap;
    size_t at;
    const char *why;
};

static bool is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(const struct token *t, const char *word) { return t->kind == WORD && str_eq_nocase(t->text, str_of(word)); }
static bool is_sign(const struct token *t, const char *sign) { return t->kind == SIGN && str_is(t->text, sign); }

/* ---- tokens ---- */

static struct token *add(struct rewriting *r, enum kind kind, size_t from, size_t to)
{
    if (r->n == r->cap) {
        struct token *old = r->tokens;
        r->cap = r->cap ? r->cap * 2 : 64;
        r->tokens = ARENA_ARRAY(r->a, struct token, r->cap);
        if (r->n)
            memcpy(r->tokens, old, r->n * sizeof *old);
    }
    struct token *t = &r->tokens[r->n++];
    struct str text = { r->in.p + from, to - from };
    *t = (struct token){ .kind = kind, .at = from, .text = text, .out = text };
    return t;
}

/* Behind blanks and comments; the end when a comment does not end. */
static size_t skip_blanks(struct str s, size_t i)
{
    for (;;) {
        while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r'))
            i++;
        struct str rest = str_from(s, i);
        if (str_starts(rest, S("--"))) {
            size_t end = str_chr(rest, '\n');
            i = end == STR_NONE ? s.n : i + end;
        } else if (str_starts(rest, S("/*"))) {
            size_t end = str_find(str_from(rest, 2), S("*/"));
            i = end == STR_NONE ? s.n : i + end + 4;
        } else {
            return i;
        }
    }
}

/* Spark's escapes; \% and \_ stay as they are, for LIKE. */
static void unescape(struct buf *b, struct str s, size_t *i)
{
    static const char from[] = "0btnrZ", to[] = "\0\b\t\n\r\032";
    char c = s.p[++*i];
    const char *known = c ? strchr(from, c) : NULL;
    if (c == 'u' && *i + 4 < s.n) {
        uint32_t code = 0;
        for (size_t k = 1; k <= 4; k++) {
            char h = s.p[*i + k];
            code = code * 16 + (uint32_t)(h >= '0' && h <= '9' ? h - '0' : h >= 'a' && h <= 'f' ? h - 'a' + 10 : h >= 'A' && h <= 'F' ? h - 'A' + 10 : 0);
        }
        *i += 4;
        utf8_put(b, code);
    } else if (known) {
        buf_c(b, to[known - from]);
    } else {
        if (c == '%' || c == '_')
            buf_c(b, '\\');
        buf_c(b, c);
    }
}

static bool add_text(struct rewriting *r, size_t from, size_t *ret_end)
{
    char quote = r->in.p[from];
    struct buf b = BUF_INIT;
    size_t i = from + 1;
    buf_c(&b, '\'');
    for (; i < r->in.n && (r->in.p[i] != quote || (i + 1 < r->in.n && r->in.p[i + 1] == quote)); i++) {
        size_t start = b.n;
        if (r->in.p[i] == quote)
            buf_c(&b, r->in.p[++i]);
        else if (r->in.p[i] == '\\' && i + 1 < r->in.n)
            unescape(&b, r->in, &i);
        else
            buf_c(&b, r->in.p[i]);
        if (b.n == start + 1 && b.p[start] == '\'')
            buf_c(&b, '\'');
        if (b.n > start && b.p[b.n - 1] == 0)
            r->why = "U+0000 in a text";
    }
    buf_c(&b, '\'');
    *ret_end = i + 1;
    if (i >= r->in.n)
        r->why = "a text does not end";
    else
        add(r, TEXT, from, i + 1)->out = arena_keep(r->a, &b);
    buf_release(&b);
    r->at = from;
    return !r->why;
}

static bool add_name(struct rewriting *r, size_t from, size_t *ret_end)
{
    size_t end = str_chr(str_from(r->in, from + 1), '`');
    r->at = from;
    if (end == STR_NONE) {
        r->why = "a name in ` does not end";
        return false;
    }
    add(r, NAME, from, *ret_end = from + end + 2);
    return true;
}

/* The end of a number, or `from` when what stands there is a word: 1, 1.5, .5, 1e-3, 10L, 0.5D, but 0e95b_pin is a name. */
static size_t number_end(struct str s, size_t from, size_t *ret_digits)
{
    size_t i = from, digits = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        digits++;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            digits++;
    if (!digits)
        return from;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        size_t k = i + 1 + (i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+'));
        size_t first = k;
        while (k < s.n && s.p[k] >= '0' && s.p[k] <= '9')
            k++;
        i = k > first ? k : i;
    }
    *ret_digits = i;
    if (i < s.n && strchr("LlDd", s.p[i]) && (i + 1 == s.n || !is_word_byte(s.p[i + 1])))
        i++;
    return i < s.n && is_word_byte(s.p[i]) ? from : i;
}

static void add_word(struct rewriting *r, size_t from, size_t *ret_end)
{
    size_t i = from;
    while (i < r->in.n && is_word_byte(r->in.p[i]))
        i++;
    struct token *t = add(r, WORD, from, i);
    if (t->text.p[0] >= '0' && t->text.p[0] <= '9')
        t->out = arena_f(r->a, "`" STR_F "`", STR_A(t->text));
    *ret_end = i;
}

static void add_sign(struct rewriting *r, size_t from, size_t *ret_end)
{
    static const char *const signs[] = { "<=>", "<=", ">=", "<>", "!=", "==", "||", "::" };
    struct str rest = str_from(r->in, from);
    size_t n = 1;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_starts(rest, str_of(signs[i]))) {
            n = strlen(signs[i]);
            break;
        }
    add(r, SIGN, from, *ret_end = from + n);
}

static bool tokenize(struct rewriting *r)
{
    for (size_t i = 0; (i = skip_blanks(r->in, i)) < r->in.n;) {
        char c = r->in.p[i];
        size_t digits = 0, end = number_end(r->in, i, &digits);
        bool behind_dot = r->n && is_sign(&r->tokens[r->n - 1], ".");
        if (c == '\'' || c == '"') {
            if (!add_text(r, i, &i))
                return false;
        } else if (c == '`') {
            if (!add_name(r, i, &i))
                return false;
        } else if (end > i && !(behind_dot && c != '.')) {
            add(r, NUMBER, i, end)->out.n = digits - i;
            i = end;
        } else if (is_word_byte(c)) {
            add_word(r, i, &i);
        } else {
            add_sign(r, i, &i);
        }
    }
    return true;
}

/* ---- brackets ---- */

/* Index of the partner of the bracket at i, going by `step`; n when there is none. */
static size_t partner(const struct rewriting *r, size_t i, int step)
{
    int depth = 0;
    for (size_t k = i; k < r->n; k += (size_t)step) { /* below 0 wraps round */
        if (is_sign(&r->tokens[k], "(") || is_sign(&r->tokens[k], "["))
            depth += step;
        else if (is_sign(&r->tokens[k], ")") || is_sign(&r->tokens[k], "]"))
            depth -= step;
        if (depth == 0)
            return k;
    }
    return r->n;
}

/* A word before ( that calls nothing. */
static bool is_keyword(const struct token *t)
{
    static const char *const list[] = { "SELECT", "DISTINCT", "WHERE", "AND", "OR", "NOT", "ON", "BY", "HAVING", "CASE", "WHEN", "THEN", "ELSE", "IN", "BETWEEN", "LIKE", "RLIKE", "ILIKE", "IS" };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (is_word(t, list[i]))
            return true;
    return t->kind != WORD;
}

/* The first token of the value that ends with token i: a name with its table, a call, a bracket. */
static size_t value_start(const struct rewriting *r, size_t i)
{
    for (;;) {
        if (is_sign(&r->tokens[i], ")") || is_sign(&r->tokens[i], "]")) {
            bool call = is_sign(&r->tokens[i], ")");
            size_t open = partner(r, i, -1);
            if (open >= r->n || open == 0)
                return open >= r->n ? i : open;
            if (call && is_keyword(&r->tokens[open - 1]))
                return open;
            i = open - 1;
            if (call)
                return i;
        } else if (i >= 2 && is_sign(&r->tokens[i - 1], ".")) {
            i -= 2;
        } else {
            return i;
        }
    }
}

static void open_call(struct rewriting *r, size_t i, const char *call)
{
    r->tokens[i].before = arena_f(r->a, "%s" STR_F, call, STR_A(r->tokens[i].before));
}

static bool rewrite_index(struct rewriting *r, size_t i)
{
    size_t end = partner(r, i, 1);
    r->at = r->tokens[i].at;
    if (end >= r->n || i == 0 || r->tokens[i - 1].kind == TEXT || (r->tokens[i - 1].kind == SIGN && !is_sign(&r->tokens[i - 1], ")") && !is_sign(&r->tokens[i - 1], "]"))) {
        r->why = end >= r->n ? "a [ without its ]" : "a [ that stands behind no value";
        return false;
    }
    open_call(r, value_start(r, i - 1), "get(");
    r->tokens[i].out = S(",");
    r->tokens[end].out = S(")");
    return true;
}

/* ---- casts ---- */

/* Tokens from..to are a type: its text goes into the first. */
static void write_type(struct rewriting *r, size_t from, size_t to)
{
    struct buf b = BUF_INIT;
    for (size_t i = from; i < to; i++) {
        buf_str_add(&b, r->tokens[i].text);
        r->tokens[i].out = S("");
    }
    for (size_t i = 0; i < b.n; i++)
        b.p[i] = (char)(b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] + 32 : b.p[i] == '\'' ? ' ' : b.p[i]);
    r->tokens[from].out = arena_f(r->a, "'" STR_F "'", STR_A(buf_str(&b)));
    buf_release(&b);
}

static void rewrite_cast(struct rewriting *r, size_t i)
{
    size_t end = partner(r, i + 1, 1), depth = 0, as = 0;
    for (size_t k = i + 2; k < end && k < r->n; k++) {
        depth += is_sign(&r->tokens[k], "(") || is_sign(&r->tokens[k], "[");
        depth -= is_sign(&r->tokens[k], ")") || is_sign(&r->tokens[k], "]");
        if (depth == 0 && is_word(&r->tokens[k], "AS"))
            as = k;
    }
    if (end >= r->n || !as || as + 1 >= end)
        return; /* SQLite says what is wrong with it */
    r->tokens[i].out = S("spark_cast");
    r->tokens[as].out = S(",");
    write_type(r, as + 1, end);
}

/* x::type */
static void rewrite_colons(struct rewriting *r, size_t i)
{
    size_t end = i + 2;
    if (i == 0 || i + 1 >= r->n || r->tokens[i + 1].kind != WORD)
        return;
    if (end < r->n && is_sign(&r->tokens[end], "("))
        end = partner(r, end, 1) + 1;
    end = end > r->n ? r->n : end;
    open_call(r, value_start(r, i - 1), "spark_cast(");
    r->tokens[i].out = S(",");
    write_type(r, i + 1, end);
    r->tokens[end - 1].out = arena_f(r->a, STR_F ")", STR_A(r->tokens[end - 1].out));
}

/* EXTRACT(YEAR FROM x) */
static void rewrite_extract(struct rewriting *r, size_t i)
{
    if (i + 3 >= r->n || r->tokens[i + 2].kind != WORD || !is_word(&r->tokens[i + 3], "FROM"))
        return;
    r->tokens[i].out = r->tokens[i + 2].text;
    r->tokens[i + 2].out = r->tokens[i + 3].out = S("");
}

/* ---- words and signs ---- */

static const struct { const char *word, *out; bool call; } words[] = {
    { "RLIKE", "REGEXP", false },   { "ILIKE", "MATCH", false },      { "MINUS", "EXCEPT", false },      { "DIV", "/", false },
    { "left", "spark_left", true }, { "right", "spark_right", true }, { "isnull", "spark_isnull", true }, { "if", "spark_if", true },
};

static void rewrite_word(struct rewriting *r, size_t i)
{
    struct token *t = &r->tokens[i];
    bool call = i + 1 < r->n && is_sign(&r->tokens[i + 1], "(");
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if ((call || !words[k].call) && is_word(t, words[k].word))
            t->out = str_of(words[k].out);
    bool literal = is_word(t, "DATE") || is_word(t, "TIMESTAMP");
    if (literal && i + 1 < r->n && r->tokens[i + 1].kind == TEXT)
        t->out = S("");
    if (call && (is_word(t, "CAST") || is_word(t, "TRY_CAST")))
        rewrite_cast(r, i);
    if (call && is_word(t, "EXTRACT"))
        rewrite_extract(r, i);
}

static bool rewrite_sign(struct rewriting *r, size_t i)
{
    struct token *t = &r->tokens[i];
    if (is_sign(t, "/"))
        t->out = S("* 1.0 /");
    else if (is_sign(t, "<=>"))
        t->out = S(" IS ");
    else if (is_sign(t, "::"))
        rewrite_colons(r, i);
    else if (is_sign(t, "["))
        return rewrite_index(r, i);
    return true;
}

static void write_all(const struct rewriting *r, struct spark_text *ret)
{
    struct buf b = BUF_INIT;
    ret->places = ARENA_ARRAY(r->a, struct spark_place, r->n + 1);
    ret->n_places = r->n;
    for (size_t i = 0; i < r->n; i++) {
        const struct token *t = &r->tokens[i];
        bool apart = i && t->at > t[-1].at + t[-1].text.n;
        buf_z(&b, apart ? " " : "");
        buf_str_add(&b, t->before);
        ret->places[i] = (struct spark_place){ b.n, t->at };
        buf_str_add(&b, t->out);
    }
    ret->sql = arena_keep(r->a, &b);
}

int spark_rewrite(struct str statement, struct arena *a, struct spark_text *ret, size_t *ret_at, struct err *e)
{
    struct rewriting r = { .in = statement, .a = a };
    bool ok = tokenize(&r);
    while (ok && r.n && is_sign(&r.tokens[r.n - 1], ";"))
        r.n--;
    for (size_t i = 0; ok && i < r.n; i++) {
        if (r.tokens[i].kind == WORD)
            rewrite_word(&r, i);
        else if (r.tokens[i].kind == SIGN)
            ok = rewrite_sign(&r, i);
    }
    if (!ok) {
        *ret_at = r.at;
        return err_set(e, 0, "SQL_MALFORMED", "%s", r.why);
    }
    write_all(&r, ret);
    return 0;
}
