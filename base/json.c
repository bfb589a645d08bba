/* json.c - reading: one pass over the text, yielding views.
 *
 * string_end      finds the closing quote, 16 bytes at a time, and checks what is escaped
 * number_end      the number grammar of RFC 8259 section 6
 * skip_container  checks a whole container without recursion
 * json_*          the reader's steps, each of them one of the above plus the commas and colons between
 *
 * Scanners take the place to start at and return the place behind the token, or NULL after fail().
 */
#include "base/json.h"

#include "base/json_scan.h"
#include "base/utf8.h"

static const char *fail(struct json_reader *r, const char *at, const char *what)
{
    if (!r->error) {
        r->error = what;
        r->p = at;
    }
    return NULL;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static inline bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hex digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* p is at a backslash. */
static const char *escape_end(struct json_reader *r, const char *p)
{
    if (r->end - p < 2)
        return fail(r, r->end, "the text ends inside a string");
    switch (p[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return p + 2;
    case 'u':
        return hex4(p + 2, r->end) < 0 ? fail(r, p, "expected four hex digits after \\u") : p + 6;
    default:
        return fail(r, p, "a backslash before a character that is not escaped");
    }
}

/* p is behind the opening quote; the answer is at the closing one. */
static inline const char *string_end(struct json_reader *r, const char *p, bool *ret_escaped)
{
    bool escaped = false;
    for (;;) {
        p = json_scan_plain(p, r->end);
        if (p == r->end)
            return fail(r, p, "the text ends inside a string");
        if (*p == '"')
            break;
        if (*p != '\\')
            return fail(r, p, "a control character inside a string");
        escaped = true;
        if (!(p = escape_end(r, p)))
            return NULL;
    }
    *ret_escaped = escaped;
    return p;
}

static const char *number_end(struct json_reader *r, const char *p)
{
    const char *end = r->end;
    if (*p == '-')
        p++;
    if (!is_digit(p, end))
        return fail(r, p, "expected a digit");
    if (*p == '0') {
        p++;
        if (is_digit(p, end))
            return fail(r, p, "a number does not begin with 0");
    }
    while (is_digit(p, end))
        p++;
    if (p < end && *p == '.') {
        p++;
        if (!is_digit(p, end))
            return fail(r, p, "expected a digit after the decimal point");
        while (is_digit(p, end))
            p++;
    }
    if (p < end && (*p | 32) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!is_digit(p, end))
            return fail(r, p, "expected a digit in the exponent");
        while (is_digit(p, end))
            p++;
    }
    return p;
}

static const char *literal_end(struct json_reader *r, const char *p, struct str word)
{
    if ((size_t)(r->end - p) < word.n || memcmp(p, word.p, word.n) != 0)
        return fail(r, p, "expected a value");
    return p + word.n;
}

/* The type that begins at p, which is behind blanks. */
static enum json_type type_at(struct json_reader *r, const char *p)
{
    if (p == r->end) {
        fail(r, p, "the text ends where a value is expected");
        return 0;
    }
    switch (*p) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't': return JSON_TRUE;
    case 'f': return JSON_FALSE;
    case 'n': return JSON_NULL;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return JSON_NUMBER;
    default:
        fail(r, p, "expected a value");
        return 0;
    }
}

/* Behind the scalar at p. */
static inline const char *scalar_end(struct json_reader *r, const char *p, enum json_type type, bool *ret_escaped)
{
    switch (type) {
    case JSON_STRING:
        p = string_end(r, p + 1, ret_escaped);
        return p ? p + 1 : NULL;
    case JSON_NUMBER: return number_end(r, p);
    case JSON_TRUE: return literal_end(r, p, S("true"));
    case JSON_FALSE: return literal_end(r, p, S("false"));
    case JSON_NULL: return literal_end(r, p, S("null"));
    default: return NULL; /* fail() has been called */
    }
}

static const char *push(struct json_reader *r, const char *p)
{
    if (r->depth == JSON_MAX_DEPTH)
        return fail(r, p, "nested too deep");
    r->open[++r->depth] = *p;
    return p + 1;
}

/* From blanks before a key to behind its colon. */
static inline const char *key_end(struct json_reader *r, const char *p, struct str *ret_key)
{
    p = skip_blanks(p, r->end);
    if (p == r->end || *p != '"')
        return fail(r, p, "expected a key in quotes");
    bool escaped;
    const char *key = p + 1, *quote = string_end(r, key, &escaped);
    if (!quote)
        return NULL;
    p = skip_blanks(quote + 1, r->end);
    if (p == r->end || *p != ':')
        return fail(r, p, "expected ':'");
    *ret_key = (struct str){ key, (size_t)(quote - key) };
    return p + 1;
}

/* p is at the bracket that opens; the answer is behind the one that closes it. */
static const char *skip_container(struct json_reader *r, const char *p)
{
    int outside = r->depth;
    struct str key;
    bool escaped;
    for (;;) {
        enum json_type type = type_at(r, p);
        if (type >= JSON_ARRAY) {
            if (!(p = push(r, p)))
                return NULL;
            p = skip_blanks(p, r->end);
            if (p == r->end || *p != (type == JSON_ARRAY ? ']' : '}')) {
                if (type == JSON_OBJECT && !(p = key_end(r, p, &key)))
                    return NULL;
                p = skip_blanks(p, r->end);
                continue; /* the first value inside */
            }
        } else if (!(p = scalar_end(r, p, type, &escaped))) {
            return NULL;
        }
        /* Behind a value: the brackets that close here, then a comma or the way out. */
        for (;;) {
            bool array = r->open[r->depth] == '[';
            p = skip_blanks(p, r->end);
            if (p < r->end && *p == ',')
                break;
            if (p == r->end || *p != (array ? ']' : '}'))
                return fail(r, p, array ? "expected ',' or ']'" : "expected ',' or '}'");
            p++;
            if (--r->depth == outside)
                return p;
        }
        p++;
        if (r->open[r->depth] == '{' && !(p = key_end(r, p, &key)))
            return NULL;
        p = skip_blanks(p, r->end);
    }
}

void json_open(struct json_reader *r, struct str text)
{
    r->start = r->p = text.n ? text.p : "";
    r->end = r->p + text.n;
    r->error = NULL;
    r->depth = 0;
    r->first = true;
}

enum json_type json_peek(struct json_reader *r)
{
    if (r->error)
        return 0;
    r->p = skip_blanks(r->p, r->end);
    return type_at(r, r->p);
}

int json_read(struct json_reader *r, struct json *ret_value)
{
    enum json_type type = json_peek(r);
    if (!type)
        return -1;
    bool escaped = false;
    const char *from = r->p;
    const char *p = type >= JSON_ARRAY ? skip_container(r, from) : scalar_end(r, from, type, &escaped);
    if (!p)
        return -1;
    size_t quote = type == JSON_STRING;
    *ret_value = (struct json){ type, escaped, { from + quote, (size_t)(p - from) - 2 * quote } };
    r->p = p;
    return 0;
}

int json_skip(struct json_reader *r)
{
    struct json ignored;
    return json_read(r, &ignored);
}

int json_enter(struct json_reader *r, enum json_type array_or_object)
{
    enum json_type type = json_peek(r);
    if (!type)
        return -1;
    if (type != array_or_object) {
        fail(r, r->p, array_or_object == JSON_ARRAY ? "expected an array" : "expected an object");
        return -1;
    }
    const char *p = push(r, r->p);
    if (!p)
        return -1;
    r->p = p;
    r->first = true;
    return 0;
}

/* Before a key or an element: 1 with p behind the comma that was due, 0 with the container closed. */
static inline int step(struct json_reader *r, char opens, char closes, const char *what)
{
    if (r->error)
        return -1;
    if (r->depth == 0 || r->open[r->depth] != opens) {
        fail(r, r->p, "read as the wrong kind of container");
        return -1;
    }
    const char *p = skip_blanks(r->p, r->end);
    if (p < r->end && *p == closes) {
        r->depth--;
        r->first = false;
        r->p = p + 1;
        return 0;
    }
    if (!r->first) {
        if (p == r->end || *p != ',') {
            fail(r, p, what);
            return -1;
        }
        p++;
    }
    r->first = false;
    r->p = p;
    return 1;
}

int json_member(struct json_reader *r, struct str *ret_key)
{
    int more = step(r, '{', '}', "expected ',' or '}'");
    if (more != 1)
        return more;
    const char *p = key_end(r, r->p, ret_key);
    if (!p)
        return -1;
    r->p = p;
    return 1;
}

int json_element(struct json_reader *r)
{
    int more = step(r, '[', ']', "expected ',' or ']'");
    return more == 1 && !json_peek(r) ? -1 : more;
}

int json_close(struct json_reader *r)
{
    if (r->error)
        return -1;
    r->p = skip_blanks(r->p, r->end);
    if (r->p < r->end)
        fail(r, r->p, r->depth ? "closed inside a container" : "something follows the value");
    else if (r->depth)
        fail(r, r->p, "the text ends inside a container");
    return r->error ? -1 : 0;
}

struct str json_where(const struct json_reader *r, struct arena *a)
{
    size_t line = 1, column = 1;
    for (const char *p = r->start; p < r->p; p++) {
        if (*p == '\n')
            line++, column = 1;
        else
            column += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return arena_f(a, "%s at line %zu, column %zu (byte %zu)", r->error ? r->error : "no mistake", line, column,
                   (size_t)(r->p - r->start));
}

bool json_valid(struct str text)
{
    struct json_reader r;
    json_open(&r, text);
    return json_skip(&r) == 0 && json_close(&r) == 0;
}

/* The UTF-16 escape(s) at p, which is behind "\u". Malformed digits answer -1. */
static long escaped_code_point(const char **p, const char *end)
{
    int unit = hex4(*p, end);
    if (unit < 0)
        return -1;
    *p += 4;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    if (unit <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int low = hex4(*p + 2, end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *p += 6;
            return 0x10000 + ((long)(unit - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

/* Decodes into out, which has room for raw.n bytes: no escape is shorter than what it stands for. A backslash
 * that begins no escape stays (json_read lets none through). Returns the number of bytes written. */
static size_t decode(char *out, struct str raw)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char *to_p = out;
    const char *p = raw.p, *end = raw.p + raw.n;
    while (p < end) {
        const char *q = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((q ? q : end) - p);
        memcpy(to_p, p, plain);
        to_p += plain;
        p += plain;
        if (!q)
            break;
        const char *after = p + 2;
        long c = -1;
        if (end - p >= 2 && p[1] == 'u') {
            c = escaped_code_point(&after, end);
        } else if (end - p >= 2 && p[1]) {
            const char *known = strchr(from, p[1]);
            c = known ? to[known - from] : -1;
        }
        if (c < 0) {
            *to_p++ = *p++;
        } else {
            to_p += utf8_encode((uint32_t)c, to_p);
            p = after;
        }
    }
    return (size_t)(to_p - out);
}

struct str json_text(struct json v, struct arena *a)
{
    if (!v.escaped)
        return v.raw;
    char *p = arena_alloc(a, v.raw.n + 1);
    size_t n = decode(p, v.raw);
    p[n] = 0;
    return (struct str){ p, n };
}

void json_unescape(struct buf *out, struct str raw)
{
    char *p = raw.n ? buf_room(out, raw.n) : NULL;
    if (p)
        out->n += decode(p, raw);
}

bool json_key_is(struct str raw_key, const char *name)
{
    if (str_chr(raw_key, '\\') == STR_NONE)
        return str_is(raw_key, name);
    struct buf text = BUF_INIT;
    json_unescape(&text, raw_key);
    bool same = str_is(buf_str(&text), name);
    buf_release(&text);
    return same;
}

bool json_get(struct str object, const char *name, struct json *ret_value)
{
    struct json_reader r;
    struct str key;
    json_open(&r, object);
    if (json_enter(&r, JSON_OBJECT))
        return false;
    while (json_member(&r, &key) == 1) {
        struct json v;
        if (json_read(&r, &v))
            return false;
        if (json_key_is(key, name)) {
            *ret_value = v;
            return true;
        }
    }
    return false;
}

struct str json_get_text(struct str object, const char *name, struct arena *a)
{
    struct json v;
    return json_get(object, name, &v) && v.type == JSON_STRING ? json_text(v, a) : (struct str){ NULL, 0 };
}
