/* vtl_string.c - the methods of java.lang.String.
 *
 * Java counts UTF-16 units, the texts here are UTF-8: `unit_at` and `units` translate. Texts of ASCII alone, the
 * usual case, need no translation. Methods that a JDK newer than 8 added are not there.
 */
#include "base/jregex.h"
#include "base/utf8.h"
#include "mocks/apigw/vtl_ast.h"

#define ARGS struct vtl_run *r, struct vtl_value self, const struct vtl_value *a, uint32_t n
#define UNUSED (void)r, (void)self, (void)a, (void)n

/* ---- UTF-16 positions ---- */
static int64_t units(struct str s) { return (int64_t)utf8_utf16_count(s); }

/* Byte offset of the unit'th UTF-16 unit; STR_NONE behind the end. Within a pair: its beginning. */
static size_t unit_at(struct str s, int64_t unit)
{
    struct str rest = s;
    while (unit > 0 && rest.n) {
        uint32_t c = utf8_next(&rest);
        unit -= c > 0xffff ? 2 : 1;
    }
    return unit > 0 ? STR_NONE : s.n - rest.n;
}

static struct vtl_value out_of_bounds(struct vtl_run *r, int64_t i, struct str s)
{
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "index %lld is out of bounds of a text of %lld characters in the "
                        "mapping template", (long long)i, (long long)units(s));
}

static struct str text(struct vtl_value v) { return v.type == VTL_STRING ? v.s : S(""); }

static struct vtl_value null_argument(struct vtl_run *r)
{
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "a method of a text was called with null in the mapping template");
}

#define NEED(v) if ((v).type == VTL_NULL) return null_argument(r)

/* ---- plain ones ---- */
static struct vtl_value length(ARGS) { UNUSED; return vtl_int(units(self.s)); }
static struct vtl_value is_empty(ARGS) { UNUSED; return vtl_bool(self.s.n == 0); }
static struct vtl_value to_string(ARGS) { UNUSED; return self; }
static struct vtl_value hash_code(ARGS) { UNUSED; return vtl_int(vtl_hash(self)); }
static struct vtl_value equals(ARGS) { UNUSED; return vtl_bool(vtl_equals(self, a[0])); }
static struct vtl_value content_equals(ARGS) { UNUSED; NEED(a[0]); return vtl_bool(str_eq(self.s, a[0].s)); }
static struct vtl_value concat(ARGS)
{
    UNUSED;
    NEED(a[0]);
    if (!vtl_run_memory(r, self.s.n + a[0].s.n))
        return vtl_null();
    char *both = arena_alloc(r->arena, self.s.n + a[0].s.n + 1);
    memcpy(both, self.s.p, self.s.n);
    memcpy(both + self.s.n, a[0].s.p, a[0].s.n);
    return vtl_str((struct str){ both, self.s.n + a[0].s.n });
}
static struct vtl_value value_of(ARGS) { UNUSED; return vtl_str(vtl_text(r->arena, a[0])); }

static uint32_t fold(uint32_t c)
{
    if (c < 128)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    return c >= 0x100 && c <= 0x17f && c != 0x130 && c != 0x131 && c != 0x149 && c != 0x178 && c != 0x17f
               ? (c >= 0x139 && c <= 0x148) || c >= 0x179 ? c + (c & 1) : c | 1 : c;
}

static uint32_t unfold(uint32_t c)
{
    if (c < 128)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    if ((c >= 0xe0 && c <= 0xfe && c != 0xf7) || (c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f))
        return c - 32;
    if (c >= 0x450 && c <= 0x45f)
        return c - 80;
    if (c == 0xff)
        return 0x178;
    return c >= 0x100 && c <= 0x17f && c != 0x130 && c != 0x131 && c != 0x138 && c != 0x149 && c != 0x178 && c != 0x17f
               ? (c >= 0x139 && c <= 0x148) || c >= 0x179 ? c - !(c & 1) : c & ~1u : c;
}

static struct str recased(struct arena *arena, struct str s, uint32_t (*one)(uint32_t), bool upper)
{
    struct buf b = BUF_INIT;
    while (s.n) {
        uint32_t c = utf8_next(&s);
        if (upper && c == 0xdf)
            buf_z(&b, "SS");
        else
            utf8_put(&b, one(c));
    }
    struct str out = arena_dup(arena, buf_str(&b));
    buf_release(&b);
    return out;
}
static struct vtl_value lower(ARGS) { UNUSED; return vtl_str(recased(r->arena, self.s, fold, false)); }
static struct vtl_value upper(ARGS) { UNUSED; return vtl_str(recased(r->arena, self.s, unfold, true)); }

static struct vtl_value equals_nocase(ARGS)
{
    UNUSED;
    return vtl_bool(a[0].type == VTL_STRING && str_eq(recased(r->arena, self.s, fold, false),
                                                      recased(r->arena, a[0].s, fold, false)));
}

/* Java compares units; of code points beyond U+FFFF the order differs, as in Java. */
static int64_t compare(struct str x, struct str y)
{
    struct str whole_x = x, whole_y = y;
    while (x.n && y.n) {
        uint32_t c = utf8_next(&x), d = utf8_next(&y);
        if (c == d)
            continue;
        int64_t u = c > 0xffff ? 0xd800 + ((c - 0x10000) >> 10) : c, v = d > 0xffff ? 0xd800 + ((d - 0x10000) >> 10) : d;
        if (u == v)
            u = (c - 0x10000) & 0x3ff, v = (d - 0x10000) & 0x3ff;
        return u - v;
    }
    return units(whole_x) - units(whole_y);
}
static struct vtl_value compare_to(ARGS)
{
    UNUSED;
    if (a[0].type == VTL_STRING)
        return vtl_int(compare(self.s, a[0].s));
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "compareTo of values of two types in the mapping template");
}
static struct vtl_value compare_nocase(ARGS)
{
    UNUSED;
    NEED(a[0]);
    return vtl_int(compare(recased(r->arena, self.s, fold, false), recased(r->arena, a[0].s, fold, false)));
}

static struct vtl_value trim(ARGS)
{
    UNUSED;
    struct str s = self.s;
    while (s.n && (unsigned char)s.p[0] <= ' ')
        s.p++, s.n--;
    while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    return vtl_str(s);
}

/* ---- searching ---- */
static struct vtl_value contains(ARGS) { UNUSED; NEED(a[0]); return vtl_bool(str_find(self.s, a[0].s) != STR_NONE); }
static struct vtl_value ends(ARGS) { UNUSED; NEED(a[0]); return vtl_bool(str_ends(self.s, a[0].s)); }
static struct vtl_value starts(ARGS)
{
    UNUSED;
    NEED(a[0]);
    size_t from = n > 1 && a[1].i < 0 ? STR_NONE : n > 1 ? unit_at(self.s, a[1].i) : 0;
    return vtl_bool(from != STR_NONE && str_starts(str_from(self.s, from), a[0].s));
}

/* The text sought: itself, or the character of a code. */
static struct str needle(struct vtl_run *r, struct vtl_value v)
{
    if (v.type == VTL_STRING)
        return v.s;
    struct buf b = BUF_INIT;
    utf8_put(&b, (uint32_t)v.i);
    struct str s = arena_dup(r->arena, buf_str(&b));
    buf_release(&b);
    return s;
}

static struct vtl_value index_of(ARGS)
{
    UNUSED;
    NEED(a[0]);
    size_t from = n > 1 && a[1].i > 0 ? unit_at(self.s, a[1].i) : 0;
    struct str sought = needle(r, a[0]);
    if (from == STR_NONE)
        return vtl_int(sought.n ? -1 : units(self.s));
    size_t found = str_find(str_from(self.s, from), sought);
    if (!sought.n)
        found = 0;
    return vtl_int(found == STR_NONE ? -1 : units(str_head(self.s, from + found)));
}

static struct vtl_value last_index_of(ARGS)
{
    UNUSED;
    NEED(a[0]);
    struct str sought = needle(r, a[0]);
    size_t last = n > 1 ? (a[1].i < 0 ? STR_NONE : unit_at(self.s, a[1].i)) : self.s.n;
    if (n > 1 && a[1].i < 0)
        return vtl_int(-1);
    last = last == STR_NONE ? self.s.n : last;
    for (size_t i = last + 1; i-- > 0;)
        if (str_starts(str_from(self.s, i), sought) && i <= self.s.n)
            return vtl_int(units(str_head(self.s, i)));
    return vtl_int(-1);
}

/* ---- cutting ---- */
static struct vtl_value substring(ARGS)
{
    UNUSED;
    int64_t all = units(self.s), from = a[0].i, to = n > 1 ? a[1].i : all;
    if (from < 0 || to > all || from > to)
        return out_of_bounds(r, from < 0 || from > all ? from : to, self.s);
    size_t begin = unit_at(self.s, from), end = unit_at(self.s, to);
    return vtl_str((struct str){ self.s.p + begin, end - begin });
}
static struct vtl_value char_at(ARGS)
{
    UNUSED;
    if (a[0].i < 0 || a[0].i >= units(self.s))
        return out_of_bounds(r, a[0].i, self.s);
    struct str rest = str_from(self.s, unit_at(self.s, a[0].i)), here = rest;
    utf8_next(&rest);
    return vtl_str(str_head(here, here.n - rest.n));
}
static struct vtl_value code_point_at(ARGS)
{
    UNUSED;
    if (a[0].i < 0 || a[0].i >= units(self.s))
        return out_of_bounds(r, a[0].i, self.s);
    struct str rest = str_from(self.s, unit_at(self.s, a[0].i));
    return vtl_int(utf8_next(&rest));
}
static struct vtl_value to_char_array(ARGS)
{
    UNUSED;
    if (!vtl_run_memory(r, self.s.n * sizeof(struct vtl_value)))
        return vtl_null();
    struct vtl_list *l = vtl_list_new(r->arena, (uint32_t)self.s.n, VTL_STYLE_ARRAY);
    for (struct str rest = self.s; rest.n;) {
        struct str here = rest;
        utf8_next(&rest);
        vtl_list_add(r->arena, l, vtl_str(str_head(here, here.n - rest.n)));
    }
    return vtl_list(l);
}

/* ---- replacing and regular expressions ---- */
static struct vtl_value replace(ARGS)
{
    UNUSED;
    NEED(a[0]);
    NEED(a[1]);
    struct str from = a[0].s, to = a[1].s, rest = self.s;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    if (!from.n) { /* between all characters */
        buf_str_add(&b, to);
        while (rest.n) {
            struct str here = rest;
            utf8_next(&rest);
            buf_add(&b, here.p, here.n - rest.n);
            buf_str_add(&b, to);
        }
    }
    for (size_t at; from.n && (at = str_find(rest, from)) != STR_NONE; rest = str_from(rest, at + from.n)) {
        buf_add(&b, rest.p, at);
        buf_str_add(&b, to);
    }
    if (from.n)
        buf_str_add(&b, rest);
    struct str out = vtl_run_memory(r, b.n) ? arena_dup(r->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return vtl_str(out);
}

static struct jregex *compile(struct vtl_run *r, struct vtl_value pattern)
{
    struct err e;
    struct jregex *x = jregex_compile(r->arena, text(pattern), &e);
    if (!x)
        vtl_run_fail(r, 500, "TEMPLATE_FAILED", "%s (in the mapping template)", e.message);
    return x;
}

static bool exhausted(struct vtl_run *r, const struct jregex_match *m)
{
    if (m->exhausted)
        vtl_run_fail(r, 500, "TEMPLATE_ENDLESS", "a regular expression of the mapping template takes too many steps");
    return m->exhausted;
}

static struct vtl_value matches(ARGS)
{
    UNUSED;
    NEED(a[0]);
    struct jregex_match m;
    struct jregex *x = compile(r, a[0]);
    bool yes = x && jregex_matches(x, self.s, &m);
    return !x || exhausted(r, &m) ? vtl_null() : vtl_bool(yes);
}

static bool put_group(struct vtl_run *r, struct buf *out, const struct jregex *x, const struct jregex_match *m, int g,
                      struct str subject)
{
    if (g < 0 || g > jregex_groups(x)) {
        vtl_run_fail(r, 500, "TEMPLATE_FAILED", "the replacement names a group that the pattern has not (in the "
                     "mapping template)");
        return false;
    }
    if (m->from[g] != STR_NONE)
        buf_add(out, subject.p + m->from[g], m->to[g] - m->from[g]);
    return true;
}

/* "$1", "${name}" and "\x" in a replacement. */
static bool put_replacement(struct vtl_run *r, struct buf *out, const struct jregex *x, const struct jregex_match *m,
                            struct str with, struct str subject)
{
    for (size_t i = 0; i < with.n; i++) {
        char c = with.p[i];
        if ((c == '\\' || c == '$') && i + 1 == with.n) {
            vtl_run_fail(r, 500, "TEMPLATE_FAILED", "a replacement ends in %c (in the mapping template)", c);
            return false;
        }
        if (c == '\\') {
            buf_c(out, with.p[++i]);
        } else if (c == '$' && with.p[i + 1] == '{') {
            struct str name = str_from(with, i + 2);
            size_t end = str_chr(name, '}');
            if (!put_group(r, out, x, m, end == STR_NONE ? -1 : jregex_group(x, str_head(name, end)), subject))
                return false;
            i += end + 2;
        } else if (c == '$') {
            int g = with.p[++i] - '0';
            if (g < 0 || g > 9)
                g = -1;
            while (g >= 0 && i + 1 < with.n && with.p[i + 1] >= '0' && with.p[i + 1] <= '9' &&
                   g * 10 + with.p[i + 1] - '0' <= jregex_groups(x))
                g = g * 10 + with.p[++i] - '0';
            if (!put_group(r, out, x, m, g, subject))
                return false;
        } else {
            buf_c(out, c);
        }
    }
    return true;
}

static struct vtl_value replace_matches(struct vtl_run *r, struct str s, const struct vtl_value *a, bool all)
{
    struct jregex_match m;
    struct jregex *x = compile(r, a[0]);
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    size_t at = 0, copied = 0;
    while (x && jregex_find(x, s, at, &m)) {
        buf_add(&b, s.p + copied, m.from[0] - copied);
        if (!put_replacement(r, &b, x, &m, text(a[1]), s))
            break;
        copied = m.to[0];
        at = m.to[0] > m.from[0] ? m.to[0] : m.to[0] + 1;
        if (!all || at > s.n)
            break;
    }
    if (copied < s.n)
        buf_add(&b, s.p + copied, s.n - copied);
    bool ok = x && !exhausted(r, &m) && vtl_run_memory(r, b.n);
    struct str out = ok ? arena_dup(r->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return vtl_str(out);
}
static struct vtl_value replace_all(ARGS)
{
    UNUSED;
    NEED(a[0]);
    NEED(a[1]);
    return replace_matches(r, self.s, a, true);
}
static struct vtl_value replace_first(ARGS)
{
    UNUSED;
    NEED(a[0]);
    NEED(a[1]);
    return replace_matches(r, self.s, a, false);
}

/* String.split: no empty piece for an empty match at the beginning; trailing empty ones dropped when limit is 0. */
static struct vtl_value split(ARGS)
{
    UNUSED;
    NEED(a[0]);
    int64_t limit = n > 1 ? a[1].i : 0;
    struct jregex_match m;
    struct jregex *x = compile(r, a[0]);
    if (!x || !vtl_run_memory(r, (self.s.n + 1) * sizeof(struct vtl_value)))
        return vtl_null();
    struct vtl_list *l = vtl_list_new(r->arena, 0, VTL_STYLE_ARRAY);
    size_t piece = 0, at = 0;
    bool found = false;
    while (at <= self.s.n && (limit <= 0 || l->n + 1 < limit) && jregex_find(x, self.s, at, &m)) {
        at = m.to[0] > m.from[0] ? m.to[0] : m.to[0] + 1;
        if (m.to[0] == 0 || (m.to[0] == m.from[0] && m.from[0] >= self.s.n))
            continue;
        found = true;
        vtl_list_add(r->arena, l, vtl_str((struct str){ self.s.p + piece, m.from[0] - piece }));
        piece = m.to[0];
    }
    if (exhausted(r, &m))
        return vtl_null();
    vtl_list_add(r->arena, l, vtl_str(str_from(self.s, piece)));
    while (found && limit == 0 && l->n && l->v[l->n - 1].s.n == 0)
        l->n--;
    return vtl_list(l);
}

/* String.format with %s %d %f %x %c %b %n %% and width, precision, - and 0. */
static struct vtl_value format(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    struct str f = text(a[0]);
    uint32_t next = 1;
    for (size_t i = 0; i < f.n; i++) {
        if (f.p[i] != '%' || i + 1 >= f.n) {
            buf_c(&b, f.p[i]);
            continue;
        }
        bool left = false, zero = false;
        int width = 0, precision = -1;
        for (i++; i < f.n && (f.p[i] == '-' || f.p[i] == '0'); i++)
            left |= f.p[i] == '-', zero |= f.p[i] == '0';
        for (; i < f.n && f.p[i] >= '0' && f.p[i] <= '9' && width < 1000; i++)
            width = width * 10 + f.p[i] - '0';
        if (i < f.n && f.p[i] == '.')
            for (i++, precision = 0; i < f.n && f.p[i] >= '0' && f.p[i] <= '9' && precision < 100; i++)
                precision = precision * 10 + f.p[i] - '0';
        char c = i < f.n ? f.p[i] : 0;
        if (c == '%' || c == 'n') {
            buf_c(&b, c == 'n' ? '\n' : '%');
            continue;
        }
        struct vtl_value v = next < n ? a[next] : vtl_null();
        struct str piece;
        if (next++ >= n || !strchr("sdfxcb", c) || (c == 'd' && !vtl_is_integer(v)) || (c == 'f' && v.type != VTL_DOUBLE) ||
            (c == 'x' && !vtl_is_integer(v))) {
            buf_release(&b);
            return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "format: the arguments do not fit \"" STR_F "\" (in the "
                                "mapping template)", STR_A(f));
        }
        piece = c == 'f' ? arena_f(r->arena, "%.*f", precision < 0 ? 6 : precision, v.d)
              : c == 'x' ? arena_f(r->arena, "%llx", (unsigned long long)v.i) : vtl_text(r->arena, v);
        int64_t pad = width - units(piece);
        for (; !left && pad > 0; pad--)
            buf_c(&b, zero ? '0' : ' ');
        buf_str_add(&b, c == 's' && precision >= 0 ? str_head(piece, (size_t)precision) : piece);
        for (; left && pad > 0; pad--)
            buf_c(&b, ' ');
    }
    struct str out = vtl_run_memory(r, b.n) ? arena_dup(r->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return vtl_str(out);
}

static struct vtl_value join(ARGS)
{
    UNUSED;
    NEED(a[0]);
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    for (uint32_t i = 0; a[1].type == VTL_LIST && i < a[1].list->n; i++) {
        if (i)
            buf_str_add(&b, a[0].s);
        vtl_print(&b, a[1].list->v[i]);
    }
    struct str out = vtl_run_memory(r, b.n) ? arena_dup(r->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return vtl_str(out);
}

const struct vtl_method vtl_string_methods[] = {
    { "length", "", length },           { "isEmpty", "", is_empty },           { "toString", "", to_string },
    { "intern", "", to_string },        { "hashCode", "", hash_code },         { "equals", "o", equals },
    { "equalsIgnoreCase", "s", equals_nocase }, { "contentEquals", "s", content_equals },
    { "compareTo", "o", compare_to },   { "compareToIgnoreCase", "s", compare_nocase },
    { "concat", "s", concat },          { "contains", "s", contains },         { "startsWith", "s", starts },
    { "startsWith", "si", starts },     { "endsWith", "s", ends },             { "indexOf", "s", index_of },
    { "indexOf", "i", index_of },       { "indexOf", "si", index_of },         { "indexOf", "ii", index_of },
    { "lastIndexOf", "s", last_index_of }, { "lastIndexOf", "i", last_index_of },
    { "lastIndexOf", "si", last_index_of }, { "lastIndexOf", "ii", last_index_of },
    { "substring", "i", substring },    { "substring", "ii", substring },      { "subSequence", "ii", substring },
    { "charAt", "i", char_at },         { "codePointAt", "i", code_point_at }, { "toCharArray", "", to_char_array },
    { "toLowerCase", "", lower },       { "toUpperCase", "", upper },          { "trim", "", trim },
    { "replace", "ss", replace },       { "replaceAll", "ss", replace_all },   { "replaceFirst", "ss", replace_first },
    { "matches", "s", matches },        { "split", "s", split },               { "split", "si", split },
    { "valueOf", "o", value_of },       { "join", "sc", join },                { "format", "*", format },
    { 0 },
};
