/* vtl_expr.c - what stands inside directives: quoted texts, references, values, operators.
 *
 *   reference   $a.b("c")[1]                        (Reference, Method, Index of Parser.jjt)
 *   whole       || && == != < > <= >= + - * / % !   (Expression)
 *   value       "text" 1 2.5 true {…} […] [1..3]    (Parameter, PrimaryExpression)
 *
 * How far the original looks ahead decides what is a call and what is text, so the same number of tokens is looked at.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "mocks/apigw/vtl_parser.h"

static struct vtl_node *parameter(struct parser *p);

/* ---- strings ---- */
static bool unescape(struct parser *p, struct str in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '\\' || i + 1 >= in.n || in.p[i + 1] != 'u') {
            buf_c(out, in.p[i]);
            continue;
        }
        uint32_t code = 0;
        for (size_t k = i + 2; k < i + 6; k++) {
            char c = k < in.n ? in.p[k] : 'x';
            char low = (char)(c | 32);
            if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f'))) {
                refuse(p, p->last, "\\u without four hexadecimal digits");
                return false;
            }
            code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : low - 'a' + 10);
        }
        utf8_put(out, code);
        i += 5;
    }
    return true;
}

static struct str undouble(struct parser *p, struct str in, char quote)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < in.n; i++) {
        buf_c(&out, in.p[i]);
        if (in.p[i] == quote && i + 1 < in.n && in.p[i + 1] == quote)
            i++;
    }
    struct str s = arena_dup(p->arena, buf_str(&out));
    buf_release(&out);
    return s;
}

/* ASTStringLiteral: a blank is added behind a text that is rendered, and taken off again. */
static struct vtl_node *string_node(struct parser *p)
{
    struct vtl_token *t = take(p, T_STRING, "a quoted text");
    if (!t)
        return NULL;
    struct str inner = { t->image.p + 1, t->image.n - 2 };
    char quote = t->image.p[0];
    bool renders = quote == '"' && (str_chr(inner, '$') != STR_NONE || str_chr(inner, '#') != STR_NONE);
    if (quote == '"' && str_find(inner, S("\\u")) != STR_NONE) {
        struct buf b = BUF_INIT;
        bool ok = unescape(p, inner, &b);
        inner = arena_dup(p->arena, buf_str(&b));
        buf_release(&b);
        if (!ok)
            return NULL;
    }
    inner = undouble(p, inner, quote);
    struct vtl_node *n = node(p, renders ? N_TEMPLATE : N_STRING);
    n->text = inner;
    n->literal = t->image;
    if (!renders)
        return n;
    n->keep_last = str_find(inner, S("##")) != STR_NONE;
    if (!n->keep_last)
        inner = both(p, inner, S(" "));
    if (!deeper(p))
        return NULL;
    struct vtl_node *tree = vtl_parse_text(p->c, inner);
    p->c->depth--;
    if (!tree) {
        p->failed = true;
        err_wrap(p->c->e, "in the quoted text at %s", vtl_lex_where(p->arena, p->lexer.text, t->at).p);
        return NULL;
    }
    struct kids k = { 0 };
    add(p, &k, tree);
    return with_kids(n, k);
}

/* ---- references ---- */
bool vtl_expr_begins(enum vtl_kind k)
{
    return k == T_BLANK || k == T_STRING || k == T_INTEGER || k == T_LBRACKET || k == T_LEFT_CURLEY || k == T_TRUE ||
           k == T_FALSE || k == T_IDENTIFIER || k == T_LCURLY || k == T_FLOAT;
}

/* Parameters up to the closing token, which is left alone. */
static bool parameters(struct parser *p, struct kids *k)
{
    if (!vtl_expr_begins(peek(p, 1)))
        return true;
    for (;;) {
        struct vtl_node *n = parameter(p);
        if (!n)
            return false;
        add(p, k, n);
        if (peek(p, 1) != T_COMMA)
            return true;
        take(p, T_COMMA, ",");
    }
}

static struct vtl_step *index_step(struct parser *p)
{
    take(p, T_INDEX_OPEN, "[");
    struct vtl_step *s = ARENA_NEW(p->arena, struct vtl_step);
    s->kind = STEP_INDEX;
    blank(p);
    enum vtl_kind k = peek(p, 1);
    if (k != T_STRING && k != T_INTEGER && k != T_TRUE && k != T_FALSE && k != T_IDENTIFIER && k != T_LCURLY)
        return refuse(p, ahead(p, 1), "an index must be a quoted text, an integer or a reference;");
    struct vtl_node *n = parameter(p);
    if (!n || !take(p, T_INDEX_CLOSE, "']'"))
        return NULL;
    struct kids args = { 0 };
    add(p, &args, n);
    s->args = args.v, s->n_args = 1;
    return s;
}

static struct vtl_step *dot_step(struct parser *p)
{
    take(p, T_DOT, ".");
    struct vtl_step *s = ARENA_NEW(p->arena, struct vtl_step);
    enum vtl_kind third = peek(p, 2) == T_LPAREN ? peek(p, 3) : T_NONE;
    bool call = third == T_CALL_CLOSE || vtl_expr_begins(third);
    struct vtl_token *name = take(p, T_IDENTIFIER, "a name");
    if (!name)
        return NULL;
    s->kind = call ? STEP_METHOD : STEP_PROPERTY;
    s->name = name->image;
    if (!call)
        return s;
    take(p, T_LPAREN, "(");
    struct kids args = { 0 };
    if (!parameters(p, &args) || !take(p, T_CALL_CLOSE, "')'"))
        return NULL;
    s->args = args.v, s->n_args = args.n;
    vtl_method_resolve(s);
    return s;
}

static bool steps(struct parser *p, struct vtl_node *n)
{
    struct vtl_step **tail = &n->steps;
    for (;;) {
        struct vtl_step *s;
        if (peek(p, 1) == T_INDEX_OPEN)
            s = index_step(p);
        else if (peek(p, 1) == T_DOT && peek(p, 2) == T_IDENTIFIER)
            s = dot_step(p);
        else
            return !p->failed;
        if (!s)
            return false;
        *tail = s;
        tail = &s->next;
    }
}

/* "$\!foo": neither a reference nor an escape; the variable's name is what remains without one backslash. */
static bool slash_bang(struct parser *p, struct vtl_node *n, struct str image)
{
    if (str_find(image, S("\\!")) == STR_NONE)
        return false;
    size_t from = str_chr(image, '$');
    from = from == STR_NONE ? 0 : from;
    while (from < image.n && image.p[from] != '\\')
        from++;
    struct str name = both(p, str_head(image, from), str_from(image, from + 1));
    n->slot = slot_of(p->c, name);
    return true;
}

/* Splits the first token: backslashes, other $ or # before the last $, "!" and "{" (ASTReference.getRoot). */
static void root(struct parser *p, struct vtl_node *n, struct vtl_token *first)
{
    struct str image = first->image;
    if (slash_bang(p, n, image))
        return;
    size_t slashes = count_of(image, 0, '\\');
    n->escaped = slashes % 2 == 1;
    struct str prefix = str_head(image, slashes / 2);
    image = str_from(image, slashes);
    size_t dollar = image.n;
    while (dollar > 0 && image.p[dollar - 1] != '$')
        dollar--;
    struct str more = dollar > 1 ? str_head(image, dollar - 1) : S("");
    if (dollar > 1)
        image = str_from(image, dollar - 1);
    n->text = n->escaped ? prefix : both(p, prefix, more);
    first->image = image; /* what #set and a literal see */
    n->value = vtl_str(image);
    if (str_starts(image, S("$!{")) || str_is(image, "${"))
        n->slot = slot_of(p->c, first->next->image);
    else if (str_starts(image, S("$!")))
        n->slot = slot_of(p->c, str_from(image, 2));
    else if (str_starts(image, S("$")))
        n->slot = slot_of(p->c, str_from(image, 1));
    else
        n->runt = true, n->text = image;
}

struct vtl_node *vtl_expr_reference(struct parser *p)
{
    struct vtl_token *first = ahead(p, 1);
    bool formal = first->kind == T_LCURLY;
    if (formal)
        take(p, T_LCURLY, "{");
    if (!take(p, T_IDENTIFIER, "the name of a variable"))
        return NULL;
    struct vtl_node *n = node(p, N_REFERENCE);
    n->at = first->at;
    if (!deeper(p) || !steps(p, n))
        return NULL;
    p->c->depth--;
    if (formal && !take(p, T_RCURLY, "'}'"))
        return NULL;
    root(p, n, first);
    n->literal = written(p, first, LITERAL);
    return n;
}

/* ---- expressions ---- */
static struct vtl_node *constant(struct parser *p, enum vtl_kind kind)
{
    struct vtl_token *t = take(p, kind, "a value");
    struct vtl_node *n = node(p, N_CONSTANT);
    n->literal = t->image;
    double d = 0;
    switch (kind) {
    case T_TRUE: case T_FALSE:
        n->value = vtl_bool(kind == T_TRUE);
        break;
    case T_INTEGER:
        n->value = vtl_math_literal(p->arena, t->image);
        break;
    default: /* Java's Double takes "1." and ".5" too */
        d = strtod(arena_z(p->arena, t->image), NULL);
        n->value = vtl_double(d);
    }
    return n;
}

static struct vtl_node *map_node(struct parser *p)
{
    take(p, T_LEFT_CURLEY, "{");
    struct vtl_node *n = node(p, N_MAP);
    struct kids k = { 0 };
    enum vtl_kind first = peek(p, 1) == T_BLANK ? peek(p, 2) : peek(p, 1);
    if (first != T_BLANK && vtl_expr_begins(first)) {
        for (;;) {
            struct vtl_node *key = parameter(p);
            struct vtl_node *value = key && take(p, T_COLON, "':'") ? parameter(p) : NULL;
            if (!value)
                return NULL;
            add(p, &k, key);
            add(p, &k, value);
            if (peek(p, 1) != T_COMMA)
                break;
            take(p, T_COMMA, ",");
        }
    } else {
        blank(p);
    }
    if (peek(p, 1) == T_RCURLY)
        take(p, T_RCURLY, "}");
    else if (!take(p, T_RIGHT_CURLEY, "'}'"))
        return NULL;
    return with_kids(n, k);
}

static struct vtl_node *range_end(struct parser *p)
{
    return peek(p, 1) == T_INTEGER ? constant(p, T_INTEGER) : vtl_expr_reference(p);
}

static struct vtl_node *range_node(struct parser *p, struct vtl_node *n, struct vtl_node *from)
{
    struct kids k = { 0 };
    add(p, &k, from);
    take(p, T_DOUBLEDOT, "..");
    blank(p);
    struct vtl_node *to = range_end(p);
    if (!to)
        return NULL;
    add(p, &k, to);
    blank(p);
    if (!take(p, T_RBRACKET, "']'"))
        return NULL;
    n->kind = N_RANGE;
    return with_kids(n, k);
}

/* [a, b] or [1..3]: which of them shows only at the ".." */
static struct vtl_node *list_node(struct parser *p)
{
    take(p, T_LBRACKET, "[");
    struct vtl_node *n = node(p, N_LIST);
    struct kids k = { 0 };
    if (vtl_expr_begins(peek(p, 1))) {
        struct vtl_node *first = parameter(p);
        if (!first)
            return NULL;
        if (peek(p, 1) == T_DOUBLEDOT && (first->kind == N_REFERENCE || vtl_is_integer(first->value)))
            return range_node(p, n, first);
        add(p, &k, first);
        while (peek(p, 1) == T_COMMA) {
            take(p, T_COMMA, ",");
            struct vtl_node *next = parameter(p);
            if (!next)
                return NULL;
            add(p, &k, next);
        }
    }
    return take(p, T_RBRACKET, "']'") ? with_kids(n, k) : NULL;
}

/* One value without the blanks around it. */
struct vtl_node *vtl_expr_value(struct parser *p)
{
    switch (peek(p, 1)) {
    case T_STRING: return string_node(p);
    case T_INTEGER: case T_FLOAT: case T_TRUE: case T_FALSE: return constant(p, peek(p, 1));
    case T_LBRACKET: return list_node(p);
    case T_LEFT_CURLEY: return map_node(p);
    case T_IDENTIFIER: case T_LCURLY: return vtl_expr_reference(p);
    default: return refuse(p, ahead(p, 1), "a value is due");
    }
}

static struct vtl_node *parameter(struct parser *p)
{
    if (!deeper(p))
        return NULL;
    blank(p);
    struct vtl_node *n = vtl_expr_value(p);
    if (n)
        blank(p);
    p->c->depth--;
    return p->failed ? NULL : n;
}

static struct vtl_node *primary(struct parser *p)
{
    if (!deeper(p))
        return NULL;
    blank(p);
    struct vtl_node *n;
    if (peek(p, 1) == T_LPAREN) {
        take(p, T_LPAREN, "(");
        n = vtl_expr_whole(p);
        if (n && !take(p, T_RPAREN, "')'"))
            n = NULL;
    } else {
        n = vtl_expr_value(p);
    }
    if (n)
        blank(p);
    p->c->depth--;
    return p->failed ? NULL : n;
}

static struct vtl_node *unary(struct parser *p)
{
    enum vtl_kind k = peek(p, 1);
    if (k == T_BLANK)
        k = peek(p, 2);
    if (k != T_NOT)
        return primary(p);
    blank(p);
    struct vtl_token *first = take(p, T_NOT, "!");
    struct vtl_node *n = node(p, N_NOT);
    struct vtl_node *of = deeper(p) ? unary(p) : NULL;
    if (!of)
        return NULL;
    p->c->depth--;
    struct kids kids = { 0 };
    add(p, &kids, of);
    n->literal = written(p, first, LITERAL);
    return with_kids(n, kids);
}

/* Binary operators, loosest first; all of a level group to the left. */
static const struct operator_row {
    int level;
    enum vtl_kind token;
    enum vtl_node_kind node;
} operators[] = {
    { 0, T_OR, N_OR },    { 1, T_AND, N_AND },     { 2, T_EQ, N_EQ },     { 2, T_NE, N_NE },      { 3, T_LT, N_LT },
    { 3, T_GT, N_GT },    { 3, T_LE, N_LE },       { 3, T_GE, N_GE },     { 4, T_PLUS, N_ADD },   { 4, T_MINUS, N_SUB },
    { 5, T_TIMES, N_MUL }, { 5, T_DIVIDE, N_DIV }, { 5, T_MODULUS, N_MOD },
};
enum { UNARY_LEVEL = 6 };

static const struct operator_row *operator_at(int level, enum vtl_kind token)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (operators[i].level == level && operators[i].token == token)
            return &operators[i];
    return NULL;
}

static struct vtl_node *binary(struct parser *p, int level)
{
    if (level == UNARY_LEVEL)
        return unary(p);
    struct vtl_token *first = ahead(p, 1);
    struct vtl_node *left = binary(p, level + 1);
    const struct operator_row *o;
    /* a chain is a tree as deep as it is long, so it counts as nesting, at a coarser scale */
    for (int chain = 0; left && (o = operator_at(level, peek(p, 1))); chain++) {
        if (chain == 500)
            return refuse(p, ahead(p, 1), "more than 500 operators in one expression");
        take(p, o->token, "an operator");
        struct vtl_node *n = node(p, o->node);
        struct vtl_node *right = binary(p, level + 1);
        if (!right)
            return NULL;
        struct kids k = { 0 };
        add(p, &k, left);
        add(p, &k, right);
        n->literal = str_trim(written(p, first, LITERAL));
        left = with_kids(n, k);
    }
    return p->failed ? NULL : left;
}

struct vtl_node *vtl_expr_whole(struct parser *p) { return binary(p, 0); }
