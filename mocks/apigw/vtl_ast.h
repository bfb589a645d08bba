/* vtl_ast.h - inside vtl_*.c: tokens, the tree a template is compiled to, and a rendering under way. */
#ifndef MOCKS_APIGW_VTL_AST_H
#define MOCKS_APIGW_VTL_AST_H

#include "mocks/apigw/vtl.h"

/* ---- tokens: the kinds of Velocity's lexer; several lexical states know the same kind ---- */
enum vtl_kind {
    T_NONE = 0, T_EOF,
    T_INDEX_OPEN, T_INDEX_CLOSE, T_LBRACKET, T_RBRACKET, T_COMMA, T_DOUBLEDOT, T_COLON, T_LEFT_CURLEY,
    T_RIGHT_CURLEY, T_LPAREN, T_RPAREN, T_CALL_CLOSE, T_ESCAPE_DIRECTIVE, T_SET, T_LINE_COMMENT, T_DOUBLE_ESCAPE,
    T_ESCAPE, T_TEXT, T_LINE_COMMENT_END, T_FORMAL_COMMENT, T_COMMENT, T_TEXTBLOCK, T_BLANK, T_STRING, T_TRUE,
    T_FALSE, T_MINUS, T_PLUS, T_TIMES, T_DIVIDE, T_MODULUS, T_AND, T_OR, T_LT, T_LE, T_GT, T_GE, T_EQ, T_NE, T_NOT,
    T_ASSIGN, T_END, T_IF, T_ELSEIF, T_ELSE, T_INTEGER, T_FLOAT, T_WORD, T_BRACKETED_WORD, T_IDENTIFIER, T_DOT,
    T_LCURLY, T_RCURLY, T_EMPTY_INDEX,
    /* no tokens of their own: the next token's text begins with them, or they are dropped */
    T_MORE_DOLLAR, T_MORE_TEXTBLOCK, T_MORE_FORMAL, T_MORE_COMMENT, T_MORE_HASH, T_MORE_CHAR, T_SKIP,
    T_REFERENCE_END, T_DIRECTIVE_END,
};

struct vtl_token {
    enum vtl_kind kind;
    struct str image;
    struct str special; /* what the dropped tokens before it print when it is text */
    size_t at;          /* where image begins in the template */
    struct vtl_token *next;
};

enum vtl_state {
    L_DEFAULT, L_DIRECTIVE, L_CALL, L_INDEX, L_REFERENCE, L_MODIFIER, L_PRE_DIRECTIVE,
    L_TEXTBLOCK, L_LINE_COMMENT, L_FORMAL_COMMENT, L_COMMENT,
};

struct vtl_lexer {
    struct str text;
    size_t at;
    enum vtl_state state;
    int lparen, rparen;
    bool in_comment, in_set;
    struct { int lparen, rparen; enum vtl_state state; } stack[512];
    int n_stack;
    struct arena *arena;
    struct err *e;
};

void vtl_lex_init(struct vtl_lexer *l, struct str text, struct arena *a, struct err *e);
struct vtl_token *vtl_lex_next(struct vtl_lexer *l); /* NULL with l->e filled */
void vtl_lex_pop(struct vtl_lexer *l);
/* Is the next thing, blanks aside, a left parenthesis? */
bool vtl_lex_paren_ahead(const struct vtl_lexer *l);
/* "line 3, column 14" */
struct str vtl_lex_where(struct arena *a, struct str text, size_t at);

/* ---- the tree ---- */
enum vtl_node_kind {
    N_BLOCK, N_TEXT, N_REFERENCE, N_SET, N_IF, N_FOREACH, N_DEFINE, N_BREAK, N_STOP,
    N_STRING,      /* a constant */
    N_TEMPLATE,    /* a double-quoted string with references */
    N_CONSTANT,    /* number, true, false */
    N_MAP, N_LIST, N_RANGE, N_WORD,
    N_OR, N_AND, N_EQ, N_NE, N_LT, N_GT, N_LE, N_GE, N_ADD, N_SUB, N_MUL, N_DIV, N_MOD, N_NOT,
};

enum vtl_step_kind { STEP_PROPERTY, STEP_METHOD, STEP_INDEX };

enum { VTL_CLASSES = VTL_TYPES };
struct vtl_method;

struct vtl_step {
    enum vtl_step_kind kind;
    struct str name;
    const struct vtl_method *methods[VTL_CLASSES]; /* first row of that name for each type of value, or NULL */
    struct vtl_node **args;
    uint32_t n_args;
    struct vtl_step *next;
};

struct vtl_node {
    enum vtl_node_kind kind;
    size_t at;
    struct str text;      /* N_TEXT, N_STRING; N_REFERENCE: prefix printed before the value */
    struct str literal;   /* as written */
    struct vtl_node **kids;
    uint32_t n_kids;
    struct vtl_value value; /* N_CONSTANT */
    /* N_REFERENCE, N_SET (plain variable), N_FOREACH, N_DEFINE */
    uint32_t slot;
    bool runt;            /* a bare word: null as a value */
    bool escaped;         /* \$x: printed as written */
    struct vtl_step *steps;
    bool keep_last;       /* N_TEMPLATE: no blank was added */
};

struct vtl {
    struct arena arena;
    struct str text;
    struct vtl_node *root;
    struct str *names; /* of the variables; index = slot */
    uint32_t n_names;
};

/* Slots every template has. */
enum { SLOT_INPUT, SLOT_UTIL, SLOT_CONTEXT, SLOT_STAGE, SLOT_FOREACH, SLOT_COUNT, SLOT_HAS_NEXT, SLOT_FIXED };

/* ---- a rendering under way ---- */
enum vtl_flow { FLOW_ON = 0, FLOW_BREAK, FLOW_BREAK_LOOP, FLOW_STOP, FLOW_FAIL };

struct vtl_run {
    const struct vtl *t;
    struct vtl_env *env;
    struct arena *arena;
    struct err *e;
    struct vtl_value *vars;
    enum vtl_flow flow;
    const void *break_owner;
    uint32_t steps;
    int depth;
    size_t arena_start;
    uint8_t *block_depth; /* per slot of #define */
};

struct vtl_method {
    const char *name;
    const char *args; /* one letter each: s String, i int, d number, o anything, m Map, c List; "*" = any number */
    struct vtl_value (*run)(struct vtl_run *r, struct vtl_value self, const struct vtl_value *args, uint32_t n);
};
/* Rows of one type; .name == NULL ends. Rows of one name stand together. */
extern const struct vtl_method vtl_string_methods[], vtl_number_methods[], vtl_bool_methods[], vtl_list_methods[],
    vtl_map_methods[], vtl_entry_methods[], vtl_iterator_methods[], vtl_loop_methods[], vtl_util_methods[],
    vtl_input_methods[];

/* vtl_method.c */
void vtl_method_resolve(struct vtl_step *s);
struct vtl_value vtl_method_call(struct vtl_run *r, struct vtl_value self, const struct vtl_step *s,
                                 const struct vtl_value *args);
struct vtl_value vtl_method_property(struct vtl_run *r, struct vtl_value self, struct str name);
struct vtl_value vtl_method_index(struct vtl_run *r, struct vtl_value self, struct vtl_value index);
void vtl_method_set_index(struct vtl_run *r, struct vtl_value self, struct vtl_value index, struct vtl_value v);

/* vtl_math.c: perform answers VTL_NULL for what cannot be computed (text, division by zero). */
struct vtl_value vtl_math_perform(struct vtl_run *r, enum vtl_node_kind op, struct vtl_value a, struct vtl_value b);
int vtl_math_compare(struct vtl_value a, struct vtl_value b); /* both numbers; -1, 0, 1; 2 = not comparable (NaN) */
struct vtl_value vtl_math_literal(struct arena *a, struct str digits); /* an integer literal of any size */

/* vtl_input.c */
struct vtl_value vtl_input_property(struct vtl_run *r, struct str name);

/* Ends the rendering with an error; returns VTL_NULL. */
struct vtl_value vtl_run_fail(struct vtl_run *r, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* false (and the rendering fails) when values have grown beyond VTL_MAX_MEMORY_BYTES by n more bytes. */
bool vtl_run_memory(struct vtl_run *r, size_t n);
/* vtl_render.c */
bool vtl_run_block(struct vtl_run *r, struct vtl_node *define, struct buf *out);

#endif
