/* xml.c - see xml.h. */
#include "base/xml.h"

#include "base/utf8.h"

static bool wrong(struct xml *x)
{
    x->bad = true;
    x->p = x->end;
    return false;
}

static struct str rest(const struct xml *x) { return (struct str){ x->p, (size_t)(x->end - x->p) }; }

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void skip_blanks(struct xml *x)
{
    while (x->p < x->end && blank(*x->p))
        x->p++;
}

/* Steps over "<!-- … -->" or "<? … ?>" when one of them is at hand. */
static bool skip_aside(struct xml *x)
{
    static const struct { struct str open, close; } asides[] = {
        { S_INIT("<!--"), S_INIT("-->") }, { S_INIT("<?"), S_INIT("?>") },
    };
    for (size_t i = 0; i < 2; i++) {
        if (!str_starts(rest(x), asides[i].open))
            continue;
        size_t at = str_find(str_from(rest(x), asides[i].open.n), asides[i].close);
        if (at == STR_NONE)
            return wrong(x);
        x->p += asides[i].open.n + at + asides[i].close.n;
        return true;
    }
    return false;
}

static bool name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

static struct str read_name(struct xml *x)
{
    const char *start = x->p;
    while (x->p < x->end && name_byte(*x->p))
        x->p++;
    return (struct str){ start, (size_t)(x->p - start) };
}

static struct str local_name(struct str name)
{
    size_t colon = str_chr(name, ':');
    return colon == STR_NONE ? name : str_from(name, colon + 1);
}

static bool skip_attribute(struct xml *x)
{
    if (read_name(x).n == 0)
        return wrong(x);
    skip_blanks(x);
    if (x->p >= x->end || *x->p++ != '=')
        return wrong(x);
    skip_blanks(x);
    if (x->p >= x->end || (*x->p != '"' && *x->p != '\''))
        return wrong(x);
    char quote = *x->p++;
    while (x->p < x->end && *x->p != quote && *x->p != '<')
        x->p++;
    if (x->p >= x->end || *x->p != quote)
        return wrong(x);
    x->p++;
    return true;
}

/* At '<' of a start tag: enters the element. */
static bool begin(struct xml *x, struct str *ret_name)
{
    x->p++;
    struct str name = read_name(x);
    if (name.n == 0 || x->depth == XML_DEPTH)
        return wrong(x);
    for (;;) {
        bool gap = x->p < x->end && blank(*x->p);
        skip_blanks(x);
        if (x->p >= x->end)
            return wrong(x);
        if (*x->p == '>' || *x->p == '/')
            break;
        if (!gap || !skip_attribute(x))
            return wrong(x);
    }
    x->empty = *x->p == '/';
    x->p += x->empty;
    if (x->p >= x->end || *x->p++ != '>')
        return wrong(x);
    x->open[x->depth++] = name;
    *ret_name = local_name(name);
    return true;
}

/* At "</": leaves the element entered last. */
static bool finish(struct xml *x)
{
    x->p += 2;
    struct str name = read_name(x);
    skip_blanks(x);
    if (x->depth == 0 || !str_eq(name, x->open[x->depth - 1]) || x->p >= x->end || *x->p++ != '>')
        return wrong(x);
    x->depth--;
    return true;
}

void xml_open(struct xml *x, struct str document, const char *root)
{
    *x = (struct xml){ .p = document.p, .end = document.p + document.n };
    if (str_starts(document, S("\xef\xbb\xbf")))
        x->p += 3;
    for (skip_blanks(x); skip_aside(x);)
        skip_blanks(x);
    struct str found;
    if (x->bad || x->p >= x->end || *x->p != '<' || !begin(x, &found) || !str_is(found, root))
        wrong(x);
}

bool xml_child(struct xml *x, struct str *ret_name)
{
    if (x->bad)
        return false;
    if (x->empty) {
        x->empty = false;
        x->depth--;
        return false;
    }
    for (;;) {
        skip_blanks(x);
        if (x->bad || x->p >= x->end || *x->p != '<')
            return wrong(x);
        if (skip_aside(x))
            continue;
        if (x->bad)
            return false;
        if (x->p + 1 < x->end && x->p[1] == '/') {
            finish(x);
            return false;
        }
        return begin(x, ret_name);
    }
}

/* "&amp;" and the like at hand. */
static bool read_entity(struct xml *x, struct buf *out)
{
    static const struct { struct str name; char c; } named[] = {
        { S_INIT("amp"), '&' }, { S_INIT("lt"), '<' }, { S_INIT("gt"), '>' },
        { S_INIT("quot"), '"' }, { S_INIT("apos"), '\'' },
    };
    size_t end = str_chr(str_head(rest(x), 12), ';');
    if (end == STR_NONE || end < 2)
        return wrong(x);
    struct str name = { x->p + 1, end - 1 };
    x->p += end + 1;
    if (name.p[0] != '#') {
        for (size_t i = 0; i < sizeof named / sizeof *named; i++)
            if (str_eq(name, named[i].name)) {
                buf_c(out, named[i].c);
                return true;
            }
        return wrong(x);
    }
    bool hex = name.n > 1 && name.p[1] == 'x';
    uint32_t code = 0;
    if (name.n == 1u + hex)
        return wrong(x);
    for (size_t i = 1u + hex; i < name.n; i++) {
        char c = name.p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : hex && (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0 || code > 0x10ffff)
            return wrong(x);
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return wrong(x);
    utf8_put(out, code);
    return true;
}

static bool read_cdata(struct xml *x, struct buf *out)
{
    struct str text = str_from(rest(x), 9);
    size_t end = str_find(text, S("]]>"));
    if (end == STR_NONE)
        return wrong(x);
    buf_add(out, text.p, end);
    x->p = text.p + end + 3;
    return true;
}

/* Character data up to the next tag; 1 when it is the end tag. */
static bool read_text(struct xml *x, struct buf *out)
{
    while (!x->bad) {
        if (x->p >= x->end)
            return wrong(x);
        if (*x->p == '&')
            read_entity(x, out);
        else if (*x->p != '<')
            buf_c(out, *x->p++);
        else if (str_starts(rest(x), S("<![CDATA[")))
            read_cdata(x, out);
        else if (!skip_aside(x))
            return !x->bad;
    }
    return false;
}

struct str xml_text(struct xml *x, struct arena *a)
{
    if (x->empty) {
        x->empty = false;
        x->depth--;
        return S("");
    }
    struct buf text = BUF_INIT;
    struct str found = S("");
    if (read_text(x, &text)) {
        if (x->p + 1 < x->end && x->p[1] == '/' && finish(x))
            found = arena_dup(a, buf_str(&text));
        else
            wrong(x);
    }
    buf_release(&text);
    return found;
}

void xml_skip(struct xml *x)
{
    if (x->empty) {
        x->empty = false;
        x->depth--;
        return;
    }
    unsigned outside = x->depth - 1;
    struct buf ignored = BUF_INIT;
    struct str name;
    while (!x->bad && x->depth > outside) {
        buf_reset(&ignored);
        if (!read_text(x, &ignored))
            break;
        if (x->p + 1 < x->end && x->p[1] == '/')
            finish(x);
        else if (begin(x, &name) && x->empty) {
            x->empty = false;
            x->depth--;
        }
    }
    buf_release(&ignored);
}

bool xml_close(struct xml *x)
{
    for (skip_blanks(x); skip_aside(x);)
        skip_blanks(x);
    return !x->bad && x->depth == 0 && x->p == x->end;
}

struct str xml_find(struct str document, const char *root, const char *name, struct arena *a)
{
    struct xml x;
    struct str child, found = { 0 };
    xml_open(&x, document, root);
    while (xml_child(&x, &child))
        if (!found.p && str_is(child, name))
            found = xml_text(&x, a);
        else
            xml_skip(&x);
    return xml_close(&x) ? found : (struct str){ 0 };
}

static bool plain(unsigned char c)
{
    return c >= 0x20 ? c != '&' && c != '<' && c != '>' && c != '"' : c == '\t' || c == '\n';
}

void xml_escape(struct buf *out, struct str text)
{
    for (size_t i = 0, from = 0; i <= text.n; i++) {
        unsigned char c = i < text.n ? (unsigned char)text.p[i] : 0;
        if (i < text.n && plain(c))
            continue;
        buf_add(out, text.p + from, i - from);
        from = i + 1;
        if (i == text.n)
            break;
        switch (c) {
        case '&': buf_z(out, "&amp;"); break;
        case '<': buf_z(out, "&lt;"); break;
        case '>': buf_z(out, "&gt;"); break;
        case '"': buf_z(out, "&quot;"); break;
        default: buf_f(out, "&#x%x;", c);
        }
    }
}

void xml_put(struct buf *out, const char *name, struct str text)
{
    size_t n = strlen(name);
    buf_c(out, '<');
    buf_add(out, name, n);
    buf_c(out, '>');
    xml_escape(out, text);
    buf_add(out, "</", 2);
    buf_add(out, name, n);
    buf_c(out, '>');
}

void xml_put_u64(struct buf *out, const char *name, uint64_t v)
{
    buf_f(out, "<%s>%llu</%s>", name, (unsigned long long)v, name);
}
