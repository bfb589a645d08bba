/* jregex.c - compiling java.util.regex patterns to nodes, and matching them by backtracking.
 *
 *   parse_*    pattern -> sequences of nodes; a group holds alternatives, a repeat holds one node
 *   match      one sequence at one place; what comes behind it is a chain of `struct rest` on the stack
 */
#include "mocks/apigw/jregex.h"

#include <ctype.h>

#include "base/utf8.h"

enum { MAX_STEPS = 1000000, MAX_DEPTH = 3000, MAX_NEST = 50, MAX_REPEAT = 100000, NO_LIMIT = 0x7fffffff };
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
    struct set *both; /* && */
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

/* ---- compiling ---- */
struct parse {
    struct arena *a;
    struct err *e;
    struct str text;
    size_t i;
    unsigned flags;
    int nest;
    struct jregex *x;
    bool failed;
};

static void *bad(struct parse *p, const char *why)
{
    if (!p->failed)
        err_set(p->e, 500, "PATTERN_MALFORMED", "%s at character %zu of the pattern \"" STR_F "\"", why, p->i + 1,
                STR_A(p->text));
    p->failed = true;
    return NULL;
}

static int look(const struct parse *p) { return p->i < p->text.n ? (unsigned char)p->text.p[p->i] : -1; }
static bool eat(struct parse *p, const char *z)
{
    if (!str_starts(str_from(p->text, p->i), str_of(z)))
        return false;
    p->i += strlen(z);
    return true;
}
static uint32_t next_char(struct parse *p)
{
    struct str rest = str_from(p->text, p->i);
    uint32_t c = utf8_next(&rest);
    p->i = p->text.n - rest.n;
    return c;
}

static struct node *make(struct parse *p, enum kind kind)
{
    struct node *n = ARENA_NEW(p->a, struct node);
    n->kind = kind;
    n->flags = p->flags;
    n->group = -1;
    return n;
}

static bool hex_digits(struct parse *p, int count, uint32_t *ret)
{
    uint32_t v = 0;
    for (int k = 0; k < count; k++, p->i++) {
        int c = look(p);
        if (c < 0 || !isxdigit(c))
            return false;
        v = v * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    *ret = v;
    return true;
}

static const struct { const char *name; char letter; } properties[] = {
    { "Alpha", 'A' }, { "Digit", 'd' }, { "Alnum", 'N' }, { "Upper", 'U' }, { "Lower", 'L' }, { "Punct", 'P' },
    { "Space", 's' }, { "Blank", 'h' }, { "XDigit", 'X' }, { "Cntrl", 'C' }, { "Graph", 'G' }, { "Print", 'R' },
    { "ASCII", 'I' }, { "L", 'A' }, { "Lu", 'U' }, { "Ll", 'L' }, { "N", 'd' }, { "Nd", 'd' }, { "IsAlphabetic", 'A' },
    { "IsDigit", 'd' }, { "IsLetter", 'A' }, { "javaLowerCase", 'L' }, { "javaUpperCase", 'U' },
};

static bool is_predefined(char k, uint32_t c)
{
    bool ascii = c < 128;
    switch (k) {
    case 'd': return c >= '0' && c <= '9';
    case 'w': return ascii && (isalnum((int)c) || c == '_');
    case 's': return c == ' ' || (c >= '\t' && c <= '\r');
    case 'h': return c == ' ' || c == '\t';
    case 'v': return c >= '\n' && c <= '\r';
    case 'A': return ascii ? isalpha((int)c) != 0 : c >= 0xc0;
    case 'N': return ascii && isalnum((int)c);
    case 'U': return ascii && isupper((int)c);
    case 'L': return ascii && islower((int)c);
    case 'P': return ascii && ispunct((int)c);
    case 'X': return ascii && isxdigit((int)c);
    case 'C': return ascii && iscntrl((int)c);
    case 'G': return ascii && isgraph((int)c);
    case 'R': return ascii && isprint((int)c);
    default: return ascii;
    }
}

static bool property(struct parse *p, char *ret_letter)
{
    struct str name;
    if (eat(p, "{")) {
        size_t from = p->i;
        while (look(p) >= 0 && look(p) != '}')
            p->i++;
        name = (struct str){ p->text.p + from, p->i - from };
        if (!eat(p, "}"))
            return false;
    } else {
        name = str_head(str_from(p->text, p->i), 1);
        p->i += name.n;
    }
    for (size_t k = 0; k < sizeof(properties) / sizeof(*properties); k++)
        if (str_is(name, properties[k].name)) {
            *ret_letter = properties[k].letter;
            return true;
        }
    return false;
}

/* Behind a backslash, what is a character or a predefined set both inside and outside brackets. */
static bool escape(struct parse *p, struct item *ret)
{
    int c = look(p);
    *ret = (struct item){ 0 };
    if (c < 0)
        return bad(p, "a backslash ends the pattern") != NULL;
    if (strchr("dwshvDWSHV", c)) {
        p->i++;
        ret->predefined = (char)tolower(c);
        ret->negate = isupper(c);
        return true;
    }
    if (c == 'p' || c == 'P') {
        p->i++;
        ret->negate = c == 'P';
        return property(p, &ret->predefined) || bad(p, "an unknown \\p{…}") != NULL;
    }
    if (c == 'x' || c == 'u') {
        p->i++;
        if (!hex_digits(p, c == 'x' ? 2 : 4, &ret->low))
            return bad(p, "hexadecimal digits are due") != NULL;
        ret->high = ret->low;
        return true;
    }
    static const char from[] = "nrtfae", to[] = "\n\r\t\f\a\033";
    uint32_t literal = next_char(p);
    const char *known = literal < 128 ? strchr(from, (int)literal) : NULL;
    if (known && *known)
        literal = (uint32_t)to[known - from];
    else if (literal < 128 && isalpha((int)literal))
        return bad(p, "an unknown escape") != NULL;
    ret->low = ret->high = literal;
    return true;
}

static struct set *parse_set(struct parse *p)
{
    struct set *s = ARENA_NEW(p->a, struct set);
    struct item **tail = &s->items;
    if (++p->nest > MAX_NEST)
        return bad(p, "the pattern nests too deep");
    s->negate = eat(p, "^");
    for (bool first = true; first || look(p) != ']'; first = false) {
        if (look(p) < 0)
            return bad(p, "a [ is not closed");
        struct item *it = ARENA_NEW(p->a, struct item);
        if (eat(p, "&&")) {
            bool bracket = eat(p, "["); /* else: the rest of this bracket */
            s->both = parse_set(p);
            if (!s->both)
                return NULL;
            if (bracket)
                continue;
            p->nest--;
            return s;
        }
        if (eat(p, "[")) {
            it->nested = parse_set(p);
            if (!it->nested)
                return NULL;
        } else if (eat(p, "\\")) {
            if (!escape(p, it))
                return NULL;
        } else {
            it->low = it->high = next_char(p);
        }
        if (!it->nested && !it->predefined && look(p) == '-' && p->i + 1 < p->text.n && p->text.p[p->i + 1] != ']' &&
            p->text.p[p->i + 1] != '[') {
            p->i++;
            struct item high = { 0 };
            if (eat(p, "\\")) {
                if (!escape(p, &high))
                    return NULL;
            } else {
                high.high = next_char(p);
            }
            it->high = high.high;
            if (high.predefined || it->high < it->low)
                return bad(p, "an impossible range");
        }
        *tail = it;
        tail = &it->next;
    }
    p->i++;
    p->nest--;
    return s;
}

static struct node *parse_alternatives(struct parse *p, struct node *into);

static struct node *set_node(struct parse *p, struct item it)
{
    struct node *n = make(p, K_SET);
    n->set = ARENA_NEW(p->a, struct set);
    n->set->items = ARENA_NEW(p->a, struct item);
    *n->set->items = it;
    return n;
}

static struct node *parse_escape(struct parse *p)
{
    static const struct { char letter; enum kind kind; } edges[] = {
        { 'b', K_WORD_EDGE }, { 'B', K_NO_WORD_EDGE }, { 'A', K_START_ABSOLUTE }, { 'z', K_END_ABSOLUTE }, { 'Z', K_END },
        { 'G', K_EMPTY },
    };
    int c = look(p);
    for (size_t k = 0; k < sizeof(edges) / sizeof(*edges); k++)
        if (c == edges[k].letter) {
            p->i++;
            struct node *n = make(p, edges[k].kind);
            n->flags &= ~(unsigned)FLAG_LINES;
            return n;
        }
    if (c >= '1' && c <= '9') {
        p->i++;
        struct node *n = make(p, K_BACK);
        n->group = c - '0';
        return n;
    }
    if (c == 'k' && eat(p, "k<")) {
        size_t from = p->i;
        while (look(p) >= 0 && look(p) != '>')
            p->i++;
        struct node *n = make(p, K_BACK);
        n->group = jregex_group(p->x, (struct str){ p->text.p + from, p->i - from });
        return n->group > 0 && eat(p, ">") ? n : bad(p, "no group of that name");
    }
    if (c == 'R') {
        p->i++;
        return set_node(p, (struct item){ .predefined = 'v' });
    }
    struct item it;
    if (!escape(p, &it))
        return NULL;
    if (it.predefined)
        return set_node(p, it);
    struct node *n = make(p, K_CHAR);
    n->c = it.low;
    return n;
}

/* Behind "(?": flags, or what kind of group it is. *ret_done: flags for the rest, no group follows. */
static bool group_kind(struct parse *p, struct node *g, bool *ret_done)
{
    *ret_done = false;
    if (eat(p, ":"))
        return true;
    if (eat(p, ">"))
        return g->atomic = true;
    if (eat(p, "=") || eat(p, "!") || eat(p, "<=") || eat(p, "<!")) {
        g->kind = K_LOOK;
        g->negate = p->text.p[p->i - 1] == '!';
        g->ahead = p->text.p[p->i - 2] == '?';
        return true;
    }
    if (eat(p, "<")) {
        size_t from = p->i;
        while (look(p) >= 0 && look(p) != '>')
            p->i++;
        struct str name = { p->text.p + from, p->i - from };
        if (!eat(p, ">") || p->x->n_groups + 1 >= JREGEX_GROUPS)
            return bad(p, "a malformed group name, or too many groups") != NULL;
        g->group = ++p->x->n_groups;
        p->x->names[g->group] = name;
        return true;
    }
    bool on = true;
    for (;; p->i++) {
        int c = look(p);
        unsigned f = c == 'i' ? FLAG_CASE : c == 's' ? FLAG_DOTALL : c == 'm' ? FLAG_LINES : 0;
        if (c == '-')
            on = false;
        else if (f)
            p->flags = on ? p->flags | f : p->flags & ~f;
        else if (c != 'u' && c != 'd' && c != 'U')
            break;
    }
    if (eat(p, ")")) {
        *ret_done = true;
        return true;
    }
    return eat(p, ":") || bad(p, "an unknown kind of group") != NULL;
}

static struct node *parse_group(struct parse *p)
{
    struct node *g = make(p, K_GROUP);
    unsigned before = p->flags;
    if (++p->nest > MAX_NEST)
        return bad(p, "the pattern nests too deep");
    if (eat(p, "?")) {
        bool done;
        if (!group_kind(p, g, &done))
            return NULL;
        if (done) {
            p->nest--;
            return make(p, K_EMPTY);
        }
    } else {
        if (p->x->n_groups + 1 >= JREGEX_GROUPS)
            return bad(p, "more than 31 groups");
        g->group = ++p->x->n_groups;
    }
    if (!parse_alternatives(p, g))
        return NULL;
    if (!eat(p, ")"))
        return bad(p, "a ( is not closed");
    p->flags = before;
    p->nest--;
    return g;
}

static struct node *parse_atom(struct parse *p)
{
    struct node *n;
    if (eat(p, "("))
        return parse_group(p);
    if (eat(p, "[")) {
        n = make(p, K_SET);
        n->set = parse_set(p);
        return n->set ? n : NULL;
    }
    if (eat(p, "."))
        return make(p, K_ANY);
    if (eat(p, "^"))
        return make(p, K_BEGIN);
    if (eat(p, "$"))
        return make(p, K_END);
    if (eat(p, "\\"))
        return parse_escape(p);
    if (look(p) == '*' || look(p) == '+' || look(p) == '?')
        return bad(p, "nothing to repeat");
    n = make(p, K_CHAR);
    n->c = next_char(p);
    return n;
}

static bool parse_count(struct parse *p, int *ret_min, int *ret_max)
{
    long v[2] = { 0, NO_LIMIT };
    int k = 0;
    bool digits = false;
    for (;; p->i++) {
        int c = look(p);
        if (c >= '0' && c <= '9') {
            v[k] = (digits ? v[k] * 10 : 0) + (c - '0');
            digits = true;
            if (v[k] > MAX_REPEAT)
                return bad(p, "too many repetitions") != NULL;
        } else if (c == ',' && k == 0 && digits) {
            k = 1;
            digits = false;
        } else {
            break;
        }
    }
    if (!eat(p, "}") || (k == 0 && !digits))
        return bad(p, "a malformed {n,m}") != NULL;
    *ret_min = (int)v[0];
    *ret_max = (int)(k == 0 ? v[0] : v[1]);
    return *ret_max >= *ret_min || bad(p, "a malformed {n,m}") != NULL;
}

static struct node *parse_repeated(struct parse *p)
{
    struct node *n = parse_atom(p);
    while (n && look(p) >= 0 && strchr("*+?{", look(p))) {
        struct node *r = make(p, K_REPEAT);
        int c = look(p);
        p->i++;
        r->min = c == '+';
        r->max = c == '?' ? 1 : NO_LIMIT;
        if (c == '{' && !parse_count(p, &r->min, &r->max))
            return NULL;
        r->mode = eat(p, "?") ? 'l' : eat(p, "+") ? 'p' : 'g';
        r->body = n;
        n = r;
        if (++p->nest > MAX_NEST)
            return bad(p, "the pattern nests too deep");
        p->nest--;
    }
    return n;
}

static struct node *parse_sequence(struct parse *p)
{
    struct node *first = make(p, K_EMPTY), *last = first;
    while (look(p) >= 0 && look(p) != '|' && look(p) != ')') {
        if (eat(p, "\\Q")) {
            while (look(p) >= 0 && !eat(p, "\\E")) {
                last->next = make(p, K_CHAR);
                last = last->next;
                last->c = next_char(p);
            }
            continue;
        }
        struct node *n = parse_repeated(p);
        if (!n)
            return NULL;
        last->next = n;
        last = n;
    }
    return first;
}

static struct node *parse_alternatives(struct parse *p, struct node *into)
{
    int cap = 0;
    do {
        struct node *branch = parse_sequence(p);
        if (!branch)
            return NULL;
        if (into->n_branches == cap) {
            cap = cap ? cap * 2 : 2;
            struct node **v = ARENA_ARRAY(p->a, struct node *, (size_t)cap);
            if (into->n_branches)
                memcpy(v, into->branches, (size_t)into->n_branches * sizeof(*v));
            into->branches = v;
        }
        into->branches[into->n_branches++] = branch;
    } while (eat(p, "|"));
    return into;
}

struct jregex *jregex_compile(struct arena *a, struct str pattern, struct err *e)
{
    struct jregex *x = ARENA_NEW(a, struct jregex);
    struct parse p = { .a = a, .e = e, .text = arena_dup(a, pattern), .x = x };
    x->top = make(&p, K_GROUP);
    x->top->group = 0;
    if (!parse_alternatives(&p, x->top))
        return NULL;
    return p.i < p.text.n ? bad(&p, "a ) without its (") : x;
}

/* ---- matching ---- */
struct run {
    struct str text;
    struct jregex_match *m;
    int steps, depth;
    bool whole;     /* a match must end at the end */
    size_t end;     /* of the last success */
};
enum after { AFTER_GROUP, AFTER_REPEAT, AFTER_PLACE };
struct rest {
    enum after kind;
    const struct node *node;
    size_t from;
    int count;
    const struct rest *up;
};

static bool match(struct run *r, const struct node *n, size_t i, const struct rest *k);

static uint32_t fold(uint32_t c) { return c < 128 ? (uint32_t)tolower((int)c) : c; }

static bool in_set(const struct set *s, uint32_t c, unsigned flags)
{
    bool hit = false;
    for (const struct item *it = s->items; it && !hit; it = it->next) {
        if (it->nested)
            hit = in_set(it->nested, c, flags);
        else if (it->predefined)
            hit = is_predefined(it->predefined, c) != it->negate;
        else
            hit = (c >= it->low && c <= it->high) ||
                  (flags & FLAG_CASE && c < 128 && isalpha((int)c) && (c ^ 32) >= it->low && (c ^ 32) <= it->high);
    }
    if (s->both && (hit || !s->items))
        hit = in_set(s->both, c, flags);
    return hit != s->negate;
}

/* Length of the one character that a simple node matches at i; 0 when it does not. */
static size_t one(const struct run *r, const struct node *n, size_t i)
{
    if (i >= r->text.n)
        return 0;
    struct str rest = str_from(r->text, i);
    uint32_t c = utf8_next(&rest);
    size_t width = r->text.n - i - rest.n;
    switch (n->kind) {
    case K_CHAR: return c == n->c || (n->flags & FLAG_CASE && fold(c) == fold(n->c)) ? width : 0;
    case K_ANY: return n->flags & FLAG_DOTALL || (c != '\n' && c != '\r' && c != 0x85 && c != 0x2028 && c != 0x2029) ? width : 0;
    case K_SET: return in_set(n->set, c, n->flags) ? width : 0;
    default: return 0;
    }
}

static bool is_word_at(const struct run *r, size_t i)
{
    return i < r->text.n && is_predefined('w', (unsigned char)r->text.p[i]);
}

static bool at_end(const struct run *r, const struct node *n, size_t i)
{
    if (i == r->text.n || (n->flags & FLAG_LINES && r->text.p[i] == '\n'))
        return true;
    struct str left = str_from(r->text, i); /* before a last line terminator too */
    return str_is(left, "\n") || str_is(left, "\r\n") || str_is(left, "\r");
}

/* Places: true when the node holds at i without taking anything. */
static bool holds(const struct run *r, const struct node *n, size_t i)
{
    bool edge = is_word_at(r, i) != (i > 0 && is_word_at(r, i - 1));
    switch (n->kind) {
    case K_BEGIN: return i == 0 || (n->flags & FLAG_LINES && r->text.p[i - 1] == '\n');
    case K_START_ABSOLUTE: return i == 0;
    case K_END: return at_end(r, n, i);
    case K_END_ABSOLUTE: return i == r->text.n;
    case K_WORD_EDGE: return edge;
    case K_NO_WORD_EDGE: return !edge;
    default: return true;
    }
}

static bool over(struct run *r)
{
    if (++r->steps > MAX_STEPS || r->depth > MAX_DEPTH)
        r->m->exhausted = true;
    return r->m->exhausted;
}

/* Does the group alone match at i? Its end is r->end. */
static bool alone(struct run *r, const struct node *g, size_t i, const struct rest *place)
{
    bool whole = r->whole, found = false;
    r->whole = false;
    for (int b = 0; b < g->n_branches && !found; b++)
        found = match(r, g->branches[b], i, place);
    r->whole = whole;
    return found;
}

static bool looks(struct run *r, const struct node *n, size_t i)
{
    if (n->ahead)
        return alone(r, n, i, NULL) != n->negate;
    bool found = false;
    const struct rest place = { AFTER_PLACE, NULL, i, 0, NULL };
    for (size_t back = 0; back <= i && back < 256 && !found; back++)
        found = alone(r, n, i - back, &place);
    return found != n->negate;
}

/* A repeat of single characters needs no recursion to count. */
static bool repeat_one(struct run *r, const struct node *n, size_t i, const struct rest *k)
{
    int count = 0;
    size_t at = i, width;
    int goal = n->mode == 'l' ? n->min : n->max;
    while (count < goal && (width = one(r, n->body, at)))
        at += width, count++;
    if (count < n->min)
        return false;
    if (n->mode == 'p')
        return match(r, n->next, at, k);
    for (;;) {
        if (match(r, n->next, at, k))
            return true;
        if (over(r))
            return false;
        if (n->mode == 'l') {
            if (count >= n->max || !(width = one(r, n->body, at)))
                return false;
            at += width, count++;
            continue;
        }
        if (count-- <= n->min)
            return false;
        do
            at--;
        while (at > i && ((unsigned char)r->text.p[at] & 0xc0) == 0x80);
    }
}

static bool repeat(struct run *r, const struct node *n, int count, size_t i, const struct rest *k)
{
    if (n->mode == 'p') {
        struct node *body = n->body;
        const struct node wrapped = { .kind = K_GROUP, .branches = &body, .n_branches = 1, .group = -1 };
        while (count < n->max && alone(r, &wrapped, i, NULL) && r->end != i)
            i = r->end, count++;
        return count >= n->min && match(r, n->next, i, k);
    }
    const struct rest again = { AFTER_REPEAT, n, i, count + 1, k };
    if (count < n->min)
        return match(r, n->body, i, &again);
    if (n->mode == 'l' && match(r, n->next, i, k))
        return true;
    if (count < n->max && match(r, n->body, i, &again))
        return true;
    return n->mode == 'g' && match(r, n->next, i, k);
}

static bool group(struct run *r, const struct node *n, size_t i, const struct rest *k)
{
    if (n->atomic)
        return alone(r, n, i, NULL) && match(r, n->next, r->end, k);
    const struct rest close = { AFTER_GROUP, n, i, 0, k };
    for (int b = 0; b < n->n_branches; b++)
        if (match(r, n->branches[b], i, &close))
            return true;
    return false;
}

/* The end of a sequence: go on with what waits behind it. */
static bool finish(struct run *r, size_t i, const struct rest *k)
{
    if (!k) {
        if (r->whole && i != r->text.n)
            return false;
        r->end = i;
        return true;
    }
    if (k->kind == AFTER_PLACE)
        return i == k->from;
    if (k->kind == AFTER_REPEAT) {
        if (i == k->from && k->count > k->node->min) /* an empty round would go on for ever */
            return match(r, k->node->next, i, k->up);
        return repeat(r, k->node, k->count, i, k->up);
    }
    int g = k->node->group;
    if (g < 0)
        return match(r, k->node->next, i, k->up);
    size_t from = r->m->from[g], to = r->m->to[g];
    r->m->from[g] = k->from;
    r->m->to[g] = i;
    if (match(r, k->node->next, i, k->up))
        return true;
    r->m->from[g] = from;
    r->m->to[g] = to;
    return false;
}

static size_t back_reference(const struct run *r, const struct node *n, size_t i)
{
    if (n->group >= JREGEX_GROUPS || r->m->from[n->group] == STR_NONE)
        return STR_NONE;
    struct str again = { r->text.p + r->m->from[n->group], r->m->to[n->group] - r->m->from[n->group] };
    struct str here = str_head(str_from(r->text, i), again.n);
    bool same = n->flags & FLAG_CASE ? str_eq_nocase(again, here) : str_eq(again, here);
    return same ? i + again.n : STR_NONE;
}

static bool match(struct run *r, const struct node *n, size_t i, const struct rest *k)
{
    bool found = false;
    r->depth++;
    while (n && !over(r)) {
        size_t width;
        switch (n->kind) {
        case K_CHAR: case K_ANY: case K_SET:
            if (!(width = one(r, n, i)))
                goto out;
            i += width;
            break;
        case K_BACK:
            i = back_reference(r, n, i);
            if (i == STR_NONE)
                goto out;
            break;
        case K_LOOK:
            if (!looks(r, n, i))
                goto out;
            break;
        case K_GROUP:
            found = group(r, n, i, k);
            goto out;
        case K_REPEAT:
            found = n->body->kind <= K_SET ? repeat_one(r, n, i, k) : repeat(r, n, 0, i, k);
            goto out;
        default:
            if (!holds(r, n, i))
                goto out;
        }
        n = n->next;
    }
    found = !n && !r->m->exhausted && finish(r, i, k);
out:
    r->depth--;
    return found;
}

static bool try_at(const struct jregex *x, struct run *r, size_t i)
{
    for (int g = 0; g < JREGEX_GROUPS; g++)
        r->m->from[g] = r->m->to[g] = STR_NONE;
    return match(r, x->top, i, NULL);
}

static bool attempt(const struct jregex *x, struct str text, struct jregex_match *m, bool whole)
{
    struct run r = { .text = text, .m = m, .whole = whole };
    m->exhausted = false;
    return try_at(x, &r, 0);
}

bool jregex_matches(const struct jregex *x, struct str text, struct jregex_match *ret_match)
{
    return attempt(x, text, ret_match, true);
}

bool jregex_starts(const struct jregex *x, struct str text, struct jregex_match *ret_match)
{
    return attempt(x, text, ret_match, false);
}

bool jregex_find(const struct jregex *x, struct str text, size_t from, struct jregex_match *ret_match)
{
    struct run r = { .text = text, .m = ret_match };
    ret_match->exhausted = false;
    for (size_t i = from; i <= text.n && !ret_match->exhausted; i++) {
        if (i < text.n && ((unsigned char)text.p[i] & 0xc0) == 0x80)
            continue;
        if (try_at(x, &r, i))
            return true;
    }
    return false;
}

int jregex_group(const struct jregex *x, struct str name)
{
    for (int g = 1; g <= x->n_groups; g++)
        if (x->names[g].p && str_eq(x->names[g], name))
            return g;
    return -1;
}

int jregex_groups(const struct jregex *x) { return x->n_groups; }
