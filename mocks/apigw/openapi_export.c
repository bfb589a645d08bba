/* openapi_export.c - definitions as OpenAPI 3 or Swagger 2 documents, as GetExport answers them.
 *
 * With integrations the document holds everything that is needed to import the API again: x-amazon-apigateway-*.
 * Documented at: Developer Guide, "Export a REST API from API Gateway".
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

#include "mocks/apigw/define.h"

enum { MAX_DEPTH = 100 };
struct export {
    const cJSON *definition;
    bool oas3, integrations;
    bool keys; /* some method asks for an API key */
};

static void copy(cJSON *to, const cJSON *from, const char *name)
{
    const cJSON *v = define_get(from, name);
    if (v && !cJSON_IsNull(v))
        cJSON_AddItemToObject(to, name, cJSON_Duplicate(v, true));
}

static void add_lower(cJSON *to, const char *name, struct str text)
{
    char *z = mem_dup(text);
    for (char *c = z; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    if (*z)
        cJSON_AddStringToObject(to, name, z);
    free(z);
}

static cJSON *reference(const struct export *x, const char *model)
{
    struct buf b = BUF_INIT;
    cJSON *v = cJSON_CreateObject();
    buf_f(&b, "%s%s", x->oas3 ? "#/components/schemas/" : "#/definitions/", model);
    cJSON_AddStringToObject(v, "$ref", buf_cstr(&b));
    buf_release(&b);
    return v;
}

/* ---- parameters and bodies ---- */
static void one_parameter(const struct export *x, cJSON *list, const cJSON *v)
{
    static const struct { const char *prefix, *in; } kinds[] = {
        { "method.request.header.", "header" }, { "method.request.path.", "path" }, { "method.request.querystring.", "query" },
    };
    for (size_t i = 0; i < 3; i++) {
        struct str name = str_of(v->string), prefix = str_of(kinds[i].prefix);
        if (!str_starts(name, prefix))
            continue;
        cJSON *p = cJSON_CreateObject();
        cJSON_AddStringToObject(p, "name", v->string + prefix.n);
        cJSON_AddStringToObject(p, "in", kinds[i].in);
        if (cJSON_IsTrue(v) || !x->oas3)
            cJSON_AddBoolToObject(p, "required", cJSON_IsTrue(v));
        if (x->oas3)
            cJSON_AddStringToObject(cJSON_AddObjectToObject(p, "schema"), "type", "string");
        else
            cJSON_AddStringToObject(p, "type", "string");
        cJSON_AddItemToArray(list, p);
    }
}

static void put_parameters(const struct export *x, cJSON *operation, const cJSON *method)
{
    cJSON *list = cJSON_CreateArray();
    const cJSON *v;
    cJSON_ArrayForEach(v, define_get(method, "requestParameters")) one_parameter(x, list, v);
    cJSON_ArrayForEach(v, define_get(method, "requestModels"))
    {
        if (!cJSON_IsString(v))
            continue;
        if (x->oas3) {
            cJSON *body = define_object(operation, "requestBody");
            cJSON *content = define_object(define_object(body, "content"), v->string);
            define_set(content, "schema", reference(x, v->valuestring));
            define_set(body, "required", cJSON_CreateTrue());
            continue;
        }
        cJSON *p = cJSON_CreateObject();
        cJSON_AddStringToObject(p, "in", "body");
        cJSON_AddStringToObject(p, "name", v->valuestring);
        cJSON_AddBoolToObject(p, "required", true);
        cJSON_AddItemToObject(p, "schema", reference(x, v->valuestring));
        cJSON_AddItemToArray(list, p);
    }
    if (cJSON_GetArraySize(list))
        cJSON_AddItemToObject(operation, "parameters", list);
    else
        cJSON_Delete(list);
}

static void add_type(cJSON *operation, const char *list, const char *type)
{
    const cJSON *one;
    cJSON *types = define_get(operation, list);
    cJSON_ArrayForEach(one, types) if (strcmp(one->valuestring, type) == 0) return;
    cJSON_AddItemToArray(types ? types : cJSON_AddArrayToObject(operation, list), cJSON_CreateString(type));
}

/* Swagger's consumes and produces: what there are models or templates for. */
static void put_types(cJSON *operation, const cJSON *method)
{
    const cJSON *v, *t, *i = define_get(method, "methodIntegration");
    cJSON_ArrayForEach(t, define_get(method, "requestModels")) add_type(operation, "consumes", t->string);
    cJSON_ArrayForEach(t, define_get(i, "requestTemplates")) add_type(operation, "consumes", t->string);
    cJSON_ArrayForEach(v, define_get(method, "methodResponses")) cJSON_ArrayForEach(t, define_get(v, "responseModels")) add_type(operation, "produces", t->string);
    cJSON_ArrayForEach(v, define_get(i, "integrationResponses")) cJSON_ArrayForEach(t, define_get(v, "responseTemplates")) add_type(operation, "produces", t->string);
}

static void put_responses(const struct export *x, cJSON *operation, const cJSON *method)
{
    cJSON *all = cJSON_AddObjectToObject(operation, "responses");
    const cJSON *v, *p;
    cJSON_ArrayForEach(v, define_get(method, "methodResponses"))
    {
        cJSON *r = cJSON_AddObjectToObject(all, v->string);
        struct buf b = BUF_INIT;
        buf_f(&b, "%s response", v->string);
        cJSON_AddStringToObject(r, "description", buf_cstr(&b));
        buf_release(&b);
        cJSON_ArrayForEach(p, define_get(v, "responseParameters"))
        {
            static const char prefix[] = "method.response.header.";
            if (!str_starts(str_of(p->string), str_of(prefix)))
                continue;
            cJSON *h = define_object(define_object(r, "headers"), p->string + sizeof prefix - 1);
            cJSON_AddStringToObject(x->oas3 ? define_object(h, "schema") : h, "type", "string");
        }
        if (x->oas3)
            define_object(r, "content");
        cJSON_ArrayForEach(p, define_get(v, "responseModels"))
        {
            if (cJSON_IsString(p) && x->oas3)
                define_set(define_object(define_object(r, "content"), p->string), "schema", reference(x, p->valuestring));
            else if (cJSON_IsString(p))
                define_set(r, "schema", reference(x, p->valuestring));
        }
    }
}

/* ---- integrations ---- */
static void put_integration(cJSON *operation, const cJSON *i, struct str resource)
{
    static const char *const same[] = { "httpMethod", "uri", "credentials", "requestParameters", "requestTemplates",
                                        "contentHandling" };
    cJSON *out = cJSON_AddObjectToObject(operation, "x-amazon-apigateway-integration"), *responses = NULL;
    const cJSON *v;
    add_lower(out, "type", define_text(i, "type"));
    for (size_t k = 0; k < sizeof same / sizeof *same; k++)
        copy(out, i, same[k]);
    if (cJSON_IsNumber(define_get(i, "timeoutInMillis")) && define_get(i, "timeoutInMillis")->valueint != 29000)
        copy(out, i, "timeoutInMillis");
    if (!str_eq(define_text(i, "cacheNamespace"), resource))
        copy(out, i, "cacheNamespace");
    if (cJSON_GetArraySize(define_get(i, "cacheKeyParameters")))
        copy(out, i, "cacheKeyParameters");
    add_lower(out, "passthroughBehavior", define_text(i, "passthroughBehavior"));
    cJSON_ArrayForEach(v, define_get(i, "integrationResponses"))
    {
        cJSON *r = cJSON_Duplicate(v, true);
        struct str pattern = define_text(v, "selectionPattern");
        if (!responses)
            responses = cJSON_AddObjectToObject(out, "responses");
        cJSON_DeleteItemFromObjectCaseSensitive(r, "selectionPattern");
        define_set(responses, pattern.n ? pattern.p : "default", r);
    }
}

static void put_validator(const struct export *x, cJSON *operation, const cJSON *method)
{
    struct str id = define_text(method, "requestValidatorId");
    const cJSON *v = id.n ? define_get(define_get(x->definition, "requestvalidators"), id.p) : NULL;
    if (v)
        define_set_text(operation, "x-amazon-apigateway-request-validator", define_text(v, "name"));
}

static void put_method(struct export *x, cJSON *item, const cJSON *m, struct str resource)
{
    char name[40] = "x-amazon-apigateway-any-method";
    size_t n = strlen(m->string);
    if (strcmp(m->string, "ANY") != 0)
        for (size_t k = 0; k <= n && k < sizeof name; k++)
            name[k] = m->string[k] >= 'A' && m->string[k] <= 'Z' ? (char)(m->string[k] + 32) : m->string[k];
    cJSON *o = cJSON_AddObjectToObject(item, name);
    if (define_text(m, "operationName").n)
        define_set_text(o, "operationId", define_text(m, "operationName"));
    put_parameters(x, o, m);
    put_responses(x, o, m);
    if (!x->oas3)
        put_types(o, m);
    if (define_on(m, "apiKeyRequired")) {
        cJSON *list = cJSON_AddArrayToObject(o, "security"), *one = cJSON_CreateObject();
        cJSON_AddArrayToObject(one, "api_key");
        cJSON_AddItemToArray(list, one);
        x->keys = true;
    }
    if (!x->integrations)
        return;
    put_validator(x, o, m);
    if (define_get(m, "methodIntegration"))
        put_integration(o, define_get(m, "methodIntegration"), resource);
}

/* ---- the document ---- */
static bool names(const cJSON *map, const char *model)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, map) if (cJSON_IsString(v) && strcmp(v->valuestring, model) == 0) return true;
    return false;
}

/* Empty and Error, which every API has, are there when a method names them. */
static bool is_wanted(const struct export *x, const char *model)
{
    const cJSON *r, *m, *v;
    if (strcmp(model, "Empty") != 0 && strcmp(model, "Error") != 0)
        return true;
    cJSON_ArrayForEach(r, define_get(x->definition, "resources")) cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
    {
        if (names(define_get(m, "requestModels"), model))
            return true;
        cJSON_ArrayForEach(v, define_get(m, "methodResponses")) if (names(define_get(v, "responseModels"), model))
            return true;
    }
    return false;
}

/* URLs of models become places in the document. */
static void name_places(const struct export *x, cJSON *schema, int depth)
{
    struct str ref = define_text(schema, "$ref");
    cJSON *child;
    if (str_starts(ref, S(MODEL_URL)) && strrchr(ref.p, '/')) {
        cJSON *place = reference(x, strrchr(ref.p, '/') + 1);
        define_set_text(schema, "$ref", define_text(place, "$ref"));
        cJSON_Delete(place);
    }
    cJSON_ArrayForEach(child, schema) if (depth < MAX_DEPTH) name_places(x, child, depth + 1);
}

static void put_models(const struct export *x, cJSON *document)
{
    const cJSON *m;
    if (x->oas3)
        define_object(document, "components");
    cJSON_ArrayForEach(m, define_get(x->definition, "models"))
    {
        struct str text = define_text(m, "schema");
        cJSON *schema = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
        if (!schema || !is_wanted(x, m->string)) {
            cJSON_Delete(schema);
            continue;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(schema, "$schema");
        name_places(x, schema, 0);
        cJSON_AddItemToObject(x->oas3 ? define_object(define_object(document, "components"), "schemas") : define_object(document, "definitions"),
                              m->string, schema);
    }
    if (!x->keys)
        return;
    cJSON *schemes = x->oas3 ? define_object(define_object(document, "components"), "securitySchemes")
                             : define_object(document, "securityDefinitions");
    cJSON *key = cJSON_AddObjectToObject(schemes, "api_key");
    cJSON_AddStringToObject(key, "type", "apiKey");
    cJSON_AddStringToObject(key, "name", "x-api-key");
    cJSON_AddStringToObject(key, "in", "header");
}

static void put_extensions(const struct export *x, cJSON *document)
{
    const cJSON *info = define_get(x->definition, "info"), *v;
    cJSON *types = define_get(info, "binaryMediaTypes");
    cJSON_ArrayForEach(v, define_get(x->definition, "requestvalidators"))
    {
        cJSON *one = define_object(define_object(document, "x-amazon-apigateway-request-validators"), define_text(v, "name").p);
        cJSON_AddBoolToObject(one, "validateRequestParameters", define_on(v, "validateRequestParameters"));
        cJSON_AddBoolToObject(one, "validateRequestBody", define_on(v, "validateRequestBody"));
    }
    cJSON_ArrayForEach(v, define_get(x->definition, "gatewayresponses"))
    {
        cJSON *one = cJSON_Duplicate(v, true);
        int64_t status;
        if (str_to_i64(define_text(one, "statusCode"), &status))
            define_set(one, "statusCode", cJSON_CreateNumber((double)status));
        cJSON_DeleteItemFromObjectCaseSensitive(one, "responseType");
        define_set(define_object(document, "x-amazon-apigateway-gateway-responses"), v->string, one);
    }
    if (cJSON_GetArraySize(types))
        cJSON_AddItemToObject(document, "x-amazon-apigateway-binary-media-types", cJSON_Duplicate(types, true));
    if (str_is(define_text(info, "apiKeySource"), "AUTHORIZER"))
        define_set_text(document, "x-amazon-apigateway-api-key-source", define_text(info, "apiKeySource"));
}

static void put_address(const struct export *x, cJSON *document, const char *host, const char *stage)
{
    struct buf b = BUF_INIT;
    if (x->oas3) {
        cJSON *server = cJSON_CreateObject();
        cJSON_AddItemToArray(cJSON_AddArrayToObject(document, "servers"), server);
        buf_f(&b, "https://%s/{basePath}", host);
        cJSON_AddStringToObject(server, "url", buf_cstr(&b));
        buf_reset(&b);
        buf_z(&b, stage);
        cJSON_AddStringToObject(define_object(define_object(server, "variables"), "basePath"), "default", buf_cstr(&b));
    } else {
        cJSON_AddStringToObject(document, "host", host);
        buf_f(&b, "/%s", stage);
        cJSON_AddStringToObject(document, "basePath", buf_cstr(&b));
        cJSON_AddItemToArray(cJSON_AddArrayToObject(document, "schemes"), cJSON_CreateString("https"));
    }
    buf_release(&b);
}

struct str openapi_version(const cJSON *definition, char out[32])
{
    const cJSON *about = define_get(definition, "info"), *made = define_get(about, "createdDate");
    if (define_text(about, "version").n)
        return define_text(about, "version");
    struct civil t = clock_civil(cJSON_IsNumber(made) ? (int64_t)made->valuedouble * 1000 : 0);
    snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year % 10000, t.month % 100, t.day % 100, t.hour % 100, t.minute % 100, t.second % 100);
    return str_of(out);
}

cJSON *openapi_export(const cJSON *definition, const char *stage, const char *type, bool integrations, const char *host)
{
    struct export x = { .definition = definition, .oas3 = strcmp(type, "swagger") != 0, .integrations = integrations };
    const cJSON *about = define_get(definition, "info"), *r, *m;
    char version[32];
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, x.oas3 ? "openapi" : "swagger", x.oas3 ? "3.0.1" : "2.0");
    cJSON *info = cJSON_AddObjectToObject(document, "info");
    define_set_text(info, "title", define_text(about, "name"));
    copy(info, about, "description");
    define_set_text(info, "version", openapi_version(definition, version));
    put_address(&x, document, host, stage);
    cJSON *paths = cJSON_AddObjectToObject(document, "paths");
    cJSON_ArrayForEach(r, define_get(definition, "resources"))
    {
        cJSON *item = NULL;
        cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
        {
            if (!item)
                item = cJSON_AddObjectToObject(paths, define_text(r, "path").p);
            put_method(&x, item, m, define_text(r, "id"));
        }
    }
    put_models(&x, document);
    if (integrations)
        put_extensions(&x, document);
    return document;
}
