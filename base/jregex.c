/* jregex.c - matching by backtracking: `match` tries one sequence at one place; what comes behind it is a chain of
 * `struct rest` on the stack. Bounded in steps and depth.
 */
#include <ctype.h>

#include "base/utf8.h"
#include "base/jregex_node.h"

enum { MAX_STEPS = 1000000, MAX_DEPTH = 3000, CHARS_A_STEP = 16 };

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
    if (!s->items && s->both)
        hit = true;
    for (const struct set *both = s->both; both && hit; both = both->also)
        hit = in_set(both, c, flags);
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
    r->steps += count / CHARS_A_STEP;
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

static size_t back_reference(struct run *r, const struct node *n, size_t i)
{
    if (n->group >= JREGEX_GROUPS || r->m->from[n->group] == STR_NONE)
        return STR_NONE;
    struct str again = { r->text.p + r->m->from[n->group], r->m->to[n->group] - r->m->from[n->group] };
    struct str here = str_head(str_from(r->text, i), again.n);
    r->steps += (int)(here.n / CHARS_A_STEP);
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
