/* param_match.c - the patterns of AWS's API models, matched by backtracking with a bound.
 *
 * POSIX regcomp knows no \d, costs microseconds to compile and has no bound on its work; these patterns are few
 * and simple.
 */
#include "mocks/cloud/param.h"

enum { STEPS = 1000000 };

/* What must match behind the group at hand. */
struct rest {
    struct str pattern;
    const struct rest *next;
};

struct matcher {
    const char *end; /* of the text */
    long steps;
};

/* Length of the atom at the front: x  \x  .  [..]  (..) */
static size_t atom_length(struct str p)
{
    if (p.p[0] == '\\')
        return p.n < 2 ? 1 : 2;
    if (p.p[0] != '[' && p.p[0] != '(')
        return 1;
    char close = p.p[0] == '[' ? ']' : ')';
    int depth = 0;
    for (size_t i = 1; i < p.n; i++) {
        if (p.p[i] == '\\') {
            i++;
        } else if (p.p[i] == close) {
            if (depth-- == 0)
                return i + 1;
        } else if (close == ')' && p.p[i] == '(') {
            depth++;
        }
    }
    return p.n;
}

static bool class_of_letter(char letter, unsigned char c)
{
    bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    switch (letter) {
    case 'd': return c >= '0' && c <= '9';
    case 'w': return word;
    case 's': return blank;
    case 'S': return !blank;
    default: return (unsigned char)letter == c;
    }
}

static bool class_has(struct str class, unsigned char c)
{
    bool negated = class.n && class.p[0] == '^', found = false;
    for (size_t i = negated; i < class.n && !found; i++) {
        if (class.p[i] == '\\' && i + 1 < class.n) {
            found = class_of_letter(class.p[++i], c);
        } else if (i + 2 < class.n && class.p[i + 1] == '-') {
            found = c >= (unsigned char)class.p[i] && c <= (unsigned char)class.p[i + 2];
            i += 2;
        } else {
            found = (unsigned char)class.p[i] == c;
        }
    }
    return found != negated;
}

static bool atom_has(struct str atom, unsigned char c)
{
    switch (atom.p[0]) {
    case '.': return c != '\n';
    case '\\': return atom.n == 2 && class_of_letter(atom.p[1], c);
    case '[': return class_has((struct str){ atom.p + 1, atom.n - 2 }, c);
    default: return (unsigned char)atom.p[0] == c;
    }
}

/* Reads * + ? {m} {m,} {m,n} off the front of *p. */
static void quantifier(struct str *p, size_t *ret_min, size_t *ret_max)
{
    *ret_min = *ret_max = 1;
    if (p->n == 0 || !strchr("*+?{", p->p[0]))
        return;
    char kind = p->p[0];
    *p = str_from(*p, 1);
    *ret_min = kind == '+';
    *ret_max = kind == '?' ? 1 : SIZE_MAX;
    if (kind != '{')
        return;
    size_t bounds[2] = { 0, 0 }, i = 0;
    bool open = false;
    for (; p->n && p->p[0] != '}'; *p = str_from(*p, 1)) {
        if (p->p[0] == ',') {
            i = 1;
            open = true;
        } else {
            bounds[i] = bounds[i] * 10 + (size_t)(p->p[0] - '0');
            open = false;
        }
    }
    *p = str_from(*p, 1);
    *ret_min = bounds[0];
    *ret_max = open ? SIZE_MAX : bounds[i];
}

static bool match_any(struct matcher *m, struct str pattern, const char *at, const struct rest *rest);

static bool match_sequence(struct matcher *m, struct str p, const char *at, const struct rest *rest)
{
    for (;;) {
        if (--m->steps < 0)
            return false;
        if (p.n == 0)
            return rest ? match_any(m, rest->pattern, at, rest->next) : at == m->end;
        if (p.p[0] == '^') {
            p = str_from(p, 1);
            continue;
        }
        struct str atom = str_head(p, atom_length(p));
        size_t min, max, n = 0;
        p = str_from(p, atom.n);
        quantifier(&p, &min, &max);
        if (atom.p[0] == '(') {
            struct rest after = { p, rest };
            return match_any(m, (struct str){ atom.p + 1, atom.n - 2 }, at, &after) ||
                   (min == 0 && match_sequence(m, p, at, rest));
        }
        while (n < max && at + n < m->end && atom_has(atom, (unsigned char)at[n]))
            n++;
        m->steps -= (long)n;
        if (n < min)
            return false;
        if (n == min || (p.n == 0 && !rest)) { /* nothing to give back, or nobody who could use it */
            at += n;
            continue;
        }
        for (size_t k = n + 1; k-- > min;)
            if (match_sequence(m, p, at + k, rest))
                return true;
        return false;
    }
}

/* Any of the alternatives at the outermost level. */
static bool match_any(struct matcher *m, struct str pattern, const char *at, const struct rest *rest)
{
    for (size_t from = 0, i = 0;; i += atom_length(str_from(pattern, i))) {
        bool bar = i < pattern.n && pattern.p[i] == '|';
        if (!bar && i < pattern.n)
            continue;
        if (match_sequence(m, str_head(str_from(pattern, from), i - from), at, rest))
            return true;
        if (!bar)
            return false;
        from = i + 1;
    }
}

bool param_match(const char *pattern, struct str text)
{
    struct matcher m = { text.p + text.n, STEPS };
    return match_any(&m, str_of(pattern), text.p, NULL);
}
