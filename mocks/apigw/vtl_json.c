/* vtl_json.c - JSON documents as json-smart reads and writes them.
 *
 * vtl_json_parse    permissive: 'quotes', bare words, trailing commas, text behind the document is ignored
 * vtl_json_print    of values; JSONArray.toString escapes "/" and U+2000-20FF, JsonPath's toJson escapes neither "/"
 * vtl_json_normal   of a strict text, without values in between: the hot path of $input.json
 *
 * json-smart 2.2 (MODE_PERMISSIVE, JSONStyle, JSONValue.escape) was run to see what it does.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "mocks/apigw/vtl_ast.h"

enum { DEPTH = 200 };

struct doc {
    const char *p, *end;
    struct arena *a;
    int depth;
};

static void blanks(struct doc *d)
{
    while (d->p < d->end && strchr(" \t\r\n", *d->p) && *d->p)
        d->p++;
}

/* ---- reading ---- */
static bool parse_value(struct doc *d, struct vtl_value *ret, const char *stops);

static int hex(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i], low = (char)(c | 32);
        if (c >= '0' && c <= '9')
            v = v * 16 + c - '0';
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + low - 'a' + 10;
        else
            return -1;
    }
    return v;
}

/* \uXXXX at p (behind the u); a pair of surrogates is one character. */
static bool unicode_escape(struct doc *d, struct buf *out)
{
    int v = hex(d->p, d->end);
    if (v < 0)
        return false;
    d->p += 4;
    if (v >= 0xd800 && v < 0xdc00 && d->end - d->p >= 6 && d->p[0] == '\\' && d->p[1] == 'u') {
        int low = hex(d->p + 2, d->end);
        if (low >= 0xdc00 && low < 0xe000) {
            d->p += 6;
            utf8_put(out, 0x10000u + ((uint32_t)(v - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
            return true;
        }
    }
    utf8_put(out, v >= 0xd800 && v < 0xe000 ? 0xfffd : (uint32_t)v);
    return true;
}

static bool escape_into(struct doc *d, struct buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (d->p >= d->end)
        return false;
    char c = *d->p++;
    if (c == 'u')
        return unicode_escape(d, out);
    const char *known = memchr(from, c, 5);
    buf_c(out, known ? to[known - from] : c);
    return true;
}

static bool parse_string(struct doc *d, struct str *ret)
{
    char quote = *d->p++;
    const char *start = d->p;
    while (d->p < d->end && *d->p != quote && *d->p != '\\')
        d->p++;
    if (d->p < d->end && *d->p == quote) {
        *ret = (struct str){ start, (size_t)(d->p++ - start) };
        return true;
    }
    struct buf b = BUF_INIT;
    buf_add(&b, start, (size_t)(d->p - start));
    bool ok = false;
    while (d->p < d->end) {
        char c = *d->p++;
        if ((ok = c == quote))
            break;
        if (c != '\\')
            buf_c(&b, c);
        else if (!escape_into(d, &b))
            break;
    }
    *ret = arena_dup(d->a, buf_str(&b));
    buf_release(&b);
    return ok;
}

static bool is_number_text(struct str s, bool *ret_whole)
{
    size_t i = s.n && s.p[0] == '-';
    bool whole = true, digits = false;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9')
            digits = true;
        else if (c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-')
            whole = false;
        else
            return false;
    }
    *ret_whole = whole;
    return digits;
}

/* Integer, Long, BigInteger; Double, and BigDecimal when the text has more than 18 characters. */
static struct vtl_value number(struct arena *a, struct str s, bool whole)
{
    int64_t i;
    double d;
    if (whole && str_to_i64(s, &i))
        return vtl_integer(i);
    if (whole)
        return (struct vtl_value){ VTL_BIGINT, { .s = arena_dup(a, s) } };
    if (s.n > 18)
        return (struct vtl_value){ VTL_DECIMAL, { .s = arena_dup(a, s) } };
    if (str_to_double(s, &d))
        return vtl_double(d);
    return vtl_str(s);
}

static bool parse_bare(struct doc *d, struct vtl_value *ret, const char *stops)
{
    const char *start = d->p;
    while (d->p < d->end && !(*d->p && strchr(stops, *d->p)))
        d->p++;
    struct str s = str_trim((struct str){ start, (size_t)(d->p - start) });
    bool whole;
    if (str_is(s, "true") || str_is(s, "false"))
        *ret = vtl_bool(s.p[0] == 't');
    else if (str_is(s, "null"))
        *ret = vtl_null();
    else if (is_number_text(s, &whole))
        *ret = number(d->a, s, whole);
    else
        *ret = vtl_str(s);
    return true;
}

static bool parse_array(struct doc *d, struct vtl_value *ret)
{
    struct vtl_list *l = vtl_list_new(d->a, 0, VTL_STYLE_JSON);
    *ret = vtl_list(l);
    d->p++;
    for (;;) {
        blanks(d);
        if (d->p >= d->end)
            return false;
        if (*d->p == ']') {
            d->p++;
            return true;
        }
        if (*d->p == ',') {
            d->p++;
            continue;
        }
        if (*d->p == '}' || *d->p == ':')
            return false;
        struct vtl_value v;
        if (!parse_value(d, &v, ",]"))
            return false;
        vtl_list_add(d->a, l, v);
        blanks(d);
        if (d->p < d->end && *d->p != ',' && *d->p != ']')
            return false;
    }
}

static bool parse_key(struct doc *d, struct str *ret)
{
    if (*d->p == '"' || *d->p == '\'')
        return parse_string(d, ret);
    const char *start = d->p;
    while (d->p < d->end && *d->p != ':' && *d->p != '}' && *d->p != ',')
        d->p++;
    *ret = str_trim((struct str){ start, (size_t)(d->p - start) });
    return true;
}

static bool parse_object(struct doc *d, struct vtl_value *ret)
{
    struct vtl_map *m = vtl_map_new(d->a);
    *ret = vtl_map(m);
    d->p++;
    for (;;) {
        blanks(d);
        if (d->p >= d->end)
            return false;
        if (*d->p == '}') {
            d->p++;
            return true;
        }
        if (*d->p == ',') {
            d->p++;
            continue;
        }
        if (strchr("{[]:", *d->p))
            return false;
        struct str key;
        struct vtl_value v;
        if (!parse_key(d, &key))
            return false;
        blanks(d);
        if (d->p >= d->end || *d->p++ != ':')
            return false;
        if (!parse_value(d, &v, ",}"))
            return false;
        vtl_map_set(d->a, m, vtl_str(key), v);
        blanks(d);
        if (d->p < d->end && *d->p != ',' && *d->p != '}')
            return false;
    }
}

static bool parse_value(struct doc *d, struct vtl_value *ret, const char *stops)
{
    if (++d->depth > DEPTH)
        return false;
    blanks(d);
    bool ok = true;
    if (d->p >= d->end) {
        *ret = vtl_str(S(""));
    } else if (*d->p == '{') {
        ok = parse_object(d, ret);
    } else if (*d->p == '[') {
        ok = parse_array(d, ret);
    } else if (*d->p == '"' || *d->p == '\'') {
        struct str s;
        ok = parse_string(d, &s);
        *ret = vtl_str(s);
    } else {
        ok = parse_bare(d, ret, stops);
    }
    d->depth--;
    return ok;
}

bool vtl_json_parse(struct arena *a, struct str text, struct vtl_value *ret_value)
{
    struct doc d = { text.p, text.p + text.n, a, 0 };
    struct vtl_value v;
    if (!parse_value(&d, &v, ""))
        return false;
    *ret_value = v;
    return true;
}

struct vtl_value vtl_json_value(struct arena *a, struct str valid_json)
{
    struct vtl_value v;
    return vtl_json_parse(a, valid_json, &v) ? v : vtl_null();
}

/* ---- writing ---- */
static void put_text(struct buf *out, struct str s, enum vtl_json_style style)
{
    buf_c(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char *two = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\b' ? "\\b" : c == '\f' ? "\\f" :
                          c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" :
                          c == '/' && style == VTL_JSON_ARRAY_TEXT ? "\\/" : NULL;
        struct str rest = str_from(s, i);
        uint32_t code = c;
        if (two) {
            buf_z(out, two);
            continue;
        }
        if (c >= 0x20 && c < 0x7f) {
            buf_c(out, (char)c);
            continue;
        }
        if (c >= 0x80)
            code = utf8_next(&rest);
        bool escape = code < 0x20 || (style == VTL_JSON_ARRAY_TEXT && ((code >= 0x7f && code <= 0x9f) ||
                                                                       (code >= 0x2000 && code <= 0x20ff)));
        size_t used = c >= 0x80 ? s.n - i - rest.n : 1;
        if (escape)
            buf_f(out, "\\u%04X", code);
        else
            buf_add(out, s.p + i, used);
        i += used - 1;
    }
    buf_c(out, '"');
}

static bool print_at(struct buf *out, struct vtl_value v, enum vtl_json_style style, int depth)
{
    if (depth > DEPTH || out->full)
        return false;
    switch (v.type) {
    case VTL_LIST:
        buf_c(out, '[');
        for (uint32_t i = 0; i < v.list->n; i++) {
            if (i)
                buf_c(out, ',');
            if (!print_at(out, v.list->v[i], style, depth + 1))
                return false;
        }
        buf_c(out, ']');
        return true;
    case VTL_MAP:
        buf_c(out, '{');
        for (uint32_t i = 0; i < v.map->n; i++) {
            if (i)
                buf_c(out, ',');
            struct buf key = BUF_INIT;
            vtl_print(&key, v.map->e[i]->key);
            put_text(out, buf_str(&key), style);
            buf_release(&key);
            buf_c(out, ':');
            if (!print_at(out, v.map->e[i]->value, style, depth + 1))
                return false;
        }
        buf_c(out, '}');
        return true;
    case VTL_STRING:
        put_text(out, v.s, style);
        return true;
    case VTL_NULL: case VTL_BOOL: case VTL_INT: case VTL_LONG: case VTL_DOUBLE: case VTL_BIGINT: case VTL_DECIMAL:
        return vtl_print(out, v);
    default: {
        struct buf text = BUF_INIT;
        vtl_print(&text, v);
        put_text(out, buf_str(&text), style);
        buf_release(&text);
        return true;
    }
    }
}

bool vtl_json_print(struct buf *out, struct vtl_value v, enum vtl_json_style style)
{
    return print_at(out, v, style, 0);
}

/* A quoted text without escapes is copied; one with them is decoded and written again. */
static const char *normal_text(struct buf *out, const char *p, const char *end, struct buf *scratch)
{
    const char *start = p++;
    bool escaped = false;
    for (; p < end && *p != '"'; p++)
        if (*p == '\\') {
            escaped = true;
            p++;
        }
    p = p < end ? p + 1 : end;
    if (!escaped) {
        buf_add(out, start, (size_t)(p - start));
        return p;
    }
    buf_reset(scratch);
    json_unescape(scratch, (struct str){ start + 1, (size_t)(p - start - 2) });
    put_text(out, buf_str(scratch), VTL_JSON_COMPACT);
    return p;
}

void vtl_json_normal(struct buf *out, struct str valid_json)
{
    struct buf scratch = BUF_INIT;
    const char *p = valid_json.p, *end = p + valid_json.n;
    if (str_chr(valid_json, '\\') == STR_NONE) {
        json_compact(out, valid_json);
        return;
    }
    while (p < end) {
        if (*p == '"') {
            p = normal_text(out, p, end, &scratch);
        } else if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            p++;
        } else {
            const char *start = p;
            while (p < end && *p != '"' && *p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
                p++;
            buf_add(out, start, (size_t)(p - start));
        }
    }
    buf_release(&scratch);
}
