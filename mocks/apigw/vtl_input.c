/* vtl_input.c - $input: the request as a template sees it.
 *
 *   $input.body          the text as it came; {} when there is none
 *   $input.json(path)    JSON text of what the path means; "" (with its quotes) when there is nothing
 *   $input.path(path)    the value itself
 *   $input.params(name)  a path, query or header parameter, in this order; "" when there is none
 *   $input.params()      all of them: {path={…}, querystring={…}, header={…}}
 *
 * A body that begins like JSON must be JSON (else 400); any other text is a text. Strict JSON is searched in place;
 * only what json-smart accepts beyond it (bare words, single quotes) is made into values first.
 */
#include "base/json.h"
#include "mocks/apigw/jsonpath.h"
#include "mocks/apigw/vtl_ast.h"

#define ARGS struct vtl_run *r, struct vtl_value self, const struct vtl_value *a, uint32_t n
#define UNUSED (void)r, (void)self, (void)a, (void)n

static struct str body_of(const struct vtl_request *q) { return str_trim(q->body).n ? q->body : S("{}"); }

/* Finds out, once per request, what the body is. */
static enum vtl_body body_kind(struct vtl_run *r)
{
    struct vtl_request *q = r->env->request;
    if (q->body_kind)
        return q->body_kind;
    struct str text = str_trim(body_of(q));
    if (json_valid(text)) {
        q->body_kind = VTL_BODY_JSON;
    } else if (text.p[0] != '{' && text.p[0] != '[' && text.p[0] != '"') {
        q->body_kind = VTL_BODY_VALUE;
        q->body_value = vtl_str(q->body);
    } else if (vtl_json_parse(r->arena, text, &q->body_value)) {
        q->body_kind = VTL_BODY_VALUE;
    } else {
        q->body_kind = VTL_BODY_BROKEN;
    }
    return q->body_kind;
}

static struct vtl_value broken(struct vtl_run *r)
{
    struct json_reader j;
    struct json v;
    struct str text = r->env->request->body;
    json_open(&j, text);
    json_read(&j, &v);
    json_close(&j);
    return vtl_run_fail(r, 400, "BAD_REQUEST_BODY", "Could not parse request body into json: " STR_F,
                        STR_A(json_where(&j, r->arena)));
}

static bool compiled(struct vtl_run *r, struct jsonpath *ret_path, struct vtl_value path)
{
    struct err e;
    struct str text = path.type == VTL_NULL ? S("") : vtl_text(r->arena, path);
    if (jsonpath_compile(ret_path, text, &e) == 0)
        return true;
    vtl_run_fail(r, 500, "TEMPLATE_FAILED", "%s (in the mapping template)", e.message);
    return false;
}

/* The body as a value, for paths that are not definite. */
static struct vtl_value body_value(struct vtl_run *r)
{
    struct vtl_request *q = r->env->request;
    if (q->body_kind == VTL_BODY_JSON && q->body_value.type == VTL_NULL)
        q->body_value = vtl_json_value(r->arena, body_of(q));
    return q->body_value;
}

static bool in_place(struct vtl_run *r, const struct jsonpath *p)
{
    if (r->env->request->body_kind != VTL_BODY_JSON || !p->definite)
        return false;
    for (int i = 0; i < p->n; i++)
        if (p->steps[i].n != 1 || p->steps[i].kind > PATH_INDEXES)
            return false;
    return true;
}

static struct vtl_value path(ARGS)
{
    UNUSED;
    struct jsonpath p;
    struct vtl_value v;
    struct str text;
    if (body_kind(r) == VTL_BODY_BROKEN)
        return broken(r);
    if (!compiled(r, &p, a[0]))
        return vtl_null();
    /* the whole document is one value, so that what a template changes in it stays changed */
    if (p.n > 0 && r->env->request->body_value.type == VTL_NULL && in_place(r, &p))
        return jsonpath_text(&p, body_of(r->env->request), &text) ? vtl_json_value(r->arena, text) : vtl_null();
    return jsonpath_value(&p, r->arena, body_value(r), &v) ? v : vtl_null();
}

static struct vtl_value printed(struct vtl_run *r, struct buf *b)
{
    struct str s = vtl_run_memory(r, b->n) ? arena_dup(r->arena, buf_str(b)) : S("");
    buf_release(b);
    return vtl_str(s);
}

static struct vtl_value json(ARGS)
{
    UNUSED;
    struct jsonpath p;
    struct vtl_value v;
    struct str text;
    if (body_kind(r) == VTL_BODY_BROKEN)
        return broken(r);
    if (!compiled(r, &p, a[0]))
        return vtl_null();
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    if (in_place(r, &p)) {
        if (!jsonpath_text(&p, body_of(r->env->request), &text))
            return vtl_str(S("\"\""));
        vtl_json_normal(&b, text);
        return printed(r, &b);
    }
    if (!jsonpath_value(&p, r->arena, body_value(r), &v))
        return vtl_str(S("\"\""));
    vtl_json_print(&b, v, VTL_JSON_COMPACT);
    return printed(r, &b);
}

static struct vtl_value all_params(ARGS)
{
    UNUSED;
    static const char *const places[VTL_PLACES] = { "path", "querystring", "header" };
    struct vtl_map *maps[VTL_PLACES], *all = vtl_map_new(r->arena);
    for (int i = 0; i < VTL_PLACES; i++) {
        maps[i] = vtl_map_new(r->arena);
        vtl_map_put(r->arena, all, places[i], vtl_map(maps[i]));
    }
    for (size_t i = 0; i < r->env->request->n_params; i++) {
        const struct vtl_param *p = &r->env->request->params[i];
        vtl_map_set(r->arena, maps[p->place], vtl_str(p->name), vtl_str(p->value));
    }
    return vtl_map(all);
}

static struct vtl_value one_param(ARGS)
{
    UNUSED;
    const struct vtl_request *q = r->env->request;
    if (a[0].type != VTL_STRING)
        return vtl_null();
    for (int place = 0; place < VTL_PLACES; place++)
        for (size_t i = q->n_params; i-- > 0;) /* of several, the last counts */
            if (q->params[i].place == (enum vtl_place)place && str_eq(q->params[i].name, a[0].s))
                return vtl_str(q->params[i].value);
    return vtl_null();
}

struct vtl_value vtl_input_property(struct vtl_run *r, struct str name)
{
    if (str_is(name, "body"))
        return vtl_str(body_of(r->env->request));
    if (str_is(name, "json") || str_is(name, "path") || str_is(name, "params"))
        return (struct vtl_value){ VTL_HOST, { 0 } };
    return vtl_null();
}

static struct vtl_value nothing(ARGS)
{
    UNUSED;
    return vtl_str(S("{}"));
}

const struct vtl_method vtl_input_methods[] = {
    { "json", "o", json },           { "path", "o", path },       { "params", "", all_params },
    { "params", "o", one_param },    { "toString", "", nothing }, { 0 },
};
