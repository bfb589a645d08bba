/* openapi.c - OpenAPI 3 and Swagger 2 documents into the model.
 *
 *   paths/{path}/{verb}                           resources and methods; x-amazon-apigateway-any-method is ANY
 *     x-amazon-apigateway-integration             type uri httpMethod requestTemplates requestParameters
 *                                                 passthroughBehavior timeoutInMillis credentials responses
 *     security naming an apiKey scheme            the method asks for x-api-key
 *   info/title, x-amazon-apigateway-binary-media-types
 *   basePath (Swagger 2)                          ignored, as import does by default (basepath=ignore)
 *
 * Other x-amazon-apigateway-* members are accepted and not used. Documented at: Developer Guide, "OpenAPI extensions
 * for API Gateway".
 */
#include <cjson/cJSON.h>

#include "mocks/apigw/model.h"

/* Where in the document we are; a chain on the stack. */
struct place {
    const struct place *up;
    const char *name;
};
struct import {
    struct model_api *api;
    struct err *e;
    const cJSON *document;
};

static void print_place(struct buf *out, const struct place *p)
{
    if (!p)
        return;
    print_place(out, p->up);
    buf_c(out, '/');
    for (const char *c = p->name; *c; c++)
        if (*c == '~' || *c == '/')
            buf_z(out, *c == '~' ? "~0" : "~1");
        else
            buf_c(out, *c);
}

/* Puts the JSON pointer before what is in *e already. */
static int at(struct import *im, const struct place *p)
{
    struct buf b = BUF_INIT;
    print_place(&b, p);
    err_wrap(im->e, "OpenAPI document, %s", b.n ? buf_cstr(&b) : "/");
    buf_release(&b);
    return -1;
}

static int wrong(struct import *im, const struct place *p, const char *why)
{
    err_set(im->e, 400, "BadRequestException", "%s", why);
    return at(im, p);
}

static const cJSON *member(const cJSON *object, const char *name) { return cJSON_GetObjectItemCaseSensitive(object, name); }

/* Absent: p == NULL and true. */
static bool text_of(struct import *im, const cJSON *object, const char *name, const struct place *p, struct str *ret)
{
    const cJSON *v = member(object, name);
    *ret = (struct str){ 0 };
    if (!v || cJSON_IsNull(v))
        return true;
    if (!cJSON_IsString(v)) {
        struct place here = { p, name };
        wrong(im, &here, "a text is due");
        return false;
    }
    *ret = str_of(v->valuestring);
    return true;
}

static const cJSON *object_of(struct import *im, const cJSON *object, const char *name, const struct place *p, bool *ret_ok)
{
    const cJSON *v = member(object, name);
    struct place here = { p, name };
    *ret_ok = true;
    if (v && !cJSON_IsNull(v) && !cJSON_IsObject(v)) {
        wrong(im, &here, "an object is due");
        *ret_ok = false;
    }
    return cJSON_IsObject(v) ? v : NULL;
}

/* ---- integrations ---- */
static int templates(struct import *im, const cJSON *of, const char *name, const struct place *p, struct model_template **list)
{
    bool ok;
    struct place here = { p, name };
    const cJSON *map = object_of(im, of, name, p, &ok), *t;
    if (!ok)
        return -1;
    cJSON_ArrayForEach(t, map)
    {
        struct place one = { &here, t->string };
        if (!cJSON_IsString(t))
            return wrong(im, &one, "a mapping template is a text");
        if (model_template(im->api, list, str_of(t->string), str_of(t->valuestring), im->e))
            return at(im, &one);
    }
    return 0;
}

static int mappings(struct import *im, const cJSON *of, const char *name, const struct place *p, struct mapping **list)
{
    bool ok;
    struct place here = { p, name };
    const cJSON *map = object_of(im, of, name, p, &ok), *v;
    if (!ok)
        return -1;
    cJSON_ArrayForEach(v, map)
    {
        struct place one = { &here, v->string };
        if (!cJSON_IsString(v))
            return wrong(im, &one, "a parameter mapping is a text");
        if (mapping_add(&im->api->arena, list, str_of(v->string), str_of(v->valuestring), im->e))
            return at(im, &one);
    }
    return 0;
}

static int status_of(const cJSON *v, int *ret)
{
    int64_t n = 0;
    if (cJSON_IsNumber(v))
        n = v->valueint;
    else if (!cJSON_IsString(v) || !str_to_i64(str_of(v->valuestring), &n))
        return -1;
    if (n < 100 || n > 599)
        return -1;
    *ret = (int)n;
    return 0;
}

static int response(struct import *im, const cJSON *v, const struct place *p, struct model_response **tail)
{
    struct model_response *r = ARENA_NEW(&im->api->arena, struct model_response);
    struct place code = { p, "statusCode" };
    if (!cJSON_IsObject(v))
        return wrong(im, p, "an object is due");
    if (status_of(member(v, "statusCode"), &r->status))
        return wrong(im, &code, "a status code between 100 and 599 is due");
    r->pattern = str_is(str_of(v->string), "default") ? S("") : arena_dup(&im->api->arena, str_of(v->string));
    if (r->pattern.n && !(r->compiled = jregex_compile(&im->api->arena, r->pattern, im->e)))
        return at(im, p);
    if (templates(im, v, "responseTemplates", p, &r->templates) || mappings(im, v, "responseParameters", p, &r->mappings))
        return -1;
    *tail = r;
    return 0;
}

static int responses(struct import *im, const cJSON *of, const struct place *p, struct model_integration *i)
{
    bool ok;
    struct place here = { p, "responses" };
    const cJSON *map = object_of(im, of, "responses", p, &ok), *v;
    struct model_response **tail = &i->responses;
    if (!ok)
        return -1;
    cJSON_ArrayForEach(v, map)
    {
        struct place one = { &here, v->string };
        if (response(im, v, &one, tail))
            return -1;
        tail = &(*tail)->next;
    }
    return 0;
}

/* A word of a table in any case; *ret untouched when the text is absent. */
static bool choose(struct str text, const char *const *words, int n, int *ret)
{
    for (int k = 0; k < n; k++)
        if (str_eq_nocase(text, str_of(words[k]))) {
            *ret = k;
            return true;
        }
    return !text.p;
}

static int integration(struct import *im, const cJSON *v, const struct place *p, struct model_integration **ret)
{
    static const char *const types[] = { "http", "http_proxy", "aws", "aws_proxy", "mock" };
    static const char *const passthroughs[] = { "when_no_match", "when_no_templates", "never" };
    struct place type_at = { p, "type" }, pass_at = { p, "passthroughBehavior" }, uri_at = { p, "uri" };
    struct place time_at = { p, "timeoutInMillis" };
    struct model_integration *i = ARENA_NEW(&im->api->arena, struct model_integration);
    struct str type, passthrough, verb, credentials;
    int chosen = -1, pass = MODEL_WHEN_NO_MATCH;
    if (!text_of(im, v, "type", p, &type) || !text_of(im, v, "passthroughBehavior", p, &passthrough) ||
        !text_of(im, v, "httpMethod", p, &verb) || !text_of(im, v, "uri", p, &i->uri) ||
        !text_of(im, v, "credentials", p, &credentials))
        return -1;
    if (!choose(type, types, 5, &chosen) || chosen < 0)
        return wrong(im, &type_at, "one of http, http_proxy, aws, aws_proxy, mock is due");
    if (!choose(passthrough, passthroughs, 3, &pass))
        return wrong(im, &pass_at, "one of when_no_match, when_no_templates, never is due");
    i->type = (enum model_type)chosen;
    i->passthrough = (enum model_passthrough)pass;
    i->http_method = arena_dup(&im->api->arena, verb);
    i->credentials = arena_dup(&im->api->arena, credentials);
    i->timeout_ms = 29000;
    const cJSON *limit = member(v, "timeoutInMillis");
    if (limit && (!cJSON_IsNumber(limit) || limit->valueint < 50 || limit->valueint > 29000))
        return wrong(im, &time_at, "Timeout should be between 50 ms and 29000 ms");
    if (limit)
        i->timeout_ms = limit->valueint;
    if (model_uri(im->api, i, im->e))
        return at(im, &uri_at);
    if (templates(im, v, "requestTemplates", p, &i->templates) || mappings(im, v, "requestParameters", p, &i->mappings) ||
        responses(im, v, p, i))
        return -1;
    *ret = i;
    return 0;
}

/* ---- methods ---- */
/* Does a security requirement name an API key? */
static bool wants_key(const struct import *im, const cJSON *operation)
{
    const cJSON *requirement, *scheme;
    const cJSON *schemes = member(member(im->document, "components"), "securitySchemes");
    if (!schemes)
        schemes = member(im->document, "securityDefinitions");
    cJSON_ArrayForEach(requirement, member(operation, "security")) cJSON_ArrayForEach(scheme, requirement)
    {
        const cJSON *type = scheme->string ? member(member(schemes, scheme->string), "type") : NULL;
        if (cJSON_IsString(type) && strcmp(type->valuestring, "apiKey") == 0 &&
            !member(member(schemes, scheme->string), "x-amazon-apigateway-authtype"))
            return true;
    }
    return false;
}

static int operation(struct import *im, const cJSON *v, const char *verb, struct model_resource *r, const struct place *p)
{
    bool ok;
    struct place here = { p, "x-amazon-apigateway-integration" };
    if (!cJSON_IsObject(v))
        return wrong(im, p, "an object is due");
    struct model_method *m = model_method(im->api, r, str_of(verb));
    struct str id;
    if (!text_of(im, v, "operationId", p, &id))
        return -1;
    m->operation = arena_dup(&im->api->arena, id);
    m->key_required = wants_key(im, v);
    const cJSON *i = object_of(im, v, here.name, p, &ok);
    if (!ok)
        return -1;
    return i ? integration(im, i, &here, &m->integration) : 0;
}

static int path_item(struct import *im, const cJSON *item, const struct place *p)
{
    static const struct { const char *member, *verb; } verbs[] = {
        { "get", "GET" }, { "put", "PUT" }, { "post", "POST" }, { "delete", "DELETE" }, { "options", "OPTIONS" },
        { "head", "HEAD" }, { "patch", "PATCH" }, { "x-amazon-apigateway-any-method", "ANY" },
    };
    if (!cJSON_IsObject(item))
        return wrong(im, p, "an object is due");
    if (item->string[0] != '/')
        return wrong(im, p, "a path begins with /");
    struct model_resource *r = model_resource(im->api, str_of(item->string), im->e);
    if (!r)
        return at(im, p);
    for (size_t k = 0; k < sizeof(verbs) / sizeof(*verbs); k++) {
        struct place here = { p, verbs[k].member };
        const cJSON *v = member(item, verbs[k].member);
        if (v && operation(im, v, verbs[k].verb, r, &here))
            return -1;
    }
    return 0;
}

static int binary_types(struct import *im)
{
    const cJSON *list = member(im->document, "x-amazon-apigateway-binary-media-types"), *v;
    struct place here = { NULL, "x-amazon-apigateway-binary-media-types" };
    if (!list)
        return 0;
    if (!cJSON_IsArray(list))
        return wrong(im, &here, "an array of media types is due");
    im->api->binary_types = ARENA_ARRAY(&im->api->arena, struct str, (size_t)cJSON_GetArraySize(list) + 1);
    cJSON_ArrayForEach(v, list)
    {
        if (!cJSON_IsString(v))
            return wrong(im, &here, "an array of media types is due");
        im->api->binary_types[im->api->n_binary_types++] = arena_dup(&im->api->arena, str_of(v->valuestring));
    }
    return 0;
}

static int import_document(struct import *im)
{
    bool ok;
    struct place paths_at = { NULL, "paths" }, version_at = { NULL, "openapi" }, info_at = { NULL, "info" };
    struct str version, title = { 0 };
    const cJSON *item;
    if (!cJSON_IsObject(im->document))
        return wrong(im, NULL, "a JSON object is due");
    if (!text_of(im, im->document, "openapi", NULL, &version) ||
        (!version.p && !text_of(im, im->document, "swagger", NULL, &version)))
        return -1;
    if (!str_starts(version, S("3.")) && !str_is(version, "2.0"))
        return wrong(im, &version_at, "\"openapi\": \"3.…\" or \"swagger\": \"2.0\" is due");
    const cJSON *info = object_of(im, im->document, "info", NULL, &ok);
    if (!ok || (info && !text_of(im, info, "title", &info_at, &title)))
        return -1;
    im->api->name = arena_dup(&im->api->arena, title.p ? title : S("API"));
    if (binary_types(im))
        return -1;
    const cJSON *paths = object_of(im, im->document, "paths", NULL, &ok);
    if (!ok)
        return -1;
    if (!paths)
        return wrong(im, &paths_at, "an object of paths is due");
    cJSON_ArrayForEach(item, paths)
    {
        struct place here = { &paths_at, item->string };
        if (path_item(im, item, &here))
            return -1;
    }
    model_summarize(im->api);
    return 0;
}

struct model_api *openapi_import(struct str document, struct str id, struct err *e)
{
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(document.p ? document.p : "", document.n, &end, false);
    struct str rest = tree ? str_trim(str_from(document, (size_t)(end - document.p))) : S("");
    if (!tree || rest.n) {
        size_t offset = end && document.p ? (size_t)(end - document.p) : 0, line = 1;
        for (size_t i = 0; i < offset && i < document.n; i++)
            line += document.p[i] == '\n';
        cJSON_Delete(tree);
        err_set(e, 400, "BadRequestException", "OpenAPI document: not JSON from line %zu (byte %zu) on; a YAML document "
                "has to be converted first", line, offset);
        return NULL;
    }
    struct import im = { model_open(id), e, tree };
    int failed = import_document(&im);
    cJSON_Delete(tree);
    if (!failed)
        return im.api;
    model_close(im.api);
    return NULL;
}
