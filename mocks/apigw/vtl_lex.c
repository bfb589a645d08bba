/* vtl_lex.c - cutting a template into tokens, exactly as Velocity 1.7's generated lexer does.
 *
 *   state          entered by                    left by
 *   DEFAULT        start                         -
 *   REFERENCE      $                             the first character that cannot continue the reference
 *   MODIFIER       . and a letter in REFERENCE   (
 *   CALL           ( in MODIFIER                 ) back to REFERENCE
 *   INDEX          [ in REFERENCE, MODIFIER      ]
 *   PRE_DIRECTIVE  #                             the directive's name
 *   DIRECTIVE      the name, or #set(            the parenthesis that closes it
 *   comments       ## #* #** #[[                 end of line, *#, ]]#
 *
 * In every state the longest match wins, and of equally long ones the first in the order of Parser.jjt (tag 1.7).
 * "$", "#" and the like begin a token whose rest is read in another state: the image has both. What looks odd here
 * (a counter that is not reset, a state that is not left) is how the original behaves, and templates can tell.
 */
#include "mocks/apigw/vtl_ast.h"

enum { IN_DEFAULT = 1 << L_DEFAULT, IN_DIRECTIVE = 1 << L_DIRECTIVE, IN_CALL = 1 << L_CALL, IN_INDEX = 1 << L_INDEX,
       IN_REFERENCE = 1 << L_REFERENCE, IN_MODIFIER = 1 << L_MODIFIER, IN_PRE = 1 << L_PRE_DIRECTIVE,
       IN_TEXTBLOCK = 1 << L_TEXTBLOCK, IN_LINE = 1 << L_LINE_COMMENT, IN_FORMAL = 1 << L_FORMAL_COMMENT,
       IN_COMMENT = 1 << L_COMMENT, IN_ALL = 0x7ff };

static bool is_alpha(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_word(int c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '@'; }
static bool is_name(int c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-'; }
static int at(struct str s, size_t i) { return i < s.n ? (unsigned char)s.p[i] : -1; }

static size_t run_of(struct str s, size_t i, const char *set)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] && strchr(set, s.p[i + n]))
        n++;
    return n;
}

/* Backslashes from i on; bounded, so that a template of nothing else is still read in linear time. */
static size_t slashes_at(struct str s, size_t i)
{
    size_t n = 0;
    while (n < 256 && at(s, i + n) == '\\')
        n++;
    return n;
}

static size_t newline(struct str s, size_t i)
{
    return at(s, i) == '\r' && at(s, i + 1) == '\n' ? 2 : at(s, i) == '\n' || at(s, i) == '\r';
}

/* Blanks and one end of line behind a directive belong to it. */
static size_t to_line_end(struct str s, size_t i)
{
    size_t blanks = run_of(s, i, " \t"), end = newline(s, i + blanks);
    return end ? blanks + end : 0;
}

static size_t word(struct str s, size_t i)
{
    if (!is_alpha(at(s, i)) && at(s, i) != '_' && at(s, i) != '@')
        return 0;
    size_t n = 1;
    while (is_word(at(s, i + n)))
        n++;
    return n;
}

static size_t bracketed_word(struct str s, size_t i)
{
    if (at(s, i) != '{' || (!is_alpha(at(s, i + 1)) && at(s, i + 1) != '_'))
        return 0;
    size_t n = 2;
    while (is_word(at(s, i + n)))
        n++;
    return at(s, i + n) == '}' ? n + 1 : 0;
}

static size_t identifier(struct str s, size_t i)
{
    if (!is_alpha(at(s, i)) && at(s, i) != '_')
        return 0;
    size_t n = 1;
    while (is_name(at(s, i + n)))
        n++;
    return n;
}

static size_t escaped_directive(struct str s, size_t i)
{
    size_t slashes = slashes_at(s, i);
    if (slashes % 2 == 0 || at(s, i + slashes) != '#')
        return 0;
    size_t n = word(s, i + slashes + 1);
    if (!n)
        n = bracketed_word(s, i + slashes + 1);
    return n ? slashes + 1 + n : 0;
}

static size_t set_directive(struct str s, size_t i)
{
    size_t n = run_of(s, i, " \t");
    struct str rest = str_from(s, i + n);
    if (str_starts(rest, S("#set")))
        n += 4;
    else if (str_starts(rest, S("#{set}")))
        n += 6;
    else
        return 0;
    n += run_of(s, i + n, " ");
    return at(s, i + n) == '(' ? n + 1 : 0;
}

static size_t dollar(struct str s, size_t i)
{
    size_t n = slashes_at(s, i);
    return at(s, i + n) == '$' ? n + 1 : 0;
}

static size_t dollar_bang(struct str s, size_t i)
{
    size_t n = dollar(s, i);
    if (!n)
        return 0;
    n += slashes_at(s, i + n);
    return at(s, i + n) == '!' ? n + 1 : 0;
}

/* A quoted string; a doubled quote goes on. Falls back to the last place where it could have ended. */
static size_t quoted(struct str s, size_t i)
{
    int quote = at(s, i);
    if (quote != '"' && quote != '\'')
        return 0;
    size_t accepted = 0;
    for (size_t k = i + 1; k < s.n; k++)
        if (s.p[k] == quote) {
            accepted = k + 1 - i;
            if (at(s, k + 1) != quote)
                break;
            k++;
        }
    return accepted;
}

static size_t digits(struct str s, size_t i)
{
    size_t n = 0;
    while (is_digit(at(s, i + n)))
        n++;
    return n;
}

static size_t integer(struct str s, size_t i)
{
    size_t n = at(s, i) == '-', d = digits(s, i + n);
    if (!d)
        return 0;
    n += d;
    return at(s, i + n) == '.' && at(s, i + n + 1) == '.' ? n + 2 : n;
}

static size_t exponent(struct str s, size_t i)
{
    if (at(s, i) != 'e' && at(s, i) != 'E')
        return 0;
    size_t n = 1 + (at(s, i + 1) == '+' || at(s, i + 1) == '-'), d = digits(s, i + n);
    return d ? n + d : 0;
}

static size_t floating(struct str s, size_t i)
{
    size_t n = at(s, i) == '-', whole = digits(s, i + n);
    n += whole;
    if (at(s, i + n) == '.') {
        size_t part = digits(s, i + n + 1);
        if (!whole && !part)
            return 0;
        n += 1 + part;
        return n + exponent(s, i + n);
    }
    size_t e = whole ? exponent(s, i + n) : 0;
    return e ? n + e : 0;
}

static size_t empty_index(struct str s, size_t i)
{
    static const char *const forms[] = { "$[", "$![", "$\\![", "$." };
    for (size_t k = 0; k < sizeof(forms) / sizeof(*forms); k++)
        if (str_starts(str_from(s, i), str_of(forms[k])))
            return strlen(forms[k]);
    return 0;
}

static size_t plain(struct str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] != '$' && s.p[i + n] != '#' && s.p[i + n] != '\\')
        n++;
    return n;
}

static size_t with_line_end(struct str s, size_t i, const char *name)
{
    size_t n = strlen(name);
    return str_starts(str_from(s, i), str_of(name)) ? n + to_line_end(s, i + n) : 0;
}

static size_t formal_comment(struct str s, size_t i)
{
    return str_starts(str_from(s, i), S("#**")) && i + 3 < s.n && s.p[i + 3] != '#' ? 4 : 0;
}

static size_t dot(struct str s, size_t i) { return at(s, i) == '.' && is_alpha(at(s, i + 1)) ? 2 : 0; }
static size_t closing(struct str s, size_t i) { return with_line_end(s, i, ")"); }
static size_t end1(struct str s, size_t i) { return with_line_end(s, i, "end"); }
static size_t end2(struct str s, size_t i) { return with_line_end(s, i, "{end}"); }
static size_t else1(struct str s, size_t i) { return with_line_end(s, i, "else"); }
static size_t else2(struct str s, size_t i) { return with_line_end(s, i, "{else}"); }
static size_t blank(struct str s, size_t i) { return run_of(s, i, " \t\n\r"); }
static size_t any(struct str s, size_t i) { return i < s.n; }

/* The rules, in the order of Parser.jjt. Either fixed text or a function. */
static const struct rule {
    unsigned states;
    enum vtl_kind kind;
    const char *text;
    size_t (*match)(struct str s, size_t i);
} rules[] = {
    { IN_REFERENCE | IN_MODIFIER, T_INDEX_OPEN, "[", 0 },
    { IN_INDEX, T_INDEX_CLOSE, "]", 0 },
    { IN_DIRECTIVE | IN_CALL, T_LBRACKET, "[", 0 },
    { IN_DIRECTIVE | IN_CALL, T_RBRACKET, "]", 0 },
    { IN_DIRECTIVE | IN_CALL, T_COMMA, ",", 0 },
    { IN_DIRECTIVE | IN_CALL, T_DOUBLEDOT, "..", 0 },
    { IN_DIRECTIVE | IN_CALL, T_COLON, ":", 0 },
    { IN_DIRECTIVE | IN_CALL, T_LEFT_CURLEY, "{", 0 },
    { IN_DIRECTIVE | IN_CALL, T_RIGHT_CURLEY, "}", 0 },
    { IN_DIRECTIVE | IN_MODIFIER, T_LPAREN, "(", 0 },
    { IN_DIRECTIVE, T_RPAREN, NULL, closing },
    { IN_CALL, T_CALL_CLOSE, ")", 0 },
    { IN_DEFAULT, T_ESCAPE_DIRECTIVE, NULL, escaped_directive },
    { IN_DEFAULT | IN_REFERENCE | IN_MODIFIER | IN_CALL, T_SET, NULL, set_directive },
    { IN_ALL, T_MORE_DOLLAR, NULL, dollar },
    { IN_ALL, T_MORE_DOLLAR, NULL, dollar_bang },
    { IN_ALL, T_MORE_TEXTBLOCK, "#[[", 0 },
    { IN_ALL, T_MORE_FORMAL, NULL, formal_comment },
    { IN_ALL, T_MORE_COMMENT, "#*", 0 },
    { IN_ALL, T_MORE_HASH, "#", 0 },
    { IN_DEFAULT | IN_PRE | IN_DIRECTIVE | IN_REFERENCE, T_LINE_COMMENT, "##", 0 },
    { IN_DEFAULT, T_DOUBLE_ESCAPE, "\\\\", 0 },
    { IN_DEFAULT, T_ESCAPE, "\\", 0 },
    { IN_DEFAULT, T_TEXT, NULL, plain },
    { IN_LINE, T_LINE_COMMENT_END, NULL, newline },
    { IN_FORMAL, T_FORMAL_COMMENT, "*#", 0 },
    { IN_COMMENT, T_COMMENT, "*#", 0 },
    { IN_TEXTBLOCK, T_TEXTBLOCK, "]]#", 0 },
    { IN_LINE | IN_FORMAL | IN_COMMENT, T_SKIP, NULL, any },
    { IN_TEXTBLOCK, T_MORE_CHAR, NULL, any },
    { IN_DIRECTIVE | IN_CALL | IN_INDEX, T_BLANK, NULL, blank },
    { IN_DIRECTIVE | IN_CALL | IN_INDEX, T_STRING, NULL, quoted },
    { IN_REFERENCE | IN_DIRECTIVE | IN_MODIFIER | IN_CALL | IN_INDEX, T_TRUE, "true", 0 },
    { IN_REFERENCE | IN_DIRECTIVE | IN_MODIFIER | IN_CALL | IN_INDEX, T_FALSE, "false", 0 },
    { IN_DIRECTIVE, T_MINUS, "-", 0 },
    { IN_DIRECTIVE, T_PLUS, "+", 0 },
    { IN_DIRECTIVE, T_TIMES, "*", 0 },
    { IN_DIRECTIVE, T_DIVIDE, "/", 0 },
    { IN_DIRECTIVE, T_MODULUS, "%", 0 },
    { IN_DIRECTIVE, T_AND, "&&", 0 },
    { IN_DIRECTIVE, T_AND, "and", 0 },
    { IN_DIRECTIVE, T_OR, "||", 0 },
    { IN_DIRECTIVE, T_OR, "or", 0 },
    { IN_DIRECTIVE, T_LT, "<", 0 },
    { IN_DIRECTIVE, T_LT, "lt", 0 },
    { IN_DIRECTIVE, T_LE, "<=", 0 },
    { IN_DIRECTIVE, T_LE, "le", 0 },
    { IN_DIRECTIVE, T_GT, ">", 0 },
    { IN_DIRECTIVE, T_GT, "gt", 0 },
    { IN_DIRECTIVE, T_GE, ">=", 0 },
    { IN_DIRECTIVE, T_GE, "ge", 0 },
    { IN_DIRECTIVE, T_EQ, "==", 0 },
    { IN_DIRECTIVE, T_EQ, "eq", 0 },
    { IN_DIRECTIVE, T_NE, "!=", 0 },
    { IN_DIRECTIVE, T_NE, "ne", 0 },
    { IN_DIRECTIVE, T_NOT, "!", 0 },
    { IN_DIRECTIVE, T_NOT, "not", 0 },
    { IN_DIRECTIVE, T_ASSIGN, "=", 0 },
    { IN_PRE, T_END, NULL, end1 },
    { IN_PRE, T_END, NULL, end2 },
    { IN_PRE, T_IF, "if", 0 },
    { IN_PRE, T_IF, "{if}", 0 },
    { IN_PRE, T_ELSEIF, "elseif", 0 },
    { IN_PRE, T_ELSEIF, "{elseif}", 0 },
    { IN_PRE, T_ELSE, NULL, else1 },
    { IN_PRE, T_ELSE, NULL, else2 },
    { IN_PRE | IN_DIRECTIVE | IN_CALL | IN_INDEX, T_INTEGER, NULL, integer },
    { IN_PRE | IN_DIRECTIVE | IN_CALL | IN_INDEX, T_FLOAT, NULL, floating },
    { IN_PRE | IN_DIRECTIVE, T_WORD, NULL, word },
    { IN_PRE | IN_DIRECTIVE, T_BRACKETED_WORD, NULL, bracketed_word },
    { IN_REFERENCE | IN_MODIFIER | IN_CALL, T_IDENTIFIER, NULL, identifier },
    { IN_REFERENCE | IN_MODIFIER | IN_CALL, T_DOT, NULL, dot },
    { IN_REFERENCE | IN_MODIFIER, T_LCURLY, "{", 0 },
    { IN_REFERENCE | IN_MODIFIER, T_RCURLY, "}", 0 },
    { IN_REFERENCE | IN_MODIFIER, T_REFERENCE_END, NULL, any },
    { IN_PRE, T_DIRECTIVE_END, NULL, any },
    { IN_DEFAULT | IN_REFERENCE, T_EMPTY_INDEX, NULL, empty_index },
};

static enum vtl_kind longest(const struct vtl_lexer *l, size_t from, size_t *ret_n)
{
    enum vtl_kind kind = T_NONE;
    size_t best = 0;
    for (const struct rule *r = rules; r < rules + sizeof(rules) / sizeof(*rules); r++) {
        if (!(r->states & 1u << l->state))
            continue;
        size_t n = r->match ? r->match(l->text, from)
                            : (str_starts(str_from(l->text, from), str_of(r->text)) ? strlen(r->text) : 0);
        if (n > best)
            best = n, kind = r->kind;
    }
    *ret_n = best;
    return kind;
}

/* ---- the stack of states ---- */
static bool push(struct vtl_lexer *l)
{
    if (l->n_stack == (int)(sizeof(l->stack) / sizeof(*l->stack))) {
        err_set(l->e, 500, "TEMPLATE_TOO_DEEP", "the template nests too deep at %s",
                vtl_lex_where(l->arena, l->text, l->at).p);
        return false;
    }
    l->stack[l->n_stack].lparen = l->lparen;
    l->stack[l->n_stack].rparen = l->rparen;
    l->stack[l->n_stack++].state = l->state;
    l->lparen = 0;
    return true;
}

static bool pop(struct vtl_lexer *l)
{
    if (l->n_stack == 0) {
        l->lparen = 0;
        l->state = L_DEFAULT;
        return false;
    }
    l->n_stack--;
    l->lparen = l->stack[l->n_stack].lparen;
    l->rparen = l->stack[l->n_stack].rparen;
    l->state = l->stack[l->n_stack].state;
    return true;
}

void vtl_lex_pop(struct vtl_lexer *l) { pop(l); }

static bool enter(struct vtl_lexer *l, enum vtl_state state)
{
    if (!push(l))
        return false;
    l->state = state;
    return true;
}

/* Drops to the state below the one whose parenthesis this one closes. */
static void close_paren(struct vtl_lexer *l)
{
    while (!l->in_comment) {
        if (l->lparen > 0) {
            if (l->lparen == l->rparen + 1)
                pop(l);
            else
                l->rparen++;
            return;
        }
        if (!pop(l))
            return;
    }
}

/* What a match does to the state; false when the stack is full. *ret_back: characters given back to the input. */
static bool act(struct vtl_lexer *l, enum vtl_kind kind, struct str image, size_t *ret_back)
{
    *ret_back = 0;
    switch (kind) {
    case T_INDEX_OPEN:
        return enter(l, L_INDEX);
    case T_INDEX_CLOSE: case T_RCURLY: case T_END: case T_ELSE:
        pop(l);
        return true;
    case T_LPAREN:
        if (!l->in_comment)
            l->lparen++;
        if (l->state == L_MODIFIER)
            l->state = L_CALL;
        return true;
    case T_RPAREN:
        close_paren(l);
        return true;
    case T_CALL_CLOSE:
        l->state = L_REFERENCE;
        return true;
    case T_SET:
        if (l->in_comment)
            return true;
        if (!enter(l, L_DIRECTIVE))
            return false;
        l->in_set = true;
        l->lparen++;
        return true;
    case T_MORE_DOLLAR:
        if (l->in_comment)
            return true;
        if (l->state == L_REFERENCE)
            pop(l);
        return enter(l, L_REFERENCE);
    case T_MORE_HASH:
        if (l->in_comment)
            return true;
        if (l->state == L_REFERENCE || l->state == L_MODIFIER)
            pop(l);
        return enter(l, L_PRE_DIRECTIVE);
    case T_LINE_COMMENT:
        if (l->in_comment)
            return true;
        if (l->state == L_REFERENCE)
            pop(l);
        l->in_comment = true;
        return enter(l, L_LINE_COMMENT);
    case T_MORE_TEXTBLOCK: case T_MORE_FORMAL: case T_MORE_COMMENT:
        if (l->in_comment)
            return true;
        *ret_back = kind == T_MORE_FORMAL;
        l->in_comment = true;
        return enter(l, kind == T_MORE_TEXTBLOCK ? L_TEXTBLOCK : kind == T_MORE_FORMAL ? L_FORMAL_COMMENT : L_COMMENT);
    case T_LINE_COMMENT_END: case T_FORMAL_COMMENT: case T_COMMENT: case T_TEXTBLOCK:
        l->in_comment = false;
        pop(l);
        return true;
    case T_STRING:
        if (l->state == L_DIRECTIVE && !l->in_set && l->lparen == 0)
            pop(l);
        return true;
    case T_IF: case T_ELSEIF:
        l->state = L_DIRECTIVE;
        return true;
    case T_INTEGER:
        *ret_back = str_ends(image, S("..")) ? 2 : 0;
        if (l->lparen == 0 && !l->in_set && l->state != L_CALL && l->state != L_INDEX)
            pop(l);
        return true;
    case T_FLOAT:
        if (l->lparen == 0 && !l->in_set && l->state != L_CALL)
            pop(l);
        return true;
    case T_DOT:
        *ret_back = 1;
        l->state = L_MODIFIER;
        return true;
    case T_REFERENCE_END: case T_DIRECTIVE_END:
        *ret_back = 1;
        pop(l);
        return true;
    default:
        return true;
    }
}

/* What a dropped "$ " or "# " prints, when text follows: its $, # and the backslashes right before a $. */
static void special_text(struct buf *out, struct str image)
{
    for (size_t i = 0; i < image.n; i++) {
        char c = image.p[i];
        if (c == '#' || c == '$')
            buf_c(out, c);
        if (c != '\\')
            continue;
        size_t slashes = run_of(image, i, "\\");
        if (at(image, i + slashes) == '$') {
            buf_add(out, image.p + i, slashes + 1);
            i += slashes + 1;
        }
    }
}

void vtl_lex_init(struct vtl_lexer *l, struct str text, struct arena *a, struct err *e)
{
    memset(l, 0, sizeof(*l));
    l->text = text;
    l->arena = a;
    l->e = e;
}

struct str vtl_lex_where(struct arena *a, struct str text, size_t place)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < place && i < text.n; i++)
        if (text.p[i] == '\n')
            line++, column = 1;
        else
            column++;
    return arena_f(a, "line %zu, column %zu", line, column);
}

static struct vtl_token *refuse(struct vtl_lexer *l, const char *what)
{
    err_set(l->e, 500, "TEMPLATE_MALFORMED", "%s at %s of the mapping template", what,
            vtl_lex_where(l->arena, l->text, l->at).p);
    return NULL;
}

static struct vtl_token *token(struct vtl_lexer *l, enum vtl_kind kind, size_t begin, size_t end, struct buf *special)
{
    struct vtl_token *t = ARENA_NEW(l->arena, struct vtl_token);
    t->kind = kind;
    t->at = begin;
    t->image = (struct str){ l->text.p + begin, end - begin };
    t->special = arena_dup(l->arena, buf_str(special));
    return t;
}

struct vtl_token *vtl_lex_next(struct vtl_lexer *l)
{
    struct buf special = BUF_INIT;
    struct vtl_token *t = NULL;
    size_t begin = l->at;
    for (;;) {
        if (l->at >= l->text.n) {
            /* "Hello $" at the very end is an error on AWS too. */
            t = l->at > begin ? refuse(l, "the template ends in the middle of a reference or directive (a lone '$' "
                                          "or '#' at its end?)")
                              : token(l, T_EOF, begin, begin, &special);
            break;
        }
        size_t n, back;
        enum vtl_kind kind = longest(l, l->at, &n);
        if (kind == T_NONE) {
            t = refuse(l, "a character that cannot stand there, or a quote that is not closed,");
            break;
        }
        size_t end = l->at + n;
        if (!act(l, kind, (struct str){ l->text.p + begin, end - begin }, &back))
            break;
        l->at = end - back;
        if (kind == T_SKIP) {
            begin = l->at;
        } else if (kind == T_REFERENCE_END || kind == T_DIRECTIVE_END) {
            special_text(&special, (struct str){ l->text.p + begin, end - begin });
            begin = l->at;
        } else if (kind < T_MORE_DOLLAR) {
            t = token(l, kind, begin, kind == T_DOT ? end - 1 : end - back, &special);
            break;
        }
    }
    buf_release(&special);
    return t;
}

bool vtl_lex_paren_ahead(const struct vtl_lexer *l)
{
    size_t i = l->at + blank(l->text, l->at);
    return at(l->text, i) == '(';
}
