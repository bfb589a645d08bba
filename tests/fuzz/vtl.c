/* Any bytes as a mapping template, as a request's body, as a JSON path and as a regular expression: everything ends,
 * within its bounds, and a template that renders once renders the same again. */
#include <stdlib.h>

#include "base/jregex.h"
#include "base/json.h"
#include "mocks/apigw/jsonpath.h"
#include "mocks/apigw/vtl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char body[] = "{\"Data\":{\"a\":1,\"t\":\"x \\u00fc\"},\"PartitionKey\":\"p\",\"records\":[{\"data\":\"d\"},{\"data\":[1,2]}]}";

static struct vtl_value context(struct vtl_request *q, struct arena *a)
{
    (void)q;
    return vtl_json_value(a, S("{\"stage\":\"t\",\"responseOverride\":{\"header\":{}}}"));
}

/* What it prints, or p == NULL. */
static struct str render(const struct vtl *t, struct str text, struct arena *a)
{
    static const struct vtl_param params[] = { { VTL_PATH, S("stream-name"), S("s") }, { VTL_QUERY, S("q"), S("1") } };
    struct vtl_request q = { .body = text, .params = params, .n_params = 2, .make_context = context, .make_stage = context };
    struct vtl_env env = { .arena = a, .request = &q };
    struct err e;
    struct buf out = BUF_INIT;
    struct str printed = { 0 };
    if (vtl_render(t, &env, &out, &e) == 0)
        printed = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return printed;
}

static void as_template(struct str text, struct arena *a)
{
    struct err e;
    struct vtl *t = vtl_compile(text, &e);
    if (!t)
        return;
    struct str once = render(t, str_of(body), a), twice = render(t, str_of(body), a);
    if (!once.p != !twice.p || (once.p && !str_eq(once, twice)))
        abort();
    vtl_free(t);
}

static void as_body(struct str text, struct arena *a)
{
    struct err e;
    struct vtl *t = vtl_compile(S("$input.json('$.Data')$input.path('$')$input.json('$..*')$util.escapeJavaScript($input.body)"
                                  "#set($x = $util.parseJson($input.json('$')))$x"), &e);
    if (t)
        render(t, text, a);
    vtl_free(t);
    struct vtl *plain = vtl_compile(S("$input.json('$')"), &e);
    if (plain && json_valid(text) && str_trim(text).n) {
        struct str again = render(plain, text, a);
        if (again.p && !json_valid(again))
            abort();
    }
    vtl_free(plain);
}

static void as_pattern(struct str text, struct arena *a)
{
    struct err e;
    struct jsonpath *p = ARENA_NEW(a, struct jsonpath);
    struct vtl_value v;
    if (jsonpath_compile(p, text, &e) == 0)
        jsonpath_value(p, a, vtl_json_value(a, str_of(body)), &v);
    struct jregex_match m;
    struct jregex *x = jregex_compile(a, str_head(text, 200), &e);
    if (x) {
        jregex_matches(x, S("hello 12 hello 12"), &m);
        jregex_find(x, S("hello 12 hello 12"), 0, &m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct str text = { (const char *)data, size };
    as_template(text, &a);
    as_body(text, &a);
    as_pattern(text, &a);
    arena_release(&a);
    return 0;
}
