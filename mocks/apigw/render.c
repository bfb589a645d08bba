/* render.c - mapping templates on trial, without an API: for `weirbox apigw render` and `lint`. */
#include "mocks/apigw/apigw.h"
#include "mocks/apigw/invoke.h"

struct trial_context {
    const struct http_request *request;
};

static struct vtl_value some_context(struct vtl_request *q, struct arena *a)
{
    const struct trial_context *t = q->arg;
    static const char *const overrides[] = { "requestOverride", "responseOverride" };
    static const char *const parts[] = { "header", "path", "querystring" };
    struct vtl_map *m = vtl_map_new(a), *identity = vtl_map_new(a);
    vtl_map_put(a, m, "httpMethod", vtl_str(t->request->method));
    vtl_map_put(a, m, "path", vtl_str(t->request->path));
    vtl_map_put(a, m, "resourcePath", vtl_str(t->request->path));
    vtl_map_put(a, m, "stage", vtl_str(S("test-invoke-stage")));
    vtl_map_put(a, m, "requestId", vtl_str(S("test-invoke-request")));
    vtl_map_put(a, m, "apiId", vtl_str(S("test")));
    vtl_map_put(a, m, "accountId", vtl_str(S("000000000000")));
    vtl_map_put(a, identity, "sourceIp", vtl_str(S("test-invoke-source-ip")));
    vtl_map_put(a, m, "identity", vtl_map(identity));
    for (int i = 0; i < 2; i++) {
        struct vtl_map *o = vtl_map_new(a);
        for (int k = 0; k < 3; k++)
            vtl_map_put(a, o, parts[k], vtl_map(vtl_map_new(a)));
        vtl_map_put(a, m, overrides[i], vtl_map(o));
    }
    return vtl_map(m);
}

static struct vtl_value no_variables(struct vtl_request *q, struct arena *a)
{
    (void)q;
    return vtl_map(vtl_map_new(a));
}

int apigw_render(struct str template, const struct http_request *request, struct buf *out, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct trial_context t = { request };
    size_t most = request->n_headers + 1, n = 0;
    for (size_t i = 0; i < request->query.n; i++)
        most += request->query.p[i] == '&';
    struct vtl_param *params = ARENA_ARRAY(&a, struct vtl_param, most + 1);
    for (struct str rest = request->query; rest.p && request->query.n;) {
        struct str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
        params[n++] = (struct vtl_param){ VTL_QUERY, name, value.p ? value : S("") };
    }
    for (size_t i = 0; i < request->n_headers; i++)
        params[n++] = (struct vtl_param){ VTL_HEADER, request->headers[i].name, request->headers[i].value };
    struct vtl_request q = { .body = request->body, .params = params, .n_params = n, .make_context = some_context, .make_stage = no_variables, .arg = &t };
    struct vtl_env env = { .arena = &a, .request = &q };
    struct vtl *compiled = vtl_compile(template, e);
    int result = compiled ? vtl_render(compiled, &env, out, e) : -1;
    vtl_free(compiled);
    arena_release(&a);
    return result;
}

/* ---- lint ---- */
static const struct { const char *sign, *advice; } suspicions[] = {
    { "$input.body.", "$input.body has no members; $input.path('$.name') reads one" },
    { "\"$input.json(", "$input.json prints a text with its quotes; inside quotes use $input.path, or leave the quotes out" },
    { "$util.escapeJavascript", "the method is spelled $util.escapeJavaScript" },
    { "$util.base64encode", "the method is spelled $util.base64Encode" },
    { "$utils.", "the object is called $util" },
    { "$inputs.", "the object is called $input" },
    { "$velocityCount", "$foreach.count does the same and is documented" },
};

static bool has_escape_for(struct str template) { return str_find(template, S("escapeJavaScript")) != STR_NONE; }

int apigw_lint(struct str template, struct buf *out, struct err *e)
{
    struct vtl *compiled = vtl_compile(template, e);
    if (!compiled)
        return -1;
    vtl_free(compiled);
    for (size_t i = 0; i < sizeof suspicions / sizeof *suspicions; i++) {
        size_t at = str_find(template, str_of(suspicions[i].sign)), line = 1;
        for (size_t k = 0; at != STR_NONE && k < at; k++)
            line += template.p[k] == '\n';
        if (at != STR_NONE)
            buf_f(out, "line %zu: %s: %s\n", line, suspicions[i].sign, suspicions[i].advice);
    }
    if (has_escape_for(template) && str_find(template, S("replaceAll")) == STR_NONE)
        buf_z(out, "$util.escapeJavaScript writes \\' for ', which is not JSON; .replaceAll(\"\\\\'\",\"'\") behind it mends that\n");
    return 0;
}
