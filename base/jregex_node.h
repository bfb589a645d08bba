/* jregex_node.h - inside jregex*.c: a compiled pattern. */
#ifndef BASE_JREGEX_NODE_H
#define BASE_JREGEX_NODE_H

#include "base/jregex.h"

enum flag { FLAG_CASE = 1, FLAG_DOTALL = 2, FLAG_LINES = 4 };

enum kind { K_CHAR, K_ANY, K_SET, K_GROUP, K_REPEAT, K_BACK, K_BEGIN, K_END, K_END_ABSOLUTE, K_START_ABSOLUTE, K_WORD_EDGE,
            K_NO_WORD_EDGE, K_LOOK, K_EMPTY };

struct item {
    uint32_t low, high;
    char predefined; /* d w s h v or a letter of `posix` below; 0 = the range */
    bool negate;
    struct set *nested;
    struct item *next;
};
struct set {
    bool negate;
    struct item *items;
    struct set *both; /* the first && of the brackets */
    struct set *also; /* the && behind this one */
};
struct node {
    enum kind kind;
    uint32_t c;
    unsigned flags;
    struct set *set;
    struct node **branches; /* K_GROUP, K_LOOK */
    int n_branches;
    int group;              /* number, -1 = does not capture */
    bool atomic, ahead, negate;
    struct node *body; /* K_REPEAT */
    int min, max;
    char mode;         /* g greedy, l lazy, p possessive */
    struct node *next;
};
struct jregex {
    struct node *top;
    int n_groups;
    struct str names[JREGEX_GROUPS];
};

#endif
