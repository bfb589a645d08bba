/* mapping.c - reading parameter mappings and fetching what they name.
 *
 *   target   integration.request.{path,querystring,header}.NAME     method.response.header.NAME
 *   source   method.request.{path,querystring,header,multivaluequerystring,multivalueheader}.NAME
 *            method.request.body[.JSONPATH]   integration.response.header.NAME   integration.response.body[.JSONPATH]
 *            'text'   context.NAME.NAME   stageVariables.NAME
 */
#include "mocks/apigw/mapping.h"

#include "mocks/apigw/jsonpath.h"

static const struct { const char *prefix; enum mapping_target target; } targets[] = {
    { "integration.request.path.", MAPPING_PATH },
    { "integration.request.querystring.", MAPPING_QUERY },
    { "integration.request.header.", MAPPING_HEADER },
    { "method.response.header.", MAPPING_HEADER },
};
static const struct { const char *prefix; enum mapping_source source; bool whole; } sources[] = {
    { "method.request.path.", MAPPING_FROM_PATH, false },
    { "method.request.querystring.", MAPPING_FROM_QUERY, false },
    { "method.request.header.", MAPPING_FROM_HEADER, false },
    { "method.request.multivaluequerystring.", MAPPING_FROM_MULTI_QUERY, false },
    { "method.request.multivalueheader.", MAPPING_FROM_MULTI_HEADER, false },
    { "method.request.body", MAPPING_FROM_BODY, true },
    { "integration.response.header.", MAPPING_FROM_HEADER, false },
    { "integration.response.multivalueheader.", MAPPING_FROM_MULTI_HEADER, false },
    { "integration.response.body", MAPPING_FROM_BODY, true },
    { "context.", MAPPING_FROM_CONTEXT, false },
    { "stageVariables.", MAPPING_FROM_STAGE, false },
};

static bool source_of(struct arena *a, struct mapping *m, struct str text)
{
    if (text.n >= 2 && text.p[0] == '\'' && text.p[text.n - 1] == '\'') {
        m->source = MAPPING_FROM_STATIC;
        m->from = arena_dup(a, (struct str){ text.p + 1, text.n - 2 });
        return true;
    }
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
        struct str prefix = str_of(sources[i].prefix);
        if (!str_starts(text, prefix))
            continue;
        struct str rest = str_from(text, prefix.n);
        if (sources[i].whole && rest.n && rest.p[0] != '.' && rest.p[0] != '[')
            continue;
        m->source = sources[i].source;
        m->from = arena_f(a, "%s" STR_F, sources[i].whole ? "$" : "", STR_A(rest));
        return rest.n > 0 || sources[i].whole;
    }
    return false;
}

int mapping_add(struct arena *a, struct mapping **list, struct str target, struct str source, struct err *e)
{
    struct mapping *m = ARENA_NEW(a, struct mapping);
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets) && !m->name.p; i++)
        if (str_starts(target, str_of(targets[i].prefix))) {
            m->target = targets[i].target;
            m->name = arena_dup(a, str_from(target, strlen(targets[i].prefix)));
        }
    if (!m->name.n)
        return err_set(e, 400, "BadRequestException", "Invalid mapping expression specified: parameter \"" STR_F "\" "
                       "is neither integration.request.{path,querystring,header}.NAME nor method.response.header.NAME",
                       STR_A(target));
    if (!source_of(a, m, source))
        return err_set(e, 400, "BadRequestException", "Invalid mapping expression specified: \"" STR_F "\"; a text "
                       "needs single quotes inside the value, as in \"'text'\"", STR_A(source));
    while (*list)
        list = &(*list)->next;
    *list = m;
    return 0;
}

/* ---- values ---- */
static struct str param(const struct vtl_request *q, enum vtl_place place, struct str name)
{
    for (size_t i = q->n_params; i-- > 0;)
        if (q->params[i].place == place && str_eq(q->params[i].name, name))
            return q->params[i].value;
    return (struct str){ 0 };
}

/* Into another path a parameter goes encoded as it came, "%2F" and all. */
static struct str path_param(const struct mapping *m, const struct mapping_input *in)
{
    for (size_t i = 0; m->target == MAPPING_PATH && i < in->n_raw; i++)
        if (str_eq(in->raw[i].name, m->from))
            return in->raw[i].value;
    return param(in->request, VTL_PATH, m->from);
}

static struct str several(const struct mapping_input *in, enum vtl_place place, struct str name)
{
    const struct vtl_request *q = in->request;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < q->n_params; i++)
        if (q->params[i].place == place && str_eq(q->params[i].name, name)) {
            if (b.n)
                buf_c(&b, ',');
            buf_str_add(&b, q->params[i].value);
        }
    struct str s = b.n ? arena_dup(in->arena, buf_str(&b)) : (struct str){ 0 };
    buf_release(&b);
    return s;
}

static struct str member(struct arena *a, struct vtl_value v, struct str path)
{
    for (struct str rest = path; rest.p && v.type == VTL_MAP;) {
        struct vtl_value *there = vtl_map_get(v.map, str_cut(&rest, '.'));
        v = there ? *there : vtl_null();
    }
    return v.type == VTL_NULL ? (struct str){ 0 } : vtl_text(a, v);
}

static struct vtl_value context_of(const struct mapping_input *in)
{
    struct vtl_request *q = in->request;
    if (q->context.type == VTL_NULL && q->make_context)
        q->context = q->make_context(q, in->arena);
    return q->context;
}

static struct vtl_value stage_of(const struct mapping_input *in)
{
    struct vtl_request *q = in->request;
    if (q->stage.type == VTL_NULL && q->make_stage)
        q->stage = q->make_stage(q, in->arena);
    return q->stage;
}

/* Whole bodies go as they are; parts of them need JSON. Text prints without quotes, the rest as JSON. */
static int from_body(const struct mapping *m, const struct mapping_input *in, struct str *ret, struct err *e)
{
    struct str body = in->headers ? in->body : in->request->body;
    struct jsonpath p;
    struct vtl_value whole, v;
    *ret = (struct str){ 0 };
    if (str_is(m->from, "$")) {
        *ret = body;
        return 0;
    }
    struct str text = str_trim(body);
    if (!text.n || !strchr("{[\"'", text.p[0]))
        return 0;
    if (!vtl_json_parse(in->arena, text, &whole))
        return err_set(e, 400, "BadRequestException", "Invalid JSON in request body");
    if (jsonpath_compile(&p, m->from, e))
        return -1;
    if (!jsonpath_value(&p, in->arena, whole, &v) || v.type == VTL_NULL)
        return 0;
    if (v.type == VTL_STRING) {
        *ret = v.s;
        return 0;
    }
    struct buf b = BUF_INIT;
    vtl_json_print(&b, v, VTL_JSON_COMPACT);
    *ret = arena_dup(in->arena, buf_str(&b));
    buf_release(&b);
    return 0;
}

int mapping_value(const struct mapping *m, const struct mapping_input *in, struct str *ret_value, struct err *e)
{
    struct str v = { 0 };
    switch (m->source) {
    case MAPPING_FROM_STATIC: v = m->from; break;
    case MAPPING_FROM_PATH: v = path_param(m, in); break;
    case MAPPING_FROM_QUERY: v = param(in->request, VTL_QUERY, m->from); break;
    case MAPPING_FROM_MULTI_QUERY: v = several(in, VTL_QUERY, m->from); break;
    case MAPPING_FROM_MULTI_HEADER:
    case MAPPING_FROM_HEADER:
        if (in->headers)
            v = http_header_get(in->headers, in->n_headers, arena_z(in->arena, m->from));
        else
            v = m->source == MAPPING_FROM_HEADER ? param(in->request, VTL_HEADER, m->from)
                                                 : several(in, VTL_HEADER, m->from);
        break;
    case MAPPING_FROM_BODY:
        if (from_body(m, in, &v, e))
            return -1;
        break;
    case MAPPING_FROM_CONTEXT: v = member(in->arena, context_of(in), m->from); break;
    case MAPPING_FROM_STAGE: v = member(in->arena, stage_of(in), m->from); break;
    }
    *ret_value = v.n ? v : (struct str){ 0 }; /* empty values are skipped */
    return 0;
}
