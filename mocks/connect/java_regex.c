/* java_regex.c - translating Java's pattern language into POSIX's, refusing what has no equal there. */
#include "mocks/connect/java_regex.h"

#include "base/buf.h"

struct translation {
    struct str all, rest;
    struct buf out;
    bool any_case;
    struct err *e;
};

static int refuse(struct translation *t, const char *what)
{
    return err_set(t->e, 400, "REGEX_UNSUPPORTED", "%s at position %zu of \"" STR_F "\"", what, t->all.n - t->rest.n,
                   STR_A(t->all));
}

static char take(struct translation *t)
{
    char c = *t->rest.p;
    t->rest = str_from(t->rest, 1);
    return c;
}

static bool next_is(const struct translation *t, char c) { return t->rest.n && *t->rest.p == c; }

static void put_literal(struct buf *out, char c)
{
    if (strchr("\\^$.[]|()*+?{}", c))
        buf_c(out, '\\');
    buf_c(out, c);
}

/* Inside brackets POSIX has no escapes: what a class letter stands for there, or NULL. */
static const char *class_of(char letter)
{
    switch (letter) {
    case 'd': return "0-9";
    case 'w': return "a-zA-Z0-9_";
    case 's': return " \t\n\v\f\r";
    default: return NULL;
    }
}

static int quoted(struct translation *t)
{
    size_t end = str_find(t->rest, S("\\E"));
    struct str text = str_head(t->rest, end == STR_NONE ? t->rest.n : end);
    t->rest = str_from(t->rest, text.n + (end == STR_NONE ? 0 : 2));
    for (size_t i = 0; i < text.n; i++)
        put_literal(&t->out, text.p[i]);
    return 0;
}

static int escape(struct translation *t)
{
    if (!t->rest.n)
        return refuse(t, "a backslash with nothing behind it");
    char c = take(t);
    const char *class = class_of(c), *opposite = class_of((char)(c | 32));
    if (class) {
        buf_f(&t->out, "[%s]", class);
    } else if (c == 'D' || c == 'W' || c == 'S') {
        buf_f(&t->out, "[^%s]", opposite);
    } else if (c == 'Q') {
        return quoted(t);
    } else if (c == 't') {
        buf_c(&t->out, '\t');
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
        return refuse(t, "an escape that is none of \\d \\w \\s \\D \\W \\S \\t \\Q");
    } else {
        put_literal(&t->out, c);
    }
    return 0;
}

/* A bracket expression; its members are gathered, ] first and - last, where POSIX takes them literally. */
static int bracket(struct translation *t)
{
    bool negated = next_is(t, '^') && take(t), closes = false, dash = false, caret = false;
    struct buf members = BUF_INIT;
    int result = -1;
    bool first = true;
    for (; t->rest.n && (first || !next_is(t, ']')); first = false) {
        char c = take(t);
        if (c == '[' || (c == '&' && next_is(t, '&'))) {
            refuse(t, "a class inside a class");
            goto out;
        }
        if (c == '\\') {
            char letter = t->rest.n ? take(t) : 0;
            if (class_of(letter)) {
                buf_z(&members, class_of(letter));
                continue;
            }
            if (!letter || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')) {
                refuse(t, "an escape in a class that is none of \\d \\w \\s");
                goto out;
            }
            c = letter;
        } else if (c == '-' && members.n && t->rest.n && !next_is(t, ']')) {
            buf_c(&members, '-'); /* a range */
            continue;
        }
        if (c == ']')
            closes = true;
        else if (c == '-')
            dash = true;
        else if (c == '^')
            caret = true;
        else
            buf_c(&members, c);
    }
    if (!t->rest.n) {
        refuse(t, "a class that is not closed");
        goto out;
    }
    take(t);
    if (!members.n && !closes && !dash && caret && !negated) {
        buf_z(&t->out, "\\^");
    } else {
        buf_z(&t->out, negated ? "[^" : "[");
        buf_z(&t->out, closes ? "]" : "");
        buf_str_add(&t->out, buf_str(&members));
        buf_z(&t->out, caret ? "^" : "");
        buf_z(&t->out, dash ? "-" : "");
        buf_c(&t->out, ']');
    }
    result = 0;
out:
    buf_release(&members);
    return result;
}

static int group(struct translation *t)
{
    if (!next_is(t, '?')) {
        buf_c(&t->out, '(');
        return 0;
    }
    if (str_starts(t->rest, S("?:"))) {
        t->rest = str_from(t->rest, 2);
        buf_c(&t->out, '(');
        return 0;
    }
    return refuse(t, "a group that is neither (…) nor (?:…)");
}

static int quantifier(struct translation *t, char c)
{
    buf_c(&t->out, c);
    if (c == '{') {
        while (t->rest.n && !next_is(t, '}')) {
            char inside = take(t);
            if (inside != ',' && (inside < '0' || inside > '9'))
                return refuse(t, "a repetition that is not {n}, {n,} or {n,m}");
            buf_c(&t->out, inside);
        }
        if (!t->rest.n)
            return refuse(t, "a repetition that is not closed");
        buf_c(&t->out, take(t));
    }
    if (next_is(t, '?') || next_is(t, '+'))
        return refuse(t, "a lazy or possessive quantifier");
    return 0;
}

static int translate(struct translation *t)
{
    if (str_starts(t->rest, S("(?i)"))) {
        t->any_case = true;
        t->rest = str_from(t->rest, 4);
    }
    buf_z(&t->out, "^(");
    while (t->rest.n) {
        char c = take(t);
        int bad = c == '\\' ? escape(t)
                  : c == '[' ? bracket(t)
                  : c == '(' ? group(t)
                  : strchr("*+?{", c) ? quantifier(t, c)
                  : 0;
        if (bad)
            return -1;
        if (c == '}' || c == ']')
            put_literal(&t->out, c);
        else if (!strchr("\\[(*+?{", c))
            buf_c(&t->out, c);
    }
    buf_z(&t->out, ")$");
    return 0;
}

int java_regex_compile(struct str pattern, regex_t *ret, struct err *e)
{
    struct translation t = { .all = pattern, .rest = pattern, .e = e };
    int result = -1;
    if (pattern.n > JAVA_REGEX_MAX_BYTES) {
        err_set(e, 400, "REGEX_UNSUPPORTED", "a pattern of more than %d bytes", JAVA_REGEX_MAX_BYTES);
    } else if (memchr(pattern.p ? pattern.p : "", 0, pattern.n)) {
        err_set(e, 400, "REGEX_UNSUPPORTED", "a NUL character in a pattern");
    } else if (!translate(&t)) {
        int code = regcomp(ret, buf_cstr(&t.out), REG_EXTENDED | REG_NOSUB | (t.any_case ? REG_ICASE : 0));
        char why[200];
        if (code) {
            regerror(code, ret, why, sizeof why);
            err_set(e, 400, "REGEX_MALFORMED", "%s in \"" STR_F "\"", why, STR_A(pattern));
        } else {
            result = 0;
        }
    }
    buf_release(&t.out);
    return result;
}
