/* jregex_parse.c - java.util.regex patterns to nodes: sequences; a group holds alternatives, a repeat one node. */
#include <ctype.h>

#include "base/utf8.h"
#include "base/jregex_node.h"

enum { MAX_NEST = 50, MAX_REPEAT = 100000, NO_LIMIT = 0x7fffffff };

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
        err_set(p->e, 0, "PATTERN_MALFORMED", "%s at character %zu of the pattern \"" STR_F "\"", why, p->i + 1,
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

static struct set *parse_set(struct parse *p);

/* One member of brackets: a nested class, a predefined set, a character, or a range from one to the next. */
static bool parse_item(struct parse *p, struct item *it)
{
    if (eat(p, "["))
        return (it->nested = parse_set(p)) != NULL;
    if (!eat(p, "\\"))
        it->low = it->high = next_char(p);
    else if (!escape(p, it))
        return false;
    bool range = look(p) == '-' && p->i + 1 < p->text.n && p->text.p[p->i + 1] != ']' && p->text.p[p->i + 1] != '[';
    if (it->predefined || !range)
        return true;
    struct item high = { 0 };
    p->i++;
    if (!eat(p, "\\"))
        high.high = next_char(p);
    else if (!escape(p, &high))
        return false;
    it->high = high.high;
    return (!high.predefined && it->high >= it->low) || bad(p, "an impossible range") != NULL;
}

static struct set *parse_set(struct parse *p)
{
    struct set *s = ARENA_NEW(p->a, struct set), **both = &s->both;
    struct item **tail = &s->items;
    if (++p->nest > MAX_NEST)
        return bad(p, "the pattern nests too deep");
    s->negate = eat(p, "^");
    for (bool first = true; first || look(p) != ']'; first = false) {
        if (look(p) < 0)
            return bad(p, "a [ is not closed");
        if (eat(p, "&&")) {
            bool bracket = eat(p, "["); /* else: the rest of this bracket */
            if (!(*both = parse_set(p)))
                return NULL;
            both = &(*both)->also;
            if (bracket)
                continue;
            p->nest--;
            return s;
        }
        if (!parse_item(p, *tail = ARENA_NEW(p->a, struct item)))
            return NULL;
        tail = &(*tail)->next;
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
    if (look(p) >= 0 && strchr("*+?{", look(p)))
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
    if (pattern.n > JREGEX_MAX_BYTES) {
        err_set(e, 0, "PATTERN_MALFORMED", "a pattern of more than %d bytes", JREGEX_MAX_BYTES);
        return NULL;
    }
    struct parse p = { .a = a, .e = e, .text = arena_dup(a, pattern), .x = x };
    x->top = make(&p, K_GROUP);
    x->top->group = 0;
    if (!parse_alternatives(&p, x->top))
        return NULL;
    return p.i < p.text.n ? bad(&p, "a ) without its (") : x;
}
