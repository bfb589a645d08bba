/* openapi.c - OpenAPI 3 and Swagger 2 documents, JSON or YAML, into definitions.
 *
 *   paths/{path}/{verb}                           resources and methods; x-amazon-apigateway-any-method is ANY
 *     parameters, requestBody                     required parameters, body models
 *     responses                                   method responses
 *     x-amazon-apigateway-integration             the integration, with its responses by pattern
 *     x-amazon-apigateway-request-validator       by name; also for the whole document
 *     security naming an apiKey scheme            the method asks for x-api-key; one with an authorizer: for that
 *   components/schemas, definitions               models
 *   info, x-amazon-apigateway-binary-media-types, -api-key-source, -request-validators, -gateway-responses, -documentation
 *   basePath, servers                             ignored, prepended or split, as the import's basepath says
 *
 * Other x-amazon-apigateway-* members are accepted and not used. Documented at: Developer Guide, "OpenAPI extensions
 * for API Gateway".
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/apigw/openapi.h"
#include "mocks/apigw/yaml.h"

struct import {
    cJSON *definition;
    struct define_ids *ids;
    struct err *e;
    const cJSON *document;
    struct str prefix; /* of every path */
};

/* A document of more would be refused by API Gateway's quota of 300 resources, raised on request. */
enum { MAX_PATHS = 2000, MAX_REF_STEPS = 8, MAX_DEPTH = 100 };

static bool is_kind(struct import *im, const cJSON *object, const char *name, const struct place *p, int kind, const char *why)
{
    const cJSON *v = define_get(object, name);
    struct place here = { p, name };
    if (!v || cJSON_IsNull(v) || (v->type & kind))
        return true;
    define_wrong(&here, why, im->e);
    return false;
}

static bool text_ok(struct import *im, const cJSON *object, const char *name, const struct place *p)
{
    return is_kind(im, object, name, p, cJSON_String, "a text is due");
}

static bool object_ok(struct import *im, const cJSON *object, const char *name, const struct place *p)
{
    return is_kind(im, object, name, p, cJSON_Object, "an object is due");
}

/* What "$ref": "#/a/b" means, or v itself. */
static const cJSON *deref(const struct import *im, const cJSON *v)
{
    for (int steps = 0; steps < MAX_REF_STEPS && define_text(v, "$ref").n; steps++) {
        struct str rest = define_text(v, "$ref");
        const cJSON *at = im->document;
        if (!str_is(str_cut(&rest, '/'), "#"))
            return v;
        while (rest.p && at) {
            char *name = mem_dup(str_cut(&rest, '/'));
            at = define_get(at, name);
            free(name);
        }
        if (!at)
            return v;
        v = at;
    }
    return v;
}

/* ---- models ---- */
/* A model names another by its URL. */
static void name_models(const struct import *im, cJSON *schema, int depth)
{
    static const char *const places[] = { "#/components/schemas/", "#/definitions/" };
    struct str ref = define_text(schema, "$ref"), api = define_text(define_get(im->definition, "info"), "id");
    cJSON *child;
    for (size_t i = 0; i < 2; i++)
        if (str_starts(ref, str_of(places[i]))) {
            struct buf b = BUF_INIT;
            buf_f(&b, MODEL_URL STR_F "/models/%s", STR_A(api), ref.p + strlen(places[i]));
            define_set_text(schema, "$ref", buf_str(&b));
            buf_release(&b);
            break;
        }
    cJSON_ArrayForEach(child, schema) if (depth < MAX_DEPTH) name_models(im, child, depth + 1);
}

static void put_model(struct import *im, const char *name, const cJSON *schema)
{
    cJSON *own = cJSON_Duplicate(schema, true), *m = cJSON_CreateObject();
    name_models(im, own, 0);
    char id[DEFINE_ID], *text = cJSON_Print(own);
    cJSON_Delete(own);
    cJSON_AddStringToObject(m, "id", define_id(im->ids, 6, id));
    cJSON_AddStringToObject(m, "name", name);
    cJSON_AddStringToObject(m, "schema", text ? text : "{}");
    if (define_text(schema, "description").n)
        define_set_text(m, "description", define_text(schema, "description"));
    cJSON_AddStringToObject(m, "contentType", "application/json");
    define_set(define_object(im->definition, "models"), name, m);
    free(text);
}

/* The model a schema names, or one made of it. */
static void body_model(struct import *im, cJSON *method, const char *media_type, const cJSON *schema)
{
    if (!cJSON_IsObject(schema))
        return;
    struct str ref = define_text(schema, "$ref");
    char made[DEFINE_ID + 8], id[DEFINE_ID];
    const char *name = ref.n ? strrchr(ref.p, '/') : NULL;
    if (!name) {
        snprintf(made, sizeof made, "MODEL%s", define_id(im->ids, 6, id));
        put_model(im, made, schema);
    }
    define_set(define_object(method, "requestModels"), media_type, cJSON_CreateString(name ? name + 1 : made));
}

/* ---- parameters ---- */
static void parameter(struct import *im, cJSON *method, const cJSON *operation, const cJSON *v)
{
    static const struct { const char *in, *prefix; } places[] = { { "path", "path" }, { "query", "querystring" }, { "header", "header" } };
    struct str name = define_text(v, "name"), in = define_text(v, "in");
    for (size_t i = 0; i < 3; i++)
        if (name.n && str_is(in, places[i].in)) {
            struct buf b = BUF_INIT;
            buf_f(&b, "method.request.%s." STR_F, places[i].prefix, STR_A(name));
            define_set(define_object(method, "requestParameters"), buf_cstr(&b), cJSON_CreateBool(define_on(v, "required")));
            buf_release(&b);
        }
    if (!str_is(in, "body"))
        return;
    const cJSON *type = cJSON_GetArrayItem(define_get(operation, "consumes"), 0);
    if (!type)
        type = cJSON_GetArrayItem(define_get(im->document, "consumes"), 0);
    body_model(im, method, cJSON_IsString(type) ? type->valuestring : "application/json", define_get(v, "schema"));
}

static void parameters(struct import *im, cJSON *method, const cJSON *operation, const cJSON *list)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, list) parameter(im, method, operation, deref(im, v));
}

/* Those of the path are required, whether declared or not. */
static void path_parameters(cJSON *method, struct str path)
{
    for (struct str rest = path; rest.p;) {
        struct str part = str_cut(&rest, '/');
        struct buf b = BUF_INIT;
        if (part.n < 3 || part.p[0] != '{')
            continue;
        buf_z(&b, "method.request.path.");
        buf_str_add(&b, (struct str){ part.p + 1, part.n - (str_ends(part, S("+}")) ? 3 : 2) });
        if (!define_get(define_get(method, "requestParameters"), buf_cstr(&b)))
            define_set(define_object(method, "requestParameters"), buf_cstr(&b), cJSON_CreateTrue());
        buf_release(&b);
    }
}

static void request_body(struct import *im, cJSON *method, const cJSON *operation)
{
    const cJSON *body = deref(im, define_get(operation, "requestBody")), *v;
    cJSON_ArrayForEach(v, define_get(body, "content")) body_model(im, method, v->string, define_get(v, "schema"));
}

/* ---- responses ---- */
static void response_models(cJSON *out, const cJSON *v, const cJSON *document)
{
    const cJSON *one;
    struct str ref = define_text(define_get(v, "schema"), "$ref");
    const cJSON *produces = cJSON_GetArrayItem(define_get(document, "produces"), 0);
    if (ref.n && strrchr(ref.p, '/'))
        define_set(define_object(out, "responseModels"), cJSON_IsString(produces) ? produces->valuestring : "application/json",
                   cJSON_CreateString(strrchr(ref.p, '/') + 1));
    cJSON_ArrayForEach(one, define_get(v, "content"))
    {
        ref = define_text(define_get(one, "schema"), "$ref");
        if (ref.n && strrchr(ref.p, '/'))
            define_set(define_object(out, "responseModels"), one->string, cJSON_CreateString(strrchr(ref.p, '/') + 1));
    }
}

static void responses(struct import *im, cJSON *method, const cJSON *operation)
{
    const cJSON *v, *header;
    cJSON_ArrayForEach(v, define_get(operation, "responses"))
    {
        const cJSON *r = deref(im, v);
        int64_t status;
        if (!str_to_i64(str_of(v->string), &status))
            continue;
        cJSON *out = cJSON_CreateObject();
        cJSON_AddStringToObject(out, "statusCode", v->string);
        cJSON_ArrayForEach(header, define_get(r, "headers"))
        {
            struct buf b = BUF_INIT;
            buf_f(&b, "method.response.header.%s", header->string);
            define_set(define_object(out, "responseParameters"), buf_cstr(&b), cJSON_CreateBool(define_on(header, "required")));
            buf_release(&b);
        }
        response_models(out, r, im->document);
        define_set(define_object(method, "methodResponses"), v->string, out);
    }
}

/* ---- integrations ---- */
/* A mapping that is no text is left out, with a warning. */
static void drop_mappings(struct import *im, cJSON *integration, const char *verb, struct str path)
{
    cJSON *map = define_get(integration, "requestParameters"), *next;
    for (cJSON *v = map ? map->child : NULL; v; v = next) {
        next = v->next;
        if (cJSON_IsString(v) || !v->string)
            continue;
        char *was = cJSON_PrintUnformatted(v);
        struct buf b = BUF_INIT;
        buf_f(&b, "Invalid format for 'requestParameters'. Expected type string for property '%s' of resource '" STR_F "' and method '%s' but got '%s'",
              v->string, STR_A(path), verb, was ? was : "");
        if (!cJSON_IsArray(define_get(im->definition, "warnings")))
            define_set(im->definition, "warnings", cJSON_CreateArray());
        cJSON_AddItemToArray(define_get(im->definition, "warnings"), cJSON_CreateString(buf_cstr(&b)));
        buf_release(&b);
        free(was);
        cJSON_Delete(cJSON_DetachItemViaPointer(map, v));
    }
}

/* Documents write enumerations in lower case. */
static void set_upper(cJSON *object, const char *name)
{
    cJSON *v = define_get(object, name);
    for (char *c = cJSON_IsString(v) ? v->valuestring : NULL; c && *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 32);
}

static cJSON *integration_responses(struct import *im, const cJSON *map, const struct place *p, int *ret_failed)
{
    cJSON *out = cJSON_CreateObject();
    const cJSON *v;
    cJSON_ArrayForEach(v, map)
    {
        struct place here = { p, v->string };
        if (!cJSON_IsObject(v)) {
            *ret_failed = define_wrong(&here, "an object is due", im->e);
            break;
        }
        cJSON *r = cJSON_Duplicate(v, true), *status = define_get(r, "statusCode");
        char text[24] = "";
        if (cJSON_IsNumber(status)) {
            snprintf(text, sizeof text, "%d", status->valueint);
            define_set_text(r, "statusCode", str_of(text));
        }
        if (strcmp(v->string, "default") != 0)
            define_set_text(r, "selectionPattern", str_of(v->string));
        set_upper(r, "contentHandling");
        struct str code = define_text(r, "statusCode");
        cJSON_AddItemToObject(out, code.n ? code.p : "", r); /* two patterns may share a status */
    }
    return out;
}

static int integration(struct import *im, cJSON *method, const cJSON *v, const cJSON *resource, const struct place *p)
{
    static const char *const kept[] = { "type", "httpMethod", "uri", "credentials", "requestParameters", "requestTemplates",
        "passthroughBehavior", "contentHandling", "timeoutInMillis", "cacheNamespace", "cacheKeyParameters", "connectionType" };
    struct place at = { p, "responses" };
    int failed = 0;
    if (!object_ok(im, v, "responses", p) || !text_ok(im, v, "type", p) || !text_ok(im, v, "passthroughBehavior", p))
        return -1;
    cJSON *i = cJSON_AddObjectToObject(method, "methodIntegration");
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
        if (define_get(v, kept[k]))
            cJSON_AddItemToObject(i, kept[k], cJSON_Duplicate(define_get(v, kept[k]), true));
    set_upper(i, "type");
    if (str_is(define_text(i, "type"), "MOCK"))
        cJSON_DeleteItemFromObjectCaseSensitive(i, "httpMethod");
    if (str_starts(define_text(i, "type"), S("HTTP")) && !define_get(i, "connectionType"))
        cJSON_AddStringToObject(i, "connectionType", "INTERNET");
    drop_mappings(im, i, define_text(method, "httpMethod").p, define_text(resource, "path"));
    set_upper(i, "passthroughBehavior");
    set_upper(i, "contentHandling");
    if (!define_get(i, "passthroughBehavior"))
        cJSON_AddStringToObject(i, "passthroughBehavior", "WHEN_NO_MATCH");
    if (!define_get(i, "timeoutInMillis"))
        cJSON_AddNumberToObject(i, "timeoutInMillis", 29000);
    if (!define_get(i, "cacheNamespace"))
        define_set_text(i, "cacheNamespace", define_text(resource, "id"));
    if (!define_get(i, "cacheKeyParameters"))
        cJSON_AddArrayToObject(i, "cacheKeyParameters");
    if (cJSON_IsObject(define_get(v, "responses")))
        define_set(i, "integrationResponses", integration_responses(im, define_get(v, "responses"), &at, &failed));
    return failed;
}

/* ---- methods ---- */
/* Does a security requirement name an API key? */
static bool wants_key(const struct import *im, const cJSON *operation)
{
    const cJSON *requirement, *scheme;
    const cJSON *schemes = define_get(define_get(im->document, "components"), "securitySchemes");
    if (!schemes)
        schemes = define_get(im->document, "securityDefinitions");
    cJSON_ArrayForEach(requirement, define_get(operation, "security")) cJSON_ArrayForEach(scheme, requirement)
    {
        const cJSON *s = scheme->string ? define_get(schemes, scheme->string) : NULL;
        if (str_is(define_text(s, "type"), "apiKey") && !define_get(s, "x-amazon-apigateway-authtype"))
            return true;
    }
    return false;
}

static void validator_of(struct import *im, cJSON *method, const cJSON *operation)
{
    static const char name[] = "x-amazon-apigateway-request-validator";
    struct str wanted = define_text(operation, name);
    const cJSON *v;
    if (!wanted.n)
        wanted = define_text(im->document, name);
    cJSON_ArrayForEach(v, define_get(im->definition, "requestvalidators"))
        if (wanted.n && str_eq(define_text(v, "name"), wanted))
            define_set_text(method, "requestValidatorId", define_text(v, "id"));
}

static int operation(struct import *im, const cJSON *item, const cJSON *v, const char *verb, cJSON *resource, const struct place *p)
{
    struct place here = { p, "x-amazon-apigateway-integration" };
    if (!cJSON_IsObject(v))
        return define_wrong(p, "an object is due", im->e);
    if (!text_ok(im, v, "operationId", p) || !object_ok(im, v, here.name, p))
        return -1;
    cJSON *m = cJSON_CreateObject();
    define_set(define_object(resource, "resourceMethods"), verb, m);
    cJSON_AddStringToObject(m, "httpMethod", verb);
    cJSON_AddStringToObject(m, "authorizationType", "NONE");
    cJSON_AddBoolToObject(m, "apiKeyRequired", wants_key(im, v));
    if (define_text(v, "operationId").n)
        define_set_text(m, "operationName", define_text(v, "operationId"));
    validator_of(im, m, v);
    parameters(im, m, v, define_get(item, "parameters"));
    parameters(im, m, v, define_get(v, "parameters"));
    path_parameters(m, define_text(resource, "path"));
    request_body(im, m, v);
    responses(im, m, v);
    openapi_security(im->definition, im->document, v, m);
    const cJSON *i = define_get(v, here.name);
    return cJSON_IsObject(i) ? integration(im, m, i, resource, &here) : 0;
}

static int path_item(struct import *im, const cJSON *item, const struct place *p)
{
    static const struct { const char *member, *verb; } verbs[] = {
        { "get", "GET" }, { "put", "PUT" }, { "post", "POST" }, { "delete", "DELETE" }, { "options", "OPTIONS" },
        { "head", "HEAD" }, { "patch", "PATCH" }, { "x-amazon-apigateway-any-method", "ANY" },
    };
    if (!cJSON_IsObject(item))
        return define_wrong(p, "an object is due", im->e);
    if (item->string[0] != '/')
        return define_wrong(p, "a path begins with /", im->e);
    if (cJSON_GetArraySize(define_get(im->definition, "resources")) > MAX_PATHS)
        return define_wrong(p, "more paths than an API may have", im->e);
    struct buf path = BUF_INIT;
    buf_str_add(&path, im->prefix);
    buf_z(&path, item->string);
    cJSON *r = define_resource(im->definition, im->ids, buf_str(&path));
    buf_release(&path);
    for (size_t k = 0; k < sizeof(verbs) / sizeof(*verbs); k++) {
        struct place here = { p, verbs[k].member };
        const cJSON *v = define_get(item, verbs[k].member);
        if (v && operation(im, item, v, verbs[k].verb, r, &here))
            return -1;
    }
    return 0;
}

/* ---- the document ---- */
static int binary_types(struct import *im)
{
    static const char name[] = "x-amazon-apigateway-binary-media-types";
    struct place here = { NULL, name };
    const cJSON *list = define_get(im->document, name), *v;
    if (!list)
        return 0;
    cJSON_ArrayForEach(v, list) if (!cJSON_IsString(v)) return define_wrong(&here, "an array of media types is due", im->e);
    if (!cJSON_IsArray(list))
        return define_wrong(&here, "an array of media types is due", im->e);
    define_set(define_object(im->definition, "info"), "binaryMediaTypes", cJSON_Duplicate(list, true));
    return 0;
}

static void validators(struct import *im)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, define_get(im->document, "x-amazon-apigateway-request-validators"))
    {
        char id[DEFINE_ID];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "id", define_id(im->ids, 6, id));
        cJSON_AddStringToObject(one, "name", v->string);
        cJSON_AddBoolToObject(one, "validateRequestBody", define_on(v, "validateRequestBody"));
        cJSON_AddBoolToObject(one, "validateRequestParameters", define_on(v, "validateRequestParameters"));
        define_set(define_object(im->definition, "requestvalidators"), id, one);
    }
}

static void gateway_responses(struct import *im)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, define_get(im->document, "x-amazon-apigateway-gateway-responses"))
    {
        if (!cJSON_IsObject(v))
            continue;
        cJSON *one = cJSON_Duplicate(v, true), *status = define_get(one, "statusCode");
        char text[24];
        if (cJSON_IsNumber(status)) {
            snprintf(text, sizeof text, "%d", status->valueint);
            define_set_text(one, "statusCode", str_of(text));
        }
        define_set_text(one, "responseType", str_of(v->string));
        define_set(define_object(im->definition, "gatewayresponses"), v->string, one);
    }
}

static void extensions(struct import *im)
{
    const cJSON *v, *models = define_get(define_get(im->document, "components"), "schemas");
    openapi_authorizers(im->definition, im->ids, im->document);
    validators(im);
    gateway_responses(im);
    if (!models)
        models = define_get(im->document, "definitions");
    cJSON_ArrayForEach(v, models) put_model(im, v->string, v);
    if (define_text(im->document, "x-amazon-apigateway-api-key-source").n)
        define_set_text(define_object(im->definition, "info"), "apiKeySource", define_text(im->document, "x-amazon-apigateway-api-key-source"));
    set_upper(define_object(im->definition, "info"), "apiKeySource");
}

/* "/v1" of basePath, of a server's basePath variable or of its URL. */
static struct str base_of(const cJSON *document)
{
    const cJSON *server = cJSON_GetArrayItem(define_get(document, "servers"), 0);
    struct str base = define_text(document, "basePath");
    if (!base.n)
        base = define_text(define_get(define_get(server, "variables"), "basePath"), "default");
    if (!base.n) {
        base = define_text(server, "url");
        size_t scheme = str_find(base, S("://"));
        base = scheme == STR_NONE ? base : str_from(base, scheme + 3);
        size_t slash = str_chr(base, '/');
        base = slash == STR_NONE || str_find(base, S("{basePath}")) != STR_NONE ? S("") : str_from(base, slash);
    }
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    while (base.n > 1 && base.p[0] == '/')
        base = str_from(base, 1);
    return base;
}

static int import_document(struct import *im, const char *mode)
{
    struct place paths_at = { NULL, "paths" }, version_at = { NULL, "openapi" }, info_at = { NULL, "info" };
    const cJSON *item;
    if (!cJSON_IsObject(im->document))
        return define_wrong(&(struct place){ NULL, NULL }, "an object is due", im->e);
    if (!text_ok(im, im->document, "openapi", NULL) || !text_ok(im, im->document, "swagger", NULL))
        return -1;
    struct str version = define_text(im->document, define_get(im->document, "openapi") ? "openapi" : "swagger");
    if (!str_starts(version, S("3.")) && !str_is(version, "2.0"))
        return define_wrong(&version_at, "\"openapi\": \"3.…\" or \"swagger\": \"2.0\" is due", im->e);
    const cJSON *info = define_get(im->document, "info");
    if (!object_ok(im, im->document, "info", NULL) || !text_ok(im, info, "title", &info_at) || binary_types(im))
        return -1;
    cJSON *about = define_object(im->definition, "info");
    define_set_text(about, "name", define_text(info, "title").n ? define_text(info, "title") : S("API"));
    if (define_text(info, "version").n)
        define_set_text(about, "version", define_text(info, "version"));
    else if (cJSON_IsNumber(define_get(info, "version"))) {
        char *number = cJSON_PrintUnformatted(define_get(info, "version"));
        define_set_text(about, "version", str_of(number ? number : "1"));
        free(number);
    }
    if (define_text(info, "description").n)
        define_set_text(about, "description", define_text(info, "description"));
    extensions(im);
    define_documentation(im->definition, im->ids, define_get(im->document, "x-amazon-apigateway-documentation"), NULL);
    if (!object_ok(im, im->document, "paths", NULL))
        return -1;
    if (!cJSON_IsObject(define_get(im->document, "paths")))
        return define_wrong(&paths_at, "an object of paths is due", im->e);
    struct str base = base_of(im->document);
    if (mode && strcmp(mode, "prepend") == 0)
        im->prefix = base;
    if (mode && strcmp(mode, "split") == 0 && base.n) { /* the first segment is the stage's, the rest a part of the path */
        size_t slash = str_chr(str_from(base, 1), '/');
        if (slash != STR_NONE)
            im->prefix = str_from(base, 1 + slash);
    }
    cJSON_ArrayForEach(item, define_get(im->document, "paths"))
    {
        struct place here = { &paths_at, item->string };
        if (path_item(im, item, &here))
            return -1;
    }
    return 0;
}

static cJSON *read_json(struct str document, struct err *e)
{
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(document.p ? document.p : "", document.n, &end, false);
    struct str rest = tree ? str_trim(str_from(document, (size_t)(end - document.p))) : S("");
    if (!tree || rest.n) {
        size_t offset = end && document.p ? (size_t)(end - document.p) : 0, line = 1;
        for (size_t i = 0; i < offset && i < document.n; i++)
            line += document.p[i] == '\n';
        cJSON_Delete(tree);
        err_set(e, 400, "BadRequestException", "OpenAPI document: not JSON from line %zu (byte %zu) on", line, offset);
        return NULL;
    }
    return tree;
}

cJSON *openapi_parse(struct str document, struct err *e)
{
    return str_starts(str_trim(document), S("{")) ? read_json(document, e) : yaml_read(document, e);
}

int openapi_read(struct str document, cJSON *definition, struct define_ids *ids, const char *base_path, struct err *e)
{
    cJSON *tree = openapi_parse(document, e);
    if (!tree)
        return -1;
    struct import im = { .definition = definition, .ids = ids, .e = e, .document = tree };
    int failed = import_document(&im, base_path);
    cJSON_Delete(tree);
    return failed;
}

struct model_api *openapi_import(struct str document, struct str id, struct err *e)
{
    struct define_ids ids = { 0 };
    char *z = mem_dup(id);
    cJSON *definition = define_new(&ids, z, "API");
    free(z);
    int failed = openapi_read(document, definition, &ids, NULL, e);
    openapi_open(definition); /* nobody is here who could be asked */
    if (!failed)
        return define_model(definition, false, e);
    cJSON_Delete(definition);
    return NULL;
}
