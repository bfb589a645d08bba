/* define.c - definitions into models; and making and reading definitions.
 *
 *   integrations   type, uri, httpMethod, templates, parameters, passthroughBehavior, contentHandling, timeout, responses
 *   methods        API key, validator, required parameters, body models
 *   the API        models as JSON schemas, gateway responses, binary media types
 *
 * Mistakes are named by their JSON pointer in an OpenAPI document, which is where definitions with mistakes come from.
 */
#include "mocks/apigw/define.h"

#include <stdio.h>
#include <stdlib.h>

#include "mocks/cloud/cloud.h"

/* ---- places ---- */
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

int define_at(const struct place *p, struct err *e)
{
    struct buf b = BUF_INIT;
    if (!p)
        return -1;
    print_place(&b, p->name ? p : NULL);
    err_wrap(e, "OpenAPI document, %s", b.n ? buf_cstr(&b) : "/");
    buf_release(&b);
    return -1;
}

int define_wrong(const struct place *p, const char *why, struct err *e)
{
    err_set(e, 400, "BadRequestException", "%s", why);
    return define_at(p, e);
}

/* A place below p; nowhere when p is nowhere. */
static const struct place *below(const struct place *p, const char *name, struct place *here)
{
    *here = (struct place){ p, name };
    return p ? here : NULL;
}

/* ---- shorthands ---- */
cJSON *define_get(const cJSON *object, const char *name) { return cJSON_GetObjectItemCaseSensitive(object, name); }

struct str define_text(const cJSON *object, const char *name)
{
    const cJSON *v = define_get(object, name);
    return cJSON_IsString(v) ? str_of(v->valuestring) : S("");
}

bool define_on(const cJSON *object, const char *name) { return cJSON_IsTrue(define_get(object, name)); }

void define_set(cJSON *object, const char *name, cJSON *item)
{
    if (define_get(object, name))
        cJSON_ReplaceItemInObjectCaseSensitive(object, name, item);
    else
        cJSON_AddItemToObject(object, name, item);
}

void define_set_text(cJSON *object, const char *name, struct str text)
{
    char *z = mem_dup(text);
    define_set(object, name, cJSON_CreateString(z));
    free(z);
}

cJSON *define_object(cJSON *object, const char *name)
{
    cJSON *v = define_get(object, name);
    if (!cJSON_IsObject(v)) {
        v = cJSON_CreateObject();
        define_set(object, name, v);
    }
    return v;
}

/* ---- making ---- */
const char *define_id(struct define_ids *ids, int n, char out[DEFINE_ID])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    if (!ids->cloud) {
        snprintf(out, DEFINE_ID, "r%u", ids->counter++);
        return out;
    }
    uint64_t r = 0;
    for (int i = 0; i < n; i++, r /= 36) {
        if (i % 10 == 0)
            r = cloud_random(ids->cloud);
        out[i] = letters[r % 36];
    }
    out[n] = 0;
    return out;
}

cJSON *define_new(struct define_ids *ids, const char *id, const char *name)
{
    static const struct { const char *name, *about, *schema; } models[] = {
        { "Empty", "This is a default empty schema model",
          "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}" },
        { "Error", "This is a default error schema model",
          "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n"
          "  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}" },
    };
    static const char *const parts[] = { "requestvalidators", "gatewayresponses", "deployments", "stages", "authorizers", "documentationparts", "documentationversions" };
    char z[DEFINE_ID];
    cJSON *d = cJSON_CreateObject();
    cJSON *info = cJSON_AddObjectToObject(d, "info"), *root = cJSON_CreateObject();
    cJSON_AddStringToObject(info, "id", id);
    cJSON_AddStringToObject(info, "name", name);
    cJSON_AddStringToObject(root, "id", define_id(ids, 10, z));
    cJSON_AddStringToObject(root, "path", "/");
    cJSON_AddItemToObject(cJSON_AddObjectToObject(d, "resources"), z, root);
    cJSON_AddStringToObject(info, "rootResourceId", z);
    cJSON *all = cJSON_AddObjectToObject(d, "models");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        cJSON *m = cJSON_AddObjectToObject(all, models[i].name);
        cJSON_AddStringToObject(m, "id", define_id(ids, 6, z));
        cJSON_AddStringToObject(m, "name", models[i].name);
        cJSON_AddStringToObject(m, "description", models[i].about);
        cJSON_AddStringToObject(m, "schema", models[i].schema);
        cJSON_AddStringToObject(m, "contentType", "application/json");
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cJSON_AddObjectToObject(d, parts[i]);
    return d;
}

cJSON *define_root(const cJSON *definition)
{
    cJSON *r;
    cJSON_ArrayForEach(r, define_get(definition, "resources")) if (str_is(define_text(r, "path"), "/")) return r;
    return NULL;
}

static cJSON *by_path(const cJSON *definition, struct str path)
{
    cJSON *r;
    cJSON_ArrayForEach(r, define_get(definition, "resources")) if (str_eq(define_text(r, "path"), path)) return r;
    return NULL;
}

cJSON *define_resource(cJSON *definition, struct define_ids *ids, struct str path)
{
    cJSON *at = define_root(definition);
    struct buf whole = BUF_INIT;
    int depth = 0;
    for (struct str rest = path; rest.p && depth < MATCH_SEGMENTS;) {
        struct str part = str_cut(&rest, '/');
        char z[DEFINE_ID];
        if (!part.n)
            continue;
        depth++;
        buf_c(&whole, '/');
        buf_str_add(&whole, part);
        cJSON *r = by_path(definition, buf_str(&whole));
        if (!r) {
            r = cJSON_CreateObject();
            cJSON_AddStringToObject(r, "id", define_id(ids, 6, z));
            define_set_text(r, "parentId", define_text(at, "id"));
            define_set_text(r, "pathPart", part);
            define_set_text(r, "path", buf_str(&whole));
            cJSON_AddItemToObject(define_get(definition, "resources"), z, r);
        }
        at = r;
    }
    buf_release(&whole);
    return at;
}

static bool has_path(struct str type) { return !str_is(type, "API") && !str_is(type, "MODEL") && !str_is(type, "AUTHORIZER"); }

/* One location has one part. */
static void drop_part(cJSON *parts, const cJSON *location)
{
    cJSON *one, *next;
    for (one = parts->child; one; one = next) {
        next = one->next;
        if (cJSON_Compare(define_get(one, "location"), location, true))
            cJSON_Delete(cJSON_DetachItemViaPointer(parts, one));
    }
}

void define_documentation(cJSON *definition, struct define_ids *ids, const cJSON *documentation, cJSON *ret_ids)
{
    cJSON *parts = define_object(definition, "documentationparts");
    const cJSON *v;
    cJSON_ArrayForEach(v, define_get(documentation, "documentationParts"))
    {
        char z[DEFINE_ID];
        const cJSON *location = define_get(v, "location"), *properties = define_get(v, "properties");
        char *text = cJSON_IsObject(properties) ? cJSON_PrintUnformatted(properties) : NULL;
        if (!cJSON_IsObject(location) || !text)
            continue;
        drop_part(parts, location);
        cJSON *part = cJSON_CreateObject(), *at = cJSON_Duplicate(location, true);
        if (has_path(define_text(at, "type")) && !define_get(at, "path"))
            cJSON_AddStringToObject(at, "path", "/");
        cJSON_AddStringToObject(part, "id", define_id(ids, 6, z));
        cJSON_AddItemToObject(part, "location", at);
        cJSON_AddStringToObject(part, "properties", text);
        cJSON_AddItemToObject(parts, z, part);
        if (ret_ids)
            cJSON_AddItemToArray(ret_ids, cJSON_CreateString(z));
        free(text);
    }
}

/* ---- integrations ---- */
static int templates(struct model_api *api, const cJSON *of, const char *name, const struct place *p,
                     struct model_template **list, struct err *e)
{
    struct place map_at, one_at;
    const struct place *here = below(p, name, &map_at);
    const cJSON *map = define_get(of, name), *t;
    if (map && !cJSON_IsNull(map) && !cJSON_IsObject(map))
        return define_wrong(here, "an object is due", e);
    cJSON_ArrayForEach(t, map)
    {
        const struct place *one = below(here, t->string, &one_at);
        if (cJSON_IsNull(t))
            continue;
        if (!cJSON_IsString(t))
            return define_wrong(one, "a mapping template is a text", e);
        if (model_template(api, list, str_of(t->string), str_of(t->valuestring), e)) {
            e->status = 400;
            return define_at(one, e);
        }
    }
    return 0;
}

static int mappings(struct model_api *api, const cJSON *of, const char *name, const struct place *p, struct mapping **list,
                    struct err *e)
{
    struct place map_at, one_at;
    const struct place *here = below(p, name, &map_at);
    const cJSON *map = define_get(of, name), *v;
    if (map && !cJSON_IsNull(map) && !cJSON_IsObject(map))
        return define_wrong(here, "an object is due", e);
    cJSON_ArrayForEach(v, map)
    {
        const struct place *one = below(here, v->string, &one_at);
        if (!cJSON_IsString(v))
            return define_wrong(one, "a parameter mapping is a text", e);
        if (mapping_add(&api->arena, list, str_of(v->string), str_of(v->valuestring), e))
            return define_at(one, e);
    }
    return 0;
}

/* A word of a table; false when it is none of them, *ret untouched when the member is absent. */
static bool choose(const cJSON *v, const char *const *words, int n, int *ret)
{
    for (int k = 0; cJSON_IsString(v) && k < n; k++)
        if (strcmp(v->valuestring, words[k]) == 0) {
            *ret = k;
            return true;
        }
    return !v || cJSON_IsNull(v);
}

static int content_of(const cJSON *v, const struct place *p, enum model_content *ret, struct err *e)
{
    static const char *const words[] = { "", "CONVERT_TO_TEXT", "CONVERT_TO_BINARY" };
    struct place here;
    int chosen = MODEL_CONTENT_AS_IS;
    if (!choose(define_get(v, "contentHandling"), words, 3, &chosen))
        return define_wrong(below(p, "contentHandling", &here), "one of CONVERT_TO_TEXT, CONVERT_TO_BINARY is due", e);
    *ret = (enum model_content)chosen;
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

int define_response(struct model_api *api, const cJSON *v, const struct place *p, struct model_response **ret, struct err *e)
{
    struct place code;
    struct model_response *r = ARENA_NEW(&api->arena, struct model_response);
    if (!cJSON_IsObject(v))
        return define_wrong(p, "an object is due", e);
    if (status_of(define_get(v, "statusCode"), &r->status))
        return define_wrong(below(p, "statusCode", &code), "a status code between 100 and 599 is due", e);
    r->pattern = arena_dup(&api->arena, define_text(v, "selectionPattern"));
    if (r->pattern.n && !(r->compiled = jregex_compile(&api->arena, r->pattern, e))) {
        e->status = 400;
        return define_at(p, e);
    }
    if (content_of(v, p, &r->content, e) || templates(api, v, "responseTemplates", p, &r->templates, e) ||
        mappings(api, v, "responseParameters", p, &r->mappings, e))
        return -1;
    *ret = r;
    return 0;
}

static int responses(struct model_api *api, const cJSON *of, const struct place *p, struct model_integration *i, struct err *e)
{
    struct place map_at, one_at;
    const struct place *here = below(p, "responses", &map_at);
    const cJSON *map = define_get(of, "integrationResponses"), *v;
    struct model_response **tail = &i->responses;
    if (map && !cJSON_IsNull(map) && !cJSON_IsObject(map))
        return define_wrong(here, "an object is due", e);
    cJSON_ArrayForEach(v, map)
    {
        struct str pattern = define_text(v, "selectionPattern");
        if (define_response(api, v, below(here, pattern.n ? pattern.p : "default", &one_at), tail, e))
            return -1;
        tail = &(*tail)->next;
    }
    return 0;
}

/* Texts where texts are due. */
static int check_texts(const cJSON *v, const struct place *p, struct err *e)
{
    static const char *const names[] = { "type", "uri", "httpMethod", "passthroughBehavior", "credentials" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct place here;
        const cJSON *m = define_get(v, names[i]);
        if (m && !cJSON_IsNull(m) && !cJSON_IsString(m))
            return define_wrong(below(p, names[i], &here), "a text is due", e);
    }
    return 0;
}

int define_integration(struct model_api *api, const cJSON *v, const struct place *p, struct model_integration **ret,
                       struct err *e)
{
    static const char *const types[] = { "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK" };
    static const char *const passthroughs[] = { "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER" };
    struct place here;
    struct model_integration *i = ARENA_NEW(&api->arena, struct model_integration);
    int chosen = -1, pass = MODEL_WHEN_NO_MATCH;
    if (check_texts(v, p, e))
        return -1;
    if (!choose(define_get(v, "type"), types, 5, &chosen) || chosen < 0)
        return define_wrong(below(p, "type", &here), "one of http, http_proxy, aws, aws_proxy, mock is due", e);
    if (!choose(define_get(v, "passthroughBehavior"), passthroughs, 3, &pass))
        return define_wrong(below(p, "passthroughBehavior", &here), "one of when_no_match, when_no_templates, never is due", e);
    i->type = (enum model_type)chosen;
    i->passthrough = (enum model_passthrough)pass;
    i->http_method = arena_dup(&api->arena, define_text(v, "httpMethod"));
    i->credentials = arena_dup(&api->arena, define_text(v, "credentials"));
    i->uri = define_text(v, "uri");
    i->timeout_ms = 29000;
    const cJSON *limit = define_get(v, "timeoutInMillis");
    if (limit && (!cJSON_IsNumber(limit) || limit->valueint < 50 || limit->valueint > 29000))
        return define_wrong(below(p, "timeoutInMillis", &here), "Timeout should be between 50 ms and 29000 ms", e);
    if (limit)
        i->timeout_ms = limit->valueint;
    if (model_uri(api, i, e))
        return define_at(below(p, "uri", &here), e);
    if (content_of(v, p, &i->content, e) || templates(api, v, "requestTemplates", p, &i->templates, e) ||
        mappings(api, v, "requestParameters", p, &i->mappings, e) || responses(api, v, p, i, e))
        return -1;
    *ret = i;
    return 0;
}

/* ---- methods ---- */
static void parameters(struct model_api *api, const cJSON *v, struct model_method *m)
{
    static const struct { const char *prefix; enum vtl_place place; } kinds[] = { /* in the order AWS lists them */
        { "method.request.header.", VTL_HEADER }, { "method.request.path.", VTL_PATH }, { "method.request.querystring.", VTL_QUERY },
    };
    struct model_parameter **tail = &m->required;
    const cJSON *one;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        cJSON_ArrayForEach(one, define_get(v, "requestParameters"))
        {
            struct str name = str_of(one->string), prefix = str_of(kinds[k].prefix);
            if (!cJSON_IsTrue(one) || !str_starts(name, prefix))
                continue;
            *tail = ARENA_NEW(&api->arena, struct model_parameter);
            (*tail)->place = kinds[k].place;
            (*tail)->name = arena_dup(&api->arena, str_from(name, prefix.n));
            tail = &(*tail)->next;
        }
}

static void bodies(struct model_api *api, const cJSON *v, struct model_method *m)
{
    struct model_body **tail = &m->bodies;
    const cJSON *one;
    cJSON_ArrayForEach(one, define_get(v, "requestModels"))
    {
        if (!cJSON_IsString(one))
            continue;
        *tail = ARENA_NEW(&api->arena, struct model_body);
        (*tail)->media_type = arena_dup(&api->arena, str_of(one->string));
        (*tail)->schema = define_get(api->schemas, one->valuestring);
        tail = &(*tail)->next;
    }
}

static int method(struct model_api *api, struct model_resource *r, const cJSON *v, const struct place *p, struct err *e)
{
    struct place here = { p, "x-amazon-apigateway-integration" };
    struct model_method *m = model_method(api, r, str_of(v->string));
    const cJSON *validator = define_get(define_get(api->definition, "requestvalidators"),
                                        define_text(v, "requestValidatorId").n ? define_text(v, "requestValidatorId").p : "-");
    m->operation = arena_dup(&api->arena, define_text(v, "operationName"));
    struct str authorization = define_text(v, "authorizationType");
    if (str_is(authorization, "CUSTOM") || str_is(authorization, "COGNITO_USER_POOLS"))
        m->authorizer = arena_dup(&api->arena, authorization);
    m->key_required = define_on(v, "apiKeyRequired");
    m->validate_body = define_on(validator, "validateRequestBody");
    m->validate_parameters = define_on(validator, "validateRequestParameters");
    parameters(api, v, m);
    bodies(api, v, m);
    const cJSON *i = define_get(v, "methodIntegration");
    return i ? define_integration(api, i, &here, &m->integration, e) : 0;
}

static const char *member_of(const char *verb, char out[16])
{
    size_t n = strlen(verb);
    for (size_t i = 0; i <= n && i < 15; i++)
        out[i] = verb[i] >= 'A' && verb[i] <= 'Z' ? (char)(verb[i] + 32) : verb[i];
    out[15] = 0;
    return strcmp(verb, "ANY") == 0 ? "x-amazon-apigateway-any-method" : out;
}

static int resource(struct model_api *api, const cJSON *v, struct err *e)
{
    char lower[16];
    struct place paths = { NULL, "paths" }, here = { &paths, define_text(v, "path").p };
    struct model_resource *r = model_resource(api, define_text(v, "path"), e);
    const cJSON *m;
    if (!r)
        return define_at(&here, e);
    r->id = arena_dup(&api->arena, define_text(v, "id"));
    cJSON_ArrayForEach(m, define_get(v, "resourceMethods"))
    {
        struct place verb = { &here, member_of(m->string, lower) };
        if (method(api, r, m, &verb, e))
            return -1;
    }
    return 0;
}

/* ---- the API ---- */
static void schemas(struct model_api *api)
{
    const cJSON *m;
    api->schemas = cJSON_CreateObject();
    cJSON_ArrayForEach(m, define_get(api->definition, "models"))
    {
        struct str text = define_text(m, "schema");
        cJSON *schema = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
        if (schema)
            cJSON_AddItemToObject(api->schemas, m->string, schema);
    }
}

static int refusals(struct model_api *api, struct err *e)
{
    const cJSON *v;
    struct place all = { NULL, "x-amazon-apigateway-gateway-responses" };
    struct model_refusal **tail = &api->refusals;
    cJSON_ArrayForEach(v, define_get(api->definition, "gatewayresponses"))
    {
        struct place here = { &all, v->string };
        struct model_refusal *r = *tail = ARENA_NEW(&api->arena, struct model_refusal);
        r->type = str_of(v->string);
        if (define_text(v, "statusCode").n)
            status_of(define_get(v, "statusCode"), &r->status);
        r->headers = define_get(v, "responseParameters");
        if (templates(api, v, "responseTemplates", &here, &r->templates, e))
            return -1;
        tail = &r->next;
    }
    return 0;
}

static void binary_types(struct model_api *api)
{
    const cJSON *list = define_get(define_get(api->definition, "info"), "binaryMediaTypes"), *v;
    api->binary_types = ARENA_ARRAY(&api->arena, struct str, (size_t)cJSON_GetArraySize(list) + 1);
    cJSON_ArrayForEach(v, list) if (cJSON_IsString(v)) api->binary_types[api->n_binary_types++] = str_of(v->valuestring);
}

struct model_api *define_model(cJSON *definition, bool lenient, struct err *e)
{
    const cJSON *info = define_get(definition, "info"), *r;
    struct model_api *api = model_open(define_text(info, "id"));
    api->definition = definition;
    api->lenient = lenient;
    api->name = define_text(info, "name");
    api->key_from_authorizer = str_is(define_text(info, "apiKeySource"), "AUTHORIZER");
    binary_types(api);
    schemas(api);
    int failed = refusals(api, e);
    cJSON_ArrayForEach(r, define_get(definition, "resources"))
    {
        failed = failed || resource(api, r, e);
    }
    model_summarize(api);
    if (!failed)
        return api;
    model_close(api);
    return NULL;
}
