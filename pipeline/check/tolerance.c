#include "pipeline/check/tolerance.h"

#include <math.h>

#include "pipeline/clean/doc.h"

static int tolerance_number(const struct node *n, double high, double *ret, struct err *e)
{
    if (!n)
        return 0;
    if (n->type != JSON_NUMBER || !str_to_double(n->text, ret) || *ret < 0 || *ret > high)
        return isinf(high) ? doc_fail(n, e, "must be a number, 0 or more") : doc_fail(n, e, "must be a number from 0 to 1");
    return 0;
}

static int tolerance_one(const struct node *n, struct tolerance *t, struct err *e)
{
    static const char *const WORDS[] = { "ignore", "abs", "rel", "mostly", NULL };
    *t = (struct tolerance){ .mostly = 1 };
    if (doc_keys(n, WORDS, e))
        return -1;
    const struct node *ignore = doc_get(n, "ignore");
    return (ignore && doc_flag(ignore, &t->ignore, e)) || tolerance_number(doc_get(n, "abs"), INFINITY, &t->abs, e) ||
                   tolerance_number(doc_get(n, "rel"), INFINITY, &t->rel, e) || tolerance_number(doc_get(n, "mostly"), 1, &t->mostly, e)
               ? -1
               : 0;
}

static size_t tolerance_dots(struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++)
        n += name.p[i] == '.';
    return n;
}

/* Only names of its kind are offered: a column for a column. */
static int tolerance_unknown(struct arena *a, const struct node *at, struct str name, const struct str *known, size_t n_known, struct err *e)
{
    struct str *alike = ARENA_ARRAY(a, struct str, n_known + 1);
    size_t n = 0;
    for (size_t i = 0; i < n_known; i++)
        if (tolerance_dots(known[i]) == tolerance_dots(name))
            alike[n++] = known[i];
    return doc_unknown(at, e, "table, column, operation or query", name, n ? alike : known, n ? n : n_known);
}

static int tolerance_file(struct arena *a, const struct node *file, const struct str *known, size_t n_known, struct tolerances *t,
                          struct err *e)
{
    if (doc_want(file, JSON_OBJECT, e))
        return -1;
    t->names = ARENA_ARRAY(a, struct str, file->n + 1);
    t->values = ARENA_ARRAY(a, struct tolerance, file->n + 1);
    for (const struct node *n = file->child; n; n = n->next) {
        size_t i = 0;
        while (i < n_known && !str_eq(known[i], n->key))
            i++;
        struct node at = *n;
        at.at = n->key_at;
        if (str_is(n->key, "$schema") || str_is(n->key, "about"))
            continue;
        if (i == n_known)
            return tolerance_unknown(a, &at, n->key, known, n_known, e);
        t->names[t->n] = n->key;
        if (tolerance_one(n, &t->values[t->n++], e))
            return -1;
    }
    return 0;
}

int tolerance_read(struct arena *a, struct str path, struct str bytes, const struct str *known, size_t n_known, struct tolerances *ret,
                   struct err *e)
{
    *ret = (struct tolerances){ 0 };
    if (!str_trim(bytes).n)
        return 0;
    const struct node *file = doc_parse(a, arena_dup(a, path), arena_dup(a, bytes), e);
    if (file && tolerance_file(a, file, known, n_known, ret, e) == 0)
        return 0;
    strcpy(e->code, "TOLERANCES_MALFORMED");
    return -1;
}

struct tolerance tolerance_of(const struct tolerances *t, struct str name)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->names[i], name))
            return t->values[i];
    return (struct tolerance){ .mostly = 1 };
}

struct tolerance tolerance_of2(const struct tolerances *t, struct str name, struct str column)
{
    for (size_t i = 0; i < t->n; i++) {
        struct str n = t->names[i];
        if (n.n == name.n + 1 + column.n && str_starts(n, name) && n.p[name.n] == '.' && str_ends(n, column))
            return t->values[i];
    }
    return (struct tolerance){ .mostly = 1 };
}

bool tolerance_same(const struct tolerance *t, double was, double now)
{
    double apart = fabs(now - was);
    return was == now || apart <= t->abs || apart <= t->rel * fabs(was);
}
