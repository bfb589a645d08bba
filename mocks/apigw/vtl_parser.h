/* vtl_parser.h - inside vtl_parse.c and vtl_expr.c: a parse under way, and the small steps both are made of. */
#ifndef MOCKS_APIGW_VTL_PARSER_H
#define MOCKS_APIGW_VTL_PARSER_H

#include "base/map.h"
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
    struct vtl_token *last;   /* consumed */
    struct vtl_token nothing; /* what is ahead once the lexer has failed */
    bool failed;
};
struct kids {
    struct vtl_node **v;
    uint32_t n, cap;
};

/* vtl_parse.c: a text as a template of its own (what stands in double quotes); NULL with c->e filled. */
struct vtl_node *vtl_parse_text(struct compile *c, struct str text);
/* vtl_expr.c: each NULL after a mistake. One value, without blanks around it; $a.b(…)[…]; a whole expression. */
bool vtl_expr_begins(enum vtl_kind kind);
struct vtl_node *vtl_expr_value(struct parser *p);
struct vtl_node *vtl_expr_reference(struct parser *p);
struct vtl_node *vtl_expr_whole(struct parser *p);

/* ---- tokens ---- */
static inline struct vtl_token *ahead(struct parser *p, int k)
{
    struct vtl_token *t = p->last;
    for (; k > 0; k--) {
        if (!t->next && !p->failed) {
            t->next = t->kind == T_EOF ? t : vtl_lex_next(&p->lexer);
            p->failed = !t->next;
        }
        if (!t->next)
            return &p->nothing;
        t = t->next;
    }
    return t;
}

static inline enum vtl_kind peek(struct parser *p, int k) { return ahead(p, k)->kind; }

static inline void *refuse(struct parser *p, const struct vtl_token *t, const char *why)
{
    if (!p->failed)
        err_set(p->c->e, 500, "TEMPLATE_MALFORMED", "%s at %s of the mapping template, near \"" STR_F "\"", why,
                vtl_lex_where(p->arena, p->lexer.text, t->at).p, STR_A(str_head(str_from(p->lexer.text, t->at), 24)));
    p->failed = true;
    return NULL;
}

static inline struct vtl_token *take(struct parser *p, enum vtl_kind kind, const char *expected)
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

static inline void blank(struct parser *p)
{
    if (peek(p, 1) == T_BLANK)
        p->last = ahead(p, 1);
}

static inline bool deeper(struct parser *p)
{
    if (++p->c->depth <= VTL_MAX_DEPTH)
        return true;
    refuse(p, ahead(p, 1), "the template nests too deep");
    return false;
}

/* How many c stand at i and behind. */
static inline size_t count_of(struct str s, size_t i, char c)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] == c)
        n++;
    return n;
}

/* ---- nodes ---- */
static inline struct vtl_node *node(struct parser *p, enum vtl_node_kind kind)
{
    struct vtl_node *n = ARENA_NEW(p->arena, struct vtl_node);
    n->kind = kind;
    n->at = p->last->at;
    return n;
}

static inline void add(struct parser *p, struct kids *k, struct vtl_node *n)
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

static inline struct vtl_node *with_kids(struct vtl_node *n, struct kids k)
{
    n->kids = k.v, n->n_kids = k.n;
    return n;
}

static inline struct vtl_node *text_node(struct parser *p, struct str text)
{
    struct vtl_node *n = node(p, N_TEXT);
    n->text = text;
    return n;
}

static inline struct str both(struct parser *p, struct str a, struct str b)
{
    char *s = arena_alloc(p->arena, a.n + b.n + 1);
    if (a.n)
        memcpy(s, a.p, a.n);
    if (b.n)
        memcpy(s + a.n, b.p, b.n);
    return (struct str){ s, a.n + b.n };
}

static inline uint32_t slot_of(struct compile *c, struct str name)
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
static inline struct str written(struct parser *p, const struct vtl_token *first, enum written how)
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

#endif
