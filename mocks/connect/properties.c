/* properties.c - java.util.Properties: logical lines, then key, separator, value.
 * Source: the documentation of java.util.Properties.load(Reader). */
#include "mocks/connect/properties.h"

#include "base/buf.h"
#include "base/utf8.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }
static bool is_end(char c) { return c == '\n' || c == '\r'; }

struct reader {
    struct str rest;
    int line; /* of rest's first byte */
};

/* Takes one natural line, without its end. */
static struct str take_line(struct reader *r)
{
    size_t n = 0;
    while (n < r->rest.n && !is_end(r->rest.p[n]))
        n++;
    struct str line = str_head(r->rest, n);
    if (n + 1 < r->rest.n && r->rest.p[n] == '\r' && r->rest.p[n + 1] == '\n')
        n++;
    r->rest = str_from(r->rest, n + 1);
    r->line++;
    return line;
}

static struct str skip_blanks(struct str s)
{
    while (s.n && is_blank(*s.p))
        s = str_from(s, 1);
    return s;
}

/* Does the line end in an odd number of backslashes? */
static bool is_continued(struct str line)
{
    size_t n = 0;
    while (n < line.n && line.p[line.n - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* Joins natural lines to the next logical one, still escaped; false at the end of the text. */
static bool take_logical(struct reader *r, struct buf *out, int *ret_line)
{
    while (r->rest.n) {
        *ret_line = r->line;
        struct str line = skip_blanks(take_line(r));
        if (!line.n || *line.p == '#' || *line.p == '!')
            continue;
        buf_reset(out);
        while (is_continued(line)) {
            buf_str_add(out, str_head(line, line.n - 1));
            line = r->rest.n ? skip_blanks(take_line(r)) : S("");
        }
        buf_str_add(out, line);
        return true;
    }
    return false;
}

/* Four hex digits, or -1. */
static int hex4(struct str s)
{
    int v = 0;
    if (s.n < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = s.p[i];
        int digit = c >= '0' && c <= '9' ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* One escaped character behind the backslash; two \u of a surrogate pair are one. -1: malformed \u. */
static int unescape_one(struct str *s, struct buf *out)
{
    char c = *s->p;
    *s = str_from(*s, 1);
    if (c != 'u') {
        buf_c(out, c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c);
        return 0;
    }
    int unit = hex4(*s);
    if (unit < 0)
        return -1;
    *s = str_from(*s, 4);
    uint32_t code = (uint32_t)unit;
    if (unit >= 0xd800 && unit < 0xdc00 && str_starts(*s, S("\\u"))) {
        int low = hex4(str_from(*s, 2));
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            *s = str_from(*s, 6);
        }
    }
    utf8_put(out, code);
    return 0;
}

/* Decodes up to an unescaped character of `stops`, or the end. */
static int take_piece(struct str *s, const char *stops, struct buf *out)
{
    buf_reset(out);
    while (s->n && !(*s->p && strchr(stops, *s->p))) {
        char c = *s->p;
        *s = str_from(*s, 1);
        if (c != '\\')
            buf_c(out, c);
        else if (s->n && unescape_one(s, out))
            return -1;
    }
    return 0;
}

static int add(struct buf *list, struct property p, struct err *e)
{
    const struct property *at = (const struct property *)(void *)list->p;
    for (size_t i = 0; i < list->n / sizeof p; i++) {
        if (!str_eq(at[i].key, p.key))
            continue;
        if (str_eq(at[i].value, p.value))
            return 0;
        return err_set(e, 400, "PROPERTIES_CONTRADICT", "line %d: \"" STR_F "\" is given as " STR_F ", but line %d says "
                       STR_F "; keep one of them", p.line, STR_A(p.key), STR_A(p.value), at[i].line, STR_A(at[i].value));
    }
    buf_add(list, &p, sizeof p);
    return 0;
}

int properties_parse(struct str text, struct arena *a, struct properties *ret, struct err *e)
{
    struct reader r = { text, 1 };
    struct buf logical = BUF_INIT, piece = BUF_INIT, list = BUF_INIT;
    int result = -1, line;
    if (text.n > PROPERTIES_MAX_BYTES) {
        err_set(e, 400, "PROPERTIES_TOO_LARGE", "%zu bytes of properties; at most %d are read", text.n,
                PROPERTIES_MAX_BYTES);
        goto out;
    }
    while (take_logical(&r, &logical, &line)) {
        struct str s = buf_str(&logical);
        struct property p = { .line = line };
        bool malformed = take_piece(&s, "=: \t\f", &piece);
        p.key = arena_dup(a, buf_str(&piece));
        s = skip_blanks(s);
        if (s.n && (*s.p == '=' || *s.p == ':'))
            s = skip_blanks(str_from(s, 1));
        malformed = malformed || take_piece(&s, "", &piece);
        p.value = arena_dup(a, buf_str(&piece));
        if (malformed) {
            err_set(e, 400, "PROPERTIES_MALFORMED", "line %d: malformed \\uxxxx encoding in \"" STR_F "\"; \\u is "
                    "followed by four hex digits", line, STR_A(p.key));
            goto out;
        }
        if (add(&list, p, e))
            goto out;
    }
    ret->n = list.n / sizeof *ret->at;
    ret->at = arena_alloc(a, list.n + 1);
    if (list.n)
        memcpy(ret->at, list.p, list.n);
    result = 0;
out:
    buf_release(&logical);
    buf_release(&piece);
    buf_release(&list);
    return result;
}

struct str properties_get(const struct properties *p, const char *key)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_is(p->at[i].key, key))
            return p->at[i].value;
    return (struct str){ 0 };
}
