/* vtl_parse.c - from tokens to the tree that is rendered, by the productions of Velocity 1.7's Parser.jjt.
 *
 *   template    statements up to the end            (process, Statement)
 *   if_         #if … #elseif … #else … #end        (IfStatement)
 *   set_        #set( reference = expression )      (SetDirective)
 *   directive   #foreach #define #literal #break #stop; anything else prints as it is written (Directive)
 *   reference   $a.b("c")[1]                        (Reference, Method, Index)
 *   expression  || && == != < > <= >= + - * / % !   (Expression)
 *   parameter   "text" 1 2.5 true {…} […] [1..3]    (Parameter, PrimaryExpression)
 *
 * How far the original looks ahead decides what is a call and what is text, so the same number of tokens is looked at.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/utf8.h"
#include "mocks/apigw/vtl_ast.h"

struct compile {
    struct vtl *t;
    struct map slots; /* name -> slot + 1 */
    struct err *e;
    int depth;
};
struct parser {
    struct compile *c;
    struct arena *arena;
    struct vtl_lexer lexer;
    struct vtl_token *last; /* consumed */
    bool failed;
};
struct kids {
    struct vtl_node **v;
    uint32_t n, cap;
};

static struct vtl_node *statement(struct parser *p);
static struct vtl_node *expression(struct parser *p);
static struct vtl_node *parameter(struct parser *p);
static struct vtl_node *reference(struct parser *p);
static struct vtl_node *parse_text(struct compile *c, struct str text);

/* ---- tokens ---- */
static struct vtl_token *ahead(struct parser *p, int k)
{
    static struct vtl_token nothing = { .kind = T_NONE };
    struct vtl_token *t = p->last;
    for (; k > 0; k--) {
        if (!t->next && !p->failed) {
            t->next = t->kind == T_EOF ? t : vtl_lex_next(&p->lexer);
            p->failed = !t->next;
        }
        if (!t->next)
            return &nothing;
        t = t->next;
    }
    return t;
}

static enum vtl_kind peek(struct parser *p, int k) { return ahead(p, k)->kind; }

static void *refuse(struct parser *p, const struct vtl_token *t, const char *why)
{
    if (!p->failed)
        err_set(p->c->e, 500, "TEMPLATE_MALFORMED", "%s at %s of the mapping template, near \"" STR_F "\"", why,
                vtl_lex_where(p->arena, p->lexer.text, t->at).p, STR_A(str_head(str_from(p->lexer.text, t->at), 24)));
    p->failed = true;
    return NULL;
}

static struct vtl_token *take(struct parser *p, enum vtl_kind kind, const char *expected)
{
    struct vtl_token *t = ahead(p, 1);
    if (t->kind != kind) {
        refuse(p, t, t->kind == T_EOF ? arena_f(p->arena, "the template ends where %s is due,", expected).p
                                      : arena_f(p->arena, "%s is due", expected).p);
        return NULL;
    }
    p->last = t;
    return t;
}

static void blank(struct parser *p)
{
    if (peek(p, 1) == T_BLANK)
        p->last = ahead(p, 1);
}

static bool deeper(struct parser *p)
{
    if (++p->c->depth <= VTL_MAX_DEPTH)
        return true;
    refuse(p, ahead(p, 1), "the template nests too deep");
    return false;
}

/* ---- nodes ---- */
static struct vtl_node *node(struct parser *p, enum vtl_node_kind kind)
{
    struct vtl_node *n = ARENA_NEW(p->arena, struct vtl_node);
    n->kind = kind;
    n->at = p->last->at;
    return n;
}

static void add(struct parser *p, struct kids *k, struct vtl_node *n)
{
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap * 2 : 4;
        struct vtl_node **v = ARENA_ARRAY(p->arena, struct vtl_node *, cap);
        if (k->n)
            memcpy(v, k->v, k->n * sizeof(*v));
        k->v = v, k->cap = cap;
    }
    k->v[k->n++] = n;
}

static struct vtl_node *with_kids(struct vtl_node *n, struct kids k)
{
    n->kids = k.v, n->n_kids = k.n;
    return n;
}

static struct vtl_node *text_node(struct parser *p, struct str text)
{
    struct vtl_node *n = node(p, N_TEXT);
    n->text = text;
    return n;
}

static struct str both(struct parser *p, struct str a, struct str b)
{
    char *s = arena_alloc(p->arena, a.n + b.n + 1);
    if (a.n)
        memcpy(s, a.p, a.n);
    if (b.n)
        memcpy(s + a.n, b.p, b.n);
    return (struct str){ s, a.n + b.n };
}

static uint32_t slot_of(struct compile *c, struct str name)
{
    void *known = map_get(&c->slots, name);
    if (known)
        return (uint32_t)((uintptr_t)known - 1);
    uint32_t slot = c->t->n_names++;
    if ((slot & (slot - 1)) == 0) { /* grows by doubling */
        struct str *names = ARENA_ARRAY(&c->t->arena, struct str, slot ? slot * 2 : 1);
        if (slot)
            memcpy(names, c->t->names, slot * sizeof(*names));
        c->t->names = names;
    }
    c->t->names[slot] = arena_dup(&c->t->arena, name);
    map_put(&c->slots, name, (void *)(uintptr_t)(slot + 1));
    return slot;
}

/* The tokens from `first` to the last one consumed. A literal has what was dropped between them and no comments; a
 * directive that is none prints just its tokens (RuntimeMacro.getLiteral). */
enum written { LITERAL, TOKENS };
static struct str written(struct parser *p, const struct vtl_token *first, enum written how)
{
    struct buf b = BUF_INIT;
    for (const struct vtl_token *t = first;; t = t->next) {
        if (how == LITERAL)
            buf_str_add(&b, t->kind == T_COMMENT ? S("") : t->special);
        if (how == TOKENS || t->kind != T_COMMENT)
            buf_str_add(&b, t->image);
        if (t == p->last || !t->next)
            break;
    }
    struct str s = arena_dup(p->arena, buf_str(&b));
    buf_release(&b);
    return s;
}

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
    struct vtl_node *tree = parse_text(p->c, inner);
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
static bool begins_parameter(enum vtl_kind k)
{
    return k == T_BLANK || k == T_STRING || k == T_INTEGER || k == T_LBRACKET || k == T_LEFT_CURLEY || k == T_TRUE ||
           k == T_FALSE || k == T_IDENTIFIER || k == T_LCURLY || k == T_FLOAT;
}

/* Parameters up to the closing token, which is left alone. */
static bool parameters(struct parser *p, struct kids *k)
{
    if (!begins_parameter(peek(p, 1)))
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
    bool call = third == T_CALL_CLOSE || begins_parameter(third);
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

static size_t count_of(struct str s, size_t i, char c)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] == c)
        n++;
    return n;
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

static struct vtl_node *reference(struct parser *p)
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
    if (first != T_BLANK && begins_parameter(first)) {
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
    return peek(p, 1) == T_INTEGER ? constant(p, T_INTEGER) : reference(p);
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
    if (begins_parameter(peek(p, 1))) {
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
static struct vtl_node *value(struct parser *p)
{
    switch (peek(p, 1)) {
    case T_STRING: return string_node(p);
    case T_INTEGER: case T_FLOAT: case T_TRUE: case T_FALSE: return constant(p, peek(p, 1));
    case T_LBRACKET: return list_node(p);
    case T_LEFT_CURLEY: return map_node(p);
    case T_IDENTIFIER: case T_LCURLY: return reference(p);
    default: return refuse(p, ahead(p, 1), "a value is due");
    }
}

static struct vtl_node *parameter(struct parser *p)
{
    if (!deeper(p))
        return NULL;
    blank(p);
    struct vtl_node *n = value(p);
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
        n = expression(p);
        if (n && !take(p, T_RPAREN, "')'"))
            n = NULL;
    } else {
        n = value(p);
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

static struct vtl_node *expression(struct parser *p) { return binary(p, 0); }

/* ---- statements ---- */
static bool begins_statement(enum vtl_kind k)
{
    switch (k) {
    case T_IF: case T_IDENTIFIER: case T_LCURLY: case T_LINE_COMMENT: case T_COMMENT: case T_FORMAL_COMMENT:
    case T_TEXTBLOCK: case T_SET: case T_ESCAPE_DIRECTIVE: case T_DOUBLE_ESCAPE: case T_WORD: case T_BRACKETED_WORD:
    case T_TEXT: case T_DOT: case T_RPAREN: case T_LPAREN: case T_INTEGER: case T_FLOAT: case T_STRING: case T_ESCAPE:
    case T_RCURLY: case T_EMPTY_INDEX:
        return true;
    default:
        return false;
    }
}

static struct vtl_node *block(struct parser *p)
{
    struct vtl_node *n = node(p, N_BLOCK);
    struct kids k = { 0 };
    if (!deeper(p))
        return NULL;
    while (begins_statement(peek(p, 1))) {
        struct vtl_node *s = statement(p);
        if (!s)
            return NULL;
        if (s->kind != N_TEXT || s->text.n)
            add(p, &k, s);
    }
    p->c->depth--;
    return p->failed ? NULL : with_kids(n, k);
}

static bool condition(struct parser *p, struct kids *k)
{
    blank(p);
    struct vtl_node *test = take(p, T_LPAREN, "'('") ? expression(p) : NULL;
    if (!test || !take(p, T_RPAREN, "')'"))
        return false;
    add(p, k, test);
    struct vtl_node *body = block(p);
    if (body)
        add(p, k, body);
    return body;
}

/* kids: test, block, test, block, … and at last the block of #else. */
static struct vtl_node *if_(struct parser *p)
{
    take(p, T_IF, "#if");
    struct vtl_node *n = node(p, N_IF);
    struct kids k = { 0 };
    if (!condition(p, &k))
        return NULL;
    while (peek(p, 1) == T_ELSEIF) {
        take(p, T_ELSEIF, "#elseif");
        if (!condition(p, &k))
            return NULL;
    }
    if (peek(p, 1) == T_ELSE) {
        take(p, T_ELSE, "#else");
        struct vtl_node *otherwise = block(p);
        if (!otherwise)
            return NULL;
        add(p, &k, otherwise);
    }
    return take(p, T_END, "the #end of an #if") ? with_kids(n, k) : NULL;
}

static struct vtl_node *set_(struct parser *p)
{
    take(p, T_SET, "#set(");
    struct vtl_node *n = node(p, N_SET);
    blank(p);
    struct vtl_token *first = ahead(p, 1);
    struct vtl_node *left = reference(p);
    if (!left)
        return NULL;
    blank(p);
    struct vtl_node *right = take(p, T_ASSIGN, "'='") ? expression(p) : NULL;
    if (!right || !take(p, T_RPAREN, "')'"))
        return NULL;
    p->lexer.in_set = false;
    n->slot = slot_of(p->c, str_from(first->image, 1)); /* of "${x}" that is "{": so it is in the original */
    struct kids k = { 0 };
    add(p, &k, left);
    add(p, &k, right);
    return with_kids(n, k);
}

static const char *const refused_directives[] = { "macro", "parse", "include", "evaluate" };
static const char *const known_directives[] = { "foreach", "define", "literal", "break", "stop",
                                                "macro", "parse", "include", "evaluate" };

static bool is_one_of(struct str name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static bool is_directive(struct str name) { return is_one_of(name, known_directives, 9); }

/* The arguments in parentheses; words are allowed where the directive takes them. */
static bool arguments(struct parser *p, struct str name, struct kids *k)
{
    blank(p);
    if (!take(p, T_LPAREN, "'('"))
        return false;
    for (;;) {
        int skip = 0;
        if (peek(p, 1) == T_BLANK)
            skip = 1;
        if (peek(p, skip + 1) == T_COMMA)
            skip += peek(p, skip + 2) == T_BLANK ? 2 : 1;
        enum vtl_kind next = peek(p, skip + 1);
        if (next != T_WORD && (next == T_BLANK || !begins_parameter(next)))
            break;
        while (skip-- > 0)
            p->last = ahead(p, 1);
        struct vtl_node *n;
        if (next == T_WORD) {
            struct vtl_token *t = take(p, T_WORD, "a word");
            if (is_directive(name) && (!str_is(name, "foreach") || k->n != 1))
                return refuse(p, t, "a bare word is no argument of this directive");
            n = node(p, N_WORD);
            n->text = t->image;
        } else {
            n = value(p);
        }
        if (!n)
            return false;
        add(p, k, n);
    }
    blank(p);
    return take(p, T_RPAREN, "')'");
}

static struct vtl_node *foreach_(struct parser *p, struct vtl_node *n, struct kids *k)
{
    if (k->n != 4 || k->v[0]->kind != N_REFERENCE || k->v[1]->kind != N_WORD)
        return refuse(p, p->last, "#foreach is written #foreach($item in $list)");
    n->kind = N_FOREACH;
    n->slot = k->v[0]->slot;
    return with_kids(n, *k);
}

static struct vtl_node *define_(struct parser *p, struct vtl_node *n, struct kids *k, struct str name)
{
    if (k->n != 2)
        return refuse(p, p->last, "#define is written #define($name)");
    n->kind = N_DEFINE;
    n->slot = slot_of(p->c, name);
    return with_kids(n, *k);
}

static struct vtl_node *line_directive(struct parser *p, struct vtl_node *n, struct str name, struct kids *k)
{
    if (k->n > 1)
        return refuse(p, p->last, "#stop and #break take one argument at most;");
    n->kind = str_is(name, "stop") ? N_STOP : N_BREAK;
    return with_kids(n, *k);
}

static struct vtl_node *directive(struct parser *p)
{
    struct vtl_token *first = ahead(p, 1);
    p->last = first;
    bool bracketed = first->kind == T_BRACKETED_WORD;
    /* the image may have a $ before its #; the original counts characters all the same */
    struct str name = str_from(first->image, bracketed ? 2 : 1);
    if (bracketed)
        name.n -= name.n > 0;
    if (is_one_of(name, refused_directives, 4))
        return refuse(p, first, "#macro, #parse, #include and #evaluate do not exist in API Gateway's templates;");
    p->lexer.state = L_DIRECTIVE;
    struct vtl_node *n = node(p, N_TEXT);
    struct kids k = { 0 };
    bool line = str_is(name, "stop") || str_is(name, "break");
    bool is_block = str_is(name, "foreach") || str_is(name, "define") || str_is(name, "literal");
    if (!vtl_lex_paren_ahead(&p->lexer)) {
        vtl_lex_pop(&p->lexer);
        if (is_block)
            return refuse(p, first, "this directive needs its parentheses");
        n->text = first->image;
        return line ? line_directive(p, n, name, &k) : n;
    }
    if (!arguments(p, name, &k))
        return NULL;
    if (line)
        return line_directive(p, n, name, &k);
    if (!is_block && !str_starts(name, S("@"))) {
        n->text = written(p, first, TOKENS);
        return n;
    }
    struct vtl_token *defined = p->last;
    struct str key = k.n && k.v[0]->kind == N_REFERENCE ? str_from(k.v[0]->value.s, 1) : S("");
    struct vtl_node *body = block(p);
    if (!body)
        return NULL;
    struct vtl_token *end_of_body = p->last;
    if (!take(p, T_END, "the #end of this directive"))
        return NULL;
    add(p, &k, body);
    if (str_is(name, "foreach"))
        return foreach_(p, n, &k);
    if (str_is(name, "define"))
        return define_(p, n, &k, key);
    if (str_is(name, "literal")) {
        struct vtl_token *last = p->last;
        p->last = end_of_body;
        n->text = end_of_body == defined ? S("") : written(p, defined->next, LITERAL);
        p->last = last;
        return n;
    }
    n->text = written(p, first, TOKENS);
    return n;
}

static struct vtl_node *escape(struct parser *p)
{
    size_t count = 0;
    while (peek(p, 1) == T_DOUBLE_ESCAPE) {
        take(p, T_DOUBLE_ESCAPE, "\\\\");
        count++;
    }
    struct vtl_token *next = ahead(p, 1);
    bool control = next->kind == T_IF || next->kind == T_ELSE || next->kind == T_ELSEIF || next->kind == T_END ||
                   is_directive(str_from(next->image, 1));
    char *slashes = arena_alloc(p->arena, count * 2 + 1);
    size_t n = control ? count : count * 2;
    memset(slashes, '\\', n);
    return text_node(p, (struct str){ slashes, n });
}

/* \#if prints #if; \#unknown prints as it is. */
static struct vtl_node *escaped_directive(struct parser *p)
{
    struct vtl_token *t = take(p, T_ESCAPE_DIRECTIVE, "\\#");
    struct str image = t->image;
    size_t slashes = count_of(image, 0, '\\');
    struct str name = str_from(image, slashes + 1);
    if (str_starts(name, S("{")))
        name = (struct str){ name.p + 1, name.n - 2 };
    static const char *const control[] = { "if", "end", "set", "else", "elseif" };
    if (!is_directive(name) && !is_one_of(name, control, 5))
        return text_node(p, image);
    t->image = str_from(image, slashes - (slashes - 1) / 2); /* what a literal around it sees */
    return text_node(p, t->image);
}

static struct vtl_node *comment(struct parser *p)
{
    struct vtl_token *t = ahead(p, 1);
    p->last = t;
    if (t->kind == T_LINE_COMMENT && peek(p, 1) == T_LINE_COMMENT_END)
        p->last = ahead(p, 1);
    size_t line = str_find(t->image, S("##")), other = str_find(t->image, S("#*"));
    size_t cut = line != STR_NONE ? line : other != STR_NONE ? other : 0;
    return text_node(p, str_head(t->image, cut));
}

static struct vtl_node *textblock(struct parser *p)
{
    struct str image = take(p, T_TEXTBLOCK, "#[[")->image;
    return text_node(p, image.n >= 6 ? (struct str){ image.p + 3, image.n - 6 } : S(""));
}

static struct vtl_node *plain(struct parser *p)
{
    struct vtl_token *t = ahead(p, 1);
    p->last = t;
    if (!t->special.n)
        return text_node(p, t->image);
    return text_node(p, both(p, t->special, t->image));
}

static struct vtl_node *statement(struct parser *p)
{
    enum vtl_kind k = peek(p, 1);
    if (k == T_IDENTIFIER || (k == T_LCURLY && peek(p, 2) == T_IDENTIFIER))
        return reference(p);
    switch (k) {
    case T_IF: return if_(p);
    case T_LINE_COMMENT: case T_COMMENT: case T_FORMAL_COMMENT: return comment(p);
    case T_TEXTBLOCK: return textblock(p);
    case T_SET: return set_(p);
    case T_ESCAPE_DIRECTIVE: return escaped_directive(p);
    case T_DOUBLE_ESCAPE: return escape(p);
    case T_WORD: case T_BRACKETED_WORD: return directive(p);
    default: return plain(p);
    }
}

static struct vtl_node *parse_text(struct compile *c, struct str text)
{
    struct vtl_token start = { .kind = T_NONE };
    struct parser *p = ARENA_NEW(&c->t->arena, struct parser);
    p->c = c;
    p->arena = &c->t->arena;
    p->last = &start;
    vtl_lex_init(&p->lexer, text, p->arena, c->e);
    struct vtl_node *tree = block(p);
    if (tree && peek(p, 1) != T_EOF)
        tree = refuse(p, ahead(p, 1), peek(p, 1) == T_END || peek(p, 1) == T_ELSE || peek(p, 1) == T_ELSEIF
                                          ? "an #end, #else or #elseif without its #if"
                                          : "something that cannot stand there");
    return p->failed ? NULL : tree;
}

struct vtl *vtl_compile(struct str text, struct err *e)
{
    static const char *const fixed[] = { "input", "util", "context", "stageVariables", "foreach", "velocityCount",
                                         "velocityHasNext" };
    if (text.n > VTL_MAX_TEMPLATE_BYTES) {
        err_set(e, 500, "TEMPLATE_TOO_LARGE", "the mapping template has %zu bytes; API Gateway takes %d at most",
                text.n, VTL_MAX_TEMPLATE_BYTES);
        return NULL;
    }
    struct vtl *t = mem_zero(sizeof(*t));
    t->text = arena_dup(&t->arena, text);
    struct compile c = { .t = t, .e = e };
    for (size_t i = 0; i < SLOT_FIXED; i++)
        slot_of(&c, str_of(fixed[i]));
    t->root = parse_text(&c, t->text);
    map_release(&c.slots);
    if (!t->root) {
        vtl_free(t);
        return NULL;
    }
    return t;
}

void vtl_free(struct vtl *t)
{
    if (!t)
        return;
    arena_release(&t->arena);
    free(t);
}
