/* model.c - building APIs: resources by path, methods by verb, templates compiled, backends' addresses taken apart. */
#include "mocks/apigw/model.h"

#include <stdlib.h>

struct model_api *model_open(struct str id)
{
    struct model_api *api = mem_zero(sizeof(*api));
    atomic_init(&api->users, 1);
    api->id = arena_dup(&api->arena, id);
    api->root = ARENA_NEW(&api->arena, struct model_resource);
    api->root->path = S("/");
    api->root->id = S("r0");
    api->n_resources = 1;
    return api;
}

struct model_api *model_share(struct model_api *api)
{
    atomic_fetch_add(&api->users, 1);
    return api;
}

void model_close(struct model_api *api)
{
    if (!api || atomic_fetch_sub(&api->users, 1) > 1)
        return;
    cJSON_Delete(api->definition);
    cJSON_Delete(api->schemas);
    for (size_t i = 0; i < api->n_templates; i++)
        vtl_free(api->templates[i]);
    free(api->templates);
    arena_release(&api->arena);
    free(api);
}

/* "streams", "{stream-name}", "{proxy+}" */
static int read_part(struct str segment, enum model_part *ret_kind, struct str *ret_name, struct err *e)
{
    bool braces = segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
    struct str name = braces ? (struct str){ segment.p + 1, segment.n - 2 } : segment;
    enum model_part kind = braces ? MODEL_PARAM : MODEL_STATIC;
    if (braces && name.p[name.n - 1] == '+') {
        kind = MODEL_GREEDY;
        name.n--;
    }
    for (size_t i = 0; i < name.n; i++)
        if (strchr("{}+", name.p[i]) && !(kind == MODEL_STATIC && name.p[i] == '+'))
            return err_set(e, 400, "BadRequestException", "Resource's path part only allow a-zA-Z0-9._-: or a valid "
                           "greedy path variable and curly braces at the beginning and the end, not \"" STR_F "\"",
                           STR_A(segment));
    if (!name.n)
        return err_set(e, 400, "BadRequestException", "a path parameter without a name: \"" STR_F "\"", STR_A(segment));
    *ret_kind = kind;
    *ret_name = name;
    return 0;
}

static struct model_resource *child(struct model_api *api, struct model_resource *parent, struct str segment,
                                    struct err *e)
{
    enum model_part kind = MODEL_STATIC;
    struct str name = { 0 };
    if (parent->kind == MODEL_GREEDY) {
        err_set(e, 400, "BadRequestException", "Cannot create a child of a resource with a greedy path variable: "
                STR_F, STR_A(parent->path));
        return NULL;
    }
    if (read_part(segment, &kind, &name, e))
        return NULL;
    struct model_resource **place = &parent->children;
    for (; *place; place = &(*place)->next) {
        if ((*place)->kind == kind && str_eq((*place)->part, name))
            return *place;
        if ((*place)->kind == kind && kind != MODEL_STATIC) {
            err_set(e, 400, "BadRequestException", "A sibling (" STR_F ") of this resource already has a variable path "
                    "part -- only one is allowed", STR_A((*place)->path));
            return NULL;
        }
    }
    struct model_resource *r = ARENA_NEW(&api->arena, struct model_resource);
    r->parent = parent;
    r->kind = kind;
    r->part = arena_dup(&api->arena, name);
    r->path = arena_f(&api->arena, STR_F "/" STR_F, STR_A(parent == api->root ? S("") : parent->path), STR_A(segment));
    r->id = arena_f(&api->arena, "r%zu", api->n_resources++);
    *place = r;
    return r;
}

struct model_resource *model_resource(struct model_api *api, struct str path, struct err *e)
{
    struct model_resource *r = api->root;
    int depth = 0;
    for (struct str rest = path; rest.p && r;) {
        struct str segment = str_cut(&rest, '/');
        if (!segment.n)
            continue;
        if (++depth > MATCH_SEGMENTS / 2) {
            err_set(e, 400, "BadRequestException", "a path of more than %d segments", MATCH_SEGMENTS / 2);
            return NULL;
        }
        r = child(api, r, segment, e);
    }
    return r;
}

struct model_method *model_method(struct model_api *api, struct model_resource *r, struct str verb)
{
    struct model_method **place = &r->methods;
    for (; *place; place = &(*place)->next)
        if (str_eq((*place)->verb, verb))
            return *place;
    *place = ARENA_NEW(&api->arena, struct model_method);
    (*place)->verb = arena_dup(&api->arena, verb);
    api->n_methods++;
    return *place;
}

int model_template(struct model_api *api, struct model_template **list, struct str media_type, struct str text,
                   struct err *e)
{
    struct vtl *compiled = vtl_compile(text, e);
    if (!compiled && !api->lenient)
        return -1;
    if (compiled && api->n_templates == api->cap_templates) {
        api->cap_templates = api->cap_templates ? api->cap_templates * 2 : 16;
        api->templates = mem_grow(api->templates, api->cap_templates * sizeof(struct vtl *));
    }
    if (compiled)
        api->templates[api->n_templates++] = compiled;
    while (*list)
        list = &(*list)->next;
    *list = ARENA_NEW(&api->arena, struct model_template);
    if (!compiled)
        (*list)->problem = arena_dup(&api->arena, str_of(e->message));
    (*list)->media_type = arena_dup(&api->arena, media_type);
    (*list)->text = arena_dup(&api->arena, text);
    (*list)->compiled = compiled;
    return 0;
}

/* arn:aws:apigateway:{region}:{service}:{action/Name | path/…} */
static int aws_uri(struct model_integration *i, struct err *e)
{
    struct str part[6], rest = i->uri;
    for (int k = 0; k < 5; k++)
        part[k] = rest.p ? str_cut(&rest, ':') : S("");
    if (str_is(part[0], "arn") && !str_is(part[2], "apigateway"))
        return err_set(e, 400, "BadRequestException", "AWS ARN for integration must contain path or action");
    if (!str_is(part[0], "arn") || !rest.p)
        return err_set(e, 400, "BadRequestException", "Invalid ARN specified in the request: \"" STR_F "\"", STR_A(i->uri));
    i->region = part[3];
    i->service = part[4];
    if (str_starts(rest, S("action/")))
        i->action = str_from(rest, 7);
    else if (str_starts(rest, S("path/")))
        i->path = str_from(rest, 4);
    else
        return err_set(e, 400, "BadRequestException", "AWS ARN for integration must contain path or action");
    /* "xyz.s3" names a bucket's own host; the service is its last label */
    for (size_t dot; (dot = str_chr(i->service, '.')) != STR_NONE;)
        i->service = str_from(i->service, dot + 1);
    return 0;
}

static int http_uri(struct model_integration *i, struct err *e)
{
    size_t scheme = str_starts(i->uri, S("http://")) ? 7 : str_starts(i->uri, S("https://")) ? 8 : 0;
    struct str rest = str_from(i->uri, scheme);
    if (!scheme || !rest.n)
        return err_set(e, 400, "BadRequestException", "Invalid HTTP endpoint specified for URI: \"" STR_F "\"", STR_A(i->uri));
    i->host = rest;
    for (size_t k = 0; k < rest.n; k++)
        if (rest.p[k] == '/' || rest.p[k] == '?') {
            i->host.n = k;
            break;
        }
    if (str_chr(i->host, '$') != STR_NONE || str_chr(i->host, '{') != STR_NONE)
        i->host.n = 0;
    return 0;
}

int model_uri(struct model_api *api, struct model_integration *i, struct err *e)
{
    i->uri = arena_dup(&api->arena, i->uri);
    if (i->type == MODEL_MOCK)
        return 0;
    if (!i->http_method.n)
        return err_set(e, 400, "BadRequestException", "Enumeration value for HttpMethod must be non-empty");
    return i->type == MODEL_AWS || i->type == MODEL_AWS_PROXY ? aws_uri(i, e) : http_uri(i, e);
}

static void summarize(struct model_api *api, struct model_resource *r)
{
    static const char *const types[] = { "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK" };
    for (struct model_method *m = r->methods; m; m = m->next) {
        const struct model_integration *i = m->integration;
        m->summary = arena_f(&api->arena, "matched " STR_F " " STR_F " -> %s " STR_F, STR_A(m->verb), STR_A(r->path),
                             i ? types[i->type] : "no integration", STR_A(i ? i->uri : S("")));
    }
    for (struct model_resource *k = r->children; k; k = k->next)
        summarize(api, k);
}

void model_summarize(struct model_api *api) { summarize(api, api->root); }
