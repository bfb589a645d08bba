/* vtl_parse.c - from tokens to the tree that is rendered: the statements of Velocity 1.7's Parser.jjt.
 *
 *   template    statements up to the end            (process, Statement)
 *   if_         #if … #elseif … #else … #end        (IfStatement)
 *   set_        #set( reference = expression )      (SetDirective)
 *   directive   #foreach #define #literal #break #stop; anything else prints as it is written (Directive)
 */
#include <stdlib.h>

#include "mocks/apigw/vtl_parser.h"

static struct vtl_node *statement(struct parser *p);

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
    struct vtl_node *test = take(p, T_LPAREN, "'('") ? vtl_expr_whole(p) : NULL;
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
    struct vtl_node *left = vtl_expr_reference(p);
    if (!left)
        return NULL;
    blank(p);
    struct vtl_node *right = take(p, T_ASSIGN, "'='") ? vtl_expr_whole(p) : NULL;
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
        if (next != T_WORD && (next == T_BLANK || !vtl_expr_begins(next)))
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
            n = vtl_expr_value(p);
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
        return vtl_expr_reference(p);
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

struct vtl_node *vtl_parse_text(struct compile *c, struct str text)
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
    t->root = vtl_parse_text(&c, t->text);
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
