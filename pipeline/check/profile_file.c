/* A profile as a file: one line a column and an operation, so that git shows what changed.
 *
 *   { "baseline": 1, "table": "pin", "rows": 11154, "keys": 11154, "hash": "…32 hex digits…",
 *     "columns": [ {"name": "ind", "type": "long", "hash": "…", "nulls": 0, …, "top": [["art", 12], …], "null_parts": [0, …]} ],
 *     "operations": [ {"column": "title", "operation": "null_if", "touched": 12, "nulled": 12} ] }
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "pipeline/check/profile.h"
#include "pipeline/clean/doc.h"

/* ---- writing ---- */

static void profile_put_column(const struct column_profile *c, struct buf *out)
{
    buf_z(out, "    {\"name\": ");
    json_put_text(out, c->name);
    buf_f(out, ", \"type\": \"" STR_F "\", \"hash\": \"%016llx\"", STR_A(c->type), (unsigned long long)c->hash);
    for (int m = 0; m < PROFILE_METRICS; m++)
        if (c->figure[m].json.n)
            buf_f(out, ", \"%s\": " STR_F, profile_metrics[m], STR_A(c->figure[m].json));
    for (size_t i = 0; i < c->n_top; i++)
        buf_f(out, "%s[" STR_F ", %llu]", i ? ", " : ", \"top\": [", STR_A(c->top[i].json), (unsigned long long)c->top[i].count);
    buf_z(out, c->n_top ? "]" : "");
    if (c->figure[PROFILE_NULLS].number > 0) {
        for (size_t i = 0; i < PROFILE_PARTS; i++)
            buf_f(out, "%s%llu", i ? ", " : ", \"null_parts\": [", (unsigned long long)c->part_nulls[i]);
        buf_c(out, ']');
    }
    buf_c(out, '}');
}

void profile_put(const struct table_profile *p, struct buf *out)
{
    buf_f(out, "{\n  \"baseline\": %d,\n  \"table\": ", PROFILE_VERSION);
    json_put_text(out, p->name);
    buf_f(out, ",\n  \"rows\": %llu,\n  \"keys\": %llu,\n  \"hash\": \"%016llx%016llx\",\n  \"columns\": [\n", (unsigned long long)p->rows,
          (unsigned long long)p->keys, (unsigned long long)p->hash[0], (unsigned long long)p->hash[1]);
    for (size_t i = 0; i < p->n_columns; i++) {
        profile_put_column(&p->columns[i], out);
        buf_z(out, i + 1 < p->n_columns ? ",\n" : "\n");
    }
    buf_z(out, "  ],\n  \"operations\": [\n");
    for (size_t i = 0; i < p->n_operations; i++) {
        const struct operation_profile *o = &p->operations[i];
        buf_z(out, "    {\"column\": ");
        json_put_text(out, o->column);
        buf_f(out, ", \"operation\": \"" STR_F "\", \"touched\": %llu, \"nulled\": %llu}%s\n", STR_A(o->operation),
              (unsigned long long)o->touched, (unsigned long long)o->nulled, i + 1 < p->n_operations ? "," : "");
    }
    buf_z(out, "  ]\n}\n");
}

/* ---- reading ---- */

struct reading {
    struct arena *a;
    struct err *e;
};

/* The member that must be there. */
static const struct node *profile_need(const struct reading *r, const struct node *object, const char *name, enum json_type type)
{
    const struct node *n = doc_get(object, name);
    if (!n)
        doc_fail(object, r->e, "needs \"%s\"", name);
    return n && doc_want(n, type, r->e) == 0 ? n : NULL;
}

static int profile_whole(const struct reading *r, const struct node *n, uint64_t *ret)
{
    int64_t v;
    if (!n || doc_integer(n, &v, r->e))
        return -1;
    if (v < 0)
        return doc_fail(n, r->e, "must not be negative");
    *ret = (uint64_t)v;
    return 0;
}

static int profile_need_whole(const struct reading *r, const struct node *object, const char *name, uint64_t *ret)
{
    return profile_whole(r, profile_need(r, object, name, JSON_NUMBER), ret);
}

/* Sixteen hexadecimal digits a word. */
static int profile_hash(const struct reading *r, const struct node *object, uint64_t *ret, size_t words)
{
    const struct node *n = profile_need(r, object, "hash", JSON_STRING);
    if (!n)
        return -1;
    for (size_t i = 0; i < words; i++)
        ret[i] = 0;
    for (size_t i = 0; i < n->text.n; i++) {
        const char *digit = memchr("0123456789abcdef", n->text.p[i], 16);
        if (n->text.n != words * 16 || !digit)
            return doc_fail(n, r->e, "must be %zu hexadecimal digits", words * 16);
        ret[i / 16] = ret[i / 16] << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    return n->text.n ? 0 : doc_fail(n, r->e, "must be %zu hexadecimal digits", words * 16);
}

static struct str profile_json(const struct reading *r, const struct node *n)
{
    struct buf b = BUF_INIT;
    doc_put(n, &b);
    return arena_keep(r->a, &b);
}

static int profile_read_top(const struct reading *r, const struct node *top, struct column_profile *c)
{
    if (doc_want(top, JSON_ARRAY, r->e))
        return -1;
    for (const struct node *n = top->child; n && c->n_top < PROFILE_TOP; n = n->next) {
        struct profile_value *v = &c->top[c->n_top++];
        if (n->type != JSON_ARRAY || n->n != 2)
            return doc_fail(n, r->e, "must be [value, count]");
        v->json = profile_json(r, n->child);
        if (profile_whole(r, n->child->next, &v->count))
            return -1;
    }
    return 0;
}

static int profile_read_parts(const struct reading *r, const struct node *parts, struct column_profile *c)
{
    size_t i = 0;
    if (doc_want(parts, JSON_ARRAY, r->e))
        return -1;
    if (parts->n != PROFILE_PARTS)
        return doc_fail(parts, r->e, "must have %d numbers", PROFILE_PARTS);
    for (const struct node *n = parts->child; n; n = n->next)
        if (profile_whole(r, n, &c->part_nulls[i++]))
            return -1;
    return 0;
}

static int profile_read_column(const struct reading *r, const struct node *n, struct column_profile *c)
{
    const struct node *name, *type, *top, *parts;
    if (doc_want(n, JSON_OBJECT, r->e) || !(name = profile_need(r, n, "name", JSON_STRING)) ||
        !(type = profile_need(r, n, "type", JSON_STRING)) || profile_hash(r, n, &c->hash, 1))
        return -1;
    c->name = arena_dup(r->a, name->text);
    c->type = arena_dup(r->a, type->text);
    for (int m = 0; m < PROFILE_METRICS; m++) {
        const struct node *v = doc_get(n, profile_metrics[m]);
        if (!v)
            continue;
        c->figure[m].json = profile_json(r, v);
        c->figure[m].is_number = v->type == JSON_NUMBER && str_to_double(v->text, &c->figure[m].number);
    }
    if (!c->figure[PROFILE_NULLS].is_number)
        return doc_fail(n, r->e, "needs the number \"nulls\"");
    return ((top = doc_get(n, "top")) && profile_read_top(r, top, c)) ||
                   ((parts = doc_get(n, "null_parts")) && profile_read_parts(r, parts, c))
               ? -1
               : 0;
}

static int profile_read_operation(const struct reading *r, const struct node *n, struct operation_profile *o)
{
    const struct node *column, *operation;
    if (doc_want(n, JSON_OBJECT, r->e) || !(column = profile_need(r, n, "column", JSON_STRING)) ||
        !(operation = profile_need(r, n, "operation", JSON_STRING)))
        return -1;
    o->column = arena_dup(r->a, column->text);
    o->operation = arena_dup(r->a, operation->text);
    return profile_need_whole(r, n, "touched", &o->touched) || profile_need_whole(r, n, "nulled", &o->nulled) ? -1 : 0;
}

static int profile_read_file(const struct reading *r, const struct node *file, struct table_profile *p)
{
    const struct node *name, *columns, *operations;
    if (!(name = profile_need(r, file, "table", JSON_STRING)) || profile_need_whole(r, file, "rows", &p->rows) ||
        profile_need_whole(r, file, "keys", &p->keys) || profile_hash(r, file, p->hash, 2) ||
        !(columns = profile_need(r, file, "columns", JSON_ARRAY)) || !(operations = profile_need(r, file, "operations", JSON_ARRAY)))
        return -1;
    p->name = arena_dup(r->a, name->text);
    p->columns = ARENA_ARRAY(r->a, struct column_profile, columns->n + 1);
    p->operations = ARENA_ARRAY(r->a, struct operation_profile, operations->n + 1);
    for (const struct node *n = columns->child; n; n = n->next)
        if (profile_read_column(r, n, &p->columns[p->n_columns++]))
            return -1;
    for (const struct node *n = operations->child; n; n = n->next)
        if (profile_read_operation(r, n, &p->operations[p->n_operations++]))
            return -1;
    return 0;
}

int profile_read(struct arena *a, struct str path, struct str bytes, struct table_profile *ret, struct err *e)
{
    struct reading r = { a, e };
    struct table_profile p = { 0 };
    const char *code = "BASELINE_MALFORMED";
    const struct node *file = doc_parse(a, arena_dup(a, path), arena_dup(a, bytes), e), *version;
    int result = file ? doc_want(file, JSON_OBJECT, e) : -1;
    if (result == 0 && !(version = profile_need(&r, file, "baseline", JSON_NUMBER)))
        result = -1;
    if (result == 0 && !str_is(version->text, "1")) {
        code = "BASELINE_VERSION";
        result = doc_fail(version, e, "a baseline of version " STR_F ", and this program reads %d; write it anew with weirbox check --update, or use "
                          "the program that wrote it", STR_A(version->text), PROFILE_VERSION);
    } else if (result == 0) {
        result = profile_read_file(&r, file, &p);
    }
    if (result == 0)
        *ret = p;
    else
        strcpy(e->code, code);
    return result;
}
