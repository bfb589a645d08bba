#include "pipeline/clean/doc.h"

#include <stdio.h>

#include "base/buf.h"

/* ---- parsing ---- */

struct parsing {
    struct arena *a;
    const struct doc *doc;
    struct json_reader r;
    struct err *e;
};

static size_t doc_here(const struct parsing *p)
{
    const char *q = p->r.p;
    while (q < p->r.end && strchr(" \t\r\n:,", *q) && *q)
        q++;
    return (size_t)(q - p->doc->bytes.p);
}

static struct str doc_decoded(struct parsing *p, struct str raw)
{
    struct json v = { .type = JSON_STRING, .escaped = str_chr(raw, '\\') != STR_NONE, .raw = raw };
    return json_text(v, p->a);
}

static struct node *doc_value(struct parsing *p, const struct node *parent);

static void doc_add(struct node *parent, struct node ***tail, struct node *child)
{
    **tail = child;
    *tail = &child->next;
    parent->n++;
}

static bool doc_members(struct parsing *p, struct node *n)
{
    struct node **tail = &n->child;
    struct str key;
    int more;
    if (json_enter(&p->r, JSON_OBJECT))
        return false;
    while ((more = json_member(&p->r, &key)) == 1) {
        struct str name = doc_decoded(p, key);
        for (const struct node *c = n->child; c; c = c->next)
            if (str_eq(c->key, name)) {
                struct node at = { .doc = p->doc, .at = (size_t)(key.p - p->doc->bytes.p) - 1, .parent = n };
                doc_fail(&at, p->e, "the key \"" STR_F "\" is there twice", STR_A(name));
                return false;
            }
        struct node *child = doc_value(p, n);
        if (!child)
            return false;
        child->key = name;
        child->key_at = (size_t)(key.p - p->doc->bytes.p) - 1;
        doc_add(n, &tail, child);
    }
    return more == 0;
}

static bool doc_elements(struct parsing *p, struct node *n)
{
    struct node **tail = &n->child;
    int more;
    if (json_enter(&p->r, JSON_ARRAY))
        return false;
    while ((more = json_element(&p->r)) == 1) {
        struct node *child = doc_value(p, n);
        if (!child)
            return false;
        doc_add(n, &tail, child);
    }
    return more == 0;
}

static struct node *doc_value(struct parsing *p, const struct node *parent)
{
    struct node *n = ARENA_NEW(p->a, struct node);
    struct json v;
    n->doc = p->doc;
    n->parent = parent;
    n->at = doc_here(p);
    n->type = json_peek(&p->r);
    if (n->type == JSON_OBJECT)
        return doc_members(p, n) ? n : NULL;
    if (n->type == JSON_ARRAY)
        return doc_elements(p, n) ? n : NULL;
    if (json_read(&p->r, &v))
        return NULL;
    n->text = v.type == JSON_STRING ? json_text(v, p->a) : v.raw;
    return n;
}

struct node *doc_parse(struct arena *a, struct str path, struct str bytes, struct err *e)
{
    struct doc *doc = ARENA_NEW(a, struct doc);
    struct parsing p = { .a = a, .doc = doc, .e = e };
    *doc = (struct doc){ path, bytes };
    e->code[0] = 0;
    json_open(&p.r, bytes);
    struct node *root = doc_value(&p, NULL);
    if (root && json_close(&p.r) == 0)
        return root;
    if (!e->code[0]) {
        size_t at = (size_t)(p.r.p - bytes.p);
        struct node here = { .doc = doc, .at = at < bytes.n ? at : bytes.n };
        doc_fail(&here, e, "not JSON: " STR_F, STR_A(str_of(p.r.error ? p.r.error : "text goes on behind the value")));
    }
    return NULL;
}

/* ---- switches ---- */

static const struct node *doc_switch_value(const struct node *n, const struct node *switches, struct err *e)
{
    const struct node *name = n->child, *value;
    if (name->type != JSON_STRING || n->n != 1) {
        doc_fail(n, e, "a switch is written {\"switch\": \"NAME\"} and nothing else");
        return NULL;
    }
    for (value = switches->child; value; value = value->next)
        if (str_eq(value->key, name->text))
            return value;
    struct str known[64];
    size_t k = 0;
    for (value = switches->child; value && k < 64; value = value->next)
        known[k++] = value->key;
    doc_unknown(name, e, "switch", name->text, known, k);
    return NULL;
}

/* Puts what the switch stands for in place of *link and returns the link to go on with. */
static struct node **doc_replace(struct arena *a, struct node **link, const struct node *value, struct node *parent)
{
    struct node *old = *link;
    if (value->type == JSON_NULL) {
        *link = old->next;
        parent->n--;
        return link;
    }
    if (value->type == JSON_ARRAY && parent->type == JSON_ARRAY) {
        parent->n += value->n - 1;
        for (const struct node *c = value->child; c; c = c->next) {
            struct node *copy = ARENA_NEW(a, struct node);
            *copy = *c;
            copy->stands_in = c;
            *link = copy;
            link = &copy->next;
        }
        *link = old->next;
        return link;
    }
    struct node *copy = ARENA_NEW(a, struct node);
    *copy = *value;
    copy->stands_in = value;
    copy->key = old->key;
    copy->next = old->next;
    *link = copy;
    return &copy->next;
}

int doc_switch(struct arena *a, struct node *root, const struct node *switches, struct err *e)
{
    for (struct node **link = &root->child; *link;) {
        struct node *c = *link;
        if (c->type == JSON_OBJECT && c->child && str_is(c->child->key, "switch")) {
            const struct node *value = doc_switch_value(c, switches, e);
            if (!value)
                return -1;
            link = doc_replace(a, link, value, root);
            continue;
        }
        if (doc_switch(a, c, switches, e))
            return -1;
        link = &c->next;
    }
    return 0;
}

/* ---- complaints ---- */

static void doc_field(struct buf *out, const struct node *n)
{
    if (!n || !n->parent)
        return;
    doc_field(out, n->parent);
    if (n->key.p) {
        if (out->n)
            buf_c(out, '.');
        buf_str_add(out, n->key);
    } else if (n->parent->type == JSON_ARRAY) {
        size_t i = 0;
        for (const struct node *c = n->parent->child; c && c->at != n->at; c = c->next)
            i++;
        buf_f(out, "[%zu]", i);
    }
}

int doc_fail(const struct node *at, struct err *e, const char *fmt, ...)
{
    struct buf field = BUF_MAX(300), text = BUF_MAX(1500);
    size_t line = 1, column = 1;
    va_list ap;
    at = at->stands_in ? at->stands_in : at;
    for (size_t i = 0; i < at->at; i++) {
        bool newline = at->doc->bytes.p[i] == '\n';
        line += newline;
        column = newline ? 1 : column + 1;
    }
    doc_field(&field, at);
    va_start(ap, fmt);
    buf_vf(&text, fmt, ap);
    va_end(ap);
    err_set(e, 0, "RULES_MALFORMED", STR_F ":%zu:%zu: " STR_F "%s" STR_F, STR_A(at->doc->path), line, column,
            STR_A(buf_str(&field)), field.n ? ": " : "", STR_A(buf_str(&text)));
    buf_release(&field);
    buf_release(&text);
    return -1;
}

/* Edit distance of short words, bounded: 9 when either is long. */
static size_t doc_distance(struct str a, struct str b)
{
    enum { MAX = 40 };
    size_t row[MAX + 1];
    if (a.n > MAX || b.n > MAX)
        return 9;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t cost = diagonal + ((a.p[i - 1] | 32) != (b.p[j - 1] | 32));
            diagonal = row[j];
            size_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = cost < gap ? cost : gap;
        }
    }
    return row[b.n];
}

const struct str *doc_nearest(struct str word, const struct str *known, size_t n_known)
{
    const struct str *best = NULL;
    size_t best_distance = word.n < 3 ? word.n : word.n / 3 + 2;
    for (size_t i = 0; i < n_known; i++) {
        bool begins = known[i].n > 2 && word.n > 2 && (str_starts(word, known[i]) || str_starts(known[i], word));
        size_t d = begins ? 1 : doc_distance(word, known[i]);
        if (d < best_distance)
            best_distance = d, best = &known[i];
    }
    return best;
}

int doc_unknown(const struct node *at, struct err *e, const char *what, struct str word, const struct str *known,
                size_t n_known)
{
    const struct str *near = doc_nearest(word, known, n_known);
    struct buf list = BUF_MAX(1000);
    for (size_t i = 0; i < n_known; i++) {
        buf_z(&list, i ? ", " : "");
        buf_str_add(&list, known[i]);
    }
    if (near)
        doc_fail(at, e, "unknown %s \"" STR_F "\"; did you mean \"" STR_F "\"? Known are: " STR_F, what, STR_A(word),
                 STR_A(*near), STR_A(buf_str(&list)));
    else
        doc_fail(at, e, "unknown %s \"" STR_F "\"; known are: " STR_F, what, STR_A(word), STR_A(buf_str(&list)));
    buf_release(&list);
    return -1;
}

int doc_keys(const struct node *object, const char *const *allowed, struct err *e)
{
    struct str known[32];
    size_t k = 0;
    if (doc_want(object, JSON_OBJECT, e))
        return -1;
    while (allowed[k] && k < 32)
        known[k] = str_of(allowed[k]), k++;
    for (const struct node *c = object->child; c; c = c->next) {
        bool found = false;
        for (size_t i = 0; i < k && !found; i++)
            found = str_eq(known[i], c->key);
        if (!found) {
            struct node at = *c;
            at.at = c->key_at;
            return doc_unknown(&at, e, "word", c->key, known, k);
        }
    }
    return 0;
}

/* ---- reading nodes ---- */

static const char *const TYPE_NAMES[] = { [JSON_NULL] = "null",      [JSON_FALSE] = "false", [JSON_TRUE] = "true",
                                          [JSON_NUMBER] = "a number", [JSON_STRING] = "a text",
                                          [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object" };

const struct node *doc_get(const struct node *object, const char *name)
{
    for (const struct node *c = object->child; c && object->type == JSON_OBJECT; c = c->next)
        if (str_is(c->key, name))
            return c;
    return NULL;
}

int doc_want(const struct node *n, enum json_type type, struct err *e)
{
    if (n->type != type)
        return doc_fail(n, e, "must be %s, not %s", TYPE_NAMES[type], TYPE_NAMES[n->type]);
    return 0;
}

int doc_integer(const struct node *n, int64_t *ret_value, struct err *e)
{
    if (n->type != JSON_NUMBER || !str_to_i64(n->text, ret_value))
        return doc_fail(n, e, "must be a whole number");
    return 0;
}

int doc_text(const struct node *n, struct str *ret_text, struct err *e)
{
    if (doc_want(n, JSON_STRING, e))
        return -1;
    *ret_text = n->text;
    return 0;
}

int doc_flag(const struct node *n, bool *ret_flag, struct err *e)
{
    if (n->type != JSON_TRUE && n->type != JSON_FALSE)
        return doc_fail(n, e, "must be true or false, not %s", TYPE_NAMES[n->type]);
    *ret_flag = n->type == JSON_TRUE;
    return 0;
}

int doc_texts(struct arena *a, const struct node *n, struct str **ret_texts, size_t *ret_n, struct err *e)
{
    size_t count = n->type == JSON_STRING ? 1 : n->n, k = 0;
    if (n->type != JSON_STRING && doc_want(n, JSON_ARRAY, e))
        return -1;
    struct str *texts = ARENA_ARRAY(a, struct str, count + 1);
    for (const struct node *c = n->type == JSON_STRING ? n : n->child; c && k < count; c = c->next)
        if (doc_text(c, &texts[k++], e))
            return -1;
    *ret_texts = texts;
    *ret_n = count;
    return 0;
}

/* ---- back to text ---- */

void doc_put(const struct node *n, struct buf *out)
{
    static const char *const WORDS[] = { [JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true" };
    switch (n->type) {
    case JSON_STRING:
        json_put_text(out, n->text);
        break;
    case JSON_NUMBER:
        buf_str_add(out, n->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        buf_c(out, n->type == JSON_ARRAY ? '[' : '{');
        for (const struct node *c = n->child; c; c = c->next) {
            buf_z(out, c == n->child ? "" : ",");
            if (n->type == JSON_OBJECT) {
                json_put_text(out, c->key);
                buf_c(out, ':');
            }
            doc_put(c, out);
        }
        buf_c(out, n->type == JSON_ARRAY ? ']' : '}');
        break;
    default:
        buf_z(out, WORDS[n->type]);
    }
}
