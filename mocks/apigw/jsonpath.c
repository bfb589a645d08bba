/* jsonpath.c - compiling paths, and walking texts and values by them. */
#include "mocks/apigw/jsonpath.h"

#include "base/json.h"

enum { DEEP_LIMIT = 200, FILTER_DEPTH = 20 };

/* ---- compiling ---- */
struct parse {
    struct str text;
    size_t i;
    struct err *e;
};

static int bad(struct parse *p, const char *why)
{
    return err_set(p->e, 500, "PATH_MALFORMED", "%s at character %zu of the JSON path \"" STR_F "\"", why, p->i + 1,
                   STR_A(p->text));
}

static int look(const struct parse *p) { return p->i < p->text.n ? (unsigned char)p->text.p[p->i] : -1; }
static void blanks(struct parse *p)
{
    while (look(p) == ' ')
        p->i++;
}

static int quoted(struct parse *p, struct str *ret)
{
    int quote = look(p);
    size_t from = ++p->i;
    while (look(p) >= 0 && look(p) != quote)
        p->i++;
    if (look(p) < 0)
        return bad(p, "a quote is not closed");
    *ret = (struct str){ p->text.p + from, p->i - from };
    p->i++;
    return 0;
}

static int names(struct parse *p, struct jsonpath_step *s)
{
    s->kind = PATH_NAMES;
    for (;;) {
        if (s->n == JSONPATH_PICKS)
            return bad(p, "too many names");
        if (look(p) != '\'' && look(p) != '"')
            return bad(p, "a quoted name is due");
        if (quoted(p, &s->names[s->n++]))
            return -1;
        blanks(p);
        if (look(p) != ',')
            return 0;
        p->i++;
        blanks(p);
    }
}

static bool integer(struct parse *p, int64_t *ret)
{
    size_t from = p->i;
    if (look(p) == '-')
        p->i++;
    while (look(p) >= '0' && look(p) <= '9')
        p->i++;
    return str_to_i64((struct str){ p->text.p + from, p->i - from }, ret);
}

static int numbers(struct parse *p, struct jsonpath_step *s)
{
    s->kind = PATH_INDEXES;
    int64_t v;
    bool has = integer(p, &v);
    if (look(p) == ':') {
        s->kind = PATH_SLICE;
        s->has_from = has;
        s->from = has ? v : 0;
        p->i++;
        s->has_to = integer(p, &s->to);
        return 0;
    }
    while (has) {
        if (s->n == JSONPATH_PICKS)
            return bad(p, "too many indexes");
        s->indexes[s->n++] = v;
        blanks(p);
        if (look(p) != ',')
            return 0;
        p->i++;
        blanks(p);
        has = integer(p, &v);
    }
    return bad(p, "a name in quotes, an index, * or ?(…) is due");
}

static int filter(struct parse *p, struct jsonpath_step *s)
{
    s->kind = PATH_FILTER;
    p->i++;
    if (look(p) != '(')
        return bad(p, "( is due");
    size_t from = ++p->i;
    int depth = 1, quote = 0;
    for (; look(p) >= 0; p->i++) {
        int c = look(p);
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            break;
    }
    if (look(p) < 0)
        return bad(p, "a filter is not closed");
    s->filter = (struct str){ p->text.p + from, p->i - from };
    p->i++;
    return 0;
}

static int bracket(struct parse *p, struct jsonpath_step *s)
{
    p->i++;
    blanks(p);
    int c = look(p), failed;
    if (c == '\'' || c == '"')
        failed = names(p, s);
    else if (c == '?')
        failed = filter(p, s);
    else if (c == '*') {
        s->kind = PATH_ALL;
        p->i++;
        failed = 0;
    } else
        failed = numbers(p, s);
    if (failed)
        return -1;
    blanks(p);
    if (look(p) != ']')
        return bad(p, "] is due");
    p->i++;
    return 0;
}

static int dotted(struct parse *p, struct jsonpath_step *s)
{
    if (look(p) == '*') {
        s->kind = PATH_ALL;
        p->i++;
        return 0;
    }
    size_t from = p->i;
    while (look(p) >= 0 && look(p) != '.' && look(p) != '[' && look(p) != ' ')
        p->i++;
    struct str name = { p->text.p + from, p->i - from };
    if (!name.n || look(p) == ' ')
        return bad(p, "a name is due");
    s->kind = str_is(name, "length()") ? PATH_LENGTH : PATH_NAMES;
    s->names[0] = name;
    s->n = 1;
    return 0;
}

int jsonpath_compile(struct jsonpath *ret_path, struct str text, struct err *e)
{
    struct parse p = { str_trim(text), 0, e };
    struct jsonpath *path = ret_path;
    path->n = 0;
    path->definite = true;
    bool rooted = look(&p) == '$' || look(&p) == '@';
    p.i += rooted;
    if (!p.text.n)
        return bad(&p, "an empty path");
    if (rooted && look(&p) >= 0 && look(&p) != '.' && look(&p) != '[')
        return bad(&p, "'.' or '[' is due");
    for (bool first = !rooted; look(&p) >= 0; first = false) {
        if (path->n == JSONPATH_STEPS)
            return bad(&p, "too many steps");
        struct jsonpath_step *s = &path->steps[path->n++];
        s->deep = s->has_from = s->has_to = false;
        s->n = 0;
        if (look(&p) == '.' && !first) {
            p.i++;
            if (look(&p) == '.') {
                s->deep = true;
                p.i++;
            }
        }
        if (look(&p) == '[' ? bracket(&p, s) : dotted(&p, s))
            return -1;
        if (s->deep || s->kind == PATH_SLICE || s->kind == PATH_ALL || s->kind == PATH_FILTER ||
            (s->kind == PATH_INDEXES && s->n > 1))
            path->definite = false;
    }
    return 0;
}

/* ---- texts ---- */
static bool key_is(struct str key, struct str name)
{
    if (str_chr(key, '\\') == STR_NONE)
        return str_eq(key, name);
    struct buf b = BUF_INIT;
    json_unescape(&b, key);
    bool same = str_eq(buf_str(&b), name);
    buf_release(&b);
    return same;
}

static struct str whole(struct json v, struct str document)
{
    if (v.type != JSON_STRING)
        return v.raw;
    (void)document;
    return (struct str){ v.raw.p - 1, v.raw.n + 2 }; /* with its quotes */
}

/* Of members of one name the last counts. */
static bool member(struct str object, struct str name, struct str *ret)
{
    struct json_reader r;
    struct str key;
    struct json v;
    bool found = false;
    json_open(&r, object);
    if (json_enter(&r, JSON_OBJECT))
        return false;
    while (json_member(&r, &key) == 1) {
        if (json_read(&r, &v))
            return false;
        if (key_is(key, name)) {
            *ret = whole(v, object);
            found = true;
        }
    }
    return found;
}

static bool element(struct str array, int64_t index, struct str *ret)
{
    struct json_reader r;
    struct json v;
    int64_t n = 0;
    for (int pass = index < 0 ? 0 : 1; pass < 2; pass++) { /* a negative index needs the length first */
        int64_t i = 0;
        json_open(&r, array);
        if (json_enter(&r, JSON_ARRAY))
            return false;
        for (; json_element(&r) == 1; i++) {
            if (json_read(&r, &v))
                return false;
            if (pass == 1 && i == (index < 0 ? index + n : index)) {
                *ret = whole(v, array);
                return true;
            }
        }
        n = i;
    }
    return false;
}

bool jsonpath_text(const struct jsonpath *p, struct str valid_json, struct str *ret_text)
{
    struct str at = str_trim(valid_json);
    for (int i = 0; i < p->n; i++) {
        const struct jsonpath_step *s = &p->steps[i];
        char c = at.n ? at.p[0] : 0;
        if (s->n != 1 || (s->kind != PATH_NAMES && s->kind != PATH_INDEXES))
            return false;
        if (s->kind == PATH_NAMES ? c != '{' || !member(at, s->names[0], &at)
                                  : c != '[' || !element(at, s->indexes[0], &at))
            return false;
    }
    *ret_text = at;
    return true;
}

/* ---- values ---- */
struct walk {
    const struct jsonpath *p;
    struct arena *a;
    struct vtl_value root;
    struct vtl_list *found;
    int depth;
};

static void walk(struct walk *w, int step, struct vtl_value v);
static bool passes(struct walk *w, struct str filter, struct vtl_value at);

static void walk_slice(struct walk *w, int step, const struct vtl_list *l)
{
    const struct jsonpath_step *s = &w->p->steps[step];
    int64_t from = s->has_from ? s->from : 0, to = s->has_to ? s->to : l->n;
    from = from < 0 ? from + l->n : from;
    to = to < 0 ? to + l->n : to;
    for (int64_t i = from < 0 ? 0 : from; i < to && i < l->n; i++)
        walk(w, step + 1, l->v[i]);
}

static void walk_names(struct walk *w, int step, struct vtl_value v)
{
    const struct jsonpath_step *s = &w->p->steps[step];
    if (v.type != VTL_MAP)
        return;
    if (s->n == 1) {
        struct vtl_value *there = vtl_map_get(v.map, s->names[0]);
        if (there)
            walk(w, step + 1, *there);
        return;
    }
    struct vtl_map *some = vtl_map_new(w->a);
    for (int i = 0; i < s->n; i++) {
        struct vtl_value *there = vtl_map_get(v.map, s->names[i]);
        if (there)
            vtl_map_set(w->a, some, vtl_str(s->names[i]), *there);
    }
    walk(w, step + 1, vtl_map(some));
}

static void walk_children(struct walk *w, struct vtl_value v, int step, void (*each)(struct walk *, int, struct vtl_value))
{
    if (v.type == VTL_LIST)
        for (uint32_t i = 0; i < v.list->n; i++)
            each(w, step, v.list->v[i]);
    if (v.type == VTL_MAP)
        for (uint32_t i = 0; i < v.map->n; i++)
            each(w, step, v.map->e[i]->value);
}

static void walk_filtered(struct walk *w, int step, struct vtl_value v)
{
    if (passes(w, w->p->steps[step - 1].filter, v))
        walk(w, step, v);
}

static void here(struct walk *w, int step, struct vtl_value v)
{
    const struct jsonpath_step *s = &w->p->steps[step];
    switch (s->kind) {
    case PATH_NAMES: walk_names(w, step, v); break;
    case PATH_ALL: walk_children(w, v, step + 1, walk); break;
    case PATH_SLICE:
        if (v.type == VTL_LIST)
            walk_slice(w, step, v.list);
        break;
    case PATH_INDEXES:
        for (int i = 0; v.type == VTL_LIST && i < s->n; i++) {
            int64_t at = s->indexes[i] < 0 ? s->indexes[i] + v.list->n : s->indexes[i];
            if (at >= 0 && at < v.list->n)
                walk(w, step + 1, v.list->v[at]);
        }
        break;
    case PATH_FILTER:
        if (v.type == VTL_LIST)
            walk_children(w, v, step + 1, walk_filtered);
        else
            walk_filtered(w, step + 1, v);
        break;
    case PATH_LENGTH:
        if (v.type == VTL_LIST || v.type == VTL_MAP)
            walk(w, step + 1, vtl_int(v.type == VTL_LIST ? v.list->n : v.map->n));
        break;
    }
}

static void deep(struct walk *w, int step, struct vtl_value v)
{
    if (++w->depth < DEEP_LIMIT) {
        here(w, step, v);
        walk_children(w, v, step, deep);
    }
    w->depth--;
}

static void walk(struct walk *w, int step, struct vtl_value v)
{
    if (w->found->n >= 1000000)
        return;
    if (step == w->p->n)
        vtl_list_add(w->a, w->found, v);
    else if (w->p->steps[step].deep)
        deep(w, step, v);
    else
        here(w, step, v);
}

bool jsonpath_value(const struct jsonpath *p, struct arena *a, struct vtl_value root, struct vtl_value *ret_value)
{
    struct walk w = { p, a, root, vtl_list_new(a, 0, VTL_STYLE_JSON), 0 };
    walk(&w, 0, root);
    if (!p->definite) {
        *ret_value = vtl_list(w.found);
        return true;
    }
    if (!w.found->n)
        return false;
    *ret_value = w.found->v[0];
    return true;
}

/* ---- filters: or, and, not, comparison, existence ---- */
struct filter {
    struct walk *w;
    struct vtl_value at;
    struct str s;
    size_t i;
    int depth;
};

static void skip(struct filter *f)
{
    while (f->i < f->s.n && f->s.p[f->i] == ' ')
        f->i++;
}

static bool eat(struct filter *f, const char *z)
{
    skip(f);
    if (!str_starts(str_from(f->s, f->i), str_of(z)))
        return false;
    f->i += strlen(z);
    return true;
}

/* A path from @ or $, or a literal. false: a path that leads nowhere. */
static bool operand(struct filter *f, struct vtl_value *ret)
{
    skip(f);
    size_t from = f->i;
    char c = f->i < f->s.n ? f->s.p[f->i] : 0;
    if (c == '\'' || c == '"') {
        struct parse p = { f->s, f->i, &(struct err){ 0 } };
        struct str s;
        if (quoted(&p, &s))
            return false;
        f->i = p.i;
        *ret = vtl_str(s);
        return true;
    }
    int brackets = 0;
    for (; f->i < f->s.n; f->i++) {
        c = f->s.p[f->i];
        brackets += (c == '[') - (c == ']');
        if (brackets == 0 && c != ']' && strchr(" =!<>&|)", c))
            break;
    }
    struct str word = { f->s.p + from, f->i - from };
    if (word.n && (word.p[0] == '@' || word.p[0] == '$')) {
        struct jsonpath *p = ARENA_NEW(f->w->a, struct jsonpath);
        struct err e;
        return jsonpath_compile(p, word, &e) == 0 && f->depth < FILTER_DEPTH &&
               jsonpath_value(p, f->w->a, word.p[0] == '@' ? f->at : f->w->root, ret);
    }
    return vtl_json_parse(f->w->a, word, ret);
}

static bool holds(struct vtl_value a, const char *op, struct vtl_value b)
{
    bool numbers = vtl_is_number(a) && vtl_is_number(b);
    double x = 0, y = 0;
    if (numbers) {
        struct buf t = BUF_INIT;
        vtl_print(&t, a);
        str_to_double(buf_str(&t), &x);
        buf_reset(&t);
        vtl_print(&t, b);
        str_to_double(buf_str(&t), &y);
        buf_release(&t);
    }
    bool same = numbers ? x == y : vtl_equals(a, b);
    int order = numbers ? (x > y) - (x < y) : a.type == VTL_STRING && b.type == VTL_STRING ? str_cmp(a.s, b.s) : 2;
    if (op[0] == '=')
        return same;
    if (op[0] == '!')
        return !same;
    if (order == 2)
        return false;
    return op[0] == '<' ? (op[1] ? order <= 0 : order < 0) : (op[1] ? order >= 0 : order > 0);
}

static bool any(struct filter *f);

static bool term(struct filter *f)
{
    static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">" };
    struct vtl_value a, b;
    if (++f->depth > FILTER_DEPTH)
        return false;
    if (eat(f, "!")) {
        bool no = !term(f);
        f->depth--;
        return no;
    }
    if (eat(f, "(")) {
        bool inner = any(f);
        eat(f, ")");
        f->depth--;
        return inner;
    }
    bool exists = operand(f, &a);
    f->depth--;
    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        if (eat(f, ops[i])) {
            bool there = operand(f, &b);
            return exists && there ? holds(a, ops[i], b) : ops[i][0] == '!' && exists != there;
        }
    return exists;
}

static bool all(struct filter *f)
{
    bool yes = term(f);
    while (eat(f, "&&"))
        yes = term(f) && yes;
    return yes;
}

static bool any(struct filter *f)
{
    bool yes = all(f);
    while (eat(f, "||"))
        yes = all(f) || yes;
    return yes;
}

static bool passes(struct walk *w, struct str text, struct vtl_value at)
{
    struct filter f = { w, at, text, 0, w->depth };
    return any(&f);
}
